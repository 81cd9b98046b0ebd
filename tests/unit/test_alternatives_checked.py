"""A blank measure beside another of the same thing is asked about where it may leave a grade unknown."""

from __future__ import annotations

from typing import Any

import pytest

import funis
from funis.errors import Finding
from funis.study.model import Study

DAYS = {"baseline": 0, "month_6": 180, "month_12": 360}


def check(columns: dict[str, list[Any]], missing: str = "strict") -> list[Finding]:
    """Check three visits of one subject with these values, and give what is asked about alternatives."""
    study = Study.model_validate(
        {
            "study": {"id": "A", "title": "A", "condition": "sle", "design": "observational"},
            "visits": tuple({"name": name, "day": day, "window": (-9, 9)} for name, day in DAYS.items()),
            "instruments": {"bilag_2004": {"missing": missing}},
        }
    )
    visits = [{"subject": "S0", "visit": visit, "day": day} for visit, day in DAYS.items()]
    rows = [row | {n: v[place] for n, v in columns.items()} for place, row in enumerate(visits)]
    tables = {
        "subjects": [{"subject": "S0", "age": 30, "sex": "female"}],
        "visits": visits,
        "bilag_2004": rows,
    }
    return [found for found in funis.check_frames(study, tables) if found.code == "alternative_blank"]


def test_a_blank_beside_what_other_visits_have_is_asked_about_once() -> None:
    found = check({"creatinine": [70, 71, 72], "gfr": [90, None, None]})
    assert [(one.level, one.column, one.line, one.visit) for one in found] == [("query", "gfr", 2, "month_6")]
    assert found[0].message.startswith("'gfr' is empty at 2 visits that have 'creatinine'")
    assert 'missing = "absent" in [instruments.bilag_2004]' in found[0].fix


@pytest.mark.parametrize(
    "columns",
    [
        pytest.param({"creatinine": [70, 71, 72], "gfr": [None] * 3}, id="never collected"),
        pytest.param({"creatinine": [70, 71, 72], "gfr": [90, 91, 92]}, id="always collected"),
        pytest.param({"creatinine": [70, None, 72], "gfr": [90, None, 92]}, id="neither"),
        pytest.param({"creatinine": [70, 71, 72], "gfr": [90, "ND", "ND"]}, id="not done"),
        pytest.param(
            {
                "acr": [1] * 3,
                "upcr": [5] * 3,
                "proteinuria_24h": [0.1] * 3,
                "urine_dipstick": [0, None, None],
            },
            id="a dipstick beside quantities says nothing",
        ),
    ],
)
def test_what_leaves_no_grade_open_is_not_asked_about(columns: dict[str, list[Any]]) -> None:
    assert check(columns) == []


def test_only_where_a_blank_leaves_the_grade_open() -> None:
    columns: dict[str, list[Any]] = {"creatinine": [70, 71, 72], "gfr": [90, None, None]}
    assert check(columns, "absent") == []


def test_a_quantity_beside_the_dipstick_is_asked_about() -> None:
    """Once at some visits a ratio is measured: where it is not, it might have shown what the dipstick does not."""
    found = check({"urine_dipstick": [0, 0, 0], "upcr": [5, None, None]})
    assert [one.column for one in found] == ["upcr"]
