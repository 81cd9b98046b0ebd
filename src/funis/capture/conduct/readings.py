"""Readings of a committee: who may enter one sees no other of the same outcome before all have read."""

from __future__ import annotations

from collections.abc import Collection

from funis.adjudication_table import ADJUDICATIONS, READINGS
from funis.capture.models import Form
from funis.capture.study_in_force import started_with
from funis.capture.trail.history import read_history

Judged = tuple[str, str, str]
"""What is judged: subject, visit and question."""


def withheld_readings(login: str, subject: str = "") -> frozenset[str]:
    """Give the readings that a person who enters readings may not see yet, by the id of their form.

    A subject, a visit and a question are open when each independent reading that the study file asks for has
    its outcome. Until then a row is shown to those alone who wrote in it; a consensus that was written before
    is no reading, and a row that does not say what it is about opens nothing.

    Parameters
    ----------
    login : of the person
    subject : id of the subject; empty: all
    """
    needed = {each.id: READINGS[: each.readings] for each in started_with().adjudications}
    if not needed:
        return frozenset()
    found = Form.objects.filter(name=ADJUDICATIONS.name)
    forms = list(found.filter(subject=subject) if subject else found)
    read: dict[Judged, set[str]] = {}
    for form in forms:
        if form.data.get("outcome"):
            read.setdefault(_judged(form), set()).add(str(form.data.get("reading")))
    return frozenset(
        form.pk
        for form in forms
        if not read.get(_judged(form), set()) >= set(needed.get(_judged(form)[2], READINGS))
        and login not in _writers(form)
    )


def _judged(form: Form) -> Judged:
    return form.subject_id, str(form.data.get("visit", "")), str(form.data.get("question", ""))


def _writers(form: Form) -> Collection[str]:
    """Give the logins that wrote in a row, from its history."""
    return {change.actor for change in read_history(f"subject:{form.subject_id}", form.pk)}
