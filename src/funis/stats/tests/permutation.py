"""Permutation tests: exact where all arrangements can be counted, else drawn with a seed.

Signed permutation of changes x_1 ... x_n: under no effect each |x_i| carries its sign with probability 1/2.
There are three ways to count the sums of positive values, the first that applies: (a) values that are
multiples of 1/1000 become whole numbers, whose sums are counted one by one for any n; (b) up to 40 values
are split in two halves, each with all its sums listed and sorted, and pairs of sums beyond the observed one
are counted by bisection; (c) otherwise signs are drawn. In (a) and (b) the P value is exact.

Two samples: (a) whole numbers as above; (b) up to 100,000 ways to choose the first sample are listed one by
one; (c) otherwise the choice is drawn. Any other statistic: up to 20,000 orders of the labels are listed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import chain, combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from funis.arguments import DRAWS, SEED, Callback, Numbers, Text, takes
from funis.errors import ShapeError, ValueRangeError
from funis.stats.sample import (
    ALTERNATIVES,
    Alternative,
    Floats,
    Integers,
    check_choice,
    check_sample,
    one_number,
    settle,
)
from funis.stats.tests import ranks
from funis.stats.tests.compare import Comparison

MOST_COUNTED = 300_000  # largest whole-number sum, so that counting stays under half a second
MOST_SPLIT = 40  # two halves of 2^20 sums
MOST_SUBSET_CELLS = 2_000_000
MOST_LISTED = 100_000  # choices of the first sample that are listed one by one
MOST_SHUFFLED = 20_000  # orders of labels of which a statistic is computed one by one
DEFAULT_DRAWS = 99_999


@takes(change=Numbers(), alternative=Text(), draws=DRAWS, seed=SEED)
def signed_permutation(
    change: npt.ArrayLike,
    *,
    alternative: Alternative = "two-sided",
    draws: int = DEFAULT_DRAWS,
    seed: int = 1,
) -> Comparison:
    """Compare a mean change with zero by changing signs.

    Parameters
    ----------
    change : float array, shape (n,), finite; zeros are kept
    alternative : ``two-sided``, ``less`` (a fall) or ``greater``
    draws : number of random sign patterns where the exact count is not feasible, 999 or more
    seed : whole number, start of the random stream

    Returns
    -------
    Comparison : `estimate` and `statistic` are the mean change; interval NaN. `method` says exact or drawn

    Source
    ------
    Fisher 1935, The Design of Experiments, section 21; Pagano and Tritchler 1983 (J Am Stat Assoc 78: 435);
    P value of drawn permutations (b + 1) / (draws + 1): Phipson and Smyth 2010 (Stat Appl Genet Mol Biol 9:
    39).

    Checked against
    ---------------
    tests/reference/compare_r : exactRankTests perm.test

    Examples
    --------
    >>> found = signed_permutation([-1.0, -2.5, -3.0, -4.0, -5.0])
    >>> found.p, found.method
    (0.0625, 'signed permutation test of the mean, exact')
    """
    sample = settle(check_sample(change, "changes"))
    check_choice(alternative, ALTERNATIVES, "alternative")
    method = "signed permutation test of the mean, exact"
    nan = math.nan
    if sample.size == 0:
        return Comparison(nan, nan, nan, nan, nan, nan, 0, method, note="no values")
    size, mean = np.abs(sample[sample != 0.0]), float(sample.mean())
    observed = float(sample[sample > 0].sum())
    whole, drawn = _as_whole_numbers(size), 0
    if whole is not None:
        weights, scale = whole
        distribution = ranks.signed_sum_distribution(weights)
        p = ranks.tail_p(distribution, float(np.rint(observed * scale)), alternative)
    elif size.size <= MOST_SPLIT:
        p = _split_p(size, observed, alternative)
    else:
        _check_draws(draws)
        method = f"signed permutation test of the mean, {draws} draws, seed {seed}"
        p = _drawn_sign_p(size, observed, alternative, draws=draws, seed=seed)
        drawn = draws
    return Comparison(mean, nan, nan, mean, nan, p, sample.size, method, draws=drawn)


def _as_whole_numbers(size: Floats) -> tuple[Integers, int] | None:
    """Give the values as whole multiples of a power of ten, where they are that and can be counted."""
    for scale in (1, 10, 100, 1000):
        scaled = size * scale
        weights = np.rint(scaled)
        if weights.sum() > MOST_COUNTED:
            return None
        if np.all(np.abs(scaled - weights) <= 1e-9 * np.maximum(1.0, scaled)):
            return weights.astype(np.int64), scale
    return None


def _all_sums(values: Floats) -> Floats:
    """Give the sums of all subsets, sorted."""
    sums = np.zeros(1)
    for value in values:
        sums = np.concatenate([sums, sums + value])
    return np.sort(sums)


def _split_p(size: Floats, observed: float, alternative: Alternative) -> float:
    """Count the sign patterns at least as far out as the observed one, by two halves."""
    left, right = _all_sums(size[::2]), _all_sums(size[1::2])
    total = float(size.sum())
    slack = 1e-10 * max(total, 1e-300)  # sums that differ by rounding only are the same sum
    patterns = float(left.size) * float(right.size)

    def share_below(limit: float) -> float:
        return float(np.searchsorted(right, limit + slack - left, side="right").sum()) / patterns

    if alternative == "less":
        return share_below(observed)
    if alternative == "greater":
        return share_below(total - observed)  # by symmetry of the signs
    near = min(observed, total - observed)
    return min(1.0, 2.0 * share_below(near))


def _drawn_sign_p(size: Floats, observed: float, alternative: Alternative, *, draws: int, seed: int) -> float:
    """Estimate the P value from random sign patterns, in blocks that stay small in memory."""
    rng = np.random.default_rng(seed)
    centre, slack = float(size.sum()) / 2.0, 1e-10 * float(size.sum())
    away, beyond, left = observed - centre, 0, draws
    while left:
        block = min(left, max(1, 4_000_000 // size.size))
        reached = rng.integers(0, 2, (block, size.size), dtype=np.int8) @ size - centre
        beyond += int(_is_beyond(reached, away, alternative, slack).sum())
        left -= block
    return (beyond + 1) / (draws + 1)


def _is_beyond(reached: Floats, away: float, alternative: Alternative, slack: float) -> npt.NDArray[np.bool_]:
    """Mark statistics at least as far out as the observed one."""
    if alternative == "less":
        return np.asarray(reached <= away + slack, dtype=np.bool_)
    if alternative == "greater":
        return np.asarray(reached >= away - slack, dtype=np.bool_)
    return np.asarray(np.abs(reached) >= abs(away) - slack, dtype=np.bool_)


def _check_draws(draws: int) -> None:
    """Refuse too few draws for a P value."""
    if draws < 999:
        raise ValueRangeError("draws", draws, "999 or more")


@takes(first=Numbers(), second=Numbers(), alternative=Text(), draws=DRAWS, seed=SEED)
def two_sample_permutation(
    first: npt.ArrayLike,
    second: npt.ArrayLike,
    *,
    alternative: Alternative = "two-sided",
    draws: int = DEFAULT_DRAWS,
    seed: int = 1,
) -> Comparison:
    """Compare two means by shuffling group labels.

    Parameters
    ----------
    first, second : float arrays, shapes (n1,) and (n2,), 1 or more values each
    alternative, draws, seed : as in `signed_permutation`; ``less`` means that the first mean is lower

    Returns
    -------
    Comparison : `estimate` and `statistic` are the difference of means, first minus second; interval NaN.
        Exact for multiples of 1/1000 of moderate size and number and for small samples, else drawn:
        `method` and `draws` say which

    Source
    ------
    Pitman 1937 (Suppl J R Stat Soc 4: 119); counting: Streitberg and Roehmel 1986 (Stat Softw Newsl 12: 10).

    Checked against
    ---------------
    tests/reference/compare_r : exactRankTests perm.test

    Examples
    --------
    >>> round(two_sample_permutation([1, 2, 3], [4, 5, 6]).p, 6)
    0.1
    """
    a = check_sample(first, "first sample", least=1)
    b = check_sample(second, "second sample", least=1)
    check_choice(alternative, ALTERNATIVES, "alternative")
    both = settle(np.concatenate([a, b]))
    estimate, nan = float(a.mean() - b.mean()), math.nan
    shifted = both - both.min()
    whole = _as_whole_numbers(shifted)
    method = "two-sample permutation test of means, exact"
    if whole is not None and int(whole[0].sum()) * (a.size + 1) <= MOST_SUBSET_CELLS:
        weights, _ = whole
        distribution = ranks.subset_sum_distribution(weights, a.size)
        p = ranks.tail_p(distribution, float(weights[: a.size].sum()), alternative)
        return Comparison(estimate, nan, nan, estimate, nan, p, both.size, method)
    # The difference of means rises with the sum of the first sample, so the sums decide.
    centred = both - both.mean()
    away, slack = float(centred[: a.size].sum()), 1e-10 * float(np.abs(centred).sum())
    if math.comb(both.size, a.size) <= MOST_LISTED:
        p = float(_is_beyond(_listed_sums(centred, a.size), away, alternative, slack).mean())
        return Comparison(estimate, nan, nan, estimate, nan, p, both.size, method)
    _check_draws(draws)
    beyond = int(_is_beyond(_drawn_sums(centred, a.size, draws, seed), away, alternative, slack).sum())
    p = (beyond + 1) / (draws + 1)
    method = f"two-sample permutation test of means, {draws} draws, seed {seed}"
    return Comparison(estimate, nan, nan, estimate, nan, p, both.size, method, draws=draws)


def _listed_sums(values: Floats, size: int) -> Floats:
    """Give the sum of every choice of `size` of the values."""
    chosen = np.fromiter(chain.from_iterable(combinations(range(values.size), size)), dtype=np.intp)
    return np.asarray(values[chosen.reshape(-1, size)].sum(axis=1), dtype=np.float64)


def _drawn_sums(values: Floats, size: int, draws: int, seed: int) -> Floats:
    """Give sums of random choices of `size` of the values, in blocks that stay small in memory."""
    rng = np.random.default_rng(seed)
    sums, block = np.empty(draws), max(1, 1_000_000 // values.size)
    for start in range(0, draws, block):
        shuffled = np.tile(values, (min(block, draws - start), 1))
        rng.permuted(shuffled, axis=1, out=shuffled)
        sums[start : start + block] = shuffled[:, :size].sum(axis=1)
    return sums


@takes(
    values=Numbers((1, 2)),
    labels=Numbers(),
    statistic=Callback(),
    alternative=Text(),
    draws=DRAWS,
    seed=SEED,
)
def shuffle_test(
    values: npt.ArrayLike,
    labels: npt.NDArray[np.bool_] | npt.NDArray[np.int64],
    statistic: Callable[[Floats, npt.NDArray[np.bool_] | npt.NDArray[np.int64]], float],
    *,
    alternative: Alternative = "two-sided",
    draws: int = 9_999,
    seed: int = 1,
) -> Comparison:
    """Compare any statistic of values and labels with its values under shuffled labels.

    Parameters
    ----------
    values : float array, shape (n,)
    labels : array, shape (n,), group of each value
    statistic : function of values and labels that gives one number, 0 under no effect when two-sided
    alternative, draws, seed : as in `signed_permutation`

    Returns
    -------
    Comparison : `estimate` and `statistic` are the statistic's value; interval NaN. Exact where the labels
        have no more than 20,000 different orders, else drawn: `method` and `draws` say which

    Source
    ------
    Phipson and Smyth 2010 (Stat Appl Genet Mol Biol 9: 39).

    Examples
    --------
    >>> import numpy as np
    >>> member = np.array([True, True, True, False, False, False])
    >>> gap = lambda values, label: float(np.median(values[label]) - np.median(values[~label]))
    >>> shuffle_test([1, 2, 3, 4, 5, 6], member, gap, draws=999).estimate
    -3.0
    """
    sample = check_sample(values, "values", least=2)
    check_choice(alternative, ALTERNATIVES, "alternative")
    _check_draws(draws)
    groups: npt.NDArray[Any] = np.asarray(labels)
    if groups.shape != sample.shape:
        raise ShapeError(f"labels: found shape {groups.shape}; {sample.shape} is needed, one for each value.")
    observed, nan = one_number(statistic(sample, groups), "statistic"), math.nan
    slack = 1e-10 * max(float(np.abs(sample).max()), 1e-300)
    if _count_arrangements(groups) <= MOST_SHUFFLED:
        every = [one_number(statistic(sample, each), "statistic") for each in _arrangements(groups)]
        p = float(_is_beyond(np.array(every), observed, alternative, slack).mean())
        return Comparison(observed, nan, nan, observed, nan, p, sample.size, "permutation test, exact")
    rng = np.random.default_rng(seed)
    reached = np.array(
        [one_number(statistic(sample, rng.permutation(groups)), "statistic") for _ in range(draws)]
    )
    beyond = int(_is_beyond(reached, observed, alternative, slack).sum())
    p = (beyond + 1) / (draws + 1)
    method = f"permutation test, {draws} draws, seed {seed}"
    return Comparison(observed, nan, nan, observed, nan, p, sample.size, method, draws=draws)


def _count_arrangements(groups: npt.NDArray[Any]) -> int:
    """Count the different orders of the labels."""
    _, sizes = np.unique(groups, return_counts=True)
    count, left = 1, groups.size
    for size in sizes.tolist():
        count *= math.comb(left, size)
        left -= size
    return count


def _arrangements(groups: npt.NDArray[Any]) -> Iterator[npt.NDArray[Any]]:
    """Give every different order of the labels once."""
    names, sizes = np.unique(groups, return_counts=True)

    def place(made: npt.NDArray[Any], free: tuple[int, ...], which: int) -> Iterator[npt.NDArray[Any]]:
        if which == len(names) - 1:
            last = made.copy()
            last[list(free)] = names[which]
            yield last
            return
        for chosen in combinations(free, int(sizes[which])):
            next_one = made.copy()
            next_one[list(chosen)] = names[which]
            yield from place(next_one, tuple(sorted(set(free) - set(chosen))), which + 1)

    yield from place(np.empty_like(groups), tuple(range(groups.size)), 0)
