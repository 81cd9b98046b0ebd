"""Worked examples of BILAG-2004: grades from items and values, previous visit, bounds, deciding rule."""

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import polars as pl
import pytest

import funis
from funis.catalogue.registry import DEFINITIONS, read_definition_file
from funis.errors import ShapeError
from funis.scoring.deciding_rule import rule_texts

BILAG = funis.definition("bilag_2004")
KEY = {item.row: item.name for item in BILAG.items}
NORMAL = {
    "systolic_bp": 118.0, "diastolic_bp": 78.0, "creatinine": 70.0, "gfr": 100.0, "haemoglobin": 13.0, "wbc": 6.0,
    "neutrophils": 4.0, "lymphocytes": 2.0, "platelets": 250.0, "acr": 1.0, "upcr": 5.0, "proteinuria_24h": 0.05,
}  # fmt: skip


MEASURES = ("urine_dipstick", "acr", "upcr", "proteinuria_24h", "creatinine", "gfr")


def course(*rows: dict[str, object]) -> pl.DataFrame:
    """Build the visits of one subject: items are 0 and values normal unless a row says otherwise."""
    never = {f"{system}_ever": 0 for system in BILAG.systems}
    blank: dict[str, object] = {**dict.fromkeys(KEY.values(), 0), **NORMAL, **never, "subject": "01"}
    frame = pl.DataFrame(
        [{**blank, "day": 30 * n, **row} for n, row in enumerate(rows)], infer_schema_length=None
    )
    # A measure that no visit of the course has was not collected.
    return frame.drop([name for name in MEASURES if frame[name].null_count() == frame.height])


def grade(system: str, *rows: dict[str, object], **choices: Any) -> str | None:
    """Grade a system at the last of several visits."""
    scored = funis.score(course(*rows), "bilag_2004", subject="subject", order="day", **choices)
    found: str | None = scored[f"bilag_2004_{system}"][-1]
    return found


def by_row(levels: dict[int, int]) -> dict[str, object]:
    return {KEY[row]: level for row, level in levels.items()}


@pytest.mark.parametrize(
    ("system", "levels", "expected"),
    [
        pytest.param("constitutional", {1: 4, 2: 2, 4: 3}, "A", id="BIL-01"),
        pytest.param("constitutional", {1: 4, 2: 1}, "B", id="BIL-02"),
        pytest.param("constitutional", {2: 2, 3: 3}, "B", id="BIL-03"),
        pytest.param("constitutional", {1: 1}, "C", id="BIL-05"),
        pytest.param("constitutional", {1: 1, 2: 2, 3: 2}, "B", id="fever improving and two others active"),
        pytest.param("constitutional", {4: 1}, "C", id="appetite improving"),
        pytest.param("mucocutaneous", {5: 2}, "A", id="BIL-06 active"),
        pytest.param("mucocutaneous", {5: 1}, "B", id="BIL-06 improving"),
        pytest.param("mucocutaneous", {6: 3}, "B", id="BIL-07 active"),
        pytest.param("mucocutaneous", {6: 1}, "C", id="BIL-07 improving"),
        pytest.param("mucocutaneous", {8: 4}, "C", id="mild angio-oedema"),
        pytest.param("neuropsychiatric", {30: 4}, "B", id="BIL-09 seizures"),
        pytest.param("neuropsychiatric", {31: 4}, "A", id="BIL-09 status"),
        pytest.param("neuropsychiatric", {37: 1}, "C", id="BIL-09 headache"),
        pytest.param("musculoskeletal", {41: 1, 43: 2}, "B", id="BIL-10"),
        pytest.param("cardiorespiratory", {48: 2}, "B", id="BIL-11 active"),
        pytest.param("cardiorespiratory", {48: 1}, "C", id="BIL-11 improving"),
        pytest.param("ophthalmic", {71: 1}, "C", id="episcleritis improving"),
        pytest.param("ophthalmic", {}, "E", id="BIL-13"),
        pytest.param("haematological", {95: 2}, "A", id="TTP active"),
        pytest.param("haematological", {95: 1}, "B", id="TTP improving"),
    ],
)
def test_grade_from_items(system: str, levels: dict[int, int], expected: str) -> None:
    assert grade(system, by_row(levels)) == expected


