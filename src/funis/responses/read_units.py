"""In which unit responses, criteria and the responder index read a column, and what brings a frame to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from funis.catalogue.model_criteria import CriteriaSet
from funis.catalogue.model_parameter import ParameterValue
from funis.catalogue.model_responder_index import ResponderIndex
from funis.catalogue.model_response import ResponseDefinition
from funis.catalogue.registry import analyte_table, definition, definitions
from funis.errors import UnitError
from funis.frames.any_kind import name_columns
from funis.frames.scales import Scale
from funis.responses.timeline import CohortTimelines, UnsaidUnit
from funis.units import known_units
from funis.units.columns import ReadColumn, find_analyte
from funis.units.declared import Units, find_scales, find_units, is_same_unit

_UNIT: Final = "_unit"
_RAISED: Final = "nephritis"
"""Family of responses of patients who have, or had, protein in the urine."""
Chosen = Mapping[str, ParameterValue]


def columns_of_response(
    found: ResponseDefinition, parameters: Mapping[str, ParameterValue]
) -> tuple[ReadColumn, ...]:
    """Give the columns that a response reads, each with its unit.

    Parameters
    ----------
    found : the response
    parameters : every choice of it, settled

    Examples
    --------
    >>> from funis.catalogue.registry import response_definition
    >>> flare = response_definition("selena_flare_index")
    >>> {one.column: one.unit for one in columns_of_response(flare, flare.settle({}))}["haemoglobin"]
    'g/dL'
    """
    phrases = [phrase for row in found.active(parameters) for phrase in row.phrases]
    names = [name for phrase in phrases for name in phrase.given]
    columns = []
    for name in dict.fromkeys([*names, *found.quantities]):
        column = parameters.get(name)
        quantity = found.quantities.get(name)
        unit = _plain(parameters.get(f"{name}{_UNIT}")) or ("" if quantity is None else quantity.unit)
        called = column if isinstance(column, str) and column else name
        columns.append(ReadColumn(called, find_analyte(name) or find_analyte(called), unit, not unit))
    return tuple(columns)


def columns_of_criteria(found: CriteriaSet) -> tuple[ReadColumn, ...]:
    """Give the measured columns that criteria compare with printed limits, each with its unit."""
    names = [name for row in found.rows for phrase in row.criterion.phrases for name in phrase.given]
    return tuple(_printed_column(name) for name in dict.fromkeys(names) if _unit_of(name))


def columns_of_index(found: ResponderIndex) -> tuple[ReadColumn, ...]:
    """Give the columns by which items of the index improve; most are compared with themselves only."""
    measures = [measure for item in found.items for measure in item.measures]
    fixed = {measure.column for measure in measures if isinstance(measure.limit, Decimal)}
    return tuple(
        ReadColumn(name, find_analyte(name), _unit_of(name), name not in fixed)
        for name in dict.fromkeys(measure.column for measure in measures)
    )


def _printed_column(name: str) -> ReadColumn:
    return ReadColumn(name, find_analyte(name), _unit_of(name))


def _unit_of(name: str) -> str:
    """Give the unit of an analyte or of a score; empty for what has none."""
    if find_analyte(name):
        return analyte_table().analytes[find_analyte(name)].unit
    return definition(name).unit if name in definitions() else ""


def _plain(unit: ParameterValue | None) -> str:
    """Give a unit without what a paper takes it for, as in ``mg/mmol (10 mg/g)``."""
    return str(unit or "").partition(" (")[0]


@dataclass(frozen=True, slots=True)
class ReadUnits:
    """What brings columns to the units that responses read, and columns of which nobody said the unit."""

    scales: dict[str, Scale]
    unsaid: tuple[UnsaidUnit, ...]


def settle_response_units(
    frame: Any, units: Units | None, asked: Iterable[tuple[ResponseDefinition, Chosen]]
) -> ReadUnits:
    """Settle in which unit each column of a frame is that one or several responses read.

    Parameters
    ----------
    frame : of any kind
    units : what the caller says, by column
    asked : each response with the parameters the caller chose; one such as ``upcr_unit`` says of a column
        the same as `units`

    Raises
    ------
    UnknownNameError : `units` names a column that is not there
    UnitError : a unit is not known, a parameter contradicts `units`, or two responses read one column in two
        units
    """
    chosen = list(asked)
    present = name_columns(frame)
    said = dict(units or {})
    read: dict[str, ReadColumn] = {}
    for found, parameters in chosen:
        settled = found.settle(parameters)
        for column, unit in _said_by_parameters(found, parameters, settled, present):
            _refuse_two_units(column, said.setdefault(column, unit), unit, found.name)
        for one in columns_of_response(found, settled):
            if one.column in present and one.unit:
                _refuse_two_units(
                    one.column, read.setdefault(one.column, one).unit, one.unit, found.name, column_of=one
                )
    known = find_units(frame, said, present)
    unsaid = (one for one in map(_unsaid_unit, read.values()) if one is not None and one.column not in known)
    return ReadUnits(find_scales(known, read.values(), present, _name(chosen)), tuple(unsaid))


def _unsaid_unit(read: ReadColumn) -> UnsaidUnit | None:
    """Give what somebody reaches where the usual unit of a column is right; None where any value may be."""
    found = analyte_table().analytes.get(read.analyte)
    below = None if found is None or found.plausible is None else found.plausible.unsure_below
    if found is None or below is None or read.unit != found.unit:
        return None
    return UnsaidUnit(read.column, read.unit, below, read.analyte)


def refuse_unlikely_units(
    cohort: CohortTimelines, found: ResponseDefinition, parameters: Mapping[str, ParameterValue]
) -> None:
    """Refuse to guess the unit of a column that a response of patients reads in whom it is raised.

    Raises
    ------
    UnitError : nobody said the unit, and nobody in the cohort has a value that its usual unit makes sure
    """
    if not cohort.unsaid or found.family != _RAISED:
        return
    columns = {one.column for one in columns_of_response(found, parameters)}
    for one in cohort.unsaid:
        if one.column in columns & cohort.columns and one.column not in cohort.reached:
            units = known_units(one.analyte)
            raise UnitError(
                f"No value of the column {one.column!r} reaches {one.below:g} {one.unit}, the unit in which "
                f"the response {found.name!r} reads it where none is said: nobody is ill. Say the unit: "
                f'units={{"{one.column}": ...}}, one of {", ".join(units)}.'
            )


def _said_by_parameters(
    found: ResponseDefinition, parameters: Chosen, settled: Chosen, present: Iterable[str]
) -> Iterator[tuple[str, str]]:
    """Give the columns of which the caller said the unit by a parameter, such as ``upcr_unit``."""
    for name in parameters:
        quantity = name.removesuffix(_UNIT)
        column = settled.get(quantity)
        if name != quantity and quantity in found.parameters and str(column) in present:
            yield str(column), _plain(settled[name])


def _refuse_two_units(
    column: str, one: str, other: str, response: str, *, column_of: ReadColumn | None = None
) -> None:
    if is_same_unit(find_analyte(column), one, other):
        return
    fix = f'Say it once: units={{"{column}": ...}}, and leave {_UNIT} out of the parameters.'
    if column_of is None:
        raise UnitError(
            f"The column {column!r} is said to be in {one}, and the response {response!r} was told {other}. "
            f"{fix}"
        )
    raise UnitError(
        f"The column {column!r} would be read in {one} and, by the response {response!r}, in {other}. {fix}"
    )


def _name(chosen: Iterable[tuple[ResponseDefinition, Chosen]]) -> str:
    names = [found.name for found, _ in chosen]
    return f"the response {names[0]!r}" if len(names) == 1 else f"the responses {', '.join(names)}"
