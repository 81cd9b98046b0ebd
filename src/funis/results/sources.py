"""Which recorded values each group of numbers rests on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import IO, Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl
from polars.io.plugins import register_io_source

from funis.nine_decimals import unsigned_zeros

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


#: So many rows are written at once.
_PART: Final = 500_000


class SourceList:
    """Remembers which recorded values each group of numbers rests on.

    Values are rows of one frame of observations; a source is a set of row positions in it.
    """

    def __init__(self) -> None:
        self._rows: dict[str, npt.NDArray[np.int32]] = {}

    def add(self, key: str, rows: npt.ArrayLike) -> str:
        """Remember the rows of a source and give its key; other rows under a known key get another one.

        Names of the study can be put together to one key in two ways (subgroup ``a``, arm ``b/c``).
        """
        given = np.asarray(rows, dtype=np.int32).ravel()
        own, number = key, 1
        while not np.array_equal(self._rows.setdefault(own, given), given):
            number += 1
            own = f"{key}~{number}"
        return own

    def frame(self, observations: pl.DataFrame) -> pl.DataFrame:
        """Give one row per source and recorded value, typed as ``SOURCE_COLUMNS``."""
        return self.keep(observations).frame()

    def keep(self, observations: pl.DataFrame, more: pl.DataFrame | None = None) -> Sources:
        """Give the sources with the observations they name, each kept once; `more` are rows of their own."""
        others = pl.DataFrame(schema=SOURCE_COLUMNS) if more is None else more
        return Sources(_with_plain_zeros(observations), self._rows, _with_plain_zeros(others))


def _with_plain_zeros(frame: pl.DataFrame) -> pl.DataFrame:
    """Give recorded values with each zero without a sign, whether it was typed or came of a difference."""
    return frame.with_columns(unsigned_zeros(frame["value"]))


class Sources:
    """The recorded values behind each source; a value behind many sources is kept once.

    Parameters
    ----------
    observations : one row a recorded value, with the columns of ``SOURCE_COLUMNS`` but the first
    rows : by source, the positions of its values in `observations`
    more : rows that stand as they are, with all columns
    """

    def __init__(
        self, observations: pl.DataFrame, rows: Mapping[str, npt.NDArray[np.int32]], more: pl.DataFrame
    ) -> None:
        self._observations, self._rows, self._more = observations, rows, more

    @classmethod
    def of_frame(cls, frame: pl.DataFrame) -> Sources:
        """Keep a frame of sources as it is."""
        return cls(pl.DataFrame(), {}, frame)

    def frame(self, keys: Iterable[str] | None = None) -> pl.DataFrame:
        """Give one row per source and recorded value, of all sources or of those named."""
        more = self._more
        wanted = dict.fromkeys(self._rows if keys is None else (key for key in keys if key in self._rows))
        if keys is not None and not more.is_empty():
            more = more.filter(pl.col("source").is_in(sorted(set(keys))))
        if not wanted:
            return more
        return pl.concat([self._take({key: self._rows[key] for key in wanted}), more])

    def subjects(self, keys: Iterable[str]) -> list[str]:
        """Name everybody with a value behind some sources, each once and in order."""
        named = set(keys)
        found: set[str] = set()
        if not self._more.is_empty():
            found.update(self._more.filter(pl.col("source").is_in(sorted(named)))["subject"].to_list())
        places = [self._rows[key] for key in named if key in self._rows]
        if places:
            of_rows = self._observations["subject"].gather(np.unique(np.concatenate(places)))
            found.update(of_rows.unique().to_list())
        return sorted(found)

    def write(self, file: IO[bytes]) -> None:
        """Write all of them as Parquet, part by part, so that they are never in memory at once."""
        if not self._rows:
            self._more.write_parquet(file)
            return
        register_io_source(self._give_parts, schema=SOURCE_COLUMNS).sink_parquet(file)

    def cut(self, keys: Iterable[str], most: int, subjects: int) -> tuple[pl.DataFrame, dict[str, int]]:
        """Give the values of some sources; where they are too many, those of the first subjects of each.

        Parameters
        ----------
        keys : the sources
        most : so many different values may be given
        subjects : of so many subjects, first by number, each source keeps its values otherwise

        Returns
        -------
        tuple : the rows, and for each source that was cut the number of values it has
        """
        named = sorted(set(keys))
        if not self._rows:
            return _cut_frame(self.frame(named), most, subjects)
        rows = {key: self._rows[key] for key in named if key in self._rows}
        used = np.zeros(self._observations.height, dtype=bool)
        for places in rows.values():
            used[places] = True
        if used.sum() <= most:
            return self.frame(named), {}
        code = self._observations["subject"].rank("dense").to_numpy()
        present = np.zeros(int(code.max()) + 1, dtype=bool)
        kept = {}
        for key, places in rows.items():
            present[:] = False
            present[code[places]] = True
            first = np.flatnonzero(present)[:subjects]
            kept[key] = places[code[places] <= first[-1]] if first.size else places
        more = self._more.filter(pl.col("source").is_in(named))
        counts = {key: len(rows[key]) for key in kept if len(kept[key]) < len(rows[key])}
        return pl.concat([self._take(kept), more]), counts

    def _take(self, rows: Mapping[str, npt.NDArray[np.int32]]) -> pl.DataFrame:
        names = pl.Series("source", list(rows), dtype=pl.String)
        lengths = np.array([len(places) for places in rows.values()], dtype=np.int64)
        columns = self._observations.select([name for name in SOURCE_COLUMNS if name != "source"])
        taken = columns[np.concatenate(list(rows.values()))]
        keys = names.gather(np.repeat(np.arange(len(names)), lengths))
        return taken.insert_column(0, keys)

    def _give_parts(
        self,
        with_columns: list[str] | None,
        predicate: pl.Expr | None,
        n_rows: int | None,
        batch_size: int | None,
    ) -> Iterator[pl.DataFrame]:
        """Give the frame part by part, as the writer of Polars asks for it; nothing of it is selected."""
        del with_columns, predicate, n_rows, batch_size
        part: dict[str, npt.NDArray[np.int32]] = {}
        for key, places in self._rows.items():
            part[key] = places
            if sum(map(len, part.values())) >= _PART:
                yield self._take(part)
                part = {}
        if part:
            yield self._take(part)
        if not self._more.is_empty():
            yield self._more


def _cut_frame(frame: pl.DataFrame, most: int, subjects: int) -> tuple[pl.DataFrame, dict[str, int]]:
    """Cut rows as `Sources.cut` does."""
    if frame.is_empty():
        return frame, {}
    values = pl.struct(name for name in frame.columns if name != "source")
    # No source is larger than all of them together: few rows need no counting of the different values.
    if frame.height <= most or frame.select(values.n_unique()).item() <= most:
        return frame, {}
    first = pl.col("subject").rank("dense").over("source") <= subjects
    # Lists of those who are not in a number are short, and end with how many more there are.
    kept = frame.filter(first | pl.col("source").str.ends_with(ABSENT))
    counts = dict(frame.group_by("source").len().iter_rows())
    left = dict(kept.group_by("source").len().iter_rows())
    return kept, {source: count for source, count in sorted(counts.items()) if count > left[source]}
