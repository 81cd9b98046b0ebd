"""Classification criteria as data: one row per printed criterion, and the ways to be classified."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from funis.catalogue.model_response import PrintedCriterion, PrintedQuantity


@dataclass(frozen=True, slots=True)
class ClassificationRow:
    """One printed criterion: what shows it, its points, and where those are counted.

    Attributes
    ----------
    criterion : id, label and phrases
    domain : only the highest criterion of a domain counts
    groups : names a rule counts by, such as clinical
    """

    criterion: PrintedCriterion
    domain: str
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Demand:
    """A count of criteria or a sum of points, over a group, that a rule asks for."""

    what: Literal["count", "points"]
    group: str
    least: int


@dataclass(frozen=True, slots=True)
class ClassificationRule:
    """One way to be classified: all of some criteria, none of others, and counts."""

    name: str
    all: tuple[str, ...]
    none: tuple[str, ...]
    demands: tuple[Demand, ...]


@dataclass(frozen=True, slots=True)
class CriteriaSet:
    """A published set of classification criteria.

    Attributes
    ----------
    name, title, version, source : what it is and where it was printed
    rows : its criteria in printed order
    rules : the ways to be classified; any one suffices
    notes : what to know when reading it
    quantities : what a column can be, where neither its name nor the criteria say it
    """

    name: str
    title: str
    version: str
    source: str
    rows: tuple[ClassificationRow, ...]
    rules: tuple[ClassificationRule, ...]
    notes: tuple[str, ...]
    quantities: Mapping[str, PrintedQuantity] = field(default_factory=dict)
