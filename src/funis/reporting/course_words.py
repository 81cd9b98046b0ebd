"""What is planned to be infused, in words: the first treatment, and each later course with what begins it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from funis.reporting.labels import Labels, humanise, in_sentence, listed
from funis.results import format_dose, format_shortest
from funis.study.courses import NOT_PLANNED, PlannedCourse, later_courses, relapse_behind
from funis.study.planned_infusion import RELAPSE, RULE, Infusion

#: From which day the infusions of a later course count.
OWN_DAYS: Final = "Its infusions count from its own day 0."


def begins_words(labels: Labels, when: str) -> str:
    """Say what begins a later course, as a sentence goes on.

    Parameters
    ----------
    labels : the printed words of the study
    when : ``relapse``, ``rule`` or the name of a visit

    Returns
    -------
    str : ``at relapse``, ``by the rule of the study file``, ``at month 6``

    Examples
    --------
    >>> from funis.study.read import read_study, template_path
    >>> begins_words(Labels(read_study(template_path("sle"))), "month_6")
    'at month 6'
    """
    if when == RULE:
        return "by the rule of the study file"
    return "at relapse" if when == RELAPSE else f"at {in_sentence(labels.visit(when))}"


def begun_words(labels: Labels, category: str) -> str:
    """Say what a course that was given was begun for; the plan may know nothing of it.

    Parameters
    ----------
    labels : the printed words of the study
    category : ``relapse``, ``rule``, the name of a visit, or ``not_planned``
    """
    return "without a plan" if category == NOT_PLANNED else begins_words(labels, category)


def planned_courses_words(labels: Labels, *, with_tolerance: bool) -> Iterator[str]:
    """Say of each later course what begins it, for whom, on which of its days, and with which dose.

    Parameters
    ----------
    labels : the printed words of the study
    with_tolerance : whether the tolerance of a dose stands beside it

    Yields
    ------
    str : one sentence a course
    """
    for number, course in enumerate(later_courses(labels.study), start=2):
        doses = _doses(course, with_tolerance=with_tolerance)
        yield f"A later course is planned {_begins(labels, course)}{_days(course)}{doses}."
        if number == 2:
            yield OWN_DAYS


def _begins(labels: Labels, course: PlannedCourse) -> str:
    words = begins_words(labels, course.when)
    if course.when == RULE:
        return f"once for whoever meets, at a visit after the first treatment, the rule {course.rule}"
    if course.when != RELAPSE:
        return f"{words} for everybody"
    endpoint = relapse_behind(labels.study)
    named = f" ({in_sentence(endpoint.printed)})" if endpoint is not None else ""
    return f"{words}{named}, once for whoever relapses{_allocated(labels)}"


def _allocated(labels: Labels) -> str:
    """Say how those who relapse are allocated, where they are."""
    plan = labels.study.re_randomisation
    if plan is None:
        return ""
    by = {
        "simple": "by simple randomisation",
        "blocks": "in permuted blocks",
        "minimisation": "by minimisation",
    }
    shares = " : ".join(f"{in_sentence(humanise(arm))} {share}" for arm, share in plan.ratio.items())
    without = in_sentence(humanise(plan.control))
    return f" and is allocated to it at random ({by[plan.method]}, {shares}; {without} without it)"


def _days(course: PlannedCourse) -> str:
    if len(course.infusions) == 1:
        return ", one infusion"
    return f", infusions on {listed([f'day {infusion.day}' for infusion in course.infusions])}"


def _doses(course: PlannedCourse, *, with_tolerance: bool) -> str:
    doses = dose_words(course.infusions, with_tolerance=with_tolerance)
    return f", {'each ' if len(course.infusions) > 1 else ''}of {doses}" if doses else ""


def dose_words(infusions: Sequence[Infusion], *, with_tolerance: bool) -> str:
    """Name the planned doses of infusions, each once; empty where none is planned.

    Parameters
    ----------
    infusions : planned infusions
    with_tolerance : whether the tolerance of a dose stands beside it

    Examples
    --------
    >>> dose_words([Infusion(day=0, cells_per_kg=1e6)], with_tolerance=True)
    '1 × 10⁶ cells per kg body weight (tolerance 20%)'
    """
    doses = (
        f"{format_dose(each.cells_per_kg)} cells per kg body weight"
        + (f" (tolerance {format_shortest(each.tolerance_percent)}%)" if with_tolerance else "")
        for each in infusions
        if each.cells_per_kg
    )
    return listed(list(dict.fromkeys(doses)))
