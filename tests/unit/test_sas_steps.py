"""Single steps on the way of SAS's optimiser, by hand."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from funis.errors import ValueRangeError
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


def test_a_step_of_two_ratios_is_one_of_both_together() -> None:
    """theta = (s, s q, s r) with s = 2, q = 3, r = 1; score (0, 1, 2); Hessian diag(1, 2, 4).

    In (s, q, r) the Hessian is [[23, 12, 8], [., 8, 0], [., ., 16]], plus the scores of q and r beside the
    diagonal: [[23, 13, 10], [., 8, 0], [., ., 16]]. Concentrated: [[15, -130], [-130, 268]] / 23. The slope is
    (2, 4), the change (-66/35, -4/7), and g'H^-1 g -212/35.
    """
    state: Any = SimpleNamespace(theta=np.array([2.0, 6.0, 2.0]), score=np.array([0.0, 1.0, 2.0]))
    target, change = sas._step(state, np.diag([1.0, 2.0, 4.0]), profiled=True)
    assert target == pytest.approx([2.0, 2.0 * (3.0 + 66 / 35), 2.0 * (1.0 + 4 / 7)], rel=1e-12)
    assert change == pytest.approx(-212 / 35, rel=1e-12)


class Path:
    """A likelihood that is the same at every point, with what was asked of it."""

    def __init__(self, covariance: str = "us", groups: int = 1, visits: int = 1, ends: int = 99) -> None:
        self.covariance, self.cells, self.reml = covariance, [None] * groups, True
        self.size = visits * (visits + 1) // 2 if covariance == "us" else 2
        self.sums = SimpleNamespace(visits=visits, n_observations=10, coefficients=2)
        self.asked: list[list[float]] = []
        self.ends, self.expected = ends, False

    def evaluate(self, theta: np.ndarray) -> Any:
        self.asked.append(theta.tolist())
        score = np.full(len(theta), 0.5)
        state = SimpleNamespace(theta=theta, quadratic=8.0, score=score)
        return state if len(self.asked) <= self.ends else None

    def hessian(self, state: Any, *, expected: bool = False) -> tuple[np.ndarray, np.ndarray]:
        self.expected = expected
        return np.diag(np.arange(1.0, len(state.theta) + 1)), np.zeros(0)

    def log_likelihood(self, state: Any) -> float:  # noqa: ARG002 - the same everywhere
        return 3.0


def walk(monkeypatch: pytest.MonkeyPatch, change: float, path: Path, log_det: float = 1.0) -> Any:
    """Walk along a path whose every step has this g'H^-1 g; |f| is 2 (3 + 1) = 8."""
    monkeypatch.setattr(sas, "_step", lambda state, *_, **__: (state.theta, change))
    likelihood: Any = path
    return sas.maximise_as_sas(likelihood, log_det_design=log_det)


@pytest.mark.parametrize(
    ("change", "steps"), [(0.0, 1), (3.9e-8, 1), (4e-8, 50), (4.1e-8, 50)], ids=["0", "below", "at", "above"]
)
def test_the_path_ends_below_its_criterion_and_never_at_its_start(
    monkeypatch: pytest.MonkeyPatch, change: float, steps: int
) -> None:
    """2 * change / 8 is below 1e-8 where the change is below 4e-8."""
    path = Path()
    found = walk(monkeypatch, change, path)
    assert found.steps == steps
    # Two points of MIVQUE0, and one after each step that did not end the path.
    assert len(path.asked) == 2 + steps
    if steps == 50:
        assert (found.status, found.detail) == ("did not converge", "no convergence in 50 steps")
    else:
        assert (found.status, found.detail) == ("converged", "")


def test_a_path_that_leaves_the_matrices_says_after_how_many_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    for ends, steps in ((0, 0), (1, 0), (2, 1), (5, 4)):
        found = walk(monkeypatch, 1.0, Path(ends=ends))
        assert (found.status, found.steps) == ("did not converge", steps)
        assert found.detail == "PROC MIXED's path leaves the matrices"
    assert walk(monkeypatch, 1.0, Path("cs", ends=0)).steps == 0


def test_a_path_ends_where_the_hessian_has_no_maximum(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sas, "_mivque0", lambda likelihood: likelihood.evaluate(np.ones(1)))
    path = Path()
    monkeypatch.setattr(path, "hessian", lambda _: (-np.eye(1), np.zeros(0)))
    found = walk(monkeypatch, 0.0, path)
    assert (found.status, found.steps) == ("did not converge", 0)
    assert found.detail == "the Hessian is not positive definite"


def test_the_residual_variance_is_profiled_out_of_compound_symmetry_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each point of cs is taken times 8 / (10 - 2) = 1 before its step; a point of us never is."""
    unstructured, symmetric = Path("us"), Path("cs")
    assert walk(monkeypatch, 0.0, unstructured).steps == walk(monkeypatch, 0.0, symmetric).steps == 1
    assert (len(unstructured.asked), len(symmetric.asked)) == (3, 5)


@pytest.mark.parametrize(("covariance", "groups"), [("ar1", 1), ("us", 2), ("cs", 3), ("toep", 2)])
def test_another_path_is_not_known(monkeypatch: pytest.MonkeyPatch, covariance: str, groups: int) -> None:
    with pytest.raises(ValueRangeError, match="covariance us, cs without groups"):
        walk(monkeypatch, 0.0, Path(covariance, groups))


@pytest.mark.parametrize(
    ("path", "start"),
    [(Path("us", visits=3), [1, 0, 1, 0, 0, 1]), (Path("us", visits=1), [1]), (Path("cs", visits=3), [1, 0])],
)
def test_mivque0_is_a_scoring_step_from_independent_visits(path: Path, start: list[float]) -> None:
    """Variances of 1 and covariances of 0; each parameter then falls by its score 1/2 over its information."""
    likelihood: Any = path
    found: Any = sas._mivque0(likelihood)
    assert path.asked[0] == start
    assert found.theta == pytest.approx([one - 0.5 / (i + 1) for i, one in enumerate(start)], rel=1e-12)
    assert path.expected
