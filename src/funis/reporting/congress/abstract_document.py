"""An abstract as a document: its parts, behind them what was left out, and where every number is from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from funis.catalogue.abstract_items import AbstractItem, abstract_items
from funis.catalogue.congress_rules import rules_checked
from funis.catalogue.house_styles import house_style, styles_checked
from funis.documents.document import (
    Block,
    Document,
    ItemList,
    Paragraph,
    Prose,
    Section,
    plain,
)
from funis.documents.numbering import number_sections
from funis.documents.table import Inline, TableCell, TableRow, TableSpec, text_rows, words
from funis.reporting.congress.abstract import CongressAbstract, asked_items
from funis.reporting.congress.sentence import KEPT, REDUCTIONS
from funis.reporting.house_style import style_words
from funis.reporting.number_records import build_records
from funis.reporting.trial_document import NOT_FOR
from funis.results import NOT_AVAILABLE, format_shortest

BEHIND: Final = "Not part of the abstract"
_LEAD: Final = "Length, what is to be filled in, what was left out, and where every number comes from."
_TO_FILL: Final = "The study file does not say this. It is never made up:"
_NOTHING: Final = "Nothing."
_ORDER: Final = "Where a text is too long, this is given up, in this order, until it fits:"
_ITEMS_NOTE: Final = (
    "Made for randomised trials; its items are asked of every abstract here as far as they apply. A part "
    "that is named speaks to the item; whether it says enough is for the authors to judge."
)
NUMBERS: Final = "abstract-numbers"
_NUMBERS_FILE: Final = "results.csv"


def build_abstract_document(abstract: CongressAbstract, *, version: str = "") -> Document:
    """Put an abstract into a document, numbers bound to their results.

    Parameters
    ----------
    abstract : what is written
    version : of funis, for the properties of a file

    Returns
    -------
    Document : the parts of the abstract; behind them, as a supplement, what is no part of it
    """
    trial, rule = abstract.study.trial, abstract.rule
    parts = tuple(
        Section(f"abstract-{part}", head, (Paragraph(said),)) for part, head, said in abstract.parts
    )
    behind = tuple(_behind(abstract))
    coded = tuple(replace(each, code=f"A{place}") for place, each in enumerate(behind, start=1))
    sections, register = number_sections((*parts, *coded))
    return Document(
        title=abstract.title,
        kicker=f"{trial.id} · Abstract for the {rule.congress}",
        sections=sections,
        notices=abstract.notices,
        facts=(("Length", plain(length_words(abstract))),),
        closing=NOT_FOR,
        running_head=f"{trial.id}  Abstract for {rule.name}",
        generator=f"funis {version}" if version else "",
        numbers_file=_NUMBERS_FILE,
        records=build_records(abstract.study, abstract.book, abstract.ids),
        supplement_title=BEHIND,
        supplement_lead=_LEAD,
        register=register,
    )


def without_links(document: Document) -> Document:
    """Give the document with numbers as plain words, to be read and copied; the table of numbers names their ids.

    Parameters
    ----------
    document : an abstract
    """  # noqa: E501 - one line of purpose
    return replace(document, sections=tuple(_unlinked(each) for each in document.sections))


def without_numbers(document: Document) -> Document:
    """Give the document without the table of where its numbers come from."""
    return replace(document, sections=tuple(each for each in document.sections if each.id != NUMBERS))


def _unlinked(section: Section) -> Section:
    return replace(section, blocks=tuple(_unlink(block) for block in section.blocks))


def _unlink(block: Block) -> Block:
    match block:
        case Paragraph():
            return replace(block, text=_bare(block.text))
        case TableSpec():
            return replace(block, rows=tuple(_bare_row(row) for row in block.rows))
    return block


def _bare_row(row: TableRow) -> TableRow:
    cells = tuple(replace(cell, parts=_bare(cell.parts)) for cell in row.cells)
    return replace(row, stub=replace(row.stub, parts=_bare(row.stub.parts)), cells=cells)


def _bare(said: Prose) -> Prose:
    return tuple(Inline(each.text, is_code=each.is_code) for each in said)


# --- what is no part of the abstract -------------------------------------------------------------


def length_words(abstract: CongressAbstract) -> str:
    """Say how long an abstract is by the rule of its congress, and what is kept free or lacking.

    Parameters
    ----------
    abstract : what was written
    """
    said = f"{abstract.characters} of {abstract.limit} characters ({abstract.rule.counting})"
    if abstract.kept_free:
        said += f"; {abstract.kept_free} more are kept free for what is to be filled in"
    if abstract.over:
        said += f"; {abstract.over} too many: nothing more may be left out"
    return f"{said}."


def rule_words(abstract: CongressAbstract) -> tuple[str, ...]:
    """Say where the rule was read, what it cannot know of the authors, and in which style numbers are."""
    rule = abstract.rule
    own = "" if abstract.limit == rule.limit else f" The limit was set to {abstract.limit} by --characters."
    when = f"Looked up on {rules_checked().isoformat()}."
    said = [f"{rule.name} as of {rule.as_of}: {rule.limit} characters; {rule.read}. {when}{own}"]
    if rule.counts_authors:
        named = f"the names in the study file ({abstract.author_characters} characters)"
        more = "Affiliations and acknowledgements count, too, and are for the authors to add."
        said.append(f"Counted of the authors: {named}. {more}")
    if abstract.title_fault:
        said.append(abstract.title_fault)
    style = abstract.study.report.style
    if style:
        said.append(style_words(house_style(style), styles_checked()))
    return tuple(said)


def _behind(abstract: CongressAbstract) -> Iterator[Section]:
    said = (length_words(abstract), *rule_words(abstract))
    yield Section("abstract-length", "Length", tuple(Paragraph(plain(each)) for each in said))
    yield Section("abstract-gaps", "To be filled in", tuple(_gaps(abstract)))
    yield Section("abstract-left-out", "Left out or shortened", tuple(_left_out(abstract)))
    yield Section("abstract-items", abstract_items().title, (_items(abstract),))
    yield Section(NUMBERS, "Where each number comes from", (_numbers(abstract),))


def _gaps(abstract: CongressAbstract) -> Iterator[Block]:
    gaps = tuple(plain(gap.what) for gap in abstract.gaps)
    yield Paragraph(plain(_TO_FILL if gaps else _NOTHING))
    if gaps:
        yield ItemList(gaps)


def left_out_words(abstract: CongressAbstract) -> tuple[str, ...]:
    """Say what was left out or shortened, one sentence a reason; none where nothing was.

    Parameters
    ----------
    abstract : what was written
    """
    fitted = abstract.fitted
    said = (
        ("For length, left out", fitted.left_out),
        ("For length, shortened", fitted.shortened),
        ("As the published text prints no figure of it and the data were assumed", abstract.assumed),
        ("As an abstract has no sentence for it (it stands in the report)", abstract.untold),
    )
    return tuple(f"{why}: {'; '.join(dict.fromkeys(names))}." for why, names in said if names)


def _left_out(abstract: CongressAbstract) -> Iterator[Block]:
    said = left_out_words(abstract)
    if said:
        yield ItemList(tuple(plain(each) for each in said))
    else:
        yield Paragraph(plain(_NOTHING))
    order = "; ".join(f"({kind.value}) {text}" for kind, text in REDUCTIONS.items())
    yield Paragraph(plain(f"{_ORDER} {order}. Never: {KEPT}."))


def _items(abstract: CongressAbstract) -> TableSpec:
    items = abstract_items()
    rows = text_rows((f"{each.number} {each.item}", where_words(abstract, each)) for each in items.items)
    notes = (f"{items.source}.", _ITEMS_NOTE)
    title = f"{items.title}: what this text speaks to"
    return TableSpec(
        "table-abstract-items", "abstract-items", title, ("Item", "Here"), rows, notes, is_text=True
    )


def where_words(abstract: CongressAbstract, item: AbstractItem) -> str:
    """Say in which part of an abstract an item is spoken to, or that it is missing.

    Parameters
    ----------
    abstract : what was written
    item : of the statement
    """
    if item not in asked_items(abstract.study):
        return "Not asked: not randomised"
    if not abstract.speaks_to(item):
        return "Missing"
    if "title" in item.topics:
        return "Title"
    told = {sentence.part for sentence, _ in abstract.fitted.told if set(sentence.topics) & set(item.topics)}
    return "; ".join(head for part, head in abstract.rule.heads.items() if part in told)


def _numbers(abstract: CongressAbstract) -> TableSpec:
    """List every number of the text in reading order: as printed, its result, its unrounded value."""
    values = {number.id: number.value for number in abstract.book.numbers}
    has_published = bool(abstract.statuses)
    heads = ("Number", "Result", "Unrounded", *(["Published text"] if has_published else []))
    rows = tuple(
        TableRow(
            TableCell((Inline(text, name),)),
            (
                TableCell((Inline(name, is_code=True),)),
                words(_unrounded(values.get(name))),
                *([words(abstract.statuses.get(name, "not printed there"))] if has_published else []),
            ),
        )
        for text, name in numbers_of(abstract)
    )
    notes = (f"Result: the row with this id in {_NUMBERS_FILE}.",)
    title = "Every number of the text, in reading order"
    return TableSpec("table-abstract-numbers", NUMBERS, title, heads, rows, notes, is_text=True)


def _unrounded(value: float | None) -> str:
    return NOT_AVAILABLE if value is None else format_shortest(value)


def numbers_of(abstract: CongressAbstract) -> tuple[tuple[str, str], ...]:
    """Give every number of the text as printed, with the id of its result; one that stands for several, each.

    Parameters
    ----------
    abstract : what was written
    """
    return tuple(
        (inline.text, name)
        for _, _, said in abstract.parts
        for inline in said
        if inline.id
        for name in (inline.id, *inline.also)
    )
