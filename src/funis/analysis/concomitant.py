"""Other drugs than glucocorticoid by mouth: who was on which at every visit, who began and who stopped.

A fall in activity may be due to them. A subject was on a drug at a visit where a course of it had begun by
the day of the visit and had not ended before it. Nobody is counted as without a drug for want of a record:
only visits count at which the drugs of a subject are known (`funis.analysis.drug_visits`), and a course
without its first day leaves open what it could decide.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import numpy as np
import polars as pl

from funis.analysis.asked import are_drugs_known
from funis.analysis.cohorts import Cohort
from funis.analysis.drug_visits import unknown_drugs, visit_days
from funis.analysis.glucocorticoid import population_of
from funis.analysis.panel import Booleans, Floats, Integers
from funis.analysis.run import Run, add_rate
from funis.catalogue.registry import glucocorticoid_table
from funis.results import ALL, format_shortest
from funis.scoring.steroids import is_glucocorticoid

ANALYSIS: Final = "concomitant"
KNOWN: Final = "known"
ON: Final = "on"
STARTED: Final = "started"
STOPPED: Final = "stopped"
#: Any of the drugs.
ANY: Final = ""
YES, NO, OPEN = 1, 0, -1
_ROUTES: Final = {"pulse": "by vein", "other": "by another route"}
#: Columns of the listing, by when a course began and ended.
PERIODS: Final = ("before", "at_day_0", "after", "begin_not_recorded")


class DrugCourse(NamedTuple):
    """A course of a drug: place of its subject, its observation, first and last day; NaN not recorded."""

    subject: int
    row: int
    start: float
    end: float
    dose: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DrugAnswers:
    """What is known of one drug, 1 yes, 0 no, -1 open.

    Attributes
    ----------
    on : shape (subjects, visits)
    started, stopped : shape (subjects,)
    courses : behind them
    """

    on: Integers
    started: Integers
    stopped: Integers
    courses: tuple[DrugCourse, ...]


def count_concomitant(run: Run) -> None:
    """Count who was on each drug at each visit, and who began or stopped it after day 0.

    Parameters
    ----------
    run : the analysis on its way; gets numbers and a listing called ``concomitant``
    """
    if not are_drugs_known(run).any():
        return
    visits, days = visit_days(run)
    known = ~np.isnan(days)
    for unknown, _ in unknown_drugs(run, days):
        known &= ~unknown
    courses = _gather(run)
    found = {name: _answer(own, days, known) for name, own in courses.items()}
    found = {name: each for name, each in found.items() if _is_concomitant(each, known)}
    shown = {ANY: _any_of(tuple(found.values()), days)} | found
    for cohort in run.populations.every_arm(population_of(run.study)):
        for place, visit in enumerate(visits):
            _count_visit(run, cohort, (visit, place), (days, known), shown)
        _count_after(run, cohort, (days, known), shown)
    run.listings[ANALYSIS] = _list_courses(run, courses)


def _gather(run: Run) -> dict[str, tuple[DrugCourse, ...]]:
    """Give the courses of each drug but glucocorticoid by mouth, by its most frequent spelling."""
    spellings: dict[str, list[str]] = {}
    gathered: dict[str, list[DrugCourse]] = {}
    places = run.panel.layout.places
    columns = ("subject", "drug", "dose", "unit", "route", "start_day", "end_day", "_row")
    for subject, drug, dose, unit, route, start, end, row in (
        run.frames["medications"].select(columns).iter_rows()
    ):
        name = _drug_name(drug or "", route or "")
        if not name or subject not in places:
            continue
        key = name.casefold()
        spellings.setdefault(key, []).append(name)
        first, last = (np.nan if day is None else float(day) for day in (start, end))
        amount = "" if dose is None else f"{format_shortest(dose)} {unit or ''}".strip()
        gathered.setdefault(key, []).append(DrugCourse(places[subject], row, first, last, amount))
    names = {key: Counter(own).most_common()[0][0] for key, own in spellings.items()}
    return {names[key]: tuple(own) for key, own in gathered.items()}


def _drug_name(drug: str, route: str) -> str:
    """Name a drug; a glucocorticoid with its route, and not at all where it is part of the daily dose.

    A route is told by its kind, however it is written: what else stands in its cell is nobody's to print.
    """
    name = " ".join(drug.split())
    if not is_glucocorticoid(name):
        return name
    kind = glucocorticoid_table().routes.get(" ".join(route.lower().split()), "other")
    return "" if kind == "daily" else f"{name}, {_ROUTES[kind]}"


def _answer(courses: tuple[DrugCourse, ...], days: Floats, known: Booleans) -> DrugAnswers:
    """Tell who was on a drug at which visit, who began it after day 0, and who stopped it."""
    on = np.full(days.shape, NO, dtype=np.int64)
    for course in courses:
        own, at = days[course.subject], on[course.subject]
        reaches = ~(own > course.end)
        at[(at == NO) & reaches & np.isnan(course.start)] = OPEN
        at[reaches & (own >= course.start)] = YES
    last = np.max(np.where(known, days, -np.inf), axis=1, initial=-np.inf)
    by_subject: dict[int, list[DrugCourse]] = {}
    for course in courses:
        by_subject.setdefault(course.subject, []).append(course)
    started, stopped = (np.full(len(days), NO, dtype=np.int64) for _ in range(2))
    for subject, taken in by_subject.items():
        started[subject] = _has_started(taken)
        stopped[subject] = _has_stopped(taken, float(last[subject]))
    return DrugAnswers(on=on, started=started, stopped=stopped, courses=courses)


def _has_started(courses: list[DrugCourse]) -> int:
    """Tell whether somebody not on a drug on day 0 began it later; a change of its dose is no beginning."""
    if any(course.start <= 0 and not course.end < 0 for course in courses):
        return NO
    if any(np.isnan(course.start) and not course.end < 0 for course in courses):
        return OPEN
    return YES if any(course.start > 0 for course in courses) else NO


def _has_stopped(courses: list[DrugCourse], last: float) -> int:
    """Tell whether somebody on a drug on day 0 or later was seen after the last day of all its courses."""
    reaching = [course.end for course in courses if not course.end < 0]
    return YES if reaching and max(reaching) < last and not np.isnan(reaching).any() else NO


def _any_of(found: tuple[DrugAnswers, ...], days: Floats) -> DrugAnswers:
    """Tell who was on any of the drugs, began or stopped one."""

    def either(parts: list[Integers], shape: tuple[int, ...]) -> Integers:
        if not parts:
            return np.full(shape, NO, dtype=np.int64)
        held = np.stack(parts)
        return np.where((held == YES).any(0), YES, np.where((held == OPEN).any(0), OPEN, NO))

    return DrugAnswers(
        on=either([each.on for each in found], days.shape),
        started=either([each.started for each in found], days.shape[:1]),
        stopped=either([each.stopped for each in found], days.shape[:1]),
        courses=tuple(course for each in found for course in each.courses),
    )


def _is_concomitant(answers: DrugAnswers, known: Booleans) -> bool:
    """Tell whether a drug was, or may have been, taken at a visit or begun after day 0; else it is older."""
    return bool(((answers.on != NO) & known).any() or (answers.started != NO).any())


def _count_visit(
    run: Run,
    cohort: Cohort,
    at: tuple[str, int],
    looked: tuple[Floats, Booleans],
    shown: Mapping[str, DrugAnswers],
) -> None:
    """Count one visit: of whom the drugs are known, of those seen, and who of them was on each drug."""
    (visit, place), (days, known) = at, looked
    seen = ~np.isnan(days[:, place]) & cohort.members
    if not seen.any():
        return
    told = known[:, place] & seen
    whole = replace(
        cohort.place(ANALYSIS, KNOWN), visit=visit, n=int(seen.sum()), denominator=int(seen.sum())
    )
    add_rate(run, whole, int(told.sum()), level=run.level, limits=False)
    for name, each in shown.items():
        in_force = _in_force(each.courses, days[:, place])
        _add(run, cohort, (ON, name, visit), (each.on[:, place], told), in_force)


def _in_force(courses: tuple[DrugCourse, ...], days: Floats) -> Iterator[DrugCourse]:
    """Give the courses that had begun by a visit and had not ended before it."""
    for course in courses:
        day = days[course.subject]
        if course.start <= day and not day > course.end:
            yield course


def _count_after(
    run: Run, cohort: Cohort, looked: tuple[Floats, Booleans], shown: Mapping[str, DrugAnswers]
) -> None:
    """Count who began and who stopped a drug, of those whose drugs are known at a visit after day 0."""
    days, known = looked
    told = (known & (days > 0)).any(axis=1) & cohort.members
    for name, each in shown.items():
        for variable, answers in ((STARTED, each.started), (STOPPED, each.stopped)):
            _add(run, cohort, (variable, name, ALL), (answers, told), iter(each.courses))


def _add(
    run: Run,
    cohort: Cohort,
    about: tuple[str, str, str],
    counted: tuple[Integers, Booleans],
    courses: Iterator[DrugCourse],
) -> None:
    """Add a count over those of whom the answer is known, with the courses of those counted behind it."""
    (variable, name, visit), (answers, told) = about, counted
    of = told & (answers != OPEN)
    if not of.any():
        return
    chosen = of & (answers == YES)
    rows = np.array([course.row for course in courses if chosen[course.subject]], dtype=np.int64)
    source = run.source(cohort, f"{ANALYSIS} {variable} {name}", visit, rows) if rows.size else ""
    size = int(of.sum())
    place = replace(
        cohort.place(ANALYSIS, variable, name), visit=visit, n=size, denominator=size, source=source
    )
    add_rate(run, place, int(chosen.sum()), level=run.level, limits=False)


def _list_courses(run: Run, courses: Mapping[str, tuple[DrugCourse, ...]]) -> pl.DataFrame:
    """List the courses of every subject in one row, by when they began and ended."""
    cells: dict[int, dict[str, list[str]]] = {}
    for name, own in courses.items():
        said: dict[tuple[int, str], list[str]] = {}
        for course in sorted(own, key=lambda each: (np.nan_to_num(each.start), each.row)):
            said.setdefault((course.subject, _period(course)), []).append(_course_words(course))
        for (subject, period), parts in said.items():
            cells.setdefault(subject, {}).setdefault(period, []).append(f"{name} {', '.join(parts)}")
    subjects = run.panel.subjects
    rows = [
        {"subject": subjects[subject]} | {period: "; ".join(own.get(period, [])) for period in PERIODS}
        for subject, own in sorted(cells.items())
    ]
    return pl.DataFrame(rows, schema=dict.fromkeys(("subject", *PERIODS), pl.String()))


def _period(course: DrugCourse) -> str:
    before, at_day_0, after, not_recorded = PERIODS
    if course.end < 0:
        return before
    if np.isnan(course.start):
        return not_recorded
    return at_day_0 if course.start <= 0 else after


def _course_words(course: DrugCourse) -> str:
    """Print dose and days of a course.

    Examples
    --------
    >>> _course_words(DrugCourse(0, 0, -30.0, 12.0, "400 mg/day"))
    '400 mg/day (day −30 to 12)'
    >>> _course_words(DrugCourse(0, 0, 5.0, np.nan, ""))
    '(from day 5)'
    """
    start, end = (
        "" if np.isnan(day) else format_shortest(day).replace("-", "−") for day in (course.start, course.end)
    )
    if start:
        days = f"day {start} to {end}" if end else f"from day {start}"
    else:
        days = f"to day {end}" if end else "days not recorded"
    return f"{course.dose} ({days})".strip()
