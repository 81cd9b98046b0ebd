"""What one Word file has given out so far: keys, bookmarks, numbers of tables; how running text uses them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count, pairwise
from typing import Final

from funis.documents import docx_text
from funis.documents.document import Box, Document, Prose
from funis.documents.docx_keys import KeyList, short_key
from funis.documents.docx_text import bookmark, control, paragraph, run
from funis.documents.figure import FigureSpec
from funis.documents.flow_chart import FlowChart
from funis.documents.table import Inline, TableSpec
from funis.errors import ShapeError

#: What has a printed number of its own.
Numbered = TableSpec | FigureSpec | FlowChart | Box
_KINDS: Final[dict[type, str]] = {
    TableSpec: "Table",
    FigureSpec: "Figure",
    FlowChart: "Figure",
    Box: "Box",
}


@dataclass(slots=True)
class DocxWriting:
    """The state of one file while it is written.

    Attributes
    ----------
    document : what is written
    relate : gives the id by which the file refers to an address outside it
    keys : the keys of numbers given so far
    """

    document: Document
    relate: Callable[[str], str]
    keys: KeyList = field(default_factory=KeyList)
    _ids: count[int] = field(default_factory=lambda: count(1))
    _counts: dict[str, int] = field(default_factory=dict)

    def next_id(self) -> int:
        """Give a number that no bookmark, control or picture of the file has."""
        return next(self._ids)

    def prose(self, text: Prose, *, is_tagged: bool = True) -> str:
        """Write running text.

        Parameters
        ----------
        text : words and numbers
        is_tagged : whether each number gets a control of its own; else its row has one
        """
        return "".join(self._inline(inline, is_tagged=is_tagged) for inline in text if inline.text)

    def _inline(self, inline: Inline, *, is_tagged: bool) -> str:
        if inline.id:
            number = run(inline.text, "FunisNumber")
            key = self.keys.add(inline)
            return control(key, self.next_id(), number, is_run=True) if is_tagged else number
        if inline.refers_to:
            return docx_text.field(f"REF {anchor_of(inline.refers_to)} \\h", inline.text)
        if inline.target:
            words = run(inline.text, "Hyperlink")
            return f'<w:hyperlink r:id="{self.relate(inline.target)}" w:history="1">{words}</w:hyperlink>'
        return run(inline.text, "FunisCode" if inline.is_code else "")

    def row(self, names: tuple[str, ...], content: str) -> str:
        """Put a row of numbers into one control."""
        return control(self.keys.add_row(names), self.next_id(), content, is_run=False)

    def heading(self, text: str, name: str, level: int, code: str = "") -> str:
        """Write a heading that can be referred to; a reference shows its code.

        Parameters
        ----------
        text : its words
        name : id of the section
        level : 1 to 3
        code : number of a section of the supplement
        """
        words = bookmark(anchor_of(name), self.next_id(), run(code)) + run(f" {text}") if code else run(text)
        inner = bookmark(contents_anchor(name), self.next_id(), words)
        return paragraph(inner, f"Heading{level}")

    def caption(self, shown: Numbered, *, is_supplement: bool) -> str:
        """Write the caption of a table, figure or box: Word counts it, and shows the number of the register.

        Raises
        ------
        ShapeError : Word would count to another number than the document says
        """
        kind, sign = _KINDS[type(shown)], "S" if is_supplement else ""
        series = f"{kind}_{sign}" if sign else kind
        place = self._counts[series] = self._counts.get(series, 0) + 1
        if shown.label != f"{kind} {sign}{place}":
            raise ShapeError(
                f"{shown.id!r} is labelled {shown.label!r}, and is {kind} {sign}{place} in reading order. "
                f"Number the sections anew (number_sections) before they are written."
            )
        number = run(f"{kind} {sign}") + docx_text.field(f"SEQ {series} \\* ARABIC", str(place))
        tags = "".join(f" ({tag})" for tag in self.document.tags)
        title = run(f". {shown.title}{tags}")
        return paragraph(bookmark(anchor_of(shown.id), self.next_id(), number) + title, "Caption")


def anchor_of(name: str) -> str:
    """Give the bookmark at the printed number of what has this id.

    Examples
    --------
    >>> len(anchor_of("table-listing-response-ucmsc_bilag_response")) <= 40
    True
    """
    return f"_Ref{short_key(name)}"


def contents_anchor(name: str) -> str:
    """Give the bookmark that the table of contents leads to."""
    return f"_Toc{short_key(name)}"


def has_neighbours(text: Prose) -> bool:
    """Tell whether two numbers stand side by side with no word between: nobody could tell them apart."""
    shown = [inline for inline in text if inline.text]
    return any(first.id and second.id for first, second in pairwise(shown))


def contents_field(entries: list[tuple[str, str]], title: str, *, level: int = 1, within: str = "") -> str:
    """Write a table of contents, filled in: an empty field would show nothing until it is updated.

    Parameters
    ----------
    entries : words and id of each section
    title : heading of the contents
    level : of the headings that it lists
    within : bookmark around the part of the file that it lists; empty for all of it
    """
    part = f" \\b {within}" if within else ""
    begin = (
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText xml:space="preserve">'
        f' TOC \\o "{level}-{level}" \\h \\z \\u{part} </w:instrText></w:r>'
        '<w:r><w:fldChar w:fldCharType="separate"/></w:r>'
    )
    end = '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    last = len(entries) - 1
    lines = [
        paragraph(
            f"{'' if place else begin}{docx_text.link(contents_anchor(name), run(words))}"
            f"{end if place == last else ''}",
            f"TOC{level}",
        )
        for place, (words, name) in enumerate(entries)
    ]
    return "".join((paragraph(run(title), "TOCHeading"), *lines))
