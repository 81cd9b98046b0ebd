"""Pages of serious events: the list with the time that is left, and one event with its clock and reports."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import NamedTuple

from django.http import Http404, HttpResponse, HttpResponseRedirect

from funis.capture.context import moment_at
from funis.capture.exchange.export import plain_text
from funis.capture.forms.page_fields import Shown, show_words
from funis.capture.forms.plan_parts import Language
from funis.capture.models import Form, SafetyClock, SafetyReport
from funis.capture.overview.summaries import refresh_summaries
from funis.capture.pages.templates import draw, language_of
from funis.capture.people.access import PageRequest, asks
from funis.capture.safety import clock as clocks
from funis.capture.safety.listed import unasked_visits, unclocked_events
from funis.capture.safety.reports import KINDS, SentReport, report_event, withdraw_report
from funis.capture.study_in_force import plan_of, read_moment, started_with
from funis.safety_words import SERIOUS_CRITERIA

LONGEST_LIST = 200
NEEDED = ("term", "start", "grade", "serious", "causality", "expected", "outcome", "action")
"""Items of an event without which a report of it says too little (ICH E2A 1994, III)."""


class Fact(NamedTuple):
    """An item of an event as the page of its clock shows it; no value: it is not recorded."""

    label: Shown
    value: str
    is_needed: bool


def _find_clock(asked: PageRequest, key: str) -> SafetyClock:
    found = SafetyClock.objects.select_related("form", "form__version", "subject").filter(pk=key).first()
    if found is None or not asked.allows(found.site):
        raise Http404
    return found


@asks("see safety")
def list_clocks(asked: PageRequest) -> HttpResponse:
    """List the serious events: those still to be reported with the time that is left, and the others."""
    wanted = asked.request.GET.get("site", "")
    sites = [site for site in started_with().sites if asked.allows(site.id)]
    seen = (wanted,) if wanted in [site.id for site in sites] else asked.sites
    over = clocks.read_clocks(seen, is_open=False, most=LONGEST_LIST + 1)
    # Who waits to be counted is not left out: then every row is read.
    is_counted = refresh_summaries() == 0
    unasked = unasked_visits(seen, LONGEST_LIST + 1, is_counted=is_counted)
    unclocked = unclocked_events(seen, LONGEST_LIST + 1, is_counted=is_counted)
    return draw(
        asked,
        "safety.html",
        waiting=clocks.read_clocks(seen, is_open=True, most=LONGEST_LIST),
        over=over[:LONGEST_LIST],
        is_cut=len(over) > LONGEST_LIST,
        unclocked=unclocked[:LONGEST_LIST],
        is_more_unclocked=len(unclocked) > LONGEST_LIST,
        may_report=lambda site: asked.rights.may("report event", site),
        unasked=unasked[:LONGEST_LIST],
        is_more_unasked=len(unasked) > LONGEST_LIST,
        sites=sites,
        wanted=wanted,
        states=clocks.CLOCK_STATES,
        shown_time=clocks.shown_time,
        words_of=partial(hours_and_minutes, language=asked.language),
    )


def hours_and_minutes(left: timedelta, language: str = "en") -> str:
    """Give a stretch of time in hours and minutes, whole minutes, without its sign.

    Examples
    --------
    >>> hours_and_minutes(timedelta(hours=5, minutes=4, seconds=59)), hours_and_minutes(timedelta(hours=-30))
    ('5 h 04 min', '30 h 00 min')
    """
    minutes = int(abs(left).total_seconds()) // 60
    if language == "zh-hans":
        return f"{minutes // 60} 小时 {minutes % 60:02d} 分"
    return f"{minutes // 60} h {minutes % 60:02d} min"


@asks("see safety")
def show_clock(asked: PageRequest, key: str) -> HttpResponse:
    """Show a serious event: what is recorded of it, what a report still lacks, its clock and its reports."""
    clock = _find_clock(asked, key)
    facts = list(_facts(clock.form, language_of(asked)))
    others = SafetyClock.objects.filter(form=clock.form_id).exclude(pk=clock.pk).order_by("number")
    return draw(
        asked,
        "safety_clock.html",
        read=clocks.read_clock_of(clock),
        clock=clock,
        facts=facts,
        lacking=[fact.label for fact in facts if fact.is_needed and not fact.value],
        others=list(others),
        states=clocks.CLOCK_STATES,
        kinds=KINDS,
        shown_time=clocks.shown_time,
        moment_of=lambda text: clocks.shown_time(moment_at(text)),
        words_of=partial(hours_and_minutes, language=asked.language),
        may_report=asked.rights.may("report event", clock.site),
        zone=started_with().trial.timezone,
    )


def _facts(form: Form, language: Language) -> Iterator[Fact]:
    """Give the items of an event, in the words of its form; a criterion that is not met is left out."""
    has_criterion = any(form.data.get(name) == 1 for name in SERIOUS_CRITERIA)
    for field in plan_of(form.version).form(form.name).fields:
        value = form.data.get(field.name)
        is_criterion = field.name in SERIOUS_CRITERIA
        if field.role == "key" or (is_criterion and value != 1) or (value is None and not field.is_shown):
            continue
        words = next((each.label for each in field.choices if each.value == value), None)
        said = "" if value is None else show_words(words, language).text if words else plain_text(value)
        # A grade is known by its number.
        text = f"{value} {said}" if words and field.name == "grade" else said
        yield Fact(show_words(field.label, language), text, field.name in NEEDED)
        if field.name == "serious" and not has_criterion and value == 1:
            criteria = plan_of(form.version).form(form.name).by_name
            if lacking := [criteria[name].label for name in SERIOUS_CRITERIA if name in criteria]:
                shown = [show_words(each, language) for each in lacking]
                yield Fact(Shown(" / ".join(each.text for each in shown), shown[0].lang), "", is_needed=True)


@asks("report event", "POST")
def start_clock(asked: PageRequest, key: str) -> HttpResponse:
    """Start the clock of a serious event that came in with a data folder."""
    form = Form.objects.filter(pk=key).first()
    if form is None or not asked.allows(form.site):
        raise Http404
    return HttpResponseRedirect(f"/safety/clocks/{clocks.start_for_loaded(form).pk}")


@asks("report event", "POST")
def record_awareness(asked: PageRequest, key: str) -> HttpResponse:
    """Record when the site became aware."""
    clock, given = _find_clock(asked, key), asked.request.POST
    clocks.record_awareness(clock, read_moment(given.get("aware_at", "")), given.get("reason", ""))
    return HttpResponseRedirect(f"/safety/clocks/{clock.pk}")


@asks("report event", "POST")
def add_report(asked: PageRequest, key: str) -> HttpResponse:
    """Record a report that was sent."""
    clock, given = _find_clock(asked, key), asked.request.POST
    sent = SentReport(
        given.get("kind", ""),
        read_moment(given.get("sent_at", "")),
        given.get("sent_to", ""),
        given.get("reference", ""),
    )
    report_event(clock, sent)
    return HttpResponseRedirect(f"/safety/clocks/{clock.pk}")


@asks("report event", "POST")
def withdraw(asked: PageRequest, key: str) -> HttpResponse:
    """Withdraw a record of a report that was made by mistake."""
    found = SafetyReport.objects.filter(pk=key).first()
    if found is None or not asked.allows(found.site):
        raise Http404
    withdraw_report(found, asked.request.POST.get("reason", ""))
    return HttpResponseRedirect(f"/safety/clocks/{found.clock_id}")


def clock_of_form(form: Form) -> SafetyClock | None:
    """Give the newest clock of an adverse event, none where it has none."""
    if form.name != clocks.EVENTS:
        return None
    return SafetyClock.objects.filter(form=form).order_by("-number").first()
