"""A compiled scorer gives, visit by visit, what `funis.score` gives for the frame of all subjects.

Visits are drawn with every kind of cell that a form or a file may hold, near the limits of the rules: levels as
numbers, texts, truth values; empty in several ways; not done; not due to the disease; affected before; quantities
that fill items, with limits of the laboratory; day numbers and dates; and with columns that are not there at all.
"""

import math
import random
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import funis
from funis.catalogue.model_instrument import Definition, Item, Value
from funis.scoring.bits.earlier_rows import Batch, pack, unpack
from funis.scoring.bits.program import Graph, Program
from funis.scoring.bits.straight_line import carry, carry_values, compile_program, write_program
from funis.scoring.bits.traced import Whole
from funis.scoring.check_values import checked_items
from funis.scoring.score import POLICIES
from funis.scoring.visit_cells import find_windows, measure_columns

SIGNS = ("<", "<=", ">", ">=")
NAMES = funis.definitions()
EMPTY: tuple[Any, ...] = (None, None, None, float("nan"), "", "  ")


def limits_of(definition: Definition, parameters: Mapping[str, Any]) -> dict[str, list[float]]:
    """Values near which an answer changes, by quantity; those of the visit before are reached by its shares."""
    conditions = [feature.when for feature in definition.features]
    conditions += [rule.when for rule in definition.rules if rule.when]
    conditions += [one for item in definition.items for level in item.when for one in level]
    near: dict[str, list[float]] = {}
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
) -> list[dict[str, Any]]:
    visits, day, missing = [], rng.randint(-20, 20), rng.choice([0.0, 0.02, 0.1, 0.5])
    limits = {one.name: (one.minimum or 0, one.maximum or 0) for one in checked_items(definition)}
    for _ in range(rng.choice([1, 1, 2, 3, 6, 9])):
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


def column_of(name: str, rows: list[dict[str, Any]]) -> pl.Series:
    """A column as a reader of files gives it: text where a text stands in it; NaN stands for empty."""
    cells = [None if isinstance(row[name], float) and row[name] != row[name] else row[name] for row in rows]
    if any(isinstance(cell, str) for cell in cells):
        whole = [int(cell) if isinstance(cell, bool) else cell for cell in cells]
        return pl.Series(name, [None if cell is None else str(cell) for cell in whole], pl.String)
    if any(isinstance(cell, float | Decimal) for cell in cells):
        return pl.Series(name, [None if cell is None else float(cell) for cell in cells], pl.Float64)
    return pl.Series(name, cells, strict=False)


def is_same(found: Any, expected: Any) -> bool:
    """Whether two cells agree; a power in a long column may differ from that in a short one in its last bit."""
    if isinstance(found, float) and isinstance(expected, float):
        return math.isclose(found, expected, rel_tol=1e-12)
    return type(found) is type(expected) and bool(found == expected)


def compare(name: str, parameters: Mapping[str, Any], subjects: int, seed: int) -> int:
    """Score drawn subjects both ways under every policy; gives the number of visits compared."""
    rng, definition = random.Random(seed), funis.definition(name)  # noqa: S311
    near = limits_of(definition, parameters)
    # Columns of which none is written as text keep their type in the frame.
    written = {item.name for item in definition.items if item.is_text or rng.random() < 0.3}
    columns, order = draw_columns(definition, rng), rng.choice(["day", "date"])
    given = [draw_subject(definition, columns, written, near, number, rng) for number in range(subjects)]
    if order == "date":
        given = [[{key: visit[key] for key in visit if key != "day"} for visit in visits] for visits in given]
    rows = [visit for visits in given for visit in visits]
    frame = pl.DataFrame([column_of(key, rows) for key in rows[0]])
    for missing in POLICIES:
        scored = funis.score(
            frame, name, missing=missing, parameters=parameters, subject="subject", order=order
        )
        scorer = funis.scorer(name, missing=missing, parameters=parameters)
        found = [row for visits in given for row in scorer(visits)]
        expected = scored.select(scored.columns[frame.width :]).to_dicts()
        for own, theirs, row in zip(found, expected, rows, strict=True):
            assert list(own) == list(theirs)
            wrong = {key: (own[key], theirs[key]) for key in own if not is_same(own[key], theirs[key])}
            assert not wrong, (missing, order, row)
    return len(POLICIES) * len(rows)


def others_than_default(definition: Definition) -> dict[str, Any]:
    """Every parameter away from its default, where it has another value."""
    return {
        one.name: next((value for value in one.allowed if value != one.default), one.default)
        if one.allowed
        else one.minimum
        for one in definition.parameters
    }


