"""What a fit shows and hands out: text, frames of either kind, pickles, contrasts by name, adjusted differences."""

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.stats import norm, t

from funis.errors import ShapeError, UnknownNameError, ValueRangeError
from funis.stats.mmrm.adjusted import adjust_table
from funis.stats.mmrm.front_door import fit_mmrm
from funis.stats.mmrm.given_back import give_back, is_pandas
from funis.stats.mmrm.result import MmrmResult
from funis.stats.mmrm.short_form import MOST_ROWS, render_html
from funis.stats.mmrm.spellings import read_covariance_name, read_df_name
from funis.stats.mmrm.visit_order import describe_order, sort_naturally

HERE = Path(__file__).parents[1] / "reference" / "mmrm_r"
TRIAL = pl.read_csv(HERE / "s40x5.csv")
TWO_FACTORS = ["arm", "visit"]


def fit(frame: Any = TRIAL, fixed: str = "arm * visit + base", **options: Any) -> MmrmResult:
    return fit_mmrm(frame, outcome="y", fixed=fixed, subject="id", visit="visit", **options)


FIT = fit(df="kenward-roger-linear")


def test_a_fit_is_shown_in_a_few_lines() -> None:
    lines = repr(FIT).splitlines()
    assert lines[:5] == [
        "Mixed model for repeated measures",
        "Model       y ~ arm * visit + base",
        "Covariance  unstructured, REML, kenward-roger-linear",
        f"Data        40 subjects, {TRIAL['y'].is_not_null().sum()} outcomes, 5 visits",
        "Status      converged",
    ]
    assert len(lines) <= 6
    grouped = fit(group="arm", df="satterthwaite", sandwich="CR0")
    assert "unstructured by arm, REML, satterthwaite, sandwich CR0" in repr(grouped)


def test_html_escapes_and_says_how_many_coefficients_are_left() -> None:
    html = FIT._repr_html_()
    assert html.startswith("<div><table><caption>Mixed model for repeated measures</caption>")
    assert '<th scope="row" style="text-align:left">armPBO</th>' in html
    assert "more coefficients" not in html
    odd = fit(TRIAL.with_columns(arm=pl.col("arm").replace("MSC", "<b>Z</b>")))
    assert "arm&lt;b&gt;Z" not in html
    assert "<b>" not in odd._repr_html_() + html
    many = TRIAL.with_columns(site=pl.format("s{}", pl.col("id") % 36))
    wide = fit(many, "arm * visit + site", covariance="cs")
    left = len(wide.design.names) - MOST_ROWS
    assert left > 0
    assert f"<p>{left} more coefficients: see .coefficients</p>" in render_html(wide)
    assert render_html(wide).count("<tr><th") == 5 + 1 + MOST_ROWS


def test_a_failed_fit_is_shown_without_coefficients() -> None:
    failed = fit(TRIAL.with_columns(y=pl.lit(1.0)))
    assert failed.status in repr(failed)
    assert "Coefficients" not in failed._repr_html_()


@pytest.mark.parametrize(
    "formula", ["arm * visit + base", "arm * visit + I(base**2) + C(arm):base", "visit + bs(base, df=4)"]
)
def test_a_pickled_fit_predicts_and_gives_means_as_before(formula: str) -> None:
    one = fit(fixed=formula, trust_formula=True)
    two = pickle.loads(pickle.dumps(one))  # noqa: S301  our own
    at = {"base": 9.0}
    assert two.predict(TRIAL).equals(one.predict(TRIAL))
    assert two.marginal_means("visit", at=at).equals(one.marginal_means("visit", at=at))
    assert two.type3().equals(one.type3())
    assert two.status == "converged"


