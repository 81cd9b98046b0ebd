"""Where the cells of a workbook stand, found before the workbook is loaded.

The library that loads a sheet makes a rectangle around its cells: one value in the last corner of a sheet
(XFD1048576) is 17 thousand million cells. It also reads a spreadsheet error (``#DIV/0!``) and a formula
that was never calculated as an empty cell. Both are found here, in one pass over the packed sheets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from xml.parsers import expat

from funis.bounded.limits import Limits, RefusedFileError
from funis.bounded.unpacked import Archive
from funis.letters import NOT_CALCULATED

_LETTERS = re.compile(r"[A-Za-z]{1,3}")
_TEXTS = frozenset({"s", "str", "inlineStr"})
_REFUSED = ("Save it again as .xlsx.", "not_workbook")
OTHER_WORKBOOKS = frozenset({".xls", ".xlsm", ".xlsb", ".xlt", ".xltx", ".ods", ".fods", ".numbers", ".et"})
"""Endings of workbooks that are not read: the limits are kept for .xlsx alone."""


class DamagedWorkbookError(ValueError):
    """A workbook that was opened cannot be read: it is damaged."""


@contextmanager
def tell_damage() -> Iterator[None]:
    """Give one error for whatever ends the library that reads workbooks.

    Where it meets what it did not expect it panics: an error outside of all others, of a class of its own in
    each library, known by its name alone.

    Raises
    ------
    DamagedWorkbookError : the library gave up; its words, which may quote the file, are not passed on

    Examples
    --------
    >>> with tell_damage():
    ...     pass
    """
    import fastexcel

    try:
        yield
    except fastexcel.FastExcelError as error:
        raise DamagedWorkbookError("the workbook is damaged") from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise DamagedWorkbookError("the workbook is damaged") from error


@dataclass(slots=True)
class SheetCells:
    """Where the cells of one sheet stand; rows and columns from 1.

    Attributes
    ----------
    top, bottom, left, right : the rectangle around every cell that holds something; 0 where none does
    lost : text of spreadsheet errors and of formulas without a result, by row and column
    texts : row and column of the cells that hold a text, where that was asked for
    """

    top: int = 0
    bottom: int = 0
    left: int = 0
    right: int = 0
    lost: dict[tuple[int, int], str] = field(default_factory=dict)
    texts: set[tuple[int, int]] = field(default_factory=set)

    def widen(self, row: int, column: int) -> None:
        """Widen the rectangle so that it holds one more cell."""
        if not self.top:
            self.top, self.bottom, self.left, self.right = row, row, column, column
            return
        self.top, self.bottom = min(self.top, row), max(self.bottom, row)
        self.left, self.right = min(self.left, column), max(self.right, column)


def find_cells(data: bytes, limits: Limits, *, note_texts: bool = False) -> dict[str, SheetCells]:
    """Find where the cells of every sheet of a workbook stand.

    Parameters
    ----------
    data : an .xlsx file
    limits : how much it may unpack to, how far its sheets may reach
    note_texts : note which cells hold texts: a number and its text look alike once they are loaded

    Returns
    -------
    dict
        By name of the sheet.

    Raises
    ------
    BeyondLimitError, RefusedFileError
    """
    archive = Archive(data, limits)
    found: dict[str, SheetCells] = {}
    for name, part in read_sheet_parts(archive).items():
        if part not in archive.parts:
            raise RefusedFileError(f"The sheet '{name}' is not in the workbook.", *_REFUSED)
        found[name] = _Scan(name, limits, note_texts=note_texts).read(archive, part)
    # Shared texts and styles are loaded as well.
    for part in set(archive.parts) - archive.seen:
        for _ in archive.unpack(part):
            pass
    return found


def read_sheet_parts(archive: Archive) -> dict[str, str]:
    """Read which part of a workbook each sheet is, by its name."""
    return _read_sheets(archive, _read_targets(archive))


def _parse(archive: Archive, part: str, reader: expat.XMLParserType) -> None:
    """Send a part through a parser that takes no entities and no other encoding."""

    def refuse(*_: object) -> None:
        raise RefusedFileError("A part of the workbook declares its own entities.", *_REFUSED)

    reader.StartDoctypeDeclHandler = refuse
    try:
        for piece in archive.unpack(part):
            reader.Parse(piece, False)  # noqa: FBT003 - the argument has no name
        reader.Parse(b"", True)  # noqa: FBT003
    except expat.ExpatError as error:
        raise RefusedFileError("A part of the workbook is not XML.", *_REFUSED) from error


def _read_targets(archive: Archive) -> dict[str, str]:
    """Read which part each relation of the workbook leads to."""
    targets: dict[str, str] = {}

    def start(name: str, attributes: dict[str, str]) -> None:
        if _local(name) == "Relationship":
            target = attributes.get("Target", "")
            path = target.removeprefix("/") if target.startswith(("/xl/", "xl/")) else f"xl/{target}"
            targets[attributes.get("Id", "")] = path

    reader = expat.ParserCreate("utf-8")
    reader.StartElementHandler = start
    _parse_named(archive, "xl/_rels/workbook.xml.rels", reader)
    return targets


def _read_sheets(archive: Archive, targets: dict[str, str]) -> dict[str, str]:
    """Read the part of every sheet by its name."""
    sheets: dict[str, str] = {}

    def start(name: str, attributes: dict[str, str]) -> None:
        if _local(name) == "sheet":
            key = next((value for key, value in attributes.items() if _local(key) == "id"), "")
            sheets[attributes.get("name", "")] = targets.get(key, "")

    reader = expat.ParserCreate("utf-8")
    reader.StartElementHandler = start
    _parse_named(archive, "xl/workbook.xml", reader)
    return sheets


def _parse_named(archive: Archive, part: str, reader: expat.XMLParserType) -> None:
    if part not in archive.parts:
        raise RefusedFileError(f"The file is not an .xlsx workbook: it has no part {part}.", *_REFUSED)
    _parse(archive, part, reader)


def _local(name: str) -> str:
    return name.rpartition(":")[2]


@cache
def _column(letters: str) -> int:
    """Give the number of a column, 1 for A; refuse what is none."""
    if _LETTERS.fullmatch(letters) is None:
        raise RefusedFileError("A cell of the workbook has no place.", *_REFUSED)
    return sum(26**place * (ord(letter) - 64) for place, letter in enumerate(reversed(letters.upper())))


class _Scan:
    """One pass over the XML of a sheet; a cell is taken when the next begins."""

    def __init__(self, sheet: str, limits: Limits, *, note_texts: bool) -> None:
        self.sheet, self.limits, self.note_texts = sheet, limits, note_texts
        self.cells = SheetCells()
        self.row = self.column = 0
        self.kind = self.digits = ""
        self.has_formula = self.has_value = False
        self.text: list[str] = []
        self.reader = expat.ParserCreate("utf-8")
        self.reader.buffer_text = True
        self.reader.StartElementHandler = self.start

    def read(self, archive: Archive, part: str) -> SheetCells:
        """Read the whole sheet."""
        _parse(archive, part, self.reader)
        self._take()
        return self.cells

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Follow rows and cells, and note what a cell holds."""
        local = name.rpartition(":")[2] if ":" in name else name
        if local == "c":
            self._take()
            self.column += 1
            self.kind = attributes.get("t", "")
            if "r" in attributes:
                self._place(attributes["r"])
        elif local in {"v", "is"}:
            self.has_value = True
            if self.has_formula or self.kind == "e":
                self.reader.CharacterDataHandler = self.text.append
        elif local == "f":
            self.has_formula = True
        elif local == "row":
            self._take()
            self.column = 0
            self.digits = attributes.get("r", str(self.row + 1))
            self.row = self._row(self.digits)

    def _place(self, reference: str) -> None:
        letters = reference.rstrip("0123456789")
        self.column = _column(letters)
        digits = reference[len(letters) :]
        if digits != self.digits:
            self.row, self.digits = self._row(digits), digits

    def _row(self, digits: str) -> int:
        if not (digits.isascii() and digits.isdecimal() and len(digits) < 8):
            raise RefusedFileError("A row of the workbook has no number.", *_REFUSED)
        return int(digits)

    def _take(self) -> None:
        """Take the cell that ends here, if it holds something."""
        if not (self.has_value or self.has_formula):
            return
        cells, row, column = self.cells, self.row, self.column
        if self.note_texts and self.kind in _TEXTS:
            cells.texts.add((row, column))
        if self.has_formula or self.kind == "e":
            self.reader.CharacterDataHandler = None
            text = "".join(self.text).strip()
            if self.kind == "e":
                cells.lost[row, column] = text or NOT_CALCULATED
            elif not text and self.kind not in {"str", "inlineStr"}:
                cells.lost[row, column] = NOT_CALCULATED
            self.text.clear()
        self.has_value = self.has_formula = False
        if not (cells.top <= row <= cells.bottom and cells.left <= column <= cells.right):
            cells.widen(row, column)
            self._check()

    def _check(self) -> None:
        cells, place = self.cells, f"The sheet '{self.sheet}'"
        rows, columns = cells.bottom, cells.right - cells.left + 1
        self.limits.check("rows", rows, f"{place} reaches down to row {rows:,}")
        self.limits.check("columns", cells.right, f"{place} reaches to column {cells.right:,}")
        self.limits.check("cells", rows * columns, f"{place} spans {rows * columns:,} cells")
