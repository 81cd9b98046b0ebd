"""The browser that pages are tried in."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

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
