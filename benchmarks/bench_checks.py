"""What a check of one subject costs where no file is involved: the data of one subject of the lupus demonstration.

On two cores with ten other processes at work the least of many calls was 9.0 ms with frames and 8.8 with dicts, the
median of 119 subjects whose data had not been seen before 10.4 ms, in turns with the version before, which took 14.3,
13.2 and 15.4; that one took 9.7 ms on the same machine when less was at work. A tenth of the time types the tables
(BILAG-2004 has 100 columns; the same few texts stand in nearly every cell, and what each stands for is kept), a tenth
compares laboratory results with the items that they decide, and the rest is hundreds of expressions of a few
microseconds, each over a few cells.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import polars as pl

import funis
from funis.analysis.every_finding import find_findings
from funis.demo.reconstruct import reconstruct


def one_subject(folder: Path) -> dict[str, pl.DataFrame]:
    """Give the tables of the first subject of a study folder, every cell a text."""
    tables = {
        path.stem: pl.read_csv(path, infer_schema=False) for path in sorted((folder / "data").glob("*.csv"))
    }
    first = tables["subjects"]["subject"][0]
    own = {
        name: frame.filter(pl.col("subject") == first) if "subject" in frame.columns else frame
        for name, frame in tables.items()
    }
    # The cells that the subject was given, and whose they were.
    own["lots"] = own["lots"].filter(pl.col("lot").is_in(own["infusions"]["lot"].to_list()))
    own["donors"] = own["donors"].filter(pl.col("donor").is_in(own["lots"]["donor"].to_list()))
    return own


def measure(repeats: int = 40) -> dict[str, float]:
    """Give the processor seconds of one subject: all that funis check does, as few rows and as frames of Polars.

    The least of many calls: other work on the machine makes each of them longer, and none shorter.
    """
    with tempfile.TemporaryDirectory() as place:
        folder = reconstruct("sle", Path(place) / "sle", seed=5)
        study, frames = funis.read_study(folder), one_subject(folder)
    rows = {name: frame.to_dicts() for name, frame in frames.items()}
    calls: dict[str, Callable[[], object]] = {
        "check_frames: texts in frames of Polars": lambda: funis.check_frames(study, frames),
        "check_frames: lists of dicts, as a form has them": lambda: funis.check_frames(study, rows),
        "the same checks by queries, as a register is checked": lambda: find_findings(
            study, funis.tables_from_frames(study, frames)
        ),
    }
    least = dict.fromkeys(calls, float("inf"))
    for turn in range(repeats + 1):
        for name, call in calls.items():
            started = time.process_time()
            call()
            # The first turn compiles what is kept for a study.
            least[name] = min(least[name], time.process_time() - started) if turn else least[name]
    return least


def main() -> None:
    """Print each."""
    print("| one subject, no file, after the first call | processor ms | aim |\n|---|---:|---:|")
    for (name, seconds), aim in zip(measure().items(), ("< 10 ms", "", ""), strict=True):
        print(f"| {name} | {1000 * seconds:.1f} | {aim} |")


if __name__ == "__main__":
    main()
