"""Rates and models without each subject or site, failed models, and the baseline described; by hand."""

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from funis.analysis import diagnostics, influence, models, summary
from funis.analysis.response_rates import Answers
from funis.analysis.run import Run
from funis.analysis.target import Target
from funis.study.model import Arm, Endpoint

sys.path.insert(0, str(Path(__file__).parent))
analysis = import_module("test_analysis")

RESPONSE = Endpoint(
    id="r", kind="response", role="primary", definition="ucmsc_bilag_response", at=("month_6",)
)
ARMS = (Arm(id="cells", name="Cells"), Arm(id="usual", name="Usual", control=True))


def judged(words: list[bool | None], **columns: Any) -> tuple[Run, Answers]:
    run: Run = analysis.make_run({"x": {"baseline": [1.0] * len(words)}}, **columns)
    rows = [
        analysis.UNKNOWN if word is None else analysis._responder("MCR") if word else analysis.NONE
        for word in words
    ]
    found: Answers = analysis._answers(run, rows)
    return run, found


def numbers(run: Run, **where: str) -> dict[str, float | None]:
    found = run.numbers.frame()
    for name, value in where.items():
        found = found.filter(pl.col(name) == value)
    return dict(found.select("statistic", "value").iter_rows())


# --- influence on a rate ---------------------------------------------------------------------------------


def test_a_share_without_each_subject() -> None:
    """2 of 4: without a responder 1/3, without another 2/3; who cannot be told is in no share."""
    run, answers = judged([True, True, False, False, None])
    influence.leave_out_responders(run, RESPONSE, answers)
    found = numbers(run, cluster="subject")
    assert found["estimate"] == 50
    assert found["lower"] == pytest.approx(100 / 3)
    assert found["upper"] == pytest.approx(200 / 3)
    assert "p_highest" not in found
    assert set(run.numbers.frame()["n"].drop_nulls()) == {4}


@pytest.mark.parametrize(("words", "told"), [([True, False, True], True), ([True, False, None], False)])
def test_three_are_enough_to_leave_one_out_and_two_are_not(words: list[bool | None], *, told: bool) -> None:
    run, answers = judged(words)
    influence.leave_out_responders(run, RESPONSE, answers)
    assert bool(numbers(run)) is told


def test_a_share_without_each_site() -> None:
    """Site 01 has 2 of 2, site 02 has 0 of 1: without 01 nobody responds, without 02 everybody does."""
    run, answers = judged([True, True, False], site=["01", "01", "02"])
    influence.leave_out_responders(run, RESPONSE, answers)
    found = numbers(run, cluster="site")
    assert (found["lower"], found["upper"]) == (0, 100)
    # Where a site is not known, nothing can be said of sites.
    run, answers = judged([True, True, False], site=["01", None, "02"])
    influence.leave_out_responders(run, RESPONSE, answers)
    assert numbers(run, cluster="subject")
    assert not numbers(run, cluster="site")


def test_one_site_divides_nobody() -> None:
    run, _ = judged([True, True, False], site=["01", "01", None])
    assert influence.find_groupings(run) == {}
    run, _ = judged([True, True, False], site=["01", "02", None])
    assert influence.find_groupings(run)["site"].tolist() == ["01", "02", ""]


def test_only_a_primary_endpoint_is_looked_at() -> None:
    run, answers = judged([True, True, False])
    influence.leave_out_responders(run, RESPONSE.model_copy(update={"role": "secondary"}), answers)
    assert not numbers(run)


# --- models ----------------------------------------------------------------------------------------------


def noise(n: int, seed: int) -> list[float]:
    return [float(each) for each in np.random.default_rng(seed).normal(0, 1, n).round(3)]


def test_influence_on_a_model_with_arms_is_on_the_differences() -> None:
    """The weights of a difference are those of the arm less those of the control arm at the same visit."""
    endpoint = Endpoint(id="e", kind="change", variable="x", at=("month_3", "month_6"), methods=("mmrm",))
    study = analysis.make_study(endpoint, arms=ARMS)
    values = {"baseline": noise(16, 3), "month_3": noise(16, 4), "month_6": noise(16, 5)}
    run = analysis.make_run({"x": values}, study, arm=["cells", "usual"] * 8)
    frame = models._model_frame(run, endpoint, "x", run.populations.cohort(""))
    fitted = models._fit(run, endpoint, frame)
    assert not isinstance(fitted, str)
    weights, cells = diagnostics._contrasts(run, fitted, is_sample=False)
    assert cells == [("month_3", "cells", "usual"), ("month_6", "cells", "usual")]
    differences = fitted.differences("arm", by="visit")["estimate"].to_numpy()
    found = np.asarray(fitted.contrast_table(weights)["estimate"])
    np.testing.assert_allclose(np.abs(found), np.abs(differences), rtol=1e-9)
    means = {
        (row["visit"], row["arm"]): row["estimate"]
        for row in fitted.marginal_means(["arm", "visit"]).iter_rows(named=True)
    }
    expected = [means[visit, "cells"] - means[visit, "usual"] for visit, _, _ in cells]
    np.testing.assert_allclose(found, expected, rtol=1e-9)


