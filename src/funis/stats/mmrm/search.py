"""The search for the maximum of the likelihood, and what is said where it ends without one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from funis.stats.mmrm.covariance import Floats, is_positive_definite
from funis.stats.mmrm.engine import Likelihood, State

MAX_STEPS = 100
MAX_HALVINGS = 40
# Squared length of the Newton step in standard errors of the covariance parameters. At 1e-20 the
# estimates are within 1e-10 standard errors of the maximum, and quadratic convergence goes beyond that.
DECREMENT = 1e-20
# Below this the Newton step is sure and is not judged by the likelihood, whose rounding is coarser. A step
# that then shortens the decrement to less than a quarter only moves within the rounding of the gradient.
DECREMENT_AT_REST = 1e-9
AT_REST = 0.25
# Where the slope is this small and the Hessian indefinite, the search stands at a saddle point.
SADDLE, ESCAPES = 1e-9, 2
# Shares of the moment correlations kept in further starting values, tried where the first fails.
OTHER_STARTS = (0.5, 0.0)
# The likelihood of these can have several maxima, so each start is tried and the highest is taken.
SEVERAL_MAXIMA = frozenset({"toep", "toeph", "ad", "adh"})
EVERY_START = (0.5, 0.0, -0.5)
SAME_HEIGHT = 1e-9
# After so many steps a correlation matrix with so small an eigenvalue ends the search.
PATIENCE, HOPELESS = 15, 1e-9
# A correlation matrix with a smaller eigenvalue than this is called singular.
SINGULAR = 1e-6
# Observed curvature below this share of the expected one is none: the likelihood is flat in that direction.
FLAT = 1e-6
NO_SLOPE = "the likelihood does not change with some combination of the covariance parameters"


@dataclass(frozen=True, slots=True)
class Optimum:
    """Where the search ended. ``status`` is "converged" or what is wrong."""

    status: str
    detail: str
    state: State | None
    hessian: Floats
    P: Floats
    steps: int


@dataclass(frozen=True, slots=True)
class Rest:
    """A point at which a search may end, and how far it still is from the maximum."""

    decrement: float
    optimum: Optimum


def maximise(likelihood: Likelihood, start: Floats | None = None) -> Optimum:
    """Find the maximum by Newton steps, Fisher scoring where the Hessian is not positive definite.

    A step that leaves the covariance matrices that are positive definite, or that does not lower f, is
    halved. The result is called converged only where the observed Hessian is positive definite and the
    Newton step is negligible beside the standard errors, or moves within the rounding of the gradient.
    """
    if start is not None:
        return _climb(likelihood, start)
    best = _climb(likelihood, likelihood.start())
    if likelihood.covariance in SEVERAL_MAXIMA:
        return _best_of(likelihood, best)
    for kept in OTHER_STARTS:
        if best.status == "converged":
            break
        again = _climb(likelihood, likelihood.start(kept=kept))
        best = again if again.status == "converged" else best
    return best


def _best_of(likelihood: Likelihood, best: Optimum) -> Optimum:
    """Search from every start and give the highest maximum; of equal ones the first."""
    for kept in EVERY_START:
        again = _climb(likelihood, likelihood.start(kept=kept))
        if again.state is None or again.status != "converged":
            continue
        if best.state is None or best.status != "converged":
            best = again
            continue
        closer = SAME_HEIGHT * max(1.0, abs(best.state.objective))
        if again.state.objective < best.state.objective - closer:
            best = again
    return best


def _climb(likelihood: Likelihood, theta: Floats, *, escapes: int = ESCAPES) -> Optimum:
    """Search from one starting value; ``escapes`` tells how many saddle points may be left on the way."""
    state = likelihood.evaluate(theta)
    if state is None:
        return no_optimum("did not converge", "no starting value gives positive definite matrices")
    expected = True
    near: Rest | None = None
    for step in range(MAX_STEPS):
        hessian, P = likelihood.hessian(state, expected=expected)
        hopeless = _hopeless(likelihood, state, hessian, step)
        if hopeless is not None:
            return hopeless
        indefinite = None
        if not expected and not is_positive_definite(hessian):
            indefinite = hessian
            hessian, P = likelihood.hessian(state, expected=True)
            expected = True
        direction = _direction(hessian, state.score)
        decrement = float(-direction @ state.score)
        if indefinite is not None and decrement < SADDLE and escapes:
            return _leave_saddle(likelihood, state, indefinite, hessian, escapes=escapes - 1)
        if not expected and decrement < DECREMENT_AT_REST:
            here = Rest(decrement, Optimum("converged", "", state, hessian, P, step))
            if decrement < DECREMENT or (near is not None and decrement > AT_REST * near.decrement):
                return _settled(likelihood, here, near)
            near = here
        following = _line_search(likelihood, state, direction, sure=near is not None)
        if following is None:
            return _stuck(likelihood, state, near, step)
        # The first step is Fisher scoring; after it the observed Hessian is tried every time.
        expected = False
        state = following
    return _failed(likelihood, state, MAX_STEPS, f"no convergence in {MAX_STEPS} steps")


def _hopeless(likelihood: Likelihood, state: State, hessian: Floats, step: int) -> Optimum | None:
    """Recognise a search that has nothing to find: at its start by the design, later by where it goes."""
    if step == 0 and _is_flat(likelihood, state, hessian):
        return no_optimum("covariance not estimable", NO_SLOPE)
    if step > PATIENCE and _is_singular(likelihood, state, HOPELESS):
        return _failed(likelihood, state, step, "the likelihood grows without bound")
    return None


def _leave_saddle(
    likelihood: Likelihood, state: State, observed: Floats, expected: Floats, *, escapes: int
) -> Optimum:
    """Go on from a point without slope that is no maximum, both ways along the strongest negative curvature.

    Left to the steps of the search, rounding would decide when and which way it leaves such a point.
    """
    if not is_positive_definite(expected) or _smallest_share(observed, expected) > -FLAT:
        return no_optimum("covariance not estimable", NO_SLOPE)
    scale = 1.0 / np.sqrt(np.diag(expected))
    _, vectors = np.linalg.eigh(observed * np.outer(scale, scale))
    way = vectors[:, 0] * np.sign(vectors[np.argmax(np.abs(vectors[:, 0])), 0])
    found = []
    for sign in (1.0, -1.0):
        following = _line_search(likelihood, state, sign * way * scale, sure=False)
        if following is not None and following.objective < state.objective:
            found.append(_climb(likelihood, following.theta, escapes=escapes))
    best = None
    for one in found:
        if one.state is None:
            continue
        margin = 1e-9 * (abs(one.state.objective) + 1.0)
        if best is None or best.state is None or one.state.objective < best.state.objective - margin:
            best = one
    if best is not None:
        return best
    return found[0] if found else _failed(likelihood, state, 0, "the search ends at a saddle point")


def _stuck(likelihood: Likelihood, state: State, near: Rest | None, step: int) -> Optimum:
    """Judge a point that no step improves: where the last point was near enough, the search rests there."""
    if near is not None:
        return _settled(likelihood, near, None)
    return _failed(likelihood, state, step, "no step improves the likelihood")


def _settled(likelihood: Likelihood, here: Rest, near: Rest | None) -> Optimum:
    """Take the better of the last two points of a search that rests, unless it determines no covariance."""
    best = here if near is None or here.decrement <= near.decrement else near
    state, hessian, steps = best.optimum.state, best.optimum.hessian, best.optimum.steps
    if state is None:
        return best.optimum
    if _is_singular(likelihood, state, SINGULAR):
        return no_optimum("singular covariance", "an estimated correlation matrix is singular", steps)
    if _is_flat(likelihood, state, hessian):
        return no_optimum("covariance not estimable", NO_SLOPE, steps)
    return best.optimum


def _is_flat(likelihood: Likelihood, state: State, hessian: Floats) -> bool:
    """Tell whether the means, being estimated, leave nothing of what the outcomes hold of the covariance.

    Expected at the start it shows by the design alone, before a search goes astray that follows rounding.
    """
    return _smallest_share(hessian, likelihood.information_of_known_means(state)) < FLAT


def _smallest_share(observed: Floats, expected: Floats) -> float:
    """Give the smallest ratio of observed to expected curvature over all directions."""
    if not is_positive_definite(expected):
        return 0.0
    root = np.linalg.inv(np.linalg.cholesky(expected))
    return float(np.linalg.eigvalsh(root @ observed @ root.T)[0])


def _direction(hessian: Floats, score: Floats) -> Floats:
    """Solve for the step, with a ridge where the Hessian is not positive definite."""
    scale = np.sqrt(np.maximum(np.abs(np.diag(hessian)), 1e-300))
    scaled = hessian / np.outer(scale, scale)
    ridge = 0.0
    for _ in range(40):
        trial = scaled + ridge * np.eye(scale.size)
        step = _solve(trial, score / scale)
        if step is not None:
            return -step / scale
        ridge = max(10 * ridge, 1e-8)
    fallen: Floats = -score / scale**2
    return fallen


def _solve(matrix: Floats, right: Floats) -> Floats | None:
    """Solve a positive definite system; None where the matrix is not, or is singular in all but rounding."""
    if not is_positive_definite(matrix):
        return None
    try:
        return np.asarray(np.linalg.solve(matrix, right), np.float64)
    except np.linalg.LinAlgError:
        return None


def _line_search(likelihood: Likelihood, state: State, direction: Floats, *, sure: bool) -> State | None:
    """Halve the step until f falls; a sure step need only lead to matrices that are positive definite."""
    size = 1.0
    for _ in range(MAX_HALVINGS):
        following = likelihood.evaluate(state.theta + size * direction)
        if following is not None and (sure or following.objective <= state.objective):
            return following
        size *= 0.5
    return None


def no_optimum(status: str, detail: str, step: int = 0) -> Optimum:
    """Give an optimum without a state: what is wrong, and after how many steps it was known."""
    empty = np.zeros((0, 0))
    return Optimum(status, detail, None, empty, empty, step)


def _failed(likelihood: Likelihood, state: State, step: int, detail: str) -> Optimum:
    """Say what is wrong with a search that ended without a maximum."""
    if _is_singular(likelihood, state, SINGULAR):
        detail = f"{detail}; an estimated correlation matrix is singular"
        return no_optimum("singular covariance", detail, step)
    detail = f"{detail}; largest gradient {float(np.abs(state.score).max()):.2g}"
    return no_optimum("did not converge", detail, step)


def _is_singular(likelihood: Likelihood, state: State, limit: float) -> bool:
    """Tell whether any correlation matrix has an eigenvalue below the limit."""
    sigma = state.sigma
    if likelihood.irregular:
        # Visits that a cell does not have stand at distance 0 from all others.
        sigma = sigma * likelihood.sums.pair + likelihood.padding
    deviation = np.sqrt(np.diagonal(sigma, axis1=-2, axis2=-1))
    correlation = sigma / (deviation[..., :, None] * deviation[..., None, :])
    return bool(np.linalg.eigvalsh(correlation).min() < limit)
