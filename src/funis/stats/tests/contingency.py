"""Exact tests of counts: one proportion, two by two tables, yes or no and grades in the same subjects."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy import special

from funis.arguments import NumberFrom, Numbers, OrNone, YesNo, takes
from funis.errors import ShapeError, ValueRangeError
from funis.stats.proportion import (
    check_count,
    clopper_pearson,
    difference_of_paired_proportions,
    difference_of_proportions,
)
from funis.stats.sample import (
    ALTERNATIVES,
    Alternative,
    Booleans,
    Floats,
    check_choice,
    check_probability,
    check_sample,
    chi_square_p,
)
from funis.stats.tests.compare import Comparison, wilcoxon_signed_rank

# Two tables whose chances differ by less than this share count as equally likely (as in R).
EQUALLY_LIKELY = 1.0 + 1e-7
MOST_STATES = 200_000  # states of the columns up to which Cochran's Q is exact unless it is said otherwise


def binomial_test(
    k: int, n: int, reference: float, *, level: float = 0.95, alternative: Alternative = "two-sided"
) -> Comparison:
    """Compare a proportion with a reference exactly.

    Parameters
    ----------
    k, n : counts, 0 <= k <= n, n 1 or more
    reference : proportion under the null hypothesis, 0 to 1
    level : float in (0, 1), coverage of the Clopper-Pearson interval of the proportion
    alternative : ``two-sided`` sums all counts no likelier than the observed one

    Returns
    -------
    Comparison : `estimate` is the proportion, `statistic` the count

    Source
    ------
    Clopper and Pearson 1934 (Biometrika 26: 404); two-sided rule as in R's binom.test.

    Checked against
    ---------------
    tests/reference/contingency_r : R 4.2.2 binom.test

    Examples
    --------
    >>> round(binomial_test(29, 40, 0.5).p, 6)
    0.006427
    """
    check_count(k, n)
    check_probability(reference, "reference proportion")
    check_choice(alternative, ALTERNATIVES, "alternative")
    found = clopper_pearson(k, n, level)
    if n == 0:
        p = math.nan
    elif alternative == "less":
        p = float(special.bdtr(k, n, reference))
    elif alternative == "greater":
        p = float(special.bdtrc(k - 1, n, reference)) if k > 0 else 1.0
    else:
        chance = binomial_chances(n, reference)
        p = min(1.0, float(chance[chance <= chance[k] * EQUALLY_LIKELY].sum()))
    method = f"exact binomial test against {reference:g}"
    return Comparison(found.estimate, found.lower, found.upper, float(k), math.nan, p, n, method, level)


def binomial_chances(n: int, rate: float) -> Floats:
    """Give the probabilities of 0 to n events."""
    count = np.arange(n + 1)
    log_ways = special.gammaln(n + 1) - special.gammaln(count + 1) - special.gammaln(n - count + 1)
    chances = np.exp(log_ways + special.xlogy(count, rate) + special.xlog1py(n - count, -rate))
    return np.asarray(chances, dtype=np.float64)


@takes(first=Numbers(), second=Numbers(), mid=YesNo(), level=NumberFrom())
def mcnemar(
    first: npt.ArrayLike, second: npt.ArrayLike, *, mid: bool = False, level: float = 0.95
) -> Comparison:
    """Compare two yes-or-no answers of the same subjects by the discordant pairs, exactly.

    Parameters
    ----------
    first, second : Boolean or 0/1 arrays, shape (n,), same order of subjects, for example two visits
    mid : True for the mid-P value, which is less conservative but not guaranteed
    level : float in (0, 1), coverage of Newcombe's interval of the difference

    Returns
    -------
    Comparison : `estimate` is share of the second minus share of the first; `statistic` is the number of
        subjects that changed from no to yes

    Source
    ------
    McNemar 1947 (Psychometrika 12: 153); mid-P: Fagerland, Lydersen and Laake 2013 (BMC Med Res
    Methodol 13: 91); interval: Newcombe 1998 (Stat Med 17: 2635), method 10.

    Checked against
    ---------------
    tests/reference/contingency_r : R 4.2.2 binom.test on the discordant pairs

    Examples
    --------
    >>> found = mcnemar([1, 1, 1, 1, 1, 1, 0, 0], [0, 0, 0, 0, 0, 1, 0, 0])
    >>> found.estimate, found.p
    (-0.625, 0.0625)
    """
    before, after = _answers(first), _answers(second)
    if before.shape != after.shape:
        raise ShapeError(
            f"paired answers: found {before.size} and {after.size} values; the lengths must agree."
        )
    gained, lost = int((~before & after).sum()), int((before & ~after).sum())
    both = int((before & after).sum())
    share = difference_of_paired_proportions(gained, lost, before.size, both=both, level=level)
    changed, fewer = gained + lost, min(gained, lost)
    p = min(1.0, 2.0 * float(special.bdtr(fewer, changed, 0.5))) if changed else 1.0
    if mid and changed:
        # Half the chance of tables as far from evenness as the observed one does not count. Of equal counts
        # there is one such table, of others two.
        point = float(binomial_chances(changed, 0.5)[fewer])
        p = 1.0 - point / 2.0 if gained == lost else 2.0 * float(special.bdtr(fewer, changed, 0.5)) - point
    method = "McNemar test, mid-P" if mid else "McNemar test, exact"
    note = "" if changed else "no subject changed"
    return Comparison(
        share.estimate, share.lower, share.upper, float(gained), math.nan, p, before.size, method, level, note
    )


def _answers(values: npt.ArrayLike) -> Booleans:
    """Give yes-or-no answers as Booleans; refuse anything but 0 and 1."""
    array = check_sample(values, "yes-or-no answers")
    odd = array[(array != 0.0) & (array != 1.0)]
    if odd.size:
        raise ValueRangeError("yes-or-no answers", float(odd[0]), "0 or 1")
    return np.asarray(array == 1.0, dtype=np.bool_)


def fisher_exact(
    k1: int, n1: int, k2: int, n2: int, *, level: float = 0.95, alternative: Alternative = "two-sided"
) -> Comparison:
    """Compare two independent proportions by Fisher's exact test.

    Parameters
    ----------
    k1, n1, k2, n2 : events and subjects of the two groups
    level : float in (0, 1), coverage of Newcombe's interval of the difference
    alternative : ``two-sided`` sums all tables no likelier than the observed one; ``less`` means that the
        first proportion is lower

    Returns
    -------
    Comparison : `estimate` is first minus second proportion; `statistic` is `k1`

    Source
    ------
    Fisher 1935 (J R Stat Soc 98: 39); interval: Newcombe 1998 (Stat Med 17: 873).

    Checked against
    ---------------
    tests/reference/contingency_r : R 4.2.2 fisher.test

    Examples
    --------
    >>> round(fisher_exact(3, 4, 1, 4).p, 6)
    0.485714
    """
    check_count(k1, n1, "first group")
    check_count(k2, n2, "second group")
    check_choice(alternative, ALTERNATIVES, "alternative")
    difference = difference_of_proportions(k1, n1, k2, n2, level=level)
    events, total = k1 + k2, n1 + n2
    support = np.arange(max(0, events - n2), min(events, n1) + 1)
    log_ways = _log_choose(n1, support) + _log_choose(n2, events - support)
    chance = np.exp(log_ways - _log_choose(total, np.array([events])))
    chance /= chance.sum()
    if alternative == "less":
        p = float(chance[support <= k1].sum())
    elif alternative == "greater":
        p = float(chance[support >= k1].sum())
    else:
        p = float(chance[chance <= chance[k1 - support[0]] * EQUALLY_LIKELY].sum())
    return Comparison(
        difference.estimate, difference.lower, difference.upper, float(k1), math.nan, min(1.0, p), total,
        "Fisher's exact test", level,
    )  # fmt: skip


def _log_choose(n: int, k: npt.NDArray[np.int64]) -> Floats:
    """Give the logarithm of the number of ways to take k of n."""
    ways = special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1)
    return np.asarray(ways, dtype=np.float64)


@takes(answers=Numbers((1, 2)), exact=OrNone(YesNo()))
def cochran_q(answers: npt.ArrayLike, *, exact: bool | None = None) -> Comparison:
    """Compare yes-or-no answers of the same subjects over two or more visits.

    Parameters
    ----------
    answers : Boolean or 0/1 array, shape (n subjects, v visits), complete; v 2 or more
    exact : True for the permutation distribution within subjects, False for chi-square; None for exact
        while its states number no more than 200,000

    Returns
    -------
    Comparison : `statistic` is Q with v - 1 degrees of freedom; estimate and interval are NaN, since the test
        is of all visits at once: compare pairs with `mcnemar`

    Source
    ------
    Cochran 1950 (Biometrika 37: 256); exact distribution: Patil 1975 (J Am Stat Assoc 70: 186).

    Checked against
    ---------------
    tests/reference/contingency_r : R 4.2.2 arithmetic and coin symmetry_test

    Examples
    --------
    >>> found = cochran_q([[1, 0, 0], [1, 1, 0], [1, 0, 0], [1, 1, 0], [0, 0, 0]], exact=False)
    >>> found.statistic, found.df, round(found.p, 4)
    (6.0, 2.0, 0.0498)
    """
    table = np.asarray(answers, dtype=np.float64)
    if table.ndim != 2 or table.shape[1] < 2:
        raise ShapeError(f"answers: found shape {table.shape}; (subjects, two or more visits) is needed.")
    yes = _answers(table.ravel()).reshape(table.shape)
    visits = table.shape[1]
    rows = yes.sum(axis=1)
    informative = rows[(rows > 0) & (rows < visits)]
    columns = yes.sum(axis=0).astype(np.float64)
    spread = float((rows * (visits - rows)).sum())
    nan = math.nan
    if informative.size == 0:
        return Comparison(
            nan, nan, nan, 0.0, visits - 1.0, 1.0, len(table), "Cochran's Q", 0.95, "nobody changed"
        )
    q = visits * (visits - 1) * float(((columns - columns.mean()) ** 2).sum()) / spread
    states = math.comb(informative.size + visits - 1, visits - 1)
    if exact is None:
        exact = states <= MOST_STATES
    p = _cochran_exact_p(yes[(rows > 0) & (rows < visits)]) if exact else chi_square_p(q, visits - 1.0)
    method = f"Cochran's Q, {'exact' if exact else 'chi-square'}"
    return Comparison(nan, nan, nan, q, visits - 1.0, p, len(table), method)


def _cochran_exact_p(yes: Booleans) -> float:
    """Give the chance of column totals at least as uneven, each subject's answers shuffled over visits."""
    from itertools import combinations

    visits = yes.shape[1]
    totals: dict[tuple[int, ...], float] = {(0,) * visits: 1.0}
    for row in yes:
        places = list(combinations(range(visits), int(row.sum())))
        following: dict[tuple[int, ...], float] = {}
        for total, chance in totals.items():
            for place in places:
                reached = tuple(count + (visit in place) for visit, count in enumerate(total))
                # Q does not tell visits apart, so totals are kept sorted: far fewer states.
                key = tuple(sorted(reached))
                following[key] = following.get(key, 0.0) + chance / len(places)
        totals = following
    observed = int((yes.sum(axis=0) ** 2).sum())
    return min(1.0, sum(chance for total, chance in totals.items() if sum(c * c for c in total) >= observed))


