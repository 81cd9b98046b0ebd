"""Laws that statistics obey whatever the data; no expected value is needed."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from funis.stats import proportion, survival
from funis.stats.cluster import fit_random_intercept, leave_one_out
from funis.stats.competing import cumulative_incidence
from funis.stats.describe import summarise
from funis.stats.entry_selection import estimate_regression_to_mean
from funis.stats.pooling import pool_rubin
from funis.stats.tests import adjust, compare, contingency, permutation

WHOLE = st.lists(st.integers(-12, 12).map(float), min_size=3, max_size=14)
TESTS = [
    compare.paired_t,
    compare.wilcoxon_signed_rank,
    lambda change, **more: compare.wilcoxon_signed_rank(change, zero="pratt", **more),
    compare.sign_test,
    permutation.signed_permutation,
]
P_VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=9)
INTERVALS = [
    proportion.clopper_pearson,
    proportion.wilson,
    proportion.mid_p,
    proportion.jeffreys,
    proportion.agresti_coull,
]


def _same(first: float, second: float) -> bool:
    return first == pytest.approx(second, rel=1e-9, abs=1e-12, nan_ok=True)


@pytest.mark.parametrize("test", TESTS)
@given(change=WHOLE, shuffle=st.randoms(use_true_random=False))
@settings(max_examples=60)
def test_order_of_subjects_changes_nothing(test: type, change: list[float], shuffle: object) -> None:
    moved = change.copy()
    shuffle.shuffle(moved)  # type: ignore[attr-defined]
    first, second = test(change), test(moved)
    assert _same(first.p, second.p)
    assert _same(first.estimate, second.estimate)


@pytest.mark.parametrize("test", TESTS)
@given(change=WHOLE)
@settings(max_examples=60)
def test_swapping_before_and_after_flips_the_sign(test: type, change: list[float]) -> None:
    first, second = test(change), test([-c for c in change])
    assert _same(first.p, second.p)
    assert _same(first.estimate, -second.estimate)
    assert _same(first.lower, -second.upper)
    assert _same(test(change, alternative="less").p, test([-c for c in change], alternative="greater").p)


@pytest.mark.parametrize("test", TESTS)
@given(change=WHOLE)
@settings(max_examples=40)
def test_units_do_not_matter(test: type, change: list[float]) -> None:
    first, second = test(change), test([c / 8 for c in change])
    assert _same(first.p, second.p)
    assert _same(first.estimate, 8 * second.estimate)


@pytest.mark.parametrize("test", TESTS[1:])
@given(change=WHOLE)
@settings(max_examples=60)
def test_exact_p_is_a_count_of_sign_patterns(test: type, change: list[float]) -> None:
    moved = sum(c != 0 for c in change)
    patterns = test(change).p * 2**moved
    assert patterns == pytest.approx(round(patterns), abs=1e-6)
    assert patterns >= (2 if moved else 1) - 1e-6


UNTIED = st.lists(st.integers(-30, 30).map(float), min_size=6, max_size=20, unique_by=abs)


@given(change=UNTIED, at=st.integers(-9, 9))
@settings(max_examples=80)
def test_interval_holds_what_the_test_does_not_reject(change: list[float], at: int) -> None:
    # shifted by half steps so that no change lies on the tested value
    shift = at + 0.25
    found = compare.wilcoxon_signed_rank(change)
    moved = [c - shift for c in change]
    assume(len({abs(m) for m in moved}) == len(moved))
    rejected = compare.wilcoxon_signed_rank(moved).p <= 0.05
    assert rejected == (not found.lower < shift < found.upper)


@given(first=WHOLE, second=WHOLE)
@settings(max_examples=50)
def test_swapping_two_samples_flips_the_sign(first: list[float], second: list[float]) -> None:
    for test in (compare.two_sample_t, compare.wilcoxon_rank_sum, permutation.two_sample_permutation):
        one, other = test(first, second), test(second, first)
        assert _same(one.p, other.p)
        assert _same(one.estimate, -other.estimate)
        assert _same(one.lower, -other.upper)


@given(values=st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30))
def test_summary_is_ordered(values: list[float]) -> None:
    found = summarise(values)
    assert found.minimum <= found.q1 <= found.median <= found.q3 <= found.maximum
    assert found.minimum - 1e-6 <= found.mean <= found.maximum + 1e-6


@pytest.mark.parametrize("interval", INTERVALS)
@given(n=st.integers(1, 200), share=st.floats(0, 1), level=st.sampled_from([0.8, 0.9, 0.95, 0.99]))
@settings(max_examples=60)
def test_intervals_hold_the_estimate_and_mirror(interval: type, n: int, share: float, level: float) -> None:
    k = round(share * n)
    found, mirror = interval(k, n, level), interval(n - k, n, level)
    assert 0 <= found.lower <= found.estimate + 1e-12
    assert found.estimate - 1e-12 <= found.upper <= 1
    assert found.lower == pytest.approx(1 - mirror.upper, abs=1e-9)
    wider = interval(k, n, 0.995)
    assert wider.lower <= found.lower + 1e-12
    assert wider.upper >= found.upper - 1e-12


@given(n=st.integers(1, 60), k=st.integers(0, 60), rate=st.floats(0.01, 0.99))
def test_clopper_pearson_inverts_the_two_one_sided_tests(n: int, k: int, rate: float) -> None:
    assume(k <= n)
    found = proportion.clopper_pearson(k, n)
    low = contingency.binomial_test(k, n, rate, alternative="greater").p
    high = contingency.binomial_test(k, n, rate, alternative="less").p
    assume(min(abs(low - 0.025), abs(high - 0.025)) > 1e-9)
    assert (low <= 0.025 or high <= 0.025) == (not found.lower <= rate <= found.upper)


@given(p=P_VALUES)
def test_procedures_are_ordered_by_their_power(p: list[float]) -> None:
    bonferroni, holm = adjust.bonferroni(p), adjust.holm(p)
    hochberg, hommel = adjust.hochberg(p), adjust.hommel(p)
    slack = 1e-12
    assert np.all(bonferroni >= holm - slack)
    assert np.all(holm >= hochberg - slack)
    assert np.all(hochberg >= hommel - slack)
    assert np.all(hommel >= adjust.benjamini_hochberg(p) - slack)
    assert np.all(hommel >= np.array(p) - slack)
    order = np.argsort(p, kind="stable")
    assert np.all(np.diff(holm[order]) >= -slack)


@given(p=P_VALUES)
def test_the_uniform_graph_is_holm(p: list[float]) -> None:
    m = len(p)
    graph = (1 - np.eye(m)) / max(m - 1, 1)
    assert adjust.gatekeeping(p, [1 / m] * m, graph).adjusted == pytest.approx(adjust.holm(p), abs=1e-9)


TIMES = st.lists(st.integers(1, 20).map(float), min_size=1, max_size=25)


@given(time=TIMES)
def test_without_censoring_the_curve_is_empirical(time: list[float]) -> None:
    curve = survival.kaplan_meier(time, [1] * len(time))
    empirical = [np.mean(np.array(time) > t) for t in curve.time]
    assert curve.survival.tolist() == pytest.approx(empirical, abs=1e-12)
    n = len(time)
    # Greenwood without censoring is the binomial variance
    inside = curve.survival > 0
    expected = np.sqrt(curve.survival * (1 - curve.survival) / n)
    assert curve.standard_error[inside] == pytest.approx(expected[inside], abs=1e-12)
    assert survival.restricted_mean(time, [1] * n, max(time)).estimate == pytest.approx(np.mean(time))


@given(time=TIMES, data=st.data())
def test_competing_risks_add_up(time: list[float], data: st.DataObject) -> None:
    cause = data.draw(st.lists(st.integers(0, 2), min_size=len(time), max_size=len(time)))
    first, second = cumulative_incidence(time, cause), cumulative_incidence(time, cause, of=2)
    free = survival.kaplan_meier(time, [int(c > 0) for c in cause])
    assert (first.incidence + second.incidence + free.survival).tolist() == pytest.approx(
        [1.0] * free.time.size
    )
    alone = survival.kaplan_meier(time, [int(c == 1) for c in cause])
    assert np.all(first.incidence <= 1 - alone.survival + 1e-12)


@given(time=TIMES, data=st.data())
def test_one_cause_is_one_minus_kaplan_meier(time: list[float], data: st.DataObject) -> None:
    event = data.draw(st.lists(st.integers(0, 1), min_size=len(time), max_size=len(time)))
    found, curve = cumulative_incidence(time, event), survival.kaplan_meier(time, event)
    assert found.incidence.tolist() == pytest.approx((1 - curve.survival).tolist(), abs=1e-12)
    inside = curve.survival > 0
    assert found.standard_error[inside] == pytest.approx(curve.standard_error[inside], abs=1e-9)


@given(time=TIMES, data=st.data())
def test_observed_and_expected_events_have_one_total(time: list[float], data: st.DataObject) -> None:
    event = data.draw(st.lists(st.integers(0, 1), min_size=len(time), max_size=len(time)))
    group = data.draw(st.lists(st.sampled_from("ab"), min_size=len(time), max_size=len(time)))
    found = survival.log_rank([*time, 5.0, 5.0], [*event, 1, 0], [*group, "a", "b"])
    assert found.observed.sum() == pytest.approx(found.expected.sum())


@given(values=st.lists(st.floats(-50, 50), min_size=6, max_size=20))
def test_equal_groups_give_the_plain_mean(values: list[float]) -> None:
    values = [round(v, 3) for v in values[: len(values) // 2 * 2]]
    groups = [str(i // 2) for i in range(len(values))]
    found = fit_random_intercept(values, groups)
    assume(found.status == "scored")
    assert found.mean == pytest.approx(np.mean(values), abs=1e-9)
    assert 0 <= found.icc_lower <= found.icc_upper <= 1


@given(values=st.lists(st.floats(-100, 100), min_size=2, max_size=15))
def test_leave_one_out_means_average_to_the_mean(values: list[float]) -> None:
    found = leave_one_out(values, list(range(len(values))))
    assert found.estimate.mean() == pytest.approx(np.mean(values), abs=1e-9)


@given(points=st.lists(st.floats(-10, 10), min_size=2, max_size=12), df=st.floats(2, 200))
def test_pooling_never_gains_from_missing_values(points: list[float], df: float) -> None:
    found = pool_rubin(points, [1.0] * len(points), complete_df=df)
    assert found.standard_error >= 1.0 - 1e-12
    assert found.df <= df + 1e-9
    assert found.estimate == pytest.approx(np.mean(points), abs=1e-12)


@given(mean=st.floats(7.5, 30), share=st.floats(0.05, 0.95), limit=st.floats(0, 7), rho=st.floats(0, 1))
def test_selection_only_lets_a_mean_fall(mean: float, share: float, limit: float, rho: float) -> None:
    sd = share * (mean - limit)
    found = estimate_regression_to_mean(mean, sd, limit, correlation=rho)
    assert found.status == "scored"
    assert found.change <= 1e-9
    assert found.population_mean <= mean + 1e-9
    assert found.population_sd >= sd - 1e-9
    closer = estimate_regression_to_mean(mean, sd, limit, correlation=min(1.0, rho + 0.1))
    assert closer.change >= found.change - 1e-12


@given(before=st.lists(st.integers(0, 1), min_size=2, max_size=30), data=st.data())
def test_two_visits_of_cochran_are_mcnemar(before: list[int], data: st.DataObject) -> None:
    after = data.draw(st.lists(st.integers(0, 1), min_size=len(before), max_size=len(before)))
    exact = contingency.mcnemar(before, after)
    assert contingency.cochran_q(list(zip(before, after, strict=True))).p == pytest.approx(exact.p)
    assert exact.estimate == pytest.approx(np.mean(after) - np.mean(before))
    assert contingency.mcnemar(before, after, mid=True).p <= exact.p + 1e-12
    assert not math.isnan(exact.lower)
