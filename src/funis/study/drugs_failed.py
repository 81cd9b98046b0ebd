"""How many drugs had failed before the first infusion: what "refractory to standard treatment" is judged by.

A drug has failed where a course of it that began before day 0 had no response, or a partial one. A drug that
was not tolerated has not failed: what it would have done is not known. A missing answer is never a zero. The
number is null where nothing is recorded before day 0, and where a course whose response, drug or first day is
not recorded could be one more.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import polars as pl

from funis.frames.verbs import frame_like
from funis.study.kept import once_a_study
from funis.study.model import Study
from funis.study.rules import rule_columns

DRUGS_FAILED: Final = "drugs_failed"
INSUFFICIENT: Final = frozenset({"none", "partial"})
"""Responses to a drug that are not sufficient."""

_Course = tuple[str | None, str | None, bool | None]
"""Drug, response, and whether the course began before day 0; None where it is not recorded."""


def derive_drugs_failed(_: Study, frames: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Count the distinct drugs of each subject that had failed before day 0.

    Parameters
    ----------
    frames : tables by name, study days filled

    Returns
    -------
    polars.DataFrame
        ``subject``, ``drugs_failed``; a subject without a course that may have begun before day 0 has no row.

    Examples
    --------
    >>> columns = {"subject": ["1", "1"], "drug": ["prednisone", "Prednisone"]}
    >>> columns |= {"response": ["none", "partial"], "start_day": [-90, -30], "end_day": [-60, None]}
    >>> courses = pl.DataFrame(columns)
    >>> derive_drugs_failed(None, {"medications": courses}).rows()
    [('1', 1.0)]
    """
    medications = frames["medications"]
    courses: dict[str, list[_Course]] = {}
    columns = ("subject", "drug", "response", "start_day", "end_day")
    for subject, drug, response, start, end in medications.select(*columns).iter_rows():
        began = began_before(start, end)
        if began is not False and subject is not None:
            name = " ".join(drug.casefold().split()) if drug else None
            courses.setdefault(subject, []).append((name, response, began))
    counted = {subject: _count(own) for subject, own in courses.items()}
    cells = {"subject": list(counted), DRUGS_FAILED: list(counted.values())}
    return frame_like(medications, cells, {"subject": pl.String(), DRUGS_FAILED: pl.Float64()})


def began_before(start: float | None, end: float | None) -> bool | None:
    """Tell whether a course began before day 0; None where its days leave that open.

    Parameters
    ----------
    start, end : first and last study day, None where not recorded

    Examples
    --------
    >>> began_before(-1, None), began_before(0, None), began_before(None, -1), began_before(None, 0)
    (True, False, True, None)
    """
    if start is not None:
        return start < 0
    return True if end is not None and end < 0 else None


def _count(courses: list[_Course]) -> float | None:
    """Count the drugs that failed; None where a course leaves open whether there is one more."""
    failed = {drug for drug, response, began in courses if drug and began and response in INSUFFICIENT}
    for drug, response, _ in courses:
        may_have_failed = response is None or response in INSUFFICIENT
        if may_have_failed and (drug is None or drug not in failed):
            return None
    return float(len(failed))


@once_a_study
def asks_for_failed_drugs(study: Study) -> bool:
    """Say whether a rule of eligibility, a population or a subgroup reads the number of failed drugs.

    Examples
    --------
    >>> trial = {"id": "X", "title": "X", "condition": "sle", "design": "single_arm"}
    >>> study = Study.model_validate({"study": trial, "subgroups": {"refractory": "drugs_failed >= 2"}})
    >>> asks_for_failed_drugs(study)
    True
    """
    return any(DRUGS_FAILED in rule_columns(rule) for rule in study.subject_rules)
