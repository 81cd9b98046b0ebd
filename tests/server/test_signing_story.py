"""One story in a real browser: a passkey is enrolled, asked at the door, signs a visit; a change breaks it."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect
from tests.server.test_story import all_sent, choose, chromium, log_in, new_baseline, page, served

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("server story")]

__all__ = ["chromium", "page", "served"]


def add_authenticator(page: Page) -> None:
    """Give the browser an authenticator in software, as Chromium's protocol for tools has it."""
    tools = page.context.new_cdp_session(page)
    tools.send("WebAuthn.enable")
    tools.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
                "hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True,
            }
        },
    )  # fmt: skip


def test_a_passkey_opens_the_door_and_signs_a_visit(page: Page, served: Any) -> None:
    server, passwords = served
    add_authenticator(page)
    log_in(page, served, "investigator-01")
    page.goto(f"{server.address}/account")
    form = page.locator("form[action='/account/passkeys']")
    form.get_by_label("Name of the device").fill("laptop")
    form.get_by_label("Password").fill(passwords["investigator-01"])
    form.get_by_role("button").click()
    page.get_by_role("button", name="Make the passkey").click()
    expect(page.locator(".recovery li")).to_have_count(10)
    page.get_by_role("button", name="Log out").click()
    log_in(page, served, "investigator-01")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", name="Second factor")).to_have_count(0)
    visit = new_baseline(page, served)
    page.get_by_role("link", name="Sign this visit").click()
    expect(page.locator("blockquote")).to_contain_text("I have reviewed these data")
    page.get_by_role("button", name="Sign with a passkey").click()
    expect(page.locator(".signed.valid")).to_contain_text("by passkey")
    signatures = page.url
    page.goto(visit)
    page.get_by_role("link", name="SLEDAI").click()
    choose(page, "rash", 1)
    all_sent(page)
    page.goto(signatures)
    expect(page.locator(".signed.broken")).to_contain_text("Broken: changed since")
    expect(page.locator("table")).to_contain_text("rash")


def test_a_page_warns_before_the_session_ends_and_one_press_goes_on(page: Page, served: Any) -> None:
    server, _ = served
    page.clock.install()
    log_in(page, served, "coordinator-01")
    page.goto(f"{server.address}/subjects")
    page.clock.fast_forward("26:00")
    expect(page.locator("dialog[data-idle]")).not_to_be_visible()
    page.clock.fast_forward("01:30")
    expect(page.locator("dialog[data-idle]")).to_be_visible()
    page.get_by_role("button", name="Go on").click()
    expect(page.locator("dialog[data-idle]")).not_to_be_visible()
    page.clock.fast_forward("29:30")
    expect(page.locator("dialog[data-idle]")).to_contain_text("Your session has ended")
