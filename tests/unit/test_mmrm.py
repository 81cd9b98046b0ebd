"""fit_mmrm: what is refused, what is told apart, and what comes after the fit."""

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from funis.errors import ColumnError, ShapeError, UnknownNameError, ValueRangeError
from funis.stats.mmrm.fitted import NotFittedError
from funis.stats.mmrm.front_door import fit_mmrm
from funis.stats.mmrm.result import MmrmResult
from funis.stats.mmrm.rows_used import ModelDataError


def trial(n: int = 30, m: int = 4, *, seed: int = 1, missing: float = 0.1) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=(n, 1)) + rng.normal(size=(n, m))
    arm = np.arange(n) % 2
    base = rng.normal(10, 2, n)
    y = 5 + 0.5 * base[:, None] + arm[:, None] * np.arange(m) * 0.5 + noise
    y[rng.random((n, m)) < missing] = np.nan
    return pl.DataFrame(
        {
            "id": np.repeat([f"s{i:03d}" for i in range(n)], m),
            "visit": [f"v{a}" for a in range(m)] * n,
            "arm": np.repeat(np.array(["A", "B"])[arm], m),
            "sex": np.repeat(np.array(["f", "m"])[rng.integers(0, 2, n)], m),
            "base": np.repeat(base, m),
            "w": rng.uniform(0.5, 2, n * m),
            "y": y.reshape(-1),
        }
    )


def fit(frame: Any, fixed: str = "arm * visit + base", **options: Any) -> MmrmResult:
    return fit_mmrm(frame, outcome="y", fixed=fixed, subject="id", visit="visit", **options)


class TestRefused:
    def test_column_that_is_not_there(self) -> None:
        with pytest.raises(ColumnError, match="weight"):
            fit(trial(), "arm + weight")

    def test_doubled_subject_visit(self) -> None:
        frame = pl.concat([trial(missing=0), trial(missing=0).head(1)])
        with pytest.raises(ModelDataError, match="Subject 's000' has 2 outcomes at visit 'v0'"):
            fit(frame)

    def test_one_subject(self) -> None:
        with pytest.raises(ModelDataError, match="at least 2 subjects"):
            fit(trial(missing=0).head(4), "visit")

    def test_no_outcome(self) -> None:
        with pytest.raises(ModelDataError, match="No row has an outcome"):
            fit(trial().with_columns(y=pl.lit(None, dtype=pl.Float64)))

    def test_outcome_that_is_text(self) -> None:
        with pytest.raises(ValueRangeError, match="numeric"):
            fit(trial().with_columns(y=pl.lit("high")))

    @pytest.mark.parametrize(
        ("option", "value", "error"),
        [
            ("covariance", "ar2", UnknownNameError),
            ("df", "kenward", UnknownNameError),
            ("sandwich", "CR1", UnknownNameError),
            ("method", "mle", ValueRangeError),
            ("level", 95, ValueRangeError),
            ("coding", "stata", ValueRangeError),
            ("fallback", ("ar9",), UnknownNameError),
            ("stopping", "loose", ValueRangeError),
            ("reference", {"arm": "C"}, ValueRangeError),
            ("levels", {"arm": ["A"]}, ValueRangeError),
        ],
    )
    def test_option(self, option: str, value: Any, error: type[Exception]) -> None:
        with pytest.raises(error):
            fit(trial(), **{option: value})

    def test_kenward_roger_of_a_sandwich_or_of_ml(self) -> None:
        with pytest.raises(ValueRangeError, match="sandwich"):
            fit(trial(), sandwich="CR2", df="kenward-roger")
        with pytest.raises(ValueRangeError, match="REML"):
            fit(trial(), method="ml", df="kenward-roger")

    def test_weight_of_zero(self) -> None:
        with pytest.raises(ValueRangeError, match="above 0"):
            fit(trial().with_columns(w=pl.lit(0.0)), weights="w")

    def test_left_side_of_another_outcome(self) -> None:
        with pytest.raises(ValueRangeError, match="no left side"):
            fit(trial(), "base ~ arm")

    def test_subject_in_two_groups(self) -> None:
        frame = trial().with_columns(g=pl.Series(["a", "b"] * 60))
        with pytest.raises(ValueRangeError, match="one covariance group per subject"):
            fit(frame, group="g")


