"""Arms of a parallel trial beside each other: changes, shares of responders, times to an event.

Every comparison is an arm minus the control arm (the one marked in the study file, else the first).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Final, TypeAlias

import numpy as np

from funis.analysis.changes_used import visits_of
from funis.analysis.cohorts import Cohort
from funis.analysis.influence import changes_of
from funis.analysis.paired_tests import SEED, add_comparison, add_exact_least
from funis.analysis.panel import Booleans, Floats
from funis.analysis.response_rates import RESPONDER, Answers
from funis.analysis.run import Run, decimals_of, rows_behind
from funis.analysis.summary import subject_source
from funis.nine_decimals import round_exactly
from funis.results import ALL, NOT_AVAILABLE, Place, format_number, format_p, name_change
from funis.stats.survival import log_rank
from funis.stats.tests.compare import Comparison, two_sample_t, wilcoxon_rank_sum
from funis.stats.tests.contingency import fisher_exact
from funis.stats.tests.permutation import two_sample_permutation
from funis.study.model import Endpoint


def _permute_arms(first: Floats, second: Floats, *, level: float) -> Comparison:
    """Shuffle subjects over the arms; the test has no interval, so the level is only noted."""
    return replace(two_sample_permutation(first, second, seed=SEED), level=level)


#: The test between arms that belongs to the test within an arm.
BETWEEN: Final[dict[str, tuple[str, Callable[..., Comparison]]]] = {
    "paired_t": ("welch", two_sample_t),
    "wilcoxon": ("rank_sum", wilcoxon_rank_sum),
    "permutation": ("permutation", _permute_arms),
}
#: Tests of a mean: a value beyond what the assay measures has none.
_OF_A_MEAN: Final = frozenset({"welch", "permutation"})
COMPARISON: Final = "comparison"
Beside: TypeAlias = tuple[Cohort, Cohort, Cohort]
"""An arm, the control arm, and both together."""


def find_pairs(run: Run) -> tuple[tuple[str, str], ...]:
    """Give each arm with the control arm; nothing for a trial of one arm."""
    if len(run.populations.arms) < 2:
        return ()
    control = next((arm.id for arm in run.study.arms if arm.control), run.study.arms[0].id)
    return tuple((arm.id, control) for arm in run.study.arms if arm.id != control)


def _subgroups(endpoint: Endpoint) -> Sequence[str]:
    return endpoint.subgroups if endpoint.subgroup_only and endpoint.subgroups else (ALL, *endpoint.subgroups)


def arms_beside(run: Run, endpoint: Endpoint) -> Iterator[Beside]:
    """Give the arm, the control and both together, in each subgroup asked for."""
    for subgroup in _subgroups(endpoint):
        whole = run.populations.cohort(endpoint.population, subgroup)
        for arm, control in find_pairs(run):
            pair = [run.populations.cohort(endpoint.population, subgroup, name) for name in (arm, control)]
            both = replace(whole, arm=arm, contrast=control, members=pair[0].members | pair[1].members)
            yield pair[0], pair[1], both


def _or_own(run: Run, endpoint: Endpoint, beside: Sequence[Beside] | None) -> Iterator[Beside]:
    yield from arms_beside(run, endpoint) if beside is None else beside


def compare_changes_between(
    run: Run, endpoint: Endpoint, beside: Sequence[Beside] | None = None, *, analysis: str = COMPARISON
) -> None:
    """Compare the changes of arms at each visit by the tests that belong to its methods.

    Parameters
    ----------
    run, endpoint : the analysis on its way, and what is compared
    beside : arms to compare; those of the study by default
    analysis : where the numbers stand
    """
    methods = [BETWEEN[name] for name in endpoint.methods if name in BETWEEN]
    for variable in endpoint.all_variables:
        if not methods or variable not in run.panel.changes:
            continue
        matrix, rule = changes_of(run, endpoint, variable)
        for first, second, both in _or_own(run, endpoint, beside):
            for visit in visits_of(run, endpoint):
                column = matrix.values[:, visit]
                known = ~np.isnan(column)
                a, b = column[known & first.members], column[known & second.members]
                chosen = np.flatnonzero(known & both.members)
                if not (a.size and b.size):
                    continue
                at_visit = run.panel.visits[visit]
                rows = rows_behind(run.panel, variable, matrix, visit, chosen)
                key = f"{endpoint.id} {name_change(variable)}"
                place = replace(
                    both.place_of_change(analysis, variable), visit=at_visit, endpoint=endpoint.id,
                    n=len(chosen), missing=run.policy(variable), missing_outcome=rule,
                    source=run.source(both, key, at_visit, rows),
                )  # fmt: skip
                _add_sizes(run, place, a.size, b.size)
                censored = bool((matrix.censored[chosen, visit] != 0).any())
                for method, test in methods:
                    if censored and method in _OF_A_MEAN:
                        why = f"{NOT_AVAILABLE} (values beyond what the assay measures)"
                        run.numbers.add(place, "p", None, text=why, method=method)
                        continue
                    found = test(a, b, level=run.level_of(endpoint))
                    add_comparison(run, place, found, method, decimals_of(run, variable, column[chosen]))
                    if method == "welch":
                        least = 2.0 / math.comb(found.n, a.size)
                        add_exact_least(run, place, found.p, least, method)


def _add_sizes(run: Run, place: Place, first: int, second: int) -> None:
    run.numbers.add(place, "n_first", first, text=str(first))
    run.numbers.add(place, "n_second", second, text=str(second))


def compare_responses_between(
    run: Run,
    endpoint: Endpoint,
    judged: Sequence[Answers],
    beside: Sequence[Beside] | None = None,
    *,
    analysis: str = COMPARISON,
) -> None:
    """Compare the shares of responders: difference in percentage points by Newcombe, P by Fisher.

    Of each class of response the difference has its interval and no P: the classes are parts of one answer,
    which is tested once. Where it is open which class somebody has, the classes are not compared.

    Parameters
    ----------
    run, endpoint : the analysis on its way, and what is compared
    judged : what the definition said at each visit
    beside : arms to compare; those of the study by default
    analysis : where the numbers stand
    """
    for answers in judged:
        for first, second, both in _or_own(run, endpoint, beside):
            determinate = [answers.determinate & cohort.members for cohort in (first, second)]
            if not all(each.any() for each in determinate):
                continue
            for name, chosen in _classes_compared(answers, both):
                place = both.place(analysis, answers.definition, name)
                _compare_class(run, endpoint, answers, (place, chosen), (both, determinate))


def _classes_compared(answers: Answers, both: Cohort) -> Iterator[tuple[str, Booleans]]:
    """Give the responders, then each class of response where there are several and none is open."""
    yield RESPONDER, answers.responders
    classes = [name for name in answers.classes if name != answers.failing]
    in_one = np.logical_or.reduce([answers.of_class(name) for name in classes]) if classes else None
    if len(classes) > 1 and in_one is not None and not (answers.responders & ~in_one & both.members).any():
        for name in classes:
            yield name, answers.of_class(name)


def _compare_class(
    run: Run,
    endpoint: Endpoint,
    answers: Answers,
    counted: tuple[Place, Booleans],
    over: tuple[Cohort, Sequence[Booleans]],
) -> None:
    """Add the difference of one share between two arms, tested where it is that of all responders."""
    (named, chosen), (both, determinate) = counted, over
    name = named.category
    visit = answers.visit or ALL
    n = [int(each.sum()) for each in determinate]
    k = [int((chosen & each).sum()) for each in determinate]
    key = f"{endpoint.id} {answers.definition}: {name} {visit} arms"
    place = replace(
        named, visit=visit, endpoint=endpoint.id,
        n=sum(n), missing_outcome=endpoint.missing_outcome,
        source=subject_source(run, both, key, determinate[0] | determinate[1], answers.rows),
    )  # fmt: skip
    _add_sizes(run, place, n[0], n[1])
    found = fisher_exact(k[0], n[0], k[1], n[1], level=run.level_of(endpoint))
    given = (("estimate", found.estimate), ("lower", found.lower), ("upper", found.upper))
    for statistic, value in given:
        points = round_exactly(100.0 * value)
        run.numbers.add(place, statistic, points, text=format_number(points, 1), method="newcombe")
    if name == RESPONDER:
        run.numbers.add(place, "p", found.p, method="fisher")


def compare_times_between(run: Run, endpoint: Endpoint, day: Floats, happened: Booleans) -> None:
    """Compare the time to an event by the log-rank test, with events observed and expected in each arm.

    Parameters
    ----------
    day : shape (subjects,), days to the event or the end of observation, NaN for who does not enter
    happened : shape (subjects,), True where the day is that of the event
    """
    for first, _, both in arms_beside(run, endpoint):
        entering = both.members & ~np.isnan(day)
        is_first = first.members[entering]
        if not is_first.any() or is_first.all():
            continue
        name = endpoint.event or "event"
        place = replace(
            both.place(COMPARISON, name), endpoint=endpoint.id, n=int(entering.sum()),
            source=subject_source(run, both, f"{endpoint.id} {name} arms", entering),
        )  # fmt: skip
        _add_sizes(run, place, int(is_first.sum()), int((~is_first).sum()))
        found = log_rank(day[entering], happened[entering], np.where(is_first, "1", "2"))
        for group, statistic in ((0, "first"), (1, "second")):
            observed = int(found.observed[group])
            run.numbers.add(place, f"events_{statistic}", observed, text=str(observed))
            run.numbers.add(place, f"expected_{statistic}", float(found.expected[group]))
        if np.isfinite(found.statistic):
            run.numbers.add(place, "statistic", found.statistic, method="log_rank")
        text = format_p(found.p) if np.isfinite(found.p) else f"{NOT_AVAILABLE} (no event)"
        run.numbers.add(place, "p", found.p, text=text, method="log_rank")
