"""The units a fit is brought into: root mean squares of residuals, and the powers of two nearest to them."""

import math

import numpy as np

from funis.stats.mmrm.scaling import _divisors, _spread, rescale
from funis.stats.mmrm.sums import SubjectArrays


def data() -> SubjectArrays:
    """Three subjects, two visits, the last subject of another group and seen at the first visit only."""
    return SubjectArrays(
        outcome=np.array([[3.0, 8.0], [4.0, 6.0], [5.0, 0.0]]),
        observed=np.array([[True, True], [True, True], [True, False]]),
        subject_part=np.array([[1.0, 2.0], [1.0, 4.0], [1.0, 6.0]]),
        visit_part=np.array([[[1.0], [2.0]], [[3.0], [4.0]]]),
        group=np.array([0, 0, 1]),
        log_weights=0.5,
    )


def test_spread_by_group_and_visit_by_hand() -> None:
    """Group 0: sqrt((9 + 16) / 2) and sqrt((64 + 36) / 2); group 1: 5, and nothing at the second visit."""
    found = _spread(data().outcome, data(), 2)
    np.testing.assert_allclose(found, [[math.sqrt(12.5), math.sqrt(50)], [5.0, math.nan]])
    together = _spread(data().outcome, data(), 1)
    np.testing.assert_allclose(together, [[math.sqrt(12.5), math.sqrt(50)]])


def test_divisors_are_the_nearest_powers_of_two() -> None:
    """Logarithms 1 and 3 have mean 2: one divisor for all is 4, by visit they are 2 and 8."""
    spread = np.array([[2.0, 8.0]])
    assert _divisors(spread, by_visit=True).tolist() == [[2.0, 8.0]]
    assert _divisors(spread, by_visit=False).tolist() == [[4.0, 4.0]]
    # Groups differ by 4 and visits by 2, so that the product fits each: 1, 2, 4, 8.
    assert _divisors(np.array([[1.0, 2.0], [4.0, 8.0]]), by_visit=True).tolist() == [[1, 2], [4, 8]]
    # Logarithms 0, 1 and 2, none in the last cell: groups have means 0.5 and 2 round 1, steps -0 and 1; visits
    # lie -0.5 / 2 and 0.5 / 1 off them, at 0.75 and 1.5, rounded 1 and 2.
    lacking = np.array([[1.0, 2.0], [4.0, math.nan]])
    assert _divisors(lacking, by_visit=True).tolist() == [[2, 4], [4, 8]]


def test_what_does_not_vary_keeps_its_unit() -> None:
    for spread in ([[0.0, 0.0]], [[math.nan, math.nan]], [[math.inf, 1.0]]):
        assert _divisors(np.array(spread), by_visit=True).tolist() == [[1.0, 1.0]]
    # Exact visits are taken for 1e-10 of the largest: log2 is -33.2 beside 0, as the mean of one group has it.
    assert _divisors(np.array([[1.0, 0.0]]), by_visit=True).tolist() == [[1.0, 2.0**-33]]


def test_rescaled_rows_by_hand() -> None:
    """Visits by 2 and 4, the second group by 8 times more; the weights by log 2, 4, 2, 4 and 16."""
    found = rescale(data(), np.array([[2.0, 4.0], [16.0, 32.0]]))
    assert found.outcome.tolist() == [[1.5, 2.0], [2.0, 1.5], [5.0 / 16, 0.0]]
    assert found.subject_part.tolist() == [[1.0, 2.0], [1.0, 4.0], [0.125, 0.75]]
    assert found.visit_part.tolist() == [[[0.5], [1.0]], [[0.75], [1.0]]]
    assert math.isclose(found.log_weights, 0.5 - 2 * math.log(2 * 4 * 2 * 4 * 16), rel_tol=1e-14)
