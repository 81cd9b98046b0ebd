"""A single arm's own formula with one slope of baseline at all visits is named where its results stand.

With complete data the mean of a visit is the mean change, and its standard error is that of the change. Of twelve
subjects the change at month 3 is -0.2 times the baseline and at month 6 -0.9 times, beside a small rest: one slope for
both gives each visit a standard error that is not its own.
"""

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import polars as pl
import pytest

from funis.analysis.analyse import analyse
from funis.analysis.models import has_shared_slope
from funis.analysis.run import Run
from funis.data.tables import tables_from_frames
from funis.reporting.report_tables import build_tables
from funis.study.model import Study

REST = (0, 1, -1, 2, -2, 1, 0, -1, 2, -2, 1, -1, 0, 2, -2, 1, -1, 0, 1, -1, 2, -2, 0, 0)
VISITS = {"baseline": (0, "2020-01-01"), "month_3": (90, "2020-03-31"), "month_6": (180, "2020-06-29")}
SAID = "the formula of the study file gives the baseline one slope at all visits"


def make_study(formula: str, *, arms: bool = False) -> Study:
    raw: dict[str, Any] = {
        "study": {"id": "S", "title": "Slope", "condition": "sle", "design": "single_arm"},
        "visits": tuple({"name": name, "day": day, "window": (-30, 0) if not day else (-30, 30)}
                        for name, (day, _) in VISITS.items()),
        "instruments": {"vas_patient": {}},
        "endpoints": ({"id": "pain", "kind": "change", "label": "Pain", "variable": "vas_patient",
                       "at": ("month_3", "month_6"), "methods": ("mmrm",)} | ({"formula": formula} if formula else {}),),
    }  # fmt: skip
    if arms:
        raw["study"]["design"] = "parallel"
        raw["arms"] = ({"id": "a", "name": "A"}, {"id": "b", "name": "B", "control": True})
    return Study.model_validate(raw)


def make_frames() -> dict[str, list[dict[str, Any]]]:
    people = [f"S{place:02}" for place in range(24)]
    frames: dict[str, list[dict[str, Any]]] = {
        "subjects": [
            {"subject": each, "sex": "female", "age": 40, "consent_date": "2019-12-20"} for each in people
        ],
        "infusions": [{"subject": each, "number": 1, "date": "2020-01-01"} for each in people],
        "vas_patient": [],
    }
    for place, who in enumerate(people):
        base = 40 + 2 * place
        values = {"baseline": base, "month_3": round(0.8 * base) + REST[place],
                  "month_6": round(0.1 * base) + REST[-1 - place]}  # fmt: skip
        frames["vas_patient"] += [
            {"subject": who, "visit": visit, "date": VISITS[visit][1], "reading_mm": max(value, 0)}
            for visit, value in values.items()
        ]
    return frames


@pytest.mark.parametrize(
    ("formula", "said"), [("visit + baseline", True), ("visit * baseline", False), ("", False)]
)
def test_one_slope_is_said_and_its_standard_error_is_not_that_of_the_change(
    formula: str, *, said: bool
) -> None:
    study = make_study(formula)
    results = analyse(study, tables_from_frames(study, make_frames()))
    rows = results.numbers.filter(
        pl.col("analysis") == "mmrm", pl.col("statistic") == "se", pl.col("visit") == "month_6"
    )
    change = results.numbers.filter(
        pl.col("analysis") == "change", pl.col("statistic") == "se", pl.col("visit") == "month_6"
    )
    ratio = rows["value"][0] / change["value"][0]
    if said:
        # The slope of month 6 is steeper than the shared one: its own spread is larger than the model says.
        assert ratio < 0.95
    else:
        assert ratio == pytest.approx(1, abs=0.03)
    table = next(each for each in build_tables(study, results) if each.id == "table-mmrm")
    assert any(SAID in note for note in table.footnotes) is said
    assert all(note.startswith("Pain: ") for note in table.footnotes if SAID in note)


@pytest.mark.parametrize(
    ("formula", "said"),
    [
        ("baseline + visit + age", True), ("visit + baseline + age:visit", True), ("visit + visit:baseline", False),
        ("visit + baseline + baseline:visit", False), ("visit", False), ("C(visit) + baseline", True), ("", False),
    ],
)  # fmt: skip
def test_which_formulas_give_one_slope(formula: str, *, said: bool) -> None:
    study = make_study(formula)
    assert has_shared_slope(cast("Run", SimpleNamespace(study=study)), study.endpoints[0]) is said


def test_arms_are_not_meant() -> None:
    study = make_study("visit + baseline", arms=True)
    assert not has_shared_slope(cast("Run", SimpleNamespace(study=study)), study.endpoints[0])


def test_a_model_is_printed_with_the_decimals_of_its_variable() -> None:
    """The readings reach 86 mm: two decimals, and three of the standard error."""
    study = make_study("")
    results = analyse(study, tables_from_frames(study, make_frames()))
    table = next(each for each in build_tables(study, results) if each.id == "table-mmrm")
    row = next(each for each in table.rows if each.stub.text == "Month 6")
    assert len(row.cells[1].parts[0].text.partition(".")[2]) == 2
    assert len(row.cells[2].text.partition(".")[2]) == 3
    assert np.isfinite(float(row.cells[2].text))
