"""Many columns of few rows that are asked for one thing: worked out once for all cells that are equal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from operator import is_
from typing import Any, Final, Protocol

from polars import Boolean

from funis.frames.few_cells import Cells
from funis.frames.few_columns import FewColumn
from funis.frames.few_lists import kind_of

_TEXTS: Final = {str, type(None)}


class LendsColumns(Protocol):
    """A frame of few rows, as far as its columns are read."""

    height: int

    def cells(self, name: str) -> Cells:
        """Give the cells of a column."""

    def all_cells(self, names: tuple[str, ...]) -> Cells:
        """Give the cells of several columns, one column after another."""

    def kind(self, name: str) -> Any:
        """Give the Polars type of a column."""


class Together:
    """Many columns asked for one thing, cell by cell: worked out in one go over the cells of all.

    Attributes
    ----------
    frame, asked : whose columns, and what is asked of each of ``asked.many``
    height : number of cells a column
    places : of each column among all
    """

    __slots__ = (*("_answers", "_cut", "_is_same", "asked", "frame", "height", "places"),)

    def __init__(self, frame: LendsColumns, asked: FewColumn) -> None:
        self.frame, self.asked = frame, asked
        self.height = 1 if asked.sum_up else frame.height
        self.places = _places(asked.many)
        self._answers: Cells | None = None
        self._is_same = False
        self._cut: dict[str, Cells] = {}

    def cells(self, name: str) -> Cells:
        """Give the cells of one of the columns."""
        known = self._cut.get(name)
        if known is None:
            answers = self.all_cells()
            if self._is_same:
                return self.frame.cells(name)
            start = self.places[name] * self.height
            known = self._cut[name] = answers[start : start + self.height]
        return known

    def all_cells(self) -> Cells:
        """Give the cells of all columns, one column after another; not to be changed."""
        if self._answers is None:
            self._answers = self._work_out()
        return self._answers

    def row(self, index: int) -> dict[str, Any]:
        """Give the cells of one row; a negative number counts from the last."""
        cells = self.all_cells()[range(self.height)[index] :: self.height]
        return dict(zip(self.places, cells, strict=True))

    def count_gaps(self) -> dict[str, int]:
        """Count the empty cells of each column."""
        cells, height = self.all_cells(), self.height
        if None not in cells:
            return dict.fromkeys(self.places, 0)
        starts = range(0, len(cells), height)
        return {
            name: cells[start : start + height].count(None)
            for name, start in zip(self.places, starts, strict=True)
        }

    def is_same(self) -> bool:
        """Tell whether every cell is the one that was asked about."""
        self.all_cells()
        return self._is_same

    def _work_out(self) -> Cells:
        """Work out an answer for every cell, once for those that are equal: most cells of a form are 0."""
        asked, sum_up = self.asked.inner or self.asked, self.asked.sum_up
        cells = self.frame.all_cells(self.asked.many)
        values = list(dict.fromkeys(cells))
        # Equal numbers can differ in their sign of zero, which only a truth value never shows.
        if asked.kind is not Boolean and not {type(value) for value in values} <= _TEXTS:
            found = asked.run(OneColumn(cells), "")
        else:
            answers = asked.run(OneColumn(values), "")
            if sum_up and cells and len(set(answers)) == 1:
                # What sums up answers that are all the same gives that answer.
                return [sum_up(answers)] * len(self.places)
            if not sum_up and all(map(is_, answers, values)):
                self._is_same = True
                return cells
            found = list(map(dict(zip(values, answers, strict=True)).__getitem__, cells))
        if sum_up is None:
            return found  # type: ignore[no-any-return]
        height = self.frame.height
        return [sum_up(found[place * height : (place + 1) * height]) for place in range(len(self.places))]

    def kind(self, name: str) -> Any:
        """Give the Polars type of one of the columns."""
        return self.asked.kind or self.frame.kind(name)


def gather(own: Mapping[str, Any], names: Iterable[str]) -> Cells:
    """Give the cells of columns one after another.

    Parameters
    ----------
    own : what the columns of a frame are: their cells, or what has them
    names : the columns that are wanted
    """
    found: Cells = []
    for name in names:
        column = own[name]
        found += column if isinstance(column, list) else column.cells(name)
    return found


@lru_cache(maxsize=1024)
def _places(names: tuple[str, ...]) -> dict[str, int]:
    """Give each column its place among those that are asked together."""
    return {name: place for place, name in enumerate(names)}


class OneColumn:
    """The cells of many columns as those of one, whatever its name."""

    __slots__ = (*("_cells", "height"),)

    def __init__(self, cells: Cells) -> None:
        self._cells, self.height = cells, len(cells)

    def cells(self, _: str) -> Cells:
        """Give the cells."""
        return self._cells

    def kind(self, _: str) -> Any:
        """Give the Polars type."""
        return kind_of(self._cells)
