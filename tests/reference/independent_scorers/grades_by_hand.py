"""BILAG-2004 graded row by row, one ``if`` after another, from the printed rules.

Nothing here imports funis. A visit is a plain dictionary of item name to number; a blank is None, "not done" is
the string "ND". Numbers are compared as decimals, so that 0.1 * 3 decides no grade.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

Visit = dict[str, Any]

# In printed order, one per row.
_NAMES = """
pyrexia weight_loss lymphadenopathy_splenomegaly anorexia
skin_eruption_severe skin_eruption_mild angio_oedema_severe angio_oedema_mild
mucosal_ulceration_severe mucosal_ulceration_mild panniculitis_bullous_lupus_severe
panniculitis_bullous_lupus_mild major_cutaneous_vasculitis_thrombosis digital_infarcts_nodular_vasculitis
alopecia_severe alopecia_mild periungual_erythema_chilblains splinter_haemorrhages
aseptic_meningitis cerebral_vasculitis demyelinating_syndrome myelopathy acute_confusional_state psychosis
acute_demyelinating_polyradiculoneuropathy mononeuropathy cranial_neuropathy plexopathy polyneuropathy
seizure_disorder status_epilepticus cerebrovascular_disease cognitive_dysfunction movement_disorder
autonomic_disorder cerebellar_ataxia lupus_headache headache_intracranial_hypertension
myositis_severe myositis_mild arthritis_severe arthritis_moderate_tendonitis
arthritis_mild_arthralgia_myalgia
myocarditis_mild myocarditis_endocarditis_cardiac_failure arrhythmia new_valvular_dysfunction
pleurisy_pericarditis cardiac_tamponade pleural_effusion_dyspnoea pulmonary_haemorrhage_vasculitis
interstitial_alveolitis_pneumonitis shrinking_lung_syndrome aortitis coronary_vasculitis
lupus_peritonitis abdominal_serositis_ascites lupus_enteritis_colitis malabsorption
protein_losing_enteropathy intestinal_pseudo_obstruction lupus_hepatitis acute_lupus_cholecystitis
acute_lupus_pancreatitis
orbital_inflammation_proptosis keratitis_severe keratitis_mild anterior_uveitis posterior_uveitis_severe
posterior_uveitis_mild episcleritis scleritis_severe scleritis_mild retinal_choroidal_vaso_occlusion
cotton_wool_spots optic_neuritis anterior_ischaemic_optic_neuropathy
systolic_bp diastolic_bp accelerated_hypertension urine_dipstick acr upcr proteinuria_24h
nephrotic_syndrome creatinine gfr active_sediment active_nephritis
haemoglobin wbc neutrophils lymphocytes platelets ttp active_haemolysis coombs_positive
"""
ITEM_OF_ROW = dict(enumerate(_NAMES.split(), start=1))

SYSTEMS = {
    "constitutional": range(1, 5),
    "mucocutaneous": range(5, 19),
    "neuropsychiatric": range(19, 39),
    "musculoskeletal": range(39, 44),
    "cardiorespiratory": range(44, 56),
    "gastrointestinal": range(56, 65),
    "ophthalmic": range(65, 78),
    "renal": range(78, 90),
    "haematological": range(90, 98),
}

# Rows of the severe, moderate and mild lists; a system without a mild list has an empty one.
LISTS = {
    "mucocutaneous": ({5, 7, 9, 11, 13}, {6, 12, 14, 15}, {8, 10, 16, 17, 18}),
    "neuropsychiatric": (
        {19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 31, 36},
        {30, 32, 33, 34, 35, 37, 38},
        set(),
    ),
    "musculoskeletal": ({39, 41}, {40, 42}, {43}),
    "cardiorespiratory": ({45, 46, 47, 49, 50, 51, 52, 53, 54, 55}, {44, 48}, set()),
    "gastrointestinal": ({56, 58, 61, 63, 64}, {57, 59, 60, 62}, set()),
    "ophthalmic": ({65, 66, 69, 72, 74, 76, 77}, {67, 68, 70, 73}, {71, 75}),
}

POINTS = {"A": 12, "B": 8, "C": 1, "D": 0, "E": 0}
MOST_ACTIVE_FIRST = "ABCDE"


def exact(value: Any) -> Decimal:
    return Decimal(repr(value))


def recorded(visit: Visit | None, name: str) -> bool:
    """Whether a number stands there; a blank and "not done" are none."""
    return visit is not None and visit.get(name) is not None and visit[name] != "ND"


def number(visit: Visit, name: str) -> Decimal | None:
    """The number that counts: a finding that is not due to the disease counts as absent."""
    if not recorded(visit, name) or visit.get(f"{name}_attributed") == 0:
        return None
    return exact(visit[name])


def measured_before(previous: Visit | None, name: str) -> Decimal | None:
    """The value of the visit before: a measurement to compare with, whatever it was due to."""
    return exact(previous[name]) if previous is not None and recorded(previous, name) else None


def level(visit: Visit, row: int) -> int:
    value = number(visit, ITEM_OF_ROW[row])
    return 0 if value is None else int(value)


def grade_by_lists(visit: Visit, system: str) -> str | None:
    severe, moderate, mild = LISTS[system]
    for row in severe:
        if level(visit, row) in (2, 3, 4):
            return "A"
    for row in severe:
        if level(visit, row) == 1:
            return "B"
    for row in moderate:
        if level(visit, row) in (2, 3, 4):
            return "B"
    for row in moderate:
        if level(visit, row) == 1:
            return "C"
    for row in mild:
        if level(visit, row) in (1, 2, 3, 4):
            return "C"
    return None


def grade_constitutional(visit: Visit) -> str | None:
    fever = level(visit, 1)
    others_active = 0
    others_present = 0
    for row in (2, 3, 4):
        if level(visit, row) >= 2:
            others_active += 1
        if level(visit, row) >= 1:
            others_present += 1
    if fever >= 2 and others_active >= 2:
        return "A"
    if fever >= 2 or others_active >= 2:
        return "B"
    if fever == 1 or others_present >= 1:
        return "C"
    return None


def grade_haematological(visit: Visit) -> str | None:
    limits = {
        "haemoglobin": ("8", "10", "11"),
        "wbc": ("1", "2", "4"),
        "neutrophils": ("0.5", "1", "2"),
        "platelets": ("25", "50", "150"),
    }
    ttp = level(visit, 95)
    for at, grade in enumerate("ABC"):
        if grade == "A" and ttp >= 2:
            return "A"
        if grade == "B" and (ttp == 1 or level(visit, 96) == 1):
            return "B"
        if grade == "C" and level(visit, 97) == 1:
            return "C"
        for name, bounds in limits.items():
            value = number(visit, name)
            if value is not None and value < Decimal(bounds[at]):
                return grade
        lymphocytes = number(visit, "lymphocytes")
        if grade == "C" and lymphocytes is not None and lymphocytes < 1:
            return "C"
    return None


def three_months_before(day: Any) -> Any:
    if not isinstance(day, date):
        return day - 91
    year, month = (day.year, day.month - 3) if day.month > 3 else (day.year - 1, day.month + 9)
    for last in range(day.day, 0, -1):
        try:
            return date(year, month, last)
        except ValueError:
            continue
    raise AssertionError(day + timedelta(0))


def not_improved(visit: Visit, previous: Visit | None, name: str) -> bool:
    """Not decreased by 25 % or more; without a value to compare with, it has not improved."""
    value = number(visit, name)
    assert value is not None
    before = measured_before(previous, name)
    return before is None or value > before * Decimal("0.75")


def above(visit: Visit, name: str, limit: str, *, inclusive: bool = False) -> bool:
    value = number(visit, name)
    if value is None:
        return False
    return value >= Decimal(limit) if inclusive else value > Decimal(limit)


QUANTITATIVE = ("proteinuria_24h", "upcr", "acr")


def dipstick_rise(visit: Visit, previous: Visit | None) -> tuple[int, int | None]:
    """Level now, and rise since the visit before: None where that has no dipstick, so that nothing tells a rise."""
    now = level(visit, 81)
    if any(recorded(visit, name) for name in QUANTITATIVE):
        return 0, None
    if previous is None:
        return now, None
    before = measured_before(previous, "urine_dipstick")
    return now, None if before is None else now - int(before)


def renal_features(visit: Visit, earlier: Sequence[tuple[Any, Visit]], day: Any) -> list[str]:
    previous = earlier[-1][1] if earlier else None
    features: list[str] = []
    _, rise = dipstick_rise(visit, previous)
    severe = rise is not None and rise >= 2
    for name, limit in (("proteinuria_24h", "1"), ("upcr", "100"), ("acr", "100")):
        if above(visit, name, limit) and not_improved(visit, previous, name):
            severe = True
    if severe:
        features.append("F1")
    if level(visit, 80):
        features.append("F2")
    if deteriorated(visit, previous):
        features.append("F3")
    if level(visit, 88):
        features.append("F4")
    window = [seen for when, seen in earlier if when >= three_months_before(day)] + [visit]
    if any(level(seen, 89) for seen in window):
        features.append("F5")
    if level(visit, 85):
        features.append("F6")
    return features


def deteriorated(visit: Visit, previous: Visit | None) -> bool:
    creatinine, gfr = number(visit, "creatinine"), number(visit, "gfr")
    before_creatinine = measured_before(previous, "creatinine")
    before_gfr = measured_before(previous, "gfr")
    if None not in (creatinine, before_creatinine):
        assert creatinine is not None
        assert before_creatinine is not None
        if creatinine > 130 and creatinine > before_creatinine * Decimal("1.3"):
            return True
    if None not in (gfr, before_gfr):
        assert gfr is not None
        assert before_gfr is not None
        if gfr < 80 and gfr < before_gfr * Decimal("0.67"):
            return True
    return gfr is not None and gfr < 50 and (before_gfr is None or before_gfr > 50)


def grade_renal(visit: Visit, earlier: Sequence[tuple[Any, Visit]], day: Any) -> str | None:
    previous = earlier[-1][1] if earlier else None
    features = renal_features(visit, earlier, day)
    if len(features) >= 2 and any(f in features for f in ("F1", "F4", "F5")):
        return "A"
    if features:
        return "B"
    now, rise = dipstick_rise(visit, previous)
    if now >= 2 and rise is not None and rise >= 1:
        return "B"
    for name, limit in (("proteinuria_24h", "0.5"), ("upcr", "50"), ("acr", "50")):
        if above(visit, name, limit, inclusive=True) and not_improved(visit, previous, name):
            return "B"
    creatinine = number(visit, "creatinine")
    before = measured_before(previous, "creatinine")
    is_high = creatinine is not None and creatinine > 130
    if is_high and creatinine is not None and before is not None and creatinine >= before * Decimal("1.15"):
        return "B"
    return grade_renal_mild(visit, previous, now)


def grade_renal_mild(visit: Visit, previous: Visit | None, dipstick: int) -> str | None:
    if dipstick >= 1:
        return "C"
    if above(visit, "proteinuria_24h", "0.25") or above(visit, "upcr", "25") or above(visit, "acr", "25"):
        return "C"
    if previous is None:
        return None
    pressures = [number(visit, n) for n in ("systolic_bp", "diastolic_bp")]
    before = [measured_before(previous, n) for n in ("systolic_bp", "diastolic_bp")]
    systolic, diastolic = pressures
    if systolic is None or diastolic is None or before[0] is None or before[1] is None:
        return None
    if systolic > 140 and diastolic > 90 and systolic - before[0] >= 30 and diastolic - before[1] >= 15:
        return "C"
    return None


def activity(system: str, visit: Visit, earlier: Sequence[tuple[Any, Visit]], day: Any) -> str | None:
    """A, B, C, or None where nothing is active now."""
    if system == "constitutional":
        return grade_constitutional(visit)
    if system == "haematological":
        return grade_haematological(visit)
    if system == "renal":
        return grade_renal(visit, earlier, day)
    return grade_by_lists(visit, system)


def grade_timeline(system: str, timeline: Sequence[tuple[Any, Visit]], *, ever: bool = False) -> list[str]:
    """Grades of one subject's visits in order of time; nothing missing, or what is missing taken as absent."""
    grades: list[str] = []
    affected = ever
    for at, (day, visit) in enumerate(timeline):
        grade = activity(system, visit, timeline[:at], day)
        if grade is None:
            grades.append("D" if affected or visit.get(f"{system}_ever") == 1 else "E")
            affected = affected or visit.get(f"{system}_ever") == 1
        else:
            grades.append(grade)
            affected = True
    return grades


