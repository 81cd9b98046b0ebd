"""Numbers that agree to nine decimals are one number, whatever holds them."""

from decimal import Decimal

import narwhals as nw
import numpy as np
import polars as pl
import pytest

from funis.nine_decimals import (
    Operator,
    compare_exactly,
    round_array,
    round_column,
    round_decimal,
    round_exactly,
    to_decimal,
)

# 0.1 * 3 is 0.30000000000000004 as a float; 0.300000001 is one unit of the ninth decimal above 0.3.
NEAR = (0.1 * 3, 0.3 - 1e-16, 0.3000000004)
ABOVE, BELOW = 0.300000001, 0.299999999
ANSWERS: tuple[tuple[Operator, dict[str, bool]], ...] = (
    ("<", {"near": False, "above": False, "below": True}),
    ("<=", {"near": True, "above": False, "below": True}),
    (">", {"near": False, "above": True, "below": False}),
    (">=", {"near": True, "above": True, "below": False}),
)
WORDS = {ABOVE: "above", BELOW: "below", **dict.fromkeys(NEAR, "near")}


@pytest.mark.parametrize(("operator", "answers"), ANSWERS)
def test_numbers_columns_and_decimals_compare_alike(operator: Operator, answers: dict[str, bool]) -> None:
    values = [*NEAR, ABOVE, BELOW]
    expected = [answers[WORDS[value]] for value in values]
    assert [compare_exactly(value, operator, 0.3) for value in values] == expected
    frame = pl.DataFrame({"value": [*values, None]})
    polars = frame.select(compare_exactly(pl.col("value"), operator, 0.3)).to_series()
    assert polars.to_list() == [*expected, None]
    narwhals = nw.from_native(frame).select(compare_exactly(nw.col("value"), operator, 0.3))
    assert narwhals["value"].to_list() == [*expected, None]
    signs = {"<": "__lt__", "<=": "__le__", ">": "__gt__", ">=": "__ge__"}
    decimals = [getattr(to_decimal(value), signs[operator])(Decimal("0.3")) for value in values]
    assert decimals == expected


def test_a_computed_number_comes_back_to_its_decimal() -> None:
    # 1.1 * 3 is 3.3000000000000003, 0.7 + 0.1 is 0.7999999999999999.
    computed, meant = [1.1 * 3, 0.7 + 0.1, -0.1 * 3], [3.3, 0.8, -0.3]
    assert [round_exactly(value) for value in computed] == meant
    assert round_array(np.array(computed)).tolist() == meant
    assert round_column(pl.Series(computed)).to_list() == meant
    assert [to_decimal(value) for value in computed] == [Decimal("3.3"), Decimal("0.8"), Decimal("-0.3")]
    assert np.isnan(round_array(np.array([np.nan]))[0])


def test_a_quotient_has_nine_places() -> None:
    assert str(round_decimal(Decimal(2) / Decimal(3))) == "0.666666667"
    assert [to_decimal(value) for value in (None, float("nan"), True, 7, "0.5")] == [
        None, None, Decimal(1), Decimal(7), Decimal("0.5"),
    ]  # fmt: skip
