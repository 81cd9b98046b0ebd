"""Permutation tests: the ways of counting agree with each other and with listing."""

from itertools import combinations, product
from typing import Any

import numpy as np
import pytest

from funis.errors import ValueRangeError
from funis.stats.sample import Alternative
from funis.stats.tests import permutation


def _listed_p(change: list[float]) -> float:
    observed = abs(sum(change))
    signs = list(product((1, -1), repeat=len(change)))
    return sum(
        abs(sum(s * c for s, c in zip(sign, change, strict=True))) >= observed - 1e-9 for sign in signs
    ) / len(signs)


@pytest.mark.parametrize(
    "change",
    [
        [-1.0, -2.0, 3.0, -4.0, 0.0],  # whole numbers
        [-1.25, -2.5, 3.125, -4.0],  # multiples of 1/1000
        [-(2**0.5), -(3**0.5), 1.1234567, -0.7654321, 2.2222222],  # halves
    ],
)
def test_against_listing(change: list[float]) -> None:
    found = permutation.signed_permutation(change)
    assert found.p == pytest.approx(_listed_p(change), rel=1e-12)
    assert found.method.endswith("exact")


@pytest.mark.parametrize("side", ["two-sided", "less", "greater"])
def test_halves_agree_with_whole_numbers(side: Alternative) -> None:
    change = np.random.default_rng(4).integers(-9, 6, 22).astype(float)
    # a factor that leaves no multiple of 1/1000 forces the second way of counting
    assert permutation.signed_permutation(change * np.pi, alternative=side).p == pytest.approx(
        permutation.signed_permutation(change, alternative=side).p, rel=1e-10
    )


def test_drawn_agrees_with_exact_within_its_error() -> None:
    change = np.random.default_rng(8).normal(-0.3, 1, 40)
    exact = permutation.signed_permutation(change).p
    drawn = permutation.signed_permutation(np.append(change, 1e-7)).p  # 41 values are beyond the exact count
    # Monte Carlo error of 99,999 draws at P near 0.05 is 0.0007
    assert drawn == pytest.approx(exact, abs=0.004)
    assert "99999 draws, seed 1" in permutation.signed_permutation(np.append(change, 1e-7)).method


def test_drawn_p_is_never_zero_and_repeats() -> None:
    change = np.random.default_rng(8).normal(-5, 1, 45)
    first = permutation.signed_permutation(change, draws=999)
    assert first.p == 1 / 1000
    again = permutation.signed_permutation(change, draws=999)
    # Its interval is not a number, and Python 3.13 holds no such number equal to itself: the text of both is compared.
    assert repr(again) == repr(first)


def test_two_samples_against_listing() -> None:
    first, second = [1.0, 4.0, 2.5], [5.0, 3.0, 8.0, 6.0]
    both = first + second
    gap = np.mean(first) - np.mean(second)
    found = [
        np.mean([both[i] for i in some]) - np.mean([both[i] for i in range(7) if i not in some])
        for some in combinations(range(7), 3)
    ]
    two_sided = np.mean(np.abs(found) >= abs(gap) - 1e-9)
    assert permutation.two_sample_permutation(first, second).p == pytest.approx(two_sided)
    less = np.mean(np.array(found) <= gap + 1e-9)
    assert permutation.two_sample_permutation(first, second, alternative="less").p == pytest.approx(less)


@pytest.mark.parametrize("side", ["two-sided", "less", "greater"])
def test_listed_choices_agree_with_whole_numbers(side: Alternative) -> None:
    first, second = np.array([1.0, 4.0, 2.0, 7.0]), np.array([5.0, 3.0, 8.0, 6.0, 9.0])
    # a factor that leaves no multiple of 1/1000 forces the list of the 126 choices
    listed = permutation.two_sample_permutation(first * np.pi, second * np.pi, alternative=side)
    assert listed.p == pytest.approx(permutation.two_sample_permutation(first, second, alternative=side).p)
    assert (listed.draws, listed.method.endswith("exact")) == (0, True)


