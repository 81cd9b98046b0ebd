"""Tables of a Word file, each written as one string: cell by cell a library takes fifty times as long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from funis.documents.column_widths import ColumnFit, bind
from funis.documents.docx_styles import style_id
from funis.documents.docx_text import escape_text, paragraph, run
from funis.documents.docx_writing import DocxWriting, has_neighbours
from funis.documents.rtf_text import twips
from funis.documents.table import TableCell, TableRow, TableSpec

#: A table of so many rows stays on one page with its notes.
_SHORT = 5
#: A table of more rows is written as several, each with its heads: a word processor takes minutes to open one
#: of ten thousand.
_LONG = 400
_INDENTED = ("Funis Table Text", "Funis Table Text Indented", "Funis Table Text Indented Twice")


def write_table(table: TableSpec, fit: ColumnFit, writing: DocxWriting, *, is_supplement: bool) -> str:
    """Write a table, without its caption and its notes.

    Parameters
    ----------
    table : what is written
    fit : widths of its columns and size of its letters
    writing : the state of the file
    is_supplement : whether each row has one control for its numbers, or each number its own

    Returns
    -------
    str : as XML; head rows are repeated on every page, rows do not split
    """
    widths = [twips(width) for width in fit.widths]
    columns = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
    look = (
        f'<w:tblStyle w:val="FunisTable"/><w:tblW w:w="{sum(widths)}" w:type="dxa"/>'
        '<w:tblLayout w:type="fixed"/><w:tblLook w:val="0020" w:firstRow="1" w:lastRow="0" w:firstColumn="0" '
        f'w:lastColumn="0" w:noHBand="1" w:noVBand="1"/><w:tblCaption w:val="{_attribute(table.title)}"/>'
    )
    shape = _Shape(table, fit, widths)
    opening = f"<w:tbl><w:tblPr>{look}</w:tblPr><w:tblGrid>{columns}</w:tblGrid>{_heads(shape)}"
    stretches = (table.rows[start : start + _LONG] for start in range(0, max(len(table.rows), 1), _LONG))
    # Two tables without a paragraph between them are one again.
    return paragraph("", "FunisTableGap").join(
        f"{opening}{''.join(_row(row, shape, writing, is_supplement=is_supplement) for row in rows)}</w:tbl>"
        for rows in stretches
    )


def _attribute(text: str) -> str:
    return escape_text(text).replace('"', "&quot;")


class _Shape:
    """What all rows of a table share: openings of their cells, ids of their styles."""

    def __init__(self, table: TableSpec, fit: ColumnFit, widths: Sequence[int]) -> None:
        is_small = fit.size < 9
        self.table = table
        self.widths = widths
        self.text = [style_id(name, is_small=is_small) for name in _INDENTED]
        self.cell = self.text[0] if table.is_text else style_id("Funis Table Number", is_small=is_small)
        self.group = style_id("Funis Table Group", is_small=is_small)
        self.head = style_id("Funis Table Head", is_small=is_small)
        self.number_head = (
            self.head if table.is_text else style_id("Funis Table Number Head", is_small=is_small)
        )
        self.spanner = style_id("Funis Table Spanner", is_small=is_small)
        self.openings = [_opening(width) for width in widths]
        self.is_kept = len(table.rows) <= _SHORT
        self.is_broken = fit.is_broken


def _opening(width: int, span: int = 1, *, at_bottom: bool = False) -> str:
    spanned = f'<w:gridSpan w:val="{span}"/>' if span > 1 else ""
    low = '<w:vAlign w:val="bottom"/>' if at_bottom else ""
    return f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{spanned}{low}</w:tcPr>'


def _heads(shape: _Shape) -> str:
    table, written = shape.table, ""
    opening = "<w:tr><w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>"
    if table.spanners:
        cells, start = "", 0
        for words, span in table.spanners:
            width = sum(shape.widths[start : start + span])
            style = shape.spanner if words else shape.text[0]
            cells += f"{_opening(width, span, at_bottom=True)}{paragraph(run(words), style)}</w:tc>"
            start += span
        written = f"{opening}{cells}</w:tr>"
    cells = "".join(
        f"{_opening(width, at_bottom=True)}"
        f"{paragraph(run(head), shape.number_head if place else shape.head)}</w:tc>"
        for place, (head, width) in enumerate(zip(table.heads, shape.widths, strict=True))
    )
    return f"{written}{opening}{cells}</w:tr>"


def _row(row: TableRow, shape: _Shape, writing: DocxWriting, *, is_supplement: bool) -> str:
    cells_of_row = (row.stub, *row.cells)
    names = tuple(part.id for cell in cells_of_row for part in cell.parts if part.id and part.text)
    # Where two numbers touch, each keeps a control of its own.
    in_row = is_supplement and not any(has_neighbours(cell.parts) for cell in cells_of_row)
    opening = "<w:tr><w:trPr><w:cantSplit/></w:trPr>"
    if row.is_heading:
        cell = _opening(sum(shape.widths), len(shape.widths))
        words = writing.prose(row.stub.parts, is_tagged=not in_row)
        written = f"{opening}{cell}{paragraph(words, shape.group)}</w:tc></w:tr>"
    else:
        stub = shape.text[min(row.indent, len(shape.text) - 1)]
        first = _words(row.stub, stub, writing, is_tagged=not in_row, is_kept=shape.is_kept)
        cells = [f"{shape.openings[0]}{first}</w:tc>"]
        cells += [
            f"{start}{_words(_bound(cell, shape), shape.cell, writing, is_tagged=not in_row)}</w:tc>"
            for start, cell in zip(shape.openings[1:], row.cells, strict=True)
        ]
        written = f"{opening}{''.join(cells)}</w:tr>"
    return writing.row(names, written) if names and in_row else written


def _bound(cell: TableCell, shape: _Shape) -> TableCell:
    """Keep the pieces of a broken number on lines of their own."""
    if not shape.is_broken or not cell.ids:
        return cell
    return replace(cell, parts=tuple(replace(part, text=bind(part.text)) for part in cell.parts))


def _words(
    cell: TableCell, style: str, writing: DocxWriting, *, is_tagged: bool, is_kept: bool = False
) -> str:
    if cell.is_strong and not cell.ids:
        return paragraph(run(cell.text, "Strong"), style, is_kept=is_kept)
    return paragraph(writing.prose(cell.parts, is_tagged=is_tagged), style, is_kept=is_kept)
