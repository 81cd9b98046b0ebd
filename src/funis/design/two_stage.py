"""Two stages, one arm, a response that is yes or no: the designs of Simon, and those between them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from scipy import stats

from funis.arguments import NumberFrom, takes
from funis.design.asked import check_rates, refuse_near_rates
from funis.stats.sample import Floats

#: Above this many subjects a trial in one arm and two stages is not what is looked for.
MOST_SUBJECTS: Final = 400


@dataclass(frozen=True, slots=True)
class TwoStageDesign:
    """One design: stop after the first stage with ``r1`` responses or fewer, succeed with more than ``r``.

    Attributes
    ----------
    r1, n1 : responses and subjects of the first stage
    r, n : responses and subjects of both stages
    expected_n : subjects on average where the response rate is `p0`
    early_stop : chance of stopping after the first stage where the response rate is `p0`
    type_one : chance of success where the rate is `p0`
    power : chance of success where the rate is `p1`
    """

    r1: int
    n1: int
    r: int
    n: int
    expected_n: float
    early_stop: float
    type_one: float
    power: float


@dataclass(frozen=True, slots=True)
class SimonDesigns:
    """The designs that hold both error rates.

    Attributes
    ----------
    p0, p1, alpha, power : as asked
    optimal : fewest subjects on average under `p0`
    minimax : fewest subjects at most
    admissible : every design that no mixture of two others beats in both, from minimax to optimal
    """

    p0: float
    p1: float
    alpha: float
    power: float
    optimal: TwoStageDesign
    minimax: TwoStageDesign
    admissible: tuple[TwoStageDesign, ...]


_RATE: Final = NumberFrom(0, 1, is_open=True)


@takes(p0=_RATE, p1=_RATE, alpha=_RATE, power=_RATE)
def simon(p0: float, p1: float, alpha: float = 0.05, power: float = 0.8) -> SimonDesigns:
    """Find Simon's optimal and minimax designs, and the admissible ones between them.

    Parameters
    ----------
    p0 : response rate that is of no interest, between 0 and 1
    p1 : response rate that is worth going on for, above `p0`
    alpha : chance of success under `p0` at most
    power : chance of success under `p1` at least

    Returns
    -------
    SimonDesigns

    Raises
    ------
    ValueRangeError : `p1` is not above `p0`, or no design of at most 400 subjects holds both error rates

    Source
    ------
    Simon 1989 (Control Clin Trials 10: 1); admissible designs: Jung, Lee, Kim and George 2004 (Stat Med 23:
    561).

    Checked against
    ---------------
    tests/design/test_two_stage : clinfun 1.1.5 ph2simon

    Examples
    --------
    >>> found = simon(0.2, 0.4, alpha=0.05, power=0.9)
    >>> (found.optimal.r1, found.optimal.n1, found.optimal.r, found.optimal.n)
    (4, 19, 15, 54)
    """
    check_rates(p0, p1)
    best = list(_improving(p0, p1, alpha, power))
    if not best:
        raise refuse_near_rates(p0, p1, MOST_SUBJECTS)
    return SimonDesigns(p0, p1, alpha, power, best[-1], best[0], _admissible(best))


def _improving(p0: float, p1: float, alpha: float, power: float) -> Iterator[TwoStageDesign]:
    """Give the best design of each size that needs fewer subjects on average than every smaller one.

    The search ends where it is proven that more subjects help no more: a first stage of ``n1`` subjects stops
    under `p0` with at most the chance that leaves the power under `p1`, so that the expected number is
    bounded from below for every ``n1``, and the bound rises with ``n``.
    """
    fewest = float("inf")
    first = np.arange(1, MOST_SUBJECTS)
    highest = largest_r1(first, p1, power).astype(np.int64)
    most_stopped = np.asarray(stats.binom.cdf(highest, first, p0))
    for n in range(fewest_subjects(p0, p1, alpha, power), MOST_SUBJECTS + 1):
        bound = first[: n - 1] + (1 - most_stopped[: n - 1]) * (n - first[: n - 1])
        worth = first[: n - 1][bound < fewest]
        if not worth.size:
            return
        asked = (p0, p1, alpha, power)
        found = [_with_first_stage(int(n1), n, int(highest[n1 - 1]), asked) for n1 in worth]
        held = [each for each in found if each is not None and each.expected_n < fewest]
        if held:
            best = min(held, key=lambda each: (each.expected_n, each.n1))
            fewest = best.expected_n
            yield best


def fewest_subjects(p0: float, p1: float, alpha: float, power: float) -> int:
    """Give the size below which no test whatever has the power, by the lemma of Neyman and Pearson."""
    sizes = np.arange(2, MOST_SUBJECTS + 1)
    limit = stats.binom.ppf(1 - alpha, sizes, p0)
    spent = stats.binom.sf(limit, sizes, p0)
    share = (alpha - spent) / stats.binom.pmf(limit, sizes, p0)
    reached = stats.binom.sf(limit, sizes, p1) + share * stats.binom.pmf(limit, sizes, p1)
    enough = np.flatnonzero(reached >= power - 1e-12)
    return int(sizes[enough[0]]) if enough.size else MOST_SUBJECTS + 1


def largest_r1(n1: np.ndarray, p1: float, power: float) -> np.ndarray:
    """Give the largest limit of a first stage that stops a good treatment rarely enough; -1: none."""
    r1 = stats.binom.ppf(1 - power, n1, p1)
    return np.where(stats.binom.cdf(r1, n1, p1) > 1 - power, r1 - 1, r1)


def _with_first_stage(
    n1: int, n: int, highest: int, asked: tuple[float, float, float, float]
) -> TwoStageDesign | None:
    """Give the design of a first stage that stops most often under `p0`, or none that holds both errors."""
    p0, p1, alpha, power = asked
    if highest < 0:
        return None
    type_one, reached = (success_by_limits(n1, n, highest, p) for p in (p0, p1))
    limits = np.arange(n)
    holds = (type_one <= alpha) & (reached >= power) & (limits[None, :] > np.arange(highest + 1)[:, None])
    rows = np.flatnonzero(holds.any(axis=1))
    if not rows.size:
        return None
    r1 = int(rows[-1])
    r = int(np.flatnonzero(holds[r1])[0])
    stopped = float(stats.binom.cdf(r1, n1, p0))
    expected = n1 + (1 - stopped) * (n - n1)
    return TwoStageDesign(r1, n1, r, n, expected, stopped, float(type_one[r1, r]), float(reached[r1, r]))


def success_by_limits(n1: int, n: int, highest: int, p: float) -> Floats:
    """Give the chance of success for every limit of the first stage (row) and of both (column)."""
    above = np.concatenate([np.ones(n1), exceeding(n - n1, p), np.zeros(n1)])
    # Row i: more than r - i responses in the second stage, for r = 0, 1, ... n - 1.
    later = np.lib.stride_tricks.sliding_window_view(above, n)[::-1]
    going_on = np.cumsum((_chances(n1, p)[:, None] * later)[::-1], axis=0)[::-1]
    return np.asarray(going_on[1 : highest + 2] if highest < n1 else going_on[1:])


# The search asks for the same number of subjects again and again, in a first and in a second stage.
@lru_cache(maxsize=2 * MOST_SUBJECTS)
def _chances(n: int, p: float) -> Floats:
    """Give the chance of 0, 1, ... n responses."""
    return np.asarray(stats.binom.pmf(np.arange(n + 1), n, p))


@lru_cache(maxsize=2 * MOST_SUBJECTS)
def exceeding(n: int, p: float) -> Floats:
    """Give the chance of more than 0, 1, ... n - 1 responses."""
    return np.asarray(stats.binom.sf(np.arange(n), n, p))


def _admissible(best: Sequence[TwoStageDesign]) -> tuple[TwoStageDesign, ...]:
    """Keep the lower convex hull of the largest and the expected number of subjects."""
    hull: list[TwoStageDesign] = []
    for each in best:
        while len(hull) > 1 and _lies_above(hull[-2], hull[-1], each):
            hull.pop()
        hull.append(each)
    return tuple(hull)


def _lies_above(left: TwoStageDesign, middle: TwoStageDesign, right: TwoStageDesign) -> bool:
    """Tell whether the middle point lies on or above the line between the others."""
    rise = (right.expected_n - left.expected_n) * (middle.n - left.n)
    return (middle.expected_n - left.expected_n) * (right.n - left.n) >= rise
