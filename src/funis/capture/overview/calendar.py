"""The visit calendar: where each planned visit of each subject stands on a day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from funis.capture.conduct.participation import ENDED
from funis.capture.conduct.visits import allocated_days, window_from
from funis.capture.forms.plan_parts import StudyPlan, VisitPlan
from funis.capture.models import Consent, Form, Subject, SubjectVisit
from funis.capture.models.screening import SCREEN_FAILURE

DONE, OUTSIDE, MISSED, ENDED_BEFORE = "done", "outside", "not attended", "ended before"
UPCOMING, DUE, OVERDUE, UNKNOWN = "upcoming", "due now", "overdue", "day 0 not known"

CELL_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    # state: sign, which tells it apart without a colour, and words
    DONE: ("✓", "Done in the window"),
    OUTSIDE: ("✓!", "Done outside the window"),
    MISSED: ("✗", "Missed"),
    OVERDUE: ("!!", "Overdue"),
    DUE: ("●", "Due now"),
    UPCOMING: ("○", "Upcoming"),
    ENDED_BEFORE: ("–", "Ended before it"),
    UNKNOWN: ("?", "Day 0 is not known yet"),
}
"""Every state of a planned visit."""


@dataclass(frozen=True, slots=True)
class CalendarCell:
    """A planned visit of a subject.

    Attributes
    ----------
    plan : the planned visit
    state : one of `CELL_WORDS`
    opens, closes : of its window; none as long as day 0 is not known, or where any day counts. Where the
        state is `UNKNOWN` they are counted from the day of allocation, for who may not know day 0
    visit : as it was recorded, none where it was not
    """

    plan: VisitPlan
    state: str
    opens: date | None
    closes: date | None
    visit: SubjectVisit | None


@dataclass(frozen=True, slots=True)
class SubjectFacts:
    """What the calendar of a subject is made from.

    Attributes
    ----------
    began_on : day 0; none before the first infusion
    consented_on : day of the first consent
    has_ended : no further visit is awaited
    visits : planned visits that were recorded or missed, by name
    infusions : given
    allocated_on : day of allocation, for who may not know day 0; none for others
    """

    began_on: date | None
    consented_on: date | None
    has_ended: bool
    visits: Mapping[str, SubjectVisit]
    infusions: int
    allocated_on: date | None = None


def read_facts(subjects: Sequence[Subject], *, is_blinded: bool = False) -> dict[str, SubjectFacts]:
    """Read what the calendar needs of some subjects, in three questions for all of them.

    Parameters
    ----------
    subjects : of one page, or of one turn of the summaries
    is_blinded : as if nobody was infused, with the day of allocation, which hangs on no arm
    """
    allocated = allocated_days(subjects) if is_blinded else {}
    keys = [each.pk for each in subjects]
    visits: dict[str, dict[str, SubjectVisit]] = {key: {} for key in keys}
    for visit in SubjectVisit.objects.filter(subject__in=keys):
        visits[visit.subject_id][visit.name] = visit
    infused: dict[str, list[date]] = {key: [] for key in keys}
    for form in Form.objects.filter(subject__in=[] if is_blinded else keys, name="infusions"):
        if form.data.get("date"):
            infused[form.subject_id].append(date.fromisoformat(str(form.data["date"])))
    consents: dict[str, list[Consent]] = {key: [] for key in keys}
    for consent in Consent.objects.filter(subject__in=keys).order_by("given_on"):
        consents[consent.subject_id].append(consent)
    return {
        each.pk: SubjectFacts(
            min(infused[each.pk], default=None),
            consents[each.pk][0].given_on if consents[each.pk] else None,
            each.status in {*ENDED.values(), SCREEN_FAILURE}
            or (bool(consents[each.pk]) and all(one.withdrawn_on for one in consents[each.pk])),
            visits[each.pk],
            len(infused[each.pk]),
            allocated.get(each.pk),
        )
        for each in subjects
    }


def make_calendar(plan: StudyPlan, facts: SubjectFacts, day: date) -> list[CalendarCell]:
    """Tell where each planned visit of a subject stands on a day.

    Parameters
    ----------
    plan : of the version that the site works with
    facts : of the subject
    day : the day that it is
    """
    return [_cell(each, facts, day) for each in plan.visits]


def _cell(plan: VisitPlan, facts: SubjectFacts, day: date) -> CalendarCell:
    start, visit = facts.began_on, facts.visits.get(plan.name)
    opens, closes = window_from(start, plan)
    state = _state(visit, facts, opens, closes, day)
    if state == UNKNOWN and facts.allocated_on is not None:
        opens, closes = window_from(facts.allocated_on, plan, is_about=True)
    return CalendarCell(plan, state, opens, closes, visit)


def _state(
    visit: SubjectVisit | None, facts: SubjectFacts, opens: date | None, closes: date | None, day: date
) -> str:
    if visit is not None:
        if visit.data.get("attended") == 0:
            return MISSED
        held = date.fromisoformat(visit.date) if visit.date else None
        known = opens is not None and closes is not None and held is not None
        return OUTSIDE if known and not opens <= held <= closes else DONE  # type: ignore[operator]
    if facts.has_ended:
        return ENDED_BEFORE
    if opens is None or closes is None:
        return UNKNOWN
    return UPCOMING if day < opens else DUE if day <= closes else OVERDUE


def due_keys(plan: StudyPlan, visit: VisitPlan) -> list[tuple[str, str]]:
    """Name the forms that are due at a visit: an instrument or table by its name, a result by its test."""
    found: list[tuple[str, str]] = []
    for name in visit.forms:
        tests: Iterable[str] = ("",)
        if name == "labs":
            tests = visit.labs or tuple(each.test for each in plan.form(name).tests)
        found += [(name, test) for test in tests]
    return found


def entry_of(data: Mapping[str, Any]) -> str:
    """Tell whether a form holds a value, only statements that something was not done, or nothing.

    Examples
    --------
    >>> [entry_of(data) for data in ({"date": "2026-01-05"}, {"value_not_done": True}, {"rash": 0})]
    ['missing', 'not done', 'entered']
    """
    said = [key for key in data if key not in {"date", "test"}]
    if any(not key.endswith(("_not_done", "_not_done_reason")) for key in said):
        return "entered"
    return "not done" if any(key.endswith("_not_done") and data[key] for key in said) else "missing"
