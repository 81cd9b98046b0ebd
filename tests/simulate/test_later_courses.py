"""Courses that wait for what is found in a virtual patient: found by the records, allocated, given, compared."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy import stats

import funis
from funis.analysis.every_finding import find_findings
from funis.simulate.pages.trials_page import tell_trials
from funis.simulate.trials import true_values
from funis.simulate.trials.checked_study import check_study
from funis.simulate.trials.course_given_again import mean_courses_again, move_relapses
from funis.simulate.trials.course_of_activity import draw_luck, find_relapse_days, mean_course
from funis.simulate.trials.one_trial import (
    CONDUCT,
    NO_RESPONSE,
    UNFOUNDED,
    UNSEEN,
    DrawnTrial,
    TrialPlan,
    draw_trials,
    run_some_trials,
)
from funis.simulate.trials.scenario import CannotSimulateError, find_scenario
from funis.simulate.trials.simulated import plan_trials, simulate_trials
from funis.simulate.trials.true_values import true_numbers
from funis.simulate.trials.virtual_patients import (
    draw_patients,
    fit_entry,
    infuse_again,
    total_score,
)
from funis.study.courses import AT_RELAPSE
from funis.study.model import Study
from funis.study.planned_infusion import Infusion
from funis.study.read import read_study, template_path

EXAMPLE = Path(__file__).parents[2] / "examples" / "reinfusion" / "study.toml"
#: Whoever relapses is allocated, but not infused, by chance alone.
AMISS = {
    "allocated_without_relapse", "missing_allocation", "retreated_against_arm", "retreated_without_relapse",
    "retreated_without_rule", "infusion_outside_window",
}  # fmt: skip


@pytest.fixture(scope="module")
def study() -> Study:
    return read_study(EXAMPLE)


@pytest.fixture(scope="module")
def plan(study: Study) -> TrialPlan:
    return plan_trials(study, scenario="yearly", patients=40, seed=3, endpoints=("response",))


@pytest.fixture(scope="module")
def drawn(plan: TrialPlan) -> DrawnTrial:
    return draw_trials(plan, [0])[0]


def test_the_mean_course_of_each_is_that_of_an_arm_with_the_same_days() -> None:
    """The model's own solution for infusions on days 0, 7 and 180 is another piece of code."""
    world = find_scenario("yearly")
    days = np.array([[90.0, 270.0, 360.0], [90.0, 270.0, 360.0]])
    later = np.array([[180.0], [np.inf]])
    without, with_it = mean_courses_again(world, days, (0.0, 7.0), later)
    once, twice = (mean_course(world, days[0].tolist(), cells) for cells in ((0.0, 7.0), (0.0, 7.0, 180.0)))
    assert without == pytest.approx(np.array([once, once]), abs=2e-3)
    assert with_it == pytest.approx(np.array([twice, once]), abs=2e-3)
    assert with_it[0, 0] == without[0, 0]
    assert with_it[0, 1] < without[0, 1]


def test_a_later_course_puts_relapses_off_as_the_hazard_says() -> None:
    """An imprint that does not wane: S is 2/(2 + X50) up to day 300 and 3/(3 + X50) after it."""
    world = replace(find_scenario("yearly"), half_life=1e9, x50=1.0, beta=1.5)
    luck = draw_luck(world, 40_000, np.random.default_rng(2))
    first, last = (0.0, 7.0), 720.0
    relapse = find_relapse_days(world, luck, last, first)
    moved = move_relapses(world, luck, relapse, last, (first, np.full((40_000, 1), 300.0)))
    before, after = (world.h0 * np.exp(-1.5 * dose / (dose + 1.0)) for dose in (2, 3))
    summed = (before * (300 - 180) + after * (last - 300)) / 30.4375
    assert np.isfinite(moved).mean() == pytest.approx(world.prone * (1 - np.exp(-summed)), abs=0.01)
    early = relapse <= 300
    assert (moved[early] == relapse[early]).all()
    none = move_relapses(world, luck, relapse, last, (first, np.full((40_000, 1), np.inf)))
    assert (none == relapse).all()


