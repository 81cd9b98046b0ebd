"""Type III tests: every term by the hypothesis that SAS tests, built from the design.

With a column for every level of every term (:mod:`funis.stats.mmrm.full_coding`), a term F is contained in a
term G that has the same numeric variables, and all factors of F and more. The hypothesis of F is

1. all estimable functions with weight 0 on every term but F and the terms that contain it,
2. of them those orthogonal to the functions that have weight 0 on F as well.

It depends on the terms of the model and on which cells hold data, but not on how many data they hold. In a
factorial with data in every cell it compares the levels of F, averaged with equal weights over the other
factors. A numeric variable contains no factor: beside ``x:arm`` the arms are compared at x = 0.

Source: SAS/STAT, "The four types of estimable functions"; Goodnight 1976; Searle, Speed and Milliken 1980.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import polars as pl

from funis.stats.mmrm.covariance import Floats
from funis.stats.mmrm.fitted import FittedModel
from funis.stats.mmrm.full_coding import FullCoding, FullTerm, full_coding
from funis.stats.mmrm.status import empty_cells

# Directions this short, in columns of length 1, are what rounding leaves of 0. Aliased columns are told from
# others at 1e-7 of their length.
RANK = 1e-7
ROUNDING = 1e-10
CELLS_NAMED = 3
COLUMNS = {"term": pl.String, "num_df": pl.Int64, "den_df": pl.Float64, "f": pl.Float64, "p": pl.Float64}


def contains(outer: FullTerm, inner: FullTerm) -> bool:
    """Tell whether a term contains another: the same numeric variables, its factors and more."""
    return outer.numbers == inner.numbers and set(inner.factors) < set(outer.factors)


def _null_space(columns: Floats) -> Floats:
    """Give an orthonormal basis (n, d) of the rows k with k columns = 0, for columns (n, m)."""
    left, size, _ = np.linalg.svd(columns, full_matrices=True)
    rank = int((size > RANK * max(1.0, float(size.max(initial=0.0)))).sum())
    basis: Floats = left[:, rank:]
    return basis


def hypothesis(coding: FullCoding, term: FullTerm) -> Floats:
    """Give the type III hypothesis of a term as rows (q, kept) over the coefficients kept.

    The rows are solved for the term's columns, as SAS writes them: degrees of freedom that are pooled over
    several rows depend on how a hypothesis is written. No rows where nothing of the term is estimable.
    """
    scaled = coding.functions * coding.kept_scale[:, None] / coding.full_scale
    above = [other.columns for other in coding.terms if contains(other, term)]
    own = np.concatenate([term.columns, *above])
    others = np.setdiff1d(np.arange(scaled.shape[1]), own)
    free = _null_space(scaled[:, others])
    functions = free.T @ scaled
    without = _null_space(functions[:, term.columns]).T @ functions
    rows = _null_space(functions[:, own] @ without[:, own].T)
    solved = _solve_for(rows.T @ functions[:, term.columns], rows.T @ free.T)
    solved[np.abs(solved) < ROUNDING] = 0.0
    rows_kept: Floats = solved * coding.kept_scale / coding.full_scale[term.columns[:1]]
    return rows_kept


def _solve_for(columns: Floats, rows: Floats) -> Floats:
    """Combine rows so that their columns (q, k) form a reduced echelon form, first columns first."""
    both = np.concatenate([columns, rows], axis=1)
    done = 0
    for place in range(columns.shape[1]):
        if done == len(both):
            break
        pivot = done + int(np.argmax(np.abs(both[done:, place])))
        if abs(both[pivot, place]) <= RANK:
            continue
        both[[done, pivot]] = both[[pivot, done]]
        both[done] /= both[done, place]
        elsewhere = np.arange(len(both)) != done
        both[elsewhere] -= np.outer(both[elsewhere, place], both[done])
        done += 1
    solved: Floats = both[:done, columns.shape[1] :]
    return solved


def type3_rows(result: FittedModel, coding: FullCoding, term: FullTerm) -> Floats:
    """Give the type III hypothesis of a term as rows (q, p) over all coefficients of a fit."""
    estimable = result.fit.estimable
    weights = hypothesis(coding, term)
    rows = np.zeros((len(weights), len(result.design.names)))
    rows[:, estimable.kept] = weights
    rows[:, estimable.dropped] = weights @ estimable.dependence
    return rows


def type3_tests(result: FittedModel) -> pl.DataFrame:
    """Test every term by its type III hypothesis.

    Returns
    -------
    one row a term: ``term, num_df, den_df, f, p, note``; null where the hypothesis is not estimable or the
    fit failed. ``note`` says why, and what else is not as it is with data in every cell; null otherwise
    """
    design = result.design
    rows = []
    coding = full_coding(result) if result.converged else None
    for number, variables in enumerate(design.terms):
        found: dict[str, object] = dict.fromkeys(COLUMNS)
        if coding is None:
            found["note"] = f"no estimates: {result.status}"
        else:
            term = coding.terms[number]
            L = type3_rows(result, coding, term)
            if len(L):
                found |= result.joint_table(L).row(0, named=True)
            found["note"] = _note(result, coding, number, len(L))
        rows.append(found | {"term": ":".join(variables)})
    return pl.DataFrame(rows, schema={**COLUMNS, "note": pl.String})


def _note(result: FittedModel, coding: FullCoding, number: int, estimable: int) -> str | None:
    """Say in what a test is not that of a model with data in every cell; None where it is."""
    term, names = coding.terms[number], result.design.terms
    single = [name for name, levels in term.factors.items() if levels == 1]
    if single:
        return f"not estimable: {single[0]} has one level"
    complete = complete_df(coding, term)
    related = [number, *(i for i, other in enumerate(coding.terms) if contains(other, term))]
    empty = empty_cells(replace(result.design, terms=tuple(names[i] for i in related)), result.rows)
    cells = "; ".join(empty[:CELLS_NAMED]) + f" and {len(empty) - CELLS_NAMED} other cells" * (
        len(empty) > CELLS_NAMED
    )
    why = f"no data in {cells}" if empty else "its columns depend on those of other terms"
    if not estimable:
        return f"not estimable: {why}"
    if estimable < complete:
        return f"{estimable} of {complete} degrees of freedom are estimable: {why}"
    if empty:
        return f"{why}: the cells that hold data are compared, as in SAS"
    if coding.intercept is None and _carries_mean(coding, term):
        return "no intercept: tested is whether all are 0, as in SAS"
    return None


def _margins(term: FullTerm) -> dict[tuple[frozenset[str], frozenset[str]], int]:
    """List the independent parts of a term: for each set of its factors the number of contrasts."""
    return {
        (frozenset(chosen), term.numbers): term.width
        * int(np.prod([term.factors[name] - 1 for name in chosen]))
        for size in range(len(term.factors) + 1)
        for chosen in combinations(term.factors, size)
    }


def _own_margins(coding: FullCoding, term: FullTerm) -> dict[tuple[frozenset[str], frozenset[str]], int]:
    """List the parts of a term that no term has which does not contain it."""
    own = _margins(term)
    others = [other for other in coding.terms if other is not term and not contains(other, term)]
    for other in [*others, *([coding.intercept] if coding.intercept else [])]:
        for part in _margins(other):
            own.pop(part, None)
    return own


def complete_df(coding: FullCoding, term: FullTerm) -> int:
    """Count the degrees of freedom that the hypothesis of a term has with data in every cell."""
    return sum(_own_margins(coding, term).values())


def _carries_mean(coding: FullCoding, term: FullTerm) -> bool:
    """Tell whether the mean of all cells is part of a term."""
    return (frozenset(), frozenset()) in _own_margins(coding, term)
