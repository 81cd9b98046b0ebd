"""Tables of a PDF: heads repeated on every page, rows that do not split, notes with their table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from funis.documents.column_widths import (
    LANDSCAPE,
    PADDING,
    PORTRAIT,
    ColumnFit,
    bind,
    count_lines,
    row_height,
)
from funis.documents.pdf_writing import PdfWriting
from funis.documents.table import TableCell, TableRow, TableSpec
from funis.documents.typst_text import join, listed, points, quote, split_long

#: A table that takes no more than this height, in points, stands on one page.
_SHORT: Final = {False: 180.0, True: 180.0}
#: Notes stand on every page of a table that is at least this wide; below a narrower one they have the page.
_WIDE: Final = 250.0
#: More lines of notes stand once, below the last row.
_LINES: Final = 12


def write_table(table: TableSpec, fit: ColumnFit, writing: PdfWriting) -> str:
    """Write a table with its caption and its notes.

    Parameters
    ----------
    table : what is written
    fit : widths of its columns and size of its letters
    writing : the state of the file
    """
    notes = [*map(writing.prose, table.instead), *map(quote, table.footnotes)]
    room = LANDSCAPE if fit.is_turned else PORTRAIT
    lines = sum(count_lines(note, room, fit.size - 1) for note in table.footnotes) + len(table.instead)
    high = sum(row_height(row, fit) for row in table.rows) + lines * fit.size
    is_kept = high <= _SHORT[fit.is_turned]
    within = not is_kept and bool(notes) and fit.width >= _WIDE and lines <= _LINES
    look = {
        "caption": writing.caption(table),
        "size": points(fit.size),
        "columns": listed(map(points, fit.widths)),
        "is-text": _flag(table.is_text),
        "is-kept": _flag(is_kept),
        "are-within": _flag(within),
        "notes": listed(notes),
    }
    facts = ",".join(f"{name}:{value}" for name, value in look.items())
    rows = ",\n".join((_heads(table), *_rows(table, fit, writing)))
    return f"#numbers-table({quote(table.id)},{facts},\n{rows})\n"


def _flag(value: bool) -> str:  # noqa: FBT001 - a value, not a choice
    return "true" if value else "false"


def _heads(table: TableSpec) -> str:
    side = "left" if table.is_text else "right"
    own = [f"head({side if place else 'left'},{quote(head)})" for place, head in enumerate(table.heads)]
    return f"table.header({','.join((_rule(0.7), *_spanners(table), *own, _rule(0.5)))})"


def _rule(width: float, ends: str = "") -> str:
    return f"table.hline({ends}stroke:{width}pt)"


def _spanners(table: TableSpec) -> Iterator[str]:
    """Write the heads over several columns, and a rule under each that has words."""
    rules, start = [], 0
    for text, span in table.spanners:
        yield f"table.cell(colspan:{span},align:center+bottom,strong({quote(text)}))"
        if text:
            rules.append(_rule(0.5, f"start:{start},end:{start + span},"))
        start += span
    yield from rules


def _rows(table: TableSpec, fit: ColumnFit, writing: PdfWriting) -> Iterator[str]:
    for row in table.rows:
        if row.is_heading:
            yield f"group({len(table.heads)},{writing.prose(row.stub.parts)})"
        else:
            yield ",".join(_cells(row, fit, writing))


def _cells(row: TableRow, fit: ColumnFit, writing: PdfWriting) -> Iterator[str]:
    marks = writing.anchors(row)
    for place, (cell, wide) in enumerate(zip((row.stub, *row.cells), fit.widths, strict=True)):
        bound = _bound(cell) if place and fit.is_broken and cell.ids else cell
        words = _words(bound, wide - 2 * PADDING, fit.size, writing)
        if not place and marks:
            words = join((marks, words))
        yield f"indented({int(row.indent)},{words})" if row.indent and not place else words


def _bound(cell: TableCell) -> TableCell:
    """Keep the pieces of a broken number on lines of their own."""
    return replace(cell, parts=tuple(replace(part, text=bind(part.text)) for part in cell.parts))


def _words(cell: TableCell, width: float, size: float, writing: PdfWriting) -> str:
    if cell.ids or len(cell.parts) != 1 or cell.parts[0].target or cell.parts[0].refers_to:
        words = writing.prose(cell.parts)
    else:
        text = split_long(cell.text, width, size)
        words = f"raw({quote(text)})" if cell.parts[0].is_code else quote(text)
    return f"strong({words})" if cell.is_strong else words
