"""Responses over scored visits: yes, no or cannot tell for every subject, with the reason.

A response is a definition file (`response_definition`); its criteria are asked of one subject's timeline
(`response_rules`). What is missing is never taken as absent: a class is given only where every value
the missing records could have would lead to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, overload

import polars as pl

from funis.arguments import Anything, ByName, Frame, OrNone, Text, takes
from funis.catalogue.model_parameter import ParameterValue
from funis.catalogue.model_response import ResponseDefinition
from funis.catalogue.registry import response_definition
from funis.errors import UnknownNameError
from funis.frames.any_kind import name_columns, return_kind
from funis.frames.spark import is_spark
from funis.responses.assessment import Assessment
from funis.responses.bilag_timeline import watch_response
from funis.responses.completion import decide_surely
from funis.responses.decide import Decision, decide, is_measured
from funis.responses.distribute import Visits, answer_subjects
from funis.responses.possible_values import limits_of_response
from funis.responses.read_columns import refuse_misspelt_visits
from funis.responses.read_units import refuse_unlikely_units, settle_response_units
from funis.responses.timeline import (
    CohortTimelines,
    Timeline,
    build_timelines,
    refuse_days_twice,
)
from funis.responses.verdict import CANNOT_TELL, NO, word_of
from funis.responses.visit_judged import find_target, visit_judged

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


_takes_visits = takes(
    frame=Frame(),
    name=Text(),
    subject=Text(),
    visit=Text(),
    day=Text(),
    parameters=OrNone(ByName(Anything())),
    disposition=OrNone(Frame()),
    units=OrNone(ByName(Text())),
)


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
    units: Mapping[str, str] | None = ...,
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
    units: Mapping[str, str] | None = ...,
) -> Any: ...
@_takes_visits
def respond(  # noqa: PLR0913  (the public signature of the design)
    frame: Any,
    name: str,
    *,
    subject: str = "subject",
    visit: str = "visit",
    day: str = "day",
    parameters: Parameters | None = None,
    disposition: Any = None,
    units: Mapping[str, str] | None = None,
) -> Any:
    """Give the response of every subject, with the reason.

    Parameters
    ----------
    frame : any data frame, one row per subject and visit, with the scored columns the response reads
        (BILAG grades as letters ``bilag_2004_<system>``; a missing grade may be narrowed by
        ``bilag_2004_<system>_lower`` and ``_upper``). A column that is not there is missing in every row,
        never absent or 0, but for criteria that the definition takes as met or not met where nobody recorded
        them: these say ``not recorded``, and the reason names them. Columns ``death_day``,
        ``withdrawal_day``, ``lost_day``, ``prohibited_day`` are read where they stand in it
    name : one of `responses`
    subject, visit, day : column names; the day counts from the first infusion (day 0)
    parameters : choices of the definition that differ from its defaults
    disposition : one row per subject with the same event columns, or with ``status`` and ``day``;
        a subject who stands only here is reported too
    units : the unit of each column that is not in the unit the definition reads, for example
        ``{"upcr": "mg/mg", "haemoglobin": "g/L"}``. Without it the metadata of a column are read, as in
        `funis.score`; without either, protein to creatinine ratios are read in mg/mmol, creatinine in umol/L,
        haemoglobin in g/dL, as the instruments read them

    Returns
    -------
    frame of the caller's kind; on Spark lazy, computed where the rows are, checked when the query runs
        One row per subject, in order of study number (on Spark in no order): the subject, ``response``
        (a class of the definition, ``cannot tell``, ``not_evaluable``), ``responder`` (yes, no, cannot tell),
        ``reason``, ``rule``, ``possible`` (classes the records leave possible),
        ``response_visit``, ``response_day``, and a column per criterion. Where the
        definition has relapse: ``relapse`` (null for a subject without response), ``relapse_visit``,
        ``relapse_day``, ``sustained``, ``followed_to_day``, ``relapse_reason``.

    Raises
    ------
    UnknownNameError : the response, a parameter or a visit does not exist
    MisspeltColumnError : a column nearly has the name of one that is read and not there
    ColumnError, ValueRangeError, ShapeError : the frame cannot be used
    UnitError : a unit is not known for a column, or a parameter such as ``upcr_unit`` contradicts `units`

    Source
    ------
    The ``source`` of each definition file.

    Examples
    --------
    >>> from funis.catalogue.registry import definition
    >>> quiet = {f"bilag_2004_{system}": ["E"] * 4 for system in definition("bilag_2004").systems}
    >>> visits = pl.DataFrame(
    ...     {
    ...         **quiet,
    ...         "subject": ["01"] * 4,
    ...         "visit": ["baseline", "month_6", "month_9", "month_12"],
    ...         "day": [0, 180, 270, 360],
    ...         "bilag_2004_renal": ["A", "C", "C", "B"],
    ...     }
    ... )
    >>> row = respond(visits, "ucmsc_bilag_response").row(0, named=True)
    >>> row["response"], row["relapse"], row["relapse_visit"], row["sustained"]
    ('MCR', 'yes', 'month_12', 'no')
    """
    definition = response_definition(name)
    settled = definition.settle(parameters)
    what, keys = f"The response {name!r}", (subject, visit, day)
    refuse_misspelt_visits(what, name_columns(frame), [(definition, settled)], keys)
    read = settle_response_units(frame, units, [(definition, parameters or {})])
    limits = limits_of_response(definition, settled)
    if is_spark(frame):
        instruments = _instruments(definition, settled)
        visits = Visits(
            frame, subject, visit, day, disposition, instruments, read.scales, limits, read.unsaid
        )
        work = partial(_respond_one_a_day, name=name, parameters=settled)
        return answer_subjects(visits, work, _schema(definition))
    cohort = build_timelines(
        frame,
        subject=subject,
        visit=visit,
        day=day,
        disposition=disposition,
        scales=read.scales,
        limits=limits,
    )
    cohort = replace(cohort, unsaid=read.unsaid)
    return return_kind(frame, cohort.name_subjects(_respond_one_a_day(cohort, name, settled), subject))


def _respond_one_a_day(cohort: CohortTimelines, name: str, parameters: Parameters) -> pl.DataFrame:
    """Give the responses; refuse a subject with two visits of one day, of which none is the later one."""
    refuse_days_twice(cohort)
    return respond_cohort(cohort, name, parameters)


def respond_cohort(cohort: CohortTimelines, name: str, parameters: Parameters | None = None) -> pl.DataFrame:
    """Give the response of every timeline of a cohort, as `respond` does; for asking many definitions."""
    definition = response_definition(name)
    settled = definition.settle(parameters)
    refuse_unlikely_units(cohort, definition, settled)
    judged = _choose_target(cohort, definition, settled)
    rows = [_respond_one(_build_assessment(timeline, judged)) for timeline in cohort.timelines]
    return pl.DataFrame(rows, schema=_schema(definition))


def respond_with_and_without(
    cohort: CohortTimelines, name: str, parameters: Parameters | None = None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Give the response of every timeline by the rule for missing responses, and by the records alone.

    The rule decides only about subjects without any value at the visit: all others are asked once.
    """
    definition = response_definition(name)
    judged = _choose_target(cohort, definition, definition.settle(parameters))
    alone = replace(judged, parameters={**judged.parameters, "missing_response": "cannot_tell"})
    by_rule, recorded = [], []
    for timeline in cohort.timelines:
        assessment = _build_assessment(timeline, judged)
        by_rule.append(_respond_one(assessment))
        is_same = is_measured(assessment) and not assessment.flag("confirmed")
        recorded.append(by_rule[-1] if is_same else _respond_one(_build_assessment(timeline, alone)))
    schema = _schema(definition)
    return pl.DataFrame(by_rule, schema=schema), pl.DataFrame(recorded, schema=schema)


