"""Standardised differences between two groups: how far apart they are in units of their spread."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt


def standardised_difference(first: npt.ArrayLike, second: npt.ArrayLike) -> float:
    """Give the difference of two means in units of the two groups' spread.

    Parameters
    ----------
    first, second : float arrays, shapes (n,) and (m,), finite

    Returns
    -------
    float
        The first mean minus the second, divided by the root of the mean of both variances (n - 1); 0 where
        both groups are constant and equal, NaN where a group has fewer than two values, or where both are
        constant and differ.

    Source
    ------
    Austin PC. Statistics in Medicine 2009;28:3083-3107, equation of a continuous covariate.

    Examples
    --------
    >>> standardised_difference([1.0, 2.0, 3.0], [2.0, 3.0, 4.0])
    -1.0
    """
    a, b = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if min(a.size, b.size) < 2:
        return math.nan
    difference = float(a.mean() - b.mean())
    spread = math.sqrt((float(a.var(ddof=1)) + float(b.var(ddof=1))) / 2)
    if spread == 0:
        return 0.0 if difference == 0 else math.nan
    return difference / spread


def standardised_difference_of_shares(first: Sequence[int], second: Sequence[int]) -> float:
    """Give the distance of two groups in a variable with categories.

    Parameters
    ----------
    first, second : how many of each group are in each category, the same categories in the same order

    Returns
    -------
    float
        The Mahalanobis distance of the two vectors of shares, not negative; with two categories the
        difference of the shares in units of their spread. Categories that nobody is in are left out. NaN
        where a group is empty, or where no one share varies and the groups differ.

    Source
    ------
    Yang D, Dalton JE. A unified approach to measuring the effect size between two groups. SAS Global Forum
    2012, paper 335.

    Examples
    --------
    >>> round(standardised_difference_of_shares([5, 5], [5, 5]), 3)
    0.0
    >>> round(standardised_difference_of_shares([30, 10], [20, 20]), 4)
    0.5345
    """
    counts = np.array([first, second], dtype=np.float64)
    if (counts.sum(axis=1) == 0).any():
        return math.nan
    shares = counts[:, counts.sum(axis=0) > 0] / counts.sum(axis=1, keepdims=True)
    difference = (shares[0] - shares[1])[1:]
    if not difference.any():
        return 0.0
    spread = sum(np.diag(each) - np.outer(each, each) for each in shares[:, 1:]) / 2
    if np.linalg.matrix_rank(spread) < difference.size:
        return math.nan
    return math.sqrt(float(difference @ np.linalg.solve(spread, difference)))
