"""Site effects and influence: by hand, and too few groups."""

import math

import pytest

from funis.errors import ShapeError, ValueRangeError
from funis.stats.cluster import fit_random_intercept, leave_one_out


def test_balanced_by_hand() -> None:
    # groups 1 2 3 | 5 6 7 | 3 4 5: means 2 6 4; MSB = 3 * 8 / 2 = 12, MSW = 6 / 6 = 1, s_b^2 = (12 - 1) / 3
    found = fit_random_intercept([1, 2, 3, 5, 6, 7, 3, 4, 5], list("aaabbbccc"))
    assert found.mean == pytest.approx(4.0)
    assert found.between_sd == pytest.approx(math.sqrt(11 / 3), rel=1e-9)
    assert found.within_sd == pytest.approx(1.0, rel=1e-9)
    assert found.standard_error == pytest.approx(math.sqrt(12 / 9), rel=1e-9)
    # t(2, 0.975) = 4.302653
    assert found.upper == pytest.approx(4.0 + 4.302653 * math.sqrt(12 / 9), rel=1e-6)
    assert found.lower == pytest.approx(8.0 - found.upper)
    assert found.f == pytest.approx(12.0)
    assert found.df == 2
    assert "fewer than 6 groups" in found.caution
    assert found.sizes == (3, 3, 3)


def test_groups_no_more_different_than_chance() -> None:
    # equal means: F = 0, so no variance between groups and the plain mean's standard error
    found = fit_random_intercept([1, 3, 1, 3, 1, 3], list("aabbcc"))
    assert (found.between_sd, found.f, found.p, found.icc) == (0.0, 0.0, 1.0, 0.0)
    assert found.standard_error == pytest.approx(math.sqrt(6 / 5 / 6))


@pytest.mark.parametrize(
    ("values", "groups", "reason"),
    [
        ([1.0, 2.0], ["a", "a"], "1 group"),
        ([1.0, 2.0], ["a", "b"], "no group has two"),
        ([1.0, 1.0, 2.0, 2.0], list("aabb"), "do not vary"),
        ([], [], "0 group"),
    ],
)
def test_what_cannot_be_seen(values: list[float], groups: list[str], reason: str) -> None:
    found = fit_random_intercept(values, groups)
    assert found.status == "failed"
    assert math.isnan(found.mean)
    assert reason in found.note


def test_leave_out_subjects_and_sites() -> None:
    found = leave_one_out([1.0, 2.0, 9.0], ["s1", "s2", "s3"])
    assert found.estimate.tolist() == [5.5, 5.0, 1.5]
    assert found.difference.tolist() == [1.5, 1.0, -2.5]
    sites = leave_one_out([1.0, 2.0, 9.0, 4.0], ["b", "b", "a", "a"])
    assert sites.label == ("a", "b")
    assert sites.estimate.tolist() == [1.5, 6.5]
    only = leave_one_out([1.0, 2.0], ["a", "a"])
    assert math.isnan(only.estimate[0])
    assert only.most == ""


def test_refusals() -> None:
    with pytest.raises(ShapeError, match="agree"):
        fit_random_intercept([1.0, 2.0], ["a"])
    with pytest.raises(ShapeError, match="one label a row"):
        leave_one_out([1.0, 2.0], ["a"])


def test_rows_of_several_columns_are_left_out_together() -> None:
    """Mean of the second column less the first: 2, 2 and 8; without each 5, 5 and 2. Three dimensions are none."""
    rows = [[1.0, 3.0], [2.0, 4.0], [1.0, 9.0]]
    found = leave_one_out(rows, ["a", "b", "c"], lambda kept: float((kept[:, 1] - kept[:, 0]).mean()))
    assert found.overall == 4.0
    assert found.estimate.tolist() == [5.0, 5.0, 2.0]
    assert found.difference.tolist() == [1.0, 1.0, -2.0]
    assert found.most == "c"
    with pytest.raises(ValueRangeError, match="1 or 2 dimension"):
        leave_one_out([[[1.0]]], ["a"])
    with pytest.raises(ShapeError):
        leave_one_out(rows, ["a", "b"])
