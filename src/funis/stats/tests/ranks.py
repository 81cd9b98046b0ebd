"""Exact null distributions of rank and sign statistics, and the order statistics they invert.

Signed ranks. Under the null hypothesis each of the n ranks r_i carries its sign with probability 1/2, so the
sum over positive signs has the generating function prod_i (1 + z^(2 r_i)) / 2^n. Ranks are doubled so that
midranks stay whole numbers; the distribution given the ties is therefore exact, not an approximation.
Rank sums. Every choice of m of the N ranks is equally likely; the count of choices with a given sum is filled
in rank by rank (Streitberg and Roehmel 1986, the shift algorithm).
"""

from __future__ import annotations

import math

import numpy as np
from scipy import special

from funis.stats.sample import Alternative, Floats, Integers
from funis.stats.tests.pairs import PairSums

Distribution = tuple[Integers, Floats]
#: What is in order: all values, or the sums of pairs that are found when they are asked for.
Ordered = Floats | PairSums
#: So many pairs are made and sorted; of more, only those asked for are found.
MOST_PAIRS = 200_000


def signed_sum_distribution(weights: Integers) -> Distribution:
    """Give support and probabilities of the sum of positively signed whole-number weights, each >= 0."""
    probability = np.zeros(int(weights.sum()) + 1)
    probability[0] = 1.0
    filled = 0
    for weight in np.sort(weights):
        shifted = np.zeros_like(probability)
        shifted[weight : weight + filled + 1] = probability[: filled + 1]
        probability = 0.5 * (probability + shifted)
        filled += int(weight)
    return np.arange(probability.size), probability


def subset_sum_distribution(weights: Integers, size: int) -> Distribution:
    """Give support and probabilities of the sum of `size` of the weights, every choice equally likely."""
    ordered = np.sort(weights)
    highest = int(ordered[ordered.size - size :].sum())
    # Row k holds the share of all choices made so far that took k weights; scaled row by row to stay finite.
    ways = np.zeros((size + 1, highest + 1))
    ways[0, 0] = 1.0
    total = ordered.size
    for done, weight in enumerate(ordered):
        # P(take) given k taken so far is (size - k) / (total - done): sampling without replacement.
        take = (size - np.arange(size)) / (total - done)
        stay = np.clip(1.0 - (size - np.arange(size + 1)) / (total - done), 0.0, None)
        moved = np.zeros_like(ways)
        if weight <= highest:
            moved[1:, weight:] = ways[:-1, : highest + 1 - weight] * take[:, None]
        ways = ways * stay[:, None] + moved
    return np.arange(highest + 1), ways[size]


def tail_p(distribution: Distribution, observed: float, alternative: Alternative) -> float:
    """Give the P value of an observed sum; two-sided counts all sums at least as far from the mean."""
    support, probability = distribution
    if alternative == "less":
        return min(1.0, float(probability[support <= observed + 1e-9].sum()))
    if alternative == "greater":
        return min(1.0, float(probability[support >= observed - 1e-9].sum()))
    mean = float(support @ probability)
    far = np.abs(support - mean) >= abs(observed - mean) - 1e-7
    return min(1.0, float(probability[far].sum()))


def walsh_averages(values: Floats) -> Ordered:
    """Give the n (n + 1) / 2 sorted means of all pairs, each value paired with itself too."""
    if values.size * (values.size + 1) // 2 > MOST_PAIRS:
        return PairSums(values, values, is_one_sample=True, scale=0.5)
    first, second = np.triu_indices(values.size)
    return np.sort((values[first] + values[second]) / 2.0)


def pairwise_differences(first: Floats, second: Floats) -> Ordered:
    """Give the sorted differences of every value of the first sample from every value of the second."""
    if first.size * second.size > MOST_PAIRS:
        return PairSums(first, -second)
    return np.sort(np.subtract.outer(first, second), axis=None)


def middle(ordered: Ordered) -> float:
    """Give the median of what is in order."""
    return float((ordered[(ordered.size - 1) // 2] + ordered[ordered.size // 2]) / 2.0)


def order_interval(ordered: Ordered, probability: Floats, level: float) -> tuple[float, float]:
    """Cut the same number of order statistics from both ends so that coverage is at least `level`.

    `probability` is that of the statistic at each of its values from 0. NaN twice when even the whole range
    covers less than the level.
    """
    tail = (1.0 - level) / 2.0
    # The largest c with P(statistic <= c - 1) <= tail; c = 0 means that no interval of this level exists.
    cut = int(np.searchsorted(np.cumsum(probability), tail + 1e-12, side="right"))
    if cut == 0:
        return math.nan, math.nan
    return float(ordered[cut - 1]), float(ordered[ordered.size - cut])


def normal_order_interval(ordered: Ordered, mean: float, sd: float, level: float) -> tuple[float, float]:
    """Cut the ends by the normal approximation of the statistic's distribution."""
    cut = math.floor(mean - float(special.ndtri(0.5 + level / 2.0)) * sd)
    if cut < 1:
        return math.nan, math.nan
    return float(ordered[cut - 1]), float(ordered[ordered.size - cut])
