"""The infusions with the course of treatment that each belongs to, and who had which course."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import polars as pl

from funis.analysis.run import Run
from funis.study.courses import later_courses, place_infusions
from funis.study.model import Study

#: Columns that are added to the infusions.
_ADDED: Final[Mapping[str, pl.DataType]] = {
    "course": pl.Int64(),
    "position": pl.Int64(),
    "course_start": pl.Float64(),
    "when": pl.String(),
    "planned_per_kg": pl.Float64(),
    "tolerance_percent": pl.Float64(),
}


def add_courses(study: Study, infusions: pl.DataFrame) -> pl.DataFrame:
    """Add to each infusion its course, its place in it, and what was planned of it.

    Parameters
    ----------
    study : the study file
    infusions : the checked table with study days

    Returns
    -------
    polars.DataFrame
        With ``course``, ``position`` (in the course, from 1), ``course_start`` (study day of its first
        infusion), ``when`` (what begins it; empty for the first treatment, null where it is not planned),
        ``planned_per_kg`` and ``tolerance_percent`` (null where the infusion is not planned).
    """
    needed = [name for name in ("subject", "number", "day", "course") if name in infusions.columns]
    placed = place_infusions(study, infusions.select(needed).to_dicts())
    rows = [
        (
            each.course,
            each.position,
            each.start,
            None if each.plan is None else each.plan.when,
            None if each.infusion is None else each.infusion.cells_per_kg,
            None if each.infusion is None else each.infusion.tolerance_percent,
        )
        for each in placed
    ]
    added = pl.DataFrame(rows, schema=dict(_ADDED), orient="row")
    return infusions.drop("course", strict=False).hstack(added)


def infusions_by_course(run: Run) -> pl.DataFrame | None:
    """Give the infusions of a run with their courses, None where none was recorded."""
    infusions = run.frame("infusions")
    return None if infusions is None else add_courses(run.study, infusions)


def has_courses(study: Study, infusions: pl.DataFrame | None) -> bool:
    """Tell whether a study plans a later course, or one was given."""
    return bool(later_courses(study)) or (infusions is not None and bool((infusions["course"] > 1).any()))
