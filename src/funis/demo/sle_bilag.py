"""BILAG-2004 items of the lupus trial, in keeping with its SLEDAI items, laboratory and responses.

Items are named by their row on the form (1 to 97), so that the definition alone knows the names.
Rows that are measured in the laboratory (24-h protein, creatinine, blood counts) stay empty here:
the data folder has them among the laboratory results, and reading it fills the form.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from funis.catalogue.registry import definition
from funis.demo.integer_samples import Draws
from funis.demo.sle_labs import LabValues
from funis.demo.sle_sledai import SEDIMENT
from funis.demo.sle_timelines import MONTH_6, VISITS, PlannedTimeline

CLINICAL_ROWS = (*range(1, 78), 95)
YES_NO_ROWS = (80, 85, 88, 89, 96, 97)
MONTH_3 = VISITS.index("month_3")
MONTH_9 = VISITS.index("month_9")


@dataclass(frozen=True, slots=True)
class _Finding:
    """How one SLEDAI item is recorded on the BILAG form; `severe_row` where a severe form exists."""

    item: str
    system: str
    row: int
    severe_row: int | None = None
    severe_share: float = 0.0


_FINDINGS = (
    _Finding("fever", "constitutional", 1),
    _Finding("rash", "mucocutaneous", 6, 5, 0.15),
    _Finding("mucosal_ulcers", "mucocutaneous", 10),
    _Finding("vasculitis", "mucocutaneous", 14),
    _Finding("alopecia", "mucocutaneous", 16),
    _Finding("myositis", "musculoskeletal", 40),
    _Finding("arthritis", "musculoskeletal", 42, 41, 0.25),
    _Finding("pleurisy", "cardiorespiratory", 48),
    _Finding("pericarditis", "cardiorespiratory", 48),
)
# Share of subjects whose system was affected before the study (assumptions).
HISTORY = {
    "constitutional": 0.6, "mucocutaneous": 0.7, "musculoskeletal": 0.8, "cardiorespiratory": 0.2,
    "haematological": 1.0,
}  # fmt: skip


def build_bilag(
    timelines: Sequence[PlannedTimeline],
    present: Sequence[Sequence[frozenset[str]]],
    protein: Sequence[Sequence[int]],
    labs: Sequence[LabValues],
    seed: int,
) -> tuple[tuple[dict[int, int], ...], ...]:
    """Give the BILAG-2004 form of every subject at every visit.

    Parameters
    ----------
    timelines : the timelines of all subjects
    present : SLEDAI items that are present, one row a subject, one set a visit
    protein : 24-h protein, hundredths of a gram
    labs : laboratory values
    seed : of the draws

    Returns
    -------
    one row a subject, one form a visit: row number of the printed form to what is recorded
    """
    draws = Draws(seed, "sle bilag")
    return tuple(
        _fill_forms(timeline, items, grams, lab, draws)
        for timeline, items, grams, lab in zip(timelines, present, protein, labs, strict=True)
    )


def build_history(timelines: Sequence[PlannedTimeline], seed: int) -> dict[str, tuple[int, ...]]:
    """Say which systems were affected before the study, one value a subject.

    Parameters
    ----------
    timelines : the timelines of all subjects
    seed : of the draws

    Returns
    -------
    system to 0 or 1 a subject, for every system: one of which nothing is said could be D or E
    """
    draws = Draws(seed, "sle history")
    history = {
        system: tuple(int(draws.uniform() < share) for _ in timelines) for system, share in HISTORY.items()
    }
    affected = history | {"renal": tuple(int(timeline.nephritis) for timeline in timelines)}
    never = (0,) * len(timelines)
    return {system: affected.get(system, never) for system in definition("bilag_2004").systems}


def _fill_forms(
    timeline: PlannedTimeline,
    items: Sequence[frozenset[str]],
    grams: Sequence[int],
    lab: LabValues,
    draws: Draws,
) -> tuple[dict[int, int], ...]:
    forms: list[dict[int, int]] = [dict.fromkeys((*CLINICAL_ROWS, *YES_NO_ROWS), 0) for _ in VISITS]
    for finding in _FINDINGS:
        _record_finding(timeline, finding, items, forms, draws)
    systolic, diastolic = draws.uniform(106, 132), draws.uniform(66, 84)
    was_nephrotic = False
    for visit, form in enumerate(forms):
        form[78] = round(systolic + draws.normal(0, 3))
        form[79] = round(diastolic + draws.normal(0, 2))
        form[88] = int(any(item in items[visit] for item in SEDIMENT))
        # Oedema comes with the first visits and, where nothing helps, later.
        heavy = grams[visit] >= 350 and lab.albumin[visit] < 30
        was_nephrotic = heavy and (
            visit == 0 or timeline.response == "none" or (was_nephrotic and visit == 1)
        )
        form[85] = int(was_nephrotic)
    return tuple(forms)


def _record_finding(
    timeline: PlannedTimeline,
    finding: _Finding,
    items: Sequence[frozenset[str]],
    forms: Sequence[dict[int, int]],
    draws: Draws,
) -> None:
    is_held = finding.system in timeline.held and finding.item in {"rash", "arthritis"}
    is_severe = not is_held and draws.uniform() < finding.severe_share
    was_present, was_active = False, False
    for visit, form in enumerate(forms):
        drawn = draws.uniform()
        is_present = finding.item in items[visit]
        is_active = is_present and _is_active(
            timeline, visit, is_held=is_held, was_active=was_active, drawn=drawn
        )
        row = finding.row
        if is_severe and finding.severe_row is not None and visit < MONTH_3:
            row = finding.severe_row
        code = _code(is_present=is_present, is_active=is_active, was_present=was_present, visit=visit)
        form[row] = max(form[row], code)
        was_present, was_active = is_present, is_active


def _is_active(
    timeline: PlannedTimeline, visit: int, *, is_held: bool, was_active: bool, drawn: float
) -> bool:
    """Say whether a finding is recorded as new, worse or the same, which is what a grade B needs."""
    if visit == 0:
        return True
    if is_held:
        return visit <= MONTH_9
    if visit >= MONTH_6 or not was_active:
        # What comes back late is recorded as improving already, or it would be a flare.
        return False
    share = {"MCR": 0.5, "PCR": 0.7, "none": 0.8}[timeline.response]
    return drawn < share


def _code(*, is_present: bool, is_active: bool, was_present: bool, visit: int) -> int:
    """Give the recorded level: 0 not present, 1 improving, 2 same, 4 new."""
    if not is_present:
        return 0
    if not is_active:
        return 1
    return 4 if visit == 0 or not was_present else 2