def test_a_system_that_was_affected_is_graded_d() -> None:
    # BIL-06: 5 = 2, then 1, then 0
    scored = funis.score(
        course(by_row({5: 2}), by_row({5: 1}), {}), "bilag_2004", subject="subject", order="day"
    )
    assert scored["bilag_2004_mucocutaneous"].to_list() == ["A", "B", "D"]
    assert scored["bilag_2004_mucocutaneous_rule"].to_list() == [
        "A: severe feature active",
        "B: severe feature improving",
        "D: affected before, nothing active now",
    ]


def test_affected_before_the_study_is_graded_d() -> None:
    assert grade("renal", {"renal_ever": 1}) == "D"
    assert grade("renal", {"renal_ever": 0}) == "E"
    scored = funis.score(course({"renal_ever": None}), "bilag_2004", subject="subject", order="day")
    assert scored.select("^bilag_2004_renal(_lower|_upper)?$").row(0) == (None, "E", "D")
    assert scored["bilag_2004"][0] == 0  # D and E both count 0: the total is known


# Only the dipstick was used.
NO_QUANTITY: dict[str, object] = {"acr": None, "upcr": None, "proteinuria_24h": None}


def dipstick(level: int, **others: object) -> dict[str, object]:
    return {**NO_QUANTITY, "urine_dipstick": level, **others}


def protein(grams: float, **others: object) -> dict[str, object]:
    return {"proteinuria_24h": grams, "urine_dipstick": None, **others}


EVER = {"renal_ever": 1}
RENAL = [
    ("REN-01", [protein(2.4, active_sediment=1)], "A", "A: severe proteinuria + active sediment"),
    ("REN-02", [protein(2.4), protein(2.4)], "B", "B: severe proteinuria"),
    ("REN-03", [protein(2.0), protein(1.5)], "C", "C: mild or stable proteinuria"),
    ("REN-05", [protein(0.55), protein(0.50)], "B", "B: proteinuria not improved"),
    ("REN-06", [protein(0.80), protein(0.30)], "C", "C: mild or stable proteinuria"),
    ("REN-07", [{"creatinine": 100.0, "gfr": None}, {"creatinine": 140.0, "gfr": None, "accelerated_hypertension": 1}],
     "B", "B: accelerated hypertension + deteriorating renal function"),
    ("REN-09", [{"creatinine": 125.0, "gfr": None, **EVER}, {"creatinine": 140.0, "gfr": None}], "D", None),
    ("REN-10", [{"gfr": 55.0}, {"gfr": 45.0, "active_sediment": 1}], "A", "A: deteriorating renal function + active sediment"),
    ("REN-11", [{"gfr": 95.0}, {"gfr": 60.0}], "B", "B: deteriorating renal function"),
    ("REN-13", [dipstick(1), dipstick(3)], "B", "B: severe proteinuria"),
    ("REN-13 quantitative", [dipstick(1, upcr=20.0), dipstick(3, upcr=30.0)], "C", "C: mild or stable proteinuria"),
    ("REN-14", [dipstick(1), dipstick(2)], "B", "B: proteinuria not improved"),
    ("REN-15", [{}, {"systolic_bp": 150.0, "diastolic_bp": 96.0, "proteinuria_24h": 0.1}], "C", "C: rising blood pressure"),
    ("REN-17", [{"acr": 100.0}, {"acr": 100.0}], "B", "B: proteinuria not improved"),
    ("REN-18", [{"upcr": 120.0}, {"upcr": 120.0, "active_nephritis": 1}], "A", "A: severe proteinuria + active nephritis on histology"),
    ("REN-19", [{"creatinine": 90.0, "gfr": None, **EVER}, {"creatinine": 130.0, "gfr": None}], "D", None),
]  # fmt: skip


# No GFR beside a creatinine that is no finding; no quantity beside the dipstick.
NOT_COLLECTED = ("REN-09", "REN-13", "REN-13 quantitative", "REN-14", "REN-19")


@pytest.mark.parametrize(("case", "rows", "expected", "rule"), RENAL, ids=[case[0] for case in RENAL])
def test_renal_grade(case: str, rows: list[dict[str, object]], expected: str, rule: str | None) -> None:
    frame = course(*rows)
    if "renal_ever" in frame.columns:
        frame = frame.with_columns(pl.col("renal_ever").fill_null(0))
    scored = funis.score(frame, "bilag_2004", subject="subject", order="day")
    assert scored["bilag_2004_renal"][-1] == expected
    assert rule is None or scored["bilag_2004_renal_rule"][-1] == rule
    # Where a measure was not collected the grade stands, and the bounds say what it might have shown.
    assert scored["bilag_2004_status"][-1] == ("incomplete" if case in NOT_COLLECTED else "scored")


