"""Tables in the kind of frame that the data came in: pandas for pandas, Polars for everything else."""

from __future__ import annotations

from typing import Any

import narwhals as nw
import polars as pl


def is_pandas(frame: Any) -> bool:
    """Tell whether a frame is one of pandas.

    Examples
    --------
    >>> is_pandas(pl.DataFrame({"y": [1.0]}))
    False
    """
    if isinstance(frame, pl.DataFrame | pl.LazyFrame):
        return False
    return bool(nw.from_native(frame).implementation.is_pandas())


def give_back(table: pl.DataFrame, *, pandas: bool, index: str | None = None) -> Any:
    """Give a table as it is, or as a pandas frame with NaN for null numbers.

    Parameters
    ----------
    table : a table of results
    pandas : whether pandas is wanted
    index : column that names the rows of a pandas frame; a Polars frame keeps it as a column

    Examples
    --------
    >>> give_back(pl.DataFrame({"term": ["arm"], "se": [0.5]}), pandas=True)
      term   se
    0  arm  0.5
    """
    if not pandas:
        return table
    import pandas as pd

    columns: dict[str, Any] = {}
    for name, column in zip(table.columns, table.get_columns(), strict=True):
        columns[name] = column.to_numpy() if column.dtype.is_numeric() else column.to_list()
    found = pd.DataFrame(columns, columns=list(table.columns))
    return found if index is None else found.set_index(index)


def give_by_term(table: pl.DataFrame, column: str, *, pandas: bool) -> Any:
    """Give one column of the coefficients by the name of the term: a pandas Series, or a dict."""
    terms, values = table["term"].to_list(), table[column].to_list()
    if not pandas:
        return dict(zip(terms, values, strict=True))
    import pandas as pd

    return pd.Series(values, index=pd.Index(terms, name="term"), name=column, dtype="float64")
