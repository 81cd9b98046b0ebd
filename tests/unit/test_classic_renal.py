"""Classic BILAG, renal system: worked examples, every feature, and the open points."""

from typing import Any

import polars as pl
import pytest

import funis
from funis.scoring.score import Missing

NAME = "bilag_classic_renal"
HEALTHY: dict[str, Any] = {
    "systolic_bp": 120.0, "diastolic_bp": 80.0, "accelerated_hypertension": 0, "urine_dipstick": None,
    "proteinuria_24h": 0.1, "nephrotic_syndrome": 0, "creatinine": 70.0, "creatinine_clearance": None,
    "active_sediment": 0, "active_nephritis": 0, "renal_ever": 1,
}  # fmt: skip


def drop_uncollected(frame: pl.DataFrame) -> pl.DataFrame:
    """Leave out the measures that no row has: an alternative was taken."""
    return frame.drop([name for name in frame.columns if frame[name].null_count() == frame.height])


def grade(
    now: dict[str, Any], before: dict[str, Any] | None, *, missing: Missing = "strict", **parameters: Any
) -> str | None:
    rows = [{**HEALTHY, **now, "subject": "1", "day": 60}]
    if before is not None:
        rows.insert(0, {**HEALTHY, **before, "subject": "1", "day": 0})
    frame = drop_uncollected(pl.DataFrame(rows, infer_schema_length=None))
    scored = funis.score(
        frame, NAME, subject="subject", order="day", missing=missing, parameters=parameters or None
    )
    found: str | None = scored[f"{NAME}_renal"][-1]
    return found


@pytest.mark.parametrize(
    ("now", "before", "expected"),
    [
        (
            {"proteinuria_24h": 2.4, "active_sediment": "N"},
            {"proteinuria_24h": 2.4, "active_sediment": "N"},
            "C",
        ),
        (
            {"proteinuria_24h": 2.4, "active_sediment": "Y"},
            {"proteinuria_24h": 2.4, "active_sediment": "N"},
            "B",
        ),
        ({"proteinuria_24h": 2.4}, {"proteinuria_24h": 1.1}, "B"),
        ({"proteinuria_24h": 1.5, "active_sediment": 1}, {"proteinuria_24h": 0.10}, "A"),
        ({"proteinuria_24h": 0.30}, {"proteinuria_24h": 0.30}, "C"),
    ],
    ids=["CLR-01", "CLR-02", "CLR-03", "CLR-05", "CLR-06"],
)
def test_worked_examples(now: dict[str, Any], before: dict[str, Any], expected: str) -> None:
    assert grade(now, before) == expected


NO_URINE: dict[str, Any] = {"proteinuria_24h": None}


@pytest.mark.parametrize(
    ("now", "before", "expected"),
    [
        # 1a and B2a: dipstick up by two levels, up by one to ++ or more; + alone is mild.
        ({"urine_dipstick": 3, **NO_URINE}, {"urine_dipstick": 1, **NO_URINE}, "B"),
        ({"urine_dipstick": 2, **NO_URINE}, {"urine_dipstick": 1, **NO_URINE}, "B"),
        ({"urine_dipstick": 2, **NO_URINE}, {"urine_dipstick": 2, **NO_URINE}, "C"),
        ({"urine_dipstick": 0, **NO_URINE}, {"urine_dipstick": 0, **NO_URINE}, "D"),
        # 1b: from below 0.20 to above 1; 1c: doubled; B2b: up by half.
        ({"proteinuria_24h": 1.01}, {"proteinuria_24h": 0.19}, "B"),
        ({"proteinuria_24h": 3.0}, {"proteinuria_24h": 1.5}, "B"),
        ({"proteinuria_24h": 2.24}, {"proteinuria_24h": 1.5}, "C"),
        ({"proteinuria_24h": 2.25}, {"proteinuria_24h": 1.5}, "B"),
        ({"proteinuria_24h": 1.0}, {"proteinuria_24h": 0.1}, "C"),
        ({"proteinuria_24h": 0.25}, {"proteinuria_24h": 0.1}, "D"),
        # 1d: newly documented.
        ({"proteinuria_24h": 1.2}, None, "B"),
        # 3a and B3: creatinine above 130 and above 130 %, at 115 % or more.
        ({"creatinine": 140.0, "active_sediment": 1}, {"creatinine": 100.0}, "A"),
        ({"creatinine": 131.0}, {"creatinine": 113.0}, "B"),
        ({"creatinine": 131.0}, {"creatinine": 115.0}, "D"),
        ({"creatinine": 130.0}, {"creatinine": 90.0}, "D"),
        # 3b and 3c: clearance fallen below 67 %, or below 50 after more than 50.
        ({"creatinine_clearance": 66.0}, {"creatinine_clearance": 100.0}, "B"),
        ({"creatinine_clearance": 67.0}, {"creatinine_clearance": 100.0}, "D"),
        ({"creatinine_clearance": 49.0}, {"creatinine_clearance": 51.0}, "B"),
        ({"creatinine_clearance": 49.0}, {"creatinine_clearance": 50.0}, "D"),
        # 2 and 3 without 1, 4 or 5 are no A.
        ({"creatinine": 140.0, "accelerated_hypertension": 1}, {"creatinine": 100.0}, "B"),
        ({"active_nephritis": 1, "accelerated_hypertension": 1}, {}, "A"),
        # C2: above 140/90 with rises of 30 and 15.
        ({"systolic_bp": 150.0, "diastolic_bp": 96.0}, {"systolic_bp": 118.0, "diastolic_bp": 80.0}, "C"),
        ({"systolic_bp": 150.0, "diastolic_bp": 94.0}, {"systolic_bp": 118.0, "diastolic_bp": 80.0}, "D"),
    ],
)
def test_every_feature(now: dict[str, Any], before: dict[str, Any] | None, expected: str) -> None:
    assert grade(now, before) == expected


