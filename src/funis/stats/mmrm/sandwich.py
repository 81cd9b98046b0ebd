"""Sandwich (empirical) variances of the coefficients, robust to a wrong covariance structure.

With V_i = L_i L_i', Xs_i = L_i^-1 X_i and es_i = L_i^-1 e_i, the variance is

    Phi [ sum_i Xs_i' A_i es_i es_i' A_i' Xs_i ] Phi,    H_i = Xs_i Phi Xs_i',

- CR0: A_i = I (SAS: EMPIRICAL; R mmrm: "Empirical"),
- CR2: A_i = (I - H_i)^(-1/2), symmetric root (Bell and McCaffrey 2002; R mmrm: "Empirical-Bias-Reduced"),
- CR3: A_i = (I - H_i)^-1, the jackknife (R mmrm: "Empirical-Jackknife").

The root in CR2 is taken after scaling by the Cholesky factor, as R mmrm does; another factor of V_i gives
another, equally unbiased, variance.
"""

from __future__ import annotations

import numpy as np

from funis.errors import UnknownNameError
from funis.stats.mmrm.covariance import Floats
from funis.stats.mmrm.degrees_of_freedom import SubjectScores
from funis.stats.mmrm.engine import Likelihood, State
from funis.stats.mmrm.sums import SubjectArrays

SANDWICHES = ("CR0", "CR2", "CR3")


def check_sandwich(name: str | None) -> str | None:
    """Return the name of a sandwich variance (or None), or raise with the known ones."""
    if name is not None and name not in SANDWICHES:
        raise UnknownNameError("sandwich variance", name, SANDWICHES)
    return name


def sandwich_variance(
    likelihood: Likelihood, state: State, data: SubjectArrays, *, kind: str
) -> tuple[Floats, SubjectScores]:
    """Compute a sandwich variance (p, p) and what its degrees of freedom need."""
    phi = state.phi
    meat = np.zeros_like(phi)
    lefts, rights, owners = [], [], []
    for k in range(likelihood.sums.count.size):
        members = np.flatnonzero(likelihood.sums.cell == k)
        Xs, es = scaled_rows(likelihood, state, data, k)
        left = _adjustment(Xs, phi, kind) @ Xs
        scores = np.einsum("nap,na->np", left, es)
        meat += scores.T @ scores
        lefts.append(left.reshape(-1, phi.shape[0]))
        rights.append(Xs.reshape(-1, phi.shape[0]))
        owners.append(np.repeat(members, Xs.shape[1]))
    vcov = phi @ meat @ phi
    scores_kept = SubjectScores(np.concatenate(lefts), np.concatenate(rights), np.concatenate(owners))
    return 0.5 * (vcov + vcov.T), scores_kept


def scaled_rows(
    likelihood: Likelihood, state: State, data: SubjectArrays, cell: int
) -> tuple[Floats, Floats]:
    """Give L^-1 X (n_k, d, p) and L^-1 (y - X beta) (n_k, d) of the subjects of one cell, in their order."""
    sums = likelihood.sums
    members = np.flatnonzero(sums.cell == cell)
    visits = np.flatnonzero(sums.observed[cell])
    X = np.einsum("ns,asp->nap", data.subject_part[members], data.visit_part[visits], optimize=True)
    residual = data.outcome[np.ix_(members, visits)] - X @ state.beta
    sigma = state.sigma[cell] if likelihood.irregular else state.sigma[sums.group[cell]]
    inverse = np.linalg.inv(np.linalg.cholesky(sigma[np.ix_(visits, visits)]))
    return inverse @ X, residual @ inverse.T


def _adjustment(Xs: Floats, phi: Floats, kind: str) -> Floats:
    """Give A_i for the subjects of one cell: (n_k, d, d), or (1, d, d) where it is the identity."""
    d = Xs.shape[1]
    if kind == "CR0":
        return np.eye(d)[None]
    rest = np.eye(d) - Xs @ phi @ Xs.transpose(0, 2, 1)
    values, vectors = np.linalg.eigh(0.5 * (rest + rest.transpose(0, 2, 1)))
    # An eigenvalue of 0 belongs to a direction that the subject alone determines; it has no residual.
    safe = np.where(values > 1e-9, values, np.inf)
    power = safe ** (-0.5 if kind == "CR2" else -1.0)
    adjusted: Floats = (vectors * power[:, None, :]) @ vectors.transpose(0, 2, 1)
    return adjusted
