"""Checks of the infusions against the plan: dose, day, order; of later courses of treatment too.

A course that begins at relapse is judged where the relapses are (`funis.analysis.courses_checked`): its first
infusion has no planned day here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from funis.data.check.checked_data import Data
from funis.data.check.infusion_courses import check_missing, check_written_courses
from funis.data.check.row_findings import row_finding, rows_where
from funis.errors import Finding
from funis.frames.verbs import verbs_of
from funis.nine_decimals import compare_exactly
from funis.study.courses import PlacedInfusion, days_allowed, place_infusions
from funis.study.model import Study
from funis.study.planned_infusion import Infusion

_TABLE = "infusions"
# Fewer cells than this in a whole infusion is a dose per kilogram, or a count in millions.
_FEW_CELLS = 1e7
_DOWN = 0.8


def check_infusions(data: Data) -> Iterator[Finding]:
    """Check infusions against the plan; their cells are the matter of `check_lots`.

    Parameters
    ----------
    data : the tables and what is known about them

    Returns
    -------
    iterator of Finding
    """
    weights = data.frames["subjects"].select("subject", "arm", subject_weight="weight_kg")
    infusions = data.frames[_TABLE].join(weights, on="subject", how="left", maintain_order="left")
    rows = list(infusions.iter_rows(named=True))
    placed = place_infusions(data.study, rows)
    for row, place in zip(rows, placed, strict=True):
        if place.infusion is not None:
            # The control arm gets no cells; whatever it gets is given at the planned time.
            if row["arm"] is None or row["arm"] != data.study.control_arm or row["cells"]:
                yield from _check_dose(row, place.infusion)
            yield from _check_day(data.study, row, place)
        elif data.study.infusions:
            yield from _check_unplanned(row, place)
        yield from _check_times(row)
    yield from _check_order(infusions)
    yield from check_written_courses(data.study, rows, placed)
    yield from check_missing(data, rows, placed)


def _finding(level: Any, code: str, row: Mapping[str, Any], column: str, message: str, fix: str) -> Finding:
    return row_finding(level, code, _TABLE, row, column=column, message=message, fix=fix)


def _check_dose(row: Mapping[str, Any], plan: Infusion) -> Iterator[Finding]:
    """Compare the cells infused with those planned for the weight."""
    weight, cells = row["weight_kg"] or row["subject_weight"], row["cells"]
    if plan.cells_per_kg is None:
        return
    if cells is None:
        yield _finding(
            "warning", "missing_dose", row, "cells", "The number of cells is not recorded.", "Fill the cell."
        )
        return
    if weight is None:
        message, fix = (
            "The dose cannot be checked: no weight is recorded.",
            "Write the weight in kilograms.",
        )
        yield _finding("query", "missing_weight", row, "weight_kg", message, fix)
        return
    expected = plan.cells_per_kg * weight
    deviation = 100 * (cells / expected - 1)
    # A dose on the limit is inside it: 0.8 times a weight is not always exact in binary.
    if compare_exactly(abs(deviation), ">", plan.tolerance_percent):
        low, high = (expected * (1 + sign * plan.tolerance_percent / 100) for sign in (-1, 1))
        hint = " Is it the dose per kilogram, or in millions?" if cells < _FEW_CELLS <= low else ""
        side = "above" if deviation > 0 else "below"
        message = (
            f"The dose is {abs(deviation):.1f} % {side} the planned {plan.cells_per_kg:g} cells/kg "
            "at this weight."
        )
        fix = f"Within {plan.tolerance_percent:g} % is {low:.4g} to {high:.4g} cells.{hint}"
        yield _finding("warning", "dose_outside_tolerance", row, "cells", message, fix)
    here, there = row["weight_kg"], row["subject_weight"]
    if here and there and not _DOWN <= here / there <= 1 / _DOWN:
        message = "The weight differs by more than 20 % from that at baseline, in subjects."
        yield _finding("query", "weight_differs", row, "weight_kg", message, "Check both weights.")


def _check_unplanned(row: Mapping[str, Any], place: PlacedInfusion) -> Iterator[Finding]:
    """Say that an infusion is beyond the plan of its course, or of no planned course."""
    if place.plan is None:
        fix = f"Of course {place.course} nothing is planned; write its [[infusions]] with when, or check it."
    elif place.course == 1:
        fix = f"{len(place.plan.infusions)} are planned."
    else:
        fix = f"{len(place.plan.infusions)} are planned of course {place.course}."
    message = "This infusion is not planned."
    # More cells than a course's plan has is a dose outside it; of a course without a plan nothing is known.
    level = "query" if place.plan is None else "warning"
    yield _finding(level, "unplanned_infusion", row, "number", message, fix)


def _check_day(study: Study, row: Mapping[str, Any], place: PlacedInfusion) -> Iterator[Finding]:
    if row["date"] is None and row["day"] is None:
        fix = "Write the date; study days count from the first infusion."
        yield _finding("warning", "missing_date", row, "date", "The infusion has no date.", fix)
        return
    window = days_allowed(study, place)
    if row["day"] is not None and window is not None and not window[0] <= row["day"] <= window[1]:
        column = "date" if row["date"] is not None else "day"
        low, high = (f"{each:g}" for each in window)
        allowed = f"day {low}" if low == high else f"day {low} to day {high}"
        of_course = f" of course {place.course}" if place.course > 1 else ""
        message = f"Infusion {row['number']}{of_course} is on study day {row['day']}, outside its window."
        fix = f"It is planned on {allowed}; check the date."
        yield _finding("warning", "infusion_outside_window", row, column, message, fix)


def _check_times(row: Mapping[str, Any]) -> Iterator[Finding]:
    if row["start"] and row["end"] and row["end"].rjust(8, "0") < row["start"].rjust(8, "0"):
        message = f"The infusion ends before it starts ({row['start']})."
        yield _finding("query", "infusion_times", row, "end", message, "Check both times.")


def _check_order(infusions: pl.DataFrame) -> Iterator[Finding]:
    """Infusion 2 comes after infusion 1."""
    ops = verbs_of(infusions)
    ordered = infusions.sort("subject", "number").with_columns(
        _before=ops.col("day").shift(1).over("subject"), _number=ops.col("number").shift(1).over("subject")
    )
    for row in rows_where(ordered, ops.col("day") <= ops.col("_before")):
        message = f"Infusion {row['number']} is not after infusion {row['_number']}."
        yield _finding(
            "warning", "infusion_order", row, "number", message, "Check the numbers and the dates."
        )
    for row in rows_where(ordered, (ops.col("number") > 1) & ops.col("_number").is_null()):
        message = f"Infusion {row['number']} stands without infusion 1."
        yield _finding(
            "warning", "infusion_order", row, "number", message, "Number infusions from 1, or add the first."
        )
