"""Responses under an estimand where the event falls on the day of a visit, the day before and the day after; by hand.

ESSPRI falls by 1 point or 15 % in a responder. Everybody begins at 6. At month 3 (day 90, 2020-03-31) S1 and S2 respond,
at month 6 (day 180, 2020-06-29) S1, S2 and S3 do; S4 never does.
"""

from pathlib import Path

import polars as pl
import pytest

from funis.analysis.analyse import analyse
from funis.data.tables import read_tables
from funis.results import Results
from funis.study.read import read_study

STUDY = """
[study]
id = "DAYS"
title = "Events round a visit"
condition = "sjogren"
design = "single_arm"

[[infusions]]
day = 0

[[visits]]
name = "baseline"
day = 0
forms = ["esspri"]

[[visits]]
name = "month_3"
day = 90
forms = ["esspri"]

[[visits]]
name = "month_6"
day = 180
forms = ["esspri"]

[intercurrent_events]
rescue_medication = ["Methylprednisolone"]

[[endpoints]]
id = "response"
kind = "response"
role = "primary"
definition = "esspri_mcii"
at = "month_6"

[[estimands]]
id = "main"
endpoint = "response"
treatment = "cells"
summary = "response rate"
intercurrent_events = [{event = "rescue_medication", strategy = "STRATEGY"}]
"""
SCORES = {"baseline": (6, 6, 6, 6), "month_3": (3, 3, 6, 6), "month_6": (3, 3, 3, 6)}
DATES = {"baseline": "2020-01-01", "month_3": "2020-03-31", "month_6": "2020-06-29"}


def run(folder: Path, strategy: str, *rescue: str) -> Results:
    data = folder / "data"
    data.mkdir(parents=True)
    (folder / "study.toml").write_text(STUDY.replace("STRATEGY", strategy), encoding="utf-8")
    subjects = [f"S{number}" for number in range(1, 5)]
    rows = [
        f"{subject},{visit},{DATES[visit]},{score},{score},{score}"
        for visit, scores in SCORES.items()
        for subject, score in zip(subjects, scores, strict=True)
    ]
    tables = {
        "subjects": ["subject,sex,age,consent_date,weight_kg"]
        + [f"{each},female,40,2019-12-20,60" for each in subjects],
        "infusions": ["subject,number,date", *(f"{each},1,2020-01-01" for each in subjects)],
        "esspri": ["subject,visit,date,dryness,fatigue,pain", *rows],
        "medications": ["subject,drug,start", *rescue],
    }
    for name, lines in tables.items():
        (data / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    study = read_study(folder)
    return analyse(study, read_tables(folder, study))


def rate(results: Results) -> str:
    rows = results.numbers.filter(
        pl.col("analysis") == "estimand", pl.col("statistic") == "estimate", pl.col("contrast") == ""
    )
    assert rows.height == 1
    return str(rows["text"][0])


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        # A composite event fails from its own day on, and not the day after the visit.
        ("2020-06-28", "2/4 (50.0%)"),
        ("2020-06-29", "2/4 (50.0%)"),
        ("2020-06-30", "3/4 (75.0%)"),
    ],
)
def test_composite(tmp_path: Path, day: str, expected: str) -> None:
    results = run(tmp_path / "t", "composite", f"S1,methylprednisolone,{day}")
    assert rate(results) == expected


@pytest.mark.parametrize(
    ("subject", "day", "expected"),
    [
        # The visit of the event's own day is still on treatment.
        ("S3", "2020-06-29", "3/4 (75.0%)"),
        # A day earlier the visit before counts: S3 did not respond at month 3, S1 did.
        ("S3", "2020-06-28", "2/4 (50.0%)"),
        ("S1", "2020-06-28", "3/4 (75.0%)"),
        ("S1", "2020-03-31", "3/4 (75.0%)"),
        # Before any visit nobody has responded.
        ("S1", "2020-03-30", "2/4 (50.0%)"),
    ],
)
def test_while_on_treatment(tmp_path: Path, subject: str, day: str, expected: str) -> None:
    results = run(tmp_path / "t", "while_on_treatment", f"{subject},methylprednisolone,{day}")
    assert rate(results) == expected


def test_responses_are_listed_with_the_day_of_their_visit(tmp_path: Path) -> None:
    results = run(tmp_path / "t", "composite")
    listed = results.listings["responses"].select("subject", "visit", "day", "responder")
    assert listed.rows() == [
        ("S1", "month_6", 180.0, "yes"),
        ("S2", "month_6", 180.0, "yes"),
        ("S3", "month_6", 180.0, "yes"),
        ("S4", "month_6", 180.0, "no"),
    ]
