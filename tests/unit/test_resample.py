"""Bootstrap intervals: theory for a mean, pairing, and what degenerate samples give."""

import math

import numpy as np
import pytest

from funis.errors import ShapeError, UnknownNameError, ValueRangeError
from funis.stats.resample import _quantiles, bootstrap, jackknife


def test_mean_of_many_is_the_normal_interval() -> None:
    sample = np.random.default_rng(2).normal(5, 2, 400)
    found = bootstrap(sample, lambda x: x.mean(axis=1))
    se = sample.std() / 20
    # 9,999 resamples place a 2.5 % limit within 0.03 standard errors
    assert found.lower == pytest.approx(sample.mean() - 1.96 * se, abs=0.1 * se)
    assert found.upper == pytest.approx(sample.mean() + 1.96 * se, abs=0.1 * se)
    assert found.standard_error == pytest.approx(se, rel=0.03)


def test_bca_leans_towards_the_long_tail() -> None:
    sample = np.random.default_rng(2).exponential(1, 40)
    bca = bootstrap(sample, lambda x: x.mean(axis=1))
    percentile = bootstrap(sample, lambda x: x.mean(axis=1), method="percentile")
    assert bca.lower > percentile.lower
    assert bca.upper > percentile.upper


def test_rows_stay_together() -> None:
    # after = before - 2 for every subject: each resample has mean change -2 only when pairs stay together
    before = np.random.default_rng(3).normal(10, 4, 15)
    pairs = np.column_stack([before, before - 2])
    found = bootstrap(pairs, lambda x: (x[..., 1] - x[..., 0]).mean(axis=1), method="percentile")
    assert np.allclose(found.replicates, -2)


def test_same_seed_same_interval() -> None:
    sample = [1.0, 2.0, 4.0, 8.0]
    first, second = (bootstrap(sample, lambda x: x.mean(axis=1), seed=9) for _ in range(2))
    assert (first.lower, first.upper) == (second.lower, second.upper)
    assert "BCa, 9999 resamples, seed 9" in first.method


def test_jackknife_of_a_mean_is_the_deviation() -> None:
    assert jackknife([1.0, 2.0, 6.0], lambda x: x.mean(axis=1)).tolist() == pytest.approx([-2, -1, 3])


def test_equal_values_have_no_interval() -> None:
    found = bootstrap([2.0, 2.0, 2.0], lambda x: x.mean(axis=1))
    assert math.isnan(found.lower)
    assert found.note == "all resamples give the same value"


def test_refusals() -> None:
    with pytest.raises(ShapeError, match="2 or more subjects"):
        bootstrap([1.0], lambda x: x.mean(axis=1))
    with pytest.raises(ShapeError, match="Reduce over axis 1"):
        bootstrap([1.0, 2.0], lambda x: x.mean())
    with pytest.raises(ValueRangeError, match="999 or more"):
        bootstrap([1.0, 2.0], lambda x: x.mean(axis=1), repeats=10)
    with pytest.raises(UnknownNameError, match="Did you mean 'bca'"):
        bootstrap([1.0, 2.0], lambda x: x.mean(axis=1), method="bcaa")
    with pytest.raises(ValueRangeError, match="finite"):
        bootstrap([1.0, math.nan], lambda x: x.mean(axis=1))


def test_a_limit_beyond_the_resamples_is_the_outermost() -> None:
    """Of 9 values the ranks are tenths: below 1/10 there is the first, from 9/10 on the last."""
    ordered = np.array([1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0])
    assert _quantiles(ordered, np.array([0.09, 0.91])) == (1.0, 256.0)
    assert _quantiles(ordered, np.array([0.1, 0.9])) == (1.0, 256.0)
    assert _quantiles(ordered, np.array([0.2, 0.8])) == pytest.approx((2.0, 128.0))


def test_between_two_resamples_the_normal_quantiles_interpolate() -> None:
    """At 0.55 between the fifth (z = 0) and the sixth (z = 0.253347) of nine: z = 0.125661, 0.495999 of it."""
    ordered = np.array([1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0])
    low, high = _quantiles(ordered, np.array([0.55, 0.45]))
    share = 0.125661 / 0.253347
    assert low == pytest.approx(16 + 16 * share, rel=1e-5)
    assert high == pytest.approx(16 - 8 * share, rel=1e-5)


def test_fewer_than_999_resamples_are_refused() -> None:
    found = bootstrap([1.0, 2.0, 4.0], lambda x: x.mean(axis=1), repeats=999, method="percentile", seed=3)
    assert found.replicates.shape == (999,)
    assert found.method == "bootstrap percentile, 999 resamples, seed 3"
    with pytest.raises(ValueRangeError, match="999 or more"):
        bootstrap([1.0, 2.0, 4.0], lambda x: x.mean(axis=1), repeats=998)
