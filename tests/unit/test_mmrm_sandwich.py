"""Sandwich variances and Kenward-Roger against their formulas written with full matrices, subject by subject."""

from typing import Any

import numpy as np
import polars as pl
import pytest

from funis.stats.mmrm.covariance import evaluate_structure
from funis.stats.mmrm.front_door import fit_mmrm
from funis.stats.mmrm.predict import design_rows
from funis.stats.mmrm.result import MmrmResult


def trial() -> pl.DataFrame:
    rng = np.random.default_rng(11)
    n, m = 14, 3
    arm = np.arange(n) % 2
    y = rng.normal(size=(n, 1)) + rng.normal(size=(n, m)) * [1, 1.5, 2] + arm[:, None] * [0, 0.5, 1]
    y[[1, 4], 2] = np.nan
    y[7, 1] = np.nan
    return pl.DataFrame(
        {
            "id": np.repeat(np.arange(n), m),
            "visit": ["v1", "v2", "v3"] * n,
            "arm": np.repeat(np.array(["A", "B"])[arm], m),
            "y": y.reshape(-1),
        }
    )


def fit(**options: Any) -> MmrmResult:
    return fit_mmrm(trial(), outcome="y", fixed="arm + visit", subject="id", visit="visit", **options)


def dense_parts(result: MmrmResult) -> tuple[Any, Any, Any, Any, Any]:
    """Give X, V, residuals, subject of each row and the places of each row's visit, all in full."""
    X = design_rows(result)
    rows = result.rows
    sigma = np.asarray(result.covariance_matrix)
    same = rows.subject.codes[:, None] == rows.subject.codes[None, :]
    V = np.where(same, sigma[np.ix_(rows.visit.codes, rows.visit.codes)], 0.0)
    residual = rows.outcome - X @ result.coefficients["estimate"].to_numpy()
    return X, V, residual, rows.subject.codes, rows.visit.codes


@pytest.mark.parametrize(("kind", "power"), [("CR0", 0.0), ("CR2", -0.5), ("CR3", -1.0)])
def test_variance_and_degrees_of_freedom(kind: str, power: float) -> None:
    result = fit(sandwich=kind, covariance="ar1h")
    X, V, residual, subject, visit = dense_parts(result)
    phi = np.linalg.inv(X.T @ np.linalg.inv(V) @ X)
    L = np.zeros_like(V)
    A = np.zeros_like(V)
    for i in np.unique(subject):
        # Rows of a subject in order of visits: the Cholesky factor depends on the order.
        at = np.flatnonzero(subject == i)[np.argsort(visit[subject == i])]
        block = np.ix_(at, at)
        L[block] = np.linalg.cholesky(V[block])
        Xs = np.linalg.solve(L[block], X[at])
        values, vectors = np.linalg.eigh(np.eye(at.size) - Xs @ phi @ Xs.T)
        A[block] = (vectors * values**power) @ vectors.T
    Xs, es = np.linalg.solve(L, X), np.linalg.solve(L, residual)
    meat = sum(
        np.outer(score, score)
        for i in np.unique(subject)
        for score in [Xs[subject == i].T @ A[np.ix_(subject == i, subject == i)] @ es[subject == i]]
    )
    se = np.sqrt(np.diag(phi @ meat @ phi))
    np.testing.assert_allclose(result.coefficients["se"].to_numpy(), se, rtol=1e-9)
    # Bell and McCaffrey: trace(G'G)^2 / trace((G'G)^2), column i of G is (I - H)_i A_i Xs_i Phi l.
    H = Xs @ phi @ Xs.T
    df = []
    for column in (Xs @ phi).T:
        G = np.stack(
            [(np.eye(len(H)) - H)[:, subject == i] @ A[np.ix_(subject == i, subject == i)] @ column[subject == i]
             for i in np.unique(subject)], axis=1,
        )  # fmt: skip
        gram = G.T @ G
        df.append(np.trace(gram) ** 2 / (gram * gram).sum())
    np.testing.assert_allclose(result.coefficients["df"].to_numpy(), df, rtol=1e-8)


