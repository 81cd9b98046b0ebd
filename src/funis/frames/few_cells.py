"""What Polars answers about single cells, in plain Python: null is None; answers agree to the last bit."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import date
from functools import lru_cache
from typing import Any, Final

from polars import Float64, Int8, Int32, Int64, String

from funis.errors import FunisError

Cells = list[Any]
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_NO_NUMBER = re.compile(r"[+-]?(?:inf|infinity|nan)", re.IGNORECASE)
# White space of Unicode; Python's own list has four signs more.
WHITE: Final = "\t\n\x0b\x0c\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(
    map(chr, range(0x2000, 0x200B))
)
_CODE_POINT = re.compile(r"\\x\{([0-9A-F]+)\}")
_WHOLE: Final = 2.0**52
"""From here on every floating-point number is whole."""
_INT64: Final = 2**63


class UnusualRowsError(FunisError):
    """These rows hold something that only Polars can say; nothing is guessed."""

    code = "unusual_rows"


def both(left: Any, right: Any) -> bool | None:
    """Answer *and* in Kleene's logic."""
    if left is False or right is False:
        return False
    return None if left is None or right is None else True


def either(left: Any, right: Any) -> bool | None:
    """Answer *or* in Kleene's logic."""
    if left or right:
        return True
    return None if left is None or right is None else False


def any_of(*cells: bool | None) -> bool | None:
    """Tell whether any of some answers is true."""
    return True if True in cells else None if None in cells else False


def all_of(*cells: bool | None) -> bool | None:
    """Tell whether all of some answers are true."""
    return False if False in cells else None if None in cells else True


def first_known(*cells: object) -> object:
    """Give the first cell that is not empty."""
    for cell in cells:
        if cell is not None:
            return cell
    return None


def choose_one(condition: bool | None, value: Any, rest: Any) -> Any:  # noqa: FBT001
    """Give the value where the condition is true, else the rest."""
    return value if condition else rest


def choose(*cells: Any) -> Any:
    """Give the value after the first condition that is true, else the last cell."""
    for place in range(0, len(cells) - 1, 2):
        if cells[place]:
            return cells[place + 1]
    return cells[-1]


def divide(left: float, right: float) -> float:
    """Divide as floating-point numbers are: by zero too."""
    if right:
        return left / right
    return (
        math.nan
        if not left or math.isnan(left)
        else math.copysign(math.inf, left) * math.copysign(1.0, right)
    )


def round_to(number: float, scale: float) -> float:
    """Round as Polars does: the scaled number to the even neighbour, then back."""
    scaled = number * scale
    if not math.isfinite(scaled):
        return number
    if abs(scaled) < _WHOLE:
        scaled = math.copysign(float(round(scaled)), scaled)
    return scaled / scale


def fill_forward(cells: Cells) -> Cells:
    """Fill an empty cell with the last that is not."""
    filled, last = [], None
    for cell in cells:
        last = last if cell is None else cell
        filled.append(last)
    return filled


def are_first(cells: Cells) -> Cells:
    """Tell which cells stand for the first time."""
    seen: set[object] = set()
    first = []
    for cell in cells:
        first.append(cell not in seen)
        seen.add(cell)
    return first


@lru_cache(maxsize=256)
def find_pattern(pattern: str) -> Callable[[str], re.Match[str] | None]:
    """Compile a pattern of Polars: its ``$`` is the very end, a code point stands in braces."""
    ended = pattern.removesuffix("$") + r"\Z" if pattern.endswith("$") else pattern
    return re.compile(_CODE_POINT.sub(lambda found: f"\\U{int(found[1], 16):08X}", ended)).search


@lru_cache(maxsize=4096)
def read_number(text: str) -> float | None:
    """Read a text as a number; None where it is none."""
    if _NUMBER.fullmatch(text) or _NO_NUMBER.fullmatch(text):
        return float(text)
    return None


@lru_cache(maxsize=4096)
def read_date(text: str) -> date | None:
    """Read YYYY-MM-DD; None where there is no such day."""
    if text.startswith("0000"):
        raise UnusualRowsError("Polars knows a year 0.")
    try:
        return date.fromisoformat(text) if text.isascii() else None
    except ValueError:
        return None


@lru_cache(maxsize=32)
def cast_to(kind: Any, *, strict: bool) -> Callable[[Any], Any]:
    """Give what brings a cell to a type."""

    def number(cell: Any) -> float | None:
        if not isinstance(cell, str):
            return None if cell is None else float(cell)
        found = read_number(cell)
        if found is None and strict:
            raise UnusualRowsError(f"{cell!r} is no number.")
        return found

    def whole(cell: Any) -> int | None:
        if cell is None:
            return None
        if isinstance(cell, str) or not -_INT64 <= cell < _INT64:
            raise UnusualRowsError(f"{cell!r} is no whole number.")
        return int(cell)

    def text(cell: Any) -> str | None:
        if isinstance(cell, float | bool):
            raise UnusualRowsError("Numbers with decimals are written by Polars.")
        return cell if cell is None or isinstance(cell, str) else str(cell)

    if kind == Float64:
        return number
    if kind == String:
        return text
    if kind in (Int64, Int32, Int8):
        return whole
    return lambda cell: cell
