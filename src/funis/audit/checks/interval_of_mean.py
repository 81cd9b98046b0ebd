"""Intervals of means recomputed from the spread and the number of subjects, by t and by normal quantiles.

Rule: half the width is q s / sqrt(n) of a standard deviation s, q e of a standard error e, with q the
quantile of t with n - 1 degrees of freedom or of the normal distribution. All figures stand for what is
rounded to them.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import sqrt
from typing import Final, NamedTuple

from funis.audit.figures import PrintedInterval, PrintedMean
from funis.audit.findings import CONSISTENT, INCONSISTENT, UNEXPLAINED, AuditFinding, make_finding
from funis.audit.gathered import GatheredFigures, same_words
from funis.audit.times import same_time
from funis.audit.words import describe_interval, describe_mean, list_numbers, name_figure, show_fraction

NAME: Final = "interval_of_mean"
_LEVELS: Final = (50, 99.99)
#: Numbers of subjects that are tried for an explanation.
_MOST_TRIED: Final = 5_000
_MOST_SUBJECTS: Final = 10_000_000


class _Halves(NamedTuple):
    """Smallest and largest half width."""

    lowest: float
    highest: float

    def meets(self, other: _Halves) -> bool:
        slack = 1e-9 * max(1e-12, self.highest)
        return self.lowest <= other.highest + slack and other.lowest <= self.highest + slack


def check_intervals_of_means(figures: GatheredFigures) -> Iterator[AuditFinding]:
    """Check every interval of a mean whose spread and number of subjects are printed."""
    for figure in figures.intervals:
        is_usable = _LEVELS[0] <= figure.level.value <= _LEVELS[1] and not (
            figure.is_adjusted or figure.is_credible
        )
        if figure.measure != "mean" or not is_usable:
            continue
        mean = _mean_of(figures, figure)
        if mean is not None and mean.spread is not None:
            subjects = figures.subjects_of(mean)
            if subjects is not None and 2 <= subjects.n <= _MOST_SUBJECTS:
                yield _check(figure, mean, subjects.n, is_own=subjects.printed_with_it)


def _mean_of(figures: GatheredFigures, figure: PrintedInterval) -> PrintedMean | None:
    held = [
        each
        for each in figures.means
        if each.place.file == figure.place.file
        and same_words(each.about.outcome, figure.about.outcome)
        and same_words(each.about.group, figure.about.group)
        and same_time(each.about.time, figure.about.time)
        and (figure.estimate is None or each.mean.value == figure.estimate.value)
    ]
    return held[0] if len(held) == 1 else None


def _check(figure: PrintedInterval, mean: PrintedMean, n: int, *, is_own: bool) -> AuditFinding:
    printed = _printed_half(figure)
    ways = _ways(figure, mean, n)
    about = f"{name_figure(figure.about)}: {describe_interval(figure)}"
    working = f"{describe_mean(mean)} of {n}: " + "; ".join(
        f"{name} gives a half width of {show_fraction(each.lowest, 4)} to {show_fraction(each.highest, 4)}"
        for name, each in ways.items()
    )
    working += f"; {show_fraction(printed.lowest, 4)} to {show_fraction(printed.highest, 4)} is printed."
    fitting = [name for name, each in ways.items() if each.meets(printed)]
    if fitting:
        statement = f"{about} agrees with {describe_mean(mean)} of {n}."
        working = f"{working} It fits {' and '.join(fitting)}."
        return make_finding(NAME, CONSISTENT, (figure, mean), statement, working)
    near = [
        each
        for each in range(2, _MOST_TRIED)
        if any(half.meets(printed) for half in _ways(figure, mean, each).values())
    ]
    if near:
        working += f" It would fit {list_numbers(near)} subjects."
    return make_finding(
        NAME,
        INCONSISTENT if figure.method == "t" and is_own and mean.spread_kind != "not said" else UNEXPLAINED,
        (figure, mean),
        f"{about} is not that of {describe_mean(mean)} of {n}.",
        working,
        certainty="Certain for t and normal intervals of these figures; models, transformed values, "
        "bootstrap and missing values give others.",
        ask="Of how many subjects is the interval, by which method, and is the spread a standard deviation?",
    )


def _printed_half(figure: PrintedInterval) -> _Halves:
    low, high = figure.low.rounding, figure.high.rounding
    return _Halves(max(0.0, float(high.lower - low.upper) / 2), float(high.upper - low.lower) / 2)


def _ways(figure: PrintedInterval, mean: PrintedMean, n: int) -> dict[str, _Halves]:
    """Give the half widths by quantile and by what the spread may be."""
    from funis.stats.sample import normal_quantile, t_quantile

    assert mean.spread is not None  # noqa: S101 - asked by the caller
    level = float(figure.level.value) / 100
    ends = max(0.0, float(mean.spread.rounding.lower)), float(mean.spread.rounding.upper)
    found = {}
    for name, quantile in (("t", t_quantile(n - 1, level)), ("normal", normal_quantile(level))):
        if mean.spread_kind != "se":
            found[f"{name} of a standard deviation"] = _Halves(*(quantile * end / sqrt(n) for end in ends))
        if mean.spread_kind != "sd":
            found[f"{name} of a standard error"] = _Halves(*(quantile * end for end in ends))
    return found
