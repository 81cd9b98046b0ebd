"""Multiple imputation: means that can be worked out by regression, and what is refused."""

import math

import numpy as np
import pytest

from funis.errors import ShapeError, UnknownNameError, ValueRangeError
from funis.stats.impute import Chain, impute_mar, impute_monotone
from funis.stats.reference_based import impute_reference
from funis.stats.sample import Floats

CHAIN = Chain(draws=400, burn=50, between=4, seed=3)


def _two_visits(n: int = 60) -> Floats:
    """Give two correlated visits of which the second lacks where the first is high (missing at random)."""
    rng = np.random.default_rng(11)
    first = rng.normal(10, 3, n)
    values = np.column_stack([first, 2 + 0.7 * first + rng.normal(0, 1.5, n)])
    values[first > 11, 1] = np.nan
    return values


@pytest.mark.parametrize("impute", [impute_mar, impute_monotone])
def test_mean_under_mar_is_the_regression_estimate(impute: type) -> None:
    # maximum likelihood for two visits (Anderson 1957): mean2 = ybar2 + b (xbar_all - xbar_observed)
    values = _two_visits()
    seen = ~np.isnan(values[:, 1])
    x, y = values[seen, 0], values[seen, 1]
    slope = np.cov(x, y)[0, 1] / np.var(x, ddof=1)
    expected = y.mean() + slope * (values[:, 0].mean() - x.mean())
    found = impute(values, chain=CHAIN)
    # the posterior of this mean has standard deviation 0.5; 400 draws leave an error of 0.03
    assert found.completed[:, :, 1].mean() == pytest.approx(expected, abs=0.08)
    assert expected - y.mean() > 1.0  # the complete-case mean would be far off
    assert np.array_equal(found.completed[5][~found.missing], values[~np.isnan(values)])


def test_chains_repeat_and_differ_by_seed() -> None:
    values = _two_visits()
    once, again = (impute_mar(values, chain=Chain(draws=3, burn=5, seed=7)) for _ in range(2))
    other = impute_mar(values, chain=Chain(draws=3, burn=5, seed=8))
    assert np.array_equal(once.completed, again.completed)
    assert not np.array_equal(once.completed, other.completed)
    # a third of the second visit lacks: 20 iterations between draws make them all but independent
    assert abs(impute_mar(values, chain=Chain(draws=200)).autocorrelation) < 0.2


def _two_arms() -> tuple[Floats, list[str]]:
    """Give three visits in two arms that differ by (0, -4, -6), four active subjects gone after visit 1."""
    rng = np.random.default_rng(23)
    noise = rng.normal(0, 1, (80, 3)) @ np.array([[1.0, 0.6, 0.4], [0, 0.8, 0.4], [0, 0, 0.7]])
    values = noise + 10.0 + np.array([0.0, -1.0, -2.0])
    values[40:] += np.array([0.0, -4.0, -6.0])
    values[76:, 1:] = np.nan
    return values, ["control"] * 40 + ["active"] * 40


def _expected_means() -> dict[str, Floats]:
    """Work out the mean of the four subjects at visits 2 and 3 under each strategy."""
    values, _ = _two_arms()
    control, active = values[:40].mean(axis=0), values[40:76].mean(axis=0)
    within = np.vstack([values[:40] - control, values[40:76] - active])
    slope = (within.T @ within)[0, 1:] / (within.T @ within)[0, 0]
    start = values[76:, 0].mean()
    # the active arm's own means under MAR are corrected for the first visit of those who left (Anderson 1957)
    own_first = values[40:, 0].mean()
    own = active[1:] + slope * (own_first - active[0])
    carry = slope * (start - own_first)
    return {
        "mar": own + carry,
        "j2r": control[1:] + carry,
        "cr": control[1:] + slope * (start - control[0]),
        "cir": own_first + control[1:] - control[0] + carry,
        "lmcf": own_first + carry,
    }


@pytest.mark.parametrize("strategy", ["mar", "j2r", "cr", "cir", "lmcf"])
def test_reference_based_means(strategy: str) -> None:
    values, arms = _two_arms()
    found = impute_reference(values, arms, reference="control", strategy=strategy, chain=CHAIN)  # type: ignore[arg-type]
    drawn = found.completed[:, 76:, 1:].mean(axis=(0, 1))
    # parameters vary by about 0.2 and four subjects by 0.4 a draw: 400 draws leave an error of 0.03
    assert drawn.tolist() == pytest.approx(_expected_means()[strategy].tolist(), abs=0.1)
    assert np.array_equal(found.completed[0][~found.missing], values[~np.isnan(values)])
    named = "under MAR" if strategy == "mar" else f"{strategy.upper()} with reference control"
    assert found.method == f"multiple imputation {named}, 400 draws, seed 3"


def test_strategies_differ_where_they_should() -> None:
    means = _expected_means()
    assert means["j2r"][1] - means["mar"][1] > 5
    assert means["cir"][0] > means["mar"][0] + 3


def test_values_missing_before_deviation_are_missing_at_random() -> None:
    values, arms = _two_arms()
    values[70, 1] = np.nan  # seen again at visit 3: not a deviation
    jumped = impute_reference(values, arms, reference="control", chain=CHAIN)
    free = impute_reference(values, arms, reference="control", strategy="mar", chain=CHAIN)
    assert jumped.completed[:, 70, 1].mean() == pytest.approx(free.completed[:, 70, 1].mean(), abs=0.2)


