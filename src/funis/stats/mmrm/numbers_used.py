"""The numbers that a model can use: finite, and of a size whose squares the machine can hold.

A fit squares outcomes and coefficients; the degrees of freedom compare the squares of variances. Numbers are
refused where that would end in an infinity or in a zero that stands for something; none is measured.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from funis.described import Described
from funis.errors import ValueRangeError
from funis.stats.mmrm.covariance import Floats

#: Outcomes and covariates: the largest of a column is 0 or lies between 1 / MOST and MOST.
MOST: Final = 1e50
#: Products of covariates, which are columns of the design.
MOST_OF_PRODUCTS: Final = 1e100
#: Weights, and coordinates of time or place.
MOST_OF_PARTS: Final = 1e15

_CORRECT = "Correct the value, or leave it empty."


def check_numbers(
    what: str, values: Floats, where: Callable[[int], str], *, most: float = MOST, fix: str = _CORRECT
) -> None:
    """Refuse a column with a number that is not finite, or that is too large or too small to be squared.

    Parameters
    ----------
    what : the beginning of the message
    values : (N,) the column
    where : says where the value at a place stands
    most : the largest number that is taken; the largest of a column is 0 or at least 1 / most
    fix : what to do about a number that is not finite

    Raises
    ------
    ValueRangeError
    """
    if not values.size:
        return
    # The largest is NaN where there is one, so three comparisons tell whether all is well.
    largest = max(float(values.max()), -float(values.min()))
    if 1.0 / most <= largest <= most or largest == 0:
        return
    size = np.abs(values)
    wrong = np.flatnonzero(~np.isfinite(values))
    if wrong.size:
        raise ValueRangeError(what, _found(values, wrong, where), "finite numbers", fix)
    wrong = np.flatnonzero(size > most)
    if wrong.size:
        power = round(float(np.log10(largest)))
        larger = f"Correct the value, or give the column in a larger unit: divide it by 1e+{power}, say."
        raise ValueRangeError(
            what, _found(values, wrong, where), f"numbers from {-most:g} to {most:g}", larger
        )
    power = round(-float(np.log10(largest)))
    found = Described(f"no number further from 0 than {float(values[int(size.argmax())]):.3g}")
    smaller = f"Give the column in a smaller unit: multiply it by 1e+{power}, say."
    raise ValueRangeError(
        what, found, f"a column whose largest number is 0 or at least {1 / most:g}", smaller
    )


def _found(values: Floats, wrong: NDArray[np.int64], where: Callable[[int], str]) -> Described:
    """Say what was found first, where, and in how many other places."""
    first = int(wrong[0])
    more = f" and {wrong.size - 1} more such" if wrong.size > 1 else ""
    return Described(f"{float(values[first]):.3g} in {where(first)}{more}")
