"""Round numbers along an axis: its ends, its ticks and how they are written, as d3-scale chooses them."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor, log10, sqrt
from typing import Final

#: Steps of 10, 5 and 2 are taken from these shares of a power of ten on: the geometric means between them.
_TENS, _FIVES, _TWOS = sqrt(50), sqrt(10), sqrt(2)
_MOST_TURNS: Final = 10


def _step(low: float, high: float, count: float) -> tuple[float, bool]:
    """Give the step of about so many ticks: a whole number, and whether the step is one over it."""
    wanted = (high - low) / count
    power = floor(log10(wanted))
    error = wanted / 10.0**power
    factor = 10 if error >= _TENS else 5 if error >= _FIVES else 2 if error >= _TWOS else 1
    return (10.0**-power / factor, True) if power < 0 else (10.0**power * factor, False)


def list_ticks(low: float, high: float, count: float) -> list[float]:
    """Give about so many round numbers from one number to another.

    Parameters
    ----------
    low, high : the ends
    count : ticks wanted; there may be twice as many or half

    Examples
    --------
    >>> list_ticks(0, 1, 5)
    [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    >>> list_ticks(-20, 0, 7)[:3]
    [-20.0, -18.0, -16.0]
    >>> list_ticks(4, 4, 5)
    [4]
    """
    if low == high:
        return [low]
    step, is_part = _step(low, high, count)
    first, last = (round(end * step) if is_part else round(end / step) for end in (low, high))

    def place(number: int) -> float:
        return number / step if is_part else number * step

    first += place(first) < low
    last -= place(last) > high
    return [place(number) for number in range(first, last + 1)]


def round_ends(low: float, high: float, count: float = 10) -> tuple[float, float]:
    """Move the ends of an axis outwards to round numbers.

    Examples
    --------
    >>> round_ends(0.3, 9.1)
    (0.0, 10.0)
    """
    before: tuple[float, bool] | None = None
    for _ in range(_MOST_TURNS if high > low else 0):
        step = _step(low, high, count)
        if step == before:
            break
        size, is_part = before = step
        if is_part:
            low, high = floor(low * size) / size, ceil(high * size) / size
        else:
            low, high = floor(low / size) * size, ceil(high / size) * size
    return low, high


def write_ticks(values: Sequence[float], low: float, high: float, count: float) -> list[str]:
    """Write ticks with as many decimals as their step has.

    Parameters
    ----------
    values : of the ticks
    low, high, count : as for `list_ticks`, of which the step is taken

    Examples
    --------
    >>> write_ticks([-2000.0, 0.0, 2000.0], -2000, 2000, 2)
    ['−2,000', '0', '2,000']
    >>> write_ticks([0.0, 0.5], 0, 1, 2)
    ['0.0', '0.5']
    """
    if low == high:
        decimals = 0
    else:
        step, is_part = _step(low, high, count)
        decimals = max(0, -floor(log10(1 / step if is_part else step) + 1e-9))
    return [f"{value + 0.0:,.{decimals}f}".replace("-", "−") for value in values]
