"""Visits in one row each: what instruments, laboratory and grades say of a subject at a visit, with its day.

Responses, relapses and the rules that begin a course look at these rows, in a report and on the capture
server alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import polars as pl

from funis.catalogue.model_instrument import Definition
from funis.frames.verbs import is_few, verbs_of
from funis.scoring.items import is_uncollected
from funis.study.model import Study
from funis.units.columns import columns_of_instrument

ORDER: Final = "_order"
"""Column that holds the order of the visits of a subject."""


def leave_out_uncollected(frame: pl.DataFrame, instrument: Definition) -> pl.DataFrame:
    """Drop the empty column of a measure that nobody took because another of the same thing was taken.

    A study that has creatinine and not one GFR does not collect it: that is a statement about the study. A
    single blank beside recorded values is not, and leaves the score open.
    """
    height = frame.height
    filled = {name for name in frame.columns if frame[name].null_count() < height}
    dropped = [
        item.name for item in instrument.items if item.name in frame.columns and is_uncollected(item, filled)
    ]
    flags = [name for item in dropped if (name := f"{item}_not_done") in frame.columns]
    return frame.drop(*dropped, *flags) if dropped else frame


def order_visits(study: Study, frame: pl.DataFrame) -> pl.DataFrame:
    """Add the order of a subject's visits; leave out those that have no place in it.

    The order is the study day, else the planned day; where the plan names no visit and no row of the table
    has a day, the line. Visits of one day follow each other as in the file.
    """
    planned = {visit.name: float(visit.day) for visit in study.visits}
    ops = verbs_of(frame)
    by_line = not planned and frame["day"].null_count() == frame.height
    ordered = frame.with_columns(
        ops.coalesce(
            ops.col("day").cast(ops.Float64),
            ops.col("visit").replace_strict(planned, default=None, return_dtype=ops.Float64),
            ops.col("_line").cast(ops.Float64) if by_line else ops.lit(None, ops.Float64),
        ).alias(ORDER)
    )
    placed = ordered.filter(ops.col(ORDER).is_not_null())
    return placed if is_few(placed) else _part_days(placed)


def _part_days(ordered: pl.DataFrame) -> pl.DataFrame:
    """Part the visits that a subject has on one day; what looks back over days counts whole ones."""
    of_day = ["subject", ORDER]
    parts = (pl.col("_line").rank("ordinal").over(of_day) - 1) / pl.len().over(of_day)
    return ordered.with_columns(pl.col(ORDER) + parts)


def join_visits(study: Study, instruments: Iterable[pl.DataFrame], labs: pl.DataFrame | None) -> pl.DataFrame:
    """Join instruments and laboratory tests into one row per subject and visit.

    Where two instruments of a visit have different days, the later one is the day of the visit; a visit
    without any day has its planned day. Unscheduled visits of one name are told apart by their day.

    Parameters
    ----------
    study : whose visits have planned days
    instruments : the scored table of each
    labs : the checked laboratory results; None where there is no such table

    Returns
    -------
    polars.DataFrame : ``subject``, ``visit``, ``day``, and a column for each item, score, grade and test
    """
    planned = {visit.name: float(visit.day) for visit in study.visits}
    parts = [_response_columns(each) for each in instruments]
    if labs is not None and not labs.is_empty():
        parts.append(_wide_labs(labs))
    key = ["subject", "visit", "_occasion"]
    joined = pl.DataFrame(
        schema={"subject": pl.String, "visit": pl.String, "_occasion": pl.String, "day": pl.Float64}
    )
    for part in parts:
        fresh = [name for name in part.columns if name not in joined.columns or name in {*key, "day"}]
        joined = (
            joined.join(part.select(fresh), on=key, how="full", coalesce=True, maintain_order="left_right")
            .with_columns(pl.max_horizontal("day", "day_right").alias("day"))
            .drop("day_right")
        )
    due = pl.col("visit").replace_strict(planned, default=None, return_dtype=pl.Float64)
    return joined.with_columns(pl.coalesce("day", due).alias("day")).drop("_occasion")


def visit_units(study: Study, frames: Mapping[str, pl.DataFrame]) -> dict[str, str]:
    """Give the unit of each measured column of `visit_frame`.

    A column of an instrument is in the unit of its definition, one of a laboratory test in that of the study.

    Parameters
    ----------
    study : names the tests with their units, and the instruments
    frames : the checked tables by name
    """
    units = {lab.test: lab.unit for lab in study.labs}
    for name in study.instrument_names:
        recorded = frames[name].columns if name in frames else ()
        units |= {
            one.column: one.unit for one in columns_of_instrument(name).values() if one.column in recorded
        }
    return units


def _occasion() -> pl.Expr:
    """Tell apart unscheduled visits, which may share one name."""
    name, day = pl.col("visit"), pl.col("day").cast(pl.String).fill_null("")
    return pl.when(name.str.starts_with("unscheduled")).then(day).otherwise(pl.lit("")).alias("_occasion")


def _response_columns(scored: pl.DataFrame) -> pl.DataFrame:
    """Leave out where and by whom an instrument was recorded; keep one row a visit, the last."""
    left_out = {"date", "window_days", "rater"}
    names = [name for name in scored.columns if not name.startswith("_") and name not in left_out]
    frame = scored.select(names).with_columns(pl.col("day").cast(pl.Float64), _occasion())
    return frame.unique(["subject", "visit", "_occasion"], keep="last", maintain_order=True)


def _wide_labs(labs: pl.DataFrame) -> pl.DataFrame:
    """Give one column a laboratory test; of two results at one visit the last counts."""
    known = labs.filter(pl.col("value").is_not_null()).with_columns(
        pl.col("day").cast(pl.Float64), _occasion()
    )
    key = ["subject", "visit", "_occasion"]
    days = known.group_by(key, maintain_order=True).agg(pl.col("day").max())
    wide = known.pivot("test", index=key, values="value", aggregate_function="last", maintain_order=True)
    return days.join(wide, on=key, how="left", maintain_order="left")
