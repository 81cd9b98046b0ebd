"""Proportions of studies combined by their exact likelihood: binomial counts with normal log-odds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy import optimize, special

from funis.arguments import NumberFrom, Numbers, Text, takes
from funis.errors import ShapeError, ValueRangeError
from funis.stats.meta.counts import check_events
from funis.stats.sample import (
    Floats,
    check_choice,
    check_level,
    chi_square_p,
    normal_quantile,
    t_quantile,
)

INTERVALS: Final = ("t", "normal")
#: Points of the quadrature around the peak of each study; more do not move the ninth digit.
_POINTS: Final = 40
#: Least and largest spread of log-odds that is looked at. Below there is nothing to integrate; above, the
#: likelihood rises without end, as where every study has none or all.
_LEAST: Final = 1e-4
_MOST: Final = 50.0


@dataclass(frozen=True, slots=True)
class CombinedProportion:
    """A proportion over studies, on the scale of the log-odds.

    Attributes
    ----------
    estimate, standard_error, lower, upper : mean of the log-odds between studies, with its interval
    df : degrees of freedom of its quantile, infinite for a normal one
    prediction_lower, prediction_upper : interval for the log-odds of a new study
    tau2 : variance of the log-odds between studies
    likelihood_ratio, likelihood_ratio_p : of this model against one common proportion; the P value is
        half that of a chi-square with one degree of freedom, since no variance lies at the edge
    log_likelihood : with its binomial constants
    k, level, interval : studies; coverage; ``t`` or ``normal``
    """

    estimate: float
    standard_error: float
    lower: float
    upper: float
    df: float
    prediction_lower: float
    prediction_upper: float
    tau2: float
    likelihood_ratio: float
    likelihood_ratio_p: float
    log_likelihood: float
    k: int
    level: float
    interval: str


@cache
def _rule() -> tuple[Floats, Floats]:
    """Give points and log-weights of a quadrature of Gauss and Hermite."""
    points, weights = special.roots_hermite(_POINTS)
    return np.asarray(points), np.asarray(np.log(weights) + points**2)


def _log_binomial(x: Floats, n: Floats, logit: Floats) -> Floats:
    """Give x logit - n log(1 + exp(logit))."""
    return np.asarray(x * logit - n * np.logaddexp(0.0, logit))


def _find_peaks(x: Floats, n: Floats, mean: float, tau: float) -> tuple[Floats, Floats]:
    """Find where the integrand of each study peaks, and its spread from the curvature there.

    x logit - n log(1 + exp(logit)) - (logit - mean)² / (2 tau²) has one peak: it is concave.
    """
    peak = np.full_like(x, mean)
    for _ in range(200):
        p = special.expit(peak)
        curvature = n * p * (1 - p) + 1 / tau**2
        step = (x - n * p - (peak - mean) / tau**2) / curvature
        # A whole Newton step can leap over the peak where the likelihood is flat; bounded steps cannot cycle.
        peak = peak + np.clip(step, -2.0, 2.0)
        if np.abs(step).max() < 1e-10:
            break
    p = special.expit(peak)
    return peak, np.asarray(1 / np.sqrt(n * p * (1 - p) + 1 / tau**2))


def _integrate(x: Floats, n: Floats, mean: float, tau: float) -> tuple[float, Floats]:
    """Give the log-likelihood without its binomial constants, and its slope in mean and log(tau).

    Each study is integrated around its own peak (adaptive quadrature).
    """
    peak, spread = _find_peaks(x, n, mean, tau)
    points, log_weights = _rule()
    logit = peak[:, None] + math.sqrt(2) * spread[:, None] * points
    apart = (logit - mean) / tau
    inner = _log_binomial(x[:, None], n[:, None], logit) - apart**2 / 2 + log_weights
    found = special.logsumexp(inner, axis=1)
    shares = np.exp(inner - found[:, None])
    slope = np.array([float((shares * apart).sum()) / tau, float((shares * apart**2).sum()) - x.size])
    total = float((found + np.log(spread)).sum()) - x.size * (math.log(tau) + math.log(math.pi) / 2)
    return total, slope


def log_likelihood_of_counts(x: Floats, n: Floats, mean: float, tau: float) -> float:
    """Give the log-likelihood of counts whose log-odds are normal, without its binomial constants."""
    if tau == 0:
        return float(_log_binomial(x, n, np.full_like(x, mean)).sum())
    return _integrate(x, n, mean, tau)[0]


@takes(events=Numbers(), n=Numbers(), interval=Text(), level=NumberFrom(0, 1, is_open=True))
def combine_proportions(
    events: npt.ArrayLike, n: npt.ArrayLike, *, interval: str = "t", level: float = 0.95
) -> CombinedProportion:
    """Combine proportions of studies by the likelihood of the binomial-normal model (a logistic mixed model).

    Parameters
    ----------
    events, n : arrays, shape (k,), k 2 or more: subjects with the event, and all subjects. Nothing is added
        to counts of zero
    interval : ``t`` with k - 1 degrees of freedom, or ``normal``
    level : float in (0, 1), coverage

    Returns
    -------
    CombinedProportion : by maximum likelihood; its standard error is that of the observed information

    Raises
    ------
    ShapeError, ValueRangeError, UnknownNameError : lengths differ, one study, counts that are not allowed; no
        event in any study, or no subject without one, for which the log-odds have no finite estimate

    Source
    ------
    Stijnen, Hamza and Özdemir 2010 (Stat Med 29: 3046), section 3.

    Checked against
    ---------------
    tests/reference/meta_metafor : metafor, rma.glmm(measure = "PLO"), and table II of the source

    Examples
    --------
    >>> found = combine_proportions([5, 10], [10, 20])
    >>> round(found.estimate, 6), round(found.tau2, 6)  # one half in both: nothing between them
    (0.0, 0.0)
    """
    x, sizes = check_events(events, n)
    check_choice(interval, INTERVALS, "interval of the combined proportion")
    check_level(level)
    if x.size < 2:
        raise ShapeError(f"counts of studies: found {x.size}; two studies or more are needed.")
    if not 0 < x.sum() < sizes.sum():
        raise ValueRangeError(
            "subjects with the event",
            f"{x.sum():.0f}/{sizes.sum():.0f}",
            "neither none nor all over the studies",
            "Print the exact limit of the sum instead.",
        )
    mean, tau = _maximise(x, sizes)
    error = _standard_error(x, sizes, mean, tau)
    df = x.size - 1.0 if interval == "t" else math.inf
    quantile = t_quantile(df, level) if interval == "t" else normal_quantile(level)
    constant = float(
        np.sum(special.gammaln(sizes + 1) - special.gammaln(x + 1) - special.gammaln(sizes - x + 1))
    )
    best = log_likelihood_of_counts(x, sizes, mean, tau)
    common = log_likelihood_of_counts(x, sizes, float(special.logit(x.sum() / sizes.sum())), 0.0)
    ratio = max(0.0, 2 * (best - common))
    half, reach = quantile * error, quantile * math.sqrt(tau**2 + error**2)
    return CombinedProportion(
        mean, error, mean - half, mean + half, df, mean - reach, mean + reach, tau**2, ratio,
        chi_square_p(ratio, 1) / 2 if ratio > 0 else 1.0, best + constant, x.size, level, interval,
    )  # fmt: skip


def _maximise(x: Floats, n: Floats) -> tuple[float, float]:
    """Find mean and spread of the log-odds between studies of the highest likelihood."""
    common = float(special.logit(x.sum() / n.sum()))

    low, high = math.log(_LEAST), math.log(_MOST)

    def lack(place: npt.NDArray[np.float64]) -> tuple[float, Floats]:
        inside = min(max(float(place[1]), low), high)
        value, slope = _integrate(x, n, float(place[0]), math.exp(inside))
        return -value, np.array([-slope[0], -slope[1] if inside == place[1] else 0.0])

    # Not L-BFGS-B: its library starts threads for two numbers, which is slow on a busy machine.
    minimise: Any = optimize.minimize
    found = [
        minimise(lack, np.array([common, start]), jac=True, method="BFGS", options={"gtol": 1e-8})
        for start in (-1.5, 0.5)
    ]
    best = min(found, key=lambda each: float(each.fun))
    # At the edge the search stops beside 0; a spread that gains nothing is none.
    if -float(best.fun) <= log_likelihood_of_counts(x, n, common, 0.0) + 1e-9:
        return common, 0.0
    if best.x[1] >= high - 0.1:
        raise ValueRangeError(
            "subjects with the event",
            ", ".join(f"{count:.0f}/{size:.0f}" for count, size in zip(x[:5], n[:5], strict=True)),
            "counts whose log-odds have a finite spread between studies",
            "Nearly every study has none or all; print the studies singly.",
        )
    return float(best.x[0]), math.exp(max(float(best.x[1]), low))


def _standard_error(x: Floats, n: Floats, mean: float, tau: float) -> float:
    """Give the standard error of the mean from the observed information of mean and spread."""
    if tau == 0:
        p = special.expit(mean)
        return float(1 / math.sqrt(float(n.sum()) * p * (1 - p)))
    step = 1e-3 * max(tau, 0.05)

    def at(across: int, along: int) -> float:
        return log_likelihood_of_counts(x, n, mean + across * step, abs(tau + along * step))

    middle = at(0, 0)
    across = (at(1, 0) - 2 * middle + at(-1, 0)) / step**2
    along = (at(0, 1) - 2 * middle + at(0, -1)) / step**2
    mixed = (at(1, 1) - at(1, -1) - at(-1, 1) + at(-1, -1)) / (4 * step**2)
    information = np.array([[-across, -mixed], [-mixed, -along]])
    return math.sqrt(float(np.linalg.inv(information)[0, 0]))
