"""Automatic queries: what ``funis check`` would find in the export; a fault that is gone closes its query.

A subject is checked again as soon as its chain of the trail has grown, whatever wrote to it. What only the
data of several subjects together show (`ACROSS_SUBJECTS`) is found by the check of everything, which is done
at the start of the server, with every export, and when a data manager asks for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet
from django.utils.module_loading import import_string

from funis.capture.conduct.allocation.arms import can_open_arms
from funis.capture.conduct.participation import END_FORM
from funis.capture.context import moment, server_acts
from funis.capture.database.audited_tables import CHAIN
from funis.capture.exchange.export import PlacedRow, PlacedTables, Sight, exported_subjects, place_rows
from funis.capture.models import CheckedSubject, Form, Query, StudyForm, StudyVersion, Subject, SubjectVisit
from funis.capture.monitoring.queries import move, say
from funis.capture.monitoring.query_steps import AUTOMATIC, CLOSED, CORRECTED, STEPS
from funis.capture.people.blinding import OF_ARMS
from funis.capture.study_in_force import newest_version, study_of, today
from funis.capture.trail.rows import measure_subject_chains
from funis.errors import Finding

ACROSS_SUBJECTS: Final = frozenset(
    {"alternative_blank", "missing_infusion", "lot_overdrawn", "recorded_total_differs"}
)
"""Codes of findings of a subject that the data of others decide, too."""
BY_THE_CUT: Final = "missing_visit"
"""Code of a planned visit that nobody recorded: it is due by the latest day in the data of all subjects."""
CHECKED: Final = "data checked"
"""Reason of what the server writes."""
_MANY: Final = 500
MOST_AT_ONCE: Final = 20
"""So many subjects are checked before a page is shown; the others wait for the next one."""


class Fault(NamedTuple):
    """Where a finding stands: what an automatic query is of."""

    about: str
    form_name: str
    row_key: str
    visit: str
    item: str
    code: str


class Found(NamedTuple):
    """What is found at one place: the level and the words of the findings."""

    level: str
    text: str


def check_waiting(sites: Sequence[str] | None) -> int:
    """Check the subjects of some sites that were changed since they were checked, up to `MOST_AT_ONCE`.

    Parameters
    ----------
    sites : codes; none: all

    Returns
    -------
    int : how many wait still
    """
    waiting, count = find_waiting(sites, MOST_AT_ONCE)
    check_subjects(waiting)
    return count - len(waiting)


def find_waiting(sites: Sequence[str] | None, most: int) -> tuple[list[str], int]:
    """Find subjects whose chain has grown since their check, or whose day or study is another.

    Within a transaction in which somebody acts.

    Parameters
    ----------
    sites : codes; none: all
    most : ids that are given at most

    Returns
    -------
    tuple : ids, by the number of the subject, and how many there are
    """
    if sites is not None and not sites:
        return [], 0
    # Over all sites, whoever asks: a sum of rows that a person may not see would not tell.
    with server_acts(CHECKED):
        basis = _basis()
        if not _is_behind(basis):
            return [], 0
        grown = _find_grown(basis)
        rows = Subject.objects.order_by("number").values_list("pk", flat=True)
        rows = rows if sites is None else rows.filter(site__in=sites)
        # Of many, as of a new day, all subjects are read rather than so many asked for by their ids.
        rows = rows.filter(pk__in=grown) if len(grown) <= _MANY else rows
        waiting = [key for key in rows if key in grown]
    return waiting[:most], len(waiting)


def _find_grown(basis: str) -> set[str]:
    """Find the subjects whose chain has grown since their check, or that were checked on another basis."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT substr(h.id, 9) FROM {CHAIN} h "  # noqa: S608 - names of ours
            f"LEFT JOIN {CheckedSubject._meta.db_table} c ON c.subject = substr(h.id, 9) "
            "WHERE h.id LIKE 'subject:%%' AND (c.seq IS NULL OR c.seq <> h.seq OR c.basis <> %s)",
            [basis],
        )
        return {row[0] for row in cursor.fetchall()}


