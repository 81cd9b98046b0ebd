"""The units a fit is brought into: root mean squares of residuals, and the powers of two nearest to them."""

import math

import numpy as np

from funis.stats.mmrm.scaling import _divisors, _spread, prepare, rescale
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


def model(outcome: list[list[float]]) -> SubjectArrays:
    """A mean of each of two visits, every subject seen at both."""
    visit_part = np.array([[[1.0, 0.0]], [[0.0, 1.0]]])
    n = len(outcome)
    return SubjectArrays(
        np.array(outcome),
        np.ones((n, 2), dtype=bool),
        np.ones((n, 1)),
        visit_part,
        np.zeros(n, dtype=np.int64),
    )


def test_visits_that_the_means_fit_exactly_are_named() -> None:
    """1, 3 and 5 vary round 3; the second visit is 7 in all three. Where no visit varies that is told instead."""
    one = prepare(model([[1.0, 7.0], [3.0, 7.0], [5.0, 7.0]]), by_visit=True)
    assert (one.varies, one.exact) == (True, (1,))
    assert not prepare(model([[3.0, 7.0]] * 3), by_visit=True).varies
    both = prepare(model([[1.0, 6.0], [3.0, 7.0], [5.0, 9.0]]), by_visit=True)
    assert (both.varies, both.exact) == (True, ())
    assert prepare(model([[1.0, 7.0], [3.0, 7.0], [5.0, 7.0]]), by_visit=False).exact == ()


def test_prepared_data_are_the_residuals_in_their_own_unit() -> None:
    """Residuals -2, 0, 2 and -200, 0, 200 have SD 1.63 and 163: each is divided by the power of two beside it.

    What is taken off, and the way back, give the outcomes again.
    """
    given = model([[1.0, 500.0], [3.0, 700.0], [5.0, 900.0]])
    found = prepare(given, by_visit=True)
    assert np.log2(found.scale).tolist() == np.round(np.log2(found.scale)).tolist()
    spread = np.sqrt((found.data.outcome**2).mean(axis=0))
    assert (spread > 0.5).all()
    assert (spread < 2.0).all()
    residual = found.data.outcome * found.scale[0]
    np.testing.assert_allclose(residual, [[-2, -200], [0, 0], [2, 200]], atol=1e-12)
    coefficients = found.estimable.transform @ found.beta
    np.testing.assert_allclose(coefficients, [3.0, 700.0], rtol=1e-12)
    # Three subjects at two visits, each divided: twice the logarithm of the divisors comes off.
    assert math.isclose(found.data.log_weights, -2 * 3 * np.log(found.scale[0]).sum(), rel_tol=1e-12)
