"""A model with one column for every level, as SAS writes it, and its estimable functions.

The design that is fitted leaves out what its coding makes redundant. SAS writes every term with a column for
each combination of the levels of its factors, whatever other terms there are. The functions of these
parameters that can be estimated are the rows k M: M (columns kept, columns of every level) holds each column
of every level as a combination of the columns kept, X_full = X_kept M, and k is any row of weights of the
coefficients kept.

Source: SAS/STAT, "The four types of estimable functions"; "Parameterization of PROC GLM models".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from funis.stats.mmrm.covariance import Floats
from funis.stats.mmrm.design import Design
from funis.stats.mmrm.estimable import Estimable
from funis.stats.mmrm.fitted import FittedModel
from funis.stats.mmrm.formula import INTERCEPT
from funis.stats.mmrm.predict import design_rows
from funis.stats.mmrm.rows_used import ModelRows

# A weight below this is what rounding leaves of 0.
ROUNDING = 1e-9

#: One column: the level of each factor, None for a numeric variable.
Cell = frozenset[tuple[str, str | None]]


@dataclass(frozen=True, slots=True)
class FullTerm:
    """One term, or the intercept, with a column for each combination of levels.

    Attributes
    ----------
    factors : number of levels of each categorical variable of the term
    numbers : its numeric variables (or functions of them); a variable counts once
    width : columns that its numeric part has: more than 1 for a spline
    columns : places of its columns, in the order in which SAS solves for them: reference levels last
    """

    factors: Mapping[str, int]
    numbers: frozenset[str]
    width: int
    columns: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class FullCoding:
    """A model with a column for every level.

    Attributes
    ----------
    terms : the terms of the formula, in its order
    intercept : the term of the mean, None in a model without
    functions : M (kept, full): its rows span the estimable functions
    kept_scale, full_scale : size of each column, by which rounding is judged
    """

    terms: tuple[FullTerm, ...]
    intercept: FullTerm | None
    functions: Floats
    kept_scale: Floats
    full_scale: Floats


def full_coding(result: FittedModel) -> FullCoding:
    """Write the model of a fit with a column for every level."""
    if result.design.builder is None:
        return _coding_by_names(result.design, result.fit.estimable, result.rows)
    return _coding_by_rows(result)


def _coding_by_names(design: Design, estimable: Estimable, rows: ModelRows) -> FullCoding:
    """Write a design of the closed subset with every level: whole numbers, without a look at the rows."""
    express = _Expression(design)
    cells: list[Cell] = [frozenset()] if INTERCEPT in design.names else []
    intercept = FullTerm({}, frozenset(), 1, np.arange(1)) if cells else None
    terms = []
    for variables in design.terms:
        factors = [name for name in variables if name in design.levels]
        numbers = [(name, None) for name in variables if name not in design.levels]
        last = [
            [
                *(level for level in design.levels[name] if level != design.reference[name]),
                design.reference[name],
            ]
            for name in factors
        ]
        own = [frozenset([*zip(factors, levels, strict=True), *numbers]) for levels in product(*last)]
        places = np.arange(len(cells), len(cells) + len(own))
        counts = {name: len(design.levels[name]) for name in factors}
        terms.append(FullTerm(counts, frozenset(name for name, _ in numbers), 1, places))
        cells += own
    every = np.stack([express.weights(cell) for cell in cells], axis=1)
    functions = every[estimable.kept] + estimable.dependence @ every[estimable.dropped]
    kept = [frozenset((f.variable, f.level) for f in design.columns[int(j)].factors) for j in estimable.kept]
    sizes = [np.array([_size(cell, rows) for cell in group]) for group in (kept, cells)]
    return FullCoding(tuple(terms), intercept, functions, *sizes)


def _size(cell: Cell, rows: ModelRows) -> float:
    """Give the root mean square of the product of a column's numeric variables; 1 where it is 0."""
    values = np.ones(1)
    for name, level in cell:
        if level is None:
            values = values * rows.numbers[name]
    return float(np.sqrt((values**2).mean())) or 1.0


