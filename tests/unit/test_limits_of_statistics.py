"""Tests and estimates on their limits: one at, one below and one above, by hand or from tables."""

import math
from itertools import combinations_with_replacement

import numpy as np
import pytest
from scipy import stats

from funis.errors import ShapeError, ValueRangeError
from funis.stats.cluster import FEW_GROUPS, fit_random_intercept, leave_one_out
from funis.stats.competing import cumulative_incidence
from funis.stats.deletion import leave_out_mean
from funis.stats.entry_selection import estimate_regression_to_mean
from funis.stats.impute import Imputations
from funis.stats.normality import plot_quantiles
from funis.stats.pooling import carry_forward, estimate_tipping_point, pool_analysis, pool_rubin
from funis.stats.proportion import difference_of_paired_proportions
from funis.stats.resample import bootstrap
from funis.stats.survival import historical_hazard, log_rank, one_sample_log_rank, restricted_mean
from funis.stats.tests import adjust, contingency, ranks
from funis.stats.tests.compare import sign_test, wilcoxon_rank_sum, wilcoxon_signed_rank


def test_the_interval_of_an_incidence_is_that_of_its_double_logarithm() -> None:
    """Of four one has the event first: F = 1/4 with the binomial variance 3/64.

    1.959964 * sqrt(3/64) / (1/4 * ln 4) = 1.224400, and exp of it is 3.402124.
    """
    found = cumulative_incidence([1, 2, 3, 4], [1, 2, 1, 0])
    assert found.standard_error[0] == pytest.approx(math.sqrt(3) / 8)
    assert found.lower[0] == pytest.approx(0.25**3.402124, rel=1e-5)
    assert found.upper[0] == pytest.approx(0.25 ** (1 / 3.402124), rel=1e-5)


def test_the_share_of_variance_between_groups() -> None:
    """Groups 1 2 3 | 5 6 7 | 3 4 5: 11/3 between and 1 within, so 11/14 of all."""
    found = fit_random_intercept([1, 2, 3, 5, 6, 7, 3, 4, 5], list("aaabbbccc"))
    assert found.icc == pytest.approx(11 / 14, rel=1e-9)


@pytest.mark.parametrize(
    ("groups", "is_few"), [(FEW_GROUPS - 1, True), (FEW_GROUPS, False), (FEW_GROUPS + 1, False)]
)
def test_a_caution_stands_beside_few_groups(groups: int, *, is_few: bool) -> None:
    values = [float(group * group % 5 + part) for group in range(groups) for part in range(3)]
    labels = [f"g{group}" for group in range(groups) for _ in range(3)]
    assert bool(fit_random_intercept(values, labels).caution) is is_few


def test_a_difference_of_paired_shares_exists_from_one_subject_on() -> None:
    one = difference_of_paired_proportions(1, 0, 1)
    assert (one.estimate, one.k, one.n) == (1.0, 1, 1)
    assert -1.0 <= one.lower < one.upper <= 1.0 + 1e-12
    assert math.isnan(difference_of_paired_proportions(0, 0, 0).estimate)


def test_a_spread_as_large_as_the_excess_fits_no_truncated_normal() -> None:
    at = estimate_regression_to_mean(9.0, 2.5, 6.5, correlation=0.6)
    assert at.note.startswith("not estimable: the standard deviation 2.5 is not below the mean excess 2.5")
    assert estimate_regression_to_mean(9.0, 2.0, 6.5, correlation=0.6).status == "scored"


def test_the_bias_is_how_far_the_resamples_lie_from_the_estimate() -> None:
    found = bootstrap([1.0, 2.0, 9.0], lambda x: x.var(axis=1), method="percentile", seed=5)
    assert found.bias == pytest.approx(float(found.replicates.mean()) - found.estimate)
    # The variance of a resample is on average 2/3 of that of the sample, 38/3.
    assert found.bias == pytest.approx(-38 / 9, abs=0.3)


def test_one_of_three_weights_is_each_of_them_alike() -> None:
    support, chance = ranks.subset_sum_distribution(np.array([1, 2, 3]), 1)
    assert support.tolist() == [0, 1, 2, 3]
    assert chance.tolist() == pytest.approx([0, 1 / 3, 1 / 3, 1 / 3])
    support, chance = ranks.subset_sum_distribution(np.array([1, 2, 4]), 2)
    assert chance[[3, 5, 6]].tolist() == pytest.approx([1 / 3] * 3)


