"""When to stop for harm: bounds on the number of subjects with an event, exact at every look."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import special, stats

from funis.arguments import NumberFrom, Several, takes
from funis.errors import ValueRangeError
from funis.stats.sample import Floats

_RATE: Final = NumberFrom(0, 1, is_open=True)
_SIZES: Final = Several(NumberFrom(1, 10_000, whole=True), least=1)


@dataclass(frozen=True, slots=True)
class SafetyRule:
    """Stop when more than ``limits[i]`` of the first ``looks[i]`` subjects have the event.

    Attributes
    ----------
    acceptable, unacceptable : event rates
    looks : subjects observed at each look
    limits : events above which the trial stops
    nominal : chance of more events than the limit at one look, at most, under the acceptable rate
    stops_wrongly : chance of ever stopping under the acceptable rate
    stops_rightly : chance of ever stopping under the unacceptable rate
    expected_n : subjects on average under the acceptable rate, and under the unacceptable one
    """

    acceptable: float
    unacceptable: float
    looks: tuple[int, ...]
    limits: tuple[int, ...]
    nominal: float
    stops_wrongly: float
    stops_rightly: float
    expected_n: tuple[float, float]


@dataclass(frozen=True, slots=True)
class SafetyRules:
    """Two neighbouring rules: the strictest that stops wrongly no more often than allowed, and the next."""

    allowed: float
    holds: SafetyRule
    next_stricter: SafetyRule


@takes(acceptable=_RATE, unacceptable=_RATE, looks=_SIZES, allowed=_RATE)
def safety(acceptable: float, unacceptable: float, looks: Sequence[int], allowed: float = 0.1) -> SafetyRules:
    """Find bounds with the same nominal error at every look (Pocock's shape), computed exactly.

    Parameters
    ----------
    acceptable : event rate at which the trial should go on
    unacceptable : event rate at which it should stop
    looks : subjects observed at each look, rising
    allowed : chance of ever stopping under the acceptable rate, at most

    Returns
    -------
    SafetyRules : counts are whole, so that no rule meets `allowed` itself: both neighbours are given

    Raises
    ------
    ValueRangeError : rates or looks do not rise

    Source
    ------
    Ivanova, Qaqish and Schell 2005 (Biometrics 61: 540); the family is that of toxbdry in the R
    package clinfun.

    Checked against
    ---------------
    tests/design/test_harm : clinfun 1.1.5 toxbdry

    Examples
    --------
    >>> found = safety(0.2, 0.35, (20, 40, 60, 75), allowed=0.1)
    >>> found.next_stricter.limits, round(found.next_stricter.stops_wrongly, 3)
    ((7, 12, 17, 20), 0.101)
    """
    sizes = check_looks(looks)
    if unacceptable <= acceptable:
        raise ValueRangeError("unacceptable rate", unacceptable, f"a number above {acceptable:g}")
    steps = _levels(sizes, acceptable)
    # From the strictest nominal error to the loosest: the chance of ever stopping rises with it.
    low, high = 0, steps.size - 1
    while high - low > 1:
        middle = (low + high) // 2
        limits = _limits(sizes, acceptable, float(steps[middle]))
        low, high = (middle, high) if _ever_stops(sizes, limits, acceptable)[0] <= allowed else (low, middle)
    holds, stricter = (
        _describe(acceptable, unacceptable, sizes, float(steps[place])) for place in (low, high)
    )
    return SafetyRules(allowed, holds, stricter)


def check_looks(looks: Sequence[int]) -> tuple[int, ...]:
    """Refuse looks that do not rise."""
    sizes = tuple(map(int, looks))
    if any(later <= earlier for earlier, later in itertools.pairwise(sizes)):
        raise ValueRangeError("looks", list(sizes), "rising numbers of subjects")
    return sizes


def _levels(sizes: tuple[int, ...], rate: float) -> Floats:
    """Give every nominal error at which a bound moves, rising; 0 first: nothing stops."""
    tails = [stats.binom.sf(np.arange(size), size, rate) for size in sizes]
    return np.unique(np.concatenate([np.zeros(1), *tails]))


def _limits(sizes: tuple[int, ...], rate: float, nominal: float) -> tuple[int, ...]:
    """Give, for each look, the smallest number of events that more than it has at most the nominal chance."""
    tails = (stats.binom.sf(np.arange(size + 1), size, rate) for size in sizes)
    return tuple(int(np.flatnonzero(tail <= nominal * (1 + 1e-12))[0]) for tail in tails)


def _ever_stops(sizes: tuple[int, ...], limits: tuple[int, ...], rate: float) -> tuple[float, float]:
    """Give the chance of ever stopping and the number of subjects on average."""
    going_on, seen, stopped, expected = np.ones(1), 0, 0.0, 0.0
    for size, limit in zip(sizes, limits, strict=True):
        counts = np.convolve(going_on, stats.binom.pmf(np.arange(size - seen + 1), size - seen, rate))
        now = float(counts[limit + 1 :].sum())
        stopped += now
        expected += now * size
        going_on, seen = counts[: limit + 1], size
    return stopped, expected + (1 - stopped) * sizes[-1]


def chance_of_stopping(rule: SafetyRule, rate: float) -> float:
    """Give the chance that a rule ever stops at a true event rate."""
    return _ever_stops(rule.looks, rule.limits, rate)[0]


def _describe(acceptable: float, unacceptable: float, sizes: tuple[int, ...], nominal: float) -> SafetyRule:
    limits = _limits(sizes, acceptable, nominal)
    wrongly, few = _ever_stops(sizes, limits, acceptable)
    rightly, fewer = _ever_stops(sizes, limits, unacceptable)
    return SafetyRule(acceptable, unacceptable, sizes, limits, nominal, wrongly, rightly, (few, fewer))


@dataclass(frozen=True, slots=True)
class MonitoringRule:
    """Stop when at least ``events[i]`` of the first ``looks[i]`` subjects have the event; None: never there.

    Attributes
    ----------
    limit_rate, certainty : stop when the chance that the rate is above `limit_rate` is above `certainty`
    prior : of the rate, as a beta distribution
    looks : subjects observed at each look
    events : least number of events at which the trial stops
    """

    limit_rate: float
    certainty: float
    prior: tuple[float, float]
    looks: tuple[int, ...]
    events: tuple[int | None, ...]


@takes(
    limit_rate=_RATE, looks=_SIZES, certainty=_RATE, prior_events=NumberFrom(0, is_open=True),
    prior_others=NumberFrom(0, is_open=True),
)  # fmt: skip
def monitor(
    limit_rate: float,
    looks: Sequence[int],
    certainty: float = 0.9,
    prior_events: float = 0.1,
    prior_others: float = 0.9,
) -> MonitoringRule:
    """Find the Bayesian rule: stop when the event rate is too high with a certainty.

    Parameters
    ----------
    limit_rate : event rate that must not be exceeded
    looks : subjects observed at each look, rising
    certainty : chance, after the data, that the rate is above the limit, beyond which the trial stops
    prior_events, prior_others : beta distribution before the data; both together are the subjects it is worth

    Source
    ------
    Thall and Simon 1994 (Biometrics 50: 337).

    Examples
    --------
    >>> monitor(0.10, (5, 10, 15, 20, 30, 40)).events
    (2, 3, 4, 5, 6, 7)
    """
    sizes = check_looks(looks)
    return MonitoringRule(
        limit_rate, certainty, (prior_events, prior_others), sizes,
        tuple(_least_events(size, limit_rate, certainty, prior_events, prior_others) for size in sizes),
    )  # fmt: skip


def _least_events(size: int, limit_rate: float, certainty: float, a: float, b: float) -> int | None:
    events = np.arange(size + 1)
    stops = np.flatnonzero(1 - special.betainc(a + events, b + size - events, limit_rate) > certainty)
    return int(stops[0]) if stops.size else None
