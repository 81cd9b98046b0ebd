"""One fit over arranged data: aliased columns, the search, and everything inference needs."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from funis.stats.mmrm.covariance import Floats
from funis.stats.mmrm.degrees_of_freedom import Inference, build_inference
from funis.stats.mmrm.engine import Likelihood, Optimum, maximise
from funis.stats.mmrm.sandwich import sandwich_variance
from funis.stats.mmrm.sums import SubjectArrays, sum_patterns

# R's qr() calls a column dependent when what is left of it is below 1e-7 of its length.
ALIAS_LENGTH = 1e-7
# Below this share of a column's squared length the sums are too coarse a judge; the rows are looked at.
ALIAS_DOUBT = 1e-6


@dataclass(frozen=True, slots=True)
class Estimable:
    """Which columns can be estimated.

    Attributes
    ----------
    kept : places of the columns kept, in order
    dropped : places of the aliased columns
    dependence : (kept, dropped); aliased columns are X_kept @ dependence
    transform : T (kept, kept), upper triangular: X_kept T has orthogonal columns
    """

    kept: NDArray[np.int64]
    dropped: NDArray[np.int64]
    dependence: Floats
    transform: Floats


@dataclass(frozen=True, slots=True)
class Fit:
    """What :func:`fit_arrays` found; ``inference`` is None for a failed fit."""

    likelihood: Likelihood
    optimum: Optimum
    estimable: Estimable
    data: SubjectArrays
    inference: Inference | None
    shift: Floats


def find_estimable(data: SubjectArrays) -> Estimable:
    """Find aliased columns, the later of dependent ones as R does, and a well-conditioned basis."""
    m, _, p = data.visit_part.shape
    gram = np.zeros((p, p))
    for a in range(m):
        u = data.subject_part[data.observed[:, a]]
        gram += data.visit_part[a].T @ (u.T @ u) @ data.visit_part[a]
    length = np.sqrt(np.diag(gram))
    if (length > 0).all():
        try:
            factor = np.linalg.cholesky(gram / np.outer(length, length)).T
        except np.linalg.LinAlgError:
            factor = np.zeros((p, p))
        if (np.diag(factor) ** 2 > ALIAS_DOUBT).all():
            transform = np.linalg.inv(factor) / length[:, None]
            return Estimable(np.arange(p), np.arange(0), np.zeros((p, 0)), transform)
    return _estimable_by_rows(data)


def _estimable_by_rows(data: SubjectArrays) -> Estimable:
    """Orthogonalise the design's columns one after the other (modified Gram-Schmidt, twice)."""
    m, _, p = data.visit_part.shape
    X = np.concatenate([data.subject_part[data.observed[:, a]] @ data.visit_part[a] for a in range(m)])
    basis: list[Floats] = []
    kept, dropped = [], []
    for j in range(p):
        column = X[:, j].copy()
        length = float(np.linalg.norm(column))
        for _ in range(2):
            for q in basis:
                column -= q * (q @ column)
        left = float(np.linalg.norm(column))
        if length > 0 and left > ALIAS_LENGTH * length:
            basis.append(column / left)
            kept.append(j)
        else:
            dropped.append(j)
    Q = np.stack(basis, axis=1) if basis else np.zeros((X.shape[0], 0))
    R = np.triu(Q.T @ X[:, kept])
    transform = np.linalg.inv(R)
    dependence = transform @ (Q.T @ X[:, dropped])
    dependence[np.abs(dependence) < 1e-9] = 0.0
    return Estimable(np.array(kept, dtype=int), np.array(dropped, dtype=int), dependence, transform)


def between_within_df(data: SubjectArrays, estimable: Estimable, *, intercept: int | None) -> Floats:
    """Give the between-within degrees of freedom of each kept column."""
    n = data.outcome.shape[0]
    within = []
    for j in estimable.kept:
        values = data.subject_part @ data.visit_part[:, :, j].T
        low = np.where(data.observed, values, np.inf).min(axis=1)
        high = np.where(data.observed, values, -np.inf).max(axis=1)
        within.append(bool((np.abs(high - low) > 1e-9 * max(1.0, float(np.abs(values).max()))).any()))
    is_within = np.array(within)
    at = estimable.kept == (-1 if intercept is None else intercept)
    has = int(at.any())
    is_within &= ~at
    df_within = int(data.observed.sum()) - n - int(is_within.sum())
    df_between = n - int((~is_within & ~at).sum()) - has
    return np.where(is_within | at, float(df_within), float(df_between))


def fit_arrays(  # noqa: PLR0913  all but the data by keyword, as in fit_mmrm
    data: SubjectArrays,
    *,
    covariance: str,
    reml: bool = True,
    df: str = "kenward-roger",
    sandwich: str | None = None,
    intercept: int | None = None,
    unweighted: SubjectArrays | None = None,
    stopping: str = "tight",
) -> Fit:
    """Fit the model to arranged data.

    Parameters
    ----------
    data : from :func:`funis.stats.mmrm_design.arrange`
    covariance, df, sandwich : names; see :func:`funis.stats.mmrm.fit_mmrm`
    reml : restricted (True) or full maximum likelihood
    intercept : place of the intercept's column, if there is one; the outcome is then centred, which keeps
        digits where it is large beside its spread
    unweighted : the data without weights, which between-within counts look at
    stopping : ``tight``, or ``sas`` for PROC MIXED's own path (:mod:`funis.stats.mmrm.sas`)
    """
    estimable = find_estimable(data)
    kept = estimable.kept
    basis = data.visit_part[:, :, kept] @ estimable.transform
    centre = 0.0
    outcome = data.outcome
    if intercept is not None and intercept in kept:
        mean = _mean_outcome(data, intercept)
        centre, outcome = mean, data.outcome - mean * _column(data, intercept)
    turned = replace(data, visit_part=basis, outcome=outcome)
    likelihood = Likelihood(sum_patterns(turned), covariance, reml=reml)
    if stopping == "sas":
        from funis.stats.mmrm.sas import maximise_as_sas

        log_det = float(np.linalg.slogdet(estimable.transform)[1]) if reml else 0.0
        optimum = maximise_as_sas(likelihood, log_det_design=log_det)
    else:
        optimum = maximise(likelihood)
    shift = np.zeros(kept.size)
    if centre:
        shift[int(np.flatnonzero(kept == intercept)[0])] = centre
    inference = None
    if optimum.state is not None:
        fixed = None
        if df == "between-within":
            fixed = between_within_df(unweighted or data, estimable, intercept=intercept)
        elif df == "residual":
            fixed = np.full(kept.size, float(likelihood.sums.n_observations - kept.size))
        robust = None
        if sandwich is not None:
            robust = sandwich_variance(likelihood, optimum.state, turned, kind=sandwich)
        inference = build_inference(likelihood, optimum, df, fixed_df=fixed, sandwich=robust)
        inference = replace(inference, beta=inference.beta + np.linalg.solve(estimable.transform, shift))
    return Fit(likelihood, optimum, estimable, turned, inference, shift)


def _column(data: SubjectArrays, j: int) -> Floats:
    """Give one design column as (n, m), 0 where not observed."""
    values: Floats = (data.subject_part @ data.visit_part[:, :, j].T) * data.observed
    return values


def _mean_outcome(data: SubjectArrays, intercept: int) -> float:
    """Give the mean outcome, weighted where the intercept's column holds root weights."""
    column = _column(data, intercept)
    return float((column * data.outcome).sum() / (column**2).sum())
