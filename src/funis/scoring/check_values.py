"""Values that an item does not allow are refused, with their rows and what would be allowed.

A frame in memory is looked at before it is scored; a lazy query of Polars carries its check along and stops
at a bad batch; other engines count, and only the counts and a few bad values come back.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import narwhals as nw
import polars as pl

from funis.catalogue.model_instrument import Item
from funis.errors import ValueRangeError
from funis.frames.polars import watch
from funis.frames.under_way import ROW, SHOWN, Column, OpenFrame
from funis.scoring.items import (
    NOT_DONE_TEXT,
    ScoringLayout,
    flag_columns,
    is_text_type,
    is_unreadable,
    read_column,
    spell_values,
)
from funis.shown import show_values


def check_values(opened: OpenFrame, layout: ScoringLayout) -> None:
    """Refuse values that an item does not allow.

    Parameters
    ----------
    opened, layout : the frame and what is scored; a lazy Polars frame gets the check as part of its query

    Raises
    ------
    ValueRangeError : names the column, the values, their rows and what would be allowed
    """
    items = [item for item in layout.definition.items if item.name in layout.schema]
    if opened.is_polars and opened.is_lazy:
        opened.frame = _guard(opened.frame, layout, items)
        return
    _check_flags_of_frame(opened, layout)
    if opened.is_polars:
        items = [item for item in items if _may_be_refused(item, opened.frame.get_column(item.name))]
    if not items:
        return
    found = opened.fetch(
        opened.frame.select(_count(layout, item.name, _is_refused(layout, item)) for item in items)
    )
    for item in items:
        if found[item.name][0]:
            _refuse(opened, layout, item, int(found[item.name][0]))


def _count(layout: ScoringLayout, name: str, is_bad: Column) -> Column:
    return is_bad.cast(layout.ops.Int64).sum().alias(name)


def _check_flags_of_frame(opened: OpenFrame, layout: ScoringLayout) -> None:
    """Refuse a yes/no column beside an item that says neither: a finding must not count by accident."""
    names = flag_columns(layout)
    if not names:
        return
    found = opened.fetch(
        opened.frame.select(_count(layout, name, is_unreadable(layout, name)) for name in names)
    )
    for name in names:
        if found[name][0]:
            bad = opened.fetch(opened.frame.filter(is_unreadable(layout, name)).select(name).head(SHOWN))
            raise _unreadable_flag(layout, name, f"{found[name][0]} row(s)", bad[name].to_list())


def _refuse(opened: OpenFrame, layout: ScoringLayout, item: Item, count: int) -> None:
    shown = opened.fetch(opened.frame.filter(_is_refused(layout, item)).select(item.name).head(SHOWN))
    values = show_values(shown[item.name].to_list())
    rows = "" if opened.is_lazy else f" ({_name_rows(opened.frame, layout, item)})"
    what = f"Column {item.name!r} of {layout.definition.name!r}, {count} row(s){rows}"
    raise ValueRangeError(what, values, item.allowed, "Correct the value or leave it empty.")


def _name_rows(frame: pl.DataFrame, layout: ScoringLayout, item: Item) -> str:
    numbered = frame if ROW in frame.columns else frame.with_row_index(ROW)
    rows = numbered.filter(_is_refused(layout, item))[ROW].to_list()
    return "row " + ", ".join(map(str, sorted(rows)[:SHOWN]))


def _is_refused(layout: ScoringLayout, item: Item) -> Any:
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


def _is_outside(layout: ScoringLayout, item: Item, value: Any) -> Any:
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


def _guard(frame: pl.LazyFrame, layout: ScoringLayout, items: Sequence[Item]) -> pl.LazyFrame:
    """Put a check into a lazy query: it looks at every batch and stops the query at a bad value."""
    kinds = frame.collect_schema()
    watched = [item for item in items if kinds[item.name] != pl.Null]
    # One check per organ system, and per flag column: a query reads and checks only the columns it needs.
    systems = dict.fromkeys(item.system for item in watched)
    groups = [[item for item in watched if item.system == system] for system in systems]
    checks = [watch(kinds, [i.name for i in group], partial(check_batch, layout, group)) for group in groups]
    flags = [watch(kinds, [name], partial(check_flags, layout, [name])) for name in flag_columns(layout)]
    return frame.with_columns(*checks, *flags)


def _unreadable_flag(layout: ScoringLayout, name: str, where: str, shown: Sequence[Any]) -> ValueRangeError:
    what = f"Column {name!r} of {layout.definition.name!r}, {where}"
    fix = "Correct the value or leave it empty."
    return ValueRangeError(what, show_values(shown), "1, 0, yes, no", fix)


def check_flags(layout: ScoringLayout, names: Sequence[str], columns: pl.DataFrame) -> None:
    """Refuse a batch of rows with a yes/no column that says neither; see `check_batch`."""
    for name in names:
        bad = columns.filter(is_unreadable(layout, name)).get_column(name)
        if len(bad):
            raise _unreadable_flag(layout, name, f"{len(bad)} row(s) of one batch", bad.head(SHOWN).to_list())


def check_batch(
    layout: ScoringLayout, items: Sequence[Item], columns: pl.DataFrame, *, first_row: int | None = None
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
            values = show_values(bad.head(SHOWN).to_list())
            raise ValueRangeError(what, values, item.allowed, "Correct the value or leave it empty.")
