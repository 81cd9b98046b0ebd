"""The unit of a laboratory test in the study file, as laboratories and UCUM write it."""

from __future__ import annotations

from pydantic import ValidationInfo

from funis.catalogue.registry import analyte_table
from funis.units.spelling import read_unit


def spell_unit(unit: str, given: ValidationInfo) -> str:
    """Give the unit of a test in our spelling; one that is not known is left to the check of the study."""
    found = analyte_table().analytes.get(given.data.get("test", ""))
    return unit if found is None else read_unit(unit, found.all_units)
