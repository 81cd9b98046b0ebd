"""Visits: when one took place its forms are there, of the version that was in force on that day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from funis.capture.conduct.consent import consent_in_force
from funis.capture.context import moment_at
from funis.capture.forms.plan_parts import StudyPlan, VisitPlan
from funis.capture.models import Allocation, Form, Subject, SubjectVisit
from funis.capture.study_in_force import plan_of, started_with, today, version_at
from funis.errors import ValueRangeError

UNSCHEDULED = "unscheduled"


@dataclass(frozen=True, slots=True)
class Planned:
    """A planned visit of a subject, and whether it took place.

    Attributes
    ----------
    plan : the planned visit
    opens, closes : first and last day of its window; none as long as day 0 is not known
    visit : as it was recorded
    is_about : the window is counted from the day of allocation, for who may not know day 0
    """

    plan: VisitPlan
    opens: date | None
    closes: date | None
    visit: SubjectVisit | None
    is_about: bool = False

    def standing(self, day: date) -> str:
        """Tell where the visit stands on a day: recorded, missed, ahead, due, overdue, or not known."""
        if self.visit is not None:
            return "missed" if self.visit.data.get("attended") == 0 else "recorded"
        if self.opens is None or self.closes is None or self.is_about:
            return "not known"
        return "ahead" if day < self.opens else "due" if day <= self.closes else "overdue"


def planned_visits(subject: Subject, plan: StudyPlan, *, is_blinded: bool = False) -> list[Planned]:
    """Give the planned visits of a subject, in order, each with its window.

    Parameters
    ----------
    subject, plan : the subject, and the plan of the site
    is_blinded : with windows counted from the day of allocation, which hangs on no arm, of visits after day
        0; those from the first infusion tell whether and when there was one
    """
    recorded = {visit.name: visit for visit in visits_of(subject)}
    start = allocated_days([subject]).get(subject.pk) if is_blinded else first_infusion(subject)
    return [
        Planned(
            each,
            *window_from(start, each, is_about=is_blinded),
            recorded.get(each.name),
            is_about=is_blinded and start is not None and each.day > 0,
        )
        for each in plan.visits
    ]


def window_from(
    start: date | None, plan: VisitPlan, *, is_about: bool = False
) -> tuple[date | None, date | None]:
    """Give first and last day of the window of a planned visit.

    Parameters
    ----------
    start : day from which it is counted; none: there is no window
    plan : the planned visit
    is_about : counted from the day of allocation: of visits up to day 0 nothing can be said

    Examples
    --------
    >>> plan = VisitPlan("month_1", "Month 1", 30, 16, 44, ())
    >>> [day.isoformat() for day in window_from(date(2026, 1, 5), plan) if day]
    ['2026-01-21', '2026-02-18']
    """
    if is_about and plan.day <= 0:
        return None, None
    return _day(start, plan.opens), _day(start, plan.closes)


def allocated_days(subjects: Sequence[Subject]) -> dict[str, date]:
    """Give the day of allocation, in the time zone of the study, by the id of each allocated subject."""
    zone = ZoneInfo(started_with().trial.timezone)
    found = Allocation.objects.filter(subject__in=[each.pk for each in subjects]).values_list("subject", "at")
    return {key: moment_at(at).astimezone(zone).date() for key, at in found}


def _day(start: date | None, days: int | None) -> date | None:
    return None if start is None or days is None else start + timedelta(days=days)


def first_infusion(subject: Subject) -> date | None:
    """Give the day of the first infusion, day 0 of the subject; none before it."""
    rows = Form.objects.filter(subject=subject, name="infusions")
    days = sorted(form.data["date"] for form in rows if form.data.get("date"))
    return date.fromisoformat(days[0]) if days else None


def visits_of(subject: Subject) -> list[SubjectVisit]:
    """Give the recorded visits of a subject in the order of their dates."""
    return sorted(
        SubjectVisit.objects.filter(subject=subject), key=lambda visit: (visit.date, visit.name, visit.number)
    )


def record_visit(subject: Subject, name: str, day: date) -> SubjectVisit:
    """Record that a visit took place, with an empty form for everything that is due at it.

    Parameters
    ----------
    subject : the subject, whose consent is in force
    name : of the planned visit, or ``unscheduled``
    day : when it took place

    Raises
    ------
    ValueRangeError : no consent is in force on the day, the day lies ahead, the visit was recorded before, or
        the subject is closed to entry
    """
    consent = consent_in_force(subject)
    if consent is None or day < consent.given_on:
        found = "none is in force" if consent is None else f"given on {consent.given_on.isoformat()}"
        raise ValueRangeError("consent", found, "a consent before the visit", "Record the consent first.")
    if day > today():
        raise ValueRangeError("date of the visit", day.isoformat(), f"up to {today().isoformat()}")
    version = version_at(subject.site, today())
    plan = plan_of(version)
    before = SubjectVisit.objects.select_for_update().filter(subject=subject, name=name)
    if name != UNSCHEDULED:
        planned = plan.visit(name)
        if before.exists():
            raise ValueRangeError("visit", planned.label, "a visit that was not recorded before")
    number = before.count() + 1
    visit = SubjectVisit(
        subject=subject, site=subject.site, name=name, number=number, data={"date": day.isoformat()}
    )
    visit.save()
    for form in due_forms(plan, visit):
        form.version = version
        form.save()
    return visit


def due_forms(plan: StudyPlan, visit: SubjectVisit) -> list[Form]:
    """Make the empty forms of a visit: one an instrument, one a laboratory test that is due."""
    if visit.name == UNSCHEDULED:
        return []
    planned = plan.visit(visit.name)
    forms = []
    for name in planned.forms:
        tests = (
            (planned.labs or tuple(test.test for test in plan.form(name).tests)) if name == "labs" else ("",)
        )
        for number, test in enumerate(tests, start=1):
            data = {"date": visit.date} | ({"test": test} if test else {})
            forms.append(
                Form(
                    subject_id=visit.subject_id,
                    site=visit.site,
                    visit=visit,
                    name=name,
                    number=number,
                    data=data,
                )
            )
    return forms


def miss_visit(subject: Subject, name: str, reason: str) -> SubjectVisit:
    """Record that a planned visit did not take place, and why.

    Raises
    ------
    ValueRangeError : no reason is given, the visit was recorded, or the subject is closed to entry
    """
    if not reason.strip():
        raise ValueRangeError("reason", "nothing", "why the visit did not take place")
    plan_of(version_at(subject.site, today())).visit(name)
    if SubjectVisit.objects.filter(subject=subject, name=name).exists():
        raise ValueRangeError("visit", name, "a visit that was not recorded before")
    data: dict[str, Any] = {"attended": 0, "reason": reason.strip()}
    visit = SubjectVisit(subject=subject, site=subject.site, name=name, data=data)
    visit.save()
    return visit


def add_form(visit: SubjectVisit, name: str) -> Form:
    """Add a form to a visit that was not due at it: of an unscheduled visit, a further laboratory result.

    Parameters
    ----------
    visit : the visit
    name : of an instrument or table of a visit

    Raises
    ------
    ValueRangeError : it is there already or is none of a visit, or the visit is closed to entry
    """
    version = version_at(visit.site, today())
    plan = plan_of(version).form(name)
    before = Form.objects.select_for_update().filter(visit=visit, name=name).count()
    if plan.scope != "visit" or (before and not plan.repeats):
        raise ValueRangeError("form", name, "a form of a visit that is not there yet")
    form = Form(
        subject_id=visit.subject_id, site=visit.site, visit=visit, name=name, number=before + 1,
        version=version, data={"date": visit.date},
    )  # fmt: skip
    form.save()
    return form
