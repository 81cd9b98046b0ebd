"""Dates after today: nothing can have happened yet. They are left out before study days are counted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

import polars as pl

from funis.data.check.row_findings import row_finding, rows_where
from funis.errors import Finding
from funis.frames.verbs import verbs_of
from funis.schema import Table
from funis.study.model import Study

_MAY_LIE_AHEAD = frozenset({("lots", "expiry")})
_IDENTIFYING = frozenset({"birth_date"})


def check_future(
    study: Study, frames: Mapping[str, pl.DataFrame], tables: Mapping[str, Table], *, today: date
) -> Iterator[Finding]:
    """Find every date after today, in every table.

    Parameters
    ----------
    study : the study; its own columns of dates may hold planned days and are not looked at
    frames : typed tables by name
    tables : what their columns are
    today : the study's day

    Returns
    -------
    iterator of Finding
    """
    own = {("subjects", column.name) for column in study.columns}
    fix = f"Today is {today.isoformat()} ({study.trial.timezone}); check the year."
    for name, frame in frames.items():
        for column in tables[name].columns:
            place = (name, column.name)
            if column.kind != "date" or column.name not in frame.columns or place in _MAY_LIE_AHEAD | own:
                continue
            for row in rows_where(frame, verbs_of(frame).col(column.name) > today):
                what = "The date" if column.name == "date" else f"'{column.name}'"
                yield row_finding(
                    "error",
                    "date_in_future",
                    name,
                    row,
                    column=column.name,
                    value="" if column.name in _IDENTIFYING else row[column.name],
                    message=f"{what} lies in the future; it is left out.",
                    fix=fix,
                )
