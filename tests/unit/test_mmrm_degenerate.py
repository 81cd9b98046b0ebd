"""Data that hold too little or nothing: how a fit of them ends, without a raw error, a warning or a made-up number."""

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, Literal, cast

import numpy as np
import polars as pl
import pytest

from funis.errors import ValueRangeError
from funis.stats.mmrm import fitted, one_fit
from funis.stats.mmrm.batch import fit_mmrm_batch
from funis.stats.mmrm.covariance import Floats, evaluate_structure
from funis.stats.mmrm.degrees_of_freedom import (
    Inference,
    SubjectScores,
    degrees_of_freedom,
    f_test,
)
from funis.stats.mmrm.engine import Likelihood
from funis.stats.mmrm.fit_notes import _strongest, note_fit
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


def test_an_f_test_that_cannot_be_computed_is_empty_in_its_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitted, "f_test", lambda *_: f_test(inference(), np.eye(2)))
    found = fit(trial()).joint_table(np.eye(9)[1:3])
    assert found.row(0) == (2, None, None, None)


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


def notes(found: MmrmResult) -> str:
    """Give the notes without that on the order of visits."""
    return "; ".join(found.notes[1:])


@pytest.mark.parametrize("covariance", STRUCTURES)
def test_a_visit_at_which_nothing_varies(covariance: str) -> None:
    """A variance of its own has nothing to rest on; where all visits share one it is told in a note."""
    frame = trial().with_columns(y=pl.when(pl.col("visit") == "v1").then(2.0).otherwise(pl.col("y")))
    found = fit(frame, covariance)
    assert "the outcomes at 'v1' are all the same" in found.notes
    if covariance in HETEROGENEOUS:
        said = "the outcomes at 'v1' are all the same and have no variance"
        assert (found.status, found.detail) == ("covariance not estimable", said)
    else:
        assert (found.status, found.detail) == ("converged", "")


def test_visits_at_which_nothing_varies_are_named_together_and_one_outcome_is_none() -> None:
    frame = (
        trial()
        .with_columns(y=pl.when(pl.col("visit").is_in(["v0", "v2"])).then(1.0).otherwise(pl.col("y")))
        .filter((pl.col("visit") != "v3") | (pl.col("id") == 0))
    )
    assert "the outcomes at 'v0', 'v2' are all the same" in fit(frame, "cs").notes
    two = trial().filter((pl.col("visit") != "v3") | (pl.col("id") < 2))
    same = two.with_columns(y=pl.when(pl.col("visit") == "v3").then(1.0).otherwise(pl.col("y")))
    assert "the outcomes at 'v3' are all the same" in fit(same, "cs").notes
    assert "all the same" not in notes(fit(trial(), "cs"))


def test_a_variance_that_kenward_and_roger_make_negative_is_told() -> None:
    """Five subjects with nine outcomes: the estimates stand, and what has no standard error is named."""
    cells = [
        (0, "b", "v0", -3.2), (0, "b", "v1", -0.9), (1, "a", "v0", 2.8), (1, "a", "v2", 1.9), (2, "b", "v2", -0.1),
        (3, "a", "v2", -1.0), (3, "a", "v3", 1.0), (4, "b", "v1", 2.4), (4, "b", "v2", 0.4),
    ]  # fmt: skip
    frame = pl.DataFrame(cells, schema=["id", "arm", "visit", "y"], orient="row")
    found = fit(frame, "sp_exp", fixed="arm * visit")
    lacking = found.coefficients.filter(pl.col("se").is_null() & pl.col("estimate").is_not_null())
    assert "visitv1" in lacking["term"]
    assert lacking["p"].null_count() == lacking.height
    named = ", ".join(map(repr, lacking["term"]))
    assert (
        f"no standard error of {named}: the adjustment of Kenward and Roger makes a variance negative, as it can where "
        "the data say little of the covariance; df='satterthwaite' leaves variances as they are"
    ) in found.notes
    plain = fit(frame, "sp_exp", df="satterthwaite", fixed="arm * visit")
    assert plain.coefficients["se"].null_count() == 2
    assert "no standard error" not in notes(plain)
    assert "no standard error" not in notes(fit(trial(), "ar1"))