LEGACY = [
    ("REN-03", {"fall_of_exactly_25_percent": "not_improved"}, [protein(2.0), protein(1.5)], "B"),
    ("REN-03 albumin", {"fall_of_exactly_25_percent": "not_improved"}, [{"acr": 200.0}, {"acr": 150.0}], "C"),
    ("REN-06", {"mild_proteinuria_must_not_have_fallen": True}, [protein(0.80), protein(0.30)], "D"),
    ("C1 albumin", {"mild_proteinuria_must_not_have_fallen": True}, [{"acr": 30.0}, {"acr": 25.0}], "C"),
    ("first visit", {"first_visit_proteinuria": False}, [protein(2.4)], "C"),
    ("first dipstick", {"first_visit_dipstick_severe": True}, [dipstick(2, active_sediment=1)], "A"),
    ("first dipstick default", {}, [dipstick(2, active_sediment=1)], "B"),
    ("first dipstick moderate", {"first_visit_dipstick_moderate": True}, [dipstick(2)], "B"),
    ("first dipstick is no rise", {}, [dipstick(3)], "C"),
    ("first creatinine", {"first_visit_renal_function": True}, [{"creatinine": 140.0, "gfr": None}], "B"),
    ("first creatinine default", {}, [{"creatinine": 140.0, "gfr": None}], "E"),
    ("first GFR below 50", {}, [{"gfr": 45.0}], "B"),
    ("ratio 130", {"creatinine_ratio_of_exactly_130": "severe"},
     [{"creatinine": 110.0}, {"creatinine": 143.0, "active_sediment": 1}], "A"),
    ("ratio 130 default", {}, [{"creatinine": 110.0}, {"creatinine": 143.0, "active_sediment": 1}], "B"),
    ("limit 0.4999", {"moderate_proteinuria_limits": "legacy"}, [protein(0.49995)], "B"),
    ("limit 0.5", {}, [protein(0.49995)], "C"),
    ("first blood pressure", {"first_visit_blood_pressure": True}, [{"systolic_bp": 150.0, "diastolic_bp": 96.0}], "C"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("parameters", "rows", "expected"), [case[1:] for case in LEGACY], ids=[case[0] for case in LEGACY]
)
def test_open_points_are_parameters(
    parameters: dict[str, object], rows: list[dict[str, object]], expected: str
) -> None:
    assert grade("renal", *rows, parameters=parameters) == expected


@pytest.mark.parametrize(
    ("item", "values", "expected"),
    [
        pytest.param("haemoglobin", [7.9, 8.0, 9.95, 10.0, 10.9, 11.0], "ABBCCE", id="HAE-01"),
        pytest.param("platelets", [24.0, 25.0, 49.0, 50.0, 149.0, 150.0], "ABBCCE", id="HAE-02"),
        pytest.param("wbc", [0.9, 1.9, 3.9, 4.0], "ABCE", id="HAE-03"),
        pytest.param("lymphocytes", [0.9, 1.0], "CE", id="HAE-05"),
        pytest.param("neutrophils", [0.49, 0.5, 0.99, 1.0, 1.99, 2.0], "ABBCCE", id="neutrophils"),
    ],
)
def test_haematological_grade_by_value(item: str, values: list[float], expected: str) -> None:
    frame = pl.concat([course({item: value}) for value in values])
    scored = funis.score(frame, "bilag_2004")
    assert "".join(scored["bilag_2004_haematological"].to_list()) == expected


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        pytest.param({"active_haemolysis": 1, "haemoglobin": 11.5}, "B", id="HAE-06"),
        pytest.param({"coombs_positive": 1}, "C", id="HAE-07"),
        pytest.param({"platelets": 20.0, "platelets_attributed": 0}, "E", id="HAE-09"),
    ],
)
def test_haematological_grade(row: dict[str, object], expected: str) -> None:
    assert grade("haematological", row) == expected