@pytest.mark.parametrize(("name", "told"), [("mmrm", True), ("sensitivity", False)])
def test_a_failed_model_says_so_where_it_is_the_analysis_itself(name: str, *, told: bool) -> None:
    run = analysis.make_run({"x": {"baseline": [1.0, 2.0], "month_3": [1.0, 2.0], "month_6": [1.0, 2.0]}})
    endpoint = Endpoint(id="e", kind="change", variable="x", at=("month_3", "month_6"), methods=("mmrm",))
    models._add_failure(run, endpoint, run.populations.cohort(""), ("x", "it did not converge"), Target(name))
    frame = run.numbers.frame()
    assert ("converged" in set(frame["statistic"])) is told
    rows = frame.filter(pl.col("analysis") == name)
    assert rows.select("visit", "statistic").rows() == [
        (visit, statistic) for visit in ("month_3", "month_6") for statistic in ("estimate", "p")
    ]
    assert set(frame["text"]) == {"it did not converge"}


# --- baseline --------------------------------------------------------------------------------------------

DAYS: dict[str, Any] = {
    "age": [30.0, 40.0], "weight_kg": [50.0, None], "height_cm": [None, None],
    "days_diagnosis_to_consent": [730.5, None], "days_diagnosis_to_baseline": [1461.0, 2922.0],
}  # fmt: skip


def described(**columns: Any) -> Run:
    series = {name: pl.Series(values, dtype=pl.Float64) for name, values in (DAYS | columns).items()}
    run: Run = analysis.make_run({"x": {"baseline": [1.0, 2.0]}}, **series)
    return run


def test_duration_of_disease_is_in_years_of_365_and_a_quarter_days() -> None:
    """730.5 days to consent are 2 years; without any day of consent 1461 and 2922 days to baseline are 4 and 8."""
    found = summary.measured_columns(described())
    np.testing.assert_array_equal(found["disease_duration_years"], [2.0, np.nan])
    np.testing.assert_array_equal(found["age"], [30.0, 40.0])
    np.testing.assert_array_equal(found["weight_kg"], [50.0, np.nan])
    without = summary.measured_columns(described(days_diagnosis_to_consent=[None, None]))
    np.testing.assert_array_equal(without["disease_duration_years"], [4.0, 8.0])


def test_spread_at_baseline_is_that_of_the_population() -> None:
    """Adults have 2, 4, 6 (mean 4, SD 2); a child of 60 and an adult without a baseline do not count."""
    values = {"baseline": [2.0, 4.0, 6.0, 60.0, None], "month_3": [1.0] * 5}
    study = analysis.make_study(populations={"adults": "age >= 18"})
    run = analysis.make_run({"x": values}, study, age=[30, 40, 50, 12, 60])
    endpoint = Endpoint(id="e", kind="change", variable="x", at=("month_3",), methods=("paired_t",))
    diagnostics._diagnose_spread(run, endpoint, run.populations.cohort("adults"), "x")
    row = run.numbers.frame().filter(pl.col("statistic") == "sd_over_mean").row(0, named=True)
    assert (row["value"], row["text"], row["n"]) == (0.5, "0.50", 3)


def test_two_values_or_a_negative_one_have_no_spread_told() -> None:
    endpoint = Endpoint(id="e", kind="change", variable="x", at=("month_3",), methods=("paired_t",))
    for base in ([2.0, 4.0, None], [2.0, 4.0, -1.0], [0.0, 0.0, 0.0]):
        run = analysis.make_run({"x": {"baseline": base, "month_3": [1.0] * 3}})
        diagnostics._diagnose_spread(run, endpoint, run.populations.cohort(), "x")
        assert run.numbers.frame().is_empty()


def test_who_cannot_be_told_is_counted_without_an_interval() -> None:
    from funis.analysis.response_rates import count_responses

    run, answers = judged([True, False, None])
    count_responses(run, RESPONSE, [answers])
    rows = run.numbers.frame().filter(pl.col("category") == "cannot tell")
    assert set(rows["statistic"]) == {"count", "percent"}
    counted = run.numbers.frame().filter(pl.col("category") == "responder")
    assert {"lower", "upper"} <= set(counted["statistic"])
