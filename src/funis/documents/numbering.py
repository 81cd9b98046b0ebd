"""Numbering, made once before rendering: of tables, figures and sections, and of what refers to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import count

from funis.documents.document import Block, Box, ItemList, Paragraph, Prose, Section
from funis.documents.figure import FigureSpec
from funis.documents.flow_chart import FlowChart
from funis.documents.register import Register, RegisterEntry
from funis.documents.table import Inline, TableSpec


def number_sections(sections: Iterable[Section]) -> tuple[tuple[Section, ...], Register]:
    """Give tables and figures their numbers in reading order, and resolve what refers to them.

    Parameters
    ----------
    sections : those of the main part, then those of the supplement

    Returns
    -------
    tuple of tuple of Section and Register : the main part counts Table 1, Figure 1 and so on, the supplement
        Table S1, Figure S1

    Raises
    ------
    ShapeError : words refer to what the document does not hold

    Examples
    --------
    >>> from funis.documents.document import plain
    >>> from funis.documents.register import reference
    >>> section = Section("a", "A", (Paragraph(plain(f"See {reference('a')}.")),), code="S4")
    >>> [inline.text for inline in number_sections((section,))[0][0].blocks[0].text]
    ['See ', 'S4', '.']
    """
    numbered = tuple(_label_all(sections))
    register = Register(tuple(_entries(numbered)))
    return tuple(_map_blocks(each, lambda block: _resolve(block, register)) for each in numbered), register


def _label_all(sections: Iterable[Section]) -> Iterator[Section]:
    counters = {(kind, sign): count(1) for kind in ("Table", "Figure", "Box") for sign in ("", "S")}
    for section in sections:

        def label(block: Block, sign: str = "S" if section.is_supplement else "") -> Block:
            match block:
                case TableSpec():
                    return replace(block, label=f"Table {sign}{next(counters['Table', sign])}")
                case FigureSpec() | FlowChart():
                    return replace(block, label=f"Figure {sign}{next(counters['Figure', sign])}")
                case Box():
                    return replace(block, label=f"Box {sign}{next(counters['Box', sign])}")
            return block

        yield _map_blocks(section, label)


def _map_blocks(section: Section, change: Callable[[Block], Block]) -> Section:
    parts = tuple(replace(part, blocks=tuple(map(change, part.blocks))) for part in section.parts)
    return replace(section, blocks=tuple(map(change, section.blocks)), parts=parts)


def _entries(sections: Iterable[Section]) -> Iterator[RegisterEntry]:
    for section in sections:
        if section.is_supplement:
            yield RegisterEntry(section.id, section.code, section.title, section.code)
        for block in section.all_blocks:
            if isinstance(block, TableSpec | FigureSpec | FlowChart | Box):
                yield RegisterEntry(block.id, block.label, block.title, section.code)


def _resolve(block: Block, register: Register) -> Block:
    """Write the references in the running words of a block; the cells of a table refer to nothing."""
    match block:
        case Paragraph():
            return replace(block, text=_prose(block.text, register))
        case ItemList():
            return replace(block, items=tuple(_prose(item, register) for item in block.items))
        case Box():
            entries = tuple(replace(each, text=_prose(each.text, register)) for each in block.entries)
            return replace(
                block, entries=entries, notes=tuple(_prose(note, register) for note in block.notes)
            )
        case TableSpec():
            instead = tuple(_prose(line, register) for line in block.instead)
            return replace(block, footnotes=tuple(map(register.resolve, block.footnotes)), instead=instead)
    return replace(block, footnotes=tuple(map(register.resolve, block.footnotes)))


def _prose(text: Prose, register: Register) -> Prose:
    return tuple(inline for each in text for inline in _inlines(each, register))


def _inlines(inline: Inline, register: Register) -> Iterator[Inline]:
    """Write the references in a stretch of text, each as a stretch of its own."""
    parts = tuple(register.pieces(inline.text))
    if not any(name for _, name in parts):
        yield inline
        return
    for words, name in parts:
        yield replace(inline, text=words, refers_to=name)
