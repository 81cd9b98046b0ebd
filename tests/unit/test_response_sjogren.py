"""ESSDAI, ESSPRI, CRESS and STAR responses: worked examples, limits, missing values."""

from typing import Any

import polars as pl
import pytest

from funis.responses.respond import respond


def ask(name: str, start: dict[str, Any], now: dict[str, Any], **parameters: Any) -> dict[str, Any]:
    rows = [{"subject": "1", "visit": "baseline", **start}, {"subject": "1", "visit": "month_6", **now}]
    return respond(pl.DataFrame(rows, infer_schema_length=None), name, parameters=parameters).row(
        0, named=True
    )


@pytest.mark.parametrize(
    ("before", "after", "expected"), [(8, 5, "yes"), (8, 6, "no"), (8, None, "cannot tell")]
)
def test_essdai_improvement(before: int, after: int | None, expected: str) -> None:
    assert ask("essdai_mcii", {"essdai": before}, {"essdai": after})["response"] == expected


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (6.0, 5.1, "yes"),  # -0.9 and exactly -15.0 %
        (5.0, 4.25, "yes"),  # -0.75 and exactly -15 %
        (6.0, 5.2, "no"),  # -0.8, -13.3 %
        (9.0, 8.0, "yes"),  # -1 point, -11 %
        (9.0, 8.01, "no"),
        (20 / 3, 17 / 3, "yes"),
        (0.0, 0.0, "no"),
        (6.0, None, "cannot tell"),
    ],
)
def test_esspri_improvement(before: float, after: float | None, expected: str) -> None:
    assert ask("esspri_mcii", {"esspri": before}, {"esspri": after})["response"] == expected


def test_esspri_on_a_hundred() -> None:
    assert ask("esspri_mcii", {"esspri": 90}, {"esspri": 80}, esspri_scale=100)["response"] == "yes"
    assert ask("esspri_mcii", {"esspri": 90}, {"esspri": 80.1}, esspri_scale=100)["response"] == "no"


@pytest.mark.parametrize(("value", "expected"), [(5.0, "no"), (14 / 3, "yes"), (None, "cannot tell")])
def test_esspri_acceptable_state(value: float | None, expected: str) -> None:
    assert ask("esspri_pass", {"esspri": 7}, {"esspri": value})["response"] == expected


START = {
    "clinessdai": 9,
    "esspri": 6.0,
    "schirmer": 3,
    "ocular_staining_score": 4,
    "unstimulated_flow": 0.10,
    "igg": 20.0,
    "rheumatoid_factor": 100.0,
}


@pytest.mark.parametrize(
    ("start", "now", "expected"),
    [
        # 3 + 3 + 1 = 7
        ({"clinessdai": 9, "esspri": 7, "igg": 20}, {"clinessdai": 6, "esspri": 6, "igg": 17.6}, "yes"),
        # 0 + 3 + 1 + 1 = 5; saliva exactly +25 %
        (
            {"clinessdai": 9, "esspri": 6, "schirmer": 3, "unstimulated_flow": 0.10},
            {"clinessdai": 7, "esspri": 5.0, "schirmer": 8, "unstimulated_flow": 0.125},
            "yes",
        ),
        # systemic only; the eye was normal and became abnormal
        (
            {"clinessdai": 8, "esspri": 5, "schirmer": 12, "unstimulated_flow": 0.1, "igg": 15},
            {"clinessdai": 5, "esspri": 5, "schirmer": 4, "unstimulated_flow": 0.1, "igg": 15},
            "no",
        ),
        # systemic and saliva are 4 of 9; with an eye that stays normal 5
        (
            {"clinessdai": 8, "esspri": 5, "schirmer": 3, "unstimulated_flow": 0, "igg": 15},
            {"clinessdai": 5, "esspri": 5, "schirmer": 3, "unstimulated_flow": 0.01, "igg": 15},
            "no",
        ),
        (
            {"clinessdai": 8, "esspri": 5, "schirmer": 5, "unstimulated_flow": 0, "igg": 15},
            {"clinessdai": 5, "esspri": 5, "schirmer": 5, "unstimulated_flow": 0.01, "igg": 15},
            "yes",
        ),
        # 3 points for sure, 3 more possible
        (
            {"clinessdai": 8, "esspri": 5, "igg": 15},
            {"clinessdai": 5, "esspri": None, "igg": 15},
            "cannot tell",
        ),
        # all six other points met: the missing ESSPRI cannot change anything ... 3 + 1 + 1 = 5
        (START, START | {"clinessdai": 6, "esspri": None, "schirmer": 8, "igg": 18.0}, "yes"),
        (START, START | {"clinessdai": 9, "esspri": None, "schirmer": 8, "igg": 18.1}, "no"),
    ],
)
def test_star(start: dict[str, Any], now: dict[str, Any], expected: str) -> None:
    assert ask("star", start, now)["response"] == expected


