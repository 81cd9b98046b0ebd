"""Time to event: by hand, and data without events or subjects."""

import math

import numpy as np
import pytest

from funis.errors import ShapeError, ValueRangeError
from funis.stats import survival
from funis.stats.competing import cumulative_incidence


def test_curve_by_hand() -> None:
    # 4/5, then 3/4 of it, then 1/2 of that; at the tied time 5 the event comes before the censoring
    curve = survival.kaplan_meier([3, 5, 5, 8, 10], [1, 1, 0, 1, 0])
    assert curve.time.tolist() == [3, 5, 8, 10]
    assert curve.survival.tolist() == pytest.approx([0.8, 0.6, 0.3, 0.3])
    assert curve.at_risk.tolist() == [5, 4, 2, 1]
    assert curve.censored.tolist() == [0, 1, 0, 1]
    # Greenwood at 5: 0.6 sqrt(1/(5*4) + 1/(4*3))
    assert curve.standard_error[1] == pytest.approx(0.6 * math.sqrt(1 / 20 + 1 / 12))
    # log-log at 3: 0.8 ** exp(1.959964 sqrt(1/20) / log(1.25))
    wide = math.exp(1.9599639845 * math.sqrt(1 / 20) / -math.log(0.8))
    assert curve.lower[0] == pytest.approx(0.8**wide)
    assert curve.upper[0] == pytest.approx(0.8 ** (1 / wide))


def test_reading_the_curve() -> None:
    curve = survival.kaplan_meier([3, 5, 5, 8, 10], [1, 1, 0, 1, 0])
    value, lower, _ = curve.at([0, 2.9, 3, 7, 10, 11])
    assert value[:5].tolist() == pytest.approx([1, 1, 0.8, 0.6, 0.3])
    assert math.isnan(value[5])
    assert math.isnan(lower[0])
    assert curve.at_risk_at([0, 3, 3.1, 5, 6, 10, 11]).tolist() == [5, 5, 4, 4, 2, 1, 0]
    assert curve.quantile(0.25)[0] == 5.0
    assert curve.quantile(0.4)[0] == 6.5  # the curve lies on 0.6 from 5 to 8: the middle


def test_nobody_and_no_event() -> None:
    nobody = survival.kaplan_meier([], [])
    assert nobody.n == 0
    assert math.isnan(nobody.quantile()[0])
    assert nobody.at_risk_at([0]).tolist() == [0]
    quiet = survival.kaplan_meier([5, 6], [0, 0])
    assert quiet.survival.tolist() == [1.0, 1.0]
    assert all(map(math.isnan, quiet.lower))
    assert all(map(math.isnan, quiet.quantile()))


def test_restricted_mean_by_hand() -> None:
    # 3 * 1 + 2 * 0.8 + 3 * 0.6 + 2 * 0.3 = 7.0; areas to the right 4.0, 2.4, 0.6
    found = survival.restricted_mean([3, 5, 5, 8, 10], [1, 1, 0, 1, 0], 10)
    assert found.estimate == pytest.approx(7.0)
    variance = 4.0**2 / 20 + 2.4**2 / 12 + 0.6**2 / 2
    assert found.standard_error == pytest.approx(math.sqrt(variance))
    with pytest.raises(ValueRangeError, match="at most 10"):
        survival.restricted_mean([3, 5, 5, 8, 10], [1, 1, 0, 1, 0], 11)
    # all had the event: the curve is known to be 0 beyond the last
    assert survival.restricted_mean([2, 4], [1, 1], 100).estimate == pytest.approx(3.0)


def test_log_rank_by_hand() -> None:
    # a: 1 2 3, b: 4 5 6+. Expected in a: 3/6 + 2/5 + 1/4 = 1.15; variance 1/4 + 6/25 + 3/16
    found = survival.log_rank([1, 2, 3, 4, 5, 6], [1, 1, 1, 1, 1, 0], ["a", "a", "a", "b", "b", "b"])
    assert found.expected.tolist() == pytest.approx([1.15, 3.85])
    assert found.statistic == pytest.approx((3 - 1.15) ** 2 / (1 / 4 + 6 / 25 + 3 / 16))
    none = survival.log_rank([1, 2], [0, 0], ["a", "b"])
    assert math.isnan(none.p)
    with pytest.raises(ShapeError, match="two or more"):
        survival.log_rank([1, 2], [0, 0], ["a", "a"])


