"""What a study file may name: instruments with their items and grades, response definitions.

The one place where the study file and the data folder ask the definitions, so that both see the same.
"""

from __future__ import annotations

from functools import cache

from funis.catalogue.model_instrument import Definition, Item
from funis.catalogue.registry import analyte_table, definition, definitions
from funis.schema import DATE, DAY, RATER, SUBJECT, VISIT, WINDOW_DAYS, Column, Table


@cache
def analyte_units(name: str) -> tuple[str, ...]:
    """Name the units known for an analyte or measured quantity; none where the analyte is not known."""
    found = analyte_table().analytes.get(name)
    return found.units if found is not None else ()


@cache
def laboratory_tests() -> tuple[str, ...]:
    """Name the usual laboratory tests, in alphabetical order; a study may have others."""
    return tuple(sorted(one.name for one in analyte_table().analytes.values() if one.is_laboratory))


def find_definition(name: str) -> Definition | None:
    """Give the definition of an instrument, or None where there is no such instrument."""
    return definition(name) if name in definitions() else None


def graded_systems(name: str) -> tuple[str, ...]:
    """Name the systems that an instrument grades by letter; none for other instruments."""
    found = find_definition(name)
    return found.systems if found is not None and found.kind == "grades" else ()


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
    recorded = Column(f"{name}_recorded", "number", "Total that somebody wrote down, to compare.")
    front = (SUBJECT, VISIT, DATE, DAY, WINDOW_DAYS, RATER)
    seen = {column.name for column in (*front, *items)}
    extra = tuple(column for column in measures if column.name not in seen)
    return Table(
        name,
        "subject and visit",
        ("subject", "visit", "date", "day"),
        (*front, *items, *extra, *attributions, *histories, recorded),
        dated=True,
    )


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
