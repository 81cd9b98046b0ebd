"""What is said of values that a column cannot hold: where they stand, what is allowed, which unit they fit.

Every way in (frames of every engine, single visits, responses, toxicity grades, files, a study's folder) says
it here, so that one slip reads alike wherever it is found, and all slips of a frame stand in one message.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from funis.catalogue.analyte_limits import fitting_units
from funis.catalogue.registry import analyte_table
from funis.errors import ValueRangeError
from funis.shown import show_values
from funis.units.declared import BESIDE

CORRECT: Final = "Correct the value or leave it empty."
_BESIDE: Final = tuple(f"_{end}" for end in BESIDE)


@dataclass(frozen=True, slots=True)
class RefusedValues:
    """Values of one column that it cannot hold.

    Attributes
    ----------
    column : its name
    where : how many there are and where the first of them stand
    values : the first of them
    allowed : what the column can hold, with its unit
    unit, analyte : of a measured quantity; with both, a unit is looked for that the values would fit
    advice : what else explains the values, where something does
    how : how the unit is declared that they would fit, ``UNIT`` in its place; else by the argument ``units``
    """

    column: str
    where: str
    values: tuple[Any, ...]
    allowed: str
    unit: str = ""
    analyte: str = ""
    advice: str = ""
    how: str = ""


def refuse_values(of: str, refused: Sequence[RefusedValues]) -> ValueRangeError:
    """Compose the error of every column that holds a value it cannot hold.

    Parameters
    ----------
    of : what is read: the name of an instrument, a response or a table
    refused : at least one, in the order of the definition

    Returns
    -------
    ValueRangeError : to be raised; one line a column

    Examples
    --------
    >>> bad = RefusedValues("wbc", "1 row(s) (row 0)", (-5,), "0 to 500 10^9/L", "10^9/L", "wbc")
    >>> print(refuse_values("sledai_2k", [bad]))
    Column 'wbc' of 'sledai_2k', 1 row(s) (row 0): found '-5'; allowed is 0 to 500 10^9/L. Correct the value \
or leave it empty.
    """
    lines = [
        (
            f"Column {one.column!r} of {of!r}, {one.where}",
            show_values(one.values),
            one.allowed,
            _advise(one),
        )
        for one in refused
    ]
    if len(lines) == 1:
        return ValueRangeError(*lines[0])
    said = [str(ValueRangeError(*line)) for line in lines]
    return ValueRangeError("\n".join([f"{len(said)} columns hold values that they cannot hold.", *said]))


def _advise(one: RefusedValues) -> str:
    """Say what to do: a unit to declare where the values would fit one, else to correct them."""
    value, units = find_fitting(one.analyte, one.unit, one.values)
    if not units:
        return f"{one.advice[:1].upper()}{one.advice[1:]}, or correct them." if one.advice else CORRECT
    # The limits of the laboratory and recorded bounds are in the unit of the column they stand beside.
    column = next((one.column.removesuffix(end) for end in _BESIDE if one.column.endswith(end)), one.column)
    fits = f"{show_values([value])} would fit {' or '.join(units)}"
    how = one.how or f'pass units={{"{column}": "UNIT"}}'
    return f"{fits}: {how.replace('UNIT', units[0])}, correct the value or leave it empty."


def ask_for_unit(analyte: str, unit: str, value: Any) -> str:
    """Ask whether an impossible value is in a unit that it would fit; nothing where it fits none.

    Examples
    --------
    >>> ask_for_unit("igg", "g/L", "1600")
    ' It would fit mg/dL: is it in that unit?'
    """
    # The value stands beside it; without it the findings of one cause are one line.
    _, units = find_fitting(analyte, unit, [value])
    return f" It would fit {' or '.join(units)}: is it in that unit?" if units else ""


def find_fitting(analyte: str, unit: str, values: Sequence[Any]) -> tuple[Any, tuple[str, ...]]:
    """Find the first of some impossible values that another unit explains, and these units.

    Parameters
    ----------
    analyte : of the table of analytes, or nothing
    unit : the one that the values were taken to be in
    values : numbers, or texts that hold numbers

    Returns
    -------
    tuple of the value and of units; none where no unit explains any of them

    Examples
    --------
    >>> find_fitting("temperature", "degC", [-1.0, "101.2"])
    ('101.2', ('degF',))
    """
    known = analyte_table().analytes.get(analyte)
    for value in values if known is not None else ():
        try:
            units = fitting_units(known, unit, float(value)) if known is not None else ()
        except (TypeError, ValueError):
            continue
        if units:
            return value, units
    return None, ()
