"""Checks of columns of subjects that classification criteria read: numbers that they cannot hold."""

from __future__ import annotations

from collections.abc import Iterator

from funis.catalogue.registry import criteria_set
from funis.data.check.checked_data import Data
from funis.data.check.row_findings import row_finding, rows_where
from funis.errors import Finding
from funis.frames.verbs import verbs_of
from funis.responses.possible_values import limits_of_criteria
from funis.study.classified import classifications_asked, classified_by


def check_criteria_columns(data: Data) -> Iterator[Finding]:
    """Report numbers of subjects that nobody can have, where criteria that are asked for read them.

    Parameters
    ----------
    data : the tables and what is known about them

    Returns
    -------
    iterator of Finding
        At error level: the value is left out, and the criterion is not known.
    """
    subjects = data.frames["subjects"]
    ops = verbs_of(subjects)
    told: set[str] = set()
    for name in classifications_asked(data.study):
        read = classified_by(data.study, name).columns
        for limits in limits_of_criteria(criteria_set(name)).columns:
            if limits.column not in read or limits.column in told:
                continue
            told.add(limits.column)
            value = ops.col(limits.column)
            for row in rows_where(subjects, (value < limits.lowest) | (value > limits.highest)):
                yield row_finding(
                    "error",
                    "value_outside_range",
                    "subjects",
                    row,
                    column=limits.column,
                    message="The value is not possible; it is left out.",
                    fix=f"Possible is {limits.allowed}.",
                )
