"""Rates of flares: events and time of each subject over the visits of a response that names flares."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from funis.analysis.between_arms import arms_beside
from funis.analysis.cohorts import Cohort
from funis.analysis.panel import Booleans, Floats, Integers
from funis.analysis.response_rates import Answers
from funis.analysis.run import Run
from funis.analysis.summary import subject_source
from funis.catalogue.registry import response_definition
from funis.responses.specification_curve import FLARES
from funis.results import ALL, NOT_AVAILABLE, Place, format_number, format_p
from funis.stats.rates import EventRate, exact_rate, negative_binomial_rate, negative_binomial_ratio
from funis.study.model import Endpoint
from funis.study.time_bands import DAYS_PER_YEAR

ANALYSIS: Final = "event_rate"
#: Any flare, whatever its class.
ANY: Final = "any"


@dataclass(frozen=True, slots=True)
class _Counted:
    """Flares of one class, or of any, in the order of the panel.

    Attributes
    ----------
    category : the class
    counts : shape (subjects,), how many
    years : shape (subjects,), the time in which they were looked for
    unclear : shape (subjects,), visits that were made and of which it cannot be told
    rows : observation of each subject's answer at the last visit
    """

    category: str
    counts: Floats
    years: Floats
    unclear: Integers
    rows: Integers

    @property
    def followed(self) -> Booleans:
        """Tell of whom some time was looked at."""
        found: Booleans = self.years > 0
        return found


def judges_flares(endpoint: Endpoint) -> bool:
    """Tell whether an endpoint of kind response judges flares, of which nobody "still responds"."""
    return response_definition(endpoint.definition).family == FLARES


def count_flare_rates(run: Run, endpoint: Endpoint, judged: Sequence[Answers]) -> None:
    """Add flares a year of a flare definition: exact Poisson, negative binomial, and the ratio between arms.

    Parameters
    ----------
    run : the analysis on its way
    endpoint : of kind response, whose definition judges flares
    judged : its answers, one for each visit in ``at``; without a visit there is no time and no rate

    Notes
    -----
    A flare is counted at the visit that shows it. The time runs from day 0 over the visits made; the time
    before a visit of which it cannot be told whether there was a flare belongs to nobody, and a missed visit
    to the next one, which is compared with the visit before. Answers that were filled by a rule for missing
    outcomes are left out.
    """
    if not endpoint.at:
        return
    found = response_definition(endpoint.definition)
    ordered = sorted(judged, key=lambda each: run.study.visit(each.visit).day)
    for counted in _count_classes(ordered, found.responding):
        for cohort in run.populations.of_endpoint(endpoint):
            _add_rates(run, endpoint, cohort, counted)
        for first, second, both in arms_beside(run, endpoint):
            _add_ratio(run, endpoint, (first, second, both), counted)


def _count_classes(judged: Sequence[Answers], classes: Sequence[str]) -> Iterator[_Counted]:
    """Count any flare, then each class where there are several."""
    years, unclear, told = _time_of(judged)
    rows = judged[-1].rows
    each = {ANY: classes} | ({name: (name,) for name in classes} if len(classes) > 1 else {})
    for category, names in each.items():
        counts = np.zeros(len(years))
        for answers, known in zip(judged, told, strict=True):
            for name in names:
                counts += answers.of_class(name) & known
        yield _Counted(category, counts, years, unclear, rows)


def _time_of(judged: Sequence[Answers]) -> tuple[Floats, Integers, list[Booleans]]:
    """Give the years of each subject, its visits that cannot be told, and who is told at each visit."""
    size = judged[0].answers.height
    last, days, unclear = np.zeros(size), np.zeros(size), np.zeros(size, dtype=np.int64)
    told = []
    for answers in judged:
        day = answers.answers["response_day"].cast(float).to_numpy(allow_copy=True).astype(np.float64)
        made = ~np.isnan(day) & (day > last) & ~answers.filled
        known = made & answers.determinate
        days += np.where(known, day - last, 0.0)
        unclear += made & ~known
        last = np.where(made, day, last)
        told.append(known)
    return days / DAYS_PER_YEAR, unclear, told


def _place_of(run: Run, endpoint: Endpoint, cohort: Cohort, counted: _Counted) -> Place:
    followed = counted.followed & cohort.members
    flared = followed & (counted.counts > 0)
    about = f"{endpoint.id} {ANALYSIS} {counted.category}"
    source = subject_source(run, cohort, about, flared, counted.rows) if flared.any() else ""
    place = cohort.place(ANALYSIS, endpoint.definition, counted.category)
    return replace(
        place, visit=ALL, endpoint=endpoint.id, n=int(followed.sum()), source=source,
        missing_outcome=endpoint.missing_outcome,
    )  # fmt: skip


def _add_rates(run: Run, endpoint: Endpoint, cohort: Cohort, counted: _Counted) -> None:
    """Add events, time, and the rate by both methods; over nobody there is none."""
    place = _place_of(run, endpoint, cohort, counted)
    inside = counted.followed & cohort.members
    if not inside.any():
        run.numbers.add(place, "events", None, text=NOT_AVAILABLE, status="nobody")
        return
    counts, years = counted.counts[inside], counted.years[inside]
    events, unclear = int(counts.sum()), int(counted.unclear[cohort.members].sum())
    run.numbers.add(place, "events", events, text=str(events))
    run.numbers.add(place, "person_years", float(years.sum()), text=format_number(float(years.sum()), 1))
    if unclear:
        run.numbers.add(place, "cannot_tell", unclear, text=str(unclear))
    level = run.level_of(endpoint)
    _add_rate(run, place, exact_rate(events, float(years.sum()), level), "exact_poisson")
    _add_rate(run, place, negative_binomial_rate(counts, years, level), "negative_binomial")


def _add_rate(run: Run, place: Place, found: EventRate, method: str) -> None:
    """Add a rate with its limits; without an event the negative binomial has none."""
    for statistic, value in (("estimate", found.estimate), ("lower", found.lower), ("upper", found.upper)):
        _add_value(run, place, (statistic, value), method)


def _add_value(run: Run, place: Place, named: tuple[str, float], method: str) -> None:
    statistic, value = named
    known = None if math.isnan(value) else value
    text = NOT_AVAILABLE if known is None else format_number(value, 2)
    run.numbers.add(place, statistic, known, text=text, method=method)


def _add_ratio(
    run: Run, endpoint: Endpoint, cohorts: tuple[Cohort, Cohort, Cohort], counted: _Counted
) -> None:
    """Add the ratio of the rates of two arms, arm over control."""
    first, second, both = cohorts
    inside = [counted.followed & each.members for each in (first, second)]
    if not all(each.any() for each in inside):
        return
    place = _place_of(run, endpoint, both, counted)
    groups = [(counted.counts[each], counted.years[each]) for each in inside]
    found = negative_binomial_ratio(groups[0], groups[1], run.level_of(endpoint))
    for named in (("estimate", found.estimate), ("lower", found.lower), ("upper", found.upper)):
        _add_value(run, place, named, "negative_binomial")
    known = None if math.isnan(found.p) else found.p
    text = NOT_AVAILABLE if known is None else format_p(known)
    run.numbers.add(place, "p", known, text=text, method="negative_binomial")
