"""Regression to the mean in an analysis: who entered, low values mirrored, earlier values, the figure's data; by hand."""

import math
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from funis.analysis import regression_to_mean as falls
from funis.analysis.run import Run
from funis.stats.entry_selection import estimate_regression_to_mean
from funis.study.model import Arm, Criterion, Eligibility, Endpoint

sys.path.insert(0, str(Path(__file__).parent))
analysis = import_module("test_analysis")

# Cut at their limit, mean 10.5 and SD sqrt(3.5) = 1.87: below the mean excess of 4.
HIGH = [8.0, 9.0, 10.0, 11.0, 12.0, 13.0]


def change_of(**more: Any) -> Endpoint:
    given = {"id": "e", "kind": "change", "variable": "x", "at": ("month_3", "month_6"), **more}
    return Endpoint.model_validate(given)


def estimate(values: dict[str, list[float | None]], rule: str, *endpoints: Endpoint, **more: Any) -> Run:
    criterion = Criterion(id="I1", text="Active", rule=rule)
    planned = endpoints or (change_of(),)
    study = analysis.make_study(*planned, eligibility=Eligibility(inclusion=(criterion,)), **more)
    columns = {"arm": ["a", "b"] * 3} if more.get("arms") else {}
    run: Run = analysis.make_run({"x": values}, study, **columns)
    for endpoint in planned:
        falls.estimate_falls(run, endpoint)
    return run


def rows(run: Run, statistic: str, **where: str) -> list[dict[str, Any]]:
    found = run.numbers.frame().filter(pl.col("statistic") == statistic)
    for name, value in where.items():
        found = found.filter(pl.col(name) == value)
    return found.rows(named=True)


def only(run: Run, statistic: str, **where: str) -> dict[str, Any]:
    (row,) = rows(run, statistic, **where)
    return row


def test_high_values_let_in_fall() -> None:
    run = estimate({"baseline": [*HIGH, 5.0], "month_3": [1.0] * 7, "month_6": [2.0] * 7}, "baseline_x > 6")
    assert only(run, "limit")["value"] == 6.5
    assert only(run, "mean")["value"] == 10.5
    assert only(run, "sd")["value"] == pytest.approx(math.sqrt(3.5))
    # The one at 5 entered against the rule and was not selected by it.
    assert only(run, "not_met")["value"] == 1
    found = only(run, "estimate", method="correlation_0.4")
    expected = estimate_regression_to_mean(10.5, math.sqrt(3.5), 6.5, correlation=0.4, n=6)
    assert found["value"] == pytest.approx(expected.change)
    assert found["n"] == 6
    for statistic in ("lower", "upper"):
        bound = only(run, statistic, method="correlation_0.4")["value"]
        assert bound == pytest.approx(getattr(expected, statistic))
    assert only(run, "population_mean")["value"] == pytest.approx(expected.population_mean)
    share = only(run, "share_entering")
    assert share["value"] == pytest.approx(100 * expected.share_entering)
    assert share["text"].endswith("%")


def test_low_values_let_in_are_the_mirror_of_high_ones() -> None:
    """Ten less each value: everything turns round 5, and a fall becomes a rise of the same size."""
    high = estimate({"baseline": [*HIGH], "month_3": [1.0] * 6}, "baseline_x > 6")
    low = estimate({"baseline": [10 - each for each in HIGH], "month_3": [1.0] * 6}, "baseline_x < 4")
    assert only(low, "limit")["value"] == 3.5
    for method in ("correlation_0.4", "correlation_0.8"):
        sides = {
            name: (only(high, name, method=method)["value"], only(low, name, method=method)["value"])
            for name in ("estimate", "lower", "upper")
        }
        assert sides["estimate"][0] < 0 < sides["estimate"][1]
        assert sides["estimate"][1] == pytest.approx(-sides["estimate"][0])
        assert sides["lower"][1] == pytest.approx(-sides["upper"][0])
        assert sides["upper"][1] == pytest.approx(-sides["lower"][0])
    mirrored = 10 - only(high, "population_mean")["value"]
    assert only(low, "population_mean")["value"] == pytest.approx(mirrored)
    assert only(low, "population_sd")["value"] == pytest.approx(only(high, "population_sd")["value"])


