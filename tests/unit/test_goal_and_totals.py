"""A response rate against its goal in a population of some, and recorded totals counted; by hand."""

import sys
from importlib import import_module
from pathlib import Path

import polars as pl
import pytest

from funis.analysis.findings import _add_totals
from funis.analysis.performance_goal import compare_with_goal
from funis.analysis.run import Run
from funis.results import Place
from funis.study.model import Endpoint

sys.path.insert(0, str(Path(__file__).parent))
analysis = import_module("test_analysis")


def goal_run(population: str, goal: float) -> dict[str, tuple[float | None, str]]:
    """Five subjects: two respond, one does not, one cannot be told; the last responds and is under 18."""
    endpoint = Endpoint.model_validate(
        {
            "id": "r", "kind": "response", "definition": "ucmsc_bilag_response", "at": ("month_6",),
            "performance_goal": goal, "population": population,
        }
    )  # fmt: skip
    study = analysis.make_study(endpoint, populations={"adults": "age >= 18"})
    run: Run = analysis.make_run({"x": {"baseline": [1.0] * 5}}, study, age=[30, 40, 50, 60, 12])
    words = [analysis._responder("MCR"), analysis._responder("PCR"), analysis.NONE, analysis.UNKNOWN]
    answers = analysis._answers(run, [*words, analysis._responder("MCR")])
    compare_with_goal(run, endpoint, answers)
    rows = run.numbers.frame().select("statistic", "value", "text").rows()
    return {statistic: (value, text) for statistic, value, text in rows}


def test_responders_and_those_known_are_of_the_population() -> None:
    """Of the adults 2 of 3: the lower one-sided 2.5 % limit solves 3 p^2 - 2 p^3 = 0.025, p = 0.0943; so 9.4 %."""
    found = goal_run("adults", 0.09)
    assert found["count"][1] == "2/3 (66.7%)"
    assert found["goal"][1] == "9%"
    lower = found["lower"][0]
    assert lower is not None
    share = lower / 100
    assert 3 * share**2 - 2 * share**3 == pytest.approx(0.025, abs=1e-9)
    assert found["met"] == (1.0, "met")
    # P(2 or more of 3) at 9 %: 3 x 0.0081 x 0.91 + 0.000729.
    assert found["p"][0] == pytest.approx(3 * 0.0081 * 0.91 + 0.000729)
    assert goal_run("adults", 0.1)["met"] == (0.0, "not met")


def test_of_everybody_the_child_counts_too() -> None:
    assert goal_run("", 0.09)["count"][1] == "3/4 (75.0%)"


@pytest.mark.parametrize(
    ("differing", "could", "total", "expected"),
    [
        (1, 4, 4, [("count", "1/4 (25.0%)"), ("percent", "25.0%")]),
        (1, 4, 6, [("count", "1/4 (25.0%)"), ("percent", "25.0%"), ("asked", "4")]),
        (0, 0, 6, [("count", "not recomputed"), ("asked", "0")]),
    ],
)
def test_recorded_totals_that_differ(
    differing: int, could: int, total: int, expected: list[tuple[str, str]]
) -> None:
    """A share without an interval: the totals are no sample; how many could be recomputed stands beside it."""
    run = analysis.make_run({"x": {"baseline": [1.0]}})
    _add_totals(run, Place(analysis="findings", variable="x_recorded"), differing, could, total)
    rows = run.numbers.frame().select("statistic", "text").rows()
    assert [(name, text if name != "count" or could else "not recomputed") for name, text in rows] == expected
    if not could:
        assert run.numbers.frame().filter(pl.col("statistic") == "count")["status"].to_list() == [
            "not_estimable"
        ]
