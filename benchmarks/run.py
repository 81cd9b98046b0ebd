"""Every timing of funis in one command: ``make bench``, or ``python benchmarks/run.py [--quick] [--skip NAME ...]``.

Prints Markdown. Each figure is a median of several runs. Other work on the machine makes every time longer, so ratios of
things measured in turns say more than seconds; the load before and after stands beside the figures.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from statistics import median

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE / "scoring"), str(HERE / "growth"), str(HERE / "server")]
Line = tuple[str, float, float, str]


def clock_command(command: Sequence[str], repeats: int) -> tuple[float, float]:
    """Give the median elapsed and processor seconds of a whole process; the first run is not counted.

    The first run reads files into memory and writes compiled modules, as an installation does.
    """
    elapsed, processor = [], []
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    for _ in range(repeats + 1):
        before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run(
            command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment
        )
        elapsed.append(time.perf_counter() - started)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        processor.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return median(elapsed[1:]), median(processor[1:])


def measure_starts(repeats: int = 7) -> list[Line]:
    """Measure cold starts: the report of the 40-subject demonstration, and the import."""
    with tempfile.TemporaryDirectory() as folder:
        demo = Path(folder) / "demo"
        funis = [sys.executable, "-m", "funis.cli"]
        subprocess.run([*funis, "demo", "--out", str(demo)], check=True, capture_output=True)
        report = clock_command([*funis, "report", str(demo / "sle")], repeats)
    bare = clock_command([sys.executable, "-c", "pass"], repeats)
    found = clock_command([sys.executable, "-c", "import funis"], repeats)
    return [
        ("funis report, 40 subjects, from cold start", *report, "<= 2.5 s"),
        ("import funis, interpreter included", *found, "< 0.3 s"),
        ("the bare interpreter, for comparison", *bare, ""),
    ]


def print_starts(*, quick: bool) -> None:
    """Print cold starts."""
    print("| cold start | seconds | processor seconds | aim |\n|---|---:|---:|---:|")
    for label, elapsed, processor, aim in measure_starts(3 if quick else 7):
        print(f"| {label} | {elapsed:.2f} | {processor:.2f} | {aim} |")


def print_scoring(*, quick: bool) -> None:
    """Print scoring at scale, as ratios of the scan."""
    bench_scoring = import_module("bench_scoring")
    visits = 1_000_000 if quick else 10_000_000
    folder = bench_scoring.FOLDER / f"visits_{visits}"
    bench_scoring.write_visits(folder, visits)
    print(bench_scoring.format_table(bench_scoring.measure_all(visits, folder, 3 if quick else 5), visits))


def print_single_visits(*, quick: bool) -> None:
    """Print the scorer of single visits beside the scoring of a frame."""
    bench = import_module("bench_single_visits")
    print(bench.format_table(bench.measure(2 if quick else 5)))


def print_mmrm(*, quick: bool) -> None:
    """Print MMRM beside R: measured where R has the packages, else the recorded figures, marked as such."""
    del quick  # the fits take seconds
    print("```")
    import_module("bench_mmrm").main()
    print("```")


def print_checks(*, quick: bool) -> None:
    """Print what the checks of one subject cost without a file."""
    del quick  # they take a second
    import_module("bench_checks").main()


def print_virtual_trials(*, quick: bool) -> None:
    """Print what a virtual trial costs, in a process of its own that has one thread."""
    script = HERE / "bench_virtual_trials.py"
    subprocess.run([sys.executable, str(script), *(["--quick"] if quick else [])], check=True)


def print_growth(*, quick: bool) -> None:
    """Print what check and report take as the subjects grow; without --quick up to 20,000 of them."""
    growth = import_module("bench_growth")
    print(growth.format_table(growth.measure(growth.QUICK if quick else growth.SIZES)))


def print_saves(*, quick: bool) -> None:
    """Print what saves through the server take beside a bare insert."""
    bench = import_module("bench_saves")
    print(bench.format_table(bench.measure_all(5.0 if quick else 20.0)))


def print_lists(*, quick: bool) -> None:
    """Print what the lists of the server take before many subjects."""
    bench = import_module("bench_lists")
    subjects = bench.SUBJECTS // 10 if quick else bench.SUBJECTS
    print(bench.format_table(bench.measure_all(subjects), subjects))


PARTS: dict[str, tuple[str, Callable[..., None]]] = {
    "starts": ("Cold start", print_starts),
    "checks": ("Checks of one subject", print_checks),
    "scoring": ("Scoring at scale", print_scoring),
    "single": ("Single visits", print_single_visits),
    "mmrm": ("MMRM", print_mmrm),
    "saves": ("Saves through the server", print_saves),
    "lists": ("Lists of the server", print_lists),
    "trials": ("Virtual trials", print_virtual_trials),
    "growth": ("Growth with the subjects", print_growth),
}


def load() -> str:
    """Tell how busy the machine is, next to what it has."""
    return f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


def main(arguments: Sequence[str] | None = None) -> None:
    """Print every part that is not skipped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the visits, fewer turns")
    parser.add_argument("--skip", nargs="*", choices=PARTS, default=[])
    chosen = parser.parse_args(arguments)
    print(f"Python {platform.python_version()}, {platform.machine()}; load before: {load()}")
    if os.getloadavg()[0] > 0.5 * (os.cpu_count() or 1):
        print("The machine is busy with other work: seconds are too long; read ratios and processor seconds.")
    for name, (title, show) in PARTS.items():
        if name not in chosen.skip:
            print(f"\n## {title}\n", flush=True)
            show(quick=chosen.quick)
    print(f"\nLoad after: {load()}")


if __name__ == "__main__":
    main()
