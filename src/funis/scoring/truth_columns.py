"""Three-valued truth in columns: true, false, or null where it cannot be determined.

The logic is Kleene's, as in SQL: a false settles an *and* whatever the unknown would be, a true settles an
*or*. Columns are expressions of Polars or of Narwhals, or those that a `Tracer` takes; it keeps two bits for
each, surely and possibly true. Answers about one subject follow the same tables in `funis.responses.verdict`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import add, and_, or_
from typing import Any

import narwhals as nw

from funis.frames.under_way import Column


def all_of(met: Sequence[Column]) -> Column:
    """Tell whether all of one or more conditions are met.

    Examples
    --------
    >>> import polars as pl
    >>> pl.select(all_of([pl.lit(True), pl.lit(None)]), other=all_of([pl.lit(False), pl.lit(None)])).row(0)
    (None, False)
    """
    return reduce(and_, met)


def any_of(met: Sequence[Column]) -> Column:
    """Tell whether any of one or more conditions is met.

    Examples
    --------
    >>> import polars as pl
    >>> pl.select(any_of([pl.lit(True), pl.lit(None)]), other=any_of([pl.lit(False), pl.lit(None)])).row(0)
    (True, None)
    """
    return reduce(or_, met)


def is_sure(met: Column) -> Column:
    """Tell where a condition is met for certain: unknown counts as not met."""
    return met.fill_null(value=False)


def is_possible(met: Column) -> Column:
    """Tell where a condition may be met: unknown counts as met."""
    return met.fill_null(value=True)


def from_ends(ops: Any, sure: Column, possible: Column) -> Column:
    """Give true where it is sure, false where it is not possible, null between the two.

    Parameters
    ----------
    ops : the library whose expressions are built
    sure, possible : columns without null; what is sure is possible too
    """
    unknown = ops.lit(None, ops.Boolean)
    return ops.when(sure).then(ops.lit(value=True)).otherwise(
        ops.when(possible).then(unknown).otherwise(ops.lit(value=False))
    )  # fmt: skip


def at_least(ops: Any, met: Sequence[Column], number: int) -> Column:
    """Tell whether at least so many of one or more conditions are met.

    Parameters
    ----------
    ops : the library whose expressions are built
    met : the conditions
    number : 1 or more
    """
    if number > len(met):
        return ops.lit(value=False)
    if number == 1:
        return any_of(met)
    if number == 2 and ops is not nw:
        # One of them together with one before it: truth values alone, which take a bit each, say it.
        return any_of([any_of(met[:place]) & one for place, one in enumerate(met) if place])
    kind = ops.Int64 if ops is nw else ops.Int8
    sure = reduce(add, [is_sure(one).cast(kind) for one in met])
    possible = reduce(add, [is_possible(one).cast(kind) for one in met])
    return from_ends(ops, sure >= number, possible >= number)
