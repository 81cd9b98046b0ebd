"""Checks of instruments: items that are blank, windows, damage that cannot heal."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from typing import Any

import polars as pl

from funis.catalogue.instrument_tables import find_definition
from funis.catalogue.model_instrument import Definition
from funis.catalogue.registry import definition
from funis.data.check.alternatives import check_alternatives
from funis.data.check.checked_data import Data
from funis.data.check.row_findings import row_finding, rows_where
from funis.data.recorded_totals import items_behind, recorded_columns
from funis.errors import Finding
from funis.frames.verbs import Verbs, count_gaps, verbs_of

_MANY = 8
_DAMAGE = ("ssddi", "sdi")
"""Instruments whose items, once present, stay present."""


def check_instruments(data: Data) -> Iterator[Finding]:
    """Check the tables of the instruments.

    Parameters
    ----------
    data : the tables and what is known about them

    Returns
    -------
    iterator of Finding
    """
    for name in data.study.instrument_names:
        found = find_definition(name)
        frame = data.frames.get(name)
        if found is None or frame is None or frame.is_empty():
            continue
        forms, totals = _part_recorded(found, frame)
        yield from _say_recorded(found, totals)
        yield from _check_blanks(found, forms, () if data.is_checked("labs") else data.study.lab_names)
        yield from check_alternatives(found, frame, data.study.choice(name).missing)
        yield from _check_window(data, name, frame)
        if name in _DAMAGE:
            yield from _check_healing(found, frame)


def _part_recorded(found: Definition, frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Part the rows with items from those that hold only what somebody wrote down of the score."""
    ops = verbs_of(frame)
    recorded = [name for name in recorded_columns(found).values() if name in frame.columns]
    items = items_behind(found, found.name)
    # An item that every row has leaves no row without items.
    if not recorded or any(not frame[item.name].null_count() for item in items):
        return frame, frame.head(0)
    blank = [ops.col(item.name).is_null() for item in items]
    blank.append(ops.any_horizontal([ops.col(name).is_not_null() for name in recorded]))
    is_total = ops.all_horizontal(blank)
    return frame.filter(~is_total), frame.filter(is_total)


def _say_recorded(found: Definition, totals: pl.DataFrame) -> Iterator[Finding]:
    """Say once that rows hold a total, or grades, and no item: they are taken as recorded."""
    if totals.is_empty():
        return
    row = next(totals.head(1).iter_rows(named=True))
    held = [name for name in recorded_columns(found).values() if name in row and row[name] is not None]
    yield row_finding(
        "query",
        "as_recorded",
        found.name,
        row,
        column=held[0],
        message=f"{totals.height} visits have what somebody wrote down of {found.title} and no item. "
        "It is taken as recorded, and cannot be checked.",
        fix="Add the items if they are at hand; otherwise nothing is to be done.",
    )


def _check_blanks(found: Definition, frame: pl.DataFrame, unread: tuple[str, ...]) -> Iterator[Finding]:
    """Report blank items: a blank is neither absent nor not done, somebody forgot it."""
    columns = tuple(frame.columns)
    stand_ins = _find_stand_ins(found.name, unread, columns)
    gaps = frozenset(name for name, count in count_gaps(frame).items() if count)
    for row in rows_where(frame, _lacks_any(verbs_of(frame), found.name, unread, (columns, gaps))):
        blank = _blank_items(found, row, stand_ins)
        if len(blank) > _MANY:
            yield row_finding(
                "warning",
                "missing_item",
                found.name,
                row,
                column=blank[0],
                message=f"{len(blank)} items are empty: {', '.join(blank[:_MANY])} and more.",
                fix="Fill them; 0 when absent, ND when not done.",
            )
            continue
        for item in blank:
            yield row_finding(
                "warning",
                "missing_item",
                found.name,
                row,
                column=item,
                message=f"The item '{item}' is empty.",
                fix=f"Allowed: {found.item(item).allowed}, or ND when it was not done.",
            )


