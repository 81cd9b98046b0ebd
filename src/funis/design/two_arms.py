"""How many subjects a comparison of two arms needs: means, and response rates."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import special, stats

from funis.arguments import NumberFrom, takes
from funis.design.asked import check_power
from funis.design.noncentral import power_of_t, solve_size
from funis.errors import ValueRangeError
from funis.stats.sample import Floats

_SHARE: Final = NumberFrom(0, 1, is_open=True)
_RATIO: Final = NumberFrom(0.05, 20)


@dataclass(frozen=True, slots=True)
class MeansDesign:
    """Subjects for a difference of two means.

    Attributes
    ----------
    difference, sd, alpha, asked_power, ratio : as asked; `ratio` is of the second arm to the first
    n_exact : of both arms, not yet whole
    n : whole subjects of each arm
    power : with them
    """

    difference: float
    sd: float
    alpha: float
    asked_power: float
    ratio: float
    n_exact: float
    n: tuple[int, int]
    power: float


@takes(difference=NumberFrom(), sd=NumberFrom(0, is_open=True), alpha=_SHARE, power=_SHARE, ratio=_RATIO)
def means(
    difference: float, sd: float, *, alpha: float = 0.05, power: float = 0.8, ratio: float = 1.0
) -> MeansDesign:
    """Find the number of subjects for a two-sample t test.

    Parameters
    ----------
    difference : of the means, not 0
    sd : standard deviation within either arm
    alpha : two-sided error
    power : chance of a significant difference
    ratio : subjects of the second arm for each of the first

    Raises
    ------
    ValueRangeError : the difference is 0

    Source
    ------
    Noncentral t: Julious 2010, Sample Sizes for Clinical Trials, chapter 3.

    Checked against
    ---------------
    tests/design/test_sizes : rpact 3.3.4 getSampleSizeMeans

    Examples
    --------
    >>> round(means(3.0, 4.5).n_exact, 2)
    72.61
    """
    if difference == 0:
        raise ValueRangeError("difference of the means", difference, "a number other than 0")
    check_power(alpha, power)

    def reached(first: float, second: float) -> float:
        shift = abs(difference) / sd / math.sqrt(1 / first + 1 / second)
        return power_of_t(shift, first + second - 2, alpha)

    exact = solve_size(lambda first: reached(first, ratio * first), power, max(2.0, 2.0 / ratio))
    whole = (math.ceil(exact - 1e-9), math.ceil(ratio * exact - 1e-9))
    return MeansDesign(
        difference, sd, alpha, power, ratio, (1 + ratio) * exact, whole, reached(*map(float, whole))
    )


@dataclass(frozen=True, slots=True)
class RatesDesign:
    """Subjects for a difference of two response rates.

    Attributes
    ----------
    p1, p2, alpha, asked_power, ratio : as asked; `ratio` is of the second arm to the first
    n_exact : of both arms by the normal approximation, not yet whole
    n : whole subjects of each arm by it
    power_fisher : exact power of Fisher's test with them
    n_fisher : subjects of each arm from which on Fisher's test has the power
    power_at_n_fisher : exact power there
    """

    p1: float
    p2: float
    alpha: float
    asked_power: float
    ratio: float
    n_exact: float
    n: tuple[int, int]
    power_fisher: float
    n_fisher: tuple[int, int]
    power_at_n_fisher: float


#: Above so many subjects in an arm exact power takes longer than it tells anything.
MOST_EXACT: Final = 600


@takes(p1=_SHARE, p2=_SHARE, alpha=_SHARE, power=_SHARE, ratio=_RATIO)
def rates(
    p1: float, p2: float, *, alpha: float = 0.05, power: float = 0.8, ratio: float = 1.0
) -> RatesDesign:
    """Find the number of subjects for two response rates, by approximation and for Fisher's exact test.

    Parameters
    ----------
    p1, p2 : response rates of the arms
    alpha : two-sided error
    power : chance of a significant difference
    ratio : subjects of the second arm for each of the first

    Raises
    ------
    ValueRangeError : the rates are equal, or so near that more than 600 subjects an arm are needed

    Source
    ------
    Fleiss, Tytun and Ury 1980 (Biometrics 36: 343) without continuity correction; exact power by summing over
    all results.

    Checked against
    ---------------
    tests/design/test_sizes : rpact 3.3.4 getSampleSizeRates

    Examples
    --------
    >>> found = rates(0.60, 0.35)
    >>> round(found.n_exact, 2), found.n
    (122.88, (62, 62))
    """
    if p1 == p2:
        raise ValueRangeError("response rate p2", p2, "a rate other than p1")
    check_power(alpha, power)
    pooled = (p1 + ratio * p2) / (1 + ratio)
    null = special.ndtri(1 - alpha / 2) * math.sqrt((1 + 1 / ratio) * pooled * (1 - pooled))
    other = special.ndtri(power) * math.sqrt(p1 * (1 - p1) + p2 * (1 - p2) / ratio)
    exact = float(((null + other) / (p1 - p2)) ** 2)
    if max(exact, exact * ratio) > MOST_EXACT:
        raise ValueRangeError(
            "difference of the rates",
            f"{p1:g} and {p2:g}",
            f"rates that {MOST_EXACT} subjects an arm tell apart",
        )
    whole = _whole(exact, ratio)
    reached = _power_of_fisher(whole, p1, p2, alpha)
    n_fisher, there = _steady_fisher(exact, ratio, p1, p2, alpha, power)
    return RatesDesign(p1, p2, alpha, power, ratio, (1 + ratio) * exact, whole, reached, n_fisher, there)


def _whole(first: float, ratio: float) -> tuple[int, int]:
    return math.ceil(first - 1e-9), math.ceil(ratio * first - 1e-9)


def _steady_fisher(
    exact: float, ratio: float, p1: float, p2: float, alpha: float, power: float
) -> tuple[tuple[int, int], float]:
    """Give the first of five sizes in a row that have the power, for exact power does not rise evenly."""
    in_row: list[tuple[tuple[int, int], float]] = []
    first = max(2, math.floor(exact))
    while len(in_row) < 5:
        arms = (first, max(2, _whole(first, ratio)[1]))
        reached = _power_of_fisher(arms, p1, p2, alpha)
        in_row = [*in_row, (arms, reached)] if reached >= power else []
        first += 1
    return in_row[0]


def _power_of_fisher(arms: tuple[int, int], p1: float, p2: float, alpha: float) -> float:
    """Give the chance that Fisher's two-sided test is significant on the side of the effect."""
    first, second = arms
    chance = np.outer(
        stats.binom.pmf(np.arange(first + 1), first, p1), stats.binom.pmf(np.arange(second + 1), second, p2)
    )
    is_significant = _fisher_p_values(first, second) <= alpha
    seen = np.arange(first + 1)[:, None] / first - np.arange(second + 1)[None, :] / second
    return float(chance[is_significant & (np.sign(seen) == np.sign(p1 - p2))].sum())


def _fisher_p_values(first: int, second: int) -> Floats:
    """Give Fisher's two-sided P value of every pair of numbers of responses."""
    values = np.ones((first + 1, second + 1))
    for total in range(first + second + 1):
        low, high = max(0, total - second), min(first, total)
        place = np.arange(low, high + 1)
        chance = stats.hypergeom.pmf(place, first + second, first, total)
        order = np.argsort(chance, kind="stable")
        summed = np.cumsum(chance[order])
        # All tables that are no likelier count; nearly equal ones count as equal, as in R.
        upto = np.searchsorted(chance[order], chance * (1 + 1e-7), side="right")
        values[place, total - place] = summed[upto - 1]
    return values
