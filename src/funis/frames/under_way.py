"""A frame under way: it takes expressions, and becomes the caller's kind again.

Polars frames are worked on as they are. Eager frames of other libraries (pandas, PyArrow) lend the columns
that are needed to a Polars frame and get the new columns back. Lazy frames of other engines (DuckDB, PySpark)
stay where they are: they receive expressions, and only a check returns a row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

import narwhals as nw
import polars as pl

from funis.errors import ColumnError, ShapeError
from funis.frames.any_kind import lend_columns, return_columns
from funis.frames.polars import engine_for, stands_in_order, widen
from funis.frames.scales import Scale, scale_columns
from funis.shown import show_place

PREFIX: Final = "__funis_"
"""Columns of our own start with it; no caller's column does."""
ROW: Final = f"{PREFIX}row"
SHOWN: Final = 5
"""So many values, rows or subjects are named in an error."""
# An expression of Polars or of Narwhals: both have the verbs that are used here, and Polars' own cost less
# to build.
Column = Any


class TakesColumns(Protocol):
    """What takes columns: a frame under way, or what stands for one while rules are traced."""

    def add(self, columns: Sequence[Column], /) -> None:
        """Add columns that may be read by those added later."""


class OpenFrame:
    """A frame under way: expressions are added to it, and it knows how to become the caller's kind again.

    Attributes
    ----------
    native : the caller's frame
    frame : Polars frame (eager or lazy), or Narwhals lazy frame of another engine
    kept : columns of the caller
    ops : the library whose expressions the frame takes
    is_sorted : rows of a subject stand together in visit order
    as_given : our columns that keep what the caller gave in a column that was converted, by its name
    """

    def __init__(self, native: Any, frame: Any, kept: Sequence[str]) -> None:
        self.native = native
        self.frame = frame
        self.kept = tuple(kept)
        self.is_polars = isinstance(frame, pl.DataFrame | pl.LazyFrame)
        self.is_lazy = not isinstance(frame, pl.DataFrame)
        self.ops: Any = pl if self.is_polars else nw
        self.is_sorted = False
        self.was_reordered = False
        self.as_given: dict[str, str] = {}

    @property
    def schema(self) -> dict[str, nw.dtypes.DType]:
        """Columns and their types."""
        return dict(nw.from_native(self.frame).collect_schema())

    def add(self, columns: Sequence[Column], /) -> None:
        """Add columns that may be read by those added later."""
        if columns:
            self.frame = self.frame.with_columns(*columns)

    def convert(self, scales: Mapping[str, Scale]) -> None:
        """Bring columns to other units; the caller gets back what was given."""
        if not scales:
            return
        made = scale_columns(self.ops, self.schema, scales)
        if self.native is self.frame or self.ops is nw:
            self.as_given = {name: f"{PREFIX}given_{name}" for name in scales}
        self.add([*(self.ops.col(name).alias(kept) for name, kept in self.as_given.items()), *made])

    def fetch(self, query: Any) -> Any:
        """Give the rows of a query over the frame, which is lazy where the frame is."""
        return query.collect() if self.is_lazy else query

    def fill_forward(self, value: Column, subject: str | None, order: str | None) -> Column:
        """Give the last value that is not null, of the same subject, in visit order."""
        filled = value.fill_null(strategy="forward")
        return filled.over(subject) if self.is_polars else filled.over(subject, order_by=order)


def open_frame(
    native: Any,
    columns: Sequence[str],
    *,
    subject: str | None,
    order: str | None,
    assume_sorted: bool,
    purpose: str,
    scales: Mapping[str, Scale] | None = None,
) -> OpenFrame:
    """Take a frame of any supported library over the border.

    Parameters
    ----------
    native : the caller's frame
    columns : those that are needed, where they are there
    subject, order : columns of the history, or None
    assume_sorted : the rows are said to stand in order; verified
    purpose : what the history is for, as an error names it
    scales : what brings columns to the units in which they are read, by column

    Returns
    -------
    OpenFrame : ready for expressions

    Raises
    ------
    ColumnError : there is no such column of subjects or of their order
    ShapeError : the history has rows without a place, two rows at one place, or an order that cannot be one
    """
    frame: Any = nw.from_native(native)
    names = list(frame.collect_schema().names())
    history = [name for name in (subject, order) if name is not None]
    for name in history:
        if name not in names:
            raise ColumnError(purpose, [name], names, "Name the columns of subject and of visit order.")
    if frame.implementation.is_polars():
        opened = OpenFrame(native, native, names)
    elif isinstance(frame, nw.LazyFrame):
        opened = OpenFrame(native, frame, names)
    else:
        lent = lend_columns(native, [*history, *columns])
        opened = OpenFrame(native, lent, lent.columns)
    opened.convert(scales or {})
    if subject is not None and order is not None:
        _check_order_type(opened, order)
        _check_history(opened, subject, order)
        if opened.is_polars:
            _sort_history(opened, subject, order, assume_sorted=assume_sorted)
    return opened


