"""Whole-number samples: the sums behind printed figures, samples that have them, items that make totals."""

import math
import statistics
from fractions import Fraction

import pytest

from funis.demo.integer_samples import (
    Draws,
    SampleError,
    choose_items,
    fit_integers,
    recover_sums,
    round_half_away,
)

# The sums that are known to lie behind the printed means and SDs (SD with n - 1).
KNOWN_SUMS = [
    ("10.83", "4.63", 40, [(433, 5523), (433, 5525)]),
    ("7.43", "3.93", 40, [(297, 2807), (297, 2809)]),
    ("6.30", "3.63", 40, [(252, 2102)]),
    ("6.40", "3.84", 40, [(256, 2212), (256, 2214)]),
    ("6.48", "3.52", 40, [(259, 2159), (259, 2161)]),
    ("5.63", "1.44", 24, [(135, 807)]),
    ("4.33", "1.79", 24, [(104, 524)]),
    ("4.08", "1.44", 24, [(98, 448)]),
    ("3.46", "1.18", 24, [(83, 319)]),
    ("3.08", "1.21", 24, [(74, 262)]),
]


@pytest.mark.parametrize(("mean", "sd", "n", "sums"), KNOWN_SUMS)
def test_the_sums_behind_a_printed_mean_and_sd(
    mean: str, sd: str, n: int, sums: list[tuple[int, int]]
) -> None:
    assert list(recover_sums(mean, sd, n)) == sums


@pytest.mark.parametrize("n", [36, 38, 39])
def test_a_mean_that_n_whole_numbers_cannot_have_has_no_sums(n: int) -> None:
    # Sums that print as 6.30: from 226.62 to 226.98 of 36, 239.21 to 239.59 of 38, 245.51 to 245.90 of 39;
    # there is no whole number between them.
    assert recover_sums("6.30", "3.63", n) == ()


def test_rounding_goes_away_from_zero_at_a_tie() -> None:
    assert round_half_away(Fraction(433, 40), 2) == Fraction("10.83")
    assert round_half_away(Fraction(-433, 40), 2) == Fraction("-10.83")
    assert round_half_away(Fraction(1, 3), 2) == Fraction("0.33")


@pytest.mark.parametrize("seed", range(5))
def test_a_fitted_sample_has_the_sums_and_stays_in_its_bounds(seed: int) -> None:
    draws = Draws(seed, "test")
    wish = [draws.normal() for _ in range(40)]
    lower = [i % 4 for i in range(40)]
    sample = fit_integers(wish, 252, (2102, 2102), lower=lower, upper=[20] * 40)
    assert sum(sample) == 252
    assert sum(value * value for value in sample) == 2102
    assert all(low <= value <= 20 for low, value in zip(lower, sample, strict=True))
    assert statistics.correlation(wish, sample) > 0.95


def test_a_sample_that_cannot_be_is_refused() -> None:
    with pytest.raises(SampleError, match=r"No sample sums to 10: the bounds allow 12 to 20"):
        fit_integers([1.0, 2.0], 10, (50, 50), lower=[6, 6], upper=[10, 10])
    with pytest.raises(SampleError, match="No sample with 2 values"):
        # Two whole numbers with sum 10 have squares 50, 52, 58 ...: never 51 (odd) alone.
        fit_integers([1.0, 2.0], 10, (51, 51), lower=[0, 0], upper=[10, 10])


def test_items_make_the_total_at_the_lowest_cost() -> None:
    weights = {"a": 4, "b": 2, "c": 2, "d": 1}
    # 5 = a + d (cost 2) or b + c + d (cost 9): the cheap one.
    assert choose_items(weights, 5, must=frozenset(), costs={"a": 1, "b": 4, "c": 4, "d": 1}) == {"a", "d"}
    # a must be present, so 4 needs nothing more.
    assert choose_items(weights, 4, must=frozenset({"a"}), costs={"b": 0, "d": 0}) == {"a"}
    with pytest.raises(SampleError, match="The total 3 cannot be made"):
        choose_items(weights, 3, must=frozenset({"a"}), costs={"b": 1})


def test_draws_depend_on_seed_and_name_only() -> None:
    assert Draws(1, "x").uniform() == Draws(1, "x").uniform()
    assert Draws(1, "x").uniform() != Draws(1, "y").uniform()
    assert Draws(1, "x").uniform() != Draws(2, "x").uniform()
    assert sorted(Draws(3, "order").shuffled(9)) == list(range(9))


def test_draws_are_spread_evenly() -> None:
    draws = Draws(7, "even")
    values = [draws.uniform() for _ in range(4000)]
    # Mean of 4000 uniforms: 0.5 with standard error sqrt(1/12/4000) = 0.0046; four of them are 0.018.
    assert math.isclose(statistics.fmean(values), 0.5, abs_tol=0.018)
    assert min(values) >= 0.0
    assert max(values) < 1.0
    normals = [draws.normal(10, 2) for _ in range(4000)]
    assert math.isclose(statistics.fmean(normals), 10, abs_tol=0.13)
    assert math.isclose(statistics.stdev(normals), 2, abs_tol=0.1)


def test_draws_follow_the_published_generator() -> None:
    """First three outputs of SplitMix64 from state 0, as its authors' program prints them."""
    draws = Draws(0, "state 0")
    draws._state = 0
    outputs = (0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F)
    assert [draws.uniform() for _ in outputs] == [(output >> 11) / 2**53 for output in outputs]
