"""Steps of the analysis that are functions of their arguments: each branch and each limit by hand."""

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest

from funis.analysis import (
    completeness,
    durability,
    exposure,
    influence,
    lab_shifts,
    observations,
    specifications,
)
from funis.analysis.populations_assumed import Entered, default_grid
from funis.analysis.response_rates import Answers
from funis.analysis.response_working import RecordedSeries, ResponseExplanation, _change, _show
from funis.analysis.run import digits_of, mean_of


@pytest.mark.parametrize(
    ("values", "mean"),
    [([0.1, 0.2, 0.015], 0.105), ([1.0, 2.0], 1.5), ([-0.1, -0.2], -0.15), ([1e12, 2e12], 1.5e12), ([1 / 3, 1 / 3], 1 / 3), ([5.0], 5.0)],
)  # fmt: skip
def test_a_mean_of_decimals_is_the_nearest_float(values: list[float], mean: float) -> None:
    assert mean_of(np.array(values)) == mean


def test_a_mean_of_nothing_does_not_exist() -> None:
    assert math.isnan(mean_of(np.array([])))
    assert digits_of(np.array([])) == 2
    assert digits_of(np.array([-1500.0, 3.0])) == 0
    assert digits_of(np.array([-150.0, 3.0])) == 1


# --- durability ------------------------------------------------------------------------------------


def answers(*rows: dict[str, Any], imputed: list[bool] | None = None) -> Answers:
    whole = {
        "response": "MCR",
        "responder": "yes",
        "relapse": "no",
        "relapse_day": None,
        "response_day": 180.0,
    }
    schema: dict[str, Any] = {
        "response": pl.String, "responder": pl.String, "relapse": pl.String, "relapse_day": pl.Float64, "response_day": pl.Float64,
    }  # fmt: skip
    frame = pl.DataFrame([whole | row for row in rows], schema=schema)
    filled = None if imputed is None else np.array(imputed)
    return Answers("d", "month_6", frame, ("MCR", "PCR", "none"), "none", np.arange(len(rows)), filled)


@pytest.mark.parametrize(
    ("first", "later", "lost"),
    [
        ({"relapse": "yes", "relapse_day": 300.0}, {"response_day": 360.0}, True),
        ({"relapse": "yes", "relapse_day": 360.0}, {"response_day": 360.0}, True),
        ({"relapse": "yes", "relapse_day": 361.0}, {"response_day": 360.0}, False),
        # Without a day at the later visit it could have been made until its window closes, on day 390.
        ({"relapse": "yes", "relapse_day": 390.0}, {"response_day": None}, True),
        ({"relapse": "yes", "relapse_day": 391.0}, {"response_day": None}, False),
        # What was carried forward has the day of another visit: the window counts again.
        ({"relapse": "yes", "relapse_day": 385.0}, {"responder": "cannot tell", "response_day": 360.0}, True),
        ({"relapse": "yes", "relapse_day": None}, {"response_day": 360.0}, True),
        ({"relapse": "no", "relapse_day": 300.0}, {}, False), ({"relapse": None}, {}, False),
        ({"relapse": "yes", "relapse_day": 300.0, "responder": "no"}, {"response_day": 360.0}, False),
    ],
)  # fmt: skip
def test_a_response_is_lost_by_a_relapse_up_to_the_later_visit(
    first: dict[str, Any], later: dict[str, Any], *, lost: bool
) -> None:
    pair = answers(first), answers(later)
    assert durability.has_lost(*pair, 390.0).tolist() == [lost]
    keeps = not lost and first.get("responder", "yes") == later.get("responder", "yes") == "yes"
    assert durability.has_kept(*pair, 390.0).tolist() == [keeps]


def test_a_filled_answer_has_the_end_of_the_window_as_its_day() -> None:
    first = answers({"relapse": "yes", "relapse_day": 385.0})
    assert durability.has_lost(first, answers({"response_day": 360.0}, imputed=[True]), 390.0).tolist() == [
        True
    ]
    assert durability.has_lost(first, answers({"response_day": 360.0}, imputed=[False]), 390.0).tolist() == [
        False
    ]
    plain = answers({})
    without = Answers("d", "v", plain.answers.drop("relapse"), ("MCR", "none"), "none", np.arange(1))
    assert durability.has_lost(without, plain, 390.0).tolist() == [False]


