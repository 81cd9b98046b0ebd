"""Workers, server and database are killed under load: no save that was acknowledged is lost, none is made twice."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"
sys.path.insert(0, str(SCRIPTS))
from postgresql_cluster import find_programs, running_cluster  # noqa: E402
from save_clients import Browser, save_for  # noqa: E402

pytestmark = [pytest.mark.database, pytest.mark.slow]
SEATS, SAVED_BETWEEN = 6, 12


class Served:
    """A server in a process group of its own, with the trial that it serves and browsers at its forms."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder, self.environment = folder, os.environ | environment
        made = [sys.executable, str(SCRIPTS / "trial_of_seats.py"), str(folder), str(SEATS)]
        done = subprocess.run(made, capture_output=True, text=True, check=True, env=self.environment)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.browsers = [Browser(self.port, seat) for seat in json.loads(done.stdout)]
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "funis.cli", "serve", str(self.folder), "--port", str(self.port)]
        self.process = subprocess.Popen(
            command, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env=self.environment,
        )  # fmt: skip
        self.wait()

    def wait(self) -> None:
        """Wait until the server answers."""
        pause = threading.Event()
        for _ in range(1200):
            with suppress(OSError):
                address = f"http://localhost:{self.port}/health"
                if urllib.request.urlopen(address, timeout=5).status == 200:
                    return
            pause.wait(0.1)
        pytest.fail("the server did not become ready")

    def kill(self) -> None:
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def kill_worker(self) -> None:
        """Kill the process that answers requests, not the one that started it."""
        assert self.process is not None
        for worker in workers_of(self.process.pid):
            os.kill(worker, signal.SIGKILL)

    def saved(self) -> int:
        return sum(len(each.done) for each in self.browsers)

    def verify(self) -> dict[str, Any]:
        command = [sys.executable, "-m", "funis.cli", "audit-trail", "verify", str(self.folder), "--json"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=self.environment)
        found: dict[str, Any] = json.loads(done.stdout)
        return found


def workers_of(parent: int) -> list[int]:
    """Give the processes that a process started and that run the server's spawned main."""
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="utf-8").split()
    named = {child: Path(f"/proc/{child}/cmdline").read_bytes() for child in children}
    return [int(child) for child, words in named.items() if b"spawn_main" in words]


def interrupt(served: Served, *blows: Callable[[], None]) -> None:
    """Let every browser save; strike each blow once some saves were acknowledged after the one before."""
    ended = threading.Event()

    def strike() -> None:
        pause = threading.Event()
        for blow in blows:
            before = served.saved()
            while served.saved() < before + SAVED_BETWEEN and not ended.is_set():
                pause.wait(0.01)
            blow()

    striking = threading.Thread(target=strike)
    striking.start()

    async def save_until_struck() -> None:
        while striking.is_alive():
            await save_for(served.browsers, 0.2)
        await save_for(served.browsers, 0.2)

    try:
        asyncio.run(save_until_struck())
    finally:
        ended.set()
        striking.join()


def assert_nothing_lost(served: Served) -> None:
    """Compare what browsers were told with what the trail, its receipts and the present rows say."""
    assert [each.refused for each in served.browsers] == [[]] * SEATS
    told = Counter(done.receipt for each in served.browsers for done in each.done)
    assert set(told.values()) == {1}, "two saves have one receipt"
    found = served.verify()
    assert found["alterations"] == []
    assert found["receipts"] >= len(told)
    keys = Counter(done.key for each in served.browsers for done in each.done)
    assert set(keys.values()) == {1}
    for each in served.browsers:
        # Each save turns the item from 0 to 1 or back: one that was lost or made twice would be out of turn.
        numbers = [done.receipt[1] for done in each.done]
        assert numbers == sorted(numbers)
        assert [done.value for done in each.done] == [(place + 1) % 2 for place in range(len(each.done))]


def changes_in_export(served: Served, out: Path) -> dict[str, list[str]]:
    """Give the exported values of the items that were changed, by subject."""
    import csv

    command = [sys.executable, "-m", "funis.cli", "export", str(served.folder), str(out)]
    subprocess.run(command, check=True, capture_output=True, env=served.environment)
    found: dict[str, list[str]] = {}
    for name, item in (("sledai_2k", "arthritis"), ("bilag_2004", "pyrexia")):
        with (out / "data" / f"{name}.csv").open(encoding="utf-8") as file:
            for row in csv.DictReader(file):
                if row["visit"] == "month_6" and row[item]:
                    found.setdefault(name, []).append(row[item])
    return {name: sorted(values) for name, values in found.items()}


@contextmanager
def serving(folder: Path, environment: dict[str, str]) -> Iterator[Served]:
    served = Served(folder, environment)
    served.start()
    try:
        yield served
    finally:
        with suppress(ProcessLookupError):
            served.kill()


def check(served: Served, out: Path, *blows: Callable[[], None]) -> None:
    interrupt(served, *blows)
    served.kill()
    assert sum(each.tries for each in served.browsers) > served.saved(), "no request was interrupted"
    assert_nothing_lost(served)
    wanted: dict[str, list[str]] = {}
    for each in served.browsers:
        name = "sledai_2k" if each.seat["item"] == "arthritis" else "bilag_2004"
        wanted.setdefault(name, []).append(str(each.value))
    assert changes_in_export(served, out) == {name: sorted(values) for name, values in wanted.items()}


def test_sqlite_loses_nothing_when_server_and_worker_are_killed(tmp_path: Path) -> None:
    with serving(tmp_path / "trial", {"DATABASE_URL": ""}) as served:

        def restart() -> None:
            served.kill()
            served.start()

        check(served, tmp_path / "out", served.kill_worker, restart)


def test_postgresql_loses_nothing_when_server_worker_and_database_are_killed(tmp_path: Path) -> None:
    programs = find_programs()
    if programs is None:
        pytest.skip("no PostgreSQL on this machine: apt-get install postgresql")
    with running_cluster(programs, waits_for_disk=True) as cluster:
        addresses = {"DATABASE_URL": cluster.address("funis_app")}
        addresses["DATABASE_OWNER_URL"] = cluster.address("funis_owner")
        with serving(tmp_path / "trial", addresses) as served:

            def restart() -> None:
                served.kill()
                served.start()

            def crash() -> None:
                cluster.stop()
                cluster.start()

            check(served, tmp_path / "out", served.kill_worker, crash, restart)
