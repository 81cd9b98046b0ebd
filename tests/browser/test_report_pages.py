"""Reports on screen and on paper: how many pages, and that nothing is cut off."""

import re
from collections.abc import Iterator
from importlib import util
from pathlib import Path
from types import ModuleType

import pytest
from playwright.sync_api import Browser, Page

from funis.analysis.analyse import analyse
from funis.data.tables import read_tables
from funis.reporting.report import write_report
from funis.study.read import read_study

pytestmark = pytest.mark.browser
WITHOUT_SUPPLEMENT = "@media print { #supplement { display: none !important } }"
LETTER = "@page { size: letter } @page side { size: letter landscape }"
#: Width between the margins of 16 mm, in pixels of 1/96 inch.
PAPERS = {"A4": round((210 - 32) / 25.4 * 96), "Letter": round((215.9 - 32) / 25.4 * 96)}
#: Typefaces differ in width: letters are set closer and wider than the machine's own.
SPACINGS = ("-0.03em", "0", "0.03em")
BEYOND = """(width) => [...document.querySelectorAll("h1, main table, main svg, main p, main .box, main li")]
  .filter((node) => node.checkVisibility() && !node.closest("#supplement .wide, .visually-hidden"))
  .filter((node) => node.getBoundingClientRect().right > width + 1)
  .map((node) => `${(node.closest("[id]") ?? node).id} ${node.tagName}`)"""


