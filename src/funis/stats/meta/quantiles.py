"""Mean and standard deviation from what papers print instead of them: median, quartiles and range."""

from __future__ import annotations

import math
from typing import Final

from scipy import special

from funis.arguments import NumberFrom, OrNone, Text, takes
from funis.errors import ValueRangeError
from funis.stats.sample import check_choice

#: Who gave the formula of the mean; that of the standard deviation is always of Wan et al. 2014.
CONVERSIONS: Final = ("luo_wan", "wan")
#: No study has more subjects, and no scale longer values; both stay apart from what floats cannot tell.
_MOST, _LARGEST = 1e9, 1e100
_VALUE: Final = NumberFrom(-_LARGEST, _LARGEST)


@takes(
    n=NumberFrom(), median=_VALUE, minimum=OrNone(_VALUE), maximum=OrNone(_VALUE),
    lower_quartile=OrNone(_VALUE), upper_quartile=OrNone(_VALUE), method=Text(),
)  # fmt: skip
def convert_median(
    n: int,
    median: float,
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    lower_quartile: float | None = None,
    upper_quartile: float | None = None,
    method: str = "luo_wan",
) -> tuple[float, float]:
    """Estimate mean and standard deviation of a sample from its median, range and quartiles.

    Parameters
    ----------
    n : subjects, 2 or more; with quartiles 4 or more
    median : as printed
    minimum, maximum : the range; both or neither
    lower_quartile, upper_quartile : both or neither; one of the two pairs is needed
    method : ``luo_wan`` (mean of Luo et al. 2018) or ``wan`` (mean of Wan et al. 2014); the standard
        deviation is that of Wan et al. 2014 in both

    Returns
    -------
    tuple of float : mean and standard deviation, as if the values were normal: of skewed values, which are
        what medians are printed for, both are biased

    Raises
    ------
    ValueRangeError, UnknownNameError : too few subjects, half a pair or none, values out of order or all the
        same, a method that is not allowed

    Source
    ------
    Wan, Wang, Liu and Tong 2014 (BMC Med Res Methodol 14: 135), equations 9, 13 and 16 of the standard
    deviation; Luo, Wan, Liu and Tong 2018 (Stat Methods Med Res 27: 1785).

    Checked against
    ---------------
    tests/reference/meta_metafor : metafor, conv.fivenum(); metaBLUE, Luo.mean() and Wan.std()

    Examples
    --------
    >>> mean, sd = convert_median(30, 4.0, minimum=1.0, maximum=10.0)
    >>> round(mean, 6), round(sd, 6)
    (4.356748, 2.205578)
    """
    check_choice(method, CONVERSIONS, "conversion of medians")
    ends = _pair(minimum, maximum, "range")
    quartiles = _pair(lower_quartile, upper_quartile, "quartiles")
    _check(n, median, ends, quartiles)
    of_mean = _luo if method == "luo_wan" else _wan
    mean = of_mean(n, median, ends and sum(ends) / 2, quartiles and sum(quartiles) / 2)
    return mean, _deviation(n, ends, quartiles)


_Pair = tuple[float, float] | None


def _pair(low: float | None, high: float | None, what: str) -> _Pair:
    if low is None and high is None:
        return None
    if low is None or high is None:
        raise ValueRangeError(what, "one end of two", "both ends or neither")
    return low, high


def _check(n: int, median: float, ends: _Pair, quartiles: _Pair) -> None:
    if ends is None and quartiles is None:
        raise ValueRangeError("spread of a median", "neither range nor quartiles", "one of them")
    least = 2 if quartiles is None else 4
    if not least <= n <= _MOST or n != int(n):
        raise ValueRangeError("subjects of a median", n, f"a whole number of {least} or more")
    given = [*(ends or ())[:1], *(quartiles or ())[:1], median, *(quartiles or ())[1:], *(ends or ())[1:]]
    if given != sorted(given):
        raise ValueRangeError(
            "median, quartiles and range", str(given), "values that rise from minimum to maximum"
        )
    if any(pair is not None and pair[0] == pair[1] for pair in (ends, quartiles)):
        raise ValueRangeError("spread of a median", 0.0, "two ends that differ")


def _wan(n: int, median: float, mid_range: float | None, mid_quartile: float | None) -> float:
    """Give the mean with weights that no size of sample changes; with the range alone as Hozo et al. 2005."""
    del n
    if mid_quartile is None:
        return ((mid_range or 0.0) + median) / 2
    if mid_range is None:
        return (2 * mid_quartile + median) / 3
    return (mid_range + 2 * mid_quartile + median) / 4


def _luo(n: int, median: float, mid_range: float | None, mid_quartile: float | None) -> float:
    """Give the mean with the best weights for normal values, which depend on the size of the sample."""
    if mid_quartile is None:
        weight = 4 / (4 + math.pow(n, 0.75))
        return weight * (mid_range or 0.0) + (1 - weight) * median
    if mid_range is None:
        weight = 0.7 + 0.39 / n
        return weight * mid_quartile + (1 - weight) * median
    outer, inner = 2.2 / (2.2 + math.pow(n, 0.75)), 0.7 - 0.72 / math.pow(n, 0.55)
    return outer * mid_range + inner * mid_quartile + (1 - outer - inner) * median


def _deviation(n: int, ends: _Pair, quartiles: _Pair) -> float:
    """Divide each spread by what it is expected to be of normal values; with both give their mean."""
    found = []
    if ends is not None:
        found.append((ends[1] - ends[0]) / (2 * float(special.ndtri((n - 0.375) / (n + 0.25)))))
    if quartiles is not None:
        expected = 2 * float(special.ndtri((0.75 * n - 0.125) / (n + 0.25)))
        found.append((quartiles[1] - quartiles[0]) / expected)
    return math.fsum(found) / len(found)
