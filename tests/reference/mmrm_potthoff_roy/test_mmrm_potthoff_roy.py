"""Potthoff and Roy's growth data against published fits: see README.md beside this file."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from funis.stats.mmrm.front_door import fit_mmrm
from funis.stats.mmrm.result import MmrmResult

HERE = Path(__file__).parent


def fit(fixed: str, covariance: str, method: str) -> MmrmResult:
    wide = pl.read_csv(HERE / "input.csv")
    tall = wide.unpivot(index=["child", "sex"], variable_name="visit", value_name="distance")
    tall = tall.with_columns(
        age=pl.col("visit").str.slice(1).cast(pl.Float64), visit=pl.col("visit").str.slice(1).str.zfill(2)
    )
    return fit_mmrm(
        tall, outcome="distance", fixed=fixed, subject="child", visit="visit", covariance=covariance,
        method=method, df="satterthwaite",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("fixed", "covariance", "printed", "parameters"),
    [
        ("sex * visit", "us", 416.509, 18),
        ("sex * age", "us", 419.477, 14),
        ("sex * age", "toep", 424.643, 8),
        ("sex * age", "ar1", 440.681, 6),
        ("sex * age", "cs", 428.639, 6),
    ],
)
def test_likelihoods_of_jennrich_and_schluchter(
    fixed: str, covariance: str, printed: float, parameters: int
) -> None:
    result = fit(fixed, covariance, "ml")
    assert -2 * result.log_likelihood == pytest.approx(printed, abs=5.1e-4)
    assert result.n_parameters == parameters


def test_unstructured_as_sas_prints_it() -> None:
    result = fit("sex * age", "us", "ml")
    printed = [
        [5.1192, 2.4409, 3.6105, 2.5222],
        [2.4409, 3.9279, 2.7175, 3.0624],
        [3.6105, 2.7175, 5.9798, 3.8235],
        [2.5222, 3.0624, 3.8235, 4.6180],
    ]
    np.testing.assert_allclose(np.asarray(result.covariance_matrix), printed, atol=1.01e-4)
    assert round(result.aic, 1) == 447.5
    assert round(result.bic, 1) == 465.6


def test_compound_symmetry_as_sas_prints_it() -> None:
    result = fit("sex * age", "cs", "ml")
    residual, shared = result.covariance_parameters["estimate"].to_list()
    assert round(shared, 4) == 3.0306
    assert round(residual, 4) == 1.8746


def test_compound_symmetry_is_the_random_intercept_of_pinheiro_and_bates() -> None:
    residual, shared = fit("sex * age", "cs", "reml").covariance_parameters["estimate"].to_list()
    assert round(np.sqrt(shared), 3) == 1.816
    assert round(np.sqrt(residual), 3) == 1.386
