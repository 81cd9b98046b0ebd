"""Efficacy by course of treatment: levels and changes from each course's own baseline, responses after it.

Who is infused again is chosen by what happened before, at relapse by being at the worst: a second course is
not comparable with the first, and part of its change is regression to the mean. So there is no test here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Final

import numpy as np
import polars as pl

from funis.analysis.allocated_at_relapse import arms_at_relapse
from funis.analysis.cohorts import Cohort
from funis.analysis.course_conditions import answer_condition
from funis.analysis.course_frame import has_courses, infusions_by_course
from funis.analysis.course_listing import list_courses
from funis.analysis.course_timeline import GivenCourse, count_again, given_courses, visits_of_course
from funis.analysis.observations import Scored, gather_grades, gather_values
from funis.analysis.panel import Booleans, Integers
from funis.analysis.response_rates import CANNOT_TELL, RESPONDER, YES, Answers, answer_endpoint
from funis.analysis.run import Run, add_rate
from funis.analysis.summary import add_summary, describe_at, subject_source
from funis.data.tables import Tables
from funis.results import format_shortest
from funis.study.course_conditions import FoundCondition
from funis.study.courses import (
    AGE_OF_BASELINE,
    ALLOCATED,
    CONDITION_MET,
    CONDITION_UNKNOWN,
    RELAPSED_AFTER,
    RETREATED_BEFORE,
    RETREATED_IN_ARM,
    RETREATED_MET,
    RETREATED_UNMET,
    WITHOUT_DAY,
    conditional_courses,
    name_course,
)
from funis.study.model import Endpoint
from funis.study.planned_infusion import RELAPSE
from funis.study.response_behind import response_visit

ANALYSIS: Final = "course"


def describe_courses(run: Run, tables: Tables, scored: Mapping[str, Scored], visits: pl.DataFrame) -> None:
    """Describe efficacy by course, where somebody had a second one.

    Parameters
    ----------
    run : the analysis on its way; numbers of the analysis ``course`` are added
    tables, scored : what its panel was built from
    visits : one row per subject and visit with the scored columns

    Notes
    -----
    Each later course is described in those who had it, and the course before in the same subjects, up to the
    day on which they were infused again. Subjects whose course has no known day are not among them; they are
    counted apart.
    """
    infusions = infusions_by_course(run)
    if infusions is None or not has_courses(run.study, infusions) or not run.study.follow_up_visits:
        return
    _count_without_day(run, infusions)
    _count_conditions(run, infusions, visits)
    courses = given_courses(run, infusions)
    if len(courses) < 2:
        return
    values, grades = gather_values(run.study, tables, scored), gather_grades(scored)
    counted = {each.number: count_again(run, each, values, grades) for each in courses}
    judged: dict[int, Answers] = {}
    for before, course in pairwise(courses):
        for endpoint, measure, cohort in _measures(run):
            members = cohort.members & course.members
            for each in (before, course):
                own = replace(cohort, subgroup=name_course(course.number), members=members & each.members)
                _describe_measure(counted[each.number], own, (endpoint, measure), each)
        _describe_age(run, course, visits)
        answers = _count_responses(counted[course.number], course, visits)
        if answers:
            judged[course.number] = answers[0]
    list_courses(run, infusions, visits, judged)
    _count_retreated(run, courses[1])
    _count_relapsed_after(run, courses[1], visits)


def _measures(run: Run) -> Iterator[tuple[Endpoint, str, Cohort]]:
    """Give each measure of a change once a population, by arm where the trial has arms."""
    done: set[tuple[str, str]] = set()
    for endpoint in run.study.endpoints:
        for measure in endpoint.all_variables if endpoint.kind == "change" else ():
            if measure in run.panel.matrices and (endpoint.population, measure) not in done:
                done.add((endpoint.population, measure))
                for cohort in run.populations.every_arm(endpoint.population):
                    yield endpoint, measure, _within(run, endpoint, cohort)


def _within(run: Run, endpoint: Endpoint, cohort: Cohort) -> Cohort:
    """Keep of a cohort who is in a subgroup of an endpoint that is analysed in its subgroups alone."""
    if not (endpoint.subgroup_only and endpoint.subgroups):
        return cohort
    named = [run.populations.subgroups[name].members for name in endpoint.subgroups]
    return replace(cohort, members=cohort.members & np.logical_or.reduce(named))


def _describe_measure(counted: Run, cohort: Cohort, asked: tuple[Endpoint, str], course: GivenCourse) -> None:
    """Describe a measure at the baseline of a course and its changes at the visits counted from it."""
    endpoint, measure = asked
    panel = counted.panel
    # Of a course that has just begun nobody has a value at a visit yet.
    if not cohort.size or measure not in panel.matrices:
        return
    visits = [name for name in endpoint.at if name in panel.visits] or [
        visit.name for visit in counted.study.follow_up_visits
    ]
    base = panel.layout.baseline or ""
    for visit in (base, *visits):
        matrix = panel.matrices[measure] if visit == base else panel.changes.get(measure)
        position = panel.visit_index(visit)
        levels = panel.matrices[measure].rows[:, position]
        if matrix is None:
            continue
        chosen = np.flatnonzero(~np.isnan(matrix.values[:, position]) & cohort.members)
        rows = levels[chosen]
        if visit != base:
            rows = np.concatenate([rows, panel.baselines[measure].rows[chosen]])
        whole = (
            cohort.place(ANALYSIS, measure) if visit == base else cohort.place_of_change(ANALYSIS, measure)
        )
        place = replace(
            whole,
            category=name_course(course.number),
            visit=visit,
            n=len(chosen),
            denominator=cohort.size,
            missing=counted.policy(measure),
            source=counted.source(cohort, f"{name_course(course.number)} {whole.variable}", visit, rows),
        )
        if len(chosen):
            describe_at(counted, place, matrix, (position, chosen))
        else:
            counted.numbers.add(place, "n", 0)


def _describe_age(run: Run, course: GivenCourse, visits: pl.DataFrame) -> None:
    """Describe how many days before a course its baseline was recorded."""
    whole = run.populations.cohort()
    cohort = replace(whole, subgroup=name_course(course.number), members=course.members)
    own = visits_of_course(run, course, visits)
    early = own.filter(pl.col("day") <= 0).group_by("subject").agg(pl.col("day").max())
    ages = np.full(len(run.panel.subjects), np.nan)
    for subject, day in early.iter_rows():
        ages[run.panel.layout.places[subject]] = -day
    known = ~np.isnan(ages) & cohort.members
    if known.any():
        text = ["" if np.isnan(age) else format_shortest(age) for age in ages]
        rows = run.observe(f"{AGE_OF_BASELINE} {course.number}", text, numbers=ages)
        place = replace(
            cohort.place(ANALYSIS, AGE_OF_BASELINE),
            n=int(known.sum()),
            denominator=cohort.size,
            source=subject_source(run, cohort, AGE_OF_BASELINE, known, rows),
        )
        add_summary(run, place, ages[known], interval=False)


def _count_responses(counted: Run, course: GivenCourse, visits: pl.DataFrame) -> list[Answers]:
    """Count the responses after a course over those of its members of whom they are known; give them."""
    found = []
    own = visits_of_course(counted, course, visits)
    number = name_course(course.number)
    for endpoint in counted.study.endpoints:
        if endpoint.kind != "response":
            continue
        # Who has not reached the visit yet is unknown, and no failure of the second course.
        asked = endpoint.model_copy(update={"id": f"{endpoint.id} {number}", "missing_outcome": "observed"})
        base = counted.panel.layout.baseline or ""
        for at in (base, *endpoint.at):
            answers = answer_endpoint(counted, own, asked, at)
            found += [answers] if at != base else []
            for cohort in counted.populations.every_arm(endpoint.population):
                members = cohort.members & course.members
                if members.any():
                    within = replace(cohort, subgroup=number, members=members)
                    _add_response(counted, endpoint, within, answers, is_baseline=at == base)
    return found


def _add_response(
    run: Run, endpoint: Endpoint, cohort: Cohort, answers: Answers, *, is_baseline: bool
) -> None:
    """Count each class, or at the baseline of the course who counts as a responder without any change."""
    classes = [name for name in answers.classes if name != answers.failing and not is_baseline]
    counted: list[tuple[str, Booleans]] = [
        *((name, answers.of_class(name)) for name in (classes if len(classes) > 1 else [])),
        (RESPONDER, answers.responders),
    ]
    over = answers.determinate & cohort.members
    unknown = [] if is_baseline else [(CANNOT_TELL, ~answers.determinate)]
    for name, who in (*counted, *unknown):
        base = cohort.members if name == CANNOT_TELL else over
        chosen = who & base
        place = replace(
            cohort.place(ANALYSIS, answers.definition, name),
            visit=answers.visit,
            endpoint=endpoint.id,
            n=int(base.sum()),
            denominator=int(base.sum()),
            source=subject_source(run, cohort, f"{endpoint.id} {name} {answers.visit}", chosen, answers.rows),
        )
        add_rate(run, place, int(chosen.sum()), level=run.level_of(endpoint), limits=name != CANNOT_TELL)


def _count_retreated(run: Run, course: GivenCourse) -> None:
    """Count who had been infused again before each visit of the first treatment."""
    text = [
        "" if np.isnan(start) else f"infused again on day {format_shortest(start)}" for start in course.starts
    ]
    rows = run.observe(RETREATED_BEFORE, text, numbers=course.starts)
    for cohort in _asked_at_visits(run):
        for visit in run.study.follow_up_visits:
            if visit.name not in run.panel.visits:
                continue
            day = run.panel.days[:, run.panel.visit_index(visit.name)]
            day = np.where(np.isnan(day), float(visit.day), day)
            before = course.members & (course.starts < day) & cohort.members
            place = replace(
                cohort.place(ANALYSIS, RETREATED_BEFORE),
                visit=visit.name,
                n=cohort.size,
                denominator=cohort.size,
                source=subject_source(run, cohort, f"{RETREATED_BEFORE} {visit.name}", before, rows),
            )
            add_rate(run, place, int(before.sum()), level=run.level, limits=False)


def _asked_at_visits(run: Run) -> Iterator[Cohort]:
    """Give whom endpoints at visits are asked of: each population that has subjects, and its arms."""
    for population in dict.fromkeys(each.population for each in run.study.endpoints if each.at):
        yield from (cohort for cohort in run.populations.every_arm(population) if cohort.size)


def _count_without_day(run: Run, infusions: pl.DataFrame) -> None:
    """Count who had a second course of which no day is known: they may have had it before any visit."""
    undated = infusions.filter(pl.col("course") == 2, pl.col("course_start").is_null())["subject"].to_list()
    chosen = np.array([subject in undated for subject in run.panel.subjects], dtype=bool)
    if not chosen.any():
        return
    rows = run.observe(
        WITHOUT_DAY, ["infused again on a day not recorded" if each else "" for each in chosen]
    )
    for cohort in _asked_at_visits(run):
        members = chosen & cohort.members
        place = replace(
            cohort.place(ANALYSIS, WITHOUT_DAY),
            n=cohort.size,
            denominator=cohort.size,
            source=subject_source(run, cohort, WITHOUT_DAY, members, rows),
        )
        add_rate(run, place, int(members.sum()), level=run.level, limits=False)


def _count_conditions(run: Run, infusions: pl.DataFrame, visits: pl.DataFrame) -> None:
    """Count in whom the condition of a later course was found, and who of them was infused again.

    The condition is counted over those of whom it is known. Whoever was infused again without it, or where it
    cannot be told, stands beside them.
    """
    for plan in conditional_courses(run.study):
        found = answer_condition(run, visits, plan)
        if not found:
            continue
        said = [found[subject].said for subject in run.panel.subjects]
        met, unknown = (np.array([each == word for each in said]) for word in ("yes", "cannot tell"))
        begun = infusions.filter(pl.col("when") == plan.when)["subject"].to_list()
        again = np.array([subject in begun for subject in run.panel.subjects], dtype=bool)
        everybody = np.ones_like(met)
        counts = [
            (CONDITION_MET, plan.when, met, ~unknown),
            (CONDITION_UNKNOWN, plan.when, unknown, everybody),
            (RETREATED_MET, plan.when, again & met, met),
            (RETREATED_UNMET, plan.when, again & ~met, again),
        ]
        for arm, members in arms_at_relapse(run).items() if plan.when == RELAPSE else ():
            counts += [
                (ALLOCATED, arm, members & met, met),
                (RETREATED_IN_ARM, arm, again & members, members),
            ]
        text = [_condition_text(found[subject]) for subject in run.panel.subjects]
        rows = run.observe(f"{CONDITION_MET} {plan.when}", text)
        for cohort in _asked_at_visits(run):
            for name, category, chosen, base in counts:
                _add_condition(run, cohort, (name, category), (chosen, base), rows)


def _add_condition(
    run: Run, cohort: Cohort, named: tuple[str, str], who: tuple[Booleans, Booleans], rows: Integers
) -> None:
    """Add how many of a cohort are chosen, of those whom it is asked of."""
    within = who[1] & cohort.members
    over, counted = int(within.sum()), who[0] & within
    place = replace(
        cohort.place(ANALYSIS, *named),
        n=over,
        denominator=over,
        source=subject_source(run, cohort, " ".join(named), counted, rows),
    )
    add_rate(run, place, int(counted.sum()), level=run.level, limits=False)


def _condition_text(found: FoundCondition) -> str:
    if found.said != "yes":
        return found.said
    return "found" if found.day is None else f"found on day {format_shortest(found.day)}"


def _count_relapsed_after(run: Run, course: GivenCourse, visits: pl.DataFrame) -> None:
    """Count, of those who relapsed, whose relapse was found after a second course had begun."""
    for endpoint in run.study.endpoints:
        if endpoint.kind != "relapse":
            continue
        answers = answer_endpoint(run, visits, endpoint, response_visit(run.study, endpoint))
        if "relapse" not in answers.answers.columns:
            continue
        relapsed = (answers.answers["relapse"] == YES).fill_null(value=False).to_numpy() & answers.responders
        day = answers.answers["relapse_day"].cast(pl.Float64).fill_null(np.nan).to_numpy()
        after = relapsed & course.members & (day > course.starts)
        for cohort in run.populations.every_arm(endpoint.population):
            base, chosen = relapsed & cohort.members, after & cohort.members
            place = replace(
                cohort.place(ANALYSIS, RELAPSED_AFTER),
                endpoint=endpoint.id,
                n=int(base.sum()),
                denominator=int(base.sum()),
                source=subject_source(run, cohort, f"{RELAPSED_AFTER} {endpoint.id}", chosen, answers.rows),
            )
            if cohort.size:
                add_rate(run, place, int(chosen.sum()), level=run.level, limits=False)
