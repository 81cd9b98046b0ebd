"""The order of visits that are told by name: numbers within a name count by their size."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import polars as pl

from funis.errors import ValueRangeError
from funis.shown import show_codes

# A minus belongs to the number where no letter or digit stands before it: "Day -1", but not "month-3".
_NUMBER = re.compile(r"((?<![^\W_])-?[0-9]+(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+)?)")
MOST_NAMED = 12


def sort_naturally(names: Iterable[str]) -> tuple[str, ...]:
    """Sort names by their words and, where numbers stand in them, by the size of these.

    Capitals do not count but between names that are otherwise alike.

    Examples
    --------
    >>> sort_naturally(["Week 10", "Week 2", "Baseline", "Week 1.5"])
    ('Baseline', 'Week 1.5', 'Week 2', 'Week 10')
    >>> sort_naturally(["V10", "v2", "V1"])
    ('V1', 'v2', 'V10')
    >>> sort_naturally(["Day 1", "Day -1", "month-3", "month-12"])
    ('Day -1', 'Day 1', 'month-3', 'month-12')
    """
    return tuple(sorted(names, key=_key))


def _key(name: str) -> tuple[list[tuple[int, float, str]], str]:
    """Make a number a triple that stands before any text."""
    parts = [part for part in _NUMBER.split(name) if part]
    return [_part(part) for part in parts], name


def _part(part: str) -> tuple[int, float, str]:
    return (0, float(part), "") if _NUMBER.fullmatch(part) else (1, 0.0, part.casefold())


def describe_order(column: pl.Series, levels: Sequence[str], *, given: bool) -> str:
    """Say in which order the visits stand and where it is from; what could be a person's is not shown."""
    if given:
        source = "the order of `levels`"
    elif isinstance(column.dtype, pl.Enum):
        source = "the order of their column's categories"
    elif column.dtype in (pl.String, pl.Categorical):
        source = "natural order, numbers by their size (another is given by `levels`)"
    else:
        source = "the order of their values"
    named = ", ".join(show_codes(levels[:MOST_NAMED]))
    left = len(levels) - MOST_NAMED
    return f"visits stand in {source}: {named}" + (f" and {left} more" if left > 0 else "")


def own_numbers(names: Sequence[str]) -> tuple[float, ...]:
    """Give the one number that stands in each name.

    Parameters
    ----------
    names : of the visits

    Raises
    ------
    ValueRangeError : a name has no number, or several; asks for coordinates

    Examples
    --------
    >>> own_numbers(["Month 3", "Month 6", "Month 12"])
    (3.0, 6.0, 12.0)
    """
    found = [_NUMBER.findall(name) for name in names]
    odd = [name for name, numbers in zip(names, found, strict=True) if len(numbers) != 1]
    if odd:
        told = f"{len(odd)} visits whose name does not hold one number ({', '.join(show_codes(odd[:3]))})"
        fix = "Name a numeric column of times, such as the planned day."
        raise ValueRangeError("coordinates", told, "a column of times or places", fix)
    return tuple(float(numbers[0]) for numbers in found)