def test_who_answers_what() -> None:
    given = answers(
        {"response": "MCR"}, {"response": "none", "responder": "no"}, {"response": "cannot tell", "responder": "yes"},
        {"response": "cannot tell", "responder": "cannot tell"}, {"response": "cannot tell", "responder": "no"},
    )  # fmt: skip
    assert given.responders.tolist() == [True, False, True, False, False]
    assert given.determinate.tolist() == [True, True, True, False, True]
    assert given.of_class("MCR").tolist() == [True, False, False, False, False]
    # Whether they respond is open of the fourth; which class it is, of the third too. The fifth is none of them.
    assert (
        given.may_be_of("responder").tolist()
        == given.may_be_of("none").tolist()
        == [False] * 3 + [True, False]
    )
    assert given.may_be_of("MCR").tolist() == [False, False, True, True, False]
    assert given.filled.tolist() == [False] * 5


# --- what was due, doses, limits -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("subject", "end", "has_ends", "due"),
    [
        ("seen", ("died", 10.0), True, True), ("other", (None, None), False, True), ("other", (None, None), True, False),
        ("later", (None, None), True, True), ("later", ("ongoing", 10.0), True, True), ("other", ("ongoing", 999.0), True, False),
        ("later", ("withdrew", None), True, True), ("other", ("withdrew", None), True, False),
        ("other", ("withdrew", 149.0), True, False), ("other", ("withdrew", 150.0), True, True), ("later", ("withdrew", 10.0), True, False),
        ("other", ("died", None), False, False),
    ],
)  # fmt: skip
def test_a_visit_was_due_of_who_was_seen_or_had_not_left(
    subject: str, end: tuple[str | None, float | None], *, has_ends: bool, due: bool
) -> None:
    run: Any = SimpleNamespace(seen={("seen", "month_6"), ("later", "month_9")})
    visit: Any = SimpleNamespace(name="month_6", opens=150)
    assert completeness._is_due(run, subject, end, visit, ["month_6", "month_9"], has_ends=has_ends) is due


def test_a_sum_with_an_unknown_dose_does_not_exist() -> None:
    doses = pl.DataFrame(
        {"subject": ["2", "1", "2", "3"], "cells": [1.0, 5.0, 2.0, None], "cells_per_kg": [0.5, None, 0.25, 1.0], "_row": [7, 8, 9, 10]}
    )  # fmt: skip
    assert exposure._sum_doses(doses).rows() == [
        ("2", 3.0, 0.75, 2, 7),
        ("1", 5.0, None, 1, 8),
        ("3", None, 1.0, 1, 10),
    ]


def test_the_laboratorys_limit_comes_before_that_of_the_study() -> None:
    frame = pl.DataFrame({"test": ["a", "a", "b"], "low": [1, None, None]})
    assert frame.select(lab_shifts._limit("low", {"a": 2.0, "b": None}))["low"].to_list() == [1.0, 2.0, None]


@pytest.mark.parametrize(
    ("start", "worst", "graded"),
    [
        (["0", ""], ["1", ""], True), (["not_known"], ["cannot_tell"], False), (["not_known"], ["missing"], False),
        (["not_known"], ["2"], True), (["1_or_more"], ["missing"], True), (["", ""], ["", ""], False),
        (["not_known", "0"], ["missing", "missing"], True),
    ],
)  # fmt: skip
def test_a_test_is_graded_where_one_result_has_a_grade(
    start: list[str], worst: list[str], *, graded: bool
) -> None:
    empty = np.array([], dtype=np.int64)
    shifts = lab_shifts._Shifts("t", np.array(start), np.array(worst), np.array(worst), empty, empty)
    assert shifts.is_graded is graded


