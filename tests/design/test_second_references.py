"""Each design beside a second program: values from the documentation and the tests of R packages, listed in README.md."""

import itertools
import math

import pytest

from funis.design.events import logrank
from funis.design.group_sequential import sequential
from funis.design.harm import chance_of_stopping, safety
from funis.design.one_stage import exact
from funis.design.optimal_interval import boin
from funis.design.repeated import mmrm
from funis.design.two_arms import _power_of_fisher, means, rates
from funis.design.two_stage import simon

# clinfun, article "Functions For Clinical Trial Design": twostage.admissible of two designs.
# p0, p1, alpha, beta; r1, n1, r, n, expected number, chance of stopping early, from minimax to optimal.
ADMISSIBLE = [
    ((0.05, 0.20, 0.10, 0.10), [
        (0, 18, 3, 32, 26.43900, 0.3972143), (0, 15, 3, 33, 24.66076, 0.4632912),
        (0, 13, 3, 35, 23.70647, 0.5133421), (0, 12, 3, 37, 23.49100, 0.5403601)]),
    ((0.25, 0.45, 0.05, 0.10), [
        (6, 26, 17, 49, 37.14596, 0.5153932), (7, 26, 17, 50, 33.55630, 0.6851542),
        (6, 22, 19, 57, 32.52206, 0.6993697)]),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "designs"), ADMISSIBLE)
def test_admissible_designs_are_those_of_clinfun(
    asked: tuple[float, ...], designs: list[tuple[float, ...]]
) -> None:
    p0, p1, alpha, beta = asked
    found = simon(p0, p1, alpha, 1 - beta).admissible
    assert [(each.r1, each.n1, each.r, each.n) for each in found] == [each[:4] for each in designs]
    for each, (*_, expected, early) in zip(found, designs, strict=True):
        assert each.expected_n == pytest.approx(expected, abs=5e-6)
        assert each.early_stop == pytest.approx(early, abs=5e-8)


def test_one_stage_is_that_of_clinfun() -> None:
    # The same article: ph2single(0.4, 0.6, 0.1, 0.1): 41 patients, r = 20, both errors 0.09651722.
    found = exact(0.4, 0.6, 0.1, 0.9)
    assert (found.n, found.r) == (41, 20)
    assert found.type_one == pytest.approx(0.09651722, abs=5e-9)
    assert 1 - found.power == pytest.approx(0.09651722, abs=5e-9)


def test_two_rates_are_those_of_r() -> None:
    # R, help of power.prop.test(p1 = .50, p2 = .75, power = .90): n = 76.7.
    assert round(rates(0.50, 0.75, power=0.90).n_exact / 2, 1) == 76.7


def test_fishers_power_is_that_of_clinfun() -> None:
    # The same article: fe.ssize(p1 = 0.2, p2 = 0.3, power = 0.8): 311 an arm, power 0.8004486. The search through all
    # smaller sizes takes long. clinfun counts significance on the wrong side, too: a chance below a millionth.
    assert _power_of_fisher((311, 311), 0.2, 0.3, 0.05) == pytest.approx(0.8004486, abs=1e-6)


# rpact 3.5, tests of getSampleSizeSurvival(alpha = 0.01): event rates 0.4, 0.5, 0.6 against 0.2 at month 12, recruitment
# over 12, 6 more of follow-up, one-sided 0.01, power 0.8: hazard ratio, events, patients.
SURVIVAL = [
    (2.2892242, 58.52451, 197.78666), (3.1062837, 31.248898, 90.804254), (4.1062837, 20.120262, 51.314209),
]  # fmt: skip


@pytest.mark.parametrize(("hazard_ratio", "events", "patients"), SURVIVAL)
def test_events_and_patients_are_those_of_rpact(hazard_ratio: float, events: float, patients: float) -> None:
    found = logrank(hazard_ratio, median=37.275405, accrual=12.0, follow_up=6.0, alpha=0.02)
    assert found.events_exact == pytest.approx(events, rel=1e-6)
    assert events / (sum(found.event_chance) / 2) == pytest.approx(patients, rel=1e-6)
    assert found.n == (math.ceil(patients / 2), math.ceil(patients / 2))


