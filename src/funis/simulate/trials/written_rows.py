"""How rows of virtual patients are written: their numbers, the values at their visits, gaps in forms."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import polars as pl

MARK: Final = "VIRTUAL-"
"""The number of every virtual patient, lot and donor begins with it."""

Rows = list[dict[str, Any]]


def name_subject(number: int) -> str:
    """Give the number of a virtual patient by its place, from 0."""
    return f"{MARK}{number + 1:04d}"


def values_at(place: pl.DataFrame, values: np.typing.NDArray[Any]) -> np.typing.NDArray[Any]:
    """Take the values of every visit that took place."""
    return np.asarray(values[place["_subject"].to_numpy(), place["_visit"].to_numpy()])


def leave_blank(form: pl.DataFrame, generator: np.random.Generator, *, share: float) -> pl.DataFrame:
    """Leave a few items blank, as forms come in."""
    items = [name for name in form.columns if name not in {"_subject", "_visit", "subject", "visit", "date"}]
    blank = generator.random((form.height, len(items))) < share
    chosen = [place for place in range(len(items)) if blank[:, place].any()]
    return form.with_columns(
        pl.when(pl.Series(blank[:, place])).then(None).otherwise(pl.col(items[place])).alias(items[place])
        for place in chosen
    )
