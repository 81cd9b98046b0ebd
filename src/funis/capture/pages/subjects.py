"""Pages of subjects: the list, one subject, its consent and visits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from django.db.models import QuerySet
from django.http import Http404, HttpResponse, HttpResponseRedirect

from funis.capture.casebook.values import value_in_words
from funis.capture.conduct import consent, locks, screening, visits
from funis.capture.forms.plan_parts import FormPlan, Language
from funis.capture.models import AllocationEvent, Consent, Form, Subject
from funis.capture.models.allocations import UNBLINDED
from funis.capture.models.screening import SCREEN_FAILURE
from funis.capture.pages.book_words import book_words
from funis.capture.pages.hidden import hidden_readings
from funis.capture.pages.templates import draw, language_of
from funis.capture.people.access import PageRequest, asks
from funis.capture.people.blinding import is_withheld
from funis.capture.study_in_force import plan_of, started_with, today, version_at
from funis.capture.trail.events import record_event
from funis.errors import ValueRangeError

LONGEST_PAGE = 200
ENTERING = frozenset({"record consent", "record visit", "enter data"})
"""Actions that are offered where entry is open."""
NEXT_STEPS: Final = {
    "consent": "Record the consent",
    "visit": "Record the visit",
    "eligibility": "Decide on eligibility",
    "infusion": "Check at the bedside",
}
"""What a subject may wait for, with the printed words."""
_OVER: Final = frozenset({SCREEN_FAILURE, "completed", "left"})
ROWS = ("infusions", "medications", "adverse_events", "adjudications")


def subjects_of(asked: PageRequest) -> QuerySet[Subject]:
    """Give the subjects that the person may see on this page."""
    found = Subject.objects.all()
    return found if asked.sites is None else found.filter(site__in=asked.sites)


def find_subject(asked: PageRequest, key: str) -> Subject:
    """Find a subject; one of a site that the person may not act at does not exist for him."""
    found = subjects_of(asked).filter(pk=key).first()
    if found is None:
        raise Http404
    return found


def read_day(text: str, what: str) -> date:
    """Read a day that was typed."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise ValueRangeError(what, text, "a day as YYYY-MM-DD") from error


@asks("see subjects")
def list_subjects(asked: PageRequest) -> HttpResponse:
    """List the subjects, by site and number."""
    wanted = asked.request.GET.get("site", "")
    after = asked.request.GET.get("after", "")
    found = subjects_of(asked).order_by("number")
    found = found.filter(site=wanted) if wanted else found
    found = found.filter(number__gt=after) if after else found
    shown = list(found[: LONGEST_PAGE + 1])
    sites = [site for site in started_with().sites if asked.allows(site.id)]
    return draw(
        asked,
        "subjects.html",
        subjects=shown[:LONGEST_PAGE],
        more=shown[LONGEST_PAGE - 1].number if len(shown) > LONGEST_PAGE else "",
        sites=sites,
        wanted=wanted,
        statuses=screening.STATUSES,
        screens_at=[site for site in sites if asked.rights.may("screen subject", site.id)],
    )


@asks("screen subject", "POST")
def screen(asked: PageRequest) -> HttpResponse:
    """Enter a new subject."""
    site = asked.request.POST.get("site", "")
    if not site or not asked.allows(site):
        raise Http404
    subject = screening.screen_subject(site)
    return HttpResponseRedirect(f"/subjects/{subject.pk}")


@asks("see subjects")
def show_subject(asked: PageRequest, key: str) -> HttpResponse:
    """Show a subject: consent, visits with their windows, and what belongs to no visit."""
    subject = find_subject(asked, key)
    plan = plan_of(version_at(subject.site, today()))
    day = today()
    hidden = hidden_readings(asked, subject.site, subject.pk)
    forms = [each for each in screening.forms_of_subject(subject) if each.pk not in hidden]
    planned = visits.planned_visits(subject, plan, is_blinded=asked.rights.is_blinded)
    state = locks.state_of(locks.scope_of(subject))
    others = [each for each in visits.visits_of(subject) if each.name == visits.UNSCHEDULED]
    return draw(
        asked,
        "subject.html",
        subject=subject,
        standing_words=screening.STATUSES[subject.status],
        consents=consent.consents_of(subject),
        has_consent=consent.consent_in_force(subject) is not None,
        planned=[(each, each.standing(day)) for each in planned],
        step=_next_step(asked, subject, planned) if state == locks.OPEN else None,
        unscheduled=others,
        own=[form for form in forms if form.name == "subjects"],
        unblinded=list(AllocationEvent.objects.filter(subject=subject, kind=UNBLINDED).order_by("at")),
        tables=[
            _table(plan.form(name), forms, language_of(asked))
            for name in ROWS
            if name in plan.by_name and not (asked.rights.is_blinded and is_withheld(name))
        ],
        end=plan.by_name.get("disposition"),
        ends=_table(plan.form("disposition"), forms, language_of(asked))[1],
        today=day.isoformat(),
        is_blinded=asked.rights.is_blinded,
        may=lambda action: (
            (state == locks.OPEN or action not in ENTERING) and asked.rights.may(action, subject.site)
        ),
        state=locks.STATES[state],
        plan=plan,
    )


