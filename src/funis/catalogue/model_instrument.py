"""Instruments as data: one frozen Definition per published version of an instrument.

A definition holds one item per printed row, in printed order. What is counted and how stands in the file;
the scoring reads it and knows no medicine.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from funis.catalogue.conditions import Condition
from funis.catalogue.model_curve import Curve
from funis.catalogue.model_parameter import Parameter
from funis.errors import UnknownNameError, ValueRangeError

Kind = Literal["sum", "mean", "maximum", "value", "grades"]
Value = int | float | str
GRADES = ("A", "B", "C", "D", "E")
"""Grades of an organ system, the most active first."""
LEVELS = {"yes": 1, "present": 1, "improving": 1, "active": 2}
"""Lowest recorded value of an item that is at the level a decision table names."""


@dataclass(frozen=True, slots=True)
class Item:
    """One printed row.

    Attributes
    ----------
    row : number of the row in the published table, from 1
    name : key of the item and name of its column
    label : our own short words
    values : allowed values, that of the fewest points first (the highest number first in an item that counts
        the other way round); empty for a measured quantity
    points : what each of `values` contributes; empty for a measured quantity
    system : organ system or domain, empty where the instrument has none
    by : who records it: ``clinician``, ``subject``, ``lab`` or ``device``
    unit, minimum, maximum : of a measured quantity; outside the limits a value is refused
    when : one entry per level above the lowest; any of its conditions gives the level (measured quantities
        that can fill a blank item)
    lab : laboratory test whose value *is* this item (unit converted)
    excludes : causes that must not be counted
    level_labels : what each level above the lowest means, in our own short words
    alternatives : items that measure the same thing, this one included; one recorded is enough
    spellings : other ways to write a value, in lower case, and the value each stands for
    analyte : the measured quantity of the table of analytes that it is, which gave the limits
    curve : points of a measured quantity; without it the quantity itself is added
    """

    row: int
    name: str
    label: str
    values: tuple[Value, ...] = ()
    points: tuple[float, ...] = ()
    system: str = ""
    by: str = "clinician"
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    when: tuple[tuple[Condition, ...], ...] = ()
    lab: str = ""
    excludes: tuple[str, ...] = ()
    alternatives: tuple[str, ...] = ()
    level_labels: tuple[str, ...] = ()
    spellings: tuple[tuple[str, Value], ...] = ()
    analyte: str = ""
    curve: Curve | None = None

    @property
    def is_measured(self) -> bool:
        """Whether the item is a measured quantity, not one of a few levels."""
        return not self.values

    @property
    def span(self) -> tuple[float | None, float | None]:
        """Lowest and highest number that may be recorded, whichever way they count; none for letters."""
        if self.is_measured:
            return self.minimum, self.maximum
        numbers = [float(value) for value in self.values if not isinstance(value, str)]
        return (min(numbers), max(numbers)) if numbers else (None, None)

    @property
    def points_span(self) -> tuple[float, float]:
        """Fewest and most points; a measured quantity without a curve counts as itself."""
        if not self.is_measured:
            return min(self.points), max(self.points)
        ends = float(self.minimum or 0), float(self.maximum or 0)
        return ends if self.curve is None else self.curve.span(*ends)

    @property
    def is_text(self) -> bool:
        """Whether the item is recorded as letters (a given grade)."""
        return bool(self.values) and isinstance(self.values[0], str)

    @property
    def measures(self) -> tuple[str, ...]:
        """Measured quantities that can fill the item, in printed order."""
        names = [name for level in self.when for condition in level for name in condition.names]
        return tuple(dict.fromkeys([*([self.lab] if self.lab else []), *names]))

    @property
    def allowed(self) -> str:
        """What may be recorded, in words."""
        if self.is_measured:
            low = "-inf" if self.minimum is None else f"{self.minimum:.12g}"
            high = "inf" if self.maximum is None else f"{self.maximum:.12g}"
            return f"{low} to {high} {self.unit}".rstrip()
        return ", ".join(map(str, self.values))

    def points_of(self, value: Value) -> float:
        """Give the points that an allowed value contributes."""
        if value not in self.values:
            raise ValueRangeError(f"item {self.name!r}", value, self.allowed)
        return self.points[self.values.index(value)]


@dataclass(frozen=True, slots=True)
class MeasuredQuantity:
    """A measured quantity that a condition compares but that is not itself an item.

    An `optional` one may show a finding, but its absence does not leave the finding unknown. Outside the
    limits a value is refused; those of an `analyte` stand in the table of analytes.
    """

    name: str
    unit: str
    label: str
    minimum: float | None = None
    maximum: float | None = None
    optional: bool = False
    analyte: str = ""


@dataclass(frozen=True, slots=True)
class Feature:
    """A named finding that decision rules count; rows with the same name are alternatives of each other.

    Attributes
    ----------
    name, system, label : key, organ system and printed words
    clause : letter of the printed row
    when : the condition
    choice : values that named parameters must have for the row to be in force
    only_without : measures of which none may be recorded at this visit
    first_visit : answer of terms that look back where there is no earlier visit
    previous_missing : answer of terms that look back where the earlier visit lacks the value
    within_months : lookback window: the condition may have held at any visit in so many calendar months, this
        one included
    within_days : the same window where visits are ordered by day numbers: days, or the name of a parameter
    """

    name: str
    system: str
    label: str
    clause: str
    when: Condition
    choice: tuple[tuple[str, Value | bool], ...] = ()
    only_without: tuple[str, ...] = ()
    first_visit: bool | str = False
    previous_missing: bool | str = False
    within_months: int = 0
    within_days: int | str = 0

    @property
    def has_window(self) -> bool:
        """Whether the condition may have held at an earlier visit."""
        return self.within_months > 0

    def days_of_window(self, parameters: Mapping[str, Any]) -> int:
        """Give the length of the lookback window where visits are ordered by day numbers."""
        days = parameters[self.within_days] if isinstance(self.within_days, str) else self.within_days
        return int(days)


@dataclass(frozen=True, slots=True)
class GradeRule:
    """One row of a decision table: rows of one clause must all hold, any clause gives the grade.

    Attributes
    ----------
    system, grade, clause : what is graded, the grade given, number of the clause
    label : printed words of the clause
    at_least, of_items, with_level : so many of these items (or features) at this level
        (``active`` 2 to 4, ``improving`` 1, ``present`` 1 to 4, ``yes``)
    when : or a condition on a measured value
    """

    system: str
    grade: str
    clause: int
    label: str
    at_least: int = 1
    of_items: tuple[str, ...] = ()
    with_level: str = "yes"
    when: Condition | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """One way of obtaining a measured score, the first recorded route counts.

    The value of `item` times `factor`, divided by the value of the item `per` or by so many minutes; taken
    only where the item exceeds `only_above`.
    """

    item: str
    factor: float = 1.0
    per: str = ""
    per_minutes: float = 1.0
    only_above: float | None = None


@dataclass(frozen=True, slots=True)
class EquationFactor:
    """One factor of an equation; the value of a measured score is a constant times all factors in force.

    Attributes
    ----------
    label : printed words
    item : quantity that is raised; empty for the quantity the routes give
    over : the quantity is divided by this first
    at_most, at_least : then held below or above this
    power : then raised to this power
    base : or this base is raised to the quantity
    times : or a plain number
    when_item : values that recorded items must have for the factor to be in force, else it is 1
    choice : values that named parameters must have for the factor to be in force
    """

    label: str
    item: str = ""
    over: float = 1.0
    at_most: float | None = None
    at_least: float | None = None
    power: float | None = None
    base: float | None = None
    times: float | None = None
    when_item: tuple[tuple[str, Value], ...] = ()
    choice: tuple[tuple[str, Value | bool], ...] = ()


@dataclass(frozen=True, slots=True)
class PartSummary:
    """A second way of joining the parts of a score: an extra column ``<score>_<name>`` with its bounds."""

    name: str
    how: Literal["maximum", "minimum", "mean"]
    label: str


@dataclass(frozen=True, slots=True)
class Flag:
    """A cut-off: an extra column ``<score>_<name>`` that is 1 where the score meets the condition."""

    name: str
    label: str
    when: Condition
    source: str = ""


@dataclass(frozen=True, slots=True)
class Range:
    """Lowest and highest value a score can take."""

    lowest: float
    highest: float


@dataclass(frozen=True, slots=True)
class Definition:
    """One published version of an instrument.

    Attributes
    ----------
    name, title, version, kind : key, printed name, edition, how items become a score
    source, licence, licence_note, window : citation, status, its evidence, look-back window in words
    certainty : how sure the text is, where that is not simply that the source was read
    is_proposal : whether the definition is our own proposal, because no source prints one
    items : one per printed row, in printed order
    systems : organ systems or domains in printed order, empty where there are none
    parameters : choices the sources leave open
    range : lowest and highest total
    unit, digits : unit of the score and decimals it is printed with
    not_done : ``absent``, ``missing`` or ``left_out`` (of a mean): what the paper says of an assessment that
        was not done, or a question that does not apply
    within : ``sum``, ``maximum`` or ``mean`` of the items of one system
    reversed_by : yes/no parameter that says that the scale was recorded the other way round
    applies : condition on recorded items; where it fails the instrument is not applicable
    constant, factors : equation of a measured score
    intercept : what a sum begins with, before any row is added
    per_system : whether the total of each system is given as a column of its own
    summaries : further ways of joining the totals of the systems
    less_is_worse : whether a low value is the worst one
    is_toxicity : whether it grades a toxicity: the report counts the worst grade of each subject
    label : short printed name of the score, the title where the file gives none

    Examples
    --------
    >>> from funis.catalogue.registry import definition
    >>> found = definition("sledai_2k")
    >>> len(found.items), found.items[0].name, found.range.highest
    (24, 'seizure', 105.0)
    """

    name: str
    title: str
    version: str
    kind: Kind
    source: str
    licence: str
    items: tuple[Item, ...]
    range: Range
    licence_note: str = ""
    window: str = ""
    summary: str = ""
    missing: str = ""
    systems: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    measures: tuple[MeasuredQuantity, ...] = ()
    features: tuple[Feature, ...] = ()
    rules: tuple[GradeRule, ...] = ()
    routes: tuple[Route, ...] = ()
    flags: tuple[Flag, ...] = ()
    grade_points: tuple[tuple[str, int], ...] = ()
    notes: tuple[str, ...] = ()
    unit: str = ""
    digits: int = 0
    not_done: Literal["absent", "missing", "left_out"] = "missing"
    within: Literal["sum", "maximum", "mean"] = "sum"
    reversed_by: str = ""
    applies: Condition | None = None
    constant: float = 1.0
    intercept: float = 0.0
    factors: tuple[EquationFactor, ...] = ()
    per_system: bool = False
    summaries: tuple[PartSummary, ...] = ()
    less_is_worse: bool = False
    is_toxicity: bool = False
    label: str = ""
    certainty: str = ""
    is_proposal: bool = False
    file: str = field(default="", compare=False)

    def __hash__(self) -> int:
        """Hash the name: a definition is a key of what is kept for it, and has a hundred items."""
        return hash((self.name, self.version))

    def item(self, name: str) -> Item:
        """Give one item by its name."""
        for found in self.items:
            if found.name == name:
                return found
        raise UnknownNameError("item", name, [item.name for item in self.items], self.name)

    def __iter__(self) -> Iterator[Item]:
        """Walk the items in printed order."""
        return iter(self.items)

    @property
    def grade_columns(self) -> tuple[str, ...]:
        """Columns with the grade of each system, in printed order; empty where nothing is graded."""
        return tuple(f"{self.name}_{system}" for system in self.systems) if self.kind == "grades" else ()

    def window_words(self, given: Mapping[str, Any] | None = None) -> str:
        """Give the look-back window in words, with the days that the parameters choose.

        Examples
        --------
        >>> from funis.catalogue.registry import definition
        >>> definition("sledai_2k").window_words({"window_days": 30})
        'present at the visit or in the preceding 30 days'
        """
        words = self.window
        for name, value in self.parameter_values(given).items():
            words = words.replace(f"{{{name}}}", str(value))
        return words

    def parameter_values(self, given: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Put given parameters over the defaults.

        Raises
        ------
        UnknownNameError : a parameter does not exist
        ValueRangeError : a value is not among the allowed
        """
        values: dict[str, Any] = {parameter.name: parameter.default for parameter in self.parameters}
        by_name = {parameter.name: parameter for parameter in self.parameters}
        for name, value in (given or {}).items():
            if name not in by_name:
                raise UnknownNameError("parameter", name, by_name, self.name)
            values[name] = by_name[name].check_value(self.name, value)
        return values
