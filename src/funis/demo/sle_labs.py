"""Laboratory values of the lupus trial: blood counts, complement, antibodies, kidney function.

The published abstract gives directions only (lowest at month 6, peak at month 6, rises where blood
is affected); the levels are assumptions in the range usual for the disease. Values are made so that
they agree with the items of the index: platelets below 100 where thrombocytopenia is scored, and so on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from funis.demo.integer_samples import Draws
from funis.demo.sle_timelines import VISITS, PlannedTimeline

C3_LOW, C4_LOW = 0.80, 0.10
ANTI_DSDNA_HIGH = 100.0
LEUKOPENIA_BELOW, THROMBOCYTOPENIA_BELOW = 3.0, 100.0

# Change of C3 from baseline at each visit (g/L), per unit of response; the peak is at month 6.
_C3_RISE = (0.0, 0.09, 0.20, 0.31, 0.27, 0.25)
_DSDNA_LEFT = (1.0, 0.72, 0.48, 0.42, 0.46, 0.49)
# Kidney function is kept after month 6: what rises later are the renal relapses alone.
_CREATININE_SHIFT = (0.0, -1.5, -4.0, -7.0, -7.8, -7.8)
_UREA_SHIFT = (0.0, -0.2, -0.6, -1.1, -1.2, -1.2)
_ALBUMIN_RISE = (0.0, 1.5, 4.0, 6.5, 6.0, 5.7)
_BENEFIT = {"MCR": 1.15, "PCR": 1.0, "none": 0.7}


@dataclass(frozen=True, slots=True)
class LabValues:
    """What the laboratory finds in one subject, one value a visit (units of the study file)."""

    c3: tuple[float, ...]
    c4: tuple[float, ...]
    anti_dsdna: tuple[float, ...]
    ana: tuple[float, ...]
    haemoglobin: tuple[float, ...]
    platelets: tuple[float, ...]
    albumin: tuple[float, ...]
    creatinine: tuple[float, ...]
    urea_nitrogen: tuple[float, ...]

    def has_low_complement(self, visit: int) -> bool:
        """Say whether C3 or C4 is below the laboratory's limit."""
        return self.c3[visit] < C3_LOW or self.c4[visit] < C4_LOW

    def has_raised_dna_binding(self, visit: int) -> bool:
        """Say whether anti-dsDNA is above the laboratory's limit."""
        return self.anti_dsdna[visit] > ANTI_DSDNA_HIGH

    def has_thrombocytopenia(self, visit: int) -> bool:
        """Say whether platelets are below 100."""
        return self.platelets[visit] < THROMBOCYTOPENIA_BELOW


def build_labs(
    timelines: Sequence[PlannedTimeline], protein: Sequence[Sequence[int]], seed: int
) -> tuple[LabValues, ...]:
    """Give the laboratory values of every subject.

    Parameters
    ----------
    timelines : the timelines of all subjects
    protein : 24-h protein, hundredths of a gram, one row a subject (lowers albumin)
    seed : of the draws

    Returns
    -------
    the laboratory values of each subject
    """
    draws = Draws(seed, "sle labs")
    # Anaemia and low platelets take turns, so that both groups are there with every seed.
    affected = [timeline.subject for timeline in timelines if timeline.haematological]
    turn = {subject: number % 3 for number, subject in enumerate(affected)}
    return tuple(
        LabValues(
            **_draw_serology(timeline, draws),
            haemoglobin=_draw_haemoglobin(timeline, turn.get(timeline.subject), draws),
            platelets=_draw_platelets(timeline, turn.get(timeline.subject), draws),
            albumin=_draw_albumin(timeline, grams, draws),
            creatinine=_draw_kidney(timeline, _CREATININE_SHIFT, (62.0, 14.0, 24.0), draws, digits=0),
            urea_nitrogen=_draw_kidney(timeline, _UREA_SHIFT, (5.6, 1.3, 2.6), draws, digits=1),
        )
        for timeline, grams in zip(timelines, protein, strict=True)
    )


