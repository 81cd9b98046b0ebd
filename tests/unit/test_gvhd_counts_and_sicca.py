"""Worked examples: grades of graft-versus-host disease and of low neutrophils, eyes, glands, ratings of dryness."""

from itertools import product
from typing import Any

import polars as pl
import pytest

import funis


def score_row(name: str, row: dict[str, Any]) -> dict[str, Any]:
    """Score one visit with the frame and with the compiled scorer, which must agree."""
    visit = {"subject": "1", "day": 0, **row}
    frame = pl.DataFrame([visit], infer_schema_length=None)
    found: dict[str, Any] = funis.score(frame, name, subject="subject", order="day").row(0, named=True)
    compiled: dict[str, Any] = funis.scorer(name)([visit])[0]
    keys = (name, f"{name}_lower", f"{name}_upper")
    assert [compiled[key] for key in keys] == [found[key] for key in keys]
    return found


ORGANS = ("gvhd_skin", "gvhd_liver", "gvhd_upper_gut", "gvhd_lower_gut")


def printed_grade(skin: int, liver: int, upper: int, lower: int) -> int:
    """Read the grade off the printed rules, from the highest down."""
    if 4 in (skin, liver, lower):
        return 4
    if liver in (2, 3) or lower in (2, 3):
        return 3
    if skin == 3 or 1 in (liver, upper, lower):
        return 2
    return 1 if skin in (1, 2) else 0


def test_every_combination_of_stages() -> None:
    rows = [
        dict(zip(ORGANS, stages, strict=True)) for stages in product(range(5), range(5), range(2), range(5))
    ]
    assert len(rows) == 250
    found = funis.score(pl.DataFrame(rows), "magic_gvhd")["magic_gvhd"].to_list()
    assert found == [printed_grade(*row.values()) for row in rows]


@pytest.mark.parametrize(
    ("organ", "changed", "grade"),
    [
        ("gvhd_skin", {"rash_percent": 0, "bullae_desquamation": 0}, 0),
        ("gvhd_skin", {"rash_percent": 24.9, "bullae_desquamation": 0}, 1),
        ("gvhd_skin", {"rash_percent": 50, "bullae_desquamation": 0}, 1),
        ("gvhd_skin", {"rash_percent": 51, "bullae_desquamation": 0}, 2),
        ("gvhd_skin", {"rash_percent": 51, "bullae_desquamation": 1}, 4),
        ("gvhd_skin", {"rash_percent": 40, "bullae_desquamation": 1}, 1),
        ("gvhd_liver", {"bilirubin": 1.9}, 0),
        ("gvhd_liver", {"bilirubin": 2}, 2),
        ("gvhd_liver", {"bilirubin": 3}, 2),
        ("gvhd_liver", {"bilirubin": 3.1}, 3),
        ("gvhd_liver", {"bilirubin": 15}, 3),
        ("gvhd_liver", {"bilirubin": 15.1}, 4),
    ],
)
def test_stages_from_measured_values(organ: str, changed: dict[str, float], grade: int) -> None:
    rest = {name: 0 for name in ORGANS if name != organ}
    assert score_row("magic_gvhd", rest | changed)["magic_gvhd"] == grade


def test_an_organ_that_was_not_staged_leaves_an_interval() -> None:
    # Liver of stage 1 is grade II at least; what the lower gut would make of it is open.
    found = score_row(
        "magic_gvhd", {"gvhd_skin": 0, "gvhd_liver": 1, "gvhd_upper_gut": 0, "gvhd_lower_gut": None}
    )
    assert (found["magic_gvhd"], found["magic_gvhd_lower"], found["magic_gvhd_upper"]) == (None, 2, 4)
    assert found["magic_gvhd_two_to_four"] == 1
    assert found["magic_gvhd_three_or_four"] is None


def test_jaundice_of_another_cause_does_not_count() -> None:
    row = dict.fromkeys(ORGANS, 0) | {"gvhd_skin": 2, "gvhd_liver": 3, "gvhd_liver_attributed": 0}
    assert score_row("magic_gvhd", row)["magic_gvhd"] == 1


@pytest.mark.parametrize(
    ("at_500", "at_100", "never", "grade"),
    [
        (0, 0, 0, 0),
        (1, 0, 0, 1),
        (6, 6, 0, 1),
        (7, 6, 0, 2),
        (13, 0, 0, 2),
        (14, 0, 0, 3),
        (8, 7, 0, 3),
        (30, 13, 0, 3),
        (14, 14, 0, 4),
        (31, 0, 1, 4),
    ],
)
def test_early_low_neutrophils(at_500: int, at_100: int, never: int, grade: int) -> None:
    row = {"days_anc_500": at_500, "days_anc_100": at_100, "never_above_500": never}
    found = score_row("icaht_early", row)
    assert found["icaht_early"] == grade
    assert found["icaht_early_severe"] == int(grade >= 3)


@pytest.mark.parametrize(
    ("count", "grade"), [(1.51, 0), (1.5, 1), (1.0, 2), (0.51, 2), (0.5, 3), (0.11, 3), (0.1, 4), (0, 4)]
)
def test_late_low_neutrophils(count: float, grade: int) -> None:
    assert score_row("icaht_late", {"confirmed_anc": count})["icaht_late"] == grade


def test_break_up_of_the_tear_film() -> None:
    found = score_row("tear_breakup_time", {"right_seconds": 4.0, "left_seconds": 7.0})
    assert found["tear_breakup_time"] == 5.5  # (4 + 7) / 2
    assert found["tear_breakup_time_worst"] == 4.0
    assert found["tear_breakup_time_right"] == 4.0
    assert (
        score_row("tear_breakup_time", {"right_seconds": 4.0, "left_seconds": None})["tear_breakup_time"]
        is None
    )


@pytest.mark.parametrize("name", ["oral_dryness", "ocular_dryness"])
def test_ratings_of_dryness(name: str) -> None:
    assert score_row(name, {f"{name}_rating": 7})[name] == 7
    found = score_row(name, {f"{name}_rating": None})
    assert (found[f"{name}_lower"], found[f"{name}_upper"]) == (0, 10)
    with pytest.raises(funis.errors.ValueRangeError):
        funis.score(pl.DataFrame({f"{name}_rating": [11]}), name)


def test_glands_by_ultrasound() -> None:
    glands = ("parotid_right", "parotid_left", "submandibular_right", "submandibular_left")
    grades = {f"ultrasound_{gland}": grade for gland, grade in zip(glands, (1, 2, 0, 1), strict=True)}
    found = score_row("omeract_ultrasound", grades)
    assert found["omeract_ultrasound"] == 4  # 1 + 2 + 0 + 1
    assert found["omeract_ultrasound_worst"] == 2
    assert found["omeract_ultrasound_pathological"] == 1
    # Four glands of grade 1 look normal, though their sum is as high.
    normal = score_row("omeract_ultrasound", dict.fromkeys(grades, 1))
    assert (normal["omeract_ultrasound"], normal["omeract_ultrasound_pathological"]) == (4, 0)
    # One gland unseen: the sum is open, the finding is not.
    found = score_row("omeract_ultrasound", grades | {"ultrasound_submandibular_left": None})
    assert (found["omeract_ultrasound_lower"], found["omeract_ultrasound_upper"]) == (3, 6)
    assert found["omeract_ultrasound_pathological"] == 1
