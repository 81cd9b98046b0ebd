"""BILAG-2004 of thousands of visits, by `funis.score` and by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

import funis

from .drawn_timelines import Rows, draw_holes, draw_timelines, pick
from .grades_by_hand import (
    ITEM_OF_ROW,
    POINTS,
    SYSTEMS,
    completions,
    grade_timeline,
)

Timeline = list[tuple[Any, dict[str, Any]]]


def timelines_of(rows: Rows, order: str) -> dict[str, Timeline]:
    timelines: dict[str, Timeline] = {}
    for row in rows:
        timelines.setdefault(row["subject"], []).append((row[order], row))
    return {subject: sorted(timeline, key=lambda visit: visit[0]) for subject, timeline in timelines.items()}


def score_rows(rows: Rows, order: str, **choices: Any) -> dict[tuple[str, Any], dict[str, Any]]:
    measured = dict.fromkeys(ITEM_OF_ROW.values(), pl.Float64)
    frame = pl.DataFrame(rows, infer_schema_length=None, schema_overrides=measured)
    scored = funis.score(frame, "bilag_2004", subject="subject", order=order, **choices)
    return {(row["subject"], row[order]): row for row in scored.iter_rows(named=True)}


@pytest.mark.parametrize(("order", "attribution"), [("day", 0.0), ("date", 0.0), ("day", 0.1), ("date", 0.1)])
def test_every_grade_of_complete_visits(order: str, attribution: float) -> None:
    rows = draw_timelines(20261122, 250, alternatives=True, attribution=attribution)
    np.random.default_rng(1).shuffle(rows)
    scored = score_rows(rows, order, missing="absent")  # the alternatives left out were not measured
    totals = dict.fromkeys(scored, 0)
    for system in SYSTEMS:
        for subject, timeline in timelines_of(rows, order).items():
            grades = grade_timeline(system, timeline)
            found = [scored[subject, when][f"bilag_2004_{system}"] for when, _ in timeline]
            assert found == grades, (system, subject)
            for (when, _), grade in zip(timeline, grades, strict=True):
                totals[subject, when] += POINTS[grade]
    assert {key: row["bilag_2004"] for key, row in scored.items()} == totals


def every_completion(system: str, timeline: Timeline, holes: list[tuple[int, str]]) -> list[set[str]]:
    """Give, per visit, the grades that some completion of the blanks gives."""
    found: list[set[str]] = [set() for _ in timeline]
    for filled in completions(timeline, holes):
        for place, grade in enumerate(grade_timeline(system, filled)):
            found[place].add(grade)
    return found


@pytest.mark.parametrize("policy", ["strict", "absent"])
def test_bounds_are_those_of_all_completions(policy: str) -> None:
    rows, rng = draw_timelines(7, 450, alternatives=False), np.random.default_rng(8)
    blanked: dict[str, tuple[str, list[tuple[int, str]]]] = {}
    for subject, timeline in timelines_of(rows, "day").items():
        system = pick(rng, list(SYSTEMS))
        blanked[subject] = system, draw_holes(rng, system, len(timeline))
        for place, name in blanked[subject][1]:
            timeline[place][1][name] = None
    scored, unsettled = score_rows(rows, "day", missing=policy), 0
    for subject, timeline in timelines_of(rows, "day").items():
        system, holes = blanked[subject]
        stem, absent = f"bilag_2004_{system}", grade_timeline(system, timeline)
        for (when, _), possible, if_absent in zip(
            timeline, every_completion(system, timeline, holes), absent, strict=True
        ):
            row = scored[subject, when]
            known = if_absent if policy == "absent" or len(possible) == 1 else None
            found = (row[stem], row[f"{stem}_lower"], row[f"{stem}_upper"])
            assert found == (known, max(possible), min(possible)), (system, subject, when, holes)
            unsettled += len(possible) > 1
    assert unsettled > 200
