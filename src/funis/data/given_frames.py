"""Data frames and lists of rows -> cells: what a form, a simulated trial or a script of the user holds.

Every value becomes the text that a file would hold, so that the checks that follow cannot tell the two apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

import narwhals as nw
import polars as pl

from funis.arguments import Frame, fits
from funis.data.cells import RawData, RawTable, UnreadableError, as_texts, leave_out_unusable, take_behind
from funis.data.known_tables import finding_unknown_table, name_columns, nearest_table
from funis.described import Described, describe
from funis.errors import ValueRangeError
from funis.frames.verbs import as_few, as_polars, few_texts, frame_like, is_few, verbs_of
from funis.letters import name_letter
from funis.schema import Table
from funis.study.imported import Import, plain_name

_KINDS = (
    "a frame of Polars, pandas, PyArrow or DuckDB whose columns have each a name of their own, as text, "
    "or a list of rows as dicts whose keys are texts"
)
_AS_DESCRIBED = Import()
"""Frames are not translated: their names and values are those of the tables."""
_TEXT_OR_EMPTY = {str, type(None)}


def take_frames(
    frames: Mapping[str, Any],
    known: Mapping[str, Table],
    expected: Mapping[str, bool],
    *,
    few_cells: int = 0,
) -> RawData:
    """Take the tables of a study as frames.

    Parameters
    ----------
    frames : by table name; texts as in a file, or typed columns; lists of rows as dicts, where an empty list
        is a table that has its columns and no row. Columns that begin with ``_`` are not read.
    known : the tables of the study by name
    expected : names of tables that may be there, and whether the study uses them
    few_cells : up to so many cells the tables are held as few rows

    Returns
    -------
    RawData
        The file of each table is its name, the line its row, counted from 1.

    Raises
    ------
    ValueRangeError
        A table is neither a frame nor a list of dicts.

    Examples
    --------
    >>> raw = take_frames({"visits": [{"subject": "S1", "day": 7}]}, {}, {"visits": True})
    >>> raw.tables["visits"].frame.rows()
    [('S1', '7', 1)]
    """
    raw = RawData()
    # A table whose name is not right is looked at too: what else is wrong in it is found in the same run.
    meant = {name: _find_table(name, frames, expected) for name in frames}
    given = {
        name: _try_columns(table, frames[name], known.get(table))
        for name, (table, _) in meant.items()
        if table
    }
    cells = sum(each.height * each.width for each in given.values() if not isinstance(each, UnreadableError))
    hold_few = few_cells > 0 and cells <= few_cells
    behind: list[RawData] = []
    for name, (table, is_right) in meant.items():
        if not is_right:
            raw.findings.append(finding_unknown_table(name, name, expected))
            behind.append(RawData())
        if table:
            taken = raw if is_right else behind[-1]
            _take_table(table, name, given[name], (taken, known.get(table)), hold_few=hold_few)
    for each in behind:
        take_behind(each, raw)
    return raw


def _find_table(name: str, frames: Mapping[str, Any], expected: Mapping[str, bool]) -> tuple[str, bool]:
    """Give the table that a frame is, whatever its capitals and gaps, or nearly is; and which of the two."""
    if expected.get(name):
        return name, True
    plain = plain_name(name)
    if expected.get(plain) and plain not in frames:
        return plain, True
    return nearest_table(name, expected), False


def _take_table(
    table: str,
    file: str,
    columns: pl.DataFrame | UnreadableError,
    place: tuple[RawData, Table | None],
    *,
    hold_few: bool,
) -> None:
    """Take one table, or say why it cannot be."""
    raw, described = place
    try:
        if isinstance(columns, UnreadableError):
            raise columns
        texts = _texts(columns, raw, (file, table), hold_few=hold_few)
    except UnreadableError as error:
        raw.unreadable.add(table)
        raw.finding(error.code, file, error.message, error.fix, table=table)
        return
    named = _spelt(_named(texts, raw, file), described)
    raw.tables[table] = RawTable(table, file, _without_blank_rows(named))


def _texts(columns: pl.DataFrame, raw: RawData, place: tuple[str, str], *, hold_few: bool) -> pl.DataFrame:
    """Bring a table to texts, held as few rows from as early on as it can be."""
    if not hold_few:
        columns = as_polars(columns)
    elif is_few(columns) or set(columns.dtypes) <= {pl.String}:
        # These are texts already; only columns that are not read are still to be left out.
        few = columns if is_few(columns) else as_few(columns, are_texts=True)
        texts = leave_out_unusable(few, raw, *place)
        return texts.drop([each for each in texts.columns if each.startswith("_")])
    texts = as_texts(leave_out_unusable(columns, raw, *place))
    return as_few(texts) if hold_few else texts


def _try_columns(name: str, given: Any, table: Table | None) -> pl.DataFrame | UnreadableError:
    """Bring a table of any kind into a Polars frame, or say why it cannot be."""
    try:
        return _columns(name, given, table)
    except UnreadableError as error:
        return error


def _columns(name: str, given: Any, table: Table | None) -> pl.DataFrame:
    """Bring a table of any kind into a Polars frame."""
    if isinstance(given, pl.DataFrame):
        return given
    if isinstance(given, Sequence) and all(isinstance(row, Mapping) for row in given):
        names = dict.fromkeys(chain.from_iterable(given))
        if not all(isinstance(each, str) for each in names):
            raise ValueRangeError(f"table '{name}'", Described("a row with a key that is no text"), _KINDS)
        if not given and table is not None:
            names = dict.fromkeys(column.name for column in table.columns)
        if all(row.keys() == names.keys() for row in given):
            texts = {each: [row[each] for row in given] for each in names}
        else:
            texts = {each: [row.get(each) for row in given] for each in names}
        if _are_texts(texts):
            return few_texts(texts)
        return pl.DataFrame([_column(each, [row.get(each) for row in given]) for each in names])
    if not fits(Frame(), given):
        raise ValueRangeError(f"table '{name}'", describe(given), _KINDS)
    frame = nw.from_native(given)
    whole = _collect(name, frame) if isinstance(frame, nw.LazyFrame) else frame
    columns = []
    for each in whole.columns:
        cells, empty = whole[each].to_list(), whole[each].is_null().to_list()
        cells = [None if gone else cell for cell, gone in zip(cells, empty, strict=True)]
        columns.append(_column(str(each), cells))
    return pl.DataFrame(columns)


def _collect(name: str, frame: nw.LazyFrame[Any]) -> nw.DataFrame[Any]:
    """Run the query of a lazy frame."""
    try:
        return frame.collect()
    except Exception as error:
        # A query may call functions of the user, and what it raises may quote cells.
        found = Described("a lazy frame whose query fails")
        raise ValueRangeError(f"table '{name}'", found, _KINDS, "Collect it to see why.") from error


def _are_texts(columns: Mapping[Any, Sequence[Any]]) -> bool:
    """Tell whether all cells are texts that a file can hold, so that nothing is to be done about them."""
    every = [*chain(columns, *columns.values())]
    if not set(map(type, every)) <= _TEXT_OR_EMPTY:
        return False
    try:
        "".join(filter(None, every)).encode()
    except UnicodeEncodeError:
        return False
    return True


def _column(name: str, cells: Sequence[Any]) -> pl.Series:
    """Make a column of what stands in a list; numbers beside texts (7 and ND) become texts."""
    kinds = {type(cell) for cell in cells} - {type(None)}
    if len(kinds) > 1 and str in kinds:
        cells = [
            None if cell is None else str(int(cell) if cell in (True, False) else cell) for cell in cells
        ]
    try:
        return pl.Series(name, cells, strict=False)
    except UnicodeEncodeError as error:
        letter = name_letter(error.object[error.start])
        message = f"The column '{name}' holds half a letter ({letter}), which no file can hold."
        raise UnreadableError("control_character", message, "Take it out of the text.") from error


def _named(texts: pl.DataFrame, raw: RawData, file: str) -> pl.DataFrame:
    """Take spaces off the names of columns; of two that are then the same the first is read."""
    names = [name.strip() for name in texts.columns]
    if names == texts.columns and "" not in names:
        return texts
    kept: dict[str, str] = {}
    for name, plain in zip(texts.columns, names, strict=True):
        if plain in kept:
            message = "The column stands twice, but for spaces; the first is read."
            raw.finding("duplicate_column", file, message, "Keep one of them.", line=1, column=plain)
        elif plain:
            kept[plain] = name
    ops = verbs_of(texts)
    return texts.select(ops.col(name).alias(plain) for plain, name in kept.items())


def _spelt(texts: pl.DataFrame, table: Table | None) -> pl.DataFrame:
    """Name columns as the table spells them, as in a file: capitals and gaps do not matter."""
    if table is None or set(texts.columns) <= table.by_name.keys():
        return texts
    names = name_columns(texts.columns, table, _AS_DESCRIBED)
    ops = verbs_of(texts)
    return (
        texts.select(ops.col(name).alias(names.get(name, name)) for name in texts.columns) if names else texts
    )


def _without_blank_rows(texts: pl.DataFrame) -> pl.DataFrame:
    """Leave out rows without any value, as a file's empty lines are; the others keep their number."""
    ops = verbs_of(texts)
    lines = frame_like(texts, {"_line": list(range(1, texts.height + 1))}, {"_line": pl.Int64()})
    numbered = texts.hstack(lines)
    if not texts.width or all(cell and not cell.isspace() for cell in texts[texts.columns[0]]):
        return numbered
    filled = ops.any_horizontal([ops.col(name).str.strip_chars() != "" for name in texts.columns])
    return numbered.filter(filled.fill_null(value=False))
