"""Which number it is: the place it stands at, its statistic and method, and the id made of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

#: The word for "not divided": every subgroup, every arm, every visit.
ALL: Final = "all"

# These statistics mean nothing without the method that gave them, so the method is part of the id.
_NAMED_BY_METHOD: Final = frozenset(
    {
        "lower", "upper", "p", "p_adjusted", "p_highest", "statistic", "df", "estimate", "se",
        "most_influential",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a group of numbers stands: everything they share.

    Attributes
    ----------
    analysis : kind of analysis, for example ``summary``, ``change``, ``response``
    variable : what the numbers are about; a change is its own variable (``sledai_2k_change``)
    population, subgroup, arm, visit : whom and when; ``all`` where not divided
    endpoint : id of the study file's endpoint, empty for what is always reported
    n : number of subjects (or events) with a value
    denominator : number of subjects that could have had one, where a share is printed
    missing : missing-data policy under which the values were scored
    source : key into the recorded values
    """

    analysis: str
    variable: str
    population: str = "enrolled"
    subgroup: str = ALL
    arm: str = ALL
    visit: str = ALL
    endpoint: str = ""
    n: int | None = None
    denominator: int | None = None
    missing: str = ""
    source: str = ""


def build_id(place: Place, statistic: str, method: str = "") -> str:
    """Compose the readable, unique id of a number; parts that divide nothing are left out.

    Examples
    --------
    >>> build_id(Place(analysis="response", variable="MCR", visit="month_6"), "lower", "wilson")
    'response.enrolled.month_6.MCR.lower.wilson'
    """
    divided = [part for part in (place.subgroup, place.arm, place.visit) if part != ALL]
    parts = [place.analysis, place.endpoint, place.population, *divided, place.variable, statistic]
    if method and statistic in _NAMED_BY_METHOD:
        parts.append(method)
    return ".".join(_slug(part) for part in parts if part)


def _slug(part: str) -> str:
    # Adverse-event terms and system names come from data: letters of any script stay, the rest joins.
    return part if part.isidentifier() else re.sub(r"[^\w+-]+", "_", part).strip("_")
