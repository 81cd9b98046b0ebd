"""Findings of rows: composed in one way from the row they stand in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from funis.errors import Finding, Level
from funis.schema import LABS

Row = Mapping[str, Any]


def row_finding(level: Level, code: str, table: str, row: Row, **said: object) -> Finding:
    """Compose the finding of one row.

    Parameters
    ----------
    level, code, table : as in Finding
    row : the row by column, with ``_file`` and ``_line``
    **said : ``column``, ``message``, ``fix`` and, where it is not the cell itself, ``value``

    Returns
    -------
    Finding

    Examples
    --------
    >>> row = {"subject": "S1", "weight_kg": 7.0, "_file": "subjects.csv", "_line": 2}
    >>> said = {"column": "weight_kg", "message": "Odd.", "fix": "Check."}
    >>> print(row_finding("query", "weight", "subjects", row, **said))
    query: subjects.csv, line 2, column 'weight_kg' (subject S1): Odd. Found '7'. Check.
    """
    column = str(said.get("column", ""))
    value = said["value"] if "value" in said else row.get(column)
    return Finding(
        level,
        code,
        table,
        str(row["_file"]),
        int(row["_line"]),
        column,
        show_value(value),
        str(said["message"]),
        str(said["fix"]),
        str(row.get("subject") or ""),
        str(row.get("visit") or ""),
        str(row.get("test") or "") if table == LABS.name else "",
    )


def show_value(value: object) -> str:
    """Show a value as it is written in a file: whole numbers without a point, nothing for null.

    Parameters
    ----------
    value : any cell

    Returns
    -------
    str

    Examples
    --------
    >>> show_value(7.0), show_value(0.5), show_value(None)
    ('7', '0.5', '')
    """
    if value is None:
        return ""
    if isinstance(value, float):
        return repr(value).removesuffix(".0") if abs(value) < 1e15 else f"{value:g}"
    return str(value)[:60]


def on_day(day: object) -> str:
    """Say on which study day something was; a date could be the one of somebody's birth.

    Examples
    --------
    >>> on_day(30), on_day(None)
    (' (study day 30)', '')
    """
    return "" if day is None else f" (study day {day})"


def rows_where(frame: pl.DataFrame, condition: pl.Expr) -> Iterator[dict[str, Any]]:
    """Give the rows that meet a condition; null does not meet it.

    Parameters
    ----------
    frame : the table
    condition : Boolean expression

    Returns
    -------
    iterator of dict
    """
    # Most tables of one subject are empty; a query over nothing costs as much as one over a little.
    return iter(()) if frame.is_empty() else frame.filter(condition).iter_rows(named=True)
