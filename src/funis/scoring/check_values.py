"""Values that an item does not allow are refused, with their rows and what would be allowed.

A frame in memory is looked at before it is scored; a lazy query of Polars carries its check along and stops
at a bad batch; other engines count, and only the counts and a few bad values come back.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final

import narwhals as nw
import polars as pl

from funis.catalogue.analyte_limits import possible_in_any
from funis.catalogue.model_instrument import Definition, Item
from funis.catalogue.registry import analyte_table
from funis.frames.polars import watch
from funis.frames.under_way import ROW, SHOWN, Column, OpenFrame
from funis.nine_decimals import compare_exactly
from funis.scoring.items import (
    ScoringLayout,
    flag_columns,
    is_text_type,
    is_unreadable,
    read_column,
    spell_values,
    states_not_done,
)
from funis.scoring.refused_values import RefusedValues, refuse_values
from funis.shown import show_values

_FLAG: Final = "1, 0, yes, no"
# Where the limits of the laboratory itself stand, beside the value.
_NORMAL: Final = {"LLN": "_low", "ULN": "_high"}


def check_values(opened: OpenFrame, layout: ScoringLayout) -> None:
    """Refuse values that an item, a measured quantity or a flag does not allow, all of them in one error.

    Parameters
    ----------
    opened, layout : the frame and what is scored; a lazy Polars frame gets the check as part of its query

    Raises
    ------
    ValueRangeError : names each column, the values, their rows, what would be allowed and the unit they fit
    """
    items = [item for item in checked_items(layout.definition) if item.name in layout.schema]
    if opened.is_polars and opened.is_lazy:
        opened.frame = _guard(opened.frame, layout, items)
        return
    if opened.is_polars:
        items = [item for item in items if _may_be_refused(item, opened.frame.get_column(item.name))]
    wrong = {item.name: _is_refused(layout, item) for item in items}
    wrong |= {name: is_unreadable(layout, name) for name in flag_columns(layout)}
    if not wrong:
        return
    found = opened.fetch(opened.frame.select(_count(layout, name, is_bad) for name, is_bad in wrong.items()))
    counts = {name: int(found[name][0] or 0) for name in wrong}
    by_name = {item.name: item for item in items}
    refused = [
        _describe(opened, layout, by_name.get(name), name, wrong[name], count)
        for name, count in counts.items()
        if count
    ]
    if refused:
        raise refuse_values(layout.definition.name, refused)


def checked_items(definition: Definition) -> Iterator[Item]:
    """Give the items, the measured quantities that fill them, and the limits of normal beside those.

    A measured quantity is looked at as an item of its own; one that no item of the definition compares is not
    read, and so not looked at. One that is only compared with the limits of the laboratory itself may be in
    any unit, and is held against the widest limits of its analyte.
    """
    yield from definition.items
    taken = {item.name for item in definition.items}
    terms = [term for item in definition.items for level in item.when for one in level for term in one.terms]
    read = {name for item in definition.items for name in item.measures}
    read |= {f"{term.name}{_NORMAL[str(term.limit)]}" for term in terms if str(term.limit) in _NORMAL}
    fixed = {term.name for term in terms if str(term.limit) not in _NORMAL}
    for measure in definition.measures:
        own = Item(
            0,
            measure.name,
            measure.label,
            unit=measure.unit,
            minimum=measure.minimum,
            maximum=measure.maximum,
            analyte=measure.analyte,
        )
        if measure.name not in fixed and measure.analyte:
            lowest, highest = possible_in_any(analyte_table().analytes[measure.analyte]) or (None, None)
            own = replace(own, minimum=lowest, maximum=highest, unit="", analyte="")
        for end in ("", *_NORMAL.values()):
            if f"{own.name}{end}" in read - taken:
                least = min(0, own.minimum or 0) if end else own.minimum
                yield replace(own, name=f"{own.name}{end}", minimum=least)


def _count(layout: ScoringLayout, name: str, is_bad: Column) -> Column:
    return is_bad.cast(layout.ops.Int64).sum().alias(name)


def _describe(
    opened: OpenFrame, layout: ScoringLayout, item: Item | None, name: str, is_bad: Column, count: int
) -> RefusedValues:
    """Fetch the first cells of a column that are refused, and say where they stand."""
    places = [each for each in (layout.subject, layout.order) if each is not None and opened.is_lazy]
    shown = opened.fetch(opened.frame.filter(is_bad).select(*dict.fromkeys([name, *places])).head(SHOWN))
    where = f"{count} row(s)"
    if not opened.is_lazy:
        where += f" ({_name_rows(opened.frame, is_bad)})"
    elif places:
        named = zip(*(shown[each].to_list() for each in places), strict=True)
        where += f" ({'; '.join(f'{show_values([subject])} at {at}' for subject, at in named)})"
    return _refused(item, name, where, shown[name].to_list())


def _refused(item: Item | None, name: str, where: str, values: Sequence[Any]) -> RefusedValues:
    if item is None:
        return RefusedValues(name, where, tuple(values), _FLAG)
    return RefusedValues(name, where, tuple(values), item.allowed, item.unit, item.analyte)


def _name_rows(frame: pl.DataFrame, is_bad: Column) -> str:
    numbered = frame if ROW in frame.columns else frame.with_row_index(ROW)
    rows = numbered.filter(is_bad)[ROW].to_list()
    return "row " + ", ".join(map(str, sorted(rows)[:SHOWN]))


def _is_refused(layout: ScoringLayout, item: Item) -> Any:
    """Tell where a recorded value is not one the item allows."""
    ops, kind = layout.ops, layout.schema[item.name]
    if is_text_type(kind) and not item.is_text:
        text = spell_values(ops, item, ops.col(item.name).cast(ops.String).str.strip_chars())
        is_number = text.str.contains(r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$")
        is_text = ~(is_number | states_not_done(text) | (text == ""))
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
        is_low = compare_exactly(value, "<", item.minimum)
        return (is_low | compare_exactly(value, ">", item.maximum)).fill_null(value=False)
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
    low, high = item.span
    if lowest < low or highest > high:
        return True
    has_gaps = not item.is_measured and len(item.values) != int(high) - int(low) + 1
    is_fractional = not item.is_measured and column.dtype.is_float()
    return has_gaps or (is_fractional and bool((column.fill_nan(None) % 1 != 0).any()))


def _guard(frame: pl.LazyFrame, layout: ScoringLayout, items: Sequence[Item]) -> pl.LazyFrame:
    """Put a check into a lazy query: it looks at every batch and stops the query at a bad value."""
    kinds = frame.collect_schema()
    watched = [item for item in items if kinds[item.name] != pl.Null]
    if layout.definition.kind != "grades":
        flags = flag_columns(layout)
        return watch(
            frame,
            [*(item.name for item in watched), *flags],
            partial(check_batch, layout, watched, flags=flags),
        )
    # One check per organ system, and per flag: a query reads and checks only what it needs.
    for system in dict.fromkeys(item.system for item in watched):
        group = [item for item in watched if item.system == system]
        frame = watch(frame, [item.name for item in group], partial(check_batch, layout, group))
    for name in flag_columns(layout):
        frame = watch(frame, [name], partial(check_batch, layout, (), flags=[name]))
    return frame


def check_batch(
    layout: ScoringLayout,
    items: Sequence[Item],
    columns: pl.DataFrame,
    *,
    flags: Sequence[str] = (),
    first_row: int | None = None,
) -> None:
    """Refuse a batch of rows with a value that an item or a yes/no column does not allow.

    Parameters
    ----------
    layout, items : what is scored, and the columns to look at
    columns : the batch
    flags : yes/no columns to look at
    first_row : number of its first row in the frame, where the rows come in their order

    Raises
    ------
    ValueRangeError : names each column, the values, their rows and what would be allowed
    """
    by_name = {item.name: item for item in items}
    looked_at = [item.name for item in items if _may_be_refused(item, columns.get_column(item.name))]
    refused = []
    for name in (*looked_at, *flags):
        item = by_name.get(name)
        is_bad = columns.select(
            is_unreadable(layout, name) if item is None else _is_refused(layout, item)
        ).to_series()
        bad = columns.get_column(name).filter(is_bad)
        if len(bad):
            where = f"{len(bad)} row(s) of one batch"
            if first_row is not None:
                rows = [str(first_row + row) for row in is_bad.arg_true().head(SHOWN)]
                where = f"{len(bad)} row(s) so far (row {', '.join(rows)})"
            refused.append(_refused(item, name, where, bad.head(SHOWN).to_list()))
    if refused:
        raise refuse_values(layout.definition.name, refused)
