"""The disease after an infusion: imprint of the cells, activity, autoantibody, proteinuria, relapse.

::

    imprint        dX/dt = -koff X + doses            S = X / (X50 + X)
    activity       dA/dt = kA (A0 (1 - I S) - A)      observed score = A (1 - D (1 - exp(-2 t)))
    autoantibody   dB/dt = kB (1 - eB S - B)          relative to its level before
    proteinuria    dP/dt = kP (P0 A / A0 - P)
    relapse        dH/dt = h0 exp(-beta S)            P(relapse) = f (1 - exp(-H))

Time is in months; one infusion of a million cells a kilogram is one dose. The cells live for a day, and the
imprint is what they leave. D is the part of the fall that needs no cells: regression to the mean, and the
treatment that everybody has. All states are relative to their level before: one solution serves all.

The imprint is known exactly; between two points of time S is taken as a straight line, and what follows it
with a rate is then exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from funis.stats.sample import Floats

FAST_RATE: Final = 2.0
"""Of the fall that needs no cells, a month; assumed."""


@dataclass(frozen=True, slots=True)
class TimeGrid:
    """Pieces of time, in months.

    Attributes
    ----------
    points : rising, from 0
    infusions : months of the infusions, each one of the points
    doses : of each infusion, in doses of a million cells a kilogram; later ones may count for less
    """

    points: Floats
    infusions: tuple[float, ...]
    doses: tuple[float, ...]


def make_grid(
    end: float, infusions: Sequence[float], doses: Sequence[float] | None = None, *, step: float = 0.5
) -> TimeGrid:
    """Cut time into pieces that no infusion lies within.

    Parameters
    ----------
    end : last month
    infusions : months of the infusions
    doses : of each; one each by default
    step : length of a piece at most

    Examples
    --------
    >>> make_grid(1.0, [0.0, 0.25]).points.tolist()
    [0.0, 0.25, 0.5, 1.0]
    """
    regular = np.arange(0.0, end + step / 2, step)
    points = np.unique(np.concatenate([regular, [float(each) for each in infusions if each <= end], [end]]))
    given = tuple(doses) if doses is not None else (1.0,) * len(infusions)
    return TimeGrid(points[points <= end], tuple(map(float, infusions)), given)


def solve_imprint(koff: Floats, x50: Floats, grid: TimeGrid) -> tuple[Floats, Floats]:
    """Give the saturated imprint S at the beginning and at the end of every piece of time.

    Parameters
    ----------
    koff, x50 : shape (draws,)
    grid : pieces

    Returns
    -------
    two arrays of shape (draws, pieces); an infusion at a point counts from the piece that begins there

    Examples
    --------
    >>> grid = make_grid(1.0, [0.0], step=1.0)
    >>> first, last = solve_imprint(np.array([np.log(2)]), np.array([0.5]), grid)
    >>> round(float(first[0, 0]), 4), round(float(last[0, 0]), 4)
    (0.6667, 0.5)
    """
    starts, ends = grid.points[:-1], grid.points[1:]
    at_start, at_end = np.zeros((len(koff), len(starts))), np.zeros((len(koff), len(starts)))
    for when, dose in zip(grid.infusions, grid.doses, strict=True):
        reached = starts >= when - 1e-9
        at_start[:, reached] += dose * np.exp(-koff[:, None] * (starts[reached] - when))
        at_end[:, reached] += dose * np.exp(-koff[:, None] * (ends[reached] - when))
    return at_start / (at_start + x50[:, None]), at_end / (at_end + x50[:, None])


def follow(rate: Floats, starts: Floats, ends: Floats, grid: TimeGrid, at: Sequence[float]) -> Floats:
    """Give what follows a course with a rate, from 0: the solution of dC/dt = rate (S - C).

    Parameters
    ----------
    rate : shape (draws,), a month
    starts, ends : the course at both ends of every piece, shape (draws, pieces)
    grid : pieces
    at : months asked for, each a point of the grid

    Returns
    -------
    shape (draws, months)
    """
    points, lengths = grid.points, np.diff(grid.points)
    decay = np.exp(-rate[:, None] * lengths)
    share = (1.0 - decay) / (rate[:, None] * lengths)
    inflow = starts * (share - decay) + ends * (1.0 - share)
    course = np.zeros((len(points), len(rate)))
    for piece in range(len(lengths)):
        course[piece + 1] = course[piece] * decay[:, piece] + inflow[:, piece]
    return np.ascontiguousarray(course[_places(grid, at)].T)


def _places(grid: TimeGrid, at: Sequence[float]) -> list[int]:
    return [int(np.argmin(np.abs(grid.points - month))) for month in at]


def fast_share(months: Sequence[float]) -> Floats:
    """Give how much of the fall that needs no cells has come by each month.

    Examples
    --------
    >>> [round(float(each), 3) for each in fast_share([0, 1, 6])]
    [0.0, 0.865, 1.0]
    """
    return 1.0 - np.exp(-FAST_RATE * np.asarray(months, dtype=np.float64))


def accumulate_hazard(
    rate: Floats, beta: Floats, starts: Floats, ends: Floats, grid: TimeGrid, at: Sequence[float]
) -> Floats:
    """Give the cumulative hazard of relapse from the first month asked for to each of them.

    Parameters
    ----------
    rate : h0, shape (draws,), a month
    beta : how strongly the imprint protects; below 0 it harms
    starts, ends : S at both ends of every piece
    grid : pieces
    at : months, rising, each a point of the grid

    Returns
    -------
    shape (draws, months); the first column is 0
    """
    lengths = np.diff(grid.points)
    first, last = (np.exp(-beta[:, None] * each) for each in (starts, ends))
    middle = np.exp(-beta[:, None] * (starts + ends) / 2)
    pieces = rate[:, None] * lengths * (first + 4.0 * middle + last) / 6.0
    summed = np.concatenate([np.zeros((len(rate), 1)), np.cumsum(pieces, axis=1)], axis=1)
    columns = _places(grid, at)
    return np.asarray(summed[:, columns] - summed[:, [columns[0]]], dtype=np.float64)
