"""Small parts of the analysis by themselves: days of visits, until when drugs are known, kept responses, shifted draws."""

import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest

from funis.analysis import imputation
from funis.analysis.drug_visits import UNASKED, UNLISTED, unknown_drugs, visit_days
from funis.analysis.imputation import Completed
from funis.analysis.panel import Layout
from funis.analysis.response_rates import count_responses
from funis.stats.impute import Imputations
from funis.study.estimand import Imputation
from funis.study.model import Arm, Endpoint

sys.path.insert(0, str(Path(__file__).parent))
analysis = import_module("test_analysis")
GAP = float("nan")


def stand_in(days: list[list[float]], *, is_open: bool = False, **frames: pl.DataFrame) -> Any:
    """Give what the days of visits are taken from: subjects A, B, ... and as many visits as there are days."""
    subjects = tuple("ABCDEF"[: len(days)])
    visits = ("baseline", "month_3", "month_6")[: len(days[0])]
    layout = Layout(
        subjects=subjects, visits=visits, planned=(0.0, 90.0, 180.0)[: len(days[0])], baseline="baseline"
    )
    panel = SimpleNamespace(days=np.array(days), layout=layout, subjects=subjects)
    return SimpleNamespace(
        panel=panel, frames=frames, frame=frames.get, study=SimpleNamespace(has_open_visits=is_open)
    )  # fmt: skip


# --- days of visits ------------------------------------------------------------------------------------


def test_a_visit_without_a_measurement_has_the_day_that_the_table_of_visits_says() -> None:
    rows: list[tuple[Any, ...]] = [
        ("A", "month_3", 88, 1), ("A", "month_6", 170, None), ("B", "month_3", 95, 0), ("B", "month_6", None, 1),
        ("Z", "month_3", 91, 1), ("B", "unscheduled", 20, 1),
    ]  # fmt: skip
    visited = pl.DataFrame(rows, schema=["subject", "visit", "day", "attended"], orient="row")
    measured = [[0.0, 90.0, GAP], [1.0, GAP, GAP]]
    run = stand_in(measured, visits=visited)
    names, days = visit_days(run)
    assert names == ("baseline", "month_3", "month_6")
    # What was measured says the day itself (90); of who did not come, and of no day, there is none.
    assert np.array_equal(days, [[0.0, 90.0, 170.0], [1.0, GAP, GAP]], equal_nan=True)
    assert np.isnan(run.panel.days[0, 2])
    # A table that does not ask whether somebody came names those who did.
    _, days = visit_days(stand_in(measured, visits=visited.drop("attended")))
    assert np.array_equal(days, [[0.0, 90.0, 170.0], [1.0, 95.0, GAP]], equal_nan=True)
    _, days = visit_days(stand_in(measured))
    assert np.array_equal(days, measured, equal_nan=True)


def test_without_a_plan_the_last_day_in_each_band_of_time_counts() -> None:
    # Bands: up to day 0, 1 to 90, 91 to 180; nobody was seen in the first of these later than day 0.
    run = stand_in([[200.0, 10.0, 90.0], [GAP, 91.0, 20.0]], is_open=True)
    names, days = visit_days(run)
    assert names == ("days_1_to_90", "days_91_to_180", "days_181_to_365")
    assert np.array_equal(days, [[90.0, GAP, 200.0], [20.0, 91.0, GAP]], equal_nan=True)


def test_drugs_are_known_up_to_the_last_day_of_the_question() -> None:
    questions = pl.DataFrame(
        [("A", 90, 1), ("A", 180, 0), ("B", 90, 1), ("B", 180, 1), ("C", 90, None), ("E", 90, 0)],
        schema=["subject", "day", "asked_drugs"], orient="row",
    )  # fmt: skip
    drugs = pl.DataFrame({"subject": ["C"]})
    days = np.array([[0.0, 90.0, 91.0]] * 5)
    run = stand_in(days.tolist(), safety_questions=questions, medications=drugs)
    (unlisted, first), (unasked, second) = unknown_drugs(run, days)
    assert (first, second) == (UNLISTED, UNASKED)
    # D was never asked and has no drug; of C, whose question is not recorded, a drug stands for it.
    assert unlisted.tolist() == [[name == "D"] * 3 for name in "ABCDE"]
    assert unasked.tolist() == [[False, False, True], [False] * 3, [False] * 3, [False] * 3, [True] * 3]


# --- responses kept to the end ---------------------------------------------------------------------------


def counts_kept(classes: tuple[str, ...], missing_outcome: str) -> dict[tuple[str, str], tuple[Any, Any]]:
    """Count for eight: MCR kept, MCR lost, PCR kept, PCR of whom the end is open, none, none filled by rule, kept by
    rule, and one of whom nothing is known.
    """
    responder, none, unknown = analysis._responder, analysis.NONE, analysis.UNKNOWN
    rows = [
        responder("MCR"), responder("MCR", "month_9", 270.0), responder("PCR"),
        responder("PCR") | {"sustained": "cannot tell"}, none, none, responder("PCR"), unknown,
    ]  # fmt: skip
    run = analysis.make_run({"x": {visit: [1.0] * 8 for visit in analysis.VISITS}})
    filled = np.array([False] * 5 + [True, True, False])
    answers = replace(analysis._answers(run, rows), imputed=filled, classes=classes)
    endpoint = Endpoint.model_validate(
        {"id": "r", "kind": "response", "definition": "ucmsc_bilag_response", "at": ("month_6",)}
        | ({"missing_outcome": missing_outcome} if missing_outcome else {})
    )
    count_responses(run, endpoint, [answers])
    frame = run.numbers.frame().filter(pl.col("variable") == "ucmsc_bilag_response_sustained")
    return {
        (category, statistic): (value, denominator)
        for category, statistic, value, denominator in frame.select(
            "category", "statistic", "value", "denominator"
        ).rows()
    }


