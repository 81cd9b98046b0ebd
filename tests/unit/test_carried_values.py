"""The last recorded value stands in only for what is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

import funis

MEASURED = {
    "systolic_bp": 120.0,
    "diastolic_bp": 80.0,
    "creatinine": 70.0,
    "haemoglobin": 13.0,
    "wbc": 6.0,
    "neutrophils": 4.0,
    "lymphocytes": 2.0,
    "platelets": 250.0,
}


def score_course(system: str, visits: Sequence[Mapping[str, float | None]]) -> list[tuple[object, ...]]:
    quiet: dict[str, Any] = {item.name: 0 for item in funis.definition("bilag_2004").items if item.values}
    quiet |= {"urine_dipstick": None} | MEASURED
    quiet |= {f"{system}_ever": 0 for system in funis.definition("bilag_2004").systems}
    rows = [{**quiet, "subject": "01", "day": 30 * at, **visit} for at, visit in enumerate(visits)]
    frame = pl.DataFrame(rows, infer_schema_length=None, schema_overrides={"upcr": pl.Float64})
    scored = funis.score(frame, "bilag_2004", subject="subject", order="day", missing="locf")
    stem = f"bilag_2004_{system}"
    found: list[tuple[object, ...]] = scored.select(stem, f"{stem}_lower", f"{stem}_upper").rows()
    return found


def test_an_alternative_that_was_recorded_keeps_older_values_of_the_others_away() -> None:
    # Visit 2 has an albumin ratio, so its protein ratio is not missing: 200 mg/mmol of visit 1 must not return.
    grades = score_course("renal", [{"upcr": 200.0, "acr": None}, {"upcr": None, "acr": 10.0}])
    assert grades == [("B", "B", "A"), ("D", "D", "A")]


def test_alternatives_are_carried_together() -> None:
    # Nothing was measured at visit 3; the last measurement is the albumin ratio of visit 2, not the older one.
    visits: list[dict[str, float | None]] = [
        {"upcr": 200.0, "acr": None},
        {"upcr": None, "acr": 10.0},
        {"upcr": None, "acr": None},
    ]
    assert score_course("renal", visits)[2] == ("D", "D", "A")


def test_a_value_is_carried_where_none_of_its_alternatives_was_recorded() -> None:
    # 30 mg/mmol again and again: grade C by its limit of 25.
    visits: list[dict[str, float | None]] = [{"upcr": 30.0}, {"upcr": None}, {"upcr": None}]
    assert [grade for grade, _, _ in score_course("renal", visits)] == ["C", "C", "C"]


def test_not_done_is_a_statement_and_is_not_overwritten() -> None:
    # Not done counts as not present at its visit; a blank afterwards takes the last recorded value.
    visits: list[dict[str, float | None]] = [
        {"arthritis_severe": 2},
        {"arthritis_severe": None, "arthritis_severe_not_done": 1},
        {"arthritis_severe": None},
    ]
    assert score_course("musculoskeletal", visits) == [("A", "A", "A"), ("D", "D", "A"), ("A", "D", "A")]


def test_a_value_not_due_to_the_disease_stays_so_when_it_is_carried() -> None:
    visits: list[dict[str, float | None]] = [
        {"platelets": 20.0, "platelets_attributed": 0},
        {"platelets": None, "platelets_attributed": None},
        {"platelets": 20.0, "platelets_attributed": 1},
        {"platelets": None, "platelets_attributed": None},
    ]
    assert [grade for grade, _, _ in score_course("haematological", visits)] == ["E", "E", "A", "A"]
