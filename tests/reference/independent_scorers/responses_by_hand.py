"""Responses judged subject by subject from their printed words; nothing here imports funis.

A timeline is a list of visits in order of time: ``(day, grades)`` with the grade of every organ system, or
``(day, values)`` with the numbers of a visit. Nothing is missing here: what is missing is tried out outside.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

Grades = Mapping[str, str]
Timeline = Sequence[tuple[int, Grades]]
Values = Mapping[str, Any]


def count(grades: Grades, wanted: str) -> int:
    return sum(grade in wanted for grade in grades.values())


def new_a(now: Grades, before: Grades) -> int:
    """Systems at A that were not at A."""
    return sum(now[system] == "A" and before[system] != "A" for system in now)


def new_b(now: Grades, before: Grades) -> int:
    """Systems at B that were at C, D or E: a B that comes from A is no new B."""
    return sum(now[system] == "B" and before[system] in "CDE" for system in now)


def is_severe(now: Grades, before: Grades) -> bool:
    return new_a(now, before) >= 1 or new_b(now, before) >= 2


def many_b_allowed(baseline: Grades) -> bool:
    a, b = count(baseline, "A"), count(baseline, "B")
    return (a >= 1 and b >= 2) or a >= 2 or b >= 4


def ucmsc_response(timeline: Timeline) -> dict[str, Any]:
    """The operational definition: the visit at six months, then relapse to the horizon of twelve."""
    baseline = [grades for day, grades in timeline if day <= 0][-1]
    at, judged = min(
        ((d, g) for d, g in timeline if abs(d - 180) <= 30), key=lambda visit: abs(visit[0] - 180)
    )
    severe = any(is_severe(grades, baseline) for day, grades in timeline if 0 < day < at)
    if count(judged, "AB") == 0 and not severe:
        response = "MCR"
    elif count(judged, "A") == 0 and count(judged, "B") <= (2 if many_b_allowed(baseline) else 1):
        response = "PCR"
    else:
        return {"response": "none", "relapse": None, "relapse_day": None}
    for day, grades in timeline:
        if at < day <= 390 and (new_a(grades, judged) or new_b(grades, judged)):
            return {"response": response, "relapse": "yes", "relapse_day": day}
    return {"response": response, "relapse": "no", "relapse_day": None}


def explorer_response(timeline: Timeline) -> str:
    """Major, partial or no response; visits at day 0, 168 (week 24) and 364 (week 52) are there."""
    baseline = timeline[0][1]
    judged = dict(timeline)[168]
    before = [grades for day, grades in timeline if 0 < day < 168]
    after = [(day, grades) for day, grades in timeline if 168 < day <= 364]
    flare_days = [day for day, grades in after if new_a(grades, judged) or new_b(grades, judged)]
    quiet = count(judged, "AB") == 0
    if quiet and not flare_days and not any(is_severe(grades, baseline) for grades in before):
        return "MCR"
    first_flare = flare_days[0] if flare_days else 364
    if quiet and first_flare - 168 >= 112:
        return "PCR"
    few = count(judged, "A") == 0 and count(judged, "B") <= (2 if many_b_allowed(baseline) else 1)
    return "PCR" if few and not flare_days else "NCR"


def exact(value: Any) -> Decimal:
    return Decimal(repr(value))


def is_sri(points: int, before: Values, now: Values, grades: tuple[Grades, Grades]) -> bool:
    fall = before["sledai_2k"] - now["sledai_2k"] >= points
    bilag = new_a(grades[1], grades[0]) == 0 and new_b(grades[1], grades[0]) <= 1
    return fall and bilag and exact(now["pga"]) - exact(before["pga"]) < Decimal("0.3")


def is_bicla(before: Values, now: Values, grades: tuple[Grades, Grades]) -> str:
    baseline, current = grades
    if count(baseline, "AB") == 0:
        return "not_evaluable"
    for system, grade in baseline.items():
        if grade == "A" and current[system] == "A":
            return "no"
        if grade == "B" and current[system] in "AB":
            return "no"
    if new_a(current, baseline) or new_b(current, baseline) > 1:
        return "no"
    if now["sledai_2k"] > before["sledai_2k"]:
        return "no"
    return "yes" if exact(now["pga"]) - exact(before["pga"]) < Decimal("0.3") else "no"


def bilag_flare(before: Grades, now: Grades) -> str:
    """Count the new grades of a patient, as Mathian 2020 (Table 3) and McElhone 2021 grade a flare."""
    steps = [before[system] + now[system] for system in now]
    if any(step in ("BA", "CA", "DA", "EA") for step in steps):
        return "severe"
    bs = sum(step in ("CB", "DB", "EB") for step in steps)
    if bs > 0:
        return "moderate" if bs > 1 else "mild"
    return "mild" if sum(step in ("DC", "EC") for step in steps) > 2 else "none"


def explorer_flare(before: Grades, now: Grades) -> str:
    if is_severe(now, before):
        return "severe"
    return "moderate" if new_b(now, before) else "none"


def fell_by_percent(before: Any, now: Any, percent: int) -> bool | None:
    """None where the percentage has no meaning."""
    if before is None or now is None or before == 0:
        return None
    return exact(before) - exact(now) >= exact(before) * percent / 100


def any_of(*answers: bool | None) -> bool | None:
    """One yes is enough; without a yes a missing one leaves the answer open."""
    if any(answer is True for answer in answers):
        return True
    return None if any(answer is None for answer in answers) else False


def esspri_met(before: Any, now: Any) -> bool | None:
    if before is None or now is None:
        return None
    return any_of(exact(before) - exact(now) >= 1, before != 0 and fell_by_percent(before, now, 15))


def star_points(before: Values, now: Values) -> int:
    """Points of STAR where every measurement of one route per domain was taken."""
    points = 0
    if before["clinessdai"] - now["clinessdai"] >= 3:
        points += 3
    if esspri_met(before["esspri"], now["esspri"]):
        points += 3
    if before["schirmer"] < 5:
        points += int(now["schirmer"] - before["schirmer"] >= 5)
    else:
        points += int(now["schirmer"] >= 5)
    points += saliva_met(before["unstimulated_flow"], now["unstimulated_flow"])
    points += fell_by_percent(before["igg"], now["igg"], 10) is True
    return points


def saliva_met(before: Any, now: Any) -> bool:
    if before == 0:
        return bool(now > 0)
    return exact(now) >= exact(before) * Decimal("1.25")


def cress_items(before: Values, now: Values) -> int:
    met = int(now["clinessdai"] < 5)
    met += esspri_met(before["esspri"], now["esspri"]) is True
    if before["schirmer"] <= 5:
        met += int(now["schirmer"] - before["schirmer"] >= 5)
    else:
        met += int(now["schirmer"] > 5)
    met += saliva_met(before["unstimulated_flow"], now["unstimulated_flow"])
    met += fell_by_percent(before["igg"], now["igg"], 10) is True
    return met


_BARS = """
seizure psychosis organic_brain_syndrome visual_disturbance cranial_nerve lupus_headache cva vasculitis
urinary_casts hematuria proteinuria pyuria pleurisy pericarditis fever
"""
BARS_LOW_ACTIVITY = _BARS.split()


def is_lldas(before: Values, now: Values, weights: Mapping[str, int]) -> bool:
    if sum(weight * now[item] for item, weight in weights.items()) > 4:
        return False
    if any(now[item] for item in BARS_LOW_ACTIVITY):
        return False
    if any(now[item] and not before[item] for item in weights):
        return False
    return exact(now["pga"]) <= 1 and exact(now["prednisone"]) <= Decimal("7.5")


def is_doris(now: Values, weights: Mapping[str, int]) -> bool:
    clinical = [item for item in weights if item not in ("low_complement", "increased_dna_binding")]
    if any(now[item] for item in clinical):
        return False
    return exact(now["pga"]) < Decimal("0.5") and exact(now["prednisone"]) <= 5
