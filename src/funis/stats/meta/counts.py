"""Effect of each study from counts of subjects with an event, with its sampling variance.

Zero cells. ``half_if_zero`` adds one half to every cell of a study that has a cell of zero, ``half_to_all``
to every cell of every study, ``none`` adds nothing: a study with a zero cell then has no estimate. Studies in
which nobody or everybody of both arms had the event say nothing about a ratio and have no estimate of one,
whatever is added. A difference of risks is always that of the observed counts; what is added enters its
variance alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

from funis.arguments import NumberFrom, Numbers, Text, takes
from funis.errors import ValueRangeError
from funis.stats.meta.effects import Effects, check_sizes
from funis.stats.sample import Booleans, Floats, check_choice, check_same_length, check_sample

ZERO_CELLS: Final = ("half_if_zero", "half_to_all", "none")


def check_events(events: npt.ArrayLike, n: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Give counts and denominators as floats; refuse a count that is none or above its denominator."""
    counts = check_sizes(events, "subjects with the event", least=0)
    sizes = check_sizes(n, "subjects of studies")
    check_same_length(counts, sizes, "events and subjects")
    if np.any(counts > sizes):
        place = int(np.flatnonzero(counts > sizes)[0])
        found = f"{counts[place]:.0f}/{sizes[place]:.0f}"
        raise ValueRangeError("subjects with the event", found, "at most the subjects of the study")
    return counts, sizes


def _adjust(cells: tuple[Floats, ...], zero_cells: str) -> tuple[tuple[Floats, ...], Booleans]:
    """Add what the rule says to the cells; tell which studies have no estimate by it."""
    check_choice(zero_cells, ZERO_CELLS, "rule for zero cells")
    has_zero = np.asarray(np.min(np.stack(cells), axis=0) == 0, dtype=np.bool_)
    if zero_cells == "none":
        return cells, has_zero
    added = 0.5 if zero_cells == "half_to_all" else np.where(has_zero, 0.5, 0.0)
    return tuple(cell + added for cell in cells), np.zeros_like(has_zero)


def _check_arms(
    events_1: npt.ArrayLike, n_1: npt.ArrayLike, events_2: npt.ArrayLike, n_2: npt.ArrayLike
) -> tuple[Floats, Floats, Floats, Floats]:
    """Give events and others of both arms."""
    first, size_1 = check_events(events_1, n_1)
    second, size_2 = check_events(events_2, n_2)
    check_same_length(first, second, "events of the two arms")
    return first, size_1 - first, second, size_2 - second


def _log_ratios(
    cells: tuple[Floats, Floats, Floats, Floats],
    zero_cells: str,
    formula: Callable[[Floats, Floats, Floats, Floats], tuple[Floats, Floats]],
) -> Effects:
    """Give logarithms of ratios; of counts of nobody or everybody in both arms there are none."""
    a, b, c, d = cells
    says_nothing = ((a == 0) & (c == 0)) | ((b == 0) & (d == 0))
    (a, b, c, d), unknown = _adjust(cells, zero_cells)
    with np.errstate(divide="ignore", invalid="ignore"):
        estimates, variances = formula(a, b, c, d)
    return _effects(estimates, variances, unknown | says_nothing, "log")


def _effects(estimates: Floats, variances: Floats, unknown: Booleans, scale: str) -> Effects:
    """Leave estimate and variance of a study without an estimate unknown."""
    found = [np.where(unknown, np.nan, values) for values in (estimates, variances)]
    return Effects(found[0], found[1], scale)  # type: ignore[arg-type]


