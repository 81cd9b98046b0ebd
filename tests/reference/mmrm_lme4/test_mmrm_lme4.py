"""Compound symmetry against a random intercept in R: estimates, Satterthwaite, Kenward-Roger."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest

from funis.stats.mmrm.front_door import fit_mmrm
from funis.stats.mmrm.result import MmrmResult

HERE = Path(__file__).parent
FIXED = {"unbalanced": "arm * visit + base", "two_visits": "arm + visit + base"}
Floats = npt.NDArray[np.float64]


def _fit(name: str, df: str) -> MmrmResult:
    return fit_mmrm(
        pl.read_csv(HERE / f"{name}.csv"), outcome="y", fixed=FIXED[name], subject="id", visit="visit",
        covariance="cs", df=df,
    )  # fmt: skip


def _expected(name: str, df: str, column: str) -> Floats:
    found = pl.read_csv(HERE / "expected.csv").filter((pl.col("set") == name) & (pl.col("df") == df))
    return np.sort(found[column].to_numpy().astype(np.float64))


def _ours(fitted: MmrmResult, column: str) -> Floats:
    return np.sort(fitted.coefficients[column].to_numpy().astype(np.float64))


@pytest.mark.parametrize("name", list(FIXED))
def test_satterthwaite_agrees(name: str) -> None:
    fitted = _fit(name, "satterthwaite")
    for ours, theirs in (("estimate", "estimate"), ("se", "se"), ("df", "dof")):
        np.testing.assert_allclose(_ours(fitted, ours), _expected(name, "satterthwaite", theirs), rtol=1e-6)
    logarithm = _expected(name, "satterthwaite", "log_likelihood")[0]
    assert fitted.log_likelihood == pytest.approx(logarithm, abs=1e-7)


def test_kenward_roger_agrees_on_complete_data() -> None:
    fitted = _fit("two_visits", "kenward-roger")
    np.testing.assert_allclose(_ours(fitted, "se"), _expected("two_visits", "kenward-roger", "se"), rtol=1e-6)
    np.testing.assert_allclose(
        _ours(fitted, "df"), _expected("two_visits", "kenward-roger", "dof"), rtol=1e-6
    )


def _kenward_roger_errors(*, is_observed: bool) -> Floats:
    """Write the adjusted standard errors down from Kenward and Roger 1997, with dense matrices."""
    data = pl.read_csv(HERE / "unbalanced.csv")
    outcome = data["y"].to_numpy()
    in_b = (data["arm"] == "B").to_numpy().astype(np.float64)[:, None]
    later = np.column_stack([(data["visit"] == name).to_numpy() for name in ("v02", "v03", "v04")]).astype(
        float
    )
    base = data["base"].to_numpy()[:, None]
    design = np.hstack([np.ones((len(outcome), 1)), in_b, later, base, in_b * later])
    subject = data["id"].to_numpy()
    parts = [(subject[:, None] == subject[None, :]).astype(np.float64), np.eye(len(outcome))]
    covariance = np.asarray(_fit("unbalanced", "kenward-roger").covariance_matrix)
    between = covariance[0, 1]
    total = between * parts[0] + (covariance[0, 0] - between) * parts[1]
    inverse = np.linalg.inv(total)
    phi = np.linalg.inv(design.T @ inverse @ design)
    project = inverse - inverse @ design @ phi @ design.T @ inverse
    information = np.empty((2, 2))
    for i, a in enumerate(parts):
        for j, b in enumerate(parts):
            half = 0.5 * np.trace(project @ a @ project @ b)
            quadratic = outcome @ project @ a @ project @ b @ project @ outcome
            information[i, j] = quadratic - half if is_observed else half
    weight = np.linalg.inv(information)
    first = [-design.T @ inverse @ a @ inverse @ design for a in parts]
    inside = sum(
        weight[i, j] * (design.T @ inverse @ a @ inverse @ b @ inverse @ design - first[i] @ phi @ first[j])
        for i, a in enumerate(parts)
        for j, b in enumerate(parts)
    )
    return np.sort(np.sqrt(np.diag(phi + 2 * phi @ inside @ phi)))


def test_kenward_roger_differs_by_the_information_alone() -> None:
    ours = _ours(_fit("unbalanced", "kenward-roger"), "se")
    theirs = _expected("unbalanced", "kenward-roger", "se")
    np.testing.assert_allclose(ours, _kenward_roger_errors(is_observed=True), rtol=1e-6)
    np.testing.assert_allclose(theirs, _kenward_roger_errors(is_observed=False), rtol=1e-6)
    assert 1e-6 < np.abs(ours - theirs).max() < 1e-3