class TestStatus:
    def check_empty(self, result: MmrmResult) -> None:
        """A failed fit has no number anywhere."""
        assert not result.converged
        assert result.coefficients.height == len(result.design.names)
        for name in ("estimate", "se", "df", "t", "p", "lower", "upper"):
            assert result.coefficients[name].null_count() == result.coefficients.height
        assert result.marginal_means()["estimate"].is_null().all()
        assert result.type3()["p"].is_null().all()
        assert result.covariance_parameters["estimate"].is_null().all()
        assert "There are no estimates" in result.summary()
        assert result.status in result.summary()
        for ask in (
            lambda: result.log_likelihood,
            lambda: result.covariance_matrix,
            result.predict,
            result.residuals,
        ):
            with pytest.raises(NotFittedError, match=result.status):
                ask()

    def test_copied_column_is_aliased(self) -> None:
        frame = trial().with_columns(copy=2 * pl.col("base") - 3)
        result = fit(frame, "arm * visit + base + copy")
        assert result.status == "rank deficient"
        assert result.aliased == ("copy",)
        assert "copy" in result.detail
        row = result.coefficients.row(by_predicate=pl.col("term") == "copy", named=True)
        assert row["estimate"] is None
        assert row["p"] is None
        plain = fit(frame).coefficients
        kept = result.coefficients.filter(pl.col("term") != "copy")
        np.testing.assert_allclose(
            kept.sort("term")["estimate"].to_numpy(), plain.sort("term")["estimate"].to_numpy(), rtol=1e-8
        )

    def test_arm_without_data_at_a_visit(self) -> None:
        frame = trial(missing=0).with_columns(
            y=pl.when((pl.col("arm") == "B") & (pl.col("visit") == "v3")).then(None).otherwise(pl.col("y"))
        )
        result = fit(frame)
        assert result.status == "separation"
        assert "arm 'B' and visit 'v3'" in result.detail
        assert result.aliased == ("armB:visitv3",)
        means = result.marginal_means(["arm", "visit"])
        cell = (pl.col("arm") == "B") & (pl.col("visit") == "v3")
        assert means.filter(cell)["estimate"].to_list() == [None]
        assert means.filter(~cell)["estimate"].null_count() == 0
        assert result.differences("arm").filter(visit="v3")["p"].to_list() == [None]

    def test_pair_of_visits_nobody_has(self) -> None:
        keep = (
            pl.when(pl.col("id").str.slice(1).cast(pl.Int64) % 4 < 2)
            .then(pl.col("visit") != "v3")
            .otherwise(pl.col("visit") != "v2")
        )
        result = fit(trial(40, missing=0).filter(keep))
        assert result.status == "covariance not estimable"
        assert "'v2' with 'v3'" in result.detail
        self.check_empty(result)

    @pytest.mark.parametrize("covariance", ["us", "ar1", "cs", "toeph"])
    def test_one_outcome_each(self, covariance: str) -> None:
        frame = trial(missing=0).filter(
            pl.col("id").str.slice(1).cast(pl.Int64) % 4 == pl.col("visit").str.slice(1).cast(pl.Int64)
        )
        result = fit(frame, "visit", covariance=covariance)
        assert result.status == "covariance not estimable"
        self.check_empty(result)

    def test_some_subjects_with_one_outcome(self) -> None:
        frame = trial(missing=0).filter((pl.col("visit") == "v0") | (pl.col("id") > "s004"))
        result = fit(frame)
        assert result.status == "converged"
        assert "5 subjects have one outcome each" in result.notes

    def test_visits_that_are_copies(self) -> None:
        frame = trial(missing=0).with_columns(
            y=pl.when(pl.col("visit") == "v1").then(pl.col("y").shift(1)).otherwise(pl.col("y"))
        )
        result = fit(frame)
        assert result.status == "singular covariance"
        self.check_empty(result)

    def test_constant_outcome(self) -> None:
        result = fit(trial().with_columns(y=pl.lit(3.0)))
        assert result.status == "singular covariance"
        self.check_empty(result)

    def test_more_coefficients_than_outcomes(self) -> None:
        result = fit(trial(2, 2, missing=0), "id * visit")
        assert result.status == "saturated"
        self.check_empty(result)

    def test_more_visits_than_subjects_allow(self) -> None:
        result = fit(trial(6, 6, missing=0), "visit", covariance="us")
        assert result.status in {"singular covariance", "did not converge"}
        self.check_empty(result)

    def test_visit_nobody_has_is_dropped(self) -> None:
        frame = trial().with_columns(visit=pl.col("visit").cast(pl.Enum(["v0", "v1", "extra", "v2", "v3"])))
        result = fit(frame)
        assert result.status == "converged"
        assert result.visits == ("v0", "v1", "v2", "v3")

    def test_ladder_is_climbed_as_declared_and_recorded(self) -> None:
        frame = trial(6, 6, missing=0)
        result = fit(frame, "visit", fallback=("us", "cs"))
        assert result.status == "converged"
        assert result.covariance == "cs"
        assert [name for name, _ in result.fallbacks] == ["us", "us"]
        assert all(reason != "converged" for _, reason in result.fallbacks)
        assert any("fell back to covariance 'cs'" in note for note in result.notes)
        assert "fell back" in result.summary()
        alone = fit(frame, "visit", covariance="cs")
        np.testing.assert_allclose(result.coefficients["se"].to_numpy(), alone.coefficients["se"].to_numpy())

    def test_no_ladder_without_a_word(self) -> None:
        result = fit(trial(6, 6, missing=0), "visit")
        assert result.covariance == "us"
        assert result.fallbacks == ()

    def test_rows_without_a_covariate_are_noted(self) -> None:
        frame = trial(missing=0).with_columns(
            base=pl.when(pl.col("id") == "s003").then(None).otherwise(pl.col("base"))
        )
        result = fit(frame)
        assert "left out 4 rows without 'base'" in result.notes
        assert result.n_subjects == 29


