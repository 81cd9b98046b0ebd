"""A run of virtual trials from a study to its report: plan, trials, truth, characteristics."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import polars as pl

from funis.arguments import SEED, STUDY, NumberFrom, Text, takes
from funis.files import write_whole
from funis.simulate.trials.characteristics import Characteristic, summarise
from funis.simulate.trials.checked_study import check_study
from funis.simulate.trials.diseases import DISEASES, choose_scenario
from funis.simulate.trials.drawn_worlds import draw_worlds, write_worlds
from funis.simulate.trials.one_trial import TrialPlan, choose_endpoints, draw_trials
from funis.simulate.trials.run_trials import run_key, run_trials
from funis.simulate.trials.scenario import CannotSimulateError
from funis.simulate.trials.true_values import true_numbers
from funis.study.model import Study

PARTS: Final = "parts"
FIXED_PARTS: Final = "parts_fixed"
WORLDS_FILE: Final = "worlds.csv"
AT_FIXED: Final = "power at fixed values"
"""Kind of a power in the world of the scenario, beside the assurance of the same trials."""


@dataclass(frozen=True, slots=True)
class SimulatedTrials:
    """Many virtual trials, summarised.

    Attributes
    ----------
    plan : what they have in common
    key : fingerprint of study, world, size, endpoints, seed and code
    trials : how many
    characteristics : what they say of the design
    at_fixed : the same trials in the scenario itself, their power alone, where it stands beside an assurance
    """

    plan: TrialPlan
    key: str
    trials: int
    characteristics: tuple[Characteristic, ...]
    at_fixed: SimulatedTrials | None = None


def plan_trials(
    study: Study,
    *,
    scenario: str,
    patients: int,
    seed: int,
    endpoints: tuple[str, ...] = (),
    cells_for: int | None = None,
    posterior: bool = False,
) -> TrialPlan:
    """Plan virtual trials of a study.

    Parameters
    ----------
    study : from the study file
    scenario : name of the world; empty for the first one of the disease
    patients : of each trial
    seed : of all draws
    endpoints : ids; by default the primary ones, the relapse and changes of a single score
    cells_for : courses at relapse or by a rule that there are cells for in a trial; None for no limit
    posterior : the disease of each trial is drawn from the posterior of the calibrated model

    Raises
    ------
    CannotSimulateError : the study asks for what no virtual patient has, or the scenario has no posterior
    UnknownNameError : there is no such scenario or endpoint
    """
    check_study(study)
    world = choose_scenario(study, scenario)
    disease = DISEASES[study.trial.condition]
    if posterior and world.prone == 0:
        raise CannotSimulateError(
            f"Scenario {world.name!r} has no posterior: the model of this disease was fitted by maximum "
            "likelihood alone. Leave out --posterior."
        )
    chosen = choose_endpoints(study, endpoints)
    number = list(disease.scenarios).index(world.name)
    entry = disease.fit(study, world)
    worlds, drawn = draw_worlds(world, seed) if posterior else ((), ())
    return TrialPlan(study, world, number, entry, patients, chosen, seed, cells_for, worlds, drawn)


def simulate_trials(
    plan: TrialPlan,
    trials: int,
    out: Path,
    *,
    workers: int = 1,
    cluster: str = "",
    resume: bool = False,
    tell: Callable[[int], None] = lambda _: None,
) -> SimulatedTrials:
    """Run virtual trials and summarise them; the worlds they were drawn in are kept beside the parts.

    Parameters
    ----------
    plan : as `plan_trials` gives it
    trials, workers, cluster, resume, tell : as for `run_trials`
    out : folder; the parts stand in ``parts``
    """

    def run(each: TrialPlan, folder: str, done: int) -> pl.DataFrame:
        return run_trials(
            each, trials, out / folder, workers=workers, cluster=cluster, resume=resume,
            tell=lambda count: tell(done + count),
        )  # fmt: skip

    rows = run(plan, PARTS, 0)
    # Each world has a truth of its own: there is none that all the trials estimate.
    truth = rows.clear() if plan.worlds else true_numbers(plan)
    found = summarise(rows, truth, plan.study.trial.alpha)
    if not plan.worlds:
        return SimulatedTrials(plan, run_key(plan), trials, found)
    write_whole(out / WORLDS_FILE, write_worlds(plan.worlds))
    at_fixed = None
    if plan.is_beside:
        alone = replace(plan, worlds=(), drawn=(), is_beside=False)
        known = run(alone, FIXED_PARTS, trials)
        powers = summarise(known, known.clear(), plan.study.trial.alpha)
        named = tuple(replace(each, kind=AT_FIXED) for each in powers if each.kind == "power")
        at_fixed = SimulatedTrials(alone, run_key(alone), trials, named)
    return SimulatedTrials(plan, run_key(plan), trials, found, at_fixed)


@takes(
    study=STUDY,
    scenario=Text(empty=True),
    patients=NumberFrom(2, 2000, whole=True),
    seed=SEED,
    trial=NumberFrom(0, 10**9, whole=True),
)
def draw_trial(
    study: Study, *, scenario: str = "", patients: int = 40, seed: int = 1, trial: int = 0
) -> dict[str, pl.DataFrame]:
    """Draw the tables of one virtual trial, as ``funis.tables_from_frames`` takes them.

    Parameters
    ----------
    study : a study in lupus or primary Sjogren's syndrome, with planned visits
    scenario : in lupus ``yearly``, ``five_year``, ``null`` or ``harm``; in Sjogren's syndrome ``slow``,
        ``null`` or ``harm``; empty for the first
    patients : of the trial
    seed, trial : seed of a run, and the number of the trial in it: the same two give the same trial

    Returns
    -------
    frames by table name; the number of every subject begins with ``VIRTUAL-``

    Raises
    ------
    CannotSimulateError : the study asks for what no virtual patient has

    Examples
    --------
    >>> from funis.study.read import read_study, template_path
    >>> frames = draw_trial(read_study(template_path("sle")), patients=5)
    >>> frames["subjects"].height, frames["subjects"]["subject"][0]
    (5, 'VIRTUAL-0001')
    """
    plan = plan_trials(study, scenario=scenario, patients=patients, seed=seed)
    (drawn,) = draw_trials(plan, [trial])
    return drawn.frames
