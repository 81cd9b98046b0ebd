"""A few endpoints of a study and nothing else: what simulated trials need of an analysis."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import polars as pl

from funis.analysis.after_allocation import compare_allocated
from funis.analysis.analyse import arrange_run
from funis.analysis.courses_checked import check_courses
from funis.analysis.findings import check_scored
from funis.analysis.observations import (
    gather_grades,
    gather_values,
    long_scores,
    score_instruments,
    visit_frame,
)
from funis.analysis.one_endpoint import estimate_endpoint
from funis.data.tables import Tables
from funis.errors import Finding
from funis.study.courses import conditional_courses
from funis.study.days import derive_subject_frame
from funis.study.model import Study

_GROUP = "_group"


def analyse_apart(
    study: Study, tables: Tables, groups: Mapping[str, int], endpoints: Collection[str]
) -> tuple[list[pl.DataFrame], tuple[Finding, ...]]:
    """Score the data of several trials at once, and estimate some endpoints of each trial by itself.

    Scores, values at baseline and the findings of both are those of a subject, whoever stands beside it; what
    a trial says is computed from its own subjects alone. Influence, diagnostics and the like are left out.

    Parameters
    ----------
    study : the plan of every one of the trials
    tables : of all trials; no two have a subject of one number
    groups : the trial of each subject, from 0 on
    endpoints : ids of the endpoints

    Returns
    -------
    tuple
        The numbers of each trial, columns as in ``Results.numbers``; the findings of tables and scores.
    """
    scored = score_instruments(study, tables)
    subjects = derive_subject_frame(study, tables.frames, long_scores(scored))
    found = check_scored(study, subjects, scored, tables.findings)
    count = max(groups.values(), default=-1) + 1
    by_table = {
        name: _part(frame, groups, count)
        for name, frame in tables.frames.items()
        if "subject" in frame.columns
    }
    gathered = (gather_values(study, tables, scored), gather_grades(scored))
    values, grades, people, visits = (
        _part(each, groups, count) for each in (*gathered, subjects, visit_frame(study, tables, scored))
    )
    missing = {name: policy for each in scored.values() for name, policy in each.policies().items()}
    numbers = []
    waits = bool(conditional_courses(study))
    asked = [each for each in study.endpoints if each.id in endpoints]
    for group in range(count):
        frames = {name: parts[group] for name, parts in by_table.items()}
        run = arrange_run(study, frames, people[group], (values[group], grades[group]), missing)
        for endpoint in asked:
            estimate_endpoint(run, endpoint, visits[group])
        compare_allocated(run, visits[group], (values[group], grades[group]), asked)
        found = (*found, *(check_courses(run, visits[group]) if waits else ()))
        numbers.append(run.numbers.frame())
    return numbers, (*tables.findings, *found)


def _part(frame: pl.DataFrame, groups: Mapping[str, int], count: int) -> list[pl.DataFrame]:
    """Give the rows of each group in their order."""
    marked = frame.with_columns(
        pl.col("subject").replace_strict(groups, default=None, return_dtype=pl.Int64).alias(_GROUP)
    )
    parts = marked.partition_by(_GROUP, as_dict=True, include_key=False, maintain_order=True)
    return [parts.get((group,), frame.clear()) for group in range(count)]
