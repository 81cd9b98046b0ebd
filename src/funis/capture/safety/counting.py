"""What was infused, asked and reported: the counts of the safety board, each with its denominator.

Who was not asked is never counted as somebody without an event: the visits at which the question was asked
stand beside every count.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import cache
from itertools import islice, starmap
from typing import Any, NamedTuple

import polars as pl
from django.db.models import QuerySet

from funis.capture.forms.plan_parts import StudyPlan
from funis.capture.models import Form, Subject, SubjectVisit
from funis.capture.models.audited import DocumentItem
from funis.capture.models.screening import SCREEN_FAILURE
from funis.capture.safety.clock import EVENTS, is_serious
from funis.data.check.causality import derive_related
from funis.frames.few_cells import all_of
from funis.study.event_groups import EventGroup, belongs_to_group
from funis.study.rules import apply_rule
from funis.study.stopping import EVENT_COLUMNS, EventCount, StoppingRule

QUESTION = "safety_questions"
_MANY = 1000
"""Of more subjects than this the rows of all are read, and not asked for by so many ids."""
NOT_ASKED = "not asked"


class CountedSubject(NamedTuple):
    """A subject as the counts know it."""

    pk: str
    number: str
    site: str


def counted_subjects() -> dict[str, CountedSubject]:
    """Give the subjects that whoever acts may see, by id, without screen failures."""
    found = Subject.objects.exclude(status=SCREEN_FAILURE).values_list("pk", "number", "site")
    return {key: CountedSubject(key, number, site) for key, number, site in found.iterator()}


class Treated(NamedTuple):
    """An infused subject.

    Attributes
    ----------
    subject : the subject
    days : of its infusions, rising; one whose day is not recorded is left out
    infusions : how many rows of infusions it has
    """

    subject: CountedSubject
    days: tuple[date, ...]
    infusions: int


class EventRead(NamedTuple):
    """An adverse event.

    Attributes
    ----------
    key : id of its form
    subject : whose
    data : what is recorded of it
    is_after : it began after the first infusion; None: cannot tell
    """

    key: str
    subject: CountedSubject
    data: Mapping[str, Any]
    is_after: bool | None


def _forms_of(subjects: Mapping[str, CountedSubject], name: str) -> QuerySet[Form]:
    """Give the forms of a name that hold something; of many subjects those of others, too, which are left."""
    found = Form.objects.filter(name=name).exclude(data={})
    return found if len(subjects) > _MANY else found.filter(subject__in=subjects)


def read_treated(subjects: Mapping[str, CountedSubject]) -> list[Treated]:
    """Give the infused subjects in the order of their first infusion; those without its day stand last.

    Parameters
    ----------
    subjects : by id
    """
    rows: dict[str, list[str | None]] = {}
    for key, day in (
        _forms_of(subjects, "infusions").values_list("subject_id", DocumentItem("date")).iterator()
    ):
        if key in subjects:
            rows.setdefault(key, []).append(day)
    found = [
        Treated(
            subjects[key], tuple(sorted(date.fromisoformat(day) for day in days if day)), len(days)
        )
        for key, days in rows.items()
    ]  # fmt: skip
    return sorted(found, key=lambda each: (each.days[:1] or (date.max,), each.subject.number))


def read_events(subjects: Mapping[str, CountedSubject], treated: Sequence[Treated]) -> list[EventRead]:
    """Give the adverse events of subjects, by subject and number; an empty row is none."""
    first = {each.subject.pk: each.days[0] for each in treated if each.days}
    infused = {each.subject.pk for each in treated}
    rows = _forms_of(subjects, EVENTS).values_list("pk", "subject_id", "number", "data")
    found = [row for row in rows.iterator() if row[1] in subjects]
    found.sort(key=lambda row: (subjects[row[1]].number, row[2]))
    return [
        EventRead(
            key,
            subjects[whose],
            data,
            _is_after(data.get("start"), first.get(whose)) if whose in infused else False,
        )
        for key, whose, _, data in found
    ]


def _is_after(start: object, first: date | None) -> bool | None:
    return None if not start or first is None else date.fromisoformat(str(start)) >= first


def count_events(
    rule: StoppingRule,
    treated: Sequence[Treated],
    events: Sequence[EventRead],
    group: EventGroup | None = None,
) -> list[EventCount]:
    """Count the events of each infused subject that a rule counts.

    Parameters
    ----------
    rule : of the study file
    treated : in the order of their first infusion
    events : of these subjects, and of others, which do not count
    group : the events that the rule names, where it names some

    Returns
    -------
    list of EventCount : one for each of `treated`
    """
    limits = [rule.within_days, *([] if group is None else [group.within_days])]
    days = {each.subject.pk: each.days for each in treated}
    sure: Counter[str] = Counter()
    possible: Counter[str] = Counter()
    own = [each for each in events if each.subject.pk in days and each.is_after is not False]
    for each, counts in zip(own, asks_of_events(rule, [each.data for each in own], group), strict=True):
        key = each.subject.pk
        start = each.data.get("start")
        in_time = each.is_after and all_of(*(_is_within(start, days[key], limit) for limit in limits))
        if counts is False or in_time is False:
            continue
        possible[key] += 1
        sure[key] += counts is True and in_time is True
    return [EventCount(sure[each.subject.pk], possible[each.subject.pk]) for each in treated]


def asks_of_events(
    rule: StoppingRule, events: Sequence[Mapping[str, Any]], group: EventGroup | None = None
) -> list[bool | None]:
    """Ask of each event, by what is recorded of it alone, whether a rule counts it; None: cannot tell.

    Parameters
    ----------
    rule : of the study file
    events : documents of adverse events
    group : the events that the rule names, where it names some; how long after an infusion they began is
        not asked here
    """
    rows = [
        {name: each.get(name) for name in EVENT_COLUMNS} | {"_file": "", "_line": line}
        for line, each in enumerate(events)
    ]
    schema = {**EVENT_COLUMNS, "_file": pl.String(), "_line": pl.Int64()}
    frame, _ = derive_related(pl.DataFrame(rows, schema=schema, orient="row"))
    asked = [apply_rule(frame, rule.counts).to_list()] if rule.counts else []
    if group is not None:
        named = group.model_copy(update={"within_days": None})
        asked.append(belongs_to_group(named, frame, {}).to_list())
    return list(starmap(all_of, zip(*asked, strict=True)))


def _is_within(start: object, days: Sequence[date], within: int | None) -> bool | None:
    if within is None:
        return True
    if not start:
        return None
    began = date.fromisoformat(str(start))
    before = bisect_right(days, began)
    return before > 0 and began - days[before - 1] <= timedelta(days=within)


class AskedVisit(NamedTuple):
    """A visit that took place, and what came of the question on safety.

    Attributes
    ----------
    subject, site : whose
    day : of the visit; empty: not known
    answer : ``event``, ``no event`` or ``not asked``
    """

    subject: str
    site: str
    day: str
    answer: str


def read_questions(plan: StudyPlan, subjects: Collection[str]) -> Iterator[AskedVisit]:
    """Give the visits at which the question on safety was to be asked, with what was answered.

    Parameters
    ----------
    plan : of the study; its visits say where the question is asked
    subjects : ids

    Notes
    -----
    A question that nobody answered was not asked, whatever events are listed; a missed visit is none.
    """
    planned = {each.name for each in plan.visits if QUESTION in each.forms}
    forms, visits = Form.objects.filter(name=QUESTION, visit__isnull=False), SubjectVisit.objects.all()
    if len(subjects) <= _MANY:
        forms, visits = forms.filter(subject__in=subjects), visits.filter(subject__in=subjects)
    said = forms.values_list("visit_id", DocumentItem("asked"), DocumentItem("any_event"))
    answers = {visit: _answer_of_texts(asked, event) for visit, asked, event in said.iterator()}
    held = visits.values_list(
        "pk", "subject_id", "site", "name", DocumentItem("date"), DocumentItem("attended")
    )
    for key, subject, site, name, day, attended in held.iterator():
        if subject in subjects and attended != "0" and (name in planned or key in answers):
            yield AskedVisit(subject, site, day or "", answers.get(key, NOT_ASKED))


@cache
def _answer_of_texts(asked: str | None, event: str | None) -> str:
    """Give what came of the question, by the texts of its answers."""
    said = {"asked": asked, "any_event": event}
    return answer_of({name: int(text in {"1", "true"}) for name, text in said.items() if text is not None})


def batched(keys: Iterable[str], size: int = 500) -> Iterator[list[str]]:
    """Give keys by so many at a time.

    Examples
    --------
    >>> list(batched("abc", 2))
    [['a', 'b'], ['c']]
    """
    left = iter(keys)
    while some := list(islice(left, size)):
        yield some


def answer_of(data: Mapping[str, Any]) -> str:
    """Give what came of the question: ``event``, ``no event`` or ``not asked``.

    Examples
    --------
    >>> answer_of({"asked": 1, "any_event": 0}), answer_of({"asked": 1}), answer_of({})
    ('no event', 'not asked', 'not asked')
    """
    if data.get("asked") != 1 or data.get("any_event") is None:
        return NOT_ASKED
    return "event" if data["any_event"] == 1 else "no event"


class TermRow(NamedTuple):
    """A term, or a system organ class, with the subjects at each worst grade; 0 stands for not recorded."""

    name: str
    is_class: bool
    subjects: int
    by_grade: tuple[int, ...]


def count_terms(events: Sequence[EventRead]) -> list[TermRow]:
    """Count subjects by system organ class and term at their worst grade, the most frequent class first.

    Parameters
    ----------
    events : to be counted, such as those after the first infusion

    Notes
    -----
    A subject with one event without a grade and others with grades stands at the worst grade that is
    recorded: the true one may be higher.
    """
    worst: dict[tuple[str, str], dict[str, int]] = {}
    for each in events:
        organ = str(each.data.get("organ_class") or "")
        term = str(each.data.get("preferred_term") or each.data.get("term") or "").strip()
        grade = int(each.data.get("grade") or 0)
        for key in ((organ, ""), (organ, term)):
            own = worst.setdefault(key, {})
            own[each.subject.pk] = max(own.get(each.subject.pk, 0), grade)
    size = {organ: len(own) for (organ, term), own in worst.items() if not term}
    ordered = sorted(
        worst.items(),
        key=lambda each: (-size.get(each[0][0], 0), each[0][0], bool(each[0][1]), -len(each[1]), each[0][1]),
    )
    return [_row(organ, term, own) for (organ, term), own in ordered]


def _row(organ: str, term: str, own: Mapping[str, int]) -> TermRow:
    counted = Counter(own.values())
    return TermRow(term or organ, not term, len(own), tuple(counted[grade] for grade in (1, 2, 3, 4, 5, 0)))


def serious_of(events: Sequence[EventRead]) -> list[EventRead]:
    """Give the serious ones."""
    return [each for each in events if is_serious(each.data)]