class TestAfterTheFit:
    def test_intercept_and_visit_of_complete_data_are_means(self) -> None:
        frame = trial(missing=0)
        means = fit(frame, "visit").marginal_means("visit")
        expected = frame.group_by("visit").agg(pl.col("y").mean()).sort("visit")
        np.testing.assert_allclose(means["estimate"].to_numpy(), expected["y"].to_numpy(), rtol=1e-10)

    def test_contrast_is_the_sum_of_its_coefficients(self) -> None:
        result = fit(trial())
        found = result.contrast({"armB": 1, "armB:visitv3": 1})
        beta = dict(zip(result.coefficients["term"], result.coefficients["estimate"], strict=True))
        assert found["estimate"][0] == pytest.approx(beta["armB"] + beta["armB:visitv3"], rel=1e-12)
        difference = result.differences("arm").filter(visit="v3")
        for name in ("estimate", "se", "df", "lower", "upper"):
            assert difference[name][0] == pytest.approx(found[name][0], rel=1e-10)

    def test_contrast_of_an_unknown_term(self) -> None:
        with pytest.raises(ShapeError, match="armZ"):
            fit(trial()).contrast({"armZ": 1})
        with pytest.raises(ShapeError, match="needs 9 weights"):
            fit(trial()).contrast([1.0, 2.0])

    def test_f_of_one_contrast_is_t_squared(self) -> None:
        result = fit(trial())
        row = np.eye(9)[[1]]
        joint, single = result.joint_test(row), result.contrast(row)
        assert joint["f"][0] == pytest.approx(single["t"][0] ** 2, rel=1e-10)
        assert joint["den_df"][0] == pytest.approx(single["df"][0], rel=1e-10)
        assert joint["p"][0] == pytest.approx(single["p"][0], rel=1e-8)

    def test_predictions(self) -> None:
        frame = trial(missing=0)
        result = fit(frame)
        of_fit = result.predict(interval="prediction")
        of_frame = result.predict(frame.drop("y"), interval="prediction")
        np.testing.assert_allclose(of_fit.to_numpy(), of_frame.to_numpy(), rtol=1e-9)
        confidence = result.predict(frame, interval="confidence")
        assert (confidence["upper"] < of_fit["upper"]).all()
        # The variance of a new outcome is that of its mean plus Sigma's diagonal.
        extra = of_fit["se"].to_numpy() ** 2 - confidence["se"].to_numpy() ** 2
        np.testing.assert_allclose(extra[:4], np.diag(np.asarray(result.covariance_matrix)), rtol=1e-9)
        with pytest.raises(ValueRangeError, match="A, B"):
            result.predict(frame.with_columns(arm=pl.lit("Z")))

    def test_residuals(self) -> None:
        frame = trial()
        result = fit(frame)
        raw, pearson, normal = (result.residuals(kind) for kind in ("raw", "pearson", "normalised"))
        y = frame["y"].to_numpy()[raw["row"].to_numpy()]
        np.testing.assert_allclose((raw["fitted"] + raw["residual"]).to_numpy(), y, rtol=1e-12)
        sigma = np.asarray(result.covariance_matrix)
        place = np.array([result.visits.index(v) for v in raw["visit"]])
        np.testing.assert_allclose(
            pearson["residual"].to_numpy(),
            raw["residual"].to_numpy() / np.sqrt(np.diag(sigma))[place],
            rtol=1e-10,
        )
        subject = raw["id"].to_numpy() == "s002"
        block = sigma[np.ix_(place[subject], place[subject])]
        expected = np.linalg.solve(np.linalg.cholesky(block), raw["residual"].to_numpy()[subject])
        np.testing.assert_allclose(normal["residual"].to_numpy()[subject], expected, rtol=1e-10)
        with pytest.raises(UnknownNameError):
            result.residuals("studentised")

    def test_simulation_has_the_fitted_moments(self) -> None:
        result = fit(trial())
        draws = result.simulate(4000, rng=3)
        again = result.simulate(4000, rng=np.random.default_rng(3))
        np.testing.assert_array_equal(draws, again)
        fitted = result.residuals()["fitted"].to_numpy()
        # 4000 draws: standard error of a mean below 2 / sqrt(4000) = 0.03; 5 of them
        assert np.abs(draws.mean(0) - fitted).max() < 0.16
        first = result.residuals()["id"].to_numpy() == "s002"
        visits = [result.visits.index(v) for v in result.residuals()["visit"].to_numpy()[first]]
        sigma = np.asarray(result.covariance_matrix)[np.ix_(visits, visits)]
        assert np.abs(np.cov(draws[:, first].T) - sigma).max() < 0.35

    def test_summary_reads_like_proc_mixed(self) -> None:
        text = fit(trial()).summary()
        for words in (
            "-2 (Res) Log Likelihood",
            "Covariance between visits",
            "Type III tests",
            "armB:visitv3",
            "REML",
        ):
            assert words in text

    def test_between_within_and_residual(self) -> None:
        frame = trial(missing=0)
        table = fit(frame, df="between-within").coefficients
        df = dict(zip(table["term"], table["df"], strict=True))
        # 30 subjects, 120 outcomes; between: arm, base; within: 3 visits, 3 interactions.
        assert df["armB"] == df["base"] == 30 - 2 - 1
        assert df["visitv1"] == df["armB:visitv2"] == df["(Intercept)"] == 120 - 30 - 6
        assert set(fit(frame, df="residual").coefficients["df"]) == {120 - 9}

    def test_group_without_data_in_common_is_two_models(self) -> None:
        """With all effects crossed with the group the likelihoods add up."""
        frame = trial()
        both = fit(frame, "arm * visit", group="arm", covariance="ar1h")
        apart = [fit(frame.filter(arm=arm), "visit", covariance="ar1h") for arm in ("A", "B")]
        assert both.log_likelihood == pytest.approx(sum(one.log_likelihood for one in apart), abs=1e-8)
        matrices = both.covariance_matrix
        assert isinstance(matrices, dict)
        for arm, one in zip(("A", "B"), apart, strict=True):
            np.testing.assert_allclose(matrices[arm], np.asarray(one.covariance_matrix), rtol=1e-7)

    def test_weights_of_one_change_nothing(self) -> None:
        frame = trial().with_columns(w=pl.lit(1.0))
        with_weights, without = fit(frame, weights="w"), fit(frame)
        np.testing.assert_allclose(
            with_weights.coefficients.drop("term").to_numpy(),
            without.coefficients.drop("term").to_numpy(),
            rtol=1e-7,
        )

    def test_other_frames_give_the_same(self) -> None:
        frame = trial()
        expected = fit(frame).coefficients
        pandas_frame = pd.DataFrame(frame.to_dict(as_series=False))
        for other in (frame.lazy(), pandas_frame, frame.to_arrow()):
            assert pl.DataFrame(fit(other).coefficients).equals(expected)
        pandas_frame["arm"] = pd.Categorical(pandas_frame["arm"], categories=["B", "A"])
        assert "armA" in fit(pandas_frame).coefficients["term"].to_list()


