"""Cells of a workbook replaced in place: every other part of the file, and every other cell, stays as it is.

A library that loads and saves a workbook loses what it does not know, and the results of every formula. Here
only the piece of XML that is the cell is written anew, with its style.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Collection, Mapping
from typing import NamedTuple
from xml.parsers import expat
from xml.sax.saxutils import escape

from funis.bounded.limits import Limits, RefusedFileError
from funis.bounded.unpacked import Archive
from funis.bounded.workbook import read_sheet_parts

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")


class FoundCell(NamedTuple):
    """The piece of XML that is a cell.

    Attributes
    ----------
    start, end : where it stands in its part
    name : of its element, with a prefix where the part has one
    style : number of its style, empty for none
    has_formula : it holds a formula
    """

    start: int
    end: int
    name: str
    style: str
    has_formula: bool


def replace_workbook_cells(
    data: bytes, changes: Mapping[str, Mapping[tuple[int, int], str]], limits: Limits
) -> bytes:
    """Write other values into cells of a workbook.

    Parameters
    ----------
    data : an .xlsx file
    changes : new value by name of the sheet, row and column, from 1; what is written as a number becomes one,
        unless it begins with a zero that a number would lose; an empty text empties the cell
    limits : how much the file may unpack to

    Returns
    -------
    bytes

    Raises
    ------
    RefusedFileError
        A cell is not there, or holds a formula.
    """
    archive = Archive(data, limits)
    parts = read_sheet_parts(archive)
    written: dict[str, bytes] = {}
    for sheet, cells in changes.items():
        part = parts.get(sheet, "")
        if part not in archive.parts:
            raise RefusedFileError(f"The workbook has no sheet '{sheet}'.", "Save it again.", "not_workbook")
        xml = written.get(part) or b"".join(archive.unpack(part))
        written[part] = _replace(xml, sheet, cells)
    return _write_archive(data, written)


def _replace(xml: bytes, sheet: str, changes: Mapping[tuple[int, int], str]) -> bytes:
    found = find_xml_cells(xml, changes)
    for place in changes:
        name = f"Row {place[0]}, column {place[1]} of the sheet '{sheet}'"
        if place not in found:
            raise RefusedFileError(f"{name} is not in the file.", "Save it again as .xlsx.", "not_workbook")
        if found[place].has_formula:
            fix = "Correct the formula in a spreadsheet program."
            raise RefusedFileError(f"{name} holds a formula.", fix, "formula")
    # The last cell first: the places of the others stay what they are.
    for place in sorted(changes, key=lambda each: found[each].start, reverse=True):
        cell = found[place]
        xml = xml[: cell.start] + _write_cell(cell, place, changes[place]) + xml[cell.end :]
    return xml


def _write_cell(cell: FoundCell, place: tuple[int, int], value: str) -> bytes:
    """Write the XML of a cell."""
    prefix = cell.name[: -len("c")]
    style = f' s="{cell.style}"' if cell.style else ""
    head = f'<{cell.name} r="{_letters(place[1])}{place[0]}"{style}'
    digits = value.lstrip("-")
    is_padded = digits[:1] == "0" and digits[1:2].isdigit()
    if not value:
        return f"{head}/>".encode()
    if _NUMBER.fullmatch(value) and not is_padded:
        return f"{head}><{prefix}v>{value}</{prefix}v></{cell.name}>".encode()
    text = f'<{prefix}t xml:space="preserve">{escape(value)}</{prefix}t>'
    return f'{head} t="inlineStr"><{prefix}is>{text}</{prefix}is></{cell.name}>'.encode()


def _letters(column: int) -> str:
    """Give the letters of a column.

    Examples
    --------
    >>> _letters(1), _letters(26), _letters(27), _letters(16384)
    ('A', 'Z', 'AA', 'XFD')
    """
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def find_xml_cells(xml: bytes, wanted: Collection[tuple[int, int]]) -> dict[tuple[int, int], FoundCell]:
    """Find the pieces of XML that are given cells of a sheet.

    Parameters
    ----------
    xml : the part of the sheet
    wanted : rows and columns, from 1
    """
    finder = _Finder({f"{_letters(column)}{row}": (row, column) for row, column in wanted})
    reader = expat.ParserCreate("utf-8")
    reader.StartElementHandler = finder.start
    reader.EndElementHandler = finder.end
    finder.reader = reader
    try:
        reader.Parse(xml, True)  # noqa: FBT003 - the argument has no name
    except expat.ExpatError as error:
        raise RefusedFileError(
            "A part of the workbook is not XML.", "Save it again as .xlsx.", "not_workbook"
        ) from error
    return {place: cell._replace(end=_find_end(xml, cell)) for place, cell in finder.found.items()}


def _find_end(xml: bytes, cell: FoundCell) -> int:
    """Give the place behind a cell: the parser says where a closing tag begins, where an empty one ends."""
    is_closed = xml.startswith(f"</{cell.name}".encode(), cell.end)
    return xml.index(b">", cell.end) + 1 if is_closed else cell.end


class _Finder:
    """Notes where the wanted cells begin and end."""

    reader: expat.XMLParserType

    def __init__(self, wanted: Mapping[str, tuple[int, int]]) -> None:
        self.wanted = wanted
        self.found: dict[tuple[int, int], FoundCell] = {}
        self.open: tuple[int, int] | None = None

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Note a wanted cell that begins, and a formula in it."""
        local = name.rpartition(":")[2]
        if local == "c" and attributes.get("r", "") in self.wanted:
            self.open = self.wanted[attributes["r"]]
            begin = self.reader.CurrentByteIndex
            self.found[self.open] = FoundCell(begin, begin, name, attributes.get("s", ""), has_formula=False)
        elif local == "f" and self.open is not None:
            self.found[self.open] = self.found[self.open]._replace(has_formula=True)

    def end(self, name: str) -> None:
        """Note where a wanted cell ends."""
        if self.open is not None and name.rpartition(":")[2] == "c":
            self.found[self.open] = self.found[self.open]._replace(end=self.reader.CurrentByteIndex)
            self.open = None


def _write_archive(data: bytes, written: Mapping[str, bytes]) -> bytes:
    """Write a workbook with some of its parts changed; the others keep their content, order and date."""
    content = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(content, "w") as new:
        for part in old.infolist():
            new.writestr(part, written.get(part.filename) or old.read(part), part.compress_type)
    return content.getvalue()
