"""Laboratory values of the lupus trial: blood counts, complement, antibodies, kidney function.

The published abstract gives directions only (lowest at month 6, peak at month 6, rises where blood
is affected); the levels are assumptions in the range usual for the disease. Values are made so that
they agree with the items of the index: platelets below 100 where thrombocytopenia is scored, and so on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from funis.demo.integer_samples import Draws, draw_until, paired_t
from funis.demo.sle_timelines import VISITS, PlannedTimeline

C3_LOW, C4_LOW = 0.80, 0.10
ANTI_DSDNA_HIGH = 100.0
LEUKOPENIA_BELOW, THROMBOCYTOPENIA_BELOW = 3.0, 100.0

# Change of C3 from baseline at each visit (g/L), per unit of response; the peak is at month 6.
_C3_RISE = (0.0, 0.09, 0.20, 0.31, 0.27, 0.25)
# Share of anti-dsDNA that is left: lowest at month 3, the only visit where its fall is called significant.
_DSDNA_LEFT = {
    "MCR": (1.0, 0.86, 0.58, 0.66, 0.67, 0.68),
    "PCR": (1.0, 0.88, 0.62, 0.76, 0.76, 0.77),
    "none": (1.0, 0.94, 0.74, 1.07, 1.06, 1.06),
}
# Steps of dilution by which antinuclear antibodies fall, and how much that differs between subjects.
_ANA_FALL = ((0.0, 0.0), (0.15, 0.9), (0.95, 0.5), (0.17, 0.9), (0.16, 0.9), (0.15, 0.9))
# |t| of a paired test of 40 that is significant at 5 %, and one that is not (2.02 on 39 degrees of freedom).
_T_DECIDED, _T_UNDECIDED = 2.2, 1.85
_MONTH_3, _MONTH_6 = VISITS.index("month_3"), VISITS.index("month_6")
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
    dna = draw_until(seed, "sle anti-dsDNA", lambda own: _draw_dna(timelines, own), _falls_clearly_at_month_3)
    steps = draw_until(seed, "sle ana", lambda own: _draw_ana(timelines, own), _falls_clearly_at_month_3)
    changes = _mean_changes(timelines, protein)
    affected = [timeline.subject for timeline in timelines if timeline.haematological]
    turn = {subject: number % 3 for number, subject in enumerate(affected)}
    return tuple(
        LabValues(
            **_draw_complement(timeline, draws),
            anti_dsdna=dna[number],
            ana=tuple(10.0 * 2**step for step in steps[number]),
            haemoglobin=_draw_haemoglobin(timeline, turn.get(timeline.subject), draws),
            platelets=_draw_platelets(timeline, turn.get(timeline.subject), draws),
            albumin=_draw_albumin(timeline, grams, changes, draws),
            **_draw_kidney(timeline, draws),
        )
        for number, (timeline, grams) in enumerate(zip(timelines, protein, strict=True))
    )


def _draw_complement(timeline: PlannedTimeline, draws: Draws) -> dict[str, tuple[float, ...]]:
    benefit = _BENEFIT[timeline.response]
    c3_start = min(max(draws.normal(0.64, 0.18), 0.24), 1.10)
    c4_start = min(max(0.16 * c3_start + draws.normal(0.03, 0.025), 0.03), 0.28)
    c3, c4 = [], []
    for visit, rise in enumerate(_C3_RISE):
        risen = rise * benefit - (0.10 if timeline.has_relapsed(visit) else 0.0)
        c3.append(round(max(c3_start + risen + draws.normal(0, 0.03), 0.2), 2))
        c4.append(round(max(c4_start + 0.22 * risen + draws.normal(0, 0.006), 0.02), 2))
    return {"c3": tuple(c3), "c4": tuple(c4)}


Values = tuple[tuple[float, ...], ...]


def _draw_dna(timelines: Sequence[PlannedTimeline], draws: Draws) -> Values:
    """Draw anti-dsDNA of every subject; it rises again where the disease does."""
    rows = []
    for timeline in timelines:
        start, own = 2.718 ** draws.normal(5.2, 0.9), draws.normal(0, 0.4)
        values = []
        for visit, left in enumerate(_DSDNA_LEFT[timeline.response]):
            # What a subject has of its own shows less when everybody falls.
            share = 0.0 if visit == 0 else 0.3 if visit == _MONTH_3 else 1.0
            risen = 1.5 if timeline.has_relapsed(visit) else 1.0
            values.append(round(start * left * risen * 2.718 ** (share * own) * draws.uniform(0.92, 1.08), 1))
        rows.append(tuple(values))
    return tuple(rows)


def _draw_ana(timelines: Sequence[PlannedTimeline], draws: Draws) -> Values:
    """Draw antinuclear antibodies of every subject: steps of dilution, from a titre of 10 at step 0."""
    rows = []
    for _ in timelines:
        dilutions = round(draws.uniform(5, 7.99) - 0.5)
        falls = [round(draws.normal(fall, spread)) for fall, spread in _ANA_FALL]
        rows.append(tuple(float(max(dilutions - fall, 2)) for fall in falls))
    return tuple(rows)


def _falls_clearly_at_month_3(rows: Values) -> bool:
    """Tell whether an antibody falls at every visit, at month 3 beyond chance and elsewhere not."""
    for visit in range(1, len(VISITS)):
        t = paired_t([(row[0], row[visit]) for row in rows])
        if not (t < -_T_DECIDED if visit == _MONTH_3 else -_T_UNDECIDED < t < 0):
            return False
    return True


def _draw_haemoglobin(timeline: PlannedTimeline, turn: int | None, draws: Draws) -> tuple[float, ...]:
    """Draw haemoglobin, g/L: below 100 is grade B, from 100 grade C, from 110 none."""
    if turn is None:
        start = draws.uniform(114, 128)
        return tuple(round(start + 0.8 * visit + draws.normal(0, 1.5)) for visit in range(len(VISITS)))
    if turn == 1:
        start = draws.uniform(103, 112)
        return tuple(round(start + 2.5 * visit + draws.normal(0, 1.0)) for visit in range(len(VISITS)))
    start = draws.uniform(76, 95)
    path = (0.0, 0.25, 0.78, 1.0, 1.05, 1.1)
    end = draws.uniform(106, 122)
    values = [start + (end - start) * share + draws.normal(0, 0.8) for share in path]
    if "haematological" in timeline.held:
        # Grade B up to month 9 (80 to 99 g/L), grade C at month 12.
        values[1:5] = [
            max(min(value, start + 2 + 0.6 * visit, 98.0), 81.0) for visit, value in enumerate(values[1:5])
        ]
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


def _mean_changes(
    timelines: Sequence[PlannedTimeline], protein: Sequence[Sequence[int]]
) -> tuple[float, ...]:
    """Give the mean change of 24-h protein in nephritis at each visit, hundredths of a gram."""
    sick = [grams for timeline, grams in zip(timelines, protein, strict=True) if timeline.nephritis]
    return tuple(sum(grams[visit] - grams[0] for grams in sick) / len(sick) for visit in range(len(VISITS)))


def _draw_albumin(
    timeline: PlannedTimeline, grams: Sequence[int], changes: Sequence[float], draws: Draws
) -> tuple[float, ...]:
    """Draw albumin, g/L: who loses more protein than others has less of it."""
    start = max(39.5 - 2.2 * grams[0] / 100 + draws.normal(0, 1.5), 21.0)
    values = []
    for visit, rise in enumerate(_ALBUMIN_RISE):
        risen = rise * (1.0 if timeline.nephritis else 0.45) * _BENEFIT[timeline.response]
        lost = (grams[visit] - grams[0] - changes[visit]) / 100 if timeline.nephritis else 0.0
        relapse = 1.6 if timeline.has_relapsed(visit) else 0.0
        values.append(round(max(start + risen - 0.9 * lost - relapse + draws.normal(0, 0.4), 16.0), 1))
    return tuple(values)


def _draw_kidney(timeline: PlannedTimeline, draws: Draws) -> dict[str, tuple[float, ...]]:
    """Draw creatinine and urea nitrogen, which rise and fall together; lowest at month 6."""
    # One function of the kidney stands behind both, worse in nephritis.
    own = draws.normal(0, 1)
    return {
        name: tuple(round(value, digits) for value in _draw_retained(timeline, shifts, level, own, draws))
        for name, shifts, level, digits in (
            ("creatinine", _CREATININE_SHIFT, (60.0, 14.0, 24.0), 0),
            ("urea_nitrogen", _UREA_SHIFT, (5.4, 1.3, 2.6), 1),
        )
    }


def _draw_retained(
    timeline: PlannedTimeline,
    shifts: Sequence[float],
    level: tuple[float, float, float],
    own: float,
    draws: Draws,
) -> list[float]:
    """Draw what the kidney retains: level (mean, SD, rise of a renal relapse)."""
    mean, sd, relapse = level
    is_renal = timeline.relapse_system == "renal"
    drawn = 0.85 * own + 0.5 * draws.normal(0, 1)
    # Below this a grown woman's creatinine would be one that hardly any laboratory reports.
    start = mean + sd * (max(drawn, -0.9) + (1.1 if timeline.nephritis else 0.0))
    values = [
        start
        + shift * _BENEFIT[timeline.response]
        + (relapse if is_renal and timeline.has_relapsed(visit) else 0.0)
        + draws.normal(0, 0.06 * sd)
        for visit, shift in enumerate(shifts)
    ]
    if timeline.response != "none":
        return values
    # They are few, and fall by little: chance alone would raise their mean in one cohort of four.
    at_6 = values[_MONTH_6]
    return [*values[: _MONTH_6 + 1], *(min(value, at_6) for value in values[_MONTH_6 + 1 :])]
