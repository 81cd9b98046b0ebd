"""How a report grows with the subjects: processor seconds, memory and size of the page, each size in a process of its own."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent))

SIZES = (40, 300, 1_200, 4_000, 20_000)
QUICK = (40, 300, 1_200)
AIM = "20,000 subjects: < 60 s, < 3,000 MB, page < 10 MB, opened in 2 s"
#: Runs a command and tells on its last line what it took, its children (the figure engine) apart.
_CLOCK = """
import json, resource, sys, time
from funis.cli import main
started = time.perf_counter()
try:
    main()
except SystemExit as end:
    code = end.code or 0
own, others = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
processor = sum(each.ru_utime + each.ru_stime for each in (own, others))
print(json.dumps([code, time.perf_counter() - started, processor, own.ru_maxrss / 1024]))
"""


class Grown(NamedTuple):
    """What one command took."""

    subjects: int
    command: str
    seconds: float
    processor: float
    megabytes: float
    page: float
    opened: float | None


def measure(sizes: Sequence[int]) -> list[Grown]:
    """Check and report studies of these sizes."""
    write_large_study = import_module("large_study").write_large_study
    found = []
    for size in sizes:
        with tempfile.TemporaryDirectory() as place:
            folder = write_large_study(Path(place) / "study", size)
            for command in ("check", "report"):
                seconds, processor, megabytes = _run(command, folder)
                page = folder / "report" / "report.html"
                written = page.stat().st_size / 1e6 if page.exists() else 0.0
                opened = open_page(page) if page.exists() else None
                found.append(Grown(size, command, seconds, processor, megabytes, written, opened))
    return found


def _run(command: str, folder: Path) -> tuple[float, float, float]:
    words = [sys.executable, "-c", _CLOCK, command, str(folder)]
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    code, *taken = json.loads(done.stdout.splitlines()[-1])
    if code:
        raise RuntimeError(f"funis {command} ended with {code}: {done.stderr[-800:]}")
    seconds, processor, megabytes = map(float, taken)
    return seconds, processor, megabytes


def open_page(page: Path) -> float | None:
    """Give the seconds until a browser has drawn a page; None without a browser."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        return None
    from playwright.sync_api import sync_playwright

    switches = ["--headless=new", "--no-sandbox", "--disable-gpu"]
    with sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=chromium, args=switches)
        opened = browser.new_page()
        started = time.perf_counter()
        opened.goto(page.as_uri())
        seconds = time.perf_counter() - started
        browser.close()
    return seconds


def format_table(found: Sequence[Grown]) -> str:
    """Give the figures as Markdown."""
    lines = [
        f"Aim: {AIM}; processor seconds a subject must not grow.",
        "",
        "| subjects | command | seconds | processor seconds | ms a subject | MB | page MB | opened in s |",
        "|---:|---|---:|---:|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {each.subjects:,} | {each.command} | {each.seconds:.1f} | {each.processor:.1f} "
        f"| {1000 * each.processor / each.subjects:.1f} | {each.megabytes:,.0f} | {each.page:.1f} "
        f"| {'' if each.opened is None else f'{each.opened:.1f}'} |"
        for each in found
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    print(format_table(measure([int(word) for word in sys.argv[1:]] or SIZES)))
