"""The door: logging in and out, and whether the server is ready."""

from __future__ import annotations

from typing import cast

from django.contrib.auth import authenticate, login, logout, update_session_auth_hash
from django.core.exceptions import ValidationError
from django.db import connection
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.utils.http import url_has_allowed_host_and_scheme

from funis.capture.context import Acting, acting, because
from funis.capture.models import Account
from funis.capture.pages.templates import draw
from funis.capture.people.access import OPEN, PageRequest, asks
from funis.capture.people.accounts import choose_password
from funis.capture.trail.events import record_event
from funis.errors import ValueRangeError


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
            with acting(Acting(person.login, address=request.META.get("REMOTE_ADDR", ""))):
                record_event("logged in", f"person:{person.pk}", {})
            return HttpResponseRedirect(_where_to(request.POST.get("next", ""), request.get_host()))
        return draw(asked, "login.html", status=403, refused=True, next=request.POST.get("next", ""))
    return draw(asked, "login.html", refused=False, next=request.GET.get("next", ""))


def _where_to(address: str, host: str) -> str:
    """Give the address that was asked for before, where it is one of ours."""
    return address if url_has_allowed_host_and_scheme(address, {host}) else "/"


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
def choose_language(asked: PageRequest) -> HttpResponse:
    """Set the language of the person's pages."""
    person = asked.request.user
    wanted = asked.request.POST.get("language", "")
    if wanted in {"en", "zh-hans"} and wanted != asked.language:
        with because("language chosen"):
            person.language = wanted  # type: ignore[union-attr]
            person.save()
    return HttpResponseRedirect(_where_to(asked.request.POST.get("next", ""), asked.request.get_host()))
