"""The page of a published text in a real browser: each number leads into the report, on every width and by key."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from funis.demo.reconstruct import reconstruct
from funis.demo.run_demo import demonstrate

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = reconstruct("sjogren", tmp_path_factory.mktemp("demo") / "sjogren")
    return demonstrate("sjogren", place).report.parent


@pytest.fixture
def page(open_page: Callable[[str], Page], folder: Path) -> Page:
    """Open the page."""
    return open_page((folder / "abstract.html").as_uri())


def test_a_published_figure_opens_the_computed_one_in_the_report(page: Page) -> None:
    page.get_by_role("link", name="5.63", exact=True).first.click()
    panel = page.locator("#origin")
    expect(panel.locator("dl code")).to_have_text("summary.treated.baseline.ssdai.mean")
    expect(page.locator(".n.is-open")).to_be_in_viewport()
    expect(panel.locator(".big")).to_contain_text("5.63")
    page.get_by_role("link", name="The published text, sentence by sentence").click()
    expect(page.get_by_role("heading", level=2, name="Conclusion")).to_be_visible()


def test_every_number_of_the_page_is_found_in_the_report(page: Page) -> None:
    names = page.evaluate(
        "[...new Set([...document.querySelectorAll('main a')].map((link) => link.getAttribute('href')))]"
    )
    assert len(names) > 60
    assert all(name.startswith("report.html#number=") for name in names)
    page.get_by_role("link", name="To the report").click()
    # The new page has to be there before its numbers are asked for.
    page.locator("script#numbers").wait_for(state="attached")
    lost = page.evaluate(
        """(names) => {
        const known = JSON.parse(document.getElementById("numbers").textContent).numbers;
        return names.map((name) => decodeURIComponent(name.split("=")[1])).filter((id) => !(id in known));
      }""",
        names,
    )
    assert lost == []


def test_a_number_that_no_table_prints_opens_its_panel(page: Page, folder: Path) -> None:
    report = (folder / "report.html").as_uri()
    page.goto(report)
    unprinted = page.evaluate(
        """() => Object.keys(JSON.parse(document.getElementById("numbers").textContent).numbers)
        .find((id) => !document.querySelector(`[data-id="${CSS.escape(id)}"]`)) ?? ''"""
    )
    if not unprinted:
        page.evaluate(
            """() => document.querySelectorAll('[data-id="summary.treated.baseline.ssdai.mean"]')
            .forEach((node) => node.removeAttribute("data-id"))"""
        )
        unprinted = "summary.treated.baseline.ssdai.mean"
    page.evaluate("(id) => { location.hash = `number=${id}`; }", unprinted)
    panel = page.locator("#origin")
    expect(panel.locator("dl code")).to_have_text(unprinted)
    expect(panel.locator(".big")).not_to_be_empty()
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()


def test_keys_alone_reach_a_number_and_its_source(page: Page) -> None:
    page.keyboard.press("Tab")
    expect(page.locator("a.skip")).to_be_focused()
    page.keyboard.press("Enter")
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.getAttribute('href')?.startsWith('report.html#')"):
            break
    page.keyboard.press("Enter")
    expect(page.locator("#origin h2")).to_be_focused()


@pytest.mark.parametrize("width", [320, 390, 768, 1280, 1440])
def test_the_page_is_never_wider_than_the_screen_and_says_everything(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    # No table has to be moved sideways to read why a row has its mark.
    hidden = page.evaluate(
        "[...document.querySelectorAll('.scroll:has(.stacked)')].filter((each) => each.scrollWidth > each.clientWidth)"
        ".length"
    )
    assert hidden == 0


def test_on_a_phone_each_cell_has_its_head_and_the_table_stays_one(page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 800})
    cell = page.locator(".stacked td[data-head='Why']").first
    assert cell.evaluate("(node) => getComputedStyle(node, '::before').content") == '"Why"'
    table = page.locator("table.stacked").first
    assert table.get_by_role("cell").count() > 3
    assert page.get_by_role("columnheader", name="Mark").count() > 3


def test_paper_shows_every_sentence(page: Page) -> None:
    page.emulate_media(media="print")
    for row in page.locator("tr.group").all():
        expect(row).to_be_visible()
    assert page.locator("tr.group").count() == 22
    expect(page.locator("nav.contents")).to_be_hidden()
    assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF")


def test_the_page_is_read_without_scripts(browser: Browser, folder: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    opened = context.new_page()
    opened.goto((folder / "abstract.html").as_uri())
    expect(opened.get_by_text("where scripts are needed to open it")).to_be_visible()
    expect(opened.get_by_text("The cells are safe", exact=True)).to_be_visible()
    context.close()
