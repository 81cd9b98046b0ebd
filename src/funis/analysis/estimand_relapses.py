"""The share of responders who relapse, as an estimand asks for it: its events, and what is not known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from funis.analysis.cohorts import Cohort
from funis.analysis.estimand_responses import add_differences, add_rate_of, days_at
from funis.analysis.panel import Booleans, Floats, Integers
from funis.analysis.relapses import judge_relapses, relapse_visits_of
from funis.analysis.response_rates import NO, YES, Answers, add_cannot_tell, add_imputed, answer_endpoint
from funis.analysis.run import Run
from funis.analysis.summary import subject_source
from funis.results import ALL
from funis.study.estimand import Estimand
from funis.study.model import Endpoint
from funis.study.response_behind import response_visit

_WORDS = {1.0: "relapse", 0.0: "no relapse"}


def estimate_relapse(
    run: Run, visits: pl.DataFrame, estimand: Estimand, endpoint: Endpoint, days: dict[str, Floats]
) -> None:
    """Estimate the share of responders who relapse by the last visit, and differences of arms.

    Parameters
    ----------
    run : the analysis on its way
    visits : one row per subject and visit with the scored columns
    estimand, endpoint : the endpoint is of kind relapse, with the population of the estimand
    days : by strategy, shape (subjects,), day from which it applies, NaN where it never does

    Notes
    -----
    After a composite event a responder counts as relapsed; on treatment, a relapse counts up to the day of
    the event. Whose event was composite by the visit of the response, or ended treatment before it, is no
    responder of the estimand. A relapse that is not known counts by the endpoint's ``missing_relapse``.
    """
    answers = answer_endpoint(run, visits, endpoint, response_visit(run.study, endpoint))
    if "relapse" not in answers.answers.columns:
        return
    codes = relapse_codes(run, endpoint, answers, days)
    rows = run.observe(f"{estimand.id}: relapse", [_words(code) for code in codes.tolist()], at=answers.rows)
    counts: dict[str, tuple[int, int]] = {}
    for cohort in run.populations.every_arm(endpoint.population):
        counts[cohort.arm] = _add_share(run, estimand, endpoint, cohort, (codes, rows))
    whole = run.populations.cohort(endpoint.population)
    place = replace(
        whole.place("estimand", "relapse", estimand=estimand.id), endpoint=endpoint.id,
        missing_outcome=endpoint.missing_outcome,
    )  # fmt: skip
    add_differences(run, place, counts, run.level_of(endpoint))


def relapse_codes(run: Run, endpoint: Endpoint, answers: Answers, days: dict[str, Floats]) -> Floats:
    """Say who relapses under the strategies of an estimand.

    Parameters
    ----------
    run : the analysis on its way
    endpoint : of kind relapse
    answers : the response that a relapse is the loss of
    days : by strategy, as for `estimate_relapse`

    Returns
    -------
    float array, shape (subjects,) : 1 relapse, 0 none, NaN not known; -1 no responder of the estimand
    """
    at = relapse_visits_of(run, endpoint, answers)
    judged = judge_relapses(run, answers, at, "left_out")[-1]
    never = np.full(len(run.panel.subjects), np.nan)
    ended, failed = days.get("while_on_treatment", never), days.get("composite", never)
    codes = np.where(judged.recorded, 1.0, np.where(judged.is_open, np.nan, 0.0))
    # Nothing after the last visit at which relapse is looked for decides, as without an event.
    last = days_at(run, at[-1]) if at else np.full(len(codes), np.inf)
    stops = ended <= last
    codes = np.where(stops, _until(answers, ended), codes)
    codes = np.where(failed <= last, 1.0, codes)
    start = days_at(run, answers.visit) if answers.visit else np.zeros(len(codes))
    gone = (ended < start) | (failed <= start)
    codes[~answers.responders | gone] = -1.0
    return codes


def _until(answers: Answers, ended: Floats) -> Floats:
    """Say who relapsed up to a day; not known where the relapse is not, or nobody looked until then."""
    frame = answers.answers
    said = frame["relapse"].fill_null("")
    names = ("relapse_day", "followed_to_day")
    day, followed = (frame[name].cast(pl.Float64).to_numpy().astype(np.float64) for name in names)
    has_relapsed = (said == YES).to_numpy()
    free = (said == NO).to_numpy() & (followed >= ended)
    known = free | (has_relapsed & (day > ended))
    return np.where(has_relapsed & (day <= ended), 1.0, np.where(known, 0.0, np.nan))


def _words(code: float) -> str:
    return "no response" if code < 0 else _WORDS.get(code, "relapse not known")


def _add_share(
    run: Run, estimand: Estimand, endpoint: Endpoint, cohort: Cohort, judged: tuple[Floats, Integers]
) -> tuple[int, int]:
    """Add the share of one arm with its exact interval, and how many were left out or counted by rule."""
    codes, rows = judged
    responders: Booleans = cohort.members & ~(codes < 0)
    unknown: Booleans = responders & np.isnan(codes)
    counted = responders & ~unknown if endpoint.missing_relapse == "left_out" else responders
    relapsed = responders & (codes == 1)
    if endpoint.missing_relapse == "relapse":
        relapsed = relapsed | unknown
    pair = int(relapsed.sum()), int(counted.sum())
    place = replace(
        cohort.place("estimand", "relapse", estimand=estimand.id), visit=ALL, endpoint=endpoint.id,
        n=pair[1], denominator=pair[1], missing_outcome=endpoint.missing_outcome,
        source=subject_source(run, cohort, f"{estimand.id}: relapse", counted, rows),
    )  # fmt: skip
    add_rate_of(run, place, pair, run.level_of(endpoint))
    add_imputed(run, place, unknown & counted)
    add_cannot_tell(run, place, unknown & ~counted)
    return pair
