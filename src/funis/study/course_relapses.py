"""The relapse that begins a later course, found in the rows of visits by the records alone."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from funis.catalogue.model_parameter import ParameterValue
from funis.catalogue.registry import response_definition
from funis.errors import FunisError
from funis.responses.read_units import settle_response_units
from funis.responses.respond import respond_with_and_without
from funis.responses.timeline import build_timelines
from funis.responses.verdict import NO
from funis.study.course_conditions import FoundCondition
from funis.study.courses import relapse_behind
from funis.study.model import Study
from funis.study.response_behind import definition_behind, response_visit


def find_relapses(
    study: Study, visits: pl.DataFrame, disposition: pl.DataFrame, units: Mapping[str, str]
) -> dict[str, FoundCondition]:
    """Find the relapse that begins a later course, by subject.

    Parameters
    ----------
    study : the study file, with a course at relapse
    visits : rows as `funis.study.visit_frame.join_visits` gives them
    disposition : ``subject``, ``status``, ``day``
    units : of the columns of the visits

    Returns
    -------
    dict : of every subject of the rows; cannot tell where nobody was seen at the visit of the response yet
    """
    unknown = {str(subject): FoundCondition("cannot tell") for subject in visits["subject"].unique()}
    endpoint = relapse_behind(study)
    if endpoint is None:
        return unknown
    name, at = definition_behind(study, endpoint), response_visit(study, endpoint)
    parameters: dict[str, ParameterValue] = {**({"response_visit": at} if at else {}), **endpoint.parameters}
    known = visits.filter(pl.col("day").is_not_null())
    own_units = {column: unit for column, unit in units.items() if column in known.columns}
    try:
        read = settle_response_units(known, own_units, [(response_definition(name), parameters)])
        timelines = build_timelines(known, disposition=disposition, scales=read.scales)
        _, answers = respond_with_and_without(timelines, name, parameters)
    except FunisError:
        return unknown
    if "relapse" not in answers.columns:
        return unknown
    return unknown | {row["subject"]: _found(row) for row in answers.iter_rows(named=True)}


def _found(row: Mapping[str, str | float | None]) -> FoundCondition:
    day = row["relapse_day"]
    if row["relapse"] == "yes":
        return FoundCondition("yes", str(row["relapse_visit"] or ""), None if day is None else float(day))
    is_open = "cannot tell" in {row["relapse"], row["responder"]}
    return FoundCondition("cannot tell" if is_open else "no", is_without_response=row["responder"] == NO)
