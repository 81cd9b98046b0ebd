"""Courses that are planned at relapse, held against the relapses that are found in the data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import polars as pl

from funis.analysis.response_rates import CANNOT_TELL, YES, answer_endpoint
from funis.analysis.run import Run
from funis.data.check.row_findings import row_finding
from funis.errors import Finding, Level
from funis.results import format_shortest
from funis.study.courses import PlacedInfusion, PlannedCourse, later_courses, place_infusions, relapse_behind
from funis.study.planned_infusion import RELAPSE
from funis.study.response_behind import response_visit

_LEFT: Final = ("withdrew", "lost", "died")
_Row = Mapping[str, Any]


def check_courses(run: Run, visits: pl.DataFrame) -> tuple[Finding, ...]:
    """Find courses that were begun without the relapse they are planned for, too early or too late, or not.

    Parameters
    ----------
    run : the analysis on its way
    visits : one row per subject and visit with the scored columns

    Returns
    -------
    tuple of Finding : none where no course is planned at relapse
    """
    plan = next((each for each in later_courses(run.study) if each.when == RELAPSE), None)
    endpoint = relapse_behind(run.study)
    infusions = run.frame("infusions")
    if plan is None or endpoint is None or infusions is None:
        return ()
    answers = answer_endpoint(run, visits, endpoint, response_visit(run.study, endpoint)).answers
    if "relapse" not in answers.columns:
        return ()
    relapses = {row["subject"]: row for row in answers.iter_rows(named=True)}
    rows = infusions.to_dicts()
    placed = list(zip(rows, place_infusions(run.study, rows), strict=True))
    begun = {row["subject"]: (row, each) for row, each in placed if each.plan is plan and each.position == 1}
    found = [
        finding
        for subject, (row, place) in begun.items()
        if subject in relapses
        for finding in _check_begin(plan, (row, place), relapses[subject])
    ]
    treated = {row["subject"] for row in rows}
    return (*found, *_check_not_begun(run, plan, relapses, treated - begun.keys()))


def _check_begin(plan: PlannedCourse, begun: tuple[_Row, PlacedInfusion], relapse: _Row) -> Iterator[Finding]:
    """Hold the first infusion of a course against the relapse of its subject."""
    row, place = begun
    said, day, start = relapse["relapse"], relapse["relapse_day"], place.start
    low, high = plan.infusions[0].window or (0, None)
    if said == CANNOT_TELL:
        yield _not_due(begun, "query", "whether there was one cannot be told from the data")
    elif said != YES:
        yield _not_due(begun, "warning", "no relapse is found in the data")
    elif day is None or start is None:
        return
    elif start < day + low:
        yield _not_due(begun, "warning", f"the relapse is found on study day {format_shortest(day)} only")
    elif high is not None and start > day + high:
        last, found = format_shortest(day + high), format_shortest(day)
        yield row_finding(
            "warning", "infusion_outside_window", "infusions", row,
            column="date" if row["date"] is not None else "day",
            message=f"Infusion {row['number']} of course {place.course} is on study day "
            f"{format_shortest(start)}, outside its window.",
            fix=f"It is planned up to day {last}, after the relapse found on day {found}.",
        )  # fmt: skip


def _not_due(begun: tuple[_Row, PlacedInfusion], level: Level, why: str) -> Finding:
    row, place = begun
    start = place.start
    on = "" if start is None else f" on study day {format_shortest(start)}"
    return row_finding(
        level, "retreated_without_relapse", "infusions", row, column="number",
        message=f"Course {place.course} began{on}, planned at relapse, and {why}.",
        fix="Check the dates and the assessments; the course is counted as it was given.",
    )  # fmt: skip


def _check_not_begun(
    run: Run, plan: PlannedCourse, relapses: Mapping[str, _Row], others: set[str]
) -> Iterator[Finding]:
    """Find who relapsed, was followed afterwards, and has no course for it."""
    window = plan.infusions[0].window
    columns = ["subject", "_file", "_line", "last_visit_day", "disposition_status", "disposition_day"]
    for row in run.subject_frame.select(columns).iter_rows(named=True):
        relapse = relapses.get(row["subject"])
        if row["subject"] not in others or relapse is None or relapse["relapse"] != YES:
            continue
        day = relapse["relapse_day"]
        if day is None:
            continue
        latest = day + (window[1] if window else 0)
        has_left = row["disposition_status"] in _LEFT and (row["disposition_day"] or 0) <= latest
        is_followed = row["last_visit_day"] is not None and row["last_visit_day"] > latest
        if has_left or not is_followed:
            continue
        ended = (
            f" The disposition says {row['disposition_status']}."
            if row["disposition_status"] in _LEFT
            else ""
        )
        yield row_finding(
            "warning", "missing_infusion", "subjects", row, column="subject",
            message=f"A relapse is found on study day {format_shortest(day)}, and the course planned for it "
            f"is not recorded.{ended}",
            fix="Add it to infusions; if it was not given, say in disposition or visits why.",
        )  # fmt: skip
