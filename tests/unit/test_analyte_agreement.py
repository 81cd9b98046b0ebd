"""The table of analytes: what its rows must agree on, and what their limits are in other units."""

from fractions import Fraction
from typing import Any

import pytest

from funis.catalogue.analyte_limits import fitting_units, possible_in, possible_in_any
from funis.catalogue.definition_file import DefinitionFile
from funis.catalogue.model_analytes import Analyte, Conversion, PlausibleRange
from funis.catalogue.read_analytes import is_loinc, read_analytes
from funis.catalogue.registry import glucocorticoid_table
from funis.errors import DefinitionError

A = {"analyte": "a", "label": "A", "unit": "g/L"}
B = {"analyte": "b", "label": "B", "unit": "g/L"}
FIRST_LIMITS = {"analyte": "a", "possible": [0, 1], "reason": "why"}
LIMITS = {"analyte": "b", "possible": [0, 10], "usual": [1, 5], "reason": "why"}
CODES = {"analyte": "b", "loinc": ["718-7"], "certainty": "confirmed", "source": "where"}
DECI = {"of": ["a"], "unit": "g/dL", "factor": 10, "source": "where"}


def found(**parts: Any) -> list[tuple[str, str, str]]:
    """Give table, key and value of every finding, each of which must tell the second row of its table."""
    content: dict[str, Any] = {
        "kind": "analytes",
        "analytes": [A, B],
        "limits": [FIRST_LIMITS, LIMITS],
        "codes": [CODES | {"analyte": "a"}, CODES],
        "conversions": [{"of": ["b"], "unit": "kg/L", "factor": 1000, "source": "where"}, DECI],
        "spellings": [{"unit": "g/L", "names": ["g/l"]}, {"unit": "g/dL", "names": ["g/dl"]}],
    }
    try:
        read_analytes(DefinitionFile("analytes.toml", content | parts), glucocorticoid_table)
    except DefinitionError as error:
        told = [each.message for each in error.findings]
        assert [each for each in told if not each.startswith(("row 2: ", "row 1: the analyte stands"))] == []
        return [(each.table, each.column, each.value) for each in error.findings]
    return []


def test_a_sound_table_has_no_finding() -> None:
    assert found() == []


def test_an_analyte_stands_once_with_words() -> None:
    for key in ("label", "unit"):
        assert found(analytes=[A, B | {key: " "}]) == [("analytes", key, "")]
    assert [each[:2] for each in found(analytes=[B, B, A])][:2] == [("analytes", "analyte")] * 2
    assert found(analytes=[A, B | {"doses_of": "other"}]) == [("analytes", "doses_of", "other")]


@pytest.mark.parametrize(
    ("possible", "usual", "is_sound"),
    [
        ([0, 10], [1, 5], True), ([0, 10], [0, 10], True), ([0, 10], None, True), ([-1, 0], None, True),
        ([0, 10], [5, 5], False), ([0, 10], [5, 1], False), ([2, 10], [1, 5], False), ([0, 4], [1, 5], False),
        ([0], [1, 5], False), ([0, 5, 10], None, False), ([0, 10], [1], False), ([0, 10], [1, 2, 3], False),
        ([5, 5], None, False), ([], None, False),
    ],
)  # fmt: skip
def test_limits_rise(possible: list[int], usual: list[int] | None, *, is_sound: bool) -> None:
    row = LIMITS | {"possible": possible, "usual": usual}
    row = {key: value for key, value in row.items() if value is not None}
    wanted = [] if is_sound else [("limits", "possible")]
    assert [each[:2] for each in found(limits=[FIRST_LIMITS, row])] == wanted


def test_limits_are_of_an_analyte_and_say_why() -> None:
    assert found(limits=[FIRST_LIMITS, LIMITS | {"analyte": "c"}]) == [("limits", "analyte", "c")]
    assert found(limits=[FIRST_LIMITS, LIMITS | {"reason": " "}]) == [("limits", "reason", "")]
    twice = found(limits=[LIMITS, LIMITS])
    assert [each[:2] for each in twice] == [("limits", "analyte")] * 2
    only = {key: value for key, value in LIMITS.items() if key != "usual"}
    assert found(limits=[FIRST_LIMITS, only | {"hint_high": "slip"}]) == [("limits", "hint_low", "")]
    assert (
        found(limits=[FIRST_LIMITS, LIMITS | {"hint_high": "slip"}])
        == found(limits=[FIRST_LIMITS, only])
        == []
    )


def test_codes_have_their_check_digit_and_say_how_sure_they_are() -> None:
    def codes(**row: Any) -> list[tuple[str, str, str]]:
        return found(codes=[CODES | {"analyte": "a"}, CODES | row])

    assert codes(nci="C64848") == codes(nci="") == codes(certainty="agreeing") == []
    assert codes(loinc=["718-7", "718-8"]) == [("codes", "loinc", "718-8")]
    assert codes(nci="64848") == [("codes", "nci", "64848")]
    assert codes(certainty="sure") == [("codes", "certainty", "sure")]
    assert codes(analyte="c") == [("codes", "analyte", "c")]
    assert [each[:2] for each in found(codes=[CODES, CODES])] == [("codes", "analyte")] * 2


