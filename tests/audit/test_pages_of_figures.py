"""Figures of a PDF and the pages on which they stand: in the records, in the text, in JSON and on the page."""

import json
from pathlib import Path

import pytest

from funis.audit.answer_text import write_answer
from funis.audit.extraction.extract import extract_figures
from funis.audit.figures import PrintedCount
from funis.audit.page import render_audit_page
from funis.audit.papers import audit_file
from funis.audit.read_figures import parse_figures
from funis.audit.reading.sentences import build_source
from funis.audit.reading.source import TextLine

BODY = """#set page(width: 12cm, height: 9cm)
Forty patients took part; all of them finished the trial.
#pagebreak()
Of them 14/40 (36.0%) responded. The cost was 17 coins.
#table(columns: 2, [Item], [All (n = 40)], [Women, n (%)], [35 (97.5%)])"""


def test_a_finding_names_the_page(tmp_path: Path) -> None:
    typst = pytest.importorskip("typst")
    pytest.importorskip("pdfplumber")
    path = tmp_path / "a.pdf"
    path.write_bytes(typst.compile(BODY.encode("utf-8")))
    found = audit_file(path)
    share = next(each for each in found.findings if each.statement == "14 of 40 is not 36.0%.")
    women = next(each for each in found.findings if each.statement.startswith("Women"))
    rest = next(each for each in found.findings if each.check == "reading")
    # The women are held against the forty, who stand on the first page.
    assert [each.pages for each in (share, women, rest)] == ["page 2", "pages 1 and 2", "page 2"]
    places = json.loads(json.dumps(share.as_record()))["places"]
    assert [each["page"] for each in places] == [2]
    assert "Printed on page 2: “Of them 14/40 (36.0%) responded.”" in " ".join(write_answer(found).split())
    assert '<span class="pages"><bdi>page 2</bdi></span>' in render_audit_page(found)


def test_a_sentence_that_turns_the_page_is_one() -> None:
    """The first count stands on page 4, the second on page 6; between them lies a page of pictures."""
    lines = [
        TextLine("Of forty patients, 14/40 (35.0%) responded", page=4),
        TextLine("and 15/40 (37.5%) improved. Nobody died.", page=6, ends_paragraph=True),
        TextLine("Later 3/40 (7.5%) relapsed.", page=7, ends_paragraph=True),
    ]
    found = extract_figures(build_source("a.pdf", lines))
    assert [found.source.words_of(each) for each in found.source.passages][1:] == [
        "Nobody died.",
        "Later 3/40 (7.5%) relapsed.",
    ]
    counts = [each for each in found.figures if isinstance(each, PrintedCount)]
    assert [(str(each.count), each.place.page) for each in counts] == [("14", 4), ("15", 6), ("3", 7)]


def test_a_file_without_pages_names_none_and_a_typed_figure_may() -> None:
    plain = extract_figures(build_source("a.txt", [TextLine("Of them 14/40 (35.0%) responded.")]))
    assert {each.place.page for each in plain.figures} == {None}
    typed = parse_figures('[[counts]]\noutcome = "relapse"\ncount = "3"\npage = 5\n', "figures.toml")
    assert [each.place.page for each in typed.figures] == [5]
