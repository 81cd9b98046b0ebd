"""The forty timelines of the lupus trial: who responds, who relapses, what is affected, in which kidney.

The plan below gives the published counts: 14 major and 15 partial responses at month 6, three
relapses at month 9 and four at month 12. How many subjects have nephritis or haematological
involvement is not published; 28 and 15 are assumptions, large enough for the printed P values.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from funis.demo.integer_samples import Draws, draw_until, fit_integers, paired_t

VISITS = ("baseline", "month_1", "month_3", "month_6", "month_9", "month_12")
MONTH_6 = VISITS.index("month_6")
_MONTH_9 = VISITS.index("month_9")

# |t| of a paired test of 28 below which a change is far from significant at 5 % (2.05 on 27 degrees).
_T_UNDECIDED = 1.9
# More than this many hundredths of a gram a day would be queried as a slip of the pen.
_HIGHEST = 490

System = Literal["renal", "renal_a", "mucocutaneous", "musculoskeletal", "haematological"]


@dataclass(frozen=True, slots=True)
class PlannedTimeline:
    """What one subject goes through.

    Attributes
    ----------
    subject : study number
    response : class at month 6
    relapse : visit of the relapse, empty when there is none
    relapse_system : system that relapses
    nephritis : 24-h protein above 0.5 g at baseline
    haematological : haemoglobin or platelets at BILAG-2004 grade A or B at baseline
    held : systems that are still at grade B (``renal_a``: at A) at month 6
    outlier : the one subject with a baseline SLEDAI of 34
    """

    subject: str
    response: Literal["MCR", "PCR", "none"]
    relapse: str
    relapse_system: str
    nephritis: bool
    haematological: bool
    held: frozenset[str]
    outlier: bool = False

    def has_relapsed(self, visit: int) -> bool:
        """Say whether the relapse has come by a visit (position in VISITS)."""
        return bool(self.relapse) and visit >= VISITS.index(self.relapse)

    def relapses_at(self, visit: int) -> bool:
        """Say whether the relapse comes at a visit (position in VISITS)."""
        return self.relapse == VISITS[visit]

    @property
    def has_quiet_kidney(self) -> bool:
        """Say whether the nephritis is at grade C or better from month 6 until a relapse."""
        return self.response != "none" and "renal" not in self.held


# count, response, relapse, relapse_system, nephritis, haematological, held
_PLAN: tuple[tuple[int, Literal["MCR", "PCR", "none"], str, str, bool, bool, tuple[System, ...]], ...] = (
    (4, "MCR", "", "", True, False, ()),
    (1, "MCR", "", "", True, True, ()),
    (5, "MCR", "", "", False, True, ()),
    (2, "MCR", "", "", False, False, ()),
    (1, "MCR", "month_9", "renal", True, False, ()),
    (1, "MCR", "month_12", "renal", True, False, ()),
    (5, "PCR", "", "", True, False, ("renal",)),
    (1, "PCR", "", "", True, True, ("renal",)),
    (1, "PCR", "", "", True, False, ("mucocutaneous",)),
    (2, "PCR", "", "", False, True, ("haematological",)),
    (1, "PCR", "", "", False, False, ("musculoskeletal",)),
    (2, "PCR", "month_9", "renal", True, False, ("renal",)),
    (2, "PCR", "month_12", "renal", True, False, ("renal",)),
    (1, "PCR", "month_12", "haematological", False, True, ("mucocutaneous",)),
    (4, "none", "", "", True, False, ("renal_a",)),
    (2, "none", "", "", True, True, ("renal_a",)),
    (2, "none", "", "", True, False, ("renal", "mucocutaneous", "musculoskeletal")),
    (2, "none", "", "", True, True, ("renal", "mucocutaneous", "haematological")),
    (1, "none", "", "", False, True, ("mucocutaneous", "musculoskeletal", "haematological")),
)


def build_timelines(seed: int) -> tuple[PlannedTimeline, ...]:
    """Give the forty timelines in the order of their study numbers.

    Parameters
    ----------
    seed : decides which study number has which timeline

    Returns
    -------
    40 timelines, RECON-01 to RECON-40

    Examples
    --------
    >>> timelines = build_timelines(1)
    >>> len(timelines), sum(timeline.response == "MCR" for timeline in timelines)
    (40, 14)
    """
    rows = [row[1:] for row in _PLAN for _ in range(row[0])]
    order = Draws(seed, "sle order of courses").shuffled(len(rows))
    # The outlier of the full paper is a partial responder who relapses.
    outlier = next(i for i in order if rows[i][0] == "PCR" and rows[i][1] and "renal" in rows[i][5])
    return tuple(
        PlannedTimeline(f"RECON-{number:02d}", *rows[i][:5], held=frozenset(rows[i][5]), outlier=i == outlier)
        for number, i in enumerate(order, start=1)
    )


def match_moments(mean: float, sd: float, n: int) -> tuple[int, tuple[int, int]]:
    """Turn a printed mean and SD with two decimals into sums of hundredths.

    Parameters
    ----------
    mean, sd : as printed; SD with n - 1
    n : number of values

    Returns
    -------
    the sum, and the lowest and highest sum of squares (well inside what rounds to the printed SD)

    Examples
    --------
    >>> match_moments(2.24, 1.43, 28)
    (6272, (1953967, 1960144))
    """
    total = round(100 * mean * n)
    around = total * total / n
    low, high = (around + (100 * sd + slip) ** 2 * (n - 1) for slip in (-0.4, 0.4))
    return total, (int(low) + 1, int(high))


def build_protein(timelines: Sequence[PlannedTimeline], seed: int) -> tuple[tuple[int, ...], ...]:
    """Give the 24-h protein of every subject at every visit, in hundredths of a gram.

    Baseline, month 9 and month 12 of the subjects with nephritis have the published means and SDs;
    the other visits lead from one to the next in keeping with the response: a steady half gram makes
    a kidney grade B, so a quiet kidney stays below it or falls by a quarter from visit to visit.

    Parameters
    ----------
    timelines : the timelines of all subjects
    seed : of the draws

    Returns
    -------
    one row a subject, one value a visit
    """
    sick = [i for i, timeline in enumerate(timelines) if timeline.nephritis]

    def is_undecided(rows: tuple[tuple[int, ...], ...]) -> bool:
        starts = [rows[i][0] for i in sick]
        return all(
            -_T_UNDECIDED
            < paired_t([(start, rows[i][visit]) for i, start in zip(sick, starts, strict=True)])
            < 0
            for visit in range(1, MONTH_6 + 1)
        )

    return draw_until(seed, "sle protein", lambda draws: _draw_protein(timelines, sick, draws), is_undecided)


def _draw_protein(
    timelines: Sequence[PlannedTimeline], sick: Sequence[int], draws: Draws
) -> tuple[tuple[int, ...], ...]:
    first = _fit_first(timelines, sick, draws)
    most = {i: round(_HIGHEST - draws.uniform(0, 90)) for i in sick}
    paths = {
        i: _lead_to_month_6(timelines[i], start, most[i], draws) for i, start in zip(sick, first, strict=True)
    }
    for visit, mean, sd in ((4, 1.24, 1.09), (5, 1.41, 1.33)):
        limits = [_limit_later(timelines[i], visit, paths[i][-1], most[i], draws) for i in sick]
        wish = [_wish_later(timelines[i], visit, paths[i], draws) for i in sick]
        total, squares = match_moments(mean, sd, len(sick))
        fitted = fit_integers(
            wish, total, squares, lower=[low for low, _ in limits], upper=[high for _, high in limits]
        )
        for i, value in zip(sick, fitted, strict=True):
            paths[i].append(value)
    healthy = {
        i: [round(level * draws.uniform(0.8, 1.2)) for _ in VISITS]
        for i in range(len(timelines))
        if i not in paths
        for level in (draws.uniform(6, 14),)
    }
    return tuple(tuple((paths | healthy)[i]) for i in range(len(timelines)))


def _fit_first(timelines: Sequence[PlannedTimeline], sick: Sequence[int], draws: Draws) -> tuple[int, ...]:
    wish = [
        2.718 ** draws.normal(0.0, 0.55) + {"MCR": -0.15, "PCR": 0.0, "none": 0.3}[timelines[i].response]
        for i in sick
    ]
    floor = {"MCR": 62, "PCR": 95, "none": 140}
    total, squares = match_moments(2.24, 1.43, len(sick))
    lower = [floor[timelines[i].response] for i in sick]
    upper = [round(_HIGHEST - draws.uniform(0, 90)) for _ in sick]
    return fit_integers(wish, total, squares, lower=lower, upper=upper)


def _lead_to_month_6(timeline: PlannedTimeline, start: int, most: int, draws: Draws) -> list[int]:
    """Lead the protein from baseline to month 6, when many a kidney does not respond yet."""
    if timeline.has_quiet_kidney:
        month_1 = start * draws.uniform(0.60, 0.72)
        month_3 = month_1 * draws.uniform(0.50, 0.68)
        month_6 = min(0.7 * month_3, draws.uniform(14, 44))
    else:
        step = {"PCR": (0.86, 1.08), "none": (0.94, 1.34)}[timeline.response]
        month_1 = start * draws.uniform(*step)
        month_3 = month_1 * draws.uniform(*step)
        # Not down by a quarter from month 3, or the kidney would be at grade C.
        last = (0.84, 1.02) if timeline.response == "PCR" else (0.9, 1.3)
        month_6 = max(month_3 * draws.uniform(*last), 108 if "renal_a" in timeline.held else 56)
    # Near the highest a subject has, a rise is a small step up or down.
    later = (month_1, month_3, month_6)
    return [start, *(round(value if value < most else most - draws.uniform(0, 40)) for value in later)]


def _limit_later(
    timeline: PlannedTimeline, visit: int, previous: int, most: int, draws: Draws
) -> tuple[int, int]:
    """Bound the protein of months 9 and 12 by what the timeline says."""
    drawn = draws.uniform()
    if timeline.relapses_at(visit) and timeline.relapse_system == "renal":
        # A new grade A of a kidney at B needs more than 1 g that has not fallen by a quarter.
        return max(115, round(0.85 * previous)), most
    if timeline.has_relapsed(visit):
        return round(55 + 40 * drawn), round(0.85 * most)
    if timeline.has_quiet_kidney:
        quiet = min(max(round(previous * (0.8 + 0.3 * drawn)), 8), 45)
        return quiet, quiet
    low = round((54 if timeline.response == "PCR" else 30) + 30 * drawn)
    return low, round(0.92 * most) if timeline.response == "PCR" else most


def _wish_later(timeline: PlannedTimeline, visit: int, path: Sequence[int], draws: Draws) -> float:
    """Say which protein would be natural at months 9 and 12."""
    varied = draws.uniform(0.7, 1.4)
    if timeline.relapses_at(visit):
        return (0.6 * path[0] + 60) * varied
    if timeline.response == "none":
        # A kidney that has not responded by month 6 responds late, or not at all.
        return path[-1] * (0.4 if visit == _MONTH_9 and draws.uniform() < 0.6 else 1.2)
    return (0.3 * path[-1] + 0.1 * path[0]) * varied
