"""Relapses after response at each visit and in all, over every denominator, unknown ones by a rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from funis.analysis.cohorts import Cohort
from funis.analysis.panel import Booleans, Integers
from funis.analysis.response_rates import (
    CANNOT_TELL,
    YES,
    Answers,
    add_bounds,
    add_cannot_tell,
    add_imputed,
    rows_at,
)
from funis.analysis.run import Run, add_rate
from funis.analysis.summary import subject_source
from funis.responses.relapse_counts import flag_relapses
from funis.results import ALL
from funis.study.choices import MissingRelapse
from funis.study.model import Endpoint


@dataclass(frozen=True, slots=True)
class RelapseAtVisit:
    """What is known of relapse at one visit, or over all of them.

    Attributes
    ----------
    visit : its name, ``all`` for all together
    counted : shape (subjects,), who counts as relapsing
    known : of whom it is known, or filled by rule
    imputed : of these, whose relapse was filled by rule
    at_risk : responders without an earlier relapse who were followed to the visit; None over all visits
    recorded : who relapsed by what was recorded, without any rule
    is_open : of whom the records leave it open, whatever the rule
    """

    visit: str
    counted: Booleans
    known: Booleans
    imputed: Booleans
    at_risk: Booleans | None
    recorded: Booleans
    is_open: Booleans


def relapse_visits_of(run: Run, endpoint: Endpoint, answers: Answers) -> list[str]:
    """Give the visits at which relapse is looked for: those of the endpoint, else all after the response."""
    return [name for name in endpoint.at if name in run.panel.visits] or _after(run, answers.visit)


def flag_relapses_at(run: Run, answers: Answers, at: Sequence[str]) -> pl.DataFrame:
    """Flag who relapses and who is at risk at each of the named visits, in the order of the panel."""
    return flag_relapses(answers.answers, _days_of(run, at), {name: _opening(run, name) for name in at})


def count_relapses_over_denominators(run: Run, endpoint: Endpoint, answers: Answers) -> None:
    """Count relapses at each visit and in all, over the population, responders, and responders at risk.

    Where a relapse belongs and who is at risk is the rule of ``funis.count_relapses``, with the window of
    each visit. A subject whose response is not known is in no denominator; a responder whose relapse is not
    known counts as the endpoint's ``missing_relapse`` says.
    """
    if "relapse" not in answers.answers.columns:
        return
    at = relapse_visits_of(run, endpoint, answers)
    judged = judge_relapses(run, answers, at, endpoint.missing_relapse)
    when = np.full(len(run.panel.subjects), "", dtype=object)
    for each in judged[:-1]:
        when[each.counted] = each.visit
    words = [
        f"{relapsed or 'no response'} {visit}".rstrip()
        for relapsed, visit in zip(answers.answers["relapse"], when, strict=True)
    ]
    places = answers.rows
    for visit in at:
        found_at = rows_at(run, visit)
        if found_at is not None:
            places = np.where((when == visit) & (found_at >= 0), found_at, places)
    rows = run.observe(f"relapse {endpoint.id}", words, at=places)
    for cohort in run.populations.of_endpoint(endpoint):
        for each in judged:
            _add_relapse(run, endpoint, cohort, (answers, each, rows))


def judge_relapses(
    run: Run, answers: Answers, at: Sequence[str], rule: MissingRelapse
) -> list[RelapseAtVisit]:
    """Tell who relapses at each visit and over all of them, with what is not known filled by the rule.

    Parameters
    ----------
    run : the analysis on its way
    answers : the response and its relapse
    at : visits at which relapse is looked for
    rule : ``left_out``, ``none`` or ``relapse``

    Returns
    -------
    list of RelapseAtVisit : one a visit in the order of their days, then all together

    Notes
    -----
    At a visit it is not known of a responder, without a relapse on record, who was not followed to its
    window or whose relapse cannot be told. Counted as a relapse, it is one at the first such visit.
    """
    flags = flag_relapses_at(run, answers, at)
    days = _days_of(run, at)
    said = answers.answers["relapse"].fill_null("")
    relapsed = (said == YES).to_numpy() & answers.responders
    is_open = (said == CANNOT_TELL).to_numpy()
    followed = answers.answers["followed_to_day"].cast(pl.Float64).to_numpy().astype(np.float64)
    nobody = np.zeros(len(relapsed), dtype=np.bool_)
    ever, recorded, unknown_once, filled = (nobody.copy() for _ in range(4))
    found = []
    for visit in sorted(at, key=lambda name: days[name]):
        now = flags[f"relapse_{visit}"].to_numpy() & answers.responders
        is_followed = followed >= _opening(run, visit)
        unknown = answers.responders & ~relapsed & (is_open | ~is_followed)
        at_risk = flags[f"at_risk_{visit}"].to_numpy() & ~filled
        first = unknown & ~filled
        counted, imputed, known = now, nobody, answers.determinate & ~unknown
        if rule == "none":
            imputed, known = unknown, answers.determinate
        elif rule == "relapse":
            counted, imputed, known = now | first, first, answers.determinate
            at_risk, filled = at_risk | first, filled | first
        ever, recorded, unknown_once = ever | counted, recorded | now, unknown_once | unknown
        unclear = unknown | ~answers.determinate | answers.filled
        found.append(RelapseAtVisit(visit, counted, known, imputed, at_risk, now, unclear))
    whole = answers.determinate & ~unknown_once if rule == "left_out" else answers.determinate
    imputed = nobody if rule == "left_out" else unknown_once
    unclear = unknown_once | ~answers.determinate | answers.filled
    return [*found, RelapseAtVisit(ALL, ever, whole, imputed, None, recorded, unclear)]


def _days_of(run: Run, at: Sequence[str]) -> dict[str, float]:
    """Give the planned day of each visit; visits without a plan follow in the order they are named."""
    planned = {name: float(run.study.visit(name).day) for name in at if name in run.study.visit_names}
    return {name: planned.get(name, np.inf) for name in at}


def _after(run: Run, visit: str) -> list[str]:
    """Give the planned visits after one."""
    return list(run.panel.visits[run.panel.visit_index(visit) + 1 :]) if visit in run.panel.visits else []


def _opening(run: Run, visit: str) -> float:
    """Give the first study day that counts as a visit; 0 of one that is not planned."""
    return float(run.study.visit(visit).opens) if visit in run.study.visit_names else 0.0


def _add_relapse(
    run: Run, endpoint: Endpoint, cohort: Cohort, found: tuple[Answers, RelapseAtVisit, Integers]
) -> None:
    """Add one visit over each denominator; numerator and denominator are of the cohort alone."""
    answers, judged, rows = found
    responders = answers.responders & cohort.members
    # "enrolled" is the older word for the population of the endpoint, whichever that is.
    named = {"population": cohort.members, "enrolled": cohort.members, "responders": responders}
    if judged.at_risk is not None:
        named["at_risk"] = judged.at_risk & cohort.members
    bases = dict.fromkeys(
        (cohort.population if name in {"population", "enrolled"} else name, name)
        for name in endpoint.denominators
        if name in named
    )
    relapsed = judged.counted & cohort.members
    source = subject_source(run, cohort, f"{endpoint.id} relapse {judged.visit}", relapsed, rows)
    added: set[str] = set()
    for population, name in bases:
        if population in added:
            continue
        added.add(population)
        over = named[name] & judged.known
        n = int(over.sum())
        place = replace(
            cohort.place("relapse", "relapse"), population=population, visit=judged.visit,
            endpoint=endpoint.id, n=n, denominator=n, missing_outcome=endpoint.missing_outcome, source=source,
        )  # fmt: skip
        add_rate(run, place, int((relapsed & over).sum()), level=run.level_of(endpoint))
        add_imputed(run, place, judged.imputed & over)
        add_cannot_tell(run, place, named[name] & ~judged.known)
        add_bounds(run, place, judged.recorded, judged.is_open, named[name])