@pytest.mark.parametrize("horizon", [0.0, -1.0, 10.5])
def test_a_restricted_mean_has_a_horizon_within_what_was_observed(horizon: float) -> None:
    with pytest.raises(ValueRangeError, match="above 0 and at most 10"):
        restricted_mean([3, 5, 5, 8, 10], [1, 1, 0, 1, 0], horizon)
    # Once nobody is left the curve stays at 0: 3 + 4/2 = 4 of the mean of 3 and 5.
    assert restricted_mean([3, 5], [1, 1], 99.0).estimate == pytest.approx(4.0)
    assert restricted_mean([3, 5, 5, 8, 10], [1, 1, 0, 1, 0], 10).estimate == pytest.approx(7.0)


@pytest.mark.parametrize(("most", "word"), [(5, "chi-square"), (6, "exact"), (7, "exact")])
def test_cochrans_q_is_exact_up_to_a_number_of_states(
    monkeypatch: pytest.MonkeyPatch, most: int, word: str
) -> None:
    """Two subjects who changed over three visits: C(2 + 2, 2) = 6 states."""
    monkeypatch.setattr(contingency, "MOST_STATES", most)
    found = contingency.cochran_q([[1, 0, 0], [1, 1, 0], [1, 1, 1]])
    assert found.method == f"Cochran's Q, {word}"


@pytest.mark.parametrize(("p", "rejected"), [(0.05, True), (0.0500001, False), (0.0499999, True)])
def test_a_p_on_the_level_rejects(p: float, *, rejected: bool) -> None:
    assert adjust.gatekeeping([p, 1.0], [1.0, 0.0], [[0, 1], [0, 0]], alpha=0.05).rejected.tolist() == [
        rejected,
        False,
    ]


def test_a_plot_of_quantiles_by_hand() -> None:
    """1, 2 and 6 lie 2, 1 and -3 below their mean: G1 = sqrt(6) * (18 / 3) / (14 / 3)^1.5."""
    found = plot_quantiles([1.0, 2.0, 6.0])
    assert found.skewness == pytest.approx(math.sqrt(6) * 6 / (14 / 3) ** 1.5)
    # Blom's positions of 3 are 5/26, 1/2 and 21/26: -0.8694, 0, 0.8694. The correlation is 5 / sqrt(2 * 14).
    assert found.expected.tolist() == pytest.approx([-0.869424, 0.0, 0.869424], abs=1e-5)
    assert found.qq_correlation == pytest.approx(5 / math.sqrt(28))
    assert math.isnan(plot_quantiles([1.0, 2.0]).skewness)
    assert math.isnan(plot_quantiles([2.0, 2.0, 2.0]).skewness)


@pytest.mark.parametrize(("n", "cut"), [(6, 1), (10, 8), (20, 52), (30, 137)])
def test_the_normal_interval_of_a_pseudo_median_cuts_the_means_of_pairs(n: int, cut: int) -> None:
    """n (n + 1) / 4 less 1.959964 sqrt(n (n + 1) (2 n + 1) / 24): 1.15, 8.27, 52.5 and 137.2."""
    values = [float(1.3**place) for place in range(n)]
    pairs = sorted((a + b) / 2 for a, b in combinations_with_replacement(values, 2))
    found = wilcoxon_signed_rank(values, exact=False)
    assert found.lower == pytest.approx(pairs[cut - 1], rel=1e-9)
    assert found.upper == pytest.approx(pairs[-cut], rel=1e-9)


def test_the_exact_interval_of_a_shift_cuts_the_differences() -> None:
    """Of 4 and 5 the chances of W <= 1 and 2 are 2/126 and 4/126: two differences are cut from each end."""
    first, second = [1.0, 4.5, 9.2, 16.1], [2.3, 3.7, 8.8, 15.6, 30.4]
    differences = sorted(a - b for a in first for b in second)
    found = wilcoxon_rank_sum(first, second, exact=True)
    assert found.lower == pytest.approx(differences[1])
    assert found.upper == pytest.approx(differences[-2])


@pytest.mark.parametrize(
    ("after", "note"), [([4, 3], ""), ([4, 4], "every grade is unchanged"), ([3, 3], "")]
)
def test_grades_that_never_change_are_told(after: list[int], note: str) -> None:
    assert contingency.paired_ordinal([4, 4], after).note == note


@pytest.mark.parametrize(
    "deltas", [[0.0, 0.5, -1.0], [0.0, -0.5, 1.0], [0.1, 0.5], [0.0, 0.5, 0.5], [0.0, 1.0, 0.5]]
)
def test_shifts_go_away_from_0_on_one_side(deltas: list[float]) -> None:
    values = np.linspace(-3.0, -1.0, 20)[:, None]
    full = Imputations(np.stack([values, values + 0.01]), np.arange(20)[:, None] >= 10, "", 0.0)
    with pytest.raises(ValueRangeError, match="0 first, then away from it on one side"):
        estimate_tipping_point(full, lambda y: (float(y.mean()), 0.01, 19.0), deltas)


