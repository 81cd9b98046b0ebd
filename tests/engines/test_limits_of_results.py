"""Laboratory results, grades and study days are held against what they can be on every engine."""

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

import funis
from funis.catalogue.registry import analyte_table, toxicity_table, toxicity_versions
from funis.errors import ValueRangeError
from funis.units import convert, known_units


def to_duckdb(frame: pl.DataFrame) -> Any:
    duckdb = pytest.importorskip("duckdb")
    return duckdb.connect().from_arrow(frame.to_arrow())


ENGINES: dict[str, Callable[[pl.DataFrame], Any]] = {
    "polars": lambda frame: frame,
    "polars lazy": lambda frame: frame.lazy(),
    "pandas": lambda frame: frame.to_pandas(),
    "pyarrow": lambda frame: frame.to_arrow(),
    "duckdb": to_duckdb,
}
TESTS = sorted({test for version in toxicity_versions() for test in toxicity_table(version).terms})


def possible(test: str) -> tuple[float, float]:
    limits = analyte_table().analytes[test].plausible
    assert limits is not None
    return limits.possible


def away(end: float) -> float:
    return max(abs(end), 1) * 1e-6


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("version", toxicity_versions())
def test_every_test_takes_its_ends_and_refuses_what_lies_beyond(version: str, engine: str) -> None:
    inside = [(test, end) for test in TESTS for end in possible(test)]
    frame = pl.DataFrame({"test": [test for test, _ in inside], "value": [end for _, end in inside]})
    funis.grade_toxicity(ENGINES[engine](frame), version)
    low, high = (
        [end + sign * away(end) for end in (possible(test)[side] for test in TESTS)]
        for side, sign in ((0, -1), (1, 1))
    )
    beyond = pl.DataFrame({"test": TESTS * 2, "value": [*low, *high]})
    with pytest.raises(ValueRangeError) as error:
        funis.grade_toxicity(ENGINES[engine](beyond), version)
    for place, test in enumerate(TESTS):
        rows = f"{test}, 2 row(s) (row {place}, {place + len(TESTS)}): found "
        line = next(each for each in str(error.value).split("\n") if rows in each)
        lowest, highest = possible(test)
        assert f"allowed is {lowest:.12g} to {highest:.12g} {analyte_table().analytes[test].unit}. " in line


@pytest.mark.parametrize("test", [test for test in TESTS if len(known_units(test)) > 1])
def test_limits_are_those_of_the_unit_of_the_row(test: str) -> None:
    for unit in known_units(test)[1:]:
        low, high = (convert(end, test, known_units(test)[0], unit) for end in possible(test))
        frame = pl.DataFrame({"test": [test] * 2, "value": [low, high], "unit": [unit] * 2})
        funis.grade_toxicity(frame)
        # A converted limit is rounded outward in its fourth digit.
        with pytest.raises(ValueRangeError, match=rf"{test}, 1 row\(s\) \(row 1\)"):
            funis.grade_toxicity(frame.with_columns(value=pl.Series([low, high * 1.01])))


def test_limits_of_normal_and_baseline_are_looked_at_in_their_own_units() -> None:
    frame = pl.DataFrame(
        {"test": ["creatinine"], "value": [100.0], "unit": ["umol/L"], "low": [0.0], "high": [97.0]}
    )
    baseline = frame.with_columns(baseline=pl.lit(1.1), baseline_unit=pl.lit("mg/dL"))
    funis.grade_toxicity(baseline)
    with pytest.raises(
        ValueRangeError, match=r"Column 'baseline'.*1\.1 would fit mg/dL or mmol/L: correct the unit"
    ):
        funis.grade_toxicity(baseline.drop("baseline_unit"))
    wrong = frame.with_columns(high=pl.lit(-1.0)).rename({"high": "uln"})
    with pytest.raises(ValueRangeError, match="Column 'uln' of 'laboratory results'"):
        funis.grade_toxicity(wrong, columns={"high": "uln"})


def test_the_unit_of_a_test_is_said_and_taken() -> None:
    frame = pl.DataFrame(
        {"subject": ["07"], "day": [28], "test": ["platelets"], "value": [40_000.0], "low": [0.0]}
    )
    with pytest.raises(ValueRangeError) as error:
        funis.grade_toxicity(frame)
    assert str(error.value) == (
        "Column 'value' of 'laboratory results', platelets, 1 row(s) (07 at 28): found '40000.0'; allowed is "
        '0 to 3000 10^9/L. 40000.0 would fit /mm3: pass units={"platelets": "/mm3"}, correct the value or leave '
        "it empty."
    )
    assert funis.grade_toxicity(frame, units={"platelets": "/uL"})["grade"].to_list() == [3]


