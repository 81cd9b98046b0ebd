"""Adverse events by subject and by event, over those who were asked, and how often anybody was."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Final

import numpy as np
import polars as pl

from funis.analysis.asked import (
    add_asked_count,
    add_asked_rate,
    add_not_collected,
    concerns_cells,
    is_infusion_known,
    was_asked_about_events,
    was_infused,
    who_is_in,
)
from funis.analysis.cohorts import ENROLLED, Cohort
from funis.analysis.course_timeline import courses_of_events
from funis.analysis.event_kinds import (
    CAUSALITY,
    EVENT_GROUP,
    LAST_INFUSION,
    RELATED,
    RELATED_SERIOUS,
    EventKind,
    classes_of_terms,
    kinds_of_events,
)
from funis.analysis.panel import Booleans
from funis.analysis.run import Run, add_rate
from funis.data.check.reactions import unlisted_reactions
from funis.results import ALL, Place

#: The term of a reaction that is not listed as an event: what was written of it stays in the data.
REACTION: Final = "infusion reaction"
#: What is counted even where it never happened: a zero is an answer where somebody was asked.
ALWAYS: Final = frozenset(
    {"any", "serious", RELATED, RELATED_SERIOUS, LAST_INFUSION, "grade_3_or_more", "fatal", EVENT_GROUP}
)
#: Rows that say something about the cells, so about those who were given some.
OF_CELLS: Final = frozenset({RELATED, RELATED_SERIOUS, LAST_INFUSION, CAUSALITY})
#: Rows with an interval.
WITH_LIMITS: Final = frozenset({"any", "serious", EVENT_GROUP})
#: Names that a study file gives to those who were infused.
SAFETY_POPULATIONS: Final = ("safety", "treated")
SAFETY_TABLES: Final = {"adverse_events": "adverse_events", "exposure": "infusions"}


def safety_cohorts(run: Run, kind: str) -> Iterator[Cohort]:
    """Give the population of safety and its arms: that of the endpoint of this kind, else the treated.

    An event of a subject outside that population is counted too, among everybody enrolled; so is everything
    where the population has no member, as when nobody's infusions were recorded.
    """
    named = [each.population for each in run.study.endpoints if each.kind == kind and each.population]
    usual = [name for name in SAFETY_POPULATIONS if name in run.populations.populations]
    chosen = (named or usual or [ENROLLED])[0]
    members = set(members_of(run, run.populations.cohort(chosen)))
    concerned = run.frames.get(SAFETY_TABLES[kind])
    outside = concerned is not None and not set(concerned["subject"].drop_nulls()) <= members
    if (outside or not members) and chosen != ENROLLED:
        yield from run.populations.every_arm()
    yield from run.populations.every_arm(chosen)


# --- adverse events ------------------------------------------------------------------------------


def count_adverse_events(run: Run) -> None:
    """Count adverse events in the safety population and in every arm, and who was asked about them.

    Notes
    -----
    A subject belongs to the denominator who was asked at least once (``safety_questions.asked``) or has an
    event recorded. Where nobody of a population was asked, what was recorded is counted without a
    denominator, and what was not is "not collected". Whether an event is related to the cells is a question
    about those who were given some.
    """
    events = events_with_reactions(run)
    asked = was_asked_about_events(run)
    kinds = list(kinds_of_events(events, _infusion_days(run), courses_of_events(run), run.study.event_groups))
    run.listings["event_terms"] = classes_of_terms(events)
    known = asked | who_is_in(run, events["subject"])
    has_cells = concerns_cells(run)
    for cohort in safety_cohorts(run, "adverse_events"):
        over_asked = bool((asked & cohort.members).any()) or not cohort.size
        names = frozenset(members_of(run, cohort))
        infused = frozenset(run.frames["infusions"]["subject"]) & names
        for kind in kinds:
            of_cells = kind.variable in OF_CELLS
            if of_cells and not has_cells:
                continue
            # What is said of the cells is said of those who were given some, and of their events.
            whom = infused if of_cells and over_asked else names
            whom = whom if kind.course is None else whom & kind.course.days.keys()
            place, inside = _event_place(run, cohort, kind, whom)
            if over_asked:
                _count_over_asked(run, cohort, kind, (place, inside), known)
            else:
                _count_unasked(run, cohort, kind, (place, inside))
        _count_asked(run, cohort)


def events_with_reactions(run: Run) -> pl.DataFrame:
    """Give the adverse events, and each infusion reaction of which none is listed as an event more.

    Parameters
    ----------
    run : the analysis on its way
    """
    events = run.frames["adverse_events"]
    reactions = unlisted_reactions(run.frames["infusions"], events)
    made = [
        {
            "subject": row["subject"],
            "term": REACTION,
            "start": row["date"],
            "start_day": row["day"],
            "related": 1,
            "_row": row["_row"],
        }
        for row in reactions
    ]
    if not made:
        return events
    schema = {name: events.schema[name] for name in made[0]}
    return pl.concat([events, pl.DataFrame(made, schema=schema)], how="diagonal")


def _infusion_days(run: Run) -> dict[str, list[float]]:
    """Give the study days on which each subject was infused, as far as they are recorded."""
    days = pl.col("day").cast(pl.Float64).drop_nulls()
    return dict(run.frames["infusions"].group_by("subject").agg(days).iter_rows())


def _event_place(
    run: Run, cohort: Cohort, kind: EventKind, names: frozenset[str]
) -> tuple[Place, pl.DataFrame]:
    """Give the place of a kind of event in a cohort, whose members are named, and its events there."""
    inside = kind.events.filter(
        pl.Series([name in names for name in kind.events["subject"]], dtype=pl.Boolean)
    )
    place = cohort.place("adverse_events", kind.variable, kind.category)
    source = _event_source(run, cohort, kind, inside)
    measure = kind.measure or place.measure
    return replace(place, measure=measure, visit=_visit_of(kind), source=source), inside


def _visit_of(kind: EventKind) -> str:
    """Name the course of a kind of event where visits stand."""
    return ALL if kind.course is None else kind.course.name


def _count_over_asked(
    run: Run, cohort: Cohort, kind: EventKind, at: tuple[Place, pl.DataFrame], asked: Booleans
) -> None:
    """Count the subjects with a kind of event over those who were asked, and the events themselves."""
    place, inside = at
    counted = who_is_in(run, kind.counted["subject"])
    members = cohort.members
    if kind.variable in OF_CELLS:
        members = members & was_infused(run)
        if cohort.size and not (is_infusion_known(run) & cohort.members).any():
            add_not_collected(run, place)
            return
    if not kind.is_recorded:
        add_not_collected(run, place)
        return
    if kind.course is not None:
        # That nothing happened after a course says who was asked after it.
        members = members & _who(run, kind.course.days)
        asked = _who(run, kind.course.asked) | who_is_in(run, kind.events["subject"])
    if kind.measure:
        add_asked_count(run, place, counted, asked, members)
        return
    unknown = who_is_in(run, kind.unknown["subject"]) & ~counted & members
    limits = kind.variable in WITH_LIMITS and not unknown.any()
    add_asked_rate(run, place, counted, asked, members, level=run.level, limits=limits)
    if (asked & members).any():
        run.numbers.add(place, "events", inside.height)
    if unknown.any():
        over = replace(place, n=int(unknown.sum()), denominator=int((asked & members).sum()))
        run.numbers.add(over, "cannot_tell", int(unknown.sum()), text=str(int(unknown.sum())))


def _who(run: Run, names: Collection[str]) -> Booleans:
    return who_is_in(run, pl.Series(sorted(names), dtype=pl.String))


def _count_unasked(run: Run, cohort: Cohort, kind: EventKind, at: tuple[Place, pl.DataFrame]) -> None:
    """Count what was recorded though nobody was asked: the lowest possible number, a share of nobody."""
    place, inside = at
    subjects = int((who_is_in(run, kind.counted["subject"]) & cohort.members).sum())
    if subjects:
        run.numbers.add(replace(place, n=subjects, denominator=None), "count", subjects)
        if not kind.measure:
            run.numbers.add(replace(place, n=subjects, denominator=None), "events", inside.height)
    elif kind.variable in ALWAYS:
        add_not_collected(run, place)


def members_of(run: Run, cohort: Cohort) -> list[str]:
    """Name the members of a cohort."""
    return [name for name, is_in in zip(run.panel.subjects, cohort.members, strict=True) if is_in]


def _event_source(run: Run, cohort: Cohort, kind: EventKind, chosen: pl.DataFrame) -> str:
    if chosen.is_empty():
        return ""
    return run.source(
        cohort,
        f"adverse_events {': '.join(filter(None, (kind.variable, kind.category)))}",
        _visit_of(kind),
        chosen["_row"].to_numpy().astype(np.int64),
    )


def _count_asked(run: Run, cohort: Cohort) -> None:
    """Count who was asked about adverse events, of those from whom the answer was due.

    Due at a visit is whoever was seen there, where the study file puts safety questions on the visit's
    form; without such a plan, whoever was seen at a visit at which anybody was asked.
    """
    asked = run.frames.get("safety_questions")
    planned = [visit.name for visit in run.study.visits if "safety_questions" in visit.forms]
    if asked is None or (asked.is_empty() and not planned):
        return
    asked_at = set(asked.filter(pl.col("asked") == 1).select("subject", "visit").iter_rows())
    visits = planned or [name for name in run.panel.visits if name in set(asked["visit"])]
    index = run.panel.layout.places
    all_due = all_asked = 0
    for visit in visits:
        was_asked = np.zeros(len(index), dtype=np.bool_)
        was_asked[[index[subject] for subject, at in asked_at if at == visit and subject in index]] = True
        due = (_seen_at(run, visit) | was_asked) & cohort.members
        was_asked &= cohort.members
        all_due, all_asked = all_due + int(due.sum()), all_asked + int(was_asked.sum())
        _add_asked(run, cohort, visit, (int(was_asked.sum()), int(due.sum())))
    _add_asked(run, cohort, ALL, (all_asked, all_due))


def _add_asked(run: Run, cohort: Cohort, visit: str, counts: tuple[int, int]) -> None:
    asked, due = counts
    place = replace(
        cohort.place("adverse_events", "asked"),
        visit=visit,
        n=due,
        denominator=due,
        source=_question_source(run, cohort, visit),
    )
    add_rate(run, place, asked, level=run.level, limits=False)


def _question_source(run: Run, cohort: Cohort, visit: str) -> str:
    asked = run.frame("safety_questions")
    if asked is None:
        return ""
    at = asked if visit == ALL else asked.filter(pl.col("visit") == visit)
    inside = at.filter(pl.col("subject").is_in(members_of(run, cohort)))
    return run.source(cohort, "asked", visit, inside["_row"].to_numpy().astype(np.int64))


def _seen_at(run: Run, visit: str) -> Booleans:
    """Tell who has anything recorded at a visit, in any table."""
    return np.array([(subject, visit) in run.seen for subject in run.panel.subjects], dtype=np.bool_)
