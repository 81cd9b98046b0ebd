"""Files -> cells: CSV, Parquet or a workbook, every cell as text with its line.

Nothing is interpreted here except what makes a file a table: encoding, delimiter, header, rows.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import polars as pl
from polars.exceptions import PanicException, PolarsError

from funis.bounded.limits import BeyondLimitError, Limits, RefusedFileError
from funis.bounded.parquet import check_parquet
from funis.bounded.regular_file import read_regular
from funis.bounded.unpacked import check_texts
from funis.bounded.workbook import OTHER_WORKBOOKS
from funis.data.cells import (
    Grid,
    InputFile,
    RawData,
    RawTable,
    TableCells,
    UnreadableError,
    as_texts,
    leave_out_unusable,
    take_behind,
)
from funis.data.known_tables import LEGEND_SHEETS, finding_unknown_table, name_columns, nearest_table
from funis.data.read.csv_text import read_csv
from funis.data.read.records import Read
from funis.data.read.sheets import read_sheets
from funis.data.read.sources import SUFFIXES, TableSources
from funis.data.read.translate import translate_table
from funis.letters import show_forbidden
from funis.schema import Table
from funis.study.imported import Import, plain_form

_LINE = "_line"
_ROWS_OF_A_HEADER = 5
"""So many rows below the first one are looked at for the names of columns."""


def read_folder(
    folder: Path,
    expected: Mapping[str, bool],
    *,
    tables: Mapping[str, Table] | None = None,
    rules: Import | None = None,
    named: Mapping[str, Sequence[str]] | None = None,
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
    named : what columns hold that the study file lists, by column
    limits : how much a file may hold; None for the usual limits
    inside : folder that no link may lead out of; None where the one file was named by the user

    Returns
    -------
    RawData
        Tables by name; every finding of the files.
    """
    found = RawData()
    most = limits or Limits()
    sources = TableSources(expected, tables or {}, rules or Import(), named or {})
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
            _report_ignored(path, label, found)
            continue
        _read_path(path, sources, found, _Opening(most, inside, label))
    sources.report_absent(folder.name, found)
    for behind in sources.behind:
        take_behind(behind, found)
    return found


def _report_ignored(path: Path, label: str, found: RawData) -> None:
    """Say that a file is not read; a workbook of another kind surely holds tables, so that is an error."""
    if path.suffix.lower() in OTHER_WORKBOOKS:
        kind = path.suffix.lower()
        message = f"A workbook of the kind {kind} is not read; none of its tables is used."
        fix = "Open it in a spreadsheet program and save it as .xlsx."
        found.finding("workbook_of_another_kind", label, message, fix)
        return
    fix = "Save tables as .csv (UTF-8, commas), .parquet or .xlsx."
    found.finding("file_ignored", label, "This file is not read.", fix, level="warning")


def read_sheet_of(data: bytes, path: Path, found: RawData, limits: Limits) -> TableCells:
    """Read the one table of a file that is no part of the data: of a workbook the first sheet.

    Parameters
    ----------
    data : the file; a CSV file may have any sign between its cells
    path : its name
    found : takes findings of rows
    limits : how much it may hold

    Raises
    ------
    UnreadableError, BeyondLimitError, RefusedFileError
    """
    if path.suffix.lower() == ".xlsx":
        for _, _, read in read_sheets(data, path.name, (TableSources({}), found), limits):
            return read(None)
        raise UnreadableError("empty_file", "The workbook has no sheet.", "Give the right file.")
    try:
        return read_csv(data, (found, path.name), limits, Import(), None)
    except UnreadableError as error:
        if error.behind is None:
            raise
        return error.behind


