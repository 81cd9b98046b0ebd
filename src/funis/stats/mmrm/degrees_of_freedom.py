"""Tests of contrasts: standard errors and degrees of freedom in small samples.

For a contrast l'beta with Phi = (X' V^-1 X)^-1 and w the covariance matrix of the covariance parameters
(inverse observed Hessian of the restricted likelihood), dPhi/dr = -Phi P_r Phi, and

- Satterthwaite: df = 2 (l'Phi l)^2 / (d' w d), d_r = l' dPhi/dr l; several rows by Fai and Cornelius 1996;
- Kenward-Roger: Phi_A = Phi + 2 Phi { sum_rs w_rs (Q_rs - P_r Phi P_s) - 1/4 sum_rs w_rs R_rs } Phi, where
  Q_rs = X' V^-1 E_r V^-1 E_s V^-1 X and R_rs = X' V^-1 E2_rs V^-1 X; F scaled as in their section 3.
  "linear" leaves R out; "kenward-roger" takes E2 in SAS's parameters, "kenward-roger-mmrm" in R mmrm's;
- between-within: N - n - (within columns) for columns that change within a subject (and the intercept),
  n - (between columns) - 1 for the others (Schluchter and Elashoff 1990, as in R mmrm and SAS);
- residual: N - p.

With a sandwich variance, Satterthwaite means the approximation of Bell and McCaffrey 2002.

Source: Satterthwaite 1946; Giesbrecht and Burns 1985; Kenward and Roger 1997.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from funis.stats.mmrm.covariance import Floats
from funis.stats.mmrm.covariance_r import second_derivative_mean
from funis.stats.mmrm.engine import Likelihood, State
from funis.stats.mmrm.search import Optimum

DF_METHODS = (
    "satterthwaite",
    "kenward-roger",
    "kenward-roger-linear",
    "kenward-roger-mmrm",
    "between-within",
    "residual",
)

# A variance below this share of the terms summed is what rounding leaves of 0: the contrast does not vary.
ROUNDING = 1e-14


@dataclass(frozen=True, slots=True)
class SubjectScores:
    """What a sandwich variance keeps per subject: a'a and z of :mod:`funis.stats.mmrm.sandwich`.

    ``left`` (N, p) stacks A_i L_i^-1 X_i; ``subject`` (N,) tells whose row it is.
    """

    left: Floats
    right: Floats
    subject: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Inference:
    """All that tests of contrasts need, in the engine's coordinates; see :func:`build_inference`.

    ``vcov`` is what standard errors come from; ``phi`` the model-based covariance. ``fixed_df`` (p,) holds
    the degrees of freedom by column for between-within and residual.
    """

    method: str
    beta: Floats
    vcov: Floats
    phi: Floats
    weight: Floats
    PhiPPhi: Floats
    fixed_df: Floats | None = None
    scores: SubjectScores | None = None


@dataclass(frozen=True, slots=True)
class ContrastTest:
    """An F test of one or more contrasts."""

    num_df: int
    den_df: float
    f: float
    p: float


def parameter_covariance(optimum: Optimum) -> Floats:
    """Invert the observed Hessian: the covariance matrix of theta."""
    inverse = np.linalg.inv(optimum.hessian)
    return 0.5 * (inverse + inverse.T)


def build_inference(
    likelihood: Likelihood,
    optimum: Optimum,
    method: str,
    *,
    fixed_df: Floats | None = None,
    sandwich: tuple[Floats, SubjectScores] | None = None,
) -> Inference:
    """Compute the covariance of the coefficients and what degrees of freedom need."""
    state = optimum.state
    assert state is not None  # noqa: S101  a failed fit never comes here
    weight = parameter_covariance(optimum)
    phi = state.phi
    vcov = phi
    if method.startswith("kenward-roger"):
        vcov = _adjusted(likelihood, state, optimum.P, weight, method)
    scores = None
    if sandwich is not None:
        vcov, scores = sandwich
    return Inference(
        method=method,
        beta=state.beta,
        vcov=vcov,
        phi=phi,
        weight=weight,
        PhiPPhi=phi @ optimum.P @ phi,
        fixed_df=fixed_df,
        scores=scores,
    )


def _adjusted(likelihood: Likelihood, state: State, P: Floats, weight: Floats, method: str) -> Floats:
    """Adjust Phi for the estimation of the covariance parameters."""
    sums = likelihood.sums
    phi = state.phi
    p = phi.shape[0]
    inner = np.zeros_like(state.W)
    for group, cells in enumerate(likelihood.cells):
        part = likelihood.part(group)
        w, E, W = weight[part, part], state.gradients[group], state.W[cells]
        inner[cells] = _weighted_products(w, E, W)
        if method == "kenward-roger-linear":
            continue
        parameters = "mmrm" if method == "kenward-roger-mmrm" else "sas"
        distance = sums.distance
        if likelihood.irregular and distance is not None:
            distance = distance[cells]
        inner[cells] -= 0.25 * second_derivative_mean(
            likelihood.covariance,
            state.theta[part],
            w,
            visits=sums.visits,
            parameters=parameters,
            distance=distance,
        )
    first = likelihood.gram(state.W @ inner @ state.W)
    # sum_rs w_rs P_r Phi P_s as one product of tall matrices.
    weighted_P = (weight @ P.reshape(P.shape[0], -1)).reshape(P.shape)
    second = (P.transpose(1, 0, 2) @ phi).reshape(p, -1) @ weighted_P.reshape(-1, p)
    adjusted = phi + 2.0 * phi @ (first - second) @ phi
    return 0.5 * (adjusted + adjusted.T)


def _weighted_products(w: Floats, E: Floats, W: Floats) -> Floats:
    """Sum w_rs E_r W_k E_s over r and s, for each cell k."""
    k, m, _ = W.shape
    if E.ndim == 4:
        irregular: Floats = np.einsum("rs,krab,kbc,kscd->kad", w, E, W, E, optimize=True)
        return irregular
    r = E.shape[0]
    flat = E.reshape(r, m * m)
    tensor = (flat.T @ w @ flat).reshape(m, m, m, m).transpose(1, 2, 0, 3).reshape(m * m, m * m)
    return (W.reshape(k, m * m) @ tensor).reshape(k, m, m)


def contrast_variance(inference: Inference, L: Floats) -> Floats:
    """Give the variance of each contrast, one per row of L (q, p); NaN where terms cancel to nothing."""
    variance: Floats = np.einsum("qi,ij,qj->q", L, inference.vcov, L)
    terms = np.einsum("qi,ij,qj->q", np.abs(L), np.abs(inference.vcov), np.abs(L))
    return np.where(variance > ROUNDING * terms, variance, np.nan)


def degrees_of_freedom(inference: Inference, L: Floats) -> Floats:
    """Give the degrees of freedom of each contrast, one per row of L (q, p)."""
    if inference.fixed_df is not None:
        values = np.where(L != 0, inference.fixed_df, np.inf).min(axis=1)
        return np.where(np.isfinite(values), values, np.nan)
    # Degrees of freedom have no unit, but hold the fourth power of a contrast's; powers of two take it off.
    L = np.ldexp(L, -np.frexp(np.abs(L).max(axis=1, initial=0.0))[1][:, None])
    if inference.scores is not None:
        return _bell_mccaffrey(inference, L)
    slopes = np.einsum("qi,rij,qj->qr", L, inference.PhiPPhi, L, optimize=True)
    variance = np.einsum("qi,ij,qj->q", L, inference.phi, L)
    spread = np.einsum("qr,rs,qs->q", slopes, inference.weight, slopes)
    with np.errstate(divide="ignore", invalid="ignore"):
        result: Floats = 2.0 * variance**2 / spread
    return result


def _bell_mccaffrey(inference: Inference, L: Floats) -> Floats:
    """Match two moments of the sandwich variance under the working model (Bell and McCaffrey 2002)."""
    scores = inference.scores
    assert scores is not None  # noqa: S101
    n = int(scores.subject.max()) + 1
    result = np.empty(L.shape[0])
    for q, row in enumerate(L @ inference.phi):
        a = scores.left @ row
        squares = np.bincount(scores.subject, weights=a * a, minlength=n)
        z = np.stack(
            [np.bincount(scores.subject, weights=column * a, minlength=n) for column in scores.right.T],
            axis=1,
        )
        zphi = z @ inference.phi
        leverage = np.einsum("ni,ni->n", zphi, z)
        inner = inference.phi @ (z.T @ z)
        trace = float((squares - leverage).sum())
        trace_squared = float((squares**2 - 2 * squares * leverage).sum() + (inner * inner.T).sum())
        # A contrast that no residual bears on has no variance and no degrees of freedom.
        known = trace_squared > ROUNDING * float((squares**2).sum())
        result[q] = trace**2 / trace_squared if known else np.nan
    return result


@np.errstate(all="ignore")
def f_test(inference: Inference, L: Floats) -> ContrastTest:
    """Test L beta = 0 for L (q, p); redundant rows are taken out first."""
    from scipy.special import fdtrc

    values, vectors = np.linalg.eigh(L @ inference.vcov @ L.T)
    keep = values > 1.5e-8 * max(float(values.max(initial=0.0)), 0.0)
    q = int(keep.sum())
    if q == 0:
        return ContrastTest(0, np.nan, np.nan, np.nan)
    rotated = vectors[:, keep].T @ L
    f = float(((rotated @ inference.beta) ** 2 / values[keep]).sum() / q)
    if inference.method.startswith("kenward-roger") and q > 1:
        den, scale = _kenward_roger_scale(inference, rotated)
        f *= scale
    elif inference.fixed_df is not None:
        den = float(degrees_of_freedom(inference, (L != 0).any(axis=0)[None, :].astype(float))[0])
    else:
        den = _pooled_df(degrees_of_freedom(inference, rotated))
    p = float(fdtrc(q, den, f)) if np.isfinite(den) and den > 0 else np.nan
    return ContrastTest(q, den, f, p)


def _pooled_df(df: Floats) -> float:
    """Pool the degrees of freedom of independent contrasts (Fai and Cornelius 1996, eq. 2.9)."""
    if df.size == 1 or np.ptp(df) < 1.5e-8:
        return float(df.mean())
    if (df <= 2).any():
        return 2.0
    total = (df / (df - 2)).sum()
    return float(2 * total / (total - df.size))


def _kenward_roger_scale(inference: Inference, L: Floats) -> tuple[float, float]:
    """Give the denominator degrees of freedom and the scale of F (Kenward and Roger 1997, section 3)."""
    q = L.shape[0]
    theta = L.T @ np.linalg.solve(L @ inference.phi @ L.T, L)
    TP = theta @ inference.PhiPPhi
    traces = np.einsum("rii->r", TP)
    # numpy's floats, which divide by 0: without covariance parameters to estimate there is nothing to adjust.
    a1 = np.float64(traces @ inference.weight @ traces)
    a2 = np.float64(np.einsum("rs,rij,sji->", inference.weight, TP, TP, optimize=True))
    b = (a1 + 6 * a2) / (2 * q)
    g = ((q + 1) * a1 - (q + 4) * a2) / ((q + 2) * a2)
    base = 3 * q + 2 * (1 - g)
    c1, c2, c3 = g / base, (q - g) / base, (q + 2 - g) / base
    mean = 1 / (1 - a2 / q)
    variance = (2 / q) * (1 + c1 * b) / ((1 - c2 * b) ** 2 * (1 - c3 * b))
    rho = variance / (2 * mean**2)
    den = 4 + (q + 2) / (q * rho - 1)
    return float(den), float(den / (mean * (den - 2)))