class TestLargeNumbers:
    def test_baseline_far_from_zero(self) -> None:
        """A shift of a covariate changes the intercept alone."""
        frame = trial()
        moved = frame.with_columns(base=pl.col("base") + 1e6, y=pl.col("y") + 1e7)
        plain, far = fit(frame).coefficients, fit(moved).coefficients
        for name in ("estimate", "se", "df"):
            np.testing.assert_allclose(far[name].to_numpy()[1:], plain[name].to_numpy()[1:], rtol=1e-5)

    def test_tiny_unit(self) -> None:
        frame = trial()
        small = fit(frame.with_columns(y=pl.col("y") * 1e-9)).coefficients
        np.testing.assert_allclose(small["t"].to_numpy(), fit(frame).coefficients["t"].to_numpy(), rtol=1e-7)


def test_no_contrast_is_an_empty_table() -> None:
    # A trial in which one arm has no data left has no arms to compare; its report is made all the same.
    result = fit(trial(20, 3, missing=0), "visit")
    assert result.contrast_table(np.empty((0, 3))).keys() >= {"estimate", "p"}
    assert all(values.size == 0 for values in result.contrast_table(np.empty(0)).values())


@pytest.mark.parametrize(("structure", "power"), [("sp_exp", 1), ("sp_gau", 2)])
def test_times_of_each_subject_its_own(structure: str, power: int) -> None:
    """Structures of distance with irregular times agree with the likelihood written down densely."""
    rng = np.random.default_rng(5)
    frame = trial(20, missing=0).with_columns(
        day=pl.Series(np.tile(np.arange(4.0), 20) + rng.uniform(0, 0.8, 80))
    )
    result = fit(frame, "arm", covariance=structure, coordinates="day", df="satterthwaite")
    assert result.status == "converged"

    def minus_log_likelihood(s2: float, reach: float) -> float:
        X = np.column_stack([np.ones(80), (frame["arm"].to_numpy() == "B").astype(float)])
        y, day = frame["y"].to_numpy(), frame["day"].to_numpy().reshape(20, 4)
        V = np.zeros((80, 80))
        for i in range(20):
            V[4 * i : 4 * i + 4, 4 * i : 4 * i + 4] = s2 * np.exp(
                -((np.abs(np.subtract.outer(day[i], day[i])) / reach) ** power)
            )
        W = np.linalg.inv(V)
        gram = X.T @ W @ X
        r = y - X @ np.linalg.solve(gram, X.T @ W @ y)
        parts = np.linalg.slogdet(V)[1] + np.linalg.slogdet(gram)[1] + r @ W @ r + 78 * np.log(2 * np.pi)
        return float(parts / 2)

    s2, reach = result.covariance_parameters["estimate"].to_list()
    best = minus_log_likelihood(s2, reach)
    assert -result.log_likelihood == pytest.approx(best, abs=1e-8)
    for near in ((s2 * 1.01, reach), (s2 * 0.99, reach), (s2, reach * 1.01), (s2, reach * 0.99)):
        assert minus_log_likelihood(*near) > best


