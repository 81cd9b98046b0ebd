"""Dose finding beside the R packages BOIN and escalation, and beside an integral of its own."""

import math

import numpy as np
import pytest
from scipy import integrate

from funis.design.optimal_interval import boin
from funis.design.reassessment import crm
from funis.errors import ValueRangeError

# BOIN 2.7.2 get.boundary: target; going up at or below, going down at or above.
LIMITS = {
    0.10: (0.0784, 0.1190),
    0.15: (0.1178, 0.1787),
    0.20: (0.1572, 0.2385),
    0.25: (0.1968, 0.2984),
    0.30: (0.2365, 0.3585),
    0.33: (0.2604, 0.3947),
}


@pytest.mark.parametrize("target", LIMITS)
def test_limits_are_those_of_boin(target: float) -> None:
    found = boin(target)
    assert (round(found.lambda_e, 4), round(found.lambda_d, 4)) == LIMITS[target]


def test_the_decision_table_is_that_of_boin() -> None:
    rows = boin(0.25, cohort=3, cohorts=5).rows
    assert [row.n for row in rows] == [3, 6, 9, 12, 15]
    assert [row.escalate for row in rows] == [0, 1, 1, 2, 2]
    assert [row.de_escalate for row in rows] == [1, 2, 3, 4, 5]
    assert [row.eliminate for row in rows] == [3, 4, 5, 6, 7]


def test_nobody_gives_up_a_dose_after_two_patients() -> None:
    assert [row.eliminate for row in boin(0.25, cohort=1, cohorts=3).rows] == [None, None, 3]


def test_rates_that_do_not_rise_are_refused() -> None:
    with pytest.raises(ValueRangeError, match="below target"):
        boin(0.25, too_low=0.3)
    with pytest.raises(ValueRangeError, match="below target"):
        boin(0.8)


def test_the_recommended_dose_is_that_of_escalation() -> None:
    # escalation, get_dfcrm: skeleton 0.05 to 0.6, target 0.25, three without at dose 1, one of three at dose 2.
    found = crm(0.25, (0.05, 0.1, 0.25, 0.4, 0.6), (3, 3, 0, 0, 0), (0, 1, 0, 0, 0))
    assert found.recommended == 2


@pytest.mark.parametrize(
    ("treated", "toxic", "recommended"),
    [
        ((3, 3, 0, 0, 0), (0, 2, 0, 0, 0), 1),
        ((3, 3, 0, 0, 0), (0, 0, 0, 0, 0), 5),
    ],
)
def test_the_recommended_dose_is_that_of_dfcrm(
    treated: tuple[int, ...], toxic: tuple[int, ...], recommended: int
) -> None:
    """escalation's own tests of get_dfcrm: outcomes 1NNN 2NTT and 1NNN 2NNN, target 0.25, spread root of 1.34."""
    assert crm(0.25, (0.05, 0.1, 0.25, 0.4, 0.6), treated, toxic).recommended == recommended


def test_the_rates_are_those_that_trialr_prints() -> None:
    """Its page: stan_crm, power model, 2NN 3NN 4TT, spread root of 1.34.

    A chain of 4,000 draws, of which about 1,400 count: its standard error is 0.0044 where the rate has SD 0.17.
    """
    found = crm(0.25, (0.05, 0.15, 0.25, 0.4, 0.6), (0, 2, 2, 2, 0), (0, 0, 0, 2, 0))
    printed = (0.108, 0.216, 0.310, 0.444, 0.624)
    assert [each.mean for each in found.doses] == pytest.approx(printed, abs=0.009)
    # It takes the dose whose mean rate is nearest the target, 2; dfcrm and funis take the rate at the mean.
    away = [abs(each.mean - 0.25) for each in found.doses]
    assert away.index(min(away)) + 1 == 2
    assert found.recommended == 3


def test_the_answer_is_an_integral() -> None:
    skeleton, treated, toxic = (0.05, 0.1, 0.2, 0.35), (0, 1, 5, 4), (0, 0, 2, 1)
    found = crm(0.2, skeleton, treated, toxic, spread=1.1)

    def density(beta: float) -> float:
        value = math.exp(-0.5 * (beta / 1.1) ** 2)
        for rate, n, bad in zip(skeleton, treated, toxic, strict=True):
            chance = rate ** math.exp(beta)
            value *= chance**bad * (1 - chance) ** (n - bad)
        return value

    def mean(of: object) -> float:
        assert callable(of)
        top = integrate.quad(lambda beta: of(beta) * density(beta), -7, 7, limit=400)[0]
        return float(top / integrate.quad(density, -7, 7, limit=400)[0])

    assert found.beta == pytest.approx(mean(lambda beta: beta), abs=1e-6)
    for rate, dose in zip(skeleton, found.doses, strict=True):
        assert dose.mean == pytest.approx(mean(lambda beta, rate=rate: rate ** math.exp(beta)), abs=1e-6)
        above = mean(lambda beta, rate=rate: float(rate ** math.exp(beta) > 0.2))
        assert dose.above_target == pytest.approx(above, abs=1e-3)
        inside = mean(
            lambda beta, rate=rate, dose=dose: float(dose.lower < rate ** math.exp(beta) < dose.upper)
        )
        assert inside == pytest.approx(0.9, abs=2e-3)


def test_no_dose_is_skipped() -> None:
    found = crm(0.3, (0.02, 0.05, 0.1, 0.2, 0.3), (3, 0, 0, 0, 0), (0, 0, 0, 0, 0))
    assert found.recommended > 2
    assert found.next_dose == 2
    assert crm(0.3, (0.02, 0.05), (0, 0), (0, 0)).next_dose == 1


def test_more_toxicities_never_raise_the_dose() -> None:
    doses = [crm(0.25, (0.05, 0.1, 0.25, 0.4), (3, 6, 6, 0), (0, 1, bad, 0)).recommended for bad in range(7)]
    assert doses == sorted(doses, reverse=True)
    assert len(set(doses)) > 1


@pytest.mark.parametrize(
    ("skeleton", "treated", "toxic"),
    [((0.2, 0.1), (1, 1), (0, 0)), ((0.1, 0.2), (1,), (0,)), ((0.1, 0.2), (1, 1), (2, 0))],
)
def test_impossible_doses_are_refused(
    skeleton: tuple[float, ...], treated: tuple[int, ...], toxic: tuple[int, ...]
) -> None:
    with pytest.raises(ValueRangeError):
        crm(0.25, skeleton, treated, toxic)


def test_a_plain_mean_stays_within_its_interval() -> None:
    found = crm(0.25, (0.05, 0.1, 0.25, 0.4, 0.6), (3, 3, 3, 0, 0), (0, 0, 3, 0, 0))
    assert all(dose.lower < dose.mean < dose.upper for dose in found.doses)
    assert np.all(np.diff([dose.mean for dose in found.doses]) > 0)
