"""Rows held against limits by column: numbers that a column cannot hold are refused, all in one error.

For frames that were fetched as rows: visits of responses, subjects of criteria, laboratory results. Frames
that are scored are looked at by `check_values`; both say it in the same words.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import polars as pl

from funis.nine_decimals import compare_exactly
from funis.scoring.refused_values import RefusedValues, refuse_values
from funis.shown import show_values

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class ColumnLimits:
    """What a column can hold.

    Attributes
    ----------
    column : its name
    lowest, highest : both are possible
    unit, analyte : of a measured quantity
    scales : other scales that the column may be on: how to choose it, and its two ends
    """

    column: str
    lowest: float
    highest: float
    unit: str = ""
    analyte: str = ""
    scales: tuple[tuple[str, float, float], ...] = ()

    @property
    def allowed(self) -> str:
        """What the column can hold, in words."""
        return f"{self.lowest:.12g} to {self.highest:.12g} {self.unit}".rstrip()


@dataclass(frozen=True, slots=True)
class FrameLimits:
    """What the columns of a frame can hold, and who reads them: the name of a definition."""

    of: str
    columns: tuple[ColumnLimits, ...] = ()

    def check(self, rows: pl.DataFrame, keys: Sequence[str]) -> None:
        """Refuse rows with a number that its column cannot hold.

        Parameters
        ----------
        rows : numbers, truth values, or texts that hold numbers; other texts are left to those who read them
        keys : columns that say whose row it is, such as subject and visit

        Raises
        ------
        ValueRangeError : names each column, subject and visit, the values, what is allowed and what they fit

        Examples
        --------
        >>> limits = FrameLimits("sri_4", (ColumnLimits("pga", 0, 3, "points"),))
        >>> limits.check(pl.DataFrame({"subject": ["01"], "pga": [2.0]}), ["subject"])
        """
        refused = [found for one in self.columns if (found := find_refused(rows, one, keys)) is not None]
        if refused:
            raise refuse_values(self.of, refused)


def merge_limits(parts: Iterable[FrameLimits]) -> FrameLimits:
    """Join the limits of several definitions; a column that two of them read may hold what either allows."""
    names: list[str] = []
    columns: dict[str, ColumnLimits] = {}
    for part in parts:
        names.append(part.of)
        for one in part.columns:
            known = columns.get(one.column, one)
            lowest, highest = min(one.lowest, known.lowest), max(one.highest, known.highest)
            columns[one.column] = replace(known, lowest=lowest, highest=highest)
    return FrameLimits(", ".join(dict.fromkeys(names)), tuple(columns.values()))


def find_refused(rows: pl.DataFrame, limits: ColumnLimits, keys: Sequence[str]) -> RefusedValues | None:
    """Find the rows whose number one column cannot hold, None where there is none; see `FrameLimits.check`.

    A key that is called ``row`` is the number of a row.
    """
    if limits.column not in rows.columns:
        return None
    values = rows.get_column(limits.column)
    if not values.dtype.is_numeric():
        if values.dtype not in (pl.String, pl.Categorical, pl.Enum):
            return None
        values = values.cast(pl.String).str.strip_chars().cast(pl.Float64, strict=False)
    if values.dtype.is_float():
        values = values.fill_nan(None)
    if not _lies_beyond(values.min(), values.max(), limits):
        return None
    value = pl.col(limits.column)
    is_low = compare_exactly(value, "<", limits.lowest)
    is_bad = values.to_frame().select(is_low | compare_exactly(value, ">", limits.highest)).to_series()
    bad = rows.filter(is_bad.fill_null(value=False))
    if not len(bad):
        return None
    places = bad.head(_SHOWN).select(keys).rows()
    if tuple(keys) == ("row",):
        where = "row " + ", ".join(str(row) for (row,) in places)
    else:
        where = "; ".join(" at ".join(show_values([key]) for key in place) for place in places)
    return RefusedValues(
        limits.column,
        f"{len(bad)} row(s) ({where})",
        tuple(bad.get_column(limits.column).head(_SHOWN)),
        limits.allowed,
        limits.unit,
        limits.analyte,
        _find_scale(limits, values.filter(is_bad.fill_null(value=False))),
    )


def _find_scale(limits: ColumnLimits, values: pl.Series) -> str:
    """Name the scale on which all values that are refused would lie; empty where there is none."""
    return next(
        (
            f"on another scale they are possible: {how}"
            for how, lowest, highest in limits.scales
            if values.is_between(lowest, highest).all()
        ),
        "",
    )


def _lies_beyond(least: object, greatest: object, limits: ColumnLimits) -> bool:
    """Tell from the ends of a column whether it must be looked at value by value; NaN is empty."""
    if not isinstance(least, int | float) or not isinstance(greatest, int | float):
        # A column of decimals, or one without a number.
        return least is not None
    return least < limits.lowest or greatest > limits.highest
