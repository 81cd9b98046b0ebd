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

from funis.responses.assessment import Assessment
from funis.responses.bilag_timeline import has_grades
from funis.responses.decide import Decision, decide
from funis.responses.timeline import GRADES, TimelineVisit
from funis.responses.verdict import CANNOT_TELL

MOST_WAYS: Final = 64
"""Three grades of which nothing is known; more are left open, as the criteria found them."""

Hole = tuple[int, str, str]


def decide_surely(assessment: Assessment) -> Decision:
    """Give the class of one subject; where the criteria leave it open, try every way to fill missing grades.

    Parameters
    ----------
    assessment : the subject at the visit judged

    Returns
    -------
    Decision : as `decide` gives it, settled where every way gives the same class
    """
    decision = decide(assessment)
    if decision.response != CANNOT_TELL or not assessment.systems:
        return decision
    holes = _find_holes(assessment)
    if not holes or prod(len(letters) for *_, letters in holes) > MOST_WAYS:
        return decision
    ways = _fill(assessment, holes)
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


def _find_holes(assessment: Assessment) -> list[Hole]:
    """Find the open grades of visits that recorded others; a visit without any is a gap with its own rule."""
    holes = []
    for place, visit in enumerate(assessment.timeline.visits):
        for system in assessment.systems if has_grades(assessment, visit) else ():
            low, high = (GRADES.index(letter) for letter in visit.grade(system))
            # D and E, not active now, mean the same to every measure.
            letters = GRADES[min(low, high) : max(low, high) + 1].replace("DE", "D").replace("ED", "D")
            if len(letters) > 1:
                holes.append((place, system, letters))
    return holes


def _fill(assessment: Assessment, holes: list[Hole]) -> Iterator[Assessment]:
    visits = assessment.timeline.visits
    for letters in product(*(letters for *_, letters in holes)):
        filled = dict(enumerate(visits))
        for (place, system, _), letter in zip(holes, letters, strict=True):
            filled[place] = replace(filled[place], values={**filled[place].values, system: letter})
        timeline = replace(assessment.timeline, visits=tuple(filled.values()))
        now, base = (_same(visits, timeline.visits, visit) for visit in (assessment.now, assessment.base))
        yield replace(assessment, timeline=timeline, now=now, base=base)


def _same(
    visits: tuple[TimelineVisit, ...], filled: tuple[TimelineVisit, ...], visit: TimelineVisit | None
) -> TimelineVisit | None:
    """Find the filled form of a visit."""
    return next((new for old, new in zip(visits, filled, strict=True) if old is visit), visit)
