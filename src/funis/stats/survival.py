"""Time to one kind of event: the survival curve, its mean, and tests.

At each distinct time t_j with n_j at risk and d_j events the curve is multiplied by 1 - d_j / n_j;
Greenwood's sum v = sum d_j / (n_j (n_j - d_j)) gives its standard error S sqrt(v), and the interval on the
scale of log(-log S) is S ** exp(-+ z sqrt(v) / |log S|). Events come before censorings at a tied time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from funis.arguments import NumberFrom, Numbers, Text, takes
from funis.errors import ShapeError, ValueRangeError
from funis.stats.sample import (
    Booleans,
    Floats,
    Integers,
    check_level,
    check_sample,
    chi_square_p,
    normal_p,
    normal_quantile,
    settle,
)


@dataclass(frozen=True, slots=True)
class KaplanMeier:
    """A survival curve, one entry for each distinct time seen, in increasing order.

    Attributes
    ----------
    time : (k,) distinct times of events and censorings, in the unit of the input
    survival, standard_error, lower, upper : (k,) curve just after each time; limits are NaN where the
        curve is still 1 or already 0, as in R
    at_risk, events, censored : (k,) counts at each time; `at_risk` is just before it
    n : subjects
    level : coverage of the interval, pointwise
    """

    time: Floats
    survival: Floats
    standard_error: Floats
    lower: Floats
    upper: Floats
    at_risk: Integers
    events: Integers
    censored: Integers
    n: int
    level: float

    def at(self, times: npt.ArrayLike) -> tuple[Floats, Floats, Floats]:
        """Give survival, lower and upper at any times; NaN after the last subject has left."""
        wanted = check_sample(times, "times of the curve")
        place = np.searchsorted(self.time, wanted, side="right") - 1
        known = (wanted <= self.time[-1]) | (self.survival[-1] == 0.0) if self.time.size else wanted < 0
        first = ((self.survival, 1.0), (self.lower, np.nan), (self.upper, np.nan))
        survival, lower, upper = (
            np.where(known, np.append(start, column)[place + 1], np.nan) for column, start in first
        )
        return survival, lower, upper

    def at_risk_at(self, times: npt.ArrayLike) -> Integers:
        """Count the subjects still under observation just before each of any times."""
        wanted = check_sample(times, "times of the risk table")
        later = np.append(self.at_risk, 0)
        return later[np.searchsorted(self.time, wanted, side="left")]

    def quantile(self, share: float = 0.5) -> tuple[float, float, float]:
        """Give the time by which this share has had the event, with its interval; NaN where not reached."""
        if not 0.0 < share < 1.0:
            raise ValueRangeError("share with the event", share, "between 0 and 1, both excluded")
        level = 1.0 - share
        estimate, lower, upper = (
            _first_reaching(self.time, curve, level) for curve in (self.survival, self.lower, self.upper)
        )
        return estimate, lower, upper


def _first_reaching(time: Floats, curve: Floats, level: float) -> float:
    """Give where a falling curve reaches the level; the middle of the stretch when it lies exactly on it."""
    below = np.flatnonzero(curve <= level + 1e-12)
    if not below.size:
        return math.nan
    first = int(below[0])
    if abs(float(curve[first]) - level) > 1e-12:
        return float(time[first])
    beyond = np.flatnonzero(curve < level - 1e-12)
    return float(time[first] + time[beyond[0]]) / 2.0 if beyond.size else float(time[first])


def check_times(time: npt.ArrayLike, event: npt.ArrayLike) -> tuple[Floats, Booleans]:
    """Give times and events as arrays; refuse negative times, missing values and unequal lengths."""
    times = settle(check_sample(time, "times to event"))
    happened = check_sample(event, "event indicators")
    if times.shape != happened.shape:
        raise ShapeError(f"times and events: found {times.size} and {happened.size}; lengths must agree.")
    if np.any(times < 0):
        raise ValueRangeError("time to event", float(times.min()), "0 or more", "Check the dates.")
    odd = happened[(happened != 0.0) & (happened != 1.0)]
    if odd.size:
        raise ValueRangeError("event indicator", float(odd[0]), "0 (censored) or 1 (event)")
    return times, np.asarray(happened == 1.0, dtype=np.bool_)


def risk_counts(times: Floats, happened: Booleans) -> tuple[Floats, Integers, Integers, Integers]:
    """Give the distinct times with numbers at risk, events and censorings at each."""
    distinct, place = np.unique(times, return_inverse=True)
    events = np.bincount(place, weights=happened, minlength=distinct.size).astype(np.int64)
    leaving = np.bincount(place, minlength=distinct.size).astype(np.int64)
    at_risk = leaving[::-1].cumsum()[::-1]
    return distinct, at_risk, events, leaving - events


def kaplan_meier(time: npt.ArrayLike, event: npt.ArrayLike, *, level: float = 0.95) -> KaplanMeier:
    """Estimate the survival function by the product-limit method.

    Parameters
    ----------
    time : float array, shape (n,), each 0 or more, any unit
    event : Boolean or 0/1 array, shape (n,), True for an event at `time`, False for censoring
    level : float in (0, 1), coverage of the pointwise interval

    Returns
    -------
    KaplanMeier : with n = 0 its arrays are empty

    Missing
    -------
    Not accepted. At a tied time, events come before censorings.

    Raises
    ------
    ShapeError : the arrays differ in length or are not one-dimensional
    ValueRangeError : a value is missing, a time negative, an event neither 0 nor 1

    Source
    ------
    Kaplan and Meier 1958 (J Am Stat Assoc 53: 457); Greenwood 1926; interval on the log(-log) scale:
    Kalbfleisch and Prentice 1980, section 1.3 (R survival: conf.type = "log-log").

    Checked against
    ---------------
    tests/reference/survival_r : R 4.2.2, survival 3.4-0

    Examples
    --------
    >>> curve = kaplan_meier([3, 5, 5, 8, 10], [1, 1, 0, 1, 0])
    >>> [float(s) for s in curve.survival.round(4)], curve.at_risk.tolist()
    ([0.8, 0.6, 0.3, 0.3], [5, 4, 2, 1])
    >>> curve.quantile(0.5)[0]
    8.0
    """
    times, happened = check_times(time, event)
    z = normal_quantile(check_level(level))
    distinct, at_risk, events, censored = risk_counts(times, happened)
    survival = np.cumprod(1.0 - events / at_risk, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        greenwood = np.cumsum(events / (at_risk * (at_risk - events).astype(np.float64)))
        error: Floats = np.where(survival > 0, survival * np.sqrt(greenwood), np.nan)
        widen = np.exp(z * np.sqrt(greenwood) / np.abs(np.log(survival)))
        lower, upper = survival**widen, survival ** (1.0 / widen)
    for column in (lower, upper):
        column[(survival == 1.0) | (survival == 0.0)] = np.nan
    return KaplanMeier(
        distinct, survival, error, lower, upper, at_risk, events, censored, times.size, float(level)
    )


@dataclass(frozen=True, slots=True)
class RestrictedMean:
    """Mean time free of the event up to `horizon`.

    Attributes
    ----------
    estimate, standard_error, lower, upper : area under the curve, in the unit of time
    horizon : end of the time considered
    n, level : subjects; coverage of the interval
    """

    estimate: float
    standard_error: float
    lower: float
    upper: float
    horizon: float
    n: int
    level: float


@takes(time=Numbers(), event=Numbers(), horizon=NumberFrom(), level=NumberFrom())
def restricted_mean(
    time: npt.ArrayLike, event: npt.ArrayLike, horizon: float, *, level: float = 0.95
) -> RestrictedMean:
    """Estimate the mean event-free time up to a horizon.

    Parameters
    ----------
    time, event, level : as in `kaplan_meier`
    horizon : float > 0, not beyond the last time unless the curve has come down to 0

    Returns
    -------
    RestrictedMean : normal interval

    Raises
    ------
    ValueRangeError : the curve is not known up to the horizon

    Source
    ------
    Irwin 1949 (J Hyg 47: 188); standard error: Klein and Moeschberger 2003, section 4.5, as in R survival.

    Checked against
    ---------------
    tests/reference/survival_r : R survival, print(survfit, rmean)

    Examples
    --------
    >>> round(restricted_mean([3, 5, 5, 8, 10], [1, 1, 0, 1, 0], 10).estimate, 4)  # 3 + 1.6 + 1.8 + 0.6
    7.0
    """
    curve = kaplan_meier(time, event, level=level)
    last = float(curve.time[-1]) if curve.n else 0.0
    ended = bool(curve.n and curve.survival[-1] == 0.0)
    if not horizon > 0.0 or (horizon > last and not ended):
        raise ValueRangeError("horizon", horizon, f"above 0 and at most {last:g}, the last time observed")
    inside = curve.time < horizon
    edges = np.concatenate([[0.0], curve.time[inside], [horizon]])
    heights = np.concatenate([[1.0], curve.survival[inside]])
    areas = heights * np.diff(edges)
    estimate = float(areas.sum())
    right = estimate - np.cumsum(areas)[:-1]  # area to the right of each time
    events, risk = curve.events[inside], curve.at_risk[inside].astype(np.float64)
    stays = risk > events  # where nobody stays the area to the right is 0
    terms = right[stays] ** 2 * events[stays] / (risk[stays] * (risk[stays] - events[stays]))
    error = math.sqrt(float(terms.sum()))
    half = normal_quantile(level) * error
    return RestrictedMean(estimate, error, estimate - half, estimate + half, float(horizon), curve.n, level)


@dataclass(frozen=True, slots=True)
class LogRank:
    """A log-rank test.

    Attributes
    ----------
    statistic, df, p : chi-square, groups minus 1, P value; NaN without events
    groups, observed, expected : per group, in sorted order
    n, method : subjects; name for the footnote
    """

    statistic: float
    df: float
    p: float
    groups: tuple[str, ...]
    observed: Floats
    expected: Floats
    n: int
    method: str


def log_rank(
    time: npt.ArrayLike, event: npt.ArrayLike, group: npt.ArrayLike, *, strata: npt.ArrayLike | None = None
) -> LogRank:
    """Compare the survival curves of two or more groups.

    Parameters
    ----------
    time, event : as in `kaplan_meier`
    group : array, shape (n,), label of each subject's group; 2 or more different
    strata : array, shape (n,), label of each subject's stratum (a centre), None for one stratum

    Returns
    -------
    LogRank

    Raises
    ------
    ShapeError : there are fewer than two groups, or lengths differ

    Source
    ------
    Mantel 1966 (Cancer Chemother Rep 50: 163); Peto and Peto 1972 (J R Stat Soc A 135: 185).

    Checked against
    ---------------
    tests/reference/survival_r : R survival, survdiff

    Examples
    --------
    >>> found = log_rank([1, 2, 3, 4, 5, 6], [1, 1, 1, 1, 1, 0], ["a", "a", "a", "b", "b", "b"])
    >>> round(found.statistic, 4), round(found.p, 4)
    (5.0517, 0.0246)
    """
    times, happened = check_times(time, event)
    labels, member = np.unique(np.asarray(group).astype(str), return_inverse=True)
    layer = np.zeros(times.size) if strata is None else np.asarray(strata).astype(str)
    if member.shape != times.shape or layer.shape != times.shape:
        raise ShapeError("times, groups and strata: the lengths must agree.")
    if labels.size < 2:
        raise ShapeError(f"log-rank test: found {labels.size} group; two or more are needed.")
    observed, expected = np.zeros(labels.size), np.zeros(labels.size)
    covariance = np.zeros((labels.size, labels.size))
    for one in np.unique(layer):
        inside = layer == one
        parts = _log_rank_parts(times[inside], happened[inside], member[inside], labels.size)
        observed, expected, covariance = observed + parts[0], expected + parts[1], covariance + parts[2]
    away = (observed - expected)[:-1]
    usable = np.diag(covariance)[:-1] > 0
    df = float(usable.sum())
    method = "log-rank test" if strata is None else "stratified log-rank test"
    statistic = math.nan
    if df:
        inner = covariance[:-1, :-1][np.ix_(usable, usable)]
        statistic = float(away[usable] @ np.linalg.solve(inner, away[usable]))
    p = chi_square_p(statistic, df)
    return LogRank(statistic, df, p, tuple(map(str, labels)), observed, expected, times.size, method)


def _log_rank_parts(
    times: Floats, happened: Booleans, member: Integers, groups: int
) -> tuple[Floats, Floats, Floats]:
    """Give observed and expected events and their covariance in one stratum."""
    event_times = np.unique(times[happened])
    # risk[j, g]: subjects of group g at risk at event time j; died[j, g]: events of group g then
    one_hot = np.eye(groups)[member]
    risk = (times[None, :] >= event_times[:, None]) @ one_hot
    died = ((times[None, :] == event_times[:, None]) & happened) @ one_hot
    total, deaths = risk.sum(axis=1), died.sum(axis=1)
    share = risk / total[:, None]
    spread = np.where(total > 1, deaths * (total - deaths) / np.maximum(total - 1, 1), 0.0)
    covariance = np.diag(spread @ share) - (share * spread[:, None]).T @ share
    return died.sum(axis=0), deaths @ share, covariance


@dataclass(frozen=True, slots=True)
class OneSampleLogRank:
    """Events observed against those a historical curve lets expect.

    Attributes
    ----------
    observed, expected : number of events
    ratio, lower, upper : observed / expected with its exact Poisson interval
    statistic, p : normal statistic and two-sided P value; exact Poisson P in `p_exact`
    n, level, method : subjects; coverage; name for the footnote
    """

    observed: int
    expected: float
    ratio: float
    lower: float
    upper: float
    statistic: float
    p: float
    p_exact: float
    n: int
    level: float
    method: str


@takes(time=Numbers(), event=Numbers(), cumulative_hazard=Numbers(), variance=Text(), level=NumberFrom())
def one_sample_log_rank(
    time: npt.ArrayLike,
    event: npt.ArrayLike,
    cumulative_hazard: npt.ArrayLike,
    *,
    variance: str = "average",
    level: float = 0.95,
) -> OneSampleLogRank:
    """Compare one group with a historical curve that is taken as known.

    Parameters
    ----------
    time, event, level : as in `kaplan_meier`
    cumulative_hazard : float array, shape (n,), -log of the historical survival at each subject's own
        time, for example from `historical_hazard`
    variance : ``average`` of observed and expected (Wu), better in small samples; ``expected`` (Breslow)

    Returns
    -------
    OneSampleLogRank : a negative statistic means fewer events than expected

    Source
    ------
    Breslow 1975 (Int Stat Rev 43: 45); Wu 2014 (Pharm Stat 13: 357, variance (O + E) / 2).

    Examples
    --------
    >>> found = one_sample_log_rank([12, 12, 6, 12], [0, 0, 1, 0], [0.5, 0.5, 0.25, 0.5], variance="expected")
    >>> found.observed, found.expected, round(found.statistic, 4)
    (1, 1.75, -0.5669)
    """
    times, happened = check_times(time, event)
    hazard = check_sample(cumulative_hazard, "historical cumulative hazard")
    if hazard.shape != times.shape or np.any(hazard < 0):
        raise ShapeError("historical cumulative hazard: one value >= 0 for each subject is needed.")
    if variance not in {"average", "expected"}:
        raise ValueRangeError("variance", variance, "'average' or 'expected'")
    tail = (1.0 - check_level(level)) / 2.0
    observed, expected = int(happened.sum()), float(hazard.sum())
    if expected == 0.0:
        raise ValueRangeError("expected events", 0.0, "above 0", "Follow-up or historical hazard is zero.")
    spread = expected if variance == "expected" else (observed + expected) / 2.0
    statistic = (observed - expected) / math.sqrt(spread)
    low = float(special.gammaincinv(observed, tail)) if observed else 0.0
    high = float(special.gammaincinv(observed + 1, 1.0 - tail))
    fewer = float(special.pdtr(observed, expected))
    more = float(special.pdtrc(observed - 1, expected)) if observed else 1.0
    return OneSampleLogRank(
        observed, expected, observed / expected, low / expected, high / expected, statistic,
        normal_p(statistic), min(1.0, 2.0 * min(fewer, more)), times.size, level,
        f"one-sample log-rank test, {variance} variance",
    )  # fmt: skip


@takes(time=Numbers(), curve_time=Numbers(), curve_survival=Numbers())
def historical_hazard(
    time: npt.ArrayLike, curve_time: npt.ArrayLike, curve_survival: npt.ArrayLike
) -> Floats:
    """Read the cumulative hazard at each subject's time off a published survival curve.

    Parameters
    ----------
    time : float array, shape (n,), none beyond the last time of the curve
    curve_time, curve_survival : points of the curve, times increasing from above 0, survival falling in
        (0, 1]; between points the hazard is taken as constant

    Returns
    -------
    float array, shape (n,)

    Examples
    --------
    >>> [float(h) for h in historical_hazard([6, 12], [12], [0.5]).round(4)]
    [0.3466, 0.6931]
    """
    times = check_sample(time, "times to event")
    points = check_sample(curve_time, "times of the historical curve", least=1)
    survival = check_sample(curve_survival, "historical survival", least=1)
    falling = np.diff(np.concatenate([[1.0], survival])) <= 0
    rising = np.diff(np.concatenate([[0.0], points])) > 0
    if points.shape != survival.shape or not (falling.all() and rising.all()) or survival[-1] <= 0:
        raise ShapeError("historical curve: increasing times and survival falling within (0, 1] are needed.")
    if times.size and times.max() > points[-1]:
        raise ValueRangeError("time to event", float(times.max()), f"up to {points[-1]:g}, the curve's end")
    hazard = np.concatenate([[0.0], -np.log(survival)])
    return np.asarray(np.interp(times, np.concatenate([[0.0], points]), hazard), dtype=np.float64)
