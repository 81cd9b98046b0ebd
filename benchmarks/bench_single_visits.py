"""Score the few visits of one subject: ``funis.scorer`` beside ``funis.score``, in processor time.

Each figure is the least of several turns: what other work on the machine adds is not of interest.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import polars as pl

import funis

# Instrument, number of visits, what stands beside the items, policy, milliseconds aimed at.
CASES: tuple[tuple[str, int, Mapping[str, Any], str, float], ...] = (
    ("bilag_2004", 1, {}, "strict", 0.5),
    ("bilag_2004", 2, {}, "strict", 0.5),
    ("bilag_2004", 6, {}, "strict", 0.5),
    ("bilag_2004", 1, {"pyrexia": "ND", "renal_ever": 0, "platelets_attributed": 0}, "strict", 0.5),
    ("bilag_2004", 6, {}, "locf", 1.0),
    ("sledai_2k", 1, {}, "strict", 0.1),
    ("sledai_2k", 6, {}, "strict", 0.1),
    ("tess", 1, {}, "strict", 0.1),
    ("ocular_staining_score", 1, {}, "strict", 10.0),
    ("bilag_classic_12_5_1", 1, {}, "strict", 10.0),
)


def draw_visits(name: str, number: int, beside: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Give visits with every item at its lowest level, or in the middle of its limits."""
    items = {
        item.name: item.values[0] if item.values else ((item.minimum or 0) + (item.maximum or 0)) / 2
        for item in funis.definition(name).items
    }
    return [{"subject": "01", "day": 28 * visit, **items, **beside} for visit in range(number)]


def clock(task: Callable[[], object], repeats: int, turns: int) -> float:
    """Give the milliseconds of processor time that one call takes, in the fastest of several turns."""
    task()
    found = []
    for _ in range(turns):
        started = time.process_time()
        for _ in range(repeats):
            task()
        found.append((time.process_time() - started) / repeats)
    return 1000 * min(found)


def measure(turns: int = 5) -> list[tuple[str, float, float, float]]:
    """Measure every case: its name, milliseconds of the scorer and of a frame, and the aim."""
    lines = []
    for name, number, beside, missing, aim in CASES:
        visits = draw_visits(name, number, beside)
        frame = pl.DataFrame(visits, infer_schema_length=None)
        choices: dict[str, Any] = {"missing": missing}
        places: dict[str, Any] = {"subject": "subject", "order": "day", **choices}
        scorer = funis.scorer(name, **choices)
        own = clock(lambda: scorer(visits), 200 if scorer.is_compiled else 10, turns)  # noqa: B023
        whole = clock(lambda: funis.score(frame, name, **places), 5, turns)  # noqa: B023
        told = ", with statements beside items" if beside else ""
        lines.append((f"{name}, {number} visit(s), {missing}{told}", own, whole, aim))
    return lines


def format_table(lines: Sequence[tuple[str, float, float, float]]) -> str:
    """Give the figures as a Markdown table."""
    head = "| processor milliseconds a call | funis.scorer | funis.score | ratio | aim |\n|---|---:|---:|---:|---:|"
    rows = [
        f"| {label} | {own:.3f} | {whole:.1f} | {whole / own:.0f} | < {aim:g} |"
        for label, own, whole, aim in lines
    ]
    return "\n".join([head, *rows])


if __name__ == "__main__":
    print(format_table(measure()))
