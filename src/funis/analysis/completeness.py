"""How many of the values that were due are there, for each score and laboratory test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np

from funis.analysis.cohorts import Cohort
from funis.analysis.panel import Booleans
from funis.analysis.run import Run, add_rate
from funis.catalogue.instrument_tables import graded_systems
from funis.results import ALL
from funis.study.planned_visit import Visit

ANALYSIS: Final = "completeness"
#: All measures together.
VALUES: Final = "values"


def count_completeness(run: Run) -> None:
    """Add of each measure, by visit and over all, how many values are there of those that were due.

    Notes
    -----
    A value is due at a planned visit whose form has the measure; a form does not say which laboratory tests
    are done, so that a test is due at those of its visits at which anybody has it. A measure on no form is
    due where its endpoints need it and where anybody has it. A value is due of the treated
    (of everybody, where nobody was), unless they left before the window of the visit opened and were not seen
    at it, or are still in follow-up and were seen neither at it nor at a later visit. A score is there where
    it can be told.
    """
    cohort = _whole(run)
    due = {visit.name: _are_due(run, visit) & cohort.members for visit in run.study.visits}
    total = have = 0
    for measure, visits in _planned(run).items():
        known = {visit: _has_value(run, measure, visit) & due[visit] for visit in visits}
        all_due = sum(int(due[visit].sum()) for visit in visits)
        all_known = sum(int(each.sum()) for each in known.values())
        for visit in visits:
            counts = (int(known[visit].sum()), int(due[visit].sum()))
            _add(run, cohort, measure, visit, counts, _source(run, cohort, measure, visit, known[visit]))
        _add(run, cohort, measure, ALL, (all_known, all_due), "")
        total, have = total + all_due, have + all_known
    if total:
        _add(run, cohort, VALUES, ALL, (have, total), "")


def _whole(run: Run) -> Cohort:
    everybody = run.populations.cohort()
    treated = run.populations.cohort("treated") if "treated" in run.populations.populations else everybody
    return treated if treated.size else everybody


def _add(run: Run, cohort: Cohort, measure: str, visit: str, counts: tuple[int, int], source: str) -> None:
    """Add a count over those due; where nobody was due there is no number."""
    known, due = counts
    if due:
        place = replace(cohort.place(ANALYSIS, measure), visit=visit, n=due, denominator=due, source=source)
        add_rate(run, place, known, level=run.level, limits=False)


def _planned(run: Run) -> Mapping[str, tuple[str, ...]]:
    """Give the visits at which each measure is planned, instruments first, in the order of the study file.

    A visit that lists no tests has those that anybody has there; a test that nobody has is due at all such.
    """
    study = run.study
    on_forms = {
        name: tuple(visit.name for visit in study.visits if name in visit.forms)
        for name in study.instrument_names
    }
    drawn = tuple(visit for visit in study.visits if "labs" in visit.forms)
    for name in study.lab_names:
        may = tuple(visit for visit in drawn if not visit.labs or name in visit.labs)
        done = tuple(visit for visit in may if visit.labs or _has_value(run, name, visit.name).any())
        on_forms[name] = tuple(visit.name for visit in done or may)
    planned = {name: visits or _without_form(run, name) for name, visits in on_forms.items()}
    return {name: visits for name, visits in planned.items() if visits}


def _without_form(run: Run, measure: str) -> tuple[str, ...]:
    """Give the visits of a measure on no form: those its endpoints need, and those where anybody has it."""
    study = run.study
    after = tuple(visit.name for visit in study.follow_up_visits)
    columns = {measure, *(f"{measure}_{system}" for system in graded_systems(measure))}
    needed: set[str | None] = set()
    for endpoint in study.endpoints:
        if columns & set(endpoint.all_variables):
            needed |= {*(endpoint.at or after), study.baseline_visit}
    return tuple(
        visit.name
        for visit in study.visits
        if visit.name in needed or _has_value(run, measure, visit.name).any()
    )


def _are_due(run: Run, visit: Visit) -> Booleans:
    """Tell of whom something was due at a visit."""
    later = [each.name for each in run.study.visits[run.study.visits.index(visit) :]]
    frame = run.subject_frame.select("disposition_status", "disposition_day")
    has_ends = bool(frame["disposition_status"].is_not_null().any())
    return np.array(
        [
            _is_due(run, subject, (status, day), visit, later, has_ends=has_ends)
            for subject, (status, day) in zip(run.panel.subjects, frame.iter_rows(), strict=True)
        ],
        dtype=np.bool_,
    )


def _is_due(
    run: Run,
    subject: str,
    end: tuple[str | None, float | None],
    visit: Visit,
    later: list[str],
    *,
    has_ends: bool,
) -> bool:
    if (subject, visit.name) in run.seen:
        return True
    status, day = end
    if status is None and not has_ends:
        return True
    # Where ends are recorded, but none or no day for this subject, nobody knows that a later visit was due.
    if status in {None, "ongoing"} or day is None:
        return any((subject, name) in run.seen for name in later)
    return day >= visit.opens


def _has_value(run: Run, measure: str, visit: str) -> Booleans:
    """Tell who has a value of a measure at a visit."""
    matrix = run.panel.matrices.get(measure)
    if matrix is None or visit not in run.panel.visits:
        return np.zeros(len(run.panel.subjects), dtype=np.bool_)
    known: Booleans = ~np.isnan(matrix.values[:, run.panel.visit_index(visit)])
    return known


def _source(run: Run, cohort: Cohort, measure: str, visit: str, known: Booleans) -> str:
    matrix = run.panel.matrices.get(measure)
    if matrix is None or not known.any():
        return ""
    return run.source(cohort, measure, visit, matrix.rows[known, run.panel.visit_index(visit)])