@pytest.mark.parametrize("covariance", ["us", "ar1", "ar1h", "toeph", "adh", "csh", "sp_exp"])
def test_kenward_roger_written_in_full(covariance: str) -> None:
    """Kenward and Roger 1997, eq. 5 and section 3, with matrices of all rows and derivatives by differences."""
    result = fit(df="kenward-roger", covariance=covariance)
    X, V, _, subject, visit = dense_parts(result)
    theta = result.covariance_parameters["estimate"].to_numpy()
    _, E, E2 = evaluate_structure(covariance, theta, 3, order=2)
    same = subject[:, None] == subject[None, :]

    def spread(matrix: Any) -> Any:
        return np.where(same, matrix[np.ix_(visit, visit)], 0.0)

    W = np.linalg.inv(V)
    phi = np.linalg.inv(X.T @ W @ X)
    y = result.rows.outcome
    r = theta.size

    def minus_log_likelihood(point: Any) -> float:
        inner = np.linalg.inv(spread(evaluate_structure(covariance, point, 3, order=0)[0]))
        gram = X.T @ inner @ X
        e = y - X @ np.linalg.solve(gram, X.T @ inner @ y)
        logs = -np.linalg.slogdet(inner)[1] + np.linalg.slogdet(gram)[1]
        return float(logs + e @ inner @ e) / 2

    h = 1e-3 * np.maximum(np.abs(theta), 0.1)
    hessian = np.zeros((r, r))
    for a in range(r):
        for b in range(r):
            ea, eb = np.eye(r)[a] * h, np.eye(r)[b] * h
            corners = [
                s * t * minus_log_likelihood(theta + s * ea + t * eb) for s in (1, -1) for t in (1, -1)
            ]
            hessian[a, b] = sum(corners) / (4 * h[a] * h[b])
    w = np.linalg.inv(hessian)
    Es = [W @ spread(e) @ W for e in E]
    P = [-X.T @ e @ X for e in Es]
    total = np.zeros_like(phi)
    for a in range(r):
        for b in range(r):
            Q = X.T @ Es[a] @ V @ Es[b] @ X
            R = np.zeros_like(Q) if E2 is None else X.T @ W @ spread(E2[a, b]) @ W @ X
            total += w[a, b] * (Q - P[a] @ phi @ P[b] - R / 4)
    adjusted = phi + 2 * phi @ total @ phi
    # Differences of step 1e-3 give the Hessian to about 1e-5.
    np.testing.assert_allclose(result.coefficients["se"].to_numpy(), np.sqrt(np.diag(adjusted)), rtol=1e-4)
    L = np.eye(4)[2:]
    theta_l = L.T @ np.linalg.inv(L @ phi @ L.T) @ L
    inner = [theta_l @ phi @ p @ phi for p in P]
    a1 = sum(w[a, b] * np.trace(inner[a]) * np.trace(inner[b]) for a in range(r) for b in range(r))
    a2 = sum(w[a, b] * np.trace(inner[a] @ inner[b]) for a in range(r) for b in range(r))
    q = 2
    g = ((q + 1) * a1 - (q + 4) * a2) / ((q + 2) * a2)
    c = np.array([g, q - g, q + 2 - g]) / (3 * q + 2 * (1 - g))
    B = (a1 + 6 * a2) / (2 * q)
    mean = 1 / (1 - a2 / q)
    variance = 2 / q * (1 + c[0] * B) / ((1 - c[1] * B) ** 2 * (1 - c[2] * B))
    den = 4 + (q + 2) / (q * variance / (2 * mean**2) - 1)
    beta = L @ result.coefficients["estimate"].to_numpy()
    f = den / (mean * (den - 2)) * beta @ np.linalg.solve(L @ adjusted @ L.T, beta) / q
    found = result.joint_test(L)
    assert found["num_df"][0] == 2
    assert found["den_df"][0] == pytest.approx(den, rel=2e-3)
    assert found["f"][0] == pytest.approx(f, rel=2e-3)
