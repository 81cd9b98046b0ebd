"""A document as one Word file (Office Open XML, ISO/IEC 29500): what a journal edits, every number bound."""

from __future__ import annotations

import io
import logging
import zipfile
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from funis.documents.column_widths import fit_columns
from funis.documents.document import (
    Block,
    Box,
    Document,
    ItemList,
    Paragraph,
    Section,
)
from funis.documents.docx_keys import NAMESPACE
from funis.documents.docx_pictures import Pictures, write_figure
from funis.documents.docx_styles import NUMBERING, write_styles
from funis.documents.docx_tables import write_table
from funis.documents.docx_text import field, paragraph, run
from funis.documents.docx_writing import DocxWriting, contents_field
from funis.documents.figure import FigureSpec
from funis.documents.flow_chart import FlowChart
from funis.documents.rtf_text import MARGIN, PAGE
from funis.documents.table import TableSpec
from funis.errors import BlockError
from funis.letters import replace_forbidden

if TYPE_CHECKING:
    from docx.document import Document as WordDocument
    from docx.opc.part import Part

_log = logging.getLogger(__name__)
_NAMES: Final = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" '
    'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"'
)
_OPEN: Final = f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><w:document {_NAMES}><w:body>'
_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
_W: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
#: Parts of the library's template that a file needs no more.
_SPARE: Final = ("stylesWithEffects", "customXml", "thumbnail", "webSettings")
_CUSTOM_XML: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/customXml"
_HYPERLINK: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink"
#: How Word names the list of keys among the parts of the file.
_ITEM: Final = "{5F1D3B52-6A57-4C1E-9E0B-2B4C0A6D7E11}"
_KINDS: Final = (Paragraph, ItemList, Box, TableSpec, FigureSpec, FlowChart)
#: The bookmark around everything behind the main part, for the contents that stand at its head.
_BEHIND: Final = "_TocSupplement"
#: Letters of a property of the file at most.
_PROPERTY: Final = 255
#: The date of every entry of the file, so that the same document gives the same bytes.
_DATE: Final = (1980, 1, 1, 0, 0, 0)


class _Piece(NamedTuple):
    """A stretch of the file: what it holds, and where it stands on a page.

    Attributes
    ----------
    xml : its elements
    is_turned : whether the page is turned for it
    leads : whether it belongs to what follows
    begins_page : whether it stands at the top of a page
    """

    xml: str
    is_turned: bool = False
    leads: bool = False
    begins_page: bool = False


def render_docx(document: Document) -> bytes:
    """Write a document as one Word file.

    Parameters
    ----------
    document : numbered already

    Returns
    -------
    bytes : the file; the same document gives the same bytes

    Raises
    ------
    BlockError : a block is of a kind that this renderer does not know
    ShapeError : the tables and figures are not numbered in reading order

    Examples
    --------
    >>> render_docx(Document("A"))[:2]
    b'PK'
    """
    import docx

    word = docx.Document()
    _drop_spare_parts(word)
    pictures = Pictures(word.part)
    writing = DocxWriting(document, lambda target: word.part.relate_to(target, _HYPERLINK, is_external=True))
    pieces = list(_pieces(document, writing, pictures))
    _write_styles(word, document)
    _fill_margins(word, document)
    _add_keys(word, writing.keys.write(document.records))
    _set_properties(word, document)
    _fill_body(word, pieces)
    return _save(word)


# --- what stands in the file, in reading order -----------------------------------------------------------


