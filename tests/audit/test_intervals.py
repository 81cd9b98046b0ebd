"""Intervals against estimate, P value, counts, spread and median: published examples, and arithmetic by hand."""

from typing import Any

import pytest
from tests.audit.printed import figure, found, only

from funis.audit.figures import PrintedFigure
from funis.audit.findings import CONSISTENT, INCONSISTENT, NOT_CHECKABLE, UNEXPLAINED


def ratio(estimate: str, low: str, high: str, measure: str = "odds ratio", **keys: Any) -> PrintedFigure:
    return figure("interval", "i", estimate=estimate, low=low, high=high, measure=measure, **keys)


def p_of(value: str, relation: str = "=", **keys: Any) -> PrintedFigure:
    return figure("p", "p", p=value, relation=relation, **keys)


def classes(check: str, *figures: PrintedFigure) -> list[str]:
    return [each.classification for each in found(check, *figures)]


@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        # Deng 2017 pooled in Zhou 2020: 0.26 is the root of 0.07 times 0.89 (0.0623) within rounding.
        (ratio("0.26", "0.07", "0.89"), [CONSISTENT]),
        (ratio("3.65", "2.05", "6.49"), [CONSISTENT]),
        # Zhou 2020, differences: (-9.04 - 3.46) / 2 = -6.25, (-2.19 + 0.41) / 2 = -0.89.
        (ratio("-6.25", "-9.04", "-3.46", "mean difference"), [CONSISTENT]),
        (ratio("-0.89", "-2.19", "0.41", "mean difference"), [CONSISTENT]),
        # A digit turned: the middle of 1.2 and 4.5 is 2.32, of logarithms.
        (ratio("3.2", "1.2", "4.5"), [UNEXPLAINED]),
        (ratio("-6.25", "-9.40", "-3.46", "mean difference"), [NOT_CHECKABLE]),
        (ratio("-5.0", "-9.0", "-3.0", "mean difference"), [UNEXPLAINED]),
        # The middle of 0.70 and 0.88 cannot be 0.62; a lost sign can.
        (ratio("0.62", "0.70", "0.88", "hazard ratio"), [INCONSISTENT]),
        (ratio("3.7", "-5.3", "-2.1", "mean difference"), [UNEXPLAINED]),
        (ratio("0.62", "0.70", "0.88", ""), [UNEXPLAINED]),
        (ratio("0.5", "0.8", "0.3"), [INCONSISTENT]),
        # No ratio is negative: it is a difference, or a logarithm.
        (ratio("-8.20", "-12.71", "-3.69"), [UNEXPLAINED]),
        (ratio("0.2", "-0.3", "0.7", "hazard ratio"), [UNEXPLAINED]),
        (ratio("-0.5", "-0.3", "-0.8", "mean difference"), [UNEXPLAINED]),
        # Rounding leaves nothing to say: 0.0 may be anything below 0.05.
        (ratio("0.1", "0.0", "0.9"), []),
        (ratio("2.0", "1.0", "9.0", is_credible=True), []),
        (ratio("2.0", "1.0", "9.0", method="fisher"), []),
    ],
)
def test_the_estimate_and_its_interval(figures: PrintedFigure, expected: list[str]) -> None:
    assert classes("interval", figures) == expected


