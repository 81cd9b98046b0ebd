"""The document between results and files: whole, numbered once, and drawn by renderers that add nothing."""

import io
import re
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any, cast, get_args

import pytest

import funis.documents
from funis.documents import colours, drawing
from funis.documents.document import (
    Block,
    Box,
    BoxEntry,
    Document,
    ItemList,
    Paragraph,
    Section,
    SectionPart,
    plain,
)
from funis.documents.drawing import draw_ahead, render_svg
from funis.documents.figure import FigureSpec
from funis.documents.flow_chart import FlowBox, FlowChart, FlowStep, draw_flow_chart
from funis.documents.formats import FORMATS
from funis.documents.html import render_page
from funis.documents.numbering import number_sections
from funis.documents.register import reference
from funis.documents.table import Inline, TableSpec, text_rows
from funis.errors import BlockError, ShapeError
from funis.reporting.payload import PANEL_WORDS
from funis.reporting.report import render_html
from funis.reporting.trial_document import build_document

ROOM = Path(funis.documents.__file__).parent
TEMPLATES = sorted((ROOM / "templates").glob("*.j2"))


@pytest.fixture(scope="session")
def document(made: ModuleType) -> Document:
    return build_document(made.make_study(), made.make_results())


def test_page_is_made_from_the_document_alone(made: ModuleType, document: Document) -> None:
    assert render_page(document) == render_html(made.make_study(), made.make_results())


def test_blocks_are_numbered_once_in_reading_order(document: Document) -> None:
    seen: list[str] = []
    for sections, sign in ((document.main, ""), (document.supplement, "S")):
        blocks = [block for section in sections for block in section.all_blocks]
        tables = [block.label for block in blocks if isinstance(block, TableSpec)]
        figures = [block.label for block in blocks if isinstance(block, FigureSpec | FlowChart)]
        assert tables == [f"Table {sign}{place + 1}" for place in range(len(tables))]
        assert figures == [f"Figure {sign}{place + 1}" for place in range(len(figures))]
        seen += [*tables, *figures]
    assert len([label for label in seen if label.startswith("Table")]) > 15
    assert len([label for label in seen if label.startswith("Figure")]) == 9
    numbered = [label for label in document.register.labels.values() if not label.startswith(("S", "Box"))]
    assert sorted(numbered) == sorted(seen)


def test_main_part_stands_before_the_supplement(document: Document) -> None:
    assert document.sections == (*document.main, *document.supplement)
    codes = [section.code for section in document.supplement]
    assert codes == sorted(codes, key=lambda code: int(code[1:]))
    assert all(document.register.labels[section.id] == section.code for section in document.supplement)
    page = render_page(document)
    order = [page.index(f'id="{section.id}"') for section in document.sections]
    assert order == sorted(order)
    assert page.index('<section id="supplement"') > page.index('<section id="methods"')


def test_words_refer_by_number() -> None:
    table = TableSpec("t", "a", "T", ("A", "B"), text_rows([("x", "y")]), (f"More: {reference('s')}.",))
    item = ItemList((plain(f"See {reference('t')}."),))
    behind = Section("s", "Behind", (replace(table, id="u"),), code="S4")
    sections, register = number_sections((Section("a", "A", (item, table)), behind))
    assert sections[0].blocks == (
        ItemList(((Inline("See "), Inline("Table 1", refers_to="t"), Inline(".")),)),
        replace(table, label="Table 1", footnotes=("More: S4.",)),
    )
    assert register.labels == {"t": "Table 1", "s": "S4", "u": "Table S1"}
    with pytest.raises(ShapeError, match=r"refer to 'w', which it does not hold\. It holds: t, s, u\."):
        number_sections((Section("a", "A", (Paragraph(plain(reference("w"))), table)), behind))


def test_document_names_every_number_it_prints() -> None:
    table = TableSpec("t", "a", "T", ("A", "B"), text_rows([("x", "y")]))
    chart = FlowChart("f", "a", "F", (FlowStep(FlowBox("In", (Inline("3", "flow"),))),), "One box.")
    blocks: tuple[Block, ...] = (
        Paragraph((Inline("Of "), Inline("40", "prose"))),
        ItemList(((Inline("1", "item"),),)),
        Box("b", "K", (BoxEntry("E", (Inline("2", "key"),)),), ((Inline("of "), Inline("4", "detail")),)),
        table,
        chart,
    )
    part = SectionPart("p", blocks=(Paragraph((Inline("40", "prose"), Inline("5", "last"))),))
    document = Document("D", (Section("a", "A", blocks, (part,)),))
    assert document.ids == ("prose", "item", "key", "detail", "flow", "last")
    page = render_page(document)
    assert re.findall(r'data-id="(\w+)"', page) == [
        *("prose", "item", "key", "detail"),
        # The flow is drawn for a broad and for a narrow screen.
        *("flow", "flow"),
        *("prose", "last"),
    ]


