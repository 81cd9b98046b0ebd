"""What programs read: the same rows as the pages show, of the sites of the token alone, never an arm."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Final, TypeVar

from django.db.models import Model, QuerySet

from funis.capture.api import shapes
from funis.capture.api.answers import NothingFoundError, ProgramRequest
from funis.capture.casebook.values import NEVER_PRINTED
from funis.capture.forms.plan_parts import StudyPlan
from funis.capture.models import Form, FormVerification, InfusionRecord, Query, Subject, SubjectVisit
from funis.capture.monitoring.verification import marks_of
from funis.capture.people.blinding import WITHHELD_FORMS, shown_queries
from funis.capture.signing.status import SignatureRead, read_signatures
from funis.capture.study_in_force import newest_version, plan_of, started_with
from funis.capture.trail.changed import rows_written_since
from funis.capture.trail.history import Change, read_history

Row = TypeVar("Row", bound=Model)
Shape = TypeVar("Shape")
_PARTS_OF_FORMS: Final[Mapping[type[Model], str]] = {FormVerification: "form_id", InfusionRecord: "form_id"}


def within(asked: ProgramRequest, rows: QuerySet[Row]) -> QuerySet[Row]:
    """Give the rows of the sites of a token."""
    return rows if asked.sites is None else rows.filter(site__in=asked.sites)


def forms_within(asked: ProgramRequest, rows: QuerySet[Form]) -> QuerySet[Form]:
    """Give the forms of the sites of a token; a blinded one sees none that gives an arm away."""
    rows = rows.exclude(name__in=WITHHELD_FORMS) if asked.rights.is_blinded else rows
    return within(asked, rows)


def queries_within(asked: ProgramRequest, rows: QuerySet[Query]) -> QuerySet[Query]:
    """Give the queries of the sites of a token; a blinded one sees none that gives an arm away."""
    return within(asked, shown_queries(rows, is_blinded=asked.rights.is_blinded))


def one_page(
    rows: QuerySet[Row], after: str, limit: int, make: Callable[[Row], Shape]
) -> tuple[list[Shape], str]:
    """Give one page of rows in the order of their ids, and the id after which the next one begins.

    Parameters
    ----------
    rows : already of the sites of the token
    after : id of the last row of the page before; empty: the first page
    limit : so many stand on a page
    make : makes the answer of a row
    """
    found = rows.filter(pk__gt=after) if after else rows
    shown = list(found.order_by("pk")[: limit + 1])
    return [make(each) for each in shown[:limit]], str(shown[limit - 1].pk) if len(shown) > limit else ""


def written_since(rows: QuerySet[Row], since: str) -> QuerySet[Row]:
    """Keep the rows that were entered or changed since a moment, or that something of theirs was.

    Parameters
    ----------
    rows : of a table of subjects
    since : moment in UTC, to the second or finer
    """
    # The trail writes six digits of a second; texts of one length are compared.
    whole, _, fraction = since.removesuffix("Z").partition(".")
    moment = f"{whole}.{fraction:0<6}Z"
    parts = _PARTS_OF_FORMS if rows.model is Form else {}
    return rows.filter(pk__in=rows_written_since(rows.model, moment, parts))


def find_subject(asked: ProgramRequest, key: str) -> Subject:
    """Find a subject of the sites of a token.

    Raises
    ------
    NothingFoundError : there is none
    """
    return _only(within(asked, Subject.objects.filter(pk=key)))


def find_form(asked: ProgramRequest, key: str) -> Form:
    """Find a form of the sites of a token.

    Raises
    ------
    NothingFoundError : there is none
    """
    return _only(
        forms_within(asked, Form.objects.filter(pk=key).select_related("version", "subject", "visit"))
    )


def _only(rows: QuerySet[Row]) -> Row:
    found = rows.first()
    if found is None:
        raise NothingFoundError
    return found


def describe_study() -> shapes.StudyShape:
    """Describe the newest version of the study file."""
    version = newest_version()
    plan: StudyPlan = plan_of(version)
    pins = [form.definition for form in plan.forms if form.definition is not None]
    return shapes.StudyShape(
        study=plan.study,
        title=plan.title,
        version=version.number,
        sha256=version.sha256,
        sites=list(started_with().site_ids),
        visits=[
            shapes.PlannedVisitShape(
                name=each.name, label=each.label, day=each.day, opens=each.opens, closes=each.closes,
                forms=list(each.forms),
            )
            for each in plan.visits
        ],
        forms=[form.name for form in plan.forms],
        definitions=[
            shapes.DefinitionShape(name=pin.name, version=pin.version, sha256=pin.sha256, missing=pin.missing)
            for pin in pins
        ],
    )  # fmt: skip


def describe_subject(row: Subject) -> shapes.SubjectShape:
    """Describe a subject."""
    return shapes.SubjectShape(
        id=row.pk, number=row.number, site=row.site, status=row.status, revision=row.revision
    )


def describe_visit(row: SubjectVisit) -> shapes.VisitShape:
    """Describe a visit."""
    return shapes.VisitShape(
        id=row.pk, subject=row.subject_id, site=row.site, name=row.name, number=row.number,
        revision=row.revision, values=row.data,
    )  # fmt: skip


def describe_form(row: Form) -> shapes.FormShape:
    """Describe a form; the arm is left out."""
    return shapes.FormShape(
        id=row.pk, subject=row.subject_id, site=row.site, visit=row.visit_id, name=row.name,
        number=row.number, study_version=row.version.number, revision=row.revision, values=_shown(row),
        scores=row.scores,
    )  # fmt: skip


def _shown(row: Form) -> dict[str, Any]:
    return {name: value for name, value in row.data.items() if (row.name, name) not in NEVER_PRINTED}


def describe_query(row: Query) -> shapes.QueryShape:
    """Describe a query with its thread."""
    messages = sorted(row.messages.all(), key=lambda each: (each.at, each.pk))
    return shapes.QueryShape(
        id=row.pk, subject=row.subject_id, site=row.site, kind=row.kind, code=row.code, level=row.level,
        form=row.form_name, row=row.row_key, visit=row.visit, item=row.item, text=row.text, state=row.state,
        opened_by=row.opened_by, opened_at=row.opened_at, moved_at=row.moved_at,
        messages=[
            shapes.MessageShape(step=each.step, author=each.author, at=each.at, text=each.text)
            for each in messages
        ],
    )  # fmt: skip


def describe_verification(row: Form) -> shapes.VerificationShape:
    """Describe the marks of a form."""
    marks = [
        shapes.MarkShape(item=each.field.name, state=each.state, by=each.by, at=each.at)
        for each in marks_of(row)
        if (row.name, each.field.name) not in NEVER_PRINTED
    ]
    return shapes.VerificationShape(
        form=row.pk, subject=row.subject_id, site=row.site, name=row.name, marks=marks
    )


def describe_infusion(row: Form) -> shapes.InfusionShape:
    """Describe an infusion, with its record where it was checked at the bedside here."""
    record = InfusionRecord.objects.filter(form=row).select_related("unit", "check_passed").first()
    return shapes.InfusionShape(
        form=row.pk,
        subject=row.subject_id,
        site=row.site,
        number=row.number,
        values=_shown(row),
        bag=record.unit.code if record else None,
        started_at=record.started_at if record else None,
        ended_at=record.ended_at if record else None,
        volume_ml=record.volume_ml if record else None,
        cells_given=record.cells_given if record else None,
        check=record.check_passed.outcome if record else None,
    )


def describe_signatures(asked: ProgramRequest, subject: str) -> list[shapes.SignatureShape]:
    """Describe the signatures of a subject, the newest first, with the forms that a token may see."""
    shown = set(forms_within(asked, Form.objects.filter(subject=subject)).values_list("pk", flat=True))
    found = read_signatures(subject, is_blinded=asked.rights.is_blinded)
    return [_signature(each, shown) for each in found]


def _signature(each: SignatureRead, shown: set[str]) -> shapes.SignatureShape:
    row = each.row
    forms = {key: revision for key, revision in each.forms.items() if key in shown}
    changes = [change for change in each.changes if change.form in shown]
    return shapes.SignatureShape(
        id=row.pk, subject=row.subject_id, scope=row.scope, target=row.target, meaning=row.meaning,
        statement=row.statement, printed_name=row.printed_name, role=row.role, at=row.at, zone=row.zone,
        method=row.method, content_hash=row.content_hash, status=each.status, forms=forms,
        changed_since=len(changes), added_since=each.added, withdrawn_at=row.withdrawn_at,
        withdrawn_reason=row.withdrawn_reason,
    )  # fmt: skip


def describe_history(asked: ProgramRequest, form: Form, item: str) -> list[shapes.TrailShape]:
    """Describe what was done to a form, or to one item of it, the oldest first."""
    changes = read_history(f"subject:{form.subject_id}", form.pk)
    if asked.rights.is_blinded:
        # The numbers of the chain count what a blinded token is not shown.
        changes = (replace(each, seq=number) for number, each in enumerate(changes, start=1))
    found = (_change(form, each) for each in changes)
    return [each for each in found if not item or item in each.items]


def _change(form: Form, change: Change) -> shapes.TrailShape:
    items: Iterable[tuple[str, tuple[Any, Any]]] = change.items.items()
    return shapes.TrailShape(
        seq=change.seq, at=change.at, actor=change.actor, reason=change.reason, kind=change.kind,
        table=change.table, row=change.row, revision=change.revision,
        items={name: list(pair) for name, pair in items if (form.name, name) not in NEVER_PRINTED},
    )  # fmt: skip
