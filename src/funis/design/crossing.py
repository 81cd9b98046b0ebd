"""Chances that a group sequential statistic crosses its bounds, by recursion over the looks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import special

from funis.stats.sample import Floats

#: Beyond this distance from its mean a statistic is not looked for: 2e-19 of the chance.
_FAR: Final = 9.0
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(400)


@dataclass(frozen=True, slots=True)
class GoingOn:
    """Where the statistic of a trial that goes on may stand after a look.

    Attributes
    ----------
    time : share of the information so far; 0 before the first look
    points : values of the statistic
    chances : density times the width that a point stands for
    """

    time: float
    points: Floats
    chances: Floats


START: Final = GoingOn(0.0, np.zeros(1), np.ones(1))


def chance_above(bound: float, time: float, drift: float, before: GoingOn) -> float:
    """Give the chance that the trial goes on until this look and its statistic lies above a bound.

    Parameters
    ----------
    bound : of the standardised statistic
    time : share of the information at this look, above that of the look before
    drift : mean of the statistic at full information
    before : where the statistic stood after the look before
    """
    return float(before.chances @ special.ndtr(-_steps(np.array([bound]), time, drift, before)[:, 0]))


def chance_below(bound: float, time: float, drift: float, before: GoingOn) -> float:
    """Give the chance that the trial goes on until this look and its statistic lies below a bound."""
    return float(before.chances @ special.ndtr(_steps(np.array([bound]), time, drift, before)[:, 0]))


def go_on(lower: float, upper: float, time: float, drift: float, before: GoingOn) -> GoingOn:
    """Give where the statistic stands if it lies between two bounds at this look."""
    mean = drift * math.sqrt(time)
    low, high = max(lower, mean - _FAR), min(upper, mean + _FAR)
    if high <= low:
        return GoingOn(time, np.zeros(1), np.zeros(1))
    points = (high + low) / 2 + (high - low) / 2 * _NODES
    steps = _steps(points, time, drift, before)
    scale = math.sqrt(time / (time - before.time))
    density = before.chances @ (np.exp(-0.5 * steps**2) * (scale / math.sqrt(2 * math.pi)))
    return GoingOn(time, points, density * _WEIGHTS * (high - low) / 2)


def _steps(points: Floats, time: float, drift: float, before: GoingOn) -> Floats:
    """Give the standardised step from every point before (row) to every point now (column)."""
    added = time - before.time
    now = points * math.sqrt(time) - drift * added
    then = before.points * math.sqrt(before.time)
    return np.asarray((now[None, :] - then[:, None]) / math.sqrt(added))


def crossings(times: Sequence[float], upper: Sequence[float], lower: Sequence[float], drift: float) -> Floats:
    """Give, for each look, the chances of crossing the upper and the lower bound there for the first time.

    Parameters
    ----------
    times : shares of the information, rising, the last 1
    upper, lower : bounds of the standardised statistic at each look; ``-inf``: no lower bound
    drift : mean of the statistic at full information

    Returns
    -------
    array of shape (looks, 2) : above, below

    Source
    ------
    Armitage, McPherson and Rowe 1969 (J R Stat Soc A 132: 235), as in Jennison and Turnbull 2000, chapter 19.

    Examples
    --------
    >>> above = crossings((0.5, 1.0), (2.1783, 2.1783), (-math.inf, -math.inf), 0.0)[:, 0]
    >>> round(float(above.sum()), 5)
    0.025
    """
    standing, found = START, []
    for time, high, low in zip(times, upper, lower, strict=True):
        found.append((chance_above(high, time, drift, standing), chance_below(low, time, drift, standing)))
        standing = go_on(low, high, time, drift, standing)
    return np.array(found)
