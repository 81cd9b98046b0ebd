"""Sites, cell lots and donors as random effects of a change, at the last visit of each endpoint."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from funis.analysis.changes_used import visits_of
from funis.analysis.influence import changes_of, find_groupings
from funis.analysis.run import Run, decimals_of, rows_behind
from funis.nine_decimals import round_exactly
from funis.results import ALL, Place, format_number, name_change
from funis.stats.cluster import RandomIntercept, fit_random_intercept
from funis.study.model import Endpoint


def fit_site_effects(run: Run, endpoint: Endpoint) -> None:
    """Fit a random intercept of site, lot and donor to the change of each variable.

    A fit that failed gives its reason in place of a number. Subjects whose site or lot is not known are left
    out of that fit and the fit's n says so.
    """
    groupings = find_groupings(run)
    visits = visits_of(run, endpoint)
    if not endpoint.methods or not visits or not groupings:
        return
    subgroups = endpoint.subgroups if endpoint.subgroup_only and endpoint.subgroups else (ALL,)
    for variable in endpoint.all_variables:
        if variable not in run.panel.changes:
            continue
        matrix, rule = changes_of(run, endpoint, variable)
        visit = visits[-1]
        for subgroup in subgroups:
            cohort = run.populations.cohort(endpoint.population, subgroup)
            for kind, label in groupings.items():
                known = ~np.isnan(matrix.values[:, visit]) & cohort.members & (label != "")
                chosen = np.flatnonzero(known)
                if len(chosen) < 3 or (matrix.censored[chosen, visit] != 0).any():
                    continue
                rows = rows_behind(run.panel, variable, matrix, visit, chosen)
                key = f"{endpoint.id} {name_change(variable)} {kind}"
                source = run.source(cohort, key, run.panel.visits[visit], rows)
                place = replace(
                    cohort.place_of_change("site_effects", variable), cluster=kind, endpoint=endpoint.id,
                    n=len(chosen), visit=run.panel.visits[visit], missing=run.policy(variable),
                    missing_outcome=rule, source=source,
                )  # fmt: skip
                values = matrix.values[chosen, visit]
                fitted = fit_random_intercept(values, label[chosen], level=run.level_of(endpoint))
                _add_effect(run, place, fitted, decimals_of(run, variable, values))


def _add_effect(run: Run, place: Place, fitted: RandomIntercept, digits: int) -> None:
    """Add the mean over groups, the two standard deviations, the share between groups and the word."""
    groups = len(fitted.groups)
    run.numbers.add(place, "groups", groups, text=str(groups))
    word = fitted.note
    if fitted.status != "scored":
        run.numbers.add(place, "icc", None, text=f"– ({word})", method="random_intercept")
        return
    given = (
        ("estimate", fitted.mean, digits),
        ("between_sd", fitted.between_sd, digits),
        ("within_sd", fitted.within_sd, digits),
        ("icc", fitted.icc, 2),
        ("lower", fitted.icc_lower, 2),
        ("upper", fitted.icc_upper, 2),
    )
    for statistic, value, places in given:
        text = format_number(value, places)
        run.numbers.add(place, statistic, round_exactly(value), text=text, method="random_intercept")
    run.numbers.add(place, "p", fitted.p, method="random_intercept")
    word = "; ".join(filter(None, (word, fitted.caution)))
    run.numbers.add(place, "word", float(groups), text=word, method="random_intercept")
    if fitted.caution:
        run.numbers.add(place, "caution", float(groups), text=fitted.caution, method="random_intercept")
