"""What the read API answers, as the OpenAPI document describes it."""

from __future__ import annotations

from typing import Annotated, Any

from ninja import Schema
from pydantic import Field, WithJsonSchema

_SCALAR = {"type": ["string", "number", "boolean", "null"]}
Values = Annotated[dict[str, Any], WithJsonSchema({"type": "object", "additionalProperties": _SCALAR})]
Number = Annotated[Any, WithJsonSchema({"type": ["number", "null"]})]
Changes = Annotated[
    dict[str, Any],
    WithJsonSchema({"type": "object", "additionalProperties": {"type": "array", "items": {}, "maxItems": 2}}),
]


class ErrorShape(Schema):
    """What went wrong: one text a cause."""

    errors: list[str]


class DefinitionShape(Schema):
    """The definition of an instrument as it is pinned in the study version."""

    name: str
    version: str
    sha256: str
    missing: str


class PlannedVisitShape(Schema):
    """A planned visit: study day, first and last day of its window, forms that are due."""

    name: str
    label: str
    day: int
    opens: int | None
    closes: int | None
    forms: list[str]


class StudyShape(Schema):
    """The newest version of the study file."""

    study: str
    title: str
    version: int
    sha256: str
    sites: list[str]
    visits: list[PlannedVisitShape]
    forms: list[str]
    definitions: list[DefinitionShape]


class SubjectShape(Schema):
    """A subject, by number; no name stands here."""

    id: str
    number: str
    site: str
    status: str
    revision: int


class VisitShape(Schema):
    """A visit that took place, or that was missed."""

    id: str
    subject: str
    site: str
    name: str
    number: int
    revision: int
    values: Values


class FormShape(Schema):
    """A form: values as they were entered, by the columns of the data folder, and its scores."""

    id: str
    subject: str
    site: str
    visit: str | None
    name: str
    number: int
    study_version: int
    revision: int
    values: Values
    scores: Values


class MessageShape(Schema):
    """A step of a query."""

    step: str
    author: str
    at: str
    text: str


class QueryShape(Schema):
    """A query with its thread."""

    id: str
    subject: str | None
    site: str
    kind: str
    code: str
    level: str
    form: str
    row: str
    visit: str
    item: str
    text: str
    state: str
    opened_by: str
    opened_at: str
    moved_at: str
    messages: list[MessageShape]


class MarkShape(Schema):
    """Where an item stands: not_required, due, verified or fallen."""

    item: str
    state: str
    by: str
    at: str


class VerificationShape(Schema):
    """The marks of a form."""

    form: str
    subject: str
    site: str
    name: str
    marks: list[MarkShape]


class SignatureShape(Schema):
    """A signature with its status now: valid, broken, withdrawn or unproven."""

    id: str
    subject: str
    scope: str
    target: str
    meaning: str
    statement: str
    printed_name: str
    role: str
    at: str
    zone: str
    method: str
    content_hash: str
    status: str
    forms: Annotated[dict[str, int], Field(description="id and revision of every form that was signed")]
    changed_since: int
    added_since: int
    withdrawn_at: str
    withdrawn_reason: str


class InfusionShape(Schema):
    """An infusion: the row of the data folder, and the record where it was checked here."""

    form: str
    subject: str
    site: str
    number: int
    values: Values
    bag: str | None
    started_at: str | None
    ended_at: str | None
    volume_ml: Number
    cells_given: int | None
    check: str | None


class TrailShape(Schema):
    """A row of the trail: of each changed item the old and the new value."""

    seq: int
    at: str
    actor: str
    reason: str
    kind: str
    table: str
    row: str
    revision: int
    items: Changes


class SubjectPage(Schema):
    """Subjects; ``next`` is given as ``after`` for the following page, and empty on the last.

    ``until`` of the first page is given as ``since`` for the next reading, which then misses nothing.
    """

    items: list[SubjectShape]
    next: str
    until: str


class VisitPage(Schema):
    """Visits; ``next`` and ``until`` as for subjects."""

    items: list[VisitShape]
    next: str
    until: str


class FormPage(Schema):
    """Forms; ``next`` and ``until`` as for subjects."""

    items: list[FormShape]
    next: str
    until: str


class QueryPage(Schema):
    """Queries; ``next`` and ``until`` as for subjects."""

    items: list[QueryShape]
    next: str
    until: str


class VerificationPage(Schema):
    """Forms with their marks; ``next`` and ``until`` as for subjects."""

    items: list[VerificationShape]
    next: str
    until: str


class InfusionPage(Schema):
    """Infusions; ``next`` and ``until`` as for subjects."""

    items: list[InfusionShape]
    next: str
    until: str


class SignaturePage(Schema):
    """All signatures of a subject; ``next`` is always empty."""

    items: list[SignatureShape]
    next: str


class TrailPage(Schema):
    """The history of an item or a form, the oldest first; ``next`` is always empty."""

    items: list[TrailShape]
    next: str
