"""Sensitivity analyses: the same question by every method, missing policy and population that was planned."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
import polars as pl

from funis.analysis.changes_used import fill_missing, visits_of
from funis.analysis.cohorts import ENROLLED, Cohort
from funis.analysis.estimand_responses import Rates, add_rates
from funis.analysis.paired_tests import TESTS, add_comparison, run_test
from funis.analysis.panel import Matrix
from funis.analysis.response_rates import responder_codes
from funis.analysis.run import Run, decimals_of, rows_behind
from funis.analysis.target import Target
from funis.results import Place, name_change
from funis.study.estimand import CHANGE_POLICIES, IMPUTED, RESPONSE_POLICIES, SensitivityPlan
from funis.study.model import Endpoint

CHEAP: Final = ("paired_t", "wilcoxon", "mmrm")


def plans_of(run: Run) -> list[SensitivityPlan]:
    """Give the planned sets, and one for each endpoint that asks for its own or is primary."""
    planned = {plan.endpoint: plan for plan in run.study.sensitivity}
    found = []
    for endpoint in run.study.endpoints:
        if endpoint.id in planned:
            found.append(planned[endpoint.id])
            continue
        asked = endpoint.sensitivity if endpoint.sensitivity is not None else endpoint.role == "primary"
        if asked and endpoint.kind in {"change", "response"}:
            found.append(SensitivityPlan(endpoint=endpoint.id))
    return found


def analyse_sensitivity(run: Run, visits: pl.DataFrame) -> None:
    """Compute the sensitivity tables of a study.

    Parameters
    ----------
    run : the analysis on its way
    visits : one row per subject and visit with the scored columns
    """
    for plan in plans_of(run):
        endpoint = run.study.endpoint(plan.endpoint)
        for name in plan.populations or _usual_populations(run, endpoint):
            own = endpoint.model_copy(
                update={"population": name, "subgroups": (), "subgroup_only": False, "adjust": "none"}
            )
            if endpoint.kind == "response":
                _vary_response(run, visits, plan, own)
            else:
                _vary_change(run, plan, own)


def _usual_populations(run: Run, endpoint: Endpoint) -> tuple[str, ...]:
    """Give the endpoint's population, and everybody where that is not the same subjects."""
    own = endpoint.population or ENROLLED
    is_whole = bool(run.populations.cohort(own).members.all())
    return (own,) if is_whole else tuple(dict.fromkeys((own, ENROLLED)))


# --- a change ----------------------------------------------------------------------------------------


def _vary_change(run: Run, plan: SensitivityPlan, endpoint: Endpoint) -> None:
    drawn = ("multiple_imputation",) if endpoint.imputation is not None else ()
    methods = plan.methods or (*CHEAP, *drawn)
    for variable in endpoint.all_variables:
        if variable not in run.panel.changes:
            continue
        for rule in plan.missing or CHANGE_POLICIES:
            filled = fill_missing(run, endpoint, variable, rule)
            for method in methods:
                if method in TESTS:
                    _test_filled(run, endpoint, variable, filled, method)
        one = endpoint.model_copy(update={"variable": variable, "variables": ()})
        if "mmrm" in methods:
            from funis.analysis.models import fit_variable

            cohort = run.populations.cohort(endpoint.population)
            fit_variable(run, one, variable, cohort, Target("sensitivity"))
        for method in methods:
            if method in IMPUTED:
                _impute(run, one, method)


def _impute(run: Run, endpoint: Endpoint, method: str) -> None:
    from funis.analysis.imputation import compare_imputed

    own = endpoint.model_copy(update={"missing_outcome": method})
    compare_imputed(run, own, endpoint.variable, Target("sensitivity"))


def _test_filled(
    run: Run, endpoint: Endpoint, variable: str, filled: tuple[Matrix, str], method: str
) -> None:
    """Test changes filled by one rule, by one method, at every visit; arms apart."""
    matrix, rule = filled
    arms = tuple(run.populations.arms) or ("all",)
    for arm in arms:
        cohort = run.populations.cohort(endpoint.population, arm=arm)
        for visit in visits_of(run, endpoint):
            chosen = np.flatnonzero(~np.isnan(matrix.values[:, visit]) & cohort.members)
            place = _place(run, endpoint, cohort, (variable, matrix, rule), visit)
            if method == "paired_t" and (matrix.censored[chosen, visit] != 0).any():
                why = "values beyond what the assay measures have no mean"
                run.numbers.add(place, "estimate", None, text=why, method=method)
                continue
            values = matrix.values[chosen, visit]
            found = run_test(run, endpoint, values, method)
            add_comparison(run, place, found, method, decimals_of(run, variable, values))


def _place(
    run: Run, endpoint: Endpoint, cohort: Cohort, filled: tuple[str, Matrix, str], visit: int
) -> Place:
    variable, matrix, rule = filled
    chosen = np.flatnonzero(~np.isnan(matrix.values[:, visit]) & cohort.members)
    rows = rows_behind(run.panel, variable, matrix, visit, chosen)
    label = run.panel.visits[visit]
    return replace(
        cohort.place_of_change("sensitivity", variable),
        visit=label,
        endpoint=endpoint.id,
        n=len(chosen),
        missing=run.policy(variable),
        missing_outcome=rule,
        source=run.source(cohort, f"{rule} {name_change(variable)}", label, rows),
    )


# --- a response --------------------------------------------------------------------------------------


def _vary_response(run: Run, visits: pl.DataFrame, plan: SensitivityPlan, endpoint: Endpoint) -> None:
    bare = endpoint.model_copy(update={"missing_outcome": "observed"})
    for at in endpoint.at:
        codes = responder_codes(run, visits, bare, at)
        for rule in plan.missing or RESPONSE_POLICIES:
            rates = Rates("sensitivity", at, codes, rule, rule)
            add_rates(run, endpoint, rates)