def test_numeric_total() -> None:
    # NUM-01: A, B, C, C, D, E, E, E, E = 12 + 8 + 1 + 1
    row = {**by_row({5: 2, 30: 4, 43: 2, 48: 1}), "gastrointestinal_ever": 1}
    scored = funis.score(course(row), "bilag_2004", subject="subject", order="day")
    assert scored["bilag_2004"].to_list() == [22]
    assert scored["bilag_2004_gastrointestinal"].to_list() == ["D"]


def test_not_done_is_not_present_but_raises_the_upper_bound() -> None:
    scored = funis.score(course({"pyrexia": "ND", "weight_loss": 2, "anorexia": 2}), "bilag_2004")
    columns = [f"bilag_2004_constitutional{end}" for end in ("", "_lower", "_upper")]
    assert scored.select(columns).row(0) == ("B", "B", "A")
    assert scored.select("bilag_2004", "bilag_2004_lower", "bilag_2004_upper").row(0) == (8, 8, 12)
    assert scored["bilag_2004_status"][0] == "incomplete"


def test_a_blank_is_not_zero() -> None:
    scored = funis.score(course({"pyrexia": None, "weight_loss": 2, "anorexia": 2}), "bilag_2004")
    assert scored["bilag_2004_constitutional"][0] is None
    assert scored["bilag_2004_constitutional_rule"][0] is None
    assert scored["bilag_2004"][0] is None
    cases: tuple[tuple[Literal["absent", "worst"], str], ...] = (("absent", "B"), ("worst", "A"))
    for policy, expected in cases:
        again = funis.score(
            course({"pyrexia": None, "weight_loss": 2, "anorexia": 2}), "bilag_2004", missing=policy
        )
        assert again["bilag_2004_constitutional"][0] == expected


def test_a_blank_that_cannot_change_the_grade_does_not_matter() -> None:
    # An active severe eruption is A, whatever the others are.
    scored = funis.score(course({"skin_eruption_severe": 2, "alopecia_mild": None}), "bilag_2004")
    assert scored["bilag_2004_mucocutaneous"][0] == "A"
    assert scored["bilag_2004_status"][0] == "scored"


PROTEIN = ("urine_dipstick", "acr", "upcr", "proteinuria_24h")
RENAL_COLUMNS = [f"bilag_2004_renal{end}" for end in ("", "_lower", "_upper")]


def test_a_blank_alternative_leaves_the_bounds_open() -> None:
    """Either measure may show the finding: what one shows does not say what the other would have."""
    # Creatinine 140 after 100 is one severe feature (B); a GFR below 50 after one above is the same one.
    # With active sediment it is A. A GFR of 45 alone, first visit, is B.
    rows: list[dict[str, object]] = [{"gfr": None}, {"gfr": None, "active_sediment": 1}, {"gfr": 100.0}]
    scored = funis.score(course(*rows), "bilag_2004")
    assert scored.select(RENAL_COLUMNS).rows() == [(None, "E", "B"), (None, "B", "A"), ("E", "E", "E")]
    assert funis.score(course(*rows), "bilag_2004", missing="absent")["bilag_2004_renal"].to_list() == [
        "E",
        "B",
        "E",
    ]
    assert funis.score(course(*rows), "bilag_2004", missing="worst")["bilag_2004_renal"].to_list() == [
        "B",
        "A",
        "E",
    ]


def test_a_measure_without_a_column_is_not_collected() -> None:
    """The study takes creatinine and no GFR: the grade follows from what it takes, the bounds stay honest."""
    frame = course({}, {"active_sediment": 1}).drop("gfr")
    scored = funis.score(frame, "bilag_2004")
    assert scored.select(RENAL_COLUMNS).rows() == [("E", "E", "B"), ("B", "B", "A")]
    assert scored["bilag_2004_renal_rule"][1] == "B: active sediment"
    # Without creatinine too nothing is known of the function of the kidneys.
    both = funis.score(frame.drop("creatinine"), "bilag_2004")
    assert both["bilag_2004_renal"].to_list() == [None, None]
    # A column that says "not done" is not absent, and says it only of its own rows.
    said = funis.score(frame.with_columns(gfr_not_done=pl.Series([1, 0])), "bilag_2004")
    assert said["bilag_2004_renal"].to_list() == ["E", None]


