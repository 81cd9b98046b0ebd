"""Arms beside each other, goals, verdicts and parts of a baseline table, each number worked out by hand."""

import math
import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from funis.analysis import baseline_split, between_arms, co_primary
from funis.analysis.performance_goal import compare_with_goal
from funis.analysis.response_rates import Answers
from funis.analysis.run import Run
from funis.study.model import Arm, Endpoint

sys.path.insert(0, str(Path(__file__).parent))
analysis = import_module("test_analysis")
responder, NONE, UNKNOWN = analysis._responder, analysis.NONE, analysis.UNKNOWN
GAP = float("nan")
ARMS = (Arm(id="A", name="Cells"), Arm(id="P", name="Placebo", control=True), Arm(id="C", name="Other"))
CODES = ["A"] * 6 + ["P"] * 6 + ["C"]
ROWS = [
    responder("MCR"), responder("MCR"), responder("MCR"), responder("PCR"), NONE, UNKNOWN,
    responder("PCR"), NONE, NONE, NONE, NONE, UNKNOWN, UNKNOWN,
]  # fmt: skip
RESPONSE = Endpoint(id="r", kind="response", definition="ucmsc_bilag_response", at=("month_6",))
Told = dict[tuple[Any, ...], Any]


def make_run(endpoint: Endpoint, arms: tuple[Arm, ...] = ARMS, values: Any = None, **columns: Any) -> Run:
    given = values or {"x": {visit: [1.0] * len(CODES) for visit in analysis.VISITS}}
    columns = ({"arm": CODES} if arms else {}) | columns
    run: Run = analysis.make_run(given, analysis.make_study(endpoint, arms=arms), **columns)
    return run


def numbers(run: Run, *names: str) -> Told:
    frame = run.numbers.frame()
    return {row[:-1]: row[-1] for row in frame.select(*names, "statistic", "value").rows()}


# --- shares of responders --------------------------------------------------------------------------------


def compare_rows(rows: list[dict[str, object]], classes: tuple[str, ...] = ("MCR", "PCR", "none")) -> Told:
    run = make_run(RESPONSE)
    given = analysis._answers(run, rows)
    answers = Answers(given.definition, given.visit, given.answers, classes, "none", given.rows)
    between_arms.compare_responses_between(run, RESPONSE, [answers])
    return numbers(run, "arm", "category")


def wilson(count: int, total: int) -> tuple[float, float]:
    z = 1.959963984540054
    middle, half = count + z * z / 2, z * math.sqrt(count * (total - count) / total + z * z / 4)
    return (middle - half) / (total + z * z), (middle + half) / (total + z * z)


def test_shares_of_responders_are_compared_by_newcombe_and_fisher() -> None:
    found = compare_rows(ROWS)
    # Of five each whose answer is known four respond and one does: arm C, of whom nothing is known, is left out.
    assert {arm for arm, _, _ in found} == {"A"}
    assert (found["A", "responder", "n_first"], found["A", "responder", "n_second"]) == (5, 5)
    assert found["A", "responder", "estimate"] == pytest.approx(60)
    low, high = wilson(4, 5), wilson(1, 5)
    lower = 0.6 - math.sqrt((0.8 - low[0]) ** 2 + (high[1] - 0.2) ** 2)
    upper = 0.6 + math.sqrt((low[1] - 0.8) ** 2 + (0.2 - high[0]) ** 2)
    assert found["A", "responder", "lower"] == pytest.approx(100 * lower, abs=1e-6)
    assert found["A", "responder", "upper"] == pytest.approx(100 * upper, abs=1e-6)
    # Of 252 ways to place five responders among ten, 1 + 25 are as far out on each side.
    assert found["A", "responder", "p"] == pytest.approx(52 / 252)
    assert (found["A", "MCR", "estimate"], found["A", "PCR", "estimate"]) == (60, 0)
    assert [key for key in found if key[2] == "p"] == [("A", "responder", "p")]


