"""PROC MIXED's own path to the maximum, for those who must reproduce its printed digits.

SAS stops when g'H^-1 g / |f| is below 1e-8 (f = -2 log-likelihood), which leaves variances off in the fourth
or fifth digit: as much as R's default. To print the same digits one has to stop at the same point, so this
module walks the same way: MIVQUE0 estimates, then Newton-Raphson steps with the observed Hessian; the
residual variance of compound symmetry is profiled out and the steps are taken in the ratio to it.

Known to hold for us and cs: iteration histories and results agree to all digits SAS prints. For the other
structures SAS's starting values are not documented, or do not lead to its figures, so they are refused.

Source: SAS/STAT, PROC MIXED, "Computational issues", options CONVH= and NOPROFILE; Rao 1972 (MIVQUE0).
"""

from __future__ import annotations

import numpy as np

from funis.errors import ValueRangeError
from funis.stats.mmrm.covariance import Floats, is_positive_definite
from funis.stats.mmrm.engine import Likelihood, State
from funis.stats.mmrm.search import Optimum, no_optimum

CRITERION = 1e-8
PROFILED = ("cs",)
KNOWN = ("us", *PROFILED)


def maximise_as_sas(likelihood: Likelihood, *, log_det_design: float) -> Optimum:
    """Walk PROC MIXED's path and stop where it stops.

    Parameters
    ----------
    likelihood : one group, covariance ``us`` or ``cs``
    log_det_design : log|det T| of the engine's change of coordinates, part of SAS's objective in REML

    Raises
    ------
    ValueRangeError : another structure, or groups
    """
    if likelihood.covariance not in KNOWN or len(likelihood.cells) > 1:
        raise ValueRangeError("stopping", "sas", f"covariance {', '.join(KNOWN)} without groups for 'sas'")
    state = _mivque0(likelihood)
    profiled = likelihood.covariance in PROFILED
    for step in range(50):
        if state is not None and profiled:
            state = _rescaled(likelihood, state)
        if state is None:
            return no_optimum("did not converge", "PROC MIXED's path leaves the matrices", step)
        hessian, P = likelihood.hessian(state)
        if not is_positive_definite(hessian):
            return no_optimum("did not converge", "the Hessian is not positive definite", step)
        target, change = _step(state, hessian, profiled=profiled)
        value = abs(2.0 * (likelihood.log_likelihood(state) + log_det_design))
        # The MIVQUE0 point is SAS's iteration 0; it never stops there.
        if step > 0 and 2.0 * change / value < CRITERION:
            return Optimum("converged", "", state, hessian, P, step)
        state = likelihood.evaluate(target)
    return no_optimum("did not converge", "no convergence in 50 steps", 50)


def _mivque0(likelihood: Likelihood) -> State | None:
    """Take one scoring step from Sigma = I, which gives the MIVQUE0 estimates of a linear structure."""
    m = likelihood.sums.visits
    start = np.zeros(likelihood.size)
    if likelihood.covariance == "us":
        start[np.cumsum(np.arange(m) + 1) - 1] = 1.0
    else:
        start[0] = 1.0
    state = likelihood.evaluate(start)
    if state is None:
        return None
    information, _ = likelihood.hessian(state, expected=True)
    return likelihood.evaluate(start - np.linalg.solve(information, state.score))


def _rescaled(likelihood: Likelihood, state: State) -> State | None:
    """Put the residual variance at its best for the ratios of the others to it."""
    sums = likelihood.sums
    free = sums.n_observations - (sums.coefficients if likelihood.reml else 0)
    return likelihood.evaluate(state.theta * (state.quadratic / free))


def _step(state: State, hessian: Floats, *, profiled: bool) -> tuple[Floats, float]:
    """Give the point a Newton step leads to, and g'H^-1 g."""
    if not profiled:
        change = np.linalg.solve(hessian, state.score)
        return state.theta - change, float(state.score @ change)
    s = state.theta[0]
    ratio = state.theta[1:] / s
    r = state.theta.size
    jacobian = np.zeros((r, r))
    jacobian[0, 0] = 1.0
    jacobian[1:, 0] = ratio
    jacobian[1:, 1:] = s * np.eye(r - 1)
    full = jacobian.T @ hessian @ jacobian
    full[0, 1:] += state.score[1:]
    full[1:, 0] += state.score[1:]
    concentrated = full[1:, 1:] - np.outer(full[1:, 0], full[0, 1:]) / full[0, 0]
    slope = s * state.score[1:]
    change = np.linalg.solve(concentrated, slope)
    return np.concatenate([[s], s * (ratio - change)]), float(slope @ change)
