"""What is measured once a look is measured wherever it differs: a cell among many alike is found by what makes it worse."""

import pytest
from playwright.sync_api import Browser, Page
from tests.browser.axe import SOURCE, find_violations

pytestmark = pytest.mark.browser
ROWS = "".join(f"<tr><th scope='row'>{row}</th><td>{row} of 40</td></tr>" for row in range(40))
PAGE = f"""<!doctype html><html lang="en"><head><title>Alike</title><style>
  body {{ background: white; color: black }} .large {{ color: #8a8a8a; font-size: 32px }}
</style></head><body><main><h1>Alike</h1>
<table><caption>Counts</caption><thead><tr><th scope="col">Row</th><th scope="col">Count</th></tr></thead>
<tbody>{ROWS}</tbody></table>
<p class="large">One</p><p class="large">Two</p><p class="large">Three</p>
<label>Name <input value="somebody"></label></main></body></html>"""
CELL = "document.querySelectorAll('td')[23]"
WORSE = {
    "its letters": f"{CELL}.style.color = '#999'",
    "its ground": f"{CELL}.style.backgroundColor = '#333'",
    "the ground of its row": f"{CELL}.parentElement.style.backgroundColor = '#333'",
    "how far it is seen through": f"{CELL}.style.opacity = '0.3'",
    "how far its row is seen through": f"{CELL}.parentElement.style.opacity = '0.3'",
    "a part of its words": f"{CELL}.innerHTML = '<span style=\"color: #999\">23</span> of 40'",
    "the size of letters that are pale": "document.querySelectorAll('.large')[1].style.fontSize = '16px'",
    "what somebody typed": "document.querySelector('input').style.color = '#999'",
}


@pytest.fixture(scope="module")
def alike(browser: Browser) -> Page:
    return browser.new_page(viewport={"width": 1280, "height": 900})


def rules_of_every_element(page: Page) -> list[str]:
    page.evaluate(SOURCE.read_text(encoding="utf-8"))
    found: list[str] = page.evaluate(
        "async () => (await axe.run(document, {resultTypes: ['violations']})).violations.map((each) => each.id)"
    )
    return found


def test_where_all_is_well_nothing_is_found(alike: Page) -> None:
    alike.set_content(PAGE)
    assert find_violations(alike) == []
    assert alike.locator("[data-look]").count() == 0


@pytest.mark.parametrize("what", WORSE)
def test_one_that_is_worse_is_found_among_many(alike: Page, what: str) -> None:
    alike.set_content(PAGE)
    alike.evaluate(WORSE[what])
    found = [each.partition(":")[0] for each in find_violations(alike)]
    assert found == ["color-contrast"]
    assert found == rules_of_every_element(alike)
