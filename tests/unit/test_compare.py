"""Tests of one and two samples: by hand, and what degenerate data give."""

import math

import numpy as np
import pytest

from funis.errors import ShapeError, UnknownNameError, ValueRangeError
from funis.stats.tests import compare


def test_paired_t_by_hand() -> None:
    # changes -3, -1, -5, -3: mean -3, squared deviations 0 + 4 + 4 + 0 = 8, sd sqrt(8/3), se sqrt(8/12)
    found = compare.paired_t([10, 9, 12, 8], [7, 8, 7, 5])
    assert found.estimate == -3.0
    assert found.statistic == pytest.approx(-3 / math.sqrt(8 / 12), rel=1e-14)
    assert found.df == 3
    # t(3, 0.975) = 3.182446
    assert found.lower == pytest.approx(-3 - 3.182446 * math.sqrt(8 / 12), rel=1e-6)
    assert found.method == "paired t test"
    assert compare.paired_t([-3, -1, -5, -3]) == found


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 6, 7])
def test_smallest_p_of_signed_ranks(n: int) -> None:
    # all n changes fall: the two extreme of 2^n sign patterns
    change = -np.arange(1.0, n + 1)
    assert compare.wilcoxon_signed_rank(change).p == pytest.approx(2 / 2**n, rel=1e-14)
    assert compare.sign_test(change).p == pytest.approx(2 / 2**n, rel=1e-14)


def test_five_subjects_cannot_go_below_one_in_sixteen() -> None:
    found = compare.wilcoxon_signed_rank([-9.0, -8.5, -9.5, -8.9, -9.1])
    assert found.p == 0.0625
    assert math.isnan(found.lower)
    assert found.note == "no 95 % interval exists with 5 values"


def test_signed_ranks_with_ties_by_listing() -> None:
    # changes 1, -1, 2: sizes 1, 1, 2 have ranks 1.5, 1.5, 3; the 8 sums of positive ranks are
    # 0, 1.5, 1.5, 3, 3, 4.5, 4.5, 6; observed 4.5 lies 1.5 from the mean 3: all but 3 and 3 are as far
    assert compare.wilcoxon_signed_rank([1, -1, 2]).p == pytest.approx(6 / 8)
    assert compare.wilcoxon_signed_rank([1, -1, 2], alternative="greater").p == pytest.approx(3 / 8)
    assert compare.wilcoxon_signed_rank([1, -1, 2], alternative="less").p == pytest.approx(7 / 8)


def test_pratt_keeps_zeros_in_the_ranking() -> None:
    # 0, 0, -1, -2, 3 ranks 1.5, 1.5, 3, 4, 5: positive sum 5 of {3, 4, 5}; sums 0 3 4 5 7 8 9 12, mean 6:
    # at least 1 away: 0, 3, 4, 5, 7, 8, 9, 12 = 8 of 8
    assert compare.wilcoxon_signed_rank([0, 0, -1, -2, 3], zero="pratt").p == 1.0
    # dropped: ranks 1, 2, 3, positive sum 3 = mean
    assert compare.wilcoxon_signed_rank([0, 0, -1, -2, 3]).statistic == 3.0
    assert "zeros dropped" in compare.wilcoxon_signed_rank([0, -1]).method
    assert "Pratt" in compare.wilcoxon_signed_rank([0, -1], zero="pratt").method


def test_pseudo_median_by_hand() -> None:
    # Walsh averages of 1, 2, 6: 1, 1.5, 2, 3.5, 4, 6
    assert compare.wilcoxon_signed_rank([1, 2, 6]).estimate == 2.75
    # n = 3 at 75 %: P(T <= 0) = 1/8 <= 1/8, so the extreme averages
    found = compare.wilcoxon_signed_rank([1, 2, 6], level=0.75)
    assert (found.lower, found.upper) == (1.0, 6.0)


def test_nobody_changed() -> None:
    for test in (compare.wilcoxon_signed_rank, compare.sign_test):
        assert test([0.0, 0.0, 0.0]).p == 1.0
    found = compare.paired_t([0.0, 0.0, 0.0])
    assert math.isnan(found.p)
    assert found.note == "all values are equal"


def test_no_values_give_no_p() -> None:
    for test in (compare.wilcoxon_signed_rank, compare.sign_test, compare.paired_t):
        assert math.isnan(test([]).p)
        assert test([]).n == 0


def test_large_samples_use_the_normal_distribution_and_say_so() -> None:
    change = np.random.default_rng(1).normal(0.1, 1, 201)
    found = compare.wilcoxon_signed_rank(change)
    assert found.method == "Wilcoxon signed-rank test, normal with continuity correction"
    assert found.p == pytest.approx(compare.wilcoxon_signed_rank(change, exact=True).p, rel=0.01)


