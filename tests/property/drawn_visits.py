"""Visits drawn at random, with every kind of cell that a form or a file may hold, near the limits of the rules.

Levels as numbers, texts, truth values; empty in several ways; not done; not due to the disease; affected before;
quantities that fill items, with limits of the laboratory; day numbers and dates; columns that are not there at all.
"""

import random
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from funis.catalogue.model_instrument import Definition, Item, Value
from funis.scoring.check_values import checked_items
from funis.scoring.visit_cells import measure_columns

EMPTY: tuple[Any, ...] = (None, None, None, float("nan"), "", "  ")
COUNTS = (1, 1, 2, 3, 6, 9)


def limits_of(definition: Definition, parameters: Mapping[str, Any]) -> dict[str, list[float]]:
    """Values near which an answer changes, by quantity; those of the visit before are reached by its shares."""
    conditions = [feature.when for feature in definition.features]
    conditions += [rule.when for rule in definition.rules if rule.when]
    conditions += [one for item in definition.items for level in item.when for one in level]
    near: dict[str, list[float]] = {
        item.name: [item.curve.limit, item.curve.over * (item.curve.at_least or 1.0)]
        for item in definition.items
        if item.curve is not None
    }
    for term in (term for condition in conditions for term in condition.terms):
        limit = parameters.get(str(term.limit), term.limit)
        if term.form != "share" and not isinstance(limit, str):
            near.setdefault(term.name, []).append(float(limit))
    return near


def spell_level(value: Value, rng: random.Random, *, as_text: bool) -> Any:
    """A level as people and programs write it."""
    if isinstance(value, str):
        return rng.choice([value, f" {value} "])
    ways: list[Any] = [value, value, value, float(value)]
    if value in (0, 1):
        ways.append(bool(value))
    return rng.choice([*ways, str(value), f" {value}", f"{value}.0"] if as_text else ways)


def draw_level(item: Item, rng: random.Random, *, as_text: bool) -> Any:
    value = item.values[0] if rng.random() < 0.7 else rng.choice(item.values)
    if item.values == (0, 1) and as_text and rng.random() < 0.1:
        return rng.choice(["Y", "yes", " True"] if value else ["n", "No", "FALSE "])
    return spell_level(value, rng, as_text=as_text)


def draw_quantity(item: Item, near: list[float], rng: random.Random, *, as_text: bool) -> Any:
    low, high = float(item.minimum or 0), float(item.maximum or 0)
    value = rng.uniform(low, high)
    if near and rng.random() < 0.8:
        value = rng.choice(near) * rng.choice([0.7, 0.75, 0.999, 1.0, 1.0 + 1e-11, 1.001, 1.15, 1.3, 1.4])
        value = min(max(value, low), high)
    if rng.random() < 0.1 and low <= round(value, 2) <= high:
        value = round(value, 2)
        return rng.choice([str(value), f"{value} "] if as_text else [Decimal(str(value)), value])
    return int(value) if low <= int(value) and rng.random() < 0.1 else value


def draw_cell(item: Item, near: list[float], missing: float, rng: random.Random, *, as_text: bool) -> Any:
    if rng.random() < missing:
        if not as_text:
            return rng.choice([None, None, float("nan")])
        return rng.choice(EMPTY) if rng.random() < 0.7 else "ND"
    if item.is_measured:
        return draw_quantity(item, near, rng, as_text=as_text)
    return draw_level(item, rng, as_text=as_text)


def draw_flag(yes: float, rng: random.Random) -> Any:
    if rng.random() < 0.3:
        return rng.choice(EMPTY)
    return rng.choice(
        [1, True, "yes", "Y", "1", 1.0] if rng.random() < yes else [0, False, "no", "N", "0", 0.0]
    )


def draw_columns(definition: Definition, rng: random.Random) -> set[str]:
    """Which columns stand beside the items, and which items have none."""
    items = [item.name for item in definition.items]
    kept = {name for name in items if rng.random() < 0.9} or {items[0]}
    if definition.items[0].is_text or definition.applies:
        kept = set(items)
    beside = [f"{system}_ever" for system in definition.systems] if rng.random() < 0.5 else []
    if rng.random() < 0.6:
        beside += rng.sample(measure_columns(definition), rng.randint(0, len(measure_columns(definition))))
    if rng.random() < 0.5:
        beside += [f"{name}_not_done" for name in items if rng.random() < 0.2]
    if rng.random() < 0.5:
        beside += [f"{name}_attributed" for name in items if rng.random() < 0.2]
    return kept | {name for name in beside if rng.random() < 0.8}


def draw_subject(
    definition: Definition,
    columns: set[str],
    written: set[str],
    near: Mapping[str, list[float]],
    number: int,
    rng: random.Random,
    counts: Sequence[int] = COUNTS,
) -> list[dict[str, Any]]:
    visits, day, missing = [], rng.randint(-20, 20), rng.choice([0.0, 0.02, 0.1, 0.5])
    limits = {one.name: (one.minimum or 0, one.maximum or 0) for one in checked_items(definition)}
    for _ in range(rng.choice(counts)):
        visit: dict[str, Any] = {"subject": f"S{number:05}", "day": day}
        visit["date"] = date(2020, 1, 31) + timedelta(days=day)
        for item in definition.items:
            if item.name in columns:
                visit[item.name] = draw_cell(
                    item, near.get(item.name, []), missing, rng, as_text=item.name in written
                )
            if f"{item.name}_not_done" in columns:
                visit[f"{item.name}_not_done"] = draw_flag(0.2, rng)
            if f"{item.name}_attributed" in columns:
                visit[f"{item.name}_attributed"] = draw_flag(0.8, rng)
        for name in columns & set(measure_columns(definition)):
            stem = name.removesuffix("_low").removesuffix("_high")
            value = rng.choice(near.get(stem) or [0.9, 1.0]) * rng.choice([0.5, 0.99, 1.0, 1.01, 2.0])
            value = min(max(value, limits[name][0]), limits[name][1])
            visit[name] = value if rng.random() > 0.2 else rng.choice([None, float("nan")])
        visit |= {name: draw_flag(0.3, rng) for name in columns if name.endswith("_ever")}
        visits.append(visit)
        day += rng.choice([1, 14, 28, 30, 31, 89, 90, 91, 92])
    if rng.random() < 0.1:
        rng.shuffle(visits)
    return visits


def others_than_default(definition: Definition) -> dict[str, Any]:
    """Every parameter away from its default, where it has another value."""
    return {
        one.name: next((value for value in one.allowed if value != one.default), one.default)
        if one.allowed
        else one.minimum
        for one in definition.parameters
    }
