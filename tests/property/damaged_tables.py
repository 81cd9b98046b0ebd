"""Slips that people make in tables of a study, put into good ones."""

from collections.abc import Collection
from typing import Any

import polars as pl

Rows = list[dict[str, Any]]
Slip = tuple[str, str | int, int, int, str]
"""What kind, which table (by name, or by its number among those that are there), row, column, cell."""


def damage(tables: dict[str, Rows], slips: list[Slip], *, kept: Collection[str] = ()) -> dict[str, Rows]:
    """Put slips into the tables, one after another; numbers beyond the last count on from the first.

    Parameters
    ----------
    tables : rows by table name
    slips : cell, column of cells (all of one), no column, other column (of another name), twice (a row), no row, no
        table, other table (of another name)
    kept : tables that are never taken away
    """
    damaged = {name: [dict(row) for row in rows] for name, rows in tables.items()}
    for kind, table, row_number, column_number, cell in slips:
        name = table if isinstance(table, str) else sorted(damaged)[table % len(damaged)]
        rows = damaged.get(name, [])
        if not rows:
            continue
        row = rows[row_number % len(rows)]
        column = list(row)[column_number % len(row)]
        if kind == "no table" and name not in kept:
            del damaged[name]
        elif kind == "other table":
            damaged[name.removesuffix("s")] = damaged.pop(name)
        elif kind == "other column" and "x" + column not in row:
            damaged[name] = [
                {("x" + key if key == column else key): each[key] for key in each} for each in rows
            ]
        else:
            _change_rows(kind, rows, row, column, cell)
    return damaged


def _change_rows(kind: str, rows: Rows, row: dict[str, Any], column: str, cell: str) -> None:
    """Put a slip into the rows of a table that keeps its name and those of its columns."""
    if kind == "cell":
        row[column] = cell
    elif kind == "column of cells":
        for each in rows:
            each[column] = cell
    elif kind == "no column" and len(row) > 2:
        for each in rows:
            del each[column]
    elif kind == "twice":
        rows.append(dict(row))
    elif kind == "no row" and len(rows) > 1:
        rows.remove(row)


def texts(rows: Rows) -> pl.DataFrame:
    """Give rows as a frame of texts; an empty cell is null."""
    return pl.DataFrame(
        {name: [row[name] or None for row in rows] for name in rows[0]},
        schema=dict.fromkeys(rows[0], pl.String),
    )
