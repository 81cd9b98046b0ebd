"""How many patients a trial needs that allocates whoever relapses again (SMART): arms, and strategies."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import special, stats

from funis.arguments import SEED, ByName, NumberFrom, OrNone, takes
from funis.design.asked import check_power
from funis.design.two_arms import rates
from funis.errors import UnknownNameError, ValueRangeError
from funis.stats.sample import Floats

_RATE: Final = NumberFrom(0, 1, is_open=True)
_LOST: Final = NumberFrom(0, 0.9)
#: Trials that check a formula, and how sure a number of patients is to bring the relapses that are needed.
TRIALS: Final = 20_000
SURE: Final = 0.9
#: More patients than any such trial has.
MOST_ENROLLED: Final = 100_000


@dataclass(frozen=True, slots=True)
class StrategyPath:
    """A treatment, and what is given at relapse: a strategy that some of the patients follow.

    Attributes
    ----------
    first_share : allocated to its first treatment, of all
    relapse : share of those that relapses and is allocated again
    kept, kept_variance : mean and variance of the outcome where there was no relapse
    again_share : allocated to its second treatment, of those that relapse
    again, again_variance : mean and variance of the outcome there
    """

    first_share: float
    relapse: float
    kept: float
    kept_variance: float
    again_share: float
    again: float
    again_variance: float

    @property
    def mean(self) -> float:
        """Give the mean outcome if everybody followed the strategy."""
        return (1 - self.relapse) * self.kept + self.relapse * self.again


def strategy_covariance(one: StrategyPath, other: StrategyPath, *, is_same_second: bool) -> float:
    """Give the covariance of two weighted means, times the number of patients.

    The means are weighted by the inverse of the chance to be allocated as the strategy asks. Strategies with
    another first treatment share no patient; those with the same one share whoever does not relapse.

    Parameters
    ----------
    one, other : strategies that begin with the same treatment
    is_same_second : whether they give the same at relapse, too: the variance then

    Source
    ------
    Ko and Wahed 2012 (Stat Med 31: 812); Ogbagaber, Karp and Wahed 2016 (Stat Med 35: 840).

    Checked against
    ---------------
    tests/design/test_smart : published sizes for four strategies

    Examples
    --------
    >>> path = StrategyPath(0.5, 0.5, 15.0, 36.0, 0.5, 20.0, 64.0)
    >>> strategy_covariance(path, path, is_same_second=True)
    182.75
    """
    shared = (1 - one.relapse) * (
        one.kept_variance + (one.kept - one.mean) * (other.kept - other.mean)
    )  # fmt: skip
    own = one.relapse / one.again_share * (one.again_variance + (one.again - one.mean) ** 2)
    return (shared + (own if is_same_second else 0.0)) / one.first_share


@dataclass(frozen=True, slots=True)
class ArmsAtRelapse:
    """Comparison of the arms that are allocated at relapse.

    Attributes
    ----------
    test : what it is tested by
    analysed, allocated : patients of each arm with an outcome, and allocated
    relapses : of all arms, that must be found and allocated
    enrolled : patients that bring them on average
    enrolled_sure : patients that bring them with a chance of 90%
    """

    test: str
    analysed: tuple[int, int]
    allocated: tuple[int, int]
    relapses: int
    enrolled: int
    enrolled_sure: int


@dataclass(frozen=True, slots=True)
class StrategiesCompared:
    """Comparison of two strategies that begin with different treatments.

    Attributes
    ----------
    means : share with a good outcome under each
    variances : of the weighted means, times the number of patients
    enrolled : patients of the whole trial, those lost included
    power, power_error : in simulated trials of that size, and the Monte Carlo error
    """

    means: tuple[float, float]
    variances: tuple[float, float]
    enrolled: int
    power: float
    power_error: float


@dataclass(frozen=True, slots=True)
class SmartDesign:
    """A trial that allocates again at relapse.

    Attributes
    ----------
    relapse, p1, p2, kept, lost_before, lost_after, alpha, asked_power, seed : as asked
    arms : size by the normal approximation, and for Fisher's exact test
    power, power_error : of the normal test in simulated trials of that size, and the Monte Carlo error
    means : share with a good outcome if everybody were treated by one or the other strategy
    strategies : comparison with strategies that begin differently, where it was asked for
    """

    relapse: float
    p1: float
    p2: float
    kept: float
    lost_before: float
    lost_after: float
    alpha: float
    asked_power: float
    seed: int
    arms: tuple[ArmsAtRelapse, ...]
    power: float
    power_error: float
    means: tuple[float, float]
    strategies: StrategiesCompared | None


_OTHER: Final = ("relapse", "kept", "again")


@takes(relapse=_RATE, p1=_RATE, p2=_RATE, kept=_RATE, lost_before=_LOST, lost_after=_LOST, alpha=_RATE,
       power=_RATE, other=OrNone(ByName(_RATE)), seed=SEED)  # fmt: skip
def smart(  # noqa: PLR0913  all but the rates are by keyword
    relapse: float, p1: float, p2: float, *, kept: float = 0.8, lost_before: float = 0.0,
    lost_after: float = 0.0, alpha: float = 0.05, power: float = 0.8,
    other: Mapping[str, float] | None = None, seed: int = 1,
) -> SmartDesign:  # fmt: skip
    """Find the size of a trial that treats everybody alike and allocates whoever relapses, half and half.

    The question at relapse is asked of those who relapse. Two strategies that begin alike (cells, and cells
    again at relapse; cells, and standard care then) differ by the same contrast times the share that
    relapses: they are told apart by the same test with the same patients. Strategies that begin with
    different treatments are another question, asked with `other`: the trial then allocates at entry, too.

    Parameters
    ----------
    relapse : share that relapses in the time in which relapses are allocated
    p1, p2 : share with a good outcome after the allocation, by arm
    kept : share with a good outcome among those without relapse
    lost_before : share that leaves before a relapse could be found
    lost_after : share of those allocated without an outcome
    alpha, power : two-sided error, and chance of a significant difference
    other : of the treatment that the other strategy begins with: ``relapse``, ``kept``, and ``again``, the
        share with a good outcome of what is given at its relapse
    seed : of the simulated trials

    Returns
    -------
    SmartDesign

    Raises
    ------
    ValueRangeError : equal rates or strategies, or more patients than any trial has
    UnknownNameError : a name in `other` that is none, or a missing one

    Source
    ------
    Oetting, Levy, Weiss and Murphy 2011 (in Causality and Psychopathology, 179); Ko and Wahed 2012 (Stat Med
    31: 812).

    Checked against
    ---------------
    tests/design/test_smart : rpact for the arms; published sizes and simulated trials for the strategies

    Examples
    --------
    >>> found = smart(1 / 3, 0.6, 0.2)
    >>> found.arms[0].analysed, found.arms[0].relapses, found.arms[0].enrolled
    ((23, 23), 46, 138)
    """
    check_power(alpha, power)
    size = rates(p1, p2, alpha=alpha, power=power)
    allocated = (1 - lost_before) * relapse
    arms = tuple(
        _arms(test, each, allocated, lost_after)
        for test, each in (("normal approximation", size.n), ("Fisher's exact test", size.n_fisher))
    )
    drawn = np.random.default_rng(seed)
    share = _power_of_arms(drawn, arms[0].enrolled, allocated, (p1, p2), lost_after, alpha)
    means = tuple((1 - relapse) * kept + relapse * each for each in (p1, p2))
    stays = (1 - lost_before, 1 - lost_after)

    def paths(given: Mapping[str, float]) -> tuple[StrategyPath, StrategyPath]:
        return _path(relapse, kept, p1, stays[1]), _other(given, stays[1])

    return SmartDesign(
        relapse, p1, p2, kept, lost_before, lost_after, alpha, power, seed, arms, share, _error(share),
        (means[0], means[1]),
        None if other is None else _strategies(drawn, paths(other), stays[0], alpha, power),
    )  # fmt: skip


def read_other(shares: Sequence[float]) -> dict[str, float] | None:
    """Name the shares of the other strategy, in the order in which a command lists them.

    Raises
    ------
    ValueRangeError : not three of them

    Examples
    --------
    >>> read_other((0.5, 0.7, 0.2))
    {'relapse': 0.5, 'kept': 0.7, 'again': 0.2}
    """
    if not shares:
        return None
    if len(shares) != len(_OTHER):
        raise ValueRangeError("shares of the other strategy", list(shares), f"3 shares: {', '.join(_OTHER)}")
    return dict(zip(_OTHER, shares, strict=True))


def _other(given: Mapping[str, float], stays: float) -> StrategyPath:
    for name in (*given, *_OTHER):
        if name not in given or name not in _OTHER:
            raise UnknownNameError("name of the other strategy's shares", name, _OTHER)
    return _path(given["relapse"], given["kept"], given["again"], stays)


def _path(relapse: float, kept: float, again: float, stays: float) -> StrategyPath:
    """Write a strategy of half and half; of those who relapsed the ones with an outcome stand for all."""
    return StrategyPath(0.5, relapse, kept, kept * (1 - kept), 0.5 * stays, again, again * (1 - again))


def _arms(test: str, analysed: tuple[int, int], share: float, lost: float) -> ArmsAtRelapse:
    first, second = (math.ceil(round(each / (1 - lost), 9)) for each in analysed)
    relapses = first + second
    enrolled = math.ceil(round(relapses / share, 9))
    if enrolled > MOST_ENROLLED:
        raise ValueRangeError("share allocated at relapse", f"{share:g}", "one that fewer patients bring")
    sure = enrolled
    while stats.binom.sf(relapses - 1, sure, share) < SURE:
        sure += 1
    return ArmsAtRelapse(test, analysed, (first, second), relapses, enrolled, sure)


def _error(share: float) -> float:
    return math.sqrt(share * (1 - share) / TRIALS)


def _power_of_arms(
    drawn: np.random.Generator, enrolled: int, share: float, good: tuple[float, float], lost: float,
    alpha: float,
) -> float:  # fmt: skip
    """Give the share of simulated trials in which the arms differ by the test of two proportions."""
    relapses = drawn.binomial(enrolled, share, TRIALS)
    first = (relapses + drawn.integers(0, 2, TRIALS)) // 2
    seen = [drawn.binomial(each, 1 - lost) for each in (first, relapses - first)]
    responses = [drawn.binomial(n, p) for n, p in zip(seen, good, strict=True)]
    with np.errstate(divide="ignore", invalid="ignore"):
        pooled = (responses[0] + responses[1]) / (seen[0] + seen[1])
        spread = np.sqrt(pooled * (1 - pooled) * (1 / seen[0] + 1 / seen[1]))
        found = (responses[0] / seen[0] - responses[1] / seen[1]) / spread
    return float(np.mean(np.abs(np.nan_to_num(found)) > special.ndtri(1 - alpha / 2)))


def _strategies(
    drawn: np.random.Generator, paths: tuple[StrategyPath, StrategyPath], stays: float, alpha: float,
    power: float,
) -> StrategiesCompared:  # fmt: skip
    """Compare two strategies that share no patient, by a Wald test of their weighted means."""
    one, other = paths
    difference = one.mean - other.mean
    if abs(difference) < 1e-9:
        raise ValueRangeError("mean of the other strategy", f"{other.mean:g}", "a mean that differs")
    variances = [strategy_covariance(each, each, is_same_second=True) for each in paths]
    reach = special.ndtri(1 - alpha / 2) + special.ndtri(power)
    enrolled = 2 * math.ceil(reach**2 * sum(variances) / difference**2 / stays / 2 - 1e-9)
    if enrolled > MOST_ENROLLED:
        raise ValueRangeError(
            "difference of the strategies", f"{difference:g}", "one that fewer patients show"
        )
    found = [_weighted_mean(drawn, enrolled // 2, path, stays) for path in paths]
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = np.nan_to_num((found[0][0] - found[1][0]) / np.sqrt(found[0][1] + found[1][1]))
    share = float(np.mean(np.abs(statistic) > special.ndtri(1 - alpha / 2)))
    return StrategiesCompared(
        (one.mean, other.mean), (variances[0], variances[1]), enrolled, share, _error(share)
    )


def _weighted_mean(
    drawn: np.random.Generator, n: int, path: StrategyPath, stays: float
) -> tuple[Floats, Floats]:
    """Draw trials: the weighted mean of one strategy in each, and its variance by the sandwich."""
    seen = drawn.binomial(n, stays, TRIALS)
    relapses = drawn.binomial(seen, path.relapse)
    steady, follows = seen - relapses, drawn.binomial(relapses, path.again_share)
    good_steady, good_again = drawn.binomial(steady, path.kept), drawn.binomial(follows, path.again)
    weight = 1 / path.again_share
    total = np.maximum(steady + weight * follows, 1)
    mean = (good_steady + weight * good_again) / total
    squares = (
        good_steady * (1 - mean) ** 2 + (steady - good_steady) * mean**2
        + weight**2 * (good_again * (1 - mean) ** 2 + (follows - good_again) * mean**2)
    )  # fmt: skip
    return mean, squares / total**2
