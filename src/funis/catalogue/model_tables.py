"""Published tables as data: limits of the CTCAE, doses of glucocorticoids, populations before entry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

Whom = Literal["", "baseline above ULN", "baseline not above ULN", "baseline below LLN"]
Against = Literal["", "LLN", "ULN", "baseline"]
WHOM: tuple[Whom, ...] = ("", "baseline above ULN", "baseline not above ULN", "baseline below LLN")


@dataclass(frozen=True, slots=True)
class GradeRow:
    """One condition that gives a grade: the value against `factor` times `against`, or against a number.

    Attributes
    ----------
    grade : 1 to 4
    operator : ``<``, ``<=``, ``>`` or ``>=``
    factor, against : the limit; `against` empty for a plain number in the unit of the term
    whom : for which baseline the row is meant, empty for all
    text : the condition as printed
    """

    grade: int
    operator: str
    factor: float
    against: Against
    whom: Whom
    text: str


@dataclass(frozen=True, slots=True)
class ToxicityTerm:
    """One laboratory test with its term, its unit and the conditions of its grades, lowest grade first.

    `clinical` holds the grades that follow from the course of the subject and never from the number.
    """

    test: str
    term: str
    unit: str
    rows: tuple[GradeRow, ...]
    clinical: tuple[int, ...] = ()

    def uses(self, what: str) -> bool:
        """Tell whether a condition needs LLN, ULN or the baseline value."""
        return any(what in (row.against, *row.whom.split()) for row in self.rows)


@dataclass(frozen=True, slots=True)
class ToxicityTable:
    """All terms of one version, by test."""

    version: str
    source: str
    licence: str
    terms: Mapping[str, ToxicityTerm]


@dataclass(frozen=True, slots=True)
class Glucocorticoid:
    """One drug: the dose that equals 5 mg of prednisone, and the range in print where sources disagree."""

    drug: str
    equals_5_mg: Fraction
    lowest: Fraction
    highest: Fraction


@dataclass(frozen=True, slots=True)
class GlucocorticoidTable:
    """Drugs, units and routes by every name they are written with, in lower case."""

    source: str
    drugs: Mapping[str, Glucocorticoid]
    units: Mapping[str, Fraction]
    routes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PopulationGrid:
    """Means and standard deviations of a score before an entry rule, every combination of which is tried."""

    means: tuple[float, ...]
    sds: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class PopulationPreset:
    """A published population that a trial's subjects may have been chosen from.

    Attributes
    ----------
    name, label : the preset, and its printed words
    instruments : scores that it is about
    mean, sd : of the population; with `limit`, of those who entered above the limit
    limit : limit of an entry rule that mean and SD were observed under, None for a whole population
    is_limit_assumed : whether the limit stands in no source that was read
    correlation : of the score at two visits, None where the source gives none
    subjects : how many they rest on
    source, certainty : where it is printed, and how sure it is
    """

    name: str
    label: str
    instruments: tuple[str, ...]
    mean: float
    sd: float
    limit: float | None
    correlation: float | None
    subjects: int
    source: str
    certainty: str
    is_limit_assumed: bool = False


@dataclass(frozen=True, slots=True)
class PopulationTable:
    """Grids by instrument, and presets in printed order."""

    grids: Mapping[str, PopulationGrid]
    presets: tuple[PopulationPreset, ...]
