"""The border: any data frame in, the same kind out.

Polars frames are worked on as they are. Eager frames of other libraries (pandas, PyArrow) lend their item
columns to a Polars frame and get the new columns back. Lazy frames of other engines (DuckDB, PySpark) stay
where they are: they receive expressions, and only the check for impossible values returns one row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import narwhals as nw
import polars as pl

from funis.catalogue.definition import Definition, Item
from funis.errors import ColumnError, ShapeError, ValueRangeError
from funis.scoring.bits.tracer import Tracer
from funis.scoring.items import (
    NOT_DONE_TEXT,
    PREFIX,
    Layout,
    flag_columns,
    is_text_type,
    is_unreadable,
    item_columns,
    read_column,
    spell_values,
)

ROW = f"{PREFIX}row"
SHOWN = 5


class Working:
    """A frame under way: expressions are added to it, and it knows how to become the caller's kind again.

    Attributes
    ----------
    native : the caller's frame
    frame : Polars frame (eager or lazy), or Narwhals lazy frame of another engine
    kept : columns of the caller
    ops : the library whose expressions the frame takes
    is_sorted : rows of a subject stand together in visit order
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

    @property
    def schema(self) -> dict[str, nw.dtypes.DType]:
        """Columns and their types."""
        return dict(nw.from_native(self.frame).collect_schema())

    def add(self, exprs: Sequence[Any]) -> None:
        """Add columns that may be read by those added later."""
        if exprs:
            self.frame = self.frame.with_columns(*exprs)

    def fill_forward(self, value: Any, layout: Layout) -> Any:
        """Give the last value that is not null, of the same subject, in visit order."""
        filled = value.fill_null(strategy="forward")
        if self.is_polars:
            return filled.over(layout.subject)
        return filled.over(layout.subject, order_by=layout.order)

    def check_values(self, layout: Layout) -> None:
        """Refuse values that an item does not allow; see `ValueRangeError`."""
        items = [item for item in layout.definition.items if item.name in layout.schema]
        if self.is_polars and self.is_lazy:
            self.frame = _guard(self.frame, layout, items)
            return
        self._check_marks(layout)
        if self.is_polars:
            items = [item for item in items if _may_be_refused(item, self.frame.get_column(item.name))]
        if not items:
            return
        counts = self.frame.select(
            *[_is_refused(layout, item).cast(layout.ops.Int64).sum().alias(item.name) for item in items]
        )
        found = counts.collect() if self.is_lazy else counts
        for item in items:
            if found[item.name][0]:
                self._refuse(layout, item, int(found[item.name][0]))

    def _check_marks(self, layout: Layout) -> None:
        """Refuse a yes/no column beside an item that says neither: a finding must not count by accident."""
        names = flag_columns(layout)
        if not names:
            return
        counts = self.frame.select(
            *[is_unreadable(layout, name).cast(layout.ops.Int64).sum().alias(name) for name in names]
        )
        found = counts.collect() if self.is_lazy else counts
        for name in names:
            if found[name][0]:
                bad = self.frame.filter(is_unreadable(layout, name)).select(name).head(SHOWN)
                shown = (bad.collect() if self.is_lazy else bad)[name].to_list()
                raise _unreadable_flag(layout, name, f"{found[name][0]} row(s)", shown)

    def _refuse(self, layout: Layout, item: Item, count: int) -> None:
        bad = self.frame.filter(_is_refused(layout, item)).select(item.name).head(SHOWN)
        shown = bad.collect() if self.is_lazy else bad
        values = ", ".join(str(value) for value in shown[item.name].to_list())
        rows = "" if self.is_lazy else f" ({self._rows(layout, item)})"
        what = f"Column {item.name!r} of {layout.definition.name!r}, {count} row(s){rows}"
        raise ValueRangeError(what, values, item.allowed, "Correct the value or leave it empty.")

    def _rows(self, layout: Layout, item: Item) -> str:
        frame = self.frame if ROW in self.frame.columns else self.frame.with_row_index(ROW)
        rows = frame.filter(_is_refused(layout, item))[ROW].to_list()
        return "row " + ", ".join(map(str, sorted(rows)[:SHOWN]))


# What takes columns: a frame under way, or a tracer that stands for one.
Sink = Working | Tracer


