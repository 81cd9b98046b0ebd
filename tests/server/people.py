"""People of every role, and browsers in which they are logged in."""

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
