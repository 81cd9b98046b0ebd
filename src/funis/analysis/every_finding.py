"""Everything that is wrong in the data of a study: what the checks find, and what only the scores show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from funis.analysis.findings import check_scores
from funis.arguments import STUDY, Anything, ByName, Day, OrNone, Text, takes
from funis.data.tables import Tables, few_tables, tables_from_frames
from funis.errors import Finding
from funis.frames.few_cells import UnusualRowsError
from funis.frames.verbs import as_polars
from funis.study.courses import conditional_courses
from funis.study.model import Study


def find_findings(study: Study, tables: Tables) -> tuple[Finding, ...]:
    """Give every finding of a study's data, as ``funis check`` prints them.

    Parameters
    ----------
    study : the study
    tables : as ``funis.read_tables`` or ``funis.tables_from_frames`` gives them

    Returns
    -------
    tuple of Finding
        Those of the tables; recorded totals that the items do not give; criteria of eligibility that name a
        score; intercurrent events that an estimand says nothing about; courses that are planned at relapse
        or by a rule and were begun without it, or not.
    """
    findings = (*tables.findings, *check_scores(study, tables, tables.findings))
    if not study.estimands and not conditional_courses(study):
        return findings
    from funis.analysis.analyse import find_gaps

    whole = replace(tables, frames={name: as_polars(frame) for name, frame in tables.frames.items()})
    return (*findings, *find_gaps(study, whole))


@takes(study=STUDY, frames=ByName(Anything(), Text(empty=True)), today=OrNone(Day()))
def check_frames(study: Study, frames: Mapping[str, Any], *, today: date | None = None) -> list[Finding]:
    """Check the data of a study that are given as frames, without any file.

    Parameters
    ----------
    study : as ``funis.read_study`` gives it
    frames : by table name, as the files of a data folder would be named: frames of Polars, pandas, PyArrow or
        DuckDB, or lists of rows as dicts (an empty list is a table without rows); typed, or all texts
    today : day after which a date lies in the future; default is the day of the call in the
        study's time zone

    Returns
    -------
    list of Finding
        What ``funis check`` finds when the same data stand in files: equal in code, level, table, column,
        value, subject and visit. ``file`` is the name of the table, ``line`` the number of the row, from 1.

    Raises
    ------
    ValueRangeError
        A table is neither a frame nor a list of dicts.

    Examples
    --------
    >>> from funis.study.read import read_study, template_path
    >>> study = read_study(template_path("observational"))
    >>> visit = {"subject": "S1", "visit": "first", "date": "2020-01-09", "day": 3}
    >>> found = check_frames(study, {"subjects": [{"subject": "S1"}], "visits": [visit]})
    >>> print(next(each for each in found if each.table == "visits"))
    warning: visits, line 1, column 'day' (subject S1, visit first): \
By its date this is study day 0; the date is used. Found '3'. Correct one of the two, or leave the day out.
    """
    try:
        return list(find_findings(study, few_tables(study, frames, today=today)))
    except (UnusualRowsError, OverflowError):
        # Nothing was said yet, and the queries of Polars say all of it.
        return list(find_findings(study, tables_from_frames(study, frames, today=today)))
