"""Which columns of a design can be estimated, and a basis of them that costs no digits."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from funis.stats.mmrm.covariance import Floats
from funis.stats.mmrm.sums import SubjectArrays

# R's qr() calls a column dependent when what is left of it is below 1e-7 of its length.
ALIAS_LENGTH = 1e-7
# Below this share of a column's squared length the sums are too coarse a judge; the rows are looked at.
ALIAS_DOUBT = 1e-6
# A column is reported as nearly collinear when less than this share of its spread is its own.
COLLINEAR = 1e-5


@dataclass(frozen=True, slots=True)
class Estimable:
    """Which columns can be estimated.

    Attributes
    ----------
    kept : places of the columns kept, in order
    dropped : places of the aliased columns
    dependence : (kept, dropped); aliased columns are X_kept @ dependence
    transform : T (kept, kept), invertible: X_kept T has orthogonal columns, or columns that are so where the
        search ended
    collinear : columns kept that are almost a combination of earlier ones, each with the share of its
        spread that is its own
    """

    kept: NDArray[np.int64]
    dropped: NDArray[np.int64]
    dependence: Floats
    transform: Floats
    collinear: tuple[tuple[int, float], ...] = ()


def find_estimable(data: SubjectArrays) -> tuple[Estimable, SubjectArrays]:
    """Find aliased columns, the later of dependent ones as R does, and a well-conditioned basis.

    Returns
    -------
    the columns, and the data; where columns are close to dependent, the subjects' columns u of the data are
    made orthonormal as well, so that sums of their products keep the digits in which the columns differ
    """
    _, _, p = data.visit_part.shape
    gram = _gram(data)
    length = np.sqrt(np.diag(gram))
    if (length > 0).all():
        factor = _factor(gram, length)
        if (np.diag(factor) ** 2 > ALIAS_DOUBT).all():
            transform = np.linalg.inv(factor) / length[:, None]
            return Estimable(np.arange(p), np.arange(0), np.zeros((p, 0)), transform), data
    found = _estimable_by_rows(data)
    q, r = np.linalg.qr(data.subject_part)
    return found, replace(data, subject_part=q, visit_part=r @ data.visit_part)


def orthogonal_transform(data: SubjectArrays, estimable: Estimable) -> Estimable:
    """Find the transform anew for the columns kept, after rows were divided by the scale of their visit."""
    part = replace(data, visit_part=data.visit_part[:, :, estimable.kept])
    gram = _gram(part)
    length = np.sqrt(np.diag(gram))
    factor = _factor(gram, length)
    if (np.diag(factor) ** 2 > ALIAS_DOUBT).all():
        return replace(estimable, transform=np.linalg.inv(factor) / length[:, None])
    R = np.linalg.qr(_rows(part), mode="r")
    return replace(estimable, transform=np.linalg.inv(R))


def _gram(data: SubjectArrays) -> Floats:
    """Give X'X (p, p)."""
    m, _, p = data.visit_part.shape
    gram = np.zeros((p, p))
    for a in range(m):
        u = data.subject_part[data.observed[:, a]]
        gram += data.visit_part[a].T @ (u.T @ u) @ data.visit_part[a]
    return gram


def _factor(gram: Floats, length: Floats) -> Floats:
    """Give the upper Cholesky factor of X'X with columns of length 1; zeros where there is none."""
    factor = np.zeros(gram.shape)
    try:
        factor[:] = np.linalg.cholesky(gram / np.outer(length, length)).T
    except np.linalg.LinAlgError:
        factor[:] = 0.0
    return factor


def _rows(data: SubjectArrays) -> Floats:
    """Give the rows of the design (N, p), visit by visit."""
    visits = range(data.visit_part.shape[0])
    return np.concatenate([data.subject_part[data.observed[:, a]] @ data.visit_part[a] for a in visits])


def _estimable_by_rows(data: SubjectArrays) -> Estimable:
    """Orthogonalise the design's columns one after the other (modified Gram-Schmidt, twice)."""
    X = _rows(data)
    basis: list[Floats] = []
    kept, dropped = [], []
    collinear: list[tuple[int, float]] = []
    for j in range(X.shape[1]):
        column = X[:, j].copy()
        length = float(np.linalg.norm(column))
        for _ in range(2):
            for q in basis:
                column -= q * (q @ column)
        left = float(np.linalg.norm(column))
        if length > 0 and left > ALIAS_LENGTH * length:
            basis.append(column / left)
            kept.append(j)
            spread = float(np.linalg.norm(X[:, j] - X[:, j].mean()))
            if 0 < left < COLLINEAR * spread:
                collinear.append((j, left / spread))
        else:
            dropped.append(j)
    Q: Floats = np.stack(basis, axis=1) if basis else np.zeros((X.shape[0], 0))
    R: Floats = np.triu(Q.T @ X[:, kept])
    transform = np.linalg.inv(R)
    dependence = transform @ (Q.T @ X[:, dropped])
    dependence[np.abs(dependence) < 1e-9] = 0.0
    places = np.array(kept, dtype=int), np.array(dropped, dtype=int)
    return Estimable(
        *places, np.asarray(dependence, np.float64), np.asarray(transform, np.float64), tuple(collinear)
    )
