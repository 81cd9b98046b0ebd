"""Adjusted P values: by hand and from the papers that introduced the procedures."""

import numpy as np
import polars as pl
import pytest

from funis.errors import ShapeError, ValueRangeError
from funis.stats.mmrm.adjusted import adjust_table
from funis.stats.tests import adjust


def test_holm_over_the_published_five() -> None:
    # stimulated flow at five visits: 5 * 0.008, then max(4 * 0.016, ...) = 0.064 for all others
    found = adjust.holm([0.008, 0.043, 0.016, 0.017, 0.017])
    assert found.tolist() == pytest.approx([0.040, 0.064, 0.064, 0.064, 0.064])


def test_hommel_by_closure() -> None:
    # Simes over every intersection of three hypotheses, by hand, for 0.02, 0.03, 0.04:
    # all three: min(3*.02, 3/2*.03, .04) = .04; {1,2}: min(.04, .03) = .03; {1,3}: min(.04,.04) = .04;
    # {2,3}: .04
    assert adjust.hommel([0.02, 0.03, 0.04]).tolist() == pytest.approx([0.04, 0.04, 0.04])


def test_fixed_sequence_and_serial() -> None:
    assert adjust.fixed_sequence([0.02, 0.01, 0.2, 0.01]).tolist() == [0.02, 0.02, 0.2, 0.2]
    # Holm in the first pair: 2 * 0.01, max(0.02, 0.03); the second family cannot be below 0.03
    found = adjust.serial_gatekeeping([0.01, 0.03, 0.001], [2, 1])
    assert found.tolist() == pytest.approx([0.02, 0.03, 0.03])


def test_graph_of_holm_is_holm() -> None:
    p = [0.011, 0.2, 0.019, 0.04]
    graph = (1 - np.eye(4)) / 3
    found = adjust.gatekeeping(p, [0.25] * 4, graph)
    assert found.adjusted.tolist() == pytest.approx(adjust.holm(p).tolist())


def test_graph_of_the_fixed_sequence() -> None:
    found = adjust.gatekeeping([0.02, 0.01, 0.2], [1, 0, 0], [[0, 1, 0], [0, 0, 1], [0, 0, 0]])
    assert found.adjusted.tolist() == pytest.approx([0.02, 0.02, 0.2])
    assert found.rejected.tolist() == [True, True, False]
    assert found.order == (0, 1, 2)


def test_parallel_gatekeeping_of_two_doses() -> None:
    # Bretz 2009, figure 1's kind of graph: two primaries at half alpha each, each with its own secondary that
    # sends the share on to the other primary. p = (0.01, 0.04, 0.012, 0.01) by hand at alpha 0.05:
    # H1: 0.01 / 0.5 = 0.02. Its half goes to H3: 0.012 / 0.5 = 0.024. H3's half goes to H2, which then has
    # all: 0.04 / 1 = 0.04. Then H4: 0.01 / 1, not below 0.04.
    graph = [[0, 0, 1, 0], [0, 0, 0, 1], [0, 1, 0, 0], [1, 0, 0, 0]]
    found = adjust.gatekeeping([0.01, 0.04, 0.012, 0.01], [0.5, 0.5, 0, 0], graph)
    assert found.adjusted.tolist() == pytest.approx([0.02, 0.04, 0.024, 0.04])
    assert found.rejected.all()


def test_parallel_graph() -> None:
    weights, graph = adjust.parallel_graph(2, 2)
    # only H1 rejected (0.02): its half of alpha is shared by H3 and H4: 0.004 / 0.25 = 0.016, not below 0.02;
    # H4 then has the whole half: 0.03 / 0.5 = 0.06. H2: 0.3 / 0.5 = 0.6
    found = adjust.gatekeeping([0.01, 0.3, 0.004, 0.03], weights, graph)
    assert found.adjusted.tolist() == pytest.approx([0.02, 0.6, 0.02, 0.06])


def test_a_hypothesis_without_share_is_never_rejected() -> None:
    found = adjust.gatekeeping([0.9, 0.0001], [1, 0], [[0, 0], [0, 0]])
    assert found.adjusted.tolist() == [0.9, 1.0]


def test_empty_and_single_families() -> None:
    for procedure in (
        adjust.bonferroni,
        adjust.holm,
        adjust.hochberg,
        adjust.hommel,
        adjust.benjamini_hochberg,
    ):
        assert procedure([]).tolist() == []
        assert procedure([0.03]).tolist() == [0.03]


def test_refusals() -> None:
    with pytest.raises(ValueRangeError, match="position 1"):
        adjust.holm([0.1, float("nan")])
    with pytest.raises(ValueRangeError, match="Leave out tests"):
        adjust.holm([1.2])
    with pytest.raises(ShapeError, match="one dimension"):
        adjust.holm([[0.1]])
    with pytest.raises(ValueRangeError, match="weights"):
        adjust.gatekeeping([0.1, 0.1], [0.8, 0.8], np.zeros((2, 2)))
    with pytest.raises(ValueRangeError, match="transitions"):
        adjust.gatekeeping([0.1, 0.1], [0.5, 0.5], [[0, 2], [0, 0]])
    with pytest.raises(ValueRangeError, match="families"):
        adjust.serial_gatekeeping([0.1], [2])


def test_parallel_graph_is_holm_in_the_second_family() -> None:
    weights, graph = adjust.parallel_graph(1, 3)
    second = [0.02, 0.001, 0.03]
    found = adjust.gatekeeping([1e-9, *second], weights, graph)
    assert found.adjusted[1:].tolist() == pytest.approx(adjust.holm(second).tolist())


def test_an_estimate_that_is_alone_has_its_own_interval() -> None:
    """Rows without an estimate are no part of the family: t of 9 degrees of freedom at 97.5 % is 2.2622."""
    table = pl.DataFrame(
        {"estimate": [2.0, None], "se": [0.5, None], "df": [9.0, None], "p": [0.00310, None]}
    )
    for method in ("holm", "bonferroni"):
        found = adjust_table(table, method, 0.95)
        assert found["p_adjusted"].to_list() == [0.00310, None]
        assert found["lower_adjusted"].to_list() == [pytest.approx(2.0 - 0.5 * 2.262157), None]
        assert found["upper_adjusted"].to_list() == [pytest.approx(2.0 + 0.5 * 2.262157), None]
    two = adjust_table(table.with_columns(estimate=2.0, se=0.5, df=9.0, p=0.0031), "holm", 0.95)
    # Of two, each has 98.75 %: 2.6850.
    assert two["lower_adjusted"].to_list() == pytest.approx([2.0 - 0.5 * 2.685011] * 2)


def test_a_table_without_any_estimate_stays_empty() -> None:
    table = pl.DataFrame(
        {name: [None] for name in ("estimate", "se", "df", "p")}, schema_overrides={"p": pl.Float64}
    )
    found = adjust_table(table, "holm", 0.95)
    assert found.select("p_adjusted", "lower_adjusted", "upper_adjusted").row(0) == (None, None, None)
