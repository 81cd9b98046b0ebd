"""Files -> cells: CSV, Parquet or a workbook, every cell as text with its line.

Nothing is interpreted here except what makes a file a table: encoding, delimiter, header, rows.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import polars as pl
from polars.exceptions import PanicException, PolarsError

from funis.bounded.limits import BeyondLimitError, Limits, RefusedFileError
from funis.bounded.parquet import check_parquet
from funis.bounded.regular_file import read_regular
from funis.bounded.unpacked import check_texts
from funis.bounded.workbook import SheetCells, find_cells
from funis.data.cells import InputFile, RawData, RawTable, UnreadableError, as_texts, leave_out_unusable
from funis.data.known_tables import finding_unknown_table
from funis.data.read.sources import SUFFIXES, TableSources
from funis.data.read.translate import name_columns, translate_table
from funis.letters import show_forbidden
from funis.schema import Table
from funis.study.imported import Import, plain_form

_DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
_LINE = "_line"
# A workbook is a compressed archive; one of these in a file named .csv means a wrong name.
_ARCHIVE = b"PK\x03\x04"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_UTF8 = b"\xef\xbb\xbf"
_NUMBER = re.compile(r"-?\d+\.\d+(?:[eE][+-]?\d+)?")
_Read = Callable[[int | None], pl.DataFrame]
"""Reads a table, given the row of its header where the study file names it."""


def read_folder(
    folder: Path,
    expected: Mapping[str, bool],
    *,
    tables: Mapping[str, Table] | None = None,
    rules: Import | None = None,
    limits: Limits | None = None,
    inside: Path | None = None,
) -> RawData:
    """Read every table of a data folder.

    Parameters
    ----------
    folder : the folder, or one workbook
    expected : names of tables that may be there, and whether the study uses them
    tables : what the columns of the study's tables are; None where names of columns are taken as they stand
    rules : how the sheets are written; None where they are written as the tables are described
    limits : how much a file may hold; None for the usual limits
    inside : folder that no link may lead out of; None where the one file was named by the user

    Returns
    -------
    RawData
        Tables by name; every finding of the files.
    """
    found = RawData()
    most = limits or Limits()
    sources = TableSources(expected, tables or {}, rules or Import())
    paths = _list_paths(folder, most, found)
    if not folder.exists():
        found.finding(
            "folder_missing", folder.name, "There is no such folder.", "Give the folder that holds the data."
        )
    for number, path in enumerate(paths, start=1):
        label = _label(path, number, sources)
        # Without a folder of its own the data may stand beside the study file.
        if path.name.startswith((".", "~$")) or path.is_dir() or path.name == "study.toml":
            continue
        if path.suffix.lower() not in SUFFIXES:
            fix = "Save tables as .csv (UTF-8, commas), .parquet or .xlsx."
            found.finding("file_ignored", label, "This file is not read.", fix, level="warning")
            continue
        _read_path(path, sources, found, _Opening(most, inside, label))
    sources.report_absent(folder.name, found)
    return found


class _Opening(NamedTuple):
    """How a file is opened: how much it may hold, where it must lie, what it is called in findings."""

    limits: Limits
    inside: Path | None
    label: str


def _label(path: Path, number: int, sources: TableSources) -> str:
    """Name a file in findings and listings; a file named after a person by its place in the folder."""
    if sources.is_shown(path.stem):
        return path.name
    return f"file {number}{path.suffix if path.suffix.lower() in SUFFIXES else ''}"


def _list_paths(folder: Path, limits: Limits, found: RawData) -> list[Path]:
    """List what stands in a folder, where it is not more than the limit."""
    if not folder.is_dir():
        return [folder] if folder.exists() else []
    paths = list(islice(folder.iterdir(), limits.files + 1))
    try:
        limits.check("files", len(paths), f"The folder has {len(paths):,} entries or more")
    except BeyondLimitError as error:
        found.finding("beyond_limit", folder.name, error.message, error.fix)
        return []
    return sorted(paths)


def _read_path(path: Path, sources: TableSources, found: RawData, opening: _Opening) -> None:
    """Read one file and add its tables."""
    limits, label, rules = opening.limits, opening.label, sources.rules
    if path.suffix.lower() != ".xlsx":
        sources.seen.append(path.stem)
    tables = [name for name in sources.tables_in(path.stem) if name in sources.expected]
    table = tables[0] if tables else ""
    try:
        data = read_regular(path, limits, inside=opening.inside)
    except (BeyondLimitError, RefusedFileError) as error:
        found.unreadable.update(tables)
        found.finding(error.finding, label, error.message, error.fix, table=table)
        return
    except OSError as error:
        fix = "Check that the file is there and that you may read it."
        found.unreadable.update(tables)
        found.finding("file_closed", label, f"The file cannot be opened: {error.strerror}.", fix, table=table)
        return
    readers: dict[str, Callable[[], Iterable[tuple[str, str, _Read]]]] = {
        ".csv": lambda: [(path.stem, label, lambda row: _read_csv(data, (found, label), limits, rules, row))],
        ".parquet": lambda: [(path.stem, label, lambda _: _read_parquet(data, limits, rules))],
        ".xlsx": lambda: _sheets(data, label, (sources, found), limits),
    }
    rows = 0
    try:
        for source, file, read in readers[path.suffix.lower()]():
            rows += max(
                _add_table(name, source, file, read, (sources, found)) for name in sources.tables_in(source)
            )
    except UnreadableError as error:
        found.finding(error.code, label, error.message, error.fix)
    except (BeyondLimitError, RefusedFileError) as error:
        found.unreadable.update(tables)
        found.finding(error.finding, label, error.message, error.fix)
    found.files.append(InputFile(show_forbidden(label), hashlib.sha256(data).hexdigest(), rows))


def _add_table(
    name: str,
    source: str,
    file: str,
    read: _Read,
    known: tuple[TableSources, RawData],
) -> int:
    """Add one table if the study expects it; give its number of rows."""
    sources, found = known
    expected = sources.expected
    if not expected.get(name):
        found.findings.append(finding_unknown_table(name, file, expected))
        return 0
    if name in found.tables or name in found.unreadable:
        first = found.tables[name].file if name in found.tables else "another file"
        message = f"The table '{name}' stands in two files; {first} is read."
        found.finding("two_files", file, message, "Keep one of them in the data folder.", table=name)
        return 0
    try:
        frame = read(sources.rules.header_rows.get(name))
    except UnreadableError as error:
        found.unreadable.add(name)
        found.finding(
            error.code, file, error.message, error.fix, table=name, line=error.line, value=error.value
        )
        return 0
    except (BeyondLimitError, RefusedFileError) as error:
        found.unreadable.add(name)
        found.finding(error.finding, file, error.message, error.fix, table=name)
        return 0
    others = set(sources.claimed_by_others(name, source))
    frame = frame.drop(
        each for each in frame.columns if plain_form(each) in others and not _is_own(each, name, sources)
    )
    raw = RawTable(name, file, leave_out_unusable(frame, found, file, name))
    table = sources.tables.get(name)
    found.tables[name] = raw if table is None else translate_table(raw, table, sources.rules, found)
    return frame.height


def _is_own(header: str, table: str, sources: TableSources) -> bool:
    """Say whether a column of a sheet with several tables belongs to this one too."""
    return (
        bool(name_columns([header], sources.tables[table], sources.rules))
        or header in sources.tables[table].by_name
    )


def _read_csv(
    data: bytes, place: tuple[RawData, str], limits: Limits, rules: Import, header_row: int | None
) -> pl.DataFrame:
    """Read a CSV file as text, each row with the line it begins on."""
    cells = data.count(rules.separator.encode()) + data.count(b"\n") + data.count(b"\r")
    limits.check("cells", cells, f"The file has some {cells:,} cells")
    text = _decode(data, rules.encoding)
    rows = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=rules.separator)
    records: list[list[str]] = []
    lines: list[int] = []
    begin = 1
    usual = csv.field_size_limit(limits.cell_letters)
    try:
        for record in rows:
            if any(map(str.strip, record)):
                records.append(record)
                lines.append(begin)
            begin = rows.line_num + 1
    except csv.Error as error:
        if "field larger" in str(error):
            letters = limits.cell_letters
            cell = (
                f"A cell of line {begin} holds more than {letters:,} letters, or its quotation mark is open"
            )
            raise BeyondLimitError("cell_letters", 2 * letters, letters, cell) from error
        message, fix = "A quotation mark opens and does not close.", 'Write a quote inside a text as "".'
        raise UnreadableError("quotes", message, fix, line=begin) from error
    finally:
        csv.field_size_limit(usual)
    limits.check("rows", len(records) - 1, f"The table has {len(records) - 1:,} rows")
    limits.check("columns", len(records[0]) if records else 0, "The header is long")
    if not records:
        raise UnreadableError(
            "empty_file", "The file is empty; it has not even a header.", "Write the header."
        )
    _check_delimiter(records[0], lines[0], rules.separator)
    header, following = _find_header(list(zip(records, lines, strict=True)), header_row)
    return _frame(header, following, place, is_declared=header_row is not None)


def _find_header(
    filled: list[tuple[list[str], int]], header_row: int | None
) -> tuple[list[str], list[tuple[list[str], int]]]:
    """Give the header and the rows below it: the first row that is not empty, or the declared one.

    Cells merged over several rows of a header keep their text in the first of them.
    """
    if header_row is None:
        return filled[0][0], filled[1:]
    number = next((place for place, (_, line) in enumerate(filled) if line == header_row), None)
    if number is None:
        message = f"The header is declared to stand in row {header_row}, which is empty or not there."
        raise UnreadableError("header_row", message, "Correct [import.header_rows].", line=header_row)
    header = list(filled[number][0])
    for above, _ in reversed(filled[:number]):
        header += [""] * (len(above) - len(header))
        header = [
            own if own.strip() else upper
            for own, upper in zip(header, [*above, *header[len(above) :]], strict=True)
        ]
    return header, filled[number + 1 :]


def _decode(data: bytes, encoding: str) -> str:
    """Read bytes as UTF-8 or the declared encoding; say what they look like where they are not."""
    if data.startswith(_ARCHIVE):
        raise UnreadableError("not_csv", "This is a workbook, not a CSV file.", "Rename it to end in .xlsx.")
    if data.startswith(_UTF16) and encoding != "utf-16":
        raise UnreadableError("encoding", "The file is UTF-16 text.", _encoding_fix("utf-16"))
    try:
        text = data.decode("utf-8-sig" if encoding == "utf-8" or data.startswith(_UTF8) else encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        value = f"byte {data[error.start]:#04x}"
        message = f"The file is not {encoding.upper()} text."
        raise UnreadableError(
            "encoding", message, _encoding_fix("gb18030", "windows-1252"), line=line, value=value
        ) from error
    if "\x00" in text:
        line = text.count("\n", 0, text.index("\x00")) + 1
        raise UnreadableError(
            "encoding", "The file holds a null byte.", "Save it again as CSV UTF-8.", line=line
        )
    return text


def _encoding_fix(*names: str) -> str:
    declared = " or ".join(f'encoding = "{name}"' for name in names)
    return f"Save it as CSV UTF-8, or declare its encoding in [import], for example {declared}."


def _check_delimiter(header: Sequence[str], line: int, separator: str) -> None:
    """Refuse a file whose cells are divided by another sign: its numbers may have decimal commas too."""
    for sign, words in _DELIMITERS.items():
        if sign == separator:
            continue
        if sum(sign in cell for cell in header) and len(header) <= header[0].count(sign) + 1:
            written = "\\t" if sign == "\t" else sign
            raise UnreadableError(
                "delimiter",
                f"The cells are divided by {words}, not by {_DELIMITERS[separator]}.",
                f"Save it as CSV with {_DELIMITERS[separator]} between cells, or declare in [import] "
                f'separator = "{written}", and decimal = "," where decimals have commas.',
                line=line,
            )


def _frame(
    header: Sequence[str],
    rows: Iterable[tuple[Sequence[str], int]],
    place: tuple[RawData, str],
    *,
    is_declared: bool = False,
) -> pl.DataFrame:
    """Make a frame of texts; rows with too few or too many cells are left out and reported."""
    rows = list(rows)
    if not is_declared:
        _check_title(header, rows)
    names = _check_header(header, place)
    width = len(header)
    kept: list[Sequence[str]] = []
    lines: list[int] = []
    repeated = [cell.strip() for cell in header]
    strays: dict[int, tuple[int, int]] = {}
    has_strays = not all(repeated)
    for record, line in rows:
        # Most rows differ from the header in their first cell: millions of cells need no look.
        if record and record[0].strip() == repeated[0] and [cell.strip() for cell in record] == repeated:
            place[0].finding(
                "header_repeated",
                place[1],
                "The row repeats the header; it is left out.",
                "Take the row out; it stays behind when tables are pasted under each other.",
                line=line,
                level="warning",
            )
            continue
        if has_strays:
            _note_strays(repeated, record, line, strays)
        if len(record) == width or (len(record) > width and not any(cell.strip() for cell in record[width:])):
            kept.append(record)
            lines.append(line)
            continue
        found, file = place
        message = f"The row has {len(record)} cells, the header {width}; the row is left out."
        fix = 'Give each column one cell; write a text that holds a comma in "quotes".'
        found.finding("ragged_row", file, message, fix, line=line)
    _finding_strays(strays, place)
    columns = {
        name: pl.Series(name, [record[index] for record in kept], dtype=pl.String)
        for name, index in names.items()
    }
    return pl.DataFrame({**columns, _LINE: pl.Series(_LINE, lines, dtype=pl.Int64)})


def _check_title(header: Sequence[str], rows: Sequence[tuple[Sequence[str], int]]) -> None:
    """Refuse a table that has a title above its header."""
    first = [cell for cell in header if cell.strip()]
    following = sum(bool(cell.strip()) for cell in rows[0][0]) if rows else 0
    if len(first) == 1 and following > 2:
        message = "The first row has one cell, as a title has, and the header stands below it."
        fix = "Take out the rows above the header, or name its row in [import.header_rows]."
        raise UnreadableError("title_above_header", message, fix, line=rows[0][1] - 1)


def _note_strays(
    header: Sequence[str], record: Sequence[str], line: int, strays: dict[int, tuple[int, int]]
) -> None:
    """Note values under an empty header: the first line of each column, and how many."""
    for index, cell in enumerate(record[: len(header)]):
        if not header[index] and cell.strip():
            first, count = strays.get(index, (line, 0))
            strays[index] = (first, count + 1)


def _finding_strays(strays: Mapping[int, tuple[int, int]], place: tuple[RawData, str]) -> None:
    """Say which columns hold values and have no name."""
    found, file = place
    for index, (line, count) in sorted(strays.items()):
        cells = "one value" if count == 1 else f"{count} values"
        message = f"Column {index + 1} has no name in the header and holds {cells}; it is not read."
        fix = "Write its name into the header, or empty the column."
        found.finding("unnamed_column", file, message, fix, line=line, level="warning")


def _check_header(header: Sequence[str], place: tuple[RawData, str]) -> dict[str, int]:
    """Give the position of each column; a name that stands twice or is empty is reported."""
    found, file = place
    names: dict[str, int] = {}
    for index, cell in enumerate(header):
        name = cell.strip()
        if not name:
            continue
        if name in names:
            message = f"The column stands twice; column {names[name] + 1} is read, column {index + 1} is not."
            found.finding("duplicate_column", file, message, "Keep one of them.", line=1, column=name)
            continue
        names[name] = index
    return names


def _read_parquet(data: bytes, limits: Limits, rules: Import) -> pl.DataFrame:
    """Read a Parquet file and turn its cells into text."""
    check_parquet(data, limits)
    try:
        frame = pl.read_parquet(io.BytesIO(data))
    except (PolarsError, OSError, PanicException) as error:
        # What the library says may quote the file.
        raise UnreadableError(
            "not_parquet", "The file is not Parquet, or is damaged.", "Write it again."
        ) from error
    check_texts(frame, limits)
    texts = as_texts(frame)
    if rules.decimal == ",":
        numbers = [name for name, dtype in frame.schema.items() if dtype.is_float() and name in texts.columns]
        texts = texts.with_columns(pl.col(numbers).str.replace(".", ",", literal=True))
    return texts.with_columns(pl.int_range(2, pl.len() + 2, dtype=pl.Int64).alias(_LINE))


def _sheets(
    data: bytes, file: str, known: tuple[TableSources, RawData], limits: Limits
) -> Iterator[tuple[str, str, _Read]]:
    """Give each sheet of a workbook with a function that reads it."""
    import fastexcel

    sources, found = known
    rules = sources.rules
    places = find_cells(data, limits, note_texts=rules.decimal == ",")
    try:
        book = fastexcel.read_excel(data)
    except fastexcel.FastExcelError as error:
        raise UnreadableError(
            "not_workbook", "The workbook cannot be read.", "Save it as .xlsx, without a password."
        ) from error
    for number, name in enumerate(book.sheet_names, start=1):
        if name not in places:
            continue
        sources.seen.append(name)
        label = f"{file}[{name if sources.is_shown(name) else f'sheet {number}'}]"

        def read(header_row: int | None, sheet: str = name, label: str = label) -> pl.DataFrame:
            # skip_rows=0 keeps empty rows at the top, so that row numbers are those that Excel shows.
            cells = book.load_sheet(sheet, header_row=None, skip_rows=0, dtypes="string").to_polars()
            check_texts(cells, limits)
            records = _sheet_records(cells, places[sheet])
            if rules.decimal == ",":
                _use_decimal_commas(records, places[sheet])
            return _read_sheet(records, (found, label), header_row)

        yield name.strip(), label, read


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


def _read_sheet(records: list[list[str]], place: tuple[RawData, str], header_row: int | None) -> pl.DataFrame:
    """Make a table of the rows of a sheet."""
    filled = [
        (record, line) for line, record in enumerate(records, start=1) if any(cell.strip() for cell in record)
    ]
    if not filled:
        raise UnreadableError(
            "empty_file", "The sheet is empty; it has not even a header.", "Write the header."
        )
    header, following = _find_header(filled, header_row)
    return _frame(header, following, place, is_declared=header_row is not None)
