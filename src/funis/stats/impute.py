"""Multiple imputation of repeated measures that are missing at random.

Model: the v visits of subject i are Y_i ~ N(B' x_i, Sigma), x_i (p,) the design row, B (p, v) an effect of
each column at each visit, Sigma (v, v) unstructured. With Jeffreys' prior, data augmentation alternates

    I  missing values given the observed ones: N(mu_m + S_mo S_oo^-1 (y_o - mu_o), S_mm - S_mo S_oo^-1 S_om)
    P  Sigma ~ inverse Wishart(R'R, n - p), R the residuals of least squares; B ~ N(B^, Sigma x (X'X)^-1)

starting from the estimate of the EM algorithm. By reference to another arm: `funis.stats.reference_based`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from funis.arguments import CHAIN, Numbers, OrNone, takes
from funis.errors import ShapeError, ValueRangeError
from funis.stats.sample import Booleans, Floats, Integers


@dataclass(frozen=True, slots=True)
class Chain:
    """How values are drawn.

    Attributes
    ----------
    draws : completed data sets kept, 2 or more
    burn, between : iterations before the first and between two that are kept
    seed : start of the random stream; the same seed gives the same values
    """

    draws: int = 50
    burn: int = 200
    between: int = 20
    seed: int = 1


DEFAULT_CHAIN = Chain()


@dataclass(frozen=True, slots=True)
class Imputations:
    """Completed data sets.

    Attributes
    ----------
    completed : (m, n, v) all values, observed ones unchanged
    missing : (n, v) True where a value was imputed
    method : name for the footnote
    autocorrelation : of successive kept draws of the means (largest in size over visits); near 0 when the
        draws are as good as independent, NaN where each draw is independent by construction
    """

    completed: Floats
    missing: Booleans
    method: str
    autocorrelation: float


@dataclass(frozen=True, slots=True)
class Drawn:
    """One state of the chain: effects (p, v), covariance (v, v), completed data (n, v)."""

    effects: Floats
    covariance: Floats
    completed: Floats


def impute_mar(
    outcome: npt.ArrayLike, design: npt.ArrayLike | None = None, *, chain: Chain = DEFAULT_CHAIN
) -> Imputations:
    """Draw missing values of repeated measures under missing at random, whatever the pattern.

    Parameters
    ----------
    outcome : float array, shape (n subjects, v visits), NaN where missing
    design : float array, shape (n, p), complete, of full rank, with a column of ones or of arms; None for
        ones
    chain : how many draws, and how far apart

    Returns
    -------
    Imputations : a subject without any value is drawn from its mean and covariance

    Raises
    ------
    ShapeError : shapes differ, or subjects are too few: n - p must be v or more, and each visit needs p + 2
        values
    ValueRangeError : a value is infinite or the design is incomplete or not of full rank

    Source
    ------
    Schafer 1997, Analysis of Incomplete Multivariate Data, sections 5.3 and 5.4; Rubin 1987.

    Examples
    --------
    >>> import numpy as np
    >>> found = impute_mar([[1, 2], [2, 4], [3, 5], [4, 8], [5, 9], [6, np.nan]], chain=Chain(draws=3))
    >>> found.completed.shape, bool(10 < found.completed[:, 5, 1].mean() < 14)
    ((3, 6, 2), True)
    """
    values, missing, columns = check_outcome(outcome, design)
    draws = run_chain(values, missing, columns, chain)
    completed = np.stack([draw.completed for draw in draws])
    method = f"multiple imputation under MAR, data augmentation, {chain.draws} draws, seed {chain.seed}"
    return Imputations(completed, missing, method, autocorrelation(draws, columns))


def check_outcome(outcome: npt.ArrayLike, design: npt.ArrayLike | None) -> tuple[Floats, Booleans, Floats]:
    """Give outcome, missing pattern and design as arrays, or refuse them."""
    values = np.asarray(outcome, dtype=np.float64)
    if values.ndim != 2 or not values.size:
        raise ShapeError(f"outcome: found shape {values.shape}; (subjects, visits) is needed.")
    if np.isinf(values).any():
        raise ValueRangeError("outcome", math.inf, "finite numbers, NaN where missing")
    n, v = values.shape
    columns = np.ones((n, 1)) if design is None else np.asarray(design, dtype=np.float64)
    if columns.ndim != 2 or len(columns) != n:
        raise ShapeError(f"design: found shape {columns.shape}; ({n}, columns) is needed.")
    if not np.isfinite(columns).all():
        raise ValueRangeError("design", math.nan, "finite numbers", "Covariates must be complete.")
    p = columns.shape[1]
    if np.linalg.matrix_rank(columns) < p:
        raise ValueRangeError("design", f"rank below {p}", f"full rank {p}", "Drop a column.")
    missing = np.isnan(values)
    fewest = int((~missing).sum(axis=0).min())
    if n - p < v or fewest < p + 2:
        raise ShapeError(
            f"outcome: found {n} subjects, {v} visits, {p} design columns and a visit with {fewest} values; "
            f"{v + p} subjects and {p + 2} values a visit are needed. Impute fewer visits or covariates."
        )
    return values, np.asarray(missing, dtype=np.bool_), columns


def list_patterns(missing: Booleans) -> list[tuple[Integers, Integers, Integers]]:
    """List the patterns that lack something: subjects, observed visits, missing visits."""
    unique, member = np.unique(missing, axis=0, return_inverse=True)
    member = member.reshape(-1)
    return [
        (np.flatnonzero(member == index), np.flatnonzero(~pattern), np.flatnonzero(pattern))
        for index, pattern in enumerate(unique)
        if pattern.any()
    ]


def condition_on(covariance: Floats, seen: Integers, lacking: Integers) -> tuple[Floats, Floats]:
    """Give the regression of missing on observed visits and the covariance that is left."""
    cross = covariance[np.ix_(lacking, seen)]
    slope: Floats = np.asarray(cross, dtype=np.float64)
    if seen.size:
        slope = np.asarray(np.linalg.solve(covariance[np.ix_(seen, seen)], cross.T).T, dtype=np.float64)
    return slope, covariance[np.ix_(lacking, lacking)] - slope @ cross.T


def _start(values: Floats, missing: Booleans, columns: Floats) -> tuple[Floats, Floats]:
    """Give effects and covariance by the EM algorithm, from means and a diagonal."""
    n, v = values.shape
    effects = np.zeros((columns.shape[1], v))
    spread = np.zeros(v)
    for visit in range(v):
        seen = ~missing[:, visit]
        effects[:, visit] = np.linalg.lstsq(columns[seen], values[seen, visit], rcond=None)[0]
        spread[visit] = np.var(values[seen, visit] - columns[seen] @ effects[:, visit]) + 1e-12
    covariance = np.asarray(np.diag(spread), dtype=np.float64)
    patterns = list_patterns(missing)
    for _ in range(50):
        filled, left = np.where(missing, 0.0, values), np.zeros((v, v))
        mean = columns @ effects
        for rows, seen_visits, lacking in patterns:
            slope, rest = condition_on(covariance, seen_visits, lacking)
            away = values[np.ix_(rows, seen_visits)] - mean[np.ix_(rows, seen_visits)]
            filled[np.ix_(rows, lacking)] = mean[np.ix_(rows, lacking)] + away @ slope.T
            left[np.ix_(lacking, lacking)] += rows.size * rest
        effects[:] = np.linalg.lstsq(columns, filled, rcond=None)[0]
        residual = filled - columns @ effects
        covariance[:] = (residual.T @ residual + left) / n + 1e-12 * np.diag(spread)
    return effects, covariance


def fill_missing(
    values: Floats,
    mean: Floats,
    covariance: Floats,
    patterns: list[tuple[Integers, Integers, Integers]],
    rng: np.random.Generator,
) -> Floats:
    """Draw the missing values given the observed ones, pattern by pattern."""
    filled = values.copy()
    for rows, seen, lacking in patterns:
        slope, rest = condition_on(covariance, seen, lacking)
        away = values[np.ix_(rows, seen)] - mean[np.ix_(rows, seen)]
        noise = rng.standard_normal((rows.size, lacking.size)) @ _root(rest).T
        filled[np.ix_(rows, lacking)] = mean[np.ix_(rows, lacking)] + away @ slope.T + noise
    return filled


def _root(covariance: Floats) -> Floats:
    """Give a square root of a covariance that rounding may have left slightly indefinite."""
    value, vector = np.linalg.eigh((covariance + covariance.T) / 2.0)
    return np.asarray(vector * np.sqrt(np.maximum(value, 0.0)), dtype=np.float64)


def _draw_parameters(
    completed: Floats, columns: Floats, inner: Floats, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Draw covariance and effects given completed data (step P); `inner` is (X'X)^-1."""
    n, p = columns.shape
    v = completed.shape[1]
    best = inner @ columns.T @ completed
    residual = completed - columns @ best
    # Bartlett: with R'R = L L' and A the triangular root of a standard Wishart, Sigma = (L A'^-1)(L A'^-1)'.
    triangle = np.tril(rng.standard_normal((v, v)), -1)
    triangle[np.diag_indices(v)] = np.sqrt(rng.chisquare(n - p - np.arange(v)))
    root = np.linalg.solve(triangle, np.linalg.cholesky(residual.T @ residual).T).T
    covariance = root @ root.T
    effects = best + np.linalg.cholesky(inner) @ rng.standard_normal((p, v)) @ root.T
    return effects, covariance


