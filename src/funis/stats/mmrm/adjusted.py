"""Several differences at once: P values and intervals adjusted for their number.

The family is the rows of one table. Bonferroni multiplies P by their number m and gives each interval the
coverage 1 - (1 - level) / m. Holm multiplies step by step and is never weaker; its steps have no intervals
of the usual form, and those printed beside it are Bonferroni's, as R's emmeans does: they hold together with
the probability ``level`` and may contain 0 where Holm rejects. Neither asks for anything about the dependence
of the rows. Dunnett's adjustment asks for one degree of freedom and known correlations for all rows; the rows
here have degrees of freedom of their own, and it would not be exact.

Source: Dunn 1961; Holm 1979.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from funis.errors import UnknownNameError
from funis.stats.tests.adjust import bonferroni, holm

ADJUSTMENTS = {"bonferroni": bonferroni, "holm": holm}


def adjust_table(table: pl.DataFrame, method: str | None, level: float) -> pl.DataFrame:
    """Add ``p_adjusted, lower_adjusted, upper_adjusted`` to a table of estimates.

    Rows that could not be estimated are no part of the family.

    Parameters
    ----------
    table : with ``estimate, se, df, p``
    method : ``holm``, ``bonferroni``, or None for the table as it is
    level : coverage of all intervals together, in (0, 1)

    Raises
    ------
    UnknownNameError : no adjustment is called so

    Examples
    --------
    >>> table = pl.DataFrame({"estimate": [2.0, 1.0], "se": [1.0, 1.0], "df": [9.0, 9.0], "p": [0.01, 0.04]})
    >>> adjust_table(table, "holm", 0.95)["p_adjusted"].to_list()
    [0.02, 0.04]
    """
    if method is None:
        return table
    if method not in ADJUSTMENTS:
        raise UnknownNameError("adjustment", method, ADJUSTMENTS)
    from scipy.special import stdtrit

    p, df, se, estimate = (
        table[name].to_numpy().astype(np.float64) for name in ("p", "df", "se", "estimate")
    )
    known = np.isfinite(p)
    adjusted = np.full(p.size, np.nan)
    adjusted[known] = ADJUSTMENTS[method](p[known])
    half = stdtrit(df, 1.0 - (1.0 - level) / (2.0 * max(int(known.sum()), 1))) * se
    return table.with_columns(
        pl.Series("p_adjusted", adjusted, nan_to_null=True),
        pl.Series("lower_adjusted", estimate - half, nan_to_null=True),
        pl.Series("upper_adjusted", estimate + half, nan_to_null=True),
    )
