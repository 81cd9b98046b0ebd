"""Study day, baseline and the subject frame: the only place where dates become visits.

Study day
    Day 0 is the day of the first infusion, day 7 is seven days after it, day -3 three days before it
    (the numbering of the trials' own reports: infusions on days 0 and 7). An observational study, and a
    subject who never was infused, count from the first visit instead.

Baseline
    The last value recorded on day 0 or before. A value of the day of the first infusion counts as taken
    before it, because times of day are rarely recorded: an assessment after the infusion belongs to the
    next visit. A subject without a study day has the value of the baseline visit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple, cast

import polars as pl

from funis.catalogue.model_instrument import GRADES
from funis.frames.verbs import Verbs, concat, frame_like, verbs_of
from funis.schema import DISPOSITION_STATUSES, DTYPES, SUBJECTS, is_unscheduled
from funis.study.allocated import arm_ids
from funis.study.classified import (
    MET,
    NOT_MET,
    classification_schema,
    classifications_asked,
    derive_classifications,
    items_column,
)
from funis.study.drugs_failed import DRUGS_FAILED
from funis.study.kept import once_a_study
from funis.study.model import Study
from funis.study.subject_parts import (
    DATES_OF_SUBJECTS,
    PARTS,
    baseline_schema,
    count_years,
    days_between,
    derive_baselines,
    in_nine_decimals,
)

EVENTS = (
    "birth",
    "diagnosis",
    "consent",
    "baseline",
    "first_infusion",
    "last_infusion",
    "last_visit",
    "disposition",
    "death",
)
"""The dated events of a subject in their usual order; ``days_<earlier>_to_<later>`` joins any two."""

_BEFORE_INFUSION = ("birth", "diagnosis", "consent", "baseline")
_EXTRA_DTYPES = {"text": pl.String(), "number": pl.Float64(), "flag": pl.Float64(), "date": pl.Date()}
_NUMBERED = re.compile(r"\d+$")


@once_a_study
def subject_schema(study: Study) -> dict[str, pl.DataType]:
    """Name the columns of the subject frame of a study and their types.

    Parameters
    ----------
    study : the study

    Returns
    -------
    dict
        Column name and Polars type; numbers are all Float64, grades and texts String.

    Examples
    --------
    >>> from funis.study.model import Study, Trial
    >>> trial = Trial(id="X", title="X", condition="sle", design="single_arm")
    >>> subject_schema(Study(trial=trial))["days_consent_to_first_infusion"]
    Float64
    """
    schema: dict[str, pl.DataType] = {
        column.name: pl.Float64() if DTYPES[column.kind].is_numeric() else DTYPES[column.kind]
        for column in SUBJECTS.columns
    }
    schema |= {column.name: _EXTRA_DTYPES[column.kind] for column in study.columns}
    schema |= {f"{event}_date": pl.Date() for event in EVENTS}
    schema |= {f"{event}_day": pl.Float64() for event in EVENTS if event not in DATES_OF_SUBJECTS}
    schema |= {
        "infusions_received": pl.Float64(),
        "disposition_status": pl.String(),
        DRUGS_FAILED: pl.Float64(),
    }
    schema |= {f"days_{a}_to_{b}": pl.Float64() for a, b in combinations(EVENTS, 2)}
    return schema | baseline_schema(study) | dict(classification_schema())


def eligibility_schema(study: Study) -> dict[str, pl.DataType]:
    """Name the columns of the subject frame that are known before the first infusion.

    Parameters
    ----------
    study : the study

    Returns
    -------
    dict
        As :func:`subject_schema`, without what only the course of the study tells.

    Examples
    --------
    >>> from funis.study.model import Study, Trial
    >>> trial = Trial(id="X", title="X", condition="sle", design="single_arm")
    >>> "death_date" in eligibility_schema(Study(trial=trial))
    False
    """
    later = [event for event in EVENTS if event not in _BEFORE_INFUSION]
    hidden = {"infusions_received", "received_cells", "disposition_status", "arm"}
    hidden |= {f"{event}_date" for event in later} | {f"{event}_day" for event in later}
    hidden |= {f"days_{a}_to_{b}" for a, b in combinations(EVENTS, 2) if b in later}
    # That consent came before the cells is a condition of being treated, not something that happened later.
    hidden -= {"days_consent_to_first_infusion"}
    return {name: dtype for name, dtype in subject_schema(study).items() if name not in hidden}


def subject_values(study: Study) -> dict[str, tuple[str, ...]]:
    """Name the values that the text columns of the subject frame can hold, where they are known.

    Parameters
    ----------
    study : the study

    Returns
    -------
    dict
        Column name and its possible values.

    Examples
    --------
    >>> from funis.study.model import Study, Trial
    >>> trial = Trial(id="X", title="X", condition="sle", design="single_arm")
    >>> subject_values(Study(trial=trial))["sex"]
    ('female', 'male')
    """
    values: dict[str, tuple[str, ...]] = {
        "sex": SUBJECTS.by_name["sex"].allowed,
        "disposition_status": DISPOSITION_STATUSES,
    }
    if study.sites:
        values["site"] = study.site_ids
    if arm_ids(study):
        values["arm"] = arm_ids(study)
    values |= {column.name: column.allowed for column in study.columns if column.allowed}
    values |= dict.fromkeys(classification_schema(), (MET, NOT_MET))
    graded = [name for name, dtype in baseline_schema(study).items() if dtype == pl.String]
    return values | dict.fromkeys(graded, GRADES)


def derive_anchors(study: Study, frames: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Find the date of day 0 of each subject.

    Parameters
    ----------
    study : the study
    frames : tables of the data folder by name

    Returns
    -------
    polars.DataFrame
        ``subject``, ``anchor`` (date of day 0, null where the data carry no dates), ``anchored_on``
        (``first_infusion`` or ``first_visit``).
    """
    ops = verbs_of(frames["subjects"])
    infused = frames["infusions"].drop_nulls("date").group_by("subject").agg(anchor=ops.col("date").min())
    is_baseline = _is_baseline(ops, study)
    seen = [
        frame.filter(is_baseline).select("subject", "date").drop_nulls()
        for name, frame in frames.items()
        if name not in {"infusions", "disposition"}
        and not frame.is_empty()
        and {"subject", "visit", "date"} <= set(frame.columns)
    ]
    empty = frame_like(frames["subjects"], {}, {"subject": pl.String(), "date": pl.Date()})
    visited = concat([empty, *seen]).group_by("subject").agg(first_visit=ops.col("date").min())
    if study.trial.design == "observational" and not study.infusions:
        infused = infused.clear()
    return (
        frames["subjects"]
        .select("subject")
        .unique(maintain_order=True)
        .join(infused, on="subject", how="left")
        .join(visited, on="subject", how="left")
        .select(
            "subject",
            anchor=ops.coalesce("anchor", "first_visit"),
            anchored_on=ops.when(ops.col("anchor").is_not_null())
            .then(ops.lit("first_infusion"))
            .otherwise(ops.lit("first_visit")),
        )
    )


