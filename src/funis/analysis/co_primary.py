"""The verdict over several primary endpoints, by the rule that the study file declares for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import polars as pl

from funis.analysis.multiplicity import Hypothesis, find_tests, hypothesis_of
from funis.analysis.run import Run
from funis.nine_decimals import compare_exactly, round_exactly
from funis.results import ALL, Place, format_number
from funis.study.model import Endpoint

PASSED: Final = "passed"
FAILED: Final = "failed"
NOT_REACHED: Final = "not judged, since one before it failed"
SUCCESS: Final = {True: "success", False: "no success"}


@dataclass(frozen=True, slots=True)
class Judged:
    """One primary endpoint against the level it is judged at.

    Attributes
    ----------
    place : where its numbers stand
    method, p, level : the test that decides, its P and what P is compared with; None where there is none
    has_passed : None where it cannot be judged
    text : the verdict in words
    """

    place: Place
    method: str
    p: float | None
    has_passed: bool | None
    text: str
    level: float | None = None


def judge_primary_endpoints(run: Run, visits: pl.DataFrame) -> None:
    """Judge the primary endpoints together, as ``[co_primary]`` says; nothing where there is one, or no rule.

    Parameters
    ----------
    run : the analysis on its way, with the tests and performance goals of the endpoints
    visits : one row per subject and visit with the scored columns

    Notes
    -----
    An endpoint passes where the P of its deciding test is at most the level, and a response rate lies above
    what it is tested against; with a performance goal it passes where that is met (its P is one-sided, and
    its level half). In order, what stands behind the first that does not pass is not judged.
    """
    plan, endpoints = run.study.co_primary, run.study.primary_endpoints
    if plan is None or len(endpoints) < 2:
        return
    level = run.study.trial.alpha / (len(endpoints) if plan.success == "any" else 1)
    tests = find_tests(run)
    judged = [_judge(run, visits, (tests, each), level) for each in endpoints]
    if plan.success == "in_order":
        judged = stop_at_first(judged)
    for each in judged:
        if each.p is not None:
            run.numbers.add(each.place, "level", each.level, text=_print_level(each.level or 0.0))
            run.numbers.add(each.place, "p", each.p, method=each.method)
        value = None if each.has_passed is None else float(each.has_passed)
        run.numbers.add(each.place, "passed", value, text=each.text)
    place = replace(
        run.populations.cohort().place("co_primary", "primary_endpoints"), n=None, denominator=None
    )
    count = sum(each.has_passed is True for each in judged)
    run.numbers.add(replace(place, denominator=len(judged)), "count", count, text=f"{count} of {len(judged)}")
    verdict = succeed(plan.success, [each.has_passed for each in judged])
    run.numbers.add(
        place, "passed", None if verdict is None else float(verdict),
        text="cannot be judged" if verdict is None else SUCCESS[verdict],
    )  # fmt: skip


def _print_level(level: float) -> str:
    """Print a level with at most five decimals."""
    return format_number(level, 5).rstrip("0")


def stop_at_first(judged: Sequence[Judged]) -> list[Judged]:
    """Leave what stands behind the first that did not pass without a verdict."""
    found: list[Judged] = []
    is_open = True
    for each in judged:
        found.append(each if is_open else replace(each, has_passed=None, text=NOT_REACHED))
        is_open = is_open and each.has_passed is True
    return found


def succeed(rule: str, passed: Sequence[bool | None]) -> bool | None:
    """Tell whether the trial succeeds by a rule; None where what cannot be judged could decide it.

    Parameters
    ----------
    rule : ``all``, ``any`` or ``in_order``; in order the first endpoint decides about success
    passed : of each primary endpoint, None for one that cannot be judged

    Examples
    --------
    >>> succeed("all", [True, None]), succeed("all", [False, None]), succeed("any", [True, None])
    (None, False, True)
    >>> succeed("in_order", [True, False, None]), succeed("in_order", [False, None, None])
    (True, False)
    """
    if rule == "in_order":
        return passed[0]
    decides = rule == "any"
    if decides in passed:
        return decides
    return None if None in passed else not decides


def _judge(run: Run, visits: pl.DataFrame, about: tuple[pl.DataFrame, Endpoint], level: float) -> Judged:
    """Judge one endpoint by its performance goal, else by the P of its deciding test."""
    tests, endpoint = about
    place = replace(
        run.populations.cohort(endpoint.population).place("co_primary", endpoint.definition or "endpoint"),
        endpoint=endpoint.id,
    )  # fmt: skip
    plan = run.study.multiplicity
    named = plan.visits.get(endpoint.id, "") if plan is not None else ""
    if endpoint.kind not in {"change", "response"}:
        return Judged(place, "", None, None, f"cannot be judged: no test belongs to kind {endpoint.kind}")
    if len(endpoint.all_variables) > 1 or (len(endpoint.at) != 1 and not named):
        what = "variables" if len(endpoint.all_variables) > 1 else "visits"
        return Judged(place, "", None, None, f"cannot be judged: it has several {what}")
    if endpoint.performance_goal is not None and not run.populations.arms:
        return _judge_goal(run, replace(place, visit=named or endpoint.at[0]), 1 - run.level_of(endpoint))
    if endpoint.kind == "response" and not run.populations.arms and endpoint.null_rate is None:
        return Judged(place, "", None, None, "cannot be judged: no rate is named to test it against")
    return _judge_test(hypothesis_of(run, visits, tests, endpoint), level)


def _judge_goal(run: Run, place: Place, level: float) -> Judged:
    found = run.numbers.frame().filter(
        pl.col("analysis") == "performance_goal", pl.col("endpoint") == place.endpoint,
        pl.col("visit") == place.visit, pl.col("arm") == ALL, pl.col("statistic").is_in(["met", "p"]),
    )  # fmt: skip
    told = {row["statistic"]: row for row in found.iter_rows(named=True)}
    met = told["met"]["value"] if "met" in told else None
    if met is None:
        return Judged(place, "", None, None, "cannot be judged: no response is known")
    taken = {name: told["p"][name] for name in ("n", "denominator", "missing_outcome", "source")}
    text, half = PASSED if met == 1 else FAILED, round_exactly(level / 2)
    place = replace(place, **taken)
    return Judged(place, "binomial_greater", told["p"]["value"], met == 1, text, half)


def _judge_test(found: Hypothesis, level: float) -> Judged:
    place = replace(found.place, analysis="co_primary")
    if found.p is None:
        return Judged(place, found.method, None, None, f"cannot be judged: {found.why}")
    is_below = bool(compare_exactly(found.p, "<=", level))
    has_passed = is_below and found.is_higher is not False
    return Judged(place, found.method, found.p, has_passed, PASSED if has_passed else FAILED, level)
