"""A file of one table, as somebody names it to be scored: CSV, Parquet or Excel, read whole or refused."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import polars as pl
from polars.exceptions import PanicException, PolarsError

from funis.bounded.limits import Limits
from funis.bounded.parquet import check_parquet
from funis.bounded.regular_file import read_regular
from funis.bounded.unpacked import check_texts
from funis.bounded.workbook import OTHER_WORKBOOKS, find_cells, tell_damage
from funis.errors import FunisError, ValueRangeError

SUFFIXES: Final = (".csv", ".parquet", ".xlsx")
#: Columns that order the visits of a subject, the first that stands in the file.
ORDERS: Final = ("day", "date", "visit_number")
#: CSV and Parquet are read without a copy of each cell, so a register of many visits may be scored.
_LARGE: Final = Limits(
    megabytes=20_000,
    rows=200_000_000,
    cells=5_000_000_000,
    unpacked_megabytes=100_000,
    unpacked_ratio=10_000,
)
_MARK: Final = b"\xef\xbb\xbf"


class FileError(FunisError):
    """A file cannot be read or written."""

    code = "file"


def read_frame(file: Path, limits: Limits | None = None, *, sheet: str = "") -> pl.DataFrame:
    """Read a CSV, Parquet or Excel file; of a workbook the sheet of that name, else the first.

    Parameters
    ----------
    file : the file; the first sheet of a workbook is read
    limits : how much is read; None for the usual limits

    Raises
    ------
    FileError : there is no such file, or it cannot be read; a row has more or fewer cells than the header,
        or a cell of a workbook holds a spreadsheet error
    BeyondLimitError, RefusedFileError : it holds too much, or is no regular file
    ValueRangeError : the suffix is none of ``SUFFIXES``
    """
    check_suffix(file)
    if not file.exists():
        raise FileError(f"There is no file '{file}'. Give the path of a CSV, Parquet or Excel file.")
    kind = file.suffix.lower()
    most = limits or (Limits() if kind == ".xlsx" else _LARGE)
    readers: dict[str, Callable[[bytes, Path, Limits], pl.DataFrame]]
    readers = {".csv": _read_csv, ".parquet": _read_parquet, ".xlsx": partial(_read_workbook, name=sheet)}
    try:
        return readers[kind](read_regular(file, most), file, most)
    except (PolarsError, PanicException, OSError, ValueError) as error:
        # What a library says of a file may quote it.
        said = getattr(error, "strerror", None) or "it is damaged, or not what its name says"
        raise FileError(f"The file '{file}' cannot be read: {said}.") from error


def check_suffix(file: Path) -> Path:
    """Refuse a file whose name does not say which kind it is."""
    if file.suffix.lower() not in SUFFIXES:
        is_other = file.suffix.lower() in OTHER_WORKBOOKS
        advice = "Of workbooks .xlsx alone is read and written; save it as .xlsx." if is_other else ""
        raise ValueRangeError("kind of file", file.name, f"a name that ends in {', '.join(SUFFIXES)}", advice)
    return file


def _read_parquet(data: bytes, _: Path, limits: Limits) -> pl.DataFrame:
    check_parquet(data, limits)
    frame = pl.read_parquet(io.BytesIO(data))
    check_texts(frame, limits)
    return frame


def _read_workbook(data: bytes, file: Path, limits: Limits, *, name: str) -> pl.DataFrame:
    """Read one sheet; a cell without a value that looks empty to the reader is refused."""
    sheets = find_cells(data, limits)
    named = [each for each in sheets if each.strip().casefold() == name.casefold()]
    chosen = (named or list(sheets))[:1]
    for sheet in (sheets[each] for each in chosen):
        if not sheet.lost:
            continue
        (row, column), text = min(sheet.lost.items())
        more = f", and {len(sheet.lost) - 1} more" if len(sheet.lost) > 1 else ""
        raise FileError(
            f"The file '{file}' holds a spreadsheet error in row {row}, column {column}: {text}{more}. "
            "Correct the formula and save again; leave the cell empty when the value is missing."
        )
    # Every row decides the kind of a column: a text after a thousand numbers would be left out.
    with tell_damage():
        if named:
            frame = pl.read_excel(io.BytesIO(data), sheet_name=named[0], infer_schema_length=None)
        else:
            frame = pl.read_excel(io.BytesIO(data), infer_schema_length=None)
    check_texts(frame, limits)
    return frame


def _read_csv(data: bytes, file: Path, limits: Limits) -> pl.DataFrame:
    # Old programs end lines with a carriage return alone, which Polars takes for part of the header.
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    data = data.removeprefix(_MARK)
    header, rows, has_blank_lines = _check_shape(data, file, limits)
    if has_blank_lines:
        data = _without_blank_lines(data, file, limits)
    frame = pl.read_csv(io.BytesIO(data), infer_schema_length=None, try_parse_dates=True)
    if frame.columns != header or frame.height != rows:
        raise FileError(
            f"The file '{file}' cannot be read: it has {rows} rows, the reader finds {frame.height}. "
            "Save it again as CSV UTF-8."
        )
    return _keep_leading_zeros(data, frame)


def _check_shape(data: bytes, file: Path, limits: Limits) -> tuple[list[str], int, bool]:
    """Give the header, the number of rows, and whether lines are blank; refuse rows of another width."""
    records = _records(data, file, limits)
    header = next(records, [])
    for place, name in enumerate(header):
        if not name.strip() or name in header[:place]:
            what = "has no name" if not name.strip() else "stands twice"
            raise FileError(f"The file '{file}', column {place + 1}, {what}. Give each column one name.")
    limits.check("columns", len(header), f"The header has {len(header):,} columns")
    rows, has_blank_lines = 0, False
    for place, record in enumerate(records, start=2):
        if _is_blank(record):
            has_blank_lines = True
        elif len(record) == len(header):
            rows += 1
        else:
            raise FileError(
                f"The file '{file}', row {place}: found {len(record)} cells where the header has "
                f'{len(header)}. Give each column one cell; write a text that holds a comma in "quotes".'
            )
    limits.check("rows", rows, f"The table has {rows:,} rows")
    return header, rows, has_blank_lines


def _is_blank(record: list[str]) -> bool:
    return len(record) < 2 and not any(cell.strip() for cell in record)


def _without_blank_lines(data: bytes, file: Path, limits: Limits) -> bytes:
    """Write the rows again as they were read, for the reader alone: nothing of this leaves the program."""
    kept = (record for record in _records(data, file, limits) if not _is_blank(record))
    return "\n".join(",".join(map(_quoted, record)) for record in kept).encode("utf-8")


def _quoted(cell: str) -> str:
    return '"{}"'.format(cell.replace('"', '""')) if set(cell) & set('",\n') or not cell else cell


def _records(data: bytes, file: Path, limits: Limits) -> Iterator[list[str]]:
    reader = csv.reader(io.TextIOWrapper(io.BytesIO(data), "utf-8", newline=""), strict=True)
    usual = csv.field_size_limit(limits.cell_letters)
    try:
        yield from reader
    except csv.Error as error:
        raise FileError(f"The file '{file}', line {reader.line_num}: {error}.") from error
    finally:
        csv.field_size_limit(usual)


def _keep_leading_zeros(data: bytes, frame: pl.DataFrame) -> pl.DataFrame:
    """Give back as text what was no number: the study number 007 is not 7."""
    whole: Sequence[str] = [
        name for name, kind in frame.schema.items() if kind.is_integer() and name not in ORDERS
    ]
    if not whole:
        return frame
    texts = pl.read_csv(io.BytesIO(data), columns=whole, infer_schema=False)
    spelled = texts.select(pl.all().str.contains(r"^\s*0\d").any()).row(0, named=True)
    return frame.with_columns(texts[name] for name, is_spelled in spelled.items() if is_spelled)
