"""Columns that hold nothing but possible values of their kind, typed many at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import polars as pl

from funis.frames.verbs import Verbs, count_gaps, verbs_of
from funis.schema import Column

WHOLE_DATE = r"^(\d{4}-\d{2}-\d{2})(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?$"
"""A whole ISO date, with the midnight that spreadsheets add."""

_LIKE_NUMBERS = {"flag": "number", "integer": "number"}
"""Kinds whose texts are read as those of another; which of the numbers are possible differs."""
LARGEST = 1e15
"""No column of a study holds a larger number: a dose of cells is some 1e8."""


@dataclass(frozen=True, eq=False, slots=True)
class Sort:
    """Columns that hold the same sort of values: what can stand in one can stand in all.

    Attributes
    ----------
    like : one of them
    names : all of them
    """

    like: Column
    names: tuple[str, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Sorted:
    """Columns of a table by what they hold.

    Attributes
    ----------
    free : those that take any text
    filled : those that need a value in every row
    sorts : those of which some texts are no values
    """

    free: tuple[str, ...]
    filled: tuple[str, ...]
    sorts: tuple[Sort, ...]


def sort_columns(columns: Iterable[Column]) -> Sorted:
    """Sort columns by what they hold; those whose every cell needs a closer look are none of them.

    Parameters
    ----------
    columns : of a table

    Returns
    -------
    Sorted

    Examples
    --------
    >>> rash, fever = Column("rash", "flag", ""), Column("fever", "flag", "")
    >>> sort_columns([rash, fever]).sorts[0].names
    ('rash', 'fever')
    """
    every = list(columns)
    free = [column.name for column in every if column.kind == "text" and _is_free(column)]
    alike: dict[tuple[object, ...], list[Column]] = defaultdict(list)
    for column in every:
        is_known = column.kind in {"number", "flag", "integer", "date"}
        if is_known or (column.kind == "text" and not _is_free(column) and not column.not_done):
            # What decides whether a value can stand in a column.
            alike[column.kind, column.allowed, column.low, column.high].append(column)
    sorts = (Sort(same[0], tuple(column.name for column in same)) for same in alike.values())
    return Sorted(tuple(free), tuple(column.name for column in every if column.filled), tuple(sorts))


def read_plain_columns(frame: pl.DataFrame, columns: Sorted) -> pl.DataFrame:
    """Type at once the columns that hold nothing but possible values of their kind: nearly all of them.

    The others go through the slow path, which says what is wrong with each cell. Columns that hold the same
    are read by one expression: an instrument has a hundred of them, and two or three sorts.

    Parameters
    ----------
    frame : the table as texts, without spaces around them; an empty cell is null
    columns : the columns of the table that the frame has

    Returns
    -------
    polars.DataFrame
        The typed columns; one is not there where any of its cells needs a closer look.

    Examples
    --------
    >>> texts = pl.DataFrame({"age": ["31", None], "weight_kg": ["70", "70 kg"]})
    >>> both = sort_columns([Column("age", "number", ""), Column("weight_kg", "number", "")])
    >>> read_plain_columns(texts, both).to_dicts()
    [{'age': 31.0}, {'age': None}]
    """
    ops = verbs_of(frame)
    gaps = count_gaps(frame)
    unfilled = frozenset(name for name in columns.filled if gaps[name])
    typed = frame.select(_read_all(ops, columns, unfilled))
    unread = count_gaps(typed)
    odd = unfilled.union(name for name, count in unread.items() if count != gaps[name])
    answers = _answer_all(ops, columns, odd)
    passed = typed.select(answers).row(0, named=True) if answers else {}
    plain = [
        (sort, name) for sort, name in _names(columns, odd) if passed.get(name, sort.like.kind == "date")
    ]
    whole_numbers = [name for sort, name in plain if sort.like.kind == "integer"]
    if whole_numbers:
        typed = typed.with_columns(ops.col(whole_numbers).cast(ops.Int64))
    free = [name for name in columns.free if name not in unfilled]
    return typed.select(*free, *(name for _, name in plain))


def _names(columns: Sorted, gone: Collection[str]) -> list[tuple[Sort, str]]:
    """Name the columns of which some texts are no values, but for some, each with its sort."""
    return [(sort, name) for sort in columns.sorts for name in sort.names if name not in gone]


@lru_cache(maxsize=1024)
def _read_all(ops: Verbs, columns: Sorted, gone: frozenset[str]) -> Sequence[pl.Expr | str]:
    """Read columns of texts as their kind, but for some; those that are read alike by one expression."""
    alike: dict[str, list[str]] = defaultdict(list)
    for sort, name in _names(columns, gone):
        alike[_LIKE_NUMBERS.get(sort.like.kind, sort.like.kind)].append(name)
    free = [name for name in columns.free if name not in gone]
    return [*free, *(_read_plainly(ops, kind, names) for kind, names in alike.items())]


@lru_cache(maxsize=1024)
def _answer_all(ops: Verbs, columns: Sorted, gone: frozenset[str]) -> Sequence[pl.Expr]:
    """Tell which columns, but for some, hold nothing but possible values; every date is possible."""
    left = [(sort, [name for name in sort.names if name not in gone]) for sort in columns.sorts]
    return [_are_plain(ops, sort, names) for sort, names in left if names and sort.like.kind != "date"]


def _is_free(column: Column) -> bool:
    return not column.allowed and not column.not_done


def _read_plainly(ops: Verbs, kind: str, names: Sequence[str]) -> pl.Expr:
    """Read columns of texts as a kind; null where a text is something else."""
    if kind == "text":
        return ops.col(names)
    if kind == "date":
        return ops.col(names).str.extract(WHOLE_DATE).str.to_date("%Y-%m-%d", strict=False)
    return ops.col(names).cast(ops.Float64, strict=False)


def _are_plain(ops: Verbs, sort: Sort, names: Sequence[str]) -> pl.Expr:
    """Tell which columns hold nothing but possible values."""
    values, possible = ops.col(names), is_possible(ops, sort.like, names)
    whole = possible & (values == values.floor()) if sort.like.kind == "integer" else possible
    return (values.is_null() | whole).all()


def is_possible(ops: Verbs, sort: Column, names: Sequence[str]) -> pl.Expr:
    """Say whether values can stand in their columns: finite numbers within their limits, one of the levels.

    Parameters
    ----------
    ops : what makes the expression
    sort : kind, levels and limits of the columns
    names : the columns, typed

    Returns
    -------
    polars.Expr
        A Boolean for each of the columns.

    Examples
    --------
    >>> age, ages = Column("age", "number", "", low=0, high=120), pl.DataFrame({"age": [31.0, 130.0]})
    >>> ages.select(is_possible(verbs_of(ages), age, ["age"]))["age"].to_list()
    [True, False]
    """
    value = ops.col(names)
    if sort.kind == "text":
        return value.is_in(sort.allowed)
    if sort.kind == "flag":
        return value.is_in([0.0, 1.0])
    if sort.allowed:
        return value.is_finite() & value.is_in([float(level) for level in sort.allowed])
    low, high = number_limits(sort)
    return value.is_finite() & (value >= low) & (value <= high)


def number_limits(sort: Column) -> tuple[float, float]:
    """Give the smallest and the largest number of a column; nothing that is measured goes beyond 1e15.

    Examples
    --------
    >>> number_limits(Column("cells", "number", "", low=0))
    (0, 1000000000000000.0)
    """
    low = -LARGEST if sort.low is None else sort.low
    return low, LARGEST if sort.high is None else sort.high
