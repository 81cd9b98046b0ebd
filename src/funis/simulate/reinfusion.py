"""The answer to "when to infuse again": policies, what drives them, and the trial that would tell."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from funis.arguments import SEED, NumberFrom, Text, takes
from funis.simulate.calibration import STEPS, Calibration, calibrate
from funis.simulate.needed_trials import (
    ReinfusionTrial,
    WaningTrial,
    assurance_of_repeat,
    patients_to_see_waning,
    responders_for,
)
from funis.simulate.parameters import FITTED
from funis.simulate.policies import Policy, PolicyOutcome, compare_policies

END: Final = 24.0
"""Months, from the first infusion on, over which policies are compared."""
RESPONDERS: Final = 200
"""Of each draw from the posterior, and of the trial whose chance of success is told."""
_DRAWS: Final = 200
_HALF_LIVES: Final = (3.0, 6.0, 12.0)
_FOLLOW_UPS: Final = (12.0, 18.0, 24.0)
_HARM_BETA: Final = -0.7


@dataclass(frozen=True, slots=True)
class ReinfusionAnswer:
    """What can be said of infusing again.

    Attributes
    ----------
    model : the calibrated disease model
    outcomes : of the policies, by what is known
    harmful : of the same policies in a world in which the cells provoke relapse
    cells_for : infusions for each 100 responders that there are cells for; infinity for no limit
    waning_trials : patients who would show waning, by true half-life and follow-up
    repeat_trial : responders who would show the hazard ratio that was asked
    assurance : chance that a trial of one repeat at month 6 in 200 responders succeeds
    large_benefit : chance that a repeat at month 6 spares 10 or more relapses in 100 responders
    """

    model: Calibration
    outcomes: tuple[PolicyOutcome, ...]
    harmful: tuple[PolicyOutcome, ...]
    cells_for: float
    waning_trials: tuple[WaningTrial, ...]
    repeat_trial: ReinfusionTrial
    assurance: float
    large_benefit: float


@takes(
    relapses=Text(),
    seed=SEED,
    steps=NumberFrom(20, 200_000, whole=True),
    cells_for=NumberFrom(0, inf=True),
    hazard_ratio=NumberFrom(0, 1, is_open=True),
)
def reinfuse(
    relapses: str = "yearly",
    *,
    seed: int = 1,
    steps: int = STEPS,
    cells_for: float = math.inf,
    hazard_ratio: float = 0.5,
) -> ReinfusionAnswer:
    """Compare policies of infusing again, with all that is not known carried through.

    Parameters
    ----------
    relapses, seed, steps : as for `calibrate`
    cells_for : infusions for each 100 responders that there are cells for
    hazard_ratio : of a repeat at month 6, in those who can relapse, that a trial is to show

    Raises
    ------
    UnknownNameError : there is no such report of relapse

    Checked against
    ---------------
    tests/simulate/test_reinfusion : integrals of the hazard, simulated log-rank trials recorded elsewhere

    Examples
    --------
    >>> answer = reinfuse("abstract", steps=40)
    >>> [each.policy.name for each in answer.outcomes[:3]], answer.model.is_usable
    (['none', 'all at month 6', 'all at month 9'], False)
    """
    model = calibrate(relapses, seed=seed, steps=steps)
    values = model.draws[:: max(len(model.draws) // _DRAWS, 1)][:_DRAWS]
    harmful = values.copy()
    harmful[:, FITTED.index("beta")] = _HARM_BETA
    drawing = np.random.SeedSequence(seed, spawn_key=(1,))
    policies = (
        Policy("none"), Policy("fixed", 6.0), Policy("fixed", 9.0), Policy("fixed", 12.0),
        Policy("at relapse"), Policy("at biomarker rise"),
    )  # fmt: skip
    outcomes, worse = (
        compare_policies(
            each,
            policies,
            end=END,
            responders=RESPONDERS,
            most_infusions=cells_for,
            seed=drawing,
            can_answer=can,
        )
        for each, can in ((values, True), (harmful, False))
    )
    medians = {each.parameter.key: each.posterior.median for each in model.parameters}
    assurance, large = assurance_of_repeat(model.draws, RESPONDERS, end=END)
    return ReinfusionAnswer(
        model, outcomes, worse, cells_for, _trials_of_waning(medians),
        responders_for(hazard_ratio, medians["prone"], medians["h0"]), assurance, large,
    )  # fmt: skip


def _trials_of_waning(medians: dict[str, float]) -> tuple[WaningTrial, ...]:
    return tuple(
        patients_to_see_waning(
            half_life,
            months,
            effect=medians["effect"],
            ka=medians["ka"],
            fast=medians["fast"],
            x50=medians["x50"],
        )
        for half_life in _HALF_LIVES
        for months in _FOLLOW_UPS
    )