def _is_refused(layout: Layout, item: Item) -> Any:
    """Tell where a recorded value is not one the item allows."""
    ops, kind = layout.ops, layout.schema[item.name]
    if is_text_type(kind) and not item.is_text:
        text = spell_values(ops, item, ops.col(item.name).cast(ops.String).str.strip_chars())
        is_number = text.str.contains(r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$")
        is_text = ~(is_number | (text == NOT_DONE_TEXT) | (text == ""))
        number = ops.when(is_number).then(text).otherwise(ops.lit(None, ops.String)).cast(ops.Float64)
        return is_text.fill_null(value=False) | _is_outside(layout, item, number)
    if item.is_text:
        value, _ = read_column(layout, item)
        return (~value.is_in(list(item.values))).fill_null(value=False)
    column = ops.col(item.name)
    if kind == nw.Boolean:
        column = column.cast(ops.Int64)
    return _is_outside(layout, item, column.fill_nan(None) if kind.is_float() else column)


def _is_outside(layout: Layout, item: Item, value: Any) -> Any:
    if item.is_measured:
        return ((value < item.minimum) | (value > item.maximum)).fill_null(value=False)
    allowed = [float(one) for one in item.values]
    return (~value.cast(layout.ops.Float64).is_in(allowed)).fill_null(value=False)


def _may_be_refused(item: Item, column: pl.Series) -> bool:
    """Tell from the ends of a column whether it must be looked at value by value."""
    if not column.dtype.is_numeric() or item.is_text:
        return column.dtype not in (pl.Boolean, pl.Null)
    # NaN is empty; the least and the greatest value pass over it.
    lowest: Any = column.min()
    highest: Any = column.max()
    if lowest is None:
        return False
    low: Any
    high: Any
    low, high = (item.minimum, item.maximum) if item.is_measured else (item.values[0], item.values[-1])
    if lowest < low or highest > high:
        return True
    has_gaps = not item.is_measured and tuple(range(int(low), int(high) + 1)) != item.values
    is_fractional = not item.is_measured and column.dtype.is_float()
    return has_gaps or (is_fractional and bool((column.fill_nan(None) % 1 != 0).any()))


def _guard(frame: pl.LazyFrame, layout: Layout, items: Sequence[Item]) -> pl.LazyFrame:
    """Put a check into a lazy query: it looks at every batch and stops the query at a bad value."""
    kinds = frame.collect_schema()
    watched = [item for item in items if kinds[item.name] != pl.Null]
    # One check per organ system, and per mark: a query reads and checks only the columns it needs.
    systems = dict.fromkeys(item.system for item in watched)
    groups = [[item for item in watched if item.system == system] for system in systems]
    checks = [
        _guarded(kinds, [i.name for i in group], partial(check_batch, layout, group)) for group in groups
    ]
    marks = [_guarded(kinds, [name], partial(check_flags, layout, [name])) for name in flag_columns(layout)]
    return frame.with_columns(*checks, *marks)


def _guarded(
    kinds: Mapping[str, pl.DataType], names: Sequence[str], check: Callable[[pl.DataFrame], None]
) -> pl.Expr:
    """Pass some columns through a check; the first of them carries it."""

    def look(batch: pl.Series) -> pl.Series:
        columns = batch.struct.unnest()
        check(columns)
        return columns.get_column(names[0])

    struct = pl.struct(names)
    return struct.map_batches(look, return_dtype=kinds[names[0]], is_elementwise=True).alias(names[0])


def _unreadable_flag(layout: Layout, name: str, where: str, shown: Sequence[Any]) -> ValueRangeError:
    what = f"Column {name!r} of {layout.definition.name!r}, {where}"
    fix = "Correct the value or leave it empty."
    return ValueRangeError(what, ", ".join(map(str, shown)), "1, 0, yes, no", fix)


def check_flags(layout: Layout, names: Sequence[str], columns: pl.DataFrame) -> None:
    """Refuse a batch of rows with a yes/no column that says neither; see `check_batch`."""
    for name in names:
        bad = columns.filter(is_unreadable(layout, name)).get_column(name)
        if len(bad):
            raise _unreadable_flag(layout, name, f"{len(bad)} row(s) of one batch", bad.head(SHOWN).to_list())


def check_batch(
    layout: Layout, items: Sequence[Item], columns: pl.DataFrame, *, first_row: int | None = None
) -> None:
    """Refuse a batch of rows with a value that an item does not allow.

    Parameters
    ----------
    layout, items : what is scored, and the columns to look at
    columns : the batch
    first_row : number of its first row in the frame, where the rows come in their order

    Raises
    ------
    ValueRangeError : names the column, the values, their rows and what would be allowed
    """
    for item in items:
        if not _may_be_refused(item, columns.get_column(item.name)):
            continue
        is_bad = columns.select(_is_refused(layout, item)).to_series()
        bad = columns.get_column(item.name).filter(is_bad)
        if len(bad):
            where = f"{len(bad)} value(s) of one batch"
            if first_row is not None:
                rows = [str(first_row + row) for row in is_bad.arg_true().head(SHOWN)]
                where = f"{len(bad)} row(s) so far (row {', '.join(rows)})"
            what = f"Column {item.name!r} of {layout.definition.name!r}, {where}"
            values = ", ".join(str(value) for value in bad.head(SHOWN).to_list())
            raise ValueRangeError(what, values, item.allowed, "Correct the value or leave it empty.")


def open_frame(
    native: Any, definition: Definition, *, subject: str | None, order: str | None, assume_sorted: bool
) -> Working:
    """Take a frame of any supported library over the border.

    Parameters
    ----------
    native : the caller's frame
    definition : says which columns are needed
    subject, order : columns of the history, or None
    assume_sorted : the rows are said to stand in order; verified

    Returns
    -------
    Working : ready for expressions
    """
    frame: Any = nw.from_native(native)
    names = list(frame.collect_schema().names())
    history = [name for name in (subject, order) if name is not None]
    for name in history:
        if name not in names:
            fix = "Name the columns of subject and of visit order."
            raise ColumnError(f"The history of {definition.name!r}", [name], names, fix)
    if frame.implementation.is_polars():
        working = Working(native, native, names)
    elif isinstance(frame, nw.LazyFrame):
        working = Working(native, frame, names)
    else:
        lent = lend_columns(native, definition, history)
        working = Working(native, lent, lent.columns)
    if subject is not None and order is not None:
        _check_order_type(working, order)
        _check_history(working, subject, order)
        if working.is_polars:
            _sort_history(working, subject, order, assume_sorted=assume_sorted)
    return working


def lend_columns(native: Any, definition: Definition, others: Sequence[str]) -> pl.DataFrame:
    """Copy the columns that an instrument needs into a Polars frame; NaN and other empty values become null.

    Parameters
    ----------
    native : frame of any supported library
    definition : says which columns are needed
    others : further columns to copy, where they are there

    Returns
    -------
    polars.DataFrame : the rows in their order
    """
    frame: Any = nw.from_native(native)
    present = frame.collect_schema().names()
    names = [name for name in dict.fromkeys([*others, *item_columns(definition)]) if name in present]
    if isinstance(frame, nw.LazyFrame):
        frame = frame.select(*names).collect()
    if frame.implementation.is_polars():
        return nw.to_native(frame.select(*names))  # type: ignore[no-any-return]
    columns = {name: _to_polars(frame[name]) for name in names}
    return pl.DataFrame(columns) if columns else pl.DataFrame({ROW: range(len(frame))})


def _to_polars(series: Any) -> pl.Series:
    if series.implementation.is_pyarrow():
        found = pl.from_arrow(series.to_native())
        return found if isinstance(found, pl.Series) else found.to_series()
    native = series.to_native()
    is_numpy = getattr(native.dtype, "kind", "O") in "biufM" and native.dtype.name.islower()
    if is_numpy:
        values = native.to_numpy()
        return pl.Series(series.name, values, nan_to_null=values.dtype.kind == "f")
    empty = native.isna().to_numpy()
    cells = [None if gone else value for value, gone in zip(native.tolist(), empty, strict=True)]
    kinds = {type(cell) for cell in cells if cell is not None}
    if len(kinds) > 1 and str in kinds:
        # A column that holds both numbers and "ND" reaches us as objects; as text nothing of it is lost.
        cells = [
            None if cell is None else str(int(cell) if isinstance(cell, bool) else cell) for cell in cells
        ]
    return pl.Series(series.name, cells, strict=False)


def _check_order_type(working: Working, order: str) -> None:
    kind = working.schema[order]
    if not (kind.is_numeric() or kind in (nw.Date, nw.Datetime) or isinstance(kind, nw.Datetime)):
        raise ShapeError(
            f"The column {order!r} orders the visits and must hold dates or numbers; it holds {kind}. "
            "Convert it, or name another column."
        )


def _check_history(working: Working, subject: str, order: str) -> None:
    """Refuse a history in which a subject has two rows at one time, or a row has no place."""
    frame, ops = working.frame, working.ops
    if isinstance(frame, pl.DataFrame):
        is_complete = not (frame[subject].has_nulls() or frame[order].has_nulls())
        if is_complete and not frame.select(pl.struct(subject, order).is_duplicated().any()).item():
            return
    empty = (
        frame.filter(ops.col(subject).is_null() | ops.col(order).is_null()).select(subject, order).head(SHOWN)
    )
    found = empty.collect() if working.is_lazy else empty
    if len(found):
        raise ShapeError(
            f"The columns {subject!r} and {order!r} must not be empty: {len(found)} or more rows have no "
            "place in the history. Fill them or leave these rows out."
        )
    if working.is_polars and working.is_lazy:
        return  # found while the order is verified
    counts = frame.group_by(subject, order).agg(ops.len().alias(f"{PREFIX}n"))
    tied = counts.filter(ops.col(f"{PREFIX}n") > 1).head(SHOWN)
    _refuse_ties((tied.collect() if working.is_lazy else tied).rows(), order)


def _refuse_ties(rows: Sequence[tuple[Any, ...]], order: str) -> None:
    if rows:
        places = "; ".join(f"{row[0]} at {row[1]} ({row[2]} rows)" for row in sorted(rows, key=str))
        raise ShapeError(
            f"A subject may have one row per {order!r}, found: {places}. The previous visit would not be "
            "known. Leave one row each."
        )


def _sort_history(working: Working, subject: str, order: str, *, assume_sorted: bool) -> None:
    """Make the rows of each subject stand together in order; remember the caller's order."""
    working.is_sorted = True
    lazy = working.frame.lazy().select(subject, order)
    same = pl.col(subject) == pl.col(subject).shift(1)
    in_order = (~same | (pl.col(order) > pl.col(order).shift(1))).fill_null(value=True).all()
    starts = (~same).fill_null(value=True).sum()
    rising = (pl.col(subject) >= pl.col(subject).shift(1)).fill_null(value=True).all()
    engine: Any = "streaming" if working.is_lazy else "auto"
    found = (
        lazy.select(in_order=in_order, starts=starts, rising=rising).collect(engine=engine).row(0, named=True)
    )
    if found["in_order"]:
        together = found["rising"]
        if not together:
            subjects = lazy.select(pl.col(subject).n_unique()).collect(engine=engine).item()
            together = subjects == found["starts"]
        if together:
            return
    if working.is_lazy:
        counts = lazy.group_by(subject, order).agg(pl.len().alias("n")).filter(pl.col("n") > 1).head(SHOWN)
        _refuse_ties(counts.collect(engine=engine).rows(), order)
    if assume_sorted:
        raise ShapeError(
            f"The frame was declared as sorted by {subject!r} and {order!r}, but it is not. "
            "Sort it, or leave assume_sorted out."
        )
    working.was_reordered = True
    working.frame = working.frame.with_row_index(ROW).sort(subject, order)


def finish_frame(working: Working, outputs: Sequence[str], *, compact: bool) -> Any:
    """Give the caller's frame back, with the new columns."""
    frame = working.frame
    kept = [name for name in working.kept if name not in outputs]
    if not working.is_polars:
        return nw.to_native(frame.select(*kept, *outputs))
    if working.was_reordered:
        frame = frame.sort(ROW)
    if not compact:
        frame = frame.with_columns(_widen(frame, outputs))
    if isinstance(working.native, pl.DataFrame | pl.LazyFrame):
        return frame.select(*kept, *outputs)
    return return_columns(working.native, frame.select(*outputs))


def _widen(frame: Any, outputs: Sequence[str]) -> list[pl.Expr]:
    schema = frame.collect_schema()
    wide = [pl.col(name).cast(pl.Int64) for name in outputs if schema[name].is_integer()]
    return wide + [pl.col(name).cast(pl.String) for name in outputs if isinstance(schema[name], pl.Enum)]


def return_columns(native: Any, scored: pl.DataFrame) -> Any:
    """Put new columns into a pandas or PyArrow frame, keeping its rows and its index."""
    outer = nw.from_native(native, eager_only=True)
    kept = [name for name in outer.columns if name not in scored.columns]
    if outer.implementation.is_pyarrow():
        table = native.select(kept)
        for name in scored.columns:
            table = table.append_column(name, scored[name].to_arrow())
        return table
    result = native[kept].copy()
    for name in scored.columns:
        column = scored[name]
        result[name] = column.cast(pl.Float64).to_numpy() if column.dtype.is_numeric() else column.to_list()
    return result
