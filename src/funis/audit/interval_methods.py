"""Intervals that papers print of counts, by every method in use: one proportion, and two compared.

A printed interval is held against all of them before anybody is asked about it. Sources: Newcombe 1998 (Stat
Med 17: 857 and 873) compares most of them; Miettinen and Nurminen 1985 (Stat Med 4: 213) and Koopman 1984
(Biometrics 40: 513) give the score intervals, Cornfield 1956 that of the odds ratio; Agresti and Caffo 2000
(Am Stat 54: 280); Haldane 1956 and Anscombe 1956 the added halves; Fisher 1935 the exact one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import acos, asin, cos, exp, hypot, inf, lgamma, log, log1p, nan, pi, sin, sqrt
from typing import Final, NamedTuple

#: The exact interval is computed where the first group can have up to so many different numbers of events.
_MOST_COUNTED: Final = 2_000
#: Ratios are looked for between these logarithms.
_WIDEST: Final = 40.0


class TwoCounts(NamedTuple):
    """Events and subjects of two groups."""

    k1: int
    n1: int
    k2: int
    n2: int

    @property
    def p1(self) -> float:
        """Share with the event in the first group."""
        return self.k1 / self.n1

    @property
    def p2(self) -> float:
        """Share with the event in the second group."""
        return self.k2 / self.n2

    @property
    def turned(self) -> TwoCounts:
        """The groups in the other order."""
        return TwoCounts(self.k2, self.n2, self.k1, self.n1)

    @property
    def cells(self) -> tuple[int, int, int, int]:
        """With and without the event in the first group, then in the second."""
        return self.k1, self.n1 - self.k1, self.k2, self.n2 - self.k2


class ComputedInterval(NamedTuple):
    """An interval by one method.

    Attributes
    ----------
    name : of the method, in words
    key : of the method where a text may name it (`funis.audit.figures.IntervalMethod`), else empty
    low, high : ends
    """

    name: str
    key: str
    low: float
    high: float


def intervals_of_share(k: int, n: int, level: float) -> Iterator[ComputedInterval]:
    """Give the intervals of one proportion.

    Parameters
    ----------
    k, n : subjects with the event, and all; 0 <= k <= n, n from 1
    level : fraction

    Examples
    --------
    >>> found = {each.name: each for each in intervals_of_share(15, 148, 0.95)}  # Newcombe 1998, table I
    >>> [round(end, 4) for end in found["Wilson with correction"][2:]]
    [0.0598, 0.1644]
    """
    from funis.stats.proportion import agresti_coull, clopper_pearson, jeffreys, mid_p, wilson
    from funis.stats.sample import normal_quantile, t_quantile

    for name, key, method in (
        ("Clopper-Pearson", "clopper_pearson", clopper_pearson),
        ("Wilson", "wilson", wilson),
        ("Jeffreys", "jeffreys", jeffreys),
        ("Agresti-Coull", "agresti_coull", agresti_coull),
        ("mid-P", "mid_p", mid_p),
    ):
        found = method(k, n, level)
        yield ComputedInterval(name, key, found.lower, found.upper)
    p, z = k / n, normal_quantile(level)
    error = sqrt(p * (1 - p) / n)
    halves = [("Wald", "wald", z * error), ("Wald with correction", "wald", z * error + 0.5 / n)]
    if n > 1:
        halves.append(("t of zeros and ones", "t", t_quantile(n - 1, level) * error * sqrt(n / (n - 1))))
    for name, key, half in halves:
        yield ComputedInterval(name, key, p - half, p + half)
        if not half <= p <= 1 - half:
            yield ComputedInterval(f"{name}, cut", key, max(0.0, p - half), min(1.0, p + half))
    yield ComputedInterval("Wilson with correction", "wilson", *_wilson_corrected(k, n, z))
    angle, turn = asin(sqrt(p)), z / (2 * sqrt(n))
    ends = max(0.0, angle - turn), min(pi / 2, angle + turn)
    yield ComputedInterval("arcsine", "", sin(ends[0]) ** 2, sin(ends[1]) ** 2)
    if 0 < k < n:
        odds, width = log(p / (1 - p)), z * sqrt(1 / k + 1 / (n - k))
        yield ComputedInterval("logit", "", 1 / (1 + exp(width - odds)), 1 / (1 + exp(-width - odds)))


def _wilson_corrected(k: int, n: int, z: float) -> tuple[float, float]:
    """Give Wilson's limits with the continuity correction (Newcombe 1998, method 4)."""
    p = k / n

    def limit(side: int) -> float:
        inner = z * z + 2 * side - 1 / n + 4 * p * (n * (1 - p) - side)
        return (2 * k + z * z + side * (1 + z * sqrt(max(0.0, inner)))) / (2 * (n + z * z))

    return (0.0 if k == 0 else max(0.0, limit(-1))), (1.0 if k == n else min(1.0, limit(1)))


