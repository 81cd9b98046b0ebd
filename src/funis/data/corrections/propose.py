"""Findings of cells -> proposed corrections, where a cell has one reading; else what to ask."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from funis.data.cells import RawData, RawTable
from funis.data.check.columns import cell_of_number
from funis.data.check.one_reading import one_code, one_date, one_word, orders_of
from funis.data.check.plain_columns import number_limits
from funis.data.corrections.correction import EMPTY, CellPlace, Correction
from funis.errors import Finding
from funis.schema import NOT_DONE, Column, Table
from funis.study.allocated import arm_ids
from funis.study.model import Study

_FEW = 5
"""Cells of a column with the same text that a person is asked about one by one."""
_SWAPPED = str.maketrans(",.", ".,")


class _Sheet:
    """The cells of one table, as they stand in the sheet; what many findings ask is worked out once."""

    def __init__(self, raw: RawTable) -> None:
        self.raw = raw
        written = raw.written.cells if raw.written is not None else None
        self.cells = raw.frame if written is None else written
        self.rows = {line: row for row, line in enumerate(raw.frame["_line"].to_list())}
        self._texts: dict[str, list[str]] = {}
        self._orders: dict[str, set[str]] = {}

    def texts(self, column: str) -> list[str]:
        """Give every text of a column."""
        if column not in self._texts:
            self._texts[column] = [each.strip() for each in self.cells[column].unique().to_list() if each]
        return self._texts[column]

    def orders(self, column: str) -> set[str]:
        """Give the orders of day and month that a column shows."""
        if column not in self._orders:
            self._orders[column] = orders_of(self.texts(column))
        return self._orders[column]


@dataclass(frozen=True)
class _Cell:
    """The cell of a finding, as it stands in the sheet."""

    study: Study
    table: Table
    sheet: _Sheet
    column: str
    row: int
    today: date

    @property
    def text(self) -> str:
        """Give what stands in the cell."""
        return str(self.sheet.cells[self.column][self.row] or "").strip()

    def beside(self, column: str) -> str:
        """Give another cell of the row, as the table has it; empty where there is none."""
        frame = self.sheet.raw.frame
        return str(frame[column][self.row] or "").strip() if column in frame.columns else ""

    def known(self, column: str) -> Sequence[str]:
        """Name what a column may hold that the study file lists."""
        study = self.study
        listed = {
            "visit": study.visit_names,
            "test": study.lab_names,
            "site": study.site_ids,
            "arm": arm_ids(study),
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
        empty and ``why`` says what to ask. A text without a reading that stands in more than five cells of a
        column is left out: its meaning is declared in ``[import]``.
    """
    subjects = raw.tables["subjects"].frame if "subjects" in raw.tables else None
    numbers = () if subjects is None or "subject" not in subjects.columns else subjects["subject"].to_list()
    sheets = {(each.name, each.file): _Sheet(each) for each in (*raw.tables.values(), *raw.unused)}
    made: dict[CellPlace, Correction] = {}
    for finding in findings:
        sheet, table = sheets.get((finding.table, finding.file)), tables.get(finding.table)
        if sheet is not None and table is not None:
            for correction in _propose(study, table, sheet, finding, (today, numbers)):
                made.setdefault(correction.place, correction)
    # A word that stands in many cells is declared in [import]; nobody decides it cell by cell.
    asked = Counter(_text_in_column(each) for each in made.values() if not each.proposed)
    return [each for each in made.values() if each.proposed or asked[_text_in_column(each)] <= _FEW]


def _text_in_column(each: Correction) -> tuple[str, str, str]:
    return each.place.file, each.place.header, each.found


def _propose(
    study: Study, table: Table, sheet: _Sheet, finding: Finding, known: tuple[date, Sequence[str | None]]
) -> Iterator[Correction]:
    """Propose the correction of one finding."""
    raw = sheet.raw
    if finding.code == "unknown_column":
        yield from _propose_header(table, raw)
        return
    line = finding.line or 0
    read, row = _READINGS.get(finding.code), sheet.rows.get(line)
    if read is None or row is None or finding.column not in raw.frame.columns:
        return
    cell = _Cell(study, table, sheet, finding.column, row, known[0])
    if not cell.text:
        return
    if finding.code == "unknown_subject":
        reading = one_code(cell.text, [each for each in known[1] if each])
    else:
        reading = read(cell)
    header = _header(raw, finding.column)
    place = CellPlace(raw.file, line, header)
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


def _why(finding: Finding, *, is_one: bool) -> str:
    """Say whose cell it is and what the reading rests on, or what to ask."""
    who = ", ".join(filter(None, (finding.subject, finding.visit)))
    said = "It has one reading." if is_one else "Nothing is proposed."
    return " ".join(filter(None, (f"{who}:" if who else "", finding.message, said, finding.fix)))


def _read_number(cell: _Cell) -> str | None:
    """Give the only number that a cell can be, with the decimal mark of the sheet."""
    has_commas = cell.study.imported.decimal == ","
    column = cell.table.by_name[cell.column]
    found = cell_of_number(cell.table, cell.sheet.cells, column, cell.row)._replace(text=cell.text)
    found = found._replace(unit=cell.beside("unit") or found.unit if cell.column == "value" else found.unit)
    text = cell.text.translate(_SWAPPED) if has_commas else cell.text
    reading = found._replace(text=text).reading
    if reading is None or not _can_stand(column, reading):
        return None
    return reading.translate(_SWAPPED) if has_commas else reading


def _can_stand(column: Column, reading: str) -> bool:
    """Say whether a reading is possible in its column: what is beyond its limits was meant otherwise."""
    if reading in {"", NOT_DONE}:
        return True
    number = float(reading)
    if column.kind == "flag":
        return number in {0.0, 1.0}
    low, high = number_limits(column)
    return low <= number <= high and (column.kind != "integer" or number.is_integer())


def _read_date(cell: _Cell) -> str | None:
    """Give the only day that a cell can mean; a declared order that does not fit leaves none."""
    if cell.study.imported.date_order is not None:
        return None
    day = one_date(cell.text, cell.sheet.orders(cell.column), cell.today)
    return None if day is None else day.isoformat()


def _read_flag(cell: _Cell) -> str | None:
    found = cell_of_number(cell.table, cell.sheet.cells, cell.table.by_name[cell.column], cell.row)
    return found._replace(text=cell.text, column=replace(found.column, allowed=("0", "1"))).reading


def _read_allowed(cell: _Cell) -> str | None:
    return one_word(cell.text, cell.table.by_name[cell.column].allowed, cell.sheet.texts(cell.column))


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
