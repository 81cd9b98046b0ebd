"""CTCAE laboratory grades: the worked examples, every limit, and what cannot be determined."""

from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest

import funis
from funis.catalogue.registry import TABLES, read_definition_file, toxicity_table
from funis.errors import ColumnError, DefinitionError, UnknownNameError


def grade_one(test: str, value: float, *, version: str = "5.0", **cells: Any) -> dict[str, Any]:
    assumed = cells.pop("missing_baseline", "cannot_tell")
    frame = pl.DataFrame({"test": [test], "value": [float(value)], **{k: [v] for k, v in cells.items()}})
    return dict(funis.grade_toxicity(frame, version, missing_baseline=assumed).row(0, named=True))


WORKED = [
    ("CTC-01", "haemoglobin", {"low": 110.0}, {105: 1, 100: 1, 99: 2, 80: 2, 79: 3, 110: 0}),
    ("CTC-02", "platelets", {"low": 150.0}, {75: 1, 74: 2, 50: 2, 49: 3, 25: 3, 24: 4, 150: 0, 149: 1}),
    ("CTC-03", "creatinine", {"high": 97.0, "baseline": 60.0}, {140: 2}),
    ("CTC-05", "alt", {"high": 40.0, "baseline": 30.0}, {160: 2}),
    ("CTC-06", "alt", {"high": 40.0, "baseline": 100.0}, {160: 1}),
    ("CTC-07", "alt", {"high": 40.0, "baseline": 100.0}, {140: 0}),
    ("CTC-09", "wbc", {"low": 4.0}, {3.0: 1, 2.9: 2}),
    ("CTC-10", "neutrophils", {"low": 2.0}, {0.3: 4}),
]


@pytest.mark.parametrize(("test", "limits", "grades"), [w[1:] for w in WORKED], ids=[w[0] for w in WORKED])
def test_worked_examples(test: str, limits: dict[str, Any], grades: dict[float, int]) -> None:
    assert {value: grade_one(test, value, **limits)["grade"] for value in grades} == grades


