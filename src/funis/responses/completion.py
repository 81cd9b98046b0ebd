"""A response that is the same whatever the missing grades were.

Each criterion asks for itself, so that one missing grade may leave two of them open although no single letter
would meet both. Where few grades are missing every way of filling them is tried; the class is settled where
all of them agree.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice, product
from math import prod
from typing import Final

from funis.responses.assessment import Moment
from funis.responses.bilag_timeline import has_grades
from funis.responses.decide import Decision, decide
from funis.responses.timeline import GRADES, CourseVisit
from funis.responses.verdict import CANNOT_TELL

MOST_WAYS: Final = 64
"""Three grades of which nothing is known; more are left open, as the criteria found them."""

Hole = tuple[int, str, str]


def decide_surely(moment: Moment) -> Decision:
    """Give the class of one subject; where the criteria leave it open, try every way to fill missing grades.

    Parameters
    ----------
    moment : the subject at the visit judged

    Returns
    -------
    Decision : as `decide` gives it, settled where every way gives the same class
    """
    decision = decide(moment)
    if decision.response != CANNOT_TELL or not moment.systems:
        return decision
    holes = _find_holes(moment)
    if not holes or prod(len(letters) for *_, letters in holes) > MOST_WAYS:
        return decision
    ways = _fill(moment, holes)
    found = [decide(way) for way in islice(ways, 1)]
    for way in ways:
        found.append(decide(way))
        if found[-1].response != found[0].response:
            return decision
    if found[0].response == CANNOT_TELL:
        return decision
    response, rules = found[0].response, {one.rule for one in found}
    reason = f"{response}, whatever the missing grades were: {decision.reason.partition(': ')[2]}"
    return replace(
        decision,
        response=response,
        responder=found[0].responder,
        reason=reason,
        rule=rules.pop() if len(rules) == 1 else "",
        possible=(response,),
    )


def _find_holes(moment: Moment) -> list[Hole]:
    """Find the open grades of visits that recorded others; a visit without any is a gap with its own rule."""
    holes = []
    for place, visit in enumerate(moment.course.visits):
        for system in moment.systems if has_grades(moment, visit) else ():
            low, high = (GRADES.index(letter) for letter in visit.grade(system))
            # D and E, not active now, mean the same to every measure.
            letters = GRADES[min(low, high) : max(low, high) + 1].replace("DE", "D").replace("ED", "D")
            if len(letters) > 1:
                holes.append((place, system, letters))
    return holes


def _fill(moment: Moment, holes: list[Hole]) -> Iterator[Moment]:
    visits = moment.course.visits
    for letters in product(*(letters for *_, letters in holes)):
        filled = dict(enumerate(visits))
        for (place, system, _), letter in zip(holes, letters, strict=True):
            filled[place] = replace(filled[place], values={**filled[place].values, system: letter})
        course = replace(moment.course, visits=tuple(filled.values()))
        now, base = (_same(visits, course.visits, visit) for visit in (moment.now, moment.base))
        yield replace(moment, course=course, now=now, base=base)


def _same(
    visits: tuple[CourseVisit, ...], filled: tuple[CourseVisit, ...], visit: CourseVisit | None
) -> CourseVisit | None:
    """Find the filled form of a visit."""
    return next((new for old, new in zip(visits, filled, strict=True) if old is visit), visit)
