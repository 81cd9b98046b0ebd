"""Type III hypotheses of any design against Goodnight's rules in exact fractions, by row reduction alone.

Nothing of the code under test is used but the design whose coefficients a hypothesis weighs: the model with a
column for every level is written from the rows, its estimable functions are the row space, and the rules of
SAS/STAT, "The four types of estimable functions", are carried out step by step.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funis.stats.mmrm.front_door import fit_mmrm
from funis.stats.mmrm.full_coding import full_coding
from funis.stats.mmrm.type3 import type3_rows

Row = list[Fraction]
LEVELS = {"a": ("a1", "a2", "a3"), "b": ("b1", "b2"), "c": ("c1", "c2", "c3")}
FORMULAS = (
    "a * b",
    "a * b * c",
    "a * b + c",
    "a * b + b * c",
    "a * b + b:c",
    "a + b:c",
    "a:b + a:c",
    "a + a:b + a:b:c",
    "a * b + x * b",
    "a * b + x:b",
    "a * x + x:z + b",
    "a * b * x",
    "x:a:b + a",
    "0 + a * b",
    "0 + a:b + c",
    "0 + a + x:a",
    "0 + x:b + c",
    "0 + x + a * b",
)


def reduce_rows(rows: list[Row], columns: list[int]) -> list[Row]:
    """Bring rows into echelon form in the columns named, first columns first; rows of zeros are left out."""
    rows, done = [row[:] for row in rows], 0
    for j in columns:
        pivot = next((i for i in range(done, len(rows)) if rows[i][j] != 0), None)
        if pivot is None:
            continue
        rows[done], rows[pivot] = rows[pivot], rows[done]
        rows[done] = [value / rows[done][j] for value in rows[done]]
        for i in range(len(rows)):
            if i != done and rows[i][j] != 0:
                factor = rows[i][j]
                rows[i] = [value - factor * top for value, top in zip(rows[i], rows[done], strict=True)]
        done += 1
    return [row for row in rows if any(row)]


def without(rows: list[Row], columns: list[int]) -> list[Row]:
    """Give the combinations of rows that have only zeros in the columns named."""
    return [row for row in reduce_rows(rows, columns) if not any(row[j] for j in columns)]


def product_of(one: Row, other: Row) -> Fraction:
    return sum((p * q for p, q in zip(one, other, strict=True)), Fraction(0))


def orthogonal(rows: list[Row], to: list[Row]) -> list[Row]:
    """Subtract from rows their projections on others (Gram and Schmidt)."""
    basis: list[Row] = []
    for row in [*to, *rows]:
        left = row
        for other in basis[: len(to)]:
            share = product_of(row, other) / product_of(other, other)
            left = [p - share * q for p, q in zip(left, other, strict=True)]
        basis.append(left)
    return basis[len(to) :]


def independent(rows: list[Row]) -> list[Row]:
    """Make rows orthogonal to each other."""
    found: list[Row] = []
    for row in rows:
        left = row
        for other in found:
            share = product_of(row, other) / product_of(other, other)
            left = [p - share * q for p, q in zip(left, other, strict=True)]
        if any(left):
            found.append(left)
    return found


def written_out(frame: pl.DataFrame, terms: list[tuple[str, ...]]) -> tuple[list[Row], list[list[int]]]:
    """Write the rows of a model with a column for every level, and the columns of each term."""
    cells: list[dict[str, str]] = []
    places: list[list[int]] = []
    factors = [[name for name in term if name in LEVELS] for term in terms]
    for names in factors:
        own = [dict(zip(names, levels, strict=True)) for levels in product(*(LEVELS[name] for name in names))]
        places.append(list(range(len(cells), len(cells) + len(own))))
        cells += own
    numbers = [[name for name in term if name not in LEVELS] for term in terms]
    of_column = [number for number, columns in zip(numbers, places, strict=True) for _ in columns]
    rows = []
    for row in frame.iter_rows(named=True):
        one = []
        for cell, names in zip(cells, of_column, strict=True):
            value = Fraction(int(all(row[name] == level for name, level in cell.items())))
            for name in names:
                value *= int(row[name])
            one.append(value)
        rows.append(one)
    return rows, places


def goodnight(
    rows: list[Row], terms: list[tuple[str, ...]], places: list[list[int]], number: int
) -> list[Row]:
    """Derive a type III hypothesis: weights of the columns of every level."""

    def split(term: tuple[str, ...]) -> tuple[set[str], set[str]]:
        return {name for name in term if name in LEVELS}, {name for name in term if name not in LEVELS}

    factors, numbers = split(terms[number])
    containing = [
        place
        for place, term in zip(places, terms, strict=True)
        if split(term)[1] == numbers and split(term)[0] > factors
    ]
    related = {*places[number], *(j for place in containing for j in place)}
    width = sum(len(place) for place in places)
    estimable = reduce_rows(rows, list(range(width)))
    free = without(estimable, [j for j in range(width) if j not in related])
    nothing = independent(without(free, places[number]))
    own = [row for row in reduce_rows(free, places[number]) if any(row[j] for j in places[number])]
    return orthogonal(own, nothing)


def drawn(seed: int, empty: int) -> pl.DataFrame:
    """Draw 60 subjects of one visit with a number of cells of a, b and c empty."""
    rng = np.random.default_rng(seed)
    n = 60
    frame = pl.DataFrame(
        {
            "id": range(n),
            "visit": ["v"] * n,
            **{name: rng.choice(levels, n) for name, levels in LEVELS.items()},
            "x": rng.integers(1, 9, n).astype(float),
            "z": rng.integers(1, 6, n).astype(float),
            "y": rng.normal(size=n),
        }
    )
    for _ in range(empty):
        pair = rng.choice(["a", "b", "c"], 2, replace=False)
        first, second = (rng.choice(LEVELS[name]) for name in pair)
        left = frame.filter((pl.col(pair[0]) != first) | (pl.col(pair[1]) != second))
        if all(left[name].n_unique() == len(levels) for name, levels in LEVELS.items()):
            frame = left
    return frame


@pytest.mark.parametrize("fixed", FORMULAS)
@settings(max_examples=6)
@given(seed=st.integers(0, 10_000), empty=st.integers(0, 4), coding=st.sampled_from(["r", "sas"]))
def test_hypotheses_follow_goodnights_rules(fixed: str, seed: int, empty: int, coding: str) -> None:
    frame = drawn(seed, empty)
    result = fit_mmrm(
        frame, outcome="y", fixed=fixed, subject="id", visit="visit", df="residual", coding=coding
    )
    coding_in_full = full_coding(result)
    variables = list(result.design.terms)
    terms = variables if fixed.startswith("0") else [*variables, ()]
    order = frame.select("a", "b", "c", "x", "z").unique(maintain_order=True)
    rows, places = written_out(order, terms)
    every = np.array([[float(value) for value in row] for row in rows])
    X = result.design.rows(order)
    for number in range(len(variables)):
        expected = goodnight(rows, terms, places, number)
        found = type3_rows(result, coding_in_full, coding_in_full.terms[number])
        assert len(found) == len(expected)
        if not expected:
            continue
        wanted = np.array([[float(value) for value in row] for row in expected])
        weights = np.linalg.lstsq(every.T, wanted.T, rcond=None)[0].T
        same = weights @ X
        mixed = np.linalg.lstsq(found.T, same.T, rcond=None)[0].T
        np.testing.assert_allclose(mixed @ found, same, atol=1e-7 * np.abs(same).max())
        assert np.linalg.matrix_rank(mixed) == len(found)