SAMPLES: tuple[Block, ...] = (
    Paragraph(plain("Words of a paragraph.")),
    ItemList((plain("Words of an item."),)),
    Box("b", "Words of a box", (BoxEntry("One", plain("1")),), (plain("2"),)),
    TableSpec("t", "a", "Words of a table", ("A", "B"), text_rows([("x", "y")])),
    FigureSpec(
        "f", "a", "Words of a figure", {"data": {"values": [{"x": 1}]}, "mark": "point"}, "One point."
    ),
    FlowChart("g", "a", "Words of a flow chart", (FlowStep(FlowBox("In", plain("3"))),), "One box."),
)


@pytest.mark.parametrize("block", SAMPLES, ids=lambda block: type(block).__name__)
@pytest.mark.parametrize("name", FORMATS)
def test_every_renderer_draws_every_kind_of_block(name: str, block: Block) -> None:
    for library in FORMATS[name].libraries:
        pytest.importorskip(library)
    sections, register = number_sections((Section("a", "A", (block,)),))
    drawn = FORMATS[name].render(Document("D", sections, register=register))
    if name == "docx":
        with zipfile.ZipFile(io.BytesIO(cast("bytes", drawn["report.docx"]))) as file:
            drawn = {"document.xml": file.read("word/document.xml").decode()}
    if name == "pdf":
        read = pytest.importorskip("pypdf").PdfReader(io.BytesIO(cast("bytes", drawn["report.pdf"])))
        drawn = {"text": read.pages[0].extract_text()}
    if name == "rtf" and isinstance(block, Paragraph | ItemList | Box):
        # One file a table or a figure: running text stands in none of them.
        assert not drawn
        return
    if name == "figures":
        # Figures alone, without their captions.
        is_figure = isinstance(block, FigureSpec | FlowChart)
        assert [Path(each).suffix for each in drawn] == ([".svg", ".png", ".pdf"] if is_figure else [])
        return
    assert re.search(r"Words of an? [\w ]+", str(drawn))


def test_every_kind_of_block_is_tried() -> None:
    assert {type(block) for block in SAMPLES} == set(get_args(Block))


@dataclass(frozen=True)
class Poem:
    """A kind of block that no renderer knows."""

    lines: tuple[str, ...]


def test_unknown_block_is_refused_by_its_name() -> None:
    poem = cast("Any", Poem(("Roses",)))
    with pytest.raises(BlockError, match="HTML renderer cannot draw a block of kind 'Poem'"):
        render_page(Document("D", (Section("a", "A", (poem,)),)))


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_templates_hold_no_word(template: Path) -> None:
    """Every word a reader sees or hears stands in the document; a template holds marks of punctuation only."""
    text = re.sub(
        r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "", template.read_text(encoding="utf-8"), flags=re.DOTALL
    )
    spoken = re.findall(r'(?:aria-label|title|alt|placeholder|summary)="([^"]*)"', text)
    shown = re.sub(r"<[^>]*>", "", text, flags=re.DOTALL)
    assert re.findall(r"[^\W\d_]+", shown + " ".join(spoken)) == []


def test_script_holds_no_word() -> None:
    """The panel's words come with the numbers; the script knows keys of the keyboard and names of the page."""
    script = (ROOM / "page.js").read_text(encoding="utf-8")
    code = re.sub(r"^\s*//.*$", "", script, flags=re.MULTILINE)
    quoted = re.findall(r'"([^"\n]*)"', code) + re.findall(r"`([^`]*)`", code)
    words = [text for text in quoted if re.search(r"[A-Z][a-z]+", re.sub(r"\$\{[^}]*\}", "", text))]
    assert set(words) == {"Enter", "Escape", "Arrow", "ArrowRight", "ArrowLeft", "ArrowDown"}


def test_script_asks_for_no_word_that_is_lacking() -> None:
    script = (ROOM / "page.js").read_text(encoding="utf-8")
    asked = set(re.findall(r'said\("(\w+)"\)', script)) | set(re.findall(r'\bsay\("(\w+)"', script))
    heads = re.findall(r"for \(const name of \[(.*)\]\)", script)
    assert len(heads) == 2
    asked |= {name for each in heads for name in re.findall(r'"(\w+)"', each)}
    assert asked == set(PANEL_WORDS)


