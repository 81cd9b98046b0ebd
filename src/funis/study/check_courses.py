"""What the planned infusions must agree on: their days, their courses, and what begins a later course."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from funis.study.check_windows import check_order, check_window
from funis.study.course_conditions import condition_schema, condition_values
from funis.study.courses import PlannedCourse, later_courses, planned_courses
from funis.study.model import Study
from funis.study.planned_infusion import CONDITIONS, RELAPSE, RULE, Infusion
from funis.study.rules import check_rule
from funis.study.study_finding import StudyFinding, unknown_name

_Placed = Sequence[tuple[int, Infusion]]


def check_courses(study: Study) -> Iterator[StudyFinding]:
    """Find every disagreement between the planned infusions, and with the visits and endpoints they name.

    Parameters
    ----------
    study : the models, each valid by itself

    Returns
    -------
    iterator of StudyFinding
    """
    for index, infusion in enumerate(study.infusions):
        if infusion.window is not None:
            yield from check_window(("infusions", index, "window"), infusion.window)
    for course in planned_courses(study):
        own = [(index, each) for index, each in enumerate(study.infusions) if each.when == course.when]
        if own:
            yield from _check_days(own)
            yield from _check_together(own)
        if course.when:
            yield from _check_when(study, own)
    yield from _check_relapse(study)
    yield from _check_rules(study)
    if not any(True for _ in _unknown_visits(study)):
        yield from _check_sequence(study)


def _check_days(own: _Placed) -> Iterator[StudyFinding]:
    """Find a course that does not begin on its day 0, and days that do not rise."""
    index, first = own[0]
    if first.day != 0:
        message, fix = "The first infusion is not on day 0.", "Study days count from it: write 0."
        if first.when:
            message = f"The first infusion of the course '{first.when}' is not on day 0."
            fix = "Days count from the first infusion of the course, not from that of the study: write 0."
        yield StudyFinding(("infusions", index, "day"), str(first.day), message, fix)
    # Of a later course the window of the first infusion is one around its visit, not around day 0.
    settled = [
        each.model_copy(update={"window": (each.window if place or not each.when else None) or (0, 0)})
        for place, (_, each) in enumerate(own)
    ]
    yield from check_order("infusions", settled, index)


def _check_together(own: _Placed) -> Iterator[StudyFinding]:
    for (before, _), (index, infusion) in pairwise(own):
        if index != before + 1:
            what = f"the course '{infusion.when}'" if infusion.when else "the first treatment"
            message = f"The infusions of {what} do not stand together."
            fix = "Write the infusions of one course after each other, those of the first treatment first."
            yield StudyFinding(("infusions", index, "when"), infusion.when, message, fix, "order")


def _unknown_visits(study: Study) -> Iterator[str]:
    for course in later_courses(study):
        if not course.is_conditional and course.when not in study.visit_names:
            yield course.when


def _check_when(study: Study, own: _Placed) -> Iterator[StudyFinding]:
    """Find what begins no later course: only a visit after the first treatment does, a relapse, a rule."""
    index, first = own[0]
    key = ("infusions", index, "when")
    if not study.infusions[0].when:
        last = planned_courses(study)[0].infusions[-1].day
    else:
        message = "The first infusion of the study has 'when'."
        fix = "The first treatment is planned by day: leave 'when' out of its infusions."
        if index == 0:
            yield StudyFinding(key, first.when, message, fix)
        return
    if first.when in CONDITIONS:
        if first.when in study.visit_names:
            fix = "Give the visit another name."
            yield StudyFinding(key, first.when, "A visit has this name too: either may be meant.", fix)
    elif first.when not in study.visit_names:
        yield unknown_name(key, "visit", first.when, (*study.visit_names, *CONDITIONS))
    elif study.visit(first.when).day <= last:
        message = f"This visit is not after the first treatment, whose last infusion is on day {last}."
        yield StudyFinding(key, first.when, message, "Name a later visit.")


def _check_relapse(study: Study) -> Iterator[StudyFinding]:
    """Find a course at relapse that does not say which relapse, where the study has several."""
    known = [each.id for each in study.endpoints if each.kind == "relapse"]
    due = [(index, each) for index, each in enumerate(study.infusions) if each.when == RELAPSE]
    for index, infusion in enumerate(study.infusions):
        key = ("infusions", index, "relapse")
        if infusion.relapse and infusion.when != RELAPSE:
            message = "'relapse' has no meaning without when = \"relapse\"."
            yield StudyFinding(key, infusion.relapse, message, "Leave it out, or add when.")
        elif infusion.relapse and infusion.relapse not in known:
            yield unknown_name(key, "endpoint of kind relapse", infusion.relapse, known)
    if not due:
        return
    index, first = due[0]
    named = {each.relapse for _, each in due} - {""}
    if not known:
        message = "The study has no endpoint of kind relapse that would find it."
        fix = "Add one with its definition, or begin the course at a visit."
        yield StudyFinding(("infusions", index, "when"), first.when, message, fix)
    elif len(named) > 1 or (len(known) > 1 and not named):
        message = "One relapse begins the course, and the study has several."
        fix = f'Name one in every infusion of the course, for example relapse = "{known[0]}".'
        yield StudyFinding(("infusions", index, "relapse"), ", ".join(sorted(named)), message, fix)


def _check_rules(study: Study) -> Iterator[StudyFinding]:
    """Find a course by a rule that has none or several, and a rule that cannot be asked at a visit."""
    due = [(index, each) for index, each in enumerate(study.infusions) if each.when == RULE]
    for index, infusion in enumerate(study.infusions):
        if infusion.rule and infusion.when != RULE:
            message = "'rule' has no meaning without when = \"rule\"."
            yield StudyFinding(
                ("infusions", index, "rule"), infusion.rule, message, "Leave it out, or add when."
            )
    rules = {each.rule for _, each in due} - {""}
    if due and len(rules) != 1:
        index, first = due[0]
        message = "The course begins by one rule, and " + ("several stand." if rules else "none stands.")
        fix = 'Write it at the first infusion of the course, for example rule = "sledai_2k >= 10".'
        yield StudyFinding(("infusions", index, "rule"), first.rule, message, fix)
        return
    for index, infusion in due:
        found = (
            check_rule(infusion.rule, condition_schema(study), allowed=condition_values(study))
            if infusion.rule
            else ()
        )
        for each in found:
            yield StudyFinding(("infusions", index, "rule"), infusion.rule, each.message, each.fix)


def _check_sequence(study: Study) -> Iterator[StudyFinding]:
    """Find courses at visits that overlap."""
    at_visits: list[PlannedCourse] = [each for each in later_courses(study) if not each.is_conditional]
    for earlier, later in pairwise(at_visits):
        last = study.visit(earlier.when).day + earlier.infusions[-1].day
        if study.visit(later.when).day <= last:
            index = next(place for place, each in enumerate(study.infusions) if each.when == later.when)
            message = f"This course begins before that of '{earlier.when}' has ended, on day {last}."
            fix = "Write courses in the order of their visits, and let one end before the next."
            yield StudyFinding(("infusions", index, "when"), later.when, message, fix, "order")
