"""Safety: adverse events by subject and by event, who was asked, infusions, exposure, disposition."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import numpy as np
import polars as pl

from funis.analysis.cohorts import ENROLLED, Cohort
from funis.analysis.panel import Booleans, Floats
from funis.analysis.run import Run, add_rate
from funis.analysis.summary import add_summary, subject_source
from funis.nine_decimals import round_column
from funis.results import ALL, format_number

SEVERE: Final = 3
GRADE: Final = "grade"
#: Names that a study file gives to those who were infused.
SAFETY_POPULATIONS: Final = ("safety", "treated")
SAFETY_TABLES: Final = {"adverse_events": "adverse_events", "exposure": "infusions"}
LEFT: Final = ("completed", "ongoing", "withdrew", "lost", "died")


def _safety_cohorts(run: Run, kind: str) -> Iterator[Cohort]:
    """Give the population of safety and its arms: that of the endpoint of this kind, else the treated.

    An event of a subject outside that population is counted too, among everybody enrolled.
    """
    named = [each.population for each in run.study.endpoints if each.kind == kind and each.population]
    usual = [name for name in SAFETY_POPULATIONS if name in run.populations.populations]
    chosen = (named or usual or [ENROLLED])[0]
    members = set(_members_of(run, run.populations.cohort(chosen)))
    concerned = run.frames.get(SAFETY_TABLES[kind])
    outside = concerned is not None and not set(concerned["subject"].drop_nulls()) <= members
    if outside and chosen != ENROLLED:
        yield from run.populations.every_arm()
    yield from run.populations.every_arm(chosen)


# --- adverse events ------------------------------------------------------------------------------


def count_adverse_events(run: Run) -> None:
    """Count adverse events in the safety population and in every arm, and who was asked about them."""
    events = run.frames.get("adverse_events")
    for cohort in _safety_cohorts(run, "adverse_events"):
        if events is not None and _is_observed(run, events):
            for kind, chosen in _kinds_of_events(events):
                _count_events(run, cohort, kind, chosen)
        _count_asked(run, cohort)


def _is_observed(run: Run, events: pl.DataFrame) -> bool:
    """Tell whether "none" is an observation: events recorded, asked about, or an empty table given."""
    return not events.is_empty() or run.frame("safety_questions") is not None or "adverse_events" in run.given


def _kinds_of_events(events: pl.DataFrame) -> Iterator[tuple[tuple[str, str], pl.DataFrame]]:
    """Give each kind of event (variable and category) with its events."""
    yield ("any", ""), events
    for name in ("serious", "related"):
        yield (name, ""), events.filter(pl.col(name) == 1)
    yield ("grade_3_or_more", ""), events.filter(pl.col("grade") >= SEVERE)
    yield ("fatal", ""), events.filter((pl.col("outcome") == "fatal") | (pl.col("grade") == 5))
    for grade in sorted(events["grade"].drop_nulls().unique()):
        # In these rows a subject counts once, at the highest grade it had.
        yield (GRADE, str(grade)), events.filter(pl.col("grade") == grade)
    named = events.with_columns(pl.col("term").str.strip_chars().str.to_lowercase().alias("_term"))
    terms = named.group_by("_term").agg(pl.col("subject").n_unique().alias("k")).drop_nulls("_term")
    for term in terms.sort(["k", "_term"], descending=[True, False])["_term"]:
        yield ("term", term), named.filter(pl.col("_term") == term)


def _count_events(run: Run, cohort: Cohort, kind: tuple[str, str], events: pl.DataFrame) -> None:
    variable, category = kind
    inside = _members_of(run, cohort)
    chosen = events.filter(pl.col("subject").is_in(inside))
    counted = chosen
    if variable == GRADE:
        of_all = run.frames["adverse_events"].filter(pl.col("grade") == pl.col("grade").max().over("subject"))
        counted = chosen.join(of_all.select("_row"), on="_row", how="semi")
    subjects = counted["subject"].n_unique()
    place = replace(
        cohort.place("adverse_events", variable, category), source=_event_source(run, cohort, kind, chosen)
    )
    add_rate(run, place, subjects, level=run.level, limits=variable in {"any", "serious"})
    run.numbers.add(place, "events", chosen.height)


def _members_of(run: Run, cohort: Cohort) -> list[str]:
    return [name for name, is_in in zip(run.panel.subjects, cohort.members, strict=True) if is_in]


def _event_source(run: Run, cohort: Cohort, kind: tuple[str, str], chosen: pl.DataFrame) -> str:
    if chosen.is_empty():
        return ""
    return run.source(
        cohort,
        f"adverse_events {': '.join(filter(None, kind))}",
        ALL,
        chosen["_row"].to_numpy().astype(np.int64),
    )


def _count_asked(run: Run, cohort: Cohort) -> None:
    """Count who was asked about adverse events, of those from whom the answer was due.

    Due at a visit is whoever was seen there, where the study file puts safety questions on the visit's
    form; without such a plan, whoever was seen at a visit at which anybody was asked.
    """
    asked = run.frames.get("safety_questions")
    planned = [visit.name for visit in run.study.visits if "safety_questions" in visit.forms]
    if asked is None or (asked.is_empty() and not planned):
        return
    asked_at = set(asked.filter(pl.col("asked") == 1).select("subject", "visit").iter_rows())
    visits = planned or [name for name in run.panel.visits if name in set(asked["visit"])]
    index = {name: i for i, name in enumerate(run.panel.subjects)}
    all_due = all_asked = 0
    for visit in visits:
        was_asked = np.zeros(len(index), dtype=np.bool_)
        was_asked[[index[subject] for subject, at in asked_at if at == visit and subject in index]] = True
        due = (_seen_at(run, visit) | was_asked) & cohort.members
        was_asked &= cohort.members
        all_due, all_asked = all_due + int(due.sum()), all_asked + int(was_asked.sum())
        _add_asked(run, cohort, visit, (int(was_asked.sum()), int(due.sum())))
    _add_asked(run, cohort, ALL, (all_asked, all_due))


def _add_asked(run: Run, cohort: Cohort, visit: str, counts: tuple[int, int]) -> None:
    asked, due = counts
    place = replace(
        cohort.place("adverse_events", "asked"),
        visit=visit,
        n=due,
        denominator=due,
        source=_question_source(run, cohort, visit),
    )
    add_rate(run, place, asked, level=run.level, limits=False)


def _question_source(run: Run, cohort: Cohort, visit: str) -> str:
    asked = run.frame("safety_questions")
    if asked is None:
        return ""
    at = asked if visit == ALL else asked.filter(pl.col("visit") == visit)
    inside = at.filter(pl.col("subject").is_in(_members_of(run, cohort)))
    return run.source(cohort, "asked", visit, inside["_row"].to_numpy().astype(np.int64))


def _seen_at(run: Run, visit: str) -> Booleans:
    """Tell who has anything recorded at a visit, in any table."""
    return np.array([(subject, visit) in run.seen for subject in run.panel.subjects], dtype=np.bool_)


# --- infusions and exposure ----------------------------------------------------------------------


def describe_exposure(run: Run) -> None:
    """Describe each infusion and the sum over a subject's infusions: cells, cells per kg, day, weight."""
    infusions = run.frame("infusions")
    if infusions is None:
        return
    doses = infusions.with_columns((pl.col("cells") / pl.col("weight_kg")).alias("cells_per_kg"))
    for cohort in _safety_cohorts(run, "exposure"):
        inside = doses.filter(pl.col("subject").is_in(_members_of(run, cohort)))
        for (number,), part in inside.sort("number").group_by("number", maintain_order=True):
            _describe_infusion(run, cohort, int(str(number)), part)
        _describe_all_infusions(run, cohort, inside)


