"""Write a set again and again in processes that are stopped at each point in turn, and tell what stands there then.

Run as a program: ``stopped_process.py FOLDER kill|full exchange|renames``. A point is a call to the system that
opens, makes, renames, links or removes something. ``kill`` ends the process there (SIGKILL), ``full`` lets every
call that needs room fail from there on. Prints one JSON list: for each point the files found after the stop,
and those after the same set was written once more.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path

CALLS = frozenset({"os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.chmod"})
OLD = {"page.html": "old page", "parts/table.csv": "old table", "results.csv": "old results"}
NEW = {"page.html": "new page", "parts/figure.svg": "new figure", "results.csv": "new results"}
FOREIGN = {"notes.txt": "mine", "parts/letter.txt": "mine too"}


def watch(folder: Path, turn: int, stop: Callable[[str], None]) -> list[int]:
    """Call ``stop`` from the given point on; give a list that holds the number of points so far."""
    seen = [0]

    def look(event: str, given: tuple[object, ...]) -> None:
        is_ours = event in CALLS or (event == "ctypes.dlsym" and given[1:] == ("renameat2",))
        if event == "open":
            is_ours = str(folder) in os.fsdecode(given[0]) if isinstance(given[0], str | bytes) else False
        if not is_ours:
            return
        seen[0] += 1
        needs_room = event in {"os.mkdir", "os.link"} or (
            event == "open" and isinstance(given[2], int) and bool(given[2] & os.O_CREAT)
        )
        if seen[0] >= turn:
            stop("room" if needs_room else "")

    sys.addaudithook(look)
    return seen


def kill(_: str) -> None:
    """End this process at once."""
    os.kill(os.getpid(), signal.SIGKILL)


def refuse(kind: str) -> None:
    """Fail as a full disk does."""
    if kind == "room":
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def read(folder: Path) -> dict[str, str] | None:
    """Give the text of every file of a folder by its name, without the list of the set; None without folder."""
    if not folder.exists():
        return None
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith(".funis-")
    }


def prepare(place: Path) -> Path:
    """Write the old set, with files of somebody else beside it."""
    from funis.file_sets import build_set

    shutil.rmtree(place, ignore_errors=True)
    with build_set(place / "report") as draft:
        fill(draft, OLD)
    for name, text in FOREIGN.items():
        (place / "report" / name).write_text(text, encoding="utf-8")
    return place / "report"


def fill(draft: Path, files: dict[str, str]) -> None:
    """Write files into a folder."""
    from funis.files import write_whole

    for name, text in files.items():
        (draft / name).parent.mkdir(parents=True, exist_ok=True)
        write_whole(draft / name, text)


def run_once(place: Path, turn: int, how: str) -> tuple[int, list[dict[str, object]]]:
    """Write the new set in a process stopped at a point; give how it ended, and what stands there."""
    from funis.errors import OutputError
    from funis.file_sets import build_set

    report = prepare(place)
    child = os.fork()
    if child == 0:
        watch(place, turn, {"kill": kill, "full": refuse}[how])
        try:
            with build_set(report) as draft:
                fill(draft, NEW)
        except (OutputError, OSError) as error:
            os._exit(2 if isinstance(error, OutputError) or error.errno == errno.ENOSPC else 3)
        except BaseException:  # noqa: BLE001 - this process must not go on as its parent
            os._exit(4)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    after_stop: dict[str, object] = {
        "files": read(report),
        "beside": sorted(path.name for path in place.iterdir()),
    }
    with build_set(report) as draft:
        fill(draft, NEW)
    after_rerun: dict[str, object] = {
        "files": read(report),
        "beside": sorted(path.name for path in place.iterdir()),
    }
    return status, [after_stop, after_rerun]


def main() -> None:
    """Stop at each point until the process comes to its end."""
    folder, how, swap = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    from funis import file_sets

    # What a process wrote outlives it without this; only a failing machine needs it, and it takes long.
    setattr(os, "fsync", lambda _: None)  # noqa: B010 - the only place that replaces it
    if swap == "renames":
        file_sets._call_exchange = lambda *_: errno.ENOSYS
    found = []
    for turn in range(1, 1000):
        status, states = run_once(folder / "study", turn, how)
        found.append({"status": status, "stopped": states[0], "again": states[1]})
        if status == 0:
            break
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
