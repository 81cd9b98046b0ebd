"""The words of an HTML page in reading order: main text and rows of tables, nothing that is run or hidden."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Final

from funis.audit.reading.source import TextLine

#: What holds no words of the paper.
_SKIPPED: Final = frozenset(
    {"script", "style", "noscript", "template", "head", "svg", "math", "nav", "header", "footer", "aside",
     "form", "button", "select", "iframe", "object", "canvas", "dialog", "menu"}
)  # fmt: skip
_BLOCKS: Final = frozenset(
    {"p", "div", "section", "article", "main", "body", "h1", "h2", "h3", "h4", "h5", "h6", "li", "ul", "ol",
     "dl", "dt", "dd", "blockquote", "pre", "figure", "figcaption", "caption", "hr", "address"}
)  # fmt: skip
_VOID: Final = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
)
#: A cell that spans more columns than any table of a paper has is taken to span this many.
_MOST_COLUMNS: Final = 60


class _Collector(HTMLParser):
    """Collects the pieces of a page; what is skipped is counted in and out."""

    def __init__(self, *, main_only: bool) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[TextLine] = []
        self.tables = 0
        self._main_only, self._in_main = main_only, 0
        self._skipping: list[str] = []
        self._words: list[str] = []
        self._row: list[tuple[str, bool, int]] | None = None
        self._cell: list[str] | None = None
        self._is_head, self._span, self._depth = False, 1, 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a part."""
        if self._skipping or (tag in _SKIPPED and tag not in _VOID):
            if tag not in _VOID:
                self._skipping.append(tag)
            return
        if tag in {"main", "article"}:
            self._in_main += 1
        if tag == "table":
            self._end_paragraph()
            self._depth += 1
            self.tables += self._depth == 1
        elif tag == "tr" and self._depth:
            self._end_row()
            self._row = []
        elif tag in {"td", "th"} and self._row is not None:
            self._end_cell()
            self._cell, self._is_head = [], tag == "th"
            self._span = _read_span(dict(attrs).get("colspan"))
        elif tag == "br" or (tag in _BLOCKS and self._cell is not None):
            self.handle_data("\n" if self._cell is None else " ")
        elif tag in _BLOCKS:
            self._end_paragraph()

    def handle_endtag(self, tag: str) -> None:
        """End a part; what was left open inside it ends with it."""
        if self._skipping:
            if tag in self._skipping:
                del self._skipping[len(self._skipping) - 1 - self._skipping[::-1].index(tag) :]
            return
        if tag in {"main", "article"}:
            self._end_paragraph()
            self._in_main = max(0, self._in_main - 1)
        elif tag in {"td", "th"}:
            self._end_cell()
        elif tag == "tr":
            self._end_row()
        elif tag == "table" and self._depth:
            self._end_row()
            self._depth -= 1
        elif tag in _BLOCKS and self._cell is None:
            self._end_paragraph()

    def handle_data(self, data: str) -> None:
        """Take words."""
        if self._skipping or (self._main_only and not self._in_main):
            return
        (self._words if self._cell is None else self._cell).append(data)

    def close(self) -> None:
        """End everything that is open."""
        super().close()
        self._end_row()
        self._end_paragraph()

    def _end_paragraph(self) -> None:
        text = " ".join("".join(self._words).split())
        self._words = []
        if text:
            self.lines.append(TextLine(text, ends_paragraph=True))

    def _end_cell(self) -> None:
        if self._cell is not None and self._row is not None:
            self._row.append((" ".join("".join(self._cell).split()), self._is_head, self._span))
        self._cell = None

    def _end_row(self) -> None:
        self._end_cell()
        cells = tuple(
            (text if not place or is_head else "", is_head)
            for text, is_head, span in self._row or ()
            for place in range(span)
        )
        if any(text for text, _ in cells):
            self.lines.append(TextLine("", cells=cells, table=self.tables))
        self._row = None


def _read_span(text: str | None) -> int:
    digits = (text or "").strip()
    return min(max(1, int(digits)), _MOST_COLUMNS) if digits.isdecimal() and len(digits) < 6 else 1


def read_html(text: str) -> Iterator[TextLine]:
    """Give the words of a page in reading order; where a page marks its main part, only of that.

    Parameters
    ----------
    text : the page; nothing in it is run or fetched

    Examples
    --------
    >>> page = "<p>Forty <b>patients</b>.</p><script>n = 3</script><table><tr><th>Women<td>35</table>"
    >>> [(line.text, line.cells) for line in read_html(page)]
    [('Forty patients.', ()), ('', (('Women', True), ('35', False)))]
    """
    lowered = text.casefold()
    for main_only in (True, False):
        if main_only and "<main" not in lowered and "<article" not in lowered:
            continue
        collector = _Collector(main_only=main_only)
        collector.feed(text)
        collector.close()
        if any(line.text or line.cells for line in collector.lines):
            yield from collector.lines
            return
