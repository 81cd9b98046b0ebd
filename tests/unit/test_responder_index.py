"""S2K RI-50: half points for half improvement, and what cannot be determined."""

from typing import Any

import polars as pl
import pytest

from funis.responses.respond import respond
from funis.responses.responder_index import index_items, score_responder_index

ITEMS = tuple(item.item for item in index_items())


def visits(before: dict[str, Any], now: dict[str, Any]) -> pl.DataFrame:
    rows = []
    for name, values in (("baseline", before), ("month_6", now)):
        rows.append({"subject": "1", "visit": name, **dict.fromkeys(ITEMS, 0), **values})
    keys = dict.fromkeys(key for row in rows for key in row)
    return pl.DataFrame([{key: row.get(key) for key in keys} for row in rows], infer_schema_length=None)


def bounds(before: dict[str, Any], now: dict[str, Any]) -> tuple[float | None, float, float, str]:
    row = score_responder_index(visits(before, now)).row(1, named=True)
    names = ("s2k_ri_50", "s2k_ri_50_lower", "s2k_ri_50_upper", "s2k_ri_50_status")
    value, low, high, status = (row[name] for name in names)
    return value, low, high, status


JOINTS = {"arthritis": 1, "inflamed_joints": 8}


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        (JOINTS, {"arthritis": 1, "inflamed_joints": 4}, 2),  # exactly half
        (JOINTS | {"rash": 1}, {"arthritis": 1, "inflamed_joints": 3, "rash": 1, "rash_improved": 0}, 4),
        (JOINTS, {"arthritis": 1, "inflamed_joints": 5}, 4),  # -37.5 %
        ({"proteinuria": 1, "proteinuria_24h": 4.0}, {"proteinuria": 1, "proteinuria_24h": 2.0}, 2),
        ({"proteinuria": 1, "proteinuria_24h": 4.0}, {"proteinuria": 1, "proteinuria_24h": 2.01}, 4),
        (JOINTS, {"arthritis": 0, "inflamed_joints": 0}, 0),
        ({}, {"arthritis": 1, "inflamed_joints": 4}, 4),  # new: nothing to improve from
        ({"fever": 1}, {"fever": 1, "fever_improved": 1}, 0.5),
        ({"seizure": 1}, {"seizure": 1, "seizure_improved": 1}, 4),
        (JOINTS, {"arthritis": 1, "inflamed_joints": 4, "arthritis_improved": 0}, 4),  # the assessor's word
    ],
)
def test_worked_examples(before: dict[str, Any], now: dict[str, Any], expected: float) -> None:
    assert bounds(before, now) == (expected, expected, expected, "scored")


def low_c3(value: float | None, **more: Any) -> dict[str, Any]:
    return {"low_complement": 1, "c3": value, "c3_low": 0.9, **more}


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        (low_c3(0.5), low_c3(0.70), 1),  # half of the 0.4 g/L to the limit is gone
        (low_c3(0.5), low_c3(0.69), 2),
        (low_c3(0.5, c4=0.20, c4_low=0.1), low_c3(0.7, c4=0.21, c4_low=0.1), 1),  # C4 was and is normal
        (low_c3(0.5, c4=0.04, c4_low=0.1), low_c3(0.7, c4=0.07, c4_low=0.1), 1),  # both half way
        (low_c3(0.5, c4=0.04, c4_low=0.1), low_c3(0.6, c4=0.05, c4_low=0.1), 2),
        (low_c3(50) | {"c3_low": 90}, low_c3(0.7), 1),  # another laboratory, mg/dL: 44 % low, then 22 %
        ({"mucosal_ulcers": 1, "ulcer_count": 4}, {"mucosal_ulcers": 1, "ulcer_count": 2}, 1),
        ({"mucosal_ulcers": 1, "ulcer_count": 4}, {"mucosal_ulcers": 1, "ulcer_count": 3}, 2),
        ({"urinary_casts": 1, "urine_casts": 2}, {"urinary_casts": 1, "urine_casts": 1}, 2),
        # 60 to 95: more than half of the way to 100, and a rise of 58 %
        ({"thrombocytopenia": 1, "platelets": 60}, {"thrombocytopenia": 1, "platelets": 95}, 0.5),
        ({"thrombocytopenia": 1, "platelets": 60}, {"thrombocytopenia": 1, "platelets": 79}, 1),
        ({"leukopenia": 1, "wbc": 2.0}, {"leukopenia": 1, "wbc": 2.4}, 1),
    ],
)
def test_measures(before: dict[str, Any], now: dict[str, Any], expected: float) -> None:
    assert bounds(before, now) == (expected, expected, expected, "scored")


