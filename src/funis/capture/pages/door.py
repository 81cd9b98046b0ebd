"""The door: logging in and out, and whether the server is ready."""

from __future__ import annotations

from django.contrib.auth import authenticate, login, logout
from django.db import connection
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.utils.http import url_has_allowed_host_and_scheme

from funis.capture.context import because
from funis.capture.pages.templates import draw
from funis.capture.people.access import OPEN, PageRequest, asks
from funis.capture.trail.events import record_event


@asks(OPEN)
def health(asked: PageRequest) -> JsonResponse:  # noqa: ARG001
    """Answer when the server and its database are ready."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"ready": True})


@asks(OPEN, "GET", "POST")
def log_in(asked: PageRequest) -> HttpResponse:
    """Show the door, and let in who has the right name and password."""
    request = asked.request
    if request.method == "POST":
        name, password = request.POST.get("login", ""), request.POST.get("password", "")
        person = authenticate(request, login=name, password=password)
        if person is not None:
            login(request, person)
            return HttpResponseRedirect(_where_to(request.POST.get("next", ""), request.get_host()))
        return draw(asked, "login.html", status=403, refused=True, next=request.POST.get("next", ""))
    return draw(asked, "login.html", refused=False, next=request.GET.get("next", ""))


def _where_to(address: str, host: str) -> str:
    """Give the address that was asked for before, where it is one of ours."""
    return address if url_has_allowed_host_and_scheme(address, {host}) else "/"


@asks("log in", "POST")
def log_out(asked: PageRequest) -> HttpResponse:
    """End the session."""
    record_event("logged out", f"person:{asked.request.user.pk}", {})
    logout(asked.request)
    return HttpResponseRedirect("/login")


@asks("log in", "POST")
def choose_language(asked: PageRequest) -> HttpResponse:
    """Set the language of the person's pages."""
    person = asked.request.user
    wanted = asked.request.POST.get("language", "")
    if wanted in {"en", "zh-hans"} and wanted != asked.language:
        with because("language chosen"):
            person.language = wanted  # type: ignore[union-attr]
            person.save()
    return HttpResponseRedirect(_where_to(asked.request.POST.get("next", ""), asked.request.get_host()))
