"""The worst grade of cytokine release and neurotoxicity of each subject, graded by hand.

S1  fever on day 2; fever and one vasopressor on day 7                          CRS 1, then 3: worst 3
S2  nothing on day 2 and day 7                                                  worst 0
S3  fever on day 2, of day 7 it is not recorded whether there was pressure      1, then 0 to 4: cannot tell
S4  fever and a ventilator on day 2, day 7 not recorded in full                 4, and it cannot be higher: worst 4
S5  fever and one vasopressor on day 2, oxygen of day 7 not recorded            3, then 1 to 4: cannot tell, but 3 or more
S6  no form at all                                                              not assessed
S7  fever before the infusion only (day -1), nothing afterwards                 worst 0
"""

from typing import Any

from funis.analysis.analyse import analyse
from funis.data.tables import tables_from_frames
from funis.reporting.efficacy_tables import build_other_tables
from funis.reporting.number_book import read_numbers
from funis.reporting.toxicity_grade_tables import build_toxicity_grade_tables
from funis.results import Results
from funis.study.model import Study

WELL = {"temperature": 36.8, "fever_treated": 0, "low_blood_pressure": 0, "vasopressors": 0}
WELL |= {"oxygen_flow": 0, "oxygen_mask": 0, "positive_pressure": 0}
HOT = {"temperature": 39.0}
SHOCK = {"temperature": 39.0, "low_blood_pressure": 1, "vasopressors": 1}
FORMS: dict[str, dict[str, dict[str, Any]]] = {
    "S1": {"day_2": HOT, "day_7": SHOCK},
    "S2": {"day_2": {}, "day_7": {}},
    "S3": {
        "day_2": HOT,
        "day_7": {"temperature": None, "low_blood_pressure": None, "positive_pressure": None},
    },
    "S4": {"day_2": HOT | {"positive_pressure": 1}, "day_7": {"temperature": None}},
    "S5": {"day_2": SHOCK, "day_7": HOT | {"positive_pressure": None}},
    "S7": {"baseline": HOT, "day_2": {}, "day_7": {}},
}
DATES = {"baseline": "2019-12-31", "day_2": "2020-01-03", "day_7": "2020-01-08"}
SUBJECTS = tuple(f"S{number}" for number in range(1, 8))


def make_study(*instruments: str) -> Study:
    return Study.model_validate(
        {
            "study": {"id": "T", "title": "Toxicity", "condition": "sle", "design": "single_arm"},
            "visits": tuple(
                {"name": name, "day": day, "window": (-1, 1), "forms": instruments}
                for name, day in (("baseline", -1), ("day_2", 2), ("day_7", 7))
            ),
            "infusions": ({"day": 0, "cells_per_kg": 1e6},),
            "populations": {"treated": "first_infusion_date IS NOT NULL"},
            "instruments": {name: {} for name in instruments},
        }
    )


def results_of(study: Study) -> Results:
    rows = {
        "subjects": [{"subject": name, "consent_date": "2019-12-20"} for name in SUBJECTS],
        "infusions": [
            {"subject": name, "number": 1, "date": "2020-01-01", "cells": 5e7, "weight_kg": 50}
            for name in SUBJECTS
        ],
        "astct_crs": [
            {"subject": name, "visit": visit, "date": DATES[visit], **WELL, **changed}
            for name, visits in FORMS.items()
            for visit, changed in visits.items()
        ],
    }
    return analyse(study, tables_from_frames(study, rows))


def test_the_worst_grade_of_each_subject() -> None:
    study = make_study("astct_crs", "astct_icans")
    book = read_numbers(results_of(study).numbers)
    (table,) = build_toxicity_grade_tables(study, book)
    printed = {row.stub.text: [cell.text for cell in row.cells] for row in table.rows[1:]}
    share = "; assessed 6/7"
    assert table.rows[0].stub.text == "CRS grade"
    assert {name: cells[0] for name, cells in printed.items()} == {
        "Grade 0": f"2/6{share}",  # S2, S7
        "Grade 1": f"0/6{share}",
        "Grade 2": f"0/6{share}",
        "Grade 3": f"1/6{share}",  # S1
        "Grade 4": f"1/6{share}",  # S4
        "Cannot tell": f"2/6{share}",  # S3, S5
        "Any grade, 1 or more": "4/6",  # all but S2 and S7
        # S1, S4 and S5 have it, S2 and S7 have not; of S3 it cannot be told.
        "Grade 3 or more": "3/5; known of 5/6",
    }
    # Clopper-Pearson of 3 of 5, from the tables of Fisher and Yates: 14.7 to 94.7 %.
    assert printed["Grade 3 or more"][1] == "14.7 to 94.7%"
    assert printed["Grade 0"][1] == ""
    # A mean of grades says nothing: they stand in no table of scores.
    assert build_other_tables(study, book) == ()


def test_a_study_without_a_grading_has_no_such_table() -> None:
    study = make_study()
    results = results_of(study.model_copy(update={}))
    assert build_toxicity_grade_tables(study, read_numbers(results.numbers)) == ()
