"""From rows and a formula to the arrays of the engine, by subject and by visit.

See :mod:`funis.stats.mmrm.sums` for u (n, s) and C (m, s, p). The columns of u are centred and scaled where
the design holds an intercept, so that a baseline of 1000 with a spread of 1 costs no digits: the shift goes
into C, and the coefficients stay those of the columns as they were given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from funis.errors import ColumnError, ValueRangeError
from funis.shown import show_codes
from funis.stats.mmrm.covariance import Floats
from funis.stats.mmrm.formula import DesignColumn, Formula, code_columns, parse_formula
from funis.stats.mmrm.numbers_used import MOST_OF_PRODUCTS, check_numbers
from funis.stats.mmrm.rows_used import Codes, ModelRows, describe_row
from funis.stats.mmrm.sums import SubjectArrays, split_design

Builder = Callable[[pl.DataFrame], Floats]


@dataclass(frozen=True, slots=True)
class Design:
    """How fixed effects become columns.

    Attributes
    ----------
    names : name of each column (p,)
    term : number of the term each column belongs to, -1 for the intercept (p,)
    terms : variables of each term
    levels : levels of each categorical variable
    reference : reference level of each categorical variable
    means : mean of each numeric variable over the rows used
    columns : factors of each column; empty where formulaic built the design
    builder : makes the columns from a frame of variables, for formulas read by formulaic
    """

    names: tuple[str, ...]
    term: tuple[int, ...]
    terms: tuple[tuple[str, ...], ...]
    levels: Mapping[str, tuple[str, ...]]
    reference: Mapping[str, str]
    means: Mapping[str, float]
    columns: tuple[DesignColumn, ...] = ()
    builder: Builder | None = None

    def rows(self, frame: pl.DataFrame) -> Floats:
        """Build design rows (N, p) from a frame that holds the variables.

        Raises
        ------
        ColumnError : a variable is missing
        ValueRangeError : a level was not in the data the model was fitted to
        """
        variables = [*self.levels, *self.means]
        lacking = [name for name in variables if name not in frame.columns]
        if lacking:
            raise ColumnError("The model", lacking, frame.columns, "Give every variable of the formula.")
        for name, known in self.levels.items():
            foreign = set(frame[name].cast(pl.String).drop_nulls().to_list()) - set(known)
            if foreign:
                raise ValueRangeError(f"Column {name!r}", show_codes(sorted(foreign)), ", ".join(known))
        if self.builder is not None:
            return self.builder(frame)
        values: dict[tuple[str, str | None], Floats] = {}
        for column in self.columns:
            for part in column.factors:
                key = (part.variable, part.level)
                if key not in values:
                    values[key] = _frame_values(frame[part.variable], part.level)
        result = np.ones((frame.height, len(self.names)))
        for j, column in enumerate(self.columns):
            for part in column.factors:
                result[:, j] *= values[part.variable, part.level]
        return result


def _frame_values(column: pl.Series, level: str | None) -> Floats:
    if level is None:
        return column.cast(pl.Float64).to_numpy()
    return (column.cast(pl.String) == level).to_numpy().astype(np.float64)


def choose_references(
    levels: Mapping[str, tuple[str, ...]], coding: str, given: Mapping[str, str] | None
) -> dict[str, str]:
    """Choose the reference level of each factor: the first (R), the last (SAS), or the one given.

    Raises
    ------
    ValueRangeError : unknown coding, or a reference that is not a level
    """
    if coding not in {"r", "sas"}:
        raise ValueRangeError("coding", coding, "'r' (first level) or 'sas' (last level)")
    chosen = {name: known[0 if coding == "r" else -1] for name, known in levels.items()}
    for name, level in (given or {}).items():
        if name not in levels:
            raise ValueRangeError("reference", name, f"a categorical variable: {', '.join(levels)}")
        if str(level) not in levels[name]:
            raise ValueRangeError(f"reference of {name!r}", level, ", ".join(levels[name]))
        chosen[name] = str(level)
    return chosen


def design_from_formula(
    formula: str | Formula, rows: ModelRows, *, coding: str = "r", reference: Mapping[str, str] | None = None
) -> Design:
    """Lay out the design of a formula of the closed subset.

    Parameters
    ----------
    formula : text or what :func:`funis.stats.mmrm_formula.parse_formula` gave
    rows : rows of the model, with every variable of the formula
    coding : ``"r"`` or ``"sas"``
    reference : reference levels that differ from the coding's

    Raises
    ------
    ValueRangeError : the formula is beyond the closed subset
    """
    parsed = parse_formula(formula) if isinstance(formula, str) else formula
    if parsed is None:
        raise ValueRangeError("formula", formula, "names, + : * - and C(name)")
    levels = {name: rows.factors[name].levels for name in parsed.variables if name in rows.factors}
    references = choose_references(levels, coding, reference)
    columns = code_columns(parsed, levels, references)
    return Design(
        names=tuple(column.name for column in columns),
        term=tuple(column.term for column in columns),
        terms=parsed.terms,
        levels=levels,
        reference=references,
        means={name: float(rows.numbers[name].mean()) for name in parsed.variables if name in rows.numbers},
        columns=columns,
    )


class _Parts:
    """Collects the columns of u and where the design uses them."""

    def __init__(self, rows: ModelRows) -> None:
        self.subject = rows.subject.codes
        self.visit = rows.visit.codes
        self.n = len(rows.subject.levels)
        self.m = len(rows.visit.levels)
        self.first_subject = _first_rows(self.subject, self.n)
        self.first_visit = _first_rows(self.visit, self.m)
        self.numbers: dict[object, int] = {}
        self.parts: list[Floats] = []
        self.places: list[tuple[int | slice, int, int, Floats | float]] = []

    def is_constant(self, values: Floats, codes: Codes, first: Codes) -> bool:
        """Tell whether values do not change within a subject (or a visit)."""
        return bool((values[first][codes] == values).all())

    def add(self, key: object, values: Floats) -> int:
        """Find the column of u with this key, or add it."""
        if key not in self.numbers:
            self.numbers[key] = len(self.parts)
            self.parts.append(values)
        return self.numbers[key]


def _first_rows(codes: Codes, count: int) -> Codes:
    first = np.empty(count, dtype=np.int64)
    first[codes[::-1]] = np.arange(codes.size - 1, -1, -1)
    return first


def _column_values(rows: ModelRows, variable: str, level: str | None) -> Floats:
    if level is None:
        return rows.numbers[variable]
    known = rows.factors[variable]
    indicator: Floats = (known.codes == known.levels.index(level)).astype(np.float64)
    return indicator


def _split_columns(design: Design, rows: ModelRows) -> tuple[Floats, Floats]:
    """Write the design as u and C without ever building its rows."""
    parts = _Parts(rows)
    kind: dict[tuple[str, str | None], tuple[str, Floats]] = {}
    for column in design.columns:
        for part in column.factors:
            key = (part.variable, part.level)
            if key not in kind:
                kind[key] = _classify(rows, parts, *key)
    for j, column in enumerate(design.columns):
        by_visit, by_subject, by_row = np.ones(parts.m), np.ones(parts.n), None
        subject_keys, row_keys = [], []
        for part in column.factors:
            what, values = kind[part.variable, part.level]
            if what == "visit":
                by_visit = by_visit * values
            elif what == "subject":
                by_subject = by_subject * values
                subject_keys.append((part.variable, part.level))
            else:
                by_row = values if by_row is None else by_row * values
                row_keys.append((part.variable, part.level))
        if by_row is None:
            number = parts.add(frozenset(subject_keys), by_subject)
            parts.places.append((slice(None), number, j, by_visit))
            continue
        for a in np.flatnonzero(by_visit):
            own = np.zeros(parts.n)
            at = parts.visit == a
            own[parts.subject[at]] = by_row[at]
            number = parts.add((frozenset(subject_keys), frozenset(row_keys), int(a)), own * by_subject)
            parts.places.append((int(a), number, j, float(by_visit[a])))
    visit_part = np.zeros((parts.m, len(parts.parts), len(design.names)))
    for visits, number, j, value in parts.places:
        visit_part[visits, number, j] = value
    return np.stack(parts.parts, axis=1), visit_part


def _classify(rows: ModelRows, parts: _Parts, variable: str, level: str | None) -> tuple[str, Floats]:
    """Tell whether a variable belongs to the subject, to the visit, or changes from row to row."""
    values = _column_values(rows, variable, level)
    if parts.is_constant(values, parts.subject, parts.first_subject):
        return "subject", values[parts.first_subject]
    if parts.is_constant(values, parts.visit, parts.first_visit):
        return "visit", values[parts.first_visit]
    return "row", values


def arrange(design: Design, rows: ModelRows) -> SubjectArrays:
    """Arrange rows and design by subject for :func:`funis.stats.mmrm_sums.sum_patterns`."""
    subject, visit = rows.subject.codes, rows.visit.codes
    n, m = len(rows.subject.levels), len(rows.visit.levels)
    outcome = np.zeros((n, m))
    observed = np.zeros((n, m), dtype=bool)
    outcome[subject, visit] = rows.outcome
    observed[subject, visit] = True
    if design.builder is None:
        # Products of large numbers may overflow; what comes of it is looked at, not how.
        with np.errstate(over="ignore", under="ignore"):
            u, C = _split_columns(design, rows)
        _check_products(design, rows, u, C)
    else:
        columns = design.builder(_variables(design, rows))
        for j, name in enumerate(design.names):
            _check_column(name, columns[:, j], rows)
        u, C = split_design(columns, subject, visit, n=n, m=m)
    u, C = standardise(u, C)
    group = np.zeros(n, dtype=np.int64)
    if rows.group is not None:
        group[subject] = rows.group.codes
        if (group[subject] != rows.group.codes).any():
            raise ValueRangeError("group", "a subject in two groups", "one covariance group per subject")
    arrays = SubjectArrays(outcome, observed, u, C, group)
    return _weighted(arrays, rows) if rows.weights is not None else arrays


def _check_products(design: Design, rows: ModelRows, u: Floats, C: Floats) -> None:
    """Refuse a product of covariates that is too large or too small to be squared."""
    with np.errstate(over="ignore", invalid="ignore"):
        bound = np.abs(u).max(axis=0) @ np.abs(C).max(axis=0)
    fine = (bound <= MOST_OF_PRODUCTS) & ((bound * MOST_OF_PRODUCTS >= 1) | (bound == 0))
    for j in np.flatnonzero(~fine):
        part = C[rows.visit.codes, :, j]
        with np.errstate(over="ignore", invalid="ignore"):
            values = np.where(part == 0, 0.0, u[rows.subject.codes] * part).sum(axis=1)
        _check_column(design.names[j], values, rows)


def _check_column(name: str, values: Floats, rows: ModelRows) -> None:
    """Refuse a column of the design with a number that no fit can use."""

    def where(place: int) -> str:
        return describe_row(rows.row, rows.subject, rows.visit, place)

    fix = "Change the formula, or correct or empty the cells that the column is computed from."
    check_numbers(f"Column {name!r} of the design", values, where, most=MOST_OF_PRODUCTS, fix=fix)


def _variables(design: Design, rows: ModelRows) -> pl.DataFrame:
    """Put the variables of the rows back into a frame, levels as text."""
    data: dict[str, pl.Series] = {}
    for name in design.levels:
        known = rows.factors[name]
        data[name] = pl.Series(name, np.array(known.levels, dtype=object)[known.codes].tolist())
    for name in design.means:
        data[name] = pl.Series(name, rows.numbers[name])
    return pl.DataFrame(data)


def standardise(u: Floats, C: Floats) -> tuple[Floats, Floats]:
    """Centre and scale the columns of u against a column of ones, if there is one; C takes the inverse."""
    constant = np.flatnonzero((u == 1.0).all(axis=0))
    C = C.copy()
    centre = np.zeros(u.shape[1])
    if constant.size:
        centre = u.mean(axis=0)
        # Only a large mean costs digits; a column of zeros and ones stays what it is, and C stays sparse.
        centre[np.abs(centre) < 10 * u.std(axis=0)] = 0.0
        centre[constant[0]] = 0.0
        C[:, constant[0], :] += np.einsum("s,asp->ap", centre, C)
    shifted = u - centre
    size = np.sqrt((shifted**2).mean(axis=0))
    scale = np.where((size > 0) & ((size < 0.1) | (size > 10)), size, 1.0)
    return shifted / scale, C * scale[:, None]


def _weighted(arrays: SubjectArrays, rows: ModelRows) -> SubjectArrays:
    """Multiply each row by the root of its weight: Var(e_ia) = Sigma_aa / w_ia."""
    n, m = arrays.outcome.shape
    root = np.ones((n, m))
    weights = rows.weights if rows.weights is not None else np.ones(rows.outcome.size)
    root[rows.subject.codes, rows.visit.codes] = np.sqrt(weights)
    s = arrays.subject_part.shape[1]
    u = (root[:, :, None] * arrays.subject_part[:, None, :]).reshape(n, m * s)
    C = np.zeros((m, m * s, arrays.visit_part.shape[2]))
    for a in range(m):
        C[a, a * s : (a + 1) * s] = arrays.visit_part[a]
    return replace(
        arrays,
        outcome=arrays.outcome * root,
        subject_part=u,
        visit_part=C,
        log_weights=float(np.log(weights).sum()),
    )
