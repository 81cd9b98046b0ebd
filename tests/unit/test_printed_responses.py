"""The worked examples that come with the definitions, each under its own number, as printed: responses, criteria.

Inputs and expected classes are those of the printed tables; nothing here was computed by funis first.
"""

from typing import Any

import polars as pl
import pytest

from funis.catalogue.registry import definition, response_definition
from funis.data.check.forms import _check_healing
from funis.responses.classify import classify
from funis.responses.respond import respond
from funis.study.rules import apply_rule


def ask(name: str, before: dict[str, Any], now: dict[str, Any], **parameters: Any) -> dict[str, Any]:
    rows = [{"subject": "1", "visit": "baseline", **before}, {"subject": "1", "visit": "month_6", **now}]
    return respond(pl.DataFrame(rows, infer_schema_length=None), name, parameters=parameters).row(
        0, named=True
    )


# --- SRI and BICLA ---------------------------------------------------------------------------------

MSK, SKIN, RENAL, HAEM = (
    f"bilag_2004_{system}" for system in ("musculoskeletal", "mucocutaneous", "renal", "haematological")
)
QUIET = {f"bilag_2004_{system}": "E" for system in definition("bilag_2004").systems}
BASE = {**QUIET, "sledai_2k": 10, "pga": 1.80, MSK: "A", SKIN: "B", RENAL: "E", HAEM: "E"}
CMP_01 = {"sledai_2k": 6, "pga": 1.5, MSK: "B", SKIN: "C"}
CMP_06 = {"sledai_2k": 6, MSK: "B", SKIN: "C", RENAL: "B"}


@pytest.mark.parametrize(
    ("start", "now", "sri", "bicla"),
    [
        pytest.param({}, CMP_01, "yes", "yes", id="CMP-01"),
        pytest.param({}, {"sledai_2k": 7}, "no", None, id="CMP-02"),
        pytest.param({}, {"sledai_2k": 6, "pga": 2.09, MSK: "C", SKIN: "C"}, "yes", "yes", id="CMP-03"),
        pytest.param({}, {"sledai_2k": 6, "pga": 1.5, MSK: "C", SKIN: "B"}, "yes", "no", id="CMP-05"),
        pytest.param({}, CMP_06, "yes", "yes", id="CMP-06"),
        pytest.param({HAEM: "D"}, CMP_06 | {HAEM: "B"}, "no", "no", id="CMP-07"),
        pytest.param({}, CMP_01 | {"new_immunosuppressant": 1}, "no", "no", id="CMP-10"),
    ],
)
def test_sri_4_and_bicla(start: dict[str, Any], now: dict[str, Any], sri: str, bicla: str | None) -> None:
    before = BASE | start
    assert ask("sri_4", before, before | now)["response"] == sri
    if bicla is not None:  # CMP-02 gives no grades
        assert ask("bicla", before, before | now)["response"] == bicla


@pytest.mark.parametrize(("points", "expected"), [(5, "yes"), (6, "yes"), (7, "no")])
def test_cmp_09(points: int, expected: str) -> None:
    assert ask(f"sri_{points}", BASE, BASE | {"sledai_2k": 4})["response"] == expected


# --- low disease activity and remission ------------------------------------------------------------

ITEMS = response_definition("lldas").sets["sledai_items"]


def state(total: int, pga: float, prednisone: float, *items: str, **more: Any) -> dict[str, Any]:
    recorded = {item: int(item in items) for item in ITEMS}
    return {**recorded, "sledai_2k": total, "pga": pga, "prednisone": prednisone, **more}


SEROLOGY = ("low_complement", "increased_dna_binding")


@pytest.mark.parametrize(
    ("before", "now", "lldas", "doris"),
    [
        pytest.param(SEROLOGY, state(4, 0.4, 5, *SEROLOGY, mycophenolate_mofetil=2000), "yes", "yes", id="TGT-01"),
        pytest.param(("arthritis",), state(4, 0.8, 7.5, "arthritis"), "yes", "no", id="TGT-02"),
        pytest.param(("proteinuria",), state(4, 0.5, 5, "proteinuria"), "no", "no", id="TGT-03"),
        pytest.param((), state(0, 0.5, 5), "yes", "no", id="TGT-05"),
        pytest.param((), state(0, 0.2, 7.5), "yes", "no", id="TGT-06"),
        pytest.param((), state(2, 0.6, 5, "rash"), "no", None, id="TGT-07"),
    ],
)  # fmt: skip
def test_states(before: tuple[str, ...], now: dict[str, Any], lldas: str, doris: str | None) -> None:
    start = state(2 * len(before), 1.0, 10, *before)
    assert ask("lldas", start, now)["response"] == lldas
    if doris is not None:
        assert ask("doris_2021", start, now)["response"] == doris


# --- kidney ----------------------------------------------------------------------------------------

MG = {"upcr_unit": "mg/mg"}


