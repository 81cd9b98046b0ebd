"""A response is "cannot tell" only where two ways to fill the empty cells give different answers.

Timelines are drawn, numbers are emptied, and every way to fill them (one value for each class that the limits
tell apart) is asked as complete records.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any

import numpy as np
import polars as pl
import pytest

import funis
from funis.responses.verdict import CANNOT_TELL

VISITS = {"baseline": 0, "month_3": 90, "month_6": 180, "month_12": 364}
SUBJECTS = 40
MOST_WAYS = 420
SYSTEMS = tuple(f"bilag_2004_{system}" for system in funis.definition("bilag_2004").systems)

#: Values on both sides of the limits, and both ends of what is possible.
VALUES: dict[str, tuple[float, ...]] = {
    "sledai_2k": (*range(16), 20, 24, 60, 105), "essdai": (*range(18), 30, 123), "clinessdai": (*range(18), 30, 135),
    "esspri": (0, 1, 2, 3, 4, 4.5, 5, 6, 8, 10), "pga": (0, 0.2, 0.3, 0.4, 0.49, 0.5, 0.9, 1, 1.3, 2, 2.4, 2.6, 3),
    "prednisone": (0, 2.5, 5, 7.5, 8, 10, 15, 20, 30, 60, 100), "upcr": (0, 20, 40, 50, 56, 60, 100, 200, 400, 1000),
    "egfr": (20, 40, 50, 59, 60, 70, 80, 90, 100, 120),
}  # fmt: skip
YES_NO = (0.0, 1.0)

#: Definitions, and the columns that are drawn for each; others were not collected.
DRAWN = {
    "sri_4": ("sledai_2k", "pga", "treatment_failure", "rescue_medication"),
    "sri_6": ("sledai_2k", "pga"),
    "bicla": ("sledai_2k", "pga", "treatment_failure"),
    "sledai_change": ("sledai_2k",),
    "essdai_mcii": ("essdai", "rescue_medication"),
    "essdai_activity": ("essdai",),
    "esspri_mcii": ("esspri",),
    "esspri_pass": ("esspri",),
    "doris_2021": ("sledai_2k", "pga", "prednisone", "low_complement", "increased_dna_binding"),
}


def draw_rows(rng: np.random.Generator, name: str, subject: int) -> list[dict[str, Any]]:
    columns, needs_grades = DRAWN[name], name in ("sri_4", "sri_6", "bicla")
    rows = []
    for visit, day in VISITS.items():
        row: dict[str, Any] = {"subject": subject, "visit": visit, "day": day}
        for column in columns:
            values = VALUES.get(column, YES_NO)
            row[column] = float(rng.choice(values[: 12 if len(values) > 2 else 1]))
        if needs_grades:
            row |= {system: str(rng.choice(list("ABCDEEEE"))) for system in SYSTEMS}
        rows.append(row)
    return rows


def ask(rows: list[dict[str, Any]], name: str, units: Mapping[str, str] | None = None) -> pl.DataFrame:
    return funis.respond(pl.DataFrame(rows, infer_schema_length=None), name, units=units)


@pytest.mark.parametrize("name", DRAWN)
def test_cannot_tell_means_that_two_answers_are_possible(name: str) -> None:
    rng = np.random.default_rng(5)
    blank, filled = [], []
    for subject in range(SUBJECTS):
        rows = draw_rows(rng, name, subject)
        holes = {(int(rng.choice([0, 2, 3, 3])), str(rng.choice(DRAWN[name]))) for _ in range(2)}
        ways = list(product(*(VALUES.get(column, YES_NO) for _, column in holes)))
        assert len(ways) <= MOST_WAYS
        for place, column in holes:
            rows[place][column] = None
        blank += rows
        for way, values in enumerate(ways):
            complete = [{**row, "subject": way * SUBJECTS + subject} for row in rows]
            for (place, column), value in zip(holes, values, strict=True):
                complete[place][column] = float(value)
            filled += complete
    truth: dict[int, set[str]] = {}
    for number, answer in ask(filled, name).select("subject", "response").rows():
        truth.setdefault(number % SUBJECTS, set()).add(answer)
    found = dict(ask(blank, name).select("subject", "response").rows())
    for subject, answers in truth.items():
        expected = {CANNOT_TELL} if len(answers) > 1 else answers
        assert {found[subject]} == expected, (subject, found[subject], answers)
    assert len(set(found.values())) > 1


def two_visits(name: str, before: dict[str, Any], now: dict[str, Any]) -> str:
    quiet = dict.fromkeys(SYSTEMS, "E")
    rows = [
        {"subject": "1", "visit": visit, "day": day, **quiet, **values}
        for visit, day, values in (("baseline", 0, before), ("month_12", 364, now))
    ]
    return str(ask(rows, name)["response"][0])


@pytest.mark.parametrize(
    ("name", "before", "now", "expected"),
    [
        ("sri_4", {"sledai_2k": 3, "pga": 1.0}, {"sledai_2k": None, "pga": 1.0}, "no"),
        ("sri_4", {"sledai_2k": 4, "pga": 1.0}, {"sledai_2k": None, "pga": 1.0}, CANNOT_TELL),
        # 105 is the most: before it was not 4 points more than 102, but it may have been than 101.
        ("sri_4", {"sledai_2k": None, "pga": 1.0}, {"sledai_2k": 102, "pga": 1.0}, "no"),
        ("sri_4", {"sledai_2k": None, "pga": 1.0}, {"sledai_2k": 101, "pga": 1.0}, CANNOT_TELL),
        # 2.8 of 3 cannot rise by 0.3; 2.7 can.
        ("sri_4", {"sledai_2k": 9, "pga": 2.8}, {"sledai_2k": 2, "pga": None}, "yes"),
        ("sri_4", {"sledai_2k": 9, "pga": 2.7}, {"sledai_2k": 2, "pga": None}, CANNOT_TELL),
        # The minimal improvement of the ESSDAI is 3 points.
        ("essdai_mcii", {"essdai": 2}, {"essdai": None}, "no"),
        ("essdai_mcii", {"essdai": 3}, {"essdai": None}, CANNOT_TELL),
    ],
)
def test_what_a_score_cannot_be_is_no_doubt(
    name: str, before: dict[str, Any], now: dict[str, Any], expected: str
) -> None:
    assert two_visits(name, before, now) == expected


def test_a_score_under_another_name_and_scale_has_its_range() -> None:
    rows = [
        {"subject": "1", "visit": "baseline", "day": 0, **dict.fromkeys(SYSTEMS, "E"), "activity": 3, "mark": 95},
        {"subject": "1", "visit": "month_12", "day": 364, **dict.fromkeys(SYSTEMS, "E"), "activity": None, "mark": None},
    ]  # fmt: skip
    parameters: dict[str, Any] = {"sledai": "activity", "pga": "mark", "pga_scale": 100}
    frame = pl.DataFrame(rows, infer_schema_length=None)
    found = funis.respond(frame, "sri_4", parameters=parameters).row(0, named=True)
    assert found["response"] == "no"
    assert "activity 3 -> not recorded" in found["reason"]
    # 95 mm is 2.85 on the scale of 0 to 3: no rise by 0.3 is possible.
    assert found["pga_not_worse"] == "yes"


def test_the_known_case_where_two_answers_are_not_possible() -> None:
    """KDIGO: a ratio that has doubled from above 1000 mg/g, where nobody knows from what.

    A ratio of 442 mg/g now has not doubled from above 1000; each half of the sentence may hold alone.
    """
    values = {
        "creatinine": 1.0,
        "urine_red_cells": 1,
        "acanthocytes": 0,
        "red_cell_casts": 0,
        "white_cell_casts": 0,
    }
    rows = [
        {"subject": "1", "visit": visit, "day": day, **values, "upcr": upcr}
        for visit, day, upcr in (("baseline", 0, None), ("month_12", 364, 0.442))
    ]
    name, units = "kdigo_2012_relapse", {"creatinine": "mg/dL", "upcr": "mg/mg"}
    assert ask(rows, name, units)["response"].to_list() == [CANNOT_TELL]
    known = [ask([{**rows[0], "upcr": before}, rows[1]], name, units) for before in (0.1, 0.7, 1.2, 4.0)]
    assert {one["response"][0] for one in known} == {"none"}
