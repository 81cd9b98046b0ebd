"""Changes from baseline: paired tests at each visit, adjusted over the visits, and grades by organ system."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from funis.analysis.cohorts import Cohort
from funis.analysis.observations import GRADE_RANKS
from funis.analysis.panel import Floats, Integers, Matrix
from funis.analysis.run import Run, add_rate, digits_of, rows_behind
from funis.analysis.summary import summarise_changes
from funis.catalogue.registry import definition
from funis.nine_decimals import round_exactly
from funis.results import NOT_AVAILABLE, Place, format_number, format_p, name_change
from funis.stats.tests import adjust
from funis.stats.tests.compare import Comparison, paired_t, sign_test, wilcoxon_signed_rank
from funis.stats.tests.contingency import paired_ordinal
from funis.study.estimand import IMPUTED
from funis.study.model import Endpoint

TESTS: Final[dict[str, Callable[..., Comparison]]] = {
    "paired_t": paired_t,
    "wilcoxon": wilcoxon_signed_rank,
    "sign_test": sign_test,
}
ADJUSTMENTS: Final[dict[str, Callable[..., Floats]]] = {
    "holm": adjust.holm,
    "hochberg": adjust.hochberg,
    "hommel": adjust.hommel,
    "bonferroni": adjust.bonferroni,
}
#: Draws of the bootstrap; the seed is part of the provenance.
BOOTSTRAP_DRAWS: Final = 4999
SEED: Final = 20120701


@dataclass(frozen=True, slots=True)
class Tested:
    """One test at one visit, waiting for the adjustment over all visits."""

    place: Place
    found: Comparison


def visits_of(run: Run, endpoint: Endpoint) -> tuple[int, ...]:
    """Give the visits an endpoint is analysed at; without any named, every visit after baseline."""
    if endpoint.at:
        return tuple(run.panel.visit_index(name) for name in endpoint.at if name in run.panel.visits)
    first = run.panel.layout.baseline
    return tuple(i for i, name in enumerate(run.panel.visits) if name != first)


def compare_changes(run: Run, endpoint: Endpoint) -> None:
    """Test the changes of an endpoint's variables at each of its visits, in each of its cohorts."""
    for variable in endpoint.all_variables:
        if variable not in run.panel.changes:
            continue
        if endpoint.missing_outcome in IMPUTED:
            from funis.analysis.imputation import compare_imputed

            compare_imputed(run, endpoint, variable)
            continue
        matrix, rule = fill_missing(run, endpoint, variable)
        for cohort in run.populations.of_endpoint(endpoint):
            if endpoint.missing_outcome != "observed":
                summarise_changes(run, cohort, variable, matrix, endpoint=endpoint.id, missing_outcome=rule)
            for method in endpoint.methods:
                if method in TESTS or method == "bootstrap":
                    _compare_one(run, endpoint, cohort, (variable, matrix, rule), method)


def fill_missing(run: Run, endpoint: Endpoint, variable: str, rule: str | None = None) -> tuple[Matrix, str]:
    """Give the changes with missing outcomes filled as the endpoint (or ``rule``) says, and that rule."""
    observed, chosen = run.panel.changes[variable], rule or endpoint.missing_outcome
    if chosen == "observed":
        return observed, chosen
    base = run.panel.baselines[variable]
    values, rows, censored = observed.values.copy(), observed.rows.copy(), observed.censored.copy()
    has_base = ~np.isnan(base.values)
    last = np.where(has_base, 0.0, np.nan)
    last_rows = base.rows.copy()
    # Carrying forward starts at the baseline, whose change is 0; "worst" and "nonresponder" stay there.
    for visit in range(values.shape[1]):
        if run.panel.visits[visit] == run.panel.layout.baseline:
            continue
        lacking = np.isnan(values[:, visit]) & has_base
        values[lacking, visit], rows[lacking, visit] = last[lacking], last_rows[lacking]
        if chosen == "locf":
            last, last_rows = values[:, visit].copy(), rows[:, visit].copy()
    return Matrix(values, rows, censored), chosen


