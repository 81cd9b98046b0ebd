"""Structures whose likelihood has several maxima: the highest is found.

The restricted likelihood is written down here and climbed by SciPy from 40 random starts.
"""

import math

import numpy as np
import polars as pl
import pytest
from scipy.linalg import toeplitz
from scipy.optimize import minimize

from funis.stats.mmrm.front_door import fit_mmrm
from funis.stats.sample import Floats

#: Seeds of small data sets on which the search from moments alone ends in a lower maximum.
SEEDS = (3, 75, 130)


def make_data(seed: int) -> Floats:
    rng = np.random.default_rng(seed)
    visits, subjects = int(rng.integers(3, 6)), int(rng.integers(6, 14))
    root = rng.normal(size=(visits, visits))
    values = rng.multivariate_normal(np.zeros(visits), root @ root.T + 0.05 * np.eye(visits), subjects)
    values[rng.random(values.shape) < 0.15] = np.nan
    return np.asarray(values, dtype=np.float64)


def long(values: Floats) -> pl.DataFrame:
    subjects, visits = values.shape
    return pl.DataFrame(
        {
            "id": np.repeat(np.arange(subjects), visits),
            "visit": [f"v{place}" for place in range(visits)] * subjects,
            "y": values.ravel(),
        }
    ).with_columns(pl.col("y").fill_nan(None))


def restricted_log_likelihood(values: Floats, first_row: Floats) -> float:
    """Give the restricted log-likelihood of means by visit and a Toeplitz covariance."""
    sigma = toeplitz(first_row)
    visits = len(first_row)
    if np.linalg.eigvalsh(sigma)[0] <= 1e-10 * abs(first_row[0]):
        return -math.inf
    gram, cross, total, log_det, n = np.zeros((visits, visits)), np.zeros(visits), 0.0, 0.0, 0
    for row in values:
        seen = np.flatnonzero(~np.isnan(row))
        if not seen.size:
            continue
        part = sigma[np.ix_(seen, seen)]
        inverse = np.linalg.inv(part)
        gram[np.ix_(seen, seen)] += inverse
        cross[seen] += inverse @ row[seen]
        total += float(row[seen] @ inverse @ row[seen])
        log_det += float(np.linalg.slogdet(part)[1])
        n += seen.size
    quadratic = total - float(cross @ np.linalg.solve(gram, cross))
    log_gram = float(np.linalg.slogdet(gram)[1])
    return -0.5 * (log_det + log_gram + quadratic + (n - visits) * math.log(2 * math.pi))


def highest(values: Floats) -> float:
    """Climb from random starts and give the highest point."""
    rng = np.random.default_rng(1)
    visits = values.shape[1]
    variance = float(np.nanvar(values))

    def objective(x: Floats) -> float:
        found = restricted_log_likelihood(values, np.concatenate([[math.exp(x[0])], x[1:] * math.exp(x[0])]))
        return 1e10 if found == -math.inf else -found

    best = -math.inf
    for _ in range(40):
        start = np.concatenate([[math.log(variance)], rng.uniform(-0.9, 0.9, visits - 1)])
        if objective(start) >= 1e10:
            continue
        found = minimize(
            objective, start, method="Nelder-Mead", options={"maxiter": 4000, "xatol": 1e-8, "fatol": 1e-9}
        )
        best = max(best, -float(found.fun))
    return best


@pytest.mark.parametrize("seed", SEEDS)
def test_the_highest_maximum_is_found(seed: int) -> None:
    values = make_data(seed)
    fit = fit_mmrm(
        long(values),
        outcome="y",
        fixed="visit",
        subject="id",
        visit="visit",
        covariance="toep",
        df="residual",
    )
    assert fit.converged
    assert fit.log_likelihood == pytest.approx(highest(values), abs=1e-5)
