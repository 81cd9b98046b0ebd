"""A fit in a few lines, for the prompt and for a notebook."""

from __future__ import annotations

from html import escape

import polars as pl

from funis.stats.mmrm.covariance import structure
from funis.stats.mmrm.fitted import STATISTICS, FittedModel
from funis.stats.mmrm.printed_summary import render_cell

MOST_ROWS = 40


def describe_fit(result: FittedModel) -> list[tuple[str, str]]:
    """Give what a reader asks first: model, covariance, data, status; one pair of label and text each."""
    facts = [
        ("Model", f"{result.columns.outcome} ~ {result.formula}"),
        (
            "Covariance",
            f"{structure(result.covariance).title}"
            + (f" by {result.columns.group}" if result.columns.group else "")
            + f", {result.method.upper()}, {result.df_method}"
            + (f", sandwich {result.sandwich}" if result.sandwich else ""),
        ),
        (
            "Data",
            f"{result.n_subjects} subjects, {result.n_observations} outcomes, {len(result.visits)} visits",
        ),
        ("Status", result.status + (f": {result.detail}" if result.detail else "")),
    ]
    if result.notes:
        facts.append(("Notes", f"{len(result.notes)}, see .notes"))
    return facts


def render_short(result: FittedModel) -> str:
    """Write the fit in five or six lines; the whole of it is ``summary()``."""
    return "\n".join(
        ["Mixed model for repeated measures", *(f"{k:<11} {v}" for k, v in describe_fit(result))]
    )


def render_html(result: FittedModel) -> str:
    """Write the fit as a small HTML table of facts and one of coefficients, for a notebook.

    Of a model with many coefficients the first 40 are shown, and the number of the others is said.
    """
    facts = "".join(
        f'<tr><th scope="row" style="text-align:left">{escape(label)}</th>'
        f'<td style="text-align:left">{escape(text)}</td></tr>'
        for label, text in describe_fit(result)
    )
    caption = "<caption>Mixed model for repeated measures</caption>"
    html = f"<div><table>{caption}<tbody>{facts}</tbody></table>"
    if result.converged:
        html += _html_table(result.coefficient_table)
    return html + "</div>"


def _html_table(table: pl.DataFrame) -> str:
    heads = "".join(f'<th scope="col">{escape(name)}</th>' for name in ("term", *STATISTICS))
    rows = "".join(
        f'<tr><th scope="row" style="text-align:left">{escape(str(row["term"]))}</th>'
        + "".join(f"<td>{escape(render_cell(name, row[name]))}</td>" for name in STATISTICS)
        + "</tr>"
        for row in table.head(MOST_ROWS).iter_rows(named=True)
    )
    left = table.height - MOST_ROWS
    more = f"<p>{left} more coefficients: see .coefficients</p>" if left > 0 else ""
    return (
        f"<table><caption>Coefficients</caption><thead><tr>{heads}</tr></thead>"
        f"<tbody>{rows}</tbody></table>{more}"
    )
