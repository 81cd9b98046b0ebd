"""Subjects who are allocated at relapse, held against the relapses and the courses that were given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np

from funis.analysis.panel import Booleans
from funis.analysis.run import Run
from funis.data.check.row_findings import row_finding
from funis.errors import Finding
from funis.results import format_shortest
from funis.study.course_conditions import FoundCondition
from funis.study.randomisation import ReRandomisation

_LEFT: Final = ("withdrew", "lost", "died")


def arms_at_relapse(run: Run) -> dict[str, Booleans]:
    """Give who was allocated to each arm at relapse, in the order of the panel; empty where nobody is.

    Parameters
    ----------
    run : the analysis on its way
    """
    plan = run.study.re_randomisation
    if plan is None:
        return {}
    arms = dict(run.subject_frame.select("subject", "arm").iter_rows())
    return {
        arm: np.array([arms.get(subject) == arm for subject in run.panel.subjects], dtype=np.bool_)
        for arm in plan.ratio
    }


def check_allocated(
    run: Run, plan: ReRandomisation, met: Mapping[str, FoundCondition], begun: set[str]
) -> Iterator[Finding]:
    """Find who was allocated without a relapse, who was not although, and whom another course was given to.

    Parameters
    ----------
    run : the analysis on its way
    plan : of the study file
    met : relapse of each subject
    begun : who began the course at relapse
    """
    columns = ["subject", "_file", "_line", "arm", "last_visit_day", "disposition_status"]
    for row in run.subject_frame.select(columns).iter_rows(named=True):
        found = met.get(row["subject"])
        if found is None:
            continue
        if row["arm"] is not None and found.said != "yes":
            why = (
                "it cannot be told from the data"
                if found.said == "cannot tell"
                else "none is found in the data"
            )
            yield _of_subject(
                row, "allocated_without_relapse", f"The subject was allocated at relapse, and {why}.",
                "Check the assessments and the allocation; the subject is counted as allocated.",
                level="query" if found.said == "cannot tell" else "warning",
            )  # fmt: skip
        if row["arm"] is None and _is_awaited(row, found):
            yield _of_subject(
                row, "missing_allocation",
                f"A relapse is found on study day {format_shortest(found.day or 0)}, and no arm is recorded.",
                "Write the arm; if the subject was not allocated, say in disposition or visits why.",
            )  # fmt: skip
        if row["subject"] in begun and row["arm"] in {None, plan.control}:
            where = (
                "without an arm"
                if row["arm"] is None
                else f"in the arm '{plan.control}', which is without it"
            )
            yield _of_subject(
                row, "retreated_against_arm", f"The course at relapse was begun {where}.",
                "Check the arm and the infusions; the subject is counted in the arm that is recorded.",
            )  # fmt: skip


def _is_awaited(row: Mapping[str, Any], found: FoundCondition) -> bool:
    """Tell whether a subject relapsed and was seen afterwards."""
    seen_later = row["last_visit_day"] is not None and row["last_visit_day"] > (found.day or 0)
    return (
        found.said == "yes"
        and found.day is not None
        and seen_later
        and row["disposition_status"] not in _LEFT
    )


def _of_subject(
    row: Mapping[str, Any], code: str, message: str, fix: str, *, level: Any = "warning"
) -> Finding:
    return row_finding(level, code, "subjects", row, column="arm", message=message, fix=fix)
