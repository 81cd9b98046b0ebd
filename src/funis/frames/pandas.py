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
    is_numpy = getattr(native.dtype, "kind", "O") in "biufM" and native.dtype.name.islower()
    if is_numpy:
        values = native.to_numpy()
        return pl.Series(column.name, values, nan_to_null=values.dtype.kind == "f")
    empty = native.isna().to_numpy()
    cells = [None if gone else value for value, gone in zip(native.tolist(), empty, strict=True)]
    kinds = {type(cell) for cell in cells if cell is not None}
    if len(kinds) > 1 and str in kinds:
        # A column that holds both numbers and "ND" reaches us as objects; as text nothing of it is lost.
        cells = [
            None if cell is None else str(int(cell) if isinstance(cell, bool) else cell) for cell in cells
        ]
    return pl.Series(column.name, cells, strict=False)


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
