"""Laws of whole-number samples, tried on samples nobody chose."""

import statistics
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from funis.demo.integer_samples import choose_items, fit_integers, recover_sums, round_half_away
from funis.results import format_number

SAMPLES = st.lists(st.integers(0, 40), min_size=2, max_size=30)


@given(SAMPLES)
def test_the_sums_of_a_sample_are_among_those_its_printed_figures_allow(sample: list[int]) -> None:
    n = len(sample)
    mean = format_number(Fraction(sum(sample), n), 2)
    sd = format_number(statistics.stdev(sample), 2)
    assert (sum(sample), sum(x * x for x in sample)) in recover_sums(mean, sd, n)


@given(SAMPLES)
def test_every_sum_allowed_prints_as_the_mean(sample: list[int]) -> None:
    n = len(sample)
    mean = format_number(Fraction(sum(sample), n), 2)
    for total, _ in recover_sums(mean, format_number(statistics.stdev(sample), 2), n):
        assert round_half_away(Fraction(total, n), 2) == Fraction(mean)


@given(st.data())
def test_a_sample_that_exists_is_found_again_from_its_own_shape(data: st.DataObject) -> None:
    sample = data.draw(st.lists(st.integers(0, 30), min_size=4, max_size=25))
    squares = sum(x * x for x in sample)
    found = fit_integers(
        [float(x) for x in sample],
        sum(sample),
        (squares, squares),
        lower=[0] * len(sample),
        upper=[30] * len(sample),
    )
    assert sum(found) == sum(sample)
    assert sum(x * x for x in found) == squares


@given(
    st.dictionaries(st.text("abcdef", min_size=1, max_size=3), st.sampled_from([1, 2, 4, 8]), min_size=1),
    st.data(),
)
def test_chosen_items_make_the_total_and_hold_what_must_be(
    weights: dict[str, int], data: st.DataObject
) -> None:
    names = sorted(weights)
    present = frozenset(data.draw(st.lists(st.sampled_from(names), unique=True)))
    must = (
        frozenset(data.draw(st.lists(st.sampled_from(sorted(present)), unique=True))) if present else present
    )
    total = sum(weights[name] for name in present)
    chosen = choose_items(weights, total, must=must, costs=dict.fromkeys(present, 1.0))
    assert sum(weights[name] for name in chosen) == total
    assert must <= chosen <= present
