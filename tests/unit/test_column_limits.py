"""What a column can hold: limits of analytes in every unit, rows beyond them, and what is said of these; by hand."""

from decimal import Decimal
from fractions import Fraction

import polars as pl
import pytest

from funis.catalogue.analyte_limits import fitting_units, possible_in, possible_in_any
from funis.catalogue.model_analytes import Analyte, Conversion, PlausibleRange
from funis.catalogue.model_response import PrintedQuantity
from funis.catalogue.registry import analyte_table, response_definition
from funis.errors import ValueRangeError
from funis.responses.possible_values import limits_of_quantity, limits_of_response
from funis.scoring.column_limits import ColumnLimits, FrameLimits, find_refused
from funis.scoring.refused_values import RefusedValues, ask_for_unit, find_fitting, refuse_values
from funis.scoring.result_limits import check_results

ANALYTES = analyte_table().analytes
GRAM = Analyte(
    "thing",
    "Thing",
    "g/L",
    (
        Conversion("g/dL", Fraction(10), "s"),
        Conversion("kg/hL", Fraction(10), "s"),
        Conversion("mol", Fraction(3), "s"),
    ),
    PlausibleRange((1.0, 100.0), "so it is", (20.0, 50.0)),
)


@pytest.mark.parametrize(
    ("analyte", "unit", "ends"),
    [
        ("haemoglobin", "g/L", (20.0, 300.0)),
        ("haemoglobin", "g/dL", (2.0, 30.0)),
        # 20 and 300 times 0.06206, rounded outward in the fourth digit.
        ("haemoglobin", "mmol/L", (1.241, 18.62)),
        ("temperature", "degF", (77.0, 116.6)),  # 25 and 47 degC
        ("creatinine", "mg/dL", (0.09047, 79.17)),  # 8 and 7000 over 88.42
        ("proteinuria_24h", "mg/24h", (0.0, 50_000.0)),
        ("haemoglobin", "g/kg", None),
    ],
)
def test_limits_in_a_unit(analyte: str, unit: str, ends: tuple[float, float] | None) -> None:
    assert possible_in(ANALYTES[analyte], unit) == ends


def test_an_analyte_of_which_nothing_is_said_has_no_limits() -> None:
    bare = Analyte("x", "X", "g/L", (Conversion("g/dL", Fraction(10), "s"),))
    assert possible_in(bare, "g/L") is None
    assert possible_in_any(bare) is None
    assert fitting_units(bare, "g/L", 5) == ()


def test_the_widest_limits_of_all_units() -> None:
    assert possible_in_any(ANALYTES["haemoglobin"]) == (1.241, 300.0)
    assert possible_in_any(ANALYTES["temperature"]) == (25.0, 116.6)


@pytest.mark.parametrize(
    ("value", "units"),
    [
        # As g/L 3 is possible and not usual; as g/dL it is 30 g/L, usual: only that is named. kg/hL is the same number.
        (3.0, ("g/dL",)),
        # 60 g/L are possible, 600 and 180 not.
        (5.0, ("g/dL",)),
        (1.99, ("g/dL", "mol")),  # 19.9 and 5.97 g/L: neither usual, both possible
        (11.0, ("mol",)),  # 110 g/L is impossible, 33 usual
        (34.0, ()),  # 340 and 102
        (0.09, ()),
    ],
)
def test_units_that_a_value_fits(value: float, units: tuple[str, ...]) -> None:
    assert fitting_units(GRAM, "g/L", value) == units


def test_the_stored_unit_is_one_of_those_that_are_tried() -> None:
    assert fitting_units(GRAM, "g/dL", 20.0) == ("g/L",)
    assert fitting_units(GRAM, "g/dL", 19.9) == ("g/L", "mol")  # 19.9 and 59.7 g/L: possible, not usual
    assert fitting_units(ANALYTES["temperature"], "degC", 101.2) == ("degF",)
    assert fitting_units(ANALYTES["creatinine"], "umol/L", 1.2) == ("mg/dL", "mmol/L")


def test_the_first_value_that_a_unit_explains_is_shown() -> None:
    assert find_fitting("igg", "g/L", ["high", None, -3, 1600]) == (1600, ("mg/dL",))
    assert find_fitting("igg", "g/L", [-3]) == (None, ())
    assert find_fitting("nothing", "g/L", [1600]) == (None, ())
    assert ask_for_unit("igg", "g/L", -3) == ""


def test_what_is_said_of_one_and_of_several_columns() -> None:
    one = RefusedValues("pga", "1 row(s) (row 3)", (60,), "0 to 3 points", advice="on another scale: x")
    assert str(refuse_values("sri_4", [one])) == (
        "Column 'pga' of 'sri_4', 1 row(s) (row 3): found '60'; allowed is 0 to 3 points. On another scale: x, or "
        "correct them."
    )
    other = RefusedValues("c3_low", "1 row(s)", (90,), "0 to 10 g/L", "g/L", "c3", how="say UNIT")
    lines = str(refuse_values("x", [one, other])).split("\n")
    assert lines[0] == "2 columns hold values that they cannot hold."
    assert lines[2].endswith("90 would fit mg/dL or mg/L: say mg/dL, correct the value or leave it empty.")
    plain = RefusedValues("c3_low", "1 row(s)", (90,), "0 to 10 g/L", "g/L", "c3")
    assert 'pass units={"c3": "mg/dL"}' in str(refuse_values("x", [plain]))


LIMITS = ColumnLimits("pga", 0, 3, "points", scales=(("ten", 0, 10), ("hundred", 0, 100)))


