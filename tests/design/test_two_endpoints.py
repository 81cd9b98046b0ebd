"""Two endpoints watched in one arm, beside the R package BOP2FE and beside every path of a small trial."""

from itertools import product

import pytest
from scipy import stats

from funis.design.watched_endpoints import TwoEndpointRule, two_endpoints
from funis.errors import ValueRangeError

NULL, BETTER = (0.15, 0.30, 0.15, 0.40), (0.18, 0.42, 0.02, 0.38)


def test_limits_are_those_of_bop2fe() -> None:
    # BOP2FE, its own README: boundaries for futility of BOP2FE_jointefftox with these chances, lambda 0.7, gamma 1.
    found = two_endpoints(NULL, BETTER, (10, 15, 20, 25, 30, 35, 40), level=0.7, shape=1.0)
    assert [look.responses for look in found.looks] == [3, 5, 8, 10, 13, 16, 19]
    assert [look.events for look in found.looks] == [(5,), (6,), (7,), (8,), (9,), (10,), (11,)]


def certainties(cells: tuple[float, ...], kinds: tuple[int, ...], *, is_among: bool) -> tuple[float, float]:
    """Give both certainties from the Dirichlet posterior of the four chances."""
    counts = [cells[kind] + kinds.count(kind) for kind in range(4)]
    response = cells[0] + cells[1]
    enough = stats.beta(counts[0] + counts[1], counts[2] + counts[3]).sf(response)
    if is_among:
        return float(enough), float(stats.beta(counts[0], counts[1]).cdf(cells[0] / response))
    few = stats.beta(counts[0] + counts[2], counts[1] + counts[3]).cdf(cells[0] + cells[2])
    return float(enough), float(few)


def walk(found: TwoEndpointRule, truth: tuple[float, ...]) -> tuple[float, float, float]:
    """Give success, early stop and patients on average from every path of six patients."""
    looks = [look.n for look in found.looks]
    known: dict[tuple[int, ...], bool] = {}
    success = early = expected = 0.0
    for path in product(range(4), repeat=looks[-1]):
        weight = 1.0
        for kind in path:
            weight *= truth[kind]
        if not weight:
            continue
        stopped = looks[-1] + 1
        for look in found.looks:
            seen = tuple(sorted(path[: look.n]))
            if seen not in known:
                pair = certainties(found.null, seen, is_among=found.is_among_responders)
                known[seen] = min(pair) >= look.cutoff
            if not known[seen]:
                stopped = look.n
                break
        success += weight * (stopped > looks[-1])
        early += weight * (stopped < looks[-1])
        expected += weight * min(stopped, looks[-1])
    return success, early, expected


@pytest.mark.parametrize(
    ("null", "better", "is_among"),
    [(NULL, BETTER, False), ((0.2, 0.2, 0.0, 0.6), (0.1, 0.5, 0.0, 0.4), True)],
)
def test_chances_are_those_of_every_path(
    *, null: tuple[float, ...], better: tuple[float, ...], is_among: bool
) -> None:
    found = two_endpoints(null, better, (2, 4, 6), level=0.6, shape=0.5, among_responders=is_among)
    for world, chance in ((null, found.chances[0]), (better, found.chances[-1])):
        success, early, expected = walk(found, world)
        assert chance.success == pytest.approx(success, rel=1e-12)
        assert chance.early_stop == pytest.approx(early, rel=1e-12)
        assert chance.expected_n == pytest.approx(expected, rel=1e-12)


def test_the_cutoff_that_is_found_holds_the_error() -> None:
    found = two_endpoints(NULL, BETTER, (10, 20), alpha=0.15)
    by_name = {each.name: each for each in found.chances}
    assert by_name["null"].success <= 0.15
    # The next lower level of the same shape does not hold it, or has no more power.
    lower = two_endpoints(NULL, BETTER, (10, 20), level=found.level - 0.005, shape=found.shape).chances
    assert lower[0].success > 0.15 or lower[-1].success == by_name["better"].success
    assert by_name["better"].success > by_name["response only"].success > by_name["null"].success


def test_with_shape_nought_every_look_asks_the_same() -> None:
    found = two_endpoints(NULL, BETTER, (5, 10), level=0.2, shape=0.0)
    assert {look.cutoff for look in found.looks} == {0.2}


@pytest.mark.parametrize(
    ("null", "better", "words"),
    [
        ((0.2, 0.2, 0.2, 0.2), BETTER, "add up to 1"),
        (NULL, (0.10, 0.30, 0.05, 0.55), "above 0.45"),
        (NULL, (0.30, 0.30, 0.05, 0.35), "below 0.3"),
        ((0.0, 0.4, 0.0, 0.6), BETTER, "between 0 and 1"),
    ],
)
def test_chances_that_make_no_rule_are_refused(
    null: tuple[float, ...], better: tuple[float, ...], words: str
) -> None:
    with pytest.raises(ValueRangeError, match=words):
        two_endpoints(null, better, (10, 20))


def test_an_error_that_no_level_holds_is_refused() -> None:
    with pytest.raises(ValueRangeError, match="some power"):
        two_endpoints(NULL, BETTER, (1, 2), alpha=0.001)
