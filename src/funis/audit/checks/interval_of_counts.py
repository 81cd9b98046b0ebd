"""Intervals of shares, and of two shares compared, recomputed from the counts by every method in use.

Rule: `funis.audit.interval_methods`. An end agrees where it is within one of the last printed digit: it
may be cut off, and shares are often rounded before an interval is computed. The estimate of two groups
may be that of either order, and an odds ratio the conditional one. A hazard ratio cannot be computed from
counts, but the standard error of its logarithm is at least 2 / sqrt(events) in a Cox model of two groups:
an event adds at most 1/4 to the information (derived from Cox 1972, J R Stat Soc B 34: 187).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from math import inf, isfinite, log, sqrt
from typing import Final

from funis.audit.causes import list_words
from funis.audit.checks.group_counts import count_of_group, with_denominator
from funis.audit.figures import IntervalMeasure, PrintedCount, PrintedFigure, PrintedInterval, PrintedNumber
from funis.audit.findings import CONSISTENT, INCONSISTENT, UNEXPLAINED, AuditFinding, make_finding
from funis.audit.gathered import GatheredFigures, same_words
from funis.audit.interval_methods import (
    ComputedInterval,
    TwoCounts,
    conditional_odds_ratio,
    intervals_of_difference,
    intervals_of_odds_ratio,
    intervals_of_risk_ratio,
    intervals_of_share,
)
from funis.audit.times import same_time
from funis.audit.words import describe_interval, name_figure, show_fraction

NAME: Final = "interval_of_counts"
_METHODS: Final[Mapping[IntervalMeasure, Callable[[TwoCounts, float], Iterator[ComputedInterval]]]] = {
    "odds ratio": intervals_of_odds_ratio,
    "risk ratio": intervals_of_risk_ratio,
    "risk difference": intervals_of_difference,
}
#: Counts up to which intervals are recomputed, and levels, in percent.
_MOST_SUBJECTS: Final = 10_000_000
_LEVELS: Final = (50, 99.99)


def check_intervals_of_counts(figures: GatheredFigures) -> Iterator[AuditFinding]:
    """Check every interval whose counts are printed; hazard ratios by their events."""
    for figure in figures.intervals:
        if figure.is_adjusted or figure.is_credible or not _LEVELS[0] <= figure.level.value <= _LEVELS[1]:
            continue
        if figure.measure == "proportion":
            one = _share_of(figures, figure)
            if one is not None:
                yield _check_share(figure, one)
        elif figure.against_group and (figure.measure in _METHODS or figure.measure == "hazard ratio"):
            held = [
                count_of_group(figures, figure.about, figure.place.file, group)
                for group in (figure.about.group, figure.against_group)
            ]
            if held[0] is not None and held[1] is not None and _are_computable(held[0], held[1]):
                check = _check_hazard if figure.measure == "hazard ratio" else _check_two
                yield check(figure, held[0], held[1])


def _are_computable(*held: PrintedCount) -> bool:
    return all(each.denominator is not None and each.denominator.value <= _MOST_SUBJECTS for each in held)


def _share_of(figures: GatheredFigures, figure: PrintedInterval) -> PrintedCount | None:
    """Find the count of a share, None where none or more than one is printed with its denominator."""
    held = []
    for each in figures.counts:
        is_same = (
            each.place.file == figure.place.file
            and same_words(each.about.outcome, figure.about.outcome)
            and same_words(each.about.group, figure.about.group)
            and same_time(each.about.time, figure.about.time)
        )
        if is_same and each.count is not None and _is_of(each, figure.estimate):
            found = with_denominator(figures, each)
            if found.denominator is not None and found.denominator.value > 0:
                held.append(found)
    fits = len(held) == 1 and held[0].count is not None and held[0].denominator is not None
    if not fits or not _are_computable(held[0]):
        return None
    return held[0] if held[0].count.value <= held[0].denominator.value else None  # type: ignore[union-attr]


def _is_of(count: PrintedCount, estimate: PrintedNumber | None) -> bool:
    if estimate is None or count.percent is None:
        return True
    return count.percent.value == estimate.value


def _agrees(printed: PrintedNumber, value: float, scale: float) -> bool:
    """Tell whether a value is printed so: rounded, cut off, or of shares that were rounded before."""
    if not isfinite(value):
        return False
    slack = float(printed.unit) * (1 + 1e-9)
    return abs(value * scale - float(printed.value)) <= slack


def _fitting(
    figure: PrintedInterval, found: Iterable[ComputedInterval], scale: float
) -> list[ComputedInterval]:
    return [
        each
        for each in found
        if _agrees(figure.low, each.low, scale) and _agrees(figure.high, each.high, scale)
    ]


def _show(found: Iterable[ComputedInterval], figure: PrintedInterval, scale: float) -> str:
    digits = max(figure.low.decimals, figure.high.decimals) + 1
    return "; ".join(
        f"{each.name} {show_fraction(scale * each.low, digits)} to "
        f"{show_fraction(scale * each.high, digits) if each.high < inf else 'no bound'}"
        for each in found
    )


def _names(found: Iterable[ComputedInterval]) -> str:
    return list_words(each.name for each in found)


def _judge(
    figure: PrintedInterval,
    held: tuple[PrintedFigure, ...],
    found: Sequence[ComputedInterval],
    counts: str,
    scale: float,
) -> AuditFinding:
    """Hold an interval against all methods; where the text names one, against that."""
    about, said = name_figure(figure.about), describe_interval(figure)
    named = [each for each in found if each.key == figure.method] if figure.method else []
    fitting = _fitting(figure, named or found, scale)
    if fitting:
        statement = f"{about}: {said} agrees with {counts}."
        working = f"{_show(fitting, figure, scale)}."
        return make_finding(NAME, CONSISTENT, held, statement, working, certainty="One method at least fits.")
    others = _fitting(figure, found, scale)
    working = f"{counts}: {_show(named or found, figure, scale)}."
    if others:
        working += f" {_names(others)} would agree."
    return make_finding(
        NAME,
        INCONSISTENT if named and not others else UNEXPLAINED,
        held,
        f"{about}: {counts} does not give {said} by {'the named' if named else 'any usual'} method.",
        working,
        certainty="Certain for these methods; strata, clusters, weights, models and Bayes give others.",
        ask="By which method, and of which counts, was the interval computed?",
    )


def _check_share(figure: PrintedInterval, one: PrintedCount) -> AuditFinding:
    k, n = _pair(one)
    scale = 100.0 if figure.about.unit == "%" else 1.0
    found = list(intervals_of_share(k, n, float(figure.level.value) / 100))
    return _judge(figure, (figure, one), found, f"{k}/{n}", scale)


def _pair(one: PrintedCount) -> tuple[int, int]:
    return (int(one.count.value) if one.count else 0), (int(one.denominator.value) if one.denominator else 0)


@lru_cache(maxsize=512)
def _estimates(measure: IntervalMeasure, counts: TwoCounts) -> dict[str, float]:
    """Give the estimates of a comparison, the first group against the second."""
    a, b, c, d = counts.cells
    if measure == "risk difference":
        return {"risk difference": counts.p1 - counts.p2}
    if measure == "risk ratio":
        halves = (a + 0.5) * (counts.n2 + 0.5) / ((counts.n1 + 0.5) * (c + 0.5))
        return {
            "risk ratio": counts.p1 / counts.p2 if c else inf,
            "risk ratio with halves added": halves,
        }
    halves = (a + 0.5) * (d + 0.5) / ((b + 0.5) * (c + 0.5))
    return {
        "odds ratio": a * d / (b * c) if b * c else inf,
        "odds ratio with halves added": halves,
        "conditional odds ratio": conditional_odds_ratio(counts),
    }


@lru_cache(maxsize=512)
def _computed(measure: IntervalMeasure, counts: TwoCounts, level: float) -> tuple[ComputedInterval, ...]:
    return tuple(_METHODS[measure](counts, level))


def _check_two(figure: PrintedInterval, one: PrintedCount, two: PrintedCount) -> AuditFinding:
    counts, level = TwoCounts(*_pair(one), *_pair(two)), float(figure.level.value) / 100
    scale = 100.0 if figure.about.unit == "%" else 1.0
    shown = f"{one.count}/{one.denominator} against {two.count}/{two.denominator}"
    held = (figure, one, two)
    orders = {shown: counts, f"{shown}, in the other order": counts.turned}
    for words, each in orders.items():
        values = _estimates(figure.measure, each)
        if figure.estimate is None or any(
            _agrees(figure.estimate, value, scale) for value in values.values()
        ):
            found = _computed(figure.measure, each, level)
            told = _judge(figure, held, found, words, scale)
            if figure.estimate is not None or told.level == "note":
                return told
    if figure.estimate is None:
        return _judge(figure, held, _computed(figure.measure, counts, level), shown, scale)
    return _other_estimate(figure, held, orders, scale)


def _other_estimate(
    figure: PrintedInterval, held: tuple[PrintedFigure, ...], orders: Mapping[str, TwoCounts], scale: float
) -> AuditFinding:
    digits = (figure.estimate or figure.low).decimals + 1
    shown = "; ".join(
        f"{words}: {name} {show_fraction(scale * value, digits)}"
        for words, counts in orders.items()
        for name, value in _estimates(figure.measure, counts).items()
        if isfinite(value)
    )
    return make_finding(
        NAME,
        UNEXPLAINED,
        held,
        f"{name_figure(figure.about)}: the printed counts do not give {describe_interval(figure)}.",
        f"{shown}.",
        certainty="Certain for these counts; a model with covariates or strata gives another estimate.",
        ask="Is this estimate of these counts, or adjusted, and for what?",
    )


def _check_hazard(figure: PrintedInterval, one: PrintedCount, two: PrintedCount) -> AuditFinding:
    """Hold the width of a hazard ratio's interval against the least that its events leave."""
    from funis.stats.sample import normal_quantile

    events = _pair(one)[0] + _pair(two)[0]
    low, high = float(figure.low.rounding.lower), float(figure.high.rounding.upper)
    held, about = (figure, one, two), f"{name_figure(figure.about)}: {describe_interval(figure)}"
    z = normal_quantile(float(figure.level.value) / 100)
    widest = log(high / low) / (2 * z) if 0 < low < high else inf
    least = 2 / sqrt(events) if events else inf
    if widest >= least or not events:
        working = f"{events} events leave a standard error of 2/√{events} or more; the interval allows that."
        return make_finding(NAME, CONSISTENT, held, f"{about} is no narrower than its events allow.", working)
    return make_finding(
        NAME,
        UNEXPLAINED,
        held,
        f"{about} is narrower than {events} events allow.",
        f"The standard error of its logarithm is at most {show_fraction(widest, 3)}; of {events} events, "
        f"split as well as can be, it is 2/√{events} = {show_fraction(least, 3)} or more.",
        certainty="Certain for a Cox model of two groups with one event a subject, and these events.",
        ask="Are these the events of the hazard ratio, and of how many subjects?",
    )
