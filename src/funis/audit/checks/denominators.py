"""Denominators that are not printed: of how many subjects can a percentage be.

Rules: a count and its percentage name the denominators that give it; a percentage and its denominator must
have a count (GRIM for percentages: Brown and Heathers 2017); a percentage alone is held against the size
of its group. Closed intervals: ties may be rounded either way. Digits that were cut off are accepted where
rounding fails.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import ceil, floor
from typing import Final, NamedTuple

from funis.audit.causes import CausedFinding, share_numbers, tell_once
from funis.audit.figures import (
    PrintedCount,
    PrintedFigure,
    PrintedGroupSize,
    PrintedNumber,
    RoundingInterval,
)
from funis.audit.findings import (
    CONSISTENT,
    INCONSISTENT,
    NOT_CHECKABLE,
    UNEXPLAINED,
    AuditFinding,
    make_finding,
)
from funis.audit.gathered import GatheredFigures
from funis.audit.granularity import fewer_than
from funis.audit.words import list_numbers, name_figure, name_time, show_fraction

NAME: Final = "denominator"
#: Denominators that are tried where no size of a group is printed and the percentage leaves them no end.
_MOST_TRIED: Final = 1_000


def check_denominators(figures: GatheredFigures) -> Iterator[AuditFinding]:
    """Check every percentage that lacks its count, its denominator or both; one other number is told once."""
    found = list(_check_all(figures))
    open_ones = {
        place: (each.numbers, each.size)
        for place, each in enumerate(found)
        if each.finding.classification == UNEXPLAINED and each.size is not None
    }
    causes: dict[int, tuple[object, ...]] = {}
    for size in dict.fromkeys(each for _, each in open_ones.values()):
        numbers = {place: held for place, (held, of) in open_ones.items() if of is size}
        for places, common in share_numbers(numbers):
            causes |= dict.fromkeys(places, (size, common))
    yield from tell_once(
        _with_cause(each, causes[place]) if place in causes else CausedFinding(each.finding)
        for place, each in enumerate(found)
    )


class _Checked(NamedTuple):
    """A finding about a percentage; the numbers that explain it, and the size it was held against."""

    finding: AuditFinding
    numbers: Sequence[int] = ()
    size: PrintedGroupSize | None = None
    printed: str = ""


def _with_cause(each: _Checked, cause: tuple[object, ...]) -> CausedFinding:
    size, common = cause
    if not isinstance(size, PrintedGroupSize) or not isinstance(common, tuple) or not common:
        return CausedFinding(each.finding)
    group = f" ({size.about.group})" if size.about.group else ""
    return CausedFinding(
        each.finding,
        (size.place.file, size.id, common),
        each.printed,
        "",
        "",
        f" are not of the {size.n} subjects of the group{group}; of {list_numbers(common)} all can be.",
    )


def _check_all(figures: GatheredFigures) -> Iterator[_Checked]:
    for figure in figures.counts:
        if figure.percent is None:
            continue
        if figure.denominator is not None:
            if figure.count is None:
                yield _Checked(_check_count_exists(figure, figure.percent, figure.denominator))
        elif figure.count is not None:
            yield _check_count(figures, figure, figure.percent, figure.count)
        else:
            yield _check_alone(figures, figure, figure.percent)


def denominators_of(count: int, percent: PrintedNumber, most: int) -> range:
    """Give the denominators of which a count is a percentage.

    Parameters
    ----------
    count, percent : as printed
    most : the largest one, where a percentage that may be 0 leaves no end

    Examples
    --------
    >>> denominators_of(3, PrintedNumber("7.5"), 200), denominators_of(3, PrintedNumber("12.5"), 200)
    (range(40, 41), range(24, 25))
    """
    ends = percent.rounding
    if count == 0:
        return range(1, most + 1 if ends.lower <= 0 else 1)
    if ends.upper <= 0:
        return range(0)
    low = max(count, ceil(100 * count / ends.upper))
    high = most if ends.lower <= 0 else floor(100 * count / ends.lower)
    return range(low, high + 1)


def counts_of(percent: PrintedNumber, denominator: int) -> range:
    """Give the counts of a denominator that are printed as a percentage; cut off where none is rounded to it.

    Examples
    --------
    >>> counts_of(PrintedNumber("54.0"), 150), counts_of(PrintedNumber("67.4"), 150)
    (range(81, 82), range(102, 102))
    """
    return _counts_in(percent.rounding, denominator) or _cut_off(percent, denominator)


def _counts_in(ends: RoundingInterval, denominator: int) -> range:
    low = max(0, ceil(ends.lower * denominator / 100))
    high = min(denominator, floor(ends.upper * denominator / 100))
    return range(low, high + 1)


def _cut_off(percent: PrintedNumber, denominator: int) -> range:
    ends = percent.truncation
    found = _counts_in(ends, denominator)
    # The upper end is a limit that is not reached.
    return found[:-1] if found and 100 * found[-1] == ends.upper * denominator else found


def _check_count_exists(
    figure: PrintedCount, percent: PrintedNumber, denominator: PrintedNumber
) -> AuditFinding:
    n, about = int(denominator.value), name_figure(figure.about)
    found = counts_of(percent, n)
    if found:
        statement = f"{about}: {percent}% can be of {n}."
        arithmetic = f"{list_numbers(found)} of {n} is printed as {percent}%."
        return make_finding(NAME, CONSISTENT, [figure], statement, arithmetic)
    below = int(percent.value * n // 100)
    near = " and ".join(
        f"{k}/{n} = {show_fraction(Fraction(100 * k, n), percent.decimals + 1)}%"
        for k in (below, below + 1)
        if n and 0 <= k <= n
    )
    return make_finding(
        NAME,
        INCONSISTENT,
        [figure],
        f"{about}: no count of {n} is {percent}%.",
        f"{near or f'n = {n}'}; {percent}% is printed.",
        certainty="Certain where subjects are counted, also where digits are cut off.",
        ask=f"How many subjects are {percent}%, and of how many?",
    )


def _check_count(
    figures: GatheredFigures, figure: PrintedCount, percent: PrintedNumber, count: PrintedNumber
) -> _Checked:
    about = name_figure(figure.about)
    size = figures.size_of(figure.about, figure.place.file)
    size = None if size is None or size.n.value == 0 else size
    most = max(_MOST_TRIED, int(size.n.value) if size is not None else 0)
    found = denominators_of(int(count.value), percent, most)
    tried = "" if percent.rounding.lower > 0 else f" (1 to {most} tried)"
    arithmetic = f"{count} is {percent}% of {list_numbers(found)}{tried}."
    held: list[PrintedFigure] = [figure] if size is None else [figure, size]
    if not found:
        return _Checked(
            make_finding(
                NAME,
                INCONSISTENT,
                held,
                f"{about}: {count} is {percent}% of no number of subjects.",
                arithmetic,
                certainty="Certain for a rounded percentage of subjects.",
                ask=f"Of how many subjects are the {count} counted?",
            )
        )
    if size is None or int(size.n.value) in found:
        whom = "the group" if size is not None else "the numbers listed"
        statement = f"{about}: {count} is {percent}% of {whom}."
        ask = (
            ""
            if figure.denominator_name or size is not None
            else "What is the denominator of the percentage?"
        )
        return _Checked(make_finding(NAME, CONSISTENT, held, statement, arithmetic, ask=ask))
    told = make_finding(
        NAME,
        UNEXPLAINED,
        held,
        f"{about}: {count} is {percent}% of another number than the {size.n} subjects of the group.",
        f"{count}/{size.n} = {show_fraction(100 * count.value / size.n.value, percent.decimals + 2)}%; "
        f"{arithmetic}",
        certainty="Certain for a rounded percentage; the denominator may be those with a value.",
        ask="What is the denominator of the percentage, and who is not in it?",
    )
    # Of very many numbers none is worth naming as the one that explains several percentages.
    numbers = found if len(found) <= _MOST_TRIED else ()
    return _Checked(told, numbers, size, f"{count} ({percent}%){_of_what(figure)}")


def _check_alone(figures: GatheredFigures, figure: PrintedCount, percent: PrintedNumber) -> _Checked:
    about = name_figure(figure.about)
    size = figures.size_of(figure.about, figure.place.file)
    if size is None or size.n.value == 0:
        statement = f"{about}: {percent}% has neither count nor denominator."
        reason = "The size of the group is not printed either."
        ask = "How many, of how many?"
        return _Checked(make_finding(NAME, NOT_CHECKABLE, [figure], statement, reason, ask=ask))
    n = int(size.n.value)
    found = counts_of(percent, n)
    if found:
        statement = f"{about}: {percent}% can be of the {n} subjects of the group."
        arithmetic = f"{list_numbers(found)} of {n} is printed as {percent}%."
        return _Checked(make_finding(NAME, CONSISTENT, [figure, size], statement, arithmetic))
    fewer = [k for k in fewer_than(n) if counts_of(percent, k)]
    told = make_finding(
        NAME,
        UNEXPLAINED,
        [figure, size],
        f"{about}: {percent}% is no share of the {n} subjects of the group.",
        f"No count of {n} is printed as {percent}%; of fewer, it can be of {list_numbers(fewer)}.",
        certainty="Certain for a rounded percentage; the denominator may be those with a value.",
        ask="What is the denominator of the percentage?",
    )
    return _Checked(told, fewer, size, f"{percent}%{_of_what(figure)}")


def _of_what(figure: PrintedCount) -> str:
    outcome = figure.about.outcome
    return f"{f' {outcome}' if outcome else ''}{name_time(figure.about)}"


def implied_denominators(figure: PrintedCount, most: int = _MOST_TRIED) -> range:
    """Give the printed denominator, or those that count and percentage leave.

    Examples
    --------
    >>> from funis.audit.figures import FigureLabels, FigurePlace
    >>> list(implied_denominators(PrintedCount("a", FigureLabels(), FigurePlace(), PrintedNumber("4"),
    ...                                        percent=PrintedNumber("16.7"))))
    [24]
    """
    if figure.denominator is not None:
        return range(int(figure.denominator.value), int(figure.denominator.value) + 1)
    if figure.count is None or figure.percent is None:
        return range(0)
    return denominators_of(int(figure.count.value), figure.percent, most)
