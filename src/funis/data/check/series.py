"""Checks of series: numbered visits with gaps, numbers that a spreadsheet made of something else."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache

import polars as pl

from funis.data.check.checked_data import Data
from funis.data.check.row_findings import row_finding, rows_where, show_value
from funis.errors import Finding
from funis.frames.verbs import Verbs, verbs_of

_NUMBERED = re.compile(r"^(?P<stem>.*?)_?(?P<number>\d+)$")
_MINUTES_PER_DAY = 1440
_MINUTES_PER_HOUR = 60

_DIGITS = 6


def check_series(data: Data) -> Iterator[Finding]:
    """Check what only the series of a subject, or of a test, shows.

    Parameters
    ----------
    data : the tables and what is known about them

    Returns
    -------
    iterator of Finding
    """
    if data.study.has_open_visits:
        yield from _check_gaps(data)
    yield from _check_times_of_day(data)


def _check_gaps(data: Data) -> Iterator[Finding]:
    """Query visits whose number follows on another than the one before: visit_2, then visit_5.

    A study without planned visits has no other way of knowing that one is missing.
    """
    series: dict[tuple[str, str], dict[int, dict[str, object]]] = defaultdict(dict)
    ordered = data.frames["visits"].sort("_file", "_line", maintain_order=True)
    for row in ordered.iter_rows(named=True):
        named = _NUMBERED.match(str(row["visit"] or ""))
        # A number of more digits is no count of visits.
        if named is not None and named["stem"] != "unscheduled" and len(named["number"]) <= _DIGITS:
            series[str(row["subject"]), named["stem"]].setdefault(int(named["number"]), row)
    for (_, stem), rows in series.items():
        before = 0
        for number in sorted(rows):
            lacking = range(before + 1, number)
            if lacking:
                yield _gap(rows[number], stem, lacking)
            before = number


def _gap(row: dict[str, object], stem: str, lacking: range) -> Finding:
    first, last = f"{stem}_{lacking[0]}", f"{stem}_{lacking[-1]}"
    words, verb = (first, "is") if first == last else (f"{first} to {last}", "are")
    return row_finding(
        "query",
        "visit_gap",
        "visits",
        row,
        column="visit",
        message=f"{words} of this subject {verb} not in the data.",
        fix="Add what is missing, or leave it when there was no such visit.",
    )


def _check_times_of_day(data: Data) -> Iterator[Finding]:
    """Find titres that a spreadsheet took for times: 1:80 becomes 02:20, which is 0.0972 of a day.

    Such a number is a whole count of minutes divided by 1440 and has many decimals; a result that a
    laboratory wrote has few.
    """
    labs = data.frames["labs"]
    for row in rows_where(labs, _is_time(verbs_of(labs))):
        recorded = float(row["value_recorded"])
        minute = round(recorded * _MINUTES_PER_DAY)
        clock = f"{minute // _MINUTES_PER_HOUR:02d}:{minute % _MINUTES_PER_HOUR:02d}"
        titre = minute - _MINUTES_PER_HOUR
        origin = f"1:{titre}" if titre > 0 else "something else"
        yield row_finding(
            "error",
            "time_of_day",
            "labs",
            row,
            column="value",
            value=f"{show_value(recorded)} {row['unit_recorded'] or ''}".strip(),
            message=f"{row['test']} is the time {clock} as a fraction of a day; it is left out.",
            fix=f"{clock} is what a spreadsheet makes of {origin}; look the result up and write it.",
        )


@lru_cache(maxsize=4)
def _is_time(ops: Verbs) -> pl.Expr:
    """Tell which results are a whole number of minutes as a fraction of a day."""
    value = ops.col("value_recorded")
    minutes = value * _MINUTES_PER_DAY
    return (
        value.is_between(0, 1, closed="none")
        & ((minutes - minutes.round()).abs() < 1e-4)
        & ((value * 1e4 - (value * 1e4).round()).abs() > 1e-6)
    )