def run_chain(values: Floats, missing: Booleans, columns: Floats, chain: Chain) -> list[Drawn]:
    """Run data augmentation and keep the planned draws."""
    if chain.draws < 2 or chain.burn < 0 or chain.between < 1:
        raise ValueRangeError("chain", (chain.draws, chain.burn, chain.between), "draws >= 2, between >= 1")
    rng = np.random.default_rng(chain.seed)
    patterns = list_patterns(missing)
    inner = np.asarray(np.linalg.inv(columns.T @ columns), dtype=np.float64)
    effects, covariance = _start(values, missing, columns)
    kept: list[Drawn] = []
    for iteration in range(chain.burn + (chain.draws - 1) * chain.between + 1):
        completed = fill_missing(values, columns @ effects, covariance, patterns, rng)
        if iteration >= chain.burn and (iteration - chain.burn) % chain.between == 0:
            kept.append(Drawn(effects, covariance, completed))
        effects, covariance = _draw_parameters(completed, columns, inner, rng)
    return kept


def autocorrelation(draws: list[Drawn], columns: Floats) -> float:
    """Give the largest lag-one correlation of kept means over visits."""
    means = np.stack([columns.mean(axis=0) @ draw.effects for draw in draws])
    centred = means - means.mean(axis=0)
    share = (centred[1:] * centred[:-1]).sum(axis=0) / (centred**2).sum(axis=0)
    return float(share[np.argmax(np.abs(share))])