class _Expression:
    """Writes columns of every level as combinations of the columns of a design.

    A factor that is coded by contrasts in a term has its reference level as the term's margin less the
    columns of its other levels; it is coded so where the margin is in the model (R's rule).
    """

    def __init__(self, design: Design) -> None:
        self.design = design
        self.known: dict[Cell, Floats] = {}
        for place, column in enumerate(design.columns):
            self.known[frozenset((f.variable, f.level) for f in column.factors)] = np.eye(
                1, len(design.columns), place
            )[0]
        mains = [term[0] for term in design.terms if len(term) == 1 and term[0] in design.levels]
        self.spanning = mains[0] if mains else ""
        self.margins = {frozenset[str](), *(frozenset(term) for term in design.terms)}

    def weights(self, cell: Cell) -> Floats:
        """Give the weights (p,) of the design's columns."""
        if cell not in self.known:
            self.known[cell] = self._mean() if not cell else self._reference(cell)
        return self.known[cell]

    def _mean(self) -> Floats:
        """Write the mean of a model without an intercept: the levels of the factor coded in full."""
        levels = self.design.levels[self.spanning]
        total: Floats = np.sum(
            [self.weights(frozenset({(self.spanning, level)})) for level in levels], axis=0
        )
        return total

    def _reference(self, cell: Cell) -> Floats:
        variables = {name for name, _ in cell}
        name, level = next(
            (name, level)
            for name, level in sorted(cell, key=str)
            if level is not None
            and level == self.design.reference[name]
            and variables - {name} in self.margins
        )
        margin = cell - {(name, level)}
        total = self.weights(margin)
        for other in self.design.levels[name]:
            if other != level:
                total = total - self.weights(margin | {(name, other)})
        return total


def _coding_by_rows(result: FittedModel) -> FullCoding:
    """Write a design that formulaic built with every level, by least squares over the rows used."""
    from funis.stats.mmrm.formulaic_terms import every_level

    design, kept = result.design, result.fit.estimable.kept
    X = design_rows(result)
    lengths = _lengths(X[:, kept])
    scaled = X[:, kept] / lengths
    blocks = [np.ones((X.shape[0], 1))] if INTERCEPT in design.names else []
    intercept = FullTerm({}, frozenset(), 1, np.arange(1)) if blocks else None
    terms: list[FullTerm] = []
    for factors, numbers, block in every_level(result.formula, result.rows, design):
        start = sum(earlier.shape[1] for earlier in blocks)
        size = block.shape[1]
        width = size // int(np.prod(list(factors.values()), initial=1))
        # formulaic puts the reference level first; solved for last, it is what the others are compared with.
        terms.append(FullTerm(factors, numbers, width, np.arange(start, start + size)[::-1]))
        blocks.append(block)
    full = _common_lengths([*([intercept] if intercept else []), *terms], blocks)
    weights = np.linalg.lstsq(scaled, np.concatenate(blocks, axis=1) / full, rcond=None)[0]
    weights[np.abs(weights) < ROUNDING] = 0.0
    return FullCoding(tuple(terms), intercept, weights * full / lengths[:, None], lengths, full)


def _lengths(columns: Floats) -> Floats:
    """Give the root mean square of each column; 1 where it is 0."""
    found: Floats = np.sqrt((columns**2).mean(axis=0))
    return np.where(found > 0, found, 1.0)


def _common_lengths(terms: list[FullTerm], blocks: list[Floats]) -> Floats:
    """Give each column the length of the longest one with the same numeric variables.

    Within such columns hypotheses are made orthogonal, so one must not be scaled against another.
    """
    longest: dict[frozenset[str], float] = {}
    for term, block in zip(terms, blocks, strict=True):
        longest[term.numbers] = max(longest.get(term.numbers, 0.0), float(_lengths(block).max(initial=0.0)))
    return np.concatenate(
        [np.full(block.shape[1], longest[term.numbers]) for term, block in zip(terms, blocks, strict=True)]
    )