def candidates(name: str) -> tuple[Any, ...]:
    """Values that between them reach every limit of an item, whatever stood there before."""
    measured: dict[str, tuple[Any, ...]] = {
        "systolic_bp": (40, 300),
        "diastolic_bp": (10, 200),
        "urine_dipstick": (0, 1, 2, 3),
        "creatinine": (1, 5000),
        "gfr": (0, 400),
        "haemoglobin": (0, 9, 10.5, 30),
        "wbc": (0, 1.5, 3, 500),
        "neutrophils": (0, 0.7, 1.5, 500),
        "lymphocytes": (0, 500),
        "platelets": (0, 30, 100, 5000),
        "proteinuria_24h": (0, 50),
        "upcr": (0, 10000),
        "acr": (0, 10000),
    }
    if name in measured:
        return measured[name]
    yes_no = {ITEM_OF_ROW[row] for row in (80, 85, 88, 89, 96, 97)}
    return (0, 1) if name in yes_no else (0, 1, 4)


def completions(
    timeline: Sequence[tuple[Any, Visit]], holes: Sequence[tuple[int, str]]
) -> Iterator[list[tuple[Any, Visit]]]:
    for values in itertools.product(*(candidates(name) for _, name in holes)):
        filled = [(day, dict(visit)) for day, visit in timeline]
        for (at, name), value in zip(holes, values, strict=True):
            filled[at][1][name] = value
        yield filled
