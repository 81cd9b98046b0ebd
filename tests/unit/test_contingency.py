"""Exact tests of counts: by hand, and what degenerate data give."""

from itertools import product

import pytest

from funis.errors import ShapeError, ValueRangeError
from funis.stats.tests import contingency


def test_binomial_by_hand() -> None:
    # 5 of 5 against one half: 2 / 32
    assert contingency.binomial_test(5, 5, 0.5).p == pytest.approx(2 / 32)
    assert contingency.binomial_test(5, 5, 0.5, alternative="less").p == 1.0
    # 29 of 40 against the 39.8 % of placebo: two-sided P 3e-5
    assert contingency.binomial_test(29, 40, 0.398).p == pytest.approx(3e-5, rel=0.2)


def test_fisher_by_hand() -> None:
    # the lady and her tea: 3 of 4; tables with 0..4 have 1 16 36 16 1 of 70 ways
    assert contingency.fisher_exact(3, 4, 1, 4).p == pytest.approx(34 / 70)
    assert contingency.fisher_exact(3, 4, 1, 4, alternative="greater").p == pytest.approx(17 / 70)
    assert contingency.fisher_exact(0, 5, 0, 5).p == 1.0


def test_mcnemar_by_hand() -> None:
    # 1 gained, 6 lost: exact 2 (1 + 7) / 128; mid-P takes off the chance of 1 once: 16/128 - 7/128
    first, second = [0] + [1] * 6 + [1, 0], [1] + [0] * 6 + [1, 0]
    found = contingency.mcnemar(first, second)
    assert found.p == pytest.approx(16 / 128)
    assert found.estimate == pytest.approx(-5 / 9)
    assert contingency.mcnemar(first, second, mid=True).p == pytest.approx(9 / 128)
    same = contingency.mcnemar([1, 0, 1], [1, 0, 1])
    assert (same.p, same.note) == (1.0, "no subject changed")


@pytest.mark.parametrize(("gained", "lost"), [(1, 1), (2, 2), (4, 4), (0, 3), (2, 5), (5, 2)])
def test_mid_p_of_mcnemar_by_listing_every_arrangement(gained: int, lost: int) -> None:
    # Each subject that changed may have changed either way: arrangements farther from evenness count whole, those
    # as far as the observed one count half (Lancaster 1961). One each way: 2 of 4 are farther, 2 as far: 0.75.
    seen = abs(gained - lost)
    apart = [abs(sum(each)) for each in product((1, -1), repeat=gained + lost)]
    listed = sum(1.0 if far > seen else 0.5 if far == seen else 0.0 for far in apart) / len(apart)
    first, second = [0] * gained + [1] * lost + [1], [1] * gained + [0] * lost + [1]
    assert contingency.mcnemar(first, second, mid=True).p == pytest.approx(listed)
    if (gained, lost) == (1, 1):
        assert listed == 0.75


def test_paired_ordinal_by_hand() -> None:
    # steps -1 -2 0 -1 -1: Pratt ranks of sizes 0 1 1 1 2 are 1, 3 3 3, 5; all fall: 2 / 16
    found = contingency.paired_ordinal([4, 4, 3, 3, 2], [3, 2, 3, 2, 1])
    assert found.p == pytest.approx(2 / 16)
    assert found.estimate == pytest.approx(-4 / 5)
    assert found.method == "signed-rank test of grades, exact, zeros ranked (Pratt)"
    assert found.lower < -4 / 5 < found.upper < 0.2


def test_paired_ordinal_unchanged() -> None:
    found = contingency.paired_ordinal([0, 0, 1], [0, 0, 1])
    assert (found.p, found.estimate, found.note) == (1.0, 0.0, "every grade is unchanged")


def test_cochran_q_equals_mcnemar_for_two_visits() -> None:
    # Q of two visits is (b - c)^2 / (b + c); exact P is McNemar's
    answers = [[1, 0]] * 6 + [[0, 1]] + [[1, 1]] * 3
    found = contingency.cochran_q(answers)
    assert found.statistic == pytest.approx(25 / 7)
    assert found.p == pytest.approx(contingency.mcnemar(*zip(*answers, strict=True)).p)


def test_cochran_q_by_hand() -> None:
    # rows 100 110 100 110 000: column sums 4 2 0, row sums 1 2 1 2 0
    # Q = 3 * 2 * ((4-2)^2 + 0 + (0-2)^2) / (1*2 + 2*1 + 1*2 + 2*1) = 48 / 8
    answers = [[1, 0, 0], [1, 1, 0], [1, 0, 0], [1, 1, 0], [0, 0, 0]]
    assert contingency.cochran_q(answers).statistic == 6.0
    # exact: sums of squares 20 = 16 + 4 + 0 is the most uneven total. Of 3^4 = 81 arrangements it needs the
    # two single answers in one visit and both pairs to hold it and share their second visit: 3 * 2 = 6
    assert contingency.cochran_q(answers).p == pytest.approx(6 / 81)
    assert contingency.cochran_q([[1, 1], [0, 0]]).note == "nobody changed"


def test_refusals() -> None:
    with pytest.raises(ValueRangeError, match="0 or 1"):
        contingency.mcnemar([0, 2], [1, 1])
    with pytest.raises(ShapeError, match="lengths must agree"):
        contingency.mcnemar([0, 1], [1])
    with pytest.raises(ValueRangeError, match="0 <= k <= n"):
        contingency.fisher_exact(5, 4, 1, 4)
    with pytest.raises(ValueRangeError, match="whole numbers"):
        contingency.paired_ordinal([0.5], [1])
    with pytest.raises(ShapeError, match="two or more visits"):
        contingency.cochran_q([1, 0])


def test_binomial_upper_tail_of_one_event() -> None:
    # at least 1 of 3 at rate 1/2: 7/8
    assert contingency.binomial_test(1, 3, 0.5, alternative="greater").p == pytest.approx(7 / 8)
    assert contingency.binomial_test(0, 3, 0.5, alternative="greater").p == 1.0


def test_chances_of_each_count_add_up_by_pascals_triangle() -> None:
    assert contingency.binomial_chances(3, 0.5).tolist() == pytest.approx([1 / 8, 3 / 8, 3 / 8, 1 / 8])
    # One in four: 27, 27, 9 and 1 of 64.
    assert contingency.binomial_chances(3, 0.25).tolist() == pytest.approx([27 / 64, 27 / 64, 9 / 64, 1 / 64])
    assert contingency.binomial_chances(1, 0.0).tolist() == pytest.approx([1.0, 0.0])