def test_drawn_choices_agree_with_exact_within_their_error(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = np.array([1.0, 4.0, 2.0, 7.0]) * np.pi, np.array([5.0, 3.0, 8.0, 6.0, 9.0]) * np.pi
    exact = permutation.two_sample_permutation(first, second)
    monkeypatch.setattr(permutation, "MOST_LISTED", 0)
    drawn = permutation.two_sample_permutation(first, second, seed=3)
    # 99,999 draws at P near 0.1 have a standard error of 0.001
    assert drawn.p == pytest.approx(exact.p, abs=0.004)
    assert drawn.draws == 99_999
    assert "99999 draws, seed 3" in drawn.method
    far = permutation.two_sample_permutation(first, second + 100.0, draws=999)
    # 1 of 126 choices is as far out on this side and none on the other: P = (b + 1) / 1000, b binomial
    assert 0.001 <= far.p <= 0.025


def test_shuffle_test_of_any_statistic() -> None:
    member = np.arange(20) < 10
    values = np.where(member, 0.0, 1.0) + np.linspace(0, 0.1, 20)
    found = permutation.shuffle_test(
        values, member, lambda v, m: float(np.median(v[m]) - np.median(v[~m])), draws=999
    )
    # two of 184,756 labellings are as extreme: none of 999 draws, and P is never 0
    assert found.p == 1 / 1000
    assert found.estimate == pytest.approx(-1.0 - 1 / 19, abs=1e-12)  # medians 10 steps of 0.1/19 apart


def test_nothing_and_refusals() -> None:
    assert permutation.signed_permutation([]).note == "no values"
    assert permutation.signed_permutation([0.0, 0.0]).p == 1.0
    with pytest.raises(ValueRangeError, match="999 or more"):
        permutation.signed_permutation(np.random.default_rng(1).normal(size=60), draws=10)


@pytest.mark.parametrize(
    ("cells", "listed", "is_exact"),
    [
        # 1 to 6 less their least sum to 15; times 3 + 1 are 60 cells. Three of six can be chosen in 20 ways.
        (60, 0, True),
        (59, 0, False),
        (0, 20, True),
        (0, 19, False),
    ],
)
def test_arrangements_are_counted_up_to_the_limits_and_drawn_beyond(
    monkeypatch: pytest.MonkeyPatch, cells: int, listed: int, *, is_exact: bool
) -> None:
    monkeypatch.setattr(permutation, "MOST_SUBSET_CELLS", cells)
    monkeypatch.setattr(permutation, "MOST_LISTED", listed)
    found = permutation.two_sample_permutation([1, 2, 3], [4, 5, 6])
    assert (found.draws == 0) is is_exact
    assert found.p == pytest.approx(0.1, abs=1e-12 if is_exact else 0.02)


def test_shuffle_test_lists_every_order_where_it_can() -> None:
    # Medians 2 and 5: as far apart only with 1 2 3 or 1 2 4 in a group, on either side: 4 of 20.
    member = np.array([True, True, True, False, False, False])

    def gap(values: Any, label: Any) -> float:
        return float(np.median(values[label]) - np.median(values[~label]))

    found = permutation.shuffle_test([1, 2, 3, 4, 5, 6], member, gap)
    assert (found.p, found.method, found.draws) == (0.2, "permutation test, exact", 0)
    assert permutation.shuffle_test([1, 2, 3, 4, 5, 6], member, gap, alternative="less").p == 0.1


def test_every_order_of_three_groups_is_listed_once() -> None:
    # 5! / (2! 2! 1!) = 30.
    labels = np.array([2, 0, 1, 1, 0])
    every = [tuple(each.tolist()) for each in permutation._arrangements(labels)]
    assert len(every) == len(set(every)) == permutation._count_arrangements(labels) == 30
    assert all(sorted(each) == [0, 0, 1, 1, 2] for each in every)


def test_shuffle_test_draws_beyond_the_limit() -> None:
    # 18 choose 9 are 48,620 orders.
    values = np.arange(18.0)
    found = permutation.shuffle_test(values, values < 9, lambda x, label: float(x[label].sum()), draws=999)
    assert found.draws == 999
    assert "999 draws" in found.method


@pytest.mark.parametrize(("most", "draws"), [(19, 999), (20, 0), (21, 0)])
def test_as_many_orders_as_may_be_listed_are_listed(
    monkeypatch: pytest.MonkeyPatch, most: int, draws: int
) -> None:
    """Three of six can be chosen in 20 ways; the ends are reached in two of them."""
    monkeypatch.setattr(permutation, "MOST_SHUFFLED", most)

    def gap(values: np.ndarray, label: np.ndarray) -> float:
        return float(values[label].mean() - values[~label].mean())

    found = permutation.shuffle_test([1, 2, 3, 4, 5, 6], np.array([True] * 3 + [False] * 3), gap, draws=999)
    assert found.draws == draws
    assert found.p == pytest.approx(2 / 20, abs=0.03 if draws else 1e-12)
    # The error of a share p of n draws is sqrt(p (1 - p) / n).
    assert found.p_error == pytest.approx((found.p * (1 - found.p) / 999) ** 0.5 if draws else 0.0)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ([1.0, 2.0], ([1, 2], 1)),
        ([1.5, 2.0], ([15, 20], 10)),
        ([1.25, 2.0], ([125, 200], 100)),
        ([1.125, 2.0], ([1125, 2000], 1000)),
        ([1.0625, 2.0], None),
        # A difference of rounding is none: 0.1 + 0.2 is three tenths.
        ([0.1 + 0.2], ([3], 10)),
        ([1.0 + 5e-10], ([1], 1)),
        ([1.0 + 5e-9], None),
        # Of a large value the ninth figure counts, of one below 1 the ninth decimal.
        ([40_000.0 + 3e-5], ([40_000], 1)),
        ([40_000.0 + 5e-5], None),
        ([0.5, 1e-9], None),
        ([0.5, 1e-10], ([5, 0], 10)),
    ],
)
def test_values_as_whole_multiples_of_a_power_of_ten(
    values: list[float], told: tuple[list[int], int] | None
) -> None:
    found = permutation._as_whole_numbers(np.array(values))
    assert told == (None if found is None else (found[0].tolist(), found[1]))


def test_what_cannot_be_counted_is_no_whole_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(permutation, "MOST_COUNTED", 50)
    whole = permutation._as_whole_numbers
    assert whole(np.array([20.0, 30.0])) is not None
    assert whole(np.array([20.0, 31.0])) is None
    assert whole(np.array([2.5, 2.5])) is not None
    assert whole(np.array([2.5, 2.6])) is None
