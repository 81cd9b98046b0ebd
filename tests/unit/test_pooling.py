"""Rubin's rules, shifts, and rules for missing responses: by hand."""

import math

import numpy as np
import pytest

from funis.errors import ShapeError, UnknownNameError, ValueRangeError
from funis.stats.impute import Imputations
from funis.stats.pooling import (
    add_delta,
    carry_forward,
    estimate_tipping_point,
    fill_responses,
    pool_analysis,
    pool_rubin,
)
from funis.stats.sample import Floats

NAN = math.nan


def test_rubin_by_hand() -> None:
    # mean 2, within 1, between 1, total 1 + 4/3 = 7/3; lambda = 4/7; df = 2 / (16/49)
    found = pool_rubin([1, 2, 3], [1, 1, 1])
    assert found.estimate == 2.0
    assert found.standard_error == pytest.approx(math.sqrt(7 / 3))
    assert found.df == pytest.approx(49 / 8)
    # with 30 complete: d_obs = 31/33 * 30 * 3/7; df = 1 / (8/49 + 1/d_obs)
    observed = 31 / 33 * 30 * 3 / 7
    assert pool_rubin([1, 2, 3], [1, 1, 1], complete_df=30).df == pytest.approx(1 / (8 / 49 + 1 / observed))


def test_identical_imputations_lose_nothing() -> None:
    found = pool_rubin([2, 2, 2], [4, 4, 4], complete_df=1e9)
    assert found.standard_error == 2.0
    assert found.between == 0.0
    assert found.p == pytest.approx(0.3173105, rel=1e-6)  # normal, z = 1
    assert pool_rubin([2, 2], [4, 4]).p == pytest.approx(0.3173105, rel=1e-6)


def _imputations(values: Floats) -> Imputations:
    missing = np.zeros(values.shape, dtype=bool)
    missing[5:] = True
    return Imputations(np.stack([values, values]), missing, "test", 0.0)


def _mean(values: Floats) -> tuple[float, float, float]:
    last = values[:, -1]
    return float(last.mean()), float(last.var(ddof=1)) / last.size, last.size - 1.0


def test_delta_moves_only_imputed_values() -> None:
    imputed = _imputations(np.zeros((8, 2)))
    assert add_delta(imputed, [1.0, 2.0]).completed[0].sum(axis=0).tolist() == [3.0, 6.0]
    one_arm = add_delta(imputed, 1.0, subjects=np.arange(8) == 7)
    assert one_arm.completed[0].sum() == 2.0
    with pytest.raises(ShapeError, match="subjects"):
        add_delta(imputed, 1.0, subjects=[True])


def test_tipping_point_by_hand() -> None:
    # ten values -3, -1 in turn, mean -2; the last five move up by d, so the mean is -2 + d / 2
    values = np.tile([-3.0, -1.0], 5)[:, None]
    found = estimate_tipping_point(_imputations(values), _mean, [0.0, 1.0, 2.0, 3.0, 4.0])
    assert found.estimate.tolist() == [-2.0, -1.5, -1.0, -0.5, 0.0]
    # at the tipping point the mean is t(9, 0.975) standard errors from 0; by the two parts' sums of squares
    d = found.tipping
    first, second = np.array([-3, -1, -3, -1, -3.0]), np.array([-1, -3, -1, -3, -1.0]) + d
    both = np.concatenate([first, second])
    t = both.mean() / (both.std(ddof=1) / math.sqrt(10))
    # two equal data sets: between is 0, df by Barnard and Rubin 10/12 * 9 = 7.5, t(7.5, 0.975) = 2.3337
    assert abs(t) == pytest.approx(2.3337, abs=2e-3)
    assert found.p[0] < 0.05 < found.p[-1]


def test_nothing_to_tip() -> None:
    values = np.tile([-3.0, -1.0], 5)[:, None]
    firm = estimate_tipping_point(_imputations(values), _mean, [0.0, 0.1])
    assert math.isnan(firm.tipping)
    assert firm.note == "significant under every shift tried"
    weak = estimate_tipping_point(_imputations(values + 2.0), _mean, [0.0, 0.1])
    assert (weak.tipping, weak.note) == (0.0, "not significant without a shift")
    with pytest.raises(ValueRangeError, match="0 first"):
        estimate_tipping_point(_imputations(values), _mean, [1.0, 2.0])


def test_pooled_analysis_is_rubin_of_its_parts() -> None:
    values = np.stack([np.arange(6.0)[:, None], np.arange(6.0)[:, None] + 1])
    imputed = Imputations(values, np.ones((6, 1), dtype=bool), "", 0.0)
    found = pool_analysis(imputed, _mean)
    assert found == pool_rubin([2.5, 3.5], [3.5 / 6, 3.5 / 6], complete_df=5)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("observed", [1, 0, 1]),
        ("nonresponder", [1, 0, 0, 0, 1]),
        ("worst", [1, 0, 0, 1, 1]),
        ("best", [1, 1, 0, 0, 1]),
    ],
)
def test_missing_responses(rule: str, expected: list[int]) -> None:
    # second is missing in the treated arm, fourth in the reference arm
    response, reference = [1, NAN, 0, NAN, 1], [False, False, False, True, True]
    found, counted = fill_responses(response, rule, reference=reference)
    assert found.tolist() == expected
    assert counted.sum() == len(expected)


def test_single_arm_worst_is_nonresponder() -> None:
    assert fill_responses([1, NAN], "worst")[0].tolist() == [1, 0]
    with pytest.raises(ValueRangeError, match="0, 1 or NaN"):
        fill_responses([2], "worst")
    with pytest.raises(UnknownNameError, match="nonresponder"):
        fill_responses([1], "nonresponders")


def test_carry_forward() -> None:
    found = carry_forward([[NAN, 8, NAN, 5, NAN], [1, NAN, NAN, NAN, 2], [NAN] * 5])
    expected = np.array([[NAN, 8, 8, 5, 5], [1, 1, 1, 1, 2], [NAN] * 5])
    assert np.array_equal(found, expected, equal_nan=True)


def test_refusals() -> None:
    with pytest.raises(ShapeError, match="at least 2"):
        pool_rubin([1.0], [1.0])
    with pytest.raises(ValueRangeError, match="above 0"):
        pool_rubin([1.0, 2.0], [0.0, 1.0])
    with pytest.raises(ShapeError, match="found 2 and 1"):
        pool_rubin([1.0, 2.0], [1.0])
