"""Regression to the mean, influence, site effects, residuals and arms beside each other, against hand arithmetic.

The small trial has SLEDAI-2K 10, 12, 8, 7 at baseline and changes -4, -4, 0 at month 3, -6, -4, -6 at month 6
(S1, S2, S3); S1 and S2 are of site 01, S3 and S4 of site 02.
"""

import math
import re
from collections.abc import Callable
from importlib import util
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from funis.analysis.analyse import analyse
from funis.data.tables import read_tables
from funis.demo.reconstruct import reconstruct
from funis.errors import ShapeError
from funis.reporting.report import render_html
from funis.reporting.report_tables import build_tables
from funis.results import Results
from funis.stats.deletion import leave_out_mean, leave_out_model
from funis.stats.mmrm.front_door import fit_mmrm
from funis.stats.normality import plot_quantiles
from funis.study.model import Study
from funis.study.read import read_study
from funis.study.selection import Selection, find_selections

PLACE = Path(__file__).parents[1] / "story" / "small_trial.py"
RULE = 'inclusion = [{id = "I1", text = "Active", rule = "baseline_sledai_2k > 6"}]'
OLD_RULE = 'inclusion = [{id = "I1", text = "Age 16 years or more", rule = "age >= 16"}]'


def load_small() -> Any:
    spec = util.spec_from_file_location("small_trial_again", PLACE)
    assert spec is not None
    assert spec.loader is not None
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run_small(folder: Path, change: Callable[[Any], None]) -> tuple[Study, Results]:
    small = load_small()
    small.STUDY = small.STUDY.replace(OLD_RULE, RULE)
    change(small)
    small.write_small_trial(folder)
    study = read_study(folder)
    return study, analyse(study, read_tables(folder, study))


def text(results: Results, key: str) -> str:
    found = results.numbers.filter(pl.col("id") == key)["text"]
    assert found.len() == 1, key
    return str(found[0])


# --- statistics -------------------------------------------------------------------------------------------


def test_qq_correlation_and_skewness_by_hand() -> None:
    # deviations -2, -1, 3; quantiles -q, 0, q: (2 q + 3 q) / sqrt(14 * 2 q^2) = 5 / sqrt(28)
    found = plot_quantiles([2.0, 1.0, 6.0][::-1])
    assert found.qq_correlation == pytest.approx(5 / math.sqrt(28))
    # third moment (-8 - 1 + 27) / 3 = 6 over (14 / 3)^1.5, times sqrt(3 * 2) / 1
    assert found.skewness == pytest.approx(6 / (14 / 3) ** 1.5 * math.sqrt(6))
    # the input is 6, 1, 2: the quantiles stand in the order of the input
    assert found.expected[0] == -found.expected[1] > 0
    assert found.expected[2] == 0


def test_values_without_spread_have_no_qq_correlation() -> None:
    found = plot_quantiles([4.0, 4.0, 4.0])
    assert math.isnan(found.qq_correlation)
    assert math.isnan(plot_quantiles([1.0, 2.0]).skewness)


def test_mean_without_one_by_hand() -> None:
    found = leave_out_mean([-4, -3, -5, -22], ["s1", "s2", "s3", "s4"])
    assert found.estimate == pytest.approx([-10, -31 / 3, -29 / 3, -4])
    assert found.most == ("s4",)
    # Without the first there remain three values of variance 109, whose mean is -10; with two degrees of
    # freedom the P value of t is 1 minus t over the root of t squared plus 2.
    t = 10 / math.sqrt(109 / 3)
    assert found.p[0] == pytest.approx(1 - t / math.sqrt(t * t + 2))


def test_mean_without_one_site() -> None:
    found = leave_out_mean([1.0, 2.0, 3.0, 10.0], ["b", "b", "a", "a"])
    assert found.label == ("a", "b")
    assert found.estimate.tolist() == [1.5, 6.5]
    assert found.most == ("a", "b")  # both move it by 2.5


def test_only_label_leaves_nothing() -> None:
    found = leave_out_mean([1.0, 2.0], ["a", "a"])
    assert math.isnan(found.estimate[0])
    assert found.most == ()


def test_labels_must_fit() -> None:
    with pytest.raises(ShapeError):
        leave_out_mean([1.0, 2.0], ["a"])


