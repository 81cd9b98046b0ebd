"""Units that came with a frame, and what brings its columns to the units that definitions read.

A unit is said by the argument ``units``, or by the metadata of the column where the frame has some. The
argument wins, and a contradiction is told. Nothing is ever guessed from the size of a value.
"""

from __future__ import annotations

import warnings
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from funis.catalogue.registry import analyte_table
from funis.errors import UnitError, UnitWarning, UnknownNameError
from funis.frames.column_units import read_column_units
from funis.frames.scales import SAME, Scale
from funis.units.columns import ReadColumn, find_analyte
from funis.units.conversions import find_scale
from funis.units.spelling import read_unit

BESIDE: Final = ("low", "high", "lower", "upper")
"""Ends of the names of columns that stand beside a quantity, in its unit: limits and bounds."""
Units = Mapping[str, str]


def find_units(frame: Any, given: Units | None, present: Collection[str]) -> dict[str, str]:
    """Give the unit of every column of which one is known.

    Parameters
    ----------
    frame : of any kind; asked for the metadata of its columns
    given : what the caller says, by column
    present : columns of the frame

    Raises
    ------
    UnknownNameError : the caller names a column that is not there

    Warns
    -----
    UnitWarning : the caller and the metadata of a column disagree; the caller is followed
    """
    carried = {name: unit for name, unit in read_column_units(frame).items() if name in present}
    for name, unit in (given or {}).items():
        if name not in present:
            raise UnknownNameError("column", name, present, where="units")
        other = carried.get(name, unit)
        if not is_same_unit(find_analyte(name), unit, other):
            warnings.warn(
                f"The column {name!r} carries the unit {other!r}, and units says {unit!r}: "
                f"it is read as {unit!r}. Correct one of the two.",
                UnitWarning,
                stacklevel=2,
            )
    return {**carried, **(given or {})}


def is_same_unit(analyte: str, one: str, other: str) -> bool:
    """Tell whether two texts name one unit of an analyte, however each is spelled."""
    known = _units_of(analyte)
    return read_unit(one, known) == read_unit(other, known)


def _units_of(analyte: str) -> tuple[str, ...]:
    found = analyte_table().analytes.get(analyte)
    return () if found is None else found.all_units


def settle_scales(
    frame: Any, given: Units | None, columns: Iterable[ReadColumn], present: Collection[str], what: str
) -> dict[str, Scale]:
    """Give what the columns of a frame are multiplied by to be in the units that are read.

    Parameters
    ----------
    frame : of any kind; asked for the metadata of its columns
    given : the argument ``units``
    columns : those that are read, each with its unit
    present : columns of the frame
    what : who reads them, for an error

    Returns
    -------
    dict : by column, those that have to be converted; the limits of the laboratory and recorded bounds beside
        a column go with it

    Raises
    ------
    UnknownNameError : `given` names a column that is not there
    UnitError : a unit is not known for what the column holds, or nothing converts it
    """
    return find_scales(find_units(frame, given, present), columns, present, what)


def find_scales(
    known: Units, columns: Iterable[ReadColumn], present: Collection[str], what: str
) -> dict[str, Scale]:
    """Do the same where the unit of each column is known."""
    scales = {
        read.column: scale_to(read, known[read.column], what) for read in columns if read.column in known
    }
    return _with_limits(scales, present)


def settle_scales_of_cells(given: Units, columns: Mapping[str, ReadColumn], what: str) -> dict[str, Scale]:
    """Do the same for the visits of one subject, whose columns are not known beforehand.

    Raises
    ------
    UnknownNameError : `given` names something that is neither read nor an analyte
    UnitError : as for a frame
    """
    for name in given:
        if name not in columns and not find_analyte(name):
            raise UnknownNameError("column", name, columns, where="units")
    scales = {name: scale_to(columns[name], unit, what) for name, unit in given.items() if name in columns}
    beside = {f"{name}_{end}" for name in scales for end in BESIDE}
    return _with_limits(scales, beside - columns.keys())


def _with_limits(scales: Mapping[str, Scale], present: Collection[str]) -> dict[str, Scale]:
    """Let the limits and bounds beside a column go with it; what need not be converted is left out."""
    beside = {f"{name}_{end}": scale for name, scale in scales.items() for end in BESIDE}
    whole = {name: scale for name, scale in beside.items() if name in present} | dict(scales)
    return {name: scale for name, scale in whole.items() if scale != SAME}


def scale_to(read: ReadColumn, unit: str, what: str) -> Scale:
    """Give what brings values in a unit to the unit that is read.

    Raises
    ------
    UnitError : the unit is not known for what the column holds, or nothing converts it
    """
    if not read.analyte:
        if not read.unit or read_unit(unit) == read_unit(read.unit):
            return SAME
        raise UnitError(
            f"The column {read.column!r} is read by {what} in {read.unit}; nothing is known that converts it "
            f"from {unit!r}. Bring it to {read.unit} first."
        )
    written = read_unit(unit, _units_of(read.analyte))
    if written in (read_unit(read.unit, _units_of(read.analyte)), _own_unit(read, written)):
        return SAME
    try:
        return find_scale(read.analyte, written, read.unit or written)
    except UnitError as error:
        raise UnitError(f"The column {read.column!r}, which {what} reads in {read.unit}: {error}") from None


def _own_unit(read: ReadColumn, written: str) -> str:
    """Give the unit of the laboratory's own where it will do, else nothing."""
    is_own = written in analyte_table().analytes[read.analyte].arbitrary
    return written if is_own and (read.is_relative or not read.unit) else ""
