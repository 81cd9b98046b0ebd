"""Checks of the grades of adverse events: those that the CTCAE gives their term, and the ASTCT grades."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from funis.catalogue.event_terms import find_event_term
from funis.data.check.checked_data import Data
from funis.data.check.row_findings import row_finding, rows_where
from funis.errors import Finding
from funis.frames.verbs import verbs_of
from funis.safety_words import ASTCT_GRADES

_OF_TERM = {"crs_grade": "Cytokine release syndrome"}
"""The term of the CTCAE whose events have an ASTCT grade; ICANS has none of its own."""


def check_event_grades(data: Data) -> Iterator[Finding]:
    """Find grades that their term does not have, and ASTCT grades that contradict the outcome or are lacking.

    Parameters
    ----------
    data : the tables and what is known about them

    Returns
    -------
    iterator of Finding
        Nothing is said of a term that is none of the study's version of the CTCAE.
    """
    events = data.frames["adverse_events"]
    if events.is_empty():
        return
    version = data.study.trial.ctcae
    for row in rows_where(events, verbs_of(events).col("term").is_not_null()):
        found = find_event_term(version, row["term"], row["preferred_term"])
        if found is None:
            continue
        if row["grade"] is not None and row["grade"] not in found.grades:
            message = f"The CTCAE {version} gives this term the grades {found.printed_grades}."
            fix = "Correct the grade or the term."
            yield _finding("warning", "grade_not_of_term", row, "grade", message, fix)
        for column, term in _OF_TERM.items():
            is_asked = ASTCT_GRADES[column] in data.study.instrument_names
            if is_asked and found.term == term and row[column] is None:
                message = f"'{column}' is not recorded, and the study grades by the ASTCT."
                fix = "Write the ASTCT grade, 1 to 5."
                yield _finding("query", "missing_astct_grade", row, column, message, fix)
    ops = verbs_of(events)
    for column in ASTCT_GRADES:
        for row in rows_where(events, (ops.col(column) == 5) & (ops.col("outcome") != "fatal")):
            message = "ASTCT grade 5 is death, and the outcome is not fatal."
            fix = "Correct one of the two."
            yield _finding("warning", "grade_contradicts_outcome", row, column, message, fix)


def _finding(level: Any, code: str, row: dict[str, Any], column: str, message: str, fix: str) -> Finding:
    return row_finding(level, code, "adverse_events", row, column=column, message=message, fix=fix)
