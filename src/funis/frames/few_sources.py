"""What the columns of few rows are until somebody asks for their cells; then each is worked out once.

Frames share these: a column that one of them has asked for is at hand in all that have it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from funis.frames.few_cells import Cells
from funis.frames.few_columns import FewColumn
from funis.frames.few_lists import kind_of


class LendsCells(Protocol):
    """A frame of few rows, as far as single columns are read."""

    def cells(self, name: str) -> Cells:
        """Give the cells of a column."""

    def kind(self, name: str) -> Any:
        """Give the Polars type of a column."""


class RowsWithGaps(list[int | None]):
    """Rows to take, some of which may not be there."""


class Taken:
    """Some rows of a frame, in their order; of a row that is not there the cells are empty.

    Attributes
    ----------
    frame, rows : whose columns, and which of its rows
    """

    __slots__ = (*("_known", "frame", "rows"),)

    def __init__(self, frame: LendsCells, rows: Sequence[int | None]) -> None:
        self.frame, self.rows = frame, rows
        self._known: dict[str, Cells] = {}

    def cells(self, name: str) -> Cells:
        """Give the cells of one of the columns."""
        known = self._known.get(name)
        if known is None:
            lent, rows = self.frame.cells(name), self.rows
            if type(rows) is RowsWithGaps and None in rows:
                known = [None if row is None else lent[row] for row in rows]
            else:
                known = [lent[row] for row in rows]  # type: ignore[index]
            self._known[name] = known
        return known

    def kind(self, name: str) -> Any:
        """Give the Polars type of one of the columns."""
        return self.frame.kind(name)


class Asked:
    """What an expression gives for the rows of a frame.

    Attributes
    ----------
    frame, asked, name : what is asked of whom, and the column that it is asked for
    height : how often a single value stands
    """

    __slots__ = (*("_known", "asked", "frame", "height", "name"),)

    def __init__(self, frame: Any, asked: FewColumn, name: str, height: int) -> None:
        self.frame, self.asked, self.name, self.height = frame, asked, name, height
        self._known: Cells | None = None

    def cells(self, _: str) -> Cells:
        """Give the cells, whatever the column is called by now."""
        if self._known is None:
            found = self.asked.run(self.frame, self.name)
            self._known = [found] * self.height if self.asked.is_one else found
        return self._known

    def kind(self, _: str) -> Any:
        """Give the Polars type: the expression knows it, or the column of the same name has it."""
        if self.asked.kind is not None:
            return self.asked.kind
        return self.frame.kind(self.name) if self.name in self.frame.columns else kind_of(self.cells(""))


class _Renamed:
    """A column under another name than the one that its source knows."""

    __slots__ = (*("_name", "_source"),)

    def __init__(self, source: LendsCells, name: str) -> None:
        self._source, self._name = source, name

    def cells(self, _: str) -> Cells:
        """Give the cells."""
        return self._source.cells(self._name)

    def kind(self, _: str) -> Any:
        """Give the Polars type."""
        return self._source.kind(self._name)


def renamed(source: Any, name: str, called: str) -> Any:
    """Give what a column is under another name: of lists and single columns the same.

    Examples
    --------
    >>> renamed([1, 2], "day", "began")
    [1, 2]
    """
    if called == name or isinstance(source, list | Asked | _Renamed):
        return source
    return _Renamed(source, name)
