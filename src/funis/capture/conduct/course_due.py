"""Later courses of treatment: what is due of whom, and from when; nothing before its condition was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from math import inf
from typing import Final

import polars as pl

from funis.capture.conduct.allocation.arms import open_arms
from funis.capture.exchange.export import export_tables
from funis.capture.models import Allocation, Subject
from funis.capture.study_in_force import today
from funis.catalogue.registry import definition
from funis.data.tables import tables_from_frames
from funis.scoring.score import score
from funis.study.course_conditions import FoundCondition, Said, find_conditions
from funis.study.course_relapses import find_relapses
from funis.study.courses import (
    PlacedInfusion,
    PlannedCourse,
    days_allowed,
    later_courses,
    place_infusions,
    window_of,
)
from funis.study.model import Study
from funis.study.planned_infusion import RELAPSE
from funis.study.visit_frame import ORDER, join_visits, leave_out_uncollected, order_visits, visit_units

CONDITION_WORDS: Final = {
    "begun": "Has begun",
    "no": "Not due: what it is planned for was not found",
    "cannot tell": "Not due so far: what is entered leaves open whether its condition is met",
    "allocation": "Not due before the allocation at relapse",
    "control": "Not due: allocated to the arm without it",
    "no day": "Due, on a day that is not known",
    "upcoming": "Not due yet",
    "due": "Due now",
    "overdue": "Overdue",
}
"""Where a later course stands, with the printed words."""


@dataclass(frozen=True, slots=True)
class CourseDue:
    """A later course of one subject.

    Attributes
    ----------
    number : of the course, from 2, in the order of the study file
    course : as planned
    said : its condition was found: yes, no, cannot tell; of a course at a visit always yes
    visit : at which it was found, or at which it begins
    opens, closes : first and last day on which it may begin; None: not known, no last day
    is_begun : an infusion of it was given
    found_day : study day on which its condition was found; None: it was not, or on no known day
    withheld : where subjects are allocated at relapse, ``allocation`` of who is not yet, ``control`` of who
        is in the arm without it
    """

    number: int
    course: PlannedCourse
    said: Said
    visit: str
    opens: date | None
    closes: date | None
    is_begun: bool
    found_day: float | None = None
    withheld: str = ""

    @property
    def is_due(self) -> bool:
        """Tell whether it is awaited: its condition was found, and it is not begun."""
        return self.said == "yes" and self.opens is not None and not (self.is_begun or self.withheld)


def find_courses(study: Study, subjects: Sequence[Subject]) -> dict[str, tuple[CourseDue, ...]]:
    """Say of each subject which later course is due, by the id of the subject.

    Parameters
    ----------
    study : of the version that is in force at their site
    subjects : the subjects

    Notes
    -----
    What was entered is scored as the report scores it, and the relapse or the rule is asked of the records
    alone: where something is missing that could change the answer, it cannot be told.
    """
    if not later_courses(study) or not subjects:
        return {each.pk: () for each in subjects}
    chosen = Subject.objects.filter(pk__in=[each.pk for each in subjects])
    rows = {name: given for name, (_, given) in export_tables(chosen).items()}
    frames = tables_from_frames(study, rows, today=today()).frames
    visits = _scored_visits(study, frames)
    found = {course.when: _find(study, course, visits, frames) for course in later_courses(study)}
    infusions = frames["infusions"].select("subject", "number", "date", "day", "course").to_dicts()
    placed = list(zip(infusions, place_infusions(study, infusions), strict=True))
    starts = {
        row["subject"]: row["date"] - timedelta(days=row["day"])
        for row in infusions
        if row["date"] is not None and row["day"] is not None
    }
    begun = {(row["subject"], each.plan.when) for row, each in placed if each.plan is not None}
    withheld = _withheld(study, subjects)
    return {
        each.pk: tuple(
            replace(
                _due(study, (number, course), found[course.when].get(each.number), starts.get(each.number),
                     is_begun=(each.number, course.when) in begun),
                withheld=withheld.get(each.pk, "") if course.when == RELAPSE else "",
            )
            for number, course in enumerate(later_courses(study), start=2)
        )
        for each in subjects
    }  # fmt: skip


def _withheld(study: Study, subjects: Sequence[Subject]) -> dict[str, str]:
    """Say of whom the course at relapse waits for the allocation, or is not planned by it."""
    plan = study.re_randomisation
    if plan is None:
        return {}
    arms = open_arms(Allocation.objects.filter(subject__in=[each.pk for each in subjects]))
    return {
        each.pk: "" if arms.get(each.pk, plan.control) != plan.control
        else "control" if each.pk in arms else "allocation"
        for each in subjects
    }  # fmt: skip


def courses_of(study: Study, subject: Subject) -> tuple[CourseDue, ...]:
    """Say of one subject which later course is due, as `find_courses` says it of several."""
    return find_courses(study, [subject])[subject.pk]


def find_condition(
    study: Study, subject: Subject, place: PlacedInfusion
) -> tuple[str, tuple[float, float] | None]:
    """Say of an infusion whether what its course is planned for was found, and on which study days it is due.

    Parameters
    ----------
    study : of the version that is in force at the site
    subject : the subject
    place : where the infusion belongs

    Returns
    -------
    tuple : ``found``, ``not found`` or ``unknown`` of the first infusion of a course at relapse or by a rule,
        empty of any other; first and last study day, None where any day is as planned
    """
    days = days_allowed(study, place)
    if place.plan is None or not place.plan.is_conditional or place.position != 1:
        return "", days
    due = next((each for each in courses_of(study, subject) if each.course is place.plan), None)
    if due is None or due.said == "cannot tell":
        return "unknown", days
    if due.said != "yes":
        return "not found", days
    if due.found_day is None:
        return "found", days
    first, last = place.plan.days_after(due.found_day)
    return "found", (first, inf if last is None else last)


def _scored_visits(study: Study, frames: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Score every instrument that was entered, and join it with the laboratory results."""
    scored = []
    for name in study.instrument_names:
        frame, choice = frames.get(name), study.choice(name)
        if frame is None or frame.is_empty():
            continue
        ordered = order_visits(study, leave_out_uncollected(frame, definition(name)))
        if ordered.is_empty():
            continue
        found = score(
            ordered,
            name,
            missing=choice.missing,
            subject="subject",
            order=ORDER,
            parameters=dict(choice.parameters) or None,
        )
        scored.append(found.drop(ORDER))
    return join_visits(study, scored, frames.get("labs"))


