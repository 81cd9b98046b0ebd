"""Formulas beyond the closed subset, through formulaic; only for a formula that the caller trusts.

formulaic evaluates what stands in a formula as Python: whoever writes the formula runs code.

Columns get the names that R would give them: ``(Intercept)``, ``ARMCDTRT``, ``ARMCDTRT:AVISITVIS2``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from funis.stats.mmrm.covariance import Floats
from funis.stats.mmrm.design import Design, choose_references
from funis.stats.mmrm.formula import INTERCEPT, FormulaError
from funis.stats.mmrm.rows_used import ModelRows

_LEVEL = re.compile(r"\[(?:T\.)?([^\]]*)\]")
_FORCED = re.compile(r"C\((\w+)\)")


def formula_variables(text: str) -> tuple[str, ...]:
    """List the columns that a formula needs."""
    return tuple(str(name) for name in _formula(text).required_variables)


def _formula(text: str) -> Any:
    from formulaic import Formula
    from formulaic.errors import FormulaicError

    try:
        return Formula(text)
    except FormulaicError as error:
        raise FormulaError(f"Formula {text!r} cannot be read: {error}") from error


def _table(frame: pl.DataFrame, levels: Mapping[str, tuple[str, ...]], reference: Mapping[str, str]) -> Any:
    """Give pandas what formulaic expects: factors with the reference level first."""
    import pandas as pd

    columns: dict[str, Any] = {}
    for name in frame.columns:
        if name in levels:
            ordered = [reference[name], *(level for level in levels[name] if level != reference[name])]
            columns[name] = pd.Categorical(frame[name].cast(pl.String).to_list(), categories=ordered)
        else:
            columns[name] = frame[name].cast(pl.Float64).to_numpy()
    return pd.DataFrame(columns)


def design_by_formulaic(
    text: str, rows: ModelRows, *, coding: str = "r", reference: Mapping[str, str] | None = None
) -> Design:
    """Lay out the design of any formula that formulaic reads.

    Raises
    ------
    FormulaError : formulaic cannot read or evaluate it, or it has a left side
    """
    formula = _formula(text)
    levels = {name: known.levels for name, known in rows.factors.items()}
    references = choose_references(levels, coding, reference)
    frame = pl.DataFrame(
        {
            name: np.array(known.levels, dtype=object)[known.codes].tolist()
            for name, known in rows.factors.items()
        }
        | dict(rows.numbers)
    )
    from formulaic.errors import FormulaicError

    try:
        matrix = formula.get_model_matrix(
            _table(frame, levels, references), output="numpy", ensure_full_rank=True
        )
    except FormulaicError as error:
        raise FormulaError(f"Formula {text!r} cannot be evaluated: {error}") from error
    spec = matrix.model_spec

    def builder(given: pl.DataFrame) -> Floats:
        table = _table(given.select([*levels, *rows.numbers]), levels, references)
        return np.asarray(spec.get_model_matrix(table), dtype=np.float64)

    structure = [(term, list(columns)) for term, _, columns in spec.structure]
    terms = [term for term, _ in structure if str(term) != "1"]
    numbered = {str(term): number for number, term in enumerate(terms)}
    pairs = [(name, numbered.get(str(term), -1)) for term, names in structure for name in names]
    return Design(
        names=tuple(_r_name(name) for name, _ in pairs),
        term=tuple(number for _, number in pairs),
        terms=tuple(tuple(str(factor) for factor in term.factors) for term in terms),
        levels=levels,
        reference=references,
        means={name: float(values.mean()) for name, values in rows.numbers.items()},
        builder=builder,
    )


def _r_name(name: str) -> str:
    """Turn formulaic's name of a column into R's."""
    if name == "Intercept":
        return INTERCEPT
    return _FORCED.sub(r"\1", _LEVEL.sub(r"\1", name))
