"""Builds the table of equivalent doses of glucocorticoids from its file."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from funis.catalogue.definition_file import NO_PLACE, Content, DefinitionFile
from funis.catalogue.model_tables import Glucocorticoid, GlucocorticoidTable

# Keys of each table: its name, its number or kind, then those that may be left out.
_KEYS: Final = {
    "drugs": (("drug", "equals_5_mg"), ("range", "names")),
    "units": (("unit", "mg_per_day"), ("names",)),
    "routes": (("route", "kind"), ("names",)),
}
_KINDS: Final = ("daily", "pulse")


def read_glucocorticoids(file: DefinitionFile) -> GlucocorticoidTable:
    """Build the table, or keep every finding of its file.

    Parameters
    ----------
    file : an opened file of kind ``glucocorticoids``

    Raises
    ------
    DefinitionError : holds every finding
    """
    file.refuse_unknown_keys(NO_PLACE, file.content, ("kind", "source", *_KEYS))
    if not str(file.content.get("source", "")).strip():
        file.refuse(NO_PLACE, "source", "", "is printed and holds no words", "Write it.")
    for table, (required, optional) in _KEYS.items():
        _check_rows(file, table, required, optional)
    file.stop_at_findings()
    drugs: dict[str, Glucocorticoid] = {}
    for row in file.rows("drugs"):
        dose = Fraction(row["equals_5_mg"])
        low, high = row.get("range", (dose, dose))
        found = Glucocorticoid(row["drug"], dose, Fraction(low), Fraction(high))
        drugs |= dict.fromkeys(_spellings(row, "drug"), found)
    units = {
        name: Fraction(row["mg_per_day"]).limit_denominator(1000)
        for row in file.rows("units")
        for name in _spellings(row, "unit")
    }
    routes = {name: row["kind"] for row in file.rows("routes") for name in _spellings(row, "route")}
    return GlucocorticoidTable(file.content["source"], drugs, units, routes)


def _spellings(row: Content, key: str) -> tuple[str, ...]:
    return (row.get(key, ""), *row.get("names", ()))


def _check_rows(
    file: DefinitionFile, table: str, required: tuple[str, str], optional: tuple[str, ...]
) -> None:
    """Refuse unknown and missing keys, doses of 0 or less, ranges reversed and names that stand twice."""
    key, value = required
    seen: set[str] = set()
    for number, row in enumerate(file.rows(table), 1):
        place = (table, number, str(row.get(key, "")))
        file.refuse_unknown_keys(place, row, required, optional)
        found = row.get(value, 1)
        if table == "routes" and value in row and found not in _KINDS:
            file.refuse(place, value, found, "no such kind", f"Known: {_KINDS}.")
        if table != "routes" and not found > 0:
            file.refuse(place, value, found, "a dose is above 0", "Correct it.")
        limits = row.get("range", (0, 1))
        if len(limits) != 2 or limits[0] >= limits[1]:
            file.refuse(place, "range", limits, "not a range", "Write [low, high].")
        for word in _spellings(row, key):
            if word in seen:
                file.refuse(place, "names", word, "the name stands twice", "Remove one.")
            seen.add(word)
