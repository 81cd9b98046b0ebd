"""A document as one frozen value: title block, notices, sections of blocks, main part and supplement, footer.

Everything a reader sees stands in it, in reading order and already numbered. A renderer turns it into a file
of one kind and adds no word, no number and no order of its own.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

from funis.documents.figure import FigureSpec
from funis.documents.flow_chart import FlowChart
from funis.documents.register import Register
from funis.documents.table import Inline, TableSpec, ids_of

#: Running text: plain words, and numbers that know the results they print.
Prose: TypeAlias = tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of running text; a lead stands before what it introduces."""

    text: Prose
    is_lead: bool = False


@dataclass(frozen=True, slots=True)
class ItemList:
    """A list of sentences or short paragraphs, in no ranked order."""

    items: tuple[Prose, ...]


@dataclass(frozen=True, slots=True)
class BoxEntry:
    """One entry of a box: what it is about, and what is said of it."""

    name: str
    text: Prose


@dataclass(frozen=True, slots=True)
class Box:
    """Sentences that are read together, each under its name.

    Attributes
    ----------
    id : anchor in the document, unique
    title : one line above the box
    entries : in reading order
    notes : running text under the entries
    is_ranked : whether the entries are counted
    label : printed number of the box, given when the document is put together
    """

    id: str
    title: str
    entries: tuple[BoxEntry, ...]
    notes: tuple[Prose, ...] = ()
    is_ranked: bool = False
    label: str = ""

    @property
    def texts(self) -> tuple[Prose, ...]:
        """Give everything the box says, in reading order."""
        return (*(entry.text for entry in self.entries), *self.notes)


#: Everything a section may hold. A renderer draws each kind, or refuses it by its name.
Block: TypeAlias = Paragraph | ItemList | Box | TableSpec | FigureSpec | FlowChart


@dataclass(frozen=True, slots=True)
class SectionPart:
    """A part of a section, under a heading of its own or without one.

    Attributes
    ----------
    id : anchor in the document, unique
    title : heading; empty for none
    blocks : what stands in it, in reading order
    is_folded : folded away until asked for, where a renderer can fold; needs a title
    """

    id: str
    title: str = ""
    blocks: tuple[Block, ...] = ()
    is_folded: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """A section: heading, the blocks before its first part, its parts.

    Attributes
    ----------
    id : anchor in the document, unique
    title : heading
    blocks, parts : what stands in it, in reading order
    code : number of a section of the supplement, such as S4; empty in the main part
    """

    id: str
    title: str
    blocks: tuple[Block, ...] = ()
    parts: tuple[SectionPart, ...] = ()
    code: str = ""

    @property
    def is_supplement(self) -> bool:
        """Tell whether the section stands behind the main part."""
        return bool(self.code)

    @property
    def all_blocks(self) -> tuple[Block, ...]:
        """Give every block of the section in reading order."""
        return (*self.blocks, *(block for part in self.parts for block in part.blocks))


class NumberRecord(NamedTuple):
    """What a file that holds numbers by their id says of each.

    Attributes
    ----------
    value : unrounded; None where there is none
    unit : what it is measured in; empty for a count or a share
    n : subjects or events with a value; None where that is not counted
    source : key of the recorded values behind it
    """

    value: float | None
    unit: str = ""
    n: int | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """What must be in sight on every page.

    Attributes
    ----------
    title, text : what it says
    tag : stands beside each table and figure; empty for none
    is_grave : whether the document must not be used; printed in a colour of its own
    """

    title: str
    text: str
    tag: str = ""
    is_grave: bool = False


