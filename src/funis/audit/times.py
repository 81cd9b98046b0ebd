"""Times as papers print them: month 6, at 6 months and 6-month are one time."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Final

_YEAR: Final = Fraction(1461, 4)
_DAYS: Final = {"day": Fraction(1), "week": Fraction(7), "month": _YEAR / 12, "year": _YEAR}
_UNITS: Final = r"(days?|weeks?|wks?|months?|mos?|years?|yrs?)"
_NUMBER: Final = r"(\d+(?:\.\d+)?)"
_BEFORE: Final = re.compile(rf"\b{_UNITS}[ -]?{_NUMBER}\b")
_BEHIND: Final = re.compile(rf"\b{_NUMBER}[ -]?{_UNITS}\b")
_SHORT: Final = {"wk": "week", "mo": "month", "yr": "year"}
_START: Final = frozenset({"baseline", "at baseline", "before treatment", "pre-treatment", "pretreatment"})


def days_of(words: str) -> Fraction | None:
    """Give the days from the start that a time names, None where it names none or more than one.

    Examples
    --------
    >>> days_of("week 2"), days_of("at 2 weeks"), days_of("Baseline"), days_of("last visit")
    (Fraction(14, 1), Fraction(14, 1), Fraction(0, 1), None)
    """
    plain = " ".join(words.casefold().split())
    if plain in _START:
        return Fraction(0)
    found = [(unit, number) for unit, number in _BEFORE.findall(plain)]
    found = found or [(unit, number) for number, unit in _BEHIND.findall(plain)]
    if len(found) != 1:
        return None
    unit, number = found[0]
    name = unit.rstrip("s")
    return _DAYS[_SHORT.get(name, name)] * Fraction(number)


def plain_time(words: str) -> str:
    """Give a time as it is compared: its days where it names some, else its words.

    Examples
    --------
    >>> plain_time("month 6") == plain_time("at 6 months"), plain_time("Last  visit")
    (True, 'last visit')
    """
    days = days_of(words)
    return " ".join(words.casefold().split()) if days is None else f"day {days}"


def same_time(one: str, other: str) -> bool:
    """Tell whether two times are the same.

    Examples
    --------
    >>> same_time("6 months", "month 6"), same_time("", "baseline")
    (True, False)
    """
    return plain_time(one) == plain_time(other)
