"""Page of the tokens of programs: which there are, a new one, one that is revoked."""

from __future__ import annotations

from django.http import Http404, HttpResponse, HttpResponseRedirect

from funis.capture.models import ApiToken
from funis.capture.pages.subjects import read_day
from funis.capture.pages.templates import draw
from funis.capture.people.access import PageRequest, asks
from funis.capture.people.permissions import ACTIONS
from funis.capture.people.tokens import ACTION, confirm_token, issue_token, revoke_token
from funis.capture.study_in_force import started_with, today


@asks("see accounts")
def list_tokens(asked: PageRequest) -> HttpResponse:
    """List the tokens, the newest first."""
    return _draw(asked)


@asks("manage tokens", "POST")
def add_token(asked: PageRequest) -> HttpResponse:
    """Issue a token; it is shown on this answer and never again."""
    given = asked.request.POST
    until = read_day(given.get("until", ""), "last day")
    row, shown = issue_token(given.get("purpose", ""), given.get("role", ""), given.get("site", ""), until)
    return _draw(asked, row.purpose, shown)


@asks("manage tokens", "POST")
def confirm(asked: PageRequest, key: str) -> HttpResponse:  # noqa: ARG001
    """Confirm a token as the second person."""
    row = ApiToken.objects.filter(pk=key).first()
    if row is None:
        raise Http404
    confirm_token(row)
    return HttpResponseRedirect("/tokens")


@asks("manage tokens", "POST")
def end_token(asked: PageRequest, key: str) -> HttpResponse:
    """Revoke a token."""
    row = ApiToken.objects.filter(pk=key).first()
    if row is None:
        raise Http404
    revoke_token(row, asked.request.POST.get("reason", ""))
    return HttpResponseRedirect("/tokens")


def _draw(asked: PageRequest, purpose: str = "", shown: str = "") -> HttpResponse:
    return draw(
        asked,
        "tokens.html",
        tokens=list(ApiToken.objects.order_by("-since", "-pk")),
        roles=sorted(ACTIONS[ACTION]),
        sites=started_with().sites,
        today=today(),
        may_manage=asked.rights.may("manage tokens"),
        purpose=purpose,
        shown=shown,
    )
