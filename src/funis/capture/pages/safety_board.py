"""Pages of the safety board: stopping rules, who was asked, events by grade, serious events, exposure."""

from __future__ import annotations

from django.http import Http404, HttpResponse, HttpResponseRedirect

from funis.capture.models import SafetyClock
from funis.capture.pages.templates import draw, language_of
from funis.capture.people.access import PageRequest, asks
from funis.capture.safety.board import read_board
from funis.capture.safety.clock import CLOCK_STATES, read_clock_of
from funis.capture.safety.counting import counted_subjects
from funis.capture.safety.stopping import ANSWERS, DECISIONS, decide_on_rule, read_rules
from funis.capture.study_in_force import newest_version, plan_of, today

GRADES = ("1", "2", "3", "4", "5", "–")


@asks("see safety board")
def show_board(asked: PageRequest) -> HttpResponse:
    """Show the counts of the whole trial; nothing here tells an arm."""
    board = read_board(counted_subjects())
    newest = {each.form_id: each for each in SafetyClock.objects.order_by("number")}
    plan = plan_of(newest_version()).form("adverse_events")
    words = {
        (field.name, choice.value): choice.label.shown(language_of(asked))[0]
        for field in plan.fields
        for choice in field.choices
    }
    return draw(
        asked,
        "safety_board.html",
        board=board,
        rules=read_rules(),
        answers=ANSWERS,
        decisions=DECISIONS,
        grades=GRADES,
        clocks={key: (clock, read_clock_of(clock).state) for key, clock in newest.items()},
        clock_states=CLOCK_STATES,
        say=lambda data, name: words.get((name, data.get(name)), data.get(name)),
        may_decide=asked.rights.may("decide on stopping"),
        today=today(),
    )


@asks("decide on stopping", "POST")
def decide(asked: PageRequest, name: str) -> HttpResponse:
    """Record what the board decides on a rule."""
    given = asked.request.POST
    seen = [given.get(each, "") for each in ("events", "subjects")]
    if not all(each.isdecimal() for each in seen):
        raise Http404
    decide_on_rule(name, given.get("decision", ""), (int(seen[0]), int(seen[1])), given.get("reason", ""))
    return HttpResponseRedirect("/safety/board")