def _is_baseline(ops: Verbs, study: Study) -> pl.Expr:
    """Select the rows that may set day 0 of a subject without infusion."""
    if study.baseline_visit is None:
        return ops.col("visit").is_not_null()
    return ops.col("visit") == study.baseline_visit


def fill_dates(frames: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """Give an assessment without a date that of its visit.

    Parameters
    ----------
    frames : tables by name; the table ``visits`` says when each visit was

    Returns
    -------
    dict
        The same tables; a date or day that was given stays.
    """
    columns = ("subject", "visit", "date", "day")
    ops = verbs_of(frames["visits"])
    listed = frames["visits"].select(columns).unique(("subject", "visit"), keep="none")
    known = listed.rename({"date": "_date", "day": "_day"})
    filled = dict(frames)
    for name, frame in frames.items():
        if name == "visits" or not set(columns) <= set(frame.columns) or not frame["date"].null_count():
            continue
        is_open = ops.col("date").is_null() & ops.col("day").is_null()
        filled[name] = (
            frame.join(known, on=("subject", "visit"), how="left", maintain_order="left")
            .with_columns(
                date=ops.when(is_open).then("_date").otherwise("date"),
                day=ops.when(is_open).then("_day").otherwise("day"),
            )
            .drop("_date", "_day")
        )
    return filled


def derive_days(frames: Mapping[str, pl.DataFrame], anchors: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Fill the study day of every dated row from its date; a day that was given stays where no date is.

    Parameters
    ----------
    frames : tables by name; a dated table has ``date`` and ``day``, an interval ``start`` and ``start_day``
    anchors : what :func:`derive_anchors` gave

    Returns
    -------
    dict
        The same tables with ``day`` (``start_day``, ``end_day``) filled.
    """
    pairs = (("date", "day"), ("start", "start_day"), ("end", "end_day"))
    ops = verbs_of(anchors)
    anchor = ops.col("subject").replace_strict(
        anchors["subject"], anchors["anchor"], default=None, return_dtype=ops.Date
    )
    derived = {
        (date, day): ops.coalesce((ops.col(date) - anchor).dt.total_days(), day).alias(day)
        for date, day in pairs
    }
    filled: dict[str, pl.DataFrame] = {}
    for name, frame in frames.items():
        present = set(frame.columns)
        due = [column for pair, column in derived.items() if {*pair, "subject"} <= present]
        filled[name] = frame.with_columns(due) if due and not frame.is_empty() else frame
    return filled


def derive_visit_order(study: Study, frames: Mapping[str, pl.DataFrame]) -> tuple[str, ...]:
    """Give the visit names in the order of printing.

    Parameters
    ----------
    study : the study
    frames : tables of the data folder by name

    Returns
    -------
    tuple of str
        The planned visits in the order of the file; with open visits, every visit name of the data in the
        order of its median study day; names that differ only in their number stand in the order of the
        number, as the late visits of a cohort are those of few subjects.

    Examples
    --------
    >>> from funis.study.model import Study, Trial
    >>> trial = Trial(id="X", title="X", condition="sle", design="observational")
    >>> seen = pl.DataFrame({"visit": ["visit_10", "visit_2"], "day": [300, 30]})
    >>> derive_visit_order(Study(trial=trial), {"visits": seen})
    ('visit_2', 'visit_10')
    >>> late = pl.DataFrame({"visit": ["visit_15", "visit_2", "visit_1"], "day": [20, 30, 0]})
    >>> derive_visit_order(Study(trial=trial), {"visits": late})
    ('visit_1', 'visit_2', 'visit_15')
    """
    if not study.has_open_visits:
        return study.visit_names
    seen = [
        frame.select("visit", pl.col("day").cast(pl.Float64))
        for frame in frames.values()
        if {"visit", "day"} <= set(frame.columns)
    ]
    if not seen:
        return ()
    order = pl.concat(seen).drop_nulls("visit").group_by("visit").agg(pl.col("day").median())
    names = order.sort("day", "visit", nulls_last=True)["visit"].to_list()
    return _by_number([name for name in names if not is_unscheduled(name)])


def _by_number(names: Sequence[str]) -> tuple[str, ...]:
    """Put names that differ only in their number in its order, within the places that they have together."""
    places: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        places.setdefault(_NUMBERED.sub("", name) if _NUMBERED.search(name) else f"={name}", []).append(place)
    ordered = list(names)
    for together in places.values():
        # Without a number a name is alone in its group.
        sorted_names = sorted((names[place] for place in together), key=_number_at_end)
        for place, name in zip(together, sorted_names, strict=True):
            ordered[place] = name
    return tuple(ordered)


def _number_at_end(name: str) -> int:
    found = _NUMBERED.search(name)
    return int(found.group()) if found else 0


def _none_given(study: Study, ops: Verbs, frame: pl.DataFrame) -> pl.Expr:
    """Give 0 for who is recorded to have had no infusion: that none is listed of a subject does not say it.

    A control arm without a single infusion beside an arm with some is one that was to have none.
    """
    denied = ops.col("received_cells") == 0
    if study.control_arm is not None:
        infused = set(frame.filter(ops.col("infusions_received") > 0)["arm"].to_list()) - {None}
        if infused and study.control_arm not in infused:
            denied = ops.any_horizontal(denied, ops.col("arm") == study.control_arm)
    return cast("pl.Expr", ops.when(denied).then(0.0))


class _FramePlan(NamedTuple):
    """What a subject frame with some columns is made of.

    Attributes
    ----------
    schema : its columns and their types
    days : events between which days are counted
    needed : every column that is read on the way
    parts : what derives the columns of single tables
    """

    schema: dict[str, pl.DataType]
    days: Sequence[tuple[str, str]]
    needed: dict[str, pl.DataType]
    parts: Sequence[Callable[[Study, Mapping[str, pl.DataFrame]], pl.DataFrame]]


@once_a_study
def _plan_frame(study: Study, columns: frozenset[str] | None) -> _FramePlan:
    """Plan a subject frame with some columns, or with all."""
    whole = subject_schema(study)
    schema = {
        name: dtype
        for name, dtype in whole.items()
        if columns is None or name == "subject" or name in columns
    }
    days = [pair for pair in combinations(EVENTS, 2) if f"days_{pair[0]}_to_{pair[1]}" in schema]
    read = {*schema, *(f"{event}_{kind}" for pair in days for event in pair for kind in ("date", "day"))}
    parts = [derive for starts, derive in PARTS.items() if any(name.startswith(starts) for name in read)]
    needed = {name: dtype for name, dtype in whole.items() if name in read}
    return _FramePlan(schema, days, needed, parts)


def derive_subject_frame(
    study: Study,
    frames: Mapping[str, pl.DataFrame],
    scores: pl.DataFrame | None = None,
    *,
    columns: Collection[str] | None = None,
) -> pl.DataFrame:
    """Derive the frame that rules of a study file see: one row a subject.

    Parameters
    ----------
    study : the study
    frames : its checked tables by name, study days filled
    scores : long frame of scores and grades with columns subject, visit, day, variable, value (number or
        null), grade (letter or null); laboratory tests are taken from the tables. None: no scores.
    columns : those that are wanted beside ``subject``; default all

    Returns
    -------
    polars.DataFrame
        The columns of :func:`subject_schema`, `items_column` of each set of criteria that is asked for, and
        ``_file``, ``_line`` of the subjects table. ``age`` is in
        completed years at consent. Numbers are rounded to nine decimals, so that 0.1 * 3 decides nothing.
    """
    frame = frames["subjects"].unique("subject", keep="first", maintain_order=True)
    ops = verbs_of(frame)
    schema, days, needed, parts = _plan_frame(study, None if columns is None else frozenset(columns))
    for derive in parts:
        frame = frame.join(derive(study, frames), on="subject", how="left", maintain_order="left")
    if any(name.startswith("baseline_") for name in schema):
        wide = derive_baselines(frames, scores, study.baseline_visit, schema)
        frame = frame.join(wide, on="subject", how="left", maintain_order="left")
    asked = [name for name in classifications_asked(study) if f"baseline_{name}" in schema]
    if asked:
        judged = derive_classifications(study, frames, scores, asked)
        frame = frame.join(judged, on="subject", how="left", maintain_order="left")
    present = {*frame.columns}
    lacking = [(name, dtype) for name, dtype in needed.items() if name not in present]
    frame = frame.with_columns(ops.lit(None, dtype).alias(name) for name, dtype in lacking)
    if "age" in schema:
        frame = frame.with_columns(age=ops.coalesce(count_years(ops, "birth_date", "consent_date"), "age"))
    if "infusions_received" in schema:
        frame = frame.with_columns(
            infusions_received=ops.coalesce("infusions_received", _none_given(study, ops, frame))
        )
    frame = frame.with_columns(days_between(ops, a, b) for a, b in days)
    items = [items_column(f"baseline_{name}") for name in asked]
    return frame.select(
        *(in_nine_decimals(ops, name, dtype) for name, dtype in schema.items()), *items, "_file", "_line"
    )
