"""Classification criteria of random subjects, by `classify` and by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from funis.responses.classify import classify

from .drawn_timelines import pick

EULAR_CLINICAL = {
    "fever": ("constitutional", 2),
    "leukopenia": ("haematologic", 3),
    "thrombocytopenia": ("haematologic", 4),
    "autoimmune_haemolysis": ("haematologic", 4),
    "delirium": ("neuropsychiatric", 2),
    "psychosis": ("neuropsychiatric", 3),
    "seizure": ("neuropsychiatric", 5),
    "alopecia": ("mucocutaneous", 2),
    "oral_ulcers": ("mucocutaneous", 2),
    "subacute_or_discoid": ("mucocutaneous", 4),
    "acute_cutaneous": ("mucocutaneous", 6),
    "effusion": ("serosal", 5),
    "pericarditis": ("serosal", 6),
    "joints": ("musculoskeletal", 6),
    "proteinuria": ("renal", 4),
    "nephritis_class_2_or_5": ("renal", 8),
    "nephritis_class_3_or_4": ("renal", 10),
}
EULAR_SERUM = {
    "antiphospholipid_positive": ("antiphospholipid", 2),
    "anti_dsdna_positive": ("antibodies", 6),
    "anti_sm_positive": ("antibodies", 6),
}
AECG = (
    "ocular_symptoms",
    "oral_symptoms",
    "ocular_signs",
    "histopathology",
    "salivary_signs",
    "autoantibodies",
)


def draw_findings(rng: np.random.Generator, names: list[str], share: float) -> dict[str, Any]:
    return {name: int(rng.random() < share) for name in names}


def classify_all(people: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    rows = [{"subject": f"{number:05}"} | person for number, person in enumerate(people)]
    answers: list[dict[str, Any]] = classify(pl.DataFrame(rows), name).sort("subject").to_dicts()
    return answers


def eular_2019(person: dict[str, Any]) -> tuple[str, int]:
    highest: dict[str, int] = {}
    for name, (domain, points) in (EULAR_CLINICAL | EULAR_SERUM).items():
        if person[name]:
            highest[domain] = max(points, highest.get(domain, 0))
    low = person["low_c3"] + person["low_c4"]
    total = sum(highest.values()) + (0, 3, 4)[low]
    is_clinical = any(person[name] for name in EULAR_CLINICAL)
    return ("yes" if person["ana"] >= 80 and total >= 10 and is_clinical else "no"), total


def test_eular_acr_2019() -> None:
    rng = np.random.default_rng(70)
    names = [*EULAR_CLINICAL, *EULAR_SERUM, "low_c3", "low_c4"]
    people = [
        draw_findings(rng, names, pick(rng, (0.05, 0.15, 0.3, 1.0))) | {"ana": pick(rng, (40, 79, 80, 160))}
        for _ in range(600)
    ]
    found = [(row["classified"], row["points"]) for row in classify_all(people, "eular_acr_2019")]
    assert found == [eular_2019(person) for person in people]
    assert max(points for _, points in found) == 51


def test_aecg_2002() -> None:
    rng = np.random.default_rng(71)
    people = [
        draw_findings(rng, list(AECG), 0.5) | draw_findings(rng, ["hepatitis_c", "sarcoidosis"], 0.05)
        for _ in range(400)
    ]
    by_hand = []
    for person in people:
        present = [name for name in AECG if person[name]]
        has_proof = "histopathology" in present or "autoantibodies" in present
        is_objective = sum(name in AECG[2:] for name in present) >= 3
        is_met = (len(present) >= 4 and has_proof) or is_objective
        by_hand.append("yes" if is_met and not person["hepatitis_c"] and not person["sarcoidosis"] else "no")
    assert [row["classified"] for row in classify_all(people, "aecg_2002")] == by_hand
    assert 50 < by_hand.count("yes") < 350
