"""Infusions and exposure: cells, cells per kg, day and weight of each infusion, reactions, doses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from funis.analysis.asked import add_asked_rate, is_infusion_known, who_is_in
from funis.analysis.cohorts import Cohort
from funis.analysis.course_frame import has_courses, infusions_by_course
from funis.analysis.panel import Floats
from funis.analysis.run import Run
from funis.analysis.safety_counts import members_of, safety_cohorts
from funis.analysis.summary import add_summary
from funis.nine_decimals import round_column
from funis.results import ALL, format_number
from funis.safety_words import is_reaction
from funis.study.courses import NOT_PLANNED, first_treatment, name_course, name_infusion


def describe_exposure(run: Run) -> None:
    """Describe each infusion and the sum over a subject's infusions: cells, cells per kg, day, weight.

    Where no infusion was recorded of anybody, each planned one is "not collected" of those of whom it is not
    recorded either that they had none.
    """
    infusions = infusions_by_course(run)
    if infusions is None:
        _say_that_none_was_recorded(run)
        return
    doses = infusions.with_columns((pl.col("cells") / pl.col("weight_kg")).alias("cells_per_kg"))
    for cohort in safety_cohorts(run, "exposure"):
        inside = doses.filter(pl.col("subject").is_in(members_of(run, cohort)))
        ordered = inside.sort("course", "position")
        for (course, position), part in ordered.group_by("course", "position", maintain_order=True):
            _describe_infusion(run, cohort, name_infusion(int(str(course)), int(str(position))), part)
        if has_courses(run.study, infusions):
            for (course,), part in ordered.group_by("course", maintain_order=True):
                _describe_course(run, cohort, int(str(course)), part)
        _describe_all_infusions(run, cohort, inside)


def _say_that_none_was_recorded(run: Run) -> None:
    """Count none of those who are recorded to have had none; that no row is there does not say it."""
    if run.panel.subjects:
        everybody = run.populations.cohort()
        for number in range(1, len(first_treatment(run.study)) + 1):
            place = replace(everybody.place("exposure", "infused"), visit=f"infusion_{number}")
            none = np.zeros(len(run.panel.subjects), dtype=np.bool_)
            known = is_infusion_known(run)
            add_asked_rate(run, place, none, known, everybody.members, level=run.level, limits=False)


def _describe_infusion(run: Run, cohort: Cohort, visit: str, part: pl.DataFrame) -> None:
    """Describe one infusion; reactions and doses over those of whom they are recorded."""
    for name in ("cells", "cells_per_kg", "day", "weight_kg"):
        _describe_values(run, cohort, (name, visit), part)
    _count_infusions(run, cohort, ("infused", "", visit), part)
    recorded = part.filter(pl.col("reaction").is_not_null())
    reacted = recorded.filter(
        pl.Series([is_reaction(text) for text in recorded["reaction"]], dtype=pl.Boolean)
    )
    _count_recorded(run, cohort, ("reaction", visit), part, (recorded, reacted))
    # Infusions of one place may be of several planned courses: one at a visit, one at relapse.
    planned = part.filter(pl.col("planned_per_kg").is_not_null())
    if not planned.is_empty():
        off = (pl.col("cells_per_kg") / pl.col("planned_per_kg") - 1).abs() * 100
        known = planned.filter(pl.col("cells_per_kg").is_not_null())
        within = known.filter(round_column(off) <= pl.col("tolerance_percent"))
        _count_recorded(run, cohort, ("within_dose", visit), planned, (known, within))


def _count_recorded(
    run: Run, cohort: Cohort, named: tuple[str, str], part: pl.DataFrame,
    told: tuple[pl.DataFrame, pl.DataFrame],
) -> None:  # fmt: skip
    """Count infusions of a kind over those whose answer is recorded, of all who had the infusion."""
    (variable, visit), (recorded, counted) = named, told
    place = replace(
        cohort.place("exposure", variable),
        visit=visit,
        source=_infusion_source(run, cohort, named, counted),
    )
    yes, known, infused = (who_is_in(run, each["subject"]) for each in (counted, recorded, part))
    add_asked_rate(run, place, yes, known, infused & cohort.members, level=run.level, limits=False)


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


def _count_infusions(run: Run, cohort: Cohort, named: tuple[str, str, str], part: pl.DataFrame) -> None:
    """Count subjects over those of the cohort of whom it is recorded whether they were infused."""
    variable, category, visit = named
    about = f"{variable}: {category}" if category else variable
    place = replace(
        cohort.place("exposure", variable, category),
        visit=visit,
        source=_infusion_source(run, cohort, (about, visit), part),
    )
    counted, known = who_is_in(run, part["subject"]), is_infusion_known(run)
    add_asked_rate(run, place, counted, known, cohort.members, level=run.level, limits=False)


def _infusion_source(run: Run, cohort: Cohort, named: tuple[str, str], part: pl.DataFrame) -> str:
    if part.is_empty():
        return ""
    return run.source(cohort, f"infusions {named[0]}", named[1], part["_row"].to_numpy().astype(np.int64))


def _describe_course(run: Run, cohort: Cohort, course: int, part: pl.DataFrame) -> None:
    """Describe one course: who had it, on which day it began, its infusions, its cells in all."""
    visit = name_course(course)
    summed = _sum_doses(part)
    _count_infusions(run, cohort, ("infused", "", visit), part)
    _describe_values(run, cohort, ("day", visit), part.filter(pl.col("position") == 1))
    for name in ("cells", "cells_per_kg"):
        _describe_values(run, cohort, (name, visit), summed)
    if course > 1:
        _count_reasons(run, cohort, visit, part)


def _count_reasons(run: Run, cohort: Cohort, visit: str, part: pl.DataFrame) -> None:
    """Count what a later course was given for, over those who had it."""
    had = who_is_in(run, part["subject"]) & cohort.members
    for when in sorted(part["when"].fill_null("").unique()):
        own = part.filter(pl.col("when").fill_null("") == when)
        named = ("when", when or NOT_PLANNED, visit)
        place = replace(
            cohort.place("exposure", *named[:2]),
            visit=visit,
            source=_infusion_source(run, cohort, (f"{named[0]}: {named[1]}", visit), own),
        )
        counted = who_is_in(run, own["subject"])
        add_asked_rate(run, place, counted, had, had, level=run.level, limits=False)


def _sum_doses(doses: pl.DataFrame) -> pl.DataFrame:
    """Sum the doses of each subject; a subject with an unknown dose has no sum."""
    return doses.group_by("subject", maintain_order=True).agg(
        *(pl.when(pl.col(name).is_not_null().all()).then(pl.col(name).sum()).first().alias(name)
          for name in ("cells", "cells_per_kg")),
        pl.len().alias("infusions"),
        pl.col("_row").first(),
    )  # fmt: skip


def _describe_all_infusions(run: Run, cohort: Cohort, doses: pl.DataFrame) -> None:
    """Describe the sum over a subject's infusions; a subject with an unknown dose has no sum."""
    summed = _sum_doses(doses)
    for name in ("cells", "cells_per_kg"):
        _describe_values(run, cohort, (name, ALL), summed)
    for number in sorted(summed["infusions"].unique()):
        part = summed.filter(pl.col("infusions") == number)
        _count_infusions(run, cohort, ("infusions", str(number), ALL), part)
    if doses["lot"].is_null().all():
        return
    lots = doses["lot"].drop_nulls().n_unique()
    place = cohort.place("exposure", "lots")
    run.numbers.add(place, "count", lots, text=format_number(float(lots), 0))
