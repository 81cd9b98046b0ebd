"""The specification of a printed table: a frozen value that a renderer draws and a test reads.

A cell is made of parts; a part is a word, or a number that knows the id of the result it prints.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of text in a cell; `id` names the result behind it, empty for plain words."""

    text: str
    id: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table."""

    parts: tuple[Part, ...] = ()
    is_strong: bool = False

    @property
    def text(self) -> str:
        """Give the words of the cell as a reader sees them."""
        return "".join(part.text for part in self.parts)

    @property
    def ids(self) -> tuple[str, ...]:
        """Give the ids of the results printed in the cell."""
        return tuple(part.id for part in self.parts if part.id)


@dataclass(frozen=True, slots=True)
class Row:
    """One row: a stub and its cells; a row without cells is a heading over the rows after it."""

    stub: Cell
    cells: tuple[Cell, ...] = ()
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
    """

    id: str
    section: str
    title: str
    heads: tuple[str, ...]
    rows: tuple[Row, ...]
    footnotes: tuple[str, ...] = ()
    spanners: tuple[tuple[str, int], ...] = ()
    is_text: bool = False
    is_collapsed: bool = False

    @property
    def ids(self) -> tuple[str, ...]:
        """Give the ids of every result that the table prints, in reading order."""
        return tuple(name for row in self.rows for cell in (row.stub, *row.cells) for name in cell.ids)

    @property
    def shape(self) -> str:
        """Tell how much room the table needs: wide (printed on its side), full or narrow."""
        if len(self.heads) > 8:
            return "wide"
        return "narrow" if len(self.heads) <= 4 and not self.is_text else "full"


EMPTY = Cell((Part("–"),))


def words(text: str, *, strong: bool = False) -> Cell:
    """Make a cell of plain words.

    Examples
    --------
    >>> words("Renal").text
    'Renal'
    """
    return Cell((Part(text),), is_strong=strong)


def joined(*parts: Part | str | None) -> Cell:
    """Make a cell of parts; strings are plain words; any None makes the cell empty.

    Examples
    --------
    >>> joined(Part("7.43", "a"), " ± ", Part("3.93", "b")).text
    '7.43 ± 3.93'
    >>> joined(Part("7.43", "a"), " ± ", None).text
    '–'
    """
    if any(part is None for part in parts):
        return EMPTY
    return Cell(tuple(Part(part) if isinstance(part, str) else part for part in parts if part is not None))


def heading(text: str) -> Row:
    """Make a row that names the rows after it."""
    return Row(words(text, strong=True))


def text_rows(records: Iterable[Sequence[str]]) -> tuple[Row, ...]:
    """Make rows of plain words, the first of each record as stub."""
    return tuple(Row(words(first), tuple(words(value) for value in rest)) for first, *rest in records)
