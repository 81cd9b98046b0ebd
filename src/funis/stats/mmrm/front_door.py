"""The mixed model for repeated measures (MMRM): the public functions.

Model. The outcomes of subject i at the visits that were observed are normal with mean X_i beta and
covariance V_i, the block of Sigma (m, m) at those visits; subjects are independent. beta (p,) holds the fixed
effects, Sigma one of ten structures, possibly one per group. beta is profiled out, Sigma is estimated by
restricted maximum likelihood (REML) or maximum likelihood (ML). Outcomes that are missing are missing at
random given what is in the model. See docs/methods/mmrm.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from funis.arguments import Anything, ByName, Frame, NumberFrom, OrNone, Several, Text, takes
from funis.errors import ValueRangeError
from funis.stats.mmrm.covariance import Floats, structure
from funis.stats.mmrm.design import Design, arrange, design_from_formula
from funis.stats.mmrm.formula import INTERCEPT, Formula, FormulaError, parse_formula
from funis.stats.mmrm.given_back import is_pandas
from funis.stats.mmrm.one_fit import Fit, fit_arrays
from funis.stats.mmrm.result import MmrmResult
from funis.stats.mmrm.rows_used import ModelColumns, ModelRows, read_rows
from funis.stats.mmrm.sandwich import check_sandwich
from funis.stats.mmrm.spellings import read_covariance_name, read_df_name
from funis.stats.mmrm.status import Attempt, fit_in_sequence
from funis.stats.mmrm.sums import SubjectArrays
from funis.stats.mmrm.visit_order import own_numbers


# Longer than other functions because its options are the public contract and are handed on one by one.
@takes(
    frame=Frame(),
    outcome=Text(),
    fixed=Text(empty=True, any_letter=True),
    subject=Text(),
    visit=Text(),
    covariance=Text(),
    df=OrNone(Text()),
    method=Text(),
    group=OrNone(Text()),
    weights=OrNone(Text()),
    sandwich=OrNone(Text()),
    coding=Text(),
    level=NumberFrom(),
    coordinates=OrNone(Several(Text(), single=True)),
    levels=OrNone(ByName(Several(Anything(), least=1))),
    reference=OrNone(ByName(Anything())),
    fallback=Several(Text()),
    stopping=Text(),
    trust_formula=Anything(),
)
def fit_mmrm(  # noqa: PLR0913  all but the frame are by keyword
    frame: Any,
    *,
    outcome: str,
    fixed: str,
    subject: str,
    visit: str,
    covariance: str = "us",
    df: str | None = None,
    method: str = "reml",
    group: str | None = None,
    weights: str | None = None,
    sandwich: str | None = None,
    coding: str = "r",
    level: float = 0.95,
    coordinates: str | Sequence[str] | None = None,
    levels: Mapping[str, Sequence[object]] | None = None,
    reference: Mapping[str, str] | None = None,
    fallback: Sequence[str] = (),
    stopping: str = "tight",
    trust_formula: bool = False,
) -> MmrmResult:
    """Fit a mixed model for repeated measures.

    Parameters
    ----------
    frame : any data frame narwhals knows (Polars, pandas, PyArrow, DuckDB ...), one row a subject and visit
    outcome : numeric column; rows without a value are left out (missing at random); its numbers, and
        those of covariates, are finite, and the largest of a column is 0 or lies between 1e-50 and 1e50
    fixed : right-hand side of the model formula: names, ``0 1``, ``+ : * -``, brackets and ``C(name)``
    subject, visit : columns; the visit's order is that of ``levels``, of an Enum, or natural, "Week 2"
        before "Week 10"; a note says which
    covariance : ``us toep toeph ar1 ar1h cs csh ad adh sp_exp sp_gau``, or as SAS writes them (``UN``);
        all spellings stand in :mod:`funis.stats.mmrm.spellings`
    df : ``satterthwaite``, ``kenward-roger`` (SAS's), ``kenward-roger-linear``, ``kenward-roger-mmrm``
        (R mmrm's), ``between-within`` or ``residual``, or short ``kr``, ``sat``; without a word
        Kenward-Roger, with a sandwich Satterthwaite
    method : ``reml`` or ``ml``
    group : column; each group has its own covariance parameters
    weights : column of weights from 1e-15 to 1e15; Var(e) = Sigma / weight
    sandwich : None, ``CR0``, ``CR2`` or ``CR3``
    coding : ``r`` (first level is the reference) or ``sas`` (last level)
    level : coverage of the intervals, in (0, 1)
    coordinates : numeric column or columns of time or place for ``sp_exp`` and ``sp_gau``; without it the one
        number in the name of each visit (3 of "Month 3"), and an error where there is none
    levels : order of the levels of categorical columns
    reference : reference level of categorical columns
    fallback : structures to try, in order, if the first one fails; what happened is in ``fallbacks``
    stopping : ``tight`` (the maximum), or ``sas``: stop where PROC MIXED stops, to print its digits (us, cs)
    trust_formula : True hands a formula beyond these to formulaic, which evaluates what stands in it as
        Python: only for a formula of one's own, never for one from a file or a form

    Returns
    -------
    MmrmResult : see its ``status`` before its numbers; a failed fit has none

    Raises
    ------
    ColumnError, UnknownNameError, ValueRangeError, ModelDataError, FormulaError

    Source
    ------
    Mallinckrodt et al. 2008 (MMRM); Kenward and Roger 1997; SAS PROC MIXED; R mmrm 0.3.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({
    ...     "subject": [1, 1, 2, 2, 3, 3, 4, 4, 5, 5],
    ...     "visit": ["v1", "v2"] * 5,
    ...     "score": [10.0, 8.0, 12.0, 9.0, 9.0, 9.0, 14.0, 10.0, 11.0, 7.0],
    ... })
    >>> fit = fit_mmrm(frame, outcome="score", fixed="visit", subject="subject", visit="visit")
    >>> fit.status
    'converged'
    >>> fit.coefficients["estimate"].round(4).to_list()
    [11.2, -2.6]
    """
    if stopping not in {"tight", "sas"}:
        raise ValueRangeError("stopping", stopping, "'tight' or 'sas'")
    covariance = read_covariance_name(covariance)
    fallback = tuple(read_covariance_name(name) for name in fallback)
    checked_df = check_options(
        covariance, df, method=method, sandwich=sandwich, level=level, fallback=fallback
    )
    places = (coordinates,) if isinstance(coordinates, str) else tuple(coordinates or ())
    formula_text = _right_side(fixed, outcome)
    parsed = parse_formula(formula_text)
    if parsed is None and trust_formula is not True:
        raise FormulaError(
            f"Formula {formula_text[:200]!r} goes beyond names of columns, 0, 1, + : * -, brackets and "
            "C(name). Make a column of what is computed, such as log(dose); or, if the formula is your own, "
            "give trust_formula=True: formulaic then runs whatever Python stands in it."
        )
    columns = ModelColumns(
        outcome=outcome,
        subject=subject,
        visit=visit,
        group=group,
        weights=weights,
        coordinates=places,
        covariates=_variables(parsed, formula_text),
        categorical=_categorical(parsed, formula_text),
    )
    rows = read_rows(frame, columns, levels)
    design = _design(parsed, formula_text, rows, coding=coding, reference=reference)
    arranged = arrange(design, replace(rows, weights=None))
    data = arrange(design, rows) if rows.weights is not None else arranged
    if any(structure(name).form == "distance" for name in (covariance, *fallback)):
        _check_distances((covariance, *fallback), checked_df)
        distance = find_distances(rows)
        data, arranged = replace(data, distance=distance), replace(arranged, distance=distance)
    attempt = Attempt(
        data=data,
        unweighted=arranged,
        rows=rows,
        design=design,
        reml=method == "reml",
        df=checked_df,
        sandwich=sandwich,
        stopping=stopping,
    )
    verdict = fit_in_sequence(attempt, (covariance, *fallback))
    return MmrmResult(
        status=verdict.status,
        detail=verdict.detail,
        notes=verdict.notes,
        fallbacks=verdict.fallbacks,
        covariance=verdict.covariance,
        df_method=checked_df,
        method=method,
        sandwich=sandwich,
        coding=coding,
        level=level,
        formula=formula_text,
        columns=columns,
        design=design,
        rows=rows,
        data=arranged,
        fit=verdict.fit,
        pandas=is_pandas(frame),
    )


def check_options(
    covariance: str,
    df: str | None,
    *,
    method: str,
    sandwich: str | None,
    level: float,
    fallback: Sequence[str],
) -> str:
    """Check the names of all options and settle the method for degrees of freedom.

    Raises
    ------
    UnknownNameError, ValueRangeError
    """
    for name in (covariance, *fallback):
        read_covariance_name(name)
    check_sandwich(sandwich)
    if method not in {"reml", "ml"}:
        raise ValueRangeError("method", method, "'reml' or 'ml'")
    if not 0 < level < 1:
        raise ValueRangeError("level", level, "a number between 0 and 1")
    chosen = read_df_name(df or ("satterthwaite" if sandwich else "kenward-roger"))
    if sandwich and chosen.startswith("kenward-roger"):
        raise ValueRangeError(
            "df", chosen, "satterthwaite, between-within or residual with a sandwich variance",
            "Kenward-Roger adjusts the model-based variance.",
        )  # fmt: skip
    if method == "ml" and chosen.startswith("kenward-roger"):
        if df is not None:
            raise ValueRangeError(
                "df", chosen, "satterthwaite, between-within or residual with method 'ml'",
                "Kenward-Roger is defined for REML.",
            )  # fmt: skip
        return "satterthwaite"
    return chosen


def _right_side(fixed: str, outcome: str) -> str:
    """Take the right side of a formula; a left side must be the outcome."""
    left, tilde, right = fixed.partition("~")
    if tilde and left.strip() not in {"", outcome}:
        raise ValueRangeError("fixed", fixed, f"no left side, or {outcome!r}")
    return (right if tilde else fixed).strip()


def _variables(parsed: Formula | None, text: str) -> tuple[str, ...]:
    if parsed is not None:
        return parsed.variables
    from funis.stats.mmrm.formulaic_terms import formula_variables

    return formula_variables(text)


def _categorical(parsed: Formula | None, text: str) -> frozenset[str]:
    if parsed is not None:
        return parsed.categorical
    from funis.stats.mmrm.formulaic_terms import forced_factors

    return forced_factors(text)


def _design(
    parsed: Formula | None,
    text: str,
    rows: ModelRows,
    *,
    coding: str,
    reference: Mapping[str, str] | None,
) -> Design:
    if parsed is not None:
        return design_from_formula(parsed, rows, coding=coding, reference=reference)
    from funis.stats.mmrm.formulaic_terms import design_by_formulaic

    return design_by_formulaic(text, rows, coding=coding, reference=reference)


def _check_distances(names: Sequence[str], df: str) -> None:
    """Refuse what R's mmrm, whose parameters are asked for, does not have."""
    if df == "kenward-roger-mmrm" and "sp_gau" in names:
        fix = "R's mmrm has no such structure: take df = 'kenward-roger'."
        raise ValueRangeError("covariance", "sp_gau with kenward-roger-mmrm", "another structure", fix)


def find_distances(rows: ModelRows) -> Floats:
    """Find the distances between the observations of each subject, for structures of distance.

    Returns
    -------
    (m, m) where every subject's coordinates are those of the visit, else (n, m, m)

    Raises
    ------
    ValueRangeError : two visits of one subject stand at the same place, or a visit has no number of its own
    """
    m, n = len(rows.visit.levels), len(rows.subject.levels)
    visit, subject = rows.visit.codes, rows.subject.codes
    if rows.coordinates is None:
        own = own_numbers(rows.visit.levels)
        between: Floats = np.abs(np.subtract.outer(own, own)).astype(np.float64)
        _check_apart(between[None], np.ones((1, m), dtype=bool))
        return between
    place = np.zeros((m, rows.coordinates.shape[1]))
    place[visit] = rows.coordinates
    if np.array_equal(place[visit], rows.coordinates):
        shared: Floats = np.sqrt(((place[:, None] - place[None]) ** 2).sum(-1))
        _check_apart(shared[None], np.ones((1, m), dtype=bool))
        return shared
    places = np.zeros((n, m, rows.coordinates.shape[1]))
    places[subject, visit] = rows.coordinates
    observed = np.zeros((n, m), dtype=bool)
    observed[subject, visit] = True
    distance: Floats = np.sqrt(((places[:, :, None] - places[:, None]) ** 2).sum(-1))
    distance *= observed[:, :, None] & observed[:, None, :]
    _check_apart(distance, observed)
    return distance


def _check_apart(distance: Floats, observed: Any) -> None:
    pairs = observed[:, :, None] & observed[:, None, :] & ~np.eye(distance.shape[-1], dtype=bool)
    if (distance[pairs] == 0).any():
        raise ValueRangeError(
            "coordinates", "two visits of one subject at the same place", "distances above 0 within a subject"
        )


__all__ = ["INTERCEPT", "Fit", "SubjectArrays", "fit_arrays", "fit_mmrm"]
