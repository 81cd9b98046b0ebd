"""Small matrices in compiled loops: what the kernels of mmrm_compiled are made of.

Imported by that module alone, and therefore as late as it is; see its head.
"""
# ruff: noqa: C901, PLR0912, E741

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

# Sums may be reordered, but NaN keeps its meaning: a factor that fails must be seen to fail.
FAST = {"reassoc", "contract", "arcp", "nsz"}


@njit(cache=True, fastmath=FAST, error_model="numpy")
def cholesky(A: Any, n: int, L: Any) -> bool:
    """Factor A = L L' in the leading n rows; False where A is not positive definite."""
    for i in range(n):
        for j in range(i + 1):
            total = A[i, j]
            for k in range(j):
                total -= L[i, k] * L[j, k]
            if i == j:
                if not total > 1e-13 * abs(A[i, i]):
                    return False
                L[i, i] = math.sqrt(total)
            else:
                L[i, j] = total / L[j, j]
    return True


@njit(cache=True, fastmath=FAST, error_model="numpy")
def invert(L: Any, n: int, inverse: Any, work: Any) -> float:
    """Invert L L' into ``inverse``; return log|L L'|."""
    log = 0.0
    for i in range(n):
        log += math.log(L[i, i])
        work[i, i] = 1.0 / L[i, i]
        for j in range(i):
            total = 0.0
            for k in range(j, i):
                total -= L[i, k] * work[k, j]
            work[i, j] = total / L[i, i]
    for i in range(n):
        for j in range(i + 1):
            total = 0.0
            for k in range(i, n):
                total += work[k, i] * work[k, j]
            inverse[i, j] = total
            inverse[j, i] = total
    return 2.0 * log


@njit(cache=True, fastmath=FAST, error_model="numpy")
def sum_cells(Y: Any, observed: Any, u: Any) -> Any:
    """Sum products by missingness pattern: counts, patterns, and (s + m, s + m) products."""
    n, m = Y.shape
    s = u.shape[1]
    number = np.full(1 << m, -1, np.int64)
    codes = np.empty(n, np.int64)
    cells = 0
    for i in range(n):
        code = 0
        for a in range(m):
            if observed[i, a]:
                code |= 1 << a
        codes[i] = code
        if number[code] < 0:
            number[code] = cells
            cells += 1
    count = np.zeros(cells)
    seen = np.zeros((cells, m), np.bool_)
    products = np.zeros((cells, s + m, s + m))
    row = np.empty(s + m)
    for i in range(n):
        k = number[codes[i]]
        if count[k] == 0.0:
            seen[k] = observed[i]
        count[k] += 1.0
        for j in range(s):
            row[j] = u[i, j]
        for a in range(m):
            row[s + a] = Y[i, a] if observed[i, a] else 0.0
        for j in range(s + m):
            for l in range(j + 1):
                products[k, j, l] += row[j] * row[l]
    for k in range(cells):
        for j in range(s + m):
            for l in range(j):
                products[k, l, j] = products[k, j, l]
    return count, seen, products


@njit(cache=True, fastmath=FAST, error_model="numpy")
def sandwich_gram(inner: Any, start: Any, where: Any, value: Any, p: int, result: Any) -> None:
    """Compute C' inner C for sparse C (columns as lists of places and values)."""
    for j in range(p):
        for l in range(j + 1):
            total = 0.0
            for x in range(start[j], start[j + 1]):
                for y in range(start[l], start[l + 1]):
                    total += value[x] * value[y] * inner[where[x], where[y]]
            result[j, l] = total
            result[l, j] = total


@njit(cache=True, fastmath=FAST, error_model="numpy")
def spread_design(phi: Any, start: Any, where: Any, value: Any, p: int, spread: Any) -> None:
    """Compute C Phi C' for sparse C."""
    for j in range(p):
        for l in range(p):
            for x in range(start[j], start[j + 1]):
                for y in range(start[l], start[l + 1]):
                    spread[where[x], where[y]] += value[x] * value[y] * phi[j, l]


@njit(cache=True, fastmath=FAST, error_model="numpy")
def conjugate(W: Any, S: Any, half: Any, result: Any) -> None:
    """Compute W S W."""
    m = W.shape[0]
    for a in range(m):
        for b in range(m):
            total = 0.0
            for c in range(m):
                total += W[a, c] * S[c, b]
            half[a, b] = total
    for a in range(m):
        for b in range(m):
            total = 0.0
            for c in range(m):
                total += half[a, c] * W[c, b]
            result[a, b] = total


@njit(cache=True, fastmath=FAST, error_model="numpy")
def solve_step(H: Any, score: Any, step: Any) -> float:
    """Solve H step = -score; return the decrement, or -1 where H is not positive definite."""
    r = score.size
    L = np.zeros((r, r))
    if not cholesky(H, r, L):
        return -1.0
    decrement = 0.0
    for i in range(r):
        total = -score[i]
        for k in range(i):
            total -= L[i, k] * step[k]
        step[i] = total / L[i, i]
        decrement += step[i] * step[i]
    for i in range(r - 1, -1, -1):
        total = step[i]
        for k in range(i + 1, r):
            total -= L[k, i] * step[k]
        step[i] = total / L[i, i]
    return decrement
