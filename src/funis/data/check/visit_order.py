"""Checks of the place of each assessment among those of its subject: it has one, and shares it with none."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from funis.data.check.checked_data import Data
from funis.data.check.row_findings import row_finding, rows_where
from funis.errors import Finding
from funis.frames.verbs import verbs_of


def check_visit_order(data: Data) -> Iterator[Finding]:
    """Check that the visits of each instrument follow each other, as scores that look back need.

    Parameters
    ----------
    data : the tables and what is known about them

    Returns
    -------
    iterator of Finding
    """
    for name in data.study.instrument_names:
        frame = data.frames.get(name)
        if frame is not None and not frame.is_empty():
            yield from _check_places(data, name, frame)
            yield from _check_same_days(name, frame)


def _check_places(data: Data, name: str, frame: pl.DataFrame) -> Iterator[Finding]:
    """Find visits without a day, planned or not; where the whole table has none, the lines say the order."""
    planned = data.study.visit_names
    if not planned and frame["day"].null_count() == frame.height:
        return
    ops = verbs_of(frame)
    for row in rows_where(frame, ops.col("day").is_null() & ~ops.col("visit").is_in(list(planned))):
        yield row_finding(
            "error",
            "visit_without_place",
            name,
            row,
            column="visit",
            message="The visit has no study day and is not planned: its place among the subject's visits is "
            "not known, and it is not scored.",
            fix="Write its date; where it has one, the subject's first infusion needs its date too.",
        )


def _check_same_days(name: str, frame: pl.DataFrame) -> Iterator[Finding]:
    """Find assessments of one subject on one day, of which no day says which was first."""
    ops = verbs_of(frame)
    is_again = ops.col("day").is_not_null() & ~ops.struct(["subject", "day"]).is_first_distinct()
    if not frame.select(is_again.any()).item():
        return
    for row in rows_where(frame, is_again):
        yield row_finding(
            "query",
            "visits_on_one_day",
            name,
            row,
            column="date",
            message="Another visit of the subject has the same day; they are taken in the order of the file.",
            fix="Check both dates; a repeat of an assessment belongs to one visit.",
        )
