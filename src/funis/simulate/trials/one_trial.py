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
from funis.simulate.calibration import CalibratedParameter
from funis.simulate.trials.diseases import DISEASES
from funis.simulate.trials.drawn_worlds import DRAWN, world_of
from funis.simulate.trials.later_course import (
    LOOKED_AT,
    LaterCourse,
    later_relapse,
    look_for,
    plan_course,
    waits,
)
from funis.simulate.trials.scenario import TrialScenario
from funis.simulate.trials.stacked import TOGETHER, gather_alike, own_number, stack
from funis.simulate.trials.virtual_patients import FittedEntry, Patients, infuse_again
from funis.simulate.trials.virtual_tables import build_tables
from funis.study.course_conditions import FoundCondition
from funis.study.courses import AT_RELAPSE
from funis.study.model import Study

KEY: Final = (
    "analysis", "endpoint", "population", "arm", "contrast", "visit", "variable", "category", "parameter",
    "method",
)  # fmt: skip
"""What names a number, without its statistic."""
_ANALYSES: Final = ("test", "response", "relapse", "comparison", "mmrm", AT_RELAPSE)
_STATISTICS: Final = ("estimate", "percent", "lower", "upper", "p")
CONDUCT: Final = "conduct"
WORLD: Final = "world"
"""Parameters of the world of a trial, where each has its own."""
NO_RESPONSE: Final = "later courses: relapses without a response before, which begin none"
UNSEEN: Final = "later courses: relapses that the records do not show"
UNFOUNDED: Final = "later courses: begun while the disease had not relapsed"
TODAY: Final = date(2060, 1, 1)


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
    cells_for : courses at relapse or by a rule that there are cells for in a trial; None for no limit
    worlds : drawn from the posterior, of which each trial has one; none for the scenario alone
    drawn : prior, posterior and what decides each parameter that the worlds differ in
    is_beside : the same trials are run in the scenario itself too: the same patients, days and luck
    """

    study: Study
    scenario: TrialScenario
    number: int
    entry: FittedEntry
    patients: int
    endpoints: tuple[str, ...]
    seed: int
    cells_for: int | None = None
    worlds: tuple[TrialScenario, ...] = ()
    drawn: tuple[CalibratedParameter, ...] = ()
    is_beside: bool = False


@dataclass(frozen=True, slots=True)
class DrawnTrial:
    """One trial before anybody looks at it.

    Attributes
    ----------
    patients : everybody who was let in
    frames : their tables
    world : whose disease it is
    later : the course at relapse or by a rule, where the study has one
    """

    patients: Patients
    frames: dict[str, pl.DataFrame]
    world: TrialScenario
    later: LaterCourse | None = None


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
    drawn = draw_trials(plan, trials)
    rows: dict[int, pl.DataFrame] = {}
    for places in gather_alike([each.frames for each in drawn]):
        numbers, levels = analyse_together(plan, [drawn[place].frames for place in places])
        for found, counted, place in zip(numbers, levels, places, strict=True):
            conduct = _count_conduct(plan.study, drawn[place])
            conduct |= {f"findings: {level}": float(counted[level]) for level in LEVELS}
            parts = [kept_numbers(found), _as_rows(CONDUCT, conduct)]
            if plan.worlds:
                world = drawn[place].world
                parts.append(_as_rows(WORLD, {key: float(getattr(world, key)) for key in DRAWN}))
            both = pl.concat(parts)
            rows[place] = both.with_columns(pl.lit(trials[place]).alias("trial"))
    return [rows[place] for place in range(len(trials))]


def draw_trials(plan: TrialPlan, trials: Sequence[int]) -> list[DrawnTrial]:
    """Draw trials each from its own seed; what begins a later course is looked for in all of them together.

    Parameters
    ----------
    plan : of the run
    trials : their numbers, from 0
    """
    drawn = [draw_one(plan, trial) for trial in trials]
    if not waits(plan.study):
        return drawn
    looked = [{name: each.frames[name] for name in LOOKED_AT if name in each.frames} for each in drawn]
    for places in gather_alike(looked):
        found = look_for_course(plan, [looked[place] for place in places])
        for met, place in zip(found, places, strict=True):
            drawn[place] = go_on(plan, trials[place], drawn[place], met)
    return drawn


def _seeds(plan: TrialPlan, trial: int) -> list[np.random.SeedSequence]:
    """Give the seeds of the patients, of what is written of them, of the later course, and of the world."""
    return trial_seed(plan, trial).spawn(4)


def draw_one(plan: TrialPlan, trial: int, *, count: int = 0, is_whole: bool = False) -> DrawnTrial:
    """Draw one trial up to what begins a later course.

    Parameters
    ----------
    plan : of the run
    trial : its number
    count : patients; 0 for those of the plan
    is_whole : nobody leaves, no visit is missed, no item is blank
    """
    seeds = _seeds(plan, trial)
    drawing, writing = (np.random.default_rng(each) for each in seeds[:2])
    world = plan.scenario if count else world_of(plan.scenario, plan.worlds, seeds[3])
    patients = DISEASES[plan.study.trial.condition].draw(
        plan.study, world, plan.entry, count or plan.patients, drawing, is_whole=is_whole
    )
    return DrawnTrial(patients, build_tables(plan.study, patients, writing, has_slips=not is_whole), world)


def look_for_course(
    plan: TrialPlan, trials: Sequence[dict[str, pl.DataFrame]]
) -> list[dict[str, FoundCondition]]:
    """Give what begins the later course, by subject as the trial itself numbers them."""
    both = stack(trials)
    met = look_for(plan.study, tables_from_frames(plan.study, both.frames, today=TODAY))
    found: list[dict[str, FoundCondition]] = [{} for _ in trials]
    for subject, place in both.groups.items():
        if subject in met:
            found[place][own_number(subject)] = met[subject]
    return found


def go_on(
    plan: TrialPlan,
    trial: int,
    drawn: DrawnTrial,
    met: dict[str, FoundCondition],
    *,
    arm: str = "",
    is_whole: bool = False,
) -> DrawnTrial:
    """Go on with a trial from what begins the later course: the same patients, seen on the same days.

    Parameters
    ----------
    plan, trial : of the run
    drawn : as `draw_one` gives it
    met : what begins the course, by subject
    arm : that everybody is allocated to, and there are cells for everybody; by default chance allocates
    is_whole : as for `draw_one`
    """
    _, writing, choosing, _ = _seeds(plan, trial)
    cells_for = None if is_whole or arm else plan.cells_for
    later = plan_course(plan.study, drawn.patients, drawn.frames, met, choosing, cells_for=cells_for, arm=arm)
    patients = infuse_again(plan.study, drawn.world, plan.entry, drawn.patients, later.begins)
    frames = build_tables(
        plan.study, patients, np.random.default_rng(writing), has_slips=not is_whole, later=later
    )
    return DrawnTrial(patients, frames, drawn.world, later)


def analyse_together(
    plan: TrialPlan, trials: Sequence[dict[str, pl.DataFrame]]
) -> tuple[list[pl.DataFrame], list[Counter[str]]]:
    """Give the numbers of each trial, and its findings by level."""
    both = stack(trials)
    tables = tables_from_frames(plan.study, both.frames, today=TODAY)
    numbers, findings = analyse_apart(plan.study, tables, both.groups, plan.endpoints)
    levels: list[Counter[str]] = [Counter() for _ in trials]
    for each in findings:
        place = both.place_of(each)
        for counted in levels if place is None else (levels[place],):
            counted[each.level] += 1
    return numbers, levels


def kept_numbers(numbers: pl.DataFrame) -> pl.DataFrame:
    """Keep the numbers of everybody that a run is summarised by, each named by the columns of the key."""
    return numbers.filter(
        pl.col("analysis").is_in(_ANALYSES)
        & pl.col("statistic").is_in(_STATISTICS)
        & (pl.col("subgroup") == "all")
    ).select(*(pl.col(name).cast(pl.String).fill_null("") for name in (*KEY, "statistic")), "value")


def _as_rows(analysis: str, named: dict[str, float]) -> pl.DataFrame:
    rows: list[dict[str, Any]] = [
        dict.fromkeys(KEY, "")
        | {"analysis": analysis, "variable": name, "statistic": "count", "value": value}
        for name, value in named.items()
    ]
    return pl.DataFrame(rows)


def _count_conduct(study: Study, drawn: DrawnTrial) -> dict[str, float]:
    """Count what the centres have to cope with."""
    patients, frames = drawn.patients, drawn.frames
    screened = patients.entered.screened
    day = patients.courses.relapse_day
    relapsed = np.isfinite(day) & (day < patients.left_day)
    found = {
        "screened": float(screened),
        "screen failures": float(screened - len(patients.age)),
        "left the trial": float(np.isfinite(patients.left_day).sum()),
        "visits": float(patients.seen.sum()),
        # Where nobody can relapse the count says nothing.
        **({"relapses within the trial": float(relapsed.sum())} if drawn.world.prone > 0 else {}),
        "adverse events": float(frames["adverse_events"].height if "adverse_events" in frames else 0),
    }
    if drawn.later is not None:
        later = drawn.later
        found["later courses: begun by what was found"] = float(np.isfinite(later.found).sum())
        if later_relapse(study):
            unseen = relapsed & ~later.is_without_response & ~np.isfinite(later.found)
            found |= {
                NO_RESPONSE: float((relapsed & later.is_without_response).sum()),
                UNSEEN: float(unseen.sum()),
                UNFOUNDED: float((np.isfinite(later.found) & (later.found < day)).sum()),
            }
        ratio = study.re_randomisation.ratio if study.re_randomisation is not None else {}
        found |= {f"later courses: allocated to {arm}": float(later.arms.count(arm)) for arm in ratio}
        found |= {"later courses: given": float(later.given), "later courses: no cells": float(later.refused)}
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