def test_drop_out_of_either_arm_is_that_of_longpower() -> None:
    # longpower, test of power.mmrm.ar1(N = 80, rho = 0.6, delta = 0.9) with the retention of Lu, Luo and Chen, table 5.
    found = mmrm(
        0.9, 1.0, (1, 0.76, 0.63, 0.52), 0.6, structure="autoregressive", retention_second=(1, 0.87, 0.81, 0.78),
        power=0.907711669457866,
    )  # fmt: skip
    assert found.inflation == pytest.approx((1.75227635858878, 1.24695119599175), rel=1e-12)
    assert found.n_exact == pytest.approx(40, rel=1e-6)


# Lu, Luo and Chen 2008, table 2, in the tests of longpower: two visits, share that leaves, variance inflation by the
# squared correlation 0, 0.1, 0.3, 0.5, 0.7, 0.9 of the two.
TABLE_2 = [
    (0.1, (1.11111111111111, 1.11, 1.10111111111111, 1.08333333333333, 1.05666666666667, 1.02111111111111)),
    (0.2, (1.25, 1.2475, 1.2275, 1.1875, 1.1275, 1.0475)),
]


@pytest.mark.parametrize(("leaves", "inflations"), TABLE_2)
def test_inflations_are_those_of_the_paper(leaves: float, inflations: tuple[float, ...]) -> None:
    for correlation, inflation in zip((0.0, 0.1, 0.3, 0.5, 0.7, 0.9), inflations, strict=True):
        found = mmrm(1.0, 1.0, (1.0, 1 - leaves), correlation, structure="autoregressive")
        assert found.inflation[0] == pytest.approx(inflation, rel=1e-12)


def test_five_looks_are_those_of_gsdesign() -> None:
    # gsDesign, snapshot of print.gsDesign: one-sided 0.025, power 0.9, Hwang-Shih-DeCani -4, five looks.
    found = sequential([0.2, 0.4, 0.6, 0.8, 1.0], "hwang_shih_decani", alpha=0.025, power=0.9, gamma=-4.0)
    assert [round(look.upper, 2) for look in found.looks] == [3.25, 2.99, 2.69, 2.37, 2.03]
    assert [round(look.nominal_p, 4) for look in found.looks] == [0.0006, 0.0014, 0.0036, 0.0088, 0.0214]
    assert round(found.inflation, 3) == 1.023
    assert (round(found.expected_null, 4), round(found.expected_effect, 4)) == (1.0197, 0.7366)
    powers = [look.power for look in found.looks]
    steps = [powers[0], *(later - earlier for earlier, later in itertools.pairwise(powers))]
    assert [round(step, 4) for step in steps] == [0.0370, 0.1512, 0.2647, 0.2699, 0.1771]


def test_chances_of_a_boundary_are_those_of_clinfun() -> None:
    # clinfun, reference of toxbdry(0.2, 0.35, c(20, 40, 60, 75)): low and high boundary, crossing by the true rate.
    found = safety(0.2, 0.35, (20, 40, 60, 75))
    assert (found.next_stricter.limits, found.holds.limits) == ((7, 12, 17, 20), (7, 12, 17, 21))
    rates_at = (0.20, 0.23, 0.26, 0.29, 0.32, 0.35)
    low, high = (
        [round(chance_of_stopping(rule, rate), 3) for rate in rates_at]
        for rule in (found.next_stricter, found.holds)
    )
    assert low == [0.101, 0.247, 0.456, 0.672, 0.838, 0.935]
    assert high == [0.088, 0.214, 0.406, 0.619, 0.797, 0.911]


def test_a_boundary_of_another_error_is_that_of_clinfun() -> None:
    # The same page: toxbdry(0.2, 0.3, c(20, 40, 60, 75), cP0 = 0.15).
    found = safety(0.2, 0.3, (20, 40, 60, 75), allowed=0.15)
    assert (found.next_stricter.limits, found.holds.limits) == ((6, 12, 16, 20), (7, 12, 16, 20))
    assert (round(found.next_stricter.stops_wrongly, 3), round(found.holds.stops_wrongly, 3)) == (
        0.152,
        0.117,
    )


def test_limits_are_those_of_simfastboin() -> None:
    # simFastBOIN, vignette: boin_lambda(target = 0.30): 0.2364907, 0.3585195.
    found = boin(0.30)
    assert found.lambda_e == pytest.approx(0.2364907, abs=5e-8)
    assert found.lambda_d == pytest.approx(0.3585195, abs=5e-8)


def test_two_means_are_those_of_pwr() -> None:
    # pwr, pwr.t.test(d = 0.5, power = 0.8): n = 63.76561 in each group.
    assert means(0.5, 1.0).n_exact / 2 == pytest.approx(63.76561, abs=2e-4)
