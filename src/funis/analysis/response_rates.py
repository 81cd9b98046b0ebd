"""Responses, relapses after response with every denominator, and time to event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import polars as pl

from funis.analysis.cohorts import Cohort
from funis.analysis.panel import Booleans, Floats, Integers
from funis.analysis.run import Run, add_rate
from funis.analysis.summary import subject_source
from funis.catalogue.registry import response_definition
from funis.errors import FunisError
from funis.responses.relapse_counts import flag_relapses
from funis.responses.respond import RELAPSE_SCHEMA, respond
from funis.results import ALL, Place, name_sustained
from funis.study.model import Endpoint, ParameterValue

CANNOT_TELL: Final = "cannot tell"
RESPONDER: Final = "responder"
YES: Final = "yes"
NO: Final = "no"
NOTHING: Final = "nothing was recorded that the response could be determined from"


@dataclass(frozen=True, slots=True)
class Answers:
    """What a response definition said of every subject, in the order of the panel.

    Attributes
    ----------
    definition : its name
    visit : visit judged
    answers : one row a subject, columns of ``funis.respond``
    classes : classes the definition can give, best first
    failing : the class of those who do not respond
    rows : observation of each subject's response
    """

    definition: str
    visit: str
    answers: pl.DataFrame
    classes: tuple[str, ...]
    failing: str
    rows: Integers

    @property
    def responders(self) -> Booleans:
        """Tell who has a response of any class."""
        return (self.answers["responder"] == YES).to_numpy().astype(np.bool_)

    @property
    def determinate(self) -> Booleans:
        """Give for whom the response is determinate: yes or no."""
        return self.answers["responder"].is_in([YES, NO]).to_numpy().astype(np.bool_)

    def of_class(self, name: str) -> Booleans:
        """Tell who is in a class."""
        return (self.answers["response"] == name).to_numpy().astype(np.bool_)


def answer_endpoint(run: Run, visits: pl.DataFrame, endpoint: Endpoint, at: str) -> Answers:
    """Judge the response of an endpoint at one visit.

    Parameters
    ----------
    run : the analysis on its way
    visits : one row per subject and visit with the scored columns
    endpoint : of kind response, relapse or time_to_event
    at : name of the visit judged, empty for the definition's own

    Returns
    -------
    Answers : with missing responses filled as the endpoint says
    """
    found = response_definition(endpoint.definition)
    parameters: dict[str, ParameterValue] = dict(endpoint.parameters)
    if at and "response_visit" in found.parameters:
        parameters.setdefault("response_visit", at)
    if endpoint.missing_outcome in {"nonresponder", "worst"} and "missing_response" in found.parameters:
        parameters.setdefault("missing_response", "nonresponder")
    answers = _respond(run, visits, endpoint.definition, parameters)
    if endpoint.missing_outcome == "locf" and at:
        answers = _carry_forward(run, visits, endpoint, (at, parameters, answers))
    # Before anybody has reached the visit nothing can be missing at it.
    is_reached = not at or bool((visits["visit"] == at).any())
    if endpoint.missing_outcome in {"nonresponder", "worst"} and is_reached:
        answers = _count_unknown_as(answers, found.otherwise)
    said = [
        f"{word}: {reason or ''}".rstrip(": ")
        for word, reason in answers.select("response", "reason").iter_rows()
    ]
    rows = run.observe(f"{endpoint.definition} {endpoint.id} {at}".rstrip(), said, at=_rows_at(run, at))
    return Answers(endpoint.definition, at, answers, found.classes, found.otherwise, rows)


def _count_unknown_as(answers: pl.DataFrame, failing: str) -> pl.DataFrame:
    """Put subjects whose response is not known into the failing class, for want of a grade or of the visit.

    Left out of the denominator instead, such subjects would raise the rate that the plan wants cautious.
    """
    unknown = pl.col("responder") == CANNOT_TELL
    return answers.with_columns(
        pl.when(unknown).then(pl.lit(failing)).otherwise("response").alias("response"),
        pl.when(unknown).then(pl.lit(NO)).otherwise("responder").alias("responder"),
        pl.when(unknown)
        .then(pl.col("reason").fill_null(NOTHING).str.strip_chars_end(".") + "; counted as no response.")
        .otherwise("reason")
        .alias("reason"),
    )


def responder_codes(run: Run, visits: pl.DataFrame, endpoint: Endpoint, at: str) -> Floats:
    """Say who responds at one visit: 1 yes, 0 no, NaN cannot be determined; only locf fills anything.

    Parameters
    ----------
    run, visits, endpoint, at : as for `answer_endpoint`

    Returns
    -------
    float array, shape (subjects,), in the order of the panel
    """
    found = response_definition(endpoint.definition)
    parameters: dict[str, ParameterValue] = dict(endpoint.parameters)
    if at and "response_visit" in found.parameters:
        parameters.setdefault("response_visit", at)
    answers = _respond(run, visits, endpoint.definition, parameters)
    if endpoint.missing_outcome == "locf" and at in run.panel.visits:
        answers = _carry_forward(run, visits, endpoint, (at, parameters, answers))
    said = answers["responder"]
    determinate = said.is_in([YES, NO]).to_numpy()
    return np.where(determinate, (said == YES).to_numpy().astype(np.float64), np.nan)


def _rows_at(run: Run, visit: str) -> Integers | None:
    """Give an observation of each subject at a visit: where its response was recorded."""
    if visit not in run.panel.visits:
        return None
    position = run.panel.visit_index(visit)
    found = np.full(len(run.panel.subjects), -1, dtype=np.int64)
    for matrix in (*run.panel.grades.values(), *run.panel.matrices.values()):
        found = np.where(found < 0, matrix.rows[:, position], found)
    return found


def _respond(
    run: Run, visits: pl.DataFrame, name: str, parameters: Mapping[str, ParameterValue]
) -> pl.DataFrame:
    """Ask the definition once, and give one row for every subject in the order of the panel."""
    key = f"{name} {sorted(parameters.items())}"
    if key not in run.answered:
        run.answered[key] = _ask(run, visits, name, parameters)
    return run.answered[key]


def _ask(run: Run, visits: pl.DataFrame, name: str, parameters: Mapping[str, ParameterValue]) -> pl.DataFrame:
    events = run.subject_frame.select(
        "subject",
        pl.col("death_day"),
        pl.when(pl.col("disposition_status") == "withdrew").then("disposition_day").alias("withdrawal_day"),
        pl.when(pl.col("disposition_status") == "lost").then("disposition_day").alias("lost_day"),
    )
    known = visits.filter(pl.col("subject").is_in(list(run.panel.subjects)), pl.col("day").is_not_null())
    try:
        answers = respond(known, name, parameters=dict(parameters), disposition=events)
    except FunisError as error:
        # Interim data may not have reached the visit yet: no response is known, and the reason is said.
        wanted = parameters.get("response_visit")
        unseen = wanted and not bool((visits["visit"] == wanted).any())
        answers = _no_answers(run, name, f"nobody was seen at {wanted}" if unseen else str(error))
    everybody = pl.DataFrame({"subject": run.panel.subjects}, schema={"subject": pl.String})
    return everybody.join(answers, on="subject", how="left", maintain_order="left").with_columns(
        pl.col("response", "responder").fill_null(CANNOT_TELL), pl.col("reason").fill_null(NOTHING)
    )


def _no_answers(run: Run, name: str, reason: str) -> pl.DataFrame:
    """Answer for every subject that the response cannot be determined, and why."""
    said = {"response": CANNOT_TELL, "responder": CANNOT_TELL, "reason": reason}
    everybody = pl.DataFrame({"subject": run.panel.subjects}, schema={"subject": pl.String})
    found = everybody.with_columns(pl.lit(value).alias(column) for column, value in said.items())
    relapse = RELAPSE_SCHEMA if response_definition(name).has_relapse else {}
    return found.with_columns(pl.lit(None, dtype).alias(column) for column, dtype in relapse.items())


def _carry_forward(
    run: Run,
    visits: pl.DataFrame,
    endpoint: Endpoint,
    judged: tuple[str, dict[str, ParameterValue], pl.DataFrame],
) -> pl.DataFrame:
    """Take, for a subject whose response is not known, the response at the last visit where it can."""
    at, parameters, answers = judged
    order = pl.DataFrame({"subject": run.panel.subjects}, schema={"subject": pl.String})
    earlier = run.panel.visits[: run.panel.visit_index(at)]
    for name in reversed([each for each in earlier if each != run.panel.layout.baseline]):
        unknown = answers["responder"] == CANNOT_TELL
        if not unknown.any():
            break
        before = _respond(run, visits, endpoint.definition, parameters | {"response_visit": name})
        merged = pl.concat([answers.filter(~unknown), before.select(answers.columns).filter(unknown)])
        answers = order.join(merged, on="subject", how="left", maintain_order="left")
    return answers


# --- response ------------------------------------------------------------------------------------


def count_responses(run: Run, endpoint: Endpoint, judged: Sequence[Answers]) -> None:
    """Count each class of response, all responses together, and responses kept to the end."""
    for answers in judged:
        for cohort in run.populations.of_endpoint(endpoint):
            _count_classes(run, endpoint, answers, cohort)
    with_relapse = [each for each in judged if "sustained" in each.answers.columns]
    for answers in with_relapse[:1]:
        for cohort in run.populations.of_endpoint(endpoint):
            _count_sustained(run, endpoint, answers, cohort)


def _count_classes(run: Run, endpoint: Endpoint, answers: Answers, cohort: Cohort) -> None:
    """Percentages are of members whose response is known; the others are counted beside."""
    determinate = answers.determinate & cohort.members
    visit = answers.visit or ALL
    response_classes = [name for name in answers.classes if name != answers.failing]
    # A definition with one class of response, called "yes", is given by the row of responders.
    told_apart = response_classes if len(response_classes) > 1 else []
    counted = [(name, answers.of_class(name) & cohort.members) for name in told_apart]
    counted.append((RESPONDER, answers.responders & cohort.members))
    counted.append((answers.failing, answers.of_class(answers.failing) & cohort.members))
    for name, chosen in counted:
        named = (answers.definition, name, visit)
        place = _response_place(run, endpoint, cohort, named, (answers, chosen))
        add_rate(run, _over(place, determinate), int(chosen.sum()), level=run.level_of(endpoint))
    unknown = cohort.members & ~answers.determinate
    named = (answers.definition, CANNOT_TELL, visit)
    place = _response_place(run, endpoint, cohort, named, (answers, unknown))
    add_rate(run, _over(place, cohort.members), int(unknown.sum()), level=run.level, limits=False)


def _count_sustained(run: Run, endpoint: Endpoint, answers: Answers, cohort: Cohort) -> None:
    kept = (answers.answers["sustained"] == YES).fill_null(value=False).to_numpy() & answers.responders
    classes = [name for name in answers.classes if name != answers.failing]
    chosen = [("", kept & cohort.members)]
    if len(classes) > 1:
        chosen += [(name, kept & answers.of_class(name) & cohort.members) for name in classes]
    variable = name_sustained(answers.definition)
    for name, who in chosen:
        place = _response_place(run, endpoint, cohort, (variable, name, ALL), (answers, who))
        add_rate(
            run,
            _over(place, answers.determinate & cohort.members),
            int(who.sum()),
            level=run.level_of(endpoint),
        )


def _response_place(
    run: Run,
    endpoint: Endpoint,
    cohort: Cohort,
    named: tuple[str, str, str],
    chosen: tuple[Answers, Booleans],
) -> Place:
    (variable, category, visit), (answers, who) = named, chosen
    key = f"{endpoint.id} {variable}: {category} {visit}"
    return replace(
        cohort.place("response", variable, category),
        measure=answers.definition,
        visit=visit,
        endpoint=endpoint.id,
        missing_outcome=endpoint.missing_outcome,
        source=subject_source(run, cohort, key, who, answers.rows),
    )


def _over(place: Place, who: Booleans) -> Place:
    """Set the denominator of a place."""
    return replace(place, n=int(who.sum()), denominator=int(who.sum()))


# --- relapse -------------------------------------------------------------------------------------


def relapse_visits_of(run: Run, endpoint: Endpoint, answers: Answers) -> list[str]:
    """Give the visits at which relapse is looked for: those of the endpoint, else all after the response."""
    return [name for name in endpoint.at if name in run.panel.visits] or _after(run, answers.visit)


def flag_relapses_at(run: Run, answers: Answers, at: Sequence[str]) -> pl.DataFrame:
    """Flag who relapses and who is at risk at each of the named visits, in the order of the panel."""
    planned = {name: float(run.study.visit(name).day) for name in at if name in run.study.visit_names}
    # Visits without a plan follow each other in the order they are named.
    days = {name: planned.get(name, np.inf) for name in at}
    return flag_relapses(answers.answers, days, {name: _opening(run, name) for name in at})


def count_relapses_over_denominators(run: Run, endpoint: Endpoint, answers: Answers) -> None:
    """Count relapses at each visit and in all, over enrolled, responders, and responders at risk.

    Where a relapse belongs and who is at risk is the rule of ``funis.count_relapses``, with the window of
    each visit.
    """
    if "relapse" not in answers.answers.columns:
        return
    at = relapse_visits_of(run, endpoint, answers)
    flags = flag_relapses_at(run, answers, at)
    when = np.full(len(run.panel.subjects), "", dtype=object)
    for visit in at:
        when[flags[f"relapse_{visit}"].to_numpy()] = visit
    words = [
        f"{relapsed or 'no response'} {visit}".rstrip()
        for relapsed, visit in zip(answers.answers["relapse"], when, strict=True)
    ]
    places = answers.rows
    for visit in at:
        found_at = _rows_at(run, visit)
        if found_at is not None:
            places = np.where((when == visit) & (found_at >= 0), found_at, places)
    rows = run.observe(f"relapse {endpoint.id}", words, at=places)
    for cohort in run.populations.of_endpoint(endpoint):
        responders = answers.responders & cohort.members
        for visit in at:
            now, at_risk = (flags[f"{kind}_{visit}"].to_numpy() for kind in ("relapse", "at_risk"))
            found = (visit, now & cohort.members, rows)
            _add_relapse(run, endpoint, cohort, found, (responders, at_risk & cohort.members))
        _add_relapse(run, endpoint, cohort, (ALL, (when != "") & responders, rows), (responders, None))


def _after(run: Run, visit: str) -> list[str]:
    """Give the planned visits after one."""
    return list(run.panel.visits[run.panel.visit_index(visit) + 1 :]) if visit in run.panel.visits else []


def _opening(run: Run, visit: str) -> float:
    """Give the first study day that counts as a visit; without a window, the planned day."""
    planned = run.study.visit(visit) if visit in run.study.visit_names else None
    if planned is None:
        return 0.0
    return float(planned.day + (planned.window[0] if planned.window else 0))


def _add_relapse(
    run: Run, endpoint: Endpoint, cohort: Cohort, found: tuple[str, Booleans, Integers],
    bases: tuple[Booleans, Booleans | None],
) -> None:  # fmt: skip
    (visit, relapsed, rows), (responders, at_risk) = found, bases
    everybody = run.populations.cohort(subgroup=cohort.subgroup, arm=cohort.arm).members
    named = {"enrolled": everybody, "responders": responders}
    if at_risk is not None:
        named["at_risk"] = at_risk
    for denominator in endpoint.denominators:
        if denominator not in named:
            continue
        n = int(named[denominator].sum())
        source = subject_source(run, cohort, f"{endpoint.id} relapse {visit}", relapsed, rows)
        place = replace(
            cohort.place("relapse", "relapse"), population=denominator, visit=visit, endpoint=endpoint.id,
            n=n, denominator=n, missing_outcome=endpoint.missing_outcome, source=source,
        )  # fmt: skip
        add_rate(run, place, int(relapsed.sum()), level=run.level_of(endpoint))


# --- listings ------------------------------------------------------------------------------------


def list_responses(run: Run, endpoint: Endpoint, answers: Answers) -> None:
    """List the answers of the first endpoint as ``responses`` and ``relapses``, all as ``responses_all``."""
    listed = answers.answers.with_columns(
        pl.lit(endpoint.id).alias("endpoint"),
        pl.lit(answers.definition).alias("definition"),
        pl.lit(answers.visit).alias("visit"),
        pl.Series("day", _days_at(run, answers.visit), dtype=pl.Float64).fill_nan(None),
    )
    run.listings.setdefault("responses", listed)
    known = [run.listings["responses_all"]] if "responses_all" in run.listings else []
    run.listings["responses_all"] = pl.concat([*known, listed], how="diagonal_relaxed")
    if "relapse" in listed.columns and "relapses" not in run.listings:
        run.listings["relapses"] = listed.filter(pl.col("relapse") == YES).select(
            "endpoint",
            "definition",
            "subject",
            pl.col("relapse_visit").alias("visit"),
            pl.col("relapse_day").cast(pl.Float64).alias("day"),
        )


def _days_at(run: Run, visit: str) -> Floats:
    if visit not in run.panel.visits:
        return np.full(len(run.panel.subjects), np.nan)
    return run.panel.days[:, run.panel.visit_index(visit)]
