"""Word files opened by a library of their own and as XML: styles, fields, controls, pictures, pages."""

import io
import re
import subprocess
import sys
import zipfile
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any, cast

import pytest

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
from funis.documents.docx_file import render_docx
from funis.documents.docx_keys import NAMESPACE, KeyList, short_key
from funis.documents.figure import FigureSpec
from funis.documents.flow_chart import FlowBox, FlowChart, FlowStep
from funis.documents.numbering import number_sections
from funis.documents.register import reference
from funis.documents.table import Inline, TableCell, TableRow, TableSpec, heading, joined, text_rows, words
from funis.errors import BlockError, ShapeError

docx = pytest.importorskip("docx")
etree = pytest.importorskip("lxml.etree")
find_faults = import_module(".docx_package", __package__).find_faults

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
HOSTILE = '<w:p>&amp; "x" \x07 王小明 β−😀'
MEAN, LOW, HIGH = (Inline(text, f"change.mean.{text}") for text in ("−3.40", "−4.51", "−2.29"))
CHANGE = joined(MEAN, " (", LOW, " to ", HIGH, ")")


def table(name: str, count: int = 2, **changes: Any) -> TableSpec:
    body = tuple(TableRow(words(f"Month {place}"), (CHANGE,), indent=place % 2) for place in range(count))
    made = TableSpec(f"table-{name}", "s", f"Title {name}", ("Visit", "Change"), body, ("A note.",))
    return replace(made, **changes)


def flow(name: str) -> FlowChart:
    steps = (FlowStep(FlowBox("Treated", (Inline("n = "), Inline("40", "disposition.treated")))),)
    return FlowChart(f"figure-{name}", "s", f"Flow {name}", steps, f'One "box" <{name}>.', ("Note.",))


def document(*sections: Section, **about: Any) -> Document:
    numbered, register = number_sections(sections)
    facts: dict[str, Any] = {
        "title": HOSTILE,
        "running_head": "X-1  A trial",
        "running_foot": "Data cut 2011-02-08",
        "notices": (Notice("Made up: nothing was observed.", "For a test.", "made up"),),
        "guidance": Guidance(contents="Contents", tagged_numbers=plain("Every number has a key.")),
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
            Paragraph((Inline(f"See {reference('table-two')}, {reference('s-more')} and "), MEAN)),
            table("one"),
            flow("one"),
            ItemList((plain("An item."), plain(HOSTILE))),
        ),
    ),
    Section("b", "Safety", parts=(SectionPart("b-1", "Events", (table("two"),)),)),
    Section("s-more", "More", (table("more"), flow("more")), code="S1"),
    records={MEAN.id: NumberRecord(-3.4, "points", 40, "treated/sledai")},
    facts=(("Subjects", (Inline("N = "), Inline("40", "n.treated"))),),
)  # fmt: skip


@pytest.fixture(scope="module")
def parts() -> dict[str, bytes]:
    return parts_of(render_docx(WHOLE))