def test_titres_are_logarithms_over_the_first_dilution() -> None:
    """log2 of 10, 20 and 80 over 10; a titre of 0 lies below the lowest recorded, 20."""
    values, marks = observations._log2_titres(np.array([20.0, 0.0, 80.0]), np.array([0, 0, 1], dtype=np.int8))
    assert values.tolist() == [1.0, 1.0, 3.0]
    assert marks.tolist() == [0, -1, 1]
    alone, marks = observations._log2_titres(np.array([0.0]), np.array([0], dtype=np.int8))
    assert (alone.tolist(), marks.tolist()) == ([0.0], [-1])


# --- words -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "said"),
    [((), "–"), (("a",), "a"), (("a", "b", "c"), "a, b, c"), (("a", "b", "c", "d"), "a and 3 others alike")],
)
def test_many_who_move_an_estimate_alike_are_counted(names: tuple[str, ...], said: str) -> None:
    assert influence._named(names) == said


@pytest.mark.parametrize(
    ("cell", "shown"),
    [(True, "yes"), (False, "no"), (1.50, "1.5"), (3, "3"), (None, ""), ("A", "A"), (0, "0")],
)
def test_a_cell_is_shown_as_recorded(cell: object, shown: str) -> None:
    assert _show(cell) == shown


def test_a_change_is_printed_from_the_last_value_before_treatment() -> None:
    def change(days: list[float], values: list[float | None], judged: str = "v2") -> str:
        frame = pl.DataFrame(
            {"visit": [f"v{place}" for place in range(len(days))], "day": days, "x": values}, strict=False
        )
        return _change(frame.with_columns(pl.col("x").cast(pl.Float64)), "x", judged)

    assert change([-7, 0, 30], [10, 8, 6]) == "-2, -25.0 %"
    assert change([-7, 1, 30], [10, 8, 6]) == "-4, -40.0 %"
    assert change([-7, 0, 30], [10, None, 12.5]) == "2.5, 25.0 %"
    assert change([-7, 0, 30], [1, 0, 6]) == "6"
    assert change([-7, 0, 30], [10, 8, None]) == ""
    assert change([1, 2, 30], [10, 8, 6]) == ""
    assert _change(pl.DataFrame({"visit": ["v"], "day": [0], "x": ["A"]}), "x", "v") == ""


def test_the_working_of_a_response_says_what_was_recorded_and_what_is_missing() -> None:
    """A value of 0 was recorded; a visit without a value is missing; a column without a change has none printed."""
    recorded = (
        RecordedSeries("sledai_2k", "", {"baseline": "8", "week_4": "", "week_8": "0"}, "-8, -100.0 %"),
        RecordedSeries("c3", "g/L", {"baseline": "0.9"}, ""),
    )
    texts = ("sri", "SRI-4", "1.0", "Furie 2009", "S1", "week_8")
    for endpoint in ("", "primary"):
        found = ResponseExplanation(
            *texts, endpoint, (), recorded, "yes", "1", "Every part met.", {"relapse": "no"}
        )
        judged = [f"Judged for the endpoint {endpoint}"] if endpoint else []
        assert str(found).splitlines() == [
            "SRI-4 (1.0), subject S1, visit week_8",
            "Source: Furie 2009",
            *judged,
            "",
            "",
            "sledai_2k: baseline 8; week_4 missing; week_8 0 (change at week_8: -8, -100.0 %)",
            "c3 g/L: baseline 0.9",
            "",
            "Response: yes; responder: 1",
            "Because: Every part met.",
            "relapse: no",
        ]


@pytest.mark.parametrize(
    ("count", "more"),
    [
        (specifications._SHOWN, ""),
        (specifications._SHOWN + 1, " and 1 more"),
        (specifications._SHOWN + 4, " and 4 more"),
    ],
)
def test_a_long_list_of_what_is_lacking_is_cut(count: int, more: str) -> None:
    names = [f"x{number}" for number in range(count)]
    assert specifications._cut(", ".join(names)) == ", ".join(names[: specifications._SHOWN]) + more


def way(**given: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "definition": "d", "visit": "month_6", "choice": "as defined", "scoring": "as planned", "population": "enrolled",
        "missing": "nonresponder", "cannot_tell": 0, "responders": 1, "n": 2, "percent": 50.0, "lower": 1.25, "upper": 98.75,
        "conclusion": "above", "changes": "no", "status": "counted", "denominator": "enrolled",
    }  # fmt: skip
    return row | given


