"""Courses of drugs of rebuilt subjects: rows of the table of medications, and doses that change at visits.

Neither publication says what the subjects took. Every drug, dose, date and response here is an assumption
that the study file declares; nothing that is published follows from them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from funis.demo.cohort import Row, add_days
from funis.demo.integer_samples import Draws

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Drug:
    """A drug with its usual way of being given.

    Attributes
    ----------
    name : generic name
    dose, unit, route : as given
    """

    name: str
    dose: float
    unit: str
    route: str = "oral"


@dataclass(frozen=True, slots=True)
class Calendar:
    """The days of one subject.

    Attributes
    ----------
    subject : study number
    first_infusion : day 0
    visits : date of each visit, the baseline first
    """

    subject: str
    first_infusion: date
    visits: Sequence[date]


def course_row(
    calendar: Calendar, drug: Drug, start: date, end: date | None, *, reason: str, response: str = ""
) -> Row:
    """Give the row of one course.

    Parameters
    ----------
    calendar : whose course it is
    drug : what was given
    start, end : first and last day; None while it goes on
    reason : why it was given
    response : what it did, for courses that began before the first infusion

    Examples
    --------
    >>> whose = Calendar("RECON-01", date(2009, 3, 2), [])
    >>> row = course_row(whose, Drug("leflunomide", 20, "mg/day"), date(2008, 1, 1), None, reason="lupus")
    >>> row["drug"], row["dose"], row["end"]
    ('leflunomide', 20, None)
    """
    return {
        "subject": calendar.subject,
        "drug": drug.name,
        "dose": drug.dose,
        "unit": drug.unit,
        "route": drug.route,
        "start": start,
        "end": end,
        "reason": reason,
        "response": response,
    }


def tapered_rows(
    calendar: Calendar, began: date, doses: Sequence[float], *, reason: str, response: str
) -> list[Row]:
    """Give the courses of prednisone whose dose changes on the day after a visit.

    Parameters
    ----------
    calendar : whose courses they are
    began : first day of the course that was in force at baseline
    doses : mg a day that each visit begins, the baseline first; 0 for none
    reason : why it was given
    response : what the first course did

    Returns
    -------
    one row for each stretch of one dose; the last one goes on

    Examples
    --------
    >>> days = [date(2009, 3, 1), date(2009, 4, 1), date(2009, 6, 1)]
    >>> whose = Calendar("RECON-01", date(2009, 3, 2), days)
    >>> rows = tapered_rows(whose, date(2008, 1, 1), [20, 20, 0], reason="lupus", response="partial")
    >>> [(row["dose"], row["end"]) for row in rows]
    [(20, datetime.date(2009, 6, 1))]
    """
    changes = [(began, doses[0])]
    for visit, dose, before in zip(calendar.visits[1:], doses[1:], doses, strict=False):
        if dose != before:
            changes.append((add_days(visit, 1), dose))
    ends = [add_days(start, -1) for start, _ in changes[1:]]
    return [
        course_row(
            calendar,
            Drug("prednisone", dose, "mg/day"),
            start,
            end,
            reason=reason,
            response=response if start == began else "",
        )
        for (start, dose), end in zip(changes, [*ends, None], strict=True)
        if dose
    ]


def earlier(draws: Draws, calendar: Calendar, low: int, high: int) -> date:
    """Draw a day that lies so many days before the first infusion."""
    return add_days(calendar.first_infusion, -int(draws.uniform(low, high)))


def choose(draws: Draws, values: Sequence[_Value]) -> _Value:
    """Draw one of several values, each as likely as the others."""
    return values[int(draws.uniform(0, len(values)))]


def in_half_tablets(dose: float) -> float:
    """Round a dose to halves of tablets of 5 mg; what lies between two goes up.

    Examples
    --------
    >>> in_half_tablets(22.5), in_half_tablets(18.75), in_half_tablets(11.2)
    (22.5, 20.0, 10.0)
    """
    return int(dose / 2.5 + 0.5) * 2.5
