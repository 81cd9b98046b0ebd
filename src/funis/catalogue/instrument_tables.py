"""What a study file may name: instruments with their items and grades, response definitions.

The one place where the study file and the data folder ask the definitions, so that both see the same.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from funis.catalogue.model_instrument import GRADES, Definition, Item
from funis.catalogue.registry import analyte_table, definition, definitions, names_of_kind
from funis.schema import DATE, DAY, RATER, SUBJECT, VISIT, WINDOW_DAYS, Column, Table

#: What follows an index in the name of a scheme that gives its grades points: ``12_5_1``.
_SCHEME: Final = re.compile(r"\d+(_\d+)+")


@cache
def analyte_units(name: str) -> tuple[str, ...]:
    """Name the units of an analyte that convert into each other; none where the analyte is not known."""
    found = analyte_table().analytes.get(name)
    return found.units if found is not None else ()


@cache
def reported_units(name: str) -> tuple[str, ...]:
    """Name the units an analyte may be reported in, those of the laboratory's own too."""
    found = analyte_table().analytes.get(name)
    return found.all_units if found is not None else ()


@cache
def laboratory_tests() -> tuple[str, ...]:
    """Name the usual laboratory tests, in alphabetical order; a study may have others."""
    return tuple(sorted(one.name for one in analyte_table().analytes.values() if one.is_laboratory))


def find_definition(name: str) -> Definition | None:
    """Give the definition of an instrument, or None where there is no such instrument."""
    return definition(name) if name in definitions() else None


def graded_systems(name: str) -> tuple[str, ...]:
    """Name the systems that an instrument grades by letter; none for other instruments."""
    return definition(name).systems if name in graded_instruments() else ()


def is_toxicity_grading(name: str) -> bool:
    """Tell whether a measure is an instrument that grades a toxicity.

    Examples
    --------
    >>> [is_toxicity_grading(name) for name in ("astct_crs", "sledai_2k", "own_index")]
    [True, False, False]
    """
    found = find_definition(name)
    return found is not None and found.is_toxicity


@cache
def graded_instruments() -> tuple[str, ...]:
    """Name the instruments that grade organ systems by letter."""
    return names_of_kind("grades")


@cache
def organ_systems(instrument: str = "") -> tuple[str, ...]:
    """Name the organ systems of an index whose grades stand in columns.

    Parameters
    ----------
    instrument : an instrument that grades systems, or another prefix of columns that hold recorded grades,
        for example ``"bilag_classic"``

    Returns
    -------
    tuple of str : the systems of the instrument; for another prefix, all that any definition grades by letter
        or takes the letters of

    Examples
    --------
    >>> organ_systems("bilag_2004")[:2], "vasculitis" in organ_systems("bilag_classic")
    (('constitutional', 'mucocutaneous'), True)
    """
    if instrument in graded_instruments():
        return definition(instrument).systems
    graded = [system for name in graded_instruments() for system in definition(name).systems]
    taken = [item.name for name in definitions() for item in definition(name) if _is_grade(item)]
    return tuple(dict.fromkeys([*graded, *taken]))


@cache
def systems_of_grades(instrument: str) -> tuple[str, ...]:
    """Name every organ system whose grade an index has; none for a prefix of columns that nothing defines.

    Parameters
    ----------
    instrument : an instrument that grades systems, or one whose recorded grades a scheme of points takes
        (``"bilag_classic"``, by ``bilag_classic_12_5_1``)

    Examples
    --------
    >>> [len(systems_of_grades(name)) for name in ("bilag_2004", "bilag_classic", "own_index")]
    [9, 8, 0]
    """
    if instrument in graded_instruments():
        return definition(instrument).systems
    schemes = (name for name in definitions() if _SCHEME.fullmatch(name.removeprefix(f"{instrument}_")))
    found = (definition(name).items for name in schemes)
    return next((tuple(item.name for item in items) for items in found if all(map(_is_grade, items))), ())


def _is_grade(item: Item) -> bool:
    return set(item.values) == set(GRADES)


@cache
def instrument_table(name: str) -> Table:
    """Describe the data table of an instrument: its items, attributions, histories, the recorded total.

    Parameters
    ----------
    name : name of an instrument

    Returns
    -------
    Table
        The items are the required columns; every other column may be left out of the file.

    Examples
    --------
    >>> instrument_table("ssdai").key
    ('subject', 'visit', 'date', 'day')
    """
    found = definition(name)
    items = tuple(map(_item_column, found.items))
    measures = tuple(
        Column(
            measure.name,
            "number",
            measure.label,
            unit=measure.unit,
            low=measure.minimum,
            high=measure.maximum,
        )
        for measure in found.measures
    )
    attributions = tuple(
        Column(
            f"{item.name}_attributed",
            "flag",
            f"1 due to the disease, 0 present but not due to it: {item.label}.",
        )
        for item in found.items
    )
    histories = tuple(
        Column(f"{system}_ever", "flag", f"1 when the system was affected before the study: {system}.")
        for system in found.systems
        if found.kind == "grades"
    )
    recorded = _recorded_columns(found)
    front = (SUBJECT, VISIT, DATE, DAY, WINDOW_DAYS, RATER)
    seen = {column.name for column in (*front, *items)}
    extra = tuple(column for column in measures if column.name not in seen)
    return Table(
        name,
        "subject and visit",
        ("subject", "visit", "date", "day"),
        (*front, *items, *extra, *attributions, *histories, *recorded),
        dated=True,
    )


def _recorded_columns(found: Definition) -> tuple[Column, ...]:
    """Describe the columns of a total, and of the grades, that somebody wrote down."""
    name = found.name
    words = "that somebody wrote down: compared with the items, or taken where there are none"
    total = Column(
        f"{name}_recorded", "number", f"Total {words}.", low=found.range.lowest, high=found.range.highest
    )
    grades = tuple(
        Column(f"{column}_recorded", "text", f"Grade {words}.", allowed=GRADES)
        for column in found.grade_columns
    )
    return (total, *grades)


def _item_column(item: Item) -> Column:
    """Describe the column of one item."""
    return Column(
        item.name,
        "text" if item.is_text else "number",
        item.label,
        required=not item.alternatives,
        allowed=tuple(map(str, item.values)),
        unit=item.unit,
        low=item.minimum,
        high=item.maximum,
        not_done=True,
    )