def test_sign_test_by_hand() -> None:
    # 1 rise, 4 falls: 2 (1 + 5) / 32
    found = compare.sign_test([-1, -2, -1, 0, -3, 2])
    assert (found.p, found.statistic, found.estimate) == (0.375, 1.0, -1.0)
    # n = 6: P(B <= 0) = 1/64 <= 0.025 < 7/64, so the extremes
    assert (found.lower, found.upper) == (-3.0, 2.0)


def test_rank_sum_by_listing() -> None:
    # 1, 2 against 2, 3, 4: ranks 1, 2.5 | 2.5, 4, 5; the 10 pairs of ranks sum to
    # 3.5 3.5 5 6 | 5 6.5 7.5 | 6.5 7.5 9, mean 6; observed 3.5 is 2.5 away: 3.5, 3.5, 9
    found = compare.wilcoxon_rank_sum([1, 2], [2, 3, 4])
    assert found.p == pytest.approx(3 / 10)
    assert compare.wilcoxon_rank_sum([1, 2], [2, 3, 4], alternative="less").p == pytest.approx(2 / 10)
    # pairs won: none, one tie
    assert found.statistic == 0.5
    # differences -3 -2 -2 -1 -1 0
    assert found.estimate == -1.5


def test_two_sample_t_without_spread_or_values() -> None:
    assert compare.two_sample_t([1.0, 1.0], [2.0, 2.0]).note == "no spread in either sample"
    assert math.isnan(compare.two_sample_t([1.0], [2.0, 3.0]).p)


def test_refusals_say_what_to_do() -> None:
    with pytest.raises(ShapeError, match="Pair them by subject"):
        compare.paired_t([1.0, 2.0], [1.0])
    with pytest.raises(UnknownNameError, match="Did you mean 'two-sided'"):
        compare.one_sample_t([1.0, 2.0], alternative="two.sided")  # type: ignore[arg-type]
    with pytest.raises(UnknownNameError, match="pratt"):
        compare.wilcoxon_signed_rank([1.0], zero="prat")  # type: ignore[arg-type]
    with pytest.raises(ValueRangeError, match="finite"):
        compare.sign_test([1.0, math.nan])


def test_binary_fractions_do_not_break_ties_or_make_spread() -> None:
    # 0.3 - 0.1, 0.4 - 0.2 and 0.9 - 0.7 differ in their last bits
    before, after = [0.1, 0.2, 0.7, 1.0], [0.3, 0.4, 0.9, 0.8]
    found = compare.wilcoxon_signed_rank(before, after)
    # all sizes tie, ranks 2.5 each: sums 0 2.5*4 5*6 7.5*4 10 of 16; observed 7.5 is 2.5 from 5: all but 6
    assert found.p == pytest.approx(10 / 16)
    assert compare.wilcoxon_signed_rank([0.3 - 0.1, 0.2, 0.4 - 0.2, -0.2]).p == pytest.approx(10 / 16)
    assert compare.paired_t(before[:3], after[:3]).note == "all values are equal"
    assert compare.sign_test([100.3], [100.1 + 0.2]).statistic == 0.0
    assert compare.wilcoxon_rank_sum([0.1 + 0.2], [0.3]).statistic == 0.5


def test_normal_intervals_are_close_to_exact_ones() -> None:
    rng = np.random.default_rng(6)
    first, second = rng.normal(0, 1, 40), rng.normal(0.5, 1, 45)
    for exact, normal in (
        (compare.wilcoxon_rank_sum(first, second), compare.wilcoxon_rank_sum(first, second, exact=False)),
        (compare.wilcoxon_signed_rank(first), compare.wilcoxon_signed_rank(first, exact=False)),
    ):
        # the cut differs by an order statistic or two, here 1 % of the interval's width
        width = exact.upper - exact.lower
        assert normal.lower == pytest.approx(exact.lower, abs=0.02 * width)
        assert normal.upper == pytest.approx(exact.upper, abs=0.02 * width)


def test_two_values_are_enough_for_a_t_test_and_one_is_not() -> None:
    """1 and 3: mean 2, SE 1, t = 2 with 1 df, P = 2 atan(1/2) / pi; the limit is tan(0.475 pi) = 12.7062."""
    found = compare.one_sample_t([1.0, 3.0])
    assert (found.estimate, found.statistic, found.df, found.n) == (2.0, 2.0, 1.0, 2)
    assert found.p == pytest.approx(2 * math.atan(0.5) / math.pi)
    assert found.upper == pytest.approx(2 + 12.7062, abs=1e-4)
    alone = compare.one_sample_t([3.0], reference=1.0)
    assert alone.estimate == 2.0
    assert math.isnan(alone.p)
    assert alone.note == "fewer than two values"
