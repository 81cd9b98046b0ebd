"""One value of a form, from what was typed to what is stored: nothing is guessed, no decimal is a float."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final, TypeAlias

from funis.capture.forms.plan_parts import Code, FieldPlan
from funis.errors import ValueRangeError

Stored: TypeAlias = str | int | bool | Decimal
Reader: TypeAlias = Callable[[Any, date], Stored]

EARLIEST: Final = date(1900, 1, 1)
LONGEST_TEXT: Final = 4000
_SHOWN: Final = 24
_MOST_DIGITS: Final = 15
_NUMBER: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,2})?", re.ASCII)
_WITH_COMMA: Final = re.compile(r"([+-]?\d*),(\d+)", re.ASCII)
_WITH_SIGN: Final = re.compile(r"[<>≤≥]=?\s*[\d.,]+")
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TIME: Final = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d", re.ASCII)


class NotTakenError(ValueError):
    """A value that a field does not take: the code of the refusal, and what fills its words."""

    def __init__(self, code: str, found: str = "", allowed: str = "", suggested: str = "") -> None:
        super().__init__(code)
        self.code, self.found, self.allowed, self.suggested = code, found, allowed, suggested


@dataclass(frozen=True, slots=True)
class NumberLimits:
    """What a number can be, as exact decimals; beyond the usual ones it is asked about.

    Attributes
    ----------
    low, high, usual_low, usual_high : None where nothing is said
    unit : printed behind a range
    """

    low: Decimal | None
    high: Decimal | None
    usual_low: Decimal | None = None
    usual_high: Decimal | None = None
    unit: str = ""

    def is_possible(self, value: Decimal | int) -> bool:
        """Tell whether a value is possible."""
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)

    def is_usual(self, value: Decimal | int) -> bool:
        """Tell whether a value is usual."""
        is_low = self.usual_low is not None and value < self.usual_low
        return not (is_low or (self.usual_high is not None and value > self.usual_high))

    @property
    def allowed(self) -> str:
        """Give the possible range in figures."""
        return range_words(self.low, self.high, self.unit)

    @property
    def usual(self) -> str:
        """Give the usual range in figures."""
        return range_words(self.usual_low, self.usual_high, self.unit)


def range_words(low: Decimal | float | None, high: Decimal | float | None, unit: str = "") -> str:
    """Give a range in figures that read alike in every language.

    Examples
    --------
    >>> range_words(8.0, 7000.0, "umol/L"), range_words(0, None), range_words(None, None)
    ('8–7000 umol/L', '≥ 0', '')
    """
    ends = [plain_figures(end) for end in (low, high) if end is not None]
    if not ends:
        return ""
    sign = "" if len(ends) == 2 else "≤ " if low is None else "≥ "
    return f"{sign}{'–'.join(ends)} {unit}".rstrip()


def plain_figures(value: Decimal | float) -> str:
    """Write a number in figures, without an exponent and without zeros that say nothing.

    Examples
    --------
    >>> plain_figures(7000.0), plain_figures(Decimal("0.10")), plain_figures(1e9)
    ('7000', '0.1', '1000000000')
    """
    exact = value if isinstance(value, Decimal) else Decimal(repr(value))
    text = format(exact, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def limits_of(
    low: float | None, high: float | None, usual_low: float | None, usual_high: float | None, unit: str
) -> NumberLimits:
    """Give limits as exact decimals: 0.1 is a tenth, as it is printed."""
    exact = [None if end is None else Decimal(repr(end)) for end in (low, high, usual_low, usual_high)]
    return NumberLimits(exact[0], exact[1], exact[2], exact[3], unit)


def read_number(value: Any) -> Decimal | int:
    """Read a number as it was typed.

    Parameters
    ----------
    value : a whole number, a decimal or the text that was typed; digits of full width are digits

    Raises
    ------
    NotTakenError : it is no number, has a comma or a sign before it, or more digits than a measurement has
    ValueRangeError : a float: its digits are not those that were typed; read JSON with decimals

    Examples
    --------
    >>> read_number("0.620"), read_number(3), read_number("１２.5")
    (Decimal('0.620'), 3, Decimal('12.5'))
    """
    if isinstance(value, float):
        fix = "Read JSON with funis.capture.document.read_document."
        raise ValueRangeError("A number of a form", type(value).__name__, "the digits that were typed", fix)
    if isinstance(value, bool):
        raise NotTakenError("not_a_number", str(value).lower())
    if isinstance(value, str):
        return _read_typed(value)
    if isinstance(value, int):
        return int(_check_digits(Decimal(value)))
    if isinstance(value, Decimal) and value.is_finite():
        return _check_digits(value)
    raise NotTakenError("not_a_number")


def _read_typed(typed: str) -> Decimal | int:
    text = unicodedata.normalize("NFKC", typed).replace("\u2212", "-").strip()
    if not _NUMBER.fullmatch(text):
        shown = _shorten(text)
        comma = _WITH_COMMA.fullmatch(text)
        if comma:
            raise NotTakenError("decimal_comma", shown, suggested=f"{comma[1] or '0'}.{comma[2]}"[:_SHOWN])
        raise NotTakenError("sign_of_result" if _WITH_SIGN.fullmatch(text) else "not_a_number", shown)
    found = _check_digits(Decimal(text))
    is_whole = text.lstrip("+-").isdecimal()
    return int(found) if is_whole else found


def _check_digits(value: Decimal) -> Decimal:
    """Refuse what the analysis could not hold: more digits than a floating number keeps, or a giant."""
    if len(value.as_tuple().digits) > _MOST_DIGITS or not -_MOST_DIGITS <= value.adjusted() <= _MOST_DIGITS:
        raise NotTakenError("too_many_digits", _shorten(str(value)))
    return value


def _shorten(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def number_reader(limits: NumberLimits, *, is_whole: bool = False) -> Reader:
    """Make the reader of a number between limits."""

    def read(value: Any, _: date) -> Stored:
        number = read_number(value)
        if is_whole and number != int(number):
            raise NotTakenError("not_whole", plain_figures(number))
        if not limits.is_possible(number):
            raise NotTakenError("out_of_range", plain_figures(number), limits.allowed)
        return int(number) if is_whole else number

    return read


def choice_reader(codes: tuple[Code, ...]) -> Reader:
    """Make the reader of one of some codes; a number and its figures are the same code."""
    known: dict[object, Code] = {str(code): code for code in codes}
    allowed = ", ".join(map(str, codes))

    def read(value: Any, _: date) -> Stored:
        is_plain = isinstance(value, int | str | Decimal) and not isinstance(value, bool)
        text = unicodedata.normalize("NFKC", str(value)).strip() if is_plain else ""
        if text in known:
            return known[text]
        raise NotTakenError("not_a_choice", _shorten(text), allowed)

    return read


def date_reader(*, may_lie_ahead: bool) -> Reader:
    """Make the reader of a date; unless it may lie ahead, it is not after today."""

    def read(value: Any, today: date) -> Stored:
        text = value.strip() if isinstance(value, str) else ""
        try:
            found = date.fromisoformat(text) if _DATE.fullmatch(text) else None
        except ValueError:
            found = None
        if found is None:
            raise NotTakenError("not_a_date", _shorten(text))
        if found > today and not may_lie_ahead:
            raise NotTakenError("date_in_future", text, today.isoformat())
        if found < EARLIEST:
            raise NotTakenError("date_too_early", text, EARLIEST.isoformat())
        return text

    return read


def read_time(value: Any, _: date) -> Stored:
    """Read a time of day."""
    text = value.strip() if isinstance(value, str) else ""
    if not _TIME.fullmatch(text):
        raise NotTakenError("not_a_time", _shorten(text))
    return text


def read_text(value: Any, _: date) -> Stored:
    """Read a text; it is kept as it was typed, spaces at its ends aside, and never shown in a refusal."""
    if not isinstance(value, str):
        raise NotTakenError("not_a_text")
    text = value.strip()
    if len(text) > LONGEST_TEXT:
        raise NotTakenError("too_long", allowed=str(LONGEST_TEXT))
    if not text.isprintable() and any(_is_control(letter) for letter in text):
        raise NotTakenError("control_character")
    return text


def _is_control(letter: str) -> bool:
    return letter not in "\n\t" and unicodedata.category(letter) in {"Cc", "Cs", "Co", "Cn"}


def read_statement(value: Any, _: date) -> Stored:
    """Read that something was not done: true, or nothing at all."""
    if value is True or (isinstance(value, int | str) and value in {1, "true", "1", "ND"}):
        return True
    raise NotTakenError("not_a_statement", _shorten(value) if isinstance(value, str) else "")


def reader_of(field: FieldPlan) -> Reader:
    """Give the reader of the values of a field."""
    match field.kind:
        case "choice":
            return choice_reader(tuple(choice.value for choice in field.choices))
        case "flag":
            return choice_reader((0, 1))
        case "number" | "integer":
            limits = limits_of(field.low, field.high, field.usual_low, field.usual_high, field.unit)
            return number_reader(limits, is_whole=field.kind == "integer")
        case "date":
            return date_reader(may_lie_ahead=field.may_lie_ahead)
        case "time":
            return read_time
        case "text":
            return read_text
