"""Which forms do not exist for a person who sees the subject: what tells an arm, or a reading too early."""

from __future__ import annotations

from django.db.models import QuerySet

from funis.adjudication_table import ADJUDICATIONS
from funis.capture.conduct.readings import withheld_readings
from funis.capture.models import Form, Query, Subject
from funis.capture.people.access import PageRequest
from funis.capture.people.blinding import WITHHELD_FORMS, is_withheld, shown_queries


def is_hidden(asked: PageRequest, form: Form) -> bool:
    """Tell whether a form gives an arm away to a blinded person, or is a reading not to be seen yet."""
    if asked.rights.is_blinded and is_withheld(form.name):
        return True
    return form.name == ADJUDICATIONS.name and form.pk in hidden_readings(asked, form.site, form.subject_id)


def hidden_readings(asked: PageRequest, site: str, subject: str = "") -> frozenset[str]:
    """Give the readings that the person may not see yet: who enters no data reads for nobody and sees all.

    Parameters
    ----------
    asked : the request
    site : of the subject; empty: any
    subject : id; empty: all
    """
    if not asked.rights.may("enter data", site):
        return frozenset()
    return withheld_readings(asked.login, subject)


def hidden_forms(asked: PageRequest, subject: Subject) -> set[str]:
    """Give the forms of a subject that do not exist for the person."""
    found: set[str] = set(hidden_readings(asked, subject.site, subject.pk))
    if asked.rights.is_blinded:
        given = Form.objects.filter(subject=subject, name__in=WITHHELD_FORMS)
        found |= set(given.values_list("pk", flat=True))
    return found


def visible_queries(asked: PageRequest, found: QuerySet[Query], subject: str = "") -> QuerySet[Query]:
    """Leave out of queries those about a form that does not exist for the person.

    Parameters
    ----------
    asked : the request
    found : the queries
    subject : id of the one that all of them are of; empty: of any
    """
    return shown_queries(found, is_blinded=asked.rights.is_blinded).exclude(
        row_key__in=hidden_readings(asked, "", subject)
    )