@pytest.mark.parametrize(
    ("now", "perr", "crr"),
    [
        pytest.param({"upcr": 0.45, "gfr": 85, "pre_flare_gfr": 92, "prednisone": 5}, "yes", "yes", id="REN-R1"),
        pytest.param({"upcr": 0.70, "gfr": 58, "pre_flare_gfr": 70, "prednisone": 5}, "yes", "no", id="REN-R2"),
        pytest.param({"upcr": 0.71, "gfr": 95, "pre_flare_gfr": 95, "prednisone": 5}, "no", "no", id="REN-R3"),
    ],
)  # fmt: skip
def test_bliss_ln(now: dict[str, Any], perr: str, crr: str) -> None:
    start = {"upcr": 3.0, "gfr": 60, "pre_flare_gfr": now["pre_flare_gfr"], "prednisone": 40}
    # The example has one visit after the start: nothing confirms it.
    assert ask("bliss_ln_perr", start, now, **MG, confirmed=False)["response"] == perr
    assert ask("bliss_ln_crr", start, now, **MG, confirmed=False)["response"] == crr


@pytest.mark.parametrize(
    ("before", "after", "creatinine", "expected"),
    [
        pytest.param(4.0, 1.9, 110, "PRR", id="REN-R4"),
        pytest.param(2.0, 1.0, 100, "none", id="REN-R5"),
    ],
)
def test_lunar(before: float, after: float, creatinine: float, expected: str) -> None:
    sediment = {"urine_red_cells": 8, "red_cell_casts": 0}
    start = {"upcr": before, "creatinine": 100, **sediment}
    now = {"upcr": after, "creatinine": creatinine, **sediment}
    assert ask("lunar_renal_response", start, now, **MG)["response"] == expected


# --- Sjogren's -------------------------------------------------------------------------------------


def flat(**values: float) -> tuple[dict[str, float], dict[str, float]]:
    """Say the same at both visits, for what an example leaves unchanged."""
    return dict(values), dict(values)


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        pytest.param(
            {"clinessdai": 9, "esspri": 7, "igg": 20.0}, {"clinessdai": 6, "esspri": 6, "igg": 17.6},
            "yes", id="STR-01",
        ),
        pytest.param(
            {"clinessdai": 9, "esspri": 6, "schirmer": 3, "unstimulated_flow": 0.10},
            {"clinessdai": 7, "esspri": 5.0, "schirmer": 8, "unstimulated_flow": 0.125},
            "yes", id="STR-02",
        ),
        pytest.param(
            {"clinessdai": 8, "esspri": 6, "schirmer": 12, "unstimulated_flow": 0.1, "igg": 15},
            {"clinessdai": 5, "esspri": 6, "schirmer": 4, "unstimulated_flow": 0.1, "igg": 15},
            "no", id="STR-05",
        ),
    ],
)  # fmt: skip
def test_star(before: dict[str, float], now: dict[str, float], expected: str) -> None:
    assert ask("star", before, now)["response"] == expected


def test_str_03_exactly_15_percent() -> None:
    row = ask("star", {"clinessdai": 9, "esspri": 5.0}, {"clinessdai": 9, "esspri": 4.25})
    assert row["patient_reported"] == "yes"


def test_epr_05_met_by_the_limb_of_15_percent() -> None:
    assert ask("esspri_mcii", {"esspri": 6.0}, {"esspri": 5.1})["response"] == "yes"


START, SAME = flat(clinessdai=9, esspri=6.0, schirmer=3, unstimulated_flow=0.1, igg=20.0)


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        pytest.param(START, SAME | {"clinessdai": 4, "esspri": 5.04, "igg": 18.0}, "yes", id="CRS-01"),
        pytest.param({"clinessdai": 9, "igg": 20}, {"clinessdai": 4, "igg": 18}, "no", id="CRS-02"),
        pytest.param(
            START, SAME | {"clinessdai": 9, "esspri": 5, "igg": 18, "unstimulated_flow": None}, "no", id="CRS-06"
        ),
    ],
)  # fmt: skip
def test_cress(before: dict[str, Any], now: dict[str, Any], expected: str) -> None:
    assert ask("cress", before, now)["response"] == expected


def test_cress_items() -> None:
    assert ask("cress", START, SAME | {"clinessdai": 5})["systemic"] == "no"  # CRS-03
    assert ask("cress", START | {"schirmer": 12}, SAME | {"schirmer": 9})["tear"] == "yes"  # CRS-05


DOMAINS = response_definition("essdai_activity").sets["clinical_domains"]


