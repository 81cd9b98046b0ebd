"""What the subject frame is put together from: infusions, visits, the end of study, values at baseline."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Final

import polars as pl

from funis.catalogue.instrument_tables import graded_systems
from funis.frames.verbs import Verbs, concat, frame_like, verbs_of
from funis.nine_decimals import round_column
from funis.study.drugs_failed import DRUGS_FAILED, derive_drugs_failed
from funis.study.kept import once_a_study
from funis.study.model import Study

DATES_OF_SUBJECTS = ("birth", "diagnosis", "consent")
"""Events whose dates stand in the table of subjects; they have no study day."""
_SCORES = {
    "subject": pl.String(),
    "visit": pl.String(),
    "day": pl.Int64(),
    "variable": pl.String(),
    "value": pl.Float64(),
    "grade": pl.String(),
}


@once_a_study
def baseline_schema(study: Study) -> dict[str, pl.DataType]:
    """Name the baseline columns: scores, grades by system, laboratory tests."""
    schema: dict[str, pl.DataType] = {}
    for name in study.instrument_names:
        schema[f"baseline_{name}"] = pl.Float64()
        schema |= {f"baseline_{name}_{system}": pl.String() for system in graded_systems(name)}
    return schema | {f"baseline_{test}": pl.Float64() for test in study.lab_names}


@cache
def in_nine_decimals(ops: Verbs, name: str, dtype: pl.DataType) -> pl.Expr:
    """Bring a column to its type in the subject frame."""
    typed = ops.col(name).cast(dtype)
    return round_column(typed) if dtype == pl.Float64 else typed


def _infusions(_: Study, frames: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """First and last infusion of each subject, and how many."""
    ops = verbs_of(frames["infusions"])
    return (
        frames["infusions"]
        .group_by("subject")
        .agg(
            first_infusion_date=ops.col("date").min(),
            last_infusion_date=ops.col("date").max(),
            first_infusion_day=ops.col("day").min(),
            last_infusion_day=ops.col("day").max(),
            infusions_received=ops.len().cast(ops.Float64),
        )
    )


def _visited(study: Study, frames: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Baseline and last visit of each subject, over every table that has visits."""
    ops = verbs_of(frames["subjects"])
    seen = [
        frame.select("subject", "visit", "date", ops.col("day").cast(ops.Int64))
        for name, frame in frames.items()
        if not frame.is_empty() and {"subject", "visit", "date", "day"} <= set(frame.columns)
    ]
    schema = {"subject": pl.String(), "visit": pl.String(), "date": pl.Date(), "day": pl.Int64()}
    every = concat([frame_like(frames["subjects"], {}, schema), *seen])
    at_baseline = (
        ops.col("visit") == study.baseline_visit if study.baseline_visit is not None else ops.col("day") <= 0
    )
    return every.group_by("subject").agg(
        baseline_date=ops.col("date").filter(at_baseline).min(),
        baseline_day=ops.col("day").filter(at_baseline).min(),
        last_visit_date=ops.col("date").max(),
        last_visit_day=ops.col("day").max(),
    )


def _ended(_: Study, frames: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """How and when each subject left the study."""
    ops = verbs_of(frames["disposition"])
    died = ops.col("disposition_status") == "died"
    return (
        frames["disposition"]
        .unique("subject", keep="first", maintain_order=True)
        .select(
            "subject",
            disposition_status=ops.col("status"),
            disposition_date=ops.col("date"),
            disposition_day=ops.col("day"),
        )
        .with_columns(
            death_date=ops.when(died).then("disposition_date"),
            death_day=ops.when(died).then("disposition_day"),
        )
    )


PARTS: Final[dict[tuple[str, ...], Callable[[Study, Mapping[str, pl.DataFrame]], pl.DataFrame]]] = {
    ("first_infusion_", "last_infusion_", "infusions_received"): _infusions,
    ("baseline_date", "baseline_day", "last_visit_"): _visited,
    ("disposition_", "death_"): _ended,
    (DRUGS_FAILED,): derive_drugs_failed,
}
"""How the names of columns begin, and what derives them."""


def derive_baselines(
    frames: Mapping[str, pl.DataFrame],
    scores: pl.DataFrame | None,
    baseline_visit: str | None,
    schema: Mapping[str, pl.DataType],
) -> pl.DataFrame:
    """Last value on day 0 or before of each score, grade and laboratory test of a schema, one column each."""
    labs = frames["labs"]
    ops = verbs_of(labs)
    wanted = {
        name.removeprefix("baseline_"): dtype
        for name, dtype in schema.items()
        if name.startswith("baseline_")
    }
    measured = labs.filter(ops.col("test").is_in(list(wanted)))
    tests = measured.with_columns(variable=ops.col("test"), grade=ops.lit(None, ops.String))
    given = [tests] if scores is None else [scores.filter(ops.col("variable").is_in(list(wanted))), tests]
    every = concat(frame.select(_columns_of_scores(ops)) for frame in given)
    early = ops.col("day") <= 0
    named = ops.col("day").is_null() & (ops.col("visit") == (baseline_visit or ""))
    known = (
        every.filter(ops.col("value").is_not_null() | ops.col("grade").is_not_null(), early | named)
        .sort("day", nulls_last=False, maintain_order=True)
        .unique(["subject", "variable"], keep="last", maintain_order=True)
    )
    parts = frames["subjects"].select("subject").unique(maintain_order=True)
    for column in ("value", "grade"):
        wide = known.filter(ops.col(column).is_not_null()).pivot("variable", index="subject", values=column)
        kept = [
            name
            for name in wide.columns
            if name != "subject" and (wanted[name] == pl.String) == (column == "grade")
        ]
        named_so = [ops.col(name).alias(f"baseline_{name}") for name in kept]
        parts = parts.join(wide.select("subject", *named_so), on="subject", how="left", maintain_order="left")
    return parts


@cache
def _columns_of_scores(ops: Verbs) -> list[pl.Expr]:
    return [ops.col(name).cast(dtype) for name, dtype in _SCORES.items()]


@cache
def count_years(ops: Verbs, birth: str, at: str) -> pl.Expr:
    """Count completed years between two dates: a birthday that is still to come does not count."""
    years = ops.col(at).dt.year() - ops.col(birth).dt.year()
    # Months and days are numbers of 8 bits: 3 * 100 is 44 there.
    born, then = (
        ops.col(name).dt.month().cast(ops.Int32) * 100 + ops.col(name).dt.day() for name in (birth, at)
    )
    to_come = then < born
    return (years - to_come.cast(ops.Int32)).cast(ops.Float64)


@cache
def days_between(ops: Verbs, earlier: str, later: str) -> pl.Expr:
    """Count days between two events, by their dates, else by their study days."""
    by_date = (ops.col(f"{later}_date") - ops.col(f"{earlier}_date")).dt.total_days().cast(ops.Float64)
    if earlier in DATES_OF_SUBJECTS:
        return by_date.alias(f"days_{earlier}_to_{later}")
    by_day = (ops.col(f"{later}_day") - ops.col(f"{earlier}_day")).cast(ops.Float64)
    return ops.coalesce(by_date, by_day).alias(f"days_{earlier}_to_{later}")
