"""The rows of the trial that an export is made of: as they are, or as they were at a moment."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from funis.capture.models import (
    Allocation,
    Consent,
    Form,
    SafetyClock,
    SafetyReport,
    StudyForm,
    StudyVersion,
    Subject,
    SubjectVisit,
    Unit,
)
from funis.capture.models.audited import Audited
from funis.capture.models.screening import SCREEN_FAILURE
from funis.capture.study_in_force import newest_version, started_with
from funis.capture.trail.replay import State, replay
from funis.capture.trail.rows import Row, read_rows
from funis.errors import ValueRangeError

Model = TypeVar("Model", bound=Audited)


@dataclass(frozen=True, slots=True)
class TrialRows:
    """The rows of the trial at one moment.

    Attributes
    ----------
    version : newest version of the study that a site worked with
    subjects : by number; who failed screening is none of them
    consents : by day
    visits, forms : of these subjects, in no order; a form of a visit has it
    allocations : of these subjects, each with its sealed arm
    study_forms : by name and code
    clocks, reports : of serious events of these subjects, in no order; a clock has its form and subject
    """

    version: StudyVersion
    subjects: Sequence[Subject]
    consents: Sequence[Consent]
    visits: Sequence[SubjectVisit]
    forms: Sequence[Form]
    study_forms: Sequence[StudyForm]
    clocks: Sequence[SafetyClock]
    reports: Sequence[SafetyReport]
    allocations: Sequence[Allocation]


def present_rows(chosen: QuerySet[Subject], version: StudyVersion | None = None) -> TrialRows:
    """Read the rows as they are.

    Parameters
    ----------
    chosen : the subjects; what belongs to no subject stands beside them whole
    version : by whose plan they are laid out; None: the newest that a site works with
    """
    return TrialRows(
        version or newest_version(),
        list(chosen.order_by("number")),
        list(Consent.objects.filter(subject__in=chosen).order_by("given_on")),
        list(SubjectVisit.objects.filter(subject__in=chosen)),
        list(Form.objects.filter(subject__in=chosen).select_related("visit")),
        list(StudyForm.objects.order_by("name", "code")),
        list(SafetyClock.objects.filter(subject__in=chosen).select_related("form", "subject")),
        list(SafetyReport.objects.filter(subject__in=chosen)),
        list(Allocation.objects.filter(subject__in=chosen)),
    )


def rows_as_of(moment: str) -> TrialRows:
    """Fold the trail into the rows as they were.

    Parameters
    ----------
    moment : in UTC, as the trail writes it

    Raises
    ------
    ValueRangeError : no study was loaded then
    """
    states = replay(read_rows(), moment)
    versions = sorted(rows_of(StudyVersion, states), key=lambda each: each.number)
    if not versions:
        raise ValueRangeError("moment", moment, "one at which the study was loaded")
    subjects = [each for each in rows_of(Subject, states) if each.status != SCREEN_FAILURE]
    chosen = {each.pk for each in subjects}
    visits = {each.pk: each for each in rows_of(SubjectVisit, states) if each.subject_id in chosen}
    forms = [each for each in rows_of(Form, states) if each.subject_id in chosen]
    for form in forms:
        if form.visit_id:
            form.visit = visits[form.visit_id]
    by_form, by_subject = {each.pk: each for each in forms}, {each.pk: each for each in subjects}
    clocks = [each for each in rows_of(SafetyClock, states) if each.subject_id in chosen]
    for clock in clocks:
        clock.form, clock.subject = by_form[clock.form_id], by_subject[clock.subject_id]
    day = datetime.fromisoformat(moment).astimezone(ZoneInfo(started_with().trial.timezone)).date()
    used = [each for each in versions if each.since and each.since <= day] or versions
    return TrialRows(
        used[-1],
        sorted(subjects, key=lambda each: each.number),
        sorted(
            (each for each in rows_of(Consent, states) if each.subject_id in chosen),
            key=lambda each: each.given_on,
        ),
        list(visits.values()),
        forms,
        sorted(rows_of(StudyForm, states), key=lambda each: (each.name, each.code)),
        clocks,
        [each for each in rows_of(SafetyReport, states) if each.subject_id in chosen],
        _allocations_of({each.pk for each in rows_of(Allocation, states)}, chosen),
    )


def _allocations_of(keys: set[str], subjects: set[str]) -> list[Allocation]:
    """Read the allocations that stood then: never changed, and the trail has no arm, which is in the row."""
    return [each for each in Allocation.objects.all() if each.pk in keys and each.subject_id in subjects]


def present_records(
    models: Iterable[type[Audited]], subjects: Collection[str]
) -> dict[type[Audited], list[Audited]]:
    """Read the rows of tables as they are: those of some subjects, and of what belongs to no subject.

    Parameters
    ----------
    models : the tables
    subjects : ids of the subjects
    """
    return {model: _of(model, model._default_manager.all(), subjects) for model in models}


def records_as_of(
    models: Iterable[type[Audited]], subjects: Collection[str], moment: str
) -> dict[type[Audited], list[Audited]]:
    """Fold the trail into the rows of tables as they were.

    Parameters
    ----------
    models, subjects : as of `present_records`
    moment : in UTC, as the trail writes it
    """
    states = replay(read_rows(), moment)
    return {model: _of(model, rows_of(model, states), subjects) for model in models}


def _of(model: type[Audited], rows: Iterable[Audited], subjects: Collection[str]) -> list[Audited]:
    """Choose the rows of subjects; a bag that is reserved is one of the laboratory, whoever it is for."""
    if model is Unit or "subject_id" not in {field.attname for field in model._meta.concrete_fields}:
        return list(rows)
    return [row for row in rows if (key := vars(row)["subject_id"]) is None or key in subjects]


def subject_as_of(subject: str, moment: str) -> tuple[list[Consent], list[SubjectVisit], list[Form], str]:
    """Give consents, visits and forms of a subject as they were, and its status; empty: it was not there.

    Parameters
    ----------
    subject : id of the subject
    moment : in UTC, as the trail writes it
    """
    rows: Iterable[Row] = read_rows(f"subject:{subject}")
    states = replay(rows, moment)
    status = next((each.status for each in rows_of(Subject, states)), "")
    visits = {each.pk: each for each in rows_of(SubjectVisit, states)}
    forms = rows_of(Form, states)
    for form in forms:
        if form.visit_id:
            form.visit = visits[form.visit_id]
    consents = sorted(rows_of(Consent, states), key=lambda each: each.given_on)
    return consents, sorted(visits.values(), key=lambda each: each.date), forms, status


def rows_of(model: type[Model], states: dict[tuple[str, str], State]) -> list[Model]:
    """Make the rows of a table from what the trail tells of them; they are not stored anew."""
    table = model._meta.db_table
    return [
        _row(model, key, revision, columns, data)
        for (name, key), (revision, columns, data) in states.items()
        if name == table
    ]


def _row(model: type[Model], key: str, revision: int, columns: dict[str, Any], data: dict[str, Any]) -> Model:
    fields = {field.attname: field for field in model._meta.concrete_fields}
    # A column is read as the table holds it: a date, not its text. One that is gone since is left out.
    values = {name: fields[name].to_python(value) for name, value in columns.items() if name in fields}
    if model.document:
        values[model.document] = data
    return model(id=key, revision=revision, **values)
