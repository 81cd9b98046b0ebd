"""One virtual trial from its first patient to its numbers, by the ways that recorded data go."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
import polars as pl

from funis.analysis.some_endpoints import analyse_some
from funis.data.tables import tables_from_frames
from funis.errors import LEVELS, UnknownNameError
from funis.simulate.trials.scenario import TrialScenario
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


def run_trial(plan: TrialPlan, trial: int) -> pl.DataFrame:
    """Draw one trial, check it, score it, analyse it.

    Parameters
    ----------
    plan : of the run
    trial : its number, from 0

    Returns
    -------
    one row a number: trial, what it is, statistic, value
    """
    drawing, writing = (np.random.default_rng(each) for each in trial_seed(plan, trial).spawn(2))
    patients = draw_patients(plan.study, plan.scenario, plan.entry, plan.patients, drawing)
    frames = build_tables(plan.study, patients, writing)
    tables = tables_from_frames(plan.study, frames, today=_TODAY)
    numbers, findings = analyse_some(plan.study, tables, plan.endpoints)
    levels = Counter(each.level for each in findings)
    conduct = _count_conduct(patients, frames) | {
        f"findings: {level}": float(levels[level]) for level in LEVELS
    }
    return pl.concat([_kept(numbers), _as_rows(conduct)]).with_columns(pl.lit(trial).alias("trial"))


def true_numbers(plan: TrialPlan) -> pl.DataFrame:
    """Give what the trial estimates: the same analysis of one very large trial that loses nobody.

    Parameters
    ----------
    plan : of the run
    """
    drawing, writing = (np.random.default_rng(each) for each in trial_seed(plan, 2**31).spawn(2))
    patients = draw_patients(plan.study, plan.scenario, plan.entry, _TRUE_SIZE, drawing, is_whole=True)
    tables = tables_from_frames(
        plan.study, build_tables(plan.study, patients, writing, has_slips=False), today=_TODAY
    )
    return _kept(analyse_some(plan.study, tables, plan.endpoints)[0])


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
