"""Pieces of a file put together to one text, cut into sentences and rows of tables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from funis.audit.reading.source import PrintedCell, SourceText, TextLine, TextPassage
from funis.letters import replace_forbidden

#: What a full stop behind does not end: abbreviations as papers print them, in small letters.
_ABBREVIATIONS: Final = frozenset(
    {
        *("vs", "v", "e.g", "i.e", "eg", "ie", "al", "fig", "figs", "tab", "no", "nos", "approx", "ca", "cf"),
        *("dr", "prof", "st", "eq", "ref", "refs", "resp", "s.d", "s.e", "s.e.m", "sect", "suppl", "vol"),
        *("p.o", "i.v", "s.c", "i.m", "dept", "univ", "jan", "feb", "mar", "apr", "jun", "jul", "aug"),
        *("sep", "sept", "oct", "nov", "dec", "pts", "min", "max", "avg", "wk", "mo", "yr"),
    }
)
#: Letters of a sentence; what is longer is no sentence.
LONGEST: Final = 3000
_END: Final = re.compile(r"""[.?!]+["'”’)\]]*(?=\s)""")
_LAST_WORD: Final = re.compile(r"[^\s(\[]*\Z")
_OPENS: Final = re.compile(r"""\s+["'“‘(\[]*[A-Z0-9\u0370-\u03ff\u0400-\u042f\u0590-\u07ff\u3040-\u9fff]""")
#: A line that only names a section, such as ``Results:``, begins a passage of its own.
_SECTION: Final = re.compile(r"\n[ \t]*(?=[A-Z][A-Za-z/ &-]{2,40}:\s)")
_BLANK: Final = re.compile(r"\n[ \t\r]*\n\s*")


def build_source(name: str, lines: Iterable[TextLine]) -> SourceText:
    """Put pieces together to one text and cut it into passages.

    Parameters
    ----------
    name : of the file
    lines : in reading order

    Examples
    --------
    >>> found = build_source("a.txt", [TextLine("It fell (6.3 vs. 10.8). Nobody died.")])
    >>> [found.words_of(each) for each in found.passages]
    ['It fell (6.3 vs. 10.8).', 'Nobody died.']
    """
    parts: list[str] = []
    passages: list[TextPassage] = []
    heads: list[tuple[str, ...]] = []
    place, start, table = 0, 0, 0
    page: int | None = None
    #: Where each page begins that the open piece of text runs over.
    turns: list[tuple[int, int | None]] = []

    def close() -> None:
        if place > start:
            passages.extend(_with_pages(_cut("".join(parts), start, place), turns))
        turns.clear()

    for line in lines:
        if line.cells:
            close()
            heads = heads if line.table == table else []
            table = line.table
            text, passage = _place_row(line, place, heads)
            passages.append(passage)
            start = place + len(text)
        else:
            if not line.text.strip():
                continue
            if line.page != page and parts and parts[-1].endswith("\n\n"):
                close()
                start = place
            if not turns or line.page != page:
                turns.append((place, line.page))
            text = replace_forbidden(line.text) + ("\n\n" if line.ends_paragraph else "\n")
        page = line.page
        parts.append(text)
        place += len(text)
    close()
    return SourceText(name, "".join(parts), tuple(passages))


def _place_row(line: TextLine, place: int, heads: list[tuple[str, ...]]) -> tuple[str, TextPassage]:
    """Write a row of a table as one line; take it among the heads where all its cells are heads."""
    cells, at, words = [], place, [replace_forbidden(" ".join(text.split())) for text, _ in line.cells]
    is_head = all(head or not text.strip() for text, head in line.cells)
    for column, text in enumerate(words):
        above = " ".join(dict.fromkeys(row[column] for row in heads if column < len(row) and row[column]))
        cells.append(PrintedCell(at, at + len(text), above))
        at += len(text) + len(" | ")
    if is_head:
        heads.append(tuple(words))
    text = " | ".join(words)
    return text + "\n", TextPassage(place, place + len(text), line.page, tuple(cells), is_head, line.table)


def _with_pages(
    passages: Iterable[TextPassage], turns: Sequence[tuple[int, int | None]]
) -> Iterator[TextPassage]:
    """Give each sentence the page it begins on, and where it turns the page."""
    for each in passages:
        page = [page for place, page in turns if place <= each.start][-1]
        inside = tuple(turn for turn in turns if each.start < turn[0] < each.end)
        yield replace(each, page=page, turns=inside)


def _cut(text: str, start: int, end: int) -> Iterator[TextPassage]:
    """Cut running text into sentences."""
    begin = start
    for stop in _shorten((*_find_ends(text[start:end]), end - start)):
        low, high = begin, start + stop
        while low < high and text[low].isspace():
            low += 1
        while high > low and text[high - 1].isspace():
            high -= 1
        if high > low:
            yield TextPassage(low, high)
        begin = start + stop


def _shorten(ends: Sequence[int]) -> Iterator[int]:
    """Cut what has no end of a sentence for very long, such as a list of data, into pieces."""
    begin = 0
    for end in ends:
        yield from range(begin + LONGEST, end, LONGEST)
        yield end
        begin = end


def _find_ends(text: str) -> Sequence[int]:
    """Give where sentences end, in order."""
    ends = {found.start() for pattern in (_BLANK, _SECTION) for found in pattern.finditer(text)}
    for found in _END.finditer(text):
        if not _OPENS.match(text, found.end()):
            continue
        word = _LAST_WORD.search(text, max(0, found.start() - 40), found.start())
        last = word.group().casefold() if word else ""
        is_initial = len(last) == 1 and last.isalpha()
        if found.group() == "." and (last in _ABBREVIATIONS or is_initial):
            continue
        ends.add(found.end())
    return sorted(ends)
