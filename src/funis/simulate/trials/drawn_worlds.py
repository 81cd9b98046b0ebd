"""Worlds drawn from the posterior of the disease model: what is not known of it is carried through a design.

With one world a design has a power; over worlds that the published figures leave possible it has an
assurance, the mean of the power (O'Hagan, Stevens and Campbell 2005, Pharm Stat 4:187). Each trial has one
world, by its own seed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np

from funis.simulate.calibration import CalibratedParameter, calibrate
from funis.simulate.parameters import FITTED
from funis.simulate.trials.scenario import CannotSimulateError, TrialScenario
from funis.stats.sample import Floats

WORLDS: Final = 1000
"""Draws that trials take their world from."""
DRAWN: Final = tuple(key for key in FITTED if key != "a0")
"""Parameters that differ between worlds. How active the disease of those let in is, the centres decide."""
_CALIBRATED: Final = ("yearly", "five_year")


def draw_worlds(
    scenario: TrialScenario, seed: int
) -> tuple[tuple[TrialScenario, ...], tuple[CalibratedParameter, ...]]:
    """Calibrate the disease model and give worlds from its posterior, and what decided each parameter drawn.

    Parameters
    ----------
    scenario : ``yearly`` or ``five_year``, whose report of relapse is believed
    seed : of the chain

    Raises
    ------
    CannotSimulateError : the scenario was entered by hand, or the chain was too short
    """
    if scenario.name not in _CALIBRATED:
        known = " and ".join(_CALIBRATED)
        raise CannotSimulateError(
            f"Scenario {scenario.name!r} was entered by hand and has no posterior. Calibrated are {known}."
        )
    found = calibrate(scenario.name, seed=seed)
    if not found.is_usable:
        raise CannotSimulateError("The chain of the calibration is too short. Give another --seed.")
    worlds = as_worlds(scenario, found.draws[:: max(len(found.draws) // WORLDS, 1)][:WORLDS])
    return worlds, tuple(each for each in found.parameters if each.parameter.key in DRAWN)


def as_worlds(scenario: TrialScenario, draws: Floats) -> tuple[TrialScenario, ...]:
    """Give a world for each draw of the parameters.

    Parameters
    ----------
    scenario : what is not drawn
    draws : shape (draws, parameters), in the order of the table of parameters

    Examples
    --------
    >>> from funis.simulate.trials.scenario import find_scenario
    >>> from funis.simulate.parameters import draw_prior
    >>> worlds = as_worlds(find_scenario("yearly"), draw_prior(2, np.random.default_rng(1)))
    >>> len(worlds), worlds[0].a0, worlds[0].effect == worlds[1].effect
    (2, 10.83, False)
    """
    places = [FITTED.index(key) for key in DRAWN]
    found = []
    for draw in draws:
        own: dict[str, Any] = {key: float(draw[place]) for key, place in zip(DRAWN, places, strict=True)}
        found.append(replace(scenario, **own))
    return tuple(found)


def world_of(
    scenario: TrialScenario, worlds: tuple[TrialScenario, ...], seed: np.random.SeedSequence
) -> TrialScenario:
    """Give the world of one trial by its own seed; the scenario where no worlds were drawn."""
    return worlds[int(np.random.default_rng(seed).integers(len(worlds)))] if worlds else scenario


def write_worlds(worlds: Sequence[TrialScenario]) -> str:
    """Write the draws as they are kept beside the numbers: a line each, every digit.

    Examples
    --------
    >>> from funis.simulate.trials.scenario import find_scenario
    >>> print(write_worlds([find_scenario("yearly")]), end="")
    effect,fast,ka,half_life,x50,prone,h0,beta
    0.33,0.22,0.31,13.4,0.32,0.58,0.09,0.94
    """
    lines = [",".join(DRAWN), *(",".join(repr(getattr(each, key)) for key in DRAWN) for each in worlds)]
    return "\n".join(lines) + "\n"


def digest_of_worlds(worlds: Sequence[TrialScenario]) -> str:
    """Give the SHA-256 of the draws, as of the file that holds them."""
    return hashlib.sha256(write_worlds(worlds).encode()).hexdigest()
