"""The overview: what is counted of the trial, each number with its denominator and its list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django.http import HttpResponse
from markupsafe import Markup

from funis.capture.conduct import screening
from funis.capture.configuration import read_configuration
from funis.capture.models import AllocationEvent
from funis.capture.models.allocations import UNBLINDED
from funis.capture.monitoring.queries import waiting_by_site
from funis.capture.monitoring.verification import fallen_by_site
from funis.capture.overview import counts
from funis.capture.overview.summaries import refresh_summaries
from funis.capture.pages.templates import draw
from funis.capture.pages.words import in_language
from funis.capture.people.access import PageRequest, asks
from funis.capture.safety.clock import LIMIT
from funis.capture.study_in_force import newest_version, plan_of, started_with, today
from funis.capture.trail.anchors import last_anchor
from funis.documents.line_chart import ChartLine, draw_lines
from funis.study.site import Site
from funis.study.today import read_clock

MOST_LINES: Final = 6
"""More sites than this have no line of their own in the chart; the table below it has them all."""


@asks("see overview")
def overview(asked: PageRequest) -> HttpResponse:
    """Show what is counted of each site: subjects, visits, forms, queries, infusions, safety, cell stock."""
    behind = refresh_summaries()
    sites = [site for site in started_with().sites if asked.allows(site.id)]
    counted = counts.count_sites(asked.sites, today())
    planned = sum(1 for each in plan_of(newest_version()).infusions if not each.when)
    is_blinded = asked.rights.is_blinded
    opened = AllocationEvent.objects.filter(kind=UNBLINDED)
    opened = opened if asked.sites is None else opened.filter(site__in=asked.sites)
    sees_product = asked.rights.may("see product")
    stock, is_cut = counts.stock_by_lot(asked.rights.sites("see product")) if sees_product else ([], False)
    waiting = waiting_by_site(is_blinded=is_blinded) if asked.rights.may("see queries") else None
    fallen = fallen_by_site(is_blinded=is_blinded) if asked.rights.may("see verification") else None
    serious = _serious(asked) if asked.rights.may("see safety") else None
    here, may = [site.id for site in sites], asked.rights.may
    asks_for_visits = may("record visit") and not is_blinded
    own = counted.values() if asks_for_visits else ()
    minds_queries = may("answer query") or may("close query")
    return draw(
        asked,
        "overview.html",
        behind=behind,
        todo={
            # Each only where it is the person's to do.
            "reports": sum(still for _, still, _ in (serious or {}).values() if may("report event")),
            "overdue": sum(each.overdue for each in own),
            "due": sum(each.due for each in own),
            "queries": sum((waiting or {}).get(site, (0, ""))[0] for site in here if minds_queries),
            "fallen": sum((fallen or {}).get(site, 0) for site in here if may("verify data")),
        },
        sites=[(site, counted.get(site.id, counts.SiteCounts({}))) for site in sites],
        statuses=screening.STATUSES,
        chart=_chart(asked, sites),
        planned_infusions=planned,
        anchor=last_anchor(read_configuration().anchors_file),
        waiting=waiting,
        fallen=fallen,
        serious=serious,
        stock=stock if sees_product else None,
        stock_is_cut=is_cut,
        longest=counts.LONGEST_LIST,
        unblinded=opened.values("subject").distinct().count(),
        is_blinded=is_blinded,
        sees_subjects=asked.rights.may("see subjects"),
    )


def _serious(asked: PageRequest) -> dict[str, tuple[int, int, int]]:
    before = (read_clock() - LIMIT).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return counts.count_serious(asked.rights.sites("see safety"), before)


def _chart(asked: PageRequest, sites: Sequence[Site]) -> dict[str, Any]:
    """Draw enrolment by month against the plan, and give its table."""
    put = in_language(asked.language)
    enrolled = counts.enrolled_by_month(asked.sites)
    found = sorted({month for months in enrolled.values() for month in months})
    planned = [site for site in sites if site.planned and site.enrols_until]
    ends = [*found, *(site.enrols_until for site in planned), today().strftime("%Y-%m")]
    begins = [*found, *(site.enrols_from for site in planned if site.enrols_from)]
    months = counts.months_between(min(begins), max(ends)) if begins else []
    now = today().strftime("%Y-%m")
    past = sum(1 for month in months if month <= now)
    rows = [(site, counts.add_up(enrolled.get(site.id, {}), months)[:past]) for site in sites]
    total = [sum(values) for values in zip(*(row for _, row in rows), strict=True)]
    lines = [ChartLine(put("Enrolled"), _padded(total, len(months)))]
    if 1 < len(sites) <= MOST_LINES:
        lines += [ChartLine(site.id, _padded(row, len(months))) for site, row in rows if row and row[-1]]
    plan = [_planned(site, months, found) for site in planned]
    if plan:
        lines.append(ChartLine(put("Planned"), tuple(map(sum, zip(*plan, strict=True))), is_plan=True))
    return {
        "drawn": Markup(draw_lines(months, lines, put("Subjects enrolled, by month"))),  # noqa: S704 - escaped there
        "months": months[:past],
        "rows": rows,
        "total": total,
    }


def _padded(values: Sequence[int], length: int) -> tuple[float | None, ...]:
    return (*values, *[None] * (length - len(values)))


def _planned(site: Site, months: Sequence[str], found: Sequence[str]) -> list[float]:
    """Give what a site planned to have enrolled at the end of each month: the same number every month."""
    first = site.enrols_from or (found[0] if found else site.enrols_until)
    own = counts.months_between(first, site.enrols_until)
    share = (site.planned or 0) / max(1, len(own))
    return [share * sum(1 for each in own if each <= month) for month in months]
