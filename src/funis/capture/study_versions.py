"""What a new version of the study changes: each difference, and how much of the data it concerns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.db import connection
from django.db.models import Count

from funis.capture.forms.difference import PlanChange, compare_plans
from funis.capture.forms.plan_parts import FormPlan, StudyPlan
from funis.capture.forms.study_difference import compare_studies
from funis.capture.models import Form, StudyForm, StudyVersion, Subject, SubjectVisit, VersionInForce
from funis.capture.study_in_force import plan_of, study_of

_OF_FORMS: Final = frozenset({"form", "field", "definition", "laboratory test"})


@dataclass(frozen=True, slots=True)
class Touching:
    """One difference with what it touches.

    Attributes
    ----------
    change : the difference
    subjects, forms : that hold data of what is changed; none where it is not of single subjects or forms
    """

    change: PlanChange
    subjects: int | None
    forms: int | None


@dataclass(frozen=True, slots=True)
class SiteVersions:
    """Which versions a site works with.

    Attributes
    ----------
    site : code
    rows : each version with its approval and first day, the newest first
    """

    site: str
    rows: tuple[VersionInForce, ...]


def compare_versions(
    before: StudyVersion, after: StudyVersion, sites: tuple[str, ...] | None
) -> tuple[Touching, ...]:
    """Name every difference between two versions, each with the subjects and forms that hold data of it.

    Parameters
    ----------
    before, after : the version in force, and the one that is to come into force
    sites : whose data are counted; None: all
    """
    plans = plan_of(before), plan_of(after)
    changes = [*compare_plans(*plans), *compare_studies(study_of(before), study_of(after))]
    wanted: dict[str, list[PlanChange]] = {}
    for each in changes:
        if each.part in _OF_FORMS:
            wanted.setdefault(each.form, []).append(each)
    counted = {form: _count_form(form, plans, found, sites) for form, found in wanted.items()}
    return tuple(_touching(each, counted, sites) for each in changes)


def _touching(
    change: PlanChange, counted: Mapping[str, Mapping[PlanChange, tuple[int | None, int]]],
    sites: tuple[str, ...] | None,
) -> Touching:  # fmt: skip
    if change.part in _OF_FORMS:
        return Touching(change, *counted[change.form][change])
    if change.part == "visit" and change.name:
        visits = SubjectVisit.objects.filter(name=change.name)
        forms = Form.objects.filter(visit__name=change.name)
        if sites is not None:
            visits, forms = visits.filter(site__in=sites), forms.filter(site__in=sites)
        return Touching(change, visits.values("subject").distinct().count(), forms.count())
    if change.part == "site":
        site = change.name.split(".")[1] if "." in change.name else ""
        is_seen = sites is None or site in sites
        return Touching(change, Subject.objects.filter(site=site).count() if is_seen else None, None)
    return Touching(change, None, None)


def _count_form(
    name: str, plans: tuple[StudyPlan, StudyPlan], changes: Sequence[PlanChange],
    sites: tuple[str, ...] | None,
) -> dict[PlanChange, tuple[int | None, int]]:  # fmt: skip
    """Count subjects and forms that hold data of each change of one form, in one question."""
    forms = [plan.by_name[name] for plan in plans if name in plan.by_name]
    if forms[0].scope == "study":
        count = StudyForm.objects.filter(name=name).count()
        return dict.fromkeys(changes, (None, count))
    held = [_held(change, forms) for change in changes]
    columns = ", ".join(
        f"count(DISTINCT CASE WHEN {text} THEN f.subject_id END), sum(CASE WHEN {text} THEN 1 ELSE 0 END)"
        for text, _ in held
    )
    values: list[str] = [value for _, given in held for value in (*given, *given)]
    places = "" if sites is None else f" AND f.site IN ({', '.join(['%s'] * len(sites)) or 'NULL'})"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {columns} FROM {Form._meta.db_table} f WHERE f.name = %s{places}",  # noqa: S608
            [*values, name, *(sites or ())],
        )
        row = cursor.fetchone()
    return {change: (row[2 * n], row[2 * n + 1] or 0) for n, change in enumerate(changes)}


def _held(change: PlanChange, forms: Sequence[FormPlan]) -> tuple[str, list[str]]:
    """Say in SQL whether a form holds data of a change, and give the values of the words."""
    is_sqlite = connection.vendor == "sqlite"
    if change.part == "laboratory test":
        told = "json_extract(f.data, '$.test')" if is_sqlite else "f.data::jsonb ->> 'test'"
        return f"{told} = %s", [change.name]
    if change.part != "field":
        return "f.data <> %s", ["{}"]
    fields = [form.by_name[change.name] for form in forms if change.name in form.by_name]
    keys = list(dict.fromkeys(key for field in fields for key, _ in field.keys))
    one = "json_type(f.data, %s) IS NOT NULL" if is_sqlite else "f.data::jsonb ? %s"
    values = [f'$."{key}"' for key in keys] if is_sqlite else keys
    return f"({' OR '.join([one] * len(keys)) or '1 = 0'})", values


def versions_by_site(sites: Sequence[str]) -> list[SiteVersions]:
    """Give the versions that each site works with, or will, the newest first.

    Parameters
    ----------
    sites : codes
    """
    found: dict[str, list[VersionInForce]] = {site: [] for site in sites}
    rows = VersionInForce.objects.filter(site__in=sites).select_related("version")
    for row in rows.order_by("-version__number"):
        found[row.site].append(row)
    return [SiteVersions(site, tuple(each)) for site, each in found.items()]


def count_by_version(sites: tuple[str, ...] | None) -> dict[str, tuple[int, int]]:
    """Count the forms of each version, and the subjects that have some, by its id.

    Parameters
    ----------
    sites : whose data are counted; None: all
    """
    found = Form.objects.all() if sites is None else Form.objects.filter(site__in=sites)
    counts = found.values_list("version").annotate(Count("pk"), Count("subject", distinct=True))
    return {key: (forms, subjects) for key, forms, subjects in counts}
