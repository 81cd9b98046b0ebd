"""The compiled path agrees with the NumPy path, and gives up rather than guess."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from funis.errors import ShapeError, ValueRangeError
from funis.stats.mmrm.batch import fit_mmrm_batch
from funis.stats.mmrm.front_door import fit_mmrm
from funis.stats.mmrm.result import MmrmResult

R = Path(__file__).parents[1] / "reference" / "mmrm_r"


def fit(name: str) -> MmrmResult:
    return fit_mmrm(
        pl.read_csv(R / f"{name}.csv"), outcome="y", fixed="arm * visit + base", subject="id", visit="visit",
        df="kenward-roger-linear",
    )  # fmt: skip


def design(n: int = 40, m: int = 4) -> tuple[Any, Any]:
    rng = np.random.default_rng(4)
    u = np.column_stack([np.ones(n), np.arange(n) % 2, rng.normal(5, 2, n)])
    C = np.zeros((m, 3, 2 * m + 1))
    for a in range(m):
        C[a, 0, 0] = C[a, 1, 1] = C[a, 2, m + 1] = 1.0
        if a:
            C[a, 0, 1 + a] = C[a, 1, m + 1 + a] = 1.0
    return u, C


def outcomes(trials: int, n: int = 40, m: int = 4) -> Any:
    rng = np.random.default_rng(9)
    y = rng.normal(size=(trials, n, 1)) * 2 + rng.normal(size=(trials, n, m))
    y[rng.random(y.shape) < 0.1] = np.nan
    return y


@pytest.mark.parametrize("name", ["s40x5", "s200x5", "s2000x5"])
@pytest.mark.parametrize("df", ["satterthwaite", "kenward-roger"])
def test_one_trial(name: str, df: str) -> None:
    data = fit(name).data
    y = np.where(data.observed, data.outcome, np.nan)[None]
    slow = fit_mmrm_batch(y, data.subject_part, data.visit_part, df=df, engine="numpy")
    fast = fit_mmrm_batch(y, data.subject_part, data.visit_part, df=df, engine="compiled")
    assert slow.status == fast.status == ("converged",)
    for statistic in ("estimate", "se", "df"):
        np.testing.assert_allclose(getattr(fast, statistic), getattr(slow, statistic), rtol=1e-10, atol=1e-10)


def test_batch() -> None:
    u, C = design()
    y = outcomes(60)
    L = np.zeros((2, 9))
    L[0, 1] = L[1, 1] = L[1, 8] = 1.0
    for df in ("satterthwaite", "kenward-roger"):
        slow = fit_mmrm_batch(y, u, C, contrasts=L, df=df, engine="numpy")
        fast = fit_mmrm_batch(y, u, C, contrasts=L, df=df, engine="compiled")
        assert slow.status == fast.status == ("converged",) * 60
        for name in ("estimate", "se", "df", "p"):
            np.testing.assert_allclose(getattr(fast, name), getattr(slow, name), rtol=1e-9, atol=1e-10)


def test_maximum_likelihood() -> None:
    u, C = design()
    slow = fit_mmrm_batch(outcomes(5), u, C, method="ml", engine="numpy")
    fast = fit_mmrm_batch(outcomes(5), u, C, method="ml")
    np.testing.assert_allclose(fast.se, slow.se, rtol=1e-9)
    np.testing.assert_allclose(fast.df, slow.df, rtol=1e-9)


def test_trials_that_cannot_be_fitted_have_no_number() -> None:
    u, C = design()
    y = outcomes(3)
    y[1, :, 3] = y[1, :, 2]  # one visit copies another
    y[2, u[:, 1] == 1, 3] = np.nan  # no data of one arm at one visit
    result = fit_mmrm_batch(y, u, C)
    assert result.status == ("converged", "singular covariance", "rank deficient")
    assert np.isfinite(result.estimate[0]).all()
    assert np.isnan(result.estimate[1:]).all()
    assert np.isnan(result.p[1:]).all()


def test_shapes_and_options_are_checked() -> None:
    u, C = design()
    with pytest.raises(ShapeError, match="subject_part"):
        fit_mmrm_batch(outcomes(2), u[:-1], C)
    with pytest.raises(ValueRangeError, match="satterthwaite"):
        fit_mmrm_batch(outcomes(2), u, C, df="residual")
    with pytest.raises(ValueRangeError, match="ml"):
        fit_mmrm_batch(outcomes(2), u, C, df="kenward-roger", method="ml")


def test_importing_the_front_door_does_not_import_numba() -> None:
    import subprocess
    import sys

    code = "import sys, funis.stats.mmrm.front_door, funis.stats.mmrm.batch; print('numba' in sys.modules, 'formulaic' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_refused_arguments() -> None:
    u, C = design()
    y = outcomes(2)
    with pytest.raises(ShapeError, match="9 weights a row"):
        fit_mmrm_batch(y, u, C, contrasts=np.ones((1, 8)))
    with pytest.raises(ValueRangeError, match="auto"):
        fit_mmrm_batch(y, u, C, engine="gpu")  # type: ignore[arg-type]
    y[0, 0, 0] = np.inf
    with pytest.raises(ValueRangeError, match="infinite"):
        fit_mmrm_batch(y, u, C)
    u[0, 2] = np.nan
    with pytest.raises(ValueRangeError, match="subject_part"):
        fit_mmrm_batch(outcomes(2), u, C)


@pytest.mark.parametrize("engine", ["numpy", "compiled"])
def test_badly_scaled_trials(engine: Any) -> None:
    """A visit in another unit, an offset and an outlier: what fit_mmrm gives, whichever engine is asked for."""
    u, C = design()
    y = np.concatenate([outcomes(3) * np.array([1.0, 1e-2, 1e2, 1e-4]), outcomes(3) + 1e6, outcomes(3)])
    y[7, 3, 2] = 1e5
    found = fit_mmrm_batch(y, u, C, engine=engine)
    assert found.status == ("converged",) * 9
    for b in range(9):
        rows = [
            (i, f"v{a}", u[i, 1], u[i, 2], y[b, i, a])
            for i in range(40)
            for a in range(4)
            if np.isfinite(y[b, i, a])
        ]
        frame = pl.DataFrame(rows, schema=["id", "visit", "arm", "base", "y"], orient="row")
        one = fit_mmrm(
            frame, outcome="y", fixed="arm * visit + base", subject="id", visit="visit",
            df="satterthwaite",
        )  # fmt: skip
        last = one.contrast({"arm": 1, "arm:visitv3": 1})
        L = np.zeros((1, 9))
        L[0, 1] = L[0, 8] = 1.0
        ours = fit_mmrm_batch(y[[b]], u, C, contrasts=L, engine=engine)
        assert ours.estimate[0, 0] == pytest.approx(last["estimate"][0], rel=1e-6)
        assert ours.se[0, 0] == pytest.approx(last["se"][0], rel=1e-7)
        assert ours.df[0, 0] == pytest.approx(last["df"][0], rel=1e-6)
