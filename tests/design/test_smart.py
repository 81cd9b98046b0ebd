"""Allocation at relapse: sizes beside published ones, by hand, and beside patients drawn one by one."""

import numpy as np
import pytest
from scipy import optimize, stats

from funis.design.rerandomised import StrategyPath, smart, strategy_covariance
from funis.design.two_arms import rates
from funis.errors import UnknownNameError, ValueRangeError

# Ogbagaber, Karp and Wahed 2016 (Stat Med 35: 840), design 2: those who do not respond are allocated again.
# Response rates of both first treatments, share allocated to the first second treatment, power; patients.
PUBLISHED = [
    ((0.5, 0.5), 0.5, 0.8, 142),
    ((0.2, 0.5), 0.9, 0.9, 448),
    ((0.7, 0.5), 0.5, 0.8, 143),
    ((0.7, 0.2), 0.9, 0.9, 131),
]
# Means of those who respond, and by second treatment of those who do not; SD 6 and 8.
KEPT, AGAIN = (15.0, 17.0), ((20.0, 15.0), (22.0, 15.0))


@pytest.mark.parametrize(("responses", "share", "power", "published"), PUBLISHED)
def test_four_strategies_need_the_published_patients(
    responses: tuple[float, float], share: float, power: float, published: int
) -> None:
    paths = [
        StrategyPath(0.5, 1 - responses[first], KEPT[first], 36.0, each, AGAIN[first][second], 64.0)
        for first in (0, 1)
        for second, each in enumerate((share, 1 - share))
    ]
    covariance = np.zeros((4, 4))
    for one in range(4):
        for other in range(4):
            if one // 2 == other // 2:
                covariance[one, other] = strategy_covariance(
                    paths[one], paths[other], is_same_second=one == other
                )
    contrasts = np.array([[1, -1, 0, 0], [1, 0, -1, 0], [1, 0, 0, -1]])
    away = contrasts @ np.array([path.mean for path in paths])
    distance = away @ np.linalg.solve(contrasts @ covariance @ contrasts.T, away)
    limit = stats.chi2.ppf(0.95, 3)
    asked = optimize.brentq(lambda shift: stats.ncx2.sf(limit, 3, shift) - power, 0.1, 60)
    # Printed sizes are whole; the fourth is 131.5.
    assert abs(asked / distance - published) < 0.6


def test_the_arms_are_those_of_two_rates() -> None:
    # rpact 3.3.4 getSampleSizeRates(0.60, 0.35): 122.88 in both arms, 62 in each.
    found = smart(0.4, 0.60, 0.35)
    assert found.arms[0].analysed == (62, 62)
    assert found.arms[1].analysed == rates(0.60, 0.35).n_fisher


def test_losses_and_relapses_by_hand() -> None:
    # 23 of each arm with an outcome: 23 / 0.95 = 24.2, so 25 allocated; 50 / (0.9 * 0.3) = 185.2.
    arms = smart(0.3, 0.6, 0.2, lost_before=0.1, lost_after=0.05).arms[0]
    assert (arms.analysed, arms.allocated, arms.relapses, arms.enrolled) == ((23, 23), (25, 25), 50, 186)
    assert (
        stats.binom.sf(49, arms.enrolled_sure, 0.27) >= 0.9 > stats.binom.sf(49, arms.enrolled_sure - 1, 0.27)
    )


def test_strategies_that_begin_alike_differ_by_the_share_that_relapses() -> None:
    found = smart(0.3, 0.6, 0.2, kept=0.8)
    # 0.7 * 0.8 + 0.3 * 0.6 and 0.7 * 0.8 + 0.3 * 0.2
    assert found.means == pytest.approx((0.74, 0.62))


def draw_difference(enrolled: int, lost: tuple[float, float]) -> float:
    """Draw patients one by one and give the difference of two weighted means, or of nothing where none is."""
    drawn = np.random.default_rng(7)
    significant = 0
    for _ in range(1_500):
        means = []
        for relapse, kept, again in ((0.3, 0.8, 0.6), (0.5, 0.7, 0.4)):
            n = enrolled // 2
            is_here = drawn.random(n) > lost[0]
            has_relapse = drawn.random(n) < relapse
            follows = (drawn.random(n) < 0.5) & (drawn.random(n) > lost[1])
            good = np.where(has_relapse, drawn.random(n) < again, drawn.random(n) < kept)
            weight = is_here * np.where(has_relapse, follows / (0.5 * (1 - lost[1])), 1.0)
            mean = (weight * good).sum() / weight.sum()
            means.append((mean, (weight**2 * (good - mean) ** 2).sum() / weight.sum() ** 2))
        distance = abs(means[0][0] - means[1][0]) / np.sqrt(means[0][1] + means[1][1])
        significant += distance > 1.959964
    return significant / 1_500


def test_strategies_that_begin_differently_have_the_power() -> None:
    found = smart(
        0.3, 0.6, 0.2, lost_before=0.1, lost_after=0.05, other={"relapse": 0.5, "kept": 0.7, "again": 0.4}
    ).strategies
    assert found is not None
    # 0.7 * 0.8 + 0.3 * 0.6 and 0.5 * 0.7 + 0.5 * 0.4
    assert found.means == pytest.approx((0.74, 0.55))
    # Four standard errors of the smaller simulation, 0.041, and two points for a formula of large samples.
    assert found.power == pytest.approx(0.80, abs=0.02)
    assert draw_difference(found.enrolled, (0.1, 0.05)) == pytest.approx(found.power, abs=0.045)


def test_simulated_arms_have_about_the_power_of_the_formula() -> None:
    found = smart(0.4, 0.60, 0.35)
    assert found.power == pytest.approx(0.80, abs=0.02)
    assert smart(0.4, 0.60, 0.35).power == found.power


def test_strategies_that_cannot_be_told_apart_are_refused() -> None:
    with pytest.raises(ValueRangeError, match="differs"):
        smart(0.3, 0.6, 0.2, other={"relapse": 0.3, "kept": 0.8, "again": 0.6})
    with pytest.raises(ValueRangeError, match="other than p1"):
        smart(0.3, 0.6, 0.6)
    with pytest.raises(ValueRangeError, match="fewer patients"):
        smart(1e-6, 0.6, 0.2)


@pytest.mark.parametrize("other", [{"relapse": 0.3}, {"relapse": 0.3, "kept": 0.5, "back": 0.2}])
def test_a_name_that_is_none_is_refused(other: dict[str, float]) -> None:
    with pytest.raises(UnknownNameError, match="again"):
        smart(0.3, 0.6, 0.2, other=other)
