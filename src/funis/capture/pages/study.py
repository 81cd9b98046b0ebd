"""Pages of the study: its versions, what a version changes, and from when each site works with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from django.http import Http404, HttpResponse, HttpResponseRedirect

from funis.capture.exchange.export import exported_subjects
from funis.capture.forms.difference import Part
from funis.capture.models import StudyVersion, VersionInForce
from funis.capture.monitoring.version_findings import MOST_SUBJECTS, compare_findings
from funis.capture.pages.subjects import read_day
from funis.capture.pages.templates import draw
from funis.capture.people.access import PageRequest, asks
from funis.capture.people.blinding import WITHHELD_FORMS
from funis.capture.study_in_force import newest_version, put_in_force, study_of, today
from funis.capture.study_versions import Touching, compare_versions, count_by_version, versions_by_site
from funis.capture.trail.history import Change, read_history
from funis.errors import ValueRangeError

LONGEST_LIST: Final = 200
PART_WORDS: Final[Mapping[Part, str]] = {
    "study": "Study",
    "site": "Site",
    "visit": "Visit",
    "infusion": "Infusion",
    "form": "Form",
    "field": "Item",
    "definition": "Definition",
    "laboratory test": "Laboratory test",
    "rule": "Rule",
    "endpoint": "Endpoint",
}
"""What a difference is of, in printed words."""
WHAT_WORDS: Final = (
    *("added", "removed", "value", "label", "title", "window", "planned day", "forms due", "order of visits"),
    *("laboratory tests due", "possible range", "usual range", "choices", "normal range", "unit", "kind"),
    *(
        "required",
        "edition",
        "content (SHA-256)",
        "missing items count as",
        "cells per kg",
        "order of fields",
    ),
)
"""What changed, of the words that have Chinese ones; the others are shown in English."""


@asks("see study")
def list_versions(asked: PageRequest) -> HttpResponse:
    """Show the versions of the study, and which one each site works with."""
    day = today()
    versions = list(StudyVersion.objects.order_by("-number"))
    sites = [site for site in study_of(versions[0]).sites if asked.allows(site.id)]
    by_site = {each.site: each.rows for each in versions_by_site([site.id for site in sites])}
    return draw(
        asked,
        "study.html",
        versions=[(version, _loaded(version)) for version in versions],
        counted=count_by_version(asked.sites),
        sites=[(site, _present(by_site[site.id]), _coming(by_site[site.id])) for site in sites],
        newest=versions[0],
        day=day,
    )


def _present(rows: tuple[VersionInForce, ...]) -> VersionInForce | None:
    return next((row for row in rows if row.since <= today()), None)


def _coming(rows: tuple[VersionInForce, ...]) -> VersionInForce | None:
    """Give what comes into force on a later day."""
    return next((row for row in rows if row.since > today()), None)


def _loaded(version: StudyVersion) -> Change | None:
    """Give who loaded a version, when and why."""
    return next(read_history("system", version.pk), None)


def find_version(number: int) -> StudyVersion:
    """Find a version of the study."""
    found = StudyVersion.objects.filter(number=number).first()
    if found is None:
        raise Http404
    return found


@asks("see study")
def show_difference(asked: PageRequest, number: int) -> HttpResponse:
    """Show what a version changes, what of the data that touches, and from when sites work with it."""
    after = find_version(number)
    before = _before(asked, after)
    changes = compare_versions(before, after, asked.sites) if before else ()
    changes = tuple(_as_blinded(changes)) if asked.rights.is_blinded else changes
    sites = [site for site in study_of(after).sites if asked.allows(site.id)]
    by_site = {each.site: each.rows for each in versions_by_site([site.id for site in sites])}
    may_check = asked.rights.may("see queries") and before is not None
    few = may_check and _count_checked(asked) <= MOST_SUBJECTS
    wants = few and asked.request.GET.get("queries") == "1"
    return draw(
        asked,
        "study_version.html",
        after=after,
        before=before,
        changes=changes[:LONGEST_LIST],
        left_out=max(0, len(changes) - LONGEST_LIST),
        parts=PART_WORDS,
        known_words=frozenset(WHAT_WORDS),
        sites=[(site, by_site[site.id], _may_put(asked, after, site.id, by_site[site.id])) for site in sites],
        may_check=may_check,
        few=few,
        most=MOST_SUBJECTS,
        findings=compare_findings(
            before, after, asked.rights.sites("see queries"), is_blinded=asked.rights.is_blinded
        )
        if wants and before is not None
        else None,
        today=today().isoformat(),
    )


def _as_blinded(changes: Iterable[Touching]) -> Iterator[Touching]:
    """Leave out by which sizes of blocks is allocated, and how many hold data of what gives an arm away."""
    for each in changes:
        if each.change.form in WITHHELD_FORMS:
            yield replace(each, subjects=None, forms=None)
        elif not any(
            "block_sizes" in text for text in (each.change.name, each.change.before, each.change.after)
        ):
            yield each


def _count_checked(asked: PageRequest) -> int:
    sites, found = asked.rights.sites("see queries"), exported_subjects()
    return (found if sites is None else found.filter(site__in=sites)).count()


def _before(asked: PageRequest, after: StudyVersion) -> StudyVersion | None:
    """Give the version that one is compared with: that which is asked for, in force, or just before it."""
    given = asked.request.GET.get("with", "")
    if given:
        if not (given.isdecimal() and len(given) < 6):
            raise ValueRangeError("version", given[:20], "the number of a version")
        return find_version(int(given))
    present = newest_version()
    if present.number < after.number:
        return present
    return StudyVersion.objects.filter(number__lt=after.number).order_by("-number").first()


def _may_put(asked: PageRequest, version: StudyVersion, site: str, rows: tuple[VersionInForce, ...]) -> bool:
    """Tell whether the person may put a version in force at a site that works with older ones."""
    is_newer = all(row.version.number < version.number for row in rows)
    return is_newer and asked.rights.may("put study in force", site)


@asks("put study in force", "POST")
def put_version_in_force(asked: PageRequest, number: int) -> HttpResponse:
    """Let a site work with a version, with the day of its approval there and a reason."""
    given, version = asked.request.POST, find_version(number)
    site = given.get("site", "")
    if not site or not asked.allows(site):
        raise Http404
    if not given.get("reason", "").strip():
        raise ValueRangeError("reason", "nothing", "why, such as what was approved and by whom")
    approved = read_day(given.get("approved_on", ""), "day of the approval")
    put_in_force(version, site, approved, read_day(given.get("since", ""), "first day"))
    return HttpResponseRedirect(f"/study/{version.number}")
