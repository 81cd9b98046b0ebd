"""Responses: what a definition says of every subject, and how many are in each class."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import polars as pl

from funis.analysis.cohorts import Cohort
from funis.analysis.panel import Booleans, Floats, Integers
from funis.analysis.run import Run, add_rate
from funis.analysis.summary import subject_source
from funis.catalogue.registry import definition, response_definition
from funis.errors import FunisError
from funis.frames.scales import Scale
from funis.responses.read_units import settle_response_units
from funis.responses.respond import RELAPSE_SCHEMA, respond_with_and_without
from funis.responses.timeline import CohortTimelines, build_timelines
from funis.results import ALL, Place, name_sustained
from funis.study.choices import ParameterValue
from funis.study.model import Endpoint
from funis.study.visit_frame import visit_units

CANNOT_TELL: Final = "cannot tell"
#: How a parameter of a definition says that a response which is not known stays so.
CANNOT_TELL_KEY: Final = "cannot_tell"
RESPONDER: Final = "responder"
#: A response of which the records leave the class open: MCR or PCR.
OPEN_CLASS: Final = "open_class"
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
    imputed : shape (subjects,), whose response is not known and was filled by the rule of the endpoint; None
        where nothing was filled
    """

    definition: str
    visit: str
    answers: pl.DataFrame
    classes: tuple[str, ...]
    failing: str
    rows: Integers
    imputed: Booleans | None = None

    @property
    def filled(self) -> Booleans:
        """Tell whose response was filled by the rule for missing outcomes."""
        return np.zeros(self.answers.height, dtype=np.bool_) if self.imputed is None else self.imputed

    @property
    def responders(self) -> Booleans:
        """Tell who has a response of any class."""
        return (self.answers["responder"] == YES).to_numpy().astype(np.bool_)

    @property
    def determinate(self) -> Booleans:
        """Give for whom the response is determinate: yes or no."""
        return self.answers["responder"].is_in([YES, NO]).to_numpy().astype(np.bool_)

    def may_be_of(self, name: str) -> Booleans:
        """Tell of whom it is open whether they are in a class, or responders of any class."""
        said = self.answers["response"], self.answers["responder"]
        if name in {RESPONDER, self.failing}:
            return ~self.determinate
        return ((said[0] == CANNOT_TELL) & (said[1] != NO)).to_numpy().astype(np.bool_)

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
    if at:
        parameters.setdefault("response_visit", at)
    given = dict(parameters)
    if endpoint.missing_outcome in {"nonresponder", "worst"}:
        parameters.setdefault("missing_response", "nonresponder")
    answers = _respond(run, visits, endpoint.definition, parameters)
    known = _who_is_known(run, visits, endpoint, given)
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
    rows = run.observe(f"{endpoint.definition} {endpoint.id} {at}".rstrip(), said, at=rows_at(run, at))
    imputed = ~known & answers["responder"].is_in([YES, NO]).to_numpy()
    return Answers(endpoint.definition, at, answers, found.classes, found.otherwise, rows, imputed)


def _who_is_known(
    run: Run, visits: pl.DataFrame, endpoint: Endpoint, parameters: Mapping[str, ParameterValue]
) -> Booleans:
    """Tell whose response is known from the records alone, before any rule for missing outcomes."""
    asked: dict[str, ParameterValue] = {**parameters, "missing_response": CANNOT_TELL_KEY}
    answers = _respond(run, visits, endpoint.definition, asked)
    return answers["responder"].is_in([YES, NO]).to_numpy().astype(np.bool_)


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
    parameters: dict[str, ParameterValue] = dict(endpoint.parameters)
    if at:
        parameters.setdefault("response_visit", at)
    answers = _respond(run, visits, endpoint.definition, parameters)
    if endpoint.missing_outcome == "locf" and at in run.panel.visits:
        answers = _carry_forward(run, visits, endpoint, (at, parameters, answers))
    said = answers["responder"]
    determinate = said.is_in([YES, NO]).to_numpy()
    return np.where(determinate, (said == YES).to_numpy().astype(np.float64), np.nan)


