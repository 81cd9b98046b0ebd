"""Predictions, residuals and draws from a fitted repeated-measures model."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from funis.errors import UnknownNameError, ValueRangeError
from funis.shown import show_codes
from funis.stats.mmrm.covariance import Floats
from funis.stats.mmrm.fitted import FittedModel
from funis.stats.mmrm.rows_used import to_polars

RESIDUALS = ("raw", "pearson", "normalised")


def design_rows(result: FittedModel) -> Floats:
    """Build the design matrix (N, p) of the rows used, in their order."""
    data, rows = result.data, result.rows
    subject, visit = rows.subject.codes, rows.visit.codes
    X = np.empty((subject.size, len(result.design.names)))
    for a in range(len(rows.visit.levels)):
        at = visit == a
        X[at] = data.subject_part[subject[at]] @ data.visit_part[a]
    return X


def _coefficients(result: FittedModel) -> Floats:
    """Give the coefficients (p,) with 0 for aliased ones, as R predicts."""
    inference = result.inference()
    beta = np.zeros(len(result.design.names))
    beta[result.fit.estimable.kept] = result.fit.estimable.transform @ inference.beta
    return beta


def covariance_blocks(result: FittedModel) -> list[tuple[NDArray[np.int64], Floats]]:
    """Give, for each cell, the rows of its subjects (n_k, d) and a Cholesky factor of V (d, d)."""
    likelihood, rows = result.fit.likelihood, result.rows
    every = result.fit.sigma()
    sums = likelihood.sums
    where = np.zeros((len(rows.subject.levels), sums.visits), dtype=np.int64)
    where[rows.subject.codes, rows.visit.codes] = np.arange(rows.outcome.size)
    blocks = []
    for k in range(sums.count.size):
        visits = np.flatnonzero(sums.observed[k])
        sigma = every[k] if likelihood.irregular else every[sums.group[k]]
        members = np.flatnonzero(sums.cell == k)
        blocks.append((where[np.ix_(members, visits)], np.linalg.cholesky(sigma[np.ix_(visits, visits)])))
    return blocks


def residuals(result: FittedModel, kind: str = "raw") -> pl.DataFrame:
    """Give the residuals of the rows used.

    Parameters
    ----------
    kind : ``raw`` (observed minus fitted), ``pearson`` (divided by their standard deviation) or
        ``normalised`` (multiplied by the inverse Cholesky factor of V, independent if the model holds)

    Returns
    -------
    ``row`` (place in the frame given), subject, visit, ``fitted``, ``residual``
    """
    if kind not in RESIDUALS:
        raise UnknownNameError("kind of residual", kind, RESIDUALS)
    rows = result.rows
    fitted = design_rows(result) @ _coefficients(result)
    values = rows.outcome - fitted
    if kind != "raw":
        root = np.sqrt(rows.weights) if rows.weights is not None else np.ones(values.size)
        scaled = values * root
        for places, factor in covariance_blocks(result):
            if kind == "normalised":
                scaled[places] = np.linalg.solve(factor, scaled[places].T).T
            else:
                scaled[places] /= np.sqrt((factor**2).sum(axis=1))
        values = scaled
    return pl.DataFrame(
        {
            "row": rows.row,
            result.columns.subject: np.array(rows.subject.levels)[rows.subject.codes],
            result.columns.visit: np.array(rows.visit.levels)[rows.visit.codes],
            "fitted": fitted,
            "residual": values,
        }
    )


def predict(
    result: FittedModel, frame: Any = None, *, interval: str | None = None, level: float | None = None
) -> pl.DataFrame:
    """Predict the mean outcome of rows.

    Parameters
    ----------
    frame : rows with the variables of the formula (and the visit and group, for prediction intervals); the
        rows used in the fit without a word
    interval : None, ``confidence`` (of the mean) or ``prediction`` (of a new subject's outcome)
    level : coverage, in (0, 1)

    Returns
    -------
    ``estimate, se`` and with an interval ``lower, upper``; one row per row of the frame
    """
    from scipy.special import stdtrit

    if interval not in {None, "confidence", "prediction"}:
        raise ValueRangeError("interval", interval, "None, 'confidence' or 'prediction'")
    result.inference()
    given = None
    if frame is None:
        X = design_rows(result)
    else:
        wanted = [*result.design.levels, *result.design.means]
        if interval == "prediction":
            wanted += [result.columns.visit] + ([result.columns.group] if result.columns.group else [])
        given = to_polars(frame, wanted, "A prediction")
        X = result.design.rows(given)
    table = result.contrast_table(X, level=level)
    columns = {"estimate": table["estimate"], "se": table["se"]}
    if interval == "confidence":
        columns |= {"lower": table["lower"], "upper": table["upper"]}
    elif interval == "prediction":
        se = np.sqrt(table["se"] ** 2 + _outcome_variance(result, given))
        half = stdtrit(table["df"], 0.5 + 0.5 * (result.level if level is None else level)) * se
        columns |= {"se": se, "lower": table["estimate"] - half, "upper": table["estimate"] + half}
    return pl.DataFrame(columns, nan_to_null=True)


def _outcome_variance(result: FittedModel, given: pl.DataFrame | None) -> Floats:
    """Look up the variance of an outcome at each row's visit (and group)."""
    rows = result.rows
    variances = np.diagonal(result._sigma, axis1=1, axis2=2)
    if given is None:
        group = rows.group.codes if rows.group is not None else np.zeros(rows.outcome.size, dtype=np.int64)
        found: Floats = variances[group, rows.visit.codes]
        return found if rows.weights is None else found / rows.weights
    visit = _codes(given, result.columns.visit, rows.visit.levels)
    if result.columns.group is None:
        return np.asarray(variances[0, visit])
    return np.asarray(variances[_codes(given, result.columns.group, result.groups), visit])


def _codes(frame: pl.DataFrame, name: str, levels: tuple[str, ...]) -> list[int]:
    known = {level: i for i, level in enumerate(levels)}
    texts = [str(value) for value in frame[name].to_list()]
    foreign = sorted(set(texts) - set(known))
    if foreign:
        raise ValueRangeError(f"Column {name!r}", show_codes(foreign), ", ".join(levels))
    return [known[text] for text in texts]


def draw_outcomes(result: FittedModel, n: int = 1, *, rng: np.random.Generator | int | None = None) -> Floats:
    """Draw outcomes of the rows used from the fitted model.

    Parameters
    ----------
    n : number of draws
    rng : generator or seed

    Returns
    -------
    float array (n, N), in the order of the rows used
    """
    if n < 1:
        raise ValueRangeError("n", n, "a whole number of at least 1")
    generator = rng if isinstance(rng, np.random.Generator) else np.random.default_rng(rng)
    mean = design_rows(result) @ _coefficients(result)
    noise = np.empty((n, mean.size))
    for places, factor in covariance_blocks(result):
        draws = generator.standard_normal((n, *places.shape)) @ factor.T
        noise[:, places] = draws
    if result.rows.weights is not None:
        noise /= np.sqrt(result.rows.weights)
    return mean + noise
