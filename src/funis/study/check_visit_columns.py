"""What [[visit_columns]] must agree on: drugs where they are needed, names that nothing else has."""

from __future__ import annotations

from collections.abc import Iterator

from funis.catalogue.registry import definitions
from funis.study.model import Study
from funis.study.study_finding import StudyFinding, unknown_name
from funis.study.visit_columns import VisitColumn


def check_visit_columns(study: Study) -> Iterator[StudyFinding]:
    """Find columns of the visits that cannot be made, or that are there already.

    Parameters
    ----------
    study : the models, each valid by itself

    Returns
    -------
    iterator of StudyFinding
    """
    for index, column in enumerate(study.visit_columns):
        key = ("visit_columns", index)
        if column.kind == "adjudicated" or column.question or column.outcomes:
            yield from _check_adjudicated(study, index, column)
        needs_drugs = column.kind not in {"glucocorticoid_dose", "adjudicated"}
        if needs_drugs and not column.drugs:
            message = f"A column of kind {column.kind} needs the drugs it is made from."
            yield StudyFinding((*key, "drugs"), "", message, "List them as in medications.")
        if column.drugs and not needs_drugs:
            message = f"A column of kind {column.kind} is made from no drugs that are listed here."
            yield StudyFinding((*key, "drugs"), ", ".join(column.drugs), message, "Leave the drugs out.")
        if "unit" in column.model_fields_set and column.kind != "dose":
            message = f"A column of kind {column.kind} has no unit of its own."
            yield StudyFinding((*key, "unit"), column.unit, message, "Leave the unit out.")
        if column.name in {*study.lab_names, *definitions()}:
            message = "A laboratory test or an instrument has this name."
            yield StudyFinding((*key, "name"), column.name, message, "Give the column its own.")


def _check_adjudicated(study: Study, index: int, column: VisitColumn) -> Iterator[StudyFinding]:
    """Find an adjudication that is not there, and outcomes that it does not have."""
    key = ("visit_columns", index)
    if column.kind != "adjudicated":
        message = f"A column of kind {column.kind} asks no committee."
        yield StudyFinding((*key, "question"), column.question, message, "Leave question and outcomes out.")
        return
    known = {each.id: each for each in study.adjudications}
    if column.question not in known:
        yield unknown_name((*key, "question"), "adjudication", column.question, known)
        return
    for name in column.outcomes:
        if name not in known[column.question].outcomes:
            yield unknown_name((*key, "outcomes"), "outcome", name, known[column.question].outcomes)
    if not column.outcomes:
        message = "Nothing says for which outcomes the column is 1."
        yield StudyFinding((*key, "outcomes"), "", message, "List them.")
