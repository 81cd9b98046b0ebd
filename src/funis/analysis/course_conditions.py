"""Who met the condition of a later course: a relapse, or the rule of the study file that holds at a visit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import polars as pl

from funis.analysis.response_rates import CANNOT_TELL, YES, answer_endpoint
from funis.analysis.run import Run
from funis.study.course_conditions import FoundCondition, Said, find_conditions
from funis.study.courses import PlannedCourse, relapse_behind
from funis.study.planned_infusion import RELAPSE
from funis.study.response_behind import response_visit

_SAID: Final[Mapping[str, Said]] = {YES: "yes", CANNOT_TELL: "cannot tell"}


def answer_condition(run: Run, visits: pl.DataFrame, course: PlannedCourse) -> dict[str, FoundCondition]:
    """Say of every subject whether the condition of a course was found, and when first.

    Parameters
    ----------
    run : the analysis on its way
    visits : one row per subject and visit with the scored columns
    course : one that begins at relapse or by a rule

    Returns
    -------
    dict : by subject; empty where no endpoint can find the relapse
    """
    if course.when != RELAPSE:
        found = find_conditions(run.study, course, visits)
        return {name: found.get(name, FoundCondition("cannot tell")) for name in run.panel.subjects}
    endpoint = relapse_behind(run.study)
    if endpoint is None:
        return {}
    answers = answer_endpoint(run, visits, endpoint, response_visit(run.study, endpoint)).answers
    if "relapse" not in answers.columns:
        return {}
    return {
        row["subject"]: FoundCondition(
            # Who did not respond has nothing that could be lost.
            _SAID.get(row["relapse"], "no"),
            row["relapse_visit"] or "",
            row["relapse_day"],
        )
        for row in answers.iter_rows(named=True)
    }
