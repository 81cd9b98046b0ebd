"""Infusions and exposure: cells, cells per kg, day and weight of each infusion, reactions, doses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from funis.analysis.asked import add_asked_rate, is_infusion_known, who_is_in
from funis.analysis.cohorts import Cohort
from funis.analysis.panel import Floats
from funis.analysis.run import Run
from funis.analysis.safety_counts import members_of, safety_cohorts
from funis.analysis.summary import add_summary
from funis.nine_decimals import round_column
from funis.results import ALL, format_number
from funis.safety_words import is_reaction


def describe_exposure(run: Run) -> None:
    """Describe each infusion and the sum over a subject's infusions: cells, cells per kg, day, weight.

    Where no infusion was recorded of anybody, each planned one is "not collected" of those of whom it is not
    recorded either that they had none.
    """
    infusions = run.frame("infusions")
    if infusions is None:
        _say_that_none_was_recorded(run)
        return
    doses = infusions.with_columns((pl.col("cells") / pl.col("weight_kg")).alias("cells_per_kg"))
    for cohort in safety_cohorts(run, "exposure"):
        inside = doses.filter(pl.col("subject").is_in(members_of(run, cohort)))
        for (number,), part in inside.sort("number").group_by("number", maintain_order=True):
            _describe_infusion(run, cohort, int(str(number)), part)
        _describe_all_infusions(run, cohort, inside)


def _say_that_none_was_recorded(run: Run) -> None:
    """Count none of those who are recorded to have had none; that no row is there does not say it."""
    if run.panel.subjects:
        everybody = run.populations.cohort()
        for number in range(1, len(run.study.infusions) + 1):
            place = replace(everybody.place("exposure", "infused"), visit=f"infusion_{number}")
            none = np.zeros(len(run.panel.subjects), dtype=np.bool_)
            known = is_infusion_known(run)
            add_asked_rate(run, place, none, known, everybody.members, level=run.level, limits=False)


def _describe_infusion(run: Run, cohort: Cohort, number: int, part: pl.DataFrame) -> None:
    """Describe one infusion; reactions and doses over those of whom they are recorded."""
    visit = f"infusion_{number}"
    for name in ("cells", "cells_per_kg", "day", "weight_kg"):
        _describe_values(run, cohort, (name, visit), part)
    _count_infusions(run, cohort, ("infused", "", visit), part)
    recorded = part.filter(pl.col("reaction").is_not_null())
    reacted = recorded.filter(
        pl.Series([is_reaction(text) for text in recorded["reaction"]], dtype=pl.Boolean)
    )
    _count_recorded(run, cohort, ("reaction", visit), part, (recorded, reacted))
    plan = run.study.infusions[number - 1] if number <= len(run.study.infusions) else None
    if plan is not None and plan.cells_per_kg is not None:
        off = (pl.col("cells_per_kg") / plan.cells_per_kg - 1).abs() * 100
        known = part.filter(pl.col("cells_per_kg").is_not_null())
        within = known.filter(round_column(off) <= plan.tolerance_percent)
        _count_recorded(run, cohort, ("within_dose", visit), part, (known, within))


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
        _count_infusions(run, cohort, ("infusions", str(number), ALL), part)
    if doses["lot"].is_null().all():
        return
    lots = doses["lot"].drop_nulls().n_unique()
    place = cohort.place("exposure", "lots")
    run.numbers.add(place, "count", lots, text=format_number(float(lots), 0))
