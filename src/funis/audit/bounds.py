"""What the value of one subject can be at a time: its scale, its nature, and the limits the text states."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil, floor
from typing import Final

from funis.audit.figures import FigureLabels, OutcomeScale, PrintedLimit, RoundingInterval
from funis.audit.gathered import GatheredFigures, plain_words, same_words
from funis.audit.printed_units import find_printed_conversion
from funis.audit.times import days_of, same_time
from funis.catalogue.registry import analyte_table
from funis.errors import UnitError

#: Words for the time at which an entry criterion holds; where it names a time of its own, only at that.
_AT_ENTRY: Final = frozenset(
    {
        "",
        "baseline",
        "screening",
        "entry",
        "enrolment",
        "enrollment",
        "inclusion",
        "before",
        "day 0",
        "week 0",
    }
    | {"month 0", "pre-treatment", "pretreatment", "pre-transplantation", "before treatment"}
)


@dataclass(frozen=True, slots=True)
class ValueBounds:
    """Bounds of one value, and the printed limits they come from.

    Attributes
    ----------
    scale : the scale with these bounds
    limits : printed limits that made it narrower
    """

    scale: OutcomeScale
    limits: tuple[PrintedLimit, ...] = ()


def is_at_entry(time: str) -> bool:
    """Tell whether a time is that of the entry into a trial.

    Examples
    --------
    >>> is_at_entry("Baseline"), is_at_entry("month 6")
    (True, False)
    """
    return plain_words(time) in _AT_ENTRY or days_of(time) == 0


def bounds_at(figures: GatheredFigures, about: FigureLabels, file: str) -> ValueBounds:
    """Give the bounds of the values of an outcome at a time.

    Parameters
    ----------
    figures : all figures, for the limits among them
    about : the outcome, its time, group, scale, analyte and unit
    file : limits of another report are not used

    Returns
    -------
    ValueBounds
    """
    scale = _by_nature(about)
    limits = tuple(
        each
        for each in figures.limits
        if each.place.file == file
        and same_words(each.about.outcome, about.outcome)
        and plain_words(each.about.group) in {"", plain_words(about.group)}
        and _holds_at(each, about.time)
    )
    for each in limits:
        narrowed = _narrow(scale, each)
        # Limits that leave no value are compared with each other elsewhere; they are no bounds.
        if narrowed.minimum is None or narrowed.maximum is None or narrowed.minimum <= narrowed.maximum:
            scale = narrowed
    return ValueBounds(scale, limits)


def _holds_at(limit: PrintedLimit, time: str) -> bool:
    if limit.kind == "criterion" and not limit.about.time:
        return is_at_entry(time)
    return same_time(limit.about.time, time)


def _by_nature(about: FigureLabels) -> OutcomeScale:
    """Give the scale; a known quantity that cannot be below 0 has 0 as its lowest value."""
    scale = about.scale
    analyte = analyte_table().analytes.get(about.analyte)
    if scale.minimum is not None or analyte is None or analyte.plausible is None:
        return scale
    try:
        conversion = find_printed_conversion(about.analyte, about.unit or analyte.unit)
    except UnitError:
        return scale
    if analyte.plausible.possible[0] != 0 or conversion.offset:
        return scale
    return replace(scale, minimum=Fraction(0))


def _narrow(scale: OutcomeScale, limit: PrintedLimit) -> OutcomeScale:
    """Set a bound of a scale to a printed limit where that is narrower; on a grid the next value counts."""
    value, grain = limit.value.value, scale.grain
    start = scale.minimum if scale.minimum is not None else Fraction(0)
    # What was observed was rounded when it was printed; a criterion is the number it is.
    wide = limit.value.rounding if limit.kind == "observed" else RoundingInterval(value, value)
    if limit.relation in {">", ">=", "="}:
        low = wide.lower
        if grain is not None:
            steps = (value - start) / grain
            low = start + grain * (floor(steps) + 1 if limit.relation == ">" else ceil(steps))
        if scale.minimum is None or low > scale.minimum:
            scale = replace(scale, minimum=low)
    if limit.relation in {"<", "<=", "="}:
        high = wide.upper
        if grain is not None:
            steps = (value - start) / grain
            high = start + grain * (ceil(steps) - 1 if limit.relation == "<" else floor(steps))
        if scale.maximum is None or high < scale.maximum:
            scale = replace(scale, maximum=high)
    return scale
