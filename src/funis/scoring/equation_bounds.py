"""Lowest and highest value of an equation some of whose inputs are unknown.

An equation is a constant times factors, each of one input and rising or falling throughout. For each way to
answer the questions it asks (the sex), its ends are the products of the ends of its factors.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

from funis.catalogue.model_instrument import Definition, EquationFactor
from funis.frames.under_way import Column
from funis.scoring.items import ItemCell, ScoringLayout
from funis.scoring.truth_columns import all_of, any_of

Answers = Mapping[str, Any]


def bound_equation(
    layout: ScoringLayout, cells: Mapping[str, ItemCell], parts: Mapping[EquationFactor, Column]
) -> tuple[Column, Column]:
    """Build the lowest and the highest value that the unknown inputs of an equation allow.

    Parameters
    ----------
    layout, cells : what is scored
    parts : the factors in force by the parameters, and the value of each where its input is known

    Returns
    -------
    tuple of two expressions : never null
    """
    ops, definition = layout.ops, layout.definition
    lows, highs = [], []
    for answers in _ways_to_answer(definition, parts):
        low = high = ops.lit(float(definition.constant), ops.Float64)
        for factor, part in parts.items():
            if all(answers[name] == wanted for name, wanted in factor.when_item):
                least, most = _ends_of(definition, factor)
                low, high = low * part.fill_null(least), high * part.fill_null(most)
        agree = [
            any_of([cells[name].value.is_null(), (cells[name].value == value).fill_null(value=False)])
            for name, value in answers.items()
        ]
        is_possible = all_of([ops.lit(value=True), *agree])
        lows.append(ops.when(is_possible).then(low))
        highs.append(ops.when(is_possible).then(high))
    return ops.min_horizontal(*lows), ops.max_horizontal(*highs)


def _ways_to_answer(definition: Definition, parts: Mapping[EquationFactor, Column]) -> Iterator[Answers]:
    names = list(dict.fromkeys(name for factor in parts for name, _ in factor.when_item))
    for values in product(*(definition.item(name).values for name in names)):
        yield dict(zip(names, values, strict=True))


def _ends_of(definition: Definition, factor: EquationFactor) -> tuple[float, float]:
    """Give the least and the most that a factor can be, its input being anything the item allows."""
    if factor.times is not None:
        return float(factor.times), float(factor.times)
    name, scale = factor.item, 1.0
    if not name:
        first = definition.routes[0]
        name, scale = first.item, first.factor / first.per_minutes
    item = definition.item(name)
    ends = [_raise(factor, float(end or 0.0) * scale / factor.over) for end in (item.minimum, item.maximum)]
    return min(ends), max(ends)


def _raise(factor: EquationFactor, quantity: float) -> float:
    if factor.base is not None:
        return float(factor.base**quantity)
    if factor.at_most is not None:
        quantity = min(quantity, factor.at_most)
    if factor.at_least is not None:
        quantity = max(quantity, factor.at_least)
    power = 1.0 if factor.power is None else factor.power
    return math.inf if quantity <= 0 and power < 0 else float(quantity**power)
