"""Effect of each study from means and standard deviations, with its sampling variance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
from scipy import special

from funis.arguments import NumberFrom, Numbers, Text, takes
from funis.errors import ValueRangeError
from funis.stats.sample import Floats, check_choice, check_same_length, check_sample

Scale = Literal["raw", "log", "logit", "double_arcsine"]
SPREADS: Final = ("separate", "pooled")
#: What a study may hold at most; far above every sum of squares that stays finite.
_LARGEST: Final = 1e100


@dataclass(frozen=True, slots=True)
class Effects:
    """The effect of each study.

    Attributes
    ----------
    estimates, variances : float arrays, shape (k,), in the order of the studies; both NaN for a study that
        has no estimate by the rule that was named
    scale : raw, log, logit or double_arcsine: what undoes the scale is the inverse of that function
    """

    estimates: Floats
    variances: Floats
    scale: Scale

    @property
    def is_known(self) -> npt.NDArray[np.bool_]:
        """Tell for each study whether it has an estimate."""
        return np.isfinite(self.estimates)


def check_sizes(n: npt.ArrayLike, what: str, *, least: int = 1) -> Floats:
    """Give numbers of subjects as floats; refuse what is no whole number or too few."""
    sizes = check_sample(n, what)
    bad = (sizes < least) | (sizes != np.floor(sizes)) | (sizes > 1e15)
    if bad.any():
        raise ValueRangeError(what, float(sizes[bad][0]), f"whole numbers of {least} or more")
    return sizes


def _check_means(mean: npt.ArrayLike, sd: npt.ArrayLike, n: npt.ArrayLike) -> tuple[Floats, Floats, Floats]:
    means = check_sample(mean, "means of studies")
    spreads = check_sample(sd, "standard deviations of studies")
    sizes = check_sizes(n, "subjects of studies", least=2)
    check_same_length(means, spreads, "means and standard deviations")
    check_same_length(means, sizes, "means and subjects")
    for values, what in ((np.abs(means), "mean of a study"), (spreads, "standard deviation of a study")):
        if np.any(values > _LARGEST):
            raise ValueRangeError(what, float(values.max()), f"at most {_LARGEST:g}")
    if np.any(spreads <= 0):
        raise ValueRangeError("standard deviation of a study", float(spreads.min()), "above 0")
    return means, spreads, sizes


@takes(mean=Numbers(), sd=Numbers(), n=Numbers())
def mean_of_arm(mean: npt.ArrayLike, sd: npt.ArrayLike, n: npt.ArrayLike) -> Effects:
    """Give the mean of one arm of each study, such as a printed mean change.

    Parameters
    ----------
    mean, sd, n : arrays, shape (k,): mean, standard deviation (> 0) and subjects (2 or more) of each study

    Returns
    -------
    Effects : scale raw; the variance is sd² / n

    Raises
    ------
    ShapeError, ValueRangeError : lengths differ; a value that is not allowed

    Source
    ------
    Variance of a mean; the method of Borenstein, Hedges, Higgins and Rothstein 2009, chapter 4.

    Examples
    --------
    >>> found = mean_of_arm([-8.0], [4.0], [16])
    >>> float(found.estimates[0]), float(found.variances[0])
    (-8.0, 1.0)
    """
    means, spreads, sizes = _check_means(mean, sd, n)
    return Effects(means, spreads**2 / sizes, "raw")


@takes(
    before=Numbers(),
    sd_before=Numbers(),
    after=Numbers(),
    sd_after=Numbers(),
    n=Numbers(),
    correlation=NumberFrom(-1, 1),
)
def change_within_arm(
    before: npt.ArrayLike,
    sd_before: npt.ArrayLike,
    after: npt.ArrayLike,
    sd_after: npt.ArrayLike,
    n: npt.ArrayLike,
    correlation: float,
) -> Effects:
    """Give the mean change of one arm of each study from what is printed before and after.

    Parameters
    ----------
    before, sd_before, after, sd_after : arrays, shape (k,): means and standard deviations (> 0)
    n : subjects that both means are of, 2 or more
    correlation : of the two values of a subject, in [-1, 1]. Papers do not print it; it is an assumption, so
        it has no default

    Returns
    -------
    Effects : scale raw; after minus before, with variance
        (sd_before² + sd_after² - 2 correlation sd_before sd_after) / n

    Raises
    ------
    ShapeError, ValueRangeError : lengths differ; a value that is not allowed; a change without any spread

    Source
    ------
    Morris and DeShon 2002 (Psychol Methods 7: 105).

    Examples
    --------
    >>> found = change_within_arm([22.0], [20**0.5], [26.0], [30**0.5], [60], 0.7)
    >>> round(float(found.estimates[0]), 4), round(float(found.variances[0]), 4)
    (4.0, 0.2618)
    """
    first, spread_first, sizes = _check_means(before, sd_before, n)
    last, spread_last, _ = _check_means(after, sd_after, n)
    variance = spread_first**2 + spread_last**2 - 2 * correlation * spread_first * spread_last
    # With a correlation of 1 and equal spreads nothing is left but the rounding of the three terms.
    if np.any(variance <= 1e-12 * (spread_first**2 + spread_last**2)):
        raise ValueRangeError(
            "correlation of the values before and after",
            correlation,
            "one that leaves the change a spread",
            "Give a correlation below 1.",
        )
    return Effects(last - first, variance / sizes, "raw")


@takes(
    mean_1=Numbers(),
    sd_1=Numbers(),
    n_1=Numbers(),
    mean_2=Numbers(),
    sd_2=Numbers(),
    n_2=Numbers(),
    spread=Text(),
)
def mean_difference(
    mean_1: npt.ArrayLike,
    sd_1: npt.ArrayLike,
    n_1: npt.ArrayLike,
    mean_2: npt.ArrayLike,
    sd_2: npt.ArrayLike,
    n_2: npt.ArrayLike,
    *,
    spread: str = "separate",
) -> Effects:
    """Give the difference of the means of two arms of each study, the first minus the second.

    Parameters
    ----------
    mean_1, sd_1, n_1, mean_2, sd_2, n_2 : arrays, shape (k,): means, standard deviations (> 0), subjects (2
        or more) of the arms
    spread : ``separate`` (each arm has its own) or ``pooled`` (one spread for both)

    Returns
    -------
    Effects : scale raw

    Raises
    ------
    ShapeError, ValueRangeError, UnknownNameError : lengths differ; a value or name that is not allowed

    Source
    ------
    Normand 1999 (Stat Med 18: 321), table VIII, for the pooled spread.

    Examples
    --------
    >>> found = mean_difference([26.0], [5.0], [25], [22.0], [4.0], [16])
    >>> float(found.estimates[0]), float(found.variances[0])
    (4.0, 2.0)
    """
    check_choice(spread, SPREADS, "spread of two arms")
    first, spread_1, size_1 = _check_means(mean_1, sd_1, n_1)
    second, spread_2, size_2 = _check_means(mean_2, sd_2, n_2)
    check_same_length(first, second, "means of the two arms")
    if spread == "pooled":
        spread_1 = spread_2 = _pool_spreads(spread_1, size_1, spread_2, size_2)
    return Effects(first - second, spread_1**2 / size_1 + spread_2**2 / size_2, "raw")


def _pool_spreads(sd_1: Floats, n_1: Floats, sd_2: Floats, n_2: Floats) -> Floats:
    variance = ((n_1 - 1) * sd_1**2 + (n_2 - 1) * sd_2**2) / (n_1 + n_2 - 2)
    return np.asarray(np.sqrt(variance), dtype=np.float64)


@takes(mean_1=Numbers(), sd_1=Numbers(), n_1=Numbers(), mean_2=Numbers(), sd_2=Numbers(), n_2=Numbers())
def standardised_mean_difference(
    mean_1: npt.ArrayLike,
    sd_1: npt.ArrayLike,
    n_1: npt.ArrayLike,
    mean_2: npt.ArrayLike,
    sd_2: npt.ArrayLike,
    n_2: npt.ArrayLike,
) -> Effects:
    """Give the difference of two means in units of their pooled spread, without bias: Hedges' g.

    Parameters
    ----------
    mean_1, sd_1, n_1, mean_2, sd_2, n_2 : arrays, shape (k,): means, standard deviations (> 0), subjects (2
        or more) of the arms

    Returns
    -------
    Effects : scale raw; g = J(m) d with m = n_1 + n_2 - 2 and the exact
        J(m) = Γ(m/2) / (√(m/2) Γ((m - 1)/2)); variance 1/n_1 + 1/n_2 + g² / (2 (n_1 + n_2))

    Raises
    ------
    ShapeError, ValueRangeError : lengths differ; a value that is not allowed

    Source
    ------
    Hedges 1981 (J Educ Stat 6: 107); Hedges and Olkin 1985, chapter 5.

    Checked against
    ---------------
    tests/reference/meta_metafor : metafor, escalc(measure = "SMD")

    Examples
    --------
    >>> found = standardised_mean_difference([55], [47], [155], [75], [64], [156])
    >>> round(float(found.estimates[0]), 4), round(float(found.variances[0]), 4)
    (-0.3552, 0.0131)
    """
    first, spread_1, size_1 = _check_means(mean_1, sd_1, n_1)
    second, spread_2, size_2 = _check_means(mean_2, sd_2, n_2)
    check_same_length(first, second, "means of the two arms")
    m = size_1 + size_2 - 2
    log_ratio = special.gammaln(m / 2) - special.gammaln((m - 1) / 2)
    unbiased = np.exp(log_ratio) / np.sqrt(m / 2)
    g = unbiased * (first - second) / _pool_spreads(spread_1, size_1, spread_2, size_2)
    return Effects(g, 1 / size_1 + 1 / size_2 + g**2 / (2 * (size_1 + size_2)), "raw")
