"""Run one command of funis and stop it at a point: ``stopped_command.py FOLDER TURN WORDS...``.

With turn 0 nothing is stopped, and the number of points goes to the file ``points`` beside the folder.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
stopped = import_module("stopped_process")


def main() -> None:
    """Run the command with the demonstration of one trial only, which is half the work."""
    folder, turn, words = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    from funis.cli import main as run
    from funis.demo import run_demo

    os.environ.pop("FUNIS_REFERENCE_DATA", None)
    setattr(run_demo, "COHORTS", ("sjogren",))  # noqa: B010 - a constant is not assigned to
    sys.argv = ["funis", *words]
    seen = stopped.watch(folder, turn or sys.maxsize, stopped.kill)
    try:
        run()
    finally:
        if not turn:
            (folder.parent / "points").write_text(str(seen[0]), encoding="utf-8")


if __name__ == "__main__":
    main()