def _pieces(document: Document, writing: DocxWriting, pictures: Pictures) -> Iterator[_Piece]:
    yield _Piece("".join(_title_block(document, writing)))
    main, contents = document.main, _contents(document)
    for place, section in enumerate(main):
        yield from _section(section, 1, writing, pictures)
        if not place:
            # The answer stands on the first page, the contents after it.
            yield _Piece(contents)
    if document.supplement:
        number = writing.next_id()
        head = writing.heading(document.supplement_title, "supplement", 1)
        lead = paragraph(run(document.supplement_lead), "BodyText") + _guide(document)
        entries = [(f"{each.code} {each.title}", each.id) for each in document.supplement]
        title = document.guidance.contents
        contents = contents_field(entries, title, level=2, within=_BEHIND) if title else ""
        start = f'<w:bookmarkStart w:id="{number}" w:name="{_BEHIND}"/>'
        yield _Piece(f"{start}{head}{lead}{contents}", begins_page=True)
        for section in document.supplement:
            yield from _section(section, 2, writing, pictures)
        yield _Piece(f'<w:bookmarkEnd w:id="{number}"/>')
    if document.closing:
        yield _Piece(paragraph(run(document.closing), "BodyText"))


def _title_block(document: Document, writing: DocxWriting) -> Iterator[str]:
    if document.kicker:
        yield paragraph(run(document.kicker), "Subtitle")
    yield paragraph(run(document.title), "Title")
    for notice in document.notices:
        words = run(notice.title, "Strong") + run(f" {notice.text}" if notice.text else "")
        yield paragraph(words, "FunisBanner")
    if document.facts:
        # One behind the other: a line each took a sixth of the page that the answer stands on.
        facts = (run(f"{name}: ", "Strong") + writing.prose(text) for name, text in document.facts)
        yield paragraph(run("  ·  ").join(facts), "FunisFact")
    if document.related:
        yield paragraph(writing.prose(document.related), "FunisFact")


def _contents(document: Document) -> str:
    """Write the contents of the main part."""
    entries = [(section.title, section.id) for section in document.main]
    if document.supplement:
        entries.append((document.supplement_title, "supplement"))
    title = document.guidance.contents
    # A document of one page has no contents, and says so by having no words for them.
    contents = contents_field(entries, title) if entries and title else ""
    return contents if document.supplement else contents + _guide(document)


def _guide(document: Document) -> str:
    """Say how a number is found again: behind the main part, where there is more than that."""
    words = "".join(
        run(inline.text, "FunisCode" if inline.is_code else "") for inline in document.guidance.tagged_numbers
    )
    return paragraph(words, "BodyText") if words else ""


def _section(section: Section, level: int, writing: DocxWriting, pictures: Pictures) -> Iterator[_Piece]:
    yield _Piece(writing.heading(section.title, section.id, level, section.code), leads=True)
    yield from _blocks(section.blocks, section, writing, pictures)
    for part in section.parts:
        if part.title:
            yield _Piece(writing.heading(part.title, part.id, level + 1), leads=True)
        yield from _blocks(part.blocks, section, writing, pictures)


def _blocks(
    blocks: tuple[Block, ...], section: Section, writing: DocxWriting, pictures: Pictures
) -> Iterator[_Piece]:
    for block in blocks:
        match block:
            case Paragraph():
                yield _Piece(paragraph(writing.prose(block.text), "BodyText"), leads=block.is_lead)
            case ItemList():
                yield _Piece("".join(paragraph(writing.prose(item), "ListBullet") for item in block.items))
            case Box():
                yield _Piece("".join(_box(block, section, writing)))
            case TableSpec():
                yield _table(block, section, writing)
            case FigureSpec() | FlowChart():
                caption = writing.caption(block, is_supplement=section.is_supplement)
                figure = write_figure(block, pictures, writing.next_id())
                yield _Piece(figure + caption + _notes(block.footnotes))
            case _:
                raise BlockError("Word", type(block).__name__, [kind.__name__ for kind in _KINDS])


def _box(box: Box, section: Section, writing: DocxWriting) -> Iterator[str]:
    yield writing.caption(box, is_supplement=section.is_supplement)
    for place, entry in enumerate(box.entries, start=1):
        number = f"{place}  " if box.is_ranked else ""
        yield paragraph(run(f"{number}{entry.name}  ", "Strong") + writing.prose(entry.text), "FunisKeyBox")
    for note in box.notes:
        yield paragraph(writing.prose(note), "FunisTableNote")


