"""Frames of any kind: rows of Polars in, and what was found back as the kind of frame the caller gave.

On Spark a function of rows is run in the workers, subject by subject, and nothing comes to one machine.
DuckDB is one machine: the rows are fetched as an Arrow table and the answer becomes a relation of the same
connection.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import polars as pl

from funis.frames import arrow, duckdb, pandas, polars, spark


def name_columns(frame: Any) -> list[str]:
    """Name the columns of a frame of any kind."""
    if isinstance(frame, pl.DataFrame):
        return frame.columns
    import narwhals as nw

    return list(nw.from_native(frame).collect_schema().names())


def read_rows(frame: Any) -> pl.DataFrame:
    """Return any frame as Polars rows in which nothing is NaN."""
    if isinstance(frame, pl.LazyFrame):
        frame = frame.collect()
    if not isinstance(frame, pl.DataFrame):
        import narwhals as nw

        native = nw.from_native(frame)
        eager = native.collect() if isinstance(native, nw.LazyFrame) else native
        frame = _lend_rows(eager)
    rows: pl.DataFrame = frame
    return rows.fill_nan(None) if any(kind.is_float() for kind in rows.dtypes) else rows


def _lend_rows(eager: Any) -> pl.DataFrame:
    """Lend the rows of an eager frame; columns of objects, which pandas has, may hold several kinds."""
    if not eager.implementation.is_pandas():
        found: pl.DataFrame = eager.to_polars()
        return found
    mixed = pandas.object_columns(eager.to_native())
    columns = {name: pandas.to_series(eager[name]) for name in mixed}
    others = [name for name in eager.columns if name not in columns]
    columns |= {one.name: one for one in (eager.select(*others).to_polars() if others else ())}
    return pl.DataFrame([columns[name] for name in eager.columns])


def lend_columns(frame: Any, names: Sequence[str]) -> pl.DataFrame:
    """Copy columns into a Polars frame; NaN and other empty values of pandas become null.

    Parameters
    ----------
    frame : of any supported kind
    names : columns to copy, where they are there

    Returns
    -------
    polars.DataFrame : the rows in their order, so many as the frame has
    """
    import narwhals as nw

    native: Any = nw.from_native(frame)
    present = native.collect_schema().names()
    found = [name for name in dict.fromkeys(names) if name in present]
    if isinstance(native, nw.LazyFrame):
        native = native.select(*found).collect()
    if native.implementation.is_polars():
        return nw.to_native(native.select(*found))  # type: ignore[no-any-return]
    columns = {name: _lend_column(native[name]) for name in found}
    return pl.DataFrame(columns) if columns else pl.DataFrame(height=len(native))


def _lend_column(column: Any) -> pl.Series:
    return arrow.to_series(column) if column.implementation.is_pyarrow() else pandas.to_series(column)


def return_columns(frame: Any, columns: pl.DataFrame) -> Any:
    """Put new columns into an eager frame of any kind, which keeps its rows and, in pandas, its index."""
    if isinstance(frame, pl.DataFrame):
        return polars.replace_columns(frame, columns)
    import narwhals as nw

    outer = nw.from_native(frame, eager_only=True)
    kind = arrow if outer.implementation.is_pyarrow() else pandas
    return kind.replace_columns(frame, columns)


def return_kind(frame: Any, found: pl.DataFrame) -> Any:
    """Return rows that were found as the kind of frame the caller gave.

    Parameters
    ----------
    frame : the caller's frame
    found : the answer; on Spark a small one, which stands on the driver
    """
    if isinstance(frame, pl.DataFrame):
        return found
    if isinstance(frame, pl.LazyFrame):
        return found.lazy()
    if spark.is_spark(frame):
        return frame.sparkSession.createDataFrame(found.to_arrow())
    if duckdb.is_duckdb(frame):
        return duckdb.to_relation(frame, found.to_arrow())
    import narwhals as nw

    native = nw.from_native(frame)
    # Columns of an answer without rows may have no kind yet, which other frames cannot hold.
    found = found.with_columns(pl.col(pl.Null).cast(pl.String))
    if native.implementation.is_pandas_like():
        found = pandas.make_room_for_gaps(found)
    schema = nw.from_native(found).schema
    return nw.from_dict(found.to_dict(as_series=False), schema, backend=native.implementation).to_native()


def add_columns(
    frame: Any, subject: str, derive: Callable[[pl.DataFrame], pl.DataFrame], added: Mapping[str, pl.DataType]
) -> Any:
    """Add columns that follow from all rows of a subject, to a frame of any kind.

    Parameters
    ----------
    frame : the caller's frame; the rows, their order and all other columns stay as they are
    subject : column to group by on Spark
    derive : gives the new columns for rows, in their order; must be a function of a module
    added : names and types of the new columns

    Returns
    -------
    frame of the caller's kind; on Spark lazy, every subject in a worker
    """
    work = partial(_add_to_table, derive, dict(added))
    if spark.is_spark(frame):
        return spark.map_subjects(frame, subject, work, added)
    if duckdb.is_duckdb(frame):
        return duckdb.to_relation(frame, work(duckdb.read_table(frame)))
    rows = read_rows(frame)
    found = derive(rows).select(pl.col(name).cast(kind) for name, kind in added.items())
    if isinstance(frame, pl.DataFrame | pl.LazyFrame):
        whole = polars.replace_columns(rows, found)
        return whole if isinstance(frame, pl.DataFrame) else whole.lazy()
    return return_columns(frame, found)


def _add_to_table(
    derive: Callable[[pl.DataFrame], pl.DataFrame], added: Mapping[str, pl.DataType], table: arrow.Table
) -> arrow.Table:
    """Add columns to an Arrow table; columns that hold lists or records are only passed on."""
    found = derive(read_rows(arrow.flat_rows(table)))
    return arrow.replace_columns(table, found.select(pl.col(name).cast(kind) for name, kind in added.items()))