def test_deviation_given_by_the_study() -> None:
    values, arms = _two_arms()
    before = np.full(80, 3)
    stays = impute_reference(values, arms, reference="control", deviation=before, chain=CHAIN)
    assert stays.completed[:, 76:, 2].mean() == pytest.approx(_expected_means()["mar"][1], abs=0.1)
    # What was observed after a deviation is kept.
    before[0] = 1
    kept = impute_reference(values, arms, reference="control", deviation=before, chain=CHAIN)
    assert (kept.completed[:, 0] == values[0]).all()


def test_subject_without_any_value_is_drawn() -> None:
    values = _two_visits()
    values[0] = np.nan
    drawn = impute_mar(values, chain=CHAIN).completed[:, 0]
    assert drawn[:, 0].mean() == pytest.approx(np.nanmean(values[:, 0]), abs=0.4)


def test_covariates_sharpen_the_draws() -> None:
    rng = np.random.default_rng(5)
    baseline = rng.normal(0, 5, 40)
    values = np.column_stack([baseline + rng.normal(0, 0.1, 40), 2 * baseline + rng.normal(0, 0.1, 40)])
    values[3] = np.nan
    design = np.column_stack([np.ones(40), baseline])
    drawn = impute_mar(values, design, chain=CHAIN).completed[:, 3]
    assert drawn.mean(axis=0).tolist() == pytest.approx([baseline[3], 2 * baseline[3]], abs=0.2)
    assert drawn.std(axis=0).max() < 0.3


def test_refusals() -> None:
    with pytest.raises(ShapeError, match="5 subjects, 3 visits"):
        impute_mar(np.ones((5, 3)), np.column_stack([np.ones(5), np.arange(5), np.arange(5) ** 2]))
    with pytest.raises(ValueRangeError, match="full rank"):
        impute_mar(_two_visits(), np.ones((60, 2)))
    with pytest.raises(ValueRangeError, match="complete"):
        impute_mar(_two_visits(), np.full((60, 1), np.nan))
    holes = _two_visits()
    holes[0] = [np.nan, 1.0]
    with pytest.raises(ShapeError, match="Use impute_mar"):
        impute_monotone(holes)
    with pytest.raises(UnknownNameError, match="Did you mean 'j2r'"):
        impute_reference(*_two_arms(), reference="control", strategy="jr")  # type: ignore[arg-type]
    with pytest.raises(UnknownNameError, match="control"):
        impute_reference(*_two_arms(), reference="kontrol")
    with pytest.raises(ValueRangeError, match="draws"):
        impute_mar(_two_visits(), chain=Chain(draws=1))
    with pytest.raises(ShapeError, match="subjects, visits"):
        impute_mar([1.0, 2.0])


def test_the_fewest_subjects_and_values() -> None:
    """n - p must reach v, a visit must have p + 2 values: 3 subjects, 2 visits, 1 column are just enough."""
    shortest = Chain(draws=2, burn=0, between=1)
    assert impute_mar([[1.0, 2.0], [2.0, 4.0], [3.0, 5.0]], chain=shortest).completed.shape == (2, 3, 2)
    with pytest.raises(ShapeError, match="needed"):
        impute_mar([[1.0, 2.0, 1.0], [2.0, 4.0, 0.0], [3.0, 5.0, 3.0]], chain=shortest)
    with pytest.raises(ShapeError, match="a visit with 2 values"):
        impute_mar([[1.0, 2.0], [2.0, 4.0], [3.0, math.nan], [5.0, math.nan]], chain=shortest)


def test_the_first_draw_is_kept_after_the_burn_in() -> None:
    """Draws after 0 and after 2 iterations of burn-in come from one stream."""
    outcome = [[1.0, 2.0], [2.0, 4.0], [3.0, 5.0], [4.0, 8.0], [5.0, 9.0], [6.0, math.nan]]
    every = impute_mar(outcome, chain=Chain(draws=5, burn=0, between=1)).completed
    later = impute_mar(outcome, chain=Chain(draws=2, burn=2, between=2)).completed
    assert later.tolist() == every[[2, 4]].tolist()


@pytest.mark.parametrize("chain", [Chain(draws=1), Chain(burn=-1), Chain(between=0)])
def test_a_chain_that_keeps_nothing_is_refused(chain: Chain) -> None:
    with pytest.raises(ValueRangeError, match="draws >= 2"):
        impute_mar([[1.0, 2.0], [2.0, 4.0], [3.0, 5.0]], chain=chain)


def test_monotone_regression_needs_two_values_more_than_predictors() -> None:
    """The second visit has a column of ones and the first visit as predictors: 4 values are enough, 3 are not."""
    outcome = [[1.0, 2.0], [2.0, 4.0], [3.0, 5.0], [4.0, 8.0], [5.0, math.nan]]
    assert impute_monotone(outcome, chain=Chain(draws=2)).completed.shape == (2, 5, 2)
    with pytest.raises(ShapeError, match="3 values for 2 predictors"):
        impute_monotone([*outcome[:3], outcome[4]], chain=Chain(draws=2))
