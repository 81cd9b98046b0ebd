"""Logging in: the right password, an account that is open, and a lock after wrong ones."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.http import HttpRequest

from funis.capture.context import SERVER, Acting, acting, because, who_acts
from funis.capture.models import Account, RoleHeld
from funis.capture.models.people import OfTwoPeople
from funis.capture.people.permissions import ROLES, Rights, takes_two
from funis.capture.people.read_person import read_person, read_roles
from funis.capture.study_in_force import blinded_roles, today
from funis.capture.trail.events import record_event
from funis.errors import UnknownNameError, ValueRangeError

MOST_FAILURES: Final = 5
"""Wrong passwords and wrong second factors in a row after which an account is locked."""


class AccountBackend:
    """Checks a password at the door; unknown names and wrong passwords take the same work and answer."""

    def authenticate(
        self, request: HttpRequest | None, login: str = "", password: str = ""
    ) -> Account | None:
        """Give the person where name and password fit and the account is open, else None."""
        address = request.META.get("REMOTE_ADDR", "") if request else ""
        person = Account.objects.filter(login=login).first()
        if person is None:
            make_password(password)  # as long as a check would take
            with acting(Acting("nobody", address=address)):
                record_event("login refused", "system", {"why": "unknown name"})
            return None
        is_right = person.check_password(password)
        if is_right and person.is_active and not person.locked:
            return person
        with acting(Acting("nobody", address=address)):
            count_failure(person, "closed" if is_right else "password")
        return None

    def get_user(self, key: str) -> Account | None:
        """Give the person of a session, as long as the account is open."""
        return read_person(key)


def count_failure(person: Account, why: str) -> None:
    """Count something wrong that was given for an account, which locks it in the end; a transaction is open.

    Parameters
    ----------
    person : whose account it is
    why : ``password``, ``second factor``, or ``closed`` where all was right and the account is not open
    """
    record_event("login refused", f"person:{person.pk}", {"why": why})
    present = Account.objects.select_for_update().get(pk=person.pk)
    if why != "closed" and not present.locked:
        with because(f"wrong {why}"):
            present.failures += 1
            present.locked = present.failures >= MOST_FAILURES
            present.save()


def clear_failures(person: Account) -> None:
    """Forget what was wrong before, once everything that is asked was right; a transaction is open.

    The right password alone clears nothing where more is asked: it would give as many tries as one likes.
    """
    present = Account.objects.select_for_update().get(pk=person.pk)
    if present.failures:
        with because("all that was asked was right"):
            present.failures = 0
            present.save()


def add_person(login: str, printed_name: str, password: str, *, is_given: bool = False) -> Account:
    """Make an account, within a transaction in which somebody acts.

    Parameters
    ----------
    login : name typed at the door; never given to another person
    printed_name : as it stands beside what the person did
    password : at least 12 characters, none of the common ones
    is_given : somebody else knows the password: the person chooses another one before anything else

    Raises
    ------
    ValueRangeError : the name is taken
    django.core.exceptions.ValidationError : the password is too weak
    """
    if Account.objects.filter(login=login).exists():
        raise ValueRangeError("login name", login, "a name that nobody has or had")
    validate_password(password)
    # The pages speak the language of the browser until the person chooses one.
    person = Account(login=login, printed_name=printed_name, has_given_password=is_given, language="")
    person.set_password(password)
    person.save()
    return person


def choose_password(person: Account, old: str, new: str) -> None:
    """Let a person choose another password, within a transaction in which that person acts.

    Parameters
    ----------
    person : who chooses
    old : the password that is in force
    new : at least 12 characters, none of the common ones, another than the old one

    Raises
    ------
    ValueRangeError : the old one is not right, or the new one is the same
    django.core.exceptions.ValidationError : the new one is too weak
    """
    if not person.check_password(old):
        raise ValueRangeError("password", "another one", "the password that is in force")
    if old == new:
        raise ValueRangeError("new password", "the same one", "another password")
    validate_password(new, person)
    with because("password chosen"):
        person.set_password(new)
        person.has_given_password = False
        person.save()


def grant_role(person: Account, role: str, site: str, since: date, until: date | None = None) -> RoleHeld:
    """Grant a role at a site (empty: all), within a transaction in which somebody acts.

    In a blinded trial a role that sees arms, or gives roles, opens nothing before `confirm_role`; what the
    server itself grants, by a command on its machine, does.

    Raises
    ------
    UnknownNameError : no such role
    ValueRangeError : somebody grants a role to himself
    """
    if role not in ROLES:
        raise UnknownNameError("role", role, ROLES)
    who = who_acts()
    if who is not None and who.actor == person.login:
        raise ValueRangeError(
            "role", ROLES[role], "a role granted by another person", "Ask another administrator."
        )
    granted_by = who.actor if who else ""
    membership = RoleHeld(
        person=person, role=role, site=site, since=since, until=until, granted_by=granted_by,
        needs_second=granted_by != SERVER and takes_two(role, blinded_roles()),
    )  # fmt: skip
    membership.save()
    return membership


def confirm_role(membership: RoleHeld) -> None:
    """Confirm, as the second person, a role that was granted; it opens something from now on.

    Raises
    ------
    ValueRangeError : nothing waits, the role has ended, or who granted it or who is to have it confirms
    """
    held = RoleHeld.objects.select_for_update().select_related("person").get(pk=membership.pk)
    refuse_second(held, held.granted_by, "role")
    who = who_acts()
    if who is not None and who.actor == held.person.login:
        raise ValueRangeError("second person", "who is to have the role", "another person")
    if held.until is not None and held.until < today():
        raise ValueRangeError("role", "one that has ended", "one that is held")
    with because("second person"):
        held.confirmed_by = who.actor if who else ""
        held.save()


def refuse_second(held: OfTwoPeople, first: str, what: str) -> None:
    """Refuse to confirm what does not wait, or what the same person gave.

    Parameters
    ----------
    held : what is to be confirmed
    first : login of who gave it
    what : in a word

    Raises
    ------
    ValueRangeError : nothing waits, or who acts gave it
    """
    if held.is_confirmed:
        raise ValueRangeError(what, "one that stands", "one that waits for a second person")
    who = who_acts()
    if who is None or who.actor == first:
        raise ValueRangeError("second person", "who gave it", "another person")


def end_role(membership: RoleHeld, last: date, reason: str) -> None:
    """End a role with a last day and a reason.

    Raises
    ------
    ValueRangeError : it has ended before: a later last day would give it again
    """
    if membership.until is not None and last > membership.until:
        raise ValueRangeError(
            "last day",
            last.isoformat(),
            f"up to {membership.until.isoformat()}",
            "Grant the role anew.",
        )
    with because(reason):
        membership.until = last
        membership.save()


def rights_of(person: Any, day: date) -> Rights:
    """Read what a person may do on a day; somebody who is not logged in may do nothing."""
    if not getattr(person, "is_authenticated", False):
        return Rights(frozenset())
    return read_roles(person.pk).rights(day)
