"""Rates of events that a subject can have more than once: exact Poisson limits, and the negative binomial.

With y_i events in the time t_i the Poisson rate is sum(y) / sum(t). The negative binomial lets subjects
differ: the variance of y_i is m_i + a m_i^2 with m_i = r t_i. For a dispersion a the rate of a group solves

    sum (y_i - r t_i) / (1 + a r t_i) = 0,

and a, common to the groups, is where the likelihood is highest; 0 gives the Poisson model. The variance of
log r is 1 / sum(r t_i / (1 + a r t_i)), with a taken as known, as `glm.nb` of R's MASS gives it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import special

from funis.errors import ShapeError, ValueRangeError
from funis.stats.sample import Floats, check_level, check_sample, normal_quantile

#: The dispersion is looked for between these, on a logarithmic scale.
_LEAST: Final = 1e-6
_MOST: Final = 1e3
_Group = tuple[Floats, Floats]


@dataclass(frozen=True, slots=True)
class EventRate:
    """A rate with its interval.

    Attributes
    ----------
    estimate, lower, upper : events per unit of time; NaN without any time, limits NaN where there are none
    events, time : their sum, and the sum of the times
    dispersion : of the negative binomial; 0 where subjects differ no more than by chance
    method, level : name of the interval and its coverage
    """

    estimate: float
    lower: float
    upper: float
    events: int
    time: float
    dispersion: float
    method: str
    level: float = 0.95


@dataclass(frozen=True, slots=True)
class RateRatio:
    """The ratio of two rates, first over second, by the negative binomial.

    Attributes
    ----------
    estimate, lower, upper, p : NaN where a group has no event
    standard_error : of the logarithm
    dispersion : common to both groups
    level : coverage
    """

    estimate: float
    lower: float
    upper: float
    p: float
    standard_error: float
    dispersion: float
    level: float = 0.95


def exact_rate(events: int, time: float, level: float = 0.95) -> EventRate:
    """Estimate a rate with the exact Poisson interval.

    Parameters
    ----------
    events : how many, 0 or more
    time : in which, 0 or more
    level : float in (0, 1), coverage, which the interval has at least

    Returns
    -------
    EventRate : without time the estimate and its interval are NaN

    Raises
    ------
    ValueRangeError : a negative or fractional count, a negative time, a level outside (0, 1)

    Source
    ------
    Garwood 1936 (Biometrika 28: 437).

    Examples
    --------
    >>> found = exact_rate(10, 20.0)
    >>> found.estimate, round(found.lower, 3), round(found.upper, 3)
    (0.5, 0.24, 0.92)
    """
    if isinstance(events, bool) or not isinstance(events, int | np.integer) or events < 0:
        raise ValueRangeError("events", events, "a whole number of 0 or more")
    if not (isinstance(time, int | float | np.floating) and math.isfinite(time) and time >= 0):
        raise ValueRangeError("time", time, "a number of 0 or more")
    tail = (1.0 - check_level(level)) / 2.0
    if time == 0:
        return EventRate(math.nan, math.nan, math.nan, int(events), 0.0, 0.0, "exact Poisson", level)
    lower = 0.0 if events == 0 else float(special.gammaincinv(events, tail)) / time
    upper = float(special.gammaincinv(events + 1, 1.0 - tail)) / time
    return EventRate(events / time, lower, upper, int(events), float(time), 0.0, "exact Poisson", level)


def negative_binomial_rate(counts: npt.ArrayLike, times: npt.ArrayLike, level: float = 0.95) -> EventRate:
    """Estimate the rate of one group by the negative binomial.

    Parameters
    ----------
    counts, times : shape (n,), events and time of each subject; times are above 0
    level : float in (0, 1), coverage

    Returns
    -------
    EventRate : the interval is on the log scale; without an event there is none

    Raises
    ------
    ValueRangeError, ShapeError : counts that are none, times of 0 or less, arrays that do not fit

    Examples
    --------
    >>> found = negative_binomial_rate([0, 1, 2, 5], [1.0, 1.0, 1.0, 1.0])
    >>> round(found.estimate, 6), found.dispersion > 0
    (2.0, True)
    """
    group = _check(counts, times)
    z = normal_quantile(check_level(level))
    events, time = int(group[0].sum()), float(group[1].sum())
    if not events:
        return EventRate(0.0, math.nan, math.nan, 0, time, 0.0, "negative binomial", level)
    dispersion = _find_dispersion((group,))
    rate = _rate_of(group, dispersion)
    error = math.sqrt(1.0 / _information(group, rate, dispersion))
    return EventRate(
        rate, rate * math.exp(-z * error), rate * math.exp(z * error), events, time, dispersion,
        "negative binomial", level,
    )  # fmt: skip


def negative_binomial_ratio(
    first: tuple[npt.ArrayLike, npt.ArrayLike],
    second: tuple[npt.ArrayLike, npt.ArrayLike],
    level: float = 0.95,
) -> RateRatio:
    """Estimate the ratio of two rates with Wald's interval and P on the log scale.

    Parameters
    ----------
    first, second : counts and times of each group; the ratio is first over second
    level : float in (0, 1), coverage

    Returns
    -------
    RateRatio : NaN where a group has no event

    Raises
    ------
    ValueRangeError, ShapeError : as for `negative_binomial_rate`

    Examples
    --------
    >>> found = negative_binomial_ratio(([0, 1, 2, 5], [1.0] * 4), ([0, 0, 1, 3], [1.0] * 4))
    >>> round(found.estimate, 6)
    2.0
    """
    groups = (_check(*first), _check(*second))
    z = normal_quantile(check_level(level))
    if not all(counts.sum() for counts, _ in groups):
        return RateRatio(math.nan, math.nan, math.nan, math.nan, math.nan, math.nan, level)
    dispersion = _find_dispersion(groups)
    rates = [_rate_of(group, dispersion) for group in groups]
    information = [_information(group, rate, dispersion) for group, rate in zip(groups, rates, strict=True)]
    error = math.sqrt(sum(1.0 / each for each in information))
    log_ratio = math.log(rates[0] / rates[1])
    ends = [math.exp(log_ratio + sign * z * error) for sign in (-1, 1)]
    p = float(special.erfc(abs(log_ratio) / error / math.sqrt(2.0)))
    return RateRatio(math.exp(log_ratio), ends[0], ends[1], p, error, dispersion, level)


def _check(counts: npt.ArrayLike, times: npt.ArrayLike) -> _Group:
    """Refuse counts that are none, times without length, and arrays that do not fit each other."""
    events, spans = check_sample(counts, "counts"), check_sample(times, "times")
    if events.shape != spans.shape or not events.size:
        raise ShapeError(
            f"times: found {spans.size} for {events.size} counts; each of one or more needs one."
        )
    if (events < 0).any() or (events != np.round(events)).any():
        raise ValueRangeError("counts", float(events.min()), "whole numbers of 0 or more")
    if (spans <= 0).any():
        raise ValueRangeError("times", float(spans.min()), "above 0")
    return events, spans


def _rate_of(group: _Group, dispersion: float) -> float:
    """Solve the score equation of a rate; it falls from above to below 0 between no rate and a high one."""
    counts, times = group
    plain = float(counts.sum() / times.sum())
    if dispersion == 0 or float(np.ptp(times)) == 0:
        return plain
    # Loaded where it is used: it takes a fifth of a second, and few reports need it.
    from scipy import optimize

    def score(rate: float) -> float:
        return float(((counts - rate * times) / (1.0 + dispersion * rate * times)).sum())

    highest = float((counts / times).max())
    return float(optimize.brentq(score, 0.0, highest * (1.0 + 1e-9), xtol=1e-14, rtol=1e-13))


def _information(group: _Group, rate: float, dispersion: float) -> float:
    means = rate * group[1]
    return float((means / (1.0 + dispersion * means)).sum())


def _log_likelihood(groups: Sequence[_Group], dispersion: float) -> float:
    """Give the profile likelihood of a dispersion, without what does not depend on it."""
    total = 0.0
    for group in groups:
        counts, times = group
        means = _rate_of(group, dispersion) * times
        if dispersion == 0:
            total += float((special.xlogy(counts, means) - means).sum())
            continue
        size = 1.0 / dispersion
        # log of Gamma(y + size) / (Gamma(size) size^y): the product of 1 + a j over the j below y.
        steps = np.log1p(dispersion * np.arange(int(counts.max(initial=0.0))))
        rising = np.concatenate([[0.0], np.cumsum(steps)])[counts.astype(np.int64)]
        shrunk = (counts + size) * np.log1p(dispersion * means)
        total += float((rising + special.xlogy(counts, means) - shrunk).sum())
    return total


def _find_dispersion(groups: Sequence[_Group]) -> float:
    """Find the dispersion of the highest likelihood; 0 where none above it is higher."""
    from scipy import optimize

    grid = np.linspace(math.log(_LEAST), math.log(_MOST), 60)
    values = [_log_likelihood(groups, math.exp(each)) for each in grid]
    best = int(np.argmax(values))
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    found = optimize.minimize_scalar(
        lambda each: -_log_likelihood(groups, math.exp(each)),
        bounds=(float(low), float(high)), method="bounded", options={"xatol": 1e-10},
    )  # fmt: skip
    dispersion = math.exp(float(found.x))
    is_higher = -float(found.fun) > _log_likelihood(groups, 0.0) + 1e-10
    return dispersion if is_higher and best > 0 else 0.0