def test_a_label_left_alone_has_no_test() -> None:
    two = leave_out_mean([1.0, 3.0], ["a", "b"])
    assert two.estimate.tolist() == [3.0, 1.0]
    assert np.isnan(two.p).all()
    # Without c: 2 and 4, mean 3 and standard error 1, t = 3 with 1 degree of freedom.
    three = leave_out_mean([2.0, 4.0, 9.0], ["a", "b", "c"])
    assert three.p[2] == pytest.approx(1 - 2 * math.atan(3.0) / math.pi)


def test_of_five_values_no_normal_interval_exists() -> None:
    """7.5 less 7.27 is below the first."""
    assert math.isnan(wilcoxon_signed_rank([1.0, 2.0, 4.0, 8.0, 16.0], exact=False).lower)


def test_the_normal_interval_of_a_shift_cuts_the_differences() -> None:
    """Of 6 and 8: 24 less 1.959964 sqrt(6 * 8 * 15 / 12) = 8.82: eight differences are cut from each end."""
    first, second = [1.3**place for place in range(6)], [0.1 + 1.7**place for place in range(8)]
    differences = sorted(a - b for a in first for b in second)
    found = wilcoxon_rank_sum(first, second, exact=False)
    assert found.lower == pytest.approx(differences[7], rel=1e-9)
    assert found.upper == pytest.approx(differences[-8], rel=1e-9)


def test_two_groups_have_a_variance_between_them() -> None:
    """1 2 3 | 5 6 7: means 2 and 6, MSB 24, MSW 1: between (24 - 1) / 3."""
    found = fit_random_intercept([1, 2, 3, 5, 6, 7], list("aaabbb"))
    assert found.status == "scored"
    assert found.between_sd == pytest.approx(math.sqrt(23 / 3), rel=1e-9)
    assert fit_random_intercept([1, 2, 3], list("aaa")).status != "scored"


def test_a_historical_curve_is_read_up_to_its_end() -> None:
    found = historical_hazard([0, 3, 6, 9, 12], [6, 12, 18], [0.5, 0.25, 0.2])
    assert found.tolist() == pytest.approx(
        [0.0, math.log(2) / 2, math.log(2), 1.5 * math.log(2), 2 * math.log(2)]
    )
    assert historical_hazard([18], [6, 12, 18], [0.5, 0.25, 0.2]).tolist() == pytest.approx([math.log(5)])
    with pytest.raises(ValueRangeError, match="up to 18, the curve's end"):
        historical_hazard([18.5], [6, 12, 18], [0.5, 0.25, 0.2])
    for points, survival in (
        ([6, 12, 18], [0.5, 0.25, 0.0]),
        ([6, 12], [0.25, 0.5]),
        ([6, 6], [0.5, 0.25]),
        ([0, 6], [0.5, 0.25]),
        ([6], [1.1]),
    ):
        with pytest.raises(ShapeError, match="historical curve"):
            historical_hazard([1], points, survival)


@pytest.mark.parametrize(
    ("group", "strata"), [(["a", "b"], ["s"] * 3), (["a", "b", "b"], ["s"] * 2), (["a"] * 3, None)]
)
def test_groups_and_strata_are_of_the_length_of_the_times(group: list[str], strata: list[str] | None) -> None:
    with pytest.raises(ShapeError):
        log_rank([1, 2, 3], [1, 1, 0], group, strata=strata)


def test_the_restricted_mean_has_the_error_of_its_areas() -> None:
    """Right of 3, 5 and 8 lie 4.0, 2.4 and 0.6: 16/20 + 5.76/12 + 0.36/2 = 1.46."""
    found = restricted_mean([3, 5, 5, 8, 10], [1, 1, 0, 1, 0], 10)
    assert found.standard_error == pytest.approx(math.sqrt(1.46))
    assert found.lower == pytest.approx(7 - 1.959964 * math.sqrt(1.46), rel=1e-6)
    assert found.upper == pytest.approx(7 + 1.959964 * math.sqrt(1.46), rel=1e-6)


def test_pooled_by_rubin_by_hand() -> None:
    """Estimates 2 and 4 of variance 1: within 1, between 2, added 3, in all 4; df 1 / 0.75^2."""
    found = pool_rubin([2.0, 4.0], [1.0, 1.0])
    half = float(stats.t.ppf(0.975, 16 / 9)) * 2.0
    assert (found.estimate, found.standard_error, found.within, found.between) == pytest.approx((3, 2, 1, 2))
    assert found.df == pytest.approx(16 / 9)
    assert (found.lower, found.upper) == pytest.approx((3 - half, 3 + half))
    assert found.p == pytest.approx(2 * float(stats.t.sf(1.5, 16 / 9)))


