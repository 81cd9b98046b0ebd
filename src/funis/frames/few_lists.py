"""The cells of one column of few rows, and the types of all, under the names that Polars has for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final, Protocol

import polars as pl

from funis.frames.few_cells import Cells

_KINDS: Final[dict[type, pl.DataType]] = {
    str: pl.String(),
    float: pl.Float64(),
    int: pl.Int64(),
    bool: pl.Boolean(),
    date: pl.Date(),
}


class FewCells(list[Any]):
    """The cells of a column, with some names of a Polars series."""

    def to_list(self) -> Cells:
        """Give the cells."""
        return list(self)

    def null_count(self) -> int:
        """Count the empty cells."""
        return self.count(None)

    def drop_nulls(self) -> FewCells:
        """Leave out empty cells."""
        return FewCells([cell for cell in self if cell is not None])

    def unique(self) -> FewCells:
        """Give each value once."""
        return FewCells(dict.fromkeys(self))

    def n_unique(self) -> int:
        """Count the values."""
        return len(set(self))

    def head(self, number: int) -> FewCells:
        """Keep the first cells."""
        return FewCells(self[:number])

    def min(self) -> Any:
        """Give the smallest value."""
        return min(self.drop_nulls() if None in self else self, default=None)

    def max(self) -> Any:
        """Give the largest value."""
        return max(self.drop_nulls() if None in self else self, default=None)

    def any(self) -> bool:
        """Tell whether any cell is true."""
        return any(self)

    def arg_true(self) -> FewCells:
        """Give the places of the cells that are true."""
        return FewCells(place for place, cell in enumerate(self) if cell)


def kind_of(cells: Cells) -> pl.DataType:
    """Give the Polars type of cells, which the first that is not empty tells."""
    cell = next((cell for cell in cells if cell is not None), None)
    return pl.Null() if cell is None else _KINDS[type(cell)]


class _HasKinds(Protocol):
    """A frame that knows the types of its columns."""

    @property
    def columns(self) -> list[str]:
        """Names of the columns."""

    @property
    def width(self) -> int:
        """Number of columns."""

    def kind(self, name: str) -> Any:
        """Give the type of a column."""


class KindsOf(Mapping[str, Any]):
    """The types of the columns of a frame; found out where they are asked for."""

    def __init__(self, frame: _HasKinds) -> None:
        self.frame = frame

    def __getitem__(self, name: str) -> Any:
        """Give the type of a column."""
        return self.frame.kind(name)

    def __iter__(self) -> Iterator[str]:
        """Name the columns."""
        return iter(self.frame.columns)

    def __len__(self) -> int:
        """Count the columns."""
        return self.frame.width
