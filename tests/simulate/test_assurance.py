"""Virtual trials of worlds that are drawn from the posterior: each trial has one, by its own seed."""

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from funis.simulate.calibration import calibrate
from funis.simulate.pages.trials_page import tell_trials
from funis.simulate.parameters import FITTED, draw_prior
from funis.simulate.trials import run_trials as run_trials_module
from funis.simulate.trials.drawn_worlds import DRAWN, as_worlds, draw_worlds, world_of
from funis.simulate.trials.one_trial import WORLD, TrialPlan, run_some_trials, trial_seed
from funis.simulate.trials.run_trials import run_key
from funis.simulate.trials.scenario import CannotSimulateError, find_scenario
from funis.simulate.trials.simulated import plan_trials, simulate_trials
from funis.study.read import read_study, template_path

DRAWS = draw_prior(20, np.random.default_rng(4))


@pytest.fixture(scope="module")
def plan() -> TrialPlan:
    study = read_study(template_path("sle"))
    alone = plan_trials(study, scenario="yearly", patients=6, seed=4, endpoints=("sledai_change",))
    return replace(alone, worlds=as_worlds(alone.scenario, DRAWS))


def worlds_in(rows: pl.DataFrame) -> dict[int, dict[str, float]]:
    found: dict[int, dict[str, float]] = {}
    for trial, name, value in (
        rows.filter(pl.col("analysis") == WORLD).select("trial", "variable", "value").iter_rows()
    ):
        found.setdefault(trial, {})[name] = value
    return found


def test_a_world_is_a_draw_and_keeps_whom_the_centres_let_in() -> None:
    world = as_worlds(find_scenario("five_year"), DRAWS)[3]
    assert {key: getattr(world, key) for key in DRAWN} == {
        key: DRAWS[3, place] for place, key in enumerate(FITTED) if key != "a0"
    }
    assert (world.a0, world.name) == (10.83, "five_year")


def test_each_trial_has_a_world_by_its_own_seed_alone_and_beside_others(plan: TrialPlan) -> None:
    """The world is that of the fourth stream of SeedSequence(seed, spawn_key=(scenario, trial))."""
    together = run_some_trials(plan, range(3))
    assert together.equals(pl.concat([run_some_trials(plan, [trial]) for trial in range(3)]))
    for trial, found in worlds_in(together).items():
        stream = np.random.SeedSequence(4, spawn_key=(plan.number, trial)).spawn(4)[3]
        place = int(np.random.default_rng(stream).integers(20))
        assert found == {key: pytest.approx(getattr(plan.worlds[place], key)) for key in DRAWN}
    chosen = {
        world_of(plan.scenario, plan.worlds, trial_seed(plan, trial).spawn(4)[3]) for trial in range(60)
    }
    assert len(chosen) > 10


def test_one_world_that_is_the_scenario_gives_the_trials_of_the_scenario(plan: TrialPlan) -> None:
    """The same seeds and the same luck: only the disease may differ."""
    alone = replace(plan, worlds=())
    same = replace(plan, worlds=(plan.scenario,))
    with_world = run_some_trials(same, range(2)).filter(pl.col("analysis") != WORLD)
    assert with_world.equals(run_some_trials(alone, range(2)))
    assert run_key(alone) != run_key(same) != run_key(plan)


def test_the_page_tells_an_assurance_and_no_bias(plan: TrialPlan, tmp_path: Path) -> None:
    found = simulate_trials(plan, 2, tmp_path)
    assert {each.kind for each in found.characteristics} == {"power", "spread", "mean"}
    told = tell_trials(found)
    titles = [table.title for table in told.tables]
    assert "Assurance" in titles
    assert not {"Power", "Estimates", "Coverage of intervals"} & set(titles)
    assert any("the power averaged over" in line for line in told.paragraphs)
    assert any("decided by the prior" in line for line in told.cautions)
    effect = DRAWS[:, FITTED.index("effect")]
    row = next(row for row in told.assumptions.rows if "largest share of activity" in row[0])
    assert f"{np.median(effect):.2f}" in row[1]


def test_assurance_stands_beside_the_power_of_the_same_trials_in_one_disease(
    plan: TrialPlan, tmp_path: Path
) -> None:
    """Where every draw is the scenario itself, the assurance is the power: the luck of a trial is the same."""
    parameters = calibrate("abstract", steps=40).parameters
    drawn = tuple(each for each in parameters if each.parameter.key in DRAWN)
    same = replace(plan, worlds=(plan.scenario,), drawn=drawn, is_beside=True)
    told: list[int] = []
    found = simulate_trials(same, 3, tmp_path, tell=told.append)
    assert told[-1] == 6
    assert found.at_fixed is not None
    powers = {tuple(each.where.values()): each for each in found.characteristics if each.kind == "power"}
    for each in found.at_fixed.characteristics:
        assert replace(each, kind="power") == powers[tuple(each.where.values())]
    kept = (tmp_path / "worlds.csv").read_bytes()
    digest = hashlib.sha256(kept).hexdigest()
    assert [float(each) for each in kept.decode().splitlines()[1].split(",")] == [
        getattr(plan.scenario, key) for key in DRAWN
    ]
    page = tell_trials(found)
    said = " ".join(page.paragraphs)
    assert digest in said
    assert "in one disease, that of the scenario" in said
    assert "Who decides what was drawn." in said
    tables = {table.title: table for table in page.tables}
    assert tables["Power at fixed values"].rows == tables["Assurance"].rows
    listed = " ".join(row[0] for row in tables["Parameters before and after the data"].rows)
    assert all(each.parameter.name in listed for each in drawn)
    again = [each for each in page.numbers["strings"] if "--trial" in each]
    assert {"--posterior" in each for each in again} == {True, False}
    assert any(found.at_fixed.key in note for note in tables["Power at fixed values"].notes)


@pytest.mark.slow
def test_an_assurance_is_the_same_for_1_and_2_workers(
    plan: TrialPlan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_trials_module, "BLOCK", 1)
    one, two = (
        simulate_trials(replace(plan, is_beside=True), 2, tmp_path / str(workers), workers=workers)
        for workers in (1, 2)
    )
    assert one == two


def test_a_world_entered_by_hand_has_no_posterior() -> None:
    with pytest.raises(CannotSimulateError, match="entered by hand"):
        draw_worlds(find_scenario("null"), 1)
