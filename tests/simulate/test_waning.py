"""The disease model against a solver of differential equations, the fits against least squares by hand."""

import math
from itertools import pairwise

import numpy as np
import pytest
from scipy import integrate, optimize, stats

from funis.simulate import fit_waning
from funis.simulate.disease_model import accumulate_hazard, follow, make_grid, solve_imprint

MEANS = np.array([10.83, 7.43, 6.30, 6.40, 6.48])
SDS = np.array([4.63, 3.93, 3.63, 3.84, 3.52])
MONTHS = np.array([0.0, 3.0, 6.0, 9.0, 12.0])
INFUSIONS = (0.0, 7 / 30.4375)


def covariance(correlation: float) -> np.ndarray:
    return (np.eye(5) * (1 - correlation) + correlation) * np.outer(SDS, SDS) / 40


def saturated(
    time: float, koff: float, x50: float, infusions: tuple[float, ...], doses: tuple[float, ...]
) -> float:
    imprint = sum(
        d * math.exp(-koff * (time - at)) for at, d in zip(infusions, doses, strict=True) if time >= at
    )
    return imprint / (imprint + x50)


@pytest.mark.parametrize(
    ("koff", "x50", "rate", "infusions", "doses"),
    [
        (0.105, 0.3, 0.36, INFUSIONS, (1.0, 1.0)),
        (0.9, 0.1, 2.5, (0.0, 6.0), (1.0, 0.5)),
        (0.0, 1.0, 0.05, (0.0, 3.5), (2.0, 1.0)),
    ],
)  # fmt: skip
def test_a_course_follows_as_the_differential_equation_says(
    koff: float, x50: float, rate: float, infusions: tuple[float, ...], doses: tuple[float, ...]
) -> None:
    grid = make_grid(12.0, infusions, doses, step=0.05)
    starts, ends = solve_imprint(np.array([koff]), np.array([x50]), grid)
    found = follow(np.array([rate]), starts, ends, grid, list(MONTHS))[0]
    level, expected, breaks = 0.0, [0.0], sorted({0.0, *infusions, *MONTHS[1:]})
    for low, high in pairwise(breaks):

        def slope(time: float, course: np.ndarray, low: float = low) -> np.ndarray:
            return rate * (saturated(max(time, low), koff, x50, infusions, doses) - course)

        solved = integrate.solve_ivp(slope, (low, high - 1e-12), [level], rtol=1e-9, atol=1e-11)
        level = float(solved.y[0, -1])
        if high in MONTHS:
            expected.append(level)
    assert found == pytest.approx(expected, abs=2e-4)


def test_the_hazard_is_the_integral() -> None:
    grid = make_grid(60.0, INFUSIONS, step=1.0)
    koff, x50, h0, beta = 0.08, 0.3, 0.1, 1.4
    starts, ends = solve_imprint(np.array([koff]), np.array([x50]), grid)
    found = accumulate_hazard(np.array([h0]), np.array([beta]), starts, ends, grid, (6.0, 12.0, 60.0))[0]

    def hazard(time: float) -> float:
        return h0 * math.exp(-beta * saturated(time, koff, x50, INFUSIONS, (1.0, 1.0)))

    expected = [0.0, integrate.quad(hazard, 6, 12)[0], integrate.quad(hazard, 6, 60)[0]]
    assert found == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(("x50", "half_life"), [(0.1, 4.3), (0.3, 6.6), (1.0, 10.9)])
def test_the_half_life_is_that_of_the_issue_and_has_no_upper_limit(x50: float, half_life: float) -> None:
    found = fit_waning(x50=x50)
    assert found.best.half_life == pytest.approx(half_life, abs=0.06)
    assert math.isinf(found.upper)
    assert math.isinf(found.profile[-1].half_life)


def trapezoid_course(log_rate: float, log_koff: float | None, x50: float) -> np.ndarray:
    """The same integral by a rule that knows nothing of pieces, on 0.01 of a month."""
    time = np.linspace(0, 12, 1201)
    koff, rate = (0.0 if log_koff is None else math.exp(log_koff)), math.exp(log_rate)
    imprint = np.exp(-koff * time) + np.where(
        time >= INFUSIONS[1], np.exp(-koff * (time - INFUSIONS[1])), 0.0
    )
    course = rate * np.exp(rate * time) * imprint / (imprint + x50)
    return (integrate.cumulative_trapezoid(course, time, initial=0) * np.exp(-rate * time))[
        [0, 300, 600, 900, 1200]
    ]


def lowest(x50: float, *, waning: bool, koff: float | None = None) -> float:
    inverse = np.linalg.inv(covariance(0.5))

    def distance(point: np.ndarray) -> float:
        share = 1 / (1 + math.exp(-point[1]))
        away = MEANS - point[0] * (1 - share * trapezoid_course(point[2], point[3] if waning else koff, x50))
        return float(away @ inverse @ away)

    start = [10.8, 0.3, -1.0, *([-2.0] if waning else [])]
    found = optimize.minimize(
        distance, start, method="Nelder-Mead", options={"maxfev": 4000, "fatol": 1e-9, "xatol": 1e-6}
    )
    return float(found.fun)


def test_the_fits_are_the_lowest_that_another_search_finds() -> None:
    found = fit_waning()
    best, never = lowest(0.3, waning=True), lowest(0.3, waning=False)
    assert found.best.chi_square == pytest.approx(best, abs=1e-3)
    assert found.profile[-1].chi_square == pytest.approx(never, abs=2e-3)
    assert found.permanent_p == pytest.approx(stats.chi2.sf(never - best, 1), abs=0.003)
    assert round(found.permanent_p, 2) == 0.52
    at_limit = lowest(0.3, waning=False, koff=math.log(math.log(2) / found.lower))
    assert at_limit - best == pytest.approx(stats.chi2.ppf(0.95, 1), abs=0.01)


def test_one_drop_and_then_flat_by_hand() -> None:
    """Equal correlations: with A0 free, the four later means are compared given the first."""
    found = fit_waning()
    inverse = np.linalg.inv(covariance(0.5))
    columns = np.array([[1, 0], [0, 1], [0, 1], [0, 1], [0, 1]], dtype=float)
    level = np.linalg.inv(columns.T @ inverse @ columns) @ columns.T @ inverse @ MEANS
    away = MEANS - columns @ level
    assert found.flat_chi_square == pytest.approx(away @ inverse @ away, rel=1e-9)
    assert (round(found.flat_chi_square, 1), round(found.flat_p, 2), round(found.flat_level, 2)) == (
        4.4,
        0.22,
        6.58,
    )
    assert [round(fit_waning(correlation=each).flat_chi_square, 1) for each in (0.3, 0.7)] == [3.1, 7.3]


def test_a_fall_without_cells_leaves_the_rest_to_them() -> None:
    found = fit_waning(fast=0.25)
    assert found.best.effect == 1.0
    assert found.best.chi_square == pytest.approx(0.79, abs=0.01)
    assert math.isinf(found.upper)
