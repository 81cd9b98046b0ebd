"""What a check of one subject costs where no file is involved: the data of one subject of the lupus demonstration."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from statistics import median

import polars as pl

import funis
from funis.demo.reconstruct import reconstruct


def one_subject(folder: Path) -> dict[str, pl.DataFrame]:
    """Give the tables of the first subject of a study folder, every cell a text."""
    tables = {
        path.stem: pl.read_csv(path, infer_schema=False) for path in sorted((folder / "data").glob("*.csv"))
    }
    first = tables["subjects"]["subject"][0]
    return {
        name: frame.filter(pl.col("subject") == first) if "subject" in frame.columns else frame
        for name, frame in tables.items()
    }


def measure(repeats: int = 15) -> tuple[float, float]:
    """Give the median processor seconds of one subject: the checks of the tables, and all that funis check does."""
    with tempfile.TemporaryDirectory() as place:
        folder = reconstruct("sle", Path(place) / "sle", seed=5)
        study, frames = funis.read_study(folder), one_subject(folder)
    seconds = []
    for check in (funis.tables_from_frames, funis.check_frames):
        check(study, frames)
        taken = []
        for _ in range(repeats):
            started = time.process_time()
            check(study, frames)
            taken.append(time.process_time() - started)
        seconds.append(median(taken))
    return seconds[0], seconds[1]


def main() -> None:
    """Print both."""
    tables, everything = measure()
    print("| one subject, no file, after the first call | processor ms | aim |\n|---|---:|---:|")
    print(f"| tables_from_frames: typed and checked | {1000 * tables:.1f} | < 10 ms |")
    print(
        f"| check_frames: scores that a criterion or a recorded total needs, too | {1000 * everything:.1f} | < 10 ms |"
    )


if __name__ == "__main__":
    main()