def test_model_without_one_is_generalised_least_squares_with_the_covariance_held() -> None:
    rng = np.random.default_rng(5)
    visits = ["v1", "v2", "v3"]
    rows = [
        (f"s{i:02d}", visit, float(rng.normal() + i / 9 + j), float(i % 5))
        for i in range(14)
        for j, visit in enumerate(visits)
        if (i, j) not in {(2, 2), (5, 0), (9, 1), (9, 2)}
    ]
    frame = pl.DataFrame(rows, schema=["subject", "visit", "y", "x"], orient="row")
    fit = fit_mmrm(frame, outcome="y", fixed="visit + x", subject="subject", visit="visit")
    L = np.array([[1.0, 0, 1, 2], [0, 1, 0, 0]])
    out = ["s03", "s09", "s11"]
    label = np.array(["gone" if name in out else name for name in fit.rows.subject.levels])
    found = leave_out_model(fit, L, label)
    # the same with whole matrices: every remaining subject's X, V and y written out
    A, b = np.zeros((4, 4)), np.zeros(4)
    for (name,), own in frame.group_by("subject"):
        if name in out:
            continue
        place = [visits.index(visit) for visit in own["visit"]]
        X = np.array([[1, j == 1, j == 2, x] for j, x in zip(place, own["x"], strict=True)], dtype=float)
        inverse = np.linalg.inv(np.asarray(fit.covariance_matrix)[np.ix_(place, place)])
        A, b = A + X.T @ inverse @ X, b + X.T @ inverse @ own["y"].to_numpy()
    expected = L @ np.linalg.solve(A, b)
    at = found[0].label.index("gone")
    assert [each.estimate[at] for each in found] == pytest.approx(expected.tolist(), abs=1e-9)
    assert found[0].overall == pytest.approx(float(L[0] @ fit.coefficients["estimate"].to_numpy()))


def test_model_without_the_only_subjects_of_a_visit_has_no_estimate() -> None:
    rng = np.random.default_rng(2)
    rows = [(f"s{i}", visit, float(rng.normal())) for i in range(8) for visit in ("a", "bb")]
    frame = pl.DataFrame(rows, schema=["subject", "visit", "y"], orient="row")
    fit = fit_mmrm(frame, outcome="y", fixed="visit", subject="subject", visit="visit", covariance="cs")
    found = leave_out_model(fit, np.eye(2), np.array(["all"] * 8))
    assert math.isnan(found[0].estimate[0])


# --- the entry rule ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "sign", "limit"),
    [
        ("baseline_sledai_2k > 6", ">", 6.0),
        ("age >= 16 AND (baseline_sledai_2k >= 8)", ">=", 8.0),
        ("6 < baseline_sledai_2k", ">", 6.0),
        ("baseline_sledai_2k BETWEEN 8 AND 20", ">=", 8.0),
        ("baseline_sledai_2k < 1.5", "<", 1.5),
    ],
)
def test_rule_is_read(rule: str, sign: str, limit: float) -> None:
    found = find_selections(make_study(rule))["sledai_2k"]
    assert (found.sign, found.limit) == (sign, limit)


@pytest.mark.parametrize(
    "rule", ["baseline_sledai_2k > 6 OR age > 60", "NOT baseline_sledai_2k > 6", "age > 6"]
)
def test_rule_without_a_direction_is_left_alone(rule: str) -> None:
    assert find_selections(make_study(rule)) == {}


def test_exclusion_turns_the_rule_round() -> None:
    found = find_selections(make_study("baseline_sledai_2k <= 6", kind="exclusion"))
    assert found["sledai_2k"].sign == ">"


def make_study(rule: str, kind: str = "inclusion") -> Study:
    trial = {"id": "X", "title": "X", "condition": "sle", "design": "single_arm"}
    criterion = {"id": "I1", "text": "rule", "rule": rule}
    return Study.model_validate({"study": trial, "eligibility": {kind: (criterion,)}})


@pytest.mark.parametrize(
    ("sign", "limit", "expected"),
    [(">", 6, 6.5), (">=", 7, 6.5), (">", 6.5, 6.5), ("<", 7, 6.5), ("<=", 6, 6.5)],
)
def test_limit_of_whole_numbers_stands_in_the_middle_of_the_step(
    sign: str, limit: float, expected: float
) -> None:
    assert Selection("x", sign, limit, "I").limit_for(np.array([7.0, 9.0])) == expected


