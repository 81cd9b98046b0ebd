"""One request of a program: who asks, what it may see, one line in the trail, one answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from hashlib import sha256
from inspect import Parameter, Signature, signature
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from ninja import Schema

from funis.capture.context import Acting, acting, seeing
from funis.capture.document import write_document
from funis.capture.people.permissions import ACTIONS, Rights
from funis.capture.people.tokens import find_token, rights_of_token
from funis.capture.trail.changed import written_until
from funis.capture.trail.events import record_event
from funis.errors import UnknownNameError

NO_TOKEN: Final = "No token, or one that opens nothing. Send: Authorization: Bearer TOKEN."  # noqa: S105 - words
NOT_FOUND: Final = "There is nothing of this name, or it is not the token's to see."
JSON: Final = "application/json"


class NothingFoundError(Exception):
    """What was asked for does not exist, or is not the token's to see."""


@dataclass(frozen=True, slots=True)
class ProgramRequest:
    """A request whose token was checked.

    Attributes
    ----------
    rights : of the token, today
    sites : at which the action is allowed; None: at all
    until : moment up to which nothing can appear that this request does not see (UTC)
    """

    rights: Rights
    sites: tuple[str, ...] | None
    until: str


def error_answer(status: int, *words: str) -> HttpResponse:
    """Give an error as JSON: one text a cause."""
    answer = HttpResponse(write_document({"errors": list(words)}), status=status, content_type=JSON)
    answer["Cache-Control"] = "no-store"
    if status == 401:
        answer["WWW-Authenticate"] = "Bearer"
    return answer


def reads(action: str) -> Callable[[Callable[..., Schema]], Callable[..., HttpResponse]]:
    """Say which action a resource is; a token whose role may not do it is told that there is nothing.

    Parameters
    ----------
    action : one of `ACTIONS`
    """
    if action not in ACTIONS:
        raise UnknownNameError("action", action, ACTIONS)

    def mark(resource: Callable[..., Schema]) -> Callable[..., HttpResponse]:
        @wraps(resource)
        def answered(request: HttpRequest, **named: Any) -> HttpResponse:
            return _answer(action, resource, request, named)

        answered.action = action  # type: ignore[attr-defined]  # read by the test that walks every resource
        answered.__signature__ = _signature(resource)  # type: ignore[attr-defined]  # what django-ninja reads
        return answered

    return mark


def _signature(resource: Callable[..., Schema]) -> Signature:
    """Give the signature of a resource with the request of Django in place of the checked one."""
    found = signature(resource)
    _, *others = found.parameters.values()
    request = Parameter("request", Parameter.POSITIONAL_OR_KEYWORD, annotation=HttpRequest)
    return found.replace(parameters=[request, *others])


def _answer(
    action: str, resource: Callable[..., Schema], request: HttpRequest, named: dict[str, Any]
) -> HttpResponse:
    """Answer in one transaction: the rows of the sites of the token alone, and a line in its chain."""
    address = request.META.get("REMOTE_ADDR", "")
    shown = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
    with acting(Acting("nobody", "", address, sites=None)):
        token = find_token(shown)
        if token is None:
            return error_answer(401, NO_TOKEN)
        # In a transaction of its own: the one that reads begins after it.
        until = written_until()
    with acting(Acting(f"token {token.pk}", "", address, sites=None)):
        rights = rights_of_token(token)
        if not rights.roles:
            record_event("token refused", f"token:{token.pk}", {"path": request.path})
            return error_answer(401, NO_TOKEN)
        if not rights.may(action):
            return error_answer(404, NOT_FOUND)
        sites = rights.sites(action)
        try:
            with seeing(sites):
                found = resource(ProgramRequest(rights, sites, until), **named).model_dump()
        except NothingFoundError:
            return error_answer(404, NOT_FOUND)
        details = {"path": request.path, "asked": request.GET.urlencode()[:300]}
        record_event("read by program", f"token:{token.pk}", details | {"rows": len(found.get("items", "1"))})
    return _write(request, found)


def _write(request: HttpRequest, found: Mapping[str, Any]) -> HttpResponse:
    """Give the answer with its ETag; who has the same already is told so in a word.

    The moment up to which a list was read is another each time: it is no part of what the ETag of a list
    stands for, which is weak for that reason.
    """
    body = write_document(found).encode()
    lasting = write_document({name: value for name, value in found.items() if name != "until"}).encode()
    tag = f'"{sha256(lasting).hexdigest()[:32]}"'
    known = {each.strip().removeprefix("W/") for each in request.headers.get("If-None-Match", "").split(",")}
    answer = HttpResponse(status=304) if tag in known else HttpResponse(body, content_type=JSON)
    answer["ETag"] = f"W/{tag}" if "until" in found else tag
    answer["Cache-Control"] = "private, no-cache"
    return answer
