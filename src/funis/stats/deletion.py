"""An estimate without one subject, or without one site: in closed form for means, by one solve for models.

Mean. Without the rows of label g the mean is (S - S_g) / (n - n_g) and the sum of squares follows alike, so
that every label costs nothing.

Mixed model. With the covariance held at its estimate from all subjects, beta = A^-1 b with A = sum A_i and
b = sum b_i over subjects, A_i = X_i' V_i^-1 X_i and b_i = X_i' V_i^-1 y_i; without some of them
beta = (A - A_g)^-1 (b - b_g). This is what PROC MIXED prints under INFLUENCE with ITER=0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from funis.errors import ShapeError, ValueRangeError
from funis.stats.mmrm.fitted import FittedModel
from funis.stats.mmrm.predict import covariance_blocks, design_rows
from funis.stats.sample import Floats, Integers, check_sample

# Below this share of its former size a coefficient's information is gone with the subjects left out.
_GONE = 1e-9


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An estimate without each label in turn.

    Attributes
    ----------
    label : who is left out, sorted
    estimate : estimate without them, NaN where nothing is left to estimate it from
    p : P value of the t test that the mean is 0 without them; NaN where there is none
    overall : estimate from all
    """

    label: tuple[str, ...]
    estimate: Floats
    p: Floats
    overall: float

    @property
    def lowest(self) -> float:
        """Give the smallest estimate; NaN where there is none."""
        known = self.estimate[~np.isnan(self.estimate)]
        return float(known.min()) if known.size else math.nan

    @property
    def highest(self) -> float:
        """Give the largest estimate; NaN where there is none."""
        known = self.estimate[~np.isnan(self.estimate)]
        return float(known.max()) if known.size else math.nan

    @property
    def most(self) -> tuple[str, ...]:
        """Give the labels whose absence moves the estimate most: one, or all that move it equally."""
        moved = np.abs(self.estimate - self.overall)
        if np.isnan(moved).all():
            return ()
        largest = float(np.nanmax(moved))
        near = 1e-9 * max(1.0, abs(self.overall))
        return tuple(name for name, each in zip(self.label, moved, strict=True) if each >= largest - near)


def leave_out_mean(values: npt.ArrayLike, label: npt.ArrayLike) -> LeftOut:
    """Estimate a mean without each label in turn.

    Parameters
    ----------
    values : float array, shape (n,), for example the change of each subject
    label : array, shape (n,), subject, site or lot of each value

    Returns
    -------
    LeftOut

    Raises
    ------
    ShapeError, ValueRangeError : lengths differ, a value is missing or there is none

    Source
    ------
    Cook 1977 (Technometrics 19: 15), as the estimates themselves.

    Examples
    --------
    >>> found = leave_out_mean([1.0, 2.0, 9.0], ["s1", "s2", "s3"])
    >>> found.estimate.tolist(), found.most
    ([5.5, 5.0, 1.5], ('s3',))
    """
    sample = check_sample(values, "values", least=1)
    labels, member = np.unique(np.asarray(label).astype(str), return_inverse=True)
    if member.shape != sample.shape:
        raise ShapeError(f"values and labels: found {sample.size} and {member.size}; one label a value.")
    centre = float(sample.mean())
    away = sample - centre  # sums of deviations lose no digits where the mean is far from 0
    left = sample.size - np.bincount(member).astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        shift = -np.bincount(member, weights=away) / left
        squares = (away**2).sum() - np.bincount(member, weights=away**2) - left * shift**2
        estimate = np.where(left > 0, centre + shift, np.nan)
        error = np.sqrt(np.maximum(squares, 0.0) / (left - 1.0) / left)
        t = np.abs(estimate) / error
        p = np.where((left > 1) & (error > 0), 2.0 * special.stdtr(left - 1.0, -t), np.nan)
    return LeftOut(tuple(map(str, labels)), estimate, p, centre)


def leave_out_model(result: FittedModel, contrast: npt.ArrayLike, label: npt.ArrayLike) -> list[LeftOut]:
    """Estimate contrasts of a mixed model without each label in turn, the covariance held.

    Parameters
    ----------
    result : a fit with estimates, without weights
    contrast : weights of the coefficients, shape (q, p); for means over the subjects the design row of each
        subject, shape (q, subjects, p): then the rest are averaged
    label : shape (subjects,), the subject itself, or its site or lot, in the order of the fit's subjects

    Returns
    -------
    list of LeftOut : one a contrast, without P values

    Raises
    ------
    NotFittedError : the fit failed
    ShapeError, ValueRangeError : not one label a subject; the fit has weights

    Source
    ------
    Christensen, Pearson and Johnson 1992 (Technometrics 34: 38); SAS PROC MIXED, MODEL / INFLUENCE(ITER=0).
    """
    if result.rows.weights is not None:
        raise ValueRangeError("weights of the model", "given", "none, to leave subjects out")
    labels, member = np.unique(np.asarray(label).astype(str), return_inverse=True)
    if member.size != result.n_subjects:
        raise ShapeError(f"labels: found {member.size}, but the model has {result.n_subjects} subjects.")
    result.inference()
    information, score = _subject_information(result)
    kept = result.fit.estimable.kept
    rows = np.asarray(contrast, dtype=np.float64)[..., kept]
    L = rows if rows.ndim == 2 else rows.mean(axis=1)
    A, b = information.sum(axis=0), score.sum(axis=0)
    overall = L @ np.linalg.solve(A, b)
    out_A, out_b = np.zeros((labels.size, *A.shape)), np.zeros((labels.size, b.size))
    np.add.at(out_A, member, information)
    np.add.at(out_b, member, score)
    scale = 1.0 / np.sqrt(np.diag(A))
    rest = (A - out_A) * scale[:, None] * scale
    fine = np.linalg.eigvalsh(rest)[:, 0] > _GONE * np.linalg.eigvalsh(A * scale[:, None] * scale)[0]
    beta = np.full((labels.size, b.size), np.nan)
    beta[fine] = scale * np.linalg.solve(rest[fine], ((b - out_b) * scale)[fine][..., None])[..., 0]
    moved = beta @ L.T if rows.ndim == 2 else np.einsum("lp,lqp->lq", beta, _means_of_rest(rows, member))
    names, none = tuple(map(str, labels)), np.full(labels.size, np.nan)
    return [LeftOut(names, moved[:, j], none, float(overall[j])) for j in range(L.shape[0])]


def _means_of_rest(rows: Floats, member: Integers) -> Floats:
    """Average the rows (q, subjects, p) of the subjects that are not of each label: (labels, q, p)."""
    count = np.bincount(member)
    gone = np.zeros((count.size, rows.shape[0], rows.shape[2]))
    np.add.at(gone, member, rows.swapaxes(0, 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        mean: Floats = (rows.sum(axis=1) - gone) / (member.size - count)[:, None, None]
    return mean


def _subject_information(result: FittedModel) -> tuple[Floats, Floats]:
    """Give A_i (n, p, p) and b_i (n, p) of every subject, over the coefficients that were estimated."""
    rows = result.rows
    X = design_rows(result)[:, result.fit.estimable.kept]
    information = np.zeros((result.n_subjects, X.shape[1], X.shape[1]))
    score = np.zeros((result.n_subjects, X.shape[1]))
    for places, factor in covariance_blocks(result):
        if not places.size:
            continue
        half = np.linalg.inv(factor)
        Z, y = half @ X[places], rows.outcome[places] @ half.T
        who = rows.subject.codes[places[:, 0]]
        information[who] = Z.transpose(0, 2, 1) @ Z
        score[who] = np.einsum("idp,id->ip", Z, y)
    return information, score
