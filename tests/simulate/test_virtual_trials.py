"""Virtual trials: patients like those that were published, the ways of recorded data, numbers that can be made again."""

import json
import math
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

import funis
from funis.cli import app
from funis.simulate.pages.trial_assumptions import list_assumptions
from funis.simulate.trials import run_trials as running
from funis.simulate.trials.characteristics import summarise
from funis.simulate.trials.checked_study import check_study
from funis.simulate.trials.course_of_activity import draw_luck, find_relapse_days, mean_course
from funis.simulate.trials.lupus_findings import FINDINGS, LAB_MODELS, NEVER
from funis.simulate.trials.one_trial import CONDUCT, KEY, TrialPlan, run_some_trials
from funis.simulate.trials.run_trials import PartsError, run_trials
from funis.simulate.trials.scenario import ASSUMPTIONS, CannotSimulateError, find_scenario
from funis.simulate.trials.simulated import plan_trials
from funis.simulate.trials.stacked import gather_alike, stack
from funis.simulate.trials.virtual_patients import (
    cell_days,
    draw_patients,
    total_score,
)
from funis.simulate.trials.written_rows import MARK
from funis.study.model import Arm, Study
from funis.study.planned_infusion import Infusion
from funis.study.read import read_study, template_path

PUBLISHED = {"baseline": 10.83, "month_3": 7.43, "month_6": 6.30, "month_9": 6.40, "month_12": 6.48}
SDS = {"month_3": 3.93, "month_6": 3.63, "month_9": 3.84, "month_12": 3.52}


@pytest.fixture(scope="module")
def study() -> Study:
    return read_study(template_path("sle"))


@pytest.fixture(scope="module")
def plan(study: Study) -> TrialPlan:
    return plan_trials(study, scenario="yearly", patients=6, seed=4, endpoints=("sledai_change",))


def run_trial(plan: TrialPlan, trial: int) -> pl.DataFrame:
    return run_some_trials(plan, [trial])


def test_virtual_patients_are_like_those_published(study: Study, plan: TrialPlan) -> None:
    """Means within 0.8 points, which is 1.3 standard errors of the published ones, and SDs within a fifth."""
    drawn = draw_patients(study, plan.scenario, plan.entry, 1000, np.random.default_rng(3), is_whole=True)
    totals = total_score(drawn.findings.items)
    assert totals[:, 0].min() > 6  # the rule of eligibility of the study
    for place, visit in enumerate(study.visits):
        if visit.name in PUBLISHED:
            assert totals[:, place].mean() == pytest.approx(PUBLISHED[visit.name], abs=0.8), visit.name
        if visit.name in SDS:
            assert totals[:, place].std() == pytest.approx(SDS[visit.name], rel=0.2), visit.name
    protein = drawn.findings.labs["proteinuria_24h"]
    sick = protein[:, 0] > 0.5
    assert protein[sick, 0].mean() == pytest.approx(2.24, abs=0.35)
    assert protein[sick, 4].mean() / protein[sick, 0].mean() == pytest.approx(1.24 / 2.24, abs=0.08)


def test_relapses_come_as_the_hazard_says() -> None:
    """Without imprint the hazard is constant: f (1 - exp(-h0 t)) from month 6 on."""
    world = find_scenario("null")
    luck = draw_luck(world, 40_000, np.random.default_rng(6))
    days = find_relapse_days(world, luck, 545.25, ())
    months = (545 - 180) / 30.4375
    expected = world.prone * (1 - math.exp(-world.h0 * months))
    assert np.mean(np.isfinite(days)) == pytest.approx(expected, abs=0.01)
    harmed = find_relapse_days(find_scenario("harm"), luck, 545.25, (0.0, 7.0))
    assert np.isfinite(harmed).mean() > np.isfinite(days).mean() + 0.03


def test_what_is_recorded_agrees_with_itself(study: Study) -> None:
    frames = funis.simulate.draw_trial(study, patients=25, seed=8)
    findings = funis.check_frames(study, frames)
    assert [str(each) for each in findings if each.level == "error"] == []
    assert {each.code for each in findings} <= {
        "missing_item", "missing_visit", "visit_outside_window", "odd_value", "completed_without_last_visit",
        "eligibility_unknown", "incomplete_score", "event_not_asked",
    }, sorted({each.code for each in findings})  # fmt: skip
    numbered = [frames["subjects"]["subject"], frames["lots"]["lot"], frames["donors"]["donor"]]
    assert all(each.str.starts_with(MARK).all() for each in numbered)
    score = funis.score(frames["sledai_2k"], "sledai_2k")
    first = score.filter((pl.col("visit") == "baseline") & (pl.col("sledai_2k_status") == "scored"))
    assert first.height > 0
    assert first.filter(pl.col("sledai_2k") <= 6).height == 0


def test_a_trial_is_made_again_alone_and_no_two_are_the_same(plan: TrialPlan) -> None:
    one = run_trial(plan, 3)
    assert one.equals(run_trial(plan, 3))
    assert not one.drop("trial").equals(run_trial(plan, 4).drop("trial"))