def _draw_serology(timeline: PlannedTimeline, draws: Draws) -> dict[str, tuple[float, ...]]:
    benefit = _BENEFIT[timeline.response]
    c3_start = min(max(draws.normal(0.64, 0.18), 0.24), 1.10)
    c4_start = min(max(0.16 * c3_start + draws.normal(0.03, 0.025), 0.03), 0.28)
    dna_start = 2.718 ** draws.normal(5.2, 0.9)
    dilutions = round(draws.uniform(5, 7.99) - 0.5)
    c3, c4, dna, ana = [], [], [], []
    for visit, rise in enumerate(_C3_RISE):
        relapsed = timeline.has_relapsed(visit)
        risen = rise * benefit - (0.10 if relapsed else 0.0)
        c3.append(round(max(c3_start + risen + draws.normal(0, 0.03), 0.2), 2))
        c4.append(round(max(c4_start + 0.22 * risen + draws.normal(0, 0.006), 0.02), 2))
        left = _DSDNA_LEFT[visit] ** benefit * (1.5 if relapsed else 1.0)
        dna.append(round(dna_start * left * draws.uniform(0.88, 1.12), 1))
        falls = 0.0 if visit == 0 else 0.5 * benefit + (0.5 if visit >= 2 else 0.0)
        ana.append(10.0 * 2 ** max(dilutions - round(falls + draws.uniform(-1.0, 1.0)), 2))
    return {"c3": tuple(c3), "c4": tuple(c4), "anti_dsdna": tuple(dna), "ana": tuple(ana)}


def _draw_haemoglobin(timeline: PlannedTimeline, turn: int | None, draws: Draws) -> tuple[float, ...]:
    """Draw haemoglobin, g/L: below 100 is grade B, from 100 grade C, from 110 none."""
    if turn is None:
        start = draws.uniform(114, 128)
        return tuple(round(start + 0.8 * visit + draws.normal(0, 1.5)) for visit in range(len(VISITS)))
    if turn == 1:
        start = draws.uniform(103, 112)
        return tuple(round(start + 2.5 * visit + draws.normal(0, 1.0)) for visit in range(len(VISITS)))
    start = draws.uniform(76, 95)
    path = (0.0, 0.25, 0.6, 1.0, 1.05, 1.1)
    end = draws.uniform(106, 122)
    values = [start + (end - start) * share + draws.normal(0, 0.8) for share in path]
    if "haematological" in timeline.held:
        # Grade B up to month 9, grade C at month 12.
        values[1:5] = [min(value, start + 2 + 0.6 * visit, 98.0) for visit, value in enumerate(values[1:5])]
    return tuple(
        round(draws.uniform(82, 92)) if _blood_relapse(timeline, visit) else round(value)
        for visit, value in enumerate(values)
    )


def _draw_platelets(timeline: PlannedTimeline, turn: int | None, draws: Draws) -> tuple[float, ...]:
    """Draw platelets, 10^9/L: below 50 is grade B, from 50 grade C, from 150 none."""
    if turn is None or turn == 0:
        start = draws.uniform(165, 250)
        return tuple(round(max(start + 3 * visit + draws.normal(0, 8), 152)) for visit in range(len(VISITS)))
    start = draws.uniform(24, 47)
    end = draws.uniform(112, 190)
    path = (0.0, 0.3, 0.6, 0.95, 1.0, 1.05)
    values = [start + (end - start) * share + draws.normal(0, 3) for share in path]
    values[0] = min(max(values[0], 12), 48)
    if "haematological" in timeline.held:
        values[1:5] = [min(value, 44.0 + 0.8 * visit) for visit, value in enumerate(values[1:5])]
        values[5] = min(values[5], 88.0)
    return tuple(
        round(draws.uniform(28, 44)) if _blood_relapse(timeline, visit) else round(value)
        for visit, value in enumerate(values)
    )


def _blood_relapse(timeline: PlannedTimeline, visit: int) -> bool:
    return timeline.relapse_system == "haematological" and timeline.relapses_at(visit)


def _draw_albumin(timeline: PlannedTimeline, grams: Sequence[int], draws: Draws) -> tuple[float, ...]:
    start = max(39.5 - 2.2 * grams[0] / 100 + draws.normal(0, 1.5), 21.0)
    return tuple(
        round(start + rise * (1.0 if timeline.nephritis else 0.45) * _BENEFIT[timeline.response]
              - (1.6 if timeline.has_relapsed(visit) else 0.0) + draws.normal(0, 0.4), 1)
        for visit, rise in enumerate(_ALBUMIN_RISE)
    )  # fmt: skip


def _draw_kidney(
    timeline: PlannedTimeline,
    shifts: Sequence[float],
    level: tuple[float, float, float],
    draws: Draws,
    *,
    digits: int,
) -> tuple[float, ...]:
    """Draw creatinine or urea nitrogen: level (mean, SD, rise of a renal relapse); lowest at month 6."""
    mean, sd, relapse = level
    is_renal = timeline.relapse_system == "renal"
    start = max(draws.normal(mean, sd), mean - 1.6 * sd) + (0.8 * sd if timeline.nephritis else 0.0)
    return tuple(
        round(start + shift * _BENEFIT[timeline.response]
              + (relapse if is_renal and timeline.has_relapsed(visit) else 0.0)
              + draws.normal(0, 0.06 * sd), digits)
        for visit, shift in enumerate(shifts)
    )  # fmt: skip
