"""Second derivatives of Sigma in the parameters of R ``mmrm``, as its Kenward-Roger correction needs them.

Kenward and Roger's correction adds ``-1/4 sum_ab w_ab d2Sigma/dphi_a dphi_b`` where ``w`` is the covariance
matrix of the estimated parameters phi. The sum changes with the parameters chosen. R ``mmrm`` estimates

- ``us``: log of the diagonal of a Cholesky factor, and the lower triangle of that factor divided by its
  diagonal, row by row;
- correlations: rho = x / sqrt(1 + x^2); standard deviations: their logarithm;
- the correlation of ``cs`` and ``csh``, since version 0.3.16: rho = (1 + a) / (1 + exp(-x)) - a with
  a = 1 / (m - 1), which covers what makes a positive definite matrix of m visits; before it was as above;
- ``sp_exp``: log of the variance, and the logit of the correlation at distance 1.

With theta the parameters of `covariance`, J = dtheta/dphi and w_phi = J^-1 w_theta J^-T,
the sum equals ``sum_rs w_theta[r, s] E2[r, s] + sum_r E_r tr(w_phi d2theta_r/dphi2)``.

Source: R mmrm 0.3.16, vignettes "covariance" and "kenward", news; Kenward and Roger 1997, eq. 5.
"""

from __future__ import annotations

import numpy as np

from funis.stats.mmrm.covariance import Floats, Structure, evaluate_structure, structure


def second_derivative_mean(
    name: str, theta: Floats, weight: Floats, *, visits: int, parameters: str, distance: Floats | None = None
) -> Floats:
    """Sum the second derivatives of Sigma, weighted by the covariance matrix of the parameters.

    Parameters
    ----------
    name : structure name
    theta, weight : estimates (r,) and their covariance matrix (r, r), both in SAS's parameters
    visits : m
    parameters : ``"sas"`` or ``"mmrm"``
    distance : (..., m, m) for ``sp_exp``

    Returns
    -------
    float array (..., m, m)
    """
    _, gradient, curvature = evaluate_structure(name, theta, visits, order=2, distance=distance)
    total = np.zeros((visits, visits))
    if curvature is not None:
        total = np.einsum("...rsij,rs->...ij", curvature, weight)
    if parameters == "sas":
        return total
    if name == "us":
        return _cholesky_second(theta, weight, visits)
    jacobian, bend = _reparametrisation(structure(name), theta, visits)
    inverse = np.linalg.inv(jacobian)
    weight_phi = inverse @ weight @ inverse.T
    result: Floats = total + np.einsum("...rij,r->...ij", gradient, np.einsum("rab,ab->r", bend, weight_phi))
    return result


def _reparametrisation(shape: Structure, theta: Floats, visits: int) -> tuple[Floats, Floats]:
    """Give dtheta/dphi (r, r) and d2theta/dphi2 (r, r, r) for all structures but ``us``."""
    r = theta.size
    heads = visits if shape.form == "heterogeneous" else 1
    jacobian, bend = np.zeros((r, r)), np.zeros((r, r, r))
    if shape.name == "cs":
        return _through_total(np.array([theta.sum(), *theta[1:]]), visits, compound=True)
    if shape.name == "toep":
        return _through_total(theta, visits, compound=False)
    # Variances: v = exp(2 phi), except sp_exp, where R writes v = exp(phi).
    factor = 1.0 if shape.form == "distance" else 2.0
    for i in range(heads):
        jacobian[i, i] = factor * theta[i]
        bend[i, i, i] = factor**2 * theta[i]
    for i in range(heads, r):
        if shape.form == "distance":
            jacobian[i, i], bend[i, i, i] = _range_slopes(theta[i])
        else:
            is_compound = shape.correlation == "cs"
            jacobian[i, i], bend[i, i, i] = _correlation_slopes(theta[i], visits, compound=is_compound)
    return jacobian, bend


def _correlation_slopes(rho: float, visits: int, *, compound: bool) -> tuple[float, float]:
    """Differentiate a correlation in R's parameter, once and twice."""
    if compound:
        least = -1.0 / (visits - 1)
        first = (rho - least) * (1 - rho) / (1 - least)
        return first, first * (1 + least - 2 * rho) / (1 - least)
    return (1 - rho**2) ** 1.5, -3 * rho * (1 - rho**2) ** 2


def _range_slopes(reach: float) -> tuple[float, float]:
    """Differentiate range = -1 / log(rho), rho = 1 / (1 + exp(-phi)), once and twice."""
    rho = float(np.exp(-1.0 / reach))
    log = -1.0 / reach
    first = (1 - rho) / log**2
    second = (-1 / log**2 - 2 * (1 - rho) / (rho * log**3)) * rho * (1 - rho)
    return first, second


def _through_total(theta: Floats, visits: int, *, compound: bool) -> tuple[Floats, Floats]:
    """Differentiate (v, c_1, ...) with v = exp(2 phi_0), c_k = v rho_k; for cs, (v - c, c) instead."""
    r = theta.size
    v, rho = theta[0], theta[1:] / theta[0]
    jacobian, bend = np.zeros((r, r)), np.zeros((r, r, r))
    jacobian[0, 0], bend[0, 0, 0] = 2 * v, 4 * v
    for k in range(1, r):
        first, second = _correlation_slopes(rho[k - 1], visits, compound=compound)
        jacobian[k, 0], jacobian[k, k] = 2 * v * rho[k - 1], v * first
        bend[k, 0, 0] = 4 * v * rho[k - 1]
        bend[k, 0, k] = bend[k, k, 0] = 2 * v * first
        bend[k, k, k] = v * second
    if compound and r > 1:
        jacobian[0] -= jacobian[1]
        bend[0] -= bend[1]
    return jacobian, bend


def _cholesky_second(theta: Floats, weight: Floats, m: int) -> Floats:
    """Sum the second derivatives of Sigma = K K', K = diag(d) L, over phi = (log d, rows of L)."""
    rows, columns = np.tril_indices(m)
    sigma = np.zeros((m, m))
    sigma[rows, columns] = sigma[columns, rows] = theta
    factor = np.linalg.cholesky(sigma)
    d = np.diag(factor)
    below = [(i, j) for i in range(m) for j in range(i)]
    r = theta.size
    first = np.zeros((r, m, m))
    second = np.zeros((r, r, m, m))
    for i in range(m):
        first[i, i] = second[i, i, i] = factor[i]
    for k, (i, j) in enumerate(below, start=m):
        first[k, i, j] = d[i]
        second[i, k, i, j] = second[k, i, i, j] = d[i]
    slopes = first @ factor.T
    slopes = slopes + slopes.transpose(0, 2, 1)
    inverse = np.linalg.inv(slopes[:, rows, columns].T)
    weight_phi = inverse @ weight @ inverse.T
    half = np.einsum("rs,rsij->ij", weight_phi, second) @ factor.T
    half = half + np.einsum("rs,rij,skj->ik", weight_phi, first, first)
    result: Floats = half + half.T
    return result
