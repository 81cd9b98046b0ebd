"""Rows of a sheet or a file -> a table of texts: header, width of rows, names of columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import polars as pl

from funis.data.cells import Grid, RawData, TableCells, UnreadableError

Read = Callable[[int | None], TableCells]
"""Reads a table, given the row of its header where the study file names it."""
Filled = list[tuple[list[str], int]]
_LINE = "_line"
_FEW_CELLS = 2
"""A title has one cell; a header has more than so many."""


def make_table(
    filled: Filled, place: tuple[RawData, str], header_row: int | None, *, left: int = 1
) -> TableCells:
    """Make a table of the rows of a sheet or a file.

    Parameters
    ----------
    filled : the rows that are not empty, with their lines
    place : takes the findings; name of the file
    header_row : line of the header where the study file names it; else it is the first row
    left : number of the column that the rows begin with

    Returns
    -------
    TableCells

    Raises
    ------
    UnreadableError
        The rows are no table: none is filled, a title stands above the header, the declared header is empty.

    Examples
    --------
    >>> rows = [(["subject", "age"], 1), (["S1", "31"], 3)]
    >>> make_table(rows, (RawData(), "subjects.csv"), None).frame.rows()
    [('S1', '31', 3)]
    """
    if not filled:
        raise UnreadableError(
            "empty_file", f"{_what(place[1])} is empty; it has not even a header.", "Write the header."
        )
    if header_row is None:
        _check_title(filled, place, left)
    header, line, rows = _find_header(filled, header_row)
    names = _check_header(header, line, place, left)
    columns = {name: left + index for name, index in names.items()}
    return TableCells(_frame(header, names, rows, place, left), Grid(line, columns))


def _what(file: str) -> str:
    return "The sheet" if file.endswith("]") else "The file"


def _find_header(filled: Filled, header_row: int | None) -> tuple[list[str], int, Filled]:
    """Give the header, its line and the rows below it: the first row that is not empty, or the declared one.

    Cells merged over several rows of a header keep their text in the first of them.
    """
    if header_row is None:
        return filled[0][0], filled[0][1], filled[1:]
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
    return header, header_row, filled[number + 1 :]


def _frame(
    header: Sequence[str], names: Mapping[str, int], rows: Filled, place: tuple[RawData, str], left: int
) -> pl.DataFrame:
    """Make a frame of texts; rows with too few or too many cells are left out and reported."""
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
    _finding_strays(strays, place, left)
    columns = {
        name: pl.Series(name, [record[index] for record in kept], dtype=pl.String)
        for name, index in names.items()
    }
    return pl.DataFrame({**columns, _LINE: pl.Series(_LINE, lines, dtype=pl.Int64)})


def _check_title(filled: Filled, place: tuple[RawData, str], left: int) -> None:
    """Refuse a table that has a title above its header."""
    first = [cell for cell in filled[0][0] if cell.strip()]
    following = sum(bool(cell.strip()) for row, _ in filled[1:2] for cell in row)
    if len(first) == 1 and following > _FEW_CELLS:
        line = filled[1][1]
        message = "The first row has one cell, as a title has, and the header stands below it."
        fix = f"Take out the rows above the header, or name its row, {line}, in [import.header_rows]."
        error = UnreadableError("title_above_header", message, fix, line=filled[0][1])
        error.behind = make_table(filled[1:], place, None, left=left)
        raise error


def _note_strays(
    header: Sequence[str], record: Sequence[str], line: int, strays: dict[int, tuple[int, int]]
) -> None:
    """Note values under an empty header: the first line of each column, and how many."""
    for index, cell in enumerate(record[: len(header)]):
        if not header[index] and cell.strip():
            first, count = strays.get(index, (line, 0))
            strays[index] = (first, count + 1)


def _finding_strays(strays: Mapping[int, tuple[int, int]], place: tuple[RawData, str], left: int) -> None:
    """Say which columns, counted as in the sheet, hold values and have no name."""
    found, file = place
    for index, (line, count) in sorted(strays.items()):
        cells = "one value" if count == 1 else f"{count} values"
        message = f"Column {left + index} has no name in the header and holds {cells}; it is not read."
        fix = "Write its name into the header, or empty the column."
        found.finding("unnamed_column", file, message, fix, line=line, level="warning")


def _check_header(header: Sequence[str], line: int, place: tuple[RawData, str], left: int) -> dict[str, int]:
    """Give the position of each column; a name that stands twice or is empty is reported."""
    found, file = place
    names: dict[str, int] = {}
    for index, cell in enumerate(header):
        name = cell.strip()
        if not name:
            continue
        if name in names:
            first, second = left + names[name], left + index
            message = f"The column stands twice; column {first} is read, column {second} is not."
            found.finding("duplicate_column", file, message, "Keep one of them.", line=line, column=name)
            continue
        names[name] = index
    return names
