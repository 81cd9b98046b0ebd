"""The words of a text file: plain or Markdown, paragraphs and the rows of tables drawn with ``|``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from funis.audit.reading.source import TextLine

_RULE: Final = re.compile(r"\|?\s*:?-{2,}:?\s*(\|\s*:?-{2,}:?\s*)*\|?\s*")
_HEADING: Final = re.compile(r"#{1,6}\s+")
#: Marks of emphasis and of code stand beside a word; a lone ``*`` or ``_`` is a letter like any other.
_EMPHASIS: Final = re.compile(r"(\*\*|__|\*|`)(?=\S)(.+?)(?<=\S)\1")
_BAR: Final = re.compile(r"(?<!\\)\|")


def read_plain(text: str) -> Iterator[TextLine]:
    r"""Give the paragraphs of a plain text.

    Examples
    --------
    >>> [line.text for line in read_plain("One.\n\nTwo\nlines.")]
    ['One.', 'Two\nlines.']
    """
    for paragraph in re.split(r"\n[ \t]*\n", text):
        if paragraph.strip():
            yield TextLine(paragraph.strip("\n"), ends_paragraph=True)


def read_markdown(text: str) -> Iterator[TextLine]:
    r"""Give the paragraphs and the rows of tables of a Markdown text, without its marks of emphasis.

    Examples
    --------
    >>> [line.cells for line in read_markdown("| | All |\n|---|---|\n| Women | **35** |") if line.cells]
    [(('', True), ('All', True)), (('Women', False), ('35', False))]
    """
    paragraph: list[str] = []
    lines = text.split("\n")
    place = table = 0
    while place < len(lines):
        rows = _count_rows(lines, place)
        line = lines[place]
        if paragraph and (rows or not line.strip() or _HEADING.match(line)):
            yield TextLine("\n".join(paragraph), ends_paragraph=True)
            paragraph = []
        if rows:
            table += 1
            for offset in range(rows):
                if offset != 1:
                    yield TextLine(
                        "", cells=_read_row(lines[place + offset], is_head=not offset), table=table
                    )
            place += rows
            continue
        if _HEADING.match(line):
            yield TextLine(_unmark(_HEADING.sub("", line)), ends_paragraph=True)
        elif line.strip():
            paragraph.append(_unmark(line))
        place += 1
    if paragraph:
        yield TextLine("\n".join(paragraph), ends_paragraph=True)


def _count_rows(lines: Sequence[str], place: int) -> int:
    """Count the lines of the table that begins here, head and rule among them; 0 where none does."""
    has_rule = place + 1 < len(lines) and "|" in lines[place + 1] and _RULE.fullmatch(lines[place + 1])
    if "|" not in lines[place] or not has_rule:
        return 0
    end = place + 2
    while end < len(lines) and "|" in lines[end]:
        end += 1
    return end - place


def _read_row(line: str, *, is_head: bool) -> tuple[tuple[str, bool], ...]:
    inner = line.strip().removeprefix("|")
    inner = inner[:-1] if inner.endswith("|") and not inner.endswith("\\|") else inner
    return tuple((_unmark(cell.strip()).replace("\\|", "|"), is_head) for cell in _BAR.split(inner))


def _unmark(text: str) -> str:
    return _EMPHASIS.sub(r"\2", text)
