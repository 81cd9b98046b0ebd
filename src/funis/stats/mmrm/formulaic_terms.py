"""Formulas beyond the closed subset, through formulaic; only for a formula that the caller trusts.

formulaic evaluates what stands in a formula as Python: whoever writes the formula runs code.

Columns get the names that R would give them: ``(Intercept)``, ``ARMCDTRT``, ``ARMCDTRT:AVISITVIS2``.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from funis.stats.mmrm.covariance import Floats
from funis.stats.mmrm.design import Design, choose_references
from funis.stats.mmrm.formula import INTERCEPT, FormulaError
from funis.stats.mmrm.rows_used import ModelDataError, ModelRows

_LEVEL = re.compile(r"\[(?:T\.)?([^\]]*)\]")
_QUOTED = re.compile(r"`([^`]+)`")
_FORCED = re.compile(r"C\((\w+)\)")
# What formulaic writes of a place in a formula: colours of a terminal, and brackets round the place.
_COLOURS = re.compile("\x1b\\[[0-9;]*m")
_MARKED = re.compile("\u29db(.*)\u29da", re.DOTALL)
_FACTOR = re.compile(r"C\(\s*(\w+)\s*(?:,.*)?\)", re.DOTALL)


def formula_variables(text: str) -> tuple[str, ...]:
    """List the columns that a formula needs."""
    return tuple(
        dict.fromkeys(name for term in _formula(text) for part in term.factors for name in _names(part))
    )


def forced_factors(text: str) -> frozenset[str]:
    """List the columns that stand in ``C(name)`` and nowhere else: categorical whatever their type."""
    inside, outside = set(), set()
    for term in _formula(text):
        for part in term.factors:
            found = _FORCED.fullmatch(str(part))
            if found:
                inside.add(found[1])
            else:
                outside |= set(_names(part))
    return frozenset(inside - outside)


def _names(part: Any) -> list[str]:
    """List the columns in one factor of a term from its text, as not every version of formulaic does."""
    from formulaic.transforms import TRANSFORMS

    text = str(part.expr)
    if str(getattr(part.eval_method, "value", "")) == "lookup":
        return [text]
    quoted = dict(enumerate(_QUOTED.findall(text)))
    places = iter(quoted)
    try:
        tree = ast.parse(_QUOTED.sub(lambda _: f"_quoted_{next(places)}", text), mode="eval")
    except SyntaxError:
        return []
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    names = [node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and id(node) not in called]
    own = {f"_quoted_{place}": name for place, name in quoted.items()}
    return [own.get(name, name) for name in names if name not in TRANSFORMS]


def _formula(text: str) -> Any:
    from formulaic import Formula, SimpleFormula
    from formulaic.errors import FormulaicError

    try:
        formula = Formula(text)
    except FormulaicError as error:
        raise FormulaError(f"Formula {text!r} cannot be read: {_plain(error)}") from error
    if not isinstance(formula, SimpleFormula):
        raise FormulaError(f"Formula {text!r} has several parts; a model has one, without | and ~.")
    return formula


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


@dataclass(frozen=True, slots=True)
class RowsByFormulaic:
    """Builds design rows from a frame of variables; a class and no closure, so that a fit can be pickled."""

    spec: Any
    levels: Mapping[str, tuple[str, ...]]
    references: Mapping[str, str]
    numbers: tuple[str, ...]

    def __call__(self, given: pl.DataFrame) -> Floats:
        """Give the rows (N, p) of the model's design."""
        table = _table(given.select([*self.levels, *self.numbers]), self.levels, self.references)
        return _real(_strictly(lambda: self.spec.get_model_matrix(table)))


def design_by_formulaic(
    text: str, rows: ModelRows, *, coding: str = "r", reference: Mapping[str, str] | None = None
) -> Design:
    """Lay out the design of any formula that formulaic reads.

    Raises
    ------
    FormulaError : formulaic cannot read or evaluate it, or it has a left side
    """
    levels = {name: known.levels for name, known in rows.factors.items()}
    references = choose_references(levels, coding, reference)
    matrix = _matrix(text, _table(_frame(rows), levels, references), full_rank=True)
    spec = matrix.model_spec
    builder = RowsByFormulaic(spec, levels, references, tuple(rows.numbers))
    structure = [(term, list(columns)) for term, _, columns in spec.structure]
    terms = [term for term, _ in structure if str(term) != "1"]
    numbered = {str(term): number for number, term in enumerate(terms)}
    pairs = [(name, numbered.get(str(term), -1)) for term, names in structure for name in names]
    return Design(
        names=tuple(_r_name(name) for name, _ in pairs),
        term=tuple(number for _, number in pairs),
        terms=tuple(tuple(_variable(factor, levels) for factor in term.factors) for term in terms),
        levels=levels,
        reference=references,
        means={name: float(values.mean()) for name, values in rows.numbers.items()},
        builder=builder,
    )


