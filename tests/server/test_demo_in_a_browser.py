"""The demonstration in a real browser: every page of every role, and the acts that wait in it for somebody.

The pages are found by following the links from the first page of each role, and held against the table of
addresses: a new page that nobody can come to, or that is not looked at here, fails.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect
from tests.browser.axe import find_violations
from tests.server.demo_server import Demo, start_demo, walk
from tests.server.test_signing_story import add_authenticator
from tests.server.test_story import chromium, today

import funis.capture

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("demo story")]
__all__ = ["chromium"]

USERS = (
    "coordinator-04", "coordinator-01", "investigator-01", "monitor-01", "cell_laboratory", "data_manager",
    "safety_board", "administrator",
)  # fmt: skip
A_FORM = "forms/<str:key>"
MANY = {"subjects/<str:key>": 8, "subjects/<str:key>/infusions": 8, A_FORM: 6}
"""Addresses of which more than two pages are opened by each user: what stands there differs."""
NOT_WALKED = {
    "health": "no page",
    "login/second": "between a password and its code",
    "scores/<str:name>": "a script",
    "forms/<str:key>/queries": "read by a script",
    "blank-forms.pdf": "no page",
    "allocations": "of randomised trials: see the story of allocation",
    "subjects/<str:key>/allocation": "of randomised trials: see the story of allocation",
    "subjects/<str:key>/unblind": "of randomised trials: see the story of allocation",
}
AS_THE_STUDY_SAYS = {
    "accounts": "printed names of the users, which are those of their roles",
}
"""Pages on which words of the study stand that are English words of other pages, too."""
TEXTS = """() => {
  const found = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const place = walker.currentNode.parentElement;
    if (place && !place.closest("script, style, [lang=en], del, ins")) found.push(walker.currentNode.textContent.trim());
  }
  return found;
}"""


class Found(NamedTuple):
    """A page that somebody came to by links."""

    pattern: str
    user: str
    path: str


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    yield from start_demo(tmp_path_factory.mktemp("demo"))


@pytest.fixture(scope="module")
def found(demo: Demo, chromium: Any) -> list[Found]:
    """Give one page of each address, of forms several, each with the first user who came to it."""
    pages: list[Found] = []
    shown: Counter[str] = Counter()
    for user in USERS:
        counted: Counter[str] = Counter()

        def take(pattern: str, counted: Counter[str] = counted) -> bool:
            counted[pattern] += 1
            return counted[pattern] <= MANY.get(pattern, 2)

        for pattern, path, kind in walk(demo, demo.page_of(chromium, user), take):
            if "html" in kind and shown[pattern] < (MANY[pattern] if pattern == A_FORM else 1):
                shown[pattern] += 1
                pages.append(Found(pattern, user, path))
    return pages


def look_at(page: Page, name: str) -> list[str]:
    """Give what axe-core finds on a page, and whether it is wider than a small telephone."""
    return [f"{name}: {each}" for each in find_violations(page)] + too_wide(page, name)


def too_wide(page: Page, name: str) -> list[str]:
    page.set_viewport_size({"width": 320, "height": 700})
    width = page.evaluate("document.documentElement.scrollWidth")
    page.set_viewport_size({"width": 1280, "height": 900})
    return [f"{name}: {width} px wide"] if width > 320 else []


def test_every_page_is_reached_by_links(demo: Demo, found: list[Found]) -> None:
    readable = {each.pattern for each in demo.addresses if "GET" in each.methods}
    assert readable - {each.pattern for each in found} == set(NOT_WALKED)


def test_axe_core_finds_nothing_and_nothing_is_too_wide(
    demo: Demo, found: list[Found], chromium: Any
) -> None:
    said: list[str] = []
    for each in found:
        page = demo.page_of(chromium, each.user)
        page.goto(demo.server.address + each.path)
        said += look_at(page, each.pattern)
    assert said == []


def test_in_chinese_no_word_of_the_pages_is_english(demo: Demo, found: list[Found], chromium: Any) -> None:
    folder = Path(funis.capture.__path__[0]) / "pages" / "chinese"
    translated = [tomllib.loads(file.read_text(encoding="utf-8")) for file in folder.glob("*.toml")]
    # A name such as SHA-256 is the same word in both.
    words = {key for each in translated for key, chinese in each.items() if chinese != key}
    english = {each for each in words if each[:1].isupper()}
    said: list[str] = []
    switched: set[str] = set()
    for each in found:
        page = demo.page_of(chromium, each.user)
        page.goto(demo.server.address + ("/account" if each.user not in switched else each.path))
        if each.user not in switched:
            page.get_by_role("button", name="简体中文").click()
            expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")
            switched.add(each.user)
            page.goto(demo.server.address + each.path)
        texts = {text.rstrip(": ") for text in page.evaluate(TEXTS)}
        left = {text for text in texts if text in english or re.fullmatch(r"Baseline|Month \d+", text)}
        said += [f"{each.pattern}: {left}"] if left and each.pattern not in AS_THE_STUDY_SAYS else []
        said += too_wide(page, f"{each.pattern} in Chinese")
    for user in switched:
        demo.page_of(chromium, user).get_by_role("button", name="English").click()
    assert said == []


def test_the_door_speaks_the_language_of_the_browser(demo: Demo, chromium: Any) -> None:
    page = chromium.new_context(locale="zh-CN").new_page()
    page.goto(f"{demo.server.address}/login")
    expect(page.get_by_role("heading", name="登录")).to_be_visible()
    assert look_at(page, "login") == []
    answer = page.goto(f"{demo.server.address}/nowhere")
    assert answer is not None
    assert answer.status == 404
    assert look_at(page, "404") == []


def test_a_serious_event_is_reported_and_the_board_sees_it(demo: Demo, chromium: Any) -> None:
    page = demo.page_of(chromium, "investigator-01")
    page.goto(f"{demo.server.address}/overview")
    page.get_by_role("link", name="Serious events to be reported: 1").click()
    row = page.locator("tr", has_text="Pneumonia")
    expect(row).to_contain_text("Report is due")
    row.get_by_role("link", name="Pneumonia").click()
    sent = datetime.now(ZoneInfo("Asia/Shanghai")) - timedelta(minutes=2)
    page.locator("form[action$='/reports'] [name=sent_at]").fill(f"{sent:%Y-%m-%d %H:%M}")
    page.locator("form[action$='/reports'] [name=sent_to]").fill("sponsor")
    page.locator("form[action$='/reports'] button").click()
    page.goto(f"{demo.server.address}/safety")
    expect(page.locator("tr", has_text="Pneumonia")).to_contain_text("Reported in time")
    board = demo.page_of(chromium, "safety_board")
    board.goto(f"{demo.server.address}/safety/board")
    # Of three events entered, one is serious and related to the cells; three subjects would pause the infusions.
    rule = board.locator("article", has_text="Serious events related to the cells")
    expect(rule).to_contain_text("Not crossed")
    expect(rule.locator("tr", has_text="Further subjects")).to_contain_text("2")
    serious = board.locator("tr", has_text="RECON-").filter(has_text="Fever")
    expect(serious).to_contain_text("Reported in time")


def test_a_second_person_takes_words_out(demo: Demo, chromium: Any) -> None:
    server, page = demo.server, demo.page_of(chromium, "data_manager")
    add_authenticator(page)
    page.goto(f"{server.address}/account")
    form = page.locator("form[action='/account/passkeys']")
    form.get_by_label("Name of the device").fill("laptop")
    form.get_by_label("Password").fill(demo.passwords["data_manager"])
    form.get_by_role("button").click()
    page.get_by_role("button", name="Make the passkey").click()
    expect(page.locator(".recovery li")).to_have_count(10)
    page.goto(f"{server.address}/subjects?site=01&after=01-040")
    subject = str(page.get_by_role("link", name="01-041").get_attribute("href"))
    page.goto(f"{server.address}{subject}/redactions")
    expect(page.locator(".asked")).to_contain_text("telephone 0000-0000")
    page.locator("form[action$='/confirm'] [name=why]").fill("it names a person")
    page.get_by_role("button", name="Take the words out, as the second person").click()
    expect(page.locator("table").last).to_contain_text("Taken out")
    page.goto(f"{server.address}/queries?state=answered")
    page.get_by_role("link", name="For how long has the arthritis been there?").click()
    thread = page.locator("main")
    expect(thread).to_contain_text("[redacted on")
    expect(thread).not_to_contain_text("0000-0000")


def test_an_amendment_is_put_in_force_at_one_site(demo: Demo, chromium: Any) -> None:
    server, page = demo.server, demo.page_of(chromium, "data_manager")
    page.goto(f"{server.address}/study")
    page.locator("tr", has_text="01 Centre 1").get_by_role("link", name="Version 2").click()
    differences = page.locator(".differences")
    for what in ("month_1", "crp", "I2"):
        expect(differences).to_contain_text(what)
    page.get_by_text("Put in force at site 01").click()
    form = page.locator("details[open] form")
    form.locator("[name=approved_on]").fill(today())
    form.locator("[name=reason]").fill("approved by the ethics committee")
    form.get_by_role("button").click()
    page.goto(f"{server.address}/study")
    rows = page.locator("table").first.locator("tbody tr")
    expect(rows.nth(0)).to_contain_text("Version 2")
    expect(rows.nth(1).locator("td").first).to_have_text("Version 1")
    tests = {}
    for site, number in (("01", "01-041"), ("04", "04-")):
        own = demo.page_of(chromium, f"coordinator-{site}")
        own.goto(f"{server.address}/subjects")
        own.get_by_role("link", name=re.compile(f"^{number}")).first.click()
        own.locator("form", has=own.locator("input[value=unscheduled]")).locator("[name=date]").fill(today())
        own.locator("form", has=own.locator("input[value=unscheduled]")).get_by_role("button").click()
        own.wait_for_url("**/visits/**")
        own.locator("select[name=name]").select_option("labs")
        own.get_by_role("button", name="Add").click()
        own.wait_for_url("**/forms/**")
        tests[site] = "crp" in own.locator("[name=test]").first.inner_html()
    assert tests == {"01": True, "04": False}


SMALL = """() => {
  const small = [];
  for (const each of document.querySelectorAll("main :is(a, button, select, textarea, summary, input), .bar :is(a, button)")) {
    const label = ["checkbox", "radio"].includes(each.type) ? each.labels[0] : null;
    const { width, height } = (label ?? each).getBoundingClientRect();
    if (width && height && (Math.round(width) < 44 || Math.round(height) < 44))
      small.push(`${each.tagName} ${each.name ?? ""} ${each.textContent.trim()} ${width}x${height}`);
  }
  return small;
}"""


@pytest.mark.parametrize("user", ["coordinator-04", "monitor-01", "cell_laboratory"])
def test_a_finger_meets_whatever_can_be_pressed_on_a_tablet(
    demo: Demo, found: list[Found], chromium: Any, user: str
) -> None:
    kept = demo.page_of(chromium, user).context.storage_state()
    tablet = chromium.new_context(
        viewport={"width": 820, "height": 1180}, has_touch=True, storage_state=kept
    ).new_page()
    paths = {each.pattern: each.path for each in found if each.user == user}
    assert paths
    said: list[str] = []
    for pattern, path in paths.items():
        tablet.goto(demo.server.address + path)
        assert tablet.evaluate("matchMedia('(pointer: coarse)').matches")
        width = tablet.evaluate("document.documentElement.scrollWidth")
        said += [f"{pattern}: {each}" for each in tablet.evaluate(SMALL)]
        said += [f"{pattern}: {width} px wide"] if width > 820 else []
    tablet.context.close()
    assert said == []
