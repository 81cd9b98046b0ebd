"""How far studies differ beyond chance: variance between them, its interval, and shares of it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import optimize, special

from funis.stats.sample import Floats, chi_square_p

ESTIMATORS: Final = ("reml", "ml", "paule_mandel", "dersimonian_laird")


@dataclass(frozen=True, slots=True)
class Heterogeneity:
    """How far studies differ beyond what their sampling variances explain.

    Attributes
    ----------
    q, df, p : Cochran's Q with weights 1/v, its degrees of freedom k - 1, its chi-square test
    tau2, tau2_lower, tau2_upper : variance between studies and its Q-profile interval; both ends are 0 where
        the studies differ less than chance lets them
    i2, i2_lower, i2_upper : tau2 / (tau2 + s2) in percent, s2 the typical sampling variance; ends from those
        of tau2
    h2 : (tau2 + s2) / s2
    estimator, level : of tau2; coverage of the intervals
    """

    q: float
    df: int
    p: float
    tau2: float
    tau2_lower: float
    tau2_upper: float
    i2: float
    i2_lower: float
    i2_upper: float
    h2: float
    estimator: str
    level: float


def weighted_mean(y: Floats, weights: Floats) -> float:
    """Give the mean of values with weights."""
    return float(weights @ y) / float(weights.sum())


def _generalised_q(y: Floats, v: Floats, tau2: float) -> float:
    w = 1 / (v + tau2)
    return float(w @ (y - weighted_mean(y, w)) ** 2)


def _typical_variance(v: Floats) -> float:
    """Give the typical sampling variance of Higgins and Thompson 2002 (Stat Med 21: 1539), equation 9."""
    w = v.min() / v
    return float((v.size - 1) * w.sum() / (w.sum() ** 2 - (w**2).sum()) * v.min())


def _root_of_q(y: Floats, v: Floats, wanted: float, most: float) -> float:
    """Find the variance between studies at which the generalised Q has a value; 0 where it never has it."""
    if _generalised_q(y, v, 0.0) <= wanted:
        return 0.0
    while _generalised_q(y, v, most) > wanted:
        most *= 4
    return _find_root(lambda tau2: _generalised_q(y, v, tau2) - wanted, 0.0, most)


def _find_root(function: Callable[[float], float], low: float, high: float) -> float:
    """Find a root to the last bits, whatever the unit of the values."""
    return float(optimize.brentq(function, low, high, xtol=1e-15 * high, rtol=1e-14))


def _score(y: Floats, v: Floats, tau2: float, *, restricted: bool) -> float:
    """Give twice the slope of the log-likelihood of the variance between studies."""
    w = 1 / (v + tau2)
    slope = float(w**2 @ (y - weighted_mean(y, w)) ** 2) - float(w.sum())
    return slope + (float((w**2).sum()) / float(w.sum()) if restricted else 0.0)


def log_likelihood(y: Floats, v: Floats, tau2: float, *, restricted: bool) -> float:
    """Give the log-likelihood, at the best mean, without its constant."""
    w = 1 / (v + tau2)
    found = float(np.log(w).sum()) - _generalised_q(y, v, tau2)
    return (found - (math.log(float(w.sum())) if restricted else 0.0)) / 2


def _maximise(y: Floats, v: Floats, most: float, *, restricted: bool) -> float:
    """Find the variance between studies of the highest likelihood among 0 and every root of its slope.

    The likelihood may have several peaks: the slope is looked at on a fine grid, each change of its sign from
    rise to fall is a peak.
    """
    grid = np.concatenate([[0.0], np.geomspace(1e-9 * min(most, float(v.min())), most, 160)])
    slopes = [_score(y, v, float(tau2), restricted=restricted) for tau2 in grid]
    peaks = [0.0] + [
        _find_root(
            lambda tau2: _score(y, v, tau2, restricted=restricted), float(grid[place]), float(grid[place + 1])
        )
        for place in range(len(grid) - 1)
        if slopes[place] > 0 >= slopes[place + 1]
    ]
    return max(peaks, key=lambda tau2: log_likelihood(y, v, tau2, restricted=restricted))


def estimate_tau2(y: Floats, v: Floats, estimator: str) -> float:
    """Estimate the variance between two studies or more by one of `ESTIMATORS`; never below 0."""
    k = y.size
    # Above k times the squared range every estimating function falls; so little of a variance is none.
    most = k * float(np.ptp(y)) ** 2
    if most <= 1e-12 * float(v.min()):
        return 0.0
    if estimator == "dersimonian_laird":
        w = v.min() / v
        excess = _generalised_q(y, v, 0.0) - (k - 1)
        return float(max(0.0, excess / (w.sum() - (w**2).sum() / w.sum()) * v.min()))
    if estimator == "paule_mandel":
        return _root_of_q(y, v, k - 1.0, most)
    return _maximise(y, v, most, restricted=estimator == "reml")


def assess_heterogeneity(y: Floats, v: Floats, estimator: str, level: float) -> Heterogeneity:
    """Say how far two studies or more differ.

    Parameters
    ----------
    y, v : estimates and sampling variances (> 0), shape (k,), k 2 or more
    estimator : one of `ESTIMATORS`
    level : coverage of the intervals

    Source
    ------
    Viechtbauer 2005 (J Educ Behav Stat 30: 261) and 2007 (Stat Med 26: 37); DerSimonian and Laird 1986
    (Control Clin Trials 7: 177); Paule and Mandel 1982 (J Res Natl Bur Stand 87: 377); Higgins and Thompson
    2002 (Stat Med 21: 1539).

    Examples
    --------
    >>> found = assess_heterogeneity(np.array([1.0, 3.0]), np.array([1.0, 1.0]), "dersimonian_laird", 0.95)
    >>> found.q, found.tau2, found.i2  # the variance of 1 and 3 is 2, of which 1 is sampling
    (2.0, 1.0, 50.0)
    """
    df = y.size - 1
    tau2 = estimate_tau2(y, v, estimator)
    most = max(y.size * float(np.ptp(y)) ** 2, float(v.max()))
    tail = (1 - level) / 2
    lower = _root_of_q(y, v, float(special.chdtri(df, tail)), most)
    upper = _root_of_q(y, v, float(special.chdtri(df, 1 - tail)), most)
    typical = _typical_variance(v)
    share = [100 * each / (each + typical) for each in (tau2, lower, upper)]
    q = _generalised_q(y, v, 0.0)
    return Heterogeneity(
        q, df, chi_square_p(q, df), tau2, lower, upper, share[0], share[1], share[2],
        (tau2 + typical) / typical, estimator, level,
    )  # fmt: skip
