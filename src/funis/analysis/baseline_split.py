"""The baseline table beside its total column: by site, arm, responder or a subgroup."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
import polars as pl

from funis.analysis.cohorts import ENROLLED, Cohort
from funis.analysis.panel import Booleans, Matrix
from funis.analysis.response_rates import Answers, answer_endpoint
from funis.analysis.run import Run
from funis.analysis.summary import (
    add_geometric_mean,
    add_summary,
    describe_subjects,
    described_categories,
    measured_columns,
)
from funis.results import format_number
from funis.stats.standardised_difference import standardised_difference, standardised_difference_of_shares

ANALYSIS: Final = "baseline_split"
DIFFERENCE: Final = "standardised_difference"


def describe_split(run: Run, visits: pl.DataFrame) -> None:
    """Describe the subjects of each part of the split that the study file names, as the whole is described.

    Parameters
    ----------
    run : the analysis on its way
    visits : one row per subject and visit with the scored columns

    Notes
    -----
    The parts are everybody enrolled of a site, with a response (of the first primary endpoint that judges
    one, at its first visit), of an arm, or inside and outside a subgroup; of whom it cannot be told stands
    apart. The names of the parts stand in the listing ``baseline_split``.
    """
    split = run.study.report.split_of(has_arms=bool(run.study.arms))
    if not split or not run.panel.subjects:
        return
    parts = _parts(run, visits, split)
    for cohort in parts.values():
        describe_subjects(run, cohort, analysis=ANALYSIS, of_all=True)
        _describe_levels(run, cohort)
    names = {"part": list(parts), "subgroup": [each.subgroup for each in parts.values()]}
    run.listings[ANALYSIS] = pl.DataFrame(
        names | {"arm": [each.arm for each in parts.values()], "n": [each.size for each in parts.values()]}
    )
    if run.study.report.standardised_differences and len(parts) == 2:
        _add_differences(run, *parts.values())


def _parts(run: Run, visits: pl.DataFrame, split: str) -> dict[str, Cohort]:
    """Give the parts by name, those with nobody left out; who stands in none of them is a part too."""
    if split == "arm":
        parts = {arm.id: run.populations.cohort(arm=arm.id) for arm in run.study.arms}
        return {name: cohort for name, cohort in parts.items() if cohort.size}
    if split == "site":
        site = run.subject_frame["site"]
        members = {each.id: (site == each.id).fill_null(value=False).to_numpy() for each in run.study.sites}
    elif split == "responder":
        answers = _judge(run, visits)
        members = {"yes": answers.responders, "no": answers.determinate & ~answers.responders}
    else:
        answer = run.populations.subgroups[split]
        members = {"yes": answer.members, "no": ~answer.members & ~answer.cannot_tell}
    everybody = run.populations.cohort().members
    apart = everybody.copy()
    for each in members.values():
        apart &= ~each
    named = members | {"not_known": apart}
    return {
        name: Cohort(ENROLLED, f"{split} {name}", "all", chosen & everybody)
        for name, chosen in named.items()
        if (chosen & everybody).any()
    }


def _judge(run: Run, visits: pl.DataFrame) -> Answers:
    """Judge the first primary endpoint of kind response, else the first of that kind, at its first visit."""
    judged = [each for each in run.study.endpoints if each.kind == "response"]
    endpoint = min(judged, key=lambda each: each.role != "primary")
    return answer_endpoint(run, visits, endpoint, next(iter(endpoint.at), ""))


def _baseline(run: Run, name: str) -> tuple[Matrix, int] | None:
    """Give a variable and the place of its baseline visit, None where there is no such visit."""
    first = run.panel.layout.baseline
    if first is None or first not in run.panel.visits:
        return None
    return run.panel.matrices[name], run.panel.visit_index(first)


def _describe_levels(run: Run, cohort: Cohort) -> None:
    """Describe every score and laboratory test of a part at the baseline visit."""
    for name in run.panel.matrices:
        found = _baseline(run, name)
        if found is None:
            continue
        matrix, at = found
        chosen = np.flatnonzero(~np.isnan(matrix.values[:, at]) & cohort.members)
        # What is beyond a limit of the assay has no mean; the whole is described without one too.
        if not len(chosen) or (matrix.censored[chosen, at] != 0).any():
            continue
        visit = run.panel.visits[at]
        place = replace(
            cohort.place(ANALYSIS, name),
            visit=visit,
            n=len(chosen),
            missing=run.policy(name),
            source=run.source(cohort, name, visit, matrix.rows[chosen, at]),
        )
        add_summary(run, place, matrix.values[chosen, at], interval=False)
        add_geometric_mean(run, place, matrix.values[chosen, at])


def _add_differences(run: Run, first: Cohort, second: Cohort) -> None:
    """Add the standardised difference of the two parts in each variable that the table describes."""
    for name, values in measured_columns(run).items():
        known = ~np.isnan(values)
        _add(run, name, (known & first.members, known & second.members), values)
    for name in run.panel.matrices:
        found = _baseline(run, name)
        if found is not None and not (found[0].censored[:, found[1]] != 0).any():
            values = found[0].values[:, found[1]]
            known = ~np.isnan(values)
            _add(run, name, (known & first.members, known & second.members), values)
    for name in described_categories(run):
        cells = run.subject_frame[name]
        present = cells.drop_nulls().unique().sort().to_list()
        counts = [
            [
                int(((cells == value).fill_null(value=False).to_numpy() & part.members).sum())
                for value in present
            ]
            for part in (first, second)
        ]
        _add_number(run, name, sum(map(sum, counts)), standardised_difference_of_shares(*counts))


def _add(run: Run, name: str, chosen: tuple[Booleans, Booleans], values: np.ndarray) -> None:
    found = standardised_difference(values[chosen[0]], values[chosen[1]])
    _add_number(run, name, int(chosen[0].sum() + chosen[1].sum()), found)


def _add_number(run: Run, name: str, n: int, value: float) -> None:
    if not n:
        return
    place = replace(run.populations.cohort().place(ANALYSIS, name), n=n, denominator=None)
    run.numbers.add(place, DIFFERENCE, value, text=format_number(value, 2))
