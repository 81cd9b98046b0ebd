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


@dataclass(frozen=True, slots=True)
class RelapseLuck:
    """What chance decides of every patient's relapse, whatever is done: shape (patients,).

    Attributes
    ----------
    is_prone : can relapse
    wanted : cumulative hazard at which a relapse comes
    """

    is_prone: Booleans
    wanted: Floats


def draw_luck(scenario: TrialScenario, count: int, generator: np.random.Generator) -> RelapseLuck:
    """Draw who can relapse, and at which cumulative hazard.

    Parameters
    ----------
    scenario : the world
    count : patients
    generator : of random numbers
    """
    return RelapseLuck(generator.random(count) < scenario.prone, generator.exponential(size=count))


def draw_ratios(count: int, generator: np.random.Generator) -> Floats:
    """Draw each patient's own response, relative to the mean course."""
    spread = assumed("ratio_spread")
    return np.asarray(np.exp(spread * generator.standard_normal(count) - spread**2 / 2), dtype=np.float64)


def find_relapse_days(
    scenario: TrialScenario,
    luck: RelapseLuck,
    last_day: float,
    infusion_days: Sequence[float],
) -> Floats:
    """Give the day of each patient's relapse, from the visit of the response on; infinity for none.

    Parameters
    ----------
    scenario : the world
    luck : who can relapse, and the cumulative hazard at which it comes
    last_day : of the trial
    infusion_days : of the cells; none for a control arm
    """
    wanted = luck.wanted
    found = np.full(len(wanted), np.inf)
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
    has_come = luck.is_prone & (wanted < summed[-1])
    found[has_come] = np.interp(wanted[has_come], summed, steps)
    return found


def place_courses(mean: Floats, days: Floats, relapse_day: Floats, ratio: Floats) -> Courses:
    """Place the activity of every patient around the mean course of the arm.

    Parameters
    ----------
    mean : mean course of each patient's arm, shape (patients, visits)
    days : of each patient's visits, same shape
    relapse_day, ratio : of each patient
    """
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
