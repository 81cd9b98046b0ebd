"""Studies combined: rules, edges and worked numbers; agreement with metafor stands in tests/reference/meta_metafor."""

import math
from typing import Any

import numpy as np
import pytest
from scipy import optimize

from funis.errors import ShapeError, UnknownNameError, ValueRangeError
from funis.stats import meta
from funis.stats.meta.heterogeneity import estimate_tau2

# --- effects of single studies -------------------------------------------------------------------------


def test_zero_cells_follow_the_rule_that_is_named() -> None:
    # 0/10 against 2/10, one half to each cell: (0.5/11) / (2.5/11) is 1/5; variance 1/0.5 - 1/11 + 1/2.5 - 1/11.
    half = meta.log_risk_ratio([0], [10], [2], [10])
    assert half.estimates[0] == pytest.approx(math.log(0.2))
    assert half.variances[0] == pytest.approx(2 + 0.4 - 2 / 11)
    # 1/10 against 2/10 has no zero cell: only "to all" changes it, to 1.5/11 and 2.5/11.
    assert meta.log_risk_ratio([1], [10], [2], [10]).estimates[0] == pytest.approx(math.log(0.5))
    everywhere = meta.log_risk_ratio([1], [10], [2], [10], zero_cells="half_to_all")
    assert everywhere.estimates[0] == pytest.approx(math.log(0.6))
    none = meta.log_risk_ratio([0, 1], [10, 10], [2, 2], [10, 10], zero_cells="none")
    assert none.is_known.tolist() == [False, True]


@pytest.mark.parametrize("rule", ["half_if_zero", "half_to_all", "none"])
@pytest.mark.parametrize("events", [0, 10])
def test_nobody_or_everybody_in_both_arms_says_nothing_about_a_ratio(rule: str, events: int) -> None:
    for ratio in (meta.log_risk_ratio, meta.log_odds_ratio):
        found = ratio([events], [10], [events], [10], zero_cells=rule)
        assert math.isnan(found.estimates[0])
        assert math.isnan(found.variances[0])


def test_a_difference_of_risks_is_that_of_the_counts_whatever_is_added() -> None:
    found = meta.risk_difference([0], [10], [0], [10])
    assert found.estimates[0] == 0
    # One half in each cell: 0.5 of 11 in both arms.
    assert found.variances[0] == pytest.approx(2 * 0.5 * 10.5 / 11**3)
    assert math.isnan(meta.risk_difference([0], [10], [0], [10], zero_cells="none").estimates[0])
    # 0/10 against 5/10 keeps the variance of the second arm, 0.25/10, where nothing is added.
    bare = meta.risk_difference([0], [10], [5], [10], zero_cells="none")
    assert (bare.estimates[0], bare.variances[0]) == (-0.5, pytest.approx(0.025))


def test_hedges_factor_is_exact() -> None:
    # Two subjects an arm: m = 2, J = gamma(1) / (1 gamma(1/2)) = 1/√π, far from the approximation 1 - 3/7.
    found = meta.standardised_mean_difference([1], [1], [2], [0], [1], [2])
    assert found.estimates[0] == pytest.approx(1 / math.sqrt(math.pi))


def test_the_correlation_of_a_change_has_no_default_and_leaves_it_a_spread() -> None:
    before_after: Any = ([10.0], [4.0], [6.0], [4.0], [25])
    change: Any = meta.change_within_arm
    with pytest.raises(TypeError, match="correlation"):
        change(*before_after)
    # 16 + 16 - 2 x 0.5 x 16 = 16, over 25 subjects.
    assert change(*before_after, 0.5).variances[0] == pytest.approx(16 / 25)
    with pytest.raises(ValueRangeError, match="leaves the change a spread"):
        change(*before_after, 1.0)


@pytest.mark.parametrize("n", [1, 2, 10, 37])
def test_the_double_arcsine_is_undone_exactly(n: int) -> None:
    for events in range(n + 1):
        value = meta.double_arcsine([events], [n]).estimates
        assert meta.undo_double_arcsine(value, n)[0] == pytest.approx(events / n, abs=1e-12)


