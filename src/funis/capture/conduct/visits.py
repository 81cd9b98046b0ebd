"""Visits: when one took place its forms are there, of the version that was in force on that day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from funis.capture.conduct.consent import consent_in_force
from funis.capture.forms.plan_parts import StudyPlan, VisitPlan
from funis.capture.models import Form, Subject, SubjectVisit
from funis.capture.study_in_force import plan_of, today, version_at
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
    """

    plan: VisitPlan
    opens: date | None
    closes: date | None
    visit: SubjectVisit | None

    def standing(self, day: date) -> str:
        """Tell where the visit stands on a day: recorded, missed, ahead, due, overdue, or not known."""
        if self.visit is not None:
            return "missed" if self.visit.data.get("attended") == 0 else "recorded"
        if self.opens is None or self.closes is None:
            return "not known"
        return "ahead" if day < self.opens else "due" if day <= self.closes else "overdue"


def planned_visits(subject: Subject, plan: StudyPlan, *, is_blinded: bool = False) -> list[Planned]:
    """Give the planned visits of a subject, in order, each with its window.

    Parameters
    ----------
    subject, plan : the subject, and the plan of the site
    is_blinded : without windows, which are counted from the first infusion and so tell that there was one
    """
    recorded = {visit.name: visit for visit in visits_of(subject)}
    start = None if is_blinded else first_infusion(subject)
    return [
        Planned(each, _day(start, each.opens), _day(start, each.closes), recorded.get(each.name))
        for each in plan.visits
    ]


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
