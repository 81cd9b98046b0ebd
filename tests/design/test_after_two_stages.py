"""What a trial in two stages has found, beside the R package clinfun and beside every result of a small trial."""

from fractions import Fraction
from math import comb

import pytest

from funis.design.two_stage import simon
from funis.design.two_stage_inference import TwoStageFinding, after_two_stages
from funis.errors import ValueRangeError

R1, N1, N = 1, 5, 9


def every_result(rate: Fraction) -> dict[int, Fraction]:
    """Give the chance of each result by its responses; those of the first stage are at most R1."""
    chances = dict.fromkeys(range(N + 1), Fraction(0))
    for first in range(N1 + 1):
        here = comb(N1, first) * rate**first * (1 - rate) ** (N1 - first)
        for second in range(N - N1 + 1):
            later = comb(N - N1, second) * rate**second * (1 - rate) ** (N - N1 - second)
            chances[first if first <= R1 else first + second] += here * later
    return chances


def found(responses: int, p0: float = 0.2, alpha: float = 0.05) -> TwoStageFinding:
    return after_two_stages(responses, R1, N1, N, p0=p0, alpha=alpha)


def test_a_trial_is_read_as_by_clinfun() -> None:
    # clinfun 1.1.5 twostage.inference(14, 5, 24, 45, 0.2): pumvue 0.3243, p.value 0.0483, LCL 0.2010.
    result = after_two_stages(14, 5, 24, 45, p0=0.2)
    assert round(result.unbiased, 4) == 0.3243
    assert round(result.p_value, 4) == 0.0483
    assert round(result.lower, 4) == 0.2010


@pytest.mark.parametrize("rate", [Fraction(1, 10), Fraction(1, 3), Fraction(4, 5)])
def test_the_estimate_is_right_on_average(rate: Fraction) -> None:
    # Stage and responses are complete and sufficient: of all estimates by them this one alone is unbiased.
    mean = sum(float(chance) * found(k).unbiased for k, chance in every_result(rate).items())
    assert mean == pytest.approx(float(rate), rel=1e-12)
    plain = sum(float(chance) * found(k).proportion for k, chance in every_result(rate).items())
    assert plain < float(rate)


def test_the_p_value_sums_every_result_as_far_or_further() -> None:
    chances = every_result(Fraction(3, 10))
    for k in range(N + 1):
        expected = float(sum(chances[other] for other in range(k, N + 1)))
        assert found(k, p0=0.3).p_value == pytest.approx(expected, rel=1e-12)


def test_the_limits_cover_every_rate_as_often_as_they_say() -> None:
    intervals = [(found(k).lower, found(k).upper) for k in range(N + 1)]
    assert intervals[0][0] == 0.0
    assert intervals[-1][1] == 1.0
    for step in range(1, 50):
        rate = Fraction(step, 50)
        chances = every_result(rate)
        below = float(sum(chances[k] for k, (low, _) in enumerate(intervals) if float(rate) < low))
        above = float(sum(chances[k] for k, (_, high) in enumerate(intervals) if float(rate) > high))
        assert below <= 0.05
        assert above <= 0.05


def test_a_limit_is_where_the_chance_is_the_error() -> None:
    result = found(5)
    at = every_result(Fraction(result.lower)), every_result(Fraction(result.upper))
    assert float(sum(at[0][k] for k in range(5, N + 1))) == pytest.approx(0.05, abs=1e-9)
    assert float(sum(at[1][k] for k in range(6))) == pytest.approx(0.05, abs=1e-9)


def test_p_value_and_design_agree() -> None:
    # Simon's design (0.2, 0.4, 0.05, 0.9): success with more than 15 of 54, error as the design has it.
    design = simon(0.2, 0.4, 0.05, 0.9).optimal
    success = after_two_stages(design.r + 1, design.r1, design.n1, design.n, p0=0.2)
    assert success.p_value == pytest.approx(design.type_one, rel=1e-12)
    assert (
        success.p_value <= 0.05 < after_two_stages(design.r, design.r1, design.n1, design.n, p0=0.2).p_value
    )


def test_a_trial_that_ended_early_has_the_proportion_of_its_stage() -> None:
    result = found(1)
    assert (result.treated, result.has_second_stage) == (5, False)
    assert result.unbiased == result.proportion == 0.2


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ((10, 1, 5, 9), "at most the subjects"),
        ((3, 5, 5, 9), "below its subjects"),
        ((3, 1, 9, 9), "above those"),
    ],
)
def test_counts_that_cannot_be_are_refused(given: tuple[int, int, int, int], words: str) -> None:
    with pytest.raises(ValueRangeError, match=words):
        after_two_stages(*given, p0=0.2)
