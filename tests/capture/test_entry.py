"""What is typed on a form is on the server once, whole and in order, whatever the network and the server do.

The oracle is the server's own list of what it applied, key by key.
"""

import random
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Dialog, Page, Route, expect, sync_playwright
from tests.capture.entry_server import ITEMS, EntryServer

pytestmark = pytest.mark.browser
SWITCHES = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
# A machine that is busy keeps and sends late, and that is no fault: only what never comes is one.
expect.set_options(timeout=60_000)
CLICK = "([item, value]) => document.querySelector(`input[name=${item}][value='${value}']`).click()"
STORED = """async () => {
  const opened = indexedDB.open("funis-entries");
  await new Promise((done) => (opened.onsuccess = done));
  const all = opened.result.transaction("entries").objectStore("entries").getAll();
  await new Promise((done) => (all.onsuccess = done));
  return all.result.map(({text}) => new TextDecoder("latin1").decode(text));
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no Chromium on this machine: entry is not tried in a browser")
    with sync_playwright() as engine:
        opened = engine.chromium.launch(executable_path=chromium, args=SWITCHES)
        yield opened
        opened.close()


@pytest.fixture
def server() -> Iterator[EntryServer]:
    running = EntryServer()
    yield running
    running.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    opened = browser.new_context()
    opened.set_default_timeout(60_000)
    yield opened
    opened.close()


def open_form(context: BrowserContext, server: EntryServer, form: str = "F1") -> Page:
    page = context.new_page()
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(f"{server.home}/form/{form}")
    expect(page.locator("html")).to_have_attribute("data-entry", "ready")
    return page


def field(page: Page, item: str) -> Any:
    return page.locator(f"[data-item={item}]")


def wait_until_all_is_saved(page: Page) -> None:
    expect(page.locator("[data-unsent]")).to_have_text("Everything is on the server", timeout=60_000)


class Typist:
    """Clicks levels, each another than stands there, and remembers them."""

    def __init__(self, seed: int) -> None:
        self.dice, self.typed = random.Random(seed), list[tuple[str, int]]()  # noqa: S311
        self.values: dict[str, int] = {}

    def click(self, page: Page, count: int) -> None:
        for _ in range(count):
            item = self.dice.choice(ITEMS)
            value = 1 - self.values[item] if item in self.values else self.dice.choice([0, 1])
            self.values[item] = value
            self.typed.append((item, value))
            page.evaluate(CLICK, [item, value])


def applied_to(server: EntryServer, form: str = "F1") -> list[tuple[str, Any]]:
    return [
        (item, change["new"])
        for _, of, changes in server.applied
        if of == form
        for item, change in changes.items()
    ]


def test_of_100_entries_none_is_lost_doubled_or_reordered(
    context: BrowserContext, server: EntryServer
) -> None:
    page, typist = open_form(context, server), Typist(1)
    server.mode = "faulty"
    typist.click(page, 40)
    server.wait_for(10)
    context.set_offline(True)
    typist.click(page, 20)
    expect(page.locator("[data-unsent]")).to_contain_text("not yet on the server")
    server.mode = "down"
    context.set_offline(False)
    typist.click(page, 10)
    last_item, _ = typist.typed[-1]
    expect(field(page, last_item)).to_have_attribute("data-state", "kept")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-entry", "ready")
    for item, value in typist.values.items():
        assert page.locator(f"input[name={item}]:checked").get_attribute("value") == str(value)
    server.mode = "faulty"
    typist.click(page, 30)
    server.wait_for(100)
    wait_until_all_is_saved(page)
    assert applied_to(server) == typist.typed
    assert server.documents["F1"] == typist.values
    assert len(server.answers) == len(server.applied) == 100
    assert server.killed > 30
    # Some were stored and the answer was lost: asked again under the same key.
    assert len(server.seen) > 100
    assert page.evaluate(STORED) == []
    assert server.tokens == {"token-of-page"}


def test_a_field_says_only_what_became_of_the_value_that_stands_in_it(
    context: BrowserContext, server: EntryServer
) -> None:
    page = open_form(context, server)
    page.evaluate(
        """async () => {
          const field = document.querySelector("[data-item=rash]");
          window.said = [];
          new MutationObserver(() => said.push(field.dataset.state)).observe(field, {attributeFilter: ["data-state"]});
          for (const value of [1, 0, 1]) {
            field.querySelector(`input[value='${value}']`).click();
            for (let turn = 0; turn < 5; turn++) await null; // as long as the page needs to take the click, no more
          }
        }"""
    )
    server.wait_for(3)
    wait_until_all_is_saved(page)
    expect(field(page, "rash")).to_have_attribute("data-state", "saved")
    # Of three values the first two are never said to be kept or saved: another one stood there by then.
    assert [word for word in page.evaluate("said") if word != "entered"] == ["kept", "saved"]


def test_two_tabs_have_one_queue_and_one_sender(context: BrowserContext, server: EntryServer) -> None:
    one, other = open_form(context, server, "F1"), open_form(context, server, "F2")
    server.mode = "faulty"
    first, second = Typist(2), Typist(3)
    for _ in range(15):
        first.click(one, 1)
        second.click(other, 1)
    server.wait_for(30)
    for page in (one, other):
        wait_until_all_is_saved(page)
    assert applied_to(server, "F1") == first.typed
    assert applied_to(server, "F2") == second.typed
    assert len(server.applied) == 30
    assert server.most_sending == 1
    # Each tab hears of its own entries, whoever sent them.
    item, _ = first.typed[-1]
    expect(field(one, item)).to_have_attribute("data-state", "saved")


def test_a_tab_that_is_closed_leaves_its_entries_to_the_other(
    context: BrowserContext, server: EntryServer
) -> None:
    one, other = open_form(context, server, "F1"), open_form(context, server, "F2")
    server.mode = "down"
    typist = Typist(4)
    typist.click(one, 3)
    expect(field(one, typist.typed[-1][0])).to_have_attribute("data-state", "kept")
    one.close()
    server.mode = "up"
    server.wait_for(3)
    wait_until_all_is_saved(other)
    assert applied_to(server, "F1") == typist.typed


def test_an_ended_session_keeps_the_queue_and_says_so(context: BrowserContext, server: EntryServer) -> None:
    page = open_form(context, server)
    server.mode = "ended"
    page.evaluate(CLICK, ["rash", 1])
    banner = page.get_by_role("alert")
    expect(banner).to_contain_text("Your session has ended. What you entered is kept here.")
    expect(banner.get_by_role("link")).to_have_attribute("href", "/login")
    page.evaluate(CLICK, ["seizure", 0])
    expect(page.locator("[data-unsent]")).to_have_text("2 not yet on the server")
    server.mode = "up"
    page.evaluate("dispatchEvent(new Event('online'))")
    server.wait_for(2)
    wait_until_all_is_saved(page)
    expect(banner).to_have_count(0)
    assert applied_to(server) == [("rash", 1), ("seizure", 0)]


@pytest.mark.parametrize(("button", "stands"), [("Take theirs", 0), ("Save mine", 1)])
def test_a_conflict_shows_both_values_and_who(
    context: BrowserContext, server: EntryServer, button: str, stands: int
) -> None:
    page = open_form(context, server)
    server.documents["F1"] = {"rash": 0}
    page.evaluate(CLICK, ["rash", 1])
    said = field(page, "rash").locator("[data-said]")
    expect(said).to_contain_text("Somebody else changed this")
    expect(said.locator(".yours")).to_have_text("1")
    expect(said).to_contain_text("theirs (B. Chen, 09:14)")
    expect(said.locator(".theirs")).to_have_text("0")
    # The control keeps what was chosen until somebody decides.
    assert page.locator("input[name=rash]:checked").get_attribute("value") == "1"
    expect(page.locator("[data-unsent]")).to_contain_text("1 need your answer")
    page.reload()
    said.get_by_role("button", name=button).click()
    wait_until_all_is_saved(page)
    assert page.locator("input[name=rash]:checked").get_attribute("value") == str(stands)
    assert server.documents["F1"]["rash"] == stands


def test_a_refused_value_is_explained_and_its_correction_is_no_conflict(
    context: BrowserContext, server: EntryServer
) -> None:
    page = open_form(context, server)
    server.mode = "down"
    weight = page.locator("input[name=weight]")
    for value in ("700", "70"):
        weight.fill(value)
        weight.blur()
    expect(page.locator("[data-unsent]")).to_have_text("2 not yet on the server")
    server.mode = "up"
    server.wait_for(2)
    wait_until_all_is_saved(page)
    assert server.documents["F1"] == {"weight": "70"}
    weight.fill("900")
    weight.blur()
    expect(field(page, "weight")).to_contain_text("Not saved: found 900; allowed up to 250. Weigh again.")
    expect(weight).to_have_value("900")
    weight.fill("90")
    weight.blur()
    wait_until_all_is_saved(page)
    assert server.documents["F1"] == {"weight": "90"}
    # What is saved and asked about says so beside the field, until the field is entered anew.
    for value, asked in (("20", ["Please check: below 30 Weigh again."]), ("25", 1), ("70", 0)):
        weight.fill(value)
        weight.blur()
        wait_until_all_is_saved(page)
        said = field(page, "weight").locator("p.warning")
        expect(said).to_have_text(asked) if isinstance(asked, list) else expect(said).to_have_count(asked)
    assert server.documents["F1"] == {"weight": "70"}


def test_an_answer_leaves_the_control_that_is_edited(context: BrowserContext, server: EntryServer) -> None:
    page = open_form(context, server)
    server.mode = "down"
    page.evaluate(CLICK, ["rash", 1])
    weight = page.locator("input[name=weight]")
    weight.focus()
    page.keyboard.type("6")
    server.mode = "up"
    server.wait_for(1)
    expect(field(page, "rash")).to_have_attribute("data-state", "saved")
    page.keyboard.type("5")
    expect(weight).to_have_value("65")
    expect(weight).to_be_focused()


def test_the_score_is_there_at_once_and_a_difference_is_reported(
    context: BrowserContext, server: EntryServer
) -> None:
    page = open_form(context, server)
    panel = page.locator("[data-column=sledai_2k]")
    page.evaluate(CLICK, ["arthritis", 0])
    server.wait_for(1)
    server.mode = "down"
    page.evaluate(CLICK, ["rash", 1])
    expect(panel).to_have_text("2")
    assert server.reports == []
    server.wrong_scores = {"sledai_2k": 3}
    server.mode = "up"
    server.wait_for_report()
    expect(panel).to_have_text("3")
    (report,) = server.reports
    assert (report["page"], report["server"]) == ({"sledai_2k": 2}, {"sledai_2k": 3})


def test_another_answer_than_a_receipt_is_none(context: BrowserContext, server: EntryServer) -> None:
    page = open_form(context, server)
    server.mode = "portal"
    page.evaluate(CLICK, ["rash", 1])
    expect(field(page, "rash")).to_have_attribute("data-state", "kept")
    expect(page.locator("[data-unsent]")).to_have_text("1 not yet on the server")
    server.mode = "up"
    server.wait_for(1)
    wait_until_all_is_saved(page)


def test_what_is_chosen_before_the_script_has_come_is_entered(
    context: BrowserContext, server: EntryServer
) -> None:
    page, held = context.new_page(), list[Route]()
    page.route("**/static/entry.js", lambda route: held.append(route))  # noqa: PLW0108 - a built-in is not taken
    page.goto(f"{server.home}/form/F1", wait_until="commit")
    page.locator("[data-item=rash] input[value='1']").check()
    page.locator("[data-item=seizure] input[value='0']").check()
    assert server.applied == []
    held[0].continue_()
    server.wait_for(2)
    wait_until_all_is_saved(page)
    assert sorted(applied_to(server)) == [("rash", 1), ("seizure", 0)]


def test_the_page_says_at_once_that_an_entry_is_not_on_the_server(
    context: BrowserContext, server: EntryServer
) -> None:
    page = open_form(context, server)
    server.mode = "down"
    said = page.evaluate(
        """() => {
          document.querySelector("[data-item=rash] input[value='1']").click();
          return document.querySelector("[data-unsent]").textContent;
        }"""
    )
    assert said == "1 not yet on the server"


def test_what_is_not_taken_does_not_hold_up_the_rest(context: BrowserContext, server: EntryServer) -> None:
    page = open_form(context, server)
    server.mode = "gone"
    page.evaluate(CLICK, ["rash", 1])
    expect(field(page, "rash")).to_contain_text("The server does not take this entry (404)")
    server.mode = "up"
    page.evaluate(CLICK, ["seizure", 1])
    server.wait_for(1)
    expect(page.locator("[data-unsent]")).to_have_text("Everything is on the server · 1 need your answer")
    assert applied_to(server) == [("seizure", 1)]


def test_entries_are_unreadable_on_the_disk_and_to_another_user(
    context: BrowserContext, server: EntryServer
) -> None:
    page = open_form(context, server)
    server.mode = "down"
    page.evaluate(CLICK, ["rash", 1])
    expect(field(page, "rash")).to_have_attribute("data-state", "kept")
    (stored,) = page.evaluate(STORED)
    assert "rash" not in stored
    page.close()
    # What the closed page sent last may still be on its way: it belongs to a session that is over.
    server.secret, server.token = "B" * 43 + "=", "token-of-the-next"
    server.mode = "up"
    other = open_form(context, server)
    other.evaluate(CLICK, ["seizure", 0])
    server.wait_for(1)
    wait_until_all_is_saved(other)
    assert applied_to(server) == [("seizure", 0)]
    assert other.evaluate(STORED) == [stored]


@pytest.mark.parametrize("answer", ["accept", "dismiss"])
def test_logging_out_asks_before_it_deletes(
    context: BrowserContext, server: EntryServer, answer: str
) -> None:
    page = context.new_page()
    asked: list[str] = []

    def decide(dialog: Dialog) -> None:
        asked.append(dialog.message)
        getattr(dialog, answer)()

    page.on("dialog", decide)
    page.goto(f"{server.home}/form/F1")
    expect(page.locator("html")).to_have_attribute("data-entry", "ready")
    server.mode = "down"
    page.evaluate(CLICK, ["rash", 1])
    expect(page.locator("[data-unsent]")).to_have_text("1 not yet on the server")
    # The click ends before the question is asked: the queue is read first.
    with page.expect_event("dialog"):
        page.get_by_role("link", name="Log out").click()
    if answer == "accept":
        page.wait_for_url("**/bye")
    else:
        expect(page.locator("[data-unsent]")).to_have_text("1 not yet on the server")
    assert asked == ["1 entries are not yet on the server. Delete them and log out?"]
    assert len(page.evaluate(STORED)) == (0 if answer == "accept" else 1)
