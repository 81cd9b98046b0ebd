"""The line of the data that a subject's day was read from, so that a time cites what it was derived from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import polars as pl

from funis.analysis.panel import Floats
from funis.analysis.run import Run

_SCHEMA: Final = {
    "subject": pl.String, "visit": pl.String, "day": pl.Float64, "file": pl.String, "line": pl.Int64,
    "rank": pl.Int64,
}  # fmt: skip


def find_dated_lines(run: Run, days: Floats, tables: Sequence[str], *, others: bool = True) -> pl.DataFrame:
    """Find for each subject a line whose date is a given study day.

    Parameters
    ----------
    run : the analysis on its way
    days : shape (subjects,), study day wanted; NaN for who needs none
    tables : tables looked at first, in order
    others : whether any other table with dates is looked at afterwards

    Returns
    -------
    polars.DataFrame
        One row a subject in the order of the panel: ``visit, file, line``, and ``dated``, False where the
        line has no date and its visit is planned on that day; null where no line is found.
    """
    wanted = pl.DataFrame(
        {"subject": list(run.panel.subjects), "day": pl.Series(days, dtype=pl.Float64).fill_nan(None)},
        schema_overrides={"subject": pl.String},
    )
    every = _every_line(run, tables, others=others)
    planned = {visit.name: float(visit.day) for visit in run.study.visits}
    undated = every.filter(pl.col("day").is_null()).with_columns(
        pl.col("visit").replace_strict(planned, default=None, return_dtype=pl.Float64).alias("day"),
        pl.lit(value=False).alias("dated"),
    )
    known = pl.concat([every.with_columns(pl.lit(value=True).alias("dated")), undated])
    found = (
        known.filter(pl.col("day").is_not_null())
        .join(wanted.filter(pl.col("day").is_not_null()), on=["subject", "day"], how="semi")
        .sort(pl.col("dated").not_(), "rank", "line", maintain_order=True)
        .unique("subject", keep="first", maintain_order=True)
    )
    return wanted.join(found, on="subject", how="left", maintain_order="left").select(
        "visit", "file", "line", "dated"
    )


def _every_line(run: Run, tables: Sequence[str], *, others: bool) -> pl.DataFrame:
    """Gather the lines of all tables that have days, the tables named first with the lowest rank."""
    rest = [name for name in run.frames if name not in tables] if others else []
    parts = [pl.DataFrame(schema=_SCHEMA)]
    for rank, name in enumerate([*tables, *rest]):
        frame = run.frames.get(name)
        if frame is None or not {"subject", "day"} <= set(frame.columns):
            continue
        visit = pl.col("visit") if "visit" in frame.columns else pl.lit("")
        parts.append(
            frame.select(
                "subject",
                visit.cast(pl.String).alias("visit"),
                pl.col("day").cast(pl.Float64),
                pl.col("_file").alias("file"),
                pl.col("_line").cast(pl.Int64).alias("line"),
                pl.lit(rank, pl.Int64).alias("rank"),
            )
        )
    return pl.concat(parts)


def lines_of_subjects(run: Run) -> pl.DataFrame:
    """Give each subject's own line, with the columns of `find_dated_lines`: that of the date of consent."""
    own = run.observations()[run.subject_rows]
    return own.select(pl.lit("").alias("visit"), "file", "line", pl.lit(value=True).alias("dated"))
