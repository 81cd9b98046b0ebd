"""Arrow tables: their columns lent to Polars, new columns put back, types that Spark takes.

PyArrow is imported where it is used: without it no frame of this kind exists.
"""

from __future__ import annotations

from typing import Any

import polars as pl

Table = Any
"""An Arrow table."""


def flat_rows(table: Table) -> pl.DataFrame:
    """Lend the columns of an Arrow table that hold single values to a Polars frame."""
    import pyarrow as pa

    names = [
        field.name
        for field in table.schema
        if not (pa.types.is_nested(field.type) or pa.types.is_binary(field.type))
    ]
    found = pl.from_arrow(table.select(names))
    return found if isinstance(found, pl.DataFrame) else found.to_frame()


def plain_table(table: Table) -> Table:
    """Give texts the one Arrow type that Spark takes for them."""
    import pyarrow as pa

    large = (pa.types.is_large_string, pa.types.is_string_view)
    fields = [
        field.with_type(pa.string()) if any(is_kind(field.type) for is_kind in large) else field
        for field in table.schema
    ]
    return table.cast(pa.schema(fields))


def to_series(column: Any) -> pl.Series:
    """Lend one Arrow column to Polars; nothing is copied.

    Parameters
    ----------
    column : Narwhals series of an Arrow table
    """
    found = pl.from_arrow(column.to_native())
    return found if isinstance(found, pl.Series) else found.to_series()


def replace_columns(table: Table, columns: pl.DataFrame) -> Table:
    """Put columns behind those of an Arrow table; a column of the same name goes."""
    table = table.select([name for name in table.column_names if name not in columns.columns])
    for name in columns.columns:
        table = table.append_column(name, columns[name].to_arrow())
    return table
