"""Columns brought from one unit to another: times a factor, plus an offset, to nine decimals.

Numbers of a frame, of one visit and of a laboratory table are converted here and nowhere else, so that the
same value gives the same number by every door. What is no number (nothing, ``ND``) stays what it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from funis.nine_decimals import round_column, round_exactly

if TYPE_CHECKING:
    import polars as pl

# An expression of Polars or of Narwhals.
Column = Any
NUMBER_TEXT: Final = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
"""A text that is a number, in the words of every engine."""
_TEXTS: Final = ("String", "Categorical", "Enum")


@dataclass(frozen=True, slots=True)
class Scale:
    """What a number is multiplied by, and what is then added.

    Examples
    --------
    >>> Scale(Fraction(5, 9), Fraction(-160, 9)).apply(101.2)
    38.444444444
    """

    factor: Fraction
    offset: Fraction = Fraction(0)

    def apply(self, value: float) -> float:
        """Convert one number; NaN stays NaN."""
        return round_exactly(float(self.multiply(float(value))))

    def column(self, values: Column) -> Column:
        """Convert the numbers of a column or an expression; a missing one stays missing."""
        return round_column(self.multiply(values))

    def multiply(self, value: Any) -> Any:
        """Convert a number or a column as floating arithmetic gives it."""
        scaled = value * self.factor.numerator / self.factor.denominator
        return scaled if self.offset == 0 else scaled + float(self.offset)


SAME: Final = Scale(Fraction(1))
"""The scale that changes nothing."""


def scale_columns(ops: Any, kinds: Mapping[str, Any], scales: Mapping[str, Scale]) -> list[Column]:
    """Give the expressions that convert some columns in their place.

    Parameters
    ----------
    ops : the library whose expressions the frame takes, Polars or Narwhals
    kinds : types of the columns of the frame, of Polars or Narwhals
    scales : what each column is multiplied by, by its name; every column is there
    """
    return [_scaled(ops, name, kinds[name], scale).alias(name) for name, scale in scales.items()]


def _scaled(ops: Any, name: str, kind: Any, scale: Scale) -> Column:
    column = ops.col(name)
    if str(kind).partition("(")[0] in _TEXTS:
        text = column.cast(ops.String).str.strip_chars()
        is_number = text.str.contains(NUMBER_TEXT)
        number = ops.when(is_number).then(text).otherwise(ops.lit(None, ops.String)).cast(ops.Float64)
        return ops.when(is_number).then(scale.column(number).cast(ops.String)).otherwise(text)
    return scale.column(column.cast(ops.Float64)) if kind.is_numeric() else column


def convert_rows(rows: pl.DataFrame, scales: Mapping[str, Scale]) -> pl.DataFrame:
    """Convert columns of a Polars frame in their place; one that is not there is passed over."""
    import polars as pl

    due = {name: scale for name, scale in scales.items() if name in rows.columns}
    return rows.with_columns(scale_columns(pl, rows.schema, due)) if due else rows


def scale_cell(cell: Any, scale: Scale) -> Any:
    """Convert the cell of one visit; a cell that is no number is left to those who read it.

    Examples
    --------
    >>> scale_cell("9.5", Scale(Fraction(10))), scale_cell("ND", Scale(Fraction(10)))
    (95.0, 'ND')
    """
    if isinstance(cell, str):
        return scale.apply(float(cell)) if re.match(NUMBER_TEXT, cell.strip()) else cell
    is_number = hasattr(cell, "__float__") and not isinstance(cell, bool)
    return scale.apply(float(cell)) if is_number else cell
