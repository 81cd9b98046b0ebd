"""Pages of the visit calendar and of the course of the scores: by subject, a page at a time."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from django.http import Http404, HttpResponse
from markupsafe import Markup

from funis.capture.models import AwaitedVisit, Subject
from funis.capture.models.summaries import COURSE_PREFIX
from funis.capture.overview.activity import instruments_with_totals, read_courses
from funis.capture.overview.calendar import CELL_WORDS, DUE, OVERDUE, UPCOMING, make_calendar, read_facts
from funis.capture.overview.counts import LONGEST_LIST, awaited_visits
from funis.capture.overview.summaries import refresh_summaries
from funis.capture.pages.subjects import subjects_of
from funis.capture.pages.templates import draw, language_of
from funis.capture.people.access import PageRequest, asks
from funis.capture.study_in_force import newest_version, plan_of, started_with, today, version_at
from funis.errors import UnknownNameError, ValueRangeError

ON_A_PAGE: Final = 50
FURTHEST: Final = 90
STATES: Final = {"": "Overdue, due and upcoming", OVERDUE: "Overdue", DUE: "Due now", UPCOMING: "Upcoming"}
"""What the list of visits shows."""


@asks("see subjects")
def show_calendar(asked: PageRequest) -> HttpResponse:
    """List the visits that are overdue, due and to come, by the end of their windows."""
    if asked.rights.is_blinded:
        # Only of somebody who was infused is a visit awaited on a day.
        raise Http404
    behind = refresh_summaries()
    given = asked.request.GET
    site, state, days = given.get("site", ""), given.get("state", ""), given.get("days", "7")
    if state not in STATES:
        raise UnknownNameError("state", state, STATES)
    if not (days.isdecimal() and len(days) < 4 and int(days) <= FURTHEST):
        raise ValueRangeError("days", days[:20], f"a whole number up to {FURTHEST}")
    sites = (site,) if site and asked.allows(site) else asked.sites
    found = awaited_visits(sites, today(), state, int(days)).select_related("subject")
    rows = list(found[: LONGEST_LIST + 1])
    labels = {each.name: each.label for each in plan_of(newest_version()).visits}
    return draw(
        asked,
        "calendar.html",
        behind=behind,
        rows=[
            (each, labels.get(each.name, ""), _course(each), _state(each), _left(each))
            for each in rows[:LONGEST_LIST]
        ],
        is_cut=len(rows) > LONGEST_LIST,
        longest=LONGEST_LIST,
        sites=[each for each in started_with().sites if asked.allows(each.id)],
        wanted={"site": site, "state": state, "days": days},
        states=STATES,
        words=CELL_WORDS,
    )


def _course(each: AwaitedVisit) -> str:
    """Give the number of a later course of treatment, empty of a visit."""
    return each.name.removeprefix(COURSE_PREFIX) if each.name.startswith(COURSE_PREFIX) else ""


def _state(each: AwaitedVisit) -> str:
    return UPCOMING if today() < each.opens else DUE if today() <= each.closes else OVERDUE


def _left(each: AwaitedVisit) -> int | None:
    """Give the days until the window closes, negative: since it closed; None where no day is the last."""
    return None if each.closes == date.max else (each.closes - today()).days


@asks("see subjects")
def show_grid(asked: PageRequest) -> HttpResponse:
    """Show subjects by planned visits, each cell with its sign and its days."""
    subjects, more = _page(asked)
    facts = read_facts(subjects, is_blinded=asked.rights.is_blinded)
    plans = {site: plan_of(version_at(site, today())) for site in {each.site for each in subjects}}
    visits = plan_of(newest_version()).visits
    rows = []
    for each in subjects:
        cells = {cell.plan.name: cell for cell in make_calendar(plans[each.site], facts[each.pk], today())}
        rows.append((each, [cells.get(visit.name) for visit in visits]))
    return draw(
        asked,
        "calendar_grid.html",
        rows=rows,
        visits=visits,
        words=CELL_WORDS,
        is_blinded=asked.rights.is_blinded,
        **_around(asked, more),
    )


@asks("see subjects")
def show_activity(asked: PageRequest) -> HttpResponse:
    """Show the course of the scores of subjects as small charts, on one scale for the page."""
    subjects, more = _page(asked)
    plans = instruments_with_totals(plan_of(newest_version()).instruments)
    courses = [(plan, read_courses(subjects, plan)) for plan in plans]
    rows = [
        (each, [(found[each.pk], Markup(found[each.pk].drawn)) for _, found in courses])  # noqa: S704 - escaped there
        for each in subjects
    ]
    titles = [plan.title.shown(language_of(asked))[0] for plan in plans]
    return draw(asked, "activity.html", rows=rows, titles=titles, **_around(asked, more))


def _page(asked: PageRequest) -> tuple[list[Subject], str]:
    """Give the subjects of one page, and the number after which the next begins; empty: none does."""
    given = asked.request.GET
    found = subjects_of(asked).order_by("number")
    found = found.filter(site=given["site"]) if given.get("site") else found
    found = found.filter(number__gt=given["after"]) if given.get("after") else found
    shown = list(found[: ON_A_PAGE + 1])
    return shown[:ON_A_PAGE], shown[ON_A_PAGE - 1].number if len(shown) > ON_A_PAGE else ""


def _around(asked: PageRequest, more: str) -> dict[str, Any]:
    return {
        "more": more,
        "wanted": asked.request.GET.get("site", ""),
        "sites": [each for each in started_with().sites if asked.allows(each.id)],
    }