def test_a_result_without_a_unit_or_of_an_unknown_test_is_not_guessed() -> None:
    frame = pl.DataFrame(
        {
            "test": ["platelets", "our_own", "platelets"],
            "value": [-5.0, -5.0, None],
            "unit": [None, "x", "10^9/L"],
        }
    )
    assert funis.grade_toxicity(frame)["grade"].to_list() == [None, None, None]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_baseline_is_not_taken_from_an_impossible_result(engine: str) -> None:
    frame = pl.DataFrame({"subject": ["01"] * 2, "test": ["wbc"] * 2, "day": [-3, 30], "value": [4.0, -2.0]})
    with pytest.raises(
        ValueRangeError, match=r"'value' of 'laboratory results', wbc, 1 row\(s\) \(01 at 30\)"
    ):
        funis.derive_lab_baseline(ENGINES[engine](frame))


@pytest.mark.parametrize("engine", ENGINES)
def test_grades_are_0_to_4(engine: str) -> None:
    graded = pl.DataFrame(
        {"subject": ["01"] * 2, "test": ["wbc"] * 2, "term": ["White"] * 2, "day": [0, 30]}
        | {name: [0, 4] for name in ("grade", "grade_lower", "grade_upper")}
    )
    shifts = funis.derive_toxicity_shifts(ENGINES[engine](graded))
    funis.count_toxicity_shifts(shifts)
    for wrong in (-1, 5):
        with pytest.raises(
            ValueRangeError, match=r"'grade' of 'laboratory grades', 1 row\(s\).*allowed is 0 to 4"
        ):
            funis.derive_toxicity_shifts(ENGINES[engine](graded.with_columns(grade=pl.Series([0, wrong]))))
        cells = pl.DataFrame(
            {"subject": ["01"], "test": ["wbc"], "term": ["W"], "baseline_grade": [0], "worst_grade": [wrong]}
        )
        with pytest.raises(ValueRangeError, match="'worst_grade' of 'laboratory grades'"):
            funis.count_toxicity_shifts(ENGINES[engine](cells))


@pytest.mark.parametrize("engine", ENGINES)
def test_study_days_lie_within_a_hundred_years(engine: str) -> None:
    visits = pl.DataFrame(
        {"subject": ["01"] * 2, "visit": ["baseline", "month_6"], "day": [-36_525, 36_525], "essdai": [8, 4]}
    )
    funis.respond(ENGINES[engine](visits), "essdai_mcii")
    for wrong in (-36_526, 20_240_131):
        with pytest.raises(ValueRangeError, match="allowed is -36525 to 36525 days"):
            funis.respond(ENGINES[engine](visits.with_columns(day=pl.Series([0, wrong]))), "essdai_mcii")
        relapse = pl.DataFrame(
            {
                "responder": ["yes"],
                "relapse": ["no"],
                "relapse_visit": [""],
                "relapse_day": [0],
                "followed_to_day": [wrong],
            }
        )
        with pytest.raises(ValueRangeError, match="'followed_to_day' of 'responses'"):
            funis.count_relapses(ENGINES[engine](relapse), {"month_9": 270})


def test_days_of_a_disposition_are_looked_at_too() -> None:
    visits = pl.DataFrame({"subject": ["01"] * 2, "visit": ["baseline", "month_6"], "essdai": [8, 4]})
    ends = pl.DataFrame({"subject": ["01"], "death_day": [20_240_131]})
    with pytest.raises(ValueRangeError, match="allowed is -36525 to 36525 days"):
        funis.respond(visits, "essdai_mcii", disposition=ends)


def test_doses_end_where_the_table_of_analytes_says() -> None:
    assert funis.prednisone_equivalent(20_000, "prednisone") == 20_000
    with pytest.raises(ValueRangeError, match="20,000 mg of prednisone"):
        funis.prednisone_equivalent(20_001, "prednisone")


@pytest.mark.spark
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_on_spark(spark: Any) -> None:
    frame = spark.createDataFrame(
        [("01", 0, "platelets", -5.0)], "subject string, day int, test string, value double"
    )
    with pytest.raises(
        Exception, match=r"platelets, 1 row\(s\) \(01 at 0\): found '-5.0'; allowed is 0 to 3000"
    ):
        funis.grade_toxicity(frame).collect()
