"""Frames of Spark: functions of rows run in its workers, batch by batch or subject by subject.

Nothing comes to one machine. PySpark is imported where it is used: without it no frame of this kind exists.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final

import polars as pl

from funis.frames.arrow import Table, plain_table

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
    configured = str(session.conf.get("spark.sql.shuffle.partitions", str(_PARTITIONS)))
    partitions = int(configured) if configured.isdigit() else _PARTITIONS
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


def flat_columns(frame: Any) -> list[str]:
    """Name the columns of a Spark frame that hold single values: no lists, maps or records."""
    return [field.name for field in frame.schema.fields if type(field.dataType).__name__ in _FLAT]


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
