"""Grades by organ system: counted at each visit, and compared with those at baseline."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from funis.analysis.changes_used import visits_of
from funis.analysis.cohorts import Cohort
from funis.analysis.observations import GRADE_RANKS
from funis.analysis.paired_tests import Tested, add_adjusted, add_comparison
from funis.analysis.panel import Floats
from funis.analysis.run import Run, add_rate
from funis.catalogue.registry import definition
from funis.results import Place
from funis.stats.tests.contingency import paired_ordinal
from funis.study.model import Endpoint


def compare_systems(run: Run, endpoint: Endpoint) -> None:
    """Test the grades of each organ system against baseline, as ordered categories of the same subject."""
    for instrument in endpoint.all_variables:
        columns = [name for name in definition(instrument).grade_columns if name in run.panel.grades]
        for cohort in run.populations.of_endpoint(endpoint):
            for column in columns:
                _compare_system(run, endpoint, cohort, column)


def _compare_system(run: Run, endpoint: Endpoint, cohort: Cohort, column: str) -> None:
    matrix, base = run.panel.grades[column], run.panel.baselines.get(column)
    if base is None:
        return
    tested: list[Tested] = []
    for visit in visits_of(run, endpoint):
        later = matrix.values[:, visit]
        chosen = np.flatnonzero(~np.isnan(later) & ~np.isnan(base.values) & cohort.members)
        if not len(chosen):
            continue
        name = run.panel.visits[visit]
        rows = np.concatenate([matrix.rows[chosen, visit], base.rows[chosen]])
        place = replace(
            cohort.place("systems", column),
            visit=name,
            endpoint=endpoint.id,
            n=len(chosen),
            missing=run.policy(column),
            source=run.source(cohort, f"{column} paired", name, rows),
        )
        found = paired_ordinal(base.values[chosen], later[chosen], level=run.level_of(endpoint))
        _add_steps(run, place, later[chosen] - base.values[chosen])
        add_comparison(run, place, found, "signed_rank_pratt", 2)
        tested.append(Tested(place, found))
    add_adjusted(run, endpoint, tested, "signed_rank_pratt")


def _add_steps(run: Run, place: Place, steps: Floats) -> None:
    counts = (
        ("n", len(steps)),
        ("improved", int((steps < 0).sum())),
        ("worsened", int((steps > 0).sum())),
        ("unchanged", int((steps == 0).sum())),
    )
    for statistic, count in counts:
        run.numbers.add(place, statistic, count, text=str(count))


def count_grades(run: Run) -> None:
    """Count each grade of each organ system at each visit, in every cohort a systems endpoint asks for."""
    wanted: dict[tuple[str, str, str], Cohort] = {}
    for endpoint in run.study.endpoints:
        if endpoint.kind == "systems":
            for cohort in run.populations.of_endpoint(endpoint):
                wanted.setdefault((cohort.population, cohort.subgroup, cohort.arm), cohort)
    for cohort in run.populations.every_arm():
        wanted.setdefault((cohort.population, cohort.subgroup, cohort.arm), cohort)
    for cohort in wanted.values():
        for column in run.panel.grades:
            _count_system(run, cohort, column)


def _count_system(run: Run, cohort: Cohort, column: str) -> None:
    matrix = run.panel.grades[column]
    known = ~np.isnan(matrix.values) & cohort.members[:, None]
    for visit in np.flatnonzero(known.any(axis=0)):
        name = run.panel.visits[visit]
        n = int(known[:, visit].sum())
        for letter in reversed(GRADE_RANKS):
            chosen = np.flatnonzero(known[:, visit] & (matrix.values[:, visit] == GRADE_RANKS[letter]))
            place = replace(
                cohort.place("systems", column, letter),
                visit=name,
                n=n,
                denominator=n,
                missing=run.policy(column),
                source=run.source(cohort, f"{column}: {letter}", name, matrix.rows[chosen, visit]),
            )
            add_rate(run, place, len(chosen), level=run.level, limits=False)
