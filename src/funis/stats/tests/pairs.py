"""Order statistics of the sums of all pairs of two samples, without making the pairs.

20,000 changes have 200 million pair means. The k-th smallest is bracketed by bisection: how many sums lie at
or below a limit takes one search for each different value. The few sums within the last bracket are made and
sorted, so the answer is one of the sums, to the last bit the one that sorting all of them would give.
"""

from __future__ import annotations

import numpy as np

from funis.stats.sample import Floats, Integers

#: Width of the last bracket, as a share of the largest value: far above the rounding of a sum.
_NARROW = 1e-11


class PairSums:
    """The sums of every value of one sample with every value of another, as if sorted.

    Parameters
    ----------
    first, second : float arrays, shapes (n1,) and (n2,), finite, not empty
    is_one_sample : the two are the same sample, and each pair of its values counts once, each value with
        itself included
    scale : each sum is multiplied by this
    """

    def __init__(
        self, first: Floats, second: Floats, *, is_one_sample: bool = False, scale: float = 1.0
    ) -> None:
        self._x, self._wx = _count_values(first)
        self._y, self._wy = _count_values(second)
        self._until = np.concatenate([[0], np.cumsum(self._wy)])
        self._is_one = is_one_sample
        self._scale = scale
        ends = np.abs(np.array([self._x[0], self._x[-1], self._y[0], self._y[-1]]))
        self._size_of_values = float(max(ends.max(), np.finfo(float).tiny / _NARROW))
        n, m = int(first.size), int(second.size)
        self.size = n * (n + 1) // 2 if is_one_sample else n * m

    def __getitem__(self, place: int) -> float:
        """Give the sum at a place, counted from 0, of all sums in order."""
        low, high = float(self._x[0] + self._y[0]), float(self._x[-1] + self._y[-1])
        margin = _NARROW * self._size_of_values
        low -= margin
        # Outside the bracket: at most `place` sums lie at or below `low`, more lie at or below `high`.
        while high - low > margin:
            middle = (low + high) / 2.0
            if self._count(middle) > place:
                high = middle
            else:
                low = middle
        low, high = low - margin, high + margin
        sums, counts = self._between(low, high)
        order = np.argsort(sums, kind="stable")
        reached = self._count(low) + np.cumsum(counts[order])
        return float(sums[order][np.searchsorted(reached, place, side="right")]) * self._scale

    def _ends(self, limit: float) -> Integers:
        """Count, for each value of the first sample, the values of the second that stay within the limit."""
        ends: Integers = np.searchsorted(self._y, limit - self._x, side="right")
        return ends

    def _count(self, limit: float) -> int:
        """Count the sums at or below a limit."""
        ends = self._ends(limit)
        pairs = int(self._wx @ self._until[ends])
        if not self._is_one:
            return pairs
        with_itself = int(self._wx[ends > np.arange(self._x.size)].sum())
        return (pairs + with_itself) // 2

    def _between(self, low: float, high: float) -> tuple[Floats, Integers]:
        """Give the different sums above one limit and up to another, and how many pairs have each."""
        start, stop = self._ends(low), self._ends(high)
        own = np.arange(self._x.size)
        if self._is_one:
            start = np.maximum(start, own)
        lengths = np.maximum(stop - start, 0)
        i = np.repeat(own, lengths)
        # Positions within each run: 0, 1, 2, ... from its start on.
        j = (
            np.arange(lengths.sum())
            - np.repeat(np.cumsum(lengths) - lengths, lengths)
            + np.repeat(start, lengths)
        )
        counts = self._wx[i] * self._wy[j]
        if self._is_one:
            counts = np.where(i == j, self._wx[i] * (self._wx[i] + 1) // 2, counts)
        return self._x[i] + self._y[j], counts


def _count_values(sample: Floats) -> tuple[Floats, Integers]:
    values, counts = np.unique(sample, return_counts=True)
    return values, counts.astype(np.int64)
