"""What the columns of a frame hold: plain values, numbers, days; what is none of them is refused by name."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from funis.described import Described
from funis.errors import ColumnError, ValueRangeError

if TYPE_CHECKING:
    import polars as pl

_CORRECT = "Correct the value, or leave it empty."

PLAIN = "numbers, texts, categories, dates, and True or False in every column that is used"


def find_odd_columns(frame: Any) -> dict[str, str]:
    """Name the columns of a frame that hold no plain values, each with what it holds.

    Examples
    --------
    >>> import polars as pl
    >>> find_odd_columns(pl.DataFrame({"a": [1], "b": [[1]]}))
    {'b': 'List(Int64)'}
    """
    import narwhals as nw

    schema = nw.from_native(frame).collect_schema()
    plain = (nw.String, nw.Categorical, nw.Enum, nw.Boolean, nw.Date, nw.Datetime)
    mixed = {
        name
        for name, kind in schema.items()
        if not kind.is_numeric() and not isinstance(kind, plain) and str(kind) != "Null"
    }
    return {str(name): str(schema[name]) for name in schema if name in mixed and not _is_empty(frame, name)}


def _is_empty(frame: Any, name: str) -> bool:
    """Tell whether a column of unknown kind holds nothing at all: Polars and Arrow have a kind for that."""
    import polars as pl

    return isinstance(frame, pl.DataFrame) and frame.schema[name] == pl.Null


MOST_DAYS: Final = 36_525
"""No study day is further from the first infusion: a hundred years; a date written as 20240131 is."""


def check_kinds(what: str, frame: pl.DataFrame, *, numbers: Sequence[str], most: float = 1e15) -> None:
    """Refuse a Polars frame that lacks columns, or holds something else than numbers in them.

    Parameters
    ----------
    what : the beginning of the message
    frame : the frame
    numbers : columns that hold numbers, or True and False; a column without any value is one of them
    most : the largest number that is taken, on both sides of 0

    Raises
    ------
    ColumnError, ValueRangeError
    """
    lacking = [name for name in numbers if name not in frame.columns]
    if lacking:
        raise ColumnError(what, lacking, frame.columns, "Add the columns.")
    for name in numbers:
        kind, place = frame.schema[name], f"{what}, column {name!r}"
        if frame[name].null_count() == frame.height:
            continue
        if not (kind.is_numeric() or str(kind) == "Boolean"):
            raise ValueRangeError(place, Described(kind), "numbers", "Convert the column.")
        if kind.is_numeric() and (frame[name].cast(float).fill_nan(None).abs() > most).any():
            raise ValueRangeError(place, Described("a number beyond"), f"numbers up to {most:g}", _CORRECT)


def check_days(what: str, frame: pl.DataFrame, names: Sequence[str], *, as_dates: bool) -> pl.DataFrame:
    """Refuse a Polars frame with columns that are neither days nor empty; NaN becomes null.

    Parameters
    ----------
    what : the beginning of the message
    frame : the frame
    names : the columns
    as_dates : dates are meant, not numbers of days

    Returns
    -------
    polars.DataFrame

    Raises
    ------
    ValueRangeError
    """
    for name in names:
        kind = frame.schema[name]
        is_fine = str(kind) == "Date" if as_dates else kind.is_integer() or kind.is_float()
        if not is_fine and frame[name].null_count() < frame.height:
            allowed = "dates without a time" if as_dates else "numbers of days"
            raise ValueRangeError(f"{what}, column {name!r}", Described(kind), allowed, "Convert the column.")
    if as_dates:
        return frame
    check_kinds(what, frame, numbers=names)
    floats = [name for name in names if frame.schema[name].is_float()]
    return frame.with_columns(frame.select(floats).fill_nan(None)) if floats else frame


def is_empty_cell(value: object) -> bool:
    """Tell whether a cell is empty: None, NaN, or what pandas writes for it, which answers no comparison.

    Examples
    --------
    >>> is_empty_cell(float("nan")), is_empty_cell(0)
    (True, False)
    """
    if value is None or type(value).__name__ in {"NAType", "NaTType"}:
        return True
    return isinstance(value, float) and math.isnan(value)