def test_a_negative_variance_of_no_coefficient_is_told_of_comparisons() -> None:
    fitted = fit(trial(), "ar1").fit
    vcov = np.eye(9)
    vcov[0, 1] = vcov[1, 0] = 2.0
    assert fitted.inference is not None
    changed = replace(
        fitted,
        inference=replace(fitted.inference, vcov=vcov),
        estimable=replace(fitted.estimable, transform=np.eye(9)),
    )
    (said,) = note_fit(changed, tuple("abcdefghi"), "ar1", sandwich=False)
    assert said.startswith("no standard error of some comparisons: the adjustment of Kenward and Roger makes")


def test_a_sandwich_variance_of_nothing_is_told() -> None:
    """The one subject of arm b is fitted exactly, so that its residuals and the variance that they give are 0."""
    frame = trial().with_columns(arm=pl.when(pl.col("id") == 3).then(pl.lit("b")).otherwise(pl.lit("a")))
    found = fit(frame, "cs", sandwich="CR0", fixed="0 + arm:visit")
    lacking = found.coefficients.filter(pl.col("se").is_null())["term"].to_list()
    assert lacking == [f"armb:visitv{a}" for a in range(4)]
    assert (
        "no standard error of 'armb:visitv0', 'armb:visitv1', 'armb:visitv2', 'armb:visitv3': the sandwich variance is 0, "
        "as those who decide the estimate are fitted exactly"
    ) in found.notes


def test_how_little_a_covariance_rests_on_is_told() -> None:
    """Three outcomes more than coefficients, 12 - 9; four are enough for two parameters, 16 - 9 for us's ten are not."""
    three, four = (trial().filter(pl.col("id") < n) for n in (3, 4))
    said = "more outcomes than coefficients are left for"
    assert f"3 {said} 2 covariance parameters: standard errors rest on little" in fit(three, "ar1").notes
    assert said not in notes(fit(four, "ar1"))
    short = three.filter(pl.col("visit") != "v3").with_columns(arm=pl.lit("a"))
    assert said not in notes(fit(short, "ar1", fixed="visit + x"))  # 9 - 4 = 5 for 2
    one = pl.DataFrame({"id": [1, 2], "visit": ["v"] * 2, "y": [1.0, 2.0]})
    assert (
        f"1 {said} 1 covariance parameter: standard errors rest on little" in fit(one, "us", fixed="1").notes
    )
    two = pl.DataFrame({"id": [1, 2, 3], "visit": ["v"] * 3, "y": [1.0, 2.0, 4.0]})
    assert said not in notes(fit(two, "us", fixed="1"))


@pytest.mark.parametrize(("covariance", "said"), [("sp_exp", True), ("sp_gau", True), ("ar1", False)])
def test_a_spatial_structure_at_the_end_of_its_correlations_is_told(covariance: str, said: bool) -> None:  # noqa: FBT001
    """Outcomes of a subject that sum to 0 are negatively correlated, which a spatial structure cannot be."""
    frame = trial().with_columns(y=pl.col("y") - pl.col("y").mean().over("id"))
    found = fit(frame, covariance)
    told = (
        f"no outcomes of a subject are correlated: {covariance} has no negative correlations, so take another "
        "structure if they may be"
    )
    assert found.status == "converged"
    assert (told in found.notes) is said
    assert told not in fit(trial(), covariance).notes