@dataclass(frozen=True, slots=True)
class Guidance:
    """The words that help a reader find the way; a renderer uses those that its kind of file needs.

    Attributes
    ----------
    contents : heading of the list of sections
    skip : link past that list, for a reader who moves by keyboard
    open_numbers : how a number is opened, where it can be
    closed_numbers : where the same is found, where numbers cannot be opened
    linked_numbers : where a number leads, where it is a link
    tagged_numbers : how a number is found again, where each is a field with a key
    attached_numbers : where a number leads and how it is found again, where the file holds a list of them
    close : name of the button that closes what was opened
    """

    contents: str = ""
    skip: str = ""
    open_numbers: Prose = ()
    closed_numbers: Prose = ()
    linked_numbers: Prose = ()
    tagged_numbers: Prose = ()
    attached_numbers: Prose = ()
    close: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """A whole document.

    Attributes
    ----------
    title : printed title
    kicker : one line above the title: what kind of document of which study
    facts : name and value of what stands under the title
    sections : in reading order, those of the main part first
    notices : what must be in sight on every page
    related : words that lead to other documents of the set; they stand under the facts
    closing : last line
    running_head : words at the top of every printed page
    running_foot : words at the bottom of every printed page, such as the date of the data
    generator : program and version, for the properties of a file
    guidance : words that help a reader find the way
    numbers : what a page shows when a number is opened, by its id; passed on as it is
    records : what a file that holds numbers by their id says of each
    numbers_file : the file beside the document that holds every number by its id
    supplement_title, supplement_lead : head of what stands behind the main part, and the words under it
    register : the printed number of every table, figure and section of the supplement
    language : of all words, as a BCP 47 tag
    date : last day of the data, for the properties of a file; None where they hold no date
    """

    title: str
    sections: tuple[Section, ...] = ()
    kicker: str = ""
    facts: tuple[tuple[str, Prose], ...] = ()
    notices: tuple[Notice, ...] = ()
    related: Prose = ()
    closing: str = ""
    running_head: str = ""
    running_foot: str = ""
    generator: str = ""
    guidance: Guidance = Guidance()
    numbers: Mapping[str, Any] = field(default_factory=dict)
    records: Mapping[str, NumberRecord] = field(default_factory=dict)
    numbers_file: str = ""
    supplement_title: str = ""
    supplement_lead: str = ""
    register: Register = field(default_factory=Register)
    language: str = "en"
    date: dt.date | None = None

    @property
    def main(self) -> tuple[Section, ...]:
        """Give the sections of the main part."""
        return tuple(section for section in self.sections if not section.is_supplement)

    @property
    def supplement(self) -> tuple[Section, ...]:
        """Give the sections behind the main part."""
        return tuple(section for section in self.sections if section.is_supplement)

    @property
    def tags(self) -> tuple[str, ...]:
        """Give the words that stand beside every table and figure."""
        return tuple(notice.tag for notice in self.notices if notice.tag)

    @property
    def margin_warning(self) -> str:
        """Give the words that warn in the margin of every page: the gravest, and what the data are.

        What follows a colon in a notice is said once, on the first page.
        """
        return " · ".join(
            notice.title.partition(":")[0]
            for place, notice in enumerate(self.notices)
            if notice.tag or not place
        )

    @property
    def full_title(self) -> str:
        """Give the title with the tags, for a window or a list of files."""
        return " ".join((self.title, *(f"({tag})" for tag in self.tags)))

    @property
    def figures(self) -> tuple[FigureSpec, ...]:
        """Give the figures that are drawn from a specification, in reading order."""
        blocks = (block for section in self.sections for block in section.all_blocks)
        return tuple(block for block in blocks if isinstance(block, FigureSpec))

    @property
    def ids(self) -> tuple[str, ...]:
        """Give the ids of every result that the document prints, in reading order."""
        return find_ids(self.sections, self.facts)


def find_ids(sections: tuple[Section, ...], facts: tuple[tuple[str, Prose], ...] = ()) -> tuple[str, ...]:
    """Give the ids of every result that facts and sections print, in reading order, each once.

    Examples
    --------
    >>> lead = Paragraph((Inline("Of "), Inline("40", "disposition.treated"), Inline(" treated")))
    >>> find_ids((Section("a", "A", (lead,)),))
    ('disposition.treated',)
    """
    told = (name for _, text in facts for name in ids_of(text))
    found = (name for section in sections for block in section.all_blocks for name in _ids(block))
    return tuple(dict.fromkeys((*told, *found)))


def _ids(block: Block) -> Iterator[str]:
    match block:
        case Paragraph():
            yield from ids_of(block.text)
        case ItemList():
            yield from (name for item in block.items for name in ids_of(item))
        case Box():
            yield from (name for text in block.texts for name in ids_of(text))
        case TableSpec() | FlowChart():
            yield from block.ids
        case FigureSpec():
            return


def plain(text: str) -> Prose:
    """Make running text of plain words.

    Examples
    --------
    >>> plain("No number here.")[0].text
    'No number here.'
    """
    return (Inline(text),)
