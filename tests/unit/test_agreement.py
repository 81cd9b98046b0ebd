"""Kappa by hand, and where it is not defined."""

import math
from typing import Any

import pytest

from funis.errors import ShapeError, ValueRangeError
from funis.stats.agreement import cohen_kappa, fleiss_kappa


def test_two_answers_by_hand() -> None:
    # 20 + 15 of 50 agree: 0.7. By chance (25 x 30 + 25 x 20) / 2500 = 0.5. Kappa (0.7 - 0.5) / 0.5 = 0.4.
    found = cohen_kappa([[20, 5], [10, 15]])
    assert (found.observed, found.expected, found.estimate) == pytest.approx((0.7, 0.5, 0.4))
    # m_i. + m_.j: 0.6 + 0.5 = 1.1 for the first answer, 0.4 + 0.5 = 0.9 for the second, and (row 1, column 2)
    # 0.6 + 0.5, (row 2, column 1) 0.4 + 0.5. Squares: 0.4 (0.5 - 0.33)^2 + 0.1 (0.33)^2 + 0.2 (0.27)^2
    # + 0.3 (0.5 - 0.27)^2 = 0.0529, less (0.35 - 1 + 0.7)^2 = 0.0025: 0.0504 / (50 x 0.0625).
    assert found.standard_error == pytest.approx(math.sqrt(0.0529 - 0.0025) / math.sqrt(50 * 0.0625))
    # With two answers every weight is that of no weight.
    assert cohen_kappa([[20, 5], [10, 15]], "quadratic").estimate == pytest.approx(0.4)


def test_limits_of_full_agreement() -> None:
    # The large-sample standard error is 0 here, of 10 subjects as of 10,000: an interval of no width says too much.
    for agreed, estimate in (([[5, 0], [0, 5]], 1.0), ([[0, 5], [5, 0]], -1.0)):
        found = cohen_kappa(agreed)
        assert found.estimate == estimate
        assert all(math.isnan(each) for each in (found.standard_error, found.lower, found.upper))
    all_agree = fleiss_kappa([[3, 0], [3, 0], [0, 3], [0, 3]])
    assert (all_agree.estimate, math.isnan(all_agree.lower)) == (1.0, True)
    near = cohen_kappa([[5, 0], [1, 5]])
    assert near.upper == 1.0  # by the normal distribution it would lie above 1


@pytest.mark.parametrize("table", [[[0, 0], [0, 0]], [[9, 0], [0, 0]]])
def test_where_chance_agrees_fully_there_is_no_kappa(table: list[list[int]]) -> None:
    found = cohen_kappa(table)
    assert math.isnan(found.estimate)
    assert math.isnan(found.standard_error)
    assert found.n == sum(map(sum, table))


def test_several_readers_by_hand() -> None:
    # Agreement of the four subjects 1, 1/3, 1, 1: mean 5/6. Shares of answers 5/12 and 7/12: 74/144.
    counts = [[3, 0], [2, 1], [0, 3], [0, 3]]
    chance = 74 / 144
    found = fleiss_kappa(counts)
    assert found.estimate == pytest.approx((5 / 6 - chance) / (1 - chance))
    # Without the first: 7/9 seen, shares 2/9 and 7/9; the second: 1, 1/3 and 2/3; the third or fourth: 7/9, 5/9 and 4/9.
    left = [(7 / 9 - 53 / 81) / (28 / 81), 1.0, (7 / 9 - 41 / 81) / (40 / 81), (7 / 9 - 41 / 81) / (40 / 81)]
    mean = sum(left) / 4
    assert found.standard_error == pytest.approx(math.sqrt(3 / 4 * sum((each - mean) ** 2 for each in left)))
    assert math.isnan(fleiss_kappa([[3, 0], [3, 0]]).estimate)
    assert math.isnan(fleiss_kappa([[2, 1]]).standard_error)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: cohen_kappa([[1, 2, 3], [4, 5, 6]]), ShapeError),
        (lambda: cohen_kappa([[1]]), ShapeError),
        (lambda: cohen_kappa([[1, -1], [0, 0]]), ValueRangeError),
        (lambda: cohen_kappa([[1, 0], [0, 1]], "cubic"), ValueRangeError),  # type: ignore[arg-type]
        (lambda: cohen_kappa([[1, 0], [0, 1]], level=1.5), ValueRangeError),
        (lambda: fleiss_kappa([[3], [3]]), ShapeError),
        (lambda: fleiss_kappa([[1, 0], [0, 1]]), ValueRangeError),
        (lambda: fleiss_kappa([[2, 1], [2, 0]]), ValueRangeError),
        (lambda: fleiss_kappa([[3, -1], [2, 0]]), ValueRangeError),
    ],
)
def test_what_cannot_be_is_refused(call: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        call()
