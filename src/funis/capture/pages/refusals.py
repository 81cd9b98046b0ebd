"""What a page answers where it cannot do what was asked: the words of the error, and nothing was written."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse

from funis.capture.conduct.allocation.arms import AlteredArmError
from funis.capture.context import Acting, acting
from funis.capture.pages.refusal_words import RefusalPart, refusal_parts
from funis.capture.pages.templates import draw
from funis.capture.people.access import PageRequest, language_of_person
from funis.capture.people.accounts import rights_of
from funis.capture.study_in_force import today
from funis.capture.trail.events import record_event
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
        if isinstance(exception, AlteredArmError):
            return _tell_altered(request, exception)
        if request.headers.get("accept", "").startswith("application/json"):
            return JsonResponse({"error": str(exception)}, status=422)
        asked = _asked(request)
        parts = refusal_parts(exception, asked.language)
        return draw_refusal(asked, 422, str(exception), parts)


def draw_refusal(
    asked: PageRequest, status: int, words: str, parts: Sequence[RefusalPart] = ()
) -> HttpResponse:
    """Make the page that says what was not done, and why.

    Parameters
    ----------
    asked : the request
    status : of the answer
    words : the English sentence
    parts : the same in the language of the reader, of `refusal_parts`; none: the sentence alone
    """
    return draw(asked, "refused.html", status=status, words=words, parts=parts)


def _asked(request: HttpRequest) -> PageRequest:
    with acting(Acting(str(request.user), sites=None)):
        rights = rights_of(request.user, today())
    return PageRequest(request, rights, (), str(request.user), language_of_person(request))


def _tell_altered(request: HttpRequest, exception: AlteredArmError) -> HttpResponse:
    """Say that a stored row does not agree with its proof, and whom to call; the trail says who saw it when.

    What the page wrote before is undone by now: this is a transaction of its own.
    """
    row, asked = exception.allocation, _asked(request)
    with acting(Acting(asked.login, "altered row seen", request.META.get("REMOTE_ADDR", ""), sites=None)):
        record_event(
            "altered row seen", f"subject:{row.subject_id}", {"table": row._meta.db_table, "row": row.pk}
        )
    if request.headers.get("accept", "").startswith("application/json"):
        return JsonResponse({"error": str(exception)}, status=500)
    number = row.subject.number if asked.rights.may("see allocations", row.site) else ""
    return draw(asked, "altered.html", status=500, number=number)