def test_three_that_entered_are_enough_and_two_are_not() -> None:
    assert rows(estimate({"baseline": [8.0, 9.0, 10.0], "month_3": [1.0] * 3}, "baseline_x > 6"), "limit")
    run = estimate({"baseline": [8.0, 9.0, 5.0], "month_3": [1.0] * 3}, "baseline_x > 6")
    assert run.numbers.frame().is_empty()


def test_equal_values_estimate_nothing() -> None:
    run = estimate({"baseline": [8.0] * 4, "month_3": [1.0] * 4}, "baseline_x > 6")
    own = rows(run, "estimate", analysis="regression_to_mean")
    assert [(row["value"], row["text"]) for row in own] == [
        (None, "not estimable: all baseline values are equal")
    ] * 3
    assert not rows(run, "population_mean", analysis="regression_to_mean")
    assert "regression_to_mean_lines" not in run.listings


def test_a_spread_beyond_the_excess_is_told_with_the_numbers_as_printed() -> None:
    """Mean 12, SD sqrt(((5)^2 + 4^2 + 9^2) / 2) = 7.8102 over an excess of 5.5."""
    run = estimate({"baseline": [7.0, 8.0, 21.0], "month_3": [1.0] * 3}, "baseline_x > 6")
    row = rows(run, "estimate")[0]
    assert row["value"] is None
    assert "standard deviation 7.81 is not below the mean excess 5.50 over the limit 6.5" in row["text"]


def test_nothing_where_another_arm_is_the_control() -> None:
    arms = (Arm(id="a", name="A"), Arm(id="b", name="B", control=True))
    values: dict[str, list[float | None]] = {"baseline": [*HIGH], "month_3": [1.0] * 6}
    assert estimate(values, "baseline_x > 6", arms=arms).numbers.frame().is_empty()


def test_a_variable_no_rule_selects_on_is_left_alone() -> None:
    assert estimate({"baseline": [*HIGH], "month_3": [1.0] * 6}, "age > 6").numbers.frame().is_empty()


def test_the_same_variable_in_the_same_subjects_is_done_once() -> None:
    values: dict[str, list[float | None]] = {"baseline": [*HIGH], "month_3": [1.0] * 6}
    twice = estimate(values, "baseline_x > 6", change_of(), change_of(id="again", methods=("sign_test",)))
    assert [row["endpoint"] for row in rows(twice, "limit")] == ["e"]
    named = {"populations": {"some": "age > 1"}}
    other = change_of(id="again", population="some")
    criterion = Criterion(id="I1", text="Active", rule="baseline_x > 6")
    study = analysis.make_study(change_of(), other, eligibility=Eligibility(inclusion=(criterion,)), **named)
    run = analysis.make_run({"x": values}, study, age=[30.0] * 6)
    for endpoint in (change_of(), other):
        falls.estimate_falls(run, endpoint)
    assert [row["endpoint"] for row in rows(run, "limit")] == ["e", "again"]


# --- the correlation observed before treatment -----------------------------------------------------------


def with_screening(early: list[float | None], base: list[float]) -> Run:
    """Make a run with a visit before baseline."""
    from dataclasses import replace

    run: Run = analysis.make_run({"x": {"baseline": base, "month_3": early}})
    # Month 3 is made a visit of day -14.
    layout = replace(run.panel.layout, planned=(0.0, -14.0, 180.0, 270.0, 360.0))
    return replace(run, panel=replace(run.panel, layout=layout))