@pytest.mark.parametrize(
    ("total", "domains", "expected", "responder"),
    [
        pytest.param(5, {"articular": 2, "biological": 1}, "moderate", "no", id="ESS-01"),
        pytest.param(2, {"biological": 2}, "biological_only", "yes", id="ESS-05"),
        pytest.param(0, {}, "inactive", "yes", id="nothing"),
        pytest.param(4, {"articular": 2}, "low", "yes", id="4 points"),
        pytest.param(13, {"pulmonary": 2, "cutaneous": 1}, "moderate", "no", id="13 points"),
        pytest.param(14, {"pulmonary": 2, "articular": 2}, "high", "no", id="14 points"),
        pytest.param(1, {"biological": None, "articular": None}, "cannot tell", "yes", id="which domain"),
        pytest.param(None, {"articular": 2}, "cannot tell", "cannot tell", id="no score"),
    ],
)
def test_essdai_activity(
    total: int | None, domains: dict[str, int | None], expected: str, responder: str
) -> None:
    now = {**dict.fromkeys(DOMAINS, 0), "biological": 0, **domains, "essdai": total}
    row = ask("essdai_activity", now, now)
    assert (row["response"], row["responder"]) == (expected, responder)


def test_sdd_05_damage_cannot_fall() -> None:
    # visit 1: neuropathy 1 + lungs 2 = 3; visit 2: lungs only = 2
    items = [item.name for item in definition("ssddi").items]
    rows = [
        {
            "subject": "1",
            "visit": name,
            "day": day,
            "_file": "ssddi.csv",
            "_line": line,
            **dict.fromkeys(items, 0),
        }
        for name, day, line in (("baseline", 0, 2), ("month_6", 180, 3))
    ]
    rows[0] |= {"peripheral_neuropathy": 1, "pleuropulmonary_damage": 1}
    rows[1] |= {"pleuropulmonary_damage": 1}
    findings = list(_check_healing(definition("ssddi"), pl.DataFrame(rows)))
    assert [(finding.code, finding.line, finding.column) for finding in findings] == [
        ("damage_falls", 3, "peripheral_neuropathy")
    ]


# --- classification criteria -----------------------------------------------------------------------


def criteria(name: str, **shown: Any) -> tuple[str, int]:
    row = classify(pl.DataFrame([{"subject": "1", **shown}]), name, missing="absent").row(0, named=True)
    return row["classified"], row["points"]


def test_classification_of_sjogrens() -> None:
    cls_01 = {"anti_ssa_positive": 1, "unstimulated_flow": 0.08, "ocular_symptoms": 1}
    assert criteria("acr_eular_2016", **cls_01) == ("yes", 4)  # CLS-01
    signs = {"schirmer": 4, "unstimulated_flow": 0.05, "anti_ssa_positive": 0}
    assert criteria("acr_eular_2016", **signs, ocular_staining_score=6, oral_symptoms=1) == (
        "no",
        3,
    )  # CLS-02
    assert criteria("aecg_2002", **signs)[0] == "no"  # CLS-02: III and V only
    cls_03 = {"ocular_symptoms": 1, "oral_symptoms": 1, "schirmer": 4, "anti_ssa_positive": 1}
    assert criteria("aecg_2002", **cls_03)[0] == "yes"  # CLS-03


def test_classification_of_lupus() -> None:
    assert criteria("eular_acr_2019", ana=160, nephritis_class_3_or_4=1) == ("yes", 10)  # CLS-05
    cls_06 = {"ana": 160, "wbc": 3.5, "low_c3": 1, "low_c4": 1, "antiphospholipid_positive": 1}
    assert criteria("eular_acr_2019", **cls_06) == ("no", 9)  # CLS-06
    assert (
        criteria("eular_acr_2019", ana=0, anti_dsdna_positive=1, nephritis_class_3_or_4=1)[0] == "no"
    )  # CLS-07
    assert criteria("slicc_2012", ana_positive=0, anti_dsdna_positive=1, nephritis_class_3_or_4=1)[0] == "yes"
    cls_09 = {"malar_rash": 1, "arthritis": 1, "ana_positive": 1, "lymphopenia_occasions": 1}
    assert criteria("acr_1997", **cls_09) == ("no", 3)  # CLS-09
    cls_10 = {"acute_cutaneous": 1, "synovitis": 1, "alopecia": 1, "oral_ulcers": 1}
    assert criteria("slicc_2012", **cls_10)[0] == "no"  # CLS-10
    cls_11 = {"ana": 160, "pericarditis": 1, "effusion": 1, "anti_dsdna_positive": 1, "anti_sm_positive": 1}
    assert criteria("eular_acr_2019", **cls_11) == ("yes", 12)  # CLS-11


# --- release of a lot ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lot", "rule", "passed"),
    [
        pytest.param({"cd90_percent": 96.0}, "cd90_percent >= 95", True, id="MSC-03 CD90"),
        pytest.param({"cd105_percent": 94.0}, "cd105_percent >= 95", False, id="MSC-03 CD105"),
        pytest.param({"mycoplasma": None}, "mycoplasma = 'negative'", None, id="MSC-05"),
        pytest.param({"viability_percent": 69.0}, "viability_percent >= 70", False, id="MSC-06"),
    ],
)
def test_release(lot: dict[str, Any], rule: str, passed: object) -> None:
    frame = pl.DataFrame([lot], schema_overrides={"mycoplasma": pl.String} if "mycoplasma" in lot else None)
    assert apply_rule(frame, rule).to_list() == [passed]
