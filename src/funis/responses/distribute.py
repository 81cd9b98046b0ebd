"""Answers about subjects on Spark: each subject's rows are judged in a worker, none comes to one machine.

A subject's answer depends on the others only through what the trial did: which columns it filled, on which
day a visit usually fell, at which visits most subjects were measured. One pass over groups of subjects
gathers that into a single row, which Spark hands to the second pass, where the subjects of each group are
judged. Both passes read the timeline of a subject as every other engine does, so that answers are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final

import polars as pl

from funis.errors import ColumnError
from funis.frames.any_kind import read_rows
from funis.frames.arrow import flat_rows, plain_table
from funis.frames.scales import Scale
from funis.frames.spark import KEY, flat_columns, group_of, is_spark, quote_column, run_groups, spark_schema
from funis.responses.participation import (
    check_disposition_columns,
    columns_of_disposition,
    refuse_misspelt_events,
)
from funis.responses.timeline import (
    CohortTimelines,
    Gathered,
    UnsaidUnit,
    build_timelines,
    check_visit_columns,
    list_days,
    order_days,
)
from funis.scoring.column_limits import FrameLimits

FACTS: Final = "_funis_facts"
Work = Callable[[CohortTimelines], pl.DataFrame]
Fact = tuple[str, str, str, float | None, int]

_FACT_SCHEMA: Final[Mapping[str, pl.DataType]] = {
    "fact": pl.String(),
    "name": pl.String(),
    "instrument": pl.String(),
    "value": pl.Float64(),
    "n": pl.Int64(),
}


@dataclass(frozen=True, slots=True)
class Visits:
    """A Spark frame of visits and how to read it.

    Attributes
    ----------
    frame : one row per subject and visit
    subject, visit, day : names of its columns
    disposition : frame of any kind, one row per subject, or None
    instruments : instruments whose grades are asked for
    scales : what brings columns to the units in which they are read
    limits : what the columns can hold, then
    unsaid : columns of which nobody said the unit
    """

    frame: Any
    subject: str
    visit: str
    day: str
    disposition: Any = None
    instruments: tuple[str, ...] = ()
    scales: Mapping[str, Scale] = field(default_factory=dict)
    limits: FrameLimits | None = None
    unsaid: tuple[UnsaidUnit, ...] = ()


@dataclass(frozen=True, slots=True)
class _Names:
    """The names a worker needs, what brings columns to the units that are read, and what they can hold."""

    subject: str
    visit: str
    day: str
    instruments: tuple[str, ...]
    scales: Mapping[str, Scale]
    limits: FrameLimits | None
    unsaid: tuple[UnsaidUnit, ...]


def answer_subjects(
    visits: Visits, work: Work, schema: Mapping[str, pl.DataType], *, facts: Any = None
) -> Any:
    """Judge every subject in the workers.

    Parameters
    ----------
    visits : the frame and how to read it
    work : gives the answer for the timelines of a cohort, with the column ``subject``; a function of a module
    schema : names and types of the answer
    facts : what `gather_facts` gave, where it is known already

    Returns
    -------
    Spark frame, lazy: nothing has run yet. A finding in the rows stops the query when it runs

    Raises
    ------
    ColumnError : the subject or visit column is not there
    """
    left, events = _open_visits(visits), _open_disposition(visits)
    facts = gather_facts(visits) if facts is None else facts
    right = _join_facts(left, events, facts)
    kind = visits.frame.schema[visits.subject].dataType
    is_whole = type(kind).__name__ in {"ByteType", "ShortType", "IntegerType", "LongType"}
    declared = spark_schema(
        {visits.subject if name == "subject" else name: each for name, each in schema.items()}
    )
    if is_whole:
        declared[visits.subject].dataType = kind
    judge = partial(_judge_group, work, _names(visits), tuple(declared.names))
    return run_groups(left, KEY, judge, declared, right)


def gather_facts(visits: Visits) -> Any:
    """Gather what all subjects have together, into one row of a Spark frame.

    Returns
    -------
    Spark frame, lazy, with the column `FACTS`: a few entries per visit name and per column
    """
    from pyspark.sql import functions as sql

    left, events = _open_visits(visits), _open_disposition(visits)
    declared = spark_schema(_FACT_SCHEMA)
    facts_found = run_groups(left, KEY, partial(_find_facts, _names(visits)), declared, events)
    counted = facts_found.groupBy("fact", "name", "instrument").agg(
        sql.percentile("value", 0.5).alias("middle"), sql.sum("n").alias("n")
    )
    entry = sql.struct("fact", "name", "instrument", "middle", "n")
    return counted.agg(sql.collect_list(entry).alias(FACTS))


def fetch_facts(visits: Visits) -> tuple[CohortTimelines, Any]:
    """Fetch the one row of facts: for what must be known before the subjects are judged.

    Returns
    -------
    a cohort that knows the columns and visits of all subjects and has no timelines, and the row of facts as a
    Spark frame that `answer_subjects` takes
    """
    facts = gather_facts(visits)
    rows = facts.collect()
    shell = CohortTimelines((), frozenset(), {}, pl.String(), frozenset(flat_columns(visits.frame)))
    cohort = _complete(shell, [entry.asDict() for entry in rows[0][FACTS]])
    return cohort, visits.frame.sparkSession.createDataFrame(rows, facts.schema)


def _names(visits: Visits) -> _Names:
    said = visits.scales, visits.limits, visits.unsaid
    return _Names(visits.subject, visits.visit, visits.day, visits.instruments, *said)


def _open_visits(visits: Visits) -> Any:
    """Choose the columns that hold single values, with the group of the subject."""
    frame = visits.frame
    check_visit_columns(list(frame.columns), visits.subject, visits.visit)
    refuse_misspelt_events("The frame of visits", frame.columns)
    flat = flat_columns(frame)
    lacking = [name for name in (visits.subject, visits.visit) if name not in flat]
    if lacking:
        fix = "A subject and a visit are texts or numbers, not lists or records."
        raise ColumnError("The frame of visits", lacking, flat, fix)
    return frame.select(*map(quote_column, flat), group_of(frame, visits.subject))


def _open_disposition(visits: Visits) -> Any:
    """Give the disposition as a Spark frame of the same session, with the group of the subject."""
    events = visits.disposition
    if events is None:
        return None
    if not is_spark(events):
        events = read_rows(events)
    check_disposition_columns(list(events.columns), visits.subject)
    held = columns_of_disposition(events.columns, visits.subject)
    if isinstance(events, pl.DataFrame):
        typed = events.select(held).with_columns(pl.col(pl.Null).cast(pl.Float64))
        events = visits.frame.sparkSession.createDataFrame(plain_table(typed.to_arrow()))
    return events.select(*map(quote_column, held), group_of(events, visits.subject, visits.frame))


def _join_facts(left: Any, events: Any, facts: Any) -> Any:
    """Give a row of facts for every group, beside the rows of its disposition."""
    from pyspark.sql import functions as sql

    # A new name for the same column: Spark refuses two sides that share one.
    keys = left.select(sql.col(KEY).alias(KEY))
    if events is not None:
        keys = keys.union(events.select(KEY))
    facts_found = keys.distinct().crossJoin(sql.broadcast(facts))
    return facts_found if events is None else facts_found.unionByName(events, allowMissingColumns=True)


def _read_cohort(names: _Names, rows: Any, events: pl.DataFrame | None) -> CohortTimelines:
    if events is not None:
        events = events.drop(KEY)
    visits = flat_rows(rows).drop(KEY)
    cohort = build_timelines(
        visits,
        subject=names.subject,
        visit=names.visit,
        day=names.day,
        disposition=events,
        scales=names.scales,
        limits=names.limits,
    )
    return replace(cohort, unsaid=names.unsaid)


def _find_facts(names: _Names, table: Any, events: Any = None) -> Any:
    cohort = _read_cohort(names, table, None if events is None else flat_rows(events))
    rows = list(_facts_of(cohort, names.instruments))
    return plain_table(pl.DataFrame(rows, schema=dict(_FACT_SCHEMA), orient="row").to_arrow())


def _facts_of(cohort: CohortTimelines, instruments: Sequence[str]) -> Iterator[Fact]:
    """Yield what some subjects add: their number, days, columns with a value and visits with grades."""
    yield "subject", "", "", None, len(cohort.timelines)
    if cohort.has_visits:
        yield "visits", "", "", None, 1
    if cohort.has_unscheduled:
        yield "unscheduled", "", "", None, 1
    yield from (("column", name, "", None, 1) for name in cohort.columns)
    yield from (("reached", name, "", None, 1) for name in cohort.reached)
    for name, days in list_days(cohort.timelines).items():
        yield from (("day", name, "", day, 1) for day in days)
    for instrument in instruments:
        yield from (("letters", name, "", None, 1) for name in cohort.lettered(instrument))
        yield from (("held", name, instrument, None, n) for name, n in cohort.held(instrument).items() if n)


def _judge_group(work: Work, names: _Names, columns: Sequence[str], rows: Any, right: Any) -> Any:
    facts_found = right.column(FACTS).drop_null()
    others = right.drop_columns([FACTS])
    events = None
    if len(others.column_names) > 1:
        # The row of facts has no subject of its own; the others are those of the disposition.
        events = flat_rows(others.filter(right.column(FACTS).is_null()))
    cohort = _complete(_read_cohort(names, rows, events), facts_found[0].as_py())
    found = cohort.name_subjects(work(cohort), names.subject)
    return plain_table(found.select(columns).to_arrow())


def _complete(cohort: CohortTimelines, facts: Sequence[Mapping[str, Any]]) -> CohortTimelines:
    """Give the timelines at hand what is known of all subjects."""
    of: dict[str, list[Mapping[str, Any]]] = {}
    for fact in facts:
        of.setdefault(fact["fact"], []).append(fact)
    gathered = Gathered(
        n_subjects=sum(fact["n"] for fact in of.get("subject", ())),
        has_visits="visits" in of,
        has_unscheduled="unscheduled" in of,
        lettered=frozenset(fact["name"] for fact in of.get("letters", ())),
        held={(fact["instrument"], fact["name"]): fact["n"] for fact in of.get("held", ())},
        reached=frozenset(fact["name"] for fact in of.get("reached", ())),
    )
    days = order_days({fact["name"]: fact["middle"] for fact in of.get("day", ())})
    columns = frozenset(fact["name"] for fact in of.get("column", ()))
    return replace(cohort, columns=columns, days=days, gathered=gathered)
