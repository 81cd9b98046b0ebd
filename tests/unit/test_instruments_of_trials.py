"""Worked examples of instruments and responses that cell-therapy and lupus trials name.

Those of cytokine release and neurotoxicity are printed with the gradings; the others are sums written out beside them.
"""

from typing import Any

import polars as pl
import pytest

import funis
from funis.catalogue.registry import response_definition
from funis.responses.respond import respond

WELL = {"temperature": 36.8, "fever_treated": 0, "low_blood_pressure": 0, "vasopressors": 0}
WELL |= {"oxygen_flow": 0, "oxygen_mask": 0, "positive_pressure": 0}
CALM = {"ice_score": 10, "consciousness": 0, "icans_seizure": 0, "motor_weakness": 0, "brain_oedema": 0}


def score_row(name: str, row: dict[str, Any]) -> dict[str, Any]:
    frame = pl.DataFrame([{"subject": "1", "day": 0, **row}], infer_schema_length=None)
    compiled: dict[str, Any] = funis.scorer(name)([{"subject": "1", "day": 0, **row}])[0]
    found: dict[str, Any] = funis.score(frame, name, subject="subject", order="day").row(0, named=True)
    assert {key: compiled[key] for key in (name, f"{name}_lower", f"{name}_upper")} == {
        key: found[key] for key in (name, f"{name}_lower", f"{name}_upper")
    }
    return found


@pytest.mark.parametrize(
    ("changed", "grade"),
    [
        ({}, 0),
        ({"temperature": 37.9}, 0),
        ({"temperature": 38.0}, 1),
        ({"temperature": 39.0, "low_blood_pressure": 1}, 2),
        ({"temperature": 39.0, "oxygen_flow": 6}, 2),
        ({"temperature": 39.0, "oxygen_flow": 6.5}, 3),
        ({"temperature": 39.0, "oxygen_mask": 1}, 3),
        # printed under the grading: fever, one vasopressor and low-flow oxygen are grade 3
        ({"temperature": 38.5, "low_blood_pressure": 1, "vasopressors": 1, "oxygen_flow": 2}, 3),
        ({"temperature": 38.5, "low_blood_pressure": 1, "vasopressors": 2}, 4),
        ({"temperature": 38.5, "positive_pressure": 1}, 4),
        # without fever there is no cytokine release syndrome; once treated it need not be there any more
        ({"low_blood_pressure": 1, "vasopressors": 2, "positive_pressure": 1}, 0),
        ({"fever_treated": 1, "low_blood_pressure": 1}, 2),
        ({"fever_treated": 1}, 1),
    ],
)
def test_cytokine_release(changed: dict[str, Any], grade: int) -> None:
    found = score_row("astct_crs", WELL | changed)
    assert found["astct_crs"] == grade
    assert found["astct_crs_severe"] == int(grade >= 3)


def test_cytokine_release_that_was_not_fully_recorded_has_bounds() -> None:
    # Fever and one vasopressor: at least 3; whether there was positive pressure is open, so up to 4.
    found = score_row("astct_crs", WELL | {"temperature": 39, "vasopressors": 1, "positive_pressure": None})
    assert (found["astct_crs"], found["astct_crs_lower"], found["astct_crs_upper"]) == (None, 3, 4)
    # No fever ever: nothing that is open can make a grade.
    found = score_row("astct_crs", WELL | {"vasopressors": None, "oxygen_flow": None})
    assert found["astct_crs"] == 0
    # Low blood pressure without fever now, treated fever not recorded: none, or grade 2.
    found = score_row("astct_crs", WELL | {"low_blood_pressure": 1, "fever_treated": None})
    assert (found["astct_crs"], found["astct_crs_lower"], found["astct_crs_upper"]) == (None, 0, 2)


@pytest.mark.parametrize(
    ("changed", "grade"),
    [
        ({}, 0),
        ({"ice_score": 9}, 1),
        ({"ice_score": 7}, 1),
        ({"ice_score": 6}, 2),
        ({"ice_score": 3}, 2),
        ({"ice_score": 2}, 3),
        ({"ice_score": 0, "unarousable": 0}, 3),  # awake and cannot speak
        ({"ice_score": 0, "unarousable": 1, "consciousness": 4}, 4),
        ({"ice_score": 3, "icans_seizure": 3}, 3),  # printed under the grading
        ({"ice_score": 9, "motor_weakness": 4}, 4),
        ({"brain_oedema": 3}, 3),
        ({"consciousness": 2}, 2),
    ],
)
def test_neurotoxicity(changed: dict[str, Any], grade: int) -> None:
    found = score_row("astct_icans", CALM | changed)
    assert found["astct_icans"] == grade
    assert found["astct_icans_severe"] == int(grade >= 3)


