"""Points that a measured quantity gives beyond a limit: a straight line, a logarithm, or both."""

from __future__ import annotations

import math
from dataclasses import dataclass

from funis.nine_decimals import compare_exactly


@dataclass(frozen=True, slots=True)
class Curve:
    """Points of a measured row: none up to a limit; beyond it a constant and a share of its logarithm.

    One of `above` and `below` is set. Points never fall while the quantity goes farther beyond the limit.

    Attributes
    ----------
    above, below : the quantity gives points above this, or below this
    over : the quantity is divided by this first (protein in g by 0.001 is in mg)
    at_least : then held above this
    constant, times, ln : points are the constant, so many times the quantity, and so many times its natural
        logarithm, added

    Examples
    --------
    >>> platelets = Curve(below=100, at_least=1, constant=26.105, ln=-5.577)
    >>> platelets.points_of(100), round(platelets.points_of(50), 3)
    (0.0, 4.288)
    """

    above: float | None = None
    below: float | None = None
    over: float = 1.0
    at_least: float | None = None
    constant: float = 0.0
    times: float = 0.0
    ln: float = 0.0

    @property
    def limit(self) -> float:
        """Give the limit beyond which the quantity gives points."""
        return float(self.above if self.above is not None else self.below or 0.0)

    @property
    def falls(self) -> bool:
        """Tell whether less of the quantity gives more points."""
        return self.above is None

    def points_of(self, value: float) -> float:
        """Give the points of one value."""
        is_beyond = compare_exactly(float(value), "<" if self.falls else ">", self.limit)
        return self.points_beyond(float(value)) if is_beyond else 0.0

    def points_beyond(self, value: float) -> float:
        """Give the points of one value that is beyond the limit, or what they would begin with at it."""
        held = value / self.over
        if self.at_least is not None:
            held = max(held, self.at_least)
        points = self.constant + self.times * held
        if not self.ln:
            return points
        # A table that lets 0 into the logarithm is refused; until it is, its points have no end.
        return points + self.ln * (math.log(held) if held > 0 else -math.inf)

    def span(self, minimum: float, maximum: float) -> tuple[float, float]:
        """Give the fewest and the most points of a quantity between two ends.

        Examples
        --------
        >>> Curve(above=0, constant=3, times=0.5).span(0, 28)
        (0.0, 17.0)
        """
        ends = self.points_of(minimum), self.points_of(maximum)
        return min(ends), max(ends)
