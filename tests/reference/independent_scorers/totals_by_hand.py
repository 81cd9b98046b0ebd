"""Indices that add points, scored row by row from the printed tables; nothing here imports funis.

A visit is a plain dictionary of item name to value; a blank is None.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

Visit = Mapping[str, Any]

SLEDAI_2K = {
    "seizure": 8,
    "psychosis": 8,
    "organic_brain_syndrome": 8,
    "visual_disturbance": 8,
    "cranial_nerve": 8,
    "lupus_headache": 8,
    "cva": 8,
    "vasculitis": 8,
    "arthritis": 4,
    "myositis": 4,
    "urinary_casts": 4,
    "hematuria": 4,
    "proteinuria": 4,
    "pyuria": 4,
    "rash": 2,
    "alopecia": 2,
    "mucosal_ulcers": 2,
    "pleurisy": 2,
    "pericarditis": 2,
    "low_complement": 2,
    "increased_dna_binding": 2,
    "fever": 1,
    "thrombocytopenia": 1,
    "leukopenia": 1,
}
CLINICAL_SLEDAI = {
    name: points
    for name, points in SLEDAI_2K.items()
    if name not in ("low_complement", "increased_dna_binding")
}
SSDAI = {
    "fever": 1,
    "fatigue": 1,
    "fatigue_change": 1,
    "articular": 2,
    "salivary_swelling_change": 3,
    "vasculitis_change": 3,
    "pleuropulmonary": 4,
    "renal": 2,
    "peripheral_neuropathy": 1,
    "leukopenia_lymphopenia": 1,
    "lymph_node_spleen": 2,
}
SSDDI = {
    "salivary_flow_impairment": 1,
    "loss_of_teeth": 1,
    "tear_flow_impairment": 1,
    "ocular_structural_abnormality": 1,
    "cns_involvement": 2,
    "peripheral_neuropathy": 1,
    "pleuropulmonary_damage": 2,
    "renal_impairment": 2,
    "lymphoproliferative_disease": 5,
}
ESSDAI = {
    "constitutional": 3,
    "lymphadenopathy": 4,
    "glandular": 2,
    "articular": 2,
    "cutaneous": 3,
    "pulmonary": 5,
    "renal": 5,
    "muscular": 6,
    "peripheral_nervous_system": 5,
    "central_nervous_system": 5,
    "haematological": 2,
    "biological": 1,
}
CLINESSDAI = {
    "constitutional": 4,
    "lymphadenopathy": 4,
    "glandular": 2,
    "articular": 3,
    "cutaneous": 3,
    "pulmonary": 6,
    "renal": 6,
    "muscular": 7,
    "peripheral_nervous_system": 5,
    "central_nervous_system": 5,
    "haematological": 2,
}
ESSDAI_LEVELS: dict[str, tuple[int, ...]] = dict.fromkeys(ESSDAI, (0, 1, 2, 3)) | {
    "constitutional": (0, 1, 2),
    "glandular": (0, 1, 2),
    "central_nervous_system": (0, 2, 3),
    "biological": (0, 1, 2),
}
CLASSIC = (
    "general",
    "mucocutaneous",
    "neurological",
    "musculoskeletal",
    "cardiovascular_respiratory",
    "vasculitis",
    "renal",
    "haematology",
)


def levels_of(index: str) -> dict[str, tuple[Any, ...]]:
    """Name the values that each item can take."""
    if index in ("essdai", "clinessdai"):
        names = ESSDAI if index == "essdai" else CLINESSDAI
        return {name: ESSDAI_LEVELS[name] for name in names}
    if index.startswith("bilag_classic"):
        return dict.fromkeys(CLASSIC, ("A", "B", "C", "D", "E"))
    weights = WEIGHTS[index]
    return dict.fromkeys(weights, (0, 1))


WEIGHTS: dict[str, dict[str, int]] = {
    "sledai_2k": SLEDAI_2K,
    "sledai_2k_30_day": SLEDAI_2K,
    "sledai": SLEDAI_2K,
    "selena_sledai": SLEDAI_2K,
    "selena_sledai_2k_proteinuria": SLEDAI_2K,
    "clinical_sledai": CLINICAL_SLEDAI,
    "ssdai": SSDAI,
    "ssddi": SSDDI,
    "essdai": ESSDAI,
    "clinessdai": CLINESSDAI,
}


def score_complete(index: str, visit: Visit) -> int:
    """Add the points of one visit on which nothing is missing."""
    if index == "bilag_classic_9_3_1":
        return sum({"A": 9, "B": 3, "C": 1, "D": 0, "E": 0}[visit[name]] for name in CLASSIC)
    if index == "bilag_classic_12_5_1":
        return sum({"A": 12, "B": 5, "C": 1, "D": 0, "E": 0}[visit[name]] for name in CLASSIC)
    total = 0
    for name, weight in WEIGHTS[index].items():
        if visit.get(f"{name}_attributed") == 0:
            continue
        total += weight * int(visit[name])
    return total


def fill_holes(visit: Visit, levels: Mapping[str, Sequence[Any]]) -> Iterator[dict[str, Any]]:
    """Complete a visit in every way that its blanks allow."""
    holes = [name for name in levels if visit.get(name) is None]
    for values in itertools.product(*(levels[name] for name in holes)):
        yield {**visit, **dict(zip(holes, values, strict=True))}


def bound(index: str, visit: Visit) -> tuple[int, int]:
    """Try every completion: the lowest and the highest score."""
    totals = [score_complete(index, filled) for filled in fill_holes(visit, levels_of(index))]
    return min(totals), max(totals)


def mean_of_three(visit: Visit) -> Fraction | None:
    """ESSPRI: the mean of dryness, fatigue and pain; all three are needed."""
    values = [visit.get(name) for name in ("dryness", "fatigue", "pain")]
    if any(value is None for value in values):
        return None
    return sum((Fraction(repr(value)) for value in values), Fraction(0)) / 3


def _limit(name: str, test: Callable[[Decimal], bool]) -> Callable[[Visit], bool | None]:
    def answer(visit: Visit) -> bool | None:
        value = visit.get(name)
        return None if value is None else test(Decimal(repr(value)))

    return answer


# Items of SLEDAI-2K that follow from a measurement where nobody ticked them.
FROM_MEASUREMENT = {
    "hematuria": _limit("urine_rbc", lambda value: value > 5),
    "pyuria": _limit("urine_wbc", lambda value: value > 5),
    "proteinuria": _limit("proteinuria_24h", lambda value: value > Decimal("0.5")),
    "fever": _limit("temperature", lambda value: value > 38),
    "thrombocytopenia": _limit("platelets", lambda value: value < 100),
    "leukopenia": _limit("wbc", lambda value: value < 3),
}


def tick_from_measurements(visit: Visit, *, min_joints: int = 2) -> dict[str, Any]:
    """Give the ticks of a SLEDAI-2K visit whose blanks are filled from what was measured."""
    ticked = dict(visit)
    for item, answer in FROM_MEASUREMENT.items():
        met = answer(visit)
        if ticked.get(item) is None and met is not None:
            ticked[item] = int(met)
    joints = visit.get("inflamed_joints")
    if ticked.get("arthritis") is None and joints is not None:
        ticked["arthritis"] = int(joints >= min_joints)
    return ticked
