"""A data folder on disk -> checked frames; every finding at once.

Every frame has the columns of its schema, typed, and ``_file`` and ``_line``, so that each value can be
followed back to the place where somebody wrote it. Values at error level are left out (null, or the
whole row); warnings and queries leave the data as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl

from funis.catalogue.instrument_tables import instrument_table
from funis.catalogue.registry import definitions
from funis.data.check.checked_data import Data
from funis.data.check.eligibility import check_eligibility
from funis.data.check.events import derive_status
from funis.data.check.every_check import check_data
from funis.data.check.lab_map import fill_items
from funis.data.check.labs import derive_lab_values, split_comparators
from funis.data.check.rows import sift_tables
from funis.data.check.visits import check_given_days
from funis.data.read.cells import Typed, empty_frame, type_table
from funis.data.read.raw_tables import InputFile, RawFolder, read_folder
from funis.errors import Finding
from funis.schema import SUBJECTS, TABLES, Column, Table
from funis.study.days import derive_anchors, derive_days, derive_subject_frame, fill_dates
from funis.study.model import Study

__all__ = ["InputFile", "Tables", "read_tables", "study_tables"]


@dataclass(frozen=True, slots=True)
class Tables:
    """The tables of a data folder, read and checked.

    Attributes
    ----------
    frames : by table name; every table of the study is there, without rows where it has no file
    findings : everything found, in the order of table and line
    files : the files that were read, with their hashes
    folder : where they stand
    """

    frames: dict[str, pl.DataFrame]
    findings: tuple[Finding, ...]
    files: tuple[InputFile, ...]
    folder: Path


def study_tables(study: Study) -> dict[str, Table]:
    """Describe every table of a study's data folder: the usual ones and one for each instrument.

    Parameters
    ----------
    study : the study

    Returns
    -------
    dict
        By table name, in the order in which they are printed.

    Examples
    --------
    >>> from funis.study.read import read_study, template_path
    >>> list(study_tables(read_study(template_path("observational"))))[:3]
    ['subjects', 'visits', 'sledai_2k']
    """
    extra = tuple(
        Column(
            column.name, column.kind, column.label or column.name, allowed=column.allowed, unit=column.unit
        )
        for column in study.columns
    )
    subjects = Table(
        SUBJECTS.name, SUBJECTS.row, SUBJECTS.key, (*SUBJECTS.columns, *extra), needed=SUBJECTS.needed
    )
    instruments = {name: instrument_table(name) for name in study.instrument_names}
    rest = {name: table for name, table in TABLES.items() if name not in {"subjects", "visits"}}
    return {"subjects": subjects, "visits": TABLES["visits"], **instruments, **rest}


def read_tables(folder: Path | str, study: Study, *, today: date | None = None) -> Tables:
    """Read and check the data of a study.

    Parameters
    ----------
    folder : folder of CSV and Parquet files or of one workbook; a study folder with ``data`` inside
    study : the study
    today : day after which a date lies in the future; default is the day of the call

    Returns
    -------
    Tables
        Frames by table name, every finding, the files with their hashes. Never raises for what stands in a
        file: a file that cannot be read is a finding, and its table has no rows. Criteria of eligibility that
        need a score are judged by ``check_eligibility`` once the scores are there.

    Examples
    --------
    >>> import tempfile
    >>> from funis.study.read import read_study, template_path
    >>> from funis.data.new_study import new_study
    >>> with tempfile.TemporaryDirectory() as place:
    ...     folder = new_study("sle", Path(place) / "trial")
    ...     tables = read_tables(folder, read_study(folder))
    >>> tables.frames["labs"].height, tables.findings[0].code
    (0, 'no_subject')
    """
    place = Path(folder)
    place = place / "data" if (place / "data").is_dir() else place
    known = study_tables(study)
    expected = {name: name in known for name in (*known, *definitions())}
    raw = read_folder(place, expected)
    frames, findings = _type_tables(raw, known)
    frames, row_findings = sift_tables(study, frames, known)
    labs, lab_findings = derive_lab_values(study, frames["labs"])
    frames["labs"] = labs
    frames["disposition"], end_findings = derive_status(frames["disposition"])
    frames = fill_dates(frames)
    anchors = derive_anchors(study, frames)
    day_findings = list(check_given_days(frames, anchors))
    frames = derive_days(frames, anchors)
    frames, fill_findings = fill_items(study, frames)
    data = Data(
        study, frames, frozenset(raw.tables), frozenset(raw.unreadable), today or datetime.now(UTC).date()
    )
    frames, found = check_data(data)
    every = [
        *raw.findings,
        *findings,
        *row_findings,
        *lab_findings,
        *end_findings,
        *day_findings,
        *fill_findings,
        *found,
    ]
    tables = Tables(frames, (), tuple(raw.files), place)
    every += check_eligibility(study, derive_subject_frame(study, tables), needs_scores=False)
    return replace(tables, findings=_in_order(_without_echoes(every), known))


def _type_tables(raw: RawFolder, known: Mapping[str, Table]) -> tuple[dict[str, pl.DataFrame], list[Finding]]:
    """Type every table of the study; one without a file has no rows."""
    frames: dict[str, pl.DataFrame] = {}
    findings: list[Finding] = []
    for name, table in known.items():
        if name not in raw.tables:
            frames[name] = _without_optional(empty_frame(table), table, ())
            continue
        table_text, split = split_comparators(raw.tables[name])
        typed: Typed = type_table(table_text, table)
        frames[name] = _without_optional(typed.frame, table, raw.tables[name].frame.columns)
        findings += [*typed.findings, *split]
    return frames, findings


def _without_optional(
    frame: pl.DataFrame, table: Table, present: tuple[str, ...] | list[str]
) -> pl.DataFrame:
    """Keep the optional columns of an instrument only where the file has them.

    An attribution that was never asked is not the same as one left empty, and scoring tells them apart.
    """
    if table.name in TABLES:
        return frame
    optional = [
        column.name
        for column in table.columns
        if not column.required and not column.not_done and column.name not in {"date", "day", *present}
    ]
    return frame.drop(optional)


def _without_echoes(findings: list[Finding]) -> list[Finding]:
    """Leave out "is missing" where the cell was left out for a finding, or the column is not there at all."""
    said = {(each.table, each.line, each.column) for each in findings if each.level == "error"}
    lacking = {(each.table, each.column) for each in findings if each.code == "missing_column"}
    return [
        each
        for each in findings
        if not each.code.startswith("missing_")
        or each.level == "error"
        or ((each.table, each.line, each.column) not in said and (each.table, each.column) not in lacking)
    ]


def _in_order(findings: list[Finding], known: Mapping[str, Table]) -> tuple[Finding, ...]:
    """Put findings in the order of table and line; findings of whole files come first."""
    order = {name: number for number, name in enumerate(known)}
    return tuple(
        sorted(
            findings, key=lambda finding: (order.get(finding.table, -1), finding.line or 0, finding.column)
        )
    )
