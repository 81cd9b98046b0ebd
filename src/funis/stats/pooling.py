"""One answer from many completed data sets, and how far the imputed values may shift before it changes.

Rubin's rules for m estimates q_l with variances u_l: mean q, within variance u = mean(u_l), between variance
b = var(q_l), total t = u + (1 + 1/m) b, lambda = (1 + 1/m) b / t. Degrees of freedom after Barnard and Rubin:
1 / (1 / d_m + 1 / d_obs) with d_m = (m - 1) / lambda^2 and d_obs = (d + 1) / (d + 3) d (1 - lambda), d those
of the complete data.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from funis.arguments import Numbers, takes
from funis.errors import ShapeError, ValueRangeError
from funis.stats.impute import Imputations
from funis.stats.sample import Booleans, Floats, check_choice, check_level, check_sample, t_p, t_quantile

# Gives estimate, variance and degrees of freedom (math.inf for a normal estimate) of one completed data set.
Analysis = Callable[[Floats], tuple[float, float, float]]


@dataclass(frozen=True, slots=True)
class Pooled:
    """An estimate over completed data sets.

    Attributes
    ----------
    estimate, standard_error, df, lower, upper, statistic, p : pooled; two-sided t test against 0
    within, between : variance within and between data sets
    fraction_missing : share of information lost to missing values, lambda with Rubin's correction for df
    m, level : data sets; coverage
    """

    estimate: float
    standard_error: float
    df: float
    lower: float
    upper: float
    statistic: float
    p: float
    within: float
    between: float
    fraction_missing: float
    m: int
    level: float


def pool_rubin(
    estimates: npt.ArrayLike, variances: npt.ArrayLike, *, complete_df: float = math.inf, level: float = 0.95
) -> Pooled:
    """Pool estimates by Rubin's rules with the degrees of freedom of Barnard and Rubin.

    Parameters
    ----------
    estimates, variances : float arrays, shape (m,), m 2 or more; variances are squared standard errors, each
        > 0
    complete_df : degrees of freedom had nothing been missing, infinite for a normal estimate
    level : float in (0, 1), coverage

    Returns
    -------
    Pooled

    Raises
    ------
    ShapeError, ValueRangeError : lengths differ, m below 2, a variance not above 0

    Source
    ------
    Rubin 1987, chapter 3; Barnard and Rubin 1999 (Biometrika 86: 948).

    Checked against
    ---------------
    tests/reference/pooling_r : R 4.2.2, mice 3.15.0, pool.scalar

    Examples
    --------
    >>> found = pool_rubin([1.0, 2.0, 3.0], [1.0, 1.0, 1.0])
    >>> found.estimate, round(found.standard_error, 4), round(found.df, 9)  # lambda = 4/7
    (2.0, 1.5275, 6.125)
    """
    points = check_sample(estimates, "estimates to pool", least=2)
    spread = check_sample(variances, "variances to pool")
    check_level(level)
    if points.shape != spread.shape:
        raise ShapeError(f"estimates and variances: found {points.size} and {spread.size}.")
    if np.any(spread <= 0):
        raise ValueRangeError("variance of an estimate", float(spread.min()), "above 0")
    m = points.size
    estimate, within, between = float(points.mean()), float(spread.mean()), float(points.var(ddof=1))
    added = (1.0 + 1.0 / m) * between
    total = within + added
    share = added / total
    df = _barnard_rubin(share, m, complete_df)
    error = math.sqrt(total)
    statistic = estimate / error
    half = t_quantile(df, level) * error
    relative = added / within
    fraction = (relative + 2.0 / (df + 3.0)) / (relative + 1.0)
    p = t_p(statistic, df)
    return Pooled(
        estimate,
        error,
        df,
        estimate - half,
        estimate + half,
        statistic,
        p,
        within,
        between,
        fraction,
        m,
        level,
    )


def _barnard_rubin(share: float, m: int, complete: float) -> float:
    """Give the degrees of freedom of the pooled estimate."""
    # A share below 1e-12 is rounding; its square could vanish.
    imputed = (m - 1.0) / share**2 if share > 1e-12 else math.inf
    if math.isinf(complete):
        # Beyond 1e10 a t distribution is a normal one, and the quantile functions want a finite number.
        return min(imputed, 1e10)
    observed = (complete + 1.0) / (complete + 3.0) * complete * (1.0 - share)
    return 1.0 / (1.0 / imputed + 1.0 / observed)


def pool_analysis(imputations: Imputations, analysis: Analysis, *, level: float = 0.95) -> Pooled:
    """Analyse every completed data set and pool the results.

    Parameters
    ----------
    imputations : from `impute_mar`, `impute_monotone` or `impute_reference`
    analysis : function of one completed array (n, v) that gives estimate, variance and degrees of freedom
    level : float in (0, 1), coverage

    Returns
    -------
    Pooled

    Examples
    --------
    >>> import numpy as np
    >>> full = Imputations(np.array([[[1.0], [3.0]], [[1.0], [5.0]]]), np.array([[False], [True]]), "", 0.0)
    >>> pool_analysis(full, lambda y: (float(y.mean()), float(y.var(ddof=1)) / 2, 1.0)).estimate
    2.5
    """
    found = [analysis(completed) for completed in imputations.completed]
    return pool_rubin([f[0] for f in found], [f[1] for f in found], complete_df=found[0][2], level=level)


def add_delta(
    imputations: Imputations, delta: npt.ArrayLike, *, subjects: npt.ArrayLike | None = None
) -> Imputations:
    """Shift imputed values by a fixed amount; observed values stay.

    Parameters
    ----------
    imputations : completed data sets
    delta : number, or float array of shape (v,), added to imputed values, in the unit of the outcome
    subjects : Boolean array, shape (n,), whose imputed values shift (an arm); None for all

    Returns
    -------
    Imputations

    Source
    ------
    Rubin 1987, section 6.6; Ratitch, O'Kelly and Tosiello 2013 (Pharm Stat 12: 337).

    Examples
    --------
    >>> import numpy as np
    >>> full = Imputations(np.array([[[1.0], [3.0]]]), np.array([[False], [True]]), "", 0.0)
    >>> add_delta(full, 0.5).completed.ravel().tolist()
    [1.0, 3.5]
    """
    shift = np.broadcast_to(np.asarray(delta, dtype=np.float64), imputations.missing.shape[1:])
    moved = imputations.missing.copy()
    if subjects is not None:
        chosen = np.asarray(subjects, dtype=np.bool_)
        if chosen.shape != moved.shape[:1]:
            raise ShapeError(f"subjects: found shape {chosen.shape}; ({len(moved)},) is needed.")
        moved &= chosen[:, None]
    completed = imputations.completed + np.where(moved, shift, 0.0)
    return replace(imputations, completed=completed, method=f"{imputations.method}, delta adjusted")


@dataclass(frozen=True, slots=True)
class TippingPoint:
    """How a conclusion depends on a shift of the imputed values.

    Attributes
    ----------
    delta, estimate, lower, upper, p : (d,) one entry for each shift tried
    tipping : shift nearest to 0 at which P first exceeds `alpha`, found between two tried ones by halving;
        NaN when the conclusion holds for all
    alpha : two-sided level
    note : says when there was nothing to tip
    """

    delta: Floats
    estimate: Floats
    lower: Floats
    upper: Floats
    p: Floats
    tipping: float
    alpha: float
    note: str


def estimate_tipping_point(
    imputations: Imputations,
    analysis: Analysis,
    deltas: npt.ArrayLike,
    *,
    alpha: float = 0.05,
    subjects: npt.ArrayLike | None = None,
) -> TippingPoint:
    """Shift imputed values step by step until the test is no longer significant.

    Parameters
    ----------
    imputations, analysis : as in `pool_analysis`
    deltas : float array, shape (d,), shifts to try, all on one side of 0 and going away from it, 0 first
    alpha : two-sided level, in (0, 1)
    subjects : as in `add_delta`

    Returns
    -------
    TippingPoint

    Source
    ------
    Yan, Lee and Li 2009 (J Biopharm Stat 19: 1085).

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(2)
    >>> values = rng.normal(-2.0, 1.0, (20, 1))
    >>> done = np.stack([values, values + 0.01])
    >>> full = Imputations(done, np.arange(20)[:, None] >= 10, "", 0.0)
    >>> mean = lambda y: (float(y.mean()), float(y.var(ddof=1)) / 20, 19.0)
    >>> bool(1.0 < estimate_tipping_point(full, mean, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]).tipping < 4.0)
    True
    """
    shifts = check_sample(deltas, "shifts", least=1)
    check_level(alpha, "alpha")
    size = np.abs(shifts)
    if shifts[0] != 0.0 or np.any(np.diff(size) <= 0) or (np.any(shifts > 0) and np.any(shifts < 0)):
        raise ValueRangeError("shifts", shifts.tolist(), "0 first, then away from it on one side")

    def pooled(shift: float) -> Pooled:
        moved = add_delta(imputations, shift, subjects=subjects)
        return pool_analysis(moved, analysis, level=1.0 - alpha)

    tried = [pooled(float(shift)) for shift in shifts]
    p = np.array([one.p for one in tried])
    over = np.flatnonzero(p > alpha)
    note, tipping = "", math.nan
    if over.size and over[0] == 0:
        note, tipping = "not significant without a shift", 0.0
    elif over.size:
        tipping = _tip_between(pooled, float(shifts[over[0] - 1]), float(shifts[over[0]]), alpha)
    else:
        note = "significant under every shift tried"
    columns = [np.array([getattr(one, name) for one in tried]) for name in ("estimate", "lower", "upper")]
    return TippingPoint(shifts, columns[0], columns[1], columns[2], p, tipping, alpha, note)


def _tip_between(pooled: Callable[[float], Pooled], holds: float, fails: float, alpha: float) -> float:
    """Halve the step in which the conclusion changes."""
    for _ in range(40):
        middle = (holds + fails) / 2.0
        if pooled(middle).p > alpha:
            fails = middle
        else:
            holds = middle
    return fails


RESPONSE_RULES = ("observed", "nonresponder", "worst", "best")


def fill_responses(
    response: npt.ArrayLike, rule: str, *, reference: npt.ArrayLike | None = None
) -> tuple[Floats, Booleans]:
    """Decide what a missing response counts as.

    Parameters
    ----------
    response : float array, shape (n,), 1 yes, 0 no, NaN missing
    rule : ``observed`` leaves them out, ``nonresponder`` counts them as no, ``worst`` as no but as yes in the
        reference arm, ``best`` the other way round
    reference : Boolean array, shape (n,), True for the reference arm; None in a single-arm study

    Returns
    -------
    response : float array of those who count, in their order
    counted : Boolean array, shape (n,), who counts

    Raises
    ------
    ValueRangeError : a response is neither 0 nor 1 nor NaN

    Examples
    --------
    >>> fill_responses([1.0, float("nan"), 0.0], "nonresponder")[0].tolist()
    [1.0, 0.0, 0.0]
    """
    check_choice(rule, RESPONSE_RULES, "rule for missing responses")
    values = np.array(response, dtype=np.float64)
    if values.ndim != 1:
        raise ShapeError(f"responses: found shape {values.shape}; one dimension is needed.")
    lacking = np.isnan(values)
    odd = values[~lacking & (values != 0.0) & (values != 1.0)]
    if odd.size:
        raise ValueRangeError("response", float(odd[0]), "0, 1 or NaN")
    control = np.zeros(values.size, dtype=np.bool_) if reference is None else np.asarray(reference, np.bool_)
    if control.shape != values.shape:
        raise ShapeError("responses and reference arm: the lengths must agree.")
    if rule == "observed":
        return values[~lacking], ~lacking
    yes = {"nonresponder": np.zeros_like(control), "worst": control, "best": ~control}[rule]
    values[lacking] = yes[lacking]
    return values, np.ones(values.size, dtype=np.bool_)


@takes(outcome=Numbers((2,)))
def carry_forward(outcome: npt.ArrayLike) -> Floats:
    """Carry each subject's last value forward over the visits that follow.

    Parameters
    ----------
    outcome : float array, shape (n, v), NaN where missing, visits in their order

    Returns
    -------
    float array, shape (n, v); visits before the first value stay NaN. It understates uncertainty and assumes
    that nothing changes after drop-out: a sensitivity analysis, not an answer

    Examples
    --------
    >>> nan = float("nan")
    >>> carry_forward([[nan, 8.0, nan, 5.0, nan]]).tolist()
    [[nan, 8.0, 8.0, 5.0, 5.0]]
    """
    values = np.asarray(outcome, dtype=np.float64)
    if values.ndim != 2:
        raise ShapeError(f"outcome: found shape {values.shape}; (subjects, visits) is needed.")
    visits = np.arange(values.shape[1])
    last = np.maximum.accumulate(np.where(np.isnan(values), -1, visits), axis=1)
    picked = np.take_along_axis(values, np.maximum(last, 0), axis=1)
    return np.asarray(np.where(last < 0, np.nan, picked), dtype=np.float64)
