"""Columns that hold nothing but possible values of their kind, typed many at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import polars as pl

from funis.frames.few_answers import KeptAnswers, answers
from funis.frames.verbs import FEW, Named, Verbs, cells_of, count_gaps, verbs_of
from funis.schema import Column, Kind

WHOLE_DATE = r"^(\d{4}-\d{2}-\d{2})(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?$"
"""A whole ISO date, with the midnight that spreadsheets add."""

_UNSEEN = "\u200b\u200c\u200d\u2060\ufeff"
"""Signs that take no room; they come with text copied from web pages."""
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
    others : those of which every cell needs a closer look
    """

    free: tuple[str, ...]
    filled: tuple[str, ...]
    sorts: tuple[Sort, ...]
    others: tuple[str, ...]


def sort_columns(columns: Iterable[Column]) -> Sorted:
    """Sort columns by what they hold.

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
    sorts = tuple(Sort(same[0], tuple(column.name for column in same)) for same in alike.values())
    filled = tuple(column.name for column in every if column.filled)
    sorted_names = {*free, *(name for sort in sorts for name in sort.names)}
    others = tuple(column.name for column in every if column.name not in sorted_names)
    return Sorted(tuple(free), filled, sorts, others)


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


def read_few_texts(frame: pl.DataFrame, columns: Sorted) -> dict[str, list[Any]] | None:
    """Type the columns of few rows by what is known of each text; None where any needs a closer look.

    Parameters
    ----------
    frame : few rows of texts, as they were given
    columns : the columns of the table that the frame has

    Returns
    -------
    dict
        Cells by column, but for those of which every cell needs a closer look.

    Examples
    --------
    >>> from funis.frames.verbs import few_texts
    >>> both = sort_columns([Column("age", "number", ""), Column("weight_kg", "number", "")])
    >>> read_few_texts(few_texts({"age": ["31", ""], "weight_kg": ["70", "71.5"]}), both)
    {'age': [31.0, None], 'weight_kg': [70.0, 71.5]}
    >>> read_few_texts(few_texts({"age": ["31"], "weight_kg": ["70 kg"]}), both)
    """
    height = frame.height
    found: dict[str, list[Any]] = {}
    for names, known in _plain_cells(columns):
        cells = known.of(cells_of(frame, names))
        if cells is None:
            return None
        for place, name in enumerate(names):
            found[name] = cells[place * height : (place + 1) * height]
    # Spaces around what is still to be looked at are told by those who look.
    if columns.others and _any_text().of(cells_of(frame, columns.others)) is None:
        return None
    return None if any(None in found[name] for name in columns.filled if name in found) else found


@lru_cache(maxsize=256)
def _plain_cells(columns: Sorted) -> list[tuple[tuple[str, ...], KeptAnswers]]:
    """Give the columns that hold the same sort, with what is known of their texts."""
    sorts = [
        (sort.names, _cells_of_sort(sort.like.kind, sort.like.allowed, sort.like.low, sort.like.high))
        for sort in columns.sorts
    ]
    return [*sorts, *([(columns.free, _any_text())] if columns.free else [])]


def _any_text() -> KeptAnswers:
    return _cells_of_sort("text", (), None, None)


@lru_cache(maxsize=256)
def _cells_of_sort(
    kind: Kind, allowed: tuple[str, ...], low: float | None, high: float | None
) -> KeptAnswers:
    """Give what the texts of a sort stand for: of those that need no closer look."""
    like = Column("cell", kind, "", allowed=allowed, low=low, high=high)
    text = FEW.col(like.name)
    clean, read = strip_texts(text), _read_plainly(FEW, _LIKE_NUMBERS.get(kind, kind), like.name)
    is_plain = text.is_null() | (FEW.lit(value=True) if _is_any(like) else _is_plain(FEW, like, like.name))

    def say(texts: Sequence[str | None]) -> dict[str | None, Any]:
        stripped = [each or None for each in answers(clean, texts)]
        cells = answers(read, stripped)
        said = zip(texts, stripped, cells, answers(is_plain, cells), strict=True)
        return {
            given: int(cell) if kind == "integer" and cell is not None else cell
            for given, bare, cell, is_so in said
            if is_so and (given or None) == bare and (cell is None) == (bare is None)
        }

    return KeptAnswers(say)


def _is_any(column: Column) -> bool:
    """Tell whether whatever can be read is possible."""
    return column.kind == "date" or (column.kind == "text" and _is_free(column))


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


def _read_plainly(ops: Verbs, kind: str, names: Named) -> pl.Expr:
    """Read columns of texts as a kind; null where a text is something else."""
    if kind == "text":
        return ops.col(names)
    if kind == "date":
        return ops.col(names).str.extract(WHOLE_DATE).str.to_date("%Y-%m-%d", strict=False)
    return ops.col(names).cast(ops.Float64, strict=False)


def _are_plain(ops: Verbs, sort: Sort, names: Sequence[str]) -> pl.Expr:
    """Tell which columns hold nothing but possible values."""
    return (ops.col(names).is_null() | _is_plain(ops, sort.like, names)).all()


def _is_plain(ops: Verbs, like: Column, names: Named) -> pl.Expr:
    """Tell which cells are possible values of their sort."""
    values, possible = ops.col(names), is_possible(ops, like, names)
    return possible & (values == values.floor()) if like.kind == "integer" else possible


def strip_texts(cells: pl.Expr) -> pl.Expr:
    """Take spaces and signs that nobody sees off both ends of texts."""
    return cells.str.strip_chars().str.strip_chars(_UNSEEN).str.strip_chars()


def is_possible(ops: Verbs, sort: Column, names: Named) -> pl.Expr:
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
