"""What [[visit_columns]] must agree on: drugs where they are needed, names that nothing else has."""

from __future__ import annotations

from collections.abc import Iterator

from funis.catalogue.registry import definitions
from funis.study.model import Study
from funis.study.study_finding import StudyFinding


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
        needs_drugs = column.kind != "glucocorticoid_dose"
        if needs_drugs and not column.drugs:
            message = f"A column of kind {column.kind} needs the drugs it is made from."
            yield StudyFinding((*key, "drugs"), "", message, "List them as in medications.")
        if column.drugs and not needs_drugs:
            message = "Every systemic glucocorticoid counts, by its table of equivalent doses."
            yield StudyFinding((*key, "drugs"), ", ".join(column.drugs), message, "Leave the drugs out.")
        if "unit" in column.model_fields_set and column.kind != "dose":
            message = f"A column of kind {column.kind} has no unit of its own."
            yield StudyFinding((*key, "unit"), column.unit, message, "Leave the unit out.")
        if column.name in {*study.lab_names, *definitions()}:
            message = "A laboratory test or an instrument has this name."
            yield StudyFinding((*key, "name"), column.name, message, "Give the column its own.")
