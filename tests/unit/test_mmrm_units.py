"""Fits of badly scaled data: standard deviations far apart, an outlier, columns that almost coincide.

With complete data, an unstructured covariance and every effect by visit, the restricted likelihood gives at each
visit what a two-sample analysis of that visit gives alone: difference of means, SE sqrt(s^2 (1/n1 + 1/n2)) with the
pooled variance, df n1 + n2 - 2. A change of a visit's unit changes estimates and SE by that unit and nothing else.
"""

from typing import Any

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from funis.stats.mmrm.front_door import fit_mmrm
from funis.stats.mmrm.result import MmrmResult

BY_VISIT = ("us", "toeph", "ar1h", "csh", "adh")
STRUCTURES = (*BY_VISIT, "toep", "ar1", "cs", "ad", "sp_exp")


def outcomes(n: int = 40, m: int = 4, seed: int = 3) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    drawn: NDArray[np.float64] = rng.normal(size=(n, 1)) + rng.normal(size=(n, m))
    return drawn


def frame(y: NDArray[np.float64], **columns: NDArray[np.float64]) -> pl.DataFrame:
    n, m = y.shape
    data: dict[str, Any] = {
        "id": np.repeat(np.arange(n), m),
        "visit": [f"v{a}" for a in range(m)] * n,
        "arm": np.repeat(np.array(["a", "b"])[np.arange(n) % 2], m),
        "y": y.reshape(-1),
    }
    data |= {name: np.repeat(values, m) for name, values in columns.items()}
    return pl.DataFrame(data)


def fit(data: pl.DataFrame, fixed: str = "arm * visit", **options: Any) -> MmrmResult:
    return fit_mmrm(data, outcome="y", fixed=fixed, subject="id", visit="visit", **options)


