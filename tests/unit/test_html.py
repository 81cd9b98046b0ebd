"""The report as a document: whole, offline, escaped, accessible, the same every time."""

import base64
import hashlib
import itertools
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType
from typing import Any

import polars as pl
import pytest

from funis.documents import html
from funis.documents.document import Document, Section
from funis.documents.figure import FigureSpec
from funis.documents.html import css_string, place_drawing, render_page
from funis.documents.table import Inline, TableRow, TableSpec, joined, words
from funis.reporting.payload import write_ranges
from funis.reporting.report import render_html, write_report
from funis.results import NumberList

VOID = {"meta", "link", "br", "wbr", "input", "img", "hr"}


class Page(HTMLParser):
    """Every element of a document with its attributes, and whether each is closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def all(self, tag: str) -> list[dict[str, str]]:
        return [about for name, about in self.elements if name == tag]


@pytest.fixture(scope="session")
def text(made: ModuleType) -> str:
    return render_html(made.make_study(), made.make_results())


@pytest.fixture(scope="session")
def page(text: str) -> Page:
    return Page(text)


def payload_of(text: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="numbers">(.*?)</script>', text, re.DOTALL)
    assert found is not None
    read: dict[str, Any] = json.loads(found.group(1))
    return read


def test_elements_are_closed_in_order(page: Page) -> None:
    assert page.open == []


def test_nothing_is_fetched(text: str, page: Page) -> None:
    assert not page.all("img")
    assert [about["href"] for about in page.all("link")] == ["data:,"]
    assert all(about["href"].startswith("#") for about in page.all("a"))
    assert all("src" not in about for about in page.all("script"))
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    assert style is not None
    assert "url(" not in style.group(1)
    assert "@import" not in style.group(1)


def test_only_our_script_may_run(text: str) -> None:
    script = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    assert len(script) == 1
    wanted = base64.b64encode(hashlib.sha256(script[0].encode()).digest()).decode()
    assert f"script-src 'sha256-{wanted}'" in text.replace("&#39;", "'").replace("&#43;", "+")
    assert "default-src 'none'" in text.replace("&#39;", "'")


def test_hostile_text_is_escaped(made: ModuleType) -> None:
    hostile = "</script></style><img src=x onerror=alert(1)>\"'"
    study = made.make_study(title=hostile, assumptions=[hostile])
    results = made.make_results()
    sources = results.sources.with_columns(pl.lit(hostile).alias("file"))
    page = Page(render_html(study, replace(results, sources=sources)))
    assert not page.all("img")
    assert len(page.all("script")) == 2
    assert page.open == []


def test_ids_are_unique_and_every_link_arrives(page: Page) -> None:
    ids = [about["id"] for _, about in page.elements if "id" in about]
    assert len(ids) == len(set(ids))
    assert {about["href"][1:] for about in page.all("a")} <= set(ids)
    for _, about in page.elements:
        for name in about.get("aria-labelledby", "").split():
            assert name in ids


def test_clip_paths_of_two_figures_do_not_meet() -> None:
    spec = FigureSpec("figure-a", "x", "T", {}, "A")
    drawn = place_drawing(spec, '<svg width="1"><clipPath id="clip0"/><g clip-path="url(#clip0)"/></svg>')
    assert 'id="figure-a-clip0"' in drawn
    assert "url(#figure-a-clip0)" in drawn


def test_rounding_of_coordinates_leaves_words_alone() -> None:
    spec = FigureSpec("figure-a", "x", "T", {}, "A")
    drawn = place_drawing(spec, '<svg width="1"><path d="M0.123456,7"/><text>0.0625</text></svg>')
    assert 'd="M0.12,7"' in drawn
    assert ">0.0625<" in drawn


def test_headings_descend_one_by_one(page: Page) -> None:
    levels = [int(name[1]) for name, _ in page.elements if re.fullmatch(r"h[1-6]", name)]
    # The panel for a number has its own heading, hidden until it is asked for.
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in itertools.pairwise(levels))


def test_page_says_its_language_and_has_a_way_past_the_contents(page: Page) -> None:
    assert page.all("html")[0]["lang"] == "en"
    assert page.all("a")[0] == {"class": "skip", "href": "#main"}


def test_tables_have_captions_and_scopes(page: Page) -> None:
    assert len(page.all("caption")) == len(page.all("table")) > 15
    assert all(about.get("scope") in {"col", "row", "rowgroup", "colgroup"} for about in page.all("th"))


def test_figures_have_a_name_and_words(text: str, page: Page) -> None:
    drawings = page.all("svg")
    # Eight figures, and the flow of subjects for a broad and for a narrow screen.
    assert len(drawings) == 10
    assert {about["role"] for about in drawings} == {"img", "group"}
    assert (
        len(
            re.findall(
                r"<title id=\"figure-[\w-]+-title\">[^<]+</title><desc id=\"[\w-]+\">[^<]{40,}</desc>", text
            )
        )
        == 10
    )


def test_every_number_on_the_page_can_be_traced(made: ModuleType, text: str, page: Page) -> None:
    first = [about["data-id"] for _, about in page.elements if "data-id" in about]
    equal = [name for _, about in page.elements for name in about.get("data-also", "").split()]
    printed = [*first, *equal]
    payload = payload_of(text)
    assert len(printed) > 800
    assert len(equal) > 5
    assert not set(first) & set(equal)
    assert set(printed) == set(payload["numbers"])
    assert set(printed) <= set(made.make_results().numbers["id"])


def test_values_behind_a_number_are_complete(made: ModuleType, text: str) -> None:
    payload = payload_of(text)
    name = "summary.treated.month_6.sledai_2k.mean"
    # What is empty at the end of a row is left out.
    place, *own = payload["numbers"][name]
    record = dict(zip(payload["columns"], [*payload["places"][place], *own], strict=False))
    assert payload["strings"][record["population"]] == "treated"
    places: list[int] = []
    for span in payload["sources"][payload["strings"][record["source"]]].split(","):
        first, _, last = span.partition("-")
        places += range(int(first), int(last or first) + 1)
    shown = {
        (payload["strings"][payload["atoms"]["subject"][place]],
         float(payload["strings"][payload["atoms"]["value"][place]]),
         payload["strings"][payload["atoms"]["file"][place]], payload["atoms"]["line"][place])
        for place in places
    }  # fmt: skip
    sources = made.make_results().sources.filter(pl.col("source") == "treated/sledai_2k/month_6")
    assert shown == set(sources.select("subject", "value", "file", "line").iter_rows())
    assert len(shown) == record["n"] >= 35


def test_payload_leaves_out_what_is_not_printed(made: ModuleType) -> None:
    results = made.make_results()
    text = render_html(
        made.make_study(),
        replace(results, numbers=results.numbers.filter(pl.col("analysis") == "disposition")),
    )
    payload = payload_of(text)
    assert payload["atoms"]["subject"] == []
    assert len(payload["numbers"]) == 13  # eight counts and five percentages of those after enrolment


def test_ranges_of_positions() -> None:
    assert write_ranges([]) == ""
    assert write_ranges([4]) == "4"
    assert write_ranges([0, 1, 2, 5, 6, 9]) == "0-2,5-6,9"


def test_reconstructed_data_are_marked_everywhere(text: str) -> None:
    assert "Reconstructed from published figures; not patient data." in text
    assert "<title>Umbilical-cord mesenchymal stem cells in active lupus (reconstructed data)</title>" in text
    # on every printed page, and beside every table and figure (one that is copied out keeps it)
    assert '@top-right { content: "Reconstructed from published figures; not patient data."' in text
    assert text.count('<span class="tag">reconstructed data</span>') >= text.count("<caption>") + text.count(
        "<figcaption>"
    )


def test_real_data_are_not_called_reconstructed(made: ModuleType) -> None:
    text = render_html(made.make_study(reconstructed=False), made.make_results(reconstructed=False))
    assert "econstructed" not in re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL)


def test_provenance_says_version_cut_and_hashes(text: str) -> None:
    assert "Made by funis 0.1.0" in text
    assert "Data cut: 2012-06-30." in text
    assert "ab" * 32 in text
    assert "Seed of everything drawn at random: 20120614." in text


def test_assumptions_and_methods_are_printed(text: str) -> None:
    assert "n with lupus nephritis is 24, which the abstract does not print." in text
    assert "UC-MSC was planned on day 0 and day 7, each of 1 × 10⁶ cells per kg body weight" in text
    assert "P adjusted by Holm over the visits" in text


def test_empty_study_still_gives_a_report(made: ModuleType) -> None:
    results = replace(
        made.make_results(), numbers=NumberList().frame(), listings={}, findings=(), sources=pl.DataFrame()
    )
    page = Page(render_html(made.make_study(), results))
    assert page.open == []
    assert "The checks found nothing in the data." in render_html(made.make_study(), results)


def test_observational_report_has_no_response_section(made: ModuleType) -> None:
    results = made.make_results()
    numbers = results.numbers.filter(
        ~pl.col("analysis").is_in(["response", "relapse", "time_to_event", "exposure"])
    )
    text = render_html(
        made.make_study(design="observational"), replace(results, numbers=numbers, listings={})
    )
    assert 'id="response"' not in text
    assert 'id="time-to-event"' not in text
    assert "Observational cohort" in text


def test_same_results_give_the_same_bytes(made: ModuleType, text: str) -> None:
    assert render_html(made.make_study(), made.make_results()) == text


def test_page_stays_small(text: str) -> None:
    assert len(text.encode()) < 1_500_000


def test_page_is_written_whole_or_not_at_all(
    made: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "report"
    written = write_report(made.make_study(), made.make_results(), folder)
    before = written.read_bytes()

    def fail(*_: object) -> str:
        raise RuntimeError("no drawing today")

    monkeypatch.setattr(html, "render_svg", fail)
    with pytest.raises(RuntimeError, match="no drawing today"):
        write_report(made.make_study(), made.make_results(), folder)
    assert written.read_bytes() == before
    assert [path.name for path in folder.iterdir()] == ["report.html"]


def test_drawing_that_is_no_svg_is_refused() -> None:
    with pytest.raises(ValueError, match="figure-a"):
        place_drawing(FigureSpec("figure-a", "x", "T", {}, "A"), "<html></html>")


def test_style_sheet_string_holds_anything() -> None:
    assert css_string('</style>"\\\n') == '"\\3c /style\\3e \\22 \\5c \\a "'


def test_a_printed_number_stays_on_its_line_and_groups_of_columns_have_a_gap() -> None:
    heads = ("Visit", *("n", "Change (95% CI)") * 2)
    change = joined(Inline("-3.4", "a"), " (", Inline("-4.5", "b"), " to ", Inline("-2.3", "c"), ")")
    row = TableRow(words("Month 3"), (words("40"), change, words("40"), words("not reached (<5)")))
    over = (("", 1), ("Score A", 2), ("Score B", 2))
    page = render_page(
        Document("X", (Section("s", "S", (TableSpec("t", "s", "T", heads, (row,), (), over),)),))
    )
    assert '<table class="whole">' in page
    assert page.count('class="next"') == 2
    assert re.search(r'-3.4</button> <wbr><span class="held">\(<button', page)
    assert '<td class="text">not reached <wbr>(&lt;5)</td>' in page


def test_a_table_too_wide_for_whole_numbers_may_break_them() -> None:
    row = TableRow(words("Month 3"), tuple(words("12,345.67 to 23,456.78") for _ in range(7)))
    table = TableSpec("t", "s", "T", tuple("abcdefgh"), (row,))
    page = render_page(Document("X", (Section("s", "S", (table,)),)))
    assert 'class="whole"' not in page
