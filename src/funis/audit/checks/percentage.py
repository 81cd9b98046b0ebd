"""A percentage against its count and denominator.

Rule: 100 count / denominator must lie in the closed interval of what is rounded to the printed percentage
(ties rounded up or to even), or be cut off to it. Nothing is assumed about the data.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import ceil, floor
from typing import Final

from funis.audit.figures import PrintedCount, PrintedNumber
from funis.audit.findings import CONSISTENT, INCONSISTENT, UNEXPLAINED, AuditFinding, make_finding
from funis.audit.gathered import GatheredFigures
from funis.audit.words import list_numbers, show_fraction

NAME: Final = "percentage"
#: Denominators this far around the printed one are looked at for an explanation.
_NEAR: Final = 5


def check_percentages(figures: GatheredFigures) -> Iterator[AuditFinding]:
    """Check every percentage whose count and denominator are printed."""
    for figure in figures.counts:
        if figure.count is None or figure.denominator is None:
            continue
        if figure.count.value > figure.denominator.value:
            yield _more_than_all(figure, figure.count, figure.denominator)
        elif figure.percent is not None and figure.denominator.value > 0:
            yield _check(figure, figure.count, figure.denominator, figure.percent)


def ways_to_print(exact: Fraction, printed: PrintedNumber) -> str:
    """Say by which rule an exact value is printed so; empty where by none.

    Examples
    --------
    >>> ways_to_print(Fraction(75, 2), PrintedNumber("37.5"))
    'exactly'
    >>> ways_to_print(Fraction(125, 2), PrintedNumber("62"))
    'a tie rounded to even'
    >>> ways_to_print(Fraction(200, 3), PrintedNumber("66"))
    'cut off, not rounded'
    """
    if exact == printed.value:
        return "exactly"
    gap = exact - printed.value
    if abs(gap) < printed.unit / 2:
        return "rounded"
    if abs(gap) == printed.unit / 2:
        last_is_even = (printed.value / printed.unit) % 2 == 0
        away = abs(printed.value) > abs(exact)
        rules = [rule for rule, holds in (("away from zero", away), ("to even", last_is_even)) if holds]
        return f"a tie rounded {' or '.join(rules) or 'down'}"
    ends = printed.truncation
    reached = exact in {ends.lower, ends.upper}
    return "cut off, not rounded" if ends.holds(exact) and not reached else ""


def _check(
    figure: PrintedCount, count: PrintedNumber, denominator: PrintedNumber, percent: PrintedNumber
) -> AuditFinding:
    exact = 100 * count.value / denominator.value
    digits = percent.decimals + 2
    said = f"{count}/{denominator} = {show_fraction(exact, digits)}%; {percent}% is printed"
    way = ways_to_print(exact, percent)
    if way:
        statement = f"{percent}% of {denominator} agrees with {count}."
        certainty = "Nothing is assumed."
        return make_finding(NAME, CONSISTENT, [figure], statement, f"{said} ({way}).", certainty=certainty)
    return make_finding(
        NAME,
        INCONSISTENT,
        [figure],
        f"{count} of {denominator} is not {percent}%.",
        f"{said}.{_explain(count, denominator, percent)}",
        certainty="Certain, however ties are rounded and also where digits are cut off.",
        ask=f"Which of the three is meant: the count {count}, the denominator {denominator} or {percent}%?",
    )


def _explain(count: PrintedNumber, denominator: PrintedNumber, percent: PrintedNumber) -> str:
    """Name counts and denominators nearby that would give the percentage."""
    ends = percent.rounding
    whole = int(denominator.value)
    low, high = ceil(ends.lower * whole / 100), floor(ends.upper * whole / 100)
    words = ""
    if low <= high:
        words += f" Of {whole}, {list_numbers(range(low, high + 1))} would be {percent}%."
    near = [
        n
        for n in range(max(1, whole - _NEAR), whole + _NEAR + 1)
        if n >= count.value and ends.holds(100 * count.value / n)
    ]
    if near:
        words += f" {count} would be {percent}% of {list_numbers(near)}."
    return words


def _more_than_all(figure: PrintedCount, count: PrintedNumber, denominator: PrintedNumber) -> AuditFinding:
    return make_finding(
        NAME,
        UNEXPLAINED,
        [figure],
        f"The count {count} is larger than its denominator {denominator}.",
        f"{count} > {denominator}.",
        certainty="Certain where subjects are counted; events can be more than subjects.",
        ask=f"Does {count} count subjects or events, and is {denominator} the number of subjects?",
    )
