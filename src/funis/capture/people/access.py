"""Every request: who acts, what the page asks for, and at which sites. No page is without an action."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any, Concatenate, Final, Generic, ParamSpec

from django.contrib.auth.views import redirect_to_login
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
    JsonResponse,
)

from funis.capture.context import Acting, acting, seeing
from funis.capture.database.turns import write_together
from funis.capture.people.accounts import rights_of
from funis.capture.people.factors import lacks_factor
from funis.capture.people.permissions import ACTIONS, Rights
from funis.capture.study_in_force import today
from funis.errors import UnknownNameError

Rest = ParamSpec("Rest")
Page = Callable[Concatenate["PageRequest", Rest], HttpResponseBase]
OPEN: Final = "anybody"
"""Action of the few pages before the door."""


@dataclass(frozen=True, slots=True)
class PageRequest:
    """A request whose right was checked.

    Attributes
    ----------
    request : as Django has it
    rights : of the person, today
    sites : at which the action of this page is allowed; None: at all
    login : of the person, empty before the door
    language : of the person
    """

    request: HttpRequest
    rights: Rights
    sites: tuple[str, ...] | None
    login: str = ""
    language: str = "en"

    def allows(self, site: str) -> bool:
        """Tell whether the action of this page is allowed at a site."""
        return self.sites is None or site in self.sites

    def renewed(self, action: str, roles: str) -> PageRequest:
        """Give the request with the rights of the roles as they are held now.

        Parameters
        ----------
        action : of the page
        roles : as they were read anew
        """
        read: Any = self.request.user
        if roles == read.roles_read.roles:
            return self
        rights = read.roles_read._replace(roles=roles).rights(today())
        return replace(self, rights=rights, sites=rights.sites(action))


def asks(
    action: str, *methods: str, is_of_the_account: bool = False, holds_first: bool = False
) -> Callable[[Page[Rest]], Callable[..., HttpResponseBase]]:
    """Say which action a page is; whoever may not do it is told that there is no such page.

    Parameters
    ----------
    action : one of `ACTIONS`, or `OPEN`
    methods : that the page answers; GET alone where none is named
    is_of_the_account : asked also by a person who has not chosen a password, or enrolled a second factor, yet
    holds_first : its first statement tells the database who acts and holds what it writes; the page itself
        asks then by `PageRequest.renewed`, and not before, whether the roles are still held
    """
    if action != OPEN and action not in ACTIONS:
        raise UnknownNameError("action", action, ACTIONS)

    def mark(page: Page[Rest]) -> Callable[..., HttpResponseBase]:
        @wraps(page)
        def checked(request: HttpRequest, *args: Rest.args, **named: Rest.kwargs) -> HttpResponseBase:
            if request.method not in (methods or ("GET",)):
                return HttpResponseNotAllowed(methods or ("GET",))
            if action == OPEN:
                language = language_of_browser(request)
                return page(PageRequest(request, Rights(frozenset()), (), language=language), *args, **named)
            person: Any = request.user
            if not person.is_authenticated:
                if request.headers.get("accept", "").startswith("application/json"):
                    return JsonResponse({"ended": True}, status=401)
                return redirect_to_login(request.get_full_path())
            if person.has_given_password and not is_of_the_account:
                return HttpResponseRedirect("/password")
            run = _run_holding if holds_first else _run
            return run(_Checked(page, action, is_of_the_account), request, *args, **named)

        # Read by the tests that walk every page.
        checked.action = action  # type: ignore[attr-defined]
        checked.methods = methods or ("GET",)  # type: ignore[attr-defined]
        return checked

    return mark


@dataclass(frozen=True, slots=True)
class _Checked(Generic[Rest]):
    """A page with what it asks for."""

    page: Page[Rest]
    action: str
    is_of_the_account: bool


def _run(
    checked: _Checked[Rest], request: HttpRequest, *args: Rest.args, **named: Rest.kwargs
) -> HttpResponseBase:
    """Run a page in one transaction in which its person acts; a refusal rolls back what it wrote.

    The database is told the sites before the page asks it anything: a page that forgets its filter sees no
    row of another site.
    """
    person: Any = request.user
    address, reason = request.META.get("REMOTE_ADDR", ""), str(request.POST.get("reason", ""))
    with acting(Acting(person.login, reason, address, sites=None)):
        rights = rights_of(person, today())
        if not rights.may(checked.action):
            raise Http404
        if not checked.is_of_the_account and lacks_factor(person, rights):
            return HttpResponseRedirect("/account")
        sites = rights.sites(checked.action)
        with seeing(sites):
            return checked.page(
                PageRequest(request, rights, sites, person.login, language_of_person(request)), *args, **named
            )


def _run_holding(
    checked: _Checked[Rest], request: HttpRequest, *args: Rest.args, **named: Rest.kwargs
) -> HttpResponseBase:
    """Run a page that holds what it writes first, by the roles that were read with the session.

    On SQLite it is written with all others that wait (`database.turns`), and answered after the commit.
    """
    person: Any = request.user
    rights = person.roles_read.rights(today())
    if not rights.may(checked.action):
        raise Http404
    if lacks_factor(person, rights):
        return HttpResponseRedirect("/account")
    sites = rights.sites(checked.action)
    asked = PageRequest(request, rights, sites, person.login, language_of_person(request))
    who = Acting(person.login, "", request.META.get("REMOTE_ADDR", ""), sites)

    def run() -> HttpResponseBase:
        with acting(who, tells=False):
            return checked.page(asked, *args, **named)

    return write_together(run)


def language_of_person(request: HttpRequest) -> str:
    """Give the language that a person has chosen, until then that of the browser.

    Parameters
    ----------
    request : of somebody who has logged in, or of nobody
    """
    person: Any = request.user
    return getattr(person, "language", "") or language_of_browser(request)


def language_of_browser(request: HttpRequest) -> str:
    """Give the language that a browser asks for, of those that the pages have: English unless it is Chinese.

    Parameters
    ----------
    request : of somebody who has not logged in
    """
    first = request.headers.get("accept-language", "").split(",")[0].strip().lower()
    return "zh-hans" if first.startswith("zh") else "en"


def no_such_page(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    """Answer for what does not exist and for what the person may not see, in the same words."""
    return HttpResponse(_NO_SUCH_PAGE, status=404)


# Both languages: it is drawn where nobody's rights are read, and is the same for everybody.
_NO_SUCH_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>404</title></head>
<body><main><h1>There is no such page, or it is not yours to see.</h1>
<p><a href="/">Go to the first page</a></p>
<h2 lang="zh-Hans">没有此页面，或您无权查看。</h2>
<p lang="zh-Hans"><a href="/">返回首页</a></p></main></body></html>
"""
