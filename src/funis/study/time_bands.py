"""Bands of time that a cohort without planned visits is summarised in; a band stands where a visit would."""

from __future__ import annotations

import math
from bisect import bisect_left
from typing import Final

DAYS_PER_YEAR: Final = 365.25

#: Last day of each band, and its name; the last band has no end.
TIME_BANDS: Final[tuple[tuple[float, str], ...]] = (
    (0, "day_0"),
    (90, "days_1_to_90"),
    (180, "days_91_to_180"),
    (365, "days_181_to_365"),
    *((round(DAYS_PER_YEAR * year), f"year_{year}") for year in range(2, 20)),
    (math.inf, "year_20"),
)
BAND_NAMES: Final = tuple(name for _, name in TIME_BANDS)
_LAST_DAYS: Final = tuple(day for day, _ in TIME_BANDS)


def find_band(day: float) -> int:
    """Give the number of the band that a study day falls in, from 0.

    Parameters
    ----------
    day : study day; the last day of a band belongs to it, and what is before day 0 to the first

    Examples
    --------
    >>> [BAND_NAMES[find_band(day)] for day in (0, 90, 91)]
    ['day_0', 'days_1_to_90', 'days_91_to_180']
    """
    return bisect_left(_LAST_DAYS, day)