@pytest.mark.parametrize(
    ("code", "is_one"),
    # Haemoglobin, creatinine, leucocytes, C3, platelets, and a code of five digits before its check digit.
    [
        ("718-7", True), ("2160-0", True), ("6690-2", True), ("4485-9", True), ("777-3", True),
        ("14682-9", True), ("2160-1", False), ("6960-2", False), ("718-77", False), ("-7", False),
        ("12345678-9", False), ("718", False),
    ],
)  # fmt: skip
def test_loinc_codes_have_a_check_digit(code: str, *, is_one: bool) -> None:
    assert is_loinc(code) is is_one


def test_conversions_have_a_factor_above_zero_and_a_source() -> None:
    first = {"of": ["b"], "unit": "kg/L", "factor": 1000, "source": "where"}

    def conversions(**row: Any) -> list[tuple[str, str]]:
        return [each[:2] for each in found(conversions=[first, DECI | row])]

    assert conversions(factor="1000/6006") == conversions(factor="0.001", offset="-1/2") == []
    for factor in (0, -1, "1/0", "ten", None):
        assert conversions(factor=factor) == [("conversions", "factor")]
    assert conversions(offset="none") == [("conversions", "factor")]
    assert conversions(of=["a", "c"]) == [("conversions", "of")]
    assert conversions(of=[]) == conversions(source=" ") == [("conversions", "source")]
    assert conversions(unit="kg/L") == []
    assert conversions(unit="kg/L", of=["a", "b"]) == [("conversions", "unit")]


def test_a_spelling_stands_for_one_unit() -> None:
    twice = [{"unit": "g/L", "names": ["g/l"]}, {"unit": "g/dL", "names": ["g/dl", "g/l"]}]
    assert found(spellings=twice) == [("spellings", "names", "g/l")]


# --- limits in other units ---------------------------------------------------------------------------

TEMPERATURE = Analyte(
    "t", "T", "degC", (Conversion("degF", Fraction(5, 9), "s", Fraction(-160, 9)),),
    PlausibleRange((0.0, 45.0), "why", (35.0, 42.0)),
)  # fmt: skip
MASS = Analyte(
    "m", "M", "g/L",
    (Conversion("g/dL", Fraction(10), "s"), Conversion("mg/mL", Fraction(1), "s"), Conversion("lb", Fraction(3), "s")),
    PlausibleRange((20.0, 300.0), "why", (60.0, 200.0)),
)  # fmt: skip


def test_limits_are_those_of_the_unit() -> None:
    assert possible_in(MASS, "g/L") == (20.0, 300.0)
    assert possible_in(MASS, "g/dL") == (2.0, 30.0)
    assert possible_in(TEMPERATURE, "degF") == (32.0, 113.0)
    assert possible_in(MASS, "stone") is None
    assert possible_in(Analyte("x", "X", "g/L"), "g/L") is None


def test_a_converted_limit_is_shortened_away_from_what_is_possible() -> None:
    """20 / 3 is 6.666666: four digits, the lower limit rounded down and the upper one, 100, exact."""
    assert possible_in(MASS, "lb") == (6.666, 100.0)
    upper = Analyte("u", "U", "g", (Conversion("x", Fraction(3), "s"),), PlausibleRange((0.0, 20000.0), "w"))
    assert possible_in(upper, "x") == (0.0, 6667.0)
    below = Analyte("u", "U", "g", (Conversion("x", Fraction(3), "s"),), PlausibleRange((-20.0, -0.02), "w"))
    assert possible_in(below, "x") == (-6.667, -0.006666)


def test_without_a_unit_the_widest_limits_hold() -> None:
    assert possible_in_any(MASS) == (2.0, 300.0)
    assert possible_in_any(Analyte("x", "X", "g/L")) is None


@pytest.mark.parametrize(
    ("unit", "value", "units"),
    [
        # 12 of g/dL is 120 g/L, which is usual; as lb it is 36, which is possible only.
        ("g/L", 12, ("g/dL",)),
        ("g/L", 6, ("g/dL",)), ("g/L", 20, ("g/dL", "lb")), ("g/L", 20.1, ("lb",)),
        # Two units that are the same number are named once; nothing is usual, but 2.5 g/dL is possible.
        ("g/dL", 150, ("g/L",)), ("g/L", 2.5, ("g/dL",)), ("g/L", 1.9, ()), ("g/dL", 30, ("lb",)),
        ("stone", 66, ("g/L", "lb")),
    ],
)  # fmt: skip
def test_units_in_which_a_value_would_be_ordinary(unit: str, value: float, units: tuple[str, ...]) -> None:
    assert fitting_units(MASS, unit, value) == units


def test_nothing_fits_where_nothing_is_known() -> None:
    assert fitting_units(Analyte("x", "X", "g/L"), "g/L", 1) == ()
    bare = Analyte(
        "x", "X", "g", (Conversion("kg", Fraction(1000), "s"),), PlausibleRange((0.0, 10.0), "why")
    )
    assert fitting_units(bare, "g", 0.005) == ("kg",)
    assert fitting_units(bare, "g", 11) == ()
    assert fitting_units(TEMPERATURE, "degC", 98.6) == ("degF",)