@pytest.mark.parametrize(
    ("cells", "shown"),
    [
        ([0, 3], None),
        ([0.0, 3.0], None),
        ([-4e-10, 3 + 4e-10], None),  # nearer than half of the ninth decimal is equal
        ([-6e-10, 1], (-6e-10,)),
        ([1, 3 + 6e-10], (3 + 6e-10,)),
        ([float("nan"), None], None),
        ([float("nan"), 4.0], (4.0,)),
        ([float("inf"), 0.0], (float("inf"),)),
        (["3", " 4 "], (" 4 ",)),
        (["yes", "ND"], None),
        ([True, False], None),
    ],
)
def test_rows_beyond_limits(cells: list[object], shown: tuple[object, ...] | None) -> None:
    rows = pl.DataFrame({"subject": ["a", "b"], "pga": pl.Series(cells, strict=False)})
    found = find_refused(rows, LIMITS, ["subject"])
    assert (None if found is None else found.values) == shown


def test_rows_are_counted_and_the_first_five_named() -> None:
    rows = pl.DataFrame({"row": range(9), "subject": ["s"] * 9, "pga": [1] + [7] * 8})
    found = find_refused(rows, LIMITS, ["row"])
    assert found is not None
    assert (found.where, len(found.values)) == ("8 row(s) (row 1, 2, 3, 4, 5)", 5)
    assert found.advice == "on another scale they are possible: ten"
    by_subject = find_refused(rows.head(2), LIMITS, ["subject", "row"])
    assert by_subject is not None
    assert by_subject.where == "1 row(s) (s at 1)"


def test_a_scale_must_explain_every_value() -> None:
    for value, advice in ((10, "ten"), (11, "hundred"), (100, "hundred")):
        found = find_refused(pl.DataFrame({"s": [1, 2], "pga": [value, 4]}), LIMITS, ["s"])
        assert found is not None
        assert found.advice.endswith(advice)
    for cells in ([101, 4], [-1, 60]):
        found = find_refused(pl.DataFrame({"s": [1, 2], "pga": cells}), LIMITS, ["s"])
        assert found is not None
        assert found.advice == ""


def test_decimals_are_numbers_and_absent_columns_are_none() -> None:
    rows = pl.DataFrame({"s": [1], "pga": [Decimal("3.5")]})
    assert find_refused(rows, LIMITS, ["s"]) is not None
    assert find_refused(rows.with_columns(pga=pl.lit(Decimal(2))), LIMITS, ["s"]) is None
    assert find_refused(rows.drop("pga"), LIMITS, ["s"]) is None
    FrameLimits("x", (LIMITS,)).check(rows.drop("pga"), ["s"])
    with pytest.raises(ValueRangeError, match="Column 'pga' of 'x'"):
        FrameLimits("x", (LIMITS,)).check(rows, ["s"])


def test_where_the_limits_of_a_quantity_come_from() -> None:
    def ends(quantity: PrintedQuantity, unit: str, scores: tuple[str, ...], called: str) -> object:
        found = limits_of_quantity(quantity, "column", unit, scores, called)
        return None if found is None else (found.lowest, found.highest, found.unit, found.analyte)

    own = PrintedQuantity(possible=(2.0, 5.0), is_yes_no=True, score="sledai_2k")
    assert ends(own, "mg", ("sledai_2k",), "gfr") == (2, 5, "mg", "")
    assert ends(PrintedQuantity(is_yes_no=True), "", ("sledai_2k",), "gfr") == (0, 1, "", "")
    assert ends(PrintedQuantity(), "", ("", "none", "sledai_2k"), "gfr") == (0, 105, "points", "")
    assert ends(PrintedQuantity(), "g/dL", (), "haemoglobin") == (2, 30, "g/dL", "haemoglobin")
    assert ends(PrintedQuantity(), "mg a day", (), "glucocorticoid") == (0, 20_000, "mg a day", "")
    assert ends(PrintedQuantity(), "", (), "creatinine") == (0.008, 7000, "", "")
    assert ends(PrintedQuantity(), "mg", (), "") is None


def test_another_column_of_a_score_has_the_range_of_its_instrument() -> None:
    def highest(name: str, **chosen: object) -> dict[str, float]:
        found = response_definition(name)
        return {
            one.column: one.highest
            for one in limits_of_response(found, found.settle(chosen)).columns  # type: ignore[arg-type]
        }

    assert highest("essdai_mcii", essdai="clinessdai")["clinessdai"] == 135
    assert highest("essdai_mcii", essdai="our_total")["our_total"] == 123
    # A scale is that of the definition's own score.
    assert highest("doris_2021", pga="vas_physician", pga_scale=100)["vas_physician"] == 100
    assert highest("lunar_renal_response", creatinine_rule="by_baseline")["creatinine_high"] == 7000


def test_results_are_looked_at_in_their_own_units() -> None:
    rows = pl.DataFrame({"test": ["haemoglobin"] * 2, "value": [95.0, 9.5], "unit": ["g/L", "g/dL"]})
    check_results(rows, has_unit=True)
    with pytest.raises(
        ValueRangeError, match=r"haemoglobin, 1 row\(s\) \(row 1\): found '9\.5'; allowed is 20 to 300"
    ):
        check_results(rows.drop("unit"), has_unit=False)
    check_results(rows.with_columns(unit=pl.lit(None)), has_unit=True)
    with pytest.raises(ValueRangeError, match="Column 'hb' of 'laboratory results'"):
        check_results(rows.drop("unit"), names={"value": "hb"}, has_unit=False)
