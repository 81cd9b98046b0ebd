"""Numbers as a clinic writes them, read by the declared decimal mark; what has two readings is not read."""

from __future__ import annotations

import re
import unicodedata

_COMPARED = re.compile(r"(<=|>=|<|>|≤|≥)?\s*(.*)", re.DOTALL)
_SIGNS = {"≤": "<=", "≥": ">="}
_SPACED = re.compile(r"[+-]?\d{1,3}(?:[ '’]\d{3})+(?:[.,]\d+)?")
_WITH_POINTS = re.compile(r"[+-]?\d{1,3}(?:\.\d{3})+(?:,\d+)?")
_WITH_COMMAS = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_PLAIN = re.compile(r"[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][+-]?\d+)?")


class UnclearError(Exception):
    """A cell has more than one reading, or none under what is declared; says so."""

    def __init__(self, message: str, fix: str) -> None:
        super().__init__(message)
        self.message, self.fix = message, fix


def usual_width(text: str) -> str:
    """Give a text with digits and signs of the usual width, and a plain minus sign.

    Examples
    --------
    >>> usual_width("－１２．５"), usual_width("\u22123")
    ('-12.5', '-3')
    """
    return unicodedata.normalize("NFKC", text).replace("\u2212", "-").strip()


def read_number(text: str, decimal: str) -> str:
    """Write a number with a decimal point and without signs between thousands.

    Parameters
    ----------
    text : a cell; a sign of comparison may stand before the number
    decimal : the declared decimal mark, ``.`` or ``,``

    Returns
    -------
    str
        The number; a text that is none comes back as it was.

    Raises
    ------
    UnclearError
        The number is written with the other mark, or has two readings.

    Examples
    --------
    >>> read_number("5,5", ","), read_number("< 1.234,5", ","), read_number("５．５", ".")
    ('5.5', '<1234.5', '5.5')
    >>> read_number("1.234", ",")
    Traceback (most recent call last):
    ...
    funis.data.read.declared_numbers.UnclearError: It can be 1234 or, with a decimal point, 1.234.
    """
    match = _COMPARED.fullmatch(usual_width(text))
    sign, number = (match.group(1) or "", match.group(2)) if match else ("", text)
    if _SPACED.fullmatch(number):
        number = re.sub(r"[ '’]", "", number)
    thousands = _WITH_POINTS if decimal == "," else _WITH_COMMAS
    if not (_PLAIN.fullmatch(number) or thousands.fullmatch(number)):
        return text
    return _SIGNS.get(sign, sign) + _with_point(number, decimal)


def _with_point(number: str, decimal: str) -> str:
    """Read one number by the declared mark."""
    other = "." if decimal == "," else ","
    if other not in number:
        return number.replace(decimal, ".")
    name = "comma" if decimal == "," else "point"
    joined = number.replace(other, "").replace(decimal, ".")
    groups = number.count(other)
    thousands = _WITH_POINTS if decimal == "," else _WITH_COMMAS
    is_grouped = thousands.fullmatch(number) is not None and number.lstrip("+-")[0] != "0"
    if is_grouped and (groups > 1 or decimal in number):
        return joined
    if is_grouped:
        written = number.replace(other, ".")
        mark = "point" if other == "." else "comma"
        raise UnclearError(
            f"It can be {joined} or, with a decimal {mark}, {written}.",
            f"Ask who wrote it; [import] declares a decimal {name}.",
        )
    raise UnclearError(
        f"It is not written with the decimal {name} that [import] declares.",
        f"Write it with a decimal {name}, or correct decimal in [import].",
    )