def dna(value: float | None) -> dict[str, Any]:
    return {"increased_dna_binding": 1, "anti_dsdna": value, "anti_dsdna_high": 30}


@pytest.mark.parametrize(
    ("before", "now", "low", "high"),
    [
        # half of the way is gone but the level has not halved: the readings disagree
        (dna(90), dna(60), 1, 2),
        (dna(200), dna(101), 1, 2),
        ({"thrombocytopenia": 1, "platelets": 60}, {"thrombocytopenia": 1, "platelets": 80}, 0.5, 1),
        ({"thrombocytopenia": 1, "platelets": 20}, {"thrombocytopenia": 1, "platelets": 30}, 0.5, 1),
        (low_c3(0.5, c4=0.04, c4_low=0.1), low_c3(0.7, c4=0.05, c4_low=0.1), 1, 2),  # C3 yes, C4 no
        (low_c3(0.5, c4=0.20, c4_low=0.1), low_c3(0.7, c4=0.05, c4_low=0.1), 1, 2),  # C4 newly low
        (low_c3(0.5), low_c3(0.7) | {"c3_low": None}, 1, 2),  # no limit, no half way
        (low_c3(None), low_c3(0.7), 1, 2),
    ],
)
def test_measures_that_disagree_leave_an_interval(
    before: dict[str, Any], now: dict[str, Any], low: float, high: float
) -> None:
    assert bounds(before, now) == (None, low, high, "incomplete")


@pytest.mark.parametrize(("after", "expected"), [(100, 1), (101, None), (115, None), (116, 2)])
def test_anti_dna_below_on_and_above_both_readings(after: float, expected: float | None) -> None:
    # from 200 with a limit of 30: halved at 100, half of the way (170) gone at 115
    assert bounds(dna(200), dna(after))[0] == expected


def test_the_assessors_answer_goes_before_a_measure() -> None:
    assert bounds(dna(90), dna(60) | {"increased_dna_binding_improved": 1})[0] == 1
    assert bounds(low_c3(0.5), low_c3(0.85, low_complement_improved=0))[0] == 2


def test_reach_of_the_index() -> None:
    everything = dict.fromkeys(ITEMS, 1)
    unchanged = {f"{item}_improved": 0 for item in ITEMS}
    improved = {f"{item}_improved": 1 for item in ITEMS}
    assert bounds(everything, everything | unchanged)[0] == 105
    assert bounds(everything, everything | improved)[0] == 52.5


@pytest.mark.parametrize(
    ("before", "now", "low", "high"),
    [
        (JOINTS, {"arthritis": 1, "inflamed_joints": None}, 2, 4),
        (JOINTS, {"arthritis": None, "inflamed_joints": 4}, 0, 2),
        ({"arthritis": None, "inflamed_joints": 8}, {"arthritis": 1, "inflamed_joints": 4}, 2, 4),
        ({"rash": 1}, {"rash": 1}, 1, 2),
        ({}, {"rash": None}, 0, 2),
    ],
)
def test_what_is_missing_leaves_an_interval(
    before: dict[str, Any], now: dict[str, Any], low: float, high: float
) -> None:
    assert bounds(before, now) == (None, low, high, "incomplete")


def test_response() -> None:
    frame = score_responder_index(visits(JOINTS | {"rash": 1}, {"arthritis": 1, "inflamed_joints": 4}))
    assert respond(frame, "s2k_ri_50_response").get_column("response").to_list() == ["yes"]  # 6 -> 2
    assert (
        respond(frame, "s2k_ri_50_response", parameters={"points": 5}).row(0, named=True)["response"] == "no"
    )


def test_rows_keep_their_order() -> None:
    frame = visits(JOINTS, {"arthritis": 1, "inflamed_joints": 4}).reverse()
    assert score_responder_index(frame).get_column("s2k_ri_50").to_list() == [2.0, 4.0]


def test_an_item_that_is_not_there_is_missing() -> None:
    found = score_responder_index(visits({}, {}).drop("rash")).row(1, named=True)
    # A rash has 2 points (Touma 2011).
    assert (found["s2k_ri_50"], found["s2k_ri_50_lower"], found["s2k_ri_50_upper"]) == (None, 0, 2)
    assert found["s2k_ri_50_status"] == "incomplete"
