"""The tree of a rule becomes a Polars expression, node by node; no text ever reaches Polars."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from functools import reduce
from typing import Final

import polars as pl

from funis.study.rule_nodes import (
    Absolute,
    Between,
    Calculation,
    Choice,
    Comparator,
    Compare,
    FirstKnown,
    Identity,
    InList,
    Junction,
    NamedColumn,
    Negation,
    Node,
    Operator,
    Value,
)

_COMPARE: Final[Mapping[Comparator, Callable[[pl.Expr, pl.Expr], pl.Expr]]] = {
    "=": pl.Expr.__eq__,
    "<>": pl.Expr.__ne__,
    "<": pl.Expr.__lt__,
    "<=": pl.Expr.__le__,
    ">": pl.Expr.__gt__,
    ">=": pl.Expr.__ge__,
}
_CALCULATE: Final[Mapping[Operator, Callable[[pl.Expr, pl.Expr], pl.Expr]]] = {
    "+": pl.Expr.__add__,
    "-": pl.Expr.__sub__,
    "*": pl.Expr.__mul__,
    "/": pl.Expr.__truediv__,
}
_INFINITE: Final = (float("inf"), float("-inf"))


def build_expression(node: Node) -> pl.Expr:
    """Build the expression of a tree; null means cannot tell.

    Parameters
    ----------
    node : what :func:`funis.study.rule_tree.parse_rule` gave

    Returns
    -------
    polars.Expr

    Notes
    -----
    AND and OR follow Kleene's logic. Arithmetic is done in floating point; a division by zero, and a result
    beyond the floating-point range, cannot be determined.

    Examples
    --------
    >>> from funis.study.rule_tree import parse_rule
    >>> frame = pl.DataFrame({"age": [15, 16, None]})
    >>> frame.select(build_expression(parse_rule("age >= 16"))).to_series().to_list()
    [False, True, None]
    """
    match node:
        case NamedColumn(name):
            built = pl.col(name)
        case Value(value):
            built = pl.lit(value, dtype=pl.Date if isinstance(value, dt.date) else None)
        case Calculation(first, steps):
            # What a division by zero or an overflow gives (infinite, not a number) stays so to the end of the
            # chain, since no operand is infinite itself: one look at the end finds every one.
            found = reduce(_calculate, steps, build_expression(first).cast(pl.Float64))
            built = found.replace(_INFINITE, [None, None]).fill_nan(None)
        case Absolute(part):
            built = build_expression(part).abs()
        case FirstKnown(parts):
            built = pl.coalesce([build_expression(part) for part in parts])
        case Choice():
            built = _choose(node)
        case _:
            built = _build_condition(node)
    return built


def _build_condition(
    node: Compare | Junction | Negation | Identity | InList | Between,
) -> pl.Expr:
    match node:
        case Compare(comparator, left, right):
            built = _COMPARE[comparator](build_expression(left), build_expression(right))
        case Junction(every, parts):
            join = pl.all_horizontal if every else pl.any_horizontal
            built = join([build_expression(part) for part in parts])
        case Negation(part):
            built = build_expression(part).not_()
        case Identity(part, value):
            inner = build_expression(part)
            built = inner.is_null() if value is None else inner.eq_missing(pl.lit(value))
        case InList(part, values):
            inner = build_expression(part)
            built = pl.any_horizontal([inner == build_expression(value) for value in values])
        case Between(part, low, high):
            inner = build_expression(part)
            built = pl.all_horizontal(inner >= build_expression(low), inner <= build_expression(high))
    return built


def _calculate(left: pl.Expr, step: tuple[Operator, Node]) -> pl.Expr:
    operator, node = step
    return _CALCULATE[operator](left, build_expression(node).cast(pl.Float64))


def _choose(node: Choice) -> pl.Expr:
    chosen = build_expression(node.otherwise)
    for condition, value in reversed(node.branches):
        chosen = pl.when(build_expression(condition)).then(build_expression(value)).otherwise(chosen)
    return chosen