def intervals_of_difference(counts: TwoCounts, level: float) -> Iterator[ComputedInterval]:
    """Give the intervals of the difference of two proportions, the first minus the second.

    Examples
    --------
    >>> found = {each.name: each for each in intervals_of_difference(TwoCounts(56, 70, 48, 80), 0.95)}
    >>> [round(end, 4) for end in found["Miettinen-Nurminen"][2:]]  # Newcombe 1998, table II
    [0.0528, 0.3382]
    """
    from funis.stats.proportion import difference_of_proportions
    from funis.stats.sample import normal_quantile

    k1, n1, k2, n2 = counts
    z, gap = normal_quantile(level), counts.p1 - counts.p2
    error = hypot(*(sqrt(p * (1 - p) / n) for p, n in ((counts.p1, n1), (counts.p2, n2))))
    yield ComputedInterval("Wald", "wald", gap - z * error, gap + z * error)
    half = z * error + (1 / n1 + 1 / n2) / 2
    yield ComputedInterval("Wald with correction", "wald", max(-1.0, gap - half), min(1.0, gap + half))
    newcombe = difference_of_proportions(k1, n1, k2, n2, level=level)
    yield ComputedInterval("Newcombe", "newcombe", newcombe.lower, newcombe.upper)
    (low1, high1), (low2, high2) = _wilson_corrected(k1, n1, z), _wilson_corrected(k2, n2, z)
    down = hypot(counts.p1 - low1, high2 - counts.p2)
    up = hypot(high1 - counts.p1, counts.p2 - low2)
    yield ComputedInterval("Newcombe with correction", "newcombe", gap - down, gap + up)
    q1, q2 = (k1 + 1) / (n1 + 2), (k2 + 1) / (n2 + 2)
    half = z * sqrt(q1 * (1 - q1) / (n1 + 2) + q2 * (1 - q2) / (n2 + 2))
    yield ComputedInterval("Agresti-Caffo", "agresti_caffo", q1 - q2 - half, q1 - q2 + half)
    total = n1 + n2
    for name, key, factor in (
        ("Miettinen-Nurminen", "miettinen_nurminen", total / (total - 1)),
        ("Mee", "", 1.0),
    ):

        def score(value: float, factor: float = factor) -> float:
            p1, p2 = _rates_at_difference(counts, value)
            spread = sqrt(factor * (p1 * (1 - p1) / n1 + p2 * (1 - p2) / n2))
            return _score(gap - value, spread)

        yield ComputedInterval(name, key, *_invert(score, z, (-1.0, 1.0), gap))


def intervals_of_risk_ratio(counts: TwoCounts, level: float) -> Iterator[ComputedInterval]:
    """Give the intervals of the ratio of two risks, the first over the second.

    Examples
    --------
    >>> found = {each.name: each for each in intervals_of_risk_ratio(TwoCounts(4, 123, 11, 139), 0.95)}
    >>> [round(log(end), 3) for end in found["Katz"][2:]]  # -0.8893 and 1.96 times the root of 0.3256
    [-2.008, 0.229]
    """
    from funis.stats.sample import normal_quantile

    z = normal_quantile(level)
    k1, n1, k2, n2 = counts
    for name, added in (("Katz", 0.0), ("Katz with halves added", 0.5)):
        a, b, c, d = k1 + added, n1 + added, k2 + added, n2 + added
        if a > 0 and c > 0:
            middle, half = log(a * d / (b * c)), z * sqrt(max(0.0, 1 / a - 1 / b + 1 / c - 1 / d))
            yield ComputedInterval(name, "wald", exp(middle - half), exp(middle + half))
    if k1 == k2 == 0:
        return
    total = n1 + n2
    for name, key, factor in (
        ("Koopman", "", 1.0),
        ("Miettinen-Nurminen", "miettinen_nurminen", total / (total - 1)),
    ):

        def score(value: float, factor: float = factor) -> float:
            ratio = exp(value)
            p1, p2 = _rates_at_risk_ratio(counts, ratio)
            spread = sqrt(factor * (p1 * (1 - p1) / n1 + ratio**2 * p2 * (1 - p2) / n2))
            return _score(counts.p1 - ratio * counts.p2, spread)

        yield ComputedInterval(name, key, *_invert_ratio(score, z, counts.p1, counts.p2))


