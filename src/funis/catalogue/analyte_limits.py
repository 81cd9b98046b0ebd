"""What a measured quantity can be in any of its units, and which unit an impossible value would fit."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor, log10
from typing import Final

from funis.catalogue.model_analytes import Analyte, Conversion

Ends = tuple[float, float]
#: Digits of a limit that was converted; the lower one is rounded down and the upper one up.
_DIGITS: Final = 4
#: So many units are named that a value would fit.
_MOST_UNITS: Final = 2


def possible_in(analyte: Analyte, unit: str) -> Ends | None:
    """Give the lowest and the highest possible value of an analyte in one of its units.

    Parameters
    ----------
    analyte : of the table of analytes
    unit : in our spelling

    Returns
    -------
    tuple of two numbers; None where the unit is not known for the analyte, or nothing is said of it

    Examples
    --------
    >>> from funis.catalogue.registry import analyte_table
    >>> possible_in(analyte_table().analytes["haemoglobin"], "g/dL")
    (2.0, 30.0)
    """
    if analyte.plausible is None:
        return None
    lowest, highest = analyte.plausible.possible
    if unit == analyte.unit:
        return lowest, highest
    other = next((one for one in analyte.others if one.unit == unit), None)
    if other is None:
        return None
    return _round(_bring(lowest, other), up=False), _round(_bring(highest, other), up=True)


def possible_in_any(analyte: Analyte) -> Ends | None:
    """Give the limits where nobody says which of its units an analyte is in: the widest of all.

    Examples
    --------
    >>> from funis.catalogue.registry import analyte_table
    >>> possible_in_any(analyte_table().analytes["albumin"])
    (0.1, 100.0)
    """
    ends = [found for unit in analyte.units if (found := possible_in(analyte, unit)) is not None]
    return (min(low for low, _ in ends), max(high for _, high in ends)) if ends else None


def fitting_units(analyte: Analyte, unit: str, value: float) -> tuple[str, ...]:
    """Name the units in which a value that is impossible in its own would be an ordinary one.

    Parameters
    ----------
    analyte : of the table of analytes
    unit : the unit that the value was taken to be in
    value : the number as it was written

    Returns
    -------
    tuple of str : units in which the value is usual, or, where there is none, possible; of units that are the
        same number only the first

    Examples
    --------
    >>> from funis.catalogue.registry import analyte_table
    >>> fitting_units(analyte_table().analytes["haemoglobin"], "g/dL", 95)
    ('g/L',)
    """
    if analyte.plausible is None:
        return ()
    own = Conversion(analyte.unit, Fraction(1), "")
    known = (own, *analyte.others)
    taken = {(one.factor, one.offset) for one in known if one.unit == unit}
    usual, possible = [], []
    for other in known:
        if (other.factor, other.offset) in taken:
            continue
        taken.add((other.factor, other.offset))
        made = value * float(other.factor) + float(other.offset)
        usual += [other.unit] if _lies_in(made, analyte.plausible.usual) else []
        possible += [other.unit] if _lies_in(made, analyte.plausible.possible) else []
    return tuple((usual or possible)[:_MOST_UNITS])


def _lies_in(value: float, ends: Ends | None) -> bool:
    return ends is not None and ends[0] <= value <= ends[1]


def _bring(limit: float, other: Conversion) -> Fraction:
    """Bring a limit from the analyte's own unit to another."""
    return (Fraction(str(limit)) - other.offset) / other.factor


def _round(limit: Fraction, *, up: bool) -> float:
    """Shorten a converted limit for print, away from the values that are possible."""
    if limit == 0:
        return 0.0
    step = Fraction(10) ** (floor(log10(abs(limit))) + 1 - _DIGITS)
    return float((ceil if up else floor)(limit / step) * step)
