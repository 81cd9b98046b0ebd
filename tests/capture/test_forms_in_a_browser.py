"""Forms in a real browser: whole at 320 pixels, without a finding of axe-core, filled in by keys alone."""

import random
import shutil
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from tests.browser.axe import find_violations

import funis.capture.forms.page as page_module
from funis.capture.forms.page import FormView, render_blank, render_form
from funis.capture.forms.plan_parts import Language, StudyPlan

pytestmark = pytest.mark.browser
STATIC = Path(page_module.__file__).parents[1] / "static" / "capture"
SWITCHES = ["--headless=new", "--no-sandbox", "--disable-gpu", "--allow-file-access-from-files"]
POLICY = "default-src 'none'; script-src file:; style-src file:"
VIEWS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "sledai_2k": ({"seizure": 0, "rash": 1, "hematuria_not_done": True}, {"seizure": 0, "rash": 0}),
    "bilag_2004": (
        {"date": "2026-01-05", "pyrexia": 2, "creatinine": Decimal("90.5")},
        {"pyrexia": 3, "weight_loss": 1},
    ),
    "labs": ({"test": "creatinine", "value": Decimal(90)}, {"test": "creatinine", "value": Decimal(85)}),
    "adverse_events": ({"term": "fever", "grade": 2}, {}),
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no Chromium on this machine: forms are not tried in a browser")
    with sync_playwright() as engine:
        opened = engine.chromium.launch(executable_path=chromium, args=SWITCHES)
        yield opened
        opened.close()


@pytest.fixture
def open_form(browser: Browser, tmp_path: Path, sle: StudyPlan) -> Iterator[Callable[..., Page]]:
    said: list[str] = []
    pages: list[Page] = []

    def open_at(name: str, language: Language = "en", width: int = 1280) -> Page:
        data, previous = VIEWS[name]
        view = FormView(sle.form(name), data, previous, f"{name}-1", 2, {"bilag_2004_renal": "B"})
        for each in ("form.css", "keys.js", "fields.js"):
            shutil.copy(STATIC / each, tmp_path / each)
        file = tmp_path / f"{name}.html"
        file.write_text(
            f'<!doctype html><html lang="{"en" if language == "en" else "zh-Hans"}"><head><meta charset="utf-8">'
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
            '<meta name="viewport" content="width=device-width"><title>Form</title>'
            '<link rel="stylesheet" href="form.css"><script type="module" src="keys.js"></script></head>'
            f"<body><main><h1>{view.plan.title}</h1>{render_form(view, language)}</main></body></html>",
            encoding="utf-8",
        )
        opened = browser.new_page(viewport={"width": width, "height": 800})
        opened.on("console", lambda message: said.append(message.text))
        opened.on("pageerror", lambda error: said.append(str(error)))
        opened.goto(file.as_uri())
        pages.append(opened)
        return opened

    yield open_at
    assert said == []
    for each in pages:
        each.close()


def values(page: Page, item: str) -> dict[str, Any]:
    found: dict[str, Any] = page.evaluate(
        """async (item) => (await import("./fields.js")).readField(document.querySelector(`[data-item="${item}"]`))""",
        item,
    )
    return found


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("name", VIEWS)
def test_a_form_is_whole_and_accessible(
    open_form: Callable[..., Page], name: str, language: Language, width: int
) -> None:
    page = open_form(name, language, width)
    page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert find_violations(page) == []
    small = page.evaluate(
        """() => [...document.querySelectorAll(".choices label, button, select, summary, input[type=text], .attributed label")]
        .filter((node) => node.checkVisibility())
        .filter((node) => node.getBoundingClientRect().height < 24 || node.getBoundingClientRect().width < 24)
        .map((node) => node.outerHTML.slice(0, 80))"""
    )
    assert small == []


def test_a_blank_form_prints_on_paper(browser: Browser, tmp_path: Path, sle: StudyPlan) -> None:
    shutil.copy(STATIC / "form.css", tmp_path / "form.css")
    file = tmp_path / "blank.html"
    file.write_text(render_blank(sle.form("sledai_2k"), stylesheet="form.css"), encoding="utf-8")
    page = browser.new_page(viewport={"width": 687, "height": 900})
    page.goto(file.as_uri())
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.scrollWidth") <= 687
    assert page.locator(".item").count() == 27
    assert not page.locator("button, dialog").count()
    page.close()


def test_a_form_is_filled_in_by_keys_alone(open_form: Callable[..., Page]) -> None:
    page = open_form("bilag_2004")
    page.locator('[data-item="pyrexia"] input').first.focus()
    page.keyboard.press("3")
    assert values(page, "pyrexia")["pyrexia"] == 3
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.name") == "weight_loss"
    page.keyboard.press(".")
    assert values(page, "weight_loss")["weight_loss"] == 1
    assert "repeated from the visit before" in page.locator('[data-item="weight_loss"]').inner_text()
    page.keyboard.press("2")
    assert "repeated" not in page.locator('[data-item="weight_loss"]').inner_text()
    page.keyboard.press("n")
    assert values(page, "weight_loss") == {
        "weight_loss": None, "weight_loss_not_done": True, "weight_loss_not_done_reason": None,
        "weight_loss_attributed": None,
    }  # fmt: skip
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.type("3 n . ? scale broken")
    assert values(page, "weight_loss")["weight_loss_not_done_reason"] == "3 n . ? scale broken"
    assert values(page, "weight_loss")["weight_loss"] is None
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Delete")
    assert values(page, "weight_loss")["weight_loss_not_done"] is None
    page.keyboard.press("9")
    assert values(page, "weight_loss")["weight_loss"] is None
    page.keyboard.press("ArrowUp")
    assert page.evaluate("document.activeElement.value") == "3"
    page.keyboard.press("?")
    assert page.locator("dialog[data-keys]").evaluate("(node) => node.open")
    page.keyboard.press("Escape")
    assert not page.locator("dialog[data-keys]").evaluate("(node) => node.open")


