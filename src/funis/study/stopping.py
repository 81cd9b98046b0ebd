"""Stopping rules for harm: what counts, when the trial stops, and how counts are held against it.

A rule is either a condition over counts (``subjects >= 2``), or limits at looks, as ``funis design safety``
prints them: stop when more than ``limits[i]`` of the first ``looks[i]`` subjects have an event. What cannot
be told of an event (its grade is not recorded) is carried along: a rule is crossed when it is so whatever is
missing, not crossed when it cannot be, and otherwise it cannot be told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Any, Final, Literal, TypeAlias

import polars as pl
from pydantic import Field, model_validator

from funis.schema import ADVERSE_EVENTS
from funis.study.part import Identifier, StudyPart
from funis.study.rules import apply_rule

Answer: TypeAlias = Literal["crossed", "not_crossed", "cannot_tell"]
COUNTS: Final = {"events": pl.Int64(), "subjects": pl.Int64(), "infused": pl.Int64()}
"""What the condition of a rule may name: events that count, subjects with one, subjects infused."""
_FARTHEST: Final = 200
_KINDS: Final = {"text": pl.String(), "flag": pl.Int64(), "integer": pl.Int64()}
EVENT_COLUMNS: Final = {
    column.name: _KINDS[column.kind]
    for column in ADVERSE_EVENTS.columns
    if column.kind in _KINDS and column.name not in {"subject", "start_day", "end_day"}
}
"""What says which events count: the columns of adverse events but subject and days."""

ALLOWED_TEXTS: Final = {
    column.name: column.allowed
    for column in ADVERSE_EVENTS.columns
    if column.kind == "text" and column.allowed
}
"""What a condition over them may compare a text with."""


class StoppingRule(StudyPart):
    """A rule that stops the trial for harm: an entry of ``[[stopping]]``.

    The capture server watches it; a report says nothing of it.
    """

    id: Identifier = Field(description="Name of the rule.")
    label: str = Field(default="", description="What is printed; made from the id when empty.")
    counts: str = Field(
        default="serious = 1",
        description="Which adverse events count: SQL expression over the columns of adverse_events, such as "
        "serious = 1 AND related = 1. Only events of subjects who were infused count, that began on the day "
        "of the first infusion or later. With an event_group: absent, every event of the group counts.",
    )
    event_group: str = Field(
        default="",
        description="Only events of this entry of [[event_groups]] count, by its id.",
    )
    within_days: int | None = Field(
        default=None,
        ge=0,
        description="Only events that began at most so many days after an infusion; absent: all later ones.",
    )
    rule: str = Field(
        default="",
        description="When it is crossed: SQL expression over events (that count), subjects (who have one) "
        "and infused (subjects infused), such as subjects >= 2. Or give looks and limits.",
    )
    looks: tuple[Annotated[int, Field(ge=1)], ...] = Field(
        default=(), description="Subjects infused at each look, rising, as funis design safety prints them."
    )
    limits: tuple[Annotated[int, Field(ge=0)], ...] = Field(
        default=(),
        description="Crossed when more than so many of the first subjects of the look have an event; one "
        "for each look.",
    )
    action: Literal["notify", "pause"] = Field(
        default="notify",
        description="notify: who watches safety is told; pause: no infusion begins either, until the safety "
        "board decides to go on.",
    )

    @model_validator(mode="before")
    @classmethod
    def _count_all_of_a_group(cls, given: Any) -> Any:
        """Count every event of a group that is named, unless the rule says which of them."""
        if isinstance(given, dict) and given.get("event_group") and "counts" not in given:
            return {**given, "counts": ""}
        return given

    @property
    def printed(self) -> str:
        """Give the label, or the id in words."""
        return self.label or self.id.replace("_", " ").capitalize()

    @property
    def printed_limit(self) -> str:
        """Give the rule in words of the study file.

        Examples
        --------
        >>> StoppingRule(id="a", looks=(5, 10), limits=(1, 3)).printed_limit
        '> 1 of 5, > 3 of 10'
        """
        pairs = zip(self.limits, self.looks, strict=True)
        return self.rule or ", ".join(f"> {limit} of {look}" for limit, look in pairs)


@dataclass(frozen=True, slots=True)
class EventCount:
    """The events of one infused subject that count: surely, and at most if what is missing were known."""

    sure: int
    possible: int


@dataclass(frozen=True, slots=True)
class StoppingState:
    """Where a rule stands.

    Attributes
    ----------
    answer : crossed, not crossed, or cannot tell
    infused : subjects infused
    events, subjects : events that count and subjects with one: surely, and at most
    distance : further events, each in another subject, that would cross it for sure; 0: it is crossed; None:
        none would
    """

    answer: Answer
    infused: int
    events: tuple[int, int]
    subjects: tuple[int, int]
    distance: int | None


def judge_stopping(rule: StoppingRule, counted: Sequence[EventCount]) -> StoppingState:
    """Hold the counts of the infused subjects against a rule.

    Parameters
    ----------
    rule : of the study file
    counted : one for each infused subject, in the order of their first infusion

    Examples
    --------
    >>> rule = StoppingRule(id="a", rule="subjects >= 2")
    >>> counted = [EventCount(1, 1), EventCount(0, 1), EventCount(0, 0)]
    >>> found = judge_stopping(rule, counted)
    >>> found.answer, found.subjects, found.distance
    ('cannot_tell', (1, 2), 1)
    """
    events = (sum(each.sure for each in counted), sum(each.possible for each in counted))
    subjects = (
        sum(each.sure > 0 for each in counted),
        sum(each.possible > 0 for each in counted),
    )
    judge = _judge_condition if rule.rule else _judge_looks
    answer, distance = judge(rule, counted, events, subjects)
    return StoppingState(answer, len(counted), events, subjects, 0 if answer == "crossed" else distance)


def _judge_condition(
    rule: StoppingRule, counted: Sequence[EventCount], events: tuple[int, int], subjects: tuple[int, int]
) -> tuple[Answer, int | None]:
    """Ask the condition of every count that is possible; more may be tried than can be, never fewer."""
    infused = len(counted)
    tried = [
        (event, subject, infused)
        for subject in range(subjects[0], subjects[1] + 1)
        for event in range(max(events[0], subject), events[1] + 1)
    ]
    further = [
        (events[0] + more, subjects[0] + more, max(infused, subjects[0] + more))
        for more in range(1, _FARTHEST + 1)
    ]
    frame = pl.DataFrame([*tried, *further], schema=COUNTS, orient="row")
    said = [bool(each) for each in apply_rule(frame, rule.rule)]
    now, later = said[: len(tried)], said[len(tried) :]
    return _answer(all(now), any(now)), later.index(True) + 1 if True in later else None


def _judge_looks(
    rule: StoppingRule, counted: Sequence[EventCount], events: tuple[int, int], subjects: tuple[int, int]
) -> tuple[Answer, int | None]:
    """Ask every look, the next one, too: counts only rise, so that a limit can be crossed before its look."""
    del events, subjects
    sure, possible, distances = [], [], []
    for look, limit in zip(rule.looks, rule.limits, strict=True):
        first = counted[:look]
        least = sum(each.sure > 0 for each in first)
        sure.append(least > limit)
        possible.append(sum(each.possible > 0 for each in first) > limit)
        # Only a subject of this look who has no event yet can have another.
        if limit + 1 - least <= look - least:
            distances.append(limit + 1 - least)
    return _answer(any(sure), any(possible)), min(distances, default=None)


def _answer(is_sure: bool, is_possible: bool) -> Answer:  # noqa: FBT001 - the two answers themselves
    return "crossed" if is_sure else "cannot_tell" if is_possible else "not_crossed"


def do_rise(numbers: Sequence[int], *, strictly: bool) -> bool:
    """Tell whether each number is above the one before it, or not below it."""
    return all(a < b if strictly else a <= b for a, b in pairwise(numbers))