def test_the_observed_correlation_is_widened_to_what_it_was_before_selection() -> None:
    """r u / sqrt(1 + r^2 (u^2 - 1)): with r = 0.5 and u = 2, 1 / sqrt(1.75)."""
    # Deviations (-3, -1, 1, 3) twice and (-1, 1) against others with r = 0.5, worked out below.
    base = [7.0, 8.0, 9.0, 10.0, 11.0, 12.0, 13.0, 14.0, 15.0, 16.0]
    early: list[float | None] = [9.0, 12.0, 7.0, 10.0, 8.0, 15.0, 11.0, 16.0, 13.0, 14.0]
    r = float(np.corrcoef(np.array(early, dtype=float), base)[0, 1])
    # Squared differences 4 + 16 + 4 + 0 + 9 + 9 + 4 + 4 + 4 + 4 = 58; Spearman: 1 - 6 x 58 / 990.
    assert r == pytest.approx(1 - 6 * 58 / 990)
    run = with_screening(early, base)
    found, words = falls._observed_correlation(run, "x", np.arange(10), 2.0)
    assert found == pytest.approx(2 * r / math.sqrt(1 + 3 * r * r))
    assert words == f"{found:.2f} (month 3 and baseline, 10 subjects)"


@pytest.mark.parametrize(
    ("early", "widening", "words"),
    [
        ([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, None], 2.0, "fewer than 10 subjects"),
        ([4.0] * 10, 2.0, "fewer than 10 subjects"),
        ([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0], math.nan, "cannot be estimated"),
    ],
)
def test_no_correlation_from_too_little(early: list[float | None], widening: float, words: str) -> None:
    run = with_screening(early, [7.0, 8.0, 9.0, 10.0, 11.0, 12.0, 13.0, 14.0, 15.0, 16.0])
    found, why = falls._observed_correlation(run, "x", np.arange(10), widening)
    assert found is None
    assert words in why


def test_a_correlation_lies_between_0_and_1() -> None:
    base = [7.0, 8.0, 9.0, 10.0, 11.0, 12.0, 13.0, 14.0, 15.0, 16.0]
    against = with_screening([-each for each in base], base)
    assert falls._observed_correlation(against, "x", np.arange(10), 2.0)[0] == 0.0
    along = with_screening([2 * each for each in base], base)
    assert falls._observed_correlation(along, "x", np.arange(10), 2.0)[0] == 1.0


def test_without_an_earlier_visit_there_is_none() -> None:
    run = analysis.make_run({"x": {"baseline": [*HIGH], "month_3": [1.0] * 6}})
    found, why = falls._observed_correlation(run, "x", np.arange(6), 2.0)
    assert found is None
    assert "no second value before treatment was planned" in why


# --- the figure's data -----------------------------------------------------------------------------------


def test_equal_points_of_the_last_visit_are_counted() -> None:
    """Changes to month 6: twice (8, -6), once (9, -5); the last has no month 6, the one at 5 was not selected."""
    values: dict[str, list[float | None]] = {
        "baseline": [8.0, 8.0, 9.0, 10.0, 5.0],
        "month_3": [1.0, 1.0, 1.0, 1.0, 1.0],
        "month_6": [2.0, 2.0, 4.0, None, 1.0],
    }
    run = estimate(values, "baseline_x > 6")
    points = run.listings["regression_to_mean"]
    assert points.select("baseline", "change", "subjects").rows() == [(8.0, -6.0, 2), (9.0, -5.0, 1)]
    assert set(points["visit"]) == {"month_6"}


def test_lines_run_from_the_least_to_the_greatest_baseline() -> None:
    """At a baseline b the change without effect is -(1 - rho) (b - mu)."""
    run = estimate({"baseline": [*HIGH], "month_3": [1.0] * 6}, "baseline_x > 6")
    mu = only(run, "population_mean")["value"]
    lines = run.listings["regression_to_mean_lines"].filter(correlation=0.4)
    assert lines.select("baseline", "assumed").rows() == [(8.0, True), (13.0, True)]
    assert lines["change"].to_list() == pytest.approx([-0.6 * (8 - mu), -0.6 * (13 - mu)])
    assert set(run.listings["regression_to_mean_lines"]["correlation"]) == {0.4, 0.6, 0.8}
