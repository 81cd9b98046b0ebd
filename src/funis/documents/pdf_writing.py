"""What one PDF has given out so far: keys of numbers, and the places that numbers lead to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from funis.documents.document import Box, Document, NumberRecord, Prose, find_ids
from funis.documents.docx_keys import KeyList
from funis.documents.figure import FigureSpec
from funis.documents.flow_chart import FlowChart
from funis.documents.table import Inline, TableRow, TableSpec
from funis.documents.typst_text import join, number, quote
from funis.spreadsheets import render_rows

_COLUMNS: Final = ("key", "id", "printed", "value", "unit", "n")


@dataclass(slots=True)
class PdfWriting:
    """The state of one file while it is written.

    Attributes
    ----------
    document : what is written
    keys : the keys of numbers given so far
    is_supplement : whether what is written now stands behind the main part
    """

    document: Document
    keys: KeyList = field(default_factory=KeyList)
    is_supplement: bool = False
    _labels: frozenset[str] = field(init=False)
    _waiting: set[str] = field(init=False)
    _targets: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        """Find which numbers of the main part stand in a row of the supplement too."""
        document = self.document
        self._labels = frozenset(document.register.labels)
        behind = {name for row in _supplement_rows(document) for name in _row_ids(row)}
        self._targets = frozenset(find_ids(document.main, document.facts)) & behind
        self._waiting = set(self._targets)

    def prose(self, text: Prose) -> str:
        """Write running text.

        Parameters
        ----------
        text : words and numbers
        """
        return join(self._inline(inline) for inline in text if inline.text)

    def _inline(self, inline: Inline) -> str:
        if inline.id:
            key, words = self.keys.add(inline), number(inline.text)
            leads = not self.is_supplement and inline.id in self._targets
            return f"link(label({quote(key)}),{words})" if leads else words
        if inline.refers_to in self._labels:
            return f"reference({quote(inline.refers_to)},{quote(inline.text)})"
        if inline.target:
            return f"address({quote(inline.target)},{quote(inline.text)})"
        return f"raw({quote(inline.text)})" if inline.is_code else quote(inline.text)

    def anchors(self, row: TableRow) -> str:
        """Write the places that numbers of the main part lead to, at the first row that holds each."""
        if not self.is_supplement or self._waiting.isdisjoint(names := _row_ids(row)):
            return ""
        found = [inline for inline in _inlines(row) if inline.id in self._waiting]
        self._waiting.difference_update(names)
        keys = dict.fromkeys(self.keys.add(inline) for inline in found)
        return join(f"anchor({quote(key)})" for key in keys)

    def caption(self, shown: TableSpec | FigureSpec | FlowChart | Box) -> str:
        """Write the printed number of the register and the title."""
        tags = "".join(f" ({tag})" for tag in self.document.tags)
        return join((f"strong({quote(f'{shown.label}.')})", quote(f" {shown.title}{tags}")))


def _supplement_rows(document: Document) -> Iterator[TableRow]:
    for section in document.supplement:
        for block in section.all_blocks:
            if isinstance(block, TableSpec):
                yield from (row for row in block.rows if not row.is_heading)


def _inlines(row: TableRow) -> Iterator[Inline]:
    return (inline for cell in (row.stub, *row.cells) for inline in cell.parts if inline.id and inline.text)


def _row_ids(row: TableRow) -> set[str]:
    return {inline.id for inline in _inlines(row)}


def write_key_list(keys: KeyList, records: Mapping[str, NumberRecord]) -> str:
    """Write the list of keys as CSV: of each the id, how it is printed, unrounded value, unit and n.

    Parameters
    ----------
    keys : those of one file
    records : what is known of each number, by its id

    Returns
    -------
    str : one row a number; further numbers that an equal one stands for have its key

    Examples
    --------
    >>> keys = KeyList()
    >>> _ = keys.add(Inline("7.43", "sledai.mean"))
    >>> print(write_key_list(keys, {"sledai.mean": NumberRecord(7.425, "points", 40)}), end="")
    key,id,printed,value,unit,n
    nt5uskwvsjq,sledai.mean,7.43,7.425,points,40
    """
    rows: list[tuple[str, ...]] = [_COLUMNS]
    for name, key in keys.keys.items():
        printed = " | ".join(keys.printed[name])
        rows += [
            (key, other, printed, *_facts(records.get(other))) for other in (name, *keys.also.get(name, ()))
        ]
    return render_rows(rows)


def _facts(record: NumberRecord | None) -> tuple[str, str, str]:
    if record is None:
        return ("", "", "")
    value = "" if record.value is None else repr(record.value)
    return (value, record.unit, "" if record.n is None else str(record.n))
