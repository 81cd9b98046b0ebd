"""The fit as text, in the order in which PROC MIXED prints it."""

from __future__ import annotations

import numpy as np
import polars as pl

from funis.stats.mmrm.covariance import structure
from funis.stats.mmrm.fitted import FittedModel
from funis.stats.mmrm.type3 import type3_tests


def render_summary(result: FittedModel) -> str:
    """Write model, data, fit statistics, covariance, coefficients and type III tests."""
    shape = structure(result.covariance)
    lines = [
        "Mixed model for repeated measures",
        "",
        f"Outcome               {result.columns.outcome}",
        f"Fixed effects         {result.formula}",
        f"Covariance            {shape.title} ({result.covariance}{', SAS ' * bool(shape.sas)}{shape.sas})"
        + (f" by {result.columns.group}" if result.columns.group else ""),
        f"Estimation            {result.method.upper()}",
        f"Degrees of freedom    {result.df_method}"
        + (f", sandwich variance {result.sandwich}" if result.sandwich else ""),
        f"Subjects              {result.n_subjects}",
        f"Observations          {result.n_observations} at {len(result.visits)} visits",
        f"Status                {result.status}" + (f": {result.detail}" if result.detail else ""),
    ]
    lines += [f"Note                  {note}" for note in result.notes]
    if not result.converged:
        return "\n".join([*lines, "", "There are no estimates."])
    restricted = " (Res)" if result.method == "reml" else ""
    lines += [
        "",
        f"-2{restricted} Log Likelihood  {-2 * result.log_likelihood:.4f}",
        f"AIC {result.aic:.4f}   AICC {result.aicc:.4f}   BIC {result.bic:.4f}",
    ]
    matrices = result.covariance_matrix
    for name, matrix in matrices.items() if isinstance(matrices, dict) else [("", matrices)]:
        lines += ["", "Covariance between visits" + (f", {result.columns.group} {name}" if name else "")]
        lines += _matrix(np.asarray(matrix), result.visits)
    lines += ["", "Fixed effects", *_table(result.coefficient_table)]
    if result.design.terms:
        tests = type3_tests(result)
        lines += ["", "Type III tests", *_table(tests.drop("note"))]
        lines += [f"{row['term']}: {row['note']}" for row in tests.drop_nulls("note").iter_rows(named=True)]
    return "\n".join(lines)


def _matrix(matrix: np.ndarray, names: tuple[str, ...]) -> list[str]:
    width = max(10, *(len(name) for name in names)) + 1
    head = " " * width + "".join(name.rjust(width) for name in names)
    body = [
        name.ljust(width) + "".join(f"{value:.4f}".rjust(width) for value in row)
        for name, row in zip(names, matrix, strict=True)
    ]
    return [head, *body]


def _table(frame: pl.DataFrame) -> list[str]:
    """Set a frame as fixed-width text: P values with four decimals, degrees of freedom with one."""
    columns = [
        [name, *(render_cell(name, value) for value in frame[name].to_list())] for name in frame.columns
    ]
    widths = [max(len(text) for text in column) for column in columns]
    lines = []
    for row in zip(*columns, strict=True):
        cells = [row[0].ljust(widths[0]), *(t.rjust(w) for t, w in zip(row[1:], widths[1:], strict=True))]
        lines.append("  ".join(cells).rstrip())
    return lines


def render_cell(name: str, value: object) -> str:
    """Write one value: a P value with four decimals, degrees of freedom with one, ``.`` for none."""
    if value is None:
        return "."
    if not isinstance(value, float):
        return str(value)
    if name == "p":
        return "<.0001" if value < 0.0001 else f"{value:.4f}"
    return f"{value:.1f}" if name in {"df", "den_df"} else f"{value:.4f}"
