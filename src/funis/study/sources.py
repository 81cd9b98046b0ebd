"""What a result rests on: the tables of instruments and the laboratory tests that an endpoint is made from.

The definition of a response says which columns it reads; here they are found in the study, in one place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from funis.catalogue.instrument_tables import find_definition, graded_systems, instrument_table
from funis.catalogue.model_instrument import Item
from funis.catalogue.model_parameter import ParameterValue
from funis.catalogue.registry import response_definition, responses
from funis.schema import MEDICATIONS
from funis.study.classified import classification_schema, classified_by
from funis.study.drugs_failed import DRUGS_FAILED
from funis.study.kept import once_a_study
from funis.study.model import Endpoint, Study
from funis.study.outcomes import outcomes_in
from funis.study.populations import populations_of
from funis.study.response_behind import definition_behind
from funis.study.rules import rule_columns
from funis.study.subject_parts import baseline_schema

#: Columns of every instrument's table; no response is judged by them.
_KEYS: Final = frozenset({"subject", "visit", "date", "day", "window_days", "rater"})


@dataclass(frozen=True, slots=True)
class EndpointSources:
    """What an endpoint is computed from, the tables of subjects, visits and infusions apart.

    Attributes
    ----------
    by_variable : the instrument or the laboratory test of each variable of the endpoint
    shared : those that all its numbers rest on: by its response, its population and its subgroups
    has_ends : whether the end of participation decides it
    """

    by_variable: Mapping[str, str]
    shared: frozenset[str]
    has_ends: bool

    @property
    def every(self) -> frozenset[str]:
        """Give all of them."""
        return self.shared | frozenset(self.by_variable.values())


def sources_of(study: Study, endpoint: Endpoint) -> EndpointSources:
    """Name the instruments and the laboratory tests that an endpoint is computed from.

    Parameters
    ----------
    study : the study file
    endpoint : one of its endpoints

    Examples
    --------
    >>> trial = {"id": "X", "title": "X", "condition": "sle", "design": "observational"}
    >>> endpoint = {"id": "pain", "kind": "summary", "variable": "vas_physician", "population": "low"}
    >>> raw = {"study": trial, "instruments": {"vas_physician": {}}, "endpoints": (endpoint,)}
    >>> raw |= {"labs": ({"test": "c3", "unit": "g/L"},), "populations": {"low": "baseline_c3 < 0.9"}}
    >>> study = Study.model_validate(raw)
    >>> sorted(sources_of(study, study.endpoints[0]).every)
    ['c3', 'vas_physician']
    """
    rules = [populations_of(study).get(endpoint.population, "")]
    rules += [study.subgroups.get(name, "") for name in endpoint.subgroups]
    behind = sources_of_response(study, definition_behind(study, endpoint), endpoint.parameters)
    outcomes = {outcome.endpoint for rule in rules if rule for outcome in outcomes_in(study, rule)}
    return EndpointSources(
        by_variable={name: source_of_variable(study, name) for name in endpoint.all_variables},
        shared=_sources_of_rules(study, filter(None, rules)) | behind | _sources_of_outcomes(study, outcomes),
        has_ends=endpoint.kind in {"response", "relapse", "time_to_event"} or bool(outcomes),
    )


def source_of_variable(study: Study, variable: str) -> str:
    """Name the instrument that a score or a grade belongs to, or the laboratory test that it is."""
    graded = (each for each in study.instrument_names if variable in _grades(each))
    return next(graded, variable)


def sources_of_response(study: Study, name: str, parameters: Mapping[str, ParameterValue]) -> frozenset[str]:
    """Name the instruments and laboratory tests of the study that a response is judged from.

    Parameters
    ----------
    study : the study file
    name : a response definition, or empty
    parameters : those that the endpoint sets

    Returns
    -------
    frozenset of str : all instruments of the study where the definition reads no column of any: it then reads
        columns that the trial records itself

    Examples
    --------
    >>> trial = {"id": "X", "title": "X", "condition": "sle", "design": "single_arm"}
    >>> labs = ({"test": "upcr", "unit": "mg/mmol"}, {"test": "c3", "unit": "g/L"})
    >>> raw = {"study": trial, "instruments": {"sledai_2k": {}, "sledai": {}}, "labs": labs}
    >>> study = Study.model_validate(raw)
    >>> sorted(sources_of_response(study, "sledai_change", {})), sorted(
    ...     sources_of_response(study, "sledai_change", {"sledai": "sledai"}))
    (['sledai_2k'], ['sledai'])
    """
    if name not in responses():
        return frozenset()
    read = response_definition(name).columns_read(parameters)
    tests = read & set(study.lab_names)
    instruments = frozenset(each for each in study.instrument_names if read & _columns(each))
    return frozenset(tests | (instruments or ({*study.instrument_names} if not tests else set())))


@once_a_study
def filling_tests(study: Study, instrument: str) -> frozenset[str]:
    """Name the laboratory tests of the study that fill blank items of an instrument.

    Parameters
    ----------
    study : the study file
    instrument : one of its instruments

    Examples
    --------
    >>> trial = {"id": "X", "title": "X", "condition": "sle", "design": "observational"}
    >>> labs = ({"test": "platelets", "unit": "10^9/L"}, {"test": "albumin", "unit": "g/L"})
    >>> study = Study.model_validate({"study": trial, "instruments": {"sledai_2k": {}}, "labs": labs})
    >>> sorted(filling_tests(study, "sledai_2k"))
    ['platelets']
    """
    items = items_of_tests(study, instrument)
    return frozenset({measure for item in items for measure in item.measures} & set(study.lab_names))


def items_of_tests(study: Study, instrument: str) -> tuple[Item, ...]:
    """Give the items of an instrument that laboratory tests of the study decide.

    Parameters
    ----------
    study : the study file
    instrument : one of its instruments
    """
    found, tests = find_definition(instrument), set(study.lab_names)
    return tuple(
        item
        for item in (found.items if found is not None else ())
        if tests & set(item.measures)
        and not any(condition.looks_back for level in item.when for condition in level)
    )


def _sources_of_rules(study: Study, rules: Iterable[str]) -> frozenset[str]:
    """Name what the baseline values come from that rules over the subjects read."""
    known = baseline_schema(study)
    read = {column for rule in rules for column in rule_columns(rule)}
    named = {source_of_variable(study, each.removeprefix("baseline_")) for each in read if each in known}
    for column in read & set(classification_schema()):
        named |= classified_by(study, column.removeprefix("baseline_")).sources
    return frozenset(named | ({MEDICATIONS.name} if DRUGS_FAILED in read else set()))


def _sources_of_outcomes(study: Study, names: Iterable[str]) -> frozenset[str]:
    """Name what the endpoints are judged from whose outcomes form a subgroup."""
    found = (study.endpoint(name) for name in names)
    every = (sources_of_response(study, each.definition, each.parameters) for each in found)
    return frozenset().union(*every)


@cache
def _grades(instrument: str) -> frozenset[str]:
    return frozenset(f"{instrument}_{system}" for system in graded_systems(instrument))


@cache
def _columns(instrument: str) -> frozenset[str]:
    """Name the columns that an instrument brings to a visit: its score, its grades, its items."""
    return frozenset({instrument, *_grades(instrument), *instrument_table(instrument).names} - _KEYS)
