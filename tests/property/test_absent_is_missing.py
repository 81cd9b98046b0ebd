"""A column that is not there says the same as one that is empty in every row: for every instrument, response, set."""

from __future__ import annotations

import random
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import funis
from funis.catalogue.instrument_tables import systems_of_grades
from funis.catalogue.registry import (
    criteria_set,
    criteria_sets,
    responder_index,
    response_definition,
    responses,
)
from funis.responses.possible_values import limits_of_criteria, limits_of_response
from funis.responses.read_columns import _read_by_response

MOST = 12
"""So many columns are taken away of a wide frame."""


def with_and_without(frame: pl.DataFrame, name: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    return frame.drop(name), frame.with_columns(pl.lit(None, frame.schema[name]).alias(name))


def draw_columns(drawn: random.Random, names: list[str]) -> list[str]:
    return names if len(names) <= MOST else drawn.sample(names, MOST)


def draw_visits(name: str, drawn: random.Random) -> pl.DataFrame:
    """Three subjects with three visits each, every item and history recorded."""
    found = funis.definition(name)
    rows = []
    for number in range(9):
        row: dict[str, Any] = {"subject": str(number // 3), "day": 40 * (number % 3)}
        for item in found.items:
            if item.values:
                row[item.name] = drawn.choice(item.values)
            else:
                low, high = float(item.minimum or 0), float(item.maximum or 100)
                row[item.name] = round(drawn.uniform(low, min(high, low + 100)), 1)
        row |= {f"{system}_ever": drawn.randint(0, 1) for system in found.systems if found.kind == "grades"}
        rows.append(row)
    return pl.DataFrame(rows, infer_schema_length=None)


@pytest.mark.parametrize("name", funis.definitions())
@pytest.mark.parametrize("missing", ["strict", "absent"])
def test_of_an_instrument(name: str, missing: Any) -> None:
    drawn = random.Random(name)  # noqa: S311
    visits = draw_visits(name, drawn)
    # Of measures of one thing a trial takes one: the others have no column and are not missing.
    others = [item.name for item in funis.definition(name).items if item.alternatives]
    names = [each for each in visits.columns if each not in ("subject", "day", *others)]
    if len(names) < 2:
        return
    histories = [each for each in names if each.endswith("_ever")]
    for column in dict.fromkeys([*draw_columns(drawn, names), *histories[:3]]):
        absent, empty = (
            funis.score(frame, name, subject="subject", order="day", missing=missing).drop(
                column, strict=False
            )
            for frame in with_and_without(visits, column)
        )
        assert_frame_equal(absent, empty)


@pytest.mark.parametrize("name", responses())
def test_of_a_response(name: str) -> None:
    drawn = random.Random(name)  # noqa: S311
    definition = response_definition(name)
    settled = definition.settle({})
    grades = systems_of_grades(str(settled["instrument"])) if definition.reads_grades(settled) else ()
    numbers = [c for c in dict.fromkeys(_read_by_response(definition, settled)) if not c.startswith("bilag_")]
    possible = {one.column: one for one in limits_of_response(definition, settled).columns}
    rows = []
    for subject in range(6):
        for visit, day in (("baseline", 0), ("month_6", 180), ("month_12", 360)):
            row: dict[str, Any] = {"subject": str(subject), "visit": visit, "day": day}
            row |= {f"{settled['instrument']}_{system}": drawn.choice("ABCDE") for system in grades}
            for column in numbers:
                one = possible.get(column)
                low, high = (0.0, 3.0) if one is None else (float(one.lowest), float(one.highest))
                row[column] = round(drawn.uniform(low, min(high, low + 20)), 1)
            rows.append(row)
    visits = pl.DataFrame(rows, infer_schema_length=None)
    names = [each for each in visits.columns if each not in ("subject", "visit", "day")]
    if len(names) < 2:
        return
    for column in draw_columns(drawn, names):
        absent, empty = (funis.respond(frame, name) for frame in with_and_without(visits, column))
        assert_frame_equal(absent, empty)


@pytest.mark.parametrize("missing", ["cannot_tell", "absent"])
@pytest.mark.parametrize("name", criteria_sets())
def test_of_a_set_of_criteria(name: str, missing: Any) -> None:
    drawn = random.Random(name)  # noqa: S311
    given = [c for row in criteria_set(name).rows for phrase in row.criterion.phrases for c in phrase.given]
    columns = list(dict.fromkeys(given))
    possible = {one.column: one for one in limits_of_criteria(criteria_set(name)).columns}
    rows = []
    for subject in range(12):
        row: dict[str, Any] = {"subject": str(subject)}
        for column in columns:
            one = possible.get(column)
            low = 0.0 if one is None else float(one.lowest)
            row[column] = low + drawn.randint(0, 1)
        rows.append(row)
    people = pl.DataFrame(rows)
    for column in columns:
        absent, empty = (funis.classify(f, name, missing=missing) for f in with_and_without(people, column))
        assert_frame_equal(absent, empty)


def test_of_the_responder_index() -> None:
    drawn = random.Random(50)  # noqa: S311
    items = [one.item for one in responder_index("s2k_ri_50").items]
    columns = [*items, *(f"{item}_improved" for item in items[:6])]
    rows = [
        {"subject": str(n // 2), "visit": ("baseline", "month_6")[n % 2]}
        | {column: drawn.randint(0, 1) for column in columns}
        for n in range(8)
    ]
    visits = pl.DataFrame(rows)
    for column in columns:
        absent, empty = (
            funis.score_responder_index(frame).drop(column, strict=False)
            for frame in with_and_without(visits, column)
        )
        assert_frame_equal(absent, empty)


@pytest.mark.parametrize("missing_baseline", ["cannot_tell", "as_normal"])
@pytest.mark.parametrize("column", ["low", "high", "baseline", "comparator", "baseline_unit"])
def test_of_a_toxicity(column: str, missing_baseline: Any) -> None:
    tests = {"platelets": 49.0, "alt": 200.0, "creatinine": 150.0, "haemoglobin": 85.0}
    labs = pl.DataFrame(
        {
            "test": list(tests),
            "value": list(tests.values()),
            "low": [150.0, 5.0, 50.0, 120.0],
            "high": [400.0, 40.0, 100.0, 160.0],
            "baseline": [200.0, 60.0, 110.0, 130.0],
            "comparator": pl.Series([None, ">", None, "<"], dtype=pl.String),
            "baseline_unit": pl.Series([None] * 4, dtype=pl.String),
        }
    )
    absent, empty = (
        funis.grade_toxicity(frame, missing_baseline=missing_baseline).drop(column, strict=False)
        for frame in with_and_without(labs, column)
    )
    assert_frame_equal(absent, empty)
