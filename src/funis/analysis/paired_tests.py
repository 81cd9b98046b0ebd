"""Tests of changes against zero: run, added to the numbers, adjusted over the visits of an endpoint."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from funis.analysis.panel import Floats
from funis.analysis.run import Run
from funis.nine_decimals import round_exactly
from funis.results import NOT_AVAILABLE, Place, format_number, format_p
from funis.stats.tests import adjust
from funis.stats.tests.compare import Comparison, paired_t, sign_test, wilcoxon_signed_rank
from funis.stats.tests.permutation import signed_permutation
from funis.study.model import Endpoint

TESTS: Final[dict[str, Callable[..., Comparison]]] = {
    "paired_t": paired_t,
    "wilcoxon": wilcoxon_signed_rank,
    "sign_test": sign_test,
    "permutation": signed_permutation,
}
#: Methods of a mean: a value beyond what the assay measures has none.
OF_A_MEAN: Final = frozenset({"paired_t", "bootstrap", "permutation"})
#: Tests that give a P value and no interval.
WITHOUT_INTERVAL: Final = frozenset({"permutation"})
ADJUSTMENTS: Final[dict[str, Callable[..., Floats]]] = {
    "holm": adjust.holm,
    "hochberg": adjust.hochberg,
    "hommel": adjust.hommel,
    "bonferroni": adjust.bonferroni,
}
#: Below it every P value is printed alike.
LEAST_PRINTED: Final = 0.001
#: Draws of the bootstrap; the seed, of permutations too, is part of the provenance.
BOOTSTRAP_DRAWS: Final = 4999
SEED: Final = 20120701


@dataclass(frozen=True, slots=True)
class Tested:
    """One test at one visit, waiting for the adjustment over all visits."""

    place: Place
    found: Comparison


def run_test(run: Run, endpoint: Endpoint, values: Floats, method: str) -> Comparison:
    """Compare changes with zero by one method."""
    level = run.level_of(endpoint)
    if method == "permutation":
        return signed_permutation(values, seed=SEED)
    if method != "bootstrap":
        return TESTS[method](values, level=level)
    if len(values) < 2:
        return Comparison(np.nan, np.nan, np.nan, np.nan, np.nan, np.nan, len(values), method, level)
    from funis.stats.resample import bootstrap

    # Draws go by place: sorted, the interval does not hang on the order of lines in a table.
    ordered = np.sort(values)
    found = bootstrap(ordered, lambda x: x.mean(axis=1), repeats=BOOTSTRAP_DRAWS, level=level, seed=SEED)
    return Comparison(
        found.estimate, found.lower, found.upper, np.nan, np.nan, np.nan, found.n, found.method, level
    )


def add_comparison(run: Run, place: Place, found: Comparison, method: str, digits: int) -> None:
    """Add estimate, interval, statistic, degrees of freedom, P of one test and the draws behind it."""
    # Nine decimals hold every recorded value; beyond them stands only the dust of binary addition.
    limits = () if method in WITHOUT_INTERVAL else (("lower", found.lower), ("upper", found.upper))
    for statistic, value in (("estimate", round_exactly(found.estimate)), *limits):
        run.numbers.add(place, statistic, value, text=format_number(value, digits), method=method)
    if found.draws:
        run.numbers.add(place, "draws", found.draws, text=str(found.draws), method=method)
        error = found.p_error
        run.numbers.add(place, "p_error", error, text=format_number(error, 4), method=method)
    for statistic, value in (("statistic", found.statistic), ("df", found.df)):
        if np.isfinite(value):
            run.numbers.add(place, statistic, value, method=method)
    if method == "bootstrap":
        return
    if method == "paired_t":
        add_exact_least(run, place, found.p, 0.5 ** (found.n - 1), method)
    text = format_p(found.p) if np.isfinite(found.p) or not found.note else f"{NOT_AVAILABLE} ({found.note})"
    run.numbers.add(place, "p", found.p, text=text, method=method)


def add_exact_least(run: Run, place: Place, p: float, least: float, method: str) -> None:
    """Add the smallest P that an exact test of so few can give, where the P of a t test lies below it.

    Where both are printed as "< 0.001" there is nothing to tell apart.

    Parameters
    ----------
    p : P of the t test
    least : of n paired changes 2 / 2^n, all in one direction; of two samples 2 over the number of ways to
        choose the first from all, none overlapping
    """
    if p < least and least >= LEAST_PRINTED:
        run.numbers.add(place, "p_exact_least", least, text=format_p(least), method=method)


def add_adjusted(run: Run, endpoint: Endpoint, tested: list[Tested], method: str) -> None:
    """Add the P adjusted over the visits; a test that gave none is not part of the family."""
    family = [each for each in tested if np.isfinite(each.found.p)]
    if endpoint.adjust == "none" or not family:
        return
    adjusted = ADJUSTMENTS[endpoint.adjust]([each.found.p for each in family])
    for each, p in zip(family, adjusted, strict=True):
        place = replace(each.place, adjustment=endpoint.adjust)
        run.numbers.add(place, "p_adjusted", float(p), method=method)
