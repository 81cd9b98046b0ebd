"""Subgroups that are formed by an outcome: responses and relapses as columns of the subjects."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from funis.analysis.cohorts import Membership, answer_rule
from funis.analysis.relapses import judge_relapses, relapse_visits_of
from funis.analysis.response_rates import CANNOT_TELL, Answers, answer_endpoint
from funis.analysis.run import Run
from funis.results import ALL
from funis.study.model import Endpoint
from funis.study.outcomes import Outcome, outcome_subgroups, outcomes_in
from funis.study.response_behind import response_visit


def form_outcome_subgroups(run: Run, visits: pl.DataFrame) -> Run:
    """Add the subgroups that are formed by an outcome to those formed by what was known of the subjects.

    Parameters
    ----------
    run : the analysis on its way
    visits : one row per subject and visit with the scored columns

    Returns
    -------
    Run : the same, with every subgroup of the study file in its order
    """
    formed = outcome_subgroups(run.study)
    if not formed:
        return run
    outcomes = {each.column: each for rule in formed.values() for each in outcomes_in(run.study, rule)}
    frame = run.subject_frame.with_columns(_find(run, visits, each) for each in outcomes.values())
    found = {name: answer_rule(frame, rule) for name, rule in formed.items()}
    known = dict(run.populations.subgroups)
    ordered: dict[str, Membership] = {
        name: found[name] if name in found else known.pop(name) for name in run.study.subgroups
    }
    return replace(run, populations=replace(run.populations, subgroups=ordered | known))


def _find(run: Run, visits: pl.DataFrame, outcome: Outcome) -> pl.Series:
    """Find an outcome of every subject, as its endpoint counts it; null where that cannot be told."""
    endpoint = run.study.endpoint(outcome.endpoint)
    if outcome.kind == "relapse":
        return _relapses(run, endpoint, outcome, _judged(run, visits, endpoint))
    answers = answer_endpoint(run, visits, endpoint, outcome.visit)
    if outcome.kind == "class":
        said = answers.answers["response"]
        return said.set(said == CANNOT_TELL, None).alias(outcome.column)
    return _as_numbers(outcome, answers.responders, answers.determinate)


def _judged(run: Run, visits: pl.DataFrame, endpoint: Endpoint) -> Answers:
    return answer_endpoint(run, visits, endpoint, response_visit(run.study, endpoint))


def _relapses(run: Run, endpoint: Endpoint, outcome: Outcome, answers: Answers) -> pl.Series:
    at = relapse_visits_of(run, endpoint, answers)
    judged = judge_relapses(run, answers, at, endpoint.missing_relapse)
    wanted = outcome.visit or ALL
    found = next((each for each in judged if each.visit == wanted), None)
    if found is None:
        nobody = np.zeros(len(run.panel.subjects), dtype=np.bool_)
        return _as_numbers(outcome, nobody, nobody)
    return _as_numbers(outcome, found.counted, found.known | found.counted)


def _as_numbers(
    outcome: Outcome, is_so: np.typing.NDArray[np.bool_], known: np.typing.NDArray[np.bool_]
) -> pl.Series:
    return pl.Series(outcome.column, np.where(known, is_so.astype(np.float64), np.nan)).fill_nan(None)
