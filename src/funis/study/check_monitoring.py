"""What [monitoring] must agree on with the tables of the study."""

from __future__ import annotations

from collections.abc import Iterator

from funis.adjudication_table import NAMED_TABLES
from funis.catalogue.registry import definition
from funis.study.model import Study
from funis.study.study_finding import StudyFinding, unknown_name


def check_monitoring(study: Study) -> Iterator[StudyFinding]:
    """Find names of ``critical`` that are neither a table of the study nor a column of one.

    Parameters
    ----------
    study : the models, each valid by itself

    Returns
    -------
    iterator of StudyFinding
    """
    tables = [*study.instrument_names, *NAMED_TABLES]
    for index, name in enumerate(study.monitoring.critical):
        table, dot, column = name.partition(".")
        key = ("monitoring", "critical", index)
        if table not in tables:
            yield unknown_name(key, "table", table, tables)
        elif dot and column not in _columns(study, table):
            yield unknown_name(key, f"column of {table}", column, _columns(study, table))


def _columns(study: Study, table: str) -> list[str]:
    if table in NAMED_TABLES:
        extra = [each.name for each in study.columns] if table == "subjects" else []
        return [*(column.name for column in NAMED_TABLES[table].columns), *extra]
    return ["date", *(item.name for item in definition(table).items)]