def test_two_outcomes_at_one_place() -> None:
    with pytest.raises(ValueRangeError, match="same place"):
        fit(trial().with_columns(day=pl.lit(1.0)), covariance="sp_exp", coordinates="day")


def test_without_coordinates_the_number_in_the_name_of_a_visit_is_its_time() -> None:
    frame = trial(20, missing=0)
    months = dict(zip(sorted(frame["visit"].unique()), (3, 6, 12, 24), strict=True))
    named = frame.with_columns(
        visit=pl.format("Month {}", pl.col("visit").replace_strict(months)),
        month=pl.col("visit").replace_strict(months).cast(pl.Float64),
    )
    own = fit(named, "arm", covariance="sp_exp", df="satterthwaite")
    given = fit(named, "arm", covariance="sp_exp", coordinates="month", df="satterthwaite")
    assert own.log_likelihood == pytest.approx(given.log_likelihood, abs=1e-10)
    nameless = named.with_columns(visit=pl.col("visit").str.replace("Month 3", "Start"))
    with pytest.raises(ValueRangeError, match=r"Start.*numeric column of times"):
        fit(nameless, "arm", covariance="sp_gau", df="satterthwaite")


def test_the_gaussian_structure_is_not_one_of_r() -> None:
    with pytest.raises(ValueRangeError, match="R's mmrm has no such structure"):
        fit(trial(), "arm", covariance="sp_gau", df="kenward-roger-mmrm")
