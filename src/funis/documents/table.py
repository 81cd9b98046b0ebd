"""The specification of a printed table: a frozen value that a renderer draws and a test reads.

A cell is made of inlines: plain words, or a number that knows the id of the result it prints.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from funis.errors import ShapeError


@dataclass(frozen=True, slots=True)
class Inline:
    """A stretch of text.

    Attributes
    ----------
    text : the words
    id : the result behind a number; empty for plain words
    is_code : whether it is a name as a program writes it
    target : address that the words lead to, such as ``report.html``; empty for none
    also : ids of further results for which the number stands, where several that are equal are printed once
    refers_to : id of the table, figure or section whose printed number the words are; empty for none
    """

    text: str
    id: str = ""
    is_code: bool = False
    target: str = ""
    also: tuple[str, ...] = ()
    refers_to: str = ""


def ids_of(parts: Iterable[Inline]) -> tuple[str, ...]:
    """Give the ids of the results that a line prints, those behind an equal number too.

    Examples
    --------
    >>> ids_of((Inline("n = "), Inline("40", "month_3.n", also=("month_6.n",))))
    ('month_3.n', 'month_6.n')
    """
    return tuple(name for part in parts if part.id for name in (part.id, *part.also))


@dataclass(frozen=True, slots=True)
class TableCell:
    """One cell of a table."""

    parts: tuple[Inline, ...] = ()
    is_strong: bool = False

    @property
    def text(self) -> str:
        """Give the words of the cell as a reader sees them."""
        return "".join(part.text for part in self.parts)

    @property
    def ids(self) -> tuple[str, ...]:
        """Give the ids of the results printed in the cell."""
        return ids_of(self.parts)


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row: a stub and its cells; a row without cells is a heading over the rows after it."""

    stub: TableCell
    cells: tuple[TableCell, ...] = ()
    indent: int = 0

    @property
    def is_heading(self) -> bool:
        """Tell whether the row only names the rows that follow."""
        return not self.cells


@dataclass(frozen=True, slots=True)
class TableSpec:
    """A table: caption, column heads, rows and footnotes.

    Attributes
    ----------
    id : anchor of the table in the document, unique
    section : id of the report section the table stands in
    title : caption, one line
    heads : column heads, the head of the stub first
    spanners : heads over several columns, as (words, number of columns), stub included; empty for none
    rows : the body
    footnotes : one sentence each: population, denominator, missing data, versions
    is_text : True for a listing of words (set ragged right), False for a table of numbers
    is_collapsed : True when the table is folded away until asked for
    is_upright : whether the page is not turned for it, however many columns it has
    widths : share of the width of each column, percent; empty where the words decide
    is_stacked : whether on a narrow screen the cells of a row stand under each other, each with its head
    label : printed number of the table, given when the document is put together
    said : the sentence that says as much as the table and stands in its place; empty where none does
    instead : sentences in place of rows and columns that would say nothing new; they stand under the table

    Raises
    ------
    ShapeError : a row has not one cell a head, the spanners do not cover the heads, or a width is lacking
    """

    id: str
    section: str
    title: str
    heads: tuple[str, ...]
    rows: tuple[TableRow, ...]
    footnotes: tuple[str, ...] = ()
    spanners: tuple[tuple[str, int], ...] = ()
    is_text: bool = False
    is_collapsed: bool = False
    is_upright: bool = False
    widths: tuple[int, ...] = ()
    is_stacked: bool = False
    label: str = ""
    said: tuple[Inline, ...] = ()
    instead: tuple[tuple[Inline, ...], ...] = ()

    def __post_init__(self) -> None:
        """Hold heads, spanners and rows to one another: a column is added to all of them or to none."""
        width = len(self.heads)
        for row in self.rows:
            if not row.is_heading and 1 + len(row.cells) != width:
                raise ShapeError(
                    f"Table {self.id!r}: row {row.stub.text!r} has {1 + len(row.cells)} cells with its stub "
                    f"for {width} heads ({', '.join(map(repr, self.heads))}). Give each head one cell."
                )
        if self.widths and len(self.widths) != width:
            raise ShapeError(
                f"Table {self.id!r}: {len(self.widths)} widths for {width} heads. "
                "Give each column one, or give none."
            )
        spanned = sum(width for _, width in self.spanners)
        if self.spanners and spanned != width:
            raise ShapeError(
                f"Table {self.id!r}: the spanners cover {spanned} columns of {width}. "
                "Give each column a spanner, an empty one where there is none."
            )

    @property
    def ids(self) -> tuple[str, ...]:
        """Give the ids of every result that the table prints, in reading order."""
        cells = (name for row in self.rows for cell in (row.stub, *row.cells) for name in cell.ids)
        return (*cells, *(name for line in self.instead for name in ids_of(line)))

    @property
    def shape(self) -> str:
        """Tell how wide the table is: wide (printed on its side), full or narrow."""
        if len(self.heads) > 8 and not self.is_upright:
            return "wide"
        return "narrow" if len(self.heads) <= 4 and not self.is_text else "full"


EMPTY = TableCell((Inline("–"),))


def words(text: str, *, strong: bool = False) -> TableCell:
    """Make a cell of plain words.

    Examples
    --------
    >>> words("Renal").text
    'Renal'
    """
    return TableCell((Inline(text),), is_strong=strong)


def joined(*parts: Inline | str | None) -> TableCell:
    """Make a cell of inlines; strings are plain words; any None makes the cell empty.

    Examples
    --------
    >>> joined(Inline("7.43", "a"), " ± ", Inline("3.93", "b")).text
    '7.43 ± 3.93'
    >>> joined(Inline("7.43", "a"), " ± ", None).text
    '–'
    """
    if any(part is None for part in parts):
        return EMPTY
    return TableCell(
        tuple(Inline(part) if isinstance(part, str) else part for part in parts if part is not None)
    )


def heading(text: str) -> TableRow:
    """Make a row that names the rows after it."""
    return TableRow(words(text, strong=True))


def text_rows(records: Iterable[Sequence[str]]) -> tuple[TableRow, ...]:
    """Make rows of plain words, the first of each record as stub."""
    return tuple(TableRow(words(first), tuple(words(value) for value in rest)) for first, *rest in records)
