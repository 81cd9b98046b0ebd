"""R nlme, clubSandwich and emmeans: see README.md beside this file."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from funis.stats.mmrm.front_door import fit_mmrm
from funis.stats.mmrm.result import MmrmResult

HERE = Path(__file__).parent
STRUCTURES = ("ar1", "ar1h", "cs", "csh", "toep", "toeph", "us", "sp_exp", "ar1_weighted")


def read(name: str) -> pl.DataFrame:
    return pl.read_csv(HERE / name, infer_schema_length=None)


def fit(covariance: str, *, method: str = "reml", sandwich: str | None = None) -> MmrmResult:
    return fit_mmrm(
        read("input.csv"), outcome="y", fixed="arm * visit + base", subject="id", visit="visit", df="residual",
        covariance=covariance.removesuffix("_weighted"), method=method, sandwich=sandwich,
        weights="w" if covariance.endswith("_weighted") else None, reference={"arm": "PBO"},
    )  # fmt: skip


@pytest.mark.parametrize("covariance", STRUCTURES)
@pytest.mark.parametrize("method", ["REML", "ML"])
def test_fit_as_gls(covariance: str, method: str) -> None:
    expected = read("expected.csv").filter(covariance=covariance, method=method)
    result = fit(covariance, method=method.lower())
    found = result.coefficients.join(expected, on="term", suffix="_r")
    assert found.height == 11
    scale = np.sqrt(186 / (186 - 11)) if method == "ML" else 1.0
    # gls is good to 1e-5 with five variances, see README.
    gap = (found["estimate"] - found["estimate_r"]) / found["se"]
    assert np.abs(gap.to_numpy()).max() < 1e-4
    np.testing.assert_allclose(found["se"].to_numpy() * scale, found["se_r"].to_numpy(), rtol=5e-5)
    assert result.log_likelihood == pytest.approx(expected["log_likelihood"][0], abs=1e-6)


@pytest.mark.parametrize("covariance", ["ar1", "us"])
@pytest.mark.parametrize("kind", ["CR0", "CR3"])
def test_sandwich_as_clubsandwich(covariance: str, kind: str) -> None:
    expected = read("expected_sandwich.csv").filter(covariance=covariance, type=kind)
    found = fit(covariance, sandwich=kind).coefficients.join(expected, on="term", suffix="_r")
    assert found.height == 11
    # 1e-5 because gls stops early with five variances.
    np.testing.assert_allclose(found["se"].to_numpy(), found["se_r"].to_numpy(), rtol=1e-5)


@pytest.mark.parametrize("weights", ["equal", "proportional"])
def test_means_as_emmeans(weights: str) -> None:
    expected = read("expected_means.csv").filter(weights=weights)
    found = fit("ar1").marginal_means("arm", weights=weights).join(expected, on="arm", suffix="_r")
    assert found.height == 2
    np.testing.assert_allclose(found["estimate"].to_numpy(), found["estimate_r"].to_numpy(), rtol=1e-7)
    np.testing.assert_allclose(found["se"].to_numpy(), found["se_r"].to_numpy(), rtol=1e-7)
