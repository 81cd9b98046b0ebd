"""How far a mean would have changed with no effect, because an eligibility rule selects on its baseline.

A rule such as ``baseline_sledai_2k > 6`` lets in who happens to be high. The limit is taken from the rule;
for whole-number scores it stands in the middle of the step, 6.5.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np
import polars as pl

from funis.analysis.changes_used import visits_of
from funis.analysis.cohorts import Cohort
from funis.analysis.panel import Floats, Integers
from funis.analysis.populations_assumed import CORRELATIONS, Entered, assume_populations
from funis.analysis.run import Run, decimals_of, mean_of
from funis.nine_decimals import round_exactly
from funis.results import ALL, NOT_AVAILABLE, Place, format_number, format_shortest
from funis.stats.entry_selection import RegressionToMean, estimate_regression_to_mean
from funis.study.model import Endpoint
from funis.study.selection import Selection, find_selections

#: Name of the method that takes the correlation observed before treatment.
OBSERVED: Final = "correlation_observed"
_FEWEST_PAIRS: Final = 10


class Selected(NamedTuple):
    """The baseline values of who entered, their standard deviation, the limit, 1 or -1 for high or low."""

    values: Floats
    sd: float
    limit: float
    sign: float


def estimate_falls(run: Run, endpoint: Endpoint) -> None:
    """Add the change expected without effect for each variable of an endpoint that a rule selects on.

    A trial with arms has its control arm for this, so nothing is added.
    """
    if run.populations.arms:
        return
    selections = find_selections(run.study)
    for variable in endpoint.all_variables:
        if (
            variable not in selections
            or variable not in run.panel.changes
            or _is_done(run, endpoint, variable)
        ):
            continue
        subgroups = endpoint.subgroups if endpoint.subgroup_only and endpoint.subgroups else (ALL,)
        for subgroup in subgroups:
            cohort = run.populations.cohort(endpoint.population, subgroup)
            _estimate_one(run, endpoint, cohort, selections[variable])


def _is_done(run: Run, endpoint: Endpoint, variable: str) -> bool:
    """Tell whether an earlier endpoint has the same variable in the same subjects."""
    for earlier in run.study.endpoints:
        if earlier.id == endpoint.id:
            return False
        same = (earlier.population, earlier.subgroups, earlier.subgroup_only) == (
            endpoint.population, endpoint.subgroups, endpoint.subgroup_only,
        )  # fmt: skip
        if same and earlier.kind == "change" and variable in earlier.all_variables:
            return True
    return False


def _estimate_one(run: Run, endpoint: Endpoint, cohort: Cohort, selection: Selection) -> None:
    base = run.panel.baselines[selection.variable]
    known = ~np.isnan(base.values) & (base.censored == 0)
    limit = selection.limit_for(base.values[known])
    sign = float(selection.direction)
    # Who entered against the rule was not selected by it.
    entered = np.flatnonzero(known & cohort.members & selection.is_met_by(base.values))
    if len(entered) < 3:
        return
    values = base.values[entered]
    mean, sd = mean_of(values), float(values.std(ddof=1))
    place = replace(
        cohort.place_of_change("regression_to_mean", selection.variable), endpoint=endpoint.id,
        n=len(entered), missing=run.policy(selection.variable),
        source=run.source(
            cohort, f"{endpoint.id} {selection.variable} entering", "baseline", base.rows[entered]
        ),
    )  # fmt: skip
    digits = decimals_of(run, selection.variable, values)
    excluded = int((known & cohort.members).sum()) - len(entered)
    for statistic, value, text in (
        ("limit", limit, format_shortest(limit)),
        ("mean", mean, format_number(mean, digits)),
        ("sd", sd, format_number(sd, digits)),
        ("not_met", excluded, str(excluded)),
    ):
        run.numbers.add(place, statistic, value, text=text)
    selected = Selected(values, sd, limit, sign)
    assumed = [(f"correlation_{format_shortest(each)}", each) for each in CORRELATIONS]
    first = _estimate(run, selected, CORRELATIONS[0], endpoint)
    widening = first.population_sd / sd if sd else math.nan
    observed, why = _observed_correlation(run, selection.variable, entered, widening)
    run.numbers.add(place, "correlation", observed, text=why)
    if observed is not None:
        assumed.append((OBSERVED, observed))
    falls = [(name, _estimate(run, selected, each, endpoint)) for name, each in assumed]
    for method, found in falls:
        _add_fall(run, place, (found, method), (selected, digits))
    if first.status == "scored":
        _add_population(run, place, first)
    else:
        assume_populations(run, place, selection, Entered(limit, mean, sd, observed))
    _list_points(run, endpoint, cohort, (selection.variable, entered))
    _list_lines(run, place, values, falls)


def _estimate(run: Run, selected: Selected, correlation: float, endpoint: Endpoint) -> RegressionToMean:
    """Estimate with high values let in; low ones are mirrored and the change turned back."""
    values, sd, limit, sign = selected
    n, level = len(values), run.level_of(endpoint)
    if sd == 0:
        note = "not estimable: all baseline values are equal"
        nan = math.nan
        return RegressionToMean(
            "not_estimable", nan, nan, nan, nan, nan, nan, correlation, limit, n, level, note
        )
    found = estimate_regression_to_mean(
        sign * mean_of(values), sd, sign * limit, correlation=correlation, n=n, level=level
    )
    if sign > 0:
        return found
    return replace(
        found, change=-found.change, lower=-found.upper, upper=-found.lower,
        population_mean=-found.population_mean, limit=limit,
    )  # fmt: skip


def _add_population(run: Run, place: Place, found: RegressionToMean) -> None:
    """Add the population before the rule, and the share of it that enters."""
    share = 100 * found.share_entering
    run.numbers.add(place, "population_mean", found.population_mean)
    run.numbers.add(place, "population_sd", found.population_sd)
    run.numbers.add(place, "share_entering", share, text=f"{format_number(share, 1)}%")


def _add_fall(
    run: Run, place: Place, named: tuple[RegressionToMean, str], printed: tuple[Selected, int]
) -> None:
    (found, method), (selected, digits) = named, printed
    if found.status != "scored":
        why = _reason(found, selected, digits)
        run.numbers.add(place, "estimate", None, text=why, method=method)
        return
    for statistic, value in (("estimate", found.change), ("lower", found.lower), ("upper", found.upper)):
        run.numbers.add(place, statistic, value, text=format_number(value, digits), method=method)


def _reason(found: RegressionToMean, selected: Selected, digits: int) -> str:
    """Say why nothing can be estimated, with the numbers as the report prints them."""
    excess = round_exactly(abs(mean_of(selected.values) - selected.limit))
    if not 0 < excess <= selected.sd:
        return found.note
    return (
        f"not estimable: the standard deviation {format_number(selected.sd, digits)} is not below the mean "
        f"excess {format_number(excess, digits)} over the limit {format_shortest(selected.limit)}, so no "
        "truncated normal distribution fits"
    )


def _observed_correlation(
    run: Run, variable: str, entered: Integers, widening: float
) -> tuple[float | None, str]:
    """Correlate the baseline with an earlier value before treatment, undoing the narrowing by selection.

    Parameters
    ----------
    widening : standard deviation before the entry rule over that of who entered, NaN where not estimable

    Notes
    -----
    Selection on the baseline narrows its spread and so the correlation r; with u the widening it was
    r u / sqrt(1 + r^2 (u^2 - 1)) before (Thorndike 1949, case 2).
    """
    base, matrix = run.panel.baselines[variable], run.panel.matrices[variable]
    early = [
        place for place, name in enumerate(run.panel.visits)
        if run.panel.layout.planned[place] <= 0 and name != run.panel.layout.baseline
    ]  # fmt: skip
    for visit in early:
        both = entered[
            ~np.isnan(matrix.values[entered, visit]) & (matrix.rows[entered, visit] != base.rows[entered])
        ]
        first, second = matrix.values[both, visit], base.values[both]
        if len(both) < _FEWEST_PAIRS or np.ptp(first) == 0 or np.ptp(second) == 0 or math.isnan(widening):
            continue
        r = float(np.corrcoef(first, second)[0, 1])
        rho = min(1.0, max(0.0, r * widening / math.sqrt(1.0 + r * r * (widening**2 - 1.0))))
        name = run.panel.visits[visit].replace("_", " ")
        return rho, f"{format_number(rho, 2)} ({name} and baseline, {len(both)} subjects)"
    if early and math.isnan(widening):
        return None, f"{NOT_AVAILABLE} (the spread before the entry rule cannot be estimated)"
    if early:
        return None, f"{NOT_AVAILABLE} (fewer than {_FEWEST_PAIRS} subjects with two values before treatment)"
    return None, f"{NOT_AVAILABLE} (no second value before treatment was planned)"


# --- the figure's data -----------------------------------------------------------------------------------


def _list_points(run: Run, endpoint: Endpoint, cohort: Cohort, at: tuple[str, Integers]) -> None:
    """List baseline against change at the last visit; equal points are counted."""
    variable, entered = at
    visits = visits_of(run, endpoint)
    change = run.panel.changes[variable]
    if not visits:
        return
    points = pl.DataFrame(
        {
            "baseline": run.panel.baselines[variable].values[entered],
            "change": change.values[entered, visits[-1]],
        }
    )
    counted = (
        points.filter(pl.col("change").is_not_nan())
        .group_by("baseline", "change", maintain_order=True)
        .agg(pl.len().alias("subjects"))
        .with_columns(**_keys(endpoint, cohort.subgroup, variable, run.panel.visits[visits[-1]]))
    )
    _append(run, "regression_to_mean", counted)


def _list_lines(run: Run, place: Place, values: Floats, falls: list[tuple[str, RegressionToMean]]) -> None:
    """List the change expected without effect at both ends of the baseline values."""
    rows = [
        {
            "correlation": found.correlation,
            "assumed": method != OBSERVED,
            "baseline": end,
            "change": -(1.0 - found.correlation) * (end - found.population_mean),
        }
        for method, found in falls
        if found.status == "scored"
        for end in (float(values.min()), float(values.max()))
    ]
    if rows:
        endpoint = run.study.endpoint(place.endpoint)
        keys = _keys(endpoint, place.subgroup, place.measure, "")
        _append(run, "regression_to_mean_lines", pl.DataFrame(rows).with_columns(**keys))


def _keys(endpoint: Endpoint, subgroup: str, variable: str, visit: str) -> dict[str, pl.Expr]:
    named = {"endpoint": endpoint.id, "subgroup": subgroup, "variable": variable, "visit": visit}
    return {name: pl.lit(value) for name, value in named.items()}


def _append(run: Run, name: str, rows: pl.DataFrame) -> None:
    known = [run.listings[name]] if name in run.listings else []
    run.listings[name] = pl.concat([*known, rows])