def test_colours_stand_in_one_table() -> None:
    sources = (
        path for path in ROOM.parent.rglob("*") if path.suffix in {".py", ".css", ".js", ".j2", ".toml"}
    )
    colour = re.compile(
        r"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})\b|\b(?:rgb|hsl)a?\(|\"(?:black|white|gr[ae]y|red|blue|steelblue)\""
    )
    # A style sheet of the capture server has its table at its top, as named properties.
    own_table = re.compile(r"^:root \{.*?\}$|^\s+--form-[^{}]*;$", re.MULTILINE)
    found = {
        path.name: colour.findall(own_table.sub("", path.read_text(encoding="utf-8")))
        for path in sources
        # The drawing of a fit stands below the documents and has the same hues in a table of its own; in the
        # definition of a skin score red is what the skin is.
        if path.name not in {"colours.py", "mean_drawing.py"} and path.parent.name != "definitions"
    }
    assert {name: colours for name, colours in found.items() if colours} == {}


def test_every_variable_of_the_style_sheet_is_a_colour_of_the_table() -> None:
    style = (ROOM / "page.css").read_text(encoding="utf-8")
    own = set(re.findall(r"^\s+--([\w-]+):", style, flags=re.MULTILINE))
    used = set(re.findall(r"var\(--([\w-]+)\)", style))
    assert used - own == set(colours.CSS_VARIABLES) - {"warning-head"}


@pytest.mark.parametrize(
    ("words", "ground"),
    [("INK", "PAPER"), ("LEAD", "PAPER"), ("MUTED", "PAPER"), ("ACCENT", "PAPER"), ("ERROR", "PAPER"),
     ("WARNING_HEAD", "PAPER"), ("INK", "FAINT"), ("MUTED", "FAINT"), ("ACCENT", "FAINT"), ("INK", "OPENED"),
     ("WARNING_INK", "WARNING_PAPER"), ("PAPER", "INK"), ("ERROR_INK", "ERROR_PAPER")],
)  # fmt: skip
def test_words_stand_out_from_their_ground(words: str, ground: str) -> None:
    """WCAG 2.2, success criterion 1.4.3: 4.5 to 1 for words of ordinary size."""
    assert colours.contrast(getattr(colours, words), getattr(colours, ground)) >= 4.5


def test_contrast_is_that_of_the_standard() -> None:
    # WCAG 2.2: (L1 + 0.05) / (L2 + 0.05); red has luminance 0.2126, so on white 1.05 / 0.2626 = 3.998
    assert colours.contrast("#ff0000", "#fff") == pytest.approx(3.998, abs=0.001)
    assert colours.contrast("#fff", "#ff0000") == colours.contrast("#ff0000", "#fff")


def test_notices_stand_on_the_page_in_its_title_and_beside_every_table(document: Document) -> None:
    assert document.tags == ("reconstructed data",)
    assert document.full_title.endswith("(reconstructed data)")
    assert Document("D").full_title == "D"


def test_words_of_a_flow_chart_are_escaped() -> None:
    box = FlowBox("<b>", (Inline("n = "), Inline("3", 'a"b')))
    drawn = draw_flow_chart(FlowChart("f", "a", "F", (FlowStep(box, left=(box,)), FlowStep(box)), "Boxes."))
    assert "<b>" not in drawn
    assert drawn.count("&lt;b&gt;") == 3
    assert drawn.count('data-id="a&quot;b"') == 3


def test_figures_asked_for_ahead_are_drawn_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def draw(spec: object) -> str:
        asked.append(spec)
        return "<svg/>"

    monkeypatch.setattr(drawing, "_draw", draw)
    spec, other = {"mark": "point"}, {"mark": "bar"}
    with draw_ahead([spec]):
        assert render_svg(spec) == render_svg(spec) == "<svg/>"
        render_svg(other)
    assert len(asked) == 2
    render_svg(spec)
    assert len(asked) == 3


def test_table_whose_rows_and_heads_differ_is_refused() -> None:
    with pytest.raises(ShapeError, match=r"Table 't': row 'x' has 2 cells with its stub for 3 heads"):
        TableSpec("t", "a", "T", ("", "n", "Mean"), text_rows([("x", "1")]))
    with pytest.raises(ShapeError, match="cover 2 columns of 3"):
        TableSpec("t", "a", "T", ("", "n", "Mean"), (), spanners=(("", 1), ("Month 6", 1)))


def test_plain_words_are_bound_to_nothing() -> None:
    assert plain("None of 3.") == (Inline("None of 3."),)