@lru_cache(maxsize=64)
def _find_stand_ins(
    instrument: str, unread: tuple[str, ...], columns: tuple[str, ...]
) -> dict[str, frozenset[str]]:
    """Name, for each item that may be missed, the columns that can stand for it."""
    items = definition(instrument).items
    sources = {item.name: set(item.measures) for item in items}
    return {
        item.name: frozenset(
            (item.name, *item.alternatives, *(name for name in item.measures if name in columns))
        )
        for item in items
        # Without any laboratory result the items that come from there are not forgotten one by one.
        if not set(unread) & set().union(*(sources[name] for name in (item.name, *item.alternatives)))
    }


@lru_cache(maxsize=64)
def _lacks_any(
    ops: Verbs, instrument: str, unread: tuple[str, ...], known: tuple[tuple[str, ...], frozenset[str]]
) -> pl.Expr:
    """Tell in which rows an item is blank and nothing stands for it: few rows of a register.

    Of the columns, it is known which have any empty cell; only with such can an item be blank.
    """
    found, (columns, gaps) = definition(instrument), known
    lacking = [ops.col(each.name).is_null() for each in found.items if found.routes and each.name in gaps]
    for others in () if found.routes else _find_stand_ins(instrument, unread, columns).values():
        if any(name in columns and name not in gaps for name in others):
            continue
        silent = [ops.col(name).is_null() for name in sorted(others) if name in columns]
        not_done = [f"{name}_not_done" for name in sorted(others)]
        silent += [
            ~ops.col(name).cast(ops.Boolean).fill_null(value=False) for name in not_done if name in columns
        ]
        lacking.append(silent[0] if len(silent) == 1 else ops.all_horizontal(silent or [ops.lit(value=True)]))
    return ops.any_horizontal(lacking) if lacking else ops.lit(value=False)


def _blank_items(
    found: Definition, row: Mapping[str, Any], stand_ins: Mapping[str, Collection[str]]
) -> list[str]:
    """Name the items of a row that are blank and that nothing else stands for."""
    if found.routes:
        whole = any(
            row.get(route.item) is not None and (not route.per or row.get(route.per) is not None)
            for route in found.routes
        )
        missing = [item.name for item in found.items if row.get(item.name) is None]
        done = any(row.get(f"{item.name}_not_done") for item in found.items)
        return [] if whole or done else (_half_known(found, row) or missing)[:1]
    blank: list[str] = []
    for name, others in stand_ins.items():
        is_said = any(row.get(other) is not None or row.get(f"{other}_not_done") for other in others)
        # Of measures of one thing, the first speaks for all.
        if not is_said and not set(blank) & set(found.item(name).alternatives):
            blank.append(name)
    return blank


def _half_known(found: Definition, row: Mapping[str, Any]) -> list[str]:
    """Name what is lacking to a quantity of two parts of which one is known: the time beside a volume."""
    parts = [(route.item, route.per) for route in found.routes if route.per]
    lacking = [per for item, per in parts if row.get(item) is not None]
    return lacking or [item for item, per in parts if row.get(per) is not None]


def _check_window(data: Data, name: str, frame: pl.DataFrame) -> Iterator[Finding]:
    """All assessments look back as far as the study file says."""
    chosen = data.study.choice(name).parameters.get("window_days")
    if chosen is None or "window_days" not in frame.columns:
        return
    for row in rows_where(frame, verbs_of(frame).col("window_days") != chosen):
        yield row_finding(
            "warning",
            "window_days",
            name,
            row,
            column="window_days",
            message="The assessment looks back over another time than the study file says.",
            fix=f"The study looks back {chosen} days.",
        )


def _check_healing(found: Definition, frame: pl.DataFrame) -> Iterator[Finding]:
    """Damage does not go away: an item that was present is present later."""
    ordered = frame.sort("subject", "day", "_line", nulls_last=True)
    for item in found.items:
        value = verbs_of(ordered).col(item.name)
        before = value.forward_fill().shift(1).over("subject")
        for row in rows_where(ordered, value < before):
            yield row_finding(
                "warning",
                "damage_falls",
                found.name,
                row,
                column=item.name,
                message=f"'{item.name}' was present at an earlier visit; damage does not go away.",
                fix="Correct this visit or the earlier one.",
            )
