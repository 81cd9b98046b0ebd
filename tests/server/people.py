"""People of every role, browsers in which they are logged in, and a subject of theirs."""

from typing import Any

PASSWORD = "a long enough password"  # noqa: S105 - of people who do not exist


def person_with(role: str, site: str, login: str = "") -> Any:
    from funis.capture.context import Acting, acting
    from funis.capture.models import Account
    from funis.capture.people.accounts import add_person, grant_role
    from funis.capture.study_in_force import today

    login = login or f"{role}-{site or 'all'}"
    found = Account.objects.filter(login=login).first()
    if found is None:
        with acting(Acting("funis", sites=None)):
            found = add_person(login, f"Somebody as {role}", PASSWORD)
            grant_role(found, role, site, today())
    return found


def browser_of(person: Any) -> Any:
    from django.test import Client

    client = Client(SERVER_NAME="localhost")
    client.force_login(person, backend="funis.capture.people.accounts.AccountBackend")
    return client


def new_subject(site: str = "01") -> Any:
    """Screen a subject, with consent and a baseline visit."""
    from funis.capture.conduct.consent import Given, record_consent
    from funis.capture.conduct.screening import screen_subject
    from funis.capture.conduct.visits import record_visit
    from funis.capture.context import Acting, acting
    from funis.capture.study_in_force import today

    with acting(Acting("coordinator", sites=None)):
        made = screen_subject(site)
        record_consent(made, Given("2.0", today()), "coordinator")
        record_visit(made, "baseline", today())
    return made


def sledai_of(subject: Any) -> Any:
    """Give the SLEDAI form of the baseline visit of a subject."""
    from funis.capture.models import Form

    return Form.objects.get(subject=subject, name="sledai_2k")
