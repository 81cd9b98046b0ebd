"""Effects of studies combined by inverse variance: one common effect, or effects that vary between them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from funis.arguments import NumberFrom, Numbers, Text, takes
from funis.errors import ShapeError, ValueRangeError
from funis.stats.meta.heterogeneity import ESTIMATORS, Heterogeneity, assess_heterogeneity, weighted_mean
from funis.stats.sample import (
    Floats,
    check_choice,
    check_level,
    check_same_length,
    check_sample,
    normal_p,
    normal_quantile,
    t_p,
    t_quantile,
)

INTERVALS: Final = ("hartung_knapp", "hartung_knapp_ad_hoc", "normal")
PREDICTIONS: Final = ("k_minus_2", "k_minus_1", "normal")
#: What a function that combines effects by random effects takes.
_takes_effects: Final = takes(
    estimates=Numbers(),
    variances=Numbers(),
    estimator=Text(),
    interval=Text(),
    prediction=Text(),
    level=NumberFrom(0, 1, is_open=True),
)


@dataclass(frozen=True, slots=True)
class CombinedEffect:
    """An effect over studies, on the scale that the effects are on.

    Attributes
    ----------
    estimate, standard_error, lower, upper : combined effect with its interval
    statistic, df, p : two-sided test against 0; df is infinite for a normal one
    prediction_lower, prediction_upper : interval for the true effect of a new study; NaN where there is none
    weights : float array, shape (k,), share of each study, with sum 1
    k, level, model : studies; coverage; ``fixed``, ``random`` or ``mantel_haenszel``
    interval : how the interval is made
    variance_factor : what Hartung and Knapp multiply the variance with; below 1 their interval is narrower
        than the normal one would be with the same quantile. 1 for other intervals
    heterogeneity : how far the studies differ; None for one study
    """

    estimate: float
    standard_error: float
    lower: float
    upper: float
    statistic: float
    df: float
    p: float
    prediction_lower: float
    prediction_upper: float
    weights: Floats
    k: int
    level: float
    model: str
    interval: str
    variance_factor: float
    heterogeneity: Heterogeneity | None


def check_effects(estimates: npt.ArrayLike, variances: npt.ArrayLike, least: int) -> tuple[Floats, Floats]:
    """Give effects and variances as floats; refuse fewer than `least` and what cannot be weighed."""
    y = check_sample(estimates, "effects of studies")
    v = check_sample(variances, "sampling variances of studies")
    check_same_length(y, v, "effects and sampling variances")
    if np.any(v <= 0):
        raise ValueRangeError("sampling variance of a study", float(v.min()), "above 0")
    if y.size < least:
        needed = "one study or more is" if least == 1 else "two studies or more are"
        why = "" if least == 1 else " One study says nothing about how studies differ."
        raise ShapeError(f"effects of studies: found {y.size}; {needed} needed.{why}")
    # Squares and their sums stay finite and apart from zero; no effect in use comes near.
    sizes = np.concatenate([np.abs(y), v, 1 / v])
    if sizes.max() > 1e60 or v.max() / v.min() > 1e15:
        raise ValueRangeError(
            "effects and sampling variances",
            float(sizes.max()),
            "numbers that can be weighed against each other",
            "Give all effects in one unit.",
        )
    return y, v


@takes(estimates=Numbers(), variances=Numbers(), level=NumberFrom(0, 1, is_open=True))
def combine_fixed(
    estimates: npt.ArrayLike, variances: npt.ArrayLike, *, level: float = 0.95
) -> CombinedEffect:
    """Combine effects as estimates of one common effect, weighted by inverse variance.

    Parameters
    ----------
    estimates, variances : float arrays, shape (k,), k 1 or more; variances are squared standard errors, each
        above 0
    level : float in (0, 1), coverage

    Returns
    -------
    CombinedEffect : normal interval; no prediction interval; tau2 by DerSimonian and Laird

    Raises
    ------
    ShapeError, ValueRangeError : lengths differ, no study, a variance not above 0

    Source
    ------
    Birge 1932 (Phys Rev 40: 207); Hedges and Olkin 1985, chapter 6.

    Checked against
    ---------------
    tests/reference/meta_metafor : metafor, rma(method = "FE")

    Examples
    --------
    >>> found = combine_fixed([1.0, 2.0], [1.0, 0.25])
    >>> round(found.estimate, 3), round(found.standard_error, 3)  # weights 1 and 4
    (1.8, 0.447)
    """
    y, v = check_effects(estimates, variances, 1)
    check_level(level)
    w = 1 / v
    estimate, error = weighted_mean(y, w), math.sqrt(1 / float(w.sum()))
    half = normal_quantile(level) * error
    many = assess_heterogeneity(y, v, "dersimonian_laird", level) if y.size > 1 else None
    return CombinedEffect(
        estimate, error, estimate - half, estimate + half, estimate / error, math.inf,
        normal_p(estimate / error), math.nan, math.nan, w / w.sum(), y.size, level, "fixed", "normal", 1.0,
        many,
    )  # fmt: skip


@_takes_effects
def combine_random(
    estimates: npt.ArrayLike,
    variances: npt.ArrayLike,
    *,
    estimator: str = "reml",
    interval: str = "hartung_knapp",
    prediction: str = "k_minus_2",
    level: float = 0.95,
) -> CombinedEffect:
    """Combine effects that vary between studies, weighted by the inverse of both variances.

    Parameters
    ----------
    estimates, variances : float arrays, shape (k,), k 2 or more; variances are squared standard errors, each
        above 0
    estimator : of the variance between studies, tau2: ``reml``, ``ml``, ``paule_mandel`` or
        ``dersimonian_laird``
    interval : ``hartung_knapp`` (t with k - 1 degrees of freedom, variance of the weighted residuals),
        ``hartung_knapp_ad_hoc`` (the same, its variance never below that of the normal interval), ``normal``
    prediction : quantile of the prediction interval: t with ``k_minus_2`` or ``k_minus_1`` degrees of
        freedom, or ``normal``
    level : float in (0, 1), coverage

    Returns
    -------
    CombinedEffect : its prediction interval is estimate ± quantile √(tau2 + standard error²), NaN where no
        degree of freedom is left

    Raises
    ------
    ShapeError, ValueRangeError, UnknownNameError : lengths differ, one study, a variance not above 0, a name
        that is not allowed

    Source
    ------
    Hartung and Knapp 2001 (Stat Med 20: 3875); the ad hoc correction: Knapp and Hartung 2003 (Stat Med 22:
    2693), Röver, Knapp and Friede 2015 (BMC Med Res Methodol 15: 99); the prediction interval: Higgins,
    Thompson and Spiegelhalter 2009 (J R Stat Soc A 172: 137). Estimators of tau2: `assess_heterogeneity`.

    Checked against
    ---------------
    tests/reference/meta_metafor : metafor, rma() with tau2 by REML, ML, PM and DL and test = "knha"

    Examples
    --------
    >>> found = combine_random([-0.6, 0.1, 0.8], [0.04, 0.04, 0.04], estimator="dersimonian_laird")
    >>> round(found.estimate, 4), round(found.standard_error, 4)  # the spread of the three, 0.7, over √3
    (0.1, 0.4041)
    """
    y, v = check_effects(estimates, variances, 2)
    check_choice(estimator, ESTIMATORS, "estimator of the variance between studies")
    check_choice(interval, INTERVALS, "interval of the combined effect")
    check_choice(prediction, PREDICTIONS, "prediction interval")
    found = assess_heterogeneity(y, v, estimator, check_level(level))
    w = 1 / (v + found.tau2)
    estimate, plain = weighted_mean(y, w), math.sqrt(1 / float(w.sum()))
    factor, df = 1.0, math.inf
    if interval != "normal":
        factor, df = float(w @ (y - estimate) ** 2) / (y.size - 1), y.size - 1.0
        if interval == "hartung_knapp_ad_hoc":
            factor = max(factor, 1.0)
    error = math.sqrt(factor) * plain
    half = _quantile(df, level) * error
    reach = _predict(found.tau2, error, y.size, prediction, level)
    # Studies that agree to the last digit have a variance factor of 0: the test has nothing to divide by.
    statistic = estimate / error if error > 0 else math.nan
    return CombinedEffect(
        estimate, error, estimate - half, estimate + half, statistic, df,
        normal_p(statistic) if math.isinf(df) else t_p(statistic, df), estimate - reach, estimate + reach,
        w / w.sum(), y.size, level, "random", interval, factor, found,
    )  # fmt: skip


def _quantile(df: float, level: float) -> float:
    return normal_quantile(level) if math.isinf(df) else t_quantile(df, level)


def _predict(tau2: float, error: float, k: int, prediction: str, level: float) -> float:
    """Give half the length of the prediction interval."""
    df = {"k_minus_2": k - 2.0, "k_minus_1": k - 1.0, "normal": math.inf}[prediction]
    return _quantile(df, level) * math.sqrt(tau2 + error**2) if df > 0 else math.nan


@_takes_effects
def omit_each_study(
    estimates: npt.ArrayLike,
    variances: npt.ArrayLike,
    *,
    estimator: str = "reml",
    interval: str = "hartung_knapp",
    prediction: str = "k_minus_2",
    level: float = 0.95,
) -> tuple[CombinedEffect, ...]:
    """Combine the effects of all studies but one, each left out in turn.

    Parameters
    ----------
    estimates, variances, estimator, interval, prediction, level : as for `combine_random`, k 3 or more

    Returns
    -------
    tuple of CombinedEffect : in the order of the study that is left out

    Raises
    ------
    ShapeError, ValueRangeError, UnknownNameError : as `combine_random`; fewer than three studies

    Source
    ------
    Viechtbauer and Cheung 2010 (Res Synth Methods 1: 112).

    Checked against
    ---------------
    tests/reference/meta_metafor : metafor, leave1out()

    Examples
    --------
    >>> found = omit_each_study([1.0, 2.0, 6.0], [1.0, 1.0, 1.0])
    >>> [round(each.estimate, 9) for each in found]
    [4.0, 3.5, 1.5]
    """
    y, v = check_effects(estimates, variances, 2)
    if y.size < 3:
        raise ShapeError(f"effects of studies: found {y.size}; three are needed to leave one out.")
    options = {"estimator": estimator, "interval": interval, "prediction": prediction}
    return tuple(
        combine_random(np.delete(y, place), np.delete(v, place), **options, level=level)
        for place in range(y.size)
    )
