"""PDFs read back by libraries of their own: nothing of the data is code, every letter is drawn, links, pages."""

import csv
import io
import re
from dataclasses import replace
from datetime import date
from typing import Any, cast

import pytest

from funis.documents import pdf_file
from funis.documents.document import (
    Block,
    Box,
    BoxEntry,
    Document,
    Guidance,
    ItemList,
    Notice,
    NumberRecord,
    Paragraph,
    Section,
    SectionPart,
    plain,
)
from funis.documents.docx_keys import short_key
from funis.documents.figure import FigureSpec
from funis.documents.flow_chart import FlowBox, FlowChart, FlowStep
from funis.documents.formats import find_formats
from funis.documents.numbering import number_sections
from funis.documents.pdf_file import render_pdf, set_pages
from funis.documents.pdf_source import write_source
from funis.documents.register import reference
from funis.documents.table import Inline, TableRow, TableSpec, heading, joined, text_rows, words
from funis.errors import BlockError, MissingExtraError, TypesettingError

pytest.importorskip("typst")
pypdf = pytest.importorskip("pypdf")
pdfplumber = pytest.importorskip("pdfplumber")

#: What the language of the source, or a string of it, would read as its own.
HOSTILE = (
    '#panic("x") $x^2$ @ref \\ `raw` // no comment /* no */ <x> "quoted" *b* _i_ = h ~ -- \\u{41} #{1+1}'
)
CHINESE = "王小明 狼疮性肾炎"
MEAN, LOW, HIGH = (Inline(text, f"change.mean.{text}") for text in ("−3.40", "−4.51", "−2.29"))
CHANGE = joined(MEAN, " (", LOW, " to ", HIGH, ")")
ONLY = Inline("29/40", "response.only")


def table(name: str, count: int = 2, **changes: Any) -> TableSpec:
    body = tuple(TableRow(words(f"Month {place}"), (CHANGE,), indent=place % 2) for place in range(count))
    made = TableSpec(f"table-{name}", "s", f"Title {name}", ("Visit", "Change"), body, ("A note.",))
    return replace(made, **changes)


def flow(name: str, alt: str = "One box.") -> FlowChart:
    steps = (FlowStep(FlowBox("Treated", (Inline("n = "), Inline("40", "disposition.treated")))),)
    return FlowChart(f"figure-{name}", "s", f"Flow {name}", steps, alt, ("Note.",))


def document(*sections: Section, **about: Any) -> Document:
    numbered, register = number_sections(sections)
    facts: dict[str, Any] = {
        "title": f"A trial {CHINESE}",
        "running_head": "X-1  A trial",
        "running_foot": "Data cut 2011-02-08",
        "date": date(2011, 2, 8),
        "notices": (Notice("Made up: nothing was observed.", "For a test.", "made up"),),
        "guidance": Guidance(contents="Contents"),
        "supplement_title": "Supplement",
        "supplement_lead": "What is looked up.",
    }
    return Document(**(facts | about), sections=numbered, register=register)


WHOLE = document(
    Section(
        "a",
        "Summary",
        (
            Box("box-a", "Key", (BoxEntry("One", (Inline("40", "n.treated"), Inline(" treated"))),), is_ranked=True),
            Paragraph((Inline(f"See {reference('table-more')} and {reference('s-more')}: "), MEAN, Inline(", "), ONLY)),
            table("one"),
            flow("one"),
            ItemList((plain("An item."), plain(HOSTILE))),
        ),
    ),
    Section("b", "Safety", parts=(SectionPart("b-1", "Events", (table("two"),)),)),
    Section("s-more", "More", (table("more", 3), flow("more")), code="S1"),
    records={MEAN.id: NumberRecord(-3.4125, "points", 40, "treated/sledai")},
    facts=(("Subjects", (Inline("N = "), Inline("40", "n.treated"))),),
)  # fmt: skip


def read(content: bytes) -> Any:
    return pypdf.PdfReader(io.BytesIO(content))


@pytest.fixture(scope="module")
def whole() -> bytes:
    return render_pdf(WHOLE)


def packed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def text_of(content: bytes) -> str:
    return packed("".join(page.extract_text() for page in read(content).pages))


def test_same_document_gives_the_same_bytes(whole: bytes) -> None:
    assert render_pdf(WHOLE) == whole


