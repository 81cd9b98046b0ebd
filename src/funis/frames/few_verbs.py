"""The verbs of Polars that checks use, for a few rows: handed over as ``ops`` in the place of Polars.

A query of Polars costs a tenth of a millisecond before it looks at the first cell, and a check of one
subject asks four hundred. What stands here is written as Polars writes it (`col`, `lit`, `when`, ...), so
that one text of a check serves both. Answers are those of Polars to the last bit, held to it by
``tests/property/test_few_rows.py``. Null is None; what plain Python cannot say as Polars does raises
`UnusualRowsError`, and the caller asks Polars.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from datetime import timedelta
from functools import reduce

from polars import Boolean, Date, Float64, Int8, Int32, Int64, String

from funis.frames.few_cells import all_of, any_of, choose, choose_one, first_known
from funis.frames.few_columns import FewColumn, as_column, col, each_cell, lit, rowwise

# Some are of other files: whoever is handed this module asks it for everything.
__all__ = ["Boolean", "Date", "Float64", "Int8", "Int32", "Int64", "String", "When", "col", "lit", "when"]


class When:
    """Conditions that wait for their value."""

    def __init__(
        self, branches: tuple[tuple[FewColumn, FewColumn], ...], conditions: Sequence[FewColumn]
    ) -> None:
        self.branches, self.condition = branches, reduce(operator.and_, map(_named, conditions))

    def then(self, value: object) -> ChosenColumn:
        """Give the value where the conditions are met."""
        return ChosenColumn((*self.branches, (self.condition, _named(value))), lit(None))


class ChosenColumn(FewColumn):
    """The value of the first condition that is met; null where none is, until ``otherwise`` says more."""

    __slots__ = ("branches",)

    def __init__(self, branches: tuple[tuple[FewColumn, FewColumn], ...], rest: FewColumn) -> None:
        self.branches = branches
        values = [value for _, value in branches]
        kind = next((value.kind for value in (*values, rest) if value.kind is not None), None)
        if branches[1:] == ():
            chosen = rowwise(choose_one, (*branches[0], rest), kind)
        else:
            chosen = rowwise(choose, (*[part for branch in branches for part in branch], rest), kind)
        super().__init__(chosen.run, values[0].name, many=chosen.many, kind=kind)
        self.is_one, self.is_free, self.is_cellwise = chosen.is_one, chosen.is_free, chosen.is_cellwise

    def when(self, *conditions: object) -> When:
        """Choose further, where no condition before was met."""
        return When(self.branches, [_named(condition) for condition in conditions])

    def otherwise(self, value: object) -> FewColumn:
        """Give the value where no condition is met."""
        return ChosenColumn(self.branches, _named(value))


def when(*conditions: object) -> When:
    """Choose by conditions that must all be met."""
    return When((), [_named(condition) for condition in conditions])


def coalesce(*parts: object) -> FewColumn:
    """Give the first value that is not null."""
    columns = tuple(map(_named, _flat(parts)))
    kind = next((column.kind for column in columns if column.kind is not None), None)
    return rowwise(first_known, columns, kind)


def any_horizontal(*parts: object) -> FewColumn:
    """Tell whether any condition of a row is met."""
    columns = tuple(map(_named, _flat(parts)))
    return rowwise(any_of, columns, Boolean) if columns else lit(value=False)


def all_horizontal(*parts: object) -> FewColumn:
    """Tell whether all conditions of a row are met."""
    columns = tuple(map(_named, _flat(parts)))
    return rowwise(all_of, columns, Boolean) if columns else lit(value=True)


def max_horizontal(*parts: object) -> FewColumn:
    """Give the largest number of a row, null aside."""
    # Of 0.0 and -0.0 Polars takes the one that stands last.
    return rowwise(
        lambda *cells: max((cell for cell in reversed(cells) if cell is not None), default=None),
        tuple(map(_named, _flat(parts))),
        None,
    )


def concat_str(*parts: object, ignore_nulls: bool = False) -> FewColumn:
    """Join the texts of a row; null where one is, unless these are left out."""

    def join(*cells: str | None) -> str | None:
        known = [cell for cell in cells if cell is not None]
        return "".join(known) if ignore_nulls or None not in cells else None

    return rowwise(join, tuple(map(_named, _flat(parts))), String)


def struct(*names: str | Sequence[str]) -> FewColumn:
    """Take the cells of several columns together."""
    every = [name for each in names for name in ((each,) if isinstance(each, str) else each)]
    return rowwise(lambda *cells: cells, tuple(map(col, every)), None)


def duration(*, days: object) -> FewColumn:
    """Give a time of so many days."""
    return each_cell(lambda number: timedelta(days=number), _named(days), None)


def len() -> FewColumn:  # noqa: A001  (the name of Polars)
    """Count the rows."""
    return FewColumn(lambda frame, _: frame.height, "len", is_one=True, kind=Int64)


def _named(value: object) -> FewColumn:
    """Take a text as the name of a column, as Polars does where a column is expected."""
    return col(value) if isinstance(value, str) else as_column(value)


def _flat(parts: Iterable[object]) -> list[object]:
    """Take a list of columns as those in it."""
    return [
        one
        for part in parts
        for one in ((part,) if isinstance(part, str | FewColumn) or not isinstance(part, Iterable) else part)
    ]
