"""Dose finding: the continual reassessment method with a power model and a normal prior."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import special

from funis.arguments import NumberFrom, Several, takes
from funis.errors import ValueRangeError
from funis.stats.sample import Floats

_RATE: Final = NumberFrom(0, 1, is_open=True)
_COUNTS: Final = Several(NumberFrom(0, 10_000, whole=True), least=1)
#: Standard deviation of the prior that the field takes where nothing else is known.
USUAL_SPREAD: Final = float(np.sqrt(1.34))
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(800)
_FAR: Final = 8.0


@dataclass(frozen=True, slots=True)
class CrmDose:
    """One dose after the data.

    Attributes
    ----------
    skeleton : toxicity rate expected before the trial
    treated, toxic : subjects so far
    mean : toxicity rate after the data, on average over the parameter
    plug_in : toxicity rate at the mean of the parameter, by which the dose is chosen
    lower, upper : 90 % interval of the rate
    above_target : chance that the rate is above the target
    """

    skeleton: float
    treated: int
    toxic: int
    mean: float
    plug_in: float
    lower: float
    upper: float
    above_target: float


@dataclass(frozen=True, slots=True)
class CrmAnswer:
    """The dose to give next.

    Attributes
    ----------
    target : toxicity rate looked for
    spread : standard deviation of the prior of the parameter
    beta : mean of the parameter after the data
    doses : each dose
    recommended : number of the dose whose rate is nearest the target, the first is 1
    next_dose : the same, but no more than one step above the highest dose given so far
    """

    target: float
    spread: float
    beta: float
    doses: tuple[CrmDose, ...]
    recommended: int
    next_dose: int


@takes(
    target=_RATE, skeleton=Several(_RATE, least=2), treated=_COUNTS, toxic=_COUNTS,
    spread=NumberFrom(0, 20, is_open=True),
)  # fmt: skip
def crm(
    target: float,
    skeleton: Sequence[float],
    treated: Sequence[int],
    toxic: Sequence[int],
    spread: float = USUAL_SPREAD,
) -> CrmAnswer:
    """Say which dose comes next by the continual reassessment method.

    The model: the toxicity rate of a dose is ``skeleton ** exp(beta)``, `beta` normal around 0 before.

    Parameters
    ----------
    target : toxicity rate looked for
    skeleton : toxicity rates expected before the trial, rising
    treated, toxic : subjects at each dose so far, and those of them with the toxicity
    spread : standard deviation of `beta` before the data

    Raises
    ------
    ValueRangeError : skeleton or counts are impossible

    Source
    ------
    O'Quigley, Pepe and Fisher 1990 (Biometrics 46: 33); Cheung 2011, Dose Finding by the Continual
    Reassessment Method. No step is skipped: Goodman, Zahurak and Piantadosi 1995 (Stat Med 14: 1149).

    Examples
    --------
    >>> found = crm(0.25, (0.05, 0.1, 0.25, 0.4, 0.6), (3, 3, 0, 0, 0), (0, 1, 0, 0, 0))
    >>> found.recommended
    2
    """
    rates, given, harmed = _check(skeleton, treated, toxic)
    points = _FAR * spread * _NODES
    # log of the toxicity rate of each dose (column) at each value of the parameter (row)
    logs = np.exp(points)[:, None] * np.log(rates)
    likelihood = (harmed * logs + special.xlog1py(given - harmed, -np.exp(logs))).sum(axis=1)
    weights = _WEIGHTS * np.exp(likelihood - likelihood.max() - 0.5 * (points / spread) ** 2)
    weights /= weights.sum()
    beta = float(weights @ points)
    plug_in = rates ** np.exp(beta)
    recommended = int(np.argmin(np.abs(plug_in - target))) + 1
    used = np.flatnonzero(given)
    highest = int(used[-1]) + 1 if used.size else 0
    doses = tuple(
        _dose(float(rate), (int(n), int(bad)), float(plug), target, points, weights)
        for rate, n, bad, plug in zip(rates, given, harmed, plug_in, strict=True)
    )
    return CrmAnswer(target, spread, beta, doses, recommended, min(recommended, highest + 1))


def _check(
    skeleton: Sequence[float], treated: Sequence[int], toxic: Sequence[int]
) -> tuple[Floats, Floats, Floats]:
    rates, given, harmed = (np.array(each, dtype=float) for each in (skeleton, treated, toxic))
    if np.any(np.diff(rates) <= 0):
        raise ValueRangeError("skeleton", list(skeleton), "rising rates")
    if not rates.size == given.size == harmed.size:
        raise ValueRangeError(
            "treated and toxic", f"{given.size} and {harmed.size} doses", f"{rates.size}, as in the skeleton"
        )
    if np.any(harmed > given):
        raise ValueRangeError("toxic", list(toxic), "at each dose no more than were treated")
    return rates, given, harmed


def _dose(
    skeleton: float, counts: tuple[int, int], plug_in: float, target: float, points: Floats, weights: Floats
) -> CrmDose:
    """Describe a dose; its rate falls as the parameter rises."""
    each = skeleton ** np.exp(points)
    # Of a density on nodes: the chance below a node is the sum before it and half of its own.
    below = np.cumsum(weights) - weights / 2
    low, high = (float(skeleton ** np.exp(np.interp(share, below, points))) for share in (0.95, 0.05))
    limit = math.log(math.log(target) / math.log(skeleton))
    above = float(np.interp(limit, points, below))
    return CrmDose(skeleton, *counts, float(weights @ each), plug_in, low, high, above)
