"""Measured scores as column expressions: the first recorded route, an equation over it, and its bounds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from funis.catalogue.conditions import Condition, find_limit
from funis.catalogue.model_instrument import Definition, EquationFactor
from funis.frames.under_way import Column
from funis.nine_decimals import compare_exactly
from funis.scoring.equation_bounds import bound_equation
from funis.scoring.items import ItemCell, ScoringLayout
from funis.scoring.truth_columns import all_of, is_sure


def build_measured(layout: ScoringLayout, cells: Mapping[str, ItemCell]) -> tuple[Column, Column]:
    """Build lowest and highest value of a measured score.

    Parameters
    ----------
    layout : what is scored
    cells : one per item

    Returns
    -------
    tuple of two expressions : equal where the value is known; where it is not, the ends of what the known
        inputs of an equation leave, else those of the range; null where the instrument does not apply
    """
    definition = layout.definition
    value = _take_route(layout, cells)
    if layout.parameters.get(definition.reversed_by):
        value = definition.range.lowest + definition.range.highest - value
    lowest: Any = definition.range.lowest
    highest: Any = definition.range.highest
    if definition.factors:
        parts = _parts_of_equation(layout, cells, value)
        value = _multiply(layout, cells, parts, value)
        ends = bound_equation(layout, cells, parts)
    else:
        value, ends = _keep_in_range(layout, value), (lowest, highest)
    if definition.applies is None:
        return value.fill_null(ends[0]), value.fill_null(ends[1])
    applies = condition_column(layout, cells, definition.applies)
    # Null where it cannot be determined whether the instrument applies: the value is unknown then.
    value = layout.ops.when(applies).then(value)
    is_outside = is_sure(~applies)
    # Where it may not apply at all its range is all that can be said.
    lower, upper = (
        layout.ops.when(~is_outside).then(
            value.fill_null(layout.ops.when(applies).then(end).otherwise(layout.ops.lit(float(widest))))
        )
        for end, widest in zip(ends, (lowest, highest), strict=True)
    )
    return lower, upper


def condition_column(layout: ScoringLayout, cells: Mapping[str, ItemCell], condition: Condition) -> Column:
    """Tell in three-valued logic whether recorded items meet a condition on this visit."""
    return all_of(
        [
            compare_exactly(cells[term.name].value, term.operator, find_limit(term, layout.parameters))
            for term in condition.terms
        ],
    )


def _take_route(layout: ScoringLayout, cells: Mapping[str, ItemCell]) -> Column:
    """Take the first route whose quantities are recorded."""
    value = layout.ops.lit(None, layout.ops.Float64)
    for route in reversed(layout.definition.routes):
        recorded = cells[route.item].value.cast(layout.ops.Float64)
        way = recorded * route.factor / route.per_minutes
        if route.per:
            # No collection time, no flow: a volume over zero minutes is not a measurement.
            time = cells[route.per].value
            way = layout.ops.when(time > 0).then(way / time)
        if route.only_above is not None:
            way = layout.ops.when(recorded > route.only_above).then(way)
        value = layout.ops.when(~way.is_null()).then(way).otherwise(value)
    return value


def _keep_in_range(layout: ScoringLayout, value: Column) -> Column:
    """Read a value outside the range as no measurement: a mark beyond its line, litres of saliva a minute."""
    lowest, highest = layout.definition.range.lowest, layout.definition.range.highest
    is_inside = compare_exactly(value, ">=", lowest) & compare_exactly(value, "<=", highest)
    return layout.ops.when(is_inside).then(value)


def _parts_of_equation(
    layout: ScoringLayout, cells: Mapping[str, ItemCell], quantity: Column
) -> dict[EquationFactor, Column]:
    """Give the factors in force by the parameters, each with its value where its own input is known."""
    parts: dict[EquationFactor, Column] = {}
    for factor in layout.definition.factors:
        if any(layout.parameters[name] != wanted for name, wanted in factor.choice):
            continue
        if factor.times is not None:
            parts[factor] = layout.ops.lit(float(factor.times), layout.ops.Float64)
            continue
        raised = cells[factor.item].value.cast(layout.ops.Float64) if factor.item else quantity
        parts[factor] = _raise(layout, factor, raised / factor.over)
    return parts


def _multiply(
    layout: ScoringLayout,
    cells: Mapping[str, ItemCell],
    parts: Mapping[EquationFactor, Column],
    quantity: Column,
) -> Column:
    """Multiply the factors; null where an input of one that is, or may be, in force is unknown."""
    definition = layout.definition
    value = quantity * 0.0 + definition.constant if _reads_routes(definition) else None
    for factor, part in parts.items():
        found = _in_force(layout, cells, factor, part)
        value = found * definition.constant if value is None else value * found
    return value


def _reads_routes(definition: Definition) -> bool:
    return any(not factor.item and factor.times is None for factor in definition.factors)


def _in_force(
    layout: ScoringLayout, cells: Mapping[str, ItemCell], factor: EquationFactor, part: Column
) -> Column:
    """Give one factor: 1 where it is not in force, null where that or its quantity is unknown."""
    ops = layout.ops
    for name, wanted in factor.when_item:
        recorded = cells[name].value
        unknown = ops.lit(None, ops.Float64)
        part = ops.when(recorded == wanted).then(part).otherwise(
            ops.when(recorded.is_null()).then(unknown).otherwise(ops.lit(1.0, ops.Float64))
        )  # fmt: skip
    return part


def _raise(layout: ScoringLayout, factor: EquationFactor, quantity: Column) -> Column:
    if factor.base is not None:
        return (quantity * math.log(factor.base)).exp()
    one = layout.ops.lit
    if factor.at_most is not None:
        quantity = (
            layout.ops.when(quantity > factor.at_most)
            .then(one(float(factor.at_most), layout.ops.Float64))
            .otherwise(quantity)
        )
    if factor.at_least is not None:
        quantity = (
            layout.ops.when(quantity < factor.at_least)
            .then(one(float(factor.at_least), layout.ops.Float64))
            .otherwise(quantity)
        )
    return quantity if factor.power in (None, 1.0) else quantity**factor.power
