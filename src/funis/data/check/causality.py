"""Whether an adverse event is related to the cells, from the level of causality where that is recorded."""

from __future__ import annotations

from functools import lru_cache

import polars as pl

from funis.data.check.row_findings import row_finding, rows_where
from funis.errors import Finding
from funis.frames.verbs import Verbs, verbs_of
from funis.safety_words import CAUSALITY_LEVELS, RELATED_LEVELS


def derive_related(frame: pl.DataFrame) -> tuple[pl.DataFrame, list[Finding]]:
    """Fill `related` from `causality` where it is empty.

    Parameters
    ----------
    frame : the typed table ``adverse_events``

    Returns
    -------
    tuple
        The table with ``related``; an error for each row whose two columns say different things, of which
        then neither is known.
    """
    implied, differs, related, kept = _relations(verbs_of(frame))
    marked = frame.with_columns(implied)
    findings = [
        row_finding(
            "error",
            "related_contradicts_causality",
            "adverse_events",
            row,
            column="causality",
            value=row["causality"],
            message=f"The row says related = {row['related']}; both are left out.",
            fix=f"Correct one of the two: related is 1 from {RELATED_LEVELS[0]} upwards, 0 below.",
        )
        for row in rows_where(marked, differs)
    ]
    return marked.with_columns(related, kept).drop("_implied"), findings


@lru_cache(maxsize=4)
def _relations(ops: Verbs) -> tuple[pl.Expr, pl.Expr, pl.Expr, pl.Expr]:
    """Give what the level implies, whether the flag differs from it, and both columns as they are kept."""
    level, flag, implied = ops.col("causality"), ops.col("related"), ops.col("_implied")
    said = (
        ops.when(level.is_in(RELATED_LEVELS))
        .then(ops.lit(1))
        .when(level.is_in(CAUSALITY_LEVELS))
        .then(ops.lit(0))
    )
    differs = (flag != implied).fill_null(value=False)
    related = ops.when(~differs).then(ops.coalesce("related", "_implied"))
    return (
        said.alias("_implied"),
        differs,
        related.alias("related"),
        ops.when(~differs).then(level).alias("causality"),
    )