def _load_kinds() -> ModuleType:
    """Load the maker of studies of each kind, which the tests of whole stories share."""
    spec = util.spec_from_file_location(
        "report_kinds", Path(__file__).parents[1] / "story" / "report_kinds.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def write_kind(kind: str, place: Path) -> Path:
    folder = _load_kinds().make_study(kind, place / kind)
    study = read_study(folder)
    return write_report(study, analyse(study, read_tables(folder, study)), folder / "report")


@pytest.fixture(scope="module", params=["sle", "sjogren"])
def report(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_kind(request.param, tmp_path_factory.mktemp("pages"))


@pytest.fixture
def page(browser: Browser, report: Path) -> Iterator[Page]:
    opened = browser.new_page(viewport={"width": 1280, "height": 900})
    opened.goto(report.as_uri())
    yield opened
    opened.close()


def count_pages(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", pdf))


@pytest.mark.parametrize("paper", PAPERS)
def test_statement_1_the_main_part_prints_on_eight_pages(page: Page, paper: str) -> None:
    page.add_style_tag(content=WITHOUT_SUPPLEMENT + (LETTER if paper == "Letter" else ""))
    assert 4 <= count_pages(page.pdf(prefer_css_page_size=True)) <= 8


@pytest.fixture(scope="module", params=["two_arms", "retreatment", "observational"])
def longer(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a report whose main part has more in it: arms beside each other, or a second course."""
    return write_kind(request.param, tmp_path_factory.mktemp("longer"))


@pytest.mark.parametrize("paper", PAPERS)
def test_statement_1_arms_and_a_second_course_fit_eight_pages_too(
    browser: Browser, longer: Path, paper: str
) -> None:
    opened = browser.new_page(viewport={"width": PAPERS[paper], "height": 900})
    opened.goto(longer.as_uri())
    opened.add_style_tag(content=WITHOUT_SUPPLEMENT + (LETTER if paper == "Letter" else ""))
    assert 5 <= count_pages(opened.pdf(prefer_css_page_size=True)) <= 8
    opened.emulate_media(media="print")
    assert opened.evaluate(BEYOND, PAPERS[paper]) == []
    opened.close()


def test_numbers_of_arms_stay_on_one_line_on_paper(browser: Browser, longer: Path) -> None:
    """A long label beside them does not take their room: a share and its interval are read as one."""
    opened = browser.new_page(viewport={"width": PAPERS["A4"], "height": 900})
    opened.goto(longer.as_uri())
    opened.emulate_media(media="print")
    broken = opened.evaluate(
        """() => [...document.querySelectorAll("#table-main-response td, #table-main-measure-1 td, #table-main-tests td")]
        .filter((cell) => {
          const range = document.createRange();
          range.selectNodeContents(cell);
          return range.getBoundingClientRect().height > 1.6 * parseFloat(getComputedStyle(cell).lineHeight);
        }).map((cell) => cell.textContent)"""
    )
    assert broken == []
    opened.close()


@pytest.mark.parametrize("width", [320, 390])
def test_a_title_of_a_table_is_read_whole_on_a_phone(browser: Browser, longer: Path, width: int) -> None:
    """A table of two arms is wider than a phone; its title ran out of sight with it."""
    opened = browser.new_page(viewport={"width": width, "height": 844})
    opened.goto(longer.as_uri())
    beyond = """(width) => [...document.querySelectorAll("main caption .name")]
      .filter((name) => name.checkVisibility() && name.getBoundingClientRect().width)
      .filter((name) => name.getBoundingClientRect().right > width || name.getBoundingClientRect().left < 0)
      .map((name) => name.textContent)"""
    assert opened.locator("caption .name").count() > 10
    assert opened.evaluate(beyond, width) == []
    # Nor when the table is moved to its last column.
    opened.evaluate("document.querySelectorAll('.scroll').forEach((each) => { each.scrollLeft = 10000 })")
    assert opened.evaluate(beyond, width) == []
    opened.close()


def test_statement_3_box_1_stands_on_page_1(page: Page) -> None:
    page.set_viewport_size({"width": PAPERS["A4"], "height": 900})
    page.emulate_media(media="print")
    low = page.locator("#box-key-results").bounding_box()
    assert low is not None
    # 297 mm less the margins of 17 and 15 mm.
    assert low["y"] + low["height"] < (297 - 32) / 25.4 * 96


@pytest.mark.parametrize("paper", PAPERS)
def test_statement_37_nothing_is_wider_than_the_paper(page: Page, paper: str) -> None:
    width = PAPERS[paper]
    page.set_viewport_size({"width": width, "height": 900})
    page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
    page.emulate_media(media="print")
    for spacing in SPACINGS:
        page.add_style_tag(content=f"* {{ letter-spacing: {spacing} !important }}")
        assert page.evaluate(BEYOND, width) == [], spacing


def test_statement_38_heads_repeat_and_rows_stay_whole(page: Page) -> None:
    page.emulate_media(media="print")
    shown = page.evaluate(
        """() => [...document.querySelectorAll("main table")].map((table) => [
        table.tHead ? getComputedStyle(table.tHead).display : "none",
        getComputedStyle(table.rows[0]).breakInside, getComputedStyle(table.caption).breakAfter])"""
    )
    assert len(shown) > 10
    assert {tuple(each) for each in shown} == {("table-header-group", "avoid", "avoid")}


@pytest.mark.parametrize("spacing", SPACINGS)
def test_nothing_is_cut_off_on_a_screen(page: Page, spacing: str) -> None:
    """What is wider than the screen stands in a region that scrolls by itself; the page never does."""
    page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
    page.add_style_tag(content=f"* {{ letter-spacing: {spacing} !important }}")
    for width in (320, 390, 1100, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        cut = page.evaluate(
            """() => [...document.querySelectorAll("main th, main td, main p, main li, main dd")]
            .filter((node) => node.checkVisibility() && node.scrollWidth > node.clientWidth + 1
              && getComputedStyle(node).overflowX !== "visible").length"""
        )
        assert cut == 0, width


def test_the_first_column_stays_in_sight(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 900})
    region = page.locator("#table-main-measure-1 .scroll")
    head = page.locator("#table-main-measure-1 tbody th").first
    before = head.bounding_box()
    region.evaluate("(node) => { node.scrollLeft = 200; }")
    after = head.bounding_box()
    assert region.evaluate("(node) => node.scrollLeft") > 100
    assert before is not None
    assert after is not None
    assert abs(after["x"] - before["x"]) < 2


def test_numbers_do_not_wrap(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 900})
    assert (
        page.evaluate(
            "[...document.querySelectorAll('main .n')].filter((each) => each.getClientRects().length > 1).length"
        )
        == 0
    )


@pytest.mark.parametrize("width", [320, 390, 768, 899])
def test_on_a_narrow_screen_the_contents_are_folded_and_a_key_opens_them(page: Page, width: int) -> None:
    listed = page.locator("nav.contents ol").first
    assert listed.is_visible()  # 1,280 pixels
    page.set_viewport_size({"width": width, "height": 900})
    listed.wait_for(state="hidden")
    page.locator("nav.contents summary").focus()
    page.keyboard.press("Enter")
    assert listed.is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.set_viewport_size({"width": 900, "height": 900})
    listed.wait_for(state="visible")


@pytest.mark.parametrize("width", [320, 390])
def test_the_flow_of_subjects_fits_a_phone_in_letters_that_can_be_read(
    browser: Browser, longer: Path, width: int
) -> None:
    """Two arms side by side ran out of a phone: there they follow each other, each count still opens its source."""
    opened = browser.new_page(viewport={"width": width, "height": 844})
    opened.goto(longer.as_uri())
    drawing = opened.locator("#figure-flow .drawing")
    assert drawing.evaluate("(node) => node.scrollWidth <= node.clientWidth + 1")
    letters = """(node) => [...node.querySelectorAll("svg")].filter((svg) => svg.checkVisibility())
      .flatMap((svg) => [...svg.querySelectorAll("text")].map((text) =>
        parseFloat(getComputedStyle(text).fontSize) * svg.getScreenCTM().a))"""
    assert min(drawing.evaluate(letters)) >= 11
    shown = drawing.locator(".chart-narrow .n")
    broad = drawing.locator(".chart-broad .n")
    ids = "(nodes) => nodes.map((node) => node.dataset.id).toSorted()"
    assert shown.evaluate_all(ids) == broad.evaluate_all(ids)
    assert not broad.first.is_visible()
    first = shown.first.get_attribute("data-id")
    opened.goto(f"{longer.as_uri()}#number={first}")
    opened.locator("#origin").wait_for(state="visible")
    # The number that is opened is one that is on the page: the other drawing has it too, out of sight.
    assert opened.locator(".n.is-open").evaluate(
        "(node) => node.checkVisibility() && node.getBoundingClientRect().top < innerHeight"
    )
    opened.close()