# --- the small trial --------------------------------------------------------------------------------------


def test_change_expected_without_effect(tmp_path: Path) -> None:
    from scipy import stats

    _, results = run_small(tmp_path / "t", lambda _: None)
    front = "regression_to_mean.sledai.treated.sledai_2k_change"
    get = {
        name: results.value(f"{front}.{name}")
        for name in ("limit", "mean", "population_mean", "population_sd")
    }
    assert get["limit"] == 6.5
    assert get["mean"] == 9.25
    # mu and sigma are right when the part above the limit has the observed mean and variance 14.75 / 3
    mu, sigma = get["population_mean"], get["population_sd"]
    assert mu is not None
    assert sigma is not None
    cut = stats.truncnorm((6.5 - mu) / sigma, math.inf, loc=mu, scale=sigma)
    assert cut.mean() == pytest.approx(9.25, abs=1e-6)
    assert cut.var() == pytest.approx(14.75 / 3, abs=1e-5)
    for correlation in (0.4, 0.6, 0.8):
        name = f"{front}.estimate.correlation_{correlation}".replace("0.", "0_")
        assert results.value(name) == pytest.approx(-(1 - correlation) * (9.25 - mu))
    assert "no second value" in text(results, f"{front}.correlation")
    # the figure shows the last visit, month 6; S4 (7 at baseline) had left
    points = results.listings["regression_to_mean"].filter(endpoint="sledai", subgroup="all")
    assert set(points.select("baseline", "change", "visit").rows()) == {
        (10, -6, "month_6"), (12, -4, "month_6"), (8, -6, "month_6"),
    }  # fmt: skip
    # a share at baseline describes; it has no interval
    baseline = results.numbers.filter(analysis="baseline", variable="site")
    assert baseline.height > 0
    assert not set(baseline["statistic"]) & {"lower", "upper"}


def test_a_second_endpoint_of_the_same_variable_and_subjects_repeats_nothing(tmp_path: Path) -> None:
    def repeat(small: Any) -> None:
        small.STUDY += (
            '\n[[endpoints]]\nid = "again"\nkind = "change"\nvariable = "sledai_2k"\nat = ["month_6"]\n'
            'population = "treated"\nsubgroups = ["lupus_nephritis"]\nmethods = ["paired_t"]\n'
        )

    _, results = run_small(tmp_path / "t", repeat)
    found = results.numbers.filter(pl.col("analysis") == "regression_to_mean")["endpoint"]
    # the one in between is of all enrolled
    assert set(found) == {"sledai", "sledai_locf"}


def test_one_extreme_subject_makes_it_not_estimable(tmp_path: Path) -> None:
    def raise_one(small: Any) -> None:
        # 22 for 12: mean 11.75, variance (1.75^2 + 10.25^2 + 3.75^2 + 4.75^2) / 3 = 48.25, SD 6.95 > 5.25
        small.ITEMS["S2", "baseline", "2020-01-01"] = ("seizure", "psychosis", "arthritis", "rash")

    study, results = run_small(tmp_path / "t", raise_one)
    key = "regression_to_mean.sledai.treated.sledai_2k_change.estimate.correlation_0_4"
    assert results.value(key) is None
    assert text(results, key).startswith("not estimable: the standard deviation 6.95 is not below")
    assert "the mean excess 5.25 over the limit 6.5" in text(results, key)
    table = next(table for table in build_tables(study, results) if table.id == "table-regression-to-mean")
    printed = [cell.text for row in table.rows for cell in row.cells]
    # three correlations each in two populations, treated and enrolled
    assert printed.count("not estimable") == 6
    assert any("(treated)" in head for head in table.heads)


def test_influence_by_hand(tmp_path: Path) -> None:
    _, results = run_small(tmp_path / "t", lambda _: None)
    front = "influence.sledai.treated.month_3.sledai_2k_change"
    # -4, -4, 0: without S1 or S2 the mean is -2, without S3 it is -4
    assert results.value(f"{front}_subject.lower.mean") == -4
    assert results.value(f"{front}_subject.upper.mean") == -2
    assert text(results, f"{front}_subject.most_influential_label.mean") == "S3"
    assert text(results, f"{front}_subject.most_influential.mean") == "-4.00"
    # without S1 (or S2): -4 and 0, t = -2 / 2 = -1 with one degree of freedom, P = 0.5
    assert results.value(f"{front}_subject.p_highest.mean") == pytest.approx(0.5)
    assert text(results, f"{front}_site.most_influential_label.mean") == "01"
    assert text(results, f"{front}_site.most_influential.mean") == "0.00"


