"""Which number it is: the place it stands at, its statistic and method, and the id made of them.

Every part of a key has a column of its own. Nothing reads a part back out of another one, out of the id or
out of printed text: an id is made here and never taken apart.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

from funis.results.text import format_shortest

#: The word for "not divided": every subgroup, every arm, every visit.
ALL: Final = "all"

# These statistics mean nothing without the method that gave them, so the method is part of the id.
_NAMED_BY_METHOD: Final = frozenset(
    {
        "lower", "upper", "p", "p_adjusted", "p_highest", "statistic", "df", "estimate", "se",
        "most_influential", "most_influential_label", "draws", "p_error",
        "p_exact_least", "zero_changes", "conditional_se", "conditional_lower", "conditional_upper",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a group of numbers stands: everything they share.

    Attributes
    ----------
    analysis : kind of analysis, for example ``summary``, ``change``, ``response``
    variable : what the numbers are about; a change is its own variable (``sledai_2k_change``)
    measure : what was recorded or judged, for example ``sledai_2k`` of ``sledai_2k_change``; empty, the
        variable itself
    category : class, grade, level or term that is counted, for example ``MCR``, ``A``, ``female``
    parameter : parameter of a model, as SAS names it; of a correlation, the visit it is with
    cluster : what is left out one at a time or stands as a random effect: subject, site, lot, donor
    estimand : id of the study file's estimand
    population, subgroup, arm, visit : whom and when; ``all`` where not divided
    contrast : the arm that is subtracted from ``arm``, empty where nothing is
    endpoint : id of the study file's endpoint, empty for what is always reported
    n : number of subjects (or events) with a value
    denominator : number of subjects that could have had one, where a share is printed
    missing : policy for missing items under which the values were scored
    missing_outcome : rule for missing outcomes, empty where none was needed
    adjustment : how a P value was adjusted for multiplicity
    delta : shift added to drawn values, in the unit of the variable
    source : key into the recorded values
    """

    analysis: str
    variable: str
    measure: str = ""
    category: str = ""
    parameter: str = ""
    cluster: str = ""
    estimand: str = ""
    population: str = "enrolled"
    subgroup: str = ALL
    arm: str = ALL
    contrast: str = ""
    visit: str = ALL
    endpoint: str = ""
    n: int | None = None
    denominator: int | None = None
    missing: str = ""
    missing_outcome: str = ""
    adjustment: str = ""
    delta: float | None = None
    source: str = ""


# Words with single spaces between them: the spaces alone become another sign.
_PLAIN: Final = re.compile(r"[\w+-]+(?: [\w+-]+)*")


def name_change(measure: str) -> str:
    """Name the change of a measure from baseline.

    Examples
    --------
    >>> name_change("sledai_2k")
    'sledai_2k_change'
    """
    return f"{measure}_change"


def name_sustained(definition: str) -> str:
    """Name the response that is kept to the end of follow-up.

    Examples
    --------
    >>> name_sustained("ucmsc_bilag_response")
    'ucmsc_bilag_response_sustained'
    """
    return f"{definition}_sustained"


def name_shift(before: str, after: str) -> str:
    """Name those who were in one class at the first visit and are in another at a later one.

    Examples
    --------
    >>> name_shift("MCR", "none")
    'MCR to none'
    """
    return f"{before} to {after}"


def name_at_most(limit: float) -> str:
    """Name the category of those at a dose or below.

    Examples
    --------
    >>> name_at_most(7.5), name_at_most(5.0)
    ('at_most_7.5', 'at_most_5')
    """
    return f"at_most_{format_shortest(limit)}"


