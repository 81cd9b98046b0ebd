"""Kinds of adverse events that are counted: any, serious, by grade, by relation, by organ class and term."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from funis.safety_words import CAUSALITY_LEVELS, ends_infusions
from funis.study.event_groups import EventGroup, belongs_to_group

SEVERE: Final = 3
GRADE: Final = "grade"
NOT_GRADED: Final = "not graded"
SERIOUS: Final = "serious"
RELATED: Final = "related"
RELATED_SERIOUS: Final = "related_serious"
LAST_INFUSION: Final = "no_further_infusion"
CAUSALITY: Final = "causality"
ONSET: Final = "onset"
#: When an event began: on the day of an infusion, the day after, later, before the first one, or not known.
ONSETS: Final = ("infusion_day", "day_after", "later", "before_infusion", "day_not_known")
#: Those of them within a course.
WITHIN: Final = ("infusion_day", "day_after", "later")
#: Of somebody of whom no infusion is recorded, as in a control arm, an event is before or after none.
NO_INFUSION: Final = "no_infusion"
EVENT_GROUP: Final = "event_group"
NOT_RECORDED: Final = "not recorded"
TERM: Final = "term"
ORGAN_CLASS: Final = "organ_class"
#: Columns of the table by term: their grades, from the first to the last; no grade where none was recorded.
GRADE_BANDS: Final[dict[str, tuple[int, int] | None]] = {
    "grade_1_2": (1, 2),
    "grade_3": (3, 3),
    "grade_4": (4, 4),
    "grade_5": (5, 5),
    "not_graded": None,
}


@dataclass(frozen=True, slots=True)
class CourseOfEvents:
    """One course of treatment, as events are divided by it.

    Attributes
    ----------
    name : as it is called in the list of numbers
    days : of each subject who had it, the study days of its beginning and of that of the next one
    asked : of them who was asked about adverse events after its beginning, up to the day of the next one
    """

    name: str
    days: Mapping[str, tuple[float, float]]
    asked: frozenset[str]


@dataclass(frozen=True, slots=True)
class EventKind:
    """One row of the table of adverse events, or one cell of a row.

    Attributes
    ----------
    variable, category : the row, for example ``serious`` or ``term`` and a term
    events : the events that are of this kind
    counted : of them those that make a subject count
    unknown : events of which it is not recorded whether they are of this kind
    measure : the row that a cell belongs to, for example ``term`` of ``term_grade_3``; empty for a row
    course : the course of treatment in which the events began; None where they are not divided by it
    is_recorded : whether anything that tells events of this kind was recorded of any event
    """

    variable: str
    category: str
    events: pl.DataFrame
    counted: pl.DataFrame
    unknown: pl.DataFrame
    measure: str = ""
    course: CourseOfEvents | None = None
    is_recorded: bool = True


def kinds_of_events(
    events: pl.DataFrame,
    infusion_days: Mapping[str, Sequence[float]],
    courses: Sequence[CourseOfEvents] = (),
    groups: Sequence[EventGroup] = (),
) -> Iterator[EventKind]:
    """Give each kind of event (variable and category) with its events.

    Parameters
    ----------
    events : the checked table ``adverse_events``
    infusion_days : study days on which each subject was infused, empty where they are not recorded
    courses : where somebody had a second course of treatment, the courses
    groups : of the study file: events that are counted together

    Yields
    ------
    EventKind : the rows of the summary first, then each organ class and term with its cells by worst grade
    """
    nothing = events.clear()
    grade, outcome = pl.col("grade"), pl.col("outcome")
    yield EventKind("any", "", events, events, nothing)
    for name in (SERIOUS, RELATED):
        found = events.filter(pl.col(name) == 1)
        yield EventKind(name, "", found, found, events.filter(pl.col(name).is_null()))
    yield _related_and_serious(events)
    yield _last_infusions(events)
    severe = events.filter(grade >= SEVERE)
    yield EventKind("grade_3_or_more", "", severe, severe, events.filter(grade.is_null()))
    fatal = (outcome == "fatal") | (grade == 5)
    unclear = grade.is_null() & (outcome.is_null() | (outcome == "unknown"))
    yield EventKind("fatal", "", events.filter(fatal), events.filter(fatal), events.filter(unclear))
    for group in groups:
        belongs = belongs_to_group(group, events, infusion_days)
        found = events.filter(belongs.fill_null(value=False))
        yield EventKind(EVENT_GROUP, group.id, found, found, events.filter(belongs.is_null()))
    yield from _by_onset(events, infusion_days)
    for course in courses:
        yield from _of_course(events, infusion_days, course)
    yield from _by_causality(events)
    for number in sorted(events["grade"].drop_nulls().unique()):
        found = events.filter(grade == number)
        yield EventKind(GRADE, str(number), found, _at_worst(events, number, number), nothing)
    ungraded = events.filter(grade.is_null())
    if not ungraded.is_empty():
        yield EventKind(GRADE, NOT_GRADED, ungraded, _never_graded(events), nothing)
    if not events.is_empty():
        yield from _by_band(events, "any", "", "any")
    named = events.with_columns(_term().alias("_term"), _plain("organ_class").alias("_class"))
    for variable, column in ((TERM, "_term"), (ORGAN_CLASS, "_class")):
        yield from _by_name(named, variable, column)


def _related_and_serious(events: pl.DataFrame) -> EventKind:
    """Give the events that are related and serious; open is one that neither answer rules out."""
    flags = [pl.col(SERIOUS), pl.col(RELATED)]
    found = events.filter(pl.all_horizontal(flag == 1 for flag in flags))
    ruled_out = pl.any_horizontal((flag == 0).fill_null(value=False) for flag in flags)
    unclear = events.filter(~ruled_out, pl.any_horizontal(flag.is_null() for flag in flags))
    return EventKind(RELATED_SERIOUS, "", found, found, unclear)


def _last_infusions(events: pl.DataFrame) -> EventKind:
    """Give the events for which no further infusion was given, as the action taken says."""
    says = pl.Series([ends_infusions(text) for text in events["action"]], dtype=pl.Boolean)
    found = events.filter(says.fill_null(value=False))
    is_recorded = events.is_empty() or not events["action"].is_null().all()
    return EventKind(LAST_INFUSION, "", found, found, events.filter(says.is_null()), is_recorded=is_recorded)


def _by_onset(events: pl.DataFrame, infusion_days: Mapping[str, Sequence[float]]) -> Iterator[EventKind]:
    """Divide events by the day they begin, counted from the subject's last infusion up to it.

    The tables hold dates only: an event within 24 hours of an infusion begins on its day or the day after.
    """
    if not infusion_days or events.is_empty():
        return
    pairs = zip(events["subject"], events["start_day"], strict=True)
    onset = pl.Series([_onset(day, infusion_days.get(subject)) for subject, day in pairs], dtype=pl.String)
    for name in (*ONSETS, *([NO_INFUSION] if (onset == NO_INFUSION).any() else [])):
        found = events.filter(onset == name)
        yield EventKind(ONSET, name, found, found, events.clear())


def _of_course(
    events: pl.DataFrame, infusion_days: Mapping[str, Sequence[float]], course: CourseOfEvents
) -> Iterator[EventKind]:
    """Give the events that began in a course, up to the day before the next one, by their onset in it."""
    pairs = list(zip(events["subject"], events["start_day"], strict=True))
    inside = pl.Series([_is_within(day, course.days.get(name)) for name, day in pairs], dtype=pl.Boolean)
    onset = pl.Series([_onset(day, infusion_days.get(name)) for name, day in pairs], dtype=pl.String)
    is_serious = (events[SERIOUS] == 1).fill_null(value=False)
    divided = (("any", "", inside), (SERIOUS, "", inside & is_serious))
    by_day = ((ONSET, name, inside & (onset == name)) for name in WITHIN)
    for variable, category, is_so in (*divided, *by_day):
        found = events.filter(is_so)
        yield EventKind(variable, category, found, found, events.clear(), course=course)


def _is_within(day: float | None, days: tuple[float, float] | None) -> bool:
    return day is not None and days is not None and days[0] <= day < days[1]


def _onset(day: float | None, infused: Sequence[float] | None) -> str:
    """Place a day beside the days of a subject's infusions: None without an infusion, empty without a day."""
    if infused is None:
        return NO_INFUSION
    if day is None or not infused:
        return "day_not_known"
    before = [day - each for each in infused if each <= day]
    if not before:
        return "before_infusion"
    return {0: "infusion_day", 1: "day_after"}.get(int(min(before)), "later")