def test_the_degrees_of_freedom_of_complete_data_are_those_of_the_first_data_set() -> None:
    full = Imputations(np.array([[[1.0], [3.0]], [[1.0], [5.0]]]), np.array([[False], [True]]), "", 0.0)

    def pooled(df: float) -> float:
        return pool_analysis(full, lambda y: (float(y.mean()), 1.0, df)).df

    direct = pool_rubin([2.0, 3.0], [1.0, 1.0], complete_df=3.0)
    assert pooled(3.0) == pytest.approx(direct.df)
    assert pooled(3.0) < pooled(300.0)


def test_what_is_left_out_has_a_range_and_a_name() -> None:
    found = leave_out_mean([1.0, 2.0, 9.0, 4.0], ["a", "b", "c", "d"])
    assert (found.lowest, found.highest) == pytest.approx((7 / 3, 5.0))
    assert found.most == ("c",)
    alone = leave_out_mean([1.0, 2.0], ["a", "a"])
    assert math.isnan(alone.lowest)
    assert math.isnan(alone.highest)
    assert np.isnan(alone.estimate).all()


def test_a_value_is_carried_to_the_next_visits_and_nothing_before_the_first() -> None:
    nan = math.nan
    found = carry_forward([[nan, 8.0, nan, 5.0, nan], [nan] * 5, [1.0, nan, nan, nan, 2.0]])
    expected = [[nan, 8, 8, 5, 5], [nan] * 5, [1, 1, 1, 1, 2]]
    np.testing.assert_array_equal(found, expected)
    with pytest.raises(ValueRangeError, match=r"2 dimension\(s\)"):
        carry_forward([1.0, nan])


def test_exact_chances_of_events_against_a_historical_curve() -> None:
    """Three events where 1 was expected: P(3 or more) = 1 - 2.5 / e; none where 1 was: P(0) = 1 / e."""
    more = one_sample_log_rank([1.0] * 3, [1, 1, 1], [1 / 3] * 3)
    assert more.observed == 3
    assert more.expected == pytest.approx(1.0)
    assert more.p_exact == pytest.approx(2 * (1 - 2.5 / math.e))
    none = one_sample_log_rank([1.0] * 3, [0, 0, 0], [1 / 3] * 3)
    assert none.p_exact == pytest.approx(2 / math.e)
    assert (none.ratio, none.lower) == (0.0, 0.0)
    # The upper limit of no event is -ln 0.025 over what was expected.
    assert none.upper == pytest.approx(-math.log(0.025))


def test_the_interval_of_a_median_change_by_signs() -> None:
    """Of nine P(0 or 1) = 10/512 and of eight 9/256: two are cut from each end, and one."""
    values = [3.0, -1.0, 7.0, 2.0, 9.0, 4.0, 6.0, 5.0, 8.0]
    nine, eight = sign_test(values), sign_test(values[:-1])
    assert (nine.lower, nine.upper) == (2.0, 8.0)
    assert (eight.lower, eight.upper) == (-1.0, 9.0)
    assert nine.method == "sign test, exact"
    assert sign_test([1.0, -1.0, 0.0]).method == "sign test, exact, zeros dropped"
    assert sign_test([1.0, -1.0, 2.0]).method == "sign test, exact"


def test_groups_left_out_stand_by_name_and_single_subjects_as_they_come() -> None:
    assert leave_one_out([1.0, 2.0, 9.0], ["s2", "s3", "s1"]).label == ("s2", "s3", "s1")
    assert leave_one_out([1.0, 2.0, 9.0], ["s2", "s1", "s2"]).label == ("s1", "s2")
    moved = leave_one_out([1.0, 2.0, 9.0], ["s2", "s3", "s1"])
    assert moved.difference.tolist() == pytest.approx([1.5, 1.0, -2.5])
    assert moved.most == "s1"


def test_incidence_without_an_interval_where_it_is_none_or_all() -> None:
    found = cumulative_incidence([1, 2, 3], [2, 1, 1])
    assert found.incidence.tolist() == pytest.approx([0.0, 1 / 3, 2 / 3])
    assert np.isnan(found.lower).tolist() == [True, False, False]
    whole = cumulative_incidence([1, 2], [1, 1])
    assert np.isnan(whole.upper).tolist() == [False, True]


@pytest.mark.parametrize(("n", "word"), [(199, "exact"), (200, "exact"), (201, "normal")])
def test_signed_ranks_are_exact_up_to_two_hundred(n: int, word: str) -> None:
    assert word in wilcoxon_signed_rank([float(place + 1) for place in range(n)]).method