def test_what_stands_beside_a_trial_does_not_change_its_numbers(study: Study) -> None:
    """Two patients: some trials have no event or no relapse, so that not all are checked together."""
    small = plan_trials(study, scenario="harm", patients=2, seed=11, endpoints=("response", "sledai_change"))
    together = run_some_trials(small, range(6))
    assert together.equals(pl.concat([run_trial(small, trial) for trial in range(6)]))
    events = together.filter(pl.col("variable") == "adverse events")["value"]
    assert events.min() == 0 < events.max()  # type: ignore[operator]


def test_the_numbers_are_those_of_the_whole_analysis(study: Study) -> None:
    """The tables of one trial, read and analysed as recorded data are, give every number that is kept."""
    frames = funis.simulate.draw_trial(study, scenario="yearly", patients=12, seed=4, trial=2)
    tables = funis.tables_from_frames(study, frames, today=date(2060, 1, 1))
    whole = funis.analyse(study, tables).numbers
    asked = tuple(each.id for each in study.endpoints)
    plan = plan_trials(study, scenario="yearly", patients=12, seed=4, endpoints=asked)
    beside = run_some_trials(plan, (0, 2)).filter(pl.col("trial") == 2, pl.col("analysis") != CONDUCT)
    by_key = {
        tuple(str(each or "") for each in row[:-1]): row[-1]
        for row in whole.filter(pl.col("subgroup") == "all").select(*KEY, "statistic", "value").iter_rows()
    }
    assert beside.height > 200
    for *key, value in beside.select(*KEY, "statistic", "value").iter_rows():
        assert by_key[tuple(key)] == value, key


def test_a_finding_is_counted_where_it_belongs(study: Study) -> None:
    """The lots of the second of two trials fail their release."""
    sound = funis.simulate.draw_trial(study, patients=4, seed=8, trial=0)
    lacking = funis.simulate.draw_trial(study, patients=4, seed=8, trial=1)
    lacking["lots"] = lacking["lots"].with_columns(viability_percent=pl.lit(12.0))
    both = stack([sound, lacking])
    findings = funis.tables_from_frames(study, both.frames, today=date(2060, 1, 1)).findings
    low = [both.place_of(each) for each in findings if each.table == "lots" and each.subject == ""]
    assert low
    assert set(low) == {1}
    assert gather_alike([sound, {**lacking, "adverse_events": pl.DataFrame()}]) == [[0], [1]]


@pytest.mark.slow
def test_the_numbers_are_the_same_for_1_2_and_4_workers(
    plan: TrialPlan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "BLOCK", 1)
    alone = run_trials(plan, 4, tmp_path / "1")
    for workers in (2, 4):
        assert run_trials(plan, 4, tmp_path / str(workers), workers=workers).equals(alone)


def test_a_run_that_was_stopped_goes_on(
    plan: TrialPlan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "BLOCK", 1)
    done: list[int] = []

    def stop(number: int) -> None:
        done.append(number)
        if number == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_trials(plan, 3, tmp_path / "stopped", tell=stop)
    assert done == [0, 1, 2]
    with pytest.raises(PartsError, match="--resume"):
        run_trials(plan, 3, tmp_path / "stopped")
    told: list[int] = []
    resumed = run_trials(plan, 3, tmp_path / "stopped", resume=True, tell=told.append)
    assert told == [2, 3]
    assert resumed.equals(run_trials(plan, 3, tmp_path / "whole"))
    other = TrialPlan(
        plan.study, plan.scenario, plan.number, plan.entry, plan.patients, plan.endpoints, seed=5
    )
    with pytest.raises(PartsError, match="another run"):
        run_trials(other, 3, tmp_path / "stopped", resume=True)


def row(trial: int, statistic: str, value: float, **where: str) -> dict[str, object]:
    return dict.fromkeys(KEY, "") | where | {"trial": trial, "statistic": statistic, "value": value}


def test_power_bias_and_coverage_by_hand() -> None:
    """Four trials: P 0.01, 0.04, 0.2, 0.6; estimates 1, 2, 3, 6 of a true 2.5; intervals of one to either side."""
    rows = []
    for trial, (p, estimate) in enumerate(zip((0.01, 0.04, 0.2, 0.6), (1.0, 2.0, 3.0, 6.0), strict=True)):
        rows += [row(trial, "p", p), row(trial, "estimate", estimate)]
        rows += [row(trial, "lower", estimate - 1), row(trial, "upper", estimate + 1)]
    truth = pl.DataFrame([row(0, "estimate", 2.5)]).drop("trial")
    found = {each.kind: each for each in summarise(pl.DataFrame(rows), truth, 0.05)}
    assert (found["power"].value, found["power"].error) == (0.5, 0.25)
    assert found["bias"].value == pytest.approx(0.5)
    assert found["bias"].error == pytest.approx(math.sqrt(14 / 3) / 2)
    assert found["spread"].value == pytest.approx(math.sqrt(14 / 3))
    assert (found["coverage"].value, found["coverage"].error) == (0.5, 0.25)