@takes(events_1=Numbers(), n_1=Numbers(), events_2=Numbers(), n_2=Numbers(), zero_cells=Text())
def log_risk_ratio(
    events_1: npt.ArrayLike,
    n_1: npt.ArrayLike,
    events_2: npt.ArrayLike,
    n_2: npt.ArrayLike,
    *,
    zero_cells: str = "half_if_zero",
) -> Effects:
    """Give the logarithm of the ratio of two risks of each study.

    Parameters
    ----------
    events_1, n_1, events_2, n_2 : arrays, shape (k,): subjects with the event and all subjects of the arms
    zero_cells : ``half_if_zero``, ``half_to_all`` or ``none``

    Returns
    -------
    Effects : scale log; variance 1/a - 1/n_1 + 1/c - 1/n_2

    Raises
    ------
    ShapeError, ValueRangeError, UnknownNameError : lengths differ; a value or name that is not allowed

    Source
    ------
    Katz, Baptista, Azen and Pike 1978 (Biometrics 34: 469).

    Checked against
    ---------------
    tests/reference/meta_metafor : metafor, escalc(measure = "RR")

    Examples
    --------
    >>> found = log_risk_ratio([4], [123], [11], [139])
    >>> round(float(found.estimates[0]), 4), round(float(found.variances[0]), 4)
    (-0.8893, 0.3256)
    """

    def of_risks(a: Floats, b: Floats, c: Floats, d: Floats) -> tuple[Floats, Floats]:
        logarithm = np.log(a / (a + b)) - np.log(c / (c + d))
        return logarithm, 1 / a - 1 / (a + b) + 1 / c - 1 / (c + d)

    return _log_ratios(_check_arms(events_1, n_1, events_2, n_2), zero_cells, of_risks)


@takes(events_1=Numbers(), n_1=Numbers(), events_2=Numbers(), n_2=Numbers(), zero_cells=Text())
def log_odds_ratio(
    events_1: npt.ArrayLike,
    n_1: npt.ArrayLike,
    events_2: npt.ArrayLike,
    n_2: npt.ArrayLike,
    *,
    zero_cells: str = "half_if_zero",
) -> Effects:
    """Give the logarithm of the odds ratio of two arms of each study.

    Parameters, returns and errors are those of `log_risk_ratio`; the variance is 1/a + 1/b + 1/c + 1/d.

    Source
    ------
    Woolf 1955 (Ann Hum Genet 19: 251).

    Checked against
    ---------------
    tests/reference/meta_metafor : metafor, escalc(measure = "OR")

    Examples
    --------
    >>> found = log_odds_ratio([4], [123], [11], [139])
    >>> round(float(found.estimates[0]), 4), round(float(found.variances[0]), 4)
    (-0.9387, 0.3571)
    """

    def of_odds(a: Floats, b: Floats, c: Floats, d: Floats) -> tuple[Floats, Floats]:
        return np.log(a / b) - np.log(c / d), 1 / a + 1 / b + 1 / c + 1 / d

    return _log_ratios(_check_arms(events_1, n_1, events_2, n_2), zero_cells, of_odds)


@takes(events_1=Numbers(), n_1=Numbers(), events_2=Numbers(), n_2=Numbers(), zero_cells=Text())
def risk_difference(
    events_1: npt.ArrayLike,
    n_1: npt.ArrayLike,
    events_2: npt.ArrayLike,
    n_2: npt.ArrayLike,
    *,
    zero_cells: str = "half_if_zero",
) -> Effects:
    """Give the difference of two risks of each study, the first minus the second, as a fraction.

    Parameters and errors are those of `log_risk_ratio`.

    Returns
    -------
    Effects : scale raw; difference of the observed risks, variance p_1 (1 - p_1) / n_1 + p_2 (1 - p_2) / n_2
        of the risks after what the rule for zero cells adds

    Source
    ------
    Normand 1999 (Stat Med 18: 321), table III.

    Examples
    --------
    >>> found = risk_difference([2], [39], [1], [43])
    >>> round(100 * float(found.estimates[0]), 4), round(100**2 * float(found.variances[0]), 4)
    (2.8026, 17.7575)
    """
    a, b, c, d = _check_arms(events_1, n_1, events_2, n_2)
    estimates = a / (a + b) - c / (c + d)
    (a, b, c, d), has_zero = _adjust((a, b, c, d), zero_cells)
    variances = a * b / (a + b) ** 3 + c * d / (c + d) ** 3
    # Without an addition a cell of zero matters only where both risks are 0 or 1: their variance vanishes.
    return _effects(estimates, variances, has_zero & (variances == 0), "raw")


