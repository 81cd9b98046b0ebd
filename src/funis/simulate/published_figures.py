"""The published figures that the disease model is calibrated to, each with its source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np

from funis.errors import UnknownNameError
from funis.stats.sample import Floats

Relapses = Literal["abstract", "five_year", "yearly"]
"""Which report of relapse is believed: months 9 and 12 alone, with 5 years or with yearly counts added."""

ABSTRACT: Final = "ACR 2012 abstract, umbilical-cord MSC in active lupus, n = 40"
FIVE_YEARS: Final = "Wang 2018, Stem Cell Reports 10:933"
YEARLY: Final = "Wang 2013, Cell Transplantation 22:2267"
ASSUMED_CORRELATION: Final = 0.5
"""Of two visits: not published; 0.39 to 0.57 follow from Liu 2011 (Chinese Journal of Rheumatology)."""

MONTHS: Final = (0.0, 3.0, 6.0, 9.0, 12.0)
MEANS: Final = (10.83, 7.43, 6.30, 6.40, 6.48)
SDS: Final = (4.63, 3.93, 3.63, 3.84, 3.52)
SUBJECTS: Final = 40
RESPONSES: Final = {"major response": 14, "partial response": 15, "no response": 11}
"""At month 6, of the 40."""
INFUSION_MONTHS: Final = (0.0, 7 / 30.4375)
"""Days 0 and 7."""
RESPONSE_MONTH: Final = 6.0
"""From here a relapse is counted."""


@dataclass(frozen=True, slots=True)
class RelapseCount:
    """Relapses among those who were still without one.

    Attributes
    ----------
    start, end : months after the first infusion
    relapsed, at_risk : subjects
    source : paper
    """

    start: float
    end: float
    relapsed: int
    at_risk: int
    source: str


# The abstract prints 3 and 4 of 40; only the 29 who responded could relapse.
_OF_ABSTRACT = (RelapseCount(6, 9, 3, 29, ABSTRACT), RelapseCount(9, 12, 4, 26, ABSTRACT))
RELAPSE_COUNTS: Final[dict[str, tuple[RelapseCount, ...]]] = {
    "abstract": _OF_ABSTRACT,
    "five_year": (*_OF_ABSTRACT, RelapseCount(6, 60, 9, 37, FIVE_YEARS)),
    "yearly": (
        *_OF_ABSTRACT,
        RelapseCount(6, 12, 10, 83, YEARLY),
        RelapseCount(12, 24, 7, 39, YEARLY),
        RelapseCount(24, 36, 2, 12, YEARLY),
        RelapseCount(36, 48, 1, 6, YEARLY),
    ),
}


def counts_of(relapses: str) -> tuple[RelapseCount, ...]:
    """Give the counts of relapses that are believed.

    Raises
    ------
    UnknownNameError : there is no such report

    Examples
    --------
    >>> [(each.relapsed, each.at_risk) for each in counts_of("five_year")]
    [(3, 29), (4, 26), (9, 37)]
    """
    if relapses not in RELAPSE_COUNTS:
        raise UnknownNameError("report of relapse", relapses, get_args(Relapses))
    return RELAPSE_COUNTS[relapses]


def precision_of_means(correlation: float = ASSUMED_CORRELATION) -> Floats:
    """Give the inverse covariance of the five published means.

    Parameters
    ----------
    correlation : of any two visits

    Examples
    --------
    >>> covariance = np.linalg.inv(precision_of_means())
    >>> bool(np.isclose(covariance[0, 0], 4.63**2 / 40)), bool(np.isclose(covariance[0, 1], 4.63 * 3.93 / 80))
    (True, True)
    """
    alike = np.full((len(SDS), len(SDS)), correlation)
    np.fill_diagonal(alike, 1.0)
    return np.asarray(np.linalg.inv(alike * np.outer(SDS, SDS) / SUBJECTS), dtype=np.float64)