@takes(outcome=Numbers((2,)), design=OrNone(Numbers((2,))), chain=CHAIN)
def impute_monotone(
    outcome: npt.ArrayLike, design: npt.ArrayLike | None = None, *, chain: Chain = DEFAULT_CHAIN
) -> Imputations:
    """Draw values missing after drop-out, visit by visit from the regression on all earlier visits.

    Parameters, returns and errors are those of `impute_mar`; every draw is independent, so `chain.burn` and
    `chain.between` are not used. Each visit needs two values more than design columns and earlier visits.

    Raises
    ------
    ShapeError : a subject has a value after a missing one, or a visit has too few values

    Source
    ------
    Rubin 1987, section 5.4; Little and Rubin 2020, section 7.4.

    Examples
    --------
    >>> import numpy as np
    >>> found = impute_monotone([[1, 2], [2, 4], [3, 5], [4, 8], [5, 9], [6, np.nan]], chain=Chain(draws=3))
    >>> found.completed.shape
    (3, 6, 2)
    """
    values, missing, columns = check_outcome(outcome, design)
    if np.any(missing[:, :-1] & ~missing[:, 1:]):
        raise ShapeError("outcome: a subject has a value after a missing one. Use impute_mar.")
    rng = np.random.default_rng(chain.seed)
    completed = np.stack([_monotone_draw(values, missing, columns, rng) for _ in range(chain.draws)])
    method = f"multiple imputation under MAR, monotone regression, {chain.draws} draws, seed {chain.seed}"
    return Imputations(completed, missing, method, math.nan)


def _monotone_draw(values: Floats, missing: Booleans, columns: Floats, rng: np.random.Generator) -> Floats:
    """Complete the data once."""
    filled = values.copy()
    for visit in range(values.shape[1]):
        lacking = missing[:, visit]
        if not lacking.any():
            continue
        predictors = np.hstack([columns, filled[:, :visit]])
        seen, target = predictors[~lacking], values[~lacking, visit]
        freedom = len(seen) - predictors.shape[1]
        if freedom < 2:
            raise ShapeError(
                f"outcome: visit {visit + 1} has {len(seen)} values for {predictors.shape[1]} predictors; "
                "two more than predictors are needed."
            )
        inner = np.linalg.inv(seen.T @ seen)
        best = inner @ seen.T @ target
        variance = float(((target - seen @ best) ** 2).sum()) / float(rng.chisquare(freedom))
        noise = rng.standard_normal(predictors.shape[1])
        slope = best + math.sqrt(variance) * (np.linalg.cholesky(inner) @ noise)
        drawn = rng.standard_normal(int(lacking.sum())) * math.sqrt(variance)
        filled[lacking, visit] = predictors[lacking] @ slope + drawn
    return filled
