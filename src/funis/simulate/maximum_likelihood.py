"""What the published means alone say about waning: the best fit, its profile, and two simpler courses.

No prior takes part. The level before and the largest effect enter the mean in a straight line, so that only
the two rates are searched for.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import optimize, special

from funis.arguments import NumberFrom, takes
from funis.simulate.disease_model import TimeGrid, fast_share, follow, make_grid, solve_imprint
from funis.simulate.published_figures import (
    ASSUMED_CORRELATION,
    INFUSION_MONTHS,
    MEANS,
    MONTHS,
    precision_of_means,
)
from funis.stats.sample import Floats

_NEVER: Final = math.inf
_RATES: Final = (math.log(0.02), math.log(5.0))
_HALF_LIVES: Final = tuple(float(each) for each in np.geomspace(0.5, 240.0, 60))


@dataclass(frozen=True, slots=True)
class WaningFit:
    """The best fit to the published means for one half-life, or over all of them.

    Attributes
    ----------
    half_life : of the imprint, in months; infinity where it never wanes
    chi_square : squared distance from the five means
    a0, effect, ka : the other parameters
    predicted : means at months 0, 3, 6, 9 and 12
    """

    half_life: float
    chi_square: float
    a0: float
    effect: float
    ka: float
    predicted: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class WaningAnswer:
    """What the means say about waning.

    Attributes
    ----------
    best : fit over all half-lives
    profile : fits for given half-lives, the last without any waning
    lower, upper : 95% profile interval of the half-life; infinity where no half-life is too long
    permanent_p : P of "the imprint never wanes" against any half-life, chi-square with 1 degree of freedom
    permanent_boundary_p : the same where "never" is taken as the end of the scale, half of it
    flat_chi_square, flat_level, flat_p : one drop by month 3 and then a level, 3 degrees of freedom
    x50, fast : what was held fixed
    """

    best: WaningFit
    profile: tuple[WaningFit, ...]
    lower: float
    upper: float
    permanent_p: float
    permanent_boundary_p: float
    flat_chi_square: float
    flat_level: float
    flat_p: float
    x50: float
    fast: float


@takes(
    x50=NumberFrom(0.001, 1000),
    fast=NumberFrom(0, 0.95),
    correlation=NumberFrom(0, 0.95),
)
def fit_waning(
    *, x50: float = 0.3, fast: float = 0.0, correlation: float = ASSUMED_CORRELATION
) -> WaningAnswer:
    """Fit the half-life of the imprint to the published SLEDAI means by maximum likelihood.

    Parameters
    ----------
    x50 : imprint with half the effect, in doses; it and the half-life cannot be told apart
    fast : share of the fall that needs no cells
    correlation : of two visits, which is not published

    Source
    ------
    ACR 2012 abstract: 10.83, 7.43, 6.30, 6.40, 6.48 at months 0 to 12, n = 40.

    Checked against
    ---------------
    tests/simulate/test_waning : a differential equation solver, and generalised least squares by hand

    Examples
    --------
    >>> answer = fit_waning()
    >>> round(answer.best.half_life, 1), answer.upper, round(answer.permanent_p, 2), round(answer.flat_p, 2)
    (6.6, inf, 0.52, 0.22)
    """
    precision = precision_of_means(correlation)
    grid = make_grid(max(MONTHS), INFUSION_MONTHS, step=0.25)

    def fit(half_life: float) -> WaningFit:
        return _fit_rate(half_life, x50, fast, precision, grid)

    profile = tuple(fit(each) for each in (*_HALF_LIVES, _NEVER))
    place = int(np.argmin([each.chi_square for each in profile]))
    best = _refine(fit, profile, place)
    limit = best.chi_square + float(special.chdtri(1, 0.05))
    permanent = profile[-1].chi_square - best.chi_square
    p = float(special.chdtrc(1, max(permanent, 0.0)))
    flat_chi_square, flat_level = _fit_flat(precision)
    return WaningAnswer(
        best, profile,
        _find_limit(fit, profile, place, limit, -1), _find_limit(fit, profile, place, limit, 1),
        p, p / 2, flat_chi_square, flat_level, float(special.chdtrc(3, flat_chi_square)), x50, fast,
    )  # fmt: skip


def _fit_rate(half_life: float, x50: float, fast: float, precision: Floats, grid: TimeGrid) -> WaningFit:
    koff = np.array([0.0 if math.isinf(half_life) else math.log(2.0) / half_life])
    starts, ends = solve_imprint(koff, np.array([x50]), grid)

    fall = 1.0 - fast * fast_share(MONTHS)

    def at_rate(log_rate: float) -> tuple[float, float, float, Floats]:
        behind = follow(np.array([math.exp(log_rate)]), starts, ends, grid, MONTHS)[0]
        return _fit_lines(fall, behind, precision)

    rates = np.linspace(*_RATES, 24)
    courses = follow(np.exp(rates), starts, ends, grid, MONTHS)
    near = int(np.argmin([_fit_lines(fall, each, precision)[0] for each in courses]))
    bounds = (float(rates[max(near - 1, 0)]), float(rates[min(near + 1, len(rates) - 1)]))
    found = optimize.minimize_scalar(
        lambda each: at_rate(each)[0], bounds=bounds, method="bounded", options={"xatol": 1e-7}
    )
    chi_square, a0, effect, predicted = at_rate(float(found.x))
    return WaningFit(
        half_life, chi_square, a0, effect, math.exp(float(found.x)), tuple(map(float, predicted))
    )


def _fit_lines(fall: Floats, behind: Floats, precision: Floats) -> tuple[float, float, float, Floats]:
    """Fit A0 and A0 I by generalised least squares, with I between 0 and 1."""
    chi_square, fitted, predicted = _least_squares(np.column_stack([fall, -fall * behind]), precision)
    effect = float(fitted[1] / fitted[0])
    if 0.0 <= effect <= 1.0:
        return chi_square, float(fitted[0]), effect, predicted
    # A sum of squares rises from its lowest point to every side: the best allowed value lies at the limit.
    held = 1.0 if effect > 1.0 else 0.0
    chi_square, fitted, predicted = _least_squares((fall * (1.0 - held * behind))[:, None], precision)
    return chi_square, float(fitted[0]), held, predicted


def _least_squares(columns: Floats, precision: Floats) -> tuple[float, Floats, Floats]:
    means = np.asarray(MEANS)
    weights = columns.T @ precision
    fitted = np.linalg.lstsq(weights @ columns, weights @ means, rcond=None)[0]
    predicted = columns @ fitted
    away = means - predicted
    return float(away @ precision @ away), fitted, predicted


def _refine(fit: Callable[[float], WaningFit], profile: Sequence[WaningFit], place: int) -> WaningFit:
    if place in {0, len(profile) - 2, len(profile) - 1}:
        return profile[place]
    low, high = profile[place - 1].half_life, profile[place + 1].half_life
    found = optimize.minimize_scalar(
        lambda each: fit(math.exp(each)).chi_square, bounds=(math.log(low), math.log(high)), method="bounded",
        options={"xatol": 1e-6},
    )  # fmt: skip
    return fit(math.exp(float(found.x)))


def _find_limit(
    fit: Callable[[float], WaningFit], profile: Sequence[WaningFit], place: int, limit: float, step: int
) -> float:
    """Go from the best half-life to one side until the fit is too bad; infinity where it never is."""
    last = place
    while 0 <= last + step < len(profile):
        last += step
        if profile[last].chi_square > limit:
            break
    else:
        return 0.0 if step < 0 else _NEVER
    inner, outer = profile[last - step].half_life, profile[last].half_life
    if math.isinf(outer):
        return inner
    found = optimize.brentq(
        lambda each: fit(math.exp(each)).chi_square - limit, math.log(inner), math.log(outer), xtol=1e-5
    )
    return math.exp(float(found))


def _fit_flat(precision: Floats) -> tuple[float, float]:
    """Fit one drop by month 3 and then a level."""
    is_start = np.asarray(MONTHS) == 0.0
    chi_square, fitted, _ = _least_squares(
        np.column_stack([is_start, ~is_start]).astype(np.float64), precision
    )
    return chi_square, float(fitted[1])
