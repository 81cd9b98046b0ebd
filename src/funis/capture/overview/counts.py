"""What the overview counts, each in one question to the database whatever the number of subjects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from typing import Any, Final

from django.db.models import Count, F, Q, QuerySet, Sum

from funis.capture.models import (
    AwaitedVisit,
    SafetyClock,
    SafetyReport,
    StudyVersion,
    Subject,
    SubjectSummary,
    Unit,
)
from funis.capture.models.product_moves import BAG
from funis.capture.models.summaries import COURSE_PREFIX
from funis.capture.study_in_force import plan_of

Sites = tuple[str, ...] | None
LONGEST_LIST: Final = 200
_SUMS: Final = (
    *("visits_done", "visits_outside", "visits_missed", "forms_due", "forms_entered", "forms_not_done"),
    "infusions",
)


@dataclass(frozen=True, slots=True)
class SiteCounts:
    """What is counted of one site on a day.

    Attributes
    ----------
    statuses : subjects by status
    enrolled, begun : subjects with a consent, and those whose first infusion was given
    done, outside, missed, due, overdue : planned visits
    forms, entered, not_done : forms expected by now (of visits recorded, missed, or whose window has closed)
    infusions : given
    """

    statuses: Mapping[str, int]
    enrolled: int = 0
    begun: int = 0
    done: int = 0
    outside: int = 0
    missed: int = 0
    due: int = 0
    overdue: int = 0
    forms: int = 0
    entered: int = 0
    not_done: int = 0
    infusions: int = 0

    @property
    def visits(self) -> int:
        """Give the visits whose window has closed or that were held: the denominator of the others."""
        return self.done + self.outside + self.missed + self.overdue

    @property
    def missing(self) -> int:
        """Give the forms that were expected, not entered and not said to be not done."""
        return self.forms - self.entered - self.not_done


def count_sites(sites: Sites, day: date) -> dict[str, SiteCounts]:
    """Count subjects, visits, forms and infusions by site.

    Parameters
    ----------
    sites : codes; none: all
    day : the day that it is
    """
    statuses: dict[str, dict[str, int]] = {}
    for site, status, count in (
        _of(Subject.objects.all(), sites).values_list("site", "status").annotate(count=Count("*"))
    ):
        statuses.setdefault(site, {})[status] = count
    sums = _of(SubjectSummary.objects.all(), sites).values("site").annotate(
        enrolled=Count("pk", filter=~Q(enrolled_month="")), begun=Count("began_on"),
        **{f"sum_{name}": Sum(name) for name in _SUMS},
    )  # fmt: skip
    by_site = {row["site"]: row for row in sums}
    due = count_awaited(sites, day, overdue=False)
    late = count_awaited(sites, day, overdue=True)
    return {
        site: _counts(counted, by_site.get(site, {}), due.get(site, (0, 0)), late.get(site, (0, 0)))
        for site, counted in statuses.items()
    }


def _of(found: QuerySet[Any], sites: Sites) -> QuerySet[Any]:
    return found if sites is None else found.filter(site__in=sites)


def _counts(
    statuses: Mapping[str, int], row: Mapping[str, Any], due: tuple[int, int], late: tuple[int, int]
) -> SiteCounts:
    summed = {name: row.get(f"sum_{name}") or 0 for name in _SUMS}
    return SiteCounts(
        statuses,
        enrolled=row.get("enrolled", 0),
        begun=row.get("begun", 0),
        done=summed["visits_done"],
        outside=summed["visits_outside"],
        missed=summed["visits_missed"],
        due=due[0],
        overdue=late[0],
        forms=summed["forms_due"] + late[1],
        entered=summed["forms_entered"],
        not_done=summed["forms_not_done"],
        infusions=summed["infusions"],
    )


def count_awaited(sites: Sites, day: date, *, overdue: bool) -> dict[str, tuple[int, int]]:
    """Count the awaited visits by site, and the forms that are due at them: overdue ones, or due now."""
    found = awaited_visits(sites, day, "overdue" if overdue else "due now").exclude(
        name__startswith=COURSE_PREFIX
    )
    rows = found.order_by().values_list("site").annotate(count=Count("*"), due=Sum("forms"))
    return {site: (count, forms) for site, count, forms in rows}


def awaited_visits(sites: Sites, day: date, state: str, days: int = 7) -> QuerySet[AwaitedVisit]:
    """Give awaited visits, the one whose window closes first at the beginning.

    Parameters
    ----------
    sites : codes; none: all
    day : the day that it is
    state : ``overdue``, ``due now``, ``upcoming`` (their window opens within `days`), or empty: all three
    days : how far ahead is looked
    """
    found = _of(AwaitedVisit.objects.all(), sites).order_by("closes", "pk")
    if state == "overdue":
        return found.filter(closes__lt=day)
    last = day if state == "due now" else day + timedelta(days=days)
    # No window is wider: by its last day the index finds the visits whose window has opened.
    found = found.filter(opens__lte=last, closes__lte=last + _widest_window())
    if state == "due now":
        return found.filter(closes__gte=day)
    return found.filter(opens__gt=day) if state == "upcoming" else found


def _widest_window() -> timedelta:
    """Give the width of the widest window of any version of the study."""
    plans = [plan_of(version) for version in StudyVersion.objects.all()]
    windows = [(each.opens, each.closes) for plan in plans for each in plan.visits]
    widths = [closes - opens for opens, closes in windows if opens is not None and closes is not None]
    return timedelta(days=max(widths, default=0))


def enrolled_by_month(sites: Sites) -> dict[str, dict[str, int]]:
    """Count first consents by site and month."""
    found: dict[str, dict[str, int]] = {}
    rows = _of(SubjectSummary.objects.exclude(enrolled_month=""), sites)
    for site, month, count in rows.values_list("site", "enrolled_month").annotate(count=Count("*")):
        found.setdefault(site, {})[month] = count
    return found


def months_between(first: str, last: str) -> list[str]:
    """Give every month from one to another.

    Examples
    --------
    >>> months_between("2025-11", "2026-02")
    ['2025-11', '2025-12', '2026-01', '2026-02']
    """
    begin, end = (int(text[:4]) * 12 + int(text[5:7]) - 1 for text in (first, last))
    return [f"{month // 12:04d}-{month % 12 + 1:02d}" for month in range(begin, end + 1)]


def add_up(counted: Mapping[str, int], months: Iterable[str]) -> list[int]:
    """Add up counts month by month.

    Examples
    --------
    >>> add_up({"2025-11": 2, "2026-01": 1}, ["2025-11", "2025-12", "2026-01"])
    [2, 2, 3]
    """
    return list(accumulate(counted.get(month, 0) for month in months))


@dataclass(frozen=True, slots=True)
class LotStock:
    """The bags of one lot, of those that a person may see."""

    key: str
    code: str
    in_stock: int
    infused: int
    discarded: int


def stock_by_lot(sites: Sites) -> tuple[list[LotStock], bool]:
    """Count the bags of each lot by what became of them, the newest lot first, and tell whether some are cut.

    Parameters
    ----------
    sites : of these the bags that left the cell laboratory are counted; none: all
    """
    found = Unit.objects.filter(kind=BAG, lot__isnull=False)
    if sites is not None:
        own = Q(subject__site__in=sites)
        found = found.filter(own | Q(subject__isnull=True, location__in=("", *sites)))
    rows = list(
        found.values("lot", lot_code=F("lot__code"))
        .annotate(
            infused=Count("pk", filter=Q(state="infused")),
            discarded=Count("pk", filter=Q(state="discarded")),
            every=Count("pk"),
        )
        .order_by("-lot_code")[: LONGEST_LIST + 1]
    )
    stock = [
        LotStock(
            row["lot"], row["lot_code"], row["every"] - row["infused"] - row["discarded"], row["infused"],
            row["discarded"],
        )
        for row in rows[:LONGEST_LIST]
    ]  # fmt: skip
    return stock, len(rows) > LONGEST_LIST


def count_serious(sites: Sites, limit_before: str) -> dict[str, tuple[int, int, int]]:
    """Count serious events by site: all, those with an initial report to be sent, and those overdue with it.

    Parameters
    ----------
    sites : codes; none: all
    limit_before : an event of which the site was aware before this moment is overdue
    """
    reported = SafetyReport.objects.filter(kind="initial", withdrawn_at="").values("clock")
    waiting = Q(ended_at="") & ~Q(pk__in=reported)
    unaware = Q(aware_at="", noticed_at__lt=limit_before)
    late = waiting & (Q(aware_at__gt="", aware_at__lt=limit_before) | unaware)
    rows = _of(SafetyClock.objects.all(), sites).values_list("site")
    counted = rows.annotate(
        every=Count("pk", filter=Q(ended_at="")),
        waiting=Count("pk", filter=waiting),
        late=Count("pk", filter=late),
    )
    return {site: (every, open_, overdue) for site, every, open_, overdue in counted}
