"""How wide the columns of a printed table are, in which size of letters, and whether the page is turned.

Remedies in order: words of heads and labels wrap; smaller letters; what stands in brackets behind a number
stands below it; the page on its side. Digits of a number stay together as long as that can be helped.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from math import ceil
from typing import Final, NamedTuple

from funis.documents.table import TableCell, TableRow, TableSpec
from funis.documents.text_extents import measure

#: Room of the words on A4 with margins of 18 mm, upright and on its side, in points.
PORTRAIT: Final = 493.0
LANDSCAPE: Final = 740.0
#: Sizes of letters that are tried, in points.
SIZES: Final = (9.0, 8.0)
#: Between the edge of a cell and its words, at each side.
PADDING: Final = 3.5
#: Added to the narrowest column: a word processor rounds, and would break its longest word.
_SLACK: Final = 1.5
#: Height of a line by the size of its letters, and what a row has above and below, in points.
LINE: Final = 1.2
ROW: Final = 3.0
#: A label stands so far to the right for each step that it is indented.
INDENT: Final = 8.0
#: A label is not squeezed below this width as long as another remedy is left.
_LABEL: Final = 92.0
#: A column of words is not squeezed below this width, unless its words are narrower.
_WORDS: Final = 60.0
#: Added to a column that would have its words from edge to edge.
_LOOSE: Final = 14.0
#: Letters of a typeface that a reader may have, as a share of the width of Helvetica.
_BROADEST: Final = 1.2
#: The least width of the labels of a table in a browser, in points.
_STUB: Final = 51.0
#: So many columns share the room of a page with the labels.
_MANY: Final = 7
#: Labels longer than this take three lines beside that many columns, in points.
_LONG: Final = 110.0
#: So many of the longest words of a column are measured: letters differ in width by less than lengths do.
_MEASURED: Final = 40


class ColumnFit(NamedTuple):
    """How a table is laid out.

    Attributes
    ----------
    size : of the letters, in points
    is_turned : whether it stands on a page on its side
    widths : of the columns with their padding, in points
    is_broken : whether what stands in brackets behind a number stands below it
    """

    size: float
    is_turned: bool
    widths: tuple[float, ...]
    is_broken: bool = False

    @property
    def width(self) -> float:
        """Give the width of the table."""
        return sum(self.widths)


class _Need(NamedTuple):
    """Widths of a column per point of letters.

    Attributes
    ----------
    least : numbers do not wrap, words do
    most : nothing wraps
    broken : a number wraps before what stands in brackets behind it
    """

    least: float
    most: float
    broken: float


def fit_columns(table: TableSpec, breadth: float = 1.0) -> ColumnFit:
    """Choose size of letters, page and widths of the columns for a table.

    Parameters
    ----------
    table : with its words
    breadth : of the letters it is printed in, as a share of that of Helvetica

    Examples
    --------
    >>> from funis.documents.table import text_rows
    >>> table = TableSpec("t", "s", "T", ("Visit", "n"), text_rows([("Month 12", "40")]))
    >>> fit = fit_columns(table)
    >>> fit.size, fit.is_turned, [round(width) for width in fit.widths]
    (9.0, False, [60, 33])
    """
    needs = tuple(_need(table, place, breadth) for place in range(len(table.heads)))
    broken = tuple(need._replace(least=need.broken) for need in needs)
    last = SIZES[-1]
    tries = [(needs, size, False) for size in SIZES] + [(broken, last, False)]
    tries += [] if table.is_upright else [(needs, size, True) for size in SIZES]
    for wanted, size, is_turned in tries:
        least = [_floor(table, place, need, size) for place, need in enumerate(wanted)]
        if sum(least) <= _room(is_turned=is_turned):
            widths = _share(table, wanted, least, size, _room(is_turned=is_turned))
            return ColumnFit(size, is_turned, widths, is_broken=wanted is broken)
    is_turned = not table.is_upright
    room = _room(is_turned=is_turned)
    least = [need.broken * last + 2 * PADDING + _SLACK for need in needs]
    if sum(least) <= room:
        return ColumnFit(last, is_turned, _share(table, broken, least, last, room), is_broken=True)
    # Words break within: nothing else is left.
    return ColumnFit(last, is_turned, _level(least, room))


def keeps_numbers_whole(table: TableSpec) -> bool:
    """Tell whether a page of a browser has room for a table whose numbers stand on one line each.

    What stands in brackets behind a number may go below it. The typeface is the reader's, so that letters a
    fifth broader than those of Helvetica must fit.

    Parameters
    ----------
    table : with its words

    Examples
    --------
    >>> from funis.documents.table import text_rows
    >>> row = ("Change", *["1,234.5 to 2,345.6"] * 6)
    >>> heads = ("", *"abcdef")
    >>> [keeps_numbers_whole(TableSpec("t", "s", "T", heads[:n], text_rows([row[:n]]))) for n in (4, 7)]
    [True, False]
    """
    if table.is_text:
        return False
    needs = [_need(table, place, _BROADEST).broken * SIZES[-1] for place in range(len(table.heads))]
    room = _room(is_turned=table.shape == "wide")
    return max(needs[0], _STUB) + sum(needs[1:]) + 2 * PADDING * len(needs) <= room


def squeezes_labels(table: TableSpec) -> bool:
    """Tell whether a table of many columns has labels that would take three lines and more in a browser.

    Parameters
    ----------
    table : with its words

    Examples
    --------
    >>> from funis.documents.table import text_rows
    >>> rows = [text_rows([(label, *"123456")]) for label in ("Month 6", "Mean ± SD change from baseline")]
    >>> [squeezes_labels(TableSpec("t", "s", "T", ("", *"abcdef"), each)) for each in rows]
    [False, True]
    """
    if table.spanners or len(table.heads) < _MANY:
        return False
    return _need(table, 0, _BROADEST).most * SIZES[-1] > _LONG


def _level(least: Sequence[float], room: float) -> tuple[float, ...]:
    """Squeeze the widest columns alone, all of them to one width."""
    widths, left = list(least), room
    for done, place in enumerate(sorted(range(len(least)), key=least.__getitem__)):
        widths[place] = min(least[place], left / (len(least) - done))
        left -= widths[place]
    return tuple(widths)


def _room(*, is_turned: bool) -> float:
    return LANDSCAPE if is_turned else PORTRAIT


def _floor(table: TableSpec, place: int, need: _Need, size: float) -> float:
    """Give the width below which a column is not squeezed while a remedy is left."""
    kept = _WORDS if table.is_text else _LABEL if place == 0 else 0.0
    return max(need.least * size, min(need.most * size, kept)) + 2 * PADDING + _SLACK


def _share(
    table: TableSpec, needs: Sequence[_Need], least: Sequence[float], size: float, room: float
) -> tuple[float, ...]:
    """Share the room that is left among the columns that would use it."""
    if table.widths:
        whole = sum(table.widths)
        given = tuple(share * room / whole for share in table.widths)
        if all(width >= low for width, low in zip(given, least, strict=True)):
            return given
    most = [max(need.most * size + 2 * PADDING + _SLACK, low) for need, low in zip(needs, least, strict=True)]
    left = room - sum(least)
    wanted = sum(most) - sum(least)
    if wanted > left:
        return tuple(low + (high - low) * left / wanted for low, high in zip(least, most, strict=True))
    loose = min(_LOOSE, (left - wanted) / len(most))
    return tuple(high + loose for high in most)


def _need(table: TableSpec, place: int, breadth: float) -> _Need:
    """Measure the words of a column; a number and what stands beside it in a cell stay on one line."""
    rows = [row for row in table.rows if not row.is_heading]
    texts = {row.cells[place - 1].text for row in rows} if place else {row.stub.text for row in rows}
    strong = {table.heads[place]} if place == 0 else {table.heads[place]} | _spanner(table, place)
    widest = max(_widest(texts), _widest(strong, is_bold=True))
    words = _widest({word for text in texts for word in text.split()})
    heads = _widest({word for text in strong for word in text.split()}, is_bold=True)
    numbers: set[str] = set()
    if place and not table.is_text:
        numbers = {text for text in texts if is_number(text)}
    pieces = {piece for text in numbers for piece in text.replace(" (", "\n(").splitlines()}
    indent = max((row.indent for row in rows), default=0) if place == 0 else 0
    least, broken = ((max(words, heads, _widest(each))) * breadth + indent for each in (numbers, pieces))
    return _Need(least, widest * breadth + indent, broken)


def is_number(text: str) -> bool:
    """Tell whether a cell begins with a number; words among numbers, such as a reason, wrap like others.

    Examples
    --------
    >>> [is_number(text) for text in ("−1.2 (−2.0 to 0.4)", "not reached", "")]
    [True, False, False]
    """
    return text[:1].isdigit() or (text[:1] in "−<>–(" and text != "")


def _spanner(table: TableSpec, place: int) -> set[str]:
    """Give the head that spans a column alone; one over several columns has their room."""
    start = 0
    for words, width in table.spanners:
        if start == place and width == 1:
            return {words}
        start += width
    return set()


def _widest(texts: Iterable[str], *, is_bold: bool = False) -> float:
    """Measure the widest of some texts in letters of one point."""
    longest = sorted(texts, key=_length, reverse=True)[:_MEASURED]
    return max((measure(text, 1.0, is_bold=is_bold) for text in longest), default=0.0)


def _length(text: str) -> float:
    # Chinese letters are twice as wide as others.
    return len(text) if text.isascii() else len(text) + sum(ord(letter) > 0x2E7F for letter in text)


def bind(text: str) -> str:
    r"""Keep the words of a cell on one line, but for a bracket, which may stand below what is before it.

    Parameters
    ----------
    text : of a cell or of a part of it

    Examples
    --------
    >>> bind("1.76 (0.96, 5.50)").split(" ")
    ['1.76', '(0.96,\xa05.50)']
    """
    return text.replace(" ", "\u00a0").replace("\u00a0(", " (")


@lru_cache(maxsize=20_000)
def count_lines(text: str, width: float, size: float) -> int:
    """Tell how many lines words take in a column, a word that is too long broken where it ends.

    Parameters
    ----------
    text : the words
    width : of the column without its padding, in points
    size : of the letters

    Examples
    --------
    >>> count_lines("Glucocorticoid by mouth", 60, 9), count_lines("n", 60, 9)
    (2, 1)
    """
    if _length(text) * size * 0.6 <= width:
        return 1
    lines, used = 1, 0.0
    space = measure(" ", size)
    for word in text.split(" "):
        wide = measure(word, size)
        if used and used + space + wide > width:
            lines, used = lines + 1, 0.0
        elif used:
            used += space
        used += wide
        if used > width:
            letters = max(1, int(width * len(word) // used))
            more = ceil(len(word) / letters) - 1
            lines, used = lines + more, wide * (len(word) - more * letters) / len(word)
    return lines


def row_height(row: TableRow, fit: ColumnFit) -> float:
    """Tell how high a row is, in points.

    Parameters
    ----------
    row : with its words
    fit : of its table
    """
    if row.is_heading:
        lines = count_lines(row.stub.text, fit.width, fit.size)
    else:
        lines = max(
            count_lines(
                cell_text(cell, place, fit),
                wide - 2 * PADDING - (0 if place else row.indent * INDENT),
                fit.size,
            )
            for place, (cell, wide) in enumerate(zip((row.stub, *row.cells), fit.widths, strict=True))
        )
    return lines * fit.size * LINE + ROW


def cell_text(cell: TableCell, place: int, fit: ColumnFit) -> str:
    """Give the words of a cell; of a broken number each piece stays on a line of its own.

    Parameters
    ----------
    cell : with its words
    place : of its column, from 0
    fit : of its table
    """
    return bind(cell.text) if place and fit.is_broken and cell.ids else cell.text
