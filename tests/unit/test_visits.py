"""Study days, baselines and the subject frame, by hand arithmetic."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import polars as pl
import pytest

from funis.catalogue.instrument_tables import instrument_table
from funis.data.check.columns import empty_frame
from funis.frames.few_rows import FewRows
from funis.schema import TABLES
from funis.study.days import (
    derive_anchors,
    derive_days,
    derive_subject_frame,
    derive_visit_order,
    eligibility_schema,
    subject_schema,
)
from funis.study.model import Arm, LabTest, Study, Trial
from funis.study.planned_infusion import Infusion
from funis.study.planned_visit import Visit


@dataclass
class Frames:
    frames: dict[str, pl.DataFrame] = field(default_factory=dict)


def make(study: Study, **rows: list[dict[str, object]]) -> Frames:
    """Tables with the given rows; every other column is null."""
    frames = {name: empty_frame(table) for name, table in TABLES.items()}
    frames |= {name: empty_frame(instrument_table(name)) for name in study.instrument_names}
    for name, given in rows.items():
        numbered = [{**row, "_file": f"{name}.csv", "_line": line} for line, row in enumerate(given, start=2)]
        frames[name] = pl.DataFrame(numbered, schema=frames[name].schema)
    return Frames(derive_days(frames, derive_anchors(study, frames)))


TRIAL = Study(
    trial=Trial(id="T", title="T", condition="sle", design="single_arm"),
    infusions=(Infusion(day=0), Infusion(day=7)),
    visits=(Visit(name="baseline", day=0, forms=("bilag_2004",)), Visit(name="month_1", day=30)),
    labs=(LabTest(test="c3", unit="g/L"),),
)
COHORT = Study(trial=Trial(id="C", title="C", condition="sle", design="observational"))


def test_day_zero_is_the_day_of_the_first_infusion() -> None:
    tables = make(
        TRIAL,
        subjects=[{"subject": "S1"}],
        infusions=[
            {"subject": "S1", "number": 2, "date": date(2012, 1, 9)},
            {"subject": "S1", "number": 1, "date": date(2012, 1, 2)},
        ],
        visits=[
            {"subject": "S1", "visit": "baseline", "date": date(2011, 12, 30)},
            {"subject": "S1", "visit": "month_1", "date": date(2012, 3, 1)},
        ],
    )
    # 2 January is day 0 and 9 January day 7; 30 December is day -3; 1 March of a leap year: 29 + 29 + 1 = 59.
    assert tables.frames["infusions"]["day"].to_list() == [7, 0]
    assert tables.frames["visits"]["day"].to_list() == [-3, 59]


def test_a_cohort_counts_from_the_first_visit() -> None:
    tables = make(
        COHORT,
        subjects=[{"subject": "S1"}],
        visits=[
            {"subject": "S1", "visit": "visit_2", "date": date(2020, 2, 1)},
            {"subject": "S1", "visit": "visit_1", "date": date(2020, 1, 1)},
        ],
    )
    assert tables.frames["visits"]["day"].to_list() == [31, 0]
    assert derive_visit_order(COHORT, tables.frames) == ("visit_1", "visit_2")


def test_days_serve_where_the_data_carry_no_dates() -> None:
    tables = make(
        TRIAL,
        subjects=[{"subject": "S1"}],
        infusions=[{"subject": "S1", "number": 1, "day": 0}, {"subject": "S1", "number": 2, "day": 7}],
        disposition=[{"subject": "S1", "status": "died", "day": 192}],
    )
    row = derive_subject_frame(TRIAL, tables.frames).row(0, named=True)
    assert row["infusions_received"] == 2.0
    assert row["days_first_infusion_to_death"] == 192.0
    assert row["death_date"] is None


def test_age_is_in_completed_years_at_consent() -> None:
    births = {"S1": date(2000, 2, 29), "S2": date(2000, 3, 1), "S3": date(2000, 3, 2), "S4": None}
    tables = make(
        TRIAL,
        subjects=[
            {"subject": name, "birth_date": birth, "consent_date": date(2016, 3, 1), "age": 17.5}
            for name, birth in births.items()
        ],
    )
    # The birthday itself counts, the day before it does not; without a birth date the recorded age.
    assert derive_subject_frame(TRIAL, tables.frames)["age"].to_list() == [16.0, 16.0, 15.0, 17.5]


@pytest.mark.parametrize("month", range(1, 13))
def test_a_birthday_counts_from_its_own_day_in_every_month(month: int) -> None:
    days = [date(2019, later, day) for later in range(1, 13) for day in (14, 15, 16)]
    tables = make(
        TRIAL,
        subjects=[
            {"subject": f"S{number}", "birth_date": date(1980, month, 15), "consent_date": on}
            for number, on in enumerate(days)
        ],
    )
    # Born on the 15th of a month of 1980: 39 from the 15th of that month of 2019 on, 38 before.
    wanted = [38.0 if on < date(2019, month, 15) else 39.0 for on in days]
    assert derive_subject_frame(TRIAL, tables.frames)["age"].to_list() == wanted


def test_baseline_is_the_last_value_on_day_zero_or_before() -> None:
    tables = make(
        TRIAL,
        subjects=[{"subject": "S1"}, {"subject": "S2"}],
        infusions=[{"subject": "S1", "number": 1, "date": date(2020, 1, 10)}],
        labs=[
            {"subject": "S1", "visit": "baseline", "date": date(2020, 1, 1), "test": "c3", "value": 0.5},
            {"subject": "S1", "visit": "unscheduled", "date": date(2020, 1, 10), "test": "c3", "value": 0.7},
            {"subject": "S1", "visit": "month_1", "date": date(2020, 1, 11), "test": "c3", "value": 0.9},
            {"subject": "S1", "visit": "month_1", "date": date(2020, 1, 5), "test": "c3", "value": None},
            {"subject": "S2", "visit": "baseline", "date": date(2020, 5, 5), "test": "c3", "value": 0.4},
        ],
    )
    assert derive_subject_frame(TRIAL, tables.frames)["baseline_c3"].to_list() == [0.7, 0.4]


def test_grades_and_scores_come_from_the_long_frame() -> None:
    tables = make(
        TRIAL,
        subjects=[{"subject": "S1"}, {"subject": "S2"}],
        infusions=[{"subject": "S1", "number": 1, "date": date(2020, 1, 10)}],
    )
    scores = pl.DataFrame(
        {
            "subject": ["S1", "S1", "S1"],
            "visit": ["baseline", "baseline", "month_1"],
            "day": [-1, -1, 30],
            "variable": ["bilag_2004", "bilag_2004_renal", "bilag_2004_renal"],
            "value": [20.0, None, None],
            "grade": [None, "A", "C"],
        }
    )
    frame = derive_subject_frame(TRIAL, tables.frames, scores)
    assert frame["baseline_bilag_2004"].to_list() == [20.0, None]
    assert frame["baseline_bilag_2004_renal"].to_list() == ["A", None]


def test_the_frame_has_the_columns_that_rules_were_checked_against() -> None:
    tables = make(TRIAL, subjects=[{"subject": "S1"}, {"subject": "S2", "received_cells": "0"},
                                   {"subject": "S3", "received_cells": "1"}])  # fmt: skip
    frame = derive_subject_frame(TRIAL, tables.frames)
    assert dict(list(frame.schema.items())[:-2]) == subject_schema(TRIAL)
    # That no infusion is listed says "none" only where it is recorded.
    assert frame["infusions_received"].to_list() == [None, 0.0, None]


@pytest.mark.parametrize(
    ("infused", "received"),
    [
        # A control arm without any infusion beside an arm with some had none; the other S2 is not known.
        (["S1"], [1.0, None, 0.0, None]),
        # With a sham infusion in the control arm its subjects are as the others.
        (["S1", "S3"], [1.0, None, 1.0, None]),
        # Where the other arm has none either, the table is not filled yet; an infusion outside arms says nothing.
        ([], [None, None, None, None]),
        (["S4"], [None, None, None, 1.0]),
    ],
)
def test_a_control_arm_without_any_infusion_had_none(
    infused: list[str], received: list[float | None]
) -> None:
    arms = (Arm(id="cells", name="Cells"), Arm(id="usual", name="Usual care", control=True))
    study = Study(trial=Trial(id="X", title="X", condition="sle", design="parallel"), arms=arms)
    subjects: list[dict[str, object]] = [{"subject": "S1", "arm": "cells"}, {"subject": "S2", "arm": "cells"},
                {"subject": "S3", "arm": "usual"}, {"subject": "S4"}]  # fmt: skip
    rows = [{"subject": each, "number": "1", "date": date(2020, 1, 6)} for each in infused]
    tables = make(study, subjects=subjects, infusions=rows)
    frame = derive_subject_frame(study, tables.frames)
    assert frame["infusions_received"].to_list() == received


def test_eligibility_knows_nothing_that_happens_later() -> None:
    early = eligibility_schema(TRIAL)
    assert {"age", "baseline_c3", "days_diagnosis_to_consent", "baseline_bilag_2004_renal"} <= set(early)
    later = ("first_infusion", "death", "disposition", "last_visit", "infusions_received", "last_infusion",
             "received_cells")  # fmt: skip
    found = [name for name in early if any(word in name for word in later)]
    # That consent came before the cells is a condition of being treated.
    assert found == ["days_consent_to_first_infusion"]


LIFE = [
    ("birth", date(1980, 3, 1)),
    ("diagnosis", date(2019, 12, 30)),
    ("consent", date(2020, 1, 2)),
    ("baseline", date(2020, 1, 5)),
    ("first_infusion", date(2020, 1, 6)),
    ("last_infusion", date(2020, 1, 13)),
    ("last_visit", date(2020, 3, 1)),
    ("disposition", date(2020, 3, 4)),
    ("death", date(2020, 3, 4)),
]
# Days from each event to the next, by hand. From 1980-03-01 to 2019-03-01 are 39 x 365 + 9 leap days = 14,244, to
# 30 December 275 + 29 = 304 more; from 13 January to 1 March 2020 are 18 + 29 + 1.
STEPS = [14_548, 3, 3, 1, 7, 48, 3, 0]


def life() -> Frames:
    on = dict(LIFE)
    return make(
        TRIAL,
        subjects=[
            {
                "subject": "S1",
                "birth_date": on["birth"],
                "diagnosis_date": on["diagnosis"],
                "consent_date": on["consent"],
            }
        ],
        infusions=[
            {"subject": "S1", "number": 1, "date": on["first_infusion"]},
            {"subject": "S1", "number": 2, "date": on["last_infusion"]},
        ],
        visits=[
            {"subject": "S1", "visit": "baseline", "date": on["baseline"]},
            {"subject": "S1", "visit": "month_1", "date": on["last_visit"]},
        ],
        disposition=[{"subject": "S1", "status": "died", "date": on["disposition"]}],
    )


def test_days_between_any_two_events_run_from_the_earlier_to_the_later() -> None:
    tables = life()
    row = derive_subject_frame(TRIAL, tables.frames).row(0, named=True)
    names = [name for name, _ in LIFE]
    for first, earlier in enumerate(names):
        for last, later in enumerate(names[first + 1 :], start=first + 1):
            assert row[f"days_{earlier}_to_{later}"] == sum(STEPS[first:last]), (earlier, later)
    assert {name: row[f"{name}_day"] for name in names[3:]} == {
        "baseline": -1.0,
        "first_infusion": 0.0,
        "last_infusion": 7.0,
        "last_visit": 55.0,
        "disposition": 58.0,
        "death": 58.0,
    }


def test_days_between_events_are_told_from_study_days_alone() -> None:
    tables = make(
        TRIAL,
        subjects=[{"subject": "S1"}],
        infusions=[{"subject": "S1", "number": 1, "day": 0}, {"subject": "S1", "number": 2, "day": 7}],
        visits=[
            {"subject": "S1", "visit": "baseline", "day": -4},
            {"subject": "S1", "visit": "month_1", "day": 31},
        ],
        disposition=[{"subject": "S1", "status": "withdrew", "day": 40}],
    )
    row = derive_subject_frame(TRIAL, tables.frames).row(0, named=True)
    assert row["days_baseline_to_first_infusion"] == 4.0
    assert row["days_first_infusion_to_last_infusion"] == 7.0
    assert row["days_last_infusion_to_last_visit"] == 24.0
    assert row["days_last_visit_to_disposition"] == 9.0
    assert row["days_disposition_to_death"] is None
    assert row["days_consent_to_baseline"] is None


SCORES = pl.DataFrame(
    {
        "subject": ["S1", "S1"],
        "visit": ["baseline", "baseline"],
        "day": [-1.0, -1.0],
        "variable": ["bilag_2004", "bilag_2004_renal"],
        "value": [12.0, None],
        "grade": [None, "A"],
    },
    schema_overrides={"value": pl.Float64, "grade": pl.String},
)


@pytest.mark.parametrize("kept_as", [pl.DataFrame, FewRows.of], ids=["many", "few"])
@pytest.mark.parametrize("scores", [None, SCORES], ids=["no scores", "scores"])
def test_a_column_of_the_subject_frame_is_the_same_when_asked_for_alone(
    kept_as: Callable[[pl.DataFrame], Any], scores: pl.DataFrame | None
) -> None:
    frames = {name: kept_as(frame) for name, frame in life().frames.items()}
    given = None if scores is None else kept_as(scores)
    whole = derive_subject_frame(TRIAL, frames, given)
    told = derive_subject_frame(TRIAL, life().frames, scores)
    assert whole.columns == [*subject_schema(TRIAL), "_file", "_line"]
    assert dict(whole.schema) == dict(told.schema)
    for name in subject_schema(TRIAL):
        alone = derive_subject_frame(TRIAL, frames, given, columns=[name])
        assert alone.columns == [*dict.fromkeys(["subject", name]), "_file", "_line"]
        assert alone[name].to_list() == whole[name].to_list() == told[name].to_list(), name
    assert told["baseline_bilag_2004"].to_list() == [None if scores is None else 12.0]
    assert told["baseline_bilag_2004_renal"].to_list() == [None if scores is None else "A"]
