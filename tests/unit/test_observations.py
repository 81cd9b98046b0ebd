"""Laboratory values and scores as observations: limits of the assay, titres, printed units."""

import numpy as np
import polars as pl
import pytest

from funis.analysis.observations import gather_values, score_instruments, visit_frame
from funis.analysis.recorded_words import count_significant, significant, write_lab_values
from funis.data.tables import Tables
from funis.study.model import InstrumentChoice, LabTest, Study, Trial
from funis.study.planned_visit import Visit
from funis.study.visit_frame import _response_columns

TRIAL = Trial(id="X", title="X", condition="sle", design="single_arm")


def _tables(**frames: pl.DataFrame) -> Tables:
    """Give checked tables, made by hand."""
    return Tables(frames, (), frozenset(frames))


def _labs(*rows: tuple[str, str, int | None, str, float | None, str | None]) -> pl.DataFrame:
    made = [(*row, "labs.csv", line) for line, row in enumerate(rows, start=2)]
    schema = {
        "subject": pl.String, "visit": pl.String, "day": pl.Int64, "test": pl.String, "value": pl.Float64,
        "comparator": pl.String, "_file": pl.String, "_line": pl.Int64,
    }  # fmt: skip
    return pl.DataFrame(made, schema=schema, orient="row")


def test_a_result_beyond_the_assay_stays_one() -> None:
    study = Study(trial=TRIAL, labs=(LabTest(test="anti_dsdna", unit="IU/mL"),))
    labs = _labs(
        ("S1", "baseline", 0, "anti_dsdna", 10.0, "<"),
        ("S2", "baseline", 0, "anti_dsdna", 800.0, ">"),
        ("S3", "baseline", 0, "anti_dsdna", 55.5, None),
        ("S4", "baseline", 0, "anti_dsdna", None, None),
        ("S5", "baseline", 0, "unplanned_test", 1.0, None),
    )
    found = gather_values(study, _tables(labs=labs), {})
    assert found.select("subject", "value", "text", "censored", "line").rows() == [
        ("S1", 10.0, "<10, used as 10", -1, 2),
        ("S2", 800.0, ">800, used as 800", 1, 3),
        ("S3", 55.5, "55.5", 0, 4),
    ]


def test_titres_are_on_log2_of_the_dilution_and_none_found_is_below_the_lowest() -> None:
    study = Study(trial=TRIAL, labs=(LabTest(test="ana", unit="titre", scale="log2"),))
    labs = _labs(
        ("S1", "baseline", 0, "ana", 320.0, None),
        ("S2", "baseline", 0, "ana", 80.0, None),
        ("S3", "baseline", 0, "ana", 0.0, None),
    )
    found = gather_values(study, _tables(labs=labs), {})
    # 320 / 10 = 2^5; 80 / 10 = 2^3; a titre of 0 lies below 80, the lowest that was recorded.
    assert found.select("value", "text", "censored").rows() == [
        (5.0, "320 -> 5 (log2 of titre / 10)", 0),
        (3.0, "80 -> 3 (log2 of titre / 10)", 0),
        (3.0, "0, used as 80, the lowest recorded -> 3 (log2 of titre / 10)", -1),
    ]


@pytest.mark.parametrize(
    ("recorded", "unit", "sign", "value", "words"),
    [
        # creatinine: 1 mg/dL is 88.42 umol/L; one digit more than was recorded, three at least
        (0.82, "mg/dL", None, 72.5044, "0.82 mg/dL -> 72.5 umol/L"),
        (1.234, "mg/dL", None, 109.11028, "1.234 mg/dL -> 109.11 umol/L"),
        (0.5, "mg/dL", "<", 44.21, "<0.5 mg/dL -> <44.2 umol/L, used as 44.2"),
        (72.5, "umol/L", None, 72.5, "72.5"),
        (72.5, None, None, 72.5, "72.5"),
        (9.0, "umol/L", ">=", 9.0, ">=9, used as 9"),
        (0.0, "mg/dL", None, 0.0, "0"),
    ],
)
def test_a_value_is_shown_as_recorded_and_as_used(
    recorded: float, unit: str | None, sign: str | None, value: float, words: str
) -> None:
    study = Study(trial=TRIAL, labs=(LabTest(test="creatinine", unit="umol/L"),))
    labs = _labs(("S1", "baseline", 0, "creatinine", value, sign)).with_columns(
        value_recorded=pl.lit(recorded), unit_recorded=pl.lit(unit, pl.String)
    )
    found = gather_values(study, _tables(labs=labs), {})
    assert found.select("value", "text").rows() == [(value, words)]


