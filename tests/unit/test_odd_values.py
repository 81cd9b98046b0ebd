"""Laboratory values that are possible and nearly always a slip: on the usual limit, and just beyond it."""

from typing import Any

import polars as pl
import pytest

from funis.data.check.labs import _lie_within, _odd_values, _reversed_limits, _study_limit
from funis.study.model import LabTest

Row = dict[str, Any]


def odd(test: str, unit: str, *given: Row | float) -> list[tuple[str, int | None]]:
    """Give code and line of every finding of these results; a number alone is the value."""
    bare = {"subject": "S1", "low": None, "high": None, "comparator": None}
    rows = [bare | (each if isinstance(each, dict) else {"value": each}) for each in given]
    kinds: dict[str, Any] = {
        "value": pl.Float64,
        "low": pl.Float64,
        "high": pl.Float64,
        "comparator": pl.String,
    }
    frame = pl.DataFrame(rows, schema_overrides=kinds).with_columns(
        pl.lit("month_1").alias("visit"),
        pl.lit(test).alias("test"),
        pl.col("value").alias("value_recorded"),
        pl.lit(unit).alias("unit_recorded"),
        pl.lit("labs.csv").alias("_file"),
        pl.int_range(2, pl.len() + 2, dtype=pl.Int64).alias("_line"),
    )
    found = [*_reversed_limits(frame), *_odd_values(LabTest(test=test, unit=unit), frame)]
    return [(each.code, each.line) for each in found]


def test_usual_values_are_not_queried() -> None:
    """Leucocytes are usual from 0.1 to 100 10^9/L."""
    assert odd("wbc", "10^9/L", 0.1, 5.0, 100.0) == []
    assert odd("wbc", "10^9/L", 0.1, 0.099, 100.0, 100.1) == [("odd_value", 3), ("odd_value", 5)]
    assert odd("wbc", "10^9/L", {"value": None}) == []


def test_limits_are_those_of_the_unit_of_the_study() -> None:
    """100 10^9 per litre are 100,000 per microlitre."""
    assert odd("wbc", "/uL", 100_000.0, 100_001.0) == [("odd_value", 3)]


def test_a_result_below_the_limit_of_an_assay_is_no_slip() -> None:
    below = {"value": 0.05, "comparator": "<"}
    assert odd("wbc", "10^9/L", below, 0.05) == [("odd_value", 3)]
    assert odd("wbc", "10^9/L", {"value": 101.0, "comparator": ">"}) == [("odd_value", 2)]


@pytest.mark.parametrize(("test", "unit"), [("igg", "g/L"), ("factor_of_ours", "g/L"), ("wbc", "stone")])
def test_where_nothing_usual_is_known_nothing_is_queried(test: str, unit: str) -> None:
    assert odd(test, unit, 0.0001, 190.0) == []


def test_reversed_limits_are_told_and_equal_ones_are_not() -> None:
    assert odd("igg", "g/L", {"value": 5.0, "low": 3.0, "high": 2.0}) == [("limits_reversed", 2)]
    assert odd("igg", "g/L", {"value": 5.0, "low": 2.0, "high": 2.0}) == []
    assert odd("igg", "g/L", {"value": 5.0, "low": 3.0}, {"value": 5.0, "high": 2.0}) == []


def test_a_trace_of_protein_is_queried() -> None:
    """Healthy people lose more than 0.01 g in 24 h; of 5 g and more milligrams may be meant."""
    assert odd("proteinuria_24h", "g/24h", 0.01, 0.5, 5.0) == []
    assert odd("proteinuria_24h", "g/24h", 0.009, 5.1) == [("odd_value", 3), ("odd_value", 2)]
    assert odd("proteinuria_24h", "mg/24h", 10.0, 9.0) == [("odd_value", 3)]
    assert odd("proteinuria_24h", "g/24h", {"value": 0.009, "comparator": "<"}) == []


def test_no_protein_at_all_is_queried_in_nephritis_alone() -> None:
    """More than 0.5 g in 24 h is nephritis, in that subject."""
    none, some, other = {"value": 0.0}, {"value": 0.51}, {"value": 0.51, "subject": "S2"}
    assert odd("proteinuria_24h", "g/24h", none) == []
    assert odd("proteinuria_24h", "g/24h", none, {"value": 0.5}) == []
    assert odd("proteinuria_24h", "g/24h", none, some) == [("odd_value", 2)]
    assert odd("proteinuria_24h", "g/24h", none, other) == []


def test_values_within_limits_need_no_look() -> None:
    values = pl.Series([1.0, 2.0, None])
    assert _lie_within(values, 1.0, 2.0)
    assert not _lie_within(values, 1.1, 2.0)
    assert not _lie_within(values, 1.0, 1.9)
    assert _lie_within(values, None, None)
    assert _lie_within(pl.Series([None], dtype=pl.Float64), 1.0, 2.0)
    assert not _lie_within(values, None, 1.9)
    assert not _lie_within(values, 1.1, None)


def test_limits_of_the_study_are_told_as_they_are_given() -> None:
    test: dict[str, Any] = {"test": "igg", "unit": "g/L"}
    assert _study_limit(LabTest(**test, minimum=1, maximum=2.5)) == "The study file allows from 1 to 2.5 g/L."
    assert _study_limit(LabTest(**test, minimum=1)) == "The study file allows from 1 g/L."
    assert _study_limit(LabTest(**test, maximum=2)) == "The study file allows to 2 g/L."
