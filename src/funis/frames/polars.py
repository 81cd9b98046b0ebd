"""Polars frames, eager and lazy: rows of a subject put in order, batches watched, columns put back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import polars as pl


def replace_columns(frame: pl.DataFrame, columns: pl.DataFrame) -> pl.DataFrame:
    """Put columns behind those of a frame; a column of the same name goes."""
    return frame.drop(columns.columns, strict=False).with_columns(columns.get_columns())


def watch(
    kinds: Mapping[str, pl.DataType], names: Sequence[str], check: Callable[[pl.DataFrame], None]
) -> pl.Expr:
    """Pass some columns of a lazy query through a check, batch by batch; the first of them carries it.

    Parameters
    ----------
    kinds : types of the columns of the query
    names : columns that the check looks at, at least one
    check : raises where a batch must stop the query
    """

    def look(batch: pl.Series) -> pl.Series:
        columns = batch.struct.unnest()
        check(columns)
        return columns.get_column(names[0])

    struct = pl.struct(names)
    return struct.map_batches(look, return_dtype=kinds[names[0]], is_elementwise=True).alias(names[0])


def widen(kinds: Mapping[str, pl.DataType], names: Sequence[str]) -> list[pl.Expr]:
    """Give small whole numbers as Int64 and enumerations as text, as every other kind of frame has them."""
    wide = [pl.col(name).cast(pl.Int64) for name in names if kinds[name].is_integer()]
    return wide + [pl.col(name).cast(pl.String) for name in names if isinstance(kinds[name], pl.Enum)]


def stands_in_order(frame: pl.DataFrame | pl.LazyFrame, subject: str, order: str) -> bool:
    """Tell whether the rows of each subject stand together and rise in order.

    Parameters
    ----------
    frame : a lazy one is read once or twice, of two columns only
    subject, order : columns of subject and visit order
    """
    rows, engine = frame.lazy().select(subject, order), engine_for(frame)
    same = pl.col(subject) == pl.col(subject).shift(1)
    in_order = (~same | (pl.col(order) > pl.col(order).shift(1))).fill_null(value=True).all()
    starts = (~same).fill_null(value=True).sum()
    rising = (pl.col(subject) >= pl.col(subject).shift(1)).fill_null(value=True).all()
    query = rows.select(in_order=in_order, starts=starts, rising=rising)
    found = query.collect(engine=engine).row(0, named=True)
    if not found["in_order"] or found["rising"]:
        return bool(found["in_order"])
    subjects = rows.select(pl.col(subject).n_unique()).collect(engine=engine).item()
    return bool(subjects == found["starts"])


def engine_for(frame: pl.DataFrame | pl.LazyFrame) -> Literal["streaming", "auto"]:
    """Name the engine that reads a frame in bounded memory."""
    return "streaming" if isinstance(frame, pl.LazyFrame) else "auto"
