"""The likelihood against its definition, subject by subject with dense matrices, and its derivatives by differences."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from funis.errors import ShapeError
from funis.stats.mmrm import engine
from funis.stats.mmrm.covariance import STRUCTURES, Floats, count_parameters, evaluate_structure
from funis.stats.mmrm.engine import Likelihood
from funis.stats.mmrm.sums import SubjectArrays, _cell_codes, sum_patterns

N, M, P = 14, 3, 4
# A point inside the parameters of each structure of three visits, none of them special.
POINTS = {
    "us": [4.0, 1.0, 5.0, 0.5, 1.2, 6.0],
    "toep": [5.0, 2.0, 1.0],
    "toeph": [4.0, 5.0, 6.0, 0.5, 0.3],
    "ar1": [5.0, 0.6],
    "ar1h": [4.0, 5.0, 6.0, -0.4],
    "cs": [3.0, 1.5],
    "csh": [4.0, 5.0, 6.0, 0.35],
    "ad": [5.0, 0.6, 0.2],
    "adh": [4.0, 5.0, 6.0, 0.6, 0.2],
    "sp_exp": [5.0, 1.7],
}


def data(*, groups: int = 1, times: str = "") -> SubjectArrays:
    """Arm and baseline, an effect of each visit; every pattern with at least one visit seen."""
    rng = np.random.default_rng(8)
    observed = rng.random((N, M)) < 0.7
    observed[~observed.any(axis=1), 1] = True
    u = np.column_stack([np.ones(N), np.arange(N) % 2, rng.normal(size=N)])
    C = np.zeros((M, 3, P))
    C[:, 0, 0] = C[1, 0, 1] = C[:, 1, 2] = C[:, 2, 3] = 1.0
    C[2, 1, 1] = 0.5
    at = np.cumsum(rng.uniform(0.5, 2.0, (N, M)), axis=1)
    distance = np.abs(at[:, :, None] - at[:, None, :])
    return SubjectArrays(
        outcome=rng.normal(size=(N, M)) * 2 * observed,
        observed=observed,
        subject_part=u,
        visit_part=C,
        group=np.arange(N) % groups,
        distance={"": None, "shared": distance[0], "own": distance}[times],
    )


class Dense:
    """The model written out: V_i, X_i and y_i of each subject."""

    def __init__(self, given: SubjectArrays, name: str, *, reml: bool) -> None:
        self.given, self.name, self.reml = given, name, reml
        self.groups = int(given.group.max()) + 1
        self.seen = [np.flatnonzero(row) for row in given.observed]
        self.X = [
            np.stack([given.subject_part[i] @ given.visit_part[a] for a in seen])
            for i, seen in enumerate(self.seen)
        ]
        self.y = [given.outcome[i, seen] for i, seen in enumerate(self.seen)]

    def covariance(self, theta: Floats, i: int) -> Floats:
        size = theta.size // self.groups
        own = theta[self.given.group[i] * size : (self.given.group[i] + 1) * size]
        distance = self.given.distance
        if distance is not None and distance.ndim == 3:
            distance = distance[i]
        sigma = evaluate_structure(self.name, own, M, order=0, distance=distance)[0]
        return np.asarray(sigma[np.ix_(self.seen[i], self.seen[i])], dtype=np.float64)

    def objective(self, theta: Floats) -> float:
        V = [self.covariance(theta, i) for i in range(N)]
        gram = sum(X.T @ np.linalg.solve(v, X) for X, v in zip(self.X, V, strict=True))
        cross = sum(X.T @ np.linalg.solve(v, y) for X, v, y in zip(self.X, V, self.y, strict=True))
        beta = np.linalg.solve(gram, cross)
        value = 0.0
        for X, v, y in zip(self.X, V, self.y, strict=True):
            rest = y - X @ beta
            value += 0.5 * (np.linalg.slogdet(v)[1] + rest @ np.linalg.solve(v, rest))
        return float(value + (0.5 * np.linalg.slogdet(gram)[1] if self.reml else 0.0))

    def slope(self, theta: Floats) -> Floats:
        return np.array([self._along(theta, k) for k in range(theta.size)])

    def _along(self, theta: Floats, k: int) -> float:
        step = np.zeros(theta.size)
        step[k] = 1e-4
        return (
            8 * (self.objective(theta + step) - self.objective(theta - step))
            - (self.objective(theta + 2 * step) - self.objective(theta - 2 * step))
        ) / 12e-4

    def information(self, theta: Floats) -> Floats:
        """Half the trace of P dV P dV, with P the projection in REML and V^-1 in ML."""
        ends = np.cumsum([0, *map(len, self.y)])
        total = int(ends[-1])

        def whole(at: Floats) -> Floats:
            V = np.zeros((total, total))
            for i in range(N):
                V[ends[i] : ends[i + 1], ends[i] : ends[i + 1]] = self.covariance(at, i)
            return V

        X = np.concatenate(self.X)
        W = np.linalg.inv(whole(theta))
        if self.reml:
            W = W - W @ X @ np.linalg.inv(X.T @ W @ X) @ X.T @ W
        slopes = []
        for k in range(theta.size):
            step = np.zeros(theta.size)
            step[k] = 1e-5
            slopes.append((whole(theta + step) - whole(theta - step)) / 2e-5)
        return np.array([[0.5 * np.trace(W @ a @ W @ b) for b in slopes] for a in slopes])


CASES: list[tuple[str, dict[str, Any]]] = [
    *((name, {}) for name in POINTS),
    *((name, {"groups": 2}) for name in ("us", "ar1h", "cs", "sp_exp")),
    ("sp_exp", {"times": "shared"}),
    ("sp_exp", {"times": "own"}),
    ("sp_exp", {"times": "own", "groups": 2}),
]
IDS = [f"{name} {' '.join(map(str, options.values()))}".strip() for name, options in CASES]


def point(name: str, groups: int) -> Floats:
    """Give one point a group, the second with all parameters a tenth larger."""
    first = np.array(POINTS[name])
    return np.concatenate([first * (1 + 0.1 * g) for g in range(groups)])


@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize(("name", "options"), CASES, ids=IDS)
@pytest.mark.parametrize("most", [0, 10**9])
def test_value_slopes_and_curvature(
    monkeypatch: pytest.MonkeyPatch, name: str, options: dict[str, Any], *, reml: bool, most: int
) -> None:
    """Whichever way the sums are made."""
    monkeypatch.setattr(engine, "MOST_AT_ONCE", most)
    given = data(**options)
    dense, likelihood = Dense(given, name, reml=reml), Likelihood(sum_patterns(given), name, reml=reml)
    theta = point(name, options.get("groups", 1))
    assert likelihood.size == theta.size
    state = likelihood.evaluate(theta)
    assert state is not None
    assert state.objective == pytest.approx(dense.objective(theta), rel=1e-10)
    np.testing.assert_allclose(state.score, dense.slope(theta), rtol=1e-6, atol=1e-8)
    hessian, _ = likelihood.hessian(state)
    for k in range(theta.size):
        step = np.zeros(theta.size)
        step[k] = 1e-4
        # The exact slopes a little to both sides, which were compared above.
        up, down = likelihood.evaluate(theta + step), likelihood.evaluate(theta - step)
        assert up is not None
        assert down is not None
        np.testing.assert_allclose(hessian[k], (up.score - down.score) / 2e-4, rtol=1e-5, atol=1e-7)
    expected, _ = likelihood.hessian(state, expected=True)
    np.testing.assert_allclose(expected, dense.information(theta), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("reml", [True, False])
def test_log_likelihood_with_its_constants(*, reml: bool) -> None:
    """Less 1/2 log(2 pi) for each observation, in REML for all but one a coefficient."""
    given = data()
    likelihood = Likelihood(sum_patterns(given), "us", reml=reml)
    theta = point("us", 1)
    state = likelihood.evaluate(theta)
    assert state is not None
    free = int(given.observed.sum()) - (P if reml else 0)
    value = -Dense(given, "us", reml=reml).objective(theta) - 0.5 * free * np.log(2 * np.pi)
    assert likelihood.log_likelihood(state) == pytest.approx(value, rel=1e-10)


def test_what_is_not_positive_definite_is_no_state() -> None:
    likelihood = Likelihood(sum_patterns(data()), "us")
    assert likelihood.evaluate(np.array([1.0, 2.0, 1.0, 0.0, 0.0, 1.0])) is None
    assert likelihood.evaluate(np.array([1.0, np.nan, 1.0, 0.0, 0.0, 1.0])) is None


def test_every_structure_starts_at_a_point_that_can_be_evaluated() -> None:
    for name in STRUCTURES:
        likelihood = Likelihood(sum_patterns(data(groups=2)), name)
        start = likelihood.start()
        assert start.size == 2 * count_parameters(name, M)
        assert likelihood.evaluate(start) is not None


def test_the_start_is_the_covariance_of_residuals_by_least_squares() -> None:
    """With every visit seen, unstructured: products of residuals over the number of subjects."""
    given = data()
    rng = np.random.default_rng(2)
    outcome = rng.normal(size=(N, M)) @ np.array([[1.0, 0.5, 0.2], [0, 1.0, 0.4], [0, 0, 1.0]])
    whole = SubjectArrays(
        outcome, np.ones((N, M), dtype=bool), given.subject_part, given.visit_part, given.group
    )
    X = np.stack([given.subject_part @ given.visit_part[a] for a in range(M)], axis=1)
    beta = np.linalg.lstsq(X.reshape(N * M, P), outcome.reshape(-1), rcond=None)[0]
    rest = outcome - X @ beta
    likelihood = Likelihood(sum_patterns(whole), "us")
    np.testing.assert_allclose(likelihood.start(), (rest.T @ rest / N)[np.tril_indices(M)], rtol=1e-10)
    halved = likelihood.start(kept=0.5)
    sigma = rest.T @ rest / N
    expected = 0.5 * sigma + 0.5 * np.diag(np.diag(sigma))
    np.testing.assert_allclose(halved, expected[np.tril_indices(M)], rtol=1e-10)


def test_coefficients_solve_their_equations_better_than_the_inverse_does() -> None:
    """Baselines that differ in the sixth digit only: what is left over, worked out in fractions."""
    given = data()
    u = given.subject_part.copy()
    u[:, 2] = 1e3 + 1e-3 * u[:, 2]
    likelihood = Likelihood(sum_patterns(replace(given, subject_part=u)), "us")
    state = likelihood.evaluate(point("us", 1))
    assert state is not None
    gram, cross = likelihood.normal_equations(state.W)

    def left_over(beta: Floats) -> float:
        rows = [
            sum(
                (Fraction(float(x)) * Fraction(float(b)) for x, b in zip(row, beta, strict=True)), Fraction(0)
            )
            for row in gram
        ]
        return max(abs(float(row - Fraction(float(end)))) for row, end in zip(rows, cross, strict=True))

    plain = left_over(state.phi @ cross)
    assert plain > 0
    assert left_over(state.beta) < 0.5 * plain


# --- making a matrix of moments positive definite ----------------------------------------------------------


def test_a_matrix_that_is_positive_definite_is_left_alone() -> None:
    moment = np.array([[4.0, 1.0], [1.0, 9.0]])
    np.testing.assert_allclose(engine._repair(moment, np.full((2, 2), 5.0)), moment, rtol=1e-14)


def test_a_pair_seen_once_has_no_covariance_and_a_visit_never_seen_the_mean_variance() -> None:
    """Variances 4 and 8, mean 6; the pair of the first two was seen once, that of the last never."""
    moment = np.array([[4.0, 1.0, 0.0], [1.0, 8.0, 0.0], [0.0, 0.0, 0.0]])
    seen = np.array([[5.0, 1.0, 0.0], [1.0, 5.0, 0.0], [0.0, 0.0, 0.0]])
    np.testing.assert_allclose(engine._repair(moment, seen), np.diag([4.0, 8.0, 6.0]), rtol=1e-14)
    seen[0, 1] = seen[1, 0] = 2.0
    np.testing.assert_allclose(engine._repair(moment, seen)[0, 1], 1.0)
    assert engine._repair(np.zeros((2, 2)), np.zeros((2, 2))).tolist() == np.eye(2).tolist()


def test_a_correlation_of_1_is_drawn_back() -> None:
    """Eigenvalues 2 and 0 become 2 and 0.05: 2.05 / 2 on the diagonal, 1.95 / 2 beside it, so 1.95 / 2.05."""
    found = engine._repair(np.array([[4.0, 6.0], [6.0, 9.0]]), np.full((2, 2), 5.0))
    np.testing.assert_allclose(found, [[4.0, 6 * 1.95 / 2.05], [6 * 1.95 / 2.05, 9.0]], rtol=1e-12)


# --- cells --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("visits", "groups"), [(3, 1), (3, 2), (17, 1), (16, 2), (39, 1), (41, 1), (21, 2)])
def test_subjects_of_one_cell_have_the_same_group_and_visits(visits: int, groups: int) -> None:
    """However many visits there are, and so whichever way they are numbered; the numbers leave no gap."""
    rng = np.random.default_rng(visits)
    patterns = rng.random((6, visits)) < 0.6
    patterns[:, 0] = True
    patterns[0, -1], patterns[1] = True, patterns[0]
    patterns[1, -1] = False
    chosen = rng.integers(0, 6, 40)
    group = rng.integers(0, groups, 40)
    observed = patterns[chosen]
    given = SubjectArrays(
        observed.astype(float), observed, np.ones((40, 1)), np.ones((visits, 1, 1)), group.astype(np.int64)
    )
    codes = _cell_codes(given)
    wanted = [(g, row.tobytes()) for g, row in zip(group, observed, strict=True)]
    assert sorted(set(codes.tolist())) == list(range(len(set(wanted))))
    assert len(set(zip(codes.tolist(), wanted, strict=True))) == len(set(wanted))


def test_a_subject_without_any_visit_is_refused() -> None:
    given = data()
    given.observed[3] = False
    with pytest.raises(ShapeError, match="at least one observed outcome"):
        sum_patterns(given)
    nobody = SubjectArrays(
        np.zeros((0, M)), np.zeros((0, M), dtype=bool), np.zeros((0, 1)), np.zeros((M, 1, 1)),
        np.zeros(0, dtype=np.int64),
    )  # fmt: skip
    with pytest.raises(ShapeError, match="at least one observed outcome"):
        sum_patterns(nobody)
