"""Figures beyond what the text says every subject keeps: entry criteria, observed ranges, ends of the scale.

Rule: a mean or median lies between the lowest and the highest value; a mean of subjects who must all be
above 6 is above 6. The criterion holds at entry and at no other time. (What a spread can be between the
same bounds is checked with the spreads.)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from funis.audit.bounds import bounds_at
from funis.audit.figures import PrintedMean, PrintedMedian, PrintedNumber
from funis.audit.findings import CONSISTENT, INCONSISTENT, AuditFinding, make_finding
from funis.audit.gathered import GatheredFigures
from funis.audit.words import name_figure, show_bound

NAME: Final = "stated_limits"


def check_stated_limits(figures: GatheredFigures) -> Iterator[AuditFinding]:
    """Check every mean and median against the limits of its outcome, and quartiles and ranges with them."""
    held: list[PrintedMean | PrintedMedian] = [*figures.means, *figures.medians]
    for figure in held:
        found = _check(figures, figure)
        if found is not None:
            yield found
    for median in figures.medians:
        yield from _check_order(median)


def _check(figures: GatheredFigures, figure: PrintedMean | PrintedMedian) -> AuditFinding | None:
    bounds = bounds_at(figures, figure.about, figure.place.file)
    low, high = bounds.scale.minimum, bounds.scale.maximum
    printed = figure.mean if isinstance(figure, PrintedMean) else figure.median
    kind = "mean" if isinstance(figure, PrintedMean) else "median"
    about, held = name_figure(figure.about), (figure, *bounds.limits)
    ends = printed.rounding
    if low is not None and ends.upper < low:
        fault = f"{printed} < {show_bound(low)}, the lowest value a subject can have"
    elif high is not None and ends.lower > high:
        fault = f"{printed} > {show_bound(high)}, the highest value a subject can have"
    elif not bounds.limits:
        return None
    else:
        statement = f"{about}: the {kind} {printed} keeps the stated limits."
        arithmetic = f"Values of subjects go from {show_bound(low)} to {show_bound(high)}."
        return make_finding(NAME, CONSISTENT, held, statement, arithmetic)
    stated = " and ".join(f"{each.relation} {each.value} ({each.kind})" for each in bounds.limits)
    return make_finding(
        NAME,
        INCONSISTENT,
        held,
        f"{about}: the {kind} {printed} lies beyond the stated limits.",
        f"{fault}{f'; the text states {stated}' if stated else ''}.",
        certainty="Certain where every subject keeps the limit at that time.",
        ask="Did every subject keep the limit, and is the figure of the same subjects?",
    )


def _check_order(figure: PrintedMedian) -> Iterator[AuditFinding]:
    """Check that a median lies between what is printed around it."""
    beyond = [
        words
        for end, words, is_beyond in (
            (figure.low, "below its lower end", _is_below),
            (figure.high, "above its upper end", _is_above),
        )
        if end is not None and is_beyond(figure.median, end)
    ]
    if beyond:
        yield make_finding(
            NAME,
            INCONSISTENT,
            [figure],
            f"{name_figure(figure.about)}: the median {figure.median} lies {beyond[0]}.",
            f"{figure.median} ({figure.low or 'not printed'} to {figure.high or 'not printed'}).",
            certainty="Certain: a median lies between quartiles and between the ends of a range.",
            ask="Are the median and the two ends of the same values?",
        )


def _is_below(median: PrintedNumber, low: PrintedNumber) -> bool:
    return median.rounding.upper < low.rounding.lower


def _is_above(median: PrintedNumber, high: PrintedNumber) -> bool:
    return median.rounding.lower > high.rounding.upper
