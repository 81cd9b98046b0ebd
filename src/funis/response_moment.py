"""What a criterion looks at: one subject's course, the visit judged, the visit compared with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from funis.course import Cohort, Course, CourseVisit
from funis.response_definition import ParameterValue, ResponseDefinition
from funis.verdict import Span

NOTHING: Final = Span()


@dataclass(frozen=True, slots=True)
class Finding:
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
class Moment:
    """One subject at the visit judged.

    Attributes
    ----------
    definition, parameters : the response and every choice in it, settled
    cohort, course : all subjects (for what was expected and collected) and this one
    target, target_day : name and scheduled day of the visit judged
    now, base : that visit and the one compared with; None where there is none
    systems : grade columns of the instrument, empty where the response uses no grades
    expected : visits with grades that were expected of everybody, with their days
    """

    definition: ResponseDefinition
    parameters: Mapping[str, ParameterValue]
    cohort: Cohort
    course: Course
    target: str
    target_day: float
    now: CourseVisit | None
    base: CourseVisit | None
    systems: tuple[str, ...]
    expected: Mapping[str, float]

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

    def visits_between(self, after: float, until: float) -> tuple[CourseVisit, ...]:
        """Return the visits in an interval that count under the rule on unscheduled visits."""
        visits = self.course.between(after, until)
        if self.flag("unscheduled"):
            return visits
        return tuple(visit for visit in visits if not visit.name.startswith("unscheduled"))
