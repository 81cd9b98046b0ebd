"""From screening to the end of an infusion in a real browser: two people, two scans, every rule in words."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Locator, Page, expect
from tests.server.test_story import (
    Server,
    all_sent,
    check_page,
    choose,
    chromium,
    log_in,
    new_baseline,
    page,
    served,
    today,
)

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("server story")]
__all__ = ["chromium", "page", "served"]

LOT = """
import json, sys
sys.path.insert(0, sys.argv[2])
from pathlib import Path
from funis.capture.configuration import Configuration
from funis.capture.serve import configure
configure(Configuration(Path(sys.argv[1])))
from tests.server.product_parts import acts, new_bags, new_culture, new_donor, new_lot
with acts():
    culture = new_culture(new_donor())
    lot = new_lot([culture])
    (bag,) = new_bags(lot, culture, 1)
print(json.dumps({"lot": lot.pk, "bag": bag.pk}))
"""
"""What the cell laboratory did before the story: a donor, a cord, cultures, a lot with one bag in quarantine."""


def a_lot(server: Server) -> dict[str, str]:
    root = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", LOT, str(server.folder), root], capture_output=True, text=True, check=True
    )
    found: dict[str, str] = json.loads(done.stdout)
    return found


def as_user(page: Page, served: tuple[Server, dict[str, str]], user: str) -> None:
    page.context.clear_cookies()
    log_in(page, served, user)


def unfold(form: Locator) -> None:
    """Open what is folded, and leave open what is."""
    if form.get_attribute("open") is None:
        form.locator("summary").click()


def take_step(page: Page, title: str, **typed: str) -> None:
    """Open the form of a step of a unit, fill it, send it."""
    # By its text, not by its role: what is folded has no role yet.
    form = page.locator("details", has=page.locator(f"button:text-is('{title}')"))
    unfold(form)
    for name, value in typed.items():
        field = form.locator(f"[name={name}]")
        field.check() if value == "yes" else field.fill(value)
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        form.get_by_role("button", name=title, exact=True).click()


def scan(page: Page, name: str, text: str) -> None:
    """Give the keys of a scanner: a key each millisecond, then Enter, as one burst of events."""
    page.locator(f"#{name}").evaluate(
        """(field, text) => {
          field.focus();
          for (const key of text) {
            field.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true}));
            field.value += key;
            field.dispatchEvent(new InputEvent("input", {bubbles: true}));
          }
          field.dispatchEvent(new KeyboardEvent("keydown", {key: "Enter", bubbles: true, cancelable: true}));
        }""",
        text,
    )


def read_code(drawn: Locator) -> str:
    """Read the code of a label as a camera sees it: whole, with its quiet zone."""
    (found,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(drawn.screenshot())))
    return str(found.text)


def become_eligible(page: Page, served: tuple[Server, dict[str, str]], subject: str) -> None:
    """Enter age and SLEDAI (arthritis 4 + rash 2 + low complement 2 = 8), answer, confirm."""
    page.get_by_role("link", name="SLEDAI").click()
    expect(page.locator("html")).to_have_attribute("data-entry", "ready")
    items = page.locator("[data-item]").evaluate_all(
        "all => all.filter(each => each.querySelector('input[type=radio]')).map(each => each.dataset.item)"
    )
    for item in items:
        choose(page, item, 1 if item in {"arthritis", "rash", "low_complement"} else 0)
    all_sent(page)
    page.goto(subject)
    page.locator("main > p a[href^='/forms/']").first.click()
    expect(page.locator("html")).to_have_attribute("data-entry", "ready")
    page.locator("[name=age]").fill("34")
    with page.expect_response("**/save"):
        page.keyboard.press("Tab")
    all_sent(page)
    as_user(page, served, "investigator-01")
    page.goto(f"{subject}/eligibility")
    for criterion in ("I1", "I2", "I3"):
        page.locator(f"[name={criterion}][value=yes]").check()
    page.get_by_role("button", name="Save the answers").click()
    expect(page.locator(".said-of.met")).to_have_count(3)
    page.get_by_role("button", name="Confirm that the subject is eligible").click()
    expect(page.locator(".verdict")).to_contain_text("Eligible")


def the_bag_arrives(
    page: Page, served: tuple[Server, dict[str, str]], made: dict[str, str], number: str
) -> str:
    """Release the lot, print the label, reserve and send the bag, receive and thaw it; give its label."""
    server = served[0]
    as_user(page, served, "cell_laboratory")
    page.goto(f"{server.address}/product/lots/{made['lot']}")
    decision = page.locator("details", has=page.locator("[name=decision]"))
    unfold(decision)
    decision.locator("[name=decision]").select_option("release")
    decision.locator("[name=reason]").fill("every rule is met")
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        decision.get_by_role("button").click()
    unit = f"{server.address}/product/units/{made['bag']}"
    page.goto(unit)
    take_step(page, "Reserve", subject=number, infusion="1")
    page.goto(unit)
    page.get_by_role("button", name="Print a label", exact=True).click()
    label = page.locator(".label .text").inner_text()
    assert read_code(page.locator(".label")) == label
    page.goto(unit)
    take_step(page, "Issue")
    as_user(page, served, "coordinator-01")
    page.goto(unit)
    take_step(page, "Receive", unbroken="yes")
    page.goto(unit)
    take_step(page, "Thaw", viable_cells="45000000", volume_ml="50")
    return label


def check(page: Page, labels: tuple[str, str], weight: str, second: tuple[str, str]) -> None:
    scan(page, "subject", labels[0])
    scan(page, "bag", labels[1])
    expect(page.locator("[data-how=bag]")).to_have_text("✓ scanned")
    expect(page.locator("[data-how=subject]")).to_have_text("✓ scanned")
    page.get_by_label("Body weight, kg").fill(weight)
    page.locator("[name=second]").fill(second[0])
    page.get_by_label("Password", exact=True).fill(second[1])
    page.get_by_role("button", name="Check", exact=True).click()
    page.wait_for_url("**/checks/*")


def test_from_screening_to_the_end_of_an_infusion(page: Page, served: tuple[Server, dict[str, str]]) -> None:
    """45 million viable cells in 50 mL at 48 kg are within 20 % of a million a kilogram; at 80 kg they are not."""
    server, passwords = served
    made = a_lot(server)
    log_in(page, served, "coordinator-01")
    visit = new_baseline(page, served)
    number = page.locator("main > p a").first.inner_text().rpartition(" ")[2]
    subject = server.address + str(page.locator("main > p a").first.get_attribute("href"))
    page.goto(visit)
    become_eligible(page, served, subject)
    label = the_bag_arrives(page, served, made, number)
    page.goto(f"{subject}/wristband")
    band = page.locator(".wristband .text").inner_text()
    assert read_code(page.locator(".wristband")) == band
    second = ("investigator-01", passwords["investigator-01"])
    page.goto(f"{subject}/bedside")
    check_page(page, "bedside")
    check(page, (band, label), "80", second)
    expect(page.locator(".verdict")).to_contain_text("do not infuse")
    expect(page.locator("tr", has_text="Cells for the weight")).to_contain_text("64,000,000 – 96,000,000")
    check_page(page, "refused check")
    page.goto(f"{subject}/bedside")
    check(page, (band, label), "48", second)
    expect(page.locator(".verdict")).to_contain_text("Every rule is met")
    page.get_by_role("button", name="Begin the infusion now").click()
    page.get_by_label("Volume given, mL").fill("48.5")
    page.get_by_role("button", name="End the infusion now").click()
    # 45 million x 48.5 / 50, by hand.
    expect(page.locator(".facts")).to_contain_text("43,650,000")
    for address, name in (
        (page.url, "infusion"), (f"{subject}/infusions", "infusions"), (f"{subject}/eligibility", "eligibility"),
        (f"{subject}/wristband", "wristband"), (f"{server.address}/screening", "screening log"),
    ):  # fmt: skip
        page.goto(address)
        check_page(page, name)
    page.goto(f"{subject}/infusions")
    expect(page.locator("tbody")).to_contain_text(today())
    expect(page.locator("tbody")).to_contain_text("After a check at the bedside")
