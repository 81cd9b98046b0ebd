"""The course that waits for what is found: found by the records, allocated, given while there are cells.

What begins it is found in the forms that were recorded, as on the capture server, and not in the disease
behind them. Whoever relapses is allocated by the methods of that server, in the order of the days on which
it was found.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np
import polars as pl

from funis.analysis.observations import score_instruments, visit_frame
from funis.capture.conduct.allocation.methods import Before, choose_arm
from funis.data.tables import Tables
from funis.simulate.trials.scenario import assumed
from funis.simulate.trials.virtual_patients import Patients
from funis.stats.sample import Booleans, Floats
from funis.study.course_conditions import FoundCondition, find_conditions
from funis.study.course_relapses import find_relapses
from funis.study.courses import conditional_courses
from funis.study.model import Study
from funis.study.planned_infusion import RELAPSE
from funis.study.visit_frame import visit_units

LOOKED_AT: Final[tuple[str, ...]] = (
    "subjects", "visits", "sledai_2k", "bilag_2004", "labs", "infusions", "medications", "disposition",
)  # fmt: skip
"""Tables that what begins a course is looked for in."""


@dataclass(frozen=True, slots=True)
class LaterCourse:
    """Who was to be given the course, and who was.

    Attributes
    ----------
    found : study day of the visit that found what begins it, of each patient; infinity for none
    arms : arm that the relapse was allocated to; empty where nothing was
    begins : study day of its first infusion; infinity for none
    refused : courses that were due and for which there were no cells
    is_without_response : who did not respond, by the records: no relapse of theirs begins the course
    """

    found: Floats
    arms: tuple[str, ...]
    begins: Floats
    refused: int
    is_without_response: Booleans

    @property
    def given(self) -> int:
        """Give the number of courses that were given."""
        return int(np.isfinite(self.begins).sum())


def waits(study: Study) -> bool:
    """Tell whether a study has a course at relapse or by a rule."""
    return bool(conditional_courses(study))


def later_relapse(study: Study) -> bool:
    """Tell whether a study has a course that waits for a relapse."""
    return any(course.when == RELAPSE for course in conditional_courses(study))


def look_for(study: Study, tables: Tables) -> dict[str, FoundCondition]:
    """Look in the records for what begins the course, by subject.

    Parameters
    ----------
    study : with a course at relapse or by a rule
    tables : checked, of one trial or several
    """
    course = conditional_courses(study)[0]
    visits = visit_frame(study, tables, score_instruments(study, tables))
    if course.when != RELAPSE:
        return find_conditions(study, course, visits)
    ends = tables.frames["disposition"].select("subject", "status", "day")
    return find_relapses(study, visits, ends, visit_units(study, tables.frames))


def plan_course(
    study: Study,
    patients: Patients,
    frames: Mapping[str, pl.DataFrame],
    met: Mapping[str, FoundCondition],
    seed: np.random.SeedSequence,
    *,
    cells_for: int | None = None,
    arm: str = "",
) -> LaterCourse:
    """Allocate who relapsed, and give the course to whom it is due, in the order of the days.

    Parameters
    ----------
    study, patients, frames : the trial as it was recorded before the course
    met : what begins it, by subject
    seed : of this trial's allocations and delays
    cells_for : courses there are cells for; None for no limit
    arm : that everybody is allocated to, for the true values; by default chance allocates
    """
    course = conditional_courses(study)[0]
    count = len(patients.age)
    found, begins, arms = np.full(count, np.inf), np.full(count, np.inf), [""] * count
    subjects = frames["subjects"]
    is_without = np.zeros(count, dtype=np.bool_)
    for place, subject in enumerate(subjects["subject"]):
        condition = met.get(subject)
        is_without[place] = condition is not None and condition.is_without_response
        if condition is not None and condition.said == "yes" and condition.day is not None:
            found[place] = condition.day
    delays = np.random.default_rng(seed).integers(0, int(assumed("again_within")) + 1, count)
    allocated = study.re_randomisation if course.when == RELAPSE else None
    started = first_days(frames)
    is_control = np.array([bool(study.arms) and study.arms[each].control for each in patients.arms])
    met_in = np.flatnonzero(np.isfinite(found)).tolist()
    order = sorted(met_in, key=lambda each: (_on(started, found, each), each))
    if allocated is not None:
        secret, before = seed.generate_state(8).tobytes(), list[Before]()
        for place in order:
            row = subjects.row(place, named=True)
            stratum = {name: str(row[name]) for name in allocated.strata}
            arms[place] = arm or choose_arm(allocated, secret, stratum, before)
            before.append(Before(stratum, arms[place]))
    due: list[tuple[date, int]] = []
    for place in order:
        first, last = course.days_after(found[place])
        day = first + float(delays[place])
        begins[place] = day if last is None else min(day, last)
        is_not_again = allocated is not None and arms[place] == allocated.control
        if is_not_again or begins[place] >= patients.left_day[place]:
            begins[place] = np.inf
        elif not is_control[place]:
            due.append((_on(started, begins, place), place))
    late = [] if cells_for is None else sorted(due)[cells_for:]
    for _, place in late:
        begins[place] = np.inf
    return LaterCourse(found, tuple(arms), begins, len(late), is_without)


def first_days(frames: Mapping[str, pl.DataFrame]) -> list[date]:
    """Give the day of each patient's first infusion, in the order of the patients."""
    first = frames["infusions"].filter(pl.col("number") == 1)
    days = dict(first.select("subject", "date").iter_rows())
    return [days[subject] for subject in frames["subjects"]["subject"]]


def _on(started: list[date], days: Floats, place: int) -> date:
    return started[place] + timedelta(days=int(days[place]))