def test_sizes_places_and_words_of_a_comparison_of_shares() -> None:
    # Five of arm A and six of arm P are known.
    rows = [*ROWS[:11], NONE, UNKNOWN]
    run = make_run(RESPONSE)
    given = analysis._answers(run, rows)
    answers = replace(given, rows=np.arange(len(rows)))
    between_arms.compare_responses_between(run, RESPONSE, [answers])
    frame = run.numbers.frame().filter(pl.col("category") == "responder")
    assert set(frame["visit"]) == {"month_6"}
    assert set(frame["n"]) == {11}
    told = {row["statistic"]: row["text"] for row in frame.iter_rows(named=True)}
    assert (told["n_first"], told["n_second"]) == ("5", "6")
    # 80 % less one of six.
    assert told["estimate"] == "63.3"
    behind = run.sources.frame(run.panel.observations)
    own = behind.filter(pl.col("source") == frame["source"][0])
    # The first 13 observations are those of the subjects at baseline, in order.
    assert sorted(own["subject"]) == [f"S{each:02}" for each in (1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12)]
    whole = make_run(RESPONSE)
    between_arms.compare_responses_between(whole, RESPONSE, [replace(given, visit="")])
    assert set(whole.numbers.frame()["visit"]) == {"all"}


def test_classes_are_not_compared_where_one_is_open_or_alone() -> None:
    open_class = responder("cannot tell")
    assert {category for _, category, _ in compare_rows([open_class, *ROWS[1:]])} == {"responder"}
    # In another arm it does not matter to these two.
    other = compare_rows([*ROWS[:-1], open_class])
    assert {category for arm, category, _ in other if arm == "A"} == {"responder", "MCR", "PCR"}
    assert {category for arm, category, _ in other if arm == "C"} == {"responder"}
    assert other["C", "responder", "estimate"] == pytest.approx(80)
    alone = compare_rows([NONE if row["response"] == "PCR" else row for row in ROWS], ("MCR", "none"))
    assert {category for _, category, _ in alone} == {"responder"}
    assert {category for _, category, _ in compare_rows([NONE] * 13, ("none",))} == {"responder"}


# --- times and changes -----------------------------------------------------------------------------------


def compare_times(day: list[float], happened: list[bool]) -> Told:
    endpoint = Endpoint(id="t", kind="time_to_event", event="death")
    run = make_run(endpoint)
    between_arms.compare_times_between(run, endpoint, np.array(day), np.array(happened))
    return numbers(run, "arm", "contrast")


def test_times_are_compared_by_the_log_rank_test() -> None:
    # Two of arm A at 10 (event) and 30 (none), two of P at 20 (event) and 40 (event); the others do not enter.
    day = [10.0, 30.0] + [GAP] * 4 + [20.0, 40.0] + [GAP] * 4 + [GAP]
    found = compare_times(day, [True, False] + [False] * 4 + [True, True] + [False] * 5)
    assert {key[:2] for key in found} == {("A", "P")}
    told = {statistic: value for (_, _, statistic), value in found.items()}
    # At risk 4 with 2 of A, 3 with 1 of A, 1 with none: expected of A 1/2 + 1/3, of P the rest of three.
    assert (told["n_first"], told["n_second"], told["events_first"], told["events_second"]) == (2, 2, 1, 2)
    assert told["expected_first"] == pytest.approx(5 / 6)
    assert told["expected_second"] == pytest.approx(3 - 5 / 6)
    # Variance 1/4 + 2/9 over the two times at which both arms are at risk.
    assert told["statistic"] == pytest.approx((1 / 6) ** 2 / (1 / 4 + 2 / 9))
    assert told["p"] == pytest.approx(math.erfc(math.sqrt(told["statistic"] / 2)))


def test_times_without_an_event_or_without_an_arm_have_no_test() -> None:
    day = [10.0, 30.0] + [GAP] * 4 + [20.0] + [GAP] * 6
    found = compare_times(day, [False] * 13)
    assert found["A", "P", "p"] is None or math.isnan(found["A", "P", "p"])
    assert ("A", "P", "statistic") not in found
    assert compare_times([10.0] * 6 + [GAP] * 6 + [GAP], [True] * 13) == {}
    assert compare_times([GAP] * 6 + [10.0] * 6 + [GAP], [True] * 13) == {}
    assert {key[0] for key in compare_times([GAP] * 6 + [10.0] * 7, [True] * 13)} == {"C"}


