"""Time in a state: for what share of the time between visits it holds, and how long without a break."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from funis.analysis.cohorts import Cohort
from funis.analysis.panel import Booleans, Floats
from funis.analysis.response_rates import Answers
from funis.analysis.run import Run, add_rate
from funis.analysis.summary import add_summary, subject_source
from funis.catalogue.registry import response_definition
from funis.results import ALL, NOT_AVAILABLE, Place
from funis.study.model import Endpoint

ANALYSIS: Final = "time_in_state"
#: Percent of the time in the state; days of its longest run; whether the share is a half or more.
SHARE: Final = "share"
LONGEST: Final = "longest_days"
HALF: Final = "half_or_more"
_HALF_PERCENT: Final = 50.0


def describe_time_in_state(run: Run, endpoint: Endpoint, judged: Sequence[Answers]) -> None:
    """Describe the share of time in a response and the longest time in it without a break.

    Parameters
    ----------
    run : the analysis on its way
    endpoint : of kind response; nothing is added where its definition is no state, or of one visit
    judged : its responses, one for each visit in ``at``

    Notes
    -----
    Between two visits in a row of ``at``, both made and told, the state holds all the time where it holds at
    both, half of it where it holds at one, and none where it holds at neither. Other times belong to nobody.
    The longest run goes from the first to the last of visits in a row that show the state; one visit alone
    is a run of 0 days. Answers that were filled by a rule for missing outcomes are left out.
    """
    if len(judged) < 2 or not response_definition(endpoint.definition).is_state:
        return
    ordered = sorted(judged, key=lambda each: run.study.visit(each.visit).day)
    days, states = _states_of(ordered)
    observed, within = time_within(days, states)
    share = np.where(observed > 0, 100.0 * within / np.where(observed > 0, observed, 1.0), np.nan)
    longest = np.where(observed > 0, _longest_run(days, states), np.nan)
    for cohort in run.populations.of_endpoint(endpoint):
        _describe(run, endpoint, cohort, (share, longest, ordered[-1]))


def _states_of(judged: Sequence[Answers]) -> tuple[Floats, Floats]:
    """Give the day of each visit and 1 or 0 for the state, shape (visits, subjects); NaN where open."""
    days, states = [], []
    for answers in judged:
        day = answers.answers["response_day"].cast(float).to_numpy(allow_copy=True).astype(np.float64)
        told = ~np.isnan(day) & answers.determinate & ~answers.filled
        days.append(np.where(told, day, np.nan))
        states.append(np.where(told, answers.responders.astype(np.float64), np.nan))
    return np.array(days), np.array(states)


def time_within(days: Floats, states: Floats) -> tuple[Floats, Floats]:
    """Give the days observed between visits in a row, and how many of them the state held.

    Parameters
    ----------
    days : shape (visits, subjects), day of each visit; NaN where it was missed or the state is open
    states : the same shape, 1 or 0 for the state at the visit

    Returns
    -------
    two float arrays, shape (subjects,)

    Examples
    --------
    >>> observed, within = time_within(np.array([[30.0], [60.0], [120.0]]), np.array([[0.0], [1.0], [1.0]]))
    >>> float(observed[0]), float(within[0])
    (90.0, 75.0)
    """
    spans = np.diff(days, axis=0)
    means = (states[1:] + states[:-1]) / 2
    known = ~np.isnan(spans) & (spans > 0)
    observed: Floats = np.where(known, spans, 0.0).sum(axis=0)
    within: Floats = np.where(known, spans * means, 0.0).sum(axis=0)
    return observed, within


def _longest_run(days: Floats, states: Floats) -> Floats:
    """Give the days of the longest run of visits in a row that show the state; 0 where none does."""
    longest, current = np.zeros(days.shape[1]), np.zeros(days.shape[1])
    for span, before, now in zip(np.diff(days, axis=0), states[:-1], states[1:], strict=True):
        goes_on = (before == 1) & (now == 1) & (span > 0)
        current = np.where(goes_on, current + np.where(goes_on, span, 0.0), 0.0)
        longest = np.maximum(longest, current)
    return longest


def _describe(run: Run, endpoint: Endpoint, cohort: Cohort, found: tuple[Floats, Floats, Answers]) -> None:
    share, longest, last = found
    observed: Booleans = ~np.isnan(share) & cohort.members
    size = int(observed.sum())
    source = subject_source(run, cohort, f"{endpoint.id} {ANALYSIS}", observed, last.rows) if size else ""
    whole = replace(
        cohort.place(ANALYSIS, endpoint.definition), visit=ALL, endpoint=endpoint.id, n=size, source=source,
        missing_outcome=endpoint.missing_outcome,
    )  # fmt: skip
    if not size:
        run.numbers.add(_at(whole, SHARE), "n", None, text=NOT_AVAILABLE, status="nobody")
        return
    level = run.level_of(endpoint)
    add_summary(run, _at(whole, SHARE), share[observed], interval=False)
    add_summary(run, _at(whole, LONGEST), longest[observed], interval=False)
    half = observed & (share >= _HALF_PERCENT)
    add_rate(run, replace(_at(whole, HALF), denominator=size), int(half.sum()), level=level)


def _at(place: Place, what: str) -> Place:
    return replace(place, category=what)
