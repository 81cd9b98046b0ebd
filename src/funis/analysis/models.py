"""Mixed model for repeated measures of the changes of an endpoint."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
import polars as pl

from funis.analysis.changes_used import visits_of
from funis.analysis.cohorts import Cohort
from funis.analysis.diagnostics import diagnose_model
from funis.analysis.paired_tests import ADJUSTMENTS
from funis.analysis.panel import Floats
from funis.analysis.run import Run, decimals_of, rows_behind
from funis.analysis.target import Target
from funis.errors import FunisError
from funis.results import ALL, Place, format_number
from funis.stats.mmrm.formula import parse_formula
from funis.stats.mmrm.front_door import fit_mmrm
from funis.stats.mmrm.result import MmrmResult
from funis.study.model import Endpoint

# One slope for all visits would give a visit whose own slope differs an unconditional variance not its own.
SINGLE_ARM: Final = "visit * baseline"
SEVERAL_ARMS: Final = "arm * visit + baseline"
#: Structures whose correlation falls with the time between visits, and the column of that time.
OF_DISTANCE: Final = frozenset({"sp_exp", "sp_gau"})
PLANNED_DAY: Final = "planned_day"
HELD: Final = ("se", "lower", "upper")
_NAME: Final = re.compile(r"[A-Za-z_]\w*")
_OWN: Final = frozenset({"visit", "baseline", "arm", "C", "subject", "outcome"})


MODELS: Final = Target("mmrm")


def fit_changes(run: Run, endpoint: Endpoint) -> None:
    """Fit the model to each variable of an endpoint and add its marginal means by visit.

    The outcome is the change from baseline; without a formula in the study file the fixed effects are
    visit, baseline and visit by baseline, with arms arm, visit, arm by visit and baseline. A fit that failed
    gives no number. Where the means are unconditional, the limits with the baselines held stand beside them.
    """
    for variable in endpoint.all_variables:
        if variable not in run.panel.changes:
            continue
        for subgroup in _subgroups(endpoint):
            fit_variable(run, endpoint, variable, run.populations.cohort(endpoint.population, subgroup))


def _subgroups(endpoint: Endpoint) -> Sequence[str]:
    if endpoint.subgroup_only and endpoint.subgroups:
        return endpoint.subgroups
    return (ALL, *endpoint.subgroups)


def fit_variable(run: Run, endpoint: Endpoint, variable: str, cohort: Cohort, into: Target = MODELS) -> None:
    """Fit the model to one variable in one cohort and add its marginal means by visit."""
    frame = _model_frame(run, endpoint, variable, cohort)
    by_arm = bool(run.populations.arms) and "arm" in _names(endpoint)
    fitted = _fit(run, endpoint, frame)
    if isinstance(fitted, str):
        _add_failure(run, endpoint, cohort, (variable, fitted), into)
        return
    status = "fallback" if fitted.fallbacks else "ok"
    p_values: list[tuple[Place, float]] = []
    for row in _means(run, endpoint, fitted, ["arm", "visit"] if by_arm else ["visit"]):
        arm = row["arm"] if by_arm else ALL
        place = _place(
            run,
            endpoint,
            run.populations.cohort(cohort.population, cohort.subgroup, arm),
            (variable, row["visit"]),
            into,
        )
        _add_row(run, place, row, frame["outcome"].to_numpy(), status)
        p_values.append((place, row["p"]))
    if by_arm:
        p_values = _add_differences(run, endpoint, cohort, (variable, fitted, frame), into)
    _adjust(run, endpoint, p_values)
    whole = replace(_place(run, endpoint, cohort, (variable, ALL), into), n=fitted.n_subjects)
    if fitted.fallbacks:
        tried = "; ".join(f"{name}: {reason}" for name, reason in fitted.fallbacks)
        text = f"{fitted.covariance}, as declared, after {tried}"
        run.numbers.add(whole, "covariance", None, text=text, method="mmrm", status=status)
    if into.analysis != "mmrm":
        return
    if has_shared_slope(run, endpoint):
        run.numbers.add(whole, "shared_slope", 1.0, text="one slope of baseline at all visits", method="mmrm")
    run.numbers.add(whole, "aic", fitted.aic, method="mmrm")
    run.numbers.add(whole, "log_likelihood", fitted.log_likelihood, method="mmrm")
    diagnose_model(run, endpoint, cohort, variable, fitted)


def has_shared_slope(run: Run, endpoint: Endpoint) -> bool:
    """Tell whether a study's own formula without arms gives baseline one slope at all visits.

    The mean of a visit then has a variance from a slope that is not its own. With arms one slope is usual,
    and their difference does not rest on it.
    """
    formula = parse_formula(endpoint.formula) if endpoint.formula else None
    if run.study.arms or formula is None or ("baseline",) not in formula.terms:
        return False
    return not any({"baseline", "visit"} <= set(term) for term in formula.terms)


def _means(run: Run, endpoint: Endpoint, fitted: MmrmResult, by: list[str]) -> list[dict[str, Any]]:
    """Estimate the marginal means; unconditional ones with the limits of the conditional ones beside."""
    kind = run.study.kind_of_means(endpoint)
    rows: list[dict[str, Any]] = fitted.marginal_means(by, kind=kind).rows(named=True)
    if kind == "conditional":
        return rows
    held = fitted.marginal_means(by).rows(named=True)
    return [
        row | {f"conditional_{name}": beside[name] for name in HELD}
        for row, beside in zip(rows, held, strict=True)
    ]


def _names(endpoint: Endpoint) -> frozenset[str]:
    return frozenset(_NAME.findall(endpoint.formula or SEVERAL_ARMS))


def _model_frame(run: Run, endpoint: Endpoint, variable: str, cohort: Cohort) -> pl.DataFrame:
    """Make one row a subject and visit: change, baseline, arm, and the covariates that the formula names."""
    change, base = run.panel.changes[variable], run.panel.baselines[variable]
    parts = []
    for visit in visits_of(run, endpoint):
        chosen = np.flatnonzero(cohort.members & ~np.isnan(change.values[:, visit]))
        parts.append(
            run.subject_frame[chosen]
            .select("subject", "arm", *(name for name in _covariates(run, endpoint)))
            .with_columns(
                pl.lit(run.panel.visits[visit]).alias("visit"),
                pl.lit(run.panel.layout.planned[visit]).alias(PLANNED_DAY),
                pl.Series("baseline", base.values[chosen]),
                pl.Series("outcome", change.values[chosen, visit]),
            )
        )
    return pl.concat(parts)


def _covariates(run: Run, endpoint: Endpoint) -> list[str]:
    named = _NAME.findall(endpoint.formula)
    return [name for name in dict.fromkeys(named) if name in run.subject_frame.columns and name not in _OWN]


def _fit(run: Run, endpoint: Endpoint, frame: pl.DataFrame) -> MmrmResult | str:
    """Fit the model; where there is no fit, say why."""
    arms = [arm.id for arm in sorted(run.study.arms, key=lambda arm: not arm.control)]
    names = [run.panel.visits[visit] for visit in visits_of(run, endpoint)]
    present = set(frame["visit"])
    levels: dict[str, Sequence[object]] = {"visit": [name for name in names if name in present]}
    if arms:
        levels["arm"] = [arm for arm in arms if arm in set(frame["arm"])]
    try:
        fitted = fit_mmrm(
            frame,
            outcome="outcome",
            fixed=endpoint.formula or (SEVERAL_ARMS if arms else SINGLE_ARM),
            subject="subject",
            visit="visit",
            covariance=endpoint.covariance,
            coordinates=PLANNED_DAY if OF_DISTANCE & {endpoint.covariance, *endpoint.fallback} else None,
            df=endpoint.df,
            fallback=endpoint.fallback,
            level=run.level_of(endpoint),
            levels=levels,
        )
    except FunisError as error:
        return str(error)
    return fitted if fitted.converged else f"{fitted.status}. {fitted.detail}".strip()


def _place(run: Run, endpoint: Endpoint, cohort: Cohort, at: tuple[str, str], into: Target) -> Place:
    variable, visit = at
    change = run.panel.changes[variable]
    place = replace(
        into.place(cohort, variable), endpoint=endpoint.id, visit=visit, missing=run.policy(variable)
    )
    if visit == ALL:
        return place
    position = run.panel.visit_index(visit)
    chosen = np.flatnonzero(cohort.members & ~np.isnan(change.values[:, position]))
    rows = rows_behind(run.panel, variable, change, position, chosen)
    return replace(place, n=len(chosen), source=run.source(cohort, into.key(variable), visit, rows))


def _add_row(run: Run, place: Place, row: dict[str, Any], outcome: Floats, status: str) -> None:
    digits = decimals_of(run, place.measure, outcome)
    decimals = {"estimate": digits, "se": digits + 1, "lower": digits, "upper": digits, "df": 1}
    decimals |= {f"conditional_{name}": decimals[name] for name in HELD if f"conditional_{name}" in row}
    for statistic, places in decimals.items():
        text = format_number(row[statistic], places)
        run.numbers.add(place, statistic, row[statistic], text=text, method="mmrm", status=status)
    run.numbers.add(place, "p", row["p"], method="mmrm", status=status)


def _add_differences(
    run: Run,
    endpoint: Endpoint,
    cohort: Cohort,
    fitted: tuple[str, MmrmResult, pl.DataFrame],
    into: Target,
) -> list[tuple[Place, float]]:
    """Add each arm minus the control arm at each visit."""
    variable, model, frame = fitted
    p_values = []
    kind = run.study.kind_of_means(endpoint)
    for row in model.differences("arm", by=["visit"], kind=kind).iter_rows(named=True):
        place = replace(
            _place(run, endpoint, cohort, (variable, row["visit"]), into),
            arm=row["arm"],
            contrast=row["minus"],
        )
        status = "fallback" if model.fallbacks else "ok"
        _add_row(run, place, row, frame["outcome"].to_numpy(), status)
        p_values.append((place, row["p"]))
    return p_values


def _adjust(run: Run, endpoint: Endpoint, p_values: list[tuple[Place, float]]) -> None:
    known = [(place, p) for place, p in p_values if p is not None and np.isfinite(p)]
    if endpoint.adjust == "none" or not known:
        return
    adjusted = ADJUSTMENTS[endpoint.adjust]([p for _, p in known])
    for (place, _), p in zip(known, adjusted, strict=True):
        adjusted_place = replace(place, adjustment=endpoint.adjust)
        run.numbers.add(adjusted_place, "p_adjusted", float(p), method="mmrm")


def _add_failure(run: Run, endpoint: Endpoint, cohort: Cohort, failed: tuple[str, str], into: Target) -> None:
    """Add the rows of a failed fit: no value, and the reason where the text would stand."""
    variable, why = failed
    if into.analysis == "mmrm":
        whole = replace(_place(run, endpoint, cohort, (variable, ALL), into), analysis="diagnostics", n=None)
        run.numbers.add(whole, "converged", None, text=why, method="mmrm", status="failed")
    for visit in visits_of(run, endpoint):
        place = _place(run, endpoint, cohort, (variable, run.panel.visits[visit]), into)
        for statistic in ("estimate", "p"):
            run.numbers.add(place, statistic, None, text=why, method="mmrm", status="failed")