def list_labels(folder: Path, sources: TableSources, limits: Limits | None = None) -> dict[str, Path]:
    """Give the file behind each name that findings use for one.

    Parameters
    ----------
    folder : the data folder, or one file
    sources : the tables that are looked for
    limits : how many files a folder may hold
    """
    paths = _list_paths(folder, limits or Limits(), RawData())
    return {_label(path, number, sources): path for number, path in enumerate(paths, start=1)}


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
    readers: dict[str, Callable[[], Iterable[tuple[str, str, Read]]]] = {
        ".csv": lambda: [(path.stem, label, lambda row: read_csv(data, (found, label), limits, rules, row))],
        ".parquet": lambda: [(path.stem, label, lambda _: _read_parquet(data, limits, rules))],
        ".xlsx": lambda: read_sheets(data, label, (sources, found), limits),
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


def _add_table(name: str, source: str, file: str, read: Read, known: tuple[TableSources, RawData]) -> int:
    """Add one table if the study expects it; give its number of rows."""
    sources, found = known
    if name in LEGEND_SHEETS and name not in sources.expected:
        return 0
    if not sources.expected.get(name):
        found.findings.append(finding_unknown_table(name, file, sources.expected))
        meant = nearest_table(name, sources.expected)
        if meant and meant not in sources.rules.tables:
            # Its name is not right, and what else is wrong in it is found in the same run.
            behind = RawData()
            _add_table(meant, source, file, read, (sources, behind))
            sources.behind.append(behind)
        return 0
    if name in found.tables or name in found.unreadable:
        first = found.tables[name].file if name in found.tables else "another file"
        message = f"The table '{name}' stands in two files; {first} is read."
        found.finding("two_files", file, message, "Keep one of them in the data folder.", table=name)
        return 0
    try:
        cells = _read_cells(name, read, known)
    except UnreadableError as error:
        found.unreadable.add(name)
        found.finding(
            error.code, file, error.message, error.fix, table=name, line=error.line, value=error.value
        )
        if error.behind is not None:
            found.unused.append(_make_raw(name, (source, file), error.behind, known))
        return 0
    except (BeyondLimitError, RefusedFileError) as error:
        found.unreadable.add(name)
        found.finding(error.finding, file, error.message, error.fix, table=name)
        return 0
    found.tables[name] = _make_raw(name, (source, file), cells, known)
    return cells.frame.height


def _read_cells(name: str, read: Read, known: tuple[TableSources, RawData]) -> TableCells:
    """Read a table; refuse one whose header stands below the row that would be taken for it."""
    sources, found = known
    declared, table, before = (
        sources.rules.header_rows.get(name),
        sources.tables.get(name),
        len(found.findings),
    )
    cells = read(declared)
    line = None if declared is not None or table is None else _find_lower_header(cells, table, sources.rules)
    if line is None:
        return cells
    # What was said of rows under a header that is none helps nobody.
    del found.findings[before:]
    message = f"The names of the columns stand in row {line}, below the first row that is not empty."
    fix = f"Take out the rows above it, or name its row, {line}, in [import.header_rows]."
    error = UnreadableError("header_below", message, fix, line=cells.grid.header_line)
    error.behind = read(line)
    raise error


def _find_lower_header(cells: TableCells, table: Table, rules: Import) -> int | None:
    """Give the line of a row near the top that names more columns of a table than the header does."""
    most, found = _count_names(cells.grid.columns, table, rules), None
    for row in cells.frame.head(_ROWS_OF_A_HEADER).iter_rows(named=True):
        texts = [cell for column, cell in row.items() if cell and column != _LINE]
        named = _count_names(texts, table, rules)
        if named > max(most, 1):
            most, found = named, int(row[_LINE])
    return found


def _count_names(texts: Iterable[str], table: Table, rules: Import) -> int:
    """Count the texts that name a column of a table."""
    distinct = list(dict.fromkeys(each.strip() for each in texts))
    names = name_columns(distinct, table, rules)
    return sum(bool(names.get(each)) or (each in table.by_name and each not in names) for each in distinct)


def _make_raw(
    name: str, place: tuple[str, str], cells: TableCells, known: tuple[TableSources, RawData]
) -> RawTable:
    """Make a table of the cells of its sheet: columns of other tables go, declared words are translated."""
    (sources, found), (source, file) = known, place
    others = set(sources.claimed_by_others(name, source))
    frame = cells.frame
    if others:
        columns = [each for each in frame.columns if plain_form(each) in others]
        frame = frame.drop(each for each in columns if not _is_own(each, name, sources))
    raw = RawTable(name, file, leave_out_unusable(frame, found, file, name), grid=cells.grid)
    table = sources.tables.get(name)
    return raw if table is None else translate_table(raw, table, (sources.rules, sources.named), found)


def _is_own(header: str, table: str, sources: TableSources) -> bool:
    """Say whether a column of a sheet with several tables belongs to this one too."""
    return (
        bool(name_columns([header], sources.tables[table], sources.rules))
        or header in sources.tables[table].by_name
    )


def _read_parquet(data: bytes, limits: Limits, rules: Import) -> TableCells:
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
    return TableCells(texts.with_columns(pl.int_range(2, pl.len() + 2, dtype=pl.Int64).alias(_LINE)), Grid())
