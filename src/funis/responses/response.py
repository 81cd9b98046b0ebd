"""Responses over scored visits: yes, no or cannot tell for every subject, with the reason.

A response is a definition file (`response_definition`); its criteria are asked of one subject's course
(`response_rules`). What is missing is never taken as absent: a class is given only where every value
the missing records could have would lead to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, overload

import polars as pl

from funis.errors import UnknownNameError
from funis.responses.bilag_course import watch_response
from funis.responses.completion import decide_surely
from funis.responses.course import Cohort, Course, CourseVisit, build_cohort, return_kind
from funis.responses.definition import response_definition
from funis.responses.moment import Moment
from funis.responses.rules import Decision, decide
from funis.responses.table import ParameterValue, ResponseDefinition
from funis.responses.verdict import CANNOT_TELL, NO, YES, word_of

Parameters = Mapping[str, ParameterValue]

_HEAD: Final = ("subject", "response", "responder", "reason", "rule", "possible")

RELAPSE_SCHEMA: Final[Mapping[str, pl.DataType]] = {
    "relapse": pl.String(),
    "relapse_visit": pl.String(),
    "relapse_day": pl.Float64(),
    "sustained": pl.String(),
    "followed_to_day": pl.Float64(),
    "relapse_reason": pl.String(),
}


@overload
def respond(
    frame: pl.DataFrame,
    name: str,
    *,
    subject: str = ...,
    visit: str = ...,
    day: str = ...,
    parameters: Parameters | None = ...,
    disposition: Any = ...,
) -> pl.DataFrame: ...
@overload
def respond(
    frame: object,
    name: str,
    *,
    subject: str = ...,
    visit: str = ...,
    day: str = ...,
    parameters: Parameters | None = ...,
    disposition: Any = ...,
) -> Any: ...
def respond(
    frame: Any,
    name: str,
    *,
    subject: str = "subject",
    visit: str = "visit",
    day: str = "day",
    parameters: Parameters | None = None,
    disposition: Any = None,
) -> Any:
    """Give the response of every subject, with the reason.

    Parameters
    ----------
    frame : any data frame, one row per subject and visit, with the scored columns the response reads
        (BILAG grades as letters ``bilag_2004_<system>``; a missing grade may be narrowed by
        ``bilag_2004_<system>_lower`` and ``_upper``); columns ``death_day``, ``withdrawal_day``,
        ``lost_day``, ``prohibited_day`` are read where they stand in it
    name : one of `responses`
    subject, visit, day : column names; the day counts from the first infusion (day 0)
    parameters : choices of the definition that differ from its defaults
    disposition : one row per subject with the same event columns, or with ``status`` and ``day``;
        a subject who stands only here is reported too

    Returns
    -------
    frame of the caller's kind (Polars for a query of DuckDB or Spark)
        One row per subject, in order of study number: the subject, ``response`` (a class of the
        definition, ``cannot tell`` or ``not_evaluable``), ``responder`` (yes, no, cannot tell),
        ``reason``, ``rule``, ``possible`` (classes the records leave possible),
        ``response_visit``, ``response_day``, and a column per criterion. Where the
        definition has relapse: ``relapse`` (null for a subject without response), ``relapse_visit``,
        ``relapse_day``, ``sustained``, ``followed_to_day``, ``relapse_reason``.

    Raises
    ------
    UnknownNameError : the response, a parameter or a visit does not exist
    ColumnError, ValueRangeError, ShapeError : the frame cannot be used

    Source
    ------
    The ``source`` of each definition file.

    Examples
    --------
    >>> visits = pl.DataFrame(
    ...     {
    ...         "subject": ["01"] * 4,
    ...         "visit": ["baseline", "month_6", "month_9", "month_12"],
    ...         "day": [0, 180, 270, 360],
    ...         "bilag_2004_renal": ["A", "C", "C", "B"],
    ...         "bilag_2004_haematological": ["E", "E", "E", "E"],
    ...     }
    ... )
    >>> row = respond(visits, "ucmsc_bilag_response").row(0, named=True)
    >>> row["response"], row["relapse"], row["relapse_visit"], row["sustained"]
    ('MCR', 'yes', 'month_12', 'no')
    """
    cohort = build_cohort(frame, subject=subject, visit=visit, day=day, disposition=disposition)
    return return_kind(frame, cohort.name_subjects(respond_cohort(cohort, name, parameters), subject))


def respond_cohort(cohort: Cohort, name: str, parameters: Parameters | None = None) -> pl.DataFrame:
    """Give the response of every course of a cohort, as `respond` does; for asking many definitions."""
    definition = response_definition(name)
    judged = _choose_target(cohort, definition, definition.settle(parameters))
    rows = [_respond_one(_build_moment(course, judged)) for course in cohort.courses]
    return pl.DataFrame(rows, schema=_schema(definition))


def respond_by_visit(
    frame: Any,
    name: str,
    *,
    subject: str = "subject",
    visit: str = "visit",
    day: str = "day",
    parameters: Parameters | None = None,
    disposition: Any = None,
) -> pl.DataFrame:
    """Give the response of every subject at each visit after baseline.

    Parameters, columns and errors are those of `respond`; the rows of one visit stand together, visits
    in order of their median day, unscheduled visits left out.

    Examples
    --------
    >>> visits = pl.DataFrame(
    ...     {
    ...         "subject": ["01"] * 2,
    ...         "visit": ["baseline", "month_6"],
    ...         "essdai": [8.0, 5.0],
    ...     }
    ... )
    >>> respond_by_visit(visits, "essdai_mcii").select("response_visit", "response").rows()
    [('month_6', 'yes')]
    """
    cohort = build_cohort(frame, subject=subject, visit=visit, day=day, disposition=disposition)
    definition = response_definition(name)
    parts = []
    for judged_visit, median_day in cohort.days.items():
        if median_day <= 0:
            continue
        chosen = {**(parameters or {}), "response_visit": judged_visit}
        parts.append(cohort.name_subjects(respond_cohort(cohort, name, chosen), subject))
    empty = cohort.name_subjects(pl.DataFrame(schema=_schema(definition)), subject)
    return pl.concat([empty, *parts])


def count_relapses(
    responses: pl.DataFrame, visit_days: Mapping[str, float], *, window: float = 30.0
) -> pl.DataFrame:
    """Count incident relapses at each visit and in all, over every denominator.

    Parameters
    ----------
    responses : what `respond` returned for a definition with relapse
    visit_days : scheduled day of each visit at which relapse is looked for, in days
    window : a responder is at risk at a visit when followed to at most this many days before it

    Returns
    -------
    polars.DataFrame
        ``visit`` (each, then ``all``), ``denominator`` (``enrolled``, ``responders``, ``at_risk``),
        ``count`` of relapses, ``n`` of the denominator, ``cannot_tell`` (responders whose relapse is open).
        At risk means a responder without an earlier relapse, still followed; in all, everybody who was
        a responder and followed beyond the response.

    Examples
    --------
    >>> one = {"responder": "yes", "relapse_visit": None, "relapse_day": None, "followed_to_day": 360.0}
    >>> two = {**one, "relapse_visit": "month_9", "relapse_day": 270.0}
    >>> frame = pl.DataFrame([{**one, "relapse": "no"}, {**two, "relapse": "yes"}])
    >>> count_relapses(frame, {"month_9": 270, "month_12": 360}).select("visit", "count", "n").rows()[2]
    ('month_9', 1, 2)
    """
    responders = responses.filter(pl.col("responder") == YES)
    relapsed = responders.filter(pl.col("relapse") == YES)
    open_count = responders.filter(pl.col("relapse") == CANNOT_TELL).height
    ordered = sorted(visit_days.items(), key=lambda pair: pair[1])
    rows: list[dict[str, object]] = []
    placed = {name: 0 for name, _ in ordered}
    for row in relapsed.iter_rows(named=True):
        where = _place_relapse(row["relapse_visit"], row["relapse_day"], ordered)
        if where is not None:
            placed[where] += 1
    followed = responders.filter(pl.col("relapse") != "")
    for name, day in ordered:
        earlier = pl.col("relapse_day").is_not_null() & _relapsed_before(name, ordered)
        at_risk = followed.filter(~earlier & (pl.col("followed_to_day") >= day - window)).height
        counts = {"enrolled": responses.height, "responders": responders.height, "at_risk": at_risk}
        rows += _count_rows(name, placed[name], counts, open_count)
    totals = {"enrolled": responses.height, "responders": responders.height}
    first = ordered[0][1] - window if ordered else 0.0
    totals["at_risk"] = followed.filter(pl.col("followed_to_day") >= first).height
    return pl.DataFrame(rows + _count_rows("all", sum(placed.values()), totals, open_count))


def _count_rows(name: str, count: int, totals: Mapping[str, int], open_count: int) -> list[dict[str, object]]:
    return [
        {"visit": name, "denominator": kind, "count": count, "n": n, "cannot_tell": open_count}
        for kind, n in totals.items()
    ]


def _place_relapse(visit: str | None, day: float | None, ordered: Iterable[tuple[str, float]]) -> str | None:
    """Return the visit a relapse belongs to: its own, else the next one scheduled."""
    names = dict(ordered)
    if visit in names:
        return visit
    if day is None:
        return None
    later = [name for name, scheduled in names.items() if scheduled >= day]
    return later[0] if later else (list(names)[-1] if names else None)


def _relapsed_before(name: str, ordered: list[tuple[str, float]]) -> pl.Expr:
    names = [visit for visit, _ in ordered]
    earlier = names[: names.index(name)]
    if not earlier:
        return pl.lit(value=False)
    previous_day = dict(ordered)[earlier[-1]]
    named = pl.col("relapse_visit").is_in(earlier)
    other = ~pl.col("relapse_visit").is_in(names) & (pl.col("relapse_day") <= previous_day)
    return (named | other).fill_null(value=False)


@dataclass(frozen=True, slots=True)
class _Judged:
    """What is the same for all subjects: the definition, its choices and the visit judged."""

    cohort: Cohort
    definition: ResponseDefinition
    parameters: Mapping[str, ParameterValue]
    target: str
    target_day: float
    systems: tuple[str, ...]
    expected: Mapping[str, float]


def _choose_target(
    cohort: Cohort, definition: ResponseDefinition, parameters: Mapping[str, ParameterValue]
) -> _Judged:
    systems: tuple[str, ...] = ()
    if definition.reads_grades(parameters) and any(course.visits for course in cohort.courses):
        systems = cohort.systems(str(parameters["instrument"]))
    expected = _expected_visits(cohort, parameters, systems) if systems else {}
    target, target_day = _find_target(cohort, parameters)
    return _Judged(cohort, definition, parameters, target, target_day, systems, expected)


def _find_target(cohort: Cohort, parameters: Mapping[str, ParameterValue]) -> tuple[str, float]:
    named = str(parameters["response_visit"])
    if named:
        if named not in cohort.days:
            raise UnknownNameError("visit", named, cohort.days, where="parameter 'response_visit'")
        return named, cohort.days[named]
    wanted, window = float(parameters["response_day"]), float(parameters["response_window"])
    if wanted <= 0:
        return list(cohort.days.items())[-1] if cohort.days else ("", 0.0)
    near = [(abs(at - wanted), at, name) for name, at in cohort.days.items() if abs(at - wanted) <= window]
    if not near:
        return f"day {wanted:g}", wanted
    _, at, name = min(near)
    return name, at


def _expected_visits(
    cohort: Cohort, parameters: Mapping[str, ParameterValue], systems: tuple[str, ...]
) -> dict[str, float]:
    schedule = [name.strip() for name in str(parameters.get("schedule", "")).split(",") if name.strip()]
    for name in schedule:
        if name not in cohort.days:
            raise UnknownNameError("visit", name, cohort.days, where="parameter 'schedule'")
    return {n: cohort.days[n] for n in schedule} if schedule else cohort.expected(systems)


def _build_moment(course: Course, judged: _Judged) -> Moment:
    parameters = judged.parameters
    now = _visit_judged(course, judged)
    base = course.baseline(str(parameters["baseline_visit"]))
    if parameters.get("compared_with") == "previous":
        base = None if now is None else course.before(now)
    return Moment(
        definition=judged.definition,
        parameters=parameters,
        cohort=judged.cohort,
        course=course,
        target=judged.target,
        target_day=judged.target_day,
        now=now,
        base=base,
        systems=judged.systems,
        expected=judged.expected,
    )


def _visit_judged(course: Course, judged: _Judged) -> CourseVisit | None:
    visit = course.find(judged.target)
    parameters = judged.parameters
    wanted = float(parameters["response_day"])
    if visit is None or parameters["response_visit"] or wanted <= 0:
        return visit
    return visit if abs(visit.day - wanted) <= float(parameters["response_window"]) else None


def _schema(definition: ResponseDefinition) -> dict[str, pl.DataType]:
    text = pl.String()
    head: dict[str, pl.DataType] = dict.fromkeys(_HEAD, text)
    head |= {"response_visit": text, "response_day": pl.Float64()}
    relapse = RELAPSE_SCHEMA if definition.has_relapse else {}
    return {**head, **dict.fromkeys((row.id for row in definition.criteria), text), **relapse}


def _respond_one(moment: Moment) -> dict[str, object]:
    decision = _confirm(moment, decide_surely(moment))
    row: dict[str, object] = {
        "subject": moment.course.subject,
        "response": decision.response,
        "responder": decision.responder,
        "reason": decision.reason,
        "rule": decision.rule or None,
        "possible": " or ".join(decision.possible),
        "response_visit": moment.target or None,
        "response_day": None if moment.now is None else moment.now.day,
    }
    row |= {row.id: None for row in moment.definition.criteria}
    row |= {name: answer.word for name, answer in decision.answers.items()}
    if moment.definition.has_relapse:
        row |= _find_relapse(moment, decision)
    return row


def _confirm(moment: Moment, decision: Decision) -> Decision:
    """Hold a response against the scheduled visit before, where the study asks for that."""
    if not moment.flag("confirmed") or decision.responder == NO:
        return decision
    days = moment.cohort.days
    earlier = [name for name, day in days.items() if 0 < day < moment.target_day]
    if not earlier:
        reason = f"{CANNOT_TELL}: there is no visit before {moment.target} that could confirm the response."
        return replace(decision, response=CANNOT_TELL, responder=CANNOT_TELL, reason=reason)
    name = earlier[-1]
    before = decide(replace(moment, target=name, target_day=days[name], now=moment.course.find(name)))
    if before.response == decision.response or decision.responder == CANNOT_TELL:
        reason = f"{decision.reason} At {name}: {before.reason}"
        return replace(decision, reason=reason)
    otherwise = moment.definition.otherwise
    unknown = before.responder == CANNOT_TELL
    response = CANNOT_TELL if unknown else otherwise
    responder = CANNOT_TELL if unknown else NO
    reason = f"{response}: not confirmed at {name} ({before.reason})"
    possible = (decision.response, otherwise) if unknown else (otherwise,)
    return replace(decision, response=response, responder=responder, reason=reason, possible=possible)


def _find_relapse(moment: Moment, decision: Decision) -> dict[str, object]:
    """Return whether, where and when a response was lost, and whether it lasted to the horizon."""
    nothing = dict.fromkeys(RELAPSE_SCHEMA)
    if decision.responder == NO:
        return nothing
    watch = watch_response(moment)
    nothing["followed_to_day"] = watch.followed_to
    if decision.responder == CANNOT_TELL:
        reason = "whether there was a response cannot be told"
        return {**nothing, "relapse": CANNOT_TELL, "sustained": CANNOT_TELL, "relapse_reason": reason}
    death = moment.course.events.get("death")
    sustained = None if watch.verdict is None else not watch.verdict
    reason = watch.text
    if watch.verdict is not True and death is not None and not watch.is_followed:
        sustained, reason = False, f"{reason}; died on day {death:g}"
    return {
        "relapse": word_of(watch.verdict),
        "relapse_visit": watch.first.name if watch.first is not None else None,
        "relapse_day": watch.first.day if watch.first is not None else None,
        "sustained": word_of(sustained),
        "followed_to_day": watch.followed_to,
        "relapse_reason": reason,
    }
