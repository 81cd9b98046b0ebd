"""Marginal (least-squares) means and their differences.

A reference grid holds every combination of the levels of the factors in the model, with numeric covariates
at their means over the rows used. A marginal mean averages the predictions of the grid over the factors that
are not asked for: with equal weights as SAS LSMEANS does, or in proportion to how often their combinations
occur (SAS: OM, emmeans: ``weights = "proportional"``).

Functions and products of covariates are taken at the covariates' means, as emmeans does, and SAS with AT
MEANS (without it SAS takes the mean of a product).

Source: Searle, Speed and Milliken 1980.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations, product

import numpy as np
import polars as pl

from funis.errors import UnknownNameError, ValueRangeError
from funis.stats.mmrm.adjusted import adjust_table
from funis.stats.mmrm.covariance import Floats
from funis.stats.mmrm.design import Design
from funis.stats.mmrm.fitted import FittedModel
from funis.stats.mmrm.rows_used import ModelDataError
from funis.stats.mmrm.unconditional import subject_rows, unconditional_table

MAX_GRID = 200_000
KINDS = ("conditional", "unconditional")


def build_grid(design: Design, numbers: Mapping[str, float], fixed: Mapping[str, str]) -> pl.DataFrame:
    """Cross the levels of all factors; numeric variables take the numbers given."""
    choices = {
        name: ([fixed[name]] if name in fixed else list(known)) for name, known in design.levels.items()
    }
    size = int(np.prod([len(c) for c in choices.values()])) if choices else 1
    if size > MAX_GRID:
        raise ModelDataError(
            f"The reference grid has {size} cells; {MAX_GRID} are allowed. Fix factors by `at`."
        )
    cells = list(product(*choices.values())) if choices else [()]
    data: dict[str, pl.Series] = {
        name: pl.Series(name, [cell[i] for cell in cells], dtype=pl.String) for i, name in enumerate(choices)
    }
    for name, value in numbers.items():
        data[name] = pl.Series(name, [float(value)] * len(cells))
    return pl.DataFrame(data) if data else pl.DataFrame({"_": [0]})


def _grid_at(result: FittedModel, at: Mapping[str, float | str] | None) -> pl.DataFrame:
    """Build the reference grid with the values of ``at`` in place of means or all levels."""
    design = result.design
    numbers, fixed = dict(design.means), {}
    for name, value in (at or {}).items():
        if name in numbers:
            numbers[name] = float(value)
        elif name in design.levels:
            if str(value) not in design.levels[name]:
                raise ValueRangeError(f"at[{name!r}]", value, ", ".join(design.levels[name]))
            fixed[name] = str(value)
        else:
            raise UnknownNameError("variable of the model", name, [*design.levels, *design.means])
    return build_grid(design, numbers, fixed)


def default_by(design: Design) -> tuple[str, ...]:
    """Take the factors of the largest term made of factors alone."""
    terms = [term for term in design.terms if term and all(name in design.levels for name in term)]
    return max(terms, key=len) if terms else ()


def _cell_weights(result: FittedModel, grid: pl.DataFrame, averaged: Sequence[str], weights: str) -> Floats:
    """Weigh the rows of the grid: equally, or by how often the averaged factors' combination occurs."""
    if weights == "equal" or not averaged:
        return np.ones(grid.height)
    if weights != "proportional":
        raise ValueRangeError("weights", weights, "'equal' or 'proportional'")
    rows = result.rows
    shape = tuple(len(rows.factors[name].levels) for name in averaged)
    codes = np.ravel_multi_index(tuple(rows.factors[name].codes for name in averaged), shape)
    counts = np.bincount(codes, minlength=int(np.prod(shape)))
    places = tuple(
        np.array([rows.factors[name].levels.index(level) for level in grid[name].to_list()])
        for name in averaged
    )
    return counts[np.ravel_multi_index(places, shape)].astype(np.float64)


def mean_rows(
    result: FittedModel, by: Sequence[str] | str | None, weights: str, at: Mapping[str, float | str] | None
) -> tuple[list[tuple[str, ...]], tuple[str, ...], Floats]:
    """Give the cells asked for, the names of their factors, and one row of coefficients' weights each."""
    design = result.design
    names = _cell_names(design, by)
    grid = _grid_at(result, at)
    X = design.rows(grid)
    averaged = [name for name in design.levels if name not in names and grid[name].n_unique() > 1]
    weight = _cell_weights(result, grid, averaged, weights)
    keys = list(zip(*(grid[name].to_list() for name in names), strict=True)) if names else [()] * grid.height
    cells = list(dict.fromkeys(keys))
    place = {cell: i for i, cell in enumerate(cells)}
    L = np.zeros((len(cells), X.shape[1]))
    total = np.zeros(len(cells))
    for key, row, w in zip(keys, X, weight, strict=True):
        L[place[key]] += w * row
        total[place[key]] += w
    return cells, names, L / total[:, None]


