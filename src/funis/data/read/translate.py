"""Cells of a clinic's own sheet -> cells as the tables have them, by what ``[import]`` declares.

The texts that stood in the sheet, and the names of its columns, are kept beside the translated ones, so that
every finding can quote them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import polars as pl

from funis.data.cells import RawData, RawTable, Written
from funis.data.known_tables import name_columns
from funis.data.read.declared_dates import read_date
from funis.data.read.declared_numbers import UnclearError, read_number, usual_width
from funis.schema import NOT_DONE, Column, Table
from funis.study.imported import Import, plain_form, plain_name

_CODES = frozenset({"subject", "visit", "test", "lot", "donor", "site", "arm"})
_FLAGS = ({"0", "1"}, {"0", "1", NOT_DONE})

_Read = Callable[[str], str]


def translate_table(
    raw: RawTable, table: Table, declared: tuple[Import, Mapping[str, Sequence[str]]], found: RawData
) -> RawTable:
    """Translate the names and the cells of one table.

    Parameters
    ----------
    raw : the table as it stands in the sheet
    table : what its columns should be
    declared : the section ``[import]``; what columns hold that the study file lists, by column
    found : takes a finding for each cell with two readings, and each declared column that is not there

    Returns
    -------
    RawTable
        With ``written``, what stood in the sheet.
    """
    rules, named = declared
    headers = [name for name in raw.frame.columns if name != "_line"]
    names = name_columns(headers, table, rules)
    _report_columns(raw, headers, names, rules, found)
    kept = {header: name for header, name in names.items() if name}
    given_way = [header for header, name in names.items() if not name]
    frame = raw.frame.drop(given_way).rename(kept)
    written = {name: header for header, name in kept.items()}
    if not rules.is_declared:
        return replace(raw, frame=frame, written=Written(written, None)) if names else raw
    changes: list[pl.Series] = []
    for column in table.columns:
        if column.name in frame.columns:
            cells = _translate_column(
                raw, frame, column, _reader(column, rules, named.get(column.name, column.allowed)), found
            )
            changes += [cells] if cells is not None else []
    original = frame if changes else None
    return replace(raw, frame=frame.with_columns(changes), written=Written(written, original))


def _report_columns(
    raw: RawTable, headers: list[str], names: Mapping[str, str], rules: Import, found: RawData
) -> None:
    """Say which declared columns the sheet does not have, and which columns gave way to a declared one."""
    present = {*map(plain_form, headers)}
    for name, header in rules.columns.get(raw.name, {}).items():
        if plain_form(header) in present:
            continue
        message = f"[import.columns.{raw.name}] reads '{name}' from '{header}'; the sheet has no such column."
        fix = "Write the name as it stands in the header of the sheet."
        found.finding(
            "missing_column",
            raw.file,
            message,
            fix,
            table=raw.name,
            line=raw.grid.header_line,
            column=name,
            level="warning",
        )
    for header in [each for each, name in names.items() if not name]:
        declared = rules.columns.get(raw.name, {}).get(plain_name(header), "")
        message = f"The column is not read: '{plain_name(header)}' is read from '{declared}', as declared."
        fix = "Give it another name, or take it out of [import.columns]."
        found.finding(
            "duplicate_column",
            raw.file,
            message,
            fix,
            table=raw.name,
            line=raw.grid.header_line,
            column=header,
            level="warning",
        )


def _translate_column(
    raw: RawTable, frame: pl.DataFrame, column: Column, read: _Read, found: RawData
) -> pl.Series | None:
    """Translate the cells of one column; None where nothing changes. Equal texts are translated once."""
    cells = frame[column.name]
    made: dict[str, str | None] = {}
    unclear: dict[str, UnclearError] = {}
    for text in cells.unique().to_list():
        if not text:
            continue
        try:
            made[text] = read(text)
        except UnclearError as why:
            unclear[text], made[text] = why, None
    changed = {text: new for text, new in made.items() if text != new}
    for row in cells.is_in(list(unclear)).fill_null(value=False).arg_true() if unclear else ():
        error = unclear[cells[row]]
        message = f"'{column.name}' cannot be read; it is left out. {error.message}"
        place = {"table": raw.name, "line": frame["_line"][row], "column": column.name, "value": cells[row]}
        found.finding("not_a_number", raw.file, message, error.fix, **place)
    return cells.replace(changed) if changed else None


def _reader(column: Column, rules: Import, listed: Sequence[str]) -> _Read:
    """Give what translates the cells of a column; what it may hold is read whatever its capitals and gaps."""
    spelt = {plain_form(each): each for each in listed} | {plain_name(each): each for each in listed}
    meanings = _words(column, rules)
    meanings |= {plain_form(code): meaning for code, meaning in rules.codes.get(column.name, {}).items()}
    by_kind = _reader_of_kind(column, rules)

    def read(text: str) -> str:
        form = plain_form(text)
        if form in meanings:
            return meanings[form]
        return spelt.get(form) or spelt.get(plain_name(text)) or by_kind(text)

    return read


def _words(column: Column, rules: Import) -> dict[str, str]:
    """Give what the declared words mean in a column."""
    allowed = set(column.allowed)
    not_done = NOT_DONE if column.not_done else "not_done" if "not_done" in allowed else ""
    said = [(rules.missing, "")]
    if not_done or column.kind != "text":
        said.append((rules.not_done, not_done))
    if column.kind == "flag" or allowed in _FLAGS:
        said += [(rules.present, "1"), (rules.absent, "0")]
    elif {"positive", "negative"} <= allowed:
        said += [(rules.present, "positive"), (rules.absent, "negative")]
    return {plain_form(word): meaning for words, meaning in said for word in words if word.strip()}


def _reader_of_kind(column: Column, rules: Import) -> _Read:
    """Give what reads a cell of the column's kind that is no declared word."""
    if column.kind in {"number", "integer", "flag"}:
        return lambda text: read_number(text, rules.decimal)
    if column.kind == "date":
        return lambda text: read_date(text, rules)
    if column.kind == "time" or column.allowed or column.name in _CODES:
        return usual_width
    return str
