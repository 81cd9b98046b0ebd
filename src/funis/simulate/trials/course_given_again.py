"""What a course of cells given again does to a disease: activity falls again, relapses come later.

The imprint of a later infusion adds to what is left of the first, for each patient from the own day on.
Activity, at a relapse and after it, falls by the share by which the model's mean course falls: how cells
work at relapse nobody has measured, so they work as at first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from funis.simulate.disease_model import TimeGrid, accumulate_hazard, fast_share, follow
from funis.simulate.parameters import FIXED
from funis.simulate.trials.course_of_activity import DAYS_A_MONTH, RelapseLuck
from funis.simulate.trials.scenario import TrialScenario, assumed
from funis.stats.sample import Floats

_STEP: Final = 0.25


def mean_courses_again(
    scenario: TrialScenario, days: Floats, first: Sequence[float], later: Floats
) -> tuple[Floats, Floats]:
    """Give the mean activity at the visits of each patient, without the later infusions and with them.

    Parameters
    ----------
    scenario : the world
    days : of the visits, shape (patients, visits)
    first : days of the infusions of the first treatment
    later : days of the later infusions, shape (patients, infusions); infinity for none

    Returns
    -------
    two arrays of the shape of `days`, relative to the activity before the cells
    """
    months = np.maximum(days, 0.0) / DAYS_A_MONTH
    grid = _grid_of_each(float(months.max()), first, later)
    fall = 1.0 - scenario.fast * fast_share(months.ravel().tolist()).reshape(months.shape)
    rate = np.full(len(days), scenario.ka)
    found = []
    for given in (np.full_like(later, np.inf), later):
        starts, ends = _imprint_of_each(scenario, grid, first, given)
        behind = follow(rate, starts, ends, grid, grid.points.tolist())
        own = [np.interp(at, grid.points, each) for at, each in zip(months, behind, strict=True)]
        found.append(fall * (1.0 - scenario.effect * np.array(own)))
    return found[0], found[1]


def move_relapses(
    scenario: TrialScenario,
    luck: RelapseLuck,
    relapse_day: Floats,
    last_day: float,
    infusions: tuple[Sequence[float], Floats],
) -> Floats:
    """Give the day of each patient's relapse where a later course may have put it off; earlier ones stay.

    Parameters
    ----------
    scenario : the world
    luck : who can relapse, and the cumulative hazard at which it comes
    relapse_day : without the later course
    last_day : of the trial
    infusions : days of the first treatment, and of the later infusions, shape (patients, infusions)
    """
    first, later = infusions
    found = relapse_day.copy()
    begins = later.min(axis=1)
    first_day = assumed("relapse_from")
    asked = np.flatnonzero(luck.is_prone & np.isfinite(begins) & (relapse_day > begins))
    if not len(asked) or last_day <= first_day:
        return found
    own = later[asked]
    steps = np.arange(first_day, last_day + 1, 10.0) / DAYS_A_MONTH
    grid = _grid_of_each(float(steps[-1]), first, own, steps)
    starts, ends = _imprint_of_each(scenario, grid, first, own)
    hazard, protection = (np.full(len(own), each) for each in (scenario.h0, scenario.beta))
    summed = accumulate_hazard(hazard, protection, starts, ends, grid, steps.tolist())
    for place, each in zip(asked, summed, strict=True):
        has_come = luck.wanted[place] < each[-1]
        found[place] = np.interp(luck.wanted[place], each, steps * DAYS_A_MONTH) if has_come else np.inf
    return found


def _grid_of_each(end: float, first: Sequence[float], later: Floats, more: Floats | None = None) -> TimeGrid:
    """Cut time into pieces that no infusion of any patient lies within."""
    given = np.concatenate([np.asarray(first, dtype=np.float64), later[np.isfinite(later)]]) / DAYS_A_MONTH
    regular = np.arange(0.0, end + _STEP, _STEP)
    points = np.unique(np.concatenate([regular, given, np.empty(0) if more is None else more]))
    return TimeGrid(points, (), ())


def _imprint_of_each(
    scenario: TrialScenario, grid: TimeGrid, first: Sequence[float], later: Floats
) -> tuple[Floats, Floats]:
    """Give the saturated imprint at both ends of every piece, shape (patients, pieces)."""
    weight = next(each.numbers[0] for each in FIXED if each.key == "later")
    koff = np.log(2.0) / scenario.half_life
    starts, ends = grid.points[:-1], grid.points[1:]
    at_start, at_end = (np.zeros((len(later), len(starts))) for _ in range(2))
    columns = [(np.full((len(later), 1), day), 1.0) for day in first]
    columns += [(later[:, [place]], weight) for place in range(later.shape[1])]
    for day, dose in columns:
        when = day / DAYS_A_MONTH
        reached = starts >= when - 1e-9
        since = np.where(reached, starts - when, 0.0)
        until = np.where(reached, ends - when, 0.0)
        at_start += np.where(reached, dose * np.exp(-koff * since), 0.0)
        at_end += np.where(reached, dose * np.exp(-koff * until), 0.0)
    return at_start / (at_start + scenario.x50), at_end / (at_end + scenario.x50)
