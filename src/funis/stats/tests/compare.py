"""Tests of one sample of changes, and of two independent samples.

Every test gives estimate, interval and P value together, and `method` is its name for the footnote.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import special

from funis.stats.sample import (
    ALTERNATIVES,
    Alternative,
    Floats,
    check_choice,
    check_level,
    check_same_length,
    check_sample,
    midranks,
    normal_p,
    settle,
    t_p,
    t_quantile,
)
from funis.stats.tests import ranks

ZeroRule = Literal["wilcoxon", "pratt"]
# The exact distributions stay under a tenth of a second up to these sizes.
EXACT_SIGNED_RANKS = 200
EXACT_RANK_SUM = 100


@dataclass(frozen=True, slots=True)
class Comparison:
    """One test: what was estimated, how surely, and how unlikely under no change.

    Attributes
    ----------
    estimate, lower, upper : effect and its interval in the unit of the data; NaN where none is defined
    statistic, df : the test's statistic; degrees of freedom, NaN for tests that have none
    p : P value; NaN where the data do not allow the test
    n : number of values (pairs, or both samples together) that entered
    method : what was done, for the footnote
    level : coverage of the interval
    note : a warning for the reader of the table, empty when there is none
    draws : arrangements drawn at random for the P value; 0 where all are counted or none are needed
    """

    estimate: float
    lower: float
    upper: float
    statistic: float
    df: float
    p: float
    n: int
    method: str
    level: float = 0.95
    note: str = ""
    draws: int = 0

    @property
    def p_error(self) -> float:
        """Monte Carlo standard error of a P from drawn arrangements; 0 where none was drawn.

        Examples
        --------
        >>> found = Comparison(1.0, 0.0, 2.0, 1.0, math.nan, 0.05, 30, "permutation test", draws=1900)
        >>> round(found.p_error, 6)
        0.005
        """
        return math.sqrt(self.p * (1 - self.p) / self.draws) if self.draws else 0.0


def one_sample_t(
    values: npt.ArrayLike,
    *,
    reference: float = 0.0,
    level: float = 0.95,
    alternative: Alternative = "two-sided",
) -> Comparison:
    """Compare a mean with a reference by Student's t.

    Parameters
    ----------
    values : float array, shape (n,), finite
    reference : mean under the null hypothesis, in the unit of the values
    level : float in (0, 1), coverage of the two-sided interval
    alternative : ``two-sided``, ``less`` or ``greater``

    Returns
    -------
    Comparison : `estimate` is the mean minus the reference. With n < 2, or when all values are equal,
        statistic and P are NaN and `note` says why

    Source
    ------
    Student 1908 (Biometrika 6: 1).

    Checked against
    ---------------
    tests/reference/compare_r : R 4.2.2 t.test

    Examples
    --------
    >>> found = one_sample_t([-4.0, -2.0, -6.0, 0.0])
    >>> found.estimate, round(found.statistic, 4), found.df, round(found.p, 4)
    (-3.0, -2.3238, 3.0, 0.1027)
    """
    sample = check_sample(values, "values of the t test")
    check_level(level)
    check_choice(alternative, ALTERNATIVES, "alternative")
    n = sample.size
    method = "one-sample t test"
    nan = math.nan
    if n < 2:
        mean = float(sample.mean()) - reference if n else nan
        return Comparison(mean, nan, nan, nan, nan, nan, n, method, level, "fewer than two values")
    estimate = float(sample.mean()) - reference
    se = float(sample.std(ddof=1)) / math.sqrt(n)
    if np.ptp(settle(sample)) == 0.0:
        return Comparison(estimate, nan, nan, nan, n - 1.0, nan, n, method, level, "all values are equal")
    t = estimate / se
    half = t_quantile(n - 1, level) * se
    return Comparison(
        estimate, estimate - half, estimate + half, t, n - 1.0, t_p(t, n - 1, alternative), n, method, level
    )


def paired_t(
    change: npt.ArrayLike,
    after: npt.ArrayLike | None = None,
    *,
    level: float = 0.95,
    alternative: Alternative = "two-sided",
) -> Comparison:
    """Compare paired values by Student's t on the changes.

    Parameters
    ----------
    change : float array, shape (n,), after minus before; or the values before when `after` is given
    after : float array, shape (n,), same order of subjects
    level, alternative : as in `one_sample_t`; ``less`` means a fall

    Returns
    -------
    Comparison : `estimate` is the mean change, after minus before

    Source
    ------
    Student 1908 (Biometrika 6: 1).

    Checked against
    ---------------
    tests/reference/compare_r : R 4.2.2 t.test(paired = TRUE)

    Examples
    --------
    >>> paired_t([10.0, 12.0, 9.0], [8.0, 8.0, 6.0]).estimate
    -3.0
    """
    sample = _changes(change, after)
    found = one_sample_t(sample, level=level, alternative=alternative)
    return replace(found, method="paired t test")


def two_sample_t(
    first: npt.ArrayLike,
    second: npt.ArrayLike,
    *,
    equal_variance: bool = False,
    level: float = 0.95,
    alternative: Alternative = "two-sided",
) -> Comparison:
    """Compare the means of two independent samples by Welch's or Student's t.

    Parameters
    ----------
    first, second : float arrays, shapes (n1,) and (n2,), finite
    equal_variance : False for Welch's test with Satterthwaite's degrees of freedom, True for the pooled one
    level, alternative : as in `one_sample_t`; ``less`` means the first mean is lower

    Returns
    -------
    Comparison : `estimate` is the first mean minus the second

    Source
    ------
    Welch 1947 (Biometrika 34: 28).

    Checked against
    ---------------
    tests/reference/compare_r : R 4.2.2 t.test

    Examples
    --------
    >>> found = two_sample_t([1.0, 2.0, 3.0], [4.0, 6.0, 8.0])
    >>> found.estimate, round(found.df, 4), round(found.p, 5)
    (-4.0, 2.9412, 0.05479)
    """
    a = check_sample(first, "first sample")
    b = check_sample(second, "second sample")
    check_level(level)
    check_choice(alternative, ALTERNATIVES, "alternative")
    method = "two-sample t test with equal variances" if equal_variance else "Welch's t test"
    n, nan = a.size + b.size, math.nan
    if min(a.size, b.size) < 2:
        return Comparison(
            nan, nan, nan, nan, nan, nan, n, method, level, "a sample has fewer than two values"
        )
    estimate = float(a.mean() - b.mean())
    parts = np.array([a.var(ddof=1) / a.size, b.var(ddof=1) / b.size])
    freedom = np.array([a.size - 1.0, b.size - 1.0])
    if equal_variance:
        df = float(freedom.sum())
        pooled = (a.var(ddof=1) * freedom[0] + b.var(ddof=1) * freedom[1]) / df
        variance = float(pooled * (1 / a.size + 1 / b.size))
    else:
        variance = float(parts.sum())
        df = variance**2 / float((parts**2 / freedom).sum()) if variance > 0 else nan
    if np.ptp(settle(a)) == 0.0 and np.ptp(settle(b)) == 0.0:
        return Comparison(estimate, nan, nan, nan, nan, nan, n, method, level, "no spread in either sample")
    t = estimate / math.sqrt(variance)
    half = t_quantile(df, level) * math.sqrt(variance)
    p = t_p(t, df, alternative)
    return Comparison(estimate, estimate - half, estimate + half, t, df, p, n, method, level)


def wilcoxon_signed_rank(
    change: npt.ArrayLike,
    after: npt.ArrayLike | None = None,
    *,
    zero: ZeroRule = "wilcoxon",
    exact: bool | None = None,
    level: float = 0.95,
    alternative: Alternative = "two-sided",
) -> Comparison:
    """Compare paired values by the signed ranks of the changes, exactly where feasible.

    Parameters
    ----------
    change, after : as in `paired_t`
    zero : ``wilcoxon`` drops changes of 0 before ranking, ``pratt`` ranks them and then drops them
    exact : True for the exact distribution given the ties, False for the normal one with continuity
        correction, None for exact up to 200 changes
    level, alternative : as in `one_sample_t`

    Returns
    -------
    Comparison : `estimate` is the Hodges-Lehmann pseudo-median of all changes, zeros included; `statistic`
        is the sum of positive ranks. The interval holds Walsh averages: with untied changes its coverage is
        exact, with ties it is at least `level`. It is NaN where no interval of this level exists

    Source
    ------
    Wilcoxon 1945 (Biometrics Bull 1: 80); Pratt 1959 (J Am Stat Assoc 54: 655); Hodges and Lehmann 1963
    (Ann Math Stat 34: 598); distribution with ties: Streitberg and Roehmel 1986 (Stat Softw Newsl 12: 10).

    Checked against
    ---------------
    tests/reference/compare_r : R 4.2.2 wilcox.test, exactRankTests, coin

    Examples
    --------
    >>> found = wilcoxon_signed_rank([-1.0, -2.0, -3.0, -4.0, -5.0])
    >>> found.p, found.estimate, found.method
    (0.0625, -3.0, 'Wilcoxon signed-rank test, exact')
    """
    sample = _changes(change, after)
    check_level(level)
    check_choice(alternative, ALTERNATIVES, "alternative")
    check_choice(zero, ("wilcoxon", "pratt"), "rule for zeros")
    moved = sample[sample != 0.0]
    if exact is None:
        exact = sample.size <= EXACT_SIGNED_RANKS
    method = f"Wilcoxon signed-rank test, {'exact' if exact else 'normal with continuity correction'}"
    if moved.size < sample.size:
        method += ", zeros ranked (Pratt)" if zero == "pratt" else ", zeros dropped"
    estimate, lower, upper, note = _pseudo_median(sample, level, exact=exact)
    if moved.size == 0:
        note = "every change is zero" if sample.size else "no values"
        p = 1.0 if sample.size else math.nan
        return Comparison(estimate, lower, upper, 0.0, math.nan, p, sample.size, method, level, note)
    rank = midranks(np.abs(sample))[sample != 0.0] if zero == "pratt" else midranks(np.abs(moved))
    statistic = float(rank[moved > 0].sum())
    p = _signed_rank_p(rank, statistic, alternative, exact=exact)
    return Comparison(estimate, lower, upper, statistic, math.nan, p, sample.size, method, level, note)


def _changes(change: npt.ArrayLike, after: npt.ArrayLike | None) -> Floats:
    """Give after minus before, or the changes as they came, with ties that rounding has not broken."""
    sample = check_sample(change, "changes" if after is None else "values before")
    if after is None:
        return settle(sample)
    later = check_sample(after, "values after")
    check_same_length(sample, later, "values before and after")
    return settle(later - sample, max(np.abs(sample).max(initial=0.0), np.abs(later).max(initial=0.0)))


def _signed_rank_p(rank: Floats, statistic: float, alternative: Alternative, *, exact: bool) -> float:
    """Give the P value of the sum of positive ranks."""
    if exact:
        doubled = np.rint(2.0 * rank).astype(np.int64)
        return ranks.tail_p(ranks.signed_sum_distribution(doubled), 2.0 * statistic, alternative)
    away = statistic - float(rank.sum()) / 2.0
    sd = math.sqrt(float((rank**2).sum()) / 4.0)
    return normal_p(_continuity(away, alternative) / sd, alternative)


def _continuity(away: float, alternative: Alternative) -> float:
    """Move a rank statistic half a step towards its mean."""
    if alternative == "less":
        return away + 0.5
    if alternative == "greater":
        return away - 0.5
    return math.copysign(max(abs(away) - 0.5, 0.0), away)


def _pseudo_median(sample: Floats, level: float, *, exact: bool) -> tuple[float, float, float, str]:
    """Give the Hodges-Lehmann estimate, its interval and a note where there is none."""
    n = sample.size
    if n == 0:
        return math.nan, math.nan, math.nan, "no values"
    walsh = ranks.walsh_averages(sample)
    if exact:
        _, chances = ranks.signed_sum_distribution(np.arange(1, n + 1))
        lower, upper = ranks.order_interval(walsh, chances, level)
    else:
        sd = math.sqrt(n * (n + 1) * (2 * n + 1) / 24.0)
        lower, upper = ranks.normal_order_interval(walsh, n * (n + 1) / 4.0, sd, level)
    note = f"no {100 * level:g} % interval exists with {n} values" if math.isnan(lower) else ""
    return ranks.middle(walsh), lower, upper, note


def sign_test(
    change: npt.ArrayLike,
    after: npt.ArrayLike | None = None,
    *,
    level: float = 0.95,
    alternative: Alternative = "two-sided",
) -> Comparison:
    """Compare paired values by the number of rises among the changes, exactly.

    Parameters
    ----------
    change, after : as in `paired_t`; changes of 0 count in the median, not in the test
    level, alternative : as in `one_sample_t`

    Returns
    -------
    Comparison : `estimate` is the median change with its exact order-statistic interval; `statistic` is
        the number of rises

    Source
    ------
    Dixon and Mood 1946 (J Am Stat Assoc 41: 557); interval: Thompson 1936 (Ann Math Stat 7: 122).

    Checked against
    ---------------
    tests/reference/compare_r : R 4.2.2 binom.test

    Examples
    --------
    >>> found = sign_test([-1.0, -2.0, -1.0, 0.0, -3.0, 2.0])
    >>> found.statistic, found.p
    (1.0, 0.375)
    """
    sample = _changes(change, after)
    check_level(level)
    check_choice(alternative, ALTERNATIVES, "alternative")
    rises, falls = int((sample > 0).sum()), int((sample < 0).sum())
    method = "sign test, exact"
    if rises + falls < sample.size:
        method += ", zeros dropped"
    p = sign_p(rises, falls, alternative)
    if sample.size == 0:
        return Comparison(
            math.nan, math.nan, math.nan, 0.0, math.nan, math.nan, 0, method, level, "no values"
        )
    count = np.arange(sample.size + 1, dtype=np.int64)
    chances = np.asarray(np.diff(special.bdtr(count, sample.size, 0.5), prepend=0.0), dtype=np.float64)
    lower, upper = ranks.order_interval(np.sort(sample), chances, level)
    note = f"no {100 * level:g} % interval exists with {sample.size} values" if math.isnan(lower) else ""
    estimate = float(np.median(sample))
    return Comparison(estimate, lower, upper, float(rises), math.nan, p, sample.size, method, level, note)


def sign_p(rises: int, falls: int, alternative: Alternative = "two-sided") -> float:
    """Give the exact P value of so many rises and falls when both are equally likely."""
    n = rises + falls
    if n == 0:
        return 1.0
    low = float(special.bdtr(rises, n, 0.5))
    high = float(special.bdtr(falls, n, 0.5))  # P(X >= rises) by symmetry
    if alternative == "less":
        return low
    if alternative == "greater":
        return high
    return min(1.0, 2.0 * min(low, high))


def wilcoxon_rank_sum(
    first: npt.ArrayLike,
    second: npt.ArrayLike,
    *,
    exact: bool | None = None,
    level: float = 0.95,
    alternative: Alternative = "two-sided",
) -> Comparison:
    """Compare two independent samples by the ranks of the first, exactly where feasible.

    Parameters
    ----------
    first, second : float arrays, shapes (n1,) and (n2,), finite
    exact : True for the exact distribution given the ties, False for the normal one with continuity
        correction, None for exact up to 100 values in all
    level, alternative : as in `two_sample_t`

    Returns
    -------
    Comparison : `estimate` is the Hodges-Lehmann shift, first minus second; `statistic` is the
        Mann-Whitney count of pairs in which the first is larger (ties one half)

    Source
    ------
    Mann and Whitney 1947 (Ann Math Stat 18: 50); ties: Streitberg and Roehmel 1986.

    Checked against
    ---------------
    tests/reference/compare_r : R 4.2.2 wilcox.test, exactRankTests

    Examples
    --------
    >>> found = wilcoxon_rank_sum([1.0, 2.0, 3.0], [4.0, 5.0, 6.0])
    >>> found.estimate, found.statistic, round(found.p, 6)
    (-3.0, 0.0, 0.1)
    """
    a = check_sample(first, "first sample", least=1)
    b = check_sample(second, "second sample", least=1)
    check_level(level)
    check_choice(alternative, ALTERNATIVES, "alternative")
    n = a.size + b.size
    if exact is None:
        exact = n <= EXACT_RANK_SUM
    method = f"Wilcoxon rank-sum test, {'exact' if exact else 'normal with continuity correction'}"
    both = settle(np.concatenate([a, b]))
    a, b = both[: a.size], both[a.size :]
    rank = midranks(both)
    rank_sum = float(rank[: a.size].sum())
    shifts = ranks.pairwise_differences(a, b)
    mean = a.size * b.size / 2.0
    if exact:
        doubled = np.rint(2.0 * rank).astype(np.int64)
        p = ranks.tail_p(ranks.subset_sum_distribution(doubled, a.size), 2.0 * rank_sum, alternative)
        _, untied = ranks.subset_sum_distribution(np.arange(1, n + 1), a.size)
        # The least sum of ranks, that of the first ones, is a statistic of 0.
        lower, upper = ranks.order_interval(shifts, untied[a.size * (a.size + 1) // 2 :], level)
    else:
        variance = a.size * b.size / n * float(((rank - rank.mean()) ** 2).sum()) / (n - 1)
        away = _continuity(rank_sum - a.size * (n + 1) / 2.0, alternative)
        p = normal_p(away / math.sqrt(variance), alternative) if variance > 0 else 1.0
        sd = math.sqrt(mean * (n + 1) / 6.0)
        lower, upper = ranks.normal_order_interval(shifts, mean, sd, level)
    statistic = rank_sum - a.size * (a.size + 1) / 2.0
    note = f"no {100 * level:g} % interval exists with {n} values" if math.isnan(lower) else ""
    estimate = ranks.middle(shifts)
    return Comparison(estimate, lower, upper, statistic, math.nan, p, n, method, level, note)
