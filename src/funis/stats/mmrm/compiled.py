"""Compiled search for one unstructured covariance: the same mathematics as mmrm_engine, in loops.

This module imports numba when it is imported itself, so it is only ever imported inside functions; the
machine code is cached beside it. It knows the frequent case alone (unstructured, one group, no weights, full
rank, at most 12 visits) and gives up with a flag, never with a number, on anything unusual: the NumPy path
then takes over. Notation is that of :mod:`funis.stats.mmrm.engine`; E_r is sparse here (one or two ones), and
so is C.
"""
# Loops are what is compiled here, and calls of small functions on slices cost more than the loops do: kernels
# are long, nested and take their arrays one by one. numba knows neither keywords nor dataclasses.
# ruff: noqa: C901, PLR0912, PLR0913, PLR0915, PLR0917, FBT001, FBT003, E741

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numba import config, njit  # the only use; see the head of the module

from funis.stats.mmrm.compiled_algebra import (
    FAST,
    cholesky,
    conjugate,
    invert,
    sandwich_gram,
    solve_step,
    spread_design,
    sum_cells,
)
from funis.stats.mmrm.covariance import Floats

GAVE_UP, CONVERGED = 0, 1
_DECREMENT = 1e-20
# Rest within the rounding of the gradient; coarser rest is left to the NumPy path.
_RESTS_BELOW, _AT_REST = 1e-16, 0.25
# A visit of which the earlier ones explain all but this share is left to the NumPy path.
_OWN = 1e-3
# A variance below this share of the largest may be that of an exact fit, which the NumPy path tells.
_LEAST = 1e-16
_STEPS = 30
_HALVINGS = 12
# Trials that a thread of its own is started for: fewer are done before it is there.
_LEAST_SHARE = 16