def test_pandas_in_pandas_out() -> None:
    found = fit(TRIAL.to_pandas(), df="kenward-roger-linear")
    tables: Mapping[str, tuple[Any, Any]] = {
        "coefficients": (found.coefficients, FIT.coefficients),
        "covariance_parameters": (found.covariance_parameters, FIT.covariance_parameters),
        "type3": (found.type3(), FIT.type3()),
        "means": (found.marginal_means(), FIT.marginal_means()),
        "differences": (found.differences("arm"), FIT.differences("arm")),
        "predict": (found.predict(interval="prediction"), FIT.predict(interval="prediction")),
        "residuals": (found.residuals(), FIT.residuals()),
        "contrast": (found.contrast({"base": 1}), FIT.contrast({"base": 1})),
        "joint_test": (found.joint_test(np.eye(11)[1:3]), FIT.joint_test(np.eye(11)[1:3])),
    }
    for name, (ours, polars) in tables.items():
        assert isinstance(ours, pd.DataFrame), name
        assert isinstance(polars, pl.DataFrame), name
        assert list(ours.columns) == polars.columns
        for column in polars.columns:
            if polars[column].dtype.is_numeric():
                np.testing.assert_array_equal(ours[column].to_numpy(), polars[column].to_numpy(), name)
            else:
                assert [each or None for each in ours[column]] == [each or None for each in polars[column]]
    assert found.params["armPBO"] == FIT.params["armPBO"]
    assert found.conf_int().loc["base", "upper"] == FIT.conf_int().filter(term="base")["upper"][0]


def test_kind_of_frame() -> None:
    assert not is_pandas(TRIAL.lazy())
    assert not is_pandas(TRIAL.to_arrow())
    assert is_pandas(TRIAL.to_pandas())
    table = pl.DataFrame({"term": ["a"], "n": [None]}, schema={"term": pl.String, "n": pl.Int64})
    assert give_back(table, pandas=False) is table
    assert np.isnan(give_back(table, pandas=True, index="term").loc["a", "n"])


def test_coefficients_by_term_are_their_table() -> None:
    table = FIT.coefficients
    for name, column in {"params": "estimate", "bse": "se", "pvalues": "p"}.items():
        assert getattr(FIT, name) == dict(zip(table["term"], table[column], strict=True))
    assert FIT.conf_int().equals(table.select("term", "lower", "upper"))


def test_interval_of_another_coverage_by_hand() -> None:
    row = FIT.coefficients.filter(term="base").row(0, named=True)
    half = t.ppf(0.95, row["df"]) * row["se"]
    found = FIT.conf_int(level=0.9).filter(term="base").row(0, named=True)
    assert found["lower"] == pytest.approx(row["estimate"] - half, rel=1e-12)
    assert found["upper"] == pytest.approx(row["estimate"] + half, rel=1e-12)
    for level in (0.0, 1.0, 95):
        with pytest.raises(ValueRangeError, match="level"):
            FIT.conf_int(level=level)
        with pytest.raises(ValueRangeError, match="level"):
            FIT.contrast({"base": 1}, level=level)
        with pytest.raises(ValueRangeError, match="level"):
            FIT.differences("arm", level=level, adjust="holm", kind="unconditional")


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("UN", "us"), ("un", "us"), ("us", "us"), ("Unstructured", "us"), ("CS", "cs"), ("CSH", "csh"),
        ("AR(1)", "ar1"), ("ARH(1)", "ar1h"), ("AR1H", "ar1h"), ("TOEP", "toep"), ("TOEPH", "toeph"),
        ("ANTE(1)", "adh"), ("ad", "ad"), ("SP(EXP)", "sp_exp"), ("exchangeable", "cs"),
        ("compound symmetry", "cs"), ("Toeplitz", "toep"), ("autoregressive", "ar1"),
        ("ante-dependence", "ad"), ("spatial exponential", "sp_exp"),
    ],
)  # fmt: skip
def test_spellings_of_structures(given: str, name: str) -> None:
    assert read_covariance_name(given) == name


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("KR", "kenward-roger"), ("kenward_roger", "kenward-roger"), ("ddfm=kr", "kenward-roger"),
        ("Kenward-Roger-Linear", "kenward-roger-linear"), ("kr-linear", "kenward-roger-linear"),
        ("kr-mmrm", "kenward-roger-mmrm"), ("SAT", "satterthwaite"), ("satterth", "satterthwaite"),
        ("Between-Within", "between-within"), ("BW", "between-within"), ("betwithin", "between-within"),
        ("residual", "residual"), ("res", "residual"),
    ],
)  # fmt: skip
def test_spellings_of_degrees_of_freedom(given: str, name: str) -> None:
    assert read_df_name(given) == name


def test_spellings_are_heard_by_a_fit() -> None:
    found = fit(covariance="CSH", df="kr", fallback=("AR(1)",))
    assert (found.covariance, found.df_method) == ("csh", "kenward-roger")
    with pytest.raises(UnknownNameError, match="covariance structure"):
        fit(covariance="AR(2)")
    with pytest.raises(UnknownNameError, match="degrees-of-freedom"):
        fit(df="k")


