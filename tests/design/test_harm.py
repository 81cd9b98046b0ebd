"""Bounds for harm beside those of the R package clinfun, and beside every path of a small trial."""

from itertools import product

import pytest

from funis.design.harm import chance_of_stopping, monitor, safety
from funis.errors import ValueRangeError

# clinfun 1.1.5 toxbdry: acceptable, unacceptable, looks; stop above; chances of crossing under either rate.
CLINFUN = [
    (0.2, 0.35, (20, 40, 60, 75), (7, 12, 17, 20), 0.101, 0.935),
    (0.1, 0.3, (10, 20, 30, 40), (2, 4, 6, 7), 0.111, 0.960),
    (0.163, 0.35, (10, 20, 30, 40), (3, 6, 8, 10), 0.115, 0.908),
    (0.05, 0.25, (6, 12, 18, 24), (1, 2, 2, 2), 0.128, 0.962),
]


@pytest.mark.parametrize(("acceptable", "unacceptable", "looks", "limits", "wrongly", "rightly"), CLINFUN)
def test_the_stricter_neighbour_is_the_rule_of_clinfun(
    acceptable: float,
    unacceptable: float,
    looks: tuple[int, ...],
    limits: tuple[int, ...],
    wrongly: float,
    rightly: float,
) -> None:
    found = safety(acceptable, unacceptable, looks)
    assert found.next_stricter.limits == limits
    assert round(found.next_stricter.stops_wrongly, 3) == wrongly
    assert round(found.next_stricter.stops_rightly, 3) == rightly
    assert found.holds.stops_wrongly <= 0.1 < found.next_stricter.stops_wrongly


def test_the_chance_of_stopping_is_that_of_every_path() -> None:
    rule = safety(0.2, 0.5, (3, 6, 8), allowed=0.2).holds
    for rate in (0.2, 0.5, 0.83):
        chance = expected = 0.0
        for path in product((0, 1), repeat=8):
            weight = rate ** sum(path) * (1 - rate) ** (8 - sum(path))
            stopped = [
                look for look, limit in zip(rule.looks, rule.limits, strict=True) if sum(path[:look]) > limit
            ]
            chance += weight * bool(stopped)
            expected += weight * (stopped[0] if stopped else 8)
        assert chance_of_stopping(rule, rate) == pytest.approx(chance, rel=1e-12)
        if rate == rule.acceptable:
            assert rule.expected_n[0] == pytest.approx(expected, rel=1e-12)


def test_the_bayesian_rule_stops_with_the_published_counts() -> None:
    # Beta(0.1, 0.9), stop if P(rate > 0.10) > 0.90.
    assert monitor(0.10, (5, 10, 15, 20, 30, 40)).events == (2, 3, 4, 5, 6, 7)


def test_a_rule_that_one_patient_cannot_meet_says_never() -> None:
    # One event of one: beta(1.1, 0.9) lies above 0.5 with a chance well below 0.9.
    assert monitor(0.5, (1, 20)).events[0] is None


@pytest.mark.parametrize("looks", [(10, 10), (20, 10)])
def test_looks_that_do_not_rise_are_refused(looks: tuple[int, ...]) -> None:
    with pytest.raises(ValueRangeError, match="rising"):
        safety(0.1, 0.3, looks)
    with pytest.raises(ValueRangeError, match="rising"):
        monitor(0.1, looks)


def test_an_unacceptable_rate_that_is_lower_is_refused() -> None:
    with pytest.raises(ValueRangeError, match="above"):
        safety(0.3, 0.3, (10, 20))
