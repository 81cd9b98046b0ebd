"""Dates as a clinic writes them, read by the declared order; what has two readings is not read."""

from __future__ import annotations

import re
from datetime import date, timedelta

from funis.data.read.declared_numbers import usual_width
from funis.study.imported import Import

_TIME = r"(?:[T ]+\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?"
_PARTS = re.compile(rf"(\d{{1,4}})([./\- ])\s?(\d{{1,2}})\2\s?(\d{{1,4}})\.?{_TIME}")
_MARKED = re.compile(rf"(\d{{4}})\s*年\s*(\d{{1,2}})\s*月\s*(\d{{1,2}})\s*[日号]?{_TIME}")
_COMPACT = re.compile(r"((?:19|20)\d{2})(\d{2})(\d{2})")
_NAMED = re.compile(r"(\d{1,2})[\s./-]*([A-Za-z]{3,9})\.?[\s./,-]*(\d{2}|\d{4})")
_DAY_NUMBER = re.compile(r"\d{4,5}(?:\.\d+)?")
_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
    "november", "december",
)  # fmt: skip
_EPOCHS = {1900: date(1899, 12, 30), 1904: date(1904, 1, 1)}
_FIRST_CERTAIN = 61
"""Excel counts a 29 February 1900 that never was; from 1 March 1900 on every program counts alike."""


def read_date(text: str, rules: Import) -> str:
    """Write a date as YYYY-MM-DD where what is declared leaves one reading.

    Parameters
    ----------
    text : a cell
    rules : the order of day and month, what years of two digits mean, where day numbers begin

    Returns
    -------
    str
        The date; a text that is none, or cannot be told, comes back as it was.

    Examples
    --------
    >>> rules = Import(date_order="dmy", day_numbers=1900)
    >>> [read_date(text, rules) for text in ("3.4.2024", "2024年3月4日", "45355", "3.4.24")]
    ['2024-04-03', '2024-03-04', '2024-03-04', '3.4.24']
    """
    plain = usual_width(text)
    if rules.day_numbers is not None and _DAY_NUMBER.fullmatch(plain):
        return _from_day_number(plain, rules.day_numbers) or text
    if rules.date_order is None:
        return text
    parts = _find_parts(plain, rules)
    if parts is None:
        return text
    try:
        return date(*parts).isoformat()
    except ValueError:
        return text


def _find_parts(text: str, rules: Import) -> tuple[int, int, int] | None:
    """Give year, month and day of a text; None where they cannot be told."""
    whole = _MARKED.fullmatch(text) or _COMPACT.fullmatch(text)
    if whole:
        return int(whole[1]), int(whole[2]), int(whole[3])
    named = _NAMED.fullmatch(text)
    if named:
        month, year = _month(named[2]), _year(named[3], rules)
        return None if month is None or year is None else (year, month, int(named[1]))
    match = _PARTS.fullmatch(text)
    return None if match is None else _order_parts(match, rules)


def _order_parts(match: re.Match[str], rules: Import) -> tuple[int, int, int] | None:
    """Give year, month and day of three numbers in the declared order; None where it does not fit."""
    first, second, third = match[1], match[3], match[4]
    if len(first) == 4:
        return (int(first), int(second), int(third)) if len(third) < 3 else None
    if rules.date_order == "ymd":
        year = _year(first, rules)
        return None if year is None or len(third) > 2 else (year, int(second), int(third))
    year = _year(third, rules)
    if year is None or len(first) > 2:
        return None
    day, month = (first, second) if rules.date_order == "dmy" else (second, first)
    return year, int(month), int(day)


def _month(name: str) -> int | None:
    """Give the number of a month by its English name or the first letters of it."""
    found = [number for number, each in enumerate(_MONTHS, start=1) if each.startswith(name.lower())]
    return found[0] if len(found) == 1 else None


def _year(digits: str, rules: Import) -> int | None:
    """Give a year; None for two digits whose century is not declared."""
    if len(digits) == 4:
        return int(digits)
    if len(digits) != 2 or rules.years_from is None:
        return None
    first = rules.years_from
    return first + (int(digits) - first) % 100


def _from_day_number(text: str, epoch: int) -> str:
    """Give the day that a spreadsheet's number means; nothing for one that no study has."""
    days = int(float(text))
    if epoch == 1900 and days < _FIRST_CERTAIN:
        return ""
    return (_EPOCHS[epoch] + timedelta(days=days)).isoformat()