def test_the_dipstick_counts_only_where_no_quantity_can_have_been_measured() -> None:
    # First visit, ++: C where no quantity was measured (nothing tells a rise), nothing where one was.
    blank: dict[str, object] = {**NO_QUANTITY, "urine_dipstick": 2}
    not_done = {f"{name}_not_done": 1 for name in NO_QUANTITY}
    kept: dict[str, object] = {"subject": "02"}  # so that no column is empty in every row
    rows: list[dict[str, object]] = [
        blank,
        {**blank, **not_done},
        {**blank, "acr_not_done": 1},
        {**blank, "upcr": 5.0},
        kept,
    ]
    scored = funis.score(course(*rows), "bilag_2004")
    assert scored.select(RENAL_COLUMNS).rows()[:4] == [
        (None, "E", "B"),  # an empty quantity may be normal, and then the dipstick says nothing
        ("C", "C", "B"),  # what was not done might have shown more
        ("C", "E", "B"),  # "not done" beside one measure says it of all that are empty; the bounds do not
        (None, "E", "B"),  # acr and 24-h protein may show what the ratio does not
    ]
    filled = funis.score(course(*rows), "bilag_2004", missing="absent")
    assert filled["bilag_2004_renal"].to_list()[:4] == ["C", "C", "C", "E"]


def test_each_measure_of_protein_counts() -> None:
    none = dict.fromkeys(PROTEIN)
    rows: list[dict[str, object]] = [
        {**none, "upcr": 10.0},
        none,
        {**none, "proteinuria_24h": "ND"},
        {"proteinuria_24h": "0.05"},
    ]
    frame = course(*rows).with_columns(acr=pl.Series([1.0, None, None, 1.0]))
    scored = funis.score(frame, "bilag_2004")
    # First visits: an empty measure of protein may be beyond every limit (B alone).
    assert scored.select(RENAL_COLUMNS).rows() == [
        (None, "E", "B"),
        (None, "E", "B"),
        ("E", "E", "B"),
        ("E", "E", "E"),
    ]
    assert scored["bilag_2004_upper"].to_list() == [8, 8, 8, 0]


def test_a_previous_value_that_is_missing_leaves_the_bounds_open() -> None:
    # 1.2 g now; before it nobody knows: by the default parameter not fallen (B), but it may have fallen (C).
    frame = course({"proteinuria_24h": None}, protein(1.2))
    columns = RENAL_COLUMNS
    scored = funis.score(frame, "bilag_2004", subject="subject", order="day")
    assert scored.select(columns).row(1) == (None, "C", "B")
    for counts, expected in ((True, "B"), (False, "C")):
        filled = funis.score(
            frame, "bilag_2004", subject="subject", order="day", missing="absent",
            parameters={"previous_proteinuria_missing": counts},
        )  # fmt: skip
        assert filled.select(columns).row(1) == (expected, "C", "B")


@pytest.mark.parametrize(
    ("now", "sediment", "rises", "not_known"),
    [
        # Two levels are severe, and with active sediment A; one is moderate; + is no rise to ++.
        pytest.param(3, 0, "B", "C", id="+++"),
        pytest.param(2, 0, "B", "C", id="++"),
        pytest.param(2, 1, "A", "B", id="++ with sediment"),
        pytest.param(1, 0, "C", "C", id="+"),
    ],
)
def test_without_an_earlier_dipstick_nothing_tells_a_rise(
    now: int, sediment: int, rises: str, not_known: str
) -> None:
    # The visit before has its quantities and no dipstick: an empty cell, or one that says "not done".
    quiet: dict[str, object] = {"urine_dipstick": None, "acr": 1.0, "upcr": 5.0, "proteinuria_24h": 0.1}
    not_done = {f"{name}_not_done": 1 for name in NO_QUANTITY}
    frame = course(
        {**quiet, "urine_dipstick_not_done": 1}, dipstick(now, active_sediment=sediment, **not_done)
    )
    choices: dict[str, Any] = {"subject": "subject", "order": "day", "missing": "absent"}
    assert funis.score(frame, "bilag_2004", **choices)["bilag_2004_renal"][1] == not_known
    for counts, expected in ((False, not_known), (True, rises)):
        found = funis.score(frame, "bilag_2004", parameters={"previous_dipstick_missing": counts}, **choices)
        assert found["bilag_2004_renal"][1] == expected


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (dt.date(2024, 2, 29), dt.date(2024, 5, 31), "A"),  # 31 May - 3 months = 29 February
        (dt.date(2024, 2, 28), dt.date(2024, 5, 31), "B"),
        (dt.date(2024, 1, 15), dt.date(2024, 4, 15), "A"),
        (dt.date(2024, 1, 14), dt.date(2024, 4, 15), "B"),
        (0, 91, "A"),
        (0, 92, "B"),
    ],
)
def test_histology_counts_for_three_months(first: object, second: object, expected: str) -> None:
    frame = course({"active_nephritis": 1, "upcr": 120.0}, {"upcr": 120.0}).with_columns(
        day=pl.Series([first, second])
    )
    scored = funis.score(frame, "bilag_2004", subject="subject", order="day")
    assert scored["bilag_2004_renal"].to_list() == ["A", expected]


