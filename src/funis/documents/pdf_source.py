"""A document as the source of a PDF: text in the language of Typst, with drawings and list of keys in it."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from funis.documents.colours import CSS_VARIABLES
from funis.documents.column_widths import PORTRAIT, fit_columns
from funis.documents.document import Block, Box, Document, ItemList, Paragraph, Section
from funis.documents.figure import FigureSpec
from funis.documents.flow_chart import FlowChart
from funis.documents.pdf_tables import write_table
from funis.documents.pdf_writing import PdfWriting, write_key_list
from funis.documents.pictures import draw_shape
from funis.documents.table import TableSpec
from funis.documents.typst_text import join, listed, points, quote
from funis.errors import BlockError, DrawingError, TypesettingError

_log = logging.getLogger(__name__)
_LOOK: Final = Path(__file__).with_name("report.typ")
_KINDS: Final = (Paragraph, ItemList, Box, TableSpec, FigureSpec, FlowChart)
#: A figure is printed no higher than this, in points: caption and notes stand on the same page.
_HIGHEST: Final = 560.0
#: The typeface of drawings: one that has the letters of most of them, Chinese ones too.
_TYPEFACE: Final = 'font-family="Noto Sans SC, Libertinus Serif, DejaVu Sans Mono"'
_FAMILY: Final = re.compile(r'font-family="[^"]*"')
#: Libertinus Serif is narrower than Helvetica: its digits by 16%, its bold capital letters by 3%.
_BREADTH: Final = 0.95
_KEYS: Final = "numbers.csv"
#: Words around the number of a page in languages other than English.
_PAGES: Final = {"zh": ("第 ", " 页，共 ", " 页")}


class _Piece(NamedTuple):
    """A stretch of the file: whether the page is turned for it, whether it leads to the next."""

    text: str
    is_turned: bool = False
    leads: bool = False


def write_source(document: Document) -> str:
    """Write a document as the source of a PDF.

    Parameters
    ----------
    document : numbered already; nothing in its words is read as code

    Returns
    -------
    str : the whole source; it reads no file and needs no package

    Raises
    ------
    BlockError : a block is of a kind that this renderer does not know
    TypesettingError : a figure has no alternative text

    Examples
    --------
    >>> write_source(Document("A #let"))[:14]
    '#let palette=('
    """
    writing = PdfWriting(document)
    body = _turn(list(_pieces(document, writing)))
    palette = "".join(f"{quote(name)}:{quote(value)}," for name, value in CSS_VARIABLES.items())
    look = _LOOK.read_text(encoding="utf-8")
    return f"#let palette=({palette})\n{look}\n{_sheet(document)}\n{body}{_attach(writing)}"


def _sheet(document: Document) -> str:
    """Write the properties of the file, and what stands at head and foot of every page."""
    day = document.date
    date = f"datetime(year:{day.year},month:{day.month},day:{day.day})" if day else "none"
    before = f"{document.running_foot} · " if document.running_foot else ""
    page, of, end = _PAGES.get(document.language, ("Page ", " of ", ""))
    foot = f"(page,pages)=>{quote(before + page)}+str(page)+{quote(of)}+str(pages)+{quote(end)}"
    facts = {
        "title": quote(document.full_title),
        "language": quote(document.language),
        "program": quote(document.generator),
        "date": date,
        "head": quote(document.running_head),
        "warning": quote(document.margin_warning),
        "foot": foot,
    }
    return f"#show: body=>sheet({','.join(f'{name}:{value}' for name, value in facts.items())},body)"


def _attach(writing: PdfWriting) -> str:
    """Attach the list that leads from the key of each number to its id and value."""
    if not writing.keys.keys:
        return ""
    content = quote(write_key_list(writing.keys, writing.document.records))
    about = quote("Every number of this document: key, id, printed, unrounded value, unit, n")
    return (
        f"#pdf.attach({quote(_KEYS)},bytes({content}),"
        f'mime-type:"text/csv",relationship:"data",description:{about})\n'
    )


def _turn(pieces: list[_Piece]) -> str:
    """Turn the page for tables that need it, with the headings that lead to them."""
    turned = [piece.is_turned for piece in pieces]
    for place in range(len(pieces) - 2, -1, -1):
        turned[place] = turned[place] or (pieces[place].leads and turned[place + 1])
    written, is_open = [], False
    for piece, is_turned in zip(pieces, turned, strict=True):
        if is_turned != is_open:
            written.append("#page(flipped:true)[\n" if is_turned else "]\n")
            is_open = is_turned
        written.append(piece.text)
    return "".join((*written, "]\n" if is_open else ""))


# --- what stands in the file, in reading order -----------------------------------------------------------


def _pieces(document: Document, writing: PdfWriting) -> Iterator[_Piece]:
    yield _Piece("".join(_title_block(document, writing)))
    for place, section in enumerate(document.main):
        yield from _section(section, 1, writing)
        if not place:
            # The answer stands on the first page, the contents after it.
            yield _Piece(_contents(document))
    if document.supplement:
        writing.is_supplement = True
        yield _Piece(_supplement_head(document))
        for section in document.supplement:
            yield from _section(section, 2, writing)
    if document.closing:
        yield _Piece(f"#par({quote(document.closing)})\n")


def _title_block(document: Document, writing: PdfWriting) -> Iterator[str]:
    if document.kicker:
        yield f"#kicker({quote(document.kicker)})\n"
    yield f"#title({quote(document.title)})\n"
    for notice in document.notices:
        words = join((f"strong({quote(notice.title)})", quote(f" {notice.text}" if notice.text else "")))
        yield f"#notice({words},{'true' if notice.is_grave else 'false'})\n"
    if document.facts:
        facts = (
            join((f"strong({quote(f'{name}: ')})", writing.prose(text))) for name, text in document.facts
        )
        yield f"#facts({listed(facts)})\n"
    if document.related:
        yield f"#par({writing.prose(document.related)})\n"


def _supplement_head(document: Document) -> str:
    """Write what stands over the sections behind the main part, with their contents."""
    if not document.supplement_title:
        return "#pagebreak(weak:true)\n"
    head = _heading(document.supplement_title, "supplement", 1)
    lead = f"#par({quote(document.supplement_lead)})\n" if document.supplement_lead else ""
    sections = 'heading.where(level:2).after(label("supplement"))'
    return f"#pagebreak(weak:true)\n{head}{lead}#contents(none,{sections})\n"


def _contents(document: Document) -> str:
    """Write the contents of the main part, and under them where its numbers lead."""
    words = quote(document.guidance.contents) if document.guidance.contents else "none"
    guide = join(
        f"raw({quote(inline.text)})" if inline.is_code else quote(inline.text)
        for inline in document.guidance.attached_numbers
    )
    led = f"#par({guide})\n" if document.guidance.attached_numbers else ""
    return f"#contents({words},heading.where(level:1,outlined:true))\n{led}"


def _heading(text: str, name: str, level: int) -> str:
    return f"#heading(level:{level},{quote(text)})#label({quote(name)})\n"


def _section(section: Section, level: int, writing: PdfWriting) -> Iterator[_Piece]:
    title = f"{section.code} {section.title}".strip()
    yield _Piece(_heading(title, section.id, level), leads=True)
    yield from _blocks(section.blocks, writing)
    for part in section.parts:
        if part.title:
            yield _Piece(_heading(part.title, part.id, level + 1), leads=True)
        yield from _blocks(part.blocks, writing)


def _blocks(blocks: tuple[Block, ...], writing: PdfWriting) -> Iterator[_Piece]:
    for block in blocks:
        match block:
            case Paragraph():
                text = f"par({writing.prose(block.text)})"
                yield _Piece(f"#led({text})\n" if block.is_lead else f"#{text}\n", leads=block.is_lead)
            case ItemList():
                yield _Piece(f"#list({','.join(map(writing.prose, block.items))})\n")
            case Box():
                yield _Piece(_box(block, writing))
            case TableSpec():
                fit = fit_columns(block, _BREADTH)
                yield _Piece(write_table(block, fit, writing), is_turned=fit.is_turned)
            case FigureSpec() | FlowChart():
                yield _Piece(_figure(block, writing))
            case _:
                raise BlockError("PDF", type(block).__name__, [kind.__name__ for kind in _KINDS])


def _box(box: Box, writing: PdfWriting) -> str:
    entries = []
    for place, entry in enumerate(box.entries, start=1):
        name = quote(f"{place}  {entry.name}  " if box.is_ranked else f"{entry.name}  ")
        entries.append(join((f"strong({name})", writing.prose(entry.text))))
    notes = map(writing.prose, box.notes)
    return f"#words-box({quote(box.id)},{writing.caption(box)},{listed(entries)},{listed(notes)})\n"


def _figure(figure: FigureSpec | FlowChart, writing: PdfWriting) -> str:
    _check_words(figure)
    if isinstance(figure, FlowChart):
        # Its counts are drawn; the list of numbers holds them too.
        for inline in (inline for box in figure.boxes for inline in box.count if inline.id):
            writing.keys.add(inline)
    notes = listed(map(quote, figure.footnotes))
    return f"#drawn-figure({quote(figure.id)},{writing.caption(figure)},{_drawing(figure)},{notes})\n"


def write_figure_source(figure: FigureSpec | FlowChart) -> str:
    """Write one figure as the source of a PDF of its own: a page as large as the drawing, and nothing else.

    Parameters
    ----------
    figure : it has an alternative text

    Raises
    ------
    DrawingError : it cannot be drawn
    TypesettingError : it has no alternative text
    """
    _check_words(figure)
    drawn = draw_shape(figure)
    page = f"width:{points(drawn.width)},height:{points(drawn.height)},margin:0pt"
    return (
        f'#set document(title:{quote(figure.title)})\n#set text(lang:"en")\n#set page({page})\n'
        f"#{_image(figure, drawn.svg, drawn.width)}\n"
    )


def _image(figure: FigureSpec | FlowChart, drawing: str, width: float) -> str:
    svg = quote(_FAMILY.sub(_TYPEFACE, drawing))
    return f'image(bytes({svg}),format:"svg",width:{points(width)},alt:{quote(figure.alt)})'


def _check_words(figure: FigureSpec | FlowChart) -> None:
    if not figure.alt.strip():
        raise TypesettingError(
            f"{figure.label or figure.id} has no alternative text, which a PDF of this kind must have "
            "(PDF/UA-1). Give the figure one."
        )


def _drawing(figure: FigureSpec | FlowChart) -> str:
    try:
        drawn = draw_shape(figure)
    except DrawingError as error:
        _log.warning("figure %s cannot be drawn", figure.id)
        return quote(
            f"This figure could not be drawn. {error} Its numbers stand in the tables and in results.csv."
        )
    scale = min(1.0, PORTRAIT / drawn.width, _HIGHEST / drawn.height)
    return _image(figure, drawn.svg, drawn.width * scale)
