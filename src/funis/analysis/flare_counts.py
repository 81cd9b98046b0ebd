"""The mean number of flares a subject has had by each visit, with death as a competing event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import polars as pl

from funis.analysis.cohorts import Cohort
from funis.analysis.panel import Booleans, Floats, Integers
from funis.analysis.response_rates import Answers
from funis.analysis.run import Run
from funis.analysis.summary import subject_source
from funis.catalogue.registry import response_definition
from funis.results import NOT_AVAILABLE, Place, format_number
from funis.stats.recurrent import mean_cumulative
from funis.study.model import Endpoint

ANALYSIS: Final = "flare_count"
METHOD: Final = "ghosh_lin"
ANY: Final = "any"


@dataclass(frozen=True, slots=True)
class _Followed:
    """How long flares of each subject were looked for, in the order of the panel.

    Attributes
    ----------
    to : shape (subjects,), planned day of the last visit without a gap, or day of death; NaN: never seen
    died : shape (subjects,), whether that is the day of death
    seen : shape (visits, subjects), who is told at each visit and still followed
    """

    to: Floats
    died: Booleans
    seen: Booleans


def count_flares_by_visit(run: Run, endpoint: Endpoint, judged: Sequence[Answers]) -> None:
    """Add the mean number of flares by each visit, of any class and of each.

    Parameters
    ----------
    run : the analysis on its way; numbers of the analysis ``flare_count`` are added
    endpoint : of kind response, whose definition judges flares
    judged : its answers, one for each visit in ``at``

    Notes
    -----
    A flare counts on the planned day of the visit that shows it. A subject is followed to the last visit of
    which it can be told, and no further than the first that was made and cannot be told; who died before such
    a visit is followed to death, after which there are no more flares.
    """
    if not endpoint.at:
        return
    ordered = sorted(judged, key=lambda each: run.study.visit(each.visit).day)
    followed = _follow(run, ordered)
    found = response_definition(endpoint.definition)
    classes = found.responding
    kinds = {ANY: classes} | ({name: (name,) for name in classes} if len(classes) > 1 else {})
    for category, names in kinds.items():
        for cohort in run.populations.of_endpoint(endpoint):
            _add(run, endpoint, cohort, (ordered, followed, {category: names}))


def _follow(run: Run, ordered: Sequence[Answers]) -> _Followed:
    size = ordered[0].answers.height
    last, broken = np.full(size, np.nan), np.zeros(size, dtype=np.bool_)
    seen = []
    for answers in ordered:
        day = answers.answers["response_day"].cast(pl.Float64).fill_null(np.nan).to_numpy()
        made = ~np.isnan(day) & ~answers.filled
        told = made & answers.determinate & ~broken
        broken = broken | (made & ~answers.determinate)
        last = np.where(told, float(run.study.visit(answers.visit).day), last)
        seen.append(told)
    status = run.subject_frame["disposition_status"]
    death = run.subject_frame["death_day"].cast(pl.Float64).fill_null(np.nan).to_numpy()
    died = (status == "died").fill_null(value=False).to_numpy() & ~broken & ~np.isnan(death)
    # Nobody is seen after death: a day of death before the planned day of the last visit is that day.
    to = np.where(died, np.fmax(death, last), last)
    return _Followed(to, died, np.array(seen))


_Counted = tuple[Sequence[Answers], _Followed, Mapping[str, Sequence[str]]]


def _add(run: Run, endpoint: Endpoint, cohort: Cohort, counted: _Counted) -> None:
    ordered, followed, kinds = counted
    ((category, names),) = kinds.items()
    inside = cohort.members & ~np.isnan(followed.to)
    if not inside.any():
        return
    rank = np.cumsum(inside) - 1
    owners, days = [], []
    for answers, told in zip(ordered, followed.seen, strict=True):
        for name in names:
            flared = answers.of_class(name) & told & inside
            owners.append(rank[flared])
            days.append(np.full(int(flared.sum()), float(run.study.visit(answers.visit).day)))
    level = run.level_of(endpoint)
    curve = mean_cumulative(
        np.concatenate(owners), np.concatenate(days), followed.to[inside], followed.died[inside], level=level
    )
    rows: Integers = ordered[-1].rows
    source = subject_source(run, cohort, f"{endpoint.id} {ANALYSIS} {category}", inside, rows)
    whole = replace(
        cohort.place(ANALYSIS, endpoint.definition, category), endpoint=endpoint.id, n=int(inside.sum()),
        source=source, missing_outcome=endpoint.missing_outcome,
    )  # fmt: skip
    for answers in ordered:
        day = float(run.study.visit(answers.visit).day)
        at_risk = int((followed.to[inside] >= day).sum())
        deaths = int((followed.died[inside] & (followed.to[inside] <= day)).sum())
        place = replace(whole, visit=answers.visit)
        _add_point(run, place, tuple(float(each[0]) for each in curve.at([day])), (at_risk, deaths))


def _add_point(run: Run, place: Place, values: tuple[float, ...], counts: tuple[int, int]) -> None:
    """Add the mean with its limits; where nobody is at risk any more it is not known."""
    at_risk, deaths = counts
    run.numbers.add(place, "at_risk", at_risk)
    run.numbers.add(place, "competing_events", deaths, text=str(deaths))
    for statistic, value in zip(("estimate", "lower", "upper"), values, strict=True):
        known = None if not at_risk or np.isnan(value) else value
        text = NOT_AVAILABLE if known is None else format_number(value, 2)
        run.numbers.add(place, statistic, known, text=text, method=METHOD)
