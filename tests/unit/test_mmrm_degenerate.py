"""Data that hold too little or nothing: how a fit of them ends, without a raw error, a warning or a made-up number."""

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest

from funis.stats.mmrm import one_fit
from funis.stats.mmrm.covariance import evaluate_structure
from funis.stats.mmrm.degrees_of_freedom import (
    Inference,
    SubjectScores,
    degrees_of_freedom,
    f_test,
)
from funis.stats.mmrm.engine import Likelihood
from funis.stats.mmrm.front_door import fit_mmrm
from funis.stats.mmrm.one_fit import BEYOND
from funis.stats.mmrm.result import MmrmResult
from funis.stats.mmrm.sums import SubjectArrays, sum_patterns

STRUCTURES = ("us", "toep", "toeph", "ar1", "ar1h", "cs", "csh", "ad", "adh", "sp_exp", "sp_gau")
HETEROGENEOUS = ("us", "toeph", "ar1h", "csh", "adh")
FLAT = "the likelihood does not change with some combination of the covariance parameters"


def trial(n: int = 12, m: int = 4) -> pl.DataFrame:
    rng = np.random.default_rng(3)
    return pl.DataFrame(
        {
            "id": np.repeat(np.arange(n), m),
            "visit": [f"v{a}" for a in range(m)] * n,
            "arm": np.repeat(np.where(np.arange(n) % 2, "b", "a"), m),
            "x": np.repeat(rng.normal(size=n), m),
            "y": np.repeat(rng.normal(size=n), m) + rng.normal(size=n * m),
        }
    )


def fit(frame: pl.DataFrame, covariance: str = "us", **options: Any) -> MmrmResult:
    options.setdefault("fixed", "arm * visit + x")
    return fit_mmrm(frame, outcome="y", subject="id", visit="visit", covariance=covariance, **options)


def inference(**changes: Any) -> Inference:
    """Two coefficients of variance 1, one covariance parameter of variance 1, and no slopes."""
    given: dict[str, Any] = {
        "method": "kenward-roger",
        "beta": np.array([2.0, 3.0]),
        "vcov": np.eye(2),
        "phi": np.eye(2),
        "weight": np.eye(1),
        "PhiPPhi": np.zeros((1, 2, 2)),
    }
    return Inference(**{**given, **changes})


@pytest.mark.parametrize("covariance", STRUCTURES)
@pytest.mark.parametrize("method", ["reml", "ml"])
@pytest.mark.parametrize("value", [3.0, 0.1, 0.0, 1e40])
def test_outcomes_that_are_all_the_same_do_not_vary(covariance: str, method: str, value: float) -> None:
    """With a variance for each visit the units followed the rounding from visit to visit, and the search "did not converge"."""
    found = fit(trial().with_columns(y=pl.lit(value)), covariance, method=method)
    assert (found.status, found.detail) == ("singular covariance", "the residuals do not vary")


@pytest.mark.parametrize("covariance", STRUCTURES)
def test_a_small_spread_on_a_large_number_varies(covariance: str) -> None:
    """1e-9 of the outcome is far more than its rounding; the statistics are those of the spread alone."""
    frame = trial()
    found = fit(frame.with_columns(y=1e3 + 1e-6 * pl.col("y")), covariance).coefficients["t"].to_numpy()
    np.testing.assert_allclose(found[1:], fit(frame, covariance).coefficients["t"].to_numpy()[1:], rtol=2e-5)


def test_three_subjects_leave_nothing_of_a_variance_between_subjects() -> None:
    """Intercept, arm and x fit three subjects' means exactly: the shared variance was 54,662, called converged, with 0 df."""
    found = fit(trial().filter(pl.col("id") < 3), "cs")
    assert (found.status, found.detail) == ("covariance not estimable", FLAT)
    assert found.coefficients["estimate"].null_count() == found.coefficients.height
    # With one subject more there is one degree of freedom between subjects, 4 - 3.
    more = fit(trial().filter(pl.col("id") < 4), "cs", df="satterthwaite")
    assert more.status == "converged"
    assert more.coefficients.filter(term="x")["df"][0] == pytest.approx(1.0, rel=1e-6)


@pytest.mark.parametrize("covariance", ["toep", "ad"])
def test_a_correlation_that_one_fitted_value_would_tell_is_not_estimable(covariance: str) -> None:
    """One subject has a fourth visit, whose mean is its value: nothing tells how that visit goes with others."""
    found = fit(trial().filter((pl.col("visit") != "v3") | (pl.col("id") == 0)), covariance)
    assert (found.status, found.detail) == ("covariance not estimable", FLAT)


