"""A story in a real browser against a real server: screen, consent, enter, correct, die, go on, export."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect, sync_playwright
from tests.browser.axe import find_violations

from funis.study.read import template_path

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("server story")]

CHROMIUM = "/usr/bin/chromium"
PREPARE = """
import json, sys
from pathlib import Path
from funis.capture.configuration import Configuration
from funis.capture.serve import prepare
prepare(Configuration(Path(sys.argv[1])))
from funis.capture.demo_users import add_demo_users
Path(sys.argv[2]).write_text(json.dumps(add_demo_users()))
"""


class Server:
    """``funis serve`` in a process group of its own, so that it can be killed whole."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"http://localhost:{self.port}"

    def start(self, *options: str) -> None:
        command = [sys.executable, "-m", "funis.cli", "serve", str(self.folder), "--port", str(self.port)]
        command += options
        self.process = subprocess.Popen(command, start_new_session=True, stderr=subprocess.DEVNULL)
        pause = threading.Event()
        for _ in range(1200):
            with suppress(urllib.error.URLError, ConnectionError, TimeoutError):
                if urllib.request.urlopen(f"{self.address}/health", timeout=5).status == 200:  # noqa: S310 - our own
                    return
            pause.wait(0.1)
        pytest.fail("the server did not become ready")

    def kill(self) -> None:
        """Kill every process of the server at once, as a machine that loses its power does."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, dict[str, str]]]:
    folder = tmp_path_factory.mktemp("story") / "trial"
    folder.mkdir()
    (folder / "study.toml").write_text(template_path("sle").read_text(encoding="utf-8"), encoding="utf-8")
    accounts = folder.parent / "accounts.json"
    subprocess.run([sys.executable, "-c", PREPARE, str(folder), str(accounts)], check=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = Server(folder, port)
    server.start()
    yield server, {each["user"]: each["password"] for each in json.loads(accounts.read_text())}
    server.kill()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Any) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.requests_elsewhere = []
    page.on("request", lambda sent: _note(page, sent.url))
    yield page
    elsewhere = page.requests_elsewhere
    context.close()
    assert elsewhere == [], "a request left the machine"


def _note(page: Any, url: str) -> None:
    if not url.startswith(("http://localhost:", "data:", "blob:")):
        page.requests_elsewhere.append(url)


def log_in(page: Page, served: tuple[Server, dict[str, str]], user: str) -> None:
    server, passwords = served
    page.goto(f"{server.address}/login")
    page.get_by_label("Login name").fill(user)
    page.get_by_label("Password").fill(passwords[user])
    page.locator("main button").click()
    page.wait_for_url(f"{server.address}/**")


def today() -> str:
    return datetime.now(UTC).astimezone(ZoneInfo("Asia/Shanghai")).date().isoformat()


def new_baseline(page: Page, served: tuple[Server, dict[str, str]]) -> str:
    """Screen a subject, record consent and the baseline visit; give the address of the visit."""
    page.goto(f"{served[0].address}/subjects")
    page.get_by_role("button", name="New subject").click()
    page.get_by_label("Version of the information sheet").fill("2.0")
    page.get_by_role("button", name="Record consent").click()
    row = page.locator("tr", has_text="Baseline")
    # As on a keypad of a telephone, which has no hyphen.
    row.locator("input[name=date]").press_sequentially(today().replace("-", ""))
    expect(row.locator("input[name=date]")).to_have_value(today())
    row.get_by_role("button", name="Record visit").click()
    page.wait_for_url("**/visits/**")
    return page.url


def choose(page: Page, item: str, level: int) -> None:
    page.locator(f"[data-item={item}] input[name={item}][value='{level}']").check()


def all_sent(page: Page) -> None:
    expect(page.locator("[data-unsent]")).to_have_text("Everything is on the server", timeout=60_000)


def verify(server: Server) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "funis.cli", "audit-trail", "verify", str(server.folder), "--json"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_visit_is_entered_corrected_and_found_in_the_export(
    page: Page, served: tuple[Server, dict[str, str]], tmp_path: Path
) -> None:
    server, _ = served
    log_in(page, served, "coordinator-01")
    new_baseline(page, served)
    subject = page.locator("main > p a").first.inner_text().rpartition(" ")[2]
    page.get_by_role("link", name="SLEDAI").click()
    expect(page.locator("html")).to_have_attribute("data-entry", "ready")
    items = page.locator("[data-item]").evaluate_all(
        "all => all.filter(each => each.querySelector('input[type=radio]')).map(each => each.dataset.item)"
    )
    for item in items:
        choose(page, item, 1 if item in {"arthritis", "rash"} else 0)
    all_sent(page)
    # SLEDAI-2K: arthritis 4, rash 2.
    score = page.locator("[data-score] [data-column=sledai_2k]")
    expect(score).to_have_text("6")
    choose(page, "rash", 0)
    page.get_by_role("textbox", name="Why is the value another now?").fill("typing error")
    page.get_by_role("button", name="Save the change").click()
    all_sent(page)
    expect(score).to_have_text("4")
    page.reload()
    expect(score).to_have_text("4")
    page.get_by_role("link", name="History").click()
    newest = page.locator("tbody tr").first
    expect(newest).to_contain_text("typing error")
    expect(newest).to_contain_text("1 (present) → 0 (absent)")
    assert verify(server)["alterations"] == []
    out = tmp_path / "out"
    command = [sys.executable, "-m", "funis.cli", "export", str(server.folder), str(out)]
    subprocess.run(command, check=True, capture_output=True)
    import csv

    with (out / "data" / "sledai_2k.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    own = [row for row in rows if row["subject"] == subject]
    found = [(row["visit"], row["arthritis"], row["rash"], row["date"]) for row in own]
    assert found == [("baseline", "1", "0", today())]


def test_a_change_that_is_taken_back_leaves_the_value(
    page: Page, served: tuple[Server, dict[str, str]]
) -> None:
    log_in(page, served, "coordinator-01")
    new_baseline(page, served)
    page.get_by_role("link", name="SLEDAI").click()
    choose(page, "rash", 1)
    all_sent(page)
    choose(page, "rash", 0)
    page.get_by_role("button", name="Take the change back").click()
    expect(page.locator("[data-item=rash] input[name=rash][value='1']")).to_be_checked()
    page.reload()
    expect(page.locator("[data-item=rash] input[name=rash][value='1']")).to_be_checked()


def test_the_browser_scores_as_the_server_does(page: Page, served: tuple[Server, dict[str, str]]) -> None:
    """BILAG-2004, with findings that are not due to the disease and not done: no difference is reported."""
    reported: list[str] = []
    page.on("request", lambda sent: reported.append(sent.url) if sent.url.endswith("/difference") else None)
    log_in(page, served, "investigator-02")
    new_baseline(page, served)
    page.get_by_role("link", name="BILAG").click()
    expect(page.locator("html")).to_have_attribute("data-entry", "ready")
    for item, level in (
        ("arthritis_severe", 3),
        ("pyrexia", 1),
        ("skin_eruption_severe", 4),
        ("weight_loss", 0),
    ):
        choose(page, item, level)
    page.locator("[data-item=pyrexia] input[name=pyrexia_attributed]").check()
    page.locator("[data-item=anorexia] input[value=ND]").check()
    all_sent(page)
    expect(page.locator("[data-score] [data-column=bilag_2004_musculoskeletal]")).to_have_text("A")
    assert reported == []


def test_nothing_is_lost_when_the_server_dies(page: Page, served: tuple[Server, dict[str, str]]) -> None:
    server, _ = served
    log_in(page, served, "coordinator-03")
    new_baseline(page, served)
    page.get_by_role("link", name="SLEDAI").click()
    expect(page.locator("html")).to_have_attribute("data-entry", "ready")
    choose(page, "seizure", 0)
    all_sent(page)
    server.kill()
    for item in ("psychosis", "visual_disturbance", "arthritis"):
        choose(page, item, 1)
    expect(page.locator("[data-unsent]")).to_have_text("3 not yet on the server")
    server.start()
    all_sent(page)
    page.reload()
    for item in ("psychosis", "visual_disturbance", "arthritis"):
        expect(page.locator(f"[data-item={item}] input[name={item}][value='1']")).to_be_checked()
    found = verify(server)
    assert found["alterations"] == []
    assert found["receipts"] > 0


def test_another_site_is_not_there(page: Page, served: tuple[Server, dict[str, str]]) -> None:
    log_in(page, served, "coordinator-01")
    visit = new_baseline(page, served)
    page.context.clear_cookies()
    log_in(page, served, "coordinator-02")
    answer = page.goto(visit)
    assert answer is not None
    assert answer.status == 404


def check_page(page: Page, name: str) -> None:
    assert find_violations(page) == [], name
    page.set_viewport_size({"width": 320, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320, name
    page.set_viewport_size({"width": 1280, "height": 900})


def test_a_story_by_keyboard_alone(page: Page, served: tuple[Server, dict[str, str]]) -> None:
    log_in(page, served, "coordinator-04")
    page.goto(f"{served[0].address}/subjects")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent.trim()") == "New subject":
            break
    page.keyboard.press("Enter")
    page.wait_for_url("**/subjects/*-*")
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.name") == "document_version":
            break
    else:
        pytest.fail("no key leads to the consent")
    page.keyboard.type("2.0")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("Withdraw consent")