def rows_at(run: Run, visit: str) -> Integers | None:
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
    default = response_definition(name).parameters["missing_response"].default
    asked: dict[str, ParameterValue] = {"missing_response": default, **parameters}
    alone: dict[str, ParameterValue] = {**asked, "missing_response": CANNOT_TELL_KEY}
    if _key(name, asked) not in run.answered:
        by_rule, recorded = _ask(run, visits, name, parameters)
        run.answered[_key(name, alone)] = recorded
        run.answered[_key(name, asked)] = by_rule
    return run.answered[_key(name, asked)]


def _key(name: str, parameters: Mapping[str, ParameterValue]) -> str:
    return f"{name} {sorted(parameters.items())}"


def _ask(
    run: Run, visits: pl.DataFrame, name: str, parameters: Mapping[str, ParameterValue]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Ask for the responses by the rule for missing ones, and as the records alone tell them."""
    known = visits.select(_columns_read(run, visits.columns, name, parameters)).filter(
        pl.col("subject").is_in(list(run.panel.subjects)), pl.col("day").is_not_null()
    )
    units = {column: unit for column, unit in visit_units(run.study, run.frames).items() if column in known}
    try:
        read = settle_response_units(known, units, [(response_definition(name), parameters)])
        cohort = _timelines(run, known, read.scales)
        both = respond_with_and_without(cohort, name, dict(parameters))
    except FunisError as error:
        # Interim data may not have reached the visit yet: no response is known, and the reason is said.
        wanted = parameters.get("response_visit")
        unseen = wanted and not bool((visits["visit"] == wanted).any())
        answers = _no_answers(run, name, f"nobody was seen at {wanted}" if unseen else str(error))
        both = answers, answers
    by_rule, recorded = both
    return _of_everybody(run, by_rule), _of_everybody(run, recorded)


def _timelines(run: Run, known: pl.DataFrame, scales: Mapping[str, Scale]) -> CohortTimelines:
    """Sort the visits into timelines once, however many visits are judged by the same columns."""
    columns = tuple(known.columns)
    if columns not in run.timelines or run.timelines[columns][0] != scales:
        events = run.subject_frame.select(
            "subject", status=pl.col("disposition_status"), day=pl.col("disposition_day")
        )
        run.timelines[columns] = (scales, build_timelines(known, disposition=events, scales=scales))
    return run.timelines[columns][1]


def _of_everybody(run: Run, answers: pl.DataFrame) -> pl.DataFrame:
    """Give one row for every subject in the order of the panel."""
    everybody = pl.DataFrame({"subject": run.panel.subjects}, schema={"subject": pl.String})
    return everybody.join(answers, on="subject", how="left", maintain_order="left").with_columns(
        pl.col("response", "responder").fill_null(CANNOT_TELL), pl.col("reason").fill_null(NOTHING)
    )


def _columns_read(
    run: Run, columns: Sequence[str], name: str, parameters: Mapping[str, ParameterValue]
) -> list[str]:
    """Leave out the items behind grades, unless the response names them: it reads the grades alone.

    A register has a hundred such columns at every visit: half of the time and the memory of an answer.
    """
    named = set(re.findall(r"\w+", f"{response_definition(name)!r} {parameters!r}"))
    used = [definition(each) for each in run.study.instrument_names]
    graded = [found for found in used if found.kind == "grades"]
    behind = {item.name for found in graded for item in found.items}
    behind |= {f"{column}_rule" for found in graded for column in found.grade_columns}
    behind -= named | {item.name for found in used if found.kind != "grades" for item in found.items}
    return [column for column in columns if column not in behind]


def _no_answers(run: Run, name: str, reason: str) -> pl.DataFrame:
    """Answer for every subject that the response cannot be determined, and why."""
    said = {"response": CANNOT_TELL, "responder": CANNOT_TELL, "reason": reason}
    everybody = pl.DataFrame({"subject": run.panel.subjects}, schema={"subject": pl.String})
    found = everybody.with_columns(pl.lit(value).alias(column) for column, value in said.items())
    relapse = RELAPSE_SCHEMA if response_definition(name).has_relapse else {}
    empty = {"response_visit": pl.String(), "response_day": pl.Float64(), **relapse}
    return found.with_columns(pl.lit(None, dtype).alias(column) for column, dtype in empty.items())


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
        merged = pl.concat(
            [answers.filter(~unknown), before.select(answers.columns).filter(unknown)], how="vertical_relaxed"
        )
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
    """Count each class over the members whose response is known or filled by rule; the others are beside.

    The classes and those of whom it cannot be told add up to the members.
    """
    determinate = answers.determinate & cohort.members
    visit = answers.visit or ALL
    response_classes = [name for name in answers.classes if name != answers.failing]
    # A definition with one class of response, called "yes", is given by the row of responders.
    told_apart = response_classes if len(response_classes) > 1 else []
    counted = [(name, answers.of_class(name) & cohort.members) for name in told_apart]
    is_open = answers.responders & answers.of_class(CANNOT_TELL) & cohort.members
    if told_apart and is_open.any():
        counted.append((OPEN_CLASS, is_open))
    counted.append((RESPONDER, answers.responders & cohort.members))
    counted.append((answers.failing, answers.of_class(answers.failing) & cohort.members))
    for name, chosen in counted:
        named = (answers.definition, name, visit)
        place = _response_place(run, endpoint, cohort, named, (answers, chosen))
        over = _over(place, determinate)
        add_rate(run, over, int(chosen.sum()), level=run.level_of(endpoint))
        add_imputed(run, over, determinate & answers.filled)
        may_be = answers.may_be_of(name) | answers.filled
        add_bounds(run, place, chosen & ~answers.filled, may_be, cohort.members)
    unknown = cohort.members & ~answers.determinate
    named = (answers.definition, CANNOT_TELL, visit)
    place = _response_place(run, endpoint, cohort, named, (answers, unknown))
    add_rate(run, _over(place, cohort.members), int(unknown.sum()), level=run.level, limits=False)


def _count_sustained(run: Run, endpoint: Endpoint, answers: Answers, cohort: Cohort) -> None:
    """Count the responses kept to the end, over those of whom that is known or filled by rule."""
    said = answers.answers["sustained"].fill_null("")
    kept = (said == YES).to_numpy() & answers.responders
    is_open = (said == CANNOT_TELL).to_numpy() & answers.responders
    is_filled = endpoint.missing_outcome in {"nonresponder", "worst"}
    base = answers.determinate & cohort.members
    over = base if is_filled else base & ~is_open
    classes = [name for name in answers.classes if name != answers.failing]
    chosen = [("", kept & over)]
    if len(classes) > 1:
        chosen += [(name, kept & answers.of_class(name) & over) for name in classes]
    variable = name_sustained(answers.definition)
    for name, who in chosen:
        place = _response_place(run, endpoint, cohort, (variable, name, ALL), (answers, who))
        place = _over(place, over)
        add_rate(run, place, int(who.sum()), level=run.level_of(endpoint))
        if not name:
            add_imputed(run, place, (is_open | answers.filled) & over)
            add_cannot_tell(run, place, cohort.members & ~over)
            may_be = is_open | answers.filled | ~answers.determinate
            add_bounds(run, place, kept & ~answers.filled, may_be, cohort.members)


def add_imputed(run: Run, place: Place, who: Booleans) -> None:
    """Add how many of those counted have no known outcome and are counted by rule; nothing for none."""
    if who.any():
        run.numbers.add(place, "imputed", int(who.sum()), text=str(int(who.sum())))


def add_cannot_tell(run: Run, place: Place, who: Booleans) -> None:
    """Add how many of the population are in neither numerator nor denominator; nothing for none."""
    if who.any():
        run.numbers.add(place, "cannot_tell", int(who.sum()), text=str(int(who.sum())))


def add_bounds(run: Run, place: Place, sure: Booleans, may_be: Booleans, members: Booleans) -> None:
    """Add the lowest and the highest possible count of all members; nothing where every answer is known.

    Parameters
    ----------
    run : the analysis on its way
    place : where the numbers stand; n and denominator are set here
    sure : shape (subjects,); who is counted by what was recorded, without any rule
    may_be : of whom the records leave it open
    members : whom it concerns
    """
    if (may_be & members).any():
        whole = _over(place, members)
        for statistic, who in (("count_lowest", sure), ("count_highest", sure | may_be)):
            run.numbers.add(whole, statistic, int((who & members).sum()))


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