def test_contrasts_of_means_as_r() -> None:
    """Differences between arms by visit of emmeans, Kenward-Roger linear, to 1e-6."""
    expected = pl.read_csv(HERE / "differences_kr_linear_s40x5.csv")
    labels = {f"at {v}": {("PBO", v): 1, ("MSC", v): -1} for v in expected["visit"]}
    found = FIT.contrast(labels, by=TWO_FACTORS)
    assert found["contrast"].to_list() == [f"at {v}" for v in expected["visit"]]
    for ours, theirs in {"estimate": "estimate", "se": "SE", "df": "df", "p": "p.value"}.items():
        np.testing.assert_allclose(found[ours].to_numpy(), expected[theirs].to_numpy(), rtol=2e-5)


def test_a_change_between_visits_by_hand() -> None:
    """PBO's change from V1 to V5 less MSC's is the last interaction; variance from the coefficients' covariance."""
    change = {("PBO", "V5"): 1, ("PBO", "V1"): -1, ("MSC", "V5"): -1, ("MSC", "V1"): 1}
    found = FIT.contrast(change, by=TWO_FACTORS).row(0, named=True)
    names = FIT.design.names
    place = names.index("armPBO:visitV5")
    assert found["estimate"] == pytest.approx(FIT.params["armPBO:visitV5"], rel=1e-9)
    assert found["se"] == pytest.approx(np.sqrt(FIT.coefficient_covariance[place, place]), rel=1e-9)
    assert found["df"] == pytest.approx(FIT.coefficients["df"][place], rel=1e-9)
    wider = FIT.contrast(change, by=TWO_FACTORS, level=0.99).row(0, named=True)
    assert wider["upper"] == pytest.approx(
        found["estimate"] + t.ppf(0.995, found["df"]) * found["se"], rel=1e-9
    )


def test_numbers_stand_in_the_order_of_the_means() -> None:
    means = FIT.marginal_means("arm")
    by_name = FIT.contrast({"PBO": 1, "MSC": -1}, by="arm")
    weights = [1.0 if arm == "PBO" else -1.0 for arm in means["arm"]]
    assert FIT.contrast(weights, by="arm").equals(by_name)
    assert FIT.contrast([weights, weights], by=["arm"]).height == 2
    assert by_name["estimate"][0] == pytest.approx(weights @ means["estimate"].to_numpy(), rel=1e-12)
    higher = FIT.contrast({"PBO": 1}, by="arm", at={"base": 11.0, "visit": "V2"})["estimate"][0]
    lower = FIT.contrast({"PBO": 1}, by="arm", at={"base": 10.0, "visit": "V2"})["estimate"][0]
    assert higher - lower == pytest.approx(FIT.params["base"], rel=1e-9)


def test_joint_test_of_means_by_hand() -> None:
    """F of two contrasts with Satterthwaite is d' (L V L')^-1 d / 2."""
    found = fit(df="satterthwaite")
    rows = [{("PBO", v): 1, ("MSC", v): -1} for v in ("V1", "V2")]
    L = np.zeros((2, len(found.design.names)))
    L[:, found.design.names.index("armPBO")] = 1
    L[1, found.design.names.index("armPBO:visitV2")] = 1
    d = L @ np.array(list(found.params.values()))
    expected = d @ np.linalg.solve(L @ found.coefficient_covariance @ L.T, d) / 2
    joint = found.joint_test(rows, by=TWO_FACTORS).row(0, named=True)
    assert joint["num_df"] == 2
    assert joint["f"] == pytest.approx(expected, rel=1e-9)
    assert found.joint_test(L).row(0, named=True) == pytest.approx(joint, rel=1e-9)


@pytest.mark.parametrize(
    ("L", "options", "error", "said"),
    [
        ({"armZ": 1}, {}, ShapeError, "No coefficient is called 'armZ'"),
        ([1.0, 2.0], {}, ShapeError, "needs 11 weights, one per coefficient; it has 2"),
        ([1.0, 2.0, 3.0], {"by": "arm"}, ShapeError, "needs 2 weights, one per mean; it has 3"),
        ({("PBO", "V9"): 1}, {"by": TWO_FACTORS}, UnknownNameError, "PBO, V9"),
        ({"PBO": "much"}, {"by": "arm"}, ValueRangeError, "PBO"),
        ({"PBO": float("nan")}, {"by": "arm"}, ValueRangeError, "PBO"),
        ([1.0, float("nan")], {"by": "arm"}, ValueRangeError, "missing or infinite"),
        ("arm", {}, ValueRangeError, "one mapping from names to weights"),
        ({"PBO": 1}, {"by": "site"}, UnknownNameError, "site"),
        ({"base": 1}, {"at": {"base": 3.0}}, ValueRangeError, "by"),
        ({"base": 1}, {"weights": "proportional"}, ValueRangeError, "by"),
    ],
)
def test_what_is_no_contrast_is_refused(L: Any, options: dict[str, Any], error: type, said: str) -> None:
    with pytest.raises(error, match=said):
        FIT.contrast(L, **options)
    with pytest.raises(error, match=said):
        FIT.joint_test(L, **options)


