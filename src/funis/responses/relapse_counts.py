"""Incident relapses at each visit and in all, over every denominator."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial, reduce
from operator import or_
from typing import Any, Final

import polars as pl

from funis.arguments import ByName, Frame, NumberFrom, takes
from funis.column_kinds import MOST_DAYS, check_kinds
from funis.errors import ColumnError
from funis.frames.any_kind import read_rows, return_kind
from funis.frames.spark import is_spark, spark_schema
from funis.responses.verdict import CANNOT_TELL, YES
from funis.scoring.column_limits import ColumnLimits, FrameLimits

Schedule = Sequence[tuple[str, float]]
ALL: Final = "all"
DENOMINATORS: Final = ("enrolled", "responders", "at_risk")
_SCHEMA: Final[Mapping[str, pl.DataType]] = {
    "visit": pl.String(),
    "denominator": pl.String(),
    "count": pl.Int64(),
    "n": pl.Int64(),
    "cannot_tell": pl.Int64(),
}


@takes(responses=Frame(), visit_days=ByName(NumberFrom()), window=NumberFrom(0))
def count_relapses(responses: Any, visit_days: Mapping[str, float], *, window: float = 30.0) -> Any:
    """Count incident relapses at each visit and in all, over every denominator.

    Parameters
    ----------
    responses : what `respond` returned for a definition with relapse
    visit_days : scheduled day of each visit at which relapse is looked for, in days
    window : a responder is at risk at a visit when followed to at most this many days before it

    Returns
    -------
    frame of the caller's kind; on Spark lazy, counted where the rows are
        ``visit`` (each, then ``all``), ``denominator`` (``enrolled``, ``responders``, ``at_risk``),
        ``count`` of relapses, ``n`` of the denominator, ``cannot_tell`` (responders whose relapse is open).
        At risk means a responder without an earlier relapse, still followed or relapsing at the visit; in
        all, everybody who was a responder and followed beyond the response.

    Examples
    --------
    >>> one = {"responder": "yes", "relapse_visit": None, "relapse_day": None, "followed_to_day": 360.0}
    >>> two = {**one, "relapse_visit": "month_9", "relapse_day": 270.0}
    >>> frame = pl.DataFrame([{**one, "relapse": "no"}, {**two, "relapse": "yes"}])
    >>> count_relapses(frame, {"month_9": 270, "month_12": 360}).select("visit", "count", "n").rows()[2]
    ('month_9', 1, 2)
    """
    import narwhals as nw

    ordered = _in_order(visit_days)
    rows = responses if is_spark(responses) else _typed(read_rows(responses))
    counted: Any = nw.from_native(rows).select(*_counts(ordered, window))
    if is_spark(responses):
        return counted.to_native().mapInArrow(partial(_unfold_batches, ordered), spark_schema(_SCHEMA))
    return return_kind(responses, _unfold(counted.to_native(), ordered))


def _typed(rows: pl.DataFrame) -> pl.DataFrame:
    """Give columns that are empty throughout the type they have elsewhere."""
    days, texts = ["relapse_day", "followed_to_day"], ["responder", "relapse", "relapse_visit"]
    lacking = [name for name in (*days, *texts) if name not in rows.columns]
    if lacking:
        raise ColumnError("Counting relapses", lacking, rows.columns, "Give what funis.respond returned.")
    check_kinds("Counting relapses", rows, numbers=days)
    limits = tuple(ColumnLimits(name, -MOST_DAYS, MOST_DAYS, "days") for name in days)
    FrameLimits("responses", limits).check(rows, [name for name in ("subject",) if name in rows.columns])
    return rows.with_columns(pl.col(days).cast(pl.Float64), pl.col(texts).cast(pl.String))


def flag_relapses(
    responses: pl.DataFrame, visit_days: Mapping[str, float], opens: Mapping[str, float]
) -> pl.DataFrame:
    """Flag, for each subject, the visit that an incident relapse belongs to and where one was at risk.

    Parameters
    ----------
    responses : what `respond` returned for a definition with relapse
    visit_days : scheduled day of each visit at which relapse is looked for, in days
    opens : first day that counts as being at the visit; who was followed to it is at risk

    Returns
    -------
    polars.DataFrame
        In the order of the rows: ``relapse_<visit>`` and ``at_risk_<visit>``, the conditions that
        `count_relapses` adds up.

    Examples
    --------
    >>> one = {"responder": "yes", "relapse": "yes", "relapse_visit": "month_9", "relapse_day": 270.0}
    >>> frame = pl.DataFrame([one | {"followed_to_day": 360.0}])
    >>> days = {"month_9": 270, "month_12": 360}
    >>> flag_relapses(frame, days, days).row(0, named=True)
    {'relapse_month_9': True, 'at_risk_month_9': True, 'relapse_month_12': False, 'at_risk_month_12': False}
    """
    ordered = _in_order(visit_days)
    flags = [
        condition.fill_null(value=False).alias(f"{kind}_{name}")
        for place, (name, _) in enumerate(ordered)
        for kind, condition in _conditions(pl, place, ordered, opens)
    ]
    return _typed(responses).select(*flags)


def _in_order(visit_days: Mapping[str, float]) -> Schedule:
    return sorted(visit_days.items(), key=lambda pair: pair[1])


def _conditions(
    ops: Any, place: int, ordered: Schedule, opens: Mapping[str, float]
) -> tuple[tuple[str, Any], tuple[str, Any]]:
    """Give the two conditions of a visit: a responder relapses at it; a responder is at risk at it.

    At risk is who has not relapsed before and was followed to the opening of the visit, or relapses at it.
    Narwhals or Polars writes them: over a few rows the border costs ten times what it holds.
    """
    is_responder = ops.col("responder") == YES
    has_answer = is_responder & (ops.col("relapse") != "")
    has_relapsed = is_responder & (ops.col("relapse") == YES)
    now = has_relapsed & _belongs(ops, place, ordered)
    earlier = [has_relapsed & _belongs(ops, each, ordered) for each in range(place)]
    is_free = ~reduce(or_, [each.fill_null(value=False) for each in earlier], ops.lit(value=False))
    is_followed = ops.col("followed_to_day") >= opens[ordered[place][0]]
    return ("relapse", now), ("at_risk", has_answer & is_free & (is_followed | now))


def _counts(ordered: Schedule, window: float) -> Iterator[Any]:
    """Yield one count each: what Spark and Polars add up without looking at a row twice."""
    import narwhals as nw

    is_responder = nw.col("responder") == YES
    opens = {name: day - window for name, day in ordered}
    yield nw.len().alias("enrolled")
    yield _sum(is_responder).alias("responders")
    yield _sum(is_responder & (nw.col("relapse") == CANNOT_TELL)).alias("open")
    for place in range(len(ordered)):
        for kind, condition in _conditions(nw, place, ordered, opens):
            yield _sum(condition).alias(f"{kind}_{place}")
    first = ordered[0][1] - window if ordered else 0.0
    has_answer = is_responder & (nw.col("relapse") != "")
    yield _sum(has_answer & (nw.col("followed_to_day") >= first)).alias("at_risk")


def _sum(condition: Any) -> Any:
    import narwhals as nw

    return condition.fill_null(value=False).cast(nw.Int64).sum()


def _is_named(ops: Any, names: Sequence[str]) -> Any:
    """Tell whether the visit of a relapse is one of these; no where it has none."""
    return reduce(or_, [(ops.col("relapse_visit") == name).fill_null(value=False) for name in names])


def _belongs(ops: Any, place: int, ordered: Schedule) -> Any:
    """Tell whether a relapse belongs to a visit: its own, else the next one scheduled, else the last.

    One without a day that was found at no scheduled visit belongs to the last.
    """
    names, days = [name for name, _ in ordered], [day for _, day in ordered]
    at = ops.col("relapse_day")
    is_after = at > days[place - 1] if place else ops.lit(value=True)
    is_next = is_after & (at <= days[place])
    if place == len(days) - 1:
        is_next = is_after | at.is_null()
    return _is_named(ops, names[place : place + 1]) | (~_is_named(ops, names) & is_next)


def _unfold_batches(ordered: Schedule, batches: Any) -> Iterator[Any]:
    import pyarrow as pa

    from funis.frames.arrow import plain_table

    for batch in batches:
        counted = pl.from_arrow(pa.Table.from_batches([batch]))
        if isinstance(counted, pl.DataFrame) and counted.height:
            yield from plain_table(_unfold(counted, ordered).to_arrow()).to_batches()


def _unfold(counted: pl.DataFrame, ordered: Schedule) -> pl.DataFrame:
    """Turn the one row of counts into a row per visit and denominator."""
    row = {name: int(value or 0) for name, value in counted.row(0, named=True).items()}
    places = [*enumerate(name for name, _ in ordered)]
    found = [(name, row[f"relapse_{place}"], row[f"at_risk_{place}"]) for place, name in places]
    found.append((ALL, sum(count for _, count, _ in found), row["at_risk"]))
    rows = [
        (name, kind, count, at_risk if kind == "at_risk" else row[kind], row["open"])
        for name, count, at_risk in found
        for kind in DENOMINATORS
    ]
    return pl.DataFrame(rows, schema=dict(_SCHEMA), orient="row")
