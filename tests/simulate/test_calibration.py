"""The calibrated model against draws that no chain made, and against a calibration recorded elsewhere."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from typer.testing import CliRunner

from funis.cli import app
from funis.simulate.calibration import Calibration, calibrate
from funis.simulate.likelihood import PublishedLikelihood
from funis.simulate.parameters import FITTED, PARAMETERS, draw_prior, from_line, log_prior, to_line
from funis.simulate.trials.scenario import find_scenario

#: Posterior medians and 95% intervals with 9 of 37 relapses by five years, by another program.
RECORDED = {
    "a0": (10.8, 9.5, 12.2), "effect": (0.35, 0.09, 0.73), "fast": (0.22, 0.11, 0.35), "ka": (0.29, 0.11, 0.83),
    "half_life": (9.4, 2.4, 63.0), "x50": (0.34, 0.08, 1.3), "prone": (0.30, 0.18, 0.46), "h0": (0.28, 0.09, 0.97),
}  # fmt: skip


@pytest.fixture(scope="module")
def five_year() -> Calibration:
    return calibrate("five_year", seed=2, steps=1300)


def test_the_posterior_is_that_of_weighted_draws_from_the_prior(five_year: Calibration) -> None:
    """Draws from the prior, each counted by its likelihood: no chain, no proposal, nothing to converge."""
    generator = np.random.default_rng(11)
    prior = draw_prior(60_000, generator)
    weights = np.exp(_stable(PublishedLikelihood("five_year").log_likelihood(prior)))
    weights /= weights.sum()
    worth = 1 / np.sum(weights**2)
    assert worth > 250
    chosen = prior[generator.choice(len(prior), 20_000, p=weights)]
    for place, key in enumerate(FITTED):
        line, other = (np.log(each[:, place]) for each in (five_year.draws, chosen))
        assert np.mean(line) == pytest.approx(np.mean(other), abs=5 * np.std(other) / np.sqrt(worth)), key
        assert np.std(line) == pytest.approx(np.std(other), rel=0.2), key


def _stable(values: np.ndarray) -> np.ndarray:
    return np.asarray(values - values.max())


def test_the_posterior_is_the_recorded_one(five_year: Calibration) -> None:
    """The recorded level before treatment had another prior, which nobody wrote down: it is held loosely."""
    for each in five_year.parameters:
        if each.parameter.key in RECORDED:
            median, lower, upper = RECORDED[each.parameter.key]
            found = each.posterior
            assert (found.median, found.lower, found.upper) == pytest.approx((median, lower, upper), rel=0.17)


def test_the_scenario_of_the_trials_has_the_medians_of_the_calibration(five_year: Calibration) -> None:
    world = find_scenario("five_year")
    for each in five_year.parameters:
        key = each.parameter.key
        if key != "a0":
            assert getattr(world, key) == pytest.approx(each.posterior.median, rel=0.2), key


def test_what_the_data_decide_and_what_the_prior(five_year: Calibration) -> None:
    told = {each.parameter.key: each.told for each in five_year.parameters}
    assert told["a0"] == told["prone"] == "the data decide"
    assert told["x50"] == "the prior"
    derived = {each.key: each.posterior for each in five_year.derived}
    assert derived["by_cells"].median == pytest.approx(1.9, abs=0.2)
    assert derived["relapse_24"].median == pytest.approx(0.27, abs=0.02)


def test_the_classes_of_response_have_the_moments_of_their_beta(five_year: Calibration) -> None:
    for name, count in (("major response", 14), ("no response", 11)):
        expected = stats.beta(1 + count, 2 + 40 - count).ppf([0.5, 0.025, 0.975])
        found = five_year.responses[name]
        assert (found.median, found.lower, found.upper) == pytest.approx(tuple(expected), abs=0.01)


def test_the_prior_has_the_densities_it_names() -> None:
    """Change of variables by differences, from the densities of scipy."""
    densities = [
        stats.lognorm(each.numbers[1], scale=each.numbers[0]) if each.shape == "lognormal"
        else stats.beta(*each.numbers) if each.shape == "beta" else stats.halfnorm(scale=each.numbers[0])
        for each in PARAMETERS
    ]  # fmt: skip
    first = to_line(draw_prior(6, np.random.default_rng(3)))
    step = 1e-6
    slope = (from_line(first + step) - from_line(first - step)) / (2 * step)
    values = from_line(first)
    parts = [
        density.logpdf(values[:, place]) + np.log(slope[:, place]) for place, density in enumerate(densities)
    ]
    expected = np.sum(parts, axis=0)
    found = log_prior(first)
    assert found - found[0] == pytest.approx(expected - expected[0], abs=1e-4)
    assert from_line(to_line(values)) == pytest.approx(values, rel=1e-9)


def test_the_command_ends_with_1_when_the_chain_is_too_short(tmp_path: Path) -> None:
    page = tmp_path / "model.html"
    done = CliRunner().invoke(app, ["calibrate", "--steps", "40", "--html", str(page), "--json"])
    assert done.exit_code == 1
    record = json.loads(done.stdout)
    assert record["status"] == "chain too short"
    assert record["waning"]["upper"] is None
    assert "nothing about the parameters below should be used" in record["paragraphs"][0]
    text = page.read_text(encoding="utf-8")
    assert text.count("<svg") == 3
    assert "cannot tell whether the effect of the cells wanes" in text


def test_a_report_that_there_is_not_is_refused() -> None:
    done = CliRunner().invoke(app, ["calibrate", "--relapses", "yearl"])
    assert "yearly" in str(done.exception)
