"""What a response needs that a trial collected for nobody: it does not apply to these records."""

from __future__ import annotations

from collections.abc import Mapping

from funis.catalogue.model_parameter import ParameterValue
from funis.catalogue.model_response import GRADE_MEASURES, PrintedCriterion, ResponseDefinition
from funis.errors import ColumnError
from funis.responses.timeline import CohortTimelines


def find_lacking(
    cohort: CohortTimelines, definition: ResponseDefinition, chosen: Mapping[str, ParameterValue]
) -> tuple[str, ...]:
    """Return what a definition needs that was collected for nobody."""
    parameters = definition.settle(chosen)
    lacking: dict[str, None] = {}
    if definition.reads_grades(parameters):
        try:
            cohort.systems(str(parameters["instrument"]))
        except ColumnError:
            lacking[f"{parameters['instrument']}_<system>"] = None
    rows = [row for row in definition.active(parameters) if not row.absent_means]
    found = {row.id: _lacking_of(cohort, definition, row, parameters) for row in rows}
    for rule in definition.rules:
        reachable = sum(
            definition.criterion(name).points if rule.counted == "points" else 1
            for name in rule.criteria
            if not found.get(name)
        )
        if rule.counted != "all" and reachable >= rule.least:
            return tuple(lacking)
    return tuple(lacking | dict.fromkeys(name for names in found.values() for name in names))


def _lacking_of(
    cohort: CohortTimelines,
    definition: ResponseDefinition,
    row: PrintedCriterion,
    parameters: Mapping[str, ParameterValue],
) -> list[str]:
    """Return the columns one criterion lacks; nothing where one of its alternatives can be asked."""
    groups = []
    for phrases in row.alternatives:
        names = [
            column
            for phrase in phrases
            if phrase.measure not in GRADE_MEASURES
            for name in phrase.given
            for column in definition.sets.get(name, (str(parameters.get(name) or name),))
        ]
        groups.append([name for name in names if not holds_column(cohort, name)])
    return [] if any(not group for group in groups) else list(dict.fromkeys(groups[0]))


def holds_column(cohort: CohortTimelines, column: str) -> bool:
    """Tell whether anybody has a value in a column, or a bound of one."""
    return any(name in cohort.columns for name in (column, f"{column}_lower", f"{column}_upper"))
