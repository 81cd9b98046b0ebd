"""Bootstrap intervals of any statistic of one sample of subjects.

With B replicates t* of the estimate t, z0 = ndtri(share of t* below t) corrects for median bias and
a = sum(l^3) / (6 (sum l^2)^1.5), l being the jackknife influences, for a spread that changes with the
estimate. The limits are the replicates' quantiles at ndtr(z0 + (z0 + z) / (1 - a (z0 + z))), z the normal
quantiles.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from funis.errors import ShapeError, ValueRangeError
from funis.stats.sample import Floats, check_choice, check_level

METHODS = ("bca", "percentile", "basic")
Statistic = Callable[[Floats], npt.ArrayLike]


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """A bootstrap interval.

    Attributes
    ----------
    estimate : the statistic of the sample itself
    lower, upper : interval; NaN where it cannot be had, with `note` saying why
    standard_error, bias : spread of the replicates, their mean minus the estimate
    replicates : (B,) the statistic of every resample
    n, level, method, seed, note : subjects; coverage; name for the footnote; start of the random stream
    """

    estimate: float
    lower: float
    upper: float
    standard_error: float
    bias: float
    replicates: Floats
    n: int
    level: float
    method: str
    seed: int
    note: str = ""


def bootstrap(
    values: npt.ArrayLike,
    statistic: Statistic,
    *,
    repeats: int = 9_999,
    level: float = 0.95,
    method: str = "bca",
    seed: int = 1,
) -> Bootstrap:
    """Estimate the interval of a statistic by resampling subjects.

    Parameters
    ----------
    values : float array, shape (n,) or (n, k): a row a subject, so that columns stay paired
    statistic : function that takes an array of shape (b, n) or (b, n, k) and gives b numbers, one for each
        resample: ``lambda x: x.mean(axis=1)``
    repeats : number of resamples, 999 or more
    level : float in (0, 1), coverage
    method : ``bca``, ``percentile`` or ``basic``
    seed : whole number, start of the random stream; the same seed gives the same interval

    Returns
    -------
    Bootstrap

    Raises
    ------
    ShapeError : fewer than two subjects, or the statistic does not give one number a resample
    ValueRangeError : a value or a replicate is not finite, or too few repeats

    Source
    ------
    Efron 1987 (J Am Stat Assoc 82: 171); Davison and Hinkley 1997, section 5.3 and eq. 5.8 (interpolation).

    Checked against
    ---------------
    tests/reference/boot_r : R 4.2.2, boot 1.3-28.1, on the same replicates

    Examples
    --------
    >>> found = bootstrap([-4.0, -2.0, -6.0, 0.0, -3.0, -9.0], lambda x: x.mean(axis=1))
    >>> found.estimate, found.lower < found.estimate < found.upper
    (-4.0, True)
    """
    check_choice(method, METHODS, "bootstrap interval")
    check_level(level)
    sample = _check_rows(values)
    if repeats < 999:
        raise ValueRangeError("repeats", repeats, "999 or more")
    n = len(sample)
    estimate = float(_evaluate(statistic, sample[None])[0])
    rng = np.random.default_rng(seed)
    # Blocks keep the resampled array within about 32 MB.
    block = max(1, 4_000_000 // sample.size)
    parts = [
        _evaluate(statistic, sample[rng.integers(0, n, (min(block, repeats - start), n))])
        for start in range(0, repeats, block)
    ]
    replicates = np.concatenate(parts)
    influence = jackknife(sample, statistic) if method == "bca" else np.zeros(n)
    lower, upper, note = bootstrap_interval(estimate, replicates, influence, level=level, method=method)
    spread, bias = float(replicates.std(ddof=1)), float(replicates.mean()) - estimate
    name = f"bootstrap {'BCa' if method == 'bca' else method}, {repeats} resamples, seed {seed}"
    return Bootstrap(estimate, lower, upper, spread, bias, replicates, n, level, name, seed, note)


def _check_rows(values: npt.ArrayLike) -> Floats:
    """Give the sample as an array with a row a subject, or refuse it."""
    sample = np.asarray(values, dtype=np.float64)
    if sample.ndim not in {1, 2} or len(sample) < 2:
        raise ShapeError(f"bootstrap: found shape {sample.shape}; 2 or more subjects, a row each.")
    if not np.isfinite(sample).all():
        raise ValueRangeError(
            "values to resample", math.nan, "finite numbers", "Leave out or impute the others."
        )
    return sample


def _evaluate(statistic: Statistic, resamples: Floats) -> Floats:
    """Give the statistic of every resample, or refuse what it gave."""
    found = np.asarray(statistic(resamples), dtype=np.float64)
    if found.shape != (len(resamples),):
        raise ShapeError(
            f"statistic: gave shape {found.shape} for {len(resamples)} resamples; one number each is needed. "
            "Reduce over axis 1."
        )
    if not np.isfinite(found).all():
        raise ValueRangeError("statistic of a resample", math.nan, "a finite number")
    return found


def jackknife(values: npt.ArrayLike, statistic: Statistic) -> Floats:
    """Give the jackknife influence of every subject.

    It is n - 1 times the mean of all leave-one-out estimates less the subject's own.

    Parameters
    ----------
    values, statistic : as in `bootstrap`

    Returns
    -------
    float array, shape (n,), in the unit of the statistic

    Examples
    --------
    >>> jackknife([1.0, 2.0, 6.0], lambda x: x.mean(axis=1)).tolist()
    [-2.0, -1.0, 3.0]
    """
    sample = _check_rows(values)
    n = len(sample)
    others = np.array([[j for j in range(n) if j != i] for i in range(n)])
    left_out = _evaluate(statistic, sample[others])
    return np.asarray((n - 1) * (left_out.mean() - left_out), dtype=np.float64)


def bootstrap_interval(
    estimate: float, replicates: Floats, influence: Floats, *, level: float = 0.95, method: str = "bca"
) -> tuple[float, float, str]:
    """Give the interval that replicates and influences imply, and a note where there is none.

    Parameters
    ----------
    estimate : the statistic of the sample
    replicates : float array, shape (B,)
    influence : float array, shape (n,), used by ``bca`` only
    level, method : as in `bootstrap`

    Returns
    -------
    lower, upper, note
    """
    tails = np.array([(1.0 - level) / 2.0, (1.0 + level) / 2.0])
    ordered = np.sort(replicates)
    if ordered[0] == ordered[-1]:
        return math.nan, math.nan, "all resamples give the same value"
    if method == "basic":
        high, low = _quantiles(ordered, tails)
        return 2.0 * estimate - low, 2.0 * estimate - high, ""
    if method == "bca":
        below = float(np.mean(replicates < estimate))
        square = float((influence**2).sum())
        if below in {0.0, 1.0} or square == 0.0:
            return math.nan, math.nan, "the estimate lies outside its resamples: no BCa interval"
        shift = float(special.ndtri(below)) + special.ndtri(tails)
        acceleration = float((influence**3).sum()) / (6.0 * square**1.5)
        tails = special.ndtr(float(special.ndtri(below)) + shift / (1.0 - acceleration * shift))
    lower, upper = _quantiles(ordered, tails)
    at_end = (tails * (ordered.size + 1) < 1) | (tails * (ordered.size + 1) >= ordered.size)
    return lower, upper, "a limit is the most extreme resample: take more" if at_end.any() else ""


def _quantiles(ordered: Floats, tails: Floats) -> tuple[float, float]:
    """Interpolate order statistics on the scale of normal quantiles, as boot does."""
    count = ordered.size
    found = []
    for tail in tails:
        rank = (count + 1) * float(tail)
        k = math.floor(rank)
        if k < 1 or k >= count:
            found.append(float(ordered[0 if k < 1 else -1]))
            continue
        low, high, wanted = special.ndtri(np.array([k / (count + 1), (k + 1) / (count + 1), tail]))
        share = (wanted - low) / (high - low)
        found.append(float(ordered[k - 1] + share * (ordered[k] - ordered[k - 1])))
    return found[0], found[1]