def test_the_two_indices_differ_on_stable_heavy_proteinuria() -> None:
    assert grade({"proteinuria_24h": 2.4}, {"proteinuria_24h": 2.4}) == "C"
    blank: dict[str, Any] = {
        item.name: 0 if item.values else None for item in funis.definition("bilag_2004").items
    }
    rows = [{**blank, "subject": "1", "day": day, "proteinuria_24h": 2.4} for day in (0, 60)]
    frame = pl.DataFrame(rows, infer_schema_length=None).with_columns(creatinine=pl.lit(70.0))
    frame = frame.with_columns(systolic_bp=pl.lit(120.0), diastolic_bp=pl.lit(80.0), gfr=pl.lit(90.0))
    frame = frame.with_columns(acr=pl.lit(1.0), upcr=pl.lit(5.0))
    scored = funis.score(frame, "bilag_2004", subject="subject", order="day")
    assert scored["bilag_2004_renal"][-1] == "B"  # REN-02


def test_nephrotic_syndrome_is_a_choice() -> None:
    now, before = {"nephrotic_syndrome": 1, "active_sediment": 1}, {"active_sediment": 1}
    assert grade(now, before) == "B"
    assert grade(now, before, nephrotic_syndrome_is_feature=True) == "A"


def test_without_an_earlier_dipstick_nothing_tells_a_rise() -> None:
    now, before = {"urine_dipstick": 2, **NO_URINE}, {"urine_dipstick": None, "proteinuria_24h": 0.1}
    assert grade(now, None) == "C"
    assert grade(now, None, first_visit_dipstick=True) == "B"
    assert grade({**now, "urine_dipstick": 1}, None, first_visit_dipstick=True) == "C"
    assert grade(now, before, missing="absent") == "C"
    assert grade(now, before, missing="absent", previous_dipstick_missing=True) == "B"
    assert grade(now, before) is None  # strict: the earlier dipstick might have been any


def test_newly_documented_is_a_choice() -> None:
    now, before = {"proteinuria_24h": 1.2}, {"proteinuria_24h": 0.9}
    assert grade(now, before) == "C"
    assert grade(now, before, newly_documented="not_above_before") == "B"
    assert grade(now, None, first_visit_proteinuria=False) == "C"


def test_never_affected_and_numbers() -> None:
    frame = drop_uncollected(pl.DataFrame([{**HEALTHY, "renal_ever": 0}], infer_schema_length=None))
    scored = funis.score(frame, NAME)
    assert scored[f"{NAME}_renal"].to_list() == ["E"]
    assert scored[NAME].to_list() == [0]
    active = {**HEALTHY, "proteinuria_24h": 2.0, "active_sediment": 1}
    frame = drop_uncollected(pl.DataFrame([active], infer_schema_length=None))
    assert funis.score(frame, NAME)[NAME].to_list() == [9]


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        # Up by one from ++ is possible, up by two is not: B2a asks for one, F1a for two.
        pytest.param({"urine_dipstick": 3}, {"urine_dipstick": None}, ("D", "C"), id="nothing above three"),
        pytest.param(
            {"urine_dipstick": 2}, {"urine_dipstick": None, "active_sediment": 1}, ("B", "B"), id="up by one"
        ),
        pytest.param(
            {"urine_dipstick": 1}, {"urine_dipstick": None, "active_sediment": 1}, ("B", "A"), id="up by two"
        ),
        pytest.param({"urine_dipstick": None}, {"urine_dipstick": 1}, ("C", "C"), id="one is no rise to two"),
        pytest.param({"urine_dipstick": None}, {"urine_dipstick": 2}, ("C", "B"), id="two may be a rise"),
        pytest.param({"urine_dipstick": None}, {"urine_dipstick": 0}, ("D", "D"), id="none is no rise"),
    ],
)
def test_a_level_cannot_rise_above_the_highest(
    before: dict[str, Any], now: dict[str, Any], expected: tuple[str, str]
) -> None:
    healthy = {**HEALTHY, "urine_dipstick": 0, "creatinine_clearance": 100.0, "subject": "1"}
    frame = pl.DataFrame([{**healthy, "day": 0, **before}, {**healthy, "day": 60, **now}])
    scored = funis.score(frame, NAME, subject="subject", order="day")
    assert scored.select(f"{NAME}_renal_lower", f"{NAME}_renal_upper").row(1) == expected
