"""Worked examples of the additive and measured instruments; the arithmetic stands beside each."""

import math
from typing import Any

import polars as pl
import pytest

import funis
from funis.errors import ColumnError, ShapeError, UnknownNameError, ValueRangeError


def visits(name: str, *rows: dict[str, Any], rest: object = 0) -> pl.DataFrame:
    """Build a frame in which every item that a row does not name is `rest`."""
    items = {item.name: rest for item in funis.definition(name).items}
    return pl.DataFrame([{**items, **row} for row in rows], infer_schema_length=None)


def totals(name: str, *rows: dict[str, Any], **choices: Any) -> list[object]:
    scored = funis.score(visits(name, *rows), name, **choices)
    return list(scored[name].to_list())


ALL_SLEDAI = {item.name: 1 for item in funis.definition("sledai_2k").items}
ACTIVE = {"arthritis": 1, "rash": 1, "low_complement": 1, "increased_dna_binding": 1}


@pytest.mark.parametrize(
    ("name", "row", "expected"),
    [
        pytest.param("sledai_2k", {}, 0, id="SLE-01"),
        pytest.param("sledai_2k", ALL_SLEDAI, 105, id="SLE-02"),  # 8*8 + 6*4 + 7*2 + 3*1
        pytest.param("clinical_sledai", ALL_SLEDAI, 101, id="SLE-02 clinical"),  # 105 - 2 - 2
        pytest.param("sledai_2k", ACTIVE, 10, id="SLE-03"),  # 4 + 2 + 2 + 2
        pytest.param("clinical_sledai", ACTIVE, 6, id="SLE-03 clinical"),  # 4 + 2
        pytest.param("ssdai", {}, 0, id="SSD-01"),
        pytest.param(
            "ssdai",
            {"fatigue": 1, "fatigue_change": 1, "articular": 1, "salivary_swelling_change": 1},
            7,
            id="SSD-03",
        ),  # 1 + 1 + 2 + 3
        pytest.param(
            "ssddi",
            {"lymphoproliferative_disease": 1, "tear_flow_impairment": 1, "loss_of_teeth": 1},
            7,
            id="SDD-01",
        ),  # 5 + 1 + 1
        pytest.param("ssddi", {}, 0, id="SDD-02"),
        pytest.param("essdai", {"articular": 2, "biological": 1}, 5, id="ESS-01"),  # 2*2 + 1*1
        pytest.param("clinessdai", {"articular": 2}, 6, id="ESS-01 clinical"),  # 3*2
        pytest.param("essdai", {"glandular": 2, "constitutional": 1, "biological": 1}, 8, id="ESS-02"),
        pytest.param("clinessdai", {"glandular": 2, "constitutional": 1}, 8, id="ESS-02 clinical"),  # 2*2 + 4
        pytest.param("essdai", {"pulmonary": 2}, 10, id="ESS-03"),  # 5*2
        pytest.param("clinessdai", {"pulmonary": 2}, 12, id="ESS-03 clinical"),  # 6*2
        pytest.param("essdai", {"biological": 2}, 2, id="ESS-05"),
        pytest.param("clinessdai", {"biological": 2}, 0, id="ESS-05 clinical"),
        pytest.param("essdai", {"haematological": 2}, 4, id="ESS-07 level"),
        pytest.param("tess", {}, 0, id="TES-01"),
        pytest.param("tess", {"nausea_vomiting": 2, "other_symptom": 1}, 3, id="TES-03"),
        pytest.param("sialography", {"parotid_right": 2}, 2, id="SIA-01"),
        pytest.param("bilag_classic_9_3_1", dict(zip(
            ["general", "mucocutaneous", "neurological", "musculoskeletal", "cardiovascular_respiratory",
             "vasculitis", "renal", "haematology"], "ABCCDEEE", strict=True)), 14, id="NUM-02 9/3/1"),
        pytest.param("bilag_classic_12_5_1", dict(zip(
            ["general", "mucocutaneous", "neurological", "musculoskeletal", "cardiovascular_respiratory",
             "vasculitis", "renal", "haematology"], "ABCCDEEE", strict=True)), 19, id="NUM-02 12/5/1"),
    ],
)  # fmt: skip
def test_worked_example(name: str, row: dict[str, object], expected: float) -> None:
    assert totals(name, row) == [expected]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("sledai_2k", 105), ("ssdai", 21), ("ssddi", 16), ("essdai", 123), ("clinessdai", 135), ("tess", 136)],
    ids=["SLE-02", "SSD-02", "SDD-03", "ESS-06", "ESS-06 clinical", "TES-02"],
)
def test_every_item_at_its_highest_level(name: str, expected: float) -> None:
    highest = {item.name: item.values[-1] for item in funis.definition(name).items}
    assert totals(name, highest) == [expected]


