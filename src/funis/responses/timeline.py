"""One subject's visits in order of time, as responses look at them.

A frame with one row per subject and visit becomes one `Timeline` per subject. A value is a span and a
grade is a pair of letters, so that what is missing stays missing until a rule has been asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from statistics import median
from typing import Any, Final, cast

import polars as pl

from funis.answer_words import read_answer, says_not_done
from funis.catalogue.instrument_tables import organ_systems, systems_of_grades
from funis.catalogue.yes_no_columns import yes_no_columns
from funis.column_kinds import MOST_DAYS
from funis.errors import ColumnError, ShapeError, ValueRangeError
from funis.frames.any_kind import read_rows
from funis.frames.cell import Cell
from funis.frames.scales import Scale, convert_rows
from funis.nine_decimals import to_decimal
from funis.responses.participation import Ends, read_ends
from funis.responses.verdict import Span, exactly
from funis.scoring.column_limits import FrameLimits
from funis.shown import show_cell, show_codes, show_place

GRADES: Final = "EDCBA"
"""Grades from least to most active."""

GradeSpan = tuple[str, str]
_SURE: Final[Mapping[str, GradeSpan]] = {letter: (letter, letter) for letter in GRADES}
UNKNOWN_GRADE: Final[GradeSpan] = ("E", "A")
_DAY_ALLOWED: Final = "a number of days since the first infusion"

_NOT_A_SYSTEM: Final = ("lower", "upper", "rule", "status", "ever", "recorded", "note", "version")
UNSCHEDULED: Final = "unscheduled"
_NAMED_DAY: Final = re.compile(r"(day|week|month)_(\d+)")
_DAYS_IN: Final = {"day": 1, "week": 7, "month": 30}


@lru_cache(maxsize=8192)
def _says_anything(grades: tuple[GradeSpan, ...]) -> bool:
    return any(not (low in "DE" and high == "A") for low, high in grades)


@dataclass(frozen=True, slots=True)
class TimelineVisit:
    """What one visit recorded.

    Attributes
    ----------
    subject, name : study number and visit name
    day : days since the first infusion, 0 the day of it
    values : every other column by name; None where nothing was recorded
    """

    subject: str
    name: str
    day: float
    values: Mapping[str, Cell]
    _seen: dict[tuple[str, ...], tuple[GradeSpan, ...]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def grades(self, columns: tuple[str, ...]) -> tuple[GradeSpan, ...]:
        """Return grades as their lowest and highest letters; asked for the same again, they are at hand."""
        if columns not in self._seen:
            self._seen[columns] = tuple(map(self.grade, columns))
        return self._seen[columns]

    def number(self, column: str) -> Span:
        """Return a number as a span: itself, else its recorded bounds, else open at both ends."""
        value = self._parse(column)
        if value is not None:
            return exactly(value)
        return Span(self._parse(f"{column}_lower"), self._parse(f"{column}_upper"))

    def grade(self, column: str) -> GradeSpan:
        """Return a grade as its lowest and highest letter."""
        value = self.values.get(column)
        # Most grades are recorded: asked a million times in a register, they take one look.
        if type(value) is str and value in _SURE:
            return _SURE[value]
        value = self._letter(column)
        if value is not None:
            return value, value
        return self._letter(f"{column}_lower") or "E", self._letter(f"{column}_upper") or "A"

    def has_grade(self, columns: Iterable[str]) -> bool:
        """Whether anything at all was recorded of these grades.

        From D to A is as open as from E to A: that a system was affected before says nothing of the visit.
        """
        return _says_anything(self.grades(tuple(columns)))

    def _parse(self, column: str) -> Decimal | None:
        value = self.values.get(column)
        if isinstance(value, str):
            if says_not_done(value) or not value.strip():
                return None
            answer = read_answer(value) if column in yes_no_columns() else None
            value = value if answer is None else answer
        try:
            return to_decimal(value)
        except ValueError:
            where = f"column {column!r}, {show_place(self.subject, self.name)}"
            allowed = "yes, no" if column in yes_no_columns() else "a number"
            raise ValueRangeError(where, show_cell(value), f"{allowed}, ND (not done) or nothing") from None

    def _letter(self, column: str) -> str | None:
        value = self.values.get(column)
        if value is None or (isinstance(value, str) and value in GRADES and value):
            return value
        if isinstance(value, str) and (says_not_done(value) or not value.strip()):
            return None
        where = f"column {column!r}, {show_place(self.subject, self.name)}"
        raise ValueRangeError(
            where, show_cell(value), "one of the grades A, B, C, D, E, ND (not done) or nothing"
        )


@dataclass(frozen=True, slots=True)
class Timeline:
    """All visits of one subject, earliest first, and the day of each event that ends a timeline.

    Attributes
    ----------
    subject : study number
    visits : visits in order of time, none after a death
    events : day of ``death``, ``withdrawal``, ``lost``, ``prohibited``, where there was one
    undated : those that happened on a day that is not recorded
    after_death : visits dated after a death: no response looks at them, and the trial had them planned
    """

    subject: str
    visits: tuple[TimelineVisit, ...]
    events: Mapping[str, float]
    undated: frozenset[str] = frozenset()
    after_death: tuple[TimelineVisit, ...] = ()

    def find(self, name: str) -> TimelineVisit | None:
        """Return the visit of that name, or None."""
        return next((visit for visit in self.visits if visit.name == name), None)

    def baseline(self, name: str = "") -> TimelineVisit | None:
        """Return the last visit on or before day 0, else the visit called ``baseline``."""
        if name:
            return self.find(name)
        before = [visit for visit in self.visits if visit.day <= 0]
        return before[-1] if before else self.find("baseline")

    def before(self, visit: TimelineVisit) -> TimelineVisit | None:
        """Return the visit just before this one."""
        earlier = [other for other in self.visits if other.day < visit.day]
        return earlier[-1] if earlier else None

    def between(self, after: float, until: float) -> tuple[TimelineVisit, ...]:
        """Return the visits after one day and until another, that day included."""
        return tuple(visit for visit in self.visits if after < visit.day <= until)


@dataclass(frozen=True, slots=True)
class Gathered:
    """What is known of all subjects together, where the timelines at hand are those of some of them.

    Attributes
    ----------
    n_subjects : how many subjects there are
    has_visits, has_unscheduled : whether anybody has a visit, and one that was not scheduled
    lettered : columns whose values are letters
    held : subjects measured at each visit, by instrument and visit
    reached : columns without a unit in which somebody reaches what their usual unit makes sure
    """

    n_subjects: int
    has_visits: bool
    has_unscheduled: bool
    lettered: frozenset[str]
    held: Mapping[tuple[str, str], int]
    reached: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class UnsaidUnit:
    """A column of which nobody said the unit, and what somebody reaches where it is the usual one."""

    column: str
    unit: str
    below: float
    analyte: str


@dataclass(frozen=True, slots=True)
class CohortTimelines:
    """The timelines of all subjects and the visits that were expected of each.

    Attributes
    ----------
    timelines : one per subject, in order of study number
    columns : columns that hold a value for somebody; a column nobody has a value in was not collected
    days : median day of each visit name, unscheduled visits left out
    subject_type : type of the study numbers in the frame
    present : every column of the frame
    gathered : what all subjects have together, where `timelines` are those of some of them; else None
    unsaid : columns of which nobody said the unit, and whose values alone cannot make it sure
    """

    timelines: tuple[Timeline, ...]
    columns: frozenset[str]
    days: Mapping[str, float]
    subject_type: pl.DataType
    present: frozenset[str] = frozenset()
    gathered: Gathered | None = None
    unsaid: tuple[UnsaidUnit, ...] = ()

    @property
    def reached(self) -> frozenset[str]:
        """Name the columns without a unit in which somebody reaches what their usual unit makes sure."""
        if self.gathered is not None:
            return self.gathered.reached
        return frozenset(one.column for one in self.unsaid if self._reaches(one))

    def _reaches(self, one: UnsaidUnit) -> bool:
        visits = (visit for timeline in self.timelines for visit in timeline.visits)
        return any(visit.number(one.column).compare(">=", Decimal(str(one.below))) for visit in visits)

    @property
    def has_visits(self) -> bool:
        """Whether anybody has a visit."""
        if self.gathered is not None:
            return self.gathered.has_visits
        return any(timeline.visits for timeline in self.timelines)

    @property
    def has_unscheduled(self) -> bool:
        """Whether anybody has a visit that was not scheduled."""
        if self.gathered is not None:
            return self.gathered.has_unscheduled
        return any(
            visit.name.startswith(UNSCHEDULED) for timeline in self.timelines for visit in timeline.visits
        )

    def name_subjects(self, found: pl.DataFrame, subject: str) -> pl.DataFrame:
        """Give the subject column of an answer the name and type it has in the frame, in their order."""
        named = found.rename({"subject": subject})
        if not self.subject_type.is_integer():
            return named
        return named.with_columns(pl.col(subject).cast(self.subject_type)).sort(subject, maintain_order=True)

    def systems(self, instrument: str) -> tuple[str, ...]:
        """Return the columns of the grades of an instrument's organ systems, also those the frame lacks.

        A system without a column is one whose grade is missing in every row, not one without activity.
        """
        start = f"{instrument}_"
        found = {name.removesuffix("_lower").removesuffix("_upper") for name in self.lettered(instrument)}
        lacking = [f"{start}<system>"]
        empty = {f"{start}{system}" for system in organ_systems(instrument)} & self.present
        found |= empty  # a system whose every grade is missing is not one that was never affected
        if not found:
            fix = "Score the instrument first, or name another one in the parameter 'instrument'."
            raise ColumnError("The response", lacking, sorted(self.columns), fix)
        return tuple(sorted(found | {f"{start}{system}" for system in systems_of_grades(instrument)}))

    def _has_letters(self, column: str) -> bool:
        stem = column.removesuffix("_lower").removesuffix("_upper")
        if stem.endswith(tuple(f"_{word}" for word in _NOT_A_SYSTEM)):
            return False
        if self.gathered is not None:
            return column in self.gathered.lettered
        values = (v.values.get(column) for c in self.timelines for v in c.visits)
        return isinstance(next((value for value in values if value is not None), None), str)

    def lettered(self, instrument: str) -> frozenset[str]:
        """Return the columns of an instrument whose values are letters."""
        start = f"{instrument}_"
        return frozenset(name for name in self.columns if name.startswith(start) and self._has_letters(name))

    def held(self, instrument: str) -> dict[str, int]:
        """Return how many subjects have a grade of an instrument at each visit."""
        try:
            measured = self.systems(instrument)
        except ColumnError:
            return {}
        return {name: self._count_held(name, measured, instrument) for name in self.days}

    def expected(self, measured: Sequence[str], instrument: str) -> dict[str, float]:
        """Return visits at which at least half of the subjects were measured, with their median day."""
        n_subjects = len(self.timelines) if self.gathered is None else self.gathered.n_subjects
        names = {}
        for name, day in self.days.items():
            held = self._count_held(name, measured, instrument)
            if held and held >= n_subjects / 2:
                names[name] = day
        return names

    def _count_held(self, name: str, measured: Sequence[str], instrument: str) -> int:
        if self.gathered is not None:
            return self.gathered.held.get((instrument, name), 0)
        visits = [timeline.find(name) for timeline in self.timelines]
        return sum(1 for visit in visits if visit is not None and visit.has_grade(measured))


def build_timelines(
    frame: Any,
    *,
    subject: str = "subject",
    visit: str = "visit",
    day: str = "day",
    disposition: Any = None,
    scales: Mapping[str, Scale] | None = None,
    limits: FrameLimits | None = None,
) -> CohortTimelines:
    """Sort a frame of visits into one timeline per subject.

    Parameters
    ----------
    frame : any frame, one row per subject and visit
    subject, visit, day : names of its columns; `day` may be absent where visits are called
        ``baseline``, ``week_<n>`` or ``month_<n>`` (30 days a month)
    disposition : frame with one row per subject and any of the columns ``death_day``, ``withdrawal_day``,
        ``lost_day``, ``prohibited_day``, or with ``status`` (died, withdrew, lost, ...) and ``day``
    scales : what brings columns to the units in which they are read, by column
    limits : what the columns can hold, then

    Returns
    -------
    CohortTimelines

    Raises
    ------
    ColumnError : the subject or visit column is not there
    ShapeError : one subject has the same visit twice
    ValueRangeError : a visit has no day and its name gives none
    """
    rows = convert_rows(read_rows(frame), scales or {})
    if limits is not None:
        # A visit that stands for all there is of a subject has no name to show.
        limits.check(rows, [name for name in (subject, visit) if name in rows.columns and name[:1] != "_"])
    if rows.is_empty() and not rows.columns:
        raise ShapeError("The frame of visits is empty: it has neither rows nor columns.")
    check_visit_columns(rows.columns, subject, visit)
    ends = read_ends(rows, subject, None if disposition is None else read_rows(disposition))
    visits: dict[str, list[TimelineVisit]] = {number: [] for number in ends}
    filled = {name for name in rows.columns if rows[name].null_count() < rows.height} - {subject, visit, day}
    for row in rows.iter_rows(named=True):
        made = _build_visit(row, subject, visit, day)
        visits.setdefault(made.subject, []).append(made)
    timelines = tuple(
        _build_timeline(number, visits[number], ends.get(number, Ends())) for number in sorted(visits)
    )
    return CohortTimelines(
        timelines, frozenset(filled), _median_days(timelines), rows.schema[subject], frozenset(rows.columns)
    )


def check_visit_columns(present: Sequence[str], subject: str, visit: str) -> None:
    """Refuse a frame of visits without its subjects or its visits."""
    lacking = [name for name in (subject, visit) if name not in present]
    if lacking:
        fix = "Give the names of these columns in 'subject' and 'visit'."
        raise ColumnError("The frame of visits", lacking, present, fix)


def _build_visit(row: dict[str, Cell], subject: str, visit: str, day: str) -> TimelineVisit:
    number, name, when = row.pop(subject), row.pop(visit), row.pop(day, None)
    if number is None or name is None:
        raise ValueRangeError("a row of the frame of visits", None, "a subject and a visit name in every row")
    if when is None:
        when = _day_of(str(name))
    if when is None:
        raise ValueRangeError(_day_at(number, name), None, _DAY_ALLOWED, "Give the day.")
    return TimelineVisit(str(number), str(name), _parse_day(when, (number, name)), row)


def _day_at(number: Cell, name: Cell) -> str:
    return f"day of {show_place(number, name)}"


def _parse_day(when: Cell, at: tuple[Cell, Cell]) -> float:
    """Read a study day; a date says nothing without the date of the first infusion."""
    fix = "Count the days from the first infusion, day 0."
    try:
        # A date is no number, which float() says too.
        day = float(cast("float", when))
    except (TypeError, ValueError):
        raise ValueRangeError(_day_at(*at), show_cell(when), _DAY_ALLOWED, fix) from None
    if abs(day) > MOST_DAYS:
        raise ValueRangeError(_day_at(*at), show_cell(when), f"{-MOST_DAYS} to {MOST_DAYS} days", fix)
    return day


def _day_of(name: str) -> float | None:
    if name in {"baseline", "screening"}:
        return 0.0
    named = _NAMED_DAY.fullmatch(name)
    return float(_DAYS_IN[named[1]] * int(named[2])) if named else None


def _build_timeline(number: str, visits: list[TimelineVisit], ends: Ends) -> Timeline:
    names = [visit.name for visit in visits if not visit.name.startswith(UNSCHEDULED)]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        place = show_place(number, doubled[0])
        raise ShapeError(f"A visit of a subject stands more than once ({place}); keep one row.")
    # A record dated after the death belongs to a finding in the data, not to a response.
    death = ends.days.get("death")
    alive = [visit for visit in visits if death is None or visit.day <= death]
    ordered = tuple(sorted(alive, key=lambda visit: (visit.day, visit.name)))
    late = tuple(visit for visit in visits if visit not in alive) if len(alive) < len(visits) else ()
    return Timeline(number, ordered, ends.days, ends.unknown_days, late)


def refuse_days_twice(cohort: CohortTimelines) -> None:
    """Refuse a subject with two visits of one day: which of them is the later one, nobody could say.

    Raises
    ------
    ShapeError : names the first such subject, the day and the visits
    """
    for timeline in cohort.timelines:
        days = [visit.day for visit in timeline.visits]
        if len(set(days)) == len(days):
            continue
        day = next(each for each in days if days.count(each) > 1)
        names = ", ".join(show_codes(visit.name for visit in timeline.visits if visit.day == day))
        person = show_place(timeline.subject)
        raise ShapeError(
            f"{person[:1].upper()}{person[1:]} has more than one visit on day {day:g}: {names}. "
            "Nobody could say which is the later one. Keep one row, or give the days in the column of days."
        )


def _median_days(timelines: Sequence[Timeline]) -> dict[str, float]:
    return order_days({name: float(median(found)) for name, found in list_days(timelines).items()})


def list_days(timelines: Iterable[Timeline]) -> dict[str, list[float]]:
    """Return the days on which each visit fell, unscheduled visits left out."""
    days: dict[str, list[float]] = {}
    for timeline in timelines:
        for visit in (*timeline.visits, *timeline.after_death):
            if not visit.name.startswith(UNSCHEDULED):
                days.setdefault(visit.name, []).append(visit.day)
    return days


def order_days(days: Mapping[str, float]) -> dict[str, float]:
    """Put the names of visits in the order of their days.

    Examples
    --------
    >>> list(order_days({"month_6": 180.0, "baseline": 0.0}))
    ['baseline', 'month_6']
    """
    return dict(sorted(days.items(), key=lambda pair: (pair[1], pair[0])))
