"""Units: how they are spelled, how an analyte is converted, in which unit a definition reads each column."""

from funis.units.conversions import (
    canonical_unit,
    convert,
    find_conversion,
    find_scale,
    known_units,
    parse_unit,
    titre_exponent,
)

__all__ = [
    "canonical_unit",
    "convert",
    "find_conversion",
    "find_scale",
    "known_units",
    "parse_unit",
    "titre_exponent",
]