def test_esspri_is_the_mean_of_three() -> None:
    # EPR-01 19/3, EPR-02 15/3, EPR-03 14/3, EPR-06 pain missing
    frame = pl.DataFrame({"dryness": [8.0, 5, 5, 5], "fatigue": [7.0, 5, 5, 5], "pain": [4.0, 5, 4, None]})
    scored = funis.score(frame, "esspri")
    assert scored["esspri"].to_list()[:3] == pytest.approx([19 / 3, 5.0, 14 / 3], abs=1e-12)
    assert scored["esspri"][3] is None
    assert scored["esspri_acceptable"].to_list() == [0, 0, 1, None]  # below 5; 5.0 is not


@pytest.mark.parametrize(
    ("missing", "expected"),
    [("strict", None), ("absent", 2), ("worst", 4)],
    ids=["strict", "absent", "worst"],
)
def test_missing_antibody(missing: Any, expected: int | None) -> None:
    # SLE-10: rash 2, anti-dsDNA unknown (2), all else absent
    scored = funis.score(
        visits("sledai_2k", {"rash": 1, "increased_dna_binding": None}), "sledai_2k", missing=missing
    )
    assert scored["sledai_2k"].to_list() == [expected]
    assert scored.select("sledai_2k_lower", "sledai_2k_upper", "sledai_2k_status").row(0) == (
        2,
        4,
        "incomplete",
    )


def test_lung_not_assessed() -> None:
    # SSD-05: leukopenia 1 + fatigue 1, lung 4 unknown
    frame = visits("ssdai", {"leukopenia_lymphopenia": 1, "fatigue": 1, "pleuropulmonary": "ND"})
    scored = funis.score(frame, "ssdai")
    assert scored.select("ssdai", "ssdai_lower", "ssdai_upper").row(0) == (None, 2, 6)
    assert funis.score(frame, "ssdai", missing="absent")["ssdai"].to_list() == [2]


@pytest.mark.parametrize(
    ("measure", "values", "item", "expected"),
    [
        pytest.param("urine_rbc", [5, 6], "hematuria", [0, 4], id="SLE-05 red cells"),
        pytest.param("urine_wbc", [5, 6], "pyuria", [0, 4], id="SLE-05 white cells"),
        pytest.param("platelets", [100.0, 99.0], "thrombocytopenia", [0, 1], id="SLE-06 platelets"),
        pytest.param("wbc", [3.0, 2.9], "leukopenia", [0, 1], id="SLE-06 leucocytes"),
        pytest.param("temperature", [38.0, 38.1], "fever", [0, 1], id="SLE-06 fever"),
        pytest.param("proteinuria_24h", [0.5, 0.51], "proteinuria", [0, 4], id="proteinuria"),
    ],
)
def test_a_measured_value_fills_a_blank_item(
    measure: str, values: list[float], item: str, expected: list[int]
) -> None:
    frame = visits("sledai_2k", {item: None, measure: values[0]}, {item: None, measure: values[1]})
    assert funis.score(frame, "sledai_2k")["sledai_2k"].to_list() == expected


def test_pyuria_from_an_infection_is_not_counted() -> None:
    # SLE-05: 6 WBC/hpf with proven infection
    frame = visits("sledai_2k", {"pyuria": None, "urine_wbc": 6, "pyuria_attributed": 0})
    assert funis.score(frame, "sledai_2k")["sledai_2k"].to_list() == [0]


