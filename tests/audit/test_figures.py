"""Printed numbers keep their text; value, decimals and rounding are derived."""

from fractions import Fraction

import pytest

from funis.audit.figures import OutcomeScale, PrintedNumber
from funis.errors import ValueRangeError


@pytest.mark.parametrize(
    ("text", "value", "decimals"),
    [
        ("7.50", Fraction(15, 2), 2),
        ("7.5", Fraction(15, 2), 1),
        ("40", Fraction(40), 0),
        ("1,683", Fraction(1683), 0),
        ("12 345.6", Fraction(123456, 10), 1),
        ("0·050", Fraction(1, 20), 3),
        (".05", Fraction(1, 20), 2),
        ("−3.0", Fraction(-3), 1),
        ("+2", Fraction(2), 0),
    ],
)
def test_a_printed_number_is_read_with_its_decimals(text: str, value: Fraction, decimals: int) -> None:
    printed = PrintedNumber(text)
    assert (printed.text, printed.value, printed.decimals) == (text, value, decimals)


@pytest.mark.parametrize("text", ["", "7,5", "1,68", "35%", "1e3", "7.", "nan", "3/4", "1 2", "12,34,567"])
def test_what_is_no_printed_number_is_refused(text: str) -> None:
    with pytest.raises(ValueRangeError, match="printed number"):
        PrintedNumber(text)


def test_trailing_zeros_narrow_what_was_rounded() -> None:
    # 7.5 stands for 7.45 to 7.55, 7.50 for 7.495 to 7.505.
    wide, narrow = PrintedNumber("7.5").rounding, PrintedNumber("7.50").rounding
    assert (wide.lower, wide.upper) == (Fraction("7.45"), Fraction("7.55"))
    assert (narrow.lower, narrow.upper) == (Fraction("7.495"), Fraction("7.505"))


def test_digits_are_cut_off_towards_zero() -> None:
    above, below = PrintedNumber("2.5").truncation, PrintedNumber("-2.5").truncation
    assert (above.lower, above.upper) == (Fraction("2.5"), Fraction("2.6"))
    assert (below.lower, below.upper) == (Fraction("-2.6"), Fraction("-2.5"))
    # -0.0 is what is cut off of -0.05.
    assert PrintedNumber("-0.0").truncation.lower == Fraction("-0.1")


def test_a_mean_of_items_has_a_finer_grain() -> None:
    assert OutcomeScale(Fraction(1), items=4).grain == Fraction(1, 4)
    assert OutcomeScale().grain is None
    assert OutcomeScale(Fraction(1), Fraction(0), Fraction(1)).is_binary
    assert not OutcomeScale(Fraction(1), Fraction(0), Fraction(2)).is_binary