def test_who_relapses_by_the_records_is_allocated_and_infused(
    study: Study, plan: TrialPlan, drawn: DrawnTrial
) -> None:
    """The report's own way of finding a relapse agrees with every allocation, and nothing is amiss."""
    tables = funis.tables_from_frames(study, drawn.frames, today=date(2060, 1, 1))
    assert {each.code for each in find_findings(study, tables)} & AMISS == set()
    later = drawn.later
    assert later is not None
    subjects = drawn.frames["subjects"]
    assert subjects["arm"].fill_null("").to_list() == list(later.arms)
    assert [arm != "" for arm in later.arms] == np.isfinite(later.found).tolist()
    again = [arm == "again" for arm in later.arms]
    given = drawn.frames["infusions"].filter(pl.col("number") == 3)
    assert set(given["subject"]) <= set(subjects["subject"].filter(again))
    assert given.height == later.given > 0
    is_given = np.isfinite(later.begins)
    waited = later.begins[is_given] - later.found[is_given]
    assert ((waited >= 0) & (waited <= 14)).all()
    assert len(set(drawn.frames["lots"]["lot"])) == drawn.frames["lots"].height


def test_what_was_recorded_before_the_course_stays_as_it_was(plan: TrialPlan, drawn: DrawnTrial) -> None:
    """Without any cells for a second course the same patients are seen on the same days, and nobody is infused."""
    (without,) = draw_trials(replace(plan, cells_for=0), [0])
    assert drawn.later is not None
    assert without.later is not None
    assert (without.later.given, without.later.refused) == (0, drawn.later.given)
    assert without.later.arms == drawn.later.arms
    (one,) = draw_trials(replace(plan, cells_for=1), [0])
    assert one.later is not None
    assert (one.later.given, one.later.refused) == (1, drawn.later.given - 1)
    begins = dict(zip(drawn.frames["subjects"]["subject"], drawn.later.begins, strict=True))
    first = dict(
        drawn.frames["infusions"].filter(pl.col("number") == 1).select("subject", "date").iter_rows()
    )
    both = (drawn.frames["sledai_2k"], without.frames["sledai_2k"])
    changed = 0
    for mine, other in zip(*(each.rows(named=True) for each in both), strict=True):
        day = (mine["date"] - first[mine["subject"]]).days
        if day <= begins[mine["subject"]]:
            assert mine == other
        changed += mine != other
    assert changed > 0


def test_cells_that_do_nothing_change_nothing(study: Study) -> None:
    """In the null world each patient has the same findings with a second course as without one."""
    world = find_scenario("null")
    entry = fit_entry(study, world)
    patients = draw_patients(study, world, entry, 60, np.random.default_rng(5))
    after = infuse_again(study, world, entry, patients, np.full(60, 200.0))
    same = [(after.findings.items[name] == found).all() for name, found in patients.findings.items.items()]
    assert all(same)
    days = [each.courses.relapse_day for each in (patients, after)]
    assert np.allclose(days[0], days[1])
    world = find_scenario("yearly")
    better = infuse_again(study, world, entry, patients, np.full(60, 200.0))
    last = [total_score(each.findings.items)[:, -1].mean() for each in (patients, better)]
    assert last[1] < last[0]


def test_the_error_of_the_first_kind_and_the_power_are_those_of_theory(study: Study) -> None:
    """200 trials of two arms of 30: at random without an effect, and a shift whose power the noncentral t gives."""
    world = find_scenario("null")
    patients = draw_patients(study, world, fit_entry(study, world), 2000, np.random.default_rng(8))
    totals = total_score(patients.findings.items)
    change = (totals[:, 3] - totals[:, 0]).astype(float)
    generator = np.random.default_rng(9)
    trials = np.array([generator.permutation(change)[:60].reshape(2, 30) for _ in range(200)])
    null = stats.ttest_ind(trials[:, 0], trials[:, 1], axis=1).pvalue
    assert abs(np.mean(null < 0.05) - 0.05) < 3 * np.sqrt(0.05 * 0.95 / 200)
    shift = 3.0
    p = stats.ttest_ind(trials[:, 0] + shift, trials[:, 1], axis=1).pvalue
    away = shift / change.std() * np.sqrt(15)
    edge = stats.t.ppf(0.975, 58)
    power = stats.nct.sf(edge, 58, away) + stats.nct.cdf(-edge, 58, away)
    assert abs(np.mean(p < 0.05) - power) < 3 * np.sqrt(power * (1 - power) / 200) + 0.01


def test_a_trial_is_the_same_alone_and_beside_others(plan: TrialPlan) -> None:
    small = replace(plan, patients=8)
    together = run_some_trials(small, range(3))
    assert together.equals(pl.concat([run_some_trials(small, [trial]) for trial in range(3)]))
    allocated = together.filter(pl.col("variable").str.starts_with("later courses: allocated"))
    assert allocated.height == 6