WINDOW = ', within_months = 3, within_days = "biopsy_window_days"'


@pytest.mark.parametrize(
    ("window", "days", "expected"),
    [
        (", within_months = 1, within_days = 10", 10, "A"),
        (", within_months = 1, within_days = 10", 11, "B"),
        ("", 1, "B"),  # without a window only this visit counts
    ],
)
def test_the_lookback_window_stands_in_the_definition(
    window: str, days: int, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = (DEFINITIONS / "bilag_2004.toml").read_text(encoding="utf-8").splitlines()
    text = "\n".join(line for line in lines if 'name = "biopsy_window_days"' not in line)
    assert WINDOW in text
    file = tmp_path / "bilag_2004.toml"
    file.write_text(text.replace(WINDOW, window), encoding="utf-8")
    found = read_definition_file(file)
    monkeypatch.setattr("funis.scoring.score.definition", lambda _: found)
    frame = course({"active_nephritis": 1, "upcr": 120.0}, {"upcr": 120.0})
    visits = frame.with_columns(day=pl.Series([0, days]))
    scored = funis.score(visits, "bilag_2004", subject="subject", order="day")
    assert scored["bilag_2004_renal"].to_list() == ["A", expected]


def test_the_previous_visit_is_the_one_before_in_time_not_the_row_above() -> None:
    frame = course(protein(2.0), protein(2.0), protein(1.0))
    mixed = frame[[2, 0, 1]]
    other = frame.with_columns(subject=pl.lit("02"), proteinuria_24h=pl.lit(0.1))
    scored = funis.score(
        pl.concat([mixed, other])[[0, 3, 1, 4, 2, 5]], "bilag_2004", subject="subject", order="day"
    )
    own = scored.filter(pl.col("subject") == "01").sort("day")
    assert own["bilag_2004_renal"].to_list() == ["B", "B", "C"]
    assert scored["subject"].to_list() == ["01", "02"] * 3


def test_visit_order_must_be_a_date_or_a_number() -> None:
    frame = course({}).with_columns(day=pl.lit("baseline"))
    with pytest.raises(ShapeError, match="dates or numbers"):
        funis.score(frame, "bilag_2004", subject="subject", order="day")


def test_one_tenth_times_three_decides_no_grade() -> None:
    # 0.1 * 3 is above 0.3 in binary; a fall from 0.4 to that is exactly 25 %.
    frame = course(protein(4.0), protein(0.1 * 30))
    scored = funis.score(frame, "bilag_2004", subject="subject", order="day")
    assert 0.1 * 3 > 0.3
    assert scored["bilag_2004_renal"].to_list() == ["B", "C"]
    nearly = course(protein(0.4), protein(0.1 * 3))
    assert funis.score(nearly, "bilag_2004", subject="subject", order="day")[
        "bilag_2004_renal"
    ].to_list() == ["C", "C"]


def test_a_clause_of_two_features_names_those_found_and_a_clause_of_one_does_not() -> None:
    """The first renal clause, cut to two features and to one: only where there is a choice are names told."""
    bilag = funis.definition("bilag_2004")
    first = next(rule for rule in bilag.rules if rule.system == "renal")
    named = {}
    for count in (1, 2):
        cut = replace(bilag, rules=(replace(first, of_items=first.of_items[:count]),))
        named[count] = [name for name, _ in rule_texts(cut, "renal")[0].named]
    assert named == {1: [], 2: ["severe_proteinuria", "accelerated_hypertension"]}
