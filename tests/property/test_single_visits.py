"""A compiled scorer gives, visit by visit, what `funis.score` gives for the frame of all subjects.

Visits are drawn as `drawn_visits` says.
"""

import math
import random
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.property.drawn_visits import draw_columns, draw_subject, limits_of, others_than_default

import funis
from funis.scoring.bits.earlier_rows import Batch, pack, unpack
from funis.scoring.bits.program import Graph, Program
from funis.scoring.bits.straight_line import carry, carry_values, compile_program, write_program
from funis.scoring.bits.traced import Whole
from funis.scoring.score import POLICIES
from funis.scoring.visit_cells import find_windows
from funis.scoring.visit_program import can_be_traced

SIGNS = ("<", "<=", ">", ">=")
NAMES = funis.definitions()
COMPILED = tuple(name for name in NAMES if can_be_traced(funis.definition(name)))


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


def differing(own: dict[str, Any], theirs: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Name the cells of a visit that differ; most visits agree as a whole, in types as in values."""
    assert list(own) == list(theirs)
    if own == theirs and [*map(type, own.values())] == [*map(type, theirs.values())]:
        return {}
    return {key: (own[key], theirs[key]) for key in own if not is_same(own[key], theirs[key])}


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
            assert not (wrong := differing(own, theirs)), (wrong, missing, order, row)
    return len(POLICIES) * len(rows)


@pytest.mark.parametrize("name", NAMES)
def test_scores_of_drawn_visits(name: str) -> None:
    """Of the 55 compiled instruments 1,900 visits each, more than 100,000, are compared; of the others some."""
    is_compiled = name in COMPILED
    compared = seed = 0
    while compared < (1_900 if is_compiled else 150):
        parameters = others_than_default(funis.definition(name)) if seed % 2 else {}
        compared += compare(name, parameters, 90 if is_compiled else 5, seed)
        seed += 1
    assert seed >= 2


def test_a_hundred_thousand_visits_are_compared() -> None:
    assert [name for name in NAMES if funis.scorer(name).is_compiled] == list(COMPILED)
    assert len(COMPILED) * 1_900 >= 100_000


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
    assert len(compiled) == 55
    assert {"bilag_2004", "bilag_classic_renal", "sledai_2k", "selena_sledai", "essdai", "tess"} <= compiled
    assert {
        "sle_das",
        "eq_5d_5l_china",
        "lupusqol",
        "osdi",
        "esspri",
        "astct_crs",
        "pga",
        "schirmer",
    } <= compiled
