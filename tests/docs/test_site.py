"""The documentation site: built without a warning, asks no foreign host, is searched from a file."""

import re
import shutil
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "docs"), str(ROOT / "docs" / "site")]
build_site: Any = import_module("build_site")
PROGRAMMING = re.compile(
    r"`|\b(?:python|code|function|script|frame|null|schema|payload|string|boolean|api|import|"
    r"command|terminal|install|repository|toml|csv|json|argument|parameter|module|compile)s?\b",
    re.IGNORECASE,
)
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("site")]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    html: Path = build_site.build_site(tmp_path_factory.mktemp("site"))
    return html


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no Chromium on this machine: the site is not tried in a browser")
    with sync_playwright() as engine:
        opened = engine.chromium.launch(
            executable_path=chromium, args=["--headless=new", "--no-sandbox", "--disable-gpu"]
        )
        yield opened
        opened.close()


def test_the_page_for_the_clinician_has_no_word_of_programming() -> None:
    text = (ROOT / "docs" / "for-clinicians.md").read_text(encoding="utf-8")
    shown = re.sub(r"\]\([^)]*\)", "]", text)
    assert PROGRAMMING.findall(shown) == []


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1280])
def test_pages_ask_nobody_and_fit_the_screen(site: Path, browser: Browser, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900})
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: said.append(str(error)))
    for name in (
        "index", "for-clinicians", "for-statisticians", "reference/instruments/bilag_2004", "reference/python",
    ):  # fmt: skip
        page.goto((site / f"{name}.html").as_uri())
        # A wide table scrolls in its own box; the page itself does not.
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
    page.close()
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert said == []


@pytest.mark.browser
def test_search_finds_a_word_without_a_server(site: Path, browser: Browser) -> None:
    page = browser.new_page()
    page.goto((site / "index.html").as_uri())
    page.locator("input[name=q]").first.fill("satterthwaite")
    page.keyboard.press("Enter")
    page.locator("#search-results li a").first.wait_for()
    found = page.locator("#search-results li a").all_inner_texts()
    page.locator("#search-results li a", has_text="Mixed model for repeated measures").first.click()
    assert page.url.startswith("file:")
    assert "mmrm.html" in page.url, found
    page.close()


def test_a_foreign_request_and_a_dead_link_are_noticed(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(
        '<a href="https://example.org">a link is no request</a><img src="https://example.org/a.png">'
        '<link rel="stylesheet" href="//example.org/a.css"><style>@import "https://example.org/b.css"</style>',
        encoding="utf-8",
    )
    (tmp_path / "style.css").write_text("a { background: url(http://example.org/c.png) }", encoding="utf-8")
    assert len(build_site.find_foreign_requests(tmp_path)) == 4
    with pytest.raises(SystemExit, match="does not have"):
        build_site.relinked(ROOT / "docs" / "index.md", "[a](../Makefile)")
