"""How likely the published figures are under parameters of the disease model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from funis.simulate.disease_model import (
    TimeGrid,
    accumulate_hazard,
    fast_share,
    follow,
    make_grid,
    solve_imprint,
)
from funis.simulate.parameters import FITTED, from_line, log_prior
from funis.simulate.published_figures import (
    INFUSION_MONTHS,
    MEANS,
    MONTHS,
    RESPONSE_MONTH,
    RelapseCount,
    counts_of,
    precision_of_means,
)
from funis.stats.sample import Floats

_LONG_STEP: Final = 1.0


@dataclass(frozen=True, slots=True)
class Predicted:
    """What the model says of every draw.

    Attributes
    ----------
    scores : mean score, shape (draws, months)
    activity : relative to its level before, without the fast fall; same shape
    """

    scores: Floats
    activity: Floats


def column(values: Floats, key: str) -> Floats:
    """Give one parameter of all draws."""
    return values[:, FITTED.index(key)]


def koff_of(values: Floats) -> Floats:
    """Give the rate at which the imprint is lost, a month."""
    return np.asarray(np.log(2.0) / column(values, "half_life"), dtype=np.float64)


def predict_scores(values: Floats, grid: TimeGrid, months: Sequence[float]) -> Predicted:
    """Predict the mean score.

    Parameters
    ----------
    values : draws of the parameters, shape (draws, parameters)
    grid : pieces of time with the infusions
    months : asked for, each a point of the grid
    """
    starts, ends = solve_imprint(koff_of(values), column(values, "x50"), grid)
    behind = follow(column(values, "ka"), starts, ends, grid, months)
    activity = 1.0 - column(values, "effect")[:, None] * behind
    fall = 1.0 - column(values, "fast")[:, None] * fast_share(months)
    return Predicted(column(values, "a0")[:, None] * activity * fall, activity)


def survival(values: Floats, grid: TimeGrid, months: Sequence[float]) -> Floats:
    """Give the share of responders without a relapse at each month, from the first month on.

    Parameters
    ----------
    values, grid : as for `predict_scores`
    months : rising, each a point of the grid; relapses are counted from the first

    Returns
    -------
    shape (draws, months)
    """
    starts, ends = solve_imprint(koff_of(values), column(values, "x50"), grid)
    hazard = accumulate_hazard(column(values, "h0"), column(values, "beta"), starts, ends, grid, months)
    prone = column(values, "prone")[:, None]
    return np.asarray(1.0 - prone + prone * np.exp(-hazard), dtype=np.float64)


class PublishedLikelihood:
    """The likelihood of the means at five visits and of the counts of relapses.

    Parameters
    ----------
    relapses : which report of relapse is believed: ``abstract``, ``five_year`` or ``yearly``
    """

    def __init__(self, relapses: str) -> None:
        self._counts = counts_of(relapses)
        self._precision = precision_of_means()
        self._short = make_grid(max(MONTHS), INFUSION_MONTHS)
        months = {
            RESPONSE_MONTH,
            *(each.start for each in self._counts),
            *(each.end for each in self._counts),
        }
        self._months = sorted(months)
        self._long = make_grid(self._months[-1], INFUSION_MONTHS, step=_LONG_STEP)

    def log_likelihood(self, values: Floats) -> Floats:
        """Give the logarithm of the likelihood of each draw, up to a constant.

        Parameters
        ----------
        values : shape (draws, parameters)
        """
        away = predict_scores(values, self._short, MONTHS).scores - np.asarray(MEANS)
        total = np.asarray(-0.5 * np.einsum("di,ij,dj->d", away, self._precision, away), dtype=np.float64)
        without = survival(values, self._long, self._months)
        for each in self._counts:
            total += self._of_count(each, without)
        return total

    def _of_count(self, count: RelapseCount, without: Floats) -> Floats:
        first, last = (without[:, self._months.index(month)] for month in (count.start, count.end))
        chance = np.clip(1.0 - last / first, 1e-12, 1.0 - 1e-12)
        found = count.relapsed * np.log(chance) + (count.at_risk - count.relapsed) * np.log1p(-chance)
        return np.asarray(found, dtype=np.float64)

    def log_posterior(self, line: Floats) -> Floats:
        """Give the logarithm of the posterior density on the whole line, up to a constant.

        Parameters
        ----------
        line : shape (draws, parameters), as `from_line` takes it
        """
        prior = log_prior(line)
        is_far = np.any(np.abs(line) > 30.0, axis=1)
        with np.errstate(all="ignore"):
            found = prior + self.log_likelihood(from_line(np.clip(line, -30.0, 30.0)))
        return np.asarray(np.where(is_far | ~np.isfinite(found), -np.inf, found), dtype=np.float64)
