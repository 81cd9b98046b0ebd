"""Descriptive numbers: members of populations, baseline characteristics, every variable by visit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

import numpy as np
import polars as pl

from funis.analysis.asked import add_asked_rate
from funis.analysis.cohorts import ENROLLED, Cohort, Membership, answer_rule
from funis.analysis.panel import Booleans, Floats, Integers, Matrix
from funis.analysis.run import Run, add_rate, decimals_of, digits_of, mean_of, rows_behind
from funis.nine_decimals import round_array
from funis.results import ALL, NOT_AVAILABLE, Place, format_column, format_mean_sd, format_number, name_change
from funis.stats.describe import Summary, summarise
from funis.study.time_bands import DAYS_PER_YEAR

#: Columns of the subjects table that describe a cohort.
MEASURED: Final = ("age", "weight_kg", "height_cm")


def describe_populations(run: Run) -> None:
    """Count the members of every population, and of every subgroup within the populations analysed."""
    for name, found in run.populations.populations.items():
        for cohort in run.populations.every_arm(name):
            _count_members(run, cohort, int(found.cannot_tell.sum()))
    within = dict.fromkeys((ENROLLED, *(each.population or ENROLLED for each in run.study.endpoints)))
    for population in within:
        whole = run.populations.populations[population]
        for name, found in run.populations.subgroups.items():
            # Whoever may belong to the population and to the subgroup, and does not surely belong to both.
            possible = (whole.members | whole.cannot_tell) & (found.members | found.cannot_tell)
            unknown = int((possible & ~(whole.members & found.members)).sum())
            for cohort in run.populations.every_arm(population, name):
                _count_members(run, cohort, unknown)


def _count_members(run: Run, cohort: Cohort, cannot_tell: int) -> None:
    over = (
        run.populations.cohort(cohort.population).size if cohort.subgroup != ALL else run.subject_frame.height
    )
    place = replace(
        cohort.place("population", "subjects"),
        denominator=over,
        source=subject_source(run, cohort, "subjects"),
    )
    if over and cannot_tell == over:
        # Of nobody it is known: none is not an answer.
        run.numbers.add(place, "n", None, text=NOT_AVAILABLE, status="not_collected")
    elif cohort.subgroup != ALL and not over:
        run.numbers.add(place, "n", None, text=NOT_AVAILABLE, status="nobody")
    else:
        run.numbers.add(place, "n", cohort.size)
    if cohort.arm == ALL:
        run.numbers.add(place, "cannot_tell", cannot_tell, text=str(cannot_tell))


def subject_source(
    run: Run, cohort: Cohort, variable: str, chosen: Booleans | None = None, rows: Integers | None = None
) -> str:
    """Give the key of observations of subjects: their own rows, or ``rows`` of what was derived of them."""
    picked = cohort.members if chosen is None else chosen
    return run.source(cohort, variable, "subjects", (run.subject_rows if rows is None else rows)[picked])


def describe_baseline(run: Run) -> None:
    """Describe age, weight, disease duration, sex and site of every analysed population."""
    for cohort in _described(run):
        describe_subjects(run, cohort)


def describe_subjects(run: Run, cohort: Cohort, *, analysis: str = "baseline", of_all: bool = False) -> None:
    """Describe age, weight, disease duration, sex and site of one cohort.

    Parameters
    ----------
    run, cohort : the analysis on its way, and whom to describe
    analysis : where the numbers stand
    of_all : count every category of the data, also those that nobody of the cohort is in
    """
    for name, values in measured_columns(run).items():
        known = cohort.members & ~np.isnan(values)
        if known.any():
            texts = format_column(pl.Series(values).fill_nan(None)).fill_null("").to_list()
            rows = run.observe(name, texts, numbers=values)
            place = replace(
                cohort.place(analysis, name),
                visit="baseline",
                n=int(known.sum()),
                source=subject_source(run, cohort, name, known, rows),
            )
            add_summary(run, place, values[known], interval=False)
    for name in described_categories(run):
        _count_categories(run, cohort, name, analysis, of_all=of_all)


def described_categories(run: Run) -> tuple[str, ...]:
    """Name the columns of subjects whose categories are counted."""
    return ("sex", "site", *(each.name for each in run.study.columns if each.kind == "text"))


def _described(run: Run) -> Iterable[Cohort]:
    """Give the cohorts of baseline tables: every population an endpoint names, and every subgroup."""
    names = dict.fromkeys((ENROLLED, *(each.population or ENROLLED for each in run.study.endpoints)))
    for name in names:
        yield from run.populations.every_arm(name)
    for subgroup in run.populations.subgroups:
        yield from run.populations.every_arm(ENROLLED, subgroup)


def measured_columns(run: Run) -> dict[str, Floats]:
    """Give the numbers of subjects that are described, by name, in the order of the panel."""
    frame = run.subject_frame
    extra = tuple(each.name for each in run.study.columns if each.kind == "number")
    found = {name: frame[name].cast(float).to_numpy().astype(np.float64) for name in (*MEASURED, *extra)}
    days = frame["days_diagnosis_to_consent"].to_numpy().astype(np.float64)
    if np.isnan(days).all():
        days = frame["days_diagnosis_to_baseline"].to_numpy().astype(np.float64)
    found["disease_duration_years"] = round_array(days / DAYS_PER_YEAR)
    return found


def _count_categories(run: Run, cohort: Cohort, name: str, analysis: str, *, of_all: bool) -> None:
    values = run.subject_frame[name]
    known = values.is_not_null().to_numpy() & cohort.members
    if not known.any():
        return
    present = set((values.drop_nulls() if of_all else values.filter(known)).to_list())
    planned = [site for site in run.study.site_ids if name == "site"] or sorted(present)
    rows = run.observe(name, values.cast(pl.String).fill_null("").to_list())
    for category in dict.fromkeys((*planned, *sorted(present))):
        chosen = known & values.eq_missing(category).to_numpy()
        place = replace(
            cohort.place(analysis, name, str(category)),
            visit="baseline",
            source=subject_source(run, cohort, f"{name}: {category}", chosen, rows),
        )
        add_asked_rate(run, place, chosen, known, cohort.members, level=run.level, limits=False)


def describe_eligibility(run: Run) -> Membership | None:
    """Count, by criterion, who meets it, who does not, and for whom it cannot be determined.

    Returns who meets every criterion that has a rule, and of whom that cannot be told; None where there is
    no such criterion.
    """
    judged = list(judge_criteria(run))
    if not judged:
        return None
    for name, answer, _ in judged:
        _count_criterion(run, name, answer)
    eligible = np.logical_and.reduce([~refused & ~answer.cannot_tell for _, answer, refused in judged])
    refused = np.logical_or.reduce([refused for _, _, refused in judged])
    found = Membership(eligible, ~eligible & ~refused)
    _count_criterion(run, "eligible", found)
    return found


def judge_criteria(run: Run) -> Iterator[tuple[str, Membership, Booleans]]:
    """Judge each criterion of eligibility that has a rule.

    Yields
    ------
    tuple : its id, what its rule says of every subject, and who may not take part for it
    """
    parts = ((run.study.eligibility.inclusion, True), (run.study.eligibility.exclusion, False))
    for criteria, wanted in parts:
        for criterion in criteria:
            if criterion.rule:
                answer = answer_rule(run.subject_frame, criterion.rule)
                refused = ~answer.members & ~answer.cannot_tell if wanted else answer.members
                yield criterion.id, answer, refused


def _count_criterion(run: Run, name: str, answer: Membership) -> None:
    """Count who meets a criterion over those of whom it can be told."""
    met, unknown = answer.members, answer.cannot_tell
    everybody = run.populations.cohort()
    words = np.where(unknown, "cannot tell", np.where(met, "met", "not met"))
    rows = run.observe(f"criterion {name}", words.tolist())
    judged = everybody.size - int(unknown.sum())
    place = Place(
        analysis="eligibility", variable=name, n=judged, denominator=judged,
        source=subject_source(run, everybody, f"criterion {name}", everybody.members, rows),
    )  # fmt: skip
    add_rate(run, place, int(met.sum()), level=run.level, limits=False)
    fails = int((~met & ~unknown).sum())
    run.numbers.add(place, "not_met", fails, text=str(fails))
    run.numbers.add(place, "cannot_tell", int(unknown.sum()), text=str(int(unknown.sum())))


def summarise_variables(run: Run) -> None:
    """Summarise every variable and every change by visit, in every cohort that an endpoint asks for."""
    wanted: dict[tuple[str, str, str, str], tuple[Cohort, str]] = {}
    for endpoint in run.study.endpoints:
        for name in endpoint.all_variables:
            for cohort in run.populations.of_endpoint(endpoint):
                wanted.setdefault((cohort.population, cohort.subgroup, cohort.arm, name), (cohort, name))
    for cohort in run.populations.every_arm():
        for name in run.panel.matrices:
            wanted.setdefault((cohort.population, cohort.subgroup, cohort.arm, name), (cohort, name))
    for cohort, name in wanted.values():
        if name in run.panel.matrices:
            summarise_levels(run, cohort, name)
    for cohort, name in wanted.values():
        if name in run.panel.changes:
            summarise_changes(run, cohort, name, run.panel.changes[name])


def summarise_levels(run: Run, cohort: Cohort, name: str) -> None:
    """Summarise the values of a variable in one cohort at every visit that has one."""
    matrix = run.panel.matrices[name]
    known = ~np.isnan(matrix.values) & cohort.members[:, None]
    for visit in np.flatnonzero(known.any(axis=0)):
        chosen = np.flatnonzero(known[:, visit])
        at_visit = run.panel.visits[visit]
        place = replace(
            cohort.place("summary", name),
            visit=at_visit,
            n=len(chosen),
            missing=run.policy(name),
            source=run.source(cohort, name, at_visit, matrix.rows[chosen, visit]),
        )
        lacking = np.flatnonzero(cohort.members & ~known[:, visit])
        run.note_absent(place.source, name, at_visit, lacking, np.zeros(len(lacking), dtype=np.bool_))
        describe_at(run, place, matrix, (int(visit), chosen))


def summarise_changes(
    run: Run, cohort: Cohort, measure: str, matrix: Matrix, *, endpoint: str = "", missing_outcome: str = ""
) -> None:
    """Summarise the changes of a measure in one cohort at every visit that has one.

    Parameters
    ----------
    matrix : observed changes, or changes with missing outcomes filled as an endpoint says
    endpoint, missing_outcome : the endpoint, and the rule they were filled by
    """
    known = ~np.isnan(matrix.values) & cohort.members[:, None]
    for visit in np.flatnonzero(known.any(axis=0)):
        chosen = np.flatnonzero(known[:, visit])
        at_visit = run.panel.visits[visit]
        rows = rows_behind(run.panel, measure, matrix, int(visit), chosen)
        place = replace(
            cohort.place_of_change("change", measure),
            visit=at_visit,
            endpoint=endpoint,
            n=len(chosen),
            missing=run.policy(measure),
            missing_outcome=missing_outcome,
            source=run.source(cohort, f"{endpoint}{name_change(measure)}", at_visit, rows),
        )
        lacking = np.flatnonzero(cohort.members & ~known[:, visit])
        has_level = ~np.isnan(run.panel.matrices[measure].values[lacking, visit])
        run.note_absent(place.source, measure, at_visit, lacking, has_level)
        describe_at(run, place, matrix, (int(visit), chosen))


def describe_at(run: Run, place: Place, matrix: Matrix, at: tuple[int, Integers]) -> None:
    """Describe the values of a matrix at one visit.

    Parameters
    ----------
    run : the analysis on its way
    place : where the numbers stand
    matrix : levels or changes by subject and visit
    at : position of the visit, and those of the subjects
    """
    visit, chosen = at
    values = matrix.values[chosen, visit]
    censored = int((matrix.censored[chosen, visit] != 0).sum())
    if censored:
        _add_censored(run, place, values, censored)
        return
    add_summary(run, place, values)
    add_geometric_mean(run, place, values)


def add_summary(run: Run, place: Place, values: Floats, *, interval: bool = True) -> Summary:
    """Add n, mean, SD, quartiles and range of exact values, and the interval of the mean where wanted."""
    found = replace(summarise(values, level=run.level), mean=mean_of(values))
    digits = decimals_of(run, place.measure, values)
    run.numbers.add(place, "n", found.n)
    run.numbers.add(place, "mean", found.mean, text=format_mean_sd(found.mean, found.sd, found.n, digits))
    pairs = [("sd", found.sd)]
    if interval:
        pairs.append(("se", found.se))
        for statistic, value in (("lower", found.lower), ("upper", found.upper)):
            text = format_number(value, digits)
            run.numbers.add(place, statistic, value, text=text, method="student_t")
    pairs += [("median", found.median), ("q1", found.q1), ("q3", found.q3)]
    pairs += [("min", found.minimum), ("max", found.maximum)]
    for statistic, value in pairs:
        run.numbers.add(place, statistic, value, text=format_number(value, digits))
    return found


def _add_censored(run: Run, place: Place, values: Floats, censored: int) -> None:
    """Add what can be said where some results are beyond what the assay measures: no mean, no SD.

    A result beyond a limit stands at the limit, which leaves order statistics inside the limits right.
    """
    found = summarise(values, level=run.level)
    digits = decimals_of(run, place.measure, values)
    run.numbers.add(place, "n", found.n)
    run.numbers.add(place, "censored", censored, text=str(censored))
    pairs = (
        ("median", found.median),
        ("q1", found.q1),
        ("q3", found.q3),
        ("min", found.minimum),
        ("max", found.maximum),
    )
    for statistic, value in pairs:
        run.numbers.add(
            place,
            statistic,
            value,
            text=format_number(value, digits),
            method="values beyond a limit at the limit",
        )


def add_geometric_mean(run: Run, place: Place, values: Floats) -> None:
    """Add the geometric mean of a laboratory test: back from log2 for titres, else of positive values.

    Parameters
    ----------
    run : the analysis on its way
    place : where the numbers stand; its variable may be any
    values : exact values, in the unit of the study file
    """
    lab = next((each for each in run.study.labs if each.test == place.variable), None)
    if lab is None:
        return
    if lab.scale == "log2":
        mean = float(10.0 * 2.0 ** np.mean(values))
    elif (values > 0).all():
        mean = float(np.exp(np.mean(np.log(values))))
    else:
        return
    run.numbers.add(place, "geometric_mean", mean, text=format_number(mean, digits_of(np.array([mean]))))
