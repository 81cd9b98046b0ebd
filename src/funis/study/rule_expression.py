"""The tree of a rule becomes an expression, node by node; no text ever reaches Polars."""

from __future__ import annotations

import datetime as dt
import operator
from collections.abc import Callable, Mapping
from typing import Final

import polars as pl

from funis.frames.verbs import Verbs
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
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_CALCULATE: Final[Mapping[Operator, Callable[[pl.Expr, pl.Expr], pl.Expr]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}
_INFINITE: Final = (float("inf"), float("-inf"))


def build_expression(node: Node, ops: Verbs) -> pl.Expr:
    """Build the expression of a tree; null means cannot tell.

    Parameters
    ----------
    node : what :func:`funis.study.rule_tree.parse_rule` gave
    ops : what makes expressions for the frame, as :func:`funis.frames.verbs.verbs_of` gives it

    Returns
    -------
    polars.Expr

    Notes
    -----
    AND and OR follow Kleene's logic. Arithmetic is done in floating point; a division by zero, and a result
    beyond the floating-point range, cannot be determined.

    Examples
    --------
    >>> from funis.frames.verbs import verbs_of
    >>> from funis.study.rule_tree import parse_rule
    >>> frame = pl.DataFrame({"age": [15, 16, None]})
    >>> frame.select(build_expression(parse_rule("age >= 16"), verbs_of(frame))).to_series().to_list()
    [False, True, None]
    """
    match node:
        case NamedColumn(name):
            built = ops.col(name)
        case Value(value):
            built = ops.lit(value, dtype=ops.Date if isinstance(value, dt.date) else None)
        case Calculation(first, steps):
            # What a division by zero or an overflow gives (infinite, not a number) stays so to the end of the
            # chain, since no operand is infinite itself: one look at the end finds every one.
            found = build_expression(first, ops).cast(ops.Float64)
            for sign, operand in steps:
                found = _CALCULATE[sign](found, build_expression(operand, ops).cast(ops.Float64))
            built = found.replace(_INFINITE, [None, None]).fill_nan(None)
        case Absolute(part):
            built = build_expression(part, ops).abs()
        case FirstKnown(parts):
            built = ops.coalesce([build_expression(part, ops) for part in parts])
        case Choice():
            built = _choose(node, ops)
        case _:
            built = _build_condition(node, ops)
    return built


def _build_condition(
    node: Compare | Junction | Negation | Identity | InList | Between, ops: Verbs
) -> pl.Expr:
    match node:
        case Compare(comparator, left, right):
            built = _COMPARE[comparator](build_expression(left, ops), build_expression(right, ops))
        case Junction(every, parts):
            join = ops.all_horizontal if every else ops.any_horizontal
            built = join([build_expression(part, ops) for part in parts])
        case Negation(part):
            built = build_expression(part, ops).not_()
        case Identity(part, value):
            inner = build_expression(part, ops)
            built = inner.is_null() if value is None else inner.eq_missing(ops.lit(value))
        case InList(part, values):
            inner = build_expression(part, ops)
            built = ops.any_horizontal([inner == build_expression(value, ops) for value in values])
        case Between(part, low, high):
            inner = build_expression(part, ops)
            built = ops.all_horizontal(
                inner >= build_expression(low, ops), inner <= build_expression(high, ops)
            )
    return built


def _choose(node: Choice, ops: Verbs) -> pl.Expr:
    chosen = build_expression(node.otherwise, ops)
    for condition, value in reversed(node.branches):
        chosen = (
            ops.when(build_expression(condition, ops)).then(build_expression(value, ops)).otherwise(chosen)
        )
    return chosen
