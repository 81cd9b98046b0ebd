"""Power of the t test, and the size at which a power is reached."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from scipy import optimize, stats

from funis.errors import ValueRangeError

#: A size above this is no answer for a trial.
MOST: Final = 1e7


def power_of_t(shift: float, freedom: float, alpha: float) -> float:
    """Give the chance that a two-sided t test is significant on the side of the effect.

    Parameters
    ----------
    shift : noncentrality, 0 or more
    freedom : degrees of freedom, above 0; need not be whole
    alpha : two-sided error

    Source
    ------
    The other side, where a significant result has the wrong sign, does not count (as in R's power.t.test).

    Examples
    --------
    >>> round(power_of_t(3.16227766, 38, 0.05), 4)
    0.869
    """
    limit = float(stats.t.ppf(1 - alpha / 2, freedom))
    return float(stats.nct.sf(limit, freedom, shift))


def solve_size(reached: Callable[[float], float], power: float, least: float) -> float:
    """Give the smallest size, not yet whole, at which a rising power is reached.

    Parameters
    ----------
    reached : power at a size
    power : that is asked for
    least : smallest size that makes sense

    Raises
    ------
    ValueRangeError : ten million are too few
    """
    if reached(least) >= power:
        return least
    high = least
    while reached(high) < power:
        high *= 2
        if high > MOST or math.isnan(reached(high)):
            raise ValueRangeError("effect", "one that ten million subjects do not show", "a larger one")
    return float(optimize.brentq(lambda size: reached(size) - power, high / 2, high, xtol=1e-9))