@pytest.mark.parametrize(
    ("interval", "p", "expected"),
    [
        # The example of Altman and Bland 2011: ln 0.81 / ((ln 0.94 − ln 0.70) / 3.92) = −2.80, P = 0.005.
        (ratio("0.81", "0.70", "0.94", "risk ratio", p_value="p"), p_of("0.005"), CONSISTENT),
        (ratio("0.81", "0.70", "0.94", "risk ratio", p_value="p"), p_of("0.30"), UNEXPLAINED),
        (ratio("0.81", "0.70", "0.94", "risk ratio", p_value="p"), p_of("0.05", "<"), CONSISTENT),
        # Zhou 2020: -0.89 (-2.19 to 0.41) P 0.18; -1.00 (-3.13 to 1.14) P 0.36.
        (ratio("-0.89", "-2.19", "0.41", "mean difference", p_value="p"), p_of("0.18"), CONSISTENT),
        (ratio("-1.00", "-3.13", "1.14", "mean difference", p_value="p"), p_of("0.36"), CONSISTENT),
        (ratio("-1.00", "-3.13", "1.14", "mean difference", p_value="p"), p_of("0.01", "<"), UNEXPLAINED),
        # Near the limit tests of two methods differ: 1.02 to 3.90 leaves 1 out and gives P 0.04.
        (ratio("1.99", "1.02", "3.90", p_value="p"), p_of("0.06"), NOT_CHECKABLE),
        (ratio("1.98", "1.00", "3.90", p_value="p"), p_of("0.05"), CONSISTENT),
        # On one side, and by tests of other methods: no contradiction, but a thousandth is no two hundredths.
        (ratio("1.99", "1.02", "3.90", p_value="p"), p_of("0.02"), CONSISTENT),
        (ratio("1.99", "1.02", "3.90", p_value="p"), p_of("0.0001", "<"), UNEXPLAINED),
        # A level of 90: 0.08 and an interval that leaves 1 out agree.
        (ratio("1.71", "1.03", "2.84", p_value="p", level="90"), p_of("0.08"), CONSISTENT),
    ],
)
def test_the_p_value_and_the_interval(interval: PrintedFigure, p: PrintedFigure, expected: str) -> None:
    told = [each for each in found("interval", interval, p) if "p" in each.figures]
    assert [each.classification for each in told] == [expected]


def counts(k1: str, n1: str, k2: str, n2: str) -> list[PrintedFigure]:
    return [
        figure("count", "c1", group="a", count=k1, denominator=n1),
        figure("count", "c2", group="b", count=k2, denominator=n2),
    ]


@pytest.mark.parametrize(
    ("of", "interval", "expected"),
    [
        # Newcombe 1998, 56/70 against 48/80, by three of his methods, and with an end moved.
        (("56", "70", "48", "80"), ("0.20", "0.0575", "0.3425", "risk difference"), CONSISTENT),
        (("56", "70", "48", "80"), ("0.20", "0.0528", "0.3382", "risk difference"), CONSISTENT),
        (("56", "70", "48", "80"), ("0.20", "0.0524", "0.3339", "risk difference"), CONSISTENT),
        (("56", "70", "48", "80"), ("0.20", "0.0524", "0.3399", "risk difference"), UNEXPLAINED),
        (("56", "70", "48", "80"), ("-0.20", "-0.3339", "-0.0524", "risk difference"), CONSISTENT),
        # R: fisher.test(Convictions); the sample odds ratio is 2 · 3 / (15 · 10) = 0.04.
        (("2", "17", "10", "13"), ("0.047", "0.0033", "0.363", "odds ratio"), CONSISTENT),
        (("2", "17", "10", "13"), ("0.04", "0.0056", "0.284", "odds ratio"), CONSISTENT),
        (("2", "17", "10", "13"), ("0.40", "0.056", "2.84", "odds ratio"), UNEXPLAINED),
        # BCG, Aronson 1948: RR 4/123 over 11/139 = 0.411; log error root 0.3256: 0.134 to 1.257.
        (("4", "123", "11", "139"), ("0.41", "0.13", "1.26", "risk ratio"), CONSISTENT),
        (("4", "123", "11", "139"), ("2.43", "0.80", "7.45", "risk ratio"), CONSISTENT),
        (("4", "123", "11", "139"), ("0.41", "0.20", "0.84", "risk ratio"), UNEXPLAINED),
        # 914 + 1117 events: 2/√2031 = 0.044, and 0.73 to 0.87 leave ln(0.875/0.725)/3.92 = 0.048; of 856, 0.068.
        (("914", "4187", "1117", "4212"), ("0.80", "0.73", "0.87", "hazard ratio"), CONSISTENT),
        (("391", "4187", "465", "4212"), ("0.80", "0.75", "0.85", "hazard ratio"), UNEXPLAINED),
    ],
)
def test_two_groups_by_their_counts(
    of: tuple[str, str, str, str], interval: tuple[str, str, str, str], expected: str
) -> None:
    made = ratio(*interval, group="a", against_group="b")
    assert only("interval_of_counts", *counts(*of), made).classification == expected


