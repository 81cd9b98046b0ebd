"""What the trial itself finds of every subject and a subgroup may be formed by: responses and relapses.

A subgroup by an outcome is described, not compared as a cause: who is in it is known only after treatment.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import polars as pl

from funis.catalogue.registry import response_definition, responses
from funis.study.kept import once_a_study
from funis.study.model import Endpoint, Study
from funis.study.rule_tree import RuleError
from funis.study.rules import rule_columns

RESPONDER = "_responder"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One outcome that the rule of a subgroup may name.

    Attributes
    ----------
    column : its name in a rule
    kind : ``class`` of a response (text), ``responder`` or ``relapse`` (1 yes, 0 no)
    endpoint : id of the endpoint that it is found by
    visit : the visit judged; of a relapse empty for one at any of its visits
    values : classes that it can be; empty for a number
    """

    column: str
    kind: Literal["class", "responder", "relapse"]
    endpoint: str
    visit: str
    values: tuple[str, ...] = ()

    @property
    def dtype(self) -> pl.DataType:
        """Give the type of the column."""
        return pl.String() if self.values else pl.Float64()


@once_a_study
def outcomes_of(study: Study) -> Mapping[str, Outcome]:
    """Name the outcomes of a study by the column that the rule of a subgroup calls them.

    Parameters
    ----------
    study : the study file

    Returns
    -------
    dict
        Of a response judged at one visit ``<endpoint>`` (class) and ``<endpoint>_responder``; at several
        visits ``<endpoint>_<visit>`` and ``<endpoint>_<visit>_responder``. Of a relapse ``<endpoint>`` (at
        any of its visits) and, where it has several, ``<endpoint>_<visit>``.

    Examples
    --------
    >>> trial = {"id": "X", "title": "X", "condition": "sjogren", "design": "single_arm"}
    >>> response = {"id": "pain", "kind": "response", "definition": "esspri_mcii", "at": "month_6"}
    >>> study = Study.model_validate({"study": trial, "endpoints": (response,)})
    >>> {name: each.values for name, each in outcomes_of(study).items()}
    {'pain': ('yes', 'no'), 'pain_responder': ()}
    """
    named = [each for each in study.endpoints if each.definition in responses()]
    return {outcome.column: outcome for endpoint in named for outcome in _outcomes(endpoint)}


def outcomes_in(study: Study, rule: str) -> tuple[Outcome, ...]:
    """Give the outcomes that a rule names, in order of appearance; none where the rule cannot be read.

    A column of the subjects comes before an outcome of the same name, which is refused with the study file.
    """
    try:
        columns = rule_columns(rule)
    except RuleError:
        return ()
    known = outcomes_of(study)
    return tuple(known[name] for name in columns if name in known)


@once_a_study
def outcome_subgroups(study: Study) -> Mapping[str, str]:
    """Give the subgroups that are formed by an outcome, by name with their rules."""
    return {name: rule for name, rule in study.subgroups.items() if outcomes_in(study, rule)}


def _outcomes(endpoint: Endpoint) -> Iterator[Outcome]:
    if endpoint.kind == "response":
        classes = response_definition(endpoint.definition).classes
        for visit in endpoint.at:
            name = endpoint.id if len(endpoint.at) == 1 else f"{endpoint.id}_{visit}"
            yield Outcome(name, "class", endpoint.id, visit, classes)
            yield Outcome(name + RESPONDER, "responder", endpoint.id, visit)
    elif endpoint.kind == "relapse" and response_definition(endpoint.definition).has_relapse:
        yield Outcome(endpoint.id, "relapse", endpoint.id, "")
        for visit in endpoint.at if len(endpoint.at) > 1 else ():
            yield Outcome(f"{endpoint.id}_{visit}", "relapse", endpoint.id, visit)
