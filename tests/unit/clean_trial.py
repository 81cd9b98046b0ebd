"""The clean trial of tests/fault, held as rows, and its findings with some cells changed."""

import csv
from datetime import date
from pathlib import Path

from funis.data.tables import tables_from_frames
from funis.errors import Finding
from funis.study.model import Study
from funis.study.read import read_study

CLEAN = Path(__file__).parents[1] / "fault" / "clean"
TODAY = date(2026, 1, 1)
STUDY = read_study(CLEAN)
TABLES = {
    path.stem: list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    for path in sorted((CLEAN / "data").glob("*.csv"))
}
Change = tuple[str, int, str, str]
"""Table, row (from 0; one more than there are adds a row of S1), column, text."""


def find(
    *changes: Change, study: Study = STUDY, without: tuple[tuple[str, str, str], ...] = ()
) -> tuple[Finding, ...]:
    """Check the clean trial with some cells changed and without rows, each named by table, column and text."""
    tables = {name: [dict(row) for row in rows] for name, rows in TABLES.items()}
    for name, column, text in without:
        tables[name] = [row for row in tables[name] if row.get(column) != text]
    for name, row, column, text in changes:
        rows = tables.setdefault(name, [])
        if row == len(rows):
            rows.append({"subject": "S1"})
        rows[row][column] = text
    return tables_from_frames(study, tables, today=TODAY).findings
