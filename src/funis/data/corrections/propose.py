"""Findings of cells -> proposed corrections, where a cell has one reading; else what to ask."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

import polars as pl

from funis.data.cells import RawData, RawTable
from funis.data.check.columns import cell_of_number
from funis.data.check.one_reading import one_code, one_date, one_word
from funis.data.corrections.correction import EMPTY, CellPlace, Correction
from funis.errors import Finding
from funis.schema import Table
from funis.study.model import Study

_SWAPPED = str.maketrans(",.", ".,")


@dataclass(frozen=True)
class _Cell:
    """The cell of a finding, as it stands in the sheet."""

    study: Study
    table: Table
    raw: RawTable
    column: str
    row: int
    today: date

    @property
    def text(self) -> str:
        """Give what stands in the cell."""
        return str(_written(self.raw)[self.column][self.row] or "").strip()

    @property
    def others(self) -> list[str]:
        """Give every text of the column."""
        cells = _written(self.raw)[self.column].unique().to_list()
        return [each.strip() for each in cells if each]

    def beside(self, column: str) -> str:
        """Give another cell of the row, as the table has it; empty where there is none."""
        frame = self.raw.frame
        return str(frame[column][self.row] or "").strip() if column in frame.columns else ""

    def known(self, column: str) -> Sequence[str]:
        """Name what a column may hold that the study file lists."""
        study = self.study
        listed = {
            "visit": study.visit_names,
            "test": study.lab_names,
            "site": study.site_ids,
            "arm": tuple(arm.id for arm in study.arms),
        }
        return listed.get(column, ())


def propose_corrections(
    study: Study, tables: dict[str, Table], raw: RawData, findings: Sequence[Finding], today: date
) -> list[Correction]:
    """Propose a correction for each finding of a cell that can be mended in its cell.

    Parameters
    ----------
    study : the study
    tables : its tables by name
    raw : the cells of its files
    findings : what was found in them
    today : the day of the check

    Returns
    -------
    list of Correction
        In the order of the findings, each cell once; where a cell has no or several readings ``proposed`` is
        empty and ``why`` says what to ask.
    """
    subjects = raw.tables["subjects"].frame if "subjects" in raw.tables else None
    numbers = () if subjects is None or "subject" not in subjects.columns else subjects["subject"].to_list()
    made: dict[CellPlace, Correction] = {}
    for finding in findings:
        for table in [raw.tables.get(finding.table), *raw.unused]:
            if table is None or (table.name, table.file) != (finding.table, finding.file):
                continue
            described = tables.get(table.name)
            if described is None:
                continue
            for correction in _propose(study, described, table, finding, (today, numbers)):
                made.setdefault(correction.place, correction)
    return list(made.values())


def _propose(
    study: Study, table: Table, raw: RawTable, finding: Finding, known: tuple[date, Sequence[str | None]]
) -> Iterator[Correction]:
    """Propose the correction of one finding."""
    if finding.code == "unknown_column":
        yield from _propose_header(table, raw)
        return
    read = _READINGS.get(finding.code)
    lines = raw.frame["_line"]
    if read is None or finding.line is None or finding.column not in raw.frame.columns:
        return
    rows = (lines == finding.line).arg_true().to_list()
    if not rows:
        return
    cell = _Cell(study, table, raw, finding.column, rows[0], known[0])
    if not cell.text:
        return
    if finding.code == "unknown_subject":
        reading = one_code(cell.text, [each for each in known[1] if each])
    else:
        reading = read(cell)
    header = _header(raw, finding.column)
    place = CellPlace(raw.file, finding.line, header)
    proposed = "" if reading is None else reading or EMPTY
    yield Correction(place, cell.text, proposed, _why(finding, is_one=reading is not None))


def _propose_header(table: Table, raw: RawTable) -> Iterator[Correction]:
    """Propose a name for each column of a sheet that is a slip of one that is not there."""
    absent = [name for name in table.by_name if name not in raw.frame.columns]
    for header in raw.grid.columns:
        if header not in raw.frame.columns or header in table.by_name:
            continue
        reading = one_word(header, absent)
        if reading is not None:
            place = CellPlace(raw.file, raw.grid.header_line, header)
            why = f"The name of the column is one letter from '{reading}', which the table lacks."
            yield Correction(place, header, reading, why)


def _header(raw: RawTable, column: str) -> str:
    """Give the name of a column in the sheet."""
    return raw.written.headers.get(column, column) if raw.written is not None else column


def _written(raw: RawTable) -> pl.DataFrame:
    """Give the cells as they stand in the sheet."""
    return raw.written.cells if raw.written is not None and raw.written.cells is not None else raw.frame


def _why(finding: Finding, *, is_one: bool) -> str:
    """Say whose cell it is and what the reading rests on, or what to ask."""
    who = ", ".join(filter(None, (finding.subject, finding.visit)))
    said = "It has one reading." if is_one else "Nothing is proposed."
    return " ".join(filter(None, (f"{who}:" if who else "", finding.message, said, finding.fix)))


def _read_number(cell: _Cell) -> str | None:
    """Give the only number that a cell can be, with the decimal mark of the sheet."""
    has_commas = cell.study.imported.decimal == ","
    column = cell.table.by_name[cell.column]
    found = cell_of_number(cell.table, _written(cell.raw), column, cell.row)._replace(text=cell.text)
    found = found._replace(unit=cell.beside("unit") or found.unit if cell.column == "value" else found.unit)
    if not has_commas:
        return found.reading
    reading = found._replace(text=cell.text.translate(_SWAPPED)).reading
    return None if reading is None else reading.translate(_SWAPPED)


def _read_date(cell: _Cell) -> str | None:
    """Give the only day that a cell can mean; a declared order that does not fit leaves none."""
    if cell.study.imported.date_order is not None:
        return None
    day = one_date(cell.text, cell.others, cell.today)
    return None if day is None else day.isoformat()


def _read_flag(cell: _Cell) -> str | None:
    found = cell_of_number(cell.table, _written(cell.raw), cell.table.by_name[cell.column], cell.row)
    return found._replace(text=cell.text, column=replace(found.column, allowed=("0", "1"))).reading


def _read_allowed(cell: _Cell) -> str | None:
    return one_word(cell.text, cell.table.by_name[cell.column].allowed, cell.others)


def _read_listed(cell: _Cell) -> str | None:
    return one_word(cell.text, cell.known(cell.column))


def _read_code(cell: _Cell) -> str | None:
    return one_code(cell.text, cell.known(cell.column))


def _ask(_: _Cell) -> None:
    """Propose nothing: units of another spelling are read already, the others are other units."""


_READINGS: dict[str, Callable[[_Cell], str | None]] = {
    "not_a_number": _read_number,
    "not_a_date": _read_date,
    "not_a_flag": _read_flag,
    "value_not_allowed": _read_allowed,
    "unknown_visit": _read_listed,
    "unknown_test": _read_listed,
    "unknown_site": _read_code,
    "unknown_arm": _read_code,
    "unknown_unit": _ask,
    "unknown_subject": _read_code,
}
