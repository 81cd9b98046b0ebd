"""The addresses of the read API and its OpenAPI document; only ``urls.py`` imports this.

Nothing here loads a page of django-ninja's own: those ask other servers for scripts.
"""

# Annotations are read when the addresses are made: they must be there as they are, not as text.
from typing import Annotated, Any, Final

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI, Path, Query, Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.security import HttpBearer
from pydantic import Field

from funis.capture.api import resources, shapes
from funis.capture.api.answers import NO_TOKEN, NOT_FOUND, ProgramRequest, error_answer, reads
from funis.capture.models import Form, SubjectVisit
from funis.capture.models import Query as QueryRow
from funis.capture.models import Subject as SubjectRow
from funis.version import VERSION

MOST_ROWS: Final = 200
_ID: Final = r"^[0-9a-f-]{36}$"
_NAME: Final = r"^[A-Za-z0-9_.-]{0,60}$"
_MOMENT: Final = (
    r"^(\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6})?Z)?$"
)
_SINCE: Final = (
    "Rows that were entered or changed at this moment (UTC) or later, with what belongs to them: the mark of "
    "a form, the record of an infusion, the step of a query. Empty: all. Take the `until` of the first page "
    "of the last reading: a change is dated when it is made and seen when it is stored, and whatever was "
    "not stored yet is dated then or later. A row may come twice; its revision tells."
)
Key = Annotated[str, Path(pattern=_ID, description="id of the row")]
Name = Annotated[str, Field(pattern=_NAME)]


class Bearer(HttpBearer):
    """Names the scheme in the OpenAPI document; the token itself is checked where the answer is made."""

    def authenticate(self, request: HttpRequest, token: str) -> str:  # noqa: ARG002
        """Pass on what was sent."""
        return token or "-"


class PageFilter(Schema):
    """Which rows: of a site, of a subject, after an id, at most so many."""

    site: Name = ""
    subject: Annotated[str, Field(pattern=r"^([0-9a-f-]{36})?$")] = ""
    after: Annotated[str, Field(pattern=r"^([0-9a-f-]{36})?$")] = ""
    limit: Annotated[int, Field(ge=1, le=MOST_ROWS)] = 100
    since: Annotated[str, Field(pattern=_MOMENT, description=_SINCE)] = ""

    def narrow(self, rows: Any, by: str = "subject_id") -> Any:
        """Keep the rows of the site and the subject that were named, written since the moment that was."""
        rows = rows.filter(site=self.site) if self.site else rows
        rows = rows.filter(**{by: self.subject}) if self.subject else rows
        return resources.written_since(rows, self.since) if self.since else rows


class FormFilter(PageFilter):
    """Which forms: besides, of an instrument or a table."""

    name: Name = ""


class QueryFilterShape(PageFilter):
    """Which queries: besides, in a state."""

    state: Name = ""


class ItemFilter(Schema):
    """Which item; empty: all of the form."""

    item: Annotated[str, Field(pattern=r"^[A-Za-z0-9_]{0,80}$")] = ""


api = NinjaAPI(
    title="funis read API",
    version=VERSION,
    description=(
        "Reads what a person of the token's role reads, at the sites of the token. Every request is a line "
        "of the trail. Lists are paged by id, and may be limited to what was written since a moment; every "
        "answer has an ETag."
    ),
    docs_url=None,
    auth=Bearer(),
)
ERRORS: Final = {304: None, 401: shapes.ErrorShape, 404: shapes.ErrorShape, 422: shapes.ErrorShape}


def _answers(shape: type[Schema]) -> dict[int, Any]:
    return {200: shape, **ERRORS}


@api.get("/study", response=_answers(shapes.StudyShape), summary="The study file in its newest version")
@reads("see overview")
def read_study(asked: ProgramRequest) -> Schema:  # noqa: ARG001 - the study is one for all
    """Give the newest version of the study file: visits, forms, definitions by hash."""
    return resources.describe_study()


@api.get("/subjects", response=_answers(shapes.SubjectPage), summary="Subjects")
@reads("see subjects")
def list_subjects(asked: ProgramRequest, wanted: Query[PageFilter]) -> Schema:
    """List the subjects."""
    rows = wanted.narrow(resources.within(asked, SubjectRow.objects.all()), "pk")
    items, after = resources.one_page(rows, wanted.after, wanted.limit, resources.describe_subject)
    return shapes.SubjectPage(items=items, next=after, until=asked.until)


@api.get("/subjects/{key}", response=_answers(shapes.SubjectShape), summary="One subject")
@reads("see subjects")
def read_subject(asked: ProgramRequest, key: Key) -> Schema:
    """Give a subject."""
    return resources.describe_subject(resources.find_subject(asked, key))


@api.get(
    "/subjects/{key}/signatures", response=_answers(shapes.SignaturePage), summary="Signatures of a subject"
)
@reads("see subjects")
def list_signatures(asked: ProgramRequest, key: Key) -> Schema:
    """List the signatures of a subject with their status now, the newest first."""
    subject = resources.find_subject(asked, key)
    return shapes.SignaturePage(items=resources.describe_signatures(asked, subject.pk), next="")


