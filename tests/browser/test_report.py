"""The report in a real browser: numbers open their sources, by mouse and by key, and nothing is fetched."""

import re
from collections.abc import Callable
from importlib import util
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from funis.reporting.report import write_report

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = Path(__file__).parents[1] / "made_report.py"
    spec = util.spec_from_file_location("made_report", place)
    assert spec is not None
    assert spec.loader is not None
    made = util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return write_report(made.make_study(), made.make_results(), tmp_path_factory.mktemp("report"))


@pytest.fixture
def page(open_page: Callable[[str], Page], report: Path) -> Page:
    """Open the report."""
    return open_page(report.as_uri())


def test_number_opens_its_source(page: Page) -> None:
    page.locator('#table-main-measure-1 [data-id="summary.treated.month_6.sledai_2k.mean"]').click()
    panel = page.locator("#origin")
    expect(panel).to_be_visible()
    expect(panel.locator("h2")).to_have_text("Mean of SLEDAI (version not stated by the source) at month 6")
    expect(panel.locator("dl")).to_contain_text("first_infusion_date IS NOT NULL")
    expect(panel.locator("dl code")).to_have_text("summary.treated.month_6.sledai_2k.mean")
    count = panel.locator("dd", has_text=re.compile(r"^\d\d$")).first.inner_text()
    rows = panel.locator("tbody tr")
    expect(rows).to_have_count(int(count))
    # subject 01-001 is the first of the data: line 2 is its baseline, month 6 its fourth visit, so line 5
    expect(rows.first).to_contain_text("01-001")
    expect(rows.first).to_contain_text("sledai_2k.csv:5")


def test_address_opens_a_number(page: Page, report: Path) -> None:
    page.goto(f"{report.as_uri()}#number=summary.treated.month_6.sledai_2k.mean")
    page.reload()
    panel = page.locator("#origin")
    expect(panel).to_be_visible()
    expect(panel.locator("h2")).to_be_focused()
    expect(panel.locator("dl code")).to_have_text("summary.treated.month_6.sledai_2k.mean")
    printed = page.locator(".n.is-open")
    expect(printed).to_have_count(1)
    expect(printed).to_be_in_viewport()
    assert panel.locator(".big").inner_text() == printed.inner_text()
    page.keyboard.press("Escape")
    expect(printed).to_have_count(0)
    expect(page.locator('[data-id="summary.treated.month_6.sledai_2k.mean"]').first).to_be_focused()


def test_number_gives_its_address(page: Page) -> None:
    number = page.locator('#table-main-measure-1 [data-id="summary.treated.month_3.sledai_2k.sd"]')
    number.click()
    link = page.locator("#origin dl a")
    link.click()
    assert page.url.endswith("#number=summary.treated.month_3.sledai_2k.sd")
    expect(page.locator("#origin dl code")).to_have_text("summary.treated.month_3.sledai_2k.sd")
    # The other number of the same page is opened by an address that changes while the page stands open.
    page.evaluate("location.hash = 'number=summary.treated.month_6.sledai_2k.sd'")
    expect(page.locator("#origin dl code")).to_have_text("summary.treated.month_6.sledai_2k.sd")


def test_address_unfolds_what_hides_the_number(page: Page, report: Path) -> None:
    folded = page.evaluate(
        """() => {
        const first = (id) => document.querySelector(`[data-id="${CSS.escape(id)}"]`);
        const isFolded = (node) => node.closest("details.supplement details, details.supplement") !== null;
        return [...document.querySelectorAll("[data-id]")].map((node) => node.dataset.id)
          .find((id) => isFolded(first(id)));
      }"""
    )
    expect(page.locator(f'[data-id="{folded}"]').first).to_be_hidden()
    page.goto(f"{report.as_uri()}#number={folded}")
    expect(page.locator(f'[data-id="{folded}"]').first).to_be_in_viewport()
    expect(page.locator("#origin dl code")).to_have_text(folded)


@pytest.mark.parametrize(
    ("written", "said"),
    [("no.such.number", "no.such.number"), ("%22%5D%3Cb%3E", '"]<b>'), ("50%25%", "50%25%"), ("", "")],
)
def test_address_of_no_number_says_so(page: Page, report: Path, written: str, said: str) -> None:
    page.goto(f"{report.as_uri()}#number={written}")
    panel = page.locator("#origin")
    expect(panel.locator("h2")).to_have_text("No such number here")
    expect(panel.locator("code")).to_have_text(said)
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()


def test_address_on_a_phone_leaves_the_number_in_sight(page: Page, report: Path) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(f"{report.as_uri()}#number=summary.treated.month_6.sledai_2k.mean")
    panel = page.locator("#origin")
    expect(panel).to_be_visible()
    number, above = page.locator(".n.is-open").bounding_box(), panel.bounding_box()
    bars = page.locator(".status").last.bounding_box()
    assert number is not None
    assert above is not None
    assert bars is not None
    assert bars["y"] + bars["height"] <= number["y"]
    assert number["y"] + number["height"] <= above["y"]


def test_address_of_a_section_opens_no_panel(page: Page, report: Path) -> None:
    page.goto(f"{report.as_uri()}#key-results")
    expect(page.locator("#origin")).to_be_hidden()


def test_change_shows_baseline_and_visit(page: Page) -> None:
    page.locator('[data-id="change.treated.month_6.sledai_2k_change.mean"]').first.click()
    rows = page.locator("#origin tbody tr")
    expect(rows.filter(has_text="Baseline").first).to_be_visible()
    expect(rows.filter(has_text="Month 6").first).to_be_visible()


