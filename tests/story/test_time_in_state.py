"""Time in a state by hand: PASS of ESSPRI, below 5 on 0 to 10, as the state; visits at days 30, 60, 90 and 150.

P1  2, 2, 2, 2     all of 120 days; longest run 120
P2  8, 2, 2, 8     half of 30, all of 30, half of 60: 75 of 120 days, 62.5 %; longest run 30
P3  8, 8, 8, 2     half of 60: 30 of 120 days, 25 %; one visit is a run of 0 days
P4  2, -, 2, 2     day 60 missed: 60 days of which it is known, all in the state; longest run 60
P5  2, -, 2, -     no two visits in a row: no time
P6  8, 8, -, -     none of 30 days

Shares: 100, 62.5, 25, 100, 0: mean 57.5. Longest runs: 120, 30, 0, 60, 0: mean 42. Half or more: 3 of 5.
"""

from typing import Any

from funis.analysis.analyse import analyse
from funis.data.tables import tables_from_frames
from funis.reporting.number_book import read_numbers
from funis.reporting.time_in_state_tables import build_time_in_state_tables
from funis.results import Results
from funis.study.model import Study

SCORES: dict[str, tuple[float | None, ...]] = {
    "P1": (2, 2, 2, 2), "P2": (8, 2, 2, 8), "P3": (8, 8, 8, 2), "P4": (2, None, 2, 2),
    "P5": (2, None, 2, None), "P6": (8, 8, None, None),
}  # fmt: skip
VISITS = (("baseline", 0), ("day_30", 30), ("day_60", 60), ("day_90", 90), ("day_150", 150))
DATES = ("2020-01-01", "2020-01-31", "2020-03-01", "2020-03-31", "2020-05-30")


def make_study(*at: str) -> Study:
    return Study.model_validate(
        {
            "study": {"id": "P", "title": "State", "condition": "sjogren", "design": "single_arm"},
            "visits": tuple(
                {"name": name, "day": day, "window": (-2, 2) if day else (-1, 0), "forms": ("esspri",)}
                for name, day in VISITS
            ),
            "infusions": ({"day": 0, "cells_per_kg": 1e6},),
            "instruments": {"esspri": {}},
            "endpoints": ({"id": "pass", "kind": "response", "definition": "esspri_pass", "at": at},),
        }
    )


def results_of(study: Study) -> Results:
    scale = ("dryness", "fatigue", "pain")
    rows: dict[str, list[dict[str, Any]]] = {
        "subjects": [{"subject": name, "consent_date": "2019-12-20"} for name in SCORES],
        "esspri": [
            {"subject": name, "visit": visit, "date": date, **dict.fromkeys(scale, score)}
            for name, scores in SCORES.items()
            for (visit, _), date, score in zip(VISITS, DATES, (8, *scores), strict=True)
            if score is not None
        ],
    }
    return analyse(study, tables_from_frames(study, rows))


def test_time_in_a_state() -> None:
    study = make_study("day_30", "day_60", "day_90", "day_150")
    (table,) = build_time_in_state_tables(study, read_numbers(results_of(study).numbers))
    # The SD of the shares: squares of 42.5, 5, 32.5, 42.5 and 57.5 sum to 8000; root of 8000 / 4. Of the runs:
    # 78, 12, 42, 18 and 42 give 10080; root of 2520.
    assert [[cell.text for cell in row.cells] for row in table.rows[1:]] == [
        ["5", "57.5 ± 44.7", "62.5 (25.0, 100.0)", "3/5; 14.7 to 94.7%"],
        ["5", "42.0 ± 50.2", "30.0 (0.0, 60.0)", ""],
    ]


def test_one_visit_has_no_time() -> None:
    study = make_study("day_90")
    assert build_time_in_state_tables(study, read_numbers(results_of(study).numbers)) == ()
