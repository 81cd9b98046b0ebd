"""Laws of the repeated-measures model that need no expected value."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funis.stats.mmrm.covariance import STRUCTURES
from funis.stats.mmrm.front_door import fit_mmrm
from funis.stats.mmrm.result import MmrmResult

NUMBERS = ("estimate", "se", "df", "t", "p")


def trial(seed: int, n: int = 20, m: int = 3, *, missing: float = 0.0) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    arm = np.arange(n) % 2
    y = 1.5 * rng.normal(size=(n, 1)) + rng.normal(size=(n, m)) + arm[:, None]
    y[rng.random((n, m)) < missing] = np.nan
    return pl.DataFrame(
        {
            "id": np.repeat(np.arange(n), m),
            "visit": [f"v{a}" for a in range(m)] * n,
            "arm": np.repeat(np.array(["A", "B"])[arm], m),
            "y": y.reshape(-1),
        }
    )


def fit(
    frame: pl.DataFrame, covariance: str = "us", df: str = "kenward-roger", fixed: str = "arm * visit"
) -> MmrmResult:
    return fit_mmrm(
        frame, outcome="y", fixed=fixed, subject="id", visit="visit", covariance=covariance, df=df
    )


@settings(max_examples=10)
@given(seed=st.integers(0, 10_000))
def test_compound_symmetry_on_complete_data_is_the_split_plot_analysis_of_variance(seed: int) -> None:
    n, m = 20, 3
    frame = trial(seed)
    y = frame["y"].to_numpy().reshape(n, m)
    arm = np.arange(n) % 2
    cells = np.stack([y[arm == g].mean(0) for g in (0, 1)])
    subject_mean = y.mean(1)
    arm_mean = np.array([subject_mean[arm == g].mean() for g in (0, 1)])
    between = m * ((subject_mean - arm_mean[arm]) ** 2).sum() / (n - 2)
    within = ((y - cells[arm] - subject_mean[:, None] + arm_mean[arm][:, None]) ** 2).sum() / (
        (n - 2) * (m - 1)
    )
    if between <= 1.2 * within:
        return  # the variance of subjects is at or near 0: analysis of variance and REML part there
    f_arm = m * n / 4 * (arm_mean[1] - arm_mean[0]) ** 2 / between
    gap = cells - arm_mean[:, None] - cells.mean(0) + cells.mean()
    f_both = (n / 2) * (gap**2).sum() / (m - 1) / within
    f_visit = n * ((cells.mean(0) - cells.mean()) ** 2).sum() / (m - 1) / within
    for df in ("satterthwaite", "kenward-roger"):
        result = fit(frame, "cs", df)
        residual, shared = result.covariance_parameters["estimate"].to_list()
        assert residual == pytest.approx(within, rel=1e-8)
        assert residual + m * shared == pytest.approx(between, rel=1e-8)
        tests = {row["term"]: row for row in result.type3().iter_rows(named=True)}
        for term, f, num, den in (
            ("arm", f_arm, 1, n - 2),
            ("visit", f_visit, m - 1, (n - 2) * (m - 1)),
            ("arm:visit", f_both, m - 1, (n - 2) * (m - 1)),
        ):
            assert tests[term]["f"] == pytest.approx(f, rel=1e-6, abs=1e-9)
            assert tests[term]["num_df"] == num
            assert tests[term]["den_df"] == pytest.approx(den, rel=1e-6)


@settings(max_examples=8)
@given(seed=st.integers(0, 10_000), covariance=st.sampled_from(sorted(STRUCTURES)))
def test_order_of_rows_changes_nothing(seed: int, covariance: str) -> None:
    frame = trial(seed, missing=0.1)
    one, other = fit(frame, covariance), fit(frame.sample(fraction=1, shuffle=True, seed=seed), covariance)
    assert one.status == other.status
    if one.converged:
        for name in NUMBERS:
            np.testing.assert_allclose(
                other.coefficients[name].to_numpy(), one.coefficients[name].to_numpy(), rtol=1e-6, atol=1e-9
            )


@settings(max_examples=8)
@given(seed=st.integers(0, 10_000), factor=st.sampled_from([1e-6, 0.1, 7.0, 1e5]))
def test_unit_of_the_outcome(seed: int, factor: float) -> None:
    frame = trial(seed, missing=0.1)
    one, other = fit(frame), fit(frame.with_columns(y=pl.col("y") * factor))
    assert one.status == other.status
    if one.converged:
        for name, scale in (("estimate", factor), ("se", factor), ("df", 1.0), ("t", 1.0)):
            np.testing.assert_allclose(
                other.coefficients[name].to_numpy(),
                one.coefficients[name].to_numpy() * scale,
                rtol=1e-6,
                atol=1e-9 * scale,
            )


@settings(max_examples=8)
@given(seed=st.integers(0, 10_000))
def test_swapping_the_arms_flips_the_sign(seed: int) -> None:
    frame = trial(seed, missing=0.1)
    swapped = frame.with_columns(arm=pl.col("arm").replace({"A": "B", "B": "A"}))
    one, other = fit(frame).differences("arm"), fit(swapped).differences("arm")
    np.testing.assert_allclose(
        other["estimate"].to_numpy(), -one["estimate"].to_numpy(), rtol=1e-7, atol=1e-9
    )
    np.testing.assert_allclose(other["df"].to_numpy(), one["df"].to_numpy(), rtol=1e-6)


@pytest.mark.parametrize("covariance", sorted(STRUCTURES))
@pytest.mark.parametrize("df", ["satterthwaite", "kenward-roger"])
def test_coding_changes_no_difference(covariance: str, df: str) -> None:
    frame = trial(3, n=30, m=4, missing=0.1)
    found = []
    for coding in ("r", "sas"):
        result = fit_mmrm(
            frame, outcome="y", fixed="arm * visit", subject="id", visit="visit", covariance=covariance, df=df,
            coding=coding,
        )  # fmt: skip
        assert result.status == "converged"
        found.append((result.log_likelihood, result.differences("arm", reference="A")))
    assert found[0][0] == pytest.approx(found[1][0], abs=1e-8)
    for name in NUMBERS:
        np.testing.assert_allclose(found[0][1][name].to_numpy(), found[1][1][name].to_numpy(), rtol=1e-6)


@pytest.mark.parametrize(("inner", "outer"), [("cs", "toep"), ("ar1", "toep"), ("ar1", "ad"), ("toep", "toeph"), ("ar1h", "adh"),
                                              ("adh", "us"), ("toeph", "us"), ("csh", "toeph"), ("cs", "csh")])  # fmt: skip
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_structure_within_another_fits_no_better(inner: str, outer: str, seed: int) -> None:
    frame = trial(seed, n=40, m=4, missing=0.1)
    assert fit(frame, inner).log_likelihood <= fit(frame, outer).log_likelihood + 1e-9


def test_six_visits_of_fourteen_subjects_fail_or_converge_but_never_lie() -> None:
    """Tiny trials: a fit with numbers has a positive definite covariance and finite standard errors."""
    statuses = []
    for seed, missing in [(seed, missing) for seed in range(20) for missing in (0.05, 0.15)]:
        result = fit(trial(seed, n=14, m=6, missing=missing), fixed="visit")
        statuses.append(result.status)
        table = result.coefficients
        if result.converged:
            assert np.isfinite(table.drop("term").to_numpy()).all()
            assert np.linalg.eigvalsh(np.asarray(result.covariance_matrix)).min() > 0
        else:
            assert table["estimate"].null_count() == table.height
    # With 15 % missing, about 5 of 14 subjects are complete: fewer than the visits, and often no maximum exists.
    assert statuses[::2].count("converged") >= 19
    assert set(statuses) - {"converged"} <= {"singular covariance", "did not converge"}