def test_an_outcome_that_leaves_no_digits_of_others_is_told_with_its_row() -> None:
    far = pl.int_range(pl.len()) == 18
    found = fit(trial().with_columns(y=pl.when(far).then(-1e15).otherwise(pl.col("y"))), "cs")
    assert (
        "the outcome in row 19 counted from 1 (subject 4, visit v2) is -1e+15, more than 1e+08 times as far from 0 as "
        "half of those at its visit: it leaves few digits of theirs"
    ) in found.notes
    others = pl.int_range(pl.len()).is_in([18, 22, 26])
    found = fit(trial().with_columns(y=pl.when(others).then(1e15).otherwise(pl.col("y"))), "cs")
    assert "times as far from 0 as half of those at its visit, as are 2 more: it leaves" in notes(found)
    assert "times as far" not in notes(fit(trial(), "cs"))


@pytest.mark.parametrize(("values", "said"), [([1.0, 2.0, 3.0, 2.1e8], True), ([1.0, 2.0, 3.0, 2.0e8], False),
                                              ([0.0, 0.0, 0.0, 1e9], False), ([1.0, 3.0, 2.5e8], False)])  # fmt: skip
def test_far_is_beyond_a_hundred_million_times_the_middle(values: list[float], said: bool) -> None:  # noqa: FBT001
    """The middle of four is the lower one of the two, 2; of three the second, 3."""
    n = len(values)
    frame = pl.DataFrame({"id": range(n), "visit": ["v"] * n, "y": values})
    assert ("times as far" in notes(fit(frame, "us", fixed="1"))) is said


@pytest.mark.parametrize("covariance", HETEROGENEOUS)
def test_beside_a_number_mistyped_by_many_digits_the_reason_is_told(covariance: str) -> None:
    """With 1e20 at one visit a coefficient of another has no digit left; it was said that these "do not vary"."""
    frame = trial().with_columns(y=pl.when(pl.int_range(pl.len()) == 16).then(1e20).otherwise(pl.col("y")))
    found = fit(frame, covariance)
    said = "the outcomes at 'v1', 'v2', 'v3' are fitted exactly, to 1e-10 of what is left at other visits"
    assert (found.status, found.detail) == ("covariance not estimable", said)
    assert "the outcome in row 17 counted from 1 (subject 4, visit v0) is 1e+20" in notes(found)


def batch_design(n: int) -> tuple[Floats, Floats]:
    """A mean at each of two visits."""
    C = np.zeros((2, 1, 2))
    C[0, 0, 0] = C[1, 0, 1] = 1.0
    return np.ones((n, 1)), C


@pytest.mark.parametrize("engine", ["numpy", "compiled"])
def test_a_batch_ends_in_the_status_of_a_fit(engine: Literal["numpy", "compiled"]) -> None:
    """One number of 1e30; outcomes all the same; a visit all the same."""
    n = 10
    u, C = batch_design(n)
    y = np.random.default_rng(5).normal(size=(4, n, 2))
    y[0, 3, 0] = 1e30
    y[1] = 3.0
    y[2, :, 0] = 1.0
    found = fit_mmrm_batch(y, u, C, engine=engine)
    flat = "covariance not estimable"
    assert found.status == (flat, "singular covariance", flat, "converged")
    assert np.isnan(found.estimate[:3]).all()
    assert np.isnan(found.p[:3]).all()
    assert found.estimate[3, 1] == pytest.approx(y[3, :, 1].mean(), rel=1e-9)
    assert found.se[3, 1] == pytest.approx(y[3, :, 1].std(ddof=1) / np.sqrt(n), rel=1e-6)


