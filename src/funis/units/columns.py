"""In which unit a definition reads each of its columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from funis.catalogue.conditions import Condition
from funis.catalogue.model_instrument import Definition
from funis.catalogue.registry import analyte_table, definition

_OWN_LIMITS = ("LLN", "ULN")


@dataclass(frozen=True, slots=True)
class ReadColumn:
    """How a definition reads a column.

    Attributes
    ----------
    column : its name in a frame
    analyte : the analyte it holds; empty where the table has none
    unit : the unit it is read in; empty where values are only compared with each other, so that any will do
    is_relative : values are compared with the limits of the laboratory or with each other only, so that a
        unit of the laboratory's own will do
    """

    column: str
    analyte: str
    unit: str
    is_relative: bool = False


@cache
def find_analyte(column: str) -> str:
    """Name the analyte that a column of this name holds; empty where it is none of the table.

    Examples
    --------
    >>> find_analyte("haemoglobin"), find_analyte("pre_flare_gfr"), find_analyte("seizure")
    ('haemoglobin', 'gfr', '')
    """
    found = analyte_table().find(column)
    return "" if found is None else found.name


@cache
def columns_of_instrument(name: str) -> Mapping[str, ReadColumn]:
    """Give the measured columns that an instrument reads, by their names.

    Parameters
    ----------
    name : one of ``funis.definitions()``

    Examples
    --------
    >>> columns_of_instrument("bilag_2004")["haemoglobin"].unit
    'g/dL'
    """
    found = definition(name)
    relative = _relative_columns(found)
    units = {measure.name: measure.unit for measure in found.measures}
    units |= {item.name: item.unit for item in found.items if item.is_measured}
    analytes = {measure.name: measure.analyte for measure in found.measures}
    analytes |= {item.name: item.analyte for item in found.items}
    return {
        column: ReadColumn(column, analytes[column] or find_analyte(column), unit, column in relative)
        for column, unit in units.items()
    }


def _relative_columns(found: Definition) -> frozenset[str]:
    """Name the quantities that are only ever compared with the limits of the laboratory itself."""
    limits: dict[str, set[bool]] = {}
    for condition in _conditions(found):
        for term in condition.terms:
            limits.setdefault(term.name, set()).add(term.limit in _OWN_LIMITS)
    items = {item.name for item in found.items}
    return frozenset(name for name, own in limits.items() if own == {True} and name not in items)


def _conditions(found: Definition) -> Iterator[Condition]:
    for item in found.items:
        for level in item.when:
            yield from level
    yield from (feature.when for feature in found.features)
    yield from (rule.when for rule in found.rules if rule.when is not None)
