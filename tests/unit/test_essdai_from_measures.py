"""Domains of ESSDAI as their printed limits give them from measured values; what was recorded stands."""

from datetime import date
from typing import Any

import polars as pl
import pytest

import funis
from funis.catalogue.registry import definition
from funis.data.tables import tables_from_frames
from funis.study.model import Study

QUIET: dict[str, Any] = {
    "cough_bronchial": 0, "interstitial_lung": 0, "nyha_class": 1, "dlco_percent": 95, "fvc_percent": 98,
    "tubular_acidosis": 0, "haematuria": 0, "proteinuria_24h": 0.1, "gfr": 95,
    "myositis_proven": 0, "weakest_muscle": 5, "creatine_kinase": 90, "creatine_kinase_high": 200,
    "clonal_component": 0, "cryoglobulins": 0, "igg": 12, "igg_fell_recently": 0,
    "c3": 1.1, "c3_low": 0.9, "c4": 0.2, "c4_low": 0.1,
}  # fmt: skip
DOMAINS = ("pulmonary", "renal", "muscular", "biological")
WEIGHTS = {"pulmonary": 5, "renal": 5, "muscular": 6, "biological": 1}


def bounds(**changed: Any) -> tuple[int, int]:
    """Score one visit whose other domains are 0, with the frame and with the compiled scorer."""
    rest = {item.name: 0 for item in definition("essdai") if item.name not in DOMAINS}
    row = {"subject": "1", "day": 0, **rest, **QUIET, **changed}
    frame = funis.score(pl.DataFrame([row]), "essdai", subject="subject", order="day").row(0, named=True)
    compiled = funis.scorer("essdai")([row])[0]
    ends = [(each["essdai_lower"], each["essdai_upper"]) for each in (frame, compiled)]
    assert ends[0] == ends[1]
    return ends[0]


@pytest.mark.parametrize(
    ("domain", "changed", "level"),
    [
        ("pulmonary", {"cough_bronchial": 1}, 1),
        ("pulmonary", {"interstitial_lung": 1}, 1),
        ("pulmonary", {"interstitial_lung": 1, "dlco_percent": 70, "fvc_percent": 80}, 1),
        ("pulmonary", {"interstitial_lung": 1, "dlco_percent": 69.9}, 2),
        ("pulmonary", {"interstitial_lung": 1, "dlco_percent": 40}, 2),
        ("pulmonary", {"interstitial_lung": 1, "dlco_percent": 39.9}, 3),
        ("pulmonary", {"interstitial_lung": 1, "fvc_percent": 79.9}, 2),
        ("pulmonary", {"interstitial_lung": 1, "fvc_percent": 59.9}, 3),
        ("pulmonary", {"interstitial_lung": 1, "nyha_class": 2}, 2),
        ("pulmonary", {"interstitial_lung": 1, "nyha_class": 3}, 3),
        # emphysema: the function counts with interstitial disease
        ("pulmonary", {"dlco_percent": 35, "nyha_class": 3}, 0),
        ("renal", {"proteinuria_24h": 0.49}, 0),
        ("renal", {"proteinuria_24h": 0.5}, 1),
        ("renal", {"proteinuria_24h": 1.0}, 1),
        ("renal", {"proteinuria_24h": 1.01}, 2),
        ("renal", {"proteinuria_24h": 1.5}, 2),
        ("renal", {"proteinuria_24h": 1.51}, 3),
        ("renal", {"proteinuria_24h": 0.5, "gfr": 59.9}, 3),
        ("renal", {"proteinuria_24h": 0.1, "gfr": 59.9}, 0),
        ("renal", {"haematuria": 1}, 3),
        ("renal", {"tubular_acidosis": 1, "gfr": 60}, 1),
        ("renal", {"tubular_acidosis": 1, "gfr": 59.9}, 2),
        ("renal", {"biopsy_level": 2}, 2),
        ("muscular", {"creatine_kinase": 900}, 0),  # no myositis: CK alone is another matter
        ("muscular", {"myositis_proven": 1, "creatine_kinase": 400}, 1),  # twice the limit of 200
        ("muscular", {"myositis_proven": 1, "creatine_kinase": 401}, 2),
        ("muscular", {"myositis_proven": 1, "creatine_kinase": 800}, 2),
        ("muscular", {"myositis_proven": 1, "creatine_kinase": 801}, 3),
        ("muscular", {"myositis_proven": 1, "weakest_muscle": 4}, 2),
        ("muscular", {"myositis_proven": 1, "weakest_muscle": 3}, 3),
        ("biological", {"clonal_component": 1}, 1),
        ("biological", {"c3": 0.89}, 1),
        ("biological", {"c4": 0.1}, 0),
        ("biological", {"ch50": 30, "ch50_low": 40}, 1),
        ("biological", {"igg": 15.9}, 0),
        ("biological", {"igg": 16}, 1),
        ("biological", {"igg": 20}, 1),
        ("biological", {"igg": 20.1}, 2),
        ("biological", {"igg": 4.9}, 0),  # lasting, as after a B-cell drug years ago
        ("biological", {"igg": 4.9, "igg_fell_recently": 1}, 2),
        ("biological", {"cryoglobulins": 1}, 2),
    ],
)
def test_each_printed_limit(domain: str, changed: dict[str, Any], level: int) -> None:
    points = WEIGHTS[domain] * level
    assert bounds(**changed) == (points, points)


