"""The summaries that lists and the overview count: renewed for the subjects that went on since."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Final

from django.db import connection

from funis.capture.conduct.course_due import CourseDue, find_courses
from funis.capture.context import server_acts
from funis.capture.database.audited_tables import CHAIN
from funis.capture.forms.plan_parts import StudyPlan
from funis.capture.models import (
    AwaitedVisit,
    Form,
    StudyVersion,
    Subject,
    SubjectSummary,
    UnaskedVisit,
    VersionInForce,
)
from funis.capture.models.summaries import COURSE_PREFIX
from funis.capture.overview.calendar import (
    DONE,
    DUE,
    MISSED,
    OUTSIDE,
    OVERDUE,
    UPCOMING,
    CalendarCell,
    SubjectFacts,
    due_keys,
    entry_of,
    make_calendar,
    read_facts,
)
from funis.capture.safety.listed import count_unclocked, find_unasked
from funis.capture.study_in_force import plan_of, study_of, today
from funis.capture.trail.rows import measure_subject_chains

MOST_AT_ONCE: Final = 200
"""So many subjects are summarised before a page is shown; the others wait for the next one."""
_REASON: Final = "counted for the overview"
_COLUMNS: Final = tuple(field.name for field in SubjectSummary._meta.concrete_fields if not field.primary_key)


def refresh_summaries(most: int = MOST_AT_ONCE) -> int:
    """Renew the summaries of subjects that went on since they were made, within a transaction.

    Parameters
    ----------
    most : subjects at most

    Returns
    -------
    int : how many wait still
    """
    with server_acts(_REASON):
        versions = _versions_by_site()
        if not _is_behind(versions):
            return 0
        waiting = _find_waiting(versions)
        for first in range(0, min(len(waiting), most), MOST_AT_ONCE):
            _summarise(waiting[first : min(first + MOST_AT_ONCE, most)], versions)
        return max(0, len(waiting) - most)


def refresh_all() -> None:
    """Renew every summary that is behind, within a transaction in which somebody acts."""
    while refresh_summaries(10 * MOST_AT_ONCE):
        pass


def _versions_by_site() -> dict[str, StudyVersion]:
    """Give the version that each site works with today."""
    rows = VersionInForce.objects.filter(since__lte=today()).select_related("version")
    return {row.site: row.version for row in rows.order_by("version__number")}


def _is_behind(versions: dict[str, StudyVersion]) -> bool:
    """Tell whether any chain has grown since its summary, or a site works with another version."""
    table = SubjectSummary._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT site, version_id, count(*), sum(seq) FROM {table} GROUP BY site, version_id"  # noqa: S608
        )
        rows = cursor.fetchall()
    known = {site: version.pk for site, version in versions.items()}
    others = any(known.get(site, version) != version for site, version, _, _ in rows)
    counted = (sum(row[2] for row in rows), sum(int(row[3]) for row in rows))
    return others or measure_subject_chains() != counted


def _find_waiting(versions: dict[str, StudyVersion]) -> list[tuple[str, int]]:
    """Give the subjects whose chain has grown, or whose site works with another version, with its length."""
    others = " OR ".join(["(m.site = %s AND m.version_id <> %s)"] * len(versions))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT substr(h.id, 9), h.seq FROM {CHAIN} h "  # noqa: S608 - names of ours
            f"LEFT JOIN {SubjectSummary._meta.db_table} m ON m.subject_id = substr(h.id, 9) "
            "WHERE h.id LIKE 'subject:%%' "
            f"AND (m.seq IS NULL OR m.seq <> h.seq{' OR ' if others else ''}{others})",
            [told for site, version in versions.items() for told in (site, version.pk)],
        )
        # In one order, so that two who count at once do not wait for each other in a circle.
        return sorted(cursor.fetchall())


def _summarise(waiting: Sequence[tuple[str, int]], versions: dict[str, StudyVersion]) -> None:
    ends = dict(waiting)
    subjects = [each for each in Subject.objects.filter(pk__in=ends) if each.site in versions]
    facts = read_facts(subjects)
    forms: dict[str, list[Form]] = {each.pk: [] for each in subjects}
    for form in Form.objects.filter(subject__in=forms, visit__isnull=False):
        forms[form.subject_id].append(form)
    made, awaited = [], []
    due = _courses_due(subjects, facts, versions)
    unclocked = count_unclocked(forms.keys())
    for each in subjects:
        version = versions[each.site]
        cells = make_calendar(plan_of(version), facts[each.pk], today())
        summary = SubjectSummary(subject=each, site=each.site, seq=ends[each.pk], version=version)
        _count(summary, plan_of(version), facts[each.pk], cells, forms[each.pk])
        summary.unclocked = unclocked[each.pk]
        made.append(summary)
        awaited += _awaited(each, plan_of(version), facts[each.pk], cells)
        awaited += _awaited_courses(each, due.get(each.pk, ()), len(cells))
    SubjectSummary.objects.bulk_create(
        made, batch_size=500, update_conflicts=True, unique_fields=["subject"], update_fields=_COLUMNS
    )
    AwaitedVisit.objects.filter(subject__in=list(ends)).delete()
    AwaitedVisit.objects.bulk_create(awaited, batch_size=500)
    UnaskedVisit.objects.filter(subject__in=list(ends)).delete()
    UnaskedVisit.objects.bulk_create(find_unasked(forms.keys()), batch_size=500)


def _courses_due(
    subjects: Sequence[Subject], facts: Mapping[str, SubjectFacts], versions: Mapping[str, StudyVersion]
) -> dict[str, tuple[CourseDue, ...]]:
    """Give the later courses of who was infused and is still awaited, by the versions of their sites."""
    found: dict[str, tuple[CourseDue, ...]] = {}
    for version in set(versions.values()):
        own = [
            each
            for each in subjects
            if versions[each.site] == version and facts[each.pk].began_on and not facts[each.pk].has_ended
        ]
        found |= find_courses(study_of(version), own)
    return found


def _awaited_courses(subject: Subject, due: Sequence[CourseDue], place: int) -> list[AwaitedVisit]:
    return [
        AwaitedVisit(
            subject=subject, site=subject.site, name=f"{COURSE_PREFIX}{each.number}",
            place=place + each.number, opens=each.opens, closes=each.closes or date.max, forms=0,
            day=each.opens,
        )
        for each in due
        if each.is_due and each.opens is not None
    ]  # fmt: skip


def _count(
    summary: SubjectSummary, plan: StudyPlan, facts: SubjectFacts, cells: Sequence[CalendarCell],
    forms: Sequence[Form],
) -> None:  # fmt: skip
    """Count the visits of a subject, and the forms that were due at them."""
    summary.began_on, summary.has_ended, summary.infusions = facts.began_on, facts.has_ended, facts.infusions
    summary.enrolled_month = facts.consented_on.strftime("%Y-%m") if facts.consented_on else ""
    states = Counter(cell.state for cell in cells)
    summary.visits_done, summary.visits_outside = states[DONE], states[OUTSIDE]
    summary.visits_missed = states[MISSED]
    found = {(each.visit_id, each.name, str(each.data.get("test") or "")): each.data for each in forms}
    for cell in cells:
        if cell.visit is None:
            continue
        due = due_keys(plan, cell.plan)
        entries = Counter(entry_of(found.get((cell.visit.pk, *key), {})) for key in due)
        summary.forms_due += len(due)
        summary.forms_entered += entries["entered"]
        summary.forms_not_done += len(due) if cell.state == MISSED else entries["not done"]


def _awaited(
    subject: Subject, plan: StudyPlan, facts: SubjectFacts, cells: Sequence[CalendarCell]
) -> list[AwaitedVisit]:
    if facts.began_on is None:
        return []
    return [
        AwaitedVisit(
            subject=subject, site=subject.site, name=cell.plan.name, place=place, opens=cell.opens,
            closes=cell.closes, forms=len(due_keys(plan, cell.plan)),
            day=facts.began_on + timedelta(days=cell.plan.day),
        )
        for place, cell in enumerate(cells)
        if cell.state in {UPCOMING, DUE, OVERDUE} and cell.opens and cell.closes
    ]  # fmt: skip
