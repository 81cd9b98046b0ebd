"""Columns that hold nothing but possible values of their kind, typed many at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache

import polars as pl

from funis.frames.verbs import Verbs, count_gaps, verbs_of
from funis.schema import Column

WHOLE_DATE = r"^(\d{4}-\d{2}-\d{2})(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?$"
"""A whole ISO date, with the midnight that spreadsheets add."""

LARGEST = 1e15
"""No column of a study holds a larger number: a dose of cells is some 1e8."""


def read_plain_columns(frame: pl.DataFrame, columns: Sequence[Column]) -> pl.DataFrame:
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
    >>> read_plain_columns(texts, [Column("age", "number", ""), Column("weight_kg", "number", "")]).to_dicts()
    [{'age': 31.0}, {'age': None}]
    """
    ops = verbs_of(frame)
    gaps = count_gaps(frame)
    whole = [column for column in columns if not (column.filled and gaps[column.name])]
    free = [column.name for column in whole if column.kind == "text" and _is_free(column)]
    sorts: dict[tuple[object, ...], list[Column]] = defaultdict(list)
    for column in whole:
        is_known = column.kind in {"number", "flag", "integer", "date"}
        if is_known or (column.kind == "text" and not _is_free(column) and not column.not_done):
            # What decides whether a value can stand in a column.
            sorts[column.kind, column.allowed, column.low, column.high].append(column)
    named = [(same[0], tuple(column.name for column in same)) for same in sorts.values()]
    typed = frame.select(*free, *(_read_plainly(ops, sort, names) for sort, names in named))
    unread = count_gaps(typed)
    kept = [(sort, tuple(name for name in names if unread[name] == gaps[name])) for sort, names in named]
    checked = [(sort, names) for sort, names in kept if names and sort.kind != "date"]
    answers = typed.select(_are_plain(ops, sort, names) for sort, names in checked)
    passed = dict(zip(answers.columns, answers.row(0), strict=True)) if checked else {}
    plain = [(sort, name) for sort, names in kept for name in names if passed.get(name, sort.kind == "date")]
    whole_numbers = [name for sort, name in plain if sort.kind == "integer"]
    if whole_numbers:
        typed = typed.with_columns(ops.col(whole_numbers).cast(ops.Int64))
    return typed.select(*free, *(name for _, name in plain))


def _is_free(column: Column) -> bool:
    return not column.allowed and not column.not_done


@lru_cache(maxsize=1024)
def _read_plainly(ops: Verbs, sort: Column, names: tuple[str, ...]) -> pl.Expr:
    """Read columns of texts as their kind; null where a text is something else."""
    if sort.kind == "text":
        return ops.col(names)
    if sort.kind == "date":
        return ops.col(names).str.extract(WHOLE_DATE).str.to_date("%Y-%m-%d", strict=False)
    return ops.col(names).cast(ops.Float64, strict=False)


@lru_cache(maxsize=1024)
def _are_plain(ops: Verbs, sort: Column, names: tuple[str, ...]) -> pl.Expr:
    """Tell which columns hold nothing but possible values."""
    values, possible = ops.col(names), is_possible(ops, sort, names)
    whole = possible & (values == values.floor()) if sort.kind == "integer" else possible
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
