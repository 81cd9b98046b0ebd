"""A small server of one form per subject, with the answers of the real one and the faults of a bad network."""

import json
import random
import socket
import threading
from collections.abc import Callable
from functools import partial
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import funis
import funis.capture
from funis.scoring.script.make_script import make_script, name_script

STATIC = Path(funis.capture.__file__).parent / "static" / "capture"
SLEDAI = funis.definition("sledai_2k")
ITEMS = [item.name for item in SLEDAI.items]
SCRIPT = make_script(SLEDAI, {}, "absent")
SCRIPT_PATH = f"/scores/{name_script(SLEDAI, SCRIPT)}"
SCORE = funis.scorer("sledai_2k", missing="absent")
HEAVIEST, LIGHTEST = 250, 30
POLICY = "default-src 'self'; frame-ancestors 'none'"


class EntryServer:
    """Forms, the entries that were applied in their order, and what goes wrong.

    Attributes
    ----------
    documents, revisions : what stands in each form
    answers : what was answered to each key: the same key is never applied twice
    applied : key, form and changes of every entry that was applied, in order
    seen : every key in the order in which it was asked, repeats included
    token : what a page of the present session sends: a request with another one is refused (403)
    mode : ``up``, ``faulty`` (a third of the requests dies, before or after it is stored), ``down`` (all do),
        ``ended`` (the session), ``portal`` (a page instead of an answer), ``gone`` (not yours)
    """

    def __init__(self) -> None:
        self.documents: dict[str, dict[str, Any]] = {}
        self.revisions: dict[str, int] = {}
        self.answers: dict[str, dict[str, Any]] = {}
        self.applied: list[tuple[str, str, dict[str, Any]]] = []
        self.seen: list[str] = []
        self.tokens: set[str | None] = set()
        self.reports: list[dict[str, Any]] = []
        self.mode, self.killed = "up", 0
        self.secret, self.token = "A" * 43 + "=", "token-of-page"
        self.wrong_scores: dict[str, Any] = {}
        self.sending, self.most_sending = 0, 0
        self.dice = random.Random(12)  # noqa: S311
        self.changed = threading.Condition()
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"store": self}))
        self.http.daemon_threads = True
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        self.home = f"http://127.0.0.1:{self.http.server_address[1]}"

    def close(self) -> None:
        self.http.shutdown()
        self.http.server_close()

    def wait_for(self, count: int) -> None:
        """Wait until so many entries have been applied."""
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.applied) >= count, 90), len(self.applied)

    def wait_for_report(self) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: self.reports, 30)

    def save(self, sent: dict[str, Any]) -> dict[str, Any]:
        """Apply an entry once, item by item, as far as it may be."""
        with self.changed:
            self.seen.append(sent["key"])
            if sent["key"] not in self.answers:
                self.answers[sent["key"]] = self._apply(sent)
                self.changed.notify_all()
            return self.answers[sent["key"]]

    def _apply(self, sent: dict[str, Any]) -> dict[str, Any]:
        form, key = sent["form"], sent["key"]
        document = self.documents.setdefault(form, {})
        refused, conflicts, warnings = [], [], []
        for item, change in sent["changes"].items():
            there = document.get(item)
            if there != change["old"]:
                told = {"item": item, "yours": change["new"], "theirs": there, "by": "B. Chen", "at": "09:14"}
                conflicts.append(told)
            elif item == "weight" and change["new"] is not None and float(change["new"]) > HEAVIEST:
                allowed = f"up to {HEAVIEST}"
                refused.append(
                    {"item": item, "found": change["new"], "allowed": allowed, "fix": "Weigh again."}
                )
            else:
                document[item] = change["new"]
                if item == "weight" and change["new"] is not None and float(change["new"]) < LIGHTEST:
                    told = {"item": item, "found": change["new"], "allowed": f"below {LIGHTEST}"}
                    warnings.append(told | {"fix": "Weigh again."})
        self.applied.append((key, form, sent["changes"]))
        self.revisions[form] = self.revisions.get(form, 0) + 1
        items = {item: document.get(item) for item in ITEMS}
        scores = SCORE([{"subject": form, "day": 0, **items}])[0] | self.wrong_scores
        receipt = {"chain": form, "seq": len(self.applied), "hash": "00", "time": "2026-01-01T00:00:00Z"}
        return {
            "revision": self.revisions[form], "receipt": receipt, "scores": scores, "later": [],
            "refused": refused, "conflicts": conflicts, "warnings": warnings,
        }  # fmt: skip

    def page(self, form: str) -> str:
        """Write the page of a form as it stands."""
        document = self.documents.get(form, {})
        fields = "".join(draw_radios(item, document.get(item)) for item in ITEMS) + draw_text(
            document.get("weight")
        )
        visit = escape(json.dumps({"subject": form, "day": 0}))
        return (
            '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Form</title>'
            f'<meta name="funis-queue-key" content="{self.secret}"><meta name="csrf-token" content="{self.token}">'
            '<meta name="login-url" content="/login"><script type="module" src="/static/entry.js"></script></head>'
            f'<body><form data-form="{form}" data-revision="{self.revisions.get(form, 0)}" data-save-url="/save"'
            f' data-script="{SCRIPT_PATH}" data-visit="{visit}" data-report-url="/report">'
            '<section data-score="sledai_2k"><b data-column="sledai_2k"></b> <i data-bounds></i></section>'
            f'{fields}</form><a href="/bye" data-logout>Log out</a><p data-unsent></p></body></html>'
        )


