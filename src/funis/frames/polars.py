"""Polars frames, eager and lazy: rows of a subject put in order, batches watched, columns put back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import polars as pl

# While a query is checked, its columns stand in one column of this name.
_CHECKED = "__funis_checked"


def replace_columns(frame: pl.DataFrame, columns: pl.DataFrame) -> pl.DataFrame:
    """Put columns behind those of a frame; a column of the same name goes."""
    return frame.drop(columns.columns, strict=False).with_columns(columns.get_columns())


def watch(frame: pl.LazyFrame, names: Sequence[str], check: Callable[[pl.DataFrame], None]) -> pl.LazyFrame:
    """Pass some columns of a lazy query through a check, batch by batch: who reads one checks all.

    Parameters
    ----------
    frame : the query
    names : columns that the check looks at; none of them asks for none
    check : raises where a batch must stop the query
    """
    if not names:
        return frame
    schema = frame.collect_schema()
    kind = pl.Struct({name: schema[name] for name in names})

    def look(batch: pl.Series) -> pl.Series:
        check(batch.struct.unnest())
        return batch

    checked = pl.struct(names).map_batches(look, return_dtype=kind, is_elementwise=True).alias(_CHECKED)
    fields = [pl.col(_CHECKED).struct.field(name) for name in names]
    return frame.with_columns(checked).with_columns(fields).drop(_CHECKED)


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
