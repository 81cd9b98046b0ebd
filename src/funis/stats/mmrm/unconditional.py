"""Marginal means over the subjects as a sample (g-computation), with the variance of their covariates.

A conditional marginal mean is a prediction at covariates that are taken as known, their means. Its interval
is about a trial that would recruit the same baselines again. Where the mean of a population is asked for,
baselines are a sample too. With X_i the design row of subject i for the cell asked for (own covariates, the
cell's factors set, visits not asked for averaged), n subjects, L = mean of X_i and S = sample covariance of
X_i (divisor n - 1):

    estimate   L beta
    variance   A + B,   A = L Phi L'  (as for any contrast),   B = beta' S beta / n
    df         2 (A + B)^2 / { 2 A^2 / df_A + 2 B^2 / (n - 1) + 4 beta' S Phi S beta / n^2 }

The variance is that of R mmrm's ``emmeans_gcomp_vars``. The last two terms of the degrees of freedom are the
sampling variance of B: of S, as for a normal sample, and of beta (delta method). R leaves both out and so can
have more degrees of freedom than subjects; with one arm and complete data ours lie between n - 2 and n - 1.

Source: R mmrm 0.3.18, vignette on g-computation; law of total variance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from funis.errors import UnknownNameError, ValueRangeError
from funis.stats.mmrm.covariance import Floats
from funis.stats.mmrm.degrees_of_freedom import contrast_variance, degrees_of_freedom
from funis.stats.mmrm.rows_used import Codes, ModelDataError

if TYPE_CHECKING:
    from funis.stats.mmrm.fitted import FittedModel


def subject_rows(
    result: FittedModel, by: Sequence[str], at: Mapping[str, float | str] | None
) -> tuple[list[tuple[str, ...]], list[Floats]]:
    """Give the cells asked for, and for each the design rows of all subjects used, (n, p).

    Raises
    ------
    ModelDataError : a covariate changes within a subject
    UnknownNameError, ValueRangeError : ``by`` or ``at`` name what the model does not hold
    """
    design = result.design
    visit = result.columns.visit
    own = _own_values(result).with_columns(**_fixed_values(result, at))
    visits: Sequence[str | None] = [None]
    if visit in design.levels and visit not in (*by, *(at or {})):
        visits = design.levels[visit]
    chosen = [[str((at or {})[name])] if name in (at or {}) else list(design.levels[name]) for name in by]
    cells, blocks = list(product(*chosen)), []
    for cell in cells:
        set_here = dict(zip(by, cell, strict=True))
        total = np.zeros((own.height, len(design.names)))
        for level in visits:
            values = set_here if level is None else {**set_here, visit: level}
            total += design.rows(own.with_columns(pl.lit(v).alias(k) for k, v in values.items()))
        blocks.append(total / len(visits))
    return cells, blocks


def _fixed_values(result: FittedModel, at: Mapping[str, float | str] | None) -> dict[str, pl.Expr]:
    """Check the values of ``at`` and make one column of each, the same for every subject."""
    design = result.design
    columns = {}
    for name, value in (at or {}).items():
        if name in design.means:
            columns[name] = pl.lit(float(value))
        elif name not in design.levels:
            raise UnknownNameError("variable of the model", name, [*design.levels, *design.means])
        elif str(value) not in design.levels[name]:
            raise ValueRangeError(f"at[{name!r}]", value, ", ".join(design.levels[name]))
        else:
            columns[name] = pl.lit(str(value))
    return columns


def _own_values(result: FittedModel) -> pl.DataFrame:
    """Make one row a subject with the variables of the model; the visit is any, it is set later."""
    rows, design = result.rows, result.design
    subject, count = rows.subject.codes, len(rows.subject.levels)
    first = np.empty(count, dtype=np.int64)
    first[subject[::-1]] = np.arange(subject.size - 1, -1, -1)
    data: dict[str, pl.Series] = {}
    for name in design.levels:
        known = rows.factors[name]
        if name != result.columns.visit:
            _check_constant(name, known.codes, known.codes[first][subject])
        data[name] = pl.Series(name, np.array(known.levels, dtype=object)[known.codes[first]].tolist())
    for name in design.means:
        values = rows.numbers[name]
        _check_constant(name, values, values[first][subject])
        data[name] = pl.Series(name, values[first])
    return pl.DataFrame(data) if data else pl.DataFrame({"_": np.zeros(count)})


def _check_constant(name: str, values: Floats | Codes, of_subject: Floats | Codes) -> None:
    if not np.array_equal(values, of_subject):
        raise ModelDataError(
            f"Column {name!r} changes within a subject, so that no subject has one value of it for an "
            "unconditional mean. Ask for conditional means, or leave it out of the formula."
        )


def unconditional_table(
    result: FittedModel, blocks: Sequence[Floats] | Floats, level: float | None = None
) -> dict[str, Floats]:
    """Estimate the mean of each block of design rows (n, p) over its subjects.

    Returns
    -------
    ``estimate, se, df, t, p, lower, upper``, one value a block; NaN where not estimable or the fit failed
    """
    from scipy.special import stdtr, stdtrit

    L = np.array([block.mean(axis=0) for block in blocks]).reshape(len(blocks), len(result.design.names))
    table = result.contrast_table(L, level=level)
    if not result.converged or not len(blocks):
        return table
    inference, estimable = result.inference(), result.fit.estimable
    turn = estimable.transform
    turned = L[:, estimable.kept] @ turn
    n = blocks[0].shape[0]
    between, uncertain = np.zeros(len(blocks)), np.zeros(len(blocks))
    for number, block in enumerate(blocks):
        centred = (block - block.mean(axis=0))[:, estimable.kept] @ turn
        predicted = centred @ inference.beta
        slope = centred.T @ predicted / (n - 1)
        between[number] = predicted @ predicted / ((n - 1) * n)
        uncertain[number] = 4.0 * slope @ inference.vcov @ slope / n**2
    with np.errstate(divide="ignore", invalid="ignore"):
        within = contrast_variance(inference, turned)
        fixed = inference.fixed_df is not None
        within_df = degrees_of_freedom(inference, L[:, estimable.kept] if fixed else turned)
        variance = within + between
        spread = 2.0 * within**2 / within_df + 2.0 * between**2 / (n - 1) + uncertain
        df = 2.0 * variance**2 / spread
        se = np.sqrt(variance)
        t = table["estimate"] / se
    half = stdtrit(df, 0.5 + 0.5 * (result.level if level is None else level)) * se
    p = 2.0 * stdtr(df, -np.abs(t))
    estimate = table["estimate"]
    found = {"se": se, "df": df, "t": t, "p": p, "lower": estimate - half, "upper": estimate + half}
    return {"estimate": estimate} | {k: np.where(np.isnan(estimate), np.nan, v) for k, v in found.items()}
