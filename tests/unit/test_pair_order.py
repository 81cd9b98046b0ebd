"""Order statistics of the sums of pairs are those of all pairs made and sorted, to the last bit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from funis.stats.tests import ranks
from funis.stats.tests.compare import wilcoxon_rank_sum, wilcoxon_signed_rank
from funis.stats.tests.pairs import PairSums

WHOLE = st.integers(-6, 6).map(float)
ANY = st.one_of(WHOLE, st.floats(-1e6, 1e6, allow_subnormal=False), st.sampled_from([0.1, 0.2, 0.3, 1e-9]))


def samples(values: st.SearchStrategy[float]) -> st.SearchStrategy[np.ndarray]:
    return arrays(np.float64, st.integers(1, 25), elements=values)


@given(samples(ANY))
def test_means_of_pairs_of_one_sample(values: np.ndarray) -> None:
    first, second = np.triu_indices(values.size)
    every = np.sort((values[first] + values[second]) / 2.0)
    found = PairSums(values, values, is_one_sample=True, scale=0.5)
    assert found.size == every.size
    assert [found[place] for place in range(every.size)] == every.tolist()


@given(samples(ANY), samples(ANY))
def test_differences_of_two_samples(one: np.ndarray, other: np.ndarray) -> None:
    every = np.sort(np.subtract.outer(one, other), axis=None)
    found = PairSums(one, -other)
    assert found.size == every.size
    assert [found[place] for place in range(every.size)] == every.tolist()


@pytest.mark.parametrize("decimals", [0, 2, 15])
def test_large_samples_give_what_sorting_gives(monkeypatch: pytest.MonkeyPatch, decimals: int) -> None:
    rng = np.random.default_rng(decimals)
    change, other = np.round(rng.normal(-1, 3, 700), decimals), np.round(rng.normal(0, 2, 500), decimals)
    assert isinstance(ranks.walsh_averages(change), PairSums)
    assert isinstance(ranks.pairwise_differences(change, other), PairSums)
    found = wilcoxon_signed_rank(change), wilcoxon_rank_sum(change, other)
    monkeypatch.setattr(ranks, "MOST_PAIRS", 10**9)
    assert isinstance(ranks.walsh_averages(change), np.ndarray)
    # As texts, which hold every digit: degrees of freedom that do not exist (NaN) are not equal to themselves.
    assert repr((wilcoxon_signed_rank(change), wilcoxon_rank_sum(change, other))) == repr(found)


def test_pairs_are_made_up_to_the_limit_and_found_above(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.array([3.0, 1.0, 2.0])
    # Three values have six pairs with themselves; three and two values have six differences.
    for most, kind in ((6, np.ndarray), (5, PairSums)):
        monkeypatch.setattr(ranks, "MOST_PAIRS", most)
        assert isinstance(ranks.walsh_averages(values), kind)
        assert isinstance(ranks.pairwise_differences(values, values[:2]), kind)
    # Means of pairs: 1, 1.5, 2, 2, 2.5, 3.
    assert ranks.middle(ranks.walsh_averages(values)) == 2.0
    assert ranks.middle(np.array([1.0, 2.0, 4.0, 8.0])) == 3.0
    assert ranks.middle(np.array([1.0, 2.0, 4.0])) == 2.0


def test_equal_values_and_one_value() -> None:
    assert PairSums(np.zeros(5), np.zeros(4))[19] == 0.0
    assert PairSums(np.array([2.0]), np.array([3.0]))[0] == 5.0
    assert PairSums(np.full(3, 1e300), np.full(3, 1.0))[0] == 1e300
