"""Changes with missing values drawn many times, compared by Rubin's rules, and how far they may shift."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, cast

import numpy as np

from funis.analysis.changes_used import visits_of
from funis.analysis.cohorts import Cohort
from funis.analysis.paired_tests import Tested, add_adjusted, add_comparison
from funis.analysis.panel import Booleans, Floats, Integers
from funis.analysis.run import Run, decimals_of, rows_behind
from funis.analysis.target import Target
from funis.errors import FunisError
from funis.results import ALL, Place, format_number
from funis.stats.impute import Chain, Imputations, impute_mar
from funis.stats.pooling import Pooled, add_delta, estimate_tipping_point, pool_rubin
from funis.stats.reference_based import Strategy, impute_reference
from funis.stats.sample import t_p, t_quantile
from funis.stats.tests.compare import Comparison
from funis.study.estimand import Imputation
from funis.study.model import Endpoint

DEFAULTS: Final = Imputation()
Estimate = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Completed:
    """Completed changes of the members of a cohort.

    Attributes
    ----------
    imputations : the draws, shape (m, members, visits)
    members : positions of the subjects in the panel
    visits : positions of the visits in the panel
    baseline : shape (members,)
    arm : shape (members,), code of the arm; empty where there is one
    policy : multiple_imputation, j2r, cr, cir or by_ending
    """

    imputations: Imputations
    members: Integers
    visits: tuple[int, ...]
    baseline: Floats
    arm: tuple[str, ...]
    policy: str

    def of_arm(self, name: str) -> Booleans:
        """Tell which members are in an arm; ``all`` for every one."""
        return np.array([name in (ALL, each) for each in self.arm or ("",) * len(self.members)], np.bool_)


@dataclass(frozen=True, slots=True)
class PooledVisit:
    """One test pooled over the draws, and the share of information lost; None where nothing was missing."""

    test: Comparison
    fraction_missing: float | None = None


TESTS: Final = Target("test")


def compare_imputed(run: Run, endpoint: Endpoint, variable: str, target: Target = TESTS) -> None:
    """Draw the missing changes of a variable and compare them in every subgroup of its endpoint."""
    whole = () if endpoint.subgroup_only and endpoint.subgroups else (ALL,)
    for subgroup in (*whole, *endpoint.subgroups):
        cohort = run.populations.cohort(endpoint.population, subgroup)
        drawn = impute_changes(run, endpoint, variable, cohort, endpoint.missing_outcome)
        if isinstance(drawn, str):
            _add_failure(run, endpoint, cohort, (variable, drawn), target)
            continue
        delta = (endpoint.imputation or DEFAULTS).delta
        # A sensitivity table and the steps of a tipping point begin at the values as they were drawn.
        moved = _shifted(run, drawn, delta) if delta and target.analysis != "sensitivity" else drawn
        add_imputed(run, endpoint, cohort, (variable, moved), target)
        if target is TESTS:
            add_tipping_points(run, endpoint, cohort, variable, drawn)


def impute_changes(
    run: Run, endpoint: Endpoint, variable: str, cohort: Cohort, policy: str
) -> Completed | str:
    """Draw the missing changes at the visits of an endpoint.

    Parameters
    ----------
    run : the analysis on its way; its panel holds the changes that are used
    endpoint : of kind change; its visits predict each other, with the baseline and the arm
    variable : without the ending of a change
    cohort : of every arm; members without a baseline have no change to draw and are left out
    policy : multiple_imputation, j2r, cr, cir or by_ending

    Returns
    -------
    Completed, or why nothing could be drawn
    """
    matrix, base = run.panel.changes[variable], run.panel.baselines[variable]
    visits = visits_of(run, endpoint)
    has_arm = np.zeros(len(base.values), dtype=np.bool_)
    for arm in run.populations.arms.values():
        has_arm |= arm
    members = np.flatnonzero(
        cohort.members & ~np.isnan(base.values) & (has_arm if run.populations.arms else True)
    )
    if (matrix.censored[members][:, list(visits)] != 0).any():
        return "values beyond what the assay measures cannot be drawn"
    outcome, start = matrix.values[np.ix_(members, np.array(visits, dtype=np.int64))], base.values[members]
    arms = run.subject_frame["arm"].gather(members).to_list() if run.populations.arms else []
    settings = endpoint.imputation or DEFAULTS
    try:
        how = _strategies(run, members, policy, settings)
        drawn = _draw(outcome, start, tuple(arms), how=how, settings=settings, control=run.study.control_arm)
    except (FunisError, np.linalg.LinAlgError) as error:
        return str(error) or "the covariance of the changes is singular"
    return Completed(drawn, members, visits, start, tuple(arms), policy)


def _strategies(
    run: Run, members: Integers, policy: str, settings: Imputation
) -> Strategy | tuple[Strategy, ...] | None:
    """Give the strategy of everybody, or of each member by how participation ended; None for no reference."""
    if policy == "multiple_imputation":
        return None
    if policy != "by_ending":
        return cast("Strategy", policy)
    endings = run.subject_frame["disposition_status"].gather(members).to_list()
    named = settings.strategies
    return tuple(named.get(ending, named.get("other", "mar")) for ending in endings)


def _draw(
    outcome: Floats,
    start: Floats,
    arms: tuple[str, ...],
    *,
    how: Strategy | tuple[Strategy, ...] | None,
    settings: Imputation,
    control: str | None,
) -> Imputations:
    missing = np.isnan(outcome)
    if outcome.size and not missing.any():
        return Imputations(np.stack([outcome, outcome]), missing, "nothing is missing", np.nan)
    chain = Chain(settings.draws, settings.burn, settings.between, settings.seed)
    # A baseline that does not vary predicts nothing and is no column of its own.
    centred = (
        (start - start.mean())[:, None] if start.size and np.ptp(start) > 0 else np.empty((len(start), 0))
    )
    if how is not None:
        return impute_reference(
            outcome, arms, reference=control or "", strategy=how, covariates=centred,
            covariance=settings.covariance, chain=chain,
        )  # fmt: skip
    groups = sorted(set(arms)) or [""]
    columns = [np.array([arm == group for arm in arms or ("",) * len(start)], float) for group in groups]
    return impute_mar(outcome, np.column_stack([*columns, centred]), chain=chain)


def _shifting(run: Run, done: Completed) -> Booleans | None:
    """Tell whose drawn changes shift: everybody's, in a parallel trial all but the control arm's."""
    return ~done.of_arm(run.study.control_arm) if run.study.control_arm and done.arm else None


def _shifted(run: Run, done: Completed, delta: float) -> Completed:
    moved = add_delta(done.imputations, delta, subjects=_shifting(run, done))
    return replace(done, imputations=moved)


# --- what is estimated -------------------------------------------------------------------------------


def add_imputed(
    run: Run, endpoint: Endpoint, cohort: Cohort, drawn: tuple[str, Completed], target: Target
) -> None:
    """Add the pooled mean change of every arm, and each arm minus the control arm, at each visit."""
    variable, done = drawn
    arms = (ALL,) if not done.arm else tuple(run.populations.arms)
    tested: list[Tested] = []
    for position in range(len(done.visits)):
        for arm in arms:
            within = run.populations.cohort(cohort.population, cohort.subgroup, arm)
            place = _place(run, endpoint, within, (variable, done), position, target)
            found = pool_visit(done, position, mean_of_arm(done, arm, position), level=run.level_of(endpoint))
            _add_pooled(run, place, found, done)
            tested += [Tested(place, found.test)] if arm == ALL and isinstance(found, PooledVisit) else []
        tested += _add_differences(run, endpoint, cohort, drawn, position, target)
    add_adjusted(run, endpoint, tested, done.policy)


def _add_differences(
    run: Run, endpoint: Endpoint, cohort: Cohort, drawn: tuple[str, Completed], position: int, target: Target
) -> list[Tested]:
    variable, done = drawn
    control = run.study.control_arm
    tested: list[Tested] = []
    for arm in run.populations.arms if done.arm and control else ():
        if arm == control:
            continue
        place = _place(run, endpoint, cohort, (variable, done), position, target)
        place = replace(place, arm=arm, contrast=control or "")
        analysis = difference_of_arms(done, arm, control or "", position)
        found = pool_visit(done, position, analysis, level=run.level_of(endpoint))
        _add_pooled(run, place, found, done)
        tested += [Tested(place, found.test)] if isinstance(found, PooledVisit) else []
    return tested


def mean_of_arm(done: Completed, arm: str, position: int) -> Callable[[Floats], Estimate]:
    """Give the analysis of one completed data set: mean change, its variance, degrees of freedom."""
    chosen = done.of_arm(arm)

    def analysis(completed: Floats) -> Estimate:
        values = completed[chosen, position]
        if len(values) < 2:
            raise FunisError("fewer than two subjects")
        return float(values.mean()), float(values.var(ddof=1)) / len(values), len(values) - 1.0

    return analysis


def difference_of_arms(
    done: Completed, arm: str, control: str, position: int
) -> Callable[[Floats], Estimate]:
    """Give the analysis of one completed data set: difference of changes, adjusted for the baseline."""
    first, second = done.of_arm(arm), done.of_arm(control)
    both = first | second
    start = done.baseline[both]
    columns = [np.ones(int(both.sum())), first[both].astype(float)]
    if start.size and np.ptp(start) > 0:
        columns.append(start - start.mean())
    design = np.column_stack(columns)
    df = float(len(design) - design.shape[1])

    def analysis(completed: Floats) -> Estimate:
        if df < 1 or np.linalg.matrix_rank(design) < design.shape[1]:
            raise FunisError("too few subjects in the arms")
        values = completed[both, position]
        inner = np.linalg.inv(design.T @ design)
        best = inner @ design.T @ values
        spread = float(((values - design @ best) ** 2).sum()) / df
        return float(best[1]), spread * float(inner[1, 1]), df

    return analysis


def pool_visit(
    done: Completed, position: int, analysis: Callable[[Floats], Estimate], *, level: float
) -> PooledVisit | str:
    """Pool one analysis over the draws; where nothing is missing at the visit it is the plain analysis."""
    try:
        found = [analysis(completed) for completed in done.imputations.completed]
        if min(variance for _, variance, _ in found) <= 0:
            return "all values are equal"
        if not done.imputations.missing[:, position].any():
            return _plain(found[0], done, level)
        pooled = pool_rubin(
            [each[0] for each in found], [each[1] for each in found], complete_df=found[0][2], level=level
        )
    except (FunisError, np.linalg.LinAlgError) as error:
        return str(error)
    return _as_comparison(pooled, done)


def _plain(found: Estimate, done: Completed, level: float) -> PooledVisit:
    estimate, variance, df = found
    error = float(np.sqrt(variance))
    half = t_quantile(df, level) * error
    statistic = estimate / error
    n = len(done.members)
    test = Comparison(
        estimate, estimate - half, estimate + half, statistic, df, t_p(statistic, df), n, done.policy, level
    )
    return PooledVisit(test)


def _as_comparison(pooled: Pooled, done: Completed) -> PooledVisit:
    found = Comparison(
        pooled.estimate, pooled.lower, pooled.upper, pooled.statistic, pooled.df, pooled.p,
        len(done.members), done.policy, pooled.level,
    )  # fmt: skip
    return PooledVisit(found, pooled.fraction_missing)


def _place(
    run: Run, endpoint: Endpoint, cohort: Cohort, drawn: tuple[str, Completed], position: int, target: Target
) -> Place:
    variable, done = drawn
    visit = done.visits[position]
    chosen = done.members[cohort.members[done.members]]
    rows = rows_behind(run.panel, variable, run.panel.changes[variable], visit, chosen)
    label = run.panel.visits[visit]
    return replace(
        target.place(cohort, variable),
        visit=label,
        endpoint=endpoint.id,
        n=len(chosen),
        missing=run.policy(variable),
        missing_outcome=done.policy,
        source=run.source(cohort, f"{endpoint.id} {done.policy} {target.key(variable)}", label, rows),
    )


def _add_pooled(run: Run, place: Place, found: PooledVisit | str, done: Completed) -> None:
    if isinstance(found, str):
        for statistic in ("estimate", "p"):
            run.numbers.add(place, statistic, None, text=found, method=done.policy, status="failed")
        return
    digits = decimals_of(run, place.measure, done.imputations.completed[0])
    add_comparison(run, place, found.test, done.policy, digits)
    fraction = found.fraction_missing
    if fraction is not None and place.analysis != "sensitivity":
        text = format_number(fraction, 3)
        run.numbers.add(place, "fraction_missing", fraction, text=text, method=done.policy)


def _add_failure(
    run: Run, endpoint: Endpoint, cohort: Cohort, failed: tuple[str, str], target: Target
) -> None:
    variable, why = failed
    for visit in visits_of(run, endpoint):
        place = replace(
            target.place(cohort, variable),
            visit=run.panel.visits[visit],
            endpoint=endpoint.id,
            missing=run.policy(variable),
            missing_outcome=endpoint.missing_outcome,
        )
        for statistic in ("estimate", "p"):
            method = endpoint.missing_outcome
            run.numbers.add(place, statistic, None, text=why, method=method, status="failed")


# --- tipping point -----------------------------------------------------------------------------------


def add_tipping_points(run: Run, endpoint: Endpoint, cohort: Cohort, variable: str, done: Completed) -> None:
    """Shift the drawn changes at each visit until the test is no longer significant, and add every step."""
    shifts = endpoint.imputation.tipping_point if endpoint.imputation is not None else ()
    control = run.study.control_arm
    others = [arm for arm in run.populations.arms if arm != control] if done.arm and control else [ALL]
    for position in range(len(done.visits)) if shifts else ():
        if not done.imputations.missing[:, position].any():
            continue
        for arm in others:
            analysis = (
                mean_of_arm(done, ALL, position)
                if arm == ALL
                else difference_of_arms(done, arm, control or "", position)
            )
            place = _place(run, endpoint, cohort, (variable, done), position, Target("sensitivity"))
            place = place if arm == ALL else replace(place, arm=arm, contrast=control or "")
            _add_tipping(run, place, (done, analysis, shifts), 1.0 - run.level_of(endpoint))


def _add_tipping(
    run: Run,
    place: Place,
    asked: tuple[Completed, Callable[[Floats], Estimate], tuple[float, ...]],
    alpha: float,
) -> None:
    done, analysis, shifts = asked
    try:
        found = estimate_tipping_point(
            done.imputations, analysis, shifts, alpha=alpha, subjects=_shifting(run, done)
        )
    except (FunisError, np.linalg.LinAlgError) as error:
        run.numbers.add(place, "tipping_point", None, text=str(error), method=done.policy, status="failed")
        return
    digits = decimals_of(run, place.measure, done.imputations.completed[0])
    for index, shift in enumerate(shifts):
        at_shift = replace(place, delta=shift)
        for statistic in ("estimate", "lower", "upper"):
            value = float(getattr(found, statistic)[index])
            text = format_number(value, digits)
            run.numbers.add(at_shift, statistic, value, text=text, method=done.policy)
        run.numbers.add(at_shift, "p", float(found.p[index]), method=done.policy)
    text = found.note or format_number(found.tipping, 3)
    run.numbers.add(place, "tipping_point", found.tipping, text=text, method=done.policy)
