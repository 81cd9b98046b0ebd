"""Which recorded values each group of numbers rests on."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

#: Ends the key of the list of those who are not in the numbers of a source.
ABSENT: Final = "/missing"
#: The columns of the list of recorded values that the numbers rest on.
SOURCE_COLUMNS: Final[dict[str, Any]] = {
    "source": pl.String,
    "subject": pl.String,
    "visit": pl.String,
    "variable": pl.String,
    "measure": pl.String,
    "value": pl.Float64,
    "text": pl.String,
    "file": pl.String,
    "line": pl.Int64,
}


class SourceList:
    """Remembers which recorded values each group of numbers rests on.

    Values are rows of one frame of observations; a source is a set of row positions in it.
    """

    def __init__(self) -> None:
        self._rows: dict[str, npt.NDArray[np.int64]] = {}

    def add(self, key: str, rows: npt.ArrayLike) -> str:
        """Remember the rows of a source and give its key; other rows under a known key get another one.

        Names of the study can be put together to one key in two ways (subgroup ``a``, arm ``b/c``).
        """
        given = np.asarray(rows, dtype=np.int64).reshape(-1)
        own, number = key, 1
        while not np.array_equal(self._rows.setdefault(own, given), given):
            number += 1
            own = f"{key}~{number}"
        return own

    def frame(self, observations: pl.DataFrame) -> pl.DataFrame:
        """Give one row per source and recorded value, typed as ``SOURCE_COLUMNS``."""
        if not self._rows:
            return pl.DataFrame(schema=SOURCE_COLUMNS)
        names = pl.Series("source", list(self._rows), dtype=pl.String)
        lengths = np.array([len(rows) for rows in self._rows.values()], dtype=np.int64)
        taken = observations[np.concatenate(list(self._rows.values()))]
        keys = names.gather(np.repeat(np.arange(len(names)), lengths))
        return taken.select([name for name in SOURCE_COLUMNS if name != "source"]).insert_column(0, keys)
