"""Every measured column of every instrument in every unit of its analyte scores as in the instrument's own."""

from fractions import Fraction
from typing import Any

import polars as pl
import pytest

import funis
from funis.catalogue.registry import analyte_table, definition, definitions
from funis.units.columns import ReadColumn, columns_of_instrument

TRIED = [
    (name, column)
    for name in definitions()
    for column, read in columns_of_instrument(name).items()
    if read.analyte
    and len(analyte_table().analytes[read.analyte].units) > 1
    and column in {each for item in definition(name).items for each in (item.name, *item.measures)}
]


def limits_in(name: str, column: str) -> set[float]:
    """Give the numbers that the instrument compares the column with, and some beside each."""
    found = definition(name)
    conditions = [each for item in found.items for level in item.when for each in level]
    conditions += [feature.when for feature in found.features]
    conditions += [rule.when for rule in found.rules if rule.when is not None]
    terms = [term for condition in conditions for term in condition.terms if term.name == column]
    limits = {float(term.limit) for term in terms if not isinstance(term.limit, str) and term.form == "value"}
    return {value for limit in limits for value in (limit, limit * 1.02, limit * 0.98)}


def in_unit(value: float, read: ReadColumn, unit: str) -> float:
    """Bring a value from the unit of the instrument to another, by exact fractions of the table."""
    analyte = analyte_table().analytes[read.analyte]
    by_unit = {analyte.unit: (Fraction(1), Fraction(0))}
    by_unit |= {other.unit: (other.factor, other.offset) for other in analyte.others}
    (own, shift), (factor, offset) = by_unit[read.unit], by_unit[unit]
    stored = Fraction(str(value)) * own + shift
    return float((stored - offset) / factor)


def test_columns_are_tried() -> None:
    columns = {column for _, column in TRIED}
    assert {"haemoglobin", "creatinine", "c3", "temperature", "albumin", "urea_nitrogen"} <= columns
    assert len(TRIED) > 40


@pytest.mark.parametrize(("name", "column"), TRIED)
def test_every_unit_gives_the_same_score(name: str, column: str) -> None:
    read = columns_of_instrument(name)[column]
    analyte = analyte_table().analytes[read.analyte]
    usual: dict[str, Any] = {"age": 30, "sex": "F", "height_cm": 160.0}
    found = definition(name)
    beside = {item.name: usual[item.name] for item in found.items if item.name in usual}
    assert analyte.plausible is not None
    low, high = analyte.plausible.usual or analyte.plausible.possible
    own = [other for other in analyte.others if other.unit == read.unit]
    ends = [end / float(own[0].factor) if own else end for end in (low, high)]
    values = sorted(
        {*limits_in(name, column), *(ends[0] + (ends[1] - ends[0]) * part / 7 for part in range(1, 7))}
    )
    values = [round(value, 4) for value in values if value > 0]
    native = pl.DataFrame({column: values}).with_columns(
        pl.lit(value).alias(key) for key, value in beside.items()
    )
    if read.is_relative:
        native = native.with_columns(
            pl.lit(values[3]).alias(f"{column}_low"), pl.lit(values[3]).alias(f"{column}_high")
        )
    wanted = funis.score(native, name)
    measured = [each for each in native.columns if each.partition("_low")[0].partition("_high")[0] == column]
    for unit in analyte.units:
        given = native.with_columns(
            pl.Series(each, [in_unit(value, read, unit) for value in native[each].to_list()], pl.Float64)
            for each in measured
        )
        scored = funis.score(given, name, units={column: unit})
        added = [each for each in wanted.columns if each not in native.columns]
        for each in added:
            for one, other in zip(scored[each].to_list(), wanted[each].to_list(), strict=True):
                is_same = one == other or (isinstance(other, float) and one == pytest.approx(other, rel=1e-8))
                assert is_same, (unit, each, one, other)
