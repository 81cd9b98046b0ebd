"""What a criterion looks at: one subject's timeline, the visit judged, the visit compared with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Final

from funis.catalogue.model_parameter import ParameterValue
from funis.catalogue.model_response import ResponseDefinition
from funis.catalogue.registry import definition, definitions
from funis.nine_decimals import to_decimal
from funis.responses.timeline import CohortTimelines, Timeline, TimelineVisit
from funis.responses.verdict import Span

NOTHING: Final = Span()


@cache
def _possible(column: str, usual: str) -> tuple[Decimal, Decimal | None]:
    """Return the lowest and the highest value of a column, None where nobody says.

    Parameters
    ----------
    column : its name; that of an instrument has the range of the instrument
    usual : the column that the definition names for it: a score under another name has the same range
    """
    known = [name for name in (column, usual) if name in definitions()]
    if not known:
        return Decimal(0), None  # no quantity that a response reads can be negative
    found = definition(known[0]).range
    return to_decimal(found.lowest) or Decimal(0), to_decimal(found.highest)


@dataclass(frozen=True, slots=True)
class Measurement:
    """What a measure found.

    Attributes
    ----------
    span : the number, or its ends
    text : the finding in words, for the reason
    is_undefined : no number can exist (a percentage of zero): no comparison with it holds
    """

    span: Span
    text: str
    is_undefined: bool = False


@dataclass(frozen=True, slots=True)
class Assessment:
    """One subject at the visit judged.

    Attributes
    ----------
    definition, parameters : the response and every choice in it, settled
    cohort, timeline : all subjects (for what was expected and collected) and this one
    target, target_day : name and scheduled day of the visit judged
    now, base : that visit and the one compared with; None where there is none
    systems : grade columns of the instrument, empty where the response uses no grades
    expected : visits with grades that were expected of everybody, with their days
    ignored : items the trial never collected, left out where a criterion allows that
    """

    definition: ResponseDefinition
    parameters: Mapping[str, ParameterValue]
    cohort: CohortTimelines
    timeline: Timeline
    target: str
    target_day: float
    now: TimelineVisit | None
    base: TimelineVisit | None
    systems: tuple[str, ...]
    expected: Mapping[str, float]
    ignored: frozenset[str] = frozenset()

    def number(self, name: str) -> float:
        """Return a numeric parameter."""
        return float(self.parameters[name])

    def flag(self, name: str) -> bool:
        """Return a yes/no parameter."""
        return bool(self.parameters[name])

    def text(self, name: str) -> str:
        """Return a text parameter."""
        return str(self.parameters[name])

    def column(self, name: str) -> str:
        """Return the column a phrase means: a text parameter stands for the column it names."""
        value = self.parameters.get(name)
        return value if isinstance(value, str) and value else name

    def read(self, visit: TimelineVisit | None, name: str) -> Span:
        """Return what a phrase names at a visit, in the unit the limits are printed in.

        What was not recorded lies where the score or the quantity can lie at all: a SLEDAI-2K of 3 cannot
        have fallen by 4, whatever it is now.
        """
        span = NOTHING if visit is None else visit.number(self.column(name))
        for word in ("scale", "unit"):
            parameter = self.definition.parameters.get(f"{name}_{word}")
            factor = Decimal(1) if parameter is None else parameter.factor_of(self.parameters[parameter.name])
            if factor != 1:
                low = None if span.low is None else span.low * factor
                high = None if span.high is None else span.high * factor
                span = Span(low, high)
        return span.within(*_possible(self.column(name), self.definition.default_column(name)))

    def visits_between(self, after: float, until: float) -> tuple[TimelineVisit, ...]:
        """Return the visits in an interval that count under the rule on unscheduled visits."""
        visits = self.timeline.between(after, until)
        if self.flag("unscheduled"):
            return visits
        return tuple(visit for visit in visits if not visit.name.startswith("unscheduled"))