@pytest.mark.parametrize(
    ("criterion", "now", "expected"),
    [
        ("lacrimal", {"schirmer": 7.9}, "no"),
        ("lacrimal", {"schirmer": 8}, "yes"),
        ("lacrimal", {"ocular_staining_score": 2}, "yes"),
        ("lacrimal", {"ocular_staining_score": 2.1}, "no"),
        ("biological", {"igg": 18.0}, "yes"),
        ("biological", {"igg": 18.01}, "no"),
        ("biological", {"rheumatoid_factor": 75}, "yes"),
        ("biological", {"rheumatoid_factor": 75.1}, "no"),
        ("salivary", {"unstimulated_flow": 0.125}, "yes"),
        ("salivary", {"unstimulated_flow": 0.1249}, "no"),
        ("patient_reported", {"esspri": 5.1}, "yes"),
        ("systemic", {"clinessdai": 7}, "no"),
        ("lacrimal", {"schirmer": None}, "cannot tell"),
        ("lacrimal", {"schirmer": None, "ocular_staining_score": 2}, "yes"),
    ],
)
def test_star_domains(criterion: str, now: dict[str, Any], expected: str) -> None:
    assert ask("star", START, START | now)[criterion] == expected


@pytest.mark.parametrize(
    ("start", "now", "expected"),
    [
        # ClinESSDAI 4, ESSPRI -16 %, IgG -10 %; tear and saliva unchanged: 3 of 5
        (START, START | {"clinessdai": 4, "esspri": 5.04, "igg": 18}, "yes"),
        # two items evaluable, both met
        ({"clinessdai": 9, "igg": 20}, {"clinessdai": 4, "igg": 17}, "no"),
        # ESSPRI and serology met, ClinESSDAI and tear not, saliva missing: 2 of 4
        (START, START | {"clinessdai": 5, "esspri": 5, "igg": 17, "unstimulated_flow": None}, "no"),
        # ClinESSDAI 5 is not below 5
        (START, START | {"clinessdai": 5, "esspri": 5.04, "igg": 18}, "no"),
        # Schirmer 12 -> 9 stays normal: a third item
        (START | {"schirmer": 12}, START | {"schirmer": 9, "esspri": 5, "igg": 17}, "yes"),
        (
            START | {"schirmer": 5, "ocular_staining_score": None},
            START | {"schirmer": 9, "esspri": 5, "igg": 17},
            "no",
        ),
    ],
)
def test_cress(start: dict[str, Any], now: dict[str, Any], expected: str) -> None:
    assert ask("cress", start, now)["response"] == expected


def test_state_and_change_are_told_apart() -> None:
    # low at both visits: CRESS counts the state, STAR the change
    now = START | {"clinessdai": 4, "esspri": 5}
    assert ask("cress", START | {"clinessdai": 4}, now)["systemic"] == "yes"
    assert ask("star", START | {"clinessdai": 4}, now)["systemic"] == "no"


def test_measure_the_trial_never_collected_is_not_missing() -> None:
    start = {"clinessdai": 8, "esspri": 5, "schirmer": 3, "unstimulated_flow": 0.1, "igg": 15}
    row = ask("star", start, start | {"clinessdai": 5})
    assert row["response"] == "no"  # no staining score, ultrasound or rheumatoid factor in this trial
    assert row["lacrimal"] == "no"


MET: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "cress": (START, START | {"clinessdai": 4, "esspri": 5, "igg": 18}, "yes"),
    "star": (START, START | {"clinessdai": 6, "esspri": 5}, "yes"),
    "essdai_mcii": ({"essdai": 8}, {"essdai": 5}, "yes"),
    "esspri_mcii": ({"esspri": 6}, {"esspri": 5}, "yes"),
    "s2k_ri_50_response": ({"s2k_ri_50": 10}, {"s2k_ri_50": 6}, "yes"),
    "eular_2012_renal_response": ({"upcr": 300, "gfr": 90}, {"upcr": 40, "gfr": 90}, "complete"),
    "msc_role_renal_response": (
        {"upcr": 300, "gfr": 100, "prednisone": 20, "urine_red_cells": 9, "red_cell_casts": 0},
        {"upcr": 40, "gfr": 100, "prednisone": 5, "urine_red_cells": 2, "red_cell_casts": 0},
        "CR",
    ),
}


@pytest.mark.parametrize("name", MET)
@pytest.mark.parametrize("column", ["treatment_failure", "rescue_medication", "new_immunosuppressant"])
def test_rescue_bars_a_response_unless_the_trial_says_otherwise(name: str, column: str) -> None:
    start, now, met = MET[name]
    assert ask(name, start, now)["response"] == met  # never recorded: taken as none, and said
    assert "taken as none" in ask(name, start, now)["reason"]
    assert ask(name, start | {column: 0}, now | {column: 0})["response"] == met
    barred = ask(name, start | {column: 0}, now | {column: 1})
    assert barred["responder"] == "no"
    assert column in barred["reason"]
    unknown = ask(name, start | {column: 0}, now | {column: None})
    assert unknown["response"] == "cannot tell"
    assert ask(name, start, now | {column: 1}, rescue_is_failure=False)["response"] == met


def test_rescue_adds_no_point_and_no_item() -> None:
    # STAR 4 points, CRESS 2 items: no rescue is not a third
    treated = {"rescue_medication": 0, "treatment_failure": 0, "new_immunosuppressant": 0}
    now = START | {"clinessdai": 6, "unstimulated_flow": 0.125} | treated
    assert ask("star", START | treated, now)["response"] == "no"
    now = START | {"clinessdai": 4, "esspri": 5} | treated
    assert ask("cress", START | treated, now)["response"] == "no"
