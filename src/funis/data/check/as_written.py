"""Findings with what stands in the sheet: its own text, its own name of the column, subject and visit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cached_property

import polars as pl

from funis.data.cells import RawData, RawTable
from funis.data.check.row_findings import show_value
from funis.errors import Finding
from funis.study.imported import plain_name

OF_HEADERS = frozenset(
    {"missing_column", "unknown_column", "duplicate_column", "control_character", "total_row"}
)
"""Findings of a whole column, or of a row of totals: no subject is named by the row that has their line."""


def quote_written(findings: Iterable[Finding], raw: RawData) -> list[Finding]:
    """Complete findings by what stands in the rows they name.

    Parameters
    ----------
    findings : of the tables, with the names of columns and the values that the tables have
    raw : the cells of all tables

    Returns
    -------
    list of Finding
        With the subject and the visit of the row; where a cell was translated with its own text, and where
        the column has another name in the sheet with that name in the message.
    """
    rows: dict[str, _Rows] = {}
    return [_quote(finding, raw, rows) for finding in findings]


def _quote(finding: Finding, raw: RawData, rows: dict[str, _Rows]) -> Finding:
    table = raw.tables.get(finding.table) or next(
        (each for each in raw.unused if (each.name, each.file) == (finding.table, finding.file)), None
    )
    if table is None or (finding.subject and table.written is None):
        return finding
    found = rows.setdefault(finding.table, _Rows(table))
    line = None if finding.code in OF_HEADERS else finding.line
    headers: Mapping[str, str] = table.written.headers if table.written is not None else {}
    return replace(
        finding,
        subject=finding.subject or found.text("subject", line),
        visit=finding.visit or found.text("visit", line),
        value=found.written(finding.column, line, finding.value),
        message=_name_header(finding.message, finding.column, headers.get(finding.column, "")),
    )


def _name_header(message: str, column: str, header: str) -> str:
    """Say in a message what the column is called in the sheet.

    Examples
    --------
    >>> _name_header("'value' is not a number.", "value", "Ergebnis")
    "'value' (column 'Ergebnis' of the sheet) is not a number."
    """
    if not header or plain_name(header) == column or f"'{header}'" in message:
        return message
    said = f"(column '{header}' of the sheet)"
    quoted = f"'{column}'"
    if quoted in message:
        return message.replace(quoted, f"{quoted} {said}", 1)
    return f"{message.removesuffix('.')} {said}."


class _Rows:
    """The rows of one table by their lines."""

    def __init__(self, table: RawTable) -> None:
        self.frame = table.frame
        self.cells = table.written.cells if table.written is not None else None

    @cached_property
    def by_line(self) -> dict[int, int]:
        """Give the number of the row of each line."""
        return {line: row for row, line in enumerate(self.frame["_line"].to_list())}

    def text(self, column: str, line: int | None) -> str:
        """Give a cell as the table has it; empty where there is none."""
        return self._cell(self.frame, column, line)

    def written(self, column: str, line: int | None, value: str) -> str:
        """Give what stands in the sheet for a value that a finding quotes; another value stays."""
        if self.cells is None or not value:
            return value
        text, original = self._cell(self.frame, column, line), self._cell(self.cells, column, line)
        number, gap, unit = value.partition(" ")
        if not original or number not in {text, _as_number(text)}:
            return original[:60] if original and value == text else value
        return f"{original}{gap}{unit}"[:60]

    def _cell(self, frame: pl.DataFrame, column: str, line: int | None) -> str:
        row = None if line is None else self.by_line.get(line)
        if row is None or column not in frame.columns:
            return ""
        return str(frame[column][row] or "").strip()


def _as_number(text: str) -> str:
    """Give a text as the checks show its number."""
    try:
        return show_value(float(text))
    except ValueError:
        return text
