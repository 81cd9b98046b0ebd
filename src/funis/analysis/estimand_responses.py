"""Rates of response under an estimand, under each rule for missing responses, and against a known rate."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import polars as pl

from funis.analysis.cohorts import Cohort
from funis.analysis.panel import Booleans, Floats, Integers
from funis.analysis.response_rates import RESPONDER, responder_codes
from funis.analysis.run import Run
from funis.analysis.summary import subject_source
from funis.results import ALL, Place, format_count, format_number
from funis.stats.pooling import fill_responses
from funis.stats.proportion import clopper_pearson
from funis.stats.tests.compare import Comparison
from funis.stats.tests.contingency import binomial_test, fisher_exact
from funis.study.estimand import Estimand
from funis.study.model import Endpoint

_WORDS: Final = {1.0: "yes", 0.0: "no"}


@dataclass(frozen=True, slots=True)
class Rates:
    """Responses of every subject at one visit under one rule, and where their numbers go.

    Attributes
    ----------
    analysis, visit : of the rows
    codes : shape (subjects,), 1 yes, 0 no, NaN cannot be determined
    rule : what NaN counts as: observed, nonresponder, worst, best
    policy : rule for missing outcomes as the plan names it
    estimand : id of the estimand, empty for a sensitivity analysis
    """

    analysis: str
    visit: str
    codes: Floats
    rule: str
    policy: str
    estimand: str = ""

    def place(self, cohort: Cohort, definition: str) -> Place:
        """Give the place of the rates of a cohort: of an estimand, or of every responder."""
        if self.estimand:
            return cohort.place(self.analysis, definition, estimand=self.estimand)
        return cohort.place(self.analysis, definition, RESPONDER)

    def key(self, definition: str) -> str:
        """Name the responses, as part of the key of their sources."""
        return f"{self.estimand}: {definition}" if self.estimand else f"{definition}: {RESPONDER}"


def estimate_response(
    run: Run, visits: pl.DataFrame, estimand: Estimand, endpoint: Endpoint, days: dict[str, Floats]
) -> None:
    """Estimate the response rate of an estimand at each visit of its endpoint, and differences of arms.

    A composite event makes a non-responder from its day on; while on treatment takes the response at the
    last visit on or before its day, and none where there is none.
    """
    never = np.full(len(run.panel.subjects), np.nan)
    ended, failed = days.get("while_on_treatment", never), days.get("composite", never)
    for at in endpoint.at:
        codes = responder_codes(run, visits, endpoint, at)
        day = days_at(run, at)
        stops = day > ended
        if stops.any():
            codes = np.where(stops, _before(run, visits, endpoint, (at, ended)), codes)
        codes = np.where(day >= failed, 0.0, codes)
        # Carried forward, what is still unknown stays unknown.
        rule = "observed" if endpoint.missing_outcome == "locf" else endpoint.missing_outcome
        rates = Rates("estimand", at, codes, rule, endpoint.missing_outcome, estimand.id)
        add_rates(run, endpoint, rates)


def days_at(run: Run, visit: str) -> Floats:
    """Give the study day of a visit for every subject, the planned day where it is not known."""
    planned = float(run.study.visit(visit).day) if visit in run.study.visit_names else np.nan
    if visit not in run.panel.visits:
        return np.full(len(run.panel.subjects), planned)
    days = run.panel.days[:, run.panel.visit_index(visit)]
    return np.where(np.isnan(days), planned, days)


def _before(run: Run, visits: pl.DataFrame, endpoint: Endpoint, until: tuple[str, Floats]) -> Floats:
    """Give the response at the last visit on or before each subject's last day on treatment."""
    at, ended = until
    found = np.zeros(len(run.panel.subjects))
    for visit in run.study.follow_up_visits:
        if visit.name == at or visit.day > run.study.visit(at).day:
            break
        now = days_at(run, visit.name) <= ended
        codes = responder_codes(run, visits, endpoint, visit.name)
        found = np.where(now & ~np.isnan(codes), codes, found)
    return found


