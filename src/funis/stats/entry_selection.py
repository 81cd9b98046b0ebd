"""How far a mean would fall with no effect at all, because subjects were chosen for a high value.

Before the entry rule the score is taken as normal with mean mu and standard deviation sigma; subjects enter
when it lies above a limit c. The mean and variance of those who entered determine mu and sigma: with alpha =
(c - mu) / sigma and h(alpha) = phi(alpha) / (1 - Phi(alpha)), the excess e = mean - c and the variance v obey

    mean = mu + sigma h,    v = sigma^2 (1 + alpha h - h^2),

so sqrt(v) / e depends on alpha alone. It grows with alpha towards 1, the value of an exponential tail, and
never reaches it: when the standard deviation is at least the mean excess, no truncated normal has these
moments and nothing can be estimated. On a second visit with correlation rho and no effect the expected value
is mu + rho (mean - mu), a fall of (1 - rho) (mean - mu).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from funis.errors import ValueRangeError
from funis.stats.sample import check_level, normal_quantile


@dataclass(frozen=True, slots=True)
class RegressionToMean:
    """The change to expect without any effect.

    Attributes
    ----------
    status : ``scored``, or ``not_estimable`` with the reason in `note` and NaN in all numbers
    change : expected change of the mean, negative for a fall, in the unit of the score
    lower, upper : interval of the change from the sampling error of mean and spread; NaN when n is not given
    population_mean, population_sd : mu and sigma before the entry rule
    share_entering : chance that a subject drawn at random meets the rule
    correlation, limit, n, level : as given
    note : assumption or reason, for the footnote
    """

    status: str
    change: float
    lower: float
    upper: float
    population_mean: float
    population_sd: float
    share_entering: float
    correlation: float
    limit: float
    n: int | None
    level: float
    note: str


def estimate_regression_to_mean(
    mean: float, sd: float, limit: float, *, correlation: float, n: int | None = None, level: float = 0.95
) -> RegressionToMean:
    """Estimate the change expected without effect from the selection limit of the entry rule.

    Parameters
    ----------
    mean, sd : baseline mean and standard deviation of the subjects that entered, in the unit of the score
    limit : value that a score must exceed; for whole-number scores with the rule "7 or more" give 6.5, so
        that the smallest value that enters stands in the middle of its step
    correlation : of the score at two visits without effect, in all subjects, 0 to 1
    n : number of subjects, for an interval (delta method on the log scale); None for none
    level : float in (0, 1), coverage of the interval

    Returns
    -------
    RegressionToMean : ``not_estimable`` when the standard deviation is not below the mean excess

    Raises
    ------
    ValueRangeError : the mean is not above the limit, the standard deviation is not positive, or the
        correlation is outside 0 to 1

    Source
    ------
    James 1973 (Biometrics 29: 121); Davis 1976 (Am J Epidemiol 104: 493); moments: Cohen 1950
    (Ann Math Stat 21: 557).

    Examples
    --------
    >>> found = estimate_regression_to_mean(10.23, 2.75, 6.5, correlation=0.6)
    >>> round(found.population_mean, 1), round(found.population_sd, 1), round(found.change, 1)
    (7.2, 4.4, -1.2)
    >>> estimate_regression_to_mean(10.83, 4.63, 6.5, correlation=0.6).status
    'not_estimable'
    """
    if not mean > limit:
        raise ValueRangeError("baseline mean", mean, f"above the limit {limit:g}", "Is the limit the rule's?")
    if not sd > 0.0:
        raise ValueRangeError("baseline standard deviation", sd, "above 0")
    if not 0.0 <= correlation <= 1.0:
        raise ValueRangeError("correlation between visits", correlation, "0 to 1")
    check_level(level)
    ratio = sd / (mean - limit)
    if ratio >= 1.0:
        note = (
            f"not estimable: the standard deviation {sd:g} is not below the mean excess {mean - limit:g} "
            f"over the limit {limit:g}, so no truncated normal distribution fits"
        )
        return _not_estimable(correlation, limit, n, level, note)
    alpha = _solve_alpha(ratio)
    if math.isnan(alpha):
        note = "not estimable: spread and excess are those of an exponential tail"
        return _not_estimable(correlation, limit, n, level, note)
    mu, sigma = _parameters(mean, limit, alpha)
    change = -(1.0 - correlation) * (mean - mu)
    widen = math.nan
    if n is not None and n > 1:
        # On the log scale, since a fall from selection cannot be a rise.
        widen = math.exp(normal_quantile(level) * _gap_error(alpha, sigma, n) / (mean - mu))
    note = f"assumes a normal score before entry and a correlation of {correlation:g} between visits"
    return RegressionToMean(
        "scored", change, change * widen, change / widen, mu, sigma, float(special.ndtr(-alpha)), correlation,
        limit, n, level, note,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class ExpectedByAssumption:
    """The change to expect without any effect when the population before the entry rule is assumed.

    Attributes
    ----------
    change : expected change of the mean of those who enter, negative for a fall, in the unit of the score
    mean_entering : expected mean of those who enter
    share_entering : chance that a subject drawn at random meets the rule
    """

    change: float
    mean_entering: float
    share_entering: float


def expect_regression_to_mean(
    population_mean: float, population_sd: float, limit: float, *, correlation: float
) -> ExpectedByAssumption:
    """Give the change expected without effect in those who enter from an assumed normal population.

    Parameters
    ----------
    population_mean, population_sd : of the score before the entry rule, the standard deviation above 0
    limit : value that a score must exceed; for whole-number scores with the rule "7 or more" 6.5
    correlation : of the score at two visits without effect, in the whole population, 0 to 1

    Returns
    -------
    ExpectedByAssumption : change = -(1 - correlation) sigma h((limit - mu) / sigma), see the module

    Raises
    ------
    ValueRangeError : the standard deviation is not positive, or the correlation is outside 0 to 1

    Source
    ------
    James 1973 (Biometrics 29: 121); Davis 1976 (Am J Epidemiol 104: 493).

    Examples
    --------
    >>> found = expect_regression_to_mean(6.5, 4.0, 6.5, correlation=0.5)
    >>> round(found.mean_entering, 3), round(found.change, 3), found.share_entering
    (9.692, -1.596, 0.5)
    """
    if not population_sd > 0.0:
        raise ValueRangeError("standard deviation of the population", population_sd, "above 0")
    if not 0.0 <= correlation <= 1.0:
        raise ValueRangeError("correlation between visits", correlation, "0 to 1")
    alpha = (limit - population_mean) / population_sd
    gap = population_sd * _hazard(alpha)
    return ExpectedByAssumption(
        -(1.0 - correlation) * gap, population_mean + gap, float(special.ndtr(-alpha))
    )


def _not_estimable(
    correlation: float, limit: float, n: int | None, level: float, note: str
) -> RegressionToMean:
    """Give the answer that has no number."""
    nan = math.nan
    return RegressionToMean("not_estimable", nan, nan, nan, nan, nan, nan, correlation, limit, n, level, note)


def _hazard(alpha: float) -> float:
    """Give phi(alpha) / (1 - Phi(alpha)) without loss far in the tail."""
    # erfcx(x) = exp(x^2) erfc(x), so the two exponentials cancel
    return math.sqrt(2.0 / math.pi) / float(special.erfcx(alpha / math.sqrt(2.0)))


def _ratio(alpha: float) -> float:
    """Give standard deviation over mean excess of a normal cut at alpha."""
    h = _hazard(alpha)
    return math.sqrt(max(0.0, 1.0 + alpha * h - h * h)) / (h - alpha)


def _solve_alpha(ratio: float) -> float:
    """Find the cut that gives this ratio, by halving; NaN when it lies too far in the tail to tell."""
    low, high = -40.0, 30.0  # beyond 30 rounding hides the difference from an exponential
    if ratio >= _ratio(high):
        return math.nan
    if ratio <= _ratio(low):
        return -1.0 / ratio  # hardly cut at all: mean = mu, standard deviation = sigma
    for _ in range(200):
        middle = (low + high) / 2.0
        if _ratio(middle) < ratio:
            low = middle
        else:
            high = middle
    return (low + high) / 2.0


def _parameters(mean: float, limit: float, alpha: float) -> tuple[float, float]:
    """Give mu and sigma from the mean excess and the cut."""
    sigma = (mean - limit) / (_hazard(alpha) - alpha)
    return limit - alpha * sigma, sigma


def _gap_error(alpha: float, sigma: float, n: int) -> float:
    """Give the standard error of mean - mu by the delta method in the exponential family of (x, x^2)."""
    h = _hazard(alpha)
    # Raw moments of z = (x - mu) / sigma above alpha: m_k = (k - 1) m_(k-2) + alpha^(k-1) h
    m1, m2 = h, 1.0 + alpha * h
    m3, m4 = 2.0 * m1 + alpha**2 * h, 3.0 * m2 + alpha**3 * h
    moments = np.array([[m2 - m1 * m1, m3 - m1 * m2], [m3 - m1 * m2, m4 - m2 * m2]])
    # The natural parameters of (z, z^2) have unit derivatives by mu / sigma and log sigma at z-scale, so the
    # covariance of (z, z^2) is the information of those two per subject.
    covariance = np.linalg.inv(moments) / n
    slope = h * (h - alpha)  # derivative of h
    gradient = np.array([-slope, h - alpha * slope])  # of (mean - mu) / sigma = h
    return sigma * math.sqrt(float(gradient @ covariance @ gradient))
