"""Added indices of random visits with blanks, by `funis.score` and by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

import funis

from .drawn_timelines import pick
from .totals_by_hand import (
    SLEDAI_2K,
    WEIGHTS,
    bound,
    levels_of,
    mean_of_three,
    tick_from_measurements,
)

INDICES = [*WEIGHTS, "bilag_classic_9_3_1", "bilag_classic_12_5_1"]
BESIDE_LIMITS: dict[str, tuple[float | None, ...]] = {
    "urine_rbc": (None, 4.0, 5.0, 5.5, 6.0),
    "urine_wbc": (None, 5.0, 6.0),
    "proteinuria_24h": (None, 0.49, 0.5, 0.51, 1.2),
    "temperature": (None, 37.0, 38.0, 38.1),
    "platelets": (None, 99.0, 100.0, 101.0),
    "wbc": (None, 2.9, 3.0, 3.1),
    "inflamed_joints": (None, 0, 1, 2, 3),
}


def draw_visit(rng: np.random.Generator, index: str) -> dict[str, Any]:
    levels, share = levels_of(index), pick(rng, (0.1, 0.5, 0.9))
    quiet = {name: "E" if "A" in values else values[0] for name, values in levels.items()}
    visit = {
        name: pick(rng, values) if rng.random() < share else quiet[name] for name, values in levels.items()
    }
    names = list(levels)
    for _ in range(pick(rng, (0, 0, 1, 2, 4))):
        visit[pick(rng, names)] = None
    for _ in range(0 if index.startswith("bilag") else 3):
        name = pick(rng, names)
        if visit[name] is not None:
            visit[f"{name}_attributed"] = pick(rng, (0, 1, None))
    return visit


@pytest.mark.parametrize("index", INDICES)
def test_total_and_bounds_of_every_policy(index: str) -> None:
    rng = np.random.default_rng(len(index))
    visits = [draw_visit(rng, index) for _ in range(250)]
    frame = pl.DataFrame(visits, infer_schema_length=None)
    scored = {policy: funis.score(frame, index, missing=policy) for policy in ("strict", "absent", "worst")}
    for place, visit in enumerate(visits):
        low, high = bound(index, visit)
        known = {"strict": low if low == high else None, "absent": low, "worst": high}
        status = "scored" if low == high else "incomplete"
        for policy, found in scored.items():
            row = found.row(place, named=True)
            ends = (row[f"{index}_lower"], row[f"{index}_upper"], row[f"{index}_status"])
            assert (row[index], *ends) == (known[policy], low, high, status), (index, policy, visit)


@pytest.mark.parametrize("min_joints", [2, 3])
def test_blank_items_of_sledai_follow_from_measurements(min_joints: int) -> None:
    rng, visits = np.random.default_rng(3), []
    for _ in range(300):
        visit: dict[str, Any] = dict.fromkeys(SLEDAI_2K, 0)
        for item in (
            "hematuria",
            "pyuria",
            "proteinuria",
            "fever",
            "thrombocytopenia",
            "leukopenia",
            "arthritis",
        ):
            if rng.random() < 0.7:
                visit[item] = None
        visits.append(visit | {name: pick(rng, values) for name, values in BESIDE_LIMITS.items()})
    frame = pl.DataFrame(visits, infer_schema_length=None)
    scored = funis.score(frame, "sledai_2k", parameters={"arthritis_min_joints": min_joints})
    ends = scored.select("sledai_2k_lower", "sledai_2k_upper").rows()
    by_hand = [bound("sledai_2k", tick_from_measurements(visit, min_joints=min_joints)) for visit in visits]
    assert ends == by_hand


def test_esspri_is_the_mean_of_three() -> None:
    rng = np.random.default_rng(4)
    values = (None, 0.0, 3.0, 5.0, 7.3, 8.0, 10.0)
    visits = [{name: pick(rng, values) for name in ("dryness", "fatigue", "pain")} for _ in range(200)]
    found = funis.score(pl.DataFrame(visits, infer_schema_length=None), "esspri")["esspri"].to_list()
    for visit, score in zip(visits, found, strict=True):
        by_hand = mean_of_three(visit)
        assert (score is None) == (by_hand is None)
        assert by_hand is None or abs(score - float(by_hand)) < 1e-12
