"""Score 10 million visits: time and peak memory as ratios of merely scanning the same columns of the same file.

Run ``python benchmarks/scoring/bench_scoring.py [--visits N] [--folder DIR] [--repeats N]``. Each measurement is a
process of its own, so that its peak memory is its own; tasks take turns, so that a busy minute of the machine hits
them alike; medians are compared, as elapsed time and as processor time. pandas and row-by-row Python run on a sample
and are scaled.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import polars as pl

import funis

sys.path.insert(0, str(Path(__file__).parent))
row_by_row = import_module("row_by_row")

FOLDER = Path(__file__).resolve().parents[1] / ".data"
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


SAMPLES = {
    "pandas SLEDAI-2K": 200_000,
    "pandas BILAG-2004": 200_000,
    "row by row SLEDAI-2K": 100_000,
    "row by row BILAG-2004": 20_000,
}
AIMS = {"score": 1.5, "everything": 2.5}
Figures = dict[str, float]


def measure_here(task: str, folder: Path, rows: int) -> Figures:
    """Measure one task in this process: seconds, seconds of processor, peak memory in megabytes, rows."""
    if task in TASKS:
        started, busy = time.perf_counter(), _busy()
        found = drain(TASKS[task](folder))
    else:
        sample = (read_sledai if "SLEDAI" in task else read_bilag)(folder).head(rows).collect()
        started, busy = time.perf_counter(), _busy()
        found = score_sample(task, sample)
    seconds, processor = time.perf_counter() - started, _busy() - busy
    return {"seconds": seconds, "processor": processor, "peak_mb": _peak_mb(), "rows": float(found)}


def _peak_mb() -> float:
    """Give the peak memory; Linux counts that of the process which started this one into the usual figure."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _busy() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def score_sample(task: str, sample: pl.DataFrame) -> int:
    """Score a sample as a pandas frame, or row by row in plain Python; give the number of rows."""
    name = "sledai_2k" if "SLEDAI" in task else "bilag_2004"
    if task.startswith("pandas"):
        place = (None, None) if name == "sledai_2k" else ("subject", "day")
        return len(funis.score(sample.to_pandas(), name, subject=place[0], order=place[1]))
    # Plain Python knows complete records only; skipping the others would make it look faster than it is.
    rows = sample.fill_null(0).iter_rows(named=True)
    answers = row_by_row.score_sledai_rows(rows) if name == "sledai_2k" else row_by_row.grade_rows(rows)
    return sum(1 for _ in answers)


def measure(task: str, folder: Path, rows: int = 0) -> Figures:
    """Measure one task in a process of its own."""
    command = [sys.executable, __file__, "--task", task, "--folder", str(folder), "--sample", str(rows)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: Figures = json.loads(done.stdout)
    return found


def measure_all(visits: int, folder: Path, repeats: int = 5) -> dict[str, Figures]:
    """Measure every task: medians of several turns, those of samples scaled to all visits."""
    turns = [{task: measure(task, folder) for task in TASKS} for _ in range(repeats)]
    found = {
        task: {key: median(turn[task][key] for turn in turns) for key in turns[0][task]} for task in TASKS
    }
    for task, most in SAMPLES.items():
        one = measure(task, folder, min(most, visits))
        scale = visits / one["rows"]
        found[task] = one | {key: one[key] * scale for key in ("seconds", "processor")}
    return found


def format_table(found: dict[str, Figures], visits: int) -> str:
    """Write the figures as a Markdown table; a ratio is the time over that of scanning the same columns."""
    lines = [
        f"{visits:,} visits, Polars {pl.__version__}, {pl.thread_pool_size()} threads; scan = reading the same columns",
        "",
        "| task | seconds | x scan | x scan (processor) | aim | peak MB |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    both = [kind for kind in ("scan", *AIMS) if f"{kind} SLEDAI-2K" in found]
    rows = dict(found)
    for kind in both:
        parts = [found[f"{kind} {name}"] for name in ("SLEDAI-2K", "BILAG-2004")]
        rows[f"{kind} both"] = {key: sum(part[key] for part in parts) for key in ("seconds", "processor")}
        rows[f"{kind} both"]["peak_mb"] = max(part["peak_mb"] for part in parts)
    for task, one in rows.items():
        kind, _, instrument = task.rpartition(" ")
        scan = rows[f"scan {instrument}"]
        label = task if kind in {"scan", *AIMS} else f"{task} (sample, scaled)"
        ratios = " | ".join(f"{one[key] / scan[key]:.2f}" for key in ("seconds", "processor"))
        lines.append(
            f"| {label} | {one['seconds']:.2f} | {ratios} | {AIMS.get(kind, '')} | {one['peak_mb']:.0f} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Run the benchmark, or one task of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--visits", type=int, default=10_000_000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--task")
    parser.add_argument("--sample", type=int, default=0)
    chosen = parser.parse_args()
    folder = chosen.folder or FOLDER / f"visits_{chosen.visits}"
    if chosen.task:
        print(json.dumps(measure_here(chosen.task, folder, chosen.sample)))
        return
    write_visits(folder, chosen.visits)
    print(format_table(measure_all(chosen.visits, folder, chosen.repeats), chosen.visits))


if __name__ == "__main__":
    main()