def test_digits_work_as_soon_as_a_form_opens(open_form: Callable[..., Page]) -> None:
    page = open_form("sledai_2k")
    # Its date is empty: digits are typed into it, as into any field of text.
    assert page.evaluate("document.activeElement.name") == "date"
    page = open_form("bilag_2004")
    # The first item without an answer: of the fever before it there is one.
    assert page.evaluate("document.activeElement.dataset.item") == "weight_loss"
    page.keyboard.press("Space")
    assert values(page, "weight_loss")["weight_loss"] is None
    page.keyboard.press("2")
    assert values(page, "weight_loss")["weight_loss"] == 2
    assert page.evaluate("document.activeElement.value") == "2"
    assert values(page, "pyrexia")["pyrexia"] == 2


def test_no_form_takes_the_focus_from_where_a_link_led(open_form: Callable[..., Page]) -> None:
    # Rows of tables are typed, not counted through: they open as any page does.
    page = open_form("adverse_events")
    assert page.evaluate("document.activeElement.tagName") == "BODY"
    page = open_form("sledai_2k")
    page.goto(f"{page.url}#sledai_2k-1-rash")
    page.reload()
    assert page.evaluate("document.activeElement.tagName") == "BODY"


def test_a_score_is_printed_as_the_server_prints_it(open_form: Callable[..., Page]) -> None:
    """By its digits, half away from zero: 1.0005 lies below its half in binary."""
    rng = random.Random(3)  # noqa: S311
    scores = [1.0005, -1.0005, 0.0005, -0.0004, 10 / 3, 2 / 3, 7.0, 0.9996, 99.9995, 0.1 + 0.2, -0.149]
    scores += [round(rng.uniform(-5, 120), rng.randint(1, 6)) for _ in range(300)]
    page = open_form("adverse_events")
    found = page.evaluate(
        "async (scores) => { const { showScore } = await import('./fields.js'); return scores.map((one) => String(showScore(one))); }",
        scores,
    )
    assert found == [page_module._figures(one) for one in scores]
    assert found[:9] == ["1.001", "-1.001", "0.001", "0", "3.333", "0.667", "7", "1", "100"]


def test_no_key_is_taken_from_an_input_method(open_form: Callable[..., Page]) -> None:
    page = open_form("sledai_2k")
    page.locator('[data-item="psychosis"] input').first.focus()
    page.evaluate(
        """() => document.activeElement.dispatchEvent(
        new KeyboardEvent("keydown", {key: "1", bubbles: true, isComposing: true}))"""
    )
    assert values(page, "psychosis")["psychosis"] is None
    page.keyboard.press("1")
    assert values(page, "psychosis")["psychosis"] == 1


def test_a_value_and_not_done_exclude_each_other_as_one_types(open_form: Callable[..., Page]) -> None:
    page = open_form("bilag_2004")
    field = page.locator('[data-item="creatinine"]')
    field.get_by_label("Not done").check()
    assert (values(page, "creatinine")["creatinine"], values(page, "creatinine")["creatinine_not_done"]) == (
        None,
        True,
    )
    field.locator('input[name="creatinine"]').fill("81.0")
    assert values(page, "creatinine")["creatinine_not_done"] is None
    changes = page.evaluate(
        """async () => (await import("./fields.js")).changesOf(document.querySelector('[data-item="creatinine"]'))"""
    )
    # What was typed goes out as text, with its zeros.
    assert changes == {"creatinine": {"old": "90.5", "new": "81.0"}}


def test_a_first_result_goes_out_with_its_unit(open_form: Callable[..., Page], sle: StudyPlan) -> None:
    page = open_form("labs")
    page.locator('input[name="value"]').fill("91")
    changes = page.evaluate(
        """async () => (await import("./fields.js")).changesOf(document.querySelector('[data-item="value"]'))"""
    )
    assert changes == {"value": {"old": "90", "new": "91"}, "unit": {"old": None, "new": "umol/L"}}


@pytest.mark.parametrize("width", [320, 1280])
def test_the_panel_covers_no_field_that_has_the_focus(open_form: Callable[..., Page], width: int) -> None:
    page = open_form("bilag_2004", "en", width)
    page.locator('[data-item="coombs_positive"] input').first.focus()
    for _ in range(30):
        page.keyboard.press("ArrowUp")
        covered = page.evaluate(
            """() => { const box = document.activeElement.getBoundingClientRect();
            const panel = document.querySelector(".score").getBoundingClientRect();
            return box.top < panel.bottom && box.bottom > panel.top && box.left < panel.right && box.right > panel.left; }"""
        )
        assert not covered
