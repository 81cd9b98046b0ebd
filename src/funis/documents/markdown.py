"""A document as Markdown (CommonMark with tables): read as it is, and compared line by line.

Every number is a link; the list of targets at the end names the result behind each by its id.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any
from urllib.parse import quote

from funis.documents.document import (
    Block,
    Box,
    Document,
    ItemList,
    Paragraph,
    Prose,
    Section,
    SectionPart,
)
from funis.documents.figure import FigureSpec
from funis.documents.flow_chart import FlowBox, FlowChart
from funis.documents.table import TableCell, TableRow, TableSpec
from funis.errors import BlockError
from funis.letters import replace_forbidden

#: What ends a line or fills it; narrow and unbreakable spaces are letters like any other.
_SPACE = re.compile(r"[ \t\n\r\f\v\x1c-\x1f\x85\u2028\u2029]+")
_MARKS = re.compile(r"([\\`*_\[\]<>|~&#$!@])")
_LINKS = re.compile(r"(?i)(://|\bwww\.)")
_STARTS = re.compile(r"^(?:([-+=])|(\d+)([.)](?= |$)))")
_INDENT = "\u2003"


class _Numbers:
    """The numbers printed so far, each result with the reference that its links share."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.places: dict[str, int] = {}

    def link(self, text: str, name: str) -> str:
        """Write a number as a link to its result."""
        place = self.places.setdefault(name, len(self.places) + 1)
        return f"[{text}][{place}]"

    def targets(self) -> Iterator[str]:
        """Write where each reference leads."""
        for name, place in self.places.items():
            yield f"[{place}]: {quote(self.file)}#{quote(name, safe='')}"


def render_markdown(document: Document) -> str:
    r"""Write a document as Markdown.

    Parameters
    ----------
    document : what is written; letters that Markdown would read as its own are escaped

    Returns
    -------
    str : the file; a figure stands in its words, a flow chart as a list

    Raises
    ------
    BlockError : a block is of a kind that this renderer does not know

    Examples
    --------
    >>> from funis.documents.document import plain
    >>> print(render_markdown(Document("A_B", facts=(("Data cut", plain("2012-06-30")),))))
    # A\_B
    <BLANKLINE>
    - Data cut: 2012-06-30
    <BLANKLINE>
    """
    numbers = _Numbers(document.numbers_file)
    facts = [f"{escape(name)}: {_prose(value, numbers)}" for name, value in document.facts]
    body = [paragraph for section in document.main for paragraph in _section(section, document, numbers)]
    behind = [
        paragraph for section in document.supplement for paragraph in _section(section, document, numbers)
    ]
    paragraphs = [
        f"# {escape(document.title)}",
        escape(document.kicker),
        *(f"> **{escape(notice.title)}** {escape(notice.text)}" for notice in document.notices),
        _list(facts),
        _prose(document.related, numbers),
        _prose(document.guidance.linked_numbers, numbers) if numbers.places else "",
        *body,
        *(_supplement_head(document) if behind else ()),
        *behind,
        escape(document.closing),
        "\n".join(numbers.targets()),
    ]
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph) + "\n"


def escape(text: str) -> str:
    r"""Write text so that Markdown reads every letter of it as a letter.

    Examples
    --------
    >>> escape("a*b | <c>"), escape("1. Not a list"), escape("two\nlines")
    ('a\\*b \\| \\<c\\>', '1\\. Not a list', 'two lines')
    """
    marked = _MARKS.sub(r"\\\1", _SPACE.sub(" ", replace_forbidden(text)))
    marked = _LINKS.sub(lambda found: f"{found[0][:-1]}\\{found[0][-1]}", marked)
    return _STARTS.sub(lambda found: f"{found[2] or ''}\\{found[1] or found[3]}", marked)


def _supplement_head(document: Document) -> tuple[str, str]:
    """Write what stands over the sections behind the main part."""
    return _heading(2, "supplement", document.supplement_title), escape(document.supplement_lead)


def _section(section: Section, document: Document, numbers: _Numbers) -> Iterator[str]:
    level = 3 if section.is_supplement else 2
    yield _heading(level, section.id, f"{section.code} {section.title}".strip())
    yield from _blocks(section.blocks, document, numbers)
    for part in section.parts:
        yield from _part(part, level + 1, document, numbers)


def _part(part: SectionPart, level: int, document: Document, numbers: _Numbers) -> Iterator[str]:
    if part.title:
        yield _heading(level, part.id, part.title)
    yield from _blocks(part.blocks, document, numbers)


def _heading(level: int, anchor: str, title: str) -> str:
    return f'<a id="{quote(anchor)}"></a>\n\n{"#" * level} {escape(title)}'