def test_rules_for_the_unknown_stand_apart_only_where_somebody_is_unknown() -> None:
    def told(*rows: dict[str, Any]) -> list[tuple[str, str]]:
        return [
            (row["missing"], row["changes"]) for row in specifications._rows_told_apart(pl.DataFrame(rows))
        ]

    rules = ("nonresponder", "left_out", "responder")
    assert len(told(*(way(missing=rule) for rule in rules))) == 1
    assert [rule for rule, _ in told(*(way(missing=rule, cannot_tell=1) for rule in rules))] == list(rules)
    # The planned way may be any of those that give one number.
    assert told(way(), way(missing="left_out", changes="reference"))[0][1] == "reference"
    assert told(way(changes="yes"), way(missing="left_out", changes="no"))[0][1] == "yes"
    assert told(way(changes="reference"))[0][1] == "reference"
    (row,) = specifications._rows_told_apart(pl.DataFrame([way()]))
    assert (row["counts"], row["percent"]) == ("1/2", "50.0% (1.3 to 98.8)")
    (row,) = specifications._rows_told_apart(
        pl.DataFrame([way(n=0, percent=None, lower=None, upper=None, changes=None)])
    )
    assert (row["percent"], row["changes"]) == ("", "")


def test_the_conclusion_counts_the_ways_that_change_it() -> None:
    rows = [way(changes=each, counts="1/2") for each in ("no", "reference", "yes", "yes")]
    changed = rows[2:]
    said = specifications._conclude(rows, changed)
    assert said.startswith(
        "Planned: d at month_6 (as defined, scoring as planned, enrolled, cannot tell: nonresponder): 1/2, above."
    )
    assert said.endswith("2 of 3 other ways of counting change the conclusion:")
    assert specifications._conclude(rows[:2], []).endswith("No other way of counting changes the conclusion.")
    assert specifications._conclude(rows[:1], []).startswith("The study file names no response endpoint")
    assert " at " not in specifications._name(way(visit="", missing=specifications.ANY_RULE))


@pytest.mark.parametrize(
    ("entered", "direction", "means", "sds"),
    [
        (Entered(6.5, 9.0, 2.0, None), 1, (4.5, 5.5, 6.5), (1.5, 2.0, 2.5)),
        (Entered(6.5, 5.0, 2.0, None), -1, (8.5, 7.5, 6.5), (1.5, 2.0, 2.5)),
        # All alike: an SD of 1 stands for none.
        (Entered(6.5, 9.0, 0.0, None), 1, (5.5, 6.0, 6.5), (0.75, 1.0, 1.2)),
    ],
)  # fmt: skip
def test_populations_assumed_lie_at_the_limit_and_outside_it(
    entered: Entered, direction: int, means: tuple[float, ...], sds: tuple[float, ...]
) -> None:
    grid = default_grid(entered, direction)
    assert grid.means == means
    assert grid.sds == pytest.approx(sds, abs=0.051)


@pytest.mark.parametrize(
    ("at", "outcome", "planned"),
    [
        ((), "nonresponder", [True, True, False]),
        (("month_6",), "worst", [True, False, False]),
        ((), "observed", [False, False, True]),
    ],
)
def test_the_planned_way_is_the_one_of_the_endpoint(
    at: tuple[str, ...], outcome: str, planned: list[bool]
) -> None:
    endpoint: Any = SimpleNamespace(definition="d", missing_outcome=outcome, at=at)
    rows = pl.DataFrame([way(), way(visit="month_3"), way(missing="left_out")])
    assert rows.select(specifications._is_planned(endpoint, "enrolled")).to_series().to_list() == planned
    for other in ({"definition": "e"}, {"choice": "k = 1"}, {"scoring": "strict"}, {"population": "treated"}):
        none = pl.DataFrame([way(**other)])
        assert none.select(specifications._is_planned(endpoint, "enrolled")).to_series().to_list() == [False]
    assert rows.select(specifications._is_planned(None, "enrolled")).item() is False