def test_neurotoxicity_without_an_examination() -> None:
    found = score_row("astct_icans", CALM | {"ice_score": None, "consciousness": 1})
    assert (found["astct_icans"], found["astct_icans_lower"], found["astct_icans_upper"]) == (None, 1, 4)
    found = score_row("astct_icans", CALM | {"ice_score": None, "motor_weakness": 4})
    assert found["astct_icans"] == 4


def nothing(name: str) -> dict[str, Any]:
    return {item.name: item.values[0] for item in funis.definition(name).items}


@pytest.mark.parametrize(
    ("name", "changed", "total"),
    [
        ("ice_score", {"ice_orientation": 4, "ice_naming": 3, "ice_command": 1, "ice_writing": 0, "ice_attention": 1}, 9),
        ("ice_score", {"ice_orientation": 2, "ice_naming": 1}, 3),
        ("sdi", {"sdi_stroke": 2, "sdi_kidney": 3, "sdi_avascular_necrosis": 1, "sdi_cataract": 1}, 7),
        ("nih_activity_index", {"endocapillary_hypercellularity": 2, "cellular_crescents": 1, "fibrinoid_necrosis": 3}, 10),
        ("nih_chronicity_index", {"glomerulosclerosis": 1, "tubular_atrophy": 2, "interstitial_fibrosis": 2}, 5),
        ("clasi_activity", {"clasi_erythema_nose": 3, "clasi_scale_nose": 1, "clasi_erythema_arms": 2, "clasi_hair_loss": 2, "clasi_mucous_membrane": 1}, 9),
        ("clasi_damage", {"clasi_pigment_ears": 2, "clasi_pigment_nose": 1, "clasi_scar_ears": 1, "clasi_scalp_scar": 4}, 8),
        ("tender_joints_28", {"tender_wrist_right": 1, "tender_mcp_2_left": 1, "tender_knee_left": 1}, 3),
        ("swollen_joints_28", {"swollen_thumb_ip_left": 1}, 1),
    ],
)  # fmt: skip
def test_sums(name: str, changed: dict[str, Any], total: int) -> None:
    # 4+3+1+0+1; 2+1; 2+3+1+1; 2 + 2x1 + 2x3; 1+2+2; 3+1+2+2+1; 2+1+1+4
    assert score_row(name, nothing(name) | changed)[name] == total


def test_a_joint_that_cannot_be_examined_leaves_bounds() -> None:
    row = nothing("tender_joints_28") | {"tender_wrist_right": 1, "tender_knee_left": None}
    found = score_row("tender_joints_28", row)
    keys = ("tender_joints_28", "tender_joints_28_lower", "tender_joints_28_upper")
    assert [found[key] for key in keys] == [None, 1, 2]


def ask(name: str, before: dict[str, Any], now: dict[str, Any], **parameters: Any) -> str:
    rows = [{"subject": "1", "visit": "baseline", **before}, {"subject": "1", "visit": "month_6", **now}]
    frame = pl.DataFrame(rows, infer_schema_length=None)
    return str(respond(frame, name, parameters=parameters)["response"][0])


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [(10, 5, "yes"), (10, 5.5, "no"), (11, 6, "no"), (12, 6, "yes"), (9, 0, "not_evaluable"), (20, None, "cannot tell")],
)  # fmt: skip
def test_skin_halved(start: float, end: float | None, expected: str) -> None:
    assert ask("clasi_50", {"clasi_activity": start}, {"clasi_activity": end}) == expected


def test_skin_of_a_trial_that_judges_everybody() -> None:
    assert ask("clasi_50", {"clasi_activity": 4}, {"clasi_activity": 2}, clasi_minimum=1) == "yes"
    rescued = {"clasi_activity": 2, "rescue_medication": 1}
    start = {"clasi_activity": 12, "rescue_medication": 0}
    assert ask("clasi_50", start, rescued) == "no"
    assert ask("clasi_50", start, rescued, rescue_is_failure=False) == "yes"


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ((6, 8), (3, 4), "yes"),
        ((6, 8), (3, 5), "no"),
        ((7, 8), (4, 4), "no"),  # 3 of 7 is less than half
        ((5, 12), (0, 0), "not_evaluable"),
        ((12, 5), (0, 0), "not_evaluable"),
        ((8, 8), (4, None), "cannot tell"),
        ((8, 8), (5, None), "no"),
    ],
)
def test_joints_halved(start: tuple[int, int], end: tuple[int, int | None], expected: str) -> None:
    before = {"swollen_joints_28": start[0], "tender_joints_28": start[1]}
    now = {"swollen_joints_28": end[0], "tender_joints_28": end[1]}
    assert ask("jc_50", before, now) == expected


