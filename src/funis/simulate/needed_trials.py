"""What trial would tell: patients to see waning, responders to see a hazard ratio, chance of success."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import optimize, special

from funis.simulate.disease_model import fast_share, follow, make_grid, solve_imprint
from funis.simulate.likelihood import survival
from funis.simulate.published_figures import (
    ASSUMED_CORRELATION,
    INFUSION_MONTHS,
    MEANS,
    MONTHS,
    RESPONSE_MONTH,
    SDS,
)
from funis.stats.sample import Floats

_ALPHA: Final = 0.05
_DROPOUT: Final = 0.1
_EVERY: Final = 3.0


@dataclass(frozen=True, slots=True)
class WaningTrial:
    """A trial that follows everybody and infuses nobody again.

    Attributes
    ----------
    half_life : true half-life of the imprint, months
    months : of follow-up
    patients : that reject "never wanes" with the power; infinity where no number does
    """

    half_life: float
    months: float
    patients: float


def patients_to_see_waning(
    half_life: float, months: float, *, effect: float, ka: float, fast: float, x50: float, power: float = 0.8
) -> WaningTrial:
    """Find how many patients, seen every three months, reject "the imprint never wanes".

    Parameters
    ----------
    half_life : true half-life, months
    months : of follow-up
    effect, ka, fast, x50 : the other parameters of the disease model; the analysis knows the last two
    power : chance of P below 0.05, chi-square with 1 degree of freedom

    Examples
    --------
    >>> seen = [patients_to_see_waning(6.0, m, effect=0.35, ka=0.3, fast=0.22, x50=0.3) for m in (12, 24)]
    >>> seen[0].patients > 20 * seen[1].patients
    True
    """
    times = [_EVERY * place for place in range(round(months / _EVERY) + 1)]
    spread = np.array([SDS[MONTHS.index(time)] if time in MONTHS else SDS[-1] for time in times])
    alike = np.full((len(times), len(times)), ASSUMED_CORRELATION)
    np.fill_diagonal(alike, 1.0)
    precision = np.linalg.inv(alike * np.outer(spread, spread))
    fall = 1.0 - fast * fast_share(times)
    means = MEANS[0] * fall * (1.0 - effect * _course(half_life, ka, x50, times))

    def distance(log_rate: float) -> float:
        behind = _course(math.inf, math.exp(log_rate), x50, times)
        columns = np.column_stack([fall, -fall * behind])
        weights = columns.T @ precision
        away = means - columns @ np.linalg.solve(weights @ columns, weights @ means)
        return float(away @ precision @ away)

    best = min(
        float(optimize.minimize_scalar(distance, bounds=bounds, method="bounded").fun)
        for bounds in ((-4.0, -1.5), (-1.5, 0.0), (0.0, 3.0))
    )
    needed = (float(special.ndtri(1 - _ALPHA / 2)) + float(special.ndtri(power))) ** 2
    return WaningTrial(half_life, months, needed / best if best > 1e-12 else math.inf)


def _course(half_life: float, ka: float, x50: float, times: list[float]) -> Floats:
    grid = make_grid(times[-1], INFUSION_MONTHS, step=0.25)
    koff = np.array([0.0 if math.isinf(half_life) else math.log(2.0) / half_life])
    starts, ends = solve_imprint(koff, np.array([x50]), grid)
    return np.asarray(follow(np.array([ka]), starts, ends, grid, times)[0], dtype=np.float64)


@dataclass(frozen=True, slots=True)
class ReinfusionTrial:
    """Responders at month 6, randomised to an infusion or a sham; log-rank test of relapse.

    Attributes
    ----------
    hazard_ratio : in those who can relapse
    follow_up : months after month 6
    power : asked
    responders : of both arms
    relapses : expected among them
    """

    hazard_ratio: float
    follow_up: float
    power: float
    responders: float
    relapses: float


def responders_for(
    hazard_ratio: float, prone: float, h0: float, *, follow_up: float = 18.0, power: float = 0.8
) -> ReinfusionTrial:
    """Find how many responders show a hazard ratio in those who can relapse.

    Parameters
    ----------
    hazard_ratio : between 0 and 1
    prone : share of the responders who can relapse
    h0 : their hazard without a second infusion, a month
    follow_up : months after month 6
    power : chance of P below 0.05

    Source
    ------
    Schoenfeld 1981, Biometrika 68:316, with a hazard ratio that changes: where few can relapse, the arms meet
    again, and long follow-up helps little. Drop-out 10% a year.

    Examples
    --------
    >>> found = responders_for(0.5, 1.0, 0.046)
    >>> 150 < found.responders < 180
    True
    """
    drift, variance = _drift(hazard_ratio, prone, h0, follow_up)
    z = float(special.ndtri(1 - _ALPHA / 2)) + float(special.ndtri(power))
    needed = (z * math.sqrt(variance) / drift) ** 2
    return ReinfusionTrial(hazard_ratio, follow_up, power, needed, 4.0 * variance * needed)


def _drift(hazard_ratio: float, prone: float, h0: float, follow_up: float) -> tuple[float, float]:
    """Give drift and variance of the log-rank statistic of one responder of a trial with equal arms."""
    times = np.linspace(0.0, follow_up, 721)
    middle, length = (times[:-1] + times[1:]) / 2, times[1]
    kept = np.exp(math.log(1 - _DROPOUT) / 12.0 * middle)
    densities, at_risk, hazards = [], [], []
    for hazard in (h0, h0 * hazard_ratio):
        without = 1.0 - prone + prone * np.exp(-hazard * middle)
        density = prone * hazard * np.exp(-hazard * middle)
        densities.append(density * kept)
        at_risk.append(without * kept)
        hazards.append(density / without)
    events = (densities[0] + densities[1]) / 2 * length
    share = at_risk[1] / (at_risk[0] + at_risk[1])
    drift = float(np.sum(events * share * (1 - share) * np.log(hazards[0] / hazards[1])))
    return drift, float(np.sum(events * share * (1 - share)))


def assurance_of_repeat(values: Floats, responders: float, *, end: float = 24.0) -> tuple[float, float]:
    """Give the chance that a trial of one more infusion at month 6 succeeds, over all that is not known.

    Parameters
    ----------
    values : posterior draws
    responders : of both arms
    end : last month

    Returns
    -------
    the mean power over the draws; the share of the draws in which 10 or more relapses in 100 are spared
    """
    months = [RESPONSE_MONTH + step for step in range(round(end - RESPONSE_MONTH) + 1)]
    arms = [
        survival(values, make_grid(end, infusions, step=0.5), months)
        for infusions in (INFUSION_MONTHS, (*INFUSION_MONTHS, RESPONSE_MONTH))
    ]
    hazards = [-np.diff(np.log(each), axis=1) for each in arms]
    kept = np.exp(math.log(1 - _DROPOUT) / 12.0 * (np.arange(hazards[0].shape[1]) + 0.5))
    had = [each[:, :-1] * (1 - np.exp(-hazard)) for each, hazard in zip(arms, hazards, strict=True)]
    events = (had[0] + had[1]) / 2 * kept
    ratio = np.log(np.maximum(hazards[0], 1e-15) / np.maximum(hazards[1], 1e-15))
    drift, variance = np.sum(events * ratio, axis=1) / 4.0, np.sum(events, axis=1) / 4.0
    z = math.sqrt(responders) * drift / np.sqrt(np.maximum(variance, 1e-15))
    limit = float(special.ndtri(1 - _ALPHA / 2))
    power = special.ndtr(z - limit) + special.ndtr(-z - limit)
    return float(power.mean()), float((arms[1][:, -1] - arms[0][:, -1] >= 0.1).mean())