def _describe_infusion(run: Run, cohort: Cohort, number: int, part: pl.DataFrame) -> None:
    visit = f"infusion_{number}"
    for name in ("cells", "cells_per_kg", "day", "weight_kg"):
        _describe_values(run, cohort, (name, visit), part)
    _count_infusions(run, cohort, ("infused", "", visit), part, cohort.size)
    reacted = part.filter(
        pl.col("reaction").str.strip_chars().str.to_lowercase().is_in(["none", "no", ""]).not_()
    )
    recorded = part.filter(pl.col("reaction").is_not_null())
    if not recorded.is_empty():
        _count_infusions(run, cohort, ("reaction", "", visit), reacted, recorded["subject"].n_unique())
    plan = run.study.infusions[number - 1] if number <= len(run.study.infusions) else None
    if plan is not None and plan.cells_per_kg is not None:
        off = (pl.col("cells_per_kg") / plan.cells_per_kg - 1).abs() * 100
        known = part.filter(pl.col("cells_per_kg").is_not_null())
        within = known.filter(round_column(off) <= plan.tolerance_percent)
        _count_infusions(run, cohort, ("within_dose", "", visit), within, known.height)


def _describe_values(run: Run, cohort: Cohort, named: tuple[str, str], part: pl.DataFrame) -> None:
    variable, visit = named
    known = part.filter(pl.col(variable).is_not_null())
    if known.is_empty():
        return
    values: Floats = round_column(known[variable].cast(pl.Float64)).to_numpy().astype(np.float64)
    place = replace(
        cohort.place("exposure", variable),
        visit=visit,
        n=known["subject"].n_unique(),
        source=_infusion_source(run, cohort, named, known),
    )
    add_summary(run, place, values, interval=False)


