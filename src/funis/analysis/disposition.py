"""The flow of subjects: who was enrolled, could enter, was treated, and how the treated ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import polars as pl

from funis.analysis.asked import add_asked_rate, is_infusion_known, was_infused
from funis.analysis.cohorts import ENROLLED, Cohort, Membership
from funis.analysis.leaving_reasons import DEATH, NO_REASON, name_reason
from funis.analysis.panel import Booleans
from funis.analysis.run import Run
from funis.analysis.summary import subject_source
from funis.results import ALL

LEFT: Final = ("completed", "ongoing", "withdrew", "lost", "died")
#: Ends that are looked for in every study: they have a row even where they never happened.
ALWAYS: Final = frozenset({"completed", "died"})
TREATED: Final = "treated"
#: Who had an infusion, where the study file names no population of treated subjects.
INFUSED: Final = "infused"
#: Subjects without treatment, and the category of their ends: they are not among the treated of the rest.
NOT_TREATED: Final = "not_treated"
#: Subjects of whom it is not recorded whether they were treated.
TREATMENT_NOT_RECORDED: Final = "treatment_not_recorded"
NOT_RECORDED: Final = "not_recorded"
#: Ends before the planned one, together; a category of it is a reason.
LEFT_EARLY: Final = "left_early"
EARLY: Final = frozenset({"withdrew", "lost", "died"})
#: Subjects still in follow-up who were not seen at the last planned visit: the data are interim.
NOT_REACHED: Final = "not_reached"


@dataclass(frozen=True, slots=True)
class Stage:
    """One row of the flow.

    Attributes
    ----------
    name, category : the row
    reached : who is there
    known : of whom it is recorded
    base : whom the row concerns: its denominator where it is known of all of them
    population : name of the base
    """

    name: str
    reached: Booleans
    known: Booleans
    base: Booleans
    population: str = ENROLLED
    category: str = ""


def count_disposition(run: Run, eligible: Membership | None) -> None:
    """Count the flow of subjects, from enrolment to the end of the study.

    Parameters
    ----------
    run : the analysis on its way
    eligible : who meets every criterion, and of whom that cannot be told; None where no criterion has a rule

    Notes
    -----
    The ends of participation are counted among the treated: a subject who was never treated has not completed
    the study of a treatment. The ends of the others have rows of their own.
    """
    flow: list[tuple[str, int]] = []
    status = run.subject_frame["disposition_status"]
    rows = run.observe("disposition", status.fill_null("").to_list())
    stages = list(_stages(run, eligible))
    for cohort in run.populations.every_arm():
        for stage in stages:
            who = stage.reached & cohort.members
            if stage.category and stage.name != LEFT_EARLY and not (who & stage.base).any():
                continue
            base = run.populations.cohort(arm=cohort.arm)
            whole = replace(base, population=stage.population, members=stage.base & cohort.members)
            place = replace(
                whole.place("disposition", stage.name, stage.category),
                source=subject_source(run, whole, f"disposition {stage.name}", who & whole.members, rows),
            )
            add_asked_rate(run, place, who, stage.known, whole.members, level=run.level, limits=False)
            is_step = not stage.category and stage.name != LEFT_EARLY
            if cohort.arm == ALL and is_step and (stage.known & whole.members).any():
                flow.append((stage.name, int((who & whole.members).sum())))
    run.listings["flow"] = pl.DataFrame(
        flow, schema={"stage": pl.String, "count": pl.Int64}, orient="row"
    ).with_columns(pl.col("stage").alias("name"))


def _stages(run: Run, eligible: Membership | None) -> Iterator[Stage]:
    """Give who reached each stage; one that nobody planned and nobody recorded is left out."""
    frame = run.subject_frame
    everybody = np.ones(frame.height, dtype=np.bool_)
    # Who was screened and not enrolled stands in no table, so the flow begins with enrolment.
    yield Stage("enrolled", everybody, everybody, everybody)
    consented = frame["consent_date"].is_not_null().to_numpy()
    if consented.any():
        yield Stage("consented", consented, everybody, everybody)
    if eligible is not None:
        yield Stage("eligible", eligible.members, ~eligible.cannot_tell, everybody)
    known = is_infusion_known(run)
    treated = treated_cohort(run)
    if run.study.infusions or known.any():
        yield Stage(TREATED, treated.members, known, everybody)
        if (known & ~treated.members).any():
            yield Stage(NOT_TREATED, ~treated.members, known, everybody)
        if known.any() and not known.all():
            yield Stage(TREATMENT_NOT_RECORDED, ~known, everybody, everybody)
    yield from _ends(run, treated if known.any() else run.populations.cohort())


def treated_cohort(run: Run) -> Cohort:
    """Give who was treated: the population of that name, else who had an infusion.

    Parameters
    ----------
    run : the analysis on its way
    """
    if TREATED in run.populations.populations:
        return run.populations.cohort(TREATED)
    return replace(run.populations.cohort(), population=INFUSED, members=was_infused(run))


def _has_not_reached(run: Run) -> Booleans:
    """Tell who is still in follow-up and was not seen at the last planned visit yet."""
    if not run.study.visits:
        return np.zeros(len(run.panel.subjects), dtype=np.bool_)
    last = run.study.visits[-1].name
    seen = np.array([(subject, last) in run.seen for subject in run.panel.subjects], dtype=np.bool_)
    ongoing = (run.subject_frame["disposition_status"] == "ongoing").fill_null(value=False).to_numpy()
    return ongoing.astype(np.bool_) & ~seen


def _ends(run: Run, base: Cohort) -> Iterator[Stage]:
    """Give how participation ended, of the base and then of the others, and of whom it is not recorded."""
    status = run.subject_frame["disposition_status"]
    known = status.is_not_null().to_numpy()
    known_others = is_infusion_known(run) & ~base.members
    others = (
        (NOT_TREATED, known_others),
        (TREATMENT_NOT_RECORDED, ~base.members & ~known_others),
    )
    for name in LEFT:
        chosen = (status == name).fill_null(value=False).to_numpy()
        if (chosen & base.members).any() or name in ALWAYS:
            yield Stage(name, chosen, known, base.members, base.population)
    yield from _early(run, base, known)
    waiting = _has_not_reached(run) & base.members
    if waiting.any():
        yield Stage(NOT_REACHED, waiting, known, base.members, base.population)
    if known.any() and (~known & base.members).any():
        yield Stage(NOT_RECORDED, ~known, base.members, base.members, base.population)
    for category, who in others:
        for name in LEFT:
            chosen = (status == name).fill_null(value=False).to_numpy()
            if (chosen & who).any():
                yield Stage(name, chosen, known, who, ENROLLED, category)


def _early(run: Run, base: Cohort, known: Booleans) -> Iterator[Stage]:
    """Give who left before the planned end, and for which reasons, where any was recorded."""
    left = run.subject_frame["disposition_status"].is_in(list(EARLY)).fill_null(value=False).to_numpy()
    if not (left & base.members).any():
        return
    yield Stage(LEFT_EARLY, left, known, base.members, base.population)
    reasons = _reasons(run)
    counted = Counter(reasons[place] for place in np.flatnonzero(left & base.members))
    if set(counted) <= {NO_REASON, DEATH}:
        return
    for reason, _ in sorted(counted.items(), key=lambda each: (each[0] == NO_REASON, -each[1], each[0])):
        chosen = left & np.array([each == reason for each in reasons], dtype=np.bool_)
        yield Stage(LEFT_EARLY, chosen, known, base.members, base.population, reason)


def _reasons(run: Run) -> list[str]:
    """Give the reason for which each subject left, by its name, in the order of the panel."""
    frame = run.frame("disposition")
    told: dict[str, str] = {}
    if frame is not None and "reason" in frame.columns:
        told = {subject: reason or "" for subject, reason in frame.select("subject", "reason").iter_rows()}
    died = run.subject_frame["disposition_status"] == "died"
    return [
        DEATH if is_dead else name_reason(told.get(subject, ""))
        for subject, is_dead in zip(run.panel.subjects, died, strict=True)
    ]
