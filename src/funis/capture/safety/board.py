"""What the safety board sees: every count with who was asked, of how many and since when.

A board is read of some subjects: of all of them, and where arms may be seen, of each arm by itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from funis.capture.safety.counting import (
    NOT_ASKED,
    CountedSubject,
    EventRead,
    TermRow,
    Treated,
    count_terms,
    read_events,
    read_questions,
    read_treated,
    serious_of,
)
from funis.capture.study_in_force import newest_version, plan_of, study_of
from funis.study.courses import first_treatment


class SiteAsked(NamedTuple):
    """Visits of a site at which the question on safety was to be asked, by what came of it."""

    site: str
    visits: int
    event: int
    no_event: int
    not_asked: int


class GivenInfusion(NamedTuple):
    """An infusion by its number: subjects who were given it."""

    number: int
    subjects: int


@dataclass(frozen=True, slots=True)
class Board:
    """The counts of some subjects.

    Attributes
    ----------
    subjects, treated : how many there are; those infused
    since : day of the first infusion; None: nobody was infused, or no day is recorded
    asked : infused subjects who were asked at least once after their first infusion
    questions : by site, of every visit at which the question was to be asked
    with_event : infused subjects with an event that began on the day of their first infusion or later
    undated : events of infused subjects of which cannot be told whether they began after it
    terms : subjects by class and term at the worst grade, of the events after the first infusion
    serious : every serious event, of who was not infused, too
    given, planned : infusions by number; how many the study file plans for the first treatment
    """

    subjects: int
    treated: int
    since: date | None
    asked: int
    questions: tuple[SiteAsked, ...]
    with_event: int
    undated: int
    terms: tuple[TermRow, ...]
    serious: tuple[EventRead, ...]
    given: tuple[GivenInfusion, ...]
    planned: int


def read_board(subjects: Mapping[str, CountedSubject]) -> Board:
    """Read the counts of some subjects, within a transaction in which somebody acts who may see them.

    Parameters
    ----------
    subjects : by id, without screen failures
    """
    version = newest_version()
    planned = len(first_treatment(study_of(version)))
    treated = read_treated(subjects)
    events = read_events(subjects, treated)
    after = [each for each in events if each.is_after]
    first = {each.subject.pk: each.days[0] for each in treated if each.days}
    asked_visits = list(read_questions(plan_of(version), subjects.keys()))
    asked = {
        each.subject
        for each in asked_visits
        if each.answer != NOT_ASKED and _is_since(each.day, first.get(each.subject))
    }
    counted = Counter((each.site, each.answer) for each in asked_visits)
    return Board(
        subjects=len(subjects),
        treated=len(treated),
        since=min(first.values(), default=None),
        asked=len(asked),
        questions=tuple(_of_site(site, counted) for site in sorted({site for site, _ in counted})),
        with_event=len({each.subject.pk for each in after}),
        undated=sum(each.is_after is None for each in events),
        terms=tuple(count_terms(after)),
        serious=tuple(serious_of(events)),
        given=_given(treated, planned),
        planned=planned,
    )


def _is_since(day: str, first: date | None) -> bool:
    return bool(day) and first is not None and date.fromisoformat(day) >= first


def _of_site(site: str, counted: Mapping[tuple[str, str], int]) -> SiteAsked:
    found = [counted.get((site, answer), 0) for answer in ("event", "no event", NOT_ASKED)]
    return SiteAsked(site, sum(found), *found)


def _given(treated: Sequence[Treated], planned: int) -> tuple[GivenInfusion, ...]:
    most = max((planned, *(each.infusions for each in treated)))
    return tuple(
        GivenInfusion(number, sum(each.infusions >= number for each in treated))
        for number in range(1, most + 1)
    )
