"""Pages of freezes and locks: what is closed, by whom and why, and the acts that close and open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpResponse, HttpResponseRedirect

from funis.capture.conduct import locks
from funis.capture.conduct.screening import forms_of_subject
from funis.capture.conduct.visits import visits_of
from funis.capture.models import Form, StudyLock, Subject, SubjectLock, SubjectVisit
from funis.capture.monitoring.queries import waiting_by_site
from funis.capture.monitoring.verification import fallen_by_site
from funis.capture.pages.forms import label_of, title_of
from funis.capture.pages.hidden import is_hidden
from funis.capture.pages.subjects import find_subject
from funis.capture.pages.templates import draw, language_of
from funis.capture.people.access import PageRequest, asks
from funis.capture.people.blinding import WITHHELD_FORMS
from funis.capture.study_in_force import plan_of, started_with, today, version_at
from funis.errors import ValueRangeError

LONGEST_LIST = 200


@dataclass(frozen=True, slots=True)
class Closable:
    """One line of the page of a subject.

    Attributes
    ----------
    label : of the subject, the visit, the form
    scope, target : what an act closes
    own : its own state, none where nobody closed it
    depth : 0 for the subject, 1 for what lies in it, 2 for the forms of a visit
    """

    label: str
    scope: str
    target: str
    own: locks.Standing | None
    depth: int


@asks("see locks")
def list_locks(asked: PageRequest) -> HttpResponse:
    """Show the database, the sites, and everything of a subject that is not open."""
    places = {each.place: each for each in StudyLock.objects.all()}
    closed = SubjectLock.objects.exclude(state=locks.OPEN).select_related("subject").order_by("site", "pk")
    closed = closed if asked.sites is None else closed.filter(site__in=asked.sites)
    if asked.rights.is_blinded:
        closed = closed.exclude(target__in=Form.objects.filter(name__in=WITHHELD_FORMS).values("pk"))
    shown = list(closed[:LONGEST_LIST])
    is_blinded = asked.rights.is_blinded
    return draw(
        asked,
        "locks.html",
        database=places[""],
        sites=[
            (site, places[site.id])
            for site in started_with().sites
            if asked.allows(site.id) and site.id in places
        ],
        closed=shown,
        closed_words=_words_of(asked, shown),
        waiting=waiting_by_site(is_blinded=is_blinded) if asked.rights.may("see queries") else None,
        fallen=fallen_by_site(is_blinded=is_blinded) if asked.rights.may("see verification") else None,
        states=locks.STATES,
        may_decide=asked.rights.may("lock database"),
        acts=lambda site, state: _acts(asked, site, state),
    )


def _words_of(asked: PageRequest, closed: list[SubjectLock]) -> dict[str, str]:
    """Give what is closed in words, by its id: a visit, a form with its visit; a subject has none."""
    targets = [each.target for each in closed]
    words: dict[str, str] = {}
    for visit in SubjectVisit.objects.filter(pk__in=targets).select_related("subject"):
        plan = plan_of(version_at(visit.site, today()))
        words[visit.pk] = label_of(visit, plan, asked.language)
    for form in Form.objects.filter(pk__in=targets).with_version().select_related("visit"):
        plan = plan_of(form.version)
        title = title_of(form, plan.form(form.name), language_of(asked))
        words[form.pk] = f"{label_of(form.visit, plan, asked.language)}, {title}" if form.visit else title
    return words


@asks("see locks")
def show_subject_locks(asked: PageRequest, key: str) -> HttpResponse:
    """Show the state of a subject, its visits and its forms, and let it be changed."""
    subject = find_subject(asked, key)
    return draw(
        asked,
        "subject_locks.html",
        subject=subject,
        lines=_lines(asked, subject),
        above=[each for each in locks.standings(locks.Scope(subject.site)) if each.state != locks.OPEN],
        states=locks.STATES,
        acts=lambda state: _acts(asked, subject.site, state),
    )


def _lines(asked: PageRequest, subject: Subject) -> list[Closable]:
    own = locks.standings_of_subject(subject)
    plan = plan_of(version_at(subject.site, today()))
    lines = [Closable(subject.number, "subject", subject.pk, own.get(subject.pk), 0)]
    forms: dict[str, list[Form]] = {}
    every = Form.objects.filter(subject=subject).with_version().order_by("name", "number")
    for form in (each for each in every if not _is_hidden(asked, each)):
        forms.setdefault(form.visit_id or "", []).append(form)
    for visit in visits_of(subject):
        lines.append(Closable(label_of(visit, plan, asked.language), "visit", visit.pk, own.get(visit.pk), 1))
        lines += [_line(asked, form, own, 2) for form in forms.get(visit.pk, [])]
    others = (each for each in forms_of_subject(subject) if not _is_hidden(asked, each))
    return lines + [_line(asked, form, own, 1) for form in others]


def _is_hidden(asked: PageRequest, row: object) -> bool:
    return isinstance(row, Form) and is_hidden(asked, row)


def _line(asked: PageRequest, form: Form, own: dict[str, locks.Standing], depth: int) -> Closable:
    title = title_of(form, plan_of(form.version).form(form.name), language_of(asked))
    label = title if form.data.get("test") or form.number == 1 else f"{title} {form.number}"
    return Closable(label, "form", form.pk, own.get(form.pk), depth)


def _acts(asked: PageRequest, site: str, state: str) -> tuple[str, list[str], str]:
    """Give the address, the states that the person may choose (none: nothing is to be chosen), and the next.

    What stands chosen closes by one step more: nobody opens anything because that came first in a list.
    """
    following = {locks.OPEN: locks.FROZEN, locks.FROZEN: locks.LOCKED}.get(state, locks.OPEN)
    if asked.rights.may("lock data", site):
        return "/locks/lock", [each for each in locks.STATES if each != state], following
    if asked.rights.may("freeze data", site) and state != locks.LOCKED:
        return "/locks/freeze", [locks.OPEN if state == locks.FROZEN else locks.FROZEN], following
    return "", [], following


@asks("freeze data", "POST")
def freeze(asked: PageRequest) -> HttpResponse:
    """Freeze, or open what was frozen; what is locked is opened by a data manager."""
    scope = _find(asked)
    kind, target = scope.innermost
    own = [each.state for each in locks.standings(scope) if (each.scope, each.target) == (kind, target)]
    if locks.LOCKED in own or asked.request.POST.get("state") == locks.LOCKED:
        raise ValueRangeError(kind, locks.LOCKED, "frozen or open", "Ask a data manager.")
    return _set(asked, scope)


@asks("lock data", "POST")
def lock(asked: PageRequest) -> HttpResponse:
    """Lock, freeze or open."""
    return _set(asked, _find(asked))


def _set(asked: PageRequest, scope: locks.Scope) -> HttpResponse:
    given = asked.request.POST
    locks.set_state(scope, given.get("state", ""), given.get("reason", ""))
    return HttpResponseRedirect(f"/subjects/{scope.subject}/locks" if scope.subject else "/locks")


def _find(asked: PageRequest) -> locks.Scope:
    """Find what an act is about; what lies at a site where the person may not act does not exist for him."""
    kind, target = asked.request.POST.get("scope", ""), asked.request.POST.get("target", "")
    if kind == "site":
        found = locks.Scope(target) if target in started_with().site_ids else None
    else:
        tables: dict[str, Any] = {"subject": Subject, "visit": SubjectVisit, "form": Form}
        row = tables[kind].objects.filter(pk=target).first() if kind in tables else None
        found = locks.scope_of(row) if row and not _is_hidden(asked, row) else None
    if found is None or not asked.allows(found.site):
        raise Http404
    return found


@asks("lock database", "POST")
def decide_on_database(asked: PageRequest) -> HttpResponse:
    """Ask for a state of the whole database, confirm what another person asked, or take it back."""
    given = asked.request.POST
    reason = given.get("reason", "")
    match given.get("act"):
        case "ask":
            locks.ask_for_database(given.get("state", ""), reason)
        case "confirm":
            locks.confirm_for_database(reason)
        case "take back":
            locks.take_back_for_database(reason)
        case _:
            raise Http404
    return HttpResponseRedirect("/locks")
