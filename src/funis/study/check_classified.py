"""What a study must record where its rules ask for a set of classification criteria."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from funis.catalogue.registry import criteria_set
from funis.responses.possible_values import limits_of_criteria
from funis.study.classified import classifications_asked, classified_by, read_by_criteria
from funis.study.model import Study
from funis.study.rules import RuleError
from funis.study.study_finding import StudyFinding

_MOST_NAMED: Final = 8


def check_classified(study: Study) -> Iterator[StudyFinding]:
    """Find sets of criteria that nothing in the study can show, and columns of another kind than they read.

    Parameters
    ----------
    study : the models, each valid by itself

    Returns
    -------
    iterator of StudyFinding
    """
    try:
        asked = classifications_asked(study)
    except RuleError:
        # A rule that cannot be read is a finding of its own; what it asks for is not known.
        return
    for name in asked:
        by = classified_by(study, name)
        if not by.columns and not by.sources:
            read = ", ".join(read_by_criteria(name)[:_MOST_NAMED])
            message = "A rule asks whether these criteria were met, and the study records nothing they read."
            fix = f"Add columns in [[columns]], instruments or tests; they read {read} and others."
            yield StudyFinding(("columns",), f"baseline_{name}", message, fix)
        flags = yes_no_columns(name)
        for index, column in enumerate(study.columns):
            wanted = "flag" if column.name in flags else "number"
            if column.name in by.columns and column.kind != wanted:
                message = f"The criteria {name} read this column as a {wanted}."
                fix = f'Write kind = "{wanted}".'
                yield StudyFinding(("columns", index, "kind"), column.kind, message, fix)


def yes_no_columns(name: str) -> frozenset[str]:
    """Name the columns of a set of criteria that say whether something is there, 1 or 0.

    Examples
    --------
    >>> "hepatitis_c" in yes_no_columns("aecg_2002"), "focus_score" in yes_no_columns("aecg_2002")
    (True, False)
    """
    limits = limits_of_criteria(criteria_set(name)).columns
    return frozenset(
        each.column for each in limits if (each.lowest, each.highest) == (0, 1) and not each.unit
    )
