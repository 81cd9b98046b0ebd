"""A table or a listing as an RTF file: its title, heads and notes on every page, split at whole rows.

One table of ten thousand rows takes a word processor minutes to open; one table a page takes it seconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Final

from funis.documents.column_widths import (
    INDENT,
    LANDSCAPE,
    LINE,
    PADDING,
    PORTRAIT,
    ROW,
    ColumnFit,
    cell_text,
    count_lines,
    fit_columns,
    row_height,
)
from funis.documents.document import Document
from funis.documents.rtf_text import CLOSE, MARGIN, PAGE, escape, note_lines, open_file, title_lines, twips
from funis.documents.table import TableRow, TableSpec

#: Of a page: its height in points by whether it is turned, and what title, head and foot take.
_HEIGHTS: Final = {turned: (PAGE[0 if turned else 1] - 2 * MARGIN) / 20 for turned in (False, True)}
_TITLE: Final = 48.0
#: Left free: a word processor sets words a little wider or higher than they are measured here.
_SPARE: Final = 24.0
#: A rule above or below a cell.
_ABOVE: Final = r"\clbrdrt\brdrs\brdrw10"
_BELOW: Final = r"\clbrdrb\brdrs\brdrw10"


def render_table(table: TableSpec, document: Document, name: str) -> str:
    r"""Write a table as one RTF file.

    Parameters
    ----------
    table : what is written
    document : for the words at head and foot of every page
    name : of the bookmark at the number of the table

    Returns
    -------
    str : the file, in ASCII

    Examples
    --------
    >>> from funis.documents.table import text_rows
    >>> table = TableSpec("t", "s", "Visits", ("Visit", "n"), text_rows([("Month 1", "40")]), label="Table 1")
    >>> text = render_table(table, Document("A"), "table_1")
    >>> text[:6], text.count("\\trhdr"), "Table 1" in text
    ('{\\rtf1', 1, True)
    """
    fit = fit_columns(table)
    heads = _heads(table, fit)
    rows = _definition(fit), _definition(fit, _BELOW)
    cells = _cell_openings(table, fit)
    parts = [open_file(document, f"{table.label}. {table.title}", is_turned=fit.is_turned)]
    pages = tuple(_pages(table, fit))
    for place, page in enumerate(pages):
        if place:
            parts.append("\\pard\\plain\\page\n")
        anchor = "" if place else name
        parts.append(title_lines(table.label, table.title, document.tags, anchor=anchor, again=bool(place)))
        parts.append(heads)
        parts += [_row(row, rows[row is page[-1]], cells, fit) for row in page]
        parts.append("\\pard\\plain\\fs4\\par\n")
        parts.append(note_lines(_notes(table), fit.size - 1))
    return "".join((*parts, CLOSE))


def _notes(table: TableSpec) -> tuple[str, ...]:
    """Give the lines under a table: sentences in place of rows that would say nothing new, then its notes."""
    return (*("".join(part.text for part in line) for line in table.instead), *table.footnotes)


def _pages(table: TableSpec, fit: ColumnFit) -> Iterator[Sequence[TableRow]]:
    """Split the rows so that each page holds title, heads and notes too.

    A heading stays with its rows; where they go on over the page it stands there again.
    """
    rows, start, used = table.rows, 0, 0.0
    room = _room(table, fit)
    heights = [row_height(row, fit) for row in rows]
    above: tuple[TableRow, ...] = ()
    for place, high in enumerate(heights):
        if used + high > room and place > start:
            end = place
            while end - 1 > start and rows[end - 1].is_heading:
                end -= 1
            yield (*above, *rows[start:end])
            above = () if rows[end].is_heading else _last_heading((*above, *rows[start:end]))
            start, used = end, sum(heights[end:place]) + sum(row_height(row, fit) for row in above)
        used += high
    yield (*above, *rows[start:])


def _last_heading(rows: Sequence[TableRow]) -> tuple[TableRow, ...]:
    return next(((row,) for row in reversed(rows) if row.is_heading), ())


def _room(table: TableSpec, fit: ColumnFit) -> float:
    """Give the height that is left for rows on a page: at least a third of it, whatever stands around."""
    line = fit.size * LINE
    width = LANDSCAPE if fit.is_turned else PORTRAIT
    notes = sum(count_lines(note, width, fit.size - 1) for note in _notes(table)) * (line + 1)
    titles = count_lines(table.title, width, 10) * 12
    heads = max(
        (
            count_lines(head, wide - 2 * PADDING, fit.size * 1.08)
            for head, wide in zip(table.heads, fit.widths, strict=True)
        ),
        default=1,
    )
    taken = _TITLE + titles + notes + (heads + bool(table.spanners)) * (line + ROW) + _SPARE
    return max(_HEIGHTS[fit.is_turned] - taken, _HEIGHTS[fit.is_turned] / 3)


def _definition(fit: ColumnFit, edges: Sequence[str] | str = "", *, is_head: bool = False) -> str:
    """Write what a row is and where its cells end, with the rules at the edges of all cells or of each."""
    repeated, side = (r"\trhdr", "b") if is_head else ("", "t")
    above = twips(ROW / 2)
    opening = (
        rf"\trowd\trgaph{twips(PADDING)}\trpaddt{above}\trpaddb{above}\trpaddft3\trpaddfb3\trkeep{repeated}"
    )
    kept = [edges] * len(fit.widths) if isinstance(edges, str) else edges
    ends = accumulate(fit.widths)
    return opening + "".join(
        rf"{edge}\clvertal{side}\cellx{twips(end)}" for edge, end in zip(kept, ends, strict=True)
    )


def _heads(table: TableSpec, fit: ColumnFit) -> str:
    """Write the rows of heads, which are repeated where a page is too short after all."""
    side = "ql" if table.is_text else "qr"
    look = rf"\pard\plain\intbl\f0\fs{int(fit.size * 2)}\b"
    cells = "".join(
        f"{look}\\{side if place else 'ql'} {escape(head)}\\cell" for place, head in enumerate(table.heads)
    )
    edges = _BELOW if table.spanners else _ABOVE + _BELOW
    own = f"{_definition(fit, edges, is_head=True)}\n{cells}\\row\n"
    if not table.spanners:
        return own
    # A rule above all spanning heads, and below those that have words.
    wide = ColumnFit(fit.size, fit.is_turned, tuple(_spanned(table, fit)))
    edges_above = [_ABOVE + _BELOW if words else _ABOVE for words, _ in table.spanners]
    spanning = "".join(f"{look}\\qc {escape(words)}\\cell" for words, _ in table.spanners)
    return f"{_definition(wide, edges_above, is_head=True)}\n{spanning}\\row\n{own}"


def _spanned(table: TableSpec, fit: ColumnFit) -> Iterator[float]:
    """Give the width of each spanning head."""
    start = 0
    for _, columns in table.spanners:
        yield sum(fit.widths[start : start + columns])
        start += columns


def _cell_openings(table: TableSpec, fit: ColumnFit) -> tuple[str, str]:
    """Give what opens the first cell of a row, and every other one."""
    look = rf"\pard\plain\intbl\f0\fs{int(fit.size * 2)}"
    return look, look + (" " if table.is_text else r"\qr ")


def _row(row: TableRow, ends: str, openings: tuple[str, str], fit: ColumnFit) -> str:
    first, other = openings
    if row.is_heading:
        whole = _definition(ColumnFit(fit.size, fit.is_turned, (fit.width,)))
        return f"{whole}\n{first}\\keepn\\b {escape(row.stub.text)}\\cell\\row\n"
    indent = rf"\li{twips(row.indent * INDENT)}" if row.indent else ""
    heavy = r"\b" if row.stub.is_strong else ""
    words = f"{first}{indent}{heavy} {escape(row.stub.text)}\\cell"
    for place, cell in enumerate(row.cells, start=1):
        text = escape(cell_text(cell, place, fit))
        words += f"{other}{{\\b {text}}}\\cell" if cell.is_strong else f"{other}{text}\\cell"
    return f"{ends}\n{words}\\row\n"