def test_low_complement_counts_once() -> None:
    # SLE-07: C3, C4 and CH50 all low
    low = {"c3": 0.5, "c3_low": 0.9, "c4": 0.05, "c4_low": 0.1, "ch50": 10.0, "ch50_low": 30.0}
    normal = {**low, "c3": 1.0, "c4": 0.2, "ch50": None}
    unknown = {**low, "c3": 1.0, "c4": None, "ch50": None}
    frame = visits("sledai_2k", *({"low_complement": None, **row} for row in (low, normal, unknown)))
    scored = funis.score(frame, "sledai_2k")
    assert scored["sledai_2k"].to_list() == [2, 0, None]
    assert scored["sledai_2k_upper"].to_list() == [2, 0, 2]


def test_arthritis_needs_as_many_joints_as_the_parameter_says() -> None:
    # SLE-09: exactly 2 inflamed joints
    frame = visits("sledai_2k", {"arthritis": None, "inflamed_joints": 2})
    for joints, expected in ((2, 4), (3, 0)):
        scored = funis.score(frame, "sledai_2k", parameters={"arthritis_min_joints": joints})
        assert scored["sledai_2k"].to_list() == [expected]


def test_original_sledai_counts_new_proteinuria_only() -> None:
    # SLE-11: 0.6 then 1.2 g, a rise of 0.6; then 1.4, a rise of 0.2
    frame = visits("sledai", *({"proteinuria": None, "proteinuria_24h": g} for g in (0.6, 1.2, 1.4)))
    frame = frame.with_columns(subject=pl.lit("01"), day=pl.Series([0, 30, 60]))
    scored = funis.score(frame, "sledai", subject="subject", order="day")
    assert scored["sledai"].to_list() == [None, 4, 0]
    hybrid = funis.score(frame, "selena_sledai_2k_proteinuria", subject="subject", order="day")
    assert hybrid["selena_sledai_2k_proteinuria"].to_list() == [4, 4, 4]


def test_haematological_domain_from_blood_counts() -> None:
    # ESS-07: Hb 10.0, platelets 100: moderate level 2, weight 2
    counts = {"haemoglobin": 10.0, "platelets": 100.0, "neutrophils": 3.0, "lymphocytes": 1.5}
    frame = visits("essdai", {"haematological": None, **counts})
    assert funis.score(frame, "essdai")["essdai"].to_list() == [4]


@pytest.mark.parametrize(
    ("row", "flow", "abnormal"),
    [
        pytest.param({"volume_ml": 1.5, "minutes": 15.0}, 0.100, 1, id="SAL-01"),
        pytest.param({"ml_per_15_min": 1.5}, 0.100, 1, id="SAL-01 as a rate"),
        pytest.param({"ml_per_10_min": 0.63}, 0.063, 1, id="SAL-02 baseline"),
        pytest.param({"ml_per_10_min": 1.00}, 0.100, 1, id="SAL-02 2 weeks"),
        pytest.param({"ml_per_10_min": 1.26}, 0.126, 0, id="SAL-02 1 month"),
        pytest.param({"weight_g": 1.0, "minutes": 5.0}, 0.2, 0, id="by weight"),
    ],
)
def test_salivary_flow(row: dict[str, float], flow: float, abnormal: int) -> None:
    scored = funis.score(pl.DataFrame([row]), "unstimulated_flow")
    assert scored["unstimulated_flow"][0] == pytest.approx(flow, abs=1e-12)
    assert scored["unstimulated_flow_abnormal"][0] == abnormal


def test_a_missing_flow_is_not_zero() -> None:
    scored = funis.score(
        pl.DataFrame({"ml_per_min": [None, float("nan")]}), "stimulated_flow", missing="absent"
    )
    assert scored["stimulated_flow"].to_list() == [None, None]
    assert scored["stimulated_flow_status"].to_list() == ["incomplete", "incomplete"]


