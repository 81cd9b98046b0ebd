"""Builds the table of analytes from its file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any, Final

from funis.catalogue.definition_file import NO_PLACE, Content, DefinitionFile
from funis.catalogue.model_analytes import Analyte, AnalyteTable, Conversion, PlausibleRange
from funis.catalogue.model_tables import GlucocorticoidTable

_FILE_KEYS: Final = ("kind", "analytes", "conversions", "spellings")
_LIMITS: Final = ("possible", "low", "high")
_HINTS: Final = ("hint_low", "hint_high")
_ANALYTE_KEYS: Final = (("analyte", "label", "unit"), ("laboratory", "doses_of", *_LIMITS, *_HINTS))
_CONVERSION_KEYS: Final = (("of", "unit", "factor", "source"), ("offset",))
_SPELLING_KEYS: Final = ("unit", "names")
_DOSES: Final = "glucocorticoids"


def read_analytes(file: DefinitionFile, find: Callable[[], GlucocorticoidTable]) -> AnalyteTable:
    """Build the table, or keep every finding of its file.

    Parameters
    ----------
    file : an opened file of kind ``analytes``
    find : gives the equivalent doses that ``doses_of`` takes over, so that each stands once

    Raises
    ------
    DefinitionError : holds every finding
    """
    file.refuse_unknown_keys(NO_PLACE, file.content, _FILE_KEYS)
    for number, row in enumerate(file.rows("analytes"), 1):
        _check_analyte(file, row, number)
    names = [str(row.get("analyte", "")) for row in file.rows("analytes")]
    conversions = [
        (row.get("of", []), _read_conversion(file, row, number, names))
        for number, row in enumerate(file.rows("conversions"), 1)
    ]
    spellings = _read_spellings(file)
    file.stop_at_findings()
    analytes = {}
    for row in file.rows("analytes"):
        own = tuple(made for of, made in conversions if made is not None and row["analyte"] in of)
        doses = tuple(_dose_conversions(find())) if row.get("doses_of") else ()
        analytes[row["analyte"]] = Analyte(
            row["analyte"],
            row["label"],
            row["unit"],
            own + doses,
            _plausible(row),
            row.get("laboratory", False),
        )
    return AnalyteTable(analytes, spellings)


def _check_analyte(file: DefinitionFile, row: Content, number: int) -> None:
    name = str(row.get("analyte", ""))
    place = ("analytes", number, name)
    file.refuse_unknown_keys(place, row, *_ANALYTE_KEYS)
    for key in _ANALYTE_KEYS[0]:
        if not str(row.get(key, "")).strip():
            file.refuse(place, key, "", "is printed and holds no words", "Write it.")
    if [each.get("analyte") for each in file.rows("analytes")].count(name) > 1:
        file.refuse(place, "analyte", name, "the analyte stands twice", "Remove one.")
    if row.get("doses_of", _DOSES) != _DOSES:
        file.refuse(place, "doses_of", row["doses_of"], "there is no such table", f"Known: {_DOSES}.")
    given = [key for key in _LIMITS if key in row]
    if given and len(given) < len(_LIMITS):
        file.refuse(place, given[0], row[given[0]], "limits stand together", f"Write {', '.join(_LIMITS)}.")
    elif given and not 0 <= row["low"] < row["high"] <= row["possible"]:
        found = [row["low"], row["high"], row["possible"]]
        message = "limits must rise: 0, low, high, possible"
        file.refuse(place, "low", found, message, "Correct the numbers.")
    if not given and set(row) & set(_HINTS):
        file.refuse(place, _HINTS[0], "", "a hint explains a value outside limits", "Write the limits.")


def _plausible(row: Content) -> PlausibleRange | None:
    if "possible" not in row:
        return None
    possible, low, high = (float(row[key]) for key in _LIMITS)
    return PlausibleRange(possible, low, high, row.get("hint_low", ""), row.get("hint_high", ""))


def _read_conversion(file: DefinitionFile, row: Content, number: int, names: list[str]) -> Conversion | None:
    place = ("conversions", number, str(row.get("unit", "")))
    file.refuse_unknown_keys(place, row, *_CONVERSION_KEYS)
    for name in row.get("of", []):
        if name not in names:
            file.refuse(place, "of", name, "there is no such analyte", f"Known: {', '.join(names)}.")
    if not row.get("of") or not str(row.get("source", "")).strip():
        file.refuse(place, "source", "", "needs its analytes and its source", "Write both.")
    earlier = file.rows("conversions")[: number - 1]
    if any(one.get("unit") == row.get("unit") and set(one["of"]) & set(row.get("of", [])) for one in earlier):
        file.refuse(place, "unit", row.get("unit"), "the unit stands twice for an analyte", "Remove one.")
    factor, offset = _fraction(row.get("factor")), _fraction(row.get("offset", 0))
    if factor is None or offset is None or factor <= 0:
        fix = "Write a number or a fraction such as '1000/6006'."
        file.refuse(place, "factor", row.get("factor"), "must be a number above 0", fix)
        return None
    return Conversion(str(row.get("unit")), factor, str(row.get("source")), offset)


def _fraction(value: Any) -> Fraction | None:
    """Read an exact number: as TOML writes it, or a fraction as text."""
    try:
        return Fraction(value)
    except (TypeError, ValueError, ZeroDivisionError):
        return None


def _dose_conversions(table: GlucocorticoidTable) -> Iterator[Conversion]:
    """Give one unit a drug, ``mg dexamethasone``; the drug whose unit is stored is left out."""
    for drug in dict.fromkeys(table.drugs.values()):
        source = f"equals 5 mg of prednisone: {float(drug.equals_5_mg):g} mg. {table.source}"
        if drug.lowest != drug.highest:
            source += f"; {float(drug.lowest):g} to {float(drug.highest):g} mg are in use"
        if drug.drug != "prednisone":
            yield Conversion(f"mg {drug.drug}", 5 / drug.equals_5_mg, source)


def _read_spellings(file: DefinitionFile) -> dict[str, str]:
    spellings: dict[str, str] = {}
    for number, row in enumerate(file.rows("spellings"), 1):
        place = ("spellings", number, str(row.get("unit", "")))
        file.refuse_unknown_keys(place, row, _SPELLING_KEYS)
        for name in row.get("names", []):
            if name in spellings:
                file.refuse(place, "names", name, "the spelling stands twice", "Remove one.")
            spellings[name] = str(row.get("unit", ""))
    return spellings
