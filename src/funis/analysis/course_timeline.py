"""What was recorded, counted again from the first infusion of a later course of treatment.

The rule is that of the first treatment: baseline is the last value on the day of the first infusion of the
course or before; a later value belongs to the planned visit in whose window it falls, counted from that
day. Of several values in one window the one nearest to the planned day counts. A visit without a window
counts on its planned day. What was recorded after the next course began belongs to that one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from funis.analysis.course_frame import infusions_by_course
from funis.analysis.event_kinds import CourseOfEvents
from funis.analysis.panel import Booleans, Floats, build_panel
from funis.analysis.run import Run
from funis.study.courses import name_course
from funis.study.model import Study

#: A visit that is none of the course: outside every window, or of another course.
_ELSEWHERE = ""
_UNSCHEDULED = "unscheduled"


@dataclass(frozen=True, slots=True)
class GivenCourse:
    """One course as it was given.

    Attributes
    ----------
    number : which course, from 1
    members : shape (subjects,), who had it and on a known day
    starts : shape (subjects,), study day of its first infusion, NaN of the others
    ends : shape (subjects,), study day on which the next course began, infinite where there is none
    """

    number: int
    members: Booleans
    starts: Floats
    ends: Floats


def given_courses(run: Run, infusions: pl.DataFrame) -> tuple[GivenCourse, ...]:
    """Give the courses that somebody had, in order.

    Parameters
    ----------
    run : the analysis on its way
    infusions : with their courses, as ``infusions_by_course`` gives them
    """
    places = run.panel.layout.places
    starts: dict[int, Floats] = {}
    known = infusions.filter(pl.col("course_start").is_not_null(), pl.col("subject").is_in(list(places)))
    for subject, course, start in known.select("subject", "course", "course_start").iter_rows():
        column = starts.setdefault(course, np.full(len(places), np.nan))
        column[places[subject]] = start
    found = []
    for number in sorted(starts):
        later = [starts[each] for each in starts if each > number]
        ends = np.fmin.reduce([np.full(len(places), np.inf), *later])
        found.append(GivenCourse(number, ~np.isnan(starts[number]), starts[number], ends))
    return tuple(found)


def count_again(run: Run, course: GivenCourse, values: pl.DataFrame, grades: pl.DataFrame) -> Run:
    """Give a run whose panel, ends of participation and answers count from the start of a course.

    Parameters
    ----------
    run : the analysis on its way
    course : the course
    values, grades : every observation that the panel of the run was built from, in the same order

    Returns
    -------
    Run
        Its rows of observations are those of the run, so that sources lead to what was recorded.
    """
    starts = dict(zip(run.panel.subjects, course.starts, strict=True))
    ends = dict(zip(run.panel.subjects, course.ends, strict=True))
    layout = replace(run.panel.layout, baseline=run.study.baseline_visit)
    panel = build_panel(
        layout,
        _as_of_course(run.study, values, starts, ends),
        _as_of_course(run.study, grades, starts, ends),
    )
    day = pl.col("disposition_day") - pl.Series(course.starts).fill_nan(None)
    return replace(
        run,
        panel=replace(panel, observations=run.panel.observations),
        subject_frame=run.subject_frame.with_columns(disposition_day=day),
        answered={},
        timelines={},
    )


def visits_of_course(run: Run, course: GivenCourse, visits: pl.DataFrame) -> pl.DataFrame:
    """Give the scored visits of the members, from the baseline of a course to the next course.

    Parameters
    ----------
    run : the analysis on its way
    course : the course
    visits : one row per subject and visit with the scored columns

    Returns
    -------
    polars.DataFrame
        Days from the start of the course; the last visit on its first day or before is the baseline visit,
        a later one has the name of the visit in whose window it falls, else it is unscheduled.
    """
    starts = dict(zip(run.panel.subjects, course.starts, strict=True))
    ends = dict(zip(run.panel.subjects, course.ends, strict=True))
    own = _as_of_course(run.study, visits, starts, ends).filter(pl.col("day").is_not_null())
    is_early = pl.col("day") <= 0
    last_early = pl.col("day").filter(is_early).max().over("subject")
    kept = own.filter(~is_early | (pl.col("day") == last_early))
    name = (
        pl.when(is_early)
        .then(pl.lit(run.study.baseline_visit))
        .when(pl.Series(_is_nearest(run.study, kept)))
        .then("visit")
        .otherwise(pl.lit(_UNSCHEDULED))
    )
    return kept.with_columns(visit=name).unique(["subject", "visit", "day"], keep="last", maintain_order=True)


def _as_of_course(
    study: Study, frame: pl.DataFrame, starts: Mapping[str, float], ends: Mapping[str, float]
) -> pl.DataFrame:
    """Count the days of every row from the start of its subject's course, and name its visit by them.

    Rows stay in their order; of other subjects, and of a later course, they have neither day nor visit.
    """
    subjects, days = frame["subject"].to_list(), frame["day"].cast(pl.Float64).to_list()
    counted: list[float | None] = []
    for subject, day in zip(subjects, days, strict=True):
        start = starts.get(subject, np.nan)
        is_own = day is not None and not np.isnan(start) and day <= ends[subject]
        counted.append(day - start if is_own and day is not None else None)
    names = [_visit_on(study, day) for day in counted]
    return frame.with_columns(
        pl.Series("day", counted, dtype=pl.Float64), pl.Series("visit", names, dtype=pl.String)
    )


def _is_nearest(study: Study, kept: pl.DataFrame) -> list[bool]:
    """Tell which rows are the visit they are called: of several of one subject the nearest to the plan."""
    planned = {visit.name: float(visit.day) for visit in study.visits}
    rows = list(kept.select("subject", "visit", "day").iter_rows())
    nearest: dict[tuple[str, str], tuple[float, float]] = {}
    for subject, visit, day in rows:
        if visit:
            # Of two equally near days the later one counts, as for the visits of the study.
            order = (abs(day - planned[visit]), -day)
            nearest[subject, visit] = min(order, nearest.get((subject, visit), order))
    return [bool(visit) and nearest[subject, visit][1] == -day for subject, visit, day in rows]


def _visit_on(study: Study, day: float | None) -> str:
    """Name the planned visit in whose window a day after the first infusion falls; empty for none."""
    if day is None or day <= 0:
        return _ELSEWHERE
    return next(
        (each.name for each in study.follow_up_visits if each.opens <= day <= each.closes), _ELSEWHERE
    )


def courses_of_events(run: Run) -> tuple[CourseOfEvents, ...]:
    """Give the courses that adverse events are divided by: none where nobody had a second one."""
    infusions = infusions_by_course(run)
    courses = () if infusions is None else given_courses(run, infusions)
    if len(courses) < 2:
        return ()
    questions = run.frames["safety_questions"].filter(pl.col("asked") == 1, pl.col("day").is_not_null())
    asked = list(questions.select("subject", pl.col("day").cast(pl.Float64)).iter_rows())
    return tuple(_divide(run, course, asked) for course in courses)


def _divide(run: Run, course: GivenCourse, asked: Sequence[tuple[str, float]]) -> CourseOfEvents:
    """Give the days of a course by subject, and who was asked about adverse events within it."""
    days = {
        name: (float(course.starts[place]), float(course.ends[place]))
        for place, name in enumerate(run.panel.subjects)
        if course.members[place]
    }
    within = (name for name, day in asked if name in days and days[name][0] < day <= days[name][1])
    return CourseOfEvents(name_course(course.number), days, frozenset(within))
