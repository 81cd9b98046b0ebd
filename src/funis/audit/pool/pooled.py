"""The answer: the effect of each study, what they say together, and what is said beside it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np

from funis.audit.pool.choice import (
    ChosenStudies,
    PoolChoice,
    StudyLeftOut,
    TakenStudy,
    choose_studies,
    spread_of,
)
from funis.audit.pool.result import ENOUGH, AnswerAt, PooledAnswer, PoolResult, StudyEffect
from funis.audit.pool.study_table import PoolError, StudyRow, make_finding
from funis.audit.pool.words import describe_figures
from funis.errors import ValueRangeError
from funis.stats.meta.asymmetry import Asymmetry, assess_asymmetry
from funis.stats.meta.binomial_normal import CombinedProportion, combine_proportions
from funis.stats.meta.combine import CombinedEffect, combine_fixed, combine_random, omit_each_study
from funis.stats.meta.counts import (
    double_arcsine,
    log_odds,
    log_odds_ratio,
    log_risk_ratio,
    risk_difference,
    undo_double_arcsine,
)
from funis.stats.meta.effects import (
    Effects,
    change_within_arm,
    mean_difference,
    mean_of_arm,
    standardised_mean_difference,
)
from funis.stats.meta.mantel_haenszel import combine_mantel_haenszel
from funis.stats.proportion import clopper_pearson
from funis.stats.sample import Floats, normal_quantile

#: Why a study whose counts say nothing by the rule for zero cells is left out.
_SAYS_NOTHING: Final = (
    "Its counts give no estimate: none or all in both arms, or a zero cell with nothing added."
)


def pool_studies(rows: Sequence[StudyRow], choice: PoolChoice, file: str = "table") -> PoolResult:
    """Combine the studies of a table.

    Parameters
    ----------
    rows : of the table
    choice : what is asked
    file : name of the table, for findings

    Returns
    -------
    PoolResult : with one study that takes part its effect alone

    Raises
    ------
    PoolError : as `choose_studies`; no study can take part (each is named with why)
    FunisError : the counts have no finite estimate by the model

    Examples
    --------
    >>> rows = [StudyRow(name, "cells", "SLEDAI", "", 16, mean, 4.0, kind="change")
    ...         for name, mean in (("A", -4.0), ("B", -5.0), ("C", -6.0))]
    >>> found = pool_studies(rows, PoolChoice("mean"))
    >>> found.main.estimate, found.heterogeneity.tau2
    (-5.0, 0.0)
    """
    chosen = choose_studies(rows, choice, file)
    if chosen.choice.measure == "proportion" and chosen.choice.scale == "binomial_normal" and chosen.taken:
        return _pool_counts(chosen)
    chosen, found = _with_estimate(chosen)
    if not chosen.taken:
        findings = [
            make_finding(file, each.lines[0] if each.lines else None, "study", each.study, each.why, "")
            for each in chosen.left_out
        ]
        raise PoolError(f"{file}: no study can take part", findings)
    return _pool_effects(chosen, found)


def _counts_of(rows: Sequence[StudyRow | None]) -> tuple[Floats, Floats]:
    """Give events and subjects of rows that have both."""
    known = [row for row in rows if row is not None]
    events = np.array([row.events for row in known], dtype=np.float64)
    return events, np.array([row.n for row in known], dtype=np.float64)


def _with_estimate(chosen: ChosenStudies) -> tuple[ChosenStudies, Effects]:
    """Compute the effects; studies without one by the rule for zero cells are left out."""
    found = _compute(chosen.taken, chosen.choice)
    known = found.is_known
    dropped = tuple(
        StudyLeftOut(each.row.study, _SAYS_NOTHING, tuple(row.line for row in each.rows))
        for each, is_known in zip(chosen.taken, known, strict=True)
        if not is_known
    )
    taken = tuple(each for each, is_known in zip(chosen.taken, known, strict=True) if is_known)
    effects = Effects(found.estimates[known], found.variances[known], found.scale)
    return replace(chosen, taken=taken, left_out=(*chosen.left_out, *dropped)), effects


def _compute(studies: Sequence[TakenStudy], choice: PoolChoice) -> Effects:
    """Give the effect of each study on the scale of the model."""
    if not studies:
        return Effects(np.zeros(0), np.zeros(0), "raw")
    if choice.is_of_means:
        return _compute_means(studies, choice)
    own = _counts_of([each.row for each in studies])
    if choice.measure == "proportion":
        is_arcsine = choice.scale == "double_arcsine"
        return double_arcsine(*own) if is_arcsine else log_odds(*own, zero_cells=choice.zero_cells)
    compute = {"risk_ratio": log_risk_ratio, "odds_ratio": log_odds_ratio, "risk_difference": risk_difference}
    other = _counts_of([each.other for each in studies])
    return compute[choice.measure](*own, *other, zero_cells=choice.zero_cells)


def _means_of(rows: Sequence[StudyRow | None]) -> tuple[Floats, Floats, Floats]:
    known = [row for row in rows if row is not None]
    return (
        np.array([row.mean for row in known], dtype=np.float64),
        np.array([spread_of(row) for row in known]),
        np.array([row.n for row in known], dtype=np.float64),
    )


def _compute_means(studies: Sequence[TakenStudy], choice: PoolChoice) -> Effects:
    own = _means_of([each.row for each in studies])
    if choice.needs_two_arms:
        compute = mean_difference if choice.measure == "mean_difference" else standardised_mean_difference
        return compute(*own, *_means_of([each.other for each in studies]))
    printed = mean_of_arm(*own)
    if choice.measure == "mean":
        return printed
    estimates, variances = printed.estimates.copy(), printed.variances.copy()
    places = [place for place, each in enumerate(studies) if each.earlier is not None]
    if places:
        before, spread_before, _ = _means_of([studies[place].earlier for place in places])
        after, spread_after, n = _means_of([studies[place].row for place in places])
        change = change_within_arm(before, spread_before, after, spread_after, n, choice.correlation or 0.0)
        estimates[places], variances[places] = change.estimates, change.variances
    return Effects(estimates, variances, "raw")


def _pool_effects(chosen: ChosenStudies, found: Effects) -> PoolResult:
    """Combine effects by inverse variance, or the counts by Mantel and Haenszel."""
    choice = chosen.choice
    undo = _undo_for(chosen, found)
    y, v = found.estimates, found.variances
    if y.size == 1:
        return PoolResult(chosen, _study_effects(chosen, found, undo, np.ones(1)), None)
    fixed = combine_fixed(y, v, level=choice.level)
    random = combine_random(y, v, **_options(choice))
    main = random
    if choice.model == "fixed":
        main = fixed
    elif choice.model == "mantel_haenszel":
        counts = (
            *_counts_of([each.row for each in chosen.taken]),
            *_counts_of([each.other for each in chosen.taken]),
        )
        main = combine_mantel_haenszel(*counts, measure=choice.measure, level=choice.level)
    other = fixed if choice.model == "random" else random
    without: tuple[PooledAnswer, ...] = ()
    if y.size > 2 and choice.model == "random":
        without = tuple(_answer(each, undo) for each in omit_each_study(y, v, **_options(choice)))
    return PoolResult(
        chosen, _study_effects(chosen, found, undo, main.weights), _answer(main, undo), _answer(other, undo),
        random.heterogeneity, random.heterogeneity.tau2 if random.heterogeneity else None,
        main.variance_factor, without, common=math.nan if choice.measure == "proportion" else fixed.estimate,
        asymmetry=_assess_asymmetry(found, choice), by_correlation=tuple(_vary_correlation(chosen, undo)),
    )  # fmt: skip


def _options(choice: PoolChoice) -> dict[str, Any]:
    return {
        "estimator": choice.estimator, "interval": choice.interval, "prediction": choice.prediction,
        "level": choice.level,
    }  # fmt: skip


def _assess_asymmetry(found: Effects, choice: PoolChoice) -> Asymmetry | None:
    """Test ten studies or more for effects that change with the error; None where nothing can be tested."""
    if choice.measure == "proportion" or found.estimates.size < ENOUGH:
        return None
    try:
        return assess_asymmetry(found.estimates, found.variances, level=choice.level)
    except ValueRangeError:
        # Errors that are all the same, or effects that lie on one line: the words say so.
        return None


def _vary_correlation(chosen: ChosenStudies, undo: Undo) -> Iterator[AnswerAt]:
    """Combine anew with each correlation, where a change is taken from the values before and after."""
    choice = chosen.choice
    if not any(each.earlier is not None for each in chosen.taken):
        return
    for correlation in sorted({*choice.correlations, choice.correlation or 0.0}):
        found = _compute(chosen.taken, replace(choice, correlation=correlation))
        if choice.model == "fixed":
            made = combine_fixed(found.estimates, found.variances, level=choice.level)
        else:
            made = combine_random(found.estimates, found.variances, **_options(choice))
        tau2 = made.heterogeneity.tau2 if made.heterogeneity else math.nan
        yield AnswerAt(correlation, _answer(made, undo), tau2 if made.model == "random" else 0.0)


Undo = Callable[[float, float], float]


def _undo_for(chosen: ChosenStudies, found: Effects) -> Undo:
    """Give what turns a combined value back to the printed scale; it also takes the standard error."""
    if found.scale == "log":
        return lambda value, _: math.exp(value)
    if found.scale == "logit":
        return lambda value, _: 1 / (1 + math.exp(-value))
    if found.scale == "raw":
        return lambda value, _: value
    sizes = np.array([each.row.n for each in chosen.taken], dtype=np.float64)
    if chosen.choice.undoing == "harmonic_mean":
        middle = float(sizes.size / (1 / sizes).sum())
        return lambda value, _: float(undo_double_arcsine(value, middle)[0])
    # The variance of a double arcsine is 1 / (4 n + 2): n is what fits that of the combined value.
    return lambda value, error: float(undo_double_arcsine(value, max(1 / (4 * error**2) - 0.5, 1e-6))[0])


def _answer(found: CombinedEffect, undo: Undo) -> PooledAnswer:
    error = found.standard_error
    values = (found.estimate, found.lower, found.upper, found.prediction_lower, found.prediction_upper)
    turned = [undo(value, error) if math.isfinite(value) else math.nan for value in values]
    return PooledAnswer(found.model, turned[0], turned[1], turned[2], found.p, turned[3], turned[4])


def _study_effects(
    chosen: ChosenStudies, found: Effects, undo: Undo, weights: Floats
) -> tuple[StudyEffect, ...]:
    """Give each study on the printed scale; a proportion has its exact interval."""
    quantile = normal_quantile(chosen.choice.level)
    made: list[StudyEffect] = []
    for place, each in enumerate(chosen.taken):
        row = each.row
        y, error = float(found.estimates[place]), math.sqrt(float(found.variances[place]))
        if chosen.choice.measure == "proportion":
            exact = clopper_pearson(row.events or 0, row.n or 0, chosen.choice.level)
            ends = (exact.estimate, exact.lower, exact.upper)
        else:
            ends = (undo(y, error), undo(y - quantile * error, error), undo(y + quantile * error, error))
        made.append(
            StudyEffect(
                row.study,
                row.citation,
                each.subjects,
                *ends,
                float(weights[place]),
                describe_figures(each, chosen.choice),
                tuple(sorted(used.line for used in each.rows)),
                next((used.converted for used in each.rows if used.converted), ""),
                *((y, error) if chosen.choice.measure != "proportion" else (math.nan, math.nan)),
            )
        )
    return tuple(made)


def _pool_counts(chosen: ChosenStudies) -> PoolResult:
    """Combine proportions by their exact likelihood."""
    choice = chosen.choice
    events, n = _counts_of([each.row for each in chosen.taken])
    unweighted = np.full(events.size, math.nan)
    effects = _study_effects(chosen, Effects(events, n, "logit"), lambda value, _: value, unweighted)
    if events.size == 1:
        return PoolResult(chosen, effects, None)
    interval = "normal" if choice.interval == "normal" else "t"
    found = combine_proportions(events, n, interval=interval, level=choice.level)
    whole = clopper_pearson(int(events.sum()), int(n.sum()), choice.level)
    one_sample = PooledAnswer("one_sample", whole.estimate, whole.lower, whole.upper)
    without: list[PooledAnswer] = []
    if events.size > 2:
        for place in range(events.size):
            rest = np.delete(events, place), np.delete(n, place)
            if 0 < rest[0].sum() < rest[1].sum():
                without.append(_proportion(combine_proportions(*rest, interval=interval, level=choice.level)))
            else:
                without.append(PooledAnswer("random", math.nan, math.nan, math.nan))
    random = _proportion(found)
    main, beside = (one_sample, random) if choice.model == "fixed" else (random, one_sample)
    return PoolResult(
        chosen, effects, main, beside, None, found.tau2, 1.0, tuple(without), found.likelihood_ratio_p
    )


def _proportion(found: CombinedProportion) -> PooledAnswer:
    ends = (found.estimate, found.lower, found.upper, found.prediction_lower, found.prediction_upper)
    turned = [1 / (1 + math.exp(-value)) for value in ends]
    return PooledAnswer("random", turned[0], turned[1], turned[2], math.nan, turned[3], turned[4])
