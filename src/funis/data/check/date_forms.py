"""Dates as people write them: what a text can mean, and how it is written here.

A date that could be somebody's day of birth is never shown, not even as advice; one of the last ten years is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?")
_OTHER_DATE = re.compile(r"(\d{1,4})[./\- ](\d{1,2})[./\- ](\d{1,4})")
_EXCEL_DAY = re.compile(r"[2-6]\d{4}(?:\.0)?")
_COMPACT_DATE = re.compile(r"((?:19|20)\d{2})(\d{2})(\d{2})")
_ISO_START = re.compile(r"(\d{4})-(\d{2})-(\d{2})[T ].+")
_DATE_WITH_MONTH = re.compile(r"(\d{1,2})[\s./-]*([A-Za-z]{3,9})\.?[\s./,-]*(\d{2}|\d{4})")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_EXCEL_EPOCH = date(1899, 12, 30)
_YEARS_SHOWN, _FIRST_YEAR = 10, 1900


def first_shown(today: date) -> date:
    """Give the first day that may be shown: no subject of a trial was born on it or later.

    Examples
    --------
    >>> first_shown(date(2026, 3, 10))
    datetime.date(2016, 1, 1)
    """
    return date.max if today == date.max else date(today.year - _YEARS_SHOWN, 1, 1)


def may_show(text: str, shown_from: date) -> bool:
    """Say whether a text is a date, each reading of which may be shown.

    Examples
    --------
    >>> [may_show(text, date(2016, 1, 1)) for text in ("31/12/2024", "3.4.1981", "Zhang")]
    [True, False, False]
    """
    dates, iso = read_dates(text), _ISO.fullmatch(text)
    if iso and not dates:
        return int(iso.group(1)) >= shown_from.year
    return bool(dates) and min(dates) >= shown_from


def read_dates(text: str) -> tuple[date, ...]:
    """Give the dates that a text can mean, in order of time; none where it is no date.

    Examples
    --------
    >>> [each.isoformat() for each in read_dates("3.4.2012")]
    ['2012-03-04', '2012-04-03']
    """
    return tuple(sorted(set(_readings(text))))


def _readings(text: str) -> Iterator[date]:
    iso, other, compact, start, named = (
        pattern.fullmatch(text)
        for pattern in (_ISO, _OTHER_DATE, _COMPACT_DATE, _ISO_START, _DATE_WITH_MONTH)
    )
    whole = iso or compact or start
    parts = [(whole.group(1), whole.group(2), whole.group(3))] if whole else []
    if named and named.group(2)[:3].lower() in _MONTHS:
        short = len(named.group(3)) == 2
        year = f"{'19' if named.group(3) > '30' else '20'}{named.group(3)}" if short else named.group(3)
        parts.append((year, str(_MONTHS.index(named.group(2)[:3].lower()) + 1), named.group(1)))
    if other and not iso:
        first, second, third = other.group(1), other.group(2), other.group(3)
        orders = ((third, second, first), (third, first, second), (first, second, third))
        parts += [each for each in orders if int(each[0]) >= _FIRST_YEAR]
    if _EXCEL_DAY.fullmatch(text):
        yield _EXCEL_EPOCH + timedelta(days=int(float(text)))
    for year, month, day in parts:
        try:
            yield date(int(year), int(month), int(day))
        except ValueError:
            continue


def date_fix(text: str, shown_from: date) -> str:
    """Say how a date that is written otherwise is written here.

    Parameters
    ----------
    text : what stands in the cell
    shown_from : first day that may be shown; a text that can mean an earlier one is not repeated

    Examples
    --------
    >>> date_fix("31/12/2024", date(2016, 1, 1)), date_fix("31/12/1981", date(2016, 1, 1))
    ('Write 2024-12-31 (YYYY-MM-DD).', 'Write it as YYYY-MM-DD.')
    """
    dates, iso = read_dates(text), _ISO.fullmatch(text)
    if iso and not dates:
        year, month, day = (int(part) for part in iso.groups())
        fix = _impossible(year, month, day, is_shown=year >= shown_from.year)
    elif dates:
        fix = _written(text, dates, is_shown=dates[0] >= shown_from)
    elif re.fullmatch(r"\d{4}(-\d{2})?", text):
        fix = "Write the whole date, YYYY-MM-DD; leave the cell empty when the day is not known."
    else:
        fix = "Write YYYY-MM-DD; leave the cell empty when the date is missing."
    return fix


def _impossible(year: int, month: int, day: int, *, is_shown: bool) -> str:
    """Say what is wrong with a date of the right form that does not exist."""
    if 1 <= month <= 12:
        what = f"{year:04d}-{month:02d} has no day {day}" if is_shown else "The month has no such day"
    else:
        what = f"There is no month {month}" if is_shown else "There is no such month"
    return f"{what}. Write YYYY-MM-DD."


def _written(text: str, dates: tuple[date, ...], *, is_shown: bool) -> str:
    """Say how a date is written, with its readings where they may be shown."""
    readings = " or ".join(each.isoformat() for each in dates)
    if _EXCEL_DAY.fullmatch(text):
        meant = (
            f", {readings}; write that if it is so" if is_shown else "; look the date up, write YYYY-MM-DD"
        )
        return f"This looks like a spreadsheet's day number{meant}."
    choice = ", whichever is meant" if len(dates) > 1 else ""
    if is_shown:
        return f"Write {readings}." if _ISO.fullmatch(text) else f"Write {readings}{choice} (YYYY-MM-DD)."
    unclear = "; day and month cannot be told apart here, so look the date up" if choice else ""
    return f"Write it as YYYY-MM-DD{unclear}."
