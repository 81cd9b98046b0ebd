"""One story in a real browser: a subject is allocated, nobody blinded sees an arm, an investigator opens it in an emergency."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from tests.server.test_story import Server, check_page, chromium, log_in, page

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("server story")]
__all__ = ["chromium", "page"]

ARMS = ("Cells of the umbilical cord", "Placebo")
PREPARE = """
import json, sys
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from tests.server.two_arms import two_arm_study
folder = Path(sys.argv[1])
(folder / "study.toml").write_text(two_arm_study(is_blinded=True), encoding="utf-8")
from funis.capture.configuration import Configuration
from funis.capture.serve import prepare
prepare(Configuration(folder))
from funis.capture.demo_users import add_demo_users
from tests.server.arms_of_a_trial import screened
told = {"users": add_demo_users(), "subject": screened("01", 1).pk}
Path(sys.argv[2]).write_text(json.dumps(told))
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, dict[str, str], str]]:
    folder = tmp_path_factory.mktemp("arms") / "trial"
    folder.mkdir()
    told = folder.parent / "told.json"
    root = str(Path(__file__).parents[2])
    subprocess.run([sys.executable, "-c", PREPARE, str(folder), str(told), root], check=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = Server(folder, port)
    server.start()
    found: Any = json.loads(told.read_text(encoding="utf-8"))
    yield server, {each["user"]: each["password"] for each in found["users"]}, found["subject"]
    server.kill()


def names_no_arm(page: Page) -> bool:
    return not any(arm in page.content() for arm in ARMS)


def test_an_arm_is_hidden_until_an_emergency(page: Page, served: tuple[Server, dict[str, str], str]) -> None:
    server, passwords, key = served
    subject = f"{server.address}/subjects/{key}"
    log_in(page, (server, passwords), "coordinator-01")
    page.goto(f"{subject}/allocation")
    expect(page.locator(".facts")).to_contain_text("nephritis")
    check_page(page, "before the allocation")
    page.get_by_label("No, this person was not").check()
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.get_by_role("button", name="Allocate by these strata").click()
    expect(page.locator(".facts")).to_contain_text("You are blinded: no arm is shown.")
    for address in (page.url, f"{server.address}/allocations", subject, f"{subject}/trail"):
        page.goto(address)
        assert names_no_arm(page), address
    check_page(page, "trail of a blinded trial")
    page.context.clear_cookies()
    log_in(page, (server, passwords), "investigator-01")
    page.goto(f"{subject}/allocation")
    page.get_by_role("link", name="Emergency unblinding").click()
    check_page(page, "unblinding")
    page.get_by_label("Reason").fill("anaphylaxis")
    page.get_by_label("Password").fill(passwords["investigator-01"])
    page.get_by_role("button", name="Open the arm of this subject").click()
    assert page.locator("main p[role=status] strong").inner_text() in ARMS
    page.goto(f"{subject}/allocation")
    assert names_no_arm(page)
    page.context.clear_cookies()
    log_in(page, (server, passwords), "coordinator-01")
    page.goto(subject)
    expect(page.locator("main")).to_contain_text("Unblinded")
    assert names_no_arm(page)
    page.goto(f"{server.address}/allocations")
    check_page(page, "allocations")
