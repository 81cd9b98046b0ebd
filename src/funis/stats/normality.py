"""How straight a sample lies on the normal line: the points of a quantile plot and two numbers about them.

The ordered value i of n stands against the normal quantile of (i - 3/8) / (n + 1/4). Straightness is the
correlation of the two, 1 for a sample on the line; its square is the statistic W' of Shapiro and Francia.
No P value is given: with forty values a test of normality finds little, with a thousand it finds everything.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from funis.stats.sample import Floats, check_sample


@dataclass(frozen=True, slots=True)
class QuantilePlot:
    """The points of a normal quantile plot.

    Attributes
    ----------
    expected : normal quantile of each value, in the order of the input; ties keep the order they came in
    qq_correlation : correlation of values and quantiles; NaN with fewer than three values or without spread
    skewness : third standardised moment with the correction for small samples; NaN likewise
    n : number of values
    """

    expected: Floats
    qq_correlation: float
    skewness: float
    n: int


def plot_quantiles(values: npt.ArrayLike) -> QuantilePlot:
    """Place a sample on the normal line.

    Parameters
    ----------
    values : float array, shape (n,), finite

    Returns
    -------
    QuantilePlot

    Source
    ------
    Blom 1958 (plotting positions); Shapiro and Francia 1972 (J Am Stat Assoc 67: 215); skewness G1 of Joanes
    and Gill 1998 (Statistician 47: 183), as SAS prints it.

    Examples
    --------
    >>> found = plot_quantiles([1.0, 2.0, 6.0])
    >>> found.expected.round(4).tolist(), round(found.qq_correlation, 4), round(found.skewness, 4)
    ([-0.8694, 0.0, 0.8694], 0.9449, 1.4579)
    """
    sample = check_sample(values, "values")
    n = sample.size
    expected = np.empty(n)
    expected[np.argsort(sample, kind="stable")] = special.ndtri((np.arange(1, n + 1) - 0.375) / (n + 0.25))
    spread = float(sample.std()) if n else 0.0
    if n < 3 or spread <= 1e-12 * max(1.0, float(np.abs(sample).max())):
        return QuantilePlot(expected, math.nan, math.nan, n)
    scaled = (sample - sample.mean()) / spread
    qq_correlation = float(scaled @ expected / math.sqrt(n * float(expected @ expected)))
    skewness = float((scaled**3).mean()) * math.sqrt(n * (n - 1.0)) / (n - 2.0)
    return QuantilePlot(expected, qq_correlation, skewness, n)
