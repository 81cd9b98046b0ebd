"""Estimands: intercurrent events found in the data, what is done about them, and what is then estimated.

Where a subject has several events, a composite event decides first: from its day on the subject has failed.
Else the earliest event decides that is hypothetical or while on treatment. An event after the last visit of
the endpoint changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import polars as pl

from funis.analysis.asked import add_event_count
from funis.analysis.changes_used import fill_missing, visits_of
from funis.analysis.cohorts import Cohort
from funis.analysis.estimand_relapses import estimate_relapse
from funis.analysis.estimand_responses import estimate_response
from funis.analysis.paired_tests import add_comparison, run_test
from funis.analysis.panel import Floats, Matrix
from funis.analysis.run import Run, decimals_of, rows_behind
from funis.analysis.summary import subject_source
from funis.analysis.target import Target
from funis.errors import Finding
from funis.results import ALL, Place, format_shortest, name_change
from funis.stats.tests.compare import Comparison, two_sample_t
from funis.study.estimand import IMPUTED, Estimand
from funis.study.intercurrent import find_intercurrent_events
from funis.study.model import Endpoint

#: Events whose day is the last day seen where none is recorded.
_ENDS: Final = frozenset({"death", "withdrawal"})


@dataclass(frozen=True, slots=True)
class Events:
    """Study day of each intercurrent event of each subject.

    Attributes
    ----------
    days : by event, shape (subjects,), NaN where the subject has no such event
    found : one row a subject and event, with the place it was recorded at
    """

    days: dict[str, Floats]
    found: pl.DataFrame


def estimate_estimands(run: Run, visits: pl.DataFrame) -> tuple[Finding, ...]:
    """Estimate every estimand of the study file; one with an event without a strategy fails.

    Parameters
    ----------
    run : the analysis on its way
    visits : one row per subject and visit with the scored columns

    Returns
    -------
    tuple of Finding : one at error level for each event of a subject that an estimand says nothing about
    """
    if not run.study.estimands:
        return ()
    events = gather_events(run)
    findings: list[Finding] = []
    for estimand in run.study.estimands:
        endpoint = _own_endpoint(run, estimand)
        silent = list(_silent_events(run, estimand, endpoint, events))
        findings += silent
        _count_events(run, estimand, endpoint, events)
        if silent:
            names = ", ".join(dict.fromkeys(finding.value for finding in silent))
            _add_failure(run, estimand, endpoint, f"no strategy for: {names}")
        elif endpoint.kind == "response":
            estimate_response(run, visits, estimand, endpoint, strategy_days(estimand, events.days))
        elif endpoint.kind == "relapse":
            estimate_relapse(run, visits, estimand, endpoint, strategy_days(estimand, events.days))
        else:
            _estimate_change(run, estimand, endpoint, events)
    return tuple(findings)


def find_silent_events(run: Run) -> tuple[Finding, ...]:
    """Find the events of the data that an estimand has no strategy for, without estimating anything."""
    if not run.study.estimands:
        return ()
    events = gather_events(run)
    pairs = [(estimand, _own_endpoint(run, estimand)) for estimand in run.study.estimands]
    return tuple(finding for pair in pairs for finding in _silent_events(run, *pair, events))


def _own_endpoint(run: Run, estimand: Estimand) -> Endpoint:
    """Give the endpoint as the estimand uses it: its population, one variable, no subgroup, no adjustment."""
    endpoint = run.study.endpoint(estimand.endpoint)
    changed: dict[str, object] = {
        "population": estimand.population or endpoint.population,
        "subgroups": (),
        "subgroup_only": False,
        "adjust": "none",
    }
    if endpoint.kind == "change":
        changed |= {"variable": estimand.variable or endpoint.all_variables[0], "variables": ()}
    return endpoint.model_copy(update=changed)


# --- events ------------------------------------------------------------------------------------------


def gather_events(run: Run) -> Events:
    """Find the events and arrange their days by subject, in the order of the panel."""
    found = find_intercurrent_events(run.study, run.frames, run.subject_frame)
    seen = run.subject_frame["last_visit_day"].to_numpy().astype(np.float64)
    place = run.panel.layout.places
    days: dict[str, Floats] = {}
    for subject, event, day in found.select("subject", "event", "day").iter_rows():
        if subject not in place:
            continue
        row = place[subject]
        column = days.setdefault(event, np.full(len(place), np.nan))
        column[row] = seen[row] if day is None and event in _ENDS else (np.inf if day is None else day)
    return Events(days, found.filter(pl.col("subject").is_in(list(place))))


def strategy_days(estimand: Estimand, days: dict[str, Floats]) -> dict[str, Floats]:
    """Give, for each strategy, the day from which it applies to each subject; NaN where it never does."""
    found: dict[str, Floats] = {}
    for each in estimand.intercurrent_events:
        if each.event in days and each.strategy != "treatment_policy":
            own = found.get(each.strategy, np.full(len(days[each.event]), np.nan))
            found[each.strategy] = np.fmin(own, days[each.event])
    return found


def _horizon(run: Run, endpoint: Endpoint) -> Floats:
    """Give, for each subject, the day of the last visit of the endpoint; not seen, the end of its window."""
    names = [name for name in endpoint.at or run.study.visit_names if name in run.study.visit_names]
    if not names:
        return np.full(len(run.panel.subjects), np.inf)
    last = max((run.study.visit(name) for name in names), key=lambda visit: visit.day)
    if last.name not in run.panel.visits:
        return np.full(len(run.panel.subjects), float(last.closes))
    seen = run.panel.days[:, run.panel.visit_index(last.name)]
    return np.where(np.isnan(seen), last.closes, seen)


def _silent_events(run: Run, estimand: Estimand, endpoint: Endpoint, events: Events) -> Iterator[Finding]:
    """Give a finding for each event that happened to a member before the last visit and has no strategy."""
    named = {each.event for each in estimand.intercurrent_events}
    members = run.populations.cohort(endpoint.population).members
    horizon = _horizon(run, endpoint)
    place = run.panel.layout.places
    for row in events.found.iter_rows(named=True):
        event, position = row["event"], place[row["subject"]]
        day = events.days[event][position]
        is_undated = np.isinf(day)
        if (
            not members[position]
            or (event in named and not is_undated)
            or (day > horizon[position] and not is_undated)
        ):
            continue
        when = "on a day that is not recorded" if is_undated else f"on day {format_shortest(day)}"
        said = "it must have a day" if event in named else "has no strategy for it"
        fix = (
            "Fill its first day."
            if event in named
            else f'Add {{event = "{event}", strategy = "..."}} to its intercurrent_events.'
        )
        yield Finding(
            level="error", code="intercurrent_event", table=row["table"], file=row["file"],
            line=row["line"], column="", value=event,
            message=f"An intercurrent event {when}, and the estimand '{estimand.id}' {said}."
            if event not in named
            else f"An intercurrent event {when}; for the estimand '{estimand.id}' {said}.",
            fix=fix, subject=row["subject"],
        )  # fmt: skip


def _count_events(run: Run, estimand: Estimand, endpoint: Endpoint, events: Events) -> None:
    """Count the subjects with each event up to the last visit, whether or not it has a strategy."""
    horizon = _horizon(run, endpoint)
    strategies: dict[str, str] = {each.event: each.strategy for each in estimand.intercurrent_events}
    names = dict.fromkeys((*strategies, *events.days))
    nobody = np.full(len(run.panel.subjects), np.nan)
    for cohort in run.populations.every_arm(endpoint.population):
        for name in names:
            days = events.days.get(name, nobody)
            chosen = cohort.members & ((days <= horizon) | np.isinf(days))
            texts = [f"day {format_shortest(day)}" if np.isfinite(day) else "" for day in days]
            rows = run.observe(f"intercurrent event: {name}", texts)
            place = replace(
                cohort.place("estimand", name, estimand=estimand.id),
                endpoint=endpoint.id,
                source=subject_source(run, cohort, f"{estimand.id}: {name}", chosen, rows),
            )
            add_event_count(run, place, name, chosen, cohort.members, method=strategies.get(name, ""))


# --- a change ----------------------------------------------------------------------------------------


def _estimate_change(run: Run, estimand: Estimand, endpoint: Endpoint, events: Events) -> None:
    """Apply the strategies to the changes and estimate: imputation, model, or a test at each visit."""
    variable = endpoint.variable
    if variable not in run.panel.changes:
        _add_failure(run, estimand, endpoint, "no change was recorded")
        return
    changed = apply_strategies(run, estimand, variable, strategy_days(estimand, events.days))
    within = replace(run, panel=replace(run.panel, changes={**run.panel.changes, variable: changed}))
    if endpoint.missing_outcome in IMPUTED:
        from funis.analysis.imputation import compare_imputed

        compare_imputed(within, endpoint, variable, Target("estimand", estimand.id))
    elif "mmrm" in endpoint.methods:
        from funis.analysis.models import fit_variable

        cohort = run.populations.cohort(endpoint.population)
        fit_variable(within, endpoint, variable, cohort, Target("estimand", estimand.id))
    else:
        _test_changes(within, estimand, endpoint)


def apply_strategies(run: Run, estimand: Estimand, variable: str, days: dict[str, Floats]) -> Matrix:
    """Give the changes of a variable as the strategies of an estimand use them.

    Parameters
    ----------
    run : the analysis on its way
    estimand : its value of a composite event
    variable : without the ending of a change
    days : by strategy, shape (subjects,), day from which it applies, NaN where it never does

    Returns
    -------
    Matrix : hypothetical, missing after the event; while on treatment, the last change on or before its
        day (0 where there is none after baseline); composite, the declared value from the event on
    """
    observed, base = run.panel.changes[variable], run.panel.baselines[variable]
    values, rows, censored = observed.values.copy(), observed.rows.copy(), observed.censored.copy()
    never = np.full(len(base.values), np.nan)
    failed, missing, ended = (
        days.get(each, never) for each in ("composite", "hypothetical", "while_on_treatment")
    )
    at = _visit_days(run)
    last, last_rows = np.where(np.isnan(base.values), np.nan, 0.0), base.rows.copy()
    for visit in _follow_up(run):
        day = at[:, visit]
        stops = (day > ended) & ~(missing < ended)
        values[stops, visit], rows[stops, visit] = last[stops], last_rows[stops]
        censored[stops, visit] = 0
        lacks = (day > missing) & ~(ended <= missing)
        values[lacks, visit], rows[lacks, visit], censored[lacks, visit] = np.nan, -1, 0
        fails = day >= failed
        if estimand.composite_value is not None:
            values[fails, visit], rows[fails, visit] = estimand.composite_value, base.rows[fails]
            censored[fails, visit] = 0
        known = ~np.isnan(observed.values[:, visit]) & ~(day > ended)
        last, last_rows = (
            np.where(known, observed.values[:, visit], last),
            np.where(known, observed.rows[:, visit], last_rows),
        )
    return Matrix(values, rows, censored)


def _follow_up(run: Run) -> list[int]:
    return [i for i, name in enumerate(run.panel.visits) if name != run.panel.layout.baseline]


def _visit_days(run: Run) -> Floats:
    """Give the study day of each visit of each subject, the planned day where it is not known."""
    return np.where(np.isnan(run.panel.days), np.array(run.panel.layout.planned)[None, :], run.panel.days)


def _test_changes(run: Run, estimand: Estimand, endpoint: Endpoint) -> None:
    """Estimate the mean or median change at each visit, and the difference of arms by Welch's t test."""
    variable = endpoint.variable
    matrix, rule = fill_missing(run, endpoint, variable)
    method = "wilcoxon" if estimand.summary == "median change" else "paired_t"
    for visit in visits_of(run, endpoint):
        samples: dict[str, Floats] = {}
        for cohort in run.populations.every_arm(endpoint.population):
            chosen = np.flatnonzero(cohort.members & ~np.isnan(matrix.values[:, visit]))
            place = _change_place(run, endpoint, cohort, (estimand.id, matrix, rule), visit)
            samples[cohort.arm] = matrix.values[chosen, visit]
            if method == "paired_t" and (matrix.censored[chosen, visit] != 0).any():
                why = "values beyond what the assay measures have no mean"
                run.numbers.add(place, "estimate", None, text=why, method=method)
                continue
            found = run_test(run, endpoint, samples[cohort.arm], method)
            add_comparison(run, place, found, method, decimals_of(run, variable, samples[cohort.arm]))
        whole = run.populations.cohort(endpoint.population)
        place = _change_place(run, endpoint, whole, (estimand.id, matrix, rule), visit)
        _add_differences(run, endpoint, place, samples)


