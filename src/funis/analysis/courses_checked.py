"""Courses that are planned at relapse or by a rule, held against what is found in the data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import polars as pl

from funis.analysis.allocated_at_relapse import check_allocated
from funis.analysis.course_conditions import answer_condition
from funis.analysis.run import Run
from funis.data.check.row_findings import row_finding
from funis.errors import Finding, Level
from funis.results import format_shortest
from funis.study.course_conditions import FoundCondition
from funis.study.courses import PlacedInfusion, PlannedCourse, conditional_courses, place_infusions
from funis.study.planned_infusion import RELAPSE
from funis.study.randomisation import ReRandomisation

_LEFT: Final = ("withdrew", "lost", "died")
_Row = Mapping[str, Any]


def check_courses(run: Run, visits: pl.DataFrame) -> tuple[Finding, ...]:
    """Find courses that were begun without what they are planned for, too early or too late, or not.

    Parameters
    ----------
    run : the analysis on its way
    visits : one row per subject and visit with the scored columns

    Returns
    -------
    tuple of Finding : none where no course is planned at relapse or by a rule
    """
    infusions = run.frame("infusions")
    plans = conditional_courses(run.study)
    if not plans or infusions is None:
        return ()
    rows = infusions.to_dicts()
    placed = list(zip(rows, place_infusions(run.study, rows), strict=True))
    treated = {row["subject"] for row in rows}
    found: list[Finding] = []
    for plan in plans:
        met = answer_condition(run, visits, plan)
        begun = {
            row["subject"]: (row, each) for row, each in placed if each.plan is plan and each.position == 1
        }
        for subject, (row, place) in begun.items():
            if subject in met:
                found += _check_begin(plan, (row, place), met[subject])
        again = run.study.re_randomisation if plan.when == RELAPSE else None
        if again is not None:
            found += check_allocated(run, again, met, set(begun))
        found += _check_not_begun(run, plan, met, treated - begun.keys() - _without_it(run, again))
    return tuple(found)


def _without_it(run: Run, again: ReRandomisation | None) -> set[str]:
    """Give who is not to have the course at relapse: allocated to the arm without it, or not allocated."""
    if again is None:
        return set()
    arms = run.subject_frame.select("subject", "arm").iter_rows()
    return {subject for subject, arm in arms if arm is None or arm == again.control}


def _check_begin(
    plan: PlannedCourse, begun: tuple[_Row, PlacedInfusion], met: FoundCondition
) -> Iterator[Finding]:
    """Hold the first infusion of a course against what was found in its subject."""
    row, place = begun
    day, start = met.day, place.start
    at_relapse = plan.when == RELAPSE
    if met.said == "cannot tell":
        why = "whether there was one" if at_relapse else "whether it was at a visit"
        yield _not_due(plan, begun, "query", f"{why} cannot be told from the data")
    elif met.said != "yes":
        yield _not_due(
            plan, begun, "warning", "no relapse is found in the data" if at_relapse else "at no visit it is"
        )
    elif day is None or start is None:
        return
    else:
        earliest, latest = plan.days_after(day)
        if start < earliest:
            what = "the relapse is found" if at_relapse else "that is first found"
            yield _not_due(plan, begun, "warning", f"{what} on study day {format_shortest(day)} only")
        elif latest is not None and start > latest:
            what = "the relapse" if at_relapse else "the rule was"
            yield row_finding(
                "warning", "infusion_outside_window", "infusions", row,
                column="date" if row["date"] is not None else "day",
                message=f"Infusion {row['number']} of course {place.course} is on study day "
                f"{format_shortest(start)}, outside its window.",
                fix=f"It is planned up to day {format_shortest(latest)}, after {what} found on day "
                f"{format_shortest(day)}.",
            )  # fmt: skip


def _not_due(plan: PlannedCourse, begun: tuple[_Row, PlacedInfusion], level: Level, why: str) -> Finding:
    row, place = begun
    start = place.start
    on = "" if start is None else f" on study day {format_shortest(start)}"
    at_relapse = plan.when == RELAPSE
    due = "planned at relapse" if at_relapse else f"planned when {plan.rule}"
    return row_finding(
        level, "retreated_without_relapse" if at_relapse else "retreated_without_rule", "infusions", row,
        column="number",
        message=f"Course {place.course} began{on}, {due}, and {why}.",
        fix="Check the dates and the assessments; the course is counted as it was given.",
    )  # fmt: skip


def _check_not_begun(
    run: Run, plan: PlannedCourse, met: Mapping[str, FoundCondition], others: set[str]
) -> Iterator[Finding]:
    """Find in whom the condition was met, who was followed afterwards, and has no course for it."""
    columns = ["subject", "_file", "_line", "last_visit_day", "disposition_status", "disposition_day"]
    for row in run.subject_frame.select(columns).iter_rows(named=True):
        found = met.get(row["subject"])
        if row["subject"] not in others or found is None or found.said != "yes" or found.day is None:
            continue
        day = found.day
        latest = plan.days_after(day)[1] or day
        has_left = row["disposition_status"] in _LEFT and (row["disposition_day"] or 0) <= latest
        is_followed = row["last_visit_day"] is not None and row["last_visit_day"] > latest
        if has_left or not is_followed:
            continue
        ended = (
            f" The disposition says {row['disposition_status']}."
            if row["disposition_status"] in _LEFT
            else ""
        )
        what = "A relapse is found" if plan.when == RELAPSE else f"The rule {plan.rule} holds"
        yield row_finding(
            "warning", "missing_infusion", "subjects", row, column="subject",
            message=f"{what} on study day {format_shortest(day)}, and the course planned for it "
            f"is not recorded.{ended}",
            fix="Add it to infusions; if it was not given, say in disposition or visits why.",
        )  # fmt: skip
