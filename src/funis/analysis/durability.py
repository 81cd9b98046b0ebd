"""Who still responds later: the classes of one response at its first visit by those at each later visit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import polars as pl

from funis.analysis.cohorts import Cohort
from funis.analysis.panel import Booleans
from funis.analysis.response_rates import (
    CANNOT_TELL,
    RESPONDER,
    YES,
    Answers,
    add_cannot_tell,
    add_imputed,
)
from funis.analysis.run import Run, add_rate
from funis.analysis.summary import subject_source
from funis.results import Place, name_shift
from funis.study.model import Endpoint

ANALYSIS: Final = "durability"
#: The denominator of those who responded first, as relapses name it.
RESPONDERS: Final = "responders"


def count_durability(run: Run, endpoint: Endpoint, judged: Sequence[Answers]) -> None:
    """Count who still responds at each later visit without a relapse, and each class by the class before.

    Parameters
    ----------
    run : the analysis on its way; numbers of the analysis ``durability`` are added
    endpoint : of kind response, judged at several visits
    judged : its responses, one for each visit in ``at``

    Notes
    -----
    Whose response is not known at one of the two visits is in neither numerator nor denominator, and counted
    apart. A relapse on record ends the response, also where the later visit shows one again.
    """
    for later in judged[1:]:
        for cohort in run.populations.of_endpoint(endpoint):
            pair = (judged[0], later)
            _count_kept(run, endpoint, cohort, pair)
            _count_shifts(run, endpoint, cohort, pair)


def has_kept(first: Answers, later: Answers, last_day: float) -> Booleans:
    """Tell who responds at both visits and has no relapse on record up to the later one.

    Parameters
    ----------
    first, later : of one endpoint
    last_day : on which the later visit could be made
    """
    kept: Booleans = first.responders & later.responders & ~has_lost(first, later, last_day)
    return kept


def has_lost(first: Answers, later: Answers, last_day: float) -> Booleans:
    """Tell who responded first and has a relapse on record up to the later visit, seen at it or not.

    Parameters
    ----------
    first, later, last_day : as for `has_kept`
    """
    if "relapse" not in first.answers.columns:
        return np.zeros(len(first.responders), dtype=np.bool_)
    # An answer that was carried forward has the day of the visit that it was carried from.
    day = later.answers["response_day"].cast(pl.Float64).fill_null(last_day).to_numpy()
    day = np.where(later.filled | ~later.determinate, last_day, day)
    relapse_day = first.answers["relapse_day"].cast(pl.Float64).fill_null(np.nan).to_numpy()
    # A relapse found at no visit has no day: two visits were missed, and the response counts as lost.
    has_relapsed = (first.answers["relapse"] == YES).fill_null(value=False).to_numpy()
    lost: Booleans = first.responders & has_relapsed & ~(relapse_day > day)
    return lost


def _count_kept(run: Run, endpoint: Endpoint, cohort: Cohort, pair: tuple[Answers, Answers]) -> None:
    first, later = pair
    last_day = run.study.visit(later.visit).closes
    kept = has_kept(first, later, last_day)
    # Who did not respond first has nothing to keep, who has relapsed has lost it, whatever is known later.
    decided = ~first.responders | has_lost(first, later, last_day)
    known = first.determinate & (later.determinate | decided)
    imputed = first.filled | (first.responders & later.filled)
    for name, base in _denominators(cohort, first):
        members = base & cohort.members
        over = members & known
        place = _place(run, endpoint, cohort, (later, over, RESPONDER))
        place = replace(place, population=name)
        add_rate(run, place, int((kept & over).sum()), level=run.level_of(endpoint))
        add_imputed(run, place, imputed & over)
        add_cannot_tell(run, place, members & ~known)


def _denominators(cohort: Cohort, first: Answers) -> Iterator[tuple[str, Booleans]]:
    """Give the denominators by their names: the population, and its responders.

    A population of the study file that is called so has the name alone, as it has for relapses.
    """
    yield cohort.population, np.ones(len(first.responders), dtype=np.bool_)
    if cohort.population != RESPONDERS:
        yield RESPONDERS, first.responders


def _count_shifts(run: Run, endpoint: Endpoint, cohort: Cohort, pair: tuple[Answers, Answers]) -> None:
    """Count, of each class at the first visit, those in each class at the later one; they add up to all."""
    first, later = pair
    classes = (*first.classes, CANNOT_TELL)
    for before in classes:
        start = _of(first, before) & cohort.members
        total = int(start.sum())
        if not total:
            continue
        run.numbers.add(_place(run, endpoint, cohort, (later, start, before)), "n", total)
        for after in classes:
            both = start & _of(later, after)
            place = _place(run, endpoint, cohort, (later, both, name_shift(before, after)))
            run.numbers.add(replace(place, n=total, denominator=total), "count", int(both.sum()))


def _of(answers: Answers, name: str) -> Booleans:
    """Tell who is in a class, or of whom the class is not known."""
    found: Booleans = (answers.answers["response"] == name).fill_null(value=False).to_numpy()
    return found


def _place(run: Run, endpoint: Endpoint, cohort: Cohort, counted: tuple[Answers, Booleans, str]) -> Place:
    answers, who, category = counted
    return replace(
        cohort.place(ANALYSIS, answers.definition, category),
        visit=answers.visit,
        endpoint=endpoint.id,
        n=int(who.sum()),
        denominator=int(who.sum()),
        missing_outcome=endpoint.missing_outcome,
        source=subject_source(run, cohort, f"{endpoint.id} {category} {answers.visit}", who, answers.rows),
    )
