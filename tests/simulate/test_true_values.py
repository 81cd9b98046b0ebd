"""What a trial estimates: the lost count in the true value as they count in the analysis."""

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from funis.simulate.pages.trials_page import tell_trials
from funis.simulate.trials import scenario, true_values
from funis.simulate.trials.characteristics import summarise
from funis.simulate.trials.one_trial import KEY, TrialPlan, run_some_trials
from funis.simulate.trials.simulated import SimulatedTrials, plan_trials
from funis.simulate.trials.true_values import counts_the_lost, true_numbers
from funis.study.courses import AT_RELAPSE
from funis.study.model import Endpoint
from funis.study.read import read_study

EXAMPLE = Path(__file__).parents[2] / "examples" / "reinfusion" / "study.toml"
LOSSES = ("leaving", "missed_visit", "late_visit", "blank_item")


@pytest.fixture(scope="module")
def plan() -> TrialPlan:
    """A plan without the course at relapse: only the first response and its relapse are asked."""
    whole = read_study(EXAMPLE)
    study = whole.model_copy(update={"infusions": whole.infusions[:2], "re_randomisation": None})
    return plan_trials(
        study, scenario="yearly", patients=100, seed=5, endpoints=("response", "sledai_change")
    )


def responders(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.filter(
        pl.col("analysis") == "response",
        pl.col("category") == "responder",
        pl.col("visit") == "month_6",
        pl.col("statistic") == "percent",
    )


@pytest.mark.parametrize(
    ("endpoint", "analysis", "is_counted"),
    [
        ({"kind": "response", "missing_outcome": "nonresponder"}, "response", True),
        ({"kind": "response", "missing_outcome": "nonresponder"}, AT_RELAPSE, True),
        ({"kind": "response", "missing_outcome": "observed"}, "response", False),
        ({"kind": "relapse", "missing_outcome": "nonresponder"}, "relapse", False),
        ({"kind": "relapse", "missing_relapse": "relapse"}, "relapse", True),
        ({"kind": "relapse", "missing_relapse": "none"}, "relapse", True),
        ({"kind": "change", "missing_outcome": "worst"}, "test", True),
        ({"kind": "change", "missing_outcome": "worst"}, AT_RELAPSE, False),
        ({"kind": "change", "missing_outcome": "observed"}, "test", False),
    ],
)
def test_a_loss_is_part_of_the_estimand_where_the_plan_counts_it(
    endpoint: dict[str, str], analysis: str, *, is_counted: bool
) -> None:
    asked = Endpoint.model_validate({"id": "a", "label": "a", **endpoint})
    assert counts_the_lost(asked, analysis) is is_counted


def test_trials_agree_with_the_truth_that_counts_the_lost_and_not_with_the_other(
    plan: TrialPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By hand: 0.9% leave a month, 2% miss a visit, 1 item in 2,000 is blank: some 10 of 100 are lost by month 6."""
    monkeypatch.setattr(true_values, "TRUE_TRIALS", 2)
    truth = true_numbers(plan)
    rows = run_some_trials(plan, range(6))
    of = responders(truth).row(0, named=True)
    assert 5 < of["kept"] - of["value"] < 15
    (bias,) = (each for each in summarise(responders(rows), responders(truth), 0.05) if each.kind == "bias")
    assert abs(bias.value) < 3.5 * (of["error"] ** 2 + of["value"] * (100 - of["value"]) / 600) ** 0.5
    assert (bias.truth, bias.kept) == (of["value"], of["kept"])
    changes = truth.filter(pl.col("endpoint") == "sledai_change")
    assert changes.height > 0
    assert changes["kept"].is_null().all()
    found = SimulatedTrials(plan, "fingerprint", 6, summarise(rows, truth, 0.05))
    table = next(each for each in tell_trials(found).tables if each.title == "Estimates")
    said = {row[0].partition(",")[0]: row[2] for row in table.rows}
    assert said == {"Clinical response": "as no response", "Change of SLEDAI": "as if seen"}
    assert any("the loss is part of what is estimated" in note for note in table.notes)


def test_without_losses_both_truths_are_one(plan: TrialPlan, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same patients and the same luck: only what is lost may differ."""
    monkeypatch.setattr(true_values, "TRUE_SIZE", 60)
    monkeypatch.setattr(true_values, "TRUE_TRIALS", 2)
    nothing = tuple(
        replace(each, value=1e-12) if each.key in LOSSES else each for each in scenario.ASSUMPTIONS
    )
    monkeypatch.setattr(scenario, "ASSUMPTIONS", nothing)
    found = true_numbers(plan).filter(pl.col("kept").is_not_null())
    assert {"percent", "lower"} <= set(found["statistic"])
    assert found["value"].to_list() == found["kept"].to_list()
    assert found.select(KEY).n_unique() > 3