def two_samples(y: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Difference of means and SE at each visit, by hand."""
    one, two = y[1::2], y[0::2]
    n1, n2 = one.shape[0], two.shape[0]
    pooled = ((n1 - 1) * one.var(axis=0, ddof=1) + (n2 - 1) * two.var(axis=0, ddof=1)) / (n1 + n2 - 2)
    return one.mean(axis=0) - two.mean(axis=0), np.sqrt(pooled * (1 / n1 + 1 / n2))


@pytest.mark.parametrize("place", [(3, 2), (3, 0), (0, 3)])
@pytest.mark.parametrize("df", ["satterthwaite", "kenward-roger"])
def test_one_outlier(place: tuple[int, int], df: str) -> None:
    y = outcomes()
    y[place] += 1e5
    result = fit(frame(y), df=df)
    assert result.status == "converged"
    found = result.differences("arm", by="visit")
    estimate, se = two_samples(y)
    np.testing.assert_allclose(found["estimate"].to_numpy(), estimate, rtol=1e-9)
    np.testing.assert_allclose(found["se"].to_numpy(), se, rtol=1e-9)
    np.testing.assert_allclose(found["df"].to_numpy(), 38.0, rtol=1e-9)


def test_deviations_far_apart_as_two_samples() -> None:
    y = outcomes() * np.array([1.0, 1e-2, 1e2, 1e-4])
    result = fit(frame(y))
    assert result.status == "converged"
    found = result.differences("arm", by="visit")
    estimate, se = two_samples(y)
    np.testing.assert_allclose(found["estimate"].to_numpy(), estimate, rtol=1e-9)
    np.testing.assert_allclose(found["se"].to_numpy(), se, rtol=1e-9)


@pytest.mark.parametrize("covariance", BY_VISIT)
@pytest.mark.parametrize("options", [{}, {"method": "ml"}, {"sandwich": "CR2"}, {"df": "kenward-roger-mmrm"}])
def test_a_visit_in_another_unit(covariance: str, options: dict[str, Any]) -> None:
    """Outcomes missing, ratios up to 1e6: every figure changes by the unit of its visit alone."""
    unit = np.array([1.0, 1e-2, 1e2, 1e-4])
    y = outcomes()
    y[np.random.default_rng(8).random(y.shape) < 0.15] = np.nan
    base = np.arange(40.0) % 7
    plain = fit(frame(y, base=base), "arm * visit + base * visit", covariance=covariance, **options)
    turned = fit(frame(y * unit, base=base), "arm * visit + base * visit", covariance=covariance, **options)
    assert plain.status == turned.status == "converged"
    one, two = (result.differences("arm", by="visit") for result in (plain, turned))
    for name in ("estimate", "se"):
        np.testing.assert_allclose(two[name].to_numpy(), one[name].to_numpy() * unit, rtol=1e-8)
    np.testing.assert_allclose(two["df"].to_numpy(), one["df"].to_numpy(), rtol=1e-7)
    np.testing.assert_allclose(two["p"].to_numpy(), one["p"].to_numpy(), rtol=1e-7)
    np.testing.assert_allclose(
        np.asarray(turned.covariance_matrix),
        np.asarray(plain.covariance_matrix) * np.outer(unit, unit),
        rtol=1e-7,
        atol=1e-9,
    )
    seen = np.isfinite(y).sum(axis=0)
    # Each outcome's density is divided by its unit; the restricted likelihood keeps n minus 3 of them a visit.
    left = seen - (0 if options.get("method") == "ml" else 3)
    expected = plain.log_likelihood - float(left @ np.log(unit))
    assert turned.log_likelihood == pytest.approx(expected, abs=1e-6)
    for interval in ("confidence", "prediction"):
        ours, theirs = turned.predict(interval=interval), plain.predict(interval=interval)
        factor = np.tile(unit, 40)[np.isfinite(y).reshape(-1)]
        for name in ("estimate", "se", "lower", "upper"):
            np.testing.assert_allclose(
                ours[name].to_numpy(), theirs[name].to_numpy() * factor, rtol=1e-7, atol=1e-12
            )


@pytest.mark.parametrize("covariance", STRUCTURES)
def test_a_covariate_that_almost_is_another(covariance: str) -> None:
    """base and z = base + 1e-6 k span what base and k span: the fit is the same, and a note says so."""
    rng = np.random.default_rng(5)
    base, k = rng.normal(size=40), rng.normal(size=40)
    y = outcomes() + base[:, None]
    data = frame(y, base=base, k=k, z=base + 1e-6 * k)
    near = fit(data, "arm * visit + base + z", covariance=covariance)
    apart = fit(data, "arm * visit + base + k", covariance=covariance)
    assert near.status == apart.status == "converged"
    assert any("'z' is almost a combination of earlier columns" in note for note in near.notes)
    assert not any("almost a combination" in note for note in apart.notes)
    # y = a + b base + c z = a + (b + c) base + c 1e-6 k
    told = dict(zip(near.coefficients["term"], near.coefficients.rows(named=True), strict=True))
    plain = dict(zip(apart.coefficients["term"], apart.coefficients.rows(named=True), strict=True))
    assert told["z"]["estimate"] * 1e-6 == pytest.approx(plain["k"]["estimate"], rel=1e-6)
    assert told["z"]["se"] * 1e-6 == pytest.approx(plain["k"]["se"], rel=1e-6)
    ours, theirs = near.differences("arm", by="visit"), apart.differences("arm", by="visit")
    for name in ("estimate", "se", "df"):
        np.testing.assert_allclose(ours[name].to_numpy(), theirs[name].to_numpy(), rtol=1e-6)


def test_a_covariate_that_is_another_is_left_out() -> None:
    base = np.random.default_rng(5).normal(size=40)
    result = fit(frame(outcomes(), base=base, z=base + 1e-9 * np.arange(40)), "arm * visit + base + z")
    assert result.status == "rank deficient"
    assert result.aliased == ("z",)


def test_the_groups_have_units_of_their_own() -> None:
    """Group b in a unit of 1e4: its covariance changes by 1e8, that of group a stays."""
    y = outcomes()
    scaled = y.copy()
    scaled[1::2] *= 1e4
    plain, turned = (fit(frame(values), group="arm", df="satterthwaite") for values in (y, scaled))
    assert plain.status == turned.status == "converged"
    for name, factor in (("a", 1.0), ("b", 1e8)):
        one, two = plain.covariance_matrix, turned.covariance_matrix
        assert isinstance(one, dict)
        assert isinstance(two, dict)
        np.testing.assert_allclose(two[name], one[name] * factor, rtol=1e-8)


@pytest.mark.parametrize("covariance", BY_VISIT)
def test_a_visit_that_does_not_vary(covariance: str) -> None:
    y = outcomes()
    y[:, 0] = 0.0
    result = fit(frame(y, base=np.arange(40.0)), "arm * visit + base", covariance=covariance)
    assert result.status == "covariance not estimable"
    assert result.detail == "the outcomes at 'v0' are all the same and have no variance"


def test_a_search_that_starts_at_a_saddle_point_goes_on() -> None:
    """Moments without correlation: two subjects with both visits, a third with the first one.

    Sum of products of residuals about the visits' means is 0, so compound symmetry with covariance 0 has no
    slope; the likelihood is higher on either side of it.
    """
    data = pl.DataFrame(
        {
            "id": [1, 1, 2, 2, 3],
            "visit": ["v1", "v2", "v1", "v2", "v1"],
            "y": [-4.0, -6.0, -4.0, -4.0, 0.0],
        }
    )
    result = fit(data, "visit", covariance="cs", df="satterthwaite")
    assert result.status == "converged"
    # Minus twice the restricted log-likelihood of covariance 0 and the pooled variance of 3 df.
    sum_of_squares = 32 / 3 + 2.0
    at_zero = 3 * np.log(sum_of_squares / 3) + 3 + np.log(3 * 2) + 3 * np.log(2 * np.pi)
    assert -2 * result.log_likelihood < at_zero - 0.01


@pytest.mark.parametrize("covariance", ["us", "toeph", "ar1h", "csh", "adh"])
def test_a_likelihood_that_is_flat_has_no_estimates(covariance: str) -> None:
    """The three contrasts of these five outcomes leave one combination of two variances and a covariance open."""
    data = pl.DataFrame(
        {
            "id": [1, 1, 2, 2, 3],
            "visit": ["v1", "v2", "v1", "v2", "v1"],
            "y": [-4.0, -6.0, -4.0, -4.0, 0.0],
        }
    )
    result = fit(data, "visit", covariance=covariance)
    assert result.status == "covariance not estimable"
    assert "does not change with some combination" in result.detail
