"""P values that summary figures leave possible: of t tests from means, of exact tests from numbers.

The figures are intervals (what may have been rounded to them), and so is the answer: the smallest and the
largest two-sided P. The distribution functions are floating point; comparisons leave a relative slack of
1e-9, always in favour of the printed figure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import comb, erfc, exp, inf, ldexp, lgamma, sqrt
from typing import Final

from funis.audit.figures import PrintedMean, PrintedP, RoundingInterval

_SLACK: Final = 1e-9
#: Ways to choose are counted exactly up to so many subjects.
_MOST_COUNTED: Final = 1_000


@dataclass(frozen=True, slots=True)
class PRange:
    """P values from the smallest to the largest, both possible or limits of what is."""

    lowest: float
    highest: float

    def meets(self, other: PRange) -> bool:
        """Tell whether two ranges have a value in common, with the slack of floating point.

        Examples
        --------
        >>> PRange(0.0, 0.05).meets(PRange(0.05, 0.2)), PRange(0.0, 0.05).meets(PRange(0.06, 0.2))
        (True, False)
        """
        return self.lowest <= other.highest * (1 + _SLACK) and other.lowest <= self.highest * (1 + _SLACK)

    def holds_all(self, other: PRange) -> bool:
        """Tell whether the other range lies in this one.

        Examples
        --------
        >>> PRange(0.0, 0.05).holds_all(PRange(0.001, 0.02))
        True
        """
        return self.lowest <= other.lowest * (1 + _SLACK) and other.highest <= self.highest * (1 + _SLACK)


@dataclass(frozen=True, slots=True)
class SampleSummary:
    """Mean and standard deviation of one sample, as intervals of what may have been printed.

    Attributes
    ----------
    mean : interval of the mean
    variance : interval of the variance
    n : subjects
    """

    mean: RoundingInterval
    variance: RoundingInterval
    n: int

    @property
    def sd(self) -> tuple[float, float]:
        """Smallest and largest standard deviation."""
        return sqrt(self.variance.lower), sqrt(self.variance.upper)


def summarise_mean(figure: PrintedMean, n: int, *, is_standard_error: bool) -> SampleSummary | None:
    """Make a summary of a printed mean, None where it has no spread, or one below 0."""
    if figure.spread is None or figure.spread.value < 0:
        return None
    ends, times = figure.spread.rounding, n if is_standard_error else 1
    variance = RoundingInterval(max(ends.lower, Fraction(0)) ** 2 * times, ends.upper**2 * times)
    return SampleSummary(figure.mean.rounding, variance, n)


def printed_range(figure: PrintedP) -> PRange:
    """Give the two-sided P values that may have been printed so.

    Examples
    --------
    >>> from funis.audit.figures import FigureLabels, FigurePlace, PrintedNumber
    >>> printed_range(PrintedP("p", FigureLabels(), FigurePlace(), PrintedNumber("0.05"), "<"))
    PRange(lowest=0.0, highest=0.05)
    """
    times = 1 if figure.is_two_sided else 2
    value, ends = float(figure.p.value), figure.p.rounding
    if figure.relation in {"<", "<="}:
        return PRange(0.0, times * value)
    if figure.relation in {">", ">="}:
        return PRange(times * value, 1.0)
    return PRange(max(0.0, times * float(ends.lower)), min(1.0, times * float(ends.upper)))


def is_one_sided(possible: PRange, printed: PRange) -> bool:
    """Tell whether half of a possible P may have been printed.

    Examples
    --------
    >>> is_one_sided(PRange(0.08, 0.09), PRange(0.04, 0.05))
    True
    """
    return PRange(possible.lowest / 2, possible.highest / 2).meets(printed)


def paired_range(first: SampleSummary, second: SampleSummary) -> PRange:
    """Give the P values of a paired t test for every correlation from -1 to 1.

    The standard deviation of the changes lies between the difference and the sum of the two printed ones.

    Parameters
    ----------
    first, second : of the same n subjects at two times

    Returns
    -------
    PRange : the lowest is 0 where the two standard deviations may be equal: all changes may then be alike

    Examples
    --------
    >>> first = SampleSummary(RoundingInterval(Fraction("10.825"), Fraction("10.835")),
    ...                       RoundingInterval(Fraction("4.625") ** 2, Fraction("4.635") ** 2), 40)
    >>> later = SampleSummary(RoundingInterval(Fraction("7.425"), Fraction("7.435")),
    ...                       RoundingInterval(Fraction("3.925") ** 2, Fraction("3.935") ** 2), 40)
    >>> round(paired_range(first, later).highest, 3)
    0.017
    """
    least, most = _difference(first.mean, second.mean)
    (low1, high1), (low2, high2) = first.sd, second.sd
    narrow, wide = max(0.0, low1 - high2, low2 - high1), high1 + high2
    root = sqrt(first.n)
    return PRange(
        _t_p(_ratio(most * root, narrow), first.n - 1), _t_p(_ratio(least * root, wide), first.n - 1)
    )


def correlation_needed(first: SampleSummary, second: SampleSummary, p: float) -> float | None:
    """Give the correlation from which on a paired t test gives a P value, at the middles of the intervals.

    Examples
    --------
    >>> first = SampleSummary(RoundingInterval(Fraction("0.63"), Fraction("0.63")),
    ...                       RoundingInterval(Fraction("0.73") ** 2, Fraction("0.73") ** 2), 11)
    >>> later = SampleSummary(RoundingInterval(Fraction(1), Fraction(1)),
    ...                       RoundingInterval(Fraction("0.78") ** 2, Fraction("0.78") ** 2), 11)
    >>> round(correlation_needed(first, later, 0.001), 3)
    0.939
    """
    from scipy.special import stdtrit

    gap = abs(_middle(first.mean) - _middle(second.mean))
    one, two = (sum(each.sd) / 2 for each in (first, second))
    if not 0 < p < 1 or one * two == 0 or first.n < 2:
        return None
    critical = -float(stdtrit(first.n - 1, p / 2))
    change = gap * sqrt(first.n) / critical
    return max(-1.0, (one**2 + two**2 - change**2) / (2 * one * two))


def subjects_needed(first: PrintedMean, later: PrintedMean, p: float, correlation: float) -> int | None:
    """Give the smallest n of a paired t test with a P value or less, None where 10,000 are too few.

    Examples
    --------
    >>> from funis.audit.figures import FigureLabels, FigurePlace, PrintedNumber
    >>> first, later = (PrintedMean("", FigureLabels(), FigurePlace(), PrintedNumber(m), PrintedNumber(s))
    ...                 for m, s in (("2.24", "1.43"), ("1.41", "1.33")))
    >>> subjects_needed(first, later, 0.05, 0.0), subjects_needed(first, later, 0.05, 0.5)
    (24, 14)
    """
    if first.spread is None or later.spread is None or not 0 < p < 1:
        return None
    one, two = float(first.spread.value), float(later.spread.value)
    gap = abs(float(first.mean.value - later.mean.value))
    change = sqrt(max(0.0, one**2 + two**2 - 2 * correlation * one * two))
    found = (n for n in range(2, 10_001) if _t_p(_ratio(gap * sqrt(n), change), n - 1) <= p)
    return next(found, None) if gap > 0 else None


def independent_range(first: SampleSummary, second: SampleSummary) -> PRange:
    """Give the P values of t tests of two groups, with one variance (Student) or two (Welch).

    Examples
    --------
    >>> four = RoundingInterval(Fraction(4), Fraction(4))
    >>> one = SampleSummary(RoundingInterval(Fraction(10), Fraction(10)), four, 20)
    >>> two = SampleSummary(RoundingInterval(Fraction(12), Fraction(12)), four, 20)
    >>> round(independent_range(one, two).lowest, 4)
    0.0031
    """
    gaps = _difference(first.mean, second.mean)
    variances = [(float(each.variance.lower), float(each.variance.upper)) for each in (first, second)]
    n1, n2 = first.n, second.n
    freedom = n1 + n2 - 2
    pooled = [((n1 - 1) * one + (n2 - 1) * two) / freedom for one, two in zip(*variances, strict=True)]
    student = [sqrt(each * (1 / n1 + 1 / n2)) for each in pooled]
    welch = [sqrt(one / n1 + two / n2) for one, two in zip(*variances, strict=True)]
    fewest, most = _welch_freedom(variances, n1, n2)
    # A larger variance makes t smaller and may make the degrees of freedom more: each has its own worst case.
    lowest = min(_t_p(_ratio(gaps[1], student[0]), freedom), _t_p(_ratio(gaps[1], welch[0]), most))
    highest = max(_t_p(_ratio(gaps[0], student[1]), freedom), _t_p(_ratio(gaps[0], welch[1]), fewest))
    return PRange(lowest, highest)


def _welch_freedom(variances: Sequence[tuple[float, float]], n1: int, n2: int) -> tuple[float, float]:
    """Give the fewest and the most degrees of freedom of Welch's test for variances in two intervals.

    They depend on the ratio of the two squared standard errors alone, and are most, n1 + n2 - 2, where it is
    that of n1 - 1 to n2 - 1.
    """
    (low1, high1), (low2, high2) = variances
    ratios = (_ratio(low1 / n1, high2 / n2), _ratio(high1 / n1, low2 / n2))
    found = [_freedom_at(each, n1, n2) for each in ratios]
    is_inside = ratios[0] <= (n1 - 1) / (n2 - 1) <= ratios[1]
    return min(found), n1 + n2 - 2 if is_inside else max(found)


def _freedom_at(ratio: float, n1: int, n2: int) -> float:
    return n1 - 1 if ratio == inf else (ratio + 1) ** 2 / (ratio**2 / (n1 - 1) + 1 / (n2 - 1))


def _difference(one: RoundingInterval, other: RoundingInterval) -> tuple[float, float]:
    """Give the smallest and largest distance of two values in their intervals."""
    most = max(one.upper - other.lower, other.upper - one.lower)
    least = max(Fraction(0), one.lower - other.upper, other.lower - one.upper)
    return float(least), float(most)


def _middle(ends: RoundingInterval) -> float:
    return float((ends.lower + ends.upper) / 2)


def _ratio(above: float, below: float) -> float:
    if below == 0:
        return inf if above > 0 else 0.0
    return above / below


def _t_p(t: float, freedom: float) -> float:
    from scipy.special import stdtr

    return 0.0 if t == inf else float(2 * stdtr(freedom, -abs(t)))


# --- tests of signs, ranks and counts ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FloorP:
    """The smallest two-sided P a test can give.

    Attributes
    ----------
    exact : by its exact distribution
    approximate : by the normal approximation without correction for continuity, no two values alike
    tied : by the same approximation where values are as alike as they can be
    """

    exact: float
    approximate: float
    tied: float

    @property
    def lowest(self) -> float:
        """The smallest of the three."""
        return min(self.exact, self.approximate, self.tied)


def floor_of_signs(n: int) -> FloorP:
    """Give the smallest P of a sign or McNemar test: n pairs that all change the same way.

    Examples
    --------
    >>> floor_of_signs(5).exact
    0.0625
    """
    by_signs = _normal_p(sqrt(n))
    return FloorP(min(1.0, ldexp(2.0, -n)), by_signs, by_signs)


def floor_of_signed_ranks(n: int) -> FloorP:
    """Give the smallest P of Wilcoxon's signed-rank test: n pairs that all change the same way.

    Examples
    --------
    >>> floor_of_signed_ranks(5).exact, round(floor_of_signed_ranks(5).approximate, 4)
    (0.0625, 0.0431)
    """
    middle, spread = n * (n + 1) / 4, sqrt(n * (n + 1) * (2 * n + 1) / 24)
    # Ties make the variance smaller: of n equal changes it is that of the signs.
    return FloorP(min(1.0, ldexp(2.0, -n)), _normal_p(middle / spread if n else 0.0), _normal_p(sqrt(n)))


def floor_of_rank_sums(n1: int, n2: int) -> FloorP:
    """Give the smallest P of Wilcoxon's rank-sum test: every value of one group above every one of the other.

    Examples
    --------
    >>> round(floor_of_rank_sums(3, 3).exact, 3)
    0.1
    """
    total, middle = n1 + n2, n1 * n2 / 2
    if middle == 0:
        return FloorP(1.0, 1.0, 1.0)
    # All values of a group may be alike, which makes the variance of the ranks smaller.
    ties = (n1**3 - n1 + n2**3 - n2) / (total * (total - 1))
    plain, tied = (n1 * n2 / 12 * (total + 1 - each) for each in (0, ties))
    ways = lgamma(total + 1) - lgamma(n1 + 1) - lgamma(n2 + 1)
    exact = min(1.0, 2 / comb(total, n1) if total <= _MOST_COUNTED else 2 * exp(-ways))
    return FloorP(exact, _normal_p(middle / sqrt(plain)), _normal_p(middle / sqrt(tied)))


def signed_rank_p_values(n: int) -> Sequence[float]:
    """Give every exact two-sided P of the signed-rank test of n changes without ties and zeros, ascending.

    Examples
    --------
    >>> signed_rank_p_values(3)
    [0.25, 0.5, 0.75, 1.0]
    """
    ways = [1]
    for rank in range(1, n + 1):
        longer = [0] * (len(ways) + rank)
        for total, count in enumerate(ways):
            longer[total] += count
            longer[total + rank] += count
        ways = longer
    below, found = 0, []
    for count in ways:
        below += count
        found.append(min(1.0, 2 * below / 2**n))
        if found[-1] >= 1.0:
            break
    return sorted(set(found))


def _normal_p(z: float) -> float:
    return erfc(abs(z) / sqrt(2))
