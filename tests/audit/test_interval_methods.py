"""Intervals of counts against printed examples: Newcombe 1998, R's fisher.test, and scipy's own methods."""

import pytest
from scipy import stats

from funis.audit.interval_methods import (
    TwoCounts,
    conditional_odds_ratio,
    intervals_of_difference,
    intervals_of_odds_ratio,
    intervals_of_risk_ratio,
    intervals_of_share,
)


def ends(found: object, name: str) -> tuple[float, float]:
    return next((each.low, each.high) for each in found if each.name == name)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("k", "n", "name", "low", "high"),
    [  # Newcombe 1998, Stat Med 17: 857, table I.
        (81, 263, "Wald", 0.2522, 0.3638),
        (81, 263, "Wald with correction", 0.2503, 0.3657),
        (81, 263, "Wilson", 0.2553, 0.3662),
        (81, 263, "Wilson with correction", 0.2535, 0.3682),
        (81, 263, "Clopper-Pearson", 0.2527, 0.3676),
        (81, 263, "mid-P", 0.2544, 0.3658),
        (15, 148, "Wald", 0.0527, 0.1500),
        (15, 148, "Wilson with correction", 0.0598, 0.1644),
        (15, 148, "Clopper-Pearson", 0.0578, 0.1617),
        (0, 20, "Wilson with correction", 0.0, 0.2005),
        (0, 20, "Clopper-Pearson", 0.0, 0.1684),
        (1, 29, "Wald", -0.0319, 0.1009),
    ],
)
def test_intervals_of_one_share(k: int, n: int, name: str, low: float, high: float) -> None:
    assert ends(intervals_of_share(k, n, 0.95), name) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [  # Newcombe 1998, Stat Med 17: 873, table II, 56/70 against 48/80.
        ("Wald", 0.0575, 0.3425),
        ("Wald with correction", 0.0441, 0.3559),
        ("Mee", 0.0533, 0.3377),
        ("Miettinen-Nurminen", 0.0528, 0.3382),
        ("Newcombe", 0.0524, 0.3339),
        ("Newcombe with correction", 0.0428, 0.3422),
    ],
)
def test_intervals_of_a_difference(name: str, low: float, high: float) -> None:
    found = intervals_of_difference(TwoCounts(56, 70, 48, 80), 0.95)
    assert ends(found, name) == pytest.approx((low, high), abs=5e-5)


def test_agresti_caffo_by_hand() -> None:
    """57/72 = 0.79167 and 49/82 = 0.59756; their error is the root of 0.00229070 + 0.00293275 = 0.072274."""
    found = ends(intervals_of_difference(TwoCounts(56, 70, 48, 80), 0.95), "Agresti-Caffo")
    assert found == pytest.approx((0.1941 - 1.95996 * 0.072274, 0.1941 + 1.95996 * 0.072274), abs=5e-5)


def test_the_exact_odds_ratio_of_the_convictions() -> None:
    """R documents fisher.test(Convictions): 0.0469, 95% 0.0033 to 0.3632, 99% 0.0014 to 0.5789."""
    twins = TwoCounts(2, 17, 10, 13)
    assert conditional_odds_ratio(twins) == pytest.approx(0.04693661, rel=1e-5)
    for level, low, high in ((0.95, 0.003326, 0.363182), (0.99, 0.001386, 0.578852)):
        assert ends(intervals_of_odds_ratio(twins, level), "Fisher's exact") == pytest.approx(
            (low, high), abs=1e-4
        )


@pytest.mark.parametrize(
    "counts",
    [TwoCounts(14, 20, 6, 20), TwoCounts(0, 20, 5, 20), TwoCounts(7, 7, 5, 9), TwoCounts(90, 400, 120, 380)],
)
def test_odds_and_risk_ratios_against_scipy(counts: TwoCounts) -> None:
    k1, n1, k2, n2 = counts
    exact = stats.contingency.odds_ratio([[k1, n1 - k1], [k2, n2 - k2]], kind="conditional")
    expected = tuple(exact.confidence_interval(0.95))
    assert ends(intervals_of_odds_ratio(counts, 0.95), "Fisher's exact") == pytest.approx(expected, rel=1e-6)
    if k1 and k2:
        risk = stats.contingency.relative_risk(k1, n1, k2, n2).confidence_interval(0.95)
        assert ends(intervals_of_risk_ratio(counts, 0.95), "Katz") == pytest.approx(tuple(risk), rel=1e-9)


def test_a_score_interval_is_where_its_test_has_its_limit() -> None:
    """At an odds ratio of 1 the score statistic is the chi-square: 14/20 v 6/20 has 6.4, so 98.86% ends at 1."""
    level = float(stats.chi2.cdf(6.4, 1))
    found = intervals_of_odds_ratio(TwoCounts(14, 20, 6, 20), level)
    assert ends(found, "Cornfield")[0] == pytest.approx(1.0, abs=1e-9)
    ratios = intervals_of_risk_ratio(TwoCounts(14, 20, 6, 20), level)
    assert ends(ratios, "Koopman")[0] == pytest.approx(1.0, abs=1e-9)
    gaps = intervals_of_difference(TwoCounts(14, 20, 6, 20), level)
    assert ends(gaps, "Mee")[0] == pytest.approx(0.0, abs=1e-9)


def test_the_profile_likelihood_ends_where_its_ratio_has_its_limit() -> None:
    """2 log likelihood ratio of 14/20 and 6/20 against 20/40, by hand: 2 (2 · 20 · 0.69315 − 2 · 12.2173) = 6.583."""
    level = float(stats.chi2.cdf(6.58288, 1))
    found = intervals_of_odds_ratio(TwoCounts(14, 20, 6, 20), level)
    assert ends(found, "profile likelihood")[0] == pytest.approx(1.0, abs=1e-4)
