"""The patients of one virtual trial in primary Sjogren's syndrome: screened, let in, seen at visits."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from funis.simulate.trials.arms_allocated import allocate_arms
from funis.simulate.trials.course_of_activity import Courses, RelapseLuck, mean_course
from funis.simulate.trials.lupus_findings import DrawnFindings, FindingNoise
from funis.simulate.trials.scenario import CannotSimulateError, TrialScenario
from funis.simulate.trials.sjogren_findings import (
    Setting,
    find_forms,
    find_labs,
    persistent,
    ssdai_sd,
    total_of,
)
from funis.simulate.trials.sjogren_scenario import SJOGREN_FORMS, SJOGREN_LABS, sjogren_assumed
from funis.simulate.trials.virtual_patients import (
    FittedEntry,
    LetIn,
    Patients,
    cell_days,
    draw_leaving,
    draw_sites,
    draw_visits,
    draw_weights,
    last_day,
    list_unreadable,
    meets_rules,
)
from funis.stats.sample import Booleans, Floats
from funis.study.model import Study

_MOST_SCREENED: Final = 12
_LOOKED_AT: Final = 20_000
_KNOWN: Final = ("age", "sex", "baseline_ssdai", "baseline_aecg_2002")


def fit_sjogren_entry(study: Study, scenario: TrialScenario) -> FittedEntry:
    """Find what the entry rule alone does to the score; the published mean is that of those screened.

    Parameters
    ----------
    study : whose rules of eligibility are used
    scenario : the world
    """
    generator = np.random.default_rng(20_120)
    people = _people(scenario, _LOOKED_AT, 2, generator)
    chosen = meets_rules(study, people[0])
    regression = 0.0
    if chosen.any():
        deviation = people[1][chosen]
        mean = np.full(deviation.shape, scenario.a0)
        totals = total_of(mean, np.full(deviation.shape, ssdai_sd([0.0])[0]), deviation)
        regression = 1.0 - float(totals[:, 1].mean() / totals[:, 0].mean())
    return FittedEntry(1.0, regression, (0.0, 1.0), (0.0, scenario.a0), list_unreadable(study, _KNOWN))


def _people(
    scenario: TrialScenario, count: int, visits: int, generator: np.random.Generator
) -> tuple[pl.DataFrame, Floats]:
    """Draw people at screening, and how far each lies from the mean SSDAI at every visit."""
    deviation = persistent((count, visits), sjogren_assumed("alike"), generator)
    age = generator.normal(sjogren_assumed("age"), sjogren_assumed("age_spread"), count).clip(18, 80)
    is_woman = generator.random(count) < sjogren_assumed("women")
    first = total_of(np.full(count, scenario.a0), np.full(count, ssdai_sd([0.0])[0]), deviation[:, 0])
    frame = pl.DataFrame(
        {
            "age": np.round(age).astype(np.int64),
            "sex": np.where(is_woman, "female", "male"),
            "baseline_ssdai": first,
            # Only people with the primary disease by the criteria come to screening.
            "baseline_aecg_2002": ["met"] * count,
        }
    )
    return frame, deviation


def draw_sjogren_patients(
    study: Study,
    scenario: TrialScenario,
    _entry: FittedEntry,
    count: int,
    generator: np.random.Generator,
    *,
    is_whole: bool = False,
) -> Patients:
    """Draw the patients of a trial.

    Parameters
    ----------
    study : whose visits, arms and rules of eligibility are used
    scenario : the world
    _entry : as `fit_sjogren_entry` finds it; nothing hangs on it
    count : patients to be let in
    generator : of random numbers
    is_whole : nobody leaves and no visit is missed: for the true value of what the trial estimates

    Raises
    ------
    CannotSimulateError : the rules of eligibility let in too few
    """
    people, deviation, screened = _screen(study, scenario, count, generator)
    (allocating,) = generator.spawn(1)
    sites = draw_sites(study, count, allocating)
    is_woman = (people["sex"] == "female").to_numpy()
    arms = allocate_arms(study, sites, is_woman, allocating)
    days, seen = draw_visits(study, count, generator, is_whole=is_whole)
    setting = _set(study, scenario, arms, days)
    totals = total_of(scenario.a0 * setting.mean, ssdai_sd(np.maximum(setting.days, 0.0))[None, :], deviation)
    forms = find_forms(setting, totals, generator)
    labs = find_labs(setting, forms["ssdai"]["leukopenia_lymphopenia"] > 0, generator)
    asked = _asked(study, count, generator)
    left = draw_leaving(count, generator, is_whole=is_whole)
    seen &= days < left[:, None]
    weight = draw_weights(is_woman, generator)
    left = np.where(left < last_day(study), left, np.inf)
    findings = DrawnFindings({}, labs, {}, {name: forms[name] for name in study.instrument_names}, asked)
    courses = Courses(setting.mean, np.full(count, np.inf), np.zeros(days.shape, dtype=np.bool_))
    age, ones = people["age"].to_numpy(), np.ones(count)
    none = np.zeros((0, count, 0))
    entered = LetIn(FindingNoise(none, none, none), ones, ones < 0, age, is_woman, screened)
    luck = RelapseLuck(ones < 0, np.full(count, np.inf))
    return Patients(arms, sites, days, seen, courses, findings, age, is_woman, weight, left,
                    entered, setting.mean, ones, luck)  # fmt: skip


def _screen(
    study: Study, scenario: TrialScenario, count: int, generator: np.random.Generator
) -> tuple[pl.DataFrame, Floats, int]:
    """Screen people until enough are let in; those after the last one let in were not screened."""
    people, deviation = _people(scenario, _MOST_SCREENED * count, len(study.visits), generator)
    places = np.flatnonzero(meets_rules(study, people))[:count]
    if len(places) < count:
        raise CannotSimulateError(
            f"In scenario {scenario.name!r} the rules of eligibility let in {len(places)} of "
            f"{people.height:,} screened; {count} are wanted. Mean SSDAI of those screened is "
            f"{scenario.a0}, as published. Look at the rules of [eligibility]."
        )
    return people[places.tolist()], deviation[places], int(places[-1]) + 1


def _set(study: Study, scenario: TrialScenario, arms: np.typing.NDArray[np.int64], days: Floats) -> Setting:
    """Give the mean course of each patient's arm, and how long ago the first cells were given."""
    planned = np.array([float(each.day) for each in study.visits])
    mean, since = np.empty(days.shape), np.full(days.shape, -1.0)
    for arm in range(max(len(study.arms), 1)):
        own, given = arms == arm, cell_days(study, arm)
        mean[own] = mean_course(scenario, np.maximum(planned, 0.0).tolist(), given)
        if given:
            since[own] = planned - given[0]
    return Setting(planned, mean, since, float(np.sign(scenario.effect)))


def _asked(study: Study, count: int, generator: np.random.Generator) -> dict[str, Booleans]:
    """Say at which visits each form and each test was done, and in whom."""
    asked: dict[str, Booleans] = {}
    chosen = generator.random(count) < sjogren_assumed("measured")
    for name in SJOGREN_FORMS:
        planned = np.array([name in each.forms for each in study.visits])
        if planned.any():
            asked[name] = np.broadcast_to(planned, (count, len(planned)))
        else:
            # A form that no visit asks for is filled for the endpoints that need it, in some patients.
            asked[name] = chosen[:, None] & _wanted(study, name)[None, :]
    for each in SJOGREN_LABS:
        due = [
            "labs" in visit.forms and (not visit.labs or each.test in visit.labs) for visit in study.visits
        ]
        asked[each.test] = np.broadcast_to(np.array(due), (count, len(due)))
    return asked


def _wanted(study: Study, name: str) -> Booleans:
    """Tell at which visits the endpoints of a score need it; the first visit is what they compare with."""
    wanted = {
        visit
        for each in study.endpoints
        if name in {each.variable, *each.variables}
        for visit in (study.visits[0].name, *(each.at or tuple(one.name for one in study.visits)))
    }
    return np.array([each.name in wanted for each in study.visits])
