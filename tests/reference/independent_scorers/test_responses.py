"""Responses of random subjects, by `funis.respond` and by hand."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
import pytest

import funis

from .drawn_timelines import draw_grades, pick
from .responses_by_hand import (
    bilag_flare,
    cress_items,
    esspri_met,
    explorer_flare,
    explorer_response,
    is_bicla,
    is_doris,
    is_lldas,
    is_sri,
    star_points,
    ucmsc_response,
)
from .totals_by_hand import SLEDAI_2K

SYSTEMS = ("mucocutaneous", "musculoskeletal", "renal", "haematological")
QUIET = {f"bilag_2004_{system}": "E" for system in funis.definition("bilag_2004").systems}
ACTIVE, BETTER, CALM = (
    (0.35, 0.3, 0.15, 0.1, 0.1),
    (0.05, 0.15, 0.35, 0.3, 0.15),
    (0.04, 0.08, 0.3, 0.4, 0.18),
)
Visits = list[dict[str, Any]]
WEEKS = {"response_day": 168, "horizon_day": 364}


def respond(
    subjects: Sequence[Visits], days: Sequence[int], name: str, **parameters: Any
) -> list[dict[str, Any]]:
    rows = []
    for number, visits in enumerate(subjects):
        for day, values in zip(days, visits, strict=True):
            named = {f"bilag_2004_{key}" if key in SYSTEMS else key: value for key, value in values.items()}
            rows.append({**QUIET, "subject": f"{number:05}", "visit": f"day_{day}", "day": day, **named})
    frame = pl.DataFrame(rows, infer_schema_length=None)
    if "seizure" in frame.columns:
        frame = funis.score(frame, "sledai_2k")
    return funis.respond(frame, name, parameters=parameters or None).sort("subject").to_dicts()


def completions(visits: Visits) -> Iterator[Visits]:
    """Fill missing grades in every way; D and E mean the same to a response."""
    holes = [(place, key) for place, visit in enumerate(visits) for key in visit if visit[key] is None]
    for grades in itertools.product("ABCE", repeat=len(holes)):
        filled = [dict(visit) for visit in visits]
        for (place, key), grade in zip(holes, grades, strict=True):
            filled[place][key] = grade
        yield filled


def settle(answers: Iterator[Any]) -> Any:
    possible = set(answers)
    return possible.pop() if len(possible) == 1 else "cannot tell"


def draw_timeline(rng: np.random.Generator, blanks: int) -> Visits:
    weights = (ACTIVE, BETTER, BETTER, CALM, CALM)
    visits: Visits = [dict(draw_grades(rng, SYSTEMS, share)) for share in weights]
    for _ in range(blanks):
        visits[int(rng.integers(5))][pick(rng, SYSTEMS)] = None
    return visits


@pytest.mark.parametrize("blanks", [0, 2])
def test_response_of_the_uc_msc_trials(blanks: int) -> None:
    rng, days = np.random.default_rng(20 + blanks), (0, 90, 180, 270, 360)
    subjects = [draw_timeline(rng, blanks) for _ in range(500)]
    found = respond(subjects, days, "ucmsc_bilag_response")
    for visits, row in zip(subjects, found, strict=True):
        by_hand = [ucmsc_response(list(zip(days, filled, strict=True))) for filled in completions(visits)]
        assert row["response"] == settle(answer["response"] for answer in by_hand), visits
        if row["response"] in ("MCR", "PCR"):
            assert row["relapse"] == settle(answer["relapse"] for answer in by_hand), visits
        if blanks == 0:
            assert row["relapse_day"] == by_hand[0]["relapse_day"]
    assert len(Counter(row["response"] for row in found)) == (3 if blanks == 0 else 4)


@pytest.mark.parametrize("blanks", [0, 2])
def test_response_of_explorer(blanks: int) -> None:
    rng, days = np.random.default_rng(30 + blanks), (0, 84, 168, 252, 364)
    subjects = [draw_timeline(rng, blanks) for _ in range(500)]
    found = [row["response"] for row in respond(subjects, days, "explorer_response", **WEEKS)]
    for visits, response in zip(subjects, found, strict=True):
        by_hand = (explorer_response(list(zip(days, way, strict=True))) for way in completions(visits))
        assert response == settle(by_hand), visits
    assert set(found) >= {"MCR", "PCR", "NCR"}


def draw_pair(rng: np.random.Generator, blanks: int) -> Visits:
    score, assessment = int(rng.integers(2, 15)), pick(rng, (0.3, 0.5, 1.0, 1.8))
    before: dict[str, Any] = {**draw_grades(rng, SYSTEMS, ACTIVE), "sledai_2k": score, "pga": assessment}
    if rng.random() < 0.15:
        before |= {system: pick(rng, "CDE") for system in SYSTEMS}
    after: dict[str, Any] = {**draw_grades(rng, SYSTEMS, BETTER)}
    after["sledai_2k"] = max(0, score - int(rng.integers(-1, 10)))
    after["pga"] = round(assessment + pick(rng, (-0.3, 0.0, 0.2, 0.29, 0.3, 0.31)), 2)
    for _ in range(blanks):
        pick(rng, (before, after))[pick(rng, SYSTEMS)] = None
    return [before, after]


def by_sri(points: int) -> Callable[[Visits], str]:
    def judge(visits: Visits) -> str:
        before, after = visits
        return "yes" if is_sri(points, before, after, grades_of(visits)) else "no"

    return judge


def grades_of(visits: Visits) -> tuple[Mapping[str, str], Mapping[str, str]]:
    before, after = ({system: visit[system] for system in SYSTEMS} for visit in visits)
    return before, after


COMPARED: dict[str, Callable[[Visits], str]] = {
    **{f"sri_{points}": by_sri(points) for points in (4, 5, 6, 7, 8)},
    "bicla": lambda visits: is_bicla(visits[0], visits[1], grades_of(visits)),
    "bilag_2004_flare": lambda visits: bilag_flare(*grades_of(visits)),
    "explorer_flare": lambda visits: explorer_flare(*grades_of(visits)),
}


@pytest.mark.parametrize("name", COMPARED)
@pytest.mark.parametrize("blanks", [0, 2])
def test_two_visits_compared(name: str, blanks: int) -> None:
    rng = np.random.default_rng(40 + blanks)
    subjects = [draw_pair(rng, blanks) for _ in range(400)]
    found = respond(subjects, (0, 364), name)
    for visits, row in zip(subjects, found, strict=True):
        by_hand = settle(COMPARED[name](filled) for filled in completions(visits))
        assert row["response"] == by_hand, visits


def draw_sjogren(rng: np.random.Generator) -> Visits:
    before: dict[str, Any] = {
        "clinessdai": int(rng.integers(0, 15)),
        "esspri": pick(rng, (0.0, 3.3, 4.0, 5.0, 6.0, 6.67, 7.0)),
        "schirmer": pick(rng, (0.0, 3.0, 4.9, 5.0, 5.1, 8.0, 12.0)),
        "unstimulated_flow": pick(rng, (0.0, 0.04, 0.1, 0.2)),
        "igg": pick(rng, (10.0, 15.0, 20.0)),
    }
    after = {
        "clinessdai": max(0, before["clinessdai"] - int(rng.integers(-1, 7))),
        "esspri": max(0.0, round(before["esspri"] - pick(rng, (0.0, 0.5, 0.75, 0.9, 0.99, 1.0, 1.5)), 2)),
        "schirmer": pick(rng, (0.0, 3.0, 5.0, 5.1, 8.0, 9.0, 10.0, 13.0)),
        "unstimulated_flow": pick(rng, (0.0, 0.04, 0.05, 0.1, 0.124, 0.125, 0.25)),
        "igg": round(before["igg"] * pick(rng, (0.8, 0.9, 0.91, 1.0, 1.1)), 3),
    }
    return [before, after]


SJOGREN: dict[str, Callable[[Visits], bool]] = {
    "star": lambda visits: star_points(*visits) >= 5,
    "cress": lambda visits: cress_items(*visits) >= 3,
    "esspri_mcii": lambda visits: esspri_met(visits[0]["esspri"], visits[1]["esspri"]) is True,
}


@pytest.mark.parametrize("name", SJOGREN)
def test_sjogren_responses(name: str) -> None:
    rng = np.random.default_rng(50)
    subjects = [draw_sjogren(rng) for _ in range(600)]
    found = [row["response"] for row in respond(subjects, (0, 180), name)]
    assert found == ["yes" if SJOGREN[name](visits) else "no" for visits in subjects]


def draw_state(rng: np.random.Generator) -> Visits:
    visits = []
    for _ in range(2):
        items: dict[str, Any] = dict.fromkeys(SLEDAI_2K, 0)
        for _ in range(pick(rng, (0, 0, 0, 1, 2))):
            items[pick(rng, list(SLEDAI_2K))] = 1
        for _ in range(pick(rng, (0, 0, 1, 2))):
            items[pick(rng, ("low_complement", "increased_dna_binding", "rash", "arthritis"))] = 1
        items |= {"pga": pick(rng, (0.0, 0.4, 0.49, 0.5, 1.0, 1.01))}
        visits.append(items | {"prednisone": pick(rng, (0.0, 5.0, 5.0, 5.1, 7.5, 7.6))})
    if rng.random() < 0.5:
        visits[0] |= {item: visits[1][item] for item in SLEDAI_2K}
    return visits


def test_low_disease_activity_and_remission() -> None:
    rng = np.random.default_rng(60)
    subjects = [draw_state(rng) for _ in range(800)]
    low = [row["response"] for row in respond(subjects, (30, 90), "lldas")]
    remission = [row["response"] for row in respond(subjects, (30, 90), "doris_2021")]
    assert low == ["yes" if is_lldas(visits[0], visits[1], SLEDAI_2K) else "no" for visits in subjects]
    assert remission == ["yes" if is_doris(visits[1], SLEDAI_2K) else "no" for visits in subjects]
    assert low.count("yes") > 50 < remission.count("yes")