def test_the_control_arm_is_the_one_that_is_marked_else_the_first() -> None:
    assert between_arms.find_pairs(make_run(RESPONSE)) == (("A", "P"), ("C", "P"))
    unmarked = tuple(Arm(id=arm.id, name=arm.name) for arm in ARMS)
    assert between_arms.find_pairs(make_run(RESPONSE, unmarked)) == (("P", "A"), ("C", "A"))
    assert between_arms.find_pairs(make_run(RESPONSE, ())) == ()
    assert between_arms.find_pairs(make_run(RESPONSE, ARMS[:1])) == ()


@pytest.mark.parametrize(
    ("subgroups", "only", "named"),
    [((), False, ("all",)), ((), True, ("all",)), (("s",), False, ("all", "s")), (("s",), True, ("s",))],
)
def test_subgroups_stand_beside_the_whole_or_alone(
    subgroups: tuple[str, ...], named: tuple[str, ...], *, only: bool
) -> None:
    endpoint = RESPONSE.model_copy(update={"subgroups": subgroups, "subgroup_only": only})
    assert tuple(between_arms._subgroups(endpoint)) == named


def test_changes_of_arms_are_compared_where_both_have_some() -> None:
    endpoint = Endpoint(
        id="c", kind="change", variable="x", at=("month_3", "month_6"), methods=("paired_t", "wilcoxon", "sign_test")
    )  # fmt: skip
    values = {
        "baseline": [10.0] * 13,
        # Changes of A -1, -2, -3, of P -4, -6; at month 6 arm P has none.
        "month_3": [9, 8, 7, None, None, None, 6, 4, None, None, None, None, 1],
        "month_6": [9, 8, 7] + [None] * 10,
    }
    run = make_run(endpoint, values={"x": values})
    between_arms.compare_changes_between(run, endpoint)
    frame = run.numbers.frame().filter(pl.col("arm") == "A")
    assert set(frame["visit"]) == {"month_3"}
    assert set(frame["n"]) == {5}
    assert set(frame["method"].drop_nulls()) - {""} >= {"welch", "rank_sum"}
    told = {(row["statistic"], row["method"]): row["value"] for row in frame.iter_rows(named=True)}
    assert told["n_first", ""] == 3
    assert told["n_second", ""] == 2
    # Means -2 and -5: 3 apart; variances 1/3 and 2/2.
    assert told["estimate", "welch"] == pytest.approx(3)
    assert told["statistic", "welch"] == pytest.approx(3 / math.sqrt(1 / 3 + 1))
    # The rank sum test: the three of A rank highest of five, one of ten choices, on each side.
    assert told["p", "rank_sum"] == pytest.approx(2 / 10)


# --- goals and verdicts ----------------------------------------------------------------------------------


def goal_of(
    goal: float | None, rows: list[dict[str, object]], arms: tuple[Arm, ...] = ()
) -> tuple[Run, dict[str, Any]]:
    endpoint = RESPONSE.model_copy(update={"performance_goal": goal})
    run = make_run(endpoint, arms)
    compare_with_goal(run, endpoint, analysis._answers(run, rows))
    frame = run.numbers.frame().filter(pl.col("analysis") == "performance_goal")
    return run, {row["statistic"]: row["value"] for row in frame.iter_rows(named=True)}


def test_a_rate_lies_above_its_goal_by_the_exact_interval() -> None:
    # All of four: the lower limit is the fourth root of 2.5 %, and the P against the goal its fourth power.
    rows = [responder("MCR")] * 4 + [UNKNOWN] * 9
    limit = 0.025**0.25
    for goal, is_met in ((0.39, 1), (0.40, 0)):
        _, told = goal_of(goal, rows)
        assert (told["count"], told["percent"], told["goal"]) == (4, 100, pytest.approx(100 * goal))
        assert told["lower"] == pytest.approx(100 * limit)
        assert told["p"] == pytest.approx(goal**4)
        assert told["met"] == is_met
    run, told = goal_of(0.5, [*rows[:4], NONE, *rows[5:]])
    assert (told["count"], told["percent"]) == (4, 80)
    frame = run.numbers.frame().filter(pl.col("statistic") == "met")
    assert frame.select("n", "denominator", "visit").row(0) == (5, 5, "month_6")