def _by_causality(events: pl.DataFrame) -> Iterator[EventKind]:
    """Count a subject once, at the surest relation of its events; nothing where no level was recorded."""
    level = pl.col("causality")
    if events["causality"].is_null().all():
        return
    place = level.replace_strict(list(CAUSALITY_LEVELS), list(range(len(CAUSALITY_LEVELS))), default=None)
    surest = place == place.max().over("subject")
    for name in reversed(CAUSALITY_LEVELS):
        found = events.filter(level == name)
        yield EventKind(CAUSALITY, name, found, events.filter((level == name) & surest), events.clear())
    silent = events.filter(level.is_null())
    if not silent.is_empty():
        never = events.filter(level.is_null().all().over("subject"))
        yield EventKind(CAUSALITY, NOT_RECORDED, silent, never, events.clear())


def _by_name(named: pl.DataFrame, variable: str, column: str) -> Iterator[EventKind]:
    """Count each name, those of most subjects first, and the cells by worst grade within it."""
    nothing = named.clear()
    names = named.group_by(column).agg(pl.col("subject").n_unique().alias("k")).drop_nulls(column)
    for name in names.sort(["k", column], descending=[True, False])[column]:
        found = named.filter(pl.col(column) == name)
        yield EventKind(variable, name, found, found, nothing)
        yield from _by_band(found, variable, name, variable)


