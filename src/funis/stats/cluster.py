"""Changes that share a site, a cell lot or a donor: a random intercept, and who decides the mean.

Model: y_ij = mu + b_i + e_ij for subject j of group i, b_i ~ N(0, s_b^2), e_ij ~ N(0, s_w^2), all
independent. With w_i = n_i / (1 + n_i r), r = s_b^2 / s_w^2, the mean is sum w_i ybar_i / sum w_i, and REML
maximises over r >= 0

    -1/2 [(N - 1) log(q) + sum log(1 + n_i r) + log sum w_i],   q = SSW + sum w_i (ybar_i - mu)^2,

after which s_w^2 = q / (N - 1). The test that s_b^2 = 0 is the exact F test of one-way analysis of variance.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from funis.arguments import Callback, Numbers, OrNone, takes
from funis.described import describe
from funis.errors import ShapeError, ValueRangeError
from funis.stats.sample import Floats, check_level, check_sample, t_quantile

FEW_GROUPS = 6
_CAUTION = f"with fewer than {FEW_GROUPS} groups a non-significant test is no evidence that groups are alike"


@dataclass(frozen=True, slots=True)
class RandomIntercept:
    """A mean with variance between and within groups.

    Attributes
    ----------
    status : ``scored``, or ``failed`` with the reason in `note` and NaN in all numbers
    mean, standard_error, df, lower, upper : mean over groups; t interval with groups - 1 degrees of freedom
    between_sd, within_sd : standard deviations s_b and s_w by REML; s_b is 0 when groups differ no more than
        chance
    icc, icc_lower, icc_upper : share of variance between groups; limits from the F distribution (exact when
        groups are of equal size)
    f, p : F statistic and P value for no variance between groups
    groups, sizes, n, level : labels and number of values of each group; all values; coverage
    note : what the interval of the share can show, for the reader
    caution : what so few groups cannot show, empty where they are enough
    """

    status: str
    mean: float
    standard_error: float
    df: float
    lower: float
    upper: float
    between_sd: float
    within_sd: float
    icc: float
    icc_lower: float
    icc_upper: float
    f: float
    p: float
    groups: tuple[str, ...]
    sizes: tuple[int, ...]
    n: int
    level: float
    note: str
    caution: str = ""


def fit_random_intercept(
    values: npt.ArrayLike, group: npt.ArrayLike, *, level: float = 0.95
) -> RandomIntercept:
    """Fit a mean with a random effect of the group.

    Parameters
    ----------
    values : float array, shape (n,), for example the change of each subject
    group : array, shape (n,), label of each subject's site, lot or donor
    level : float in (0, 1), coverage

    Returns
    -------
    RandomIntercept : ``failed`` with one group, or no group of two or more, or values that are all equal

    Raises
    ------
    ShapeError, ValueRangeError : lengths differ, a value is missing

    Source
    ------
    Searle, Casella and McCulloch 1992, Variance Components, chapters 3 and 6; limits for unequal sizes:
    Thomas and Hultquist 1978 (Ann Stat 6: 582).

    Checked against
    ---------------
    tests/reference/cluster_r : R 4.2.2, lme4 1.1-31 (REML), anova

    Examples
    --------
    >>> found = fit_random_intercept([1, 2, 3, 5, 6, 7, 3, 4, 5], list("aaabbbccc"))
    >>> found.mean, round(found.between_sd, 4), round(found.within_sd, 9), found.f  # s_b^2 = (12 - 1) / 3
    (4.0, 1.9149, 1.0, 12.0)
    """
    sample = check_sample(values, "values")
    check_level(level)
    labels, member = np.unique(np.asarray(group).astype(str), return_inverse=True)
    if member.shape != sample.shape:
        raise ShapeError(f"values and groups: found {sample.size} and {member.size}; the lengths must agree.")
    sizes = np.bincount(member, minlength=labels.size).astype(np.float64)
    means = np.bincount(member, weights=sample, minlength=labels.size) / np.maximum(sizes, 1.0)
    within = float(((sample - means[member]) ** 2).sum()) if sample.size else 0.0
    names, counts = tuple(map(str, labels)), tuple(int(size) for size in sizes)
    if labels.size < 2 or labels.size == sample.size or within == 0.0:
        return _failed(names, counts, sample.size, level)
    ratio = _reml_ratio(sizes, means, within)
    weight = sizes / (1.0 + sizes * ratio)
    mean = float(weight @ means / weight.sum())
    within_variance = _quadratic(sizes, means, within, ratio) / (sample.size - 1)
    error = math.sqrt(within_variance / float(weight.sum()))
    df = labels.size - 1.0
    half = t_quantile(df, level) * error
    f, p = _f_test(sizes, means, within)
    low, high = _icc_limits(sizes, means, within, level)
    return RandomIntercept(
        "scored", mean, error, df, mean - half, mean + half, math.sqrt(ratio * within_variance),
        math.sqrt(within_variance), ratio / (1.0 + ratio), low, high, f, p, names, counts, sample.size, level,
        _word(labels.size, sizes, low, high), _CAUTION if labels.size < FEW_GROUPS else "",
    )  # fmt: skip


def _failed(names: tuple[str, ...], sizes: tuple[int, ...], n: int, level: float) -> RandomIntercept:
    """Give the answer that has no number, with the reason."""
    nan = math.nan
    if len(names) < 2:
        note = f"{len(names)} group: variance between groups cannot be seen"
    elif len(names) == n:
        note = "no group has two subjects: variance between and within groups cannot be told apart"
    else:
        note = "values do not vary within groups"
    return RandomIntercept(
        "failed", nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, names, sizes, n, level, note
    )


def _quadratic(sizes: Floats, means: Floats, within: float, ratio: float) -> float:
    """Give the weighted sum of squares q of the module's head."""
    weight = sizes / (1.0 + sizes * ratio)
    mean = float(weight @ means / weight.sum())
    return within + float(weight @ (means - mean) ** 2)


