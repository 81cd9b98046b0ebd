"""Single steps on the way of SAS's optimiser, by hand."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from funis.stats.mmrm import sas


@pytest.mark.parametrize(("reml", "free"), [(True, 8), (False, 10)])
def test_the_residual_variance_is_the_quadratic_form_over_what_is_free(free: int, *, reml: bool) -> None:
    """Ten observations and two coefficients: REML divides by 8, ML by 10."""
    likelihood: Any = SimpleNamespace(
        sums=SimpleNamespace(n_observations=10, coefficients=2), reml=reml, evaluate=lambda theta: theta
    )
    state: Any = SimpleNamespace(theta=np.array([2.0, 1.0]), quadratic=20.0)
    found: Any = sas._rescaled(likelihood, state)
    assert found.tolist() == [2.0 * 20 / free, 20 / free]


def test_a_step_of_all_parameters_is_newtons() -> None:
    state: Any = SimpleNamespace(theta=np.array([3.0, 5.0]), score=np.array([2.0, 4.0]))
    target, change = sas._step(state, np.diag([2.0, 8.0]), profiled=False)
    assert target.tolist() == [2.0, 4.5]
    assert change == 2.0 * 1.0 + 4.0 * 0.5


def test_a_step_of_the_ratios_leaves_the_residual_variance() -> None:
    """theta = (s, s q) with s = 2 and q = 3; score (0, 1); Hessian diag(1, 2).

    In (s, q) the Hessian is [[1 + 9 * 2, 2 * 3 * 2], [., 4 * 2]] plus the score of q, 1, beside the diagonal:
    [[19, 13], [13, 8]]. Concentrated: 8 - 169 / 19 = -17 / 19. The slope of q is s * 1 = 2, so that q moves by
    2 / (17 / 19) = 38 / 17 upwards, and g'H^-1 g is -4 * 19 / 17.
    """
    state: Any = SimpleNamespace(theta=np.array([2.0, 6.0]), score=np.array([0.0, 1.0]))
    target, change = sas._step(state, np.diag([1.0, 2.0]), profiled=True)
    assert target == pytest.approx([2.0, 2.0 * (3.0 + 38.0 / 17.0)], rel=1e-12)
    assert change == pytest.approx(-4.0 * 19.0 / 17.0, rel=1e-12)
