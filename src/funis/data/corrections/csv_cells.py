"""Cells of a CSV file replaced in place: every other letter of the file stays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple


class CellSpan(NamedTuple):
    """Where a cell stands in the text of a file, and what it holds."""

    start: int
    end: int
    text: str


def find_spans(text: str, separator: str) -> dict[int, list[CellSpan]]:
    r"""Find every cell of a CSV file.

    Parameters
    ----------
    text : the file, without a byte order mark
    separator : sign between cells

    Returns
    -------
    dict
        The cells of each row by the line on which it begins.

    Examples
    --------
    >>> find_spans('a,b\n"x, y",7\n', ",")[2]
    [CellSpan(start=4, end=10, text='x, y'), CellSpan(start=11, end=12, text='7')]
    """
    rows: dict[int, list[CellSpan]] = {}
    line = begin = 1
    row: list[CellSpan] = []
    for span, ending in _cells(text, separator):
        row.append(span)
        if ending != separator:
            rows[begin] = row
            row = []
        line += _count_breaks(text[span.start : span.end]) + (ending not in {separator, ""})
        begin = begin if row else line
    return rows


def _cells(text: str, separator: str) -> Iterator[tuple[CellSpan, str]]:
    """Give each cell and what ends it: the separator, a line break, or nothing at the end of the file."""
    place = 0
    while place < len(text):
        start = place
        if text[place] == '"':
            place = _closing_quote(text, place)
            inner = text[start + 1 : place - 1].replace('""', '"')
        else:
            while place < len(text) and text[place] not in {separator, "\r", "\n"}:
                place += 1
            inner = text[start:place]
        ending = "\r\n" if text.startswith("\r\n", place) else text[place : place + 1]
        yield CellSpan(start, place, inner), ending
        place += len(ending)
        if ending == separator and place == len(text):
            # The file ends behind a separator: one more cell, which is empty.
            yield CellSpan(place, place, ""), ""


def _closing_quote(text: str, opening: int) -> int:
    """Give the place behind the quote that closes a cell; a doubled quote closes none."""
    place = opening + 1
    while place < len(text):
        if text[place] != '"':
            place += 1
        elif text.startswith('""', place):
            place += 2
        else:
            return place + 1
    return place


def _count_breaks(text: str) -> int:
    return text.count("\n") + text.count("\r") - text.count("\r\n")


def replace_cells(text: str, separator: str, changes: Mapping[CellSpan, str]) -> str:
    """Write other texts into cells; a cell is quoted where it was, or where the new text needs it.

    Examples
    --------
    >>> cell = find_spans("a;b", ";")[1][1]
    >>> replace_cells("a;b", ";", {cell: "1;2"})
    'a;"1;2"'
    """
    for span in sorted(changes, reverse=True):
        new = changes[span]
        was_quoted = text[span.start : span.start + 1] == '"'
        if was_quoted or any(each in new for each in (separator, '"', "\r", "\n")):
            new = '"' + new.replace('"', '""') + '"'
        text = text[: span.start] + new + text[span.end :]
    return text