def _table(table: TableSpec, section: Section, writing: DocxWriting) -> _Piece:
    fit = fit_columns(table)
    caption = writing.caption(table, is_supplement=section.is_supplement)
    body = write_table(table, fit, writing, is_supplement=section.is_supplement)
    instead = "".join(paragraph(writing.prose(line), "FunisTableNote") for line in table.instead)
    return _Piece(caption + body + instead + _notes(table.footnotes), is_turned=fit.is_turned)


def _notes(notes: tuple[str, ...]) -> str:
    """Write the notes under a table or a figure, which stay together."""
    last = len(notes) - 1
    return "".join(
        paragraph(run(note), "FunisTableNote", is_kept=place < last) for place, note in enumerate(notes)
    )


# --- the parts of the file -------------------------------------------------------------------------------


def _parse(xml: str) -> Any:
    from docx.oxml.parser import parse_xml

    return parse_xml(f"<w:body {_NAMES}>{xml}</w:body>")


def _refill(element: Any, xml: str) -> None:
    """Put other children into the root element of a part."""
    for child in list(element):
        element.remove(child)
    for child in list(_parse(xml)):
        element.append(child)


def _drop_spare_parts(word: WordDocument) -> None:
    for rels in (word.part.rels, word.part.package.rels):
        for name in [each.rId for each in rels.values() if each.reltype.rsplit("/", 1)[-1] in _SPARE]:
            del rels[name]


def _write_styles(word: WordDocument, document: Document) -> None:
    _refill(word.styles.element, write_styles(document.language))
    _refill(word.part.numbering_part.element, NUMBERING)
    settings = word.settings.element
    for setting in settings.iter(f"{_W}compatSetting"):
        if setting.get(f"{_W}name") == "compatibilityMode":
            setting.set(f"{_W}val", "15")
    for spoken in settings.iter(f"{_W}themeFontLang"):
        spoken.set(f"{_W}eastAsia", "zh-CN")


def _fill_margins(word: WordDocument, document: Document) -> None:
    """Write head and foot of every page."""
    first = word.sections[0]
    first.header.is_linked_to_previous = False
    head = paragraph(run(document.running_head), "Header")
    warning = paragraph(run(document.margin_warning), "FunisHeaderWarning") if document.margin_warning else ""
    _refill(first.header.part.element, head + warning)
    first.footer.is_linked_to_previous = False
    date = f"{document.running_foot} · " if document.running_foot else ""
    page = f"{run(f'{date}Page ')}{field('PAGE', '1')}{run(' of ')}{field('NUMPAGES', '1')}"
    _refill(first.footer.part.element, paragraph(page, "Footer"))


def _fill_body(word: WordDocument, pieces: list[_Piece]) -> None:
    """Write the text; pages are turned only for a table that needs it, with the headings that lead to it.

    The text is written as one string and takes the place of the part that holds it: to move it into the tree
    of the template, element by element, takes a time that grows with the square of its length.
    """
    from docx.opc.part import Part

    references = _margin_references(word)
    turned = [piece.is_turned for piece in pieces]
    for place in range(len(pieces) - 2, -1, -1):
        turned[place] = turned[place] or (pieces[place].leads and turned[place + 1])
    written, start = [], 0
    for place in range(1, len(pieces) + 1):
        is_last = place == len(pieces)
        if not is_last and turned[place] == turned[start] and not pieces[place].begins_page:
            continue
        xml = "".join(piece.xml for piece in pieces[start:place])
        own = _section_properties("" if start else references, is_turned=turned[start])
        written.append(xml + own if is_last else _end_section(xml, own))
        start = place
    text = f"{_OPEN}{''.join(written)}</w:body></w:document>"
    old, package = word.part, word.part.package
    new: Part = Part(old.partname, old.content_type, text.encode("utf-8"), package)
    for each in old.rels.values():
        new.load_rel(
            each.reltype,
            each.target_ref if each.is_external else each.target_part,
            each.rId,
            each.is_external,
        )
    (name,) = (each.rId for each in package.rels.values() if each.reltype == _OFFICE)
    del package.rels[name]
    package.load_rel(_OFFICE, new, name)


