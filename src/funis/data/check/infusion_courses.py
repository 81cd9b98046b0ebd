"""Checks of courses of treatment: those that were written down, and infusions that were not given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from funis.data.check.checked_data import Data
from funis.data.check.row_findings import row_finding
from funis.errors import Finding
from funis.frames.verbs import verbs_of
from funis.study.courses import (
    PlacedInfusion,
    PlannedCourse,
    are_in_order,
    days_allowed,
    first_treatment,
    later_courses,
    place_infusions,
    window_of,
)
from funis.study.model import Study

_TABLE: Final = "infusions"
_LEFT: Final = ("withdrew", "lost", "died")
_Rows = Sequence[Mapping[str, Any]]


def check_written_courses(study: Study, rows: _Rows, placed: Sequence[PlacedInfusion]) -> Iterator[Finding]:
    """Find courses that were written down and cannot be, and those that the plan and the days contradict.

    Parameters
    ----------
    study : the study
    rows : the infusions
    placed : where each belongs

    Returns
    -------
    iterator of Finding
    """
    if all(row["course"] is None for row in rows):
        return
    given: dict[str, list[Mapping[str, Any]]] = {}
    for row in sorted(rows, key=lambda row: row["number"]):
        given.setdefault(row["subject"], []).append(row)
    for own in given.values():
        written = [row["course"] for row in own]
        if any(each is not None for each in written) and not are_in_order(written):
            message = "The courses of this subject do not rise with the numbers of the infusions from 1."
            fix = "Write the course of every infusion, or of none; until then the plan and the days decide."
            row = next(row for row in own if row["course"] is not None)
            yield row_finding(
                "warning", "course_order", _TABLE, row, column="course", message=message, fix=fix
            )
    if not later_courses(study):
        return
    derived = place_infusions(study, [{**row, "course": None} for row in rows])
    for row, place, by_plan in zip(rows, placed, derived, strict=True):
        if row["course"] is not None and row["course"] == place.course != by_plan.course:
            message = f"By the plan and its day this infusion is one of course {by_plan.course}."
            fix = "Check the course and the date; the course that is written is used."
            yield row_finding(
                "query", "course_contradicts_plan", _TABLE, row, column="course", message=message, fix=fix
            )


@dataclass(frozen=True, slots=True)
class _Due:
    """One planned infusion of a subject: what it is called, and the last day on which it could be given."""

    name: str
    latest: float


def check_missing(data: Data, rows: _Rows, placed: Sequence[PlacedInfusion]) -> Iterator[Finding]:
    """Find planned infusions that are not recorded of whoever was still in the study on their day.

    Parameters
    ----------
    data : the tables and what is known about them
    rows : the infusions
    placed : where each belongs

    Returns
    -------
    iterator of Finding
    """
    if not data.study.infusions or not data.is_checked(_TABLE):
        return
    ops = verbs_of(data.frames[_TABLE])
    given: dict[str, list[PlacedInfusion]] = {}
    for row, place in zip(rows, placed, strict=True):
        given.setdefault(row["subject"], []).append(place)
    ended = data.frames["disposition"].filter(ops.col("status").is_in(_LEFT))
    left_on = dict(ended.select("subject", "day").iter_rows())
    last_day = dict(data.visited.group_by("subject").agg(ops.col("day").max()).iter_rows())
    for row in data.frames["subjects"].iter_rows(named=True):
        subject = row["subject"]
        # A control arm need not get a sham infusion.
        is_control = row["arm"] is not None and row["arm"] == data.study.control_arm
        if subject not in given and (row["received_cells"] == 0 or is_control):
            continue
        for due in _not_given(data.study, given.get(subject, [])):
            left = left_on.get(subject)
            if subject in left_on and (left is None or left < due.latest):
                continue
            if (last_day.get(subject) or -1) < due.latest:
                continue
            yield _missing(row, due)


def _not_given(study: Study, given: Sequence[PlacedInfusion]) -> Iterator[_Due]:
    """Give the planned infusions that a subject did not have, of the courses whose days are known."""
    had = {each.position for each in given if each.course == 1}
    for number, infusion in enumerate(first_treatment(study), start=1):
        if number not in had:
            yield _Due(f"Infusion {number} (day {infusion.day})", infusion.closes)
    for plan in later_courses(study):
        own = [each for each in given if each.plan is plan]
        if own:
            yield from _rest_of(study, plan, own)
        elif not plan.is_conditional:
            visit = study.visit(plan.when)
            window = window_of(study, plan)
            latest = visit.closes if window is None else window[1]
            yield _Due(f"The course at {visit.printed} (day {visit.day})", latest)


def _rest_of(study: Study, plan: PlannedCourse, own: Sequence[PlacedInfusion]) -> Iterator[_Due]:
    """Give the further infusions of a course that was begun."""
    had = {each.position for each in own}
    course, start = own[0].course, own[0].start
    for position in range(1, len(plan.infusions) + 1):
        window = days_allowed(study, PlacedInfusion(course, position, start, plan))
        if position not in had and window is not None:
            yield _Due(f"Infusion {position} of course {course}", window[1])


def _missing(row: Mapping[str, Any], due: _Due) -> Finding:
    fix = (
        "Add it to infusions; if it was not given, say in disposition or visits why, and write 0 in "
        "received_cells of a subject who had none."
    )
    return row_finding(
        "warning",
        "missing_infusion",
        "subjects",
        row,
        column="subject",
        message=f"{due.name} is not recorded.",
        fix=fix,
    )