def _reml_ratio(sizes: Floats, means: Floats, within: float) -> float:
    """Maximise the restricted likelihood over the ratio of variances: a grid, then the zero of its slope."""
    n = float(sizes.sum())

    def slope(ratio: float) -> float:
        weight = sizes / (1.0 + sizes * ratio)
        mean = float(weight @ means / weight.sum())
        fall = float(weight**2 @ (means - mean) ** 2) / _quadratic(sizes, means, within, ratio)
        return float(weight.sum()) - float((weight**2).sum()) / float(weight.sum()) - (n - 1.0) * fall

    grid = np.concatenate([[0.0], np.logspace(-6, 6, 121)])
    best = int(np.argmin(_restricted_loss(sizes, means, within, grid)))
    low, high = float(grid[max(best - 1, 0)]), float(grid[min(best + 1, grid.size - 1)])
    if slope(low) >= 0.0:
        return low
    while low < (low + high) / 2.0 < high:
        middle = (low + high) / 2.0
        low, high = (middle, high) if slope(middle) < 0.0 else (low, middle)
    return (low + high) / 2.0


def _restricted_loss(sizes: Floats, means: Floats, within: float, ratios: Floats) -> Floats:
    """Give minus twice the restricted log likelihood, but for a constant, at each ratio of variances."""
    spread = np.outer(ratios, sizes)
    weight = sizes / (1.0 + spread)
    total = weight.sum(axis=1)
    centred = means - (weight @ means / total)[:, None]
    q = within + (weight * centred**2).sum(axis=1)
    loss: Floats = (sizes.sum() - 1.0) * np.log(q) + np.log1p(spread).sum(axis=1) + np.log(total)
    return loss


