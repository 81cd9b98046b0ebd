"""Units as papers print them: 24-hour proteinuria in g is a quantity a day."""

from __future__ import annotations

from typing import Final

from funis.catalogue.model_analytes import Conversion
from funis.catalogue.registry import analyte_table
from funis.errors import UnitError
from funis.units.conversions import find_conversion

#: What is collected over a day is often printed without it: the name of the quantity says it.
_A_DAY: Final = "/24h"


def find_printed_conversion(analyte: str, unit: str) -> Conversion:
    """Give the conversion of a printed unit to that of an analyte.

    Parameters
    ----------
    analyte : name in the table of analytes
    unit : as printed; of a quantity a day the day may be left out

    Raises
    ------
    UnitError : the unit is not known for the analyte

    Examples
    --------
    >>> find_printed_conversion("proteinuria_24h", "mg").factor
    Fraction(1, 1000)
    """
    try:
        return find_conversion(analyte, unit)
    except UnitError:
        if not analyte_table().analytes[analyte].unit.endswith(_A_DAY):
            raise
        return find_conversion(analyte, f"{unit}{_A_DAY}")
