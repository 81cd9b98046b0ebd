"""Sums over subjects that hold all a repeated-measures likelihood needs to know of the data.

Model. Subject i has responses y_i at the visits that were observed, y_i = X_i beta + e_i, and
e_i ~ N(0, V_i), where V_i is the block of Sigma (m, m) at those visits.

Each row of X_i is written as x_ia' = u_i' C_a: ``u_i`` (s,) belongs to the subject, ``C_a`` (s, p) to the
visit a. An intercept, arms and baseline values are columns of u; visit factors and their interactions live
in C. A covariate that changes from visit to visit takes one column of u per visit, so every design has
this form; the fewer columns of u, the cheaper.

Subjects with the same observed visits (and group) form a cell k. Any function of the likelihood needs only

    n_k,  U_k = sum u_i u_i' (s, s),  R_k = sum u_i y_i' (s, m),  Y_k = sum y_i y_i' (m, m),

with zeros at visits that were not observed. After this one pass the cost depends on the number of cells.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from funis.errors import ShapeError
from funis.stats.mmrm.covariance import Floats


@dataclass(frozen=True, slots=True)
class SubjectArrays:
    """The data by subject.

    Attributes
    ----------
    outcome : (n, m), 0 where not observed
    observed : (n, m) bool
    subject_part : u, (n, s)
    visit_part : C, (m, s, p)
    group : (n,) int, covariance group
    log_weights : sum of the logarithms of the observation weights
    distance : (n, m, m) distances of irregular times, or (m, m) shared by all, or None
    """

    outcome: Floats
    observed: NDArray[np.bool_]
    subject_part: Floats
    visit_part: Floats
    group: NDArray[np.int64]
    log_weights: float = 0.0
    distance: Floats | None = None


@dataclass(frozen=True, slots=True)
class PatternSums:
    """The sums of the module's head; K cells, m visits, s subject columns, p coefficients.

    ``cell`` (n,) tells each subject's cell; ``pair`` (K, m, m) is 1 where both visits were observed.
    ``distance`` is (K, m, m), (m, m) or None.
    """

    visit_part: Floats
    U: Floats
    R: Floats
    Y: Floats
    count: Floats
    observed: NDArray[np.bool_]
    pair: Floats
    group: NDArray[np.int64]
    cell: NDArray[np.int64]
    n_observations: int
    log_weights: float
    distance: Floats | None

    @property
    def visits(self) -> int:
        """Number of visits m."""
        return int(self.visit_part.shape[0])

    @property
    def coefficients(self) -> int:
        """Number of coefficients p."""
        return int(self.visit_part.shape[2])

    @property
    def groups(self) -> int:
        """Number of covariance groups."""
        return int(self.group.max()) + 1

    @property
    def n_subjects(self) -> int:
        """Number of subjects with at least one observation."""
        return int(self.count.sum())


def _cell_codes(data: SubjectArrays) -> NDArray[np.int64]:
    """Give each subject the number of its cell, (group, observed visits), from 0 without gaps."""
    n, m = data.outcome.shape
    if data.distance is not None and data.distance.ndim == 3:
        key = np.concatenate(
            [data.distance.reshape(n, -1), data.observed.astype(np.float64), data.group[:, None]], axis=1
        )
        return np.unique(key, axis=0, return_inverse=True)[1].reshape(-1)
    groups = int(data.group.max()) + 1
    if m * groups <= 40:
        code = data.observed @ (1 << np.arange(m, dtype=np.int64)) + (data.group << m)
        size = groups << m
        if size <= 1 << 16:
            seen = np.zeros(size, dtype=bool)
            seen[code] = True
            rank: NDArray[np.int64] = np.cumsum(seen) - 1
            ranked: NDArray[np.int64] = rank[code]
            return ranked
        return np.unique(code, return_inverse=True)[1]
    packed = np.concatenate(
        [np.packbits(data.observed, axis=1).astype(np.int64), data.group[:, None]], axis=1
    )
    return np.unique(packed, axis=0, return_inverse=True)[1].reshape(-1)


def sum_patterns(data: SubjectArrays) -> PatternSums:
    """Group subjects by missingness pattern and sum their products: the one pass over the data.

    Raises
    ------
    ShapeError : there is no subject with an observation
    """
    n, m = data.outcome.shape
    if n == 0 or not data.observed.any(axis=1).all():
        raise ShapeError("A repeated-measures model needs subjects with at least one observed outcome each.")
    s = data.subject_part.shape[1]
    cell = _cell_codes(data)
    order = np.argsort(cell, kind="stable")
    count = np.bincount(cell)
    stacked = np.concatenate([data.subject_part, data.outcome], axis=1)[order]
    ends = np.cumsum(count)
    products = np.empty((count.size, s + m, s + m))
    start = 0
    for k, end in enumerate(ends.tolist()):
        block = stacked[start:end]
        np.matmul(block.T, block, out=products[k])
        start = end
    first = order[ends - count]
    observed = data.observed[first]
    return PatternSums(
        visit_part=data.visit_part,
        U=np.ascontiguousarray(products[:, :s, :s]),
        R=np.ascontiguousarray(products[:, :s, s:]),
        Y=np.ascontiguousarray(products[:, s:, s:]),
        count=count.astype(np.float64),
        observed=observed,
        pair=(observed[:, :, None] & observed[:, None, :]).astype(np.float64),
        group=data.group[first],
        cell=cell,
        n_observations=int(data.observed.sum()),
        log_weights=data.log_weights,
        distance=data.distance[first]
        if data.distance is not None and data.distance.ndim == 3
        else data.distance,
    )


def split_design(
    design: Floats, subject: NDArray[np.int64], visit: NDArray[np.int64], *, n: int, m: int
) -> tuple[Floats, Floats]:
    """Write a design matrix (N, p) as u (n, s) and C (m, s, p), with as few columns of u as are seen.

    A column that takes one value per subject wherever its visit is not all zero needs one column of u, shared
    with every other design column of the same values; any other column needs one for each visit.
    """
    parts: list[Floats] = []
    places: list[tuple[int, int, int]] = []
    for j in range(design.shape[1]):
        column = design[:, j]
        active = np.bincount(visit, weights=column != 0, minlength=m) > 0
        inside = active[visit]
        value = np.zeros(n)
        value[subject[inside]] = column[inside]
        if np.array_equal(value[subject[inside]], column[inside]):
            # Subjects never seen at an active visit keep 0: no row of theirs uses the value.
            number = _place(parts, value, subject[inside])
            places.extend((a, number, j) for a in np.flatnonzero(active).tolist())
            continue
        for a in np.flatnonzero(active).tolist():
            at = visit == a
            own = np.zeros(n)
            own[subject[at]] = column[at]
            places.append((a, _place(parts, own, subject[at]), j))
    visit_part = np.zeros((m, max(len(parts), 1), design.shape[1]))
    for where in places:
        visit_part[where] = 1.0
    return (np.stack(parts, axis=1) if parts else np.zeros((n, 1))), visit_part


def _place(parts: list[Floats], value: Floats, used: NDArray[np.int64]) -> int:
    """Find a column of u that agrees with ``value`` on the subjects that use it, or add it."""
    for number, known in enumerate(parts):
        if np.array_equal(known[used], value[used]):
            return number
    parts.append(value)
    return len(parts) - 1
