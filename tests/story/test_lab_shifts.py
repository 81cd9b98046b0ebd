"""Shifts of laboratory grades, graded by hand with the CTCAE 5.0.

Platelets, 10^9/L: below the lower limit of normal grade 1, below 75 grade 2, below 50 grade 3, below 25 grade 4.
White cells: below the limit grade 1, below 3.0 grade 2, below 2.0 grade 3, below 1.0 grade 4.
Limits: platelets 150 from the study file, 100 where S6's laboratory says so; white cells without any.

S1  200 at baseline, then 80, 60 and 120          grade 0, then 2: worse
S2  70, then 74                                   grade 2, then 2: not worse
S3  200, nothing afterwards                       grade 0, no result
S4  no baseline, then 20                          not known, then 4
S5  40, then < 75 (beyond the assay)              grade 3, then cannot tell (2, 3 or 4)
S6  120 (limit 100), then 99                      grade 0, then 1: worse
S7  nothing at all                                not measured
"""

from typing import Any

import pytest

from funis.analysis.analyse import analyse
from funis.data.tables import tables_from_frames
from funis.reporting.lab_shift_tables import build_lab_shift_tables
from funis.reporting.number_book import read_numbers
from funis.results import Results
from funis.study.model import Study

SUBJECTS = ("S1", "S2", "S3", "S4", "S5", "S6", "S7")
#: subject, visit, value, comparator, lower limit
PLATELETS = (
    ("S1", "baseline", 200, None, None),
    ("S1", "month_1", 80, None, None),
    ("S1", "month_2", 60, None, None),
    ("S1", "month_3", 120, None, None),
    ("S2", "baseline", 70, None, None),
    ("S2", "month_1", 74, None, None),
    ("S3", "baseline", 200, None, None),
    ("S4", "month_1", 20, None, None),
    ("S5", "baseline", 40, None, None),
    ("S5", "month_1", 75, "<", None),
    ("S6", "baseline", 120, None, 100),
    ("S6", "month_1", 99, None, 100),
)
DAYS = {"baseline": "2020-01-01", "month_1": "2020-01-31", "month_2": "2020-03-01", "month_3": "2020-03-31"}


def make_study(**changed: Any) -> Study:
    trial = {"id": "L", "title": "Shifts", "condition": "sle", "design": "single_arm", **changed}
    return Study.model_validate(
        {
            "study": trial,
            "visits": tuple(
                {"name": name, "day": day, "window": (-1, 1) if day else (-1, 0), "forms": ("labs",)}
                for name, day in (("baseline", 0), ("month_1", 30), ("month_2", 60), ("month_3", 90))
            ),
            "infusions": ({"day": 0, "cells_per_kg": 1e6},),
            "populations": {"treated": "first_infusion_date IS NOT NULL"},
            "labs": (
                {"test": "platelets", "unit": "10^9/L", "low": 150, "label": "Platelets"},
                {"test": "wbc", "unit": "10^9/L", "label": "White cells"},
                {"test": "c3", "unit": "g/L", "label": "C3"},
            ),
        }
    )


def results_of(study: Study, platelets: tuple[tuple[Any, ...], ...] = PLATELETS) -> Results:
    rows = {
        "subjects": [{"subject": name, "consent_date": "2019-12-20"} for name in SUBJECTS],
        "infusions": [
            {"subject": name, "number": 1, "date": "2020-01-01", "cells": 5e7, "weight_kg": 50}
            for name in SUBJECTS
        ],
        "labs": [
            {
                "subject": subject,
                "visit": visit,
                "date": DAYS[visit],
                "test": "platelets",
                "value": value,
                "comparator": sign,
                "low": low,
                "unit": "10^9/L",
            }
            for subject, visit, value, sign, low in platelets
        ]
        + [
            {"subject": "S1", "visit": "baseline", "date": DAYS["baseline"], "test": test, "value": value}
            for test, value in (("wbc", 3.5), ("c3", 0.9))
        ],
    }
    return analyse(study, tables_from_frames(study, rows))


def printed(study: Study, results: Results) -> list[tuple[str, ...]]:
    (table,) = build_lab_shift_tables(study, results, read_numbers(results.numbers))
    return [(row.stub.text, *(cell.text for cell in row.cells)) for row in table.rows]


def test_each_subject_stands_at_its_grade_before_and_its_worst_grade_after() -> None:
    study = make_study()
    # Columns: n, grade 0 to 4, cannot tell, no result.
    assert printed(study, results_of(study)) == [
        ("Platelets: platelet count decreased",),
        ("Baseline grade 0", "3", "0", "1", "1", "0", "0", "0", "1"),
        ("Baseline grade 1 or more", "2", "0", "0", "1", "0", "0", "1", "0"),
        ("Baseline grade not known", "1", "0", "0", "0", "0", "1", "0", "0"),
        # S1 and S6 worse, S2 not; S3, S4 and S5 cannot be told.
        ("Worse than at baseline, n/N", "2/3; cannot tell 3", "", "", "", "", "", "", ""),
    ]


def test_notes_say_who_was_not_measured_what_was_not_graded_and_by_which_version() -> None:
    study = make_study()
    results = results_of(study)
    (table,) = build_lab_shift_tables(study, results, read_numbers(results.numbers))
    notes = " ".join(table.footnotes)
    assert "CTCAE 5.0" in notes
    assert "Subjects without any result: Platelets 1/7." in notes
    assert "Not graded, since no limits of normal are recorded: White cells." in notes
    assert "C3" not in notes


def test_the_study_file_chooses_the_version() -> None:
    study = make_study(ctcae="6.0")
    results = results_of(study)
    (table,) = build_lab_shift_tables(study, results, read_numbers(results.numbers))
    assert "CTCAE 6.0" in " ".join(table.footnotes)


def test_a_study_whose_tests_have_no_term_has_no_table() -> None:
    study = make_study()
    results = results_of(study, ())
    # White cells without a limit have no grade, complement has no term.
    assert build_lab_shift_tables(study, results, read_numbers(results.numbers)) == ()


@pytest.mark.parametrize(
    ("worst", "column"), [(151, 2), (150, 2), (149, 3), (75, 3), (74, 4), (50, 4), (49, 5), (25, 5), (24, 6)]
)
def test_grades_at_their_limits(worst: int, column: int) -> None:
    study = make_study()
    pair = (("S1", "baseline", 200, None, None), ("S1", "month_3", worst, None, None))
    row = printed(study, results_of(study, pair))[1]
    assert [place for place, cell in enumerate(row) if cell == "1"] == [1, column]
