"""Designs of Bryant and Day beside the example of their paper, and beside a search in whole numbers."""

from fractions import Fraction
from math import comb

import pytest

from funis.design.response_and_toxicity import ResponseToxicityDesign, bryant_day
from funis.errors import ValueRangeError


def limits(each: ResponseToxicityDesign) -> tuple[int, ...]:
    return each.r1, each.t1, each.n1, each.r, each.t, each.n


def test_the_example_of_the_paper() -> None:
    # Bryant and Day 1995, page 1379: response 0.3 and 0.5, no toxicity 0.6 and 0.8: N1 = 19, N2 = 33,
    # CR1 = 5, CR2 = 12, CT1 = 11, CT2 = 22 (patients without toxicity that are not enough: 12 of 19, 23 of 33).
    found = bryant_day(0.3, 0.5, 0.4, 0.2, alpha_response=0.15, alpha_toxicity=0.15, power=0.85).optimal
    assert limits(found) == (5, 19 - 12, 19, 12, 33 - 23, 33)


def binomial(k: int, n: int, p: Fraction) -> Fraction:
    return comb(n, k) * p**k * (1 - p) ** (n - k)


def passes(n1: int, n: int, first: int, both: int, p: Fraction) -> Fraction:
    """Give the chance of more good results than the limits."""
    return sum(
        (
            binomial(x, n1, p) * binomial(y, n - n1, p)
            for x in range(first + 1, n1 + 1)
            for y in range(n - n1 + 1)
            if x + y > both
        ),
        Fraction(0),
    )


POOR, GOOD = (Fraction(1, 10), Fraction(1, 2)), (Fraction(6, 10), Fraction(1, 10))
MOST = 8


def every_design() -> list[tuple[float, int, tuple[int, ...]]]:
    """List every design of few patients that holds the errors, with its larger expected number."""
    alpha, power = Fraction(15, 100), Fraction(3, 4)
    (p0, p1), (safe0, safe1) = POOR, (1 - GOOD[0], 1 - GOOD[1])
    found: list[tuple[float, int, tuple[int, ...]]] = []
    for n in range(2, MOST + 1):
        for n1 in range(1, n):
            sides = []
            for poor, good in ((p0, p1), (safe0, safe1)):
                pairs = [(a, b) for a in range(n1) for b in range(a, n)]
                sides.append([(a, b, passes(n1, n, a, b, poor), passes(n1, n, a, b, good)) for a, b in pairs])
            for r1, r, bad, fine in (each for each in sides[0] if each[3] >= power):
                for s1, s, harmful, harmless in (each for each in sides[1] if each[3] >= power):
                    if fine * harmless < power or bad * harmless > alpha or fine * harmful > alpha:
                        continue
                    going = [
                        sum((binomial(x, n1, one) for x in range(r1 + 1, n1 + 1)), Fraction(0))
                        * sum((binomial(x, n1, two) for x in range(s1 + 1, n1 + 1)), Fraction(0))
                        for one, two in ((p0, safe1), (p1, safe0))
                    ]
                    expected = float(n1 + max(going) * (n - n1))
                    found.append((expected, n, (r1, n1 - s1 - 1, n1, r, n - s - 1, n)))
    return found


def test_a_search_through_every_small_design_finds_none_better() -> None:
    found = bryant_day(0.1, 0.5, 0.6, 0.1, alpha_response=0.15, alpha_toxicity=0.15, power=0.75)
    every = every_design()
    assert found.optimal.n <= MOST
    assert found.optimal.most_expected == pytest.approx(min(every)[0], rel=1e-12)
    assert found.minimax.n == min(n for _, n, _ in every)
    assert limits(found.optimal) in {design for *_, design in every}


def test_chances_are_those_of_whole_numbers() -> None:
    found = bryant_day(0.1, 0.5, 0.6, 0.1, alpha_response=0.15, alpha_toxicity=0.15, power=0.75).optimal
    r1, t1, n1, r, t, n = limits(found)
    poor, good = (float(passes(n1, n, r1, r, p)) for p in POOR)
    harmful, harmless = (float(passes(n1, n, n1 - t1 - 1, n - t - 1, 1 - p)) for p in GOOD)
    assert found.power == pytest.approx(good * harmless, rel=1e-12)
    assert found.error_response == pytest.approx(poor * harmless, rel=1e-12)
    assert found.error_toxicity == pytest.approx(good * harmful, rel=1e-12)
    assert found.error_both == pytest.approx(poor * harmful, rel=1e-12)
    # However response and toxicity go together: no more than either alone, no less than both minus one.
    assert found.worst_error_response == pytest.approx(min(poor, harmless), rel=1e-12)
    assert found.worst_power == pytest.approx(good + harmless - 1, rel=1e-12)


def test_rates_the_wrong_way_round_are_refused() -> None:
    with pytest.raises(ValueRangeError, match=r"below 0\.2"):
        bryant_day(0.3, 0.5, 0.2, 0.4)
    with pytest.raises(ValueRangeError, match="above p0"):
        bryant_day(0.5, 0.3, 0.4, 0.2)
