"""The entry point of the package: a data folder, or frames, -> checked tables; every finding at once.

Every frame has the columns of its schema, typed, and ``_file`` and ``_line``, so that each value can be
followed back to the place where somebody wrote it. Values at error level are left out (null, or the
whole row); warnings and queries leave the data as they are.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import polars as pl

from funis.arguments import LIMITS, STUDY, Anything, ByName, Day, OrNone, PathName, Text, takes
from funis.bounded.limits import Limits
from funis.data.cells import InputFile, RawData
from funis.data.check.every_check import check_tables
from funis.data.given_frames import take_frames
from funis.data.known_tables import expected_tables, listed_names, study_tables
from funis.data.read.files import read_folder
from funis.errors import Finding
from funis.study.model import Study
from funis.study.today import study_today

FEW_CELLS: Final = 20_000
"""Up to so many cells plain Python is faster than the fixed cost of the queries of Polars."""
_log = logging.getLogger(__name__)

__all__ = ["InputFile", "Tables", "read_tables", "study_tables", "tables_from_frames"]


@dataclass(frozen=True, slots=True)
class Tables:
    """The tables of a data set, checked.

    Attributes
    ----------
    frames : by table name; every table of the study is there, without rows where it was not given
    findings : everything found, in the order of table and line
    present : names of the tables that were given and could be read
    files : the files that were read, with their hashes; none where the tables were given as frames
    """

    frames: dict[str, pl.DataFrame]
    findings: tuple[Finding, ...]
    present: frozenset[str]
    files: tuple[InputFile, ...] = ()


@takes(folder=PathName(), study=STUDY, today=OrNone(Day()), limits=OrNone(LIMITS))
def read_tables(
    folder: Path | str, study: Study, *, today: date | None = None, limits: Limits | None = None
) -> Tables:
    """Read and check the data of a study.

    Parameters
    ----------
    folder : folder of CSV and Parquet files or of one workbook; a study folder with ``data`` inside
    study : the study
    today : day after which a date lies in the future; default is the day of the call in the
        study's time zone

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
    return check_cells(study, read_cells(folder, study, limits=limits), today)


def read_cells(folder: Path | str, study: Study, *, limits: Limits | None = None) -> RawData:
    """Read the data of a study as texts, before anything is made of them.

    Parameters
    ----------
    folder, study, limits : as for `read_tables`
    """
    place = data_place(Path(folder))
    inside = Path(folder) if place.is_dir() else None
    known = study_tables(study)
    raw = read_folder(
        place,
        expected_tables(known),
        tables=known,
        rules=study.imported,
        named=listed_names(study),
        limits=limits,
        inside=inside,
    )
    for file in raw.files:
        # Names of files and counts only: no value of a subject ever reaches a log.
        _log.info("read %s (%d rows)", file.name, file.rows)
    return raw


def data_place(folder: Path) -> Path:
    """Give the folder that holds the tables: ``data`` in a study folder, else the folder itself.

    Examples
    --------
    >>> data_place(Path("no_such_folder")).name
    'no_such_folder'
    """
    return folder / "data" if (folder / "data").is_dir() else folder


@takes(study=STUDY, frames=ByName(Anything(), Text(empty=True)), today=OrNone(Day()))
def tables_from_frames(study: Study, frames: Mapping[str, Any], *, today: date | None = None) -> Tables:
    """Check the data of a study that are given as frames: of a form, a simulated trial or a script.

    Parameters
    ----------
    study : the study
    frames : by table name, as the files of a data folder would be named: frames of Polars, pandas, PyArrow or
        DuckDB, or lists of rows as dicts (an empty list is a table without rows); typed, or all texts
    today : day after which a date lies in the future; default is the day of the call in the
        study's time zone

    Returns
    -------
    Tables
        What ``funis.read_tables`` gives for the same data in files; ``_file`` is the name of the table,
        ``_line`` the number of the row, from 1.

    Raises
    ------
    ValueRangeError
        A table is neither a frame nor a list of dicts.

    Examples
    --------
    >>> from funis.study.read import read_study, template_path
    >>> study = read_study(template_path("observational"))
    >>> tables = tables_from_frames(study, {"subjects": [{"subject": "S1", "age": 30, "sex": "f"}]})
    >>> print(*(str(each) for each in tables.findings if each.table == "subjects" and each.column == "sex"))
    error: subjects, line 1, column 'sex' (subject S1): 'sex' does not take this value; it is left out. \
Write 'female'. Allowed: female, male.
    """
    return _take(study, frames, today, few_cells=0)


def few_tables(study: Study, frames: Mapping[str, Any], *, today: date | None = None) -> Tables:
    """Check the data of a few visits without a query, by the same checks.

    Parameters
    ----------
    study, frames, today : as for `tables_from_frames`

    Returns
    -------
    Tables
        As `tables_from_frames`; where the cells are few, the frames are held as few rows.

    Raises
    ------
    UnusualRowsError : the cells hold something that only Polars can say
    """
    return _take(study, frames, today, few_cells=FEW_CELLS)


def _take(study: Study, frames: Mapping[str, Any], today: date | None, *, few_cells: int) -> Tables:
    known = study_tables(study)
    return check_cells(study, take_frames(frames, known, expected_tables(known), few_cells=few_cells), today)


def check_cells(study: Study, raw: RawData, today: date | None = None) -> Tables:
    """Type and check cells: what `read_tables` gives for the files that hold them.

    Parameters
    ----------
    study : the study
    raw : the cells of all tables; not changed
    today : as for `read_tables`
    """
    frames, findings = check_tables(study, raw, today=today or study_today(study))
    return Tables(frames, tuple(findings), frozenset(raw.tables), tuple(raw.files))
