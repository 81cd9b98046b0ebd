"""Ratios and differences of risks combined by Mantel and Haenszel: nothing is added to cells of zero."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from funis.arguments import NumberFrom, Numbers, Text, takes
from funis.errors import ShapeError, ValueRangeError
from funis.stats.meta.combine import CombinedEffect
from funis.stats.meta.counts import check_events
from funis.stats.sample import Floats, check_choice, check_level, check_same_length, normal_p, normal_quantile

MEASURES: Final = ("odds_ratio", "risk_ratio", "risk_difference")


@takes(
    events_1=Numbers(),
    n_1=Numbers(),
    events_2=Numbers(),
    n_2=Numbers(),
    measure=Text(),
    level=NumberFrom(0, 1, is_open=True),
)
def combine_mantel_haenszel(
    events_1: npt.ArrayLike,
    n_1: npt.ArrayLike,
    events_2: npt.ArrayLike,
    n_2: npt.ArrayLike,
    *,
    measure: str = "risk_ratio",
    level: float = 0.95,
) -> CombinedEffect:
    """Combine the risks of two arms of each study as one common ratio or difference.

    Parameters
    ----------
    events_1, n_1, events_2, n_2 : arrays, shape (k,): subjects with the event and all subjects of the arms
    measure : ``risk_ratio`` or ``odds_ratio`` (both as logarithms), or ``risk_difference``
    level : float in (0, 1), coverage

    Returns
    -------
    CombinedEffect : model mantel_haenszel, without heterogeneity and without a prediction interval

    Raises
    ------
    ShapeError, ValueRangeError, UnknownNameError : lengths differ, no study, a name that is not allowed;
        counts for which the ratio has no finite estimate

    Source
    ------
    Mantel and Haenszel 1959 (J Natl Cancer Inst 22: 719). Variances: Robins, Breslow and Greenland 1986
    (Biometrics 42: 311) for the odds ratio, Greenland and Robins 1985 (Biometrics 41: 55) for the risk ratio,
    Sato, Greenland and Robins 1989 (Biometrics 45: 1323) for the difference.

    Checked against
    ---------------
    tests/reference/meta_metafor : metafor, rma.mh(), and Stata's metan as printed there

    Examples
    --------
    >>> found = combine_mantel_haenszel([4, 6], [40, 30], [8, 12], [40, 30])
    >>> round(math.exp(found.estimate), 9)  # half the risk in both studies
    0.5
    """
    a, size_1 = check_events(events_1, n_1)
    c, size_2 = check_events(events_2, n_2)
    check_same_length(a, c, "events of the two arms")
    check_choice(measure, MEASURES, "measure of two risks")
    check_level(level)
    if a.size == 0:
        raise ShapeError("counts of studies: found none; one study or more is needed.")
    compute = {"odds_ratio": _odds_ratio, "risk_ratio": _risk_ratio, "risk_difference": _risk_difference}
    estimate, variance, weights = compute[measure](a, size_1 - a, c, size_2 - c)
    if not (math.isfinite(estimate) and variance > 0):
        events = f"{a.sum():.0f}/{size_1.sum():.0f} and {c.sum():.0f}/{size_2.sum():.0f}"
        raise ValueRangeError(
            "events of the two arms", events, "counts that give a finite estimate and variance"
        )
    error = math.sqrt(variance)
    half = normal_quantile(level) * error
    return CombinedEffect(
        estimate, error, estimate - half, estimate + half, estimate / error, math.inf,
        normal_p(estimate / error), math.nan, math.nan, weights / weights.sum(), a.size, level,
        "mantel_haenszel", "normal", 1.0, None,
    )  # fmt: skip


def _log_of_ratio(above: float, below: float) -> float:
    return math.log(above / below) if above > 0 and below > 0 else math.nan


def _odds_ratio(a: Floats, b: Floats, c: Floats, d: Floats) -> tuple[float, float, Floats]:
    n = a + b + c + d
    p, q, r, s = (a + d) / n, (b + c) / n, a * d / n, b * c / n
    above, below = float(r.sum()), float(s.sum())
    estimate = _log_of_ratio(above, below)
    if math.isnan(estimate):
        return math.nan, math.nan, s
    variance = (
        float(p @ r) / above**2 + float(p @ s + q @ r) / (above * below) + float(q @ s) / below**2
    ) / 2
    return estimate, variance, s


def _risk_ratio(a: Floats, b: Floats, c: Floats, d: Floats) -> tuple[float, float, Floats]:
    size_1, size_2, n = a + b, c + d, a + b + c + d
    weights = c * size_1 / n
    above, below = float((a * size_2 / n).sum()), float(weights.sum())
    estimate = _log_of_ratio(above, below)
    if math.isnan(estimate):
        return math.nan, math.nan, weights
    terms = (size_1 * size_2 * (a + c) - a * c * n) / n**2
    return estimate, float(terms.sum()) / (above * below), weights


def _risk_difference(a: Floats, b: Floats, c: Floats, d: Floats) -> tuple[float, float, Floats]:
    size_1, size_2, n = a + b, c + d, a + b + c + d
    weights = size_1 * size_2 / n
    total = float(weights.sum())
    estimate = float(np.sum(a * size_2 / n - c * size_1 / n)) / total
    p = c * (size_1 / n) ** 2 - a * (size_2 / n) ** 2 + size_1 * size_2 * (size_2 - size_1) / (2 * n**2)
    q = (a * (size_2 - c) + c * (size_1 - a)) / (2 * n)
    return estimate, (estimate * float(p.sum()) + float(q.sum())) / total**2, weights
