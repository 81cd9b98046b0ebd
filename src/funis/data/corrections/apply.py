"""Approved corrections -> corrected sheets: whole or not at all, the originals kept."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from pathlib import Path

from funis.arguments import PathName, takes
from funis.bounded.limits import Limits, RefusedFileError
from funis.bounded.regular_file import read_regular
from funis.bounded.workbook import find_cells
from funis.bounded.workbook_cells import replace_workbook_cells
from funis.data.cells import RawData, RawTable
from funis.data.corrections.correction import APPROVED, EMPTY, CellPlace, Correction
from funis.data.corrections.correction_table import (
    CorrectionError,
    check_name,
    name_numbered,
    read_corrections,
    write_corrections,
)
from funis.data.corrections.csv_cells import find_spans, replace_cells
from funis.data.corrections.propose import propose_corrections
from funis.data.known_tables import expected_tables, listed_names, study_tables
from funis.data.read.csv_text import decode, encode
from funis.data.read.declared_numbers import UnclearError, read_number
from funis.data.read.files import list_labels, read_folder
from funis.data.read.sheets import sheet_label
from funis.data.read.sources import TableSources
from funis.data.tables import data_place, read_tables
from funis.file_sets import change_set
from funis.files import write_whole
from funis.spreadsheets import as_plain
from funis.study.model import Study
from funis.study.today import study_today

BEFORE = "before"
"""Folder beside the tables that keeps them as they were."""
_OF_CELLS = frozenset({"not_a_number", "not_a_date", "not_a_flag", "not_a_time", "value_not_allowed"})


@dataclass(frozen=True, slots=True)
class Applied:
    """What was corrected.

    Attributes
    ----------
    corrections : the approved rows, all of them applied
    files : the files that were changed
    originals : where each of them is kept as it was, in the same order
    """

    corrections: tuple[Correction, ...]
    files: tuple[Path, ...]
    originals: tuple[Path, ...]


@takes(folder=PathName(), path=PathName())
def write_proposals(
    study: Study,
    folder: Path | str,
    path: Path | str,
    *,
    today: date | None = None,
    limits: Limits | None = None,
) -> tuple[int, int, Path | None]:
    """Write what could be corrected in the cells of a study's data as a table to approve.

    Parameters
    ----------
    study : the study
    folder : its folder
    path : the table, ``.csv`` or ``.xlsx``
    today : the day of the check; default is the study's day
    limits : how much is read of a file

    Returns
    -------
    tuple
        How many corrections are proposed; of how many cells a question is asked and nothing proposed; where
        an earlier table with decisions went.
    """
    check_name(Path(path))
    day = today or study_today(study)
    known = study_tables(study)
    raw = _read_raw(study, Path(folder), limits)
    findings = read_tables(folder, study, today=day, limits=limits).findings
    made = propose_corrections(study, known, raw, findings, day)
    kept = write_corrections(Path(path), made)
    proposed = sum(bool(each.proposed) for each in made)
    return proposed, len(made) - proposed, kept


def _read_raw(study: Study, folder: Path, limits: Limits | None) -> RawData:
    known, place = study_tables(study), data_place(folder)
    inside = folder if place.is_dir() else None
    return read_folder(
        place,
        expected_tables(known),
        tables=known,
        rules=study.imported,
        named=listed_names(study),
        limits=limits,
        inside=inside,
    )


@takes(folder=PathName(), path=PathName())
def apply_corrections(
    study: Study,
    folder: Path | str,
    path: Path | str,
    *,
    today: date | None = None,
    limits: Limits | None = None,
) -> Applied:
    """Write the approved corrections into the sheets of a study.

    Parameters
    ----------
    study : the study
    folder : its folder
    path : the table of corrections; rows whose ``approve`` is ``yes`` are applied
    today : the day of the check; default is the study's day
    limits : how much is read of a file

    Returns
    -------
    Applied
        The files as they were stand in ``before`` beside the tables, each under a number that was free.

    Raises
    ------
    CorrectionError
        Nothing was changed: a cell no longer holds what was found, is not there, holds a formula, is approved
        twice, or would not hold a value that can be read.
    """
    most = limits or Limits()
    rows = read_corrections(Path(path), most)
    approved = [each for each in rows if each.approve == APPROVED]
    if not approved:
        return Applied((), (), ())
    place = data_place(Path(folder))
    said = _find_conflicts(approved)
    contents = _correct(study, Path(folder), approved, said, most)
    if said:
        raise CorrectionError(Path(path).name, said)
    with change_set(place) as draft:
        originals = _keep_originals(draft, contents)
        for file, content in contents.items():
            write_whole(draft / file, content)
        said += _find_unread(study, draft, approved, today or study_today(study), most)
        if said:
            raise CorrectionError(Path(path).name, said)
        shutil.copyfile(path, name_numbered(draft / BEFORE / f"corrections{Path(path).suffix.lower()}"))
    return Applied(
        tuple(approved), tuple(place / each for each in contents), tuple(place / each for each in originals)
    )


def _find_conflicts(approved: Iterable[Correction]) -> list[str]:
    """Find rows that say nothing or what a spreadsheet would run, and cells that are approved twice."""
    said: list[str] = []
    seen: set[CellPlace] = set()
    for each in approved:
        if not each.proposed:
            said.append(
                f"{each.place}: nothing is proposed; write what it should be, or {EMPTY} to empty it."
            )
        elif as_plain(each.proposed) != each.proposed:
            said.append(
                f"{each.place}: a spreadsheet program would run {each.proposed!r}; write another text."
            )
        if each.place in seen:
            said.append(f"{each.place}: it is approved twice.")
        seen.add(each.place)
    return said


def _correct(
    study: Study, folder: Path, approved: Iterable[Correction], said: list[str], limits: Limits
) -> dict[str, bytes]:
    """Give the corrected content of each file by its name; what hinders goes to ``said``."""
    raw = _read_raw(study, folder, limits)
    sources = TableSources(expected_tables(study_tables(study)), rules=study.imported)
    paths = list_labels(data_place(folder), sources, limits)
    by_file: dict[str, dict[tuple[str, int, int], Correction]] = {}
    for each in approved:
        table = _find_table(raw, each.place)
        file, _, sheet = each.place.file.partition("[")
        if table is None or file not in paths:
            said.append(f"{each.place}: there is no such cell in the data.")
            continue
        column = table.grid.columns[each.place.header]
        by_file.setdefault(file, {})[sheet.removesuffix("]"), each.place.line, column] = each
    contents: dict[str, bytes] = {}
    for file, cells in by_file.items():
        path = paths[file]
        data = read_regular(path, limits, inside=folder)
        if path.suffix.lower() == ".csv":
            contents[path.name] = _correct_csv(data, study, cells, said)
        elif path.suffix.lower() == ".xlsx":
            contents[path.name] = _correct_workbook(data, (file, raw), sources, cells, said)
        else:
            said.append(f"{file}: a Parquet file is not corrected; write it again from its source.")
    return contents


def _find_table(raw: RawData, place: CellPlace) -> RawTable | None:
    """Give the table of a place; None where no table has such a column."""
    tables = [*raw.tables.values(), *raw.unused]
    return next(
        (each for each in tables if each.file == place.file and place.header in each.grid.columns), None
    )


def _holds(actual: str, each: Correction) -> bool:
    """Say whether a cell still holds what was found, as it stands or as it was written for a spreadsheet."""
    plain = actual.strip()
    return plain == each.found.strip() or as_plain(plain) == as_plain(each.found.strip())


def _no_longer(each: Correction, actual: str) -> str:
    held = f"holds {actual.strip()!r}" if actual.strip() else "is empty"
    return f"{each.place}: the cell {held}, no longer {each.found!r}. Run funis check --corrections again."


def _correct_csv(
    data: bytes, study: Study, cells: Mapping[tuple[str, int, int], Correction], said: list[str]
) -> bytes:
    """Give a CSV file with other texts in some cells."""
    rules = study.imported
    text = decode(data, rules.encoding)
    rows = find_spans(text, rules.separator)
    changes = {}
    for (_, line, column), each in cells.items():
        row = rows.get(line, [])
        actual = row[column - 1].text if column <= len(row) else ""
        if not _holds(actual, each):
            said.append(_no_longer(each, actual))
            continue
        changes[row[column - 1]] = _new_text(each)
    try:
        return encode(replace_cells(text, rules.separator, changes), data, rules.encoding)
    except UnicodeEncodeError:
        said.append(f"What is proposed cannot be written in the encoding of the file, {rules.encoding}.")
        return data


def _new_text(each: Correction) -> str:
    return "" if each.proposed == EMPTY else each.proposed


def _correct_workbook(
    data: bytes,
    place: tuple[str, RawData],
    sources: TableSources,
    cells: Mapping[tuple[str, int, int], Correction],
    said: list[str],
) -> bytes:
    """Give a workbook with other values in some cells."""
    import fastexcel

    (file, raw), limits = place, Limits()
    names = enumerate(fastexcel.read_excel(data).sheet_names, start=1)
    sheets = {sheet_label(file, number, name, sources): name for number, name in names}
    has_tables = any(each.startswith("xl/tables/") for each in zipfile.ZipFile(BytesIO(data)).namelist())
    known = find_cells(data, limits)
    changes: dict[str, dict[tuple[int, int], str]] = {}
    for (_, line, column), each in cells.items():
        name, table = sheets.get(each.place.file, ""), _find_table(raw, each.place)
        if name not in known or table is None:
            said.append(f"{each.place}: there is no such sheet.")
            continue
        actual = _text_of(table, each.place)
        if not _holds(actual, each):
            said.append(_no_longer(each, actual))
        elif has_tables and line == table.grid.header_line:
            said.append(f"{each.place}: the header belongs to an Excel table; rename it in Excel.")
        else:
            changes.setdefault(name, {})[line, column] = _as_number(_new_text(each), sources.rules.decimal)
    try:
        return replace_workbook_cells(data, changes, limits)
    except RefusedFileError as error:
        said.append(f"{file}: {error.message} {error.fix}")
        return data


def _text_of(table: RawTable, place: CellPlace) -> str:
    """Give what stands at a place, as it was read."""
    if place.line == table.grid.header_line:
        return place.header
    column = place.header
    if table.written is not None:
        column = next((name for name, header in table.written.headers.items() if header == column), column)
    kept = table.written.cells if table.written is not None else None
    frame = kept if kept is not None else table.frame
    rows = (frame["_line"] == place.line).arg_true().to_list()
    return str(frame[column][rows[0]] or "") if rows and column in frame.columns else ""


def _as_number(text: str, decimal: str) -> str:
    """Give a text with the point that numbers have inside a workbook."""
    try:
        return read_number(text, decimal)
    except UnclearError:
        return text


def _keep_originals(draft: Path, files: Iterable[str]) -> list[str]:
    """Keep files as they are now in the folder ``before``, each under a number that is free."""
    (draft / BEFORE).mkdir(exist_ok=True)
    kept: list[str] = []
    for file in files:
        target = name_numbered(draft / BEFORE / file)
        shutil.copyfile(draft / file, target)
        kept.append(f"{BEFORE}/{target.name}")
    return kept


def _find_unread(
    study: Study, draft: Path, approved: Iterable[Correction], today: date, limits: Limits
) -> list[str]:
    """Find corrected cells whose new value cannot be read either."""
    tables = read_tables(draft, study, today=today, limits=limits)
    raw = _read_raw(study, draft, limits)
    bad = {}
    for finding in tables.findings:
        table = raw.tables.get(finding.table)
        if finding.code in _OF_CELLS and table is not None and finding.line is not None:
            headers = table.written.headers if table.written is not None else {}
            place = CellPlace(finding.file, finding.line, headers.get(finding.column, finding.column))
            bad[place] = finding
    return [
        f"{each.place}: {each.proposed!r} cannot be read there. {bad[each.place].fix}"
        for each in approved
        if each.place in bad
    ]