def test_one_sample_log_rank_by_hand() -> None:
    # 1 event, 1.75 expected
    hazard = [0.5, 0.5, 0.25, 0.5]
    found = survival.one_sample_log_rank([12, 12, 6, 12], [0, 0, 1, 0], hazard)
    assert found.statistic == pytest.approx(-0.75 / math.sqrt(1.375))
    assert found.ratio == pytest.approx(1 / 1.75)
    # exact: 2 P(X <= 1) = 2 (1 + 1.75) exp(-1.75) = 0.956, limits 0.02532 and 5.57164 (Poisson tables) over
    # 1.75
    assert found.p_exact == pytest.approx(2 * 2.75 * math.exp(-1.75))
    assert found.lower == pytest.approx(0.025318 / 1.75, rel=1e-4)
    assert found.upper == pytest.approx(5.571643 / 1.75, rel=1e-6)
    none = survival.one_sample_log_rank([12], [0], [0.5], variance="expected")
    assert none.lower == 0.0


def test_historical_curve() -> None:
    # half are free at 12: hazard log 2 / 12 a month
    found = survival.historical_hazard([6, 12, 18], [12, 24], [0.5, 0.4])
    assert found.tolist() == pytest.approx([math.log(2) / 2, math.log(2), math.log(2) + math.log(1.25) / 2])
    with pytest.raises(ValueRangeError, match="curve's end"):
        survival.historical_hazard([25], [12, 24], [0.5, 0.4])
    with pytest.raises(ShapeError, match="falling"):
        survival.historical_hazard([5], [12, 24], [0.4, 0.5])


def test_incidence_by_hand() -> None:
    # 1/4 at 1; death at 2 leaves 1/2 free; 1/2 of 2 at risk have it at 3
    found = cumulative_incidence([1, 2, 3, 4], [1, 2, 1, 0])
    assert found.incidence.tolist() == pytest.approx([0.25, 0.25, 0.5, 0.5])
    dead = cumulative_incidence([1, 2, 3, 4], [1, 2, 1, 0], of=2)
    assert dead.incidence.tolist() == pytest.approx([0, 0.25, 0.25, 0.25])
    # taking death for censoring overstates it: 1 - 3/4 * 1/2
    assert 1 - survival.kaplan_meier([1, 2, 3, 4], [1, 0, 1, 0]).survival[-1] == pytest.approx(0.625)
    assert found.standard_error[0] == pytest.approx(math.sqrt(0.25 * 0.75 / 4))
    assert math.isnan(dead.lower[0])
    assert found.at([0, 2, 9])[0][:2].tolist() == [0.0, 0.25]
    assert math.isnan(found.at([9])[0][0])


def test_incidence_beyond_the_last_death_is_known() -> None:
    assert cumulative_incidence([1, 2], [1, 2]).at([50])[0][0] == 0.5


def test_refusals() -> None:
    with pytest.raises(ValueRangeError, match="0 or more"):
        survival.kaplan_meier([-1], [1])
    with pytest.raises(ValueRangeError, match="censored"):
        survival.kaplan_meier([1], [2])
    with pytest.raises(ShapeError, match="agree"):
        survival.kaplan_meier([1, 2], [1])
    with pytest.raises(ValueRangeError, match="cause"):
        cumulative_incidence([1.0], [0.5])
    with pytest.raises(ValueRangeError, match="censoring"):
        cumulative_incidence([1.0], [1], of=0)
    with pytest.raises(ValueRangeError, match="share"):
        survival.kaplan_meier(np.array([1.0]), [True]).quantile(50)


def test_exact_poisson_p_is_at_most_one() -> None:
    # 1 event, 1 expected: both tails exceed one half
    assert survival.one_sample_log_rank([5], [1], [1.0]).p_exact == 1.0


def test_float_times_that_should_tie_do() -> None:
    curve = survival.kaplan_meier([0.3, 0.1 + 0.2, 0.5], [1, 1, 0])
    assert curve.events.tolist() == [2, 0]


@pytest.mark.parametrize("hazard", [[0.5, -0.25], [0.5], [0.5, 0.25, 0.25]])
def test_a_historical_hazard_that_is_none_is_refused(hazard: list[float]) -> None:
    """One of the two faults is enough: a negative value, or another number of values."""
    with pytest.raises(ShapeError, match="one value >= 0 for each subject"):
        survival.one_sample_log_rank([12, 6], [0, 1], hazard)


def test_no_hazard_for_a_subject_that_left_at_once() -> None:
    found = survival.one_sample_log_rank([0, 6], [0, 1], [0.0, 0.5])
    assert (found.observed, found.expected) == (1, 0.5)


def test_a_curve_of_nobody_is_known_nowhere() -> None:
    found = survival.kaplan_meier([], []).at([0.0, 0.5, 5.0])
    assert all(np.isnan(each).all() for each in found)