def test_double_arcsine_values_beyond_the_ends_are_none_and_all() -> None:
    assert meta.undo_double_arcsine([-0.1, 0.0, math.pi / 2, 2.0], 12).tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: meta.log_odds([3], [2]), "3/2"),
        (lambda: meta.log_odds([0.5], [2]), "whole numbers"),
        (lambda: meta.mean_of_arm([1.0], [0.0], [5]), "standard deviation"),
        (lambda: meta.mean_of_arm([1.0], [1.0], [1]), "2 or more"),
        (lambda: meta.mean_of_arm([1.0, 2.0], [1.0], [5]), "lengths must agree"),
        (lambda: meta.log_odds([1], [2], zero_cells="some"), "zero cells"),
    ],
)
def test_what_cannot_be_is_refused_by_name(call: Any, words: str) -> None:
    with pytest.raises((ShapeError, ValueRangeError, UnknownNameError), match=words):
        call()


# --- combined ------------------------------------------------------------------------------------------


def test_one_study_has_a_fixed_effect_and_no_variance_between_studies() -> None:
    found = meta.combine_fixed([2.0], [0.25])
    assert (found.estimate, found.standard_error, found.heterogeneity) == (2.0, 0.5, None)
    with pytest.raises(ShapeError, match="One study says nothing about how studies differ"):
        meta.combine_random([2.0], [0.25])
    with pytest.raises(ShapeError, match="three are needed"):
        meta.omit_each_study([1.0, 2.0], [1.0, 1.0])


def test_hartung_and_knapp_can_be_too_narrow_and_the_correction_is_named() -> None:
    # Effects 0 and 0.1 of variance 1: residual sum 2 x 0.05², so the factor is 0.005 and the error √(0.005/2).
    narrow = meta.combine_random([0.0, 0.1], [1.0, 1.0])
    assert narrow.variance_factor == pytest.approx(0.005)
    assert narrow.standard_error == pytest.approx(0.05)
    kept = meta.combine_random([0.0, 0.1], [1.0, 1.0], interval="hartung_knapp_ad_hoc")
    assert kept.variance_factor == 1
    # t with one degree of freedom: 12.7062.
    assert kept.upper - kept.estimate == pytest.approx(12.7062 * math.sqrt(0.5), abs=1e-4)


def test_the_correction_changes_nothing_where_studies_differ_enough() -> None:
    values: Any = ([-0.6, 0.1, 0.8], [0.04, 0.04, 0.04])
    plain, kept = (
        meta.combine_random(*values, estimator="dersimonian_laird", interval=name)
        for name in ("hartung_knapp", "hartung_knapp_ad_hoc")
    )
    # Variance of the three 0.49, of sampling 0.04: tau2 0.45, the factor is exactly one.
    assert plain.variance_factor == pytest.approx(1.0)
    assert plain.upper == pytest.approx(kept.upper)


def test_the_prediction_interval_has_the_degrees_of_freedom_that_are_named() -> None:
    values: Any = ([-0.6, 0.1, 0.8], [0.04, 0.04, 0.04])
    spread = math.sqrt(0.45 + 0.49 / 3)
    for name, quantile in (("k_minus_2", 12.7062), ("k_minus_1", 4.30265), ("normal", 1.95996)):
        found = meta.combine_random(*values, estimator="dersimonian_laird", prediction=name)
        assert found.prediction_upper - found.estimate == pytest.approx(quantile * spread, rel=1e-5)
    assert math.isnan(meta.combine_random([0.0, 1.0], [1.0, 1.0]).prediction_lower)


def test_studies_that_agree_too_well_have_an_interval_of_none() -> None:
    found = meta.combine_random([1.0, 1.0, 1.0], [1.0, 2.0, 3.0]).heterogeneity
    assert found is not None
    assert (found.tau2, found.tau2_lower, found.tau2_upper, found.i2) == (0, 0, 0, 0)


def test_effects_that_are_equal_have_no_test_by_their_residuals() -> None:
    found = meta.combine_random([1.0, 1.0, 1.0], [1.0, 2.0, 3.0])
    assert found.standard_error == 0
    assert math.isnan(found.p)


