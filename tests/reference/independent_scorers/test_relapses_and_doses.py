"""KDIGO relapse and days above a dose: random cases by funis and by plain Python written from the printed text."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

import funis
from funis.responses.steroid_courses import derive_steroid_days

SEED = 20121
Kidney = dict[str, Any]
CREATININE = (0.6, 1.0, 1.5, 1.9, 1.99, 2.0, 2.4, 3.0)
STEPS = (-0.3, 0.0, 0.19, 0.2, 0.39, 0.4, 1.0, 1.01, 1.5, 1.51)
PROTEIN = (100, 499, 500, 999, 1000, 1001, 1999, 2000, 2500, 4999, 5000, 5100, 6001, 7000)


def relapse(before: Kidney, now: Kidney) -> str:
    """Table 29 of the KDIGO guideline of 2012, in mg/dL and mg/g."""
    rise = round(now["creatinine"] - before["creatinine"], 6)
    low = before["creatinine"] < 2.0
    start, end = before["upcr"], now["upcr"]
    if rise > (1.0 if low else 1.5) or end - start > 5000:
        return "severe"
    if rise >= (0.20 if low else 0.40):
        return "moderate"
    needed = 1000 if start < 500 else 2000 if start <= 1000 else 2 * start
    if end >= needed:
        return "moderate"
    cells = before["urine_red_cells"] < 5 and now["urine_red_cells"] > 15 and now["acanthocytes"] >= 2
    casts = any(before[kind] == 0 and now[kind] >= 1 for kind in ("red_cell_casts", "white_cell_casts"))
    return "mild" if cells or casts else "none"


def draw(generator: np.random.Generator) -> tuple[Kidney, Kidney]:
    start = float(generator.choice(CREATININE))
    before: Kidney = {"creatinine": start, "upcr": int(generator.choice(PROTEIN))}
    now: Kidney = {
        "creatinine": round(start + float(generator.choice(STEPS, p=[0.3, 0.2, 0.2, *[0.3 / 7] * 7])), 2),
        "upcr": int(generator.choice(PROTEIN)) if generator.random() < 0.4 else before["upcr"],
    }
    for kidney in (before, now):
        kidney["urine_red_cells"] = int(generator.choice([0, 4, 5, 15, 16, 30]))
        kidney["acanthocytes"] = int(generator.choice([0, 1, 2, 5]))
        kidney["red_cell_casts"] = int(generator.random() < 0.1)
        kidney["white_cell_casts"] = int(generator.random() < 0.1)
    return before, now


def ask(timelines: list[tuple[Kidney, Kidney]]) -> list[dict[str, Any]]:
    rows = [
        {"subject": f"{number:05}", "visit": name, "day": day, **kidney}
        for number, timeline in enumerate(timelines)
        for (name, day), kidney in zip((("baseline", 0), ("day_90", 90)), timeline, strict=True)
    ]
    units = {"creatinine_unit": "mg/dL", "upcr_unit": "mg/g"}
    frame = pl.DataFrame(rows, infer_schema_length=None)
    return funis.respond(frame, "kdigo_2012_relapse", parameters=units).sort("subject").to_dicts()


def test_relapses_of_random_kidneys() -> None:
    generator = np.random.default_rng(SEED)
    timelines = [draw(generator) for _ in range(3000)]
    expected = [relapse(*timeline) for timeline in timelines]
    assert set(expected) == {"severe", "moderate", "mild", "none"}
    assert [row["response"] for row in ask(timelines)] == expected


def test_what_is_missing_never_gives_another_class() -> None:
    generator = np.random.default_rng(SEED + 1)
    timelines = [draw(generator) for _ in range(2000)]
    poorer = []
    for before, now in timelines:
        holes = generator.choice(list(before), size=2, replace=False)
        poorer.append(
            tuple({key: None if key in holes and generator.random() < 0.6 else value
                   for key, value in kidney.items()} for kidney in (before, now))
        )  # fmt: skip
    found = ask([(timeline[0], timeline[1]) for timeline in poorer])
    assert any(row["response"] == "cannot tell" for row in found)
    for row, timeline in zip(found, timelines, strict=True):
        truth = relapse(*timeline)
        assert truth in row["possible"].split(" or ")
        assert row["response"] in {truth, "cannot tell"}


# --- days above a dose, counted day by day ----------------------------------------------------------


def by_day(courses: list[tuple[float | None, int, int | None]], day: int, length: int) -> list[bool | None]:
    above: list[bool | None] = []
    for each in range(day - length + 1, day + 1):
        doses = [dose for dose, first, last in courses if first <= each and (last is None or each <= last)]
        known = [dose for dose in doses if dose is not None]
        above.append(None if len(known) < len(doses) else sum(known) > 10)
    return above


def longest(days: list[bool]) -> int:
    return max(len(run) for run in "".join("x" if day else " " for day in days).split(" "))


@pytest.mark.parametrize("length", [1, 14, 57])
def test_days_of_random_courses(length: int) -> None:
    generator = np.random.default_rng(SEED + length)
    for _ in range(60):
        courses = []
        for _ in range(int(generator.integers(0, 6))):
            first = int(generator.integers(280, 366))
            last = None if generator.random() < 0.2 else first + int(generator.integers(0, 20))
            dose = None if generator.random() < 0.15 else float(generator.choice([2.5, 5, 7.5, 10, 15, 40]))
            courses.append((dose, first, last))
        frame = pl.DataFrame(
            [("1", "prednisone", dose, "mg/day", "oral", first, last) for dose, first, last in courses],
            schema={"subject": pl.String, "drug": pl.String, "dose": pl.Float64, "unit": pl.String,
                    "route": pl.String, "start_day": pl.Int64, "end_day": pl.Int64},
            orient="row",
        )  # fmt: skip
        visits = pl.DataFrame({"subject": ["1"], "day": [364]})
        row = derive_steroid_days(frame, visits, window_days=length).row(0, named=True)
        days = by_day(courses, 364, length)
        for side, word in ((True, "above"), (False, "within")):
            sure = [day is side for day in days]
            possible = [day is side or day is None for day in days]
            assert row[f"steroid_days_{word}_lower"] == sum(sure)
            assert row[f"steroid_days_{word}_upper"] == sum(possible)
            assert row[f"steroid_longest_run_{word}_lower"] == longest(sure)
            assert row[f"steroid_longest_run_{word}_upper"] == longest(possible)
