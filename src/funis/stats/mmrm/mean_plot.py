"""A drawing of marginal means with their intervals: which means, and what they are called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from funis.errors import UnknownNameError, ValueRangeError
from funis.stats.mmrm.fitted import FittedModel
from funis.stats.mmrm.mean_drawing import draw_intervals
from funis.stats.mmrm.means import default_by, marginal_means


@dataclass(frozen=True, slots=True)
class MeansPlot:
    """A drawing; a notebook shows it, and ``svg`` is the text of the file.

    Attributes
    ----------
    svg : the drawing as SVG
    table : what is drawn: the factors, ``estimate, lower, upper``
    """

    svg: str
    table: pl.DataFrame

    def _repr_svg_(self) -> str:
        return self.svg


def plot_means(
    result: FittedModel,
    x: str | None = None,
    lines: str | None = None,
    *,
    weights: str = "equal",
    at: Mapping[str, float | str] | None = None,
    level: float | None = None,
    kind: str = "conditional",
) -> MeansPlot:
    """Draw marginal means with their intervals.

    Parameters
    ----------
    result : a fit
    x : factor whose levels stand side by side; the visit without a word
    lines : factor with a line for each of its levels; the other factor of the largest interaction without a
        word, if there is one
    weights, at, level, kind : as for :func:`funis.stats.mmrm.means.marginal_means`

    Returns
    -------
    MeansPlot : with ``svg``; means that are not estimable are left out

    Raises
    ------
    NotFittedError : the fit failed
    UnknownNameError : ``x`` or ``lines`` is no factor of the model
    ValueRangeError : both are the same, or the model has no factor
    """
    result.inference()
    x, lines = _choose(result, x, lines)
    by = [x] if lines is None else [x, lines]
    table = marginal_means(result, by, weights=weights, at=at, level=level, kind=kind)
    table = table.select(*by, "estimate", "lower", "upper")
    coverage = result.level if level is None else level
    factors = " and ".join(by)
    words = f"Marginal means of {result.columns.outcome} with {100 * coverage:g} % intervals by {factors}"
    return MeansPlot(draw_intervals(table, by, outcome=result.columns.outcome, words=words), table)


def _choose(result: FittedModel, x: str | None, lines: str | None) -> tuple[str, str | None]:
    """Choose the factors that are drawn."""
    factors = list(result.design.levels)
    for name in (x, lines):
        if name is not None and name not in factors:
            raise UnknownNameError("factor of the model", name, factors)
    largest = [name for name in default_by(result.design) if name != lines]
    if x is None:
        visit = result.columns.visit
        others = [name for name in (visit, *largest, *factors) if name in factors and name != lines]
        if not others:
            raise ValueRangeError("x", x, "a factor of the model", "The formula has none to draw means of.")
        x = others[0]
    if x == lines:
        raise ValueRangeError("lines", lines, f"another factor than {x!r}, whose levels stand side by side")
    if lines is None:
        lines = next((name for name in largest if name != x), None)
    return x, lines