@pytest.mark.parametrize("estimator", ["reml", "ml"])
def test_the_highest_of_several_peaks_is_found(estimator: str) -> None:
    """One precise outlier beside vague studies: the likelihood is looked at on a grid of its own."""
    rng = np.random.default_rng(3)
    grid = np.concatenate([[0.0], np.geomspace(1e-6, 1e3, 4000)])
    for _ in range(40):
        k = int(rng.integers(2, 7))
        y, v = rng.normal(0, 3, k), 10 ** rng.uniform(-3, 1.5, k)
        tried = np.append(grid, estimate_tau2(y, v, estimator))
        total = v + tried[:, None]
        mean = (y / total).sum(axis=1) / (1 / total).sum(axis=1)
        height = -0.5 * (np.log(total) + (y - mean[:, None]) ** 2 / total).sum(axis=1)
        if estimator == "reml":
            height -= 0.5 * np.log((1 / total).sum(axis=1))
        assert height[-1] >= height[:-1].max() - 1e-9


# --- counts --------------------------------------------------------------------------------------------


def likelihood_by_integration(x: list[int], n: list[int], mean: float, tau: float) -> float:
    """The likelihood of the binomial-normal model, each study summed over a fine grid of its log-odds."""
    z = np.linspace(-9, 9, 2001)
    p = 1 / (1 + np.exp(-(mean + tau * z)))
    chance = [
        math.comb(size, count) * p**count * (1 - p) ** (size - count)
        for count, size in zip(x, n, strict=True)
    ]
    density = np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)
    return float(sum(math.log(float(np.trapezoid(each * density, z))) for each in chance))


@pytest.mark.parametrize(
    ("x", "n"),
    [([16, 10, 4, 43, 10, 25, 13], [17, 12, 8, 58, 10, 42, 14]), ([0, 1, 0, 7, 2], [12, 30, 9, 40, 200])],
)
def test_the_combined_proportion_has_the_highest_likelihood_by_a_plain_sum(
    x: list[int], n: list[int]
) -> None:
    """Data of Pritz 1997 (seven of fourteen studies) and sparse counts; searched by another method."""
    found = meta.combine_proportions(x, n)
    best = likelihood_by_integration(x, n, found.estimate, math.sqrt(found.tau2))
    assert found.log_likelihood == pytest.approx(best, abs=1e-6)
    minimise: Any = optimize.minimize
    other = minimise(
        lambda place: -likelihood_by_integration(x, n, float(place[0]), math.exp(float(place[1]))),
        np.array([found.estimate + 0.3, math.log(math.sqrt(found.tau2)) + 0.4]),
        method="Powell",
        options={"xtol": 1e-6, "ftol": 1e-10},
    )
    assert -float(other.fun) <= best + 1e-6
    assert float(other.x[0]) == pytest.approx(found.estimate, abs=2e-3)
    assert math.exp(2 * float(other.x[1])) == pytest.approx(found.tau2, rel=1e-2)


def test_equal_proportions_give_that_of_all_subjects() -> None:
    # 1 of 4 in every study: log-odds log(1/3), standard error 1/√(40 x 0.25 x 0.75).
    found = meta.combine_proportions([1, 4, 5], [4, 16, 20], interval="normal")
    assert found.estimate == pytest.approx(math.log(1 / 3))
    assert found.tau2 == 0
    assert found.standard_error == pytest.approx(1 / math.sqrt(7.5))
    assert found.likelihood_ratio_p == 1


@pytest.mark.parametrize("x", [[0, 0], [10, 12]])
def test_no_event_at_all_or_only_events_have_no_finite_log_odds(x: list[int]) -> None:
    with pytest.raises(ValueRangeError, match="neither none nor all"):
        meta.combine_proportions(x, [10, 12])


def test_studies_of_none_or_all_have_no_finite_spread() -> None:
    with pytest.raises(ValueRangeError, match="finite spread between studies"):
        meta.combine_proportions([0, 20, 0, 30], [20, 20, 15, 30])


def test_mantel_and_haenszel_weigh_by_hand() -> None:
    # Risk ratio: Σ a n2/N over Σ c n1/N: (4x40 + 6x30)/... with equal arms (4+6)/(8+12) = 1/2.
    found = meta.combine_mantel_haenszel([4, 6], [40, 30], [8, 12], [40, 30])
    assert math.exp(found.estimate) == pytest.approx(0.5)
    assert found.weights.tolist() == pytest.approx([0.4, 0.6])
    assert found.heterogeneity is None
    with pytest.raises(ValueRangeError, match="finite estimate"):
        meta.combine_mantel_haenszel([0, 0], [10, 15], [0, 0], [10, 10], measure="odds_ratio")
