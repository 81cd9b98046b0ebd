"""Files of tests in a process of their own: one process knows one server."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

HERE = Path(__file__).parent


_OF_THE_PROCESS_ABOVE = (
    "PYTEST_XDIST_WORKER",
    "PYTEST_CURRENT_TEST",
    "PYTEST_XDIST_WORKER_COUNT",
    "FUNIS_TEST_ARMS",
    # What the run above was asked to print or write is not asked of this one.
    "PYTEST_ADDOPTS",
)


def run_apart(names: Sequence[str], told: Mapping[str, str], *, in_order: bool = False) -> str:
    """Run files of this folder, told something by the environment; what was printed. It fails where one does."""
    kept = {name: value for name, value in os.environ.items() if name not in _OF_THE_PROCESS_ABOVE}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
    command += ["-p", "no:randomly"] if in_order else []
    done = subprocess.run(
        [*command, *(str(HERE / name) for name in names)],
        capture_output=True, text=True, env={**kept, **told}, cwd=HERE.parents[1], check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    told_last = done.stdout.strip().splitlines()[-1]
    assert " passed" in told_last, done.stdout[-4000:]
    assert " failed" not in told_last, done.stdout[-4000:]
    return done.stdout
