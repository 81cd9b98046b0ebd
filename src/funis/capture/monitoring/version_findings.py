"""Which automatic queries a new version of the study would open and close: the checks under both."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from funis.capture.conduct.allocation.arms import can_open_arms
from funis.capture.exchange.export import Sight, exported_subjects, place_rows
from funis.capture.models import StudyVersion
from funis.capture.monitoring.automatic import ACROSS_SUBJECTS, Fault, Found, find_faults
from funis.capture.people.blinding import is_withheld

MOST_SUBJECTS: Final = 2000
"""With more subjects the checks take longer than a page may; the command does them."""


@dataclass(frozen=True, slots=True)
class FindingGroup:
    """Findings of one kind at one item, of several subjects.

    Attributes
    ----------
    form_name, item, code, level : of the findings
    text : words of the first
    subjects : how many subjects have one
    findings : how many there are
    """

    form_name: str
    item: str
    code: str
    level: str
    text: str
    subjects: int
    findings: int


@dataclass(frozen=True, slots=True)
class FindingsDifference:
    """What the checks find under a new version and did not before, and the other way round.

    Attributes
    ----------
    opens, closes : automatic queries that would open and close
    subjects : how many were checked
    """

    opens: tuple[FindingGroup, ...]
    closes: tuple[FindingGroup, ...]
    subjects: int


def compare_findings(
    before: StudyVersion,
    after: StudyVersion,
    sites: tuple[str, ...] | None,
    *,
    is_blinded: bool = False,
) -> FindingsDifference:
    """Check the data under two versions, and tell which findings only one of them has; nothing is written.

    Parameters
    ----------
    before, after : the version in force, and the one that is to come into force
    sites : whose subjects are checked; None: all. Of some sites alone, what only the data of several subjects
        show is left out.
    is_blinded : without what gives an arm away
    """
    chosen = exported_subjects()
    chosen = chosen if sites is None else chosen.filter(site__in=sites)
    keys = dict(chosen.values_list("number", "pk"))
    sight: Sight = "with arms" if can_open_arms() else "without arms"
    old, new = (find_faults(place_rows(chosen, each, sight), keys, each) for each in (before, after))
    if sites is not None:
        old, new = (
            {fault: found for fault, found in faults.items() if fault.code not in ACROSS_SUBJECTS}
            for faults in (old, new)
        )
    if is_blinded:
        old, new = (
            {fault: found for fault, found in faults.items() if not is_withheld(fault.form_name, fault.code)}
            for faults in (old, new)
        )
    opens = _grouped((fault, new[fault]) for fault in new.keys() - old.keys())
    return FindingsDifference(
        opens, _grouped((fault, old[fault]) for fault in old.keys() - new.keys()), len(keys)
    )


def _grouped(faults: Iterable[tuple[Fault, Found]]) -> tuple[FindingGroup, ...]:
    groups: dict[tuple[str, str, str], list[tuple[Fault, Found]]] = {}
    for fault, found in sorted(faults):
        groups.setdefault((fault.form_name, fault.item, fault.code), []).append((fault, found))
    return tuple(
        FindingGroup(
            *key,
            members[0][1].level,
            members[0][1].text,
            len({fault.about for fault, _ in members}),
            len(members),
        )
        for key, members in sorted(groups.items())
    )