def _next_step(
    asked: PageRequest, subject: Subject, planned: Sequence[visits.Planned]
) -> tuple[str, str, str] | None:
    """Say what a subject waits for, with its address and its visit; none where nothing is to be done now."""
    if subject.status in _OVER or not asked.rights.may("record visit", subject.site):
        return None
    if consent.consent_in_force(subject) is None:
        return NEXT_STEPS["consent"], "#consent", ""
    day, here = today(), f"/subjects/{subject.pk}"
    waiting = [each for each in planned if each.standing(day) in {"due", "overdue"}]
    waiting += [each for each in planned[:1] if each.visit is None]
    if waiting:
        return NEXT_STEPS["visit"], "#visits", waiting[0].plan.label
    is_treated = asked.rights.is_blinded or any(each.opens for each in planned)
    if subject.status == "consented" and not is_treated:
        return NEXT_STEPS["eligibility"], f"{here}/eligibility", ""
    is_ready = subject.status == "eligible" and not is_treated and started_with().randomisation is None
    return (NEXT_STEPS["infusion"], f"{here}/bedside", "") if is_ready else None


def _table(plan: FormPlan, forms: list[Form], language: Language) -> tuple[FormPlan, list[tuple[Form, str]]]:
    """Give a table of a subject with its rows, each in the words of its first values."""
    rows = [form for form in forms if form.name == plan.name]
    shown, t = [field for field in plan.fields if field.role != "key"][:4], book_words(language)
    words = [
        ", ".join(value_in_words(field, form.data, t) for field in shown if field.name in form.data)
        for form in rows
    ]
    return plan, list(zip(rows, words, strict=True))


@asks("record consent", "POST")
def record_consent(asked: PageRequest, key: str) -> HttpResponse:
    """Record a consent."""
    subject, given = find_subject(asked, key), asked.request.POST
    consent.record_consent(
        subject,
        consent.Given(
            given.get("document_version", ""),
            read_day(given.get("given_on", ""), "day of consent"),
            abroad="abroad" in given,
            future_use="future_use" in given,
        ),
        asked.login,
    )
    return HttpResponseRedirect(f"/subjects/{subject.pk}")


@asks("record consent", "POST")
def withdraw_consent(asked: PageRequest, key: str) -> HttpResponse:
    """Record that a consent was withdrawn."""
    found = Consent.objects.filter(pk=key).first()
    if found is None or not asked.allows(found.site):
        raise Http404
    given = asked.request.POST
    day = read_day(given.get("withdrawn_on", ""), "day of withdrawal")
    consent.withdraw_consent(found, day, given.get("reason", ""))
    return HttpResponseRedirect(f"/subjects/{found.subject_id}")


@asks("record visit", "POST")
def record_visit(asked: PageRequest, key: str) -> HttpResponse:
    """Record a visit, or that it was missed."""
    subject, given = find_subject(asked, key), asked.request.POST
    name = given.get("name", "")
    if "missed" in given:
        visits.miss_visit(subject, name, given.get("reason", ""))
        return HttpResponseRedirect(f"/subjects/{subject.pk}")
    visit = visits.record_visit(subject, name, read_day(given.get("date", ""), "date of the visit"))
    return HttpResponseRedirect(f"/visits/{visit.pk}")


@asks("enter data", "POST")
def add_row(asked: PageRequest, key: str) -> HttpResponse:
    """Add a row of a table of a subject, and open it."""
    subject, name = find_subject(asked, key), asked.request.POST.get("name", "")
    if name not in {*ROWS, "disposition"} or (asked.rights.is_blinded and is_withheld(name)):
        raise Http404
    reason = asked.request.POST.get("reason", "").strip()
    if name == "infusions" and not reason:
        raise ValueRangeError(
            "infusion", "no check at the bedside", "one that was checked here, or why it was not"
        )
    form = screening.add_row(subject, name)
    if name == "infusions":
        record_event(
            "infusion not checked here", f"subject:{subject.pk}", {"form": form.pk, "reason": reason}
        )
    return HttpResponseRedirect(f"/forms/{form.pk}")