@pytest.mark.parametrize("name", NAMES)
def test_scores_of_drawn_visits(name: str) -> None:
    """Of the 14 compiled instruments 7,200 visits each, 100,800 together, are compared; of the others some."""
    is_compiled = funis.scorer(name).is_compiled
    compared = seed = 0
    while compared < (7_200 if is_compiled else 150):
        parameters = others_than_default(funis.definition(name)) if seed % 2 else {}
        compared += compare(name, parameters, 120 if is_compiled else 5, seed)
        seed += 1
    assert seed >= 2


@settings(max_examples=150)
@given(
    st.lists(
        st.tuples(*[st.integers(-3, 3)] * 2, st.booleans(), st.booleans(), st.integers(0, 40)),
        min_size=1,
        max_size=70,
    ),
    st.integers(0, 50),
)
def test_every_step_is_that_of_the_batches(rows: list[tuple[int, int, bool, bool, int]], window: int) -> None:
    """Each step of one subject, one bit a visit, gives what it gives over the rows of a batch."""
    graph = Graph()
    one, other = (graph.load("values", name) for name in ("one", "other"))
    met, first = graph.load("values", "met"), graph.load("values", "first")
    seen = graph.compute("window", first, constants=("key", "since"))
    found = [
        graph.compute(kind, one, other, constants=(sign,))
        for kind in ("compare", "compare_above")
        for sign in SIGNS
    ]
    found += [graph.compute("compare_with", one, constants=(sign, 1.0)) for sign in SIGNS]
    made = [graph.compute(kind, one, other) for kind in ("subtract", "subtract_above")]
    made += [graph.compute("plus", one, constants=(0.5,)), graph.compute("scale", one, constants=(-2.0,))]
    digits = graph.compute("digit", met, constants=("uint8",))
    digits = graph.compute("add_digit", digits, graph.load("values", "also"), constants=(1,))
    made.append(graph.compute("as_float", digits))
    found += [graph.compute("compare_with", values, constants=(">=", 1.0)) for values in made]
    found += [graph.compute("shift_bits", met), graph.compute("held", met, seen)]
    found.append(graph.compute("so_far", met, graph.compute("goes_on", first)))
    count = len(rows)
    keys = np.cumsum([row[4] for row in rows])
    columns = {
        name: np.array([float(row[place]) for row in rows]) for place, name in enumerate(("one", "other"))
    }
    flags = {
        name: np.array([row[place] for row in rows]) for place, name in enumerate(("met", "also"), start=2)
    }
    flags["first"] = np.arange(count) == 0
    values = (
        columns | {name: pack(flag) for name, flag in flags.items()} | {"key": keys, "since": keys - window}
    )
    expected = Program(graph, found).run(Batch(count, values, dict.fromkeys(values)))
    places = {
        ("values", "one"): "numbers[0]",
        ("values", "other"): "numbers[1]",
        ("window", "key", "since"): "windows[0]",
    }
    places |= {("values", name): f"bits[{place}]" for place, name in enumerate(flags)}
    run = compile_program(write_program(graph, [Whole(graph, (node,)) for node in found], places))
    bits = [sum(1 << place for place, is_set in enumerate(flag) if is_set) for flag in flags.values()]
    numbers = [list(map(float, column)) for column in columns.values()]
    every = (1 << count) - 1
    got = run(bits, numbers, find_windows([(0, window)], keys.tolist()), every, range(count))
    # What stands at the first visit for the visit before is never read.
    above = {place for place, node in enumerate(found) if looks_above(graph, node)}
    for place, wanted in enumerate(expected):
        own = [row[place] for row in got]
        start = 1 if place in above else 0
        assert own[start:] == unpack(wanted, count).tolist()[start:], graph.steps[found[place]]


def looks_above(graph: Graph, node: int) -> bool:
    step = graph.steps[node]
    return step.kind in ("compare_above", "subtract_above") or any(
        looks_above(graph, source) for source in step.sources
    )


def carried(told: list[bool], flags: list[bool]) -> list[bool]:
    """The flag of the last visit at which it is known, in plain words."""
    last, found = False, []
    for is_told, flag in zip(told, flags, strict=True):
        last = flag if is_told else last
        found.append(last)
    return found


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=70))
def test_the_last_told_is_carried_forward(rows: list[tuple[bool, bool]]) -> None:
    told, flags = [row[0] for row in rows], [row[1] for row in rows]
    bits, known = (sum(1 << place for place, is_set in enumerate(one) if is_set) for one in (flags, told))
    found = carry(bits, known, (1 << len(rows)) - 1)
    assert [bool(found >> place & 1) for place in range(len(rows))] == carried(told, flags)
    assert carry_values(list(map(float, flags)), known) == list(map(float, carried(told, flags)))


def test_which_instruments_are_compiled() -> None:
    compiled = {name for name in NAMES if funis.scorer(name).is_compiled}
    assert len(compiled) == 14
    assert {"bilag_2004", "bilag_classic_renal", "sledai_2k", "selena_sledai", "essdai", "tess"} <= compiled
