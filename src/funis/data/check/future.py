"""Dates after today, and before anybody alive was born. They are left out before study days are counted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from functools import lru_cache
from typing import Any

import polars as pl

from funis.data.check.row_findings import row_finding, rows_where
from funis.errors import Finding
from funis.frames.verbs import Verbs, verbs_of
from funis.schema import Table
from funis.study.model import Study

_MAY_LIE_AHEAD = frozenset({("lots", "expiry")})
#: The oldest person of whom a study could hold a birth date was born after this day.
_EARLIEST = date(1900, 1, 1)
_IDENTIFYING = frozenset({"birth_date"})


def check_future(
    study: Study, frames: Mapping[str, pl.DataFrame], tables: Mapping[str, Table], *, today: date
) -> Iterator[Finding]:
    """Find every date after today, and every date before 1900, in every table.

    Parameters
    ----------
    study : the study; its own columns of dates may hold planned days and may lie ahead
    frames : typed tables by name
    tables : what their columns are
    today : the study's day

    Returns
    -------
    iterator of Finding
    """
    own = {("subjects", column.name) for column in study.columns}
    ahead = f"Today is {today.isoformat()} ({study.trial.timezone}); check the year."
    for name, frame in frames.items():
        dates = () if frame.is_empty() else _dates(tables[name], tuple(frame.columns))
        # Nearly every table is without such a date, which one look at all its columns says.
        if not dates or not frame.select(_any_outside(verbs_of(frame), dates, today)).row(0)[0]:
            continue
        for column in (tables[name].by_name[each] for each in dates):
            place = (name, column.name)
            too_early, ahead_of_today = _limits(verbs_of(frame), column.name, today)
            for row in rows_where(frame, too_early):
                early = f"No date of a study lies before {_EARLIEST.isoformat()}; check the year."
                yield _finding("date_too_early", place, row, "lies too far back", early)
            if place in _MAY_LIE_AHEAD | own:
                continue
            for row in rows_where(frame, ahead_of_today):
                yield _finding("date_in_future", place, row, "lies in the future", ahead)


@lru_cache(maxsize=256)
def _dates(table: Table, present: tuple[str, ...]) -> tuple[str, ...]:
    """Name the columns of dates that a table has."""
    return tuple(each.name for each in table.columns if each.kind == "date" and each.name in present)


@lru_cache(maxsize=256)
def _any_outside(ops: Verbs, columns: tuple[str, ...], today: date) -> pl.Expr:
    """Tell whether any date lies too far back or after today."""
    outside = [limit for column in columns for limit in _limits(ops, column, today)]
    return ops.any_horizontal(outside).any()


@lru_cache(maxsize=256)
def _limits(ops: Verbs, column: str, today: date) -> tuple[pl.Expr, pl.Expr]:
    """Tell which dates of a column lie too far back, and which after today."""
    return ops.col(column) < _EARLIEST, ops.col(column) > today


def _finding(code: str, place: tuple[str, str], row: Mapping[str, Any], fault: str, fix: str) -> Finding:
    table, column = place
    what = "The date" if column == "date" else f"'{column}'"
    return row_finding(
        "error",
        code,
        table,
        row,
        column=column,
        value="" if column in _IDENTIFYING else row[column],
        message=f"{what} {fault}; it is left out.",
        fix=fix,
    )
