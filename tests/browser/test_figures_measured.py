"""Every figure of reports of several kinds, measured in a browser: letters, edges, and words upon words."""

from collections.abc import Iterator
from importlib import util
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from tests.browser.axe import find_violations

from funis.analysis.analyse import analyse
from funis.data.tables import read_tables
from funis.reporting.report import write_report
from funis.study.read import read_study

pytestmark = pytest.mark.browser
#: Width of A4 between margins of 16 mm, in pixels of 1/96 inch.
PAPER = round((210 - 32) / 25.4 * 96)
LETTER = round((215.9 - 32) / 25.4 * 96)
#: Of each figure: the smallest letters in points, words beyond the drawing, and words upon words.
MEASURE = """() => [...document.querySelectorAll("figure svg")].map((svg) => {
  const frame = svg.getBoundingClientRect(), scale = svg.getScreenCTM().a;
  const texts = [...svg.querySelectorAll("text")]
    .filter((each) => each.textContent.trim() && getComputedStyle(each).opacity !== "0");
  const boxes = texts.flatMap((text) => {
    const lines = text.querySelectorAll("tspan[x], tspan[dy]").length ? [...text.querySelectorAll("tspan")] : [text];
    return lines.filter((each) => each.textContent.trim()).map((each) => [
      each.textContent.trim(), each.getBoundingClientRect()]);
  });
  const beyond = boxes.filter(([, box]) => box.left < frame.left - 1 || box.right > frame.right + 1
    || box.top < frame.top - 1 || box.bottom > frame.bottom + 1).map(([words]) => words);
  const upon = [];
  boxes.forEach(([words, a], place) => boxes.slice(0, place).forEach(([others, b]) => {
    const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    if (wide > 1 && high > 0.25 * Math.min(a.height, b.height)) upon.push(`${others} | ${words}`);
  }));
  const sizes = texts.map((each) => parseFloat(getComputedStyle(each).fontSize) * scale * 0.75);
  return {id: svg.closest("[id]").id, smallest: Math.min(100, ...sizes), beyond, upon};
})"""


def _load(name: str, place: Path) -> object:
    spec = util.spec_from_file_location(name, place)
    assert spec is not None
    assert spec.loader is not None
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(
    scope="module", params=["sle", "sjogren", "two_arms", "observational", "no_response_known", "one_subject"]
)
def report(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    kinds = _load("report_kinds", Path(__file__).parents[1] / "story" / "report_kinds.py")
    folder = kinds.make_study(request.param, tmp_path_factory.mktemp("measured") / request.param)  # type: ignore[attr-defined]
    study = read_study(folder)
    return write_report(study, analyse(study, read_tables(folder, study)), folder / "report")


@pytest.fixture
def page(browser: Browser, report: Path) -> Iterator[Page]:
    opened = browser.new_page(viewport={"width": PAPER, "height": 900})
    opened.goto(report.as_uri())
    opened.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
    opened.emulate_media(media="print")
    yield opened
    opened.close()


def test_statement_36_words_of_figures_are_within_and_apart_and_printed_in_8_points(page: Page) -> None:
    measured = page.evaluate(MEASURE)
    assert len(measured) >= 4
    assert [each["id"] for each in measured if each["beyond"]] == []
    assert [(each["id"], each["upon"]) for each in measured if each["upon"]] == []
    assert [(each["id"], each["smallest"]) for each in measured if each["smallest"] < 8] == []


def test_statement_37_nothing_of_any_kind_of_study_is_wider_than_the_paper(page: Page) -> None:
    wide = """(width) => [...document.querySelectorAll("main table, main svg, main p, main .box, main li")]
      .filter((node) => node.checkVisibility() && !node.closest("#supplement .wide, .visually-hidden"))
      .filter((node) => node.getBoundingClientRect().right > width + 1)
      .map((node) => `${(node.closest("[id]") ?? node).id} ${node.tagName}`)"""
    for spacing in ("0", "0.03em"):
        page.add_style_tag(content=f"* {{ letter-spacing: {spacing} !important }}")
        for paper in (PAPER, LETTER):
            page.set_viewport_size({"width": paper, "height": 900})
            assert page.evaluate(wide, paper) == [], (spacing, paper)


def test_axe_core_finds_nothing_in_a_report(page: Page) -> None:
    """Every rule of axe-core 4.14.1 (WCAG 2.2 A and AA, and its best practices), with every part unfolded."""
    page.emulate_media(media="screen")
    page.set_viewport_size({"width": 1280, "height": 900})
    assert find_violations(page) == []
