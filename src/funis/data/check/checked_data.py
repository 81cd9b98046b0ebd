"""What the checks of a data folder look at: the tables, the study, the day of the check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property, lru_cache
from typing import Any, Final

import polars as pl

from funis.frames.verbs import Verbs, concat, frame_like, verbs_of
from funis.study.model import Study

_PLACE: Final[Mapping[str, Any]] = {
    "table": pl.String,
    "subject": pl.String,
    "visit": pl.String,
    "date": pl.Date,
    "day": pl.Int64,
    "_file": pl.String,
    "_line": pl.Int64,
}
"""Where something stands in the data of a study, and when it was."""
_LOCATED: Final = _PLACE.keys() - {"table"}


@dataclass(frozen=True)
class Data:
    """The tables of a data folder, typed and sifted, with study days.

    Attributes
    ----------
    study : the study
    frames : tables by name; all of the study's
    present : names of the tables that have a file
    unreadable : names of the tables whose file could not be read; nothing is said to be missing from them
    unread_results : lines of laboratory results that cannot be read; they are not missing
    """

    study: Study
    frames: dict[str, pl.DataFrame]
    present: frozenset[str]
    unreadable: frozenset[str]
    unread_results: frozenset[int] = frozenset()

    def is_checked(self, table: str) -> bool:
        """Say whether it makes sense to miss single rows of a table: it was read and has others."""
        return table in self.present and table in self.frames and not self.frames[table].is_empty()

    @property
    def has_subjects(self) -> bool:
        """Say whether there is any subject."""
        return not self.frames["subjects"].is_empty()

    @cached_property
    def visited(self) -> pl.DataFrame:
        """Every subject and visit with its table, date, day and place, over all dated tables."""
        like = next(iter(self.frames.values()))
        ops = verbs_of(like)
        parts = [
            frame.select(_place(ops, name))
            for name, frame in self.frames.items()
            if not frame.is_empty() and set(frame.columns) >= _LOCATED
        ]
        return concat([frame_like(like, {}, _PLACE), *parts])

    @cached_property
    def tests_recorded(self) -> dict[tuple[str, str], list[str]]:
        """Name the laboratory tests of each subject and visit that have a result or were not done."""
        labs = self.frames["labs"]
        ops = verbs_of(labs)
        known = ops.col("value_recorded").is_not_null()
        if "value_not_done" in labs.columns:
            known |= ops.col("value_not_done").fill_null(value=False)
        if self.unread_results:
            known |= ops.col("_line").is_in(sorted(self.unread_results))
        rows = labs.filter(known).group_by("subject", "visit").agg(ops.col("test").unique())
        return {(subject, visit): tests for subject, visit, tests in rows.iter_rows()}

    @cached_property
    def deaths(self) -> pl.DataFrame:
        """Date and study day of death of each subject who died, by disposition or a fatal event."""
        columns = {"subject": pl.String(), "died_on": pl.Date(), "died_day": pl.Int64()}
        ops = verbs_of(self.frames["disposition"])
        ended = self.frames["disposition"].filter(_died(ops))
        events = self.frames["adverse_events"].filter(_is_fatal(ops))
        if ended.is_empty() and events.is_empty():
            return frame_like(ended, {}, columns)
        fatal = events.select(
            "subject", died_on=ops.coalesce("end", "start"), died_day=ops.coalesce("end_day", "start_day")
        )
        return (
            concat([ended.select("subject", died_on=ops.col("date"), died_day=ops.col("day")), fatal])
            .group_by("subject")
            .agg(ops.col("died_on", "died_day").drop_nulls().first())
        )

    @cached_property
    def last_seen(self) -> date | None:
        """Give the latest date of any visit: the data cut."""
        latest = self.visited["date"].max()
        return latest if isinstance(latest, date) else None


@lru_cache(maxsize=256)
def _place(ops: Verbs, table: str) -> Sequence[pl.Expr]:
    """Give the place of each row of a table."""
    return [
        ops.lit(table).alias("table"),
        *(ops.col(name).cast(_PLACE[name]) for name in _PLACE if name in _LOCATED),
    ]


@cache
def _died(ops: Verbs) -> pl.Expr:
    return ops.col("status") == "died"


@cache
def _is_fatal(ops: Verbs) -> pl.Expr:
    return (ops.col("outcome") == "fatal") | (ops.col("grade") == 5)
