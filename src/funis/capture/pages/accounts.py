"""Pages of accounts: who has one, which roles, since when; no clinical data."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import Http404, HttpResponse, HttpResponseRedirect

from funis.capture.context import because
from funis.capture.models import Account, Authenticator, RoleHeld
from funis.capture.pages.subjects import read_day
from funis.capture.pages.templates import draw
from funis.capture.people import factors
from funis.capture.people.access import PageRequest, asks
from funis.capture.people.accounts import add_person, confirm_role, end_role, grant_role
from funis.capture.people.open_sessions import end_sessions
from funis.capture.safety import notices
from funis.capture.study_in_force import started_with, today
from funis.errors import ValueRangeError


@asks("see accounts")
def list_accounts(asked: PageRequest) -> HttpResponse:
    """List the accounts with their roles."""
    people = list(Account.objects.prefetch_related("memberships").order_by("login"))
    return draw(
        asked,
        "accounts.html",
        people=[
            (each, sorted(each.memberships.all(), key=lambda m: (m.since, m.role, m.site))) for each in people
        ],
        sites=started_with().sites,
        with_factor={each.person_id for each in Authenticator.objects.filter(ended_at="")},
        today=today().isoformat(),
        may_manage=asked.rights.may("manage accounts"),
    )


@asks("manage accounts", "POST")
def add_account(asked: PageRequest) -> HttpResponse:
    """Add an account."""
    given = asked.request.POST
    try:
        add_person(
            given.get("login", "").strip(),
            given.get("printed_name", "").strip(),
            given.get("password", ""),
            is_given=True,
        )
    except ValidationError as error:
        raise ValueRangeError("password", "one that is too weak", " ".join(error.messages)) from error
    return HttpResponseRedirect("/accounts")


@asks("manage accounts", "POST")
def grant(asked: PageRequest, key: str) -> HttpResponse:
    """Grant a role to a person."""
    person, given = _find(key), asked.request.POST
    site = given.get("site", "")
    if site and site not in started_with().site_ids:
        raise ValueRangeError("site", site, ", ".join(started_with().site_ids))
    grant_role(person, given.get("role", ""), site, read_day(given.get("since", ""), "first day"))
    return HttpResponseRedirect("/accounts")


@asks("manage accounts", "POST")
def confirm(asked: PageRequest, key: str) -> HttpResponse:  # noqa: ARG001
    """Confirm a role as the second person."""
    found = RoleHeld.objects.filter(pk=key).first()
    if found is None:
        raise Http404
    confirm_role(found)
    return HttpResponseRedirect("/accounts")


@asks("manage accounts", "POST")
def end(asked: PageRequest, key: str) -> HttpResponse:
    """End a role."""
    found = RoleHeld.objects.select_related("person").filter(pk=key).first()
    if found is None:
        raise Http404
    given = asked.request.POST
    if not given.get("reason", "").strip():
        raise ValueRangeError("reason", "nothing", "why the role ends")
    end_role(found, read_day(given.get("until", ""), "last day"), given.get("reason", ""))
    return HttpResponseRedirect("/accounts")


@asks("manage accounts", "POST")
def set_open(asked: PageRequest, key: str) -> HttpResponse:
    """Close an account, or open one again that was closed or locked."""
    person, given = _find(key), asked.request.POST
    if person.login == asked.login:
        raise ValueRangeError("account", "your own", "that of another person")
    if not given.get("reason", "").strip():
        raise ValueRangeError("reason", "nothing", "why the account is opened or closed")
    with because(given.get("reason", "").strip()):
        person.is_active = given.get("open") == "1"
        person.locked, person.failures = (False, 0) if person.is_active else (person.locked, person.failures)
        person.save()
    return HttpResponseRedirect("/accounts")


@asks("manage accounts", "POST")
def set_address(asked: PageRequest, key: str) -> HttpResponse:
    """Set where notices of a person are mailed to."""
    person, address = _find(key), asked.request.POST.get("email", "").strip()
    if address:
        try:
            validate_email(address)
        except ValidationError as error:
            raise ValueRangeError("mail address", f"{len(address)} characters", "an address") from error
    notices.set_address(person, address, "address of an account")
    return HttpResponseRedirect("/accounts")


@asks("manage accounts", "POST")
def reset_factors(asked: PageRequest, key: str) -> HttpResponse:
    """End the second factors and the sessions of a person who lost them; the next login tells the person."""
    person = _find(key)
    factors.reset_factors(person, asked.request.POST.get("reason", ""))
    end_sessions(person.pk)
    return HttpResponseRedirect("/accounts")


def _find(key: str) -> Account:
    found = Account.objects.filter(pk=key).first()
    if found is None:
        raise Http404
    return found
