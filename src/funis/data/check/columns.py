"""From the texts of a table to typed columns: dates, numbers, flags, levels, *not done*.

A cell is empty (missing), ``ND`` (not done) or a value. Nothing is guessed: a cell that is none of these
is an error, its value is left out, and the message says what would be right.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from difflib import get_close_matches
from functools import lru_cache

import polars as pl

from funis.adjudication_table import NAMED_TABLES
from funis.answer_words import NO_WORDS, YES_WORDS
from funis.data.cells import IGNORED_COLUMNS, RawTable
from funis.data.check.advice import CellOfNumber, ColumnOfDates, fix_of_date, number_fix, word_fix
from funis.data.check.date_forms import first_shown
from funis.data.check.one_reading import orders_of
from funis.data.check.plain_columns import (
    WHOLE_DATE,
    Sorted,
    is_possible,
    number_limits,
    read_few_texts,
    read_plain_columns,
    sort_columns,
    strip_texts,
)
from funis.errors import Finding, Level
from funis.frames.verbs import Verbs, frame_like, is_few, verbs_of
from funis.near_names import find_misspelt
from funis.schema import DTYPES, LABS, NOT_DONE, SUBJECTS, Column, Table, read_word
from funis.scoring.refused_values import ask_for_unit
from funis.shown import show_name, words_of
from funis.units.columns import find_analyte

_YES = {**dict.fromkeys(YES_WORDS, 1.0), **dict.fromkeys(NO_WORDS, 0.0)}
_TIME = re.compile(r"([01]?\d|2[0-3]):[0-5]\d(:[0-5]\d)?")


@dataclass(slots=True)
class Typed:
    """A table on its way from text to types, with the findings found so far."""

    table: Table
    file: str
    frame: pl.DataFrame
    today: date
    header_line: int = 1
    findings: list[Finding] = field(default_factory=list)

    @property
    def shown_from(self) -> date:
        """Give the day from which a date may be shown: none of the subjects table may."""
        return date.max if self.table.name == SUBJECTS.name else first_shown(self.today)

    def finding(self, level: Level, code: str, column: str, message: str, fix: str, **place: object) -> None:
        """Add a finding; its line, value, subject and visit are looked up from the row where one is given."""
        row = place.get("row")
        line = value = None
        subject = visit = test = ""
        if isinstance(row, int):
            line = int(self.frame["_line"][row])
            value = place.get("value")
            subject = self._text("subject", row)
            visit = self._text("visit", row)
            test = self._text("test", row) if self.table.name == LABS.name else ""
        else:
            line = self.header_line
        self.findings.append(
            Finding(
                level,
                code,
                self.table.name,
                self.file,
                line,
                column,
                "" if value is None else str(value)[:60],
                message,
                fix,
                subject,
                visit,
                test,
            )
        )

    def _text(self, column: str, row: int) -> str:
        if column not in self.frame.columns or self.frame.schema[column] != pl.String:
            return ""
        return self.frame[column][row] or ""


def type_table(raw: RawTable, table: Table, *, today: date) -> Typed:
    """Type every column of a table.

    Parameters
    ----------
    raw : the table as texts
    table : what its columns should be
    today : the study's day; it says which dates a message may show

    Returns
    -------
    Typed
        Frame with the columns of the table (those not in the file are null), ``<item>_not_done`` where a cell
        said so, ``_file`` and ``_line``; every finding.
    """
    raw = _name_recorded(raw, table)
    texts = tuple(name for name in raw.frame.columns if name != "_line")
    ops = verbs_of(raw.frame)
    plan = _plan(ops, table, texts)
    stripped = raw.frame.with_columns(plan.known) if texts else raw.frame
    typed = Typed(table, raw.file, stripped, today, raw.grid.header_line)
    _check_columns(typed, texts, plan)
    if is_few(raw.frame) and _type_few(typed, raw.frame, plan):
        return typed
    # Where nothing changed, which is nearly always, one look is enough to know.
    if not stripped.equals(raw.frame) and not raw.frame.with_columns(plan.clean).equals(raw.frame):
        _check_spaces(typed, raw.frame, texts)
    if stripped.is_empty():
        typed.frame = empty_frame(table, raw.frame, columns=kept_columns(table, texts))
        return typed
    plain = read_plain_columns(stripped, plan.columns)
    whole = stripped.select(ops.lit(raw.file).alias("_file"), ops.col("_line"))
    whole = whole.hstack(plain) if plain.width else whole
    typed.frame = _put_together(typed, plan, whole)
    return typed


def _type_few(typed: Typed, given: pl.DataFrame, plan: _Plan) -> bool:
    """Type few rows of which no cell needs a closer look, and tell whether they are such."""
    if given.is_empty():
        return False
    cells = read_few_texts(given, plan.columns)
    if cells is None:
        return False
    cells |= {"_file": [typed.file] * given.height, "_line": given["_line"].to_list()}
    typed.frame = _put_together(typed, plan, frame_like(given, cells, plan.kinds))
    return True


def _put_together(typed: Typed, plan: _Plan, plain: pl.DataFrame) -> pl.DataFrame:
    """Type the columns that are not yet, and put all in the order of the table."""
    whole, read = plain, set(plain.columns)
    for column in plan.given:
        if column.name not in read:
            whole = whole.hstack(_type_column(typed, column))
    flags = set(whole.columns).difference(plan.texts, plan.kept)
    if not flags:
        return whole.select(plan.kept.values())
    columns: list[pl.Expr] = []
    for name, kept in plan.kept.items():
        columns.append(kept)
        columns += [verbs_of(whole).col(f"{name}_not_done")] if f"{name}_not_done" in flags else []
    return whole.select(columns)


def _name_recorded(raw: RawTable, table: Table) -> RawTable:
    """Read a column with the name of a score as what somebody wrote down of it: ``sledai_2k`` is a total."""
    if table.name in NAMED_TABLES:
        return raw
    present, known = raw.frame.columns, table.by_name
    names = {
        name: recorded
        for name in present
        if name not in known and (recorded := f"{name}_recorded") in known and recorded not in present
    }
    return replace(raw, frame=raw.frame.rename(names)) if names else raw


def _lacking(table: Table, present: Collection[str]) -> tuple[str, ...]:
    """Name the required columns that a file does not have.

    A form without any item that has a total, or grades, is taken as recorded: no item is missing.
    """
    lacking = [column for column in table.columns if column.required and column.name not in present]
    items = [column.name for column in table.columns if column.not_done]
    recorded = [name for name in present if name.endswith("_recorded") and name in table.by_name]
    if table.name not in NAMED_TABLES and recorded and not set(items) & set(present):
        lacking = [column for column in lacking if not column.not_done]
    return tuple(column.name for column in lacking)


@dataclass(frozen=True, eq=False, slots=True)
class _Plan:
    """How a table is typed, as it follows from the names of its columns.

    Attributes
    ----------
    texts : the columns of the file
    given : those of the table among them
    columns : the same by what they hold
    lacking : required columns that the file does not have
    strange : names in the file that have no meaning
    clean, known : take spaces off the texts; the same, and make what is empty null
    kept : the columns of the typed table by name; a null for one that the file does not have
    kinds : types of the columns that the file has
    """

    texts: tuple[str, ...]
    given: tuple[Column, ...]
    columns: Sorted
    lacking: tuple[str, ...]
    strange: tuple[str, ...]
    clean: pl.Expr
    known: pl.Expr
    kept: Mapping[str, pl.Expr]
    kinds: Mapping[str, pl.DataType]


@lru_cache(maxsize=256)
def _plan(ops: Verbs, table: Table, texts: tuple[str, ...]) -> _Plan:
    """Plan the typing of a table once for the names of its columns; few rows are typed a thousand times."""
    present = frozenset(texts)
    given = tuple(column for column in table.columns if column.name in present)
    clean, known = strip_texts(ops.col(texts)), table.by_name
    place = {"_file": pl.String(), "_line": pl.Int64()}
    return _Plan(
        texts,
        given,
        sort_columns(given),
        _lacking(table, present),
        tuple(name for name in texts if name not in known and name.casefold() not in IGNORED_COLUMNS),
        clean,
        clean.replace([""], [None]),
        {
            column.name: ops.col(column.name)
            if column.name in present
            else ops.lit(None, DTYPES[column.kind]).alias(column.name)
            for column in kept_columns(table, present)
        }
        | {name: ops.col(name) for name in place},
        {column.name: DTYPES[column.kind] for column in given} | place,
    )


def kept_columns(table: Table, present: Collection[str]) -> list[Column]:
    """Give the columns of a typed table: of an instrument the optional ones only where the file has them.

    An attribution that was never asked is not the same as one left empty, and scoring tells them apart.

    Parameters
    ----------
    table : the table
    present : names of the columns of its file

    Returns
    -------
    list of Column
    """
    if table.name in NAMED_TABLES:
        return list(table.columns)
    return [
        column
        for column in table.columns
        if column.required or column.not_done or column.name in present or column.name in {"date", "day"}
    ]


def empty_frame(
    table: Table, like: pl.DataFrame | None = None, *, columns: Sequence[Column] | None = None
) -> pl.DataFrame:
    """Give the frame of a table that is not there: its columns, no rows.

    Parameters
    ----------
    table : the table
    like : a frame of the kind that is wanted, default Polars
    columns : of the table; default all

    Returns
    -------
    polars.DataFrame
    """
    schema = {column.name: DTYPES[column.kind] for column in (table.columns if columns is None else columns)}
    place = {"_file": pl.String(), "_line": pl.Int64()}
    return frame_like(pl.DataFrame() if like is None else like, {}, schema | place)


def _check_columns(typed: Typed, present: Sequence[str], plan: _Plan) -> None:
    """Every required column is there; a column without meaning is named with the nearest that has one."""
    known, strange = typed.table.by_name, plan.strange
    for name in plan.lacking:
        near = get_close_matches(name, [each.lower() for each in strange], n=1, cutoff=0.6)
        meant = next((each for each in strange if near and each.lower() == near[0]), "")
        hint = f" Rename '{meant}'." if show_name(meant, words_of(known)) else ""
        fix = f"Add the column '{name}', or declare its name in the sheet in [import.columns].{hint}"
        typed.finding("error", "missing_column", name, f"The table has no column '{name}'.", fix)
    if typed.table.one_of and not set(typed.table.one_of) & set(present):
        first = typed.table.one_of[0]
        slips = find_misspelt(strange, typed.table.one_of, begun=True)
        hint = "".join(f" Rename '{name}' to '{near_name}'." for name, near_name in slips)
        message = f"The table has none of the columns {', '.join(typed.table.one_of)}."
        typed.finding("error", "missing_column", first, message, f"Add the column '{first}'.{hint}")
    words = words_of(known) if strange else frozenset()
    for name in strange:
        if name.startswith("_"):
            continue
        near = get_close_matches(name.lower().replace(" ", "_"), known, n=1, cutoff=0.6)
        fix = f"The nearest is '{near[0]}'." if near else f"Columns: {', '.join(list(known)[:20])}."
        # A header can hold what belongs into a cell: a person's name, a date.
        shown = show_name(name, words)
        what = f"The column '{shown}'" if shown else f"Column {present.index(name) + 1} of those with a name"
        message = f"{what} is not known and is not read."
        typed.finding("warning", "unknown_column", shown, message, fix)


def _check_spaces(typed: Typed, raw: pl.DataFrame, present: Sequence[str]) -> None:
    """Spaces around values are taken away; said once a column."""
    ops = verbs_of(raw)
    stripped = {name: strip_texts(ops.col(name)) for name in present}
    padded = {name: (ops.col(name) != text) & (text != "") for name, text in stripped.items()}
    any_padded = raw.select(each.any().alias(name) for name, each in padded.items()).row(0) if padded else ()
    for name in [name for name, is_padded in zip(padded, any_padded, strict=True) if is_padded]:
        rows = _rows(raw, padded[name])
        if rows and name in typed.table.by_name:
            count = "1 cell has" if len(rows) == 1 else f"{len(rows)} cells have"
            message = f"{count} spaces around the value; they are taken away."
            typed.finding(
                "warning", "spaces", name, message, "Take them out.", row=rows[0], value=raw[name][rows[0]]
            )


def _rows(cells: pl.DataFrame, condition: pl.Expr) -> list[int]:
    """Give the numbers of the rows that meet a condition; null does not meet it."""
    return cells.select(condition.fill_null(value=False).alias("met"))["met"].arg_true().to_list()


def _type_column(typed: Typed, column: Column) -> pl.DataFrame:
    """Type one column; give it, and the column that says which cells were not done."""
    ops = verbs_of(typed.frame)
    text = ops.col(column.name)
    cells = typed.frame.select(text)
    flag = f"{column.name}_not_done"
    says_so = text.str.to_lowercase() == NOT_DONE.lower()
    not_done = cells.select(says_so.fill_null(value=False).alias(flag))
    is_flagged = column.not_done and not_done[flag].any()
    if is_flagged:
        cells = cells.select(ops.when(~says_so).then(text))
    read = _TYPES[column.kind](typed, column, cells, ops)
    if column.filled:
        _check_filled(typed, column, cells, ops)
    return read.hstack(not_done) if is_flagged else read


def _check_filled(typed: Typed, column: Column, cells: pl.DataFrame, ops: Verbs) -> None:
    for row in _rows(cells, ops.col(column.name).is_null()):
        fix = "Fill the cell; a row without it cannot be used."
        typed.finding("error", "missing_key", column.name, f"'{column.name}' is empty.", fix, row=row)


def _type_number(typed: Typed, column: Column, cells: pl.DataFrame, ops: Verbs) -> pl.DataFrame:
    text = ops.col(column.name)
    number = text.cast(ops.Float64, strict=False)
    read = ops.when(number.is_finite()).then(number)
    for row in _rows(cells, text.is_not_null() & read.is_null()):
        _finding_number(typed, column, cells[column.name][row], row)
    return _check_range(typed, column, cells.select(read), ops)


def _type_integer(typed: Typed, column: Column, cells: pl.DataFrame, ops: Verbs) -> pl.DataFrame:
    numbers, number = _type_number(typed, column, cells, ops), ops.col(column.name)
    broken = (number.is_not_null() & (number != number.floor())).fill_null(value=False)
    for row in _rows(numbers, broken):
        message = f"'{column.name}' is not a whole number; it is left out."
        fix, text = "Write a whole number.", cells[column.name][row]
        typed.finding("error", "not_a_number", column.name, message, fix, row=row, value=text)
    return numbers.select(ops.when(~broken).then(number).cast(ops.Int64).alias(column.name))


def _type_flag(typed: Typed, column: Column, cells: pl.DataFrame, ops: Verbs) -> pl.DataFrame:
    text, texts = ops.col(column.name), cells[column.name]
    words = text.str.to_lowercase().replace_strict(_YES, default=None, return_dtype=ops.Float64)
    rows = _rows(cells, words.is_not_null())
    if rows:
        message = f"{len(rows)} cells say yes or no in words; they are read as 1 and 0."
        fix, value = "Write 1 or 0.", texts[rows[0]]
        typed.finding("warning", "flag_in_words", column.name, message, fix, row=rows[0], value=value)
    number = text.cast(ops.Float64, strict=False)
    flag = ops.when(words.is_not_null()).then(words).when(number.is_in([0.0, 1.0])).then(number)
    for row in _rows(cells, text.is_not_null() & flag.is_null()):
        message = f"'{column.name}' is neither 0 nor 1; it is left out."
        fix = "Write 1 for yes, 0 for no."
        typed.finding("error", "not_a_flag", column.name, message, fix, row=row, value=texts[row])
    return cells.select(flag.alias(column.name))


def _type_date(typed: Typed, column: Column, cells: pl.DataFrame, ops: Verbs) -> pl.DataFrame:
    # Only whole ISO dates, with the midnight that spreadsheets add; anything else is a finding of its own.
    text = ops.col(column.name)
    dates = text.str.extract(WHOLE_DATE).str.to_date("%Y-%m-%d", strict=False)
    rows = _rows(cells, text.is_not_null() & dates.is_null())
    if rows:
        orders = frozenset(orders_of(filter(None, cells[column.name].unique().to_list())))
        habit = ColumnOfDates(orders, len(rows) > 1, typed.shown_from, typed.today)
    for row in rows:
        message, written = f"'{column.name}' is not a date; it is left out.", cells[column.name][row]
        fix = fix_of_date(written, habit)
        typed.finding("error", "not_a_date", column.name, message, fix, row=row, value=written)
    return cells.select(dates.alias(column.name))


def _type_time(typed: Typed, column: Column, cells: pl.DataFrame, ops: Verbs) -> pl.DataFrame:
    text = ops.col(column.name)
    good = text.str.contains(rf"^(?:{_TIME.pattern})$").fill_null(value=True)
    for row in _rows(cells, ~good):
        message, fix = f"'{column.name}' is not a time of day; it is left out.", "Write hh:mm, 24 hours."
        value = cells[column.name][row]
        typed.finding("error", "not_a_time", column.name, message, fix, row=row, value=value)
    return cells.select(ops.when(good).then(text).alias(column.name))


def _type_text(typed: Typed, column: Column, cells: pl.DataFrame, ops: Verbs) -> pl.DataFrame:
    if not column.allowed:
        return cells
    text = ops.col(column.name)
    if column.spellings:
        written = (each for each in cells[column.name].unique().to_list() if each is not None)
        spelled = {each: read_word(each, column.spellings) or each for each in written}
        cells = cells.select(text.replace(list(spelled), list(spelled.values())))
    wrong = (~text.is_in(column.allowed)).fill_null(value=False)
    rows = _rows(cells, wrong)
    others = cells[column.name].unique().to_list() if rows else []
    for row in rows:
        message = f"'{column.name}' does not take this value; it is left out."
        value = cells[column.name][row]
        fix = word_fix(value, column.allowed, others, is_habit=len(rows) > 1)
        typed.finding("error", "value_not_allowed", column.name, message, fix, row=row, value=value)
    return cells.select(ops.when(~wrong).then(text).alias(column.name))


_TYPES: Mapping[str, Callable[[Typed, Column, pl.DataFrame, Verbs], pl.DataFrame]] = {
    "number": _type_number,
    "integer": _type_integer,
    "flag": _type_flag,
    "date": _type_date,
    "time": _type_time,
    "text": _type_text,
}


def _check_range(typed: Typed, column: Column, numbers: pl.DataFrame, ops: Verbs) -> pl.DataFrame:
    """Leave out what the column cannot hold: levels that do not exist, values beyond the possible."""
    number = ops.col(column.name)
    wrong = number.is_not_null() & ~is_possible(ops, column, [column.name])
    levels = f"{', '.join(column.allowed)}" + (f", {NOT_DONE} or empty" if column.not_done else " or empty")
    fix = f"Allowed: {levels if column.allowed else _limits(column)}."
    for row in _rows(numbers, wrong):
        message = f"'{column.name}' is outside what is possible; it is left out."
        value = typed.frame[column.name][row]
        asked = ask_for_unit(find_analyte(column.name), column.unit, value)
        typed.finding("error", "value_outside_range", column.name, message, fix + asked, row=row, value=value)
    return numbers.select(ops.when(~wrong).then(number).alias(column.name))


def _limits(column: Column) -> str:
    low, high = number_limits(column)
    return f"{low:g} or more and {high:g} or less" + (f" ({column.unit})" if column.unit else "")


def _finding_number(typed: Typed, column: Column, text: str, row: int) -> None:
    """Say why a text is not a number and what to write."""
    message = f"'{column.name}' is not a number; it is left out."
    fix = number_fix(cell_of_number(typed.table, typed.frame, column, row))
    typed.finding("error", "not_a_number", column.name, message, fix, row=row, value=text)


def cell_of_number(table: Table, frame: pl.DataFrame, column: Column, row: int) -> CellOfNumber:
    """Give a cell that should hold a number with what its table says about it.

    Parameters
    ----------
    table : the table
    frame : its cells as texts
    column : the column of the cell
    row : the number of its row, from 0

    Returns
    -------
    CellOfNumber
    """
    is_result = column.name == "value" and "unit" in frame.columns
    unit = (frame["unit"][row] or "") if is_result else column.unit
    return CellOfNumber(
        frame[column.name][row] or "",
        column,
        unit.strip(),
        has_comparator=column.name == "value" and "comparator" in table.by_name,
        is_shown=table.name != SUBJECTS.name,
    )
