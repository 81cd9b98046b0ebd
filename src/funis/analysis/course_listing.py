"""Each later course of a subject in one row: what it was begun for, when, what was given, what followed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import polars as pl

from funis.analysis.course_conditions import answer_condition
from funis.analysis.response_rates import Answers
from funis.analysis.run import Run
from funis.study.courses import conditional_courses

#: Columns of the listing.
_COLUMNS: Final[Mapping[str, pl.DataType]] = {
    "subject": pl.String(),
    "course": pl.Int64(),
    "when": pl.String(),
    "found_at": pl.String(),
    "found_day": pl.Float64(),
    "day": pl.Float64(),
    "infusions": pl.Int64(),
    "cells_per_kg": pl.Float64(),
    "definition": pl.String(),
    "visit": pl.String(),
    "response": pl.String(),
    "response_day": pl.Float64(),
}


def list_courses(
    run: Run, infusions: pl.DataFrame, visits: pl.DataFrame, judged: Mapping[int, Answers]
) -> None:
    """List the later courses of every subject as ``courses``.

    Parameters
    ----------
    run : the analysis on its way
    infusions : with their courses, as ``infusions_by_course`` gives them
    visits : one row per subject and visit with the scored columns
    judged : by course the responses after it, of the first endpoint of kind response
    """
    found = {each.when: answer_condition(run, visits, each) for each in conditional_courses(run.study)}
    doses = infusions.with_columns((pl.col("cells") / pl.col("weight_kg")).alias("per_kg"))
    rows = []
    later = doses.filter(pl.col("course") > 1).sort("subject", "course", "position")
    for (subject, course), own in later.group_by("subject", "course", maintain_order=True):
        met = found.get(own["when"][0] or "", {}).get(str(subject))
        is_met = met is not None and met.said == "yes"
        answers = judged.get(int(str(course)))
        known = own["per_kg"].null_count() == 0
        rows.append(
            {
                "subject": subject,
                "course": course,
                "when": own["when"][0],
                **({"found_at": met.visit or None, "found_day": met.day} if met and is_met else {}),
                "day": own["course_start"][0],
                "infusions": own.height,
                "cells_per_kg": own["per_kg"].sum() if known else None,
                **(_response(run, answers, own) if answers is not None else {}),
            }
        )
    run.listings["courses"] = pl.DataFrame(rows, schema=dict(_COLUMNS))


def _response(run: Run, answers: Answers, own: pl.DataFrame) -> dict[str, Any]:
    """Give the response after a course, and the study day on which it was judged."""
    place, start = run.panel.layout.places.get(own["subject"][0]), own["course_start"][0]
    said = {} if place is None else answers.answers.row(place, named=True)
    day = said.get("response_day")
    return {
        "definition": answers.definition,
        "visit": answers.visit,
        "response": said.get("response"),
        "response_day": None if day is None or start is None else start + day,
    }