def test_kept_responses_are_counted_over_those_of_whom_the_end_is_known() -> None:
    found = counts_kept(("MCR", "PCR", "none"), "")
    # Seven have an answer; of one of them the end is open. Beside the six stand it and the one without an answer.
    assert found["", "count"] == (3, 6)
    assert found["MCR", "count"] == (1, 6)
    assert found["PCR", "count"] == (2, 6)
    assert found["", "cannot_tell"][0] == 2
    # Of the six, two are counted by rule.
    assert found["", "imputed"][0] == 2
    # Sure are the first and the third; open are the fourth, those by rule, and the one without an answer.
    assert found["", "count_lowest"] == (2, 8)
    assert found["", "count_highest"] == (6, 8)
    assert ("MCR", "cannot_tell") not in found
    assert ("MCR", "imputed") not in found
    assert ("none", "count") not in found


@pytest.mark.parametrize("rule", ["nonresponder", "worst"])
def test_by_rule_an_open_end_counts_as_not_kept(rule: str) -> None:
    found = counts_kept(("MCR", "PCR", "none"), rule)
    assert found["", "count"] == (3, 7)
    assert found["PCR", "count"] == (2, 7)
    assert found["", "imputed"][0] == 3
    assert found["", "cannot_tell"][0] == 1


def test_one_class_of_response_is_not_counted_twice() -> None:
    assert [category for category, statistic in counts_kept(("MCR", "none"), "") if statistic == "count"] == [
        ""
    ]


# --- how far draws may shift -----------------------------------------------------------------------------


def tipping_rows(
    arms: tuple[str, ...], shifts: tuple[float, ...], *, is_controlled: bool = True
) -> list[dict[str, Any]]:
    """Shift the drawn changes of six subjects at the second of two visits; at the first nothing was missing."""
    placebo = Arm(id="P", name="Placebo", control=is_controlled)
    named: dict[str, Any] = {"arms": (Arm(id="A", name="Cells"), placebo)} if arms else {}
    columns: dict[str, Any] = {"arm": list(arms)} if arms else {}
    endpoint = Endpoint(
        id="e", kind="change", variable="x", at=("month_3", "month_6"), missing_outcome="multiple_imputation",
        imputation=Imputation(tipping_point=shifts) if shifts else None,
    )  # fmt: skip
    plan = analysis.make_study(endpoint, **named)
    values = {"baseline": [9.0, 8, 7, 9, 8, 7], "month_3": [8.0] * 6, "month_6": [7.0, 6, 6, 7, None, None]}
    run = analysis.make_run({"x": values}, plan, **columns)
    missing = np.zeros((6, 2), dtype=np.bool_)
    missing[4:, 1] = True
    draws = np.random.default_rng(2).normal(-2.0, 0.5, (40, 6, 2))
    draws[:, :4, :] = [[-1.0, -2.0], [0.0, -2.5], [1.0, -1.5], [-1.0, -2.2]]
    draws[:, 4:, 0] = [-0.5, 0.5]
    done = Completed(
        Imputations(draws, missing, "drawn", 0.0),
        np.arange(6),
        (1, 2),
        np.array(values["baseline"]),
        arms,
        "multiple_imputation",
    )
    imputation.add_tipping_points(run, endpoint, run.populations.cohort(), "x", done)
    return list(run.numbers.frame().iter_rows(named=True))


def test_only_visits_with_drawn_values_have_steps() -> None:
    rows = tipping_rows((), (0.0, 1.0))
    assert {row["visit"] for row in rows} == {"month_6"}
    assert {(row["arm"], row["contrast"]) for row in rows} == {("all", "")}
    steps = {row["delta"]: row["value"] for row in rows if row["statistic"] == "estimate"}
    # Two of six shift by 1: their mean by a third.
    assert steps[1.0] - steps[0.0] == pytest.approx(1 / 3)
    assert [row["statistic"] for row in rows].count("tipping_point") == 1
    assert tipping_rows((), ()) == []


def test_the_steps_of_two_arms_are_of_the_difference_from_the_control_arm() -> None:
    rows = tipping_rows(("P", "P", "P", "A", "A", "A"), (0.0, 1.0))
    assert {(row["arm"], row["contrast"]) for row in rows} == {("A", "P")}
    rows = tipping_rows(("P", "P", "P", "A", "A", "A"), (0.0, 1.0), is_controlled=False)
    assert {(row["arm"], row["contrast"]) for row in rows} == {("all", "")}
