"""Relations of DuckDB: fetched as an Arrow table, answered as a relation of the same connection."""

from __future__ import annotations

from typing import Any

from funis.frames.arrow import Table


def is_duckdb(frame: Any) -> bool:
    """Tell whether a frame is a relation of DuckDB."""
    return type(frame).__module__.partition(".")[0].lstrip("_") == "duckdb"


def read_table(frame: Any) -> Table:
    """Fetch a lazy frame as an Arrow table, with the types its own engine gives."""
    import narwhals as nw

    return nw.from_native(frame).collect("pyarrow").to_native()


def to_relation(frame: Any, table: Table) -> Any:
    """Give an Arrow table as a relation of the connection a DuckDB relation belongs to."""
    import duckdb

    funis_answer_of_this_call = table  # noqa: F841  (DuckDB finds the table by the name of this variable)
    try:
        return frame.query("funis_frame_of_the_caller", "select * from funis_answer_of_this_call")
    except duckdb.CatalogException:
        # The connection does not look at variables of Python: a relation of the default connection.
        return duckdb.from_arrow(table)
