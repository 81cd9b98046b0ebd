"""SLEDAI-2K of the lupus trial: totals with the published means and SDs, made of real items.

Items that the laboratory decides (proteinuria, low complement, DNA binding, platelets) and items
that the timeline needs (a rash that is held, a sediment at a grade A) come first; the totals are then
fitted between these and what may be present, and the rest of each total is made of further findings,
those of the visit before rather than new ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from funis.demo.integer_samples import Draws, choose_items, fit_integers
from funis.demo.sle_labs import LabValues
from funis.demo.sle_timelines import MONTH_6, VISITS, PlannedTimeline

SEDIMENT = ("hematuria", "urinary_casts", "pyuria")
HELD_ITEM = {"mucocutaneous": "rash", "musculoskeletal": "arthritis"}
OUTLIER_TOTAL = 34

# Sum and sum of squares at each visit; month 1 is not published (assumption).
_SUMS: tuple[tuple[int, tuple[int, int]], ...] = (
    (433, (5523, 5525)),
    (356, (3780, 3860)),
    (297, (2807, 2809)),
    (252, (2102, 2102)),
    (256, (2212, 2214)),
    (259, (2159, 2161)),
)
_CLASS_SHIFT = {
    "MCR": (-0.3, -0.5, -1.4, -2.4, -2.4, -2.4),
    "PCR": (0.0, 0.0, 0.0, -0.2, -0.2, -0.2),
    "none": (0.3, 0.6, 1.4, 2.6, 2.2, 2.0),
}
# How often each finding is met among subjects entered for active disease; a low price is often.
_PRICE = {
    "rash": 0.9, "alopecia": 1.0, "mucosal_ulcers": 1.3, "arthritis": 0.8, "leukopenia": 0.35,
    "fever": 1.0, "pleurisy": 2.0, "pericarditis": 2.2, "myositis": 2.6,
    "hematuria": 0.12, "urinary_casts": 0.8, "pyuria": 0.5,
}  # fmt: skip


def build_sledai(
    timelines: Sequence[PlannedTimeline],
    protein: Sequence[Sequence[int]],
    labs: Sequence[LabValues],
    weights: Mapping[str, int],
    seed: int,
) -> tuple[tuple[frozenset[str], ...], ...]:
    """Give the SLEDAI-2K items that are present in every subject at every visit.

    Parameters
    ----------
    timelines : the timelines of all subjects
    protein : 24-h protein, hundredths of a gram, one row a subject
    labs : laboratory values
    weights : weight of each of the 24 items, from the definition
    seed : of the draws

    Returns
    -------
    one row a subject, one set of item names a visit; the totals of each visit have the published
    mean and SD to both printed decimals

    Raises
    ------
    SampleError : this seed leaves no room for the published figures
    """
    draws = Draws(seed, "sle sledai")
    prices = [{item: price * draws.uniform(0.4, 1.6) for item, price in _PRICE.items()} for _ in timelines]
    traits = [draws.normal(0, 1) for _ in timelines]
    present: list[list[frozenset[str]]] = [[] for _ in timelines]
    for visit in range(len(VISITS)):
        must = [
            _required(timeline, visit, grams[visit], lab)
            for timeline, grams, lab in zip(timelines, protein, labs, strict=True)
        ]
        costs = [
            _price_items(timeline, visit, prices[i], present[i], weights)
            for i, timeline in enumerate(timelines)
        ]
        starts = [sum(weights[item] for item in row[0]) if row else 0 for row in present]
        totals = _fit_totals(timelines, visit, must, costs, weights, wish=(traits, starts, draws))
        for i, total in enumerate(totals):
            present[i].append(choose_items(weights, total, must=must[i], costs=costs[i]))
    return tuple(tuple(row) for row in present)


def _fit_totals(
    timelines: Sequence[PlannedTimeline],
    visit: int,
    must: Sequence[frozenset[str]],
    costs: Sequence[Mapping[str, float]],
    weights: Mapping[str, int],
    *,
    wish: tuple[Sequence[float], Sequence[int], Draws],
) -> tuple[int, ...]:
    traits, starts, draws = wish
    wished: list[float] = []
    lower: list[int] = []
    upper: list[int] = []
    for i, timeline in enumerate(timelines):
        needed = sum(weights[item] for item in must[i])
        room = needed + sum(weights[item] for item in set(costs[i]) - must[i])
        level = 0.4 * traits[i] if visit == 0 else min(0.4 * (starts[i] - 10.0), 4.0)
        level += _CLASS_SHIFT[timeline.response][visit] + (2.2 if timeline.relapses_at(visit) else 0.0)
        # Skewed at baseline, where the limit of entry cuts the lower end.
        noise = draws.normal(0, 0.7)
        wished.append(2.718 ** (0.5 * (level + noise)) if visit == 0 else level + noise)
        if timeline.outlier and visit == 0:
            needed = room = OUTLIER_TOTAL
        lower.append(max(needed, 7 if visit == 0 else 0))
        upper.append(min(room, 20 if timeline.response == "none" or visit < MONTH_6 else 14)
                     if not (timeline.outlier and visit == 0) else room)  # fmt: skip
    total, squares = _SUMS[visit]
    return fit_integers(wished, total, squares, lower=lower, upper=upper)


def _required(timeline: PlannedTimeline, visit: int, grams: int, lab: LabValues) -> frozenset[str]:
    """List the items that the laboratory or the timeline decides."""
    items = {
        name
        for name, is_present in (
            ("proteinuria", grams > 50),
            ("low_complement", lab.has_low_complement(visit)),
            ("increased_dna_binding", lab.has_raised_dna_binding(visit)),
            ("thrombocytopenia", lab.has_thrombocytopenia(visit)),
        )
        if is_present
    }
    if visit <= MONTH_6:
        items |= {HELD_ITEM[system] for system in timeline.held & HELD_ITEM.keys()}
    if "renal_a" in timeline.held and visit <= MONTH_6:
        items.add("hematuria")
    if timeline.relapses_at(visit) and timeline.relapse_system == "renal" and timeline.response == "PCR":
        items.add("hematuria")
    if timeline.outlier and visit == 0:
        items |= {"vasculitis", "hematuria", "rash"}
    if visit == 0 and not timeline.nephritis and not timeline.haematological:
        items.add("arthritis")
    return frozenset(items)


def _price_items(
    timeline: PlannedTimeline,
    visit: int,
    prices: Mapping[str, float],
    before: Sequence[frozenset[str]],
    weights: Mapping[str, int],
) -> dict[str, float]:
    """Price the findings that may be present; a finding of the visit before is cheap."""
    last = before[-1] if before else frozenset()
    costs = {
        item: weights[item] * (price if visit == 0 else 0.3 * price if item in last else price + 1.5)
        for item, price in prices.items()
    }
    if before and "leukopenia" not in before[0]:
        # Blood that was not affected at baseline should not come to look worse.
        costs["leukopenia"] += 6.0
    for item in _excluded(timeline, visit, last):
        costs.pop(item, None)
    return costs


def _excluded(timeline: PlannedTimeline, visit: int, last: frozenset[str]) -> set[str]:
    """Name the findings that would contradict the timeline."""
    barred: set[str] = set()
    if not timeline.nephritis:
        barred.update(SEDIMENT)
    elif timeline.response != "none" and visit > 0:
        # An active sediment that comes back is a new grade B or A: only a relapse may bring it.
        late = visit >= MONTH_6 and not timeline.has_relapsed(visit)
        barred.update(item for item in SEDIMENT if late or not last & set(SEDIMENT))
        if timeline.relapses_at(visit) and timeline.relapse_system == "renal":
            barred.difference_update(SEDIMENT)
    if timeline.response != "none" and visit >= 2:
        barred.update({"fever", "myositis"})
        if not timeline.has_relapsed(visit):
            barred.update({"pleurisy", "pericarditis"} - last)
    return barred
