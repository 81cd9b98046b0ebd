"""Names of columns that mean something to an instrument, a response, criteria or a table of data.

A column of such a name is no slip for another one, whatever it is nearly called.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Final

from funis.catalogue.registry import (
    analyte_table,
    criteria_set,
    criteria_sets,
    definition,
    definitions,
    response_definition,
    responses,
)
from funis.schema import TABLES

#: What may follow a name that means something: limits, bounds, flags, what stands beside a value.
_ENDINGS: Final = (
    "low",
    "high",
    "lower",
    "upper",
    "status",
    "rule",
    "ever",
    "attributed",
    "not_done",
    "recorded",
    "improved",
    "change",
    "baseline",
    "date",
    "day",
    "unit",
    "note",
    "notes",
)


@lru_cache(maxsize=1024)
def is_known_column(name: str) -> bool:
    """Tell whether a name means something, by itself or before an ending such as ``_high``.

    Examples
    --------
    >>> [is_known_column(name) for name in ("rash", "rash_attributed", "c4_low", "sezure")]
    [True, True, True, False]
    """
    known = _known_columns()
    return name in known or any(name.removesuffix(f"_{ending}") in known for ending in _ENDINGS)


@cache
def _known_columns() -> frozenset[str]:
    return frozenset([*_names_of_instruments(), *_names_of_responses(), *_names_of_tables()])


def _names_of_instruments() -> Iterator[str]:
    for name in definitions():
        found = definition(name)
        yield name
        yield from (item.name for item in found.items)
        yield from (measure.name for measure in found.measures)
        yield from found.systems
        yield from (f"{name}_{system}" for system in found.systems)
        yield from (f"{name}_{flag.name}" for flag in found.flags)


def _names_of_responses() -> Iterator[str]:
    for name in responses():
        found = response_definition(name)
        yield from (name, *found.quantities, *(row.id for row in found.criteria))
        yield from (one.default for one in found.parameters.values() if isinstance(one.default, str))
        yield from (item for items in found.sets.values() for item in items)
        yield from (column for row in found.criteria for phrase in row.phrases for column in phrase.given)
    for name in criteria_sets():
        rows = criteria_set(name).rows
        yield from (name, *(row.criterion.id for row in rows))
        yield from (column for row in rows for phrase in row.criterion.phrases for column in phrase.given)


def _names_of_tables() -> Iterator[str]:
    yield from analyte_table().analytes
    yield from (column for table in TABLES.values() for column in table.by_name)