def every_level(
    text: str, rows: ModelRows, design: Design
) -> list[tuple[dict[str, int], frozenset[str], Floats]]:
    """Lay out each term with a column for every level of its factors, whatever other terms there are.

    Returns
    -------
    for each term of the design the number of levels of its categorical parts, its numeric parts, and its
    columns (N, k) over the rows used
    """
    from formulaic.transforms.contrasts import CustomContrasts

    matrix = _matrix(text, _table(_frame(rows), design.levels, design.reference), full_rank=False)
    spec, values = matrix.model_spec, np.asarray(matrix, dtype=np.float64)
    found = []
    for term, _, columns in spec.structure:
        if str(term) == "1":
            continue
        factors, numbers = {}, set()
        for part in term.factors:
            kind, state = spec.encoder_state.get(str(part), (None, {}))
            name = _variable(part, design.levels)
            # Contrasts of the writer's own are not a column for each level, and are tested as they are.
            own = isinstance(getattr(state.get("contrasts"), "contrasts", None), CustomContrasts)
            if str(getattr(kind, "value", "")) == "categorical" and not own:
                factors[name] = len(state["categories"])
            else:
                numbers.add(name)
        places = [spec.column_indices[name] for name in columns]
        found.append((factors, frozenset(numbers), values[:, places]))
    return found


def _frame(rows: ModelRows) -> pl.DataFrame:
    """Put the variables of the rows back into a frame, levels as text."""
    levels = {
        name: np.array(known.levels, dtype=object)[known.codes].tolist()
        for name, known in rows.factors.items()
    }
    return pl.DataFrame(levels | dict(rows.numbers))


def _matrix(text: str, table: Any, *, full_rank: bool) -> Any:
    """Evaluate a formula; rows for which it gives no number stay, so that they can be named."""
    from formulaic.errors import FormulaicError

    formula = _formula(text)
    try:
        with np.errstate(all="ignore"):
            return formula.get_model_matrix(
                table, output="numpy", ensure_full_rank=full_rank, na_action="ignore"
            )
    except FormulaicError as error:
        raise FormulaError(f"Formula {text!r} cannot be evaluated: {_plain(error)}") from error
    except (ValueError, TypeError) as error:
        # formulaic puts columns together without a look at their lengths and kinds.
        raise FormulaError(
            f"Formula {text!r} cannot be evaluated: a part of it does not give one number for each row. "
            "Write parts of as many numbers as there are rows, or make a column of what is computed."
        ) from error


def _real(matrix: Any) -> Floats:
    """Take the design as floats.

    Raises
    ------
    FormulaError : it holds complex numbers, whose imaginary parts a cast would drop
    """
    values = np.asarray(matrix)
    if np.iscomplexobj(values):
        raise FormulaError("The formula gives complex numbers; a model needs real ones.")
    return values.astype(np.float64)


def _plain(error: Exception) -> str:
    """Give formulaic's words without the colours of a terminal; what it colours is quoted."""
    said, _, shown = _COLOURS.sub("", str(error)).partition("\n\n")
    found = _MARKED.search(shown)
    return f"{said}, in {found[1]!r}." if found else said


def _strictly(build: Callable[[], Any]) -> Any:
    """Build design rows; a level that ``C()`` has not seen is refused where formulaic takes the reference."""
    from formulaic.errors import DataMismatchWarning

    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("error", DataMismatchWarning)
        try:
            return build()
        except DataMismatchWarning as warning:
            raise ModelDataError(
                f"A term in C() has no such level in the data: {warning}. A covariate in C() that stands "
                "elsewhere in the formula too is a number, and its mean is no level: give it by `at`, or "
                "make a column of text of it."
            ) from warning


def _variable(part: Any, levels: Mapping[str, tuple[str, ...]]) -> str:
    """Name a factor of a term: ``C(arm)``, with contrasts or without, is the variable ``arm``."""
    found = _FACTOR.fullmatch(str(part))
    return found[1] if found and found[1] in levels else str(part)


def _r_name(name: str) -> str:
    """Turn formulaic's name of a column into R's."""
    if name == "Intercept":
        return INTERCEPT
    return _FORCED.sub(r"\1", _LEVEL.sub(r"\1", name))