def test_nothing_of_the_data_is_read_as_code() -> None:
    """Every place that takes words prints them, letter by letter."""
    note = plain(HOSTILE)
    spec = table(
        "t", heads=(HOSTILE, HOSTILE), spanners=((HOSTILE, 2),), title=HOSTILE, footnotes=(HOSTILE,), instead=(note,),
        rows=(heading(HOSTILE), TableRow(words(HOSTILE), (joined(Inline(HOSTILE, 'an "id" #x')),))),
    )  # fmt: skip
    blocks = (
        Paragraph(note),
        Box("b", HOSTILE, (BoxEntry(HOSTILE, note),), (note,)),
        ItemList((note,)),
        spec,
    )
    chart = replace(flow("f", alt=HOSTILE), title=HOSTILE, footnotes=(HOSTILE,))
    sections = (Section("a", HOSTILE, blocks), Section("s", HOSTILE, (chart,), code="S1"))
    made = document(
        *sections, title=HOSTILE, kicker=HOSTILE, closing=HOSTILE, running_head=HOSTILE, running_foot=HOSTILE,
        notices=(Notice(HOSTILE, HOSTILE, HOSTILE),), facts=((HOSTILE, note),), supplement_title=HOSTILE,
        supplement_lead=HOSTILE, related=note, guidance=Guidance(HOSTILE, attached_numbers=note), generator=HOSTILE,
    )  # fmt: skip
    content = render_pdf(made)
    assert text_of(content).count(packed(HOSTILE)) > 30
    assert read(content).metadata.title == made.full_title


def test_code_and_addresses_print_what_they_are() -> None:
    text = (Inline(HOSTILE, is_code=True), Inline("the page", target="report.html#x"))
    content = render_pdf(document(Section("a", "A", (Paragraph(text),))))
    assert packed(HOSTILE) in text_of(content)
    assert "report.html#x" in [each["/A"]["/URI"] for each in links(content) if "/A" in each]


def links(content: bytes) -> list[Any]:
    return [each.get_object() for page in read(content).pages for each in page.get("/Annots") or ()]


def test_number_of_the_main_part_leads_to_its_row_of_the_supplement(whole: bytes) -> None:
    source = write_source(WHOLE)
    leads = f'link(label("{short_key(MEAN.id)}"),"−3.40")'
    # Once in words and once in each of two rows of two tables; the supplement has the place and no link.
    assert source.count(leads) == 5
    assert source.count(f'anchor("{short_key(MEAN.id)}")') == 1
    assert 'whole("29/40")' in source
    assert short_key(ONLY.id) not in source.partition("pdf.attach")[0]
    file = read(whole)
    pages = {page.indirect_reference.idnum: place for place, page in enumerate(file.pages)}
    named = {name: each.dest_array for name, each in file.named_destinations.items()}
    ends = [each["/Dest"].get_object() for each in links(whole)]
    targets = [pages[(named[end] if isinstance(end, str) else end)[0].idnum] for end in ends]
    behind = next(
        place for place, page in enumerate(read(whole).pages) if "What is looked up" in page.extract_text()
    )
    # Three numbers in each of four rows and one in words, and two references.
    assert targets.count(behind) >= 4 * 3 + 1 + 2


def test_attached_list_leads_from_each_number_to_its_id_and_value(whole: bytes) -> None:
    ((name, (content,)),) = read(whole).attachments.items()
    assert name == "numbers.csv"
    rows = {row["id"]: row for row in csv.DictReader(io.StringIO(content.decode("utf-8")))}
    assert set(rows) == {MEAN.id, LOW.id, HIGH.id, ONLY.id, "n.treated", "disposition.treated"}
    assert rows[MEAN.id] == {
        "key": short_key(MEAN.id), "id": MEAN.id, "printed": "−3.40", "value": "-3.4125", "unit": "points", "n": "40",
    }  # fmt: skip


def test_file_is_tagged_and_names_title_language_and_the_day_of_the_data(whole: bytes) -> None:
    file = read(whole)
    root = file.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"].lower().startswith("en")
    assert b"pdfuaid" in root["/Metadata"].get_data()
    assert file.metadata.title == f"A trial {CHINESE} (made up)"
    assert file.metadata.creation_date.date() == date(2011, 2, 8)
    kinds = count_tags(root["/StructTreeRoot"])
    assert {"/Table", "/TH", "/TD", "/Figure", "/H1", "/H2", "/L"} <= set(kinds)
    assert kinds["/Figure"] == 2


