"""Percentages against counts: ties either way and digits cut off are no fault."""

from fractions import Fraction

import pytest
from tests.audit.printed import figure, only

from funis.audit.audit import audit
from funis.audit.checks.denominators import denominators_of
from funis.audit.checks.percentage import ways_to_print
from funis.audit.figures import FigureLabels, FigurePlace, PrintedCount, PrintedNumber
from funis.audit.findings import CONSISTENT


def test_a_count_of_a_large_group_has_a_denominator() -> None:
    """237/2373 = 9.987%, 326/2371 = 13.749%, 1110/4321 = 25.688%: of up to 1,000 there is none."""
    for count, percent, of in (("237", "10.0", 2373), ("326", "13.7", 2371), ("1110", "25.7", 4321)):
        told = only("denominator", figure("count", count=count, percent=percent))
        assert told.classification == CONSISTENT
        assert of in denominators_of(int(count), PrintedNumber(percent), 1_000)


def counted(count: str, denominator: str, percent: str | None) -> PrintedCount:
    printed = None if percent is None else PrintedNumber(percent)
    return PrintedCount(
        "c",
        FigureLabels("x"),
        FigurePlace("a.txt"),
        PrintedNumber(count),
        PrintedNumber(denominator),
        printed,
    )


@pytest.mark.parametrize(
    ("count", "denominator", "percent", "classification", "word"),
    [
        # Both abstracts: 14/40 = 35.0, 15/40 = 37.5, 3/40 = 7.5, 4/40 = 10.
        ("14", "40", "35.0", "consistent", "exactly"),
        ("15", "40", "37.5", "consistent", "exactly"),
        ("3", "40", "7.5", "consistent", "exactly"),
        ("4", "40", "10", "consistent", "exactly"),
        # 1/8 = 12.5: 13 is away from zero, 12 to even; both pass. 3/8 = 37.5: 38 by both rules, 37 by neither.
        ("1", "8", "13", "consistent", "away from zero"),
        ("1", "8", "12", "consistent", "to even"),
        ("3", "8", "38", "consistent", "away from zero or to even"),
        ("3", "8", "37", "consistent", "down"),
        # 2/3 = 66.67: 67 rounded, 66 cut off, 65 and 68 wrong.
        ("2", "3", "67", "consistent", "rounded"),
        ("2", "3", "66", "consistent", "cut off"),
        ("2", "3", "65", "inconsistent as printed", "65%"),
        ("2", "3", "68", "inconsistent as printed", "68%"),
        # Wang 2018 as cited: 28/81 = 34.57, printed 34 (cut off); of 68 it would be 41.18.
        ("28", "81", "34", "consistent", "cut off"),
        ("28", "68", "34", "inconsistent as printed", "23 would be"),
        ("5", "4", "125", "unexplained", "5 > 4"),
        ("0", "40", "0", "consistent", "exactly"),
    ],
)  # fmt: skip
def test_a_percentage_stands_to_its_count(
    count: str, denominator: str, percent: str, classification: str, word: str
) -> None:
    (found,) = (each for each in audit([counted(count, denominator, percent)]) if each.check == "percentage")
    assert found.classification == classification
    assert word in found.arithmetic or word in found.statement


@pytest.mark.parametrize("decimals", [0, 1, 2])
@pytest.mark.parametrize("rule", ["half up", "half even", "cut"])
def test_no_percentage_that_a_program_prints_is_refused(decimals: int, rule: str) -> None:
    """Every k of n up to 60, printed by integer arithmetic of its own."""
    for n in range(1, 61):
        for k in range(n + 1):
            scaled, rest = divmod(100 * 10**decimals * k, n)
            up = {
                "half up": 2 * rest >= n,
                "half even": 2 * rest > n or (2 * rest == n and scaled % 2 == 1),
                "cut": False,
            }
            shown = str(scaled + up[rule]).zfill(decimals + 1)
            text = f"{shown[:-decimals]}.{shown[-decimals:]}" if decimals else shown
            assert ways_to_print(Fraction(100 * k, n), PrintedNumber(text)), (k, n, text)


def test_a_count_without_percentage_is_not_judged() -> None:
    assert not [each for each in audit([counted("3", "40", None)]) if each.check == "percentage"]


def test_a_denominator_of_nobody_is_not_divided_by() -> None:
    assert not [
        each for each in audit([counted("0", "0", "0")]) if each.classification == "inconsistent as printed"
    ]
