"""Missing values replaced by their conditional means, with standard errors from the jackknife or bootstrap.

The model (means by arm and visit, covariates by visit, unstructured covariance, REML) is fitted once. A
missing value becomes its mean given all that was observed of the subject, under the strategy of the subject
(`funis.stats.reference_based`). The analysis of the one completed data set gives the estimate. Its standard
error comes from fitting, completing and analysing again without each subject in turn, or on data sets of
subjects drawn with replacement within their arms: so it counts the information that was lost, and no values
are drawn.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from funis.arguments import (
    DRAWS,
    SEED,
    Callback,
    EitherOf,
    NumberFrom,
    Numbers,
    OrNone,
    Several,
    Text,
    takes,
)
from funis.errors import FunisError, ValueRangeError
from funis.stats.impute import condition_on, list_patterns
from funis.stats.mmrm.front_door import fit_mmrm
from funis.stats.reference_based import (
    COVARIANCES,
    Covariance,
    Moments,
    ReferencePlan,
    Strategy,
    plan_reference,
    subjects_alike,
)
from funis.stats.sample import Floats, Integers, check_choice, check_level, one_number

# Gives the estimate of one completed data set (n, v) from the places of its subjects among all subjects.
Estimator = Callable[[Floats, Integers], float]
Resampling = Literal["jackknife", "bootstrap"]
RESAMPLINGS = ("jackknife", "bootstrap")


@dataclass(frozen=True, slots=True)
class ConditionalMean:
    """The estimate of completed data, with the standard error of resampling.

    Attributes
    ----------
    estimate, standard_error, lower, upper, p : two-sided normal test against 0
    completed : (n, v) the completed data set
    n, samples : subjects; data sets that were analysed for the standard error
    method, level : name for the footnote; coverage
    """

    estimate: float
    standard_error: float
    lower: float
    upper: float
    p: float
    completed: Floats
    n: int
    samples: int
    method: str
    level: float


@takes(
    outcome=Numbers((2,)),
    arm=Numbers((1,), texts=True),
    estimator=Callback(),
    reference=Text(),
    strategy=EitherOf((Text(), Several(Text()))),
    covariates=OrNone(Numbers((2,))),
    deviation=OrNone(Numbers()),
    covariance=Text(),
    resampling=Text(),
    samples=DRAWS,
    seed=SEED,
    level=NumberFrom(),
)
def estimate_conditional_mean(  # noqa: PLR0913  all but the first three are by keyword
    outcome: npt.ArrayLike,
    arm: npt.ArrayLike,
    estimator: Estimator,
    *,
    reference: str,
    strategy: Strategy | Sequence[Strategy] = "j2r",
    covariates: npt.ArrayLike | None = None,
    deviation: npt.ArrayLike | None = None,
    covariance: Covariance = "one",
    resampling: Resampling = "jackknife",
    samples: int = 1000,
    seed: int = 1,
    level: float = 0.95,
) -> ConditionalMean:
    """Estimate from conditional means, with a jackknife or bootstrap standard error.

    Parameters
    ----------
    outcome, arm, reference, strategy, covariates, deviation, covariance : as `impute_reference`; with
        ``by_arm`` the covariance is that of each arm, the effects of covariates are shared
    estimator : gets the completed outcomes (k, v) and the places of these k subjects among all subjects,
        gives one number
    resampling : ``jackknife`` leaves out each subject in turn, ``bootstrap`` draws subjects within arms
    samples, seed : of the bootstrap; 2 or more
    level : float in (0, 1), coverage

    Returns
    -------
    ConditionalMean : the standard error of the jackknife is sqrt((n - 1) / n sum (t_i - mean t)^2), that of
        the bootstrap the standard deviation of its estimates

    Raises
    ------
    ShapeError, ValueRangeError : as `impute_reference`
    FunisError : the model does not converge, on the data or without a subject; says which

    Source
    ------
    Wolbers, Noci, Delmar, Gower-Page, Yiu, Bartlett 2022 (Pharm Stat 21: 1246).

    Examples
    --------
    >>> import numpy as np
    >>> values = np.array([[5, 4], [6, 6], [7, 5], [8, 8], [5, 2], [6, 4], [7, 3], [8, np.nan]], float)
    >>> arms = ["control"] * 4 + ["active"] * 4
    >>> is_active = np.array([0, 0, 0, 0, 1, 1, 1, 1], bool)
    >>> def difference(completed, places):
    ...     active = is_active[places]
    ...     return float(completed[active, 1].mean() - completed[~active, 1].mean())
    >>> found = estimate_conditional_mean(values, arms, difference, reference="control")
    >>> found.samples, bool(found.standard_error > 0)
    (8, True)
    """
    check_choice(covariance, COVARIANCES, "covariance")
    check_choice(resampling, RESAMPLINGS, "resampling")
    check_level(level)
    plan = plan_reference(
        outcome, arm, reference=reference, strategy=strategy, covariates=covariates, deviation=deviation
    )
    n = len(plan.values)
    everybody = np.arange(n)
    completed = complete_by_means(plan, covariance)
    estimate = one_number(estimator(completed, everybody), "estimator")
    if resampling == "jackknife":
        chosen = [np.delete(everybody, place) for place in range(n)]
    else:
        chosen = _draw_subjects(plan, samples, seed)
    again = np.array([_estimate_of(plan, covariance, places, estimator) for places in chosen])
    spread = float(((again - again.mean()) ** 2).sum())
    error = math.sqrt(spread * (n - 1) / n if resampling == "jackknife" else spread / (len(again) - 1))
    return _summed(estimate, error, completed, (resampling, len(chosen), seed), level)


def complete_by_means(plan: ReferencePlan, covariance: Covariance = "one") -> Floats:
    """Replace missing values by their conditional means.

    Parameters
    ----------
    plan : who deviates when, from `plan_reference`
    covariance : ``one`` for all arms, or ``by_arm``

    Returns
    -------
    float array, shape (n, v) : what was observed is unchanged
    """
    moments = _fit_moments(plan, covariance)
    completed = plan.values.copy()
    # Values lacking before a deviation are missing at random, given what was observed under the model.
    early = np.isnan(plan.values) & ~plan.after
    for arm in range(len(plan.labels)):
        rows = np.flatnonzero(plan.member == arm)
        filled = _fill_means(plan.modelled[rows], moments.own[rows], moments.covariance[arm])
        completed[rows] = np.where(early[rows], filled, completed[rows])
    for rows, mean, spread in subjects_alike(plan, moments):
        completed[rows] = _fill_means(completed[rows], mean, spread)
    return completed


def _fill_means(values: Floats, mean: Floats, covariance: Floats) -> Floats:
    """Replace what is missing by its mean given what is not."""
    filled = values.copy()
    for rows, seen, lacking in list_patterns(np.asarray(np.isnan(values), dtype=np.bool_)):
        slope, _ = condition_on(covariance, seen, lacking)
        away = values[np.ix_(rows, seen)] - mean[np.ix_(rows, seen)]
        filled[np.ix_(rows, lacking)] = mean[np.ix_(rows, lacking)] + away @ slope.T
    return filled


def _fit_moments(plan: ReferencePlan, covariance: Covariance) -> Moments:
    """Fit the model and give the means of every subject in its own arm and in the reference."""
    n, v = plan.values.shape
    names = [f"x{place}" for place in range(plan.extra.shape[1])]
    frame = pl.DataFrame(
        {
            "subject": np.repeat(np.arange(n), v),
            "visit": [f"v{place:03d}" for place in range(v)] * n,
            "arm": [f"a{arm:03d}" for arm in np.repeat(plan.member, v)],
            "y": plan.modelled.ravel(),
        }
        | {name: np.repeat(plan.extra[:, place], v) for place, name in enumerate(names)}
    ).with_columns(pl.col("y").fill_nan(None))
    fixed = " + ".join(["arm * visit", *(f"{name} * visit" for name in names)])
    levels = {
        "visit": [f"v{place:03d}" for place in range(v)],
        "arm": [f"a{arm:03d}" for arm in range(len(plan.labels))],
    }
    fit = fit_mmrm(
        frame,
        outcome="y",
        fixed=fixed,
        subject="subject",
        visit="visit",
        covariance="us",
        df="residual",
        group="arm" if covariance == "by_arm" else None,
        levels=levels,
    )
    if not fit.converged:
        raise FunisError(f"The model of the outcomes did not converge: {fit.status}.")
    borrowed = frame.with_columns(arm=pl.lit(f"a{plan.reference:03d}"))
    own, other = (
        fit.predict(given)["estimate"].to_numpy().astype(np.float64).reshape(n, v)
        for given in (frame, borrowed)
    )
    found = fit.covariance_matrix
    stack = (
        np.stack([found[name] for name in levels["arm"]])
        if isinstance(found, dict)
        else np.broadcast_to(found, (len(plan.labels), v, v))
    )
    return Moments(own, other, np.asarray(stack, dtype=np.float64))


def _estimate_of(
    plan: ReferencePlan, covariance: Covariance, places: Integers, estimator: Estimator
) -> float:
    """Fit, complete and analyse some of the subjects."""
    part = replace(
        plan,
        values=plan.values[places],
        modelled=plan.modelled[places],
        after=plan.after[places],
        before=plan.before[places],
        strategies=tuple(plan.strategies[place] for place in places),
        member=plan.member[places],
        extra=plan.extra[places],
    )
    try:
        return one_number(estimator(complete_by_means(part, covariance), places), "estimator")
    except FunisError as error:
        lacking = sorted(set(range(len(plan.values))) - set(places.tolist()))
        without = f"row {lacking[0]}" if len(lacking) == 1 else f"{len(lacking)} rows"
        raise FunisError(f"Without {without}: {error}") from error


def _draw_subjects(plan: ReferencePlan, samples: int, seed: int) -> list[Integers]:
    """Draw subjects with replacement within their arms."""
    if samples < 2:
        raise ValueRangeError("samples", samples, "2 or more")
    rng = np.random.default_rng(seed)
    arms = [np.flatnonzero(plan.member == arm) for arm in range(len(plan.labels))]
    return [np.concatenate([rng.choice(rows, rows.size) for rows in arms]) for _ in range(samples)]


def _summed(
    estimate: float, error: float, completed: Floats, how: tuple[str, int, int], level: float
) -> ConditionalMean:
    from scipy.special import ndtr, ndtri

    resampling, samples, seed = how
    half = float(ndtri(0.5 + level / 2)) * error
    p = 2.0 * float(ndtr(-abs(estimate) / error)) if error > 0 else math.nan
    drawn = f", {samples} samples, seed {seed}" if resampling == "bootstrap" else ""
    return ConditionalMean(
        estimate,
        error,
        estimate - half,
        estimate + half,
        p,
        completed,
        len(completed),
        samples,
        f"conditional mean imputation, {resampling} standard error{drawn}",
        level,
    )
