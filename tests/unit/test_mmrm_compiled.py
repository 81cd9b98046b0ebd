"""The compiled path agrees with the NumPy path, and gives up rather than guess."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from funis.errors import ShapeError, ValueRangeError
from funis.stats.mmrm.batch import BatchResult, fit_mmrm_batch
from funis.stats.mmrm.design import standardise
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
    with pytest.raises(
        ValueRangeError, match=r"outcomes: found inf in \[0, 0, 0\]; allowed is finite numbers"
    ):
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


@pytest.mark.parametrize("reml", [True, False])
def test_the_compiled_path_itself_does_ordinary_trials(*, reml: bool) -> None:
    """What it gave up would be fitted by NumPy, and nobody would see that it never works."""
    from funis.stats.mmrm import compiled

    u, C = design()
    y = outcomes(20)
    scaled, places = standardise(u, C)
    seen = ~np.isnan(y)
    L, adjusted = np.eye(9), False
    flag, estimate, se, df = compiled.fit_trials(
        np.where(seen, y, 0.0), seen, np.ascontiguousarray(scaled), compiled.sparse_columns(places), L, 9,
        reml, adjusted,
    )  # fmt: skip
    assert flag.tolist() == [compiled.CONVERGED] * 20
    slow = fit_mmrm_batch(y, u, C, method="reml" if reml else "ml", engine="numpy")
    np.testing.assert_allclose(estimate, slow.estimate, rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(se, slow.se, rtol=1e-9)
    np.testing.assert_allclose(df, slow.df, rtol=1e-8)


def test_the_compiled_path_gives_up_and_writes_no_number() -> None:
    """One visit copies another in the first trial; the second is as ever."""
    from funis.stats.mmrm import compiled

    u, C = design()
    y = outcomes(2)
    y[0, :, 3] = y[0, :, 2]
    seen = ~np.isnan(y)
    scaled, places = standardise(u, C)
    reml = adjusted = True
    flag, estimate, se, df = compiled.fit_trials(
        np.where(seen, y, 0.0), seen, np.ascontiguousarray(scaled), compiled.sparse_columns(places), np.eye(9),
        9, reml, adjusted,
    )  # fmt: skip
    assert flag.tolist() == [compiled.GAVE_UP, compiled.CONVERGED]
    for each in (estimate, se, df):
        assert np.isnan(each[0]).all()
        assert np.isfinite(each[1]).all()


def test_small_matrices_by_hand() -> None:
    """[[4, 2], [2, 5]] is L L' with L = [[2, 0], [1, 2]]; its determinant is 16, its inverse [[5, -2], [-2, 4]] / 16."""
    from funis.stats.mmrm import compiled_algebra as algebra

    A, L, inverse, work = np.array([[4.0, 2.0], [2.0, 5.0]]), *(np.zeros((2, 2)) for _ in range(3))
    assert algebra.cholesky(A, 2, L)
    assert L.tolist() == [[2.0, 0.0], [1.0, 2.0]]
    assert algebra.invert(L, 2, inverse, work) == pytest.approx(np.log(16.0))
    np.testing.assert_allclose(inverse, np.array([[5.0, -2.0], [-2.0, 4.0]]) / 16, rtol=1e-15)
    # H step = -score: [[4, 2], [2, 5]] (-1, 2) = (0, 8); the decrement is step' H step = 16.
    step = np.zeros(2)
    assert algebra.solve_step(A, np.array([0.0, -8.0]), step) == pytest.approx(16.0)
    np.testing.assert_allclose(step, [-1.0, 2.0], rtol=1e-15)
    # Not positive definite: said by a negative decrement, and by False.
    assert algebra.solve_step(np.array([[1.0, 2.0], [2.0, 1.0]]), np.ones(2), step) == -1.0
    assert not algebra.cholesky(np.array([[1.0, 1.0], [1.0, 1.0]]), 2, L)


def test_sums_over_the_patterns_by_hand() -> None:
    """Two subjects seen twice, one seen at the second visit only: two patterns, in the order met."""
    from funis.stats.mmrm import compiled_algebra as algebra

    Y = np.array([[1.0, 2.0], [9.0, 3.0], [4.0, 5.0]])
    observed = np.array([[True, True], [False, True], [True, True]])
    u = np.array([[1.0, 10.0], [1.0, 20.0], [1.0, 30.0]])
    count, seen, products = algebra.sum_cells(Y, observed, u)
    assert count.tolist() == [2.0, 1.0]
    assert seen.tolist() == [[True, True], [False, True]]
    # Of rows (1, 10, 1, 2) and (1, 30, 4, 5), then of (1, 20, 0, 3).
    assert products[0].tolist() == [[2, 40, 5, 7], [40, 1000, 130, 170], [5, 130, 17, 22], [7, 170, 22, 29]]
    assert products[1].tolist() == [[1, 20, 0, 3], [20, 400, 0, 60], [0, 0, 0, 0], [3, 60, 0, 9]]


def test_products_of_small_matrices_by_hand() -> None:
    """The kernels' products against numpy's, with a sparse design of three columns."""
    from funis.stats.mmrm import compiled
    from funis.stats.mmrm import compiled_algebra as algebra

    rng = np.random.default_rng(3)
    visit_part = np.zeros((2, 2, 3))
    visit_part[0, 0, 0] = visit_part[1, 0, 1] = 1.0
    visit_part[:, 1, 2] = (2.0, -3.0)
    C = visit_part.reshape(4, 3)
    columns = compiled.sparse_columns(visit_part)
    inner, phi, result, spread = rng.normal(size=(4, 4)), np.eye(3), np.zeros((3, 3)), np.zeros((4, 4))
    inner, phi = inner + inner.T, phi + 0.5
    algebra.sandwich_gram(inner, *columns, 3, result)
    np.testing.assert_allclose(result, C.T @ inner @ C, rtol=1e-13)
    algebra.spread_design(phi, *columns, 3, spread)
    np.testing.assert_allclose(spread, C @ phi @ C.T, rtol=1e-13)
    W, S, half, done = rng.normal(size=(2, 2)), rng.normal(size=(2, 2)), np.zeros((2, 2)), np.zeros((2, 2))
    algebra.conjugate(W, S, half, done)
    np.testing.assert_allclose(done, W @ S @ W, rtol=1e-13)


def test_two_sided_p_of_a_batch_by_hand() -> None:
    """With 1 df P = 2 atan(1 / |t|) / pi: a half for t = 1 and -1; no number where there was no fit."""
    values = (np.array([[2.0, -2.0, 6.0, np.nan]]), np.full((1, 4), 2.0), np.ones((1, 4)))
    found = BatchResult(*values, ("converged",)).p[0]
    assert found[:3].tolist() == pytest.approx([0.5, 0.5, 2 * np.arctan(1 / 3) / np.pi])
    assert np.isnan(found[3])
