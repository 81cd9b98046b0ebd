"""Group sequential designs: when a trial may stop for benefit or for want of it, and what that costs."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
from scipy import optimize, special

from funis.arguments import NumberFrom, OrNone, Several, Text, takes
from funis.design.asked import check_power
from funis.design.crossing import START, GoingOn, chance_above, chance_below, crossings, go_on
from funis.errors import UnknownNameError, ValueRangeError

Spending = Callable[[float, float], float]


def _spend_like_obrien_fleming(time: float, total: float) -> float:
    return 2 * float(special.ndtr(-float(special.ndtri(1 - total / 2)) / math.sqrt(time)))


def _spend_like_pocock(time: float, total: float) -> float:
    return total * math.log1p((math.e - 1) * time)


def _spend_hwang_shih_decani(time: float, total: float, gamma: float) -> float:
    return total * time if gamma == 0 else total * math.expm1(-gamma * time) / math.expm1(-gamma)


#: Bounds of one shape, scaled until the error is spent: the power of the information time that divides them.
SHAPES: Final[Mapping[str, float]] = {"obrien_fleming": 0.5, "pocock": 0.0}
#: Bounds that spend the error over the information time.
SPENDING: Final[Mapping[str, Spending]] = {
    "lan_demets_obrien_fleming": _spend_like_obrien_fleming,
    "lan_demets_pocock": _spend_like_pocock,
}
HWANG_SHIH_DECANI: Final = "hwang_shih_decani"
BOUNDARIES: Final = (*SHAPES, *SPENDING, HWANG_SHIH_DECANI)


@dataclass(frozen=True, slots=True)
class InterimAnalysis:
    """One analysis.

    Attributes
    ----------
    time : share of the information
    upper : bound of the standardised statistic above which the trial stops for benefit
    nominal_p : the same bound as a one-sided P value
    lower : bound below which the trial may stop for futility; ``-inf`` where there is none
    spent : chance of having stopped for benefit by now without an effect
    power : chance of having stopped for benefit by now with the effect
    futile : chance of having stopped for futility by now with the effect
    """

    time: float
    upper: float
    nominal_p: float
    lower: float
    spent: float
    power: float
    futile: float


@dataclass(frozen=True, slots=True)
class SequentialDesign:
    """A group sequential design.

    Attributes
    ----------
    boundary : one of `BOUNDARIES`
    alpha, power : as asked, one-sided
    looks : the analyses
    drift : mean of the statistic at full information, with the effect
    inflation : largest sample size as a multiple of that of a trial with one analysis
    expected_null, expected_effect : expected sample size as that multiple, without and with the effect
    is_binding : False: the trial may go on below a lower bound and still hold its error
    """

    boundary: str
    alpha: float
    power: float
    looks: tuple[InterimAnalysis, ...]
    drift: float
    inflation: float
    expected_null: float
    expected_effect: float
    is_binding: bool = False


_SHARE: Final = NumberFrom(0, 1, is_open=True)


@takes(
    boundary=Text(),
    times=Several(NumberFrom(0, 1), least=1), alpha=_SHARE, power=_SHARE, gamma=NumberFrom(-40, 40),
    futility_gamma=OrNone(NumberFrom(-40, 40)),
)  # fmt: skip
def sequential(
    times: Sequence[float],
    boundary: str = "lan_demets_obrien_fleming",
    *,
    alpha: float = 0.025,
    power: float = 0.8,
    gamma: float = -4.0,
    futility_gamma: float | None = None,
) -> SequentialDesign:
    """Make a group sequential design with one-sided bounds.

    Parameters
    ----------
    times : share of the information at each analysis, rising, the last 1
    boundary : ``obrien_fleming``, ``pocock``, ``lan_demets_obrien_fleming``, ``lan_demets_pocock`` or
        ``hwang_shih_decani``
    alpha : one-sided chance of stopping for benefit without an effect
    power : chance of stopping for benefit with the effect
    gamma : of Hwang, Shih and DeCani: -4 is near O'Brien-Fleming, 1 near Pocock
    futility_gamma : spends ``1 - power`` the same way on lower bounds that do not bind; None: no such bounds

    Returns
    -------
    SequentialDesign

    Raises
    ------
    UnknownNameError : there is no such boundary
    ValueRangeError : the times do not rise to 1

    Source
    ------
    Pocock 1977 (Biometrika 64: 191); O'Brien and Fleming 1979 (Biometrics 35: 549); Lan and DeMets 1983
    (Biometrika 70: 659); Hwang, Shih and DeCani 1990 (Stat Med 9: 1439).

    Checked against
    ---------------
    tests/design/test_group_sequential : rpact 3.3.4

    Examples
    --------
    >>> found = sequential((0.5, 1.0), "obrien_fleming")
    >>> [round(look.upper, 4) for look in found.looks]
    [2.7965, 1.9774]
    """
    shares = tuple(map(float, times))
    if shares[0] <= 0 or shares[-1] != 1 or any(b <= a for a, b in itertools.pairwise(shares)):
        raise ValueRangeError(
            "information times", list(shares), "rising shares above 0 of which the last is 1"
        )
    if boundary not in BOUNDARIES:
        raise UnknownNameError("boundary", boundary, BOUNDARIES)
    check_power(alpha, power)
    upper = _upper_bounds(shares, boundary, alpha, gamma)
    if futility_gamma is None:
        lower = (-math.inf,) * len(shares)
        drift = _drift_for_power(shares, upper, lower, power)
    else:
        drift, lower = _bounds_of_futility(shares, upper, power, futility_gamma)
    return _describe(boundary, alpha, power, shares, upper, lower, drift)


def _upper_bounds(times: tuple[float, ...], boundary: str, alpha: float, gamma: float) -> tuple[float, ...]:
    if boundary in SHAPES:
        shape = np.array(times) ** -SHAPES[boundary]
        none = (-math.inf,) * len(times)

        def excess(constant: float) -> float:
            return float(crossings(times, (constant * shape).tolist(), none, 0.0)[:, 0].sum()) - alpha

        constant = optimize.brentq(excess, float(special.ndtri(1 - alpha)) / 2, 12.0, xtol=1e-12)
        return tuple((constant * shape).tolist())
    spend = SPENDING.get(boundary, partial(_spend_hwang_shih_decani, gamma=gamma))
    bounds: list[float] = []
    standing, before = START, 0.0
    for time in times:
        spent = spend(time, alpha)
        bound = _bound_that_spends(spent - before, time, 0.0, standing)
        standing, before = go_on(-math.inf, bound, time, 0.0, standing), spent
        bounds.append(bound)
    return tuple(bounds)


def _bound_that_spends(chance: float, time: float, drift: float, standing: GoingOn) -> float:
    """Give the upper bound that is crossed with a chance."""
    return float(
        optimize.brentq(
            lambda bound: chance_above(bound, time, drift, standing) - chance, -12.0, 38.0, xtol=1e-12
        )
    )


def _drift_for_power(
    times: tuple[float, ...], upper: tuple[float, ...], lower: tuple[float, ...], power: float
) -> float:
    def missing(drift: float) -> float:
        return float(crossings(times, upper, lower, drift)[:, 0].sum()) - power

    return float(optimize.brentq(missing, 0.0, 20.0, xtol=1e-12))


def _bounds_of_futility(
    times: tuple[float, ...], upper: tuple[float, ...], power: float, gamma: float
) -> tuple[float, tuple[float, ...]]:
    """Give the drift at which the lower bounds that spend ``1 - power`` meet the upper one at the end."""

    def missed(drift: float) -> float:
        bounds = _lower_bounds(times, upper, drift, 1 - power, gamma)
        return 1 - power - float(crossings(times, upper, bounds, drift)[:, 1].sum())

    drift = float(optimize.brentq(missed, 0.0, 20.0, xtol=1e-10))
    return drift, _lower_bounds(times, upper, drift, 1 - power, gamma)


def _lower_bounds(
    times: tuple[float, ...], upper: tuple[float, ...], drift: float, total: float, gamma: float
) -> tuple[float, ...]:
    """Give the lower bounds that spend an error with an effect; the last is the upper bound itself."""
    bounds: list[float] = []
    standing, before = START, 0.0
    for time, high in zip(times[:-1], upper[:-1], strict=True):
        spent = _spend_hwang_shih_decani(time, total, gamma)
        bounds.append(_bound_that_gives_up(spent - before, time, drift, standing, high))
        standing, before = go_on(bounds[-1], high, time, drift, standing), spent
    return (*bounds, upper[-1])


def _bound_that_gives_up(chance: float, time: float, drift: float, standing: GoingOn, most: float) -> float:
    """Give the lower bound that is crossed with a chance, at most the upper bound of the same look."""
    if chance_below(most, time, drift, standing) <= chance:
        return most
    return float(
        optimize.brentq(
            lambda bound: chance_below(bound, time, drift, standing) - chance, -38.0, most, xtol=1e-12
        )
    )


def _describe(
    boundary: str,
    alpha: float,
    power: float,
    times: tuple[float, ...],
    upper: tuple[float, ...],
    lower: tuple[float, ...],
    drift: float,
) -> SequentialDesign:
    none = (-math.inf,) * len(times)
    spent = np.cumsum(crossings(times, upper, none, 0.0)[:, 0])
    null = crossings(times, upper, lower, 0.0)
    effect = crossings(times, upper, lower, drift)
    reached, futile = np.cumsum(effect, axis=0).T
    inflation = float((drift / (special.ndtri(1 - alpha) + special.ndtri(power))) ** 2)
    looks = tuple(
        InterimAnalysis(
            time, float(high), float(special.ndtr(-high)), float(low), float(a), float(b), float(c)
        )
        for time, high, low, a, b, c in zip(times, upper, lower, spent, reached, futile, strict=True)
    )
    expected = [inflation * _expected_time(times, chances.sum(axis=1)) for chances in (null, effect)]
    return SequentialDesign(boundary, alpha, power, looks, drift, inflation, expected[0], expected[1])


def _expected_time(times: tuple[float, ...], stopping: np.ndarray) -> float:
    """Give the expected share of the information at the end, which comes at the last look at the latest."""
    early = np.asarray(stopping[:-1])
    return float(early @ np.array(times[:-1]) + (1 - early.sum()))