def test_keyboard_alone_is_enough(page: Page) -> None:
    page.keyboard.press("Tab")
    expect(page.locator("a.skip")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    first = page.locator("#key-results .n").first
    expect(first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#origin")).to_be_visible()
    expect(page.locator("#origin h2")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#origin")).to_be_hidden()
    expect(first).to_be_focused()


def test_arrows_walk_through_a_table(page: Page) -> None:
    start = page.locator('#table-main-measure-1 [data-id="summary.treated.month_3.sledai_2k.mean"]')
    start.focus()
    page.keyboard.press("ArrowDown")
    expect(
        page.locator('#table-main-measure-1 [data-id="summary.treated.month_6.sledai_2k.mean"]')
    ).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(
        page.locator('#table-main-measure-1 [data-id="summary.treated.month_6.sledai_2k.sd"]')
    ).to_be_focused()


def test_number_in_the_flow_diagram_opens_too(page: Page) -> None:
    number = page.locator("#figure-flow .n").first
    number.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#origin dl code")).to_have_text("disposition.enrolled.screened.count")


def test_number_stays_where_it_was_when_the_panel_opens(page: Page) -> None:
    number = page.locator('[data-id="summary.treated.month_12.sledai_2k.sd"]').first
    number.scroll_into_view_if_needed()
    before = number.bounding_box()
    number.click()
    after = number.bounding_box()
    panel = page.locator("#origin").bounding_box()
    assert before is not None
    assert after is not None
    assert panel is not None
    assert abs(after["y"] - before["y"]) < 2
    assert after["x"] + after["width"] <= panel["x"]


@pytest.mark.parametrize("width", [390, 768, 1280, 1920])
def test_page_is_never_wider_than_the_screen(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_paper_shows_what_the_screen_folds(page: Page) -> None:
    folded = page.locator("#table-findings-error tbody")
    expect(folded).to_be_hidden()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    expect(folded).to_be_visible()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    expect(folded).to_be_hidden()


def test_paper_is_drawn(page: Page) -> None:
    assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF")


def test_report_is_read_without_scripts(browser: Browser, report: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    opened = context.new_page()
    opened.goto(report.as_uri())
    expect(opened.locator("#table-relapse")).to_contain_text("4/26 (15.4%)")
    expect(opened.get_by_text("Scripts are off")).to_be_visible()
    expect(opened.locator("#origin")).to_be_hidden()
    context.close()


def test_script_in_the_data_does_not_run(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
    expect(page.locator("#table-findings-query")).to_contain_text("</script><script>alert(1)</script>")
    expect(page.locator("script")).to_have_count(2)


def test_words_stand_out_from_the_page(page: Page) -> None:
    """Contrast of every visible text with its background is 4.5 to 1 or more (WCAG 2.2, 1.4.3)."""
    found = page.evaluate(
        """() => {
        const parse = (text) => text.match(/[\\d.]+/g).map(Number);
        const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
          .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
          .reduce((sum, v, place) => sum + v * [0.2126, 0.7152, 0.0722][place], 0);
        const paper = (node) => {
          for (let each = node; each; each = each.parentElement) {
            const colour = parse(getComputedStyle(each).backgroundColor);
            if (colour.length < 4 || colour[3] > 0) return colour;
          }
          return [255, 255, 255];
        };
        const weak = new Set();
        for (const node of document.querySelectorAll('body *:not(svg *)')) {
          const says = [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim());
          if (!says || !node.checkVisibility()) continue;
          const ink = parse(getComputedStyle(node).color);
          const [a, b] = [light(ink), light(paper(node))].sort((x, y) => y - x);
          if ((a + 0.05) / (b + 0.05) < 4.5) weak.add(`${node.tagName}.${node.className}`);
        }
        return [...weak];
      }"""
    )
    assert found == []


def test_who_is_not_in_a_number_is_listed(page: Page) -> None:
    page.evaluate(
        """() => {
        const element = document.getElementById("numbers");
        const book = JSON.parse(element.textContent);
        const record = book.numbers["summary.treated.month_6.sledai_2k.mean"];
        const source = book.strings[book.places[record[0]][book.columns.indexOf("source")]];
        const place = book.atoms.line.length;
        for (const [name, text] of [["subject", "01-099"], ["visit", ""], ["variable", ""], ["file", "x.csv"],
            ["value", "withdrew on day 60"]]) {
            book.strings.push(text);
            book.atoms[name].push(book.strings.length - 1);
        }
        book.atoms.line.push(7);
        book.sources[`${source}/missing`] = `${place}`;
        element.textContent = JSON.stringify(book);
    }"""
    )
    page.locator('#table-main-measure-1 [data-id="summary.treated.month_6.sledai_2k.mean"]').click()
    panel = page.locator("#origin")
    expect(panel.locator("h3").last).to_have_text("Not in this number (1)")
    expect(panel.locator("table.absent tbody tr")).to_have_text("01-099withdrew on day 60x.csv:7")


def test_a_number_printed_once_for_several_opens_each_of_them(page: Page, report: Path) -> None:
    printed = page.locator("[data-also]").first
    ids = [printed.get_attribute("data-id"), *(printed.get_attribute("data-also") or "").split("\n")]
    page.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = true")
    printed.click()
    listed = page.locator("#origin .alike button")
    assert listed.all_inner_texts() == ids
    listed.nth(1).click()
    assert page.locator("#origin dd a code").inner_text() == ids[1]
    assert page.locator("#origin .alike [aria-current]").all_inner_texts() == [ids[1]]
    page.evaluate("history.scrollRestoration = 'manual'")
    page.goto(f"{report.as_uri()}#number={ids[-1]}")
    page.reload()
    assert page.locator("#origin dd a code").inner_text() == ids[-1]
    expect(printed).to_be_in_viewport()