def _is_behind(basis: str) -> bool:
    """Tell whether any chain has grown since its check."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*), coalesce(sum(seq), 0) FROM {CheckedSubject._meta.db_table} "  # noqa: S608
            "WHERE basis = %s",
            [basis],
        )
        seen = tuple(map(int, cursor.fetchone()))
    return seen != measure_subject_chains()


def check_subjects(keys: Sequence[str]) -> None:
    """Check some subjects by themselves, within a transaction in which somebody acts.

    Parameters
    ----------
    keys : ids of the subjects
    """
    for key in keys:
        number = Subject.objects.select_for_update().get(pk=key).number
        # Again after queries were written: from the first of them on, nobody else writes to this chain.
        while True:
            ends = _read_ends([key])
            if not _check_alone(key, number):
                break
        _remember(ends)


def _check_alone(key: str, number: str) -> set[str]:
    placed = place_rows(exported_subjects().filter(pk=key), sight=_sight())
    found = {
        fault: what
        for fault, what in find_faults(placed, {number: key}).items()
        if fault.about == key and fault.code not in ACROSS_SUBJECTS
    }
    standing = Query.objects.filter(about=key, kind=AUTOMATIC).exclude(code__in=ACROSS_SUBJECTS)
    with server_acts(CHECKED):
        return _settle(*_without_arms(_still_missed(key, standing) | found, standing))


def _still_missed(key: str, standing: QuerySet[Query]) -> dict[Fault, Found]:
    """Keep what is asked about visits that are not there still: the subject's own days do not tell the cut.

    Where participation has ended, its day decides which visits were due, whoever else was seen later.
    """
    if Form.objects.filter(subject=key, name=END_FORM).exists():
        return {}
    there = set(SubjectVisit.objects.filter(subject=key).values_list("name", flat=True))
    asked = standing.filter(code=BY_THE_CUT, fault_stands=True).exclude(visit__in=there)
    return {_fault_of(query): Found(query.level, query.text) for query in asked}


def _sight() -> Sight:
    return "with arms" if can_open_arms() else "without arms"


def _without_arms(
    found: dict[Fault, Found], standing: QuerySet[Query]
) -> tuple[dict[Fault, Found], QuerySet[Query]]:
    """Leave what arms decide as it stands, where the key that opens them is not there."""
    if can_open_arms():
        return found, standing
    kept = {fault: what for fault, what in found.items() if fault.code not in OF_ARMS and fault.item != "arm"}
    return kept, standing.exclude(code__in=OF_ARMS).exclude(item="arm")


def check_everything() -> None:
    """Check the data of all subjects together, as ``funis check`` does on the export.

    Within a transaction in which somebody acts; automatic queries are exactly its findings afterwards.
    """
    held = dict(Subject.objects.select_for_update().order_by("pk").values_list("number", "pk"))
    # Twice where queries were written: they made the chains of their subjects longer.
    for _ in range(2):
        ends = _read_ends(list(held.values()))
        found = find_faults(place_rows(exported_subjects(), sight=_sight()), held)
        with server_acts(CHECKED):
            written = _settle(*_without_arms(found, Query.objects.filter(kind=AUTOMATIC)))
        _remember({key: seq for key, seq in ends.items() if key not in written})
        if not written:
            break


def find_faults(
    placed: PlacedTables, keys: Mapping[str, str], version: StudyVersion | None = None
) -> dict[Fault, Found]:
    """Check tables, and name the row of each finding; several at one place are told together.

    Parameters
    ----------
    placed : tables of the data folder
    keys : id of each subject by its number
    version : by whose study file; None: the newest that a site works with
    """
    frames = {
        name: [{column: row.cells.get(column, "") for column in columns} for row in rows]
        for name, (columns, rows) in placed.items()
    }
    check: Any = import_string(settings.DATA_CHECKS)
    told: dict[Fault, list[Finding]] = {}
    for each in check(study_of(version or newest_version()), frames, today=today()):
        told.setdefault(_place(each, placed, keys), []).append(each)
    return {
        fault: Found(findings[0].level, "\n".join(dict.fromkeys(map(_words, findings))))
        for fault, findings in told.items()
    }


def _place(finding: Finding, placed: PlacedTables, keys: Mapping[str, str]) -> Fault:
    rows = placed[finding.table][1] if finding.table in placed else []
    row = rows[finding.line - 1] if finding.line else PlacedRow("", {"subject": finding.subject})
    about = keys.get(row.cells.get("subject", ""), finding.table)
    return Fault(about, finding.table, row.key, finding.visit, finding.column, finding.code)


def _words(finding: Finding) -> str:
    found = f" Found {finding.value!r}." if finding.value else ""
    return f"{finding.message}{found} {finding.fix}".strip()


def _settle(found: Mapping[Fault, Found], standing: Iterable[Query]) -> set[str]:
    """Open, reopen and correct, so that the faults that stand are those that were found.

    Returns
    -------
    set : what queries were written about
    """
    known = {_fault_of(query): query for query in standing}
    subjects = Subject.objects.in_bulk({fault.about for fault in found.keys() - known.keys()})
    written = set()
    for fault in sorted(found.keys() - known.keys()):
        _open(fault, found[fault], subjects.get(fault.about))
        written.add(fault.about)
    for fault, query in known.items():
        if fault in found and (not query.fault_stands or (query.level, query.text) != found[fault]):
            _take_up(query, found[fault])
            written.add(fault.about)
        elif fault not in found and query.fault_stands:
            _lay_down(query)
            written.add(fault.about)
    return written


def _fault_of(query: Query) -> Fault:
    return Fault(query.about, query.form_name, query.row_key, query.visit, query.item, query.code)


def _open(fault: Fault, found: Found, subject: Subject | None) -> None:
    query = Query(
        **fault._asdict(), **found._asdict(), subject=subject, site=subject.site if subject else "",
        kind=AUTOMATIC, fault_stands=True, opened_by="funis", opened_at=moment(), moved_at=moment(),
    )  # fmt: skip
    query.save()
    say(query, "find", found.text)


def _lay_down(query: Query) -> None:
    """Note that a fault is gone; a query that somebody has closed stays as it was closed."""
    query.fault_stands = False
    if query.state in STEPS["correct"].sources:
        move(query, "correct")
    else:
        query.save()


def _take_up(query: Query, found: Found) -> None:
    """Note that a fault is there again, or is another; what was closed for other words is reopened."""
    query.fault_stands = True
    query.level, query.text = found
    if query.state in {CLOSED, CORRECTED}:
        move(query, "return", found.text)
    else:
        query.save()


def _read_ends(keys: Sequence[str]) -> dict[str, int]:
    """Read how long the chain of each subject is; without keys in the question where they are many."""
    if not keys:
        return {}
    only = f" WHERE id IN ({', '.join(['%s'] * len(keys))})" if len(keys) <= MOST_AT_ONCE else ""
    chains = {f"subject:{key}": key for key in keys}
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id, seq FROM {CHAIN}{only}", list(chains) if only else [])  # noqa: S608
        return {chains[chain]: seq for chain, seq in cursor.fetchall() if chain in chains}


def _remember(ends: Mapping[str, int]) -> None:
    basis = _basis()
    CheckedSubject.objects.bulk_create(
        [CheckedSubject(subject=key, seq=seq, basis=basis) for key, seq in ends.items()],
        batch_size=500, update_conflicts=True, unique_fields=["subject"], update_fields=["seq", "basis"],
    )  # fmt: skip


def _basis() -> str:
    """Say what else decides the findings: the day, the study file, the tables of no subject."""
    # By the rows of these tables: under row-level security no index answers LIKE.
    with connection.cursor() as cursor:
        tables = f"SELECT DISTINCT 'table:' || name FROM {StudyForm._meta.db_table}"  # noqa: S608
        cursor.execute(f"SELECT coalesce(sum(seq), 0) FROM {CHAIN} WHERE id IN ({tables})")  # noqa: S608
        rows = cursor.fetchone()[0]
    told = "" if can_open_arms() else " without arms"
    return f"{today().isoformat()} {newest_version().sha256} {rows}{told}"