def test_an_interval_of_a_share_is_held_against_the_share() -> None:
    rows = [
        row(0, "lower", 40.0, method="wilson"),
        row(0, "upper", 60.0, method="wilson"),
        row(0, "percent", 50.0),
    ]
    truth = pl.DataFrame([row(0, "percent", 55.0)]).drop("trial")
    found = [each for each in summarise(pl.DataFrame(rows), truth, 0.05) if each.kind == "coverage"]
    assert [(each.value, each.truth) for each in found] == [(1.0, 55.0)]


def test_a_control_arm_gets_no_cells(study: Study) -> None:
    arms = (Arm(id="cells", name="Cells"), Arm(id="placebo", name="Placebo", control=True))
    trial = study.trial.model_copy(update={"design": "parallel"})
    two = study.model_copy(update={"arms": arms, "trial": trial})
    frames = funis.simulate.draw_trial(two, patients=21, seed=2)
    given = frames["infusions"].join(frames["subjects"].select("subject", "arm"), on="subject")
    assert given.filter(pl.col("arm") == "placebo")["cells"].max() == 0
    assert given.filter((pl.col("arm") == "cells") & (pl.col("cells") < 1e7)).height == 0
    assert sorted(frames["subjects"]["arm"].value_counts()["count"]) == [10, 11]
    plan = plan_trials(two, scenario="yearly", patients=12, seed=2, endpoints=("sledai_change",))
    compared = run_trial(plan, 0).filter(pl.col("analysis") == "comparison")
    assert {"estimate", "lower", "upper", "p"} <= set(compared["statistic"])


def test_what_no_virtual_patient_has_is_refused_with_every_cause() -> None:
    study = read_study(template_path("sle"))
    trial = study.trial.model_copy(update={"condition": "rheumatoid_arthritis"})
    with pytest.raises(CannotSimulateError, match="condition 'rheumatoid_arthritis'"):
        plan_trials(study.model_copy(update={"trial": trial}), scenario="yearly", patients=10, seed=1)


def test_every_assumption_is_listed_with_its_source(plan: TrialPlan) -> None:
    listed = list_assumptions(plan).rows
    assert all(all(row) for row in listed)
    said = "\n".join(" ".join(row) for row in listed)
    for name in (*(each.item for each in FINDINGS), *(each.test for each in LAB_MODELS), *NEVER):
        assert name.replace("_", " ") in said
    assert all(each.source in said for each in ASSUMPTIONS)
    for value in (
        "13.4 months",
        "42.0%",
        "active 84, quiet 68 umol/L",
        "20 from day -60",
        "30 from 3 days after it",
    ):
        assert value in said


def test_the_command_writes_parts_summary_and_page(tmp_path: Path) -> None:
    folder = funis.new_study("sle", tmp_path / "trial")
    asked = ["simulate", str(folder), "--trials", "2", "--patients", "8", "--scenario", "null"]
    asked += ["--endpoint", "sledai_change", "--json"]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 0, done.output
    record = json.loads(done.stdout)
    out = folder / "simulation"
    assert (
        json.loads((out / "summary.json").read_text(encoding="utf-8"))["fingerprint"] == record["fingerprint"]
    )
    assert [each.name.startswith(record["fingerprint"]) for each in (out / "parts").iterdir()] == [True]
    assert {each["kind"] for each in record["characteristics"]} == {
        "power",
        "bias",
        "spread",
        "coverage",
        "mean",
    }
    page = (out / "report.html").read_text(encoding="utf-8")
    assert page.count("<svg") == 2
    assert page.count("Scenario null, seed 1, trials 0 to 1, fingerprint") == 6
    assert "significance in one arm is no evidence of an effect" in page
    assert "--resume" in str(CliRunner().invoke(app, asked).exception)


def test_a_course_at_a_visit_is_simulated_and_two_that_wait_are_refused(study: Study) -> None:
    """Month 6 is day 180: two infusions at first, one more then, and the effect does not wane as before."""
    again = Infusion(day=0, when="month_6", cells_per_kg=1e6)
    repeated = study.model_copy(update={"infusions": (*study.infusions, again)})
    assert cell_days(repeated, 0) == (0.0, 7.0, 180.0)
    world = find_scenario("yearly")
    once, twice = (mean_course(world, [360], cell_days(each, 0))[0] for each in (study, repeated))
    assert twice < once
    given = funis.simulate.draw_trial(repeated, patients=5, seed=8)["infusions"]
    assert set(given["number"]) == {1, 2, 3}
    at_relapse = Infusion(day=0, when="relapse", cells_per_kg=1e6)
    at_rise = Infusion(day=0, when="rule", rule="sledai_2k >= 12", cells_per_kg=1e6)
    with pytest.raises(CannotSimulateError, match="two courses that wait"):
        check_study(study.model_copy(update={"infusions": (*study.infusions, at_relapse, at_rise)}))
