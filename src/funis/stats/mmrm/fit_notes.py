"""What a reader should know of a fit with estimates: what they rest on, and what has no standard error."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from funis.stats.mmrm.covariance import is_positive_definite, structure
from funis.stats.mmrm.degrees_of_freedom import Inference, contrast_variance
from funis.stats.mmrm.one_fit import Fit
from funis.stats.mmrm.rows_used import Factored, ModelRows, describe_row
from funis.stats.mmrm.sums import SubjectArrays

#: An outcome that is as many times as far from 0 as half of those at its visit leaves few digits of them.
FAR: Final = 1e8
#: A correlation below this is none.
NONE: Final = 1e-6
#: Residual degrees of freedom for each covariance parameter below which the covariance rests on little.
LITTLE: Final = 2


def note_fit(fit: Fit, names: Sequence[str], covariance: str, *, sandwich: bool) -> list[str]:
    """Say what a fit with estimates rests on.

    Parameters
    ----------
    fit : with inference
    names : of the coefficients, in the order of the design
    covariance : structure fitted
    sandwich : whether the variance is a sandwich
    """
    if fit.inference is None:
        return []
    found = _without_error(fit, fit.inference, names, sandwich=sandwich)
    sums, parameters = fit.likelihood.sums, fit.likelihood.size
    left = sums.n_observations - fit.estimable.kept.size
    if left < LITTLE * parameters:
        found.append(
            f"{left} more outcomes than coefficients are left for {parameters} covariance "
            f"parameter{'s' if parameters > 1 else ''}: standard errors rest on little"
        )
    if structure(covariance).form == "distance" and sums.visits > 1 and _strongest(fit) < NONE:
        found.append(
            f"no outcomes of a subject are correlated: {covariance} has no negative correlations, "
            "so take another structure if they may be"
        )
    return found


def _without_error(fit: Fit, inference: Inference, names: Sequence[str], *, sandwich: bool) -> list[str]:
    """Name the coefficients whose variance is not above 0."""
    kept = fit.estimable.kept
    lacking = np.isnan(contrast_variance(inference, fit.estimable.transform))
    named = ", ".join(repr(names[int(j)]) for j in kept[lacking])
    if sandwich:
        said = "the sandwich variance is 0, as those who decide the estimate are fitted exactly"
        return [f"no standard error of {named}: {said}"] if named else []
    if is_positive_definite(inference.vcov):
        return []
    whose = f"of {named}" if named else "of some comparisons"
    said = (
        "the adjustment of Kenward and Roger makes a variance negative, as it can where the data say "
        "little of the covariance; df='satterthwaite' leaves variances as they are"
    )
    return [f"no standard error {whose}: {said}"]


def _strongest(fit: Fit) -> float:
    """Give the largest correlation of two outcomes of a subject, infinite where nobody has two."""
    sums = fit.likelihood.sums
    sigma = fit.sigma() if fit.likelihood.irregular else fit.sigma()[sums.group]
    pairs = (sums.pair > 0) & ~np.eye(sums.visits, dtype=bool)
    deviation = np.sqrt(np.diagonal(sigma, axis1=1, axis2=2))
    correlation = sigma / (deviation[:, :, None] * deviation[:, None, :])
    return float(correlation[pairs].max()) if pairs.any() else np.inf


def find_constant_visits(data: SubjectArrays, visit: Factored) -> list[str]:
    """Find the visits at which several outcomes are all the same."""
    count = data.observed.sum(axis=0)
    low = np.where(data.observed, data.outcome, np.inf).min(axis=0)
    high = np.where(data.observed, data.outcome, -np.inf).max(axis=0)
    return [visit.levels[int(a)] for a in np.flatnonzero((count > 1) & (low == high))]


def note_outcomes(data: SubjectArrays, rows: ModelRows) -> list[str]:
    """Say which outcomes hide others, and which do not vary."""
    same = ", ".join(map(repr, find_constant_visits(data, rows.visit)))
    found = [f"the outcomes at {same} are all the same"] if same else []
    size = np.where(data.observed, np.abs(data.outcome), np.inf)
    middle = np.take_along_axis(
        np.sort(size, axis=0), (data.observed.sum(axis=0, keepdims=True) - 1) // 2, axis=0
    )[0]
    far = np.abs(rows.outcome) > FAR * middle[rows.visit.codes]
    far &= middle[rows.visit.codes] > 0
    for place in np.flatnonzero(far)[:1]:
        where = describe_row(rows.row, rows.subject, rows.visit, int(place))
        others = int(far.sum()) - 1
        more = f", as {'is' if others == 1 else 'are'} {others} more" if others else ""
        found.append(
            f"the outcome in {where} is {float(rows.outcome[place]):.3g}, more than {FAR:g} times as far "
            f"from 0 as half of those at its visit{more}: it leaves few digits of theirs"
        )
    return found