def test_site_effect_by_hand(tmp_path: Path) -> None:
    _, results = run_small(tmp_path / "t", lambda _: None)
    front = "site_effects.sledai.treated.month_6.sledai_2k_change_site"
    # -6, -4 against -6: between 2/9 + 4/9 = 2/3, within 2, F = 1/3; F(1, 1): P = 1 - 2/pi atan(sqrt F) = 2/3
    assert results.value(f"{front}.p.random_intercept") == pytest.approx(2 / 3)
    assert results.value(f"{front}.between_sd") == 0
    # Nothing lies between the sites; a share has two decimals.
    assert text(results, f"{front}.icc") == "0.00"
    assert "fewer than 6 groups" in text(results, f"{front}.word")


def test_arms_beside_each_other(tmp_path: Path) -> None:
    def divide(small: Any) -> None:
        small.STUDY = small.STUDY.replace(
            'design = "single_arm"\n',
            'design = "parallel"\n\n[[arms]]\nid = "cells"\nname = "Cells"\n\n[[arms]]\nid = "placebo"\n'
            'name = "Placebo"\ncontrol = true\n',
        )
        lines = small.TABLES["subjects"].splitlines()
        arms = ["arm", "cells", "cells", "placebo", "placebo"]
        small.TABLES["subjects"] = "\n".join(f"{a},{b}" for a, b in zip(lines, arms, strict=True)) + "\n"
        small.ITEMS["S4", "month_3", "2020-03-31"] = ("arthritis",)  # 4 from 7: a change of -3

    study, results = run_small(tmp_path / "t", divide)
    front = "comparison.sledai.treated.cells_-_placebo.month_3.sledai_2k_change"
    # -4, -4 against 0, -3: difference -2.5, standard error sqrt(4.5 / 2), 1 degree of freedom
    assert results.value(f"{front}.estimate.welch") == -2.5
    assert results.value(f"{front}.df.welch") == pytest.approx(1.0)
    assert results.value(f"{front}.p.welch") == pytest.approx(1 - 2 / math.pi * math.atan(2.5 / 1.5))
    # both of the arm below both controls: 2 of 6 arrangements
    assert results.value(f"{front}.p.rank_sum") == pytest.approx(1 / 3)
    assert results.value(f"{front}.estimate.rank_sum") == -2.5  # median of -4, -4, -1, -1
    # one withdrawal, S4, with 2 and 2 at risk: expected 0.5, chi-square 0.5^2 / 0.25 = 1
    times = "comparison.staying.enrolled.cells_-_placebo.withdrawal"
    assert results.value(f"{times}.expected_first") == 0.5
    assert results.value(f"{times}.statistic.log_rank") == pytest.approx(1.0)
    assert results.value(f"{times}.p.log_rank") == pytest.approx(0.317311, abs=1e-6)
    table = next(table for table in build_tables(study, results) if table.id == "table-comparison")
    assert "Cells minus Placebo" in table.rows[0].stub.text
    assert not results.numbers.filter(pl.col("analysis") == "regression_to_mean").height


# --- a whole trial ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> tuple[Study, Results]:
    folder = reconstruct("sle", tmp_path_factory.mktemp("sle") / "sle")
    study = read_study(folder)
    return study, analyse(study, read_tables(folder, study))


def test_published_baseline_is_not_estimable(trial: tuple[Study, Results]) -> None:
    # mean 10.83, SD 4.63, rule above 6: 4.63 is above the excess 4.33, so no truncated normal fits
    key = "regression_to_mean.sledai_change.treated.sledai_2k_change.estimate.correlation_0_6"
    assert trial[1].value(key) is None
    assert "4.63 is not below the mean excess 4.33 over the limit 6.5" in text(trial[1], key)