def build_id(place: Place, statistic: str, method: str = "") -> str:
    """Compose the readable id of a number; parts that divide nothing are left out.

    A name from the data whose signs cannot all stand in an id (``headache.``) has a sum of its letters behind
    a tilde: it differs from the name without the sign, whether that one is there or not.

    Parameters
    ----------
    place, statistic : the number
    method : how it was computed; part of the id of a statistic that means nothing without it

    Examples
    --------
    >>> place = Place(analysis="response", variable="ucmsc_bilag_response", category="MCR", visit="month_6")
    >>> build_id(place, "lower", "wilson")
    'response.enrolled.month_6.ucmsc_bilag_response_MCR.lower.wilson'
    """
    arm = _exact(place.arm)
    if place.contrast:
        arm = f"{arm}_-_{_exact(place.contrast)}"
    divided = [part for part in (_slug(place.subgroup), arm, _exact(place.visit)) if part != ALL]
    own = (_slug(place.estimand), _slug(place.variable), _exact(place.category))
    about = "_".join(filter(None, (*own, _slug(place.parameter), _slug(place.cluster))))
    front = (_slug(place.analysis), _slug(place.endpoint), _slug(place.population))
    by = ""
    if method and statistic in _NAMED_BY_METHOD:
        by = _slug(", ".join(filter(None, (method, *_variant(place, method)))))
    return ".".join(filter(None, (*front, *divided, about, _slug(statistic), by)))


def build_key(place: Place, statistic: str, method: str = "") -> tuple[str, ...]:
    """Give what tells a number from every other, letter by letter: equal keys are one number.

    Parameters
    ----------
    place, statistic, method : as for :func:`build_id`

    Examples
    --------
    >>> place = Place(analysis="baseline", variable="site", category="01")
    >>> build_key(place, "count") == build_key(place, "count", "any method")
    True
    """
    by = (method, *_variant(place, method)) if method and statistic in _NAMED_BY_METHOD else ()
    return (
        *by, place.analysis, place.endpoint, place.population, place.subgroup, place.arm, place.contrast,
        place.visit, place.estimand, place.variable, place.category, place.parameter, place.cluster,
        statistic,
    )  # fmt: skip


def tell_apart(key: str, exact: tuple[str, ...]) -> str:
    """Give another id to a number whose readable id belongs to another number already.

    Examples
    --------
    >>> tell_apart("population.x.subjects.n", ("population", "x", "n"))
    'population.x.subjects.n~47f23637'
    """
    return f"{key}~{_sum_of(chr(0).join(exact))}"


def join_exactly(*parts: str) -> str:
    """Join names to one readable id; a name whose signs cannot all stand in it has a sum of its letters.

    Parameters
    ----------
    parts : names of the study, of the data or of funis; empty ones are left out

    Examples
    --------
    >>> join_exactly("summary", "", "sledai_2k"), join_exactly("arm", "UC-MSC (high)")
    ('summary.sledai_2k', 'arm.UC-MSC_high~fe04bac0')
    """
    return ".".join(slug if slug == part else f"{slug}~{_sum_of(part)}" for part, slug in _slugs(parts))


def _slugs(parts: Iterable[str]) -> Iterator[tuple[str, str]]:
    return ((part, _slug(part)) for part in parts if part)


def _variant(place: Place, method: str) -> tuple[str, ...]:
    """Tell apart the numbers of one method: by adjustment, by shift, in a sensitivity table by rule."""
    varied = place.missing_outcome if place.analysis == "sensitivity" else ""
    # Multiple imputation is method and rule in one.
    rule = "" if varied == method else varied
    return place.adjustment, rule, "" if place.delta is None else f"delta {format_shortest(place.delta)}"


@cache
def _slug(part: str) -> str:
    # System names come from definitions: letters of any script stay, the rest joins.
    return part if part.isidentifier() else re.sub(r"[^\w+-]+", "_", part).strip("_")


@cache
def _exact(part: str) -> str:
    """Slug a name that comes from data, so that no two names of one place have one slug."""
    slug = _slug(part)
    return slug if not part or _PLAIN.fullmatch(part) else f"{slug}~{_sum_of(part)}"


def _sum_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]
