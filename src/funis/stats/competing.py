"""Time to one kind of event when another, such as death, makes it impossible.

With S the chance of still being free of every event just before t_j, the incidence of the cause grows by
S d_j / n_j. One minus the Kaplan-Meier curve, which treats the other event as censoring, is never lower: it
is the risk in a world where nobody dies. The variance is the delta-method one, summed over event times
t_j <= t with D_j events of any cause, d_j of this one, n_j at risk and F the incidence:

    sum (F(t) - F(t_j))^2 D_j / (n_j (n_j - D_j)) + sum S(t_j-)^2 d_j (n_j - d_j) / n_j^3
      - 2 sum (F(t) - F(t_j)) S(t_j-) d_j / n_j^2
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from funis.arguments import NumberFrom, Numbers, takes
from funis.errors import ShapeError, ValueRangeError
from funis.stats.sample import Floats, Integers, check_level, check_sample, normal_quantile, settle


@dataclass(frozen=True, slots=True)
class CumulativeIncidence:
    """Share of subjects that have had the event of one cause, at each distinct time seen.

    Attributes
    ----------
    time : (k,) distinct times, increasing
    incidence, standard_error, lower, upper : (k,) just after each time; the interval is on the log(-log)
        scale and NaN while the incidence is 0
    at_risk, events, competing, censored : (k,) counts at each time
    cause, n, level : which event; subjects; pointwise coverage
    """

    time: Floats
    incidence: Floats
    standard_error: Floats
    lower: Floats
    upper: Floats
    at_risk: Integers
    events: Integers
    competing: Integers
    censored: Integers
    cause: int
    n: int
    level: float

    def at(self, times: npt.ArrayLike) -> tuple[Floats, Floats, Floats]:
        """Give incidence, lower and upper at any times; NaN after the last was censored."""
        wanted = check_sample(times, "times of the curve")
        place = np.searchsorted(self.time, wanted, side="right") - 1
        # When the last subjects left by an event nothing can change after it.
        known = (wanted <= self.time[-1]) | (self.censored[-1] == 0) if self.time.size else wanted < 0
        picked = [
            np.where(known, np.append(start, column)[place + 1], np.nan)
            for column, start in ((self.incidence, 0.0), (self.lower, np.nan), (self.upper, np.nan))
        ]
        return picked[0], picked[1], picked[2]


@takes(time=Numbers(), cause=Numbers(), of=NumberFrom(whole=True), level=NumberFrom())
def cumulative_incidence(
    time: npt.ArrayLike, cause: npt.ArrayLike, *, of: int = 1, level: float = 0.95
) -> CumulativeIncidence:
    """Estimate the cumulative incidence of one cause by Aalen and Johansen.

    Parameters
    ----------
    time : float array, shape (n,), each 0 or more
    cause : whole numbers, shape (n,), 0 for censoring, 1, 2, ... for the cause of the event
    of : the cause of interest, 1 or more
    level : float in (0, 1), coverage of the pointwise interval

    Returns
    -------
    CumulativeIncidence : before the first event of the cause the limits are NaN

    Raises
    ------
    ShapeError, ValueRangeError : lengths differ; a time is negative, a value missing, a cause no whole number

    Source
    ------
    Aalen and Johansen 1978 (Scand J Stat 5: 141); variance: Marubini and Valsecchi 1995, section 10.3.

    Checked against
    ---------------
    tests/reference/survival_r : R 4.2.2, cmprsk and survival

    Examples
    --------
    >>> found = cumulative_incidence([1, 2, 3, 4], [1, 2, 1, 0])
    >>> found.incidence.tolist()
    [0.25, 0.25, 0.5, 0.5]
    """
    times, causes = _check_causes(time, cause, of)
    z = normal_quantile(check_level(level))
    distinct, place = np.unique(times, return_inverse=True)
    kinds = (causes == of, (causes > 0) & (causes != of), causes == 0)
    events, competing, censored = (
        np.bincount(place, weights=kind, minlength=distinct.size).astype(np.int64) for kind in kinds
    )
    at_risk = (events + competing + censored)[::-1].cumsum()[::-1]
    free = np.concatenate([[1.0], np.cumprod(1.0 - (events + competing) / at_risk)[:-1]])
    if not times.size:
        free = np.empty(0)
    incidence = np.cumsum(free * events / at_risk)
    error = _standard_error(incidence, free, at_risk, events, events + competing)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        widen = np.exp(z * error / (incidence * np.abs(np.log(incidence))))
        lower, upper = incidence**widen, incidence ** (1.0 / widen)
    for column in (lower, upper):
        column[(incidence == 0.0) | (incidence > 1.0 - 1e-12)] = np.nan  # sums of shares round
    return CumulativeIncidence(
        distinct, incidence, error, lower, upper, at_risk, events, competing, censored, of, times.size, level
    )


def _check_causes(time: npt.ArrayLike, cause: npt.ArrayLike, of: int) -> tuple[Floats, Integers]:
    """Give times and causes as arrays, or refuse them."""
    times, causes = settle(check_sample(time, "times to event")), check_sample(cause, "causes")
    if times.shape != causes.shape:
        raise ShapeError(f"times and causes: found {times.size} and {causes.size}; the lengths must agree.")
    if np.any(times < 0):
        raise ValueRangeError("time to event", float(times.min()), "0 or more", "Check the dates.")
    odd = causes[(causes < 0) | (causes != np.rint(causes))]
    if odd.size:
        raise ValueRangeError("cause", float(odd[0]), "0 (censored), 1, 2, ...")
    if of < 1:
        raise ValueRangeError("cause of interest", of, "1 or more", "0 stands for censoring.")
    return times, causes.astype(np.int64)


def _standard_error(
    incidence: Floats, free: Floats, at_risk: Integers, events: Integers, any_event: Integers
) -> Floats:
    """Give the delta-method standard error at every time (formula at the head of the module)."""
    risk = at_risk.astype(np.float64)
    stays = risk > any_event  # when the last subjects leave by an event, F(t) - F(t_j) is 0 for all later t
    first = np.where(stays, any_event / np.where(stays, risk * (risk - any_event), 1.0), 0.0)
    second = free**2 * events * (risk - events) / risk**3
    third = free * events / risk**2
    # Expanded in powers of F(t), so that running sums replace a loop over all pairs of times.
    a, b, c = np.cumsum(first), np.cumsum(first * incidence), np.cumsum(first * incidence**2)
    cross = incidence * np.cumsum(third) - np.cumsum(third * incidence)
    variance = incidence**2 * a - 2.0 * incidence * b + c + np.cumsum(second) - 2.0 * cross
    return np.asarray(np.sqrt(np.maximum(variance, 0.0)), dtype=np.float64)
