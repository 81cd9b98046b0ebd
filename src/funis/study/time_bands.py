"""Bands of time that a cohort without planned visits is summarised in; a band stands where a visit would."""

from __future__ import annotations

from typing import Final

DAYS_PER_YEAR: Final = 365.25

#: Last day of each band, and its name.
TIME_BANDS: Final[tuple[tuple[float, str], ...]] = (
    (0, "day_0"),
    (90, "days_1_to_90"),
    (180, "days_91_to_180"),
    (365, "days_181_to_365"),
    *((round(DAYS_PER_YEAR * year), f"year_{year}") for year in range(2, 21)),
)
BAND_NAMES: Final = frozenset(name for _, name in TIME_BANDS)
