"""Laws of combined studies: unit, origin, order and side do not matter; estimators keep what defines them."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funis.errors import ValueRangeError
from funis.stats import meta
from funis.stats.meta.heterogeneity import ESTIMATORS

EFFECT = st.tuples(st.floats(-20, 20), st.floats(0.01, 50))
STUDIES = st.lists(EFFECT, min_size=2, max_size=9)
COUNTS = st.lists(
    st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), min_size=2, max_size=7
)


def split(studies: list[tuple[float, float]]) -> tuple[np.ndarray, np.ndarray]:
    y, v = np.array(studies).T
    return y, v


@given(
    studies=STUDIES,
    estimator=st.sampled_from(ESTIMATORS),
    shift=st.floats(-50, 50),
    scale=st.floats(0.01, 100),
)
def test_unit_and_origin_do_not_matter(
    studies: list[tuple[float, float]], estimator: str, shift: float, scale: float
) -> None:
    y, v = split(studies)
    plain = meta.combine_random(y, v, estimator=estimator)
    other = meta.combine_random(scale * y + shift, scale**2 * v, estimator=estimator)
    assert plain.heterogeneity is not None
    assert other.heterogeneity is not None
    size = max(1.0, float(np.abs(y).max()), abs(shift / scale))
    assert (other.estimate - shift) / scale == pytest.approx(plain.estimate, abs=1e-6 * size)
    assert other.standard_error / scale == pytest.approx(plain.standard_error, rel=1e-5, abs=1e-6 * size)
    assert other.heterogeneity.tau2 / scale**2 == pytest.approx(
        plain.heterogeneity.tau2, rel=1e-5, abs=1e-6 * size**2
    )


@given(studies=STUDIES, seed=st.integers(0, 99))
def test_order_does_not_matter(studies: list[tuple[float, float]], seed: int) -> None:
    y, v = split(studies)
    order = np.random.default_rng(seed).permutation(y.size)
    plain, other = meta.combine_random(y, v), meta.combine_random(y[order], v[order])
    assert other.estimate == pytest.approx(plain.estimate, abs=1e-7 * max(1.0, float(np.abs(y).max())))
    assert other.weights == pytest.approx(plain.weights[order], abs=1e-7)


@given(studies=STUDIES)
def test_paule_and_mandel_make_q_its_degrees_of_freedom(studies: list[tuple[float, float]]) -> None:
    y, v = split(studies)
    found = meta.combine_random(y, v, estimator="paule_mandel").heterogeneity
    assert found is not None
    w = 1 / (v + found.tau2)
    q = float(w @ (y - float(w @ y) / float(w.sum())) ** 2)
    assert q == pytest.approx(y.size - 1, rel=1e-6) if found.tau2 > 0 else q <= y.size - 1 + 1e-9


@given(studies=STUDIES)
def test_the_interval_of_the_variance_between_studies_is_in_order(studies: list[tuple[float, float]]) -> None:
    y, v = split(studies)
    found = meta.combine_random(y, v).heterogeneity
    assert found is not None
    assert 0 <= found.tau2_lower <= found.tau2_upper
    assert 0 <= found.i2_lower <= found.i2_upper < 100 + 1e-9


@given(studies=STUDIES)
def test_the_correction_never_makes_an_interval_narrower(studies: list[tuple[float, float]]) -> None:
    y, v = split(studies)
    plain = meta.combine_random(y, v)
    kept = meta.combine_random(y, v, interval="hartung_knapp_ad_hoc")
    normal = meta.combine_random(y, v, interval="normal")
    assert kept.standard_error >= max(plain.standard_error, normal.standard_error) * (1 - 1e-12)


@settings(max_examples=25)
@given(counts=COUNTS)
def test_events_and_their_absence_are_two_sides_of_one_answer(counts: list[tuple[int, int]]) -> None:
    x, n = np.array(counts).T
    if not 0 < x.sum() < n.sum():
        return
    try:
        plain, other = meta.combine_proportions(x, n), meta.combine_proportions(n - x, n)
    except ValueRangeError:
        # Studies of none or all alone: refused on both sides.
        with pytest.raises(ValueRangeError, match="finite spread"):
            meta.combine_proportions(n - x, n)
        return
    assert plain.log_likelihood == pytest.approx(other.log_likelihood, abs=1e-6)
    # Where the likelihood is flat the place of its peak is known to fewer digits than its height.
    assert plain.estimate == pytest.approx(-other.estimate, abs=1e-2 + 1e-2 * abs(plain.estimate))
    assert math.isfinite(plain.standard_error)
    assert plain.standard_error > 0