def count_tags(node: Any) -> dict[str, int]:
    """Count the tags of a tree by their kind."""
    found: dict[str, int] = {}
    waiting = [node]
    while waiting:
        each = waiting.pop().get_object()
        if isinstance(each, list):
            waiting += each
        elif isinstance(each, dict):
            if kind := each.get("/S"):
                found[kind] = found.get(kind, 0) + 1
            if (inner := each.get("/K")) is not None and not isinstance(inner, int):
                waiting += inner if isinstance(inner, list) else [inner]
    return found


def test_headings_are_bookmarks_and_captions_have_the_numbers_of_the_register(whole: bytes) -> None:
    file = read(whole)
    shown = [each.title for each in flat(file.outline)]
    assert shown == ["Summary", "Safety", "Events", "Supplement", "S1 More"]
    text = text_of(whole)
    labels = [entry for entry in WHOLE.register.entries if entry.label != entry.code]
    assert labels
    for entry in labels:
        assert packed(f"{entry.label}. {entry.title} (made up)") in text


def flat(outline: list[Any]) -> list[Any]:
    return [each for item in outline for each in (flat(item) if isinstance(item, list) else [item])]


def test_every_page_names_document_data_and_page() -> None:
    content = render_pdf(document(Section("a", "A", (table("long", 150),))))
    pages = [page.extract_text() for page in read(content).pages]
    assert len(pages) > 2
    for place, text in enumerate(pages, start=1):
        assert "X-1  A trial" in text
        assert text.count("Made up") >= 1
        assert f"Data cut 2011-02-08 · Page {place} of {len(pages)}" in text
        if "−3.40" in text:
            # Heads and notes stand on every page of the table.
            assert text.count("Visit Change") == 1
    rows = re.findall(r"Month (\d+) ", "".join(pages))
    assert [int(row) for row in rows] == list(range(150))


def test_long_title_and_warning_at_the_head_of_a_page_have_a_line_each() -> None:
    head = "X-1  Umbilical-cord mesenchymal stem cells in active systemic lupus erythematosus of adults"
    content = render_pdf(replace(WHOLE, running_head=head))
    first = read(content).pages[0].extract_text().splitlines()
    assert first[0].startswith(head)
    assert first[1].startswith("Made up")


def test_title_of_a_table_stays_with_its_first_rows() -> None:
    """Wherever the page ends: words before push the table down line by line."""
    rows = (heading("Group"), *table("long", 40).rows)
    long = table("long", rows=rows, footnotes=("A note.",) * 9)
    for lines in range(36, 56, 2):
        before = (ItemList((plain("Words."),) * lines), long)
        pages = [page.extract_text() for page in read(render_pdf(document(Section("a", "A", before)))).pages]
        (titled,) = (text for text in pages if "Title long" in text)
        assert "−3.40" in titled.partition("Title long")[2]


def outlined(title: str) -> int:
    """Count the changes to letters that are filled and stroked (ISO 32000-1, table 106: mode 2)."""
    made = read(render_pdf(document(Section("a", title, (Paragraph(plain(CHINESE)),)))))
    return sum(len(re.findall(rb"\b2 Tr\b", page.get_contents().get_data())) for page in made.pages)


def test_strong_chinese_letters_are_drawn_with_an_outline_others_are_not() -> None:
    assert outlined(f"Results of {CHINESE}") > outlined("Results of the trial")


