"""Mean, standard deviation and interval of an outcome against its median and range.

Rules: with lowest value a, median m and highest value b of n values, the lower half are at least a and the
upper half at least m, which bounds the mean (Hozo, Djulbegovic and Hozo 2005, BMC Med Res Methodol 5: 13);
the standard deviation with divisor n is at least the distance of mean and median (Hotelling and Solomons
1932, Ann Math Stat 3: 141); the sum of squares is at least (b - a)² / 2 and at most n (b - a)² / 4
(Popoviciu 1935). An interval of a median that assumes no distribution has as its ends two of the values,
and of n values it covers the median with 1 - 2 / 2ⁿ at most (Thompson 1936, Ann Math Stat 7: 122).
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import sqrt
from typing import Final

from funis.audit.figures import NOT_SAID, PrintedInterval, PrintedMean, PrintedMedian, RoundingInterval
from funis.audit.findings import CONSISTENT, INCONSISTENT, UNEXPLAINED, AuditFinding, make_finding
from funis.audit.gathered import GatheredFigures, same_words
from funis.audit.times import same_time
from funis.audit.words import describe_interval, describe_mean, name_figure, show_fraction

NAME: Final = "median_bounds"


def check_median_bounds(figures: GatheredFigures) -> Iterator[AuditFinding]:
    """Check means and intervals of medians against medians of the same subjects with their ranges."""
    for median in figures.medians:
        for mean in figures.means:
            if _is_of_same(mean, median):
                yield from _check_mean(mean, median)
        for interval in figures.intervals:
            if interval.measure == "median" and _is_of_same(interval, median) and _is_equal(interval, median):
                yield from _check_interval(figures, interval, median)


def _is_of_same(one: PrintedMean | PrintedInterval, median: PrintedMedian) -> bool:
    return (
        one.place.file == median.place.file
        and bool(one.about.outcome)
        and same_words(one.about.outcome, median.about.outcome)
        and same_words(one.about.group, median.about.group)
        and same_words(one.about.unit, median.about.unit)
        and same_time(one.about.time, median.about.time)
    )


def _is_equal(interval: PrintedInterval, median: PrintedMedian) -> bool:
    return interval.estimate is None or interval.estimate.value == median.median.value


def _check_mean(mean: PrintedMean, median: PrintedMedian) -> Iterator[AuditFinding]:
    # The size of the group alone may count subjects without a value.
    n = next((int(each.n.value) for each in (mean, median) if each.n is not None), None)
    faults = [*_mean_faults(mean, median, n), *_spread_faults(mean, median, n)]
    about, shown = name_figure(mean.about), _describe(median)
    if not faults:
        if median.spread_kind == "range":
            statement = f"{about}: {describe_mean(mean)} and {shown} can be of the same subjects."
            working = (
                "The mean lies within its bounds, and so does the standard deviation where one is printed."
            )
            yield make_finding(NAME, CONSISTENT, (mean, median), statement, working)
        return
    # In one sentence both are of the same subjects; elsewhere somebody may have been left out.
    is_sure = mean.place.sentence == median.place.sentence and mean.about.group != NOT_SAID
    yield make_finding(
        NAME,
        INCONSISTENT if is_sure else UNEXPLAINED,
        (mean, median),
        f"{about}: {describe_mean(mean)} and {shown} cannot be of the same subjects.",
        " ".join(faults),
        certainty="Certain for any values, where both are of the same subjects and nothing was transformed.",
        ask="Are both of the same subjects, and are the ends the lowest and the highest value?",
    )


def _describe(median: PrintedMedian) -> str:
    ends = (
        ""
        if median.low is None or median.spread_kind != "range"
        else f", range {median.low} to {median.high}"
    )
    return f"median {median.median}{ends}"


def _mean_faults(mean: PrintedMean, median: PrintedMedian, n: int | None) -> Iterator[str]:
    """Hold the mean against lowest value, median and highest value."""
    if median.spread_kind != "range" or median.low is None or median.high is None:
        return
    low, middle, high = (each.rounding for each in (median.low, median.median, median.high))
    least, most = (
        _bounds(low.lower, middle.lower, high.lower, n),
        -_bounds(-high.upper, -middle.upper, -low.upper, n),
    )
    own = mean.mean.rounding
    if own.upper < least or own.lower > most:
        of = "" if n is None else f" of {n} values"
        yield (
            f"The mean{of} with {_describe(median)} lies from {show_fraction(least, 3)} to "
            f"{show_fraction(most, 3)}; {mean.mean} is printed."
        )


def _bounds(low: Fraction, middle: Fraction, high: Fraction, n: int | None) -> Fraction:
    """Give the least mean: half the values at the lowest, the others at the median, one at the highest."""
    if n is None or n < 3:
        return (low + middle) / 2 if n is None else low
    lower = n // 2 if n % 2 == 0 else (n - 1) // 2
    # The two middle values of an even number may differ; their sum is twice the median.
    if n % 2 == 0:
        return ((lower - 1) * low + 2 * middle + (lower - 2) * middle + high) / n if n > 2 else low
    return (lower * low + middle + (lower - 1) * middle + high) / n


def _spread_faults(mean: PrintedMean, median: PrintedMedian, n: int | None) -> Iterator[str]:
    """Hold a standard deviation against the range, and against the distance of mean and median."""
    if mean.spread is None or mean.spread_kind != "sd":
        return
    spread = mean.spread.rounding
    distance = _distance(mean.mean.rounding, median.median.rounding)
    if spread.upper < distance:
        yield (
            f"Mean {mean.mean} and median {median.median} are {show_fraction(distance, 3)} apart or more, "
            f"which is more than the standard deviation {mean.spread}."
        )
    if median.spread_kind != "range" or median.low is None or median.high is None or (n or 2) < 2:
        return
    widest = median.high.rounding.upper - median.low.rounding.lower
    narrowest = max(Fraction(0), median.high.rounding.lower - median.low.rounding.upper)
    # Without n the divisor of two values is the one that allows most.
    most = float(widest) / 2 * sqrt((n or 2) / ((n or 2) - 1))
    least = float(narrowest) / sqrt(2 * (n - 1)) if n else 0.0
    if float(spread.lower) > most * (1 + 1e-9) or float(spread.upper) < least * (1 - 1e-9):
        yield (
            f"With range {median.low} to {median.high} the standard deviation of {n or 'any'} values lies "
            f"from {show_fraction(least, 3)} to {show_fraction(most, 3)}; {mean.spread} is printed."
        )


def _distance(one: RoundingInterval, other: RoundingInterval) -> Fraction:
    return max(Fraction(0), one.lower - other.upper, other.lower - one.upper)


def _check_interval(
    figures: GatheredFigures, interval: PrintedInterval, median: PrintedMedian
) -> Iterator[AuditFinding]:
    """Hold an interval of a median against the range, and against how few values there are."""
    faults = []
    if median.spread_kind == "range" and median.low is not None and median.high is not None:
        below = interval.low.rounding.upper < median.low.rounding.lower
        above = interval.high.rounding.lower > median.high.rounding.upper
        if below or above:
            faults.append(f"The range is {median.low} to {median.high}: the interval ends beyond it.")
    subjects = figures.subjects_of(median)
    if subjects is not None and subjects.n < 64:
        most = 1 - Fraction(2, 2**subjects.n)
        if most < interval.level.value / 100:
            faults.append(
                f"Lowest and highest of {subjects.n} values cover the median with "
                f"{show_fraction(100 * most, 1)}% at most."
            )
    if faults:
        yield make_finding(
            NAME,
            UNEXPLAINED,
            (interval, median),
            f"{name_figure(interval.about)}: {describe_interval(interval)} is none of two of the values.",
            " ".join(faults),
            certainty="Certain for intervals that assume no distribution; models give others.",
            ask="By which method, and of how many subjects, was the interval of the median computed?",
        )
