"""Score 10 million visits: time and peak memory as ratios of merely scanning the same columns of the same file.

Run ``python benchmarks/scoring/bench_scoring.py [--visits N] [--folder DIR]``. Each measurement is a process of its own,
so that its peak memory is its own. pandas and row-by-row Python run on a sample and are scaled.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

import funis

VISITS_PER_SUBJECT = 8
ROWS_PER_FILE = 1_000_000
SLEDAI = [item.name for item in funis.definition("sledai_2k").items]
BILAG = funis.definition("bilag_2004")
# The two instruments share a few names; in one file those of SLEDAI stand under a name of their own.
PREFIX = "sledai_"
# Centre, spread and digits of measured rows, as in a cohort of mostly stable lupus.
MEASURED = {
    "systolic_bp": (125, 15, 0), "diastolic_bp": (78, 10, 0), "acr": (20, 40, 0), "upcr": (40, 60, 0),
    "proteinuria_24h": (0.4, 0.6, 2), "creatinine": (80, 25, 0), "gfr": (85, 20, 0), "haemoglobin": (12, 1.8, 1),
    "wbc": (5.5, 2, 1), "neutrophils": (3.5, 1.5, 1), "lymphocytes": (1.4, 0.5, 1), "platelets": (230, 70, 0),
}  # fmt: skip
GRADES = [f"bilag_2004_{system}" for system in BILAG.systems]


def draw_visits(rows: int, start: int, rng: np.random.Generator) -> pl.DataFrame:
    """Draw visits: mostly absent items, 1 % of cells missing, previous visits within a subject."""
    number = np.arange(start, start + rows)
    columns: dict[str, Any] = {
        "subject": (number // VISITS_PER_SUBJECT).astype(np.int32),
        "day": (number % VISITS_PER_SUBJECT * 30).astype(np.int16),
    }
    for name in SLEDAI:
        columns[PREFIX + name] = (rng.random(rows, dtype=np.float32) < 0.08).astype(np.int8)
    for item in BILAG.items:
        if item.is_measured:
            centre, spread, digits = MEASURED[item.name]
            drawn = np.abs(rng.normal(centre, spread, rows)).round(digits)
            columns[item.name] = np.clip(drawn, item.minimum, item.maximum)
        else:
            active = rng.random(rows, dtype=np.float32) < 0.03
            columns[item.name] = (active * rng.integers(1, len(item.values), rows)).astype(np.int8)
    frame = pl.DataFrame(columns)
    with_gaps = [name for name in frame.columns[2:] if rng.random() < 0.25]
    gaps = [pl.when(pl.Series(rng.random(rows) > 0.01)).then(pl.col(name)).alias(name) for name in with_gaps]
    return frame.with_columns(gaps)


def write_visits(folder: Path, visits: int) -> None:
    """Write the visits as Parquet files, once."""
    folder.mkdir(parents=True, exist_ok=True)
    if len(list(folder.glob("*.parquet"))) == -(-visits // ROWS_PER_FILE):
        return
    rng = np.random.default_rng(20240229)
    for number, start in enumerate(range(0, visits, ROWS_PER_FILE)):
        rows = min(ROWS_PER_FILE, visits - start)
        draw_visits(rows, start, rng).write_parquet(folder / f"visits_{number:03}.parquet")


def read_sledai(folder: Path) -> pl.LazyFrame:
    """Read the SLEDAI columns under their own names."""
    frame = pl.scan_parquet(folder / "*.parquet")
    return frame.select("subject", "day", *[pl.col(PREFIX + name).alias(name) for name in SLEDAI])


def read_bilag(folder: Path) -> pl.LazyFrame:
    """Read the BILAG columns."""
    return pl.scan_parquet(folder / "*.parquet").select(
        "subject", "day", *[item.name for item in BILAG.items]
    )


def drain(frame: pl.LazyFrame) -> int:
    """Run a query in streaming and throw its rows away batch by batch; give their number."""
    rows = 0

    def count(batch: pl.DataFrame) -> None:
        nonlocal rows
        rows += batch.height

    frame.sink_batches(count, engine="streaming")
    return rows


def score_sledai(folder: Path) -> pl.LazyFrame:
    """Score SLEDAI-2K."""
    scored: pl.LazyFrame = funis.score(read_sledai(folder), "sledai_2k", compact=True)
    return scored


def score_bilag(folder: Path) -> pl.LazyFrame:
    """Score BILAG-2004 with the previous visit."""
    scored: pl.LazyFrame = funis.score(
        read_bilag(folder), "bilag_2004", subject="subject", order="day", assume_sorted=True, compact=True
    )
    return scored


TASKS: dict[str, Callable[[Path], pl.LazyFrame]] = {
    "scan SLEDAI-2K": read_sledai,
    "scan BILAG-2004": read_bilag,
    "score SLEDAI-2K": lambda folder: score_sledai(folder).select("subject", "day", "sledai_2k"),
    "score BILAG-2004": lambda folder: score_bilag(folder).select("subject", "day", "bilag_2004", *GRADES),
    "everything SLEDAI-2K": lambda folder: score_sledai(folder).select("subject", "day", "^sledai_2k.*$"),
    "everything BILAG-2004": lambda folder: score_bilag(folder).select("subject", "day", "^bilag_2004.*$"),
}


def measure_here(task: str, folder: Path, rows: int) -> dict[str, float]:
    """Measure one task in this process: seconds and peak memory in megabytes."""
    frame_library = task.partition(" ")[0]
    started = time.perf_counter()
    if task in TASKS:
        found = drain(TASKS[task](folder))
    else:
        sample = (read_sledai if "SLEDAI" in task else read_bilag)(folder).head(rows).collect()
        started = time.perf_counter()
        found = measure_sample(frame_library, task, sample)
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": seconds, "peak_mb": peak, "rows": float(found)}


def measure_sample(library: str, task: str, sample: pl.DataFrame) -> int:
    """Score a sample as a pandas frame, or row by row in plain Python."""
    name = "sledai_2k" if "SLEDAI" in task else "bilag_2004"
    if library == "pandas":
        history = {} if name == "sledai_2k" else {"subject": "subject", "order": "day"}
        funis.score(sample.to_pandas(), name, **history)
        return len(sample)
    points = {item.name: item.points[-1] for item in funis.definition("sledai_2k").items}
    for row in sample.iter_rows(named=True):
        if all(row[item] is not None for item in points):
            sum(points[item] for item in points if row[item])
    return len(sample)


def measure(task: str, folder: Path, rows: int = 0, repeats: int = 3) -> dict[str, float]:
    """Measure one task in processes of its own; the fastest of several runs."""
    command = [sys.executable, __file__, "--task", task, "--folder", str(folder), "--sample", str(rows)]
    runs = [
        json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        for _ in range(repeats)
    ]
    return min(runs, key=lambda run: float(run["seconds"]))


def report(folder: Path, visits: int) -> None:
    """Print the ratios."""
    print(f"{visits:,} visits, polars {pl.__version__}, {pl.thread_pool_size()} threads\n")
    print(f"{'task':<28}{'seconds':>9}{'x scan':>8}{'aim':>6}{'peak MB':>9}")
    scans: dict[str, float] = {}
    for task in TASKS:
        kind, instrument = task.split(maxsplit=1)
        found = measure(task, folder)
        scans.setdefault(instrument, found["seconds"])
        aim = {"scan": "", "score": "1.5", "everything": "2.5"}[kind]
        ratio = found["seconds"] / scans[instrument]
        print(f"{task:<28}{found['seconds']:>9.2f}{ratio:>8.2f}{aim:>6}{found['peak_mb']:>9.0f}")
    for task, rows in (
        ("pandas SLEDAI-2K", 200_000),
        ("pandas BILAG-2004", 200_000),
        ("python SLEDAI-2K", 100_000),
    ):
        found = measure(task, folder, rows, repeats=1)
        scaled = found["seconds"] * visits / rows
        instrument = task.split(maxsplit=1)[1]
        print(
            f"{task + ' (scaled)':<28}{scaled:>9.1f}{scaled / scans[instrument]:>8.1f}{'':>6}{found['peak_mb']:>9.0f}"
        )


def main() -> None:
    """Run the benchmark, or one task of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--visits", type=int, default=10_000_000)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "funis_bench")
    parser.add_argument("--task")
    parser.add_argument("--sample", type=int, default=0)
    chosen = parser.parse_args()
    if chosen.task:
        print(json.dumps(measure_here(chosen.task, chosen.folder, chosen.sample)))
        return
    write_visits(chosen.folder, chosen.visits)
    report(chosen.folder, chosen.visits)


if __name__ == "__main__":
    main()
