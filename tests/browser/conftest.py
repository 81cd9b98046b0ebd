"""The browser that pages are tried in."""

import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

SWITCHES = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start the Chromium of the machine; without one the tests are skipped with a word."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no Chromium on this machine: the report is not tried in a browser")
    with sync_playwright() as engine:
        opened = engine.chromium.launch(executable_path=chromium, args=SWITCHES)
        yield opened
        opened.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[[str], Page]]:
    """Open pages by their addresses; what they ask for and complain about must stay empty."""
    pages: list[Page] = []
    asked: list[str] = []
    said: list[str] = []

    def open_at(address: str) -> Page:
        opened = browser.new_page(viewport={"width": 1280, "height": 900})
        opened.on("request", lambda request: asked.append(request.url))
        opened.on("console", lambda message: said.append(message.text))
        opened.on("pageerror", lambda error: said.append(str(error)))
        opened.goto(address)
        pages.append(opened)
        return opened

    yield open_at
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert said == []
    for each in pages:
        each.close()
