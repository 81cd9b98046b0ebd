"""The patients of one virtual trial: who is screened, who is let in, what is recorded of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import polars as pl

from funis.catalogue.registry import definition
from funis.simulate.trials.arms_allocated import allocate_arms
from funis.simulate.trials.course_given_again import mean_courses_again, move_relapses
from funis.simulate.trials.course_of_activity import (
    DAYS_A_MONTH,
    Courses,
    RelapseLuck,
    draw_luck,
    draw_ratios,
    find_relapse_days,
    mean_course,
    place_courses,
)
from funis.simulate.trials.lupus_findings import DrawnFindings, FindingNoise, draw_noise, find
from funis.simulate.trials.scenario import CannotSimulateError, TrialScenario, assumed
from funis.stats.sample import Booleans, Floats, Integers
from funis.study.courses import conditional_courses, planned_courses
from funis.study.model import Study
from funis.study.planned_infusion import Infusion
from funis.study.rules import apply_rule, rule_columns

_MOST_SCREENED: Final = 12
_LOOKED_AT: Final = 4_000
_KNOWN: Final = ("age", "sex", "baseline_sledai_2k")


@dataclass(frozen=True, slots=True)
class LetIn:
    """People at screening, or those of them who were let in.

    Attributes
    ----------
    noise : what chance adds to each finding
    severity : of each, 1 for the usual
    has_nephritis, age, is_woman : of each
    screened : how many were screened
    """

    noise: FindingNoise
    severity: Floats
    has_nephritis: Booleans
    age: Integers
    is_woman: Booleans
    screened: int


@dataclass(frozen=True, slots=True)
class Patients:
    """Everybody who was let in.

    Attributes
    ----------
    arms : place of the arm of each patient in the study; 0 where there is one
    sites : site of each; empty where the study names none
    days : study day of each visit, shape (patients, visits)
    seen : the visit took place, same shape
    courses, findings : activity, and what was found
    age : years
    is_woman : of each
    weight : kg
    left_day : day the patient left the trial; infinity for who stayed
    entered : what was drawn at screening, and what chance adds to every finding
    mean, ratio, luck : mean course of the arm, own response, and luck of the relapse, of each
    """

    arms: Integers
    sites: tuple[str, ...]
    days: Floats
    seen: Booleans
    courses: Courses
    findings: DrawnFindings
    age: Integers
    is_woman: Booleans
    weight: Floats
    left_day: Floats
    entered: LetIn
    mean: Floats
    ratio: Floats
    luck: RelapseLuck


def cell_days(study: Study, arm: int) -> tuple[float, ...]:
    """Give the days on which an arm is given cells; none for a control arm."""
    is_control = bool(study.arms) and study.arms[arm].control
    return () if is_control else tuple(float(day) for day, _ in planned_infusions(study))


def planned_infusions(study: Study) -> list[tuple[int, Infusion]]:
    """Give every infusion whose study day the plan tells, in order: of the first treatment, and at visits.

    Parameters
    ----------
    study : the study file; of a course at relapse or by a rule no day is planned
    """
    return [
        (each.day + (study.visit(course.when).day if course.when else 0), each)
        for course in planned_courses(study)
        if not course.is_conditional
        for each in course.infusions
    ]


def draw_patients(
    study: Study,
    scenario: TrialScenario,
    entry: FittedEntry,
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
    entry : as `fit_entry` finds it
    count : patients to be let in
    generator : of random numbers
    is_whole : nobody leaves and no visit is missed: for the true value of what the trial estimates
    """
    entered = _screen(study, scenario, entry, count, generator)
    # A stream of its own: how patients are allocated changes nothing else that is drawn of them.
    (allocating,) = generator.spawn(1)
    sites = draw_sites(study, count, allocating)
    arms = allocate_arms(study, sites, entered.is_woman, allocating)
    days, seen = draw_visits(study, count, generator, is_whole=is_whole)
    mean, relapse = np.empty(days.shape), np.empty(count)
    luck = RelapseLuck(np.empty(count, dtype=np.bool_), np.empty(count))
    planned = [float(max(each.day, 0)) for each in study.visits]
    for arm in range(max(len(study.arms), 1)):
        own, given = arms == arm, cell_days(study, arm)
        mean[own] = entry.level_of(scenario.a0 * mean_course(scenario, planned, given))
        drawn = draw_luck(scenario, int(own.sum()), generator)
        luck.is_prone[own], luck.wanted[own] = drawn.is_prone, drawn.wanted
        relapse[own] = find_relapse_days(scenario, drawn, last_day(study), given)
    mean[:, [place for place, each in enumerate(study.visits) if each.day <= 0]] = 1.0
    ratio = draw_ratios(count, generator)
    courses = place_courses(mean, days, relapse, ratio)
    findings = find(entered.noise, courses.level, entered.severity, entered.has_nephritis, courses.is_new)
    left = draw_leaving(count, generator, is_whole=is_whole)
    seen &= days < left[:, None]
    weight = draw_weights(entered.is_woman, generator)
    left = np.where(left < last_day(study), left, np.inf)
    return Patients(arms, sites, days, seen, courses, findings, entered.age, entered.is_woman, weight, left,
                    entered, mean, ratio, luck)  # fmt: skip


