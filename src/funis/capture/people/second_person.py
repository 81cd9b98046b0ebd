"""The second person of an act that asks for two: login, password and code of the app in the same request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest

from funis.capture.context import Acting, acting
from funis.capture.models import Account
from funis.capture.models.factors import CODES
from funis.capture.people.accounts import AccountBackend, clear_failures, count_failure, rights_of
from funis.capture.people.factors import check_code, factors_of, lacks_factor
from funis.capture.study_in_force import today

UNPROVEN: Final = (
    "Name, password or code of the other person do not fit, the account is closed, or may not do this here."
)
"""What is said of a second person who was not shown to be one; the same whatever the cause is."""


@dataclass(frozen=True, slots=True)
class OtherPerson:
    """What the other person typed: login, password, and the code of the app where the person has one."""

    login: str
    password: str
    code: str = ""


def prove_person(request: HttpRequest, other: OtherPerson, action: str, site: str) -> Account | None:
    """Find the other person, where all that was typed fits and the person may do an action at a site.

    Wrong passwords and codes are counted as at the door. A page that gets None answers in words and raises
    nothing: an error takes the count back with everything else that was written. A passkey cannot be asked
    for here: of somebody who has nothing else, the password is what counts.

    Parameters
    ----------
    request : from which the person came
    other : what was typed
    action : one of `permissions.ACTIONS`
    site : code of the site

    Returns
    -------
    Account or None
    """
    person = AccountBackend().authenticate(request, login=other.login, password=other.password)
    if person is None or person.has_given_password:
        return None
    if factors_of(person, CODES) and not check_code(person, other.code):
        with acting(Acting("nobody", address=request.META.get("REMOTE_ADDR", ""))):
            count_failure(person, "second factor")
        return None
    rights = rights_of(person, today())
    if lacks_factor(person, rights) or not rights.may(action, site):
        return None
    clear_failures(person)
    return person
