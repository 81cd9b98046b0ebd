"""Units and conversions by analyte, by the table of analytes in the catalogue.

A factor is an exact fraction, so that 1.0 mg/dL of creatinine is 88.42 umol/L and nothing else. A unit is
always converted for one named analyte: mg/dL means something else for urea than for urea nitrogen.
"""

from __future__ import annotations

import math
from fractions import Fraction

from funis.arguments import NumberFrom, Text, takes
from funis.catalogue.model_analytes import Analyte, Conversion
from funis.catalogue.registry import analyte_table
from funis.described import shorten
from funis.errors import UnitError, UnknownNameError
from funis.frames.scales import Scale
from funis.units.spelling import read_unit


@takes(analyte=Text())
def canonical_unit(analyte: str) -> str:
    """Name the unit in which an analyte is stored.

    Parameters
    ----------
    analyte : for example ``"creatinine"``

    Returns
    -------
    str : for example ``"umol/L"``

    Raises
    ------
    UnknownNameError : there is no such analyte; names the nearest

    Examples
    --------
    >>> canonical_unit("haemoglobin")
    'g/L'
    """
    return _find(analyte).unit


def known_units(analyte: str) -> tuple[str, ...]:
    """Name every unit an analyte may be reported in and converted from, the canonical one first.

    Examples
    --------
    >>> known_units("albumin")
    ('g/L', 'g/dL')
    """
    return _find(analyte).units


def parse_unit(text: str) -> str:
    """Give a unit in our spelling, whatever of the usual spellings and of UCUM it is written in.

    Examples
    --------
    >>> parse_unit("µmol/L"), parse_unit("g/(24.h)"), parse_unit("[IU]/mL"), parse_unit("10*3/uL")
    ('umol/L', 'g/24h', 'IU/mL', '10^3/uL')
    """
    return read_unit(text)


def find_conversion(analyte: str, unit: str) -> Conversion:
    """Give the conversion of a unit to the canonical one, with its source.

    Raises
    ------
    UnknownNameError : there is no such analyte
    UnitError : the unit is not known for it, names those that are; or it is an arbitrary unit of the
        laboratory, which nothing converts
    """
    found = _find(analyte)
    wanted = read_unit(unit, found.all_units)
    if wanted == found.unit:
        return Conversion(found.unit, Fraction(1), "canonical")
    for other in found.others:
        if other.unit == wanted:
            return other
    if wanted in found.arbitrary:
        raise UnitError(
            f"{wanted} of {analyte} is a unit of the laboratory's own; nothing converts it to {found.unit}. "
            f"Compare it with the limits of the same laboratory, {analyte}_low and {analyte}_high."
        )
    known = ", ".join(found.units)
    own = f"; of a laboratory's own: {', '.join(found.arbitrary)}" if found.arbitrary else ""
    raise UnitError(
        f"The unit {shorten(unit)!r} is not known for {analyte}. Known: {known}{own}. Correct the unit."
    )


@takes(
    value=NumberFrom(nan=True, inf=True), analyte=Text(), from_unit=Text(empty=True), to_unit=Text(empty=True)
)
def convert(value: float, analyte: str, from_unit: str, to_unit: str) -> float:
    """Convert a value of one analyte from one unit to another.

    Parameters
    ----------
    value : the measured value
    analyte : for example ``"creatinine"``; a name of the table of analytes
    from_unit, to_unit : units of that analyte; see `known_units`

    Returns
    -------
    float : the value in `to_unit`; NaN stays NaN

    Raises
    ------
    UnknownNameError : there is no such analyte
    UnitError : a unit is not known for it

    Examples
    --------
    >>> round(convert(130, "creatinine", "umol/L", "mg/dL"), 3)
    1.47
    >>> convert(0.63, "unstimulated_flow", "mL/10 min", "mL/min")
    0.063
    """
    return float(find_scale(analyte, from_unit, to_unit).multiply(float(value)))


def find_scale(analyte: str, from_unit: str, to_unit: str) -> Scale:
    """Give what brings values of an analyte from one unit to another; see `convert`.

    Raises
    ------
    UnknownNameError : there is no such analyte
    UnitError : a unit is not known for it, or is the laboratory's own and cannot be converted

    Examples
    --------
    >>> find_scale("haemoglobin", "g/dL", "g/L").apply(9.5)
    95.0
    """
    start, end = find_conversion(analyte, from_unit), find_conversion(analyte, to_unit)
    return Scale(start.factor / end.factor, (start.offset - end.offset) / end.factor)


@takes(titre=NumberFrom(nan=True))
def titre_exponent(titre: float) -> float:
    """Give the doubling steps of a reciprocal titre above 10, the scale on which titres are averaged.

    Parameters
    ----------
    titre : reciprocal titre, for example 640 for 1:640; above 0

    Returns
    -------
    float : log2(titre / 10)

    Raises
    ------
    UnitError : the titre is not above 0 (a negative test is censored, it has no titre)

    Examples
    --------
    >>> titre_exponent(640)
    6.0
    """
    if not titre > 0:
        raise UnitError(
            f"A titre is above 0, found {titre!r}. A negative test is censored: keep it as '<10'."
        )
    return math.log2(titre / 10)


def _find(analyte: str) -> Analyte:
    analytes = analyte_table().analytes
    if analyte not in analytes:
        raise UnknownNameError("analyte", analyte, analytes)
    return analytes[analyte]
