"""Who is imputed from what: the plan of imputation by reference, its means and covariances, by hand."""

from typing import Any

import numpy as np
import pytest

from funis.errors import ShapeError, UnknownNameError
from funis.stats import reference_based
from funis.stats.impute import Drawn
from funis.stats.reference_based import Moments, ReferencePlan, plan_reference, subjects_alike

NAN = float("nan")
#: Two of the arm a, three of b; the last value of the first is missing, of the fourth the middle one too.
FIVE = [[1, 2, NAN], [1, 3, 3], [2, 4, 5], [2, NAN, NAN], [3, NAN, 6]]
#: Four more of b who are seen throughout: the model needs them.
VALUES = np.array([*FIVE, [3, 1, 2], [5, 2, 4], [4, 6, 1], [7, 3, 9]], dtype=float)
ARMS = ["a", "a", *"bbbbbbb"]
ZEROS = [[0]] * 4


def plan(**given: Any) -> ReferencePlan:
    wanted: dict[str, Any] = {"reference": "b", "strategy": "j2r", "covariates": None, "deviation": None}
    return plan_reference(VALUES, ARMS, **wanted | given)


def test_arms_are_places_in_their_labels() -> None:
    made = plan()
    assert (made.labels, made.reference, made.member.tolist()) == (("a", "b"), 1, [0, 0, *[1] * 7])
    assert plan(reference="a").reference == 0
    assert made.arms.tolist() == [[1, 0], [1, 0], *[[0, 1]] * 7]
    assert made.extra.shape == (9, 0)
    assert plan(covariates=[[1.0], [2], [3], [4], [6], *ZEROS]).extra.ravel().tolist() == [
        1,
        2,
        3,
        4,
        6,
        0,
        0,
        0,
        0,
    ]


def test_what_is_missing_after_the_last_value_is_after_deviation() -> None:
    made = plan()
    assert made.before.tolist() == [2, 3, 3, 1, 3, 3, 3, 3, 3]
    assert made.after[:5].astype(int).tolist() == [[0, 0, 1], [0, 0, 0], [0, 0, 0], [0, 1, 1], [0, 0, 0]]
    assert not made.after[5:].any()
    assert np.array_equal(made.modelled, VALUES, equal_nan=True)


def test_values_seen_after_a_deviation_are_kept_and_not_modelled() -> None:
    made = plan(deviation=[2, 2, 3, 1, 3, 3, 3, 3, 3])
    assert np.array_equal(made.values, VALUES, equal_nan=True)
    assert np.isnan(made.modelled[1]).tolist() == [False, False, True]
    assert not made.after[1].any()
    at_random = plan(deviation=[2, 2, 3, 1, 3, 3, 3, 3, 3], strategy=["j2r", "mar", *["j2r"] * 7])
    assert at_random.modelled[1].tolist() == [1, 3, 3]
    assert at_random.strategies == ("j2r", "mar", *["j2r"] * 7)


def test_what_cannot_be_planned_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="no arm 'c'"):
        plan(reference="c")
    with pytest.raises(ShapeError, match="found 2"):
        plan(strategy=["j2r", "mar"])
    with pytest.raises(ShapeError, match=r"\(8, visits\)"):
        plan_reference(VALUES, ARMS[:8], reference="b", strategy="j2r", covariates=None, deviation=None)
    with pytest.raises(ShapeError, match="found shape"):
        plan_reference(VALUES[:, 0], ARMS, reference="b", strategy="j2r", covariates=None, deviation=None)


def test_the_reference_lends_its_mean_and_the_covariates_stay() -> None:
    """Effects: arm a 10 and 20, arm b 1 and 2, of the covariate 100 and 200 a unit."""
    made = plan(covariates=[[0.0], [1], [0], [1], [2], *ZEROS])
    columns = np.hstack([made.arms, made.extra])
    draw = Drawn(np.array([[10.0, 20], [1, 2], [100, 200]]), np.diag([4.0, 9.0]), VALUES)
    moments = reference_based._one_covariance(made, columns, draw)
    assert moments.own[:5].tolist() == [[10, 20], [110, 220], [1, 2], [101, 202], [201, 402]]
    assert moments.other[:5].tolist() == [[1, 2], [101, 202], [1, 2], [101, 202], [201, 402]]
    assert moments.covariance.tolist() == [[[4, 0], [0, 9]]] * 2


def test_subjects_with_something_missing_are_taken_by_arm_strategy_and_deviation() -> None:
    own = np.arange(27, dtype=float).reshape(9, 3)
    moments = Moments(own, own + 100, np.stack([np.eye(3), 2 * np.eye(3)]))
    found = subjects_alike(plan(), moments)
    assert [rows.tolist() for rows, _, _ in found] == [[0], [3]]
    # Jump to reference: own means before the deviation, those of the reference after it.
    assert [mean.tolist() for _, mean, _ in found] == [[[0, 1, 102]], [[9, 110, 111]]]
    # Without correlation the covariance after the deviation is that of the reference.
    assert np.diag(found[0][2]).tolist() == [1, 1, 2]
    assert np.diag(found[1][2]).tolist() == [2, 2, 2]
