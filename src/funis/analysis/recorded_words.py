"""A value as it was recorded, and as it was used where that is another, in words for the page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from functools import cache
from typing import Final

import numpy as np
import polars as pl

from funis.analysis.panel import Floats
from funis.results import format_column, format_number, format_shortest

#: Stands between a value as recorded and as used.
ARROW: Final = "->"


def write_lab_values(
    frame: pl.DataFrame, unit: str, used: Floats, *, titre_of_first: float | None = None
) -> pl.Series:
    """Write each laboratory value as recorded and, where it entered as something else, as used.

    Parameters
    ----------
    frame : results of one test, ``value`` in the study's unit with ``comparator``, and what was written in
        ``value_recorded, unit_recorded``
    unit : the study's unit
    used : shape (rows,), value that the analysis works with
    titre_of_first : first dilution where titres are analysed as log2(titre / first), None on a linear scale

    Returns
    -------
    polars.Series of text

    Examples
    --------
    >>> frame = pl.DataFrame({
    ...     "value": [72.5044, 0.5], "comparator": [None, "<"],
    ...     "value_recorded": [0.82, 0.5], "unit_recorded": ["mg/dL", "umol/L"],
    ... })
    >>> write_lab_values(frame, "umol/L", np.array([72.5044, 0.5])).to_list()
    ['0.82 mg/dL -> 72.5 umol/L', '<0.5, used as 0.5']
    """
    has_recorded = {"value_recorded", "unit_recorded"} <= set(frame.columns)
    recorded = frame["value_recorded"] if has_recorded else frame["value"]
    units = frame["unit_recorded"] if has_recorded else pl.Series([unit] * frame.height, dtype=pl.String)
    sign = frame["comparator"].fill_null("")
    texts = format_column(frame["value"]).to_list()
    other = (recorded != frame["value"]).fill_null(value=False) | (sign != "")
    places = range(frame.height) if titre_of_first is not None else np.flatnonzero(other.to_numpy()).tolist()
    # Columns as lists: thousands of rows hold few different values, each of which is written once.
    columns = (frame["value"].to_list(), recorded.to_list(), units.to_list(), sign.to_list(), used.tolist())
    for place in places:
        value, written, own, before, entered = (column[place] for column in columns)
        texts[place] = _write_one(
            (value, before),
            (written, own or ""),
            unit,
            None if titre_of_first is None else entered,
            titre_of_first,
        )
    return pl.Series("text", texts, dtype=pl.String)


@cache
def _write_one(
    given: tuple[float, str],
    recorded: tuple[float, str],
    unit: str,
    used: float | None,
    titre_of_first: float | None,
) -> str:
    """Write one value: as given with its sign, as recorded in its own unit, and as used."""
    (value, sign), (written, own) = given, recorded
    text = f"{sign}{format_shortest(value)}"
    if written != value:
        size = significant(value, max(3, count_significant(written) + 1))
        text = f"{sign}{format_shortest(written)} {own} {ARROW} {sign}{size} {unit}"
        value = float(size)
    if titre_of_first is not None and used is not None:
        return _titre(text, value, used, titre_of_first)
    return f"{text}, used as {format_shortest(value)}" if sign else text


def _titre(text: str, value: float, used: float, first: float) -> str:
    """Write a titre with its logarithm; one that has none, or a sign, with the titre it was taken as."""
    entered = first * 2.0**used
    level = (
        f"{ARROW} {format_number(used, 2).rstrip('0').rstrip('.')} (log2 of titre / {format_shortest(first)})"
    )
    if value <= 0:
        return f"{text}, used as {format_shortest(round(entered, 6))}, the lowest recorded {level}"
    if not text[0].isdigit():
        return f"{text}, used as {format_shortest(value)} {level}"
    return f"{text} {level}"


def write_converted(values: pl.Series, units: Sequence[str], factor: float) -> pl.Series:
    """Write scores as recorded in one unit and as used in another.

    Examples
    --------
    >>> write_converted(pl.Series([0.06]), ("mL/min", "mL/10 min"), 10.0).to_list()
    ['0.06 mL/min -> 0.6 mL/10 min']
    """
    written = {
        value: f"{format_shortest(value)} {units[0]} {ARROW} "
        f"{significant(value * factor, max(3, count_significant(value) + 1))} {units[1]}"
        for value in values.drop_nulls().unique()
    }
    return pl.Series("text", [written.get(value) for value in values], dtype=pl.String)


def count_significant(value: float) -> int:
    """Count the significant digits that a recorded number was written with.

    Examples
    --------
    >>> count_significant(0.82), count_significant(2000.0), count_significant(0.0)
    (2, 1, 1)
    """
    return max(1, len(Decimal(format_shortest(value)).normalize().as_tuple().digits))


def significant(value: float, digits: int) -> str:
    """Print a number with so many significant digits, without zeros at the end.

    Examples
    --------
    >>> significant(72.5044, 3), significant(2.0, 3), significant(0.00123456, 3), significant(0.0, 3)
    ('72.5', '2', '0.00123', '0')
    """
    if value == 0:
        return format_shortest(value)
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    text = format_number(value, decimals)
    return text.rstrip("0").rstrip(".") if "." in text else text