def test_what_was_not_measured_leaves_an_interval() -> None:
    # Protein of 1.2 g is at least moderate (10 points); haematuria would make it high (15).
    assert bounds(proteinuria_24h=1.2, haematuria=None) == (10, 15)
    # Protein above 1.5 g is high, whatever else was not looked at.
    assert bounds(proteinuria_24h=2, haematuria=None, gfr=None, tubular_acidosis=None) == (15, 15)
    # Interstitial disease with DLCO of 55 % and no class of breathlessness: 10, or 15 with breathlessness at rest.
    assert bounds(interstitial_lung=1, dlco_percent=55, nyha_class=None) == (10, 15)
    # A low IgG of which nobody said whether it is recent.
    assert bounds(igg=4, igg_fell_recently=None) == (0, 2)


def test_what_the_physician_recorded_stands() -> None:
    assert bounds(renal=1, proteinuria_24h=2) == (5, 5)
    assert bounds(renal=3, proteinuria_24h=0.1) == (15, 15)


@pytest.mark.parametrize(
    ("recorded", "grams", "told"),
    [
        ("0", "2", "proteinuria_24h 2 gives 3"),
        ("3", "2", None),
        # Nobody tested for blood: at least moderate.
        ("1", "1.2", "proteinuria_24h 1.2 gives at least 2"),
        ("2", "1.2", None),
        ("3", "1.2", None),
        ("2", "0.1", None),
    ],
)
def test_a_difference_is_a_finding(recorded: str, grams: str, told: str | None) -> None:
    study = Study.model_validate(
        {
            "study": {"id": "X", "title": "X", "condition": "sjogren", "design": "observational"},
            "visits": ({"name": "visit_1", "day": 0, "forms": ("essdai", "labs")},),
            "labs": ({"test": "proteinuria_24h", "unit": "g/24h"},),
        }
    )
    visit = {"subject": "S1", "visit": "visit_1", "date": "2020-01-05"}
    items = dict.fromkeys((each.name for each in definition("essdai").items), "0") | {"renal": recorded}
    tables = {
        "subjects": [{"subject": "S1"}],
        "essdai": [visit | items],
        "labs": [visit | {"test": "proteinuria_24h", "value": grams, "unit": "g/24h"}],
    }
    found = tables_from_frames(study, tables, today=date(2021, 1, 1))
    said = [each.message for each in found.findings if each.code == "lab_contradicts_item"]
    assert said == ([] if told is None else [f"The laboratory says otherwise: {told}."])
    assert found.frames["essdai"]["renal"].to_list() == [float(recorded)]