def test_model_and_plain_mean_agree_on_complete_data(trial: tuple[Study, Results]) -> None:
    """One arm, nobody missing: the model's mean is the mean change, with everybody and without any one."""
    value = trial[1].value
    for visit in ("month_3", "month_6", "month_12"):
        spread = value(f"change.treated.{visit}.sledai_2k_change.sd")
        assert spread is not None
        change_se = spread / math.sqrt(40)
        front = f"mmrm.sledai_change.treated.{visit}.sledai_2k_change"
        mean = value(f"change.treated.{visit}.sledai_2k_change.mean")
        assert value(f"{front}.estimate.mmrm") == pytest.approx(mean)
        se, held = value(f"{front}.se.mmrm"), value(f"{front}.conditional_se.mmrm")
        assert se is not None
        assert held is not None
        # the change's own SD / sqrt(40); the excess is RSS / (40 * 39 * 38), RSS = held^2 * 40 * 38
        assert se**2 - change_se**2 == pytest.approx(held**2 / 39, rel=1e-3)
        assert 38 < (value(f"{front}.df.mmrm") or 0) < 39
        for kind in ("subject", "site"):
            left = f"influence.sledai_change.treated.{visit}.sledai_2k_change_{kind}"
            for name in ("lower", "upper", "most_influential"):
                assert value(f"{left}.{name}.mmrm") == pytest.approx(value(f"{left}.{name}.mean"))


def test_limits_with_the_baselines_held_stand_beside(trial: tuple[Study, Results]) -> None:
    study, results = trial
    front = "mmrm.sledai_change.treated.month_12.sledai_2k_change"
    lower, upper, held = (
        results.value(f"{front}.{name}.mmrm") for name in ("lower", "upper", "conditional_lower")
    )
    assert lower is not None
    assert held is not None
    assert lower < held
    assert results.value(f"{front}.conditional_upper.mmrm") < upper  # type: ignore[operator]
    table = next(table for table in build_tables(study, results) if table.id == "table-mmrm")
    assert table.heads[-1] == "95% CI, baselines held"
    row = next(row for row in table.rows if row.stub.text == "Month 12")
    limits = (text(results, f"{front}.conditional_{name}.mmrm") for name in ("lower", "upper"))
    assert row.cells[-1].text == " to ".join(limits).replace("-", "−")
    assert any("unconditional means" in note for note in table.footnotes)
    assert any(note.startswith("Unconditional means: averaged over the subjects") for note in table.footnotes)


def test_model_diagnostics_agree_with_each_other(trial: tuple[Study, Results]) -> None:
    front = "diagnostics.sledai_change.treated"
    value = trial[1].value
    minus_2, aic, bic = (
        value(f"{front}.sledai_2k_change.{name}") for name in ("minus_2_log_likelihood", "aic", "bic")
    )
    assert minus_2 is not None
    # ten parameters of an unstructured covariance over four visits; 40 subjects
    assert aic == pytest.approx(minus_2 + 20)
    assert bic == pytest.approx(minus_2 + 10 * math.log(40))
    un = {
        place: value(f"{front}.sledai_2k_change_UN_{place}.estimate.mmrm") for place in ("1_1", "2_1", "2_2")
    }
    assert all(each is not None for each in un.values())
    r = un["2_1"] / math.sqrt(un["1_1"] * un["2_2"])  # type: ignore[operator]
    assert value(f"{front}.month_6.sledai_2k_change_month_3.correlation") == pytest.approx(r)
    residuals = trial[1].listings["residuals"]
    # 160 residuals; complete data, two coefficients at each of four visits: mean square (40 - 2) / 40
    assert residuals.height == 160
    assert float((residuals["residual"] ** 2).mean()) == pytest.approx(0.95)  # type: ignore[arg-type]


def test_a_step_of_grades_is_printed_with_two_decimals(trial: tuple[Study, Results]) -> None:
    steps = trial[1].numbers.filter(
        (pl.col("method") == "signed_rank_pratt")
        & (pl.col("statistic") == "estimate")
        & pl.col("value").is_finite()
    )
    assert steps.height > 8
    assert all(re.fullmatch(r"-?\d\.\d\d", each) for each in steps["text"])


def test_report_shows_the_diagnostics_folded(trial: tuple[Study, Results]) -> None:
    page = render_html(*trial)
    assert '<details class="supplement" id="influence">' in page
    assert 'id="figure-influence"' in page
    assert 'id="figure-regression-sledai_change-sledai_2k"' in page
    assert "not estimable" in page
    assert "Criterion I2 selects on SLEDAI" in page
