"""What the value of one subject can be: said in the file of figures, or taken from the catalogue."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from math import gcd
from typing import NamedTuple

from funis.audit.figures import OutcomeScale
from funis.catalogue.registry import analyte_table, definition, definitions
from funis.errors import UnknownNameError


@dataclass(frozen=True, slots=True)
class ScaleRow:
    """What a file of figures says of one outcome: the scale itself, or the name of a known instrument."""

    step: Fraction | None = None
    minimum: Fraction | None = None
    maximum: Fraction | None = None
    items: int = 1
    instrument: str = ""
    analyte: str = ""


class ScaleFault(NamedTuple):
    """What is wrong with a row of scales."""

    key: str
    found: str
    message: str
    fix: str


def find_scale_fault(row: ScaleRow) -> ScaleFault | None:
    """Find what is wrong with a row of scales, None where nothing is.

    Examples
    --------
    >>> find_scale_fault(ScaleRow(minimum=Fraction(5), maximum=Fraction(1))).message
    'The lowest value lies above the highest.'
    """
    if row.step is not None and row.step <= 0:
        return ScaleFault("step", str(row.step), "A step is above 0.", "Write 1 for whole numbers.")
    if row.minimum is not None and row.maximum is not None and row.minimum > row.maximum:
        return ScaleFault(
            "minimum", str(row.minimum), "The lowest value lies above the highest.", "Exchange the two."
        )
    if row.analyte and row.analyte not in analyte_table().analytes:
        error = UnknownNameError("analyte", row.analyte, analyte_table().analytes)
        return ScaleFault("analyte", row.analyte, str(error), "Name one of them, or leave it out.")
    if row.instrument and row.instrument not in definitions():
        error = UnknownNameError("instrument", row.instrument, definitions())
        return ScaleFault("instrument", row.instrument, str(error), "Name one of them, or give the scale.")
    return None


def make_scale(row: ScaleRow) -> OutcomeScale:
    """Make a scale; what the row says itself goes before what the instrument says.

    Examples
    --------
    >>> made = make_scale(ScaleRow(instrument="sledai"))
    >>> made.step, made.minimum, made.maximum
    (Fraction(1, 1), Fraction(0, 1), Fraction(105, 1))
    """
    known = scale_of_instrument(row.instrument) if row.instrument else OutcomeScale()
    return OutcomeScale(
        row.step if row.step is not None else known.step,
        row.minimum if row.minimum is not None else known.minimum,
        row.maximum if row.maximum is not None else known.maximum,
        row.items,
    )


def scale_of_instrument(name: str) -> OutcomeScale:
    """Give the scale of the total of an instrument of the catalogue.

    The step is the largest number that divides the points of every item of a sum; of a mean, a grade or a
    measured quantity nothing is said.

    Examples
    --------
    >>> scale_of_instrument("ssdai").maximum
    Fraction(21, 1)
    """
    found = definition(name)
    points = [Fraction(value) for item in found.items for value in item.points]
    whole = found.kind in {"sum", "maximum"} and all(each.denominator == 1 for each in points)
    step = reduce(gcd, (each.numerator for each in points), 0) if whole else 0
    lowest, highest = Fraction(found.range.lowest), Fraction(found.range.highest)
    return OutcomeScale(Fraction(step) if step else None, lowest, highest)
