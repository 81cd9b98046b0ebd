"""The checks of a data set, run in order; what they find at error level is left out of the frames.

Levels
    *error*: the value cannot be what it says (a visit after death, an event that ends before it starts);
    it is left out. *warning*: it happened otherwise than planned, or two records disagree; it is used.
    *query*: it is possible, but somebody should look.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import date

import polars as pl

from funis.data.cells import RawData
from funis.data.check.adjudications import check_adjudications_read
from funis.data.check.allocation import check_allocation
from funis.data.check.as_written import quote_written
from funis.data.check.causality import derive_related
from funis.data.check.checked_data import Data
from funis.data.check.columns import Typed, empty_frame, kept_columns, type_table
from funis.data.check.concealed import Concealment
from funis.data.check.criteria_columns import check_criteria_columns
from funis.data.check.eligibility import check_eligibility, columns_in_criteria
from funis.data.check.events import check_course, derive_status
from funis.data.check.forms import check_instruments
from funis.data.check.future import check_future
from funis.data.check.infusions import check_infusions
from funis.data.check.lab_map import fill_items
from funis.data.check.labs import derive_lab_values, split_comparators
from funis.data.check.lots import check_lots
from funis.data.check.reactions import check_reactions
from funis.data.check.rows import sift_tables
from funis.data.check.series import check_series
from funis.data.check.subjects import check_subjects
from funis.data.check.total_rows import leave_out_totals
from funis.data.check.visits import check_given_days, check_visits
from funis.data.known_tables import study_tables
from funis.errors import Finding
from funis.frames.verbs import verbs_of
from funis.schema import Table
from funis.shown import is_word
from funis.study.days import derive_anchors, derive_days, derive_subject_frame, fill_dates
from funis.study.model import Study

_MISSING = re.compile(r"(\w+) missing(?=[,;])")
_ROW_CODES = frozenset({"after_death"})
"""Findings that concern the whole row: not one value of it can be true."""

CHECKS: tuple[Callable[[Data], Iterator[Finding]], ...] = (
    check_subjects,
    check_allocation,
    check_criteria_columns,
    check_visits,
    check_instruments,
    check_infusions,
    check_lots,
    check_course,
    check_reactions,
    check_series,
    check_adjudications_read,
)


def check_tables(study: Study, raw: RawData, *, today: date) -> tuple[dict[str, pl.DataFrame], list[Finding]]:
    """Type and check the cells of a data set, wherever they come from.

    Parameters
    ----------
    study : the study
    raw : the tables as texts
    today : day after which a date lies in the future

    Returns
    -------
    tuple
        The typed tables of the study without values at error level, study days filled; every finding, those
        of the cells included, in the order of table and line. Criteria of eligibility that need a score are
        judged by ``check_eligibility`` once the scores are there.
    """
    known = study_tables(study)
    frames, findings = _type_tables(raw, known, today)
    written_labs = frames["labs"]
    frames, row_findings = sift_tables(study, frames, known)
    has_rows_left_out = written_labs.height > frames["labs"].height
    future_findings = list(check_future(study, frames, known, today=today))
    frames = leave_out(frames, future_findings)
    frames["labs"], lab_findings = derive_lab_values(study, frames["labs"])
    if has_rows_left_out:
        # What is wrong with the result of a row that is left out is told in the same run.
        _, lab_findings = derive_lab_values(study, written_labs)
    frames["disposition"], end_findings = derive_status(frames["disposition"])
    frames["adverse_events"], related_findings = derive_related(frames["adverse_events"])
    frames = fill_dates(frames)
    anchors = derive_anchors(study, frames)
    day_findings = list(check_given_days(frames, anchors))
    frames = derive_days(frames, anchors)
    frames, fill_findings = fill_items(study, frames)
    unread = _find_unread_results((*raw.findings, *findings))
    data = Data(study, frames, frozenset(raw.tables), frozenset(raw.unreadable), unread)
    frames, found = check_data(data)
    every = [
        *raw.findings,
        *findings,
        *row_findings,
        *future_findings,
        *lab_findings,
        *end_findings,
        *related_findings,
        *day_findings,
        *fill_findings,
        *found,
        *_check_criteria(study, frames),
    ]
    numbers = frozenset(each for each in frames["subjects"]["subject"].to_list() if not is_word(each))
    shown = Concealment(study, known, numbers, today)
    told = quote_written(_without_echoes(every), raw)
    return frames, _in_order([shown.conceal(each) for each in told], known)


def _find_unread_results(findings: Iterable[Finding]) -> frozenset[int]:
    """Give the lines of laboratory results that are no numbers: told as such, they are not missing."""
    return frozenset(
        each.line
        for each in findings
        if (each.table, each.column, each.level) == ("labs", "value", "error") and each.line is not None
    )


def _check_criteria(study: Study, frames: Mapping[str, pl.DataFrame]) -> Iterator[Finding]:
    """Judge the criteria of eligibility that need no score."""
    columns = columns_in_criteria(study, needs_scores=False)
    if columns is not None:
        subjects = derive_subject_frame(study, frames, columns=columns)
        yield from check_eligibility(study, subjects, needs_scores=False)


def check_data(data: Data) -> tuple[dict[str, pl.DataFrame], list[Finding]]:
    """Run every check over the tables of a data folder.

    Parameters
    ----------
    data : the tables and what is known about them

    Returns
    -------
    tuple
        The tables without values at error level; every finding.
    """
    findings = [finding for check in CHECKS for finding in check(data)]
    return leave_out(data.frames, findings), findings


def leave_out(frames: Mapping[str, pl.DataFrame], findings: list[Finding]) -> dict[str, pl.DataFrame]:
    """Take values at error level out of the tables.

    Parameters
    ----------
    frames : tables by name
    findings : findings; only those at level error with a line count

    Returns
    -------
    dict
        The tables; a cell named by a finding is null, a row named as a whole is gone.
    """
    cells: dict[tuple[str, str], list[str]] = defaultdict(list)
    for finding in findings:
        if finding.is_left_out and finding.line is not None and finding.table in frames:
            column = "" if finding.code in _ROW_CODES else finding.column
            cells[finding.table, column].append(f"{finding.file}:{finding.line}")
    kept = dict(frames)
    for (table, column), places in cells.items():
        frame, ops = kept[table], verbs_of(kept[table])
        marked = ops.concat_str("_file", ops.lit(":"), ops.col("_line").cast(ops.String)).is_in(places)
        if not column:
            kept[table] = frame.filter(~marked)
        elif column in frame.columns:
            kept[table] = frame.with_columns(ops.when(~marked).then(ops.col(column)).alias(column))
    return kept


def _type_tables(
    raw: RawData, known: Mapping[str, Table], today: date
) -> tuple[dict[str, pl.DataFrame], list[Finding]]:
    """Type every table of the study; one without a file has no rows."""
    frames: dict[str, pl.DataFrame] = {}
    findings: list[Finding] = []
    for name, table in known.items():
        if name not in raw.tables:
            frames[name] = empty_frame(table, raw.like, columns=kept_columns(table, ()))
            continue
        of_subjects, totals = leave_out_totals(raw.tables[name])
        table_text, split = split_comparators(of_subjects)
        typed: Typed = type_table(table_text, table, today=today)
        frames[name] = typed.frame
        findings += [*typed.findings, *split, *totals]
    for unused in raw.unused:
        if unused.name in known:
            of_subjects, totals = leave_out_totals(unused)
            table_text, _ = split_comparators(of_subjects)
            findings += totals
            findings += type_table(table_text, known[unused.name], today=today).findings
    return frames, findings


def _without_echoes(findings: list[Finding]) -> list[Finding]:
    """Leave out "is missing" where the cell was left out for a finding, or the column is not there at all."""
    said = {(each.table, each.line, each.column) for each in findings if each.level == "error"}
    # A birth date that cannot be read is told as such; that the age is missing follows.
    said |= {(table, line, "age") for table, line, column in said if column == "birth_date"}
    lacking = {(each.table, each.column) for each in findings if each.code == "missing_column"}
    return [each for each in findings if not _is_echo(each, said, lacking)]


def _is_echo(
    finding: Finding, said: Collection[tuple[str, int | None, str]], lacking: Collection[tuple[str, str]]
) -> bool:
    """Say whether a finding only says again that a value is missing which was left out for another one."""
    if finding.code == "no_subject":
        return (finding.table, "subject") in lacking
    if finding.code == "eligibility_unknown":
        missing = _MISSING.findall(finding.fix)
        return bool(missing) and all((finding.table, finding.line, name) in said for name in missing)
    if not finding.code.startswith("missing_") or finding.level == "error":
        return False
    place = (finding.table, finding.line, finding.column)
    return place in said or (finding.table, finding.column) in lacking


def _in_order(findings: list[Finding], known: Mapping[str, Table]) -> list[Finding]:
    """Put findings in the order of table and line; findings of whole files come first."""
    order = {name: number for number, name in enumerate(known)}
    return sorted(
        findings, key=lambda finding: (order.get(finding.table, -1), finding.line or 0, finding.column)
    )
