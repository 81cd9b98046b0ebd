"""Outcomes of a committee: what the readers found, and how far they agree beyond chance."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import numpy as np

from funis.analysis.cohorts import ENROLLED, Cohort
from funis.analysis.panel import Booleans, Integers
from funis.analysis.run import Run, add_rate
from funis.analysis.summary import subject_source
from funis.results import ALL, NOT_AVAILABLE, Place, format_number
from funis.stats.agreement import Kappa, cohen_kappa, fleiss_kappa
from funis.study.adjudications import Adjudication
from funis.study.judged_outcomes import JudgedOutcome, judged_outcomes

ANALYSIS: Final = "adjudication"
AGREED: Final = "agreed"
SETTLED: Final = "settled"
NOT_BY_ALL: Final = "not_by_all"
CANNOT_TELL: Final = "cannot_tell"
KAPPA: Final = "kappa"
LINEAR: Final = "kappa_linear"
QUADRATIC: Final = "kappa_quadratic"
FLEISS: Final = "kappa_fleiss"


def count_adjudications(run: Run) -> None:
    """Count what committees found by arm, and estimate the agreement of their readers over everybody.

    Parameters
    ----------
    run : the analysis on its way; numbers of the analysis ``adjudication`` are added

    Notes
    -----
    Agreement is over the subjects that every planned reader judged. The consensus is the outcome where there
    is one, else what all readers found; where neither is there it cannot be told.
    """
    for question in run.study.adjudications:
        found = judged_outcomes(question, run.frames)
        planned = [visit.name for visit in run.study.visits]
        visits = sorted({visit for _, visit in found}, key=lambda name: (name not in planned, name))
        visits.sort(key=lambda name: planned.index(name) if name in planned else len(planned))
        for visit in visits:
            own = [found.get((subject, visit)) for subject in run.panel.subjects]
            words = [NOT_AVAILABLE if each is None else each.in_words for each in own]
            rows = run.observe(f"{question.id} {visit or ALL}", words)
            _add_agreement(run, question, visit, own, rows)
            for cohort in run.populations.every_arm():
                _add_outcomes(run, question, (cohort, visit), own, rows)


def _place(
    run: Run, question: Adjudication, at: tuple[Cohort, str], counted: tuple[str, Booleans, Integers]
) -> Place:
    cohort, visit = at
    category, over, rows = counted
    size = int(over.sum())
    source = subject_source(run, cohort, f"{question.id} {category} {visit}", over, rows) if size else ""
    place = cohort.place(ANALYSIS, question.id, category)
    return replace(place, visit=visit or ALL, n=size, denominator=size, source=source)


def _add_agreement(
    run: Run, question: Adjudication, visit: str, own: list[JudgedOutcome | None], rows: Integers
) -> None:
    at = (run.populations.cohort(ENROLLED), visit)
    by_all = np.array([each is not None and each.by_all for each in own], dtype=np.bool_)
    agreed = np.array([each is not None and each.agreed for each in own], dtype=np.bool_)
    judged = np.array([each is not None for each in own], dtype=np.bool_)
    consensus = np.array([each is not None and each.consensus is not None for each in own], dtype=np.bool_)
    add_rate(run, _place(run, question, at, (AGREED, by_all, rows)), int(agreed.sum()), level=run.level)
    differ = by_all & ~agreed
    if differ.any():
        place = _place(run, question, at, (SETTLED, differ, rows))
        add_rate(run, place, int((differ & consensus).sum()), level=run.level, limits=False)
    if (judged & ~by_all).any():
        place = _place(run, question, at, (NOT_BY_ALL, judged & ~by_all, rows))
        run.numbers.add(place, "n", int((judged & ~by_all).sum()))
    read = [each.said for each in own if each is not None and each.by_all]
    for category, kappa in _kappas(question, read, run.level):
        _add_kappa(run, _place(run, question, at, (category, by_all, rows)), kappa)


def _kappas(
    question: Adjudication, read: list[tuple[str | None, ...]], level: float
) -> Iterator[tuple[str, Kappa]]:
    """Estimate kappa of two readers, weighted where the outcomes are a scale; of three that of Fleiss."""
    places = {name: place for place, name in enumerate(question.outcomes)}
    size = len(places)
    if question.readings > 2:
        counts = np.zeros((len(read), size))
        for subject, said in enumerate(read):
            for name in said:
                counts[subject, places[name or ""]] += 1
        yield FLEISS, fleiss_kappa(counts, level=level)
        return
    table = np.zeros((size, size))
    for first, second in read:
        table[places[first or ""], places[second or ""]] += 1
    yield KAPPA, cohen_kappa(table, level=level)
    if question.ordered and size > 2:
        yield LINEAR, cohen_kappa(table, "linear", level=level)
        yield QUADRATIC, cohen_kappa(table, "quadratic", level=level)


def _add_kappa(run: Run, place: Place, found: Kappa) -> None:
    """Add kappa with limits and standard error; where it is not defined, one row that says so."""
    method = "fleiss_kappa" if place.category == FLEISS else "cohen_kappa"
    if math.isnan(found.estimate):
        run.numbers.add(place, "estimate", None, text=NOT_AVAILABLE, method=method, status="not_estimable")
        return
    given = (("estimate", found.estimate), ("lower", found.lower), ("upper", found.upper))
    for statistic, value in (*given, ("se", found.standard_error)):
        known = None if math.isnan(value) else value
        text = NOT_AVAILABLE if known is None else format_number(value, 2)
        run.numbers.add(place, statistic, known, text=text, method=method)


def _add_outcomes(
    run: Run, question: Adjudication, at: tuple[Cohort, str], own: list[JudgedOutcome | None], rows: Integers
) -> None:
    """Count each outcome over those of whom it can be told."""
    members = at[0].members
    judged = np.array([each is not None for each in own], dtype=np.bool_) & members
    outcomes = np.array([each.outcome or "" if each is not None else "" for each in own], dtype=object)
    told = judged & (outcomes != "")
    for name in question.outcomes:
        place = _place(run, question, at, (name, told, rows))
        add_rate(run, place, int((told & (outcomes == name)).sum()), level=run.level)
    if (judged & ~told).any():
        place = _place(run, question, at, (CANNOT_TELL, judged & ~told, rows))
        run.numbers.add(place, "n", int((judged & ~told).sum()))
