"""Pages of the own account: second factors, codes for recovery, sessions."""

from __future__ import annotations

from typing import Final, cast

import segno
from django.http import Http404, HttpResponse, HttpResponseRedirect

from funis.capture.models import Account
from funis.capture.models.factors import CODES
from funis.capture.pages.door import relying_party
from funis.capture.pages.templates import draw
from funis.capture.people import factors
from funis.capture.people.access import PageRequest, asks
from funis.capture.people.accounts import count_failure
from funis.capture.people.one_time_codes import address_of, new_secret, written_secret
from funis.capture.people.open_sessions import end_sessions, sessions_of
from funis.capture.people.sealing import seal, unseal
from funis.capture.study_in_force import started_with
from funis.capture.trail.events import record_event

NEW_CODES: Final = "new codes"
NEW_PASSKEY: Final = "new passkey"


def _person(asked: PageRequest) -> Account:
    return cast("Account", asked.request.user)


def _is_known(asked: PageRequest) -> bool:
    """Tell whether the password was given once more; a wrong one counts as one at the door does."""
    person = _person(asked)
    if person.check_password(asked.request.POST.get("password", "")):
        return True
    count_failure(person, "password")
    return False


@asks("log in", is_of_the_account=True)
def show_account(asked: PageRequest) -> HttpResponse:
    """Show second factors, codes for recovery and sessions of the person."""
    return _draw(asked)


def _draw(asked: PageRequest, *, refused: bool = False, codes: list[str] | None = None) -> HttpResponse:
    person = _person(asked)
    in_force = factors.factors_of(person)
    return draw(
        asked,
        "account.html",
        status=403 if refused else 200,
        person=person,
        refused=refused,
        new_codes=codes or [],
        untold=factors.take_notice(person),
        in_force=in_force,
        ended=factors.ended_by_others(person),
        has_codes=any(each.kind == CODES for each in in_force),
        can_passkey=relying_party(asked.request).is_possible(),
        codes_left=factors.recovery_codes_left(person),
        must_enrol=factors.lacks_factor(person, asked.rights),
        sessions=sessions_of(person.pk, str(asked.request.session.session_key)),
    )


@asks("log in", "POST", is_of_the_account=True)
def begin_codes(asked: PageRequest) -> HttpResponse:
    """Show the secret of a new app for codes, as a QR code and in letters, until the app gives a code."""
    if not _is_known(asked):
        return _draw(asked, refused=True)
    return _show_secret(asked, new_secret(), refused=False)


def _show_secret(asked: PageRequest, secret: bytes, *, refused: bool) -> HttpResponse:
    asked.request.session[NEW_CODES] = seal(secret, _person(asked).pk)
    drawn = segno.make(address_of(secret, asked.login, started_with().trial.id), micro=False)
    return draw(
        asked,
        "codes.html",
        status=403 if refused else 200,
        refused=refused,
        qr=drawn.svg_data_uri(scale=5, border=4),
        letters=written_secret(secret),
    )


@asks("log in", "POST", is_of_the_account=True)
def confirm_codes(asked: PageRequest) -> HttpResponse:
    """Enrol the app whose first code was typed."""
    sealed, person = asked.request.session.get(NEW_CODES), _person(asked)
    if sealed is None:
        return HttpResponseRedirect("/account")
    secret, is_first = unseal(sealed, person.pk), not factors.has_factor(person)
    if not factors.is_right_code(secret, asked.request.POST.get("code", "")):
        return _show_secret(asked, secret, refused=True)
    factors.add_codes(person, secret, asked.request.POST.get("code", ""))
    del asked.request.session[NEW_CODES]
    return _enrolled(asked, is_first=is_first)


def _enrolled(asked: PageRequest, *, is_first: bool) -> HttpResponse:
    """After the first factor show codes for recovery, and end the sessions that were begun without one."""
    if not is_first:
        return HttpResponseRedirect("/account")
    asked.request.session.cycle_key()
    end_sessions(_person(asked).pk, keep=str(asked.request.session.session_key))
    return _draw(asked, codes=factors.new_recovery_codes(_person(asked)))


@asks("log in", "POST", is_of_the_account=True)
def begin_passkey(asked: PageRequest) -> HttpResponse:
    """Ask the browser for a new passkey."""
    party, person = relying_party(asked.request), _person(asked)
    if not party.is_possible():
        raise Http404
    if not _is_known(asked):
        return _draw(asked, refused=True)
    options, state = party.ask_new(person, factors.factors_of(person, "passkey"))
    label = asked.request.POST.get("label", "").strip()
    asked.request.session[NEW_PASSKEY] = {"state": state, "label": label}
    return draw(asked, "passkey.html", options=options, label=label)


@asks("log in", "POST", is_of_the_account=True)
def confirm_passkey(asked: PageRequest) -> HttpResponse:
    """Enrol the passkey that the browser gave."""
    kept, person = asked.request.session.pop(NEW_PASSKEY, None), _person(asked)
    if kept is None:
        return HttpResponseRedirect("/account")
    is_first = not factors.has_factor(person)
    credential = relying_party(asked.request).read_new(
        kept["state"], asked.request.POST.get("credential", "")
    )
    factors.add_passkey(person, kept["label"], credential)
    return _enrolled(asked, is_first=is_first)


@asks("log in", "POST", is_of_the_account=True)
def draw_recovery_codes(asked: PageRequest) -> HttpResponse:
    """Make new codes for recovery, and show them once."""
    if not _is_known(asked):
        return _draw(asked, refused=True)
    if not factors.has_factor(_person(asked)):
        raise Http404
    return _draw(asked, codes=factors.new_recovery_codes(_person(asked)))


@asks("log in", "POST", is_of_the_account=True)
def end_factor(asked: PageRequest, key: str) -> HttpResponse:
    """End an own second factor, which was lost or is not used any more."""
    found = next((each for each in factors.factors_of(_person(asked)) if each.pk == key), None)
    if found is None:
        raise Http404
    if not _is_known(asked):
        return _draw(asked, refused=True)
    factors.end_factor(found, asked.request.POST.get("reason", ""))
    return HttpResponseRedirect("/account")


@asks("log in", "POST", is_of_the_account=True)
def end_session(asked: PageRequest) -> HttpResponse:
    """End one other session of the person, or all others."""
    person = _person(asked)
    handle, this = asked.request.POST.get("handle", ""), str(asked.request.session.session_key)
    ended = end_sessions(person.pk, handle=handle, keep=this)
    record_event("sessions ended", f"person:{person.pk}", {"number": ended})
    return HttpResponseRedirect("/account")
