"""Conversions by analyte; expected values from molar masses, rounded as printed."""

import math

import pytest

from funis.catalogue.registry import analyte_table
from funis.errors import UnitError, UnknownNameError
from funis.units import canonical_unit, convert, find_conversion, known_units, titre_exponent


@pytest.mark.parametrize(
    ("value", "analyte", "start", "end", "expected", "digits"),
    [
        pytest.param(1.0, "creatinine", "mg/dL", "µmol/L", 88.42, 9, id="UNI-01"),
        pytest.param(14, "urea_nitrogen", "mg/dL", "mmol/L", 5.00, 2, id="UNI-02"),  # 14 x 0.357 = 4.998
        pytest.param(5, "urea", "mmol/L", "mg/dL", 30.0, 1, id="UNI-03 urea"),  # 5 x 6.006 = 30.03
        pytest.param(
            5, "urea_nitrogen", "mmol/L", "mg/dL", 14.0, 1, id="UNI-03 nitrogen"
        ),  # 5 / 0.357 = 14.01
        pytest.param(0.5, "upcr", "mg/mg", "mg/mmol", 56.5, 1, id="UNI-05"),  # 56.55
        pytest.param(100, "upcr", "mg/mmol", "mg/mg", 0.884, 3, id="UNI-06"),  # 100 / 113.1
        pytest.param(8.0, "haemoglobin", "g/dL", "g/L", 80.0, 9, id="UNI-07 mass"),
        pytest.param(8.0, "haemoglobin", "g/dL", "mmol/L", 4.96, 2, id="UNI-07 moles"),  # 8 x 0.6206
        pytest.param(16, "glucocorticoid", "mg methylprednisolone", "mg prednisone", 20.0, 9, id="UNI-09"),
        pytest.param(130, "creatinine", "umol/L", "mg/dL", 1.470, 3, id="creatinine limit"),
        pytest.param(250_000, "platelets", "/mm3", "10^9/L", 250.0, 9, id="platelets"),
        pytest.param(90, "c3", "mg/dL", "g/L", 0.9, 9, id="C3"),
        pytest.param(500, "proteinuria_24h", "mg/24h", "g/24h", 0.5, 9, id="24-h protein"),
        pytest.param(98.6, "temperature", "degF", "degC", 37.0, 9, id="temperature"),
        pytest.param(1.5, "unstimulated_flow", "mL/15 min", "mL/min", 0.1, 12, id="SAL-01"),
        pytest.param(0.63, "unstimulated_flow", "mL/10 min", "mL/min", 0.063, 12, id="SAL-02"),
    ],
)
def test_conversion(value: float, analyte: str, start: str, end: str, expected: float, digits: int) -> None:
    tolerance = 0.5 * 10.0**-digits if digits < 9 else 1e-9
    # Half a unit of the last printed digit; 56.55 and 30.03 are printed as 56.5 and 30.0.
    assert convert(value, analyte, start, end) == pytest.approx(expected, abs=tolerance * 1.01)


def test_titres_are_averaged_in_doubling_steps() -> None:
    assert titre_exponent(640) == 6.0  # UNI-10
    assert titre_exponent(0.625) == -4.0  # 10/16
    with pytest.raises(UnitError, match="censored"):
        titre_exponent(0)


@pytest.mark.parametrize("analyte", sorted(analyte_table().analytes))
def test_there_and_back_is_the_same(analyte: str) -> None:
    for unit in known_units(analyte):
        there = convert(3.7, analyte, unit, canonical_unit(analyte))
        assert convert(there, analyte, canonical_unit(analyte), unit) == pytest.approx(3.7, rel=1e-12)
        assert find_conversion(analyte, unit).source


def test_nan_stays_nan() -> None:
    assert math.isnan(convert(math.nan, "albumin", "g/dL", "g/L"))


def test_urea_is_not_urea_nitrogen() -> None:
    assert convert(30, "urea", "mg/dL", "mmol/L") != convert(30, "urea_nitrogen", "mg/dL", "mmol/L")


def test_unknown_units_and_analytes_are_refused() -> None:
    with pytest.raises(UnitError, match=r"'mg/L' is not known for albumin. Known: g/L, g/dL"):
        convert(4, "albumin", "mg/L", "g/L")
    with pytest.raises(UnknownNameError, match="Did you mean 'creatinine'"):
        convert(1, "creatinin", "mg/dL", "umol/L")