def paired_ordinal(
    before: npt.ArrayLike,
    after: npt.ArrayLike,
    *,
    level: float = 0.95,
    alternative: Alternative = "two-sided",
) -> Comparison:
    """Compare paired ordered categories, given as ranks of the category, exactly.

    The test is the signed-rank test of Pratt on steps between categories: unlike Wilcoxon's own rule it keeps
    unchanged subjects in the ranking, of which paired grades have many. The estimate makes no use of the
    distance between categories.

    Parameters
    ----------
    before, after : whole numbers, shape (n,), place of the category in its order (grades E to A: 0 to 4)
    level, alternative : as in `one_sample_t`; ``less`` means fewer subjects rose than fell

    Returns
    -------
    Comparison : `estimate` is the share of subjects that rose minus the share that fell, with Newcombe's
        interval for paired proportions; `statistic` is the sum of positive ranks

    Source
    ------
    Pratt 1959 (J Am Stat Assoc 54: 655); Newcombe 1998 (Stat Med 17: 2635), method 10.

    Examples
    --------
    >>> found = paired_ordinal([4, 4, 3, 3, 2], [3, 2, 3, 2, 1])
    >>> found.estimate, found.p
    (-0.8, 0.125)
    """
    earlier, later = check_sample(before, "grades before"), check_sample(after, "grades after")
    fractions = np.concatenate([earlier, later])
    fractions = fractions[fractions != np.rint(fractions)]
    if fractions.size:
        raise ValueRangeError(
            "grades", float(fractions[0]), "whole numbers", "Give the position of each category."
        )
    tested = wilcoxon_signed_rank(earlier, later, zero="pratt", level=level, alternative=alternative)
    steps = later - earlier
    rises, falls = int((steps > 0).sum()), int((steps < 0).sum())
    method = tested.method.replace("Wilcoxon signed-rank test", "signed-rank test of grades")
    if steps.size == 0:
        return tested
    share = difference_of_paired_proportions(rises, falls, steps.size, level=level)
    return Comparison(
        share.estimate, share.lower, share.upper, tested.statistic, math.nan, tested.p, steps.size, method,
        level, "every grade is unchanged" if rises + falls == 0 else "",
    )  # fmt: skip
