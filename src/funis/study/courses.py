"""Courses of treatment: the first treatment and what is infused again, at a visit, at relapse or by a rule.

A course is a set of infusions that are planned together: those of the first treatment are course 1, each
later set is the next course. An infusion opens the next course of its subject where the running course has
had all its planned infusions, or where its day is nearer to the first day on which a later course can be due
than to the planned day of the running course's next infusion. A study without a later course has one course.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from funis.study.kept import once_a_study
from funis.study.model import Endpoint, Study
from funis.study.planned_infusion import CONDITIONS, RELAPSE, Infusion
from funis.study.response_behind import response_visit


@dataclass(frozen=True, slots=True)
class PlannedCourse:
    """One course of the study file.

    Attributes
    ----------
    when : empty for the first treatment, ``relapse``, ``rule``, or the name of the visit at which it begins
    infusions : its infusions; their days count from its first infusion
    """

    when: str
    infusions: tuple[Infusion, ...]

    @property
    def is_conditional(self) -> bool:
        """Tell whether it is due only in whom something was found: a relapse, or a rule that holds."""
        return self.when in CONDITIONS

    @property
    def rule(self) -> str:
        """Give the rule that begins it, empty where none does."""
        return next((each.rule for each in self.infusions if each.rule), "")

    def days_after(self, found: float) -> tuple[float, float | None]:
        """Give the first and the last study day on which a conditional course may begin.

        Parameters
        ----------
        found : study day of the visit at which its condition was found

        Returns
        -------
        tuple : the last day is None where the study file sets no window

        Examples
        --------
        >>> PlannedCourse("relapse", (Infusion(day=0, window=(0, 56)),)).days_after(270)
        (270, 326)
        """
        window = self.infusions[0].window
        return (found, None) if window is None else (found + window[0], found + window[1])


@dataclass(frozen=True, slots=True)
class PlacedInfusion:
    """Where one recorded infusion belongs.

    Attributes
    ----------
    course : which course of the subject, from 1
    position : which infusion of the course, from 1
    start : study day of the first infusion of the course, None where it is not recorded
    plan : the planned course, None where none is planned
    """

    course: int
    position: int
    start: float | None
    plan: PlannedCourse | None

    @property
    def infusion(self) -> Infusion | None:
        """Give the planned infusion, None where there is none."""
        planned = () if self.plan is None else self.plan.infusions
        return planned[self.position - 1] if 1 <= self.position <= len(planned) else None


#: What is told of courses in the list of numbers: how old, in days, the baseline of a course is; who had been
#: infused again before a visit of the first treatment, whose relapse was found after that, and whose second
#: course has no day.
AGE_OF_BASELINE: Final = "days_baseline_to_course"
RETREATED_BEFORE: Final = "retreated_before"
RELAPSED_AFTER: Final = "relapsed_after_retreatment"
WITHOUT_DAY: Final = "retreated_without_day"
#: In whom the condition of a later course was found and in whom it cannot be told; who of the first was
#: infused again, and who was without it.
CONDITION_MET: Final = "condition_met"
CONDITION_UNKNOWN: Final = "condition_cannot_tell"
RETREATED_MET: Final = "retreated_when_met"
RETREATED_UNMET: Final = "retreated_without_condition"
#: Of whom relapsed, who was allocated to each arm; of those, who was infused again.
ALLOCATED: Final = "allocated_at_relapse"
RETREATED_IN_ARM: Final = "retreated_in_arm"
#: Of those allocated, both arms counted from the relapse; and who has no planned visit so long after it.
AT_RELAPSE: Final = "at_relapse"
NOT_DUE: Final = "not_due"
#: How a course is called that was given and that the study file does not plan.
NOT_PLANNED: Final = "not_planned"


@once_a_study
def planned_courses(study: Study) -> tuple[PlannedCourse, ...]:
    """Give the courses of a study in the order of the file, the first treatment first.

    Parameters
    ----------
    study : the study file

    Returns
    -------
    tuple of PlannedCourse
        At least one; without a planned infusion that of the first treatment has none.

    Examples
    --------
    >>> trial = {"id": "X", "title": "X", "condition": "sle", "design": "single_arm"}
    >>> plan = ({"day": 0}, {"day": 7}, {"when": "month_6", "day": 0})
    >>> study = Study.model_validate({"study": trial, "infusions": plan})
    >>> [(course.when, len(course.infusions)) for course in planned_courses(study)]
    [('', 2), ('month_6', 1)]
    """
    named = dict.fromkeys(("", *(infusion.when for infusion in study.infusions)))
    return tuple(
        PlannedCourse(when, tuple(each for each in study.infusions if each.when == when)) for when in named
    )


def first_treatment(study: Study) -> tuple[Infusion, ...]:
    """Give the planned infusions of the first treatment."""
    return planned_courses(study)[0].infusions


def later_courses(study: Study) -> tuple[PlannedCourse, ...]:
    """Give the planned courses after the first treatment."""
    return planned_courses(study)[1:]


def relapse_behind(study: Study) -> Endpoint | None:
    """Give the endpoint whose relapse begins a later course: the one that is named, else the only one.

    Parameters
    ----------
    study : the study file

    Returns
    -------
    Endpoint or None : None where no course begins at relapse

    Examples
    --------
    >>> trial = {"id": "X", "title": "X", "condition": "sle", "design": "single_arm"}
    >>> relapse = {"id": "lost", "kind": "relapse", "definition": "ucmsc_bilag_response"}
    >>> plan = ({"day": 0}, {"when": "relapse", "day": 0})
    >>> study = Study.model_validate({"study": trial, "infusions": plan, "endpoints": (relapse,)})
    >>> relapse_behind(study).id
    'lost'
    """
    due = [infusion for infusion in study.infusions if infusion.when == RELAPSE]
    if not due:
        return None
    named = {infusion.relapse for infusion in due} - {""}
    known = [each for each in study.endpoints if each.kind == "relapse"]
    return next((each for each in known if not named or each.id in named), None)


def conditional_courses(study: Study) -> tuple[PlannedCourse, ...]:
    """Give the later courses that are due only in whom a relapse, or a rule that holds, was found."""
    return tuple(each for each in later_courses(study) if each.is_conditional)


def first_due(study: Study, course: PlannedCourse) -> float | None:
    """Give the first study day on which a later course can be due, None where the plan does not tell.

    Parameters
    ----------
    study : the study file
    course : one of its later courses

    Returns
    -------
    float or None
        The planned day of its visit; at relapse, of the first visit at which a relapse is looked for; by a
        rule, of the first visit after the first treatment.
    """
    if not course.is_conditional:
        return float(study.visit(course.when).day)
    if course.when != RELAPSE:
        last = first_treatment(study)[-1].day
        return min((float(visit.day) for visit in study.visits if visit.day > last), default=None)
    endpoint = relapse_behind(study)
    if endpoint is None:
        return None
    after = response_visit(study, endpoint)
    begins = study.visit(after).day if after in study.visit_names else 0
    days = [visit.day for visit in study.visits if visit.name in endpoint.at or not endpoint.at]
    return min((float(day) for day in days if day > begins), default=None)


def window_of(study: Study, course: PlannedCourse) -> tuple[float, float] | None:
    """Give the first and last study day on which a course that begins at a visit may begin; None for any.

    Parameters
    ----------
    study : the study file
    course : a course that begins at a visit
    """
    visit = study.visit(course.when)
    window = course.infusions[0].window or visit.window
    return None if window is None else (visit.day + window[0], visit.day + window[1])


def days_allowed(study: Study, place: PlacedInfusion) -> tuple[float, float] | None:
    """Give the first and last study day on which an infusion is planned.

    Parameters
    ----------
    study : the study file
    place : where the infusion belongs

    Returns
    -------
    tuple or None
        None where any day is as planned, or the plan alone does not tell: of the first infusion of a course
        at relapse or by a rule, of one that is not planned, and of a further one where the first has no day.
    """
    plan, infusion = place.plan, place.infusion
    if plan is None or infusion is None:
        return None
    if not plan.when:
        return float(infusion.opens), float(infusion.closes)
    if place.position == 1:
        return None if plan.is_conditional else window_of(study, plan)
    return None if place.start is None else (place.start + infusion.opens, place.start + infusion.closes)


def place_infusions(study: Study, rows: Sequence[Mapping[str, Any]]) -> list[PlacedInfusion]:
    """Say of each infusion to which course of its subject it belongs.

    Parameters
    ----------
    study : the study file
    rows : the infusions with subject, number, day (None where it is not recorded) and course (None where it
        was not written down)

    Returns
    -------
    list of PlacedInfusion
        In the order of the rows. Courses that were written down for every infusion of a subject are taken
        as they are, where they rise with the numbers from 1 without a gap.

    Examples
    --------
    >>> trial = {"id": "X", "title": "X", "condition": "sle", "design": "single_arm"}
    >>> visits = ({"name": "month_6", "day": 180},)
    >>> plan = ({"day": 0}, {"day": 7}, {"when": "month_6", "day": 0})
    >>> study = Study.model_validate({"study": trial, "visits": visits, "infusions": plan})
    >>> days = {1: 0, 2: 182}
    >>> rows = [{"subject": "01", "number": n, "day": day, "course": None} for n, day in days.items()]
    >>> [each.course for each in place_infusions(study, rows)]
    [1, 2]
    """
    by_subject: dict[object, list[int]] = {}
    for index, row in enumerate(rows):
        by_subject.setdefault(row["subject"], []).append(index)
    placed: dict[int, PlacedInfusion] = {}
    for own in by_subject.values():
        ordered = sorted(own, key=lambda index: rows[index]["number"])
        given = [rows[index].get("course") for index in ordered]
        taken = given if are_in_order(given) else None
        found = _place(study, [rows[index] for index in ordered], taken)
        placed |= dict(zip(ordered, found, strict=True))
    return [placed[index] for index in range(len(rows))]


def are_in_order(courses: Sequence[int | None]) -> bool:
    """Tell whether courses that were written down, by the number of the infusion, rise from 1 without a gap.

    Examples
    --------
    >>> are_in_order([1, 1, 2]), are_in_order([1, 3]), are_in_order([2]), are_in_order([1, None])
    (True, False, False, False)
    """
    before = 0
    for course in courses:
        if course is None or not before <= course <= before + 1 or course < 1:
            return False
        before = course
    return True


def _place(
    study: Study, rows: Sequence[Mapping[str, Any]], given: Sequence[int | None] | None
) -> Iterator[PlacedInfusion]:
    """Place the infusions of one subject, in the order of their numbers."""
    first, *unused = planned_courses(study)
    plan: PlannedCourse | None = first
    course, before, start = 1, 0, None
    for index, row in enumerate(rows):
        position = row["number"] - before
        if given is not None:
            opens = given[index] != course
        else:
            opens = index > 0 and _opens(study, unused, (plan, position, start), row["day"])
        if opens:
            course, before, position, start = course + 1, row["number"] - 1, 1, None
            plan = _choose(study, unused, row["day"])
            unused = [each for each in unused if each is not plan]
        if start is None and row["day"] is not None and position == 1:
            start = float(row["day"])
        yield PlacedInfusion(course, position, start, plan)


def _opens(
    study: Study,
    unused: Sequence[PlannedCourse],
    running: tuple[PlannedCourse | None, int, float | None],
    day: float | None,
) -> bool:
    """Tell whether an infusion is the first of a later course."""
    plan, position, start = running
    if not unused:
        return False
    planned = PlacedInfusion(0, position, start, plan).infusion
    due = [each for each in (first_due(study, course) for course in unused) if each is not None]
    if planned is None:
        return True
    if day is None or not due:
        return False
    # The days of the first treatment are study days.
    own = planned.day + (start or 0 if plan is not None and plan.when else 0)
    return abs(day - own) > abs(day - min(due))


def _choose(study: Study, unused: Sequence[PlannedCourse], day: float | None) -> PlannedCourse | None:
    """Give the planned course that an infusion opens: of its visit, else by a condition, else the nearest."""
    at_visits = [each for each in unused if not each.is_conditional]
    for course in at_visits:
        window = window_of(study, course)
        if day is not None and window is not None and window[0] <= day <= window[1]:
            return course
    by_condition = next((each for each in unused if each.is_conditional), None)
    if by_condition is not None or not at_visits:
        return by_condition
    if day is None:
        return at_visits[0]
    return min(at_visits, key=lambda course: abs(study.visit(course.when).day - day))


def name_infusion(course: int, position: int) -> str:
    """Name an infusion in the list of numbers, where visits stand.

    Examples
    --------
    >>> name_infusion(1, 2), name_infusion(2, 1)
    ('infusion_2', 'course_2_infusion_1')
    """
    return f"infusion_{position}" if course == 1 else f"{name_course(course)}_infusion_{position}"


def name_course(course: int) -> str:
    """Name a course in the list of numbers, where visits stand.

    Examples
    --------
    >>> name_course(2)
    'course_2'
    """
    return f"course_{course}"
