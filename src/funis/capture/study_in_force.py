"""The study that is in force, and the plans of every version; read once and kept by hash."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from funis.capture.configuration import read_configuration
from funis.capture.context import because
from funis.capture.forms.plan import make_study_plan, read_plan, write_plan
from funis.capture.forms.plan_parts import StudyPlan
from funis.capture.models import StudyVersion, Subject, VersionInForce
from funis.errors import ValueRangeError
from funis.study.allocated import allocation_plan
from funis.study.model import Study
from funis.study.read import FILE_NAME, read_study
from funis.study.today import read_clock, study_today


def load_version(text: str) -> StudyVersion:
    """Load a study file as a new version in force nowhere, within a transaction in which somebody acts.

    Parameters
    ----------
    text : the study file

    Returns
    -------
    StudyVersion : the newest one where the file says the same, byte for byte

    Raises
    ------
    funis.errors.StudyError : the file has findings
    ValueRangeError : a randomised trial that would be one no more, a stratum with too many values, or a site
        that has subjects is gone
    """
    digest = hashlib.sha256(text.encode()).hexdigest()
    newest = StudyVersion.objects.order_by("-number").first()
    if newest is not None and newest.sha256 == digest:
        return newest
    study = read_study_text(text)
    _refuse_allocation(study, newest)
    gone = Subject.objects.exclude(site__in=study.site_ids).order_by("site").values_list("site", flat=True)
    if lacking := ", ".join(gone.distinct()):
        raise ValueRangeError(
            "sites", f"a file without {lacking}", "every site that has subjects", "Keep the site in the file."
        )
    version = StudyVersion(
        number=newest.number + 1 if newest else 1,
        text=text,
        sha256=digest,
        plan=write_plan(make_study_plan(study)),
    )
    version.save()
    return version


def _refuse_allocation(study: Study, before: StudyVersion | None) -> None:
    """Refuse a study file by which this server cannot go on allocating."""
    plan = allocation_plan(study)
    if plan is None:
        if before is not None and allocation_plan(study_of(before)) is not None:
            raise ValueRangeError(
                "study", "no [randomisation] or [re_randomisation]", "the one of the version before",
                "A randomised trial stays one: put the section back.",
            )  # fmt: skip
        return
    kinds = {column.name: column.kind for column in study.columns}
    for name in plan.strata:
        if kinds.get(name) in {"number", "date"}:
            raise ValueRangeError(
                "stratum", f"{name}, a {kinds[name]}", "a column of few values, or a subgroup",
                "Name a subgroup that divides its values, for example by a limit.",
            )  # fmt: skip


def blinded_roles() -> frozenset[str]:
    """Give the roles that see no arm: those of any version, so that no later study file lifts a blinding."""
    known = StudyVersion.objects.values_list("pk", flat=True)
    return frozenset().union(*map(_blinded_by, known))


@lru_cache(maxsize=64)
def blinded_by(versions: str) -> frozenset[str]:
    """Give the roles that see no arm by any of some versions.

    Parameters
    ----------
    versions : ids, with commas between them
    """
    return frozenset().union(*map(_blinded_by, versions.split(","))) if versions else frozenset()


@lru_cache(maxsize=64)
def _blinded_by(version: str) -> frozenset[str]:
    found = allocation_plan(_study(version))
    return frozenset(found.blinded) if found else frozenset()


def put_in_force(version: StudyVersion, site: str, approved_on: date, since: date) -> VersionInForce:
    """Let a site work with a version from a day on, not before its approval there; data keep their version.

    Parameters
    ----------
    version : newer than the one that the site works with
    site : code of the site
    approved_on : day of the approval at the site
    since : first day on which new visits and forms are of this version, today or later

    Raises
    ------
    ValueRangeError : the approval lies ahead, the first day before it or before today, the version knows no
        such site, or the site works with this one or a newer one already
    """
    if approved_on > today():
        raise ValueRangeError("day of the approval", approved_on.isoformat(), f"up to {today().isoformat()}")
    if since < max(approved_on, today()):
        raise ValueRangeError("first day", since.isoformat(), "today or later, and not before the approval")
    if site not in study_of(version).site_ids:
        raise ValueRangeError("site", site, ", ".join(study_of(version).site_ids))
    known = VersionInForce.objects.filter(site=site, version__number__gte=version.number)
    if newer := known.select_related("version").order_by("-version__number").first():
        raise ValueRangeError(
            "version", f"{version.number}; {newer.version.number} is in force at site {site}", "a newer one",
            "To go back, load the former study file again: it becomes a new version.",
        )  # fmt: skip
    in_force = VersionInForce(version=version, site=site, approved_on=approved_on, since=since)
    in_force.save()
    held = StudyVersion.objects.select_for_update().get(pk=version.pk)
    if held.since is None or since < held.since:
        held.since = since
        with because(f"in force at site {site}"):
            held.save(update_fields=["since"])
    return in_force


def version_at(site: str, day: date) -> StudyVersion:
    """Give the version that a site works with on a day: the newest that is in force there.

    Raises
    ------
    ValueRangeError : none is
    """
    found = (
        VersionInForce.objects.filter(site=site, since__lte=day)
        .select_related("version")
        .defer("version__text", "version__plan")
        .order_by("-version__number")
        .first()
    )
    if found is None:
        raise ValueRangeError(
            f"site {site}", "no version of the study in force", "one that was approved there",
            "Put a version in force for the site first.",
        )  # fmt: skip
    return found.version


def newest_version() -> StudyVersion:
    """Give the newest version that any site works with today: the trial is checked and exported by it."""
    used = StudyVersion.objects.filter(since__lte=today()).order_by("-number").first()
    return used or StudyVersion.objects.latest("number")


def plan_of(version: StudyVersion) -> StudyPlan:
    """Give the plan of a version as it was made on its day."""
    return _plan(version.pk)


def plan_by_key(version: str) -> StudyPlan:
    """Give the plan of a version by its id, without reading the version."""
    return _plan(version)


def study_of(version: StudyVersion) -> Study:
    """Give the study of a version."""
    return _study(version.pk)


# By key: a version never changes, and its texts are too long to be read from the database for every form.
@lru_cache(maxsize=32)
def _plan(version: str) -> StudyPlan:
    return read_plan(StudyVersion.objects.values_list("plan", flat=True).get(pk=version))


@lru_cache(maxsize=32)
def _study(version: str) -> Study:
    return read_study_text(StudyVersion.objects.values_list("text", flat=True).get(pk=version))


def read_study_text(text: str) -> Study:
    """Read a study file that is held as text.

    Raises
    ------
    funis.errors.StudyError : the file has findings
    """
    with TemporaryDirectory(prefix="funis-study-") as place:
        path = Path(place) / FILE_NAME
        path.write_text(text, encoding="utf-8")
        return read_study(path)


@lru_cache(maxsize=1)
def started_with() -> Study:
    """Give the study of the folder that the server was started with."""
    return read_study(read_configuration().folder)


def read_moment(text: str) -> str:
    """Read a moment of the past as the trail writes it, in UTC.

    Parameters
    ----------
    text : day, or day and time, in the study's time zone unless one is given; a day alone is its end

    Raises
    ------
    ValueRangeError : it is no moment, or lies ahead
    """
    allowed = "a day and time such as 2026-03-01 14:30, not ahead"
    try:
        found = datetime.fromisoformat(text.strip())
        if len(text.strip()) == len("YYYY-MM-DD"):
            found = found.replace(hour=23, minute=59, second=59, microsecond=999_999)
    except ValueError as error:
        raise ValueRangeError("moment", text, allowed) from error
    if found.tzinfo is None:
        found = found.replace(tzinfo=ZoneInfo(started_with().trial.timezone))
    is_today = len(text.strip()) == len("YYYY-MM-DD") and found.date() == today()
    if found > read_clock() and not is_today:
        raise ValueRangeError("moment", text, allowed)
    return found.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def today() -> date:
    """Give the day it is now in the study's time zone."""
    return study_today(started_with())
