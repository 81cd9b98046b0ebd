"""The response rate of a single-arm trial against a goal that was set beforehand."""

from __future__ import annotations

from dataclasses import replace

from funis.analysis.response_rates import RESPONDER, Answers
from funis.analysis.run import Run, add_rate
from funis.analysis.summary import subject_source
from funis.nine_decimals import compare_exactly
from funis.results import ALL, format_number, format_shortest
from funis.stats.tests.contingency import binomial_test
from funis.study.model import Endpoint

MET = "met"
NOT_MET = "not met"


def compare_with_goal(run: Run, endpoint: Endpoint, answers: Answers) -> None:
    """Compare the lower confidence limit of a response rate with the endpoint's performance goal.

    The limit is that of the exact (Clopper-Pearson) interval of the endpoint: one-sided, it has half of its
    error. It lies above the goal exactly where the exact one-sided binomial test against the goal has a P
    below that half.

    Parameters
    ----------
    run : the analysis on its way; numbers of the analysis ``performance_goal`` are added
    endpoint : of kind response; without a goal, or in a trial with arms, nothing is added
    answers : its responses at one visit, missing ones filled as the endpoint says
    """
    goal = endpoint.performance_goal
    if goal is None or run.populations.arms:
        return
    cohort = run.populations.cohort(endpoint.population)
    known, responders = answers.determinate & cohort.members, answers.responders & cohort.members
    count, total = int(responders.sum()), int(known.sum())
    visit = answers.visit or ALL
    place = replace(
        cohort.place("performance_goal", answers.definition, RESPONDER),
        visit=visit,
        endpoint=endpoint.id,
        n=total,
        denominator=total,
        missing_outcome=endpoint.missing_outcome,
        source=subject_source(run, cohort, f"{endpoint.id} goal {visit}", known, answers.rows),
    )
    run.numbers.add(place, "goal", 100 * goal, text=f"{format_shortest(100 * goal)}%")
    if not total:
        run.numbers.add(place, "met", None, text="cannot tell")
        return
    add_rate(run, place, count, level=run.level_of(endpoint), limits=False)
    found = binomial_test(count, total, goal, level=run.level_of(endpoint), alternative="greater")
    lower = 100 * found.lower
    run.numbers.add(place, "lower", lower, text=f"{format_number(lower, 1)}%", method="clopper_pearson")
    run.numbers.add(place, "p", found.p, method="binomial_greater")
    is_met = bool(compare_exactly(found.lower, ">", goal))
    run.numbers.add(place, "met", float(is_met), text=MET if is_met else NOT_MET)