def add_rates(run: Run, endpoint: Endpoint, rates: Rates) -> None:
    """Add the rate of every arm with its exact interval, and the differences from the control arm."""
    texts = [_WORDS.get(float(code), "cannot tell") for code in rates.codes]
    rows = run.observe(f"{rates.key(endpoint.definition)} {endpoint.id} {rates.visit}", texts)
    counts: dict[str, tuple[int, int]] = {}
    for cohort in run.populations.every_arm(endpoint.population):
        filled, counted = _fill(run, rates, cohort.members)
        counts[cohort.arm] = (int(filled.sum()), len(filled))
        chosen = np.zeros(len(cohort.members), dtype=np.bool_)
        chosen[np.flatnonzero(cohort.members)[counted]] = True
        place = _place(run, endpoint, rates, (rates.place(cohort, endpoint.definition), chosen, rows))
        add_rate_of(run, place, counts[cohort.arm], run.level_of(endpoint))
    whole = run.populations.cohort(endpoint.population)
    source = _place(run, endpoint, rates, (rates.place(whole, endpoint.definition), whole.members, rows))
    add_differences(run, source, counts, run.level_of(endpoint))
    if not run.populations.arms and endpoint.null_rate is not None:
        found = binomial_test(*counts[ALL], endpoint.null_rate, level=run.level_of(endpoint))
        count = counts[ALL][1]
        run.numbers.add(replace(source, n=count, denominator=count), "p", found.p, method="binomial")


def add_differences(run: Run, place: Place, counts: dict[str, tuple[int, int]], level: float) -> None:
    """Add the difference of each arm from the control arm, with its interval and P.

    Parameters
    ----------
    run : the analysis on its way
    place : of the whole population; arm and n are set here
    counts : counted and total of each arm
    level : of the interval
    """
    for arm, control, found in compare_arms(run, counts, level):
        own = replace(place, arm=arm, contrast=control, n=found.n, denominator=found.n)
        for statistic in ("estimate", "lower", "upper"):
            value = 100 * float(getattr(found, statistic))
            run.numbers.add(own, statistic, value, text=f"{format_number(value, 1)}%", method="newcombe")
        run.numbers.add(own, "p", found.p, method="fisher")


def compare_arms(
    run: Run, counts: dict[str, tuple[int, int]], level: float
) -> list[tuple[str, str, Comparison]]:
    """Compare the rate of each arm with that of the control arm, by Fisher's exact test."""
    control = run.study.control_arm
    if control is None:
        return []
    others = [arm for arm in run.populations.arms if arm != control and counts[arm][1] and counts[control][1]]
    return [(arm, control, fisher_exact(*counts[arm], *counts[control], level=level)) for arm in others]


def _fill(run: Run, rates: Rates, members: Booleans) -> tuple[Floats, Booleans]:
    control = run.study.control_arm
    arms = run.populations.arms
    reference = arms[control][members] if control is not None and control in arms else None
    return fill_responses(rates.codes[members], rates.rule, reference=reference)


def _place(run: Run, endpoint: Endpoint, rates: Rates, about: tuple[Place, Booleans, Integers]) -> Place:
    place, chosen, rows = about
    cohort = run.populations.cohort(place.population, place.subgroup, place.arm)
    count = int(chosen.sum())
    key = f"{endpoint.id} {rates.key(endpoint.definition)} {rates.visit} {rates.rule}"
    return replace(
        place, visit=rates.visit or ALL, endpoint=endpoint.id, n=count, denominator=count,
        missing_outcome=rates.policy, source=subject_source(run, cohort, key, chosen, rows),
    )  # fmt: skip


def add_rate_of(run: Run, place: Place, counted: tuple[int, int], level: float) -> None:
    """Add a share, counted and total, with its exact interval; over nobody it has no value."""
    count, total = counted
    percent = 100 * count / total if total else None
    method = "clopper_pearson"
    run.numbers.add(place, "estimate", percent, text=format_count(count, total), method=method)
    if not total:
        return
    found = clopper_pearson(count, total, level)
    for statistic, value in (("lower", 100 * found.lower), ("upper", 100 * found.upper)):
        run.numbers.add(place, statistic, value, text=f"{format_number(value, 1)}%", method=method)
