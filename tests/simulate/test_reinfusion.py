"""Infusing again: hazards against integrals, sizes against simulated trials and tables recorded elsewhere."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from scipy import integrate
from typer.testing import CliRunner

from funis.cli import app
from funis.simulate.needed_trials import assurance_of_repeat, patients_to_see_waning, responders_for
from funis.simulate.parameters import FITTED
from funis.simulate.policies import Policy, compare_policies

DAY_7 = 7 / 30.4375


def draws(count: int = 40, **changed: float) -> np.ndarray:
    values = {"a0": 10.8, "effect": 0.35, "fast": 0.22, "ka": 0.3, "half_life": 6.0, "x50": 0.3, "prone": 0.8, "h0": 0.1,
              "beta": 1.2} | changed  # fmt: skip
    return np.tile([values[key] for key in FITTED], (count, 1))


def share_relapsed(values: np.ndarray, infusions: tuple[float, ...], end: float) -> float:
    own = dict(zip(FITTED, values[0], strict=True))

    def hazard(time: float) -> float:
        imprint = sum(2 ** (-(time - at) / own["half_life"]) for at in infusions if time >= at)
        return float(own["h0"] * math.exp(-own["beta"] * imprint / (imprint + own["x50"])))

    return float(own["prone"] * (1 - math.exp(-integrate.quad(hazard, 6, end, points=[*infusions[2:]])[0])))


def test_policies_have_the_relapses_that_the_integral_says() -> None:
    """Up to month 12 nobody relapses twice, because a relapse stays active for a year."""
    values = draws()
    none, fixed = compare_policies(
        values, (Policy("none"), Policy("fixed", 6.0)), end=12.0, responders=1500, most_infusions=math.inf,
        seed=np.random.SeedSequence(3),
    )  # fmt: skip
    assert none.relapses.median == pytest.approx(100 * share_relapsed(values, (0, DAY_7), 12), abs=0.8)
    assert fixed.relapses.median == pytest.approx(100 * share_relapsed(values, (0, DAY_7, 6.0), 12), abs=0.8)
    assert fixed.infusions.median == 100.0
    assert none.infusions.median == none.fewer_relapses.median == 0.0


def test_without_effect_a_policy_changes_nothing_but_the_infusions() -> None:
    values = draws(beta=0.0)
    found = compare_policies(
        values, (Policy("none"), Policy("fixed", 9.0), Policy("at relapse")), end=24.0, responders=100,
        most_infusions=math.inf, seed=np.random.SeedSequence(3), can_answer=False,
    )  # fmt: skip
    for each in found:
        assert each.fewer_relapses.median == each.fewer_active_months.median == each.better == 0.0
    assert found[2].infusions.median == found[2].relapses.median > 0


def test_harm_makes_every_repeat_worse() -> None:
    values = draws(beta=-0.7)
    fixed = compare_policies(
        values, (Policy("none"), Policy("fixed", 6.0)), end=24.0, responders=400, most_infusions=math.inf,
        seed=np.random.SeedSequence(3),
    )[1]  # fmt: skip
    assert fixed.fewer_relapses.upper < 0


def test_cells_run_out() -> None:
    found = compare_policies(
        draws(), (Policy("none"), Policy("fixed", 6.0)), end=12.0, responders=200, most_infusions=30.0,
        seed=np.random.SeedSequence(3),
    )[1]  # fmt: skip
    assert (found.infusions.lower, found.infusions.upper, found.refused) == (30.0, 30.0, 70.0)


@pytest.mark.parametrize(
    ("ratio", "prone", "hazard", "months", "simulated"),
    [
        (0.5, 1.0, 0.046, 18, (150, 165)),
        (0.5, 1.0, 0.046, 12, (190, 215)),
        (0.7, 1.0, 0.046, 18, (500, 600)),
        (0.3, 0.3, 0.12, 12, (250, 300)),
        (0.5, 0.3, 0.12, 12, (800, 1000)),
        (0.5, 0.3, 0.12, 18, (1040, 1210)),
    ],
)
def test_responders_are_those_that_simulated_log_rank_trials_needed(
    ratio: float, prone: float, hazard: float, months: float, simulated: tuple[float, float]
) -> None:
    """Simulated trials with visits every three months needed so many for a power of about 0.80."""
    low, high = simulated
    assert low <= responders_for(ratio, prone, hazard, follow_up=months).responders <= high


def test_events_of_a_constant_hazard_are_schoenfelds() -> None:
    """4 (1.96 + 0.84)^2 / log(0.5)^2 = 65 relapses, whatever the hazard, while the hazard ratio is small in effect."""
    found = responders_for(0.9, 1.0, 0.01, follow_up=12)
    assert found.relapses == pytest.approx(4 * (1.959964 + 0.841621) ** 2 / math.log(0.9) ** 2, rel=0.01)


@pytest.mark.parametrize(
    ("half_life", "recorded"), [(3.0, (295, 50, 23)), (6.0, (2953, 252, 67)), (12.0, (25192, 2127, 504))]
)
def test_patients_who_show_waning(half_life: float, recorded: tuple[int, int, int]) -> None:
    """Recorded with parameters that were not written down; these are the medians of the calibration."""
    found = [
        patients_to_see_waning(half_life, months, effect=0.35, ka=0.3, fast=0.22, x50=0.3).patients
        for months in (12.0, 18.0, 24.0)
    ]
    assert found[2] == pytest.approx(recorded[2], rel=0.15)
    assert found[1] == pytest.approx(recorded[1], rel=0.35)
    assert found[0] == pytest.approx(recorded[0], rel=0.6)


def test_the_assurance_of_one_world_is_its_power() -> None:
    values = draws(beta=4.0, half_life=3.0, x50=0.1, prone=1.0)
    power, large = assurance_of_repeat(values, 5000.0)
    assert power > 0.999
    gain = share_relapsed(values, (0, DAY_7), 24) - share_relapsed(values, (0, DAY_7, 6.0), 24)
    assert large == float(gain >= 0.1)
    assert assurance_of_repeat(draws(beta=0.0), 5000.0)[0] == pytest.approx(0.05, abs=1e-6)


def test_the_command_says_that_the_data_cannot_tell(tmp_path: Path) -> None:
    page = tmp_path / "again.html"
    done = CliRunner().invoke(
        app, ["reinfuse", "--steps", "40", "--cells-for", "50", "--html", str(page), "--json"]
    )
    assert done.exit_code == 1, done.output
    record = json.loads(done.stdout)
    assert "cannot tell when to infuse again" in record["paragraphs"][0]
    assert max(each["infusions"]["upper"] for each in record["outcomes"]) <= 50
    text = page.read_text(encoding="utf-8")
    assert "too short" in text
    # Each number opens: the panel has the command, without the file that it wrote.
    assert '"funis reinfuse --cells-for 50 --steps 40"' in text
    assert text.count('<button class="n"') > 40
