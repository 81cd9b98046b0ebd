"""Simon's designs beside those of the R package clinfun, and beside a search in whole numbers."""

import itertools
from fractions import Fraction
from math import comb

import pytest

from funis.design.two_stage import TwoStageDesign, simon
from funis.errors import ValueRangeError

# clinfun 1.1.5 ph2simon: p0, p1, alpha, beta; optimal r1/n1 r/n EN; minimax likewise.
CLINFUN = [
    ((0.2, 0.4, 0.05, 0.10), (4, 19, 15, 54, 30.43), (5, 24, 13, 45, 31.23)),
    ((0.05, 0.25, 0.10, 0.10), (0, 9, 2, 24, 14.55), (0, 13, 2, 20, 16.41)),
    ((0.3, 0.5, 0.05, 0.20), (5, 15, 18, 46, 23.63), (6, 19, 16, 39, 25.69)),
    ((0.4, 0.6, 0.05, 0.20), (7, 16, 23, 46, 24.52), (17, 34, 20, 39, 34.44)),
    ((0.1, 0.3, 0.05, 0.20), (1, 10, 5, 29, 15.01), (1, 15, 5, 25, 19.51)),
]
# Simon 1989, table 2: the same, for rates that lie 0.15 apart; the expected number with one decimal.
PUBLISHED = [
    ((0.05, 0.20, 0.10, 0.10), (0, 12, 3, 37, 23.5), (0, 18, 3, 32, 26.4)),
    ((0.05, 0.20, 0.05, 0.20), (0, 10, 3, 29, 17.6), (0, 13, 3, 27, 19.8)),
    ((0.05, 0.20, 0.05, 0.10), (1, 21, 4, 41, 26.7), (1, 29, 4, 38, 32.9)),
    ((0.10, 0.25, 0.10, 0.10), (2, 21, 7, 50, 31.2), (2, 27, 6, 40, 33.7)),
    ((0.10, 0.25, 0.05, 0.20), (2, 18, 7, 43, 24.7), (2, 22, 7, 40, 28.8)),
    ((0.10, 0.25, 0.05, 0.10), (2, 21, 10, 66, 36.8), (3, 31, 9, 55, 40.0)),
    ((0.20, 0.35, 0.10, 0.10), (5, 27, 16, 63, 43.6), (6, 33, 15, 58, 45.5)),
    ((0.20, 0.35, 0.05, 0.20), (5, 22, 19, 72, 35.4), (6, 31, 15, 53, 40.4)),
    ((0.20, 0.35, 0.05, 0.10), (8, 37, 22, 83, 51.4), (8, 42, 21, 77, 58.4)),
]


def shown(design: TwoStageDesign) -> tuple[float, ...]:
    return (design.r1, design.n1, design.r, design.n, round(design.expected_n, 2))


@pytest.mark.parametrize(("asked", "optimal", "minimax"), CLINFUN)
def test_designs_are_those_of_clinfun(
    asked: tuple[float, ...], optimal: tuple[float, ...], minimax: tuple[float, ...]
) -> None:
    p0, p1, alpha, beta = asked
    found = simon(p0, p1, alpha, 1 - beta)
    assert shown(found.optimal) == optimal
    assert shown(found.minimax) == minimax
    assert found.admissible[0] == found.minimax
    assert found.admissible[-1] == found.optimal


@pytest.mark.parametrize(("asked", "optimal", "minimax"), PUBLISHED)
def test_designs_for_close_rates_are_those_of_the_paper(
    asked: tuple[float, ...], optimal: tuple[float, ...], minimax: tuple[float, ...]
) -> None:
    p0, p1, alpha, beta = asked
    found = simon(p0, p1, alpha, 1 - beta)
    for design, published in ((found.optimal, optimal), (found.minimax, minimax)):
        assert (*shown(design)[:4], round(design.expected_n, 1)) == published


def test_the_chance_of_an_early_stop_is_that_of_clinfun() -> None:
    found = simon(0.2, 0.4, 0.05, 0.9)
    assert round(found.optimal.early_stop, 4) == 0.6733
    assert round(found.minimax.early_stop, 4) == 0.6559


def binomial(k: int, n: int, p: Fraction) -> Fraction:
    return comb(n, k) * p**k * (1 - p) ** (n - k)


def success(design: tuple[int, int, int, int], p: Fraction) -> Fraction:
    r1, n1, r, n = design
    return sum(
        (
            binomial(x, n1, p) * binomial(y, n - n1, p)
            for x in range(r1 + 1, n1 + 1)
            for y in range(n - n1 + 1)
            if x + y > r
        ),
        Fraction(0),
    )


def every_design(
    most: int, p0: Fraction, p1: Fraction, alpha: Fraction, power: Fraction
) -> list[tuple[int, ...]]:
    return [
        (r1, n1, r, n)
        for n in range(2, most + 1)
        for n1 in range(1, n)
        for r1 in range(n1)
        for r in range(r1 + 1, n)
        if success((r1, n1, r, n), p0) <= alpha and success((r1, n1, r, n), p1) >= power
    ]


def test_a_search_through_every_small_design_finds_none_better() -> None:
    p0, p1, alpha, power = Fraction(1, 10), Fraction(1, 2), Fraction(1, 10), Fraction(8, 10)
    found = simon(0.1, 0.5, 0.1, 0.8)
    expected = {
        design: design[1] + (1 - sum(binomial(x, design[1], p0) for x in range(design[0] + 1))) * (design[3] - design[1])
        for design in every_design(found.optimal.n + 1, p0, p1, alpha, power)
    }  # fmt: skip
    assert min(design[3] for design in expected) == found.minimax.n
    assert float(min(expected.values())) == pytest.approx(found.optimal.expected_n, rel=1e-12)
    for each in (found.optimal, found.minimax):
        design = (each.r1, each.n1, each.r, each.n)
        assert each.type_one == pytest.approx(float(success(design, p0)), rel=1e-12)
        assert each.power == pytest.approx(float(success(design, p1)), rel=1e-12)


def test_admissible_designs_fall_in_expected_size_as_they_grow() -> None:
    designs = simon(0.3, 0.5, 0.05, 0.8).admissible
    assert [each.n for each in designs] == sorted({each.n for each in designs})
    assert [each.expected_n for each in designs] == sorted(
        (each.expected_n for each in designs), reverse=True
    )
    # No mixture of neighbours is beaten by the one between: slopes flatten.
    slopes = [
        (later.expected_n - earlier.expected_n) / (later.n - earlier.n)
        for earlier, later in itertools.pairwise(designs)
    ]
    assert slopes == sorted(slopes)


@pytest.mark.parametrize(("p0", "p1"), [(0.4, 0.4), (0.5, 0.2), (0.0, 0.2), (0.2, 1.0), (0.500, 0.502)])
def test_rates_that_make_no_design_are_refused(p0: float, p1: float) -> None:
    with pytest.raises(ValueRangeError):
        simon(p0, p1)
