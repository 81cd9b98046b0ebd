"""Glucocorticoid doses as prednisone, and the daily dose of every subject from courses of drugs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

import polars as pl

from funis.arguments import Frame, NumberFrom, Text, takes
from funis.catalogue.model_tables import GlucocorticoidTable
from funis.catalogue.registry import analyte_table, glucocorticoid_table
from funis.column_kinds import check_days, check_kinds
from funis.described import shorten
from funis.errors import ColumnError, UnitError, UnknownNameError, ValueRangeError
from funis.shown import show_values

Day = int | float | date
"""A study day, or a date."""


def highest_mg_a_day() -> float:
    """Give the highest daily dose that is possible, as prednisone, of the table of analytes.

    Examples
    --------
    >>> highest_mg_a_day()
    20000.0
    """
    limits = analyte_table().analytes["glucocorticoid"].plausible
    return math.inf if limits is None else limits.possible[1]


class DoseError(ValueRangeError):
    """A dose of a glucocorticoid is not possible."""

    code = "dose"


@takes(dose=NumberFrom(nan=True, inf=True), drug=Text(), unit=Text(), betamethasone_mg=NumberFrom())
def prednisone_equivalent(
    dose: float, drug: str, unit: str = "mg/day", *, betamethasone_mg: float = 0.75
) -> float:
    """Give the dose of prednisone that a dose of another glucocorticoid equals.

    Parameters
    ----------
    dose : 0 or more, in `unit`
    drug : generic name, for example ``"methylprednisolone"``; case does not matter
    unit : ``"mg/day"``, or how the dose is written: ``"mg every other day"``, ``"mg twice daily"``,
        ``"mg/week"``, ``"g/day"``
    betamethasone_mg : dose of betamethasone that equals 5 mg of prednisone; 0.6 to 0.75 are in print

    Returns
    -------
    float : mg of prednisone a day, the average where the drug is not taken daily; NaN stays NaN

    Raises
    ------
    UnknownNameError : the drug is not a systemic glucocorticoid of the table
    UnitError : the unit is not known; names those that are
    ValueRangeError : the dose is below 0 or more than anybody was ever given (`DoseError`), or
        `betamethasone_mg` is outside what is in print

    Examples
    --------
    >>> prednisone_equivalent(16, "methylprednisolone")
    20.0
    >>> prednisone_equivalent(20, "prednisone", "mg every other day")
    10.0
    """
    table = glucocorticoid_table()
    name = " ".join(drug.lower().split())
    if name not in table.drugs:
        raise UnknownNameError("glucocorticoid", drug, table.drugs)
    if dose < 0:
        raise DoseError(f"The dose of {drug}", dose, "0 or more")
    found = table.drugs[name]
    equal = found.equals_5_mg
    if found.drug == "betamethasone":
        if not float(found.lowest) <= betamethasone_mg <= float(found.highest):
            raise ValueRangeError("betamethasone_mg", betamethasone_mg, "0.6 to 0.75")
        equal = Fraction(str(betamethasone_mg))
    factor = _unit_factor(table, unit) * 5 / equal
    prednisone = dose * factor.numerator / factor.denominator
    if prednisone > highest_mg_a_day():
        allowed = f"a dose that equals {highest_mg_a_day():,.0f} mg of prednisone a day or less"
        raise DoseError(f"The dose of {drug} in {unit}", dose, allowed, "Check the number and its unit.")
    return prednisone


def _unit_factor(table: GlucocorticoidTable, unit: str) -> Fraction:
    name = " ".join(unit.lower().split())
    if name not in table.units:
        known = ", ".join(table.units)
        raise UnitError(f"The unit {shorten(unit)!r} of a glucocorticoid is not known. Known: {known}.")
    return table.units[name]


def is_glucocorticoid(drug: str) -> bool:
    """Tell whether a drug is a systemic glucocorticoid of the table.

    Examples
    --------
    >>> is_glucocorticoid("Prednisone"), is_glucocorticoid("cyclophosphamide")
    (True, False)
    """
    return " ".join(drug.lower().split()) in glucocorticoid_table().drugs


@takes(
    medications=Frame(polars=True),
    days=Frame(polars=True),
    average_days=NumberFrom(-1e6, 100_000, whole=True),
    betamethasone_mg=NumberFrom(),
)
def derive_prednisone(
    medications: pl.DataFrame,
    days: pl.DataFrame,
    *,
    average_days: int = 1,
    betamethasone_mg: float = 0.75,
) -> pl.DataFrame:
    """Derive the daily dose as prednisone of every subject on given days from the courses of drugs.

    Parameters
    ----------
    medications : one row a course: ``subject``, ``drug``, ``dose``, ``unit``, ``route``, and ``start`` and
        ``end`` (dates) or ``start_day`` and ``end_day``; an empty end goes on, an empty route is by mouth, as
        the table of routes says. Other drugs are passed over; a course without the name of its drug, or a
        glucocorticoid without a unit, leaves the dose unknown
    days : ``subject`` with ``date`` (where courses have dates) or ``day``
    average_days : the dose is the mean over so many days, this one the last; 2 or more averages regimens that
        are recorded day by day
    betamethasone_mg : see `prednisone_equivalent`

    Returns
    -------
    polars.DataFrame : `days` with ``prednisone`` (mg a day by mouth; null where a course in force has no
        dose, a unit that is not known or no start), ``pulse`` (mg as prednisone given by vein on these days,
        never part of the daily dose) and ``prednisone_note`` (why a dose is unknown, and courses by other
        routes, which are not added). A subject without a course in force takes 0: the table lists what was
        taken

    Raises
    ------
    ColumnError : a column that is needed is not there
    ValueRangeError : `average_days` is below 1

    Examples
    --------
    >>> courses = pl.DataFrame({"subject": ["01"], "drug": ["prednisone"], "dose": [20.0],
    ...     "unit": ["mg every other day"], "route": ["oral"], "start_day": [-30], "end_day": [None]})
    >>> derive_prednisone(courses, pl.DataFrame({"subject": ["01"], "day": [0]}))["prednisone"].to_list()
    [10.0]
    """
    if average_days < 1:
        raise ValueRangeError("average_days", average_days, "1 or more")
    has_dates = "date" in days.columns and "start" in medications.columns
    start, end, at = ("start", "end", "date") if has_dates else ("start_day", "end_day", "day")
    _check_columns("Courses of drugs", ("subject", "drug", "dose", start, end), medications)
    _check_columns("Days", ("subject", at), days)
    check_kinds("Courses of drugs", medications, numbers=("dose",), most=math.inf)
    medications = check_days("Courses of drugs", medications, (start, end), as_dates=has_dates)
    days = check_days("Days", days, (at,), as_dates=has_dates)
    courses: dict[str, list[_Course]] = {}
    for row in medications.iter_rows(named=True):
        drug = str(row["drug"] or "").strip()
        if not drug or is_glucocorticoid(drug):
            courses.setdefault(row["subject"], []).append(_read_course(row, start, end, betamethasone_mg))
    found = [
        _dose_at(courses.get(row["subject"], []), row[at], average_days)
        for row in days.select("subject", at).iter_rows(named=True)
    ]
    return days.with_columns(
        pl.Series("prednisone", [dose for dose, _, _ in found], pl.Float64),
        pl.Series("pulse", [pulse for _, pulse, _ in found], pl.Float64),
        pl.Series("prednisone_note", [note for _, _, note in found], pl.String),
    )


def _check_columns(what: str, names: tuple[str, ...], frame: pl.DataFrame) -> None:
    lacking = [name for name in names if name not in frame.columns]
    if lacking:
        raise ColumnError(what, lacking, frame.columns, "Add the columns.")


@dataclass(frozen=True, slots=True)
class _Course:
    """A course of a glucocorticoid.

    Attributes
    ----------
    start, end : study days or dates; None where nothing was recorded
    kind : daily, pulse or other (a route that is not added)
    dose : as mg of prednisone, None where it is not known
    note : why it is not, or why it is not added
    """

    start: Day | None
    end: Day | None
    kind: str
    dose: float | None
    note: str


def _read_course(row: Mapping[str, Any], start: str, end: str, betamethasone_mg: float) -> _Course:
    """Give one course with its dose as prednisone and its kind: daily, pulse or another route."""
    route = str(row.get("route") or "").strip().lower()
    kind = glucocorticoid_table().routes.get(route, "other")
    dose, note = row["dose"], ""
    drug, unit = str(row["drug"] or "").strip(), str(row.get("unit") or "").strip()
    if not drug:
        dose, note = None, "a course without the name of its drug may be a glucocorticoid"
    elif dose is None or dose != dose:  # noqa: PLR0124  (NaN is the only number that differs from itself)
        dose, note = None, f"the dose of {drug} is missing"
    elif not unit:
        dose, note = None, f"the unit of {drug} is missing"
    else:
        try:
            dose = prednisone_equivalent(dose, drug, unit, betamethasone_mg=betamethasone_mg)
        except UnitError:
            dose, note = None, f"the unit {show_values([unit])!r} of {drug} is not known"
        except DoseError:
            dose, note = None, f"the dose of {drug} is not possible"
    if kind == "other":
        note = f"{drug} by route {show_values([route])!r} is not added"
    return _Course(row[start], row[end], kind, dose, note)


def _dose_at(
    courses: list[_Course], day: Day | None, average_days: int
) -> tuple[float | None, float | None, str]:
    if day is None:
        return None, None, "the day is missing"
    totals: dict[str, float | None] = {"daily": 0.0, "pulse": 0.0}
    notes: list[str] = []
    for course in courses:
        share = _days_in_force(course, day, average_days)
        if share is None:
            notes.append("a course has no start")
            if course.kind != "other":  # it may have been in force: its dose cannot be left out
                totals[course.kind] = None
            continue
        if not share:
            continue
        notes += [course.note] if course.note else []
        if course.kind == "other":
            continue
        total, dose = totals[course.kind], course.dose
        weight = share / average_days if course.kind == "daily" else share
        totals[course.kind] = None if total is None or dose is None else total + dose * weight
    return totals["daily"], totals["pulse"], "; ".join(dict.fromkeys(notes))


def _days_in_force(course: _Course, day: Day, average_days: int) -> int | None:
    """Count the days of the window on which a course was in force; None where its start leaves that open."""
    last = _count_days(day)
    first = last - (average_days - 1)
    end = None if course.end is None else _count_days(course.end)
    if course.start is None:
        return 0 if end is not None and end < first else None
    begin = max(first, _count_days(course.start))
    last = last if end is None else min(last, end)
    return 0 if last < begin else int(last - begin) + 1


def _count_days(day: Day) -> float:
    """Give a study day as it is, a date as the number of its day."""
    return day.toordinal() if isinstance(day, date) else day