def _by_band(events: pl.DataFrame, variable: str, name: str, measure: str) -> Iterator[EventKind]:
    """Count the cells of a row: the serious ones, and each subject at its worst grade."""
    nothing = events.clear()
    grave = events.filter(pl.col("serious") == 1)
    yield EventKind(f"{variable}_{SERIOUS}", name, grave, grave, nothing, measure=measure)
    for band, ends in GRADE_BANDS.items():
        chosen = _never_graded(events) if ends is None else _at_worst(events, *ends)
        yield EventKind(f"{variable}_{band}", name, chosen, chosen, nothing, measure=measure)


def _at_worst(events: pl.DataFrame, first: int, last: int) -> pl.DataFrame:
    """Give the events by which a subject counts at a grade: a subject counts once, at the highest it had."""
    grade = pl.col("grade")
    return events.filter((grade == grade.max().over("subject")) & grade.is_between(first, last))


def _never_graded(events: pl.DataFrame) -> pl.DataFrame:
    """Give the events of the subjects of whom no event has a grade."""
    return events.filter(pl.col("grade").is_null().all().over("subject"))


def _term() -> pl.Expr:
    """Name an event by its coded term, else as it was reported."""
    return pl.coalesce(_plain("preferred_term"), _plain("term"))


def _plain(column: str) -> pl.Expr:
    """Give a text without the blanks around it, in small letters; nothing where it is empty."""
    text = pl.col(column).str.strip_chars().str.to_lowercase()
    return pl.when(text != "").then(text)


def classes_of_terms(events: pl.DataFrame) -> pl.DataFrame:
    """Give the organ class of each term; of a term recorded in several, the one that is recorded most.

    Parameters
    ----------
    events : the checked table ``adverse_events``

    Returns
    -------
    polars.DataFrame : ``term, organ_class``, one row a term that has a class

    Examples
    --------
    >>> kinds = {"term": pl.String, "preferred_term": pl.String, "organ_class": pl.String}
    >>> rows = [("Cough", None, "Lungs"), ("cough ", None, None), ("Dry cough", "Cough", "Throat")]
    >>> classes_of_terms(pl.DataFrame(rows, kinds, orient="row")).rows()
    [('cough', 'lungs')]
    """
    named = events.select(_term().alias("term"), _plain("organ_class").alias("organ_class")).drop_nulls()
    counted = named.group_by("term", "organ_class").len()
    most = counted.sort(["len", "organ_class"], descending=[True, False])
    return most.unique("term", keep="first", maintain_order=True).select("term", "organ_class")
