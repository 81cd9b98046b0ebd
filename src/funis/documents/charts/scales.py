"""From values to pixels: numbers along a line, and names side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from funis.documents.charts.ticks import list_ticks, round_ends, write_ticks


@dataclass(frozen=True, slots=True)
class LinearScale:
    """Numbers along a line.

    Attributes
    ----------
    low, high : the numbers at its ends; the first may be the larger one
    start, end : the pixels at its ends
    """

    low: float
    high: float
    start: float
    end: float

    def place(self, value: float) -> float:
        """Give the pixels of a number; the middle where all numbers are one."""
        if self.high == self.low:
            return (self.start + self.end) / 2
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)

    def ticks(self, count: float) -> list[float]:
        """Give round numbers between the ends."""
        return list_ticks(min(self.low, self.high), max(self.low, self.high), count)

    def write(self, values: Sequence[float], count: float) -> list[str]:
        """Write ticks of so many."""
        return write_ticks(values, min(self.low, self.high), max(self.low, self.high), count)


@dataclass(frozen=True, slots=True)
class NameScale:
    """Names side by side, each with as much room.

    Attributes
    ----------
    names : in their order, from zero pixels on
    step : pixels of each
    """

    names: dict[str, int]
    step: float

    def place(self, name: str) -> float:
        """Give the pixels of the middle of a name's room."""
        return (self.names[name] + 0.5) * self.step


Scale = LinearScale | NameScale


@dataclass(frozen=True, slots=True)
class AxisEnds:
    """How the ends of a line of numbers are chosen.

    Attributes
    ----------
    fixed : both ends; None where the values decide
    lowest, highest : an end in place of the smallest or the largest value
    has_zero : the values are taken to include zero
    is_round : the ends move outwards to round numbers
    padding : pixels that every value keeps from the ends
    """

    fixed: tuple[float, float] | None = None
    lowest: float | None = None
    highest: float | None = None
    has_zero: bool = True
    is_round: bool = True
    padding: float = 0.0

    def choose(self, values: Sequence[float], start: float, end: float) -> LinearScale:
        """Choose the ends of a line for values, between two pixels."""
        low, high = self.fixed or (min(values, default=0.0), max(values, default=0.0))
        if self.fixed is None and self.has_zero:
            low, high = min(low, 0.0), max(high, 0.0)
        low = low if self.lowest is None else self.lowest
        high = high if self.highest is None else self.highest
        room = abs(end - start)
        if self.padding and low != high and room > 2 * self.padding:
            middle, share = (low + high) / 2, room / (room - 2 * self.padding)
            low, high = middle + (low - middle) * share, middle + (high - middle) * share
        if self.is_round:
            low, high = round_ends(low, high)
        return LinearScale(low, high, start, end)
