"""Outcomes drawn from a fitted model: its fitted values plus a factor of its covariance times normal numbers."""

import numpy as np
import polars as pl
import pytest

from funis.errors import ValueRangeError
from funis.stats.mmrm.front_door import fit_mmrm
from funis.stats.mmrm.predict import draw_outcomes, residuals
from funis.stats.mmrm.result import MmrmResult

N, M = 12, 3


def fitted() -> MmrmResult:
    rng = np.random.default_rng(6)
    y = rng.normal(size=(N, 1)) + rng.normal(size=(N, M))
    frame = pl.DataFrame(
        {"id": np.repeat(np.arange(N), M), "visit": ["v0", "v1", "v2"] * N, "y": y.reshape(-1)}
    )
    return fit_mmrm(frame, outcome="y", fixed="visit", subject="id", visit="visit")


def test_draws_are_the_fit_plus_its_covariance() -> None:
    """With every visit seen the numbers are drawn subject by subject, visit by visit, from one stream."""
    result = fitted()
    fit = residuals(result)["fitted"].to_numpy().reshape(N, M)
    normals = np.random.default_rng(3).standard_normal((2, N, M))
    root = np.linalg.cholesky(result.fit.sigma()[0])
    found = draw_outcomes(result, 2, rng=3).reshape(2, N, M)
    np.testing.assert_allclose(found, fit + normals @ root.T, rtol=1e-10, atol=1e-12)
    with pytest.raises(ValueRangeError):
        draw_outcomes(result, 0)


def test_a_hypothesis_that_says_nothing_has_no_degrees_of_freedom() -> None:
    row = fitted().joint_test(np.zeros((1, 3))).row(0, named=True)
    assert row["num_df"] == 0
    assert row["p"] is None or np.isnan(row["p"])