# Every row of the printed table of version 5.0: value on, and just beyond, each limit.
LIMITS: list[tuple[str, dict[str, float], dict[float, int]]] = [
    ("neutrophils", {"low": 2.0}, {2.0: 0, 1.99: 1, 1.5: 1, 1.49: 2, 1.0: 2, 0.99: 3, 0.5: 3, 0.49: 4}),
    ("lymphocytes", {"low": 1.2}, {1.2: 0, 1.19: 1, 0.8: 1, 0.79: 2, 0.5: 2, 0.49: 3, 0.2: 3, 0.19: 4}),
    ("wbc", {"low": 4.0}, {4.0: 0, 3.9: 1, 2.0: 2, 1.9: 3, 1.0: 3, 0.99: 4}),
    ("creatinine", {"high": 100.0, "baseline": 100.0}, {100: 0, 101: 1, 150: 1, 151: 2, 300: 2, 301: 3, 600: 3, 601: 4}),
    ("creatinine", {"high": 100.0, "baseline": 40.0}, {60: 0, 61: 2, 120: 2, 121: 3, 601: 4}),
    ("alt", {"high": 40.0, "baseline": 40.0}, {40: 0, 41: 1, 120: 1, 121: 2, 200: 2, 201: 3, 800: 3, 801: 4}),
    ("ast", {"high": 40.0, "baseline": 60.0}, {89: 0, 90: 1, 180: 1, 181: 2, 300: 2, 301: 3, 1200: 3, 1201: 4}),
    ("bilirubin", {"high": 20.0, "baseline": 10.0}, {20: 0, 21: 1, 30: 1, 31: 2, 60: 2, 61: 3, 200: 3, 201: 4}),
    ("bilirubin", {"high": 20.0, "baseline": 40.0}, {40: 0, 41: 1, 60: 1, 61: 2, 120: 2, 121: 3, 400: 3, 401: 4}),
    ("albumin", {"low": 35.0}, {35: 0, 34: 1, 30: 1, 29: 2, 20: 2, 19: 3}),
    ("proteinuria_24h", {"high": 0.15}, {0.1: 0, 0.15: 1, 0.99: 1, 1.0: 2, 3.4: 2, 3.5: 3}),
    ("urine_dipstick", {}, {0: 0, 1: 1, 2: 2, 3: 2, 4: 3}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("test", "limits", "grades"), LIMITS, ids=[f"{n} {c[0]}" for n, c in enumerate(LIMITS)]
)
def test_every_limit(test: str, limits: dict[str, Any], grades: dict[float, int]) -> None:
    assert {value: grade_one(test, value, **limits)["grade"] for value in grades} == grades


# Version 6.0 where it differs.
SIXTH: list[tuple[str, dict[str, float], dict[float, int]]] = [
    ("neutrophils", {}, {1.5: 0, 1.49: 1, 1.0: 1, 0.99: 2, 0.5: 2, 0.49: 3, 0.3: 3, 0.1: 3, 0.09: 4}),
    ("platelets", {"low": 150.0}, {50: 2, 49: 3, 24: 3, 10: 3, 9: 4}),
    ("alt", {"high": 40.0, "baseline": 100.0}, {99: 0, 100: 1, 150: 1, 151: 2, 200: 2, 201: 3, 400: 3, 401: 4}),
    ("alt", {"high": 40.0, "baseline": 40.0}, {41: 1, 121: 2, 201: 3, 801: 4}),
    ("bilirubin", {"high": 20.0, "baseline": 40.0}, {39: 0, 40: 1, 60: 1, 61: 2, 100: 2, 101: 3, 401: 4}),
    # The baseline counts only where it was below the lower limit.
    ("creatinine", {"low": 50.0, "high": 100.0, "baseline": 60.0}, {99: 0, 140: 1, 151: 2}),
    ("creatinine", {"low": 50.0, "high": 100.0, "baseline": 40.0}, {60: 0, 61: 2, 121: 3}),
    ("wbc", {"low": 4.0}, {3.0: 1, 2.9: 2}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("test", "limits", "grades"), SIXTH, ids=[f"{n} {c[0]}" for n, c in enumerate(SIXTH)]
)
def test_version_six(test: str, limits: dict[str, Any], grades: dict[float, int]) -> None:
    found = {value: grade_one(test, value, version="6.0", **limits)["grade"] for value in grades}
    assert found == grades


def test_terms_by_version() -> None:
    assert grade_one("platelets", 9, low=150.0)["term"] == "Platelet count decreased"
    assert grade_one("platelets", 9, low=150.0, version="6.0")["term"] == "Thrombocytopenia"
    with pytest.raises(UnknownNameError, match=r"5\.0"):
        grade_one("platelets", 9, version="4.03")


def test_a_missing_lower_limit_leaves_grade_one_open() -> None:
    found = grade_one("haemoglobin", 105, low=None)
    assert (found["grade"], found["grade_lower"], found["grade_upper"]) == (None, 0, 1)
    assert found["grade_reason"] == "the lower limit of normal is missing"
    assert grade_one("haemoglobin", 79, low=None)["grade"] == 3
    assert grade_one("platelets", 60)["grade"] == 2  # no column of limits at all


def test_anemia_and_albumin_never_reach_grade_four_by_number() -> None:
    for test, value in (("haemoglobin", 20), ("albumin", 1)):
        found = grade_one(test, value, low=100.0)
        assert found["grade"] == 3
        assert "grade 4 is clinical" in found["grade_reason"]


def test_a_missing_baseline() -> None:
    found = grade_one("creatinine", 140, high=97.0)
    # 1.44 times ULN is grade 1; by an unknown baseline it could be 2 or 3, never 4.
    assert (found["grade"], found["grade_lower"], found["grade_upper"]) == (None, 1, 3)
    assert found["grade_reason"] == "the baseline value is missing"
    assert grade_one("creatinine", 140, high=97.0, missing_baseline="as_normal")["grade"] == 1
    assert grade_one("alt", 160, high=40.0)["grade"] is None
    assert grade_one("alt", 160, high=40.0, missing_baseline="as_normal")["grade"] == 2
    # A normal value is no finding, whatever the baseline was.
    assert grade_one("alt", 40, high=40.0)["grade"] == 0
    assert grade_one("creatinine", 700, high=100.0)["grade"] == 4


def test_units_are_converted_and_never_guessed() -> None:
    assert grade_one("haemoglobin", 9.9, unit="g/dL", low=11.0)["grade"] == 2
    assert grade_one("haemoglobin", 10.0, unit="g/dL", low=11.0)["grade"] == 1
    assert grade_one("platelets", 49_000, unit="/mm3", low=150_000.0)["grade"] == 3
    assert (
        grade_one("creatinine", 1.6, unit="mg/dL", high=1.1, baseline=60.0, baseline_unit="umol/L")["grade"]
        == 2
    )
    missing, wrong = grade_one("haemoglobin", 9.9, unit=None), grade_one("haemoglobin", 9.9, unit="mg")
    assert (missing["grade"], missing["grade_reason"]) == (None, "the unit is missing")
    assert wrong["grade"] is None
    assert "'mg' is not known for haemoglobin" in wrong["grade_reason"]


def test_results_beyond_the_assay() -> None:
    assert grade_one("platelets", 5, comparator="<", low=150.0)["grade"] == 4
    found = grade_one("platelets", 30, comparator="<", low=150.0)
    assert (found["grade"], found["grade_lower"], found["grade_upper"]) == (None, 3, 4)
    assert grade_one("creatinine", 700, comparator=">", high=100.0, baseline=80.0)["grade"] == 4
    assert grade_one("alt", 150, comparator=">", high=40.0, baseline=30.0)["grade_lower"] == 2


def test_what_has_no_term_or_no_value() -> None:
    assert "no laboratory term" in grade_one("igg", 7)["grade_reason"]
    found = grade_one("wbc", float("nan"), low=4.0)
    assert (found["grade"], found["grade_reason"]) == (None, "the value is missing")
    with pytest.raises(ColumnError, match="value"):
        funis.grade_toxicity(pl.DataFrame({"test": ["wbc"]}))


def test_the_same_kind_of_frame_comes_back() -> None:
    frame = pl.DataFrame(
        {"test": ["wbc", "platelets", "wbc"], "value": [2.9, 24.0, None], "lln": [4.0, 150.0, 4.0]}
    )
    names = {"low": "lln"}
    expected = [2, 4, None]
    assert funis.grade_toxicity(frame, columns=names)["grade"].to_list() == expected
    assert funis.grade_toxicity(frame.lazy(), columns=names).collect()["grade"].to_list() == expected
    table = funis.grade_toxicity(frame.to_arrow(), columns=names)
    assert table["grade"].to_pylist() == expected
    panda = frame.to_pandas().set_index(pd.Index([7, 8, 9]))
    found = funis.grade_toxicity(panda, columns=names)
    assert list(found.index) == [7, 8, 9]
    assert found["grade"].tolist()[:2] == [2, 4]
    assert found["grade"].isna().tolist() == [False, False, True]


def test_shift_from_baseline_to_worst() -> None:
    rows = [
        # Subject 1 enters with grade 1 and falls to grade 3; subject 2 improves; subject 3 is not told.
        ("1", -5, 3.5), ("1", 30, 1.5), ("1", 60, 3.2),
        ("2", 0, 2.5), ("2", 30, 3.5),
        ("3", 30, 3.5),
        ("4", 0, 4.5), ("4", 30, 5.0),
    ]  # fmt: skip
    labs = pl.DataFrame(rows, schema=["subject", "day", "value"], orient="row").with_columns(
        test=pl.lit("wbc"), low=pl.lit(4.0), unit=pl.lit("10^9/L")
    )
    shifts = funis.derive_toxicity_shifts(funis.grade_toxicity(labs))
    found = {row["subject"]: row for row in shifts.iter_rows(named=True)}
    assert {s: (r["baseline_grade"], r["worst_grade"]) for s, r in found.items()} == {
        "1": (1, 3), "2": (2, 1), "3": (None, 1), "4": (0, 0),
    }  # fmt: skip
    emergent = {subject: row["treatment_emergent"] for subject, row in found.items()}
    assert emergent == {"1": "yes", "2": "no", "3": "cannot tell", "4": "no"}
    counts = funis.count_toxicity_shifts(shifts)
    assert counts.height == 36  # 0 to 4 and unknown, both ways
    cells = {(r["baseline_grade"], r["worst_grade"]): r["n"] for r in counts.iter_rows(named=True) if r["n"]}
    assert cells == {("1", "3"): 1, ("2", "1"): 1, ("unknown", "1"): 1, ("0", "0"): 1}
    assert counts["of"].unique().to_list() == [4]


def test_an_unknown_grade_afterwards_is_not_passed_over() -> None:
    labs = pl.DataFrame(
        {"subject": ["1", "1", "1"], "day": [0, 30, 60], "test": ["haemoglobin"] * 3,
         "value": [120.0, 105.0, 120.0], "low": [110.0, None, 110.0]}
    )  # fmt: skip
    row = funis.derive_toxicity_shifts(funis.grade_toxicity(labs)).row(0, named=True)
    assert (row["worst_grade"], row["worst_lower"], row["worst_upper"]) == (None, 0, 1)
    assert row["treatment_emergent"] == "cannot tell"


def test_baseline_is_the_last_value_before_treatment() -> None:
    labs = pl.DataFrame(
        {"subject": ["1"] * 4, "day": [-20, -1, 30, 31], "test": ["creatinine"] * 4,
         "value": [90.0, 60.0, 140.0, 1.6], "unit": ["umol/L"] * 3 + ["mg/dL"], "high": [97.0, 97.0, 97.0, 1.1]}
    )  # fmt: skip
    graded = funis.grade_toxicity(funis.derive_lab_baseline(labs))
    assert graded["baseline"].to_list() == [60.0] * 4
    # 90 against 60 is exactly 1.5 times: not above. 140: CTC-03. 1.6 mg/dL is 141.5 umol/L.
    assert graded["grade"].to_list() == [0, 0, 2, 2]


FINDINGS = {
    "the condition is not understood": ("value < 25", "value below 25"),
    "there is no key 'wen'": ('grade = 4, when = "value < 25"', 'grade = 4, wen = "value < 25"'),
    "do not become stricter": ("value < 25", "value < 60"),
    "needs a test and a grade": ('"platelets", grade = 4', '"platelets", grade = 5'),
    "no such baseline": ("baseline not above ULN", "baseline normal"),
}


@pytest.mark.parametrize("message", FINDINGS)
def test_a_faulty_table_is_refused(message: str, tmp_path: Path) -> None:
    old, new = FINDINGS[message]
    text = (TABLES / "ctcae_5.toml").read_text(encoding="utf-8")
    path = tmp_path / "ctcae_5.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DefinitionError, match=message):
        read_definition_file(path)


def test_every_grade_is_in_the_table() -> None:
    for version in ("5.0", "6.0"):
        for term in toxicity_table(version).terms.values():
            highest = 3 if term.clinical or term.term == "Proteinuria" else 4
            assert {row.grade for row in term.rows} == set(range(1, highest + 1))