def draw_leaving(count: int, generator: np.random.Generator, *, is_whole: bool) -> Floats:
    """Draw the day on which each patient leaves the trial; infinity for everybody if `is_whole`."""
    if is_whole:
        return np.full(count, np.inf)
    return np.asarray(14.0 + generator.exponential(DAYS_A_MONTH / assumed("leaving"), count))


def draw_weights(is_woman: Booleans, generator: np.random.Generator) -> Floats:
    """Draw the weight of each patient, kg."""
    usual = np.where(is_woman, assumed("weight_women"), assumed("weight_men"))
    return np.asarray(np.round(generator.normal(usual, 7.0).clip(38, 110), 1), dtype=np.float64)


def draw_sites(study: Study, count: int, allocating: np.random.Generator) -> tuple[str, ...]:
    """Draw the site of each patient; empty where the study names none."""
    names = [each.id for each in study.sites] or [""]
    return tuple(names[place] for place in allocating.integers(0, len(names), count))


def last_day(study: Study) -> float:
    """Give the last study day on which a visit is planned."""
    return float(max(each.closes for each in study.visits))


def infuse_again(
    study: Study, scenario: TrialScenario, entry: FittedEntry, patients: Patients, begins: Floats
) -> Patients:
    """Give the same patients after a course that began on a day of their own: chance decides as before.

    Parameters
    ----------
    study, scenario, entry : as for `draw_patients`
    patients : before the course; those of a control arm are given none
    begins : study day of its first infusion, of each; infinity for none
    """
    if not np.isfinite(begins).any():
        return patients
    offsets = np.array([float(each.day) for each in conditional_courses(study)[0].infusions])
    later = begins[:, None] + offsets
    kept, relapse = np.ones_like(patients.days), patients.courses.relapse_day.copy()
    for arm in range(max(len(study.arms), 1)):
        own = (patients.arms == arm) & np.isfinite(begins)
        first = cell_days(study, arm)
        # The infusions of a control arm hold no cells.
        if not own.any() or not first:
            continue
        before, after = (
            entry.level_of(scenario.a0 * each)
            for each in mean_courses_again(scenario, patients.days[own], first, later[own])
        )
        is_later = patients.days[own] > begins[own][:, None]
        kept[own] = np.where(is_later & (before > 0), after / np.where(before > 0, before, 1.0), 1.0)
        luck = RelapseLuck(patients.luck.is_prone[own], patients.luck.wanted[own])
        relapse[own] = move_relapses(scenario, luck, relapse[own], last_day(study), (first, later[own]))
    placed = place_courses(patients.mean, patients.days, relapse, patients.ratio)
    courses = replace(placed, level=placed.level * kept)
    people = patients.entered
    findings = find(people.noise, courses.level, people.severity, people.has_nephritis, courses.is_new)
    return replace(patients, courses=courses, findings=findings)


@dataclass(frozen=True, slots=True)
class FittedEntry:
    """How the entry rule and the disease fit together.

    Attributes
    ----------
    strength : by which everybody's severity is multiplied, so that those let in have the scenario's mean
    regression : share of the score that those let in lose by being looked at again, without any treatment
    levels, scores : activity after entry, and the mean score that it gives those let in
    unreadable : criteria that read what no virtual patient has at screening; they are not applied
    """

    strength: float
    regression: float
    levels: tuple[float, ...]
    scores: tuple[float, ...]
    unreadable: tuple[str, ...]

    def level_of(self, scores: Floats) -> Floats:
        """Give the activity at which those let in have a mean score."""
        return np.asarray(np.interp(scores, self.scores, self.levels), dtype=np.float64)


def fit_entry(study: Study, scenario: TrialScenario) -> FittedEntry:
    """Find how severe the disease of those screened has to be, and what the entry rule alone does.

    Parameters
    ----------
    study : whose rules of eligibility are used
    scenario : whose mean at entry is wanted

    Returns
    -------
    FittedEntry : from people with a seed of their own, the same for every trial
    """
    levels = tuple(float(each) for each in np.linspace(0.0, 1.5, 16))
    people = _draw_people(_LOOKED_AT, 2, 1.0, np.random.default_rng(20_120))
    strength = 0.6
    for _ in range(7):
        totals, chosen = _look_again(study, people, strength, 1.0)
        strength *= (scenario.a0 / float(totals[chosen, 0].mean())) ** 1.3
    scores = []
    for level in levels:
        totals, chosen = _look_again(study, people, strength, level)
        scores.append(float(totals[chosen, 1].mean()))
    totals, chosen = _look_again(study, people, strength, 1.0)
    regression = 1.0 - float(totals[chosen, 1].mean() / totals[chosen, 0].mean())
    found = tuple(np.maximum.accumulate(scores).tolist())
    return FittedEntry(strength, regression, levels, found, list_unreadable(study, _KNOWN))


