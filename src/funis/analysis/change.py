"""Changes from baseline: paired tests at each visit, adjusted over the visits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from funis.analysis.changes_used import fill_missing, visits_of
from funis.analysis.cohorts import Cohort
from funis.analysis.paired_tests import OF_A_MEAN, TESTS, Tested, add_adjusted, add_comparison, run_test
from funis.analysis.panel import Integers, Matrix
from funis.analysis.run import Run, decimals_of, rows_behind
from funis.analysis.summary import summarise_changes
from funis.results import NOT_AVAILABLE, Place, name_change
from funis.study.estimand import IMPUTED
from funis.study.model import Endpoint


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
        if censored and method in OF_A_MEAN:
            why = f"{NOT_AVAILABLE} ({censored} beyond what the assay measures)"
            run.numbers.add(place, "p", None, text=why, method=method)
            continue
        found = run_test(run, endpoint, values, method)
        add_comparison(run, place, found, method, decimals_of(run, measure, values))
        if method == "wilcoxon" and (zeros := int((values == 0.0).sum())):
            run.numbers.add(place, "zero_changes", zeros, text=str(zeros), method=method)
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