def intervals_of_odds_ratio(counts: TwoCounts, level: float) -> Iterator[ComputedInterval]:
    """Give the intervals of the odds ratio, the first group over the second.

    Examples
    --------
    >>> found = {each.name: each for each in intervals_of_odds_ratio(TwoCounts(2, 17, 10, 13), 0.95)}
    >>> [round(end, 4) for end in found["Fisher's exact"][2:]]  # R: fisher.test(Convictions)
    [0.0033, 0.3632]
    """
    from funis.stats.sample import normal_quantile

    z = normal_quantile(level)
    a, b, c, d = counts.cells
    for name, added in (("Woolf", 0.0), ("Woolf with halves added", 0.5)):
        cells = [each + added for each in (a, b, c, d)]
        if min(cells) > 0:
            middle = log(cells[0] * cells[3] / (cells[1] * cells[2]))
            half = z * sqrt(sum(1 / each for each in cells))
            yield ComputedInterval(name, "wald", exp(middle - half), exp(middle + half))
    if not 0 < counts.k1 + counts.k2 < counts.n1 + counts.n2:
        return
    yield from _exact_intervals(counts, level)
    total, (odds1, odds2) = counts.n1 + counts.n2, (a * d, b * c)
    for name, key, factor, less in (
        ("Cornfield", "", 1.0, 0.0),
        ("Cornfield with correction", "", 1.0, 0.5),
        ("Miettinen-Nurminen", "miettinen_nurminen", total / (total - 1), 0.0),
    ):

        def score(value: float, factor: float = factor, less: float = less) -> float:
            p1, p2 = _rates_at_odds_ratio(counts, exp(value))
            away = counts.k1 - counts.n1 * p1
            away = (abs(away) - less if abs(away) > less else 0.0) * (1 if away > 0 else -1)
            spread = 1 / sqrt(_reciprocal(counts.n1 * p1 * (1 - p1)) + _reciprocal(counts.n2 * p2 * (1 - p2)))
            return _score(away, spread * sqrt(factor))

        yield ComputedInterval(name, key, *_invert_ratio(score, z, odds1, odds2))

    def depth(value: float) -> float:
        fallen = 2 * (
            _log_likelihood(counts, counts.p1, counts.p2)
            - _log_likelihood(counts, *_rates_at_odds_ratio(counts, exp(value)))
        )
        above = odds1 > odds2 * exp(value)
        return (1 if above else -1) * sqrt(max(0.0, fallen))

    yield ComputedInterval("profile likelihood", "", *_invert_ratio(depth, z, odds1, odds2))


# --- exact interval of the odds ratio ------------------------------------------------------------------


def _exact_intervals(counts: TwoCounts, level: float) -> Iterator[ComputedInterval]:
    """Give the exact intervals: of Fisher's distribution, and with half the chance of what was observed."""
    k1, n2 = counts.k1, counts.n2
    if _most_events(counts) > _MOST_COUNTED:
        return
    tail = (1 - level) / 2
    weights = _hypergeometric_weights(counts)
    place = k1 - max(0, k1 + counts.k2 - n2)
    for name, key, part in (("Fisher's exact", "fisher", 1.0), ("exact with mid-P", "mid_p", 0.5)):

        def not_above(value: float, part: float = part) -> float:
            chances = _tilted(weights, value)
            return tail - sum(chances[place + 1 :]) - part * chances[place]

        def below(value: float, part: float = part) -> float:
            chances = _tilted(weights, value)
            return sum(chances[:place]) + part * chances[place] - tail

        is_last = place == len(weights) - 1
        low = 0.0 if place == 0 else exp(_root(not_above, -_WIDEST, _WIDEST))
        high = inf if is_last else exp(_root(below, -_WIDEST, _WIDEST))
        yield ComputedInterval(name, key, low, high)


def conditional_odds_ratio(counts: TwoCounts) -> float:
    """Give the odds ratio of greatest conditional likelihood, as R's ``fisher.test`` prints it.

    It is NaN where too many different numbers of events are possible.

    Examples
    --------
    >>> round(conditional_odds_ratio(TwoCounts(2, 17, 10, 13)), 6)  # R: fisher.test(Convictions)
    0.046937
    """
    k1, n1, k2, n2 = counts
    first, last = max(0, k1 + k2 - n2), min(n1, k1 + k2)
    if k1 in {first, last} or _most_events(counts) > _MOST_COUNTED:
        return 0.0 if k1 == first else inf if k1 == last else nan
    weights = _hypergeometric_weights(counts)

    def lacking(value: float) -> float:
        return k1 - sum((first + place) * chance for place, chance in enumerate(_tilted(weights, value)))

    return exp(_root(lacking, -_WIDEST, _WIDEST))


def _most_events(counts: TwoCounts) -> int:
    return min(counts.n1, counts.k1 + counts.k2)