def _change_place(
    run: Run, endpoint: Endpoint, cohort: Cohort, filled: tuple[str, Matrix, str], visit: int
) -> Place:
    (estimand, matrix, rule), measure = filled, endpoint.variable
    chosen = np.flatnonzero(cohort.members & ~np.isnan(matrix.values[:, visit]))
    rows = rows_behind(run.panel, measure, matrix, visit, chosen)
    label = run.panel.visits[visit]
    return replace(
        cohort.place_of_change("estimand", measure, estimand=estimand),
        visit=label,
        endpoint=endpoint.id,
        n=len(chosen),
        missing=run.policy(measure),
        missing_outcome=rule,
        source=run.source(cohort, f"{estimand}: {name_change(measure)}", label, rows),
    )


def _add_differences(run: Run, endpoint: Endpoint, place: Place, samples: dict[str, Floats]) -> None:
    control = run.study.control_arm
    for arm in run.populations.arms if control else ():
        if arm == control:
            continue
        found: Comparison = two_sample_t(samples[arm], samples[control or ""], level=run.level_of(endpoint))
        digits = decimals_of(run, place.measure, samples[arm])
        add_comparison(run, replace(place, arm=arm, contrast=control or ""), found, "welch", digits)


def _add_failure(run: Run, estimand: Estimand, endpoint: Endpoint, why: str) -> None:
    """Add the rows of an estimand that cannot be estimated: no value, and why."""
    cohort = run.populations.cohort(endpoint.population)
    named = endpoint.at or [run.panel.visits[each] for each in visits_of(run, endpoint)]
    for visit in (ALL,) if endpoint.kind == "relapse" else named:
        about = (
            cohort.place_of_change("estimand", endpoint.variable, estimand=estimand.id)
            if endpoint.kind == "change"
            else cohort.place("estimand", "relapse", estimand=estimand.id)
            if endpoint.kind == "relapse"
            else cohort.place("estimand", endpoint.definition, estimand=estimand.id)
        )
        place = replace(about, visit=visit or ALL, endpoint=endpoint.id)
        run.numbers.add(place, "estimate", None, text=why, status="failed")