def _look_again(study: Study, same: LetIn, strength: float, level: float) -> tuple[Integers, Booleans]:
    """Score the same people at entry and once more, and say who was let in."""
    levels = np.column_stack([np.ones(_LOOKED_AT), np.full(_LOOKED_AT, level)])
    found = find(same.noise, levels, strength * same.severity, same.has_nephritis, levels > 2)
    totals = total_score(found.items)
    return totals, _is_eligible(study, same, totals[:, 0])


def total_score(items: Mapping[str, Integers]) -> Integers:
    """Add up SLEDAI-2K with the points of its definition."""
    points = {each.name: int(each.points[1]) for each in definition("sledai_2k").items}
    return np.asarray(sum(points[name] * found for name, found in items.items()), dtype=np.int64)


def _draw_people(count: int, visits: int, strength: float, generator: np.random.Generator) -> LetIn:
    spread = assumed("spread")
    severity = strength * np.exp(spread * generator.standard_normal(count) - spread**2 / 2)
    log_age, spread_of_age = np.log(assumed("age")), assumed("age_spread")
    return LetIn(
        draw_noise(count, visits, generator), severity, generator.random(count) < assumed("nephritis"),
        np.round(np.exp(generator.normal(log_age, spread_of_age, count))).clip(16, 68).astype(np.int64),
        generator.random(count) < assumed("women"), count,
    )  # fmt: skip


def _screen(
    study: Study, scenario: TrialScenario, entry: FittedEntry, count: int, generator: np.random.Generator
) -> LetIn:
    """Screen people until enough are let in; those after the last one let in were not screened."""
    people = _draw_people(_MOST_SCREENED * count, len(study.visits), entry.strength, generator)
    flat = np.ones((len(people.severity), 1))
    found = find(people.noise, flat, people.severity, people.has_nephritis, flat > 1)
    places = np.flatnonzero(_is_eligible(study, people, total_score(found.items)[:, 0]))[:count]
    if len(places) < count:
        raise CannotSimulateError(
            f"In scenario {scenario.name!r} the rules of eligibility let in {len(places)} of "
            f"{len(people.severity):,} screened; {count} are wanted. Look at the rules of [eligibility]."
        )
    return LetIn(
        people.noise.take(places), people.severity[places], people.has_nephritis[places], people.age[places],
        people.is_woman[places], int(places[-1]) + 1,
    )  # fmt: skip


def list_unreadable(study: Study, known: Collection[str]) -> tuple[str, ...]:
    """Give the criteria whose rules read more than the known columns."""
    return tuple(
        each.id
        for each in study.eligibility.criteria
        if each.rule and not set(rule_columns(each.rule)) <= set(known)
    )


def _is_eligible(study: Study, people: LetIn, totals: Integers) -> Booleans:
    return meets_rules(
        study,
        pl.DataFrame(
            {
                "age": people.age,
                "sex": np.where(people.is_woman, "female", "male"),
                "baseline_sledai_2k": totals,
            }
        ),
    )


def meets_rules(study: Study, people: pl.DataFrame) -> Booleans:
    """Tell who meets the rules of eligibility that read nothing but the columns given.

    Parameters
    ----------
    study : whose rules they are
    people : one row each
    """
    answer = np.ones(people.height, dtype=np.bool_)
    unreadable = list_unreadable(study, people.columns)
    for wanted, criteria in ((True, study.eligibility.inclusion), (False, study.eligibility.exclusion)):
        for each in criteria:
            if each.rule and each.id not in unreadable:
                held = apply_rule(people, each.rule).fill_null(not wanted).to_numpy()
                answer &= held == wanted
    return answer


def draw_visits(
    study: Study, count: int, generator: np.random.Generator, *, is_whole: bool
) -> tuple[Floats, Booleans]:
    """Draw the day of each visit, mostly within its window, and whether it took place.

    Parameters
    ----------
    study : whose visits they are
    count : patients
    generator : of random numbers
    is_whole : none is late or missed
    """
    days = np.empty((count, len(study.visits)))
    for place, visit in enumerate(study.visits):
        low, high = visit.opens - visit.day, visit.closes - visit.day
        room = (max(low, -7), min(high, 7)) if visit.day > 0 else (max(low, -7), min(high, -1))
        drawn = generator.integers(room[0], max(room) + 1, count)
        is_late = (generator.random(count) < assumed("late_visit")) & (visit.day > 0) & (not is_whole)
        days[:, place] = visit.day + np.where(is_late, high + generator.integers(1, 10, count), drawn)
    is_missed = generator.random(days.shape) < (0.0 if is_whole else assumed("missed_visit"))
    is_missed[:, [place for place, visit in enumerate(study.visits) if visit.day <= 0]] = False
    return days, ~is_missed
