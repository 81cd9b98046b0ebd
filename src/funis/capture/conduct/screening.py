"""Screening: a new subject gets a number of its site; nothing else is known of it yet."""

from __future__ import annotations

from typing import Final

from funis.capture.conduct.consent import consent_in_force
from funis.capture.models import Form, Screening, Subject
from funis.capture.models.screening import SCREEN_FAILURE
from funis.capture.study_in_force import plan_of, today, version_at
from funis.errors import ValueRangeError

STATUSES: Final = {
    "screening": "In screening",
    "consented": "Consented",
    "eligible": "Eligible",
    SCREEN_FAILURE: "Screen failure",
    "completed": "Completed",
    "left": "Ended early",
}
"""Where a subject stands, with the printed words."""


def screen_subject(site: str) -> Subject:
    """Enter a new subject of a site, with its form of sex, age and the like.

    Parameters
    ----------
    site : code of the site

    Raises
    ------
    ValueRangeError : no version of the study is in force at the site, or the site is closed to entry
    """
    version = version_at(site, today())
    subject = Subject(site=site, number=next_number(site))
    subject.save()
    Form(subject=subject, site=site, name="subjects", version=version).save()
    begin_screening(subject)
    return subject


def begin_screening(subject: Subject) -> Screening:
    """Begin a screening of a subject: the first one, or a further one of somebody who failed."""
    number = Screening.objects.select_for_update().filter(subject=subject).count() + 1
    version = version_at(subject.site, today())
    found = Screening(subject=subject, site=subject.site, number=number, screened_on=today(), version=version)
    found.save()
    return found


def next_number(site: str) -> str:
    """Give the next number of a site: ``<site>-<three digits>``, counted within the site."""
    used = Subject.objects.select_for_update().filter(site=site).values_list("number", flat=True)
    counted = [int(tail) for number in used if (tail := number.rpartition("-")[2]).isdecimal()]
    return f"{site}-{max(counted, default=0) + 1:03d}"


def forms_of_subject(subject: Subject) -> list[Form]:
    """Give the forms of a subject that belong to no visit, by name and number."""
    return list(Form.objects.filter(subject=subject, visit=None).order_by("name", "number"))


def add_row(subject: Subject, name: str) -> Form:
    """Add an empty row of a table of a subject: an adverse event, a course of a drug, an infusion.

    Parameters
    ----------
    subject : the subject
    name : of the table

    Raises
    ------
    ValueRangeError : no consent is in force; how a subject left may be entered without one; or the
        subject is closed to entry
    """
    if name != "disposition" and consent_in_force(subject) is None:
        raise ValueRangeError(
            "consent", "none is in force", "a consent before it", "Record the consent first."
        )
    version = version_at(subject.site, today())
    plan_of(version).form(name)
    numbers = Form.objects.select_for_update().filter(subject=subject, visit=None, name=name)
    number = max(numbers.values_list("number", flat=True), default=0) + 1
    form = Form(subject=subject, site=subject.site, name=name, number=number, version=version)
    form.save()
    return form