def draw_radios(item: str, value: Any) -> str:
    seen = escape(json.dumps({item: value}))
    options = "".join(
        f'<label><input type="radio" name="{item}" value="{level}"{" checked" if value == level else ""}>{level}</label>'
        for level in (0, 1)
    )
    return f'<fieldset data-item="{item}" data-kind="flag" data-seen="{seen}"><legend>{item}</legend>{options}<div data-said></div></fieldset>'


def draw_text(value: Any) -> str:
    seen, shown = escape(json.dumps({"weight": value})), "" if value is None else value
    return f'<div data-item="weight" data-kind="number" data-seen="{seen}"><label>weight <input type="text" name="weight" value="{shown}"></label><div data-said></div></div>'


class Handler(BaseHTTPRequestHandler):
    """Answers the requests for one self.store."""

    store: EntryServer
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing."""

    def reply(self, body: str, kind: str = "text/html", status: int = 200) -> None:
        content = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Content-Security-Policy", POLICY)
        self.end_headers()
        self.wfile.write(content)

    def die(self) -> None:
        self.store.killed += 1
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def do_GET(self) -> None:
        name = self.path.rpartition("/")[2]
        if self.path == SCRIPT_PATH:
            self.reply(SCRIPT, "text/javascript")
        elif self.path.startswith("/static/") and (STATIC / name).is_file():
            self.reply((STATIC / name).read_text(encoding="utf-8"), "text/javascript")
        elif self.path.startswith("/form/"):
            self.reply(self.store.page(name))
        else:
            self.reply("", status=200 if self.path in ("/bye", "/login") else 404)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/report":
            with self.store.changed:
                self.store.reports.append(body)
                self.store.changed.notify_all()
            self.reply("", status=204)
            return
        self.store.tokens.add(self.headers["X-CSRFToken"])
        self.store.sending += 1
        self.store.most_sending = max(self.store.most_sending, self.store.sending)
        answer = self.save(body)
        # Counted until just before the answer: the next entry may be here before this thread goes on.
        self.store.sending -= 1
        answer()

    def save(self, body: dict[str, Any]) -> Callable[[], None]:
        """Save a body, or not; give what is then done with the connection."""
        if self.headers["X-CSRFToken"] != self.store.token:
            return partial(self.reply, "", status=403)
        luck = (
            self.store.dice.random()
            if self.store.mode == "faulty"
            else 0.0
            if self.store.mode == "down"
            else 1.0
        )
        if self.store.mode in ("ended", "gone"):
            return partial(self.reply, "", status=401 if self.store.mode == "ended" else 404)
        if self.store.mode == "portal":
            return partial(self.reply, "<p>Welcome to the hotel</p>")
        if luck < 1 / 6:
            return self.die
        answer = json.dumps(self.store.save(body))
        return self.die if luck < 1 / 3 else partial(self.reply, answer, "application/json")