def test_every_letter_is_drawn_chinese_ones_too() -> None:
    spec = {
        "data": {"values": [{"x": 1, "who": CHINESE}]},
        "mark": "text",
        "encoding": {"text": {"field": "who"}, "x": {"field": "x", "type": "quantitative"}},
    }
    figure = FigureSpec("figure-x", "a", CHINESE, spec, f"A figure of {CHINESE}.")
    rows = text_rows([(CHINESE, "10⁶/kg ≤ ≥ ± µ × − – é Ж β")])
    listing = TableSpec("t", "a", CHINESE, ("Name", "Letters"), rows, is_text=True)
    content = render_pdf(document(Section("a", CHINESE, (listing, figure))))
    assert packed("10⁶/kg ≤ ≥ ± µ × − – é Ж β") in text_of(content)
    with pdfplumber.open(io.BytesIO(content)) as file:
        letters = [letter for page in file.pages for letter in page.chars]
    assert "".join(letter["text"] for letter in letters).count("王") >= 5
    # What no typeface has is drawn as glyph 0, which has no letter behind it.
    assert [
        each["text"] for each in letters if each["text"] in "\x00\ufffd□" or "(cid:" in each["text"]
    ] == []
    fonts = [
        font.get_object() for page in read(content).pages for font in page["/Resources"]["/Font"].values()
    ]
    assert all(each["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object().get("/FontFile3") or
               each["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object().get("/FontFile2") for each in fonts)  # fmt: skip


@pytest.mark.parametrize("place", ["words", "drawing"])
def test_letter_of_no_typeface_is_refused_by_its_code_point(place: str) -> None:
    name = "Zhang \U00012000 and \U0001f600"
    steps = (FlowStep(FlowBox(name, plain("1"))),)
    block: Block = Paragraph(plain(name)) if place == "words" else replace(flow("f"), steps=steps)
    with pytest.raises(TypesettingError, match=r"no typeface has U\+12000, U\+1F600") as caught:
        render_pdf(document(Section("a", "A", (block,))))
    assert "pylopdf-fonts-zh-cn" in str(caught.value)
    assert "Zhang" not in str(caught.value)


def test_figure_without_words_is_refused() -> None:
    with pytest.raises(TypesettingError, match="Figure 1 has no alternative text"):
        render_pdf(document(Section("a", "A", (flow("f", alt=" "),))))


def test_the_typesetter_refuses_a_picture_without_words_itself() -> None:
    """The standard is the gate, not our own look at the figures."""
    source = write_source(document(Section("a", "A", (flow("f", alt="One box."),))))
    without = source.replace(',alt:"One box."', "")
    assert without != source
    with pytest.raises(TypesettingError, match="missing alt text"):
        set_pages(without)


def test_block_that_cannot_be_drawn_is_refused_by_its_name() -> None:
    poem = cast("Any", object())
    with pytest.raises(BlockError, match="PDF renderer cannot draw a block of kind 'object'"):
        render_pdf(Document("D", (Section("a", "A", (poem,)),)))


def test_figure_that_cannot_be_drawn_says_so() -> None:
    figure = FigureSpec("figure-x", "a", "X", {"mark": "nothing"}, "Nothing.")
    assert "Thisfigurecouldnotbedrawn" in text_of(render_pdf(document(Section("a", "A", (figure,)))))


def test_page_is_turned_for_a_wide_table_with_its_heading_and_words_stay_within() -> None:
    heads = ("Visit", *(f"Measure {place}" for place in range(11)))
    row = TableRow(words("Month 12"), (CHANGE,) * 11)
    wide = TableSpec("table-wide", "b", "Wide", heads, (row,))
    long = TableSpec("table-long", "c", "Long", ("Name", "Note"), text_rows([("x" * 400, "y")]), is_text=True)
    sections = (
        Section("a", "First", (table("one"),)),
        Section("b", "Second", (wide,)),
        Section("c", "Third", (long,)),
    )
    content = render_pdf(document(*sections))
    with pdfplumber.open(io.BytesIO(content)) as file:
        shapes = [page.width > page.height for page in file.pages]
        texts = [page.extract_text() for page in file.pages]
        for page in file.pages:
            assert max(letter["x1"] for letter in page.chars) <= page.width - 50
            assert min(letter["x0"] for letter in page.chars) >= 50
    assert ["Second" in text and "Measure 10" in text for text in texts] == shapes
    assert shapes.count(True) == 1
    assert texts[-1].replace("\u200b", "").count("x") >= 400


def test_without_its_libraries_the_format_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for lacking in ("typst", "pylopdf_fonts_zh_cn"):
        monkeypatch.setattr(
            "funis.documents.formats.find_spec",
            lambda name, lacking=lacking: None if name == lacking else name,
        )
        with pytest.raises(MissingExtraError, match=rf"'{lacking}'.*pip install \"funis\[documents\]\""):
            find_formats("html,pdf")
    monkeypatch.setattr(pdf_file, "find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match="A PDF needs the library 'pylopdf_fonts_zh_cn'"):
        render_pdf(WHOLE)
