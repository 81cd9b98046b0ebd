"""How many events, subjects and months a comparison of two survival curves needs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from scipy import special

from funis.arguments import NumberFrom, takes
from funis.design.asked import check_power
from funis.errors import ValueRangeError

_SHARE: Final = NumberFrom(0, 1, is_open=True)
_TIME: Final = NumberFrom(0, is_open=True)


@dataclass(frozen=True, slots=True)
class LogRankDesign:
    """Events and subjects for a log-rank test.

    Attributes
    ----------
    hazard_ratio, alpha, asked_power, ratio : as asked; the ratio of hazards is of the second arm to the first
    events_exact, events : of both arms, before and after they are made whole
    events_freedman : the same by Freedman's formula, which is larger the farther the ratio is from 1
    event_chance : chance that a subject of the first, and of the second arm has the event while it is watched
    n : whole subjects of each arm
    median : time in which half of the first arm has the event
    accrual, follow_up : length of the recruitment, and of the time after the last subject
    dropout : share of the subjects lost in each unit of time
    """

    hazard_ratio: float
    alpha: float
    asked_power: float
    ratio: float
    events_exact: float
    events: int
    events_freedman: int
    event_chance: tuple[float, float]
    n: tuple[int, int]
    median: float
    accrual: float
    follow_up: float
    dropout: float


@takes(
    hazard_ratio=NumberFrom(0, is_open=True), median=_TIME, accrual=NumberFrom(0), follow_up=_TIME,
    dropout=NumberFrom(0, 0.99), alpha=_SHARE, power=_SHARE, ratio=NumberFrom(0.05, 20),
)  # fmt: skip
def logrank(  # noqa: PLR0913  all but the first four are by keyword
    hazard_ratio: float,
    median: float,
    accrual: float,
    follow_up: float,
    *,
    dropout: float = 0.0,
    alpha: float = 0.05,
    power: float = 0.8,
    ratio: float = 1.0,
) -> LogRankDesign:
    """Find events and subjects for a log-rank test, with steady recruitment and exponential times.

    Parameters
    ----------
    hazard_ratio : hazard of the second arm as a multiple of the first's, not 1
    median : time in which half of the first arm has the event
    accrual : length of the recruitment, in the same unit; 0: all start at once
    follow_up : time after the last subject, in the same unit
    dropout : share of the subjects lost in each unit of time, 0 to 0.99
    alpha : two-sided error
    power : chance of a significant difference
    ratio : subjects of the second arm for each of the first

    Raises
    ------
    ValueRangeError : the hazard ratio is 1

    Source
    ------
    Schoenfeld 1981 (Biometrika 68: 316) and 1983 (Biometrics 39: 499); Freedman 1982 (Stat Med 1: 121);
    steady recruitment and losses: Lachin and Foulkes 1986 (Biometrics 42: 507).

    Checked against
    ---------------
    tests/design/test_sizes : hand arithmetic

    Examples
    --------
    >>> found = logrank(0.5, median=12.0, accrual=12.0, follow_up=12.0)
    >>> found.events, found.n
    (66, (63, 63))
    """
    if hazard_ratio == 1:
        raise ValueRangeError("hazard ratio", hazard_ratio, "a number other than 1")
    check_power(alpha, power)
    aims = float(special.ndtri(1 - alpha / 2) + special.ndtri(power)) ** 2
    events = aims * (1 + ratio) ** 2 / (ratio * math.log(hazard_ratio) ** 2)
    freedman = aims * (1 + ratio * hazard_ratio) ** 2 / (ratio * (1 - hazard_ratio) ** 2)
    hazard, lost = math.log(2) / median, -math.log1p(-dropout)
    chances = (
        _event_chance(hazard, lost, accrual, follow_up),
        _event_chance(hazard * hazard_ratio, lost, accrual, follow_up),
    )
    first = events / (chances[0] + ratio * chances[1])
    return LogRankDesign(
        hazard_ratio, alpha, power, ratio, events, math.ceil(events - 1e-9), math.ceil(freedman - 1e-9),
        chances, (math.ceil(first - 1e-9), math.ceil(ratio * first - 1e-9)), median, accrual, follow_up,
        dropout,
    )  # fmt: skip


def _event_chance(hazard: float, lost: float, accrual: float, follow_up: float) -> float:
    """Give the chance of an event before loss and before the end, over a steady recruitment."""
    total = hazard + lost
    if accrual == 0:
        watched = -math.expm1(-total * follow_up)
    else:
        mean = math.exp(-total * follow_up) * -math.expm1(-total * accrual) / (total * accrual)
        watched = 1 - mean
    return hazard / total * watched
