"""Builds the table of analytes from its file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any, Final

from funis.catalogue.definition_file import NO_PLACE, Content, DefinitionFile
from funis.catalogue.model_analytes import Analyte, AnalyteCodes, AnalyteTable, Conversion, PlausibleRange
from funis.catalogue.model_tables import GlucocorticoidTable

_FILE_KEYS: Final = ("kind", "analytes", "limits", "conversions", "codes", "spellings")
_HINTS: Final = ("hint_low", "hint_high")
_ANALYTE_KEYS: Final = (("analyte", "label", "unit"), ("laboratory", "doses_of", "arbitrary", "columns"))
_MEAN_KEYS: Final = ("lowest_mean", "mean_reason")
_LIMIT_KEYS: Final = (("analyte", "possible", "reason"), ("usual", "unsure_below", *_HINTS, *_MEAN_KEYS))
_CONVERSION_KEYS: Final = (("of", "unit", "factor", "source"), ("offset",))
_CODE_KEYS: Final = (("analyte", "certainty", "source"), ("loinc", "cdisc", "nci"))
_CERTAINTIES: Final = ("confirmed", "agreeing")
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
    for number, row in enumerate(file.rows("limits"), 1):
        _check_limits(file, row, number, names)
    for number, row in enumerate(file.rows("codes"), 1):
        _check_codes(file, row, number, names)
    spellings = _read_spellings(file)
    file.stop_at_findings()
    limits = {row["analyte"]: _plausible(row) for row in file.rows("limits")}
    codes = {row["analyte"]: _codes(row) for row in file.rows("codes")}
    analytes = {}
    for row in file.rows("analytes"):
        own = tuple(made for of, made in conversions if made is not None and row["analyte"] in of)
        doses = tuple(_dose_conversions(find())) if row.get("doses_of") else ()
        analytes[row["analyte"]] = Analyte(
            row["analyte"],
            row["label"],
            row["unit"],
            own + doses,
            limits.get(row["analyte"]),
            row.get("laboratory", False),
            tuple(row.get("arbitrary", ())),
            tuple(row.get("columns", ())),
            codes.get(row["analyte"]),
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


def _check_limits(file: DefinitionFile, row: Content, number: int, names: list[str]) -> None:
    """Check one row of limits: both ends rise, what is usual is possible, and the reason stands beside it."""
    name = str(row.get("analyte", ""))
    place = ("limits", number, name)
    file.refuse_unknown_keys(place, row, *_LIMIT_KEYS)
    if name not in names:
        file.refuse(place, "analyte", name, "there is no such analyte", f"Known: {', '.join(names)}.")
    if [each.get("analyte") for each in file.rows("limits")].count(name) > 1:
        file.refuse(place, "analyte", name, "the analyte stands twice", "Remove one.")
    if not str(row.get("reason", "")).strip():
        file.refuse(place, "reason", "", "says what lies beyond, and holds no words", "Write it.")
    possible = row.get("possible", [])
    usual = row.get("usual", possible)
    ends = [*possible[:1], *usual, *possible[1:]]
    if len(possible) != 2 or len(usual) != 2 or not usual[0] < usual[1] or ends != sorted(ends):
        message = "limits must rise: possible from, usual from, usual to, possible to"
        file.refuse(place, "possible", ends, message, "Correct the numbers.")
    if len(set(row) & set(_MEAN_KEYS)) == 1:
        file.refuse(place, _MEAN_KEYS[0], "", "a lowest mean stands with its reason", "Write both, or none.")
    if "usual" not in row and set(row) & set(_HINTS):
        file.refuse(place, _HINTS[0], "", "a hint explains a value that is not usual", "Write usual.")


def _check_codes(file: DefinitionFile, row: Content, number: int, names: list[str]) -> None:
    """Check one row of codes: the analyte, the check digit of LOINC, the concept of the NCI, who says so."""
    name = str(row.get("analyte", ""))
    place = ("codes", number, name)
    file.refuse_unknown_keys(place, row, *_CODE_KEYS)
    if name not in names:
        file.refuse(place, "analyte", name, "there is no such analyte", f"Known: {', '.join(names)}.")
    if [each.get("analyte") for each in file.rows("codes")].count(name) > 1:
        file.refuse(place, "analyte", name, "the analyte stands twice", "Remove one.")
    for code in row.get("loinc", []):
        if not is_loinc(str(code)):
            file.refuse(place, "loinc", code, "the check digit of the code is another", "Correct the code.")
    if not re.fullmatch(r"(C\d+)?", str(row.get("nci", ""))):
        file.refuse(place, "nci", row["nci"], "is no concept of the NCI Thesaurus", "Write it like C64848.")
    if row.get("certainty") not in _CERTAINTIES:
        fix = f"Write one of {', '.join(_CERTAINTIES)}."
        file.refuse(place, "certainty", row.get("certainty", ""), "says how sure the codes are", fix)


def is_loinc(code: str) -> bool:
    """Tell whether a text is a LOINC code, by its form and its check digit.

    Examples
    --------
    >>> is_loinc("718-7"), is_loinc("718-8")
    (True, False)
    """
    if not re.fullmatch(r"\d{1,7}-\d", code):
        return False
    body, check = code.split("-")
    doubled = [int(digit) * (2 - place % 2) for place, digit in enumerate(reversed(body))]
    return sum(number // 10 + number % 10 for number in doubled) % 10 == (10 - int(check)) % 10


def _codes(row: Content) -> AnalyteCodes:
    plain = (str(row.get(key, "")) for key in ("cdisc", "nci", "certainty", "source"))
    return AnalyteCodes(tuple(row.get("loinc", ())), *plain)


def _plausible(row: Content) -> PlausibleRange:
    return PlausibleRange(
        _pair(row["possible"]),
        row["reason"],
        _pair(row["usual"]) if "usual" in row else None,
        row.get("hint_low", ""),
        row.get("hint_high", ""),
        float(row["unsure_below"]) if "unsure_below" in row else None,
        float(row["lowest_mean"]) if "lowest_mean" in row else None,
        row.get("mean_reason", ""),
    )


def _pair(ends: list[Any]) -> tuple[float, float]:
    low, high = map(float, ends)
    return low, high


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
