"""Intercurrent events found in the data: who, which, on which study day, and where it was recorded.

An event counts from the first infusion on (study day 0). Drugs and terms are compared without regard to
capitals. Where a subject has an event several times, the first one counts.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from funis.study.courses import first_treatment, place_infusions
from funis.study.estimand import EventName
from funis.study.model import Study

MEANINGS: dict[EventName, str] = {
    "death": "`disposition` with status died, on its day",
    "withdrawal": "`disposition` with status withdrew or lost, on its day",
    "rescue_medication": "`medications`: a course of a drug listed in `[intercurrent_events]`, begun "
    "after day 0",
    "new_immunosuppressant": "`medications`: the first course of a listed drug, begun after day 0, by a "
    "subject without a course of it begun before",
    "second_infusion_missed": "`infusions`: a first infusion but no second of the first treatment, though "
    "two are planned and the subject was followed beyond the window of the second; on the last day of the "
    "window",
    "reinfusion": "`infusions`: one of a later course of treatment (retreatment), or beyond the planned "
    "number, on its day",
    "adverse_event": "`adverse_events`: a term listed in `[intercurrent_events]`, begun on day 0 or later",
}
"""How each event is found in the data."""

COLUMNS: dict[str, pl.DataType] = {
    "subject": pl.String(),
    "event": pl.String(),
    "day": pl.Float64(),
    "table": pl.String(),
    "file": pl.String(),
    "line": pl.Int64(),
}


def find_intercurrent_events(
    study: Study, frames: Mapping[str, pl.DataFrame], subject_frame: pl.DataFrame
) -> pl.DataFrame:
    """Find the first event of each kind of each subject.

    Parameters
    ----------
    study : its infusions, and its lists of drugs and terms
    frames : checked tables by name, study days filled
    subject_frame : one row a subject, as ``visits.derive_subject_frame`` gives it

    Returns
    -------
    polars.DataFrame
        One row a subject and event: subject, event, day (null where no day is recorded), table, file, line.

    Source
    ------
    ICH E9(R1) 2019, Addendum on estimands.
    """
    declared = study.intercurrent_events
    parts = [
        _ended(frames, "death", ("died",)),
        _ended(frames, "withdrawal", ("withdrew", "lost")),
        _drugs(frames, "rescue_medication", declared.rescue_medication),
        _new_drugs(frames, declared.new_immunosuppressant),
        _terms(frames, declared.adverse_event),
        _missed(study, frames, subject_frame),
        _repeated(study, frames),
    ]
    found = pl.concat([pl.DataFrame(schema=COLUMNS), *(part for part in parts if part is not None)])
    return found.sort("day", nulls_last=True, maintain_order=True).unique(
        ["subject", "event"], keep="first", maintain_order=True
    )


def _rows(frame: pl.DataFrame, event: str, table: str, day: str) -> pl.DataFrame:
    return frame.select(
        "subject",
        pl.lit(event).alias("event"),
        pl.col(day).cast(pl.Float64).alias("day"),
        pl.lit(table).alias("table"),
        pl.col("_file").alias("file"),
        pl.col("_line").alias("line"),
    )


def _ended(frames: Mapping[str, pl.DataFrame], event: str, statuses: tuple[str, ...]) -> pl.DataFrame:
    frame = frames["disposition"].filter(pl.col("status").is_in(statuses))
    return _rows(frame, event, "disposition", "day")


def _named(frame: pl.DataFrame, column: str, names: tuple[str, ...]) -> pl.DataFrame:
    wanted = [name.strip().casefold() for name in names]
    return frame.filter(pl.col(column).str.strip_chars().str.to_lowercase().is_in(wanted))


def _drugs(frames: Mapping[str, pl.DataFrame], event: str, names: tuple[str, ...]) -> pl.DataFrame:
    courses = _named(frames["medications"], "drug", names)
    begun = courses.filter((pl.col("start_day") > 0).fill_null(value=True))
    return _rows(begun, event, "medications", "start_day")


def _new_drugs(frames: Mapping[str, pl.DataFrame], names: tuple[str, ...]) -> pl.DataFrame:
    drug = pl.col("drug").str.strip_chars().str.to_lowercase().alias("_drug")
    courses = _named(frames["medications"], "drug", names).with_columns(drug)
    before = courses.filter(pl.col("start_day") <= 0).select("subject", "_drug").unique()
    begun = courses.filter((pl.col("start_day") > 0).fill_null(value=True))
    begun = begun.join(before, on=["subject", "_drug"], how="anti", maintain_order="left")
    return _rows(begun, "new_immunosuppressant", "medications", "start_day")


def _terms(frames: Mapping[str, pl.DataFrame], names: tuple[str, ...]) -> pl.DataFrame:
    events = _named(frames["adverse_events"], "term", names)
    begun = events.filter((pl.col("start_day") >= 0).fill_null(value=True))
    return _rows(begun, "adverse_event", "adverse_events", "start_day")


def _missed(
    study: Study, frames: Mapping[str, pl.DataFrame], subject_frame: pl.DataFrame
) -> pl.DataFrame | None:
    """Find who had the first infusion, was followed past the window of the second, and had none."""
    plan = first_treatment(study)
    if len(plan) < 2:
        return None
    closes = plan[1].closes
    rows = frames["infusions"].to_dicts()
    own = [row for row, each in zip(rows, place_infusions(study, rows), strict=True) if each.course == 1]
    first = [row["subject"] for row in own if row["number"] == 1]
    later = [row["subject"] for row in own if row["number"] >= 2]
    left = pl.col("disposition_status").is_in(["withdrew", "lost", "died"]).fill_null(value=False)
    gone = left & (pl.col("disposition_day") <= closes)
    followed = pl.max_horizontal("last_visit_day", "disposition_day") > closes
    lacking = subject_frame.filter(
        pl.col("subject").is_in(first),
        ~pl.col("subject").is_in(later),
        followed,
        ~gone.fill_null(value=False),
    ).with_columns(pl.lit(float(closes)).alias("_closes"))
    return _rows(lacking, "second_infusion_missed", "subjects", "_closes")


def _repeated(study: Study, frames: Mapping[str, pl.DataFrame]) -> pl.DataFrame | None:
    if not study.infusions:
        return None
    infusions = frames["infusions"]
    placed = place_infusions(study, infusions.to_dicts())
    is_beyond = [each.course > 1 or each.position > len(first_treatment(study)) for each in placed]
    return _rows(infusions.filter(pl.Series(is_beyond, dtype=pl.Boolean)), "reinfusion", "infusions", "day")
