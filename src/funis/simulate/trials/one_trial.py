"""Virtual trials from the first patient to the numbers, by the ways that recorded data go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
import polars as pl

from funis.analysis.some_endpoints import analyse_apart
from funis.data.tables import tables_from_frames
from funis.errors import LEVELS, UnknownNameError
from funis.simulate.trials.scenario import TrialScenario
from funis.simulate.trials.stacked import TOGETHER, gather_alike, stack
from funis.simulate.trials.virtual_patients import FittedEntry, Patients, draw_patients
from funis.simulate.trials.virtual_tables import build_tables
from funis.study.model import Study

KEY: Final = (
    "analysis", "endpoint", "population", "arm", "contrast", "visit", "variable", "category", "parameter",
    "method",
)  # fmt: skip
"""What names a number, without its statistic."""
_ANALYSES: Final = ("test", "response", "relapse", "comparison", "mmrm")
_STATISTICS: Final = ("estimate", "percent", "lower", "upper", "p")
CONDUCT: Final = "conduct"
_TODAY: Final = date(2060, 1, 1)
_TRUE_SIZE: Final = 1000


@dataclass(frozen=True, slots=True)
class TrialPlan:
    """What every virtual trial of a run has in common.

    Attributes
    ----------
    study : from the study file
    scenario, number : the world, and its place among all worlds
    entry : as the rules of eligibility and the world give it
    patients : of each trial
    endpoints : ids of those that are computed
    seed : of the run
    """

    study: Study
    scenario: TrialScenario
    number: int
    entry: FittedEntry
    patients: int
    endpoints: tuple[str, ...]
    seed: int


def choose_endpoints(study: Study, asked: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Give the endpoints asked for, or the primary ones, the relapse and changes of a single score.

    Raises
    ------
    UnknownNameError : an endpoint is not one of the study
    """
    known = {each.id: each for each in study.endpoints}
    for name in asked:
        if name not in known:
            raise UnknownNameError("endpoint", name, tuple(known), "--endpoint")
    if asked:
        return asked
    return tuple(
        each.id
        for each in study.endpoints
        if each.role == "primary"
        or each.kind == "relapse"
        or (each.kind == "change" and each.variable in study.instrument_names)
    )


def trial_seed(plan: TrialPlan, trial: int) -> np.random.SeedSequence:
    """Give the seed of one trial: it can be run again alone.

    Parameters
    ----------
    plan : of the run
    trial : its number, from 0
    """
    return np.random.SeedSequence(plan.seed, spawn_key=(plan.number, trial))


def run_some_trials(plan: TrialPlan, trials: Sequence[int]) -> pl.DataFrame:
    """Draw trials each from its own seed; check and score them together, analyse each by itself.

    Parameters
    ----------
    plan : of the run
    trials : their numbers, from 0

    Returns
    -------
    one row a number: trial, what it is, statistic, value; what stands beside a trial does not change them
    """
    at_once = max(TOGETHER // plan.patients, 1)
    rows: list[pl.DataFrame] = []
    for start in range(0, len(trials), at_once):
        rows += _run_together(plan, trials[start : start + at_once])
    return pl.concat(rows)


def _run_together(plan: TrialPlan, trials: Sequence[int]) -> list[pl.DataFrame]:
    drawn = [_draw(plan, trial) for trial in trials]
    rows: dict[int, pl.DataFrame] = {}
    for places in gather_alike([frames for _, frames in drawn]):
        numbers, levels = _analyse(plan, [drawn[place][1] for place in places])
        for found, counted, place in zip(numbers, levels, places, strict=True):
            conduct = _count_conduct(*drawn[place])
            conduct |= {f"findings: {level}": float(counted[level]) for level in LEVELS}
            both = pl.concat([_kept(found), _as_rows(conduct)])
            rows[place] = both.with_columns(pl.lit(trials[place]).alias("trial"))
    return [rows[place] for place in range(len(trials))]


def _draw(plan: TrialPlan, trial: int) -> tuple[Patients, dict[str, pl.DataFrame]]:
    drawing, writing = (np.random.default_rng(each) for each in trial_seed(plan, trial).spawn(2))
    patients = draw_patients(plan.study, plan.scenario, plan.entry, plan.patients, drawing)
    return patients, build_tables(plan.study, patients, writing)


def _analyse(
    plan: TrialPlan, trials: Sequence[dict[str, pl.DataFrame]]
) -> tuple[list[pl.DataFrame], list[Counter[str]]]:
    """Give the numbers of each trial, and its findings by level."""
    both = stack(trials)
    tables = tables_from_frames(plan.study, both.frames, today=_TODAY)
    numbers, findings = analyse_apart(plan.study, tables, both.groups, plan.endpoints)
    levels: list[Counter[str]] = [Counter() for _ in trials]
    for each in findings:
        place = both.place_of(each)
        for counted in levels if place is None else (levels[place],):
            counted[each.level] += 1
    return numbers, levels


def true_numbers(plan: TrialPlan) -> pl.DataFrame:
    """Give what the trial estimates: the same analysis of one very large trial that loses nobody.

    Parameters
    ----------
    plan : of the run
    """
    drawing, writing = (np.random.default_rng(each) for each in trial_seed(plan, 2**31).spawn(2))
    patients = draw_patients(plan.study, plan.scenario, plan.entry, _TRUE_SIZE, drawing, is_whole=True)
    frames = build_tables(plan.study, patients, writing, has_slips=False)
    return _kept(_analyse(plan, [frames])[0][0])


def _kept(numbers: pl.DataFrame) -> pl.DataFrame:
    return numbers.filter(
        pl.col("analysis").is_in(_ANALYSES)
        & pl.col("statistic").is_in(_STATISTICS)
        & (pl.col("subgroup") == "all")
    ).select(*(pl.col(name).cast(pl.String).fill_null("") for name in (*KEY, "statistic")), "value")


def _as_rows(conduct: dict[str, float]) -> pl.DataFrame:
    rows: list[dict[str, Any]] = [
        dict.fromkeys(KEY, "") | {"analysis": CONDUCT, "variable": name, "statistic": "count", "value": value}
        for name, value in conduct.items()
    ]
    return pl.DataFrame(rows)


def _count_conduct(patients: Patients, frames: dict[str, pl.DataFrame]) -> dict[str, float]:
    """Count what the centres have to cope with."""
    found = {
        "screened": float(patients.screened),
        "screen failures": float(patients.screened - len(patients.age)),
        "left the trial": float(np.isfinite(patients.left_day).sum()),
        "visits": float(patients.seen.sum()),
        "relapses within the trial": float(np.isfinite(patients.courses.relapse_day).sum()),
        "adverse events": float(frames["adverse_events"].height if "adverse_events" in frames else 0),
    }
    infusions = frames.get("infusions")
    if infusions is not None:
        given = infusions.filter(pl.col("cells") > 0)
        weeks = given.group_by(pl.col("date").dt.truncate("1w")).len()["len"]
        found |= {
            "infusions of cells": float(given.height),
            "most infusions in one week": float(weeks.max() or 0),  # type: ignore[arg-type]
            "lots of cells": float(given["lot"].n_unique()),
            "cells, in units of 1e9": float(given["cells"].sum()) / 1e9,
        }
    return found
