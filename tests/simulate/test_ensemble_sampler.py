"""The sampler against densities whose moments are known, its verdict against series made by hand."""

import numpy as np
import pytest
from scipy import signal

from funis.simulate.ensemble_sampler import autocorrelation_time, sample, split_r_hat


def test_the_time_of_a_series_that_remembers_is_known() -> None:
    """An autoregressive series with coefficient c has an autocorrelation time of (1 + c) / (1 - c)."""
    noise = np.random.default_rng(5).normal(size=(20_000, 1, 16))
    for coefficient, expected in ((0.5, 3.0), (0.9, 19.0)):
        series = signal.lfilter([1.0], [1.0, -coefficient], noise, axis=0)
        assert autocorrelation_time(series) == pytest.approx(expected, rel=0.06)


def test_ensembles_that_lie_apart_have_a_high_r_hat() -> None:
    """Two ensembles of spread 1, a distance of 2 apart: four halves at 0, 0, 2, 2 have a variance of 4/3."""
    noise = np.random.default_rng(2).normal(size=(4000, 2, 4))
    assert split_r_hat(noise) == pytest.approx(1.0, abs=0.005)
    assert split_r_hat(noise + np.array([0.0, 2.0])[None, :, None]) == pytest.approx(
        np.sqrt(1 + 4 / 3), abs=0.02
    )


def test_the_moments_of_a_normal_whose_parameters_go_together() -> None:
    scales, correlation = np.array([1.0, 40.0]), 0.95
    matrix = np.array([[1.0, correlation], [correlation, 1.0]]) * np.outer(scales, scales)
    inverse = np.linalg.inv(matrix)

    def density(points: np.ndarray) -> np.ndarray:
        return np.asarray(-0.5 * np.einsum("di,ij,dj->d", points - 3.0, inverse, points - 3.0))

    start = np.random.default_rng(1).normal(size=(4, 20, 2)) * scales
    found = sample(density, start, steps=1500, burn=200, seed=np.random.SeedSequence(4))
    assert found.status == "converged"
    error = scales / np.sqrt(found.effective_size)
    assert np.all(np.abs(found.draws.mean(axis=0) - 3.0) < 4 * error)
    assert np.cov(found.draws.T) / matrix == pytest.approx(np.ones((2, 2)), abs=0.1)


def test_a_density_with_a_limit_is_kept_within() -> None:
    """Exponential of mean 1; outside there is nothing."""

    def density(points: np.ndarray) -> np.ndarray:
        return np.where(points[:, 0] > 0, -points[:, 0], -np.inf)

    start = np.random.default_rng(1).exponential(size=(4, 20, 1))
    found = sample(density, start, steps=1500, burn=200, seed=np.random.SeedSequence(4))
    assert found.draws.min() > 0
    assert found.draws.mean() == pytest.approx(1.0, abs=0.06)
    assert np.quantile(found.draws, 0.975) == pytest.approx(-np.log(0.025), rel=0.08)


def test_a_chain_that_is_too_short_says_so() -> None:
    start = np.random.default_rng(1).normal(size=(4, 20, 3)) + 8.0
    found = sample(
        lambda x: -0.5 * np.sum(x**2, axis=1), start, steps=30, burn=0, seed=np.random.SeedSequence(1)
    )
    assert found.status == "chain too short"
