"""Laboratory results, one a row, held against what their test can be in the unit of the row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

import polars as pl

from funis.catalogue.analyte_limits import possible_in
from funis.catalogue.registry import analyte_table
from funis.scoring.column_limits import ColumnLimits, find_refused
from funis.scoring.refused_values import RefusedValues, refuse_values
from funis.units import parse_unit

_OF: Final = "laboratory results"
_ROW: Final = "row"
# Columns with numbers; the unit of a baseline may be another than that of the value.
_NUMBERS: Final = ("value", "baseline", "low", "high")


def check_results(
    rows: pl.DataFrame, keys: Sequence[str] = (), *, names: Mapping[str, str] | None = None, has_unit: bool
) -> None:
    """Refuse results that their test cannot have.

    Parameters
    ----------
    rows : ``test`` and ``value``; where they are there ``unit``, ``low``, ``high`` (the laboratory's limits),
        ``baseline`` and ``baseline_unit``
    keys : columns that say whose result it is; without any the number of the row is told
    names : what the caller calls these columns, where otherwise
    has_unit : whether each result carries its unit; then one whose unit is empty is not looked at, else it is
        in the unit the analyte is stored in

    Raises
    ------
    ValueRangeError : names test, column, rows, values, what is allowed and the unit that the values would fit

    Examples
    --------
    >>> check_results(pl.DataFrame({"test": ["platelets"], "value": [49.0]}), has_unit=False)
    """
    numbered = rows if keys or _ROW in rows.columns else rows.with_row_index(_ROW)
    parts = numbered.partition_by("test", as_dict=True, include_key=True).items()
    refused = [
        replace(one, column=(names or {}).get(one.column, one.column))
        for (test,), part in parts
        for one in _find_in_test(str(test), part, tuple(keys) or (_ROW,), has_unit=has_unit)
    ]
    if refused:
        raise refuse_values(_OF, refused)


def _find_in_test(
    test: str, rows: pl.DataFrame, keys: tuple[str, ...], *, has_unit: bool
) -> Iterator[RefusedValues]:
    analyte = analyte_table().find(test)
    if analyte is None or analyte.plausible is None:
        return
    for column in (name for name in _NUMBERS if name in rows.columns):
        for unit, own in _by_unit(rows, column):
            if unit is None and has_unit:
                continue
            read = analyte.unit if unit is None else parse_unit(unit)
            ends = possible_in(analyte, read)
            if ends is None:
                continue
            # A limit of normal may be 0 where no value is.
            lowest = min(0.0, ends[0]) if column in ("low", "high") else ends[0]
            found = find_refused(own, ColumnLimits(column, lowest, ends[1], read, analyte.name), keys)
            if found is not None:
                how = "correct the unit" if unit is not None else f'pass units={{"{test}": "UNIT"}}'
                yield replace(found, where=f"{test}, {found.where}", how=how)


def _by_unit(rows: pl.DataFrame, column: str) -> Iterator[tuple[str | None, pl.DataFrame]]:
    """Give the rows of each unit of a column, None where none is said."""
    unit = pl.col("unit") if "unit" in rows.columns else pl.lit(None)
    if column == "baseline" and "baseline_unit" in rows.columns:
        unit = pl.coalesce("baseline_unit", unit)
    said = rows.with_columns(unit.cast(pl.String).alias("_unit"))
    for (one,), part in said.partition_by("_unit", as_dict=True, include_key=False).items():
        yield (None if one is None else str(one)), part