@njit(cache=True, fastmath=FAST, error_model="numpy")
def _evaluate(sigma: Any, count: Any, seen: Any, products: Any, C: Any, s: int, p: int, reml: bool) -> Any:
    """Evaluate f, W, WSW, Phi, beta and the residual cross-products at Sigma; flag first."""
    start, where, value = C
    K, m = seen.shape
    W = np.zeros((K, m, m))
    block, factor = np.zeros((m, m)), np.zeros((m, m))
    inverse, work = np.zeros((m, m)), np.zeros((m, m))
    places = np.empty(m, np.int64)
    inner = np.zeros((m * s, m * s))
    cross = np.zeros(m * s)
    f = 0.0
    phi, gram = np.zeros((p, p)), np.zeros((p, p))
    gram_factor, gram_work = np.zeros((p, p)), np.zeros((p, p))
    beta = np.zeros(p)
    WSW, WHW = np.zeros((K, m, m)), np.zeros((K, m, m))
    residual = np.zeros((K, s, m))
    nothing = (False, 0.0, W, WSW, WHW, phi, beta, residual)
    for k in range(K):
        d = 0
        for a in range(m):
            if seen[k, a]:
                places[d] = a
                d += 1
        for a in range(d):
            for b in range(d):
                block[a, b] = sigma[places[a], places[b]]
        if not cholesky(block, d, factor):
            return nothing
        f += 0.5 * count[k] * invert(factor, d, inverse, work)
        for a in range(d):
            for b in range(d):
                W[k, places[a], places[b]] = inverse[a, b]
        for a in range(m):
            if not seen[k, a]:
                continue
            for b in range(m):
                w = W[k, a, b]
                if w == 0.0:
                    continue
                for j in range(s):
                    cross[a * s + j] += w * products[k, j, s + b]
                    for l in range(s):
                        inner[a * s + j, b * s + l] += w * products[k, j, l]
    sandwich_gram(inner, start, where, value, p, gram)
    if not cholesky(gram, p, gram_factor):
        return nothing
    log = invert(gram_factor, p, phi, gram_work)
    if reml:
        f += 0.5 * log
    right = np.zeros(p)
    for j in range(p):
        for x in range(start[j], start[j + 1]):
            right[j] += value[x] * cross[where[x]]
    for j in range(p):
        for l in range(p):
            beta[j] += phi[j, l] * right[l]
    B = np.zeros((m, s))
    spread = np.zeros((m * s, m * s))
    for j in range(p):
        for x in range(start[j], start[j + 1]):
            B[where[x] // s, where[x] % s] += value[x] * beta[j]
    if reml:
        spread_design(phi, start, where, value, p, spread)
    S, H, half = np.zeros((m, m)), np.zeros((m, m)), np.zeros((m, m))
    for k in range(K):
        for j in range(s):
            for a in range(m):
                total = products[k, j, s + a]
                for l in range(s):
                    total -= products[k, j, l] * B[a, l]
                residual[k, j, a] = total if seen[k, a] else 0.0
        for a in range(m):
            for b in range(m):
                S[a, b] = H[a, b] = 0.0
                if not (seen[k, a] and seen[k, b]):
                    continue
                total = products[k, s + a, s + b]
                for j in range(s):
                    total -= B[a, j] * products[k, j, s + b] + B[b, j] * residual[k, j, a]
                f += 0.5 * W[k, a, b] * total
                if reml:
                    for j in range(s):
                        for l in range(s):
                            H[a, b] += spread[a * s + j, b * s + l] * products[k, j, l]
                S[a, b] = total + H[a, b]
        conjugate(W[k], S, half, WSW[k])
        if reml:
            conjugate(W[k], H, half, WHW[k])
    return True, f, W, WSW, WHW, phi, beta, residual


@njit(cache=True, fastmath=FAST, error_model="numpy")
def _slopes(W: Any, residual: Any, products: Any, C: Any, rows: Any, s: int, p: int) -> Any:
    """Compute P (r, p, p) and g (r, p)."""
    start, where, value = C
    K, m, _ = W.shape
    r = rows.shape[0]
    P, g = np.zeros((r, p, p)), np.zeros((r, p))
    inner = np.empty((m * s, m * s))
    right = np.empty(m * s)
    for e in range(r):
        i, j = rows[e, 0], rows[e, 1]
        inner[:] = 0.0
        right[:] = 0.0
        for k in range(K):
            if W[k, i, i] == 0.0 or W[k, j, j] == 0.0:
                continue
            for a in range(m):
                for b in range(m):
                    w = W[k, a, i] * W[k, j, b]
                    if i != j:
                        w += W[k, a, j] * W[k, i, b]
                    if w == 0.0:
                        continue
                    for x in range(s):
                        right[a * s + x] += w * residual[k, x, b]
                        for y in range(s):
                            inner[a * s + x, b * s + y] -= w * products[k, x, y]
        sandwich_gram(inner, start, where, value, p, P[e])
        for l in range(p):
            for x in range(start[l], start[l + 1]):
                g[e, l] += value[x] * right[where[x]]
    return P, g


@njit(cache=True, fastmath=FAST, error_model="numpy")
def _hessian(
    W: Any, WSW: Any, WHW: Any, count: Any, P: Any, g: Any, phi: Any, rows: Any, reml: bool, expected: bool
) -> Any:
    """Compute the observed Hessian (or, roughly, the expected one) (r, r), and the score (r,)."""
    K, m, _ = W.shape
    r, p = g.shape
    T = np.zeros((m, m, m, m))
    G = np.zeros((m, m))
    for k in range(K):
        for a in range(m):
            for b in range(m):
                G[a, b] += count[k] * W[k, a, b] - WSW[k, a, b]
                z = 0.5 * count[k] * W[k, a, b]
                z = z - WHW[k, a, b] if expected else WSW[k, a, b] - z
                if z == 0.0:
                    continue
                for c in range(m):
                    for d in range(m):
                        T[a, b, c, d] += z * W[k, c, d]
    D = np.zeros((r, p, p))
    reml = reml and not expected
    for e in range(r if reml else 0):
        for i in range(p):
            for l in range(p):
                w = phi[i, l]
                for j in range(p):
                    D[e, i, j] += w * P[e, l, j]
    H, score = np.zeros((r, r)), np.zeros(r)
    gphi = np.zeros((r, p))
    for e in range(r):
        for x in range(p):
            for y in range(p):
                gphi[e, y] += g[e, x] * phi[x, y]
    for e in range(r):
        i, j = rows[e, 0], rows[e, 1]
        score[e] = 0.5 * G[i, i] if i == j else G[i, j]
        for q in range(e + 1):
            c, d = rows[q, 0], rows[q, 1]
            total = T[d, i, j, c]
            if i != j:
                total += T[d, j, i, c]
            if c != d:
                total += T[c, i, j, d]
                if i != j:
                    total += T[c, j, i, d]
            if reml:
                trace = 0.0
                for x in range(p):
                    for y in range(p):
                        trace += D[e, x, y] * D[q, y, x]
                total -= 0.5 * trace
            if not expected:
                for y in range(p):
                    total -= gphi[e, y] * g[q, y]
            H[e, q] = total
            H[q, e] = total
    return H, score


@njit(cache=True, fastmath=FAST, error_model="numpy")
def _start(count: Any, seen: Any, products: Any, C: Any, s: int, p: int) -> Any:
    """Start from the pairwise moments of ordinary residuals, correlations shrunk until positive definite."""
    K, m = seen.shape
    fine, _, _, _, _, _, beta, _ = _evaluate(np.eye(m), count, seen, products, C, s, p, False)
    sigma = np.zeros((m, m))
    if not fine:
        return False, sigma
    start, where, value = C
    B = np.zeros((m, s))
    for j in range(p):
        for x in range(start[j], start[j + 1]):
            B[where[x] // s, where[x] % s] += value[x] * beta[j]
    weight = np.zeros((m, m))
    for k in range(K):
        for a in range(m):
            for b in range(m):
                if not (seen[k, a] and seen[k, b]):
                    continue
                total = products[k, s + a, s + b]
                for j in range(s):
                    total -= B[a, j] * products[k, j, s + b] + B[b, j] * products[k, j, s + a]
                    for l in range(s):
                        total += B[a, j] * products[k, j, l] * B[b, l]
                sigma[a, b] += total
                weight[a, b] += count[k]
    for a in range(m):
        for b in range(m):
            if weight[a, b] < 2.0:
                return False, sigma
            sigma[a, b] /= weight[a, b]
    factor = np.zeros((m, m))
    for _ in range(60):
        if cholesky(sigma, m, factor):
            safe = True
            for a in range(m):
                safe = safe and factor[a, a] ** 2 > 0.02 * sigma[a, a]
            if safe:
                return True, sigma
        for a in range(m):
            for b in range(m):
                if a != b:
                    sigma[a, b] *= 0.9
    return False, sigma


@njit(cache=True, fastmath=FAST, error_model="numpy")
def fit_trial(Y: Any, observed: Any, u: Any, C: Any, p: int, reml: bool) -> Any:
    """Fit one trial: flag, f, Sigma, beta, Phi, P, Hessian, W, and the sums' counts and products."""
    m, s = Y.shape[1], u.shape[1]
    count, seen, products = sum_cells(Y, observed, u)
    r = m * (m + 1) // 2
    rows = np.empty((r, 2), np.int64)
    e = 0
    for i in range(m):
        for j in range(i + 1):
            rows[e, 0], rows[e, 1] = i, j
            e += 1
    fine, sigma = _start(count, seen, products, C, s, p)
    step, H = np.zeros(r), np.zeros((r, r))
    P = np.zeros((r, p, p))
    fine2, f, W, WSW, WHW, phi, beta, residual = _evaluate(sigma, count, seen, products, C, s, p, reml)
    flag = GAVE_UP
    turn = 0
    earlier = math.inf
    # With no more outcomes than coefficients the residuals are what rounding leaves of zeros.
    if not (fine and fine2) or observed.sum() <= p:
        return flag, f, sigma, beta, phi, P, H, W, count, products
    for turn in range(_STEPS):
        # The first step leaves out how beta responds to Sigma: cheaper, and as good far from the maximum.
        g = np.zeros((r, p))
        if turn > 0:
            P, g = _slopes(W, residual, products, C, rows, s, p)
        H, score = _hessian(W, WSW, WHW, count, P, g, phi, rows, reml, turn == 0)
        decrement = solve_step(H, score, step)
        if decrement < 0.0:
            break
        resting = decrement < _RESTS_BELOW and decrement > _AT_REST * earlier
        if turn > 0 and (decrement < _DECREMENT or resting):
            flag = CONVERGED
            break
        if turn > 0:
            earlier = decrement
        size, improved = 1.0, False
        forgiven = 1e-11 * (abs(f) + 1.0) if decrement < 1e-9 else 0.0
        for _ in range(_HALVINGS):
            trial = sigma.copy()
            for e in range(r):
                i, j = rows[e, 0], rows[e, 1]
                trial[i, j] += size * step[e]
                trial[j, i] = trial[i, j]
            state = _evaluate(trial, count, seen, products, C, s, p, reml)
            if state[0] and state[1] <= f + forgiven and cholesky(trial, m, np.zeros((m, m))):
                sigma = trial
                _, f, W, WSW, WHW, phi, beta, residual = state
                improved = True
                break
            size *= 0.5
        if not improved:
            break
    factor = np.zeros((m, m))
    largest = 0.0
    for a in range(m):
        largest = max(largest, sigma[a, a])
    if cholesky(sigma, m, factor):
        for a in range(m):
            if factor[a, a] ** 2 < _OWN * sigma[a, a] or sigma[a, a] < _LEAST * largest:
                flag = GAVE_UP
    else:
        flag = GAVE_UP
    return flag, f, sigma, beta, phi, P, H, W, count, products


@njit(cache=True, fastmath=FAST, error_model="numpy")
def infer(fit: Any, C: Any, L: Any, s: int, kenward_roger: bool) -> Any:
    """Estimate contrasts L (q, p): estimate, se, df; Satterthwaite, or Kenward-Roger linear."""
    _, _, _, beta, phi, P, H, W, _, products = fit
    r, p = H.shape[0], beta.size
    factor, weight, work = np.zeros((r, r)), np.zeros((r, r)), np.zeros((r, r))
    q = L.shape[0]
    estimate, se, df = np.full(q, np.nan), np.full(q, np.nan), np.full(q, np.nan)
    if not cholesky(H, r, factor):
        return estimate, se, df
    invert(factor, r, weight, work)
    vcov = phi
    if kenward_roger:
        vcov = _adjusted(phi, P, weight, W, products, C, s)
    for c in range(q):
        along = np.zeros(p)
        variance, adjusted, value = 0.0, 0.0, 0.0
        for i in range(p):
            value += L[c, i] * beta[i]
            for j in range(p):
                along[i] += phi[i, j] * L[c, j]
                adjusted += L[c, i] * vcov[i, j] * L[c, j]
        for i in range(p):
            variance += L[c, i] * along[i]
        slope = np.zeros(r)
        for e in range(r):
            for i in range(p):
                for j in range(p):
                    slope[e] += along[i] * P[e, i, j] * along[j]
        spread = 0.0
        for e in range(r):
            for f in range(r):
                spread += slope[e] * weight[e, f] * slope[f]
        estimate[c] = value
        se[c] = math.sqrt(adjusted)
        df[c] = 2.0 * variance * variance / spread
    return estimate, se, df


@njit(cache=True, fastmath=FAST, error_model="numpy")
def _adjusted(phi: Any, P: Any, weight: Any, W: Any, products: Any, C: Any, s: int) -> Any:
    """Adjust Phi by Kenward and Roger's correction; E is linear in the unstructured parameters."""
    start, where, value = C
    K, m, _ = W.shape
    r, p = P.shape[0], phi.shape[0]
    M = np.zeros((m, m, m, m))
    e = 0
    for i in range(m):
        for j in range(i + 1):
            q = 0
            for c in range(m):
                for d in range(c + 1):
                    w = weight[e, q]
                    M[i, j, c, d] = w
                    M[j, i, c, d] = w
                    M[i, j, d, c] = w
                    M[j, i, d, c] = w
                    q += 1
            e += 1
    inner = np.zeros((m * s, m * s))
    middle, half, outer = np.zeros((m, m)), np.zeros((m, m)), np.zeros((m, m))
    for k in range(K):
        for a in range(m):
            for d in range(m):
                total = 0.0
                for b in range(m):
                    for c in range(m):
                        total += M[a, b, c, d] * W[k, b, c]
                middle[a, d] = total
        conjugate(W[k], middle, half, outer)
        for a in range(m):
            for b in range(m):
                for x in range(s):
                    for y in range(s):
                        inner[a * s + x, b * s + y] += outer[a, b] * products[k, x, y]
    first = np.zeros((p, p))
    sandwich_gram(inner, start, where, value, p, first)
    for e in range(r):
        mixed = np.zeros((p, p))
        for f in range(r):
            mixed += weight[e, f] * P[f]
        first -= P[e] @ phi @ mixed
    adjusted = phi + 2.0 * phi @ first @ phi
    return 0.5 * (adjusted + adjusted.T)


@njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
def _fit_in_turn(
    Y: Any, observed: Any, u: Any, C: Any, L: Any, p: int, reml: bool, kenward_roger: bool
) -> Any:
    """Fit trials of the same design one after the other, as :func:`fit_trials` gives them."""
    trials, q = Y.shape[0], L.shape[0]
    flag = np.zeros(trials, np.int64)
    estimate, se = np.full((trials, q), np.nan), np.full((trials, q), np.nan)
    df = np.full((trials, q), np.nan)
    for b in range(trials):
        fit = fit_trial(Y[b], observed[b], u, C, p, reml)
        flag[b] = fit[0]
        if fit[0] == CONVERGED:
            one, two, three = infer(fit, C, L, u.shape[1], kenward_roger)
            estimate[b], se[b], df[b] = one, two, three
    return flag, estimate, se, df


def fit_trials(Y: Any, observed: Any, *design: Any) -> tuple[Any, ...]:
    """Fit many trials of the same design: flag (B,), estimate, se and df (B, q).

    Threads share the trials, each in compiled code that holds no lock. A loop of numba over threads would do
    the same, and takes half as long again to compile.

    Parameters
    ----------
    Y, observed : outcomes (B, n, m), and which of them there are
    design : what every trial has, as :func:`_fit_in_turn` takes it
    """
    # numba reads this setting from the environment while it is imported.
    threads_allowed: int = config.NUMBA_NUM_THREADS  # type: ignore[attr-defined]
    shares = min(threads_allowed, max(1, len(Y) // _LEAST_SHARE))
    if shares == 1:
        return tuple(_fit_in_turn(Y, observed, *design))
    with ThreadPoolExecutor(shares) as threads:
        found = threads.map(
            lambda own: _fit_in_turn(Y[own], observed[own], *design),
            [slice(len(Y) * place // shares, len(Y) * (place + 1) // shares) for place in range(shares)],
        )
        return tuple(np.concatenate(parts) for parts in zip(*found, strict=True))


def sparse_columns(visit_part: Floats) -> tuple[Any, Any, Any]:
    """List the places and values of each column of C (m, s, p), as the kernels want them."""
    m, s, p = visit_part.shape
    flat = np.ascontiguousarray(visit_part.reshape(m * s, p).T)
    column, where = np.nonzero(flat)
    start = np.searchsorted(column, np.arange(p + 1)).astype(np.int64)
    return start, where.astype(np.int64), flat[column, where]
