"""What a page answers where it cannot do what was asked: the words of the error, and nothing was written."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse

from funis.capture.context import Acting, acting
from funis.capture.pages.templates import draw
from funis.capture.people.access import PageRequest
from funis.capture.people.accounts import rights_of
from funis.capture.study_in_force import today
from funis.errors import FunisError


class RefusalMiddleware:
    """Turns an error that its reader can mend into words; any other stays an error of the server."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass the request on."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Say what was refused."""
        if not isinstance(exception, FunisError):
            return None
        if request.headers.get("accept", "").startswith("application/json"):
            return JsonResponse({"error": str(exception)}, status=422)
        language = str(getattr(request.user, "language", "en"))
        with acting(Acting(str(request.user), sites=None)):
            rights = rights_of(request.user, today())
        asked = PageRequest(request, rights, (), str(request.user), language)
        return draw(asked, "refused.html", status=422, words=str(exception))
