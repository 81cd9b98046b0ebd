"""Sound reports: subjects are drawn, and every figure is computed from them by numpy and scipy and printed."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

import numpy as np
from scipy import stats
from tests.audit.printed import figure

from funis.audit.figures import OutcomeScale, PrintedFigure

SCORE = OutcomeScale(Fraction(1), Fraction(0), Fraction(105))
ITEMS = OutcomeScale(Fraction(1), Fraction(0), Fraction(10), items=3)


def show(value: float, decimals: int) -> str:
    """Print a number; half away from zero of its shortest decimal, as spreadsheets do."""
    return str(Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP))


def show_mean(values: Any, decimals: int) -> str:
    exact = Fraction(0)
    for value in values:
        exact += Fraction(float(value)).limit_denominator(3)
    exact /= len(values)
    return str(
        (Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(
            Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP
        )
    )


def p_keys(p: float, *, whole: bool) -> dict[str, str]:
    """Print a P value as papers do: below 0.001 as such, else with two or three decimals, or as below 0.05."""
    if p < 0.001:
        return {"p": "0.001", "relation": "<"}
    if whole and p < 0.05:
        return {"p": "0.05", "relation": "<"}
    return {"p": show(p, 3), "relation": "="}


def draw_report(seed: int) -> list[PrintedFigure]:
    """Draw the subjects of a trial of two arms and print what a paper would of them."""
    draw = np.random.default_rng(seed)
    decimals = int(draw.integers(1, 3))
    figures: list[PrintedFigure] = [figure("limit", "entry", outcome="score", value="6", relation=">")]
    arms: dict[str, Any] = {}
    for arm in ("cells", "control"):
        n = int(draw.integers(5, 60))
        first = 7 + draw.binomial(40, draw.uniform(0.05, 0.3), n)
        later = np.clip(first - draw.binomial(8, 0.4, n) + draw.integers(-2, 3, n), 0, 105)
        arms[arm] = first, later
        figures += _scores(arm, first, later, decimals, draw)
        figures += _items(arm, draw, n)
        figures += _counts(arm, draw, n)
        figures += _protein(arm, draw, n)
    figures += _between(arms, decimals, draw)
    figures += _intervals(arms, decimals, draw)
    return figures


def _scores(arm: str, first: Any, later: Any, decimals: int, draw: Any) -> list[PrintedFigure]:
    n = len(first)
    figures = [figure("size", f"size {arm}", group=arm, n=str(n))]
    kind = "sd" if draw.random() < 0.5 else "not said"
    own = {"n": str(n)} if draw.random() < 0.5 else {}
    for time, values in (("baseline", first), ("month 3", later)):
        figures.append(figure(
            "mean", f"{arm} {time}", outcome="score", group=arm, time=time, scale=SCORE, mean=show_mean(values, decimals),
            spread=show(np.std(values, ddof=1), decimals), spread_kind=kind, **own,
        ))  # fmt: skip
    change = later - first
    if np.std(change) > 0:
        p = float(stats.ttest_rel(later, first).pvalue)
        figures.append(figure(
            "p", f"{arm} p", outcome="score", group=arm, time="month 3", against_time="baseline", test="paired_t",
            **p_keys(p, whole=bool(draw.random() < 0.5)),
        ))  # fmt: skip
    return figures


def _items(arm: str, draw: Any, n: int) -> list[PrintedFigure]:
    """A scale of three items from 0 to 10, averaged, of those who filled it in; and a test of ranks."""
    k = int(draw.integers(max(3, n // 2), n + 1))
    values = draw.integers(0, 11, (k, 3)).sum(axis=1) / 3
    changes = draw.normal(0.5, 1, k)
    p = float(stats.wilcoxon(changes, method="exact").pvalue)
    keys = {"outcome": "fatigue", "group": arm}
    return [
        figure("mean", f"{arm} items", time="week 2", mean=show_mean(values, 2), spread=show(np.std(values, ddof=1), 2),
               spread_kind="sd", n=str(k), scale=ITEMS, **keys),
        figure("p", f"{arm} ranks", time="week 4", against_time="baseline", test="wilcoxon_signed_rank", n=str(k),
               p=show(p, 3), **keys),
    ]  # fmt: skip


def _counts(arm: str, draw: Any, n: int) -> list[PrintedFigure]:
    responders = int(draw.binomial(n, 0.6))
    relapses = int(draw.binomial(responders, 0.2))
    women = int(draw.binomial(n, 0.9))
    share = {"percent": show(100 * responders / n, 1)}
    figures = [
        figure("total", f"{arm} sex", outcome="sex", group=arm, total=str(n), parts=(str(women), str(n - women))),
        figure("count", f"{arm} response", outcome="response", group=arm, count=str(responders), denominator=str(n), **share),
        figure("count", f"{arm} alone", outcome="infection", group=arm, percent=show(100 * int(draw.binomial(n, 0.3)) / n, 1)),
    ]  # fmt: skip
    if responders:
        keys = {"percent": show(100 * relapses / responders, 1), "denominator": str(responders)}
        figures.append(figure("count", f"{arm} relapse", outcome="relapse", group=arm, time="month 9", count=str(relapses),
                              only_after=("response",), **keys))  # fmt: skip
    return figures


def _protein(arm: str, draw: Any, n: int) -> list[PrintedFigure]:
    values = np.exp(draw.normal(0, 0.8, n))
    is_error = bool(draw.random() < 0.3)
    spread = np.std(values, ddof=1) / (np.sqrt(n) if is_error else 1)
    low, middle, high = (show(each, 2) for each in np.quantile(values, (0.25, 0.5, 0.75)))
    keys = {
        "outcome": "proteinuria",
        "group": arm,
        "time": "baseline",
        "analyte": "proteinuria_24h",
        "unit": "g/24h",
    }
    return [
        figure("mean", f"{arm} protein", mean=show(float(np.mean(values)), 2), spread=show(spread, 2), n=str(n),
               spread_kind="se" if is_error else "sd", **keys),
        figure("median", f"{arm} median", median=middle, low=low, high=high, spread_kind="iqr", **keys),
    ]  # fmt: skip


def _between(arms: dict[str, Any], decimals: int, draw: Any) -> list[PrintedFigure]:
    one, two = arms["cells"][1], arms["control"][1]
    equal = bool(draw.random() < 0.5)
    p = float(stats.ttest_ind(one, two, equal_var=equal).pvalue)
    keys = {"outcome": "score", "group": "cells", "against_group": "control", "time": "month 3"}
    test = "independent_t" if equal else "welch_t"
    figures = [figure("p", "between", test=test, **keys, **p_keys(p, whole=False))]
    n1, n2 = len(one), len(two)
    k1, k2 = int(draw.binomial(n1, 0.3)), int(draw.binomial(n2, 0.5))
    fisher = float(stats.fisher_exact(np.array([[k1, n1 - k1], [k2, n2 - k2]])).pvalue)
    for arm, k, n in (("cells", k1, n1), ("control", k2, n2)):
        figures.append(
            figure("count", f"{arm} event", outcome="event", group=arm, count=str(k), denominator=str(n))
        )
    figures.append(figure("p", "fisher", outcome="event", group="cells", against_group="control", test="fisher",
                          **p_keys(fisher, whole=False)))  # fmt: skip
    return figures


def _intervals(arms: dict[str, Any], decimals: int, draw: Any) -> list[PrintedFigure]:
    """Intervals by scipy: of means, shares, their odds and risk ratio, each with its P value or its counts."""
    figures: list[PrintedFigure] = []
    counts = []
    for arm, (_, values) in arms.items():
        n = len(values)
        low, high = (
            stats.t.interval(0.95, n - 1, np.mean(values), stats.sem(values))
            if np.std(values)
            else (0.0, 0.0)
        )
        if np.std(values):
            figures.append(figure("interval", f"{arm} mean interval", outcome="score", group=arm, time="month 3", measure="mean",
                                  estimate=show_mean(values, decimals), low=show(low, decimals), high=show(high, decimals)))  # fmt: skip
        k = int(draw.integers(1, n))
        counts.append((k, n))
        method: Any = ("exact", "wilson", "wilsoncc")[int(draw.integers(3))]
        ends = stats.binomtest(k, n).proportion_ci(method=method)
        share = show(100 * k / n, 1)
        figures += [
            figure("count", f"{arm} cure", outcome="cure", group=arm, count=str(k), denominator=str(n), percent=share),
            figure("interval", f"{arm} cure interval", outcome="cure", group=arm, unit="%", measure="proportion", estimate=share,
                   low=show(100 * ends.low, 1), high=show(100 * ends.high, 1)),
        ]  # fmt: skip
    (k1, n1), (k2, n2) = counts
    table = np.array([[k1, n1 - k1], [k2, n2 - k2]])
    kind: Any = "conditional" if draw.random() < 0.5 else "sample"
    odds = stats.contingency.odds_ratio(table, kind=kind)
    risk = stats.contingency.relative_risk(k1, n1, k2, n2)
    fisher = float(stats.fisher_exact(table).pvalue)
    figures.append(
        figure(
            "p",
            "cure p",
            outcome="cure",
            group="cells",
            against_group="control",
            **p_keys(fisher, whole=False),
        )
    )
    for name, found, value in (
        ("odds ratio", odds, odds.statistic),
        ("risk ratio", risk, risk.relative_risk),
    ):
        ends = found.confidence_interval(0.95)
        figures.append(figure("interval", name, outcome="cure", group="cells", against_group="control", measure=name, p_value="cure p",
                              estimate=show(value, 2), low=show(ends.low, 2), high=show(ends.high, 2)))  # fmt: skip
    return figures