def _check_order_type(opened: OpenFrame, order: str) -> None:
    kind = opened.schema[order]
    if not (kind.is_numeric() or kind in (nw.Date, nw.Datetime) or isinstance(kind, nw.Datetime)):
        raise ShapeError(
            f"The column {order!r} orders the visits and must hold dates or numbers; it holds {kind}. "
            "Convert it, or name another column."
        )


def _check_history(opened: OpenFrame, subject: str, order: str) -> None:
    """Refuse a history in which a subject has two rows at one time, or a row has no place."""
    frame, ops = opened.frame, opened.ops
    is_empty = _is_empty(opened, subject) | _is_empty(opened, order)
    if isinstance(frame, pl.DataFrame):
        is_tied = pl.struct(subject, order).is_duplicated()
        if not frame.select((is_empty | is_tied).any()).item():
            return
    found = opened.fetch(frame.filter(is_empty).select(subject, order).head(SHOWN))
    if len(found):
        raise ShapeError(
            f"The columns {subject!r} and {order!r} must not be empty: {len(found)} or more rows have no "
            "place in the history. Fill them or leave these rows out."
        )
    if opened.is_polars and opened.is_lazy:
        return  # found while the order is verified
    counts = frame.group_by(subject, order).agg(ops.len().alias(f"{PREFIX}n"))
    tied = counts.filter(ops.col(f"{PREFIX}n") > 1).head(SHOWN)
    _refuse_ties(opened.fetch(tied).rows(), order)


def _is_empty(opened: OpenFrame, name: str) -> Column:
    """Tell where a column is null, or NaN: no number, and in no order with any."""
    column = opened.ops.col(name)
    if not opened.schema[name].is_float():
        return column.is_null()
    return column.is_null() | column.is_nan().fill_null(value=False)


def _refuse_ties(rows: Sequence[tuple[Any, ...]], order: str) -> None:
    if rows:
        listed = [f"{show_place(who)} at {when} ({count} rows)" for who, when, count in sorted(rows, key=str)]
        places = "; ".join(listed)
        raise ShapeError(
            f"A subject may have one row per {order!r}, found: {places}. The previous visit would not be "
            "known. Leave one row each."
        )


def _sort_history(opened: OpenFrame, subject: str, order: str, *, assume_sorted: bool) -> None:
    """Make the rows of each subject stand together in order; remember the caller's order."""
    opened.is_sorted = True
    if stands_in_order(opened.frame, subject, order):
        return
    if opened.is_lazy:
        counts = opened.frame.group_by(subject, order).agg(pl.len().alias("n"))
        tied = counts.filter(pl.col("n") > 1).head(SHOWN)
        _refuse_ties(tied.collect(engine=engine_for(opened.frame)).rows(), order)
    if assume_sorted:
        raise ShapeError(
            f"The frame was declared as sorted by {subject!r} and {order!r}, but it is not. "
            "Sort it, or leave assume_sorted out."
        )
    opened.was_reordered = True
    opened.frame = opened.frame.with_row_index(ROW).sort(subject, order)


def close_frame(opened: OpenFrame, outputs: Sequence[str], *, compact: bool) -> Any:
    """Give the caller's frame back, with the new columns."""
    frame = opened.frame
    kept: list[Any] = [name for name in opened.kept if name not in outputs]
    given = opened.as_given
    kept = [opened.ops.col(given[name]).alias(name) if name in given else name for name in kept]
    if not opened.is_polars:
        return nw.to_native(frame.select(*kept, *outputs))
    if opened.was_reordered:
        frame = frame.sort(ROW)
    if not compact:
        frame = frame.with_columns(widen(frame.collect_schema(), outputs))
    if isinstance(opened.native, pl.DataFrame | pl.LazyFrame):
        return frame.select(*kept, *outputs)
    return return_columns(opened.native, frame.select(*outputs))