def _hypergeometric_weights(counts: TwoCounts) -> list[float]:
    """Give the logarithm of the ways to each number of events in the first group, all margins held."""
    k1, n1, k2, n2 = counts
    events = k1 + k2

    def choose(n: int, k: int) -> float:
        return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)

    possible = range(max(0, events - n2), min(n1, events) + 1)
    return [choose(n1, each) + choose(n2, events - each) for each in possible]


def _tilted(weights: list[float], value: float) -> list[float]:
    """Give the chances at a logarithm of the odds ratio."""
    moved = [weight + value * place for place, weight in enumerate(weights)]
    highest = max(moved)
    chances = [exp(each - highest) for each in moved]
    total = sum(chances)
    return [each / total for each in chances]


# --- shares of greatest likelihood where the comparison is given ---------------------------------------


def _rates_at_difference(counts: TwoCounts, value: float) -> tuple[float, float]:
    """Give both shares (Miettinen and Nurminen 1985, appendix): the root of a cubic that lies in range."""
    k1, n1, k2, n2 = counts
    total, events = n1 + n2, k1 + k2
    l2 = (total + n2) * value - total - events
    l1 = (n2 * value - total - 2 * k2) * value + events
    l0 = k2 * value * (1 - value)
    q = l2**3 / (27 * total**3) - l1 * l2 / (6 * total**2) + l0 / (2 * total)
    p = (1 if q > 0 else -1) * sqrt(max(0.0, l2**2 / (9 * total**2) - l1 / (3 * total)))
    angle = 0.0 if p == 0 else (pi + acos(max(-1.0, min(1.0, q / p**3)))) / 3
    second = _inside(2 * p * cos(angle) - l2 / (3 * total))
    return _inside(second + value), second


def _rates_at_risk_ratio(counts: TwoCounts, ratio: float) -> tuple[float, float]:
    k1, n1, k2, n2 = counts
    a, c = (n1 + n2) * ratio, k1 + k2
    b = -(ratio * (n1 + k2) + k1 + n2)
    second = _inside((-b - sqrt(max(0.0, b * b - 4 * a * c))) / (2 * a))
    return _inside(ratio * second), second


def _rates_at_odds_ratio(counts: TwoCounts, ratio: float) -> tuple[float, float]:
    k1, n1, k2, n2 = counts
    a, c = n2 * (ratio - 1), -(k1 + k2)
    b = n1 * ratio + n2 - (k1 + k2) * (ratio - 1)
    # The other form of the root: that of the school book loses all digits where the ratio is near 1.
    second = _inside(-2 * c / (b + sqrt(max(0.0, b * b - 4 * a * c))))
    return _inside(ratio * second / (1 + second * (ratio - 1))), second


def _inside(rate: float) -> float:
    return min(1.0, max(0.0, rate))


def _log_likelihood(counts: TwoCounts, p1: float, p2: float) -> float:
    found = 0.0
    for k, n, p in ((counts.k1, counts.n1, p1), (counts.k2, counts.n2, p2)):
        found += k * log(max(p, 1e-300)) if k else 0.0
        found += (n - k) * log1p(-min(p, 1 - 1e-16)) if n > k else 0.0
    return found


# --- where a falling statistic reaches its limits ------------------------------------------------------


def _score(away: float, spread: float) -> float:
    if spread == 0:
        return 0.0 if away == 0 else (inf if away > 0 else -inf)
    return away / spread


def _reciprocal(value: float) -> float:
    return 1 / max(value, 1e-300)


def _invert(
    score: Callable[[float], float], z: float, ends: tuple[float, float], estimate: float
) -> tuple[float, float]:
    """Give where a statistic that falls with the value is z and -z, or the end of the possible values."""
    low, high = ends
    lower = _root(lambda value: score(value) - z, low, estimate) if score(low + 1e-12) > z else low
    upper = _root(lambda value: score(value) + z, estimate, high) if score(high - 1e-12) < -z else high
    return lower, upper


def _invert_ratio(
    score: Callable[[float], float], z: float, above: float, below: float
) -> tuple[float, float]:
    """Give the ends of a ratio; one whose upper or lower part is 0 has 0 or no bound as its end."""
    estimate = -_WIDEST if above == 0 else _WIDEST if below == 0 else log(above / below)
    low = 0.0 if above == 0 else exp(_root(lambda value: score(value) - z, -_WIDEST, estimate))
    high = inf if below == 0 else exp(_root(lambda value: score(value) + z, estimate, _WIDEST))
    return low, high


def _root(falling: Callable[[float], float], low: float, high: float) -> float:
    """Find where a falling function crosses 0, by halving: 60 steps leave nothing that is printed."""
    for _ in range(60):
        middle = (low + high) / 2
        if falling(middle) > 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2
