"""The steps of a multiple imputation, with random numbers that are given: each drawn value worked out by hand."""

import math
from typing import Any, cast

import numpy as np
import pytest

from funis.errors import ShapeError
from funis.stats import impute, reference_based
from funis.stats.sample import Floats

NAN = math.nan


class Given:
    """A generator whose normal numbers and chi-squares are known beforehand."""

    def __init__(self, normals: list[Any], chi_squares: list[Any] | None = None) -> None:
        self.normals, self.chi_squares = list(normals), list(chi_squares or [])
        self.freedom: list[list[float]] = []

    def standard_normal(self, shape: Any) -> Floats:
        drawn = np.array(self.normals.pop(0), dtype=float)
        assert drawn.shape == (shape if isinstance(shape, tuple) else (shape,))
        return drawn

    def chisquare(self, freedom: Any) -> Any:
        self.freedom.append(np.atleast_1d(freedom).tolist())
        return np.array(self.chi_squares.pop(0), dtype=float)


def generator(normals: list[Any], chi_squares: list[Any] | None = None) -> np.random.Generator:
    return cast("np.random.Generator", Given(normals, chi_squares))


COVARIANCE = np.array([[4.0, 2.0], [2.0, 5.0]])


def test_regression_of_the_missing_on_the_observed_visit() -> None:
    """Slope 2 / 4; what is left of 5 is 5 - 2 x 2 / 4 = 4. With nothing observed all is left."""
    slope, rest = impute.condition_on(COVARIANCE, np.array([0]), np.array([1]))
    assert slope.tolist() == [[0.5]]
    assert rest.tolist() == [[4.0]]
    slope, rest = impute.condition_on(COVARIANCE, np.array([], dtype=int), np.array([0, 1]))
    assert slope.shape == (2, 0)
    assert rest.tolist() == COVARIANCE.tolist()


def test_missing_values_are_the_regression_plus_a_scaled_normal_number() -> None:
    """Mean 3 + 0.5 (6 - 2) + 2 x 1.5 = 8 and 3 + 0.5 (1 - 2) - 2 x 0.5 = 1.5; what was seen stays."""
    values = np.array([[6.0, NAN], [7.0, 8.0], [1.0, NAN]])
    patterns = impute.list_patterns(np.isnan(values))
    assert [[each.tolist() for each in one] for one in patterns] == [[[0, 2], [0], [1]]]
    mean = np.tile([2.0, 3.0], (3, 1))
    filled = impute.fill_missing(values, mean, COVARIANCE, patterns, generator([[[1.5], [-0.5]]]))
    assert filled.tolist() == [[6.0, 8.0], [7.0, 8.0], [1.0, 1.5]]


def test_a_root_of_a_covariance() -> None:
    """Its square is the covariance again; a negative value left by rounding counts as 0."""
    root = impute._root(COVARIANCE)
    np.testing.assert_allclose(root @ root.T, COVARIANCE, rtol=1e-12)
    root = impute._root(np.array([[1.0, 1.0], [1.0, 1.0 - 1e-15]]))
    np.testing.assert_allclose(root @ root.T, np.ones((2, 2)), atol=1e-7)


def test_start_of_one_visit_and_of_a_visit_that_depends_on_another() -> None:
    """EM for two visits has Anderson's closed form: slope and rest from pairs, the first visit from everybody.

    Pairs (1, 2), (2, 2), (3, 5): slope 3/2, intercept 0, rest (0.25 + 1 + 0.25) / 3 = 0.5. First visit of all four
    (1, 2, 3, 6): mean 3, variance 14 / 4. So the second has mean 4.5, variance 0.5 + 2.25 x 3.5, covariance 5.25.
    """
    values = np.array([[1.0, 2.0], [2.0, 2.0], [3.0, 5.0], [6.0, NAN]])
    effects, covariance = impute._start(values, np.isnan(values), np.ones((4, 1)))
    # The chain only starts here: fifty steps leave less than a hundredth.
    np.testing.assert_allclose(effects, [[3.0, 4.5]], rtol=1e-2)
    np.testing.assert_allclose(covariance, [[3.5, 5.25], [5.25, 8.375]], rtol=1e-2)


