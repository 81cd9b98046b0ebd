"""pandas frames: their columns lent to Polars without NaN, new columns put back beside the caller's index.

pandas itself is never imported: what it can do is asked of the caller's own frame.
"""

from __future__ import annotations

from typing import Any

import polars as pl


def to_series(column: Any) -> pl.Series:
    """Copy one pandas column to Polars; NaN, NaT and other empty values become null.

    Parameters
    ----------
    column : Narwhals series of a pandas frame
    """
    native = column.to_native()
    # pandas has types of its own with the same names, whose columns numpy gives as objects.
    is_numpy = type(native.dtype).__module__.partition(".")[0] == "numpy" and native.dtype.kind in "biufM"
    if is_numpy:
        values = native.to_numpy()
        return pl.Series(column.name, values, nan_to_null=values.dtype.kind == "f")
    empty = native.isna().to_numpy()
    cells = [None if gone else _plain(value) for value, gone in zip(native.tolist(), empty, strict=True)]
    kinds = {type(cell) for cell in cells if cell is not None}
    if len(kinds) < 2:
        return pl.Series(column.name, cells, strict=False)
    if not kinds <= {bool, int, float, str}:
        return pl.Series(column.name, cells, dtype=pl.Object)
    # True beside numbers, or numbers beside "ND", reach us as objects; as numbers or text nothing is lost.
    cells = [int(cell) if isinstance(cell, bool) else cell for cell in cells]
    if str in kinds:
        cells = [None if cell is None else str(cell) for cell in cells]
    return pl.Series(column.name, cells, strict=False)


def _plain(value: Any) -> Any:
    """Give the number or truth value of Python for one of numpy, as a column of objects may hold them."""
    return value.item() if type(value).__module__ == "numpy" and hasattr(value, "item") else value


def object_columns(frame: Any) -> list[str]:
    """Name the columns of a pandas frame whose cells are objects of any kind."""
    return [name for name in frame.columns if frame[name].dtype.kind == "O"]


def replace_columns(frame: Any, columns: pl.DataFrame) -> Any:
    """Put columns into a copy of a pandas frame, which keeps its rows and its index."""
    result = frame[[name for name in frame.columns if name not in columns.columns]].copy()
    for name in columns.columns:
        column = columns[name]
        result[name] = column.cast(pl.Float64).to_numpy() if column.dtype.is_numeric() else column.to_list()
    return result


def make_room_for_gaps(rows: pl.DataFrame) -> pl.DataFrame:
    """Give whole numbers with an empty cell as fractions: those of pandas have no empty cell."""
    holed = [one.name for one in rows if one.dtype.is_integer() and one.has_nulls()]
    return rows.with_columns(pl.col(holed).cast(pl.Float64))
