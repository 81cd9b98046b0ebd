"""The sessions of a person: where they were begun, and how they are ended."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.http import HttpRequest

from funis.capture.context import moment
from funis.study.today import read_clock

BEGUN, ADDRESS, BROWSER = "begun", "address", "browser"
_LONGEST_BROWSER: Final = 120


@dataclass(frozen=True, slots=True)
class OpenSession:
    """One session of a person that is open.

    Attributes
    ----------
    handle : names it on a page; the key itself, which would let somebody in, is never shown
    begun, address, browser : when (UTC), from where, with which browser it was begun
    is_this : the one that asks
    """

    handle: str
    begun: str
    address: str
    browser: str
    is_this: bool


def note_beginning(request: HttpRequest) -> None:
    """Keep with a session when, from where and with which browser it was begun."""
    request.session[BEGUN] = moment()
    request.session[ADDRESS] = str(request.META.get("REMOTE_ADDR", ""))
    request.session[BROWSER] = str(request.META.get("HTTP_USER_AGENT", ""))[:_LONGEST_BROWSER]


def sessions_of(person: str, this: str = "") -> list[OpenSession]:
    """Give the open sessions of a person, the newest first.

    Parameters
    ----------
    person : id of the person
    this : key of the session that asks
    """
    found = [
        OpenSession(
            _handle(each.session_key),
            str(told.get(BEGUN, "")),
            str(told.get(ADDRESS, "")),
            str(told.get(BROWSER, "")),
            each.session_key == this,
        )
        for each, told in _sessions(person)
    ]
    return sorted(found, key=lambda each: each.begun, reverse=True)


def end_sessions(person: str, *, handle: str = "", keep: str = "") -> int:
    """End sessions of a person: one by its handle, or all; give how many ended.

    Parameters
    ----------
    person : id of the person
    handle : of the session; empty: all
    keep : key of a session that goes on
    """
    keys = [
        each.session_key
        for each, _ in _sessions(person)
        if each.session_key != keep and handle in {"", _handle(each.session_key)}
    ]
    return Session.objects.filter(session_key__in=keys).delete()[0]


def _sessions(person: str) -> list[tuple[Session, dict[str, Any]]]:
    """Read the open sessions of a person; which is whose stands inside them alone."""
    told = ((each, each.get_decoded()) for each in Session.objects.filter(expire_date__gt=read_clock()))
    return [(each, data) for each, data in told if data.get(SESSION_KEY) == person]


def _handle(key: str) -> str:
    return sha256(key.encode()).hexdigest()[:16]