@_takes_visits
def respond_by_visit(  # noqa: PLR0913  (as for `respond`)
    frame: Any,
    name: str,
    *,
    subject: str = "subject",
    visit: str = "visit",
    day: str = "day",
    parameters: Parameters | None = None,
    disposition: Any = None,
    units: Mapping[str, str] | None = None,
) -> Any:
    """Give the response of every subject at each visit after baseline.

    Parameters, columns and errors are those of `respond`; the rows of one visit stand together, visits
    in order of their median day, unscheduled visits left out. On Spark the rows have no order.

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
    definition = response_definition(name)
    settled = definition.settle(parameters)
    what, keys = f"The response {name!r}", (subject, visit, day)
    refuse_misspelt_visits(what, name_columns(frame), [(definition, settled)], keys)
    read = settle_response_units(frame, units, [(definition, parameters or {})])
    limits = limits_of_response(definition, settled)
    if is_spark(frame):
        work = partial(_respond_at_visits, name=name, parameters=settled)
        instruments = _instruments(definition, settled)
        visits = Visits(
            frame, subject, visit, day, disposition, instruments, read.scales, limits, read.unsaid
        )
        return answer_subjects(visits, work, _schema(definition))
    cohort = build_timelines(
        frame,
        subject=subject,
        visit=visit,
        day=day,
        disposition=disposition,
        scales=read.scales,
        limits=limits,
    )
    cohort = replace(cohort, unsaid=read.unsaid)
    refuse_days_twice(cohort)
    found = [cohort.name_subjects(part, subject) for part in _respond_parts(cohort, name, settled)]
    return return_kind(frame, pl.concat(found))


def _respond_at_visits(cohort: CohortTimelines, name: str, parameters: Parameters) -> pl.DataFrame:
    refuse_days_twice(cohort)
    return pl.concat(_respond_parts(cohort, name, parameters))


def _respond_parts(cohort: CohortTimelines, name: str, parameters: Parameters) -> list[pl.DataFrame]:
    """Return an empty answer, then those at each visit after baseline."""
    chosen = [{**parameters, "response_visit": visit} for visit, day in cohort.days.items() if day > 0]
    parts = [respond_cohort(cohort, name, each) for each in chosen]
    return [pl.DataFrame(schema=_schema(response_definition(name))), *parts]


def _instruments(definition: ResponseDefinition, parameters: Parameters) -> tuple[str, ...]:
    """Name the instrument whose grades a response reads, if it reads any."""
    return (str(parameters["instrument"]),) if definition.reads_grades(parameters) else ()


@dataclass(frozen=True, slots=True)
class _Judged:
    """What is the same for all subjects: the definition, its choices and the visit judged."""

    cohort: CohortTimelines
    definition: ResponseDefinition
    parameters: Mapping[str, ParameterValue]
    target: str
    target_day: float
    systems: tuple[str, ...]
    expected: Mapping[str, float]


def _choose_target(
    cohort: CohortTimelines, definition: ResponseDefinition, parameters: Mapping[str, ParameterValue]
) -> _Judged:
    systems: tuple[str, ...] = ()
    if definition.reads_grades(parameters) and cohort.has_visits:
        systems = cohort.systems(str(parameters["instrument"]))
    expected = _expected_visits(cohort, parameters, systems) if systems else {}
    target, target_day = find_target(cohort, parameters)
    return _Judged(cohort, definition, parameters, target, target_day, systems, expected)


def _expected_visits(
    cohort: CohortTimelines, parameters: Mapping[str, ParameterValue], systems: tuple[str, ...]
) -> dict[str, float]:
    schedule = [name.strip() for name in str(parameters.get("schedule", "")).split(",") if name.strip()]
    for name in schedule:
        if name not in cohort.days:
            raise UnknownNameError("visit", name, cohort.days, where="parameter 'schedule'")
    if schedule:
        return {name: cohort.days[name] for name in schedule}
    return cohort.expected(systems, str(parameters["instrument"]))


def _build_assessment(timeline: Timeline, judged: _Judged) -> Assessment:
    parameters = judged.parameters
    now = visit_judged(timeline, parameters, judged.target)
    base = timeline.baseline(str(parameters["baseline_visit"]))
    if parameters.get("compared_with") == "previous":
        base = None if now is None else timeline.before(now)
    return Assessment(
        definition=judged.definition,
        parameters=parameters,
        cohort=judged.cohort,
        timeline=timeline,
        target=judged.target,
        target_day=judged.target_day,
        now=now,
        base=base,
        systems=judged.systems,
        expected=judged.expected,
    )


def _schema(definition: ResponseDefinition) -> dict[str, pl.DataType]:
    text = pl.String()
    head: dict[str, pl.DataType] = dict.fromkeys(_HEAD, text)
    head |= {"response_visit": text, "response_day": pl.Float64()}
    relapse = RELAPSE_SCHEMA if definition.has_relapse else {}
    return {**head, **dict.fromkeys((row.id for row in definition.criteria), text), **relapse}


def _respond_one(assessment: Assessment) -> dict[str, object]:
    decision = _confirm(assessment, decide_surely(assessment))
    row: dict[str, object] = {
        "subject": assessment.timeline.subject,
        "response": decision.response,
        "responder": decision.responder,
        "reason": decision.reason,
        "rule": decision.rule or None,
        "possible": " or ".join(decision.possible),
        "response_visit": assessment.target or None,
        "response_day": None if assessment.now is None else assessment.now.day,
    }
    row |= {row.id: None for row in assessment.definition.criteria}
    row |= {name: answer.word for name, answer in decision.answers.items()}
    if assessment.definition.has_relapse:
        row |= _find_relapse(assessment, decision)
    return row


def _confirm(assessment: Assessment, decision: Decision) -> Decision:
    """Hold a response against the scheduled visit before, where the study asks for that."""
    if not assessment.flag("confirmed") or decision.responder == NO:
        return decision
    days = assessment.cohort.days
    earlier = [name for name, day in days.items() if 0 < day < assessment.target_day]
    if not earlier:
        reason = (
            f"{CANNOT_TELL}: there is no visit before {assessment.target} that could confirm the response."
        )
        return replace(decision, response=CANNOT_TELL, responder=CANNOT_TELL, reason=reason)
    name = earlier[-1]
    before = decide(
        replace(assessment, target=name, target_day=days[name], now=assessment.timeline.find(name))
    )
    if before.response == decision.response or decision.responder == CANNOT_TELL:
        reason = f"{decision.reason} At {name}: {before.reason}"
        return replace(decision, reason=reason)
    otherwise = assessment.definition.otherwise
    unknown = before.responder == CANNOT_TELL
    response = CANNOT_TELL if unknown else otherwise
    responder = CANNOT_TELL if unknown else NO
    reason = f"{response}: not confirmed at {name} ({before.reason})"
    possible = (decision.response, otherwise) if unknown else (otherwise,)
    return replace(decision, response=response, responder=responder, reason=reason, possible=possible)


def _find_relapse(assessment: Assessment, decision: Decision) -> dict[str, object]:
    """Return whether, where and when a response was lost, and whether it lasted to the horizon."""
    nothing = dict.fromkeys(RELAPSE_SCHEMA)
    if decision.responder == NO:
        return nothing
    watch = watch_response(assessment)
    nothing["followed_to_day"] = watch.followed_to
    if decision.responder == CANNOT_TELL:
        reason = "whether there was a response cannot be determined"
        return {**nothing, "relapse": CANNOT_TELL, "sustained": CANNOT_TELL, "relapse_reason": reason}
    death = assessment.timeline.events.get("death")
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