def _f_test(sizes: Floats, means: Floats, within: float) -> tuple[float, float]:
    """Give the exact F test of no variance between groups."""
    df = (sizes.size - 1.0, float(sizes.sum()) - sizes.size)
    grand = float(sizes @ means / sizes.sum())
    f = float(sizes @ (means - grand) ** 2) / df[0] / (within / df[1])
    return f, float(special.fdtrc(df[0], df[1], f))


def _icc_limits(sizes: Floats, means: Floats, within: float, level: float) -> tuple[float, float]:
    """Give limits of the share of variance between groups, by unweighted means and the harmonic mean size."""
    df = (sizes.size - 1.0, float(sizes.sum()) - sizes.size)
    harmonic = sizes.size / float((1.0 / sizes).sum())
    f = harmonic * float(means.var(ddof=1)) / (within / df[1])
    limits = []
    for tail in ((1.0 + level) / 2.0, (1.0 - level) / 2.0):
        ratio = (f / float(special.fdtri(df[0], df[1], tail)) - 1.0) / harmonic
        limits.append(max(0.0, ratio / (1.0 + ratio)))
    return limits[0], limits[1]


def _word(groups: int, sizes: Floats, low: float, high: float) -> str:
    """Say what the number of groups allows to conclude."""
    return (
        f"{groups} groups of {int(sizes.min())} to {int(sizes.max())}: the share of variance between groups "
        f"may be anything from {low:.2f} to {high:.2f}"
    )


@dataclass(frozen=True, slots=True)
class Influence:
    """An estimate without each subject, or each group, in turn.

    Attributes
    ----------
    label : who is left out, in the order of the input (groups: sorted)
    estimate : estimate without them; NaN where nothing is left
    difference : that minus the estimate from all
    overall : estimate from all
    most : label whose absence moves the estimate most; empty when nobody can be left out
    """

    label: tuple[str, ...]
    estimate: Floats
    difference: Floats
    overall: float
    most: str


@takes(values=Numbers((1, 2)), label=Numbers(texts=True), estimator=OrNone(Callback()))
def leave_one_out(
    values: npt.ArrayLike, label: npt.ArrayLike, estimator: Callable[[Floats], float] | None = None
) -> Influence:
    """Estimate without each label in turn: subjects when labels are unique, sites when they are shared.

    Parameters
    ----------
    values : float array, shape (n,) or (n, k), a row a subject
    label : array, shape (n,), subject or group of each row
    estimator : function of the remaining rows that gives one number; None for the mean

    Returns
    -------
    Influence

    Raises
    ------
    ShapeError : lengths differ or there is no value

    Source
    ------
    Cook 1977 (Technometrics 19: 15), as differences of the estimate itself.

    Examples
    --------
    >>> found = leave_one_out([1.0, 2.0, 9.0], ["s1", "s2", "s3"])
    >>> found.estimate.tolist(), found.most
    ([5.5, 5.0, 1.5], 's3')
    """
    sample = np.asarray(values, dtype=np.float64)
    labels = np.asarray(label).astype(str)
    if sample.ndim not in {1, 2} or labels.shape != sample.shape[:1] or not sample.size:
        raise ShapeError(f"values and labels: found {sample.shape} and {labels.shape}; one label a row.")
    compute = (lambda rows: float(rows.mean())) if estimator is None else estimator
    overall = _number_of(compute, sample)
    unique = list(dict.fromkeys(labels.tolist()))
    if len(unique) < labels.size:
        unique.sort()
    rest = [sample[labels != one] for one in unique]
    found = np.array([_number_of(compute, rows) if len(rows) else math.nan for rows in rest])
    difference = found - overall
    known = np.flatnonzero(~np.isnan(difference))
    most = unique[int(known[np.argmax(np.abs(difference[known]))])] if known.size else ""
    return Influence(tuple(unique), found, difference, overall, most)


def _number_of(estimator: Callable[[Floats], float], rows: Floats) -> float:
    """Estimate from some rows; refuse what is no number."""
    found: object = estimator(rows)
    try:
        return float(found)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise ValueRangeError("estimator", describe(found), "a function that gives a number") from None
