"""The checks of a data folder, run in order; what they find at error level is left out of the frames.

Levels
    *error*: the value cannot be what it says (a visit after death, an event that ends before it starts);
    it is left out. *warning*: it happened otherwise than planned, or two records disagree; it is used.
    *query*: it is possible, but somebody should look.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping

import polars as pl

from funis.data.check.checked_data import Data
from funis.data.check.events import check_course
from funis.data.check.forms import check_instruments
from funis.data.check.infusions import check_infusions
from funis.data.check.series import check_series
from funis.data.check.subjects import check_subjects
from funis.data.check.visits import check_visits
from funis.errors import Finding

_ROW_CODES = frozenset({"after_death"})
"""Findings that concern the whole row: not one value of it can be true."""

CHECKS: tuple[Callable[[Data], Iterator[Finding]], ...] = (
    check_subjects,
    check_visits,
    check_instruments,
    check_infusions,
    check_course,
    check_series,
)


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
        if finding.level == "error" and finding.line is not None and finding.table in frames:
            column = "" if finding.code in _ROW_CODES else finding.column
            cells[finding.table, column].append(f"{finding.file}:{finding.line}")
    kept = dict(frames)
    for (table, column), places in cells.items():
        marked = pl.concat_str("_file", pl.lit(":"), pl.col("_line").cast(pl.String)).is_in(places)
        frame = kept[table]
        if not column:
            kept[table] = frame.filter(~marked)
        elif column in frame.columns:
            kept[table] = frame.with_columns(pl.when(~marked).then(pl.col(column)).alias(column))
    return kept
