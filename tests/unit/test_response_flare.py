"""Flares against the visit before: BILAG-2004, classic, EXPLORER, SELENA index original and modified."""

from typing import Any

import polars as pl
import pytest

from funis.catalogue.registry import definition
from funis.responses.respond import respond

QUIET: dict[str, Any] = {
    "selena_sledai": 4,
    "pga": 1.0,
    "prednisone": 10,
    "weight_kg": 60,
    "platelets": 200,
    "haemoglobin": 12.0,
}
SEVERE, MILD = "severe", "mild_moderate"


def ask(name: str, before: dict[str, Any], now: dict[str, Any], **parameters: Any) -> dict[str, Any]:
    keys = dict.fromkeys((*before, *now))
    rows = [
        {"subject": "1", "visit": visit, **{key: values.get(key) for key in keys}}
        for visit, values in (("month_3", before), ("month_6", now))
    ]
    return respond(pl.DataFrame(rows, infer_schema_length=None), name, parameters=parameters).row(
        0, named=True
    )


def grades(**systems: str | None) -> dict[str, Any]:
    full = dict.fromkeys(definition("bilag_2004").systems, "E") | systems
    return {f"bilag_2004_{system}": grade for system, grade in full.items()}


@pytest.mark.parametrize(
    ("before", "now", "bilag", "explorer"),
    [
        (grades(mucocutaneous="C"), grades(mucocutaneous="B"), "mild", "moderate"),
        (grades(renal="B"), grades(renal="A"), "severe", "severe"),
        (grades(musculoskeletal="A"), grades(musculoskeletal="B"), "none", "none"),
        (
            grades(mucocutaneous="C", musculoskeletal="D"),
            grades(mucocutaneous="B", musculoskeletal="B"),
            "moderate",
            "severe",
        ),
        (grades(), grades(cardiorespiratory="A"), "severe", "severe"),
        (grades(renal="D"), grades(renal="C"), "none", "none"),
        (grades(renal="A"), grades(renal="A"), "none", "none"),
        (grades(renal="B"), grades(renal="C"), "none", "none"),
        (grades(renal=None), grades(renal="B"), "cannot tell", "cannot tell"),
        (grades(renal=None), grades(renal="B", mucocutaneous="A"), "severe", "severe"),
    ],
)
def test_bilag_flares(before: dict[str, Any], now: dict[str, Any], bilag: str, explorer: str) -> None:
    assert ask("bilag_2004_flare", before, now)["response"] == bilag
    assert ask("explorer_flare", before, now)["response"] == explorer
    classic = ask("bilag_classic_flare", before, now, instrument="bilag_2004")["response"]
    assert classic == ("moderate" if "B" in now.values() and bilag == "mild" else bilag)


# Mathian et al. 2020, Table 3: the new grades of 17 of its 21 flares and how the authors graded them. All
# patients were quiescent before.
PUBLISHED_FLARES = [
    ("BCC", "mild"),
    ("ABC", "severe"),
    ("CCC", "mild"),
    ("BC", "mild"),
    ("BBC", "moderate"),
    ("BCC", "mild"),
    ("AAA", "severe"),
    ("AB", "severe"),
    ("BC", "mild"),
    ("BB", "moderate"),
    ("A", "severe"),
    ("BC", "mild"),
    ("A", "severe"),
    ("B", "mild"),
    ("BC", "mild"),
    ("BC", "mild"),
    ("B", "mild"),
]


def grade_flare(new: str, **parameters: Any) -> str:
    """Grade a flare of a patient who was at D or E before, with one new grade in each of the first systems."""
    systems = definition("bilag_2004").systems
    now = grades(**dict(zip(systems, new, strict=False)))
    return str(ask("bilag_2004_flare", grades(), now, **parameters)["response"])


@pytest.mark.parametrize(("new", "graded"), PUBLISHED_FLARES)
def test_published_flares(new: str, graded: str) -> None:
    assert grade_flare(new) == graded


@pytest.mark.parametrize(
    ("new", "graded", "by_system"),
    [
        ("", "none", "none"),
        ("C", "none", "mild"),
        ("CC", "none", "mild"),
        ("CCC", "mild", "mild"),
        ("CCCC", "mild", "mild"),
        ("B", "mild", "moderate"),
        ("BCCC", "mild", "moderate"),
        ("BB", "moderate", "moderate"),
        ("BBB", "moderate", "moderate"),
        ("A", "severe", "severe"),
        ("ABB", "severe", "severe"),
    ],
)
def test_both_readings_of_severity(new: str, graded: str, by_system: str) -> None:
    assert grade_flare(new) == graded
    assert grade_flare(new, severity_rule="per_system") == by_system


def test_reading_by_system_grades_nine_published_flares_too_high() -> None:
    higher = [
        new for new, graded in PUBLISHED_FLARES if grade_flare(new, severity_rule="per_system") != graded
    ]
    assert higher == [new for new, _ in PUBLISHED_FLARES if new.count("B") == 1 and "A" not in new]
    assert len(higher) == 9


def test_unknown_grade_narrows_the_class() -> None:
    row = ask("bilag_2004_flare", grades(), grades(mucocutaneous="B", renal=None))
    assert (row["response"], row["responder"], row["possible"]) == (
        "cannot tell",
        "yes",
        "severe or moderate or mild",
    )


def test_unknown_grade_leaves_the_class_where_no_grade_could_change_it() -> None:
    two_new_c = grades(mucocutaneous="C", constitutional="C")
    row = ask("bilag_2004_flare", grades(renal="B"), two_new_c | {"bilag_2004_renal": None})
    assert (row["response"], row["possible"]) == ("cannot tell", "severe or none")  # a C after B is not new
    row = ask("bilag_2004_flare", grades(renal="A"), two_new_c | {"bilag_2004_renal": None})
    assert row["response"] == "none"  # nothing is new after an A


