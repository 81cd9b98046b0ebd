"""Flares a year by hand: a flare is a rise of more than 3 since the visit before (SLEDAI change, on another scale).

Days of the visits: 30, 60 and 91.

A1  10, 20, 30, 30     flares at days 30 and 60                              2 in 91 days
A2  10,  -, 20, 10     missed day 30; flare at day 60 against the start      1 in 91 days
A3  10, 10,  ?, 20     day 60 made but not recorded, so day 91 is open too   0 in 30 days, 2 visits cannot be told
B1  10, 10, 10, 10                                                           0 in 91 days
B2  10, 20             flare at day 30, then not seen again                  1 in 30 days
B3  10                 never seen again                                      no time

A: 3 flares in 212 days, 0.58 years: 5.17 a year. B: 1 in 121 days, 0.33 years: 3.02 a year.
"""

from typing import Any

from funis.analysis.analyse import analyse
from funis.data.tables import tables_from_frames
from funis.reporting.flare_count_tables import build_flare_count_tables
from funis.reporting.flare_rate_tables import build_flare_rate_tables
from funis.reporting.number_book import read_numbers
from funis.results import Results
from funis.study.model import Study

SCORES: dict[str, tuple[Any, ...]] = {
    "A1": (10, 20, 30, 30), "A2": (10, "missed", 20, 10), "A3": (10, 10, None, 20),
    "B1": (10, 10, 10, 10), "B2": (10, 20, "missed", "missed"), "B3": (10, "missed", "missed", "missed"),
}  # fmt: skip
VISITS = (("baseline", 0), ("month_1", 30), ("month_2", 60), ("month_3", 91))
DATES = ("2020-01-01", "2020-01-31", "2020-03-01", "2020-04-01")


def make_study(at: tuple[str, ...] = ("month_1", "month_2", "month_3")) -> Study:
    flare = {"id": "flares", "kind": "response", "definition": "sledai_change", "at": at, "label": "Flares"}
    return Study.model_validate(
        {
            "study": {"id": "F", "title": "Flares", "condition": "sle", "design": "parallel"},
            "arms": (
                {"id": "cells", "name": "Cells"},
                {"id": "usual", "name": "Usual care", "control": True},
            ),
            "visits": tuple(
                {"name": name, "day": day, "window": (-2, 2) if day else (-1, 0), "forms": ("vas_physician",)}
                for name, day in VISITS
            ),
            "infusions": ({"day": 0, "cells_per_kg": 1e6},),
            "instruments": {"vas_physician": {}},
            "endpoints": ({**flare, "parameters": {"sledai": "vas_physician"}},),
        }
    )


def results_of(study: Study) -> Results:
    rows = {
        "subjects": [
            {"subject": name, "consent_date": "2019-12-20", "arm": "cells" if name[0] == "A" else "usual"}
            for name in SCORES
        ],
        "infusions": [
            {"subject": name, "number": 1, "date": DATES[0], "cells": 5e7, "weight_kg": 50} for name in SCORES
        ],
        "vas_physician": [
            {"subject": name, "visit": visit, "date": date, "reading_mm": score}
            for name, scores in SCORES.items()
            for (visit, _), date, score in zip(VISITS, DATES, scores, strict=True)
            if score != "missed"
        ],
    }
    return analyse(study, tables_from_frames(study, rows))


def test_flares_a_year_by_hand() -> None:
    study = make_study()
    results = results_of(study)
    (table,) = build_flare_rate_tables(study, read_numbers(results.numbers))
    printed = {row.stub.text: [cell.text for cell in row.cells] for row in table.rows}
    # 3 flares have the exact limits 0.619 and 8.767, 1 flare 0.0253 and 5.572 (Garwood), each over its years.
    assert printed["Cells"][:4] == ["3/3", "3; visits that cannot be told: 2", "0.6", "5.17 (1.07 to 15.10)"]
    assert printed["Usual care"][:4] == ["2/3", "1", "0.3", "3.02 (0.08 to 16.82)"]
    assert printed["All subjects"][:3] == ["5/6", "4; visits that cannot be told: 2", "0.9"]
    ratio = next(text for name, text in printed.items() if name.startswith("Ratio"))
    # So few flares vary no more than by chance: 5.169 / 3.019, of the log standard error sqrt(1/3 + 1/1).
    assert ratio[4] == "1.71 (0.18 to 16.46)"
    assert ratio[5] == "0.641"


def test_nobody_still_responds_by_a_flare() -> None:
    results = results_of(make_study())
    assert "durability" not in results.numbers["analysis"].to_list()


def test_one_visit_alone() -> None:
    study = make_study(("month_3",))
    (table,) = build_flare_rate_tables(study, read_numbers(results_of(study).numbers))
    printed = {row.stub.text: [cell.text for cell in row.cells] for row in table.rows}
    # Of the flares of day 91 alone: A1 and A2 none, A3 open.
    assert printed["Cells"][:3] == ["2/3", "0; visits that cannot be told: 1", "0.5"]


def test_the_mean_number_by_each_visit_by_hand() -> None:
    study = make_study()
    (table,) = build_flare_count_tables(study, read_numbers(results_of(study).numbers))
    heads = [row.stub.text for row in table.rows if not row.cells]
    assert [head for head in heads if head.endswith("any flare")][:1] == heads[:1]
    first = heads.index("Cells: any flare")
    rows = [row for row in table.rows if row.cells][3 * first : 3 * first + 3]
    cells = [[cell.text for cell in row.cells] for row in rows]
    # Followed to day 91, 91 and 30: A3 is told at day 30 alone. Flares: A1 at 30; A1 and A2 at 60.
    # Means 1/3, then 1/3 + 2/2, then the same.
    assert [cell[0] for cell in cells] == ["3", "2", "2"]
    assert [cell[2].split(" ")[0] for cell in cells] == ["0.33", "1.33", "1.33"]
