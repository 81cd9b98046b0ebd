"""Whether the assumptions of a model or test hold: residuals, spread, correlation, criteria of the fit."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
import polars as pl

from funis.analysis.changes_used import visits_of
from funis.analysis.cohorts import Cohort
from funis.analysis.influence import Estimated, add_left_out, find_groupings
from funis.analysis.run import Run, decimals_of, rows_behind
from funis.results import ALL, Place, format_number, name_change
from funis.stats.deletion import leave_out_model
from funis.stats.mmrm.means import mean_rows
from funis.stats.mmrm.result import MmrmResult
from funis.stats.mmrm.unconditional import subject_rows, unconditional_table
from funis.stats.normality import plot_quantiles
from funis.study.model import Endpoint

#: Advice where a measure that cannot be negative spreads wider than its mean.
SKEWED: Final = "SD above the mean of a measure that cannot be negative: skewed; read the rank test"


# --- mixed models ----------------------------------------------------------------------------------------


def diagnose_model(run: Run, endpoint: Endpoint, cohort: Cohort, variable: str, fitted: MmrmResult) -> None:
    """Add what a statistician looks at after a fit: criteria, covariance, correlation and residuals.

    Parameters
    ----------
    run : the analysis on its way
    endpoint, cohort, variable : what was modelled
    fitted : a fit with estimates
    """
    place = replace(
        cohort.place_of_change("diagnostics", variable), endpoint=endpoint.id, n=fitted.n_subjects,
        missing=run.policy(variable),
    )  # fmt: skip
    run.numbers.add(place, "converged", 1.0, text=fitted.status, method="mmrm")
    criteria = (
        ("minus_2_log_likelihood", -2.0 * fitted.log_likelihood),
        ("aic", fitted.aic),
        ("bic", fitted.bic),
    )
    for statistic, value in criteria:
        run.numbers.add(place, statistic, value, method="mmrm")
    run.numbers.add(place, "observations", fitted.n_observations, text=str(fitted.n_observations))
    _add_covariance(run, place, fitted)
    _add_residuals(run, place, fitted)
    _leave_out_of_model(run, endpoint, replace(place, analysis="influence"), fitted)


def _add_covariance(run: Run, place: Place, fitted: MmrmResult) -> None:
    """Add parameters as SAS names them, and standard deviation and correlation by visit."""
    for row in fitted.covariance_parameters.iter_rows(named=True):
        own = replace(place, parameter=row["parameter"])
        run.numbers.add(
            own, "estimate", row["estimate"], text=format_number(row["estimate"], 3), method="mmrm"
        )
        run.numbers.add(own, "se", row["se"], text=format_number(row["se"], 3), method="mmrm")
    covariance = fitted.covariance_matrix
    if isinstance(covariance, dict):
        return
    deviation = np.sqrt(np.diag(covariance))
    for i, visit in enumerate(fitted.visits):
        own = replace(place, visit=visit)
        run.numbers.add(own, "residual_sd", float(deviation[i]), method="mmrm")
        for j in range(i):
            beside = replace(own, parameter=fitted.visits[j])
            r = float(covariance[i, j] / deviation[i] / deviation[j])
            run.numbers.add(beside, "correlation", r, method="mmrm")


def _add_residuals(run: Run, place: Place, fitted: MmrmResult) -> None:
    frame = fitted.residuals("normalised")
    plot = plot_quantiles(frame["residual"].to_numpy())
    run.numbers.add(place, "qq_correlation", plot.qq_correlation, text=format_number(plot.qq_correlation, 3))
    run.numbers.add(place, "skewness", plot.skewness)
    values = frame["residual"].to_numpy()
    far = int(np.argmax(np.abs(values)))
    who, visit = str(frame["subject"][far]), str(frame["visit"][far])
    run.numbers.add(
        replace(place, visit=visit), "largest_residual", float(values[far]),
        text=f"{format_number(float(values[far]), 2)} ({who})",
    )  # fmt: skip
    listed = frame.select(
        pl.lit(place.endpoint).alias("endpoint"),
        pl.lit(place.measure).alias("variable"),
        pl.lit(place.subgroup).alias("subgroup"),
        pl.col("subject").cast(pl.String),
        pl.col("visit").cast(pl.String),
        "fitted",
        "residual",
        pl.Series("expected", plot.expected),
    )
    known = [run.listings["residuals"]] if "residuals" in run.listings else []
    run.listings["residuals"] = pl.concat([*known, listed])


def _leave_out_of_model(run: Run, endpoint: Endpoint, place: Place, fitted: MmrmResult) -> None:
    """Leave subjects, sites and lots out of the marginal means, with arms out of their differences."""
    is_sample = run.study.kind_of_means(endpoint) == "unconditional"
    contrasts, cells = _contrasts(run, fitted, is_sample=is_sample)
    table = unconditional_table(fitted, contrasts) if is_sample else fitted.contrast_table(contrasts)
    errors, digits = table["se"], decimals_of(run, place.measure, fitted.rows.outcome)
    position = run.panel.layout.places
    order = [position[subject] for subject in fitted.rows.subject.levels]
    labels = {"subject": np.array(run.panel.subjects, dtype=np.str_)} | find_groupings(run)
    for kind, label in labels.items():
        chosen = label[order]
        if (chosen == "").any():
            continue
        every = leave_out_model(fitted, contrasts, chosen)
        for (visit, arm, control), left, error in zip(cells, every, errors, strict=True):
            own = replace(place, visit=visit, arm=arm, contrast=control)
            add_left_out(run, Estimated(own, "mmrm", digits, float(error)), kind, left)


def _contrasts(
    run: Run, fitted: MmrmResult, *, is_sample: bool
) -> tuple[np.ndarray, list[tuple[str, str, str]]]:
    """Give the weights of the estimates that are printed, and visit, arm and control arm of each.

    Weights have shape (estimates, coefficients); those of unconditional means one row more a subject.
    """

    def rows_of(by: list[str]) -> tuple[list[tuple[str, ...]], np.ndarray]:
        if is_sample:
            cells, blocks = subject_rows(fitted, by, None)
            return cells, np.array(blocks)
        found, _, weights = mean_rows(fitted, by, "equal", None)
        return found, weights

    # Where one arm has no data left there is nothing to compare, and the means themselves are looked at.
    arms = fitted.rows.factors["arm"].levels if "arm" in fitted.design.levels else ()
    if run.populations.arms and len(arms) > 1:
        cells, L = rows_of(["visit", "arm"])
        place = {cell: i for i, cell in enumerate(cells)}
        control = fitted.rows.factors["arm"].levels[0]
        pairs = [cell for cell in cells if cell[1] != control]
        rows = np.array([L[place[cell]] - L[place[cell[0], control]] for cell in pairs])
        return rows, [(visit, arm, control) for visit, arm in pairs]
    cells, L = rows_of(["visit"])
    return L, [(visit, ALL, "") for (visit,) in cells]


# --- paired tests ----------------------------------------------------------------------------------------


def diagnose_changes(run: Run, endpoint: Endpoint) -> None:
    """Add the Q-Q correlation of the changes behind a paired t test with the normal line, at each visit."""
    if "paired_t" not in endpoint.methods:
        return
    subgroups = endpoint.subgroups if endpoint.subgroup_only and endpoint.subgroups else (ALL,)
    for variable in endpoint.all_variables:
        if variable not in run.panel.changes:
            continue
        for subgroup in subgroups:
            cohort = run.populations.cohort(endpoint.population, subgroup)
            _diagnose_spread(run, endpoint, cohort, variable)
            for visit in visits_of(run, endpoint):
                _diagnose_change(run, endpoint, cohort, (variable, visit))


def _diagnose_change(run: Run, endpoint: Endpoint, cohort: Cohort, at: tuple[str, int]) -> None:
    variable, visit = at
    at_visit, matrix = run.panel.visits[visit], run.panel.changes[variable]
    chosen = np.flatnonzero(~np.isnan(matrix.values[:, visit]) & cohort.members)
    if len(chosen) < 3 or (matrix.censored[chosen, visit] != 0).any():
        return
    plot = plot_quantiles(matrix.values[chosen, visit])
    rows = rows_behind(run.panel, variable, matrix, visit, chosen)
    place = replace(
        cohort.place_of_change("diagnostics", variable), visit=at_visit, endpoint=endpoint.id,
        n=len(chosen), missing=run.policy(variable),
        source=run.source(cohort, name_change(variable), at_visit, rows),
    )  # fmt: skip
    run.numbers.add(place, "qq_correlation", plot.qq_correlation, text=format_number(plot.qq_correlation, 3))
    run.numbers.add(place, "skewness", plot.skewness)
    listed = pl.DataFrame(
        {
            "change": matrix.values[chosen, visit],
            "expected": plot.expected,
        }
    ).with_columns(
        pl.lit(endpoint.id).alias("endpoint"),
        pl.lit(variable).alias("variable"),
        pl.lit(cohort.subgroup).alias("subgroup"),
        pl.lit(at_visit).alias("visit"),
    )
    known = [run.listings["quantiles"]] if "quantiles" in run.listings else []
    run.listings["quantiles"] = pl.concat([*known, listed])


def _diagnose_spread(run: Run, endpoint: Endpoint, cohort: Cohort, variable: str) -> None:
    """Add SD over mean at baseline of a measure without negative values, with advice where it is above 1."""
    base = run.panel.baselines[variable]
    chosen = np.flatnonzero(~np.isnan(base.values) & cohort.members)
    values = base.values[chosen]
    is_log = any(lab.test == variable and lab.scale == "log2" for lab in run.study.labs)
    # Over all visits and subjects: a measure that is negative anywhere may be so here.
    lowest = np.nanmin(run.panel.matrices[variable].values)
    if len(chosen) < 3 or is_log or lowest < 0 or values.mean() <= 0:
        return
    ratio = float(values.std(ddof=1) / values.mean())
    place = replace(
        cohort.place("diagnostics", variable), visit=run.panel.layout.baseline or ALL, endpoint=endpoint.id,
        n=len(chosen), missing=run.policy(variable),
        source=run.source(cohort, variable, "baseline", base.rows[chosen]),
    )  # fmt: skip
    text = f"{format_number(ratio, 2)} ({SKEWED})" if ratio > 1 else format_number(ratio, 2)
    run.numbers.add(place, "sd_over_mean", ratio, text=text)