def _margin_references(word: WordDocument) -> str:
    """Write the references to head and foot that the template's section has; later sections inherit them."""
    relation = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
    return "".join(
        f'<w:{kind}Reference w:type="default" r:id="{found.get(relation)}"/>'
        for kind in ("header", "footer")
        for found in word.element.body.iter(f"{_W}{kind}Reference")
    )


def _end_section(xml: str, properties: str) -> str:
    """Put the properties of a section where Word looks for them: in its last paragraph."""
    if not xml.endswith("</w:p>"):
        xml += paragraph("", "FunisTableNote")
    before, mark, after = xml.rpartition("</w:pPr>")
    return f"{before}{properties}{mark}{after}"


def _section_properties(references: str, *, is_turned: bool) -> str:
    wide, high = reversed(PAGE) if is_turned else PAGE
    turned = ' w:orient="landscape"' if is_turned else ""
    margins = " ".join(f'w:{side}="{MARGIN}"' for side in ("top", "right", "bottom", "left"))
    return (
        f'<w:sectPr>{references}<w:type w:val="nextPage"/><w:pgSz w:w="{wide}" w:h="{high}"{turned}/>'
        f'<w:pgMar {margins} w:header="510" w:footer="510" w:gutter="0"/></w:sectPr>'
    )


def _add_keys(word: WordDocument, xml: str) -> None:
    """Add the list of keys as a part that Word keeps, with the properties it asks for."""
    from docx.opc.packuri import PackURI
    from docx.opc.part import Part

    package = word.part.package
    made: Part = Part(PackURI("/customXml/item1.xml"), "application/xml", xml.encode("utf-8"), package)
    about = (
        f'<?xml version="1.0" encoding="UTF-8"?><ds:datastoreItem ds:itemID="{_ITEM}" '
        'xmlns:ds="http://schemas.openxmlformats.org/officeDocument/2006/customXml"><ds:schemaRefs>'
        f'<ds:schemaRef ds:uri="{NAMESPACE}"/></ds:schemaRefs></ds:datastoreItem>'
    )
    kind = "application/vnd.openxmlformats-officedocument.customXmlProperties+xml"
    made.relate_to(
        Part(PackURI("/customXml/itemProps1.xml"), kind, about.encode("utf-8"), package),
        f"{_CUSTOM_XML}Props",
    )
    word.part.relate_to(made, _CUSTOM_XML)


def _set_properties(word: WordDocument, document: Document) -> None:
    about = word.core_properties
    about.title, about.language = _property(document.full_title), document.language
    about.author = about.last_modified_by = about.keywords = about.subject = ""
    about.comments = _property(document.generator)
    about.revision = 1
    element = word.part.package.core_properties._element
    for child in list(element):
        if child.tag.endswith(("}created", "}modified")):
            element.remove(child)


def _property(text: str) -> str:
    """Write a property of the file: the library takes so many letters and no more."""
    return replace_forbidden(text)[:_PROPERTY]


def _save(word: WordDocument) -> bytes:
    """Save the file with one date for all its entries."""
    draft, final = io.BytesIO(), io.BytesIO()
    word.save(draft)
    with zipfile.ZipFile(draft) as source, zipfile.ZipFile(final, "w") as target:
        for entry in source.infolist():
            kept = zipfile.ZipInfo(entry.filename, _DATE)
            is_packed = entry.filename.endswith(".png")
            kept.compress_type = zipfile.ZIP_STORED if is_packed else zipfile.ZIP_DEFLATED
            target.writestr(kept, source.read(entry))
    return final.getvalue()
