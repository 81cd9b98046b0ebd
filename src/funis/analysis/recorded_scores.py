"""Scores taken as recorded: a total or a grade that was written down where no item is there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import reduce
from operator import add
from typing import Any

import polars as pl

from funis.catalogue.conditions import find_limit
from funis.catalogue.model_instrument import Definition
from funis.catalogue.registry import definition
from funis.data.recorded_totals import AS_RECORDED, is_without_items, items_of, recorded_columns
from funis.frames.verbs import verbs_of
from funis.nine_decimals import compare_exactly
from funis.scoring.working import Explanation


def take_recorded(
    frame: pl.DataFrame, instrument: Definition, missing: str
) -> tuple[pl.DataFrame, dict[str, str]]:
    """Put recorded totals and grades in the place of scores that no item gives.

    Parameters
    ----------
    frame : the table of an instrument, scored
    instrument : its definition
    missing : policy under which the items were scored

    Returns
    -------
    the frame, with ``<score>_status`` ``as_recorded`` where the total was taken; and by the name of each
    score and grade that was taken as recorded, the policy that its numbers are under: ``as_recorded``, or
    ``<missing>_or_recorded`` where other visits have items
    """
    policies: dict[str, str] = {}
    for score, recorded in recorded_columns(instrument).items():
        ops = verbs_of(frame)
        taken = is_without_items(ops, instrument, score, frame.columns)
        if recorded not in frame.columns or not frame.select(taken.alias("taken"))["taken"].any():
            continue
        known = frame.filter(ops.col(score).is_not_null() & ~taken)
        policies[score] = f"{missing}_or_recorded" if known.height else AS_RECORDED
        ends = [name for name in (score, f"{score}_lower", f"{score}_upper") if name in frame.columns]
        frame = frame.with_columns(
            *(ops.when(taken).then(ops.col(recorded)).otherwise(ops.col(name)).alias(name) for name in ends),
            *_words(frame, score, taken),
        )
        if score == instrument.name:
            frame = frame.with_columns(*_cut_offs(frame, instrument, taken))
    return _add_up_grades(frame, instrument, policies, missing), policies


def _words(frame: pl.DataFrame, score: str, taken: pl.Expr) -> list[pl.Expr]:
    """Say in the columns of words that a score was recorded."""
    ops = verbs_of(frame)
    names = [name for name in (f"{score}_status", f"{score}_rule") if name in frame.columns]
    return [ops.when(taken).then(ops.lit(AS_RECORDED)).otherwise(ops.col(name)).alias(name) for name in names]


def _cut_offs(frame: pl.DataFrame, instrument: Definition, taken: pl.Expr) -> list[pl.Expr]:
    """Ask the cut-offs of a recorded total."""
    ops, parameters, found = verbs_of(frame), instrument.parameter_values(), []
    for flag in instrument.flags:
        name, term = f"{instrument.name}_{flag.name}", flag.when.terms[0]
        met = compare_exactly(ops.col(instrument.name), term.operator, find_limit(term, parameters))
        found.append(ops.when(taken).then(met.cast(ops.Int64)).otherwise(ops.col(name)).alias(name))
    return found


def _add_up_grades(
    frame: pl.DataFrame, instrument: Definition, policies: dict[str, str], missing: str
) -> pl.DataFrame:
    """Give the numeric total of grades that were recorded, where nobody recorded the total itself."""
    grades = [name for name in instrument.grade_columns if name in policies]
    if not grades or instrument.name in policies:
        return frame
    ops, points, name = verbs_of(frame), dict(instrument.grade_points), instrument.name
    total = reduce(
        add,
        [
            ops.col(each).replace_strict(points, default=None, return_dtype=ops.Float64)
            for each in instrument.grade_columns
        ],
    )
    taken = ops.any_horizontal([is_without_items(ops, instrument, each, frame.columns) for each in grades])
    taken = taken & total.is_not_null()
    known = frame.filter(ops.col(name).is_not_null() & ~taken)
    policies[name] = f"{missing}_or_recorded" if known.height else AS_RECORDED
    ends = [
        ops.when(taken).then(total).otherwise(ops.col(end)).alias(end)
        for end in (name, f"{name}_lower", f"{name}_upper")
    ]
    return frame.with_columns(*ends, *_words(frame, name, taken))


def explain_recorded(found: Explanation, row: Mapping[str, Any]) -> Explanation:
    """Put what was taken as recorded at a visit into the working of its score.

    Parameters
    ----------
    found : the working of the items
    row : the visit in the frame that `take_recorded` gave
    """
    instrument = definition(found.name)
    marks = {
        score: row.get(f"{score}_{'status' if score == found.name else 'rule'}")
        for score in recorded_columns(instrument)
    }
    taken = [score for score, mark in marks.items() if mark == AS_RECORDED]
    if not taken:
        return found
    silent = {item.name for score in taken for item in items_of(instrument, score)}
    rows = tuple(
        replace(one, note="the total or grade was recorded without it")
        if one.item in silent and one.recorded == "missing"
        else one
        for one in found.rows
    )
    outputs = {name: row.get(name, value) for name, value in found.outputs.items()}
    return replace(found, rows=rows, outputs=outputs, missing=AS_RECORDED)