@pytest.mark.parametrize("engine", ["numpy", "compiled"])
@pytest.mark.parametrize("seed", range(20))
def test_a_batch_with_no_more_outcomes_than_coefficients_is_saturated(
    engine: Literal["numpy", "compiled"], seed: int
) -> None:
    """By maximum likelihood the compiled path took the rounding of zeros for residuals."""
    rng = np.random.default_rng(seed)
    u = np.column_stack([np.ones(3), [0.0, 1.0, 0.0], rng.normal(size=3)])
    C = np.eye(3)[None]
    y = rng.normal(size=(1, 3, 1))
    assert fit_mmrm_batch(y, u, C, method="ml", engine=engine).status == ("saturated",)
    more = np.concatenate([u, [[1.0, 1.0, 0.3]]])
    assert fit_mmrm_batch(
        np.ones((1, 4, 1)) * rng.normal(size=(1, 4, 1)), more, C, method="ml", engine=engine
    ).status == ("converged",)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"outcomes": (1, 2, 0, np.inf)}, "outcomes: found inf in [1, 2, 0]; allowed is finite"),
        (
            {"outcomes": (0, 9, 1, -1e51)},
            "outcomes: found -1e+51 in [0, 9, 1]; allowed is numbers from -1e+50 to 1e+50",
        ),
        ({"u": (4, 0, np.nan)}, "subject_part: found nan in [4, 0]; allowed is finite"),
        ({"C": (1, 0, 1, 1e60)}, "visit_part: found 1e+60 in [1, 0, 1]; allowed is numbers from"),
        ({"L": (1, 0, -np.inf)}, "contrasts: found -inf in [1, 0]; allowed is finite"),
    ],
)
def test_a_batch_names_the_place_of_a_number_that_it_cannot_use(change: dict[str, Any], said: str) -> None:
    u, C = batch_design(10)
    arrays = {"outcomes": np.random.default_rng(5).normal(size=(2, 10, 2)), "u": u, "C": C, "L": np.eye(2)}
    for name, (*place, value) in change.items():
        arrays[name][tuple(place)] = value
    with pytest.raises(ValueRangeError) as caught:
        fit_mmrm_batch(arrays["outcomes"], arrays["u"], arrays["C"], contrasts=arrays["L"])
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize(("size", "taken"), [(1e50, True), (1.1e50, False), (1e-50, True), (0.9e-50, False)])
def test_a_batch_takes_each_trial_up_to_the_limits(size: float, taken: bool) -> None:  # noqa: FBT001
    """The other trial does not hide it, and a trial of zeros is no number too small."""
    u, C = batch_design(10)
    y = np.random.default_rng(5).normal(size=(3, 10, 2))
    y[1] *= size / np.abs(y[1]).max()
    y[2] = 0.0
    if taken:
        assert fit_mmrm_batch(y, u, C, engine="numpy").status == (
            "converged",
            "converged",
            "singular covariance",
        )
        return
    with pytest.raises(ValueRangeError, match="outcomes: found"):
        fit_mmrm_batch(y, u, C)


def test_a_correlation_of_visits_that_nobody_has_both_of_says_nothing() -> None:
    """Visits 1 and 3 share no subject: what the model makes of them, 0.9, rests on nobody; of 1 and 2 it is 0.5."""
    sigma = np.array([[[4.0, 2.0, 3.6], [2.0, 4.0, 1.0], [3.6, 1.0, 4.0]]])
    pair = np.array([[[5.0, 3.0, 0.0], [3.0, 5.0, 2.0], [0.0, 2.0, 4.0]]])

    def found(pair: Floats) -> float:
        sums = SimpleNamespace(pair=pair, group=np.array([0]), visits=3)
        likelihood = SimpleNamespace(sums=sums, irregular=False)
        return _strongest(cast("Any", SimpleNamespace(likelihood=likelihood, sigma=lambda: sigma)))

    assert found(pair) == 0.5
    assert found(pair * np.eye(3)) == np.inf


def test_a_range_that_is_not_above_zero_gives_no_covariance() -> None:
    for reach in (0.0, -1.0):
        value, gradient, curvature = evaluate_structure("sp_exp", np.array([2.0, reach]), 3, order=2)
        assert np.isnan(value).all()
        assert np.isnan(gradient).all()
        assert (gradient.shape, np.asarray(curvature).shape) == ((2, 3, 3), (2, 2, 3, 3))


def test_one_visit_has_a_variance_and_no_range() -> None:
    value, gradient, curvature = evaluate_structure("sp_exp", np.array([2.0]), 1, order=2)
    assert (value.tolist(), gradient.tolist()) == ([[2.0]], [[[1.0]]])
    assert np.asarray(curvature).tolist() == [[[[0.0]]]]
