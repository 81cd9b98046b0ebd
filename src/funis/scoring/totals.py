"""Totals, means, maxima and measured values with their bounds, as column expressions.

Every total is monotone in its items, so its bounds are its values with the unknown items at their lowest
and at their highest level.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from itertools import pairwise
from operator import add
from typing import Any, Final

import narwhals as nw

from funis.catalogue.model_curve import Curve
from funis.catalogue.model_instrument import Definition, Item
from funis.frames.under_way import Column
from funis.nine_decimals import compare_exactly
from funis.scoring.deciding_rule import spell
from funis.scoring.items import ItemCell, ScoringLayout
from funis.scoring.measured import build_measured
from funis.scoring.truth_columns import any_of, is_sure

STATUSES: Final = ("scored", "incomplete", "not_applicable")


@dataclass(frozen=True, slots=True)
class Bounds:
    """Lowest and highest value the unknown items allow, and where they are equal."""

    lower: Column
    upper: Column
    are_same: Column | None = None

    @property
    def are_equal(self) -> Column:
        """Where the two are equal."""
        return self.lower == self.upper if self.are_same is None else self.are_same


def build_total(layout: ScoringLayout, cells: Mapping[str, ItemCell], *, as_paper: bool) -> Bounds:
    """Build the bounds of a score that is not graded by system.

    Parameters
    ----------
    layout : what is scored
    cells : one per item
    as_paper : count *not done* as the instrument's paper says; otherwise as unknown

    Returns
    -------
    Bounds : equal where the score is known
    """
    if layout.definition.kind == "value":
        return Bounds(*build_measured(layout, cells))
    definition = layout.definition
    settled = _settled(definition, cells, as_paper=as_paper)
    if definition.kind == "sum" and definition.within == "sum":
        return _sum_items(layout, cells, settled)
    lowest = {
        item.name: _points(layout, item, cells[item.name], settled, at_top=False) for item in definition.items
    }
    highest = {
        item.name: _points(layout, item, cells[item.name], settled, at_top=True) for item in definition.items
    }
    if definition.not_done == "left_out":
        return _mean_of_applicable(layout, cells, lowest, highest)
    return Bounds(_combine(layout, lowest), _combine(layout, highest))


def _mean_of_applicable(
    layout: ScoringLayout,
    cells: Mapping[str, ItemCell],
    lowest: Mapping[str, Column],
    highest: Mapping[str, Column],
) -> Bounds:
    """Take the mean of the items that apply; where none does, all that the range allows is possible."""
    ops, kind = layout.ops, layout.ops.Float64
    none, definition = ops.lit(0.0, kind), layout.definition
    flags = {name: cell.not_done for name, cell in cells.items() if cell.not_done is not None}
    if not flags:
        return Bounds(_combine(layout, lowest), _combine(layout, highest))
    counted = reduce(
        add, [ops.when(flag).then(none).otherwise(ops.lit(1.0, kind)) for flag in flags.values()]
    )
    counted = counted + (len(cells) - len(flags))
    ends = []
    for points, widest in ((lowest, definition.range.lowest), (highest, definition.range.highest)):
        kept = [
            ops.when(flags[name]).then(none).otherwise(each) if name in flags else each
            for name, each in points.items()
        ]
        mean = reduce(add, kept) / counted
        ends.append(ops.when(counted > 0).then(mean).otherwise(ops.lit(float(widest), kind)))
    return Bounds(*ends)


def _sum_items(layout: ScoringLayout, cells: Mapping[str, ItemCell], settled: Mapping[str, Column]) -> Bounds:
    """Add the points of all items; yes/no items that weigh the same are counted first, in small numbers."""
    kind = number_type(layout)
    alike: dict[float, list[Column]] = {}
    lowest, gaps = [], []
    for item in layout.definition.items:
        cell = cells[item.name]
        if layout.level_name == "Int8" and item.name not in settled and _is_yes_no(item):
            alike.setdefault(item.points[1], []).append(cell.value)
        else:
            lowest.append(_points(layout, item, cell, settled, at_top=False))
            gaps.append(_gap(layout, item, cell, settled))
    for weight, values in alike.items():
        share = layout.ops.lit(_plain(weight), kind)
        lowest.append(reduce(add, [value.fill_null(0) for value in values]).cast(kind) * share)
        unknown = [value.is_null().cast(layout.level_type) for value in values]
        gaps.append(reduce(add, unknown).cast(kind) * share)
    lower = reduce(add, lowest)
    if layout.definition.intercept:
        lower = lower + layout.ops.lit(layout.definition.intercept, kind)
    return Bounds(lower, lower + reduce(add, gaps))


def _is_yes_no(item: Item) -> bool:
    return item.values == (0, 1) and item.points[0] == 0


def build_parts(layout: ScoringLayout, cells: Mapping[str, ItemCell], *, as_paper: bool) -> dict[str, Bounds]:
    """Build the bounds of the total of each system, and of the summaries over them.

    Parameters
    ----------
    layout, cells, as_paper : as for `build_total`

    Returns
    -------
    dict : by the name of the system or summary; empty where the definition asks for neither
    """
    definition = layout.definition
    found: dict[str, Bounds] = {}
    if not (definition.per_system or definition.summaries):
        return found
    settled = _settled(definition, cells, as_paper=as_paper)
    ends = []
    for at_top in (False, True):
        points = {
            item.name: _points(layout, item, cells[item.name], settled, at_top=at_top)
            for item in definition.items
        }
        ends.append(_join_systems(layout, points))
    for summary in definition.summaries:
        lower, upper = (join_columns(layout, summary.how, list(end.values())) for end in ends)
        found[summary.name] = Bounds(lower, upper)
    if definition.per_system:
        found |= {system: Bounds(ends[0][system], ends[1][system]) for system in definition.systems}
    return found


def _settled(definition: Definition, cells: Mapping[str, ItemCell], *, as_paper: bool) -> dict[str, Column]:
    """Give, per item that can be, whether an empty cell is known to count as the lowest level."""
    settled: dict[str, Column] = {}
    for item in definition.items:
        reasons = []
        not_done = cells[item.name].not_done
        if as_paper and not_done is not None and definition.not_done == "absent":
            reasons.append(not_done)
        if item.alternatives:
            reasons.append(is_any_recorded(cells, item.alternatives))
        if reasons:
            settled[item.name] = any_of(reasons)
    return settled


def is_any_recorded(cells: Mapping[str, ItemCell], names: tuple[str, ...]) -> Column:
    """Tell whether at least one of several items has a value."""
    return any_of([~cells[name].value.is_null() for name in names])


def number_type(layout: ScoringLayout) -> Any:
    """Give the narrowest type that holds a total: whole points stay whole numbers."""
    definition = layout.definition
    points = [point for item in definition.items for point in item.points]
    is_whole = all(float(point).is_integer() for point in points)
    if definition.kind == "mean" or not is_whole or any(item.is_measured for item in definition.items):
        return layout.ops.Float64
    return layout.ops.Int16 if layout.level_name == "Int8" else layout.ops.Int64


def _points(
    layout: ScoringLayout, item: Item, cell: ItemCell, settled: Mapping[str, Column], *, at_top: bool
) -> Column:
    """Points of an item, with an unknown one at its lowest or highest level."""
    kind = number_type(layout)
    lowest, highest = (layout.ops.lit(_plain(end), kind) for end in item.points_span)
    if cell.ends is not None:
        lowest, highest = (_known_points(layout, item, replace(cell, value=end)) for end in cell.ends)
    known = _known_points(layout, item, cell)
    if item.curve is not None and cell.ignored is not None:
        # Not due to the disease: no points, whatever was measured.
        lowest = highest = layout.ops.lit(0.0, kind)
        known = layout.ops.when(cell.ignored).then(lowest).otherwise(known)
        highest = (
            layout.ops.when(cell.ignored).then(lowest).otherwise(layout.ops.lit(item.points_span[1], kind))
        )
    if not at_top:
        return layout.ops.when(cell.value.is_null()).then(lowest).otherwise(known)
    end = highest
    if item.name in settled:
        end = layout.ops.when(settled[item.name]).then(lowest).otherwise(highest)
    return layout.ops.when(cell.value.is_null()).then(end).otherwise(known)


def _plain(value: float) -> float | int:
    return int(value) if float(value).is_integer() else float(value)


def _known_points(layout: ScoringLayout, item: Item, cell: ItemCell) -> Column:
    """Points of a recorded item: a share of its value where the table says so, else value by value."""
    kind = number_type(layout)
    if item.curve is not None:
        return _points_of_curve(layout, item.curve, cell)
    if item.is_measured:
        return cell.value.cast(kind)
    if not item.is_text and item.points[0] == 0 and item.values[0] == 0:
        shares = {
            points / float(value) for value, points in zip(item.values[1:], item.points[1:], strict=True)
        }
        if len(shares) == 1:
            share = shares.pop()
            number = cell.value.cast(kind)
            return number if share == 1 else number * layout.ops.lit(_plain(share), kind)
    expr = layout.ops.lit(None, kind)
    for value, points in zip(item.values, item.points, strict=True):
        expr = layout.ops.when(cell.value == value).then(layout.ops.lit(_plain(points), kind)).otherwise(expr)
    return expr


def _points_of_curve(layout: ScoringLayout, curve: Curve, cell: ItemCell) -> Column:
    """Give the points of a quantity: none up to the limit, beyond it those of the curve."""
    kind = layout.ops.Float64
    value = cell.value.cast(kind)
    none = layout.ops.lit(0.0, kind)
    is_beyond = compare_exactly(value, "<" if curve.falls else ">", curve.limit)
    held = value / curve.over
    if curve.at_least is not None:
        held = (
            layout.ops.when(held < curve.at_least).then(layout.ops.lit(curve.at_least, kind)).otherwise(held)
        )
    points = held * curve.times + curve.constant
    if curve.ln:
        # Up to the limit nothing is asked of the logarithm, which 0 has none of.
        inside = layout.ops.when(is_beyond).then(held).otherwise(layout.ops.lit(1.0, kind))
        points = points + inside.log() * curve.ln
    return layout.ops.when(is_beyond).then(points).otherwise(
        layout.ops.when(value.is_null()).then(layout.ops.lit(None, kind)).otherwise(none)
    )  # fmt: skip


def _gap(layout: ScoringLayout, item: Item, cell: ItemCell, settled: Mapping[str, Column]) -> Column:
    """Points that an unknown item could still add."""
    kind = number_type(layout)
    unknown = cell.value.is_null()
    if item.name in settled:
        unknown = unknown & ~settled[item.name]
    if item.curve is not None and cell.ignored is not None:
        unknown = unknown & ~cell.ignored
    if cell.ends is not None:
        return _gap_between(layout, item, cell.ends, unknown)
    lowest, highest = item.points_span
    return unknown.cast(kind) * layout.ops.lit(_plain(highest - lowest), kind)


def _gap_between(layout: ScoringLayout, item: Item, ends: tuple[Column, Column], unknown: Column) -> Column:
    """Points between the lowest and the highest level that are possible, level by level."""
    kind, (low, high) = number_type(layout), ends
    steps = []
    for level, (before, points) in zip(item.values[1:], pairwise(item.points), strict=True):
        is_open = is_sure(unknown & (high >= level) & ~(low >= level))
        steps.append(is_open.cast(kind) * layout.ops.lit(_plain(points - before), kind))
    return reduce(add, steps)


def _combine(layout: ScoringLayout, parts: Mapping[str, Column]) -> Column:
    definition = layout.definition
    joined = _join_systems(layout, parts) if definition.systems else dict(parts)
    return join_columns(layout, definition.kind, list(joined.values()))


def _join_systems(layout: ScoringLayout, parts: Mapping[str, Column]) -> dict[str, Column]:
    """Join the items of each system: their sum, their mean, or the highest of them."""
    definition = layout.definition
    return {
        system: join_columns(
            layout,
            definition.within,
            [parts[item.name] for item in definition.items if item.system == system],
        )
        for system in definition.systems
    }


def join_columns(layout: ScoringLayout, how: str, columns: Sequence[Column]) -> Column:
    """Join columns by sum, mean, maximum or minimum."""
    if len(columns) == 1:
        return columns[0]
    if how == "maximum":
        return layout.ops.max_horizontal(*columns)
    if how == "minimum":
        return layout.ops.min_horizontal(*columns)
    total = reduce(add, columns)
    return total / len(columns) if how == "mean" else total


def choose_value(layout: ScoringLayout, bounds: Bounds, policy: str) -> Column:
    """Give the value that a missing-data policy reports."""
    if policy in ("absent", "worst"):
        return bounds.upper if (policy == "worst") != layout.definition.less_is_worse else bounds.lower
    return layout.ops.when(bounds.are_equal).then(bounds.lower)


def status_of(layout: ScoringLayout, bounds: Bounds) -> Column:
    """Give ``incomplete`` exactly where the bounds differ."""
    small = layout.ops.UInt8 if layout.ops is not nw else layout.ops.Int64
    number = (
        layout.ops.when(bounds.are_equal).then(layout.ops.lit(0, small)).otherwise(layout.ops.lit(1, small))
    )
    if layout.definition.applies is None:
        return spell(layout, number, STATUSES[:2])
    not_applicable = layout.ops.lit(2, small)
    return spell(
        layout, layout.ops.when(bounds.lower.is_null()).then(not_applicable).otherwise(number), STATUSES
    )
