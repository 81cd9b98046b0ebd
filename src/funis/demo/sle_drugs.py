"""What the forty rebuilt subjects of the lupus trial took before and beside the cells: all of it assumed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
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
from funis.demo.sle_timelines import VISITS, PlannedTimeline

_REASON: Final = "systemic lupus erythematosus"
_START_NEPHRITIS: Final = (30.0, 40.0, 40.0, 50.0, 60.0)
_START_OTHER: Final = (20.0, 25.0, 30.0, 30.0, 40.0)
#: Doses that month 6 and month 9 begin, mg a day, by response.
_LATER: Final = {"MCR": (10.0, 7.5), "PCR": (12.5, 10.0), "none": (20.0, 17.5)}
#: Days before the first infusion on which the dose at baseline began; nobody takes 50 mg a day for years.
_DOSE_BEGAN: Final = (28, 120)
_AFTER_RELAPSE: Final = (30.0, 35.0, 40.0)
_CYCLOPHOSPHAMIDE: Final = Drug("cyclophosphamide", 0.8, "g/month", "intravenous")
_OTHERS: Final = (
    Drug("leflunomide", 20, "mg/day"),
    Drug("azathioprine", 100, "mg/day"),
    Drug("methotrexate", 12.5, "mg/week"),
)
_HYDROXYCHLOROQUINE: Final = Drug("hydroxychloroquine", 400, "mg/day")
_INSUFFICIENT: Final = ("none", "none", "partial")


def build_sle_drugs(
    timelines: Sequence[PlannedTimeline], calendars: Sequence[Calendar], seed: int
) -> list[Row]:
    """Give the courses of drugs of every subject: prednisone that is tapered, and immunosuppressants.

    Parameters
    ----------
    timelines : the timelines of all subjects
    calendars : their days, in the same order
    seed : of the draws

    Returns
    -------
    rows of the table of medications
    """
    draws = Draws(seed, "sle drugs")
    rows: list[Row] = []
    for timeline, calendar in zip(timelines, calendars, strict=True):
        doses = prednisone_doses(timeline, draws)
        began = earlier(draws, calendar, *_DOSE_BEGAN)
        rows += tapered_rows(calendar, began, doses, reason=_REASON, response="partial")
        rows += _immunosuppressants(timeline, calendar, draws)
    return rows


def prednisone_doses(timeline: PlannedTimeline, draws: Draws) -> list[float]:
    """Give the dose of prednisone that each visit begins, mg a day.

    The dose at baseline is held to month 1, then falls to three quarters, to a half, and to a dose that
    follows the response. It never rises, except after a relapse at month 9.

    Parameters
    ----------
    timeline : of the subject
    draws : where the dose at baseline comes from
    """
    first = choose(draws, _START_NEPHRITIS if timeline.nephritis else _START_OTHER)
    month_6, month_9 = _LATER[timeline.response]
    planned = [first, in_half_tablets(0.75 * first), in_half_tablets(0.5 * first), month_6, month_9, month_9]
    doses = [min(planned[: place + 1]) for place in range(len(planned))]
    raised = choose(draws, _AFTER_RELAPSE)
    if timeline.relapse == "month_9":
        place = VISITS.index("month_9")
        doses[place:] = [max(raised, dose) for dose in doses[place:]]
    return doses


def _immunosuppressants(timeline: PlannedTimeline, calendar: Calendar, draws: Draws) -> Iterator[Row]:
    """Give one immunosuppressant that had failed, the one in force, and often hydroxychloroquine."""
    mycophenolate = Drug("mycophenolate mofetil", choose(draws, (1.0, 1.5, 2.0)), "g/day")
    other = choose(draws, _OTHERS)
    takes_mycophenolate = draws.uniform() < 0.6
    kidney = (_CYCLOPHOSPHAMIDE, mycophenolate) if takes_mycophenolate else (mycophenolate, _CYCLOPHOSPHAMIDE)
    failed, present = kidney if timeline.nephritis else (_CYCLOPHOSPHAMIDE, other)
    changed = earlier(draws, calendar, 90, 300)
    began = add_days(changed, -int(draws.uniform(120, 700)))
    response = choose(draws, _INSUFFICIENT)
    yield course_row(calendar, failed, began, add_days(changed, -1), reason=_REASON, response=response)
    yield from _present_rows(timeline, calendar, present, changed, choose(draws, _INSUFFICIENT))
    if draws.uniform() < 0.7:
        start = earlier(draws, calendar, 200, 2000)
        yield course_row(calendar, _HYDROXYCHLOROQUINE, start, None, reason=_REASON, response="partial")


def _present_rows(
    timeline: PlannedTimeline, calendar: Calendar, drug: Drug, start: date, response: str
) -> Iterator[Row]:
    """Give the drug in force: constant, but from month 6 on less of it in whom the disease is quiet."""
    month_6 = calendar.visits[VISITS.index("month_6")]
    less = _reduced(drug) if timeline.response == "MCR" else drug
    if less == drug:
        yield course_row(calendar, drug, start, None, reason=_REASON, response=response)
        return
    yield course_row(calendar, drug, start, month_6, reason=_REASON, response=response)
    yield course_row(calendar, less, add_days(month_6, 1), None, reason=_REASON)


def _reduced(drug: Drug) -> Drug:
    """Give what follows a drug in whom the disease is quiet: half a gram less, or a milder drug."""
    if drug == _CYCLOPHOSPHAMIDE:
        return Drug("azathioprine", 100, "mg/day")
    return replace(drug, dose=drug.dose - 0.5) if drug.unit == "g/day" else drug
