"""What every statistic asks of its arrays before it computes."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import special

from funis.arguments import NumberFrom
from funis.described import describe
from funis.errors import ShapeError, UnknownNameError, ValueRangeError

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]
Alternative = Literal["two-sided", "less", "greater"]
ALTERNATIVES = ("two-sided", "less", "greater")


def check_sample(values: npt.ArrayLike, what: str, *, least: int = 0) -> Floats:
    """Give the values as a float array of one dimension, all finite; refuse anything else."""
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1:
        raise ShapeError(f"{what}: found an array of shape {array.shape}; one dimension is needed.")
    bad = np.flatnonzero(~np.isfinite(array))
    if bad.size:
        places = ", ".join(str(place) for place in bad[:5])
        raise ValueRangeError(
            what, float(array[bad[0]]), "a finite number", f"Leave out or impute positions {places}."
        )
    if array.size < least:
        raise ShapeError(f"{what}: found {array.size} values; at least {least} are needed.")
    return array


def settle(values: Floats, scale: float | None = None) -> Floats:
    """Round to 12 significant digits of the largest size, so that 0.3 - 0.1 and 0.2 are a tie.

    `scale` is the largest size of the numbers the values were computed from, where that is known.
    """
    largest = float(np.abs(values).max(initial=0.0)) if scale is None else scale
    if largest == 0.0 or not math.isfinite(largest):
        return values
    decimals = min(11 - math.floor(math.log10(largest)), 300)
    return np.asarray(np.round(values, decimals), dtype=np.float64)


def check_same_length(first: Floats | Integers, second: Floats | Integers, what: str) -> None:
    """Refuse two arrays of different length."""
    if first.shape != second.shape:
        raise ShapeError(
            f"{what}: found {first.size} and {second.size} values; lengths must agree. Pair them by subject."
        )


def check_level(level: float, what: str = "level") -> float:
    """Give the coverage back when it lies strictly between 0 and 1."""
    if not 0.0 < level < 1.0:
        raise ValueRangeError(what, level, "between 0 and 1, both excluded", "A 95 % interval is 0.95.")
    return float(level)


def check_choice(value: str, allowed: tuple[str, ...], kind: str) -> None:
    """Refuse a name that is not among those allowed."""
    if value not in allowed:
        raise UnknownNameError(kind, value, allowed)


def check_probability(value: float, what: str) -> float:
    """Give the value back when it lies in 0 to 1."""
    if not 0.0 <= value <= 1.0:
        raise ValueRangeError(what, value, "0 to 1")
    return float(value)


def normal_quantile(level: float) -> float:
    """Give the upper quantile of the standard normal for a two-sided interval of this level."""
    return float(special.ndtri(0.5 + level / 2.0))


def t_quantile(df: float, level: float) -> float:
    """Give the upper quantile of Student's t for a two-sided interval of this level."""
    return float(special.stdtrit(df, 0.5 + level / 2.0))


def normal_p(z: float, alternative: Alternative = "two-sided") -> float:
    """Give the P value of a standard normal statistic."""
    if math.isnan(z):
        return math.nan
    if alternative == "two-sided":
        return float(min(1.0, 2.0 * special.ndtr(-abs(z))))
    return float(special.ndtr(z if alternative == "less" else -z))


def t_p(t: float, df: float, alternative: Alternative = "two-sided") -> float:
    """Give the P value of a t statistic."""
    if math.isnan(t):
        return math.nan
    if alternative == "two-sided":
        return float(2.0 * special.stdtr(df, -abs(t)))
    return float(special.stdtr(df, t if alternative == "less" else -t))


def chi_square_p(statistic: float, df: float) -> float:
    """Give the upper tail of the chi-square distribution."""
    return math.nan if math.isnan(statistic) else float(special.chdtrc(df, statistic))


def midranks(values: Floats) -> Floats:
    """Rank from 1, ties sharing the mean of their ranks."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    return (last - (count - 1) / 2.0)[place]


def one_number(found: object, name: str) -> float:
    """Refuse what a function of the caller gives when it is no finite number.

    Parameters
    ----------
    found : what the function returned
    name : of the argument that it was given as

    Examples
    --------
    >>> one_number(2, "estimator")
    2.0
    """
    if not NumberFrom().fits(found):
        raise ValueRangeError(f"what '{name}' returned", describe(found), NumberFrom().allowed)
    return float(found)  # type: ignore[arg-type]