def parts_of(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        return {name: file.read(name) for name in file.namelist()}


def body_of(parts: dict[str, bytes]) -> Any:
    return etree.fromstring(parts["word/document.xml"]).find(f"{W}body")


def text_of(element: Any) -> str:
    return "".join(each.text or "" for each in element.iter(f"{W}t"))


def styles_used(body: Any) -> list[str]:
    return [each.get(f"{W}val") for each in body.iter(f"{W}pStyle", f"{W}rStyle", f"{W}tblStyle")]


def test_a_plain_report_loads_no_library_of_word_files() -> None:
    program = (
        "import sys; from funis.cli import main; from funis.documents.formats import find_formats; "
        "import funis.reporting.report; find_formats('html,docx,rtf'); "
        "print(sorted({'docx', 'lxml', 'vl_convert', 'typst'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_same_document_gives_the_same_bytes() -> None:
    assert render_docx(WHOLE) == render_docx(WHOLE)


def test_the_library_opens_the_file_and_reads_its_tables() -> None:
    word = docx.Document(io.BytesIO(render_docx(WHOLE)))
    first = word.tables[0]
    assert [cell.text for cell in first.rows[0].cells] == ["Visit", "Change"]
    assert first.rows[1].cells[0].text == "Month 0"
    assert word.core_properties.title == f"{HOSTILE} (made up)".replace("\x07", "\ufffd")
    assert word.core_properties.author == ""


def test_every_style_used_is_defined_by_its_name_and_nothing_is_formatted_directly(
    parts: dict[str, bytes],
) -> None:
    styles = etree.fromstring(parts["word/styles.xml"])
    names = {
        each.get(f"{W}styleId"): each.find(f"{W}name").get(f"{W}val") for each in styles.iter(f"{W}style")
    }
    body = body_of(parts)
    assert set(styles_used(body)) <= set(names)
    assert {names[each] for each in styles_used(body)} >= {
        "Title", "heading 1", "heading 2", "Body Text", "List Bullet", "caption", "Funis Table", "Funis Table Head",
        "Funis Table Text", "Funis Table Number", "Funis Table Note", "Funis Key Box", "Funis Banner",
        "Funis Number", "toc 1", "toc 2", "TOC Heading", "Funis Figure", "Strong",
    }  # fmt: skip
    direct = {
        f"{W}{name}" for name in ("b", "i", "sz", "color", "rFonts", "jc", "ind", "spacing", "shd", "pBdr")
    }
    assert not [each.tag for each in body.iter() if each.tag in direct]
    based = {each.get(f"{W}val") for each in styles.iter(f"{W}basedOn")}
    assert based <= set(names)


def test_letters_are_latin_and_chinese(parts: dict[str, bytes]) -> None:
    styles = etree.fromstring(parts["word/styles.xml"])
    (language,) = styles.iter(f"{W}lang")
    assert language.get(f"{W}val") == "en-GB"
    assert language.get(f"{W}eastAsia") == "zh-CN"
    (fonts,) = styles.iter(f"{W}rFonts")
    assert fonts.get(f"{W}eastAsia")
    title = next(each for each in body_of(parts) if 'w:val="Title"' in etree.tostring(each).decode())
    assert text_of(title) == HOSTILE.replace("\x07", "\ufffd")


def test_captions_are_counted_by_word_and_references_lead_to_them(parts: dict[str, bytes]) -> None:
    body = body_of(parts)
    fields: dict[str, list[str]] = {}
    for each in body.iter(f"{W}fldSimple"):
        fields.setdefault(each.get(f"{W}instr").strip(), []).append(text_of(each))
    assert fields["SEQ Table \\* ARABIC"] == ["1", "2"]
    assert fields["SEQ Table_S \\* ARABIC"] == ["1"]
    assert fields["SEQ Figure \\* ARABIC"] == ["1"]
    assert fields["SEQ Figure_S \\* ARABIC"] == ["1"]
    assert fields["SEQ Box \\* ARABIC"] == ["1"]
    marks = {each.get(f"{W}name"): each for each in body.iter(f"{W}bookmarkStart")}
    assert len({each.get(f"{W}id") for each in marks.values()}) == len(marks)
    assert all(len(name) <= 40 for name in marks)
    references = {name.split()[1]: texts for name, texts in fields.items() if name.startswith("REF")}
    shown = {name: marked_text(marks[name]) for name in references}
    assert shown == {name: texts[0] for name, texts in references.items()}
    assert sorted(shown.values()) == ["S1", "Table 2"]


def marked_text(start: Any) -> str:
    found, each = "", start.getnext()
    while each is not None and each.tag != f"{W}bookmarkEnd":
        found += text_of(each)
        each = each.getnext()
    return found


def test_contents_are_filled_in_and_lead_to_the_headings(parts: dict[str, bytes]) -> None:
    body = body_of(parts)
    links = [(each.get(f"{W}anchor"), text_of(each)) for each in body.iter(f"{W}hyperlink")]
    assert [words for _, words in links] == ["Summary", "Safety", "Supplement", "S1 More"]
    marks = {each.get(f"{W}name"): each for each in body.iter(f"{W}bookmarkStart")}
    assert all(name in marks for name, _ in links)
    codes = [each.get(f"{W}fldCharType") for each in body.iter(f"{W}fldChar")]
    assert codes == ["begin", "separate", "end"] * 2
    fields = [each.text.strip() for each in body.iter(f"{W}instrText")]
    assert fields == ['TOC \\o "1-1" \\h \\z \\u', 'TOC \\o "2-2" \\h \\z \\u \\b _TocSupplement']
    # The answer stands before the contents.
    texts = [text_of(each) for each in body]
    assert texts.index("Contents") > next(
        place for place, text in enumerate(texts) if text.startswith("1  One")
    )


def test_heads_are_repeated_and_rows_do_not_split(parts: dict[str, bytes]) -> None:
    for each in body_of(parts).iter(f"{W}tbl"):
        rows = list(each.iter(f"{W}tr"))
        assert all(row.find(f"{W}trPr/{W}cantSplit") is not None for row in rows)
        assert [row.find(f"{W}trPr/{W}tblHeader") is not None for row in rows] == [True] + [False] * (
            len(rows) - 1
        )
        assert each.find(f"{W}tblPr/{W}tblCaption").get(f"{W}val").startswith("Title")


def test_numbers_have_controls_one_by_one_in_the_main_part_and_by_row_behind_it(
    parts: dict[str, bytes],
) -> None:
    listed = etree.fromstring(parts["customXml/item1.xml"])
    space = f"{{{NAMESPACE}}}"
    numbers = {each.get("key"): each for each in listed.iter(f"{space}number")}
    rows = {each.get("key"): each.get("numbers").split() for each in listed.iter(f"{space}row")}
    assert {each.get("id") for each in numbers.values()} == set(WHOLE.ids) - {"disposition.treated"}
    mean = numbers[short_key(MEAN.id)]
    assert {name: mean.get(name) for name in ("value", "unit", "n", "source")} == {
        "value": "-3.4", "unit": "points", "n": "40", "source": "treated/sledai",
    }  # fmt: skip
    assert [each.text for each in mean] == ["−3.40"]
    controls = [
        (each.find(f"{W}sdtPr/{W}tag").get(f"{W}val"), each) for each in body_of(parts).iter(f"{W}sdt")
    ]
    alone = [(numbers[key].get("id"), text_of(each)) for key, each in controls if key in numbers]
    triple = [(each.id, each.text) for each in (MEAN, LOW, HIGH)]
    assert alone == [("n.treated", "40")] * 2 + [triple[0], *triple * 4]
    behind = [
        ([numbers[name].get("id") for name in rows[key]], text_of(each))
        for key, each in controls
        if key in rows
    ]
    assert behind == [
        ([each.id for each in (MEAN, LOW, HIGH)], f"Month {place}{CHANGE.text}") for place in range(2)
    ]
    assert len({each.find(f"{W}sdtPr/{W}id").get(f"{W}val") for _, each in controls}) == len(controls)
    assert all(len(key) == 11 for key, _ in controls)


def test_keys_that_meet_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    from funis.documents import docx_keys

    monkeypatch.setattr(docx_keys, "short_key", lambda name, length=10: f"n{'same' + name}"[: length - 5])
    keys = KeyList()
    first, second = keys.add(Inline("1", "abc")), keys.add(Inline("2", "abd"))
    assert first != second
    assert (keys.add(Inline("3", "abc")), keys.add(Inline("2", "abd"))) == (first, second)
    assert keys.printed == {"abc": ["1", "3"], "abd": ["2"]}


def test_keys_of_many_ids_differ() -> None:
    assert len({short_key(f"summary.treated.month_{place}.mean") for place in range(100_000)}) == 100_000


def test_figure_is_a_picture_with_its_drawing_beside_it_and_words_for_both(parts: dict[str, bytes]) -> None:
    body = body_of(parts)
    targets = {
        each.get("Id"): each.get("Target") for each in etree.fromstring(parts["word/_rels/document.xml.rels"])
    }
    relation = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}embed"
    shown = [targets[each.get(relation)] for each in body.iter("{*}blip")]
    beside = [targets[each.get(relation)] for each in body.iter("{*}svgBlip")]
    assert [each.removesuffix(".png") for each in shown] == [each.removesuffix(".svg") for each in beside]
    assert all(parts[f"word/{each}"].startswith(b"\x89PNG") for each in shown)
    assert all(parts[f"word/{each}"].startswith(b"<svg") for each in beside)
    about = [(each.get("descr"), each.get("title")) for each in body.iter("{*}docPr")]
    assert about == [('One "box" <one>.', "Flow one"), ('One "box" <more>.', "Flow more")]
    kinds = parts["[Content_Types].xml"].decode()
    assert "image/png" in kinds
    assert "image/svg+xml" in kinds


def test_every_page_names_document_data_and_page(parts: dict[str, bytes]) -> None:
    head = etree.fromstring(parts["word/header1.xml"])
    assert [text_of(each) for each in head] == ["X-1  A trial", "Made up"]
    foot = etree.fromstring(parts["word/footer1.xml"])
    assert [each.get(f"{W}instr").strip() for each in foot.iter(f"{W}fldSimple")] == ["PAGE", "NUMPAGES"]
    assert text_of(foot) == "Data cut 2011-02-08 · Page 1 of 1"
    sections = list(body_of(parts).iter(f"{W}sectPr"))
    assert [len(list(each.iter(f"{W}headerReference", f"{W}footerReference"))) for each in sections] == [2, 0]


def test_pages_are_turned_for_a_wide_table_with_its_heading_alone() -> None:
    wide = TableSpec(
        "table-wide",
        "s",
        "Wide",
        ("Visit", *["Change"] * 7),
        (TableRow(words("Month 1"), (CHANGE,) * 7),),
        ("N.",),
    )
    content = render_docx(
        document(
            Section("a", "Before", (table("one"),)),
            Section("b", "Turned", parts=(SectionPart("p", "Part", (wide,)),)),
            Section("c", "After", (table("two"),)),
        )
    )
    body = body_of(parts_of(content))
    pages: list[tuple[str, list[str]]] = []
    words_here: list[str] = []
    for each in body:
        words_here.append(text_of(each))
        section = each if each.tag == f"{W}sectPr" else each.find(f"{W}pPr/{W}sectPr")
        if section is not None:
            pages.append((section.find(f"{W}pgSz").get(f"{W}orient") or "", words_here))
            words_here = []
    assert [turned for turned, _ in pages] == ["", "landscape", ""]
    assert pages[1][1][:2] == ["Turned", "Part"]
    assert pages[1][1][-1] == "N."
    assert pages[2][1][0] == "After"


def test_short_table_keeps_together_and_a_long_one_does_not() -> None:
    content = render_docx(document(Section("a", "A", (table("short", 5), table("long", 60)))))
    short, long = body_of(parts_of(content)).iter(f"{W}tbl")
    assert len(list(short.iter(f"{W}keepNext"))) == 5
    assert not list(long.iter(f"{W}keepNext"))


def test_numbers_that_touch_keep_a_control_each() -> None:
    cell = TableCell((Inline("4", "a.count"), Inline("5", "b.count")))
    rows = (TableRow(words("x"), (cell,)), heading("y"))
    content = render_docx(document(Section("s", "S", (table("t", rows=rows),), code="S1")))
    assert [text_of(each) for each in body_of(parts_of(content)).iter(f"{W}sdt")] == ["4", "5"]


def test_document_that_word_would_count_otherwise_is_refused() -> None:
    wrong = Section("a", "A", (replace(table("x"), label="Table 7"),))
    with pytest.raises(ShapeError, match="'table-x' is labelled 'Table 7', and is Table 1 in reading order"):
        render_docx(Document("A", sections=(wrong,)))


@dataclass(frozen=True)
class Sculpture:
    """A kind of block that no renderer knows."""

    id: str = "h"


def test_block_that_cannot_be_drawn_is_refused_by_its_name() -> None:
    section = Section("s", "S", (cast("Block", Sculpture()),))
    with pytest.raises(BlockError, match=r"Word renderer cannot draw a block of kind 'Sculpture'.*FlowChart"):
        render_docx(Document("A", sections=(section,)))


def test_figure_that_cannot_be_drawn_says_so() -> None:
    figure = FigureSpec("figure-x", "s", "Course", {"mark": {"nothing": "known"}}, "A course.")
    parts = parts_of(render_docx(document(Section("s", "S", (figure,)))))
    assert "This figure could not be drawn." in text_of(body_of(parts))
    assert not [name for name in parts if name.endswith(".png")]


def test_listing_of_thousands_of_rows_is_whole() -> None:
    rows = text_rows([(f"S{place:05d}", f"Term {place}") for place in range(5000)])
    content = render_docx(document(Section("s", "S", (table("l", rows=rows, is_text=True),), code="S1")))
    parts = parts_of(content)
    found = re.findall(r">(S\d{5})<", parts["word/document.xml"].decode())
    assert found == [f"S{place:05d}" for place in range(5000)]
    tables = list(body_of(parts).iter(f"{W}tbl"))
    assert len(tables) == 13
    assert {text_of(next(each.iter(f"{W}tr"))) for each in tables} == {"VisitChange"}
    # Without a paragraph between them Word would make them one table again.
    assert all(each.getnext().tag == f"{W}p" for each in tables)


def test_package_is_sound() -> None:
    assert find_faults(render_docx(WHOLE)) == []


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (b'r:embed="', b'r:embed="x', "is no relationship"),
        (b'w:name="_Toc', b'w:name="_Tox', "no bookmark"),
        (b'w:fldCharType="end"', b'w:fldCharType="separate"', "field"),
        (b"<w:gridCol ", b"<w:gridColumn ", "a row of"),
    ],
)
def test_the_check_of_the_package_finds_what_is_wrong(old: bytes, new: bytes, fault: str) -> None:
    parts = parts_of(render_docx(WHOLE))
    assert old in parts["word/document.xml"]
    parts["word/document.xml"] = parts["word/document.xml"].replace(old, new, 1)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as package:
        for name, blob in parts.items():
            package.writestr(name, blob)
    assert any(fault in each for each in find_faults(file.getvalue()))
