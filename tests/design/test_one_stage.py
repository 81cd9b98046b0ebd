"""The exact design beside sums in whole numbers, and beside the published table of A'Hern."""

from fractions import Fraction
from math import comb

import pytest

from funis.design.one_stage import exact
from funis.errors import ValueRangeError


def above(r: int, n: int, p: Fraction) -> Fraction:
    return sum((comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(r + 1, n + 1)), Fraction(0))


def smallest(p0: Fraction, p1: Fraction, alpha: Fraction, power: Fraction, most: int) -> list[int]:
    """Give every size up to the largest at which the power is reached."""
    held = []
    for n in range(1, most + 1):
        r = next(limit for limit in range(n + 1) if above(limit, n, p0) <= alpha)
        if above(r, n, p1) >= power:
            held.append(n)
    return held


@pytest.mark.parametrize(
    ("p0", "p1", "alpha", "power"),
    [(Fraction(1, 20), Fraction(1, 4), Fraction(1, 20), Fraction(8, 10)),
     (Fraction(1, 5), Fraction(2, 5), Fraction(1, 20), Fraction(9, 10)),
     (Fraction(3, 10), Fraction(11, 20), Fraction(1, 10), Fraction(8, 10))],
)  # fmt: skip
def test_the_smallest_and_the_steady_size_are_those_of_whole_numbers(
    p0: Fraction, p1: Fraction, alpha: Fraction, power: Fraction
) -> None:
    found = exact(float(p0), float(p1), float(alpha), float(power))
    held = smallest(p0, p1, alpha, power, found.steady_n + 20)
    assert held[0] == found.n
    assert found.type_one == pytest.approx(float(above(found.r, found.n, p0)), rel=1e-12)
    assert found.power == pytest.approx(float(above(found.r, found.n, p1)), rel=1e-12)
    assert set(range(found.steady_n, found.steady_n + 21)) <= set(held)
    assert found.steady_n == 1 or found.steady_n - 1 not in held


def test_a_published_size() -> None:
    # A'Hern 2001, table 1: 5% against 20%, error 5%, power 80%: 27 patients, 4 responses or more.
    found = exact(0.05, 0.20, 0.05, 0.80)
    assert (found.n, found.r + 1) == (27, 4)


def test_rates_out_of_reach_are_refused() -> None:
    with pytest.raises(ValueRangeError, match="1000"):
        exact(0.5, 0.51)