def test_a_titre_beyond_a_limit_says_how_it_entered() -> None:
    frame = pl.DataFrame({"value": [40.0, 30.0], "comparator": ["<", None]})
    words = write_lab_values(frame, "titre", np.array([2.0, np.log2(3.0)]), titre_of_first=10.0)
    assert words.to_list() == [
        "<40, used as 40 -> 2 (log2 of titre / 10)", "30 -> 1.58 (log2 of titre / 10)",
    ]  # fmt: skip


def test_significant_digits() -> None:
    assert [count_significant(value) for value in (0.82, 2000.0, 0.050, 1.0, 10.5)] == [2, 1, 1, 1, 3]
    assert [significant(value, 3) for value in (72.5044, 0.00123456, 12345.0, -0.0999)] == [
        "72.5", "0.00123", "12345", "-0.0999",
    ]  # fmt: skip


def _flow(rate: float) -> pl.DataFrame:
    place = {"subject": ["S1"], "visit": ["baseline"], "day": [0], "_file": ["f.csv"], "_line": [2]}
    return pl.DataFrame(place | {"ml_per_min": [rate]})


def test_a_measured_quantity_is_printed_in_the_unit_of_the_study() -> None:
    study = Study(trial=TRIAL, instruments={"unstimulated_flow": InstrumentChoice(unit="mL/10 min")})
    tables = _tables(unstimulated_flow=_flow(0.063))
    scored = score_instruments(study, tables)
    found = gather_values(study, tables, scored)
    # 0.063 mL in one minute are 0.63 mL in ten.
    assert found["value"].to_list() == [0.63]
    assert found["text"].to_list() == ["0.063 mL/min -> 0.63 mL/10 min"]
    assert (found["file"].item(), found["line"].item()) == ("f.csv", 2)


def test_an_instrument_without_rows_is_left_out() -> None:
    study = Study(trial=TRIAL, instruments={"unstimulated_flow": InstrumentChoice()})
    assert score_instruments(study, _tables(unstimulated_flow=_flow(1.0).clear())) == {}
    assert score_instruments(study, _tables()) == {}


def test_unscheduled_visits_of_one_name_are_told_apart_and_days_are_filled() -> None:
    study = Study(
        trial=TRIAL, visits=(Visit(name="month_3", day=90),), labs=(LabTest(test="c3", unit="g/L"),)
    )
    labs = _labs(
        ("S1", "unscheduled", 20, "c3", 0.5, None),
        ("S1", "unscheduled", 50, "c3", 0.7, None),
        ("S1", "month_3", None, "c3", 0.9, None),
    )
    found = visit_frame(study, _tables(labs=labs), {})
    assert found.select("visit", "day", "c3").sort("day").rows() == [
        ("unscheduled", 20.0, 0.5),
        ("unscheduled", 50.0, 0.7),
        ("month_3", 90.0, 0.9),
    ]


def test_rows_of_an_instrument_stay_in_the_order_of_its_table_and_the_last_of_a_visit_counts() -> None:
    """Two hundred visits in no order of their names, the first of them recorded twice."""
    names = [f"S{number * 37 % 101}" for number in range(100)]
    rows = [
        (name, visit, 0, "R", total) for total, name in enumerate(names) for visit in ("baseline", "month_1")
    ]
    frame = pl.DataFrame(
        [("S0", "baseline", 0, "R", -1), *rows],
        schema={
            "subject": pl.String,
            "visit": pl.String,
            "day": pl.Int64,
            "rater": pl.String,
            "total": pl.Int64,
        },
        orient="row",
    )
    found = _response_columns(frame)
    assert found.columns == ["subject", "visit", "day", "total", "_occasion"]
    assert found.drop("_occasion", "day").rows() == [
        (name, visit, total) for name, visit, _, _, total in rows
    ]