@pytest.mark.parametrize(
    ("before", "now", "original", "modified"),
    [
        ({"selena_sledai": 4}, {"selena_sledai": 7}, MILD, MILD),
        ({"selena_sledai": 8}, {"selena_sledai": 14}, SEVERE, MILD),
        ({"selena_sledai": 11}, {"selena_sledai": 13}, SEVERE, "none"),
        ({"selena_sledai": 10}, {"selena_sledai": 12, "pga": 1.5}, "none", "none"),
        ({"selena_sledai": 9}, {"selena_sledai": 12}, MILD, MILD),
        ({"prednisone": 10}, {"prednisone": 35}, SEVERE, SEVERE),  # 0.583 mg/kg
        ({"prednisone": 10}, {"prednisone": 30}, MILD, MILD),  # exactly 0.5 mg/kg
        ({"prednisone": 35}, {"prednisone": 35}, "none", "none"),
        ({"pga": 1.0}, {"pga": 2.0}, MILD, MILD),
        ({"pga": 1.6}, {"pga": 2.6}, SEVERE, SEVERE),
        ({"pga": 0.5}, {"pga": 1.4}, "none", "none"),
        ({"pga": 1.5}, {"pga": 2.5}, MILD, MILD),
        ({}, {"added_hydroxychloroquine": 1}, MILD, MILD),
        ({}, {"new_azathioprine": 1}, SEVERE, SEVERE),
        ({}, {"hospitalised": 1}, SEVERE, SEVERE),
        ({}, {"new_or_worse_arthritis": 1}, MILD, MILD),
        ({}, {"new_or_worse_nephritis": 1}, "none", "none"),  # without treatment it is not severe
        ({"prednisone": 10}, {"new_or_worse_nephritis": 1, "prednisone": 20}, SEVERE, SEVERE),  # doubled
        ({"prednisone": 10}, {"platelets": 59, "prednisone": 20}, SEVERE, SEVERE),
        ({"prednisone": 10}, {"platelets": 60, "prednisone": 20}, MILD, MILD),
        ({"haemoglobin": 11.0, "prednisone": 10},
         {"active_haemolysis": 1, "haemoglobin": 7.9, "prednisone": 20}, SEVERE, SEVERE),  # fell by 31 g/L
        ({"haemoglobin": 11.0, "prednisone": 10},
         {"active_haemolysis": 1, "haemoglobin": 8.0, "prednisone": 20}, MILD, MILD),
    ],
)  # fmt: skip
def test_selena_flare_index(
    before: dict[str, Any], now: dict[str, Any], original: str, modified: str
) -> None:
    start, end = QUIET | before, QUIET | before | now
    assert ask("selena_flare_index", start, end)["response"] == original
    assert ask("selena_flare_index_modified", start, end)["response"] == modified


def test_missing_criterion_gives_at_least() -> None:
    row = ask("selena_flare_index", QUIET, QUIET | {"selena_sledai": 7, "pga": None})
    assert (row["response"], row["possible"], row["responder"]) == (
        "cannot tell",
        "severe or mild_moderate",
        "yes",
    )
    row = ask("selena_flare_index", QUIET, QUIET | {"pga": None})
    assert (row["response"], row["responder"]) == ("cannot tell", "cannot tell")
    row = ask("selena_flare_index", QUIET, QUIET | {"hospitalised": 1, "pga": None})
    assert row["response"] == SEVERE  # nothing is worse


def test_weight_of_the_last_six_months_serves() -> None:
    row = ask("selena_flare_index", QUIET, QUIET | {"prednisone": 35, "weight_kg": None})
    assert row["response"] == SEVERE
    lost = ask(
        "selena_flare_index", QUIET | {"weight_kg": None}, QUIET | {"prednisone": 35, "weight_kg": None}
    )
    assert lost["possible"] == "severe or mild_moderate"


def test_no_dose_is_none_per_kilogram_whatever_the_weight() -> None:
    # Whether prednisone rose is not known, but nothing a day is not above 0.5 mg/kg.
    before = QUIET | {"prednisone": None, "weight_kg": None}
    for dose, expected in ((0, "no"), (None, "cannot tell")):
        now = QUIET | {"prednisone": dose, "weight_kg": None}
        assert ask("selena_flare_index", before, now)["steroid_above_half"] == expected


def test_haemoglobin_in_grams_per_litre() -> None:
    treated = {"active_haemolysis": 1, "prednisone": 20}
    for value, expected in ((79, SEVERE), (80, MILD)):  # fell by 31 and by 30 g/L
        now = QUIET | treated | {"haemoglobin": value}
        row = ask("selena_flare_index", QUIET | {"haemoglobin": 110}, now, haemoglobin_unit="g/L")
        assert row["response"] == expected


@pytest.mark.parametrize(
    ("before", "now", "expected", "responder"),
    [
        (6, 9, "persistent", "no"),  # exactly 3
        (6, 10, "flare", "yes"),
        (6, 3, "persistent", "no"),
        (6, 2, "improvement", "no"),
        (6, 0, "remission", "no"),
        (2, 0, "remission", "no"),  # fell by 2 only
        (0, 4, "flare", "yes"),
        (None, 0, "remission", "no"),
        (None, 8, "cannot tell", "cannot tell"),
        (6, None, "cannot tell", "cannot tell"),
    ],
)
def test_change_of_sledai(before: int | None, now: int | None, expected: str, responder: str) -> None:
    row = ask("sledai_change", {"sledai_2k": before}, {"sledai_2k": now})
    assert (row["response"], row["responder"]) == (expected, responder)
