"""Likelihood of the repeated-measures model and its derivatives.

With beta profiled out, and constants left out, minus the log-likelihood is

    f(theta) = 1/2 [ sum_k n_k log|V_k| + r' V^-1 r + log|X' V^-1 X| ]      (last term in REML only)

W_k = V_k^-1 padded with zeros, Phi = (X' V^-1 X)^-1, T_k = sum e_i e_i' of residuals,
H_k = sum X_i Phi X_i', S_k = T_k + H_k (REML) or T_k (ML). For a parameter r with E_r = dSigma/dtheta_r,

    gradient    df/dr     = 1/2 <G, E_r>,   G = sum_k (n_k W_k - W_k S_k W_k)
    Hessian     d2f/drds  = sum_k tr(E_r W_k E_s Z_k) - 1/2 tr(Phi P_r Phi P_s) [REML] - g_r' Phi g_s
                            + 1/2 <G, E2_rs>,   Z_k = W_k S_k W_k - 1/2 n_k W_k
    P_r = -X' V^-1 E_r V^-1 X (p, p),   g_r = X' V^-1 E_r V^-1 (y - X beta) (p,)
    information (expected Hessian): Z_k = 1/2 n_k W_k - W_k H_k W_k, + 1/2 tr(Phi P_r Phi P_s), no g, no G.

Source: Lindstrom and Bates 1988; Wolfinger, Tobias and Sall 1994. All derivatives are exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from funis.stats.mmrm.covariance import (
    Floats,
    count_parameters,
    evaluate_structure,
    start_values,
)
from funis.stats.mmrm.sums import PatternSums

Codes = NDArray[np.int64]

#: Numbers of the sums over cells up to which they are made before the parameters are looped over.
MOST_AT_ONCE = 400_000


@dataclass(frozen=True, slots=True)
class State:
    """Everything known at one theta; shapes as in the module's head, plus G groups.

    ``sigma`` (G, m, m) is the covariance by group, or (K, m, m) by cell where times are irregular.
    """

    theta: Floats
    objective: float
    sigma: Floats
    gradients: tuple[Floats, ...]
    curvatures: tuple[Floats | None, ...]
    W: Floats
    WSW: Floats
    WHW: Floats
    moment: Floats
    beta: Floats
    phi: Floats
    quadratic: float
    score: Floats
    G: Floats


class Likelihood:
    """f(theta) of the module's head for given sums, structure and method."""

    def __init__(self, sums: PatternSums, covariance: str, *, reml: bool = True) -> None:
        self.sums = sums
        self.covariance = covariance
        self.reml = reml
        m, s, p = sums.visit_part.shape
        self.per_group = count_parameters(covariance, m)
        self.size = self.per_group * sums.groups
        self.flat_design = sums.visit_part.reshape(m * s, p)
        self.irregular = sums.distance is not None and sums.distance.ndim == 3
        self.cells = [np.flatnonzero(sums.group == g) for g in range(sums.groups)]
        self.padding = np.eye(m) * (1.0 - sums.pair)
        self.flat_U = sums.U.reshape(sums.U.shape[0], s * s)

    def part(self, group: int) -> slice:
        """Give the places of one group's parameters in theta."""
        return slice(group * self.per_group, (group + 1) * self.per_group)

    def _structures(self, theta: Floats, order: int) -> list[tuple[Floats, Floats, Floats | None]]:
        sums = self.sums
        result = []
        for g, cells in enumerate(self.cells):
            distance = sums.distance
            if self.irregular and distance is not None:
                distance = distance[cells]
            result.append(
                evaluate_structure(
                    self.covariance, theta[self.part(g)], sums.visits, order=order, distance=distance
                )
            )
        return result

    def start(self, *, kept: float = 1.0) -> Floats:
        """Start from the covariance of the residuals of ordinary least squares.

        ``kept`` is the share of each covariance off the diagonal that is kept.
        """
        sums = self.sums
        m = sums.visits
        identity = sums.pair * np.eye(m)
        gram, cross = self.normal_equations(identity)
        beta = np.linalg.solve(gram, cross)
        T = self.residual_products(beta)
        parts = []
        for cells in self.cells:
            seen = np.tensordot(sums.count[cells], sums.pair[cells], 1)
            moment = T[cells].sum(0) / np.maximum(seen, 1.0)
            shared = sums.distance
            if self.irregular and shared is not None:
                shared = shared[cells[int(np.argmax(sums.observed[cells].sum(1)))]]
            repaired = _repair(moment, seen)
            repaired = kept * repaired + (1 - kept) * np.diag(np.diag(repaired))
            parts.append(start_values(self.covariance, repaired, shared))
        return np.concatenate(parts)

    def gram(self, A: Floats) -> Floats:
        """Sum X_i' A_k X_i over subjects for matrices A (K, m, m), zero where not observed."""
        m, s, _ = self.sums.visit_part.shape
        summed = (A.reshape(-1, m * m).T @ self.flat_U).reshape(m, m, s, s)
        inner = summed.transpose(0, 2, 1, 3).reshape(m * s, m * s)
        result: Floats = self.flat_design.T @ inner @ self.flat_design
        return result

    def normal_equations(self, W: Floats) -> tuple[Floats, Floats]:
        """Give X'WX and X'Wy."""
        m, s, _ = self.sums.visit_part.shape
        cross = np.matmul(self.sums.R, W).sum(0)
        return self.gram(W), self.flat_design.T @ cross.T.reshape(m * s)

    def residual_products(self, beta: NDArray[Any]) -> Floats:
        """Give T (K, m, m), the products of residuals by cell."""
        sums = self.sums
        m, s, _ = sums.visit_part.shape
        B = (self.flat_design @ beta).reshape(m, s)
        cross = B @ sums.R
        T: Floats = sums.Y - cross - cross.transpose(0, 2, 1) + B @ sums.U @ B.T
        return T * sums.pair

    def evaluate(self, theta: Floats, *, order: int = 2) -> State | None:
        """Evaluate f and its gradient; None where a covariance matrix is not positive definite."""
        sums = self.sums
        pieces = self._structures(theta, order)
        stacked = (
            np.concatenate([piece[0] for piece in pieces])
            if self.irregular
            else np.stack([piece[0] for piece in pieces])
        )
        if self.irregular:
            sigma = np.empty_like(stacked)
            sigma[np.concatenate(self.cells)] = stacked
            V = sigma * sums.pair + self.padding
        else:
            sigma = stacked
            V = sigma[sums.group] * sums.pair + self.padding
        if not np.isfinite(sigma).all():
            return None
        try:
            if not self.irregular:
                np.linalg.cholesky(sigma)
            factor = np.linalg.cholesky(V)
            W = np.linalg.inv(V) * sums.pair
        except np.linalg.LinAlgError:
            return None
        log_det = 2.0 * float(sums.count @ np.log(np.diagonal(factor, axis1=1, axis2=2)).sum(1))
        W = 0.5 * (W + W.transpose(0, 2, 1))
        return self._finish(theta, sigma, pieces, W, log_det)

    def _finish(
        self,
        theta: Floats,
        sigma: Floats,
        pieces: list[tuple[Floats, Floats, Floats | None]],
        W: Floats,
        log_det: float,
    ) -> State | None:
        sums = self.sums
        gram, cross = self.normal_equations(W)
        try:
            gram_factor = np.linalg.cholesky(gram)
            phi = np.linalg.inv(gram)
        except np.linalg.LinAlgError:
            return None
        phi = 0.5 * (phi + phi.T)
        beta = phi @ cross
        # One step of refinement: the explicit inverse alone loses digits in ill-conditioned designs.
        beta = beta + phi @ (cross - gram @ beta)
        T = self.residual_products(beta)
        H = self._leverage_products(phi) if self.reml else np.zeros_like(T)
        S = T + H
        WHW = W @ H @ W
        WSW = W @ S @ W
        quadratic = float((W * T).sum())
        objective = 0.5 * (log_det + quadratic)
        if self.reml:
            objective += float(np.log(np.diagonal(gram_factor)).sum())
        G = sums.count[:, None, None] * W - WSW
        return State(
            theta=theta,
            objective=objective,
            sigma=sigma,
            gradients=tuple(piece[1] for piece in pieces),
            curvatures=tuple(piece[2] for piece in pieces),
            W=W,
            WSW=WSW,
            WHW=WHW,
            moment=T,
            beta=beta,
            phi=phi,
            quadratic=quadratic,
            score=self._score(G, pieces),
            G=G,
        )

    def _leverage_products(self, phi: Floats) -> Floats:
        """Give H (K, m, m), the sum of X_i Phi X_i' by cell."""
        m, s, _ = self.sums.visit_part.shape
        blocks = (self.flat_design @ phi @ self.flat_design.T).reshape(m, s, m, s)
        spread = blocks.transpose(0, 2, 1, 3).reshape(m * m, s * s)
        H: Floats = (self.flat_U @ spread.T).reshape(-1, m, m)
        return H

    def _score(self, G: Floats, pieces: list[tuple[Floats, Floats, Floats | None]]) -> Floats:
        parts = []
        for cells, (_, E, _) in zip(self.cells, pieces, strict=True):
            if self.irregular:
                parts.append(0.5 * np.einsum("kij,krij->r", G[cells], E))
            else:
                total = G[cells].sum(0) if len(self.cells) > 1 else G.sum(0)
                parts.append(0.5 * (E.reshape(E.shape[0], -1) @ total.reshape(-1)))
        return np.concatenate(parts)

    def coefficient_slopes(self, state: State) -> tuple[Floats, Floats]:
        """Give P (r, p, p) and g (r, p) of the module's head."""
        P, g = [], []
        for group, cells in enumerate(self.cells):
            P_group, g_group = self._slopes(state, cells, state.gradients[group])
            P.append(P_group)
            g.append(g_group)
        return np.concatenate(P), np.concatenate(g)

    def _slopes(self, state: State, cells: Codes, E: Floats) -> tuple[Floats, Floats]:
        sums = self.sums
        m, s, _ = sums.visit_part.shape
        k, r = cells.shape[0], E.shape[-3]
        W = state.W[cells]
        B = (self.flat_design @ state.beta).reshape(m, s)
        cross = sums.R[cells] - sums.U[cells] @ B.T
        if not self.irregular and m**4 * (s * s + s * m) <= MOST_AT_ONCE:
            # sum_k W_k x W_k x U_k first, E afterwards: no loop over parameters times cells.
            WW = (W.reshape(k, m * m, 1) * W.reshape(k, 1, m * m)).reshape(k, m**4)
            flat_E = E.reshape(r, m * m)
            inner = (WW.T @ self.flat_U[cells]).reshape(m, m, m, m, s * s)
            inner = inner.transpose(1, 2, 0, 3, 4).reshape(m * m, -1)
            inner = (flat_E @ inner).reshape(r, m, m, s, s)
            WQ = (W @ cross.transpose(0, 2, 1)).reshape(k, m * s)
            right = (W.reshape(k, m * m).T @ WQ).reshape(m, m, m, s).transpose(1, 2, 0, 3)
            g_inner = (flat_E @ right.reshape(m * m, m * s)).reshape(r, m * s)
        else:
            E_cells = E if self.irregular else E[None]
            F = W[:, None] @ E_cells @ W[:, None]
            flat_F = F.reshape(k, r * m * m)
            inner = (flat_F.T @ self.flat_U[cells]).reshape(r, m, m, s, s)
            g_inner = np.einsum("krab,ksb->ras", F, cross, optimize=True).reshape(r, m * s)
        inner = inner.transpose(0, 1, 3, 2, 4).reshape(r, m * s, m * s)
        P = -(self.flat_design.T @ inner @ self.flat_design)
        return P, g_inner @ self.flat_design

    def _trace_term(self, W: Floats, Z: Floats, E: Floats) -> Floats:
        """Sum tr(E_r W E_s Z) over cells: (r, r)."""
        k, m, _ = W.shape
        r = E.shape[-3]
        if self.irregular:
            left = (E @ W[:, None]).transpose(1, 0, 2, 3).reshape(r, -1)
            right = (E @ Z[:, None]).transpose(1, 0, 3, 2).reshape(r, -1)
            return left @ right.T
        both = (W.reshape(k, m * m).T @ Z.reshape(k, m * m)).reshape(m, m, m, m)
        flat_E = E.reshape(r, m * m)
        # both[b, c, d, a] against E_r[a, b] and E_s[c, d]
        arranged = both.transpose(3, 0, 1, 2).reshape(m * m, m * m)
        return flat_E @ arranged @ flat_E.T

    def hessian(self, state: State, *, expected: bool = False) -> tuple[Floats, Floats]:
        """Give the (observed or expected) Hessian of f, and P."""
        sums = self.sums
        P, g = self.coefficient_slopes(state)
        half_count = 0.5 * sums.count[:, None, None] * state.W
        Z = half_count - state.WHW if expected else state.WSW - half_count
        result = np.zeros((self.size, self.size))
        for group, cells in enumerate(self.cells):
            E = state.gradients[group]
            block = self._trace_term(state.W[cells], Z[cells], E)
            curvature = state.curvatures[group]
            if not expected and curvature is not None:
                if self.irregular:
                    block = block + 0.5 * np.einsum("krsij,kij->rs", curvature, state.G[cells])
                else:
                    block = block + 0.5 * np.einsum("rsij,ij->rs", curvature, state.G[cells].sum(0))
            result[self.part(group), self.part(group)] = block
        if self.reml:
            half = P @ state.phi
            product = half.reshape(self.size, -1) @ half.transpose(0, 2, 1).reshape(self.size, -1).T
            result += (0.5 if expected else -0.5) * product
        if not expected:
            result -= g @ state.phi @ g.T
        return 0.5 * (result + result.T), P

    def information_of_known_means(self, state: State) -> Floats:
        """Give the expected Hessian (r, r) were the means known: 1/2 sum_k n_k tr(E_r W_k E_s W_k)."""
        result = np.zeros((self.size, self.size))
        for group, cells in enumerate(self.cells):
            W = state.W[cells]
            Z = 0.5 * self.sums.count[cells, None, None] * W
            result[self.part(group), self.part(group)] = self._trace_term(W, Z, state.gradients[group])
        return 0.5 * (result + result.T)

    def log_likelihood(self, state: State) -> float:
        """Give the log-likelihood with its constants, as SAS and R mmrm count them."""
        sums = self.sums
        free = sums.n_observations - (sums.coefficients if self.reml else 0)
        return -state.objective - 0.5 * free * float(np.log(2 * np.pi)) + 0.5 * sums.log_weights


def _repair(moment: Floats, seen: Floats) -> Floats:
    """Make a matrix of pairwise moments positive definite, visits never seen included."""
    variance = np.diag(moment).copy()
    seen_variance = variance[variance > 0]
    typical = float(seen_variance.mean()) if seen_variance.size else 1.0
    variance = np.where(variance > 1e-8 * typical, variance, typical)
    deviation = np.sqrt(variance)
    correlation = np.where(seen > 1, moment, 0.0) / np.outer(deviation, deviation)
    np.fill_diagonal(correlation, 1.0)
    values, vectors = np.linalg.eigh(correlation)
    if values[0] < 0.05:
        correlation = (vectors * np.maximum(values, 0.05)) @ vectors.T
        scale = np.sqrt(np.diag(correlation))
        correlation = correlation / np.outer(scale, scale)
    repaired: Floats = correlation * np.outer(deviation, deviation)
    return repaired
