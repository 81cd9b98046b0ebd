"""Visits drawn at random, with values at the printed limits and beside them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, TypeVar

import numpy as np

from .grades_by_hand import ITEM_OF_ROW, SYSTEMS

Chosen = TypeVar("Chosen")
Rows = list[dict[str, Any]]

AT_LIMITS: dict[str, tuple[float, ...]] = {
    "systolic_bp": (110, 118, 120, 139, 140, 141, 150, 155, 170),
    "diastolic_bp": (70, 75, 80, 89, 90, 91, 95, 96, 110),
    "urine_dipstick": (0, 1, 2, 3),
    "acr": (0, 20, 25, 25.01, 37.5, 49.99, 50, 66, 75, 99.9, 100, 100.01, 133.3, 150, 200),
    "upcr": (0, 20, 25, 25.5, 37.5, 49.99, 50, 60, 75, 100, 100.5, 112.5, 150, 200),
    "proteinuria_24h": (0, 0.1, 0.25, 0.26, 0.49, 0.5, 0.51, 0.66, 0.8, 1.0, 1.01, 1.2, 1.5, 2.0, 2.4),
    "creatinine": (60, 99.9, 100, 104, 113, 115, 120, 130, 130.1, 135, 140, 149.5, 150, 156, 169, 182),
    "gfr": (30, 40, 45, 49.9, 50, 50.1, 53.6, 55, 60, 63.65, 67, 79.9, 80, 90, 95, 119),
    "haemoglobin": (7.9, 8, 9.9, 9.95, 10, 10.9, 11, 13),
    "wbc": (0.9, 1, 1.9, 1.95, 2, 3.9, 4, 6),
    "neutrophils": (0.4, 0.5, 0.9, 1, 1.9, 2, 4),
    "lymphocytes": (0.5, 0.9, 1, 1.5),
    "platelets": (20, 24, 25, 49, 50, 149, 150, 300),
}
BLOOD_COUNTS = ("haemoglobin", "wbc", "neutrophils", "lymphocytes", "platelets")
YES_NO = tuple(ITEM_OF_ROW[row] for row in (80, 85, 88, 89, 96, 97))
PROTEIN = ("urine_dipstick", "acr", "upcr", "proteinuria_24h")
FILTRATION = ("creatinine", "gfr")
GAPS = (14, 30, 60, 89, 90, 91, 92, 93, 120)


def pick(rng: np.random.Generator, choices: Sequence[Chosen]) -> Chosen:
    return choices[int(rng.integers(len(choices)))]


def draw_item(rng: np.random.Generator, name: str, share: float) -> float:
    if name in AT_LIMITS:
        is_normal = name in BLOOD_COUNTS and rng.random() < 0.6
        return AT_LIMITS[name][-1] if is_normal else pick(rng, AT_LIMITS[name])
    if rng.random() > share:
        return 0
    return pick(rng, (0, 1)) if name in YES_NO else pick(rng, (1, 1, 2, 3, 4))


def draw_visit(rng: np.random.Generator) -> dict[str, Any]:
    """Draw one visit on which every item was recorded."""
    share = pick(rng, (0.0, 0.02, 0.1, 0.1))
    return {name: draw_item(rng, name, share) for name in ITEM_OF_ROW.values()}


def leave_out_alternatives(rng: np.random.Generator, visit: dict[str, Any]) -> None:
    """Blank some of the measurements that stand for each other; one of each kind stays."""
    for group in (PROTEIN, FILTRATION):
        if rng.random() < 0.5:
            kept = pick(rng, group)
            for name in group:
                if name != kept and rng.random() < 0.7:
                    visit[name] = None


def draw_timelines(seed: int, subjects: int, *, alternatives: bool, attribution: float = 0.0) -> Rows:
    """Draw visits of several subjects, one to five each, with date and day of each."""
    rng, rows = np.random.default_rng(seed), Rows()
    for subject in range(subjects):
        day, start = 0, date(2020, int(rng.integers(1, 13)), int(rng.integers(1, 29)))
        ever = {f"{system}_ever": pick(rng, (0, 0, 1)) for system in SYSTEMS}
        for _ in range(int(rng.integers(1, 6))):
            visit = draw_visit(rng)
            if alternatives:
                leave_out_alternatives(rng, visit)
            for name in ITEM_OF_ROW.values() if attribution else ():
                visit[f"{name}_attributed"] = pick(rng, (0, 1)) if rng.random() < attribution else None
            when = {"subject": f"{subject:04}", "day": day, "date": start + timedelta(days=day)}
            rows.append(when | visit | ever)
            day += pick(rng, GAPS)
    return rows


def draw_holes(rng: np.random.Generator, system: str, visits: int) -> list[tuple[int, str]]:
    """Choose items of a system to blank: (visit, item). Measurements are blanked at the last visit only."""
    holes: list[tuple[int, str]] = []
    names = [ITEM_OF_ROW[row] for row in SYSTEMS[system]]
    for _ in range(int(rng.integers(1, 4))):
        kind = int(rng.integers(5)) if system == "renal" else 9
        if kind == 0:
            holes += [(visits - 1, name) for name in PROTEIN]
        elif kind == 1:
            holes += [(visits - 1, name) for name in FILTRATION]
        elif kind == 2:
            holes.append((visits - 1, pick(rng, ("systolic_bp", "diastolic_bp"))))
        else:
            names = [name for name in names if system != "renal" or name in YES_NO]
            holes.append((int(rng.integers(visits)), pick(rng, names)))
    return list(dict.fromkeys(holes))


def draw_grades(rng: np.random.Generator, systems: Sequence[str], weights: Sequence[float]) -> dict[str, str]:
    return {system: "ABCDE"[int(rng.choice(5, p=weights))] for system in systems}
