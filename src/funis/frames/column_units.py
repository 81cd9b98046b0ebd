"""The unit that a frame itself gives for a column: in the metadata of its field, or in ``attrs``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from funis.errors import ValueRangeError
from funis.frames.spark import is_spark

KEY: Final = "unit"
"""Key of a unit in the metadata of a field of Arrow or Spark."""
ATTRIBUTE: Final = "units"
"""Key of all units, by column, in the ``attrs`` of a pandas frame."""


def read_column_units(frame: Any) -> dict[str, str]:
    """Give the units that a frame carries, by column.

    Parameters
    ----------
    frame : PyArrow table (field metadata ``unit``), Spark frame (the same), pandas frame (``attrs["units"]``,
        a dictionary); a frame of another kind carries none

    Raises
    ------
    ValueRangeError : ``attrs["units"]`` is no dictionary of texts

    Examples
    --------
    >>> import polars as pl
    >>> read_column_units(pl.DataFrame({"haemoglobin": [9.5]}))
    {}
    """
    kind = type(frame).__module__.partition(".")[0]
    if kind == "pyarrow":
        return _units_of_arrow(frame)
    if is_spark(frame):
        fields = {field.name: (field.metadata or {}).get(KEY) for field in frame.schema.fields}
        return {name: str(unit) for name, unit in fields.items() if unit}
    given = getattr(frame, "attrs", {}).get(ATTRIBUTE, {}) if kind == "pandas" else {}
    is_texts = isinstance(given, Mapping) and all(isinstance(unit, str) for unit in given.values())
    if not is_texts:
        raise ValueRangeError(
            'attrs["units"] of the frame', type(given).__name__, "units by column, as texts"
        )
    return dict(given)


def _units_of_arrow(table: Any) -> dict[str, str]:
    found = {field.name: (field.metadata or {}).get(KEY.encode()) for field in table.schema}
    return {name: unit.decode("utf-8", "replace") for name, unit in found.items() if unit}
