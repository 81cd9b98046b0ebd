"""Answers of three values, and numbers known only between two ends.

A criterion is met, not met, or cannot be determined. The logic is Kleene's: "no" settles an "and" whatever
the unknown would be, "yes" settles an "or". A value that is missing, or known only by its bounds, is a
span; a comparison is settled only where the whole span agrees. Numbers are decimals with nine places,
because 0.1 * 3 must never decide a response.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from funis.nine_decimals import round_decimal

Verdict = bool | None

YES: Final = "yes"
NO: Final = "no"
CANNOT_TELL: Final = "cannot tell"

COMPARISONS: Final[Mapping[str, Callable[[Decimal, Decimal], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def all_of(verdicts: Iterable[Verdict]) -> Verdict:
    """Return True when all are, False when one is not, None otherwise.

    Examples
    --------
    >>> all_of([True, None]), all_of([False, None]), all_of([])
    (None, False, True)
    """
    answer: Verdict = True
    for verdict in verdicts:
        if verdict is False:
            return False
        if verdict is None:
            answer = None
    return answer


def any_of(verdicts: Iterable[Verdict]) -> Verdict:
    """Return True when one is, False when none is, None otherwise.

    Examples
    --------
    >>> any_of([False, None]), any_of([True, None]), any_of([])
    (None, True, False)
    """
    answer: Verdict = False
    for verdict in verdicts:
        if verdict is True:
            return True
        if verdict is None:
            answer = None
    return answer


def reaches(verdicts: Sequence[Verdict], least: float, worth: Sequence[float] | None = None) -> Verdict:
    """Return whether the points of what is met reach a number, each verdict being worth one or its weight.

    Examples
    --------
    >>> reaches([True, None], 1), reaches([True, None], 2), reaches([True, False], 2), reaches([None], 4, [4])
    (True, None, False, None)
    """
    pairs = list(zip(verdicts, [1] * len(verdicts) if worth is None else worth, strict=True))
    sure = sum(points for verdict, points in pairs if verdict is True)
    possible = sum(points for verdict, points in pairs if verdict is not False)
    return True if sure >= least else None if possible >= least else False


def word_of(verdict: Verdict) -> str:
    """Return the printed word of a verdict: yes, no or cannot tell."""
    if verdict is None:
        return CANNOT_TELL
    return YES if verdict else NO


@dataclass(frozen=True, slots=True)
class Span:
    """A number known to lie between two ends; an end that is None is open.

    Attributes
    ----------
    low, high : lowest and highest value it can have
    is_recorded : False where nothing was recorded, and the ends only say what is possible at all
    """

    low: Decimal | None = None
    high: Decimal | None = None
    is_recorded: bool = field(default=True, compare=False)

    @property
    def is_known(self) -> bool:
        """Whether both ends are the same number."""
        return self.low is not None and self.low == self.high

    @property
    def is_open(self) -> bool:
        """Whether nothing at all is known."""
        return not self.is_recorded or (self.low is None and self.high is None)

    def within(self, lowest: Decimal, highest: Decimal | None) -> Span:
        """Return the same number, an end that is open being what is possible at all.

        Examples
        --------
        >>> Span().within(Decimal(0), Decimal(105)).minus(exactly(3)), str(Span().within(Decimal(0), None))
        (Span(low=Decimal('-3'), high=Decimal('102'), is_recorded=True), 'not recorded')
        """
        low = lowest if self.low is None else self.low
        high = highest if self.high is None else self.high
        return Span(low, high, is_recorded=not self.is_open)

    def minus(self, other: Span) -> Span:
        """Return the span of the difference, the two being free of each other."""
        low = None if self.low is None or other.high is None else self.low - other.high
        high = None if self.high is None or other.low is None else self.high - other.low
        return Span(low, high)

    def compare(self, symbol: str, limit: Decimal) -> Verdict:
        """Answer a comparison with a limit: settled only where both ends agree."""
        test = COMPARISONS[symbol]
        rising = symbol in {">", ">="}
        # An open end counts as the answer it could still give.
        at_low = (not rising) if self.low is None else test(round_decimal(self.low), limit)
        if self.low is not None and self.low is self.high:
            return at_low
        at_high = rising if self.high is None else test(round_decimal(self.high), limit)
        return at_low if at_low == at_high else None

    def __str__(self) -> str:
        """Print the value, or its ends."""
        if self.is_known and self.low is not None:
            return print_number(self.low)
        if self.is_open:
            return "not recorded"
        low = "?" if self.low is None else print_number(self.low)
        high = "?" if self.high is None else print_number(self.high)
        return f"{low} to {high}"


def exactly(value: Decimal | int) -> Span:
    """Return the span of one known number."""
    number = Decimal(value)
    return Span(number, number)


def print_number(value: Decimal) -> str:
    """Print a decimal without trailing zeros and at most three places, for a sentence.

    Examples
    --------
    >>> print_number(Decimal("4.500000000")), print_number(Decimal("10")), print_number(Decimal("-0.90"))
    ('4.5', '10', '-0.9')
    """
    text = f"{value:.9f}".rstrip("0").rstrip(".")
    if len(text.partition(".")[2]) > 3:
        text = f"{value:.3f}"
    return text
