"""The findings and laboratory values of virtual lupus patients: both indices and the laboratory agree.

A finding is there when a patient's own liability to it lies below how often it is met times how active the
disease is: it comes and goes with activity, and whoever has it keeps it. Laboratory values move between a
level of active disease and one of quiet disease; the items that the laboratory decides follow from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from scipy import special

from funis.simulate.trials.scenario import assumed
from funis.stats.sample import Booleans, Floats, Integers


@dataclass(frozen=True, slots=True)
class ClinicalFinding:
    """A finding of SLEDAI-2K and the row of BILAG-2004 that records it.

    Attributes
    ----------
    item : of SLEDAI-2K
    share : how often it is met at entry
    row : of BILAG-2004; 0 where a yes or no row says it
    only_nephritis : met in nephritis alone
    """

    item: str
    share: float
    row: int
    only_nephritis: bool = False


# How often, among patients who enter for active disease: assumed, in the order of published series.
FINDINGS: Final = (
    ClinicalFinding("arthritis", 0.42, 42),
    ClinicalFinding("rash", 0.42, 6),
    ClinicalFinding("alopecia", 0.28, 16),
    ClinicalFinding("mucosal_ulcers", 0.22, 10),
    ClinicalFinding("hematuria", 0.45, 0, only_nephritis=True),
    ClinicalFinding("pyuria", 0.28, 0, only_nephritis=True),
    ClinicalFinding("urinary_casts", 0.12, 0, only_nephritis=True),
    ClinicalFinding("vasculitis", 0.05, 14),
    ClinicalFinding("pleurisy", 0.06, 48),
    ClinicalFinding("pericarditis", 0.04, 48),
    ClinicalFinding("fever", 0.10, 1),
    ClinicalFinding("myositis", 0.04, 40),
    ClinicalFinding("lupus_headache", 0.015, 37),
    ClinicalFinding("psychosis", 0.004, 24),
    ClinicalFinding("seizure", 0.004, 30),
)
# Never met in a virtual patient: too rare to guess.
NEVER: Final = ("organic_brain_syndrome", "visual_disturbance", "cranial_nerve", "cva")


@dataclass(frozen=True, slots=True)
class LabModel:
    """A laboratory test of a virtual patient.

    Attributes
    ----------
    test, unit : as the laboratory reports it
    active, quiet : usual value with active and with quiet disease
    between, within : SD between patients and between visits; of the logarithm where `is_log`
    low, high : limits of the laboratory; None for none
    digits : decimals it reports
    is_log : the value varies by factors
    least : lowest value it reports
    """

    test: str
    unit: str
    active: float
    quiet: float
    between: float
    within: float
    low: float | None
    high: float | None
    digits: int
    is_log: bool = False
    least: float = 0.0


# Levels are assumed, in the range usual for the disease; proteinuria before: 2.24 ± 1.43 g (abstract).
LAB_MODELS: Final = (
    LabModel("proteinuria_24h", "g/24h", 1.9, 0.10, 0.55, 0.07, None, 0.15, 2, is_log=True, least=0.02),
    LabModel("creatinine", "umol/L", 84, 68, 14, 4, 44, 106, 0, least=30),
    LabModel("urea_nitrogen", "mmol/L", 6.6, 5.0, 1.2, 0.5, 2.5, 7.1, 1, least=1.5),
    LabModel("albumin", "g/L", 30, 41, 4, 1.5, 35, 55, 0, least=12),
    LabModel("c3", "g/L", 0.62, 1.05, 0.17, 0.04, 0.80, 1.6, 2, least=0.15),
    LabModel("c4", "g/L", 0.11, 0.21, 0.04, 0.01, 0.10, 0.4, 2, least=0.02),
    LabModel("ana", "titre", 640, 320, 0.8, 0.3, None, 80, 0, is_log=True, least=10),
    LabModel("anti_dsdna", "IU/mL", 170, 40, 0.9, 0.2, None, 100, 0, is_log=True, least=2),
    LabModel("haemoglobin", "g/L", 108, 124, 12, 1.2, 110, 160, 0, least=50),
    LabModel("platelets", "10^9/L", 205, 230, 60, 8, 100, 300, 0, least=10),
    LabModel("wbc", "10^9/L", 5.2, 6.2, 1.3, 0.5, 4, 10, 1, least=1.2),
    LabModel("neutrophils", "10^9/L", 3.2, 3.8, 0.8, 0.3, 2, 7, 1, least=0.6),
    LabModel("lymphocytes", "10^9/L", 1.0, 1.4, 0.3, 0.1, 1, 4, 1, least=0.2),
)  # fmt: skip
#: Items of SLEDAI-2K that the laboratory decides: test, limit, whether below it counts.
_DECIDED: Final = {
    "proteinuria": (("proteinuria_24h", 0.5, False),),
    "low_complement": (("c3", 0.80, True), ("c4", 0.10, True)),
    "increased_dna_binding": (("anti_dsdna", 100.0, False),),
    "thrombocytopenia": (("platelets", 100.0, True),),
    "leukopenia": (("wbc", 3.0, True),),
}


@dataclass(frozen=True, slots=True)
class DrawnFindings:
    """What is found in every patient at every visit.

    Attributes
    ----------
    items : SLEDAI-2K item to 0 or 1, shape (patients, visits)
    labs : test to value, same shape
    codes : BILAG-2004 row to its code, same shape
    forms : of another disease: instrument to its columns, each of the same shape
    asked : of another disease: instrument or test to whether it was done, same shape
    """

    items: Mapping[str, Integers]
    labs: Mapping[str, Floats]
    codes: Mapping[int, Integers]
    forms: Mapping[str, Mapping[str, Floats | Integers]] = field(default_factory=dict)
    asked: Mapping[str, Booleans] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FindingNoise:
    """What chance adds, drawn before it is known how active the disease is.

    Attributes
    ----------
    liability : to each finding, uniform, shape (findings, patients, visits)
    own, within : of each test, standard normal, shapes (tests, patients, 1) and (tests, patients, visits)
    """

    liability: Floats
    own: Floats
    within: Floats

    def take(self, chosen: Integers) -> FindingNoise:
        """Keep some of the patients."""
        return FindingNoise(self.liability[:, chosen], self.own[:, chosen], self.within[:, chosen])


def draw_noise(count: int, visits: int, generator: np.random.Generator) -> FindingNoise:
    """Draw what chance adds to each patient; a liability is much the same from visit to visit.

    Parameters
    ----------
    count, visits : patients, and visits of each
    generator : of random numbers
    """
    alike = assumed("correlation")
    own = generator.standard_normal((len(FINDINGS), count, 1))
    drawn = np.sqrt(alike) * own + np.sqrt(1.0 - alike) * generator.standard_normal(
        (len(FINDINGS), count, visits)
    )
    tests = len(LAB_MODELS)
    return FindingNoise(
        special.ndtr(drawn), generator.standard_normal((tests, count, 1)),
        generator.standard_normal((tests, count, visits)),
    )  # fmt: skip


def find(
    noise: FindingNoise, level: Floats, severity: Floats, has_nephritis: Booleans, is_new: Booleans
) -> DrawnFindings:
    """Say what is found.

    Parameters
    ----------
    noise : of the same patients; visits beyond those of `level` are not looked at
    level : activity relative to that before the cells, shape (patients, visits); the first visit is before
    severity : of each patient, 1 for the usual
    has_nephritis : of each patient
    is_new : first visit after a relapse, same shape as `level`
    """
    visits = level.shape[1]
    strength = level * severity[:, None]
    labs = {
        each.test: _read_lab(
            each, level, strength, has_nephritis, noise.own[place], noise.within[place, :, :visits]
        )
        for place, each in enumerate(LAB_MODELS)
    }
    labs["neutrophils"] = _rounded(np.minimum(labs["neutrophils"], 0.78 * labs["wbc"]), 1)
    rest = np.maximum(labs["wbc"] - labs["neutrophils"] - 0.1, 0.1)
    labs["lymphocytes"] = _rounded(np.minimum(labs["lymphocytes"], rest), 1)
    items: dict[str, Integers] = {
        name: np.any([_is_beyond(labs[test], limit, below=below) for test, limit, below in rules], axis=0) * 1
        for name, rules in _DECIDED.items()
    }
    items |= {name: np.zeros(level.shape, dtype=np.int64) for name in NEVER}
    codes: dict[int, Integers] = {}
    active = assumed("active_finding")
    for place, each in enumerate(FINDINGS):
        share = each.share * (has_nephritis if each.only_nephritis else np.ones(len(severity)))
        liability = noise.liability[place, :, :visits]
        present = liability < share[:, None] * strength
        if each.only_nephritis:
            present = _lasting(present, is_new)
        items[each.item] = present * 1
        if each.row:
            is_active = _lasting(liability < active * share[:, None] * strength * level, is_new)
            code = _code(present, is_active, is_new)
            codes[each.row] = np.maximum(codes.get(each.row, 0), code)
    return DrawnFindings(items, labs, codes)


def _lasting(found: Booleans, is_new: Booleans) -> Booleans:
    """Let what has gone stay away until a relapse."""
    lasting = found.copy()
    for visit in range(1, found.shape[1]):
        lasting[:, visit] &= lasting[:, visit - 1] | is_new[:, visit]
    return lasting


def _code(present: Booleans, is_active: Booleans, is_new: Booleans) -> Integers:
    """Give the level that the form records: 0 not present, 1 improving, 2 same, 4 new.

    Before the cells what is there is new; at a relapse what came is new. What flickers late is called
    improving, or each flicker would be a flare.
    """
    code = np.where(is_active, 2, 1)
    code[:, 0] = 4
    code = np.where(is_new, 4, code)
    return np.asarray(np.where(present, code, 0), dtype=np.int64)


def _read_lab(
    model: LabModel, level: Floats, strength: Floats, has_nephritis: Booleans, own: Floats, within: Floats
) -> Floats:
    """Read one test: between its levels in quiet and active disease, the patient's own, the visit's own."""
    activity = np.clip(strength, 0.0, 1.6)
    noise = model.between * own + model.within * within
    if model.test == "proteinuria_24h":
        usual = np.where(has_nephritis[:, None], model.active * np.maximum(level, 0.03), model.quiet)
        value = usual * np.exp(noise)
    elif model.is_log:
        slope = np.log(model.active) - np.log(model.quiet)
        value = np.exp(np.log(model.quiet) + slope * activity + noise)
    else:
        value = model.quiet + (model.active - model.quiet) * activity + noise
    if model.unit == "titre":
        value = 10.0 * 2.0 ** np.round(np.log2(np.maximum(value, 10.0) / 10.0))
    return _rounded(np.maximum(value, model.least), model.digits)


def _rounded(values: Floats, digits: int) -> Floats:
    """Report values with the decimals of the laboratory."""
    return np.asarray(np.round(values, digits), dtype=np.float64)


def _is_beyond(values: Floats, limit: float, *, below: bool) -> Booleans:
    return np.asarray(values < limit if below else values > limit, dtype=np.bool_)