def _blocks(blocks: Iterable[Block], document: Document, numbers: _Numbers) -> Iterator[str]:
    for block in blocks:
        draw = _DRAWINGS.get(type(block))
        if draw is None:
            raise BlockError("Markdown", type(block).__name__, [kind.__name__ for kind in _DRAWINGS])
        yield from draw(block, document, numbers)


def _list(items: Iterable[str]) -> str:
    return "\n".join(f"- {item}" for item in items)


def _prose(inlines: Prose, numbers: _Numbers) -> str:
    """Write running text; what opens a line is escaped as a whole, what follows letter by letter."""
    written = ""
    for inline in inlines:
        opens = not written.strip() and not inline.id
        text = escape(inline.text) if opens else escape(f"x{inline.text}")[1:]
        if inline.is_code:
            text = f"`{inline.text.replace('`', '')}`"
        if inline.target:
            text = f"[{text}]({quote(inline.target, safe='/#=:%')})"
        written += numbers.link(text, inline.id) if inline.id else text
    return written


# --- one drawing for each kind of block ----------------------------------------------------------------


def _draw_paragraph(block: Paragraph, _: Document, numbers: _Numbers) -> Iterator[str]:
    yield _prose(block.text, numbers)


def _draw_list(block: ItemList, _: Document, numbers: _Numbers) -> Iterator[str]:
    yield _list(_prose(item, numbers) for item in block.items)


def _draw_box(box: Box, document: Document, numbers: _Numbers) -> Iterator[str]:
    yield _caption(box, document)
    sign = "1." if box.is_ranked else "-"
    yield "\n".join(f"{sign} **{escape(entry.name)}** {_prose(entry.text, numbers)}" for entry in box.entries)
    yield from (_prose(note, numbers) for note in box.notes)


def _draw_table(table: TableSpec, document: Document, numbers: _Numbers) -> Iterator[str]:
    yield _caption(table, document)
    side = "---" if table.is_text else "---:"
    yield "\n".join(
        (
            _line(_heads(table)),
            _line(["---", *[side] * (len(table.heads) - 1)]),
            *(_line(_row(row, len(table.heads), numbers)) for row in table.rows),
        )
    )
    yield from (_prose(line, numbers) for line in table.instead)
    yield escape(" ".join(table.footnotes))


def _heads(table: TableSpec) -> list[str]:
    """Write the column heads, each after the head that spans it: Markdown has one line of heads."""
    spans = [words for words, width in table.spanners for _ in range(width)] or [""] * len(table.heads)
    return [
        escape(", ".join(filter(None, (above, head)))) for above, head in zip(spans, table.heads, strict=True)
    ]


def _row(row: TableRow, width: int, numbers: _Numbers) -> list[str]:
    stub = _cell(row.stub, numbers)
    if row.is_heading:
        return [stub, *[""] * (width - 1)]
    return [_INDENT * row.indent + stub, *(_cell(cell, numbers) for cell in row.cells)]


def _cell(cell: TableCell, numbers: _Numbers) -> str:
    text = _prose(cell.parts, numbers)
    return f"**{text.strip()}**" if cell.is_strong and text.strip() else text


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _draw_figure(figure: FigureSpec, document: Document, _: _Numbers) -> Iterator[str]:
    yield _caption(figure, document)
    yield escape(figure.alt)
    yield escape(" ".join(figure.footnotes))


def _draw_flow(chart: FlowChart, document: Document, numbers: _Numbers) -> Iterator[str]:
    yield _caption(chart, document)
    for title, steps in (("", chart.steps), *((arm.title, arm.steps) for arm in chart.arms)):
        if title:
            yield f"**{escape(title)}**"
        yield _list(_flow_line(box, numbers) for step in steps for box in step.boxes)
    yield escape(" ".join(chart.footnotes))


def _flow_line(box: FlowBox, numbers: _Numbers) -> str:
    return f"{escape(box.title)}: {_prose(box.count, numbers)}" if box.count else escape(box.title)


def _caption(shown: TableSpec | FigureSpec | FlowChart | Box, document: Document) -> str:
    tags = "".join(f" ({escape(tag)})" for tag in document.tags)
    return f'<a id="{quote(shown.id)}"></a>\n\n**{escape(shown.label)}.** {escape(shown.title)}{tags}'


_DRAWINGS: dict[type, Callable[[Any, Document, _Numbers], Iterator[str]]] = {
    Paragraph: _draw_paragraph,
    ItemList: _draw_list,
    Box: _draw_box,
    TableSpec: _draw_table,
    FigureSpec: _draw_figure,
    FlowChart: _draw_flow,
}