def marginal_means(
    result: FittedModel,
    by: Sequence[str] | str | None = None,
    *,
    weights: str = "equal",
    at: Mapping[str, float | str] | None = None,
    level: float | None = None,
    kind: str = "conditional",
) -> pl.DataFrame:
    """Estimate marginal means.

    Parameters
    ----------
    result : a fit
    by : factors that span the cells; the largest interaction of factors in the model without a word
    weights : ``equal`` or ``proportional``, over the factors averaged
    at : values of covariates (instead of their means) or of factors (instead of averaging)
    level : coverage, in (0, 1); that of the fit without a word
    kind : ``conditional`` holds the covariates at values taken as known, as SAS LSMEANS does;
        ``unconditional`` averages over the subjects used, whose covariates are a sample
        (:mod:`funis.stats.mmrm.unconditional`): the interval of a population's mean, wider

    Returns
    -------
    one row a cell: the factors, then ``estimate, se, df, t, p, lower, upper``; null where not estimable

    Raises
    ------
    ModelDataError : an unconditional mean, and a covariate that changes within a subject
    UnknownNameError, ValueRangeError
    """
    _check_kind(kind, weights)
    if kind == "unconditional":
        names = _cell_names(result.design, by)
        cells, blocks = subject_rows(result, names, at)
        table = unconditional_table(result, blocks, level)
    else:
        cells, names, L = mean_rows(result, by, weights, at)
        table = result.contrast_table(L, level=level)
    labels = {name: [cell[i] for cell in cells] for i, name in enumerate(names)}
    return pl.DataFrame({**labels, **table}, nan_to_null=True)


def _check_kind(kind: str, weights: str) -> None:
    if kind not in KINDS:
        raise ValueRangeError("kind", kind, "'conditional' or 'unconditional'")
    if kind == "unconditional" and weights != "equal":
        raise ValueRangeError(
            "weights", weights, "none beside kind 'unconditional'", "Each subject used counts once there."
        )


def _cell_names(design: Design, by: Sequence[str] | str | None) -> tuple[str, ...]:
    """Give the factors that span the cells; those of the largest term of factors without a word."""
    names = (by,) if isinstance(by, str) else tuple(default_by(design) if by is None else by)
    for name in names:
        if name not in design.levels:
            raise UnknownNameError("factor of the model", name, list(design.levels))
    return names


def mean_differences(  # noqa: PLR0913  all but the fit and the factor are by keyword
    result: FittedModel,
    of: str,
    *,
    by: Sequence[str] | str | None = None,
    weights: str = "equal",
    reference: str | None = None,
    at: Mapping[str, float | str] | None = None,
    level: float | None = None,
    kind: str = "conditional",
    adjust: str | None = None,
) -> pl.DataFrame:
    """Compare the marginal means of the levels of a factor, within each cell of others.

    Parameters
    ----------
    result : a fit
    of : factor whose levels are compared
    by : factors within whose cells they are compared; those of the largest interaction without a word
    reference : level that is subtracted; the model's reference level without a word; ``"*"`` for all pairs,
        the earlier level minus the later one as SAS lists them
    weights, at, level, kind : as for :func:`marginal_means`
    adjust : None, ``holm`` or ``bonferroni``: adds P values and intervals for all rows together
        (:mod:`funis.stats.mmrm.adjusted`)

    Returns
    -------
    one row a difference: the factors of ``by``, ``of`` and ``minus`` (levels), and the statistics
    """
    design = result.design
    _check_kind(kind, weights)
    if of not in design.levels:
        raise UnknownNameError("factor of the model", of, list(design.levels))
    default = tuple(name for name in default_by(design) if name != of)
    within = (by,) if isinstance(by, str) else (default if by is None else tuple(by))
    if of in within:
        raise ValueRangeError("by", list(within), f"other factors than {of!r}, whose levels are compared")
    per_cell: Sequence[Floats] | Floats
    if kind == "unconditional":
        names = _cell_names(design, (*within, of))
        cells, per_cell = subject_rows(result, names, at)
    else:
        cells, names, per_cell = mean_rows(result, (*within, of), weights, at)
    place = {cell: i for i, cell in enumerate(cells)}
    known = list(dict.fromkeys(cell[-1] for cell in cells))
    subtracted = design.reference.get(of, known[0]) if reference is None else reference
    if subtracted == "*":
        pairs = list(combinations(known, 2))
    elif subtracted in known:
        pairs = [(one, subtracted) for one in known if one != subtracted]
    else:
        raise ValueRangeError("reference", reference, f"{', '.join(known)}, or '*' for all pairs")
    outer = list(dict.fromkeys(cell[:-1] for cell in cells))
    picked = [(cell, one, two) for cell in outer for one, two in pairs]
    rows = [per_cell[place[*cell, one]] - per_cell[place[*cell, two]] for cell, one, two in picked]
    labels = {name: [cell[i] for cell, _, _ in picked] for i, name in enumerate(names[:-1])}
    sides = {of: [one for _, one, _ in picked], "minus": [two for _, _, two in picked]}
    if kind == "unconditional":
        table = unconditional_table(result, rows, level)
    else:
        table = result.contrast_table(np.array(rows).reshape(len(picked), len(design.names)), level=level)
    found = pl.DataFrame({**labels, **sides, **table}, nan_to_null=True)
    return adjust_table(found, adjust, result.level if level is None else level)
