"""What to write in place of a cell that cannot be read: the reading where there is one, else what to ask."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from funis.data.check.date_forms import date_fix, read_dates
from funis.data.check.one_reading import one_date, one_number, one_word
from funis.schema import NOT_DONE, Column
from funis.shown import show_text

_WORDS_WITHOUT_VALUE = frozenset(
    {
        "na", "n/a", "n.a.", "nan", "null", "none", "missing", "unknown", "-", "--", ".", "?", "(-)", "#n/a",
        "nd", "n.d.", "not done", "not_done", "notdone",
    }
)  # fmt: skip
_COMPARED = re.compile(r"([<>≤≥]=?)\s*([+-]?\d+(?:[.,]\d+)?)\s*([^\d.,]*.*)", re.DOTALL)
_POINTS = re.compile(r"[+-]?\d{1,3}(?:\.\d{3}){2,}")
_TWO_READINGS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")
_TITRE = re.compile(r"1\s*[:/]\s*\d+")
_NUMBER_AND_TEXT = re.compile(r"[+-]?\d+(?:[.,]\d+)?\s*[^\d\s.,+<>=/:-].*", re.DOTALL)
_DAY_NUMBER = re.compile(r"[2-6]\d{4}(?:\.0)?")
_YEAR_LAST = re.compile(r"\d{1,2}[./\- ]\d{1,2}[./\- ]\d{4}")
_FULL_YEAR = re.compile(r"(?<!\d)\d{4}(?!\d)|^\d{8}$")
_MISSING = "Leave the cell empty when the value is missing"


class CellOfNumber(NamedTuple):
    """A cell that should hold a number, and what its table says about it.

    Attributes
    ----------
    text : what it holds
    column : what the column should be
    unit : unit of the number: of the column, or of the row where the row has one
    has_comparator : the table has a column for ``<`` and ``>``
    is_shown : the cell may be repeated in a message
    """

    text: str
    column: Column
    unit: str
    has_comparator: bool
    is_shown: bool

    @property
    def reading(self) -> str | None:
        """Give the only number, or word for none, that the cell can be."""
        return one_number(
            self.text,
            unit=self.unit,
            is_titre=self.unit == "titre",
            levels=self.column.allowed,
            not_done=self.column.not_done,
        )


def number_fix(cell: CellOfNumber) -> str:
    """Say how a number that is written otherwise is written here, with its digits where they may be shown.

    Parameters
    ----------
    cell : the cell and what is known about it

    Returns
    -------
    str

    Examples
    --------
    >>> weight = Column("weight_kg", "number", "Body weight.", unit="kg")
    >>> number_fix(CellOfNumber("70,5", weight, "kg", False, True))
    'Write the decimal with a point: 70.5; thousands without a sign.'
    >>> number_fix(CellOfNumber("55.000.000", weight, "kg", False, True))
    'Ask what the points stand for; thousands are written without a sign, decimals with one point.'
    """
    reading = cell.reading
    if reading is None:
        return _ask_number(cell)
    written = reading if cell.is_shown and show_text(reading) == reading else ""
    digits = f": {written}" if written else ""
    if reading in {"", NOT_DONE}:
        not_done = f" and {NOT_DONE} when it was not done" if cell.column.not_done else ""
        return f"Write {NOT_DONE} when it was not done." if reading else f"{_MISSING}{not_done}."
    if _TITRE.fullmatch(cell.text):
        fix = f"Write the reciprocal of the titre{digits}."
    elif "10" in cell.text and re.search(r"[x×*]", cell.text):
        fix = f"Write {written or 'the power of ten with e'}."
    elif not any(each.isdigit() for each in cell.text):
        fix = f"Write {reading}."
    elif re.search(r"[^\W\d_]|[%°]", cell.text):
        fix = f"Write the number alone{digits}."
    elif cell.text.count(",") == 1 and "." in reading and "." not in cell.text:
        fix = f"Write the decimal with a point{digits}; thousands without a sign."
    elif re.search(r"[,' \u00a0\u202f]", cell.text):
        fix = f"Write the number without signs between thousands{digits}."
    else:
        fix = f"Write the number in plain digits{digits}."
    return fix


def _ask_number(cell: CellOfNumber) -> str:
    """Say what to find out about a number that has more than one reading, or none."""
    text, column = cell.text, cell.column
    not_done = f" and {NOT_DONE} when it was not done" if column.not_done else ""
    compared = _COMPARED.fullmatch(text)
    if text.casefold() in _WORDS_WITHOUT_VALUE:
        fix = f"{_MISSING}{not_done}; what a word means in the whole sheet is declared in [import]."
    elif _TWO_READINGS.fullmatch(text):
        fix = "Ask whether the comma stands before thousands or decimals; write the number without it."
    elif _POINTS.fullmatch(text):
        fix = "Ask what the points stand for; thousands are written without a sign, decimals with one point."
    elif compared and cell.has_comparator:
        fix = _with_comparator(compared, is_shown=cell.is_shown)
    elif compared:
        sign = compared.group(1)
        fix = f"This table has no column for '{sign}': ask what is to be recorded for such a result."
    elif _TITRE.fullmatch(text):
        fix = "Ask what it is; only a titre is written as its reciprocal."
    elif _NUMBER_AND_TEXT.fullmatch(text):
        unit = f", in {cell.unit}" if cell.unit else ""
        fix = f"Write the number alone{unit}; ask what the text beside it means for it."
    else:
        levels = f" or one of {', '.join(column.allowed)}" if column.allowed else ""
        words = "; words for present and absent are declared in [import]" if _has_words(column) else ""
        fix = f"Write a number{levels}; {_MISSING[0].lower()}{_MISSING[1:]}{not_done}{words}."
    return fix


def _has_words(column: Column) -> bool:
    """Say whether a column takes words for present and absent."""
    return set(column.allowed) == {"0", "1"}


def _with_comparator(compared: re.Match[str], *, is_shown: bool) -> str:
    """Say where the parts of a result beyond what the assay can measure are written."""
    sign, number, unit = compared.group(1), compared.group(2), show_text(compared.group(3))
    shown = number if is_shown and "," not in number and show_text(number) == number else "the number"
    rest = f" and '{unit}' in the column unit" if unit else ""
    return f"Write '{sign}' in the column comparator and {shown} here{rest}."


class ColumnOfDates(NamedTuple):
    """What the cells of a column show about how its writer writes dates.

    Attributes
    ----------
    orders : the orders of day and month of dates that have one reading
    is_habit : more than one cell is no date as it stands
    shown_from : first day that may be shown
    latest : day after which a date lies in the future
    """

    orders: frozenset[str]
    is_habit: bool
    shown_from: date
    latest: date


def fix_of_date(text: str, column: ColumnOfDates) -> str:
    """Say how a date that is written otherwise is written here, or what to ask.

    Parameters
    ----------
    text : what stands in the cell
    column : its column

    Returns
    -------
    str

    Examples
    --------
    >>> both = frozenset(["dmy", "mdy"])
    >>> fix_of_date("12/13/2024", ColumnOfDates(both, True, date(2016, 1, 1), date(2026, 1, 1)))
    'Other dates of the column have day and month the other way round: look the date up, write YYYY-MM-DD.'
    """
    day = one_date(text, column.orders, column.latest)
    if day is not None and not read_dates(text):
        shown = f"Write {day.isoformat()}" if day >= column.shown_from else "Write it as YYYY-MM-DD"
        return f"{shown}, or declare date_order in [import] where the whole sheet is written so."
    if len(read_dates(text)) == 1 and day is None:
        if not _FULL_YEAR.search(text) and not text.isdecimal():
            return "Write the whole year, YYYY-MM-DD; the century is not certain."
        if _FULL_YEAR.search(text) and read_dates(text)[0] <= column.latest:
            return (
                "Other dates of the column have day and month the other way round: look the date up, "
                "write YYYY-MM-DD."
            )
    return date_fix(text, column.shown_from) + (_declare(text, column.orders) if column.is_habit else "")


def _declare(text: str, orders: frozenset[str]) -> str:
    """Say which key reads a whole sheet of such dates."""
    if _DAY_NUMBER.fullmatch(text):
        return " Where all dates of the sheet are such numbers, declare day_numbers in [import]."
    if not _YEAR_LAST.fullmatch(text):
        return ""
    if len(orders) == 1:
        return f' Where the whole sheet is written so, declare date_order = "{min(orders)}" in [import].'
    if len(read_dates(text)) > 1:
        return " Where the whole sheet has one order, declare date_order in [import]."
    return ""


def word_fix(
    text: str, allowed: Sequence[str], others: Iterable[str | None], *, is_habit: bool = False
) -> str:
    """Say which of the allowed words a text is, where that is certain, and list them.

    Examples
    --------
    >>> word_fix("Female", ("female", "male"), ["Female"]), word_fix("unrecovered", ("recovered",), [])
    ("Write 'female'. Allowed: female, male.", 'Allowed: recovered.')
    """
    word = one_word(text, allowed, [each for each in others if each])
    hint = f"Write '{word}'. " if word else ""
    codes = "; other codes are declared in [import.codes]" if is_habit else ""
    return f"{hint}Allowed: {', '.join(allowed)}{codes}."
