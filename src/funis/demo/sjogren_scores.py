"""Scores and measurements of the Sjogren trial that have its published figures.

Whole-number SSDAI totals are made of real items; salivary flow in hundredths of a millilitre in ten
minutes has the published means and SDs, or, where only a P value of a paired t test is printed,
changes whose t statistic gives it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from funis.demo.integer_samples import Draws, choose_items, fit_integers

VISITS = ("baseline", "week_2", "month_1", "month_3", "month_6", "month_12")
SSDAI_VISITS = ("baseline", "month_1", "month_3", "month_6", "month_12")
SUBJECTS = 24
SALIVA_SUBJECTS = 11
ANTIBODY_SUBJECTS = 5

# Sum and sum of squares of SSDAI; each is the only pair that prints as the published mean and SD.
_SSDAI_SUMS = ((135, 807), (104, 524), (98, 448), (83, 319), (74, 262))
# Mean and SD of unstimulated flow in mL/10 min; the first three are published, the rest go on rising.
_UNSTIMULATED = ((0.63, 0.73), (1.00, 0.78), (1.26, 1.02), (1.34, 1.05), (1.41, 1.08), (1.49, 1.10))
# Mean change of stimulated flow in mL/10 min (assumed) and the t on 10 degrees of freedom that gives
# the published P: 0.008, 0.043, 0.016, 0.017, 0.016 (quantiles of Student's t).
_STIMULATED_CHANGE = ((1.10, 3.3010), (0.95, 2.3169), (1.30, 2.8939), (1.40, 2.8585), (1.45, 2.8939))
_STIMULATED_BASELINE = (3.40, 2.60)
_WITH_FEW_CELLS = 9
#: Items that both the SSDAI and the modified TESS ask for.
_IN_BOTH = frozenset({"fever", "fatigue"})
_PRICE = {
    "fatigue": 0.3, "fatigue_change": 0.8, "articular": 0.7, "salivary_swelling_change": 1.0,
    "vasculitis_change": 1.6, "pleuropulmonary": 1.7, "renal": 1.3, "peripheral_neuropathy": 1.2,
    "leukopenia_lymphopenia": 3.0, "lymph_node_spleen": 1.4, "fever": 1.8,
}  # fmt: skip


def build_ages(seed: int) -> tuple[int, ...]:
    """Give 24 ages from 27 to 68 years with mean 45 (published); their SD of about 11 is assumed.

    Examples
    --------
    >>> ages = build_ages(1)
    >>> min(ages), max(ages), sum(ages) / len(ages)
    (27, 68, 45.0)
    """
    draws = Draws(seed, "sjogren ages")
    wish = [-30.0, 30.0, *(draws.normal(0, 10) for _ in range(SUBJECTS - 2))]
    lower = [27, 68] + [28] * (SUBJECTS - 2)
    upper = [27, 68] + [67] * (SUBJECTS - 2)
    total = 45 * SUBJECTS
    around = 45 * total + 11 * 11 * (SUBJECTS - 1)
    ages = fit_integers(wish, total, (around - 30, around + 30), lower=lower, upper=upper)
    return tuple(ages[i] for i in draws.shuffled(SUBJECTS))


def build_ssdai(weights: Mapping[str, int], seed: int) -> tuple[dict[str, frozenset[str]], ...]:
    """Give the SSDAI items that are present in every subject at every visit where SSDAI is rated.

    Parameters
    ----------
    weights : points of each of the 11 items, from the definition
    seed : of the draws

    Returns
    -------
    one mapping a subject: visit to the names of the items present
    """
    draws = Draws(seed, "sjogren ssdai")
    traits = [draws.normal(0, 1) for _ in range(SUBJECTS)]
    prices = [{item: price * draws.uniform(0.5, 1.5) for item, price in _PRICE.items()} for _ in traits]
    # Few leucocytes are found in about a third of such patients, and in the same ones again.
    for i in draws.shuffled(SUBJECTS)[:_WITH_FEW_CELLS]:
        prices[i]["leukopenia_lymphopenia"] = 0.4
    present: list[dict[str, frozenset[str]]] = [{} for _ in traits]
    for visit, (total, squares) in zip(SSDAI_VISITS, _SSDAI_SUMS, strict=True):
        wish = [trait + draws.normal(0, 0.9) for trait in traits]
        lower = [3 if visit == "baseline" else 1] * SUBJECTS
        totals = fit_integers(wish, total, (squares, squares), lower=lower, upper=[12] * SUBJECTS)
        for i, score in enumerate(totals):
            last = next(reversed(present[i].values()), frozenset())
            costs = {
                item: weights[item]
                * (price if visit == "baseline" else 0.4 * price if item in last else price + 1.0)
                for item, price in prices[i].items()
            }
            # Fatigue that is worse is fatigue.
            costs["fatigue_change"] += costs["fatigue"]
            present[i][visit] = choose_items(weights, score, must=frozenset(), costs=costs)
    return tuple(present)


def build_unstimulated_flow(seed: int) -> tuple[tuple[int, ...], ...]:
    """Give unstimulated flow, hundredths of mL in 10 min, one row a subject (11), one value a visit.

    Each visit follows the baseline closely: the printed P values below 0.001 need a correlation
    above 0.9.
    """
    draws = Draws(seed, "sjogren unstimulated flow")
    start: Sequence[float] = [2.718 ** draws.normal(-0.9, 1.1) for _ in range(SALIVA_SUBJECTS)]
    columns: list[tuple[int, ...]] = []
    for visit, (mean, sd) in enumerate(_UNSTIMULATED):
        scale = 0 if visit == 0 else 11
        wish = [x + draws.normal(0, scale) for x in (columns[0] if columns else start)]
        # A gland that has recovered a little does not fall below what it gave at baseline.
        lower = [3] * SALIVA_SUBJECTS if visit == 0 else [x + 2 for x in columns[0]]
        total, squares = _sums_of_hundredths(mean, sd, SALIVA_SUBJECTS)
        columns.append(fit_integers(wish, total, squares, lower=lower, upper=[600] * SALIVA_SUBJECTS))
    return tuple(zip(*columns, strict=True))


def build_stimulated_flow(unstimulated: Sequence[Sequence[int]], seed: int) -> tuple[tuple[int, ...], ...]:
    """Give stimulated flow, hundredths of mL in 10 min, one row a subject (11), one value a visit.

    A gland that is stimulated gives more than at rest, and who gives more at rest gives more then too.

    Parameters
    ----------
    unstimulated : what `build_unstimulated_flow` gave for the same subjects
    seed : of the draws
    """
    draws = Draws(seed, "sjogren stimulated flow")
    mean, sd = _STIMULATED_BASELINE
    total, squares = _sums_of_hundredths(mean, sd, SALIVA_SUBJECTS)
    wish = [2.718 ** draws.normal(0, 0.5) + path[0] / 80 for path in unstimulated]
    lower = [path[0] + 20 for path in unstimulated]
    columns = [fit_integers(wish, total, squares, lower=lower, upper=[1500] * SALIVA_SUBJECTS)]
    traits = [draws.normal(0, 1) for _ in range(SALIVA_SUBJECTS)]
    for visit, (change, t) in enumerate(_STIMULATED_CHANGE, 1):
        total = round(100 * change * SALIVA_SUBJECTS)
        spread = 100 * change * math.sqrt(SALIVA_SUBJECTS) / t
        around = total * total / SALIVA_SUBJECTS
        squares = tuple(  # type: ignore[assignment]  # two ends, a t statistic right to 1 in 1000
            round(around + (slip * spread) ** 2 * (SALIVA_SUBJECTS - 1)) for slip in (0.9992, 1.0008)
        )
        lower = [
            max(path[visit] + 10 - first, -180) for path, first in zip(unstimulated, columns[0], strict=True)
        ]
        changes = fit_integers(
            [trait + draws.normal(0, 0.5) for trait in traits],
            total,
            squares,
            lower=lower,
            upper=[700] * SALIVA_SUBJECTS,
        )
        columns.append(tuple(first + x for first, x in zip(columns[0], changes, strict=True)))
    return tuple(zip(*columns, strict=True))


def build_vas(seed: int) -> tuple[tuple[int, ...], ...]:
    """Give the global visual analogue scale, mm, one row a subject, one value a visit; lower is better."""
    draws = Draws(seed, "sjogren vas")
    means = (63, 57, 49, 41, 36, 31)
    rows = []
    for _ in range(SUBJECTS):
        own = draws.normal(0, 10)
        rows.append(tuple(round(min(max(mean + own + draws.normal(0, 4), 4), 96)) for mean in means))
    return tuple(rows)


def build_fall(
    seed: int, name: str, level: tuple[float, float], change: tuple[float, float], n: int
) -> tuple[tuple[float, float], ...]:
    """Give values at baseline and month 1: level (mean, SD), change (mean, SD), n subjects, one decimal.

    Parameters
    ----------
    seed, name : of the draws
    level : mean and SD at baseline
    change : mean and SD of the change at month 1
    n : number of subjects

    Returns
    -------
    one pair a subject, with the change met to a tenth
    """
    draws = Draws(seed, f"sjogren {name}")
    mean, sd = level
    first = [round(max(draws.normal(mean, sd), mean - 1.4 * sd), 1) for _ in range(n)]
    total = round(10 * change[0] * n)
    around = total * total / n
    squares = (
        int(around + (9.7 * change[1]) ** 2 * (n - 1)),
        int(around + (10.3 * change[1]) ** 2 * (n - 1)) + 2,
    )
    lower = [-round(6 * value) for value in first]
    # Who has more to lose loses more.
    wish = [draws.normal() - 0.7 * (value - mean) / sd for value in first]
    changes = fit_integers(wish, total, squares, lower=lower, upper=[10**6] * n)
    return tuple((value, round(value + x / 10, 1)) for value, x in zip(first, changes, strict=True))


def _sums_of_hundredths(mean: float, sd: float, n: int) -> tuple[int, tuple[int, int]]:
    total = round(100 * mean * n)
    around = total * total / n
    low, high = (around + (100 * sd + slip) ** 2 * (n - 1) for slip in (-0.35, 0.35))
    return total, (int(low) + 1, int(high))


def build_tess(
    items: Sequence[str], present: Sequence[Mapping[str, frozenset[str]]], seed: int
) -> tuple[tuple[tuple[int, ...], ...], ...]:
    """Give the severity (0 to 4) of every item of the modified TESS, one row a subject, one tuple a visit.

    Fever and fatigue are there when the SSDAI has them. The sum falls at week 2 and no later visit lies
    above it.

    Parameters
    ----------
    items : names of the items of the scale
    present : the SSDAI items of every subject at each visit where they are rated
    seed : of the draws

    Returns
    -------
    nested tuples: subject, visit, item
    """
    draws = Draws(seed, "sjogren tess")
    return tuple(_draw_tess(items, rated, draws) for rated in present)


def _draw_tess(
    items: Sequence[str], rated: Mapping[str, frozenset[str]], draws: Draws
) -> tuple[tuple[int, ...], ...]:
    """Draw one subject: some symptoms at baseline, milder at week 2, later as at week 2 or milder."""
    own = [place for place, item in enumerate(items) if item not in _IN_BOTH]
    first = [0] * len(items)
    for number in draws.shuffled(len(own))[: 3 + int(draws.uniform(0, 4))]:
        first[own[number]] = 1 + int(draws.uniform(0, 2.6))
    path: list[list[int]] = []
    last, keep = first, 0.45
    for visit in VISITS:
        # The SSDAI is not rated at week 2: what was there before and is a fortnight later lasted.
        seen = rated["baseline"] & rated["month_1"] if visit == "week_2" else rated[visit]
        if path:
            last = [max(rating - int(draws.uniform() > keep), 0) for rating in last]
            keep = 0.97
        ratings = [
            (2 if visit == "baseline" and draws.uniform() < 0.5 else 1) * (item in seen)
            if item in _IN_BOTH
            else last[place]
            for place, item in enumerate(items)
        ]
        most = sum(path[0]) - 1 if visit == "week_2" else sum(path[1]) if len(path) > 1 else sum(ratings)
        _lower_to(ratings, last, most, own)
        path.append(ratings)
    _move_contradictions(path, items, own, rated)
    return tuple(map(tuple, path))


def _move_contradictions(
    path: Sequence[list[int]], items: Sequence[str], own: Sequence[int], rated: Mapping[str, frozenset[str]]
) -> None:
    """Give ratings that the laboratory or another item denies to a symptom that is free; sums stay.

    A blood count is abnormal in leukopenia only, which the values of the laboratory follow, and nobody's
    blood pressure is both low and high.
    """
    places = {item: place for place, item in enumerate(items)}
    count, low, high = places["abnormal_blood_count"], places["hypotension"], places["hypertension"]
    has_both = any(ratings[low] for ratings in path) and any(ratings[high] for ratings in path)
    is_leukopenic = any("leukopenia_lymphopenia" in seen for seen in rated.values())
    denied = [count] * (not is_leukopenic and any(ratings[count] for ratings in path)) + [low] * has_both
    free = [
        place
        for place in own
        if place not in {count, low, high} and not any(ratings[place] for ratings in path)
    ]
    for place, other in zip(denied, free, strict=False):
        for ratings in path:
            ratings[other], ratings[place] = ratings[place], 0


def _lower_to(ratings: list[int], last: list[int], most: int, own: Sequence[int]) -> None:
    """Take the first of the other symptoms down, there and from then on, until the sum is not above it."""
    for place in own:
        fall = min(max(sum(ratings) - most, 0), ratings[place])
        ratings[place] -= fall
        last[place] -= fall
