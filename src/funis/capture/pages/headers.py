"""The header that says what a page may load: one text for all answers, made once."""

from __future__ import annotations

from collections.abc import Callable

from csp.constants import HEADER
from csp.utils import build_policy
from django.http import HttpRequest, HttpResponseBase


class PolicyMiddleware:
    """Puts the content security policy of the settings on every answer; no page has another one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.policy = build_policy()

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass the request on, and say it with the answer."""
        response = self.get_response(request)
        response[HEADER] = self.policy
        return response
