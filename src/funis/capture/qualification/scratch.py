"""The scratch trial in which a qualification does what it checks: made of the study file, thrown away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from django.db import DatabaseError, connection
from django.test import Client

from funis.capture.conduct.consent import Given, record_consent
from funis.capture.conduct.screening import screen_subject
from funis.capture.conduct.visits import record_visit
from funis.capture.configuration import Configuration
from funis.capture.context import SERVER, Acting, acting
from funis.capture.document import read_document
from funis.capture.entry.save import FormEntry, save_entry
from funis.capture.forms.plan_parts import FieldPlan
from funis.capture.identifiers import new_id
from funis.capture.models import Account, Form, Subject
from funis.capture.people.accounts import add_person, grant_role
from funis.capture.study_in_force import newest_version, plan_of, started_with, today
from funis.errors import FunisError, ValueRangeError

ACTOR = "qualification"
PASSWORD = "of people who are thrown away"  # noqa: S105 - they live as long as the scratch trial
_BACKEND = "funis.capture.people.accounts.AccountBackend"


class CheckFailedError(Exception):
    """A check found something else than it should."""


class CheckNotRunError(Exception):
    """A check cannot be run on this installation, and says why."""


@dataclass(frozen=True, slots=True)
class ScratchTrial:
    """The scratch trial.

    Attributes
    ----------
    configuration : of its server
    subject : with a consent and the first planned visit
    form, field : a form of that visit, and a field of it with two values that may be chosen
    """

    configuration: Configuration
    subject: Subject
    form: Form
    field: FieldPlan

    @property
    def values(self) -> tuple[Any, Any]:
        """Give two values of the field."""
        first, second, *_ = self.field.choices
        return first.value, second.value


#: Does what it checks, and says what it found.
QualityCheck: TypeAlias = Callable[[ScratchTrial], str]


def act(do: Callable[[], Any], reason: str = "qualification", login: str = ACTOR) -> Any:
    """Do something in a transaction in which somebody acts."""
    with acting(Acting(login, reason, sites=None)):
        return do()


def expect(is_so: object, found: str) -> None:
    """Fail a check where something is not so.

    Raises
    ------
    CheckFailedError : it is not
    """
    if not is_so:
        raise CheckFailedError(found)


def expect_refusal(do: Callable[[], Any], what: str) -> None:
    """Fail a check where something is done that must be refused.

    Raises
    ------
    CheckFailedError : it was done
    """
    try:
        act(do)
    except FunisError:
        return
    raise CheckFailedError(f"{what} was not refused")


def is_refused(statement: str, reason: str = "qualification") -> bool:
    """Tell whether the database refuses a statement of somebody who acts."""
    try:
        act(lambda: _execute(statement), reason)
    except DatabaseError:
        return True
    return False


def _execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def fill_scratch(configuration: Configuration) -> ScratchTrial:
    """Screen a subject in a server that was just prepared, with consent and the first planned visit.

    Raises
    ------
    ValueRangeError : no form of the visit has a field with two values
    """
    plan = plan_of(newest_version())
    site = started_with().site_ids[0]

    def make() -> Subject:
        subject = screen_subject(site)
        record_consent(subject, Given("1", today()), ACTOR)
        record_visit(subject, plan.visits[0].name, today())
        return subject

    subject: Subject = act(make)
    forms = Form.objects.filter(subject=subject, visit__isnull=False).select_related("version", "subject")
    for form in act(lambda: list(forms)):
        for field in plan.form(form.name).fields:
            if len(field.choices) > 1 and field.role in {"item", "column"} and field.asked_if is None:
                return ScratchTrial(configuration, subject, form, field)
    raise ValueRangeError("first visit", "no form with a choice", "a visit with an instrument")


def enter(trial: ScratchTrial, old: Any, new: Any, reason: str = "") -> dict[str, Any]:
    """Enter a value of the field of a scratch trial as the page does; give the answer."""
    entry = FormEntry(new_id(), trial.form.pk, {trial.field.name: (old, new)}, reason)
    answer: str = act(lambda: save_entry(entry, trial.form, ACTOR), reason)
    act(trial.form.refresh_from_db)
    return read_document(answer)


def person_with(role: str, site: str) -> Account:
    """Make somebody with a role at a site."""

    def make() -> Account:
        person = add_person(f"{role}-{new_id()[-12:]}", "Qualification", PASSWORD)
        grant_role(person, role, site, today())
        return person

    # What the server itself grants waits for no second person in a blinded trial.
    found: Account = act(make, login=SERVER)
    return found


def browser_of(person: Account | None) -> Client:
    """Give a browser in which a person is logged in; nobody where none is given."""
    browser = Client(SERVER_NAME="localhost")
    if person is not None:
        browser.force_login(person, backend=_BACKEND)
    return browser