@takes(events=Numbers(), n=Numbers(), zero_cells=Text())
def log_odds(events: npt.ArrayLike, n: npt.ArrayLike, *, zero_cells: str = "half_if_zero") -> Effects:
    """Give the logarithm of the odds of one arm of each study.

    Parameters
    ----------
    events, n : arrays, shape (k,): subjects with the event, and all subjects
    zero_cells : ``half_if_zero``, ``half_to_all`` or ``none``, for the cells with and without the event

    Returns
    -------
    Effects : scale logit; variance 1/events + 1/(n - events)

    Raises
    ------
    ShapeError, ValueRangeError, UnknownNameError : lengths differ; a value or name that is not allowed

    Source
    ------
    Stijnen, Hamza and Özdemir 2010 (Stat Med 29: 3046), section 3.

    Examples
    --------
    >>> found = log_odds([10], [20])
    >>> float(found.estimates[0]), float(found.variances[0])
    (0.0, 0.2)
    """
    counts, sizes = check_events(events, n)
    (with_event, without), unknown = _adjust((counts, sizes - counts), zero_cells)
    with np.errstate(divide="ignore", invalid="ignore"):
        return _effects(np.log(with_event / without), 1 / with_event + 1 / without, unknown, "logit")


@takes(events=Numbers(), n=Numbers())
def double_arcsine(events: npt.ArrayLike, n: npt.ArrayLike) -> Effects:
    """Give the double-arcsine transform of the proportion of one arm of each study.

    Parameters
    ----------
    events, n : arrays, shape (k,): subjects with the event, and all subjects

    Returns
    -------
    Effects : scale double_arcsine; (asin √(x / (n + 1)) + asin √((x + 1) / (n + 1))) / 2, variance
        1 / (4 n + 2). A cell of zero needs no addition

    Raises
    ------
    ShapeError, ValueRangeError : lengths differ; a value that is not allowed

    Source
    ------
    Freeman and Tukey 1950 (Ann Math Stat 21: 607); half of theirs, as metafor has it.

    Checked against
    ---------------
    tests/reference/meta_metafor : Miller 1978, metafor, escalc(measure = "PFT")

    Examples
    --------
    >>> found = double_arcsine([3], [11])
    >>> round(float(found.estimates[0]), 4), round(float(found.variances[0]), 4)
    (0.5695, 0.0217)
    """
    counts, sizes = check_events(events, n)
    return Effects(_to_double_arcsine(counts, sizes), 1 / (4 * sizes + 2), "double_arcsine")


def _to_double_arcsine(counts: npt.ArrayLike, sizes: npt.ArrayLike) -> Floats:
    more = np.asarray(sizes, dtype=np.float64) + 1
    whole = np.asarray(counts, dtype=np.float64)
    return np.asarray((np.arcsin(np.sqrt(whole / more)) + np.arcsin(np.sqrt((whole + 1) / more))) / 2)


@takes(value=Numbers(dimensions=(0, 1)), n=NumberFrom(0, is_open=True))
def undo_double_arcsine(value: npt.ArrayLike, n: float) -> Floats:
    """Turn double-arcsine values back into proportions, for one number of subjects.

    Parameters
    ----------
    value : number or float array
    n : above 0, the subjects that the value stands for. For one study its own; for a combined value there is
        none, and what is put in its place decides the answer: the harmonic mean of the sizes (Miller 1978) or
        the size that fits the variance of the combined value

    Returns
    -------
    float array : proportions; 0 and 1 for values beyond those of no and all subjects

    Raises
    ------
    ShapeError, ValueRangeError : not one dimension, not finite, or n not above 0

    Source
    ------
    Miller 1978 (Am Stat 32: 138). That the size put in its place can mislead: Schwarzer, Chemaitelly,
    Abu-Raddad and Rücker 2019 (Res Synth Methods 10: 476).

    Examples
    --------
    >>> round(float(undo_double_arcsine(double_arcsine([4], [10]).estimates, 10)[0]), 9)
    0.4
    """
    angle = 2 * check_sample(np.atleast_1d(np.asarray(value, dtype=np.float64)), "double-arcsine values")
    low, high = 2 * _to_double_arcsine(0.0, n), 2 * _to_double_arcsine(n, n)
    inner = np.clip(angle, low, high)
    sine, cosine = np.sin(inner), np.cos(inner)
    root = 1 - (sine + (sine - 1 / sine) / n) ** 2
    proportions = (1 - np.sign(cosine) * np.sqrt(np.maximum(root, 0.0))) / 2
    return np.asarray(np.where(angle <= low, 0.0, np.where(angle >= high, 1.0, proportions)))
