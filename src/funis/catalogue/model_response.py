"""The parts of a response definition: phrases, criteria, rules, parameters.

A criterion is one printed row with one or more phrases; a rule names the criteria that must all hold for
a class; rules of one class are alternatives; classes stand best first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, Literal

from funis.catalogue.model_parameter import Parameter, ParameterValue
from funis.errors import UnknownNameError

NUMBER_MEASURES: Final = frozenset(
    {
        "now",
        "baseline",
        "rise",
        "fall",
        "rise_since_previous",
        "fall_since_previous",
        "percent_fall",
        "percent_fall_confirmed",
        "percent_rise",
        "percent_rise_since_previous",
        "percent_of_baseline",
        "percent_below",
        "of_upper_limit",
        "baseline_of_upper_limit",
        "ever",
        "highest_since_start",
        "over_window",
        "items_present",
        "new_items",
        "clinical",
        "per_kg",
    }
)
GRADE_MEASURES: Final = frozenset(
    {
        "with_a",
        "with_b",
        "baseline_a",
        "baseline_b",
        "baseline_active",
        "new_a",
        "new_b",
        "unimproved",
        "new_a_since_previous",
        "new_b_since_previous",
        "new_c_since_previous",
        "severe_flares_before",
        "flares_after",
        "flare_free_days",
        "relapses_before",
    }
)
MEASURES: Final = NUMBER_MEASURES | GRADE_MEASURES

EVENTS: Final = ("death", "withdrawal", "lost", "prohibited")
"""What may happen to a subject that decides the class whatever was measured."""

Extent = Literal["", "full", "partial", "none"]
EXTENTS: Final[tuple[Extent, ...]] = ("full", "partial", "none")

COMMON_PARAMETERS: Final[Mapping[str, dict[str, Any]]] = {
    "response_visit": {"default": "", "note": "visit judged; empty takes the day, else the last visit"},
    "response_day": {"default": 0, "note": "day judged when no visit is named; 0 takes the last visit"},
    "response_window": {"default": 30, "note": "days either side of response_day"},
    "baseline_visit": {"default": "", "note": "visit compared with; empty takes the last on or before day 0"},
    "missing_response": {
        "default": "cannot_tell",
        "allowed": ["cannot_tell", "nonresponder"],
        "note": "what a subject is who has no measurement at the visit judged",
    },
    "unscheduled": {"default": True, "note": "unscheduled visits count"},
    "confirmed": {"default": False, "note": "the response must also hold at the scheduled visit before"},
}


@dataclass(frozen=True, slots=True)
class Phrase:
    """One closed comparison: a measure of named columns against a limit."""

    text: str
    measure: str
    given: tuple[str, ...]
    symbol: str
    limit: Decimal | str


@dataclass(frozen=True, slots=True)
class PrintedCriterion:
    """One printed row: alternatives, each of phrases that must all hold.

    With `only_collected`, the alternatives are different measures of one thing, and one that the trial
    did not collect is left out; otherwise what is not collected stays unknown. A criterion with
    `absent_means` that the trial did not collect is taken as ``met`` or ``not_met``, and the reason says
    so. A criterion with `only_if` belongs to one value of a parameter.
    """

    id: str
    label: str
    alternatives: tuple[tuple[Phrase, ...], ...]
    points: int = 1
    absent_means: Literal["", "met", "not_met"] = ""
    only_if: tuple[str, ParameterValue] | None = None
    only_collected: bool = False
    source: str = ""

    @property
    def phrases(self) -> tuple[Phrase, ...]:
        """Every phrase of the row."""
        return tuple(phrase for group in self.alternatives for phrase in group)


@dataclass(frozen=True, slots=True)
class ClassRule:
    """What makes one class: criteria that must all hold, or a count or sum of points of them.

    Where criteria are counted, those in `also` must all hold besides and count nothing.
    """

    response: str
    number: str
    criteria: tuple[str, ...]
    counted: Literal["all", "count", "points"] = "all"
    least: int = 0
    missing_is_not_met: bool = False
    is_response: bool = True
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Failure:
    """An event that decides the class whatever was measured."""

    event: str
    before: Literal["response", "horizon"]
    label: str


@dataclass(frozen=True, slots=True)
class ResponseClass:
    """One class as it is printed.

    Attributes
    ----------
    name, label : the class, and our own short words for it
    extent : how much of the response it is: ``full``, ``partial`` or ``none``; empty for kinds and bands
        that are not more or less of one thing, such as flares by severity
    """

    name: str
    label: str
    extent: Extent = ""


@dataclass(frozen=True, slots=True)
class PrintedQuantity:
    """What a phrase reads, as it is printed.

    Attributes
    ----------
    words : our own short words; empty where the column is an instrument, whose label is printed
    unit : the unit that the limits are in
    is_yes_no : whether it is something that was there or not, so that no number is printed
    possible, reason : lowest and highest value it can have and why, where neither score nor analyte says it
    score, analyte : the instrument whose range, and the analyte whose limits, are those of the column, where
        its name does not say it
    """

    words: str = ""
    unit: str = ""
    is_yes_no: bool = False
    possible: tuple[float, float] | None = None
    reason: str = ""
    score: str = ""
    analyte: str = ""


@dataclass(frozen=True, slots=True)
class ResponseDefinition:
    """A published response as data.

    Attributes
    ----------
    name, title, version, source : what it is and where it was printed
    certainty : how sure the text is, where the paper could not be read
    is_proposal : whether the definition is our own proposal, because the source prints none
    family : condition or organ it belongs to, for choosing the responses that apply
    label : short printed name
    otherwise : class when no rule holds
    printed_classes : every class with its words, best first
    criteria, rules, failures, needs : the decision table
    sets : named lists of columns, for phrases that count items
    quantities : words and unit of what the phrases read, by the name that stands in them
    parameters : named choices
    has_relapse : whether loss of the response afterwards is defined
    is_state : whether it is a state that comes and goes, so that the time in it is described
    """

    name: str
    title: str
    version: str
    source: str
    certainty: str
    family: str
    otherwise: str
    printed_classes: tuple[ResponseClass, ...]
    criteria: tuple[PrintedCriterion, ...]
    rules: tuple[ClassRule, ...]
    failures: tuple[Failure, ...]
    needs: tuple[tuple[Phrase, str], ...]
    sets: Mapping[str, tuple[str, ...]]
    parameters: Mapping[str, Parameter]
    has_relapse: bool = False
    notes: tuple[str, ...] = field(default=())
    label: str = ""
    quantities: Mapping[str, PrintedQuantity] = field(default_factory=dict)
    is_proposal: bool = False
    is_state: bool = False

    @property
    def classes(self) -> tuple[str, ...]:
        """Classes that rules can give, best first, then the one left over."""
        return (*dict.fromkeys(rule.response for rule in self.rules), self.otherwise)

    def response_class(self, name: str) -> ResponseClass | None:
        """Give one class as it is printed, None where the definition has no such class."""
        return next((one for one in self.printed_classes if one.name == name), None)

    @property
    def responding(self) -> tuple[str, ...]:
        """Classes of those who respond, best first."""
        return tuple(dict.fromkeys(rule.response for rule in self.rules if rule.is_response))

    def active(self, parameters: Mapping[str, ParameterValue]) -> tuple[PrintedCriterion, ...]:
        """Return the criteria that belong to these choices."""
        return tuple(
            row
            for row in self.criteria
            if row.only_if is None or parameters[row.only_if[0]] == row.only_if[1]
        )

    def default_column(self, name: str) -> str:
        """Return the column that a name in a phrase means where nobody chooses another."""
        default = self.parameters[name].default if name in self.parameters else None
        return default if isinstance(default, str) and default else name

    def reads_grades(self, parameters: Mapping[str, ParameterValue]) -> bool:
        """Whether a criterion that belongs to these choices looks at organ-system grades."""
        needed = (phrase.measure for phrase, _ in self.needs)
        asked = (phrase.measure for row in self.active(parameters) for phrase in row.phrases)
        return not GRADE_MEASURES.isdisjoint((*needed, *asked))

    def columns_read(self, chosen: Mapping[str, ParameterValue] | None = None) -> frozenset[str]:
        """Name what the criteria of some choices read: columns and scores, and the index of their grades.

        Parameters
        ----------
        chosen : parameters that are set; those of other definitions are passed over

        Returns
        -------
        frozenset of str : a text parameter stands for the column it names; sets are unfolded
        """
        known = {name: value for name, value in (chosen or {}).items() if name in self.parameters}
        parameters = self.settle(known)
        phrases = [phrase for phrase, _ in self.needs]
        phrases += [phrase for row in self.active(parameters) for phrase in row.phrases]
        given = {name for phrase in phrases for name in phrase.given}
        given |= {"instrument"} if self.reads_grades(parameters) else set()
        columns = {each for name in given for each in self.sets.get(name, (name,))}
        return frozenset(str(parameters.get(name) or name) for name in columns)

    def criterion(self, name: str) -> PrintedCriterion:
        """Return the criterion of that id."""
        return next(row for row in self.criteria if row.id == name)

    def settle(self, chosen: Mapping[str, ParameterValue] | None) -> dict[str, ParameterValue]:
        """Return every parameter's value: the chosen one, else its default.

        Raises
        ------
        UnknownNameError : no such parameter
        ValueRangeError : not an allowed value
        """
        settled = {name: parameter.default for name, parameter in self.parameters.items()}
        for name, value in (chosen or {}).items():
            if name not in settled:
                raise UnknownNameError("parameter", name, settled, where=f"response {self.name}")
            settled[name] = self.parameters[name].check_value(f"response {self.name}", value)
        return settled
