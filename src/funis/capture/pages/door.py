"""The door: logging in and out, and whether the server is ready."""

from __future__ import annotations

from typing import Final, cast

from django.contrib.auth import authenticate, login, logout, update_session_auth_hash
from django.core.exceptions import ValidationError
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.utils.http import url_has_allowed_host_and_scheme

from funis.capture.context import Acting, acting, because
from funis.capture.models import Account
from funis.capture.models.factors import CODES, PASSKEY
from funis.capture.pages.templates import draw
from funis.capture.people import factors
from funis.capture.people.access import OPEN, PageRequest, asks
from funis.capture.people.accounts import (
    AccountBackend,
    choose_password,
    clear_failures,
    count_failure,
)
from funis.capture.people.open_sessions import note_beginning
from funis.capture.people.passkeys import PasskeyRelyingParty
from funis.capture.people.permissions import landing_of
from funis.capture.study_in_force import started_with
from funis.capture.trail.events import record_event
from funis.errors import ValueRangeError
from funis.study.today import read_clock

HALF: Final = "half"
"""Who gave the right password and not yet the second factor, in the session."""
HALF_LASTS: Final = 5 * 60
ASKED: Final = "asked of a passkey"
BACKEND: Final = "funis.capture.people.accounts.AccountBackend"


@asks(OPEN)
def health(asked: PageRequest) -> JsonResponse:  # noqa: ARG001
    """Answer when the server and its database are ready."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"ready": True})


@asks(OPEN, "GET", "POST")
def log_in(asked: PageRequest) -> HttpResponse:
    """Show the door, and let in who has the right name and password; a second factor is asked after them."""
    request = asked.request
    if request.method == "POST":
        name, password = request.POST.get("login", ""), request.POST.get("password", "")
        where = _where_to(request.POST.get("next", ""), request.get_host())
        person = authenticate(request, login=name, password=password)
        if person is not None and factors.has_factor(person):
            request.session.cycle_key()
            request.session[HALF] = {"person": person.pk, "at": read_clock().timestamp(), "next": where}
            return HttpResponseRedirect("/login/second")
        if person is not None:
            return _let_in(request, person, where)
        return draw(asked, "login.html", status=403, refused=True, next=request.POST.get("next", ""))
    return draw(asked, "login.html", refused=False, next=request.GET.get("next", ""))


@asks(OPEN, "GET", "POST")
def give_second(asked: PageRequest) -> HttpResponse:
    """Ask for the second factor of somebody whose password was right, for five minutes."""
    request = asked.request
    half = request.session.get(HALF)
    if half is None or not 0 <= read_clock().timestamp() - half["at"] <= HALF_LASTS:
        request.session.pop(HALF, None)
        return HttpResponseRedirect("/login")
    person = Account.objects.get(pk=half["person"])
    refused = request.method == "POST"
    if refused:
        with acting(Acting("nobody", address=request.META.get("REMOTE_ADDR", ""))):
            is_open = AccountBackend().get_user(person.pk) is not None
            if is_open and factors.check_proof(person, read_proof(request), relying_party(request)):
                return _let_in(request, person, half["next"])
            count_failure(person, "second factor" if is_open else "closed")
    return draw(
        asked,
        "second.html",
        status=403 if refused else 200,
        refused=refused,
        passkey=ask_passkey(request, person),
        has_codes=bool(factors.factors_of(person, CODES)),
    )


def _let_in(request: HttpRequest, person: Account, where: str) -> HttpResponse:
    """Begin the session of somebody who gave everything that was asked."""
    login(request, person, backend=BACKEND)
    request.session.pop(HALF, None)
    note_beginning(request)
    with acting(Acting(person.login, address=request.META.get("REMOTE_ADDR", ""))):
        clear_failures(person)
        record_event("logged in", f"person:{person.pk}", {})
        untold = any(not each.is_told for each in factors.ended_by_others(person))
    return HttpResponseRedirect("/account" if untold else where)


def relying_party(request: HttpRequest) -> PasskeyRelyingParty:
    """Give the server as passkeys know it."""
    return PasskeyRelyingParty(request.get_host(), started_with().trial.id, is_secure=request.is_secure())


def ask_passkey(request: HttpRequest, person: Account, challenge: bytes | None = None) -> str:
    """Give what the browser is asked of a passkey, empty where the person has none; its state is kept."""
    known, party = factors.factors_of(person, PASSKEY), relying_party(request)
    if not known or not party.is_possible():
        return ""
    options, request.session[ASKED] = party.ask(known, challenge)
    return options


def read_proof(request: HttpRequest) -> factors.Proof:
    """Read a second factor that was sent; what was asked of a passkey counts once."""
    return factors.Proof(
        request.POST.get("code", ""), request.POST.get("credential", ""), request.session.pop(ASKED, None)
    )


def _where_to(address: str, host: str) -> str:
    """Give the address that was asked for before, where it is one of ours."""
    return address if url_has_allowed_host_and_scheme(address, {host}) else "/"


@asks("log in")
def begin(asked: PageRequest) -> HttpResponse:
    """Lead a person to where the role begins."""
    answer = HttpResponseRedirect(landing_of(asked.rights))
    answer["Cache-Control"] = "no-store"
    return answer


@asks("log in", "POST", is_of_the_account=True)
def log_out(asked: PageRequest) -> HttpResponse:
    """End the session."""
    record_event("logged out", f"person:{asked.request.user.pk}", {})
    logout(asked.request)
    return HttpResponseRedirect("/login")


@asks("log in", "GET", "POST", is_of_the_account=True)
def change_password(asked: PageRequest) -> HttpResponse:
    """Let the person choose another password; the other sessions of the person end."""
    if asked.request.method == "GET":
        return draw(asked, "password.html")
    person, given = asked.request.user, asked.request.POST
    if given.get("new", "") != given.get("again", ""):
        raise ValueRangeError("new password", "two different ones", "the same one twice")
    try:
        choose_password(cast("Account", person), given.get("old", ""), given.get("new", ""))
    except ValidationError as error:
        raise ValueRangeError("new password", "one that is too weak", " ".join(error.messages)) from error
    update_session_auth_hash(asked.request, cast("Account", person))
    return HttpResponseRedirect("/")


@asks("log in", "POST", is_of_the_account=True)
def stay(asked: PageRequest) -> JsonResponse:  # noqa: ARG001
    """Answer who is still there; the session goes on."""
    return JsonResponse({"stays": True})


@asks("log in", "POST", is_of_the_account=True)
def choose_language(asked: PageRequest) -> HttpResponse:
    """Set the language of the person's pages."""
    person = asked.request.user
    wanted = asked.request.POST.get("language", "")
    if wanted in {"en", "zh-hans"} and wanted != person.language:  # type: ignore[union-attr]
        with because("language chosen"):
            person.language = wanted  # type: ignore[union-attr]
            person.save()
    return HttpResponseRedirect(_where_to(asked.request.POST.get("next", ""), asked.request.get_host()))