def test_an_adjusted_ratio_is_not_that_of_the_counts() -> None:
    made = ratio("0.40", "0.056", "2.84", group="a", against_group="b", is_adjusted=True)
    assert found("interval_of_counts", *counts("2", "17", "10", "13"), made) == []


@pytest.mark.parametrize(
    ("low", "high", "method", "expected"),
    [
        # Newcombe 1998, 81/263, in percent: Clopper-Pearson, Wilson, Wald; then none of them.
        ("25.27", "36.76", "", CONSISTENT),
        ("25.53", "36.62", "", CONSISTENT),
        ("25.22", "36.38", "", CONSISTENT),
        ("25.22", "37.38", "", UNEXPLAINED),
        ("25.53", "36.62", "clopper_pearson", UNEXPLAINED),
        ("20.00", "30.00", "clopper_pearson", INCONSISTENT),
    ],
)
def test_a_share_and_its_interval(low: str, high: str, method: str, expected: str) -> None:
    count = figure("count", "c", count="81", denominator="263", percent="30.8")
    made = figure(
        "interval", "i", estimate="30.8", low=low, high=high, measure="proportion", unit="%", method=method
    )
    assert only("interval_of_counts", count, made).classification == expected


@pytest.mark.parametrize(
    ("spread", "low", "high", "expected"),
    [
        # 2.0228 is t of 39 at 95%: 10.83 ± 2.0228 · 4.63 / √40 = 9.35 to 12.31; normal: 9.40 to 12.26.
        ("sd", "9.35", "12.31", CONSISTENT),
        ("sd", "9.40", "12.26", CONSISTENT),
        ("not said", "9.35", "12.31", CONSISTENT),
        # ± read as a standard error: 10.83 ± 9.37.
        ("se", "9.35", "12.31", UNEXPLAINED),
        ("not said", "1.46", "20.20", CONSISTENT),
        # That of 20 subjects: 2.0930 · 4.63 / √20 = 2.17.
        ("sd", "8.66", "13.00", UNEXPLAINED),
    ],
)
def test_a_mean_and_its_interval(spread: str, low: str, high: str, expected: str) -> None:
    mean = figure("mean", "m", mean="10.83", spread="4.63", spread_kind=spread, n="40")
    told = only(
        "interval_of_mean",
        mean,
        figure("interval", "i", estimate="10.83", low=low, high=high, measure="mean"),
    )
    assert told.classification == expected
    if low == "8.66":
        assert "It would fit 20 subjects." in told.arithmetic


@pytest.mark.parametrize(
    ("mean", "keys", "expected"),
    [
        # Of 5 values, each rounded: 2 · 17.5 + 2 · 33.5 + 59.5 = 161.5 to 18.5 + 2 · 34.5 + 2 · 60.5 = 208.5, by 5.
        ("32.3", {"n": "5"}, [CONSISTENT]),
        ("41.7", {"n": "5"}, [CONSISTENT]),
        ("32.2", {"n": "5"}, [INCONSISTENT]),
        ("41.8", {"n": "5"}, [INCONSISTENT]),
        # Of any number: (18 + 34) / 2 = 26 to (34 + 60) / 2 = 47, each rounded to a whole year.
        ("26.0", {}, [CONSISTENT]),
        ("24.9", {}, [INCONSISTENT]),
        # Mean and median are never further apart than the standard deviation.
        ("40.0", {"spread": "4.0", "spread_kind": "sd"}, [INCONSISTENT]),
        ("40.0", {"spread": "40.0", "spread_kind": "sd"}, [INCONSISTENT]),
        ("40.0", {"spread": "10.0", "spread_kind": "sd"}, [CONSISTENT]),
    ],
)
def test_a_mean_and_a_median_with_its_range(mean: str, keys: dict[str, str], expected: list[str]) -> None:
    median = figure("median", "m", median="34", low="18", high="60", spread_kind="range")
    assert classes("median_bounds", figure("mean", "x", mean=mean, **keys), median) == expected


def test_an_interval_of_a_median_ends_in_values() -> None:
    median = figure("median", "m", median="5", low="2", high="9", spread_kind="range", n="5")
    told = only(
        "median_bounds", median, figure("interval", "i", estimate="5", low="2", high="9", measure="median")
    )
    assert told.classification == UNEXPLAINED
    assert "93.8%" in told.arithmetic
