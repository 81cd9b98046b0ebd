"""What a trial in one arm and two stages has found: estimate, P value and interval."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import optimize, stats

from funis.arguments import NumberFrom, takes
from funis.errors import ValueRangeError

_RATE: Final = NumberFrom(0, 1, is_open=True)
_MOST: Final = 2_000
_COUNT: Final = NumberFrom(0, _MOST, whole=True)


@dataclass(frozen=True, slots=True)
class TwoStageFinding:
    """A trial that stopped after ``n1`` subjects with ``r1`` responses or fewer, and else went on to ``n``.

    Attributes
    ----------
    responses, r1, n1, n, p0, alpha : as asked; the responses are those of the whole trial
    treated : subjects of the trial, by the stage in which it ended
    has_second_stage : whether the trial went on
    proportion : responses of subjects; biased, for the trial goes on only where the first stage was good
    unbiased : the estimate without bias that has the smallest variance
    median_unbiased : the rate under which what was found, or more, has a chance of one half
    p_value : one-sided, against `p0`
    lower, upper : two-sided limits, each with the error `alpha`
    naive_p_value, naive_lower, naive_upper : what comes out where the stages are forgotten
    """

    responses: int
    r1: int
    n1: int
    n: int
    p0: float
    alpha: float
    treated: int
    has_second_stage: bool
    proportion: float
    unbiased: float
    median_unbiased: float
    p_value: float
    lower: float
    upper: float
    naive_p_value: float
    naive_lower: float
    naive_upper: float


@takes(responses=_COUNT, r1=_COUNT, n1=NumberFrom(1, _MOST, whole=True), n=NumberFrom(2, _MOST, whole=True),
       p0=_RATE, alpha=NumberFrom(0, 0.5, is_open=True))  # fmt: skip
def after_two_stages(
    responses: int, r1: int, n1: int, n: int, *, p0: float, alpha: float = 0.05
) -> TwoStageFinding:
    """Estimate a response rate after Simon's two stages.

    A result is further from `p0` the more responses it has, and any result of the second stage is further
    than any of the first. The trial is taken to have kept to its sizes; one that treated more or fewer
    patients than planned needs another method.

    Parameters
    ----------
    responses : of the whole trial; `r1` or fewer: it ended after the first stage
    r1, n1 : limit and subjects of the first stage
    n : subjects of both stages
    p0 : response rate that is of no interest
    alpha : error of each limit; 0.05 gives an interval of 90%, which agrees with a one-sided test at 0.05

    Returns
    -------
    TwoStageFinding

    Raises
    ------
    ValueRangeError : sizes do not rise, the limit is no limit, or there are more responses than subjects

    Source
    ------
    Estimate: Jung and Kim 2004 (Stat Med 23: 881). P value: Koyama and Chen 2008 (Stat Med 27: 3145). Limits:
    Jennison and Turnbull 1983 (Technometrics 25: 49), with the error `alpha` on either side.

    Checked against
    ---------------
    tests/design/test_after_two_stages : clinfun 1.1.5 twostage.inference; every result of a small trial

    Examples
    --------
    >>> found = after_two_stages(14, 5, 24, 45, p0=0.2)
    >>> round(found.unbiased, 4), round(found.p_value, 4), round(found.lower, 4)
    (0.3243, 0.0483, 0.201)
    """
    _check(responses, r1, n1, n)
    went_on = responses > r1
    treated = n if went_on else n1

    def at_least(rate: float) -> float:
        return chance_of_at_least(responses, r1, n1, n, rate)

    def at_most(rate: float) -> float:
        return 1 - chance_of_at_least(responses + 1, r1, n1, n, rate)

    naive = stats.binomtest(responses, treated).proportion_ci(1 - 2 * alpha, "exact")
    return TwoStageFinding(
        responses, r1, n1, n, p0, alpha, treated, went_on, responses / treated,
        _unbiased(responses, r1, n1, n) if went_on else responses / n1,
        _where(at_least, 0.5, 0.0), at_least(p0),
        _where(at_least, alpha, 0.0), _where(lambda rate: -at_most(rate), -alpha, 1.0),
        float(stats.binom.sf(responses - 1, treated, p0)), float(naive.low), float(naive.high),
    )  # fmt: skip


def _check(responses: int, r1: int, n1: int, n: int) -> None:
    if n <= n1:
        raise ValueRangeError(
            "subjects of both stages", n, f"a number above those of the first, which is {n1}"
        )
    if r1 >= n1:
        raise ValueRangeError("limit of the first stage", r1, f"a number below its subjects, which are {n1}")
    if responses > n:
        raise ValueRangeError("responses", responses, f"at most the subjects of both stages, which are {n}")


def chance_of_at_least(responses: int, r1: int, n1: int, n: int, rate: float) -> float:
    """Give the chance of a result as far from no response as this one, or further.

    Parameters
    ----------
    responses, r1, n1, n : as for `after_two_stages`; more responses than subjects have no chance
    rate : true response rate

    Examples
    --------
    >>> chance_of_at_least(1, 0, 1, 2, 0.5), chance_of_at_least(2, 0, 1, 2, 0.5)
    (0.5, 0.25)
    """
    if responses <= r1:
        return float(stats.binom.sf(responses - 1, n1, rate))
    first = np.arange(r1 + 1, n1 + 1)
    return float(stats.binom.pmf(first, n1, rate) @ stats.binom.sf(responses - first - 1, n - n1, rate))


def _unbiased(responses: int, r1: int, n1: int, n: int) -> float:
    """Average the proportion of the first stage over the paths that lead to the responses of both."""
    paths = [
        (first, math.comb(n1, first) * math.comb(n - n1, responses - first))
        for first in range(max(r1 + 1, responses - (n - n1)), min(responses, n1) + 1)
    ]
    return sum(first * weight for first, weight in paths) / (n1 * sum(weight for _, weight in paths))


def _where(rising: Callable[[float], float], level: float, otherwise: float) -> float:
    """Give the rate at which a chance that rises with it reaches a level, or the end where it never does."""
    if rising(0.0) >= level or rising(1.0) <= level:
        return otherwise
    return float(optimize.brentq(lambda rate: rising(rate) - level, 0.0, 1.0, xtol=1e-12, rtol=1e-12))