def test_adjusted_differences_by_hand() -> None:
    """Four visits after the first: Holm on the sorted P values; intervals at 1 - 0.05 / 5."""
    found = FIT.differences("arm", by="visit", reference="MSC", adjust="holm")
    order = np.argsort(found["p"].to_numpy())
    stepped = np.maximum.accumulate(found["p"].to_numpy()[order] * np.array([5, 4, 3, 2, 1]))
    np.testing.assert_allclose(found["p_adjusted"].to_numpy()[order], np.minimum(stepped, 1), rtol=1e-12)
    half = t.ppf(1 - 0.005, found["df"].to_numpy()) * found["se"].to_numpy()
    np.testing.assert_allclose(found["lower_adjusted"], found["estimate"] - half, rtol=1e-9)
    np.testing.assert_allclose(found["upper_adjusted"], found["estimate"] + half, rtol=1e-9)
    simple = FIT.differences("arm", by="visit", reference="MSC", adjust="bonferroni", level=0.9)
    np.testing.assert_allclose(simple["p_adjusted"], np.minimum(5 * found["p"].to_numpy(), 1), rtol=1e-12)
    half = t.ppf(1 - 0.01, found["df"].to_numpy()) * found["se"].to_numpy()
    np.testing.assert_allclose(simple["upper_adjusted"], found["estimate"] + half, rtol=1e-9)
    assert FIT.differences("arm", by="visit", adjust=None).columns[-1] == "upper"
    with pytest.raises(UnknownNameError, match="adjustment"):
        FIT.differences("arm", adjust="tukey")


def test_changes_between_visits_are_adjusted_too() -> None:
    found = FIT.differences("visit", by="arm", reference="V1", adjust="bonferroni")
    assert found.height == 8
    np.testing.assert_allclose(found["p_adjusted"], np.minimum(8 * found["p"].to_numpy(), 1), rtol=1e-12)


def test_rows_without_an_estimate_are_no_part_of_the_family() -> None:
    table = pl.DataFrame(
        {"estimate": [2.0, None, 1.0], "se": [1.0, None, 1.0], "df": [1e9, None, 1e9], "p": [0.02, None, 0.3]}
    )
    found = adjust_table(table, "bonferroni", 0.95)
    assert found["p_adjusted"].to_list() == [0.04, None, 0.6]
    assert found["upper_adjusted"][1] is None
    assert found["upper_adjusted"][0] == pytest.approx(2 + norm.ppf(1 - 0.0125), rel=1e-6)


def test_weights_divide_the_variance_and_keep_correlations() -> None:
    """Outcomes divided by the root of their weight fit as the weighted outcomes of R and SAS: V = W^-1/2 S W^-1/2.

    With one weight a visit the weighted covariance is that of the plain fit, rows and columns times the root of
    the weights; the coefficients of a saturated model of visits do not change.
    """
    weight = {"V1": 1.0, "V2": 4.0, "V3": 0.25, "V4": 1.0, "V5": 9.0}
    frame = TRIAL.with_columns(w=pl.col("visit").replace_strict(weight))
    plain, weighted = fit(frame, "arm * visit"), fit(frame, "arm * visit", weights="w")
    root = np.sqrt(np.array(list(weight.values())))
    np.testing.assert_allclose(
        np.asarray(weighted.covariance_matrix),
        np.asarray(plain.covariance_matrix) * np.outer(root, root),
        rtol=1e-5,
    )
    np.testing.assert_allclose(list(weighted.params.values()), list(plain.params.values()), rtol=1e-5)
    np.testing.assert_allclose(np.asarray(weighted.correlation), np.asarray(plain.correlation), rtol=1e-5)


