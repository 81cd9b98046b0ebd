"""Units as laboratories, files and UCUM write them; the pairs are typed from the UCUM tables and from report forms."""

import pytest

from funis.catalogue.registry import analyte_table
from funis.errors import UnitError
from funis.units import find_conversion, find_scale, parse_unit
from funis.units.spelling import read_unit, write_plainly

SPELLINGS = {
    "g/24h": ["g/(24.h)", "g/24.h", "g/24 h", "g/d", "g/day", "G/(24.H)", "ｇ/24h"],
    "mg/24h": ["mg/(24.h)", "mg/24.h", "mg/24 h", "mg/d", "MG/24.H"],
    "IU/mL": ["[IU]/mL", "[iU]/mL", "[IU]/ML", "IU/ml", "iu/ml"],
    "kIU/L": ["k[IU]/L", "kIU/l"],
    "10^3/uL": ["K/uL", "10*3/uL", "10³/µL", "x10^3/uL", "10E3/uL", "10**3/uL", "K/mcL", "10*3/UL"],
    "10^9/L": ["10*9/L", "×10⁹/L", "x10^9/L", "10⁹/l", "10E9/L", "10e+9/L", "G/L", "10*9/L{cells}"],
    "umol/L": ["µmol/L", "μmol/L", "UMOL/L", "umol/l", "mcmol/L", "ｕｍｏｌ／Ｌ"],
    "mg/mmol": ["mg/mmol{creat}", "mg/mmol creatinine", "MG/MMOL"],
    "mg/g": ["mg/g{creat}", "mg/g Cr"],
    "g/g": ["g/g{creat}"],
    "g/dL": ["g/dl", "G/DL", " g / dL "],
    "mg/dL": ["mg/dl", "MG/DL"],
    "/uL": ["{cells}/uL", "cells/µL", "/μL"],
    "/mm3": ["/mm³", "cells/mm3"],
    "mL/min/1.73m2": ["mL/min/{1.73_m2}", "mL/min/1.73 m²", "mL/min/1.73.m2", "ML/MIN/{1.73_M2}"],
    "degC": ["Cel", "°C"],
    "degF": ["[degF]", "°F"],
    "mmHg": ["mm[Hg]"],
    "titre": ["{titer}"],
    "lb": ["[lb_av]"],
    "in": ["[in_i]"],
    "mL/10 min": ["mL/10min"],
    "/hpf": ["/[HPF]"],
}


@pytest.mark.parametrize(
    ("unit", "written"), [(unit, each) for unit, ways in SPELLINGS.items() for each in ways]
)
def test_a_spelling_is_read(unit: str, written: str) -> None:
    assert parse_unit(written) == unit


def test_every_unit_of_the_table_is_read_as_itself() -> None:
    units = [unit for one in analyte_table().analytes.values() for unit in one.all_units]
    assert len(units) > 100
    assert {unit: parse_unit(unit) for unit in units} == {unit: unit for unit in units}


def test_capitals_decide_between_grams_and_giga() -> None:
    # UCUM without case writes G/L for grams per litre; laboratories write it for 10^9 per litre.
    assert read_unit("G/L", ("g/L", "g/dL")) == "g/L"
    assert read_unit("G/L", ("10^9/L", "/uL")) == "10^9/L"
    # Grams per litre are no count, whatever the analyte.
    assert read_unit("g/L", ("10^9/L", "/uL")) == "g/L"
    with pytest.raises(UnitError, match="not known for platelets"):
        find_conversion("platelets", "g/L")


def test_what_nobody_knows_is_given_back_as_written() -> None:
    assert parse_unit(" furlongs ") == "furlongs"
    assert parse_unit("{}") == "{}"
    assert read_unit("mg/dL", ("g/L",)) == "mg/dL"


def test_a_unit_is_written_plainly() -> None:
    assert write_plainly("10⁻³ mol") == "10^-3mol"
    assert write_plainly("m²") == "m2"


@pytest.mark.parametrize("written", ["U/L", "u/l", "U/mL", "AU/mL", "[arb'U]/mL", "RU/mL"])
def test_an_arbitrary_unit_of_an_antibody_is_not_converted(written: str) -> None:
    with pytest.raises(UnitError, match="the laboratory's own") as raised:
        find_scale("anti_dsdna", written, "IU/mL")
    assert "anti_dsdna_high" in str(raised.value)
    assert "kU/L" not in str(raised.value)


def test_units_of_enzymes_are_not_arbitrary() -> None:
    assert find_scale("alt", "[U]/L", "U/L").apply(40) == 40


def test_units_of_a_laboratory_s_own_are_named_where_a_unit_is_not_known() -> None:
    with pytest.raises(
        UnitError, match=r"Known: IU/mL, kU/L, kIU/L; of a laboratory's own: U/mL, U/L, AU/mL"
    ):
        find_conversion("anti_dsdna", "g/L")
    with pytest.raises(UnitError, match=r"Known: g/L, g/dL, mmol/L\. Correct"):
        find_conversion("haemoglobin", "g/kg")
