"""Intervals of proportions: figures of published papers and texts."""

import math

import pytest

from funis.errors import ValueRangeError
from funis.stats import proportion


@pytest.mark.parametrize(
    ("k", "n", "lower", "upper"),
    [
        # responses of the 40-patient lupus trial, percent
        (14, 40, 20.6, 51.7),
        (15, 40, 22.7, 54.2),
        (29, 40, 56.1, 85.4),
        (0, 40, 0.0, 8.8),
        (0, 24, 0.0, 14.2),
        (5, 6, 35.9, 99.6),
        (7, 29, 10.3, 43.5),
    ],
)
def test_exact_intervals_of_the_literature(k: int, n: int, lower: float, upper: float) -> None:
    found = proportion.clopper_pearson(k, n)
    assert round(100 * found.lower, 1) == lower
    assert round(100 * found.upper, 1) == upper


def test_none_in_forty() -> None:
    # closed form 1 - (alpha / 2)^(1/n), and 1 - alpha^(1/n) for one side
    assert proportion.upper_limit_of_none(40) == pytest.approx(1 - 0.025 ** (1 / 40), rel=1e-12)
    assert proportion.upper_limit_of_none(40) == pytest.approx(proportion.clopper_pearson(0, 40).upper)
    assert proportion.upper_limit_of_none(300, one_sided=True) == pytest.approx(3 / 300, rel=0.01)


@pytest.mark.parametrize(
    ("k1", "n1", "k2", "n2", "lower", "upper"),
    [
        # Newcombe 1998, table II, method 10, examples (a), (b) and (h)
        (56, 70, 48, 80, 0.0524, 0.3339),
        (9, 10, 3, 10, 0.1705, 0.8090),
        (10, 10, 0, 10, 0.6075, 1.0000),
    ],
)
def test_newcombe_examples(k1: int, n1: int, k2: int, n2: int, lower: float, upper: float) -> None:
    found = proportion.difference_of_proportions(k1, n1, k2, n2)
    assert found.lower == pytest.approx(lower, abs=5e-5)
    assert found.upper == pytest.approx(upper, abs=5e-5)


def test_newcombe_paired_example() -> None:
    # Newcombe 1998 (paired), table III, method 10: a 36, b 12, c 2, d 0
    found = proportion.difference_of_paired_proportions(12, 2, 50, both=36)
    assert (found.lower, found.upper) == pytest.approx((0.0569, 0.3404), abs=5e-5)
    turned = proportion.difference_of_paired_proportions(2, 12, 50, both=36)
    assert (turned.lower, turned.upper) == pytest.approx((-found.upper, -found.lower))


@pytest.mark.parametrize(
    "interval",
    [
        proportion.clopper_pearson,
        proportion.wilson,
        proportion.mid_p,
        proportion.jeffreys,
        proportion.agresti_coull,
    ],
)
def test_ends_and_empty(interval: type) -> None:
    none, all_ = interval(0, 10), interval(10, 10)
    assert none.lower == 0.0 < none.upper < 0.5
    assert all_.upper == 1.0 > all_.lower > 0.5
    assert all_.lower == pytest.approx(1 - none.upper, abs=1e-12)
    empty = interval(0, 0)
    assert math.isnan(empty.estimate)
    assert math.isnan(empty.lower)


def test_mid_p_of_none_in_closed_form() -> None:
    # P(X = 0) / 2 = 0.025: (1 - p)^40 = 0.05
    assert proportion.mid_p(0, 40).upper == pytest.approx(1 - 0.05 ** (1 / 40), rel=1e-12)


def test_refusals() -> None:
    with pytest.raises(ValueRangeError, match="5/4"):
        proportion.clopper_pearson(5, 4)
    with pytest.raises(ValueRangeError, match="whole numbers"):
        proportion.wilson(0.35, 1)  # type: ignore[arg-type]
    with pytest.raises(ValueRangeError, match="level"):
        proportion.wilson(1, 4, 95)


def test_the_estimate_is_the_share_whatever_the_interval() -> None:
    for interval in (
        proportion.clopper_pearson,
        proportion.wilson,
        proportion.mid_p,
        proportion.jeffreys,
        proportion.agresti_coull,
    ):
        found = interval(14, 40)
        assert (found.estimate, found.k, found.n) == (0.35, 14, 40)


def test_agresti_coull_by_hand() -> None:
    # z = 1.96: 40 + 3.8415 trials, 14 + 1.9207 events: 0.36314 -+ 1.96 sqrt(0.36314 * 0.63686 / 43.8415)
    found = proportion.agresti_coull(14, 40)
    assert found.lower == pytest.approx(0.2208, abs=5e-5)
    assert found.upper == pytest.approx(0.5055, abs=5e-5)
