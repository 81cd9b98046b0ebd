"""One value of the data replaced in memory: the same cells, checked twice; no file is touched."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, ClassVar, Final, NamedTuple

import polars as pl

from funis.data.cells import RawData, RawTable, leave_out_unusable
from funis.data.known_tables import study_tables
from funis.data.tables import Tables, check_cells
from funis.errors import FunisError, UnknownNameError, ValueRangeError
from funis.schema import Table
from funis.study.model import Study
from funis.study.today import study_today

_KEYS: Final = frozenset({"subject", "visit", "test"})
_LABS, _RESULT = "labs", "value"
_NAMES: Final = "an item, a laboratory test, TABLE.COLUMN or labs.TEST.COLUMN"


class DatumError(FunisError):
    """No single cell of the data is meant, or the new value cannot stand in it."""

    code: ClassVar[str] = "datum"


class Datum(NamedTuple):
    """One value somebody asks about.

    Attributes
    ----------
    subject, visit : whose and when; no visit for a table with one row a subject. With `table` the subject may
        be left out
    item : an item or a laboratory test; ``table.column`` or ``labs.test.column`` where the name alone is not
        enough
    value : what shall stand there, written as the tables are described; empty for a missing value
    table, line : the row itself, for tables with several rows a subject or none; of a workbook the row of the
        sheet. Empty and None where subject, visit and item name it
    """

    subject: str
    visit: str
    item: str
    value: str
    table: str = ""
    line: int | None = None


@dataclass(frozen=True, slots=True)
class ChangedValue:
    """One value replaced in memory.

    Attributes
    ----------
    table, file, line, column : the cell
    subject : whose row it is; empty where the table has no subjects
    was, now : what it holds in the data, and in its place; empty for nothing
    before, after : the tables, checked, without and with the change
    """

    table: str
    file: str
    line: int
    column: str
    subject: str
    was: str
    now: str
    before: Tables
    after: Tables


class _Cell(NamedTuple):
    """A column of a table, and of laboratory results the test whose rows are meant."""

    table: str
    column: str
    test: str = ""

    def __str__(self) -> str:
        if not self.test:
            return f"{self.table}.{self.column}"
        return f"{self.table}.{self.test}{'' if self.column == _RESULT else f'.{self.column}'}"


def change_value(study: Study, raw: RawData, datum: Datum, *, today: date | None = None) -> ChangedValue:
    """Replace one value of the cells of a study and check both.

    Parameters
    ----------
    study : the study
    raw : its cells; not changed
    datum : the value
    today : day after which a date lies in the future; default is today in the study's time zone

    Raises
    ------
    UnknownNameError : there is no such visit or item
    DatumError : there is no such subject, no row or several are meant, the column is not in the file, or the
        checks do not take the value

    Examples
    --------
    >>> from funis.data.given_frames import take_frames
    >>> from funis.data.known_tables import expected_tables
    >>> from funis.study.read import read_study, template_path
    >>> study = read_study(template_path("observational"))
    >>> known = study_tables(study)
    >>> rows = {"subjects": [{"subject": "S1", "age": 30, "sex": "female"}]}
    >>> raw = take_frames(rows, known, expected_tables(known))
    >>> changed = change_value(study, raw, Datum("S1", "", "age", "31"))
    >>> changed.was, changed.now, changed.after.frames["subjects"]["age"].to_list()
    ('30', '31', [31.0])
    """
    if datum.table or datum.line is not None:
        cell, row = _find_row(study, raw, datum)
    else:
        _check_subject(raw, datum)
        _check_visit(study, raw, datum)
        cell, row = _find_cell(study, raw, datum)
    found = raw.tables[cell.table]
    value = _usable_text(datum.value, found)
    now = today or study_today(study)
    before = check_cells(study, raw, now)
    changed = _with_cell(found, cell.column, row["_line"], value)
    after = check_cells(study, replace(raw, tables={**raw.tables, cell.table: changed}), now)
    _check_taken(found, cell.column, row["_line"], (before, after))
    was = (row[cell.column] or "").strip()
    subject = (row.get("subject") or "").strip()
    return ChangedValue(
        cell.table, found.file, row["_line"], cell.column, subject, was, value or "", before, after
    )


def _find_row(study: Study, raw: RawData, datum: Datum) -> tuple[_Cell, dict[str, Any]]:
    """Find the cell by its table, its line and its column."""
    tables = study_tables(study)
    if not datum.table or datum.line is None:
        raise DatumError("--table and --line name one row together: give both.")
    if datum.visit:
        raise DatumError("--visit: --table and --line name the row already. Leave --visit out.")
    if datum.table not in tables:
        raise UnknownNameError("table", datum.table, tables, "--table")
    found = raw.tables.get(datum.table)
    if found is None:
        raise DatumError(f"The data have no table '{datum.table}'.")
    table = tables[datum.table]
    # Another subject, visit or test, or another lot or donor, would make it another row.
    own = _KEYS | (set() if "subject" in table.by_name else set(table.key))
    columns = [name for name in table.names if name not in own]
    column = datum.item.removeprefix(f"{datum.table}.")
    if column not in columns:
        raise UnknownNameError("item", datum.item, columns, "--item")
    cell = _Cell(datum.table, column)
    if column not in found.frame.columns:
        raise DatumError(_why_none(raw, cell, datum))
    rows = found.frame.filter(pl.col("_line") == datum.line).to_dicts()
    if not rows:
        lines = found.frame["_line"]
        known = sorted(lines.to_list())
        where = f"; its rows stand on lines {known[0]} to {known[-1]}" if known else ""
        raise DatumError(f"{found.file} has no row on line {datum.line}{where}.")
    if datum.subject and (rows[0].get("subject") or "").strip() != datum.subject:
        raise DatumError(
            f"--subject: the row on line {datum.line} of {found.file} is not of this subject. Leave "
            "--subject out, or give another line."
        )
    return cell, rows[0]


def _check_subject(raw: RawData, datum: Datum) -> None:
    """Refuse a subject of whom no table knows; the others are not named."""
    for each in raw.tables.values():
        if (
            "subject" in each.frame.columns
            and not each.frame.filter(_is("subject", datum.subject)).is_empty()
        ):
            return
    found = ValueRangeError("--subject", datum.subject, "the number of a subject as it stands in the data")
    raise DatumError(str(found))


def _check_visit(study: Study, raw: RawData, datum: Datum) -> None:
    if not datum.visit or datum.visit in study.visit_names:
        return
    frames = (each.frame for each in raw.tables.values() if "visit" in each.frame.columns)
    if not any(frame.filter(_is("visit", datum.visit)).height for frame in frames):
        raise UnknownNameError("visit", datum.visit, study.visit_names, "--visit")


def _is(column: str, text: str) -> pl.Expr:
    return pl.col(column).str.strip_chars() == text


def _find_cell(study: Study, raw: RawData, datum: Datum) -> tuple[_Cell, dict[str, Any]]:
    """Find the one cell that is meant."""
    tables = study_tables(study)
    usable = {
        name: table for name, table in tables.items() if _has_rows_of(table, has_visit=bool(datum.visit))
    }
    meant = list(_cells_named(study, usable, datum.item))
    if not meant:
        names = [str(cell) for cell in _every_cell(study, usable)]
        plain = {cell.test or cell.column for cell in _every_cell(study, usable)}
        fix = f"{_NAMES}; with --visit in tables of visits, without it in tables with one row a subject"
        if datum.item.count("."):
            raise UnknownNameError("item", datum.item, names, "--item")
        raise UnknownNameError(f"item (give {fix})", datum.item, plain, "--item")
    rows = {cell: _rows(raw, cell, datum) for cell in meant}
    held = [cell for cell in meant if rows[cell]]
    if any(cell.test for cell in held):
        # The bare name of a test is its result; an item of the same name has its table before it.
        held = [cell for cell in held if cell.test]
    if len(held) > 1:
        listed = ", ".join(map(str, held))
        raise DatumError(
            f"--item: {datum.item!r} stands in several tables at this visit. Give one of: {listed}."
        )
    if not held:
        raise DatumError(" ".join(_why_none(raw, cell, datum) for cell in meant))
    cell, found = held[0], rows[held[0]]
    if len(found) > 1:
        lines = ", ".join(str(row["_line"]) for row in found)
        raise DatumError(
            f"{raw.tables[cell.table].file} has {len(found)} rows for this, on lines {lines}: it cannot be "
            "told which one is meant. Correct the rows first (funis check names them)."
        )
    return cell, found[0]


def _has_rows_of(table: Table, *, has_visit: bool) -> bool:
    if has_visit:
        return all(name in table.by_name for name in ("subject", "visit"))
    return table.key == ("subject",)


def _every_cell(study: Study, tables: Mapping[str, Table]) -> Iterator[_Cell]:
    """Give every cell that has a name of its own."""
    for name, table in tables.items():
        if name == _LABS:
            yield from (_Cell(_LABS, _RESULT, test) for test in study.lab_names)
        else:
            yield from (_Cell(name, column) for column in table.names if column not in _KEYS)


def _cells_named(study: Study, tables: Mapping[str, Table], item: str) -> Iterator[_Cell]:
    """Give the cells that a name may mean."""
    for cell in _every_cell(study, tables):
        if item in {str(cell), cell.test or cell.column}:
            yield cell
    if _LABS not in tables:
        return
    for column in tables[_LABS].names:
        if column in _KEYS or column == _RESULT:
            continue
        for test in study.lab_names:
            if item == str(_Cell(_LABS, column, test)):
                yield _Cell(_LABS, column, test)


def _rows(raw: RawData, cell: _Cell, datum: Datum) -> list[dict[str, Any]]:
    """Give the rows that hold a cell; none where its table or column is not there."""
    found = raw.tables.get(cell.table)
    if found is None or not all(name in found.frame.columns for name in ("subject", cell.column)):
        return []
    rows = found.frame.filter(_is("subject", datum.subject))
    for column, text in (("visit", datum.visit), ("test", cell.test)):
        if text:
            rows = rows.filter(_is(column, text)) if column in rows.columns else rows.clear()
    return rows.to_dicts()


def _why_none(raw: RawData, cell: _Cell, datum: Datum) -> str:
    """Say why a cell is not there."""
    found = raw.tables.get(cell.table)
    if found is None:
        return f"The data have no table '{cell.table}'."
    if cell.column not in found.frame.columns:
        return f"{found.file} has no column '{cell.column}'."
    about = f" of {cell.test}" if cell.test else ""
    if not datum.visit or "visit" not in found.frame.columns:
        return f"{found.file} has no row{about} of this subject."
    own = found.frame.filter(_is("subject", datum.subject))
    if cell.test:
        own = own.filter(_is("test", cell.test)) if "test" in own.columns else own.clear()
    visits = dict.fromkeys(each.strip() for each in own["visit"].to_list() if each)
    at = f"; there are rows at: {', '.join(visits)}" if visits else ""
    return f"{found.file} has no row{about} of this subject at {datum.visit!r}{at}."


def _usable_text(value: str, table: RawTable) -> str | None:
    """Give the text of a cell; refuse letters that no table can hold."""
    seen = RawData()
    leave_out_unusable(pl.DataFrame({"value": [value]}), seen, table.file, table.name)
    if seen.findings:
        raise DatumError(f"--value: {seen.findings[0].message} {seen.findings[0].fix}")
    return value.strip() or None


def _with_cell(table: RawTable, column: str, line: int, value: str | None) -> RawTable:
    """Give a table with another text in one cell."""
    new = (
        pl.when(pl.col("_line") == line)
        .then(pl.lit(value, pl.String))
        .otherwise(pl.col(column))
        .alias(column)
    )
    written = table.written
    if written is not None and written.cells is not None and column in written.cells.columns:
        written = replace(written, cells=written.cells.with_columns(new))
    return replace(table, frame=table.frame.with_columns(new), written=written)


def _check_taken(table: RawTable, column: str, line: int, checked: tuple[Tables, Tables]) -> None:
    """Refuse a value for which the checks would leave the cell out: what they say is what is allowed."""
    before, after = (Counter(each.findings) for each in checked)
    names = {column, table.written.headers.get(column, column) if table.written is not None else column}
    for finding in after - before:
        is_here = (finding.table, finding.line) == (table.name, line) and finding.column in names
        if is_here and finding.is_left_out:
            raise DatumError(f"--value: {finding.message} {finding.fix}")
