"""The report as Markdown, read back by a parser of its own: same words, same tables, every number a link."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, cast
from urllib.parse import unquote

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from funis.documents.document import (
    Block,
    Box,
    BoxEntry,
    Document,
    ItemList,
    Notice,
    Paragraph,
    Section,
    SectionPart,
    plain,
)
from funis.documents.figure import FigureSpec
from funis.documents.flow_chart import FlowArm, FlowBox, FlowChart, FlowStep
from funis.documents.markdown import render_markdown
from funis.documents.table import Inline, TableRow, TableSpec, joined, words
from funis.errors import BlockError
from funis.reporting.report import write_report_set
from funis.reporting.trial_document import build_document

HOSTILE = "1. <b>&amp;*_`~ | [x](y) # ![z] https://e.org www.e.org a@b.c $1$ \\ --- \n\n- x"


def parse(text: str) -> list[Token]:
    return MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text)


def words_of(token: Token) -> str:
    kept = {"text", "code_inline", "softbreak"}
    return "".join(child.content or " " for child in token.children or () if child.type in kept)


def links_of(tokens: list[Token]) -> list[tuple[str, str]]:
    """Give text and target of every link in order."""
    found: list[tuple[str, str]] = []
    for token in tokens:
        target = ""
        for child in token.children or ():
            if child.type == "link_open":
                target = str(child.attrs["href"])
            elif child.type == "text" and target:
                found.append((child.content, unquote(target)))
                target = ""
    return found


def tables_of(tokens: list[Token]) -> list[list[list[str]]]:
    tables: list[list[list[str]]] = []
    for token in tokens:
        if token.type == "table_open":
            tables.append([])
        elif token.type == "tr_open":
            tables[-1].append([])
        elif token.type == "inline" and token.level == 4 and tables and tables[-1]:
            tables[-1][-1].append(words_of(token))
    return tables


@pytest.fixture(scope="session")
def document(made: ModuleType) -> Document:
    return build_document(made.make_study(), made.make_results())


@pytest.fixture(scope="session")
def tokens(document: Document) -> list[Token]:
    return parse(render_markdown(document))


def printed_with_others(part: object) -> Iterator[str]:
    """Give the ids of results that an equal number stands for, wherever in a document it is printed."""
    if isinstance(part, Inline):
        yield from part.also
    elif isinstance(part, tuple):
        for each in part:
            yield from printed_with_others(each)
    elif is_dataclass(part):
        for field in fields(part):
            yield from printed_with_others(getattr(part, field.name))


def test_every_number_links_to_its_result(document: Document, tokens: list[Token]) -> None:
    targets = [target.removeprefix("results.csv#") for _, target in links_of(tokens)]
    equal = set(printed_with_others(document.sections))
    linked = set(targets)
    assert tuple(dict.fromkeys(targets)) == tuple(name for name in document.ids if name in linked)
    assert set(document.ids) - linked <= equal
    assert len(targets) > 800
    assert len(equal) > 5


def test_tables_say_what_the_document_says(document: Document, tokens: list[Token]) -> None:
    wanted = [
        [[cell.text.strip() for cell in (row.stub, *row.cells)] for row in block.rows]
        for section in document.sections
        for block in section.all_blocks
        if isinstance(block, TableSpec)
    ]
    found = [[[cell.strip() for cell in row] for row in table[1:]] for table in tables_of(tokens)]
    assert len(wanted) > 15
    for rows, read in zip(wanted, found[: len(wanted)], strict=True):
        width = len(read[0])
        assert read == [row + [""] * (width - len(row)) for row in rows]


def test_titles_and_prose_are_read_back(document: Document, tokens: list[Token]) -> None:
    said = [words_of(token) for token in tokens if token.type == "inline"]
    titles = [document.title, *(f"{each.code} {each.title}".strip() for each in document.sections)]
    assert [title for title in titles if title not in said] == []
    for section in document.sections:
        for block in section.all_blocks:
            if isinstance(block, Paragraph):
                assert "".join(each.text for each in block.text) in said


def test_notice_and_tag_are_in_sight(document: Document) -> None:
    text = render_markdown(document)
    assert text.index("Reconstructed from published figures") < text.index("## ")
    captions = [line for line in text.splitlines() if line.startswith(("**Table", "**Figure"))]
    assert len(captions) > 20
    assert all(line.endswith("(reconstructed data)") for line in captions)


def test_hostile_words_are_words() -> None:
    hostile = Inline(HOSTILE)
    cell = joined(HOSTILE, Inline(HOSTILE, HOSTILE))
    step = FlowStep(FlowBox(HOSTILE, (hostile,)))
    blocks: tuple[Block, ...] = (
        Paragraph((hostile,)),
        ItemList(((hostile,),)),
        Box("b", HOSTILE, (BoxEntry(HOSTILE, cell.parts),), ((hostile,),)),
        TableSpec("t", "a", HOSTILE, (HOSTILE, "B"), (TableRow(words(HOSTILE), (cell,)),), (HOSTILE,)),
        FigureSpec("f", "a", HOSTILE, {}, HOSTILE, (HOSTILE,)),
        FlowChart("g", "a", HOSTILE, (step, step), HOSTILE, arms=(FlowArm(HOSTILE, (step,)),)),
    )
    section = Section("a", HOSTILE, blocks, (SectionPart("p", HOSTILE),))
    document = Document(
        HOSTILE,
        (section,),
        notices=(Notice(HOSTILE, HOSTILE),),
        facts=((HOSTILE, plain(HOSTILE)),),
        closing=HOSTILE,
    )
    tokens = parse(render_markdown(document))
    kinds = {child.type for token in tokens for child in token.children or ()}
    anchors = ["html_inline", "html_inline"]
    assert kinds <= {
        "text",
        "text_special",
        "link_open",
        "link_close",
        "strong_open",
        "strong_close",
        "html_inline",
    }
    for token in tokens:
        inlines = [child.type for child in token.children or ()]
        assert "html_inline" not in inlines or inlines == anchors
    assert [token.tag for token in tokens if token.type == "heading_open"] == ["h1", "h2", "h3"]
    assert {target for _, target in links_of(tokens)} == {f"#{HOSTILE}"}
    assert len(tables_of(tokens)[0][1]) == 2


def test_unknown_block_is_refused_by_its_name() -> None:
    block = cast("Any", object())
    with pytest.raises(BlockError, match="Markdown renderer cannot draw a block of kind 'object'"):
        render_markdown(Document("D", (Section("a", "A", (block,)),)))


def test_heads_name_what_spans_them() -> None:
    table = TableSpec(
        "t",
        "a",
        "T",
        ("", "n", "Mean"),
        (TableRow(words("x"), (words("1"), words("2"))),),
        spanners=(("", 1), ("Month 6", 2)),
    )
    document = Document("D", (Section("a", "A", (table,)),))
    assert tables_of(parse(render_markdown(document)))[0][0] == ["", "Month 6, n", "Month 6, Mean"]


def test_one_document_gives_several_files(made: ModuleType, tmp_path: Path) -> None:
    written = write_report_set(made.make_study(), made.make_results(), tmp_path / "report", ("md", "html"))
    text, page, *beside = written.files
    assert (text.name, page.name) == ("report.md", "report.html")
    assert [path.name for path in beside[:3]] == ["results.csv", "results.parquet", "sources.parquet"]
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert text.read_text(encoding="utf-8").startswith("# Umbilical")


def test_plain_page_without_numbers_promises_no_link() -> None:
    assert "](" not in render_markdown(Document("D", (Section("a", "A", (Paragraph(plain("No number.")),)),)))
