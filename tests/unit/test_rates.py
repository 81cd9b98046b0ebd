"""Rates by hand: Garwood's table, rates that equal means where times are equal, and the score of the dispersion."""

import math

import numpy as np
import pytest
from scipy import optimize, special, stats

from funis.errors import ShapeError, ValueRangeError
from funis.stats.rates import exact_rate, negative_binomial_rate, negative_binomial_ratio


@pytest.mark.parametrize(
    ("events", "lower", "upper"),
    # Printed limits of a Poisson count: Garwood 1936, as in the tables of Pearson and Hartley.
    [(0, 0.0, 3.689), (1, 0.0253, 5.572), (5, 1.623, 11.668), (10, 4.795, 18.390), (50, 37.11, 65.92)],
)
def test_exact_limits(events: int, lower: float, upper: float) -> None:
    found = exact_rate(events, 2.0)
    assert found.estimate == events / 2
    assert 2 * found.lower == pytest.approx(lower, abs=6e-3)
    assert 2 * found.upper == pytest.approx(upper, abs=6e-3)


def test_what_is_no_count_or_time() -> None:
    assert math.isnan(exact_rate(0, 0).estimate)
    for events, time in ((-1, 1.0), (1.5, 1.0), (True, 1.0), (1, -1.0), (1, math.inf)):
        with pytest.raises(ValueRangeError):
            exact_rate(events, time)  # type: ignore[arg-type]
    for counts, times in (([1, -1], [1, 1]), ([0.5], [1]), ([1], [0]), ([math.nan], [1])):
        with pytest.raises(ValueRangeError):
            negative_binomial_rate(counts, times)
    for counts, times in (([1, 2], [1]), ([], [])):
        with pytest.raises(ShapeError):
            negative_binomial_rate(counts, times)


FIRST, SECOND = [0, 1, 2, 5, 0, 4], [0, 0, 1, 3, 0, 2]


def score_of_size(size: float) -> float:
    """Give the derivative of the likelihood by the size, from the digamma function; means are those of the groups."""
    total = 0.0
    for counts, mean in ((FIRST, 2.0), (SECOND, 1.0)):
        for y in counts:
            total += special.digamma(y + size) - special.digamma(size) + math.log(size) + 1
            total -= math.log(size + mean) + (y + size) / (size + mean)
    return total


def test_equal_times() -> None:
    """With equal times the rates are the means, 12/6 and 6/6, so the ratio is 2; of log 2 the variance is by hand."""
    found = negative_binomial_ratio((FIRST, [1.0] * 6), (SECOND, [1.0] * 6))
    size = optimize.brentq(score_of_size, 0.05, 50, xtol=1e-14)
    assert found.estimate == pytest.approx(2.0, abs=1e-12)
    assert found.dispersion == pytest.approx(1 / size, rel=1e-6)
    # 1 / (n m / (1 + a m)) = (1 / m + a) / n for each group of 6
    error = math.sqrt((1 / 2 + 1 / size) / 6 + (1 / 1 + 1 / size) / 6)
    assert found.standard_error == pytest.approx(error, rel=1e-7)
    assert found.lower == pytest.approx(2 * math.exp(-1.959963985 * error), rel=1e-7)
    assert found.p == pytest.approx(2 * stats.norm.sf(math.log(2) / error), rel=1e-7)


def test_unequal_times_against_the_likelihood_of_another_program() -> None:
    """The maximum of scipy's own negative binomial, searched over three parameters, is the same."""
    first, second = ([0, 3, 0, 9, 2], [0.5, 1.0, 0.8, 1.2, 0.3]), ([2, 0, 0, 6, 0], [1.0, 1.0, 0.4, 1.5, 0.7])

    def minus(theta: np.ndarray) -> float:
        size, total = math.exp(theta[2]), 0.0
        for (counts, times), log_rate in zip((first, second), theta[:2], strict=True):
            means = math.exp(log_rate) * np.array(times)
            total -= float(np.sum(stats.nbinom.logpmf(counts, size, size / (size + means))))
        return total

    best = optimize.minimize(
        minus, np.zeros(3), method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-13}
    )
    found = negative_binomial_ratio(first, second)
    assert math.log(found.estimate) == pytest.approx(best.x[0] - best.x[1], abs=1e-6)
    assert found.dispersion == pytest.approx(math.exp(-best.x[2]), rel=1e-5)
    swapped = negative_binomial_ratio(second, first)
    assert swapped.estimate == pytest.approx(1 / found.estimate)
    assert swapped.p == pytest.approx(found.p)


def test_subjects_who_are_alike_have_the_poisson_rate() -> None:
    found = negative_binomial_rate([1, 1, 1, 1], [1.0, 1.0, 1.0, 1.0])
    # 4 events: rate 1, standard error of its log 1/sqrt(4)
    assert (found.estimate, found.dispersion) == (1.0, 0.0)
    assert found.upper == pytest.approx(math.exp(1.959963985 / 2), rel=1e-9)


def test_a_group_without_an_event_has_no_ratio() -> None:
    assert math.isnan(negative_binomial_ratio(([0, 0], [1, 1]), ([1, 2], [1, 1])).estimate)
    none = negative_binomial_rate([0, 0], [1.0, 2.0])
    assert (none.estimate, none.events, none.time) == (0.0, 0, 3.0)
    assert math.isnan(none.upper)
