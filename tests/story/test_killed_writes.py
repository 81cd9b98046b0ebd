"""A process killed while it writes leaves the old set or the new one, never a mixture, and can be run again."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

HERE = Path(__file__).parent
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="a process is stopped in a copy of itself")

OLD = {"page.html": "old page", "parts/table.csv": "old table", "results.csv": "old results"}
NEW = {"page.html": "new page", "parts/figure.svg": "new figure", "results.csv": "new results"}
FOREIGN = {"notes.txt": "mine", "parts/letter.txt": "mine too"}


def stop_everywhere(folder: Path, how: str, swap: str) -> list[dict[str, Any]]:
    command = [sys.executable, str(HERE / "stopped_process.py"), str(folder), how, swap]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: list[dict[str, Any]] = json.loads(done.stdout)
    assert len(found) > 40
    assert found[-1]["status"] == 0
    return found


@pytest.mark.parametrize("swap", ["exchange", "renames"])
def test_a_set_is_the_old_or_the_new_wherever_the_process_is_killed(tmp_path: Path, swap: str) -> None:
    found = stop_everywhere(tmp_path, "kill", swap)
    states = [each["stopped"]["files"] for each in found]
    assert {each["status"] for each in found[:-1]} == {9}
    # Where two folders cannot change places in one step there is one point at which no folder has the name.
    assert states.count(None) == (swap == "renames")
    assert all(state in (OLD | FOREIGN, NEW | FOREIGN) for state in states if state is not None)
    # Once the new set is seen, it stays: the old one does not come back.
    assert states.index(NEW | FOREIGN) > len(states) - states[::-1].index(OLD | FOREIGN) - 1
    for each in found:
        assert each["again"] == {"files": NEW | FOREIGN, "beside": ["report"]}


def test_a_full_disk_leaves_the_old_set_and_nothing_beside_it(tmp_path: Path) -> None:
    for each in stop_everywhere(tmp_path, "full", "exchange")[:-1]:
        # Exit code 2 of a process is 512 as the system tells it.
        assert each["status"] == 512
        assert each["stopped"] == {"files": OLD | FOREIGN, "beside": ["report"]}


def run_stopped(folder: Path, turn: int, *words: str) -> int:
    command = [sys.executable, str(HERE / "stopped_command.py"), str(folder), str(turn), *words]
    return subprocess.run(command, check=False, capture_output=True).returncode


def read_bytes(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """Give a demonstration that nobody stopped, and the number of points it could be stopped at."""
    out = tmp_path_factory.mktemp("whole") / "out"
    assert run_stopped(out, 0, "demo", "--out", str(out)) == 0
    assert (out / "sjogren" / "report" / "report.html").is_file()
    return out, int((out.parent / "points").read_text(encoding="utf-8"))


def test_a_killed_demonstration_can_be_run_again(demo: tuple[Path, int], tmp_path: Path) -> None:
    (whole, points), out = demo, tmp_path / "out"
    draw = np.random.default_rng(13)
    for turn in (int(draw.integers(1, points // 2)), int(draw.integers(points // 2, points))):
        shutil.rmtree(out, ignore_errors=True)
        assert run_stopped(out, turn, "demo", "--out", str(out)) == -9
        seen = {name: found for name, found in read_bytes(out).items() if not name.startswith(".")}
        assert seen in ({}, read_bytes(whole))
    assert run_stopped(out, 0, "demo", "--out", str(out)) == 0
    assert read_bytes(out) == read_bytes(whole)


def test_a_killed_report_leaves_page_and_results_of_one_run(demo: tuple[Path, int], tmp_path: Path) -> None:
    study = Path(shutil.copytree(demo[0] / "sjogren", tmp_path / "study"))
    report = study / "report"
    old = read_bytes(report)
    scale = study / "data" / "vas_patient.csv"
    lines = scale.read_text(encoding="utf-8").splitlines()
    scale.write_text("\n".join(lines[:-1]) + "\n", encoding="utf-8")
    copy = Path(shutil.copytree(study, tmp_path / "copy"))
    assert run_stopped(copy, 0, "report", str(copy)) == 0
    points = int((tmp_path / "points").read_text(encoding="utf-8"))
    new = read_bytes(copy / "report")
    assert new["results.csv"] != old["results.csv"]
    draw = np.random.default_rng(24)
    for turn in sorted(draw.choice(np.arange(1, points), 2, replace=False).tolist()):
        assert run_stopped(study, turn, "report", str(study)) == -9
        assert read_bytes(report) in (old, new)
    assert run_stopped(study, 0, "report", str(study)) == 0
    assert read_bytes(report) == new
    assert [path.name for path in study.iterdir() if ".funis-" in path.name[1:]] == []
