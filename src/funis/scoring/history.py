"""Looking back: the visit before, the highest so far, what held within some months.

There are three ways, with one meaning. Where the rows of a subject stand together in order, the previous
visit is the row above; other engines ask by subject and order; rules that run bit-packed ask their tracer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from funis.catalogue.model_instrument import Feature
from funis.frames.under_way import PREFIX, Column
from funis.scoring.bits.tracer import Tracer
from funis.scoring.items import ScoringLayout
from funis.scoring.truth_columns import from_ends, is_possible, is_sure

# Running numbers of two subjects lie so far apart; levels and ranks are smaller.
SPAN_OF_A_SUBJECT = 8
# Larger than any visit key, so that keys of a later subject always exceed those of an earlier one.
_SPAN = 2**21
# Day numbers may be negative before the first infusion.
_DAY_OFFSET = 2**19


def history_columns(layout: ScoringLayout) -> list[Column]:
    """Give, where the rows stand in order, a number per subject that rises from subject to subject."""
    if not (layout.has_history and layout.is_sorted) or isinstance(layout.ops, Tracer):
        return []
    # A running maximum of numbers to which this is added can never reach back past a subject.
    run = layout.ops.col(f"{PREFIX}first").cast(layout.ops.Int32).cum_sum() * SPAN_OF_A_SUBJECT
    return [run.alias(f"{PREFIX}run")]


def running_max(layout: ScoringLayout, column: Column, most: int) -> Column:
    """Give the largest of some small numbers (0 to `most`) so far within a subject."""
    if not layout.has_history:
        return column
    if isinstance(layout.ops, Tracer):
        return layout.ops.running_max(column, most)
    if layout.is_sorted:
        run = layout.ops.col(f"{PREFIX}run")
        return (column.cast(layout.ops.Int32) + run).cum_max() - run
    return column.cum_max().over(layout.subject, order_by=layout.order)


def held_within(layout: ScoringLayout, met: Column, feature: Feature) -> Column:
    """Tell whether a condition held at this visit or at an earlier one within the window of its feature."""
    if isinstance(layout.ops, Tracer):
        return layout.ops.held_within(met, *visit_key_names(feature, layout.parameters))
    key, since = _visit_keys(layout, feature)
    if layout.is_sorted:
        start = layout.ops.col(f"{PREFIX}run").cast(layout.ops.Int64) * (_SPAN // SPAN_OF_A_SUBJECT)
        key, since = key + start, since + start
    nothing = layout.ops.lit(-1, layout.ops.Int64)
    surely = layout.ops.when(is_sure(met)).then(key).otherwise(nothing).cum_max()
    perhaps = layout.ops.when(is_possible(met)).then(key).otherwise(nothing).cum_max()
    if not layout.is_sorted:
        surely = surely.over(layout.subject, order_by=layout.order)
        perhaps = perhaps.over(layout.subject, order_by=layout.order)
    return from_ends(layout.ops, surely >= since, perhaps >= since)


def visit_key_names(feature: Feature, parameters: Mapping[str, Any]) -> tuple[str, str]:
    """Name the columns of `_visit_keys` where they are computed beforehand."""
    days = feature.days_of_window(parameters)
    return f"{PREFIX}key", f"{PREFIX}since_{feature.within_months}_months_{days}_days"


def visit_key_columns(layout: ScoringLayout) -> list[Column]:
    """Give the keys that the lookback windows of a definition need, under their names."""
    if not layout.has_history:
        return []
    named = {
        name: key
        for feature in layout.definition.features
        if feature.has_window
        for name, key in zip(
            visit_key_names(feature, layout.parameters), _visit_keys(layout, feature), strict=True
        )
    }
    return [key.alias(name) for name, key in named.items()]


def _visit_keys(layout: ScoringLayout, feature: Feature) -> tuple[Column, Column]:
    """Give a number that grows with the visit, and the least number of a visit inside the lookback window.

    Calendar months: 31 May minus 3 months is the last of February. A month's last day therefore counts as
    the 31st.
    """
    order = layout.ops.col(layout.order)
    kind = layout.schema[str(layout.order)]
    if kind.is_numeric():
        whole = order if kind.is_integer() else order.cast(layout.ops.Float64).floor()
        key = whole.cast(layout.ops.Int64) + _DAY_OFFSET
        return key, key - feature.days_of_window(layout.parameters)
    month = order.dt.year().cast(layout.ops.Int64) * 12 + order.dt.month().cast(layout.ops.Int64)
    day = order.dt.day().cast(layout.ops.Int64)
    is_last = order.dt.offset_by("1d").dt.day() == 1
    last = layout.ops.when(is_last).then(layout.ops.lit(31, layout.ops.Int64)).otherwise(day)
    return month * 32 + last, (month - feature.within_months) * 32 + day
