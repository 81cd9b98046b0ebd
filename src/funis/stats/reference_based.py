"""Values after an intercurrent event, drawn by reference to another arm; observed ones are kept.

The values of a subject after its deviation come from the conditional distribution given all that was observed
of it, with another mean vector and covariance (own arm a, reference r, k visits before the deviation):

    MAR  a_1 .. a_v                                  S_a       missing at random
    J2R  a_1 .. a_k, r_(k+1) .. r_v                  S_j       jump to reference
    CR   r_1 .. r_v                                  S_r       copy reference
    CIR  a_1 .. a_k, a_k + (r_(k+1) - r_k) ..        S_j       copy increments from reference
    LMCF a_1 .. a_k, a_k ..                          S_a       last mean carried forward

S_j has the block of a before the deviation and the regression and rest of r after it: with 1 the visits
before, 2 those after, S_j11 = S_a11, S_j21 = S_r21 S_r11^-1 S_a11, S_j22 = S_r22 - S_r21 S_r11^-1 (S_r11 -
S_a11) S_r11^-1 S_r12. With one covariance for all arms the three are the same.

What was observed after a deviation stays as it is, and has no part in estimating the model where the
subject's strategy is not MAR: there it is not what the strategy describes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from funis.errors import ShapeError, ValueRangeError
from funis.stats.impute import (
    DEFAULT_CHAIN,
    Chain,
    Drawn,
    Imputations,
    autocorrelation,
    check_outcome,
    fill_missing,
    list_patterns,
    run_chain,
)
from funis.stats.sample import Booleans, Floats, Integers, check_choice

Strategy = Literal["mar", "j2r", "cr", "cir", "lmcf"]
STRATEGIES = ("mar", "j2r", "cr", "cir", "lmcf")
Covariance = Literal["one", "by_arm"]
COVARIANCES = ("one", "by_arm")


@dataclass(frozen=True, slots=True)
class ReferencePlan:
    """Who deviates when, and by which strategy; made by `plan_reference`.

    Attributes
    ----------
    values : (n, v) as given, NaN where missing
    modelled : (n, v) without what was observed after a deviation by another strategy than MAR
    after : (n, v) True where a missing value lies after the subject's deviation
    before : (n,) visits before the deviation
    strategies : (n,) strategy of each subject
    member, labels : (n,) arm of each subject as a place in the labels
    reference : place of the reference arm
    extra : (n, q) covariates
    """

    values: Floats
    modelled: Floats
    after: Booleans
    before: Integers
    strategies: tuple[Strategy, ...]
    member: Integers
    labels: tuple[str, ...]
    reference: int
    extra: Floats

    @property
    def arms(self) -> Floats:
        """Give one column an arm, shape (n, arms)."""
        return np.eye(len(self.labels))[self.member]


def plan_reference(
    outcome: npt.ArrayLike,
    arm: npt.ArrayLike,
    *,
    reference: str,
    strategy: Strategy | Sequence[Strategy],
    covariates: npt.ArrayLike | None,
    deviation: npt.ArrayLike | None,
) -> ReferencePlan:
    """Check what is given, and settle each subject's strategy and deviation.

    Parameters, errors : those of `impute_reference`
    """
    labels, member = np.unique(np.asarray(arm).astype(str), return_inverse=True)
    check_choice(str(reference), tuple(map(str, labels)), "arm")
    extra = np.empty((len(member), 0)) if covariates is None else np.asarray(covariates, dtype=np.float64)
    columns = np.hstack([np.eye(labels.size)[member], extra])
    strategies = _settle_strategies(strategy, len(member))
    values = np.asarray(outcome, dtype=np.float64)
    if values.ndim != 2 or len(values) != len(member):
        raise ShapeError(f"outcome: found shape {values.shape}; ({len(member)}, visits) is needed.")
    before = _visits_before(np.isnan(values), deviation)
    later = np.arange(values.shape[1]) >= before[:, None]
    is_other = np.array([each != "mar" for each in strategies])
    modelled = np.where(later & is_other[:, None], np.nan, values)
    check_outcome(modelled, columns)
    if np.isinf(values).any():
        raise ValueRangeError("outcome", np.inf, "finite numbers, NaN where missing")
    return ReferencePlan(
        values,
        modelled,
        np.asarray(later & np.isnan(values), dtype=np.bool_),
        before,
        strategies,
        np.asarray(member, dtype=np.int64),
        tuple(map(str, labels)),
        int(np.flatnonzero(labels == str(reference))[0]),
        extra,
    )


def impute_reference(  # noqa: PLR0913  all but outcome and arm are by keyword
    outcome: npt.ArrayLike,
    arm: npt.ArrayLike,
    *,
    reference: str,
    strategy: Strategy | Sequence[Strategy] = "j2r",
    covariates: npt.ArrayLike | None = None,
    deviation: npt.ArrayLike | None = None,
    covariance: Covariance = "one",
    chain: Chain = DEFAULT_CHAIN,
) -> Imputations:
    """Draw values after deviation by reference to another arm.

    Parameters
    ----------
    outcome : float array, shape (n, v), NaN where missing
    arm : array, shape (n,), label of each subject's arm
    reference : label of the reference arm; its own missing values are missing at random by every strategy
        but LMCF
    strategy : ``mar``, ``j2r``, ``cr``, ``cir`` or ``lmcf`` (head of the module), or one for each subject
    covariates : float array, shape (n, q), complete, such as the baseline; None for none
    deviation : whole numbers, shape (n,), visits before deviation, v for none; None takes the visits up to
        the last value. Values missing before deviation are drawn under missing at random; values observed
        after it are kept
    covariance : ``one`` for all arms, or ``by_arm``: then the effects of covariates too are those of each arm
    chain : how many draws, and how far apart

    Returns
    -------
    Imputations : with no visit before deviation CIR is J2R, and LMCF is missing at random

    Raises
    ------
    ShapeError, ValueRangeError : as `impute_mar`; the reference arm is unknown; strategies are not one a
        subject; with ``by_arm``, an arm has too few subjects

    Source
    ------
    Carpenter, Roger and Kenward 2013 (J Biopharm Stat 23: 1352); Wolbers et al. 2022 (Pharm Stat 21: 1246)
    for values observed after a deviation.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(5)
    >>> values = rng.normal(0, 1, (40, 2)) + np.repeat([[0, 0], [0, 9]], 20, axis=0)
    >>> values[39, 1] = np.nan
    >>> arms = ["control"] * 20 + ["active"] * 20
    >>> jumped = impute_reference(values, arms, reference="control", strategy="j2r")
    >>> bool(jumped.completed[:, 39, 1].mean() < 4)
    True
    """
    check_choice(covariance, COVARIANCES, "covariance")
    plan = plan_reference(
        outcome, arm, reference=reference, strategy=strategy, covariates=covariates, deviation=deviation
    )
    rng = np.random.default_rng([chain.seed, 1])
    columns = np.hstack([plan.arms, plan.extra])
    missing = np.isnan(plan.modelled)
    if covariance == "one":
        draws = run_chain(plan.modelled, missing, columns, chain)
        moments = [_one_covariance(plan, columns, draw) for draw in draws]
        bases, drift = [draw.completed for draw in draws], autocorrelation(draws, columns)
    else:
        moments, bases, drift = _by_arm(plan, missing, chain)
    completed = [_complete(plan, base, moment, rng) for base, moment in zip(bases, moments, strict=True)]
    names = dict.fromkeys(plan.strategies)
    said = " and ".join(
        "under MAR" if name == "mar" else f"{name.upper()} with reference {reference}" for name in names
    )
    by_arm = ", covariance by arm" if covariance == "by_arm" else ""
    method = f"multiple imputation {said}{by_arm}, {chain.draws} draws, seed {chain.seed}"
    return Imputations(np.stack(completed), np.isnan(plan.values), method, drift)


@dataclass(frozen=True, slots=True)
class Moments:
    """Means of every subject in its own arm and in the reference, and the covariance of each arm.

    Attributes
    ----------
    own, other : (n, v)
    covariance : (arms, v, v)
    """

    own: Floats
    other: Floats
    covariance: Floats


def _one_covariance(plan: ReferencePlan, columns: Floats, draw: Drawn) -> Moments:
    borrowed = columns.copy()
    borrowed[:, : len(plan.labels)] = np.eye(len(plan.labels))[plan.reference]
    every = np.broadcast_to(draw.covariance, (len(plan.labels), *draw.covariance.shape))
    return Moments(columns @ draw.effects, borrowed @ draw.effects, np.asarray(every, dtype=np.float64))


def _by_arm(
    plan: ReferencePlan, missing: Booleans, chain: Chain
) -> tuple[list[Moments], list[Floats], float]:
    """Run one chain an arm, each with its own effects and covariance."""
    columns = np.hstack([np.ones((len(plan.values), 1)), plan.extra])
    runs: list[list[Drawn]] = []
    drifts = []
    for place, label in enumerate(plan.labels):
        rows = plan.member == place
        try:
            check_outcome(plan.modelled[rows], columns[rows])
        except ShapeError as error:
            raise ShapeError(f"arm {label}: {error}") from error
        own = Chain(chain.draws, chain.burn, chain.between, chain.seed + 7919 * place)
        runs.append(run_chain(plan.modelled[rows], missing[rows], columns[rows], own))
        drifts.append(autocorrelation(runs[-1], columns[rows]))
    moments, bases = [], []
    for draws in zip(*runs, strict=True):
        effects = np.stack([draw.effects for draw in draws])
        own = np.einsum("np,npv->nv", columns, effects[plan.member])
        base = np.empty_like(plan.values)
        for place, draw in enumerate(draws):
            base[plan.member == place] = draw.completed
        covariance = np.stack([draw.covariance for draw in draws])
        moments.append(Moments(own, columns @ effects[plan.reference], covariance))
        bases.append(base)
    return moments, bases, max(drifts, key=abs)


def _complete(plan: ReferencePlan, base: Floats, moments: Moments, rng: np.random.Generator) -> Floats:
    """Draw the values after deviation anew; what was observed stays, what lacks before keeps its draw."""
    completed = np.where(np.isnan(plan.values), base, plan.values)
    known = np.where(plan.after, np.nan, completed)
    for rows, mean, covariance in subjects_alike(plan, moments):
        patterns = list_patterns(plan.after[rows])
        completed[rows] = fill_missing(known[rows], mean, covariance, patterns, rng)
    return completed


def subjects_alike(plan: ReferencePlan, moments: Moments) -> list[tuple[Integers, Floats, Floats]]:
    """Give the subjects with something missing after deviation by arm, strategy and deviation.

    Parameters
    ----------
    plan : who deviates when
    moments : means and covariances of the model

    Returns
    -------
    list of tuple : places of the subjects, their means (k, v) and their covariance (v, v) by the strategy
    """
    keys: dict[tuple[int, Strategy, int], list[int]] = {}
    for place in np.flatnonzero(plan.after.any(axis=1)):
        key = (int(plan.member[place]), plan.strategies[place], int(plan.before[place]))
        keys.setdefault(key, []).append(int(place))
    found = []
    for (arm, strategy, before), places in keys.items():
        rows = np.array(places, dtype=np.int64)
        visits = np.full(rows.size, before)
        mean = _strategy_means(moments.own[rows], moments.other[rows], visits, strategy)
        own, other = moments.covariance[arm], moments.covariance[plan.reference]
        found.append((rows, mean, strategy_covariance(own, other, before, strategy)))
    return found


def strategy_covariance(own: Floats, other: Floats, before: int, strategy: Strategy) -> Floats:
    """Give the covariance under a strategy (head of the module).

    Parameters
    ----------
    own, other : (v, v), of the subject's arm and of the reference
    before : visits before the deviation
    strategy : its name

    Source
    ------
    Carpenter, Roger and Kenward 2013, section 3.

    Examples
    --------
    >>> import numpy as np
    >>> strategy_covariance(np.diag([4.0, 9.0]), np.array([[1.0, 0.5], [0.5, 1.0]]), 1, "j2r").tolist()
    [[4.0, 2.0], [2.0, 1.75]]
    """
    if strategy in {"mar", "lmcf"}:
        return own
    if strategy == "cr" or before == 0:
        return other
    early, late = slice(None, before), slice(before, None)
    slope = np.linalg.solve(other[early, early], other[early, late]).T
    made = own.copy()
    made[late, early] = slope @ own[early, early]
    made[early, late] = made[late, early].T
    made[late, late] = other[late, late] - slope @ (other[early, early] - own[early, early]) @ slope.T
    return made


def _settle_strategies(strategy: Strategy | Sequence[Strategy], n: int) -> tuple[Strategy, ...]:
    given = (strategy,) * n if isinstance(strategy, str) else tuple(strategy)
    if len(given) != n:
        raise ShapeError(f"strategy: found {len(given)}; one, or one for each of {n} subjects, is needed.")
    for name in dict.fromkeys(given):
        check_choice(name, STRATEGIES, "strategy of imputation")
    return given


def _visits_before(missing: Booleans, deviation: npt.ArrayLike | None) -> Integers:
    """Give the number of visits before deviation of every subject."""
    v = missing.shape[1]
    if deviation is None:
        last = v - np.argmax(~missing[:, ::-1], axis=1)
        last[missing.all(axis=1)] = 0
        return np.asarray(last, dtype=np.int64)
    given = np.asarray(deviation, dtype=np.float64)
    is_whole = given.shape == (len(missing),) and bool(np.all(given == np.rint(given)))
    before = given.astype(np.int64) if is_whole else np.full(1, -1)
    if np.any(before < 0) or np.any(before > v):
        raise ShapeError(f"deviation: one whole number from 0 to {v} for each subject is needed.")
    return before


def _strategy_means(own: Floats, other: Floats, before: Integers, strategy: Strategy) -> Floats:
    """Give the mean vector of every subject under the strategy; `own` and `other` have shape (n, v)."""
    if strategy == "mar":
        return own
    if strategy == "cr":
        return other
    visits = np.arange(own.shape[1])
    later = visits >= before[:, None]
    last = np.maximum(before - 1, 0)[:, None]
    own_last, other_last = np.take_along_axis(own, last, axis=1), np.take_along_axis(other, last, axis=1)
    started = (before > 0)[:, None]
    if strategy == "j2r":
        tail = other
    elif strategy == "cir":
        tail = np.where(started, own_last + other - other_last, other)
    else:
        tail = np.where(started, own_last, own)
    return np.asarray(np.where(later, tail, own), dtype=np.float64)