def test_visual_analogue_scale_is_normalised() -> None:
    frame = pl.DataFrame({"reading_mm": [30.0, None], "reading_cm": [None, 4.5]})
    assert funis.score(frame, "vas_patient")["vas_patient"].to_list() == [30.0, 45.0]
    turned = funis.score(frame, "vas_patient", parameters={"scale_reversed": True})
    assert turned["vas_patient"].to_list() == [70.0, 55.0]


def test_carried_forward_value_does_not_narrow_the_bounds() -> None:
    frame = visits("ssdai", {"fatigue": 1}, {"fatigue": None}, {"fatigue": None}).with_columns(
        subject=pl.Series(["01", "01", "02"]), day=pl.Series([0, 30, 0])
    )
    scored = funis.score(frame, "ssdai", missing="locf", subject="subject", order="day")
    assert scored["ssdai"].to_list() == [1, 1, None]  # nothing is carried from subject 01 to 02
    assert scored["ssdai_lower"].to_list() == [1, 0, 0]


def test_impossible_value_is_refused_with_its_place() -> None:
    # TES-05: severity 5
    frame = visits("tess", {}, {"headache": 5})
    with pytest.raises(
        ValueRangeError,
        match=r"Column 'headache' of 'tess', 1 row\(s\) \(row 1\): found '5'; allowed is 0, 1, 2, 3, 4",
    ):
        funis.score(frame, "tess")
    with pytest.raises(ValueRangeError, match="headache"):
        funis.score(frame.lazy(), "tess").collect()


def test_text_that_is_no_number_is_refused() -> None:
    with pytest.raises(ValueRangeError, match=r"'rash'.*found 'perhaps'"):
        funis.score(visits("sledai_2k", {"rash": "perhaps"}), "sledai_2k")


def test_a_frame_without_any_item_is_refused() -> None:
    with pytest.raises(ColumnError, match="seizure"):
        funis.score(pl.DataFrame({"subject": ["01"]}), "sledai_2k")


def test_an_absent_column_is_missing() -> None:
    scored = funis.score(visits("sledai_2k", {}).drop("cva"), "sledai_2k")
    assert scored.select("sledai_2k", "sledai_2k_lower", "sledai_2k_upper").row(0) == (None, 0, 8)


def test_two_rows_of_one_subject_at_one_time_are_refused() -> None:
    frame = visits("ssdai", {}, {}).with_columns(subject=pl.lit("01"), day=pl.lit(0))
    with pytest.raises(ShapeError, match=r"01 at 0 \(2 rows\)"):
        funis.score(frame, "ssdai", subject="subject", order="day")


def test_a_frame_that_is_not_sorted_is_not_taken_as_sorted() -> None:
    frame = visits("ssdai", {}, {}).with_columns(subject=pl.lit("01"), day=pl.Series([30, 0]))
    with pytest.raises(ShapeError, match="not"):
        funis.score(frame, "ssdai", subject="subject", order="day", assume_sorted=True)
    assert funis.score(frame, "ssdai", subject="subject", order="day")["day"].to_list() == [30, 0]


def test_unknown_names_are_refused() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'sledai_2k'"):
        funis.score(visits("ssdai", {}), "sledai_2")
    with pytest.raises(UnknownNameError, match="Did you mean 'window_days'"):
        totals("sledai_2k", {}, parameters={"window_day": 10})
    with pytest.raises(ValueRangeError, match="10, 28, 30"):
        totals("sledai_2k", {}, parameters={"window_days": 11})
    with pytest.raises(ValueRangeError, match="strict, absent, worst, locf"):
        totals("sledai_2k", {}, missing="zero")


def test_nan_is_missing_not_zero() -> None:
    frame = visits("sledai_2k", {}).with_columns(pl.lit(math.nan).alias("cva"))
    assert funis.score(frame, "sledai_2k")["sledai_2k"].to_list() == [None]


def test_not_done_column_beside_numbers() -> None:
    frame = visits("ssdai", {"fever": None, "fever_not_done": True})
    scored = funis.score(frame, "ssdai")
    assert scored.select("ssdai", "ssdai_lower", "ssdai_upper").row(0) == (None, 0, 1)
