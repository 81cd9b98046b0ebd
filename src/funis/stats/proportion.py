"""Intervals of one proportion, and of the difference of two."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from scipy import special

from funis.arguments import NumberFrom, YesNo, takes
from funis.errors import ValueRangeError
from funis.stats.sample import check_level, normal_quantile


@dataclass(frozen=True, slots=True)
class Proportion:
    """A proportion, or a difference of proportions, with its interval.

    Attributes
    ----------
    estimate, lower, upper : as fractions, not percent; NaN with a denominator of 0
    k, n : numerator and denominator (for a difference, of the first group)
    method : name of the interval
    level : its coverage
    """

    estimate: float
    lower: float
    upper: float
    k: int
    n: int
    method: str
    level: float = 0.95


def check_count(k: int, n: int, what: str = "count") -> None:
    """Refuse a numerator or denominator that is no count, or a numerator above the denominator."""
    if isinstance(k, float) or isinstance(n, float):
        raise ValueRangeError(what, f"{k}/{n}", "whole numbers")
    if n < 0 or not 0 <= k <= n:
        raise ValueRangeError(what, f"{k}/{n}", "0 <= k <= n")


def _undefined(k: int, n: int, method: str, level: float) -> Proportion:
    """Give the answer for an empty denominator."""
    return Proportion(math.nan, math.nan, math.nan, k, n, method, level)


def clopper_pearson(k: int, n: int, level: float = 0.95) -> Proportion:
    """Estimate a proportion with the exact interval of Clopper and Pearson.

    Parameters
    ----------
    k, n : counts, 0 <= k <= n
    level : float in (0, 1), coverage, which the interval has at least

    Returns
    -------
    Proportion : with n = 0 estimate and interval are NaN

    Raises
    ------
    ValueRangeError : counts are impossible, or the level is not in (0, 1)

    Source
    ------
    Clopper and Pearson 1934 (Biometrika 26: 404).

    Checked against
    ---------------
    tests/reference/proportion_r : R 4.2.2 binom.test

    Examples
    --------
    >>> found = clopper_pearson(14, 40)
    >>> round(found.lower, 3), round(found.upper, 3)
    (0.206, 0.517)
    """
    check_count(k, n)
    tail = (1.0 - check_level(level)) / 2.0
    if n == 0:
        return _undefined(k, n, "Clopper-Pearson", level)
    lower = 0.0 if k == 0 else float(special.betaincinv(k, n - k + 1, tail))
    upper = 1.0 if k == n else float(special.betaincinv(k + 1, n - k, 1.0 - tail))
    return Proportion(k / n, lower, upper, k, n, "Clopper-Pearson", level)


def wilson(k: int, n: int, level: float = 0.95) -> Proportion:
    """Estimate a proportion with the score interval of Wilson, without continuity correction.

    Parameters, returns and errors are those of `clopper_pearson`; the coverage is `level` on average.

    Source
    ------
    Wilson 1927 (J Am Stat Assoc 22: 209).

    Checked against
    ---------------
    tests/reference/proportion_r : R 4.2.2 prop.test(correct = FALSE)

    Examples
    --------
    >>> found = wilson(14, 40)
    >>> round(found.lower, 4), round(found.upper, 4)
    (0.2213, 0.5049)
    """
    check_count(k, n)
    z2 = normal_quantile(check_level(level)) ** 2
    if n == 0:
        return _undefined(k, n, "Wilson", level)
    centre = (k + z2 / 2.0) / (n + z2)
    half = math.sqrt(z2) / (n + z2) * math.sqrt(k * (n - k) / n + z2 / 4.0)
    # At the ends the formula is 0 or 1 but for the last bit.
    lower = 0.0 if k == 0 else centre - half
    upper = 1.0 if k == n else centre + half
    return Proportion(k / n, lower, upper, k, n, "Wilson", level)


@takes(k=NumberFrom(whole=True), n=NumberFrom(whole=True), level=NumberFrom())
def agresti_coull(k: int, n: int, level: float = 0.95) -> Proportion:
    """Estimate a proportion with the adjusted Wald interval of Agresti and Coull, cut to 0 to 1.

    Parameters, returns and errors are those of `clopper_pearson`. The estimate stays k / n.

    Source
    ------
    Agresti and Coull 1998 (Am Stat 52: 119); Brown, Cai and DasGupta 2001 (Stat Sci 16: 101), section 4.1.2.

    Examples
    --------
    >>> found = agresti_coull(14, 40)
    >>> round(found.lower, 4), round(found.upper, 4)
    (0.2208, 0.5055)
    """
    check_count(k, n)
    z = normal_quantile(check_level(level))
    if n == 0:
        return _undefined(k, n, "Agresti-Coull", level)
    trials = n + z**2
    centre = (k + z**2 / 2.0) / trials
    half = z * math.sqrt(centre * (1.0 - centre) / trials)
    return Proportion(k / n, max(0.0, centre - half), min(1.0, centre + half), k, n, "Agresti-Coull", level)


def jeffreys(k: int, n: int, level: float = 0.95) -> Proportion:
    """Estimate a proportion with the equal-tailed interval of the posterior under Jeffreys' prior.

    Parameters, returns and errors are those of `clopper_pearson`. The lower limit is 0 when k is 0, the
    upper 1 when k is n, as Brown, Cai and DasGupta advise.

    Source
    ------
    Brown, Cai and DasGupta 2001 (Stat Sci 16: 101), section 4.1.1.

    Checked against
    ---------------
    tests/reference/proportion_r : R 4.2.2 qbeta

    Examples
    --------
    >>> found = jeffreys(14, 40)
    >>> round(found.lower, 4), round(found.upper, 4)
    (0.2167, 0.5041)
    """
    check_count(k, n)
    tail = (1.0 - check_level(level)) / 2.0
    if n == 0:
        return _undefined(k, n, "Jeffreys", level)
    lower = 0.0 if k == 0 else float(special.betaincinv(k + 0.5, n - k + 0.5, tail))
    upper = 1.0 if k == n else float(special.betaincinv(k + 0.5, n - k + 0.5, 1.0 - tail))
    return Proportion(k / n, lower, upper, k, n, "Jeffreys", level)


def mid_p(k: int, n: int, level: float = 0.95) -> Proportion:
    """Estimate a proportion with the mid-P interval: half the chance of the observed count in each tail.

    Parameters, returns and errors are those of `clopper_pearson`. The interval is narrower than the exact
    one; its coverage is close to `level` but may fall below it.

    Source
    ------
    Lancaster 1961 (J Am Stat Assoc 56: 223); Berry and Armitage 1995 (Statistician 44: 417).

    Checked against
    ---------------
    tests/reference/proportion_r : R 4.2.2 uniroot over pbinom and dbinom

    Examples
    --------
    >>> found = mid_p(0, 40)
    >>> found.lower, round(found.upper, 5)  # 1 - 0.05 ** (1 / 40)
    (0.0, 0.07216)
    """
    check_count(k, n)
    tail = (1.0 - check_level(level)) / 2.0
    if n == 0:
        return _undefined(k, n, "mid-P", level)

    def below(rate: float) -> float:
        """Give P(X < k) + P(X = k) / 2, which falls as the rate rises."""
        through = float(special.bdtr(k, n, rate))
        under = float(special.bdtr(k - 1, n, rate)) if k > 0 else 0.0
        return (through + under) / 2.0

    lower = 0.0 if k == 0 else _crossing(lambda rate: below(rate) - (1.0 - tail))
    upper = 1.0 if k == n else _crossing(lambda rate: below(rate) - tail)
    return Proportion(k / n, lower, upper, k, n, "mid-P", level)


def _crossing(falling: Callable[[float], float]) -> float:
    """Find where a falling function of a rate in 0 to 1 crosses zero, by halving down to the last bit."""
    low, high = 0.0, 1.0
    while True:
        middle = (low + high) / 2.0
        if middle in (low, high):
            return middle
        if falling(middle) > 0.0:
            low = middle
        else:
            high = middle


@takes(n=NumberFrom(whole=True), level=NumberFrom(), one_sided=YesNo())
def upper_limit_of_none(n: int, level: float = 0.95, *, one_sided: bool = False) -> float:
    """Give the highest rate still compatible with no event in n subjects.

    Parameters
    ----------
    n : subjects observed, 1 or more
    level : float in (0, 1)
    one_sided : False for the upper end of the two-sided interval of Clopper and Pearson, True for the
        one-sided limit that "3 / n" approximates

    Returns
    -------
    float : rate as a fraction

    Source
    ------
    Hanley and Lippman-Hand 1983 (JAMA 249: 1743).

    Examples
    --------
    >>> round(upper_limit_of_none(40), 3), round(upper_limit_of_none(40, one_sided=True), 3)
    (0.088, 0.072)
    """
    if n < 1:
        raise ValueRangeError("subjects observed", n, "1 or more")
    tail = 1.0 - check_level(level)
    return -math.expm1(math.log(tail if one_sided else tail / 2.0) / n)


def difference_of_proportions(k1: int, n1: int, k2: int, n2: int, *, level: float = 0.95) -> Proportion:
    """Estimate the difference of two independent proportions with Newcombe's hybrid score interval.

    Parameters
    ----------
    k1, n1 : events and subjects of the first group
    k2, n2 : events and subjects of the second group
    level : float in (0, 1)

    Returns
    -------
    Proportion : first minus second; `k` and `n` are those of the first group

    Source
    ------
    Newcombe 1998 (Stat Med 17: 873), method 10 (without continuity correction).

    Examples
    --------
    >>> found = difference_of_proportions(56, 70, 48, 80)  # Newcombe's example (a): 0.0524 to 0.3339
    >>> round(found.lower, 4), round(found.upper, 4)
    (0.0524, 0.3339)
    """
    first, second = wilson(k1, n1, level), wilson(k2, n2, level)
    estimate = first.estimate - second.estimate
    lower = estimate - math.hypot(first.estimate - first.lower, second.upper - second.estimate)
    upper = estimate + math.hypot(first.upper - first.estimate, second.estimate - second.lower)
    return Proportion(estimate, lower, upper, k1, n1, "Newcombe hybrid score", level)


def difference_of_paired_proportions(
    only_first: int, only_second: int, n: int, *, both: int = -1, level: float = 0.95
) -> Proportion:
    """Estimate the difference of two proportions in the same subjects.

    Parameters
    ----------
    only_first, only_second : subjects with the first event only, and with the second only
    n : all subjects
    both : subjects with both events; -1 when the two events exclude each other (risen and fallen), so that
        none has both
    level : float in (0, 1)

    Returns
    -------
    Proportion : share with the first minus share with the second; `k` is `only_first`

    Source
    ------
    Newcombe 1998 (Stat Med 17: 2635), method 10, the hybrid score interval with the corrected phi.

    Examples
    --------
    >>> found = difference_of_paired_proportions(12, 2, 50, both=36)  # Newcombe's table III: 0.0569 to 0.3404
    >>> round(found.lower, 4), round(found.upper, 4)
    (0.0569, 0.3404)
    """
    shared = max(both, 0)
    neither = n - only_first - only_second - shared
    check_count(only_first + only_second + shared, n, "subjects with an event")
    first = wilson(only_first + shared, n, level)
    second = wilson(only_second + shared, n, level)
    if n == 0:
        return _undefined(0, 0, "Newcombe paired hybrid score", level)
    margins = first.k * (n - first.k) * second.k * (n - second.k)
    cross = shared * neither - only_first * only_second
    corrected = max(cross - n / 2.0, 0.0) if cross > 0 else float(cross)
    phi = corrected / math.sqrt(margins) if margins else 0.0
    estimate = (only_first - only_second) / n
    down = (first.estimate - first.lower, second.upper - second.estimate)
    up = (first.upper - first.estimate, second.estimate - second.lower)
    lower = estimate - math.sqrt(max(0.0, down[0] ** 2 - 2 * phi * down[0] * down[1] + down[1] ** 2))
    upper = estimate + math.sqrt(max(0.0, up[0] ** 2 - 2 * phi * up[0] * up[1] + up[1] ** 2))
    return Proportion(estimate, lower, upper, only_first, n, "Newcombe paired hybrid score", level)
