"""Arms that a relapse was allocated to beside each other: responses and changes counted from the relapse.

Who relapses is allocated then, so both arms count from the same day: that of the visit which found the
relapse, and its values are the baseline. Everybody stands in the arm of the allocation, infused again or
not. Nobody is counted at a visit for which the plan of visits has none after their relapse; that is known
when the relapse is found, so leaving them out does not favour an arm.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import polars as pl

from funis.analysis.allocated_at_relapse import arms_at_relapse
from funis.analysis.between_arms import compare_changes_between, compare_responses_between
from funis.analysis.changes_used import visits_of
from funis.analysis.cohorts import Cohort
from funis.analysis.course_conditions import answer_condition
from funis.analysis.course_timeline import GivenCourse, count_again, visits_of_course
from funis.analysis.panel import Booleans, Floats
from funis.analysis.response_rates import CANNOT_TELL, RESPONDER, Answers, answer_endpoint
from funis.analysis.run import Run, add_rate
from funis.analysis.summary import describe_at, subject_source
from funis.study.courses import AT_RELAPSE, NOT_DUE, conditional_courses
from funis.study.model import Endpoint
from funis.study.planned_infusion import RELAPSE

_LEFT: Final = ("withdrew", "lost", "died")


@dataclass(frozen=True, slots=True)
class _Allocated:
    """Who was allocated at a relapse of known day.

    Attributes
    ----------
    counted : the run, counted from the relapse
    visits : scored visits, counted from the relapse
    arms : members by arm
    planned : shape (subjects,), planned day of the visit that found the relapse, NaN of the others
    last_seen : shape (subjects,), days from the relapse to the last visit
    has_ended : shape (subjects,), who left the trial or completed it
    """

    counted: Run
    visits: pl.DataFrame
    arms: dict[str, Booleans]
    planned: Floats
    last_seen: Floats
    has_ended: Booleans


def compare_allocated(
    run: Run, visits: pl.DataFrame, gathered: tuple[pl.DataFrame, pl.DataFrame], endpoints: Sequence[Endpoint]
) -> None:
    """Compare the arms that a relapse was allocated to; nothing where the study has no such arms.

    Parameters
    ----------
    run : the analysis on its way; numbers of the analysis ``at_relapse`` are added
    visits : one row per subject and visit with the scored columns
    gathered : every value and every grade that the panel of the run was built from, in the same order
    endpoints : of kind response and change; others are passed over
    """
    found = _find_allocated(run, visits, gathered)
    if found is None:
        return
    for endpoint in endpoints:
        if endpoint.kind == "response":
            for at in endpoint.at:
                _compare_responses(run, endpoint, found, at)
        elif endpoint.kind == "change":
            _compare_changes(run, endpoint, found)


def _find_allocated(
    run: Run, visits: pl.DataFrame, gathered: tuple[pl.DataFrame, pl.DataFrame]
) -> _Allocated | None:
    plan = run.study.re_randomisation
    course = next((each for each in conditional_courses(run.study) if each.when == RELAPSE), None)
    if plan is None or course is None:
        return None
    met = answer_condition(run, visits, course)
    planned_days = {visit.name: float(visit.day) for visit in run.study.visits}
    starts, planned = (np.full(len(run.panel.subjects), np.nan) for _ in range(2))
    for place, subject in enumerate(run.panel.subjects):
        relapse = met.get(subject)
        if relapse is not None and relapse.said == "yes" and relapse.day is not None:
            starts[place] = relapse.day
            planned[place] = planned_days.get(relapse.visit, relapse.day)
    arms = {arm: members & ~np.isnan(starts) for arm, members in arms_at_relapse(run).items()}
    members = np.logical_or.reduce(list(arms.values()))
    if not members.any():
        return None
    starts, planned = np.where(members, starts, np.nan), np.where(members, planned, np.nan)
    from_relapse = GivenCourse(1, members, starts, np.full(len(starts), np.inf))
    counted = count_again(run, from_relapse, *gathered)
    last = run.subject_frame["last_visit_day"].cast(pl.Float64).fill_null(np.nan).to_numpy()
    ended = run.subject_frame["disposition_status"].is_in([*_LEFT, "completed"]).fill_null(value=False)
    own = visits_of_course(counted, from_relapse, visits)
    return _Allocated(counted, own, arms, planned, last - starts, ended.to_numpy())


def _compare_responses(run: Run, endpoint: Endpoint, found: _Allocated, at: str) -> None:
    # What was answered of the first treatment stands under the id of the endpoint.
    asked = endpoint.model_copy(update={"id": f"{endpoint.id} {AT_RELAPSE}"})
    answers = answer_endpoint(found.counted, found.visits, asked, at)
    is_due, is_open = _due(run, found, at), _open(run, found, at, answers)
    beside: list[Cohort] = []
    for cohort in _arms(run, endpoint, found):
        beside.append(replace(cohort, members=cohort.members & is_due & ~is_open))
        over = answers.determinate & beside[-1].members
        counts = (
            (RESPONDER, answers.responders & over, over),
            (CANNOT_TELL, cohort.members & is_due & ~over, cohort.members & is_due),
            (NOT_DUE, cohort.members & ~is_due, cohort.members),
        )
        for name, chosen, base in counts:
            place = replace(
                cohort.place(AT_RELAPSE, answers.definition, name),
                visit=at, endpoint=endpoint.id, n=int(base.sum()), denominator=int(base.sum()),
                missing_outcome=endpoint.missing_outcome,
                source=subject_source(run, cohort, f"{asked.id} {name} {at}", chosen, answers.rows),
            )  # fmt: skip
            add_rate(run, place, int(chosen.sum()), level=run.level_of(endpoint), limits=name == RESPONDER)
    pairs = list(_pairs(run, beside))
    compare_responses_between(found.counted, endpoint, (answers,), pairs, analysis=AT_RELAPSE)


def _compare_changes(run: Run, endpoint: Endpoint, found: _Allocated) -> None:
    """Describe the changes of each arm as they were recorded, and compare them."""
    counted = found.counted
    observed = endpoint.model_copy(update={"missing_outcome": "observed"})
    cohorts = list(_arms(run, endpoint, found))
    for variable in endpoint.all_variables:
        matrix = counted.panel.changes.get(variable)
        if matrix is None:
            continue
        for visit in visits_of(counted, endpoint):
            for cohort in cohorts:
                chosen = np.flatnonzero(~np.isnan(matrix.values[:, visit]) & cohort.members)
                if not len(chosen):
                    continue
                at = counted.panel.visits[visit]
                rows = np.concatenate(
                    [counted.panel.matrices[variable].rows[chosen, visit],
                     counted.panel.baselines[variable].rows[chosen]]
                )  # fmt: skip
                place = replace(
                    cohort.place_of_change(AT_RELAPSE, variable),
                    visit=at, endpoint=endpoint.id, n=len(chosen), missing=counted.policy(variable),
                    source=counted.source(cohort, f"{endpoint.id} {variable} {AT_RELAPSE}", at, rows),
                )  # fmt: skip
                describe_at(counted, place, matrix, (visit, chosen))
    compare_changes_between(counted, observed, list(_pairs(run, cohorts)), analysis=AT_RELAPSE)


def _arms(run: Run, endpoint: Endpoint, found: _Allocated) -> Iterator[Cohort]:
    whole = run.populations.cohort(endpoint.population)
    for arm, members in found.arms.items():
        yield replace(whole, arm=arm, members=members & whole.members)


def _pairs(run: Run, cohorts: Sequence[Cohort]) -> Iterator[tuple[Cohort, Cohort, Cohort]]:
    """Give each arm, the arm without the course, and both together."""
    plan = run.study.re_randomisation
    control = next(each for each in cohorts if plan is not None and each.arm == plan.control)
    for each in cohorts:
        if each is not control:
            yield each, control, replace(each, contrast=control.arm, members=each.members | control.members)


def _due(run: Run, found: _Allocated, at: str) -> Booleans:
    """Tell who has a planned visit in the window of a visit counted from the relapse."""
    visit = run.study.visit(at)
    days = np.array([float(each.day) for each in run.study.visits])
    apart = days[None, :] - found.planned[:, None]
    return np.asarray(((apart >= visit.opens) & (apart <= visit.closes)).any(axis=1), dtype=np.bool_)


def _open(run: Run, found: _Allocated, at: str, answers: Answers) -> Booleans:
    """Tell who is still followed, has not come to the visit yet, and so has no outcome that is missing."""
    not_yet = ~(found.last_seen >= run.study.visit(at).opens)
    unknown = answers.filled | ~answers.determinate
    return np.asarray(~found.has_ended & not_yet & unknown, dtype=np.bool_)