def test_information_of_known_means_by_hand() -> None:
    """One visit of variance v in 5 subjects: n / (2 v^2) = 5 / (2 * 4)."""
    n = 5
    data = SubjectArrays(
        np.array([[1.0], [2.0], [4.0], [3.0], [-1.0]]), np.ones((n, 1), dtype=bool), np.ones((n, 1)),
        np.ones((1, 1, 1)), np.zeros(n, dtype=np.int64),
    )  # fmt: skip
    likelihood = Likelihood(sum_patterns(data), "us")
    state = likelihood.evaluate(np.array([2.0]))
    assert state is not None
    assert likelihood.information_of_known_means(state) == pytest.approx(np.array([[5 / 8]]), rel=1e-14)


def test_information_of_known_means_by_group() -> None:
    """Variances 2 of 3 subjects and 4 of 2: 3 / 8 and 2 / 32, with nothing between them."""
    data = SubjectArrays(
        np.array([[1.0], [2.0], [4.0], [3.0], [-1.0]]), np.ones((5, 1), dtype=bool), np.ones((5, 1)),
        np.ones((1, 1, 1)), np.array([0, 0, 0, 1, 1]),
    )  # fmt: skip
    likelihood = Likelihood(sum_patterns(data), "us")
    state = likelihood.evaluate(np.array([2.0, 4.0]))
    assert state is not None
    np.testing.assert_allclose(
        likelihood.information_of_known_means(state), [[3 / 8, 0.0], [0.0, 2 / 32]], rtol=1e-14
    )


@pytest.mark.parametrize("sandwich", ["CR0", "CR2", "CR3"])
@pytest.mark.parametrize("covariance", STRUCTURES)
def test_a_sandwich_of_a_design_with_an_aliased_column(sandwich: str, covariance: str) -> None:
    """The row of the aliased column is zero: its degrees of freedom ended in a division by zero."""
    frame = trial().with_columns(x=(pl.col("arm") == "b").cast(pl.Float64))
    found = fit(frame, covariance, sandwich=sandwich)
    assert found.status == "rank deficient"
    table = found.coefficients
    assert table.filter(term="x").drop("term").row(0) == (None,) * 7
    assert table.filter(pl.col("term") != "x").drop("term").null_count().row(0) == (0,) * 7


def test_degrees_of_freedom_have_no_unit() -> None:
    """One subject for each row of the design: 2 subjects a contrast, trace 2, trace of squares 2; 4 / 2 = 2."""
    n = 4
    left = np.zeros((n, 2))
    left[:2, 0] = left[2:, 1] = 1.0
    scores = SubjectScores(left, np.zeros((n, 2)), np.arange(n))
    given = inference(method="satterthwaite", scores=scores)
    L = np.array([[1.0, 0.0], [0.0, 1e-200], [3e200, 0.0], [0.0, 0.0]])
    found = degrees_of_freedom(given, L)
    np.testing.assert_allclose(found[:3], 2.0, rtol=1e-14)
    assert np.isnan(found[3])


def test_degrees_of_freedom_by_satterthwaite_have_no_unit() -> None:
    """2 v^2 / (d w d) with v = 1, d = 0.5 and w = 1 is 8, whatever the contrast is multiplied by."""
    given = inference(method="satterthwaite", PhiPPhi=0.5 * np.eye(2)[None])
    found = degrees_of_freedom(given, np.array([[1.0, 0.0], [0.0, 1e-120], [1e120, 0.0]]))
    np.testing.assert_allclose(found, 8.0, rtol=1e-13)


def test_an_f_test_without_anything_to_adjust_has_no_degrees_of_freedom() -> None:
    """No contrast depends on the covariance parameters: Kenward and Roger's sums are 0, by which they divide."""
    found = f_test(inference(), np.eye(2))
    assert found.num_df == 2
    assert np.isnan([found.den_df, found.f, found.p]).all()


def test_degrees_of_freedom_beyond_count_are_pooled_without_a_division_by_zero() -> None:
    slopes = np.stack([np.diag([1e-9, 2e-9])])
    found = f_test(inference(method="satterthwaite", PhiPPhi=slopes), np.eye(2))
    assert not found.den_df < 1e15
    assert found.f == pytest.approx((4 + 9) / 2, rel=1e-12)


def test_a_range_beyond_its_square_gives_a_correlation_of_one() -> None:
    """As a float of Python's own its square is an OverflowError."""
    with np.errstate(all="ignore"):
        value, _, _ = evaluate_structure("sp_exp", np.array([2.0, 1e200]), 3)
    np.testing.assert_allclose(value, np.full((3, 3), 2.0), rtol=1e-14)


def raise_singular(*_: object, **__: object) -> None:
    raise np.linalg.LinAlgError("Singular matrix")


@pytest.mark.parametrize(
    "broken", [raise_singular, lambda *_, **__: inference(vcov=np.full((9, 9), np.inf), beta=np.zeros(9))]
)
def test_what_inference_cannot_compute_is_a_status(
    broken: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(one_fit, "build_inference", broken)
    found = fit(trial())
    assert (found.status, found.detail) == ("did not converge", BEYOND)
    assert not found.converged
    assert found.coefficients["se"].null_count() == 9
