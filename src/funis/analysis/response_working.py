"""The working of one response: each criterion with its answer, what was recorded, and what decides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import polars as pl

from funis.analysis.analyse import start_run
from funis.analysis.observations import score_instruments, visit_frame
from funis.analysis.response_rates import answer_endpoint
from funis.catalogue.model_response import ResponseDefinition
from funis.catalogue.registry import definition, definitions, response_definition, responses
from funis.catalogue.wording.phrases import ChosenDefinition, criterion_words
from funis.data.tables import Tables
from funis.errors import UnknownNameError
from funis.nine_decimals import to_decimal
from funis.results import format_number, format_shortest
from funis.shown import show_codes
from funis.study.choices import ParameterValue
from funis.study.model import Endpoint, Study
from funis.study.response_behind import definition_behind
from funis.study.visit_frame import visit_units

NOT_ASKED = "not asked"


@dataclass(frozen=True, slots=True)
class CriterionAnswer:
    """One printed criterion: its words with the limits in force, and ``yes``, ``no`` or ``cannot tell``."""

    criterion: str
    words: str
    answer: str


@dataclass(frozen=True, slots=True)
class RecordedSeries:
    """What was recorded of one column: a value a visit as text, and the change at the visit judged.

    Attributes
    ----------
    column, unit : what it is
    values : by visit in order of days; nothing where nothing was recorded
    change : the value at the visit judged less that at baseline, with percent; empty where it cannot be told
    """

    column: str
    unit: str
    values: Mapping[str, str]
    change: str


@dataclass(frozen=True, slots=True)
class ResponseExplanation:
    """The working of one response of one subject at one visit; `str` prints it.

    Attributes
    ----------
    name, title, version, source : the response
    subject, visit, endpoint : what was asked for, and the endpoint of the study that it is judged for
    criteria : one per printed criterion
    recorded : one per column that the criteria read and that is there
    response, responder, reason : as the report lists them
    others : further answers of the definition, such as a relapse
    """

    name: str
    title: str
    version: str
    source: str
    subject: str
    visit: str
    endpoint: str
    criteria: tuple[CriterionAnswer, ...]
    recorded: tuple[RecordedSeries, ...]
    response: str
    responder: str
    reason: str
    others: Mapping[str, str]

    def __str__(self) -> str:
        """Print the working: criteria, what was recorded, the answer with its reason."""
        return "\n".join(_print_working(self))


def explain_response(
    study: Study, tables: Tables, name: str, *, subject: str, visit: str
) -> ResponseExplanation:
    """Explain the response of one subject at one visit, judged as the report judges it.

    Parameters
    ----------
    study, tables : as for `funis.analyse`
    name : the id of an endpoint that rests on a response, or the name of a response; the parameters are those
        of the endpoint, or of the first endpoint with that response at that visit, else the definition's own
    subject, visit : whose response, judged at which visit

    Raises
    ------
    UnknownNameError : the study has no such endpoint, subject or visit, and there is no such response
    """
    endpoint = _find_endpoint(study, name, visit)
    found = response_definition(endpoint.definition)
    scored = score_instruments(study, tables)
    run = start_run(study, tables, scored)
    if subject not in run.panel.subjects:
        raise UnknownNameError("subject", subject, show_codes(run.panel.subjects))
    if visit not in run.panel.visits:
        raise UnknownNameError("visit", visit, run.panel.visits)
    visits = visit_frame(study, tables, scored)
    answers = answer_endpoint(run, visits, endpoint, visit).answers
    row = answers.row(run.panel.subjects.index(subject), named=True)
    parameters = {**found.settle(endpoint.parameters), "response_visit": visit}
    own = visits.filter(pl.col("subject") == subject, pl.col("day").is_not_null()).sort("day")
    criteria = {each.id for each in found.criteria}
    known = {"subject", "response", "responder", "reason", "response_visit", "response_day"}
    return ResponseExplanation(
        name=found.name,
        title=found.title,
        version=found.version,
        source=found.source,
        subject=subject,
        visit=visit,
        endpoint=endpoint.id if endpoint in study.endpoints else "",
        criteria=tuple(_criterion_answers(found, parameters, row)),
        recorded=tuple(_recorded(found, endpoint, own, visit_units(study, run.frames), visit)),
        response=row["response"],
        responder=row["responder"],
        reason=row["reason"] or "",
        others={
            key: str(value)
            for key, value in row.items()
            if value not in (None, "") and key not in known | criteria
        },
    )


def responses_of(study: Study) -> tuple[str, ...]:
    """Name what `explain_response` takes: endpoints that rest on a response, and every response."""
    resting = [each.id for each in study.endpoints if definition_behind(study, each)]
    return tuple(dict.fromkeys((*resting, *responses())))


def _find_endpoint(study: Study, name: str, visit: str) -> Endpoint:
    """Give the endpoint meant, with the response it rests on; one of its own for any other response."""
    resting = [each for each in study.endpoints if definition_behind(study, each)]
    near = [each for each in resting if name in {each.id, definition_behind(study, each)}]
    if near:
        judged = [each for each in near if each.kind == "response" and visit in each.at]
        first = (judged or [each for each in near if each.kind == "response"] or near)[0]
        return first.model_copy(update={"definition": definition_behind(study, first)})
    return Endpoint(id=name, kind="response", definition=response_definition(name).name, at=(visit,))


def _criterion_answers(
    found: ResponseDefinition, parameters: Mapping[str, ParameterValue], row: Mapping[str, object]
) -> Iterator[CriterionAnswer]:
    reading = ChosenDefinition(found, parameters)
    for criterion in found.active(parameters):
        answer = row.get(criterion.id)
        yield CriterionAnswer(
            criterion.id, criterion_words(reading, criterion), NOT_ASKED if answer is None else str(answer)
        )


def _recorded(
    found: ResponseDefinition, endpoint: Endpoint, own: pl.DataFrame, units: Mapping[str, str], judged: str
) -> Iterator[RecordedSeries]:
    """Give what the criteria read, in the units of the study."""
    for name in sorted(found.columns_read(endpoint.parameters)):
        graded = definition(name).grade_columns if name in definitions() else ()
        for column in [each for each in (graded or (name,)) if each in own.columns]:
            cells = dict(zip(own["visit"], own[column], strict=True))
            if all(cell is None for cell in cells.values()):
                continue
            values = {at: _show(cell) for at, cell in cells.items()}
            yield RecordedSeries(column, units.get(column, ""), values, _change(own, column, judged))


def _show(cell: object) -> str:
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    return format_shortest(cell) if isinstance(cell, int | float) else "" if cell is None else str(cell)


def _change(own: pl.DataFrame, column: str, judged: str) -> str:
    """Print the change from the last value on or before day 0 to the visit judged."""
    if not own[column].dtype.is_numeric():
        return ""
    now = own.filter(pl.col("visit") == judged)[column].drop_nulls()
    base = own.filter(pl.col("day") <= 0)[column].drop_nulls()
    if now.is_empty() or base.is_empty():
        return ""
    before, after = to_decimal(base[-1]), to_decimal(now[-1])
    if before is None or after is None:
        return ""
    percent = f", {format_number(100 * (after - before) / before, 1)} %" if before else ""
    return f"{format_shortest(after - before)}{percent}"


def _print_working(found: ResponseExplanation) -> Iterator[str]:
    yield f"{found.title} ({found.version}), subject {found.subject}, visit {found.visit}"
    yield f"Source: {found.source}"
    if found.endpoint:
        yield f"Judged for the endpoint {found.endpoint}"
    yield ""
    for each in found.criteria:
        yield f"{each.answer.rjust(12)}  {each.words}"
    yield ""
    for series in found.recorded:
        values = "; ".join(f"{at} {value or 'missing'}" for at, value in series.values.items())
        change = f" (change at {found.visit}: {series.change})" if series.change else ""
        yield f"{f'{series.column} {series.unit}'.strip()}: {values}{change}"
    yield ""
    yield f"Response: {found.response}; responder: {found.responder}"
    yield f"Because: {found.reason}"
    for key, value in found.others.items():
        yield f"{key}: {value}"
