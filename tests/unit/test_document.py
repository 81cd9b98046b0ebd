"""The document between results and files: whole, numbered once, and drawn by renderers that add nothing."""

import re
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import pytest

import funis.documents
from funis.documents import drawing
from funis.documents.document import (
    Block,
    Document,
    Highlight,
    Highlights,
    ItemList,
    Paragraph,
    Section,
    SectionPart,
    plain,
)
from funis.documents.drawing import draw_ahead, render_svg
from funis.documents.figure import FigureSpec
from funis.documents.flow_chart import FlowBox, FlowChart, draw_flow_chart
from funis.documents.html import render_page
from funis.documents.table import Inline, TableSpec, joined, text_rows
from funis.errors import BlockError
from funis.reporting.report import render_html
from funis.reporting.trial_document import build_document

TEMPLATES = sorted((Path(funis.documents.__file__).parent / "templates").glob("*.j2"))


@pytest.fixture(scope="session")
def document(made: ModuleType) -> Document:
    return build_document(made.make_study(), made.make_results())


def test_page_is_made_from_the_document_alone(made: ModuleType, document: Document) -> None:
    assert render_page(document) == render_html(made.make_study(), made.make_results())


def test_blocks_are_numbered_once_in_reading_order(document: Document) -> None:
    blocks = [block for section in document.sections for block in section.all_blocks]
    tables = [block.label for block in blocks if isinstance(block, TableSpec)]
    figures = [block.label for block in blocks if isinstance(block, FigureSpec | FlowChart)]
    # Efficacy takes its tables and figures by endpoint, so that labels rise within each endpoint only.
    assert sorted(tables, key=_number) == [f"Table {place + 1}" for place in range(len(tables))]
    assert sorted(figures, key=_number) == [f"Figure {place + 1}" for place in range(len(figures))]
    assert figures[0] == "Figure 1"


def _number(label: str) -> int:
    return int(label.rpartition(" ")[2])


def test_document_names_every_number_it_prints() -> None:
    table = TableSpec("t", "a", "T", ("A", "B"), text_rows([("x", "y")]))
    chart = FlowChart("f", "a", "F", (FlowBox("In", (Inline("3", "flow"),)),), (), "One box.")
    blocks: tuple[Block, ...] = (
        Paragraph((Inline("Of "), Inline("40", "prose"))),
        ItemList(((Inline("1", "item"),),)),
        Highlights((Highlight("K", joined(Inline("2", "key")), joined("of ", Inline("4", "detail"))),)),
        table,
        chart,
    )
    part = SectionPart("p", blocks=(Paragraph((Inline("40", "prose"), Inline("5", "last"))),))
    document = Document("D", (Section("a", "A", blocks, (part,)),))
    assert document.ids == ("prose", "item", "key", "detail", "flow", "last")
    page = render_page(document)
    assert re.findall(r'data-id="(\w+)"', page) == ["prose", "item", "key", "detail", "flow", "prose", "last"]


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


def test_notices_stand_on_the_page_in_its_title_and_beside_every_table(document: Document) -> None:
    assert document.tags == ("reconstructed data",)
    assert document.full_title.endswith("(reconstructed data)")
    assert Document("D").full_title == "D"


def test_words_of_a_flow_chart_are_escaped() -> None:
    box = FlowBox("<b>", (Inline("n = "), Inline("3", 'a"b')))
    drawn = draw_flow_chart(FlowChart("f", "a", "F", (box, box), (box,), "Boxes."))
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


def test_plain_words_are_bound_to_nothing() -> None:
    assert plain("None of 3.") == (Inline("None of 3."),)