def test_parameters_of_one_visit_are_drawn_by_hand() -> None:
    """1, 2, 6: mean 3, squares 14. Variance 14 / 7 with chi-square 7 of 2 df; mean 3 + sqrt(1/3) 1.5 sqrt 2."""
    rng = Given([[[9.0]], [[1.5]]], [[7.0]])
    columns = np.ones((3, 1))
    effects, covariance = impute._draw_parameters(
        np.array([[1.0], [2.0], [6.0]]), columns, np.array([[1 / 3]]), cast("np.random.Generator", rng)
    )
    assert rng.freedom == [[2]]
    np.testing.assert_allclose(covariance, [[2.0]])
    np.testing.assert_allclose(effects, [[3 + math.sqrt(2 / 3) * 1.5]])


def test_parameters_of_two_visits_are_drawn_by_hand() -> None:
    """Squares and products [[2, 2], [2, 10]] = L L', L = [[sqrt 2, 0], [sqrt 2, sqrt 8]]; A = [[1, 0], [3, 2]].

    L A'^-1 = [[sqrt 2, -3 sqrt 2 / 2], [sqrt 2, (sqrt 8 - 3 sqrt 2) / 2]], whose square is the covariance.
    """
    pairs = [[0, 0], [0, 0], [-1, -1], [1, 1], [0, 0], [0, 2], [0, -2]]
    completed = np.array(pairs, dtype=float)
    rng = Given([[[9.0, 9.0], [3.0, 9.0]], [[1.0, 0.5]]], [[1.0, 4.0]])
    effects, covariance = impute._draw_parameters(
        completed, np.ones((7, 1)), np.array([[1 / 7]]), cast("np.random.Generator", rng)
    )
    assert rng.freedom == [[6, 5]]
    root = np.array(
        [[math.sqrt(2), -3 * math.sqrt(2) / 2], [math.sqrt(2), (math.sqrt(8) - 3 * math.sqrt(2)) / 2]]
    )
    np.testing.assert_allclose(covariance, root @ root.T, rtol=1e-12)
    np.testing.assert_allclose(effects, math.sqrt(1 / 7) * np.array([[1.0, 0.5]]) @ root.T, rtol=1e-12)


def test_a_monotone_draw_by_hand() -> None:
    """A mean of 1, 2, 6 (3, squares 14) with chi-square 3.5 of 2 df: SD 2; effect 3 + 2 sqrt(1/3) 1.5, then 2 x 0.5."""
    rng = Given([[1.5], [0.5]], [3.5])
    values = np.array([[1.0], [2.0], [6.0], [NAN]])
    filled = impute._monotone_draw(
        values, np.isnan(values), np.ones((4, 1)), cast("np.random.Generator", rng)
    )
    assert rng.freedom == [[2]]
    assert filled[3, 0] == pytest.approx(3 + 2 * math.sqrt(1 / 3) * 1.5 + 1.0)
    assert filled[:3, 0].tolist() == [1.0, 2.0, 6.0]


def test_correlation_of_draws_that_follow_each_other() -> None:
    """Means 1, 3, 2, 4 lie -1.5, 0.5, -0.5 and 1.5 off theirs: -1.75 / 5. The second visit 1, 2, 3, 4: 1.25 / 5."""
    draws = [
        impute.Drawn(np.array([[first, second]]), np.eye(2), np.zeros((1, 2)))
        for first, second in ((1.0, 1.0), (3.0, 2.0), (2.0, 3.0), (4.0, 4.0))
    ]
    assert impute.autocorrelation(draws, np.ones((3, 1))) == pytest.approx(-0.35)
    turned = [impute.Drawn(each.effects[:, ::-1], each.covariance, each.completed) for each in draws]
    assert impute.autocorrelation(turned, np.ones((3, 1))) == pytest.approx(-0.35)


