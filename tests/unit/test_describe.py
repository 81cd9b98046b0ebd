"""Summaries: expected values by hand arithmetic."""

import math

import numpy as np
import pytest

from funis.errors import ShapeError, ValueRangeError
from funis.stats.describe import summarise


def test_by_hand() -> None:
    # 2, 4, 4, 4, 5, 5, 7, 9: sum 40, squared deviations 9 + 1 + 1 + 1 + 0 + 0 + 4 + 16 = 32, variance 32 / 7
    found = summarise([9, 2, 4, 7, 4, 5, 4, 5])
    assert (found.n, found.mean, found.minimum, found.maximum) == (8, 5.0, 2.0, 9.0)
    assert found.sd == pytest.approx(math.sqrt(32 / 7), rel=1e-14)
    assert found.se == pytest.approx(math.sqrt(32 / 7 / 8), rel=1e-14)
    # type 7: positions 1 + 7 * 0.25 = 2.75 and 1 + 7 * 0.75 = 6.25 of the sorted values
    assert (found.q1, found.median, found.q3) == (4.0, 4.5, 5.5)
    # t(7, 0.975) = 2.364624 (printed tables)
    assert found.upper - found.mean == pytest.approx(2.364624 * math.sqrt(32 / 56), rel=1e-6)
    assert found.mean - found.lower == pytest.approx(found.upper - found.mean)


@pytest.mark.parametrize(
    ("total", "squares", "mean", "sd"),
    [(433, 5523, 10.83, 4.63), (297, 2807, 7.43, 3.93)],
)
def test_published_sums_give_published_figures(total: int, squares: int, mean: float, sd: float) -> None:
    # twenty values d above the mean and twenty d below it have sum 40 m and sum of squares 40 (m^2 + d^2)
    centre = total / 40
    away = math.sqrt(squares / 40 - centre**2)
    found = summarise([centre + away] * 20 + [centre - away] * 20)
    assert round(found.mean, 3) == pytest.approx(mean, abs=0.0051)
    assert round(found.sd, 2) == sd


def test_none_and_one() -> None:
    none = summarise([])
    assert none.n == 0
    assert all(math.isnan(x) for x in (none.mean, none.sd, none.median, none.minimum, none.lower))
    one = summarise([3.0])
    assert (one.n, one.mean, one.median, one.q1, one.maximum) == (1, 3.0, 3.0, 3.0, 3.0)
    assert all(math.isnan(x) for x in (one.sd, one.se, one.lower, one.upper))


def test_refuses_missing_values_with_their_place() -> None:
    with pytest.raises(ValueRangeError, match=r"found nan.*positions 1, 3"):
        summarise([1.0, math.nan, 2.0, math.inf])
    with pytest.raises(ShapeError, match="shape"):
        summarise(np.zeros((2, 2)))
    with pytest.raises(ValueRangeError, match="level"):
        summarise([1.0], level=95)


def test_large_offset_keeps_its_digits() -> None:
    assert summarise([1e9 + 1, 1e9 + 2, 1e9 + 3]).sd == pytest.approx(1.0, rel=1e-12)


def test_without_spread_the_mean_has_no_interval() -> None:
    found = summarise([5.0, 5.0, 5.0])
    assert (found.mean, found.sd) == (5.0, 0.0)
    assert math.isnan(found.lower)
    assert math.isnan(found.upper)
