"""Sheets of a workbook -> rows of texts, each with the row that a spreadsheet program shows."""

from __future__ import annotations

import re
from collections.abc import Iterator

import polars as pl

from funis.bounded.limits import Limits
from funis.bounded.unpacked import check_texts
from funis.bounded.workbook import DamagedWorkbookError, SheetCells, find_cells, tell_damage
from funis.data.cells import RawData, TableCells, UnreadableError
from funis.data.read.records import Read, make_table
from funis.data.read.sources import TableSources

_NUMBER = re.compile(r"-?\d+\.\d+(?:[eE][+-]?\d+)?")


def read_sheets(
    data: bytes, file: str, known: tuple[TableSources, RawData], limits: Limits
) -> Iterator[tuple[str, str, Read]]:
    """Give each sheet of a workbook with a function that reads it."""
    import fastexcel

    sources, found = known
    rules = sources.rules
    places = find_cells(data, limits, note_texts=rules.decimal == ",")
    try:
        with tell_damage():
            book = fastexcel.read_excel(data)
    except DamagedWorkbookError as error:
        raise UnreadableError(
            "not_workbook", "The workbook cannot be read.", "Save it as .xlsx, without a password."
        ) from error
    for number, name in enumerate(book.sheet_names, start=1):
        if name not in places:
            continue
        sources.seen.append(name)
        label = sheet_label(file, number, name, sources)

        def read(header_row: int | None, sheet: str = name, label: str = label) -> TableCells:
            # skip_rows=0 keeps empty rows at the top, so that row numbers are those that Excel shows.
            try:
                with tell_damage():
                    cells = book.load_sheet(sheet, header_row=None, skip_rows=0, dtypes="string").to_polars()
            except DamagedWorkbookError as error:
                message = "The sheet cannot be read: the workbook is damaged."
                raise UnreadableError("not_workbook", message, "Save it again as .xlsx.") from error
            check_texts(cells, limits)
            records = _sheet_records(cells, places[sheet])
            if rules.decimal == ",":
                _use_decimal_commas(records, places[sheet])
            filled = [(row, line) for line, row in enumerate(records, start=1) if any(map(str.strip, row))]
            return make_table(filled, (found, label), header_row, left=places[sheet].left)

        yield name.strip(), label, read


def sheet_label(file: str, number: int, name: str, sources: TableSources) -> str:
    """Name a sheet in findings; one named after a person by its place in the workbook.

    Examples
    --------
    >>> sources = TableSources({"labs": True})
    >>> sheet_label("trial.xlsx", 1, "Labs", sources), sheet_label("trial.xlsx", 2, "Zhang Wei", sources)
    ('trial.xlsx[Labs]', 'trial.xlsx[sheet 2]')
    """
    return f"{file}[{name if sources.is_shown(name) else f'sheet {number}'}]"


def _sheet_records(cells: pl.DataFrame, places: SheetCells) -> list[list[str]]:
    """Give the rows of a sheet as texts."""
    records = [["" if cell is None else cell for cell in row] for row in cells.iter_rows()]
    # The library gives a spreadsheet error, and a formula without a result, as an empty cell.
    for (row, column), text in places.lost.items():
        records[row - 1][column - places.left] = text
    return records


def _use_decimal_commas(records: list[list[str]], places: SheetCells) -> None:
    """Write the numbers of a sheet as its reader sees them; what was typed as text stays as it is."""
    for line, record in enumerate(records, start=1):
        for index, cell in enumerate(record):
            if "." in cell and (line, index + places.left) not in places.texts and _NUMBER.fullmatch(cell):
                record[index] = cell.replace(".", ",")
