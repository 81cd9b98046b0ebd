"""Sizes of trials beside R's power.t.test, rpact and longpower, and by hand."""

import math
from itertools import product

import numpy as np
import pytest
from scipy import stats

from funis.design.events import logrank
from funis.design.mean_change import paired
from funis.design.repeated import mmrm
from funis.design.two_arms import means, rates
from funis.errors import UnknownNameError, ValueRangeError


def test_a_paired_change_is_that_of_r() -> None:
    # R power.t.test(delta = 0.5, sd = 1, power = 0.8, type = "paired"): n = 33.36713
    found = paired(0.5, sd_change=1.0)
    # R searches with a tolerance of 0.0001.
    assert found.n_exact == pytest.approx(33.36713, abs=2e-4)
    assert found.n == 34
    assert found.power > 0.8


def test_the_spread_of_a_change_comes_from_both_spreads() -> None:
    # 25 + 16 - 2 * 0.5 * 5 * 4 = 21
    assert paired(-4.0, sd_before=5.0, sd_after=4.0, correlation=0.5).sd_change == pytest.approx(
        math.sqrt(21)
    )


@pytest.mark.parametrize(
    "spread",
    [{}, {"sd_change": 1.0, "sd_before": 2.0}, {"sd_before": 2.0, "sd_after": 2.0},
     {"sd_before": 2.0, "sd_after": 2.0, "correlation": 1.0}],
)  # fmt: skip
def test_a_spread_that_is_not_given_once_is_refused(spread: dict[str, float]) -> None:
    with pytest.raises(ValueRangeError):
        paired(1.0, **spread)


def test_two_means_are_those_of_rpact_and_r() -> None:
    assert round(means(3.0, 4.5).n_exact, 2) == 72.61
    # R power.t.test(power = .90, delta = 1): n = 22.02110 in each group
    assert means(1.0, 1.0, power=0.9).n_exact / 2 == pytest.approx(22.02110, abs=2e-4)


def test_more_in_one_arm_needs_more_in_both() -> None:
    assert means(3.0, 4.5, ratio=2.0).n_exact > means(3.0, 4.5).n_exact
    assert means(3.0, 4.5, ratio=0.5).n == tuple(reversed(means(3.0, 4.5, ratio=2.0).n))


def test_two_rates_are_those_of_rpact() -> None:
    assert round(rates(0.60, 0.35).n_exact, 2) == 122.88


def test_the_power_of_fishers_test_is_that_of_every_result() -> None:
    found = rates(0.8, 0.2, power=0.8)
    first, second = found.n
    power = 0.0
    for a, b in product(range(first + 1), range(second + 1)):
        p = stats.fisher_exact(np.array([[a, first - a], [b, second - b]]))[1]
        if p <= 0.05 and a / first > b / second:
            power += stats.binom.pmf(a, first, 0.8) * stats.binom.pmf(b, second, 0.2)
    assert found.power_fisher == pytest.approx(power, rel=1e-9)


def test_fishers_test_needs_no_fewer_patients() -> None:
    for p1, p2 in ((0.6, 0.35), (0.725, 0.40), (0.3, 0.05)):
        found = rates(p1, p2)
        assert found.n_fisher[0] >= found.n[0]
        assert found.power_at_n_fisher >= 0.8


def test_repeated_measures_are_those_of_longpower() -> None:
    assert round(mmrm(0.5, 1.0, (1, 0.9, 0.8, 0.7), 0.25).n_exact, 5) == 86.99175
    found = mmrm(1.5, 3.5, (1, 0.95, 0.9, 0.85), 0.6, structure="autoregressive")
    assert round(found.n_exact, 5) == 97.67918


def test_without_loss_the_visits_before_help_nothing() -> None:
    # 2 * (1.959964 + 0.841621)**2 / 0.5**2 = 62.79
    found = mmrm(0.5, 1.0, (1.0, 1.0, 1.0), 0.7)
    assert found.n_exact == pytest.approx(62.79104, abs=1e-4)
    assert found.n == found.n_completers


@pytest.mark.parametrize("retention", [(0.9, 1.0), (1.0, 0.0), (1.0, 1.2)])
def test_retention_that_rises_or_ends_is_refused(retention: tuple[float, ...]) -> None:
    with pytest.raises(ValueRangeError):
        mmrm(0.5, 1.0, retention, 0.3)


def test_correlations_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueRangeError, match="visits can have"):
        mmrm(0.5, 1.0, (1, 1, 1), -0.6)
    with pytest.raises(UnknownNameError, match="exchangeable"):
        mmrm(0.5, 1.0, (1, 1), 0.5, structure="toeplitz")


def test_events_of_a_log_rank_test_by_hand() -> None:
    found = logrank(0.5, median=12.0, accrual=12.0, follow_up=12.0)
    # 4 * (1.959964 + 0.841621)**2 / ln(2)**2 = 65.35; Freedman: (1.5 / 0.5)**2 * 7.848879 = 70.64
    assert round(found.events_exact, 2) == 65.35
    assert (found.events, found.events_freedman) == (66, 71)
    # First arm: hazard ln(2) / 12; the mean over starts of exp(-hazard * (12 to 24)) is (1/2 - 1/4) / ln(2).
    assert found.event_chance[0] == pytest.approx(1 - 0.25 / math.log(2), rel=1e-12)
    assert found.n == (63, 63)


def test_losses_need_more_patients_and_a_ratio_of_one_is_refused() -> None:
    assert logrank(0.5, 12.0, 12.0, 12.0, dropout=0.02).n > logrank(0.5, 12.0, 12.0, 12.0).n
    with pytest.raises(ValueRangeError, match="other than 1"):
        logrank(1.0, 12.0, 12.0, 12.0)


@pytest.mark.parametrize("call", [lambda: means(0.0, 1.0), lambda: rates(0.4, 0.4), lambda: paired(0, sd_change=1.0),
                                  lambda: mmrm(0.0, 1.0, (1,), 0.2)])  # fmt: skip
def test_no_effect_is_refused(call: object) -> None:
    assert callable(call)
    with pytest.raises(ValueRangeError):
        call()