def _find(
    study: Study, course: PlannedCourse, visits: pl.DataFrame, frames: Mapping[str, pl.DataFrame]
) -> Mapping[str, FoundCondition]:
    if not course.is_conditional:
        return {}
    if course.when != RELAPSE:
        return find_conditions(study, course, visits)
    ended = frames["disposition"].select("subject", "status", pl.col("day").cast(pl.Float64))
    return find_relapses(study, visits, ended, visit_units(study, frames))


def _due(
    study: Study,
    planned: tuple[int, PlannedCourse],
    found: FoundCondition | None,
    start: date | None,
    *,
    is_begun: bool,
) -> CourseDue:
    """Give the days of a course of one subject, whose day 0 was `start`."""
    number, course = planned
    first: float | None = None
    last: float | None = None
    if course.is_conditional:
        said: Said = "cannot tell" if found is None else found.said
        visit = found.visit if found is not None else ""
        if found is not None and found.day is not None:
            first, last = course.days_after(found.day)
    else:
        said, visit = "yes", course.when
        window = window_of(study, course)
        first, last = window if window is not None else (float(study.visit(course.when).day), None)
    day = found.day if found is not None else None
    return CourseDue(number, course, said, visit, _on(start, first), _on(start, last), is_begun, day)


def _on(start: date | None, day: float | None) -> date | None:
    return None if start is None or day is None else start + timedelta(days=int(day))
