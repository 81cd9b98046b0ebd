"""Agreement of readers beyond chance: Cohen's kappa, weighted kappa, and Fleiss' kappa of several readers.

Weighted kappa takes w_ij for the pair (i, j), 1 on the diagonal: with p_ij the share of pairs, p_i. and p_.j
its margins,

    p_o = sum w_ij p_ij,  p_e = sum w_ij p_i. p_.j,  kappa = (p_o - p_e) / (1 - p_e),
    v = sum p_ij [w_ij (1 - p_e) - (m_i. + m_.j)(1 - p_o)]^2 - (p_o p_e - 2 p_e + p_o)^2,
    var = v / [n (1 - p_e)^4],
    m_i. = sum_j w_ij p_.j,  m_.j = sum_i w_ij p_i. .
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from funis.errors import ShapeError, ValueRangeError
from funis.stats.sample import check_level, normal_quantile

Floats = npt.NDArray[np.float64]
Weights = Literal["none", "linear", "quadratic"]
WEIGHTS: Final[tuple[Weights, ...]] = ("none", "linear", "quadratic")
_FEWEST_CATEGORIES: Final = 2
_FEWEST_READERS: Final = 2
#: Below it a spread is the rounding of sums.
_NO_SPREAD: Final = 1e-14


@dataclass(frozen=True, slots=True)
class Kappa:
    """Agreement beyond chance.

    Attributes
    ----------
    estimate : 1 where all agree, 0 where they agree as often as by chance; NaN where it is not defined
    standard_error : by the delta method, of the estimate itself (not of no agreement); NaN where not defined,
        and where it would be 0 for 3 subjects as for 300, as where all readings agree
    lower, upper : limits by the normal distribution, within -1 and 1; NaN where there is no standard error
    observed, expected : agreement seen, and by chance; shares, weighted where kappa is
    n : subjects
    """

    estimate: float
    standard_error: float
    lower: float
    upper: float
    observed: float
    expected: float
    n: int


def cohen_kappa(table: npt.ArrayLike, weights: Weights = "none", *, level: float = 0.95) -> Kappa:
    """Estimate the agreement of two readers.

    Parameters
    ----------
    table : shape (categories, categories), subjects by the answers of the first (rows) and the second reader,
        in the same order; with weights the order is that of the scale
    weights : none: only equal answers agree; linear: 1 - d / (k - 1) for answers d categories apart;
        quadratic: 1 - (d / (k - 1))^2
    level : of the interval

    Returns
    -------
    Kappa
        Not defined (NaN) without a subject, and where chance alone would give full agreement: both readers
        gave one answer to everybody.

    Raises
    ------
    ShapeError : the table is not square, or has fewer than two categories
    ValueRangeError : a count is below 0, the level is outside 0 to 1, or the weights are none of the three

    Source
    ------
    Cohen 1960, Educ Psychol Meas 20: 37; Cohen 1968, Psychol Bull 70: 213; Fleiss, Cohen and Everitt 1969,
    Psychol Bull 72: 323 (standard error). Reference values: tests/reference/agreement_r.

    Examples
    --------
    >>> found = cohen_kappa([[0, 4, 1], [0, 8, 0], [0, 1, 5]])
    >>> round(found.estimate, 4), round(found.standard_error, 4)
    (0.4842, 0.138)
    """
    counts = _check_table(table)
    if weights not in WEIGHTS:
        raise ValueRangeError("weights", weights, ", ".join(WEIGHTS))
    z = normal_quantile(check_level(level))
    n = counts.sum()
    if n == 0:
        return _undefined(0, float("nan"))
    share = counts / n
    rows, columns = share.sum(axis=1), share.sum(axis=0)
    w = _weights(len(counts), weights)
    observed, expected = float((w * share).sum()), float(rows @ w @ columns)
    if expected >= 1.0 - 1e-12:  # sums of shares round
        return _undefined(int(n), observed)
    estimate = (observed - expected) / (1.0 - expected)
    mean = (w @ columns)[:, None] + (rows @ w)[None, :]
    squares = float((share * (w * (1.0 - expected) - mean * (1.0 - observed)) ** 2).sum())
    bracket = squares - (observed * expected - 2.0 * expected + observed) ** 2
    if bracket < _NO_SPREAD:
        return _without_interval(estimate, observed, expected, int(n))
    error = float(np.sqrt(bracket / n)) / (1.0 - expected) ** 2
    lower, upper = max(estimate - z * error, -1.0), min(estimate + z * error, 1.0)
    return Kappa(estimate, error, lower, upper, observed, expected, int(n))


def fleiss_kappa(counts: npt.ArrayLike, *, level: float = 0.95) -> Kappa:
    """Estimate the agreement of several readers, of whom it does not matter who read what.

    Parameters
    ----------
    counts : shape (subjects, categories), how many readers gave each answer; each subject has as many readers
    level : of the interval

    Returns
    -------
    Kappa
        Not defined (NaN) without a subject, and where every answer is the same.

    Raises
    ------
    ShapeError : fewer than two categories, or not two dimensions
    ValueRangeError : fewer than two readers, or subjects that were read by different numbers of them

    Source
    ------
    Fleiss 1971, Psychol Bull 76: 378 (the estimate). The standard error is by leaving out one subject at a
    time (jackknife), since the one printed in 1971 is another. Reference values: tests/reference/agreement_r.

    Examples
    --------
    >>> round(fleiss_kappa([[3, 0], [2, 1], [0, 3], [0, 3]]).estimate, 3)
    0.657
    """
    given = np.asarray(counts, dtype=np.float64)
    if given.ndim != 2 or given.shape[1] < _FEWEST_CATEGORIES:
        raise ShapeError(
            f"counts: found shape {given.shape}; it is (subjects, categories), with two or more."
        )
    if np.any(given < 0):
        raise ValueRangeError("count", float(given.min()), "0 or more")
    z = normal_quantile(check_level(level))
    size = len(given)
    if not size:
        return _undefined(0, float("nan"))
    readers = given.sum(axis=1)
    if readers[0] < _FEWEST_READERS or np.any(readers != readers[0]):
        odd = float(readers[readers != readers[0]][0]) if np.any(readers != readers[0]) else float(readers[0])
        raise ValueRangeError("readers of a subject", odd, "the same number, 2 or more, for each subject")
    estimate, observed, expected = _fleiss(given)
    if np.isnan(estimate):
        return _undefined(size, observed)
    without = np.array([_fleiss(np.delete(given, each, axis=0))[0] for each in range(size)])
    if size < 2 or np.isnan(without).any() or float(np.ptp(without)) < _NO_SPREAD:
        return _without_interval(estimate, observed, expected, size)
    error = float(np.sqrt((size - 1) / size * ((without - without.mean()) ** 2).sum()))
    lower, upper = max(estimate - z * error, -1.0), min(estimate + z * error, 1.0)
    return Kappa(estimate, error, lower, upper, observed, expected, size)


def _fleiss(counts: Floats) -> tuple[float, float, float]:
    """Give kappa, the agreement seen and that by chance; kappa is NaN where chance agrees fully."""
    if not len(counts):
        return float("nan"), float("nan"), float("nan")
    readers = counts[0].sum()
    observed = float(((counts**2).sum(axis=1) - readers).mean() / (readers * (readers - 1)))
    expected = float(((counts.sum(axis=0) / counts.sum()) ** 2).sum())
    if expected >= 1.0 - 1e-12:
        return float("nan"), observed, expected
    return (observed - expected) / (1.0 - expected), observed, expected


def _check_table(table: npt.ArrayLike) -> Floats:
    counts = np.asarray(table, dtype=np.float64)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1] or len(counts) < _FEWEST_CATEGORIES:
        raise ShapeError(f"table: found shape {counts.shape}; it is square, with two categories or more.")
    if np.any(counts < 0) or not np.isfinite(counts).all():
        raise ValueRangeError("count", float(counts.min()), "0 or more")
    return counts


def _weights(categories: int, weights: Weights) -> Floats:
    """Give the weight of each pair of answers."""
    apart = np.abs(np.subtract.outer(np.arange(categories), np.arange(categories))) / (categories - 1)
    if weights == "none":
        return np.eye(categories)
    return np.asarray(1.0 - (apart if weights == "linear" else apart**2), dtype=np.float64)


def _undefined(n: int, observed: float) -> Kappa:
    return _without_interval(float("nan"), observed, float("nan"), n)


def _without_interval(estimate: float, observed: float, expected: float, n: int) -> Kappa:
    nothing = float("nan")
    return Kappa(estimate, nothing, nothing, nothing, observed, expected, n)
