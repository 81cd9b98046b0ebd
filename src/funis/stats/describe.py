"""Summaries of one sample of numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from funis.stats.sample import check_level, check_sample, t_quantile

QUARTILE_METHOD = "type 7 (linear interpolation, the default of R and NumPy)"


@dataclass(frozen=True, slots=True)
class Summary:
    """What a table prints of one variable at one visit; NaN where a number is not defined.

    Attributes
    ----------
    n : number of values
    mean, sd, se : arithmetic mean, standard deviation with n - 1, sd / sqrt(n)
    median, q1, q3 : quartiles of type 7 (`QUARTILE_METHOD`)
    minimum, maximum : the extremes
    lower, upper : interval of the mean by Student's t with n - 1 degrees of freedom; NaN where n < 2 or all
        values are equal
    level : coverage of that interval
    """

    n: int
    mean: float
    sd: float
    se: float
    median: float
    q1: float
    q3: float
    minimum: float
    maximum: float
    lower: float
    upper: float
    level: float


def summarise(values: npt.ArrayLike, *, level: float = 0.95) -> Summary:
    """Summarise a sample by its moments, quartiles and the interval of its mean.

    Parameters
    ----------
    values : float array, shape (n,), any unit, finite; n may be 0
    level : float in (0, 1), coverage of the interval of the mean

    Returns
    -------
    Summary : with n = 0 every number is NaN; with n = 1 the spread and the interval are NaN

    Missing
    -------
    Not accepted: whoever calls decides who counts, so that n is never a surprise.

    Raises
    ------
    ShapeError : the array does not have one dimension
    ValueRangeError : a value is missing or infinite, or the level is not in (0, 1)

    Source
    ------
    Quantiles: Hyndman and Fan 1996 (Am Stat 50: 361), definition 7.

    Examples
    --------
    >>> found = summarise([7.0, 8.0, 9.0, 12.0])
    >>> found.n, found.mean, round(found.sd, 4), found.median, found.q1, found.q3
    (4, 9.0, 2.1602, 8.5, 7.75, 9.75)
    """
    sample = check_sample(values, "values to summarise")
    check_level(level)
    n = sample.size
    nan = math.nan
    if n == 0:
        return Summary(0, nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, level)
    mean = math.fsum(sample) / n
    q1, median, q3 = (float(q) for q in np.quantile(sample, [0.25, 0.5, 0.75]))
    sd = math.sqrt(math.fsum((sample - mean) ** 2) / (n - 1)) if n > 1 else nan
    se = sd / math.sqrt(n)
    # Without any spread the formula would claim to know the mean exactly.
    half = t_quantile(n - 1, level) * se if sample.min() < sample.max() else nan
    return Summary(
        n=n,
        mean=mean,
        sd=sd,
        se=se,
        median=median,
        q1=q1,
        q3=q3,
        minimum=float(sample.min()),
        maximum=float(sample.max()),
        lower=mean - half,
        upper=mean + half,
        level=level,
    )
