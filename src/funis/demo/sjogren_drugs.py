"""What the twenty-four rebuilt subjects with primary Sjogren's syndrome took: all of it assumed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from funis.demo.cohort import Row, add_days
from funis.demo.drug_courses import (
    Calendar,
    Drug,
    choose,
    course_row,
    earlier,
    in_half_tablets,
    tapered_rows,
)
from funis.demo.integer_samples import Draws

_REASON: Final = "primary Sjogren's syndrome"
_START: Final = (10.0, 10.0, 15.0, 20.0)
#: Of so many subjects prednisone was given at baseline, of so many hydroxychloroquine was not tolerated.
_WITH_PREDNISONE, _NOT_TOLERATED = 13, 3
_OTHERS: Final = (
    Drug("methotrexate", 10, "mg/week"),
    Drug("azathioprine", 100, "mg/day"),
    Drug("leflunomide", 20, "mg/day"),
)


def build_sjogren_drugs(calendars: Sequence[Calendar], seed: int) -> list[Row]:
    """Give the courses of drugs of every subject; at least one drug had failed in each.

    Parameters
    ----------
    calendars : the days of all subjects
    seed : of the draws

    Returns
    -------
    rows of the table of medications
    """
    draws = Draws(seed, "sjogren drugs")
    on_prednisone = set(draws.shuffled(len(calendars))[:_WITH_PREDNISONE])
    not_tolerated = set(draws.shuffled(len(calendars))[:_NOT_TOLERATED])
    rows: list[Row] = []
    for i, calendar in enumerate(calendars):
        rows += _background(calendar, draws, is_tolerated=i not in not_tolerated)
        if i in on_prednisone:
            began = earlier(draws, calendar, 120, 1200)
            doses = prednisone_doses(choose(draws, _START))
            rows += tapered_rows(calendar, began, doses, reason=_REASON, response="partial")
    return rows


def prednisone_doses(first: float) -> list[float]:
    """Give the dose of prednisone that each visit begins, mg a day.

    Held to month 1, then three quarters, a half at month 3, and 5 mg or less from month 6 on; none after it
    where it began with 10 mg.

    Examples
    --------
    >>> prednisone_doses(20.0), prednisone_doses(10.0)
    ([20.0, 20.0, 15.0, 10.0, 5.0, 5.0], [10.0, 10.0, 7.5, 5.0, 0.0, 0.0])
    """
    last = 5.0 if first > 10 else 0.0
    return [first, first, in_half_tablets(0.75 * first), in_half_tablets(0.5 * first), last, last]


def _background(calendar: Calendar, draws: Draws, *, is_tolerated: bool) -> Iterator[Row]:
    """Give hydroxychloroquine with what became of it, and a second drug in force or given up before."""
    began = earlier(draws, calendar, 500, 2200)
    hydroxychloroquine = Drug("hydroxychloroquine", choose(draws, (200.0, 400.0)), "mg/day")
    other = choose(draws, _OTHERS)
    if is_tolerated:
        response = choose(draws, ("partial", "partial", "none"))
        yield course_row(calendar, hydroxychloroquine, began, None, reason=_REASON, response=response)
    else:
        stopped = add_days(began, int(draws.uniform(10, 60)))
        yield course_row(calendar, hydroxychloroquine, began, stopped, reason=_REASON, response="intolerance")
    is_given_up = is_tolerated and draws.uniform() < 0.6
    start = earlier(draws, calendar, 260, 480)
    end = add_days(start, int(draws.uniform(100, 240))) if is_given_up else None
    if not is_tolerated or draws.uniform() < 0.7:
        yield course_row(
            calendar, other, start, end, reason=_REASON, response=choose(draws, ("none", "partial"))
        )
