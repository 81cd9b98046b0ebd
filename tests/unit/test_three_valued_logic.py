"""One truth table for every place that decides in three values: columns of each library, bits, single answers.

The tables are Kleene's strong logic of indeterminacy (Introduction to Metamathematics, 1952, section 64).
"""

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import duckdb
import narwhals as nw
import polars as pl
import pytest

from funis.responses import verdict
from funis.scoring import truth_columns
from funis.scoring.bits.program import ONE, ZERO
from funis.scoring.bits.traced import Truth
from funis.scoring.bits.tracer import Tracer

T, F, U = True, False, None
Answer = bool | None
Table = dict[tuple[Answer, ...], Answer]
# Rows: the first operand; columns: the second, in the order true, false, unknown.
AND: Table = {
    (T, T): T,
    (T, F): F,
    (T, U): U,
    (F, T): F,
    (F, F): F,
    (F, U): F,
    (U, T): U,
    (U, F): F,
    (U, U): U,
}
OR: Table = {
    (T, T): T,
    (T, F): T,
    (T, U): T,
    (F, T): T,
    (F, F): F,
    (F, U): U,
    (U, T): T,
    (U, F): U,
    (U, U): U,
}
NOT = {T: F, F: T, U: U}


def polars(build: Callable[[Any, Sequence[Any]], Any], answers: Sequence[Answer]) -> Answer:
    names = [f"c{place}" for place in range(len(answers))]
    frame = pl.DataFrame(
        dict(zip(names, ([one] for one in answers), strict=True)), schema=dict.fromkeys(names, pl.Boolean)
    )
    found: Answer = frame.select(build(pl, [pl.col(name) for name in names]).alias("found"))["found"][0]
    return found


def narwhals(build: Callable[[Any, Sequence[Any]], Any], answers: Sequence[Answer]) -> Answer:
    """Ask DuckDB, which answers in SQL."""
    words = {T: "true", F: "false", U: "cast(null as boolean)"}
    names = [f"c{place}" for place in range(len(answers))]
    relation: Any = duckdb.sql(
        "select " + ", ".join(f"{words[one]} as {name}" for name, one in zip(names, answers, strict=True))
    )
    found = (
        nw.from_native(relation).select(build(nw, [nw.col(name) for name in names]).alias("found")).collect()
    )
    answer: Answer = found["found"].to_list()[0]
    return answer


def bits(build: Callable[[Any, Sequence[Any]], Any], answers: Sequence[Answer]) -> Answer:
    tracer = Tracer({})
    ends = {T: (ONE, ONE), F: (ZERO, ZERO), U: (ZERO, ONE)}
    found = build(tracer, [Truth(tracer.graph, *ends[one]) for one in answers])
    told = {(ONE, ONE): T, (ZERO, ZERO): F, (ZERO, ONE): U}
    return told[found.low, found.high]


COLUMNS = [polars, narwhals, bits]


@pytest.mark.parametrize("ask", COLUMNS)
def test_columns(ask: Callable[..., Answer]) -> None:
    for pair in product((T, F, U), repeat=2):
        assert ask(lambda _, both: truth_columns.all_of(both), pair) is AND[pair], pair
        assert ask(lambda _, both: truth_columns.any_of(both), pair) is OR[pair], pair
    for one in (T, F, U):
        assert ask(lambda _, met: ~met[0], [one]) is NOT[one]
        assert ask(lambda _, met: truth_columns.is_sure(met[0]), [one]) is (one is T)
        assert ask(lambda _, met: truth_columns.is_possible(met[0]), [one]) is (one is not F)


def test_single_answers() -> None:
    for pair in product((T, F, U), repeat=2):
        assert verdict.all_of(pair) is AND[pair], pair
        assert verdict.any_of(pair) is OR[pair], pair


def at_least(answers: Sequence[Answer], number: int) -> Answer:
    """Try every way the unknown could be: all agree, or nobody can tell."""
    ways = [[one] if one is not None else [T, F] for one in answers]
    found = {sum(way) >= number for way in product(*ways)}
    return found.pop() if len(found) == 1 else None


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_at_least_so_many(number: int) -> None:
    for answers in product((T, F, U), repeat=3):
        expected = at_least(answers, number)
        for ask in COLUMNS:
            found = ask(lambda ops, met: truth_columns.at_least(ops, met, number), answers)
            assert found is expected, (ask, answers)
        assert verdict.reaches(answers, number) is expected, answers


@pytest.mark.parametrize("ask", COLUMNS)
def test_between_two_ends(ask: Callable[..., Answer]) -> None:
    for sure, possible, expected in ((T, T, T), (F, T, U), (F, F, F)):
        found = ask(lambda ops, ends: truth_columns.from_ends(ops, ends[0], ends[1]), [sure, possible])
        assert found is expected


def test_points_that_are_open_leave_the_sum_open() -> None:
    # 4 sure points and 6 open ones: 4 is reached, 10 may be, 11 cannot.
    asked = [T, U, F], [4, 6, 10]
    assert [verdict.reaches(asked[0], least, asked[1]) for least in (4, 5, 10, 11)] == [T, U, U, F]
