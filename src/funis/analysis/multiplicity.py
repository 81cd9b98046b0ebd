"""Gatekeeping: one P value of each endpoint named in the study file, adjusted together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import polars as pl

from funis.analysis.response_rates import RESPONDER, responder_codes
from funis.analysis.run import Run
from funis.nine_decimals import compare_exactly
from funis.results import ALL, Place
from funis.stats.tests import adjust
from funis.stats.tests.contingency import binomial_test, fisher_exact
from funis.study.estimand import IMPUTED, Multiplicity
from funis.study.model import Endpoint

#: Name of the method where families are opened one after the other.
SERIAL: Final = "serial_holm"


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """The P value that decides about one endpoint, its test, and its place; None where there is none.

    Attributes
    ----------
    endpoint, place : whose P it is, and where it stands
    method, p : the test and its P
    why : why there is no P
    is_higher : of a response rate, whether it is higher than what it is tested against
    """

    endpoint: str
    place: Place
    method: str
    p: float | None
    why: str = ""
    is_higher: bool | None = None


def adjust_endpoints(run: Run, visits: pl.DataFrame) -> None:
    """Adjust the P values of the endpoints of ``[multiplicity]`` and add each with its adjusted one.

    An endpoint that gave no P value counts as P = 1, so that it opens nothing.
    """
    plan = run.study.multiplicity
    if plan is None:
        return
    listed = find_tests(run)
    tests = [hypothesis_of(run, visits, listed, run.study.endpoint(name)) for name in plan.order]
    adjusted = adjust_together(plan, [1.0 if each.p is None else each.p for each in tests])
    named = SERIAL if plan.families else plan.method
    for each, value in zip(tests, adjusted, strict=True):
        run.numbers.add(
            each.place, "p", each.p, text=None if each.p is not None else each.why, method=each.method
        )
        place = replace(each.place, adjustment=named)
        if each.p is None:
            run.numbers.add(place, "p_adjusted", None, text=each.why, method=each.method)
        else:
            run.numbers.add(place, "p_adjusted", value, method=each.method)


def adjust_together(plan: Multiplicity, p: list[float]) -> list[float]:
    """Adjust P values as the plan says.

    Parameters
    ----------
    plan : its method, families, weights and transitions
    p : one for each endpoint, in the order of the plan

    Returns
    -------
    list of float : adjusted, in the same order

    Examples
    --------
    >>> plan = Multiplicity(method="fixed_sequence", endpoints=("a", "b", "c"))
    >>> adjust_together(plan, [0.01, 0.2, 0.03])
    [0.01, 0.2, 0.2]
    """
    if plan.families:
        found = adjust.serial_gatekeeping(p, [len(family) for family in plan.families])
    elif plan.method == "graph":
        found = adjust.gatekeeping(p, plan.weights, plan.transitions).adjusted
    else:
        found = getattr(adjust, plan.method)(p)
    return [float(each) for each in np.asarray(found)]


def find_tests(run: Run) -> pl.DataFrame:
    """Give the P values of tests and models of whole populations, one row each."""
    return run.numbers.frame().filter(
        pl.col("statistic") == "p", pl.col("analysis").is_in(["test", "mmrm"]), pl.col("subgroup") == ALL
    )


def hypothesis_of(run: Run, visits: pl.DataFrame, listed: pl.DataFrame, endpoint: Endpoint) -> Hypothesis:
    """Give the P value that decides about an endpoint.

    Parameters
    ----------
    run : the analysis on its way
    visits : one row per subject and visit with the scored columns
    listed : as `find_tests` gives them
    endpoint : of kind change or response
    """
    plan = run.study.multiplicity
    chosen = plan.visits.get(endpoint.id, "") if plan is not None else ""
    visit = chosen or (endpoint.at[0] if endpoint.at else ALL)
    if endpoint.kind == "response":
        return _response_hypothesis(run, visits, endpoint, visit)
    method = decisive_method(endpoint)
    rows = listed.filter(
        pl.col("endpoint") == endpoint.id,
        pl.col("visit") == visit,
        pl.col("method") == method,
        pl.col("contrast") != "" if run.study.arms else pl.col("arm") == ALL,
    )
    cohort = run.populations.cohort(endpoint.population)
    measure = endpoint.all_variables[0]
    place = replace(cohort.place_of_change("multiplicity", measure), endpoint=endpoint.id, visit=visit)
    if rows.is_empty():
        return Hypothesis(endpoint.id, place, method, None, "the test was not made")
    row = rows.row(0, named=True)
    taken = {name: row[name] for name in ("arm", "contrast", "n", "missing", "missing_outcome", "source")}
    place = replace(place, **taken)
    return Hypothesis(endpoint.id, place, method, row["value"], row["text"])


def decisive_method(endpoint: Endpoint) -> str:
    """Name the test whose P decides: imputation where it is planned, else mmrm, else the first test."""
    if endpoint.missing_outcome in IMPUTED:
        return endpoint.missing_outcome
    if "mmrm" in endpoint.methods:
        return "mmrm"
    return next((method for method in endpoint.methods if method != "bootstrap"), "")


def _response_hypothesis(run: Run, visits: pl.DataFrame, endpoint: Endpoint, visit: str) -> Hypothesis:
    """Test the responders against the known rate, or against the control arm."""
    codes = responder_codes(run, visits, endpoint, visit)
    rule = endpoint.missing_outcome
    if rule == "nonresponder" or (rule == "worst" and not run.populations.arms):
        codes = np.where(np.isnan(codes), 0.0, codes)
    control = run.study.control_arm
    if rule == "worst" and control is not None and control in run.populations.arms:
        codes = np.where(np.isnan(codes), run.populations.arms[control].astype(float), codes)
    whole = run.populations.cohort(endpoint.population)
    determinate = whole.members & ~np.isnan(codes)
    place = replace(
        whole.place("multiplicity", endpoint.definition, RESPONDER), endpoint=endpoint.id, visit=visit,
        n=int(determinate.sum()), denominator=int(determinate.sum()), missing_outcome=rule,
    )  # fmt: skip
    if run.populations.arms and control is not None:
        other = next(arm for arm in run.populations.arms if arm != control)
        pair = [(determinate & run.populations.arms[arm]) for arm in (other, control)]
        counts = [(int(codes[each].sum()), int(each.sum())) for each in pair]
        if not all(total for _, total in counts):
            return Hypothesis(endpoint.id, place, "fisher", None, "an arm is empty")
        found = fisher_exact(*counts[0], *counts[1])
        (first, of_first), (second, of_second) = counts
        place = replace(place, arm=other, contrast=control)
        is_higher = first * of_second > second * of_first
        return Hypothesis(endpoint.id, place, "fisher", found.p, is_higher=is_higher)
    if not determinate.any() or endpoint.null_rate is None:
        return Hypothesis(endpoint.id, place, "binomial", None, "no response can be determined")
    count, total = int(codes[determinate].sum()), int(determinate.sum())
    found = binomial_test(count, total, endpoint.null_rate)
    is_higher = bool(compare_exactly(count / total, ">", endpoint.null_rate))
    return Hypothesis(endpoint.id, place, "binomial", found.p, is_higher=is_higher)
