"""Saves of many coordinators side by side, beside a bare insert by Django on the same machine in the same run.

Generator, server and database share the cores, so that only ratios of one run say much where other work is done. Aims:
paced, the slowest twentieth within three times the bare insert's and 30 ms; saturated, 0.35 times the bare insert's
saves a second and 500; 3 ms of processor time a save; SQLite 400 saves a second. Every run ends with the verification of
its trail against the receipts.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

HERE = Path(__file__).resolve().parent
SCRIPTS = HERE.parents[1] / "scripts"
sys.path[:0] = [str(SCRIPTS)]
from postgresql_cluster import Cluster, find_programs, running_cluster  # noqa: E402
from save_clients import Browser, save_for  # noqa: E402
from trial_of_seats import Seat  # noqa: E402

COORDINATORS, EVERY = 50, 2.0
GRANIAN = (
    sys.executable,
    "-m",
    "granian",
    "--interface",
    "wsgi",
    "--log-level",
    "warning",
    "bare_insert:application",
)
"""As ``funis serve`` runs it: one worker."""
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Load:
    """What came of a load.

    Attributes
    ----------
    saves_per_second : acknowledged
    p95 : milliseconds within which 95 of 100 saves were acknowledged
    processor : milliseconds of processor time a save, of server and database together
    """

    saves_per_second: float
    p95: float
    processor: float


@contextmanager
def serving(command: Sequence[str], port: int, environment: dict[str, str]) -> Iterator[int]:
    """Run a server in a process group of its own; give the number of its first process."""
    process = subprocess.Popen(
        command, start_new_session=True, stdout=subprocess.DEVNULL, env=environment, cwd=HERE
    )
    try:
        for _ in range(600):
            with suppress(OSError):
                if urllib.request.urlopen(f"http://localhost:{port}/health", timeout=5).status == 200:
                    break
            time.sleep(0.1)
        else:
            raise RuntimeError(f"no answer: {' '.join(command)}")
        yield process.pid
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def processor_seconds(sessions: set[int]) -> float:
    """Give the processor seconds of all processes of sessions, living children and ended ones alike.

    A connection of PostgreSQL is served by a process with a session of its own: it is known by its parent.
    """
    found = 0
    for place in Path("/proc").iterdir():
        with suppress(OSError, ValueError):
            words = (place / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
            if place.name.isdigit() and {int(words[1]), int(words[3])} & sessions:
                found += sum(int(each) for each in words[11:15])
    return found / TICKS


def measure(browsers: list[Browser], sessions: set[int], seconds: float, every: float) -> Load:
    """Put a server under load, after a while in which it warms up."""
    asyncio.run(save_for(browsers, 2.0))
    for each in browsers:
        each.done.clear()
    before, started = processor_seconds(sessions), time.perf_counter()
    asyncio.run(save_for(browsers, seconds, every))
    elapsed, used = time.perf_counter() - started, processor_seconds(sessions) - before
    refused = [word for each in browsers for word in each.refused]
    if refused:
        raise RuntimeError(f"{len(refused)} saves were refused: {refused[0]}")
    times = [done.seconds for each in browsers for done in each.done]
    return Load(len(times) / elapsed, 1000 * quantiles(times, n=20)[-1], 1000 * used / len(times))


def measure_database(cluster: Cluster | None, seconds: float) -> dict[str, tuple[Load, Load]]:
    """Measure bare insert and save in turn, each paced and saturated."""
    found: dict[str, tuple[Load, Load]] = {}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "trial"
        environment = os.environ | {"DATABASE_URL": cluster.address("funis_app") if cluster else ""}
        environment |= {"FUNIS_BARE_FOLDER": str(Path(place)), "PYTHONPATH": _path()}
        owner = environment | ({"DATABASE_OWNER_URL": cluster.address("funis_owner")} if cluster else {})
        made = [sys.executable, str(SCRIPTS / "trial_of_seats.py"), str(folder), str(COORDINATORS)]
        seats: list[Seat] = json.loads(
            subprocess.run(made, capture_output=True, text=True, check=True, env=owner).stdout
        )
        bare = environment | ({"DATABASE_URL": cluster.address("funis_owner", "restored")} if cluster else {})
        table = [sys.executable, str(HERE / "bare_insert.py")]
        subprocess.run(table, check=True, env=bare, cwd=HERE)
        servers = {
            "bare insert": ([*GRANIAN, "--blocking-threads", "4" if cluster else "1", "--port"], bare),
            "save": ([sys.executable, "-m", "funis.cli", "serve", str(folder), "--port"], owner),
        }
        for name, (command, surroundings) in servers.items():
            port = _free_port()
            with serving([*command, str(port)], port, surroundings) as first:
                browsers = [Browser(port, seat) for seat in seats]
                sessions = {first} | ({cluster.main_process} if cluster else set())
                found[name] = (
                    measure(browsers, sessions, seconds, EVERY),
                    measure(browsers, sessions, seconds, 0.0),
                )
        verify = [sys.executable, "-m", "funis.cli", "audit-trail", "verify", str(folder)]
        subprocess.run(verify, check=True, env=owner, stdout=subprocess.DEVNULL)
    return found


def _path() -> str:
    return os.pathsep.join([str(HERE), os.environ.get("PYTHONPATH", "")])


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def format_table(found: dict[str, dict[str, tuple[Load, Load]]]) -> str:
    """Give the figures as Markdown."""
    lines = [
        f"{COORDINATORS} coordinators; paced: a save each every {EVERY:.0f} s; saturated: the next when one is answered",
        "",
        "| database | | paced p95 ms | saturated saves/s | p95 ms | processor ms a save |",
        "|---|---|---:|---:|---:|---:|",
    ]
    for database, loads in found.items():
        for name, (paced, saturated) in loads.items():
            lines.append(
                f"| {database} | {name} | {paced.p95:.1f} | {saturated.saves_per_second:.0f} "
                f"| {saturated.p95:.0f} | {saturated.processor:.2f} |"
            )
        (slow, fast), (bare_slow, bare_fast) = loads["save"], loads["bare insert"]
        lines.append(
            f"| {database} | save against bare | {slow.p95 / bare_slow.p95:.1f} times (aim: 3) | "
            f"{fast.saves_per_second / bare_fast.saves_per_second:.2f} (aim: 0.35) | | |"
        )
    return "\n".join(lines)


def measure_all(seconds: float) -> dict[str, dict[str, tuple[Load, Load]]]:
    """Measure SQLite, and PostgreSQL where the machine has it."""
    found = {"SQLite": measure_database(None, seconds)}
    programs = find_programs()
    if programs is not None:
        with running_cluster(programs, waits_for_disk=True) as cluster:
            found["PostgreSQL"] = measure_database(cluster, seconds)
    return found


if __name__ == "__main__":
    print(format_table(measure_all(20.0)))
