"""Work goes to the engine that holds the rows, and the answer comes back as the caller's kind of frame.

On Spark a function of rows is run in the workers, batch by batch or subject by subject, and nothing comes
to one machine. DuckDB is one machine: the rows are fetched as an Arrow table and the answer becomes a
relation of the same connection.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final

import polars as pl

from funis.frames.border import return_columns

Table = Any
"""An Arrow table."""

KEY: Final = "_funis_group"
"""Column with the number of the group of subjects a row belongs to."""

_GROUPS_PER_PARTITION: Final = 8
_PARTITIONS: Final = 200

_FLAT: Final = (
    "StringType", "CharType", "VarcharType", "BooleanType", "ByteType", "ShortType", "IntegerType",
    "LongType", "FloatType", "DoubleType", "DecimalType", "DateType", "TimestampType", "TimestampNTZType",
)  # fmt: skip


def is_spark(frame: Any) -> bool:
    """Tell whether a frame is one of Spark, of a session here or of a remote one."""
    return type(frame).__module__.partition(".")[0] == "pyspark"


def is_duckdb(frame: Any) -> bool:
    """Tell whether a frame is a relation of DuckDB."""
    return type(frame).__module__.partition(".")[0].lstrip("_") == "duckdb"


def read_table(frame: Any) -> Table:
    """Fetch a lazy frame as an Arrow table, with the types its own engine gives."""
    import narwhals as nw

    return nw.from_native(frame).collect("pyarrow").to_native()


def read_rows(frame: Any) -> pl.DataFrame:
    """Return any frame as Polars rows in which nothing is NaN."""
    if isinstance(frame, pl.LazyFrame):
        frame = frame.collect()
    if not isinstance(frame, pl.DataFrame):
        import narwhals as nw

        native = nw.from_native(frame)
        eager = native.collect() if isinstance(native, nw.LazyFrame) else native
        frame = eager.to_polars()
    rows: pl.DataFrame = frame
    return rows.fill_nan(None) if any(kind.is_float() for kind in rows.dtypes) else rows


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
    if is_spark(frame):
        return frame.sparkSession.createDataFrame(found.to_arrow())
    if is_duckdb(frame):
        return to_relation(frame, found.to_arrow())
    import narwhals as nw

    native = nw.from_native(frame)
    if native.implementation.is_pandas_like():
        # Its whole numbers have no empty cell.
        holed = [one.name for one in found if one.dtype.is_integer() and one.has_nulls()]
        found = found.with_columns(pl.col(holed).cast(pl.Float64))
    schema = nw.from_native(found).schema
    return nw.from_dict(found.to_dict(as_series=False), schema, backend=native.implementation).to_native()


def to_relation(frame: Any, table: Table) -> Any:
    """Give an Arrow table as a relation of the connection a DuckDB relation belongs to."""
    import duckdb

    funis_answer_of_this_call = table  # noqa: F841  (DuckDB finds the table by the name of this variable)
    try:
        return frame.query("funis_frame_of_the_caller", "select * from funis_answer_of_this_call")
    except duckdb.CatalogException:
        # The connection does not look at variables of Python: a relation of the default connection.
        return duckdb.from_arrow(table)


def name_columns(frame: Any) -> list[str]:
    """Name the columns of a frame of any kind."""
    if isinstance(frame, pl.DataFrame):
        return frame.columns
    import narwhals as nw

    return list(nw.from_native(frame).collect_schema().names())


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
    if is_spark(frame):
        return map_subjects(frame, subject, work, added)
    if is_duckdb(frame):
        return to_relation(frame, work(read_table(frame)))
    rows = read_rows(frame)
    found = derive(rows).select(pl.col(name).cast(kind) for name, kind in added.items())
    if isinstance(frame, pl.DataFrame | pl.LazyFrame):
        whole = rows.drop(found.columns, strict=False).with_columns(found.get_columns())
        return whole if isinstance(frame, pl.DataFrame) else whole.lazy()
    return return_columns(frame, found)


def _add_to_table(
    derive: Callable[[pl.DataFrame], pl.DataFrame], added: Mapping[str, pl.DataType], table: Table
) -> Table:
    """Add columns to an Arrow table; columns that hold lists or records are only passed on."""
    found = derive(read_rows(flat_rows(table)))
    return return_columns(table, found.select(pl.col(name).cast(kind) for name, kind in added.items()))


def map_rows(frame: Any, work: Callable[[Table], Table], added: Mapping[str, pl.DataType]) -> Any:
    """Add columns to a Spark frame, each row by itself, in the workers.

    Parameters
    ----------
    frame : Spark frame; its rows keep their partitions, nothing is shuffled
    work : gives an Arrow table of rows back with the new columns; must be a function of a module
    added : names and types of the new columns

    Returns
    -------
    Spark frame, lazy
    """
    schema = _extend(frame.schema, added)
    return frame.mapInArrow(partial(_map_batches, work, tuple(schema.names)), schema)


def map_subjects(
    frame: Any, subject: str, work: Callable[[Table], Table], added: Mapping[str, pl.DataType]
) -> Any:
    """Add columns to a Spark frame, all rows of a subject together, in the workers.

    Parameters are those of `map_rows`; `subject` names the column of subjects.
    """
    schema = _extend(frame.schema, added)
    group = group_of(frame, subject)
    return run_groups(frame, group, partial(_map_group, work, tuple(schema.names)), schema)


def group_of(frame: Any, subject: str, beside: Any = None) -> Any:
    """Tell the group of every row of a Spark frame: all rows of a subject have the same.

    A group holds many subjects, because Python takes a millisecond or two for a group and a tenth of that for
    a subject. The study number counts as text, so that numbers and texts find each other. Groups of `beside`,
    where it is given, are numbered alike.
    """
    from pyspark.sql import functions as sql

    session = (frame if beside is None else beside).sparkSession
    told = str(session.conf.get("spark.sql.shuffle.partitions", str(_PARTITIONS)))
    partitions = int(told) if told.isdigit() else _PARTITIONS
    text = sql.col(quote_column(subject)).cast("string")
    return sql.pmod(sql.xxhash64(text), sql.lit(_GROUPS_PER_PARTITION * partitions)).alias(KEY)


def quote_column(name: str) -> str:
    """Name a column of Spark exactly, whatever signs are in its name."""
    return "`" + name.replace("`", "``") + "`"


def run_groups(frame: Any, by: Any, work: Callable[..., Table], schema: Any, beside: Any = None) -> Any:
    """Run a function on the rows of each group of a Spark frame, in the workers.

    Parameters
    ----------
    frame : Spark frame
    by : name of the column to group by, or the column
    work : takes the Arrow table of a group, and that of the group beside it where there is another frame
    schema : of what comes back, as Spark declares it
    beside : another Spark frame with the column `by`, of the same type; its groups stand beside those of
        `frame`, and a group that stands in one of them only is empty in the other

    Returns
    -------
    Spark frame, lazy
    """
    # Spark would read the hints of `work` and stumble over a partial function; a lambda has none.
    if beside is None:
        return frame.groupBy(by).applyInArrow(lambda rows: work(rows), schema)  # noqa: PLW0108
    pairs = frame.groupBy(by).cogroup(beside.groupBy(by))
    return pairs.applyInArrow(lambda rows, others: work(rows, others), schema)  # noqa: PLW0108


def _map_batches(
    work: Callable[[Table], Table], names: Sequence[str], batches: Iterable[Any]
) -> Iterator[Any]:
    import pyarrow as pa

    for batch in batches:
        yield from _map_group(work, names, pa.Table.from_batches([batch])).to_batches()


def _map_group(work: Callable[[Table], Table], names: Sequence[str], table: Table) -> Table:
    return plain_table(work(table).select(names))


def plain_table(table: Table) -> Table:
    """Give texts the one Arrow type that Spark takes for them."""
    import pyarrow as pa

    large = (pa.types.is_large_string, pa.types.is_string_view)
    fields = [
        field.with_type(pa.string()) if any(is_kind(field.type) for is_kind in large) else field
        for field in table.schema
    ]
    return table.cast(pa.schema(fields))


def flat_columns(frame: Any) -> list[str]:
    """Name the columns of a Spark frame that hold single values: no lists, maps or records."""
    return [field.name for field in frame.schema.fields if type(field.dataType).__name__ in _FLAT]


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


def spark_schema(columns: Mapping[str, pl.DataType]) -> Any:
    """Give the names and types of an answer as Spark declares them."""
    from pyspark.sql import types

    kinds = {
        pl.String: types.StringType(),
        pl.Float64: types.DoubleType(),
        pl.Int64: types.LongType(),
        pl.Int32: types.IntegerType(),
        pl.Int16: types.ShortType(),
        pl.Int8: types.ByteType(),
        pl.Boolean: types.BooleanType(),
    }
    fields = [types.StructField(name, kinds[kind.base_type()]) for name, kind in columns.items()]
    return types.StructType(fields)


def _extend(schema: Any, added: Mapping[str, pl.DataType]) -> Any:
    from pyspark.sql.types import StructType

    kept = [field for field in schema.fields if field.name not in added]
    return StructType([*kept, *spark_schema(added).fields])
