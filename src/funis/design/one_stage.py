"""One stage, one arm, a response that is yes or no: the exact design."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import stats

from funis.arguments import NumberFrom, takes
from funis.design.asked import check_rates, refuse_near_rates
from funis.stats.sample import Floats, Integers

#: A trial in one arm that needs more subjects is not what is looked for.
MOST_SUBJECTS: Final = 1_000
_RATE: Final = NumberFrom(0, 1, is_open=True)


@dataclass(frozen=True, slots=True)
class ExactDesign:
    """Success with more than ``r`` responses among ``n`` subjects.

    Attributes
    ----------
    p0, p1, alpha, asked_power : as asked
    r, n : limit and subjects of the smallest design
    type_one, power : chance of success under `p0` and `p1`
    steady_r, steady_n : the smallest size from which on every larger one holds both error rates, too
    """

    p0: float
    p1: float
    alpha: float
    asked_power: float
    r: int
    n: int
    type_one: float
    power: float
    steady_r: int
    steady_n: int


@takes(p0=_RATE, p1=_RATE, alpha=_RATE, power=_RATE)
def exact(p0: float, p1: float, alpha: float = 0.05, power: float = 0.8) -> ExactDesign:
    """Find the smallest exact design in one stage.

    The power of an exact test does not rise evenly with the number of subjects: beside the smallest size
    stands the one from which on no larger one falls short, for a trial that may lose or gain a subject.

    Parameters
    ----------
    p0 : response rate that is of no interest, between 0 and 1
    p1 : response rate that is worth going on for, above `p0`
    alpha : chance of success under `p0` at most
    power : chance of success under `p1` at least

    Raises
    ------
    ValueRangeError : `p1` is not above `p0`, or 1,000 subjects are too few

    Source
    ------
    A'Hern 2001 (Stat Med 20: 859).

    Checked against
    ---------------
    tests/design/test_one_stage : binomial sums in whole numbers

    Examples
    --------
    >>> found = exact(0.05, 0.25, alpha=0.05, power=0.8)
    >>> (found.r, found.n)
    (2, 16)
    """
    check_rates(p0, p1)
    sizes = np.arange(1, MOST_SUBJECTS + 1)
    limits = critical_responses(sizes, p0, alpha)
    reached = np.asarray(stats.binom.sf(limits, sizes, p1))
    short = np.flatnonzero(reached < power)
    if not short.size or short[-1] < sizes.size - 1:
        first = int(np.flatnonzero(reached >= power)[0])
        steady = int(short[-1]) + 1 if short.size else 0
        return ExactDesign(
            p0, p1, alpha, power, int(limits[first]), int(sizes[first]),
            float(stats.binom.sf(limits[first], sizes[first], p0)), float(reached[first]),
            int(limits[steady]), int(sizes[steady]),
        )  # fmt: skip
    raise refuse_near_rates(p0, p1, MOST_SUBJECTS)


def critical_responses(sizes: Integers, p0: float, alpha: float) -> Floats:
    """Give, for each size, the fewest responses that are exceeded under `p0` with the error at most."""
    limits = stats.binom.ppf(1 - alpha, sizes, p0)
    # The quantile of a discrete chance may stand a step off where a sum lies on the limit itself.
    return np.asarray(np.where(stats.binom.sf(limits, sizes, p0) > alpha, limits + 1, limits))
