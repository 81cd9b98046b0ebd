"""Group sequential bounds beside those of rpact and gsDesign, and beside multivariate normal chances."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from funis.design.crossing import crossings
from funis.design.group_sequential import sequential
from funis.errors import UnknownNameError, ValueRangeError

# rpact 3.3.4, one-sided 0.025, equally spaced looks.
RPACT: dict[str, list[tuple[float, ...]]] = {
    "obrien_fleming": [
        (2.7965, 1.9774),
        (3.4711, 2.4544, 2.0040),
        (4.0486, 2.8628, 2.3375, 2.0243),
        (4.5617, 3.2256, 2.6337, 2.2809, 2.0401),
    ],
    "pocock": [(2.1783,) * 2, (2.2895,) * 3, (2.3613,) * 4, (2.4132,) * 5],
    "lan_demets_obrien_fleming": [(2.9626, 1.9686), (3.7103, 2.5114, 1.9930)],
    "lan_demets_pocock": [(2.2794, 2.2949, 2.2959)],
}
INFLATION = {
    "obrien_fleming": (1.0078, 1.0174, 1.0238, 1.0284),
    "pocock": (1.1104, 1.1664, 1.2025, 1.2286),
}


def evenly(looks: int) -> list[float]:
    return [(number + 1) / looks for number in range(looks - 1)] + [1.0]


@pytest.mark.parametrize(
    ("boundary", "bounds"), [(name, each) for name, rows in RPACT.items() for each in rows]
)
def test_bounds_are_those_of_rpact(boundary: str, bounds: tuple[float, ...]) -> None:
    found = sequential(evenly(len(bounds)), boundary)
    assert [round(look.upper, 4) for look in found.looks] == list(bounds)
    assert found.looks[-1].spent == pytest.approx(0.025, abs=1e-9)
    assert found.looks[-1].power == pytest.approx(0.8, abs=1e-9)


@pytest.mark.parametrize("boundary", INFLATION)
def test_what_a_design_costs_is_what_rpact_says(boundary: str) -> None:
    found = [sequential(evenly(looks), boundary).inflation for looks in (2, 3, 4, 5)]
    assert tuple(round(each, 4) for each in found) == INFLATION[boundary]


def test_error_is_spent_as_rpact_spends_it() -> None:
    spent = [look.spent for look in sequential(evenly(3), "lan_demets_obrien_fleming").looks]
    assert [round(each, 6) for each in spent] == [0.000104, 0.006048, 0.025]


def test_futility_bounds_are_those_of_gsdesign() -> None:
    # gsDesign 3.6 gsDesign(): three looks, alpha 0.025, beta 0.1, Hwang-Shih-DeCani -4 and -2, not binding.
    found = sequential(
        evenly(3), "hwang_shih_decani", alpha=0.025, power=0.9, gamma=-4.0, futility_gamma=-2.0
    )
    assert [round(look.upper, 4) for look in found.looks] == [3.0107, 2.5465, 1.9992]
    assert [round(look.lower, 4) for look in found.looks] == [-0.2387, 0.9411, 1.9992]
    assert round(found.inflation, 4) == 1.0699


shares = st.lists(st.floats(0.15, 0.9), min_size=1, max_size=2, unique_by=lambda value: round(value, 1))


@settings(max_examples=12)
@given(times=shares, drift=st.floats(-1.0, 4.0), high=st.floats(1.5, 3.0), low=st.floats(-1.5, 1.0))
def test_crossings_are_the_chances_of_a_normal_vector(
    times: list[float], drift: float, high: float, low: float
) -> None:
    rising = [*sorted(times), 1.0]
    found = crossings(rising, [high] * len(rising), [low] * len(rising), drift)
    root = np.sqrt(np.array(rising))
    covariance = np.minimum.outer(rising, rising) / np.outer(root, root)
    vector = stats.multivariate_normal(drift * root, covariance, seed=np.random.default_rng(1))
    inside = vector.cdf([high] * len(rising), lower_limit=[low] * len(rising))
    assert 1 - found.sum() == pytest.approx(inside, abs=1e-4)


def test_every_design_spends_its_error_exactly() -> None:
    for boundary in ("obrien_fleming", "pocock", "lan_demets_pocock", "hwang_shih_decani"):
        found = sequential([0.2, 0.55, 0.8, 1.0], boundary, alpha=0.05, power=0.9)
        assert found.looks[-1].spent == pytest.approx(0.05, abs=1e-9)
        spent = [look.spent for look in found.looks]
        assert spent == sorted(spent)


def test_one_look_is_a_trial_without_looks() -> None:
    found = sequential([1.0])
    assert found.looks[0].upper == pytest.approx(1.959963985, abs=1e-8)
    assert found.inflation == pytest.approx(1.0, abs=1e-9)
    assert found.drift == pytest.approx(1.959963985 + 0.841621234, abs=1e-7)
    assert math.isinf(found.looks[0].lower)


@pytest.mark.parametrize("times", [[0.5], [0.5, 0.5, 1.0], [1.0, 0.5], [0.0, 1.0]])
def test_times_that_do_not_rise_to_one_are_refused(times: list[float]) -> None:
    with pytest.raises(ValueRangeError, match="rising"):
        sequential(times)


def test_an_unknown_boundary_names_the_known_ones() -> None:
    with pytest.raises(UnknownNameError, match="obrien_fleming"):
        sequential([0.5, 1.0], "obrien-flemming")