def test_without_a_goal_with_arms_or_without_answers_nothing_is_met() -> None:
    assert goal_of(None, ROWS)[1] == {}
    assert goal_of(0.5, ROWS, ARMS)[1] == {}
    assert goal_of(0.5, [UNKNOWN] * 13)[1] == {"goal": 50, "met": None}


def judge_goal(goal: float, rows: list[dict[str, object]], visit: str = "month_6") -> co_primary.Judged:
    run, _ = goal_of(goal, rows)
    place = run.populations.cohort().place("co_primary", "ucmsc_bilag_response")
    return co_primary._judge_goal(run, replace(place, endpoint="r", visit=visit), 0.05)


def test_the_verdict_of_a_goal_is_that_of_its_one_sided_test_at_half_the_level() -> None:
    rows = [responder("MCR")] * 4 + [UNKNOWN] * 9
    met, missed = judge_goal(0.39, rows), judge_goal(0.4, rows)
    assert (met.has_passed, met.text, met.level, met.method) == (True, "passed", 0.025, "binomial_greater")
    assert met.p == pytest.approx(0.39**4)
    assert (met.place.n, met.place.denominator) == (4, 4)
    assert (missed.has_passed, missed.text) == (False, "failed")
    for open_one in (judge_goal(0.5, [UNKNOWN] * 13), judge_goal(0.39, rows, "month_9")):
        assert (open_one.has_passed, open_one.p, open_one.level) == (None, None, None)
        assert open_one.text == "cannot be judged: no response is known"


# --- parts of the baseline table -------------------------------------------------------------------------


def test_standardised_differences_of_two_parts() -> None:
    """Six in each of two arms; of age 1, 2, 3 and 2, 3, 4, 3 are known, of x 10 to 14 in one and 12 in the other."""
    values = {"x": {"baseline": [10.0, 12, 14, None, None, None, 12, 12, 15, None, None, None]}}
    columns: dict[str, Any] = {
        "arm": CODES[:12], "age": [1.0, 2, 3, None, None, None, 2, 3, 4, 3, None, None],
        "weight_kg": [None] * 12, "height_cm": [None] * 12, "days_diagnosis_to_consent": [None] * 12,
        "days_diagnosis_to_baseline": [None] * 12, "site": [None] * 12,
        "sex": ["female"] * 3 + ["male"] * 1 + [None] * 2 + ["female"] * 2 + ["male"] * 2 + [None] * 2,
    }  # fmt: skip
    number = {
        name: pl.Series(columns[name], dtype=pl.Float64)
        for name in columns
        if name not in {"arm", "sex", "site"}
    }
    columns |= number | {"site": pl.Series(columns["site"], dtype=pl.String)}
    run = make_run(RESPONSE, ARMS[:2], values=values, **columns)
    parts = [run.populations.cohort(arm=name) for name in ("A", "P")]
    baseline_split._add_differences(run, *parts)
    frame = run.numbers.frame()
    assert set(frame["statistic"]) == {"standardised_difference"}
    told = {row["variable"]: (row["value"], row["n"]) for row in frame.iter_rows(named=True)}
    # Means 2 and 3, variances 1 and 2/3.
    assert told["age"] == (pytest.approx(-1 / math.sqrt(5 / 6)), 7)
    assert frame.filter(pl.col("variable") == "age")["text"].to_list() == ["-1.10"]
    # Means 12 and 13, variances 4 and 3.
    assert told["x"] == (pytest.approx(-1 / math.sqrt(3.5)), 6)
    # Three of four and two of four are female: 1/4 over the root of the mean of 3/16 and 4/16.
    assert told["sex"] == (pytest.approx(0.25 / math.sqrt(3.5 / 16)), 8)
    assert "weight_kg" not in told
    assert "site" not in told
    # What is beyond a limit of the assay in anybody has no mean.
    run = make_run(RESPONSE, ARMS[:2], values=values, **columns)
    run.panel.matrices["x"].censored[7, 0] = 1
    baseline_split._add_differences(run, *parts)
    assert set(run.numbers.frame()["variable"]) == {"age", "sex"}
