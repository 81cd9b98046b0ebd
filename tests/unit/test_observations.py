"""Laboratory values and scores as observations: limits of the assay, titres, printed units."""

import polars as pl

from funis.analysis.observations import gather_values, score_instruments, visit_frame
from funis.data.tables import Tables
from funis.study.model import InstrumentChoice, LabTest, Study, Trial, Visit

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
        ("S1", 10.0, "<10", -1, 2),
        ("S2", 800.0, ">800", 1, 3),
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
        (5.0, "320", 0),
        (3.0, "80", 0),
        (3.0, "0", -1),
    ]


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
