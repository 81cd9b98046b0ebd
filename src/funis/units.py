"""Units and conversions by analyte; each factor with its source.

A factor is an exact fraction, so that 1.0 mg/dL of creatinine is 88.42 umol/L and nothing else. A unit is
always
converted for one named analyte: mg/dL means something else for urea than for urea nitrogen.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from funis.errors import UnitError, UnknownNameError

_MOLAR = "molar mass"
_DECIMAL = "decimal prefix"


@dataclass(frozen=True, slots=True)
class Conversion:
    """How a unit becomes the canonical one: value times `factor` plus `offset`; and who says so."""

    unit: str
    factor: Fraction
    source: str
    offset: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True)
class Analyte:
    """One measured quantity: its canonical unit and every unit it may be reported in."""

    name: str
    label: str
    unit: str
    others: tuple[Conversion, ...] = ()


def _by(unit: str, factor: str, source: str = _DECIMAL, offset: str = "0") -> Conversion:
    return Conversion(unit, Fraction(factor), source, Fraction(offset))


_CELLS = (
    _by("/mm3", "1/1000"),
    _by("/uL", "1/1000"),
    _by("10^3/uL", "1"),
    _by("10^3/mm3", "1"),
)
_COMPLEMENT = (_by("mg/dL", "1/100"), _by("mg/L", "1/1000"))
_CREATININE_RATIO = (
    "creatinine 8.842 mmol per g (molar mass 113.12 g/mol): 1 mg/mg is 1000/8.842 = 113.1 mg/mmol"
)
_RATIO = (
    _by("mg/mg", "113.1", _CREATININE_RATIO),
    _by("g/g", "113.1", _CREATININE_RATIO),
    _by("mg/g", "0.1131", _CREATININE_RATIO),
    _by("g/mmol", "1000"),
)
_FLOW = (
    _by("mL/5 min", "1/5", "time of collection"),
    _by("mL/6 min", "1/6", "time of collection"),
    _by("mL/10 min", "1/10", "time of collection"),
    _by("mL/15 min", "1/15", "time of collection (AECG 2002)"),
    _by("g/min", "1", "1 g of saliva is 1 mL"),
)
_STEROID = "anti-inflammatory equivalence to 5 mg of prednisone"

ANALYTES: dict[str, Analyte] = {
    analyte.name: analyte
    for analyte in (
        Analyte("creatinine", "creatinine", "umol/L", (
            _by("mg/dL", "88.42", "molar mass 113.12 g/mol"), _by("mg/L", "8.842", "molar mass 113.12 g/mol"),
            _by("mmol/L", "1000"))),
        Analyte("urea", "urea", "mmol/L", (
            _by("mg/dL", "1000/6006", "molar mass 60.06 g/mol"),
            _by("g/L", "100000/6006", "molar mass 60.06 g/mol"))),
        Analyte("urea_nitrogen", "urea nitrogen, as urea", "mmol/L", (
            _by("mg/dL", "0.357", "28.014 g of nitrogen per mol of urea"),)),
        Analyte("albumin", "albumin", "g/L", (_by("g/dL", "10"),)),
        Analyte("c3", "complement C3", "g/L", _COMPLEMENT),
        Analyte("c4", "complement C4", "g/L", _COMPLEMENT),
        Analyte("ch50", "total haemolytic complement", "U/mL", ()),
        Analyte("haemoglobin", "haemoglobin", "g/L", (
            _by("g/dL", "10"),
            _by("mmol/L", "100000/6206", "monomer: mmol/L = g/dL x 0.6206 (CTCAE: 6.2 mmol/L)"))),
        Analyte("platelets", "platelets", "10^9/L", _CELLS),
        Analyte("wbc", "white blood cells", "10^9/L", _CELLS),
        Analyte("neutrophils", "neutrophils", "10^9/L", _CELLS),
        Analyte("lymphocytes", "lymphocytes", "10^9/L", _CELLS),
        Analyte("upcr", "urine protein-creatinine ratio", "mg/mmol", _RATIO),
        Analyte("acr", "urine albumin-creatinine ratio", "mg/mmol", _RATIO),
        Analyte("proteinuria_24h", "24-h urine protein", "g/24h", (_by("mg/24h", "1/1000"),)),
        Analyte("gfr", "glomerular filtration rate", "mL/min/1.73m2", (_by("mL/s/1.73m2", "60", "seconds"),)),
        Analyte("anti_dsdna", "anti-dsDNA", "IU/mL", (
            _by("kU/L", "1", "WHO standard Wo/80, 1:1; assays are not interchangeable"),
            _by("kIU/L", "1", "per mL and per L"))),
        Analyte("ana", "antinuclear antibody, reciprocal titre", "titre", ()),
        Analyte("anti_ssa", "anti-SSA/Ro", "U/mL", (_by("kU/L", "1"),)),
        Analyte("anti_ssb", "anti-SSB/La", "U/mL", (_by("kU/L", "1"),)),
        Analyte("rheumatoid_factor", "rheumatoid factor", "IU/mL", (_by("kIU/L", "1"),)),
        Analyte("igg", "immunoglobulin G", "g/L", (_by("mg/dL", "1/100"), _by("g/dL", "10"))),
        Analyte("bilirubin", "bilirubin", "umol/L", (_by("mg/dL", "17.1", "molar mass 584.7 g/mol"),)),
        Analyte("alt", "alanine aminotransferase", "U/L", ()),
        Analyte("ast", "aspartate aminotransferase", "U/L", ()),
        Analyte("crp", "C-reactive protein", "mg/L", (_by("mg/dL", "10"),)),
        Analyte("th17", "Th17 cells of CD4+ cells", "%", (_by("fraction", "100"),)),
        Analyte("treg", "regulatory T cells of CD4+ cells", "%", (_by("fraction", "100"),)),
        Analyte("tgf_beta", "TGF-beta", "pg/mL", (_by("ng/mL", "1000"), _by("ng/L", "1"))),
        Analyte("il_17", "IL-17", "pg/mL", (_by("ng/mL", "1000"), _by("ng/L", "1"))),
        Analyte("unstimulated_flow", "unstimulated salivary flow", "mL/min", _FLOW),
        Analyte("stimulated_flow", "stimulated salivary flow", "mL/min", _FLOW),
        Analyte("vas_patient", "visual analogue scale, subject", "mm", (_by("cm", "10"),)),
        Analyte("vas_physician", "visual analogue scale, physician", "mm", (_by("cm", "10"),)),
        Analyte("weight", "body weight", "kg", (
            _by("g", "1/1000"), _by("lb", "0.45359237", "international pound"))),
        Analyte("height", "body height", "cm", (_by("m", "100"), _by("in", "2.54", "international inch"))),
        Analyte("temperature", "body temperature", "degC", (
            _by("degF", "5/9", "definition of the Fahrenheit scale", "-160/9"),)),
        Analyte("glucocorticoid", "oral glucocorticoid, as prednisone", "mg prednisone", (
            _by("mg prednisolone", "1", _STEROID), _by("mg methylprednisolone", "5/4", _STEROID),
            _by("mg hydrocortisone", "5/20", _STEROID), _by("mg deflazacort", "5/6", _STEROID),
            _by("mg dexamethasone", "500/75", _STEROID),
            _by("mg betamethasone", "500/75", f"{_STEROID}; 0.6 to 0.75 mg are in use, 0.75 is taken"))),
    )
}  # fmt: skip

# The same unit as laboratories write it.
_SPELLINGS = {
    "μmol/L": "umol/L",  # Greek mu
    "µmol/L": "umol/L",  # micro sign
    "umol/l": "umol/L",
    "mg/dl": "mg/dL",
    "g/dl": "g/dL",
    "g/l": "g/L",
    "mmol/l": "mmol/L",
    "g/d": "g/24h",
    "g/24 h": "g/24h",
    "mg/24 h": "mg/24h",
    "mg/d": "mg/24h",
    "10*9/L": "10^9/L",
    "10^9/l": "10^9/L",
    "×10⁹/L": "10^9/L",
    "x10^9/L": "10^9/L",
    "G/L": "10^9/L",
    "/µL": "/uL",
    "/μL": "/uL",
    "/mm³": "/mm3",
    "mL/min/1.73 m2": "mL/min/1.73m2",
    "mL/min/1.73 m²": "mL/min/1.73m2",
    "°C": "degC",
    "°F": "degF",
    "mL/10min": "mL/10 min",
    "mL/15min": "mL/15 min",
    "mL/5min": "mL/5 min",
    "mL/6min": "mL/6 min",
}


def canonical_unit(analyte: str) -> str:
    """Name the unit in which an analyte is stored.

    Parameters
    ----------
    analyte : for example ``"creatinine"``

    Returns
    -------
    str : for example ``"umol/L"``

    Raises
    ------
    UnknownNameError : there is no such analyte; names the nearest

    Examples
    --------
    >>> canonical_unit("haemoglobin")
    'g/L'
    """
    return _find(analyte).unit


def known_units(analyte: str) -> tuple[str, ...]:
    """Name every unit an analyte may be reported in, the canonical one first.

    Examples
    --------
    >>> known_units("albumin")
    ('g/L', 'g/dL')
    """
    found = _find(analyte)
    return (found.unit, *(other.unit for other in found.others))


def is_known_unit(analyte: str, unit: str) -> bool:
    """Tell whether a unit is known for an analyte, however it is spelled."""
    return parse_unit(unit) in known_units(analyte)


def parse_unit(text: str) -> str:
    """Give a unit in our spelling.

    Examples
    --------
    >>> parse_unit("µmol/L")
    'umol/L'
    """
    return _SPELLINGS.get(text.strip(), text.strip())


def find_conversion(analyte: str, unit: str) -> Conversion:
    """Give the conversion of a unit to the canonical one, with its source.

    Raises
    ------
    UnknownNameError : there is no such analyte
    UnitError : the unit is not known for it; names those that are
    """
    found = _find(analyte)
    wanted = parse_unit(unit)
    if wanted == found.unit:
        return Conversion(found.unit, Fraction(1), "canonical")
    for other in found.others:
        if other.unit == wanted:
            return other
    known = ", ".join(known_units(analyte))
    raise UnitError(f"The unit {unit!r} is not known for {analyte}. Known: {known}. Correct the unit.")


def convert(value: float, analyte: str, from_unit: str, to_unit: str) -> float:
    """Convert a value of one analyte from one unit to another.

    Parameters
    ----------
    value : the measured value
    analyte : for example ``"creatinine"``; see `ANALYTES`
    from_unit, to_unit : units of that analyte; see `known_units`

    Returns
    -------
    float : the value in `to_unit`; NaN stays NaN

    Raises
    ------
    UnknownNameError : there is no such analyte
    UnitError : a unit is not known for it

    Examples
    --------
    >>> round(convert(130, "creatinine", "umol/L", "mg/dL"), 3)
    1.47
    >>> convert(0.63, "unstimulated_flow", "mL/10 min", "mL/min")
    0.063
    """
    start, end = find_conversion(analyte, from_unit), find_conversion(analyte, to_unit)
    factor = start.factor / end.factor
    offset = (start.offset - end.offset) / end.factor
    scaled = value * factor.numerator / factor.denominator
    return scaled if offset == 0 else scaled + offset.numerator / offset.denominator


def titre_exponent(titre: float) -> float:
    """Give the doubling steps of a reciprocal titre above 10, the scale on which titres are averaged.

    Parameters
    ----------
    titre : reciprocal titre, for example 640 for 1:640; above 0

    Returns
    -------
    float : log2(titre / 10)

    Raises
    ------
    UnitError : the titre is not above 0 (a negative test is censored, it has no titre)

    Examples
    --------
    >>> titre_exponent(640)
    6.0
    """
    if not titre > 0:
        raise UnitError(
            f"A titre is above 0, found {titre!r}. A negative test is censored: keep it as '<10'."
        )
    return math.log2(titre / 10)


def _find(analyte: str) -> Analyte:
    if analyte not in ANALYTES:
        raise UnknownNameError("analyte", analyte, ANALYTES)
    return ANALYTES[analyte]
