"""Cells: the tables of a data set as texts, before anything is made of them.

Files, forms and simulated trials all become these, so that one set of checks looks at all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import NamedTuple

import polars as pl

from funis.errors import Finding
from funis.frames.few_answers import KeptAnswers, answers
from funis.frames.verbs import FEW, Verbs, cells_of, is_few, text_columns, verbs_of
from funis.letters import FORBIDDEN_PATTERN, NOT_CALCULATED, find_forbidden, name_letter

IGNORED_COLUMNS = frozenset({"comment", "comments", "note", "notes", "remark", "remarks"})
"""Columns for people; read over without a word."""

#: Errors of spreadsheets in any language (``#DIV/0!``, ``#WERT!``, ``#NV``, ``Err:502``), and a number that
#: its column was too narrow to show.
_SPREADSHEET_ERROR = (
    rf"^\s*(?:#\S{{1,20}}[!?]|#N/?[ADV]|#GETTING_DATA|{NOT_CALCULATED}|Err:5\d\d|#{{2,}})\s*$"
)
_UNUSABLE = f"{FORBIDDEN_PATTERN}|{_SPREADSHEET_ERROR}"
# 1 January 1 and 31 December 9999 in days from 1 January 1970, and how many of its units a day has.
_FIRST_DAY, _LAST_DAY = -719_162, 2_932_896
_OF_A_DAY = {"ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}
_NO_TEXT = (pl.Binary, pl.Duration, pl.Object)
_FORBIDDEN_FIX = "Take it out: it stays behind when text is copied from another program."
_ERROR_FIX = "Correct the formula and save again; leave the cell empty when the value is missing."


@dataclass(frozen=True, slots=True)
class InputFile:
    """One file that was read: its name, SHA-256 and number of rows."""

    name: str
    sha256: str
    rows: int


@dataclass(frozen=True, slots=True)
class Written:
    """What stood in a sheet whose names or cells were translated.

    Attributes
    ----------
    headers : name in the sheet of each column that has another one there
    cells : the cells before they were translated, with ``_line``; None where none was
    """

    headers: Mapping[str, str]
    cells: pl.DataFrame | None


@dataclass(frozen=True, slots=True)
class Grid:
    """Where a table stands in its sheet or file.

    Attributes
    ----------
    header_line : line or row of the header
    columns : number of each column, from 1, by its name in the header
    """

    header_line: int = 1
    columns: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RawTable:
    """One table, every cell a text or null, with ``_line``: the line of the file or the row of the sheet.

    ``written`` is what stood in the sheet, None where nothing was translated; ``grid`` is where it stood.
    """

    name: str
    file: str
    frame: pl.DataFrame
    written: Written | None = None
    grid: Grid = Grid()


@dataclass(slots=True)
class RawData:
    """The cells of all tables, wherever they come from, and what is wrong with their files.

    Attributes
    ----------
    tables : by name
    findings : of whole files, headers and rows that are no rows
    files : the files that were read; none where the tables were given as frames
    unreadable : names of the tables that are there and cannot be read
    unused : tables that are not used as they stand (another delimiter, a sheet whose name is nearly right);
        their cells are looked at all the same, so that everything is found in one run
    """

    tables: dict[str, RawTable] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    files: list[InputFile] = field(default_factory=list)
    unreadable: set[str] = field(default_factory=set)
    unused: list[RawTable] = field(default_factory=list)

    @property
    def like(self) -> pl.DataFrame:
        """Give a frame of the kind that all tables are of."""
        return next((table.frame for table in self.tables.values()), pl.DataFrame())

    def finding(self, code: str, file: str, message: str, fix: str, **place: object) -> None:
        """Add an error of a whole file, or of one line of it."""
        line, value = place.get("line"), str(place.get("value", ""))
        level = "warning" if place.get("level") == "warning" else "error"
        self.findings.append(
            Finding(
                "warning" if level == "warning" else "error",
                code,
                str(place.get("table", "")),
                file,
                line if isinstance(line, int) else None,
                str(place.get("column", "")),
                value[:60],
                message,
                fix,
            )
        )


class TableCells(NamedTuple):
    """The texts of a table, with their lines, and where it stands in its sheet or file."""

    frame: pl.DataFrame
    grid: Grid


def take_behind(behind: RawData, found: RawData) -> None:
    """Look at a table whose name is nearly right, where no other is that table.

    Parameters
    ----------
    behind : what the table would be under the name that was meant
    found : all that was taken under right names; takes the table as one that is not used
    """
    meant = {*behind.tables, *behind.unreadable}
    if meant & {*found.tables, *found.unreadable}:
        return
    found.unused += [*behind.tables.values(), *behind.unused]
    found.findings += behind.findings
    found.unreadable |= meant


class UnreadableError(Exception):
    """A file cannot be read as a table; carries what the finding says.

    ``behind`` is the table as it most likely is, so that what else is wrong is found in the same run; its
    values are not used.
    """

    def __init__(
        self, code: str, message: str, fix: str, *, line: int | None = None, value: str = ""
    ) -> None:
        super().__init__(message)
        self.code, self.message, self.fix, self.line, self.value = code, message, fix, line, value
        self.behind: TableCells | None = None


def as_texts(frame: pl.DataFrame) -> pl.DataFrame:
    """Turn typed columns into the texts that a file would hold; names that begin with ``_`` are left out.

    Parameters
    ----------
    frame : any Polars frame; flags become 1 and 0, dates YYYY-MM-DD

    Returns
    -------
    polars.DataFrame
        Every column a text; null stays null.

    Raises
    ------
    UnreadableError
        A column holds lists, bytes, spans of time or objects.

    Examples
    --------
    >>> as_texts(pl.DataFrame({"value": [7.0, None], "serious": [True, False]})).rows()
    [('7.0', '1'), (None, '0')]
    """
    odd = [name for name, dtype in frame.schema.items() if dtype.is_nested() or dtype in _NO_TEXT]
    if odd:
        message = f"Columns with lists, bytes, spans of time or objects: {', '.join(odd)}."
        raise UnreadableError("not_table", message, "Give one value a cell.")
    if all(dtype == pl.String and not name.startswith("_") for name, dtype in frame.schema.items()):
        return frame
    return frame.select(
        _as_text(name, dtype) for name, dtype in frame.schema.items() if not name.startswith("_")
    )


def _as_text(name: str, dtype: pl.DataType) -> pl.Expr:
    """Turn a column into texts; a day that no calendar has, which ends Polars, becomes the number it is."""
    if dtype == pl.Boolean:
        return pl.col(name).cast(pl.Int8).cast(pl.String)
    if not isinstance(dtype, pl.Date | pl.Datetime):
        return pl.col(name).cast(pl.String)
    of_a_day = 1 if isinstance(dtype, pl.Date) else _OF_A_DAY[dtype.time_unit]
    number = pl.col(name).to_physical()
    is_day = number.is_between(_FIRST_DAY * of_a_day, (_LAST_DAY + 1) * of_a_day, closed="left")
    return pl.coalesce(pl.when(is_day).then(pl.col(name)).cast(pl.String), number.cast(pl.String)).alias(name)


def leave_out_unusable(texts: pl.DataFrame, raw: RawData, file: str, table: str) -> pl.DataFrame:
    """Leave out cells that hold no value: spreadsheet errors, and letters that no page or figure can hold.

    Parameters
    ----------
    texts : cells of a table; a column ``_line`` gives their lines, else the rows are counted from 1
    raw : takes a finding for each
    file, table : names in the findings

    Returns
    -------
    polars.DataFrame
        The table; such a cell is null, a column whose name holds such a letter is gone.

    Examples
    --------
    >>> raw = RawData()
    >>> cells = pl.DataFrame({"term": ["rash", f"fe{chr(1)}ver", "#DIV/0!"]})
    >>> leave_out_unusable(cells, raw, "ae.csv", "ae").rows()
    [('rash',), (None,), (None,)]
    >>> [each.message for each in raw.findings]
    ['The cell holds the control character U+0001; it is left out.', \
'The cell holds a spreadsheet error; it is left out.']
    """
    any_forbidden = find_forbidden("".join(texts.columns))
    for name in [each for each in texts.columns if any_forbidden and find_forbidden(each)]:
        letter = name_letter(find_forbidden(name))
        message = f"The name of a column holds the control character {letter}; the column is not read."
        raw.finding("control_character", file, message, _FORBIDDEN_FIX, table=table, line=1, value=letter)
        texts = texts.drop(name)
    names = text_columns(texts)
    if not names or texts.is_empty():
        return texts
    ops = verbs_of(texts)
    if is_few(texts) and _usable_texts().of(cells_of(texts, names)) is not None:
        return texts
    found = texts.select(_any_unusable(ops, names)).row(0, named=True)
    if True not in found.values():
        return texts
    unusable = ops.col(names).str.contains(_UNUSABLE)
    for name in [each for each, is_there in found.items() if is_there]:
        for row in texts.select(ops.col(name).str.contains(_UNUSABLE))[name].arg_true():
            line = texts["_line"][row] if "_line" in texts.columns else row + 1
            _report_unusable(texts[name][row], raw, file, {"table": table, "line": line, "column": name})
    return texts.with_columns(ops.when(~unusable).then(ops.col(names)))


@lru_cache(maxsize=256)
def _any_unusable(ops: Verbs, names: tuple[str, ...]) -> pl.Expr:
    """Tell which columns have a cell that holds no value."""
    return ops.col(names).str.contains(_UNUSABLE).any()


@cache
def _usable_texts() -> KeptAnswers:
    """Give the texts that hold a value, each with itself."""
    unusable = FEW.col("text").str.contains(_UNUSABLE)
    return KeptAnswers(
        lambda texts: {
            text: text for text, is_so in zip(texts, answers(unusable, texts), strict=True) if not is_so
        }
    )


def _report_unusable(text: str, raw: RawData, file: str, place: dict[str, object]) -> None:
    forbidden = find_forbidden(text)
    if forbidden:
        letter = name_letter(forbidden)
        message = f"The cell holds the control character {letter}; it is left out."
        raw.finding("control_character", file, message, _FORBIDDEN_FIX, value=letter, **place)
        return
    message, fix = "The cell holds a spreadsheet error; it is left out.", _ERROR_FIX
    if text.strip() == NOT_CALCULATED:
        message = "The cell holds a formula without a result; it is left out."
        fix = "Open the workbook in a spreadsheet program, let it calculate, and save it."
    raw.finding("spreadsheet_error", file, message, fix, value=text.strip(), **place)
