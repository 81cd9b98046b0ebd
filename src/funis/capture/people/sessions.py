"""Sessions end when nobody is there: each is renewed while it is used, and written only now and then."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponseBase

from funis.study.today import read_clock

RENEWED: Final = "renewed"
RENEWED_AFTER: Final = 60
"""Seconds of use after which a session is written again; it ends up to so much before its full time."""


class RenewalMiddleware:
    """Renews the session of a request, at most once a minute: a page view is no write to the database."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass the request on."""
        session = request.session
        if not session.is_empty():
            now = int(read_clock().timestamp())
            if not 0 <= now - int(session.get(RENEWED, 0)) < RENEWED_AFTER:
                session[RENEWED] = now
        return self.get_response(request)
