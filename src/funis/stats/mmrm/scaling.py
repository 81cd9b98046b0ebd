"""Units in which a fit is well conditioned: residuals of about 1 at every visit.

Rows of outcome and design are divided by one power of two per visit (and per covariance group), which changes
no coefficient and turns Sigma into D^-1 Sigma D^-1. Only structures with a variance per visit allow a divisor
per visit; the others take one for all. Powers of two make the way back exact. What least squares explains is
taken off the outcomes beforehand, so that sums of products hold residuals and not large numbers that cancel.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from funis.stats.mmrm.covariance import Floats, has_visit_variances, parameter_scale
from funis.stats.mmrm.engine import State
from funis.stats.mmrm.estimable import Estimable, find_estimable, orthogonal_transform
from funis.stats.mmrm.sums import SubjectArrays

# Standard deviations that differ by less are left as they are.
EVEN = 2.0
MAX_ROUNDS = 12
# Residuals smaller than this share of the outcomes are what rounding leaves of zeros.
ROUNDING = 1e-13
# Residuals of a visit smaller than this share of those of others belong to outcomes that are fitted exactly.
EXACT = 1e-10
# Information matrices with a larger condition number are brought back to the identity.
ROUND = 1e4


@dataclass(frozen=True, slots=True)
class Prepared:
    """Data in the engine's units.

    Attributes
    ----------
    data : residual outcomes and a design with orthogonal columns, both divided by ``scale``
    estimable : the columns, with the transform from the engine's coefficients to the named ones
    beta : (kept,) what least squares took off the outcomes, in the engine's coordinates
    scale : (G, m) powers of two that rows were divided by
    varies : whether any residuals are left
    exact : visits at which (in some group) no residuals are left
    """

    data: SubjectArrays
    estimable: Estimable
    beta: Floats
    scale: Floats
    varies: bool
    exact: tuple[int, ...]


def prepare(data: SubjectArrays, *, by_visit: bool) -> Prepared:
    """Bring data into units in which residuals are about 1.

    Parameters
    ----------
    data : as arranged
    by_visit : whether each visit may have a divisor of its own
    """
    estimable, plain = find_estimable(data)
    groups, visits = int(data.group.max()) + 1, data.outcome.shape[1]
    scale = np.ones((groups, visits))
    rows = plain
    for turn in range(MAX_ROUNDS):
        beta, residual = _least_squares(rows, estimable)
        spread = _spread(residual, data, groups) * scale
        if turn == 0 and _is_rounding(spread, _spread(data.outcome, data, groups)):
            # Finer units would only follow the rounding from visit to visit.
            spread, wanted = np.zeros_like(spread), scale
            break
        wanted = _divisors(spread, by_visit=by_visit)
        change = wanted / scale
        if change.max() <= EVEN * change.min() or turn == MAX_ROUNDS - 1:
            break
        scale = wanted
        rows = rescale(plain, scale)
        estimable = orthogonal_transform(rows, estimable)
    common = float(wanted.max() / scale[np.unravel_index(wanted.argmax(), wanted.shape)])
    basis = rows.visit_part[:, :, estimable.kept] @ estimable.transform
    turned = replace(
        rows,
        visit_part=basis,
        outcome=residual / common,
        log_weights=rows.log_weights - 2.0 * float(data.observed.sum()) * float(np.log(common)),
    )
    size = np.sqrt((data.outcome**2).sum() / data.observed.sum())
    largest = float(np.nanmax(spread, initial=0.0))
    gone = (spread <= EXACT * largest).any(axis=0)
    return Prepared(
        data=turned,
        estimable=replace(estimable, transform=estimable.transform * common),
        beta=beta / common,
        scale=scale * common,
        varies=largest > ROUNDING * size,
        exact=tuple(int(a) for a in np.flatnonzero(gone)) if by_visit else (),
    )


def _is_rounding(spread: Floats, size: Floats) -> bool:
    """Tell whether the residuals of every visit are what rounding leaves of zeros."""
    known = ~np.isnan(spread)
    return bool((spread[known] <= ROUNDING * size[known]).all())


def is_well_scaled(state: State, *, by_visit: bool) -> bool:
    """Tell whether the units fit where the search ended: even variances, well-conditioned information."""
    values = np.linalg.eigvalsh(state.phi)
    if values[-1] > ROUND * values[0]:
        return False
    deviation = np.sqrt(np.diagonal(state.sigma, axis1=1, axis2=2))
    return not by_visit or bool(deviation.max() <= 4 * EVEN * deviation.min())


def refine(prepared: Prepared, state: State, covariance: str) -> tuple[Prepared, Floats]:
    """Choose units by what a search has found: residuals from its fit, its variances, its information.

    Generalised least squares may leave far smaller residuals than ordinary ones do, and a strong correlation
    makes coefficients that were orthogonal depend on one another.

    Returns
    -------
    the data in the new units, and the covariance parameters (r,) in them
    """
    deviation = np.sqrt(np.diagonal(state.sigma, axis1=1, axis2=2))
    step = _divisors(deviation, by_visit=has_visit_variances(covariance))
    rows = rescale(prepared.data, step)
    residual = (rows.outcome - rows.subject_part @ (rows.visit_part @ state.beta).T) * rows.observed
    root = np.linalg.cholesky(state.phi)
    estimable = prepared.estimable
    finer = replace(
        prepared,
        data=replace(rows, outcome=residual, visit_part=rows.visit_part @ root),
        estimable=replace(estimable, transform=estimable.transform @ root),
        beta=np.linalg.solve(root, prepared.beta + state.beta),
        scale=prepared.scale * step,
    )
    factors = np.concatenate([parameter_scale(covariance, row) for row in step])
    return finer, state.theta / factors


def rescale(data: SubjectArrays, scale: Floats) -> SubjectArrays:
    """Divide rows by the scale (G, m) of their group and visit, which is a product of the two."""
    by_group = scale[:, 0] / scale[0, 0]
    of_subject = by_group[data.group]
    observed = data.observed * np.log(of_subject[:, None] * scale[0])
    return replace(
        data,
        outcome=data.outcome / (of_subject[:, None] * scale[0]),
        subject_part=data.subject_part / of_subject[:, None] if scale.shape[0] > 1 else data.subject_part,
        visit_part=data.visit_part / scale[0][:, None, None],
        log_weights=data.log_weights - 2.0 * float(observed.sum()),
    )


def _least_squares(rows: SubjectArrays, estimable: Estimable) -> tuple[Floats, Floats]:
    """Give the coefficients (kept,) by ordinary least squares, refined once, and the residuals (n, m)."""
    basis = rows.visit_part[:, :, estimable.kept] @ estimable.transform
    beta = np.zeros(basis.shape[2])
    residual = rows.outcome
    for _ in range(2):
        step = np.einsum("as,asp->p", (rows.subject_part.T @ residual).T, basis)
        beta = beta + step
        residual = (residual - rows.subject_part @ (basis @ step).T) * rows.observed
    return beta, residual


def _spread(residual: Floats, data: SubjectArrays, groups: int) -> Floats:
    """Give the root mean square of residuals by group and visit; NaN where nothing was observed."""
    members = [data.group == g for g in range(groups)]
    total = np.stack([(residual[who] ** 2).sum(axis=0) for who in members])
    count = np.stack([data.observed[who].sum(axis=0) for who in members])
    with np.errstate(invalid="ignore"):
        spread: Floats = np.sqrt(total / count)
    return spread


def _divisors(spread: Floats, *, by_visit: bool) -> Floats:
    """Turn standard deviations by group and visit (G, m) into powers of two of the form d_g d_a."""
    largest = float(np.nanmax(spread, initial=0.0))
    if not largest > 0 or not np.isfinite(largest):
        return np.ones_like(spread)
    logs = np.log2(np.maximum(np.where(np.isnan(spread), largest, spread), EXACT * largest))
    known = ~np.isnan(spread)
    typical = float(logs[known].mean())
    of_group = np.array(
        [row[seen].mean() if seen.any() else typical for row, seen in zip(logs, known, strict=True)]
    )
    of_visit = np.full(spread.shape[1], typical)
    if by_visit:
        away = np.where(known, logs - of_group[:, None], 0.0)
        of_visit = typical + away.sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    exponent = np.round(of_group - typical)[:, None] + np.round(of_visit)
    divisors: NDArray[np.float64] = 2.0**exponent
    return divisors