# --- who deviated, and to what mean ----------------------------------------------------------------------


def test_visits_before_deviation_end_with_the_last_value() -> None:
    missing = np.array([[0, 0, 0], [0, 0, 1], [0, 1, 0], [0, 1, 1], [1, 0, 1], [1, 1, 1]], dtype=bool)
    assert reference_based._visits_before(missing, None).tolist() == [3, 2, 3, 1, 2, 0]


def test_a_deviation_given_is_checked() -> None:
    missing = np.array([[0, 0, 1], [0, 1, 1]], dtype=bool)
    assert reference_based._visits_before(missing, [2, 1]).tolist() == [2, 1]
    assert reference_based._visits_before(missing, [3, 3]).tolist() == [3, 3]
    for wrong in ([2], [-1, 1], [4, 1]):
        with pytest.raises(ShapeError, match="from 0 to 3"):
            reference_based._visits_before(missing, wrong)
    assert reference_based._visits_before(np.ones((2, 3), dtype=bool), [0, 0]).tolist() == [0, 0]


OWN, OTHER = np.array([[10.0, 6.0, 4.0]]), np.array([[11.0, 9.0, 8.0]])


@pytest.mark.parametrize(
    ("strategy", "before", "expected"),
    [
        ("mar", 1, [10, 6, 4]),
        ("cr", 1, [11, 9, 8]),
        ("j2r", 1, [10, 9, 8]),
        ("j2r", 2, [10, 6, 8]),
        ("j2r", 3, [10, 6, 4]),
        # The steps of the other arm from the last own mean: 10 - 2 and 10 - 3; from visit 2 on 6 - 1.
        ("cir", 1, [10, 8, 7]),
        ("cir", 2, [10, 6, 5]),
        # The last own mean carried on.
        ("lmcf", 1, [10, 10, 10]),
        ("lmcf", 2, [10, 6, 6]),
        # With no visit before deviation there is nothing to step from, and nothing to carry.
        ("cir", 0, [11, 9, 8]),
        ("j2r", 0, [11, 9, 8]),
        ("lmcf", 0, [10, 6, 4]),
    ],
)
def test_means_after_deviation(strategy: Any, before: int, expected: list[float]) -> None:
    found = reference_based._strategy_means(OWN, OTHER, np.array([before]), strategy)
    assert found.tolist() == [expected]


@pytest.mark.parametrize(
    ("strategy", "expected"), [("cir", [1, 5, 9]), ("lmcf", [1, 1, 1]), ("j2r", [1, 6, 10])]
)
def test_means_after_deviation_as_rbmi_states_them(strategy: Any, expected: list[float]) -> None:
    """The case of R rbmi's own tests (tests/testthat/test-strategies.R): missing after the first of 3 visits."""
    own, other = np.array([[1.0, 3.0, 5.0]]), np.array([[2.0, 6.0, 10.0]])
    assert reference_based._strategy_means(own, other, np.array([1]), strategy).tolist() == [expected]


def test_covariances_after_deviation_as_rbmi_states_them() -> None:
    """The same file: one covariance is kept; nothing before leaves the reference's, everything one's own."""
    own, other = np.eye(3) + 0.5, np.eye(3) + 0.2
    assert np.allclose(reference_based.strategy_covariance(own, own, 2, "j2r"), own, atol=1e-14)
    assert np.allclose(reference_based.strategy_covariance(own, other, 0, "cir"), other, atol=1e-14)
    assert np.allclose(reference_based.strategy_covariance(own, other, 3, "j2r"), own, atol=1e-14)
    made = reference_based.strategy_covariance(own, other, 2, "j2r")
    assert np.allclose(made[:2, :2], own[:2, :2], atol=1e-14)
    assert made[2, 2] != other[2, 2]
    assert not np.allclose(made[:2, 2], own[:2, 2])
    assert not np.allclose(made[:2, 2], other[:2, 2])
    assert np.allclose(made, made.T, atol=1e-14)