def _compare_one(
    run: Run, endpoint: Endpoint, cohort: Cohort, filled: tuple[str, Matrix, str], method: str
) -> None:
    """Test one variable by one method at every visit of the endpoint, then adjust."""
    measure, matrix, rule = filled
    tested: list[Tested] = []
    for visit in visits_of(run, endpoint):
        chosen = np.flatnonzero(~np.isnan(matrix.values[:, visit]) & cohort.members)
        values = matrix.values[chosen, visit]
        place = _test_place(run, endpoint, cohort, (measure, matrix, rule), (visit, chosen))
        censored = int((matrix.censored[chosen, visit] != 0).sum())
        if censored and method in {"paired_t", "bootstrap"}:
            why = f"{NOT_AVAILABLE} ({censored} beyond what the assay measures)"
            run.numbers.add(place, "p", None, text=why, method=method)
            continue
        found = run_test(run, endpoint, values, method)
        add_comparison(run, place, found, method, digits_of(values))
        tested.append(Tested(place, found))
    add_adjusted(run, endpoint, tested, method)


def _test_place(
    run: Run, endpoint: Endpoint, cohort: Cohort, filled: tuple[str, Matrix, str], at: tuple[int, Integers]
) -> Place:
    (measure, matrix, rule), (visit, chosen) = filled, at
    rows = rows_behind(run.panel, measure, matrix, visit, chosen)
    name = run.panel.visits[visit]
    prefix = "" if endpoint.missing_outcome == "observed" else endpoint.id
    return replace(
        cohort.place_of_change("test", measure),
        visit=name,
        endpoint=endpoint.id,
        n=len(chosen),
        missing=run.policy(measure),
        missing_outcome=rule,
        source=run.source(cohort, f"{prefix}{name_change(measure)}", name, rows),
    )


def run_test(run: Run, endpoint: Endpoint, values: Floats, method: str) -> Comparison:
    """Compare changes with zero by one method."""
    level = run.level_of(endpoint)
    if method != "bootstrap":
        return TESTS[method](values, level=level)
    if len(values) < 2:
        return Comparison(np.nan, np.nan, np.nan, np.nan, np.nan, np.nan, len(values), method, level)
    from funis.stats.resample import bootstrap

    found = bootstrap(values, lambda x: x.mean(axis=1), repeats=BOOTSTRAP_DRAWS, level=level, seed=SEED)
    return Comparison(
        found.estimate, found.lower, found.upper, np.nan, np.nan, np.nan, found.n, found.method, level
    )


def add_comparison(run: Run, place: Place, found: Comparison, method: str, digits: int) -> None:
    """Add estimate, interval, statistic, degrees of freedom and P of one test."""
    # Nine decimals hold every recorded value; beyond them stands only the dust of binary addition.
    estimate = round_exactly(found.estimate)
    for statistic, value in (("estimate", estimate), ("lower", found.lower), ("upper", found.upper)):
        run.numbers.add(place, statistic, value, text=format_number(value, digits), method=method)
    for statistic, value in (("statistic", found.statistic), ("df", found.df)):
        if np.isfinite(value):
            run.numbers.add(place, statistic, value, method=method)
    if method == "bootstrap":
        return
    text = format_p(found.p) if np.isfinite(found.p) or not found.note else f"{NOT_AVAILABLE} ({found.note})"
    run.numbers.add(place, "p", found.p, text=text, method=method)


def add_adjusted(run: Run, endpoint: Endpoint, tested: list[Tested], method: str) -> None:
    """Add the P adjusted over the visits; a test that gave none is not part of the family."""
    family = [each for each in tested if np.isfinite(each.found.p)]
    if endpoint.adjust == "none" or not family:
        return
    adjusted = ADJUSTMENTS[endpoint.adjust]([each.found.p for each in family])
    for each, p in zip(family, adjusted, strict=True):
        place = replace(each.place, adjustment=endpoint.adjust)
        run.numbers.add(place, "p_adjusted", float(p), method=method)


# --- organ systems -------------------------------------------------------------------------------


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
        add_comparison(run, place, found, "signed_rank_pratt", 3)
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
