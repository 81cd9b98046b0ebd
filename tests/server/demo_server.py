"""The demonstration as whoever starts it meets it: one command, a running trial, users, ready when it says so."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from playwright.sync_api import Browser, Page
from tests.server.test_story import Server

ADDRESSES = """
import json, sys
from pathlib import Path
from funis.capture.configuration import Configuration
from funis.capture.serve import configure
configure(Configuration(Path(sys.argv[1])))
from funis.capture.pages.addresses import PAGES
print(json.dumps([[str(page.pattern), list(page.callback.methods)] for page in PAGES]))
"""


class Address(NamedTuple):
    """An address of the table of addresses, as Django writes it, with the methods that it answers."""

    pattern: str
    methods: tuple[str, ...]

    def matches(self, path: str) -> bool:
        """Tell whether a path is of this address."""
        parts = re.split(r"<\w+:\w+>", self.pattern)
        return re.fullmatch("/" + "[^/]+".join(map(re.escape, parts)), path) is not None


@dataclass
class Demo:
    """The demonstration that runs: its server, its users with passwords, its addresses."""

    server: Server
    passwords: dict[str, str]
    addresses: list[Address]
    pages: dict[str, Page] = field(default_factory=dict)

    def page_of(self, chromium: Browser, user: str) -> Page:
        """Give the browser of a user, logged in once."""
        if user not in self.pages:
            page = chromium.new_context(viewport={"width": 1280, "height": 900}).new_page()
            page.goto(f"{self.server.address}/login")
            page.get_by_label("Login name").fill(user)
            page.get_by_label("Password").fill(self.passwords[user])
            page.locator("main button").click()
            page.wait_for_url(re.compile(r"^(?!.*/login)"))
            self.pages[user] = page
        return self.pages[user]

    def address_of(self, path: str) -> Address | None:
        """Give the address that answers a path: the first that matches, as Django finds it."""
        return next((each for each in self.addresses if each.matches(path)), None)


def start_demo(folder: Path) -> Iterator[Demo]:
    """Run ``funis serve --demo`` until the fixture ends."""
    accounts = folder / "accounts.json"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = Server(folder / "demo", port)
    server.start("--demo", "--accounts", str(accounts))
    command = [sys.executable, "-c", ADDRESSES, str(server.folder)]
    told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    users = json.loads(accounts.read_text(encoding="utf-8"))
    yield Demo(
        server,
        {each["user"]: each["password"] for each in users},
        [Address(pattern, tuple(methods)) for pattern, methods in told],
    )
    server.kill()


def links_of(page: Page, path: str) -> tuple[int, str, list[str]]:
    """Fetch a page as its user; give the status, the type and the paths that it leads to."""
    answer: Any = page.request.get(path)
    kind = answer.headers.get("content-type", "")
    found: list[str] = re.findall(r'href="(/[^"#]*)', answer.text()) if "html" in kind else []
    return answer.status, kind, [each.replace("&amp;", "&") for each in found]


def walk(demo: Demo, page: Page, take: Callable[[str], bool]) -> Iterator[tuple[str, str, str]]:
    """Follow every link that a user finds; give pattern, path and type of each page.

    Parameters
    ----------
    demo, page : the demonstration, and the browser of the user
    take : whether one page more of a pattern is looked at
    """
    waiting, seen = ["/", "/account"], set[str]()
    while waiting:
        path = waiting.pop(0)
        address = demo.address_of(path.partition("?")[0])
        if path in seen or address is None or not take(address.pattern):
            continue
        seen.add(path)
        status, kind, links = links_of(page, demo.server.address + path)
        assert status == 200, f"{path}: a link that leads nowhere"
        yield address.pattern, path, kind
        waiting += links
