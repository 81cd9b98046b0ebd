"""Standardised differences against hand arithmetic."""

import math

import pytest

from funis.stats.standardised_difference import standardised_difference, standardised_difference_of_shares


def test_means_are_compared_in_units_of_both_spreads() -> None:
    # Means 4 and 2; variances (n - 1) 4 and 1: 2 / sqrt(2.5).
    assert standardised_difference([2.0, 4.0, 6.0], [1.0, 2.0, 3.0]) == pytest.approx(2 / math.sqrt(2.5))


def test_the_sign_is_first_minus_second() -> None:
    assert standardised_difference([1.0, 3.0], [2.0, 4.0]) == pytest.approx(-1 / math.sqrt(2))


@pytest.mark.parametrize(("first", "second"), [([1.0], [1.0, 2.0]), ([1.0, 2.0], [1.0]), ([], [1.0, 2.0])])
def test_one_value_has_no_spread(first: list[float], second: list[float]) -> None:
    assert math.isnan(standardised_difference(first, second))


def test_two_values_are_enough() -> None:
    assert standardised_difference([1.0, 3.0], [1.0, 3.0]) == 0.0


def test_constant_groups_differ_by_nothing_or_by_more_than_can_be_told() -> None:
    assert standardised_difference([2.0, 2.0], [2.0, 2.0]) == 0.0
    assert math.isnan(standardised_difference([2.0, 2.0], [3.0, 3.0]))


def test_two_categories_are_the_difference_of_shares_in_units_of_their_spread() -> None:
    # 0.75 and 0.5: 0.25 / sqrt((0.1875 + 0.25) / 2).
    found = standardised_difference_of_shares([30, 10], [20, 20])
    assert found == pytest.approx(0.25 / math.sqrt(0.21875))


def test_three_categories_by_hand() -> None:
    # Shares .5 .3 .2 and .4 .4 .2. Without the first: differences -.1 and 0, mean variances .225 and .16,
    # mean covariance -.07; determinant .0311; squared distance .01 x .16 / .0311.
    found = standardised_difference_of_shares([5, 3, 2], [4, 4, 2])
    assert found == pytest.approx(math.sqrt(0.0016 / 0.0311))


def test_the_order_of_categories_and_an_empty_one_change_nothing() -> None:
    whole = standardised_difference_of_shares([5, 3, 2], [4, 4, 2])
    assert standardised_difference_of_shares([2, 5, 3], [2, 4, 4]) == pytest.approx(whole)
    assert standardised_difference_of_shares([5, 3, 0, 2], [4, 4, 0, 2]) == pytest.approx(whole)


def test_what_cannot_be_told() -> None:
    assert math.isnan(standardised_difference_of_shares([0, 0], [1, 2]))
    assert math.isnan(standardised_difference_of_shares([3, 0], [0, 3]))
    assert standardised_difference_of_shares([3, 0], [5, 0]) == 0.0
