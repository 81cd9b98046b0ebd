"""How active the disease of every virtual patient is on every day of a visit, and when it relapses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from funis.simulate.disease_model import accumulate_hazard, fast_share, follow, make_grid, solve_imprint
from funis.simulate.trials.scenario import TrialScenario, assumed
from funis.stats.sample import Booleans, Floats

DAYS_A_MONTH: Final = 30.4375


@dataclass(frozen=True, slots=True)
class Courses:
    """The disease of every patient.

    Attributes
    ----------
    level : activity relative to that before the cells, shape (patients, visits)
    relapse_day : day of the relapse; infinity for none
    is_new : the visit is the first one after a relapse, shape (patients, visits)
    """

    level: Floats
    relapse_day: Floats
    is_new: Booleans


def mean_course(scenario: TrialScenario, days: Sequence[float], infusion_days: Sequence[float]) -> Floats:
    """Give the mean activity at some days, relative to that before the cells.

    Parameters
    ----------
    scenario : the world
    days : study days, not below 0
    infusion_days : of the cells; none for a control arm

    Examples
    --------
    >>> from funis.simulate.trials.scenario import find_scenario
    >>> [round(float(each), 2) for each in mean_course(find_scenario("null"), [0, 180], [0, 7])]
    [1.0, 0.78]
    """
    months = [max(day, 0.0) / DAYS_A_MONTH for day in days]
    fall = 1.0 - scenario.fast * fast_share(months)
    if not len(infusion_days) or not max(months):
        return fall
    grid = make_grid(max(months), [*(each / DAYS_A_MONTH for each in infusion_days), *months],
                     [1.0] * len(infusion_days) + [0.0] * len(months))  # fmt: skip
    starts, ends = solve_imprint(np.array([np.log(2.0) / scenario.half_life]), np.array([scenario.x50]), grid)
    behind = follow(np.array([scenario.ka]), starts, ends, grid, months)[0]
    return np.asarray(fall * (1.0 - scenario.effect * behind), dtype=np.float64)


def draw_relapses(
    scenario: TrialScenario,
    count: int,
    last_day: float,
    infusion_days: Sequence[float],
    generator: np.random.Generator,
) -> Floats:
    """Draw the day of each patient's relapse, from the visit of the response on; infinity for none.

    Parameters
    ----------
    scenario : the world
    count : patients
    last_day : of the trial
    infusion_days : of the cells; none for a control arm
    generator : of random numbers
    """
    is_prone = generator.random(count) < scenario.prone
    wanted = generator.exponential(size=count)
    found = np.full(count, np.inf)
    first_day = assumed("relapse_from")
    if last_day <= first_day:
        return found
    steps = np.arange(first_day, last_day + 1, 10.0)
    times = [*(day / DAYS_A_MONTH for day in infusion_days), *(steps / DAYS_A_MONTH)]
    grid = make_grid(steps[-1] / DAYS_A_MONTH, times,
                     [1.0] * len(infusion_days) + [0.0] * len(steps))  # fmt: skip
    koff = np.array([np.log(2.0) / scenario.half_life])
    starts, ends = solve_imprint(koff, np.array([scenario.x50]), grid)
    summed = accumulate_hazard(
        np.array([scenario.h0]), np.array([scenario.beta]), starts, ends, grid, list(steps / DAYS_A_MONTH)
    )[0]
    has_come = is_prone & (wanted < summed[-1])
    found[has_come] = np.interp(wanted[has_come], summed, steps)
    return found


def draw_courses(mean: Floats, days: Floats, relapse_day: Floats, generator: np.random.Generator) -> Courses:
    """Draw the activity of every patient around the mean course of the arm.

    Parameters
    ----------
    mean : mean course of each patient's arm, shape (patients, visits)
    days : of each patient's visits, same shape
    relapse_day : of each patient
    generator : of random numbers
    """
    spread = assumed("ratio_spread")
    ratio = np.exp(spread * generator.standard_normal(len(mean)) - spread**2 / 2)
    months = np.maximum(days, 0.0) / DAYS_A_MONTH
    # The own response of a patient comes with the treatment, not before it.
    level = mean * ratio[:, None] ** np.minimum(months / assumed("onset"), 1.0)
    since = days - relapse_day[:, None]
    lasting = assumed("relapse_days")
    is_active, is_later = (since >= 0) & (since < lasting), since >= lasting
    level = np.where(is_active, np.maximum(level, assumed("relapse_level")), level)
    level = np.where(is_later, np.maximum(level, assumed("after_relapse")), level)
    before = np.concatenate([np.full((len(days), 1), -1.0), since[:, :-1]], axis=1)
    return Courses(level, relapse_day, (since >= 0) & (before < 0))
