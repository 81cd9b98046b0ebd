"""What the commands do with the versions of a study: compare its file, load it, put it in force at sites."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from django.db import transaction

from funis.capture.context import SERVER, Acting, acting
from funis.capture.models import StudyVersion, VersionInForce
from funis.capture.monitoring.version_findings import FindingGroup, FindingsDifference, compare_findings
from funis.capture.study_in_force import load_version, newest_version, put_in_force, study_of, today
from funis.capture.study_versions import Touching, compare_versions
from funis.errors import ValueRangeError


@dataclass(frozen=True, slots=True)
class Preview:
    """What a study file would change.

    Attributes
    ----------
    number : of the version in force that it is compared with
    changes : each difference with what it touches
    findings : automatic queries that would open and close
    """

    number: int
    changes: tuple[Touching, ...]
    findings: FindingsDifference


def preview_file(text: str) -> Preview:
    """Compare a study file with the version in force; what was written for it is taken back.

    Parameters
    ----------
    text : the study file

    Raises
    ------
    funis.errors.StudyError : the file has findings
    """
    with transaction.atomic(), acting(Acting(SERVER, "preview", sites=None)):
        before, after = newest_version(), load_version(text)
        changes = compare_versions(before, after, None)
        found = Preview(before.number, changes, compare_findings(before, after, None))
        transaction.set_rollback(True)
    return found


def tell_preview(preview: Preview) -> tuple[str, dict[str, Any]]:
    """Put a preview into lines for a terminal, and into an answer for a script."""
    lines = [f"{len(preview.changes)} differences from version {preview.number}, which is in force."]
    lines += [_line(each) for each in preview.changes]
    checked = preview.findings
    for words, groups in (("open", checked.opens), ("close", checked.closes)):
        count = sum(each.findings for each in groups)
        lines.append(f"{count} automatic queries would {words} ({checked.subjects} subjects checked).")
        lines += [_group_line(each) for each in groups]
    answer = {
        "compared_with": preview.number,
        "changes": [
            asdict(each.change) | {"subjects": each.subjects, "forms": each.forms} for each in preview.changes
        ],
        "opens": [asdict(each) for each in checked.opens],
        "closes": [asdict(each) for each in checked.closes],
        "subjects_checked": checked.subjects,
    }
    return "\n".join(lines), answer


def _line(touching: Touching) -> str:
    change = touching.change
    where = " ".join(dict.fromkeys(filter(None, (change.part, change.form, change.name))))
    told = f"{change.before or '-'} -> {change.after or '-'}" if change.before or change.after else ""
    counts = [
        f"{count} {words}"
        for count, words in ((touching.subjects, "subjects"), (touching.forms, "forms"))
        if count is not None
    ]
    return "  " + "; ".join(filter(None, (f"{where}: {change.what}", told, ", ".join(counts))))


def _group_line(group: FindingGroup) -> str:
    place = ", ".join(filter(None, (group.form_name, group.item)))
    counts = f"{group.findings} of {group.subjects} subjects"
    return f"  {place}: {group.code}; {counts}; {group.text.splitlines()[0]}"


def load_file(text: str, reason: str) -> StudyVersion:
    """Load a study file as a new version.

    Parameters
    ----------
    text : the study file
    reason : why it was changed
    """
    with acting(Acting(SERVER, reason, sites=None)):
        return load_version(text)


def put_newest_in_force(
    sites: Sequence[str], approved_on: date, since: date | None, reason: str
) -> tuple[int, list[str]]:
    """Put the newest version that was loaded in force, at all sites or at none of those named.

    Parameters
    ----------
    sites : codes; none named: every site of the version that does not work with it yet
    approved_on : day of the approval at these sites
    since : first day; None: today
    reason : why

    Returns
    -------
    tuple : number of the version, and the sites

    Raises
    ------
    ValueRangeError : every site works with it already, or what `study_in_force.put_in_force` refuses
    """
    with acting(Acting(SERVER, reason, sites=None)):
        version = StudyVersion.objects.latest("number")
        used = set(VersionInForce.objects.filter(version=version).values_list("site", flat=True))
        wanted = list(sites) or [site for site in study_of(version).site_ids if site not in used]
        if not wanted:
            raise ValueRangeError(
                "sites", "all work with the newest version", "a version that was loaded since"
            )
        for site in wanted:
            put_in_force(version, site, approved_on, since or today())
    return version.number, wanted


def sites_without_newest() -> tuple[int, list[str]]:
    """Give the number of the newest version that was loaded, and the sites that do not work with it."""
    with acting(Acting(SERVER, sites=None)):
        version = StudyVersion.objects.latest("number")
        used = set(VersionInForce.objects.filter(version=version).values_list("site", flat=True))
        return version.number, [site for site in study_of(version).site_ids if site not in used]
