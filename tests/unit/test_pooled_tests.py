"""Degrees of freedom of several contrasts pooled to one, and means without one label; by hand."""

import math

import numpy as np
import pytest

from funis.errors import ShapeError
from funis.stats.deletion import leave_out_mean
from funis.stats.mmrm.degrees_of_freedom import Inference, _pooled_df, f_test


@pytest.mark.parametrize(
    ("df", "expected"),
    [
        # E = 4/2 + 6/4 = 3.5, then 2 E / (E - 2).
        ([4.0, 6.0], 7 / 1.5),
        # E = 2.5/0.5 + 10/8 = 6.25.
        ([2.5, 10.0], 12.5 / 4.25),
        # E = 3/1 + 4/2 + 6/4 = 6.5, less 3.
        ([3.0, 4.0, 6.0], 13 / 3.5),
        # A contrast with 2 or fewer has no expectation: 2, as in SAS and lmerTest.
        ([2.0, 10.0], 2.0),
        ([1.5, 10.0], 2.0),
        # Equal ones, and one alone, stay what they are.
        ([5.0, 5.0], 5.0),
        ([7.0], 7.0),
        ([1.0, 1.0], 1.0),
    ],
)
def test_pooled_degrees_of_freedom(df: list[float], expected: float) -> None:
    assert _pooled_df(np.array(df)) == pytest.approx(expected, rel=1e-12)


def test_means_without_each_label() -> None:
    """Without a: 4, 8, mean 6, SD sqrt(8), t = 6 / 2 with 1 df. Without b: 2 and 10 likewise; without c one pair."""
    found = leave_out_mean([2.0, 4.0, 8.0], ["a", "b", "c"])
    assert found.estimate.tolist() == pytest.approx([6.0, 5.0, 3.0])
    # With 1 df two-sided P = 2 atan(1/t) / pi; t is 6/2, 5/3 and 3/1.
    expected = [2 * math.atan(1 / t) / math.pi for t in (3, 5 / 3, 3)]
    assert found.p.tolist() == pytest.approx(expected)
    assert found.overall == pytest.approx(14 / 3)
    # Without a the mean moves by 4/3, without c by 5/3.
    assert found.most == ("c",)


def test_all_that_move_a_mean_alike_are_named() -> None:
    assert leave_out_mean([1.0, 3.0], ["b", "a"]).most == ("a", "b")


def test_one_value_can_be_left_out_and_leaves_nothing() -> None:
    found = leave_out_mean([5.0], ["a"])
    assert math.isnan(found.estimate[0])
    assert math.isnan(found.p[0])
    assert found.most == ()
    with pytest.raises(ShapeError):
        leave_out_mean([], [])
    with pytest.raises(ShapeError, match="one label a value"):
        leave_out_mean([1.0, 2.0], ["a"])


def test_a_rest_of_one_value_or_of_equal_values_has_no_p() -> None:
    found = leave_out_mean([1.0, 2.0, 2.0, 2.0], ["a", "b", "b", "b"])
    assert found.estimate.tolist() == pytest.approx([2.0, 1.0])
    assert np.isnan(found.p).all()


@pytest.mark.parametrize(
    ("rows", "num", "den", "f"),
    [
        ([[1.0, 0.0]], 1, 10.0, 1.0),
        ([[0.0, 1.0]], 1, 5.0, 4.0),
        # Both: (1 + 4) / 2 with the fewer degrees of freedom of the two.
        ([[1.0, 0.0], [0.0, 1.0]], 2, 5.0, 2.5),
        # A row that repeats another is taken out.
        ([[1.0, 0.0], [2.0, 0.0]], 1, 10.0, 1.0),
    ],
)
def test_hypotheses_with_degrees_of_freedom_by_column(
    rows: list[list[float]], num: int, den: float, f: float
) -> None:
    """Coefficients 1 and 2 with unit variances, 10 and 5 degrees of freedom; P of F(2, d) is (1 + 2 F / d)^(-d/2)."""
    found = f_test(inference([10.0, 5.0]), np.array(rows))
    assert (found.num_df, found.den_df) == (num, den)
    assert found.f == pytest.approx(f)
    if num == 2:
        assert found.p == pytest.approx((1 + 2 * f / den) ** (-den / 2))


def test_less_than_one_degree_of_freedom_gives_a_p_and_none_gives_no_p() -> None:
    """P of F(2, 1/2) at 2.5 is 11^(-1/4)."""
    found = f_test(inference([0.5, 0.5]), np.eye(2))
    assert found.p == pytest.approx(11**-0.25)
    assert math.isnan(f_test(inference([0.0, 0.0]), np.eye(2)).p)
    assert f_test(inference([5.0, 5.0]), np.zeros((1, 2))).num_df == 0


def inference(freedom: list[float]) -> Inference:
    nothing = np.zeros((1, 2, 2))
    return Inference(
        "between-within", np.array([1.0, 2.0]), np.eye(2), np.eye(2), np.eye(1), nothing, np.array(freedom)
    )