@pytest.mark.parametrize(
    ("upcr", "gfr", "expected", "stricter"),
    [
        (0.49, 85.0, "complete", "none"),  # 15 % below 100
        (0.5, 90.0, "none", "none"),  # 0.5 is not below it, and 1.0 to 0.5 is a fall by half: see below
        (0.49, 84.9, "none", "none"),
        (0.49, 90.0, "complete", "complete"),
        (0.49, 130.0, "complete", "complete"),
    ],
)
def test_kdigo_2024(upcr: float, gfr: float, expected: str, stricter: str) -> None:
    start, now = {"upcr": 0.9, "gfr": 100.0}, {"upcr": upcr, "gfr": gfr}
    assert ask("kdigo_2024_renal_response", start, now, upcr_unit="mg/mg") == expected
    assert ask("kdigo_2024_renal_response", start, now, upcr_unit="mg/mg", gfr_fall_limit=10) == stricter


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (5.8, 2.9, "partial"),
        (6.0, 3.0, "none"),
        (5.0, 2.6, "none"),
        (1.0, 0.5, "partial"),
        (1.0, 0.49, "complete"),
    ],
)
def test_kdigo_2024_partial(start: float, end: float, expected: str) -> None:
    before, now = {"upcr": start, "gfr": 80.0}, {"upcr": end, "gfr": 80.0}
    assert ask("kdigo_2024_renal_response", before, now, upcr_unit="mg/mg") == expected


@pytest.mark.parametrize(
    ("upcr", "gfr", "dose", "expected", "with_dose"),
    [
        (0.49, 85.0, 7.5, "yes", "yes"),
        (0.49, 85.0, 10, "yes", "no"),
        (0.5, 85.0, 5, "no", "no"),
        (0.49, 84.9, 5, "no", "no"),
    ],
)
def test_regency(upcr: float, gfr: float, dose: float, expected: str, with_dose: str) -> None:
    start = {"upcr": 3.0, "gfr": 100.0, "prednisone": 30}
    now = {"upcr": upcr, "gfr": gfr, "prednisone": dose}
    assert ask("regency_crr", start, now, upcr_unit="mg/mg") == expected
    assert ask("regency_crr", start, now, upcr_unit="mg/mg", steroid_counts=True) == with_dose


DOSES = ("baseline", "month_6", "month_9", "month_12")


@pytest.mark.parametrize(
    ("doses", "expected", "none_at_all"),
    [
        ((20, 12, 7.5, 5), "yes", "no"),  # 12 mg at month 6 is before week 40
        ((20, 7.5, 8, 5), "yes", "no"),  # so is 8 mg at month 9, day 270
        ((20, 5, 5, 8), "no", "no"),
        ((20, 5, 0, 0), "yes", "yes"),
        ((9, 5, 5, 5), "not_evaluable", "not_evaluable"),
        ((20, 5, 5, None), "cannot tell", "cannot tell"),
    ],
)
def test_steroids_kept_low(doses: tuple[float, ...], expected: str, none_at_all: str) -> None:
    rows = [
        {"subject": "1", "visit": visit, "prednisone": dose} for visit, dose in zip(DOSES, doses, strict=True)
    ]
    for limit, wanted in ((7.5, expected), (0, none_at_all)):
        found = respond(
            pl.DataFrame(rows), "sustained_steroid_reduction", parameters={"prednisone_limit": limit}
        )
        assert found["response"][0] == wanted


SEROLOGY = {"low_complement": 0, "increased_dna_binding": 0}
OFF = {"sledai_2k": 0, "pga": 0.4, "prednisone": 0, "immunosuppressant": 0, **SEROLOGY}


@pytest.mark.parametrize(
    ("changed", "clinical", "complete"),
    [
        ({}, "yes", "yes"),
        ({"sledai_2k": 2, "low_complement": 1}, "yes", "no"),
        ({"sledai_2k": 2}, "no", "no"),
        ({"pga": 0.5}, "no", "no"),
        ({"prednisone": 2.5}, "no", "no"),
        ({"immunosuppressant": 1}, "no", "no"),
        ({"immunosuppressant": None}, "cannot tell", "cannot tell"),
    ],
)
def test_remission_off_treatment(changed: dict[str, Any], clinical: str, complete: str) -> None:
    assert ask("doris_off_treatment", OFF, OFF | changed) == clinical
    assert ask("doris_off_treatment", OFF, OFF | changed, serology_counts=True) == complete


@pytest.mark.parametrize("name", ["clasi_50", "jc_50", "regency_crr", "sustained_steroid_reduction"])
def test_who_left_the_trial_has_no_response(name: str) -> None:
    assert [one.event for one in response_definition(name).failures] == ["death", "withdrawal", "prohibited"]