def _count_infusions(
    run: Run, cohort: Cohort, named: tuple[str, str, str], part: pl.DataFrame, over: int
) -> None:
    variable, category, visit = named
    about = f"{variable}: {category}" if category else variable
    place = replace(
        cohort.place("exposure", variable, category),
        visit=visit,
        n=over,
        denominator=over,
        source=_infusion_source(run, cohort, (about, visit), part),
    )
    add_rate(run, place, part["subject"].n_unique(), level=run.level, limits=False)


def _infusion_source(run: Run, cohort: Cohort, named: tuple[str, str], part: pl.DataFrame) -> str:
    if part.is_empty():
        return ""
    return run.source(cohort, f"infusions {named[0]}", named[1], part["_row"].to_numpy().astype(np.int64))


def _describe_all_infusions(run: Run, cohort: Cohort, doses: pl.DataFrame) -> None:
    """Describe the sum over a subject's infusions; a subject with an unknown dose has no sum."""
    summed = doses.group_by("subject", maintain_order=True).agg(
        *(pl.when(pl.col(name).is_not_null().all()).then(pl.col(name).sum()).first().alias(name)
          for name in ("cells", "cells_per_kg")),
        pl.len().alias("infusions"),
        pl.col("_row").first(),
    )  # fmt: skip
    for name in ("cells", "cells_per_kg"):
        _describe_values(run, cohort, (name, ALL), summed)
    for number in sorted(summed["infusions"].unique()):
        part = summed.filter(pl.col("infusions") == number)
        _count_infusions(run, cohort, ("infusions", str(number), ALL), part, cohort.size)
    if doses["lot"].is_null().all():
        return
    lots = doses["lot"].drop_nulls().n_unique()
    place = cohort.place("exposure", "lots")
    run.numbers.add(place, "count", lots, text=format_number(float(lots), 0))


# --- disposition ---------------------------------------------------------------------------------


def count_disposition(run: Run, eligible: Booleans | None) -> None:
    """Count the flow of subjects, from screening to the end of the study."""
    flow: list[tuple[str, int]] = []
    rows = run.observe("disposition", run.subject_frame["disposition_status"].fill_null("").to_list())
    for cohort in run.populations.every_arm():
        for name, chosen in _stages(run, eligible):
            who = chosen & cohort.members
            place = replace(
                cohort.place("disposition", name),
                source=subject_source(run, cohort, f"disposition {name}", who, rows),
            )
            add_rate(run, place, int(who.sum()), level=run.level, limits=False)
            if cohort.arm == ALL:
                flow.append((name, int(who.sum())))
    run.listings["flow"] = pl.DataFrame(
        flow, schema={"stage": pl.String, "count": pl.Int64}, orient="row"
    ).with_columns(pl.col("stage").alias("name"))


def _stages(run: Run, eligible: Booleans | None) -> Iterator[tuple[str, Booleans]]:
    """Give who reached each stage; a stage that the data say nothing of is left out."""
    frame = run.subject_frame
    # Who was screened and not enrolled stands in no table, so the flow begins with enrolment.
    yield "enrolled", np.ones(frame.height, dtype=np.bool_)
    consented = frame["consent_date"].is_not_null().to_numpy()
    if consented.any():
        yield "consented", consented
    if eligible is not None:
        yield "eligible", eligible
    treated = (frame["infusions_received"] > 0).fill_null(value=False).to_numpy()
    if run.study.infusions or treated.any():
        yield "treated", treated
    status = frame["disposition_status"]
    for name in LEFT:
        chosen = (status == name).fill_null(value=False).to_numpy()
        if status.is_not_null().any() and (chosen.any() or name in {"completed", "died"}):
            yield name, chosen
