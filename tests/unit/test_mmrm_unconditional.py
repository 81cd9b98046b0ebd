"""Marginal means over the subjects as a sample: hand arithmetic, limits of the question, and a bootstrap."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from funis.errors import UnknownNameError, ValueRangeError
from funis.stats.deletion import leave_out_model
from funis.stats.mmrm.front_door import fit_mmrm
from funis.stats.mmrm.result import MmrmResult
from funis.stats.mmrm.rows_used import ModelDataError
from funis.stats.mmrm.unconditional import subject_rows
from funis.study.choices import KindOfMeans
from funis.study.model import Arm, Endpoint, Study, Trial

REFERENCE = Path(__file__).parents[1] / "reference" / "mmrm_r"
FIVE = pl.DataFrame(
    {
        "subject": ["a", "b", "c", "d", "e"],
        "visit": ["v1"] * 5,
        "base": [4.0, 6.0, 8.0, 10.0, 12.0],
        "change": [-1.0, -1.0, -3.0, -2.0, -5.0],
    }
)


def fit(frame: pl.DataFrame, fixed: str, df: str = "satterthwaite") -> MmrmResult:
    return fit_mmrm(frame, outcome="change", fixed=fixed, subject="subject", visit="visit", df=df)


def test_one_visit_by_hand() -> None:
    """n 5, mean base 8, Sxx 40, Sxy -18, Syy 11.2: slope -0.45, residual sum of squares 11.2 - 8.1 = 3.1.

    A = 3.1 / (3 * 5) = 0.206667; B = 0.45^2 * (40 / 4) / 5 = 0.405; variance 0.611667.
    Spread = 2 A^2 / 3 + 2 B^2 / 4 + 4 (0.45 * 10)^2 * (3.1 / 3 / 40) / 25 = 0.194187.
    """
    found = fit(FIVE, "base").marginal_means([], kind="unconditional").row(0, named=True)
    assert found["estimate"] == pytest.approx(-2.4, abs=1e-12)
    assert found["se"] == pytest.approx(0.6116666667**0.5, abs=1e-9)
    assert found["df"] == pytest.approx(2 * 0.6116666667**2 / 0.1941866, rel=1e-6)
    assert found["t"] == pytest.approx(-2.4 / 0.6116666667**0.5, rel=1e-9)
    assert found["upper"] - found["estimate"] == pytest.approx(found["estimate"] - found["lower"])
    conditional = fit(FIVE, "base").marginal_means([]).row(0, named=True)
    assert conditional["se"] == pytest.approx(0.2066666667**0.5, abs=1e-9)
    assert conditional["df"] == pytest.approx(3.0, abs=1e-6)
    # The change's own standard error; what exceeds it is RSS / (n (n - 1) (n - 2)) = 3.1 / 60.
    assert found["se"] ** 2 - 11.2 / 20 == pytest.approx(3.1 / 60, abs=1e-9)


def test_interval_and_p_are_those_of_t() -> None:
    from scipy import stats

    model = fit(FIVE, "base")
    for level, row in ((0.95, model.marginal_means([], kind="unconditional")),
                       (0.8, model.marginal_means([], kind="unconditional", level=0.8))):  # fmt: skip
        found = row.row(0, named=True)
        low, high = stats.t.interval(level, found["df"], loc=found["estimate"], scale=found["se"])
        assert (found["lower"], found["upper"]) == (pytest.approx(low), pytest.approx(high))
        tail = 2 * stats.t.sf(abs(found["estimate"]) / found["se"], found["df"])
        assert found["p"] == pytest.approx(tail)


def test_without_covariates_both_kinds_are_the_mean() -> None:
    model = fit(FIVE, "1")
    one, other = (model.marginal_means([], kind=kind) for kind in ("conditional", "unconditional"))
    for name in one.columns:
        assert other[name][0] == pytest.approx(one[name][0], rel=1e-9)
    assert other["se"][0] == pytest.approx((11.2 / 20) ** 0.5)


def three_visits() -> pl.DataFrame:
    """Complete data of 12 subjects: each visit with its own slope is its own regression."""
    rng = np.random.default_rng(5)
    base = rng.normal(10.0, 3.0, 12)
    rows = []
    for number, visit in enumerate(("v1", "v2", "v3")):
        change = -1.0 - number - 0.3 * (number + 1) * (base - 10) + rng.normal(0.0, 1.0, 12)
        rows.append(
            pl.DataFrame(
                {"subject": np.arange(12), "visit": [visit] * 12, "base": base, "change": change,
                 "site": ["x", "y", "y"] * 4}
            )
        )  # fmt: skip
    return pl.concat(rows)


def test_complete_data_give_the_change_s_own_standard_error_but_for_one_degree_of_freedom() -> None:
    frame = three_visits()
    found = fit(frame, "visit * base").marginal_means("visit", kind="unconditional")
    for row in found.iter_rows(named=True):
        own = frame.filter(visit=row["visit"])
        change, base = own["change"].to_numpy(), own["base"].to_numpy()
        residuals = change - np.polyval(np.polyfit(base, change, 1), base)
        paired = change.var(ddof=1) / 12
        assert row["estimate"] == pytest.approx(change.mean(), abs=1e-9)
        assert row["se"] ** 2 - paired == pytest.approx((residuals**2).sum() / (12 * 11 * 10), rel=1e-6)
        assert 10 < row["df"] < 11


def test_a_factor_not_asked_for_is_each_subject_s_own() -> None:
    """Sites x and y stand for 4 and 8 of 12: the mean is the plain one, not that of two sites alike."""
    frame = three_visits()
    model = fit(frame, "visit * site + visit * base")
    own = frame.group_by("visit", maintain_order=True).agg(pl.col("change").mean())
    found = model.marginal_means("visit", kind="unconditional")
    np.testing.assert_allclose(found["estimate"], own["change"], atol=1e-9)
    alike = model.marginal_means("visit")
    assert np.abs(alike["estimate"].to_numpy() - own["change"].to_numpy()).min() > 1e-3


def test_visits_not_asked_for_are_averaged() -> None:
    model = fit(three_visits(), "visit * base")
    by_visit = model.marginal_means("visit", kind="unconditional")["estimate"].mean()
    assert model.marginal_means([], kind="unconditional")["estimate"][0] == pytest.approx(by_visit)


def test_values_at_hand_are_the_same_for_everybody() -> None:
    """With every covariate fixed nothing varies over subjects: the conditional mean at that value."""
    model = fit(three_visits(), "visit * base")
    fixed = model.marginal_means("visit", at={"base": 9.0}, kind="unconditional")
    same = model.marginal_means("visit", at={"base": 9.0})
    for name in ("estimate", "se", "df", "p"):
        np.testing.assert_allclose(fixed[name], same[name], rtol=1e-8)
    one = model.marginal_means("visit", at={"visit": "v2"}, kind="unconditional")
    assert one["visit"].to_list() == ["v2"]
    with pytest.raises(UnknownNameError, match="weight"):
        model.marginal_means("visit", at={"weight": 1}, kind="unconditional")
    with pytest.raises(ValueRangeError, match="v1, v2, v3"):
        model.marginal_means("visit", at={"visit": "v9"}, kind="unconditional")


def test_every_method_of_degrees_of_freedom_is_combined() -> None:
    """Residual: 36 - 6 = 30 for A; the rest by the formula of the module."""
    frame = three_visits()
    model = fit(frame, "visit * base", df="residual")
    one = model.marginal_means("visit").row(0, named=True)
    assert one["df"] == 30
    row = model.marginal_means("visit", kind="unconditional").row(0, named=True)
    base = frame.filter(visit="v1")["base"].to_numpy()
    between = row["se"] ** 2 - one["se"] ** 2
    slope = model.coefficients.filter(term="base")
    assert between == pytest.approx(slope["estimate"][0] ** 2 * base.var(ddof=1) / 12, rel=1e-6)
    uncertain = 4 * (slope["estimate"][0] * base.var(ddof=1) * slope["se"][0] / 12) ** 2
    spread = 2 * one["se"] ** 4 / 30 + 2 * between**2 / 11 + uncertain
    assert row["df"] == pytest.approx(2 * row["se"] ** 4 / spread, rel=1e-6)


def test_refused() -> None:
    model = fit(three_visits(), "visit * base")
    with pytest.raises(ValueRangeError, match="'conditional' or 'unconditional'"):
        model.marginal_means("visit", kind="marginal")
    with pytest.raises(ValueRangeError, match="Each subject used counts once"):
        model.marginal_means("visit", kind="unconditional", weights="proportional")
    with pytest.raises(UnknownNameError, match="arm"):
        model.marginal_means("arm", kind="unconditional")
    with pytest.raises(ValueRangeError, match="'conditional' or 'unconditional'"):
        fit(three_visits(), "visit * site").differences("site", kind="marginal")


@pytest.mark.parametrize("column", ["base", "site"])
def test_a_covariate_that_changes_within_a_subject_is_refused(column: str) -> None:
    frame = three_visits().with_columns(
        base=pl.when(pl.int_range(pl.len()) == 20).then(0.5).otherwise("base"),
        site=pl.when(pl.int_range(pl.len()) == 20).then(pl.lit("x")).otherwise("site"),
    )
    with pytest.raises(ModelDataError, match=f"'{column}' changes within a subject"):
        fit(frame, f"visit + {column}").marginal_means("visit", kind="unconditional")


def test_a_failed_fit_has_none() -> None:
    frame = FIVE.with_columns(change=pl.lit(1.0))
    failed = fit(frame, "base")
    assert not failed.converged
    assert failed.marginal_means([], kind="unconditional")["se"].to_list() == [None]


def test_a_cell_without_data_has_none() -> None:
    frame = three_visits().filter((pl.col("site") == "y") | (pl.col("visit") != "v3"))
    model = fit(frame, "visit * site")
    found = model.marginal_means(["site", "visit"], kind="unconditional")
    assert found.filter(site="x", visit="v3")["se"].to_list() == [None]
    assert found.filter(site="y", visit="v3")["se"][0] > 0


def test_one_arm_as_the_bootstrap_of_subjects() -> None:
    """Incomplete visits, one arm of 20: resampled subjects vary as the unconditional interval says.

    300 samples leave 4 % of error; the bootstrap's own divisor makes it sqrt(19 / 20) of ours. Conditional
    standard errors lie 12 to 30 % below.
    """
    frame = pl.read_csv(REFERENCE / "s40x5.csv").filter(arm="MSC")
    frame = frame.rename({"y": "change", "id": "subject"}).drop("arm")
    model = fit(frame, "visit * base")
    rng = np.random.default_rng(11)
    subjects = frame["subject"].unique(maintain_order=True)
    parts = frame.partition_by("subject", as_dict=True)
    drawn = []
    for _ in range(300):
        chosen = rng.integers(0, len(subjects), len(subjects))
        sample = pl.concat(
            parts[(subjects[int(i)],)].with_columns(subject=pl.lit(n)) for n, i in enumerate(chosen)
        )
        again = fit(sample, "visit * base")
        if again.converged:
            drawn.append(again.marginal_means("visit", kind="unconditional")["estimate"].to_list())
    assert len(drawn) > 290
    spread = np.array(drawn).std(axis=0, ddof=1) * (20 / 19) ** 0.5
    found = model.marginal_means("visit", kind="unconditional")["se"].to_numpy()
    conditional = model.marginal_means("visit")["se"].to_numpy()
    np.testing.assert_allclose(spread / found, 1.0, atol=0.1)
    assert (conditional < 0.9 * found).all()


@pytest.mark.parametrize(
    ("arms", "declared", "expected"),
    [
        (0, None, "unconditional"),
        (0, "conditional", "conditional"),
        (2, None, "conditional"),
        (2, "unconditional", "unconditional"),
    ],
)
def test_which_kind_a_study_has(arms: int, declared: KindOfMeans | None, expected: str) -> None:
    trial = Trial(id="T", title="T", condition="sle", design="parallel" if arms else "single_arm")
    study = Study.model_construct(trial=trial, arms=tuple(Arm(id=str(i), name=str(i)) for i in range(arms)))
    assert study.kind_of_means(Endpoint(id="e", kind="change", marginal_means=declared)) == expected


def test_left_out_means_are_over_those_who_stay() -> None:
    """With complete data and a slope a visit the mean without one subject is the mean of the others."""
    frame = three_visits()
    model = fit(frame, "visit * base")
    _, blocks = subject_rows(model, ["visit"], None)
    site = np.array(["x", "y", "y"] * 4)
    for label in (np.arange(12), site):
        every = leave_out_model(model, np.array(blocks), label)
        assert len(every) == 3
        for visit, left in zip(("v1", "v2", "v3"), every, strict=True):
            change = frame.filter(visit=visit)["change"].to_numpy()
            rest = [change[label.astype(str) != name].mean() for name in left.label]
            np.testing.assert_allclose(left.estimate, rest, rtol=1e-9)
            assert left.overall == pytest.approx(change.mean())