@api.get("/visits", response=_answers(shapes.VisitPage), summary="Visits")
@reads("see subjects")
def list_visits(asked: ProgramRequest, wanted: Query[PageFilter]) -> Schema:
    """List the visits that took place or were missed."""
    rows = wanted.narrow(resources.within(asked, SubjectVisit.objects.all()))
    items, after = resources.one_page(rows, wanted.after, wanted.limit, resources.describe_visit)
    return shapes.VisitPage(items=items, next=after, until=asked.until)


@api.get("/forms", response=_answers(shapes.FormPage), summary="Forms with values and scores")
@reads("see subjects")
def list_forms(asked: ProgramRequest, wanted: Query[FormFilter]) -> Schema:
    """List the forms with values and scores, of one instrument or table or of all."""
    return _forms(asked, wanted, wanted.name)


@api.get("/forms/{key}", response=_answers(shapes.FormShape), summary="One form")
@reads("see subjects")
def read_form(asked: ProgramRequest, key: Key) -> Schema:
    """Give a form with values and scores."""
    return resources.describe_form(resources.find_form(asked, key))


@api.get("/forms/{key}/trail", response=_answers(shapes.TrailPage), summary="History of a form or an item")
@reads("see trail")
def read_trail(asked: ProgramRequest, key: Key, wanted: Query[ItemFilter]) -> Schema:
    """Give what was done to a form, or to one of its items: who, when, why, old and new."""
    form = resources.find_form(asked, key)
    return shapes.TrailPage(items=resources.describe_history(asked, form, wanted.item), next="")


@api.get("/adverse-events", response=_answers(shapes.FormPage), summary="Adverse events")
@reads("see subjects")
def list_adverse_events(asked: ProgramRequest, wanted: Query[PageFilter]) -> Schema:
    """List the adverse events, one form each."""
    return _forms(asked, wanted, "adverse_events")


@api.get("/infusions", response=_answers(shapes.InfusionPage), summary="Infusions")
@reads("see subjects")
def list_infusions(asked: ProgramRequest, wanted: Query[PageFilter]) -> Schema:
    """List the infusions, with bag, times and check where it was done here; none for a blinded token."""
    rows = wanted.narrow(resources.forms_within(asked, Form.objects.filter(name="infusions")))
    items, after = resources.one_page(rows, wanted.after, wanted.limit, resources.describe_infusion)
    return shapes.InfusionPage(items=items, next=after, until=asked.until)


@api.get("/queries", response=_answers(shapes.QueryPage), summary="Queries with their threads")
@reads("see queries")
def list_queries(asked: ProgramRequest, wanted: Query[QueryFilterShape]) -> Schema:
    """List the queries about subjects, in one state or in all, with their threads."""
    rows = QueryRow.objects.filter(subject__isnull=False).prefetch_related("messages")
    rows = wanted.narrow(resources.queries_within(asked, rows))
    rows = rows.filter(state=wanted.state) if wanted.state else rows
    items, after = resources.one_page(rows, wanted.after, wanted.limit, resources.describe_query)
    return shapes.QueryPage(items=items, next=after, until=asked.until)


@api.get("/verification", response=_answers(shapes.VerificationPage), summary="Verification of forms")
@reads("see verification")
def list_verification(asked: ProgramRequest, wanted: Query[FormFilter]) -> Schema:
    """List the forms with the mark of each item that has a value or had one."""
    rows = _form_rows(asked, wanted, wanted.name)
    items, after = resources.one_page(rows, wanted.after, wanted.limit, resources.describe_verification)
    return shapes.VerificationPage(items=items, next=after, until=asked.until)


def _form_rows(asked: ProgramRequest, wanted: PageFilter, name: str) -> Any:
    rows = Form.objects.with_version().select_related("subject")
    return wanted.narrow(resources.forms_within(asked, rows.filter(name=name) if name else rows))


def _forms(asked: ProgramRequest, wanted: PageFilter, name: str) -> Schema:
    rows = _form_rows(asked, wanted, name)
    items, after = resources.one_page(rows, wanted.after, wanted.limit, resources.describe_form)
    return shapes.FormPage(items=items, next=after, until=asked.until)


@api.exception_handler(ValidationError)
def refuse_values(request: HttpRequest, error: ValidationError) -> HttpResponse:  # noqa: ARG001
    """Say what is wrong with what was asked, all causes at once."""
    return error_answer(422, *(f"{each['loc'][-1]}: {each['msg']}." for each in error.errors))


@api.exception_handler(AuthenticationError)
def refuse_token(request: HttpRequest, error: AuthenticationError) -> HttpResponse:  # noqa: ARG001
    """Say that no token was sent."""
    return error_answer(401, NO_TOKEN)


@api.exception_handler(HttpError)
def refuse_request(request: HttpRequest, error: HttpError) -> HttpResponse:  # noqa: ARG001
    """Say what django-ninja refused by itself."""
    return error_answer(error.status_code, NOT_FOUND if error.status_code == 404 else str(error))
