"""Linear contrasts of coefficients or of marginal means, told by names.

A contrast of means is a contrast of coefficients: each mean is a row of weights of the coefficients
(:func:`funis.stats.mmrm.means.mean_rows`), and the rows are added with the weights given. Its standard error
and degrees of freedom are those of the fit's method for the row that results.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from funis.arguments import NumberFrom, Numbers
from funis.errors import ShapeError, UnknownNameError, ValueRangeError
from funis.stats.mmrm.covariance import Floats
from funis.stats.mmrm.fitted import FittedModel
from funis.stats.mmrm.means import mean_rows

ALLOWED = (
    "one mapping from names to weights, several of them as a list or by label, or an array of numbers with "
    "one row a contrast"
)


def contrast_estimates(
    result: FittedModel,
    L: Any,
    *,
    by: Sequence[str] | str | None = None,
    weights: str = "equal",
    at: Mapping[str, float | str] | None = None,
    level: float | None = None,
) -> pl.DataFrame:
    """Estimate contrasts of the coefficients, or with ``by`` of marginal means.

    Parameters
    ----------
    result : a fit
    L : weights. One contrast: a mapping ``{term: weight}``, or a sequence (p,) with one weight a coefficient.
        Several: a list of mappings, a mapping ``{label: {term: weight}}``, or rows (q, p)
    by : factors; the weights are then those of the marginal means of their cells. A cell is named by its
        levels in the order of ``by``: ``("PBO", "V4")``, of one factor ``"PBO"``. Numbers stand in the order
        in which ``marginal_means(by)`` lists the cells
    weights, at : how the means are made, as for :func:`funis.stats.mmrm.means.marginal_means`
    level : coverage, in (0, 1); that of the fit without a word

    Returns
    -------
    one row a contrast: ``contrast`` (where labels were given), ``estimate, se, df, t, p, lower, upper``; null
    where not estimable

    Raises
    ------
    ShapeError : there is not one weight a coefficient or mean, or a term is unknown
    UnknownNameError : ``by`` names no factor of the model, or there is no such cell
    ValueRangeError : ``L`` is nothing of these, or a weight is no number
    """
    labels, rows = contrast_rows(result, L, by=by, weights=weights, at=at)
    table = pl.DataFrame(result.contrast_table(rows, level=level), nan_to_null=True)
    return table if labels is None else table.insert_column(0, pl.Series("contrast", labels))


def contrast_rows(
    result: FittedModel,
    L: Any,
    *,
    by: Sequence[str] | str | None = None,
    weights: str = "equal",
    at: Mapping[str, float | str] | None = None,
) -> tuple[list[str] | None, Floats]:
    """Give the labels of contrasts, if they have any, and their weights (q, p) of the coefficients."""
    if by is None:
        if weights != "equal" or at is not None:
            raise ValueRangeError(
                "by",
                None,
                "factors, where `weights` or `at` are given",
                "Contrasts of coefficients have neither.",
            )
        return _weights(L, {name: place for place, name in enumerate(result.design.names)}, "coefficient")
    cells, _, means = mean_rows(result, by, weights, at)
    places: dict[Any, int] = {cell: place for place, cell in enumerate(cells)}
    labels, rows = _weights(L, places, "mean")
    return labels, rows @ means


def _weights(L: Any, places: Mapping[Any, int], what: str) -> tuple[list[str] | None, Floats]:
    """Read the weights (q, k) of k coefficients or means."""
    if isinstance(L, Mapping):
        if L and all(isinstance(each, Mapping) for each in L.values()):
            return [str(label) for label in L], np.array([_row(each, places, what) for each in L.values()])
        return None, np.array([_row(L, places, what)])
    if isinstance(L, list | tuple) and L and all(isinstance(each, Mapping) for each in L):
        return None, np.array([_row(each, places, what) for each in L])
    if not Numbers((1, 2)).fits(L):
        raise ValueRangeError("L", L, ALLOWED)
    rows = np.atleast_2d(np.asarray(L, dtype=np.float64))
    if rows.shape[1] != len(places):
        raise ShapeError(f"A contrast needs {len(places)} weights, one per {what}; it has {rows.shape[1]}.")
    if not np.isfinite(rows).all():
        raise ValueRangeError("L", "a weight that is missing or infinite", "numbers", "Give 0 for no part.")
    return None, rows


def _row(weights: Mapping[Any, Any], places: Mapping[Any, int], what: str) -> Floats:
    """Read one contrast by names."""
    row = np.zeros(len(places))
    for name, weight in weights.items():
        if not NumberFrom().fits(weight):
            raise ValueRangeError(f"L[{name!r}]", weight, "a number, the weight")
        row[_place(name, places, what)] += float(weight)
    return row


def _place(name: Any, places: Mapping[Any, int], what: str) -> int:
    if what == "coefficient":
        if name not in places:
            raise ShapeError(f"No coefficient is called {name!r}; there are: {', '.join(places)}.")
        return places[name]
    cell = tuple(map(str, name)) if isinstance(name, tuple | list) else (str(name),)
    if cell not in places:
        raise UnknownNameError("cell of the means", ", ".join(cell), [", ".join(known) for known in places])
    return places[cell]
