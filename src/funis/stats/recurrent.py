"""Recurrent events: the mean number a subject has had by a time, where death ends all further ones.

With Y(u) the subjects at risk at u, dN(u) their events and S the Kaplan-Meier curve of survival,

    mu(t) = sum over u <= t of S(u-) dN(u) / Y(u),

and its variance is the sum over subjects of the square of

    psi_i(t) = sum_{u <= t} S(u-) / Y(u) [dN_i(u) - Y_i(u) dN(u) / Y(u)]
             - sum_{u <= t} (mu(t) - mu(u)) / (Y(u) - dD(u)) [dD_i(u) - Y_i(u) dD(u) / Y(u)],

where D counts deaths. Y - dD stands where Ghosh and Lin, whose times are continuous, have Y, as in the
formula of Greenwood: where everybody is followed to the end the variance is that of a mean. Without a death
this is the Nelson-Aalen estimator of the mean cumulative function, with the variance of Lawless and Nadeau.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from funis.errors import ShapeError, ValueRangeError
from funis.stats.sample import check_level, check_sample, normal_quantile

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class MeanCumulative:
    """The mean number of events of a subject at each time at which there is an event or a death.

    Attributes
    ----------
    time : shape (times,), rising
    mean : mean number of events up to and at the time
    standard_error : of the mean
    lower, upper : limits on the log scale, so that none lies below 0; NaN where the mean is 0
    at_risk : subjects at risk just before the time
    events, deaths : at the time
    n : subjects
    level : of the limits
    """

    time: Floats
    mean: Floats
    standard_error: Floats
    lower: Floats
    upper: Floats
    at_risk: Integers
    events: Integers
    deaths: Integers
    n: int
    level: float

    def at(self, times: npt.ArrayLike) -> tuple[Floats, Floats, Floats]:
        """Give mean and limits at some times: those of the last time not after each; before the first, 0."""
        asked = np.asarray(times, dtype=np.float64)
        place = np.searchsorted(self.time, asked, side="right") - 1
        found = []
        for values, before in ((self.mean, 0.0), (self.lower, np.nan), (self.upper, np.nan)):
            found.append(
                np.where(place >= 0, values[np.maximum(place, 0)] if values.size else np.nan, before)
            )
        return found[0], found[1], found[2]


def mean_cumulative(
    subject: npt.ArrayLike,
    time: npt.ArrayLike,
    followed_to: npt.ArrayLike,
    died: npt.ArrayLike,
    *,
    level: float = 0.95,
) -> MeanCumulative:
    """Estimate the mean number of recurrent events, with death as a competing event.

    Parameters
    ----------
    subject, time : shape (events,), of each event the place of its subject in `followed_to`, and when it was
    followed_to : shape (subjects,), when each subject was last seen, or died
    died : shape (subjects,), whether that is the day of its death
    level : of the limits

    Returns
    -------
    MeanCumulative

    Raises
    ------
    ShapeError : lengths that do not agree
    ValueRangeError : a time below 0, an event of no subject or after its last day, a level outside 0 to 1

    Source
    ------
    Nelson 1995, Technometrics 37: 147; Lawless and Nadeau 1995, Technometrics 37: 158; Ghosh and Lin 2000,
    Biometrics 56: 554 (death).

    Examples
    --------
    >>> found = mean_cumulative([0, 0, 1], [1.0, 2.0, 2.0], [3.0, 3.0, 1.5], [False, False, True])
    >>> found.time.tolist(), found.mean.round(4).tolist()
    ([1.0, 1.5, 2.0], [0.3333, 0.3333, 1.0])
    """
    last = check_sample(followed_to, "last times seen")
    dead = np.asarray(died, dtype=np.bool_)
    owner, when = np.asarray(subject, dtype=np.int64), check_sample(time, "times of events")
    _check(owner, when, last, dead)
    z = normal_quantile(check_level(level))
    times = np.unique(np.concatenate([when, last[dead]]))
    risk = (last[:, None] >= times[None, :]).astype(np.float64)
    own = np.zeros_like(risk)
    np.add.at(own, (owner, np.searchsorted(times, when)), 1.0)
    dying = (dead[:, None] & (last[:, None] == times[None, :])).astype(np.float64)
    at_risk, events, deaths = risk.sum(axis=0), own.sum(axis=0), dying.sum(axis=0)
    alive = np.concatenate([[1.0], np.cumprod(1.0 - deaths / np.where(at_risk > 0, at_risk, 1.0))[:-1]])
    if not times.size:
        alive = np.empty(0)
    mean = np.cumsum(alive * events / at_risk)
    of_events = alive / at_risk * (own - risk * (events / at_risk))
    # Where all who are left die at once nothing comes after, and the difference of the means is 0.
    of_deaths = (dying - risk * (deaths / at_risk)) / np.maximum(at_risk - deaths, 1.0)
    # (mu(t) - mu(u)) summed over u <= t, by running sums.
    moved = mean * np.cumsum(of_deaths, axis=1) - np.cumsum(mean * of_deaths, axis=1)
    psi = np.cumsum(of_events, axis=1) - moved
    error = np.sqrt((psi**2).sum(axis=0))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        widen = np.exp(z * error / mean)
        lower, upper = np.where(mean > 0, mean / widen, np.nan), np.where(mean > 0, mean * widen, np.nan)
    counts = [each.astype(np.int64) for each in (at_risk, events, deaths)]
    return MeanCumulative(times, mean, error, lower, upper, counts[0], counts[1], counts[2], len(last), level)


def _check(owner: Integers, when: Floats, last: Floats, dead: npt.NDArray[np.bool_]) -> None:
    if owner.shape != when.shape or last.shape != dead.shape:
        raise ShapeError(
            "events and subjects: each event has a subject and a time, each subject two entries."
        )
    if np.any(last < 0) or np.any(when < 0):
        raise ValueRangeError(
            "time", float(np.concatenate([last, when]).min()), "0 or more", "Check the dates."
        )
    if np.any((owner < 0) | (owner >= len(last))):
        raise ValueRangeError("subject of an event", int(owner.max()), f"0 to {len(last) - 1}")
    late = when > last[owner]
    if late.any():
        found = float(when[late][0])
        raise ValueRangeError("time of an event", found, "up to the day the subject was last seen")