def test_power_and_coverage_of_the_arms_at_relapse_stand_on_the_page(
    plan: TrialPlan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(true_values, "TRUE_SIZE_AGAIN", 40)
    monkeypatch.setattr(true_values, "TRUE_TRIALS", 2)
    found = simulate_trials(plan, 2, tmp_path)
    compared = {
        each.kind: each
        for each in found.characteristics
        if each.where["analysis"] == AT_RELAPSE
        and each.where["contrast"]
        and each.where["category"] == "responder"
    }
    assert {"power", "bias", "spread", "coverage"} <= set(compared)
    # Both arms of the truth have the same patients: as many are compared in each.
    truth = true_numbers(plan)
    due = truth.filter(pl.col("category") == "not_due", pl.col("statistic") == "percent")
    assert due["value"].n_unique() == 1
    told = tell_trials(found)
    said = " ".join(told.paragraphs)
    assert "month 6 after the relapse" in said.casefold()
    assert "again minus standard" in said
    listed = " ".join(" ".join(row) for table in told.tables for row in table.rows)
    for words in ("later courses: allocated to again", "later courses: no cells", "which begin none"):
        assert words in listed
    for words in (
        "nobody has measured",
        "nobody relapses twice",
        "who did not respond begins no later course",
    ):
        assert any(words in each for each in told.cautions)
    rows = next(table.rows for table in told.tables if table.title == "Estimates")
    lost = {row[2] for row in rows if "minus" in row[0] and row[0].startswith("Clinical response")}
    assert lost == {"as no response"}


def test_who_did_not_respond_begins_no_course_whatever_comes(plan: TrialPlan) -> None:
    """The report of the same tables counts who responded at month 6, and whose response nobody knows."""
    (drawn,) = draw_trials(replace(plan, patients=60), [1])
    later, relapse = drawn.later, drawn.patients.courses.relapse_day
    assert later is not None
    tables = funis.tables_from_frames(plan.study, drawn.frames, today=date(2060, 1, 1))
    numbers = funis.analyse(plan.study, tables).numbers.filter(
        pl.col("analysis") == "response", pl.col("visit") == "month_6", pl.col("category") == "responder"
    )
    count, unknown = (
        numbers.filter(pl.col("statistic") == name)["value"].item() for name in ("count", "imputed")
    )
    assert int(later.is_without_response.sum()) == 60 - count - unknown
    assert not np.isfinite(later.found[later.is_without_response]).any()
    assert np.isfinite(relapse[later.is_without_response]).any()
    conduct = run_some_trials(replace(plan, patients=60), [1]).filter(pl.col("analysis") == CONDUCT)
    told = dict(conduct.select("variable", "value").iter_rows())
    is_in = np.isfinite(relapse) & (relapse < drawn.patients.left_day)
    assert told[NO_RESPONSE] == (is_in & later.is_without_response).sum() > 0
    assert told[NO_RESPONSE] + told[UNSEEN] + (is_in & np.isfinite(later.found)).sum() == is_in.sum()
    assert told[UNFOUNDED] == (later.found < relapse).sum()


def test_a_course_by_a_rule_is_given_after_the_first_visit_at_which_it_holds() -> None:
    lupus = read_study(template_path("sle"))
    rule = "sledai_2k >= lowest_sledai_2k + 3"
    by_rule = Infusion(day=0, when="rule", rule=rule, cells_per_kg=1e6, window=(0, 30))
    study = lupus.model_copy(update={"infusions": (*lupus.infusions, by_rule)})
    frames = funis.simulate.draw_trial(study, patients=25, seed=6)
    score = funis.score(frames["sledai_2k"], "sledai_2k").select("subject", "visit", "sledai_2k")
    first = frames["infusions"].filter(pl.col("number") == 1).select("subject", start="date")
    dated = frames["visits"].join(score, on=["subject", "visit"]).join(first, on="subject").sort("date")
    due = {}
    for (subject,), part in dated.group_by("subject", maintain_order=True):
        lowest = None
        for total, day in part.select(
            "sledai_2k", (pl.col("date") - pl.col("start")).dt.total_days()
        ).iter_rows():
            if lowest is not None and total is not None and day > 7 and total >= lowest + 3:
                due[subject] = day
                break
            lowest = total if lowest is None or (total is not None and total < lowest) else lowest
    third = frames["infusions"].filter(pl.col("number") == 3).join(first, on="subject")
    given = {
        subject: (day - start).days
        for subject, day, start in third.select("subject", "date", "start").iter_rows()
    }
    assert given
    assert set(given) <= set(due)
    assert all(0 <= day - due[subject] <= 14 for subject, day in given.items())


def test_a_stratum_that_no_virtual_patient_has_is_refused(study: Study) -> None:
    plan = study.re_randomisation
    assert plan is not None
    other = study.model_copy(update={"re_randomisation": plan.model_copy(update={"strata": ("again",)})})
    with pytest.raises(CannotSimulateError, match="stratum 'again'"):
        check_study(other)