class TestOrderOfVisits:
    """Names that nobody ordered stand by the size of the numbers in them."""

    def frame(self) -> pl.DataFrame:
        week = {"V1": "Week 2", "V2": "Week 4", "V3": "Week 10", "V4": "Week 12", "V5": "Week 100"}
        return TRIAL.with_columns(visit=pl.col("visit").replace_strict(week))

    def test_an_autoregressive_fit_is_that_of_the_ordered_visits(self) -> None:
        one, two = fit(covariance="ar1"), fit(self.frame(), covariance="ar1")
        assert two.visits == ("Week 2", "Week 4", "Week 10", "Week 12", "Week 100")
        assert two.log_likelihood == pytest.approx(one.log_likelihood, rel=1e-12)
        assert two.design.names[2] == "visitWeek 4"
        alphabetical = sorted(two.visits)
        other = fit(self.frame(), covariance="ar1", levels={"visit": alphabetical})
        assert abs(other.log_likelihood - one.log_likelihood) > 0.1

    def test_a_note_says_which_order(self) -> None:
        names = "Week 2, Week 4, Week 10, Week 12, Week 100"
        natural = (
            f"visits stand in natural order, numbers by their size (another is given by `levels`): {names}"
        )
        assert natural in fit(self.frame()).notes
        categorical = self.frame().with_columns(pl.col("visit").cast(pl.Categorical))
        assert natural in fit(categorical).notes
        back = names.split(", ")[::-1]
        given = fit(self.frame(), levels={"visit": back})
        assert f"visits stand in the order of `levels`: {', '.join(back)}" in given.notes
        enum = self.frame().with_columns(pl.col("visit").cast(pl.Enum(back)))
        assert f"visits stand in the order of their column's categories: {', '.join(back)}" in fit(enum).notes
        number = TRIAL.with_columns(visit=pl.col("visit").str.tail(1).cast(pl.Int64) * 5)
        found = fit(number, "arm", covariance="cs").notes
        assert "visits stand in the order of their values: 5, 10, 15, 20, 25" in found

    def test_many_visits_are_not_all_named(self) -> None:
        names = [str(number) for number in range(14)]
        column = pl.Series(names)
        assert describe_order(column, names, given=True).endswith(
            ": 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 2 more"
        )
        assert describe_order(column, names[:12], given=True).endswith(", 10, 11")
        assert describe_order(column, names[:13], given=True).endswith(", 11 and 1 more")

    @pytest.mark.parametrize(
        "ordered",
        [
            ("V1", "V2", "V10"),
            ("Baseline", "Week 2", "Week 10"),
            ("Day -14", "Day -1", "Day 1", "Day 10"),
            ("month-3", "month-12"),
            ("2024-01-05", "2024-01-20", "2024-11-01"),
            ("V1.01", "V1.1", "V1.25", "V2"),
            ("visit 1", "Visit 2", "visit 3"),
            ("1", "2", "10", "Unscheduled"),
            ("week 1", "week 1 a", "week 1 b"),
            ("Week_2", "Week_10"),
        ],
    )
    def test_natural_order(self, ordered: tuple[str, ...]) -> None:
        assert sort_naturally(reversed(ordered)) == ordered
        assert sort_naturally(ordered) == ordered


class TestSubjectInTwoArms:
    def test_subjects_are_counted_and_not_named(self) -> None:
        both = (pl.col("id").is_in([3, 7])) & (pl.col("visit") == "V2")
        frame = TRIAL.with_columns(arm=pl.when(both).then(pl.lit("PBO")).otherwise(pl.col("arm")))
        frame = frame.with_columns(
            arm=pl.when(pl.col("id").is_in([3, 7]) & (pl.col("visit") != "V2"))
            .then(pl.lit("MSC"))
            .otherwise(pl.col("arm"))
        )
        assert (
            "'arm' is not constant within 2 of 40 subjects: an arm would be; find these subjects in the data, "
            "unless the factor is meant to change from visit to visit"
        ) in fit(frame).notes

    def test_no_note_where_arms_are_constant_or_a_factor_follows_the_visit(self) -> None:
        early = TRIAL.with_columns(early=pl.col("visit").is_in(["V1", "V2"]).cast(pl.String))
        for found in (FIT, fit(early, "arm * early")):
            assert not any("not constant" in note for note in found.notes)


def test_a_visit_that_could_be_a_name_is_not_shown() -> None:
    said = describe_order(pl.Series(["a"]), ["V1", "Zhang Wei"], given=False)
    assert said.endswith("(another is given by `levels`): V1, 1 that is not shown")
